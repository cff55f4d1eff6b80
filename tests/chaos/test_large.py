"""Large inboxes: 100,000 events in flat memory, and as quick with a million rows in the table as with a thousand."""

from __future__ import annotations

import os
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

import psycopg
import pytest

from paperhook.inbox import Entry, Filter, Inbox, Outcome, PostgresInbox, SqliteInbox, State
from paperhook.inbox.surveying import survey

from .. import postgres

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc"),
]

EVENTS, ROWS = int(os.environ.get("CHAOS_EVENTS", "100000")), int(os.environ.get("CHAOS_ROWS", "1000000"))
#: Bytes by which the memory of a process may grow from a fifth of the events to all of them.
GROWTH_BYTES = 30_000_000
#: How much longer an operation may take with a million rows; an index is a few levels deeper then.
RATIO = 3.0

#: Settled rows like the first one, without going through an inbox a million times.
COPIES = {
    "sqlite": """
        WITH RECURSIVE copy (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < {rows})
        INSERT INTO paperhook_event ({columns}) SELECT {values} FROM paperhook_event, copy WHERE id = 1""",
    "postgres": """
        INSERT INTO paperhook_event ({columns})
        SELECT {values} FROM paperhook_event, generate_series(1, {rows}) AS copy (n) WHERE id = 1""",
}
PAYLOADS = """
    INSERT INTO paperhook_payload (event_id, {columns})
    SELECT e.id, {columns} FROM paperhook_event e, paperhook_payload p WHERE p.event_id = 1 AND e.id > 1"""
#: Every column in which the copies differ; of the others they have what the first row has.
OWN = {
    "sqlite": {"key": "'old' || n", "subject": "'job' || n"},
    "postgres": {
        "key": "'old' || n",
        "key_hash": "sha256(('old' || n)::bytea)",
        "subject_hash": "sha256(('job' || n)::bytea)",
    },
}


class Place:
    """A store, empty or with many rows that are settled."""

    def __init__(self, store: str, folder: Path) -> None:
        self.store = store
        self.address = str(folder / "inbox.db") if store == "sqlite" else postgres.address()
        self.inbox: Inbox = (
            SqliteInbox(self.address) if store == "sqlite" else PostgresInbox(self.address, patience=60.0)
        )

    def run(self, statement: str) -> list[tuple[object, ...]]:
        if self.store == "sqlite":
            with closing(sqlite3.connect(self.address)) as connection, connection:
                return connection.execute(statement).fetchall()
        with psycopg.connect(self.address, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def columns(self, table: str, without: str) -> list[str]:
        asked = (
            f"SELECT name FROM pragma_table_info('{table}')"
            if self.store == "sqlite"
            else "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
            f" AND table_name = '{table}'"
        )
        return [str(name) for (name,) in self.run(asked) if name != without]

    def fill(self, rows: int) -> None:
        put_one(self.inbox, "first")
        settle_one(self.inbox)
        columns, own = self.columns("paperhook_event", "id"), OWN[self.store]
        values = ", ".join(own.get(each, each) for each in columns)
        self.run(COPIES[self.store].format(rows=rows - 1, columns=", ".join(columns), values=values))
        self.run(PAYLOADS.format(columns=", ".join(self.columns("paperhook_payload", "event_id"))))
        # What autovacuum does a minute later.
        self.run("ANALYZE")


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(store: str, tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    places: list[Place] = []

    def make(name: str) -> Place:
        folder = tmp_path / name
        folder.mkdir()
        places.append(Place(store, folder))
        return places[-1]

    yield make
    for each in places:
        each.inbox.close()


def entry(key: str) -> Entry:
    return Entry("docuparse", key, "document.completed", b"x" * 1500, job_id=f"job-{key}", received_at=1.0)


def put_one(inbox: Inbox, key: str) -> None:
    assert inbox.put([entry(key)]).result(60) == (True,)


def settle_one(inbox: Inbox) -> None:
    (held,) = inbox.claim(limit=1, lease=60, now=time.time()).result(60)
    assert inbox.finish(held, [Outcome("book", State.DONE, 1)], state=State.DONE, now=2.0).result(60)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_many_events_go_through_in_flat_memory(
    place: Callable[[str], Place], capsys: pytest.CaptureFixture[str]
) -> None:
    inbox, done, early = place("flat").inbox, 0, 0

    for start in range(0, EVENTS, 500):
        keys = [f"e{n}" for n in range(start, min(start + 500, EVENTS))]
        asked = [inbox.put([entry(key)]) for key in keys]
        assert all(future.result(60) == (True,) for future in asked)
        claims = inbox.claim(limit=500, lease=60, now=time.time()).result(60)
        outcome = [Outcome("book", State.DONE, 1)]
        ended = [inbox.finish(claim, outcome, state=State.DONE, now=2.0) for claim in claims]
        done += sum(future.result(60) for future in ended)
        if start <= EVENTS // 5:
            early = resident_bytes()

    late = resident_bytes()
    with capsys.disabled():
        print(f"\n{done} events: {early / 1e6:.0f} MB after a fifth of them, {late / 1e6:.0f} MB at the end")
    assert inbox.stats().result(60).done == done == EVENTS
    assert late - early < GROWTH_BYTES


def test_nothing_slows_down_with_a_million_rows(
    place: Callable[[str], Place], capsys: pytest.CaptureFixture[str]
) -> None:
    few, many = place("few"), place("many")
    few.fill(1000)
    many.fill(ROWS)

    def seconds(work: Callable[[], object]) -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    taken: dict[str, tuple[list[float], list[float]]] = {}
    for turn in range(200):
        # One after the other, so that whatever else the machine does falls on both.
        for side, inbox in enumerate((few.inbox, many.inbox)):
            works: dict[str, Callable[[], object]] = {
                "put": lambda inbox=inbox, turn=turn: put_one(inbox, f"new{turn}"),
                "put a copy": lambda inbox=inbox: inbox.put([entry("first")]).result(60),
                "claim and finish": lambda inbox=inbox: settle_one(inbox),
                "stats": lambda inbox=inbox: inbox.stats().result(60),
                "survey": lambda inbox=inbox: survey(inbox).result(60),
                "rows of a job": lambda inbox=inbox: inbox.rows(Filter(job_id="job-new0")).result(60),
                "rows, newest": lambda inbox=inbox: inbox.rows(limit=50).result(60),
                "rows, dead": lambda inbox=inbox: inbox.rows(Filter(states=(State.DEAD,))).result(60),
            }
            for name, work in works.items():
                taken.setdefault(name, ([], []))[side].append(seconds(work))
    ratios = {name: median(large) / median(small) for name, (small, large) in taken.items()}
    # What nobody waits for: a type that no row has is looked for in every one of them.
    scan = seconds(lambda: many.inbox.rows(Filter(type="batch.completed")).result(60))

    with capsys.disabled():
        told = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
        print(f"\n{ROWS} rows against 1000: {told}; a type that no row has: {scan:.2f} s")
    assert many.run("SELECT count(*) FROM paperhook_event") == [(ROWS + 200,)]
    assert {name: ratio for name, ratio in ratios.items() if ratio > RATIO} == {}
