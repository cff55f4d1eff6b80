"""A PostgreSQL server as a store of transactions: connecting, migrating, and what its failures mean."""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import resources
from operator import attrgetter
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow, tuple_row

from ..errors import ConfigurationError, InboxCorrupt, InboxError, InboxTooNew, InboxUnavailable
from .commits import Ask
from .postgres_work import LEASING, Session

PostgresAsk: TypeAlias = Ask[Session]
PgConnection: TypeAlias = psycopg.Connection[TupleRow]

logger = logging.getLogger("paperhook")

#: So that two processes which open a new database at once do not both make the tables.
_MIGRATION_LOCK = int.from_bytes(b"phok", "big")
#: How often a transaction is done again that lost a race with another machine.
_MAX_RACES = 10

#: Where the address does not say otherwise: a dead network is noticed, and of several hosts the one that can write is taken.
_DEFAULTS = {
    "fallback_application_name": "paperhook",
    "target_session_attrs": "read-write",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
#: For connections that run nothing but our statements, each of which has its index: with the statistics of an empty
#: table PostgreSQL would read it from end to end. An acknowledged event survives a power cut.
_SETTINGS = """
    SELECT set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
        set_config('enable_mergejoin', 'off', false), set_config('jit', 'off', false),
        set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false),
        set_config('idle_in_transaction_session_timeout', %s, false),
        set_config('synchronous_commit', CASE current_setting('synchronous_commit')
            WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"""

#: Nothing but leases needs no disk: those that a crash of the server forgets are taken anew, under other tokens.
_UNSYNCED = "; SET LOCAL synchronous_commit TO off"

#: Lost to another transaction, which is over by now.
_RACES = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UniqueViolation,
)
#: Connections inherited by a fork: closing them here would say goodbye on the parent's socket.
INHERITED: list[PgConnection] = []


class Address:
    """Where the database is; shows everything but the password.

    Args:
        url: `postgresql://user:password@host:port/database?option=value`, or libpq's `key=value` words.
        patience: Seconds to wait for the server, for another machine's lock, and for a free connection.

    Raises:
        ConfigurationError: If it is neither.
    """

    def __init__(self, url: str, *, patience: float) -> None:
        try:
            self._words = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # libpq's own message quotes the address.
            raise ConfigurationError(
                "the inbox address is no PostgreSQL address: write postgresql://user:password@host:5432/database"
            ) from None
        self.patience = patience

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __str__(self) -> str:
        host = self._words.get("host") or self._words.get("hostaddr") or ""
        port = f":{self._words['port']}" if "port" in self._words else ""
        return f"postgresql://{host}{port}/{self._words.get('dbname') or ''}"

    def connect(self) -> PgConnection:
        """Open a connection in autocommit mode; see `unavailable` for what it raises."""
        words: dict[str, Any] = {
            **_DEFAULTS,
            "connect_timeout": max(2, math.ceil(self.patience)),
            **{name: value for name, value in self._words.items() if value is not None},
            "client_encoding": "utf8",
        }
        return psycopg.connect(autocommit=True, row_factory=tuple_row, **words)

    def connect_for_us(self) -> PgConnection:
        """Open a connection with our settings, to tables of this version."""
        connection = self.connect()
        try:
            patience = f"{max(1, round(self.patience * 1000))}ms"
            connection.execute(_SETTINGS, (patience, patience, patience))
            _migrate(connection, self)
        except BaseException:
            connection.close()
            raise
        return connection


