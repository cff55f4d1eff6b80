"""Handlers whose writes and completion are committed together, over both stores that can."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import tenacity
from sqlalchemy import create_engine, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool

from paperhook import DocumentCompleted, Webhooks
from paperhook.core.event import Event
from paperhook.errors import ConfigurationError, GiveUp, InboxUnavailable
from paperhook.inbox import Entry, Outcome, PostgresInbox, Row, SqliteInbox, State
from paperhook.inbox.base import Settlement, TransactionalInbox
from paperhook.providers import DocuParse
from paperhook.retrying import RetryPolicy
from paperhook.worker import Worker

from .. import postgres

TWICE = RetryPolicy(
    stop=tenacity.stop_after_attempt(2), wait=tenacity.wait_fixed(30), retry=tenacity.retry_always
)


@dataclass(frozen=True)
class Registered:
    name: str
    function: Callable[..., Any]
    retry: RetryPolicy | None = TWICE
    timeout: float | None = None
    is_transactional: bool = True


@dataclass
class Ledger:
    """An inbox, a table of the user's beside it, and handlers."""

    inbox: TransactionalInbox
    address: str
    registered: Sequence[Registered] = ()
    now: float = 1000.0

    def connect(self) -> Any:
        if isinstance(self.inbox, SqliteInbox):
            return sqlite3.connect(self.inbox.path, isolation_level=None)
        return psycopg.connect(self.address, autocommit=True)

    def booked(self) -> list[str]:
        connection = self.connect()
        keys = [key for (key,) in connection.execute("SELECT key FROM ledger ORDER BY key").fetchall()]
        connection.close()
        return keys

    def handlers(self, entry: Entry) -> Sequence[Registered]:
        return self.registered

    def event(self, entry: Entry) -> Event:
        return Event(key=entry.key, provider=entry.provider, type=entry.type)

    def put(self, *keys: str, **changes: Any) -> None:
        entries = [replace(Entry("docuparse", key, "document.completed", b"{}"), **changes) for key in keys]
        self.inbox.put(entries).result(10)

    def drain(self, *handlers: Registered, **options: Any) -> None:
        self.registered = handlers
        asyncio.run(Worker(self.inbox, self, clock=lambda: self.now, **options).drain())

    def row(self) -> Row:
        (row,) = self.inbox.rows().result(10)
        return row


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    address = postgres.address() if request.param == "postgres" else ""
    inbox = PostgresInbox(address) if address else SqliteInbox(tmp_path / "inbox.db", patience=0.2)
    opened = Ledger(inbox, address)
    inbox.stats().result(10)
    connection = opened.connect()
    connection.execute("CREATE TABLE ledger (key TEXT PRIMARY KEY)")
    connection.close()
    yield opened
    inbox.close()


def book(event: Event, connection: Any) -> None:
    connection.execute(f"INSERT INTO ledger VALUES ('{event.key}')")


def book_and(then: Callable[[Any], Any]) -> Callable[[Event, Any], Any]:
    def both(event: Event, connection: Any) -> Any:
        book(event, connection)
        return then(connection)

    return both


def fail(*_: Any) -> None:
    raise ValueError


# Both or neither


def test_what_a_handler_writes_is_committed_with_its_completion(ledger: Ledger) -> None:
    ledger.put("e1", "e2")

    ledger.drain(Registered("book", book))

    assert ledger.booked() == ["e1", "e2"]
    assert ledger.inbox.stats().result().done == 2
    assert {row.outcomes["book"].state for row in ledger.inbox.rows().result()} == {State.DONE}


def test_what_a_handler_wrote_before_it_failed_is_not_there(ledger: Ledger) -> None:
    ledger.put("e1")

    ledger.drain(Registered("book", book_and(fail)))

    assert ledger.booked() == []
    outcome = ledger.row().outcomes["book"]
    assert (ledger.row().state, outcome.state, outcome.attempts) == (State.PENDING, State.PENDING, 1)
    assert "ValueError" in outcome.error


def test_a_handler_that_failed_is_run_again_and_books_once(ledger: Ledger) -> None:
    ledger.put("e1")
    ledger.drain(Registered("book", book_and(fail)))

    ledger.now += 30
    ledger.drain(Registered("book", book))

    assert ledger.booked() == ["e1"]
    assert (ledger.row().state, ledger.row().outcomes["book"].attempts) == (State.DONE, 2)


def test_a_handler_that_gives_up_is_dead_and_has_written_nothing(ledger: Ledger) -> None:
    def give_up(*_: Any) -> None:
        raise GiveUp("no")

    ledger.put("e1")

    ledger.drain(Registered("book", book_and(give_up)))

    assert ledger.booked() == []
    assert ledger.row().state is State.DEAD


