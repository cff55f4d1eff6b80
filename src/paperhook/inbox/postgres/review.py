"""Reviews in a PostgreSQL inbox."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ...core.review import Decision, Review, reasons_from_json, reasons_to_json
from ..base import Claim, plain
from ..commits import Work
from ..reviewing import Opening, Ruling, Value
from .session import Repeatable, Session, original, stored
from .turns import choose_next

# Locked, so that nobody takes the lease until the commit.
_IS_NEWEST = """
    SELECT 1 FROM paperhook_event WHERE id = %(id)b::int8 AND token = %(token)b AND lease_until IS NOT NULL FOR SHARE"""
_OPEN = """
    INSERT INTO paperhook_review (event_id, reasons, opened_at) VALUES (%(id)b::int8, %(reasons)b, %(moment)b)
    ON CONFLICT (event_id) DO UPDATE
    SET reasons = excluded.reasons, opened_at = excluded.opened_at, decision = NULL, decided_at = NULL"""
_REVIEWS = """
    SELECT event_id, reasons, opened_at, decision, decided_at, operator, note, corrections FROM paperhook_review
    WHERE event_id = ANY (%(ids)b::int8[])"""

# Whoever comes second waits for the first, and then finds that it waits no more.
_WAITING = """
    SELECT event.provider, event.subject_hash, review.corrections
    FROM paperhook_event event JOIN paperhook_review review ON review.event_id = event.id
    WHERE event.id = %(id)b::int8 AND event.state = 'review' FOR UPDATE OF event"""
_DECIDE = """
    UPDATE paperhook_review SET decision = %(decision)b, decided_at = %(moment)b, operator = %(by)b, note = %(note)b,
        corrections = %(corrections)b
    WHERE event_id = %(id)b::int8"""
_RESUME = """
    UPDATE paperhook_event SET state = 'pending', due_at = 0, settled_at = NULL, lost = 0, is_next = subject_hash IS NULL
    WHERE id = %(id)b::int8"""
_CLOSE = "UPDATE paperhook_event SET state = 'done', settled_at = %(moment)b WHERE id = %(id)b::int8"
_FORGET_OUTCOMES = "DELETE FROM paperhook_outcome WHERE event_id = %(id)b::int8"
_RECORD = """
    INSERT INTO paperhook_audit (moment, operator, action, event_ids)
    VALUES (%(moment)b, %(by)b, %(decision)b, ARRAY[%(id)b::int8])"""

_KEEP = """
    UPDATE paperhook_payload SET body = %(body)b, form = 'envelope', position = 0, headers = '{}'
    WHERE event_id = %(id)b::int8"""

_LET_GO = "DELETE FROM paperhook_unique WHERE event_id = %(id)b::int8"
_LET_GO_OF_OTHERS = """
    DELETE FROM paperhook_unique WHERE event_id = %(id)b::int8 AND scope = %(scope)b AND digest <> %(digest)b"""
# Where another machine takes the same in this moment, this waits for its commit.
_HOLD = """
    INSERT INTO paperhook_unique (scope, digest, event_id) VALUES (%(scope)b, %(digest)b, %(id)b::int8)
    ON CONFLICT DO NOTHING"""
_HOLDER = "SELECT event_id FROM paperhook_unique WHERE scope = %(scope)b AND digest = %(digest)b"


def _open_reviews(db: Session, asks: Sequence[Opening]) -> list[bool]:
    return [_open_review(db, ask) for ask in asks]


def _open_review(db: Session, ask: Opening) -> bool:
    if not _is_newest(db, ask.claim):
        return False
    db.run(_OPEN, id=ask.claim.id, reasons=stored(reasons_to_json(ask.reasons)), moment=float(ask.moment))
    return True


def _reviews(db: Session, asks: Sequence[Sequence[int]]) -> list[Mapping[int, Review]]:
    # No row has an id that does not fit.
    wanted = [[each for each in ids if abs(each) < 2**63] for ids in asks]
    return [{row[0]: _review(row) for row in db.rows(_REVIEWS, ids=ids)} for ids in wanted]


def _review(row: Sequence[Any]) -> Review:
    return Review(
        reasons=reasons_from_json(original(row[1])),
        opened_at=datetime.fromtimestamp(row[2], UTC),
        decision=None if row[3] is None else Decision(row[3]),
        decided_at=None if row[4] is None else datetime.fromtimestamp(row[4], UTC),
        by=original(row[5]),
        note=original(row[6]),
        corrections=json.loads(original(row[7])),
    )


def _decide_all(db: Session, asks: Sequence[Ruling]) -> list[bool]:
    return [_decide(db, ask) for ask in asks]


def _decide(db: Session, ask: Ruling) -> bool:
    found = db.rows(_WAITING, id=ask.event_id) if abs(ask.event_id) < 2**63 else []
    if not found:
        return False
    ((provider, subject, made),) = found
    values: dict[str, Any] = {
        "id": ask.event_id,
        "decision": str(ask.decision),
        "moment": float(ask.moment),
        "by": stored(plain(ask.by)),
    }
    corrections = json.dumps({**json.loads(original(made)), **ask.corrections})
    db.run(_DECIDE, **values, note=stored(plain(ask.note)), corrections=stored(corrections))
    if ask.decision is Decision.REJECTED:
        db.run(_CLOSE, id=ask.event_id, moment=float(ask.moment))
        db.run(_LET_GO, id=ask.event_id)
        db.count(done=1)
    else:
        db.run(_FORGET_OUTCOMES, id=ask.event_id)
        db.run(_RESUME, id=ask.event_id)
        choose_next(db, [] if subject is None else [(provider, subject)])
        db.is_news = True
    db.run(_RECORD, **values)
    return True


def _keep_all(db: Session, asks: Sequence[tuple[Claim, bytes]]) -> list[bool]:
    return [_keep(db, claim, body) for claim, body in asks]


def _keep(db: Session, claim: Claim, body: bytes) -> bool:
    if not _is_newest(db, claim):
        return False
    db.run(_KEEP, id=claim.id, body=body)
    return True


def _hold_all(db: Session, asks: Sequence[tuple[Claim, Sequence[Value]]]) -> list[tuple[int, ...] | None]:
    return [_hold(db, claim, values) for claim, values in asks]


def _hold(db: Session, claim: Claim, values: Sequence[Value]) -> tuple[int, ...] | None:
    if not _is_newest(db, claim):
        return None
    # In one order everywhere, so that two machines with the same values do not wait for each other.
    holders = {value: _hold_one(db, claim.id, *value) for value in sorted(values)}
    return tuple([holders[value] for value in values])


def _hold_one(db: Session, event_id: int, scope: str, digest: bytes) -> int:
    db.run(_LET_GO_OF_OTHERS, id=event_id, scope=stored(scope), digest=digest)
    while True:
        db.run(_HOLD, id=event_id, scope=stored(scope), digest=digest)
        for (holder,) in db.rows(  # pragma: no branch - the other way needs two transactions in one moment
            _HOLDER, scope=stored(scope), digest=digest
        ):
            return int(holder)
        # Whoever had it was rejected in this moment.


def _is_newest(db: Session, claim: Claim) -> bool:
    return bool(db.rows(_IS_NEWEST, id=claim.id, token=claim.token))


# In turn with those of `work`, before anything is claimed.
OPEN_REVIEW = Work(_open_reviews, turn=3)
DECIDE = Work(_decide_all, turn=3)
KEEP = Work(_keep_all, turn=3, size_bytes=lambda ask: len(ask[1]))
HOLD = Work(_hold_all, turn=3)
REVIEWS = Repeatable(_reviews, turn=0)
