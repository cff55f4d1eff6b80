"""What a PostgreSQL inbox does, each kind of work for many callers in a few statements.

Receivers and workers of several machines write at once, so what one statement has seen may be old in the next. Two
things keep the order within a subject all the same: an index allows one `is_next` for each, and whoever adds to a
subject's line or takes from it locks the event whose turn it is, so that the other one sees what was done. Where two
collide on that index, or lock each other out, one of them is done again as a whole.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import psycopg
from psycopg.pq import Format
from psycopg.rows import TupleRow, tuple_row

from .base import Claim, Entry, Filter, Outcome, Row, Settlement, State, Stats, plain
from .commits import Work

#: A provider and the hash of a key or of a subject.
_Name: TypeAlias = tuple[str, bytes]
#: Only these types, and without those; None for all.
_Types: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]] | None

#: PostgreSQL's text has no null character; this one, which Unicode keeps free, says that one follows.
_ESCAPE = "\ufdd0"

#: Lines of the tally; a transaction that counts takes any of them.
_SLOTS = 16

_NOTIFY = "SELECT pg_notify('paperhook_event', current_schema())"
_TALLY = """
    INSERT INTO paperhook_tally VALUES (%(slot)b, %(done)b, %(duplicates)b)
    ON CONFLICT (slot) DO UPDATE SET done = paperhook_tally.done + excluded.done,
        duplicates = paperhook_tally.duplicates + excluded.duplicates"""


class Session:
    """A connection, and what its transaction has still to tell."""

    def __init__(self, connection: psycopg.Connection[TupleRow]) -> None:
        self.connection = connection
        # Whatever a handler made of the connection's own factories.
        self._cursor = psycopg.Cursor(connection, row_factory=tuple_row)
        self._cursor.format = Format.BINARY
        #: Whether somebody who waits should look.
        self.is_news = False
        self._done = self._duplicates = 0

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Run a statement and give its rows."""
        return self._execute(statement, values).fetchall()

    def run(self, statement: str, **values: Any) -> None:
        """Run a statement for what it does."""
        self._execute(statement, values)

    def control(self, statement: str) -> None:
        """Begin, end or part the transaction; several statements may be one message."""
        self.connection.execute(statement.encode(), prepare=False)

    def _execute(self, statement: str, values: Mapping[str, Any]) -> psycopg.Cursor[TupleRow]:
        # All texts are ours; what comes from outside goes into the values.
        return self._cursor.execute(statement.encode(), values)

    def count(self, *, done: int = 0, duplicates: int = 0) -> None:
        """Add to the tally."""
        self._done += done
        self._duplicates += duplicates

    def complete(self) -> None:
        """Tell it, as the last thing before the commit: whoever counts in the same slot waits until then."""
        if self._done or self._duplicates:
            self.run(_TALLY, slot=secrets.randbelow(_SLOTS), done=self._done, duplicates=self._duplicates)
        if self.is_news:
            self.run(_NOTIFY)
        self.forget()

    def forget(self) -> None:
        """Leave untold what was told or rolled back."""
        self.is_news = False
        self._done = self._duplicates = 0


# Putting

_PUT_EVENTS = """
    INSERT INTO paperhook_event (id, provider, key, key_hash, type, subject_hash, received_at, is_next)
    SELECT id, provider, key, key_hash, type, subject_hash, received_at,
        subject_hash IS NULL OR is_first AND NOT EXISTS (
            SELECT 1 FROM paperhook_event other WHERE other.subject_hash = given.subject_hash
            AND other.provider = given.provider AND other.settled_at IS NULL)
    FROM (
        SELECT nextval('paperhook_event_id_seq') AS id, item.* FROM (
            SELECT * FROM unnest(
                %(provider)b::text[], %(key)b::text[], %(key_hash)b::bytea[], %(type)b::text[],
                %(subject_hash)b::bytea[], %(is_first)b::bool[], %(received_at)b::float8[]
            ) WITH ORDINALITY AS item (provider, key, key_hash, type, subject_hash, is_first, received_at, place)
            ORDER BY place) item
        -- Not merged with the query around it, which would draw the numbers in its own order.
        OFFSET 0) given
    -- In one order everywhere, so that two machines with the same events do not wait for each other.
    ORDER BY key_hash, provider
    -- Of the key, or of a turn that another machine took in this moment.
    ON CONFLICT DO NOTHING RETURNING provider, key_hash, id, is_next"""
