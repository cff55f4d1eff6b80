"""A PostgreSQL server as a store of transactions: connecting, migrating, and what its failures mean."""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow, tuple_row

from ...core.arguments import patience_of
from ...errors import ConfigurationError, InboxCorrupt, InboxError, InboxUnavailable
from ..commits import Ask, by_work
from .migrating import MIGRATION_SECONDS, migrate
from .putting import PUT, put_at_once
from .session import InDoubt, Repeatable, ServerClock, Session
from .watch import Watch
from .work import CLAIM, LEASING, SETTLE, claim_at_once, settle_at_once

PostgresAsk: TypeAlias = Ask[Session]
PgConnection: TypeAlias = psycopg.Connection[TupleRow]

logger: logging.Logger = logging.getLogger("paperhook")

#: How often a transaction is done again that lost a race with another machine.
_MAX_RACES = 10

#: Where the address does not say otherwise: a dead network is noticed, and of several hosts the one that can write is taken.
_DEFAULTS = {
    "fallback_application_name": "paperhook",
    "target_session_attrs": "read-write",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
#: Seconds to connect to a server that was away a moment ago: the least that libpq knows. Deliveries that queued behind
#: the failure do not wait the whole patience once more.
AGAIN_SECONDS = 2
#: Seconds beyond the patience after which a server that says nothing is given up: its own timeouts come first.
GRACE_SECONDS = 0.5
#: For connections that run nothing but our statements, each of which has its index: with the statistics of an empty
#: table PostgreSQL would read it from end to end, and so it would where pages that are looked up seem expensive. An
#: acknowledged event survives a power cut.
_SETTINGS = """
    SELECT set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
        set_config('enable_mergejoin', 'off', false), set_config('jit', 'off', false),
        set_config('random_page_cost', '0.01', false),
        set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false),
        set_config('idle_in_transaction_session_timeout', %s, false),
        set_config('default_transaction_isolation', 'read committed', false),
        set_config('default_transaction_read_only', 'off', false),
        set_config('synchronous_commit', CASE current_setting('synchronous_commit')
            WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"""

#: Nothing but leases needs no disk: those that a crash of the server forgets are taken anew, under other tokens.
_UNSYNCED = "SET LOCAL synchronous_commit TO off"

#: What most groups are: one kind of work, in one statement that is a transaction of its own.
_AT_ONCE: Mapping[object, Callable[[Session, Sequence[Any]], list[Any] | None]] = {
    PUT: put_at_once,
    SETTLE: settle_at_once,
    CLAIM: claim_at_once,
}
#: Lost to another transaction, which is over by now.
_RACES = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UniqueViolation,
)
#: Connections inherited by a fork: closing them here would say goodbye on the parent's socket.
INHERITED: list[PgConnection] = []


class Address:
    """Where the database is; shows everything but the password.

    Args:
        url: `postgresql://user:password@host:port/database?option=value`, or libpq's `key=value` words.
        patience: Seconds to wait for the server, for another machine's lock, and for a free connection.

    Raises:
        ConfigurationError: If it is neither.
    """

    def __init__(self, url: str, *, patience: float) -> None:
        patience = patience_of(patience)
        try:
            self._words = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # libpq's own message quotes the address.
            raise ConfigurationError(
                "the inbox address is no PostgreSQL address: write postgresql://user:password@host:5432/database"
            ) from None
        self.patience = patience

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __str__(self) -> str:
        host = self._words.get("host") or self._words.get("hostaddr") or ""
        port = f":{self._words['port']}" if "port" in self._words else ""
        return f"postgresql://{host}{port}/{self._words.get('dbname') or ''}"

    def connect(self, patience: float | None = None) -> PgConnection:
        """Open a connection in autocommit mode; see `unavailable` for what it raises."""
        patience = self.patience if patience is None else patience
        words: dict[str, Any] = {
            **_DEFAULTS,
            "connect_timeout": max(AGAIN_SECONDS, math.ceil(patience)),
            **{name: value for name, value in self._words.items() if value is not None},
            "client_encoding": "utf8",
        }
        return psycopg.connect(autocommit=True, row_factory=tuple_row, **words)

    def prepare(self, connection: PgConnection, begin_long: Callable[[], Any] = lambda: None) -> None:
        """Give a connection our settings, and the database tables of this version.

        Args:
            connection: In autocommit mode.
            begin_long: Called before tables are changed, which may take up to `MIGRATION_SECONDS`.
        """
        patience = f"{max(1, round(self.patience * 1000))}ms"
        connection.execute(_SETTINGS, (patience, patience, patience))
        migrate(connection, str(self), begin_long)


