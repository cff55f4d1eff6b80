from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from paperhook import operations
from paperhook.core.delivery import Delivery
from paperhook.core.event import (
    BatchCompleted,
    DocumentCompleted,
    DocumentFailed,
    DocumentReceived,
    Event,
    UnknownEvent,
)
from paperhook.core.exchange import Repeat
from paperhook.core.headers import Headers
from paperhook.core.job import Batch, ErrorKind, Job, JobStatus
from paperhook.core.provider import Provider
from paperhook.core.result import Result
from paperhook.core.secret import Secret
from paperhook.errors import (
    AnswerLost,
    AuthenticationFailed,
    BadRequest,
    ConfigurationError,
    JobFailed,
    MalformedAnswer,
    MalformedDelivery,
    NotFound,
    OutOfCredits,
    RateLimited,
    ServerError,
    SubmissionUnknown,
    UnsupportedDocument,
    WaitTimeout,
)
from paperhook.providers.ocriva import Ocriva

from .driving import NOON, Answer, document, form_fields, form_files, header, json_value, run

SAMPLES = Path(__file__).parent.parent / "samples" / "ocriva"
SECRET = "whsec_0123456789abcdef"
API = "https://api.ocriva.com/v1/openapi"
HISTORY = f"{API}/processing-history"
JOB = Job.known("up_1", provider="ocriva")

ABSENT = Answer(404, {"statusCode": 404, "message": "Processing history not found", "error": "Not Found"})


@pytest.fixture
def ocriva() -> Ocriva:
    return Ocriva("ocr_key", project_id="p1", webhook_secret=SECRET)


def record(id: str = "up_1", status: str = "completed", **members: Any) -> dict[str, Any]:
    found = {"id": id, "uploadId": f"of_{id}", "fileName": "a.pdf", "fileSize": "54391", "status": status}
    if status == "completed":
        found["extractedData"] = {"vendor": "Acme", "totalAmount": 10.5}
    return {**found, **members}


def page(*records: dict[str, Any], **paging: Any) -> Answer:
    return Answer(200, {"data": list(records), **paging})


def uploaded(**members: Any) -> Answer:
    return Answer(
        201, {"id": "up_1", "fileName": "a.pdf", "status": "uploaded", "projectId": "p1", **members}
    )


def body_of(kind: str, payload: Any, **members: Any) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventId": "evt_1760000000000_ab12cd",
        "timestamp": "2026-03-31T12:00:00.000Z",
        "organizationId": "o1",
        "projectId": "p1",
        "payload": payload,
        **members,
    }


def event_of(ocriva: Provider, body: Any, **headers: str) -> Event:
    [event] = ocriva.events(Delivery(Headers(headers), json.dumps(body).encode()))
    return event


# Settings


def test_the_project_and_the_template_come_from_the_environment() -> None:
    made = Ocriva.from_env(
        {
            "OCRIVA_API_KEY": "ocr_key",
            "OCRIVA_PROJECT_ID": "p1",
            "OCRIVA_TEMPLATE_ID": "t1",
            "OCRIVA_BEARER": "1",
        }
    )

    assert (made.project_id, made.template_id, made.bearer) == ("p1", "t1", True)


def test_the_key_travels_in_its_own_header_unless_it_is_an_access_token(ocriva: Ocriva) -> None:
    by_key = run(ocriva.projects(), Answer(200, [])).requests[0]
    by_token = run(replace(ocriva, bearer=True).projects(), Answer(200, [])).requests[0]

    assert (header(by_key, "X-API-Key"), header(by_key, "Authorization")) == ("ocr_key", None)
    assert (header(by_token, "X-API-Key"), header(by_token, "Authorization")) == (None, "Bearer ocr_key")


def test_project_and_template_are_part_of_an_uploads_key(ocriva: Ocriva) -> None:
    others = [ocriva, replace(ocriva, project_id="p2"), replace(ocriva, template_id="t2")]

    assert len({operations.submission_key(document(), each, metadata={}) for each in others}) == 3


# Uploading


def test_an_upload_says_everything_about_its_file_as_text(ocriva: Ocriva) -> None:
    made = replace(ocriva, template_id="t1", upload_type="api")
    pdf = document("a.pdf", "application/pdf", b"%PDF-1.7")

    ran = run(made.upload(pdf, key="key-1", metadata={"po": 7}), uploaded())

    assert ran.sent == [f"POST {API}/upload"]
    fields = form_fields(ran.requests[0])
    assert json.loads(fields.pop("metadata")) == {"po": 7, "paperhookKey": "key-1"}
    assert fields == {
        "fileName": "a.pdf",
        "fileType": "pdf",
        "fileSize": "8",
        "mimeType": "application/pdf",
        "projectId": "p1",
        "templateId": "t1",
        "uploadType": "api",
    }
    assert form_files(ran.requests[0]) == [("file", "a.pdf")]
    assert ran.requests[0].repeat is Repeat.UNLESS_SENT


def test_an_upload_without_key_and_metadata_sends_none(ocriva: Ocriva) -> None:
    assert "metadata" not in form_fields(run(ocriva.upload(document()), uploaded()).requests[0])


