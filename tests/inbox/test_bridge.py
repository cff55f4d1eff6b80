"""Between an event loop and an inbox's threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path

import pytest

from paperhook.inbox import Entry, SqliteInbox
from paperhook.inbox.bridge import Bridge, bridge_here, together


class CountingLoop(asyncio.SelectorEventLoop):
    """A loop that counts how often another thread woke it."""

    wakes = 0

    def call_soon_threadsafe(self, *arguments, **named):
        self.wakes += 1
        return super().call_soon_threadsafe(*arguments, **named)


def test_an_answer_that_is_there_is_given_at_once():
    async def scenario():
        done: Future[int] = Future()
        done.set_result(5)
        return Bridge(asyncio.get_running_loop()).wait(done).result()

    assert asyncio.run(scenario()) == 5


def test_an_error_is_raised_where_it_is_awaited():
    async def scenario():
        failed: Future[int] = Future()
        waiting = Bridge(asyncio.get_running_loop()).wait(failed)
        await asyncio.to_thread(failed.set_exception, ValueError("x"))
        await waiting

    with pytest.raises(ValueError, match="x"):
        asyncio.run(scenario())


def test_answers_given_together_wake_the_loop_once():
    async def scenario():
        loop = asyncio.get_running_loop()
        bridge, futures = Bridge(loop), [Future() for _ in range(100)]
        waiting = [bridge.wait(future) for future in futures]

        def answer():
            before = loop.wakes
            with together():
                for number, future in enumerate(futures):
                    future.set_result(number)
            return loop.wakes - before

        wakes = await loop.run_in_executor(None, answer)
        return wakes, [await each for each in waiting]

    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        assert runner.run(scenario()) == (1, list(range(100)))


def test_answers_given_one_by_one_all_arrive():
    async def scenario():
        bridge, futures = Bridge(asyncio.get_running_loop()), [Future() for _ in range(100)]
        waiting = [bridge.wait(future) for future in futures]
        await asyncio.to_thread(lambda: [future.set_result(1) for future in futures])
        return sum([await each for each in waiting])

    assert asyncio.run(scenario()) == 100


def test_nobody_waiting_any_more_is_fine():
    async def scenario():
        future: Future[int] = Future()
        waiting = Bridge(asyncio.get_running_loop()).wait(future)
        waiting.cancel()
        future.set_result(1)
        await asyncio.sleep(0.001)
        return waiting.cancelled(), future.result()

    assert asyncio.run(scenario()) == (True, 1)


def test_an_answer_after_the_loop_closed_is_dropped():
    future: Future[int] = Future()

    async def scenario():
        Bridge(asyncio.get_running_loop()).wait(future)

    asyncio.run(scenario())
    future.set_result(1)

    assert future.result() == 1


class Taken:
    """Who takes what is asked, and keeps each hand-over."""

    def __init__(self, enough: int = 100) -> None:
        self.enough = enough
        self.lots: list[list[int]] = []

    def take(self, asks):
        self.lots.append(list(asks))


def test_what_is_asked_in_one_turn_of_the_loop_is_passed_on_together():
    async def scenario():
        bridge, one, other = Bridge(asyncio.get_running_loop()), Taken(), Taken()

        async def ask(number):
            bridge.ask(one if number % 2 else other, number)

        await asyncio.gather(*map(ask, range(6)))
        assert (one.lots, other.lots) == ([[1, 3, 5]], [[0, 2, 4]])

        await ask(7)
        assert one.lots == [[1, 3, 5]]
        await asyncio.sleep(0)
        return one.lots

    assert asyncio.run(scenario()) == [[1, 3, 5], [7]]


def test_whoever_works_beside_the_loop_begins_once_it_has_enough():
    async def scenario():
        bridge, server, file = Bridge(asyncio.get_running_loop()), Taken(enough=2), Taken()
        for number in range(5):
            bridge.ask(server, number)
            bridge.ask(file, number)
        at_once = server.lots.copy(), file.lots.copy()
        await asyncio.sleep(0)
        return at_once, (server.lots, file.lots)

    at_once, at_last = asyncio.run(scenario())

    assert at_once == ([[0, 1], [2, 3]], [])
    assert at_last == ([[0, 1], [2, 3], [4]], [[0, 1, 2, 3, 4]])


def test_all_who_ask_on_one_loop_share_its_bridge():
    async def bridges():
        return bridge_here(), bridge_here(), await asyncio.create_task(asyncio.sleep(0, bridge_here()))

    first, again, in_task = asyncio.run(bridges())
    (later, *_) = asyncio.run(bridges())

    assert first is again is in_task
    assert later is not first


def test_what_goes_wrong_before_one_answer_keeps_no_other_from_its_own():
    async def scenario():
        loop = asyncio.get_running_loop()
        bridge, told = Bridge(loop), []
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        answers = [bridge.answer(_refuse), *(bridge.answer() for _ in range(3))]
        with together():
            for answer in answers:
                answer.set_result((1, ()))
        given = [await each.waiting for each in answers[1:]]
        return given, [type(each) for each in told]

    assert asyncio.run(scenario()) == ([(1, ())] * 3, [ValueError])


def _refuse(leases):
    raise ValueError(leases)


def test_what_is_put_in_one_turn_of_the_loop_is_one_hand_over_to_the_store(tmp_path: Path, monkeypatch):
    inbox, lots = SqliteInbox(tmp_path / "inbox.db"), []
    take = inbox._writes.take

    def counted(asks):
        lots.append(len(asks))
        take(asks)

    monkeypatch.setattr(inbox._writes, "take", counted)

    async def put(number):
        entry = Entry(provider="acme", key=f"e{number}", type="document.completed", body=b"{}")
        return await inbox.put_on(bridge_here(), [entry])

    async def scenario():
        return await asyncio.gather(*map(put, range(20)))

    answers = asyncio.run(scenario())
    inbox.close()

    assert (answers, lots) == ([(True,)] * 20, [20])
