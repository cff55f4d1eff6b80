from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paperhook import operations
from paperhook.core.delivery import Delivery
from paperhook.core.event import DocumentCompleted, DocumentFailed, EndpointTest, Event, UnknownEvent
from paperhook.core.exchange import Base64Json, Repeat
from paperhook.core.headers import Headers
from paperhook.core.job import Batch, ErrorKind, Job, JobStatus
from paperhook.core.provider import Provider
from paperhook.core.secret import Secret
from paperhook.errors import (
    AnswerLost,
    BadRequest,
    BadSignature,
    ConfigurationError,
    JobFailed,
    MalformedAnswer,
    MalformedDelivery,
    NotFound,
    OutOfCredits,
    PermissionDenied,
    ServerError,
    SubmissionUnknown,
    UnsupportedDocument,
    WaitTimeout,
)
from paperhook.providers.space_ocr import INVOICE_COLUMNS, Column, SpaceOcr
from paperhook.providers.space_ocr_account import ERRORS

from .driving import Answer, Pages, document, form_fields, form_files, header, json_value, large_document, run

SAMPLES = Path(__file__).parent.parent / "samples" / "space-ocr"
SECRET = "whsec_0123456789abcdef"
HOST = "https://api.space-ocr.com"

MISSING = Answer(404, {"error": {"code": "not_found", "message": "no such path", "requestId": "req_1"}})
TAKEN = Answer(400, {"error": {"code": "bad_request", "message": "name already used", "requestId": "req_1"}})
CREATED = Answer(201, {"path": "/ap/s1", "type": "sheet", "uniqueKey": "s1"})


@pytest.fixture
def space() -> SpaceOcr:
    return SpaceOcr("spocr_key", sheet="/ap/june", webhook_secret=SECRET)


def jobs_answer(*ids: str, status: str = "pending", **headers: str) -> Answer:
    jobs = [
        {"uniqueKey": f"k_{each}", "originalName": f"{each}.png", "jobId": each, "status": status}
        for each in ids
    ]
    return Answer(200, {"path": "/ap/june", "jobs": jobs}, headers)


def job_answer(id: str, status: str = "done", **members: Any) -> Answer:
    if status == "done":
        members.setdefault("result", {"vendor": f"Vendor {id}", "total": "12.50"})
    return Answer(200, {"jobId": id, "uniqueKey": f"k_{id}", "path": "/ap/june", "status": status, **members})


def pages(count: int) -> Pages:
    return Pages(
        tuple(
            document(f"invoice-{number}.png", content=b"page %d" % number) for number in range(1, count + 1)
        )
    )


def pdf() -> Any:
    return document("invoice.pdf", "application/pdf", b"%PDF-1.7")


def event_of(space: Provider, body: Any) -> Event:
    [event] = space.events(Delivery(Headers({}), json.dumps(body).encode()))
    return event


# Settings


def test_the_sheet_comes_from_the_environment_and_gets_its_leading_slash() -> None:
    made = SpaceOcr.from_env({"SPACE_OCR_API_KEY": "spocr_key", "SPACE_OCR_SHEET": "ap/june/"})

    assert made.sheet == "/ap/june"
    assert made.base_url == HOST


def test_columns_may_be_names_joined_by_commas() -> None:
    made = SpaceOcr.from_env({"SPACE_OCR_API_KEY": "k", "SPACE_OCR_COLUMNS": "vendor, total,"})

    assert made.columns == (Column(name="vendor"), Column(name="total"))


@pytest.mark.parametrize(("text", "expected"), [("no", False), ("TRUE", True)])
def test_a_yes_or_no_setting_is_read_as_such(text: str, expected: bool) -> None:
    environ = {"SPACE_OCR_API_KEY": "k", "SPACE_OCR_CREATE_MISSING_SHEET": text}

    assert SpaceOcr.from_env(environ).create_missing_sheet is expected


def test_a_yes_or_no_setting_that_is_neither_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="SPACE_OCR_WAIT is 'maybe'"):
        SpaceOcr.from_env({"SPACE_OCR_API_KEY": "k", "SPACE_OCR_WAIT": "maybe"})


def test_the_sheet_is_part_of_an_uploads_idempotency_key(space: SpaceOcr) -> None:
    other = SpaceOcr("spocr_key", sheet="/ap/july")

    keys = {operations.submission_key(document(), each, metadata={}) for each in (space, other)}

    assert len(keys) == 2


# Uploading


def test_an_image_goes_into_the_sheet_under_its_key(space: SpaceOcr) -> None:
    ran = run(space.upload(document("a.png"), key="key-1", metadata={"po": 7}), jobs_answer("job_1"))

    assert ran.sent == [f"POST {HOST}/upload"]
    assert form_fields(ran.requests[0]) == {"path": "/ap/june"}
    assert form_files(ran.requests[0]) == [("files", "a.png")]
    assert header(ran.requests[0], "Idempotency-Key") == "key-1"
    assert header(ran.requests[0], "Authorization") == "Bearer spocr_key"
    job = ran.value
    assert (job.id, job.document_id, job.filename) == ("job_1", "k_job_1", "a.png")
    assert job.status is JobStatus.SUBMITTED
    assert job.metadata == {"po": 7}
    assert not job.is_replay


def test_a_replayed_upload_says_so(space: SpaceOcr) -> None:
    replayed = jobs_answer("job_1", **{"X-Idempotent-Replay": "true"})

    assert run(space.upload(document(), key="key-1"), replayed).value.is_replay


def test_without_a_sheet_the_upload_says_what_to_write() -> None:
    error = run(SpaceOcr("spocr_key").upload(document())).error

    assert isinstance(error, ConfigurationError)
    assert "SPACE_OCR_SHEET" in str(error)


def test_a_sheet_that_is_the_root_is_none() -> None:
    error = run(SpaceOcr("spocr_key", sheet="/").upload(document())).error

    assert isinstance(error, ConfigurationError)


def test_a_missing_sheet_is_made_and_the_upload_repeated_with_the_same_key(space: SpaceOcr) -> None:
    ran = run(space.upload(document(), key="key-1"), MISSING, CREATED, jobs_answer("job_1"))

    assert ran.value.id == "job_1"
    assert ran.sent == [f"POST {HOST}/upload", f"POST {HOST}/create", f"POST {HOST}/upload"]
    made = json_value(ran.requests[1])
    assert (made["path"], made["type"], made["name"]) == ("/ap", "sheet", "june")
    assert made["columns"] == [column.to_wire() for column in INVOICE_COLUMNS]
    assert "prompt" not in made
    assert header(ran.requests[0], "Idempotency-Key") == header(ran.requests[2], "Idempotency-Key") == "key-1"


