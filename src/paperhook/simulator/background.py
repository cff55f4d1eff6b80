"""The simulator's background work: tasks that can be waited for, driven by a virtual clock, and stopped without a leak."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

from paperhook.simulator.clock import Clock, VirtualClock

logger: logging.Logger = logging.getLogger(__name__)


class Signal:
    """Something work can wait for: set once and for all, or given as a pulse to whoever waits now."""

    def __init__(self) -> None:
        self.is_set: bool = False
        #: Called with True when the signal comes.
        self.waiters: list[Callable[[bool], None]] = []

    def set(self) -> None:
        """Wake whoever waits, now and later."""
        self.is_set = True
        self.pulse()

    def pulse(self) -> None:
        """Wake whoever waits now."""
        for wake in list(self.waiters):
            wake(True)


class Background:
    """Owns every task that outlives a request, and knows which of them are merely asleep."""

    def __init__(self, clock: Clock) -> None:
        """Run on this clock."""
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarms: set[asyncio.Future[None]] = set()
        self._awake = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._ended_all = asyncio.Event()
        self._jumps_soon = False

    def start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` as a task of its own; an exception in it is logged by its type only."""
        self._spawn(work)

    async def sleep(self, seconds: float) -> None:
        """Sleep inside work that counts as busy, so that it counts as idle meanwhile."""
        if not isinstance(self._clock, VirtualClock):
            with self.asleep():
                await self._clock.sleep(seconds)
            return
        alarm = self._clock.alarm(seconds)
        self._alarms.add(alarm)
        self._fell_asleep()
        try:
            await alarm
        finally:
            # Whoever moves the clock counts the sleeper as awake; a cancelled one has to do so itself.
            if alarm in self._alarms:
                self._alarms.discard(alarm)
                self._woken()

    async def wait(self, signal: Signal, *, seconds: float) -> bool:
        """Wait for a signal inside work that counts as busy, at most that long on the clock; say whether it came."""
        if signal.is_set:
            return True
        woken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def wake(came: bool) -> None:
            # Counted here and not when the waiter runs, or the clock would move on before it does.
            if not woken.done():
                woken.set_result(came)
                self._woken()

        async def ring() -> None:
            await self.sleep(seconds)
            wake(False)

        signal.waiters.append(wake)
        timer = self._spawn(ring)
        self._fell_asleep()
        try:
            return await woken
        finally:
            signal.waiters.remove(wake)
            timer.cancel()
            if woken.cancelled():
                self._woken()

    @contextmanager
    def busy(self) -> Generator[None]:
        """Count what happens inside as work, for example the answering of a request."""
        self._woken()
        try:
            yield
        finally:
            self._fell_asleep()

    @contextmanager
    def asleep(self) -> Generator[None]:
        """Count a wait inside busy work as idle, for example for another request to end."""
        self._fell_asleep()
        try:
            yield
        finally:
            self._woken()

    async def settle(self) -> None:
        """Wait until every task has ended or sleeps on the clock, and no request is being answered."""
        await self._idle.wait()

    async def advance(self, seconds: float) -> None:
        """Move a virtual clock and run everything that falls due on the way, in order.

        Raises:
            TypeError: If the clock is not a VirtualClock.
        """
        if not isinstance(self._clock, VirtualClock):
            raise TypeError(
                "advance() needs a VirtualClock; a simulator on the system's clock moves by itself"
            )
        until = self._clock.time() + seconds
        await self.settle()
        while (due := self._clock.next_due) is not None and due <= until:
            await self._wake_next(self._clock)
        self._clock.move_to(until)

    async def drain(self) -> None:
        """Wait until no task is left; a virtual clock is moved as far as it takes."""
        while self._tasks:
            if not isinstance(self._clock, VirtualClock):
                await asyncio.wait(self._tasks)
            elif self._clock.auto:
                await self._jump_to_the_end()
            else:
                await self.settle()
                await self._wake_next(self._clock)

    async def close(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        while self._tasks:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        self._woken()
        task = asyncio.create_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - one broken job must not take the provider down
            # Neither the text nor the trace is logged: they may hold what is on a document.
            logger.error("simulator: background work ended with %s", type(error).__name__)  # noqa: TRY400

    async def _wake_next(self, clock: VirtualClock) -> None:
        self._move(clock)
        # A sleeper that is not ours gets a turn of the loop; ours are waited for.
        await asyncio.sleep(0)
        await self.settle()

    def _move(self, clock: VirtualClock) -> bool:
        """Wake the next sleeper; say whether there was one."""
        alarm = clock.wake_next()
        if alarm in self._alarms:
            self._alarms.discard(alarm)
            self._woken()
        return alarm is not None

    async def _jump_to_the_end(self) -> None:
        """Leave the moving to a clock that jumps by itself, which takes no turn of the loop for whoever waits here."""
        self._ended_all.clear()
        self._jump_soon()
        await self._ended_all.wait()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._ended_all.set()
        self._fell_asleep()

    def _woken(self) -> None:
        self._awake += 1
        self._idle.clear()

    def _fell_asleep(self) -> None:
        self._awake -= 1
        if self._awake > 0:
            return
        self._idle.set()
        if isinstance(self._clock, VirtualClock) and self._clock.auto:
            self._jump_soon()

    def _jump_soon(self) -> None:
        # Two at once would pass over a sleeper that is not ours before it had its turn.
        if not self._jumps_soon:
            self._jumps_soon = True
            asyncio.get_running_loop().call_soon(self._jump)

    def _jump(self) -> None:
        self._jumps_soon = False
        if self._awake == 0 and isinstance(self._clock, VirtualClock):
            has_moved = self._move(self._clock)
            if has_moved and self._awake == 0 and self._tasks:
                # That sleeper was not ours, and tells nobody when it sleeps again: it gets a turn of the loop.
                self._jump_soon()
