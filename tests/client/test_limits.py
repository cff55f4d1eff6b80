"""The rate and the budget that a client's calls share: on a virtual clock, with the simulator's real refusals."""

from __future__ import annotations

import asyncio
import heapq
import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from itertools import count
from typing import Any

import httpx
import pytest
import tenacity

from paperhook.client import Client, RateLimiter, RetryBudget, Unlimited
from paperhook.client.bounds import Bound
from paperhook.client.loops import running_loop
from paperhook.client.transport import AsyncTransport
from paperhook.core.rate import Rate, Turns
from paperhook.core.steps import Now, Pause, Send, Steps
from paperhook.errors import PaperhookError, RateLimited, RateLimitReached, ServerError
from paperhook.observe import Recorder, RetryRefused
from paperhook.operations import upload
from paperhook.retrying import NO_RETRY, RetryPolicy, persist
from paperhook.simulator import Simulator, VirtualClock
from tests.acme import Acme, acme
from tests.contracts.test_providers import PROVIDERS
from tests.contracts.test_providers_on_localhost import KEYS, PROJECT
from tests.forks import exit_code_of
from tests.hostile import answer, serving
from tests.providers.driving import document
from tests.simulator.world import ORIGIN, PNG, a_world

READING = {"id": "d1", "state": "reading"}
PATIENT = RetryPolicy(stop=tenacity.stop_after_attempt(9), wait=tenacity.wait_none())


@dataclass
class Rush:
    """Runs many operations at once on a virtual clock; a request takes time on its way there and back."""

    wire: AsyncTransport
    clock: VirtualClock
    #: Seconds by which our clock is ahead of the provider's.
    skew: float
    is_dated: bool
    chance: random.Random
    statuses: list[int] = field(default_factory=list)
    most_at_once: int = 0

    async def run(self, operations: Iterator[Steps[Any]], *, at_once: int) -> list[Any]:
        order, done, flying = count(), list[Any](), 0
        agenda: list[tuple[float, int, Steps[Any], str, Any]] = []

        def begin() -> None:
            for steps in operations:
                heapq.heappush(agenda, (self.clock.time(), next(order), steps, "send", None))
                return

        for _ in range(at_once):
            begin()
        while agenda:
            due, _, steps, move, value = heapq.heappop(agenda)
            self.clock.move_to(max(due, self.clock.time()))
            if move == "arrive":
                response = await self.wire.exchange(
                    running_loop(), value, Bound(value, "p", 30, threading.Event())
                )
                self.statuses.append(response.status)
                if self.is_dated:
                    response.headers._fields["date"] = [formatdate(self.clock.time(), usegmt=True)]
                back = self.clock.time() + self.chance.uniform(0, 2)
                heapq.heappush(agenda, (back, next(order), steps, "send", response))
                flying -= 1
                continue
            try:
                effect = steps.throw(value) if move == "throw" else steps.send(value)
                while isinstance(effect, Now):
                    effect = steps.send(self.clock.time() + self.skew)
            except StopIteration as ended:
                done.append(ended.value)
                begin()
                continue
            now = self.clock.time()
            if isinstance(effect, Pause):
                heapq.heappush(agenda, (now + effect.seconds, next(order), steps, "send", None))
            else:
                assert isinstance(effect, Send)
                flying += 1
                self.most_at_once = max(self.most_at_once, flying)
                there = now + self.chance.uniform(0, 2)
                heapq.heappush(agenda, (there, next(order), steps, "arrive", effect))
        return done


