"""What a PostgreSQL inbox does, each kind of work for many callers in a few statements.

Receivers and workers of several machines write at once, so what one statement has seen may be old in the next. Two
things keep the order within a subject all the same: an index allows one `is_next` for each, and whoever adds to a
subject's line or takes from it locks the event whose turn it is, so that the other one sees what was done. Where two
collide on that index, or lock each other out, one of them is done again as a whole.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from ..base import Claim, Settlement, State, plain
from ..committing import Types
from .arrays import BigIntegers, Doubles, Integers, Texts
from .looking import PAYLOAD, entry_of, outcomes_of
from .session import SLOTS, Repeatable, Session, hashed, stored
from .turns import GIVE_TURN, choose_next, columns, line_of

# Claiming

_LEASE = f"""
    UPDATE paperhook_event event
    SET state = 'running', token = %(token)b, lease_until = %(until)b, claims = claims + 1,
        lost = lost + (event.state = 'running')::int
    FROM chosen JOIN paperhook_payload payload ON payload.event_id = chosen.id WHERE event.id = chosen.id
    RETURNING event.id, event.provider, event.key, event.type, event.received_at, {PAYLOAD},
        event.claims, event.lost, chosen.turn, chosen.since"""  # noqa: S608 - made of our own text


def _claim_statement(which: str = "", at_first: str = "") -> str:
    return f"""
    WITH lost AS MATERIALIZED (
        SELECT id, 1 AS turn, lease_until AS since FROM paperhook_event
        WHERE {at_first} {which} state = 'running' AND lease_until <= %(now)b
        ORDER BY lease_until LIMIT %(limit)b FOR UPDATE SKIP LOCKED),
    again AS MATERIALIZED (
        SELECT id, 2 AS turn, due_at AS since FROM paperhook_event
        WHERE {which} state = 'pending' AND is_next AND due_at > 0 AND due_at <= %(now)b
        ORDER BY due_at, id LIMIT (%(limit)b - (SELECT count(*) FROM lost) + %(lot)b) / 2 FOR UPDATE SKIP LOCKED),
    fresh AS MATERIALIZED (
        SELECT id, 3 AS turn, due_at AS since FROM paperhook_event
        WHERE {which} state = 'pending' AND is_next AND due_at <= 0
        ORDER BY due_at, id
        LIMIT %(limit)b - (SELECT count(*) FROM lost) - (SELECT count(*) FROM again) FOR UPDATE SKIP LOCKED),
    more AS MATERIALIZED (
        SELECT id, 4 AS turn, due_at AS since FROM paperhook_event
        WHERE {which} state = 'pending' AND is_next AND due_at > 0 AND due_at <= %(now)b
        -- What this statement has locked is not skipped.
        AND id <> ALL (ARRAY(SELECT id FROM again))
        ORDER BY due_at, id
        LIMIT %(limit)b - (SELECT count(*) FROM lost) - (SELECT count(*) FROM again) - (SELECT count(*) FROM fresh)
        FOR UPDATE SKIP LOCKED),
    -- The limit says how few they are: else the planner, who cannot know, reads all payloads where many events wait.
    chosen AS (
        SELECT * FROM lost UNION ALL SELECT * FROM again UNION ALL SELECT * FROM fresh UNION ALL SELECT * FROM more
        LIMIT %(limit)b)
    {_LEASE}"""  # noqa: S608 - made of our own text


_CLAIM = _claim_statement()
#: The same as a transaction of its own, without a disk as in `UNSYNCED`; the setting ends with the statement, its commit
#: included.
_CLAIM_AT_ONCE = _claim_statement(
    at_first="(SELECT set_config('synchronous_commit', 'off', TRUE)) IS NOT NULL AND"
)
_CLAIM_TYPES = _claim_statement("""
    (cardinality(%(only)b::text[]) = 0 OR type = ANY (%(only)b::text[])) AND type <> ALL (%(without)b::text[]) AND""")
_CLAIM_KEY = f"""
    WITH chosen AS MATERIALIZED (
        SELECT id, 1 AS turn, due_at AS since FROM paperhook_event
        WHERE key_hash = %(key_hash)b AND provider = %(provider)b AND is_next
        AND (state = 'pending' OR state = 'running' AND lease_until <= %(now)b) FOR UPDATE)
    {_LEASE}"""  # noqa: S608
_RENEW = """
    UPDATE paperhook_event event SET lease_until = given.until
    FROM unnest(%(id)b::int8[], %(token)b::text[], %(until)b::float8[]) AS given (id, token, until)
    WHERE event.id = given.id AND event.token = given.token AND event.lease_until IS NOT NULL
    RETURNING event.id, event.token"""
_UNDO_LEASES = """
    UPDATE paperhook_event SET state = 'pending', token = NULL, lease_until = NULL, claims = claims - 1
    WHERE state = 'running' AND lease_until = ANY (%(until)b::float8[]) AND token = ANY (%(token)b::text[])"""


def _claim(db: Session, asks: Sequence[tuple[int, float, float, Types, int]]) -> list[tuple[Claim, ...]]:
    return [_claim_some(db, *ask) if ask[0] > 0 else () for ask in asks]


def claim_at_once(db: Session, asks: Sequence[tuple[int, float, float, Types, int]]) -> list[Any] | None:
    """Lease in one statement, outside any transaction; None where nothing was done because it takes several."""
    limit, lease, now, types, lot = asks[0]
    if len(asks) > 1 or limit <= 0 or types is not None or db.in_doubt.leases:
        return None
    return [_lease(db, _CLAIM_AT_ONCE, lease, now, limit=limit, lot=lot)]


def _claim_some(
    db: Session, limit: int, lease: float, now: float, types: Types, lot: int
) -> tuple[Claim, ...]:
    if types is None:
        return _lease(db, _CLAIM, lease, now, limit=limit, lot=lot)
    only, without = ([stored(each) for each in some] for some in types)
    return _lease(db, _CLAIM_TYPES, lease, now, limit=limit, lot=lot, only=only, without=without)


def _claim_key(db: Session, asks: Sequence[tuple[str, str, float, float]]) -> list[Claim | None]:
    return [
        next(iter(_lease(db, _CLAIM_KEY, lease, now, provider=stored(provider), key_hash=hashed(key))), None)
        for provider, key, lease, now in asks
    ]


def _lease(db: Session, statement: str, lease: float, now: float, **which: Any) -> tuple[Claim, ...]:
    if db.in_doubt.leases:
        # Nobody knows of them, so nobody would run them before they end.
        doubtful = db.in_doubt.leases
        db.later(_UNDO_LEASES, token=list(doubtful), until=list(doubtful.values()))
    token, at = secrets.token_hex(8), db.server_time(now)
    db.doing.leases[token] = until = at + lease
    rows = db.rows(statement, token=token, until=until, now=at, **which)
    rows.sort(key=lambda row: (row[16], row[17], row[0]))
    # A first claim has no outcomes, and that is nearly all of them.
    outcomes = outcomes_of(db, [row[0] for row in rows if row[14] > 1])
    return tuple(
        [
            Claim(
                row[0], entry_of(row), token, float(now + lease), row[14], outcomes.get(row[0], {}), row[15]
            )
            for row in rows
        ]
    )


def _renew(db: Session, asks: Sequence[tuple[Sequence[Claim], float]]) -> list[tuple[bool, ...]]:
    given = sorted(
        {(claim.id, claim.token): db.server_time(until) for claims, until in asks for claim in claims}.items()
    )
    newest = set(
        db.rows(
            _RENEW,
            id=[event_id for (event_id, _), _ in given],
            token=[token for (_, token), _ in given],
            until=[until for _, until in given],
        )
    )
    return [tuple([(claim.id, claim.token) in newest for claim in claims]) for claims, _ in asks]


# Settling

#: The token stays behind, so that who did not hear of the commit can tell whether it was its own.
_SETTLE = """
    WITH given AS (
        SELECT * FROM unnest(%(id)b::int8[], %(token)b::text[], %(state)b::text[], %(moment)b::float8[])
            AS item (id, token, state, moment)),
    held AS MATERIALIZED (
        SELECT event.id, given.state, given.moment FROM given JOIN paperhook_event event
            ON event.id = given.id AND event.token = given.token
        -- Not by the state: an index of all leases would be read for it, from end to end.
        WHERE event.lease_until IS NOT NULL ORDER BY event.id FOR UPDATE OF event),
    outcome AS (
        INSERT INTO paperhook_outcome
        SELECT * FROM unnest(%(event_id)b::int8[], %(handler)b::text[], %(outcome)b::text[], %(attempts)b::int4[],
            %(error)b::text[], %(started_at)b::float8[], %(due_at)b::float8[]) AS item (event_id)
        -- In a form that is looked up by hash; as a join it would compare each with each.
        WHERE (item.event_id IN (SELECT id FROM held)) IS TRUE
        ON CONFLICT (event_id, handler) DO UPDATE SET state = excluded.state, attempts = excluded.attempts,
            error = excluded.error, started_at = excluded.started_at, due_at = excluded.due_at)
    UPDATE paperhook_event event
    SET state = held.state,
        is_next = event.is_next AND held.state IN ('pending', 'running'),
        settled_at = CASE WHEN held.state IN ('done', 'dead', 'review') THEN held.moment END,
        due_at = CASE held.state WHEN 'pending' THEN held.moment ELSE event.due_at END,
        lost = CASE held.state WHEN 'pending' THEN 0 ELSE event.lost END,
        lease_until = CASE held.state WHEN 'running' THEN event.lease_until END
    FROM held WHERE event.id = held.id RETURNING event.id"""
_SETTLE_AT_ONCE = """
    SELECT paperhook_settle(
        %(id)b::int8[], %(token)b::text[], %(state)b::text[], %(moment)b::float8[],
        %(event_id)b::int8[], %(handler)b::text[], %(outcome)b::text[], %(attempts)b::int4[], %(error)b::text[],
        %(started_at)b::float8[], %(due_at)b::float8[], %(slot)b::int2)"""
#: Whoever is still at it is waited for.
_RECALL = """
    SELECT event.id, event.state FROM unnest(%(id)b::int8[], %(token)b::text[]) AS given (id, token)
    JOIN paperhook_event event ON event.id = given.id AND event.token = given.token
    ORDER BY event.id FOR UPDATE OF event"""


def _settle(db: Session, settlements: Sequence[Settlement]) -> list[bool]:
    if len({each.claim.id for each in settlements}) < len(settlements):
        # Two workers, or one twice, give up the same event: one after the other, so that each token is looked at.
        return [is_recorded for each in settlements for is_recorded in _settle(db, [each])]
    known = _recalled(db, settlements)
    given = [each for each in settlements if each.claim.id not in known]
    held = _record(db, given)
    db.doing.settled.update(_key(each) for each in settlements)
    valid = [each for each in given if each.claim.id in held]
    settled = {line for each in valid if each.state.is_settled for line in line_of(each.claim.entry)}
    if settled:
        db.later(GIVE_TURN, **columns(settled))
    released = [each for each in valid if each.state is State.PENDING]
    choose_next(db, {line for each in released for line in line_of(each.claim.entry)})
    # What is due at once was given up for others.
    db.is_news = db.is_news or any(each.moment <= 0 for each in released)
    db.count(done=sum(each.state is State.DONE for each in valid))
    return [each.claim.id in held or each.claim.id in known for each in settlements]


def _key(settlement: Settlement) -> tuple[int, str]:
    return settlement.claim.id, settlement.claim.token


def _recalled(db: Session, settlements: Sequence[Settlement]) -> set[int]:
    """Give the ids of events that an earlier transaction has settled, of whose commit nobody heard."""
    doubtful = [key for key in map(_key, settlements) if key in db.in_doubt.settled]
    return recall(db, doubtful) if doubtful else set()


def recall(db: Session, keys: Sequence[tuple[int, str]]) -> set[int]:
    """Give the ids of those events, of ids and tokens, whose lease was given up under that token."""
    found = db.rows(_RECALL, id=[event_id for event_id, _ in keys], token=[token for _, token in keys])
    return {event_id for event_id, state in found if state != State.RUNNING}


def settle_at_once(db: Session, settlements: Sequence[Settlement]) -> list[Any] | None:
    """End leases in one call, outside any transaction; None where nothing was done because it takes several statements."""
    keys = set(map(_key, settlements))
    is_plain = all(each.state.is_settled for each in settlements)
    if (
        not is_plain
        or len({event_id for event_id, _ in keys}) < len(settlements)
        or keys & db.in_doubt.settled
    ):
        return None
    db.doing.settled.update(keys)
    ((held,),) = db.rows(_SETTLE_AT_ONCE, slot=secrets.randbelow(SLOTS), **_values(db, settlements))
    recorded = set(held)
    return [each.claim.id in recorded for each in settlements]


def _record(db: Session, settlements: Sequence[Settlement]) -> set[int]:
    """Write states and outcomes under their tokens; give the ids of events that were held."""
    if not settlements:
        return set()
    return {event_id for (event_id,) in db.rows(_SETTLE, **_values(db, settlements))}


def _values(db: Session, settlements: Sequence[Settlement]) -> dict[str, Any]:
    outcomes = {
        (each.claim.id, stored(plain(outcome.handler))): outcome
        for each in settlements
        for outcome in each.outcomes
    }
    return {
        "id": BigIntegers([each.claim.id for each in settlements]),
        "token": Texts([each.claim.token for each in settlements]),
        "state": Texts([str(each.state) for each in settlements]),
        "moment": Doubles([_moment(db, each) for each in settlements]),
        "event_id": BigIntegers([event_id for event_id, _ in outcomes]),
        "handler": Texts([handler for _, handler in outcomes]),
        "outcome": Texts([str(each.state) for each in outcomes.values()]),
        "attempts": Integers([each.attempts for each in outcomes.values()]),
        "error": Texts([stored(plain(each.error)) if each.error else "" for each in outcomes.values()]),
        "started_at": Doubles([float(each.started_at) for each in outcomes.values()]),
        "due_at": Doubles([float(each.due_at) for each in outcomes.values()]),
    }


def _moment(db: Session, settlement: Settlement) -> float:
    # When it is due again the server's clock decides.
    return (
        db.server_time(settlement.moment) if settlement.state is State.PENDING else float(settlement.moment)
    )


# A claim sees what was put and settled in its own transaction.
SETTLE = Repeatable(_settle, turn=1)
RENEW = Repeatable(_renew, turn=2)
CLAIM = Repeatable(_claim, turn=4)
CLAIM_KEY = Repeatable(_claim_key, turn=5)
LEASING = frozenset({CLAIM, CLAIM_KEY, RENEW})
