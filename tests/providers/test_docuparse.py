"""What is DocuParse's alone; the rest is in tests/contracts/test_providers.py."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from paperhook import operations
from paperhook.core.delivery import Delivery
from paperhook.core.event import BatchCompleted, DocumentCompleted, DocumentFailed, Event, UnknownEvent
from paperhook.core.exchange import Repeat
from paperhook.core.headers import Headers
from paperhook.core.job import BatchSummary, ErrorKind, Job, JobStatus
from paperhook.errors import (
    BadRequest,
    BadSignature,
    ConfigurationError,
    JobFailed,
    MalformedAnswer,
    MalformedDelivery,
    NotFound,
    ResultExpired,
    UnsupportedDocument,
    WaitTimeout,
)
from paperhook.providers.docuparse import STATUS, DocuParse
from paperhook.providers.docuparse_events import ERRORS, EVENTS
from paperhook.schemas import Invoice
from tests.providers.driving import Answer, document, form_files, header, large_document, run

SECRET = "whsec_0123456789abcdef"
DOCUPARSE = DocuParse("dex_key", webhook_secret=SECRET)
SAMPLES = Path(__file__).parent.parent / "samples" / "docuparse"
QUEUED = Job.known("doc_a1", provider="docuparse")
DATA = {"merchant": "Acme", "total": "45.50"}


def event(body: dict[str, Any]) -> Event:
    [found] = DOCUPARSE.events(Delivery(Headers({}), json.dumps(body).encode()))
    return found


def sample(name: str) -> Event:
    [found] = DOCUPARSE.events(Delivery(Headers({}), (SAMPLES / "events" / f"{name}.json").read_bytes()))
    return found


def answer(status: str, **members: Any) -> Answer:
    return Answer(200, {"success": True, "document_id": "doc_a1", "status": status, **members})


# Requests


def test_default_base_has_the_prefix_of_the_docs_page() -> None:
    assert DOCUPARSE.base_url == "https://docuparseapi.com/api/v1"


def test_upload_is_one_form_part_named_file_with_a_bearer_key() -> None:
    ran = run(DOCUPARSE.upload(document(), metadata={"ref": 7}), answer("queued"))

    assert ran.sent == ["POST https://docuparseapi.com/api/v1/extract"]
    assert form_files(ran.requests[0]) == [("file", "invoice.png")]
    assert header(ran.requests[0], "Authorization") == "Bearer dex_key"
    assert (ran.value.id, ran.value.document_id, ran.value.filename) == ("doc_a1", "doc_a1", "invoice.png")
    assert ran.value.status is JobStatus.SUBMITTED
    assert ran.value.metadata == {"ref": 7}


def test_no_idempotency_header_is_sent() -> None:
    [request] = run(DOCUPARSE.upload(document(), key="ph-1"), answer("queued")).requests

    assert "ph-1" not in str(request.headers)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_success_status_is_success(status: int) -> None:
    body = {"success": True, "document_id": "doc_a1", "status": "queued"}

    assert run(DOCUPARSE.upload(document()), Answer(status, body)).value.id == "doc_a1"


def test_document_above_10_mb_is_refused_before_it_is_sent() -> None:
    ran = run(operations.upload(DOCUPARSE, large_document(10 * 1024 * 1024 + 1)))

    assert isinstance(ran.error, UnsupportedDocument)
    assert ran.error.code == "too_large"
    assert ran.requests == []


def test_no_type_is_refused_because_the_sources_disagree() -> None:
    ran = run(operations.upload(DOCUPARSE, document("a.csv", "text/csv")), answer("queued"))

    assert ran.value.id == "doc_a1"


@pytest.mark.parametrize(("word", "status"), STATUS.items())
def test_every_documented_status_is_mapped(word: str, status: JobStatus) -> None:
    ran = run(DOCUPARSE.status(QUEUED), answer(word, data=DATA, error={"code": "EXTRACTION_FAILED"}))

    assert ran.sent == ["GET https://docuparseapi.com/api/v1/documents/doc_a1"]
    assert ran.value.status is status
    assert ran.value.provider_status == word


@pytest.mark.parametrize("data", [{}, {"data": None}])
def test_completed_without_data_is_still_processing(data: dict[str, Any]) -> None:
    job = run(DOCUPARSE.status(QUEUED), answer("completed", **data)).value

    assert job.status is JobStatus.PROCESSING
    assert job.provider_status == "completed"


def test_wait_keeps_polling_while_completed_has_no_data() -> None:
    ran = run(
        operations.wait(DOCUPARSE, QUEUED, deadline=60), answer("completed"), answer("completed", data=DATA)
    )

    assert ran.value.status is JobStatus.COMPLETED
    assert len(ran.sent) == 2


def test_status_answer_may_leave_the_id_out() -> None:
    job = run(DOCUPARSE.status(QUEUED), Answer(200, {"success": True, "status": "processing"})).value

    assert job.id == "doc_a1"


def test_id_is_one_part_of_the_path_whatever_it_holds() -> None:
    ran = run(DOCUPARSE.status(Job.known("../admin?x", provider="docuparse")), answer("queued"))

    assert ran.requests[0].url.endswith("/documents/..%2Fadmin%3Fx")


def test_job_without_an_id_cannot_be_asked_for() -> None:
    ran = run(DOCUPARSE.status(Job.known("", provider="docuparse")))

    assert isinstance(ran.error, ConfigurationError)


@pytest.mark.parametrize("success", [True, False])
def test_failed_document_is_an_outcome_and_no_error_of_the_request(success: bool) -> None:
    body = {
        "success": success,
        "status": "failed",
        "error": {"code": "EXTRACTION_FAILED", "message": "blurred"},
    }

    job = run(DOCUPARSE.status(QUEUED), Answer(200, body)).value

    assert job.status is JobStatus.FAILED_TERMINAL
    assert job.error is not None
    assert (job.error.code, job.error.message, job.error.kind) == (
        "EXTRACTION_FAILED",
        "blurred",
        ErrorKind.REVIEW,
    )


@pytest.mark.parametrize(("code", "meaning"), ERRORS.items())
def test_every_code_has_a_class_and_a_kind(code: str, meaning: Any) -> None:
    refused = Answer(200, {"success": False, "error": {"code": code, "message": "no"}})

    error = run(DOCUPARSE.upload(document()), refused).error

    assert type(error) is meaning.error_class
    assert DOCUPARSE.read_error({"code": code}).kind is meaning.kind


def test_document_that_failed_for_a_passing_reason_may_be_tried_again() -> None:
    job = run(DOCUPARSE.status(QUEUED), answer("failed", error={"code": "INTERNAL_ERROR"})).value

    assert job.status is JobStatus.FAILED_RETRYABLE


@pytest.mark.parametrize("error", [None, 5, [], {}, {"code": None}])
def test_failure_without_a_code_is_unknown_and_terminal(error: Any) -> None:
    found = DOCUPARSE.read_error(error)

    assert (found.code, found.message, found.kind) == ("unknown", "", ErrorKind.TERMINAL)


def test_failure_that_is_only_a_sentence_keeps_it() -> None:
    assert DOCUPARSE.read_error("could not read").message == "could not read"


def test_status_200_with_success_false_is_an_error() -> None:
    refused = Answer(200, {"success": False, "document_id": "doc_a1", "status": "queued"})

    assert isinstance(run(DOCUPARSE.upload(document()), refused).error, BadRequest)


@pytest.mark.parametrize("error", [{"code": "NOT_FOUND", "message": "no such document"}, "no such document"])
def test_status_200_with_nothing_but_an_error_is_one(error: Any) -> None:
    refused = Answer(200, {"error": error})

    told = run(DOCUPARSE.status(QUEUED), refused).error

    assert isinstance(told, BadRequest if isinstance(error, str) else NotFound)
    assert "no such document" in str(told)
    assert isinstance(run(DOCUPARSE.upload(document()), refused).error, type(told))


@pytest.mark.parametrize("error", [None, {}, "", []])
def test_an_error_that_says_nothing_is_none(error: Any) -> None:
    assert run(DOCUPARSE.status(QUEUED), answer("queued", error=error)).value.id == "doc_a1"


def test_error_status_decides_over_the_code() -> None:
    refused = Answer(404, {"success": False, "error": {"code": "INVALID_FILE"}})

    assert isinstance(run(DOCUPARSE.status(QUEUED), refused).error, NotFound)


# Results


def test_result_of_a_polled_job_is_not_asked_for_again() -> None:
    job = run(DOCUPARSE.status(QUEUED), answer("completed", data=DATA)).value

    ran = run(DOCUPARSE.result(job))

    assert ran.requests == []
    assert ran.value.values() == {"vendor": "Acme", "total": Decimal("45.50")}


def test_result_of_a_known_id_is_asked_for() -> None:
    ran = run(DOCUPARSE.result(QUEUED), answer("completed", data=DATA))

    assert ran.value.fields["vendor"].value == "Acme"


def test_result_of_a_running_job_says_to_wait() -> None:
    ran = run(DOCUPARSE.result(QUEUED), answer("processing"))

    assert isinstance(ran.error, WaitTimeout)


@pytest.mark.parametrize("members", [{"error": {"code": "EXTRACTION_FAILED"}}, {}])
def test_result_of_a_failed_job_says_why(members: dict[str, Any]) -> None:
    ran = run(DOCUPARSE.result(QUEUED), answer("failed", **members))

    assert isinstance(ran.error, JobFailed)
    assert ran.error.job is not None
    assert ran.error.job.status is JobStatus.FAILED_TERMINAL


def test_completed_job_that_is_unknown_has_expired() -> None:
    done = QUEUED.model_copy(update={"status": JobStatus.COMPLETED})

    ran = run(DOCUPARSE.result(done), Answer(404, {"success": False, "error": {"code": "NOT_FOUND"}}))

    assert isinstance(ran.error, ResultExpired)
    assert ran.error.job is not None
    assert ran.error.job.status is JobStatus.EXPIRED


def test_job_that_was_never_known_is_not_found() -> None:
    ran = run(DOCUPARSE.result(QUEUED), Answer(404, {"success": False, "error": {"code": "NOT_FOUND"}}))

    assert isinstance(ran.error, NotFound)


def test_money_comes_as_number_and_as_text_in_one_object() -> None:
    result = DOCUPARSE.read_result({"subtotal": 42.0, "tax": "3.50", "total": "1,045.50"})

    assert result.values() == {
        "subtotal": Decimal("42.0"),
        "tax": Decimal("3.50"),
        "total": Decimal("1045.50"),
    }


@pytest.mark.parametrize("name", ["invoice_id", "document_number"])
def test_number_has_one_name_in_webhooks_and_another_in_polls(name: str) -> None:
    assert DOCUPARSE.read_result({name: "INV-7"}).values() == {"invoice_number": "INV-7"}


def test_line_items_may_have_qty_and_price() -> None:
    rows = [{"description": "Paper", "qty": 2, "price": "10.50", "total": 21}]

    assert DOCUPARSE.read_result({"line_items": rows}).values()["line_items"] == [
        {
            "description": "Paper",
            "quantity": Decimal(2),
            "unit_price": Decimal("10.50"),
            "amount": Decimal(21),
        }
    ]


def test_payload_of_the_article_becomes_an_invoice() -> None:
    found = sample("document.completed")
    assert isinstance(found, DocumentCompleted)

    invoice = found.result.parse(Invoice)

    assert (invoice.vendor, invoice.invoice_number, invoice.currency) == (
        "Lindenhof Supplies GmbH",
        "LS-2041",
        "EUR",
    )
    assert (invoice.subtotal, invoice.tax, invoice.total) == (
        Decimal("1300.00"),
        Decimal("247.00"),
        Decimal("1547.00"),
    )
    assert (invoice.invoice_date, invoice.due_date) == (date(2026, 5, 4), date(2026, 6, 3))
    assert invoice.payment_method is None
    assert [item.quantity for item in invoice.line_items] == [20, 4]
    assert found.result.document_type == "invoice"
    assert found.result.warnings == ()


# Batches


def test_batch_is_one_call_with_repeated_parts() -> None:
    members = [{"document_id": "doc_a1", "status": "queued"}, {"document_id": "doc_b2", "status": "queued"}]
    accepted = Answer(202, {"success": True, "batch_id": "batch_9", "documents": members})

    ran = run(DOCUPARSE.upload_batch((document("a.pdf"), document("b.pdf"))), accepted)

    assert ran.sent == ["POST https://docuparseapi.com/api/v1/extract/batch"]
    assert ran.requests[0].repeat is Repeat.UNLESS_SENT
    assert form_files(ran.requests[0]) == [("files", "a.pdf"), ("files", "b.pdf")]
    assert [(job.id, job.filename, job.batch_id) for job in ran.value.jobs] == [
        ("doc_a1", "a.pdf", "batch_9"),
        ("doc_b2", "b.pdf", "batch_9"),
    ]
    assert ran.value.summary.total == 2


def test_batch_answer_without_the_batchs_id_is_malformed() -> None:
    body = {"success": True, "documents": [{"document_id": "doc_a1"}]}

    assert isinstance(run(DOCUPARSE.upload_batch((document(),)), Answer(202, body)).error, MalformedAnswer)


@pytest.mark.parametrize(
    ("members", "ids"),
    [
        (["doc_a1", "doc_b2"], ["doc_a1", "doc_b2"]),
        ([5, {"document_id": 6}], ["5", "6"]),
        (None, []),
        ([], []),
        (["doc_a1"], []),
        (["doc_a1", {"error": "no"}], []),
        ([None, []], []),
    ],
)
def test_an_accepted_batch_is_not_lost_where_it_names_its_documents_otherwise(
    members: Any, ids: list[str]
) -> None:
    body = {"success": True, "batch_id": "batch_9", "documents": members}

    batch = run(DOCUPARSE.upload_batch((document("a.pdf"), document("b.pdf"))), Answer(202, body)).value

    assert (batch.id, batch.summary.total) == ("batch_9", 2)
    assert [job.id for job in batch.jobs] == ids


# Webhooks


def test_signature_is_the_articles() -> None:
    body = b'{"event":"batch.completed","batch_id":"b"}'
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()

    found = DOCUPARSE.verify({"x-docuparse-signature": f"sha256={digest}"}, body)

    assert found.type == "batch.completed"


@pytest.mark.parametrize(
    "form", ["{digest}", "t=1760000000,v1={digest}", "SHA256={digest}", "sha256={upper}"]
)
def test_other_schemes_in_the_same_header_are_refused(form: str) -> None:
    body = b'{"event":"batch.completed","batch_id":"b"}'
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()

    with pytest.raises(BadSignature):
        DOCUPARSE.verify({"X-DocuParse-Signature": form.format(digest=digest, upper=digest.upper())}, body)


def test_signature_inside_the_body_proves_nothing() -> None:
    body = (SAMPLES / "events" / "document.completed--info-box.json").read_bytes()

    with pytest.raises(BadSignature):
        DOCUPARSE.verify({"X-DocuParse-Signature": json.loads(body)["signature"]}, body)


@pytest.mark.parametrize(("word", "meaning"), EVENTS.items())
def test_every_event_is_mapped(word: str, meaning: str) -> None:
    assert event({"event": word, "document_id": "doc_a1"}).type == meaning
    assert event({"event": word, "document_id": "doc_a1"}).provider_type == word


@pytest.mark.parametrize("outcome", ["completed", "failed"])
def test_both_names_of_an_event_have_one_key(outcome: str) -> None:
    keys = {
        event({"event": f"{word}.{outcome}", "document_id": "doc_a1"}).key
        for word in ("document", "extraction")
    }

    assert keys == {f"document.{outcome}:doc_a1"}


def test_document_that_fails_and_then_completes_gives_two_events() -> None:
    failed = event({"event": "document.failed", "document_id": "doc_a1"})
    completed = event({"event": "document.completed", "document_id": "doc_a1"})

    assert failed.key != completed.key


def test_batch_event_is_identified_by_its_batch() -> None:
    found = sample("batch.completed")

    assert isinstance(found, BatchCompleted)
    assert (found.key, found.batch_id, found.job_id) == ("batch.completed:batch_9", "batch_9", None)
    assert found.summary == BatchSummary(total=3, succeeded=2, failed=1)


def test_a_summary_may_count_in_text() -> None:
    counts = DOCUPARSE.read_summary({"total": "3", "succeeded": "2", "failed": 1})

    assert counts == BatchSummary(total=3, succeeded=2, failed=1)


@pytest.mark.parametrize("counts", [None, 5, {}, {"total": "-3", "succeeded": True, "failed": -1}])
def test_summary_that_counts_nothing_is_zero(counts: Any) -> None:
    assert DOCUPARSE.read_summary(counts) == BatchSummary()


def test_flat_form_of_the_info_box_is_read() -> None:
    found = sample("document.completed--info-box")

    assert isinstance(found, DocumentCompleted)
    assert found.key == "document.completed:doc_a3"
    assert found.result.values() == {"vendor": "Acme", "total": Decimal("1320.00")}


def test_flat_form_of_a_failure_is_read() -> None:
    found = sample("document.failed--info-box")

    assert isinstance(found, DocumentFailed)
    assert (found.error.code, found.error.message) == ("EXTRACTION_FAILED", "could not read")


def test_completed_event_without_data_says_that_its_result_must_be_fetched() -> None:
    found = sample("document.completed--without-data")

    assert isinstance(found, DocumentCompleted)
    assert not found.has_result
    assert found.job.id == "doc_a4"


@pytest.mark.parametrize("beside", [{"api_version": "2"}, {"message": "done", "attempt": 2}])
def test_members_that_are_no_fields_are_no_result(beside: dict[str, Any]) -> None:
    found = event({"event": "document.completed", "document_id": "doc_a1", "data": None, **beside})

    assert isinstance(found, DocumentCompleted)
    assert not found.has_result


def test_time_of_an_event_is_utc() -> None:
    assert sample("document.completed").occurred_at == datetime(2026, 5, 19, 14, 32, tzinfo=UTC)
    assert (
        event({"event": "document.completed", "document_id": "d", "timestamp": "yesterday"}).occurred_at
        is None
    )


def test_unknown_event_is_told_apart_by_its_bytes() -> None:
    first, second = (event({"event": "document.viewed", "document_id": "d", "by": who}) for who in "ab")

    assert type(first) is type(second) is UnknownEvent
    assert first.key != second.key


def test_event_without_an_id_is_told_apart_by_its_bytes() -> None:
    first, second = (event({"event": "document.completed", "data": {"total": each}}) for each in (1, 2))

    assert first.key != second.key


@pytest.mark.parametrize("body", [{}, {"event": None}, {"event": ""}, {"event": 5}])
def test_body_without_an_event_is_malformed(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedDelivery, match="event is missing"):
        event(body)


# Polling


def test_poll_of_a_job_that_was_only_known_as_completed_uses_the_fetched_result() -> None:
    done = QUEUED.model_copy(update={"status": JobStatus.COMPLETED})

    [envelope] = run(operations.poll(DOCUPARSE, done), answer("completed", data=DATA)).value

    assert envelope.key == "document.completed:doc_a1"
    assert envelope.payload == DATA


def test_running_job_means_no_event() -> None:
    assert DOCUPARSE.polled(QUEUED, None) == ()
