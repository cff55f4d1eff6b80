"""What a provider rations: requests per minute, and credits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Grant:
    """What a request found in its window."""

    #: Requests per window; 0 when the provider is not limited.
    limit: int
    #: Requests left in this window, after this one.
    remaining: int
    #: When the next window begins, seconds since 1970 UTC.
    resets_at: float
    #: Whether this request is within the limit.
    granted: bool

    def retry_after(self, now: float) -> int:
        """Say after how many whole seconds a new window begins; at least 1."""
        return max(1, math.ceil(self.resets_at - now))


class RateLimiter:
    """Counts requests in fixed clock-minute windows, per name.

    Source: Ocriva retry-rate-limiting page (fixed clock-minute windows); for the others the kind of window is assumed.
    """

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._counts: dict[str, tuple[int, int]] = {}

    def take(self, name: str, *, limit: int, now: float) -> Grant:
        """Count one request under `name`."""
        window = math.floor(now / WINDOW_SECONDS)
        resets_at = float((window + 1) * WINDOW_SECONDS)
        if limit <= 0:
            return Grant(0, 0, resets_at, granted=True)
        counted_window, used = self._counts.get(name, (window, 0))
        used = used if counted_window == window else 0
        granted = used < limit
        self._counts[name] = (window, used + granted)
        return Grant(limit, limit - used - granted, resets_at, granted=granted)


class Credits:
    """Counts what each provider would bill: one per document or page."""

    def __init__(self, allowed: Mapping[str, int]) -> None:
        """Allow that many per provider; a provider that is not named has no limit."""
        self._allowed = dict(allowed)
        self._used: dict[str, int] = {}

    def take(self, provider: str, count: int = 1) -> bool:
        """Charge `count`, all or nothing; say whether there were enough."""
        left = self.left(provider)
        if left is not None and left < count:
            return False
        self._used[provider] = self.used(provider) + count
        return True

    def refund(self, provider: str, count: int = 1) -> None:
        """Give back what a failed document cost."""
        self._used[provider] = self.used(provider) - count

    def used(self, provider: str) -> int:
        """Say how many were charged and not refunded."""
        return self._used.get(provider, 0)

    def left(self, provider: str) -> int | None:
        """Say how many are left; None means without limit."""
        allowed = self._allowed.get(provider)
        return None if allowed is None else allowed - self.used(provider)