_PUT_PAYLOADS = """
    INSERT INTO paperhook_payload
    SELECT * FROM unnest(
        %(id)b::int8[], %(body)b::bytea[], %(form)b::text[], %(position)b::int4[], %(headers)b::text[],
        %(origin)b::text[], %(job_id)b::text[], %(document_id)b::text[], %(batch_id)b::text[], %(occurred_at)b::float8[])"""
_COUNT_DUPLICATES = """
    UPDATE paperhook_event event SET duplicates = duplicates + given.copies
    FROM unnest(%(provider)b::text[], %(key_hash)b::bytea[], %(copies)b::int4[]) AS given (provider, key_hash, copies)
    WHERE event.provider = given.provider AND event.key_hash = given.key_hash
    RETURNING event.provider, event.key_hash"""


def _put(db: Session, groups: Sequence[Sequence[Entry]]) -> list[tuple[bool, ...]]:
    entries = [entry for entries in groups for entry in entries]
    names = [(stored(entry.provider), hashed(entry.key)) for entry in entries]
    new = _put_new(db, entries, names)
    db.is_news = db.is_news or bool(new)
    db.count(duplicates=len(entries) - len(new))
    answers, start = list[tuple[bool, ...]](), 0
    for group in groups:
        answers.append(tuple([place in new for place in range(start, start + len(group))]))
        start += len(group)
    return answers


def _put_new(db: Session, entries: Sequence[Entry], names: Sequence[_Name]) -> set[int]:
    """Insert what is new and count the copies of what is not; give the places of the new ones."""
    copies = Counter(names)
    waiting = {name: place for place, name in reversed(list(enumerate(names)))}
    new, followers = dict[int, int](), set[_Name]()
    while waiting:
        inserted = _put_events(db, {place: (name, entries[place]) for name, place in waiting.items()})
        for provider, key_hash, event_id, is_next in inserted:
            place = waiting.pop((provider, key_hash))
            new[place] = event_id
            if not is_next:
                followers.update(_line(entries[place]))
        for name in _count(db, {name: copies[name] for name in waiting}):
            del waiting[name]
        # What is neither new nor known lost its turn to another machine's event, which is visible by now.
    _put_payloads(db, {event_id: entries[place] for place, event_id in new.items()})
    _count(db, {names[place]: copies[names[place]] - 1 for place in new if copies[names[place]] > 1})
    _follow(db, followers)
    return set(new)


def _put_events(db: Session, named: Mapping[int, tuple[_Name, Entry]]) -> list[tuple[str, bytes, int, bool]]:
    """Insert the state of events in the order of their places; give name, id and turn of the new ones."""
    ordered = [named[place] for place in sorted(named)]
    entries = [entry for _, entry in ordered]
    lines = [next(iter(_line(entry)), None) for entry in entries]
    # From the last to the first, so that the first of a line stays.
    firsts = {line: number for number, line in reversed(list(enumerate(lines)))}
    return db.rows(
        _PUT_EVENTS,
        provider=[provider for (provider, _), _ in ordered],
        key=[stored(entry.key) for entry in entries],
        key_hash=[key_hash for (_, key_hash), _ in ordered],
        type=[stored(entry.type) for entry in entries],
        subject_hash=[line and line[1] for line in lines],
        is_first=[firsts[line] == number for number, line in enumerate(lines)],
        received_at=[float(entry.received_at) for entry in entries],
    )


def _put_payloads(db: Session, by_id: Mapping[int, Entry]) -> None:
    if not by_id:
        return
    entries = by_id.values()
    db.run(
        _PUT_PAYLOADS,
        id=list(by_id),
        body=[entry.body for entry in entries],
        form=[stored(entry.form) for entry in entries],
        position=[entry.index for entry in entries],
        headers=[json.dumps(dict(entry.headers)) if entry.headers else "{}" for entry in entries],
        origin=[stored(entry.origin) for entry in entries],
        job_id=[_stored_if(entry.job_id) for entry in entries],
        document_id=[_stored_if(entry.document_id) for entry in entries],
        batch_id=[_stored_if(entry.batch_id) for entry in entries],
        occurred_at=[None if entry.occurred_at is None else float(entry.occurred_at) for entry in entries],
    )


