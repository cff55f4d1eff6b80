"""What is DocuProx's alone; the rest is in tests/contracts/test_providers.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from paperhook import operations
from paperhook.core.delivery import Delivery
from paperhook.core.document import Document
from paperhook.core.event import DocumentCompleted, DocumentFailed, Event, Origin, UnknownEvent
from paperhook.core.exchange import Base64Json, Multipart, RawBody, Repeat
from paperhook.core.headers import Headers
from paperhook.core.job import Job, JobStatus
from paperhook.errors import (
    BadRequest,
    BadSignature,
    ConfigurationError,
    JobFailed,
    MalformedAnswer,
    MalformedDelivery,
    PermissionDenied,
    RateLimited,
    ResultExpired,
    ServerError,
    UnsupportedDocument,
    WaitTimeout,
)
from paperhook.providers.docuprox import AgentPrompt, DocuProx, without_data_url
from paperhook.providers.docuprox_models import STATUS, digest_of, normalised
from tests.providers.driving import Answer, document, form_fields, form_files, header, json_value, run

SECRET = "hook-token-0123456789"
TEMPLATE = "7a7a7a7a-0000-4000-8000-000000000001"
JOB_ID = "0b0c2a52-1111-4222-8333-944455556666"
DOCUPROX = DocuProx("prox_key", webhook_secret=SECRET, template_id=TEMPLATE)
SAMPLES = Path(__file__).parent.parent / "samples" / "docuprox"
JOB = Job.known(JOB_ID, provider="docuprox")
ACCEPTED = Answer(202, {"job_id": JOB_ID, "template_id": TEMPLATE, "static_values": None})
GONE = Answer(404, {"error": "Results not found"})
RECORD = {"invoice_no": "A-1", "total": "99.00"}
PROMPT = AgentPrompt(fields={"total": "the sum"}, document_type="invoice")


def status_answer(word: str) -> Answer:
    return Answer(200, {"job_id": JOB_ID, "template_id": TEMPLATE, "status": word})


def events(body: dict[str, Any], provider: DocuProx = DOCUPROX) -> tuple[Event, ...]:
    return provider.events(Delivery(Headers({}), json.dumps(body).encode()))


def delivery(result: Any = None, **members: Any) -> dict[str, Any]:
    return {
        "job_id": JOB_ID,
        "template_id": TEMPLATE,
        "static_values": {"ref": "batch-17"},
        "result": RECORD if result is None else result,
        **members,
    }


def polled(records: Any, provider: DocuProx = DOCUPROX, job: Job = JOB) -> tuple[Event, ...]:
    envelopes = run(operations.poll(provider, job), status_answer("SUCCESS"), Answer(200, records)).value
    return tuple(provider.event(envelope, body=b"", origin=Origin.POLL) for envelope in envelopes)


# Settings


def test_version_is_part_of_the_base_and_of_no_path() -> None:
    local = DocuProx("k", base_url="http://127.0.0.1:9/docuprox", template_id=TEMPLATE)

    assert run(DOCUPROX.upload(document()), ACCEPTED).sent == ["POST https://api.docuprox.com/v1/process-job"]
    assert run(local.upload(document()), ACCEPTED).sent == ["POST http://127.0.0.1:9/docuprox/process-job"]


def test_settings_come_from_the_environment() -> None:
    made = DocuProx.from_env(
        {
            "DOCUPROX_API_KEY": "k",
            "DOCUPROX_TEMPLATE_ID": TEMPLATE,
            "DOCUPROX_STATIC_VALUES": '{"ref": 1}',
            "DOCUPROX_FORM": "json",
            "DOCUPROX_DEDUPE": "job",
        }
    )

    assert (made.template_id, made.static_values, made.form, made.dedupe) == (
        TEMPLATE,
        {"ref": 1},
        "json",
        "job",
    )


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("template_id", "invoice"),
        ("form", "xml"),
        ("webhook_header", " "),
        ("dedupe", "none"),
        ("static_values", "[]"),
        ("static_values", "not json"),
        ("static_values", {"a": object()}),
        ("static_values", {"a": float("nan")}),
    ],
)
def test_wrong_setting_is_named(setting: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=setting):
        DocuProx("k", **{setting: value})


def test_static_values_and_template_are_part_of_what_an_upload_means() -> None:
    assert DocuProx("k", template_id=TEMPLATE, static_values={"a": 1}).upload_options() == {
        "template_id": TEMPLATE,
        "static_values": {"a": 1},
    }


def test_provider_can_be_hashed() -> None:
    assert len({DOCUPROX, DocuProx("prox_key", webhook_secret=SECRET, template_id=TEMPLATE)}) == 1


@pytest.mark.parametrize("send", [DOCUPROX.upload, DOCUPROX.process])
def test_template_is_needed_where_there_is_no_prompt(send: Any) -> None:
    without = DocuProx("k")

    ran = run(getattr(without, send.__name__)(document()))

    assert isinstance(ran.error, ConfigurationError)
    assert "DOCUPROX_TEMPLATE_ID" in str(ran.error)


# Submitting


def test_key_travels_in_x_auth() -> None:
    [request] = run(DOCUPROX.upload(document()), ACCEPTED).requests

    assert header(request, "x-auth") == "prox_key"
    assert header(request, "Authorization") is None


def test_form_has_static_values_as_json_text() -> None:
    provider = DocuProx("k", template_id=TEMPLATE, static_values={"a": 1, "b": 1})

    ran = run(provider.upload(document(), metadata={"b": 2}), ACCEPTED)

    fields = form_fields(ran.requests[0])
    assert fields["template_id"] == TEMPLATE
    assert json.loads(fields["static_values"]) == {"a": 1, "b": 2}
    assert form_files(ran.requests[0]) == [("actual_image", "invoice.png")]
    assert ran.value.metadata == {"a": 1, "b": 2}


def test_json_has_static_values_as_an_object_and_the_file_in_base64() -> None:
    provider = DocuProx("k", template_id=TEMPLATE, form="json")

    [request] = run(provider.upload(document(), metadata={"ref": "é"}), ACCEPTED).requests

    assert request.method == "POST"
    assert isinstance(request.body, Base64Json)
    assert request.body.member == "actual_image"
    assert request.body.value == {"template_id": TEMPLATE, "static_values": {"ref": "é"}}


def test_raw_bytes_have_static_values_in_an_ascii_header() -> None:
    provider = DocuProx("k", template_id=TEMPLATE, form="raw")

    [request] = run(provider.upload(document(), metadata={"ref": "é\r\nX: y"}), ACCEPTED).requests

    assert request.method == "PUT"
    assert request.url == f"https://api.docuprox.com/v1/process-job?t_id={TEMPLATE}"
    assert isinstance(request.body, RawBody)
    assert request.body.content_type == "application/octet-stream"
    text = header(request, "static_values") or ""
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text) == {"ref": "é\r\nX: y"}


@pytest.mark.parametrize("form", ["multipart", "json", "raw"])
def test_no_submission_is_repeated_not_even_the_put(form: Any) -> None:
    provider = DocuProx("k", template_id=TEMPLATE, form=form)

    requests = [
        *run(provider.upload(document()), ACCEPTED).requests,
        *run(provider.process(document()), Answer(200, RECORD)).requests,
        *run(provider.process_agent(document(), PROMPT), Answer(200, RECORD)).requests,
        *run(provider.upload_with_prompt(document(), PROMPT), ACCEPTED).requests,
    ]

    assert [request.repeat for request in requests] == [Repeat.UNLESS_SENT] * 4


@pytest.mark.parametrize("form", ["multipart", "json", "raw"])
def test_nothing_is_sent_for_static_values_that_are_empty(form: Any) -> None:
    provider = DocuProx("k", template_id=TEMPLATE, form=form)

    [request] = run(provider.upload(document()), ACCEPTED).requests

    assert "static_values" not in dict(request.headers)
    if isinstance(request.body, Multipart):
        assert dict(request.body.fields) == {"template_id": TEMPLATE}
    if isinstance(request.body, Base64Json):
        assert request.body.value == {"template_id": TEMPLATE}


def test_metadata_that_is_no_json_is_refused_before_anything_is_sent() -> None:
    ran = run(DOCUPROX.upload(document(), metadata={"when": object()}))

    assert isinstance(ran.error, ConfigurationError)
    assert ran.requests == []


def test_submitted_job_has_no_status_yet() -> None:
    job = run(DOCUPROX.upload(document()), ACCEPTED).value

    assert (job.id, job.status, job.provider_status) == (JOB_ID, JobStatus.SUBMITTED, "")


@pytest.mark.parametrize(
    "type", ["application/pdf", "application/zip", "image/tiff", "image/bmp", "image/gif"]
)
def test_documented_types_are_taken(type: str) -> None:
    assert run(operations.upload(DOCUPROX, document("a.bin", type)), ACCEPTED).value.id == JOB_ID


def test_other_types_are_refused_before_anything_is_sent() -> None:
    ran = run(operations.upload(DOCUPROX, document("a.csv", "text/csv")))

    assert isinstance(ran.error, UnsupportedDocument)


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("data:image/png;base64,AAAA", "AAAA"),
        (" DATA:application/pdf;base64,AAAA", "AAAA"),
        ("AAAA", "AAAA"),
        ("AA,AA", "AA,AA"),
        ("data:AAAA", "data:AAAA"),
    ],
)
def test_data_url_prefix_is_stripped(text: str, stripped: str) -> None:
    assert without_data_url(text) == stripped


# Reading while waiting


def test_process_reads_at_once() -> None:
    ran = run(DOCUPROX.process(document()), Answer(200, RECORD))

    assert ran.sent == ["POST https://api.docuprox.com/v1/process"]
    assert ran.value.values() == {"invoice_number": "A-1", "total": Decimal("99.00")}


def test_process_of_raw_bytes_is_a_put() -> None:
    provider = DocuProx("k", template_id=TEMPLATE, form="raw")

    ran = run(provider.process(document()), Answer(200, RECORD))

    assert ran.sent == [f"PUT https://api.docuprox.com/v1/process?t_id={TEMPLATE}"]


def test_agent_needs_no_template_and_sends_its_payload_as_json_text_in_a_form() -> None:
    provider = DocuProx("k")
    prompt = AgentPrompt(fields={"total": "the sum"}, document_type="invoice", custom_instructions="in EUR")

    ran = run(provider.process_agent(document(), prompt, metadata={"ref": 7}), Answer(200, RECORD))

    assert ran.sent == ["POST https://api.docuprox.com/v1/process-agent"]
    assert json.loads(form_fields(ran.requests[0])["payload"]) == {
        "prompt_json": {"total": "the sum"},
        "document_type": "invoice",
        "custom_instructions": "in EUR",
        "static_values": {"ref": 7},
    }
    assert set(form_fields(ran.requests[0])) == {"payload"}


def test_agent_sends_its_payload_as_an_object_in_json() -> None:
    provider = DocuProx("k", template_id=TEMPLATE, form="json")

    [request] = run(provider.process_agent(document(), PROMPT), Answer(200, RECORD)).requests

    assert isinstance(request.body, Base64Json)
    assert request.body.value == {
        "template_id": TEMPLATE,
        "payload": {"prompt_json": {"total": "the sum"}, "document_type": "invoice"},
    }


def test_job_with_a_prompt_has_its_fields_as_json_text() -> None:
    ran = run(DocuProx("k").upload_with_prompt(document(), PROMPT), ACCEPTED)

    assert ran.sent == ["POST https://api.docuprox.com/v1/process-job"]
    payload = json.loads(form_fields(ran.requests[0])["payload"])
    assert json.loads(payload["prompt_json"]) == {"total": "the sum"}
    assert ran.value.id == JOB_ID


# States


def test_status_is_asked_by_query() -> None:
    ran = run(DOCUPROX.status(JOB), status_answer("NEW"))

    assert ran.sent == [f"GET https://api.docuprox.com/v1/job-status?job_id={JOB_ID}"]


def test_id_is_one_value_of_the_query_whatever_it_holds() -> None:
    ran = run(DOCUPROX.status(Job.known("a&b=c", provider="docuprox")), status_answer("NEW"))

    assert ran.requests[0].url.endswith("?job_id=a%26b%3Dc")


def test_job_without_an_id_cannot_be_asked_for() -> None:
    assert isinstance(run(DOCUPROX.status(Job.known("", provider="docuprox"))).error, ConfigurationError)


@pytest.mark.parametrize(("word", "expected"), STATUS.items())
def test_every_state_of_all_vocabularies_is_mapped(word: str, expected: JobStatus) -> None:
    single = JOB.model_copy(update={"filename": "invoice.pdf"})

    job = run(DOCUPROX.status(single), status_answer(word)).value

    assert job.status is expected
    assert job.provider_status == word


@pytest.mark.parametrize(
    "word", ["PROCESS IMAGE SUCCESS", "process_image_success", "  Process  Image\tSuccess "]
)
def test_states_compare_whatever_their_case_and_spacing(word: str) -> None:
    assert normalised(word) == "PROCESS IMAGE SUCCESS"


def test_job_ends_with_success_and_not_only_with_completed() -> None:
    for word in ("SUCCESS", "COMPLETED"):
        assert run(DOCUPROX.status(JOB), status_answer(word)).value.status is JobStatus.COMPLETED


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("invoice.pdf", JobStatus.FAILED_TERMINAL),
        ("all.ZIP", JobStatus.PROCESSING),
        (None, JobStatus.PROCESSING),
    ],
)
def test_failed_image_ends_a_job_only_where_it_is_no_archive(
    filename: str | None, expected: JobStatus
) -> None:
    job = JOB.model_copy(update={"filename": filename})

    assert run(DOCUPROX.status(job), status_answer("PROCESS IMAGE FAILED")).value.status is expected


def test_failed_archive_is_final() -> None:
    job = run(DOCUPROX.status(JOB), status_answer("UNZIP FILE FAILED")).value

    assert job.status is JobStatus.FAILED_TERMINAL
    assert job.error is not None
    assert job.error.code == "UNZIP FILE FAILED"


def test_failure_without_a_status_has_a_code_all_the_same() -> None:
    assert DOCUPROX.read_error({"error": "it broke"}).code == "FAILED"
    assert DOCUPROX.read_error({"error": "it broke"}).message == "it broke"


# Results


def test_results_are_asked_by_a_post_that_may_be_repeated() -> None:
    ran = run(DOCUPROX.result(JOB), Answer(200, [RECORD]))

    assert ran.sent == ["POST https://api.docuprox.com/v1/job-results"]
    assert json_value(ran.requests[0]) == {"job_id": JOB_ID, "result_format": "json"}
    assert ran.requests[0].repeat is Repeat.ALWAYS


@pytest.mark.parametrize(
    "body", [[RECORD], RECORD, {"job_id": JOB_ID, "result": RECORD}, {"job_id": JOB_ID, "result": [RECORD]}]
)
def test_array_of_one_record_and_a_single_record_are_the_same(body: Any) -> None:
    result = run(DOCUPROX.result(JOB), Answer(200, body)).value

    assert result.values() == {"invoice_number": "A-1", "total": Decimal("99.00")}
    assert result.raw == RECORD


def test_archive_gives_each_document_on_its_own() -> None:
    body = [RECORD, {**RECORD, "invoice_no": "A-2"}]

    each = run(DOCUPROX.results(JOB), Answer(200, body)).value
    together = run(DOCUPROX.result(JOB), Answer(200, body)).value

    assert [result.fields["invoice_number"].value for result in each] == ["A-1", "A-2"]
    assert together.fields == {}
    assert [row["invoice_number"] for row in together.tables["documents"]] == ["A-1", "A-2"]
    assert together.warnings == ("result: 2 documents in one job: results() gives each",)


def test_csv_is_text() -> None:
    ran = run(DOCUPROX.results_csv(JOB), Answer(200, "\ufeffinvoice_no\r\né\r\n".encode()))

    assert json_value(ran.requests[0])["result_format"] == "csv"
    assert header(ran.requests[0], "Accept") == "text/csv"
    assert ran.value == "invoice_no\r\né\r\n"


@pytest.mark.parametrize("body", [b"a,b\r\n1,2\r\n", b"5", b"[5]", b'"text"'])
def test_result_that_holds_no_records_is_malformed(body: bytes) -> None:
    assert isinstance(run(DOCUPROX.result(JOB), Answer(200, body)).error, MalformedAnswer)


def test_results_that_are_gone_after_success_have_expired() -> None:
    done = JOB.model_copy(update={"status": JobStatus.COMPLETED})

    ran = run(DOCUPROX.result(done), GONE)

    assert isinstance(ran.error, ResultExpired)
    assert ran.error.job is not None
    assert ran.error.job.status is JobStatus.EXPIRED


@pytest.mark.parametrize(
    ("word", "expected"), [("SUCCESS", ResultExpired), ("PROCESSING", WaitTimeout), ("FAILED", JobFailed)]
)
def test_missing_results_of_a_job_that_is_not_known_to_be_done_are_looked_into(
    word: str, expected: type
) -> None:
    ran = run(DOCUPROX.results(JOB), GONE, status_answer(word))

    assert type(ran.error) is expected


# Errors


def test_phrase_of_an_error_is_no_code() -> None:
    error = run(
        DOCUPROX.upload(document()), Answer(400, {"error": "Bad request", "message": "no file"})
    ).error

    assert isinstance(error, BadRequest)
    assert error.code == ""
    assert "Bad request: no file" in str(error)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(403, PermissionDenied), (415, BadRequest), (500, ServerError), (503, ServerError)],
)
def test_status_decides_what_an_error_is(status: int, expected: type) -> None:
    error = run(DOCUPROX.status(JOB), Answer(status, {"error": "Too many requests"})).error

    assert type(error) is expected


@pytest.mark.parametrize(
    "headers", [{"Retry-After": "7"}, {"X-RateLimit-Reset": "1760000007"}, {"X-RateLimit-Reset": "7"}]
)
def test_wait_after_too_many_requests_is_read_from_either_header(headers: Mapping[str, str]) -> None:
    error = run(DOCUPROX.status(JOB), Answer(429, {"error": "slow down"}, headers)).error

    assert isinstance(error, RateLimited)
    assert error.retry_after == 7.0


# Webhooks


def test_header_of_the_users_choice_proves_the_sender() -> None:
    provider = DocuProx("k", webhook_secret=SECRET, webhook_header="X-Own")
    body = json.dumps(delivery()).encode()

    assert provider.verify({"x-own": SECRET}, body).job_id == JOB_ID
    with pytest.raises(BadSignature):
        provider.verify({"x-own": SECRET[:-1]}, body)


def test_event_name_is_ours() -> None:
    [event] = events(delivery())

    assert isinstance(event, DocumentCompleted)
    assert (event.type, event.provider_type) == ("document.completed", "job.completed")
    assert (event.document_id, event.occurred_at) == (None, None)


def test_static_values_come_back_as_metadata() -> None:
    [event] = events(delivery())

    assert event.metadata == {"ref": "batch-17"}


@pytest.mark.parametrize(
    ("echoed", "metadata"),
    [('{"ref": 7}', {"ref": 7}), (None, {}), ("not json", {}), ("[]", {}), ("[" * 100_000, {}), (5, {})],
)
def test_static_values_may_be_text_or_missing(echoed: Any, metadata: Mapping[str, Any]) -> None:
    [event] = events(delivery(static_values=echoed))

    assert event.metadata == metadata


def test_documents_of_one_archive_have_keys_of_their_own() -> None:
    [first], [second] = events(delivery()), events(delivery({**RECORD, "invoice_no": "A-2"}))

    assert first.job_id == second.job_id
    assert first.key != second.key


def test_delivery_that_is_repeated_has_the_same_key_whatever_its_spacing_and_order() -> None:
    [first], [second] = events(delivery()), events(delivery(dict(reversed(RECORD.items()))))

    assert first.key == second.key == f"document.completed:{JOB_ID}:{digest_of(RECORD)}"


def test_push_and_pull_of_one_archive_have_the_same_keys() -> None:
    records = [RECORD, {**RECORD, "invoice_no": "A-2"}]

    pushed = [event for record in records for event in events(delivery(record))]
    pulled = polled(records)

    assert [event.key for event in pulled] == [event.key for event in pushed]
    assert [event.result for event in pulled if isinstance(event, DocumentCompleted)] == [
        event.result for event in pushed if isinstance(event, DocumentCompleted)
    ]


def test_poll_carries_what_was_submitted() -> None:
    [event] = polled([RECORD], job=JOB.model_copy(update={"metadata": {"ref": 7}}))

    assert event.metadata == {"ref": 7}
    assert event.raw["template_id"] == TEMPLATE


def test_job_may_be_the_whole_identity() -> None:
    provider = DocuProx("k", template_id=TEMPLATE, dedupe="job")

    [pushed] = events(delivery(), provider)
    [pulled] = polled([{**RECORD, "total": "98.99"}], provider)

    assert pushed.key == pulled.key == f"document.completed:{JOB_ID}"


def by_number(body: Mapping[str, Any]) -> str:
    return str(body["result"]["invoice_no"])


def test_users_own_function_may_make_the_identity() -> None:
    provider = DocuProx("k", template_id=TEMPLATE, dedupe=by_number)

    [pushed] = events(delivery(), provider)
    [pulled] = polled([{**RECORD, "total": "98.99"}], provider)

    assert pushed.key == pulled.key == f"document.completed:{JOB_ID}:A-1"


def test_job_without_records_has_ended_as_well() -> None:
    [event] = polled([])

    assert isinstance(event, DocumentCompleted)
    assert event.result.fields == {}


def test_failure_is_found_by_polling_only() -> None:
    [envelope] = run(operations.poll(DOCUPROX, JOB), status_answer("FAILED")).value

    event = DOCUPROX.event(envelope, body=b"", origin=Origin.POLL)

    assert not DOCUPROX.capabilities.pushes_failures
    assert isinstance(event, DocumentFailed)
    assert (event.key, event.error.code) == (f"document.failed:{JOB_ID}", "FAILED")


def test_failed_job_without_an_answer_keeps_its_word() -> None:
    failed = JOB.model_copy(update={"status": JobStatus.FAILED_TERMINAL, "provider_status": "FAILED"})

    [envelope] = DOCUPROX.polled(failed, None)

    assert DOCUPROX.read_error(envelope.payload).code == "FAILED"


def test_pushed_failure_would_be_the_polled_one() -> None:
    [event] = events({"job_id": JOB_ID, "status": "process_image failed"})

    assert isinstance(event, DocumentFailed)
    assert event.key == f"document.failed:{JOB_ID}"


@pytest.mark.parametrize(
    "members", [{}, {"result": None}, {"result": []}, {"result": "text"}, {"status": "SUCCESS"}]
)
def test_delivery_without_a_result_is_no_completed_document(members: dict[str, Any]) -> None:
    [event] = events({"job_id": JOB_ID, **members})

    assert type(event) is UnknownEvent
    assert event.type == "job.unrecognised"


@pytest.mark.parametrize("body", [{}, {"job_id": None, "result": RECORD}, {"job_id": "", "result": RECORD}])
def test_delivery_without_a_job_is_malformed(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedDelivery, match="job_id is missing"):
        events(body)


def test_annotations_of_the_local_provider_give_positions() -> None:
    note = {"confidence": 0.9, "match_ratio": 1.0, "page": 1, "box": [1, 2, 3, 4]}

    [event] = events(delivery({**RECORD, "_paperhook": {"fields": {"total": note}}}))

    assert isinstance(event, DocumentCompleted)
    assert event.result.fields["total"].box == (1, 2, 3, 4)
    assert "_paperhook" not in event.result.fields


def test_document_is_only_read_when_it_is_sent() -> None:
    class Unreadable:
        def open(self) -> Any:
            raise AssertionError("the provider opened the document")

    ran = run(DOCUPROX.upload(Document("a.png", "image/png", 5, "0" * 64, Unreadable())), ACCEPTED)

    assert ran.value.id == JOB_ID


# A job that stays where it is

STAYS = status_answer("PROCESS IMAGE SUCCESS")
SINGLE = JOB.model_copy(update={"filename": "invoice.pdf"})


def test_a_single_document_that_stays_at_its_last_image_for_30_seconds_is_probed() -> None:
    pace = operations.Pace(first=10, factor=1, longest=10, jitter=0)
    steps = operations.wait(DOCUPROX, SINGLE, deadline=300, pace=pace)

    ran = run(steps, *[STAYS] * 4, Answer(200, [{"invoice_no": "A-1"}]))

    assert ran.value.status is JobStatus.COMPLETED
    # The first status was news, so the time counts from there.
    assert ran.pauses == [10] * 4
    assert ran.sent[-1] == "POST https://api.docuprox.com/v1/job-results"


def test_a_probe_that_finds_nothing_is_made_again_30_seconds_later() -> None:
    pace = operations.Pace(first=10, factor=1, longest=10, jitter=0)
    steps = operations.wait(DOCUPROX, SINGLE, deadline=300, pace=pace)

    ran = run(steps, *[STAYS] * 4, Answer(404), *[STAYS] * 3, Answer(200, []), status_answer("SUCCESS"))

    assert ran.value.status is JobStatus.COMPLETED
    assert ran.value.provider_status == "SUCCESS"


@pytest.mark.parametrize(
    ("filename", "word"),
    [
        ("many.zip", "PROCESS IMAGE SUCCESS"),
        (None, "PROCESS IMAGE SUCCESS"),
        ("invoice.pdf", "PROCESSING IMAGE"),
    ],
)
def test_what_may_be_an_archive_or_is_at_another_word_is_not_probed(filename: str | None, word: str) -> None:
    job = JOB.model_copy(update={"filename": filename, "provider_status": word})

    ran = run(operations.ask(DOCUPROX, job, unmoved=1000), status_answer(word))

    assert ran.value.status is JobStatus.PROCESSING


def test_a_poll_that_hears_the_same_word_again_probes() -> None:
    known = SINGLE.model_copy(update={"provider_status": "PROCESS IMAGE SUCCESS"})

    ran = run(operations.poll(DOCUPROX, known), STAYS, Answer(200, [{"a": "1"}]), Answer(200, [{"a": "1"}]))

    assert [each.type for each in ran.value] == ["document.completed"]


@pytest.mark.parametrize("body", [{"error": "Job not found"}, {"error": "No", "message": "template unknown"}])
def test_an_error_in_a_200_is_no_record(body: Any) -> None:
    provider = DocuProx("key", template_id="7a7a7a7a-0000-4000-8000-000000000001")
    job = Job.known("j1", provider="docuprox")

    for steps in (provider.status(job), provider.result(job), provider.upload(document())):
        error = run(steps, Answer(200, body)).error
        assert isinstance(error, BadRequest)
        assert body["error"] in str(error)
    fields = run(provider.result(job), Answer(200, {"error": "of measurement", "total": "4.50"})).value.fields
    assert str(fields["total"].value) == "4.50"


def test_results_of_another_job_are_not_this_ones() -> None:
    provider = DocuProx("key", template_id="7a7a7a7a-0000-4000-8000-000000000001")
    answer = Answer(200, {"job_id": "j2", "result": {"total": "4.50"}})

    assert isinstance(
        run(provider.result(Job.known("j1", provider="docuprox")), answer).error, MalformedAnswer
    )
    assert run(provider.result(Job.known("j2", provider="docuprox")), answer).value.fields["total"].text
