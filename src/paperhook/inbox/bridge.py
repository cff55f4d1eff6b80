"""From an inbox's threads to an event loop, with one wake-up for all answers of a commit."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

_of_thread = threading.local()


@contextmanager
def together() -> Generator[None]:
    """Give the answers that this thread gives inside to each event loop with one wake-up at the end."""
    bridges: set[Bridge] = set()
    _of_thread.bridges = bridges
    try:
        yield
    finally:
        _of_thread.bridges = None
        for bridge in bridges:
            bridge.wake()


class Bridge:
    """Awaits futures of an inbox on one event loop.

    `asyncio.wrap_future` wakes the loop for each future, by writing to a socket; a store that answers a hundred
    callers `together` wakes it once. What was asked is done even when nobody waits any more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrived: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._is_scheduled = False

    def wait(self, future: Future[T]) -> asyncio.Future[T]:
        """Give a future of the loop with the same answer; call it on the loop."""
        waiting: asyncio.Future[T] = self._loop.create_future()
        if future.done():
            _copy(future, waiting)
        else:
            future.add_done_callback(partial(self._arrive, waiting))
        return waiting

    def _arrive(self, waiting: asyncio.Future[Any], future: Future[Any]) -> None:
        self._arrived.append((waiting, future))
        bridges: set[Bridge] | None = getattr(_of_thread, "bridges", None)
        if bridges is None:
            self.wake()
        else:
            bridges.add(self)

    def wake(self) -> None:
        """Have the loop hand over what has arrived; from any thread."""
        if self._is_scheduled:
            return
        self._is_scheduled = True
        try:
            self._loop.call_soon_threadsafe(self._hand_over)
        except RuntimeError:
            # The loop is closed, so nobody waits.
            self._arrived.clear()

    def _hand_over(self) -> None:
        # First, so that an answer which arrives from here on schedules anew rather than being left behind.
        self._is_scheduled = False
        while self._arrived:
            waiting, future = self._arrived.popleft()
            _copy(future, waiting)


def _copy(future: Future[T], waiting: asyncio.Future[T]) -> None:
    if waiting.done():
        return
    error = future.exception()
    if error is None:
        waiting.set_result(future.result())
    else:
        waiting.set_exception(error)
