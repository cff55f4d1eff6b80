"""Waiting for many jobs: one schedule, outcomes as they come, whichever way their end is heard of."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing, closing
from dataclasses import replace
from typing import Any

import httpx
import pytest

from paperhook import AsyncClient, Client
from paperhook.client import Unlimited, WaitOutcome
from paperhook.client.waits import News, Waits, rounds
from paperhook.core.job import Job, JobError, JobStatus
from paperhook.core.rate import Rate
from paperhook.errors import ConfigurationError, NotFound, ServerError, WaitTimeout
from paperhook.retrying import NO_RETRY
from paperhook.tracker import MemoryTracker
from tests.acme import Acme, acme

Call = Callable[..., Any]


class Desk:
    """Answers with each job's states, one after another; the last stays."""

    def __init__(self, **states: str) -> None:
        self._states = {name: words.split() for name, words in states.items()}
        self.asked: Counter[str] = Counter()
        self.most_at_once = self._at_once = 0
        self._lock = threading.Lock()
        self.holds = 0.0

    def answer(self, job_id: str) -> httpx.Response:
        with self._lock:
            words = self._states[job_id]
            word = words[min(self.asked[job_id], len(words) - 1)]
            self.asked[job_id] += 1
        if word.isdigit():
            return httpx.Response(int(word))
        return httpx.Response(200, json={"id": job_id, "state": word, "code": "E_BLURRED"})

    def _enter(self, step: int) -> None:
        with self._lock:
            self._at_once += step
            self.most_at_once = max(self.most_at_once, self._at_once)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self._enter(1)
        time.sleep(self.holds)
        self._enter(-1)
        return self.answer(request.url.path.rpartition("/")[2])

    async def asynchronous(self, request: httpx.Request) -> httpx.Response:
        self._enter(1)
        await asyncio.sleep(self.holds)
        self._enter(-1)
        return self.answer(request.url.path.rpartition("/")[2])


def _sync(desk: Desk, do: Callable[[Any], Any], provider: Any = None, **options: Any) -> Any:
    with (
        httpx.Client(transport=httpx.MockTransport(desk)) as http,
        Client(provider or acme(), http_client=http, retry=NO_RETRY, **options) as client,
    ):
        found = do(client)
        return found if isinstance(found, tuple) else list(found)


def _async(desk: Desk, do: Callable[[Any], Any], provider: Any = None, **options: Any) -> Any:
    async def main() -> Any:
        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(desk.asynchronous)) as http,
            AsyncClient(provider or acme(), http_client=http, retry=NO_RETRY, **options) as client,
        ):
            found = do(client)
            return await found if hasattr(found, "__await__") else [each async for each in found]

    return asyncio.run(main())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    return request.param


def statuses(outcomes: Any) -> dict[str, str]:
    return {
        each.job.id: type(each.error).__name__ if each.error else str(each.job.status) for each in outcomes
    }


def test_outcomes_come_as_they_end_each_with_its_own_error(call: Call):
    desk = Desk(slow="waiting reading reading done", quick="done", bad="broken", gone="404", down="503")

    outcomes = call(desk, lambda client: client.as_completed(["slow", "quick", "bad", "gone", "down"]))

    assert statuses(outcomes) == {
        "quick": "completed",
        "bad": "failed_terminal",
        "gone": "NotFound",
        "down": "ServerError",
        "slow": "completed",
    }
    assert outcomes[-1].job.id == "slow"
    assert next(each for each in outcomes if each.job.id == "bad").job.error.code == "E_BLURRED"
    for each in outcomes:
        if each.error is not None:
            assert isinstance(each.error, (NotFound, ServerError))
            assert each.error.job == each.job


def test_wait_many_gives_them_in_the_order_of_the_jobs(call: Call):
    desk = Desk(a="waiting done", b="done", c="waiting waiting done")
    done = Job(id="d", provider="acme", status=JobStatus.COMPLETED)

    outcomes = call(desk, lambda client: client.wait_many(["c", done, "a", "b", "b"]))

    assert [each.job.id for each in outcomes] == ["c", "d", "a", "b", "b"]
    assert {each.error for each in outcomes} == {None}
    assert desk.asked["d"] == 0


def test_what_is_not_final_in_time_is_a_wait_timeout_with_its_job(call: Call):
    desk = Desk(a="reading", b="done")

    began = time.monotonic()
    outcomes = call(desk, lambda client: client.wait_many(["a", "b"], deadline=1))

    assert 0.9 < time.monotonic() - began < 4
    late, done = outcomes
    assert isinstance(late.error, WaitTimeout)
    assert late.error.job == late.job
    assert late.job.status is JobStatus.PROCESSING
    assert done.error is None


def test_a_rate_that_leaves_no_poll_in_time_is_a_wait_timeout(call: Call):
    class Strict(Acme):
        capabilities = replace(Acme.capabilities, rates=(Rate(1, 60),))

    desk = Desk(a="done", b="done")

    outcomes = call(desk, lambda client: client.wait_many(["a", "b"], deadline=2), Strict("key"))

    assert sorted(statuses(outcomes).values()) == ["WaitTimeout", "completed"]
    assert sum(desk.asked.values()) == 1


