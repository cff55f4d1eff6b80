"""What all inboxes in databases share: each call is one piece of work for the thread that commits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from ..core.review import Reason, Review
from .base import (
    EVERYTHING,
    Audit,
    Claim,
    Filter,
    Intervention,
    Key,
    Outcome,
    Row,
    Settlement,
    State,
    Stats,
    plain,
)
from .bridge import Bridge
from .commits import GroupCommit, Work
from .places import lots
from .reviewing import Opening, Ruling, Value
from .surveying import Survey

#: What work is done with: the connection.
C = TypeVar("C")
#: Exact types that are wanted, and those that are not; None where all are.
Types: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]] | None


@dataclass(frozen=True, slots=True)
class Works(Generic[C]):
    """How a store does what is asked of it; what stands in the tuples is what `CommittingInbox` asks with."""

    #: How many, for how many seconds, now, of which types, and the lot of an odd place.
    claim: Work[C, tuple[int, float, float, Types, int], tuple[Claim, ...]]
    #: Provider, key, seconds of the lease, now.
    claim_key: Work[C, tuple[str, str, float, float], Claim | None]
    #: How many, now, patience.
    hand_over: Work[C, tuple[int, float, float], tuple[Key, ...]]
    #: Provider, key, now, patience.
    hand_over_next: Work[C, tuple[str, str, float, float], Key | None]
    #: Claims, and until when.
    renew: Work[C, tuple[Sequence[Claim], float], tuple[bool, ...]]
    settle: Work[C, Settlement, bool]
    #: Which, how many, after how many.
    rows: Work[C, tuple[Filter, int, int], tuple[Row, ...]]
    replay: Work[C, Intervention, tuple[int, ...]]
    purge: Work[C, Intervention, tuple[int, ...]]
    redact: Work[C, Intervention, tuple[int, ...]]
    open_review: Work[C, Opening, bool]
    #: Ids of events.
    reviews: Work[C, Sequence[int], Mapping[int, Review]]
    decide: Work[C, Ruling, bool]
    #: An event, and what was fetched for it.
    keep: Work[C, tuple[Claim, bytes], bool]
    #: An event, and the values that it wants alone.
    hold: Work[C, tuple[Claim, Sequence[Value]], tuple[int, ...] | None]
    #: How many.
    audit: Work[C, int, tuple[Audit, ...]]
    stats: Work[C, None, Stats]
    #: Whether at what is done, too.
    survey: Work[C, bool, Survey]


class CommittingInbox(Generic[C]):
    """Asks everything of two threads: one commits for all that wait, the other only looks.

    Args:
        works: How the store does it.
        writes: The thread that commits.
        reads: The thread that looks.
    """

    def __init__(self, works: Works[C], writes: GroupCommit[C], reads: GroupCommit[C]) -> None:
        self._works = works
        self._writes = writes
        self._reads = reads
        self._lot = lots()

    def settle_on(self, bridge: Bridge, settlement: Settlement) -> asyncio.Future[bool]:
        """Record what a worker did of an event, for a caller on an event loop."""
        return self._writes.ask_on(bridge, self._works.settle, settlement)

    def claim(
        self, *, limit: int, lease: float, now: float, only: Sequence[str] = (), without: Sequence[str] = ()
    ) -> Future[tuple[Claim, ...]]:
        """Lease up to `limit` events that are due."""
        types = None if not only and not without else (tuple(map(plain, only)), tuple(map(plain, without)))
        return self._writes.ask(self._works.claim, (limit, lease, now, types, self._lot()))

    def claim_key(self, provider: str, key: str, *, lease: float, now: float) -> Future[Claim | None]:
        """Lease one event by its key, due or not."""
        return self._writes.ask(self._works.claim_key, (plain(provider), plain(key), lease, now))

    def hand_over(self, *, limit: int, now: float, patience: float) -> Future[tuple[Key, ...]]:
        """Give events that are due to an engine."""
        return self._writes.ask(self._works.hand_over, (limit, now, patience))

    def hand_over_next(self, provider: str, key: str, *, now: float, patience: float) -> Future[Key | None]:
        """Give the event that waits for this one to an engine."""
        return self._writes.ask(self._works.hand_over_next, (plain(provider), plain(key), now, patience))

    def renew(self, claims: Sequence[Claim], *, lease: float, now: float) -> Future[tuple[bool, ...]]:
        """Extend leases to `now + lease`."""
        return self._writes.ask(self._works.renew, (claims, now + lease))

    def finish(self, claim: Claim, outcomes: Sequence[Outcome], *, state: State, now: float) -> Future[bool]:
        """Record that an event is done or dead."""
        if not state.is_settled:
            raise ValueError(f"an event is finished as done or dead, not as {state}")
        return self._writes.ask(self._works.settle, Settlement(claim, outcomes, state, now))

    def release(
        self, claim: Claim, outcomes: Sequence[Outcome], *, due_at: float, now: float
    ) -> Future[bool]:
        """Give a lease up until `due_at`."""
        return self._writes.ask(self._works.settle, Settlement(claim, outcomes, State.PENDING, due_at))

    def rows(
        self, where: Filter = EVERYTHING, *, limit: int = 100, offset: int = 0
    ) -> Future[tuple[Row, ...]]:
        """Give rows, newest first."""
        return self._reads.ask(self._works.rows, (where, limit, offset))

    def replay(
        self, where: Filter, *, now: float, limit: int = 1000, by: str = ""
    ) -> Future[tuple[int, ...]]:
        """Make settled rows pending again."""
        return self._writes.ask(self._works.replay, Intervention(where, limit, now, plain(by)))

    def purge(
        self, where: Filter, *, now: float, redact: bool = False, limit: int = 1000, by: str = ""
    ) -> Future[tuple[int, ...]]:
        """Delete or redact settled rows."""
        return self._writes.ask(
            self._works.redact if redact else self._works.purge, Intervention(where, limit, now, plain(by))
        )

    def open_review(self, claim: Claim, reasons: Sequence[Reason], *, now: float) -> Future[bool]:
        """Write down why a document is held back."""
        return self._writes.ask(self._works.open_review, Opening(claim, tuple(reasons), now))

    def reviews(self, ids: Sequence[int]) -> Future[Mapping[int, Review]]:
        """Give the reviews of these events."""
        return self._reads.ask(self._works.reviews, ids)

    def decide(self, ruling: Ruling) -> Future[bool]:
        """Record what a person decided."""
        return self._writes.ask(self._works.decide, ruling)

    def keep(self, claim: Claim, body: bytes) -> Future[bool]:
        """Keep what was fetched in the place of the delivery."""
        return self._writes.ask(self._works.keep, (claim, body))

    def hold(self, claim: Claim, values: Sequence[Value]) -> Future[tuple[int, ...] | None]:
        """Take values for an event where they are free."""
        return self._writes.ask(self._works.hold, (claim, tuple(values)))

    def audit(self, *, limit: int = 100) -> Future[tuple[Audit, ...]]:
        """Give what operators did, newest first."""
        return self._reads.ask(self._works.audit, limit)

    def stats(self) -> Future[Stats]:
        """Count rows by state."""
        return self._reads.ask(self._works.stats, None)

    def survey(self, *, done: bool = False) -> Future[Survey]:
        """Look at what is not done, and with `done` at every row."""
        return self._reads.ask(self._works.survey, done)
