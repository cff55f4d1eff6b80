"""Connections for transactional handlers: each lent to one handler at a time, in a transaction that we end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import psycopg
from psycopg.rows import tuple_row

from ..errors import InboxUnavailable
from .base import Settlement
from .postgres_server import INHERITED, Address, PgConnection, is_idle, unavailable
from .postgres_work import SETTLE, Session


class HandlerConnections:
    """Opens connections when they are needed and keeps them.

    They have the settings of the database and of its user, not those that our own statements run under.

    Args:
        address: Where to.
        limit: How many at most; who comes later waits.
    """

    def __init__(self, address: Address, limit: int) -> None:
        self._address = address
        self._limit = limit
        self.start_anew()

    def start_anew(self) -> None:
        """Begin with no connection; in a forked process they belong to the parent."""
        INHERITED.extend(getattr(self, "_idle", ()))
        self._slots = threading.BoundedSemaphore(self._limit)
        self._idle: list[PgConnection] = []
        self._is_closed = False

    def transact(self, work: Callable[[PgConnection], Settlement]) -> bool:
        """Run `work` and record what it gives in the same transaction; see `TransactionalInbox.transact`."""
        with self._slots, self._lent() as connection:
            try:
                return _run(connection, work)
            except _ServerFailed as failed:
                raise unavailable(failed.error, self._address) from failed.error

    def close(self) -> None:
        """Close what is idle now, and the others when they come back."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _lent(self) -> Generator[PgConnection]:
        if self._is_closed:
            raise InboxUnavailable("the inbox is closed")
        connection = self._take()
        try:
            yield connection
        finally:
            if self._is_closed or not is_idle(connection):
                connection.close()
            else:
                self._idle.append(connection)

    def _take(self) -> PgConnection:
        """Give a connection that works, and on which nothing is left of the handler before."""
        with suppress(IndexError):
            connection = self._idle.pop()
            connection.row_factory = tuple_row
            try:
                connection.execute("RESET ALL")
            except psycopg.Error:
                # Cut while it was idle.
                connection.close()
            else:
                return connection
        try:
            return self._address.connect()
        except psycopg.Error as error:
            raise unavailable(error, self._address) from error


class _LeaseLost(Exception):
    """Rolls back."""


class _ServerFailed(Exception):
    """It was not the handler that failed; where it was the commit, nobody knows whether it was done."""

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__()
        self.error = error


def _run(connection: PgConnection, work: Callable[[PgConnection], Settlement]) -> bool:
    is_ours = False
    try:
        # While this block lasts, psycopg forbids commit() and rollback() to the handler.
        with connection.transaction():
            settlement = work(connection)
            is_ours = True
            _record(Session(connection), settlement)
    except _LeaseLost:
        return False
    except psycopg.Error as error:
        # A constraint that is checked at the commit is the handler's failure.
        if is_ours and connection.closed:
            raise _ServerFailed(error) from error
        raise
    return True


def _record(db: Session, settlement: Settlement) -> None:
    (is_recorded,) = SETTLE.run(db, [settlement])
    if not is_recorded:
        raise _LeaseLost
    db.complete()
