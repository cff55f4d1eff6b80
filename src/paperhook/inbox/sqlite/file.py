"""An SQLite file as a store of transactions: opening, migrating, locking, and what its failures mean."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from ...errors import InboxCorrupt, InboxError, InboxTooNew, InboxUnavailable
from ..commits import Ask, by_work
from ..scripts import scripts_of
from ..turnstile import POLL, Turnstile

SqliteAsk: TypeAlias = Ask[sqlite3.Connection]

#: "phook" is not four bytes, "phok" is; `file` and SQLite's own tools show it.
APPLICATION_ID = int.from_bytes(b"phok", "big")

_Identities: TypeAlias = tuple[tuple[int, int] | None, tuple[int, int] | None, tuple[int, int] | None]
_NOTHING: _Identities = (None, None, None)

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_MAY_WRITE = ": let this process write to the file and its folder"
_ADVICE = {
    sqlite3.SQLITE_FULL: ": make room on the disk",
    sqlite3.SQLITE_IOERR: ": look at the disk, and at this process's limits on disk space and file size",
    sqlite3.SQLITE_READONLY: _MAY_WRITE,
    sqlite3.SQLITE_CANTOPEN: _MAY_WRITE,
}
#: Connections inherited by a fork: closing them here could touch the file of the parent.
_INHERITED: list[sqlite3.Connection] = []


class SqliteFile:
    """One connection to an inbox file, opened when it is first needed and again after a failure.

    Args:
        path: The file; `-wal`, `-shm` and `-lock` lie beside it.
        is_reader: Takes no write lock, and cannot write.
        patience: Seconds to wait for other processes before `InboxUnavailable`.
    """

    def __init__(self, path: Path, *, is_reader: bool = False, patience: float = 5.0) -> None:
        self._path = path
        self._is_reader = is_reader
        self._patience = patience
        self._turnstile = Turnstile(path.with_name(path.name + "-lock"))
        self._connection: sqlite3.Connection | None = None
        self._identities = _NOTHING

    def run(self, asks: Sequence[SqliteAsk]) -> Sequence[Any]:
        """Do what was asked in one transaction; see `Transactions.run`."""
        try:
            try:
                return self._together(asks)
            except _OwnFault:
                return self._apart(asks)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise _meaning(error, self._path) from error
        except InboxError:
            self.close()
            raise

    def lend(self, work: Callable[[sqlite3.Connection], Callable[[], None]]) -> None:
        """Run the work of somebody else in a transaction, then what it returns, and commit.

        Raises:
            InboxError: If the store failed before or after that work.
            Exception: Whatever the work raised, or broke that is only checked by the commit.
        """
        is_lent = False
        try:
            with self._transaction() as connection:
                is_lent = True
                after = work(connection)
                is_lent = False
                after()
        except (sqlite3.Error, OSError) as error:
            if is_lent or not _is_store_failure(error):
                raise
            raise _meaning(error, self._path) from error

    def close(self) -> None:
        """Close the connection; the last one of all processes tidies the files up."""
        if self._connection is not None:
            with suppress(sqlite3.Error, OSError):
                self._bring_home(self._connection)
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        self._turnstile.close()

    def forget(self) -> None:
        """Leave the connection to the process that opened it."""
        if self._connection is not None:
            _INHERITED.append(self._connection)
            self._connection = None
        self._turnstile.close()

    def _together(self, asks: Sequence[SqliteAsk]) -> list[Any]:
        with self._transaction() as connection:
            try:
                return by_work(connection, asks)
            except Exception as error:
                if _is_store_failure(error):
                    raise
                raise _OwnFault from error

    def _apart(self, asks: Sequence[SqliteAsk]) -> list[Any]:
        """Do it again, each behind a savepoint, because one of them is bad."""
        with self._transaction() as connection:
            return [_behind_savepoint(connection, ask) for ask in asks]

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        connection = self._open()
        self._begin(connection)
        try:
            # Before a byte is written: who has other files writes over what those at the path hold.
            self._check_identities()
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself after some failures.
            connection.rollback()
            raise
        self._check_identities()

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            if not self._is_reader or _identities(self._path) == self._identities:
                return self._connection
            # Whoever only looks has nothing to lose.
            self.close()
        connection = sqlite3.connect(
            self._path, timeout=self._patience, isolation_level=None, cached_statements=256
        )
        try:
            # Before anything is written: a file of somebody else stays as it is.
            _version(connection, self._path)
            _configure(connection, time.monotonic() + self._patience)
            self._migrate(connection)
            connection.execute(f"PRAGMA query_only = {int(self._is_reader)}")
            # From here on `_begin` waits, in turn and in small steps.
            connection.execute("PRAGMA busy_timeout = 0")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._identities = _identities(self._path)
        return connection

    def _begin(self, connection: sqlite3.Connection) -> None:
        if self._is_reader:
            connection.execute("BEGIN")
            return
        until = time.monotonic() + self._patience
        if not self._turnstile.enter(until=until):
            raise InboxUnavailable(f"{self._path} is locked by another process for {self._patience:g} s")
        try:
            _begin_immediate(connection, until)
        finally:
            self._turnstile.leave()

    def _check_identities(self) -> None:
        """Refuse what was committed to files that are not at their paths any more: nobody would find it there."""
        if _identities(self._path) != self._identities:
            raise InboxUnavailable(
                f"{self._path} or its -wal or -shm was removed or replaced while it was in use: leave all three alone"
            )

    def _bring_home(self, connection: sqlite3.Connection) -> None:
        """Copy what was committed to a log that is not at its path any more into the file.

        Only where nobody has written to a new log: else both would be mixed.
        """
        found = _identities(self._path)
        if self._is_reader or found == self._identities or found[0] != self._identities[0]:
            return
        log = self._path.with_name(self._path.name + "-wal")
        if found[1] is None or found[1] == self._identities[1] or log.stat().st_size == 0:
            connection.execute(f"PRAGMA busy_timeout = {self._patience * 1000:.0f}")
            connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()

    def _migrate(self, connection: sqlite3.Connection) -> None:
        scripts = scripts_of("paperhook.inbox", "sqlite")
        if _version(connection, self._path) == len(scripts):
            return
        _begin_immediate(connection, time.monotonic() + self._patience)
        try:
            found = _version(connection, self._path)
            _check_known(found, len(scripts), self._path)
            for script in scripts[found:]:
                for statement in statements_in(script):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(scripts)}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise


class _OwnFault(Exception):
    """What somebody asked failed, not the store."""


def _configure(connection: sqlite3.Connection, until: float) -> None:
    # SQLite does not wait here where another connection makes the same of a new file at this moment.
    _insist(connection, "PRAGMA journal_mode = WAL", until)
    # An acknowledged event survives a power cut, on macOS too.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = 1")
    connection.execute("PRAGMA cache_size = -16000")


def _begin_immediate(connection: sqlite3.Connection, until: float) -> None:
    _insist(connection, "BEGIN IMMEDIATE", until)


def _insist(connection: sqlite3.Connection, statement: str, until: float) -> None:
    """Run a statement until nobody else is in the way, at most `until` (seconds on the monotonic clock)."""
    while True:
        try:
            connection.execute(statement).fetchall()
        except sqlite3.OperationalError as error:
            if _code(error) not in _LOCKED or time.monotonic() >= until:
                raise
            time.sleep(POLL)
        else:
            return


def _behind_savepoint(connection: sqlite3.Connection, ask: SqliteAsk) -> Any:
    connection.execute("SAVEPOINT ask")
    try:
        (answer,) = ask.work.run(connection, [ask.argument])
    except Exception as error:
        if _is_store_failure(error):
            raise
        connection.execute("ROLLBACK TO ask")
        answer = _own_fault(error)
    connection.execute("RELEASE ask")
    return answer


def _own_fault(error: Exception) -> Exception:
    if not isinstance(error, sqlite3.Error):
        return error
    refusal = InboxError(f"the inbox cannot hold this: {error}")
    refusal.__cause__ = error
    return refusal


def _is_store_failure(error: Exception) -> bool:
    if isinstance(error, sqlite3.Error) and _code(error) in _DAMAGED:
        return True
    return isinstance(error, (sqlite3.OperationalError, OSError))


def _meaning(error: sqlite3.Error | OSError, path: Path) -> InboxError:
    if isinstance(error, sqlite3.Error) and _code(error) in _DAMAGED:
        return InboxCorrupt(
            f"{path} is damaged or is no inbox ({error}): restore it from a backup or move it away"
        )
    if isinstance(error, OSError):
        return InboxUnavailable(f"{path}: {error.strerror}")
    return InboxUnavailable(f"{path}: {error}{_ADVICE.get(_code(error), '')}")


def _code(error: sqlite3.Error) -> int:
    """Give the primary result code, without the extension in the upper bits."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Give the schema version, 0 where the file is empty.

    Raises:
        InboxCorrupt: If the file belongs to another program.
    """
    # One statement sees one state of the file, while another process or the tracker may be making it.
    owner, version, tables = connection.execute(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)"
        " FROM pragma_application_id, pragma_user_version"
    ).fetchone()
    if owner != APPLICATION_ID and (owner != 0 or version != 0 or tables != 0):
        raise InboxCorrupt(f"{path} is the database of another program: give the inbox a file of its own")
    return int(version)


def _check_known(found: int, known: int, path: Path) -> None:
    if found > known:
        raise InboxTooNew(f"{path} has schema {found}, this paperhook knows {known}: upgrade paperhook")


def statements_in(script: str) -> Iterator[str]:
    """Give the statements of a script one by one."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _identities(path: Path) -> _Identities:
    """Tell the file, its log and the log's index from others at the same paths."""
    text = str(path)
    return _identity(text), _identity(text + "-wal"), _identity(text + "-shm")


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - the same, half the cost, with every commit
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
