"""`hooks.reviews`: look at documents that a rule holds back, and decide.

Every decision has a sync form and one that starts with `a`, for an event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from ..core.event import DocumentCompleted, DocumentNeedsReview, Event
from ..core.result import ROWS, Field, Result
from ..core.review import Decision, Review
from ..errors import ConfigurationError, NotInReview
from ..inbox.base import Entry, Filter, Inbox, Row, State
from ..inbox.operating import time_text
from ..inbox.reviewing import Corrections, ReviewInbox, Ruling
from ..observe.details import Observers, ReviewDecided
from ..worker.judging import reviewed

#: The id that `paperhook review list` shows, or the event that a handler got.
Which: TypeAlias = "int | DocumentNeedsReview"


@dataclass(frozen=True)
class Held:
    """One document that waits, or waited, for a person."""

    id: int
    state: State
    entry: Entry = field(repr=False)
    review: Review
    _event: Callable[[], DocumentCompleted] = field(repr=False)

    @property
    def event(self) -> DocumentCompleted:
        """The document as the provider read it, with the corrections that were made so far."""
        return reviewed(self._event(), self.review)

    @property
    def result(self) -> Result:
        """What it says."""
        return self.event.result


class Reviews:
    """Documents in review.

    Args:
        inbox: Where they wait.
        read: Builds the typed event that was stored.
        clock: Seconds since the epoch.
        observers: Who is told of decisions.
        resume: Called with an event whose handlers may run now.

    Raises:
        ConfigurationError: If the inbox keeps no reviews.
    """

    def __init__(
        self,
        inbox: Inbox,
        *,
        read: Callable[[Entry], Event],
        clock: Callable[[], float],
        observers: Observers,
        resume: Callable[[Entry], None],
    ) -> None:
        self._inbox = reviewing(inbox)
        self._read, self._clock, self._observers, self._resume = read, clock, observers, resume

    def waiting(self, *, limit: int = 100, before_id: int | None = None) -> tuple[Held, ...]:
        """Give documents that wait for a decision, newest first; `before_id` is the last id of the page before.

        Raises:
            InboxError: If the store is away.
        """
        where = Filter(states=(State.REVIEW,), before_id=before_id)
        rows = self._inbox.rows(where, limit=limit).result()
        return self._held(rows, self._inbox.reviews([row.id for row in rows]).result())

    def get(self, which: Which) -> Held:
        """Give one document that was held back, decided or not.

        Raises:
            NotInReview: If there is none.
            InboxError: If the store is away.
        """
        event_id = _id(which)
        rows = self._inbox.rows(Filter(ids=(event_id,)), limit=1).result()
        for found in self._held(rows, self._inbox.reviews([event_id]).result()):
            return found
        raise NotInReview(f"event {event_id} was never held back: see `paperhook review list`")

    def accept(self, which: Which, *, by: str = "", note: str = "") -> None:
        """Say that a document is right: its handlers run, whatever the rules say.

        Raises:
            NotInReview: If it does not wait: somebody else decided.
            InboxError: If the store is away.
        """
        self._decided(*self._ask(which, Decision.ACCEPTED, by, note, {}))

    async def aaccept(self, which: Which, *, by: str = "", note: str = "") -> None:
        """Do what `accept` does without blocking the event loop."""
        await self._adecided(*self._ask(which, Decision.ACCEPTED, by, note, {}))

    def reject(self, which: Which, *, by: str = "", note: str = "") -> None:
        """Say that nothing is to be done with a document: no handler runs, and another one may have its values.

        Raises:
            NotInReview: If it does not wait: somebody else decided.
            InboxError: If the store is away.
        """
        self._decided(*self._ask(which, Decision.REJECTED, by, note, {}))

    async def areject(self, which: Which, *, by: str = "", note: str = "") -> None:
        """Do what `reject` does without blocking the event loop."""
        await self._adecided(*self._ask(which, Decision.REJECTED, by, note, {}))

    def correct(
        self,
        which: Which,
        corrections: Corrections,
        *,
        accept: bool = False,
        new_fields: bool = False,
        by: str = "",
        note: str = "",
    ) -> None:
        """Set values that the provider misread; then the rules are asked about the corrected document.

        Args:
            which: The document.
            corrections: Field path to text, such as `{"total": "45.50", "line_items[0].quantity": "2"}`; None takes a value
                away.
            accept: Do not ask the rules: it is right so.
            new_fields: A name that neither the schemas nor the document know makes a new field; else it is taken for a typo.
            by: Who; for the audit.
            note: Why.

        Raises:
            CorrectionInvalid: If a path, a name or a value is wrong; nothing was written.
            NotInReview: If it does not wait: somebody else decided.
            InboxError: If the store is away.
        """
        event_id = _id(which)
        rows = self._inbox.rows(Filter(ids=(event_id,)), limit=1).result()
        reviews = self._inbox.reviews([event_id]).result()
        self._check(corrections, self._held(rows, reviews), takes_new=new_fields)
        self._decided(*self._ask(which, _corrected(accept), by, note, corrections))

    async def acorrect(
        self,
        which: Which,
        corrections: Corrections,
        *,
        accept: bool = False,
        new_fields: bool = False,
        by: str = "",
        note: str = "",
    ) -> None:
        """Do what `correct` does without blocking the event loop."""
        event_id = _id(which)
        rows = await asyncio.wrap_future(self._inbox.rows(Filter(ids=(event_id,)), limit=1))
        reviews = await asyncio.wrap_future(self._inbox.reviews([event_id]))
        self._check(corrections, self._held(rows, reviews), takes_new=new_fields)
        await self._adecided(*self._ask(which, _corrected(accept), by, note, corrections))

    def _check(self, corrections: Corrections, found: tuple[Held, ...], *, takes_new: bool) -> None:
        """Check corrections against what a waiting document has; of one that does not wait only their form."""
        # Amounts and dates of every country: a receiver starts without them.
        from ..results.corrections import check_corrections
        from ..results.known_names import KnownNames

        known = [
            KnownNames(_result_of(held), _paths_of(held.review), takes_new)
            for held in found
            if held.state is State.REVIEW
        ]
        check_corrections(corrections, known[0] if known else None)

    def _ask(
        self, which: Which, decision: Decision, by: str, note: str, corrections: Corrections
    ) -> tuple[Ruling, Future[bool]]:
        ruling = Ruling(_id(which), decision, self._clock(), by, note, dict(corrections))
        return ruling, self._inbox.decide(ruling)

    def _decided(self, ruling: Ruling, asked: Future[bool]) -> None:
        counts = asked.result()
        rows = self._inbox.rows(Filter(ids=(ruling.event_id,)), limit=1).result()
        reviews = self._inbox.reviews([ruling.event_id]).result()
        self._tell(ruling, counts, rows, reviews)

    async def _adecided(self, ruling: Ruling, asked: Future[bool]) -> None:
        counts = await asyncio.wrap_future(asked)
        rows = await asyncio.wrap_future(self._inbox.rows(Filter(ids=(ruling.event_id,)), limit=1))
        reviews = await asyncio.wrap_future(self._inbox.reviews([ruling.event_id]))
        self._tell(ruling, counts, rows, reviews)

    def _tell(
        self, ruling: Ruling, counts: bool, rows: tuple[Row, ...], reviews: Mapping[int, Review]
    ) -> None:
        row, review = rows[0] if rows else None, reviews.get(ruling.event_id)
        if not counts:
            raise NotInReview(not_waiting(ruling.event_id, row, review))
        if row is not None and review is not None:
            seconds = max(0.0, ruling.moment - review.opened_at.timestamp())
            seen = ReviewDecided(row.entry.provider, row.entry.type, ruling.decision, seconds)
            self._observers(seen)
            self._resume(row.entry)

    def _held(self, rows: tuple[Row, ...], reviews: Mapping[int, Review]) -> tuple[Held, ...]:
        return tuple(
            Held(row.id, row.state, row.entry, reviews[row.id], partial(_completed, self._read, row.entry))
            for row in rows
            if row.id in reviews
        )


def _completed(read: Callable[[Entry], Event], entry: Entry) -> DocumentCompleted:
    event = read(entry)
    if not isinstance(event, DocumentCompleted):
        raise NotInReview(f"the document is kept as {event.type}: nothing of it can be judged")
    return event


def _result_of(held: Held) -> Result | None:
    """Read a document; None where only the application can, or where the delivery has no result."""
    try:
        event = held.event
    except (ConfigurationError, NotInReview):
        return None
    return event.result if event.has_result else None


def _paths_of(review: Review) -> frozenset[str]:
    """Give the paths that its rules name, and those that were corrected before."""
    named = [reason.field for reason in review.reasons if reason.field is not None]
    return frozenset([*named, *review.corrections])


def held_json(held: Held, *, values: bool = False) -> dict[str, Any]:
    """Describe a document in review in words that JSON knows, without its content unless `values` asks for it."""
    review = held.review
    described = {
        "id": held.id,
        "state": held.state,
        "provider": held.entry.provider,
        "key": held.entry.key,
        "job_id": held.entry.job_id,
        "document_id": held.entry.document_id,
        "since": time_text(review.opened_at.timestamp()),
        "reasons": [reason.model_dump() for reason in review.reasons],
        "decision": review.decision,
        "decided_at": None if review.decided_at is None else time_text(review.decided_at.timestamp()),
        "by": review.by,
        "note": review.note,
        # Their values are document content.
        "corrected": list(review.corrections),
    }
    return {**described, "values": _values(held)} if values else described


def _values(held: Held) -> dict[str, str | None]:
    """Give the document's values by their paths, as a correction names them, and those that a reason is about, as text."""
    result = held.result
    found: dict[str, Field | None] = dict(result.walk())
    fields = [reason.field for reason in held.review.reasons if reason.field is not None]
    named = sorted({*fields} - {*found, *ROWS})
    found |= {path: result.find(path) for path in named}
    return {
        path: None if field is None or field.value is None else str(field.value)
        for path, field in found.items()
    }


def reviewing(inbox: Inbox) -> ReviewInbox:
    """Give the inbox as one that keeps reviews.

    Raises:
        ConfigurationError: If it keeps none.
    """
    if not isinstance(inbox, ReviewInbox):
        raise ConfigurationError(
            f"{type(inbox).__name__} keeps no reviews: use one of SQLite, PostgreSQL or memory, or see ReviewInbox"
        )
    return inbox


def not_waiting(event_id: int, row: Row | None, review: Review | None) -> str:
    """Say why a decision does not count."""
    if row is None:
        return f"there is no event {event_id} in this inbox: see `paperhook review list`"
    if review is None:
        return f"event {event_id} is {row.state} and was never held back by a rule"
    if review.decision is None:
        return f"event {event_id} is {row.state}: its review handlers have not ended yet, try again"
    return f"event {event_id} was {review.decision}{f' by {review.by}' if review.by else ''} already"


def _corrected(accept: bool) -> Decision:
    return Decision.ACCEPTED if accept else Decision.CORRECTED


def _id(which: Which) -> int:
    return which if isinstance(which, int) else which.review_id