def test_missing_folders_are_made_as_well(space: SpaceOcr) -> None:
    ran = run(
        SpaceOcr("k", sheet="/ap/2026/june", columns=["total"], prompt="net").upload(document()),
        MISSING,  # upload
        MISSING,  # sheet in /ap/2026
        MISSING,  # folder in /ap
        CREATED,  # folder in /
        CREATED,
        CREATED,
        jobs_answer("job_1"),
    )

    assert ran.value.id == "job_1"
    made = [json_value(request) for request in ran.requests[1:-1]]
    assert [(each["path"], each["type"], each["name"]) for each in made] == [
        ("/ap/2026", "sheet", "june"),
        ("/ap", "folder", "2026"),
        ("/", "folder", "ap"),
        ("/ap", "folder", "2026"),
        ("/ap/2026", "sheet", "june"),
    ]
    assert made[-1]["columns"] == [{"name": "total", "type": "string"}]
    assert made[-1]["prompt"] == "net"


def test_a_root_that_is_missing_is_an_error(space: SpaceOcr) -> None:
    ran = run(SpaceOcr("k", sheet="/june").upload(document()), MISSING, MISSING)

    assert isinstance(ran.error, NotFound)


def test_a_sheet_that_somebody_else_makes_meanwhile_is_used(space: SpaceOcr) -> None:
    ran = run(space.upload(document()), MISSING, TAKEN, jobs_answer("job_1"))

    assert ran.value.id == "job_1"


def test_so_is_one_that_somebody_else_makes_while_its_folder_is_made(space: SpaceOcr) -> None:
    ran = run(space.upload(document()), MISSING, MISSING, CREATED, TAKEN, jobs_answer("job_1"))

    assert ran.value.id == "job_1"


def test_a_sheet_that_cannot_be_made_tells_why(space: SpaceOcr) -> None:
    limit = Answer(403, {"error": {"code": "forbidden", "message": "3 sheets at most"}})
    wrong = Answer(400, {"error": {"code": "validation_failed", "message": "name contains forbidden chars"}})

    assert isinstance(run(space.upload(document()), MISSING, limit).error, PermissionDenied)
    assert isinstance(run(space.upload(document()), MISSING, wrong).error, BadRequest)


def test_a_missing_sheet_that_is_answered_with_400_is_made_too(space: SpaceOcr) -> None:
    refused = Answer(400, {"error": {"code": "validation_failed", "message": "no such sheet"}})

    ran = run(space.upload(document()), refused, MISSING, CREATED, jobs_answer("job_1"))

    assert ran.value.id == "job_1"
    assert [line.partition("?")[0] for line in ran.sent] == [
        f"POST {HOST}/upload",
        f"GET {HOST}/view",
        f"POST {HOST}/create",
        f"POST {HOST}/upload",
    ]


def test_an_upload_that_is_refused_though_its_sheet_is_there_keeps_its_error(space: SpaceOcr) -> None:
    refused = Answer(400, {"error": {"code": "validation_failed", "message": "too many files"}})
    picture = Answer(400, {"error": {"code": "invalid_image", "message": "no picture"}})

    there = run(space.upload(document()), refused, Answer(200, {"type": "sheet"}))
    broken = run(space.upload(document()), picture)

    assert "too many files" in str(there.error)
    assert isinstance(broken.error, BadRequest)
    assert len(broken.sent) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", [], {"path": "/ap/june", "type": None}])
def test_what_making_a_sheet_answers_does_not_matter_to_an_upload(space: SpaceOcr, body: Any) -> None:
    ran = run(space.upload(document()), MISSING, Answer(201, body), jobs_answer("job_1"))

    assert ran.value.id == "job_1"
    # A second sheet of the name is refused, so the request may be repeated.
    assert ran.requests[1].repeat is Repeat.ALWAYS


def test_jobs_in_another_order_are_told_apart_by_their_names(space: SpaceOcr) -> None:
    documents = [document(f"{name}.png") for name in ("a", "b", "c")]

    batch = run(space.upload_batch(documents), jobs_answer("c", "a", "b")).value
    unnamed = run(space.upload_batch(documents), jobs_answer("c", "a", "x")).value

    assert [(job.id, job.filename) for job in batch.jobs] == [("a", "a.png"), ("b", "b.png"), ("c", "c.png")]
    assert [job.id for job in unnamed.jobs] == ["c", "a", "x"]


def test_a_poll_that_does_not_repeat_the_id_is_about_the_job_that_was_asked_for(space: SpaceOcr) -> None:
    answer = Answer(200, {"jobId": None, "status": None})

    job = run(space.status(Job.known("job_1", provider="space-ocr")), answer).value

    assert (job.id, job.status, job.provider_status) == ("job_1", JobStatus.PROCESSING, "")


def test_a_missing_sheet_is_an_error_where_none_may_be_made() -> None:
    space = SpaceOcr("k", sheet="/ap/june", create_missing_sheet=False)

    assert isinstance(run(space.upload(document()), MISSING).error, NotFound)


def test_scans_that_are_missing_are_counted_from_the_details_beside_the_error(space: SpaceOcr) -> None:
    canned = json.loads((SAMPLES / "errors" / "OutOfCredits.json").read_bytes())

    error = run(space.upload(document()), Answer(402, canned["body"])).error

    assert isinstance(error, OutOfCredits)
    assert "5 requested, 2 processable" in str(error)
    assert (error.code, error.request_id) == ("insufficient_balance", "req_9")
    assert not error.may_have_been_processed


def test_waiting_for_the_answer_brings_the_result_with_it() -> None:
    space = SpaceOcr("k", sheet="/ap/june", wait=True)
    item = {"uniqueKey": "k1", "originalName": "a.png", "jobId": "job_1", "status": "done"}
    answer = Answer(
        200, {"path": "/ap/june", "jobs": [item], "results": [{**item, "result": {"total": "7"}}]}
    )

    ran = run(space.upload(document()), answer)

    assert form_fields(ran.requests[0])["wait"] == "true"
    assert ran.value.status is JobStatus.COMPLETED
    assert str(run(space.result(ran.value)).value.fields["total"].value) == "7"


def test_an_answer_lost_without_a_key_leaves_the_submission_unknown(space: SpaceOcr) -> None:
    ran = run(operations.upload(space, document()), AnswerLost("space-ocr: POST /upload: reset"))

    assert isinstance(ran.error, SubmissionUnknown)
    assert ran.requests[0].repeat is Repeat.UNLESS_SENT


