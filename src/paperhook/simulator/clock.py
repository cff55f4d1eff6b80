"""Where the simulator gets its time: the system's, or a virtual one that tests move by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol


class Clock(Protocol):
    """What the simulator asks of a clock."""

    def time(self) -> float:
        """Say what time it is, in seconds since 1970 UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""
        ...


class SystemClock:
    """Real time on the running event loop."""

    def time(self) -> float:
        """Say what time it is, in seconds since 1970 UTC."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """Time that stands still until somebody moves it.

    `Simulator.advance()` and `Simulator.drain()` move it; with `auto=True` the simulator moves it itself
    to the next sleeper whenever nothing else is going on, so that no waiting takes real time.
    """

    def __init__(self, start: float = 1_800_000_000.0, *, auto: bool = False) -> None:
        """Start the clock at `start`, seconds since 1970 UTC."""
        #: Whether the simulator jumps to the next sleeper as soon as it is idle.
        self.auto = auto
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def time(self) -> float:
        """Say what time it is, in seconds since 1970 UTC."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved that far."""
        await self.alarm(seconds)

    def alarm(self, seconds: float) -> asyncio.Future[None]:
        """Give a future that is done once the clock was moved that far."""
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + max(seconds, 0.0), next(self._order), alarm))
        return alarm

    @property
    def next_due(self) -> float | None:
        """Say when the next sleeper wants to wake; None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def wake_next(self) -> asyncio.Future[None] | None:
        """Move to the next sleeper and wake it; give its alarm, or None when nobody sleeps."""
        due = self.next_due
        if due is None:
            return None
        self.move_to(due)
        alarm = heapq.heappop(self._sleepers)[2]
        alarm.set_result(None)
        return alarm

    def move_to(self, moment: float) -> None:
        """Set the time without waking anybody; never backwards."""
        self._now = max(self._now, moment)
