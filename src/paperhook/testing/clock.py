"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime


class FrozenClock:
    """Seconds since the epoch, for every `clock=` and `now=` of paperhook.

    Args:
        start: A moment, or seconds since the epoch.
    """

    def __init__(self, start: datetime | float = 1_800_000_000.0) -> None:
        self._now = start.timestamp() if isinstance(start, datetime) else float(start)

    def __call__(self) -> float:
        """Say what time it is, in seconds since the epoch."""
        return self._now

    @property
    def now(self) -> datetime:
        """What time it is, in UTC."""
        return datetime.fromtimestamp(self._now, UTC)

    def advance(self, seconds: float) -> None:
        """Move on; a negative number of seconds moves back, as clocks that are set do."""
        self._now += seconds
