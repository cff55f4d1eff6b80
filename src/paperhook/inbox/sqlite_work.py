"""What an SQLite inbox does, each kind of work for many callers in a few statements."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from .base import Claim, Entry, Filter, Outcome, Row, Settlement, State, Stats, plain
from .commits import Work

_Db: TypeAlias = sqlite3.Connection
#: Only these types, and without those; None for all.
_Types: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]] | None

#: Rows per statement; fewer are padded to a power of two, so that few statements have to be parsed and kept.
_MAX_ROWS = 128

# {values} is `VALUES (?, …), …`; a padded row is NULL throughout.
_PUT_EVENTS = """
    INSERT INTO paperhook_event (provider, key, type, subject, received_at, is_next)
    SELECT column2, column3, column4, column5, column6, column5 IS NULL OR NOT EXISTS (
        SELECT 1 FROM paperhook_event other
        WHERE other.subject = column5 AND other.provider = column2 AND other.settled_at IS NULL)
    FROM ({values}) WHERE column1 IS NOT NULL ORDER BY column1
    ON CONFLICT (provider, key) DO NOTHING RETURNING provider, key, id"""
_PUT_PAYLOADS = "INSERT INTO paperhook_payload SELECT * FROM ({values}) WHERE column1 IS NOT NULL"
_COUNT_DUPLICATE = "UPDATE paperhook_event SET duplicates = duplicates + 1 WHERE provider = ? AND key = ?"

# CROSS JOIN keeps the order of the loops: SQLite must not start from the payloads.
_CLAIMABLE = """
    SELECT e.id, e.provider, e.key, e.type, p.body, p.form, p.position, p.headers, p.origin, p.job_id, p.document_id,
           p.batch_id, p.occurred_at, e.received_at, e.claims, e.lost + (e.state = 'running')
    FROM paperhook_event e CROSS JOIN paperhook_payload p ON p.event_id = e.id
    WHERE """


def _due(which: str = "") -> str:
    return f"""
    SELECT * FROM ({_CLAIMABLE} {which} e.state = 'running' AND e.lease_until <= :now
        ORDER BY e.lease_until LIMIT :limit)
    UNION ALL
    SELECT * FROM ({_CLAIMABLE} {which} e.state = 'pending' AND e.is_next = 1 AND e.due_at > 0 AND e.due_at <= :now
        ORDER BY e.due_at, e.id LIMIT :limit)
    UNION ALL
    SELECT * FROM ({_CLAIMABLE} {which} e.state = 'pending' AND e.is_next = 1 AND e.due_at <= 0
        ORDER BY e.due_at, e.id LIMIT :limit)
    LIMIT :limit"""  # noqa: S608 - made of our own text


_DUE = _due()
_BY_KEY = f"""
    {_CLAIMABLE} e.provider = ? AND e.key = ? AND e.is_next = 1 AND (e.state = 'pending' OR e.lease_until <= ?)"""
_LEASE = """
    UPDATE paperhook_event
    SET state = 'running', token = ?, lease_until = ?, claims = claims + 1, lost = lost + (state = 'running')
    WHERE id IN (SELECT value FROM json_each(?))"""
_RENEW = "UPDATE paperhook_event SET lease_until = ? WHERE id = ? AND token = ?"
_FINISH = """
    UPDATE paperhook_event
    SET state = column3, settled_at = column4, is_next = 0, token = NULL, lease_until = NULL
    FROM ({values}) WHERE id = column1 AND token = column2 RETURNING id"""
_RELEASE = """
    UPDATE paperhook_event SET state = column3, due_at = column4, lost = 0, token = NULL, lease_until = NULL
    FROM ({values}) WHERE id = column1 AND token = column2 RETURNING id"""
_KEEP = """
    UPDATE paperhook_event SET state = column3 FROM ({values}) WHERE id = column1 AND token = column2 RETURNING id"""
_PUT_OUTCOMES = "INSERT OR REPLACE INTO paperhook_outcome SELECT * FROM ({values}) WHERE column1 IS NOT NULL"
_OUTCOMES = """
    SELECT handler, state, attempts, error, started_at, due_at FROM paperhook_outcome WHERE event_id = ?"""

_NOBODY_NEXT = """
    UPDATE paperhook_event SET is_next = 0
    WHERE subject = ? AND provider = ? AND settled_at IS NULL AND is_next = 1"""
_SOMEBODY_NEXT = """
    UPDATE paperhook_event SET is_next = 1 WHERE id IN (
        SELECT (SELECT waiting.id FROM paperhook_event waiting
            WHERE waiting.subject = column1 AND waiting.provider = column2 AND waiting.settled_at IS NULL
            ORDER BY waiting.state = 'running' DESC, waiting.id LIMIT 1)
        FROM ({values}) WHERE column1 IS NOT NULL)"""

_ROWS = """
    SELECT e.id, e.provider, e.key, e.type, p.body, p.form, p.position, p.headers, p.origin, p.job_id, p.document_id,
           p.batch_id, p.occurred_at, e.received_at, e.state, e.due_at, e.settled_at, e.claims, e.duplicates, e.replays
    FROM paperhook_event e CROSS JOIN paperhook_payload p ON p.event_id = e.id """
_TALLY = "UPDATE paperhook_tally SET done = done + ?, duplicates = duplicates + ?"
_STATS = """
    SELECT (SELECT count(*) FROM paperhook_event WHERE settled_at IS NULL),
           (SELECT count(*) FROM paperhook_event WHERE state = 'running'),
           (SELECT count(*) FROM paperhook_event WHERE state = 'dead'),
           (SELECT received_at FROM paperhook_event WHERE settled_at IS NULL AND state = 'pending'
               ORDER BY received_at LIMIT 1),
           done, duplicates
    FROM paperhook_tally"""


# Putting


def _put(db: _Db, groups: Sequence[Sequence[Entry]]) -> list[tuple[bool, ...]]:
    ids = _put_events(db, [entry for entries in groups for entry in entries])
    payloads: list[tuple[Any, ...]] = []
    answers: list[tuple[bool, ...]] = []
    for entries in groups:
        # The first copy in a group is the new one.
        new = [ids.pop((entry.provider, entry.key), None) for entry in entries]
        answers.append(tuple([event_id is not None for event_id in new]))
        for event_id, entry in zip(new, entries, strict=True):
            if event_id is None:
                db.execute(_COUNT_DUPLICATE, (entry.provider, entry.key))
            else:
                payloads.append(_payload(event_id, entry))
    _in_bulk(db, _PUT_PAYLOADS, payloads)
    count_in_tally(db, duplicates=sum(answer.count(False) for answer in answers))
    return answers


def _put_events(db: _Db, entries: Sequence[Entry]) -> dict[tuple[str, str], int]:
    """Insert what is new; give its ids by provider and key."""
    subjects = [entry.subject for entry in entries]
    rows = [
        (place, entry.provider, entry.key, entry.type, subject, entry.received_at)
        for place, (entry, subject) in enumerate(zip(entries, subjects, strict=True))
    ]
    inserted = _in_bulk(db, _PUT_EVENTS, rows)
    lines = Counter((e.provider, subject) for e, subject in zip(entries, subjects, strict=True) if subject)
    if len(lines) < len(rows):
        # Rows of one statement do not see each other.
        choose_next(db, [line for line, count in lines.items() if count > 1])
    return {(provider, key): event_id for provider, key, event_id in inserted}


def _payload(id: int, entry: Entry) -> tuple[Any, ...]:
    return (
        id,
        entry.body,
        entry.form,
        entry.index,
        json.dumps(dict(entry.headers)) if entry.headers else "{}",
        entry.origin,
        entry.job_id,
        entry.document_id,
        entry.batch_id,
        entry.occurred_at,
    )


# Claiming


def _claim(db: _Db, asks: Sequence[tuple[int, float, float, _Types]]) -> list[tuple[Claim, ...]]:
    return [
        _lease(db, _due_rows(db, limit, now, types), lease, now) if limit > 0 else ()
        for limit, lease, now, types in asks
    ]


def _due_rows(db: _Db, limit: int, now: float, types: _Types) -> list[tuple[Any, ...]]:
    if types is None:
        return db.execute(_DUE, {"now": now, "limit": limit}).fetchall()
    only, without = types
    values: dict[str, Any] = {"now": now, "limit": limit}
    values |= {f"only{number}": each for number, each in enumerate(only)}
    values |= {f"without{number}": each for number, each in enumerate(without)}
    return db.execute(_due_of_types(len(only), len(without)), values).fetchall()


@cache
def _due_of_types(only: int, without: int) -> str:
    """Write the statement for so many types; as parameters, because JSON's texts end at a null character."""
    terms: list[str] = []
    if only:
        terms.append(f"e.type IN ({', '.join(f':only{number}' for number in range(only))}) AND")
    if without:
        terms.append(f"e.type NOT IN ({', '.join(f':without{number}' for number in range(without))}) AND")
    return _due(" ".join(terms))


