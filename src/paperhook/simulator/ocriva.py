"""Ocriva on localhost: the Open API and its webhooks.

Source: Webhook Overview (seed) and the documentation pages named beside each fact, read 2026-11; the rest is marked assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import ClassVar, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from paperhook.simulator.bodies import (
    Answer,
    BodyMalformed,
    Form,
    form_body,
    parse_json,
)
from paperhook.simulator.deliveries import DeliveryRules, WebhookTarget, hmac_sha256_hex, is_success
from paperhook.simulator.documents import ReadDocument, Unreadable, Upload
from paperhook.simulator.limits import Grant
from paperhook.simulator.naming import mean_confidence
from paperhook.simulator.ocriva_projects import OcrivaProjects, hex_id, require
from paperhook.simulator.ocriva_records import (
    Batch,
    Record,
    Template,
    failed_payload,
    iso,
    matches,
    page_of,
    picked,
    processed_payload,
    uploaded_payload,
)
from paperhook.simulator.ocriva_results import DEFAULT_SCHEMA, extracted, schema_names
from paperhook.simulator.store import Shelf
from paperhook.simulator.wire import Refusal, Services

#: Python has changed these two; a NestJS server has not (assumed: the wire says "the HTTP reason phrase").
_PHRASES = {413: "Payload Too Large", 422: "Unprocessable Entity"}

MAX_FILE_BYTES = 20 * 1024 * 1024
"""Assumed: 413 is documented, the size is not."""
MAX_BATCH_FILES = 50
"""Source: retry-rate-limiting page."""
FILE_TYPES = ("pdf", "image", "document")
MIME_TYPES: dict[str, tuple[str, ...]] = {
    "pdf": ("application/pdf",),
    "image": ("image/jpeg", "image/png", "image/webp", "image/bmp"),
}
"""Source: dat-capabilities page (PDF, JPG, PNG, WebP, BMP)."""


def _sign(body: bytes, target: WebhookTarget) -> dict[str, str]:
    """Sign only when a secret is set (seed)."""
    return (
        {}
        if target.secret is None
        else {"X-Webhook-Signature": f"sha256={hmac_sha256_hex(body, target.secret)}"}
    )


class Ocriva(OcrivaProjects):
    """The Ocriva wire."""

    # Three attempts in all (seed); the waits and the timeout are assumed.
    rules: ClassVar[DeliveryRules] = DeliveryRules((1, 2), 30, is_success, _sign)
    unauthorized: ClassVar[tuple[int, str, str]] = (401, "", "Invalid API key")
    too_large: ClassVar[tuple[int, str]] = (413, "")
    malformed: ClassVar[tuple[int, str]] = (400, "")
    not_found = ""
    throttled = ""
    broken = ""

    def __init__(self, services: Services) -> None:
        """Serve with these services."""
        super().__init__(services)
        self._records: Shelf[Record] = Shelf()
        self._batches: Shelf[Batch] = Shelf()

    def routes(self) -> list[BaseRoute]:
        """Serve the Open API under `/v1`, and the internal paths that are still documented beside it."""
        history = "/openapi/processing-history"
        open_api: list[BaseRoute] = [
            Route("/openapi/auth/login", self.gate(self.login, keyless=True), methods=["POST"]),
            Route("/openapi/projects", self.gate(self.projects), methods=["GET"]),
            Route("/openapi/templates", self.gate(self.templates), methods=["GET"]),
            Route("/openapi/templates", self.gate(self.create_template), methods=["POST"]),
            Route("/openapi/templates/{id}", self.gate(self.template), methods=["GET"]),
            Route("/openapi/templates/{id}", self.gate(self.update_template), methods=["PUT", "PATCH"]),
            Route("/openapi/templates/{id}", self.gate(self.delete_template), methods=["DELETE"]),
            Route("/openapi/upload", self.gate(self.upload, accepts=True), methods=["POST"]),
            Route("/openapi/batch/upload", self.gate(self.upload_batch, accepts=True), methods=["POST"]),
            Route("/openapi/batch", self.gate(self.batches), methods=["GET"]),
            Route("/openapi/batch/{id}", self.gate(self.batch), methods=["GET"]),
            Route(history, self.gate(self.history), methods=["GET"]),
            Route(f"{history}/stats", self.gate(self.stats), methods=["GET"]),
            Route(f"{history}/{{id}}", self.gate(self.history_record), methods=["GET"]),
            Route(f"{history}/{{id}}/export", self.gate(self.export), methods=["GET"]),
        ]
        internal: list[BaseRoute] = [
            Route("/auth/login", self.gate(self.login, keyless=True), methods=["POST"]),
            Route("/auth/refresh", self.gate(self.refresh), methods=["POST"]),
            Route(
                "/upload/{organization}/file", self.gate(self.upload_internal, accepts=True), methods=["POST"]
            ),
            Route(
                "/batch/{organization}/upload", self.gate(self.upload_batch, accepts=True), methods=["POST"]
            ),
        ]
        return [Mount("/v1", routes=[*open_api, self.fallback()]), *internal]

    def envelope(self, refusal: Refusal, request: Request) -> Response:
        """Write `{"statusCode", "message", "error"}`; source: error-reference page."""
        message: object = (refusal.details or {}).get("messages", refusal.message)
        phrase = _PHRASES.get(refusal.status) or HTTPStatus(refusal.status).phrase
        return Answer(
            {"statusCode": refusal.status, "message": message, "error": phrase}, status_code=refusal.status
        )

    def stamp(self, request: Request, response: Response, grant: Grant | None) -> None:
        """Add the rate-limit headers every response has; source: retry-rate-limiting page."""
        if grant is not None and grant.limit:
            response.headers["X-RateLimit-Limit"] = str(grant.limit)
            response.headers["X-RateLimit-Remaining"] = str(grant.remaining)
            response.headers["X-RateLimit-Reset"] = str(int(grant.resets_at))

    async def upload(self, request: Request) -> Response:
        """Answer `POST /openapi/upload`."""
        form = await form_body(request, max_files=1, max_file_bytes=MAX_FILE_BYTES)
        return self._uploaded(
            request, form, required=("fileName", "fileType", "fileSize", "mimeType", "projectId")
        )

    async def upload_internal(self, request: Request) -> Response:
        """Answer `POST /upload/{organizationId}/file`; it needs less than the Open API (api-reference page)."""
        form = await form_body(request, max_files=1, max_file_bytes=MAX_FILE_BYTES)
        return self._uploaded(request, form, required=("projectId",))

    async def upload_batch(self, request: Request) -> Response:
        """Answer `POST /openapi/batch/upload`."""
        # One file more than allowed is read, so that the refusal can name the rule.
        form = await form_body(
            request, max_files=1000, max_file_bytes=MAX_FILE_BYTES, allowed_files=MAX_BATCH_FILES
        )
        uploads = form.uploads("files", "files[]")
        require(form.fields, "projectId")
        if not 1 <= len(uploads) <= MAX_BATCH_FILES:
            raise Refusal(400, "", f"files must be 1 to {MAX_BATCH_FILES}")
        project = self.project_of(request, form.fields["projectId"])
        template = self._wanted_template(request, form)
        now = self.now()
        name = form.fields.get("name") or f"Batch {iso(now)[:10]}"
        batch = Batch(hex_id(), name, project, template, now)
        self._charge(len(uploads))
        self._batches.put(batch.id, batch)
        metadata = _metadata(form)
        for upload in uploads:
            self._add(upload, upload.filename, _mime_type(upload), project, template, metadata, batch)
        self.notify(
            "batch.uploaded",
            project,
            picked(batch.to_json(), "id", "name", "totalFiles", "status", "uploadIds"),
        )
        return Answer(batch.to_json(), status_code=201)

    async def batches(self, request: Request) -> Response:
        """Answer `GET /openapi/batch`."""
        project = self.project_of(request, request.query_params.get("projectId"))
        found = [batch.to_json() for batch in reversed(list(self._batches)) if batch.project_id == project]
        return Answer(page_of(found, request.query_params))

    async def batch(self, request: Request) -> Response:
        """Answer `GET /openapi/batch/{id}` (assumed path)."""
        batch = self._batches.get(request.path_params["id"])
        if batch is None or not self.may_see(request, batch.project_id):
            raise Refusal(404, "", "Batch not found")
        return Answer(batch.to_json())

    async def history(self, request: Request) -> Response:
        """Answer `GET /openapi/processing-history`, newest first (order assumed)."""
        query = request.query_params
        project = self.project_of(request, query.get("projectId"))
        found = [record for record in reversed(list(self._records)) if record.project_id == project]
        return Answer(page_of([record.to_json() for record in found if matches(record, query)], query))

    async def stats(self, request: Request) -> Response:
        """Answer `GET /openapi/processing-history/stats` (promised by the page; path and members assumed)."""
        project = self.project_of(request, request.query_params.get("projectId"))
        statuses: list[str] = [record.status for record in self._records if record.project_id == project]
        words = ("pending", "queued", "in_progress", "completed", "failed")
        return Answer({"total": len(statuses), **{word: statuses.count(word) for word in words}})

    async def history_record(self, request: Request) -> Response:
        """Answer `GET /openapi/processing-history/{id}`."""
        return Answer(self._record(request).to_json())

    async def export(self, request: Request) -> Response:
        """Answer `GET /openapi/processing-history/{id}/export?format=json` (assumed path)."""
        if request.query_params.get("format", "json") != "json":
            raise Refusal(400, "", "format must be json")
        record = self._record(request)
        if record.status != "completed":
            raise Refusal(409, "", "The record has no result yet")
        return Answer(record.result)

    def _uploaded(self, request: Request, form: Form, *, required: tuple[str, ...]) -> Response:
        uploads = form.uploads("file")
        missing = [] if uploads else ["file should not be empty"]
        missing += [f"{name} should not be empty" for name in required if not form.fields.get(name)]
        if missing:
            raise Refusal(400, "", "validation failed", details={"messages": missing})
        [upload] = uploads
        project = self.project_of(request, form.fields["projectId"])
        if len(required) > 1:
            _check_description(form.fields, upload)
        template, metadata = self._wanted_template(request, form), _metadata(form)
        batch = self._joined_batch(form.fields.get("batchId"), project)
        self._charge(1)
        mime_type = form.fields.get("mimeType") or _mime_type(upload)
        filename = form.fields.get("fileName") or upload.filename
        record = self._add(upload, filename, mime_type, project, template, metadata, batch)
        reply = record.to_json()
        return Answer(
            {
                "id": record.reply_id,
                "fileName": filename,
                "fileUrl": reply["fileUrl"],
                "publicUrl": f"https://public.invalid/{record.reply_id}",
                "fileSize": reply["fileSize"],
                "mimeType": mime_type,
                "status": "uploaded",
                "templateId": reply["templateId"],
                "projectId": project,
                "batchId": reply["batchId"],
                "metadata": metadata,
                "createdAt": reply["createdAt"],
            },
            status_code=201,
        )

    def _add(
        self,
        upload: Upload,
        filename: str,
        mime_type: str,
        project: str,
        template: Template | None,
        metadata: object,
        batch: Batch | None,
    ) -> Record:
        reply_id, other_id = hex_id(), hex_id()
        same = self.settings.ocriva_history_id_is_upload_id
        record = Record(
            reply_id=reply_id,
            history_id=reply_id if same else other_id,
            upload_id=other_id if same else reply_id,
            filename=filename,
            size_bytes=len(upload.content),
            mime_type=mime_type,
            project_id=project,
            template=template,
            metadata=metadata,
            batch=batch,
            created_at=self.now(),
        )
        self._records.put(record.history_id, record)
        if batch is not None:
            batch.records.append(record)
        self.counts["jobs"] += 1
        self.notify("document.uploaded", project, uploaded_payload(record))
        self.services.background.start(partial(self._process, record, Upload(filename, upload.content)))
        return record

    async def _process(self, record: Record, upload: Upload) -> None:
        started = self.now()
        await self.dwell()
        record.status = "queued"
        await self.dwell()
        record.status = "in_progress"
        found = await self.read(upload)
        await self.dwell()
        record.ended_at = self.now()
        record.processing_ms = round((record.ended_at - started) * 1000)
        if isinstance(found, Unreadable):
            record.status, record.error = "failed", found.message
            self.services.credits.refund(self.name)
            self.notify("document.failed", record.project_id, failed_payload(record))
        else:
            record.result, record.confidence = self._extracted(found, record.template), mean_confidence(found)
            record.status = "completed"
            self.notify("document.processed", record.project_id, processed_payload(record))
        self._announce(record.batch)

    def _extracted(self, found: ReadDocument, template: Template | None) -> dict[str, object]:
        names = schema_names(template.schema if template else DEFAULT_SCHEMA)
        return extracted(found, names, annotated=self.settings.annotations)

    def _announce(self, batch: Batch | None) -> None:
        if batch is None or not batch.is_over:
            return
        payload = picked(
            batch.to_json(),
            "id",
            "name",
            "totalFiles",
            "completedFiles",
            "failedFiles",
            "status",
            "uploadIds",
        )
        self.notify("batch.completed", batch.project_id, {**payload, "completedAt": iso(self.now())})

    def _wanted_template(self, request: Request, form: Form) -> Template | None:
        identifier = form.fields.get("templateId")
        return self.template_of(request, identifier) if identifier else None

    def _joined_batch(self, identifier: str | None, project: str) -> Batch | None:
        if not identifier:
            return None
        batch = self._batches.get(identifier)
        if batch is None or batch.project_id != project:
            raise Refusal(404, "", "Batch not found")
        return batch

    def _record(self, request: Request) -> Record:
        record = self._records.get(request.path_params["id"])
        if record is None or not self.may_see(request, record.project_id):
            raise Refusal(404, "", "Processing history not found")
        return record

    def _charge(self, count: int) -> None:
        if not self.services.credits.take(self.name, count):
            raise Refusal(402, "", "Insufficient credits")


def _check_description(fields: Mapping[str, str], upload: Upload) -> None:
    wrong: list[str] = []
    if fields["fileType"] not in FILE_TYPES:
        wrong.append(f"fileType must be one of the following values: {', '.join(FILE_TYPES)}")
    elif fields["mimeType"] not in MIME_TYPES.get(fields["fileType"], (fields["mimeType"],)):
        wrong.append(f"mimeType does not fit fileType {fields['fileType']}")
    if fields["fileSize"] != str(len(upload.content)):
        wrong.append("fileSize must be the size of the file in bytes, as a string")
    if not upload.content:
        wrong.append("file should not be empty")
    if wrong:
        raise Refusal(400, "", "validation failed", details={"messages": wrong})


def _metadata(form: Form) -> object:
    text = form.fields.get("metadata")
    if not text:
        return None
    value = parse_json(text)
    if not isinstance(value, dict):
        raise BodyMalformed("metadata must be a JSON object")
    return cast("dict[str, object]", value)


def _mime_type(upload: Upload) -> str:
    kind = upload.kind
    return "application/pdf" if kind == "pdf" else f"image/{kind}" if kind else "application/octet-stream"
