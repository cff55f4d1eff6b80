"""How much the providers owe, by everything that was submitted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from ..errors import ConfigurationError
from .base import Tally, Tracker

#: Stands before the path in the address of a file.
_FILE = "sqlite:///"


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
    if address.startswith(_FILE):
        from .sqlite import has_tables as in_file

        return in_file(address.removeprefix(_FILE))
    # Without psycopg there is none either.
    with suppress(ConfigurationError, ImportError):
        from .postgres import has_tables as in_database

        return in_database(address)
    return False
