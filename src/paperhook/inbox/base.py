"""The inbox contract: durable events waiting for their handlers.

| state | means | goes to |
|---|---|---|
| `pending` | waits until `due_at` | `running` |
| `running` | leased by one worker under a token, until `lease_until` | `done`, `pending`, `dead`; leased anew once the lease ran out |
| `done` | every handler succeeded | `pending` (replay) |
| `dead` | a handler gave up or used up its attempts | `pending` (replay) |

Rules that every store keeps:

* Provider and key are unique; the same event again is counted on the row that is there, whatever its state.
* Events with the same `subject` run one at a time and in the order in which they were put. One that was replayed
  waits for the one that is running, and then goes first.
* A settled row (`done` or `dead`) is left only by a replay.
* Only the newest lease of an event can renew, finish or release it.

Every method returns at once with a `concurrent.futures.Future`: sync code calls `.result()`, async code awaits
`asyncio.wrap_future(...)`, or a `Bridge` where there are many. A future that has a result means: committed.

Times are seconds since the epoch and are arguments, so that a test drives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Protocol, TypeVar, runtime_checkable


class State(StrEnum):
    """Where an event stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"

    @property
    def is_settled(self) -> bool:
        """Whether nothing but a replay changes it."""
        return self is State.DONE or self is State.DEAD


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
    #: `delivery`: `body` is what the provider sent; `envelope`: `body` is one envelope of ours; `redacted`: a purge
    #: emptied `body` and `headers`.
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

    @property
    def subject(self) -> str | None:
        """What the event is about: events with the same provider and subject run in order; None runs at any time."""
        return self.job_id or self.document_id or None


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
    #: When its first attempt began; 0 before.
    started_at: float = 0.0
    #: Where it is pending: not before this.
    due_at: float = 0.0


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
    #: How many leases in a row ran out before this one: runs that were cut off and recorded nothing.
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a worker records of an event under its lease."""

    claim: Claim
    #: Of the handlers that ran; others keep theirs.
    outcomes: Sequence[Outcome]
    #: `done`, `dead` and `pending` give the lease up, `running` keeps it.
    state: State
    #: When it was settled or, where it is pending, is due.
    moment: float


@dataclass(frozen=True, slots=True)
class Intervention:
    """What an operator wants done to settled rows."""

    where: Filter
    #: The oldest so many.
    limit: int
    moment: float
    by: str


@dataclass(frozen=True, slots=True)
class Row:
    """An event as a person looks at it."""

    id: int
    entry: Entry
    state: State
    #: When it may be claimed; 0 means at once.
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

    def lag(self, now: float) -> float:
        """Give the seconds that the oldest pending event has waited; 0 when nothing waits."""
        return 0.0 if self.oldest_pending is None else max(0.0, now - self.oldest_pending)


@dataclass(frozen=True, slots=True)
class Audit:
    """One intervention of an operator, recorded together with what it did."""

    id: int
    #: When.
    moment: float
    #: Who; empty where nobody said.
    by: str
    #: `replay`, `redact` or `purge`.
    action: str
    #: The events that it changed.
    event_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows to list, replay or purge; empty members match everything."""

    ids: tuple[int, ...] = ()
    states: tuple[State, ...] = ()
    provider: str | None = None
    key: str | None = None
    #: Exact, or `prefix.*`.
    type: str | None = None
    job_id: str | None = None
    #: Rows in which this handler is dead.
    handler: str | None = None
    #: Rows that became done or dead at this moment or before.
    settled_until: float | None = None
    #: Rows with a larger id, and with a smaller one: what follows a page.
    after_id: int | None = None
    before_id: int | None = None


#: Provider and key of an event.
Key = tuple[str, str]

#: What is made of texts that come from outside.
Words = TypeVar("Words", Entry, Outcome, Filter)


#: Matches every row.
EVERYTHING = Filter()


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

        First those whose lease ran out, then those that are due again, then the new ones, each oldest first. A new or
        replayed event is due whatever the clock says. Events that wait for another of their subject are left out.

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

    def rows(
        self, where: Filter = EVERYTHING, *, limit: int = 100, offset: int = 0
    ) -> Future[tuple[Row, ...]]:
        """Give rows, newest first."""
        ...

    def replay(
        self, where: Filter, *, now: float, limit: int = 1000, by: str = ""
    ) -> Future[tuple[int, ...]]:
        """Make settled rows pending again, oldest first, and record who did it.

        Of a dead row the dead handlers run again (where `where.handler` is set, only that one); of a done row all.
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

        It is a hint that saves time: a store need not hear of what other processes put, and may call too often.

        Returns:
            What ends the calls.
        """
        ...

    def close(self) -> None:
        """Finish what was asked and let go; calling twice is fine, asking anything later is `InboxUnavailable`."""
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


def storable(entry: Entry) -> Entry:
    """Give an entry whose texts every store can hold; see `plain`."""
    try:
        f"{entry.provider}{entry.key}{entry.type}{entry.job_id}{entry.document_id}{entry.batch_id}".encode()
    except UnicodeEncodeError:
        return plainly(entry)
    return entry


def plainly(value: Words) -> Words:
    """Give the same with all its texts plain."""
    members: dict[str, Any] = {each.name: getattr(value, each.name) for each in fields(value)}
    texts: dict[str, Any] = {name: plain(text) for name, text in members.items() if type(text) is str}
    return replace(value, **texts)


def plain(text: str) -> str:
    r"""Give a text that every store can hold: half a character, which no UTF-8 has, is written out as `\udc80`."""
    return text.encode("utf-8", "backslashreplace").decode()