@pytest.mark.parametrize(
    "body",
    [
        {"path": "/ap/june"},
        {"jobs": []},
        {"jobs": [{"uniqueKey": "k1", "status": "pending"}]},
        {"jobs": ["job_1"]},
        {"jobs": [{"jobId": "job_1"}, {"jobId": "job_2"}]},
    ],
)
def test_an_upload_that_is_not_answered_with_a_job_for_each_image_is_malformed(
    space: SpaceOcr, body: Any
) -> None:
    assert isinstance(run(space.upload(document()), Answer(200, body)).error, MalformedAnswer)


# One document, several pages


def test_a_pdf_becomes_one_job_over_its_pages(space: SpaceOcr) -> None:
    ran = run(space.upload(pdf(), key="key-1"), pages(2), jobs_answer("job_1", "job_2"))

    job = ran.value
    assert form_files(ran.requests[0]) == [("files", "invoice-1.png"), ("files", "invoice-2.png")]
    assert header(ran.requests[0], "Idempotency-Key") == "key-1"
    assert job.id == "job_1,job_2"
    assert job.filename == "invoice.pdf"
    assert [part.id for part in job.parts] == ["job_1", "job_2"]
    assert job.status is JobStatus.SUBMITTED
    assert Job.from_json(job.to_json()) == job


def test_a_pdf_of_one_page_is_a_plain_job(space: SpaceOcr) -> None:
    job = run(space.upload(pdf()), pages(1), jobs_answer("job_1")).value

    assert (job.id, job.parts, job.filename) == ("job_1", (), "invoice.pdf")


def test_a_pdf_without_pages_is_refused(space: SpaceOcr) -> None:
    error = run(space.upload(pdf()), pages(0)).error

    assert isinstance(error, UnsupportedDocument)
    assert error.code == "unreadable"


def test_more_than_twenty_pages_take_several_requests_each_with_its_own_key(space: SpaceOcr) -> None:
    first = jobs_answer(*(f"job_{number}" for number in range(1, 21)))

    ran = run(space.upload(pdf(), key="key-1"), pages(21), first, jobs_answer("job_21"))

    assert [len(form_files(request)) for request in ran.requests] == [20, 1]
    assert [header(request, "Idempotency-Key") for request in ran.requests] == ["key-1", "key-1-2"]
    assert len(ran.value.parts) == 21


def test_twenty_one_pages_without_a_key_send_none(space: SpaceOcr) -> None:
    first = jobs_answer(*(f"job_{number}" for number in range(1, 21)))

    ran = run(space.upload(pdf()), pages(21), first, jobs_answer("job_21"))

    assert [header(request, "Idempotency-Key") for request in ran.requests] == [None, None]


def test_a_page_over_twenty_mebibytes_is_refused_before_anything_is_sent(space: SpaceOcr) -> None:
    ran = run(space.upload(pdf()), Pages((document(), large_document(20 * 1024 * 1024 + 1))))

    assert isinstance(ran.error, UnsupportedDocument)
    assert ran.error.code == "too_large"
    assert ran.requests == []


def test_a_large_pdf_is_not_refused_because_only_its_pages_are_sent(space: SpaceOcr) -> None:
    large = large_document(21 * 1024 * 1024, filename="scan.pdf", content_type="application/pdf")

    assert run(operations.upload(space, large), pages(1), jobs_answer("job_1")).value.id == "job_1"


def test_a_large_image_is_refused_before_anything_is_sent(space: SpaceOcr) -> None:
    ran = run(operations.upload(space, large_document(20 * 1024 * 1024 + 1)))

    assert isinstance(ran.error, UnsupportedDocument)


def test_the_joined_id_alone_is_enough_to_ask(space: SpaceOcr) -> None:
    ran = run(
        space.status(Job.known("job_1,job_2", provider="space-ocr")), job_answer("job_1"), job_answer("job_2")
    )

    assert ran.sent == [f"GET {HOST}/jobs/job_1", f"GET {HOST}/jobs/job_2"]
    assert ran.value.id == "job_1,job_2"
    assert ran.value.status is JobStatus.COMPLETED


def test_pages_are_asked_up_to_the_first_that_is_not_done(space: SpaceOcr) -> None:
    job = Job.known("job_1,job_2,job_3", provider="space-ocr")

    first = run(space.status(job), job_answer("job_1"), job_answer("job_2", "processing")).value
    second = run(space.status(first), job_answer("job_2"), job_answer("job_3")).value

    assert first.status is JobStatus.PROCESSING
    assert [part.status for part in first.parts] == [
        JobStatus.COMPLETED,
        JobStatus.PROCESSING,
        JobStatus.SUBMITTED,
    ]
    assert second.status is JobStatus.COMPLETED


def test_a_failed_page_fails_the_document_once_every_page_has_ended(space: SpaceOcr) -> None:
    job = Job.known("job_1,job_2,job_3", provider="space-ocr")
    failure = job_answer("job_1", "failed", error={"code": "ocr_engine_error", "message": "gone"})

    early = run(space.status(job), failure, job_answer("job_2", "pending")).value
    late = run(space.status(early), job_answer("job_2"), job_answer("job_3")).value

    assert early.status is JobStatus.PROCESSING
    assert late.status is JobStatus.FAILED_RETRYABLE
    assert late.error is not None
    assert late.error.code == "ocr_engine_error"


def test_the_pages_results_become_one(space: SpaceOcr) -> None:
    job = Job.known("job_1,job_2", provider="space-ocr")
    line = {"description": "Paper", "amount": "2,800"}
    first = job_answer("job_1", result={"vendor": "Acme", "total": "", "line_items": [line]})
    second = job_answer("job_2", result={"vendor": "Other", "total": "12.50", "line_items": [line]})

    result = run(space.result(job), first, second).value

    assert result.fields["vendor"].value == "Acme"
    assert result.fields["vendor"].page_number == 1
    assert str(result.fields["total"].value) == "12.50"
    assert result.fields["total"].page_number == 2
    assert [item["description"].page_number for item in result.line_items] == [1, 2]
    assert len(result.raw) == 2


def test_each_page_is_polled_as_the_event_that_its_webhook_would_have_been(space: SpaceOcr) -> None:
    job = Job.known("job_1,job_2", provider="space-ocr")
    failure = job_answer("job_2", "failed", error={"code": "no_text"})

    both = run(operations.poll(space, job), job_answer("job_1"), job_answer("job_2")).value
    one = run(operations.poll(space, job), job_answer("job_1"), failure).value
    none = run(operations.poll(space, job), job_answer("job_1", "processing")).value

    assert [envelope.key for envelope in both] == ["document.completed:job_1", "document.completed:job_2"]
    assert [envelope.key for envelope in one] == ["document.completed:job_1", "document.failed:job_2"]
    assert space.read_error(one[1].payload).code == "no_text"
    assert none == ()