@pytest.mark.parametrize(
    ("content_type", "word"),
    [("application/pdf", "pdf"), ("image/webp", "image"), ("application/msword", "document")],
)
def test_the_file_type_is_one_of_their_three_words(ocriva: Ocriva, content_type: str, word: str) -> None:
    ran = run(ocriva.upload(document("a", content_type)), uploaded())

    assert form_fields(ran.requests[0])["fileType"] == word


def test_the_new_job_keeps_what_the_upload_knew(ocriva: Ocriva) -> None:
    job = run(ocriva.upload(document(), key="key-1", metadata={"po": 7}), uploaded()).value

    assert (job.id, job.status, job.provider_status) == ("up_1", JobStatus.SUBMITTED, "uploaded")
    assert (job.idempotency_key, job.metadata) == ("key-1", {"po": 7})


def test_a_project_is_needed_even_with_a_projects_own_key() -> None:
    error = run(Ocriva("ocr_key").upload(document())).error

    assert isinstance(error, ConfigurationError)
    assert "OCRIVA_PROJECT_ID" in str(error)


def test_a_document_can_join_a_batch(ocriva: Ocriva) -> None:
    ran = run(ocriva.add_to_batch("b1", document()), uploaded(batchId="b1"))

    assert form_fields(ran.requests[0])["batchId"] == "b1"
    assert ran.value.batch_id == "b1"


def test_a_lost_answer_leaves_the_submission_unknown_because_no_key_is_honoured(ocriva: Ocriva) -> None:
    ran = run(
        operations.upload(ocriva, document(), key="key-1"), AnswerLost("ocriva: POST /v1/upload: reset")
    )

    assert isinstance(ran.error, SubmissionUnknown)


def test_a_listing_shows_the_key_that_an_upload_carried(ocriva: Ocriva) -> None:
    carried = {"paperhookKey": "key-1", "po": 7}

    as_object, as_text = run(
        ocriva.jobs(), page(record(metadata=carried), record("up_2", metadata=json.dumps(carried)), total=2)
    ).value

    assert (as_object.idempotency_key, as_object.metadata) == ("key-1", {"po": 7})
    assert as_object.size_bytes == 54391
    assert (as_text.idempotency_key, as_text.metadata) == ("key-1", {"po": 7})


# Jobs


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("uploaded", JobStatus.SUBMITTED),
        ("pending", JobStatus.SUBMITTED),
        ("queued", JobStatus.SUBMITTED),
        ("in_progress", JobStatus.PROCESSING),
        ("completed", JobStatus.COMPLETED),
        ("failed", JobStatus.FAILED_TERMINAL),
        ("archived", JobStatus.PROCESSING),
        (None, JobStatus.PROCESSING),
    ],
)
def test_every_status_word_has_a_meaning(ocriva: Ocriva, word: Any, expected: JobStatus) -> None:
    job = run(ocriva.status(JOB), Answer(200, record(status=word))).value

    assert job.status is expected
    assert job.provider_status == (word or "")


def test_a_job_is_asked_for_by_the_id_of_its_upload(ocriva: Ocriva) -> None:
    ran = run(ocriva.status(JOB), Answer(200, record()))

    assert ran.sent == [f"GET {HISTORY}/up_1"]
    assert (ran.value.id, ran.value.document_id) == ("up_1", None)


def test_an_id_that_the_history_does_not_know_is_looked_for_as_upload_id(ocriva: Ocriva) -> None:
    named = JOB.model_copy(update={"filename": "a b.pdf"})

    ran = run(ocriva.status(named), ABSENT, page(record("h_0"), record("h_1", uploadId="up_1"), total=2))

    assert ran.sent[1] == f"GET {HISTORY}?projectId=p1&page=1&limit=100&search=a%20b.pdf"
    assert (ran.value.id, ran.value.document_id) == ("up_1", "h_1")


def test_the_found_record_is_asked_for_directly_from_then_on(ocriva: Ocriva) -> None:
    found = run(ocriva.status(JOB), ABSENT, page(record("h_1", uploadId="up_1"), total=1)).value

    ran = run(ocriva.status(found), Answer(200, record("h_1", uploadId="up_1")))

    assert ran.sent == [f"GET {HISTORY}/h_1"]
    assert (ran.value.id, ran.value.document_id) == ("up_1", "h_1")


def test_a_poll_of_a_found_record_has_the_key_of_its_webhook(ocriva: Ocriva) -> None:
    found = page(record("h_1", uploadId="up_1"), total=1)

    [envelope] = run(operations.poll(ocriva, JOB), ABSENT, found).value

    assert envelope.key == "document.completed:up_1"
    assert envelope.document_id == "h_1"
    # Which of the two ids an event carries is nowhere said.
    assert envelope.aliases == ("document.completed:h_1",)


def test_a_poll_knows_the_other_id_of_its_record(ocriva: Ocriva) -> None:
    [other] = run(operations.poll(ocriva, JOB), Answer(200, record("up_1", uploadId="u_2"))).value
    [same] = run(operations.poll(ocriva, JOB), Answer(200, record("up_1", uploadId="up_1"))).value

    assert other.aliases == ("document.completed:u_2",)
    assert same.aliases == ()


