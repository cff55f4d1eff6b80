"""`Counts`: what reconciling came to."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Counts:
    """What reconciling came to."""

    #: Jobs that were asked for.
    polled: int = 0
    #: Events whose webhook was lost: the provider's loss.
    recovered: int = 0
    #: Failures of a provider that pushes none.
    unpushed: int = 0
    #: Jobs that the provider had forgotten.
    expired: int = 0
    #: Jobs whose end was in the inbox already.
    heard: int = 0
    #: Uploads without an answer whose job was found, or that never arrived.
    settled: int = 0
    #: Jobs and listings that were asked for in vain: the provider was away, or its answer was none.
    unanswered: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))
