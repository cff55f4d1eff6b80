"""What becomes of stored events when a worker runs their handlers."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import tenacity

import paperhook
from paperhook.core.event import Event
from paperhook.errors import ConfigurationError, GiveUp, InboxUnavailable, RetryLater
from paperhook.inbox import Claim, Entry, Filter, MemoryInbox, Outcome, Row, State
from paperhook.retrying import NO_RETRY, RetryPolicy
from paperhook.worker import Worker
from paperhook.worker.orders import Orders
from paperhook.worker.shift import Shift
from paperhook.worker.threads import Threads

SECRET = "IBAN DE89 3704 0044 0532 0130 00"
TWICE = RetryPolicy(
    stop=tenacity.stop_after_attempt(2), wait=tenacity.wait_fixed(30), retry=tenacity.retry_always
)


@dataclass(frozen=True)
class Registered:
    name: str
    function: Callable[[Any], Any]
    retry: RetryPolicy | None = TWICE
    timeout: float | None = None
    is_transactional: bool = False


@dataclass
class Desk:
    """A dispatch with the same handlers for every event."""

    registered: list[Registered] = field(default_factory=list)

    def handlers(self, entry: Entry) -> Sequence[Registered]:
        return self.registered

    def event(self, entry: Entry) -> Event:
        if entry.body == b"unreadable":
            raise ValueError(SECRET)
        return Event(key=entry.key, provider=entry.provider, type=entry.type, body=entry.body)


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """An inbox, handlers and a clock, and the worker over them."""

    def __init__(
        self, *handlers: Registered | Callable[[Any], Any], inbox: MemoryInbox | None = None, **options: Any
    ):
        self.inbox = inbox or MemoryInbox()
        self.clock = Clock()
        self.desk = Desk(
            [each if isinstance(each, Registered) else Registered("book", each) for each in handlers]
        )
        self.worker = Worker(self.inbox, self.desk, **{"clock": self.clock, "poll": 30.0, **options})

    def put(self, *keys: str, **changes: Any) -> None:
        for key in keys or ("e1",):
            self.inbox.put(
                [replace(Entry("docuparse", key, "document.completed", b"{}"), **changes)]
            ).result()

    def row(self, key: str = "e1") -> Row:
        (row,) = self.inbox.rows(Filter(key=key)).result()
        return row

    def outcome(self, handler: str = "book", key: str = "e1") -> Outcome:
        return self.row(key).outcomes[handler]

    def states(self) -> dict[str, State]:
        return {row.entry.key: row.state for row in self.inbox.rows().result()}

    def drain(self, *, later: float = 0.0) -> int:
        self.clock.now += later
        return asyncio.run(self.worker.drain())

    def live(self, scenario: Callable[[asyncio.Task[None]], Coroutine[Any, Any, Any]]) -> None:
        """Play a scenario while the worker runs."""

        async def play() -> None:
            running = asyncio.create_task(self.worker.run())
            await asyncio.sleep(0)
            try:
                await asyncio.wait_for(scenario(running), 10)
            finally:
                await self.worker.stop(grace=0)
                await asyncio.wait([running])

        asyncio.run(play())


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.001)


class Seen(list[str]):
    """Handlers that note the keys they were called with."""

    async def note(self, event: Event) -> None:
        self.append(event.key)

    def note_in_thread(self, event: Event) -> None:
        self.append(event.key)


@pytest.fixture
def seen() -> Seen:
    return Seen()


def failing(error: BaseException) -> Callable[[Event], Coroutine[Any, Any, None]]:
    async def handler(event: Event) -> None:
        raise error

    return handler


# Running


def test_an_async_handler_runs_on_the_loop_and_its_event_is_done() -> None:
    threads: list[int] = []

    async def handler(event: Event) -> None:
        threads.append(threading.get_ident())

    bench = Bench(handler)
    bench.put()

    assert bench.drain() == 1
    assert threads == [threading.get_ident()]
    assert bench.row().state is State.DONE
    assert bench.outcome() == Outcome("book", State.DONE, 1, started_at=1000.0)


def test_a_sync_handler_runs_in_a_thread() -> None:
    threads: list[int] = []
    bench = Bench(lambda event: threads.append(threading.get_ident()))
    bench.put()

    bench.drain()

    assert len(threads) == 1
    assert threads != [threading.get_ident()]
    assert bench.row().state is State.DONE


def test_a_function_that_gives_a_coroutine_is_awaited(seen: Seen) -> None:
    bench = Bench(lambda event: seen.note(event))
    bench.put()

    bench.drain()

    assert seen == ["e1"]


def test_an_object_with_an_async_call_is_awaited_on_the_loop() -> None:
    threads: list[int] = []

    class Handler:
        async def __call__(self, event: Event) -> None:
            threads.append(threading.get_ident())

    bench = Bench(Handler())
    bench.put()

    bench.drain()

    assert threads == [threading.get_ident()]


def test_the_event_is_the_typed_one() -> None:
    events: list[Event] = []
    bench = Bench(lambda event: events.append(event))
    bench.put(body=b"bytes")

    bench.drain()

    assert events == [Event(key="e1", provider="docuparse", type="document.completed", body=b"bytes")]


def test_there_are_at_most_two_frames_of_ours_above_a_handler() -> None:
    stacks: list[list[str]] = []

    async def handler(event: Event) -> None:
        stacks.append([frame.filename for frame in traceback.extract_stack()])

    def sync(event: Event) -> None:
        stacks.append([frame.filename for frame in traceback.extract_stack()])

    bench = Bench(handler, Registered("sync", sync))
    bench.put()
    bench.drain()

    package = str(Path(paperhook.__file__).parent)
    assert 1 <= len([name for name in stacks[0] if name.startswith(package)]) <= 2
    assert [name for name in stacks[1] if name.startswith(package) and not name.endswith("threads.py")] == []


def test_handlers_of_one_event_run_in_the_order_of_their_registration() -> None:
    order: list[str] = []
    bench = Bench(*(Registered(name, lambda event, name=name: order.append(name)) for name in "cab"))
    bench.put()

    bench.drain()

    assert order == ["c", "a", "b"]


def test_no_more_handlers_run_at_once_than_allowed() -> None:
    running, most = 0, 0

    async def handler(event: Event) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1

    bench = Bench(handler, concurrency=3)
    bench.put(*(f"e{n}" for n in range(12)))

    assert bench.drain() == 12
    assert most == 3


@dataclass
class Rush:
    """A handler that counts how many of its kind run at once."""

    running: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)

    async def handler(self, event: Event) -> None:
        self.running[event.type] += 1
        self.most[event.type] = max(self.most[event.type], self.running[event.type])
        await asyncio.sleep(0.001)
        self.order.append(event.type)
        self.running[event.type] -= 1


@pytest.mark.parametrize("is_live", [True, False])
def test_a_type_with_a_limit_runs_no_more_at_once_and_holds_up_no_other(is_live: bool) -> None:
    rush = Rush()
    bench = Bench(rush.handler, concurrency=6, limits={"document.completed": 2, "document.failed": 9})
    bench.put(*(f"slow{n}" for n in range(20)))
    bench.put(*(f"e{n}" for n in range(8)), type="document.received")
    bench.put("failed", type="document.failed")

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: set(bench.states().values()) == {State.DONE})

    if is_live:
        bench.live(scenario)
    else:
        assert bench.drain() == 29

    assert rush.most["document.completed"] == 2
    assert rush.most["document.received"] > 2
    # The poll of this bench is 30 s: what is next is claimed when one ends.
    assert rush.order.index("document.failed") < 20


def test_a_limited_handler_over_its_timeout_counts_until_its_thread_ends() -> None:
    gate, calls = threading.Event(), list[str]()

    def handler(event: Event) -> None:
        calls.append(event.key)
        assert gate.wait(10)

    bench = Bench(
        Registered("book", handler, NO_RETRY, timeout=0.005), concurrency=4, limits={"document.completed": 1}
    )
    bench.put("e1", "e2")

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: bench.row("e1").state is State.DEAD)
        await asyncio.sleep(0.02)
        assert calls == ["e1"]
        gate.set()
        await until(lambda: bench.row("e2").state is not State.PENDING)

    bench.live(scenario)


def test_an_event_run_by_its_key_needs_no_room() -> None:
    rush = Rush()
    bench = Bench(rush.handler, limits={"document.completed": 1})
    bench.put("e1", "e2")

    async def both() -> list[State | None]:
        return await asyncio.gather(
            bench.worker.run_key("docuparse", "e1"), bench.worker.run_key("docuparse", "e2")
        )

    assert asyncio.run(both()) == [State.DONE, State.DONE]


def test_what_was_leased_runs_also_where_the_claim_of_another_type_fails() -> None:
    class Half(MemoryInbox):
        def claim(self, **asked: Any) -> Any:
            if asked.get("only"):
                failed: Future[Any] = Future()
                failed.set_exception(InboxUnavailable("locked"))
                return failed
            return super().claim(**asked)

    rush = Rush()
    bench = Bench(rush.handler, inbox=Half(), limits={"document.failed": 1})
    bench.put("e1")

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: bench.row("e1").state is State.DONE)

    bench.live(scenario)


@pytest.mark.parametrize("limits", [{"document.*": 2}, {"document.completed": 0}, {"document.completed": -1}])
def test_a_limit_that_is_none_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="limit"):
        Bench(limits=limits)


def test_events_of_a_document_run_one_after_the_other_in_order(seen: Seen) -> None:
    async def handler(event: Event) -> None:
        seen.append(f"{event.key} begins")
        await asyncio.sleep(0.001)
        seen.append(f"{event.key} ends")

    bench = Bench(handler)
    bench.put("e1", "e2", document_id="d")

    assert bench.drain() == 2
    assert seen == ["e1 begins", "e1 ends", "e2 begins", "e2 ends"]


# Failing


def test_a_handler_that_failed_runs_again_and_the_others_do_not(seen: Seen) -> None:
    bench = Bench(Registered("good", seen.note), Registered("bad", failing(ValueError(SECRET))))
    bench.put()

    bench.drain()
    assert bench.row().state is State.PENDING
    assert bench.row().due_at == 1030.0
    assert bench.outcome("good").state is State.DONE
    assert bench.outcome("bad").attempts == 1
    assert bench.drain(later=29) == 0
    assert bench.drain(later=1) == 1

    assert seen == ["e1"]
    assert bench.outcome("good").attempts == 1
    assert bench.outcome("bad").attempts == 2


def test_a_failing_handler_does_not_stop_those_after_it(seen: Seen) -> None:
    bench = Bench(Registered("bad", failing(ValueError())), Registered("good", seen.note))
    bench.put()

    bench.drain()

    assert seen == ["e1"]


def test_an_event_whose_handler_used_up_its_attempts_is_dead() -> None:
    bench = Bench(failing(ValueError(SECRET)))
    bench.put()

    bench.drain()
    bench.drain(later=30)

    assert bench.row().state is State.DEAD
    assert bench.outcome().state is State.DEAD
    assert bench.outcome().attempts == 2
    assert bench.drain(later=10**6) == 0


def test_an_event_is_dead_only_when_no_other_handler_is_pending() -> None:
    bench = Bench(Registered("first", failing(GiveUp())), Registered("second", failing(ValueError())))
    bench.put()

    bench.drain()
    assert (bench.row().state, bench.outcome("first").state) == (State.PENDING, State.DEAD)
    bench.drain(later=30)

    assert bench.row().state is State.DEAD


def test_without_a_policy_of_its_own_a_handler_has_ten_attempts() -> None:
    bench = Bench(Registered("book", failing(ValueError()), retry=None))
    bench.put()

    runs = [bench.drain(later=901) for _ in range(12)]

    assert runs == [1] * 10 + [0, 0]
    assert bench.row().state is State.DEAD


def test_an_error_that_the_policy_does_not_retry_is_dead_at_once() -> None:
    policy = replace(TWICE, retry=tenacity.retry_if_exception_type(OSError))
    bench = Bench(Registered("book", failing(ValueError()), policy))
    bench.put()

    bench.drain()

    assert bench.row().state is State.DEAD


def test_a_policy_may_stop_by_the_time_since_the_first_attempt() -> None:
    policy = replace(TWICE, stop=tenacity.stop_after_delay(100))
    bench = Bench(Registered("book", failing(ValueError()), policy))
    bench.put()

    runs = [bench.drain(later=50) for _ in range(5)]

    assert runs == [1, 1, 1, 0, 0]
    assert bench.row().state is State.DEAD


def test_giving_up_is_dead_at_once_and_keeps_the_reason() -> None:
    bench = Bench(failing(GiveUp("no such supplier")))
    bench.put()

    bench.drain()

    assert bench.row().state is State.DEAD
    assert "no such supplier" in bench.outcome().error


def test_a_policy_that_says_nothing_of_errors_retries_any_of_a_handler() -> None:
    policy = RetryPolicy(stop=tenacity.stop_after_attempt(2), wait=tenacity.wait_fixed(30))
    bench = Bench(Registered("book", failing(KeyError()), policy))
    bench.put()

    runs = [bench.drain(later=30) for _ in range(3)]

    assert runs == [1, 1, 0]
    assert bench.row().state is State.DEAD


def test_retry_later_sets_the_time() -> None:
    bench = Bench(failing(RetryLater(7)))
    bench.put()

    bench.drain()

    assert bench.row().due_at == bench.outcome().due_at == 1007.0
    assert bench.row().state is State.PENDING


def test_retry_later_counts_as_an_attempt_whatever_the_policy_retries() -> None:
    policy = replace(TWICE, retry=tenacity.retry_never)
    bench = Bench(Registered("book", failing(RetryLater(7)), policy))
    bench.put()

    bench.drain()
    assert bench.row().state is State.PENDING
    bench.drain(later=7)

    assert bench.row().state is State.DEAD


def test_a_handler_that_asked_for_later_does_not_run_when_another_is_due() -> None:
    calls: list[str] = []

    def later(event: Event) -> None:
        calls.append("later")
        raise RetryLater(500)

    def soon(event: Event) -> None:
        calls.append("soon")
        raise ValueError

    bench = Bench(Registered("later", later), Registered("soon", soon))
    bench.put()

    bench.drain()
    bench.drain(later=30)
    assert calls == ["later", "soon", "soon"]
    assert bench.row().due_at == 1500.0
    bench.drain(later=470)

    assert calls == ["later", "soon", "soon", "later"]


@pytest.mark.parametrize(
    "error", [SystemExit(3), asyncio.CancelledError(), ExceptionGroup("x", [ValueError()])]
)
@pytest.mark.parametrize("is_async", [True, False])
def test_whatever_a_handler_raises_is_its_failure(error: BaseException, is_async: bool) -> None:
    def sync(event: Event) -> None:
        raise error

    bench = Bench(failing(error) if is_async else sync)
    bench.put()

    bench.drain()

    assert bench.row().state is State.PENDING
    assert type(error).__name__ in bench.outcome().error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit(), StopIteration(3)])
def test_what_a_thread_cannot_hand_to_a_loop_is_the_failure_of_the_handler_all_the_same(
    error: BaseException, seen: Seen
) -> None:
    def sync(event: Event) -> None:
        seen.append(event.key)
        if event.key == "e1":
            raise error

    bench = Bench(sync)
    bench.put("e1", "e2")

    bench.drain()

    assert bench.states() == {"e1": State.PENDING, "e2": State.DONE}
    assert type(error).__name__ in bench.outcome().error


@pytest.mark.parametrize("is_live", [True, False])
def test_a_handler_that_cancels_itself_has_failed(is_live: bool) -> None:
    async def handler(event: Event) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    bench = Bench(handler)
    bench.put()

    async def failed(_: asyncio.Task[None]) -> None:
        await until(lambda: bench.row().outcomes)

    if is_live:
        bench.live(failed)
    else:
        asyncio.run(bench.worker.run_key("docuparse", "e1"))

    assert (bench.row().state, bench.row().claims, bench.outcome().attempts) == (State.PENDING, 1, 1)
    assert "CancelledError" in bench.outcome().error


def test_an_async_handler_over_its_timeout_is_cancelled_and_failed() -> None:
    was_cancelled: list[bool] = []

    async def handler(event: Event) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            was_cancelled.append(True)
            raise

    bench = Bench(Registered("book", handler, timeout=0.005))
    bench.put()

    bench.drain()

    assert was_cancelled == [True]
    assert bench.outcome().error.startswith("TimeoutError")
    assert bench.row().state is State.PENDING


def test_a_sync_handler_over_its_timeout_keeps_its_slot_until_it_ends() -> None:
    gate, calls = threading.Event(), list[str]()

    def handler(event: Event) -> None:
        calls.append(event.key)
        assert gate.wait(10)

    bench = Bench(Registered("book", handler, NO_RETRY, timeout=0.005), concurrency=1)
    bench.put("e1", "e2")

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: bench.row("e1").state is State.DEAD)
        await asyncio.sleep(0.02)
        assert calls == ["e1"]
        gate.set()
        # Not its end: on a loaded machine its timeout may run out as well.
        await until(lambda: calls == ["e1", "e2"])

    bench.live(scenario)


def test_a_coroutine_that_a_thread_gives_after_its_time_is_closed() -> None:
    late = threading.Event()
    given: list[Coroutine[Any, Any, None]] = []

    def handler(event: Event) -> Coroutine[Any, Any, None]:
        late.wait(10)
        given.append(asyncio.sleep(0))
        return given[0]

    bench = Bench(Registered("book", handler, timeout=0.01))
    bench.put()

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: bench.row().outcomes)
        late.set()
        await until(lambda: given and inspect.getcoroutinestate(given[0]) == inspect.CORO_CLOSED)

    bench.live(scenario)
    assert "TimeoutError" in bench.outcome().error


def test_it_keeps_its_slot_also_where_another_handler_of_the_event_ends_after_it() -> None:
    gate, calls = threading.Event(), list[str]()

    def handler(event: Event) -> None:
        calls.append(event.key)
        assert gate.wait(10)

    bench = Bench(
        Registered("book", handler, NO_RETRY, timeout=0.005),
        Registered("audit", lambda event: None),
        concurrency=1,
    )
    bench.put("e1", "e2")

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: bench.row("e1").state is State.DEAD)
        await asyncio.sleep(0.02)
        assert calls == ["e1"]
        gate.set()
        await until(lambda: calls == ["e1", "e2"])

    bench.live(scenario)


def test_what_is_kept_of_an_error_holds_no_content(caplog: pytest.LogCaptureFixture) -> None:
    def handler(event: Event) -> None:
        raise ValueError(SECRET)

    bench = Bench(handler)
    bench.put()
    bench.drain()

    assert bench.outcome().error.startswith("ValueError\n")
    assert "test_worker.py:" in bench.outcome().error
    assert "handler" in bench.outcome().error
    assert SECRET not in bench.outcome().error + caplog.text
    assert "book failed at attempt 1" in caplog.text


def test_an_event_that_cannot_be_built_fails_each_handler(
    caplog: pytest.LogCaptureFixture, seen: Seen
) -> None:
    told: list[Any] = []
    bench = Bench(
        Registered("a", seen.note),
        Registered("b", seen.note),
        on_dead=lambda event, outcomes: told.append(event),
    )
    bench.put(body=b"unreadable")

    bench.drain()
    assert bench.row().state is State.PENDING
    bench.drain(later=30)

    assert bench.row().state is State.DEAD
    assert [bench.outcome(name).attempts for name in "ab"] == [2, 2]
    assert seen == []
    assert told == [bench.row().entry]
    assert SECRET not in caplog.text + bench.outcome("a").error


def test_an_event_that_nobody_handles_is_dead_and_says_so() -> None:
    bench = Bench()
    bench.put()

    bench.drain()

    assert bench.row().state is State.DEAD
    assert "no handler is registered" in bench.outcome("(no handler)").error


def test_an_event_that_nobody_handled_runs_after_a_replay(seen: Seen) -> None:
    bench = Bench()
    bench.put()
    bench.drain()
    bench.desk.registered.append(Registered("book", seen.note))

    bench.inbox.replay(Filter(), now=1).result()
    bench.drain()

    assert seen == ["e1"]
    assert bench.row().state is State.DONE


def test_a_dispatch_that_fails_leaves_the_event_pending(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Desk):
        def handlers(self, entry: Entry) -> Sequence[Registered]:
            raise LookupError(SECRET)

    bench = Bench()
    bench.worker = Worker(bench.inbox, Broken(), clock=bench.clock, lease=60)
    bench.put()

    assert bench.drain() == 1
    assert bench.row().state is State.PENDING
    assert bench.row().due_at == 1060.0
    assert "could not be run: LookupError" in caplog.text
    assert SECRET not in caplog.text


# The dead


@pytest.mark.parametrize("is_async", [True, False])
def test_on_dead_is_told_once_with_the_event_and_what_its_handlers_did(is_async: bool) -> None:
    told: list[tuple[Any, Sequence[Outcome]]] = []

    async def asynchronous(event: Any, outcomes: Sequence[Outcome]) -> None:
        told.append((event, outcomes))

    def sync(event: Any, outcomes: Sequence[Outcome]) -> None:
        told.append((event, outcomes))

    bench = Bench(failing(GiveUp("no")), on_dead=asynchronous if is_async else sync)
    bench.put()

    bench.drain()
    bench.drain(later=1000)

    ((event, outcomes),) = told
    assert isinstance(event, Event)
    assert [(each.handler, each.state) for each in outcomes] == [("book", State.DEAD)]


@pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError()])
@pytest.mark.parametrize("is_async", [True, False])
def test_an_on_dead_that_wants_an_end_ends_nothing(
    error: BaseException, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def sync(event: Event, outcomes: Sequence[Outcome]) -> None:
        raise error

    async def on_dead(event: Event, outcomes: Sequence[Outcome]) -> None:
        raise error

    bench = Bench(failing(GiveUp("no")), on_dead=on_dead if is_async else sync)
    bench.put("e1", "e2")

    assert bench.drain() == 2

    assert bench.states() == {"e1": State.DEAD, "e2": State.DEAD}
    assert caplog.text.count("on_dead failed: ") == 2


def test_an_on_dead_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def told(event: Any, outcomes: Sequence[Outcome]) -> None:
        raise ValueError(SECRET)

    bench = Bench(failing(GiveUp("no")), on_dead=told)
    bench.put()

    bench.drain()

    assert bench.row().state is State.DEAD
    assert "on_dead failed: ValueError" in caplog.text
    assert SECRET not in caplog.text


# Leases


def test_an_event_whose_worker_died_is_taken_over_after_its_lease(seen: Seen) -> None:
    bench = Bench(seen.note, lease=60)
    bench.put()
    bench.inbox.claim(limit=1, lease=60, now=bench.clock()).result()

    assert bench.drain(later=59) == 0
    assert bench.drain(later=1) == 1
    assert seen == ["e1"]


def test_an_event_that_keeps_ending_its_worker_is_dead(seen: Seen) -> None:
    bench = Bench(seen.note)
    bench.put()
    for _ in range(8):
        bench.inbox.claim(limit=1, lease=60, now=bench.clock()).result()
        bench.clock.now += 60

    bench.drain()

    assert seen == []
    assert bench.row().state is State.DEAD
    assert "ran out 8 times" in bench.outcome().error


def test_a_lease_is_renewed_while_a_handler_runs() -> None:
    gate = asyncio.Event()
    bench = Bench(lambda event: gate.wait(), lease=0.03, clock=time.time)
    bench.put()

    async def scenario(_: asyncio.Task[None]) -> None:
        await asyncio.sleep(0.1)
        assert bench.inbox.claim(limit=1, lease=1, now=time.time()).result() == ()
        gate.set()
        await until(lambda: bench.row().state is State.DONE)

    bench.live(scenario)
    assert bench.row().claims == 1


def test_a_worker_that_lost_its_lease_stops_its_handler_and_records_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    was_cancelled: list[bool] = []

    async def handler(event: Event) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            was_cancelled.append(True)
            raise

    bench = Bench(handler, lease=0.03)
    bench.put()

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: bench.row().state is State.RUNNING)
        (other,) = bench.inbox.claim(limit=1, lease=60, now=10**6).result()
        await until(lambda: was_cancelled)
        assert bench.inbox.finish(other, [Outcome("book", State.DONE, 1)], state=State.DONE, now=1).result()

    bench.live(scenario)
    assert bench.outcome() == Outcome("book", State.DONE, 1)
    assert "the lease was lost" in caplog.text


def test_a_handler_that_ends_after_its_lease_was_taken_over_records_nothing() -> None:
    bench = Bench()

    def handler(event: Event) -> None:
        bench.inbox.claim(limit=1, lease=60, now=10**6).result()

    bench.desk.registered.append(Registered("book", handler))
    bench.put()

    bench.drain()

    assert bench.row().state is State.RUNNING
    assert bench.row().outcomes == {}


def test_events_that_wait_here_too_long_are_given_back() -> None:
    gate = asyncio.Event()
    calls: list[str] = []

    async def handler(event: Event) -> None:
        calls.append(event.key)
        if event.key == "slow":
            await gate.wait()

    bench = Bench(handler, concurrency=1, lease=0.06)
    bench.put("slow", "e2")

    async def scenario() -> None:
        draining = asyncio.create_task(bench.worker.drain())
        await until(lambda: bench.states() == {"slow": State.RUNNING, "e2": State.PENDING})
        assert calls == ["slow"]
        gate.set()
        assert await draining == 3

    asyncio.run(scenario())
    assert bench.states() == {"slow": State.DONE, "e2": State.DONE}


# A store that is away


class Faulty(MemoryInbox):
    """An inbox that is away whenever a test says so."""

    def __init__(self, *away: str) -> None:
        super().__init__()
        self.away = set(away)
        self.refused: list[str] = []

    def _or_refuse(self, name: str, call: Callable[[], Future[Any]]) -> Future[Any]:
        if name not in self.away:
            return call()
        self.refused.append(name)
        future: Future[Any] = Future()
        future.set_exception(InboxUnavailable("disk full"))
        return future

    def claim(self, **asked: Any) -> Future[tuple[Claim, ...]]:
        return self._or_refuse("claim", lambda: super(Faulty, self).claim(**asked))

    def finish(self, *asked: Any, **named: Any) -> Future[bool]:
        return self._or_refuse("finish", lambda: super(Faulty, self).finish(*asked, **named))

    def renew(self, *asked: Any, **named: Any) -> Future[tuple[bool, ...]]:
        return self._or_refuse("renew", lambda: super(Faulty, self).renew(*asked, **named))


def test_a_store_that_is_away_does_not_end_the_worker(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    inbox = Faulty("claim")
    bench = Bench(seen.note, inbox=inbox)
    bench.put()

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: inbox.refused)
        inbox.away.clear()
        await until(lambda: seen)

    bench.live(scenario)
    assert "disk full" in caplog.text


def test_an_outcome_is_recorded_when_the_store_is_back_without_running_again(seen: Seen) -> None:
    inbox = Faulty("finish", "renew")
    bench = Bench(seen.note, inbox=inbox, lease=0.03)
    bench.put("e1", "e2", job_id="j")

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: "finish" in inbox.refused)
        inbox.away.clear()
        # The next of its job goes as soon as this one is recorded.
        await until(lambda: bench.row("e2").state is State.DONE)

    bench.live(scenario)
    assert seen == ["e1", "e2"]


def test_leases_that_cannot_be_renewed_do_not_stop_the_handler(caplog: pytest.LogCaptureFixture) -> None:
    inbox, gate = Faulty("renew"), asyncio.Event()
    bench = Bench(lambda event: gate.wait(), inbox=inbox, lease=0.03)
    bench.put()

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: inbox.refused)
        gate.set()
        await until(lambda: bench.row().state is State.DONE)

    bench.live(scenario)
    assert "leases could not be renewed" in caplog.text


def test_a_failure_that_is_not_the_stores_does_not_end_the_renewing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Unmapped(MemoryInbox):
        renewals = 0

        def renew(self, claims: Sequence[Claim], *, lease: float, now: float) -> Future[tuple[bool, ...]]:
            self.renewals += 1
            if self.renewals == 1:
                raise OSError(SECRET)
            return super().renew(claims, lease=lease, now=now)

    inbox, gate = Unmapped(), asyncio.Event()
    bench = Bench(lambda event: gate.wait(), inbox=inbox, lease=0.03)
    bench.put()

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: inbox.renewals > 1)
        gate.set()
        await until(lambda: bench.row().state is State.DONE)

    bench.live(scenario)
    assert "leases could not be renewed" in caplog.text
    assert SECRET not in caplog.text


def test_a_worker_whose_slots_are_all_taken_by_what_does_not_end_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate, said = threading.Event(), "holds every slot of the worker"
    bench = Bench(Registered("book", lambda event: gate.wait(30), NO_RETRY, timeout=0.005), concurrency=2)
    bench.put("e1")

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: bench.row("e1").state is State.DEAD)
        assert said not in caplog.text
        bench.put("e2", "e3")
        await until(lambda: said in caplog.text)
        assert bench.row("e3").state is State.PENDING
        gate.set()
        # Done or, on a loaded machine, over its time.
        await until(lambda: bench.row("e3").state.is_settled)

    bench.live(scenario)
    assert "docuparse document.completed e2: its handler does not end" in caplog.text


def test_a_drain_tells_that_the_store_is_away(seen: Seen) -> None:
    bench = Bench(seen.note, inbox=Faulty("claim"))

    with pytest.raises(InboxUnavailable):
        bench.drain()


# Waking


def test_a_wake_starts_the_work_at_once(seen: Seen) -> None:
    bench = Bench(seen.note)

    async def scenario(_: asyncio.Task[None]) -> None:
        await asyncio.sleep(0.01)
        bench.put()
        began = time.monotonic()
        bench.worker.wake()
        await until(lambda: seen)
        assert time.monotonic() - began < 1

    bench.live(scenario)


def test_a_wake_from_another_thread_starts_the_work(seen: Seen) -> None:
    bench = Bench(seen.note)

    async def scenario(_: asyncio.Task[None]) -> None:
        await asyncio.sleep(0.01)
        await asyncio.to_thread(lambda: (bench.put(), bench.worker.wake()))
        await until(lambda: seen)

    bench.live(scenario)


def test_a_wake_without_a_run_does_nothing(seen: Seen) -> None:
    bench = Bench(seen.note)

    bench.worker.wake()

    assert bench.drain() == 0


def test_what_nobody_announced_is_found_by_looking(seen: Seen) -> None:
    bench = Bench(seen.note, poll=0.01)

    async def scenario(_: asyncio.Task[None]) -> None:
        await asyncio.sleep(0.005)
        bench.put()
        await until(lambda: seen)

    bench.live(scenario)


def test_a_released_event_is_looked_for_when_it_is_due() -> None:
    calls: list[float] = []

    def handler(event: Event) -> None:
        calls.append(time.time())
        if len(calls) < 3:
            raise RetryLater(0.02)

    bench = Bench(Registered("book", handler, retry=None), clock=time.time)
    bench.put()

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: bench.row().state is State.DONE)

    bench.live(scenario)
    assert len(calls) == 3


def test_the_next_event_of_a_document_runs_without_waiting_for_a_look(seen: Seen) -> None:
    bench = Bench(seen.note)
    bench.put("e1", "e2", "e3", job_id="j")

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: len(seen) == 3)

    bench.live(scenario)
    assert seen == ["e1", "e2", "e3"]


def test_many_quick_events_all_run(seen: Seen) -> None:
    bench = Bench(seen.note, concurrency=2)
    bench.put(*(f"e{n}" for n in range(500)))

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: bench.inbox.stats().result().done == 500)

    bench.live(scenario)
    assert len(seen) == len(set(seen)) == 500


# Stopping


def test_a_stop_lets_handlers_end_within_the_grace() -> None:
    gate = asyncio.Event()
    bench = Bench(lambda event: gate.wait())
    bench.put()

    async def scenario(running: asyncio.Task[None]) -> None:
        await until(lambda: bench.row().state is State.RUNNING)
        stopping = asyncio.create_task(bench.worker.stop(grace=5))
        await asyncio.sleep(0.01)
        assert not running.done()
        gate.set()
        await stopping
        await running

    bench.live(scenario)
    assert bench.row().state is State.DONE


def test_a_stop_takes_no_new_events(seen: Seen) -> None:
    gate = asyncio.Event()

    async def handler(event: Event) -> None:
        seen.append(event.key)
        await gate.wait()

    bench = Bench(handler, concurrency=1)
    bench.put("e1", "e2")

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: seen)
        stopping = asyncio.create_task(bench.worker.stop())
        await asyncio.sleep(0)
        gate.set()
        await stopping

    bench.live(scenario)
    assert bench.states() == {"e1": State.DONE, "e2": State.PENDING}


def test_a_stop_releases_what_goes_on_after_the_grace_with_what_was_done(seen: Seen) -> None:
    async def forever(event: Event) -> None:
        await asyncio.sleep(60)

    bench = Bench(Registered("first", seen.note), Registered("second", forever))
    bench.put()

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: seen)
        await bench.worker.stop(grace=0.01)

    bench.live(scenario)
    assert (bench.row().state, bench.row().due_at) == (State.PENDING, 0.0)
    assert list(bench.row().outcomes) == ["first"]


def test_an_event_whose_thread_goes_on_after_a_stop_is_due_when_its_lease_would_end() -> None:
    gate = threading.Event()
    bench = Bench(lambda event: gate.wait(10), lease=60)
    bench.put()

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: bench.row().state is State.RUNNING)
        await bench.worker.stop(grace=0.01)

    bench.live(scenario)
    gate.set()
    assert (bench.row().state, bench.row().due_at) == (State.PENDING, 1060.0)


def test_a_stop_does_not_wait_for_a_handler_that_ignores_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paperhook.worker.shift.RELEASE_SECONDS", 0.02)
    is_over = False

    async def handler(event: Event) -> None:
        while not is_over:
            try:
                await asyncio.sleep(0.5)
            except asyncio.CancelledError:
                continue

    bench = Bench(handler)
    bench.put()

    async def scenario(running: asyncio.Task[None]) -> None:
        nonlocal is_over
        await until(lambda: bench.row().state is State.RUNNING)
        await asyncio.sleep(0)
        await bench.worker.stop(grace=0.01)
        assert running.done() or await running is None
        is_over = True

    bench.live(scenario)
    assert "does not stop" in caplog.text


def test_a_stop_gives_back_what_has_not_begun(seen: Seen) -> None:
    gate = asyncio.Event()

    async def handler(event: Event) -> None:
        seen.append(event.key)
        if event.key == "slow":
            await gate.wait()

    bench = Bench(handler, concurrency=1)
    bench.put(*(f"e{n}" for n in range(100)), "slow", *(f"f{n}" for n in range(100)))

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: "slow" in seen)
        # Quick events make the worker claim ahead; the slow one may have been the last of those before.
        await until(lambda: bench.inbox.stats().result().running > 1)
        await bench.worker.stop(grace=0.01)

    bench.live(scenario)
    assert bench.inbox.stats().result().running == 0
    assert bench.row("slow").state is State.PENDING


@pytest.mark.parametrize("by", ["the shift", "somebody else"])
def test_what_is_let_go_before_its_first_step_is_given_back_and_leaves_its_room(seen: Seen, by: str) -> None:
    bench = Bench(seen.note)
    bench.put("e1", "e2", "e3")

    async def play() -> None:
        shift = Shift(Orders(bench.inbox, bench.desk, 8, 60.0, bench.clock, None, Threads("test")))
        room = shift.room
        tasks = await shift.claim(3)
        if by == "the shift":
            # As whoever keeps the leases does when its turn comes in this very moment.
            for held in list(shift._held):
                shift._call_off(held)
        else:
            # As `asyncio.run` does at its end.
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await shift.wind_down(0.0)
        assert shift.room == room
        await asyncio.wait(tasks)
        await shift.wind_down(0.0)

    asyncio.run(play())

    assert bench.states() == dict.fromkeys(("e1", "e2", "e3"), State.PENDING)
    assert bench.drain() == 3


def test_a_stop_while_the_store_is_away_leaves_the_outcome_to_the_lease(seen: Seen) -> None:
    inbox = Faulty("finish")
    bench = Bench(seen.note, inbox=inbox)
    bench.put()

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: inbox.refused)
        await bench.worker.stop(grace=0.01)

    bench.live(scenario)
    assert bench.row().state is State.RUNNING


def test_a_cancelled_run_releases_its_events() -> None:
    bench = Bench(lambda event: asyncio.sleep(60))
    bench.put()

    async def scenario(running: asyncio.Task[None]) -> None:
        await until(lambda: bench.row().state is State.RUNNING)
        await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert bench.row().state is State.PENDING

    bench.live(scenario)


class Slow(MemoryInbox):
    """Leases at once and answers when it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[tuple[Future[Any], Any]] = []

    def claim(self, **options: Any) -> Future[tuple[Claim, ...]]:
        return self._later(super().claim(**options))

    def claim_key(self, *names: Any, **options: Any) -> Future[Claim | None]:
        return self._later(super().claim_key(*names, **options))

    def _later(self, answer: Future[Any]) -> Future[Any]:
        self.late.append((Future(), answer.result()))
        return self.late[-1][0]

    def answer(self) -> None:
        for future, answer in self.late:
            future.set_result(answer)