def test_an_event_may_call_the_id_of_a_batch_by_its_name(ocriva: Ocriva) -> None:
    event = event_of(
        ocriva, body_of("batch.completed", {"batchId": "b1", "totalFiles": 1, "completedFiles": 1})
    )

    assert (event.key, event.batch_id) == ("batch.completed:b1", "b1")


def test_the_search_is_bounded(ocriva: Ocriva) -> None:
    pages = [page(record(f"h_{number}"), total=1000) for number in range(5)]

    ran = run(ocriva.status(JOB), ABSENT, *pages)

    assert isinstance(ran.error, NotFound)
    assert len(ran.requests) == 6


@pytest.mark.parametrize(
    "last", [page(), page(record("h_1"), total=1), page(record("h_1"), meta={"totalPages": 1})]
)
def test_a_job_that_is_nowhere_is_not_found(ocriva: Ocriva, last: Answer) -> None:
    ran = run(ocriva.status(JOB), ABSENT, last)

    assert isinstance(ran.error, NotFound)
    assert len(ran.requests) == 2


@pytest.mark.parametrize("word", ["uploaded", None])
def test_an_upload_that_the_history_does_not_know_yet_is_still_submitted(
    ocriva: Ocriva, word: str | None
) -> None:
    fresh = run(ocriva.upload(document("a.pdf")), uploaded(status=word)).value

    early = run(operations.status(ocriva, fresh), ABSENT, page()).value
    later = run(operations.status(ocriva, early), Answer(200, record(status="queued"))).value

    assert fresh.status is early.status is JobStatus.SUBMITTED
    assert (early.id, later.provider_status) == ("up_1", "queued")
    assert isinstance(run(operations.status(ocriva, later), ABSENT, page()).error, NotFound)


def test_a_record_may_be_wrapped_as_a_listing_is(ocriva: Ocriva) -> None:
    wrapped = Answer(200, {"data": record()})

    job, result = run(ocriva.status(JOB), wrapped).value, run(ocriva.result(JOB), wrapped).value

    assert (job.id, job.status) == ("up_1", JobStatus.COMPLETED)
    assert result.fields["vendor"].value == "Acme"
    assert run(ocriva.record("up_1"), wrapped).value.upload_id == "of_up_1"


def test_a_job_without_an_id_cannot_be_asked_for(ocriva: Ocriva) -> None:
    assert isinstance(run(ocriva.status(Job(id="", provider="ocriva"))).error, ConfigurationError)


@pytest.mark.parametrize("body", [{}, {"id": None}, {"status": "completed"}])
def test_a_record_without_an_id_is_malformed(ocriva: Ocriva, body: Any) -> None:
    assert isinstance(run(ocriva.status(JOB), Answer(200, body)).error, MalformedAnswer)


def test_a_result_is_taken_from_the_last_answer_else_from_the_record(ocriva: Ocriva) -> None:
    job = run(ocriva.status(JOB), Answer(200, record())).value

    held = run(ocriva.result(job))
    asked = run(ocriva.result(JOB), Answer(200, record()))

    assert held.requests == []
    assert asked.sent == [f"GET {HISTORY}/up_1"]
    assert held.value.fields["total"].value == asked.value.fields["total"].value


@pytest.mark.parametrize(
    ("exported", "vendor", "text"),
    [
        (b'{"vendor": "Acme"}', "Acme", None),
        (b"Dear Sir", None, "Dear Sir"),
        (b"[" * 100_000, None, "[" * 100_000),
    ],
)
def test_a_record_without_its_result_is_exported(
    ocriva: Ocriva, exported: bytes, vendor: str | None, text: str | None
) -> None:
    bare = record(extractedData=None, confidence=0.5)

    ran = run(ocriva.result(JOB), Answer(200, bare), Answer(200, exported))

    assert ran.sent[1] == f"GET {HISTORY}/up_1/export?format=json"
    assert ran.value.confidence == 0.5
    assert ran.value.text == text
    assert vendor is None or ran.value.fields["vendor"].value == vendor


def test_a_record_may_call_its_result_so(ocriva: Ocriva) -> None:
    bare = record(extractedData=None, result={"vendor": "Acme"}, confidence=0.5)

    ran = run(ocriva.result(JOB), Answer(200, bare))

    assert len(ran.requests) == 1
    assert (ran.value.fields["vendor"].value, ran.value.confidence) == ("Acme", 0.5)


def test_a_word_is_no_result_of_a_record(ocriva: Ocriva) -> None:
    bare = record(extractedData=None, result="success")

    ran = run(ocriva.result(JOB), Answer(200, bare), Answer(200, {"vendor": "Acme"}))

    assert ran.value.fields["vendor"].value == "Acme"


def test_a_poll_carries_an_exported_result(ocriva: Ocriva) -> None:
    bare = Answer(200, record(extractedData=None))

    [envelope] = run(operations.poll(ocriva, JOB), bare, bare, Answer(200, {"vendor": "Acme"})).value

    assert ocriva.read_result(envelope.payload).fields["vendor"].value == "Acme"
    assert json.dumps(envelope.payload)


def test_the_result_of_a_failed_job_is_a_failure_with_their_sentence(ocriva: Ocriva) -> None:
    error = run(ocriva.result(JOB), Answer(200, record(status="failed", errorMessage="No text found"))).error

    assert isinstance(error, JobFailed)
    assert "No text found" in str(error)


