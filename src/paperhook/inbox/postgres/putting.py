"""How events are put into PostgreSQL.

Nearly always all events of a commit are new, and the only ones of their documents: then one statement, which is a
transaction of its own, stores everything or nothing. What it cannot do, a transaction of several statements does.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import psycopg

from ..base import Entry
from .arrays import BigIntegers, Binaries, Doubles, Integers, Texts
from .session import Name, Repeatable, Session, hashed, stored, stored_if
from .turns import follow, line_of

_PUT_AT_ONCE = """
    WITH given AS MATERIALIZED (
        SELECT nextval('paperhook_event_id_seq') AS id, item.* FROM unnest(
            %(provider)b::text[], %(key)b::text[], %(key_hash)b::bytea[], %(type)b::text[],
            %(subject_hash)b::bytea[], %(received_at)b::float8[], %(body)b::bytea[], %(form)b::text[],
            %(position)b::int4[], %(headers)b::text[], %(origin)b::text[], %(job_id)b::text[],
            %(document_id)b::text[], %(batch_id)b::text[], %(occurred_at)b::float8[])
        AS item (provider, key, key_hash, type, subject_hash, received_at, body, form, position, headers, origin,
            job_id, document_id, batch_id, occurred_at)),
    free AS MATERIALIZED (
        -- Looked up one by one. As joins they are planned for a table that is nearly empty, and read a large one whole.
        SELECT WHERE NOT EXISTS (
            SELECT FROM given WHERE
                (SELECT known.id FROM paperhook_event known
                    WHERE known.key_hash = given.key_hash AND known.provider = given.provider) IS NOT NULL
                OR (SELECT other.id FROM paperhook_event other
                    WHERE other.subject_hash = given.subject_hash AND other.provider = given.provider
                    AND other.settled_at IS NULL LIMIT 1) IS NOT NULL)),
    event AS (
        INSERT INTO paperhook_event (id, provider, key, key_hash, type, subject_hash, received_at, is_next)
        SELECT id, provider, key, key_hash, type, subject_hash, received_at, TRUE FROM given, free
        -- In one order everywhere, so that two machines with the same events do not wait for each other.
        ORDER BY key_hash, provider),
    payload AS (
        INSERT INTO paperhook_payload
        SELECT id, body, form, position, headers, origin, job_id, document_id, batch_id, occurred_at FROM given, free)
    SELECT pg_notify('paperhook_event', current_schema()) FROM free"""
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


#: By what no other delivery of the same event has.
_RECALL_PUTS = """
    SELECT event.provider, event.key_hash
    FROM unnest(%(provider)b::text[], %(key_hash)b::bytea[], %(received_at)b::float8[])
        AS given (provider, key_hash, received_at)
    JOIN paperhook_event event USING (provider, key_hash, received_at)"""


def put_at_once(db: Session, groups: Sequence[Sequence[Entry]]) -> list[tuple[bool, ...]] | None:
    """Put events in one statement, outside any transaction; None where nothing was done because not all are new.

    Raises:
        UniqueViolation: If another machine put one of them in this moment; nothing was done.
    """
    entries = [entry for entries in groups for entry in entries]
    names = [(stored(entry.provider), hashed(entry.key)) for entry in entries]
    subjects = [hashed(subject) if (subject := entry.subject) else None for entry in entries]
    lines = [(name[0], subject) for name, subject in zip(names, subjects, strict=True) if subject]
    if not entries or len(set(names)) < len(names) or len(set(lines)) < len(lines):
        return None
    _promise(db, names, entries)
    found = db.rows(
        _PUT_AT_ONCE,
        provider=Texts([provider for provider, _ in names]),
        key=Texts([stored(entry.key) for entry in entries]),
        key_hash=Binaries([key_hash for _, key_hash in names]),
        type=Texts([stored(entry.type) for entry in entries]),
        subject_hash=Binaries(subjects),
        received_at=Doubles([float(entry.received_at) for entry in entries]),
        **_payloads(entries),
    )
    return [(True,) * len(group) for group in groups] if found else None


def _promise(db: Session, names: Sequence[Name], entries: Sequence[Entry]) -> None:
    db.doing.puts.update(zip(names, [float(entry.received_at) for entry in entries], strict=True))


def _put(db: Session, groups: Sequence[Sequence[Entry]]) -> list[tuple[bool, ...]]:
    entries = [entry for entries in groups for entry in entries]
    names = [(stored(entry.provider), hashed(entry.key)) for entry in entries]
    _promise(db, names, entries)
    new = _put_new(db, entries, names)
    db.is_news = db.is_news or bool(new)
    db.count(duplicates=len(entries) - len(new))
    answers, start = list[tuple[bool, ...]](), 0
    for group in groups:
        answers.append(tuple([place in new for place in range(start, start + len(group))]))
        start += len(group)
    return answers


def _recalled(db: Session, names: Collection[Name]) -> set[Name]:
    """Give those that an earlier transaction has put, of whose commit nobody heard."""
    doubtful = {name: db.in_doubt.puts[name] for name in names if name in db.in_doubt.puts}
    if not doubtful:
        return set()
    found = db.rows(
        _RECALL_PUTS,
        provider=[provider for provider, _ in doubtful],
        key_hash=[key_hash for _, key_hash in doubtful],
        received_at=list(doubtful.values()),
    )
    return {(provider, key_hash) for provider, key_hash in found}


def _put_new(db: Session, entries: Sequence[Entry], names: Sequence[Name]) -> set[int]:
    """Insert what is new and count the copies of what is not; give the places of the new ones."""
    copies = Counter(names)
    waiting = {name: place for place, name in reversed(list(enumerate(names)))}
    new, mine, followers = dict[int, int](), set[int](), set[Name]()
    while waiting:
        inserted = _put_events(db, {place: (name, entries[place]) for name, place in waiting.items()})
        for provider, key_hash, event_id, is_next in inserted:
            place = waiting.pop((provider, key_hash))
            new[place] = event_id
            if not is_next:
                followers.update(line_of(entries[place]))
        # Not before the insert, which has waited for whoever was still at it.
        mine.update(waiting.pop(name) for name in _recalled(db, waiting))
        for name in _count(db, {name: copies[name] for name in waiting}):
            del waiting[name]
        # What is neither new nor known lost its turn to another machine's event, which is visible by now.
        _check_order(entries, waiting.values(), new)
    _put_payloads(db, {event_id: entries[place] for place, event_id in new.items()})
    _count(db, {names[place]: copies[names[place]] - 1 for place in new if copies[names[place]] > 1})
    follow(db, followers)
    return mine.union(new)


def _check_order(entries: Sequence[Entry], left: Collection[int], new: Collection[int]) -> None:
    """See to it that no event gets a later number than one that stands behind it in its line.

    Raises:
        SerializationFailure: If it would; all is to be done again.
    """
    last = {line: place for place in sorted(new) for line in line_of(entries[place])} if left else {}
    if any(last.get(line, place) > place for place in left for line in line_of(entries[place])):
        raise psycopg.errors.SerializationFailure("an event lost its turn to one of another machine")


def _put_events(db: Session, named: Mapping[int, tuple[Name, Entry]]) -> list[tuple[str, bytes, int, bool]]:
    """Insert the state of events in the order of their places; give name, id and turn of the new ones."""
    ordered = [named[place] for place in sorted(named)]
    entries = [entry for _, entry in ordered]
    lines = [next(iter(line_of(entry)), None) for entry in entries]
    # From the last to the first, so that the first of a line stays.
    firsts = {line: number for number, line in reversed(list(enumerate(lines)))}
    return db.rows(
        _PUT_EVENTS,
        provider=Texts([provider for (provider, _), _ in ordered]),
        key=Texts([stored(entry.key) for entry in entries]),
        key_hash=Binaries([key_hash for (_, key_hash), _ in ordered]),
        type=Texts([stored(entry.type) for entry in entries]),
        subject_hash=Binaries([line and line[1] for line in lines]),
        is_first=[firsts[line] == number for number, line in enumerate(lines)],
        received_at=Doubles([float(entry.received_at) for entry in entries]),
    )


def _put_payloads(db: Session, by_id: Mapping[int, Entry]) -> None:
    if by_id:
        db.later(_PUT_PAYLOADS, id=BigIntegers(by_id), **_payloads(by_id.values()))


def _payloads(entries: Collection[Entry]) -> dict[str, Any]:
    return {
        "body": Binaries([entry.body for entry in entries]),
        "form": Texts([stored(entry.form) for entry in entries]),
        "position": Integers([entry.index for entry in entries]),
        "headers": Texts([json.dumps(dict(entry.headers)) if entry.headers else "{}" for entry in entries]),
        "origin": Texts([stored(entry.origin) for entry in entries]),
        "job_id": Texts([stored_if(entry.job_id) for entry in entries]),
        "document_id": Texts([stored_if(entry.document_id) for entry in entries]),
        "batch_id": Texts([stored_if(entry.batch_id) for entry in entries]),
        "occurred_at": Doubles(
            [None if (at := entry.occurred_at) is None else float(at) for entry in entries]
        ),
    }


def _count(db: Session, copies: Mapping[Name, int]) -> set[Name]:
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


# Before anything that may settle or lease what is put in the same transaction.
PUT = Repeatable(_put, turn=0, size_bytes=lambda entries: sum([len(entry.body) for entry in entries]))