def test_a_poll_uses_the_fetched_result_where_the_job_holds_none(space: SpaceOcr) -> None:
    job = Job(id="job_1", provider="space-ocr", status=JobStatus.COMPLETED)

    [envelope] = run(operations.poll(space, job), job_answer("job_1")).value

    assert space.read_result(envelope.payload).fields["vendor"].value == "Vendor job_1"


# Jobs


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("pending", JobStatus.SUBMITTED),
        ("processing", JobStatus.PROCESSING),
        ("done", JobStatus.COMPLETED),
        ("failed", JobStatus.FAILED_TERMINAL),
        ("archived", JobStatus.PROCESSING),
        (None, JobStatus.PROCESSING),
    ],
)
def test_every_status_word_has_a_meaning(space: SpaceOcr, word: Any, expected: JobStatus) -> None:
    job = run(space.status(Job.known("job_1", provider="space-ocr")), job_answer("job_1", word)).value

    assert job.status is expected


def test_the_creation_time_is_milliseconds(space: SpaceOcr) -> None:
    answer = job_answer("job_1", createdAt=1760000000000)

    job = run(space.status(Job.known("job_1", provider="space-ocr")), answer).value

    assert job.created_at is not None
    assert job.created_at.isoformat() == "2025-10-09T08:53:20+00:00"


def test_a_job_that_the_service_does_not_know_is_not_found(space: SpaceOcr) -> None:
    assert isinstance(run(space.status(Job.known("job_1", provider="space-ocr")), MISSING).error, NotFound)


def test_a_job_without_an_id_cannot_be_asked_for(space: SpaceOcr) -> None:
    error = run(space.status(Job(id="", provider="space-ocr"))).error

    assert isinstance(error, ConfigurationError)
    assert "no id" in str(error)


def test_an_id_never_leaves_its_part_of_the_path(space: SpaceOcr) -> None:
    ran = run(space.status(Job.known("../amount?x", provider="space-ocr")), job_answer("job_1"))

    assert ran.sent == [f"GET {HOST}/jobs/..%2Famount%3Fx"]


def test_a_result_is_asked_for_only_where_the_job_does_not_hold_it(space: SpaceOcr) -> None:
    job = run(space.status(Job.known("job_1", provider="space-ocr")), job_answer("job_1")).value

    held = run(space.result(job))
    asked = run(space.result(Job.known("job_1", provider="space-ocr")), job_answer("job_1"))

    assert held.requests == []
    assert asked.sent == [f"GET {HOST}/jobs/job_1"]
    assert held.value == asked.value


def test_the_result_of_a_failed_job_is_a_failure(space: SpaceOcr) -> None:
    failure = job_answer("job_1", "failed", error={"code": "no_text", "message": "no readable text"})

    error = run(space.result(Job.known("job_1", provider="space-ocr")), failure).error

    assert isinstance(error, JobFailed)
    assert error.job is not None
    assert error.job.status is JobStatus.FAILED_TERMINAL
    assert "no_text" in str(error)


def test_the_result_of_a_job_that_runs_is_not_there_yet(space: SpaceOcr) -> None:
    running = job_answer("job_1", "processing")

    assert isinstance(run(space.result(Job.known("job_1", provider="space-ocr")), running).error, WaitTimeout)


@pytest.mark.parametrize("code", ERRORS)
def test_every_code_says_what_it_means_for_a_request_and_for_a_job(space: SpaceOcr, code: str) -> None:
    error_class, kind = ERRORS[code]

    request = run(space.amount(), Answer(418, {"error": {"code": code, "message": "m"}})).error
    job = space.read_error({"error": {"code": code, "message": "m"}})

    assert type(request) is error_class
    assert job.kind is kind
    assert (kind is ErrorKind.RETRYABLE) is error_class.retryable
    # Until somebody tops up it is in vain to try again.
    assert (kind is ErrorKind.REVIEW) is (error_class is OutOfCredits)


@pytest.mark.parametrize("error", [None, "gone", {"message": "gone"}, ["gone"], 5])
def test_a_failure_without_a_code_ends_the_job(space: SpaceOcr, error: Any) -> None:
    found = space.read_error({"error": error})

    assert found.code == "unknown"
    assert found.kind is ErrorKind.TERMINAL


@pytest.mark.parametrize("body", [b"<html>", b"[]", {"error": "text"}, {}])
def test_an_error_without_an_envelope_goes_by_its_status(space: SpaceOcr, body: Any) -> None:
    assert isinstance(run(space.amount(), Answer(504, body)).error, ServerError)


# Batches


def test_a_batch_id_alone_is_enough_to_ask(space: SpaceOcr) -> None:
    sent = run(
        space.upload_batch([pdf(), document("b.png")]), pages(2), jobs_answer("job_1", "job_2", "job_3")
    ).value

    ran = run(
        space.batch_status(Batch(id=sent.id, provider="space-ocr")),
        job_answer("job_1"),
        job_answer("job_2"),
        job_answer("job_3", "failed", error={"code": "no_text"}),
    )

    assert sent.id == "job_1,job_2;job_3"
    assert [job.id for job in ran.value.jobs] == ["job_1,job_2", "job_3"]
    assert (ran.value.summary.succeeded, ran.value.summary.failed) == (1, 1)


def test_jobs_of_a_batch_that_have_ended_are_not_asked_again(space: SpaceOcr) -> None:
    batch = run(
        space.upload_batch([document("a.png"), document("b.png")]), jobs_answer("job_1", "job_2")
    ).value

    first = run(space.batch_status(batch), job_answer("job_1"), job_answer("job_2", "processing")).value
    second = run(space.batch_status(first), job_answer("job_2"))

    assert first.status is JobStatus.PROCESSING
    assert second.sent == [f"GET {HOST}/jobs/job_2"]
    assert second.value.status is JobStatus.COMPLETED


# Webhooks


def test_the_signature_is_bare_hex_of_the_raw_body(space: SpaceOcr) -> None:
    # The published vector of bare hex with a text key (recomputed by hand, not by our code).
    secret = Secret("whsec_c2VjcmV0LWtleS0wMQ==")

    assert space.signature.sign(b'{"a":1}', secret) == {
        "X-Spaceocr-Signature": "51232ac59a9e3a802d77a35e07dfbba52438d77c4a53b72b39fafbec3d12c499"
    }


@pytest.mark.parametrize("value", ["ab", "zz" * 32, "sha256=" + "0" * 64, "0" * 63])
def test_a_signature_of_another_length_is_refused_not_a_crash(space: SpaceOcr, value: str) -> None:
    # The article's receiver would throw here: its constant-time comparison wants equal lengths.
    with pytest.raises(BadSignature):
        space.verify({"X-Spaceocr-Signature": value}, b"{}")


