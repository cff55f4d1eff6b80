"""Brings a database's tables to this version: each file in `migrations/postgres` once, in order, under a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import psycopg
from psycopg.rows import TupleRow

from ...errors import InboxTooNew
from ..scripts import scripts_of

PgConnection: TypeAlias = psycopg.Connection[TupleRow]

#: So that two processes which open a new database at once do not both make the tables.
_MIGRATION_LOCK = int.from_bytes(b"phok", "big")
#: For each statement that changes tables.
MIGRATION_SECONDS = 3600.0


def migrate(connection: PgConnection, address: str, begin_long: Callable[[], Any] = lambda: None) -> None:
    """Bring the tables to this version, where they are older.

    Args:
        connection: In autocommit mode.
        address: For messages.
        begin_long: Called before the first file that is not applied yet.

    Raises:
        InboxTooNew: If a newer paperhook made them.
    """
    scripts = scripts_of("paperhook.inbox", "postgres")
    if _version(connection, len(scripts), address) == len(scripts):
        return
    # Before the transaction, which would not see what whoever had the lock has made; a failure closes the connection.
    connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
    with connection.transaction():
        found = _version(connection, len(scripts), address)
        if found < len(scripts):
            # An index over many millions of rows takes longer than any other statement may, and one that is broken off
            # would be so each time: nothing could be stored any more.
            begin_long()
            connection.execute(
                "SELECT set_config('statement_timeout', %s, true)", (f"{MIGRATION_SECONDS:.0f}s",)
            )
        for script in scripts[found:]:
            connection.execute(script.encode())
        connection.execute("DELETE FROM paperhook_version")
        connection.execute("INSERT INTO paperhook_version VALUES (%s)", (len(scripts),))
    connection.execute("SELECT pg_advisory_unlock(%s)", (_MIGRATION_LOCK,))


def _version(connection: PgConnection, known: int, address: str) -> int:
    """Give the version of the tables, 0 where there are none.

    Raises:
        InboxTooNew: If a newer paperhook made them.
    """
    (table,) = _one(connection.execute("SELECT to_regclass('paperhook_version')"))
    if table is None:
        return 0
    (found,) = _one(connection.execute("SELECT coalesce(max(version), 0) FROM paperhook_version"))
    if found > known:
        raise InboxTooNew(f"{address} has schema {found}, this paperhook knows {known}: upgrade paperhook")
    return int(found)


def _one(cursor: psycopg.Cursor[TupleRow]) -> TupleRow:
    return next(iter(cursor))
