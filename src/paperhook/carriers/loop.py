"""An event loop in a thread of its own, for engines whose tasks are not asynchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from ..forking import start_anew_after_fork

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for other threads, all on one loop: what an async handler keeps open stays usable."""

    def __init__(self) -> None:
        self.start_anew()
        start_anew_after_fork(self)

    def start_anew(self) -> None:
        """Begin again in a forked process, where the thread does not exist."""
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end; an exception in the waiting thread cancels it."""
        try:
            loop = self._started()
        except RuntimeError:
            coroutine.close()
            raise
        future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        try:
            return future.result()
        finally:
            # Such as an engine's time limit: nothing happens where it has ended.
            future.cancel()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                thread = threading.Thread(target=_serve, args=(loop,), name="paperhook-handlers", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    # Nobody would run what is given to it.
                    loop.close()
                    raise
                self._loop = loop
            return self._loop

    def close(self) -> None:
        """End the thread; what runs is cancelled."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()