def test_polling_says_done_and_the_event_says_ocr_completed_but_both_are_one(space: SpaceOcr) -> None:
    pushed = event_of(space, {"event": "ocr.completed", "data": {"jobId": "job_1", "result": {"values": {}}}})

    [polled] = run(
        operations.poll(space, Job.known("job_1", provider="space-ocr")), job_answer("job_1")
    ).value

    assert (pushed.provider_type, polled.provider_type) == ("ocr.completed", "done")
    assert pushed.key == polled.key == "document.completed:job_1"


def test_values_are_read_nested_in_an_event_and_flat_in_a_poll(space: SpaceOcr) -> None:
    nested = space.read_result({"result": {"name": "a.png", "values": {"vendor": "Acme", "total": "12,800"}}})
    flat = space.read_result({"result": {"vendor": "Acme", "total": "12,800"}})

    assert nested.values() == flat.values()
    assert str(flat.fields["total"].value) == "12800"
    assert "name" not in nested.fields


def test_a_column_that_is_called_values_is_a_column(space: SpaceOcr) -> None:
    result = space.read_result({"result": {"values": "3 and 4", "total": "7"}})

    assert result.fields["values"].value == "3 and 4"


def test_boxes_and_match_ratios_stand_on_fields_and_line_items(space: SpaceOcr) -> None:
    payload = json.loads((SAMPLES / "events" / "document.completed.json").read_bytes())["data"]

    result = space.read_result(payload)

    total = result.fields["total"]
    assert (total.box, total.match_ratio, total.page_number) == ((540, 620, 593, 640), 0.97, 1)
    assert total.text == "12,800"
    assert result.line_items[0]["amount"].box == (540, 400, 593, 415)
    assert result.line_items[0]["amount"].match_ratio == 0.91
    assert set(result.line_items[0]) == {"description", "quantity", "unit_price", "amount"}


def test_a_value_that_the_page_contradicts_is_a_warning(space: SpaceOcr) -> None:
    box = {"text_verified": False}
    values = {
        "total": "7",
        "items": [{"amount": "7", "field_bboxes": {"amount": box}}],
        "field_bboxes": {"total": box},
    }

    result = space.read_result({"result": values})

    assert "total: the symbols on the page differ" in result.warnings
    assert "items[0].amount: the symbols on the page differ" in result.warnings


@pytest.mark.parametrize(
    "bbox", [None, 5, {}, {"xmin": 1, "ymin": 2, "xmax": 3}, {"xmin": 1, "ymin": 2, "xmax": 3000, "ymax": 4}]
)
def test_a_box_that_is_not_on_the_grid_is_none(space: SpaceOcr, bbox: Any) -> None:
    boxes = {"total": {"bbox": bbox, "match_ratio": 7}, "vendor": None}

    total = space.read_result({"result": {"total": "7", "field_bboxes": boxes}}).fields["total"]

    assert total.box is None
    assert total.match_ratio is None


def test_rows_that_are_no_line_items_become_a_table_without_geometry(space: SpaceOcr) -> None:
    rows = [{"bank": "A", "field_bboxes": {"bank": {"match_ratio": 1.0}}, "match_ratio": 1.0}, "loose"]

    result = space.read_result({"result": {"accounts": rows}})

    assert result.tables["accounts"] == [{"bank": "A"}, "loose"]


def test_what_a_local_provider_adds_beside_the_values_is_understood(space: SpaceOcr) -> None:
    notes = {"fields": {"total": {"confidence": 0.5, "match_ratio": 1.0, "page": 1, "box": [1, 2, 3, 4]}}}

    result = space.read_result({"result": {"name": "a.png", "values": {"total": "7"}, "_paperhook": notes}})

    assert result.fields["total"].confidence == 0.5
    assert set(result.fields) == {"total"}


def test_an_event_without_its_result_says_that_it_must_be_fetched(space: SpaceOcr) -> None:
    event = event_of(space, {"event": "ocr.completed", "data": {"jobId": "job_1"}})

    assert isinstance(event, DocumentCompleted)
    assert not event.has_result
    assert run(space.result(event.job), job_answer("job_1")).value.fields["vendor"].value == "Vendor job_1"


def test_an_outcome_is_identified_by_its_job_even_where_the_event_has_an_id(space: SpaceOcr) -> None:
    event = event_of(space, {"id": "evt_1", "event": "ocr.failed", "data": {"jobId": "job_1"}})

    assert isinstance(event, DocumentFailed)
    assert event.key == "document.failed:job_1"


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"id": "evt_1", "event": "ocr.failed", "data": {}}, "document.failed:evt_1"),
        ({"event": "ocr.failed", "data": {"uniqueKey": "k1"}}, "document.failed:k1"),
        ({"id": "evt_1", "event": "webhook.test"}, "endpoint.test:evt_1"),
        ({"id": "evt_1", "event": "item.created", "data": {"jobId": "job_1"}}, "item.created:evt_1"),
    ],
)
def test_other_events_are_identified_by_what_they_have(space: SpaceOcr, body: Any, key: str) -> None:
    assert event_of(space, body).key == key


def test_two_changes_of_one_row_are_two_events(space: SpaceOcr) -> None:
    changed = {"event": "row.updated", "data": {"uniqueKey": "k1", "values": {"total": "1"}}}
    again = {"event": "row.updated", "data": {"uniqueKey": "k1", "values": {"total": "2"}}}

    keys = {event_of(space, body).key for body in (changed, again, dict(changed))}

    assert len(keys) == 2


def test_an_event_with_nothing_to_identify_it_goes_by_its_bytes(space: SpaceOcr) -> None:
    first = event_of(space, {"event": "ocr.completed", "data": {"result": {"values": {"total": "1"}}}})
    second = event_of(space, {"event": "ocr.completed", "data": {"result": {"values": {"total": "2"}}}})

    assert first.key != second.key
    assert len(first.key) == len("document.completed:") + 64


def test_a_test_event_may_have_any_contents(space: SpaceOcr) -> None:
    for body in ({"event": "webhook.test"}, {"event": "webhook.test", "data": "hello"}):
        assert isinstance(event_of(space, body), EndpointTest)


def test_the_event_time_is_read_where_it_is_sent(space: SpaceOcr) -> None:
    event = event_of(space, {"event": "webhook.test", "createdAt": 1760000000000})

    assert event.occurred_at is not None
    assert event.occurred_at.isoformat() == "2025-10-09T08:53:20+00:00"


