"""Moments as providers write them, read as aware UTC times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

#: A larger number counts milliseconds.
_FIRST_MILLISECONDS = 10**11


def instant(value: Any) -> datetime | None:
    """Read a moment: ISO 8601 text (without an offset it is taken for UTC), or milliseconds or seconds since the epoch.

    A number may be text. Below 10^11 it is seconds, which as milliseconds would lie in 1973 at the latest.

    Returns:
        An aware UTC time, or None for anything that is not a moment.
    """
    try:
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:20])
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value if value < _FIRST_MILLISECONDS else value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