def test_at_most_so_many_are_asked_for_at_once(call: Call):
    desk = Desk(**{f"d{n}": "waiting done" for n in range(12)})
    desk.holds = 0.02

    call(desk, lambda client: client.as_completed([f"d{n}" for n in range(12)], concurrency=3))

    assert desk.most_at_once == 3


def test_no_jobs_give_no_outcomes(call: Call):
    assert call(Desk(), lambda client: client.wait_many([])) == ()


def test_less_than_one_at_once_is_a_mistake_that_is_told(call: Call):
    for do in (
        lambda client: client.as_completed(["a"], concurrency=0),
        lambda client: client.wait_many([], concurrency=0),
    ):
        with pytest.raises(ConfigurationError, match="concurrency"):
            call(Desk(), do)


def test_leaving_early_waits_for_nothing(call: Call):
    desk = Desk(a="done", b="waiting")
    desk.holds = 0.0

    def leave(client: Any) -> Any:
        if isinstance(client, Client):
            with closing(client.as_completed(["a", "b"])) as outcomes:
                return (next(outcomes),)

        async def main() -> tuple[WaitOutcome, ...]:
            async with aclosing(client.as_completed(["a", "b"])) as outcomes:
                return (await anext(outcomes),)

        return main()

    began = time.monotonic()
    (first,) = call(desk, leave)

    assert first.job.id == "a"
    assert time.monotonic() - began < 5


def test_closing_the_client_ends_the_waiting():
    desk = Desk(a="waiting")
    with httpx.Client(transport=httpx.MockTransport(desk)) as http:
        client = Client(acme(), http_client=http)
        timer = threading.Timer(0.3, client.close)
        timer.start()
        with pytest.raises(ConfigurationError, match="closed"):
            client.wait_many(["a"], deadline=60)
        timer.join()


# By webhook


def tracked(tracker: MemoryTracker, call: Call, **posts: str) -> dict[str, Job]:
    """Upload a document for each name, with the provider's id of that name."""
    from paperhook.tracker import Turn
    from paperhook.tracker.owner import this_process
    from tests.contracts.test_trackers import draft

    jobs: dict[str, Job] = {}
    for name in posts:
        turn = Turn(f"t-{name}", this_process(), 60.0)
        row = draft(f"att-{name}", identity=name, key=name)
        tracker.begin(row, turn, again=False, repeat_within=None, now=time.time()).result()
        tracker.sending(row.attempt_id, turn, now=time.time()).result()
        jobs[name] = Job(id=name, provider="acme", filename="a.pdf")
        tracker.record(row.attempt_id, jobs[name], now=time.time()).result()
    return jobs


class Rare(Acme):
    capabilities = replace(Acme.capabilities, rates=(Rate(1, 600),))


@pytest.mark.parametrize("provider", [Acme, Rare], ids=["polled", "not polled again"])
@pytest.mark.parametrize("how", ["wait", "wait_many"])
def test_a_webhook_ends_the_waiting_between_two_polls(how: str, provider: type[Acme], call: Call):
    tracker = MemoryTracker()
    desk = Desk(a="reading")
    job = tracked(tracker, call, a="")["a"]
    timer = threading.Timer(0.6, lambda: tracker.settle("acme", {"a": JobStatus.COMPLETED}, now=time.time()))
    timer.start()

    def do(client: Any) -> Any:
        return client.wait_many([job], deadline=20) if how == "wait_many" else as_tuple(client)

    def as_tuple(client: Any) -> Any:
        if isinstance(client, Client):
            return (WaitOutcome(client.wait(job, deadline=20)),)

        async def main() -> tuple[WaitOutcome, ...]:
            return (WaitOutcome(await client.wait(job, deadline=20)),)

        return main()

    began = time.monotonic()
    (outcome,) = call(desk, do, provider("key"), tracker=tracker)
    timer.join()
    tracker.close()

    assert outcome.error is None
    assert outcome.job.status is JobStatus.COMPLETED
    assert outcome.job.filename == "a.pdf"
    assert time.monotonic() - began < 15


def test_a_failure_that_came_by_webhook_is_asked_for_its_reason(call: Call):
    tracker = MemoryTracker()
    job = tracked(tracker, call, a="")["a"]
    tracker.settle("acme", {"a": JobStatus.FAILED_TERMINAL}, now=time.time()).result()

    (outcome,) = call(Desk(a="broken"), lambda client: client.wait_many([job], deadline=20), tracker=tracker)
    tracker.close()

    assert outcome.job.error == JobError(code="E_BLURRED")