def test_an_event_that_is_spelled_like_one_of_ours_does_not_pose_as_it(space: SpaceOcr) -> None:
    event = event_of(space, {"event": "document.completed", "data": {"jobId": "job_1"}})

    assert isinstance(event, UnknownEvent)
    assert event.type == "unknown:document.completed"
    assert event.provider_type == "document.completed"


@pytest.mark.parametrize(
    "body", [{}, {"event": 5}, {"event": ""}, {"event": "ocr.completed"}, {"event": "ocr.failed", "data": []}]
)
def test_a_body_that_is_not_an_event_is_malformed(space: SpaceOcr, body: Any) -> None:
    with pytest.raises(MalformedDelivery):
        event_of(space, body)


# The sheet


def test_ensuring_a_sheet_that_is_there_makes_nothing(space: SpaceOcr) -> None:
    ran = run(space.ensure_sheet(), Answer(200, {"type": "sheet", "path": "/ap/june", "rows": []}))

    assert ran.value is False
    assert ran.sent == [f"GET {HOST}/view?path=/ap/june&limit=1&boxes=0"]


def test_ensuring_a_sheet_that_is_missing_makes_it(space: SpaceOcr) -> None:
    ran = run(space.ensure_sheet(), MISSING, CREATED)

    assert ran.value is True
    assert json_value(ran.requests[1])["name"] == "june"


def test_sheets_folders_and_memos_are_made(space: SpaceOcr) -> None:
    sheet = run(space.create_sheet("/", "s", columns="a", prompt="p", key="key-1"), CREATED)
    folder = run(space.create_folder("/", "f"), CREATED)
    memo = run(space.create_memo("/", "m", "text"), CREATED)

    assert sheet.value.unique_key == "s1"
    assert json_value(sheet.requests[0]) == {
        "path": "/",
        "type": "sheet",
        "name": "s",
        "columns": [{"name": "a", "type": "string"}],
        "prompt": "p",
    }
    assert header(sheet.requests[0], "Idempotency-Key") == "key-1"
    assert json_value(folder.requests[0]) == {"path": "/", "type": "folder", "name": "f"}
    assert json_value(memo.requests[0]) == {"path": "/", "type": "memo", "name": "m", "text": "text"}


def test_a_column_is_written_as_the_api_wants_it() -> None:
    column = Column(name="items", type="array", description="lines", children=(Column(name="qty"),))

    assert column.to_wire() == {
        "name": "items",
        "type": "array",
        "description": "lines",
        "children": [{"name": "qty", "type": "string"}],
    }


def test_a_column_takes_the_names_of_its_own() -> None:
    by_name = Column(name="items", type="array", children=["qty", Column(name="amount")])  # type: ignore[arg-type]  # as for a sheet

    assert by_name == Column(name="items", type="array", children=(Column(name="qty"), Column(name="amount")))
    assert hash(by_name) == hash(replace(by_name))


def test_a_column_of_an_answer_is_read_with_its_own_and_what_it_tells_beyond_is_kept(space: SpaceOcr) -> None:
    items = {
        "name": "items",
        "type": "array",
        "children": ["qty", {"name": 1, "children": None}],
        "width": 80,
    }
    answer = Answer(200, {"type": "sheet", "columns": [items]})

    (column,) = run(space.view("/ap/june"), answer).value.columns

    assert column == Column(name="items", type="array", children=(Column(name="qty"), Column(name="1")))
    assert vars(column)["width"] == 80


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (5, "columns.0"),
        ({"type": "string"}, r"columns\.0\.name"),
        ({"name": "items", "children": [{}]}, r"columns\.0\.children\.0\.name"),
    ],
)
def test_what_is_no_column_is_told_by_its_place(space: SpaceOcr, given: Any, path: str) -> None:
    answer = Answer(200, {"type": "sheet", "columns": [given]})

    with pytest.raises(MalformedAnswer, match=f"the answer is no View: {path}$"):
        run(space.view("/ap/june"), answer).value  # noqa: B018 - raises what the steps did


def test_a_path_keeps_its_slashes_and_nothing_else_unescaped(space: SpaceOcr) -> None:
    ran = run(
        space.view(
            "/請求 書/a&b",
            where=["total>=40000", "vendor~サクラ"],
            sort=["-total"],
            select=["vendor", "total"],
            limit=20,
            offset=40,
        ),
        Answer(200, {"type": "sheet"}),
    )

    [sent] = ran.sent
    assert sent == (
        f"GET {HOST}/view?path=/%E8%AB%8B%E6%B1%82%20%E6%9B%B8/a%26b&where=total%3E%3D40000"
        "&where=vendor~%E3%82%B5%E3%82%AF%E3%83%A9&sort=-total&select=vendor%2Ctotal&limit=20&offset=40"
    )
    assert "%2F" not in sent


def test_rows_are_read_over_as_many_pages_as_needed(space: SpaceOcr) -> None:
    def page(keys: list[str], next_offset: int | None) -> Answer:
        rows = [{"rowKey": key, "ocrStatus": "failed", "values": {"total": "7"}} for key in keys]
        return Answer(200, {"type": "sheet", "rows": rows, "nextOffset": next_offset})

    ran = run(space.rows(where=["ocrStatus=failed"]), page(["k1", "k2"], 2), page(["k3"], None))

    assert [row.row_key for row in ran.value] == ["k1", "k2", "k3"]
    assert ran.sent[1] == f"GET {HOST}/view?path=/ap/june&where=ocrStatus%3Dfailed&limit=498&offset=2"
    assert str(space.read_result({"result": ran.value[0].values}).fields["total"].value) == "7"


def test_rows_stop_at_the_limit_and_at_an_empty_page(space: SpaceOcr) -> None:
    row = {"rowKey": "k1"}
    full = Answer(200, {"type": "sheet", "rows": [row, row], "nextOffset": 2})
    empty = Answer(200, {"type": "sheet", "rows": [], "nextOffset": 2})

    assert len(run(space.rows("/other", limit=2), full).value) == 2
    assert run(space.rows(), empty).value == ()


def test_the_tree_is_listed(space: SpaceOcr) -> None:
    node = {"path": "/ap", "name": "ap", "type": "folder", "createdAt": 0}

    ran = run(space.space("/ap", depth=3), Answer(200, [node]))

    assert ran.sent == [f"GET {HOST}/space?path=/ap&depth=3"]
    assert ran.value[0].type == "folder"


def test_cells_and_memos_are_edited_and_nodes_removed(space: SpaceOcr) -> None:
    done = Answer(200, {"ok": True})

    cell = run(space.edit_cell("/ap/june", row="k1", column="total", value="7"), done)
    memo = run(space.edit_memo("/m1", "text"), done)
    gone = run(space.remove("/ap/june"), done)

    assert json_value(cell.requests[0]) == {"path": "/ap/june", "row": "k1", "column": "total", "value": "7"}
    assert json_value(memo.requests[0]) == {"path": "/m1", "text": "text"}
    assert (gone.sent, json_value(gone.requests[0])) == ([f"POST {HOST}/remove"], {"path": "/ap/june"})


