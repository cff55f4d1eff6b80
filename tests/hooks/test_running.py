"""Whoever runs handlers: started, stopped, inline."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from paperhook.core.event import (
    DocumentCompleted,
    Event,
    Origin,
)
from paperhook.errors import GiveUp, InboxUnavailable
from paperhook.hooks import Webhooks
from paperhook.inbox import MemoryInbox
from paperhook.inbox.base import State
from paperhook.webhooks.receiver import Outcome
from tests.acme import body_of
from tests.test_client import until, wait_until

from .given import AGAIN_AT_ONCE, ONCE, Give, agive, give, row_states, webhooks

# The embedded worker


def test_a_worker_starts_with_the_first_delivery_from_a_thread(hooks: Webhooks, seen: list[Event]) -> None:
    assert give(hooks).outcome is Outcome.ACCEPTED

    assert wait_until(lambda: len(seen) == 1)
    assert isinstance(seen[0], DocumentCompleted)
    assert seen[0].origin is Origin.WEBHOOK
    assert wait_until(lambda: row_states(hooks) == [State.DONE])


def test_a_worker_starts_with_the_first_delivery_on_a_loop(hooks: Webhooks, seen: list[Event]) -> None:
    async def main() -> None:
        assert (await agive(hooks)).outcome is Outcome.ACCEPTED
        await until(lambda: len(seen) == 1)
        await hooks.aclose()

    asyncio.run(main())

    assert not worker_threads()


def worker_threads() -> list[threading.Thread]:
    # The threads that run sync handlers end by themselves when they are idle.
    return [each for each in threading.enumerate() if each.name == "paperhook-worker" and not each.daemon]


def test_the_first_deliveries_from_many_threads_start_one_worker(hooks: Webhooks, seen: list[Event]) -> None:
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda number: give(hooks, body_of("done", f"d{number}")), range(100)))

    assert {each.outcome for each in replies} == {Outcome.ACCEPTED}
    assert wait_until(lambda: len(seen) == 100)
    assert sorted(each.key for each in seen) == sorted(f"done:d{number}" for number in range(100))


def test_many_deliveries_at_once_on_a_loop_are_each_run_once(hooks: Webhooks, seen: list[Event]) -> None:
    async def main() -> None:
        async with hooks.lifespan():
            bodies = [body_of("done", f"d{number % 50}") for number in range(100)]
            replies = await asyncio.gather(*(agive(hooks, body) for body in bodies))
            assert (
                sorted(each.outcome for each in replies) == [Outcome.ACCEPTED] * 50 + [Outcome.DUPLICATE] * 50
            )
            await until(lambda: len(seen) == 50)

    asyncio.run(main())

    assert len(seen) == 50


def test_sync_and_async_handlers_run_under_one_decorator() -> None:
    hooks, ran = webhooks(worker="embedded"), list[tuple[str, bool]]()
    main_thread = threading.current_thread()

    @hooks.on(DocumentCompleted)
    def book(event: DocumentCompleted) -> None:
        ran.append(("sync", threading.current_thread() is main_thread))

    @hooks.on("document.*")
    async def note(event: Event) -> None:
        await asyncio.sleep(0)
        ran.append(("async", threading.current_thread() is main_thread))

    async def main() -> None:
        async with hooks.lifespan():
            await agive(hooks)
            await until(lambda: len(ran) == 2)

    asyncio.run(main())
    hooks.close()

    assert sorted(ran) == [("async", True), ("sync", False)]


def test_a_delivery_after_the_lifespan_ended_starts_the_worker_again(
    hooks: Webhooks, seen: list[Event]
) -> None:
    async def main() -> None:
        async with hooks.lifespan():
            await agive(hooks)
            await until(lambda: len(seen) == 1)
        await agive(hooks, body_of("done", "d2"))
        await until(lambda: len(seen) == 2)
        await hooks.aclose()

    asyncio.run(main())


def test_a_worker_survives_the_loop_that_it_ran_on(hooks: Webhooks, seen: list[Event]) -> None:
    async def one(number: int) -> None:
        await agive(hooks, body_of("done", f"d{number}"))
        await until(lambda: len(seen) == number)

    asyncio.run(one(1))
    asyncio.run(one(2))

    assert give(hooks, body_of("done", "d3")).outcome is Outcome.ACCEPTED
    assert wait_until(lambda: len(seen) == 3)


def test_an_event_that_is_stored_while_its_sender_goes_away_is_run(
    hooks: Webhooks, seen: list[Event]
) -> None:
    async def main() -> None:
        for number in range(50):
            task = asyncio.create_task(agive(hooks, body_of("done", f"d{number}")))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        reply = await agive(hooks, body_of("done", "last"))
        assert reply.outcome is Outcome.ACCEPTED
        stats = await asyncio.wrap_future(hooks.inbox.stats())
        await until(lambda: len(seen) == stats.pending + stats.running + stats.done)
        await hooks.aclose()

    asyncio.run(main())


def test_a_lifespan_that_ends_at_once_leaves_nothing_running(hooks: Webhooks) -> None:
    async def main() -> None:
        async with hooks.lifespan():
            pass
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_the_external_mode_runs_nothing_here_until_a_worker_is_run(seen: list[Event]) -> None:
    hooks = webhooks()
    hooks.on("*")(seen.append)

    async def main() -> None:
        async with hooks.lifespan():
            await agive(hooks)
        give(hooks, body_of("done", "d2"))
        assert row_states(hooks) == [State.PENDING] * 2
        working = asyncio.create_task(hooks.run_worker())
        await until(lambda: len(seen) == 2)
        await hooks.worker.stop()
        await working

    asyncio.run(main())
    hooks.close()


def test_on_dead_sees_what_gave_up() -> None:
    dead: list[Any] = []
    hooks = webhooks(
        worker="embedded", on_dead=lambda event, outcomes: dead.append((event.key, outcomes[0].state))
    )

    @hooks.on("*")
    def refuse(event: Event) -> None:
        raise GiveUp("no such vendor")

    give(hooks)

    assert wait_until(lambda: dead == [("done:d1", State.DEAD)])
    hooks.close()


# Closing


def test_closing_twice_is_fine_and_a_later_delivery_is_not_acknowledged(
    hooks: Webhooks, seen: list[Event]
) -> None:
    give(hooks)
    assert wait_until(lambda: len(seen) == 1)

    hooks.close()
    hooks.close()

    assert give(hooks, body_of("done", "d2")).status == 503


def test_a_delivery_after_closing_starts_no_worker(hooks: Webhooks) -> None:
    hooks.close()

    assert give(hooks).status == 503
    assert asyncio.run(agive(hooks)).status == 503
    assert (hooks._runner._thread, hooks._runner._task) == (None, None)


def test_closing_stops_the_worker_that_a_thread_started(hooks: Webhooks, seen: list[Event]) -> None:
    give(hooks)
    assert wait_until(lambda: len(seen) == 1)

    hooks.close()

    assert hooks._runner._thread is None
    assert hooks.worker._loop is None


def test_closing_on_a_running_loop_does_not_wait_for_itself(hooks: Webhooks, seen: list[Event]) -> None:
    async def main() -> None:
        await agive(hooks)
        await until(lambda: len(seen) == 1)
        await until(lambda: row_states(hooks) == [State.DONE])
        hooks.close()

    asyncio.run(asyncio.wait_for(main(), 5))


def test_closing_from_a_loop_stops_a_worker_in_a_thread(hooks: Webhooks, seen: list[Event]) -> None:
    give(hooks)
    assert wait_until(lambda: len(seen) == 1)

    async def main() -> None:
        hooks.close()

    asyncio.run(main())

    assert hooks.worker._loop is None


def test_closing_asynchronously_stops_a_worker_in_a_thread(hooks: Webhooks, seen: list[Event]) -> None:
    give(hooks)
    assert wait_until(lambda: len(seen) == 1)

    asyncio.run(hooks.aclose())
    asyncio.run(hooks.aclose())

    assert hooks.worker._loop is None


def test_closing_does_not_wait_for_a_loop_that_stands_still(hooks: Webhooks, seen: list[Event]) -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(agive(hooks))

    started = time.monotonic()
    hooks.close()
    asyncio.run(hooks.aclose())

    assert time.monotonic() - started < 2
    # All at once, as `asyncio.run` does: an event's task that is cancelled alone is its handler's own affair.
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


# Inline


@pytest.fixture
def inline() -> Iterator[Webhooks]:
    made = webhooks(worker="inline")
    yield made
    made.close()


def test_inline_runs_the_handlers_before_the_reply(
    inline: Webhooks, give_either: Give, seen: list[Event]
) -> None:
    @inline.on("*")
    async def book(event: Event) -> None:
        seen.append(event)

    first, second = give_either(inline), give_either(inline)

    assert (first.outcome, second.outcome, len(seen)) == (Outcome.ACCEPTED, Outcome.DUPLICATE, 1)
    assert row_states(inline) == [State.DONE]


def test_inline_asks_for_the_event_again_until_its_handler_succeeds(
    inline: Webhooks, give_either: Give
) -> None:
    attempts: list[int] = []

    @inline.on("*", retry=AGAIN_AT_ONCE)
    def book(event: Event) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise ConnectionError("the ledger is away")

    replies = [give_either(inline) for _ in range(4)]

    assert [each.status for each in replies] == [500, 500, 200, 200]
    assert replies[0].outcome is Outcome.FAILED
    assert len(attempts) == 3


def test_inline_acknowledges_an_event_that_is_dead(inline: Webhooks, give_either: Give) -> None:
    @inline.on("*", retry=ONCE)
    def book(event: Event) -> None:
        raise GiveUp("never")

    assert [give_either(inline).status for _ in range(2)] == [200, 200]
    assert row_states(inline) == [State.DEAD]


def test_inline_does_not_acknowledge_what_another_process_runs_now(
    inline: Webhooks, give_either: Give
) -> None:
    inline.on("*")(print)
    body = body_of()
    other = webhooks(worker="external", inbox=inline.inbox)
    other.on("*")(print)
    give(other, body)
    assert inline.inbox.claim(limit=1, lease=60, now=time.time()).result()

    assert give_either(inline, body).status == 500


def test_inline_works_in_a_sync_view_on_a_running_loop(inline: Webhooks, seen: list[Event]) -> None:
    @inline.on("*")
    async def book(event: Event) -> None:
        seen.append(event)

    async def view() -> Any:
        return give(inline)

    assert asyncio.run(view()).outcome is Outcome.ACCEPTED
    assert len(seen) == 1


def test_inline_is_not_acknowledged_when_the_store_goes_away_in_between(give_either: Give) -> None:
    class GoneAfterPut(MemoryInbox):
        def claim_key(self, *arguments: Any, **named: Any) -> Any:
            raise InboxUnavailable("away")

    hooks = webhooks(worker="inline", inbox=GoneAfterPut())
    hooks.on("*")(print)

    assert give_either(hooks).status == 503