def test_a_tracker_that_cannot_tell_leaves_it_to_the_provider(call: Call):
    tracker = MemoryTracker()
    tracker.close()

    def do(client: Any) -> Any:
        client.tracker = tracker
        return client.wait_many(["a"], deadline=20)

    # Noting how it stands needs the tracker as well, so only the look is left out.
    (outcome,) = call(Desk(a="done"), do)

    assert outcome.job.id == "a"


# The schedule


def many(count: int) -> list[Job]:
    return [Job.known(f"job-{n}", provider="acme") for n in range(count)]


def test_waiting_jobs_cost_two_kilobytes_each_however_many_they_are():
    # A thousand cost as much each as ten thousand; tables that grow by doubling cost them rather more.
    jobs = many(1000)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    going = rounds(acme(), jobs, concurrency=8, end=1e9, now=0.0)
    turn, news_at = next(going), 0.0
    asked: set[str] = set()
    while len(asked) < len(jobs):
        news_at += 0.1
        endings = []
        for place, job, _ in turn.ask:
            asked.add(job.id)
            said = {"id": job.id, "state": "reading", "pages": [1, 2, 3]}
            seen = Job(
                id=job.id, provider="acme", status=JobStatus.PROCESSING, provider_status="reading", raw=said
            )
            endings.append((place, seen))
        turn = going.send(News(news_at, endings))
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    going.close()

    # All of them were polled and hold the handle as last seen.
    assert (held - before) / len(jobs) <= 2048


def test_a_thousand_waiting_jobs_need_no_thread_each(call: Call):
    desk = Desk(**{f"job-{n}": "waiting" for n in range(1000)})
    before = threading.active_count()
    seen: list[int] = []
    timer = threading.Timer(0.7, lambda: seen.append(threading.active_count()))
    timer.start()

    outcomes = call(
        desk, lambda client: client.as_completed(many(1000), concurrency=4, deadline=1.2), limiter=Unlimited()
    )
    timer.join()

    assert len(outcomes) == 1000
    # The four that ask, each with an exchange of its own that may be ending, the timer, and a few of the library's.
    assert seen[0] <= before + 20


def test_polls_of_many_are_spread_over_the_providers_rate():
    class Rated(Acme):
        capabilities = replace(Acme.capabilities, rates=(Rate(60, 60),))

    waits = Waits(Rated("key"), many(100), now=0.0)
    gap = 0.0
    for round_number in range(20):
        due = waits.take_due(1e6 * (round_number + 1))
        while due is not None and due[0] != 0:
            due = waits.take_due(1e6 * (round_number + 1))
        assert due is not None
        waits.again(0, due[1], 0.0)
        gap = min(at for at, place in waits._due if place == 0)

    assert gap == pytest.approx(100, rel=0.11)


def test_a_job_that_ended_elsewhere_while_it_was_asked_for_ends_once():
    job = Job.known("a", provider="acme")
    going = rounds(acme(), [job], concurrency=1, end=100.0, now=0.0)
    next(going)
    asked = going.send(News(1.0))
    assert [place for place, _, _ in asked.ask] == [0]
    done = job.model_copy(update={"status": JobStatus.COMPLETED})

    last = going.send(News(2.0, [(0, job)], [done, done]))

    assert [outcome.job.status for _, outcome in last.ended] == [JobStatus.COMPLETED]
    with pytest.raises(StopIteration):
        going.send(News(3.0))


def test_a_failure_that_is_heard_of_again_and_again_is_asked_for_once():
    job = Job.known("a", provider="acme")
    failed = job.model_copy(update={"status": JobStatus.FAILED_TERMINAL})
    going = rounds(acme(), [job], concurrency=2, end=100.0, now=0.0)
    next(going)

    first = going.send(News(0.1, heard=[failed]))
    second = going.send(News(0.1, heard=[failed]))

    assert [place for place, _, _ in first.ask] == [0]
    assert second.ask == []


def test_a_hurried_job_is_asked_for_by_one_at_a_time():
    job = Job.known("a", provider="acme")
    failed = job.model_copy(update={"status": JobStatus.FAILED_TERMINAL})
    going = rounds(acme(), [job], concurrency=4, end=1000.0, now=0.0)
    next(going)

    hurried = going.send(News(0.001, heard=[failed]))
    # When it would have been asked for anyway, and nobody has answered yet.
    meanwhile = going.send(News(50.0))
    answered = going.send(News(51.0, [(0, job)]))
    later = going.send(News(500.0))

    assert [len(each.ask) for each in (hurried, meanwhile, answered, later)] == [1, 0, 0, 1]


def test_a_job_that_is_hurried_while_it_is_asked_for_is_asked_for_again_at_once():
    job = Job.known("a", provider="acme")
    failed = job.model_copy(update={"status": JobStatus.FAILED_TERMINAL})
    going = rounds(acme(), [job], concurrency=4, end=1000.0, now=0.0)
    next(going)

    asked = going.send(News(50.0))
    hurried = going.send(News(50.1, heard=[failed]))
    answered = going.send(News(50.2, [(0, job)]))

    assert [len(each.ask) for each in (asked, hurried, answered)] == [1, 0, 1]