def _count(db: Session, copies: Mapping[_Name, int]) -> set[_Name]:
    """Count copies on the rows that are there; give the names of those rows."""
    if not copies:
        return set()
    # In one order everywhere, as in _PUT_EVENTS.
    names = sorted(copies, key=lambda name: (name[1], name[0]))
    found = db.rows(
        _COUNT_DUPLICATES,
        provider=[provider for provider, _ in names],
        key_hash=[key_hash for _, key_hash in names],
        copies=[copies[name] for name in names],
    )
    return {(provider, key_hash) for provider, key_hash in found}


# Turns

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
_GIVE_TURN = f"""
    UPDATE paperhook_event event SET is_next = TRUE FROM (
        SELECT (SELECT waiting.id FROM paperhook_event waiting
            WHERE waiting.subject_hash = line.subject_hash AND waiting.provider = line.provider
            AND waiting.settled_at IS NULL
            ORDER BY waiting.state = 'running' DESC, waiting.id LIMIT 1) AS id
        FROM {_LINES} ORDER BY id) first
    WHERE event.id = first.id AND NOT event.is_next AND event.settled_at IS NULL"""  # noqa: S608


def _line(entry: Entry) -> list[_Name]:
    return [] if entry.subject is None else [(stored(entry.provider), hashed(entry.subject))]


def _columns(lines: Collection[_Name]) -> dict[str, Any]:
    ordered = sorted(lines)
    return {"provider": [line[0] for line in ordered], "subject_hash": [line[1] for line in ordered]}


def _follow(db: Session, lines: Collection[_Name]) -> None:
    """See to it that somebody's turn it is in each line, and that it stays so until the commit."""
    waiting = set(lines)
    while waiting:
        waiting -= set(db.rows(_LOCK_NEXT, **_columns(waiting)))
        if waiting:
            # The one before was settled in this moment, by somebody who could not see what was added.
            db.run(_GIVE_TURN, **_columns(waiting))


def choose_next(db: Session, lines: Collection[_Name]) -> None:
    """Give the turn of each line to its running event, else to the earliest that is not settled."""
    if lines:
        db.run(_LOCK_NEXT, **_columns(lines))
        db.run(_YIELD_TURN, **_columns(lines))
        db.run(_GIVE_TURN, **_columns(lines))


# Claiming

_PAYLOAD = """
    payload.body, payload.form, payload.position, payload.headers, payload.origin, payload.job_id,
    payload.document_id, payload.batch_id, payload.occurred_at"""
_LEASE = f"""
    UPDATE paperhook_event event
    SET state = 'running', token = %(token)b, lease_until = %(until)b, claims = claims + 1,
        lost = lost + (event.state = 'running')::int
    FROM chosen JOIN paperhook_payload payload ON payload.event_id = chosen.id WHERE event.id = chosen.id
    RETURNING event.id, event.provider, event.key, event.type, event.received_at, {_PAYLOAD},
        event.claims, event.lost, chosen.turn, chosen.since"""  # noqa: S608 - made of our own text


def _claim_statement(which: str = "") -> str:
    return f"""
    WITH lost AS MATERIALIZED (
        SELECT id, 1 AS turn, lease_until AS since FROM paperhook_event
        WHERE {which} state = 'running' AND lease_until <= %(now)b
        ORDER BY lease_until LIMIT %(limit)b FOR UPDATE SKIP LOCKED),
    again AS MATERIALIZED (
        SELECT id, 2 AS turn, due_at AS since FROM paperhook_event
        WHERE {which} state = 'pending' AND is_next AND due_at > 0 AND due_at <= %(now)b
        ORDER BY due_at, id LIMIT %(limit)b - (SELECT count(*) FROM lost) FOR UPDATE SKIP LOCKED),
    fresh AS MATERIALIZED (
        SELECT id, 3 AS turn, due_at AS since FROM paperhook_event
        WHERE {which} state = 'pending' AND is_next AND due_at <= 0
        ORDER BY due_at, id
        LIMIT %(limit)b - (SELECT count(*) FROM lost) - (SELECT count(*) FROM again) FOR UPDATE SKIP LOCKED),
    chosen AS (SELECT * FROM lost UNION ALL SELECT * FROM again UNION ALL SELECT * FROM fresh)
    {_LEASE}"""  # noqa: S608 - made of our own text


