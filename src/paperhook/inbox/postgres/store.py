"""An inbox in PostgreSQL: for receivers and workers on any number of machines."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from ...forking import start_anew_after_fork
from ..base import Entry, Settlement, storable
from ..bridge import Bridge
from ..commits import GroupCommit, Work
from ..committing import CommittingInbox, Works
from .handing_over import HAND_OVER, HAND_OVER_NEXT, Enlisted, put_and_carry
from .handlers import HandlerConnections
from .listener import Listener
from .looking import ROWS, STATS
from .putting import PUT
from .review import DECIDE, HOLD, KEEP, OPEN_REVIEW, REVIEWS
from .server import Address, PgConnection, PostgresServer
from .session import Session
from .surveying import SURVEY
from .upkeep import AUDIT, PURGE, REDACT, REPLAY
from .work import CLAIM, CLAIM_KEY, RENEW, SETTLE

#: Asks of a loop with which the server begins while the loop still reads others: 15 to 20 % more deliveries a second at 64
#: connections, by `tests.bench.receiving`, than when all of a turn go to it together; 8 and 32 give half of that.
ENOUGH = 16
#: How a server answers.
_WORKS: Works[Session] = Works(
    claim=CLAIM,
    claim_key=CLAIM_KEY,
    hand_over=HAND_OVER,
    hand_over_next=HAND_OVER_NEXT,
    renew=RENEW,
    settle=SETTLE,
    rows=ROWS,
    replay=REPLAY,
    purge=PURGE,
    redact=REDACT,
    open_review=OPEN_REVIEW,
    reviews=REVIEWS,
    decide=DECIDE,
    keep=KEEP,
    hold=HOLD,
    audit=AUDIT,
    stats=STATS,
    survey=SURVEY,
)


class PostgresInbox(CommittingInbox[Session]):
    """Keeps events in the tables `paperhook_…` of a database, made when they are first needed.

    It opens at most three connections (to write, to read and, while a worker runs, to listen), and one more for each
    transactional handler that runs, up to `handler_connections`.

    Args:
        url: `postgresql://user:password@host:5432/database`, or libpq's `key=value` words.
        patience: Seconds to wait for the server or for a lock before `InboxUnavailable`. A put that comes while the
            server has just fallen silent hears of it after three seconds more at most, so keep the sum below the time
            that providers wait for their answer.
        handler_connections: How many transactional handlers may run at once in this process; further ones wait.
        clock: What the times come from that it is given, in seconds since the epoch. When leases end and when events
            are due again the server's clock decides; where this one differs by a second or more, it is corrected.

    Raises:
        ConfigurationError: If the address is not PostgreSQL's.
    """

    def __init__(
        self,
        url: str,
        *,
        patience: float = 5.0,
        handler_connections: int = 8,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._address = Address(url, patience=patience)
        server = PostgresServer(self._address, clock=clock)
        writes = GroupCommit(server, name="paperhook-inbox", enough=ENOUGH)
        reads = GroupCommit(PostgresServer(self._address, is_reader=True), name="paperhook-inbox-reads")
        super().__init__(_WORKS, writes, reads)
        self._put: Work[Session, Sequence[Entry], tuple[bool, ...]] = PUT
        self._listener = Listener(self._address)
        self._handlers = HandlerConnections(self._address, handler_connections, clock)
        # An inbox that nobody holds any more, and the end of the interpreter, close it.
        self._close = weakref.finalize(self, _close, writes, reads, self._listener, self._handlers)
        # Threads and connections of the writer and the reader are left behind by `commits`.
        start_anew_after_fork(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._address)!r})"

    def start_anew(self) -> None:
        """Begin again in a forked process; the connections stay with the parent."""
        self._listener.start_anew()
        self._handlers.start_anew()

    def put(self, entries: Sequence[Entry]) -> Future[tuple[bool, ...]]:
        """Store events and commit."""
        return self._writes.ask(self._put, [storable(entry) for entry in entries])

    def put_on(self, bridge: Bridge, entries: Sequence[Entry]) -> asyncio.Future[tuple[bool, ...]]:
        """Store events as `put` does, for a caller on an event loop."""
        return self._writes.ask_on(bridge, self._put, [storable(entry) for entry in entries])

    def enlist(self, within: Enlisted) -> None:
        """Have `within` store an engine's jobs in the transaction that puts events, or nothing where it fails."""
        self._put = put_and_carry(within)

    def transact(self, work: Callable[[PgConnection], Settlement]) -> bool:
        """Run `work` with a connection and record what it gives, all in one transaction."""
        return self._handlers.transact(work)

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
