"""Batches with a tracker, driven by hand: every document has a row before the first byte leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from paperhook.core.document import Document
from paperhook.core.exchange import FilePart, Multipart, Repeat
from paperhook.core.job import Batch, Job, JobStatus
from paperhook.core.provider import NOTHING
from paperhook.core.steps import Await, Now, Send, Steps
from paperhook.errors import (
    AnswerLost,
    BadRequest,
    DeadlineExceeded,
    InboxUnavailable,
    NothingSent,
    SubmissionUnknown,
    UnsupportedDocument,
)
from paperhook.operations import submission_key
from paperhook.tracker import MemoryTracker, Submission
from paperhook.tracker.batches import submit_batch
from paperhook.tracker.journal import submit
from paperhook.tracker.reconciling import reconcile
from tests.acme import Acme, KeyedAcme
from tests.providers.driving import Answer, document, header, prepared, run

UNKNOWN = JobStatus.SUBMISSION_UNKNOWN
A, B, C = (document(f"{name}.png", content=b"\x89PNG\r\n\x1a\n" + name.encode()) for name in "abc")


class Batching(KeyedAcme):
    """Names the job of each document, as far as the answer does."""

    repeat = Repeat.ALWAYS

    def upload_batch(
        self, documents: Any, *, key: str | None = None, metadata: Any = NOTHING
    ) -> Steps[Batch]:
        body = Multipart((), tuple(FilePart("file", each) for each in documents))
        headers = (("Idempotency-Key", key or ""),)
        said = (
            yield from self.call("POST", "/batches", body=body, headers=headers, repeat=self.repeat)
        ).json()
        jobs = [Job(id=job_id, provider=self.name) for job_id in said["jobs"]]
        return Batch(id=said["id"], provider=self.name, jobs=tuple(jobs))


class Keyless(Batching):
    capabilities = Acme.capabilities
    repeat = Repeat.UNLESS_SENT


@pytest.fixture
def tracker() -> Iterator[MemoryTracker]:
    opened = MemoryTracker()
    yield opened
    opened.close()


def batch(
    tracker: Any, *documents: Document, provider: Any = None, again: bool = False, key: str | None = None
) -> Steps[Batch]:
    provider = provider or Batching("key")
    steps = submit_batch(provider, tracker, documents, key=key, metadata=None, namespace="", again=again)
    return prepared(steps)


def single(tracker: MemoryTracker, one: Document, provider: Any = None) -> Steps[Job]:
    provider = provider or Batching("key")
    identity = submission_key(one, provider, metadata={}, namespace="")
    return prepared(submit(provider, tracker, one, identity=identity))


def accepted(id: str, *jobs: str) -> Answer:
    return Answer(202, {"id": id, "jobs": jobs})


def rows(tracker: MemoryTracker) -> dict[str, Submission]:
    return {row.filename: row for row in tracker.rows().result()}


def sent_in(ran: Any) -> list[list[str]]:
    return [[part.document.filename for part in request.body.files] for request in ran.requests]


def test_every_document_is_written_down_before_the_first_byte(tracker: MemoryTracker) -> None:
    steps = batch(tracker, A, B)
    effect = next(steps)
    while not isinstance(effect, Send):
        effect = steps.send(effect.future.result() if isinstance(effect, Await) else 100.0)

    before = rows(tracker)
    steps.close()

    assert set(before) == {"a.png", "b.png"}
    assert {row.sent_at for row in before.values()} == {100.0}
    assert len({row.key for row in before.values()}) == 1
    # Who is cut off while it is out leaves what nobody knows.
    assert {row.state for row in rows(tracker).values()} == {UNKNOWN}


def test_the_jobs_are_recorded_all_at_once(tracker: MemoryTracker) -> None:
    ran = run(batch(tracker, A, B), accepted("b1", "d1", "d2"))

    assert [job.id for job in ran.value.jobs] == ["d1", "d2"]
    assert [(job.filename, job.batch_id) for job in ran.value.jobs] == [("a.png", "b1"), ("b.png", "b1")]
    assert {name: row.job.id for name, row in rows(tracker).items()} == {"a.png": "d1", "b.png": "d2"}
    (known,) = tracker.claim_batches(Batching.name, hold=60, limit=9, now=1e10).result()
    assert (known.batch_id, known.total) == ("b1", 2)


def test_the_same_batch_again_is_the_same_batch(tracker: MemoryTracker) -> None:
    run(batch(tracker, A, B), accepted("b1", "d1", "d2"))

    again = run(batch(tracker, A, B))

    assert again.requests == []
    assert (again.value.id, [job.id for job in again.value.jobs]) == ("b1", ["d1", "d2"])


def test_what_has_a_job_is_left_out_and_named_all_the_same(tracker: MemoryTracker) -> None:
    run(single(tracker, B), Answer(200, {"id": "d7", "state": "waiting"}))

    ran = run(batch(tracker, A, B, C), accepted("b1", "d1", "d3"))

    assert sent_in(ran) == [["a.png", "c.png"]]
    assert [job.id for job in ran.value.jobs] == ["d1", "d7", "d3"]


def test_documents_that_came_in_several_calls_are_a_batch_without_an_id(tracker: MemoryTracker) -> None:
    run(batch(tracker, A), accepted("b1", "d1"))
    run(batch(tracker, B), accepted("b2", "d2"))

    both = run(batch(tracker, A, B)).value

    assert (both.id, [job.id for job in both.jobs]) == ("", ["d1", "d2"])


def test_the_same_document_twice_is_sent_once(tracker: MemoryTracker) -> None:
    ran = run(batch(tracker, A, B, A), accepted("b1", "d1", "d2"))

    assert sent_in(ran) == [["a.png", "b.png"]]
    assert [job.id for job in ran.value.jobs] == ["d1", "d2", "d1"]


def test_again_makes_new_jobs_under_a_new_key(tracker: MemoryTracker) -> None:
    first = run(batch(tracker, A), accepted("b1", "d1"))

    second = run(batch(tracker, A, again=True), accepted("b2", "d2"))

    assert [job.id for job in second.value.jobs] == ["d2"]
    assert header(first.requests[0], "idempotency-key") != header(second.requests[0], "idempotency-key")


def test_a_lost_answer_is_repeated_with_its_key_and_all_its_documents(tracker: MemoryTracker) -> None:
    lost = run(batch(tracker, A, B), AnswerLost("gone"))
    ran = run(batch(tracker, A, B), accepted("b1", "d1", "d2"))

    assert isinstance(lost.error, SubmissionUnknown)
    assert header(lost.requests[0], "idempotency-key") == header(ran.requests[0], "idempotency-key")
    assert sent_in(lost) == sent_in(ran) == [["a.png", "b.png"]]
    assert {row.attempts for row in rows(tracker).values()} == {2}


def test_without_a_key_a_lost_answer_is_not_repeated(tracker: MemoryTracker) -> None:
    run(batch(tracker, A, B, provider=Keyless("key")), AnswerLost("gone"))

    again = run(batch(tracker, C, A, provider=Keyless("key")))

    assert isinstance(again.error, SubmissionUnknown)
    assert again.requests == []
    # What was begun for the others is given back.
    assert rows(tracker)["c.png"].state is JobStatus.VALIDATED
    assert (
        run(single(tracker, C, Keyless("key")), Answer(200, {"id": "d3", "state": "waiting"})).value.id
        == "d3"
    )


def test_a_document_of_an_unanswered_batch_is_not_sent_by_itself(tracker: MemoryTracker) -> None:
    run(batch(tracker, A, B), AnswerLost("gone"))

    alone = run(single(tracker, A))

    assert isinstance(alone.error, SubmissionUnknown)
    assert alone.requests == []


def test_what_was_refused_may_be_sent_otherwise_under_its_own_key(tracker: MemoryTracker) -> None:
    refused = run(batch(tracker, A, B), Answer(400))

    alone = run(single(tracker, A), Answer(200, {"id": "d1", "state": "waiting"}))

    assert isinstance(refused.error, BadRequest)
    assert alone.value.id == "d1"
    row = rows(tracker)["a.png"]
    assert row.key == row.identity == header(alone.requests[0], "idempotency-key")


def test_what_was_refused_alone_may_be_sent_in_a_batch_under_the_batchs_key(tracker: MemoryTracker) -> None:
    run(single(tracker, A), Answer(400))
    lost = run(batch(tracker, A), AnswerLost("gone"))

    row = rows(tracker)["a.png"]
    assert row.state is UNKNOWN
    assert row.key == row.job.idempotency_key == header(lost.requests[0], "idempotency-key")


@pytest.mark.parametrize("answer", [Answer(503), NothingSent("refused")])
def test_a_batch_that_did_not_arrive_leaves_its_rows_free(tracker: MemoryTracker, answer: Any) -> None:
    provider = Batching("key") if isinstance(answer, NothingSent) else None
    ran = run(batch(tracker, A, provider=provider), answer)

    expected = JobStatus.VALIDATED if isinstance(ran.error, NothingSent) else UNKNOWN
    assert rows(tracker)["a.png"].state is expected


def test_an_answer_that_names_no_jobs_leaves_what_nobody_knows(tracker: MemoryTracker) -> None:
    ran = run(batch(tracker, A, B), accepted("b1"))

    assert (ran.value.id, ran.value.jobs) == ("b1", ())
    assert {row.state for row in rows(tracker).values()} == {UNKNOWN}


def test_a_batch_that_is_refused_beforehand_writes_nothing(tracker: MemoryTracker) -> None:
    ran = run(batch(tracker, A, document("e.png", content=b"")))

    assert isinstance(ran.error, UnsupportedDocument)
    assert rows(tracker) == {}


def test_ones_own_key_is_the_calls(tracker: MemoryTracker) -> None:
    ran = run(batch(tracker, A, key="mine"), accepted("b1", "d1"))

    assert header(ran.requests[0], "idempotency-key") == "mine"


@pytest.mark.parametrize("until", [1, 2, 3, 4])
def test_who_is_cancelled_before_sending_leaves_nothing_taken(tracker: MemoryTracker, until: int) -> None:
    steps = batch(tracker, A, B)
    effect, stores = next(steps), 0
    while stores < until:
        stores += isinstance(effect, Await)
        if stores < until:
            effect = steps.send(effect.future.result() if isinstance(effect, Await) else 100.0)
    steps.close()

    ran = run(batch(tracker, A, B), accepted("b1", "d1", "d2"))

    assert [job.id for job in ran.value.jobs] == ["d1", "d2"]


class Failing(MemoryTracker):
    """Records nothing."""

    error: Exception = InboxUnavailable("full")

    def record_jobs(self, *given: Any, **named: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "kind"),
    [(InboxUnavailable("full"), SubmissionUnknown), (DeadlineExceeded("late"), DeadlineExceeded)],
)
def test_jobs_that_cannot_be_recorded_are_told(error: Exception, kind: type[Exception]) -> None:
    tracker = Failing()
    tracker.error = error

    ran = run(batch(tracker, A), accepted("b1", "d1"))
    tracker.close()

    assert type(ran.error) is kind


def test_a_document_of_a_batch_is_found_in_the_listing_by_its_name(tracker: MemoryTracker) -> None:
    class Listing(Keyless):
        def jobs(self, *, since: Any = None, limit: int = 100) -> Steps[tuple[Job, ...]]:
            yield Now()
            key = rows(tracker)["a.png"].key
            return tuple(
                Job(id=f"d-{name}", provider="acme", filename=f"{name}.png", idempotency_key=key)
                for name in "ab"
            )

    provider = Listing("key")
    run(batch(tracker, A, B, provider=provider), AnswerLost("gone"))
    unknown = {name: row.job for name, row in rows(tracker).items()}

    found = [run(reconcile(provider, tracker, unknown[name])).value.id for name in ("b.png", "a.png")]

    assert found == ["d-b", "d-a"]


def test_two_documents_of_a_batch_with_one_name_are_not_told_apart(tracker: MemoryTracker) -> None:
    class Listing(Keyless):
        def jobs(self, *, since: Any = None, limit: int = 100) -> Steps[tuple[Job, ...]]:
            yield Now()
            key = rows(tracker)["a.png"].key
            return tuple(
                Job(id=job_id, provider="acme", filename="a.png", idempotency_key=key)
                for job_id in ("d1", "d2")
            )

    provider = Listing("key")
    other = document("a.png", content=b"\x89PNG\r\n\x1a\nother")
    run(batch(tracker, A, other, provider=provider), AnswerLost("gone"))

    found = run(reconcile(provider, tracker, rows(tracker)["a.png"].job))

    assert isinstance(found.error, SubmissionUnknown)
    assert "2 jobs of one key" in str(found.error)
