"""An inbox in PostgreSQL: for receivers and workers on any number of machines."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from .base import (
    EVERYTHING,
    Audit,
    Claim,
    Entry,
    Filter,
    Intervention,
    Key,
    Outcome,
    Row,
    Settlement,
    State,
    Stats,
    plain,
    storable,
)
from .commits import GroupCommit
from .postgres_handing_over import HAND_OVER, HAND_OVER_NEXT, Enlisted, put_and_carry
from .postgres_handlers import HandlerConnections
from .postgres_listener import Listener
from .postgres_server import Address, PgConnection, PostgresServer
from .postgres_upkeep import AUDIT, PURGE, REDACT, REPLAY
from .postgres_work import CLAIM, CLAIM_KEY, PUT, RENEW, ROWS, SETTLE, STATS, Session


class PostgresInbox:
    """Keeps events in the tables `paperhook_…` of a database, made when they are first needed.

    It opens at most three connections (to write, to read and, while a worker runs, to listen), and one more for each
    transactional handler that runs, up to `handler_connections`.

    Args:
        url: `postgresql://user:password@host:5432/database`, or libpq's `key=value` words.
        patience: Seconds to wait for the server, for a lock or for a free connection before `InboxUnavailable`.
        handler_connections: How many transactional handlers may run at once in this process.

    Raises:
        ConfigurationError: If the address is not PostgreSQL's.
    """

    def __init__(self, url: str, *, patience: float = 5.0, handler_connections: int = 8) -> None:
        self._address = Address(url, patience=patience)
        self._writes = GroupCommit(PostgresServer(self._address), name="paperhook-inbox")
        self._put = PUT
        self._reads = GroupCommit(PostgresServer(self._address, is_reader=True), name="paperhook-inbox-reads")
        self._listener = Listener(self._address)
        self._handlers = HandlerConnections(self._address, handler_connections)
        # An inbox that nobody holds any more, and the end of the interpreter, close it.
        self._close = weakref.finalize(
            self, _close, self._writes, self._reads, self._listener, self._handlers
        )
        _LIVING.add(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._address)!r})"

    def start_anew(self) -> None:
        """Begin again in a forked process; the connections stay with the parent."""
        self._listener.start_anew()
        self._handlers.start_anew()

    def put(self, entries: Sequence[Entry]) -> Future[tuple[bool, ...]]:
        """Store events and commit; where the connection is cut during the commit, `InboxUnavailable` all the same."""
        return self._writes.ask(self._put, [storable(entry) for entry in entries])

    def claim(
        self, *, limit: int, lease: float, now: float, only: Sequence[str] = (), without: Sequence[str] = ()
    ) -> Future[tuple[Claim, ...]]:
        """Lease up to `limit` events that are due."""
        types = None if not only and not without else (tuple(map(plain, only)), tuple(map(plain, without)))
        return self._writes.ask(CLAIM, (limit, lease, now, types))

    def claim_key(self, provider: str, key: str, *, lease: float, now: float) -> Future[Claim | None]:
        """Lease one event by its key, due or not."""
        return self._writes.ask(CLAIM_KEY, (plain(provider), plain(key), lease, now))

    def hand_over(self, *, limit: int, now: float, patience: float) -> Future[tuple[Key, ...]]:
        """Give events that are due to an engine."""
        return self._writes.ask(HAND_OVER, (limit, now, patience))

    def hand_over_next(self, provider: str, key: str, *, now: float, patience: float) -> Future[Key | None]:
        """Give the event that waits for this one to an engine."""
        return self._writes.ask(HAND_OVER_NEXT, (plain(provider), plain(key), now, patience))

    def renew(self, claims: Sequence[Claim], *, lease: float, now: float) -> Future[tuple[bool, ...]]:
        """Extend leases to `now + lease`."""
        return self._writes.ask(RENEW, (claims, now + lease))

    def finish(self, claim: Claim, outcomes: Sequence[Outcome], *, state: State, now: float) -> Future[bool]:
        """Record that an event is done or dead."""
        if not state.is_settled:
            raise ValueError(f"an event is finished as done or dead, not as {state}")
        return self._writes.ask(SETTLE, Settlement(claim, outcomes, state, now))

    def release(
        self, claim: Claim, outcomes: Sequence[Outcome], *, due_at: float, now: float
    ) -> Future[bool]:
        """Give a lease up until `due_at`."""
        return self._writes.ask(SETTLE, Settlement(claim, outcomes, State.PENDING, due_at))

    def enlist(self, within: Enlisted) -> None:
        """Have `within` store an engine's jobs in the transaction that puts events, or nothing where it fails."""
        self._put = put_and_carry(within)

    def transact(self, work: Callable[[PgConnection], Settlement]) -> bool:
        """Run `work` with a connection and record what it gives, all in one transaction."""
        return self._handlers.transact(work)

    def rows(
        self, where: Filter = EVERYTHING, *, limit: int = 100, offset: int = 0
    ) -> Future[tuple[Row, ...]]:
        """Give rows, newest first."""
        return self._reads.ask(ROWS, (where, limit, offset))

    def replay(
        self, where: Filter, *, now: float, limit: int = 1000, by: str = ""
    ) -> Future[tuple[int, ...]]:
        """Make settled rows pending again."""
        return self._writes.ask(REPLAY, Intervention(where, limit, now, plain(by)))

    def purge(
        self, where: Filter, *, now: float, redact: bool = False, limit: int = 1000, by: str = ""
    ) -> Future[tuple[int, ...]]:
        """Delete or redact settled rows."""
        return self._writes.ask(REDACT if redact else PURGE, Intervention(where, limit, now, plain(by)))

    def audit(self, *, limit: int = 100) -> Future[tuple[Audit, ...]]:
        """Give what operators did, newest first."""
        return self._reads.ask(AUDIT, limit)

    def stats(self) -> Future[Stats]:
        """Count rows by state."""
        return self._reads.ask(STATS, None)

    def subscribe(self, wake: Callable[[], Any]) -> Callable[[], None]:
        """Have `wake` called when any process put events."""
        return self._listener.subscribe(wake)

    def close(self) -> None:
        """Finish what was asked and close all connections; calling twice is fine."""
        self._close()


def _close(
    writes: GroupCommit[Session],
    reads: GroupCommit[Session],
    listener: Listener,
    handlers: HandlerConnections,
) -> None:
    listener.close()
    writes.close()
    reads.close()
    handlers.close()


_LIVING: weakref.WeakSet[PostgresInbox] = weakref.WeakSet()


def _after_fork() -> None:
    # Threads and connections of the writer and the reader are left behind by `commits`.
    for inbox in list(_LIVING):
        inbox.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
