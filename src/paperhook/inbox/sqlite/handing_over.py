"""How an SQLite inbox gives events to an engine; see `handing_over`."""

from __future__ import annotations

from collections.abc import Sequence

from ..base import Key
from ..commits import Work
from ..handing_over import MOST_PATIENCE
from .bulk import Db

_HAND_OVER = """
    UPDATE paperhook_event
    SET due_at = :now + min(:most, max(:patience, :now - received_at)), lost = lost + (state = 'running'),
        state = 'pending', token = NULL, lease_until = NULL
    WHERE id IN ({chosen}) RETURNING provider, key"""
_DUE = """
    SELECT id FROM (SELECT id FROM paperhook_event WHERE state = 'running' AND lease_until <= :now
        ORDER BY lease_until LIMIT :limit)
    UNION ALL
    SELECT id FROM (SELECT id FROM paperhook_event
        WHERE state = 'pending' AND is_next = 1 AND due_at > 0 AND due_at <= :now ORDER BY due_at, id LIMIT :limit)
    UNION ALL
    SELECT id FROM (SELECT id FROM paperhook_event
        WHERE state = 'pending' AND is_next = 1 AND due_at <= 0
        AND received_at NOT BETWEEN :now - :patience AND :now ORDER BY due_at, id LIMIT :limit)
    LIMIT :limit"""
_FOLLOWER = """
    SELECT next.id FROM paperhook_event before CROSS JOIN paperhook_event next
        ON next.subject = before.subject AND next.provider = before.provider AND next.settled_at IS NULL
    WHERE before.provider = :provider AND before.key = :key
    AND next.state = 'pending' AND next.is_next = 1 AND next.due_at <= :now"""


def _hand_over(db: Db, asks: Sequence[tuple[int, float, float]]) -> list[tuple[Key, ...]]:
    statement = _HAND_OVER.format(chosen=_DUE)
    return [
        tuple(
            db.execute(statement, {"limit": limit, "now": now, "patience": patience, "most": MOST_PATIENCE})
        )
        for limit, now, patience in asks
    ]


def _hand_over_next(db: Db, asks: Sequence[tuple[str, str, float, float]]) -> list[Key | None]:
    statement = _HAND_OVER.format(chosen=_FOLLOWER)
    names = ("provider", "key", "now", "patience")
    return [
        next(iter(db.execute(statement, {**dict(zip(names, ask, strict=True)), "most": MOST_PATIENCE})), None)
        for ask in asks
    ]


# They see what was put and settled in their own transaction.
HAND_OVER = Work(_hand_over, turn=6)
HAND_OVER_NEXT = Work(_hand_over_next, turn=6)
