"""An inbox in one SQLite file: the default, for any number of threads and processes of one machine."""

from __future__ import annotations

import json
import secrets
import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from os import PathLike
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from .base import EVERYTHING, Claim, Entry, Filter, Outcome, Row, State, Stats, plain, storable
from .commits import GroupCommit
from .sqlite_file import SqliteFile

_PUT_EVENT = """
    INSERT INTO paperhook_event (provider, key, type, subject, received_at, is_next)
    VALUES (?1, ?2, ?3, ?4, ?5, ?4 IS NULL OR NOT EXISTS (
        SELECT 1 FROM paperhook_event WHERE subject = ?4 AND provider = ?1 AND settled_at IS NULL))
    ON CONFLICT (provider, key) DO NOTHING"""
_PUT_PAYLOAD = "INSERT INTO paperhook_payload VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_COUNT_DUPLICATE = "UPDATE paperhook_event SET duplicates = duplicates + 1 WHERE provider = ? AND key = ?"

# CROSS JOIN keeps the order of the loops: SQLite must not start from the payloads.
_CLAIMABLE = """
    SELECT e.id, e.provider, e.key, e.type, p.body, p.form, p.position, p.headers, p.origin, p.job_id, p.document_id,
           p.batch_id, p.occurred_at, e.received_at, e.claims, e.lost + (e.state = 'running')
    FROM paperhook_event e CROSS JOIN paperhook_payload p ON p.event_id = e.id """
_LOST = _CLAIMABLE + "WHERE e.state = 'running' AND e.lease_until <= ? ORDER BY e.lease_until LIMIT ?"
_DUE_AGAIN = (
    _CLAIMABLE
    + "WHERE e.state = 'pending' AND e.is_next = 1 AND e.due_at > 0 AND e.due_at <= ? ORDER BY e.due_at, e.id LIMIT ?"
)
_NEW = (
    _CLAIMABLE
    + "WHERE e.state = 'pending' AND e.is_next = 1 AND e.due_at <= 0 ORDER BY e.due_at, e.id LIMIT ?"
)
_BY_KEY = (
    _CLAIMABLE
    + "WHERE e.provider = ? AND e.key = ? AND e.is_next = 1 AND (e.state = 'pending' OR e.lease_until <= ?)"
)
_LEASE = """
    UPDATE paperhook_event SET state = 'running', token = ?, lease_until = ?, claims = ?, lost = ? WHERE id = ?"""
_RENEW = "UPDATE paperhook_event SET lease_until = ? WHERE id = ? AND token = ?"
_FINISH = """
    UPDATE paperhook_event SET state = ?, settled_at = ?, is_next = 0, token = NULL, lease_until = NULL
    WHERE id = ? AND token = ?"""
_RELEASE = """
    UPDATE paperhook_event SET state = 'pending', due_at = ?, lost = 0, token = NULL, lease_until = NULL
    WHERE id = ? AND token = ?"""
_PUT_OUTCOME = "INSERT OR REPLACE INTO paperhook_outcome VALUES (?, ?, ?, ?, ?, ?, ?)"
_OUTCOMES = """
    SELECT handler, state, attempts, error, started_at, due_at FROM paperhook_outcome WHERE event_id = ?"""

_NOBODY_NEXT = """
    UPDATE paperhook_event SET is_next = 0
    WHERE subject = ? AND provider = ? AND settled_at IS NULL AND is_next = 1"""
_SOMEBODY_NEXT = """
    UPDATE paperhook_event SET is_next = 1 WHERE id = (
        SELECT id FROM paperhook_event WHERE subject = ? AND provider = ? AND settled_at IS NULL
        ORDER BY state = 'running' DESC, id LIMIT 1)"""

_ROWS = """
    SELECT e.id, e.provider, e.key, e.type, p.body, p.form, p.position, p.headers, p.origin, p.job_id, p.document_id,
           p.batch_id, p.occurred_at, e.received_at, e.state, e.due_at, e.settled_at, e.claims, e.duplicates, e.replays
    FROM paperhook_event e CROSS JOIN paperhook_payload p ON p.event_id = e.id """
_SETTLED = """
    SELECT e.id, e.provider, e.subject, e.state
    FROM paperhook_event e CROSS JOIN paperhook_payload p ON p.event_id = e.id """
_FORGET_ALL = "DELETE FROM paperhook_outcome WHERE event_id = ?"
_FORGET_DEAD = "DELETE FROM paperhook_outcome WHERE event_id = ? AND state = 'dead' AND ? IN ('', handler)"
_REVIVE = """
    UPDATE paperhook_event
    SET state = 'pending', due_at = 0, settled_at = NULL, lost = 0, replays = replays + 1, is_next = ? WHERE id = ?"""
_STATS = "SELECT state, count(*), sum(duplicates) FROM paperhook_event GROUP BY state"
_OLDEST_PENDING = "SELECT min(received_at) FROM paperhook_event WHERE state = 'pending'"


