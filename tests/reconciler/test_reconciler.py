"""The reconciler by hand: what is asked for when, and what becomes of the answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import httpx
import pytest

from paperhook import AsyncClient, BatchCompleted, Client, DocumentCompleted, DocumentFailed, Event, Webhooks
from paperhook.core.delivery import Envelope
from paperhook.core.job import BatchSummary, ErrorKind, Job, JobStatus
from paperhook.core.rate import Rate
from paperhook.errors import (
    ConfigurationError,
    InboxUnavailable,
    SubmissionUnknown,
)
from paperhook.observe import EventRecovered, JobsMeasured, Observers, Recorder
from paperhook.reconciler import Counts, Reconciler
from paperhook.reconciler.posts import LONGEST_GAP
from paperhook.retrying import NO_RETRY
from paperhook.tracker import MemoryTracker
from tests.acme import SECRET, Acme, acme, body_of, signed
from tests.simulator.world import until

from .desk import PNG, START, Desk, Mute, Odd, Paged, Unready, Wire, a_desk

pytestmark = pytest.mark.anyio

# Finding


async def test_nothing_is_asked_before_a_job_is_silent(desk: Desk) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "done"

    assert await desk.sweep(29.9) == Counts()
    assert desk.wire.asked == []


async def test_a_lost_webhook_is_found_and_handled(desk: Desk) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "done"

    counts = await desk.sweep(30)

    assert counts == Counts(polled=1, recovered=1)
    [event] = desk.handled
    assert isinstance(event, DocumentCompleted)
    assert (event.origin, event.key, event.result.fields["total"].value) == ("poll", "done:d1", "12.50")
    assert [(row.state, row.settled_at) for row in desk.rows] == [(JobStatus.COMPLETED, desk.now)]
    assert await desk.sweep(10_000) == Counts()


async def test_a_late_webhook_is_a_duplicate(desk: Desk) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "done"
    await desk.sweep(30)

    assert desk.deliver() == "duplicate"
    assert len(desk.handled) == 1


async def test_a_webhook_that_came_is_found_in_the_inbox_and_nothing_is_asked(desk: Desk) -> None:
    await desk.upload()
    desk.deliver()

    counts = await desk.sweep(30)

    assert counts == Counts(heard=1)
    assert desk.wire.asked == []
    assert [row.settled_at for row in desk.rows] == [desk.now]


@dataclass(frozen=True)
class Otherwise(Acme):
    """Its webhooks call a document `x-d1` where everything else calls it `d1`."""

    def polled(self, job: Job, result: Any) -> tuple[Envelope, ...]:
        return tuple(
            replace(each, aliases=(f"{job.provider_status}:x-{job.id}",))
            for each in super().polled(job, result)
        )


async def test_a_webhook_that_calls_the_job_otherwise_is_no_loss() -> None:
    for desk in a_desk(Otherwise("acme-key", webhook_secret=SECRET)):
        await desk.upload()
        await desk.upload(PNG + b"2")
        desk.wire.states |= {"d1": "done", "d2": "done"}
        desk.deliver(id="x-d1")

        counts = await desk.sweep(30)

        assert counts == Counts(polled=2, heard=1, recovered=1)
        assert sorted(event.key for event in desk.handled) == ["done:d2", "done:x-d1"]
        assert [row.settled_at for row in desk.rows] == [desk.now] * 2


async def test_an_early_poll_is_a_duplicate(desk: Desk) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "done"
    put = desk.hooks.aput_polled

    async def too_late(provider: str, envelopes: Any) -> tuple[bool, ...]:
        desk.deliver()
        return await put(provider, envelopes)

    desk.hooks.aput_polled = too_late  # type: ignore[method-assign]
    counts = await desk.sweep(30)

    assert counts == Counts(polled=1)
    assert len(desk.handled) == 1


async def test_that_it_was_received_is_not_its_end(desk: Desk) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "done"
    desk.deliver("stored")

    assert await desk.sweep(30) == Counts(polled=1, recovered=1)


async def test_a_failure_is_found_with_its_reason(desk: Desk) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "broken"

    counts = await desk.sweep(30)

    [event] = desk.handled
    assert isinstance(event, DocumentFailed)
    assert (counts.recovered, event.error.code) == (1, "E_BLURRED")
    assert [(row.state, row.error_code) for row in desk.rows] == [(JobStatus.FAILED_TERMINAL, "E_BLURRED")]


async def test_what_the_client_saw_end_is_asked_for_all_the_same(desk: Desk) -> None:
    job = await desk.upload()
    desk.wire.states["d1"] = "broken"
    await desk.client.wait(job, deadline=5)

    await desk.sweep(30)

    [event] = desk.handled
    assert isinstance(event, DocumentFailed)
    assert event.error.code == "E_BLURRED"


async def test_a_failure_that_nobody_pushes_is_no_lost_webhook(mute: Desk) -> None:
    await mute.upload()
    mute.wire.states["d1"] = "broken"

    assert await mute.sweep(30) == Counts(polled=1, unpushed=1)
    assert len(mute.handled) == 1


async def test_a_job_that_runs_is_asked_for_later_and_later(desk: Desk) -> None:
    await desk.upload()

    polled = [round(desk.now - START) for _ in range(300) if (await desk.sweep(10)).polled]

    assert polled == [30, 60, 120, 240, 480, 960, 1920]


async def test_no_gap_is_longer_than_an_hour(desk: Desk) -> None:
    await desk.upload()

    polled = [hour for hour in range(60) if (await desk.sweep(LONGEST_GAP)).polled]

    assert polled == list(range(60))


async def test_a_result_that_is_not_there_yet_is_asked_for_again(desk: Desk) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "early"
    await desk.sweep(30)
    desk.wire.states["d1"] = "done"

    assert (await desk.sweep(60)).recovered == 1


async def test_a_result_that_the_provider_is_not_done_with_is_asked_for_again() -> None:
    for desk in a_desk(Unready("acme-key", webhook_secret=SECRET)):
        await desk.upload()
        desk.wire.states["d1"] = "gone"
        await desk.sweep(30)
        desk.wire.states["d1"] = "done"

        assert (await desk.sweep(60)).recovered == 1


async def test_the_parts_of_a_document_are_asked_for_together() -> None:
    for desk in a_desk(Paged("acme-key", webhook_secret=SECRET)):
        await desk.upload()
        desk.wire.states |= {"d1": "done", "d2": "waiting"}
        first = await desk.sweep(30)
        before = desk.rows[0].settled_at
        desk.wire.states["d2"] = "broken"
        second = await desk.sweep(30)

        assert (first.recovered, before, second.recovered) == (1, None, 1)
        assert [event.key for event in desk.handled] == ["done:d1", "broken:d2"]
        assert desk.rows[0].settled_at == desk.now


async def test_an_archive_is_asked_for_although_an_event_came(mute: Desk) -> None:
    archive = b"PK\x03\x04 members"
    await mute.client.upload(archive, filename="a.zip")
    mute.wire.states["d1"] = "done"
    mute.deliver()

    assert (await mute.sweep(30)).polled == 1
    assert mute.rows[0].settled_at == mute.now


# Expiry


async def test_a_job_that_is_unknown_twice_has_expired(desk: Desk) -> None:
    await desk.upload()
    desk.wire.states.clear()
    first = await desk.sweep(30)
    handled_before = list(desk.handled)

    second = await desk.sweep(60)

    assert (first, handled_before) == (Counts(polled=1), [])
    assert second == Counts(polled=1, expired=1)
    [event] = desk.handled
    assert isinstance(event, DocumentFailed)
    assert (event.error.code, event.error.kind) == ("expired", ErrorKind.TERMINAL)
    assert [(row.state, row.settled_at) for row in desk.rows] == [(JobStatus.EXPIRED, desk.now)]


async def test_one_that_comes_back_has_not(desk: Desk) -> None:
    await desk.upload()
    states, desk.wire.states = desk.wire.states, {}
    await desk.sweep(30)
    desk.wire.states = states
    await desk.sweep(30)
    desk.wire.states = {}

    assert (await desk.sweep(60)).expired == 0


async def test_after_its_retention_a_job_is_gone_at_once(mute: Desk) -> None:
    await mute.upload()
    mute.wire.states["d1"] = "gone"

    assert (await mute.sweep(3600)).expired == 1
    assert mute.rows[0].state is JobStatus.EXPIRED


async def test_only_the_parts_that_nothing_was_heard_of_expire() -> None:
    for desk in a_desk(Paged("acme-key", webhook_secret=SECRET)):
        await desk.upload()
        desk.deliver("done", "d1")
        desk.wire.states.clear()
        await desk.sweep(30)
        await desk.sweep(60)

        assert [event.key for event in desk.handled] == ["done:d1", "document.expired:d2"]
        assert desk.rows[0].state is JobStatus.EXPIRED


async def test_a_job_is_asked_for_before_its_result_is_deleted(
    mute: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await mute.upload()

    polled = [round(mute.now - START) for _ in range(356) if (await mute.sweep(10)).polled]

    assert polled == [
        30,
        60,
        120,
        240,
        480,
        960,
        1920,
        3240,
        3270,
        3300,
        3330,
        3360,
        3390,
        3420,
        3450,
        3480,
        3510,
        3540,
    ]
    assert "its result is deleted at" in caplog.text


# Batches


@dataclass(frozen=True)
class Batching(Acme):
    """Names the jobs of a batch, and tells when it ended."""

    tells: ClassVar[bool] = True

    def upload_batch(self, documents: Any, **options: Any) -> Any:
        batch = yield from super().upload_batch(documents, **options)
        jobs = tuple(Job(id=f"d{n}", provider=self.name, batch_id="b1") for n in (1, 2))
        return batch.model_copy(update={"id": "b1", "jobs": jobs})

    def batch_ended(self, batch_id: str, summary: BatchSummary) -> Envelope | None:
        counts = {"total": summary.total, "succeeded": summary.succeeded}
        ended = Envelope("batch:b1", "batch.completed", "batch", counts, counts, batch_id=batch_id)
        return ended if self.tells else None


@dataclass(frozen=True)
class Untold(Batching):
    """Has batches, and no event of theirs."""

    tells: ClassVar[bool] = False


async def test_a_batch_ends_when_all_its_documents_did() -> None:
    for desk in a_desk(Batching("acme-key", webhook_secret=SECRET)):
        ended: list[Event] = []
        desk.hooks.on("batch.completed", name="batch")(ended.append)
        await desk.client.batch([PNG + b"1", PNG + b"2"])
        desk.wire.states |= {"d1": "done", "d2": "waiting"}
        first = await desk.sweep(30)
        desk.wire.states["d2"] = "broken"
        second = await desk.sweep(60)
        before = list(ended)

        third = await desk.sweep(30)

        assert (first.recovered, second.recovered, before) == (1, 1, [])
        assert third == Counts(recovered=1)
        [event] = ended
        assert isinstance(event, BatchCompleted)
        assert (event.batch_id, event.summary.total, event.summary.succeeded) == ("b1", 2, 1)
        assert await desk.sweep(1000) == Counts()


async def test_a_batch_whose_event_came_is_no_loss() -> None:
    for desk in a_desk(Batching("acme-key", webhook_secret=SECRET)):
        desk.hooks.on("batch.completed", name="batch")(desk.handled.append)
        await desk.client.batch([PNG + b"1", PNG + b"2"])
        for word, about in (("done", "d1"), ("batch", "b1"), ("done", "d2")):
            desk.deliver(word, about)

        heard, later = await desk.sweep(30), await desk.sweep(30)

        assert (heard, later) == (Counts(heard=2), Counts())
        assert len(desk.handled) == 3


async def test_where_nobody_tells_of_batches_nothing_is_made_up() -> None:
    for desk in a_desk(Untold("acme-key", webhook_secret=SECRET)):
        await desk.client.batch([PNG + b"1", PNG + b"2"])
        desk.wire.states |= {"d1": "done", "d2": "done"}
        await desk.sweep(30)

        assert await desk.sweep(30) == Counts()
        assert desk.tracker.claim_batches("acme", hold=1, limit=9, now=desk.now + 999).result() == ()


# Alarms


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
async def test_a_recovered_event_is_told(desk: Desk, is_async: bool) -> None:
    told: list[Event] = []

    async def tell(event: Event) -> None:
        told.append(event)

    await desk.upload()
    desk.wire.states["d1"] = "done"
    await desk.sweep(30, on_recovered=tell if is_async else told.append)

    assert [event.key for event in told] == ["done:d1"]


async def test_observers_hear_of_what_was_recovered_and_of_open_jobs_now_and_then(desk: Desk) -> None:
    recorder = Recorder()
    await desk.upload(PNG + b"1")
    await desk.upload(PNG + b"2")
    desk.wire.states["d1"] = "done"
    desk.now += 30
    observe = Observers([recorder])
    reconciler = Reconciler(
        desk.hooks, [desk.client], silence=30.0, rate=1e6, clock=lambda: desk.now, observe=observe
    )

    await reconciler.sweep()
    await reconciler.sweep()

    assert recorder.seen == [
        EventRecovered("acme", "document.completed"),
        JobsMeasured(open=1, unknown=0, settled=1, oldest=30.0),
    ]


async def test_an_alarm_that_fails_stops_nothing(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "done"

    def fail(event: Event) -> None:
        raise RuntimeError(f"total {event.key}")

    assert (await desk.sweep(30, on_recovered=fail)).recovered == 1
    assert "on_recovered failed: RuntimeError" in caplog.text
    assert "total" not in caplog.text


async def test_an_alarm_that_is_cancelled_or_exits_stops_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    raised: list[BaseException] = [asyncio.CancelledError(), SystemExit(3)]

    async def fail(event: Event) -> None:
        raise raised.pop()

    await desk.upload(PNG + b"1")
    await desk.upload(PNG + b"2")
    desk.wire.states |= {"d1": "done", "d2": "done"}

    assert (await desk.sweep(30, on_recovered=fail)).recovered == 2
    assert "on_recovered failed: SystemExit" in caplog.text
    assert "on_recovered failed: asyncio.exceptions.CancelledError" in caplog.text


# Providers that cannot be asked


@pytest.mark.parametrize(
    "refusal",
    [httpx.Response(503), httpx.Response(401), httpx.ConnectError("down"), httpx.Response(429)],
    ids=["503", "401", "down", "429"],
)
async def test_a_provider_that_is_away_is_left_alone_until_later(desk: Desk, refusal: Any) -> None:
    for number in range(3):
        await desk.upload(PNG + bytes([number]))
    desk.wire.states |= dict.fromkeys(desk.wire.states, "done")
    desk.wire.refusal = refusal
    away = await desk.sweep(30)
    desk.wire.refusal = None

    found = [await desk.sweep(30) for _ in range(10)]

    assert (away.polled, away.recovered, away.unanswered) == (1, 0, 1)
    assert sum(counts.unanswered for counts in found) == 0
    assert sum(counts.recovered for counts in found) == 3


async def test_a_job_that_cannot_be_read_does_not_hold_up_the_others(desk: Desk) -> None:
    await desk.upload()
    await desk.upload(PNG + b"2")
    desk.wire.states |= {"d1": "early", "d2": "done"}

    assert (await desk.sweep(30)).recovered == 1


async def test_a_job_at_which_a_provider_fails_keeps_no_other_from_being_asked_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for desk in a_desk(Odd("acme-key", webhook_secret=SECRET)):
        for number in range(3):
            await desk.upload(PNG + bytes([number]))
        desk.wire.states |= dict.fromkeys(desk.wire.states, "done")

        for _ in range(3):
            # Each time all are due again.
            with suppress(KeyError):
                await desk.sweep(200)

        assert {event.job_id for event in desk.handled} == {"d2", "d3"}
        assert "job d1 cannot be looked at" in caplog.text
        assert "IBAN" not in caplog.text


async def test_more_than_a_page_is_asked_for_in_one_sweep(desk: Desk) -> None:
    for number in range(45):
        await desk.upload(PNG + bytes([number]))
    desk.wire.states |= dict.fromkeys(desk.wire.states, "done")

    assert (await desk.sweep(30)).recovered == 45


async def test_two_reconcilers_ask_for_each_job_once(desk: Desk) -> None:
    for number in range(30):
        await desk.upload(PNG + bytes([number]))
    desk.wire.states |= dict.fromkeys(desk.wire.states, "done")
    desk.now += 30

    both = await asyncio.gather(*(desk.reconciler().sweep() for _ in range(2)))

    assert sum(counts.polled for counts in both) == sum(counts.recovered for counts in both) == 30


async def test_requests_keep_to_the_rate(desk: Desk) -> None:
    for number in range(3):
        await desk.upload(PNG + bytes([number]))
    loop = asyncio.get_running_loop()
    began = loop.time()

    # Two requests a job: at 20 a second the third begins 0.2 s after the first.
    await desk.sweep(30, rate=20.0)

    assert 0.2 <= loop.time() - began < 2


async def test_a_synchronous_client_does_as_well(desk: Desk) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "done"
    http = httpx.Client(transport=httpx.MockTransport(desk.wire))
    client = Client(acme(), http_client=http, tracker=desk.tracker)
    desk.now += 30

    counts = await desk.hooks.reconciler(client, silence=30.0, rate=1e6).sweep()

    assert counts.recovered == 1


async def test_a_store_that_is_away_is_told_and_what_was_found_before_counts(desk: Desk) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "done"
    desk.now += 30
    reconciler = desk.reconciler()
    settle, desk.tracker.settle = desk.tracker.settle, Away()  # type: ignore[method-assign]

    with pytest.raises(InboxUnavailable):
        await reconciler.sweep()
    desk.tracker.settle = settle  # type: ignore[method-assign]

    assert reconciler.counts == Counts(polled=1, recovered=1)


class Away:
    """A store that answers nothing."""

    def __call__(self, *args: Any, **names: Any) -> Future[Any]:
        failed: Future[Any] = Future()
        failed.set_exception(InboxUnavailable("disk full"))
        return failed


# Uploads without an answer


@dataclass(frozen=True)
class Named(Acme):
    """Its listing shows names."""

    def _job(self, response: Any, said: Any) -> Job:
        return super()._job(response, said).model_copy(update={"filename": said.get("name")})


def cut(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("cut", request=request)


async def lose(desk: Desk) -> None:
    """Upload a document whose answer never comes."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(cut))
    client = AsyncClient(desk.client.provider, http_client=http, tracker=desk.tracker)
    client._now = lambda: desk.now  # type: ignore[method-assign]
    with pytest.raises(SubmissionUnknown):
        await client.upload(PNG, filename="a.png")