def test_the_worker_tells_of_the_dead_one_beside_a_transaction(ledger: Ledger) -> None:
    told: list[Any] = []
    once = RetryPolicy(stop=tenacity.stop_after_attempt(1))
    ledger.put("e1")

    ledger.drain(
        Registered("mail", lambda event: fail(), once, is_transactional=False),
        Registered("book", book),
        on_dead=lambda event, outcomes: told.append(event.key),
    )

    assert ledger.booked() == ["e1"]
    assert (ledger.row().state, told) == (State.DEAD, ["e1"])


def test_a_handler_is_completed_while_another_one_of_the_event_goes_on(ledger: Ledger) -> None:
    seen: list[State] = []
    ledger.put("e1")

    def look(event: Event) -> None:
        seen.extend([ledger.row().state, ledger.row().outcomes["book"].state])
        fail()

    ledger.drain(Registered("book", book), Registered("look", look, is_transactional=False))

    assert seen == [State.RUNNING, State.DONE]
    assert ledger.row().state is State.PENDING

    ledger.now += 30
    # It would fail at the second row of the same key.
    ledger.drain(Registered("book", book), Registered("look", print, is_transactional=False))
    assert (ledger.booked(), ledger.row().state) == (["e1"], State.DONE)


def test_an_event_whose_other_handler_waits_is_released_by_the_transaction(ledger: Ledger) -> None:
    ledger.put("e1")

    ledger.drain(Registered("mail", lambda event: fail(), is_transactional=False), Registered("book", book))

    assert (ledger.row().state, ledger.row().due_at) == (State.PENDING, 1030.0)
    assert ledger.booked() == ["e1"]


def test_the_next_event_of_a_document_goes_after_the_commit(ledger: Ledger) -> None:
    ledger.put("e1", "e2", "e3", job_id="j")

    ledger.drain(Registered("book", book))

    assert ledger.booked() == ["e1", "e2", "e3"]


# Fencing


def test_a_worker_whose_lease_was_taken_over_writes_nothing(ledger: Ledger) -> None:
    ledger.put("e1")
    (late,) = ledger.inbox.claim(limit=1, lease=60, now=1000).result()
    (newest,) = ledger.inbox.claim(limit=1, lease=60, now=1060).result()

    def work(connection: Any) -> Settlement:
        book(Event(key="e1", provider="docuparse", type="t"), connection)
        return Settlement(late, [Outcome("book", State.DONE, 1)], State.DONE, 1061.0)

    assert ledger.inbox.transact(work) is False
    assert (ledger.booked(), ledger.row().outcomes) == ([], {})
    assert ledger.inbox.finish(newest, [], state=State.DONE, now=1062).result()


def test_a_handler_during_which_the_lease_is_lost_is_rolled_back(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.put("e1")

    def take_over(connection: Any) -> None:
        # As another worker does it, in a transaction of its own; SQLite has one writer, so here it is the same one.
        connection.execute("UPDATE paperhook_event SET token = 'another'")

    ledger.drain(Registered("book", book_and(take_over)))

    assert "the lease was lost" in caplog.text
    assert ledger.booked() == []
    assert (ledger.row().state, ledger.row().outcomes) == (State.RUNNING, {})


def test_a_handler_that_ends_after_its_time_is_rolled_back(ledger: Ledger) -> None:
    late, ended = threading.Event(), threading.Event()
    ledger.put("e1")

    def dawdle(event: Event, connection: Any) -> None:
        book(event, connection)
        late.wait(5)
        ended.set()

    async def run() -> None:
        worker = Worker(ledger.inbox, ledger, clock=lambda: ledger.now)
        draining = asyncio.create_task(worker.drain())
        await asyncio.sleep(0.15)
        late.set()
        await draining

    ledger.registered = [Registered("book", dawdle, timeout=0.05)]
    asyncio.run(run())

    assert ended.wait(5)
    for _ in range(100):
        if ledger.row().state is State.PENDING:
            break
        time.sleep(0.02)
    assert ledger.booked() == []
    assert "TimeoutError" in ledger.row().outcomes["book"].error


class SlowToCommit:
    """An inbox that takes a while to commit what a handler wrote."""

    def __init__(self, inbox: TransactionalInbox) -> None:
        self._inbox = inbox
        self.began = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inbox, name)

    def transact(self, work: Callable[[Any], Settlement]) -> bool:
        def slowly(connection: Any) -> Settlement:
            settlement = work(connection)
            self.began.set()
            time.sleep(0.2)
            return settlement

        return self._inbox.transact(slowly)