def test_rows_stop_where_a_page_leads_back(space: SpaceOcr) -> None:
    rows = [{"rowKey": "k1"}]
    answer = Answer(200, {"type": "sheet", "path": "/ap/june", "rows": rows, "nextOffset": 0})

    assert [row.row_key for row in run(space.rows(), answer).value] == ["k1"]


# One image at once


def test_one_image_is_read_with_a_template(space: SpaceOcr) -> None:
    answer = Answer(200, {"status": "success", "data": {"total": "12,800", "field_bboxes": {}}})

    ran = run(space.ocr_fields(document(), template_id="invoice", prompt="net", key="key-1"), answer)

    body = ran.requests[0].body
    assert isinstance(body, Base64Json)
    assert body.member == "image"
    assert body.value == {"imageType": "base64", "templateId": "invoice", "prompt": "net"}
    assert header(ran.requests[0], "Idempotency-Key") == "key-1"
    assert ran.requests[0].repeat is Repeat.ALWAYS
    assert str(ran.value.fields["total"].value) == "12800"


def test_one_image_is_read_from_a_url_with_fields_or_automatic_ones(space: SpaceOcr) -> None:
    answer = Answer(200, {"status": "success", "data": {}})

    by_fields = run(space.ocr_fields("https://img.example/1", fields=["total"]), answer)
    automatic = run(space.ocr_fields("https://img.example/1", auto_fields=True), answer)

    assert json_value(by_fields.requests[0]) == {
        "image": "https://img.example/1",
        "imageType": "url",
        "fields": [{"name": "total", "type": "string"}],
    }
    assert json_value(automatic.requests[0])["autoFields"] is True
    assert header(automatic.requests[0], "Idempotency-Key") is None


@pytest.mark.parametrize("said", [{"status": "error", "error": {"code": "no_text"}}, {"data": None}])
def test_an_answer_without_values_is_no_empty_result(space: SpaceOcr, said: Any) -> None:
    error = run(space.ocr_fields(document(), auto_fields=True), Answer(200, said)).error

    assert isinstance(error, MalformedAnswer)
    assert "data is missing" in str(error)


@pytest.mark.parametrize("wanted", [{}, {"template_id": "invoice", "auto_fields": True}])
def test_exactly_one_way_of_saying_what_to_read_is_needed(space: SpaceOcr, wanted: Any) -> None:
    error = run(space.ocr_fields(document(), **wanted)).error

    assert isinstance(error, ConfigurationError)
    assert "exactly one" in str(error)


def test_one_image_must_be_an_image_of_a_size_that_is_taken(space: SpaceOcr) -> None:
    assert isinstance(run(space.ocr_fields(pdf(), auto_fields=True)).error, UnsupportedDocument)
    large = large_document(20 * 1024 * 1024 + 1)
    error = run(space.ocr_fields(large, auto_fields=True)).error
    assert isinstance(error, UnsupportedDocument)
    assert error.code == "too_large"


@pytest.mark.parametrize("content", [{"values": {"markdown": "# Bill"}}, {"markdown": "# Bill"}])
def test_markdown_is_found_in_both_places(space: SpaceOcr, content: Any) -> None:
    ran = run(space.ocr_markdown(document()), Answer(200, {"data": content}))

    assert ran.sent == [f"POST {HOST}/ocr/markdown"]
    assert ran.value == "# Bill"


@pytest.mark.parametrize("content", [None, {}, {"values": []}, {"values": {"markdown": 5}}])
def test_markdown_that_is_missing_is_malformed(space: SpaceOcr, content: Any) -> None:
    assert isinstance(
        run(space.ocr_markdown(document()), Answer(200, {"data": content})).error, MalformedAnswer
    )


@pytest.mark.parametrize("nest", [lambda found: found, lambda found: {"data": found}])
def test_fields_are_suggested(space: SpaceOcr, nest: Any) -> None:
    found = {"fields": [{"name": "total", "type": "string"}]}

    suggestion = run(space.suggest_fields(document()), Answer(200, nest(found))).value

    assert suggestion.fields == (Column(name="total"),)


# The account


def test_health_is_told(space: SpaceOcr) -> None:
    answer = Answer(200, {"status": "ok", "version": "1", "time": 1730000000000})

    assert run(space.health(), answer).value.status == "ok"


@pytest.mark.parametrize("moment", ["2025-10-09T08:53:20Z", "1760000000000", 1760000000000, 1760000000000.4])
def test_times_are_milliseconds_however_they_are_written(space: SpaceOcr, moment: Any) -> None:
    told = {
        "free": {"remaining": 5, "cycleStart": moment, "cycleEnd": moment},
        "flatfee": {"nextBillingAt": moment},
    }
    node = {"path": "/ap", "type": "folder", "createdAt": moment}

    amount = run(space.amount(), Answer(200, told)).value
    [found] = run(space.space(), Answer(200, [node])).value

    times = (amount.free.cycle_start, amount.free.cycle_end, amount.flatfee.next_billing_at, found.created_at)
    assert set(times) == {1760000000000}


@pytest.mark.parametrize("moment", ["", "soon", {}, True])
def test_a_time_that_is_none_fails_no_listing(space: SpaceOcr, moment: Any) -> None:
    node = {"path": "/ap", "type": "folder", "createdAt": moment}

    assert run(space.space(), Answer(200, [node])).value[0].created_at is None


@pytest.mark.parametrize(("enabled", "expected"), [(False, 93), (True, 143)])
def test_a_plan_that_is_not_enabled_does_not_count_as_runnable(
    space: SpaceOcr, enabled: bool, expected: int
) -> None:
    answer = {
        "free": {"used": 12, "limit": 100, "remaining": 88, "cycleStart": 0, "cycleEnd": 0},
        "flatfee": {"enabled": enabled, "used": 0, "limit": 50, "remaining": 50, "nextBillingAt": None},
        "balance": 5,
        "currency": "scans",
        "perCallCost": 1,
    }

    amount = run(space.amount(), Answer(200, answer)).value

    assert amount.runnable_scans == expected
    assert amount.per_call_cost == 1


def test_an_answer_of_another_shape_names_the_path_and_not_the_value(space: SpaceOcr) -> None:
    error = run(space.amount(), Answer(200, {"balance": "private words"})).error

    assert isinstance(error, MalformedAnswer)
    assert "balance" in str(error)
    assert "private" not in str(error)