def _claim_key(db: _Db, asks: Sequence[tuple[str, str, float, float]]) -> list[Claim | None]:
    answers: list[Claim | None] = []
    for provider, key, lease, now in asks:
        rows = db.execute(_BY_KEY, (provider, key, now)).fetchall()
        answers.append(next(iter(_lease(db, rows, lease, now)), None))
    return answers


def _lease(db: _Db, rows: Sequence[tuple[Any, ...]], lease: float, now: float) -> tuple[Claim, ...]:
    if not rows:
        return ()
    token, until = secrets.token_hex(8), now + lease
    db.execute(_LEASE, (token, until, json.dumps([row[0] for row in rows])))
    # A first claim has no outcomes, and that is nearly all of them.
    outcomes = _outcomes_of(db, [row[0] for row in rows if row[14] > 0])
    return tuple(
        [
            Claim(row[0], _entry(row), token, until, row[14] + 1, outcomes.get(row[0], {}), row[15])
            for row in rows
        ]
    )


def _entry(row: Sequence[Any]) -> Entry:
    return Entry(
        provider=row[1],
        key=row[2],
        type=row[3],
        body=row[4],
        form=row[5],
        index=row[6],
        headers={} if row[7] == "{}" else json.loads(row[7]),
        origin=row[8],
        job_id=row[9],
        document_id=row[10],
        batch_id=row[11],
        occurred_at=row[12],
        received_at=row[13],
    )


