"""A PostgreSQL inbox at a glance, from its partial indexes: what it costs goes by what is not done."""

from __future__ import annotations

from collections.abc import Sequence

from ..base import State
from ..surveying import CountRow, HandlerRow, Survey, Waiting, newest_dead, survey_of
from .looking import STATS
from .session import Repeatable, Session, original, stored

_COUNTED = """
    SELECT provider, type, state, count(*), min(received_at) FROM paperhook_event WHERE {which}
    GROUP BY provider, type, state"""
#: Each state has a partial index of its own.
_OF_STATE = {state: _COUNTED.format(which=f"state = '{state}'") for state in State}
_NOT_DONE = tuple(state for state in State if state is not State.DONE)
OLDEST = """
    SELECT id, provider, type, received_at, due_at, claims FROM paperhook_event
    WHERE state = 'pending' ORDER BY received_at, id LIMIT 1"""
OLDEST_REVIEW = "SELECT min(settled_at) FROM paperhook_event WHERE state = 'review'"
_HANDLERS = """
    SELECT outcome.handler, outcome.state, count(*), max(outcome.attempts), max(event.id)
    FROM paperhook_event event JOIN paperhook_outcome outcome ON outcome.event_id = event.id
    WHERE event.state = '{event}' AND outcome.state = '{outcome}' GROUP BY outcome.handler, outcome.state"""
_STUCK = (
    (State.PENDING, State.PENDING),
    (State.RUNNING, State.PENDING),
    (State.DEAD, State.DEAD),
    (State.REVIEW, State.DEAD),
)
HANDLERS = tuple(_HANDLERS.format(event=event, outcome=outcome) for event, outcome in _STUCK)
ERRORS = """
    SELECT outcome.event_id, outcome.handler, outcome.error
    FROM unnest(%(id)b::int8[], %(handler)b::text[]) AS given (event_id, handler)
    JOIN paperhook_outcome outcome ON outcome.event_id = given.event_id AND outcome.handler = given.handler"""


def _surveys(db: Session, asks: Sequence[bool]) -> list[Survey]:
    return [_survey(db, done=done) for done in asks]


def _survey(db: Session, *, done: bool) -> Survey:
    (stats,) = STATS.run(db, [None])
    counted: list[CountRow] = [
        (original(provider), original(kind), State(state), count, oldest)
        for each in (State if done else _NOT_DONE)
        for provider, kind, state, count, oldest in db.rows(_OF_STATE[each])
    ]
    handlers: list[HandlerRow] = [
        (original(handler), State(state), count, attempts, event_id)
        for statement in HANDLERS
        for handler, state, count, attempts, event_id in db.rows(statement)
    ]
    newest = newest_dead(handlers)
    found = db.rows(ERRORS, id=list(newest.values()), handler=[stored(each) for each in newest])
    waiting = [
        Waiting(event_id, original(provider), original(kind), received_at, due_at, claims)
        for event_id, provider, kind, received_at, due_at, claims in db.rows(OLDEST)
    ]
    return survey_of(
        stats,
        oldest=next(iter(waiting), None),
        counted=counted,
        handlers=handlers,
        errors={(event_id, original(handler)): original(error) for event_id, handler, error in found},
        oldest_review=db.rows(OLDEST_REVIEW)[0][0],
        done=done,
    )


SURVEY = Repeatable(_surveys, turn=0)
