"""A connection of the inbox to PostgreSQL, what its transaction has still to say, and how texts are stored."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg.pq import Format
from psycopg.rows import TupleRow, tuple_row

from ..commits import Work
from .arrays import teach

A = TypeVar("A")
T = TypeVar("T")

#: A provider and the hash of a key or of a subject.
Name: TypeAlias = tuple[str, bytes]

#: PostgreSQL's text has no null character; this one, which Unicode keeps free, says that one follows.
_ESCAPE = "\ufdd0"

#: Lines of the tally; a transaction that counts takes any of them.
SLOTS = 16

#: Seconds after which the server is asked for the time again.
CLOCK_SECONDS = 10.0
#: Seconds by which two clocks may differ and count as one.
SAME_CLOCK = 1.0

_NOTIFY = "SELECT pg_notify('paperhook_event', current_schema())"
_TALLY = """
    INSERT INTO paperhook_tally VALUES (%(slot)b, %(done)b, %(duplicates)b)
    ON CONFLICT (slot) DO UPDATE SET done = paperhook_tally.done + excluded.done,
        duplicates = paperhook_tally.duplicates + excluded.duplicates"""
_CLOCK = "SELECT extract(epoch FROM clock_timestamp())::float8"


class Repeatable(Work["Session", A, T]):
    """Work that is done again, with the same answer, where the connection was lost in the middle of its commit."""


@dataclass
class InDoubt:
    """What transactions did of whose commit nobody heard, kept until it is known."""

    #: When the events were received that may have been put; known or given up before anything else is done.
    puts: dict[Name, float] = field(default_factory=dict[Name, float])
    #: Tokens of leases that may have been taken, and when those end.
    leases: dict[str, float] = field(default_factory=dict[str, float])
    #: Ids and tokens of events that may have been settled.
    settled: set[tuple[int, str]] = field(default_factory=set[tuple[int, str]])


class ServerClock:
    """Turns times of this machine into the server's, so that a clock which is wrong takes nobody's lease.

    Args:
        clock: This machine's; what the inbox is told as `now` comes from it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        #: The server's time at 0 of the monotonic clock.
        self._origin = 0.0
        self._asked = -CLOCK_SECONDS

    def skew(self, db: Session) -> float:
        """Give the seconds by which the server's clock is ahead; 0 where they are the same but for a moment."""
        if time.monotonic() - self._asked >= CLOCK_SECONDS:
            began = time.monotonic()
            ((moment,),) = db.rows(_CLOCK)
            self._asked = time.monotonic()
            self._origin = moment - (began + self._asked) / 2
        # Between two questions this machine's clock may be set; its monotonic one is not.
        skew = self._origin + time.monotonic() - self._clock()
        return skew if abs(skew) >= SAME_CLOCK else 0.0

    def forget(self) -> None:
        """Ask anew: it may be another server."""
        self._asked = -CLOCK_SECONDS