def test_the_result_of_a_job_that_runs_is_not_there_yet(ocriva: Ocriva) -> None:
    assert isinstance(run(ocriva.result(JOB), Answer(200, record(status="queued"))).error, WaitTimeout)


@pytest.mark.parametrize(
    ("payload", "code", "message"),
    [
        ({"error": "No text"}, "processing_failed", "No text"),
        ({"errorMessage": "No text"}, "processing_failed", "No text"),
        ({"error": {"code": "E1", "message": "No text"}}, "E1", "No text"),
        ({"error": {}}, "processing_failed", ""),
        ({}, "processing_failed", ""),
        (None, "processing_failed", ""),
    ],
)
def test_a_failure_is_final_because_there_are_no_codes(
    ocriva: Ocriva, payload: Any, code: str, message: str
) -> None:
    error = ocriva.read_error(payload)

    assert (error.code, error.message, error.kind) == (code, message, ErrorKind.TERMINAL)


def test_jobs_are_listed_over_pages_from_a_moment_on(ocriva: Ocriva) -> None:
    since = datetime(2026, 3, 31, 12, tzinfo=UTC)
    new, old = "2026-03-31T12:00:01.000Z", "2026-03-31T11:59:59.000Z"

    ran = run(
        ocriva.jobs(since=since),
        page(record("a", createdAt=new), record("b", createdAt=old), total=3),
        page(record("c"), total=3),
    )

    assert ran.sent == [
        f"GET {HISTORY}?projectId=p1&page={number}&limit=100&fromDate=2026-03-31" for number in (1, 2)
    ]
    assert [job.id for job in ran.value] == ["a", "c"]


def test_a_job_that_moved_to_the_next_page_is_listed_once(ocriva: Ocriva) -> None:
    ran = run(ocriva.jobs(), page(record("a"), record("b"), total=3), page(record("b"), record("c"), total=3))

    assert [job.id for job in ran.value] == ["a", "b", "c"]


def test_a_listing_ends_where_every_page_is_the_same(ocriva: Ocriva) -> None:
    same = page(record("a"), total_pages=9)

    ran = run(ocriva.jobs(), same, same)

    assert [job.id for job in ran.value] == ["a"]


def test_a_listing_stops_at_its_limit(ocriva: Ocriva) -> None:
    ran = run(ocriva.jobs(limit=1), page(record("a"), record("b"), total=500))

    assert [job.id for job in ran.value] == ["a"]


# Results


def test_names_and_confidence_are_read(ocriva: Ocriva) -> None:
    payload = json.loads((SAMPLES / "events" / "document.completed.json").read_bytes())["payload"]

    result = ocriva.read_result(payload)

    assert result.confidence == 0.97
    assert str(result.fields["total"].value) == "15420.0"
    assert result.fields["due_date"].value == date(2026, 4, 30)
    assert result.fields["invoice_number"].value == "INV-2026-0331"
    assert result.raw == payload


def test_free_text_is_text(ocriva: Ocriva) -> None:
    result = ocriva.read_result({"extractedData": "Dear Sir", "confidence": 1})

    assert (result.text, result.fields, result.confidence) == ("Dear Sir", {}, 1.0)


def test_rows_without_a_name_are_kept_as_a_table_or_lines(ocriva: Ocriva) -> None:
    result = ocriva.read_result({"extractedData": [{"a": 1}, {"a": 2}]})

    assert result.tables or result.line_items


def test_a_payload_without_result_gives_an_empty_one(ocriva: Ocriva) -> None:
    assert ocriva.read_result(None).fields == {}
    assert not ocriva.has_result({"id": "up_1"})


# Batches


def test_a_batch_names_its_jobs_in_the_order_of_the_files(ocriva: Ocriva) -> None:
    born = {"id": "b1", "totalFiles": 2, "completedFiles": 0, "failedFiles": 0, "uploadIds": ["u1", "u2"]}

    ran = run(
        ocriva.upload_batch([document("a.png"), document("b.png")], batch_name="March"),
        Answer(201, {**born, "status": "processing"}),
    )

    assert ran.sent == [f"POST {API}/batch/upload"]
    assert form_fields(ran.requests[0]) == {"projectId": "p1", "name": "March"}
    assert form_files(ran.requests[0]) == [("files", "a.png"), ("files", "b.png")]
    assert [(job.id, job.filename, job.batch_id) for job in ran.value.jobs] == [
        ("u1", "a.png", "b1"),
        ("u2", "b.png", "b1"),
    ]
    assert ran.value.status is JobStatus.PROCESSING


def test_names_are_not_guessed_where_the_counts_differ(ocriva: Ocriva) -> None:
    ran = run(ocriva.upload_batch([document("a.png")]), Answer(201, {"id": "b1", "uploadIds": ["u1", "u2"]}))

    assert [job.filename for job in ran.value.jobs] == [None, None]


