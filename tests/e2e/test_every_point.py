"""Receivers and workers killed at any line between the first byte and the recorded completion."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from paperhook.inbox import State

from .. import postgres
from ..mortal import RECEIVER_POINTS, WORKER_POINTS, Place, Point, Sender, listen, noted, receive, start, work

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")

STORES = ("sqlite", "postgres")
#: Lines of the library that one event takes, more or less.
LINES = {"receiver": 450, "worker": 700}
#: Events that are stored and not completed before the sender waits.
BACKLOG = 100
#: Seconds in which somebody comes to a point.
PATIENCE = 30.0

#: What the store itself counts: a row for each time that an event becomes done.
COUNTING = {
    "sqlite": """
        CREATE TABLE ledger (key TEXT, part TEXT);
        CREATE TABLE completion (key TEXT);
        CREATE TRIGGER counting AFTER UPDATE OF state ON paperhook_event WHEN new.state = 'done'
        BEGIN INSERT INTO completion VALUES (new.key); END;""",
    "postgres": """
        CREATE TABLE ledger (key TEXT, part TEXT);
        CREATE TABLE completion (key TEXT);
        CREATE FUNCTION counting() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO completion VALUES (new.key); RETURN NULL; END $$;
        CREATE TRIGGER counting AFTER UPDATE OF state ON paperhook_event FOR EACH ROW
            WHEN (new.state = 'done') EXECUTE FUNCTION counting();""",
}


@dataclass
class Killing:
    """A provider that sends, and mortals that receive and work, each followed by the next."""

    place: Place
    chance: random.Random
    #: At least so many.
    events: int
    kills: int
    inbox: Any
    sender: Sender = field(init=False)
    died: Counter[str] = field(default_factory=Counter[str])
    #: Points to which nobody has been sent yet.
    due: dict[str, list[Point]] = field(default_factory=dict[str, list[Point]])
    points: set[str] = field(default_factory=set[str])
    points_left: int = 0
    sent: int = 0
    #: Events that are stored and not completed.
    waiting: int = 0
    is_over: bool = False

    @property
    def acknowledged(self) -> int:
        return len(self.sender.acknowledged)

    @property
    def is_enough(self) -> bool:
        return (
            self.acknowledged >= self.events
            and min(self.died[role] for role in LINES) >= self.kills // 2
            and self.points_left == 0
        )

    async def run(self) -> None:
        listening = listen()
        self.sender = Sender(listening.getsockname()[1])
        store = "sqlite" if self.place.is_file else "postgres"
        self.due = {"receiver": list(RECEIVER_POINTS[store]), "worker": list(WORKER_POINTS[store])}
        self.points = {point.name for points in self.due.values() for point in points}
        self.points_left = len(self.points)
        for points in self.due.values():
            self.chance.shuffle(points)
        keepers = [
            asyncio.create_task(self._keep("receiver", receive, self.place, listening)),
            *(asyncio.create_task(self._keep("worker", work, self.place)) for _ in range(2)),
        ]
        sending = [asyncio.create_task(self._send()) for _ in range(4)]
        try:
            while not self.is_over:
                await asyncio.sleep(0.05)
                is_sent = all(task.done() for task in sending)
                stats = await asyncio.wrap_future(self.inbox.stats())
                assert stats.dead == 0
                self.waiting = stats.pending + stats.running
                self.is_over = is_sent and self.waiting == 0
                for task in [*keepers, *sending]:
                    if task.done():
                        task.result()
        finally:
            self.is_over = True
            for task in sending:
                task.cancel()
            await asyncio.gather(*keepers, *sending, return_exceptions=True)
            listening.close()

    async def _send(self) -> None:
        while not self.is_enough and not self.is_over:
            if self.waiting > BACKLOG:
                await asyncio.sleep(0.01)
                continue
            self.sent += 1
            await self.sender.send(self.sent)

    async def _keep(self, role: str, target: Any, *arguments: Any) -> None:
        """Let one live after the other; whoever is alive when enough have died lives on."""
        while not self.is_over:
            points = self.due[role]
            point = points.pop() if points else None
            # Most lives are short, some are long: so that the first events of a life are not the only ones.
            events = self.chance.expovariate(self.kills / (2 * self.events))
            count = 0 if self.is_enough else int(LINES[role] * events) + 1
            mortal = start(target, *arguments, point, count)
            end = time.monotonic() + PATIENCE
            while mortal.is_alive() and not self.is_over:
                await asyncio.sleep(0.005)
                assert point is None or time.monotonic() < end, (
                    f"nobody comes to the point {point.name!r} any more: mend its pattern in tests/mortal.py"
                )
            if self.is_over:
                mortal.kill()
            mortal.join()
            assert mortal.exitcode == -signal.SIGKILL
            if not self.is_over:
                self.died[role] += 1
                self.points_left -= point is not None


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    address = str(tmp_path / "inbox.db") if request.param == "sqlite" else postgres.address()
    return Place(address, str(tmp_path / "notes"))


def query(place: Place, *statements: str) -> list[list[Any]]:
    if place.is_file:
        with closing(sqlite3.connect(place.inbox)) as connection:
            return [connection.execute(each).fetchall() for each in statements]
    with psycopg.connect(place.inbox) as connection:
        return [connection.execute(each.encode()).fetchall() for each in statements]


def prepare(place: Place) -> None:
    if place.is_file:
        with closing(sqlite3.connect(place.inbox)) as connection:
            connection.executescript(COUNTING["sqlite"])
    else:
        with psycopg.connect(place.inbox, autocommit=True) as connection:
            connection.execute(COUNTING["postgres"].encode())


def kill_at_every_point(place: Place, *, seed: int, events: int, kills: int) -> None:
    """Kill while events arrive, then compare what was acknowledged with what is on disk."""
    inbox = place.open()
    try:
        inbox.stats().result()
        prepare(place)
        killing = Killing(place, random.Random(seed), events, kills, inbox)
        asyncio.run(killing.run())
        rows = inbox.rows(limit=10**6).result()
    finally:
        inbox.close()
    completed, ledger = query(place, "SELECT key FROM completion", "SELECT key, part FROM ledger")
    deaths = noted(place.notes, "died")
    begun = {(key, handler) for _, key, handler in noted(place.notes, "begin")}
    keys = set(killing.sender.acknowledged)

    print(
        f"seed {seed}: {len(keys)} acknowledged, {sum(killing.died.values())} killed at"
        f" {len({where for _, where, _ in deaths})} places, {len(keys - {row.entry.key for row in rows})} lost,"
        f" {len(completed) - len(set(completed))} completed twice",
        flush=True,
    )
    assert {row.entry.key for row in rows} >= keys
    assert {row.state for row in rows} == {State.DONE}
    assert sorted(key for (key,) in completed) == sorted(row.entry.key for row in rows)
    assert Counter(ledger) == {(row.entry.key, part): 1 for row in rows for part in ("debit", "credit")}
    assert begun == {(row.entry.key, handler) for row in rows for handler in ("mail", "file", "book")}
    assert {name for *_, name in deaths} >= killing.points
    if place.is_file:
        assert query(place, "PRAGMA integrity_check") == [[("ok",)]]


@pytest.mark.slow
def test_killed_at_every_point_nothing_is_lost_and_nothing_completed_twice(place: Place) -> None:
    kill_at_every_point(place, seed=random.randrange(2**32), events=100, kills=20)


@pytest.mark.slow
def test_fifty_copies_sent_at_once_to_four_receivers_are_one_row_and_one_completion(place: Place) -> None:
    inbox = place.open()
    inbox.stats().result()
    prepare(place)
    sockets = [listen() for _ in range(4)]
    living = [start(receive, place, each, None, 0) for each in sockets]
    living += [start(work, place, None, number) for number in (0, 0)]
    senders = [Sender(each.getsockname()[1]) for each in sockets]

    async def send_all() -> None:
        await asyncio.gather(*(senders[number % 4].send(1) for number in range(50)))
        async with asyncio.timeout(30):
            while (await asyncio.wrap_future(inbox.stats())).done == 0:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)

    try:
        asyncio.run(send_all())
        # Whoever would run it again does so now.
        time.sleep(0.3)
        (row,) = inbox.rows().result()
    finally:
        inbox.close()
        for process in living:
            process.kill()
            process.join()
        for each in sockets:
            each.close()
    completed, ledger = query(place, "SELECT key FROM completion", "SELECT key, part FROM ledger")
    assert sum(sender.acknowledged[row.entry.key] for sender in senders) == 50
    assert (row.state, row.claims, row.duplicates) == (State.DONE, 1, 49)
    assert completed == [(row.entry.key,)]
    assert sorted(ledger) == [(row.entry.key, "credit"), (row.entry.key, "debit")]
    assert sorted(words[2] for words in noted(place.notes, "begin")) == ["book", "file", "mail"]


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_killed_at_every_point_for_minutes(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("CHAOS_SEED", time.time_ns() % 2**32))
    events, kills = int(os.environ.get("CHAOS_EVENTS", "5000")), int(os.environ.get("CHAOS_KILLS", "300"))
    with capsys.disabled():
        kill_at_every_point(place, seed=seed, events=events, kills=kills)
