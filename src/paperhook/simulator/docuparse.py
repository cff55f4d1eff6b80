"""DocuParseAPI on localhost.

Source: DocuParse webhook article (seed) and docs page, read 2026-11; what neither states is marked assumed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from paperhook.simulator.bodies import Answer, form_body, json_bytes
from paperhook.simulator.deliveries import DeliveryRules, WebhookTarget, hmac_sha256_hex
from paperhook.simulator.documents import ReadDocument, ReadField, Unreadable, Upload
from paperhook.simulator.naming import LINE_ITEMS, annotate, number
from paperhook.simulator.store import Shelf
from paperhook.simulator.wire import Refusal, Services, Wire, bearer

MAX_FILE_BYTES = 10 * 1024 * 1024
"""Source: DocuParse docs page."""
MAX_BATCH_FILES = 50
"""Assumed: no batch endpoint is documented."""

Status = Literal["queued", "processing", "completed", "failed"]

_NAMES = {
    "merchant": "vendor",
    "date": "invoice_date",
    "due_date": "due_date",
    "currency": "currency",
    "subtotal": "subtotal",
    "tax": "tax",
    "total": "total",
}
_ITEM_NAMES = {
    "description": "description",
    "quantity": "quantity",
    "unit_price": "unit_price",
    "total": "amount",
}


def _sign(body: bytes, target: WebhookTarget) -> dict[str, str]:
    """Sign as the webhook article says: `sha256=` and hex over the raw body."""
    return (
        {}
        if target.secret is None
        else {"X-DocuParse-Signature": f"sha256={hmac_sha256_hex(body, target.secret)}"}
    )


@dataclass(slots=True, eq=False)
class Batch:
    """Documents that were sent together."""

    id: str
    documents: list[Document] = field(default_factory=list["Document"])

    def summary(self) -> dict[str, int]:
        """Count the documents by their end."""
        return {
            "total": len(self.documents),
            "succeeded": sum(document.status == "completed" for document in self.documents),
            "failed": sum(document.status == "failed" for document in self.documents),
        }

    @property
    def is_over(self) -> bool:
        """Say whether every document has ended."""
        return all(document.status in ("completed", "failed") for document in self.documents)


@dataclass(slots=True, eq=False)
class Document:
    """One document and what became of it."""

    id: str
    status: Status = "queued"
    found: ReadDocument | None = None
    batch: Batch | None = None


class DocuParse(Wire):
    """The DocuParse wire."""

    name = "docuparse"
    # Only exactly 200 acknowledges (webhook article). Five attempts from one minute on, doubling, and 10 s are assumed.
    rules: ClassVar[DeliveryRules] = DeliveryRules(
        (60, 120, 240, 480), 10, lambda status: status == 200, _sign
    )
    unauthorized: ClassVar[tuple[int, str, str]] = (401, "UNAUTHORIZED", "invalid API key")
    too_large: ClassVar[tuple[int, str]] = (413, "FILE_TOO_LARGE")
    malformed: ClassVar[tuple[int, str]] = (400, "INVALID_FILE")
    not_found = "NOT_FOUND"
    throttled = "RATE_LIMITED"
    broken = "INTERNAL_ERROR"

    def __init__(self, services: Services) -> None:
        """Serve with these services."""
        super().__init__(services)
        self._documents: Shelf[Document] = Shelf()
        self._batches: Shelf[Batch] = Shelf()

    def routes(self) -> list[BaseRoute]:
        """Serve under the documented prefix, and without it as the webhook article writes the paths."""
        endpoints: list[BaseRoute] = [
            Route("/extract", self.gate(self.extract, accepts=True), methods=["POST"]),
            Route("/extract/batch", self.gate(self.extract_batch, accepts=True), methods=["POST"]),
            Route("/documents/{id}", self.gate(self.document), methods=["GET"]),
            Route("/batches/{id}", self.gate(self.batch), methods=["GET"]),
        ]
        # A Mount that matches takes every path below it, so it gets the fallback as well.
        return [Mount("/api/v1", routes=[*endpoints, self.fallback()]), *endpoints]

    def credential(self, request: Request) -> str:
        """Read `Authorization: Bearer …`."""
        return bearer(request)

    def envelope(self, refusal: Refusal, request: Request) -> Response:
        """Write `{"success": false, "error": {…}}`; source: a public TypeScript client of DocuParse."""
        return Answer(
            {"success": False, "error": {"code": refusal.code, "message": refusal.message}},
            status_code=refusal.status,
        )

    async def extract(self, request: Request) -> Response:
        """Answer `POST /extract`."""
        form = await form_body(request, max_files=1, max_file_bytes=MAX_FILE_BYTES)
        uploads = form.uploads("file")
        if len(uploads) != 1:
            raise Refusal(400, "INVALID_FILE", "the form needs one part named file")
        [document] = self._accept(uploads, None)
        return Answer(
            {"success": True, "document_id": document.id, "status": document.status, "message": "accepted"},
            status_code=202,
        )

    async def extract_batch(self, request: Request) -> Response:
        """Answer `POST /extract/batch` (assumed: the article has batch events but shows no endpoint)."""
        form = await form_body(request, max_files=MAX_BATCH_FILES, max_file_bytes=MAX_FILE_BYTES)
        uploads = form.uploads("files", "files[]")
        if not uploads:
            raise Refusal(400, "INVALID_FILE", "the form needs parts named files")
        batch = Batch(f"batch_{secrets.token_hex(8)}")
        documents = self._accept(uploads, batch)
        self._batches.put(batch.id, batch)
        members = [{"document_id": document.id, "status": document.status} for document in documents]
        return Answer({"success": True, "batch_id": batch.id, "documents": members}, status_code=202)

    async def document(self, request: Request) -> Response:
        """Answer `GET /documents/{id}`."""
        document = self._documents.get(request.path_params["id"])
        if document is None:
            raise Refusal(404, "NOT_FOUND", "no such document")
        answer: dict[str, object] = {"success": True, "document_id": document.id, "status": document.status}
        if document.found is not None:
            answer["data"] = self._polled(document.found)
        if document.status == "failed":
            answer["error"] = _FAILURE
        return Answer(answer)

    async def batch(self, request: Request) -> Response:
        """Answer `GET /batches/{id}` (assumed)."""
        batch = self._batches.get(request.path_params["id"])
        if batch is None:
            raise Refusal(404, "NOT_FOUND", "no such batch")
        status = "completed" if batch.is_over else "processing"
        return Answer({"success": True, "batch_id": batch.id, "status": status, "summary": batch.summary()})

    def _accept(self, uploads: list[Upload], batch: Batch | None) -> list[Document]:
        if any(not upload.content for upload in uploads):
            raise Refusal(400, "INVALID_FILE", "the file is empty")
        if not self.services.credits.take(self.name, len(uploads)):
            raise Refusal(402, "QUOTA_EXCEEDED", "the monthly documents are used up")
        documents = [Document(f"doc_{secrets.token_hex(8)}", batch=batch) for _ in uploads]
        if batch is not None:
            batch.documents.extend(documents)
        for document, upload in zip(documents, uploads, strict=True):
            self._documents.put(document.id, document)
            self.counts["jobs"] += 1
            self.services.background.start(partial(self._process, document, upload))
        return documents

    async def _process(self, document: Document, upload: Upload) -> None:
        await self.dwell()
        document.status = "processing"
        found = await self.read(upload)
        await self.dwell()
        if isinstance(found, Unreadable):
            document.status = "failed"
            self.services.credits.refund(self.name)
            self._notify("document.failed", {"document_id": document.id}, {"error": _FAILURE})
        else:
            document.status, document.found = "completed", found
            self._notify("document.completed", {"document_id": document.id}, {"data": self._pushed(found)})
        if document.batch is not None and document.batch.is_over:
            batch = document.batch
            self._notify("batch.completed", {"batch_id": batch.id}, {"summary": batch.summary()})

    def _notify(self, event: str, identity: Mapping[str, object], content: Mapping[str, object]) -> None:
        timestamp = datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {"event": event, **identity, "timestamp": timestamp, **content}
        self.webhook(event, json_bytes(body))

    def _pushed(self, found: ReadDocument) -> dict[str, object]:
        """Shape a result for the webhook: the number is `invoice_id` and money is text (seed)."""
        return {
            **self._common(found, "invoice_id"),
            **_annotated(found, "invoice_id", wanted=self.settings.annotations),
        }

    def _polled(self, found: ReadDocument) -> dict[str, object]:
        """Shape a result for polling: the number is `document_number` and the subtotal a number (TypeScript client)."""
        subtotal = found.fields.get("subtotal")
        return {
            **self._common(found, "document_number"),
            "subtotal": None if subtotal is None else number(subtotal.value),
            **_annotated(found, "document_number", wanted=self.settings.annotations),
        }

    def _common(self, found: ReadDocument, number_name: str) -> dict[str, object]:
        value = {given: _value(found.fields.get(standard)) for given, standard in _NAMES.items()}
        return {
            "document_type": found.document_type or "invoice",
            "merchant": value["merchant"],
            number_name: _value(found.fields.get("invoice_number")),
            "date": value["date"],
            "due_date": value["due_date"],
            "currency": value["currency"],
            "subtotal": value["subtotal"],
            "tax": value["tax"],
            "total": value["total"],
            "payment_method": None,
            "line_items": [_line(item) for item in found.line_items],
        }


_FAILURE = {"code": "EXTRACTION_FAILED", "message": "Document extraction failed for this file."}


def _line(item: Mapping[str, ReadField]) -> dict[str, object]:
    quantity = item.get("quantity")
    return {
        "description": _value(item.get("description")),
        "quantity": None if quantity is None else number(quantity.value),
        "unit_price": _value(item.get("unit_price")),
        "total": _value(item.get("amount")),
    }


def _annotated(found: ReadDocument, number_name: str, *, wanted: bool) -> dict[str, object]:
    if not wanted:
        return {}
    names = {**_NAMES, number_name: "invoice_number"}
    return {"_paperhook": annotate(found, names, {LINE_ITEMS: _ITEM_NAMES})}


def _value(found: ReadField | None) -> str | None:
    return None if found is None else found.value