class Session:
    """A connection, and what its transaction has still to say.

    Args:
        connection: Ours, or one that was lent to a handler.
        clock: None takes this machine's time for the server's.
        in_doubt: Outlives the connection.
    """

    def __init__(
        self,
        connection: psycopg.Connection[TupleRow],
        *,
        clock: ServerClock | None = None,
        in_doubt: InDoubt | None = None,
    ) -> None:
        #: The connection, as it is.
        self.raw = connection
        self.in_doubt: InDoubt = in_doubt or InDoubt()
        self._clock = clock
        teach(connection)
        # Whatever a handler made of the connection's own factories.
        self._cursor = psycopg.Cursor(connection, row_factory=tuple_row)
        self._cursor.format = Format.BINARY
        self._waiting: list[tuple[str, Mapping[str, Any] | None]] = []
        #: Whether somebody who waits should look.
        self.is_news: bool = False
        #: What this transaction does that somebody has to know in case nobody hears of its commit.
        self.doing: InDoubt = InDoubt()
        self._done = self._duplicates = 0

    @property
    def connection(self) -> psycopg.Connection[TupleRow]:
        """The connection, for statements beside ours; what waits is said before."""
        self.flush()
        return self.raw

    @property
    def is_closed(self) -> bool:
        """Whether the connection is of no use any more."""
        return self.raw.closed

    def close(self) -> None:
        """Close the connection."""
        self.raw.close()

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Run a statement and give its rows."""
        return self._execute(statement, values).fetchall()

    def run(self, statement: str, **values: Any) -> None:
        """Run a statement for what it does."""
        self._execute(statement, values)

    def later(self, statement: str, **values: Any) -> None:
        """Have a statement run on the way to the next one, whose answer is waited for; it fails there, too."""
        self._waiting.append((statement, values or None))

    def control(self, statement: str) -> None:
        """Begin, end or part the transaction; several statements may be one message."""
        self.flush()
        self.raw.execute(statement.encode(), prepare=False)

    def flush(self) -> None:
        """Run what waits, in one round trip."""
        if self._waiting:
            with self._together():
                self._send_waiting()

    def _execute(self, statement: str, values: Mapping[str, Any]) -> psycopg.Cursor[TupleRow]:
        # All texts are ours; what comes from outside goes into the values.
        if not self._waiting:
            return self._cursor.execute(statement.encode(), values)
        with self._together():
            self._send_waiting()
            self._cursor.execute(statement.encode(), values)
        return self._cursor

    def _together(self) -> AbstractContextManager[object]:
        # A libpq before 14 sends one by one.
        return self.raw.pipeline() if psycopg.Pipeline.is_supported() else nullcontext()

    def _send_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for statement, values in waiting:
            # Those without values begin and end transactions: nothing to prepare.
            psycopg.Cursor(self.raw).execute(statement.encode(), values, prepare=None if values else False)

    def server_time(self, moment: float) -> float:
        """Give a time of this machine's clock as the server's has it; 0 and what is before mean no time."""
        if self._clock is None or moment <= 0:
            return float(moment)
        return float(moment + self._clock.skew(self))

    def count(self, *, done: int = 0, duplicates: int = 0) -> None:
        """Add to the tally."""
        self._done += done
        self._duplicates += duplicates

    def complete(self) -> None:
        """Tell it, as the last thing before the commit: whoever counts in the same slot waits until then."""
        if self._done or self._duplicates:
            slot = secrets.randbelow(SLOTS)
            self.later(_TALLY, slot=slot, done=self._done, duplicates=self._duplicates)
        if self.is_news:
            self.later(_NOTIFY)

    def doubt(self) -> None:
        """Remember what this transaction did: nobody knows whether it was committed."""
        self.in_doubt.puts.update(self.doing.puts)
        self.in_doubt.leases.update(self.doing.leases)
        self.in_doubt.settled.update(self.doing.settled)

    def trust(self) -> None:
        """Forget the doubts that this transaction, which is committed, has settled."""
        self.in_doubt.settled -= self.doing.settled
        if self.doing.leases:
            self.in_doubt.leases.clear()

    def forget(self) -> None:
        """Leave unsaid what was said, committed or rolled back."""
        self._waiting.clear()
        self.is_news = False
        self.doing = InDoubt()
        self._done = self._duplicates = 0


# Texts


def hashed(text: str) -> bytes:
    """Give the hash under which a key or a subject is found."""
    return hashlib.sha256(text.encode()).digest()


def stored(text: str) -> str:
    """Give a text as the tables hold it."""
    if "\x00" not in text and _ESCAPE not in text:
        return text
    return text.replace(_ESCAPE, _ESCAPE + "1").replace("\x00", _ESCAPE + "0")


def original(text: str) -> str:
    """Give back a text that the tables hold."""
    return text.replace(_ESCAPE + "0", "\x00").replace(_ESCAPE + "1", _ESCAPE) if _ESCAPE in text else text


def stored_if(text: str | None) -> str | None:
    """Give a text as the tables hold it, or None."""
    return None if text is None else stored(text)


def original_if(text: str | None) -> str | None:
    """Give back a text that the tables hold, or None."""
    return None if text is None else original(text)
