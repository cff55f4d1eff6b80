"""An inbox in memory: for tests, and where losing events at exit is fine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NoReturn, TypeVar

from ..core.review import Reason, Review
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
from .memory_table import Table, handed_over, is_new, matches
from .places import lots
from .reviewing import Ruling, Value
from .surveying import Survey, survey_rows
from .wakes import Wakes

T = TypeVar("T")


class MemoryInbox:
    """Keeps events as long as the process lives; any number of threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_closed = False
        self._wakes = Wakes()
        self._table = Table()
        self._lot = lots()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def put(self, entries: Sequence[Entry]) -> Future[tuple[bool, ...]]:
        """Store events."""
        future = self._answer(lambda: tuple([self._table.put(storable(entry)) for entry in entries]))
        self._wakes.tell()
        return future

    def claim(
        self, *, limit: int, lease: float, now: float, only: Sequence[str] = (), without: Sequence[str] = ()
    ) -> Future[tuple[Claim, ...]]:
        """Lease up to `limit` events that are due."""
        return self._answer(
            lambda: tuple(
                [
                    self._table.lease(event, lease, now)
                    for event in self._table.due(limit, now, self._lot(), only, without)
                ]
            )
        )

    def claim_key(self, provider: str, key: str, *, lease: float, now: float) -> Future[Claim | None]:
        """Lease one event by its key, due or not."""

        def claim() -> Claim | None:
            event = self._table.events.get(self._table.ids.get((plain(provider), plain(key)), 0))
            if event is None or event.state.is_settled or not self._table.is_free(event, now):
                return None
            return self._table.lease(event, lease, now)

        return self._answer(claim)

    def hand_over(self, *, limit: int, now: float, patience: float) -> Future[tuple[Key, ...]]:
        """Give events that are due to an engine."""

        def hand_over() -> tuple[Key, ...]:
            due = [
                event
                for group in self._table.waiting(now)
                for event in group
                if not (is_new(event, now) and now - patience <= event.entry.received_at <= now)
            ]
            return tuple([handed_over(event, now, patience) for event in due[: max(limit, 0)]])

        return self._answer(hand_over)

    def hand_over_next(self, provider: str, key: str, *, now: float, patience: float) -> Future[Key | None]:
        """Give the event that waits for this one to an engine."""

        def hand_over_next() -> Key | None:
            before = self._table.events.get(self._table.ids.get((plain(provider), plain(key)), 0))
            subject = None if before is None else before.entry.subject
            line = self._table.lines.get((plain(provider), subject), []) if subject is not None else []
            for event in map(self._table.events.__getitem__, line[:1]):
                if event.state is State.PENDING and event.due_at <= now:
                    return handed_over(event, now, patience)
            return None

        return self._answer(hand_over_next)

    def renew(self, claims: Sequence[Claim], *, lease: float, now: float) -> Future[tuple[bool, ...]]:
        """Extend leases to `now + lease`."""

        def renew() -> tuple[bool, ...]:
            held = [self._table.held(claim) for claim in claims]
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
            event = self._table.held(claim)
            if event is None:
                return False
            self._table.settle(event, outcomes, state)
            event.settled_at = now
            self._table.open.remove(event.id)
            line = self._table.line(event)
            line.remove(event.id)
            if not line and event.entry.subject is not None:
                del self._table.lines[event.entry.provider, event.entry.subject]
            return True

        return self._answer(finish)

    def release(
        self, claim: Claim, outcomes: Sequence[Outcome], *, due_at: float, now: float
    ) -> Future[bool]:
        """Give a lease up until `due_at`."""

        def release() -> bool:
            event = self._table.held(claim)
            if event is None:
                return False
            self._table.settle(event, outcomes, State.PENDING)
            event.due_at, event.lost = due_at, 0
            return True

        return self._answer(release)

    def rows(
        self, where: Filter = EVERYTHING, *, limit: int = 100, offset: int = 0
    ) -> Future[tuple[Row, ...]]:
        """Give rows, newest first."""
        where = plainly(where)

        def rows() -> tuple[Row, ...]:
            found = (event for event in self._table.newest_first(where) if matches(event, where))
            return tuple([event.row() for event in islice(found, offset, offset + limit)])

        return self._answer(rows)

    def replay(
        self, where: Filter, *, now: float, limit: int = 1000, by: str = ""
    ) -> Future[tuple[int, ...]]:
        """Make settled rows pending again."""
        where = plainly(where)

        def replay() -> tuple[int, ...]:
            found = self._table.settled(where, is_redacted=False)[:limit]
            for event in found:
                self._table.revive(event, where.handler)
            return self._table.recorded(now, by, "replay", found)

        return self._answer(replay)

    def purge(
        self, where: Filter, *, now: float, redact: bool = False, limit: int = 1000, by: str = ""
    ) -> Future[tuple[int, ...]]:
        """Delete or redact settled rows."""
        where = plainly(where)

        def purge() -> tuple[int, ...]:
            settled = self._table.settled(where, is_redacted=False if redact else None)
            found = [event for event in settled if event.state is not State.REVIEW][:limit]
            for event in found:
                if redact:
                    if event.review is not None:
                        event.review = event.review.model_copy(update={"corrections": {}, "note": ""})
                    event.entry = replace(event.entry, body=b"", headers={}, form="redacted")
                else:
                    del self._table.events[event.id], self._table.ids[event.entry.provider, event.entry.key]
            return self._table.recorded(now, by, "redact" if redact else "purge", found)

        return self._answer(purge)

    def open_review(self, claim: Claim, reasons: Sequence[Reason], *, now: float) -> Future[bool]:
        """Write down why a document is held back."""

        def open_review() -> bool:
            event = self._table.held(claim)
            if event is None:
                return False
            before = event.review
            event.review = Review(
                reasons=tuple(reasons),
                opened_at=datetime.fromtimestamp(now, UTC),
                by=before.by if before else "",
                note=before.note if before else "",
                corrections=before.corrections if before else {},
            )
            return True

        return self._answer(open_review)

    def reviews(self, ids: Sequence[int]) -> Future[Mapping[int, Review]]:
        """Give the reviews of these events."""

        def reviews() -> Mapping[int, Review]:
            found = {each: self._table.events[each].review for each in ids if each in self._table.events}
            return {each: review for each, review in found.items() if review is not None}

        return self._answer(reviews)

    def decide(self, ruling: Ruling) -> Future[bool]:
        """Record what a person decided."""
        future = self._answer(lambda: self._table.decide(ruling))
        self._wakes.tell()
        return future

    def keep(self, claim: Claim, body: bytes) -> Future[bool]:
        """Keep what was fetched in the place of the delivery."""

        def keep() -> bool:
            event = self._table.held(claim)
            if event is None:
                return False
            event.entry = replace(event.entry, body=body, form="envelope", index=0, headers={})
            return True

        return self._answer(keep)

    def hold(self, claim: Claim, values: Sequence[Value]) -> Future[tuple[int, ...] | None]:
        """Take values for an event where they are free."""

        def hold() -> tuple[int, ...] | None:
            if self._table.held(claim) is None:
                return None
            for scope, digest in values:
                self._table.let_go(claim.id, scope, digest)
                self._table.holders.setdefault((scope, digest), claim.id)
            return tuple([self._table.holders[value] for value in values])

        return self._answer(hold)

    def audit(self, *, limit: int = 100) -> Future[tuple[Audit, ...]]:
        """Give what operators did, newest first."""
        return self._answer(lambda: tuple(self._table.audit[::-1][:limit]))

    def stats(self) -> Future[Stats]:
        """Count rows by state."""
        return self._answer(self._table.stats)

    def survey(self, *, done: bool = False) -> Future[Survey]:
        """Look at what is not done, and with `done` at every row."""
        return self._answer(
            lambda: survey_rows(
                (each.row() for each in self._table.events.values()), self._table.stats(), done=done
            )
        )

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