def test_fifty_one_files_are_refused_before_anything_is_sent(ocriva: Ocriva) -> None:
    ran = run(ocriva.upload_batch([document()] * 51))

    assert isinstance(ran.error, UnsupportedDocument)
    assert (ran.error.code, ran.requests) == ("too_many_documents", [])


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"status": "processing", "totalFiles": 2, "completedFiles": 1, "failedFiles": 1},
            JobStatus.COMPLETED,
        ),
        (
            {"status": "completed", "totalFiles": 2, "completedFiles": 1, "failedFiles": 0},
            JobStatus.PROCESSING,
        ),
        (
            {"status": "processing", "totalFiles": 0, "completedFiles": 0, "failedFiles": 0},
            JobStatus.PROCESSING,
        ),
        ({"status": "partial"}, JobStatus.COMPLETED),
        ({"status": "paused"}, JobStatus.PROCESSING),
    ],
)
def test_the_counts_say_when_a_batch_is_over_and_the_word_only_without_them(
    ocriva: Ocriva, members: Any, expected: JobStatus
) -> None:
    answers = [Answer(200, {"id": "b1", **members})]
    if expected is JobStatus.COMPLETED:
        answers.append(page())

    batch = run(ocriva.batch_status(Batch(id="b1", provider="ocriva")), *answers).value

    assert batch.status is expected


def test_a_batch_that_is_over_lists_its_jobs_under_the_ids_they_were_given(ocriva: Ocriva) -> None:
    known = Batch(
        id="b1",
        provider="ocriva",
        jobs=tuple(Job.known(each, provider="ocriva") for each in ("u1", "u2")),
    )
    over = Answer(200, {"id": "b1", "totalFiles": 3, "completedFiles": 2, "failedFiles": 1})

    ran = run(
        ocriva.batch_status(known),
        over,
        page(record("h1", uploadId="u1"), record("u2", "failed"), total=3),
        page(record("h3", uploadId="u3"), total=3),
    )

    assert ran.sent[1] == f"GET {HISTORY}?projectId=p1&page=1&limit=100&batchId=b1"
    assert [(job.id, job.document_id) for job in ran.value.jobs] == [("u1", "h1"), ("u2", None), ("h3", None)]
    assert {job.batch_id for job in ran.value.jobs} == {"b1"}
    assert ran.value.summary.model_dump() == {"total": 3, "succeeded": 2, "failed": 1}


def test_the_members_are_asked_for_no_longer_than_there_can_be_pages(ocriva: Ocriva) -> None:
    over = Answer(200, {"id": "b1", "totalFiles": 1, "completedFiles": 1, "failedFiles": 0})

    ran = run(ocriva.batch_status(Batch(id="b1", provider="ocriva")), over, page(record("u1")))

    assert len(ran.requests) == 2


# Webhooks


def test_the_signature_is_hex_behind_its_prefix(ocriva: Ocriva) -> None:
    # The published vector with a text key (recomputed by hand, not by our code).
    secret = Secret("whsec_c2VjcmV0LWtleS0wMQ==")

    assert ocriva.signature.sign(b'{"a":1}', secret) == {
        "X-Webhook-Signature": "sha256=51232ac59a9e3a802d77a35e07dfbba52438d77c4a53b72b39fafbec3d12c499"
    }


def test_unsigned_deliveries_are_legitimate_and_therefore_a_choice() -> None:
    body = json.dumps(body_of("document.failed", {"id": "up_1"})).encode()

    with pytest.raises(ConfigurationError, match="unsigned='accept'"):
        Ocriva("k").verify({}, body)
    assert isinstance(Ocriva("k", unsigned="accept").verify({}, body), DocumentFailed)


def test_the_header_that_repeats_the_type_is_not_trusted(ocriva: Ocriva) -> None:
    body = body_of("document.failed", {"id": "up_1"})

    event = event_of(ocriva, body, **{"X-Webhook-Event": "document.processed"})

    assert isinstance(event, DocumentFailed)


@pytest.mark.parametrize(
    ("kind", "event_class"),
    [
        ("document.uploaded", DocumentReceived),
        ("document.processed", DocumentCompleted),
        ("document.failed", DocumentFailed),
        ("batch.completed", BatchCompleted),
        ("batch.uploaded", UnknownEvent),
        ("template.created", UnknownEvent),
        ("template.updated", UnknownEvent),
        ("template.deleted", UnknownEvent),
        ("document.completed", UnknownEvent),
        ("invoice.paid", UnknownEvent),
    ],
)
def test_every_event_has_a_meaning(ocriva: Ocriva, kind: str, event_class: type[Event]) -> None:
    assert type(event_of(ocriva, body_of(kind, {"id": "up_1"}))) is event_class


def test_an_upload_is_not_taken_for_an_outcome(ocriva: Ocriva) -> None:
    event = event_of(
        ocriva, body_of("document.uploaded", {"id": "up_1", "status": "uploaded", "fileSize": 54391})
    )

    assert isinstance(event, DocumentReceived)
    assert event.job.status is JobStatus.PROCESSING


def test_processed_completed_and_batch_completed_are_three_different_words(ocriva: Ocriva) -> None:
    pushed = event_of(ocriva, body_of("document.processed", {"id": "up_1", "status": "completed"}))
    [polled] = ocriva.polled(run(ocriva.status(JOB), Answer(200, record())).value, Result())

    assert (pushed.provider_type, polled.provider_type) == ("document.processed", "completed")
    assert pushed.key == polled.key == "document.completed:up_1"