_CLAIM = _claim_statement()
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
    WHERE event.id = given.id AND event.token = given.token RETURNING event.id, event.token"""
_OUTCOMES = """
    SELECT event_id, handler, state, attempts, error, started_at, due_at FROM paperhook_outcome
    WHERE event_id = ANY (%(ids)b::int8[])"""


def _claim(db: Session, asks: Sequence[tuple[int, float, float, _Types]]) -> list[tuple[Claim, ...]]:
    return [_claim_some(db, *ask) if ask[0] > 0 else () for ask in asks]


def _claim_some(db: Session, limit: int, lease: float, now: float, types: _Types) -> tuple[Claim, ...]:
    if types is None:
        return _lease(db, _CLAIM, lease, now, limit=limit)
    only, without = ([stored(each) for each in some] for some in types)
    return _lease(db, _CLAIM_TYPES, lease, now, limit=limit, only=only, without=without)


def _claim_key(db: Session, asks: Sequence[tuple[str, str, float, float]]) -> list[Claim | None]:
    return [
        next(iter(_lease(db, _CLAIM_KEY, lease, now, provider=stored(provider), key_hash=hashed(key))), None)
        for provider, key, lease, now in asks
    ]


def _lease(db: Session, statement: str, lease: float, now: float, **which: Any) -> tuple[Claim, ...]:
    token, until = secrets.token_hex(8), float(now + lease)
    rows = db.rows(statement, token=token, until=until, now=float(now), **which)
    rows.sort(key=lambda row: (row[16], row[17], row[0]))
    # A first claim has no outcomes, and that is nearly all of them.
    outcomes = _outcomes_of(db, [row[0] for row in rows if row[14] > 1])
    return tuple(
        [Claim(row[0], _entry(row), token, until, row[14], outcomes.get(row[0], {}), row[15]) for row in rows]
    )


def _entry(row: Sequence[Any]) -> Entry:
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
        job_id=_original_if(row[10]),
        document_id=_original_if(row[11]),
        batch_id=_original_if(row[12]),
        occurred_at=row[13],
    )


def _outcomes_of(db: Session, ids: Sequence[int]) -> dict[int, dict[str, Outcome]]:
    found: dict[int, dict[str, Outcome]] = {}
    for event_id, name, state, attempts, error, *times in db.rows(_OUTCOMES, ids=ids) if ids else ():
        handler = original(name)
        outcome = Outcome(handler, State(state), attempts, original(error), *times)
        found.setdefault(event_id, {})[handler] = outcome
    return found


def _renew(db: Session, asks: Sequence[tuple[Sequence[Claim], float]]) -> list[tuple[bool, ...]]:
    given = sorted(
        {(claim.id, claim.token): float(until) for claims, until in asks for claim in claims}.items()
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

_SETTLE = """
    WITH given AS (
        SELECT * FROM unnest(%(id)b::int8[], %(token)b::text[], %(state)b::text[], %(moment)b::float8[])
            AS item (id, token, state, moment)),
    held AS MATERIALIZED (
        SELECT event.id, given.state, given.moment FROM given JOIN paperhook_event event
            ON event.id = given.id AND event.token = given.token
        ORDER BY event.id FOR UPDATE OF event)
    UPDATE paperhook_event event
    SET state = held.state,
        is_next = event.is_next AND held.state IN ('pending', 'running'),
        settled_at = CASE WHEN held.state IN ('done', 'dead') THEN held.moment END,
        due_at = CASE held.state WHEN 'pending' THEN held.moment ELSE event.due_at END,
        lost = CASE held.state WHEN 'pending' THEN 0 ELSE event.lost END,
        token = CASE held.state WHEN 'running' THEN event.token END,
        lease_until = CASE held.state WHEN 'running' THEN event.lease_until END
    FROM held WHERE event.id = held.id RETURNING event.id"""
_PUT_OUTCOMES = """
    INSERT INTO paperhook_outcome
    SELECT * FROM unnest(%(event_id)b::int8[], %(handler)b::text[], %(state)b::text[], %(attempts)b::int4[],
        %(error)b::text[], %(started_at)b::float8[], %(due_at)b::float8[])
    ON CONFLICT (event_id, handler) DO UPDATE SET state = excluded.state, attempts = excluded.attempts,
        error = excluded.error, started_at = excluded.started_at, due_at = excluded.due_at"""


def _settle(db: Session, settlements: Sequence[Settlement]) -> list[bool]:
    if len({each.claim.id for each in settlements}) < len(settlements):
        # Two workers, or one twice, give up the same event: one after the other, so that each token is looked at.
        return [is_recorded for each in settlements for is_recorded in _settle(db, [each])]
    found = db.rows(
        _SETTLE,
        id=[each.claim.id for each in settlements],
        token=[each.claim.token for each in settlements],
        state=[str(each.state) for each in settlements],
        moment=[float(each.moment) for each in settlements],
    )
    held = {event_id for (event_id,) in found}
    valid = [each for each in settlements if each.claim.id in held]
    _put_outcomes(db, valid)
    settled = {line for each in valid if each.state.is_settled for line in _line(each.claim.entry)}
    if settled:
        db.run(_GIVE_TURN, **_columns(settled))
    released = [each for each in valid if each.state is State.PENDING]
    choose_next(db, {line for each in released for line in _line(each.claim.entry)})
    # What is due at once was given up for others.
    db.is_news = db.is_news or any(each.moment <= 0 for each in released)
    db.count(done=sum(each.state is State.DONE for each in valid))
    return [each.claim.id in held for each in settlements]


def _put_outcomes(db: Session, settlements: Iterable[Settlement]) -> None:
    by_name = {
        (each.claim.id, stored(plain(outcome.handler))): outcome
        for each in settlements
        for outcome in each.outcomes
    }
    if not by_name:
        return
    outcomes = by_name.values()
    db.run(
        _PUT_OUTCOMES,
        event_id=[event_id for event_id, _ in by_name],
        handler=[handler for _, handler in by_name],
        state=[str(each.state) for each in outcomes],
        attempts=[each.attempts for each in outcomes],
        error=[stored(plain(each.error)) for each in outcomes],
        started_at=[float(each.started_at) for each in outcomes],
        due_at=[float(each.due_at) for each in outcomes],
    )


# Looking

JOINED = "FROM paperhook_event event JOIN paperhook_payload payload ON payload.event_id = event.id"
_ROWS = f"""
    SELECT event.id, event.provider, event.key, event.type, event.received_at, {_PAYLOAD},
        event.state, event.due_at, event.settled_at, event.claims, event.duplicates, event.replays {JOINED}
    {{where}} ORDER BY event.id DESC LIMIT %(limit)b OFFSET %(offset)b"""
_STATS = """
    SELECT
        (SELECT count(*) FROM paperhook_event WHERE state = 'pending'),
        (SELECT count(*) FROM paperhook_event WHERE state = 'running'),
        (SELECT count(*) FROM paperhook_event WHERE state = 'dead'),
        (SELECT min(received_at) FROM paperhook_event WHERE state = 'pending'),
        (SELECT coalesce(sum(done), 0)::int8 FROM paperhook_tally),
        (SELECT coalesce(sum(duplicates), 0)::int8 FROM paperhook_tally)"""


def _rows(db: Session, asks: Sequence[tuple[Filter, int, int]]) -> list[tuple[Row, ...]]:
    answers: list[tuple[Row, ...]] = []
    for where, limit, offset in asks:
        clause, values = where_clause(where)
        found = db.rows(_ROWS.format(where=clause), **values, limit=limit, offset=offset)
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
    ((pending, running, dead, oldest, done, duplicates),) = db.rows(_STATS)
    return [Stats(pending, running, done, dead, duplicates, oldest)] * len(asks)


# Texts


def hashed(text: str) -> bytes:
    """Give the hash under which a key or a subject is found."""
    return hashlib.sha256(text.encode()).digest()


def stored(text: str) -> str:
    """Give a text as the tables hold it."""
    if "\x00" not in text and _ESCAPE not in text:
        return text
    return text.replace(_ESCAPE, _ESCAPE + "1").replace("\x00", _ESCAPE + "0")


def original(text: str) -> str:
    """Give back a text that the tables hold."""
    return text.replace(_ESCAPE + "0", "\x00").replace(_ESCAPE + "1", _ESCAPE) if _ESCAPE in text else text


def _stored_if(text: str | None) -> str | None:
    return None if text is None else stored(text)


def _original_if(text: str | None) -> str | None:
    return None if text is None else original(text)


# A claim sees what was put and settled in its own transaction.
PUT = Work(_put, turn=0)
SETTLE = Work(_settle, turn=1)
RENEW = Work(_renew, turn=2)
CLAIM = Work(_claim, turn=4)
CLAIM_KEY = Work(_claim_key, turn=5)
LEASING = frozenset({CLAIM, CLAIM_KEY, RENEW})
ROWS = Work(_rows, turn=0)
STATS = Work(_stats, turn=0)
