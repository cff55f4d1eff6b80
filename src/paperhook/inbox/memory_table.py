"""The rows of an inbox in memory, as one thread sees them; `memory.MemoryInbox` locks them and answers."""

from __future__ import annotations

import secrets
from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from operator import attrgetter

from ..core.review import Decision, Review
from .base import Audit, Claim, Entry, Filter, Key, Outcome, Row, State, Stats, plain, plainly
from .handing_over import again_at
from .reviewing import Ruling, Value


@dataclass(slots=True)
class Event:
    """One row, as it changes."""

    id: int
    entry: Entry
    state: State = State.PENDING
    due_at: float = 0.0
    settled_at: float | None = None
    token: str = ""
    lease_until: float = 0.0
    claims: int = 0
    lost: int = 0
    duplicates: int = 0
    replays: int = 0
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    review: Review | None = None

    def row(self) -> Row:
        """Give it as the contract does."""
        return Row(
            id=self.id,
            entry=self.entry,
            state=self.state,
            due_at=self.due_at,
            settled_at=self.settled_at,
            claims=self.claims,
            duplicates=self.duplicates,
            replays=self.replays,
            outcomes=dict(self.outcomes),
        )


class Table:
    """Events, their order and who holds what."""

    def __init__(self) -> None:
        self.events: dict[int, Event] = {}
        self.next_ids: Iterator[int] = count(1)
        self.audit: list[Audit] = []
        self.ids: dict[tuple[str, str], int] = {}
        #: Values that only one event may have, to its id.
        self.holders: dict[Value, int] = {}
        #: Ids that are not settled, in order; and those that share a subject.
        self.open: list[int] = []
        self.lines: dict[tuple[str, str], list[int]] = {}

    def put(self, entry: Entry) -> bool:
        """Store an event; tell whether it was new."""
        known = self.ids.get((entry.provider, entry.key))
        if known is not None:
            self.events[known].duplicates += 1
            return False
        event = Event(next(self.next_ids), entry)
        self.ids[entry.provider, entry.key] = event.id
        self.events[event.id] = event
        self.enqueue(event)
        return True

    def newest_first(self, where: Filter) -> Iterable[Event]:
        """Give the events that may match: where a filter names one, no other is looked at."""
        if where.provider is not None and where.key is not None:
            ids: Iterable[int] = (self.ids.get((where.provider, where.key), 0),)
        elif where.ids:
            ids = sorted(set(where.ids), reverse=True)
        else:
            return reversed(self.events.values())
        return (self.events[each] for each in ids if each in self.events)

    def enqueue(self, event: Event) -> None:
        """Let it wait for its turn."""
        insort(self.open, event.id)
        if event.entry.subject is not None:
            insort(self.lines.setdefault((event.entry.provider, event.entry.subject), []), event.id)

    def line(self, event: Event) -> list[int]:
        """Give the ids that wait for their turns with it, first to last."""
        if event.entry.subject is None:
            return [event.id]
        return self.lines[event.entry.provider, event.entry.subject]

    def is_free(self, event: Event, now: float) -> bool:
        """Tell whether it may be leased: its turn, and nobody holds it."""
        if event.state is State.RUNNING:
            return event.lease_until <= now
        others = (self.events[other] for other in self.line(event))
        return self.line(event)[0] == event.id and all(each.state is State.PENDING for each in others)

    def due(
        self, limit: int, now: float, lot: int, only: Sequence[str] = (), without: Sequence[str] = ()
    ) -> list[Event]:
        """Give what may be leased, see `places`."""
        lost, again, new = self.waiting(now, only, without)
        limit = max(limit, 0)
        chosen = list(islice(lost, limit))
        chosen += islice(again, (limit - len(chosen) + lot) // 2)
        chosen += islice(new, limit - len(chosen))
        chosen += islice(again, limit - len(chosen))
        return chosen

    def waiting(
        self, now: float, only: Sequence[str] = (), without: Sequence[str] = ()
    ) -> tuple[Iterator[Event], ...]:
        """Give what may be leased: what a dead worker left, what is due again, and what is new, each oldest first."""
        only, without = [plain(each) for each in only], [plain(each) for each in without]
        events = [
            event
            for event in map(self.events.__getitem__, self.open)
            if event.entry.type not in without and (not only or event.entry.type in only)
        ]
        lost = sorted((each for each in events if _is_lost(each, now)), key=attrgetter("lease_until"))
        again = sorted((each for each in events if _is_due_again(each, now)), key=attrgetter("due_at"))
        new = (each for each in events if is_new(each, now))
        return tuple([(each for each in group if self.is_free(each, now)) for group in (lost, again, new)])

    def lease(self, event: Event, lease: float, now: float) -> Claim:
        """Lease an event."""
        event.lost += event.state is State.RUNNING
        event.state, event.token, event.lease_until = State.RUNNING, secrets.token_hex(8), now + lease
        event.claims += 1
        return Claim(
            id=event.id,
            entry=event.entry,
            token=event.token,
            lease_until=event.lease_until,
            claims=event.claims,
            outcomes=dict(event.outcomes),
            lost=event.lost,
        )

    def held(self, claim: Claim) -> Event | None:
        """Give the event of a claim that still counts."""
        event = self.events.get(claim.id)
        return event if event is not None and event.token == claim.token else None

    def settle(self, event: Event, outcomes: Sequence[Outcome], state: State) -> None:
        """Record outcomes, and end the lease."""
        event.outcomes.update({each.handler: each for each in map(plainly, outcomes)})
        event.state, event.token = state, ""

    def settled(self, where: Filter, *, is_redacted: bool | None) -> list[Event]:
        """Give what is done or dead; `None` for redacted or not."""
        return [
            event
            for event in self.events.values()
            if event.state.is_settled
            and is_redacted in (None, event.entry.form == "redacted")
            and matches(event, where)
        ]

    def recorded(self, now: float, by: str, action: str, events: Sequence[Event]) -> tuple[int, ...]:
        """Write down what an operator did, if anything; give the ids."""
        ids = tuple([event.id for event in events])
        if ids:
            self.audit.append(Audit(len(self.audit) + 1, now, plain(by), action, ids))
        return ids

    def revive(self, event: Event, handler: str | None) -> None:
        """Have its handlers run again, or those that gave up."""
        event.outcomes = _kept(event.outcomes, event.state, handler)
        if event.review is not None and event.review.decision in (None, Decision.REJECTED):
            event.review = None
        event.replays += 1
        self.resume(event)

    def decide(self, ruling: Ruling) -> bool:
        """Record a decision, if the event waits for one."""
        event = self.events.get(ruling.event_id)
        if event is None or event.state is not State.REVIEW or event.review is None:
            return False
        by = plain(ruling.by)
        event.review = event.review.model_copy(
            update={
                "decision": ruling.decision,
                "decided_at": datetime.fromtimestamp(ruling.moment, UTC),
                "by": by,
                "note": plain(ruling.note),
                "corrections": {**event.review.corrections, **ruling.corrections},
            }
        )
        if ruling.decision is Decision.REJECTED:
            event.state, event.settled_at = State.DONE, ruling.moment
            self.let_go(event.id)
        else:
            event.outcomes = {}
            self.resume(event)
        self.recorded(ruling.moment, by, ruling.decision, [event])
        return True

    def let_go(self, event_id: int, scope: str | None = None, kept: bytes = b"") -> None:
        """Free the values that an event has: all of them, or the others of a scope."""
        held = [value for value, holder in self.holders.items() if holder == event_id]
        for value in held:
            if scope is None or (value[0] == scope and value[1] != kept):
                del self.holders[value]

    def resume(self, event: Event) -> None:
        """Have it wait again, as if it were new."""
        event.state, event.due_at, event.settled_at, event.lost = State.PENDING, 0.0, None, 0
        self.enqueue(event)

    def stats(self) -> Stats:
        """Count."""
        events = self.events.values()
        count = {state: sum(event.state is state for event in events) for state in State}
        return Stats(
            pending=count[State.PENDING],
            running=count[State.RUNNING],
            done=count[State.DONE],
            dead=count[State.DEAD],
            review=count[State.REVIEW],
            duplicates=sum(event.duplicates for event in events),
            oldest_pending=min(
                (event.entry.received_at for event in events if event.state is State.PENDING), default=None
            ),
        )


def _is_lost(event: Event, now: float) -> bool:
    return event.state is State.RUNNING and event.lease_until <= now


def _is_due_again(event: Event, now: float) -> bool:
    return event.state is State.PENDING and 0 < event.due_at <= now


def is_new(event: Event, now: float) -> bool:  # noqa: ARG001 - a new event is due whatever the clock says
    """Tell whether nobody has run it yet."""
    return event.state is State.PENDING and event.due_at <= 0


def handed_over(event: Event, now: float, patience: float) -> Key:
    """Take an event from whoever had it, for an engine; give its key."""
    event.lost += event.state is State.RUNNING
    event.state, event.token = State.PENDING, ""
    event.due_at = again_at(event.entry.received_at, now, patience)
    return event.entry.provider, event.entry.key


def _kept(outcomes: Mapping[str, Outcome], state: State, handler: str | None) -> dict[str, Outcome]:
    """Give the outcomes that a replay leaves alone."""
    if state is not State.DEAD:
        return {}
    return {
        name: outcome
        for name, outcome in outcomes.items()
        if outcome.state is not State.DEAD or handler not in (None, name)
    }


def matches(event: Event, where: Filter) -> bool:
    """Tell whether a filter lets it through."""
    entry = event.entry
    return (
        (not where.ids or event.id in where.ids)
        and (not where.states or event.state in where.states)
        and where.provider in (None, entry.provider)
        and where.key in (None, entry.key)
        and where.job_id in (None, entry.job_id)
        and (where.type is None or _fits(entry.type, where.type))
        and (where.handler is None or _is_dead_in(event, where.handler))
        and (where.settled_until is None or _is_settled_until(event, where.settled_until))
        and (where.after_id is None or event.id > where.after_id)
        and (where.before_id is None or event.id < where.before_id)
    )


def _is_dead_in(event: Event, handler: str) -> bool:
    outcome = event.outcomes.get(handler)
    return outcome is not None and outcome.state is State.DEAD


def _is_settled_until(event: Event, moment: float) -> bool:
    return event.settled_at is not None and event.settled_at <= moment


def _fits(type: str, pattern: str) -> bool:
    return type.startswith(pattern[:-1]) if pattern.endswith(".*") else type == pattern
