"""The threads of many uploads: each goes on with what waits by itself, so that nobody has to be woken to give it something."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Senders(Generic[T, R]):
    """Threads that send what they are handed; one who finds nothing that waits ends, and is begun anew when there is.

    Args:
        send: Sends one; called in the threads.
        most: How many threads there are at once.
        under_way: Where to keep what runs, for whoever waits for its end.
    """

    def __init__(self, send: Callable[[T], R], *, most: int, under_way: set[Future[Any]]) -> None:
        self._send, self._under_way = send, under_way
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="paperhook-upload")
        #: Guards the two below, so that nothing waits where a thread could be begun.
        self._lock = threading.Lock()
        self._waiting: deque[T] = deque()
        self._free = most
        #: What was sent, and the threads that ended.
        self._ended: SimpleQueue[tuple[T, R] | Future[None]] = SimpleQueue()
        #: How many were handed and not taken back.
        self.count: int = 0

    def hand(self, work: T) -> None:
        """Have one sent when its turn comes."""
        self.count += 1
        with self._lock:
            self._waiting.append(work)
            if self._free == 0:
                return
            self._free -= 1
        running = self._pool.submit(self._run)
        self._under_way.add(running)
        running.add_done_callback(self._under_way.discard)
        running.add_done_callback(self._ended.put)

    def take(self) -> tuple[T, R]:
        """Wait until one is sent, and take it back; whatever else is raised in a thread is raised here."""
        while True:
            ended = self._ended.get()
            if isinstance(ended, tuple):
                self.count -= 1
                return ended
            ended.result()

    def close(self) -> None:
        """Send nothing that waits; nobody waits for what is under way."""
        with self._lock:
            self._waiting.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while (work := self._next()) is not None:
            self._ended.put((work, self._send(work)))

    def _next(self) -> T | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._free += 1
            return None
