"""The inbox contract: durable events waiting for their handlers.

| state | means | goes to |
|---|---|---|
| `pending` | waits until `due_at` | `running` |
| `running` | leased by one worker under a token, until `lease_until` | `done`, `pending`, `dead`, `review`; leased anew once the lease ran out |
| `done` | every handler succeeded | `pending` (replay) |
| `dead` | a handler gave up or used up its attempts | `pending` (replay) |
| `review` | a rule is not met, a person must decide, see `reviewing` | `pending` (accepted, corrected, replay), `done` (rejected) |

Rules that every store keeps:

* Provider and key are unique; the same event again is counted on the row that is there, whatever its state.
* Events with the same `subject` run one at a time and in the order in which they were put. One that was replayed
  waits for the one that is running, and then goes first.
* A settled row (`done`, `dead` or `review`) is left only by a replay, and `review` by a decision.
* A row in `review` is never purged or redacted.
* Only the newest lease of an event can renew, finish or release it.

Every method returns at once with a `concurrent.futures.Future`: sync code calls `.result()`, async code awaits
`asyncio.wrap_future(...)`, or a `Bridge` where there are many. A future that has a result means: committed.

Times are seconds since the epoch and are arguments, so that a test drives them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from .values import (
    EVERYTHING,
    Audit,
    Claim,
    Entry,
    Filter,
    Intervention,
    Key,
    Outcome,
    Row,
    Settlement,
    State,
    Stats,
    plain,
    plainly,
    storable,
)

if TYPE_CHECKING:
    import asyncio

    from .bridge import Bridge

# The values stand beside the contract for whoever writes a store of their own.
__all__ = [
    "EVERYTHING",
    "Audit",
    "Claim",
    "Entry",
    "Filter",
    "Inbox",
    "Intervention",
    "Key",
    "LeasingInbox",
    "LoopInbox",
    "Outcome",
    "Row",
    "Settlement",
    "State",
    "Stats",
    "TransactionalInbox",
    "plain",
    "plainly",
    "storable",
]


class Inbox(Protocol):
    """Where verified events wait; see the module for states and futures."""

    def put(self, entries: Sequence[Entry]) -> Future[tuple[bool, ...]]:
        """Store events and commit.

        Returns:
            For each entry, in order, whether it was new; a duplicate is counted on the row that is there.

        Raises:
            InboxUnavailable: (from the future) If the store is locked, full or away; then nothing was stored.
        """
        ...

    def claim(
        self, *, limit: int, lease: float, now: float, only: Sequence[str] = (), without: Sequence[str] = ()
    ) -> Future[tuple[Claim, ...]]:
        """Lease up to `limit` events for `lease` seconds.

        First those whose lease ran out, then half those that are due again and half new ones, see `places`, each oldest
        first. A new or replayed event is due whatever the clock says. Events that wait for another of their subject are
        left out.

        Args:
            limit: How many at most.
            lease: Seconds.
            now: When.
            only: Exact types; empty for all.
            without: Exact types to leave out.
        """
        ...

    def claim_key(self, provider: str, key: str, *, lease: float, now: float) -> Future[Claim | None]:
        """Lease one event by its key, due or not.

        Returns:
            None where it is unknown, settled, leased by another, or waits for another event of its subject.
        """
        ...

    def hand_over(self, *, limit: int, now: float, patience: float) -> Future[tuple[Key, ...]]:
        """Give up to `limit` events to an engine that will claim them by their keys.

        Those whose lease ran out, those that are due again, and the new ones that are `patience` seconds old: a younger
        one was handed over when it was put. Each is due again when `handing_over.again_at` says.

        Returns:
            Provider and key of each.
        """
        ...

    def hand_over_next(self, provider: str, key: str, *, now: float, patience: float) -> Future[Key | None]:
        """Give the event that had to wait for this one to an engine, however young it is; None where nothing waits."""
        ...

    def renew(self, claims: Sequence[Claim], *, lease: float, now: float) -> Future[tuple[bool, ...]]:
        """Extend leases to `now + lease`; False for a claim that is no longer the newest."""
        ...

    def finish(self, claim: Claim, outcomes: Sequence[Outcome], *, state: State, now: float) -> Future[bool]:
        """Record that an event is `done` or `dead` or waits in `review`, with what its handlers did.

        Args:
            claim: The lease, given up by this.
            outcomes: Of the handlers that ran; others keep theirs.
            state: `State.DONE`, `State.DEAD` or `State.REVIEW`.
            now: When it was settled.

        Returns:
            False where the lease was lost: then nothing was recorded.
        """
        ...

    def release(
        self, claim: Claim, outcomes: Sequence[Outcome], *, due_at: float, now: float
    ) -> Future[bool]:
        """Give a lease up so that the event is claimed again at `due_at`; arguments and answer as for `finish`."""
        ...

    def rows(
        self, where: Filter = EVERYTHING, *, limit: int = 100, offset: int = 0
    ) -> Future[tuple[Row, ...]]:
        """Give rows, newest first."""
        ...

    def replay(
        self, where: Filter, *, now: float, limit: int = 1000, by: str = ""
    ) -> Future[tuple[int, ...]]:
        """Make settled rows pending again, oldest first, and record who did it.

        Of a dead row the dead handlers run again (where `where.handler` is set, only that one); of a done row all, and so
        of one in review, after the rules were asked again.
        A redacted row has nothing left to run and is left alone.

        Returns:
            The ids that will run again.
        """
        ...

    def purge(
        self, where: Filter, *, now: float, redact: bool = False, limit: int = 1000, by: str = ""
    ) -> Future[tuple[int, ...]]:
        """Delete settled rows, oldest first, and record who did it; others are never touched.

        The event of a deleted row is new when it comes again, so keep rows for longer than the provider retries.

        Args:
            where: Which ones; for more than `limit`, call again with the last id as `after_id`.
            redact: Keep the row, its identity and its outcomes, and empty body and headers: the event stays a
                duplicate when it comes again. Rows that are redacted already are left alone.

        Returns:
            The ids of the rows that it changed.
        """
        ...

    def audit(self, *, limit: int = 100) -> Future[tuple[Audit, ...]]:
        """Give what operators did, newest first."""
        ...

    def stats(self) -> Future[Stats]:
        """Count rows by state."""
        ...

    def subscribe(self, wake: Callable[[], Any]) -> Callable[[], None]:
        """Have `wake` called, from any thread, when events were put that can be claimed.

        It is a hint that saves time: a store need not hear of what other processes put, and may call too often. What
        `wake` raises is logged and goes no further.

        Returns:
            What ends the calls.
        """
        ...

    def close(self) -> None:
        """Finish what was asked and let go; calling twice is fine, asking anything later is `InboxUnavailable`."""
        ...


@runtime_checkable
class LoopInbox(Inbox, Protocol):
    """An inbox that answers an event loop directly, which costs less than a future between threads."""

    def put_on(self, bridge: Bridge, entries: Sequence[Entry]) -> asyncio.Future[tuple[bool, ...]]:
        """Store events as `put` does, for a caller on the loop of the bridge."""
        ...

    def settle_on(self, bridge: Bridge, settlement: Settlement) -> asyncio.Future[bool]:
        """Do what `finish` or `release` does, by the state."""
        ...


@runtime_checkable
class LeasingInbox(LoopInbox, Protocol):
    """An inbox that leases new events in the transaction that stores them, for a worker beside the receiver."""

    def put_leased_on(
        self,
        bridge: Bridge,
        entries: Sequence[Entry],
        *,
        lease_until: float,
        then: Callable[[tuple[Claim, ...]], Any],
    ) -> asyncio.Future[tuple[bool, ...]]:
        """Store events as `put_on` does, and lease each that is new and whose turn it is.

        Args:
            bridge: To the loop of the caller.
            entries: What is put.
            lease_until: Seconds since the epoch.
            then: Called on the loop with the leases, once, before the answer is there and also where nobody waits for it
                any more; with none where it failed.
        """
        ...


@runtime_checkable
class TransactionalInbox(Inbox, Protocol):
    """An inbox that lends its connection to a handler."""

    def transact(self, work: Callable[[Any], Settlement]) -> bool:
        """Run `work` with a connection, and commit what it wrote together with what it returns, or neither.

        It blocks, so it is called on a thread; the connection belongs to that thread until it returns.

        Returns:
            False where the lease was lost: then everything was rolled back.

        Raises:
            InboxUnavailable: If the store failed; lost during the commit, both may be there or neither.
            Exception: Whatever `work` raised, or broke that is only checked by the commit; all was rolled back.
        """
        ...