def test_an_outcome_is_the_same_event_in_every_attempt_even_if_its_event_id_changes(ocriva: Ocriva) -> None:
    first = event_of(ocriva, body_of("document.processed", {"id": "up_1", "status": "completed"}))
    second = event_of(
        ocriva,
        body_of(
            "document.processed", {"id": "up_1", "status": "completed"}, eventId="evt_1760000009999_zz99zz"
        ),
    )

    assert first.key == second.key


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (body_of("document.uploaded", {"id": "up_1"}), "document.received:evt_1760000000000_ab12cd"),
        (body_of("batch.completed", {"id": "b1"}), "batch.completed:b1"),
        (body_of("document.processed", {}), "document.completed:evt_1760000000000_ab12cd"),
        (
            body_of("batch.completed", {"id": "b1", "status": "failed"}, eventId=None),
            "batch.completed:b1",
        ),
        (body_of("template.created", {"id": "t1"}, eventId=""), "template.created:t1:"),
    ],
)
def test_other_events_go_by_their_event_id_or_by_what_they_are_about(
    ocriva: Ocriva, body: Any, key: str
) -> None:
    assert event_of(ocriva, body).key == key


def test_an_event_with_nothing_to_identify_it_goes_by_its_bytes(ocriva: Ocriva) -> None:
    keys = {
        event_of(ocriva, {"eventType": "template.created", "payload": {"name": name}}).key for name in "ab"
    }

    assert len(keys) == 2


def test_the_time_is_never_taken_from_the_event_id(ocriva: Ocriva) -> None:
    body = json.loads((SAMPLES / "events" / "document.completed.json").read_bytes())

    event = event_of(ocriva, body)

    assert body["eventId"].startswith("evt_17434")  # 2025
    assert event.occurred_at == datetime(2026, 3, 31, 12, tzinfo=UTC)


def test_ids_go_where_they_belong(ocriva: Ocriva) -> None:
    of_document = event_of(ocriva, body_of("document.processed", {"id": "up_1", "batchId": "b1"}))
    of_batch = event_of(ocriva, body_of("batch.completed", {"id": "b1"}))
    of_template = event_of(ocriva, body_of("template.created", {"id": "t1"}))

    assert (of_document.job_id, of_document.batch_id) == ("up_1", "b1")
    assert (of_batch.job_id, of_batch.batch_id) == (None, "b1")
    assert (of_template.job_id, of_template.batch_id) == (None, None)


def test_a_batch_event_counts_its_files(ocriva: Ocriva) -> None:
    event = event_of(
        ocriva,
        body_of("batch.completed", {"id": "b1", "totalFiles": 3, "completedFiles": 2, "failedFiles": "?"}),
    )

    assert isinstance(event, BatchCompleted)
    assert (event.summary.total, event.summary.succeeded, event.summary.failed) == (3, 2, 0)


def test_metadata_comes_back_without_our_own_key(ocriva: Ocriva) -> None:
    payload = {"id": "up_1", "metadata": {"po": 7, "paperhookKey": "key-1"}}

    assert event_of(ocriva, body_of("document.processed", payload)).metadata == {"po": 7}
    assert event_of(ocriva, body_of("document.processed", {"id": "up_1", "metadata": "text"})).metadata == {}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"eventType": 5},
        {"eventType": ""},
        body_of("document.processed", None),
        body_of("batch.completed", []),
    ],
)
def test_a_body_that_is_not_an_event_is_malformed(ocriva: Ocriva, body: Any) -> None:
    with pytest.raises(MalformedDelivery):
        event_of(ocriva, body)


def test_an_unknown_event_may_have_any_payload(ocriva: Ocriva) -> None:
    event = event_of(ocriva, body_of("template.created", ["t1"]))

    assert isinstance(event, UnknownEvent)
    assert event.raw["payload"] == ["t1"]


def test_a_job_that_runs_or_is_gone_says_nothing(ocriva: Ocriva) -> None:
    assert ocriva.polled(JOB, None) == ()
    assert run(operations.poll(ocriva, JOB), ABSENT, page()).value == ()


# Projects and templates


def test_projects_are_listed_for_the_whole_organization(ocriva: Ocriva) -> None:
    ran = run(
        ocriva.projects(), Answer(200, [{"id": "p1", "name": "AP", "createdAt": "2026-03-31T12:00:00.000Z"}])
    )

    assert ran.sent == [f"GET {API}/projects"]
    assert ran.value[0].created_at == datetime(2026, 3, 31, 12, tzinfo=UTC)


