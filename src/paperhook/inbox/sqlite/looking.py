"""What an SQLite inbox shows of its rows, and what it counts of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..base import Entry, Filter, Outcome, Row, State, Stats, plain
from ..commits import Work
from .bulk import Db

_OUTCOMES = """
    SELECT handler, state, attempts, error, started_at, due_at FROM paperhook_outcome WHERE event_id = ?"""
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
           done, duplicates,
           (SELECT count(*) FROM paperhook_event WHERE state = 'review')
    FROM paperhook_tally"""


def _rows(db: Db, asks: Sequence[tuple[Filter, int, int]]) -> list[tuple[Row, ...]]:
    answers: list[tuple[Row, ...]] = []
    for where, limit, offset in asks:
        clause, values = where_clause(where)
        found = db.execute(
            f"{_ROWS} {clause} ORDER BY e.id DESC LIMIT ? OFFSET ?", (*values, limit, offset)
        ).fetchall()
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


def entry_of(row: Sequence[Any]) -> Entry:
    """Give the entry of a row that begins with the columns of `_ROWS`."""
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


def outcomes_of(db: Db, ids: Iterable[int]) -> dict[int, dict[str, Outcome]]:
    """Give what handlers did of events, by id and handler."""
    found: dict[int, dict[str, Outcome]] = {}
    for event_id in ids:
        for handler, state, *rest in db.execute(_OUTCOMES, (event_id,)):
            found.setdefault(event_id, {})[handler] = Outcome(handler, State(state), *rest)
    return found


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


def _stats(db: Db, asks: Sequence[None]) -> list[Stats]:
    unsettled, running, dead, oldest, done, duplicates, review = db.execute(_STATS).fetchone()
    stats = Stats(unsettled - running, running, done, dead, duplicates, oldest, review)
    return [stats] * len(asks)


def count_in_tally(db: Db, *, done: int = 0, duplicates: int = 0) -> None:
    """Add to what is counted as it happens."""
    if done or duplicates:
        db.execute(_TALLY, (done, duplicates))


ROWS = Work(_rows, turn=0)
STATS = Work(_stats, turn=0)
