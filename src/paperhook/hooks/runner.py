"""`Runner`: keeps one worker running, whatever loops and threads come and go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ..forking import start_anew_after_fork
from ..inbox.bridge import running_loop
from ..worker import Worker

T = TypeVar("T")


class Runner:
    """Keeps one worker running: on the loop of whoever asks first, or in a thread of its own."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._is_closed = False
        self._begin()
        start_anew_after_fork(self)

    def _begin(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start_anew(self) -> None:
        """Begin again in a forked process, where neither loop nor thread runs and the lock may be held for ever."""
        self._begin()
        self._worker.start_anew()

    def start_in_loop(self) -> None:
        """Have it run, on the running loop where it does not yet."""
        with self._lock:
            if not self._is_closed and not self._is_running():
                self._task = asyncio.get_running_loop().create_task(
                    self._worker.run(), name="paperhook-worker"
                )

    def start_in_thread(self) -> None:
        """Have it run, in a thread where it does not yet."""
        with self._lock:
            if not self._is_closed and not self._is_running():
                self._thread = threading.Thread(target=self._run, name="paperhook-worker", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        asyncio.run(self._worker.run())

    def _is_running(self) -> bool:
        if self._thread is not None and self._thread.is_alive():
            return True
        return self._task is not None and not self._task.done() and not self._task.get_loop().is_closed()

    def close(self) -> None:
        """Start nothing any more; what runs is for `stop` to end."""
        with self._lock:
            self._is_closed = True

    async def stop(self) -> None:
        """End it and wait for that."""
        task, thread = self._forget()
        # A loop that stands still would never hear of it.
        if thread is not None or (task is not None and task.get_loop().is_running()):
            await self._worker.stop()
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            await asyncio.wait([task])
        if thread is not None:
            await asyncio.to_thread(thread.join)

    def stop_from_thread(self) -> None:
        """End it and wait for that, or on its own loop only cancel it."""
        loop, task = running_loop(), self._task
        if loop is not None and task is not None and task.get_loop() is loop:
            # Nobody can wait for it here; what it runs is run again when its lease ends.
            task.cancel()
        elif self._is_running():
            run_beside(self.stop)

    def _forget(self) -> tuple[asyncio.Task[None] | None, threading.Thread | None]:
        """Let go of what runs; None for what has ended."""
        with self._lock:
            task, thread = self._task, self._thread
            self._task = self._thread = None
        is_alive = thread is not None and thread.is_alive()
        return None if task is None or task.done() else task, thread if is_alive else None


def run_beside(function: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end, on a loop of its own, also where a loop runs already."""
    if running_loop() is None:
        return asyncio.run(function())
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(function())).result()
