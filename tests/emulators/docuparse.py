"""DocuParse as its documents describe it, and otherwise where they leave a choice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.emulators.server import Asked, Reply
from tests.emulators.wire import UNREADABLE, Pushed, Refused, Wire

KEY = "dex_emulated"
BASE = "/api/v1"


@dataclass
class DocuParse(Wire):
    """`failure` is how a poll tells that a document failed: `success` may stay true or not."""

    failure: bool = True
    aliases: bool = False
    #: How many polls say `completed` without `data`.
    early: int = 0
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    batches: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, status: int, code: str, message: str = "no") -> Refused:
        return Refused(Reply(status, {"success": False, "error": {"code": code, "message": message}}))

    def route(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            raise self.refuse(401, "UNAUTHORIZED")
        path = asked.path.removeprefix(BASE)
        if asked.method == "POST" and path == "/extract":
            [part] = asked.parts()
            assert part.name == "file"
            status = {"full": 202, "spare": 200}.get(self.taste, 201)
            return Reply(
                status,
                self.say({"success": True, **self.accept(part.content), "message": "accepted"}, "message"),
            )
        if asked.method == "POST" and path == "/extract/batch":
            parts = asked.parts()
            assert parts
            assert all(part.name == "files" for part in parts)
            batch_id = self.next_id("batch_")
            told = [self.accept(part.content) for part in parts]
            self.batches[batch_id] = [one["document_id"] for one in told]
            self.push(
                self.envelope("batch.completed", {"batch_id": batch_id}, {"summary": self.summary(batch_id)})
            )
            return Reply(202, self.say({"success": True, "batch_id": batch_id, "documents": told}))
        if asked.method == "GET" and path.startswith("/documents/"):
            return self.document(path.removeprefix("/documents/"))
        if asked.method == "GET" and path.startswith("/batches/"):
            batch_id = path.removeprefix("/batches/")
            if batch_id not in self.batches:
                raise self.refuse(404, "NOT_FOUND")
            return Reply(
                200,
                self.say(
                    {
                        "success": True,
                        "batch_id": batch_id,
                        "status": "completed",
                        "summary": self.summary(batch_id),
                    }
                ),
            )
        raise self.refuse(404, "NOT_FOUND")

    def accept(self, content: bytes) -> dict[str, Any]:
        if not content:
            raise self.refuse(400, "INVALID_FILE")
        if len(content) > 10 * 1024 * 1024:
            raise self.refuse(413, "FILE_TOO_LARGE")
        document_id = self.next_id("doc_")
        document = {"polls": 0, "failed": UNREADABLE in content}
        self.documents[document_id] = document
        kind = "extraction" if self.aliases else "document"
        ids = {"document_id": document_id}
        if document["failed"]:
            self.push(self.envelope(f"{kind}.failed", ids, {"error": self.error()}))
        elif self.aliases:
            self.push(
                self.envelope(
                    f"{kind}.completed",
                    ids,
                    {"status": "success", "merchant": "Acme", "total": "1320.00", "signature": "sha256=abc"},
                )
            )
        else:
            self.push(self.envelope(f"{kind}.completed", ids, {"data": self.data("invoice_id")}))
        return {"document_id": document_id, "status": "queued"}

    def error(self) -> dict[str, Any]:
        return self.say({"code": "EXTRACTION_FAILED", "message": "could not read"}, "message")

    def envelope(self, event: str, ids: dict[str, str], rest: dict[str, Any]) -> dict[str, Any]:
        stamp = {"full": "2026-06-02T10:00:00Z", "generous": "2026-06-02T10:00:00.250+00:00"}.get(
            self.taste, "2026-06-02T10:00:00Z"
        )
        return self.say({"event": event, **ids, "timestamp": stamp, **rest})

    def summary(self, batch_id: str) -> dict[str, Any]:
        failed = sum(self.documents[one]["failed"] for one in self.batches[batch_id])
        total = len(self.batches[batch_id])
        return self.say({"total": total, "succeeded": total - failed, "failed": failed})

    def data(self, number: str) -> dict[str, Any]:
        item: dict[str, Any] = {
            "description": "Paper",
            "quantity": 2,
            "unit_price": "10.50",
            "total": "21.00",
        }
        if self.taste in ("spare", "generous"):
            item = {"description": "Paper", "qty": "2", "price": 10.5, "total": 21}
        return self.say(
            {
                "document_type": "invoice",
                number: "INV-7",
                "merchant": "Acme",
                "date": "2026-05-01",
                "due_date": None,
                "currency": "USD",
                "subtotal": 1316.5,
                "tax": "3.50",
                "total": "1,320.00",
                "payment_method": None,
                "line_items": [item],
            },
            "document_type due_date payment_method subtotal",
        )

    def document(self, document_id: str) -> Reply:
        document = self.documents.get(document_id)
        if document is None:
            raise self.refuse(404, "NOT_FOUND")
        document["polls"] += 1
        common = {"success": True, "document_id": document_id, "message": None}
        if document["polls"] < 3:
            word = ("queued", "processing" if self.taste != "generous" else "ocr_running")[
                document["polls"] - 1
            ]
            return Reply(
                200,
                self.say(
                    {**common, "status": word, "data": None, "error": None}, "message data error document_id"
                ),
            )
        if document["failed"]:
            return Reply(
                200,
                self.say(
                    {**common, "success": self.failure, "status": "failed", "error": self.error()},
                    "message document_id",
                ),
            )
        if document["polls"] < 3 + self.early:
            return Reply(200, self.say({**common, "status": "completed"}, "message document_id"))
        return Reply(
            200,
            self.say(
                {**common, "status": "completed", "data": self.data("document_number")}, "message document_id"
            ),
        )

    def signed(self, body: bytes, secret: str | None = None) -> Pushed:
        return Pushed(
            {
                "Content-Type": "application/json",
                "x-docuparse-SIGNATURE": f"sha256={self.sign(body, secret)}",
                "User-Agent": "x",
            },
            body,
        )