@pytest.mark.parametrize("is_dated", [True, False], ids=["with Date", "without Date"])
@pytest.mark.parametrize("skew", [0.0, -7.3, 41.0])
@pytest.mark.parametrize("name", ["space-ocr", "ocriva", "docuprox"])
def test_uploads_at_the_limit_are_never_refused(name: str, skew: float, is_dated: bool):
    async def main() -> tuple[Rush, list[Any], float]:
        async with a_world() as world:
            provider = replace(
                PROVIDERS[name],
                api_key=KEYS[name],
                base_url=Simulator.base_url(name, ORIGIN),
                **PROJECT.get(name, {}),
            )
            world.clock.move_to(world.clock.time() + 53)
            http = httpx.AsyncClient(transport=httpx.ASGITransport(world.simulator))  # type: ignore[arg-type]
            rush = Rush(AsyncTransport(http), world.clock, skew, is_dated, random.Random(7))
            turns, began = RateLimiter().turns(provider), world.clock.time()
            uploads = (
                persist(
                    upload(provider, document(f"{n}.png", content=PNG), key=f"k{n}"), NO_RETRY, turns=turns
                )
                for n in range(150)
            )
            jobs = await rush.run(uploads, at_once=8)
            await http.aclose()
            return rush, jobs, world.clock.time() - began

    rush, jobs, seconds = asyncio.run(main())

    assert len(jobs) == 150
    assert 429 not in rush.statuses
    assert rush.most_at_once > 4
    # 60, 60 and 30 requests, each of up to 4 s: no minute is left unused.
    assert seconds < 175


def test_a_provider_that_tells_its_rate_only_by_refusing_is_obeyed():
    async def main() -> tuple[Rush, list[Any]]:
        async with a_world() as world:
            provider = replace(
                PROVIDERS["docuparse"],
                api_key=KEYS["docuparse"],
                base_url=Simulator.base_url("docuparse", ORIGIN),
            )
            http = httpx.AsyncClient(transport=httpx.ASGITransport(world.simulator))  # type: ignore[arg-type]
            rush = Rush(AsyncTransport(http), world.clock, 0.0, True, random.Random(7))
            turns = RateLimiter().turns(provider)
            uploads = (
                persist(upload(provider, document(f"{n}.png", content=PNG)), PATIENT, turns=turns)
                for n in range(100)
            )
            jobs = await rush.run(uploads, at_once=8)
            await http.aclose()
            return rush, jobs

    rush, jobs = asyncio.run(main())

    assert len(jobs) == 100
    # What was under way when the first refusal came is refused as well, and nothing after it.
    assert 1 <= rush.statuses.count(429) <= 8


class Strict(Acme):
    capabilities = replace(Acme.capabilities, rates=(Rate(2, 60),))


class Shared(Acme):
    capabilities = replace(Acme.capabilities, rates=(Rate(60, 60), Rate(3, 60, per="account")))


def strict(url: str) -> Strict:
    return Strict("acme-key", base_url=url)


def test_a_turn_behind_the_deadline_is_an_error_at_once():
    with serving(answer(200, READING)) as server, Client(strict(server.url)) as client:
        client.status("d1")
        client.status("d1")
        began = time.monotonic()
        with pytest.raises(RateLimitReached, match="behind the deadline") as raised:
            client.status("d1", deadline=30)

    assert time.monotonic() - began < 5
    assert raised.value.retry_at == pytest.approx(time.time() + 60, abs=10)
    assert (raised.value.provider, raised.value.job_id) == ("acme", "d1")
    assert len(server.seen) == 2


def test_clients_of_one_key_share_a_rate_by_sharing_a_limiter():
    limiter = RateLimiter()
    with (
        serving(answer(200, READING)) as server,
        Client(strict(server.url), limiter=limiter) as one,
        Client(strict(server.url), limiter=limiter) as two,
        Client(Strict("other-key", base_url=server.url), limiter=limiter) as stranger,
    ):
        one.status("d1")
        two.with_options(timeout=5).status("d1")
        stranger.status("d1")
        with pytest.raises(RateLimitReached):
            two.status("d1", deadline=1)


def test_keys_of_one_account_share_its_rate():
    limiter = RateLimiter()
    with serving(answer(200, READING)) as server:
        clients = [Client(Shared(f"key-{n}", base_url=server.url), limiter=limiter) for n in range(4)]
        for client in clients[:3]:
            client.status("d1")
        with pytest.raises(RateLimitReached):
            clients[3].status("d1", deadline=1)
        for client in clients:
            client.close()


