"""Who wants to hear that events were put."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any


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
        """Call all of them."""
        for call in self._calls:
            call()