def test_templates_are_listed_read_made_changed_and_deleted(ocriva: Ocriva) -> None:
    one = {"templateId": "t1", "name": "Invoice", "templateSchema": {"fields": []}, "createdAt": "soon"}

    listed = run(ocriva.templates(), Answer(200, [one]))
    read = run(ocriva.template("t/1"), Answer(200, one))
    made = run(
        ocriva.create_template("Invoice", schema={"fields": []}, description="d", instructions="i"),
        Answer(201, {"id": "t2"}),
    )
    plain = run(ocriva.create_template("Invoice", schema={}, description="d"), Answer(201, one))
    changed = run(ocriva.update_template("t1", name="Bill"), Answer(200, one))
    gone = run(ocriva.delete_template("t1"), Answer(204))

    assert listed.sent == [f"GET {API}/templates?projectId=p1"]
    assert (listed.value[0].template_id, listed.value[0].created_at) == ("t1", None)
    assert read.sent == [f"GET {API}/templates/t%2F1"]
    assert made.value.template_id == "t2"
    assert json_value(made.requests[0]) == {
        "name": "Invoice",
        "description": "d",
        "templateSchema": {"fields": []},
        "projectId": "p1",
        "instructions": "i",
    }
    assert "instructions" not in json_value(plain.requests[0])
    assert (changed.sent, json_value(changed.requests[0])) == (
        [f"PATCH {API}/templates/t1"],
        {"name": "Bill"},
    )
    assert gone.sent == [f"DELETE {API}/templates/t1"]


def test_a_project_token_may_leave_the_project_out_of_what_it_reads() -> None:
    assert run(Ocriva("ocr_key").templates(), Answer(200, [])).sent == [f"GET {API}/templates"]


# The history


def test_the_history_is_filtered_and_paged(ocriva: Ocriva) -> None:
    ran = run(
        ocriva.history(
            page=2,
            status="failed",
            template_id="t1",
            from_date=date(2026, 3, 1),
            to_date=date(2026, 3, 31),
            search="a",
            batch_id="b1",
        ),
        page(record(fileSize="54391"), meta={"total": 11, "totalPages": 2}),
    )

    [sent] = ran.sent
    assert sent == (
        f"GET {HISTORY}?projectId=p1&page=2&limit=10&status=failed&templateId=t1&fromDate=2026-03-01"
        "&toDate=2026-03-31&search=a&batchId=b1"
    )
    assert (ran.value.total, ran.value.total_pages) == (11, 2)
    assert ran.value.is_last(seen=1)


@pytest.mark.parametrize("size", ["54391", 54391])
def test_the_file_size_is_a_number_however_it_is_written(ocriva: Ocriva, size: Any) -> None:
    assert run(ocriva.record("up_1"), Answer(200, record(fileSize=size))).value.file_size == 54391


def test_a_history_without_its_list_is_malformed(ocriva: Ocriva) -> None:
    assert isinstance(run(ocriva.history(), Answer(200, {"items": []})).error, MalformedAnswer)


def test_a_listed_record_of_another_shape_is_malformed(ocriva: Ocriva) -> None:
    assert isinstance(run(ocriva.jobs(), page({"fileName": "a.pdf"})).error, MalformedAnswer)


def test_stats_and_exports_are_read(ocriva: Ocriva) -> None:
    stats = run(ocriva.stats(), Answer(200, {"total": 7}))
    export = run(ocriva.export("h/1", format="csv"), Answer(200, b"a;b"))

    assert stats.sent == [f"GET {HISTORY}/stats?projectId=p1"]
    assert stats.value.model_extra == {"total": 7}
    assert export.sent == [f"GET {HISTORY}/h%2F1/export?format=csv"]
    assert export.value == b"a;b"


@pytest.mark.parametrize("nest", [lambda found: found, lambda found: {"data": found}])
def test_batches_are_listed(ocriva: Ocriva, nest: Any) -> None:
    ran = run(ocriva.batches(), Answer(200, nest([{"id": "b1", "totalFiles": 2}])))

    assert ran.sent == [f"GET {API}/batch?projectId=p1"]
    assert ran.value[0].total_files == 2


@pytest.mark.parametrize("body", [{"total": 0}, {"data": [], "ids": []}, "none", b"[{"])
def test_a_batch_list_of_another_shape_is_malformed(ocriva: Ocriva, body: Any) -> None:
    assert isinstance(run(ocriva.batches(), Answer(200, body)).error, MalformedAnswer)


def test_an_accepted_batch_is_not_lost_for_the_form_of_a_member_that_nobody_needs(ocriva: Ocriva) -> None:
    odd = {
        "id": 12,
        "name": None,
        "progress": "none yet",
        "createdAt": [],
        "totalFiles": "2",
        "uploadIds": [1, 2],
    }

    batch = run(ocriva.upload_batch([document("a.png"), document("b.png")]), Answer(201, odd)).value

    assert (batch.id, [job.id for job in batch.jobs], batch.summary.total) == ("12", ["1", "2"], 2)


def test_a_listing_is_not_lost_for_the_form_of_a_member_that_nobody_needs(ocriva: Ocriva) -> None:
    odd = record("h1", uploadId="u1", fileSize="1.2 MB", processingTime="fast", errorMessage={})

    [job] = run(ocriva.jobs(), page(odd, pagination={"total": "1", "totalPages": "1"})).value

    assert job.id == "h1"


@pytest.mark.parametrize("odd", ["", "n/a", {}])
def test_a_history_is_not_lost_for_a_figure_that_is_none(ocriva: Ocriva, odd: Any) -> None:
    listed = page(record(fileSize=odd, confidence=odd, processingTime=odd), total=1)

    [found] = run(ocriva.history(), listed).value.records

    assert (found.id, found.file_size, found.confidence, found.processing_time) == ("up_1", None, None, None)


