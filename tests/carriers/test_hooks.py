"""`Webhooks` with a carrier: who is told of a key, what `run` does with it, who sends it again."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import tenacity

from paperhook import DocumentCompleted, Event, GiveUp, RetryLater, Webhooks
from paperhook.errors import ConfigurationError
from paperhook.inbox import Entry, Filter, MemoryInbox, State
from paperhook.providers import DocuParse
from paperhook.retrying import RetryPolicy
from paperhook.testing import LOCAL_SECRET, signed_delivery

Key = tuple[str, str]
AGAIN_LATER = RetryPolicy(
    stop=tenacity.stop_after_attempt(3),
    wait=tenacity.wait_fixed(60),
    retry=tenacity.retry_if_exception_type(Exception),
)


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def carried() -> list[Key]:
    return []


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
def hooks(carried: list[Key], seen: list[str], clock: Clock) -> Iterator[Webhooks]:
    made = Webhooks(
        DocuParse("key", webhook_secret=LOCAL_SECRET),
        inbox=MemoryInbox(),
        worker="external",
        carrier=carried.extend,
        clock=clock,
    )

    @made.on(DocumentCompleted, name="book", retry=AGAIN_LATER)
    def book(event: DocumentCompleted) -> None:
        seen.append(event.key)
        if "later" in event.key:
            raise RetryLater(60)
        if "never" in event.key:
            raise GiveUp("no")

    yield made
    made.close()


def deliver(hooks: Webhooks, mark: str) -> Key:
    headers, body = signed_delivery(hooks.providers["docuparse"], "document.completed", mark=mark)
    assert hooks.receive(headers, body).status == 200
    return "docuparse", f"document.completed:doc_{mark}"


def wait_until(condition: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < 10, "it did not happen in time"
        time.sleep(0.005)


def test_a_new_event_is_carried_after_its_commit(hooks: Webhooks, carried: list[Key]) -> None:
    key = deliver(hooks, "e1")

    wait_until(lambda: carried == [key])
    assert hooks.inbox.stats().result().pending == 1


def test_a_duplicate_is_not_carried(hooks: Webhooks, carried: list[Key]) -> None:
    first = deliver(hooks, "e1")
    deliver(hooks, "e1")
    second = deliver(hooks, "e2")

    wait_until(lambda: len(carried) == 2)
    assert carried == [first, second]


def test_an_event_that_is_received_on_a_loop_is_carried_too(hooks: Webhooks, carried: list[Key]) -> None:
    provider = hooks.providers["docuparse"]

    async def receive() -> int:
        headers, body = signed_delivery(provider, "document.completed", mark="e1")
        return (await hooks.areceive(headers, body)).status

    assert asyncio.run(receive()) == 200
    wait_until(lambda: carried == [("docuparse", "document.completed:doc_e1")])


def test_the_acknowledgement_neither_waits_for_the_engine_nor_fails_with_it() -> None:
    is_free = threading.Event()

    def carry(keys: Sequence[Key]) -> None:
        is_free.wait(10)
        raise ConnectionError

    hooks = Webhooks(
        DocuParse("key", webhook_secret=LOCAL_SECRET), inbox="memory:", worker="external", carrier=carry
    )
    hooks.on("*")(print)
    began = time.monotonic()

    deliver(hooks, "e1")
    deliver(hooks, "e2")

    assert time.monotonic() - began < 1
    is_free.set()
    hooks.close()


def test_run_runs_the_handlers_and_a_second_time_nothing(hooks: Webhooks, seen: list[str]) -> None:
    key = deliver(hooks, "e1")

    assert hooks.run(*key) is State.DONE
    assert hooks.run(*key) is State.DONE

    assert seen == [key[1]]


def test_run_says_that_an_event_is_unknown_or_dead(hooks: Webhooks) -> None:
    assert hooks.run("docuparse", "nobody knows it") is None
    assert hooks.run(*deliver(hooks, "never")) is State.DEAD


def test_a_message_that_comes_twice_uses_up_no_attempt(
    hooks: Webhooks, seen: list[str], clock: Clock
) -> None:
    key = deliver(hooks, "later")

    assert [hooks.run(*key) for _ in range(5)] == [State.PENDING] * 5
    assert len(seen) == 1

    clock.now += 61
    assert hooks.run(*key) is State.PENDING
    assert len(seen) == 2


def test_what_failed_is_carried_again_when_it_is_due(
    hooks: Webhooks, carried: list[Key], clock: Clock
) -> None:
    key = deliver(hooks, "later")
    wait_until(lambda: carried == [key])
    hooks.run(*key)
    assert hooks.sweep() == 0

    clock.now += 61

    # The courier sweeps too; one of them finds it.
    hooks.sweep()
    wait_until(lambda: carried == [key, key])


def test_the_next_event_of_a_document_is_carried_when_the_one_before_is_done(
    hooks: Webhooks, carried: list[Key], clock: Clock
) -> None:
    _, body = signed_delivery(hooks.providers["docuparse"], "document.completed")
    entries = [
        Entry("docuparse", name, "document.completed", body, job_id="j", received_at=clock())
        for name in ("first", "second")
    ]
    hooks.inbox.put(entries).result()
    # Its message came too early, and is gone.
    assert hooks.run("docuparse", "second") is State.PENDING

    hooks.run("docuparse", "first")

    wait_until(lambda: carried == [("docuparse", "second")])


def test_arun_runs_on_the_loop_that_asks(hooks: Webhooks) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    @hooks.on("document.*", name="second")
    async def note(event: Event) -> None:
        loops.append(asyncio.get_running_loop())

    key = deliver(hooks, "e1")

    async def run() -> bool:
        assert await hooks.arun(*key) is State.DONE
        return loops == [asyncio.get_running_loop()]

    assert asyncio.run(run())


def limited(**options: Any) -> tuple[Webhooks, list[str], asyncio.Event]:
    """Hooks that run one completed document at a time; a document with `slow` in its name waits to be let go."""
    hooks = Webhooks(
        DocuParse("key", webhook_secret=LOCAL_SECRET),
        inbox=MemoryInbox(),
        worker="external",
        limits={"document.completed": 1},
        **options,
    )
    seen, gate = list[str](), asyncio.Event()

    @hooks.on("document.*", name="book")
    async def book(event: Event) -> None:
        seen.append(f"begin {event.document_id}")
        if "slow" in str(event.document_id):
            await gate.wait()
        await asyncio.sleep(0.01)
        seen.append(f"end {event.document_id}")

    return hooks, seen, gate


def test_no_more_events_of_a_type_run_at_once_than_its_limit_whoever_carries_them() -> None:
    hooks, seen, _ = limited()
    keys = [deliver(hooks, f"e{number}") for number in range(5)]

    async def run_all() -> list[State | None]:
        return await asyncio.gather(*(hooks.arun(*key) for key in keys))

    assert asyncio.run(run_all()) == [State.DONE] * 5
    assert [line.partition(" ")[0] for line in seen] == ["begin", "end"] * 5
    hooks.close()


def test_an_event_that_finds_no_slot_of_its_type_is_sent_again_and_holds_up_no_other_type() -> None:
    carried: list[Key] = []
    hooks, seen, gate = limited(carrier=carried.extend)
    slow, waits = deliver(hooks, "slow"), deliver(hooks, "waits")
    headers, body = signed_delivery(hooks.providers["docuparse"], "document.failed", mark="other")
    assert hooks.receive(headers, body).status == 200
    other = "docuparse", hooks.inbox.rows(limit=1).result()[0].entry.key

    async def scenario() -> None:
        running = asyncio.create_task(hooks.arun(*slow))
        await asyncio.to_thread(wait_until, lambda: bool(seen))
        assert await asyncio.gather(hooks.arun(*waits), hooks.arun(*other)) == [State.PENDING, State.DONE]
        before = carried.count(waits)
        await asyncio.to_thread(wait_until, lambda: carried.count(waits) > before)
        gate.set()
        assert await running is State.DONE
        assert await hooks.arun(*waits) is State.DONE

    asyncio.run(scenario())
    hooks.close()
    assert [line for line in seen if "waits" in line] == ["begin doc_waits", "end doc_waits"]


def test_an_engine_that_gives_up_on_an_event_which_waits_for_a_slot_gives_its_lease_back() -> None:
    hooks, seen, gate = limited()
    slow, waits = deliver(hooks, "slow"), deliver(hooks, "waits")

    async def scenario() -> None:
        running = asyncio.create_task(hooks.arun(*slow))
        await asyncio.to_thread(wait_until, lambda: bool(seen))
        cancelled = asyncio.create_task(hooks.arun(*waits))
        await asyncio.sleep(0.05)
        cancelled.cancel()
        await asyncio.wait([cancelled])
        assert hooks.inbox.rows(Filter(key=waits[1])).result()[0].state is State.PENDING
        gate.set()
        assert await running is State.DONE
        assert await hooks.arun(*waits) is State.DONE

    asyncio.run(scenario())
    hooks.close()


def test_run_works_without_a_carrier(seen: list[str]) -> None:
    hooks = Webhooks(DocuParse("key", webhook_secret=LOCAL_SECRET), inbox="memory:", worker="external")
    hooks.on("*")(lambda event: seen.append(event.key))

    key = deliver(hooks, "e1")

    assert hooks.run(*key) is State.DONE
    with pytest.raises(ConfigurationError, match="nobody to send"):
        hooks.sweep()
    hooks.close()


@pytest.mark.parametrize("worker", ["embedded", "inline"])
def test_a_carrier_needs_an_external_worker(worker: Any) -> None:
    with pytest.raises(ConfigurationError, match="external"):
        Webhooks(DocuParse("key", webhook_secret=LOCAL_SECRET), inbox="memory:", worker=worker, carrier=print)


def old(hooks: Webhooks, clock: Clock) -> Key:
    entry = Entry("docuparse", "old", "document.completed", b"{}", received_at=clock() - 60)
    hooks.inbox.put([entry]).result()
    return "docuparse", "old"


def test_what_waits_since_the_last_process_is_carried_while_the_application_runs(
    hooks: Webhooks, carried: list[Key], clock: Clock
) -> None:
    key = old(hooks, clock)

    async def serve() -> None:
        async with hooks.lifespan():
            await asyncio.to_thread(wait_until, lambda: carried == [key])
        await hooks.aclose()

    asyncio.run(serve())


def test_starting_sweeps_where_there_is_no_lifespan(
    hooks: Webhooks, carried: list[Key], clock: Clock
) -> None:
    key = old(hooks, clock)

    hooks.start()

    wait_until(lambda: carried == [key])


def test_a_worker_process_of_its_own_only_sweeps(
    hooks: Webhooks, carried: list[Key], seen: list[str], clock: Clock
) -> None:
    key = old(hooks, clock)

    async def work() -> None:
        running = asyncio.create_task(hooks.run_worker())
        await asyncio.to_thread(wait_until, lambda: carried == [key])
        await hooks.stop_worker()
        await asyncio.wait_for(running, 5)

    asyncio.run(work())

    assert seen == []
    assert hooks.inbox.rows(Filter(key="old")).result()[0].state is State.PENDING
