"""What an inbox keeps of reviews: why a document was held back, what a person decided, and which values are taken.

| state | means | goes to |
|---|---|---|
| `review` | a rule is not met and the handlers of `document.needs_review` have run | `pending` (accepted, corrected, replayed), `done` (rejected) |

* A review belongs to its event; it is opened under the event's lease, and stays as it is when the event is run again.
* One decision counts: the state is looked at in the transaction that leaves it. Who comes second is told so.
* A decision and the event's return to `pending` are one transaction: whatever dies after it, the handlers run.
* A replay of an event that waits, or that was rejected, forgets the review: the rules are asked again. One that was
  accepted or corrected stays so.
* What was fetched for a delivery that only refers to its result takes the delivery's place, so that a review, a retry and a
  replay find it however long the provider keeps it.
* A value that only one document may have is held by an event, never by a worker: a retry finds it its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from ..core.review import Decision, Reason, Review
from .base import Claim, Inbox

#: Field path to text; None takes a value away.
Corrections: TypeAlias = Mapping[str, str | None]
#: Within which a value is unique, and its SHA-256.
Value: TypeAlias = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Opening:
    """A review that a worker opens under its lease."""

    claim: Claim
    reasons: tuple[Reason, ...]
    moment: float


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person decided about one event."""

    event_id: int
    decision: Decision
    moment: float
    by: str = ""
    note: str = field(default="", repr=False)
    corrections: Corrections = field(default_factory=dict[str, str | None], repr=False)


@runtime_checkable
class ReviewInbox(Inbox, Protocol):
    """An inbox that keeps reviews; what the futures raise is as for `Inbox`."""

    def open_review(self, claim: Claim, reasons: Sequence[Reason], *, now: float) -> Future[bool]:
        """Write down why a document is held back; corrections that were made before are kept.

        Returns:
            False where the lease was lost: then nothing was written.
        """
        ...

    def reviews(self, ids: Sequence[int]) -> Future[Mapping[int, Review]]:
        """Give the reviews of these events, as far as they have one."""
        ...

    def decide(self, ruling: Ruling) -> Future[bool]:
        """Record what a person decided, together with its audit.

        Accepted or corrected, the event is pending again, and its handlers run as if they never had; rejected, it is done,
        and holds no value any more. Corrections are added to those that were made before.

        Returns:
            False where the event does not wait for a decision, because somebody else decided or there is none.
        """
        ...

    def keep(self, claim: Claim, body: bytes) -> Future[bool]:
        """Keep what was fetched in the place of the delivery: the event has the form `envelope` from now on.

        Returns:
            False where the lease was lost: then nothing was kept.
        """
        ...

    def hold(self, claim: Claim, values: Sequence[Value]) -> Future[tuple[int, ...] | None]:
        """Take values for an event where they are free, and let go of its other ones in the same scopes.

        Returns:
            For each the id of the event that has it now; None where the lease was lost.
        """
        ...
