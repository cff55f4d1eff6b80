"""trio behind the protocol of `loops`; loaded only where trio runs."""

from __future__ import annotations

import contextvars
import math
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

import trio

from .tasks import TaskEnded

if TYPE_CHECKING:
    from . import Task

T = TypeVar("T")


def current_loop() -> TrioLoop | None:
    """Give the run of trio that this is called in, or None."""
    return TrioLoop(trio.lowlevel.current_trio_token()) if trio.lowlevel.in_trio_task() else None


class TrioTask(Generic[T]):
    """A system task, so that it outlives whoever started it; trio ends it with the run."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._scope = trio.CancelScope()
        self._tells: list[Callable[[Any], object]] = []
        self._values: list[T] = []
        self._error: BaseException | None = None
        self.ended: trio.Event = trio.Event()

    async def run(self) -> None:
        """Run to the end; nothing may be raised out of a system task but trio's own Cancelled."""
        try:
            with self._scope:
                self._values.append(await self._work)
        except trio.Cancelled:
            # The whole run is ending.
            self._scope.cancel()
            raise
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self._error = error
        finally:
            self.ended.set()
            for tell in self._tells:
                tell(self)

    def cancel(self) -> None:
        """Ask it to end."""
        self._scope.cancel()

    def add_done_callback(self, tell: Callable[[Any], object], /) -> None:
        """Call a function with the task when it has ended, or now."""
        self._tells.append(tell)
        if self.ended.is_set():
            tell(self)

    def remove_done_callback(self, tell: Callable[[Any], object], /) -> None:
        """Call that function no more."""
        self._tells.remove(tell)

    def cancelled(self) -> bool:
        """Tell whether it was made to end."""
        return self.ended.is_set() and not self._values and self._error is None

    def exception(self) -> BaseException | None:
        """Give the error that it ended with."""
        return self._error

    def result(self) -> T:
        """Give what it returned, or raise its error."""
        if self._error is not None:
            raise self._error
        if not self._values:
            raise TaskEnded
        return self._values[0]


class TrioTimeout:
    """A cancel scope that ends in TimeoutError, as asyncio's does."""

    def __init__(self, seconds: float | None) -> None:
        self._scope = trio.CancelScope(deadline=_deadline(seconds))
        # The scope itself can only be asked on the loop.
        self._is_expired = False

    async def __aenter__(self) -> Self:
        self._scope.__enter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        is_taken = self._scope.__exit__(kind, error, trace)
        if self._scope.cancelled_caught:
            self._is_expired = True
            raise TimeoutError
        return is_taken

    def expired(self) -> bool:
        """Tell whether the block took longer; any thread may ask."""
        return self._is_expired


@dataclass(frozen=True, slots=True)
class TrioLoop:
    """One run of trio."""

    token: trio.lowlevel.TrioToken

    def is_over(self) -> bool:
        """Tell whether it will never run again."""
        try:
            self.token.run_sync_soon(_nothing, idempotent=True)
        except trio.RunFinishedError:
            return True
        return False

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await trio.sleep(max(0.0, seconds))

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do what may block beside the loop."""
        return await trio.to_thread.run_sync(work, abandon_on_cancel=True)

    async def answer(self, future: Future[T]) -> T:
        """Wait for what a store answers."""
        answered = trio.Event()

        def tell(_: Future[T]) -> None:
            with suppress(trio.RunFinishedError):
                self.token.run_sync_soon(answered.set)

        future.add_done_callback(tell)
        await answered.wait()
        return future.result()

    def event(self) -> trio.Event:
        """Make something that can be waited for."""
        return trio.Event()

    def start(self, work: Coroutine[Any, Any, T]) -> TrioTask[T]:
        """Begin something that ends by itself, in the context of whoever starts it."""
        task = TrioTask(work)
        trio.lowlevel.spawn_system_task(task.run, context=contextvars.copy_context())
        return task

    async def wait_for(self, task: Task[T], seconds: float | None) -> T:
        """Wait for a task without ending it."""
        own = _own(task)
        with trio.CancelScope(deadline=_deadline(seconds)) as scope:
            await own.ended.wait()
        if scope.cancelled_caught:
            raise TimeoutError
        return own.result()

    async def first(self, tasks: Iterable[Task[T]]) -> tuple[Task[T], ...]:
        """Wait until one of some tasks has ended."""
        waiting, one_ended = [_own(task) for task in tasks], trio.Event()

        def tell(_: TrioTask[T]) -> None:
            one_ended.set()

        for task in waiting:
            task.add_done_callback(tell)
        try:
            await one_ended.wait()
        finally:
            for task in waiting:
                task.remove_done_callback(tell)
        return tuple(task for task in waiting if task.ended.is_set())

    async def end(self, tasks: Iterable[Task[Any]], *, grace: float = 0.0) -> None:
        """Give tasks some seconds, then cancel them and wait for their end."""
        waiting = [_own(task) for task in tasks]
        with trio.CancelScope(shield=True):
            with trio.move_on_after(grace):
                for task in waiting:
                    await task.ended.wait()
            for task in waiting:
                task.cancel()
            for task in waiting:
                await task.ended.wait()

    def timeout(self, seconds: float | None) -> TrioTimeout:
        """Bound a block."""
        return TrioTimeout(seconds)


def _deadline(seconds: float | None) -> float:
    return math.inf if seconds is None else trio.current_time() + seconds


def _nothing() -> None:
    """Ask nothing of the loop, but whether it is there."""


def _own(task: Task[T]) -> TrioTask[T]:
    return cast("TrioTask[T]", task)