@pytest.mark.parametrize("is_by_key", [True, False])
def test_what_is_leased_when_nobody_waits_for_it_any_more_is_given_back(is_by_key: bool, seen: Seen) -> None:
    inbox = Slow()
    bench = Bench(seen.note, inbox=inbox)
    bench.put("e1")

    async def play() -> None:
        run = bench.worker.run_key("docuparse", "e1") if is_by_key else bench.worker.run()
        running = asyncio.create_task(run)
        await until(lambda: inbox.late)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        inbox.answer()

    asyncio.run(play())

    assert (bench.row().state, bench.row().due_at) == (State.PENDING, 0.0)
    assert seen == []


def test_a_worker_runs_again_after_a_stop(seen: Seen) -> None:
    bench = Bench(seen.note)

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: len(seen) == 1)

    bench.put("e1")
    bench.live(scenario)
    seen.clear()
    bench.put("e2")
    bench.live(scenario)

    assert seen == ["e2"]


def test_a_stop_before_the_run_began_is_not_forgotten(seen: Seen) -> None:
    bench = Bench(seen.note)
    bench.put()

    async def scenario() -> None:
        running = asyncio.create_task(bench.worker.run())
        await bench.worker.stop()
        await asyncio.wait_for(running, 5)

    asyncio.run(scenario())
    assert seen == []