def _renew(db: _Db, asks: Sequence[tuple[Sequence[Claim], float]]) -> list[tuple[bool, ...]]:
    return [
        tuple([db.execute(_RENEW, (until, claim.id, claim.token)).rowcount == 1 for claim in claims])
        for claims, until in asks
    ]


# Settling


def _settle(db: _Db, settlements: Sequence[Settlement]) -> list[bool]:
    if len({each.claim.id for each in settlements}) < len(settlements):
        # Two workers, or one twice, give up the same event: one after the other, so that each token is looked at.
        return [is_recorded for each in settlements for is_recorded in _settle(db, [each])]
    finished = [each for each in settlements if each.state.is_settled]
    released = [each for each in settlements if each.state is State.PENDING]
    kept = [each for each in settlements if each.state is State.RUNNING]
    held = _give_up(db, _FINISH, finished) | _give_up(db, _RELEASE, released) | _give_up(db, _KEEP, kept)
    recorded = [each.claim.id in held for each in settlements]
    valid = [each for each, is_recorded in zip(settlements, recorded, strict=True) if is_recorded]
    count_in_tally(db, done=sum(each.state is State.DONE for each in valid))
    _in_bulk(db, _PUT_OUTCOMES, [row for each in valid for row in _outcome_rows(each)])
    _in_bulk(db, _SOMEBODY_NEXT, [line for each in valid if each.state.is_settled for line in _line(each)])
    choose_next(
        db, [(line[1], line[0]) for each in valid if each.state is State.PENDING for line in _line(each)]
    )
    return recorded


def _give_up(db: _Db, statement: str, settlements: Sequence[Settlement]) -> set[int]:
    """Give the ids whose lease was the newest."""
    rows = [(each.claim.id, each.claim.token, each.state, each.moment) for each in settlements]
    return {event_id for (event_id,) in _in_bulk(db, statement, rows)}


def _line(settlement: Settlement) -> list[tuple[str, str]]:
    entry = settlement.claim.entry
    return [] if entry.subject is None else [(entry.subject, entry.provider)]


def _outcome_rows(settlement: Settlement) -> Iterator[tuple[Any, ...]]:
    for each in settlement.outcomes:
        yield (
            settlement.claim.id,
            plain(each.handler),
            each.state,
            each.attempts,
            plain(each.error),
            each.started_at,
            each.due_at,
        )


def _outcomes_of(db: _Db, ids: Iterable[int]) -> dict[int, dict[str, Outcome]]:
    found: dict[int, dict[str, Outcome]] = {}
    for event_id in ids:
        for handler, state, *rest in db.execute(_OUTCOMES, (event_id,)):
            found.setdefault(event_id, {})[handler] = Outcome(handler, State(state), *rest)
    return found


def choose_next(db: _Db, lines: Iterable[tuple[str, str]]) -> None:
    """Give the turn of a provider's subject to its running event, else to the earliest that is not settled."""
    for provider, subject in lines:
        db.execute(_NOBODY_NEXT, (subject, provider))
        _in_bulk(db, _SOMEBODY_NEXT, [(subject, provider)])


# Looking


