"""How events are put into SQLite, and leased in the same transaction where a worker is there for them."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

from ..base import Claim, Entry
from ..commits import Work
from .bulk import MAX_ROWS, Db, filled, in_bulk
from .looking import count_in_tally
from .turns import choose_next

#: Token and end of a lease.
_Lease: TypeAlias = tuple[str | None, float | None]

#: Neither a token nor an end.
_NO_LEASE: _Lease = (None, None)
#: What is answered for one event that is new.
_IS_NEW = (True,)

# {values} is `VALUES (?, …), …`; a padded row is NULL throughout.
_PUT_EVENTS = """
    INSERT INTO paperhook_event (provider, key, type, subject, received_at, is_next)
    SELECT column2, column3, column4, column5, column6, column5 IS NULL OR NOT EXISTS (
        SELECT 1 FROM paperhook_event other
        WHERE other.subject = column5 AND other.provider = column2 AND other.settled_at IS NULL)
    FROM ({values}) WHERE column1 IS NOT NULL ORDER BY column1
    ON CONFLICT (provider, key) DO NOTHING"""
_NEWEST = "SELECT provider, key, id FROM paperhook_event ORDER BY id DESC LIMIT ?"
# The same for rows of which some have a token and a lease; materialized, or the turn would be looked up for each use.
_PUT_LEASED = """
    INSERT INTO paperhook_event (provider, key, type, subject, received_at, is_next, state, token, lease_until, claims)
    WITH given AS MATERIALIZED (
        SELECT *, column5 IS NULL OR NOT EXISTS (
            SELECT 1 FROM paperhook_event other
            WHERE other.subject = column5 AND other.provider = column2 AND other.settled_at IS NULL) AS is_next
        FROM ({values}) WHERE column1 IS NOT NULL)
    SELECT column2, column3, column4, column5, column6, is_next,
           iif(is_next AND column7 IS NOT NULL, 'running', 'pending'), iif(is_next, column7, NULL),
           iif(is_next, column8, NULL), is_next AND column7 IS NOT NULL
    FROM given WHERE true ORDER BY column1
    ON CONFLICT (provider, key) DO NOTHING"""
_COUNT_LEASED = "SELECT count(*) FROM paperhook_event WHERE id >= ? AND token = ?"
_LEASED = "SELECT id FROM paperhook_event WHERE id >= ? AND token = ?"
_PUT_PAYLOADS = "INSERT INTO paperhook_payload SELECT * FROM ({values}) WHERE column1 IS NOT NULL"
_COUNT_DUPLICATE = "UPDATE paperhook_event SET duplicates = duplicates + 1 WHERE provider = ? AND key = ?"


@dataclass(slots=True)
class Putting:
    """What one caller puts."""

    entries: Sequence[Entry]
    #: Lease what is new and can be claimed until then, and answer with the leases too; None leaves it to others.
    lease_until: float | None = None


def _put(db: Db, asks: Sequence[Putting]) -> list[Any]:
    given = [entry for ask in asks for entry in ask.entries]
    token = "" if all(ask.lease_until is None for ask in asks) else secrets.token_hex(8)
    leases = [_NO_LEASE if ask.lease_until is None else (token, ask.lease_until) for ask in asks]
    ids = _put_events(
        db, given, [lease for ask, lease in zip(asks, leases, strict=True) for _ in ask.entries]
    )
    if len(ids) == len(given):
        # Nearly always: all are new.
        new = [[ids[entry.provider, entry.key] for entry in ask.entries] for ask in asks]
        answers: list[Any] = [_IS_NEW * len(ask.entries) for ask in asks]
    else:
        # The first copy in a group is the new one.
        new = [[ids.pop((entry.provider, entry.key), 0) for entry in ask.entries] for ask in asks]
        answers = [tuple([event_id > 0 for event_id in each]) for each in new]
        _count_duplicates(db, [e for e, event_id in zip(given, chain(*new), strict=True) if event_id == 0])
    pairs = zip(chain(*new), given, strict=True)
    in_bulk(db, _PUT_PAYLOADS, [_payload(event_id, entry) for event_id, entry in pairs if event_id])
    leased = _leased(
        db, token, [i for ask, each in zip(asks, new, strict=True) if ask.lease_until for i in each if i]
    )
    return [
        answer if ask.lease_until is None else (answer, _leases(ask, each, token, leased))
        for ask, each, answer in zip(asks, new, answers, strict=True)
    ]


def _count_duplicates(db: Db, entries: Sequence[Entry]) -> None:
    for entry in entries:
        db.execute(_COUNT_DUPLICATE, (entry.provider, entry.key))
    count_in_tally(db, duplicates=len(entries))


def _leased(db: Db, token: str, ids: Sequence[int]) -> Collection[int]:
    """Give those that were leased as they were put: nearly always all of them."""
    if not ids:
        return ()
    first = min(ids)
    (count,) = db.execute(_COUNT_LEASED, (first, token)).fetchone()
    return set(ids) if count == len(ids) else {each for (each,) in db.execute(_LEASED, (first, token))}


def _leases(ask: Putting, ids: Sequence[int], token: str, leased: Collection[int]) -> tuple[Claim, ...]:
    return tuple(
        [
            Claim(event_id, entry, token, ask.lease_until or 0.0, 1, {})
            for event_id, entry in zip(ids, ask.entries, strict=True)
            if event_id in leased
        ]
    )


def _put_events(db: Db, entries: Sequence[Entry], leases: Sequence[_Lease]) -> dict[tuple[str, str], int]:
    """Insert what is new, with a token and a lease where there is one; give its ids by provider and key."""
    subjects = [entry.subject for entry in entries]
    rows: list[tuple[Any, ...]] = [
        (place, entry.provider, entry.key, entry.type, subject, entry.received_at)
        for place, (entry, subject) in enumerate(zip(entries, subjects, strict=True))
    ]
    lines = Counter((e.provider, subject) for e, subject in zip(entries, subjects, strict=True) if subject)
    statement = _PUT_EVENTS
    if any(token for token, _ in leases):
        # Rows of one statement do not see each other, so of several of a subject none is leased here.
        rows = [
            row + (_NO_LEASE if lines.get((row[1], row[4]), 1) > 1 else lease)
            for row, lease in zip(rows, leases, strict=True)
        ]
        statement = _PUT_LEASED
    ids: dict[tuple[str, str], int] = {}
    for start in range(0, len(rows), MAX_ROWS):
        ids |= _put_some(db, statement, rows[start : start + MAX_ROWS])
    if len(lines) < len(rows):
        choose_next(db, [line for line, count in lines.items() if count > 1])
    return ids


def _put_some(db: Db, statement: str, rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, str], int]:
    """Insert up to `MAX_ROWS`; give the ids of those that are new.

    Not by RETURNING, of which each row would give the interpreter's lock away and wait to get it back. Nobody else
    writes meanwhile, so the ids follow each other, except where a copy has used one up.
    """
    cursor = db.execute(*filled(statement, rows))
    count = cursor.rowcount
    if count == len(rows):
        first = (cursor.lastrowid or 0) - count + 1
        return {(row[1], row[2]): first + place for place, row in enumerate(rows)}
    return {(provider, key): event_id for provider, key, event_id in db.execute(_NEWEST, (count,))}


def _payload(id: int, entry: Entry) -> tuple[Any, ...]:
    # `str`, as elsewhere: for what is not exactly a text, such as a member of an enumeration, sqlite3 looks for an adapter,
    # which takes as long as all the other columns together.
    return (
        id,
        entry.body,
        entry.form,
        entry.index,
        json.dumps(dict(entry.headers)) if entry.headers else "{}",
        str(entry.origin),
        entry.job_id,
        entry.document_id,
        entry.batch_id,
        entry.occurred_at,
    )


# Before anything that may settle or lease what is put in the same transaction.
PUT = Work(_put, turn=0, size_bytes=lambda ask: sum([len(entry.body) for entry in ask.entries]))
