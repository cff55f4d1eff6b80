"""An inbox in one SQLite file: the default, for any number of threads and processes of one machine."""

from __future__ import annotations

import asyncio
import sqlite3
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from ...core.arguments import patience_of
from ...errors import ConfigurationError
from ..base import Claim, Entry, Settlement, storable
from ..bridge import Bridge
from ..commits import Ask, GroupCommit
from ..committing import CommittingInbox, Works
from ..wakes import Wakes
from .file import SqliteFile
from .handing_over import HAND_OVER, HAND_OVER_NEXT
from .handlers import HandlerTransactions
from .looking import ROWS, STATS
from .putting import PUT, Putting
from .review import DECIDE, HOLD, KEEP, OPEN_REVIEW, REVIEWS
from .surveying import SURVEY
from .upkeep import AUDIT, PURGE, REDACT, REPLAY
from .work import CLAIM, CLAIM_KEY, RENEW, SETTLE

#: The first with RETURNING and UPDATE FROM (March 2021).
_OLDEST = (3, 35, 0)
#: How a file answers.
_WORKS: Works[sqlite3.Connection] = Works(
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


class SqliteInbox(CommittingInbox[sqlite3.Connection]):
    """Keeps events in a file, each acknowledged only after the commit has reached the disk.

    Args:
        path: The file, made when it is not there; its folder must exist.
        patience: Seconds to wait for other processes before `InboxUnavailable`.

    Raises:
        ConfigurationError: If the folder does not exist, or Python's SQLite is older than 3.35.
    """

    def __init__(self, path: str | PathLike[str], *, patience: float = 5.0) -> None:
        patience = patience_of(patience)
        self.path: Path = Path(path).absolute()
        if not self.path.parent.is_dir():
            raise ConfigurationError(f"the folder {self.path.parent} of the inbox does not exist: create it")
        if sqlite3.sqlite_version_info < _OLDEST:  # pragma: no cover - needs an old SQLite
            raise ConfigurationError(
                f"this Python has SQLite {sqlite3.sqlite_version}, the inbox needs 3.35: upgrade"
            )
        self._wakes = Wakes()
        written, read = (SqliteFile(self.path, is_reader=each, patience=patience) for each in (False, True))
        writes = GroupCommit(written, name="paperhook-inbox", told=partial(_tell, self._wakes))
        reads = GroupCommit(read, name="paperhook-inbox-reads")
        super().__init__(_WORKS, writes, reads)
        self._handlers = HandlerTransactions(self.path, patience=patience)
        # An inbox that nobody holds any more, and the end of the interpreter, close it.
        self._close = weakref.finalize(self, _close, self._handlers, writes, reads)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    def put(self, entries: Sequence[Entry]) -> Future[tuple[bool, ...]]:
        """Store events and commit."""
        return self._writes.ask(PUT, Putting([storable(entry) for entry in entries]))

    def put_on(self, bridge: Bridge, entries: Sequence[Entry]) -> asyncio.Future[tuple[bool, ...]]:
        """Store events as `put` does, for a caller on an event loop."""
        return self._writes.ask_on(bridge, PUT, Putting([storable(entry) for entry in entries]))

    def put_leased_on(
        self,
        bridge: Bridge,
        entries: Sequence[Entry],
        *,
        lease_until: float,
        then: Callable[[tuple[Claim, ...]], Any],
    ) -> asyncio.Future[tuple[bool, ...]]:
        """Store events and lease those that are new and whose turn it is."""
        given = Putting([storable(entry) for entry in entries], lease_until)
        return self._writes.ask_on(bridge, PUT, given, then)

    def transact(self, work: Callable[[sqlite3.Connection], Settlement]) -> bool:
        """Run `work` with a connection and record what it gives, all in one transaction; nobody else writes then."""
        return self._handlers.transact(work)

    def subscribe(self, wake: Callable[[], Any]) -> Callable[[], None]:
        """Have `wake` called when this process put events."""
        return self._wakes.subscribe(wake)

    def close(self) -> None:
        """Finish what was asked and close the file; calling twice is fine."""
        self._close()


def _tell(wakes: Wakes, asks: Sequence[Ask[sqlite3.Connection]]) -> None:
    if wakes and any(map(_is_news, asks)):
        wakes.tell()


def _is_news(ask: Ask[sqlite3.Connection]) -> bool:
    """Tell whether there may be something to claim; what was leased when it was put has its worker."""
    return ask.work is DECIDE or (ask.work is PUT and ask.argument.lease_until is None)


def _close(*each: GroupCommit[sqlite3.Connection] | HandlerTransactions) -> None:
    for opened in each:
        opened.close()
