"""The books balance: whatever happens to the webhooks, every document ends in exactly one handler."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from paperhook import (
    AsyncClient,
    DocumentCompleted,
    DocumentFailed,
    DocumentNeedsReview,
    Event,
    GiveUp,
    Webhooks,
)
from paperhook.client import Unlimited
from paperhook.inbox import Filter, State
from paperhook.providers import PROVIDERS as NAMES
from paperhook.reconciler import Counts
from paperhook.simulator import Fault, FaultPlan, HttpPost, Simulator, WebhookTarget
from paperhook.tracker import open_tracker
from tests.contracts.test_providers import PROVIDERS
from tests.contracts.test_providers_on_localhost import KEYS, PROJECT
from tests.simulator.world import ORIGIN, PNG, SECRET, UNREADABLE, FakeReader, until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

#: For each provider; every fourth of them cannot be read.
DOCUMENTS = 24
PLANS: Mapping[str, tuple[Fault, ...]] = {
    "nothing goes wrong": (),
    "all are lost": (Fault("drop"),),
    "half are lost": (Fault("drop", probability=0.5),),
    "everything at once": (
        Fault("drop", probability=0.3),
        Fault("duplicate", probability=0.3),
        Fault("delay", probability=0.2, seconds=1.0),
        Fault("reorder", probability=0.3, seconds=0.2),
        # DocuProx signs nothing: a static header cannot tell a body that was changed on its way.
        *(Fault("tamper", name, probability=0.2) for name in ("space-ocr", "docuparse", "ocriva")),
        Fault("wrong_signature", probability=0.2),
    ),
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Office:
    """All that takes part, in one process: the providers, the receiver, the clients."""

    simulator: Simulator
    hooks: Webhooks
    clients: dict[str, AsyncClient]
    handled: list[Event]
    recovered: list[Event]

    @property
    def tracked(self) -> Any:
        return next(iter(self.clients.values())).tracker

    async def upload_all(self) -> set[tuple[str, str]]:
        """Upload the documents of every provider; give their jobs."""
        jobs: set[tuple[str, str]] = set()
        for name, client in self.clients.items():
            contents = [
                (UNREADABLE if number % 4 == 0 else PNG) + f" {number}".encode()
                for number in range(DOCUMENTS)
            ]
            async for outcome in client.upload_many(contents):
                assert outcome.job is not None, outcome.error
                jobs.add((name, outcome.job.id))
        return jobs

    async def settled(self) -> bool:
        tally = await asyncio.wrap_future(self.tracked.tally())
        stats = await asyncio.wrap_future(self.hooks.inbox.stats())
        return tally.settled == tally.total and stats.pending == stats.running == 0


@asynccontextmanager
async def an_office(
    folder: Path, faults: tuple[Fault, ...], *, is_picky: bool = False
) -> AsyncIterator[Office]:
    handled, recovered = list[Event](), list[Event]()
    address = f"sqlite:///{folder / 'paperhook.db'}"
    providers = {
        name: replace(
            PROVIDERS[name],
            api_key=KEYS[name],
            base_url=Simulator.base_url(name, ORIGIN),
            webhook_secret=SECRET,
            **PROJECT.get(name, {}),
        )
        for name in NAMES
    }
    simulator_app: list[Simulator] = []

    async def outside(scope: Any, receive: Any, send: Any) -> None:
        await simulator_app[0](scope, receive, send)

    http = httpx.AsyncClient(transport=httpx.ASGITransport(outside))
    tracker = open_tracker(address)
    clients = {
        name: AsyncClient(provider, http_client=http, tracker=tracker, limiter=Unlimited())
        for name, provider in providers.items()
    }
    hooks = Webhooks(*providers.values(), inbox=address, rules=[doubtful] if is_picky else ())
    if is_picky:
        hooks.on(DocumentNeedsReview, name="look")(lambda event: None)

    @hooks.on(DocumentCompleted, name="book")
    def book(event: DocumentCompleted) -> None:
        if is_picky and hash_of(event.key) % 4 == 0:
            raise GiveUp("it is not booked here")
        handled.append(event)

    hooks.on(DocumentFailed, name="flag")(handled.append)
    targets = {name: WebhookTarget(f"http://app.test/{name}", SECRET) for name in NAMES}
    simulator = Simulator(
        FakeReader(),
        webhooks=targets,
        post=HttpPost(httpx.ASGITransport(hooks.asgi())),
        faults=FaultPlan(faults, seed=5),
        rate_limits=False,
        processing_seconds=0.01,
        retry_scale=0.0005,
    )
    simulator_app.append(simulator)
    async with simulator, hooks.lifespan():
        yield Office(simulator, hooks, clients, handled, recovered)
    await http.aclose()
    await hooks.aclose()
    tracker.close()


async def reconcile(office: Office) -> Counts:
    """Ask until everything is settled."""
    reconciler = office.hooks.reconciler(
        *office.clients.values(), silence=0.3, rate=1e6, every=0.05, on_recovered=office.recovered.append
    )
    running = asyncio.create_task(reconciler.run())
    async with asyncio.timeout(60):
        while not await office.settled():  # noqa: ASYNC110 - asks two files
            await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait([running])
    return reconciler.counts


@pytest.mark.parametrize("plan", PLANS)
async def test_every_document_is_handled_once(plan: str, tmp_path: Path) -> None:
    async with an_office(tmp_path, PLANS[plan]) as office:
        jobs = await office.upload_all()
        counts = await reconcile(office)
        # What is late, and repeated, changes nothing any more.
        await office.simulator.drain()
        await until(lambda: office.hooks.inbox.stats().result().pending == 0)

        ended = Counter((event.provider, event.job_id) for event in office.handled)
        dead = office.hooks.inbox.rows(Filter(states=(State.DEAD,))).result()
        states = Counter((event.provider, isinstance(event, DocumentFailed)) for event in office.handled)

    assert len(jobs) == DOCUMENTS * len(NAMES)
    assert ended == Counter(jobs)
    assert dead == ()
    assert states == Counter(
        {
            (name, is_failed): DOCUMENTS // 4 * (1 if is_failed else 3)
            for name in NAMES
            for is_failed in (True, False)
        }
    )
    # No webhook tells of what DocuProx cannot read.
    assert counts.unpushed == DOCUMENTS // 4
    assert counts.recovered == len(office.recovered)
    assert counts.expired == 0
    if plan == "nothing goes wrong":
        assert counts.recovered == 0
    if plan == "all are lost":
        assert counts.recovered == DOCUMENTS * len(NAMES) - DOCUMENTS // 4


async def test_what_the_provider_forgot_is_in_the_books_as_well(tmp_path: Path) -> None:
    async with an_office(tmp_path, PLANS["all are lost"]) as office:
        jobs = await office.upload_all()
        forgotten = forget(office, {job for job in jobs if hash_of(job[1]) % 3 == 0})
        counts = await reconcile(office)
        expired = {
            (event.provider, event.job_id)
            for event in office.handled
            if isinstance(event, DocumentFailed) and event.error.code == "expired"
        }
        ended = Counter((event.provider, event.job_id) for event in office.handled)

    assert ended == Counter(jobs)
    assert 0 < counts.expired < len(jobs)
    assert len(expired) == counts.expired
    assert expired <= forgotten


def forget(office: Office, jobs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Let the providers know nothing of these jobs any more; gives those that were asked for then."""
    asked: set[tuple[str, str]] = set()
    transport = httpx.ASGITransport(office.simulator)

    async def forgetful(request: httpx.Request) -> httpx.Response:
        for provider, job_id in jobs:
            if job_id in f"{request.url}{request.content.decode()}":
                asked.add((provider, job_id))
                return httpx.Response(404)
        return await transport.handle_async_request(request)

    for client in office.clients.values():
        client._transport.pool.given = httpx.AsyncClient(transport=httpx.MockTransport(forgetful))
    return asked


