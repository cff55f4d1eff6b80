"""What workers ask of an SQLite inbox, each kind of work for many callers in a few statements: claiming and settling."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from ..base import Claim, Settlement, State, plain
from ..commits import Work
from ..committing import Types
from .bulk import MAX_ROWS, Db, filled, in_bulk
from .looking import count_in_tally, entry_of, outcomes_of
from .turns import FIRST_NEXT

# CROSS JOIN keeps the order of the loops: SQLite must not start from the payloads.
_CLAIMABLE = """
    SELECT e.id, e.provider, e.key, e.type, p.body, p.form, p.position, p.headers, p.origin, p.job_id, p.document_id,
           p.batch_id, p.occurred_at, e.received_at, e.claims, e.lost + (e.state = 'running')
    FROM paperhook_event e CROSS JOIN paperhook_payload p ON p.event_id = e.id
    WHERE """


def _due(which: str = "") -> str:
    lost = f"SELECT 1 FROM paperhook_event e WHERE {which} e.state = 'running' AND e.lease_until <= :now LIMIT :limit"  # noqa: S608
    again = f"""
        {_CLAIMABLE} {which} e.state = 'pending' AND e.is_next = 1 AND e.due_at > 0 AND e.due_at <= :now
        ORDER BY e.due_at, e.id"""
    half = f"(:limit - (SELECT count(*) FROM ({lost})) + :lot) / 2"  # noqa: S608 - made of our own text
    return f"""
    SELECT * FROM ({_CLAIMABLE} {which} e.state = 'running' AND e.lease_until <= :now
        ORDER BY e.lease_until LIMIT :limit)
    UNION ALL
    SELECT * FROM ({again} LIMIT {half})
    UNION ALL
    SELECT * FROM ({_CLAIMABLE} {which} e.state = 'pending' AND e.is_next = 1 AND e.due_at <= 0
        ORDER BY e.due_at, e.id LIMIT :limit)
    UNION ALL
    SELECT * FROM ({again} LIMIT :limit OFFSET {half})
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
    FROM ({values}) WHERE id = column1 AND token = column2"""
# Nobody of its line runs from then on, so the turn goes to the first that waits: to it again, or to one run anew.
_RELEASE = """
    UPDATE paperhook_event
    SET state = column3, due_at = column4, is_next = subject IS NULL, lost = 0, token = NULL, lease_until = NULL
    FROM ({values}) WHERE id = column1 AND token = column2"""
_KEEP = """
    UPDATE paperhook_event SET state = column3 FROM ({values}) WHERE id = column1 AND token = column2"""
_PUT_OUTCOMES = "INSERT OR REPLACE INTO paperhook_outcome SELECT * FROM ({values}) WHERE column1 IS NOT NULL"

# Claiming


def _claim(db: Db, asks: Sequence[tuple[int, float, float, Types, int]]) -> list[tuple[Claim, ...]]:
    return [
        _lease(db, _due_rows(db, limit, now, types, lot), lease, now) if limit > 0 else ()
        for limit, lease, now, types, lot in asks
    ]


def _due_rows(db: Db, limit: int, now: float, types: Types, lot: int) -> list[tuple[Any, ...]]:
    values: dict[str, Any] = {"now": now, "limit": limit, "lot": lot}
    if types is None:
        return db.execute(_DUE, values).fetchall()
    only, without = types
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


def _claim_key(db: Db, asks: Sequence[tuple[str, str, float, float]]) -> list[Claim | None]:
    answers: list[Claim | None] = []
    for provider, key, lease, now in asks:
        rows = db.execute(_BY_KEY, (provider, key, now)).fetchall()
        answers.append(next(iter(_lease(db, rows, lease, now)), None))
    return answers


def _lease(db: Db, rows: Sequence[tuple[Any, ...]], lease: float, now: float) -> tuple[Claim, ...]:
    if not rows:
        return ()
    token, until = secrets.token_hex(8), now + lease
    db.execute(_LEASE, (token, until, json.dumps([row[0] for row in rows])))
    # A first claim has no outcomes, and that is nearly all of them.
    outcomes = outcomes_of(db, [row[0] for row in rows if row[14] > 0])
    return tuple(
        [
            Claim(row[0], entry_of(row), token, until, row[14] + 1, outcomes.get(row[0], {}), row[15])
            for row in rows
        ]
    )


def _renew(db: Db, asks: Sequence[tuple[Sequence[Claim], float]]) -> list[tuple[bool, ...]]:
    return [
        tuple([db.execute(_RENEW, (until, claim.id, claim.token)).rowcount == 1 for claim in claims])
        for claims, until in asks
    ]


# Settling


def _settle(db: Db, settlements: Sequence[Settlement]) -> list[bool]:
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
    in_bulk(db, _PUT_OUTCOMES, [row for each in valid for row in _outcome_rows(each)])
    in_bulk(
        db, FIRST_NEXT, [line for each in valid if each.state is not State.RUNNING for line in _line(each)]
    )
    return recorded


def _give_up(db: Db, statement: str, settlements: Sequence[Settlement]) -> set[int]:
    """Give the ids whose lease was the newest.

    Not by RETURNING, see `putting`; where a lease was lost, it is asked for each alone.
    """
    rows = [(each.claim.id, each.claim.token, str(each.state), each.moment) for each in settlements]
    count = sum(
        db.execute(*filled(statement, rows[start : start + MAX_ROWS])).rowcount
        for start in range(0, len(rows), MAX_ROWS)
    )
    if count == len(rows):
        return {each.claim.id for each in settlements}
    if len(rows) > 1:
        raise _OneWasLost
    return set()


class _OneWasLost(Exception):
    """Of several leases one is not the newest; the transaction is done again, each alone."""


def _line(settlement: Settlement) -> list[tuple[str, str]]:
    entry = settlement.claim.entry
    return [] if entry.subject is None else [(entry.subject, entry.provider)]


def _outcome_rows(settlement: Settlement) -> Iterator[tuple[Any, ...]]:
    for each in settlement.outcomes:
        yield (
            settlement.claim.id,
            plain(each.handler),
            str(each.state),
            each.attempts,
            plain(each.error),
            each.started_at,
            each.due_at,
        )


# A claim sees what was put and settled in its own transaction.
SETTLE = Work(_settle, turn=1)
RENEW = Work(_renew, turn=2)
CLAIM = Work(_claim, turn=4)
CLAIM_KEY = Work(_claim_key, turn=5)
