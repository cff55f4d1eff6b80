"""A tracker in PostgreSQL: for uploads on any number of machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import psycopg
from psycopg.rows import TupleRow
from typing_extensions import override

from ..errors import InboxTooNew
from ..inbox.postgres.server import Address, PgConnection, PostgresServer
from ..inbox.postgres.session import Session
from ..inbox.scripts import scripts_of
from .committing import CommittingTracker

#: So that two processes which open a new database at once do not both make the tables.
_MIGRATION_LOCK = int.from_bytes(b"phtr", "big")
#: Apart from the advisory locks of others.
_GUARD = int.from_bytes(b"phsb", "big")


class PostgresTracker(CommittingTracker[Session]):
    """Remembers submissions in the tables `paperhook_submission…` of a database, beside the inbox's where you like.

    Args:
        url: `postgresql://user:password@host:5432/database`, or libpq's `key=value` words.
        patience: Seconds to wait for the server and for other machines before `InboxUnavailable`.

    Raises:
        ConfigurationError: If the address is not PostgreSQL's.
    """

    def __init__(self, url: str, *, patience: float = 5.0) -> None:
        self._address = _Address(url, patience=patience)
        super().__init__(PostgresServer(self._address), _Db)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._address)!r})"


class _Db:
    """A connection among others: rows are locked before they are judged."""

    ours = " FOR UPDATE"
    ours_if_free = " FOR UPDATE SKIP LOCKED"

    def __init__(self, session: Session) -> None:
        self._connection = session.connection

    def execute(self, statement: str, values: Sequence[Any] = ()) -> psycopg.Cursor[TupleRow]:
        # psycopg would write an enum by its name.
        plain = [value.value if isinstance(value, Enum) else value for value in values]
        return self._connection.execute(statement.replace("?", "%s").encode(), plain)

    def guard(self, name: str) -> None:
        self.execute("SELECT pg_advisory_xact_lock(?, hashtext(?))", (_GUARD, name))


class _Address(Address):
    """The inbox's address, with the tracker's tables there, which have versions of their own."""

    @override
    def prepare(self, connection: PgConnection, begin_long: Callable[[], Any] = lambda: None) -> None:
        super().prepare(connection, begin_long)
        _make_tables(connection, self)


def _make_tables(connection: PgConnection, address: Address) -> None:
    scripts = scripts_of("paperhook.tracker", "postgres")
    if _version(connection, len(scripts), address) == len(scripts):
        return
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
        # Not by `to_regclass`: it may remember from before the lock that there was no such table.
        connection.execute("CREATE TABLE IF NOT EXISTS paperhook_tracker (version INTEGER NOT NULL)")
        found = _known_version(connection, len(scripts), address)
        for script in scripts[found:]:
            connection.execute(script.encode())
        connection.execute("DELETE FROM paperhook_tracker")
        connection.execute("INSERT INTO paperhook_tracker VALUES (%s)", (len(scripts),))


def _version(connection: PgConnection, known: int, address: Address) -> int:
    [(table,)] = connection.execute("SELECT to_regclass('paperhook_tracker')").fetchall()
    if table is None:
        return 0
    return _known_version(connection, known, address)


def _known_version(connection: PgConnection, known: int, address: Address) -> int:
    [(found,)] = connection.execute("SELECT coalesce(max(version), 0) FROM paperhook_tracker").fetchall()
    if found > known:
        raise InboxTooNew(
            f"{address} has tracker schema {found}, this paperhook knows {known}: upgrade paperhook"
        )
    return int(found)
