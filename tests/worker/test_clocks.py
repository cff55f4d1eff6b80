"""Clocks that jump and leases that run out: a handler may run twice, its completion is recorded once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paperhook.core.event import Event
from paperhook.errors import RetryLater
from paperhook.inbox import Entry, Filter, Inbox, Row, State
from paperhook.worker import Worker

from ..contracts.test_inboxes import STORES
from .test_worker import Desk, Registered, until

HOUR = 3600.0


@dataclass
class Jumping:
    """The time of day, which somebody sets."""

    offset: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset


@pytest.fixture(params=STORES)
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inbox]:
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()


def put(inbox: Inbox, *keys: str, received_at: float = 0.0) -> None:
    inbox.put(
        [
            Entry("docuparse", key, "t", b"{}", received_at=received_at or time.time(), job_id="j")
            for key in keys
        ]
    ).result()


def row(inbox: Inbox, key: str) -> Row:
    (found,) = inbox.rows(Filter(key=key)).result()
    return found


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    """Let workers run, for at most 20 seconds."""
    tasks = [asyncio.create_task(each.run()) for each in workers]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(20):
            yield
    finally:
        for each in workers:
            await each.stop(grace=0)
        await asyncio.wait(tasks)


def worker(inbox: Inbox, handler: Any, clock: Jumping, *, lease: float = 60.0) -> Worker:
    return Worker(inbox, Desk([Registered("book", handler)]), clock=clock, lease=lease, poll=0.02)


def test_a_clock_that_jumps_ahead_lets_another_take_over_and_one_completion_is_recorded(inbox: Inbox) -> None:
    clocks, begun, gate = (Jumping(), Jumping()), list[str](), asyncio.Event()

    async def slow(event: Event) -> None:
        begun.append(f"slow {event.key}")
        await gate.wait()

    async def quick(event: Event) -> None:
        begun.append(f"quick {event.key}")

    async def scenario() -> None:
        async with running(worker(inbox, slow, clocks[0])):
            await until(lambda: begun)
            # A whole hour ahead: for that machine the lease of the other one has run out.
            clocks[1].offset = HOUR
            async with running(worker(inbox, quick, clocks[1])):
                await until(lambda: row(inbox, "e1").state is State.DONE)
            gate.set()
            await asyncio.sleep(0.05)

    put(inbox, "e1")
    asyncio.run(scenario())

    assert begun == ["slow e1", "quick e1"]
    assert (row(inbox, "e1").state, row(inbox, "e1").claims) == (State.DONE, 2)
    assert row(inbox, "e1").outcomes["book"].attempts == 1
    assert inbox.stats().result().done == 1


def test_a_clock_that_jumps_back_holds_up_nothing_new_and_keeps_the_order(inbox: Inbox) -> None:
    clock, handled = Jumping(), list[str]()

    async def handler(event: Event) -> None:
        handled.append(event.key)

    async def scenario() -> None:
        async with running(worker(inbox, handler, clock)):
            await until(lambda: handled == ["e1"])
            clock.offset = -2 * HOUR
            put(inbox, "e2", "e3", received_at=clock())
            await until(lambda: "e3" in handled)
            clock.offset = 2 * HOUR
            put(inbox, "e4", received_at=clock())
            await until(lambda: inbox.stats().result().done == 4)

    put(inbox, "e1")
    asyncio.run(scenario())

    # What was leased in the moment of a jump ahead may run twice.
    assert list(dict.fromkeys(handled)) == ["e1", "e2", "e3", "e4"]
    assert {each.outcomes["book"].attempts for each in inbox.rows().result()} == {1}


def test_a_retry_that_a_jump_back_held_up_comes_when_the_clock_is_right_again(inbox: Inbox) -> None:
    clock, calls = Jumping(), list[float]()

    async def handler(event: Event) -> None:
        calls.append(clock())
        if len(calls) == 1:
            raise RetryLater(0.1)

    async def scenario() -> None:
        async with running(worker(inbox, handler, clock)):
            await until(lambda: row(inbox, "e1").outcomes)
            clock.offset = -HOUR
            await asyncio.sleep(0.3)
            assert len(calls) == 1
            clock.offset = 0.0
            await until(lambda: row(inbox, "e1").state is State.DONE)

    put(inbox, "e1")
    asyncio.run(scenario())

    assert len(calls) == 2


def test_a_handler_that_blocks_its_loop_past_the_lease_is_fenced(inbox: Inbox) -> None:
    calls: list[str] = []

    async def blocking(event: Event) -> None:
        calls.append("blocking")
        # Nobody can renew the lease meanwhile: this is a bug of the handler's, and must cost nothing.
        time.sleep(0.6)  # noqa: ASYNC251

    async def quick(event: Event) -> None:
        calls.append("quick")

    async def run_the_late_one() -> None:
        async with running(worker(inbox, blocking, Jumping(), lease=0.2)):
            await until(lambda: calls)

    async def scenario() -> None:
        late = asyncio.create_task(asyncio.to_thread(asyncio.run, run_the_late_one()))
        await until(lambda: calls)
        async with running(worker(inbox, quick, Jumping())):
            await until(lambda: row(inbox, "e1").state is State.DONE)
            await late

    put(inbox, "e1")
    asyncio.run(scenario())

    found = row(inbox, "e1")
    assert calls == ["blocking", "quick"]
    assert (found.state, found.claims, found.outcomes["book"].attempts) == (State.DONE, 2, 1)
    assert inbox.stats().result().done == 1
