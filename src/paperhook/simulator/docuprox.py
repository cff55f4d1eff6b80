"""DocuProx on localhost.

Source: Webhook Integration page (seed), API page and the vendor's own clients, read 2026-11; what none states is marked assumed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import csv
import io
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from paperhook.simulator.archives import ArchiveRefused, open_archive
from paperhook.simulator.bodies import (
    Answer,
    BodyMalformed,
    form_body,
    json_body,
    json_bytes,
    media_type,
    parse_json,
    raw_body,
)
from paperhook.simulator.deliveries import DeliveryRules, WebhookTarget, is_success
from paperhook.simulator.documents import ReadDocument, Unreadable, Upload, file_kind
from paperhook.simulator.limits import Grant
from paperhook.simulator.naming import LINE_ITEMS, TAXES, annotate, meaning, rows_of
from paperhook.simulator.store import Shelf
from paperhook.simulator.wire import Refusal, Services, Wire

MAX_FILE_BYTES = 50 * 1024 * 1024
"""Assumed: no limit is documented."""
RETENTION_SECONDS = 24 * 3600
"""Source: Webhook Integration page."""
DEFAULT_FIELDS = (
    "vendor", "customer", "invoice_no", "invoice_date", "due_date", "currency", "subtotal", "tax", "total", "amount_due",
    "po_number", "line_items", "taxes",
)  # fmt: skip
"""Fields of a template nobody described."""
COLUMNS: Mapping[str, tuple[str, ...]] = {
    LINE_ITEMS: ("description", "quantity", "unit_price", "amount"),
    TAXES: ("tax_rate", "taxable_amount", "tax"),
}
"""Of fields that are rows; assumed."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client wants to be read, and how."""

    upload: Upload
    template_id: str | None
    static_values: Mapping[str, object] | None
    fields: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Job:
    """One submission and what became of it."""

    id: str
    submission: Submission
    status: str = "NEW"
    records: list[dict[str, object]] = field(default_factory=list["dict[str, object]"])
    skipped: tuple[str, ...] = ()
    #: Seconds since 1970 UTC; None until the job has ended.
    ended_at: float | None = None


def _sign(_body: bytes, target: WebhookTarget) -> dict[str, str]:
    """Send the header the user has set, as UTF-8 (assumed); DocuProx documents no signature."""
    return {} if target.secret is None else {target.header_name: target.secret.encode().decode("latin-1")}


