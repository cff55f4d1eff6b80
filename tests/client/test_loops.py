"""What the client wants of an event loop, on both."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

import pytest

from paperhook.client import AsyncClient
from paperhook.client.ahead import _seen
from paperhook.client.deadlines import stored
from paperhook.client.loops import Loop, TaskEnded
from paperhook.core.steps import Await
from paperhook.errors import DeadlineExceeded

from .on_loops import Run, on_asyncio


async def _after(loop: Loop, seconds: float, value: str) -> str:
    await loop.sleep(seconds)
    return value


def test_a_task_gives_what_it_returned_to_all_that_wait(run: Run):
    async def main(loop: Loop) -> list[str]:
        task = loop.start(_after(loop, 0.01, "done"))
        waiting = [loop.start(loop.wait_for(task, None)) for _ in range(3)]
        return [await loop.wait_for(each, None) for each in waiting] + [await loop.wait_for(task, None)]

    assert run(main) == ["done"] * 4


def test_a_task_that_is_cancelled_before_its_first_step_wakes_who_waits(run: Run):
    begun: list[str] = []

    async def work(loop: Loop) -> None:
        begun.append("begun")
        await loop.sleep(30)

    async def main(loop: Loop) -> None:
        task = loop.start(work(loop))
        waiting = loop.start(loop.wait_for(task, None))
        task.cancel()
        with pytest.raises(TaskEnded):
            await loop.wait_for(waiting, 20)

    run(main)


def test_a_task_goes_on_when_who_waits_for_it_is_late_or_cancelled(run: Run):
    async def main(loop: Loop) -> str:
        task = loop.start(_after(loop, 0.2, "done"))
        with pytest.raises(TimeoutError):
            await loop.wait_for(task, 0.001)
        waiting = loop.start(loop.wait_for(task, None))
        await loop.sleep(0.01)
        await loop.end([waiting])
        return await loop.wait_for(task, None)

    assert run(main) == "done"


def test_the_first_of_some_tasks_is_given_with_all_others_that_have_ended(run: Run):
    async def main(loop: Loop) -> tuple[set[str], set[str]]:
        long = loop.start(_after(loop, 30, "long"))
        short = [loop.start(_after(loop, 0, each)) for each in ("a", "b")]
        for each in short:
            await loop.wait_for(each, None)
        at_once = {each.result() for each in await loop.first([long, *short])}
        later = loop.start(_after(loop, 0.05, "later"))
        then = {each.result() for each in await loop.first([long, later])}
        await loop.end([long])
        return at_once, then

    assert run(main) == ({"a", "b"}, {"later"})


def test_an_error_of_a_task_is_raised_where_it_is_waited_for(run: Run):
    async def fail() -> None:
        raise KeyError("theirs")

    async def main(loop: Loop) -> None:
        with pytest.raises(KeyError, match="theirs"):
            await loop.wait_for(loop.start(fail()), None)

    run(main)


def test_a_loop_that_runs_is_not_over(run: Run):
    async def main(loop: Loop) -> tuple[Loop, bool]:
        return loop, loop.is_over()

    loop, was_over = run(main)

    assert (was_over, loop.is_over()) == (False, True)


def test_a_store_that_is_late_by_itself_is_told_as_the_store_tells_it():
    late: Future[None] = Future()
    late.set_exception(TimeoutError("the store's own"))

    with pytest.raises(TimeoutError, match="the store's own"):
        stored(Await(late, 5.0))
    with pytest.raises(TimeoutError, match="the store's own"):
        on_asyncio(lambda loop: AsyncClient._stored(loop, Await(late, 5.0)))
    with pytest.raises(DeadlineExceeded):
        stored(Await(Future(), 0.01))


def test_reading_ahead_that_was_cancelled_has_no_error_to_look_at():
    async def main() -> None:
        task = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        _seen(task)

    asyncio.run(main())
