"""The PostgreSQL inbox: servers, connections, other machines, and what can be wrong with them."""

from __future__ import annotations

import gc
import itertools
import math
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import resources
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from paperhook.errors import InboxCorrupt, InboxError, InboxTooNew, InboxUnavailable
from paperhook.inbox import Claim, Entry, Filter, Outcome, PostgresInbox, State
from paperhook.inbox.base import Settlement
from paperhook.inbox.commits import Ask, Work
from paperhook.inbox.postgres import looking, putting, session, turns, work
from paperhook.inbox.postgres.handlers import HandlerConnections
from paperhook.inbox.postgres.listener import Listener
from paperhook.inbox.postgres.migrating import _MIGRATION_LOCK
from paperhook.inbox.postgres.server import Address, PostgresServer
from paperhook.inbox.scripts import scripts_of

from .. import postgres

#: Where statements are.
MODULES = (looking, putting, session, turns, work)
#: Of the newest schema.
VERSION = len(list(resources.files("paperhook.inbox").joinpath("migrations", "postgres").iterdir()))


#: What a client says to settle events at once.
SETTLES = b"paperhook_settle"


@pytest.fixture
def url() -> str:
    # Named, so that its connections can be counted while those of other tests are about to end.
    return make_conninfo(postgres.address(), application_name=f"test-{next(_NUMBERS)}")


_NUMBERS = itertools.count(1)


@pytest.fixture
def opened(url: str) -> Iterator[Callable[..., PostgresInbox]]:
    inboxes: list[PostgresInbox] = []

    def make(address: str = "", **options: Any) -> PostgresInbox:
        inboxes.append(PostgresInbox(address or url, **options))
        return inboxes[-1]

    yield make
    for inbox in inboxes:
        inbox.close()


def entry(key: str = "e1", **changes: Any) -> Entry:
    return replace(Entry("docuparse", key, "document.completed", b"{}", received_at=1.0), **changes)


@pytest.mark.parametrize("patience", [math.inf, 10**400], ids=["infinity", "beyond floats"])
def test_it_waits_for_as_long_as_it_is_told_or_eleven_days(
    opened: Callable[..., PostgresInbox], patience: float
) -> None:
    assert opened(patience=patience).rows().result(30) == ()


def put(inbox: PostgresInbox, *keys: str, **changes: Any) -> tuple[bool, ...]:
    return inbox.put([entry(key, **changes) for key in keys]).result(20)


def claim(inbox: PostgresInbox, *, now: float = 1000.0, limit: int = 100) -> tuple[Claim, ...]:
    return inbox.claim(limit=limit, lease=60, now=now).result(20)


def finish(inbox: PostgresInbox, held: Claim) -> bool:
    return inbox.finish(held, [Outcome("book", State.DONE, 1)], state=State.DONE, now=1.0).result(20)


def rows(inbox: PostgresInbox) -> dict[str, State]:
    return {row.entry.key: row.state for row in inbox.rows(limit=10_000).result(20)}


def ask(inbox: PostgresInbox, *statements: str, turn: int = 9) -> Any:
    """Have statements run in a transaction of the inbox's own connection, the first time that it is tried."""
    waiting = list(statements)

    def run(db: session.Session, asks: Any) -> list[Any]:
        while waiting:
            db.run(waiting.pop(0))
        return [None] * len(asks)

    return inbox._writes.ask(Work(run, turn=turn), None)


def ask_value(inbox: PostgresInbox, statement: str) -> Any:
    return inbox._writes.ask(Work(lambda db, asks: [db.rows(statement)[0][0]], turn=9), None).result(20)


def connections(url: str) -> int:
    with postgres.administrator() as connection:
        ((count,),) = connection.execute(
            # Other runs, and other processes of this one, have databases of their own and the same names.
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s",
            (conninfo_to_dict(url)["application_name"],),
        ).fetchall()
    return int(count)


def waiting_for_locks(url: str) -> int:
    with postgres.administrator() as connection:
        ((count,),) = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
            " AND wait_event_type = 'Lock'",
            (conninfo_to_dict(url)["application_name"],),
        ).fetchall()
    return int(count)


def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


RAISE = "DO $$ BEGIN RAISE SQLSTATE '{}' USING MESSAGE = 'made for a test'; END $$"
#: Ends the connection that it runs on, as a restart of the server does.
CUT = "SELECT pg_terminate_backend(pg_backend_pid())"


