"""What a client is given is checked and opened here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.arguments import check_above_zero
from ..core.provider import Provider
from ..errors import ConfigurationError

# A client without a tracker and without observers loads neither.
if TYPE_CHECKING:
    from ..observe.details import Observer, Observers
    from ..tracker import Tracker


def check_options(provider: Provider, timeout: float) -> None:
    """Refuse a provider without a key, and a time-out that is none."""
    if not provider.api_key.strip():
        raise ConfigurationError(
            f"{provider.name} has no API key: set {provider.env_prefix}API_KEY or pass it to {type(provider).__name__}"
        )
    check_above_zero(timeout, "timeout")


def opened_tracker(address: str) -> Tracker:
    """Open a tracker by its address."""
    from ..tracker import open_tracker

    return open_tracker(address)


def observers_of(observe: Sequence[Observer]) -> Observers | None:
    """Give one who tells all of them."""
    if not observe:
        return None
    from ..observe.details import Observers

    return Observers(observe)