class PostgresServer:
    """One connection, opened when it is first needed and again after a failure.

    Args:
        address: Where to.
        is_reader: Cannot write.
    """

    def __init__(self, address: Address, *, is_reader: bool = False) -> None:
        self._address = address
        self._begin = (
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            if is_reader
            else "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        )
        self._db: Session | None = None
        self._is_committing = False

    def run(self, asks: Sequence[PostgresAsk]) -> Sequence[Any]:
        """Do what was asked in one transaction; see `Transactions.run`."""
        was_open = self._db is not None
        try:
            return self._race(asks)
        except (psycopg.Error, OSError) as error:
            is_stale = was_open and not self._is_committing and self._is_cut()
            self.close()
            if not is_stale:
                raise unavailable(error, self._address) from error
        except InboxError:
            self.close()
            raise
        # The connection was cut while it was idle, by a restart perhaps, and the server has rolled back what we began.
        return self.run(asks)

    def close(self) -> None:
        """Close the connection."""
        if self._db is not None:
            self._db.connection.close()
            self._db = None

    def forget(self) -> None:
        """Leave the connection to the process that opened it."""
        if self._db is not None:
            INHERITED.append(self._db.connection)
            self._db = None

    def _is_cut(self) -> bool:
        return self._db is not None and self._db.connection.closed

    def _race(self, asks: Sequence[PostgresAsk]) -> list[Any]:
        """Do it again where another machine did what collides with it."""
        for _ in range(_MAX_RACES - 1):
            try:
                return self._together_or_apart(asks)
            except _RACES as error:
                logger.debug("a transaction is done again: %s", type(error).__name__)
                time.sleep(random.uniform(0, 0.01))  # noqa: S311 - so that the two do not meet again
        return self._together_or_apart(asks)

    def _together_or_apart(self, asks: Sequence[PostgresAsk]) -> list[Any]:
        try:
            begin = self._begin + _UNSYNCED if all(ask.work in LEASING for ask in asks) else self._begin
            return self._transaction(lambda db: _by_work(db, asks), begin)
        except Exception as error:
            if not _is_own_fault(error):
                raise
        # One of them is bad: each behind a savepoint.
        return self._transaction(lambda db: [_behind_savepoint(db, ask) for ask in asks], self._begin)

    def _transaction(self, work: Callable[[Session], list[Any]], begin: str) -> list[Any]:
        self._is_committing = False
        if self._db is None:
            self._db = Session(self._address.connect_for_us())
        db = self._db
        db.control(begin)
        try:
            answers = work(db)
            db.complete()
        except BaseException:
            db.forget()
            # A connection that is cut has rolled back by itself.
            with suppress(psycopg.Error):
                db.control("ROLLBACK")
            raise
        # From here on until the server answers, nobody knows.
        self._is_committing = True
        db.control("COMMIT")
        self._is_committing = False
        return answers


def unavailable(error: psycopg.Error | OSError, address: Address) -> InboxError:
    """Say what a failure of the server means, without values that a statement carried."""
    if isinstance(error, psycopg.Error) and error.sqlstate in ("XX001", "XX002"):
        return InboxCorrupt(f"{address} is damaged ({_first_line(error)}): restore it from a backup")
    return InboxUnavailable(f"{address}: {_first_line(error)}")


def _first_line(error: psycopg.Error | OSError) -> str:
    text = (error.diag.message_primary if isinstance(error, psycopg.Error) else error.strerror) or str(error)
    return text.strip().partition("\n")[0]


def _by_work(db: Session, asks: Sequence[PostgresAsk]) -> list[Any]:
    """Do the same work for all that asked for it, the works in their turn."""
    places: dict[Any, list[int]] = {}
    for place, ask in enumerate(asks):
        places.setdefault(ask.work, []).append(place)
    answers: list[Any] = [None] * len(asks)
    for work in sorted(places, key=attrgetter("turn")):
        served = work.run(db, [asks[place].argument for place in places[work]])
        for place, answer in zip(places[work], served, strict=True):
            answers[place] = answer
    return answers


def _behind_savepoint(db: Session, ask: PostgresAsk) -> Any:
    db.control("SAVEPOINT ask")
    try:
        (answer,) = ask.work.run(db, [ask.argument])
    except Exception as error:
        if not _is_own_fault(error):
            raise
        db.control("ROLLBACK TO SAVEPOINT ask")
        answer = _own_fault(error)
    db.control("RELEASE SAVEPOINT ask")
    return answer


def _is_own_fault(error: Exception) -> bool:
    """Tell a value that cannot be stored from a failure of the store."""
    if not isinstance(error, psycopg.Error):
        return not isinstance(error, (InboxError, OSError))
    if error.sqlstate is None:
        # psycopg could not make a parameter of it.
        return isinstance(error, (psycopg.ProgrammingError, psycopg.DataError))
    # Data exceptions, violated constraints, and limits such as the size of an index entry.
    return error.sqlstate[:2] in ("22", "23", "54") and not isinstance(error, psycopg.errors.UniqueViolation)


def _own_fault(error: Exception) -> Exception:
    if not isinstance(error, psycopg.Error):
        return error
    # Not the message: it may quote the value.
    refusal = InboxError(f"the inbox cannot hold this: {type(error).__name__}")
    refusal.__cause__ = error
    return refusal


# Migrations


def _migrate(connection: PgConnection, address: Address) -> None:
    scripts = _scripts()
    if _version(connection, len(scripts), address) == len(scripts):
        return
    # Before the transaction, which would not see what whoever had the lock has made; a failure closes the connection.
    connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
    with connection.transaction():
        found = _version(connection, len(scripts), address)
        for script in scripts[found:]:
            connection.execute(script.encode())
        connection.execute("DELETE FROM paperhook_version")
        connection.execute("INSERT INTO paperhook_version VALUES (%s)", (len(scripts),))
    connection.execute("SELECT pg_advisory_unlock(%s)", (_MIGRATION_LOCK,))


def _version(connection: PgConnection, known: int, address: Address) -> int:
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


def _scripts() -> list[str]:
    """Give the migrations in order; the file of version n begins with n in three digits."""
    folder = resources.files("paperhook.inbox").joinpath("migrations", "postgres")
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    return [file.read_text("utf-8") for file in files]


def is_idle(connection: PgConnection) -> bool:
    """Tell whether a connection is open and outside any transaction."""
    return not connection.closed and connection.info.transaction_status is TransactionStatus.IDLE
