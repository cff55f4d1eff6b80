"""Whose turn it is within a subject: its events run one at a time, in the order in which they were put."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..base import Entry
from .session import Name, Session, hashed, stored

_LINES = "unnest(%(provider)b::text[], %(subject_hash)b::bytea[]) AS line (provider, subject_hash)"
_LOCK_NEXT = f"""
    SELECT event.provider, event.subject_hash FROM paperhook_event event JOIN {_LINES} USING (provider, subject_hash)
    WHERE event.is_next ORDER BY event.id FOR UPDATE OF event"""  # noqa: S608 - made of our own text
_YIELD_TURN = f"""
    UPDATE paperhook_event event SET is_next = FALSE FROM {_LINES}
    WHERE event.provider = line.provider AND event.subject_hash = line.subject_hash
    AND event.is_next AND event.state = 'pending' AND EXISTS (
        SELECT 1 FROM paperhook_event other WHERE other.subject_hash = event.subject_hash
        AND other.provider = event.provider AND other.settled_at IS NULL AND other.id < event.id)"""  # noqa: S608
GIVE_TURN = f"""
    UPDATE paperhook_event event SET is_next = TRUE FROM (
        SELECT (SELECT waiting.id FROM paperhook_event waiting
            WHERE waiting.subject_hash = line.subject_hash AND waiting.provider = line.provider
            AND waiting.settled_at IS NULL ORDER BY waiting.settled_at, waiting.id LIMIT 1) AS id
        -- Ordered as the index is, so that the primary key is not read instead, from its beginning.
        FROM {_LINES}
        -- Whose event is running has the turn.
        WHERE NOT EXISTS (
            SELECT 1 FROM paperhook_event turn
            WHERE turn.subject_hash = line.subject_hash AND turn.provider = line.provider AND turn.is_next)
        ORDER BY id) first
    WHERE event.id = first.id AND NOT event.is_next AND event.settled_at IS NULL"""  # noqa: S608


def line_of(entry: Entry) -> list[Name]:
    """Give the line that an event stands in, if any: those of one provider and subject."""
    return [] if entry.subject is None else [(stored(entry.provider), hashed(entry.subject))]


def columns(lines: Collection[Name]) -> dict[str, Any]:
    """Give lines as arrays, in one order everywhere."""
    ordered = sorted(lines)
    return {"provider": [line[0] for line in ordered], "subject_hash": [line[1] for line in ordered]}


def follow(db: Session, lines: Collection[Name]) -> None:
    """See to it that somebody's turn it is in each line, and that it stays so until the commit."""
    waiting = set(lines)
    while waiting:
        waiting -= set(db.rows(_LOCK_NEXT, **columns(waiting)))
        if waiting:
            # The one before was settled in this moment, by somebody who could not see what was added.
            db.run(GIVE_TURN, **columns(waiting))


def choose_next(db: Session, lines: Collection[Name]) -> None:
    """Give the turn of each line to its running event, else to the earliest that is not settled; it stays so until the commit."""
    waiting = set(lines)
    while waiting:
        held = set(db.rows(_LOCK_NEXT, **columns(waiting)))
        db.run(_YIELD_TURN, **columns(waiting))
        db.run(GIVE_TURN, **columns(waiting))
        # Of a line without a lock the turn may have gone to an event that is running by now. Whoever settles that one
        # before our commit would not see what was added, and nobody would give it a turn.
        waiting -= held
