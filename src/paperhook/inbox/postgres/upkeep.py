"""What operators do to a PostgreSQL inbox: replay, redact, purge, each recorded in its own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base import Audit, Intervention, State, plain
from ..commits import Work
from .looking import JOINED, where_clause
from .session import Repeatable, Session, original, stored
from .turns import choose_next

_SETTLED = f"""
    SELECT event.id, event.provider, event.subject_hash, event.state, event.duplicates {JOINED}
    {{where}} ORDER BY event.id LIMIT %(limit)b
    -- The payload too, which alone tells whoever has waited that another one has redacted it meanwhile.
    FOR UPDATE OF event, payload"""
_FORGET_OUTCOMES = """
    DELETE FROM paperhook_outcome
    WHERE event_id = ANY (%(all)b::int8[]) OR event_id = ANY (%(dead)b::int8[]) AND state = 'dead'
        AND %(handler)b::text IN ('', handler)"""
#: What was accepted or corrected stays so.
_FORGET_REVIEW = """
    DELETE FROM paperhook_review
    WHERE event_id = ANY (%(ids)b::int8[]) AND coalesce(decision, 'rejected') = 'rejected'"""
_REVIVE = """
    UPDATE paperhook_event
    SET state = 'pending', due_at = 0, settled_at = NULL, lost = 0, replays = replays + 1,
        is_next = subject_hash IS NULL
    WHERE id = ANY (%(ids)b::int8[])"""
_EMPTY = """
    UPDATE paperhook_payload SET body = '', headers = '{}', form = 'redacted' WHERE event_id = ANY (%(ids)b::int8[])"""
_EMPTY_REVIEW = """
    UPDATE paperhook_review SET corrections = '{}', note = '' WHERE event_id = ANY (%(ids)b::int8[])"""
_DELETE = """
    WITH review AS (DELETE FROM paperhook_review WHERE event_id = ANY (%(ids)b::int8[])),
        payload AS (DELETE FROM paperhook_payload WHERE event_id = ANY (%(ids)b::int8[])),
        outcome AS (DELETE FROM paperhook_outcome WHERE event_id = ANY (%(ids)b::int8[]))
    DELETE FROM paperhook_event WHERE id = ANY (%(ids)b::int8[])"""

_RECORD = """
    INSERT INTO paperhook_audit (moment, operator, action, event_ids)
    VALUES (%(moment)b, %(operator)b, %(action)b, %(ids)b::int8[])"""
_AUDIT = (
    "SELECT id, moment, operator, action, event_ids FROM paperhook_audit ORDER BY id DESC LIMIT %(limit)b"
)

#: Of what was redacted there is nothing left to run, or to redact.
_HAS_PAYLOAD = "payload.form <> 'redacted'"
#: What waits for a person is not done with.
_IS_DECIDED = "event.state <> 'review'"


def _replay(db: Session, asks: Sequence[Intervention]) -> list[tuple[int, ...]]:
    return [_replay_one(db, ask) for ask in asks]


def _replay_one(db: Session, ask: Intervention) -> tuple[int, ...]:
    found = _settled(db, ask, _HAS_PAYLOAD)
    if not found:
        return ()
    dead = [row[0] for row in found if row[3] == State.DEAD]
    others = [row[0] for row in found if row[3] != State.DEAD]
    db.run(_FORGET_OUTCOMES, all=others, dead=dead, handler=stored(plain(ask.where.handler or "")))
    db.run(_FORGET_REVIEW, ids=others + dead)
    db.run(_REVIVE, ids=others + dead)
    choose_next(db, {(row[1], row[2]) for row in found if row[2] is not None})
    db.is_news = True
    db.count(done=-sum(row[3] == State.DONE for row in found))
    return _recorded(db, ask, "replay", found)


def _redact(db: Session, asks: Sequence[Intervention]) -> list[tuple[int, ...]]:
    return [_redact_one(db, ask) for ask in asks]


def _redact_one(db: Session, ask: Intervention) -> tuple[int, ...]:
    found = _settled(db, ask, _HAS_PAYLOAD, _IS_DECIDED)
    db.run(_EMPTY, ids=_ids(found))
    db.run(_EMPTY_REVIEW, ids=_ids(found))
    return _recorded(db, ask, "redact", found)


def _purge(db: Session, asks: Sequence[Intervention]) -> list[tuple[int, ...]]:
    return [_purge_one(db, ask) for ask in asks]


def _purge_one(db: Session, ask: Intervention) -> tuple[int, ...]:
    found = _settled(db, ask, _IS_DECIDED)
    db.run(_DELETE, ids=_ids(found))
    db.count(done=-sum(row[3] == State.DONE for row in found), duplicates=-sum(row[4] for row in found))
    return _recorded(db, ask, "purge", found)


def _audit(db: Session, limits: Sequence[int]) -> list[tuple[Audit, ...]]:
    return [
        tuple(
            [
                Audit(number, moment, original(operator), action, tuple(ids))
                for number, moment, operator, action, ids in db.rows(_AUDIT, limit=limit)
            ]
        )
        for limit in limits
    ]


def _settled(db: Session, ask: Intervention, *also: str) -> list[Any]:
    clause, values = where_clause(ask.where, "event.settled_at IS NOT NULL", *also)
    return db.rows(_SETTLED.format(where=clause), **values, limit=ask.limit)


def _recorded(db: Session, ask: Intervention, action: str, found: Sequence[Any]) -> tuple[int, ...]:
    ids = _ids(found)
    if ids:
        db.run(_RECORD, moment=float(ask.moment), operator=stored(ask.by), action=action, ids=ids)
    return tuple(ids)


def _ids(found: Sequence[Any]) -> list[int]:
    return [row[0] for row in found]


# In turn with those of `work`, before anything is claimed.
REPLAY = Work(_replay, turn=3)
REDACT = Work(_redact, turn=3)
PURGE = Work(_purge, turn=3)
AUDIT = Repeatable(_audit, turn=0)