class Proxy:
    """A port in front of the server that can be cut, also at a word that a client sends."""

    def __init__(self, address: str) -> None:
        words = conninfo_to_dict(address)
        self._host, self._port = str(words["host"]), int(words.get("port") or 5432)
        self._pairs: list[socket.socket] = []
        #: What a client must not say, and whether the server still hears it.
        self.word, self.is_heard = b"", False
        #: Whether nobody is let in from then on.
        self.ends_there = False
        self.said = 0
        self.is_over = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._listen, self._is_silent = True, False
        threading.Thread(target=self._accept, daemon=True).start()
        self.address = make_conninfo(
            address,
            host="127.0.0.1",
            port=self._server.getsockname()[1],
            sslmode="disable",
            gssencmode="disable",
        )

    def _upstream(self) -> socket.socket:
        if self._host.startswith("/"):
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(f"{self._host}/.s.PGSQL.{self._port}")
            return upstream
        return socket.create_connection((self._host, self._port))

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if not self._listen:
                client.close()
                continue
            upstream = self._upstream()
            self._pairs += [client, upstream]
            threading.Thread(target=self._pump, args=(client, upstream, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(upstream, client, False), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, is_client: bool) -> None:
        try:
            while chunk := source.recv(65536):
                if is_client and self.word and self.word in chunk:
                    self.word, self.said = b"", self.said + 1
                    self._listen = not self.ends_there
                    if self.is_heard:
                        # The server does it while nobody is there to hear of it.
                        source.shutdown(socket.SHUT_RDWR)
                        target.sendall(chunk)
                        time.sleep(0.1)
                    self.is_over.set()
                    break
                if not self._is_silent:
                    target.sendall(chunk)
        except OSError:
            pass
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def cut(self, *, for_good: bool = False) -> None:
        self._listen = not for_good
        for each in self._pairs:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def come_back(self) -> None:
        self._listen = True

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Take everything and give nothing, as where the server behind has moved away; then hang up."""
        self._is_silent = True
        try:
            yield
        finally:
            self._is_silent = False
            self.cut()

    @contextmanager
    def hanging_up(self) -> Iterator[None]:
        """End every connection as soon as it is made."""
        self.cut(for_good=True)
        try:
            yield
        finally:
            self.come_back()

    def close(self) -> None:
        self.cut(for_good=True)
        self._server.close()


@pytest.fixture
def proxy(url: str) -> Iterator[Proxy]:
    proxy = Proxy(url)
    yield proxy
    proxy.close()


# The database


def test_events_are_there_after_all_connections_were_closed(opened: Callable[..., PostgresInbox]) -> None:
    first = opened()
    put(first, "e1")
    first.close()

    assert put(opened(), "e1", "e2") == (False, True)


def test_no_connection_is_made_before_it_is_needed(url: str, opened: Callable[..., PostgresInbox]) -> None:
    running = threading.active_count()

    inbox = opened()
    inbox.close()

    assert connections(url) == 0
    assert threading.active_count() <= running


def test_an_inbox_has_three_connections_at_most_and_none_when_it_is_closed(
    url: str,
    opened: Callable[..., PostgresInbox],
) -> None:
    inbox = opened()
    unsubscribe = inbox.subscribe(lambda: None)
    threads = [threading.Thread(target=put, args=(inbox, f"e{n}")) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    inbox.stats().result(20)
    eventually(lambda: connections(url) == 3)

    unsubscribe()
    eventually(lambda: connections(url) == 2)
    inbox.close()

    eventually(lambda: connections(url) == 0)


def test_an_inbox_that_nobody_holds_is_closed(url: str) -> None:
    running = threading.active_count()
    inbox = PostgresInbox(url)
    inbox.subscribe(lambda: None)
    put(inbox, "e1")

    del inbox
    gc.collect()

    eventually(lambda: connections(url) == 0 and threading.active_count() <= running)


def test_a_process_that_never_closes_its_inbox_ends_quietly_and_loses_nothing(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    program = (
        "import sys; from paperhook.inbox import PostgresInbox, Entry\n"
        "inbox = PostgresInbox(sys.argv[1])\n"
        "inbox.subscribe(print)\n"
        "inbox.stats().result()\n"
        "for n in range(100): inbox.put([Entry('p', str(n), 't', b'')])\n"
    )

    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program, url],
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert len(rows(opened())) == 100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_leaves_the_connections_to_its_parent(opened: Callable[..., PostgresInbox]) -> None:
    inbox = opened()
    inbox.subscribe(lambda: None)
    put(inbox, "e1")
    inbox.transact(lambda connection: _settle_nothing(inbox, connection))
    inbox.stats().result(20)

    child = os.fork()
    if child == 0:
        put(inbox, "child")
        inbox.close()
        os._exit(0)
    os.waitpid(child, 0)

    assert put(inbox, "child", "e1", "e2") == (False, False, True)
    assert len(rows(inbox)) == 3


def _settle_nothing(inbox: PostgresInbox, connection: Any) -> Settlement:
    return Settlement(Claim(0, entry(), "nobody", 0, 0, {}), [], State.DONE, 0.0)


def test_a_commit_is_on_the_disk_whatever_the_database_says(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    schema = conninfo_to_dict(url)["options"]
    hasty = make_conninfo(url, options=f"{schema} -csynchronous_commit=off")

    assert ask_value(opened(hasty), "SHOW synchronous_commit") == "on"


def test_leases_alone_do_not_wait_for_the_disk(opened: Callable[..., PostgresInbox]) -> None:
    inbox, seen = opened(), []
    put(inbox, "e1")
    look = Work(lambda db, asks: [seen.append(db.rows("SHOW synchronous_commit"))], turn=9)
    leasing = work.LEASING | {look}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("paperhook.inbox.postgres.server.LEASING", leasing)
        inbox._writes.ask(look, None).result(20)
    inbox._writes.ask(look, None).result(20)

    assert seen == [[("off",)], [("on",)]]


def test_a_lease_at_once_does_not_wait_for_the_disk_and_what_follows_does(
    opened: Callable[..., PostgresInbox],
) -> None:
    inbox, seen = opened(), []
    put(inbox, "e1")

    def lease(db: session.Session, asks: Any) -> list[Any]:
        db.rows(work._CLAIM_AT_ONCE, token="t", until=60.0, now=1.0, limit=1, lot=0)
        return [seen.append(db.rows("SHOW synchronous_commit"))]

    inbox._writes.ask(Work(lease, turn=9), None).result(20)
    claim(inbox)
    look = Work(lambda db, asks: [seen.append(db.rows("SHOW synchronous_commit"))], turn=9)
    inbox._writes.ask(look, None).result(20)

    assert seen == [[("off",)], [("on",)]]


# Passwords


def test_no_message_holds_a_password(opened: Callable[..., PostgresInbox]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    inbox = opened(f"postgresql://user:hunter2@127.0.0.1:{port}/app")

    with pytest.raises(InboxUnavailable, match=f"postgresql://127.0.0.1:{port}/app: .*refused") as caught:
        put(inbox, "e1")
    with pytest.raises(InboxUnavailable):
        inbox.transact(lambda connection: _settle_nothing(inbox, connection))

    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r} {inbox!r} {inbox._address!r}"


# Versions


def test_many_processes_make_the_tables_once(url: str, opened: Callable[..., PostgresInbox]) -> None:
    program = (
        "import sys; from paperhook.inbox import PostgresInbox, Entry\n"
        "inbox = PostgresInbox(sys.argv[1])\n"
        "print(inbox.put([Entry('p', 'same', 't', b'')]).result()[0], inbox.stats().result().pending)\n"
        "inbox.close()\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]

    answers = [process.communicate(timeout=60)[0].split() for process in processes]

    assert sorted(answers) == [["False", "1"]] * 3 + [["True", "1"]]
    assert ask_value(opened(), "SELECT count(*) FROM paperhook_version") == 1
    assert ask_value(opened(), "SELECT version FROM paperhook_version") == VERSION


def test_who_comes_while_the_tables_are_made_waits(url: str, opened: Callable[..., PostgresInbox]) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
        asked = opened().put([entry("e1")])
        time.sleep(0.3)
        assert not asked.done()
        other.execute("SELECT pg_advisory_unlock(%s)", (_MIGRATION_LOCK,))

        assert asked.result(20) == (True,)


def test_many_threads_make_the_tables_once(opened: Callable[..., PostgresInbox]) -> None:
    inboxes = [opened() for _ in range(6)]

    asked = [inbox.put([entry("same")]) for inbox in inboxes]

    assert sorted(future.result(20)[0] for future in asked) == [False] * 5 + [True]


def test_tables_of_a_newer_paperhook_are_refused_and_kept(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    put(opened(), "e1")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE paperhook_version SET version = 99")

    newer = opened()
    for asked in (newer.put([entry("e2")]), newer.stats()):
        with pytest.raises(InboxTooNew, match="schema 99"):
            asked.result(20)

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM paperhook_event").fetchone() == (1,)


def test_tables_of_an_older_paperhook_are_brought_up_to_date(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(scripts_of("paperhook.inbox", "postgres")[0].encode())
        connection.execute("INSERT INTO paperhook_version VALUES (1)")
        connection.execute(
            "INSERT INTO paperhook_event (provider, key, key_hash, type, is_next, received_at)"
            " VALUES ('docuparse', 'old', sha256('old'), 't', TRUE, 1)"
        )
        connection.execute("INSERT INTO paperhook_payload VALUES (1, '', 'delivery', 0, '{}', 'webhook')")

    assert put(opened(), "old", "new") == (False, True)
    assert ask_value(opened(), "SELECT version FROM paperhook_version") == VERSION


def test_a_migration_that_fails_leaves_nothing(
    url: str, opened: Callable[..., PostgresInbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = [
        *scripts_of("paperhook.inbox", "postgres"),
        "CREATE TABLE paperhook_extra (id BIGINT); SELECT 1/0",
    ]
    monkeypatch.setattr("paperhook.inbox.postgres.migrating.scripts_of", lambda *_: scripts)
    inbox = opened()

    with pytest.raises(InboxUnavailable, match="division by zero"):
        put(inbox, "e1")
    monkeypatch.undo()

    assert put(inbox, "e1") == (True,)
    assert ask_value(inbox, "SELECT to_regclass('paperhook_extra')::text") is None


def test_a_migration_may_take_longer_than_the_patience(
    url: str, opened: Callable[..., PostgresInbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = [*scripts_of("paperhook.inbox", "postgres"), "SELECT pg_sleep(1.5)"]
    monkeypatch.setattr("paperhook.inbox.postgres.migrating.scripts_of", lambda *_: scripts)

    inbox = opened(patience=0.5)

    assert put(inbox, "e1") == (True,)
    assert ask_value(inbox, "SHOW statement_timeout") == "500ms"


# Cut connections


def test_a_connection_that_was_cut_while_nobody_used_it_costs_nothing(
    opened: Callable[..., PostgresInbox],
) -> None:
    inbox = opened()
    put(inbox, "e1")
    inbox.stats().result(20)

    assert postgres.cut_connections() >= 2

    assert put(inbox, "e1", "e2", received_at=2.0) == (False, True)
    assert inbox.stats().result(20).duplicates == 1


def test_a_connection_that_is_cut_in_a_transaction_is_replaced_and_nothing_is_done_twice(
    opened: Callable[..., PostgresInbox],
) -> None:
    inbox, gate = opened(), threading.Event()
    put(inbox, "e1")
    inbox._writes.ask(Work(lambda db, asks: [gate.wait(5)], turn=0), None)

    asked = inbox.put([entry("e1"), entry("e2")])
    cut = ask(inbox, CUT)
    gate.set()

    assert asked.result(20) == (False, True)
    cut.result(20)
    assert inbox.stats().result(20).duplicates == 1


def test_a_connection_that_is_cut_again_and_again_is_unavailable(
    opened: Callable[..., PostgresInbox],
) -> None:
    inbox = opened()
    put(inbox, "e1")

    with pytest.raises(InboxUnavailable, match=r"terminating connection|closed the connection"):
        inbox._writes.ask(Work(lambda db, asks: [db.run(CUT)], turn=9), None).result(20)

    assert put(inbox, "e2") == (True,)


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize("way", ["at once", "in a transaction"])
def test_a_put_of_whose_commit_nobody_heard_is_looked_up(
    proxy: Proxy, opened: Callable[..., PostgresInbox], is_heard: bool, way: str
) -> None:
    inbox, keys = opened(proxy.address), ["e2"] if way == "at once" else ["e1", "e2"]
    put(inbox, "e1")
    proxy.word = b"paperhook_event_id_seq" if way == "at once" else b"COMMIT\x00"
    proxy.is_heard = is_heard

    assert put(inbox, *keys, received_at=2.0)[-1] is True

    assert proxy.is_over.wait(5)
    assert proxy.said == 1
    assert put(inbox, "e2", received_at=3.0) == (False,)
    assert rows(inbox) == {"e1": State.PENDING, "e2": State.PENDING}
    # What was counted in the transaction that was committed is counted again.
    assert len(keys) <= inbox.stats().result(20).duplicates <= len(keys) + 1


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize("way", ["at once", "in a transaction"])
def test_a_settlement_of_whose_commit_nobody_heard_is_looked_up(
    proxy: Proxy, opened: Callable[..., PostgresInbox], is_heard: bool, way: str
) -> None:
    inbox = opened(proxy.address)
    put(inbox, "e1")
    (held,) = claim(inbox)
    proxy.word = SETTLES if way == "at once" else b"COMMIT\x00"
    proxy.is_heard = is_heard

    if way == "at once":
        assert finish(inbox, held)
    else:
        assert inbox.release(held, [], due_at=5.0, now=1.0).result(20)

    assert proxy.is_over.wait(5)
    assert not finish(inbox, held)
    assert inbox.stats().result(20).done == (way == "at once")


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_settlement_is_looked_up_also_when_the_server_is_away_for_a_while(
    proxy: Proxy, opened: Callable[..., PostgresInbox], is_heard: bool
) -> None:
    inbox = opened(proxy.address)
    put(inbox, "e1")
    (held,) = claim(inbox)
    proxy.word, proxy.is_heard, proxy.ends_there = SETTLES, is_heard, True

    with pytest.raises(InboxUnavailable):
        finish(inbox, held)
    proxy.come_back()

    # As a worker does it, which has its outcome to record.
    assert finish(inbox, held)
    assert not finish(inbox, held)
    assert inbox.stats().result(20).done == 1


def test_a_settlement_whose_lease_another_took_meanwhile_is_not_ones_own(
    proxy: Proxy, opened: Callable[..., PostgresInbox]
) -> None:
    inbox, other = opened(proxy.address), opened()
    put(inbox, "e1")
    (held,) = claim(inbox)
    proxy.word, proxy.ends_there = SETTLES, True
    with pytest.raises(InboxUnavailable):
        finish(inbox, held)

    (taken,) = claim(other, now=2000.0)
    assert finish(other, taken)
    proxy.come_back()

    assert not finish(inbox, held)
    assert inbox.stats().result(20).done == 1


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize("way", ["at once", "in a transaction"])
def test_a_lease_of_whose_commit_nobody_heard_is_nobodys(
    proxy: Proxy, opened: Callable[..., PostgresInbox], is_heard: bool, way: str
) -> None:
    inbox = opened(proxy.address)
    put(inbox, "e1")
    proxy.word = b"SKIP LOCKED" if way == "at once" else b"COMMIT\x00"
    proxy.is_heard = is_heard

    if way == "at once":
        (held,) = claim(inbox)
    else:
        held = inbox.claim_key("docuparse", "e1", lease=60, now=1000.0).result(20)

    assert held is not None
    assert proxy.is_over.wait(5)
    assert held.claims == 1
    assert finish(inbox, held)


def test_a_server_that_is_away_is_unavailable_until_it_is_back(
    proxy: Proxy, opened: Callable[..., PostgresInbox]
) -> None:
    inbox = opened(proxy.address)
    put(inbox, "e1")

    proxy.cut(for_good=True)
    for asked in (inbox.put([entry("e2")]), inbox.stats()):
        with pytest.raises(InboxUnavailable):
            asked.result(20)
    proxy.come_back()

    assert put(inbox, "e2") == (True,)
    assert inbox.stats().result(20).pending == 2


# Waking


def test_what_another_inbox_puts_is_heard_after_the_connection_was_cut(
    opened: Callable[..., PostgresInbox], caplog: pytest.LogCaptureFixture
) -> None:
    here, there, heard = opened(), opened(), threading.Event()
    put(there, "e0")
    here.subscribe(heard.set)
    assert heard.wait(10)
    put(there, "e1")
    eventually(heard.is_set)

    postgres.cut_connections()
    eventually(lambda: "new events are not heard of" in caplog.text)
    time.sleep(0.3)
    heard.clear()
    put(there, "e2")

    assert heard.wait(10)


def test_a_listener_looks_after_a_cut_for_what_it_missed(
    proxy: Proxy, opened: Callable[..., PostgresInbox]
) -> None:
    here, there, heard = opened(proxy.address), opened(), threading.Event()
    put(there, "e0")
    here.subscribe(heard.set)
    assert heard.wait(10)
    proxy.cut(for_good=True)
    time.sleep(0.1)
    heard.clear()
    put(there, "e1")
    assert not heard.wait(0.2)

    proxy.come_back()

    assert heard.wait(10)


def test_a_listener_without_a_server_ends_at_once_when_nobody_listens(
    proxy: Proxy, opened: Callable[..., PostgresInbox]
) -> None:
    proxy.cut(for_good=True)
    before = threading.active_count()
    unsubscribe = opened(proxy.address).subscribe(lambda: None)
    time.sleep(0.3)

    unsubscribe()

    eventually(lambda: threading.active_count() <= before, 2)


def test_a_silent_connection_is_asked_whether_it_is_there(
    url: str, opened: Callable[..., PostgresInbox], proxy: Proxy
) -> None:
    listener, heard = Listener(Address(proxy.address, patience=5), check_seconds=0.02), threading.Event()
    put(opened(), "e1")
    proxy.word = b"SELECT 1"

    listener.subscribe(heard.set)
    eventually(lambda: proxy.said == 1)
    heard.clear()

    # It has noticed, is back and looked.
    assert heard.wait(10)
    listener.close()


def test_inboxes_of_other_schemas_are_not_woken(opened: Callable[..., PostgresInbox]) -> None:
    here, elsewhere, heard = opened(), opened(postgres.address()), threading.Event()
    put(here, "e0")
    put(elsewhere, "e0")
    here.subscribe(heard.set)
    assert heard.wait(10)
    time.sleep(0.1)
    heard.clear()

    put(elsewhere, "e1")
    assert not heard.wait(0.2)
    put(here, "e1")

    assert heard.wait(10)


@pytest.mark.parametrize("what", ["replayed", "released at once"])
def test_what_is_due_at_once_again_is_told(opened: Callable[..., PostgresInbox], what: str) -> None:
    here, there, heard = opened(), opened(), threading.Event()
    put(there, "e1")
    (held,) = claim(there)
    here.subscribe(heard.set)
    assert heard.wait(10)
    time.sleep(0.1)
    heard.clear()

    if what == "replayed":
        finish(there, held)
        assert not heard.wait(0.2)
        there.replay(Filter(), now=1).result(20)
    else:
        there.release(held, [], due_at=0, now=1).result(20)

    assert heard.wait(10)


def test_a_closed_inbox_can_be_subscribed_to_in_vain(url: str, opened: Callable[..., PostgresInbox]) -> None:
    inbox = opened()
    inbox.close()

    inbox.subscribe(lambda: None)()

    assert connections(url) == 0


# Other machines


def test_what_another_machine_is_about_to_lease_is_left_out(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    inbox = opened()
    put(inbox, "e1", "e2", "e3")

    with psycopg.connect(url) as other:
        other.execute("SELECT id FROM paperhook_event WHERE key = 'e1' FOR UPDATE")
        began = time.monotonic()
        claims = claim(inbox)
        seconds = time.monotonic() - began

    assert [each.entry.key for each in claims] == ["e2", "e3"]
    assert seconds < 5
    assert [each.entry.key for each in claim(inbox)] == ["e1"]


def test_a_row_that_is_locked_for_long_is_unavailable_and_works_again_later(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    inbox = opened(patience=0.2)
    put(inbox, "e1")
    (held,) = claim(inbox)

    with psycopg.connect(url) as other:
        other.execute("SELECT id FROM paperhook_event FOR UPDATE")
        with pytest.raises(InboxUnavailable, match="timeout"):
            finish(inbox, held)

    assert finish(inbox, held)


def put_by_hand(connection: psycopg.Connection[Any]) -> None:
    """Put `e1` of the document `j`, whose turn it is, as another machine that has not committed yet."""
    connection.execute(
        "INSERT INTO paperhook_event (provider, key, key_hash, type, subject_hash, is_next, received_at)"
        " VALUES ('docuparse', 'e1', sha256('e1'), 't', sha256('j'), TRUE, 1)"
    )
    connection.execute("INSERT INTO paperhook_payload VALUES (lastval(), '', 'delivery', 0, '{}', 'webhook')")


def test_two_machines_that_put_one_document_at_once_keep_its_order(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    inbox = opened()
    put(inbox, "e0")

    with psycopg.connect(url) as other:
        put_by_hand(other)
        asked = inbox.put([entry("e2", job_id="j")])
        time.sleep(0.1)
        assert not asked.done()

    assert asked.result(20) == (True,)
    assert [each.entry.key for each in claim(inbox)] == ["e0", "e1"]


def test_two_events_of_a_document_keep_their_order_where_another_machine_takes_the_turn_of_the_first(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    inbox = opened(patience=30)
    put(inbox, "e0")

    with psycopg.connect(url) as other:
        put_by_hand(other)
        asked = inbox.put([entry("e2", job_id="j"), entry("e3", job_id="j")])
        eventually(lambda: waiting_for_locks(url) == 1)

    assert asked.result(20) == (True, True)
    assert [row.entry.key for row in inbox.rows().result(20)] == ["e3", "e2", "e1", "e0"]
    assert [each.entry.key for each in claim(inbox)] == ["e0", "e1"]


def test_an_event_replayed_while_the_turn_of_its_document_changes_hands_is_not_forgotten(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    inbox, another = opened(patience=30), opened(patience=30)
    put(inbox, "e1", job_id="j")
    finish(inbox, claim(inbox)[0])
    put(inbox, "e2", job_id="j")
    (second,) = claim(inbox)
    put(inbox, "e3", job_id="j")

    with psycopg.connect(url) as auditor:
        with psycopg.connect(url) as worker:
            # As a worker does it, which ends one event and takes the next in one transaction.
            worker.execute(
                "SELECT paperhook_settle(ARRAY[%s::int8], ARRAY[%s], '{done}', '{1}', '{}', '{}', '{}', '{}', '{}', '{}',"
                " '{}', 1::int2)",
                (second.id, second.token),
            )
            worker.execute(
                "UPDATE paperhook_event SET state = 'running', token = 't', lease_until = 2e9, claims = 1 WHERE is_next"
            )
            replayed = inbox.replay(Filter(key="e1"), now=1.0)
            eventually(lambda: waiting_for_locks(url) == 1)
            # The replay is held up once more, just before its commit.
            auditor.execute("LOCK TABLE paperhook_audit IN SHARE MODE")
        eventually(lambda: waiting_for_locks(url) == 1 and rows(another)["e2"] is State.DONE)
        (third,) = (row for row in another.rows().result(20) if row.state is State.RUNNING)
        held = Claim(third.id, third.entry, "t", 2e9, 1, {})
        finished = another.finish(held, [], state=State.DONE, now=1.0)
        # It waits for the replay, or it is done before.
        eventually(lambda: waiting_for_locks(url) == 2 or finished.done())

    assert replayed.result(20)
    assert finished.result(20)
    assert [each.entry.key for each in claim(inbox)] == ["e1"]


def test_an_event_that_is_being_redacted_is_not_replayed(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    inbox = opened(patience=30)
    put(inbox, "e1")
    finish(inbox, claim(inbox)[0])

    with psycopg.connect(url) as other:
        # As a redaction on another machine does it.
        other.execute("SELECT FROM paperhook_event FOR UPDATE")
        other.execute("UPDATE paperhook_payload SET body = '', form = 'redacted'")
        replayed = inbox.replay(Filter(key="e1"), now=1.0)
        eventually(lambda: waiting_for_locks(url) == 1)

    assert replayed.result(20) == ()
    assert rows(inbox) == {"e1": State.DONE}


def test_an_event_put_while_the_one_before_is_being_finished_is_not_forgotten(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    inbox = opened()
    put(inbox, "e1", job_id="j")
    claim(inbox)

    with psycopg.connect(url) as other:
        # As another worker does it, who cannot see what is put now.
        other.execute("SELECT id FROM paperhook_event FOR UPDATE")
        other.execute(
            "UPDATE paperhook_event SET state = 'done', settled_at = 1, is_next = FALSE, token = NULL"
        )
        asked = inbox.put([entry("e2", job_id="j")])
        time.sleep(0.1)
        assert not asked.done()

    assert asked.result(20) == (True,)
    assert [each.entry.key for each in claim(inbox)] == ["e2"]


def test_an_event_put_just_before_the_one_before_is_finished_has_its_turn(
    url: str, opened: Callable[..., PostgresInbox]
) -> None:
    inbox = opened()
    put(inbox, "e1", job_id="j")
    (held,) = claim(inbox)

    with psycopg.connect(url) as other:
        # As another receiver does it: what it puts is not to be seen yet, and it holds the event whose turn it is.
        other.execute(
            "INSERT INTO paperhook_event (provider, key, key_hash, type, subject_hash, is_next, received_at)"
            " VALUES ('docuparse', 'e2', sha256('e2'), 't', sha256('j'), FALSE, 1)"
        )
        other.execute("INSERT INTO paperhook_payload VALUES (lastval(), '', 'delivery', 0, '{}', 'webhook')")
        other.execute("SELECT id FROM paperhook_event WHERE is_next FOR UPDATE")
        asked = inbox.finish(held, [Outcome("book", State.DONE, 1)], state=State.DONE, now=1.0)
        time.sleep(0.1)
        assert not asked.done()

    assert asked.result(20)
    assert [each.entry.key for each in claim(inbox)] == ["e2"]


def test_a_copy_of_a_settled_event_and_a_new_one_of_its_document_in_one_put(
    opened: Callable[..., PostgresInbox],
) -> None:
    inbox = opened()
    put(inbox, "e1", job_id="j")
    finish(inbox, claim(inbox)[0])

    assert put(inbox, "e1", "e2", "e3", job_id="j") == (False, True, True)
    assert [each.entry.key for each in claim(inbox)] == ["e2"]


@pytest.mark.parametrize("state", ["40P01", "40001", "23505"])
def test_what_lost_a_race_is_done_again(opened: Callable[..., PostgresInbox], state: str) -> None:
    inbox, gate = opened(), threading.Event()
    put(inbox, "e1")
    inbox._writes.ask(Work(lambda db, asks: [gate.wait(5)], turn=0), None)

    asked = inbox.put([entry("e1"), entry("e2")])
    lost = ask(inbox, RAISE.format(state))
    gate.set()

    assert asked.result(20) == (False, True)
    lost.result(20)
    assert inbox.stats().result(20).duplicates == 1


def test_what_loses_every_race_is_unavailable(opened: Callable[..., PostgresInbox]) -> None:
    inbox = opened()

    with pytest.raises(InboxUnavailable, match="made for a test"):
        ask(inbox, *[RAISE.format("40P01")] * 20).result(20)


class Machines:
    """Several inboxes on one schema, each with a receiver and a worker, and what they see."""

    SUBJECTS, PUTS = 5, 120

    def __init__(self, inboxes: list[PostgresInbox]) -> None:
        self.inboxes = inboxes
        self.total = len(inboxes) * self.PUTS
        self.done = 0
        self.faults: list[str] = []
        #: By subject and receiver, in the order in which they were begun.
        self.begun: dict[str, list[str]] = defaultdict(list)
        self._running: dict[str, str] = {}
        self._guard = threading.Lock()

    def receive(self, number: int) -> None:
        chance = random.Random(number)
        for n in range(self.PUTS):
            put(self.inboxes[number], f"{number}-{n}", job_id=f"j{chance.randrange(self.SUBJECTS)}")

    def work_off(self, number: int) -> None:
        chance, end = random.Random(100 + number), time.monotonic() + 60
        while self.done < self.total and time.monotonic() < end:
            for held in claim(self.inboxes[number], limit=4, now=time.time()):
                self.run(self.inboxes[number], held, is_again=held.claims < 3 and chance.random() < 0.3)

    def run(self, inbox: PostgresInbox, held: Claim, *, is_again: bool) -> None:
        key, subject = held.entry.key, held.entry.job_id or ""
        with self._guard:
            if subject in self._running:
                self.faults.append(f"{key} beside {self._running[subject]}")
            self._running[subject] = key
            if held.claims == 1:
                self.begun[f"{subject} of {key.partition('-')[0]}"].append(key)
        time.sleep(0)
        with self._guard:
            self._running.pop(subject, None)
        if is_again:
            inbox.release(held, [], due_at=0, now=1).result(20)
        elif finish(inbox, held):
            with self._guard:
                self.done += 1


@pytest.mark.slow
def test_machines_that_do_everything_at_once_lose_double_and_reorder_nothing(
    opened: Callable[..., PostgresInbox],
) -> None:
    machines = Machines([opened() for _ in range(3)])
    threads = [
        threading.Thread(target=target, args=(number,))
        for number in range(len(machines.inboxes))
        for target in (machines.receive, machines.work_off)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert machines.faults == []
    assert set(rows(machines.inboxes[0]).values()) == {State.DONE}
    assert machines.inboxes[0].stats().result(20).done == machines.done == machines.total
    for keys in machines.begun.values():
        assert keys == sorted(keys, key=lambda key: int(key.partition("-")[2]))


# What can be wrong


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("53100", InboxUnavailable),  # disk full
        ("57P01", InboxUnavailable),  # shutting down
        ("25006", InboxUnavailable),  # a standby, after a failover
        ("42501", InboxUnavailable),  # no privilege
        ("XX001", InboxCorrupt),
    ],
)
def test_a_store_that_fails_stores_nothing_and_says_why(
    opened: Callable[..., PostgresInbox], state: str, meaning: type[InboxError]
) -> None:
    inbox, gate = opened(), threading.Event()
    put(inbox, "e1")
    inbox._writes.ask(Work(lambda db, asks: [gate.wait(5)], turn=0), None)

    asked = inbox.put([entry("e2")])
    ask(inbox, RAISE.format(state))
    gate.set()

    with pytest.raises(meaning, match="made for a test"):
        asked.result(20)
    assert set(rows(inbox)) == {"e1"}
    assert put(inbox, "e2") == (True,)


def test_a_server_that_cannot_write_is_unavailable(url: str, opened: Callable[..., PostgresInbox]) -> None:
    put(opened(), "e1")
    options = conninfo_to_dict(url)["options"]

    with pytest.raises(InboxUnavailable, match="read-only"):
        put(opened(make_conninfo(url, options=f"{options} -cdefault_transaction_read_only=on")), "e2")


def test_a_bad_entry_fails_without_being_quoted_and_costs_the_others_nothing(
    opened: Callable[..., PostgresInbox],
) -> None:
    inbox, gate = opened(), threading.Event()
    inbox._writes.ask(Work(lambda db, asks: [gate.wait(5)], turn=0), None)
    nobody: Any = None
    large: Any = 2**80

    good = [inbox.put([entry(f"e{n}")]) for n in range(5)]
    bad = [
        inbox.put([entry("half"), entry("bad", body=nobody)]),
        inbox.put([entry("large", index=large)]),
        inbox.put([entry("odd", body=object())]),
        inbox.put([entry("number", type=nobody)]),
    ]
    gate.set()

    errors = [future.exception(20) for future in bad]
    assert [type(error) for error in errors] == [InboxError, InboxError, InboxError, TypeError]
    assert all("cannot hold this" in str(error) for error in errors[:3])
    assert not any(str(large) in str(error) for error in errors)
    assert [future.result(20) for future in good] == [(True,)] * 5
    assert set(rows(inbox)) == {f"e{n}" for n in range(5)}


def test_an_id_that_no_row_can_have_is_no_failure(opened: Callable[..., PostgresInbox]) -> None:
    assert opened().rows(Filter(ids=(10**30, -(10**30)))).result(20) == ()


# Transactional handlers


def test_a_handlers_connection_that_was_cut_while_idle_is_replaced(
    opened: Callable[..., PostgresInbox],
) -> None:
    inbox = opened()
    put(inbox, "e1", "e2")
    first, second = claim(inbox)
    inbox.transact(lambda connection: Settlement(first, [], State.DONE, 1.0))

    postgres.cut_connections()

    assert inbox.transact(lambda connection: Settlement(second, [], State.DONE, 1.0))
    assert rows(inbox) == {"e1": State.DONE, "e2": State.DONE}


def test_nothing_of_a_handler_is_left_for_the_next(opened: Callable[..., PostgresInbox]) -> None:
    inbox = opened(handler_connections=1)
    put(inbox, "e1", "e2")
    first, second = claim(inbox)
    pids: list[Any] = []

    def leave(connection: psycopg.Connection[Any]) -> Settlement:
        for statement in (
            "CREATE TEMPORARY TABLE stage (total int)",
            "SELECT pg_advisory_lock(7)",
            "DECLARE left_open CURSOR WITH HOLD FOR SELECT 1",
            "SET statement_timeout = '7s'",
            "LISTEN elsewhere",
        ):
            connection.execute(statement)
        pids.append(connection.info.backend_pid)
        return Settlement(first, [], State.DONE, 1.0)

    def look(connection: psycopg.Connection[Any]) -> Settlement:
        pids.append(connection.info.backend_pid)
        for statement in (
            "SELECT 'stage' WHERE to_regclass('stage') IS NOT NULL",
            "SELECT 'lock' FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
            "SELECT name FROM pg_cursors WHERE name = 'left_open'",
            "SELECT 'setting' WHERE current_setting('statement_timeout') = '7s'",
            "SELECT pg_listening_channels()",
        ):
            assert connection.execute(statement).fetchall() == []
        return Settlement(second, [], State.DONE, 1.0)

    assert inbox.transact(leave)
    assert inbox.transact(look)
    assert len(set(pids)) == 1


def test_a_handlers_connection_that_is_cut_is_the_handlers_failure(
    opened: Callable[..., PostgresInbox],
) -> None:
    inbox = opened()
    put(inbox, "e1")
    claim(inbox)

    with pytest.raises(psycopg.OperationalError):
        inbox.transact(lambda connection: connection.execute(CUT))

    assert rows(inbox) == {"e1": State.RUNNING}


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_handlers_commit_of_which_nobody_heard_is_all_or_nothing(
    proxy: Proxy, opened: Callable[..., PostgresInbox], is_heard: bool
) -> None:
    inbox = opened(proxy.address)
    put(inbox, "e1")
    (held,) = claim(inbox)

    def book(connection: psycopg.Connection[Any]) -> Settlement:
        connection.execute("CREATE TABLE booked (key TEXT)")
        proxy.word, proxy.is_heard = b"COMMIT\x00", is_heard
        return Settlement(held, [], State.DONE, 1.0)

    if is_heard:
        assert inbox.transact(book)
    else:
        with pytest.raises(InboxUnavailable):
            inbox.transact(book)

    assert proxy.is_over.wait(5)
    is_booked = ask_value(inbox, "SELECT to_regclass('booked')::text") is not None
    assert (is_booked, rows(inbox)["e1"]) == (is_heard, State.DONE if is_heard else State.RUNNING)


def test_a_commit_that_keeps_the_lease_and_of_which_nobody_heard_is_left_to_the_next_run(
    proxy: Proxy, opened: Callable[..., PostgresInbox]
) -> None:
    inbox = opened(proxy.address)
    put(inbox, "e1")
    (held,) = claim(inbox)

    def book(connection: psycopg.Connection[Any]) -> Settlement:
        connection.execute("SELECT 1")
        proxy.word, proxy.is_heard = b"COMMIT\x00", True
        return Settlement(held, [Outcome("book", State.DONE, 1)], State.RUNNING, 0.0)

    with pytest.raises(InboxUnavailable):
        inbox.transact(book)

    assert proxy.is_over.wait(5)
    # What it recorded is there, so that its handler does not run again.
    assert inbox.release(held, [], due_at=0, now=1.0).result(20)
    assert claim(inbox)[0].outcomes["book"].state is State.DONE


def test_no_more_handlers_have_a_connection_than_were_allowed(opened: Callable[..., PostgresInbox]) -> None:
    inbox, most, running = opened(handler_connections=2), [0], [0]
    put(inbox, *(f"e{n}" for n in range(6)))
    guard = threading.Lock()

    def book(held: Claim) -> None:
        def count(connection: Any) -> Settlement:
            with guard:
                running[0] += 1
                most[0] = max(most[0], running[0])
            time.sleep(0.03)
            with guard:
                running[0] -= 1
            return Settlement(held, [], State.DONE, 1.0)

        assert inbox.transact(count)

    threads = [threading.Thread(target=book, args=(held,)) for held in claim(inbox)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most[0] == 2
    assert set(rows(inbox).values()) == {State.DONE}


def test_a_connection_that_comes_back_to_a_closed_inbox_is_closed(
    url: str,
    opened: Callable[..., PostgresInbox],
) -> None:
    inbox = opened()
    put(inbox, "e1")
    (held,) = claim(inbox)

    def close(connection: Any) -> Settlement:
        inbox.close()
        return Settlement(held, [], State.DONE, 1.0)

    assert inbox.transact(close)
    eventually(lambda: connections(url) == 0)


# Clocks


class Jumping:
    """The time of day of a machine, which somebody sets."""

    def __init__(self) -> None:
        self.offset = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset


@pytest.mark.parametrize("hours", [1, -1])
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_leases_and_pauses_go_by_the_servers_clock(
    opened: Callable[..., PostgresInbox], hours: int, when: str
) -> None:
    clock = Jumping()
    wrong, right = opened(clock=clock), opened()
    put(right, "leased", "paused", "new")
    if when == "meanwhile":
        # It knows the server's time already when its own jumps.
        (held,) = claim(wrong, limit=1, now=clock())
        wrong.release(held, [], due_at=0, now=clock()).result(20)
    clock.offset = hours * 3600.0
    leased, paused = right.claim(limit=2, lease=60, now=time.time()).result(20)

    # Nobody's lease has run out because of a wrong clock, and what it leases others leave alone.
    assert [each.entry.key for each in claim(wrong, now=clock())] == ["new"]
    assert claim(right, now=time.time()) == ()
    assert wrong.renew([leased], lease=60, now=clock()).result(20) == (True,)
    assert claim(right, now=time.time() + 50) == ()
    # A pause is as long as it was meant.
    wrong.release(paused, [], due_at=clock() + 100, now=clock()).result(20)
    assert claim(right, now=time.time() + 50) == ()
    assert {each.entry.key for each in claim(right, now=time.time() + 110)} == {"leased", "new", "paused"}


def test_a_transactional_handlers_pause_goes_by_the_servers_clock(
    opened: Callable[..., PostgresInbox],
) -> None:
    clock = Jumping()
    clock.offset = 3600.0
    wrong, right = opened(clock=clock), opened()
    put(right, "e1")
    (held,) = claim(wrong, now=clock())

    assert wrong.transact(lambda connection: Settlement(held, [], State.PENDING, clock() + 100))

    assert claim(right, now=time.time() + 50) == ()
    assert len(claim(right, now=time.time() + 110)) == 1


# Indexes: a claim must cost the same with a million settled rows


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("_PUT_AT_ONCE", "paperhook_event_key"),
        ("_PUT_AT_ONCE", "paperhook_event_line"),
        ("_RECALL_PUTS", "paperhook_event_key"),
        ("_CLAIM", "paperhook_event_leased"),
        ("_CLAIM", "paperhook_event_due"),
        ("_CLAIM_AT_ONCE", "paperhook_event_leased"),
        ("_CLAIM_AT_ONCE", "paperhook_event_due"),
        ("_UNDO_LEASES", "paperhook_event_leased"),
        ("_RECALL", "paperhook_event_pkey"),
        ("_CLAIM_KEY", "paperhook_event_key"),
        ("_RENEW", "paperhook_event_pkey"),
        ("_SETTLE", "paperhook_event_pkey"),
        ("_LOCK_NEXT", "paperhook_event_"),
        ("_YIELD_TURN", "paperhook_event_"),
        ("GIVE_TURN", "paperhook_event_line"),
        ("_PUT_EVENTS", "paperhook_event_line"),
        ("_COUNT_DUPLICATES", "paperhook_event_key"),
        ("_STATS", "paperhook_event_dead"),
    ],
)
def test_a_query_uses_its_index(opened: Callable[..., PostgresInbox], query: str, index: str) -> None:
    inbox = opened()
    statement = next(getattr(each, query) for each in MODULES if hasattr(each, query))
    put(inbox, "e1")
    single = {"now": 1.0, "until": 2.0, "token": "t", "limit": 10, "lot": 1, "key_hash": b"", "provider": ""}
    words = dict.fromkeys(re.findall(r"%\((\w+)\)b", statement))
    values: dict[str, Any] = {
        word: single.get(word) if f"%({word})b::" not in statement else [single.get(word)] for word in words
    }

    def explain(db: session.Session, asks: Any) -> list[str]:
        return ["\n".join(line for (line,) in db.rows("EXPLAIN " + statement, **values))]

    plan = inbox._writes.ask(Work(explain, turn=9), None).result(20)

    assert index in plan
    assert "Seq Scan on paperhook_event" not in plan


def test_whether_a_handlers_commit_is_there_cannot_be_told_where_the_server_is_away() -> None:
    handlers = HandlerConnections(Address("postgresql://127.0.0.1:1/nowhere", patience=1.0), 1)

    with pytest.raises(InboxUnavailable):
        handlers._is_recorded(Settlement(Claim(0, entry(), "nobody", 0, 0, {}), [], State.DONE, 0.0))


def test_a_server_that_says_nothing_is_cut_off_and_named(opened: Callable[..., PostgresInbox]) -> None:
    inbox = opened(patience=0.5)
    put(inbox, "e1")

    with pytest.raises(InboxUnavailable, match="the server has not answered for 1 s"):
        ask(inbox, "SET LOCAL statement_timeout = 0", "SELECT pg_sleep(60)").result(20)

    assert put(inbox, "e1", "e2") == (False, True)


def test_a_server_that_fails_while_each_is_asked_by_itself_fails_for_all(url: str) -> None:
    def fail_by_itself(db: session.Session, asked: Any) -> list[Any]:
        raise ValueError(asked)

    def fail_for_all(db: session.Session, asked: Any) -> list[Any]:
        db.run("SELECT 1 / (SELECT count(*) FROM no_such_table)")
        return [None]

    asks = [Ask(Work(run, turn), None, Future()) for turn, run in enumerate((fail_by_itself, fail_for_all))]
    server = PostgresServer(Address(url, patience=1.0))

    with pytest.raises(InboxUnavailable, match="no_such_table"):
        server.run(asks)
    assert isinstance(server.run(asks[:1])[0], ValueError)
    server.close()
