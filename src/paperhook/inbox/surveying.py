"""What an operator wants to know of an inbox at a glance: what waits and since when, and which handlers are in the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias, runtime_checkable

from .base import Inbox, Row, State, Stats

#: Provider, type, state, how many, and when the oldest was received.
CountRow: TypeAlias = tuple[str, str, State, int, float | None]
#: Handler, state of its outcomes, how many, the most attempts at one, and the newest event.
HandlerRow: TypeAlias = tuple[str, State, int, int, int]


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many events of one provider and type there are."""

    provider: str
    type: str
    pending: int = 0
    running: int = 0
    dead: int = 0
    review: int = 0
    #: None where they were not counted, because that looks at every row.
    done: int | None = None
    #: Seconds since the epoch when its oldest pending event was received; None when none waits.
    oldest_pending: float | None = None


@dataclass(frozen=True, slots=True)
class HandlerCount:
    """How one handler fares with what is not done."""

    handler: str
    #: Events that wait for its next attempt.
    retrying: int = 0
    #: Events that are dead or in review in which it gave up.
    dead: int = 0
    #: The most attempts that it has had at one of all these.
    attempts: int = 0
    #: The newest event in which it gave up.
    newest_dead: int | None = None
    #: Type of the error there, and its message where that is one of ours.
    error: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The pending event that was received first."""

    id: int
    provider: str
    type: str
    received_at: float
    #: When it may be claimed; 0 means at once.
    due_at: float
    claims: int


@dataclass(frozen=True, slots=True)
class Survey:
    """An inbox at a glance."""

    stats: Stats
    oldest: Waiting | None = None
    #: By provider and type.
    types: tuple[TypeCount, ...] = ()
    #: By name; those that neither wait nor gave up are left out.
    handlers: tuple[HandlerCount, ...] = ()
    #: Seconds since the epoch when the document that has waited longest for a person began to; None when none waits.
    oldest_review: float | None = None


@runtime_checkable
class SurveyInbox(Inbox, Protocol):
    """An inbox that can be looked at as a whole; all three stores are one."""

    def survey(self, *, done: bool = False) -> Future[Survey]:
        """Look at what is not done; with `done` also count by type what is, which looks at every row."""
        ...


def survey(inbox: Inbox, *, done: bool = False) -> Future[Survey]:
    """Look at an inbox as a whole; of a store that is no `SurveyInbox`, give what its `stats` say."""
    if isinstance(inbox, SurveyInbox):
        return inbox.survey(done=done)
    asked: Future[Survey] = Future()
    inbox.stats().add_done_callback(lambda answer: _pass_on(answer, asked))
    return asked


def _pass_on(answer: Future[Stats], asked: Future[Survey]) -> None:
    error = answer.exception()
    if error is None:
        asked.set_result(Survey(answer.result()))
    else:
        asked.set_exception(error)


def survey_of(
    stats: Stats,
    *,
    oldest: Waiting | None,
    counted: Iterable[CountRow],
    handlers: Iterable[HandlerRow],
    errors: Mapping[tuple[int, str], str],
    oldest_review: float | None,
    done: bool,
) -> Survey:
    """Put together what a store has counted; `errors` are by event and handler."""
    return Survey(stats, oldest, _by_type(counted, done=done), _by_handler(handlers, errors), oldest_review)


def newest_dead(handlers: Iterable[HandlerRow]) -> dict[str, int]:
    """Give, for each handler that gave up, the newest event in which it did."""
    newest: dict[str, int] = {}
    for handler, state, _, _, event_id in handlers:
        if state is State.DEAD:
            newest[handler] = max(event_id, newest.get(handler, 0))
    return newest


def survey_rows(rows: Iterable[Row], stats: Stats, *, done: bool) -> Survey:
    """Count rows one by one, for a store that has no better way."""
    seen = [row for row in rows if done or row.state is not State.DONE]
    waiting = [row for row in seen if row.state is State.PENDING]
    first = min(waiting, key=lambda row: (row.entry.received_at, row.id), default=None)
    handlers: list[HandlerRow] = []
    errors: dict[tuple[int, str], str] = {}
    for row in seen:
        is_open, is_stuck = not row.state.is_settled, row.state in (State.DEAD, State.REVIEW)
        for each in row.outcomes.values():
            if (each.state is State.PENDING and is_open) or (each.state is State.DEAD and is_stuck):
                handlers.append((each.handler, each.state, 1, each.attempts, row.id))
                errors[row.id, each.handler] = each.error
    return survey_of(
        stats,
        oldest=None if first is None else _waiting(first),
        counted=[(row.entry.provider, row.entry.type, row.state, 1, row.entry.received_at) for row in seen],
        handlers=handlers,
        errors=errors,
        oldest_review=min((row.settled_at or 0.0 for row in seen if row.state is State.REVIEW), default=None),
        done=done,
    )


def _waiting(row: Row) -> Waiting:
    entry = row.entry
    return Waiting(row.id, entry.provider, entry.type, entry.received_at, row.due_at, row.claims)


def _by_type(counted: Iterable[CountRow], *, done: bool) -> tuple[TypeCount, ...]:
    counts: dict[tuple[str, str], Counter[State]] = {}
    oldest: dict[tuple[str, str], float] = {}
    for provider, kind, state, count, since in counted:
        counts.setdefault((provider, kind), Counter())[state] += count
        if state is State.PENDING and since is not None:
            oldest[provider, kind] = min(since, oldest.get((provider, kind), since))
    return tuple(
        [
            TypeCount(
                *name,
                pending=counts[name][State.PENDING],
                running=counts[name][State.RUNNING],
                dead=counts[name][State.DEAD],
                review=counts[name][State.REVIEW],
                done=counts[name][State.DONE] if done else None,
                oldest_pending=oldest.get(name),
            )
            for name in sorted(counts)
        ]
    )


def _by_handler(
    handlers: Iterable[HandlerRow], errors: Mapping[tuple[int, str], str]
) -> tuple[HandlerCount, ...]:
    rows = list(handlers)
    found: dict[str, HandlerCount] = {}
    for handler, state, count, attempts, _ in rows:
        before = found.get(handler) or HandlerCount(handler)
        name = "dead" if state is State.DEAD else "retrying"
        most = max(before.attempts, attempts)
        found[handler] = replace(before, **{name: getattr(before, name) + count}, attempts=most)
    for handler, event_id in newest_dead(rows).items():
        headline = errors.get((event_id, handler), "").partition("\n")[0]
        found[handler] = replace(found[handler], newest_dead=event_id, error=headline)
    return tuple([found[name] for name in sorted(found)])
