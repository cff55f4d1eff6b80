"""Ten thousand rounds of random cancellation, on asyncio and on trio: the pool is usable after each hundred."""

from __future__ import annotations

import asyncio
import os
import random
import time

import pytest
import trio

from paperhook import AsyncClient

from ..acme import acme
from ..hostile import Hostile, answer, serving

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(600),
    # httpx and httpcore leave the generators of an answer that nobody waits for to the collector, and trio says so.
    pytest.mark.filterwarnings("ignore:Async generator 'http:ResourceWarning"),
]

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "10000"))
SEED = int(os.environ.get("CHAOS_SEED", time.time_ns() % 2**32))
PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
#: As many as the pool has connections, so that one lost slot is noticed.
ALL_CONNECTIONS = 16


def moment(dice: random.Random) -> float:
    """Give seconds that hit every phase of an upload: mostly while it connects, often while it sends or waits."""
    return dice.random() ** 2 * 0.03


async def on_asyncio(server: Hostile) -> None:
    dice = random.Random(SEED)
    async with AsyncClient(acme(base_url=server.url), timeout=5) as client:
        for number in range(ROUNDS):
            tasks = [asyncio.create_task(client.upload(PNG)) for _ in range(4)]
            await asyncio.sleep(moment(dice))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if number % 100 == 99:
                asked = [client.status("d1", deadline=10) for _ in range(ALL_CONNECTIONS)]
                assert len(await asyncio.gather(*asked)) == ALL_CONNECTIONS


async def on_trio(server: Hostile) -> None:
    dice = random.Random(SEED)
    async with AsyncClient(acme(base_url=server.url), timeout=5) as client:

        async def upload() -> None:
            await client.upload(PNG)

        async def ask() -> None:
            await client.status("d1", deadline=10)

        for number in range(ROUNDS):
            async with trio.open_nursery() as nursery:
                for _ in range(4):
                    nursery.start_soon(upload)
                await trio.sleep(moment(dice))
                nursery.cancel_scope.cancel()
            if number % 100 == 99:
                async with trio.open_nursery() as nursery:
                    for _ in range(ALL_CONNECTIONS):
                        nursery.start_soon(ask)


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_the_pool_is_usable_after_any_number_of_cancellations(loop: str) -> None:
    with serving(answer(200, {"id": "d1", "state": "reading"})) as server:
        if loop == "asyncio":
            asyncio.run(on_asyncio(server))
        else:
            trio.run(on_trio, server)

    checks = ROUNDS // 100 * ALL_CONNECTIONS
    # Else no upload was cut off while it was answered.
    assert len(server.seen) - checks > ROUNDS // 100, f"seed {SEED}"