def test_the_one_webhook_is_read_set_tested_and_removed(space: SpaceOcr) -> None:
    told = Answer(200, {"url": "https://me.example/hook", "secret": "whsec_new_secret_1", "enabled": True})

    found = run(space.webhook(), Answer(200, {"url": None, "enabled": False}))
    made = run(space.set_webhook("https://me.example/hook"), told)
    tested = run(space.test_webhook(), Answer(200, {"ok": True}))
    gone = run(space.delete_webhook(), Answer(204))

    assert not found.value.enabled
    assert made.value.secret == "whsec_new_secret_1"
    assert "whsec_new_secret_1" not in repr(made.value)
    assert json_value(made.requests[0]) == {"url": "https://me.example/hook"}
    assert made.requests[0].repeat is Repeat.UNLESS_SENT
    assert found.sent + made.sent + tested.sent + gone.sent == [
        f"GET {HOST}/webhook",
        f"PUT {HOST}/webhook",
        f"POST {HOST}/webhook/test",
        f"DELETE {HOST}/webhook",
    ]


@pytest.mark.parametrize("nest", [lambda entries: entries, lambda entries: {"deliveries": entries}])
def test_the_delivery_log_is_read_under_the_plural_path(space: SpaceOcr, nest: Any) -> None:
    entry = {"id": "d/1", "event": "ocr.completed", "status": "failed", "attempts": []}

    log = run(space.deliveries(), Answer(200, nest([entry])))
    one = run(space.delivery("d/1"), Answer(200, entry))
    again = run(space.redeliver("d/1"), Answer(200, {"ok": True}))

    assert log.value[0].id == one.value.id == "d/1"
    assert log.sent + one.sent + again.sent == [
        f"GET {HOST}/webhooks/deliveries",
        f"GET {HOST}/webhooks/deliveries/d%2F1",
        f"POST {HOST}/webhooks/deliveries/d%2F1/redeliver",
    ]


def test_results_are_kept_until_they_are_removed(space: SpaceOcr) -> None:
    assert space.capabilities.retention_seconds is None


@pytest.mark.parametrize("body", [b'[{"id": "d1"', b"", {"ok": True}, {"a": [], "b": []}])
def test_a_delivery_log_without_a_list_is_malformed(space: SpaceOcr, body: Any) -> None:
    assert isinstance(run(space.deliveries(), Answer(200, body)).error, MalformedAnswer)


def test_null_is_taken_for_absent_a_number_for_an_id_and_a_name_for_a_column(space: SpaceOcr) -> None:
    view = {
        "type": "sheet",
        "name": None,
        "columns": ["vendor", {"name": "total", "type": None}],
        "rows": None,
    }

    log = run(space.deliveries(), Answer(200, {"items": [{"id": 7, "event": None}]})).value
    health = run(space.health(), Answer(200, {"status": "ok", "version": None, "time": None})).value
    seen = run(space.view("/ap/june"), Answer(200, view)).value

    assert log[0].id == "7"
    assert (health.version, health.time) == ("", 0)
    assert [(column.name, column.type) for column in seen.columns] == [
        ("vendor", "string"),
        ("total", "string"),
    ]


def test_a_place_may_be_written_as_text_or_with_a_fraction(space: SpaceOcr) -> None:
    bbox = {"xmin": "540", "ymin": 620.4, "xmax": 593, "ymax": "640.0"}
    result = {"total": "12.50", "field_bboxes": {"total": {"bbox": bbox, "match_ratio": "0.97"}}}

    field = space.read_result({"result": result}).fields["total"]

    assert (field.box, field.match_ratio) == ((540, 620, 593, 640), 0.97)


@pytest.mark.parametrize("edge", [None, True, "", "wide", -1, 1001, float("nan"), [], "1e999"])
def test_a_place_that_is_none_is_left_out(space: SpaceOcr, edge: Any) -> None:
    bbox = {"xmin": edge, "ymin": 1, "xmax": 2, "ymax": 3}

    field = space.read_result({"result": {"total": "1", "field_bboxes": {"total": {"bbox": bbox}}}}).fields[
        "total"
    ]

    assert field.box is None


SAID = {"name": "a.png", "values": {"vendor": "Acme", "total": "12.50", "line_items": [{"amount": "1"}]}}


def test_a_poll_knows_the_key_of_an_event_that_names_no_job(space: SpaceOcr) -> None:
    box = {"bbox": {"xmin": 1, "ymin": 1, "xmax": 2, "ymax": 2}}
    flat = {
        "line_items": [{"amount": "1", "field_bboxes": {"amount": box}}],
        "total": "12.50",
        "vendor": "Acme",
        "field_bboxes": {"total": box},
    }
    job = Job.known("job_1", provider="space-ocr").model_copy(update={"filename": "a.png"})
    told = event_of(space, {"event": "ocr.completed", "data": {"result": SAID}})
    keyed = event_of(space, {"event": "ocr.completed", "data": {"uniqueKey": "k_job_1", "result": SAID}})

    for result in (flat, SAID):
        [polled] = run(operations.poll(space, job), job_answer("job_1", result=result)).value

        assert polled.key == "document.completed:job_1"
        assert {told.key, keyed.key} == {*polled.aliases}


def test_so_does_a_poll_of_a_pdf_with_one_page(space: SpaceOcr) -> None:
    sent = {**SAID, "name": "a.b-1.png"}
    told = event_of(space, {"event": "ocr.completed", "data": {"result": sent}})
    job = Job.known("job_1", provider="space-ocr").model_copy(update={"filename": "a.b.pdf"})

    [polled] = run(operations.poll(space, job), job_answer("job_1", result=SAID["values"])).value

    assert told.key in polled.aliases


def test_events_that_name_no_job_are_told_apart_by_what_they_say(space: SpaceOcr) -> None:
    other = {**SAID, "values": {"vendor": "Other"}}
    renamed = {**SAID, "name": "b.png"}
    said = [{"result": result} for result in (SAID, other, renamed)]
    said += [{"name": name, "error": {"message": "no"}} for name in ("a.png", "b.png")]

    keys = {
        event_of(space, {"event": "ocr.completed" if "result" in each else "ocr.failed", "data": each}).key
        for each in said
    }
    numbered = event_of(space, {"event": "ocr.completed", "id": "e1", "data": {"result": SAID}})

    assert len(keys) == 5
    assert numbered.key == "document.completed:e1"


def test_a_job_that_is_done_without_a_result_says_so(space: SpaceOcr) -> None:
    result = run(
        space.result(Job.known("job_1", provider="space-ocr")), job_answer("job_1", result=None)
    ).value

    assert result.fields == {}
    assert result.warnings == ("result: none was sent; rows() reads the sheet",)
