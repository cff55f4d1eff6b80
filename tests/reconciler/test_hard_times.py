"""The reconciler where things go wrong together: clocks, outages, races, restarts, several of them at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from paperhook import AsyncClient, DocumentCompleted, DocumentFailed, Webhooks
from paperhook.client import Unlimited
from paperhook.core.job import JobStatus
from paperhook.core.rate import Rate
from paperhook.errors import SubmissionUnknown
from paperhook.inbox import Filter, PostgresInbox, State
from paperhook.observe import JobsMeasured, Observers, Recorder
from paperhook.reconciler import Reconciler
from paperhook.reconciler.posts import LONGEST_GAP
from paperhook.tracker import MemoryTracker, PostgresTracker, SqliteTracker, Tracker
from tests import postgres
from tests.acme import SECRET, Acme, acme, body_of, signed
from tests.simulator.world import until

from .desk import PNG, START, Desk, Mute, Wire, a_desk

pytestmark = pytest.mark.anyio

HOUR = 3600.0
DAY = 24 * HOUR

#: For a folder, a tracker and the inbox beside it.
STORES: dict[str, Callable[[Path], tuple[Tracker, Any]]] = {
    "memory": lambda folder: (MemoryTracker(), "memory:"),
    "sqlite": lambda folder: (SqliteTracker(folder / "p.db"), f"sqlite:///{folder}/p.db"),
    "postgres": lambda folder: (PostgresTracker(address := postgres.address()), PostgresInbox(address)),
}


@pytest.fixture(params=STORES)
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    tracker, inbox = STORES[request.param](tmp_path)
    yield from a_desk(acme(), tracker=tracker, inbox=inbox)


async def upload_some(desk: Desk, count: int) -> None:
    for number in range(count):
        await desk.upload(PNG + number.to_bytes(2, "big"))


def ends(desk: Desk) -> Counter[str]:
    """How often each document was handled."""
    return Counter(event.job_id or "" for event in desk.handled)


# Webhooks and polls


@pytest.mark.parametrize("word", ["done", "broken"])
async def test_a_webhook_that_comes_after_a_job_expired_is_handled_all_the_same(
    desk: Desk, word: str
) -> None:
    await desk.upload()
    desk.wire.states.clear()
    await desk.sweep(30)
    await desk.sweep(60)

    assert desk.deliver(word) == "accepted"
    await desk.hooks.worker.drain()

    first, second = desk.handled
    assert isinstance(first, DocumentFailed)
    assert first.error.code == "expired"
    assert isinstance(second, DocumentCompleted if word == "done" else DocumentFailed)
    # What it ended as stays, and nobody asks again.
    assert [row.state for row in desk.rows] == [JobStatus.EXPIRED]
    assert (await desk.sweep(DAY)).polled == 0
    assert desk.deliver(word) == "duplicate"


async def test_a_webhook_between_two_questions_ends_the_search(desk: Desk) -> None:
    await desk.upload()
    desk.wire.states.clear()
    await desk.sweep(30)
    desk.deliver("done")

    counts = await desk.sweep(60)

    assert (counts.heard, counts.expired) == (1, 0)
    assert [event.key for event in desk.handled] == ["done:d1"]


@pytest.mark.slow
async def test_webhooks_and_polls_that_race_are_handled_once(stored: Desk) -> None:
    await upload_some(stored, 40)
    names = list(stored.wire.states)
    stored.wire.states |= dict.fromkeys(names, "done")
    stored.now += 30

    def deliver_all() -> list[str]:
        return [stored.deliver("done", name) for name in names]

    delivered, first, second = await asyncio.gather(
        asyncio.to_thread(deliver_all), stored.reconciler().sweep(), stored.reconciler().sweep()
    )
    await stored.hooks.worker.drain()

    assert ends(stored) == Counter(names)
    assert set(delivered) <= {"accepted", "duplicate"}
    # Each event was new to one of them.
    assert delivered.count("accepted") + first.recovered + second.recovered == 40
    assert all(row.settled_at is not None for row in stored.tracker.rows(limit=100).result())


# Several of them


@pytest.mark.slow
async def test_reconcilers_of_several_machines_ask_for_each_job_once(stored: Desk) -> None:
    await upload_some(stored, 60)
    stored.wire.states |= dict.fromkeys(stored.wire.states, "done")
    stored.now += 30

    counts = await asyncio.gather(*(stored.reconciler().sweep() for _ in range(4)))
    await stored.hooks.worker.drain()

    assert sum(each.polled for each in counts) == sum(each.recovered for each in counts) == 60
    assert set(ends(stored).values()) == {1}


async def test_what_one_was_asking_for_when_it_died_another_asks_for(stored: Desk) -> None:
    await upload_some(stored, 10)
    stored.wire.states |= dict.fromkeys(stored.wire.states, "done")
    stored.now += 30
    reconciler = stored.reconciler()
    enter, entered = stored.hooks.aput_polled, list[str]()

    async def stop_at_the_fourth(provider: str, envelopes: Any) -> tuple[bool, ...]:
        if len(entered) == 3:
            sweeping.cancel()
        entered.append(envelopes[0].key)
        return await enter(provider, envelopes)

    stored.hooks.aput_polled = stop_at_the_fourth  # type: ignore[method-assign]
    sweeping = asyncio.create_task(reconciler.sweep())
    with pytest.raises(asyncio.CancelledError):
        await sweeping
    stored.hooks.aput_polled = enter  # type: ignore[method-assign]
    [post] = reconciler._posts

    early = await stored.sweep(1)
    late = await stored.sweep(post.hold)

    # It may have been cut before or after the fourth was stored.
    assert reconciler.counts.recovered in (3, 4)
    assert early.polled == 0
    assert reconciler.counts.recovered + late.recovered + late.heard >= 10
    assert ends(stored) == Counter(list(stored.wire.states))


# Outages


async def test_a_provider_that_is_down_for_hours_is_asked_little_and_loses_nothing(desk: Desk) -> None:
    await upload_some(desk, 50)
    desk.wire.states |= dict.fromkeys(desk.wire.states, "done")
    desk.wire.refusal = httpx.ConnectError("down")

    # Six hours, a minute each.
    away = [(await desk.sweep(60)).polled for _ in range(360)]
    desk.wire.refusal = None
    back = [(await desk.sweep(60)).recovered for _ in range(10)]

    assert max(away) == 1
    # Nobody has to wait an hour because the provider was away for long.
    assert sum(back) == 50
    assert set(ends(desk).values()) == {1}


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    # The last is a time since the epoch, which some write by mistake.
    [("900", 800, 900), ("1760000000", 3500, 3600)],
)
async def test_a_provider_that_limits_the_rate_is_left_alone_as_long_as_it_says_up_to_an_hour(
    desk: Desk, asked: str, least: float, most: float
) -> None:
    await upload_some(desk, 3)
    desk.wire.states |= dict.fromkeys(desk.wire.states, "done")
    desk.wire.refusal = httpx.Response(429, headers={"retry-after": asked})
    desk.now += 30
    reconciler = desk.reconciler()
    loop = asyncio.get_running_loop()

    counts = await reconciler.sweep()

    [post] = reconciler._posts
    assert (counts.polled, counts.recovered) == (1, 0)
    assert least < post.free_at - loop.time() <= most


async def test_a_job_is_found_before_its_retention_ends_after_an_outage_of_hours() -> None:
    long = replace(Mute.capabilities, retention_seconds=DAY)
    lasting = type("Lasting", (Mute,), {"capabilities": long})
    for desk in a_desk(lasting("acme-key", webhook_secret=SECRET)):
        await desk.upload()
        desk.wire.refusal = httpx.Response(503)
        for _ in range(23 * 6):
            await desk.sweep(600)
        desk.wire.refusal, desk.wire.states["d1"] = None, "done"

        found = [(await desk.sweep(600)).recovered for _ in range(5)]

        assert sum(found) == 1
        assert desk.now < START + DAY


async def test_a_provider_that_loses_jobs_and_one_that_does_not_are_told_apart(desk: Desk) -> None:
    await upload_some(desk, 6)
    kept = {"d1": "done", "d2": "broken", "d3": "waiting"}
    desk.wire.states = dict(kept)

    for _ in range(5):
        await desk.sweep(60)

    fates = {
        event.job_id: "expired"
        if isinstance(event, DocumentFailed) and event.error.code == "expired"
        else event.type
        for event in desk.handled
    }
    assert fates == {
        "d1": "document.completed",
        "d2": "document.failed",
        **dict.fromkeys(("d4", "d5", "d6"), "expired"),
    }
    assert [row.job.id for row in desk.rows if row.settled_at is None] == ["d3"]


# Providers that owe much


class Slow(Acme):
    """May be asked once in a minute."""

    name = "slow"
    capabilities = replace(Acme.capabilities, rates=(Rate(1),))


async def test_a_provider_that_owes_much_keeps_no_other_waiting_and_is_told_of_meanwhile() -> None:
    slow, swift = (each("acme-key", webhook_secret=SECRET) for each in (Slow, Named))
    tracker, wire, recorder, now = MemoryTracker(), Wire(), Recorder(), [START]
    http = httpx.AsyncClient(transport=httpx.MockTransport(wire))
    hooks = Webhooks(slow, swift, inbox="memory:", worker="external")
    hooks.on("document.*", name="book")(print)
    clients = [
        AsyncClient(each, http_client=http, tracker=tracker, limiter=Unlimited()) for each in (slow, swift)
    ]
    for client in clients:
        client._now = lambda: now[0]  # type: ignore[method-assign]
    reconciler = Reconciler(
        hooks,
        clients,
        silence=30.0,
        every=0.02,
        clock=lambda: now[0],
        observe=Observers([recorder]),
    )
    for number in range(5):
        await clients[0].upload(PNG + bytes([number]), filename="a.png")
    wire.states |= dict.fromkeys(wire.states, "done")
    now[0] += 60

    running = asyncio.create_task(reconciler.run())
    async with asyncio.timeout(30):
        for number in range(3):
            await clients[1].upload(PNG + bytes([100 + number]), filename="b.png")
            wire.states |= dict.fromkeys(wire.states, "done")
            now[0] += 60
            # The next one is uploaded only when this one was found.
            await until(lambda number=number: found(hooks, "acme") == number + 1)
        await until(lambda: any(isinstance(seen, JobsMeasured) for seen in recorder.seen))
    still_running = not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    of_the_slow = found(hooks, "slow")
    hooks.close()

    # The first sweep of the slow one has hardly begun.
    assert still_running
    assert of_the_slow <= 1
    assert reconciler.counts.recovered >= 3


def found(hooks: Webhooks, provider: str) -> int:
    return len(hooks.inbox.rows(Filter(provider=provider)).result())


# Clocks


@pytest.mark.parametrize("seconds", [-HOUR, -DAY, -400 * DAY])
async def test_a_clock_that_is_set_back_keeps_no_job_from_being_asked_for(
    stored: Desk, seconds: float
) -> None:
    await upload_some(stored, 3)
    await stored.sweep(60)
    stored.wire.states |= dict.fromkeys(stored.wire.states, "done")

    stored.now += seconds
    found = [(await stored.sweep(300)).recovered for _ in range(30)]

    # Within the time that passes, not when the clock shows again what it showed.
    assert sum(found) == 3
    assert set(ends(stored).values()) == {1}


@pytest.mark.parametrize("seconds", [HOUR, 400 * DAY])
async def test_a_clock_that_is_set_forward_makes_no_job_expire_that_is_there(
    mute: Desk, seconds: float
) -> None:
    await mute.upload()
    mute.now += seconds

    still = await mute.sweep(60)
    mute.wire.states["d1"] = "done"
    found = [(await mute.sweep(LONGEST_GAP)).recovered for _ in range(3)]

    assert (still.polled, still.expired) == (1, 0)
    assert sum(found) == 1


async def test_a_machine_whose_clock_is_ahead_uploads_what_is_found_all_the_same(stored: Desk) -> None:
    stored.now += 5 * DAY
    await upload_some(stored, 2)
    stored.wire.states |= dict.fromkeys(stored.wire.states, "done")
    stored.now -= 5 * DAY

    found = [(await stored.sweep(60)).recovered for _ in range(5)]

    assert sum(found) == 2


# Uploads without an answer, at providers with a listing and without


class Named(Acme):
    """Its listing shows names, and it may be asked a thousand times a second."""

    capabilities = replace(Acme.capabilities, rates=(Rate(60_000),))

    def _job(self, response: Any, said: Any) -> Any:
        return super()._job(response, said).model_copy(update={"filename": said.get("name")})


class Unlisted(Named):
    """Has no listing."""

    capabilities = replace(Named.capabilities, lists_jobs=False)


async def lose(desk: Desk, number: int, filename: str) -> None:
    """Upload a document whose answer never comes."""

    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut", request=request)

    http = httpx.AsyncClient(transport=httpx.MockTransport(cut))
    client = AsyncClient(desk.client.provider, http_client=http, tracker=desk.tracker)
    client._now = lambda: desk.now  # type: ignore[method-assign]
    with pytest.raises(SubmissionUnknown):
        await client.upload(PNG + number.to_bytes(2, "big"), filename=filename)


async def test_many_uploads_without_an_answer_do_not_hide_one_that_can_be_found() -> None:
    for desk in a_desk(Named("acme-key", webhook_secret=SECRET)):
        # The provider has two documents of this name, so nobody can tell which is whose.
        for number in range(45):
            await lose(desk, number, "scan.png")
        await lose(desk, 99, "only.png")
        for number in range(45, 60):
            await lose(desk, number, "scan.png")
        same = [{"id": f"s{n}", "state": "done", "name": "scan.png"} for n in range(2)]
        desk.wire.listed = [*same, {"id": "d7", "state": "done", "name": "only.png"}]
        desk.now += 3600
        reconciler = desk.reconciler()

        settled = [(await reconciler.sweep()).settled for _ in range(8)]

        assert sum(settled) == 1
        # Those that cannot be told apart are not asked for with every sweep.
        assert 61 <= len(desk.wire.asked) <= 2 * 61


async def test_without_a_listing_they_wait_for_a_person_and_nobody_is_asked() -> None:
    for desk in a_desk(Unlisted("acme-key", webhook_secret=SECRET)):
        await lose(desk, 1, "only.png")

        assert (await desk.sweep(DAY)).settled == 0
        assert desk.wire.asked == []
        assert [row.state for row in desk.rows] == [JobStatus.SUBMISSION_UNKNOWN]


def test_helpers_deliver_what_acme_signs(desk: Desk) -> None:
    body = body_of("done")
    assert desk.hooks.receive(signed(body), body).status == 200
    assert desk.hooks.inbox.rows().result()[0].state is State.PENDING