class SqliteInbox:
    """Keeps events in a file, each acknowledged only after the commit has reached the disk.

    Args:
        path: The file, made when it is not there; its folder must exist.
        patience: Seconds to wait for other processes before `InboxUnavailable`.

    Raises:
        ConfigurationError: If the folder does not exist.
    """

    def __init__(self, path: str | PathLike[str], *, patience: float = 5.0) -> None:
        self.path = Path(path).absolute()
        if not self.path.parent.is_dir():
            raise ConfigurationError(f"the folder {self.path.parent} of the inbox does not exist: create it")
        self._writes = GroupCommit(SqliteFile(self.path, patience=patience), name="paperhook-inbox")
        self._reads = GroupCommit(
            SqliteFile(self.path, is_reader=True, patience=patience), name="paperhook-inbox-reads"
        )
        # An inbox that nobody holds any more, and the end of the interpreter, close it.
        self._close = weakref.finalize(self, _close, self._writes, self._reads)

    def put(self, entries: Sequence[Entry]) -> Future[tuple[bool, ...]]:
        """Store events and commit."""
        kept = [storable(entry) for entry in entries]
        return self._writes.ask(lambda connection: tuple([_put(connection, entry) for entry in kept]))

    def claim(self, *, limit: int, lease: float, now: float) -> Future[tuple[Claim, ...]]:
        """Lease up to `limit` events that are due."""
        return self._writes.ask(lambda connection: _claim(connection, limit, lease, now))

    def claim_key(self, provider: str, key: str, *, lease: float, now: float) -> Future[Claim | None]:
        """Lease one event by its key, due or not."""

        def claim(connection: sqlite3.Connection) -> Claim | None:
            rows = connection.execute(_BY_KEY, (plain(provider), plain(key), now)).fetchall()
            return next(iter(_lease(connection, rows, lease, now)), None)

        return self._writes.ask(claim)

    def renew(self, claims: Sequence[Claim], *, lease: float, now: float) -> Future[tuple[bool, ...]]:
        """Extend leases to `now + lease`."""

        def renew(connection: sqlite3.Connection) -> tuple[bool, ...]:
            renewed = (connection.execute(_RENEW, (now + lease, claim.id, claim.token)) for claim in claims)
            return tuple([cursor.rowcount == 1 for cursor in renewed])

        return self._writes.ask(renew)

    def finish(self, claim: Claim, outcomes: Sequence[Outcome], *, state: State, now: float) -> Future[bool]:
        """Record that an event is done or dead."""

        def finish(connection: sqlite3.Connection) -> bool:
            if not state.is_settled:
                raise ValueError(f"an event is finished as done or dead, not as {state}")
            if connection.execute(_FINISH, (state, now, claim.id, claim.token)).rowcount != 1:
                return False
            _put_outcomes(connection, claim.id, outcomes)
            if claim.entry.subject is not None:
                connection.execute(_SOMEBODY_NEXT, (claim.entry.subject, claim.entry.provider))
            return True

        return self._writes.ask(finish)

    def release(
        self, claim: Claim, outcomes: Sequence[Outcome], *, due_at: float, now: float
    ) -> Future[bool]:
        """Give a lease up until `due_at`."""

        def release(connection: sqlite3.Connection) -> bool:
            if connection.execute(_RELEASE, (due_at, claim.id, claim.token)).rowcount != 1:
                return False
            _put_outcomes(connection, claim.id, outcomes)
            _choose_next(connection, claim.entry.provider, claim.entry.subject)
            return True

        return self._writes.ask(release)

    def rows(
        self, where: Filter = EVERYTHING, *, limit: int = 100, offset: int = 0
    ) -> Future[tuple[Row, ...]]:
        """Give rows, newest first."""
        return self._reads.ask(lambda connection: _rows(connection, where, limit, offset))

    def replay(self, where: Filter, *, now: float, limit: int = 1000) -> Future[tuple[int, ...]]:
        """Make settled rows pending again."""
        return self._writes.ask(lambda connection: _replay(connection, where, limit))

    def stats(self) -> Future[Stats]:
        """Count rows by state."""
        return self._reads.ask(_stats)

    def close(self) -> None:
        """Finish what was asked and close the file; calling twice is fine."""
        self._close()


def _close(*each: GroupCommit[sqlite3.Connection]) -> None:
    for commits in each:
        commits.close()


def _put(connection: sqlite3.Connection, entry: Entry) -> bool:
    cursor = connection.execute(
        _PUT_EVENT, (entry.provider, entry.key, entry.type, entry.subject, entry.received_at)
    )
    if cursor.rowcount != 1:
        connection.execute(_COUNT_DUPLICATE, (entry.provider, entry.key))
        return False
    connection.execute(
        _PUT_PAYLOAD,
        (
            cursor.lastrowid,
            entry.body,
            entry.form,
            entry.index,
            json.dumps(dict(entry.headers)) if entry.headers else "{}",
            entry.origin,
            entry.job_id,
            entry.document_id,
            entry.batch_id,
            entry.occurred_at,
        ),
    )
    return True


