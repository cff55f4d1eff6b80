"""Transactional handlers on an SQLite file: each has the file to itself while it runs."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from ...errors import InboxUnavailable
from ...forking import start_anew_after_fork
from ..base import Settlement
from .file import SqliteFile
from .work import SETTLE


class HandlerTransactions:
    """Runs one handler at a time, each with a connection of its own.

    Args:
        path: The file.
        patience: Seconds to wait for other processes before `InboxUnavailable`.
    """

    def __init__(self, path: Path, *, patience: float) -> None:
        self._path = path
        self._patience = patience
        self.start_anew()
        start_anew_after_fork(self)

    def start_anew(self) -> None:
        """Begin again in a forked process, where the lock may be held for ever."""
        # A file has one writer; those of this process wait here, however long, rather than run out of patience.
        self._lock = threading.Lock()
        self._is_closed = False

    def close(self) -> None:
        """Lend nothing any more."""
        self._is_closed = True

    def transact(self, work: Callable[[sqlite3.Connection], Settlement]) -> bool:
        """Run `work` and record what it gives in the same transaction; see `TransactionalInbox.transact`."""
        with self._lock:
            if self._is_closed:
                raise InboxUnavailable("the inbox is closed")
            file = SqliteFile(self._path, patience=self._patience)
            try:
                file.lend(lambda connection: _run(connection, work))
            except _LeaseLost:
                return False
            finally:
                file.close()
        return True


class _LeaseLost(Exception):
    """Rolls back."""


def _run(
    connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], Settlement]
) -> Callable[[], None]:
    """Run the handler; give what records it."""
    connection.set_authorizer(_may)
    try:
        settlement = work(connection)
    finally:
        connection.set_authorizer(None)
        connection.row_factory = None
    if not connection.in_transaction:
        raise sqlite3.OperationalError("SQLite has rolled the handler's transaction back")

    def record() -> None:
        (is_recorded,) = SETTLE.run(connection, [settlement])
        if not is_recorded:
            raise _LeaseLost

    return record


def _may(action: int, *_: object) -> int:
    """Forbid to begin, commit and roll back; savepoints are something else."""
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_TRANSACTION else sqlite3.SQLITE_OK
