"""A PostgreSQL that crashes, freezes, falls silent or hangs up while receivers put and workers run."""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest

from paperhook import DocumentCompleted, Webhooks
from paperhook.errors import InboxUnavailable
from paperhook.inbox import Entry, Filter, Outcome, PostgresInbox, State
from paperhook.inbox.base import Settlement
from paperhook.providers import DocuParse
from paperhook.worker import Worker

from .. import postgres
from ..bench.deliveries import HEADER, SECRET, delivery
from .test_postgres import Proxy, eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no signals"),
]

#: Seconds that an answer may take beyond its bound on a machine that does much else.
SLACK = 4.0


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.OwnServer]:
    server = postgres.OwnServer()
    yield server
    server.close()


@pytest.fixture
def address(server: postgres.OwnServer) -> str:
    """The address of a new database."""
    name = f"paperhook_{next(_NUMBERS)}"
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return psycopg.conninfo.make_conninfo(server.address, dbname=name)


_NUMBERS = itertools.count(1)


class Application:
    """Receivers in threads and a worker with an inbox of its own, as in another process."""

    def __init__(self, receiving: str, working: str) -> None:
        provider = DocuParse("key", webhook_secret=SECRET)
        self.hooks = Webhooks(
            provider, inbox=PostgresInbox(receiving, patience=1.0), worker="external", lease=2.0
        )
        self.hooks.on(DocumentCompleted, name="book")(self._book)
        self.inbox = PostgresInbox(working, patience=1.0)
        self.worker = Worker(self.inbox, self.hooks, lease=2.0, poll=0.1)
        self.acknowledged: list[str] = []
        self.refused = 0
        self.slowest = 0.0
        self.begun: Counter[str] = Counter()
        self._numbers = itertools.count()
        self._is_over = threading.Event()
        self._threads = [
            *(threading.Thread(target=self._receive) for _ in range(6)),
            threading.Thread(target=lambda: asyncio.run(self.worker.run())),
        ]

    async def _book(self, event: DocumentCompleted) -> None:
        self.begun[event.key] += 1
        await asyncio.sleep(0.002)

    def deliver(self, number: int) -> int:
        body, signature = delivery(number)
        began = time.monotonic()
        status = self.hooks.receive([(HEADER, signature)], body).status
        self.slowest = max(self.slowest, time.monotonic() - began)
        if status == 200:
            self.acknowledged.append(f"document.completed:doc_{number:08d}")
        return status

    def _receive(self) -> None:
        while not self._is_over.is_set():
            number = next(self._numbers)
            # As the provider does: until it is acknowledged.
            while self.deliver(number) != 200 and not self._is_over.is_set():
                self.refused += 1
                time.sleep(0.05)

    @contextmanager
    def running(self) -> Iterator[None]:
        for each in self._threads:
            each.start()
        try:
            eventually(lambda: len(self.acknowledged) > 20, 20)
            yield
            # It goes on by itself.
            seen = len(self.acknowledged)
            eventually(lambda: len(self.acknowledged) > seen + 20, 30)
        finally:
            self._is_over.set()
            for each in self._threads[:-1]:
                each.join()
        try:
            eventually(lambda: self.done() >= len(self.acknowledged), 40)
        finally:
            asyncio.run(self.worker.stop(grace=1))
            self._threads[-1].join()

    def done(self) -> int:
        with suppress(InboxUnavailable):
            return self.inbox.stats().result(20).done
        return 0

    def check(self) -> None:
        """Nothing acknowledged is lost, nothing is completed twice."""
        rows = self.inbox.rows(limit=100_000).result(20)
        stats = self.inbox.stats().result(20)
        self.hooks.close()
        self.inbox.close()
        assert set(self.acknowledged) <= {row.entry.key for row in rows}
        assert {row.state for row in rows} == {State.DONE}
        assert {row.outcomes["book"].attempts for row in rows} == {1}
        assert stats.done == len(rows)
        assert set(self.begun) == {row.entry.key for row in rows}


@pytest.mark.parametrize("crashes", [1, pytest.param(8, marks=[pytest.mark.chaos, pytest.mark.timeout(300)])])
def test_a_server_that_crashes_loses_nothing_and_all_goes_on_when_it_is_back(
    server: postgres.OwnServer, address: str, crashes: int
) -> None:
    application = Application(address, address)

    with application.running():
        for _ in range(crashes):
            server.crash()
            refused = application.refused
            eventually(lambda before=refused: application.refused > before, 20)
            server.start()
            seen = len(application.acknowledged)
            eventually(lambda before=seen: len(application.acknowledged) > before + 20, 30)

    application.check()


def test_connections_cut_at_any_moment_lose_nothing_and_nobody_hears_of_it(
    server: postgres.OwnServer, address: str
) -> None:
    application, chance, cuts = Application(address, address), random.Random(20261123), 0

    with application.running():
        with psycopg.connect(address, autocommit=True, application_name="administrator") as connection:
            for _ in range(20):
                time.sleep(0.02 + chance.random() * 0.1)
                cuts += len(connection.execute(_CUT_ANY).fetchall())
        assert cuts >= 10

    application.check()
    # Each was opened again, and what was in doubt was looked up.
    assert application.refused <= cuts // 4


_CUT_ANY = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
    AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"""


@pytest.mark.parametrize("way", ["frozen", pytest.param("silent", marks=pytest.mark.chaos), "hangs up"])
def test_a_server_that_says_nothing_is_answered_for_in_time(
    server: postgres.OwnServer, address: str, way: str
) -> None:
    proxy = Proxy(address)
    application = Application(proxy.address, proxy.address)
    away = {"frozen": server.frozen, "silent": proxy.silent, "hangs up": proxy.hanging_up}

    with application.running():
        application.slowest = 0.0
        with away[way]():
            refused = application.refused
            eventually(lambda: application.refused >= refused + 3, 30)

    application.check()
    proxy.close()
    # Patience, its grace, and the two seconds in which libpq connects at the soonest.
    assert application.slowest < 1.0 + 3.0 + SLACK


def test_a_transactional_handler_on_a_server_that_freezes_in_its_commit_is_let_go(address: str) -> None:
    proxy = Proxy(address)
    inbox = PostgresInbox(proxy.address, patience=0.5)
    inbox.put([Entry("docuparse", "e1", "t", b"{}", received_at=1.0)]).result(20)
    (held,) = inbox.claim(limit=1, lease=60, now=1000.0).result(20)
    done = Settlement(held, [Outcome("book", State.DONE, 1)], State.DONE, 1.0)
    silence = proxy.silent()

    def book(connection: Any) -> Settlement:
        connection.execute("CREATE TABLE booked (key TEXT)")
        silence.__enter__()
        return done

    with pytest.raises(InboxUnavailable):
        inbox.transact(book)
    silence.__exit__(None, None, None)

    assert inbox.rows(Filter(key="e1")).result(20)[0].state is State.RUNNING
    assert inbox.transact(lambda connection: done)
    inbox.close()
    proxy.close()


def test_a_watch_that_has_nothing_to_do_ends_and_begins_again(address: str) -> None:
    # It ends after five times that.
    inbox = PostgresInbox(address, patience=0.2)

    def watches() -> int:
        return sum(thread.name == "paperhook-inbox-watch" for thread in threading.enumerate())

    def is_watched(asked: Callable[[], Any]) -> bool:
        asked()
        return watches() > before

    before = watches()
    assert is_watched(lambda: inbox.stats().result(20))
    eventually(lambda: watches() == before)
    assert is_watched(lambda: inbox.stats().result(20))
    inbox.close()
