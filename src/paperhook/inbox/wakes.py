"""Who wants to hear that events were put."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

logger: logging.Logger = logging.getLogger("paperhook")


class Wakes:
    """Callables that are called from whichever thread put something."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: tuple[Callable[[], Any], ...] = ()

    def __bool__(self) -> bool:
        return bool(self._calls)

    def subscribe(self, wake: Callable[[], Any]) -> Callable[[], None]:
        """Add a callable; gives what takes it away again."""
        # Only this one is taken away, where the same is added twice.
        call = partial(wake)
        with self._lock:
            self._calls = (*self._calls, call)

        def unsubscribe() -> None:
            with self._lock:
                self._calls = tuple(each for each in self._calls if each is not call)

        return unsubscribe

    def tell(self) -> None:
        """Call all of them; one that fails is logged, because the thread that commits may be the one that tells."""
        for call in self._calls:
            try:
                call()
            except Exception as error:  # noqa: BLE001 - it must cost neither the others nor the store
                logger.error("somebody who hears of new events failed: %s", type(error).__name__)  # noqa: TRY400
