"""Both clients with a tracker."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from paperhook import AsyncClient, Client, Job
from paperhook.core.job import JobStatus
from paperhook.errors import DeadlineExceeded, InboxUnavailable, SubmissionUnknown
from paperhook.retrying import NO_RETRY
from paperhook.tracker import MemoryTracker, SqliteTracker, Tracker, open_tracker
from tests.acme import Acme, KeyedAcme, acme

PNG = b"\x89PNG\r\n\x1a\n"
Call = Callable[..., Any]


class Wire:
    """Makes a job for each upload; every answer may be held back."""

    def __init__(self) -> None:
        self.posts = 0
        self.failure: Exception | None = None
        self.held: asyncio.Event | None = None
        self.arrived = asyncio.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.failure is not None:
            raise self.failure
        if request.method == "GET":
            return httpx.Response(200, json={"id": "d1", "state": "done", "fields": {}})
        self.posts += 1
        if request.url.path.endswith("/batches"):
            return httpx.Response(200, json={"id": "b1"})
        return httpx.Response(200, json={"id": f"d{self.posts}", "state": "waiting"})

    async def holding(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        answer = self(request)
        self.arrived.set()
        if self.held is not None:
            await self.held.wait()
        return answer


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def tracker() -> Iterator[MemoryTracker]:
    opened = MemoryTracker()
    yield opened
    opened.close()


def _sync(wire: Wire, provider: Acme, do: Callable[[Any], Any], **options: Any) -> Any:
    http = httpx.Client(transport=httpx.MockTransport(wire))
    with Client(provider, http_client=http, retry=NO_RETRY, **options) as client:
        return do(client)


def _async(wire: Wire, provider: Acme, do: Callable[[Any], Awaitable[Any]], **options: Any) -> Any:
    async def main() -> Any:
        http = httpx.AsyncClient(transport=httpx.MockTransport(wire.holding))
        async with AsyncClient(provider, http_client=http, retry=NO_RETRY, **options) as client:
            return await do(client)

    return asyncio.run(main())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    return request.param


def upload(client: Any) -> Any:
    return client.upload(PNG, filename="a.png")


def states(tracker: Tracker) -> list[JobStatus]:
    return [row.state for row in tracker.rows().result()]


def test_the_same_document_is_one_job(call: Call, wire: Wire, tracker: MemoryTracker) -> None:
    jobs = [call(wire, acme(), upload, tracker=tracker) for _ in range(3)]

    assert [job.id for job in jobs] == ["d1"] * 3
    assert wire.posts == 1


def test_without_a_tracker_it_is_one_each_time(call: Call, wire: Wire) -> None:
    assert [call(wire, acme(), upload).id for _ in range(2)] == ["d1", "d2"]


@pytest.mark.parametrize(
    "other",
    [
        {"provider": acme(folder="inbox")},
        {"provider": KeyedAcme("key")},
        {"namespace": "shop"},
        {"metadata": {"ref": 1}},
        {"again": True},
        {"idempotency_key": "mine"},
    ],
)
def test_another_option_is_another_job(
    call: Call, wire: Wire, tracker: MemoryTracker, other: dict[str, Any]
) -> None:
    call(wire, acme(), upload, tracker=tracker)
    given = dict(other)
    provider, namespace = given.pop("provider", acme()), given.pop("namespace", "")

    second = call(
        wire,
        provider,
        lambda client: client.upload(PNG, filename="a.png", **given),
        tracker=tracker,
        namespace=namespace,
    )

    assert second.id == "d2"


def test_it_outlives_the_client(call: Call, wire: Wire, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'paperhook.db'}"

    assert [call(wire, acme(), upload, tracker=address).id for _ in range(2)] == ["d1", "d1"]


def test_how_it_stands_is_noted_by_status_wait_and_reconcile(call: Call, wire: Wire) -> None:
    known = Job.known("d1", provider="acme")
    for ask in ("status", "wait", "reconcile"):
        own = MemoryTracker()
        wire.posts = 0
        call(wire, acme(), upload, tracker=own)

        after = call(wire, acme(), lambda client, ask=ask: getattr(client, ask)(known), tracker=own)

        assert after.status is JobStatus.COMPLETED, ask
        assert states(own) == [JobStatus.COMPLETED], ask
        own.close()


def test_upload_and_wait_is_tracked(call: Call, wire: Wire, tracker: MemoryTracker) -> None:
    for _ in range(2):
        call(wire, acme(), lambda client: client.upload_and_wait(PNG, deadline=10), tracker=tracker)

    assert wire.posts == 1


def test_a_lost_answer_is_not_sent_again(call: Call, wire: Wire, tracker: MemoryTracker) -> None:
    wire.failure = httpx.ReadError("cut")
    with pytest.raises(SubmissionUnknown):
        call(wire, acme(), upload, tracker=tracker)
    wire.failure = None

    with pytest.raises(SubmissionUnknown, match="earlier upload"):
        call(wire, acme(), upload, tracker=tracker)
    assert wire.posts == 0


def test_a_tracker_that_is_away_sends_nothing(call: Call, wire: Wire) -> None:
    tracker = MemoryTracker()
    tracker.close()

    with pytest.raises(InboxUnavailable):
        call(wire, acme(), upload, tracker=tracker)
    assert wire.posts == 0


def test_many_threads_send_one(wire: Wire, tracker: MemoryTracker) -> None:
    http = httpx.Client(transport=httpx.MockTransport(wire))
    with Client(acme(), http_client=http, tracker=tracker) as client, ThreadPoolExecutor(16) as pool:
        jobs = list(pool.map(lambda _: upload(client), range(32)))

    assert {job.id for job in jobs} == {"d1"}
    assert wire.posts == 1


def test_the_jobs_of_a_batch_are_known_to_later_uploads(
    call: Call, wire: Wire, tracker: MemoryTracker
) -> None:
    def batch(client: Any) -> Any:
        return client.batch([PNG + b"1", PNG + b"2"])

    named = call(wire, Batching("key"), batch, tracker=tracker)
    again = call(wire, Batching("key"), lambda client: client.upload(PNG + b"2"), tracker=tracker)
    same = call(wire, acme(), batch, tracker=tracker)
    anew = call(wire, acme(), lambda client: client.batch([PNG + b"1"], again=True), tracker=MemoryTracker())

    assert [job.id for job in named.jobs] == ["m0", "m1"]
    assert again.id == "m1"
    assert same.jobs == named.jobs
    assert anew.jobs == ()
    assert wire.posts == 2
    assert len(states(tracker)) == 2


class Batching(Acme):
    """Names the jobs of a batch."""

    def upload_batch(self, documents: Any, **options: Any) -> Any:
        batch = yield from super().upload_batch(documents, **options)
        jobs = tuple(Job(id=f"m{number}", provider=self.name) for number in range(len(documents)))
        return batch.model_copy(update={"jobs": jobs})


# Trackers and their owners


def test_a_client_closes_only_the_tracker_that_it_opened(call: Call, wire: Wire, tmp_path: Path) -> None:
    mine = open_tracker(str(tmp_path / "mine.db"))
    opened: list[Tracker] = []

    def keep(client: Any) -> Any:
        opened.append(client.tracker)
        return upload(client)

    call(wire, acme(), keep, tracker=mine)
    call(wire, acme(), keep, tracker=str(tmp_path / "own.db"))

    assert isinstance(opened[1], SqliteTracker)
    assert mine.tally().result().total == 1
    with pytest.raises(InboxUnavailable):
        opened[1].tally().result()
    mine.close()


def test_a_copy_with_other_options_has_the_same_tracker(tracker: MemoryTracker) -> None:
    assert Client(acme(), tracker=tracker).with_options(timeout=5).tracker is tracker


# Cut off


def test_a_cancelled_upload_is_unknown(wire: Wire, tracker: MemoryTracker) -> None:
    async def main() -> None:
        wire.held = asyncio.Event()
        http = httpx.AsyncClient(transport=httpx.MockTransport(wire.holding))
        async with AsyncClient(acme(), http_client=http, tracker=tracker) as client:
            uploading = asyncio.create_task(upload(client))
            await wire.arrived.wait()
            uploading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await uploading
            assert states(tracker) == [JobStatus.SUBMISSION_UNKNOWN]

    asyncio.run(main())


def test_a_deadline_while_another_sends_is_told(wire: Wire, tracker: MemoryTracker) -> None:
    async def main() -> None:
        wire.held = asyncio.Event()
        http = httpx.AsyncClient(transport=httpx.MockTransport(wire.holding))
        async with AsyncClient(acme(), http_client=http, tracker=tracker) as client:
            uploading = asyncio.create_task(upload(client))
            await wire.arrived.wait()
            with pytest.raises(DeadlineExceeded):
                await client.upload(PNG, filename="a.png", deadline=0.2)
            wire.held.set()
            assert (await uploading).id == "d1"

    asyncio.run(main())

    assert states(tracker) == [JobStatus.SUBMITTED]


def test_an_interrupted_upload_is_unknown(wire: Wire, tracker: MemoryTracker) -> None:
    def interrupt(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    http = httpx.Client(transport=httpx.MockTransport(interrupt))
    with Client(acme(), http_client=http, tracker=tracker) as client, pytest.raises(KeyboardInterrupt):
        upload(client)

    assert states(tracker) == [JobStatus.SUBMISSION_UNKNOWN]


def upload_within(seconds: float, is_async: bool, tracker: Tracker, wire: Wire) -> None:
    async def main() -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(wire))
        async with http, AsyncClient(acme(), tracker=tracker, http_client=http) as client:
            await client.upload(PNG, deadline=seconds)

    if is_async:
        asyncio.run(main())
        return
    with httpx.Client(transport=httpx.MockTransport(wire)) as http:
        Client(acme(), tracker=tracker, http_client=http).upload(PNG, deadline=seconds)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_deadline_bounds_waiting_for_a_locked_tracker(is_async: bool, wire: Wire, tmp_path: Path) -> None:
    path = tmp_path / "paperhook.db"
    open_tracker(f"sqlite:///{path}").tally().result()
    store = SqliteTracker(path)
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    began = time.monotonic()
    with pytest.raises(DeadlineExceeded, match="tracker"):
        upload_within(0.3, is_async, store, wire)
    seconds = time.monotonic() - began
    lock.rollback()
    lock.close()

    assert seconds < 4, "the store's own patience is 5 s"
    assert wire.posts == 0
    # The turn that was asked for and not waited for is given back.
    with httpx.Client(transport=httpx.MockTransport(wire)) as http:
        job = Client(acme(), tracker=store, http_client=http).upload(PNG, deadline=30)
    store.close()
    assert job.id == "d1"


class Slow(MemoryTracker):
    """Stores as any other, and answers one question late."""

    def __init__(self, question: str) -> None:
        super().__init__()
        self.answers = dict.fromkeys([question], 1)

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in ("record", "note") or name not in self.answers:
            return found

        def ask(*given: Any, **named: Any) -> Future[Any]:
            found(*given, **named)
            return Future()

        return ask


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_job_that_is_recorded_too_late_is_on_the_error(is_async: bool, wire: Wire) -> None:
    tracker = Slow("record")

    with pytest.raises(DeadlineExceeded) as raised:
        upload_within(0.3, is_async, tracker, wire)

    assert raised.value.job is not None
    assert raised.value.job.id == raised.value.job_id == "d1"
    assert [row.job.id for row in tracker.rows().result()] == ["d1"]


def test_a_status_is_given_though_the_tracker_is_late_to_note_it(wire: Wire) -> None:
    with httpx.Client(transport=httpx.MockTransport(wire)) as http:
        client = Client(acme(), tracker=Slow("note"), http_client=http)
        job = client.status("d1", deadline=0.3)

    assert job.status is JobStatus.COMPLETED
