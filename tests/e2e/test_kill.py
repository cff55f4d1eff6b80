"""Real processes on a real file, killed in the middle of everything."""

from __future__ import annotations

import itertools
import random
import select
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from paperhook.inbox import Entry, Filter, Row, SqliteInbox, State

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9"),
]

#: Puts from eight threads, and prints each key once it is acknowledged.
RECEIVER = """
    import sys, threading
    from paperhook.inbox import Entry, SqliteInbox
    inbox, name = SqliteInbox(sys.argv[1]), sys.argv[2]
    def receive(thread):
        n = 0
        while True:
            key = f"{name}-{thread}-{n}"
            inbox.put([Entry("docuparse", key, "document.completed", b"x" * 1500, job_id=key)]).result()
            sys.stdout.write(key + "\\n")
            sys.stdout.flush()
            n += 1
    threads = [threading.Thread(target=receive, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
"""

#: Runs handlers; each notes its key before and after in a file of its own, and the completion is the inbox's.
WORKER = """
    import asyncio, os, sys
    from dataclasses import dataclass
    from paperhook.core.event import Event
    from paperhook.inbox import SqliteInbox
    from paperhook.worker import Worker

    @dataclass
    class Registered:
        name: str
        function: object
        retry: object = None
        timeout: object = None
        is_transactional: bool = False

    class Dispatch:
        def handlers(self, entry):
            return [Registered("book", book)]
        def event(self, entry):
            return Event(key=entry.key, provider=entry.provider, type=entry.type)

    async def book(event):
        print(event.key, flush=True)
        await asyncio.sleep(60 if event.key == "slow" and len(sys.argv) > 3 else 0.005)

    asyncio.run(Worker(SqliteInbox(sys.argv[1]), Dispatch(), lease=float(sys.argv[2]), poll=0.05).run())
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )


def hear(process: subprocess.Popen[str], seconds: float) -> None:
    """Wait for its first word, or until it had time enough for one; a busy machine is slow to start processes."""
    select.select([process.stdout], [], [], seconds)


def kill(process: subprocess.Popen[str]) -> list[str]:
    """Kill a process without warning; give the whole lines that it had written."""
    process.send_signal(signal.SIGKILL)
    written, _ = process.communicate(timeout=30)
    return written.splitlines() if written.endswith("\n") else written.splitlines()[:-1]


def stored(path: Path) -> Counter[str]:
    connection = sqlite3.connect(path)
    rows = Counter(key for (key,) in connection.execute("SELECT key FROM paperhook_event"))
    (check,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    assert check == "ok"
    return rows


def wait_for(condition: Callable[[], bool], seconds: float) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - began


def test_what_was_acknowledged_is_there_after_any_kill(tmp_path: Path) -> None:
    path, chance = tmp_path / "inbox.db", random.Random(20261121)
    acknowledged: list[str] = []

    for round_number in range(8):
        receivers = [start(RECEIVER, path, f"{round_number}-{name}") for name in "ab"]
        for receiver in receivers:
            hear(receiver, 30)
        time.sleep(chance.random() * 0.3)
        for receiver in receivers:
            acknowledged += kill(receiver)

    rows = stored(path)
    # A busy machine puts fewer; the claim is about those that were acknowledged.
    assert len(acknowledged) > 50
    assert [key for key in acknowledged if key not in rows] == []
    assert set(rows.values()) == {1}


@pytest.mark.timeout(300)
def test_workers_killed_at_any_moment_complete_each_event_once(tmp_path: Path) -> None:
    path, chance, count = tmp_path / "inbox.db", random.Random(20261122), 2000
    inbox = SqliteInbox(path)
    inbox.put([Entry("docuparse", f"e{n}", "t", b"{}", job_id=f"j{n % 500}") for n in range(count)]).result()
    handled: list[str] = []
    kills = 0

    def is_done() -> bool:
        return inbox.stats().result().done == count

    # On a busy machine a worker that is just up has not done much when it is killed: the last ones are left alone.
    while not is_done():
        workers = [start(WORKER, path, 0.3) for _ in range(2)]
        if kills >= 16:
            wait_for(is_done, 120)
        for worker in workers:
            # Whoever has nothing to do yet says nothing: then the other one is killed first.
            hear(worker, 2)
            time.sleep(chance.random() * 0.2)
            handled += kill(worker)
            kills += 1

    rows = inbox.rows(limit=count).result()
    stats = inbox.stats().result()
    inbox.close()
    assert kills >= 4
    assert any(row.claims > 1 for row in rows)
    assert (stats.done, stats.pending, stats.running, stats.dead) == (count, 0, 0, 0)
    # At least once each, and each recorded once: an attempt that was cut off left nothing behind.
    assert set(handled) == {f"e{n}" for n in range(count)}
    assert {row.outcomes["book"].attempts for row in rows} == {1}
    for job in {row.entry.job_id for row in rows}:
        settled = [row.settled_at or 0.0 for row in reversed(rows) if row.entry.job_id == job]
        assert settled == sorted(settled)


def test_a_worker_killed_in_a_handler_is_followed_within_its_lease_and_a_second(tmp_path: Path) -> None:
    path, lease = tmp_path / "inbox.db", 1.0
    inbox = SqliteInbox(path)
    inbox.put([Entry("docuparse", "slow", "t", b"{}")]).result()

    def slow() -> Row:
        (row,) = inbox.rows(Filter(key="slow")).result()
        return row

    first = start(WORKER, path, lease, "hangs")
    assert first.stdout is not None
    assert first.stdout.readline() == "slow\n"
    second = start(WORKER, path, lease)
    assert second.stdout is not None
    # Wait until it is up, however long that takes: it is once it has done anything.
    seen = itertools.count()
    while not select.select([second.stdout], [], [], 0.05)[0]:
        inbox.put([Entry("docuparse", f"other{next(seen)}", "t", b"{}")]).result()

    kill(first)
    seconds = wait_for(lambda: slow().state is State.DONE, 10)

    claims = slow().claims
    kill(second)
    inbox.close()
    assert seconds < lease + 1
    assert claims == 2


def test_copies_sent_to_four_receivers_at_once_are_one_row(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    program = """
        import sys
        from paperhook.inbox import Entry, SqliteInbox
        inbox = SqliteInbox(sys.argv[1])
        asked = [inbox.put([Entry("docuparse", "e1", "t", b"{}")]) for _ in range(50)]
        print(sum(future.result()[0] for future in asked))
        inbox.close()
    """

    receivers = [start(program, path) for _ in range(4)]
    new = [int(receiver.communicate(timeout=30)[0]) for receiver in receivers]

    assert sorted(new) == [0, 0, 0, 1]
    assert stored(path) == {"e1": 1}
