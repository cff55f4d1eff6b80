"""The handle that a handler gets of a job which was submitted elsewhere."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import pytest

from paperhook import AsyncClient, Client, DocumentCompleted, DocumentNeedsReview, Webhooks
from paperhook.core.event import Event
from paperhook.core.job import Job, JobStatus
from paperhook.hooks.journal import Journal
from paperhook.inbox.base import Entry, State
from paperhook.rules import required
from paperhook.tracker import MemoryTracker, Submission, Tracker, Which
from paperhook.tracker.base import ANY
from tests.acme import acme, body_of, signed

from .given import row_states

PNG = b"\x89PNG\r\n\x1a\n"
REF = {"order": 17}


def answer(request: httpx.Request) -> httpx.Response:
    """Acme, which has one job that is done."""
    if request.url.path.endswith("/result"):
        return httpx.Response(200, json={"fields": {"total": "12.50"}})
    state = "waiting" if request.method == "POST" else "done"
    return httpx.Response(200, json={"id": "d1", "state": state})


def client_of(tracker: str | Tracker | None) -> Client:
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return Client(acme(), tracker=tracker, http_client=http)


def async_client_of(tracker: str | Tracker | None) -> AsyncClient:
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return AsyncClient(acme(), tracker=tracker, http_client=http)


def handled(handler: Callable[..., Any], body: bytes = b"", **options: Any) -> list[State]:
    """Receive one delivery, and run its handlers."""
    hooks = Webhooks(acme(), worker="external", **{"inbox": "memory:", **options})
    hooks.on("*")(handler)
    body = body or body_of()
    hooks.receive(signed(body), body)
    asyncio.run(asyncio.wait_for(hooks.worker.drain(), 60))
    states = row_states(hooks)
    hooks.close()
    return states


@pytest.mark.parametrize("by", ["fetch", "reconcile"])
def test_a_handler_goes_on_with_the_job_of_another_process(tmp_path: Path, by: str) -> None:
    address, found = f"sqlite:///{tmp_path / 'paperhook.db'}", list[Any]()
    with client_of(address) as sender:
        sent = sender.upload(PNG, filename="a.png", metadata=REF)
    receiver = client_of(address)

    def book(event: Event) -> None:
        job = event.job
        found.append(job)
        found.extend(each(job) for each in (receiver.status, receiver.wait, receiver.result))

    states = handled(book, inbox=address, **{by: receiver})

    assert states == [State.DONE]
    job, asked, waited, result = found
    assert (job.id, job.status, job.filename, job.metadata) == ("d1", JobStatus.COMPLETED, "a.png", REF)
    assert job.own_document_id == sent.own_document_id is not None
    assert job.attempt_id == sent.attempt_id is not None
    assert asked.attempt_id == waited.attempt_id == sent.attempt_id
    assert result.fields["total"].value == "12.50"
    assert Job.from_json(job.to_json()) == job
    receiver.close()


def test_an_async_handler_does_too() -> None:
    tracker, found = MemoryTracker(), list[Any]()
    with client_of(tracker) as sender:
        sent = sender.upload(PNG, filename="a.png", metadata=REF)
    client = async_client_of(tracker)

    async def book(event: Event) -> None:
        found.append(await client.wait(event.job))
        found.append(await client.result(event.job))
        await client.aclose()

    handled(book, fetch=client)

    assert found[0].attempt_id == sent.attempt_id
    assert found[1].fields["total"].value == "12.50"
    tracker.close()


def test_the_submission_of_a_batch_and_of_the_same_upload_again_have_the_ids_too() -> None:
    tracker = MemoryTracker()
    with client_of(tracker) as client:
        first, again = (client.upload(PNG, filename="a.png") for _ in range(2))
        row = tracker.rows().result()[0]

    assert first.attempt_id == again.attempt_id == row.attempt_id
    assert first.own_document_id == again.own_document_id == row.document_id
    tracker.close()


@pytest.mark.parametrize("body", [body_of(id="d9"), b'{"event": "ping", "document": {}}'])
def test_of_a_job_that_nobody_submitted_here_the_delivery_tells(body: bytes) -> None:
    tracker, found = MemoryTracker(), list[Event]()
    with client_of(tracker) as client:
        client.upload(PNG, filename="a.png")
        handled(found.append, body, reconcile=client)

    assert (found[0].job.filename, found[0].job.attempt_id) == (None, None)
    assert found[0].job.id == (found[0].job_id or "")
    tracker.close()


def test_without_a_tracker_the_delivery_tells() -> None:
    found = list[Event]()
    with client_of(None) as client:
        handled(found.append, fetch=client)

    assert (found[0].job.id, found[0].job.attempt_id) == ("d1", None)


def test_a_tracker_that_is_away_keeps_no_handler_from_running(caplog: pytest.LogCaptureFixture) -> None:
    tracker, found = MemoryTracker(), list[Event]()
    client = client_of(tracker)
    tracker.close()

    states = handled(found.append, fetch=client)

    assert states == [State.DONE]
    assert found[0].job.id == "d1"
    assert "cannot be looked up" in caplog.text
    client.close()


class Silent(MemoryTracker):
    """Never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = list[Future[tuple[Submission, ...]]]()

    def rows(self, which: Which = ANY, *, limit: int = 100) -> Future[tuple[Submission, ...]]:
        self.asked.append(Future())
        return self.asked[-1]