async def test_an_upload_without_an_answer_is_looked_for(desk: Desk) -> None:
    for named in a_desk(Named("acme-key", webhook_secret=SECRET)):
        await lose(named)
        named.wire.states["d7"] = "done"
        named.wire.listed = [{"id": "d7", "state": "done", "name": "a.png"}]

        early = await named.sweep(30)
        found = await named.sweep(60)
        later = await named.sweep(60)

        assert (early.settled, found.settled, later.recovered) == (0, 1, 1)
        assert [event.job_id for event in named.handled] == ["d7"]


async def test_what_cannot_be_settled_waits_for_a_person(desk: Desk) -> None:
    await lose(desk)
    desk.wire.listed = [{"id": f"d{n}", "state": "done"} for n in range(1000)]

    assert (await desk.sweep(90)).settled == 0
    assert desk.rows[0].state is JobStatus.SUBMISSION_UNKNOWN


async def test_a_listing_that_fails_is_tried_again(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    await lose(desk)
    desk.wire.refusal = httpx.Response(503)
    failed = await desk.sweep(90)
    desk.wire.refusal = None

    again = await desk.sweep(1)

    assert (failed.settled, again.settled) == (0, 1)
    assert (failed.unanswered, again.unanswered) == (1, 0)
    assert "cannot be listed" in caplog.text
    assert desk.rows[0].state is JobStatus.VALIDATED


async def test_where_nothing_is_listed_nobody_looks(mute: Desk) -> None:
    await lose(mute)

    assert (await mute.sweep(90)).settled == 0
    assert mute.wire.asked == []


# Running


async def test_it_runs_until_it_is_cancelled(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "done"
    desk.now += 30
    reconciler = desk.reconciler(every=0.01)
    claim, away = desk.tracker.claim_silent, Away()

    def stumble(*args: Any, **names: Any) -> Any:
        desk.tracker.claim_silent = claim  # type: ignore[method-assign]
        return away(*args, **names)

    desk.tracker.claim_silent = stumble  # type: ignore[method-assign]
    running = asyncio.create_task(reconciler.run())
    async with asyncio.timeout(10):
        await until(lambda: reconciler.counts.recovered > 0)
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert "reconciling failed, again in 0.01 s" in caplog.text


async def test_it_goes_on_where_something_that_it_waits_for_is_cancelled(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.upload()
    desk.wire.states["d1"] = "done"
    desk.now += 30
    reconciler, claim = desk.reconciler(every=0.01), desk.tracker.claim_silent

    def stumble(*args: Any, **names: Any) -> Any:
        desk.tracker.claim_silent = claim  # type: ignore[method-assign]
        asked: Future[Any] = Future()
        asked.cancel()
        return asked

    desk.tracker.claim_silent = stumble  # type: ignore[method-assign]
    running = asyncio.create_task(reconciler.run())
    try:
        async with asyncio.timeout(10):
            await until(lambda: reconciler.counts.recovered > 0)
    finally:
        running.cancel()
        await asyncio.wait([running])

    assert "again in 0.01 s: asyncio.exceptions.CancelledError" in caplog.text


async def test_hooks_run_it_beside_the_worker(desk: Desk) -> None:
    provider, handled = acme(), list[Event]()
    tracker = MemoryTracker()
    await tracker_with_a_silent_job(tracker)
    wire = Wire({"d1": "done"})
    http = httpx.AsyncClient(transport=httpx.MockTransport(wire))
    client = AsyncClient(provider, http_client=http, tracker=tracker)
    recovered: list[Event] = []
    hooks = Webhooks(provider, inbox="memory:", reconcile=client, on_recovered=recovered.append)
    hooks.on(DocumentCompleted)(handled.append)

    async with hooks.lifespan(), asyncio.timeout(10):
        await until(lambda: bool(handled))
    await hooks.aclose()

    assert [event.key for event in handled] == [event.key for event in recovered] == ["done:d1"]
    tracker.close()


async def test_a_worker_of_its_own_runs_it_too(desk: Desk) -> None:
    provider, handled = acme(), list[Event]()
    tracker = MemoryTracker()
    await tracker_with_a_silent_job(tracker)
    http = httpx.AsyncClient(transport=httpx.MockTransport(Wire({"d1": "done"})))
    client = AsyncClient(provider, http_client=http, tracker=tracker)
    hooks = Webhooks(provider, inbox="memory:", worker="external", reconcile=[client])
    hooks.on(DocumentCompleted)(handled.append)

    async with hooks.lifespan():
        pass
    running = asyncio.create_task(hooks.run_worker())
    async with asyncio.timeout(10):
        await until(lambda: bool(handled))
    await hooks.worker.stop()
    await running
    await hooks.aclose()
    tracker.close()

    assert len(handled) == 1


async def tracker_with_a_silent_job(tracker: MemoryTracker) -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(Wire()))
    client = AsyncClient(acme(), http_client=http, tracker=tracker)
    # A long time ago.
    client._now = lambda: START  # type: ignore[method-assign]
    await client.upload(PNG, filename="a.png")


def test_a_provider_that_does_not_answer_keeps_no_process_from_ending() -> None:
    tracker, is_asked, answered = MemoryTracker(), threading.Event(), threading.Event()

    def stay_silent(request: httpx.Request) -> httpx.Response:
        is_asked.set()
        answered.wait(60)
        return httpx.Response(404)

    http = httpx.Client(transport=httpx.MockTransport(stay_silent))
    client = Client(acme(), http_client=http, tracker=tracker, timeout=60, retry=NO_RETRY)
    hooks = Webhooks(acme(), inbox="memory:", worker="external", reconcile=client)

    async def work_for_a_moment() -> None:
        await tracker_with_a_silent_job(tracker)
        working = asyncio.create_task(hooks.run_worker())
        assert await asyncio.to_thread(is_asked.wait, 10)
        await hooks.stop_worker()
        await working

    process = threading.Thread(target=asyncio.run, args=(work_for_a_moment(),), daemon=True)
    process.start()
    process.join(20)
    has_ended = not process.is_alive()
    answered.set()
    process.join(20)
    hooks.close()
    client.close()
    tracker.close()

    assert is_asked.is_set()
    assert has_ended


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_a_webhook_settles_what_is_tracked_when_it_arrives(way: str) -> None:
    for desk in a_desk(acme()):
        await desk.upload()
        hooks = Webhooks(acme(), inbox=desk.hooks.inbox, worker="external", reconcile=desk.client)
        hooks.on("document.*")(print)
        body = body_of()
        for word in ("stored", "done"):
            body = body_of(word)
            receive: Callable[..., Any] = hooks.receive if way == "sync" else hooks.areceive
            answered = receive(signed(body), body)
            if way == "async":
                await answered

        assert [row.state for row in desk.rows] == [JobStatus.COMPLETED]
        assert desk.rows[0].settled_at is not None


async def test_one_member_of_an_archive_does_not_settle_it() -> None:
    for desk in a_desk(Mute("acme-key", webhook_secret=SECRET)):
        await desk.client.upload(b"PK\x03\x04", filename="a.zip")
        hooks = Webhooks(desk.client.provider, inbox="memory:", worker="external", reconcile=desk.client)
        hooks.on("document.*")(print)
        hooks.receive(signed(body_of()), body_of())
        hooks.close()

        assert desk.rows[0].settled_at is None


# Configuration


@pytest.mark.parametrize("word", ["silence", "rate", "every"])
async def test_numbers_are_positive(desk: Desk, word: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{word} is 0"):
        desk.reconciler(**{word: 0})


async def test_a_client_without_a_tracker_is_refused(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="has no tracker"):
        Webhooks(acme(), inbox="memory:", reconcile=Client(acme()))


async def test_a_provider_of_another_receiver_is_refused(desk: Desk) -> None:
    other = Webhooks(Named("acme-key", webhook_secret=SECRET), inbox="memory:")
    stranger = type("Stranger", (Acme,), {"name": "stranger"})("key", webhook_secret=SECRET)
    with pytest.raises(ConfigurationError, match="none of the providers"):
        other.reconciler(Client(stranger, tracker=desk.tracker))


async def test_without_a_client_there_is_nothing_to_ask_with(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="reconcile="):
        desk.hooks.reconciler()


@pytest.mark.parametrize(
    ("usual", "silence", "every"), [(0.5, 10.0, 5.0), (5.0, 50.0, 25.0), (60.0, 600.0, 60.0)]
)
async def test_by_default_a_job_is_silent_after_ten_times_its_usual_time(
    desk: Desk, usual: float, silence: float, every: float
) -> None:
    can = replace(Acme.capabilities, usual_seconds=usual, rates=(Rate(120),))
    slow = type("Slow", (Acme,), {"capabilities": can})("key", webhook_secret=SECRET)
    hooks = Webhooks(slow, inbox="memory:")

    reconciler = hooks.reconciler(Client(slow, tracker=desk.tracker))

    [post] = reconciler._posts
    assert (post.silence, reconciler._every, post.spacing) == (silence, every, 1.0)
