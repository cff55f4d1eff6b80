"""How the rows of a PostgreSQL inbox are read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..base import Entry, Filter, Outcome, Row, State, Stats, plain
from .session import Repeatable, Session, hashed, original, original_if, stored

PAYLOAD = """
    payload.body, payload.form, payload.position, payload.headers, payload.origin, payload.job_id,
    payload.document_id, payload.batch_id, payload.occurred_at"""
JOINED = "FROM paperhook_event event JOIN paperhook_payload payload ON payload.event_id = event.id"
_ROWS = f"""
    SELECT event.id, event.provider, event.key, event.type, event.received_at, {PAYLOAD},
        event.state, event.due_at, event.settled_at, event.claims, event.duplicates, event.replays {JOINED}
    {{where}} ORDER BY event.id DESC LIMIT %(limit)b OFFSET %(offset)b"""
_STATS = """
    SELECT
        (SELECT count(*) FROM paperhook_event WHERE state = 'pending'),
        (SELECT count(*) FROM paperhook_event WHERE state = 'running'),
        (SELECT count(*) FROM paperhook_event WHERE state = 'dead'),
        (SELECT min(received_at) FROM paperhook_event WHERE state = 'pending'),
        (SELECT coalesce(sum(done), 0)::int8 FROM paperhook_tally),
        (SELECT coalesce(sum(duplicates), 0)::int8 FROM paperhook_tally),
        (SELECT count(*) FROM paperhook_event WHERE state = 'review')"""
_OUTCOMES = """
    SELECT event_id, handler, state, attempts, error, started_at, due_at FROM paperhook_outcome
    WHERE event_id = ANY (%(ids)b::int8[])"""


def _rows(db: Session, asks: Sequence[tuple[Filter, int, int]]) -> list[tuple[Row, ...]]:
    answers: list[tuple[Row, ...]] = []
    for where, limit, offset in asks:
        clause, values = where_clause(where)
        found = db.rows(_ROWS.format(where=clause), **values, limit=limit, offset=offset)
        outcomes = outcomes_of(db, [row[0] for row in found])
        answers.append(tuple([_row(row, outcomes.get(row[0], {})) for row in found]))
    return answers


def _row(row: Sequence[Any], outcomes: Mapping[str, Outcome]) -> Row:
    return Row(
        id=row[0],
        entry=entry_of(row),
        state=State(row[14]),
        due_at=row[15],
        settled_at=row[16],
        claims=row[17],
        duplicates=row[18],
        replays=row[19],
        outcomes=outcomes,
    )


def where_clause(where: Filter, *also: str) -> tuple[str, dict[str, Any]]:
    """Turn a filter into SQL; states are literals, because a partial index is not used with parameters."""
    terms, values = list(also), dict[str, Any]()
    for term, value in _terms(where):
        terms.append(term)
        values |= value
    return ("WHERE " + " AND ".join(terms) if terms else ""), values


def _terms(where: Filter) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if where.ids:
        # No row has an id that does not fit.
        yield "event.id = ANY (%(ids)b::int8[])", {"ids": [each for each in where.ids if abs(each) < 2**63]}
    if where.states:
        states = [f"'{State(state)}'" for state in where.states]
        yield (
            (f"event.state = {states[0]}" if len(states) == 1 else f"event.state IN ({', '.join(states)})"),
            {},
        )
    if where.provider is not None:
        yield "event.provider = %(provider)b", {"provider": stored(plain(where.provider))}
    if where.key is not None:
        yield "event.key_hash = %(key_hash)b", {"key_hash": hashed(plain(where.key))}
    if where.type is not None and where.type.endswith(".*"):
        yield "starts_with(event.type, %(type)b)", {"type": stored(plain(where.type[:-1]))}
    elif where.type is not None:
        yield "event.type = %(type)b", {"type": stored(plain(where.type))}
    if where.job_id is not None:
        # A job id is the subject wherever there is one, and subjects have an index.
        job_id = plain(where.job_id)
        yield (
            "event.subject_hash = %(subject_hash)b AND payload.job_id = %(job_id)b",
            {"subject_hash": hashed(job_id), "job_id": stored(job_id)},
        )
    if where.handler is not None:
        yield (
            """EXISTS (SELECT 1 FROM paperhook_outcome outcome
                WHERE outcome.event_id = event.id AND outcome.handler = %(handler)b AND outcome.state = 'dead')""",
            {"handler": stored(plain(where.handler))},
        )
    yield from _place_terms(where)


def _place_terms(where: Filter) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if where.settled_until is not None:
        yield "event.settled_at <= %(settled_until)b", {"settled_until": float(where.settled_until)}
    if where.after_id is not None:
        yield "event.id > %(after_id)b::int8", {"after_id": where.after_id}
    if where.before_id is not None:
        yield "event.id < %(before_id)b::int8", {"before_id": where.before_id}


def _stats(db: Session, asks: Sequence[None]) -> list[Stats]:
    ((pending, running, dead, oldest, done, duplicates, review),) = db.rows(_STATS)
    return [Stats(pending, running, done, dead, duplicates, oldest, review)] * len(asks)


def entry_of(row: Sequence[Any]) -> Entry:
    """Give the event of a row that begins with id, provider, key, type, received_at and `PAYLOAD`."""
    return Entry(
        provider=original(row[1]),
        key=original(row[2]),
        type=original(row[3]),
        received_at=row[4],
        body=row[5],
        form=original(row[6]),
        index=row[7],
        headers={} if row[8] == "{}" else json.loads(row[8]),
        origin=original(row[9]),
        job_id=original_if(row[10]),
        document_id=original_if(row[11]),
        batch_id=original_if(row[12]),
        occurred_at=row[13],
    )


def outcomes_of(db: Session, ids: Sequence[int]) -> dict[int, dict[str, Outcome]]:
    """Give how the handlers of events fared, by id and handler."""
    found: dict[int, dict[str, Outcome]] = {}
    for event_id, name, state, attempts, error, *times in db.rows(_OUTCOMES, ids=ids) if ids else ():
        handler = original(name)
        outcome = Outcome(handler, State(state), attempts, original(error), *times)
        found.setdefault(event_id, {})[handler] = outcome
    return found


ROWS = Repeatable(_rows, turn=0)
STATS = Repeatable(_stats, turn=0)
