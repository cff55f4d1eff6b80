"""asyncio behind the protocol of `loops`; loaded only where asyncio is."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from .tasks import TaskEnded

if TYPE_CHECKING:
    from . import Task

T = TypeVar("T")


def current_loop() -> AsyncioLoop | None:
    """Give the loop of asyncio that this is called in, or None."""
    try:
        return AsyncioLoop(asyncio.get_running_loop())
    except RuntimeError:
        return None


#: A task that begins at once saves a round of the loop, in which the connection that was just freed would lie idle: httpcore
#: asks the system about each idle one for each request. Python 3.11 has none.
_EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}


class AsyncioTask(Generic[T]):
    """A task that tells in its own last step that it ends.

    A task's callbacks, `asyncio.shield` and `asyncio.wait` tell a round of the loop later each, and a round of the loop is
    a call of the system.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> None:
        self.waiting: list[asyncio.Future[None]] = []
        self._work = work
        # Whoever starts it keeps it, else it may be collected.
        self.inner: asyncio.Task[T] = asyncio.Task(self._run(), loop=loop, **_EAGER)
        self.inner.add_done_callback(self._tell)

    async def _run(self) -> T:
        try:
            return await self._work
        finally:
            self._tell()

    def _tell(self, _: object = None) -> None:
        # Who is cancelled before the first step never begins.
        self._work.close()
        for each in self.waiting:
            if not each.done():
                each.set_result(None)

    def cancel(self) -> None:
        """Ask it to end."""
        self.inner.cancel()

    def add_done_callback(self, tell: Callable[[Any], object], /) -> None:
        """Call a function with the task when it has ended."""
        self.inner.add_done_callback(lambda _: tell(self))

    def cancelled(self) -> bool:
        """Tell whether it was made to end."""
        return self.inner.cancelled()

    def exception(self) -> BaseException | None:
        """Give the error that it ended with."""
        return self.inner.exception()

    def result(self) -> T:
        """Give what it returned, or raise its error."""
        return self.inner.result()


@dataclass(frozen=True, slots=True)
class AsyncioLoop:
    """An asyncio loop."""

    inner: asyncio.AbstractEventLoop

    def is_over(self) -> bool:
        """Tell whether it will never run again."""
        return self.inner.is_closed()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do what may block beside the loop."""
        return await asyncio.to_thread(work)

    async def answer(self, future: Future[T]) -> T:
        """Wait for what a store answers."""
        # Only a client with a tracker waits for a store.
        from ...inbox.bridge import bridge_here

        return await bridge_here().wait(future)

    def event(self) -> asyncio.Event:
        """Make something that can be waited for."""
        return asyncio.Event()

    def start(self, work: Coroutine[Any, Any, T]) -> AsyncioTask[T]:
        """Begin something that ends by itself."""
        return AsyncioTask(self.inner, work)

    async def wait_for(self, task: Task[T], seconds: float | None) -> T:
        """Wait for a task without ending it."""
        own = _own(task)
        if seconds is None:
            await self._one_of([own])
        else:
            async with asyncio.timeout(seconds):
                await self._one_of([own])
        if own.cancelled():
            raise TaskEnded
        return own.result()

    async def first(self, tasks: Iterable[Task[T]]) -> tuple[Task[T], ...]:
        """Wait until one of some tasks has ended."""
        waiting = [_own(task) for task in tasks]
        await self._one_of(waiting)
        return tuple([task for task in waiting if task.inner.done()])

    async def _one_of(self, tasks: Sequence[AsyncioTask[Any]]) -> None:
        if any(task.inner.done() for task in tasks):
            return
        ended = self.inner.create_future()
        for task in tasks:
            task.waiting.append(ended)
        try:
            await ended
        finally:
            for task in tasks:
                task.waiting.remove(ended)

    async def end(self, tasks: Iterable[Task[Any]], *, grace: float = 0.0) -> None:
        """Give tasks some seconds, then cancel them and wait for their end."""
        waiting = [_own(task).inner for task in tasks]
        if waiting and grace > 0:
            await asyncio.wait(waiting, timeout=grace)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        """Bound a block."""
        return asyncio.timeout(seconds)


def _own(task: Task[T]) -> AsyncioTask[T]:
    return cast("AsyncioTask[T]", task)