def fates(office: Office) -> dict[tuple[str, str | None], list[str]]:
    """Give for each document how it ended, by what is stored."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for row in office.hooks.inbox.rows(limit=10_000).result():
        entry = row.entry
        if entry.type not in (DocumentCompleted.canonical_type, DocumentFailed.canonical_type):
            continue
        event = office.hooks.event(entry)
        is_expired = isinstance(event, DocumentFailed) and event.error.code == "expired"
        fate = "expired" if is_expired and row.state is State.DONE else str(row.state)
        found.setdefault((entry.provider, entry.job_id), []).append(fate)
    return found


def doubtful(event: DocumentCompleted) -> str | None:
    return "it looks odd" if hash_of(event.key) % 4 == 1 else None


async def test_the_books_balance_with_everything_that_goes_wrong(tmp_path: Path) -> None:
    async with an_office(tmp_path, PLANS["everything at once"], is_picky=True) as office:
        jobs = await office.upload_all()
        # What a provider has forgotten, it does not deliver any more.
        await office.simulator.drain()
        forget(office, {job for job in jobs if hash_of(job[1]) % 2 == 0})
        await reconcile(office)
        await until(lambda: office.hooks.inbox.stats().result().pending == 0)
        books = fates(office)

    counted = Counter(fate for ends in books.values() for fate in ends)
    # Each in exactly one place, and all of them.
    assert {job for job, ends in books.items() if len(ends) == 1} == jobs
    assert counted.keys() <= {"done", "review", "dead", "expired"}
    assert min(counted["done"], counted["review"], counted["dead"], counted["expired"]) > 0
    assert len(jobs) == counted["done"] + counted["review"] + counted["dead"] + counted["expired"]


def hash_of(text: str) -> int:
    return sum(text.encode())
