"""Connections for transactional handlers: each lent to one handler at a time, in a transaction that we end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress

import psycopg
from psycopg.rows import tuple_row

from ...errors import InboxUnavailable
from ..base import Settlement, State
from .server import (
    AGAIN_SECONDS,
    GRACE_SECONDS,
    INHERITED,
    Address,
    PgConnection,
    is_idle,
    silent,
    unavailable,
)
from .session import ServerClock, Session
from .watch import Watch
from .work import SETTLE, recall

#: What a handler may have left on its connection; its prepared statements do no harm.
_CLEAR = (
    "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; UNLISTEN *; CLOSE ALL; DISCARD TEMP;"
    " SELECT pg_advisory_unlock_all()"
)


class HandlerConnections:
    """Opens connections when they are needed and keeps them.

    They have the settings of the database and of its user, not those that our own statements run under.

    Args:
        address: Where to.
        limit: How many at most; who comes later waits.
        clock: This machine's; see `ServerClock`.
    """

    def __init__(self, address: Address, limit: int, clock: Callable[[], float] = time.time) -> None:
        self._address = address
        self._limit = limit
        self._clock = ServerClock(clock)
        self._watch = Watch(address.patience)
        self.start_anew()

    def start_anew(self) -> None:
        """Begin with no connection; in a forked process they belong to the parent."""
        INHERITED.extend(getattr(self, "_idle", ()))
        self._watch.start_anew()
        self._slots = threading.BoundedSemaphore(self._limit)
        self._idle: list[PgConnection] = []
        self._is_closed = False

    def transact(self, work: Callable[[PgConnection], Settlement]) -> bool:
        """Run `work` and record what it gives in the same transaction; see `TransactionalInbox.transact`."""
        with self._slots, self._lent() as connection:
            try:
                return self._run(connection, work)
            except _ServerFailed as failed:
                if self._is_recorded(failed.settlement):
                    return True
                meaning = (
                    silent(self._address) if failed.was_silent else unavailable(failed.error, self._address)
                )
                raise meaning from failed.error

    def _is_recorded(self, settlement: Settlement) -> bool:
        """Look up on another connection whether a transaction was committed of which nobody heard."""
        # Of one that keeps the lease the row says nothing; then the outcome of its handler is there or it is not.
        if settlement.state is State.RUNNING:
            return False
        try:
            with closing(self._address.connect(AGAIN_SECONDS)) as connection:
                self._address.prepare(connection)
                return bool(recall(Session(connection), [(settlement.claim.id, settlement.claim.token)]))
        except (psycopg.Error, OSError) as error:
            raise unavailable(error, self._address) from error

    def _run(self, connection: PgConnection, work: Callable[[PgConnection], Settlement]) -> bool:
        settlement: Settlement | None = None
        was_silent = False
        try:
            try:
                # While this block lasts, psycopg forbids commit() and rollback() to the handler.
                with connection.transaction():
                    settlement = work(connection)
                    # The handler took what time it liked; from here on it is the server's.
                    self._watch.begin(connection, time.monotonic() + self._address.patience + GRACE_SECONDS)
                    _record(Session(connection, clock=self._clock), settlement)
            finally:
                was_silent = self._watch.end(connection)
        except _LeaseLost:
            return False
        except psycopg.Error as error:
            # A constraint that is checked at the commit is the handler's failure.
            if settlement is not None and connection.closed:
                raise _ServerFailed(error, settlement, was_silent=was_silent) from error
            raise
        return True

    def close(self) -> None:
        """Close what is idle now, and the others when they come back."""
        self._is_closed = True
        self._watch.close()
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
                # Several statements in one message cannot be prepared.
                connection.execute(_CLEAR, prepare=False)
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

    def __init__(self, error: psycopg.Error, settlement: Settlement, *, was_silent: bool) -> None:
        super().__init__()
        self.error = error
        self.settlement = settlement
        self.was_silent = was_silent


def _record(db: Session, settlement: Settlement) -> None:
    (is_recorded,) = SETTLE.run(db, [settlement])
    if not is_recorded:
        raise _LeaseLost
    db.complete()
    db.flush()
