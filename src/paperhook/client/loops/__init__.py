"""What the asynchronous client wants of an event loop: one small protocol, with asyncio and trio behind it.

Only this package knows which of the two runs. What it has and anyio has not is a task that ends by itself when the one
who started it is cancelled: an exchange that is cut off inside httpx leaks a slot of its pool.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from ...errors import ConfigurationError
from .tasks import TaskEnded

__all__ = ["Event", "Loop", "Task", "TaskEnded", "Timeout", "running_loop"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Task(Protocol[T_co]):
    """Something that was started, and runs until its end."""

    def cancel(self) -> object:
        """Ask it to end."""
        ...

    def add_done_callback(self, tell: Callable[[Any], object], /) -> None:
        """Call a function with the task when it has ended."""
        ...

    def cancelled(self) -> bool:
        """Tell whether it was made to end."""
        ...

    def exception(self) -> BaseException | None:
        """Give the error that it ended with."""
        ...

    def result(self) -> T_co:
        """Give what it returned, or raise its error."""
        ...


class Timeout(AbstractAsyncContextManager[Any], Protocol):
    """Raises TimeoutError where its block takes longer than it may."""

    def expired(self) -> bool:
        """Tell whether it did; any thread may ask."""
        ...


class Event(Protocol):
    """Something that is waited for; it happens once."""

    def set(self) -> None:
        """Say that it has happened; on the loop."""
        ...

    async def wait(self) -> object:
        """Wait for it."""
        ...


class Loop(Protocol):
    """One running event loop; two of these are equal where it is the same."""

    def is_over(self) -> bool:
        """Tell whether it will never run again."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do what may block beside the loop; who is cancelled does not wait for it."""
        ...

    async def answer(self, future: Future[T]) -> T:
        """Wait for what a store answers; it does what it was asked also when whoever waits is cancelled."""
        ...

    def event(self) -> Event:
        """Make something that can be waited for."""
        ...

    def start(self, work: Coroutine[Any, Any, T]) -> Task[T]:
        """Begin something that ends by itself, whoever is cancelled."""
        ...

    async def wait_for(self, task: Task[T], seconds: float | None) -> T:
        """Wait for a task of this loop; it goes on when whoever waits is cancelled or has waited long enough.

        Raises:
            TimeoutError: If it takes longer.
            TaskEnded: If somebody else cancelled it.
        """
        ...

    async def first(self, tasks: Iterable[Task[T]]) -> tuple[Task[T], ...]:
        """Wait until one of some tasks of this loop has ended, and give those that have."""
        ...

    async def end(self, tasks: Iterable[Task[Any]], *, grace: float = 0.0) -> None:
        """Give tasks of this loop some seconds, then cancel them and wait for their end; it cannot be cut off."""
        ...

    def timeout(self, seconds: float | None) -> Timeout:
        """Bound a block; None bounds nothing."""
        ...


def running_loop() -> Loop:
    """Give the event loop that runs in this thread.

    Raises:
        ConfigurationError: If neither asyncio nor trio runs it.
    """
    # Who has not loaded a library does not run it.
    if "trio" in sys.modules:
        from .on_trio import current_loop as current_trio

        if (on_trio := current_trio()) is not None:
            return on_trio
    if "asyncio" in sys.modules:
        from .on_asyncio import current_loop as current_asyncio

        if (on_asyncio := current_asyncio()) is not None:
            return on_asyncio
    raise ConfigurationError("AsyncClient runs on asyncio and on trio: neither runs here")
