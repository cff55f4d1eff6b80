"""Tasks that go on with the next document by themselves lose none, whenever it is handed."""

from __future__ import annotations

import pytest

from paperhook.client.lanes import Lanes
from paperhook.client.loops import Loop

from .on_loops import Run


async def _all(lanes: Lanes[int, int], count: int) -> list[tuple[int, int]]:
    taken: list[tuple[int, int]] = []
    while len(taken) < count:
        taken += await lanes.take()
    return taken


def test_each_is_taken_back_with_what_was_made_of_it_and_no_more_are_sent_at_once_than_there_are_tasks(
    run: Run,
):
    async def main(loop: Loop) -> int:
        now = most = 0

        async def send(number: int) -> int:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await loop.sleep(0)
            now -= 1
            return number * 2

        lanes = Lanes(loop, send, most=3)
        for number in range(50):
            lanes.hand(number)
        taken = await _all(lanes, 50)

        assert sorted(taken) == [(number, number * 2) for number in range(50)]
        assert lanes.count == 0
        return most

    assert run(main) == 3


@pytest.mark.parametrize("rounds", [0, 1], ids=["at once", "after a round"])
def test_one_that_is_handed_while_a_task_ends_is_sent(run: Run, rounds: int):
    # With one task, each comes when the last was sent: while the task finds nothing and ends.
    async def main(loop: Loop) -> None:
        async def send(number: int) -> int:
            for _ in range(rounds):
                await loop.sleep(0)
            return number * 2

        lanes = Lanes(loop, send, most=1)
        for number in range(200):
            lanes.hand(number)
            assert await _all(lanes, 1) == [(number, number * 2)]

    run(main)


def test_they_go_on_by_themselves_while_nobody_takes(run: Run):
    async def main(loop: Loop) -> list[int]:
        sent: list[int] = []

        async def send(number: int) -> None:
            sent.append(number)
            await loop.sleep(0)

        lanes = Lanes(loop, send, most=2)
        for number in range(7):
            lanes.hand(number)
        while lanes.running:
            await loop.sleep(0.001)
        assert lanes.count == 7
        return sent

    assert run(main) == list(range(7))


def test_what_is_raised_in_a_task_is_raised_where_it_is_taken(run: Run):
    async def main(loop: Loop) -> None:
        async def send(_: int) -> None:
            await loop.sleep(0)
            raise KeyError("theirs")

        lanes = Lanes(loop, send, most=2)
        lanes.hand(1)
        while True:
            await lanes.take()

    with pytest.raises(KeyError, match="theirs"):
        run(main)


def test_who_takes_looks_again_when_told(run: Run):
    async def main(loop: Loop) -> list[tuple[int, int]]:
        async def send(number: int) -> int:
            await loop.sleep(60)
            return number

        lanes = Lanes(loop, send, most=1)
        lanes.hand(1)
        lanes.tell()
        taken = await lanes.take()
        await loop.end(lanes.running)
        return taken

    assert run(main) == []