class DocuProx(Wire):
    """The DocuProx wire."""

    name = "docuprox"
    # Automatic retries are documented; their number, pace and timeout are assumed.
    rules: ClassVar[DeliveryRules] = DeliveryRules((10, 20), 10, is_success, _sign)
    unauthorized: ClassVar[tuple[int, str, str]] = (401, "Unauthorized", "invalid API key")
    too_large: ClassVar[tuple[int, str]] = (400, "File too large")
    malformed: ClassVar[tuple[int, str]] = (400, "Bad request")
    not_found = "Not found"
    throttled = "Too many requests"
    broken = "Service unavailable"

    def __init__(self, services: Services) -> None:
        """Serve with these services."""
        super().__init__(services)
        self._jobs: Shelf[Job] = Shelf()

    def routes(self) -> list[BaseRoute]:
        """Serve under `/v1`, and without it as one of the vendor's clients writes the paths."""
        endpoints: list[BaseRoute] = [
            Route("/process", self.gate(self.process), methods=["POST", "PUT"]),
            Route("/process-job", self.gate(self.process_job, accepts=True), methods=["POST", "PUT"]),
            Route("/process-agent", self.gate(self.process_agent), methods=["POST"]),
            Route("/job-status", self.gate(self.job_status), methods=["GET"]),
            Route("/job-status/{job_id}", self.gate(self.job_status), methods=["GET"]),
            Route("/job-results", self.gate(self.job_results), methods=["POST"]),
        ]
        return [Mount("/v1", routes=[*endpoints, self.fallback()]), *endpoints]

    def credential(self, request: Request) -> str:
        """Read `x-auth`."""
        return request.headers.get("x-auth", "")

    def envelope(self, refusal: Refusal, request: Request) -> Response:
        """Write `{"error": phrase, "message": sentence}`; source: the vendor's Salesforce package."""
        return Answer({"error": refusal.code, "message": refusal.message}, status_code=refusal.status)

    def stamp(self, request: Request, response: Response, grant: Grant | None) -> None:
        """Add rate-limit headers; that there are some is documented, their names are assumed."""
        if grant is not None and grant.limit:
            response.headers["X-RateLimit-Limit"] = str(grant.limit)
            response.headers["X-RateLimit-Remaining"] = str(grant.remaining)
            response.headers["X-RateLimit-Reset"] = str(int(grant.resets_at))

    async def process(self, request: Request) -> Response:
        """Answer `POST` and `PUT /process`: read one document while the client waits."""
        return await self._answer_now(await self._submission(request, agent=False))

    async def process_agent(self, request: Request) -> Response:
        """Answer `POST /process-agent`: the payload says which fields are wanted."""
        return await self._answer_now(await self._submission(request, agent=True))

    async def process_job(self, request: Request) -> Response:
        """Answer `POST` and `PUT /process-job`."""
        submission = await self._submission(request, agent=False)
        self._check_credits()
        job = Job(str(uuid.uuid4()), submission)
        self._jobs.put(job.id, job)
        self.counts["jobs"] += 1
        self.services.background.start(partial(self._process, job))
        return Answer(
            {
                "job_id": job.id,
                "template_id": submission.template_id,
                "static_values": submission.static_values,
            },
            status_code=202,
        )

    async def job_status(self, request: Request) -> Response:
        """Answer `GET /job-status?job_id=…`, and the path form of the vendor's Node client."""
        job_id = request.path_params.get("job_id") or request.query_params.get("job_id")
        if not job_id:
            raise Refusal(400, "Bad request", "job_id is required")
        job = self._jobs.get(job_id)
        if job is None:
            raise Refusal(404, "Job not found", "no such job")
        answer: dict[str, object] = {
            "job_id": job.id,
            "template_id": job.submission.template_id,
            "status": job.status,
        }
        if self.settings.annotations and job.skipped:
            answer["_paperhook"] = {"skipped": list(job.skipped)}
        return Answer(answer)

    async def job_results(self, request: Request) -> Response:
        """Answer `POST /job-results`: records as JSON or CSV, for 24 hours."""
        asked = await json_body(request, max_bytes=64 * 1024)
        job_id, form = asked.get("job_id"), asked.get("result_format", "json")
        if not isinstance(job_id, str) or form not in ("json", "csv"):
            raise Refusal(400, "Bad request", "job_id is required, and result_format is json or csv")
        job = self._jobs.get(job_id)
        if job is None or job.status != "SUCCESS" or self._is_expired(job):
            raise Refusal(
                404, "Results not found", "the job is unknown, not finished, or its results have expired"
            )
        if form == "csv":
            table = _csv(job.records, job.submission.fields)
            return Response(table.encode(errors="replace"), media_type="text/csv; charset=utf-8")
        return Answer(job.records)

    async def _answer_now(self, submission: Submission) -> Response:
        if submission.upload.kind == "zip":
            raise Refusal(400, "Bad request", "an archive needs process-job")
        self._check_credits()
        found = await self.read(submission.upload)
        if isinstance(found, Unreadable):
            raise Refusal(400, "Processing failed", found.message)
        self.services.credits.take(self.name, found.page_count)
        return Answer(self._result(found, submission.fields))

    async def _process(self, job: Job) -> None:
        await self.dwell()
        documents = await self._unpack(job)
        if documents:
            await self._process_all(job, documents)
        job.ended_at = self.now()

    async def _process_all(self, job: Job, documents: Sequence[Upload]) -> None:
        job.status = "PROCESSING"
        await self.dwell()
        for document in documents:
            await self._process_one(job, document)
        job.status = "SUCCESS" if job.records else "FAILED"

    async def _unpack(self, job: Job) -> Sequence[Upload]:
        upload = job.submission.upload
        # The file is deleted once it was read; the job keeps what was asked for.
        job.submission = Submission(
            Upload(upload.filename, b""),
            job.submission.template_id,
            job.submission.static_values,
            job.submission.fields,
        )
        if upload.kind != "zip":
            return (upload,)
        job.status = "UNZIPPING FILE"
        await self.dwell()
        try:
            archive = await asyncio.to_thread(open_archive, upload.content)
        except ArchiveRefused as refused:
            job.status, job.skipped = "UNZIP FILE FAILED", (str(refused),)
            return ()
        job.status, job.skipped = "UNZIP FILE SUCCESS", archive.skipped
        await self.dwell()
        return archive.documents

    async def _process_one(self, job: Job, document: Upload) -> None:
        job.status = "PROCESSING IMAGE"
        found = await self.read(document)
        await self.dwell()
        if isinstance(found, Unreadable) or not self.services.credits.take(self.name, found.page_count):
            # Failures are never pushed: no payload for them is documented.
            job.status = "PROCESS IMAGE FAILED"
            job.skipped = (
                *job.skipped,
                f"{document.filename}: {found.code if isinstance(found, Unreadable) else 'credits'}",
            )
            await self.dwell()
            return
        job.status = "PROCESS IMAGE SUCCESS"
        record = self._result(found, job.submission.fields)
        job.records.append(record)
        body = {
            "job_id": job.id,
            "template_id": job.submission.template_id,
            "static_values": job.submission.static_values,
            "result": record,
        }
        self.webhook("job.completed", json_bytes(body))
        await self.dwell()

    def _result(self, found: ReadDocument, names: Sequence[str]) -> dict[str, object]:
        meanings = {name: meaning(name) for name in names}
        result: dict[str, object] = {}
        for name, standard in meanings.items():
            if standard is not None and standard in COLUMNS:
                columns = COLUMNS[standard]
                result[name] = [
                    {one: row[one].value for one in columns if one in row} for row in rows_of(found, standard)
                ]
            else:
                known = found.fields.get(standard or "")
                result[name] = None if known is None else known.value
        if self.settings.annotations:
            known_names = {name: standard for name, standard in meanings.items() if standard is not None}
            wanted = {
                rows: {name: name for name in columns}
                for rows, columns in COLUMNS.items()
                if rows in {LINE_ITEMS, *known_names.values()}
            }
            result["_paperhook"] = annotate(found, known_names, wanted)
        return result

    def _is_expired(self, job: Job) -> bool:
        return job.ended_at is not None and self.now() - job.ended_at > RETENTION_SECONDS

    def _check_credits(self) -> None:
        left = self.services.credits.left(self.name)
        if left is not None and left <= 0:
            raise Refusal(402, "Insufficient credits", "no credits are left")

    async def _submission(self, request: Request, *, agent: bool) -> Submission:
        if request.method == "PUT":
            return await self._from_put(request)
        if media_type(request) == "multipart/form-data":
            return await self._from_form(request, agent=agent)
        return await self._from_json(request, agent=agent)

    async def _from_put(self, request: Request) -> Submission:
        if media_type(request) != "application/octet-stream":
            raise Refusal(415, "Unsupported media type", "the Content-Type must be application/octet-stream")
        static_values = _static_values(request.headers.get("static_values"))
        content = await raw_body(request, max_bytes=MAX_FILE_BYTES)
        return self._checked(_unnamed(content), request.query_params.get("t_id"), static_values, None)

    async def _from_form(self, request: Request, *, agent: bool) -> Submission:
        form = await form_body(request, max_files=1, max_file_bytes=MAX_FILE_BYTES)
        uploads = form.uploads("actual_image")
        if not uploads:
            raise Refusal(400, "Bad request", "actual_image is required")
        payload = _payload(form.fields.get("payload"), required=agent)
        static_values = _static_values(form.fields.get("static_values"))
        return self._checked(uploads[0], form.fields.get("template_id"), static_values, payload)

    async def _from_json(self, request: Request, *, agent: bool) -> Submission:
        asked = await json_body(request, max_bytes=MAX_FILE_BYTES * 4 // 3 + 1024 * 1024)
        encoded, template_id = asked.get("actual_image"), asked.get("template_id")
        if not isinstance(encoded, str) or not isinstance(template_id, str | None):
            raise Refusal(400, "Bad request", "actual_image must be a base64 string and template_id a string")
        payload = _payload(asked.get("payload"), required=agent)
        static_values = asked.get("static_values")
        if not isinstance(static_values, dict | None):
            raise Refusal(400, "Bad request", "static_values must be an object")
        upload = _unnamed(_decoded(encoded))
        return self._checked(upload, template_id, cast("dict[str, object] | None", static_values), payload)

    def _checked(
        self,
        upload: Upload,
        template_id: str | None,
        static_values: Mapping[str, object] | None,
        payload: Mapping[str, object] | None,
    ) -> Submission:
        if not upload.content:
            raise Refusal(400, "Bad request", "actual_image is empty")
        if payload is not None:
            own = payload.get("static_values")
            return Submission(
                upload,
                template_id or None,
                static_values or (cast("dict[str, object]", own) if isinstance(own, dict) else None),
                _prompted_fields(payload),
            )
        if not template_id:
            raise Refusal(400, "Bad request", "template_id is required")
        try:
            canonical = str(uuid.UUID(template_id))
        except ValueError:
            raise Refusal(400, "Bad request", "template_id must be a UUID") from None
        if canonical in self.settings.docuprox_unknown_templates:
            raise Refusal(404, "Template not found", "no such template")
        fields = self.settings.docuprox_templates.get(canonical, DEFAULT_FIELDS)
        return Submission(upload, template_id, static_values, fields)


def _unnamed(content: bytes) -> Upload:
    """Name a file that arrived without a name after its kind."""
    return Upload(f"upload.{file_kind(content) or 'bin'}", content)


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(
            400, "Bad request", "actual_image must be plain base64, without a data: prefix"
        ) from None


def _static_values(text: str | None) -> dict[str, object] | None:
    if text is None:
        return None
    value = parse_json(text)
    if not isinstance(value, dict):
        raise BodyMalformed("static_values must hold a JSON object")
    return cast("dict[str, object]", value)


def _payload(value: object, *, required: bool) -> dict[str, object] | None:
    """Read the agent's instructions: an object in JSON, a JSON string in a form."""
    if value is None and not required:
        return None
    found = parse_json(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise Refusal(400, "Bad request", "payload must be an object with prompt_json")
    return cast("dict[str, object]", found)


def _prompted_fields(payload: Mapping[str, object]) -> tuple[str, ...]:
    prompt = payload.get("prompt_json")
    if isinstance(prompt, str):
        prompt = parse_json(prompt)
    if isinstance(prompt, dict | list) and prompt:
        return tuple(str(name) for name in cast("dict[object, object] | list[object]", prompt))
    raise Refusal(400, "Bad request", "prompt_json must name the wanted fields")


def _csv(records: Sequence[Mapping[str, object]], names: Sequence[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    for record in records:
        values = [record.get(name) for name in names]
        writer.writerow(
            [json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value for value in values]
        )
    return out.getvalue()
