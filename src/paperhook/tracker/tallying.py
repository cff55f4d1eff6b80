"""How much the providers owe, by everything that was submitted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from ..inbox.tables import OF_TRACKER, has_tables
from .base import Tally, Tracker


async def tallied(trackers: Iterable[Tracker]) -> Tally:
    """Count the rows of all trackers, each once.

    Raises:
        InboxError: If a store is away.
    """
    # Clients may share one.
    each_once = {id(tracker): tracker for tracker in trackers}.values()
    return sum([await asyncio.wrap_future(tracker.tally()) for tracker in each_once], Tally())


def tally_json(tally: Tally, now: float) -> dict[str, Any]:
    """Describe what is owed in words that JSON knows."""
    return {
        "open": tally.open,
        "unknown": tally.unknown,
        "settled": tally.settled,
        "oldest_open_seconds": round(tally.waited(now), 3),
    }


def has_tracker(address: str) -> bool:
    """Tell whether somebody has tracked submissions at an address; nothing is made there.

    Raises:
        InboxError: If a server is away.
    """
    return bool(has_tables(address, OF_TRACKER))
