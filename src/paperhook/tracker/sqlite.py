"""Trackers in SQLite: in the inbox's file, and in memory for tests, by the same statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import Any

from typing_extensions import override

from ..core.arguments import patience_of
from ..errors import ConfigurationError, InboxTooNew
from ..inbox.scripts import scripts_of
from ..inbox.sqlite.file import SqliteAsk, SqliteFile, statements_in
from .committing import CommittingTracker


class SqliteTracker(CommittingTracker[sqlite3.Connection]):
    """Remembers submissions in a file, the inbox's own where you like, each committed before the next step.

    Args:
        path: The file, made when it is not there; its folder must exist.
        patience: Seconds to wait for other processes before `InboxUnavailable`.

    Raises:
        ConfigurationError: If the folder does not exist.
    """

    def __init__(self, path: str | PathLike[str], *, patience: float = 5.0) -> None:
        patience = patience_of(patience)
        self.path: Path = Path(path).absolute()
        if not self.path.parent.is_dir():
            raise ConfigurationError(
                f"the folder {self.path.parent} of the tracker does not exist: create it"
            )
        super().__init__(_File(self.path, patience=patience), _Db)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"


class MemoryTracker(CommittingTracker[sqlite3.Connection]):
    """Remembers submissions as long as the process lives; any number of threads may use it."""

    def __init__(self) -> None:
        super().__init__(_Memory(), _Db)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _Db:
    """A connection that has the file to itself."""

    ours = ours_if_free = ""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def guard(self, name: str) -> None:
        """Nobody else is here."""


class _File(SqliteFile):
    """The inbox's file, with the tracker's tables in it, which have versions of their own."""

    @override
    def _migrate(self, connection: sqlite3.Connection) -> None:
        super()._migrate(connection)
        # The connection still waits for other processes by itself.
        _make_tables(connection, self._path)


class _Memory:
    """A database that is gone with its connection."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None

    def run(self, asks: Sequence[SqliteAsk]) -> Sequence[Any]:
        if self._connection is None:
            self._connection = sqlite3.connect(":memory:", isolation_level=None)
            _make_tables(self._connection, Path(":memory:"))
        return [self._one(self._connection, ask) for ask in asks]

    @staticmethod
    def _one(connection: sqlite3.Connection, ask: SqliteAsk) -> Any:
        connection.execute("BEGIN")
        try:
            (answer,) = ask.work.run(connection, [ask.argument])
        except Exception as error:  # noqa: BLE001 - its own fault, and the others' answers stand
            answer = error
        connection.execute("ROLLBACK" if isinstance(answer, Exception) else "COMMIT")
        return answer

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def forget(self) -> None:
        # A forked process begins with nothing: what it inherited is still the parent's to change.
        self._connection = None


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tracker's tables to this version, under the file's write lock."""
    scripts = scripts_of("paperhook.tracker", "sqlite")
    if _version(connection) == len(scripts):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS paperhook_tracker (version INTEGER NOT NULL)")
        found = _version(connection)
        _check_known(found, len(scripts), path)
        for script in scripts[found:]:
            for statement in statements_in(script):
                connection.execute(statement)
        connection.execute("DELETE FROM paperhook_tracker")
        connection.execute("INSERT INTO paperhook_tracker VALUES (?)", (len(scripts),))
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _check_known(found: int, known: int, path: Path) -> None:
    if found > known:
        raise InboxTooNew(
            f"{path} has tracker schema {found}, this paperhook knows {known}: upgrade paperhook"
        )


def _version(connection: sqlite3.Connection) -> int:
    with suppress(sqlite3.OperationalError):
        for (version,) in connection.execute("SELECT version FROM paperhook_tracker"):
            return int(version)
    return 0