def entry_of(provider: str = "acme") -> Entry:
    return Entry(provider, "e1", "document.completed", b"", job_id="d1")


def test_a_tracker_that_does_not_answer_is_left_alone_for_a_while() -> None:
    trackers = {"acme": Silent(), "other": Silent()}
    journal = Journal(trackers, patience=0.01, rest=1000.0)

    async def find() -> None:
        for _ in range(3):
            assert await asyncio.wait_for(journal.find(entry_of()), 10) is None
        assert await asyncio.wait_for(journal.find(entry_of("other")), 10) is None

    asyncio.run(find())

    assert {name: len(tracker.asked) for name, tracker in trackers.items()} == {"acme": 1, "other": 1}
    # Nobody waits for it, so it need not be done.
    assert trackers["acme"].asked[0].cancelled()
    for tracker in trackers.values():
        tracker.close()


def test_a_tracker_that_answers_again_is_asked_again() -> None:
    tracker = Silent()
    journal = Journal({"acme": tracker}, patience=0.01, rest=0.0)

    async def find() -> None:
        for _ in range(2):
            assert await asyncio.wait_for(journal.find(entry_of()), 10) is None

    asyncio.run(find())

    assert len(tracker.asked) == 2
    tracker.close()


def test_a_submission_that_cannot_be_read_keeps_no_handler_from_running(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Unreadable(MemoryTracker):
        def rows(self, which: Which = ANY, *, limit: int = 100) -> Future[tuple[Submission, ...]]:
            raise ValueError("IBAN DE89")

    found = list[Event]()
    client = client_of(Unreadable())

    states = handled(found.append, fetch=client)

    assert states == [State.DONE]
    assert found[0].job.id == "d1"
    assert "ValueError" in caplog.text
    assert "IBAN" not in caplog.text
    client.close()


def test_a_document_in_review_has_the_job_too() -> None:
    tracker, found = MemoryTracker(), list[Event]()
    with client_of(tracker) as client:
        sent = client.upload(PNG, filename="a.png")
        hooks = Webhooks(
            acme(), inbox="memory:", worker="external", reconcile=client, rules=[required("vendor")]
        )
        hooks.on(DocumentNeedsReview, name="tell")(found.append)
        hooks.on(DocumentCompleted, name="book")(found.append)
        body = body_of()
        hooks.receive(signed(body), body)
        asyncio.run(asyncio.wait_for(hooks.worker.drain(), 60))
        hooks.close()

    assert isinstance(found[0], DocumentNeedsReview)
    assert (found[0].job.status, found[0].job.attempt_id) == (JobStatus.NEEDS_REVIEW, sent.attempt_id)
    tracker.close()


@pytest.mark.parametrize("word", ["done", "broken"])
def test_a_copy_of_an_event_keeps_its_job(word: str) -> None:
    job = Job(id="d1", provider="acme", attempt_id="att-1")
    body = body_of(word)
    event = acme().verify(signed(body), body).with_job(job)

    copies = [copy.copy(event), copy.deepcopy(event), pickle.loads(pickle.dumps(event))]

    assert [each.job for each in copies] == [job] * 3
    assert copies == [event] * 3
