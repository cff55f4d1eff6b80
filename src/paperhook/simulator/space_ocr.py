"""space-ocr on localhost.

Source: AP-automation article (seed), docs page and the vendor's published agent skill, read 2026-11; what none states is
marked assumed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Literal, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from paperhook.simulator.background import Signal
from paperhook.simulator.bodies import Answer, form_body, json_body
from paperhook.simulator.deliveries import DeliveryRules, WebhookTarget, hmac_sha256_hex, is_success
from paperhook.simulator.documents import ReadDocument, Unreadable, Upload
from paperhook.simulator.limits import Grant
from paperhook.simulator.replays import Replays
from paperhook.simulator.space_ocr_requests import (
    check_image,
    image_of,
    integer,
    modern,
    picked,
    query_path,
    sheet_view,
    wanted_columns,
)
from paperhook.simulator.space_ocr_results import (
    boxes,
    columns,
    event_result,
    flat_result,
    present_columns,
    suggestions,
    values,
)
from paperhook.simulator.space_ocr_sheets import Node, Row, Space, node_type
from paperhook.simulator.space_ocr_webhooks import API_VERSION, SpaceOcrWebhooks
from paperhook.simulator.store import Shelf
from paperhook.simulator.wire import Refusal, Services, bearer

MAX_FILES = 20
MAX_FILE_BYTES = 20 * 1024 * 1024
"""Source: the skill (20 parts of 20 MB)."""
WAIT_SECONDS = 30
"""How long `wait=true` blocks; source: the skill."""
ACCOUNT_RATE = 10
"""Requests per minute of the account, as a multiple of one key's; source: docs page (600 against 60)."""
FREE_SCANS = 100
"""Per month; source: AP-automation article. Enforced only when the simulator was given credits."""
JobStatus = Literal["pending", "processing", "done", "failed"]
# What the reader calls it, and what this provider does; all but no_text are assumed.
_FAILURES: Mapping[str, str] = {
    "no_text": "no_text",
    "timeout": "ocr_engine_error",
    "internal": "ocr_engine_error",
}


@dataclass(slots=True, eq=False)
class Job:
    """One picture being read."""

    id: str
    key: str
    path: str
    sheet: Node
    row: Row
    created_at: float
    status: JobStatus = "pending"
    result: dict[str, object] | None = None
    error: dict[str, object] | None = None
    done: Signal = field(default_factory=Signal)

    def brief(self) -> dict[str, object]:
        """Give the item of an upload's reply."""
        return {"uniqueKey": self.key, "originalName": self.row.name, "jobId": self.id, "status": self.status}

    def to_json(self) -> dict[str, object]:
        """Give the answer to polling."""
        answer: dict[str, object] = {
            "jobId": self.id,
            "uniqueKey": self.key,
            "path": self.path,
            "sheetRef": self.sheet.key,
            "status": self.status,
            "imageUrl": self.row.image_url,
            "createdAt": int(self.created_at * 1000),
        }
        if self.result is not None:
            answer["result"] = self.result
        if self.error is not None:
            answer["error"] = self.error
        return answer


def _sign(body: bytes, target: WebhookTarget) -> dict[str, str]:
    """Sign with bare hex, without prefix or timestamp (seed)."""
    return {} if target.secret is None else {"X-Spaceocr-Signature": hmac_sha256_hex(body, target.secret)}


