"""How an event came to us."""

from __future__ import annotations

from enum import StrEnum


class Origin(StrEnum):
    """How an event came to us."""

    WEBHOOK = "webhook"
    POLL = "poll"
    REPLAY = "replay"
    SIMULATED = "simulated"
    #: A person accepted or corrected it.
    REVIEW = "review"
