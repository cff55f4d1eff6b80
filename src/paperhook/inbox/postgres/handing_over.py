"""How a PostgreSQL inbox gives events to an engine: in the transaction that puts them, and again when they are due."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import psycopg

from ..base import Entry, Key
from ..commits import Work
from ..handing_over import MOST_PATIENCE
from .putting import PUT
from .session import Repeatable, Session, hashed, original, stored

logger: logging.Logger = logging.getLogger("paperhook")

#: Takes a connection within a transaction, and events that are put by it.
Enlisted: TypeAlias = Callable[["psycopg.Connection[tuple[object, ...]]", Sequence[Key]], None]

_HAND_OVER = """
    UPDATE paperhook_event event
    SET due_at = %(now)b + least(%(most)b, greatest(%(patience)b, %(now)b - event.received_at)),
        lost = event.lost + (event.state = 'running')::int, state = 'pending', token = NULL, lease_until = NULL
    FROM chosen WHERE event.id = chosen.id RETURNING event.provider, event.key"""
_DUE = f"""
    WITH lost AS MATERIALIZED (
        SELECT id FROM paperhook_event WHERE state = 'running' AND lease_until <= %(now)b
        ORDER BY lease_until LIMIT %(limit)b FOR UPDATE SKIP LOCKED),
    again AS MATERIALIZED (
        SELECT id FROM paperhook_event WHERE state = 'pending' AND is_next AND due_at > 0 AND due_at <= %(now)b
        ORDER BY due_at, id LIMIT %(limit)b - (SELECT count(*) FROM lost) FOR UPDATE SKIP LOCKED),
    fresh AS MATERIALIZED (
        SELECT id FROM paperhook_event WHERE state = 'pending' AND is_next AND due_at <= 0
        AND received_at NOT BETWEEN %(now)b - %(patience)b AND %(now)b
        ORDER BY due_at, id
        LIMIT %(limit)b - (SELECT count(*) FROM lost) - (SELECT count(*) FROM again) FOR UPDATE SKIP LOCKED),
    -- The limit says how few they are: else the planner, who cannot know, reads all events where many wait.
    chosen AS (SELECT id FROM lost UNION ALL SELECT id FROM again UNION ALL SELECT id FROM fresh LIMIT %(limit)b)
    {_HAND_OVER}"""  # noqa: S608 - made of our own text
_FOLLOWER = f"""
    WITH chosen AS MATERIALIZED (
        SELECT next.id FROM paperhook_event before JOIN paperhook_event next
            ON next.subject_hash = before.subject_hash AND next.provider = before.provider
        WHERE before.key_hash = %(key_hash)b AND before.provider = %(provider)b
        AND next.settled_at IS NULL AND next.state = 'pending' AND next.is_next AND next.due_at <= %(now)b
        FOR UPDATE OF next SKIP LOCKED)
    {_HAND_OVER}"""  # noqa: S608


def _hand_over(db: Session, asks: Sequence[tuple[int, float, float]]) -> list[tuple[Key, ...]]:
    return [
        tuple(
            map(
                _key,
                db.rows(
                    _DUE, limit=limit, now=db.server_time(now), patience=float(patience), most=MOST_PATIENCE
                ),
            )
        )
        for limit, now, patience in asks
    ]


def _hand_over_next(db: Session, asks: Sequence[tuple[str, str, float, float]]) -> list[Key | None]:
    answers: list[Key | None] = []
    for provider, key, now, patience in asks:
        which = {"provider": stored(provider), "key_hash": hashed(key)}
        rows = db.rows(
            _FOLLOWER, **which, now=db.server_time(now), patience=float(patience), most=MOST_PATIENCE
        )
        answers.append(next(map(_key, rows), None))
    return answers


def _key(row: tuple[str, str]) -> Key:
    return original(row[0]), original(row[1])


def put_and_carry(within: Enlisted) -> Work[Session, Sequence[Entry], tuple[bool, ...]]:
    """Give the work that puts events and has an engine's jobs stored in the same transaction."""
    return Repeatable(partial(_put_and_carry, within), turn=PUT.turn, size_bytes=PUT.size_bytes)


def _put_and_carry(
    within: Enlisted, db: Session, groups: Sequence[Sequence[Entry]]
) -> Sequence[tuple[bool, ...]]:
    answers = PUT.run(db, groups)
    keys = [
        (entry.provider, entry.key)
        for group, answer in zip(groups, answers, strict=True)
        for entry, is_new in zip(group, answer, strict=True)
        if is_new
    ]
    if keys:
        _carry(within, db, keys)
    return answers


def _carry(within: Enlisted, db: Session, keys: Sequence[Key]) -> None:
    """Store the jobs; where that fails, the events are stored without them and handed over later."""
    db.run("SAVEPOINT carried")
    try:
        within(db.connection, keys)
    except Exception as error:
        if db.is_closed:
            raise
        db.run("ROLLBACK TO SAVEPOINT carried")
        cause = error.__cause__ or error
        logger.error(  # noqa: TRY400 - its message may quote what was stored
            "%d events were stored without a job of the engine, so they are handed over later: %s",
            len(keys),
            type(cause).__name__,
        )
    db.run("RELEASE SAVEPOINT carried")


# They see what was put and settled in their own transaction.
HAND_OVER = Work(_hand_over, turn=6)
HAND_OVER_NEXT = Work(_hand_over_next, turn=6)
