"""Reviews in an SQLite inbox."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ...core.review import Decision, Review, reasons_from_json, reasons_to_json
from ..base import Claim, plain
from ..commits import Work
from ..reviewing import Opening, Ruling, Value
from .bulk import Db
from .looking import count_in_tally
from .turns import choose_next

_IS_NEWEST = "SELECT 1 FROM paperhook_event WHERE id = ? AND token = ?"
_OPEN = """
    INSERT INTO paperhook_review (event_id, reasons, opened_at) VALUES (?, ?, ?)
    ON CONFLICT (event_id) DO UPDATE
    SET reasons = excluded.reasons, opened_at = excluded.opened_at, decision = NULL, decided_at = NULL"""
_REVIEWS = """
    SELECT event_id, reasons, opened_at, decision, decided_at, operator, note, corrections FROM paperhook_review
    WHERE event_id IN (SELECT value FROM json_each(?))"""

# As JSON a number may be larger than SQLite's.
_WAITING = """
    SELECT e.provider, e.subject, r.corrections
    FROM paperhook_event e JOIN paperhook_review r ON r.event_id = e.id WHERE e.id IN (SELECT value FROM json_each(?)) AND e.state = 'review'"""
_DECIDE = """
    UPDATE paperhook_review SET decision = ?, decided_at = ?, operator = ?, note = ?, corrections = ? WHERE event_id = ?"""
_RESUME = """
    UPDATE paperhook_event SET state = 'pending', due_at = 0, settled_at = NULL, lost = 0, is_next = ? WHERE id = ?"""
_CLOSE = "UPDATE paperhook_event SET state = 'done', settled_at = ? WHERE id = ?"
_FORGET_OUTCOMES = "DELETE FROM paperhook_outcome WHERE event_id = ?"
_RECORD = "INSERT INTO paperhook_audit (moment, operator, action, event_ids) VALUES (?, ?, ?, ?)"

_KEEP = """
    UPDATE paperhook_payload SET body = ?, form = 'envelope', position = 0, headers = '{}' WHERE event_id = ?"""

_LET_GO = "DELETE FROM paperhook_unique WHERE event_id = ?"
_LET_GO_OF_OTHERS = "DELETE FROM paperhook_unique WHERE event_id = ? AND scope = ? AND digest <> ?"
_HOLD = "INSERT INTO paperhook_unique (scope, digest, event_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_HOLDER = "SELECT event_id FROM paperhook_unique WHERE scope = ? AND digest = ?"


def _open_reviews(db: Db, asks: Sequence[Opening]) -> list[bool]:
    return [_open_review(db, ask) for ask in asks]


def _open_review(db: Db, ask: Opening) -> bool:
    if not _is_newest(db, ask.claim):
        return False
    db.execute(_OPEN, (ask.claim.id, reasons_to_json(ask.reasons), ask.moment))
    return True


def _reviews(db: Db, asks: Sequence[Sequence[int]]) -> list[Mapping[int, Review]]:
    return [{row[0]: _review(row) for row in db.execute(_REVIEWS, (json.dumps(list(ids)),))} for ids in asks]


def _review(row: Sequence[Any]) -> Review:
    return Review(
        reasons=reasons_from_json(row[1]),
        opened_at=datetime.fromtimestamp(row[2], UTC),
        decision=None if row[3] is None else Decision(row[3]),
        decided_at=None if row[4] is None else datetime.fromtimestamp(row[4], UTC),
        by=row[5],
        note=row[6],
        corrections=json.loads(row[7]),
    )


def _decide_all(db: Db, asks: Sequence[Ruling]) -> list[bool]:
    return [_decide(db, ask) for ask in asks]


def _decide(db: Db, ask: Ruling) -> bool:
    waiting = db.execute(_WAITING, (json.dumps([ask.event_id]),)).fetchone()
    if waiting is None:
        return False
    provider, subject, made = waiting
    corrections = json.dumps({**json.loads(made), **ask.corrections})
    by = plain(ask.by)
    db.execute(_DECIDE, (ask.decision, ask.moment, by, plain(ask.note), corrections, ask.event_id))
    if ask.decision is Decision.REJECTED:
        db.execute(_CLOSE, (ask.moment, ask.event_id))
        db.execute(_LET_GO, (ask.event_id,))
        count_in_tally(db, done=1)
    else:
        db.execute(_FORGET_OUTCOMES, (ask.event_id,))
        db.execute(_RESUME, (subject is None, ask.event_id))
        choose_next(db, [] if subject is None else [(provider, subject)])
    db.execute(_RECORD, (ask.moment, by, ask.decision, json.dumps([ask.event_id])))
    return True


def _keep_all(db: Db, asks: Sequence[tuple[Claim, bytes]]) -> list[bool]:
    return [_keep(db, claim, body) for claim, body in asks]


def _keep(db: Db, claim: Claim, body: bytes) -> bool:
    if not _is_newest(db, claim):
        return False
    db.execute(_KEEP, (body, claim.id))
    return True


def _hold_all(db: Db, asks: Sequence[tuple[Claim, Sequence[Value]]]) -> list[tuple[int, ...] | None]:
    return [_hold(db, claim, values) for claim, values in asks]


def _hold(db: Db, claim: Claim, values: Sequence[Value]) -> tuple[int, ...] | None:
    if not _is_newest(db, claim):
        return None
    for scope, digest in values:
        db.execute(_LET_GO_OF_OTHERS, (claim.id, scope, digest))
        db.execute(_HOLD, (scope, digest, claim.id))
    return tuple([db.execute(_HOLDER, value).fetchone()[0] for value in values])


def _is_newest(db: Db, claim: Claim) -> bool:
    return db.execute(_IS_NEWEST, (claim.id, claim.token)).fetchone() is not None


# In turn with those of `work`, before anything is claimed.
OPEN_REVIEW = Work(_open_reviews, turn=3)
DECIDE = Work(_decide_all, turn=3)
KEEP = Work(_keep_all, turn=3, size_bytes=lambda ask: len(ask[1]))
HOLD = Work(_hold_all, turn=3)
REVIEWS = Work(_reviews, turn=0)
