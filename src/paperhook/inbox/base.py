"""The inbox contract: durable events waiting for their handlers.

| state | means | goes to |
|---|---|---|
| `pending` | waits until `due_at` | `running` |
| `running` | leased by one worker under a token, until `lease_until` | `done`, `pending`, `dead`; leased anew once the lease ran out |
| `done` | every handler succeeded | `pending` (replay) |
| `dead` | a handler gave up or used up its attempts | `pending` (replay) |

Every method returns at once with a `concurrent.futures.Future`: sync code calls `.result()`, async code awaits
`asyncio.wrap_future(...)`. A future of `put` that has a result means: committed.

Times are seconds since the epoch and are arguments, so that a test drives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """Where an event stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it is put, with all that is needed to build it again."""

    provider: str
    #: Unique within the provider.
    key: str
    #: Our word, such as `document.completed`.
    type: str
    #: The exact bytes of the delivery, or the envelope of a polled job as JSON, by `form`.
    body: bytes = field(repr=False)
    #: `delivery`: `body` is what the provider sent; `envelope`: `body` is one envelope of ours.
    form: str = "delivery"
    #: Which event of the delivery this is, from 0.
    index: int = 0
    #: The headers that the provider reads beside the body, never a signature or a credential.
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    #: `webhook`, `poll`, `replay` or `simulated`.
    origin: str = "webhook"
    job_id: str | None = None
    document_id: str | None = None
    batch_id: str | None = None
    #: When it happened, by the provider; None where it does not say.
    occurred_at: float | None = None
    received_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one handler fared with one event; handlers without one have not succeeded yet."""

    #: The handler's registered name.
    handler: str
    #: `done` or `dead`, or `pending` when it will be tried again.
    state: State
    attempts: int
    #: Type and place of the last error and its traceback, redacted; empty after success.
    error: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """An event leased to one worker."""

    id: int
    entry: Entry
    #: Fences out a worker whose lease ran out: every later call needs the token of the newest lease.
    token: str
    lease_until: float
    #: How often it was claimed, from 1.
    claims: int
    #: By handler name.
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Row:
    """An event as a person looks at it."""

    id: int
    entry: Entry
    state: State
    due_at: float
    #: When it became done or dead.
    settled_at: float | None
    claims: int
    #: How often the same event came again.
    duplicates: int
    replays: int
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Stats:
    """How full the inbox is."""

    pending: int = 0
    running: int = 0
    done: int = 0
    dead: int = 0
    duplicates: int = 0
    #: Seconds since the epoch when the oldest pending event was received; None when nothing waits.
    oldest_pending: float | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows to list or replay; empty members match everything."""

    ids: tuple[int, ...] = ()
    states: tuple[State, ...] = ()
    provider: str | None = None
    #: Exact, or `prefix.*`.
    type: str | None = None
    job_id: str | None = None
    #: Rows in which this handler is dead.
    handler: str | None = None


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

    def claim(self, *, limit: int, lease: float, now: float) -> Future[tuple[Claim, ...]]:
        """Lease up to `limit` events that are due, oldest first, for `lease` seconds.

        Events whose lease ran out count as due. An event waits while an earlier one of the same provider and job is
        pending or running.
        """
        ...

    def claim_key(self, provider: str, key: str, *, lease: float, now: float) -> Future[Claim | None]:
        """Lease one event by its key, due or not; None where it is unknown, settled, or leased by another."""
        ...

    def renew(self, claims: Sequence[Claim], *, lease: float, now: float) -> Future[tuple[bool, ...]]:
        """Extend leases to `now + lease`; False for a claim that is no longer the newest."""
        ...

    def finish(self, claim: Claim, outcomes: Sequence[Outcome], *, state: State, now: float) -> Future[bool]:
        """Record that an event is `done` or `dead`, with what its handlers did.

        Args:
            claim: The lease, given up by this.
            outcomes: Of the handlers that ran; others keep theirs.
            state: `State.DONE` or `State.DEAD`.
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

    def rows(self, where: Filter = Filter(), *, limit: int = 100, offset: int = 0) -> Future[tuple[Row, ...]]:
        """Give rows, newest first."""
        ...

    def replay(self, where: Filter, *, now: float, limit: int = 1000) -> Future[tuple[int, ...]]:
        """Make settled rows pending again, dead handlers only where any handler is dead, else all handlers.

        Returns:
            The ids that will run again.
        """
        ...

    def stats(self) -> Future[Stats]:
        """Count rows by state."""
        ...

    def close(self) -> None:
        """Finish what was asked and let go; calling twice is fine."""
        ...
