"""An inbox in one SQLite file: the default, for any number of threads and processes of one machine."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
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
from .commits import Ask, GroupCommit
from .sqlite_file import SqliteFile
from .sqlite_handing_over import HAND_OVER, HAND_OVER_NEXT
from .sqlite_handlers import HandlerTransactions
from .sqlite_upkeep import AUDIT, PURGE, REDACT, REPLAY
from .sqlite_work import CLAIM, CLAIM_KEY, PUT, RENEW, ROWS, SETTLE, STATS
from .wakes import Wakes

#: The first with RETURNING and UPDATE FROM (March 2021).
_OLDEST = (3, 35, 0)


class SqliteInbox:
    """Keeps events in a file, each acknowledged only after the commit has reached the disk.

    Args:
        path: The file, made when it is not there; its folder must exist.
        patience: Seconds to wait for other processes before `InboxUnavailable`.

    Raises:
        ConfigurationError: If the folder does not exist, or Python's SQLite is older than 3.35.
    """

    def __init__(self, path: str | PathLike[str], *, patience: float = 5.0) -> None:
        self.path = Path(path).absolute()
        if not self.path.parent.is_dir():
            raise ConfigurationError(f"the folder {self.path.parent} of the inbox does not exist: create it")
        if sqlite3.sqlite_version_info < _OLDEST:  # pragma: no cover - needs an old SQLite
            raise ConfigurationError(
                f"this Python has SQLite {sqlite3.sqlite_version}, the inbox needs 3.35: upgrade"
            )
        self._wakes = Wakes()
        self._writes = GroupCommit(
            SqliteFile(self.path, patience=patience), name="paperhook-inbox", told=partial(_tell, self._wakes)
        )
        self._reads = GroupCommit(
            SqliteFile(self.path, is_reader=True, patience=patience), name="paperhook-inbox-reads"
        )
        self._handlers = HandlerTransactions(self.path, patience=patience)
        # An inbox that nobody holds any more, and the end of the interpreter, close it.
        self._close = weakref.finalize(self, _close, self._handlers, self._writes, self._reads)

    def put(self, entries: Sequence[Entry]) -> Future[tuple[bool, ...]]:
        """Store events and commit."""
        return self._writes.ask(PUT, [storable(entry) for entry in entries])

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

    def transact(self, work: Callable[[sqlite3.Connection], Settlement]) -> bool:
        """Run `work` with a connection and record what it gives, all in one transaction; nobody else writes then."""
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
        """Have `wake` called when this process put events."""
        return self._wakes.subscribe(wake)

    def close(self) -> None:
        """Finish what was asked and close the file; calling twice is fine."""
        self._close()


def _tell(wakes: Wakes, asks: Sequence[Ask[sqlite3.Connection]]) -> None:
    if wakes and any(ask.work is PUT for ask in asks):
        wakes.tell()


def _close(*each: GroupCommit[sqlite3.Connection] | HandlerTransactions) -> None:
    for opened in each:
        opened.close()
