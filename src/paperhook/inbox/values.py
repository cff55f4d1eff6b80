"""What an inbox holds and is asked for, as values; `base` is the contract and says what they mean.

Nothing changes a value once it is made. Those of which each delivery makes some are not frozen all the same: a frozen
dataclass with slots takes three times as long to make, which came to a tenth of the time that a delivery takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, TypeVar


class State(StrEnum):
    """Where an event stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    REVIEW = "review"

    @property
    def is_settled(self) -> bool:
        """Whether no worker changes it, only a replay or a person's decision."""
        return self is State.DONE or self is State.DEAD or self is State.REVIEW


@dataclass(slots=True)
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


@dataclass(slots=True)
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


@dataclass(slots=True)
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


@dataclass(slots=True)
class Settlement:
    """What a worker records of an event under its lease."""

    claim: Claim
    #: Of the handlers that ran; others keep theirs.
    outcomes: Sequence[Outcome]
    #: `done`, `dead`, `review` and `pending` give the lease up, `running` keeps it.
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
    #: When it became done or dead, or began to wait for a person.
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
    #: Documents that wait for a person.
    review: int = 0

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
    #: `replay`, `redact`, `purge`, `accepted`, `corrected` or `rejected`.
    action: str
    #: The events that it changed.
    event_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
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
