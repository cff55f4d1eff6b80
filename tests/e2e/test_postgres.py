"""Receivers and workers in processes of their own on one PostgreSQL, killed in the middle of everything."""

from __future__ import annotations

import itertools
import random
import select
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import psycopg
import pytest

from paperhook.inbox import Entry, Filter, PostgresInbox, Row, State

from .. import postgres
from .test_kill import RECEIVER as ON_A_FILE
from .test_kill import hear, kill, start, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9"),
]

#: Puts from eight threads, and prints each key once it is acknowledged.
RECEIVER = ON_A_FILE.replace("SqliteInbox", "PostgresInbox")

#: Runs a handler that prints the key, and where it is transactional writes two rows with a pause between.
WORKER = """
    import asyncio, sys, time
    from dataclasses import dataclass
    from paperhook.core.event import Event
    from paperhook.inbox import PostgresInbox
    from paperhook.worker import Worker

    address, lease, poll, seconds, kind = sys.argv[1], *map(float, sys.argv[2:5]), sys.argv[5]

    @dataclass
    class Registered:
        function: object
        is_transactional: bool
        name: str = "book"
        retry: object = None
        timeout: object = None

    class Dispatch:
        def handlers(self, entry):
            return [Registered(write, True) if kind == "transaction" else Registered(note, False)]
        def event(self, entry):
            return Event(key=entry.key, provider=entry.provider, type=entry.type)

    def pause(event):
        return 0 if event.key.startswith("other") else seconds

    async def note(event):
        print(event.key, flush=True)
        await asyncio.sleep(pause(event))

    def write(event, connection):
        connection.execute("INSERT INTO ledger VALUES (%s, 'first')", (event.key,))
        print(event.key, flush=True)
        time.sleep(pause(event))
        connection.execute("INSERT INTO ledger VALUES (%s, 'second')", (event.key,))

    asyncio.run(Worker(PostgresInbox(address), Dispatch(), lease=lease, poll=poll).run())
"""


@pytest.fixture
def address() -> str:
    return postgres.address()


@pytest.fixture
def inbox(address: str) -> Iterator[PostgresInbox]:
    inbox = PostgresInbox(address)
    yield inbox
    inbox.close()


def put(inbox: PostgresInbox, *keys: str) -> None:
    inbox.put([Entry("docuparse", key, "t", b"{}", received_at=1.0) for key in keys]).result(20)


def done(inbox: PostgresInbox) -> int:
    return inbox.stats().result(20).done


def test_what_was_acknowledged_is_there_after_any_kill(address: str, inbox: PostgresInbox) -> None:
    chance, acknowledged = random.Random(20261121), list[str]()

    for round_number in range(4):
        receivers = [start(RECEIVER, address, f"{round_number}-{name}") for name in "ab"]
        for receiver in receivers:
            hear(receiver, 30)
        time.sleep(chance.random() * 0.3)
        for receiver in receivers:
            acknowledged += kill(receiver)

    with psycopg.connect(address) as connection:
        rows = [key for (key,) in connection.execute("SELECT key FROM paperhook_event").fetchall()]
        whole = connection.execute(
            "SELECT count(*) FROM paperhook_event JOIN paperhook_payload ON event_id = id"
        ).fetchone()
    assert len(acknowledged) > 100
    assert set(acknowledged) <= set(rows)
    assert (len(rows),) == (len(set(rows)),) == whole


def test_copies_sent_to_four_receivers_at_once_are_one_row_and_one_completion(
    address: str, inbox: PostgresInbox
) -> None:
    program = """
        import sys
        from paperhook.inbox import Entry, PostgresInbox
        inbox = PostgresInbox(sys.argv[1])
        asked = [inbox.put([Entry("docuparse", "e1", "t", b"{}", job_id="j")]) for _ in range(50)]
        print(sum(future.result()[0] for future in asked))
        inbox.close()
    """
    workers = [start(WORKER, address, 5, 0.05, 0.01, "note") for _ in range(2)]

    receivers = [start(program, address) for _ in range(4)]
    new = [int(receiver.communicate(timeout=30)[0]) for receiver in receivers]
    wait_for(lambda: done(inbox) == 1, 20)

    handled = [key for worker in workers for key in kill(worker)]
    (row,) = inbox.rows().result()
    assert sorted(new) == [0, 0, 0, 1]
    assert (handled, row.duplicates, row.claims) == (["e1"], 199, 1)


def test_workers_in_two_processes_share_the_work_and_sleep_until_they_are_told(
    address: str, inbox: PostgresInbox
) -> None:
    put(inbox, "a", "b")
    workers = [start(WORKER, address, 30, 60, 0.02, "note") for _ in range(2)]
    wait_for(lambda: done(inbox) == 2, 20)
    time.sleep(1.0)

    # They look once in a minute, so what is done now was told.
    for n in range(60):
        put(inbox, f"e{n}")
    wait_for(lambda: done(inbox) == 62, 20)

    shares = [kill(worker) for worker in workers]
    assert sorted(key for share in shares for key in share) == sorted(
        ["a", "b", *(f"e{n}" for n in range(60))]
    )
    assert min(map(len, shares)) > 5


