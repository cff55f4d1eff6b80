"""What settles an upload without an answer, by what the provider's listing says of its jobs; driven by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from paperhook.core.document import Document
from paperhook.core.job import Job, JobStatus
from paperhook.core.steps import Send, Steps
from paperhook.errors import AnswerLost, SubmissionUnknown
from paperhook.operations import upload
from paperhook.tracker import MemoryTracker
from paperhook.tracker.batches import submit_batch
from paperhook.tracker.journal import submit
from paperhook.tracker.reconciling import LISTING_SECONDS, reconcile
from tests.acme import Acme
from tests.providers.driving import NOON, Answer, Ran, document, prepared, run

SMALL = document(content=b"\x89PNG small")
LARGE = document(content=b"\x89PNG larger than that")
#: As long as SMALL.
OTHER = document(content=b"\x89PNG other")
REF: dict[str, Any] = {"ref": 17}


@dataclass(frozen=True)
class Telling(Acme):
    """The same, with all in its listing that a listing may say."""

    name: ClassVar[str] = "acme"

    def _job(self, response: Any, said: Any) -> Job:
        members = ("filename", "idempotency_key", "size_bytes", "sha256", "created_at")
        told = {name: said[name] for name in members if name in said}
        moment = told.get("created_at")
        told["created_at"] = None if moment is None else datetime.fromtimestamp(moment, UTC)
        told["metadata"] = said.get("metadata", {})
        return super()._job(response, said).model_copy(update=told)


ACME = Telling("key")


@pytest.fixture
def tracker() -> Iterator[MemoryTracker]:
    opened = MemoryTracker()
    yield opened
    opened.close()


def lost(
    tracker: MemoryTracker | None, sent: Document = SMALL, metadata: dict[str, Any] | None = None
) -> Job:
    """Upload a document, and get no answer."""
    key = f"ph-{sent.sha256}-{metadata}"
    steps = (
        upload(ACME, sent, key=key, metadata=metadata)
        if tracker is None
        else submit(ACME, tracker, sent, identity=key, metadata=metadata)
    )
    error = run(prepared(steps), AnswerLost("cut")).error
    assert isinstance(error, SubmissionUnknown)
    assert error.job is not None
    return error.job


def asked(tracker: MemoryTracker | None, job: Job, *listed: dict[str, Any]) -> Ran[Job]:
    """Reconcile long after the upload, so that what is not listed is not there."""
    jobs = [{"state": "waiting", **each} for each in listed]
    return run(later(reconcile(ACME, tracker, job)), Answer(200, jobs))


def later(steps: Steps[Job]) -> Steps[Job]:
    """Run steps on a clock that is ahead."""
    reply: Any = None
    while True:
        try:
            effect = steps.send(reply)
        except StopIteration as done:
            result: Job = done.value
            return result
        reply = yield effect
        if isinstance(reply, float):
            reply += 2 * LISTING_SECONDS


def of(id: str, sent: Document, **more: Any) -> dict[str, Any]:
    return {"id": id, "filename": sent.filename, "size_bytes": sent.size_bytes, **more}


def test_a_hash_settles_it_whatever_the_names(tracker: MemoryTracker) -> None:
    job = lost(tracker)
    listed = (
        {"id": "d7", "filename": "invoice.png"},
        {"id": "d8", "filename": "invoice.png", "sha256": OTHER.sha256},
        {"id": "d9", "filename": "renamed.png", "sha256": SMALL.sha256.upper()},
    )

    settled = asked(tracker, job, *listed).value

    assert settled.id == "d9"
    assert [row.job.id for row in tracker.rows().result()] == ["d9"]


def test_two_jobs_of_one_hash_do_not(tracker: MemoryTracker) -> None:
    ran = asked(tracker, lost(tracker), *({"id": name, "sha256": SMALL.sha256} for name in ("d1", "d2")))

    assert "2 jobs may be invoice.png" in str(ran.error)


def test_sizes_tell_two_documents_of_one_name_apart(tracker: MemoryTracker) -> None:
    small, large = lost(tracker, SMALL), lost(tracker, LARGE)
    listed = (of("d1", LARGE), of("d2", SMALL))

    assert asked(tracker, small, *listed).value.id == "d2"
    assert asked(tracker, large, *listed).value.id == "d1"


@pytest.mark.parametrize(
    "another",
    [
        {"size_bytes": LARGE.size_bytes},
        {"sha256": OTHER.sha256},
        {"metadata": {"ref": 18}},
        {"metadata": {"order": 17}},
        {"created_at": NOON - 3600},
        {"filename": "other.png"},
        {"filename": "other.png", "size_bytes": SMALL.size_bytes},
    ],
)
def test_what_says_that_it_is_anothers_is_not_it(tracker: MemoryTracker, another: dict[str, Any]) -> None:
    job = lost(tracker, metadata=REF)

    ran = asked(tracker, job, {"id": "d1", "filename": "invoice.png", **another})

    assert ran.value.status is JobStatus.VALIDATED


@pytest.mark.parametrize("ref", [17, "17"])
def test_metadata_settles_it(tracker: MemoryTracker, ref: object) -> None:
    job = lost(tracker, metadata=REF)
    listed = (of("d1", SMALL), of("d2", SMALL, metadata={"ref": ref, "added": "by the provider"}))

    assert asked(tracker, job, *listed).value.id == "d2"


def test_metadata_settles_it_where_no_name_is_listed(tracker: MemoryTracker) -> None:
    job = lost(tracker, metadata=REF)

    ran = asked(tracker, job, {"id": "d1", "metadata": {"ref": 18}}, {"id": "d2", "metadata": REF})

    assert ran.value.id == "d2"


@pytest.mark.parametrize(
    "listed",
    [
        {"size_bytes": SMALL.size_bytes},
        {"filename": "renamed.png", "size_bytes": SMALL.size_bytes, "metadata": REF},
    ],
)
def test_what_says_too_little_settles_nothing(tracker: MemoryTracker, listed: dict[str, Any]) -> None:
    ran = asked(tracker, lost(tracker, metadata=REF), {"id": "d1", **listed})

    assert "1 job may be invoice.png" in str(ran.error)
    assert tracker.rows().result()[0].state is JobStatus.SUBMISSION_UNKNOWN


@pytest.mark.parametrize(
    "listed", [{"filename": "invoice.png"}, {"filename": "invoice.png", "size_bytes": SMALL.size_bytes}]
)
def test_one_job_that_may_be_of_two_uploads_is_neithers(
    tracker: MemoryTracker, listed: dict[str, Any]
) -> None:
    jobs = [lost(tracker, SMALL), lost(tracker, OTHER)]

    for job in jobs:
        ran = asked(tracker, job, {"id": "d1", **listed})
        assert "or another upload without an answer" in str(ran.error)


def test_an_upload_that_is_under_way_may_be_the_other(tracker: MemoryTracker) -> None:
    job = lost(tracker)
    under_way = prepared(submit(ACME, tracker, OTHER, identity="other"))
    effect = next(under_way)
    while not isinstance(effect, Send):
        effect = under_way.send(effect.future.result() if hasattr(effect, "future") else NOON)

    ran = asked(tracker, job, {"id": "d1", "filename": "invoice.png"})

    assert "or another upload without an answer" in str(ran.error)
    under_way.close()


def test_the_metadata_of_another_upload_makes_it_that_ones(tracker: MemoryTracker) -> None:
    with_ref, without = lost(tracker, metadata=REF), lost(tracker, OTHER)
    listed = of("d1", SMALL, metadata=REF)

    assert isinstance(asked(tracker, without, listed).error, SubmissionUnknown)
    assert asked(tracker, with_ref, listed).value.id == "d1"


def test_where_others_show_their_keys_a_job_without_one_is_not_taken(tracker: MemoryTracker) -> None:
    listed = (of("d1", SMALL), {"id": "d2", "filename": "x.png", "idempotency_key": "another"})

    ran = asked(tracker, lost(tracker), *listed)

    assert "not listed under its key, as others are" in str(ran.error)


def test_another_document_under_its_key_is_not_it(tracker: MemoryTracker) -> None:
    job = lost(tracker)

    ran = asked(tracker, job, of("d1", LARGE, idempotency_key=job.idempotency_key))

    assert "another document than invoice.png" in str(ran.error)


def test_without_a_tracker_size_and_hash_are_in_the_handle() -> None:
    job = lost(None)

    settled = asked(None, Job.from_json(job.to_json()), of("d1", LARGE), of("d2", SMALL))

    assert (job.size_bytes, job.sha256) == (SMALL.size_bytes, SMALL.sha256)
    assert settled.value.id == "d2"


def batched(tracker: MemoryTracker, *documents: Document) -> dict[str, Job]:
    """Upload documents in one call, and get no answer."""
    steps = submit_batch(ACME, tracker, documents, key=None, metadata=None, namespace="")
    assert isinstance(run(prepared(steps), AnswerLost("cut")).error, SubmissionUnknown)
    return {row.sha256: row.job.model_copy(update={"sha256": row.sha256}) for row in tracker.rows().result()}


def test_documents_of_a_batch_with_one_name_are_told_apart_by_size(tracker: MemoryTracker) -> None:
    jobs = batched(tracker, SMALL, LARGE)
    key = jobs[SMALL.sha256].idempotency_key
    listed = (of("d1", LARGE, idempotency_key=key), of("d2", SMALL, idempotency_key=key))

    assert asked(tracker, jobs[SMALL.sha256], *listed).value.id == "d2"
    assert asked(tracker, jobs[LARGE.sha256], *listed).value.id == "d1"


def test_the_only_job_of_a_batch_without_a_name_is_nobodys(tracker: MemoryTracker) -> None:
    jobs = batched(tracker, SMALL, document("b.png", content=b"\x89PNG b"))
    key = jobs[SMALL.sha256].idempotency_key

    ran = asked(tracker, jobs[SMALL.sha256], {"id": "d1", "idempotency_key": key})

    assert "or another upload without an answer" in str(ran.error)