class SpaceOcr(SpaceOcrWebhooks):
    """The space-ocr wire."""

    # Any 2xx acknowledges (seed); number, pace and timeout of the attempts are assumed.
    rules: ClassVar[DeliveryRules] = DeliveryRules((10, 20, 40, 80), 10, is_success, _sign)
    unauthorized: ClassVar[tuple[int, str, str]] = (401, "invalid_api_key", "the API key is missing or wrong")
    too_large: ClassVar[tuple[int, str]] = (400, "validation_failed")
    malformed: ClassVar[tuple[int, str]] = (400, "invalid_request")
    not_found = "not_found"
    throttled = "rate_limited"
    broken = "internal_error"

    def __init__(self, services: Services) -> None:
        """Serve with these services."""
        super().__init__(services)
        self._space = Space(self.now())
        self._jobs: Shelf[Job] = Shelf()
        self._replays = Replays(services.clock, services.background)

    def routes(self) -> list[BaseRoute]:
        """Serve the unversioned paths."""
        return [
            Route("/health", self.gate(self.health, keyless=True), methods=["GET"]),
            Route("/amount", self.gate(self.amount), methods=["GET"]),
            Route("/ocr/fields", self.gate(self._replays.once(self.ocr_fields)), methods=["POST"]),
            Route("/ocr/markdown", self.gate(self.ocr_markdown), methods=["POST"]),
            Route("/ocr/suggest_fields", self.gate(self.ocr_suggest_fields), methods=["POST"]),
            Route("/space", self.gate(self.space), methods=["GET"]),
            Route("/create", self.gate(self._replays.once(self.create)), methods=["POST"]),
            Route("/upload", self.gate(self._replays.once(self.upload), accepts=True), methods=["POST"]),
            Route("/jobs/{id}", self.gate(self.job), methods=["GET"]),
            Route("/view", self.gate(self.view), methods=["GET"]),
            Route("/edit", self.gate(self.edit), methods=["POST"]),
            Route("/remove", self.gate(self.remove), methods=["POST"]),
            Route("/webhook", self.gate(self.show_webhook), methods=["GET"]),
            Route("/webhook", self.gate(self.set_webhook), methods=["PUT"]),
            Route("/webhook", self.gate(self.delete_webhook), methods=["DELETE"]),
            Route("/webhook/test", self.gate(self.test_webhook), methods=["POST"]),
            Route("/webhooks/deliveries", self.gate(self.deliveries), methods=["GET"]),
            Route("/webhooks/deliveries/{id}", self.gate(self.delivery), methods=["GET"]),
            Route("/webhooks/deliveries/{id}/redeliver", self.gate(self.redeliver), methods=["POST"]),
        ]

    def credential(self, request: Request) -> str:
        """Read `Authorization: Bearer …`."""
        return bearer(request)

    def limited(self, key: str) -> Grant:
        """Count a request against its key and against the account."""
        limit = self.settings.rate_limits.get(self.name, 0)
        account = self.services.limiter.take(
            f"{self.name} account", limit=limit * ACCOUNT_RATE, now=self.now()
        )
        return super().limited(key) if account.granted else account

    def envelope(self, refusal: Refusal, request: Request) -> Response:
        """Write `{"error": {code, message, requestId}, "details"?}`; source: docs page and skill."""
        error = {"code": refusal.code, "message": refusal.message, "requestId": _request_id(request)}
        details = {} if refusal.details is None else {"details": refusal.details}
        return Answer({"error": error, **details}, status_code=refusal.status)

    def stamp(self, request: Request, response: Response, grant: Grant | None) -> None:
        """Add the request's id and what is left of the rate."""
        response.headers["X-Request-Id"] = _request_id(request)
        if grant is not None and grant.limit:
            response.headers["X-RateLimit-Remaining"] = str(grant.remaining)

    async def health(self, request: Request) -> Response:
        """Answer `GET /health`, the one endpoint without a key."""
        return Answer({"status": "ok", "version": API_VERSION, "time": int(self.now() * 1000)})

    async def amount(self, request: Request) -> Response:
        """Answer `GET /amount`."""
        used, left = self.services.credits.used(self.name), self.services.credits.left(self.name)
        free_used = min(used, FREE_SCANS)
        cycle = int(self.now() // 86_400) * 86_400_000
        return Answer(
            {
                "free": {
                    "used": free_used,
                    "limit": FREE_SCANS,
                    "remaining": FREE_SCANS - free_used
                    if left is None
                    else min(left, FREE_SCANS - free_used),
                    "cycleStart": cycle,
                    "cycleEnd": cycle + 30 * 86_400_000,
                },
                "flatfee": {"enabled": False, "used": 0, "limit": 0, "remaining": 0, "nextBillingAt": None},
                "balance": 1_000_000 if left is None else max(0, left - (FREE_SCANS - free_used)),
                "currency": "scans",
                "perCallCost": 1,
            }
        )

    async def ocr_fields(self, request: Request) -> Response:
        """Answer `POST /ocr/fields`: read one image while the client waits."""
        asked = modern(await json_body(request, max_bytes=MAX_FILE_BYTES * 4 // 3 + 1024 * 1024))
        wanted = wanted_columns(asked)
        found = await self._read_now(asked)
        chosen = present_columns(found) if wanted is None else wanted
        if not chosen:
            self.services.credits.refund(self.name)
            raise Refusal(502, "ocr_engine_error", "no fields could be suggested for this picture")
        return Answer(
            {"status": "success", "data": flat_result(found, chosen, annotated=self.settings.annotations)}
        )

    async def ocr_markdown(self, request: Request) -> Response:
        """Answer `POST /ocr/markdown`; the reply's shape is from a public third-party client."""
        asked = modern(await json_body(request, max_bytes=MAX_FILE_BYTES * 4 // 3 + 1024 * 1024))
        found = await self._read_now(asked)
        return Answer({"status": "success", "data": {"values": {"markdown": found.text}}})

    async def ocr_suggest_fields(self, request: Request) -> Response:
        """Answer `POST /ocr/suggest_fields` (named only; the reply is assumed)."""
        asked = modern(await json_body(request, max_bytes=MAX_FILE_BYTES * 4 // 3 + 1024 * 1024))
        found = await self._read_now(asked)
        return Answer({"status": "success", "data": {"fields": suggestions(found)}})

    async def space(self, request: Request) -> Response:
        """Answer `GET /space?path=/&depth=1`."""
        return Answer(self._space.listing(query_path(request) or "/", integer(request, "depth", 1)))

    async def create(self, request: Request) -> Response:
        """Answer `POST /create`."""
        asked = await json_body(request, max_bytes=1024 * 1024)
        kind = node_type(asked.get("type"))
        wanted = columns(asked["columns"]) if asked.get("columns") else None
        node, path = self._space.create(
            str(asked.get("path") or "/"), kind, str(asked.get("name") or ""), self.now()
        )
        node.columns = wanted or node.columns
        node.prompt, node.text = str(asked.get("prompt") or ""), str(asked.get("text") or "")
        return Answer({"path": path, "type": node.type, "uniqueKey": node.key}, status_code=201)

    async def upload(self, request: Request) -> Response:
        """Answer `POST /upload`: as many jobs as files, or none."""
        form = await form_body(request, max_files=MAX_FILES, max_file_bytes=MAX_FILE_BYTES)
        uploads = form.uploads("files")
        if not uploads:
            raise Refusal(400, "validation_failed", f"files must be 1 to {MAX_FILES} parts")
        sheet, path = self._space.sheet(form.fields.get("path") or "/")
        for upload in uploads:
            check_image(upload)
        self._charge(len(uploads))
        jobs = [self._add(sheet, path, upload) for upload in uploads]
        if form.fields.get("wait") != "true":
            return Answer({"path": path, "jobs": [job.brief() for job in jobs]})
        until = self.now() + WAIT_SECONDS
        for job in jobs:
            await self.finished(job.done, seconds=max(0.0, until - self.now()))
        results = [
            {**job.brief(), **({"result": job.result} if job.result is not None else {})} for job in jobs
        ]
        return Answer({"path": path, "jobs": [job.brief() for job in jobs], "results": results})

    async def job(self, request: Request) -> Response:
        """Answer `GET /jobs/{jobId}`."""
        job = self._jobs.get(request.path_params["id"])
        if job is None:
            raise Refusal(404, "not_found", "no such job")
        return Answer(job.to_json())

    async def view(self, request: Request) -> Response:
        """Answer `GET /view?path=…`."""
        path = query_path(request)
        sheet_path, _, last = path.rpartition("/")
        with_row = self._row(sheet_path, last) if sheet_path else None
        if with_row is not None:
            return Answer({"type": "image", "path": path, **with_row.to_json()})
        node, at = self._space.find(path or "/")
        if node.type == "sheet":
            return Answer(sheet_view(node, at, request))
        if node.type == "memo":
            return Answer({"type": "memo", "path": at, "name": node.name, "text": node.text})
        return Answer(
            {"type": "folder", "path": at, "name": node.name, "children": self._space.listing(at, 1)}
        )

    async def edit(self, request: Request) -> Response:
        """Answer `POST /edit`: change a cell (`row`, `column`, `value`) or a memo's text; source: the skill."""
        asked = await json_body(request, max_bytes=1024 * 1024)
        node, at = self._space.find(str(asked.get("path") or "/"))
        if node.type == "memo":
            node.text = str(asked.get("text") or "")
            return Answer({"ok": True, "path": at})
        # By index or key, and by index or name (skill); `rowKey` is what the rows themselves call it.
        row = picked(asked.get("row", asked.get("rowKey")), node.rows)
        column = picked(asked.get("column"), {known.name: known.name for known in node.columns})
        if row is None:
            raise Refusal(404, "not_found", "no such row")
        if column is None:
            raise Refusal(400, "validation_failed", "column must name a column of the sheet")
        row.values[column] = asked.get("value", "")
        patched = {"row": row.key, "column": column, "value": row.values[column]}
        return Answer({"ok": True, "path": at, "patched": patched})

    async def remove(self, request: Request) -> Response:
        """Answer `POST /remove`: delete a node, or a row when `rowKey` is given (members assumed)."""
        asked = await json_body(request, max_bytes=1024 * 1024)
        path = str(asked.get("path") or "/")
        row_key = asked.get("rowKey")
        if row_key is None:
            return Answer({"ok": True, "path": self._space.remove(path)})
        sheet, at = self._space.sheet(path)
        if sheet.rows.pop(str(row_key), None) is None:
            raise Refusal(404, "not_found", "no such row")
        return Answer({"ok": True, "path": at, "rowKey": row_key})

    def _add(self, sheet: Node, path: str, upload: Upload) -> Job:
        key = f"k_{secrets.token_hex(8)}"
        row = Row(key, upload.filename, f"https://img.invalid/{key}")
        job = Job(f"job_{secrets.token_hex(8)}", key, path, sheet, row, self.now())
        sheet.rows[key] = row
        self._jobs.put(job.id, job)
        self.counts["jobs"] += 1
        self.services.background.start(partial(self._process, job, upload))
        return job

    async def _process(self, job: Job, upload: Upload) -> None:
        await self.dwell()
        job.status = job.row.status = "processing"
        found = await self.read(upload)
        await self.dwell()
        if isinstance(found, Unreadable):
            self._fail(job, found)
        elif not found.text.strip() and not found.fields:
            self._fail(job, Unreadable("no_text", "no readable text"))
        else:
            self._complete(job, found)
        job.done.set()

    def _complete(self, job: Job, found: ReadDocument) -> None:
        wanted, annotated = job.sheet.columns, self.settings.annotations
        job.row.values, job.row.boxes = values(found, wanted), boxes(found, wanted)
        job.result = flat_result(found, wanted, annotated=annotated)
        job.status = job.row.status = "done"
        result = event_result(job.row.name, found, wanted, annotated=annotated)
        self.notify(
            "ocr.completed", {"jobId": job.id, "uniqueKey": job.key, "path": job.path, "result": result}
        )

    def _fail(self, job: Job, reason: Unreadable) -> None:
        self.services.credits.refund(self.name)
        job.error = {"code": _FAILURES.get(reason.code, "invalid_image"), "message": reason.message}
        job.status = job.row.status = "failed"
        identity = {"jobId": job.id, "uniqueKey": job.key, "path": job.path, "name": job.row.name}
        self.notify("ocr.failed", {**identity, "error": job.error})

    async def _read_now(self, asked: Mapping[str, object]) -> ReadDocument:
        upload = image_of(asked)
        check_image(upload)
        self._charge(1)
        found = await self.read(upload)
        if isinstance(found, Unreadable):
            self.services.credits.refund(self.name)
            raise Refusal(502, "ocr_engine_error", found.message)
        return found

    def _charge(self, count: int) -> None:
        if self.services.credits.take(self.name, count):
            return
        left = self.services.credits.left(self.name) or 0
        details = {
            "requested": count,
            "processable": left,
            "breakdown": {"free": left, "flatfee": 0, "balance": 0},
        }
        raise Refusal(402, "insufficient_balance", "not enough scans", details=details)

    def _row(self, sheet_path: str, key: str) -> Row | None:
        try:
            node, _ = self._space.find(sheet_path)
        except Refusal:
            return None
        return node.rows.get(key)


def _request_id(request: Request) -> str:
    if not hasattr(request.state, "request_id"):
        request.state.request_id = f"req_{secrets.token_hex(8)}"
    return cast("str", request.state.request_id)