def _claim(connection: sqlite3.Connection, limit: int, lease: float, now: float) -> tuple[Claim, ...]:
    rows = connection.execute(_LOST, (now, limit)).fetchall()
    if len(rows) < limit:
        rows += connection.execute(_DUE_AGAIN, (now, limit - len(rows))).fetchall()
    if len(rows) < limit:
        rows += connection.execute(_NEW, (limit - len(rows),)).fetchall()
    return _lease(connection, rows, lease, now)


def _lease(
    connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]], lease: float, now: float
) -> tuple[Claim, ...]:
    if not rows:
        return ()
    token, until = secrets.token_hex(8), now + lease
    connection.executemany(_LEASE, [(token, until, row[14] + 1, row[15], row[0]) for row in rows])
    # A first claim has no outcomes, and that is nearly all of them.
    outcomes = _outcomes_of(connection, [row[0] for row in rows if row[14] > 0])
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


def _put_outcomes(connection: sqlite3.Connection, id: int, outcomes: Iterable[Outcome]) -> None:
    for each in outcomes:
        connection.execute(
            _PUT_OUTCOME,
            (
                id,
                plain(each.handler),
                each.state,
                each.attempts,
                plain(each.error),
                each.started_at,
                each.due_at,
            ),
        )


def _outcomes_of(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, dict[str, Outcome]]:
    found: dict[int, dict[str, Outcome]] = {}
    for event_id in ids:
        for handler, state, *rest in connection.execute(_OUTCOMES, (event_id,)):
            found.setdefault(event_id, {})[handler] = Outcome(handler, State(state), *rest)
    return found


def _choose_next(connection: sqlite3.Connection, provider: str, subject: str | None) -> None:
    """Give the turn of a subject to its running event, else to the earliest that is not settled."""
    if subject is not None:
        connection.execute(_NOBODY_NEXT, (subject, provider))
        connection.execute(_SOMEBODY_NEXT, (subject, provider))


def _rows(connection: sqlite3.Connection, where: Filter, limit: int, offset: int) -> tuple[Row, ...]:
    clause, values = _where(where)
    found = connection.execute(
        f"{_ROWS} {clause} ORDER BY e.id DESC LIMIT ? OFFSET ?", (*values, limit, offset)
    ).fetchall()
    outcomes = _outcomes_of(connection, [row[0] for row in found])
    return tuple([_row(row, outcomes.get(row[0], {})) for row in found])


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


def _replay(connection: sqlite3.Connection, where: Filter, limit: int) -> tuple[int, ...]:
    clause, values = _where(where, "e.settled_at IS NOT NULL")
    found = connection.execute(f"{_SETTLED} {clause} ORDER BY e.id LIMIT ?", (*values, limit)).fetchall()
    for event_id, provider, subject, state in found:
        if state == State.DONE:
            connection.execute(_FORGET_ALL, (event_id,))
        else:
            connection.execute(_FORGET_DEAD, (event_id, plain(where.handler or "")))
        connection.execute(_REVIVE, (subject is None, event_id))
        _choose_next(connection, provider, subject)
    return tuple([event_id for event_id, *_ in found])


def _where(where: Filter, *also: str) -> tuple[str, list[Any]]:
    """Turn a filter into SQL; states are literals, because a partial index is not used with parameters."""
    terms, values = list(also), list[Any]()
    for term, value in _terms(where):
        terms.append(term)
        values.extend(value)
    return ("WHERE " + " AND ".join(terms) if terms else ""), values


def _terms(where: Filter) -> Iterator[tuple[str, Sequence[Any]]]:
    if where.ids:
        # One parameter, however many ids.
        yield "e.id IN (SELECT value FROM json_each(?))", [json.dumps(where.ids)]
    if len(where.states) == 1:
        yield f"e.state = '{State(where.states[0])}'", []
    elif where.states:
        yield "e.state IN (" + ", ".join(f"'{State(state)}'" for state in where.states) + ")", []
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
            "EXISTS (SELECT 1 FROM paperhook_outcome o WHERE o.event_id = e.id AND o.handler = ? AND o.state = 'dead')",
            [plain(where.handler)],
        )


def _stats(connection: sqlite3.Connection) -> Stats:
    counted = {state: (rows, duplicates) for state, rows, duplicates in connection.execute(_STATS)}
    (oldest,) = connection.execute(_OLDEST_PENDING).fetchone()
    return Stats(
        **{state.value: counted.get(state, (0, 0))[0] for state in State},
        duplicates=sum(duplicates for _, duplicates in counted.values()),
        oldest_pending=oldest,
    )
