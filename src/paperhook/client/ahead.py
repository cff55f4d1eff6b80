"""Reading a body beside an event loop: a disk may be slow, so some chunks are read ahead of those that are sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import islice

from .bodies import Outgoing, Sent
from .bounds import Bound
from .loops import Loop, Task

#: How many chunks are read at once, while as many are sent: what is in memory is twice that. With more of them the memory
#: of one is given back to the system and taken anew for the next, which costs more than the way to a thread for each.
CHUNKS_AHEAD = 1


class Ahead:
    """The chunks of a body, for `async for`; no generator, so that nobody has to close it where it is left early."""

    def __init__(self, body: Outgoing, bound: Bound, loop: Loop) -> None:
        self._chunks, self._is_in_memory = body.chunks, body.is_in_memory
        self._bound, self._loop = bound, loop
        self._sent = Sent(bound.on_progress, body.size_bytes)
        self._sending = 0
        self._batch: deque[bytes] = deque()
        self._reading: Task[list[bytes]] | None = None
        self._is_over = False

    def __aiter__(self) -> Ahead:
        return self

    async def __anext__(self) -> bytes:
        if self._sending:
            self._sent.add(self._sending)
            self._sending = 0
        if not self._batch and not self._is_over:
            await self._read()
        if not self._batch:
            raise StopAsyncIteration
        self._bound.check()
        self._sending = len(self._batch[0])
        return self._batch.popleft()

    async def _read(self) -> None:
        """Take what was read meanwhile, and have the next read while it is sent."""
        if self._is_in_memory:
            self._batch.extend(_next(self._chunks, 1))
            self._is_over = not self._batch
            return
        batch = await self._loop.wait_for(self._reading or self._begin(), None)
        self._reading = None
        self._is_over = len(batch) < CHUNKS_AHEAD
        self._batch.extend(batch)
        if not self._is_over:
            self._reading = self._begin()

    def _begin(self) -> Task[list[bytes]]:
        reading = self._loop.start(self._loop.in_thread(partial(_next, self._chunks, CHUNKS_AHEAD)))
        # Where nobody asks for it any more, its error is nobody's.
        reading.add_done_callback(_seen)
        return reading

    async def aclose(self) -> None:
        """Stop reading ahead."""
        if self._reading is not None:
            await self._loop.end([self._reading])


def _next(chunks: Iterator[bytes], most: int) -> list[bytes]:
    return list(islice(chunks, most))


def _seen(task: Task[list[bytes]]) -> None:
    if not task.cancelled():
        task.exception()
