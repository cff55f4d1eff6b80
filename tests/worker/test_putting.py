"""Events that a worker begins on as they are put, without asking the inbox for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from paperhook.core.delivery import Envelope
from paperhook.core.event import Event
from paperhook.inbox import Entry, Inbox, MemoryInbox, Row, SqliteInbox, State
from paperhook.worker import Worker
from paperhook.worker.loop import FOLLOW_SECONDS

from .test_worker import Registered, until


def entry(key: str = "e1", **changes: Any) -> Entry:
    return Entry("docuparse", key, "document.completed", b"{}", **{"received_at": 1000.0, **changes})


def envelope(key: str = "e1") -> Envelope:
    return Envelope(key, "document.completed", "done", {}, {"read": "once"})


@dataclass
class Desk:
    """Gives each event to one handler, and keeps what its body was read as when it arrived."""

    handler: Callable[[Event], Any]
    read: list[Any] = field(default_factory=list)

    def handlers(self, entry: Entry) -> list[Registered]:
        return [Registered("book", self.handler)]

    def event(self, entry: Entry, envelope: Envelope | None = None) -> Event:
        self.read.append(envelope and envelope.raw)
        return Event(key=entry.key, provider=entry.provider, type=entry.type, body=entry.body)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[SqliteInbox]:
    opened = SqliteInbox(tmp_path / "inbox.db")
    yield opened
    opened.close()


@asynccontextmanager
async def running(worker: Worker) -> Any:
    """Run a worker, from when it knows that nothing waits."""
    task = asyncio.create_task(worker.run())
    await until(lambda: worker._shift is not None and worker._shift.is_caught_up)
    try:
        yield
    finally:
        await worker.stop(grace=5)
        await asyncio.wait([task])


def worker(inbox: Inbox, desk: Desk, **options: Any) -> Worker:
    return Worker(inbox, desk, **{"clock": lambda: 1000.0, "poll": 30.0, **options})


def rows(inbox: Inbox) -> dict[str, Row]:
    return {row.entry.key: row for row in inbox.rows().result()}


def play(scenario: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(scenario, 20))


async def note(event: Event) -> None:
    """Succeed."""


def test_an_event_is_begun_on_as_it_is_put(inbox: SqliteInbox) -> None:
    desk = Desk(note)

    async def scenario() -> None:
        beside = worker(inbox, desk)
        async with running(beside):
            asked = beside.put([entry(), entry("e2")], [envelope(), envelope("e2")])
            assert asked is not None
            assert await asked == (True, True)
            await until(lambda: all(row.state is State.DONE for row in rows(inbox).values()))

    play(scenario())

    # Leased once, and what the receiver had read was not read again.
    assert [(row.claims, row.outcomes["book"].state) for row in rows(inbox).values()] == [(1, State.DONE)] * 2
    assert desk.read == [{"read": "once"}] * 2


def test_a_copy_is_not_run_again(inbox: SqliteInbox) -> None:
    ran: list[str] = []

    async def handler(event: Event) -> None:
        ran.append(event.key)

    async def scenario() -> tuple[bool, ...]:
        beside = worker(inbox, Desk(handler))
        async with running(beside):
            first = beside.put([entry()], [envelope()])
            second = beside.put([entry()], [envelope()])
            assert first is not None
            assert second is not None
            return await first + await second

    assert play(scenario()) == (True, False)
    assert ran == ["e1"]


def test_the_events_of_a_job_are_run_in_their_order(inbox: SqliteInbox) -> None:
    ran: list[str] = []

    async def handler(event: Event) -> None:
        ran.append(event.key)
        await asyncio.sleep(0.001)

    async def scenario() -> None:
        beside = worker(inbox, Desk(handler))
        async with running(beside):
            for number in range(12):
                one = [entry(f"e{number}", job_id=f"j{number % 2}")]
                await (beside.put(one, [envelope()]) or asyncio.wrap_future(inbox.put(one)))
            await until(lambda: len(ran) == 12)

    play(scenario())

    assert [key for key in ran if int(key[1:]) % 2 == 0] == [f"e{n}" for n in range(0, 12, 2)]
    assert [key for key in ran if int(key[1:]) % 2 == 1] == [f"e{n}" for n in range(1, 12, 2)]


def test_a_text_that_no_store_holds_is_run_all_the_same(inbox: SqliteInbox) -> None:
    desk = Desk(note)

    async def scenario() -> None:
        beside = worker(inbox, desk)
        async with running(beside):
            asked = beside.put([entry("\udc80")], [envelope("\udc80")])
            assert asked is not None
            await asked
            await until(lambda: [row.state for row in rows(inbox).values()] == [State.DONE])

    play(scenario())

    # Its key was written out, so it is read again as another worker would.
    assert desk.read == [None]


def test_a_full_worker_leaves_it_to_the_inbox_and_takes_the_older_first(inbox: SqliteInbox) -> None:
    ran: list[str] = []

    async def scenario() -> None:
        may_end = asyncio.Event()

        async def handler(event: Event) -> None:
            ran.append(event.key)
            await may_end.wait()

        beside = worker(inbox, Desk(handler), concurrency=1)
        async with running(beside):
            assert beside.put([entry("e1")], [envelope("e1")]) is not None
            await until(lambda: ran)
            assert beside.put([entry("e2")], [envelope("e2")]) is None
            await asyncio.wrap_future(inbox.put([entry("e2")]))
            may_end.set()
            # Something older waits, so nothing that is put overtakes it.
            assert beside.put([entry("e3")], [envelope("e3")]) is None
            await asyncio.wrap_future(inbox.put([entry("e3")]))
            await until(lambda: len(ran) == 3)

    play(scenario())

    assert ran == ["e1", "e2", "e3"]


@pytest.mark.parametrize(
    "options", [{"inbox": MemoryInbox()}, {"limits": {"document.completed": 1}}], ids=["memory", "limits"]
)
def test_where_it_cannot_be_it_says_so(inbox: SqliteInbox, options: dict[str, Any]) -> None:
    async def scenario() -> None:
        beside = worker(**{"inbox": inbox, "desk": Desk(note), **options})
        async with running(beside):
            assert beside.put([entry()], [envelope()]) is None

    play(scenario())

    assert rows(inbox) == {}


def test_a_worker_that_does_not_run_here_says_so(inbox: SqliteInbox) -> None:
    beside = worker(inbox, Desk(note))
    has_ended = threading.Event()

    async def elsewhere() -> None:
        async with running(beside):
            assert await asyncio.to_thread(beside.put, [entry()], [envelope()]) is None
        has_ended.set()

    async def put() -> None:
        assert beside.put([entry()], [envelope()]) is None

    play(put())
    play(elsewhere())
    play(put())

    assert has_ended.is_set()
    assert rows(inbox) == {}


def test_what_is_stored_after_the_worker_ended_is_given_back(inbox: SqliteInbox) -> None:
    async def scenario() -> None:
        beside = worker(inbox, Desk(note))
        async with running(beside):
            shift = beside._shift
            assert shift is not None
        asked = shift.put([entry()], [envelope()])
        assert asked is not None
        assert await asked == (True,)
        await until(lambda: rows(inbox)["e1"].state is State.PENDING)

    play(scenario())

    assert (rows(inbox)["e1"].claims, rows(inbox)["e1"].due_at) == (1, 0.0)
    assert len(inbox.claim(limit=1, lease=60, now=1000.0).result()) == 1


def test_a_store_that_is_away_frees_the_place(inbox: SqliteInbox) -> None:
    async def scenario() -> None:
        beside = worker(inbox, Desk(note), concurrency=1)
        async with running(beside):
            shift = beside._shift
            assert shift is not None
            inbox.close()
            asked = beside.put([entry()], [envelope()])
            assert asked is not None
            with pytest.raises(Exception, match="closed"):
                await asked
            assert shift._load == 0

    play(scenario())


class Counting(SqliteInbox):
    """Counts how often it is asked for events."""

    asked = 0

    def claim(self, **given: Any) -> Any:
        self.asked += 1
        return super().claim(**given)


def test_who_begins_on_what_it_stores_asks_for_more_only_now_and_then(tmp_path: Path) -> None:
    inbox = Counting(tmp_path / "inbox.db")

    async def scenario() -> None:
        beside = worker(inbox, Desk(note))
        async with running(beside):
            began, before = asyncio.get_running_loop().time(), inbox.asked
            for number in range(60):
                asked = beside.put([entry(f"e{number}")], [envelope(f"e{number}")])
                assert asked is not None
                assert await asked == (True,)
            seconds = asyncio.get_running_loop().time() - began
            # However slow the machine is: once in so many seconds, and not once for each of the 60 settlements.
            assert inbox.asked - before <= seconds / FOLLOW_SECONDS + 2
            await until(lambda: all(row.state is State.DONE for row in rows(inbox).values()))

    play(scenario())
    inbox.close()