def _rows(db: _Db, asks: Sequence[tuple[Filter, int, int]]) -> list[tuple[Row, ...]]:
    answers: list[tuple[Row, ...]] = []
    for where, limit, offset in asks:
        clause, values = where_clause(where)
        found = db.execute(
            f"{_ROWS} {clause} ORDER BY e.id DESC LIMIT ? OFFSET ?", (*values, limit, offset)
        ).fetchall()
        outcomes = _outcomes_of(db, [row[0] for row in found])
        answers.append(tuple([_row(row, outcomes.get(row[0], {})) for row in found]))
    return answers


def _row(row: Sequence[Any], outcomes: Mapping[str, Outcome]) -> Row:
    return Row(
        id=row[0],
        entry=_entry(row),
        state=State(row[14]),
        due_at=row[15],
        settled_at=row[16],
        claims=row[17],
        duplicates=row[18],
        replays=row[19],
        outcomes=outcomes,
    )


def where_clause(where: Filter, *also: str) -> tuple[str, list[Any]]:
    """Turn a filter into SQL; states are literals, because a partial index is not used with parameters."""
    terms, values = list(also), list[Any]()
    for term, value in _terms(where):
        terms.append(term)
        values.extend(value)
    return ("WHERE " + " AND ".join(terms) if terms else ""), values


def _state_terms(states: Sequence[State]) -> Iterator[tuple[str, Sequence[Any]]]:
    if not states:
        return
    if not any(State(state).is_settled for state in states):
        # Else SQLite would walk all ids backwards for the sake of the order.
        yield "e.id IN (SELECT id FROM paperhook_event WHERE settled_at IS NULL)", []
    words = [f"'{State(state)}'" for state in states]
    yield f"e.state = {words[0]}" if len(words) == 1 else f"e.state IN ({', '.join(words)})", []


def _terms(where: Filter) -> Iterator[tuple[str, Sequence[Any]]]:
    if where.ids:
        # One parameter, however many ids.
        yield "e.id IN (SELECT value FROM json_each(?))", [json.dumps(where.ids)]
    yield from _state_terms(where.states)
    if where.provider is not None:
        yield "e.provider = ?", [plain(where.provider)]
    if where.key is not None:
        yield "e.key = ?", [plain(where.key)]
    if where.type is not None and where.type.endswith(".*"):
        prefix = plain(where.type[:-1])
        yield "substr(e.type, 1, ?) = ?", [len(prefix), prefix]
    elif where.type is not None:
        yield "e.type = ?", [plain(where.type)]
    if where.job_id is not None:
        # A job id is the subject wherever there is one, and subjects have an index.
        yield "e.subject = ? AND p.job_id = ?", [plain(where.job_id)] * 2
    if where.handler is not None:
        yield (
            "e.id IN (SELECT event_id FROM paperhook_outcome WHERE state = 'dead' AND handler = ?)",
            [plain(where.handler)],
        )
    yield from _place_terms(where)


def _place_terms(where: Filter) -> Iterator[tuple[str, Sequence[Any]]]:
    if where.settled_until is not None:
        yield "e.settled_at <= ?", [where.settled_until]
    if where.after_id is not None:
        yield "e.id > ?", [where.after_id]
    if where.before_id is not None:
        yield "e.id < ?", [where.before_id]


def _stats(db: _Db, asks: Sequence[None]) -> list[Stats]:
    unsettled, running, dead, oldest, done, duplicates = db.execute(_STATS).fetchone()
    stats = Stats(unsettled - running, running, done, dead, duplicates, oldest)
    return [stats] * len(asks)


def count_in_tally(db: _Db, *, done: int = 0, duplicates: int = 0) -> None:
    """Add to what is counted as it happens."""
    if done or duplicates:
        db.execute(_TALLY, (done, duplicates))


# Many rows in one statement


def _in_bulk(db: _Db, statement: str, rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Run a statement over rows of the same width; give what it returns."""
    found: list[Any] = []
    for start in range(0, len(rows), _MAX_ROWS):
        some = rows[start : start + _MAX_ROWS]
        width, count = len(some[0]), 1 << (len(some) - 1).bit_length()
        values = [value for row in some for value in row] + [None] * (width * (count - len(some)))
        found += db.execute(_bulk(statement, width, count), values).fetchall()
    return found


@cache
def _bulk(statement: str, width: int, count: int) -> str:
    row = "(" + ", ".join("?" * width) + ")"
    return statement.replace("{values}", "VALUES " + ", ".join([row] * count))


# A claim sees what was put and settled in its own transaction.
PUT = Work(_put, turn=0)
SETTLE = Work(_settle, turn=1)
RENEW = Work(_renew, turn=2)
CLAIM = Work(_claim, turn=4)
CLAIM_KEY = Work(_claim_key, turn=5)
ROWS = Work(_rows, turn=0)
STATS = Work(_stats, turn=0)