def test_a_stop_after_a_run_that_ended_by_itself_does_not_count_for_the_next(seen: Seen) -> None:
    bench = Bench(seen.note)

    async def cancelled(running: asyncio.Task[None]) -> None:
        await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.wait([running])

    async def scenario(_: asyncio.Task[None]) -> None:
        await until(lambda: seen)

    bench.live(cancelled)
    bench.put()
    bench.live(scenario)


def test_a_stop_comes_from_any_thread() -> None:
    bench = Bench()
    thread = threading.Thread(target=lambda: asyncio.run(bench.worker.run()))
    thread.start()
    time.sleep(0.01)

    asyncio.run(bench.worker.stop())
    thread.join(5)

    assert not thread.is_alive()


def test_a_worker_does_not_run_twice_at_once() -> None:
    bench = Bench()

    async def scenario(_: asyncio.Task[None]) -> None:
        with pytest.raises(RuntimeError, match="already"):
            await bench.worker.run()

    bench.live(scenario)


# One key


def run_key(bench: Bench, key: str = "e1") -> State | None:
    return asyncio.run(bench.worker.run_key("docuparse", key))


def test_a_key_is_run_and_its_state_told(seen: Seen) -> None:
    bench = Bench(seen.note)
    bench.put()

    assert run_key(bench) is State.DONE
    assert seen == ["e1"]


