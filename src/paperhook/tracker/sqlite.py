"""Trackers in SQLite: in the inbox's file, and in memory for tests, by the same statements."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from typing_extensions import override

from ..core.job import Job, JobStatus
from ..errors import ConfigurationError, InboxTooNew
from ..inbox.commits import GroupCommit, Transactions
from ..inbox.sqlite_file import SqliteAsk, SqliteFile
from . import sqlite_work as work
from .base import ANY, Begun, Submission, Tally, Turn, Which

P = ParamSpec("P")
T = TypeVar("T")


class _Tracker:
    """Both trackers: everything is asked of one thread, which commits for all that wait."""

    def __init__(self, transactions: Transactions[sqlite3.Connection]) -> None:
        self._commits = GroupCommit(transactions, name="paperhook-tracker")
        # A tracker that nobody holds any more, and the end of the interpreter, close it.
        self._close = weakref.finalize(self, self._commits.close)

    def begin(
        self, draft: Submission, turn: Turn, *, again: bool, repeat_within: float | None, now: float
    ) -> Future[Begun]:
        """Find the row of an upload, or make it, and take its turn where it is free."""
        return self._ask(work.begin, work.Beginning(draft, turn, again, repeat_within, now))

    def sending(self, attempt_id: str, turn: Turn, *, now: float) -> Future[bool]:
        """Record that the first byte is about to leave."""
        return self._ask(work.sending, attempt_id, turn, now)

    def record(self, attempt_id: str, job: Job, *, now: float) -> Future[Submission | None]:
        """Record the provider's job."""
        return self._ask(work.record, attempt_id, job, now)

    def give_up(
        self, attempt_id: str, turn: Turn, *, is_unknown: bool, error_code: str, now: float
    ) -> Future[bool]:
        """End a turn without a job."""
        return self._ask(work.give_up, attempt_id, turn, is_unknown, error_code, now)

    def absent(self, attempt_id: str, *, now: float) -> Future[bool]:
        """Record that the provider has no job for it."""
        return self._ask(work.absent, attempt_id, now)

    def note(self, job: Job, *, now: float) -> Future[bool]:
        """Record how a job stands."""
        return self._ask(work.note, job, now)

    def settle(self, provider: str, ends: Mapping[str, JobStatus], *, now: float) -> Future[bool]:
        """Record that the end of jobs is in the inbox."""
        return self._ask(work.settle, provider, ends, now)

    def claim_silent(
        self, provider: str, *, silence: float, hold: float, limit: int, now: float
    ) -> Future[tuple[Submission, ...]]:
        """Take jobs whose end is not in the inbox."""
        return self._ask(work.claim_silent, provider, silence, hold, limit, now)

    def postpone(self, attempt_id: str, *, until: float, error_code: str, now: float) -> Future[bool]:
        """Ask for a silent job again at `until`."""
        return self._ask(work.postpone, attempt_id, until, error_code, now)

    def rows(self, which: Which = ANY, *, limit: int = 100) -> Future[tuple[Submission, ...]]:
        """Give rows, newest first."""
        return self._ask(work.rows, which, limit)

    def tally(self) -> Future[Tally]:
        """Count rows by state."""
        return self._ask(work.tally)

    def close(self) -> None:
        """Finish what was asked and let go; calling twice is fine."""
        self._close()

    def _ask(
        self, function: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **names: P.kwargs
    ) -> Future[T]:
        return self._commits.ask(work.DO, lambda db: function(db, *args, **names))


class SqliteTracker(_Tracker):
    """Remembers submissions in a file, the inbox's own where you like, each committed before the next step.

    Args:
        path: The file, made when it is not there; its folder must exist.
        patience: Seconds to wait for other processes before `InboxUnavailable`.

    Raises:
        ConfigurationError: If the folder does not exist.
    """

    def __init__(self, path: str | PathLike[str], *, patience: float = 5.0) -> None:
        self.path = Path(path).absolute()
        if not self.path.parent.is_dir():
            raise ConfigurationError(
                f"the folder {self.path.parent} of the tracker does not exist: create it"
            )
        super().__init__(_File(self.path, patience=patience))


class MemoryTracker(_Tracker):
    """Remembers submissions as long as the process lives; any number of threads may use it."""

    def __init__(self) -> None:
        super().__init__(_Memory())


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
    scripts = _scripts()
    if _version(connection) == len(scripts):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS paperhook_tracker (version INTEGER NOT NULL)")
        found = _version(connection)
        _check_known(found, len(scripts), path)
        for script in scripts[found:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute("DELETE FROM paperhook_tracker")
        connection.execute("INSERT INTO paperhook_tracker VALUES (?)", (len(scripts),))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
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


def _scripts() -> list[str]:
    """Give the migrations in order; the file of version n begins with n in three digits."""
    folder = resources.files("paperhook.tracker").joinpath("migrations", "sqlite")
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    return [file.read_text("utf-8") for file in files]


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
