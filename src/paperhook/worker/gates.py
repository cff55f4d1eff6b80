"""How many events of a type run at once in a process where somebody else says which event runs next."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from weakref import WeakKeyDictionary

#: Seconds that an event waits for its turn before it is given back, so that it does not hold up an engine's others.
WAIT_SECONDS = 0.5


class Gates:
    """Slots for events of exact types; each event loop has its own.

    Args:
        limits: By type; others have no limit.
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = (
            WeakKeyDictionary()
        )

    def of(self, type_: str) -> asyncio.Semaphore | None:
        """Give the slots of a type on the running loop; None where it has no limit."""
        if type_ not in self._limits:
            return None
        with self._lock:
            slots = self._of_loops.setdefault(asyncio.get_running_loop(), {})
        return slots.setdefault(type_, asyncio.Semaphore(self._limits[type_]))


async def entered(gate: asyncio.Semaphore, seconds: float) -> bool:
    """Take a slot within so many seconds, and tell whether there was one."""
    try:
        async with asyncio.timeout(seconds):
            await gate.acquire()
    except TimeoutError:
        return False
    return True