def test_who_wants_no_limit_has_none():
    with serving(answer(200, READING)) as server, Client(strict(server.url), limiter=Unlimited()) as client:
        for _ in range(5):
            client.status("d1", deadline=5)

    assert len(server.seen) == 5


def test_threads_keep_the_rate_together():
    turns: Turns = RateLimiter().turns(strict("https://acme.example"))
    waits: list[float] = []

    def ask() -> None:
        ticket = turns.join()
        waits.append(turns.wait(ticket, 0.0))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert waits.count(0.0) == 2


def test_who_is_cut_off_while_waiting_leaves_the_line_to_others():
    turns = RateLimiter().turns(strict("https://acme.example"))
    for _ in "12":
        turns.wait(turns.join(), 0.0)
    waiting = persist(acme().status(acme_job()), NO_RETRY, turns=turns)
    seen = [next(waiting)]
    while isinstance(seen[-1], Now):
        seen.append(waiting.send(0.0))

    assert seen[-1] == Pause(60.0)
    waiting.close()
    assert turns.wait(turns.join(), 0.0) == 60.0


def acme_job() -> Any:
    from paperhook.core.job import Job

    return Job.known("d1", provider="acme")


# The budget


def test_a_budget_is_used_up_and_comes_back_with_time():
    budget = RetryBudget(2, per_second=0.5)

    assert [budget.take(100.0) for _ in range(3)] == [True, True, False]
    assert [budget.take(102.0) for _ in range(2)] == [True, False]
    assert [budget.take(1000.0) for _ in range(3)] == [True, True, False]


def test_an_outage_is_not_multiplied_by_every_call():
    recorder = Recorder()
    with serving(answer(503)) as server:
        budget = RetryBudget(5, per_second=0)
        with Client(
            acme(base_url=server.url), retry=PATIENT, retry_budget=budget, observe=[recorder]
        ) as client:
            errors = [failure(client) for _ in range(10)]

    assert all(isinstance(error, ServerError) for error in errors)
    assert len(server.seen) == 10 + 5
    assert {error.stopped_by for error in errors} == {"retry_budget"}
    assert recorder.of(RetryRefused) == [RetryRefused("acme", "retry_budget")] * 10


def test_who_stops_by_the_policy_says_nothing_of_a_budget():
    with serving(answer(503)) as server, Client(acme(base_url=server.url), retry=NO_RETRY) as client:
        assert failure(client).stopped_by == ""


def test_a_refusal_that_says_when_to_come_back_costs_nothing():
    with serving(answer(429, None, {"Retry-After": "0"}), answer(200, READING)) as server:
        budget = RetryBudget(0, per_second=0)
        with Client(acme(base_url=server.url), retry_budget=budget) as client:
            client.status("d1")

    assert len(server.seen) == 2


def failure(client: Client) -> Any:
    with pytest.raises(PaperhookError) as raised:
        client.status("d1")
    assert not isinstance(raised.value, RateLimited)
    return raised.value


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_does_not_wait_for_threads_of_its_parent() -> None:
    class Twice(Acme):
        capabilities = replace(Acme.capabilities, rates=(Rate(2, 60),))

    limiter, budget, provider = RateLimiter(), RetryBudget(), Twice("key")
    turns = limiter.turns(provider)
    for _ in range(2):
        assert turns.wait(turns.join(), 0.0) == 0
    turns.join()

    def ask() -> None:
        assert turns.wait(turns.join(), 0.0) == 0
        assert limiter.turns(provider).wait(turns.join(), 0.0) == 0
        assert budget.take(0.0)

    # As if other threads were just taking a turn, and a retry.
    with limiter._counter.lock, budget._lock:
        code = exit_code_of(ask)

    assert code == 0
    assert turns.wait(turns.join(), 0.0) > 0
