"""An inbox in memory: for tests, and where losing events at exit is fine."""

from __future__ import annotations

import secrets
import threading
from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import Any, NoReturn, TypeVar

from ..errors import InboxUnavailable
from .base import (
    EVERYTHING,
    Audit,
    Claim,
    Entry,
    Filter,
    Key,
    Outcome,
    Row,
    State,
    Stats,
    plain,
    plainly,
    storable,
)
from .handing_over import again_at
from .wakes import Wakes

T = TypeVar("T")


@dataclass(slots=True)
class _Event:
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

    def row(self) -> Row:
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


class MemoryInbox:
    """Keeps events as long as the process lives; any number of threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_closed = False
        self._wakes = Wakes()
        self._events: dict[int, _Event] = {}
        self._next_ids = count(1)
        self._audit: list[Audit] = []
        self._ids: dict[tuple[str, str], int] = {}
        #: Ids that are not settled, in order; and those that share a subject.
        self._open: list[int] = []
        self._lines: dict[tuple[str, str], list[int]] = {}

    def put(self, entries: Sequence[Entry]) -> Future[tuple[bool, ...]]:
        """Store events."""
        future = self._answer(lambda: tuple([self._put(storable(entry)) for entry in entries]))
        self._wakes.tell()
        return future

    def claim(
        self, *, limit: int, lease: float, now: float, only: Sequence[str] = (), without: Sequence[str] = ()
    ) -> Future[tuple[Claim, ...]]:
        """Lease up to `limit` events that are due."""
        return self._answer(
            lambda: tuple([self._lease(event, lease, now) for event in self._due(limit, now, only, without)])
        )

    def claim_key(self, provider: str, key: str, *, lease: float, now: float) -> Future[Claim | None]:
        """Lease one event by its key, due or not."""

        def claim() -> Claim | None:
            event = self._events.get(self._ids.get((plain(provider), plain(key)), 0))
            if event is None or event.state.is_settled or not self._is_free(event, now):
                return None
            return self._lease(event, lease, now)

        return self._answer(claim)

    def hand_over(self, *, limit: int, now: float, patience: float) -> Future[tuple[Key, ...]]:
        """Give events that are due to an engine."""

        def hand_over() -> tuple[Key, ...]:
            due = (
                event
                for event in self._due(len(self._events), now)
                if not (_is_new(event, now) and now - patience <= event.entry.received_at <= now)
            )
            return tuple([_hand_over(event, now, patience) for event in islice(due, limit)])

        return self._answer(hand_over)

    def hand_over_next(self, provider: str, key: str, *, now: float, patience: float) -> Future[Key | None]:
        """Give the event that waits for this one to an engine."""

        def hand_over_next() -> Key | None:
            before = self._events.get(self._ids.get((plain(provider), plain(key)), 0))
            subject = None if before is None else before.entry.subject
            line = self._lines.get((plain(provider), subject), []) if subject is not None else []
            for event in map(self._events.__getitem__, line[:1]):
                if event.state is State.PENDING and event.due_at <= now:
                    return _hand_over(event, now, patience)
            return None

        return self._answer(hand_over_next)

    def renew(self, claims: Sequence[Claim], *, lease: float, now: float) -> Future[tuple[bool, ...]]:
        """Extend leases to `now + lease`."""

        def renew() -> tuple[bool, ...]:
            held = [self._held(claim) for claim in claims]
            for event in held:
                if event is not None:
                    event.lease_until = now + lease
            return tuple([event is not None for event in held])

        return self._answer(renew)

    def finish(self, claim: Claim, outcomes: Sequence[Outcome], *, state: State, now: float) -> Future[bool]:
        """Record that an event is done or dead."""

        def finish() -> bool:
            if not state.is_settled:
                raise ValueError(f"an event is finished as done or dead, not as {state}")
            event = self._held(claim)
            if event is None:
                return False
            self._settle(event, outcomes, state)
            event.settled_at = now
            self._open.remove(event.id)
            line = self._line(event)
            line.remove(event.id)
            if not line and event.entry.subject is not None:
                del self._lines[event.entry.provider, event.entry.subject]
            return True

        return self._answer(finish)

    def release(
        self, claim: Claim, outcomes: Sequence[Outcome], *, due_at: float, now: float
    ) -> Future[bool]:
        """Give a lease up until `due_at`."""

        def release() -> bool:
            event = self._held(claim)
            if event is None:
                return False
            self._settle(event, outcomes, State.PENDING)
            event.due_at, event.lost = due_at, 0
            return True

        return self._answer(release)

    def rows(
        self, where: Filter = EVERYTHING, *, limit: int = 100, offset: int = 0
    ) -> Future[tuple[Row, ...]]:
        """Give rows, newest first."""
        where = plainly(where)

        def rows() -> tuple[Row, ...]:
            found = [event for event in reversed(self._events.values()) if _matches(event, where)]
            return tuple([event.row() for event in found[offset : offset + limit]])

        return self._answer(rows)

    def replay(
        self, where: Filter, *, now: float, limit: int = 1000, by: str = ""
    ) -> Future[tuple[int, ...]]:
        """Make settled rows pending again."""
        where = plainly(where)

        def replay() -> tuple[int, ...]:
            found = self._settled(where, is_redacted=False)[:limit]
            for event in found:
                self._revive(event, where.handler)
            return self._recorded(now, by, "replay", found)

        return self._answer(replay)

    def purge(
        self, where: Filter, *, now: float, redact: bool = False, limit: int = 1000, by: str = ""
    ) -> Future[tuple[int, ...]]:
        """Delete or redact settled rows."""
        where = plainly(where)

        def purge() -> tuple[int, ...]:
            found = self._settled(where, is_redacted=False if redact else None)[:limit]
            for event in found:
                if redact:
                    event.entry = replace(event.entry, body=b"", headers={}, form="redacted")
                else:
                    del self._events[event.id], self._ids[event.entry.provider, event.entry.key]
            return self._recorded(now, by, "redact" if redact else "purge", found)

        return self._answer(purge)

    def audit(self, *, limit: int = 100) -> Future[tuple[Audit, ...]]:
        """Give what operators did, newest first."""
        return self._answer(lambda: tuple(self._audit[::-1][:limit]))

    def stats(self) -> Future[Stats]:
        """Count rows by state."""
        return self._answer(self._stats)

    def subscribe(self, wake: Callable[[], Any]) -> Callable[[], None]:
        """Have `wake` called when events were put."""
        return self._wakes.subscribe(wake)

    def close(self) -> None:
        """Refuse everything from now on."""
        with self._lock:
            self._is_closed = True

    def _answer(self, ask: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        try:
            with self._lock:
                answer = self._refuse() if self._is_closed else ask()
        except Exception as error:  # noqa: BLE001 - it is the caller's, through the future
            future.set_exception(error)
        else:
            future.set_result(answer)
        return future

    def _refuse(self) -> NoReturn:
        raise InboxUnavailable("the inbox is closed")

    def _put(self, entry: Entry) -> bool:
        known = self._ids.get((entry.provider, entry.key))
        if known is not None:
            self._events[known].duplicates += 1
            return False
        event = _Event(next(self._next_ids), entry)
        self._ids[entry.provider, entry.key] = event.id
        self._events[event.id] = event
        self._enqueue(event)
        return True

    def _enqueue(self, event: _Event) -> None:
        insort(self._open, event.id)
        if event.entry.subject is not None:
            insort(self._lines.setdefault((event.entry.provider, event.entry.subject), []), event.id)

    def _line(self, event: _Event) -> list[int]:
        if event.entry.subject is None:
            return [event.id]
        return self._lines[event.entry.provider, event.entry.subject]

    def _is_free(self, event: _Event, now: float) -> bool:
        """Tell whether it may be leased: its turn, and nobody holds it."""
        if event.state is State.RUNNING:
            return event.lease_until <= now
        others = (self._events[other] for other in self._line(event))
        return self._line(event)[0] == event.id and all(each.state is State.PENDING for each in others)

    def _due(
        self, limit: int, now: float, only: Sequence[str] = (), without: Sequence[str] = ()
    ) -> list[_Event]:
        only, without = [plain(each) for each in only], [plain(each) for each in without]
        chosen: list[_Event] = []
        for group in (_is_lost, _is_due_again, _is_new):
            for event in map(self._events.__getitem__, self._open):
                if len(chosen) >= limit:
                    return chosen
                is_asked_for = event.entry.type not in without and (not only or event.entry.type in only)
                if is_asked_for and group(event, now) and self._is_free(event, now):
                    chosen.append(event)
        return chosen

    def _lease(self, event: _Event, lease: float, now: float) -> Claim:
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

    def _held(self, claim: Claim) -> _Event | None:
        event = self._events.get(claim.id)
        return event if event is not None and event.token == claim.token else None

    def _settle(self, event: _Event, outcomes: Sequence[Outcome], state: State) -> None:
        event.outcomes.update({each.handler: each for each in map(plainly, outcomes)})
        event.state, event.token = state, ""

    def _settled(self, where: Filter, *, is_redacted: bool | None) -> list[_Event]:
        return [
            event
            for event in self._events.values()
            if event.state.is_settled
            and is_redacted in (None, event.entry.form == "redacted")
            and _matches(event, where)
        ]

    def _recorded(self, now: float, by: str, action: str, events: Sequence[_Event]) -> tuple[int, ...]:
        ids = tuple([event.id for event in events])
        if ids:
            self._audit.append(Audit(len(self._audit) + 1, now, plain(by), action, ids))
        return ids

    def _revive(self, event: _Event, handler: str | None) -> None:
        event.outcomes = _kept(event.outcomes, event.state, handler)
        event.state, event.due_at, event.settled_at, event.lost = State.PENDING, 0.0, None, 0
        event.replays += 1
        self._enqueue(event)

    def _stats(self) -> Stats:
        events = self._events.values()
        count = {state: sum(event.state is state for event in events) for state in State}
        return Stats(
            pending=count[State.PENDING],
            running=count[State.RUNNING],
            done=count[State.DONE],
            dead=count[State.DEAD],
            duplicates=sum(event.duplicates for event in events),
            oldest_pending=min(
                (event.entry.received_at for event in events if event.state is State.PENDING), default=None
            ),
        )


def _is_lost(event: _Event, now: float) -> bool:
    return event.state is State.RUNNING and event.lease_until <= now


def _is_due_again(event: _Event, now: float) -> bool:
    return event.state is State.PENDING and 0 < event.due_at <= now


def _is_new(event: _Event, now: float) -> bool:  # noqa: ARG001 - a new event is due whatever the clock says
    return event.state is State.PENDING and event.due_at <= 0


def _hand_over(event: _Event, now: float, patience: float) -> Key:
    event.lost += event.state is State.RUNNING
    event.state, event.token = State.PENDING, ""
    event.due_at = again_at(event.entry.received_at, now, patience)
    return event.entry.provider, event.entry.key


def _kept(outcomes: Mapping[str, Outcome], state: State, handler: str | None) -> dict[str, Outcome]:
    """Give the outcomes that a replay leaves alone."""
    if state is State.DONE:
        return {}
    return {
        name: outcome
        for name, outcome in outcomes.items()
        if outcome.state is not State.DEAD or handler not in (None, name)
    }


def _matches(event: _Event, where: Filter) -> bool:
    entry = event.entry
    dead = (name for name, outcome in event.outcomes.items() if outcome.state is State.DEAD)
    return (
        (not where.ids or event.id in where.ids)
        and (not where.states or event.state in where.states)
        and where.provider in (None, entry.provider)
        and where.key in (None, entry.key)
        and where.job_id in (None, entry.job_id)
        and (where.type is None or _fits(entry.type, where.type))
        and (where.handler is None or where.handler in dead)
        and (where.settled_until is None or _is_settled_until(event, where.settled_until))
        and (where.after_id is None or event.id > where.after_id)
        and (where.before_id is None or event.id < where.before_id)
    )


def _is_settled_until(event: _Event, moment: float) -> bool:
    return event.settled_at is not None and event.settled_at <= moment


def _fits(type: str, pattern: str) -> bool:
    return type.startswith(pattern[:-1]) if pattern.endswith(".*") else type == pattern
