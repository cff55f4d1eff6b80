"""What a client is given is checked and opened here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.arguments import check_above_zero, check_kind, check_provider
from ..core.provider import Provider
from ..errors import ConfigurationError
from ..retrying import RetryPolicy

# A client without a tracker and without observers loads neither.
if TYPE_CHECKING:
    from ..observe.details import Observer, Observers
    from ..tracker import Tracker


def check_options(
    provider: Provider, retry: RetryPolicy | None, timeout: float, namespace: str, taker: str
) -> None:
    """Refuse options of another type, a provider without a key, and a time-out that is none."""
    check_provider(provider, taker)
    if retry is not None:
        check_kind(retry, RetryPolicy, "retry", "RetryPolicy(stop=stop_after_attempt(4)) or NO_RETRY")
    check_kind(namespace, str, "namespace", 'a text such as "tenant-1"')
    if not provider.api_key.strip():
        raise ConfigurationError(
            f"{provider.name} has no API key: set {provider.env_prefix}API_KEY or pass it to {type(provider).__name__}"
        )
    check_above_zero(timeout, "timeout")


def check_turns(limiter: object, budget: object) -> None:
    """Refuse what cannot say when a request may be sent."""
    if limiter is not None and not callable(getattr(limiter, "turns", None)):
        raise ConfigurationError(f"limiter is a {type(limiter).__name__}: write RateLimiter() or Unlimited()")
    if budget is not None and not callable(getattr(budget, "take", None)):
        raise ConfigurationError(f"retry_budget is a {type(budget).__name__}: write RetryBudget()")


def tracker_of(given: str | Tracker | None) -> Tracker | None:
    """Open a tracker by its address; one that is open stays what it is."""
    if isinstance(given, str):
        from ..tracker import open_tracker

        return open_tracker(given)
    if given is not None and not callable(getattr(given, "begin", None)):
        raise ConfigurationError(
            f"tracker is a {type(given).__name__}: write an address such as sqlite:///paperhook.db, or a tracker"
        )
    return given


def observers_of(observe: Sequence[Observer]) -> Observers | None:
    """Give one who tells all of them."""
    if not observe:
        return None
    from ..observe.details import Observers

    return Observers(observe)
