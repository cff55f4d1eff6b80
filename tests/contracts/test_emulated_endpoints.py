"""Every documented endpoint and every documented error, against the emulated wires."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from paperhook import Client, open_document
from paperhook.errors import (
    AuthenticationFailed,
    BadRequest,
    CallFailed,
    Conflict,
    MalformedAnswer,
    NotFound,
    OutOfCredits,
    PermissionDenied,
    RateLimited,
    ServerError,
    TooLarge,
)
from paperhook.providers import DocuProx, Ocriva, SpaceOcr
from paperhook.providers.docuprox import AgentPrompt
from tests.emulators import ocriva
from tests.emulators.clients import PNG, PROVIDERS, SECRET, emulated, followed
from tests.emulators.server import Reply, Trouble
from tests.emulators.wire import TASTES

# Every documented error

SPACE = {
    (400, "invalid_request"): BadRequest,
    (400, "validation_failed"): BadRequest,
    (400, "bad_request"): BadRequest,
    (400, "invalid_image"): BadRequest,
    (401, "invalid_api_key"): AuthenticationFailed,
    (401, "key_inactive"): AuthenticationFailed,
    (402, "insufficient_balance"): OutOfCredits,
    (403, "forbidden"): PermissionDenied,
    (404, "not_found"): NotFound,
    (429, "rate_limited"): RateLimited,
    (500, "internal_error"): ServerError,
    (502, "ocr_engine_error"): ServerError,
    (504, "anything"): ServerError,
}
PARSE = {
    (400, "INVALID_FILE"): BadRequest,
    (401, "UNAUTHORIZED"): AuthenticationFailed,
    (402, "QUOTA_EXCEEDED"): OutOfCredits,
    (404, "NOT_FOUND"): NotFound,
    (413, "FILE_TOO_LARGE"): TooLarge,
    (415, "UNSUPPORTED_TYPE"): BadRequest,
    (429, "RATE_LIMITED"): RateLimited,
    (500, "INTERNAL_ERROR"): ServerError,
    # Success is told by the body.
    (200, "EXTRACTION_FAILED"): BadRequest,
    (200, "RATE_LIMITED"): RateLimited,
    (200, "QUOTA_EXCEEDED"): OutOfCredits,
}
STATUSES = {
    400: BadRequest,
    401: AuthenticationFailed,
    402: OutOfCredits,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    415: BadRequest,
    429: RateLimited,
    500: ServerError,
    503: ServerError,
}
ERRORS: list[tuple[str, int, Any, type[CallFailed], str]] = [
    *(
        ("space-ocr", status, {"error": {"code": code, "message": "no", "requestId": "req_1"}}, kind, code)
        for (status, code), kind in SPACE.items()
    ),
    *(
        ("docuparse", status, {"success": False, "error": {"code": code, "message": "no"}}, kind, code)
        for (status, code), kind in PARSE.items()
    ),
    *(("docuprox", status, {"error": "No"}, kind, "") for status, kind in STATUSES.items()),
    *(
        ("ocriva", status, {"statusCode": status, "message": message, "error": "No"}, kind, "")
        for status, kind in STATUSES.items()
        for message in ("no", ["no", "never"])
    ),
    ("ocriva", 400, {"statusCode": 400, "message": "Insufficient credits"}, OutOfCredits, ""),
    # And of a proxy before any of them.
    *((name, 403, b"<html>403", PermissionDenied, "") for name in PROVIDERS),
    *((name, 200, b"<html>Sign in", MalformedAnswer, "") for name in PROVIDERS),
    *((name, 204, b"", MalformedAnswer, "") for name in PROVIDERS),
]


@pytest.mark.parametrize(("name", "status", "body", "kind", "code"), ERRORS)
def test_every_documented_error_has_its_class(
    name: str, status: int, body: Any, kind: type[CallFailed], code: str
) -> None:
    with emulated(name) as (_, server, client):
        reply = Reply(status, body, {"Retry-After": "0"})
        for method in ("GET", "POST"):
            server.troubles.append(Trouble("instead", method, "/", times=99, reply=reply))
        with pytest.raises(kind) as caught:
            client.status("68dc0001")

    assert type(caught.value) is kind
    assert (caught.value.provider, caught.value.status, caught.value.code) == (name, status, code)
    assert caught.value.retryable is (kind in (RateLimited, ServerError))


# Every documented endpoint

IMAGE = open_document(PNG, filename="a.png")
PROMPT = AgentPrompt(fields={"vendor": "who sold"}, document_type="invoice")


def each_of_space_ocr(space: SpaceOcr, client: Client) -> None:
    def go(operation: Any) -> Any:
        return client.run(operation)

    assert go(space.health()).status == "ok"
    assert go(space.amount()).runnable_scans == 104
    assert go(space.ensure_sheet()) is True
    assert go(space.ensure_sheet()) is False
    assert go(space.create_folder("/", "other")).path == "/other"
    assert go(space.create_sheet("/other", "s", columns=["vendor"])).path == "/other/s"
    assert go(space.create_memo("/other", "note", "text")).path == "/other/note"
    assert {node.type for node in go(space.space(depth=2))} == {"folder", "sheet", "memo"}
    assert go(space.view("/other/note")).text == "text"
    assert go(space.view("/ap/june", limit=2)).type == "sheet"
    assert len(go(space.rows(where=["ocrStatus=done"]))) == 7
    go(space.edit_cell("/ap/june", row=0, column="vendor", value="x"))
    go(space.edit_memo("/other/note", "other"))
    go(space.remove("/other/note"))
    for options in (
        {"auto_fields": True},
        {"fields": "vendor,total"},
        {"template_id": "invoice", "key": "k1"},
    ):
        assert "total" in go(space.ocr_fields(IMAGE, **options)).fields
    assert go(space.ocr_markdown("https://example.com/a.png")) == "# hi"
    assert go(space.suggest_fields(IMAGE)).fields[0].name == "total"
    assert go(space.set_webhook("https://example.com/hook")).secret == SECRET
    assert go(space.webhook()).url == "https://example.com/hook"
    go(space.delete_webhook())
    go(space.test_webhook())
    assert [entry.id for entry in go(space.deliveries())] == [go(space.delivery("d1")).id] == ["d1"]
    go(space.redeliver("d1"))


def each_of_docuprox(prox: DocuProx, client: Client) -> None:
    for form in ("multipart", "json", "raw"):
        here = replace(prox, form=form)
        assert client.run(here.process(IMAGE)).fields["vendor"].value == "Acme"
        assert client.run(here.process_agent(IMAGE, PROMPT)).fields["vendor"].value == "Acme"
        job = followed(client, client.run(here.upload_with_prompt(IMAGE, PROMPT, metadata={"ref": 7})))
        assert "Acme" in client.run(here.results_csv(job))
        assert len(client.run(here.results(job))) == 1


def each_of_ocriva(ocr: Ocriva, client: Client) -> None:
    def go(operation: Any) -> Any:
        return client.run(operation)

    assert [project.id for project in go(ocr.projects())] == [ocriva.PROJECT]
    made = go(ocr.create_template("n", schema={"a": 1}, description="d", instructions="i")).template_id
    assert go(ocr.template(made)).name == "n"
    assert go(ocr.update_template(made, name="m")).name == "m"
    assert [template.name for template in go(ocr.templates())] == ["m"]
    go(ocr.delete_template(made))
    job = followed(client, client.upload(PNG, metadata={"po": 1}))
    record = go(ocr.history(search="document")).records[0]
    assert (record.file_size, record.extracted_data["vendor"]) == (8, "Acme Supplies Co.")
    assert go(ocr.record(record.id)).status == "completed"
    assert b"Acme" in go(ocr.export(record.id))
    go(ocr.stats())
    batch = go(ocr.upload_batch([IMAGE, IMAGE], batch_name="B"))
    assert go(ocr.batch(batch.id)).total_files == 2
    assert [each.id for each in go(ocr.batches())] == [batch.id]
    assert go(ocr.add_to_batch(batch.id, IMAGE)).id != job.id
    assert len(client.jobs()) == 4
    token = go(ocr.login()).access_token
    bearer = replace(ocr, api_key=token, bearer=True)
    assert go(bearer.refresh()).access_token == token
    assert go(bearer.upload_internal("o1", IMAGE)).id
    assert len(go(bearer.upload_batch_internal("o1", [IMAGE])).jobs) == 1


EACH: dict[str, Callable[..., None]] = {
    "space-ocr": each_of_space_ocr,
    "docuprox": each_of_docuprox,
    "ocriva": each_of_ocriva,
}


@pytest.mark.parametrize("taste", TASTES)
@pytest.mark.parametrize("name", EACH)
def test_every_documented_endpoint_answers_however_it_is_written(name: str, taste: str) -> None:
    with emulated(name, taste) as (_, _, client):
        EACH[name](client.provider, client)