def test_workers_killed_at_any_moment_complete_each_event_once(address: str, inbox: PostgresInbox) -> None:
    chance, count = random.Random(20261122), 300
    inbox.put([Entry("docuparse", f"e{n}", "t", b"{}", job_id=f"j{n % 150}") for n in range(count)]).result(
        20
    )
    handled: list[str] = []
    end = time.monotonic() + 60

    while done(inbox) < count:
        assert time.monotonic() < end
        workers = [start(WORKER, address, 0.3, 0.05, 0.03, "note") for _ in range(2)]
        for worker in workers:
            hear(worker, 2)
            time.sleep(0.2 + chance.random() * 0.3)
            handled += kill(worker)

    rows = inbox.rows(limit=count).result()
    stats = inbox.stats().result()
    assert any(row.claims > 1 for row in rows)
    assert (stats.done, stats.pending, stats.running, stats.dead) == (count, 0, 0, 0)
    # At least once each, and each recorded once: an attempt that was cut off left nothing behind.
    assert set(handled) == {f"e{n}" for n in range(count)}
    assert {row.outcomes["book"].attempts for row in rows} == {1}
    for job in {row.entry.job_id for row in rows}:
        settled = [row.settled_at or 0.0 for row in reversed(rows) if row.entry.job_id == job]
        assert settled == sorted(settled)


@pytest.mark.parametrize("kind", ["note", "transaction"])
def test_a_worker_killed_in_a_handler_is_followed_within_its_lease_and_a_second(
    address: str, inbox: PostgresInbox, kind: str
) -> None:
    lease = 1.0
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE ledger (key TEXT, part TEXT)")
    put(inbox, "slow")

    def slow() -> Row:
        (row,) = inbox.rows(Filter(key="slow")).result(20)
        return row

    first = start(WORKER, address, lease, 0.2, 60, kind)
    assert first.stdout is not None
    assert first.stdout.readline() == "slow\n"
    second = start(WORKER, address, lease, 0.2, 0, kind)
    assert second.stdout is not None
    # Wait until it is up, however long that takes: it is once it has done anything.
    seen = itertools.count()
    while not select.select([second.stdout], [], [], 0.05)[0]:
        put(inbox, f"other{next(seen)}")
    # It waits; the lease is renewed all the while.
    time.sleep(1.5)
    assert slow().state is State.RUNNING

    kill(first)
    seconds = wait_for(lambda: slow().state is State.DONE, 10)

    row = slow()
    kill(second)
    with psycopg.connect(address) as connection:
        parts = connection.execute("SELECT part FROM ledger WHERE key = 'slow'").fetchall()
    assert seconds < lease + 1
    assert (row.claims, row.outcomes["book"].attempts) == (2, 1)
    # Nothing of the first one, and all of the second.
    assert parts == ([("first",), ("second",)] if kind == "transaction" else [])


def test_a_server_that_cuts_all_connections_loses_and_repeats_nothing(
    address: str, inbox: PostgresInbox
) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE ledger (key TEXT, part TEXT)")
    count = 150
    put(inbox, *(f"e{n}" for n in range(count)))
    worker = start(WORKER, address, 1, 0.05, 0.002, "transaction")
    cuts, end = 0, time.monotonic() + 60

    while done(inbox) < count:
        assert time.monotonic() < end
        time.sleep(0.1)
        cuts += postgres.cut_connections() > 1

    kill(worker)
    with psycopg.connect(address) as connection:
        parts = connection.execute(
            "SELECT count(*), count(DISTINCT key) FROM ledger WHERE part = 'second'"
        ).fetchone()
    # Once is what the claim needs; how often, a busy machine decides.
    assert cuts >= 1
    assert parts == (count, count)
    assert {row.state for row in inbox.rows(limit=count).result()} == {State.DONE}


#: As a function on a serverless platform: stores, runs and answers; prints the status of each delivery.
INLINE = """
    import sys, time
    from paperhook import DocumentCompleted, Webhooks
    from paperhook.inbox import PostgresInbox
    from paperhook.providers import DocuParse
    from paperhook.testing import LOCAL_SECRET, signed_delivery

    address, count = sys.argv[1], int(sys.argv[2])
    provider = DocuParse("key", webhook_secret=LOCAL_SECRET)
    hooks = Webhooks(provider, inbox=PostgresInbox(address), worker="inline")

    @hooks.on(DocumentCompleted, name="book")
    def book(event):
        print("begin", event.document_id, flush=True)
        time.sleep(0.05)

    given = [signed_delivery(provider, "document.completed", mark=f"e{n}") for n in range(count)]
    hooks.inbox.stats().result()
    print("ready", flush=True)
    sys.stdin.readline()
    for headers, body in given:
        print("answer", hooks.receive(headers, body).status, flush=True)
    # As the provider does with what was not acknowledged.
    for headers, body in given:
        while hooks.receive(headers, body).status != 200:
            time.sleep(0.02)
    hooks.close()
"""


def test_two_instances_that_are_called_for_one_event_do_not_both_run_it(
    address: str, inbox: PostgresInbox
) -> None:
    count = 20
    command = [sys.executable, "-c", textwrap.dedent(INLINE), address, str(count)]
    instances = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for each in instances:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"

    for each in instances:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    told = [each.communicate(timeout=60)[0].splitlines() for each in instances]

    begun = [line for lines in told for line in lines if line.startswith("begin")]
    answers = [line for lines in told for line in lines if line.startswith("answer")]
    assert sorted(begun) == sorted(f"begin doc_e{n}" for n in range(count))
    # Who comes while the other one runs it is told to come again, and both came at once.
    assert set(answers) <= {"answer 200", "answer 500"}
    assert answers.count("answer 500") >= 1
    assert [each.returncode for each in instances] == [0, 0]
    rows = inbox.rows(limit=count + 1).result(20)
    assert {(row.state, row.claims) for row in rows} == {(State.DONE, 1)}
    assert len(rows) == count