def test_a_key_that_is_done_is_not_run_again(seen: Seen) -> None:
    bench = Bench(seen.note)
    bench.put()
    run_key(bench)

    assert run_key(bench) is State.DONE
    assert seen == ["e1"]


def test_an_unknown_key_has_no_state(seen: Seen) -> None:
    assert run_key(Bench(seen.note)) is None


def test_a_key_is_run_before_it_is_due_with_what_is_not_done(seen: Seen) -> None:
    bench = Bench(Registered("good", seen.note), Registered("bad", failing(RetryLater(500))))
    bench.put()

    assert run_key(bench) is State.PENDING
    assert run_key(bench) is State.DEAD

    assert seen == ["e1"]


def test_a_key_that_another_worker_has_is_left_alone(seen: Seen) -> None:
    bench = Bench(seen.note)
    bench.put()
    bench.inbox.claim(limit=1, lease=60, now=1000).result()

    assert run_key(bench) is State.RUNNING
    assert seen == []


def test_a_key_that_was_taken_over_while_it_ran_tells_how_it_stands() -> None:
    bench = Bench(lambda event: asyncio.sleep(60), lease=0.03)
    bench.put()

    async def scenario() -> State | None:
        running = asyncio.create_task(bench.worker.run_key("docuparse", "e1"))
        await until(lambda: bench.row().state is State.RUNNING)
        bench.inbox.claim(limit=1, lease=60, now=10**6).result()
        return await running

    assert asyncio.run(scenario()) is State.RUNNING


