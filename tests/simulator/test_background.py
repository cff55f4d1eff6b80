"""Work of the provider on localhost that outlives a request, and apps that are asked without a socket."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from paperhook.simulator import VirtualClock
from paperhook.simulator.background import Background, Signal
from paperhook.simulator.transports import exchanged

pytestmark = pytest.mark.anyio


async def test_what_has_come_already_is_not_waited_for() -> None:
    signal = Signal()
    signal.set()

    assert await Background(VirtualClock()).wait(signal, seconds=60)


async def test_an_app_that_answers_nothing_closes_the_connection() -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["body"] == b"{}"
        assert (await receive())["type"] == "http.disconnect"

    with pytest.raises(httpx.RemoteProtocolError):
        await exchanged(silent, httpx.Request("POST", "http://x/"), b"{}")


async def test_a_clock_that_jumps_wakes_sleepers_of_others_on_its_way_to_the_end() -> None:
    clock, order = VirtualClock(start=0.0, auto=True), list[str]()
    background = Background(clock)

    async def ours() -> None:
        await background.sleep(3)
        order.append(f"ours at {clock.time():g}")

    async def theirs() -> None:
        for _ in range(2):
            await clock.sleep(1)
            order.append(f"theirs at {clock.time():g}")

    stranger = asyncio.create_task(theirs())
    await asyncio.sleep(0)
    background.start(ours)
    await background.drain()

    assert order == ["theirs at 1", "theirs at 2", "ours at 3"]
    await stranger


async def test_two_may_wait_for_the_end_at_once() -> None:
    background = Background(VirtualClock(auto=True))
    background.start(lambda: background.sleep(60))

    async with asyncio.timeout(5):
        await asyncio.gather(background.drain(), background.drain())
