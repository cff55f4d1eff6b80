"""Threads for sync handlers: as many as are needed at once, reused, and never in the way of the process's end."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

#: Seconds after which a thread without work ends.
IDLE_SECONDS = 5.0


class Threads(Executor):
    """An executor of daemon threads.

    `ThreadPoolExecutor` is joined when the interpreter ends, so a handler that hangs would keep a stopped process
    alive for ever. How many run at once is the worker's business.
    """

    def __init__(self, name: str, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._name = name
        self._idle_seconds = idle_seconds
        self.start_anew()

    def start_anew(self) -> None:
        """Begin without threads, as after a fork: those of the other process do not exist here."""
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        #: Threads that wait for a call and are promised to none.
        self._idle = 0

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run a function on a thread that is free, or on a new one.

        Raises:
            RuntimeError: If the system has no more threads; then it does not run.
        """
        future: Future[T] = Future()
        with self._lock:
            is_promised = self._idle > 0
            self._idle -= is_promised
        if not is_promised:
            threading.Thread(target=self._serve, name=self._name, daemon=True).start()
        self._calls.put(partial(_run, future, fn, args, kwargs))
        return future

    async def call(self, function: Callable[[], T]) -> T:
        """Run a function on a thread, in the context of the task that waits for it.

        Unlike a thread of the event loop's own, it does not keep the loop from ending.
        """
        future: Future[T] = self.submit(contextvars.copy_context().run, function)
        return await asyncio.wrap_future(future)

    def _serve(self) -> None:
        call: Callable[[], None] | None = self._calls.get()
        while call is not None:
            call()
            with self._lock:
                self._idle += 1
            # Whoever waits for the next call must not keep the last event alive.
            call = None
            call = self._next_call()

    def _next_call(self) -> Callable[[], None] | None:
        while True:
            try:
                return self._calls.get(timeout=self._idle_seconds)
            except Empty:
                with self._lock:
                    if self._idle > 0:
                        self._idle -= 1
                        return None
                # Promised to a call in this moment: it is about to arrive.


def _run(
    future: Future[T], function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(function(*args, **kwargs))
    except (KeyboardInterrupt, GeneratorExit, StopIteration) as error:
        # No thread is interrupted by Ctrl-C, so a function raised it. A loop would end by the first, take the second for the
        # end of the task that waits, and refuse the third.
        failure = RuntimeError(type(error).__name__)
        failure.__cause__ = error
        future.set_exception(failure)
    except BaseException as error:  # noqa: BLE001 - SystemExit of a handler must not end the thread
        future.set_exception(error)