def test_a_key_waits_for_the_earlier_event_of_its_document(seen: Seen) -> None:
    bench = Bench(seen.note)
    bench.put("e1", "e2", document_id="d")

    assert run_key(bench, "e2") is State.PENDING
    assert seen == []


def test_a_key_whose_caller_went_away_is_released() -> None:
    bench = Bench(lambda event: asyncio.sleep(60))
    bench.put()

    async def scenario() -> None:
        running = asyncio.create_task(bench.worker.run_key("docuparse", "e1"))
        await until(lambda: bench.row().state is State.RUNNING)
        await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(scenario())
    assert (bench.row().state, bench.row().due_at) == (State.PENDING, 0.0)


def test_keys_run_on_many_loops_at_once(seen: Seen) -> None:
    bench = Bench(seen.note_in_thread)
    bench.put(*(f"e{n}" for n in range(8)))
    threads = [threading.Thread(target=run_key, args=(bench, f"e{n}")) for n in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(bench.states().values()) == {State.DONE}


# Settings


@pytest.mark.parametrize("option", ["concurrency", "lease", "poll"])
@pytest.mark.parametrize("number", [0, -1, float("nan")])
def test_a_number_that_is_not_positive_is_refused(option: str, number: float) -> None:
    with pytest.raises(ConfigurationError, match=option):
        Bench(**{option: number})


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="paperhook")


def test_news_that_come_before_the_worker_runs_are_heard() -> None:
    bench = Bench(lambda event: None)

    bench.worker._hear()
    bench.put("e1")

    assert bench.drain() == 1


def test_a_lease_that_was_lost_after_its_handler_ended_is_nothing_to_tell(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Late(MemoryInbox):
        def __init__(self) -> None:
            super().__init__()
            self.is_asked = threading.Event()
            self.answer: Future[tuple[bool, ...]] = Future()

        def renew(self, claims: Sequence[Claim], *, lease: float, now: float) -> Future[tuple[bool, ...]]:
            self.is_asked.set()
            return self.answer

    inbox = Late()

    async def handle(event: Event) -> None:
        assert await asyncio.to_thread(inbox.is_asked.wait, 10)

    bench = Bench(handle, inbox=inbox, lease=0.03)
    bench.put("e1")

    async def scenario(running: asyncio.Task[None]) -> None:
        await until(lambda: bench.states()["e1"] is State.DONE)
        inbox.answer.set_result((False,))
        await asyncio.sleep(0.02)

    bench.live(scenario)

    assert caplog.records == []
