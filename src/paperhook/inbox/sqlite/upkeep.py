"""What operators do to an SQLite inbox: replay, redact, purge, each recorded in its own transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..base import Audit, Filter, Intervention, State, plain
from ..commits import Work
from .bulk import Db
from .looking import count_in_tally, where_clause
from .turns import choose_next

_SETTLED = """
    SELECT e.id, e.provider, e.subject, e.state, e.duplicates
    FROM paperhook_event e CROSS JOIN paperhook_payload p ON p.event_id = e.id """
_FORGET_ALL = "DELETE FROM paperhook_outcome WHERE event_id = ?"
_FORGET_DEAD = "DELETE FROM paperhook_outcome WHERE event_id = ? AND state = 'dead' AND ? IN ('', handler)"
#: What was accepted or corrected stays so.
_FORGET_REVIEW = (
    "DELETE FROM paperhook_review WHERE event_id = ? AND coalesce(decision, 'rejected') = 'rejected'"
)
_REVIVE = """
    UPDATE paperhook_event
    SET state = 'pending', due_at = 0, settled_at = NULL, lost = 0, replays = replays + 1, is_next = ? WHERE id = ?"""

_THESE = "IN (SELECT value FROM json_each(?))"
_EMPTY = f"""
    UPDATE paperhook_payload SET body = x'', headers = '{{}}', form = 'redacted' WHERE event_id {_THESE}"""  # noqa: S608
_EMPTY_REVIEW = f"UPDATE paperhook_review SET corrections = '{{}}', note = '' WHERE event_id {_THESE}"  # noqa: S608 - same
_DELETE = (
    f"DELETE FROM paperhook_review WHERE event_id {_THESE}",  # noqa: S608 - made of our own text
    f"DELETE FROM paperhook_payload WHERE event_id {_THESE}",  # noqa: S608 - made of our own text
    f"DELETE FROM paperhook_outcome WHERE event_id {_THESE}",  # noqa: S608 - same
    f"DELETE FROM paperhook_event WHERE id {_THESE}",  # noqa: S608 - same
)

_RECORD = "INSERT INTO paperhook_audit (moment, operator, action, event_ids) VALUES (?, ?, ?, ?)"
_AUDIT = "SELECT id, moment, operator, action, event_ids FROM paperhook_audit ORDER BY id DESC LIMIT ?"

#: Of what was redacted there is nothing left to run, or to redact.
_HAS_PAYLOAD = "p.form <> 'redacted'"
#: What waits for a person is not done with.
_IS_DECIDED = "e.state <> 'review'"


def _replay(db: Db, asks: Sequence[Intervention]) -> list[tuple[int, ...]]:
    return [_replay_one(db, ask) for ask in asks]


def _replay_one(db: Db, ask: Intervention) -> tuple[int, ...]:
    found = _settled(db, ask.where, ask.limit, _HAS_PAYLOAD)
    for event_id, provider, subject, state, _ in found:
        if state != State.DEAD:
            db.execute(_FORGET_ALL, (event_id,))
        else:
            db.execute(_FORGET_DEAD, (event_id, plain(ask.where.handler or "")))
        db.execute(_FORGET_REVIEW, (event_id,))
        db.execute(_REVIVE, (subject is None, event_id))
        if subject is not None:
            choose_next(db, [(provider, subject)])
    count_in_tally(db, done=-_done(found))
    return _recorded(db, ask, "replay", found)


def _redact(db: Db, asks: Sequence[Intervention]) -> list[tuple[int, ...]]:
    _overwrite(db)
    return [_redact_one(db, ask) for ask in asks]


def _redact_one(db: Db, ask: Intervention) -> tuple[int, ...]:
    found = _settled(db, ask.where, ask.limit, _HAS_PAYLOAD, _IS_DECIDED)
    db.execute(_EMPTY, (_ids(found),))
    db.execute(_EMPTY_REVIEW, (_ids(found),))
    return _recorded(db, ask, "redact", found)


def _purge(db: Db, asks: Sequence[Intervention]) -> list[tuple[int, ...]]:
    _overwrite(db)
    return [_purge_one(db, ask) for ask in asks]


def _purge_one(db: Db, ask: Intervention) -> tuple[int, ...]:
    found = _settled(db, ask.where, ask.limit, _IS_DECIDED)
    for statement in _DELETE:
        db.execute(statement, (_ids(found),))
    count_in_tally(db, done=-_done(found), duplicates=-sum(row[4] for row in found))
    return _recorded(db, ask, "purge", found)


def _audit(db: Db, limits: Sequence[int]) -> list[tuple[Audit, ...]]:
    answers: list[tuple[Audit, ...]] = []
    for limit in limits:
        rows = db.execute(_AUDIT, (limit,)).fetchall()
        answers.append(
            tuple([Audit(row[0], row[1], row[2], row[3], tuple(json.loads(row[4]))) for row in rows])
        )
    return answers


def _settled(db: Db, where: Filter, limit: int, *also: str) -> list[Any]:
    clause, values = where_clause(where, "e.settled_at IS NOT NULL", *also)
    return db.execute(f"{_SETTLED} {clause} ORDER BY e.id LIMIT ?", (*values, limit)).fetchall()


def _recorded(db: Db, ask: Intervention, action: str, found: Sequence[Any]) -> tuple[int, ...]:
    if found:
        db.execute(_RECORD, (ask.moment, ask.by, action, _ids(found)))
    return tuple([row[0] for row in found])


def _overwrite(db: Db) -> None:
    # Else what was deleted could be read from the file's free pages.
    db.execute("PRAGMA secure_delete = ON").fetchall()


def _ids(found: Sequence[Any]) -> str:
    return json.dumps([row[0] for row in found])


def _done(found: Sequence[Any]) -> int:
    return sum(row[3] == State.DONE for row in found)


# In turn with those of `work`, before anything is claimed.
REPLAY = Work(_replay, turn=3)
REDACT = Work(_redact, turn=3)
PURGE = Work(_purge, turn=3)
AUDIT = Work(_audit, turn=0)
