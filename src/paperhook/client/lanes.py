"""The tasks of many uploads: each goes on with what waits by itself, so that its connection does not lie idle meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from .loops import Loop, Task

T = TypeVar("T")
R = TypeVar("R")


class Lanes(Generic[T, R]):
    """Tasks that send what they are handed; one who finds nothing that waits ends, and is begun anew when there is.

    Args:
        loop: They run there, and so do all calls.
        send: Sends one.
        most: How many tasks there are at once.
    """

    def __init__(self, loop: Loop, send: Callable[[T], Coroutine[Any, Any, R]], *, most: int) -> None:
        self._loop, self._send = loop, send
        self._waiting: deque[T] = deque()
        self._sent: list[tuple[T, R]] = []
        self._ended: list[Task[None]] = []
        self._free = most
        self._news = loop.event()
        #: The tasks, for whoever ends them.
        self.running: set[Task[None]] = set()
        #: How many were handed and not taken back.
        self.count: int = 0

    def hand(self, work: T) -> None:
        """Have one sent when its turn comes."""
        self.count += 1
        self._waiting.append(work)
        if self._free > 0:
            self._free -= 1
            lane = self._loop.start(self._run())
            self.running.add(lane)
            lane.add_done_callback(self._end)

    def tell(self) -> None:
        """Have whoever takes look again."""
        self._news.set()

    async def take(self) -> list[tuple[T, R]]:
        """Wait until something is sent or `tell` is called, and take back what is sent; what else was raised is raised here."""
        await self._news.wait()
        self._news = self._loop.event()
        ended, self._ended = self._ended, []
        for lane in ended:
            lane.result()
        sent, self._sent = self._sent, []
        self.count -= len(sent)
        return sent

    async def _run(self) -> None:
        try:
            while self._waiting:
                work = self._waiting.popleft()
                result = await self._send(work)
                self._sent.append((work, result))
                self.tell()
        finally:
            self._free += 1

    def _end(self, lane: Task[None]) -> None:
        self.running.discard(lane)
        self._ended.append(lane)
        self.tell()