def test_what_commits_while_its_time_runs_out_counts(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    slow: Any = SlowToCommit(ledger.inbox)
    ledger.put("e1")

    ledger.registered = [Registered("book", book, timeout=0.1)]
    asyncio.run(Worker(slow, ledger, clock=lambda: ledger.now).drain())

    assert ledger.booked() == ["e1"]
    assert (ledger.row().state, ledger.row().outcomes["book"].error) == (State.DONE, "")
    assert "failed" not in caplog.text


def test_what_commits_while_the_worker_is_stopped_counts(ledger: Ledger) -> None:
    slow: Any = SlowToCommit(ledger.inbox)
    ledger.put("e1")

    async def run() -> None:
        worker = Worker(slow, ledger, clock=lambda: ledger.now)
        running = asyncio.create_task(worker.run())
        assert await asyncio.to_thread(slow.began.wait, 5)
        await worker.stop(grace=0)
        await running

    ledger.registered = [Registered("book", book)]
    asyncio.run(run())

    assert ledger.booked() == ["e1"]
    assert (ledger.row().state, ledger.row().outcomes["book"].state) == (State.DONE, State.DONE)


def test_a_worker_that_is_stopped_in_a_handler_leaves_all_or_nothing(ledger: Ledger) -> None:
    began, go_on = threading.Event(), threading.Event()

    def wait(event: Event, connection: Any) -> None:
        book(event, connection)
        began.set()
        go_on.wait(5)

    async def run() -> None:
        worker = Worker(ledger.inbox, ledger, clock=lambda: ledger.now)
        running = asyncio.create_task(worker.run())
        assert await asyncio.to_thread(began.wait, 5)
        stopping = asyncio.create_task(worker.stop(grace=0))
        await asyncio.sleep(0.05)
        go_on.set()
        await asyncio.gather(stopping, running)

    ledger.registered = [Registered("book", wait)]
    ledger.put("e1")
    asyncio.run(run())

    ledger.inbox.close()
    reopened = type(ledger.inbox)(ledger.address or ledger.inbox.path)  # type: ignore[attr-defined]
    (row,) = reopened.rows().result()
    reopened.close()
    assert (ledger.booked(), row.outcomes) == ([], {})
    assert row.state is not State.DONE


# What a handler must not do


@pytest.mark.parametrize("word", ["commit", "rollback"])
def test_a_handler_cannot_end_the_transaction(ledger: Ledger, word: str) -> None:
    ledger.put("e1")

    ledger.drain(Registered("book", book_and(lambda connection: getattr(connection, word)())))

    assert ledger.booked() == []
    assert ledger.row().outcomes["book"].state is State.PENDING


def test_a_handler_may_roll_back_a_part(ledger: Ledger) -> None:
    def part(connection: Any) -> None:
        connection.execute("SAVEPOINT part")
        connection.execute("INSERT INTO ledger VALUES ('part')")
        connection.execute("ROLLBACK TO SAVEPOINT part")

    ledger.put("e1")

    ledger.drain(Registered("book", book_and(part)))

    assert ledger.booked() == ["e1"]


def test_a_handler_that_gives_a_coroutine_fails(ledger: Ledger) -> None:
    async def later() -> None: ...

    ledger.put("e1")

    ledger.drain(Registered("book", book_and(lambda _: later())))
    ledger.now += 30
    ledger.drain(Registered("book", book_and(lambda _: _Awaitable())))

    assert ledger.booked() == []
    assert "TypeError" in ledger.row().outcomes["book"].error


class _Awaitable:
    def __await__(self) -> Iterator[None]:
        yield


def test_what_a_handler_does_to_its_connection_is_gone_for_the_next(ledger: Ledger) -> None:
    def alter(connection: Any) -> None:
        if isinstance(connection, psycopg.Connection):
            connection.row_factory = psycopg.rows.dict_row
            connection.execute("SET work_mem = '1234kB'")
        else:
            connection.row_factory = sqlite3.Row

    seen: list[Any] = []

    def look(connection: Any) -> None:
        seen.append(type(connection.execute("SELECT 1 AS one").fetchone()))
        if isinstance(connection, psycopg.Connection):
            seen.append(connection.execute("SHOW work_mem").fetchone())

    ledger.put("e1")
    ledger.drain(Registered("book", book_and(alter)))
    ledger.put("e2")
    ledger.drain(Registered("book", book_and(look)))

    assert ledger.booked() == ["e1", "e2"]
    assert seen[0] is tuple
    assert ("1234kB",) not in seen


# What is not the handler's failure, and what is


def test_a_store_that_is_away_costs_the_handler_no_attempt(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = ledger.inbox

    class Away:
        def __getattr__(self, name: str) -> Any:
            return getattr(inbox, name)

        def transact(self, work: Callable[[Any], Settlement]) -> bool:
            raise InboxUnavailable("away")

    ledger.put("e1")
    away: Any = Away()

    ledger.registered = [Registered("book", book)]
    asyncio.run(Worker(away, ledger, clock=lambda: ledger.now).drain())

    assert "could not be committed: away" in caplog.text
    assert (ledger.row().state, ledger.row().due_at, ledger.row().outcomes) == (State.PENDING, 1005.0, {})


def test_an_inbox_error_that_a_handler_raises_is_its_failure(ledger: Ledger) -> None:
    def other_inbox(_: Any) -> None:
        raise InboxUnavailable("another one")

    ledger.put("e1")

    ledger.drain(Registered("book", book_and(other_inbox)))

    assert ledger.row().outcomes["book"].attempts == 1


def test_a_constraint_that_the_commit_checks_is_the_handlers_failure(ledger: Ledger) -> None:
    connection = ledger.connect()
    connection.execute("CREATE TABLE line (key TEXT REFERENCES ledger (key) DEFERRABLE INITIALLY DEFERRED)")
    connection.close()

    def orphan(connection: Any) -> None:
        connection.execute("INSERT INTO line VALUES ('nobody')")

    ledger.put("e1")

    ledger.drain(Registered("book", book_and(orphan)))

    if isinstance(ledger.inbox, PostgresInbox):
        assert ledger.booked() == []
        assert "ForeignKeyViolation" in ledger.row().outcomes["book"].error


def test_a_closed_inbox_lends_no_connection(ledger: Ledger) -> None:
    ledger.inbox.close()

    with pytest.raises(InboxUnavailable, match="closed"):
        ledger.inbox.transact(lambda connection: pytest.fail("it ran"))


def test_a_file_that_is_locked_for_long_is_no_failure_of_the_handler(tmp_path: Path) -> None:
    inbox = SqliteInbox(tmp_path / "inbox.db", patience=0.1)
    inbox.stats().result()
    other = sqlite3.connect(inbox.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(InboxUnavailable, match="locked"):
        inbox.transact(lambda connection: pytest.fail("it ran"))

    other.close()
    inbox.close()


def test_a_statement_that_rolls_back_the_whole_transaction_is_the_handlers_failure(tmp_path: Path) -> None:
    inbox = SqliteInbox(tmp_path / "inbox.db")
    inbox.put([Entry("docuparse", "e1", "t", b"")]).result()
    (held,) = inbox.claim(limit=1, lease=60, now=1).result()

    def conflict(connection: sqlite3.Connection) -> Settlement:
        with suppress(sqlite3.IntegrityError):
            connection.execute("INSERT OR ROLLBACK INTO paperhook_event SELECT * FROM paperhook_event")
        return Settlement(held, [], State.DONE, 1.0)

    with pytest.raises(sqlite3.OperationalError, match="rolled the handler's transaction back"):
        inbox.transact(conflict)

    assert inbox.stats().result().running == 1
    inbox.close()


# SQLAlchemy, as `docs/howto/commit-with-the-event.md` says


class Borrowed:
    """A connection whose transaction somebody else ends."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def close(self) -> None: ...


class Base(DeclarativeBase): ...


class Booked(Base):
    __tablename__ = "ledger"
    key: Mapped[str] = mapped_column(primary_key=True)


def test_a_session_of_sqlalchemy_is_committed_with_the_event(ledger: Ledger) -> None:
    current = threading.local()
    dialect, options = "sqlite://", dict[str, Any]()
    if isinstance(ledger.inbox, PostgresInbox):
        dialect, options = "postgresql+psycopg://", {"use_native_hstore": False}
    engine = create_engine(
        dialect, creator=lambda: Borrowed(current.connection), poolclass=NullPool, **options
    )

    def book(event: Event, connection: Any) -> None:
        current.connection = connection
        with Session(engine) as session, session.begin():
            session.add(Booked(key=event.key))
            session.flush()
            with suppress(IntegrityError), session.begin_nested():
                session.execute(insert(Booked).values(key=event.key))
        if event.key == "bad":
            raise ValueError

    ledger.put("good", "bad", "fine")

    ledger.drain(Registered("book", book))

    assert ledger.booked() == ["fine", "good"]
    states = {row.entry.key: row.state for row in ledger.inbox.rows().result()}
    assert states == {"good": State.DONE, "bad": State.PENDING, "fine": State.DONE}


# Registration


def test_an_async_handler_has_no_transaction(tmp_path: Path) -> None:
    hooks = Webhooks(
        DocuParse("key", webhook_secret="0123456789abcdef"), inbox=f"sqlite:///{tmp_path}/inbox.db"
    )

    async def later(event: DocumentCompleted, connection: sqlite3.Connection) -> None: ...

    with pytest.raises(ConfigurationError, match="later is async"):
        hooks.on(DocumentCompleted, transaction=True)(later)


def test_memory_has_no_transaction() -> None:
    hooks = Webhooks(DocuParse("key", webhook_secret="0123456789abcdef"), inbox="memory:")

    with pytest.raises(ConfigurationError, match="MemoryInbox has none"):
        hooks.on(DocumentCompleted, transaction=True)(book)