class PostgresServer:
    """One connection, opened when it is first needed and again after a failure.

    Args:
        address: Where to.
        is_reader: Cannot write.
        clock: This machine's; see `ServerClock`.
    """

    def __init__(
        self, address: Address, *, is_reader: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._address = address
        self._begin = (
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            if is_reader
            else "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        )
        self._clock = ServerClock(clock)
        self._watch = Watch(address.patience)
        self._in_doubt = InDoubt()
        self._db: Session | None = None
        self._is_committing = False
        #: When what is asked now fails, by the monotonic clock.
        self._until = 0.0
        #: Whether the last that was heard of the server is a failure.
        self._is_away = False

    def run(self, asks: Sequence[PostgresAsk]) -> Sequence[Any]:
        """Do what was asked in one transaction; see `Transactions.run`.

        It takes `patience` seconds and a moment at most, whatever the server does; longer only where tables of an older
        version are brought up to date.
        """
        self._until = time.monotonic() + self._address.patience
        try:
            return self._run(asks)
        finally:
            # Whoever puts them again is answered by their keys.
            self._in_doubt.puts.clear()

    def _run(self, asks: Sequence[PostgresAsk]) -> Sequence[Any]:
        while True:
            was_open = self._db is not None
            try:
                answers = self._race(asks)
            except (psycopg.Error, OSError) as error:
                may_ask_again = self._is_in_doubt(asks) or (was_open and not self._is_committing)
                is_cut = self._is_cut()
                meaning = self._meaning(error)
                self.close()
                if not (may_ask_again and is_cut) or time.monotonic() >= self._until:
                    self._is_away = True
                    raise meaning from error
                # The server has rolled back what we began on a connection that was cut while it was idle, by a restart
                # perhaps; and what it committed without telling us is looked up.
            except InboxError:
                self.close()
                raise
            else:
                self._unwatched()
                self._is_away = False
                return answers

    def close(self) -> None:
        """Close the connection."""
        if self._db is not None:
            self._unwatched()
            self._db.close()
            self._db = None
        self._watch.close()

    def forget(self) -> None:
        """Leave the connection to the process that opened it."""
        self._watch.start_anew()
        self._in_doubt = InDoubt()
        if self._db is not None:
            INHERITED.append(self._db.raw)
            self._db = None

    def _is_cut(self) -> bool:
        return self._db is not None and self._db.is_closed

    def _is_in_doubt(self, asks: Sequence[PostgresAsk]) -> bool:
        """Tell whether nobody knows if it was committed, and asking again settles that."""
        if not self._is_committing or self._db is None:
            return False
        self._db.doubt()
        return all(isinstance(ask.work, Repeatable) for ask in asks)

    def _meaning(self, error: psycopg.Error | OSError) -> InboxError:
        return silent(self._address) if self._unwatched() else unavailable(error, self._address)

    def _unwatched(self) -> bool:
        """Have nobody watch the connection any more; tell whether it was cut."""
        return self._db is not None and self._watch.end(self._db.raw)

    def _race(self, asks: Sequence[PostgresAsk]) -> list[Any]:
        """Do it again where another machine did what collides with it."""
        db = self._connected()
        self._watch.begin(db.raw, self._until + GRACE_SECONDS)
        for _ in range(_MAX_RACES - 1):
            try:
                return self._together_or_apart(db, asks)
            except _RACES as error:
                logger.debug("a transaction is done again: %s", type(error).__name__)
                time.sleep(random.uniform(0, 0.01))  # noqa: S311 - so that the two do not meet again
        return self._together_or_apart(db, asks)

    def _connected(self) -> Session:
        if self._db is None:
            self._is_committing = False
            left = AGAIN_SECONDS if self._is_away else self._until - time.monotonic()
            connection = self._address.connect(left)
            self._clock.forget()
            # Closed by whoever sees it fail.
            self._db = Session(connection, clock=self._clock, in_doubt=self._in_doubt)
            self._watch.begin(connection, self._until + GRACE_SECONDS)
            self._address.prepare(connection, self._begin_long)
            self._until = min(self._until, time.monotonic() + self._address.patience)
        return self._db

    def _begin_long(self) -> None:
        """Let whoever waits for changed tables have them, however long that takes."""
        self._until = time.monotonic() + MIGRATION_SECONDS
        if self._db is not None:
            self._watch.begin(self._db.raw, self._until + GRACE_SECONDS)

    def _together_or_apart(self, db: Session, asks: Sequence[PostgresAsk]) -> list[Any]:
        try:
            answers = self._at_once(db, asks)
            if answers is not None:
                return answers
            return self._transaction(db, lambda: by_work(db, asks), all(ask.work in LEASING for ask in asks))
        except Exception as error:
            if not _is_own_fault(error):
                raise
        # One of them is bad: each behind a savepoint.
        return self._transaction(db, lambda: [_behind_savepoint(db, ask) for ask in asks])

    def _at_once(self, db: Session, asks: Sequence[PostgresAsk]) -> list[Any] | None:
        """Do it in one statement, which is committed when it is answered; None where that cannot be."""
        work = asks[0].work
        serve = _AT_ONCE.get(work)
        if serve is None or any(ask.work is not work for ask in asks):
            return None
        self._is_committing = True
        try:
            answers = serve(db, [ask.argument for ask in asks])
        except psycopg.errors.UniqueViolation:
            answers = None
        finally:
            # Where the server answered, whatever it was, it is known.
            self._is_committing = db.is_closed
        db.forget()
        return answers

    def _transaction(
        self, db: Session, work: Callable[[], list[Any]], is_unsynced: bool = False
    ) -> list[Any]:
        self._is_committing = False
        db.forget()
        db.later(self._begin)
        if is_unsynced:
            db.later(_UNSYNCED)
        try:
            answers = work()
            db.complete()
            db.later("COMMIT")
            # From here on until the server answers, nobody knows.
            self._is_committing = True
            db.flush()
        except BaseException:
            if not db.is_closed:
                self._is_committing = False
                db.forget()
                # A connection that is cut has rolled back by itself.
                with suppress(psycopg.Error):
                    db.control("ROLLBACK")
            raise
        self._is_committing = False
        db.trust()
        db.forget()
        return answers


def has_table(url: str, name: str, *, patience: float = 5.0) -> bool:
    """Tell whether a database has a table; it is only read.

    Raises:
        ConfigurationError: If the address is not PostgreSQL's.
        InboxUnavailable: If the server is away.
    """
    address = Address(url, patience=patience)
    try:
        with address.connect() as connection:
            [(table,)] = connection.execute("SELECT to_regclass(%s)", (name,)).fetchall()
    except psycopg.Error as error:
        raise unavailable(error, address) from error
    return table is not None


def silent(address: Address) -> InboxUnavailable:
    """Say that a connection had to be cut because nobody answered."""
    seconds = address.patience + GRACE_SECONDS
    return InboxUnavailable(f"{address}: the server has not answered for {seconds:g} s")


def unavailable(error: psycopg.Error | OSError, address: Address) -> InboxError:
    """Say what a failure of the server means, without values that a statement carried."""
    if isinstance(error, psycopg.Error) and error.sqlstate in ("XX001", "XX002"):
        return InboxCorrupt(f"{address} is damaged ({_first_line(error)}): restore it from a backup")
    return InboxUnavailable(f"{address}: {_first_line(error)}")


def _first_line(error: psycopg.Error | OSError) -> str:
    text = (error.diag.message_primary if isinstance(error, psycopg.Error) else error.strerror) or str(error)
    return text.strip().partition("\n")[0]


def _behind_savepoint(db: Session, ask: PostgresAsk) -> Any:
    db.control("SAVEPOINT ask")
    try:
        (answer,) = ask.work.run(db, [ask.argument])
        db.flush()
    except Exception as error:
        if not _is_own_fault(error):
            raise
        db.control("ROLLBACK TO SAVEPOINT ask")
        answer = _own_fault(error)
    db.control("RELEASE SAVEPOINT ask")
    return answer


def _is_own_fault(error: Exception) -> bool:
    """Tell a value that cannot be stored from a failure of the store."""
    if not isinstance(error, psycopg.Error):
        return not isinstance(error, (InboxError, OSError))
    if error.sqlstate is None:
        # psycopg could not make a parameter of it.
        return isinstance(error, (psycopg.ProgrammingError, psycopg.DataError))
    # Data exceptions, violated constraints, and limits such as the size of an index entry.
    return error.sqlstate[:2] in ("22", "23", "54") and not isinstance(error, psycopg.errors.UniqueViolation)


def _own_fault(error: Exception) -> Exception:
    if not isinstance(error, psycopg.Error):
        return error
    # Not the message: it may quote the value.
    refusal = InboxError(f"the inbox cannot hold this: {type(error).__name__}")
    refusal.__cause__ = error
    return refusal


def is_idle(connection: PgConnection) -> bool:
    """Tell whether a connection is open and outside any transaction."""
    return not connection.closed and connection.info.transaction_status is TransactionStatus.IDLE