def test_null_is_taken_for_absent(ocriva: Ocriva) -> None:
    project = {"id": "p1", "name": None, "description": None, "isActive": None}

    [found] = run(ocriva.projects(), Answer(200, [project])).value

    assert (found.name, found.is_active) == ("", True)


def test_a_batch_may_count_in_text(ocriva: Ocriva) -> None:
    counts = ocriva.read_summary({"totalFiles": "3", "completedFiles": "2", "failedFiles": "1"})

    assert counts.model_dump() == {"total": 3, "succeeded": 2, "failed": 1}


def test_a_batch_is_read(ocriva: Ocriva) -> None:
    ran = run(ocriva.batch("b1"), Answer(200, {"id": "b1", "progress": 50}))

    assert ran.sent == [f"GET {API}/batch/b1"]
    assert ran.value.progress == 50


# The older ways in


def test_a_key_can_be_exchanged_for_an_access_token_that_is_never_shown(ocriva: Ocriva) -> None:
    answer = Answer(201, {"accessToken": "eyJ-secret", "expiresIn": 3600, "tokenInfo": {"scope": "project"}})

    ran = run(ocriva.login(), answer)

    assert ran.sent == [f"POST {API}/auth/login"]
    assert json_value(ran.requests[0]) == {"token": "ocr_key"}
    assert "ocr_key" not in repr(ran.requests[0])
    assert (ran.value.access_token, ran.value.expires_in) == ("eyJ-secret", 3600)
    assert "eyJ-secret" not in repr(ran.value)


def test_the_internal_surface_has_other_paths_and_bearer_tokens(ocriva: Ocriva) -> None:
    root = "https://api.ocriva.com"

    one = run(ocriva.upload_internal("o/1", document(), metadata={"po": 7}), uploaded())
    many = run(
        ocriva.upload_batch_internal("o1", [document("a.png")], batch_name="March"),
        Answer(201, {"id": "b1", "uploadIds": ["u1"]}),
    )
    token = run(ocriva.refresh(), Answer(200, {"accessToken": "eyJ"}))

    assert one.sent + many.sent + token.sent == [
        f"POST {root}/upload/o%2F1/file",
        f"POST {root}/batch/o1/upload",
        f"POST {root}/auth/refresh",
    ]
    assert "fileSize" not in form_fields(one.requests[0])
    assert header(one.requests[0], "Authorization") == "Bearer ocr_key"
    assert one.value.metadata == {"po": 7}
    assert many.value.jobs[0].filename == "a.png"


# Errors


def test_a_list_of_messages_is_joined(ocriva: Ocriva) -> None:
    error = run(
        ocriva.stats(), Answer(400, {"statusCode": 400, "message": ["a is empty", "b is no number"]})
    ).error

    assert isinstance(error, BadRequest)
    assert "a is empty; b is no number" in str(error)


def test_a_foreign_project_is_answered_like_a_wrong_key_and_the_message_says_so(ocriva: Ocriva) -> None:
    error = run(ocriva.stats(), Answer(401, {"statusCode": 401, "message": "Unauthorized"})).error

    assert isinstance(error, AuthenticationFailed)
    assert "projectId 'p1'" in str(error)
    assert not error.retryable


@pytest.mark.parametrize("status", [400, 402])
def test_credits_that_are_used_up_are_a_402_or_a_400(ocriva: Ocriva, status: int) -> None:
    error = run(ocriva.stats(), Answer(status, {"message": "Insufficient credits"})).error

    assert isinstance(error, OutOfCredits)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12", "X-RateLimit-Reset": str(int(NOON) + 30)}, 12.0),
        ({"X-RateLimit-Reset": str(int(NOON) + 30)}, 30.0),
        ({"X-RateLimit-Reset": str(int(NOON) - 5)}, 0.0),
        ({"X-RateLimit-Reset": str(int(NOON) + 3600)}, 60.0),
        ({"X-RateLimit-Reset": "soon"}, None),
        ({"X-RateLimit-Reset": "9" * 20}, None),
        ({}, None),
    ],
)
def test_the_pause_after_a_429_falls_back_to_the_end_of_the_window(
    ocriva: Ocriva, headers: dict[str, str], seconds: float | None
) -> None:
    error = run(ocriva.stats(), Answer(429, {"message": "Too Many Requests"}, headers)).error

    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize("body", [b"<html>", b"[]", {"message": None}])
def test_an_error_without_an_envelope_goes_by_its_status(ocriva: Ocriva, body: Any) -> None:
    assert isinstance(run(ocriva.stats(), Answer(503, body)).error, ServerError)


@pytest.mark.parametrize("status", [404, 405])
def test_a_template_is_changed_by_put_where_there_is_no_patch(ocriva: Ocriva, status: int) -> None:
    changed = Answer(200, {"templateId": "t1", "name": "m"})

    ran = run(ocriva.update_template("t1", name="m"), Answer(status), changed)
    refused = run(ocriva.update_template("t1", name="m"), Answer(403))

    assert ran.sent == [f"PATCH {API}/templates/t1", f"PUT {API}/templates/t1"]
    assert ran.value.name == "m"
    assert len(refused.sent) == 1
