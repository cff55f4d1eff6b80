"""An SQLite inbox at a glance, from its partial indexes: what it costs goes by what is not done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base import State
from ..commits import Work
from ..surveying import CountRow, HandlerRow, Survey, Waiting, newest_dead, survey_of
from .bulk import Db
from .looking import STATS

# Each partial index is named: whoever has run ANALYZE while nothing waited has SQLite take it for a large one, and read
# the whole table instead.
_COUNTED = """
    SELECT provider, type, state, count(*), min(received_at) FROM paperhook_event {index} WHERE {which}
    GROUP BY provider, type, state"""
_OPEN = "INDEXED BY paperhook_event_open"
_DEAD = "INDEXED BY paperhook_event_dead"
_REVIEW = "INDEXED BY paperhook_event_review"
COUNTED = (
    _COUNTED.format(index=_OPEN, which="settled_at IS NULL"),
    _COUNTED.format(index=_DEAD, which="state = 'dead'"),
    _COUNTED.format(index=_REVIEW, which="state = 'review'"),
)
#: Looks at every row.
DONE = _COUNTED.format(index="", which="state = 'done'")
OLDEST = f"""
    SELECT id, provider, type, received_at, due_at, claims FROM paperhook_event {_OPEN}
    WHERE settled_at IS NULL AND state = 'pending' ORDER BY received_at, id LIMIT 1"""  # noqa: S608 - our own text
OLDEST_REVIEW = f"SELECT min(settled_at) FROM paperhook_event {_REVIEW} WHERE state = 'review'"  # noqa: S608
# CROSS JOIN keeps the order of the loops: from the few events to their handlers.
_HANDLERS = """
    SELECT o.handler, o.state, count(*), max(o.attempts), max(e.id)
    FROM paperhook_event e {index} CROSS JOIN paperhook_outcome o ON o.event_id = e.id
    WHERE {which} GROUP BY o.handler"""
HANDLERS = (
    _HANDLERS.format(index=_OPEN, which="e.settled_at IS NULL AND o.state = 'pending'"),
    _HANDLERS.format(index=_DEAD, which="e.state = 'dead' AND o.state = 'dead'"),
    _HANDLERS.format(index=_REVIEW, which="e.state = 'review' AND o.state = 'dead'"),
)
ERROR = "SELECT error FROM paperhook_outcome WHERE event_id = ? AND handler = ?"


def _surveys(db: Db, asks: Sequence[bool]) -> list[Survey]:
    return [_survey(db, done=done) for done in asks]


def _survey(db: Db, *, done: bool) -> Survey:
    (stats,) = STATS.run(db, [None])
    counted: list[CountRow] = [
        (provider, kind, State(state), count, oldest)
        for statement in ((*COUNTED, DONE) if done else COUNTED)
        for provider, kind, state, count, oldest in db.execute(statement)
    ]
    handlers: list[HandlerRow] = [
        (handler, State(state), count, attempts, event_id)
        for statement in HANDLERS
        for handler, state, count, attempts, event_id in db.execute(statement)
    ]
    errors = {
        (event_id, handler): db.execute(ERROR, (event_id, handler)).fetchone()[0]
        for handler, event_id in newest_dead(handlers).items()
    }
    first: Sequence[Any] | None = db.execute(OLDEST).fetchone()
    return survey_of(
        stats,
        oldest=None if first is None else Waiting(*first),
        counted=counted,
        handlers=handlers,
        errors=errors,
        oldest_review=db.execute(OLDEST_REVIEW).fetchone()[0],
        done=done,
    )


SURVEY = Work(_surveys, turn=0)
