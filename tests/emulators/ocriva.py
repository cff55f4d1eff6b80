"""Ocriva's Open API as its documents describe it, and otherwise where they leave a choice; long, because one wire is one module."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.server import Asked, Reply
from tests.emulators.wire import UNREADABLE, Pushed, Refused, Wire

KEY = "ocr_emulated"
PROJECT = "68da0001"
STAMP = "2026-03-31T12:00:00.000Z"


@dataclass
class Ocriva(Wire):
    #: Whether the history calls a document by the id that the upload answered.
    same_id: bool = True
    #: `flat`, `meta` or none: how a page of the history tells where it ends.
    paging: str = "flat"
    #: `error`, `errorMessage` or an object.
    failure: str = "errorMessage"
    wrapped: bool = False
    jwt: str = ""
    documents: list[dict[str, Any]] = field(default_factory=list)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)

    def refuse(self, status: int, message: Any, error: str = "Bad Request") -> Refused:
        return Refused(
            Reply(status, self.say({"statusCode": status, "message": message, "error": error}, "error"))
        )

    def route(self, asked: Asked) -> Reply:
        try:
            reply = self.guarded(asked)
        except Refused as refused:
            reply = refused.reply
        reply.headers |= {
            "x-ratelimit-limit": "60",
            "x-ratelimit-remaining": "59",
            "x-ratelimit-reset": "1760000060",
        }
        return reply

    def guarded(self, asked: Asked) -> Reply:
        bearer = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if asked.path in ("/v1/openapi/auth/login", "/auth/login"):
            if asked.json().get("token") != KEY:
                raise self.refuse(401, "Invalid token", "Unauthorized")
            self.jwt = "eyJ.emulated"
            return Reply(
                201,
                self.say(
                    {"accessToken": self.jwt, "expiresIn": 3600, "tokenInfo": {"type": "organization"}},
                    "tokenInfo expiresIn",
                ),
            )
        if KEY not in (asked.headers.get("x-api-key"), bearer) and not (self.jwt and bearer == self.jwt):
            raise self.refuse(401, "Invalid API token", "Unauthorized")
        return self.routed(asked, asked.path.removeprefix("/v1/openapi"))

    def routed(self, asked: Asked, path: str) -> Reply:
        routes = {
            "POST /auth/refresh": self.refresh,
            "POST /upload": self.upload,
            "GET /projects": self.projects,
            "GET /processing-history": self.history_route,
        }
        line = f"{asked.method} {path}"
        if path.startswith("/templates"):
            return self.template(asked, path.removeprefix("/templates").strip("/"))
        if path.startswith("/batch"):
            return self.batch_route(asked, path.removeprefix("/batch").strip("/"))
        for start, route in routes.items():
            if line.startswith(start):
                return route(asked)
        raise self.refuse(404, f"Cannot {line}", "Not Found")

    def refresh(self, asked: Asked) -> Reply:
        return Reply(200, {"accessToken": self.jwt, "expiresIn": 3600})

    def projects(self, asked: Asked) -> Reply:
        told = {
            "id": PROJECT,
            "name": "P",
            "description": None,
            "organizationId": "o1",
            "isActive": True,
            "createdAt": STAMP,
            "updatedAt": STAMP,
        }
        return Reply(200, [self.say(told, "description organizationId isActive createdAt updatedAt")])

    def batch_route(self, asked: Asked, name: str) -> Reply:
        if asked.method == "POST":
            return self.upload_batch(asked)
        if not name:
            found = [self.batch(one) for one in self.batches]
            return Reply(200, {"data": found} if self.wrapped else found)
        if name not in self.batches:
            raise self.refuse(404, "Batch not found", "Not Found")
        return Reply(200, self.batch(name))

    def history_route(self, asked: Asked) -> Reply:
        rest = asked.path.partition("/processing-history")[2].strip("/")
        if not rest:
            return self.history(asked)
        if rest == "stats":
            return Reply(200, self.say({"total": 3, "completed": 2, "averageProcessingTime": 3241.5}))
        return self.record_route(rest, asked)

    def project(self, project: str | None) -> None:
        if not project:
            raise self.refuse(400, ["projectId should not be empty", "projectId must be a string"])
        if project != PROJECT:
            raise self.refuse(401, "No access to this project", "Unauthorized")

    def upload(self, asked: Asked) -> Reply:
        parts = {part.name: part for part in asked.parts()}
        internal = not asked.path.startswith("/v1")
        if not internal:
            self.project(parts["projectId"].text if "projectId" in parts else None)
            missing = [
                f"{name} should not be empty"
                for name in ("file", "fileName", "fileType", "fileSize", "mimeType")
                if name not in parts
            ]
            if missing:
                raise self.refuse(400, missing)
            assert parts["fileType"].text in ("pdf", "image", "document")
            assert parts["fileSize"].text == str(len(parts["file"].content))
        known = {
            "file",
            "fileName",
            "fileType",
            "fileSize",
            "mimeType",
            "projectId",
            "templateId",
            "uploadType",
            "metadata",
            "batchId",
        }
        assert set(parts) <= known, set(parts) - known
        document = self.accept(parts["file"], parts["metadata"].text if "metadata" in parts else None)
        if "batchId" in parts:
            if parts["batchId"].text not in self.batches:
                raise self.refuse(404, "Batch not found", "Not Found")
            self.batches[parts["batchId"].text]["members"].append(document)
        return Reply(
            201,
            self.say(
                {
                    "id": document["upload"],
                    "fileName": document["name"],
                    "fileUrl": "https://s.example/a.pdf",
                    "publicUrl": "https://s.example/p/a.pdf",
                    "status": "uploaded",
                    "templateId": None,
                    "projectId": PROJECT,
                },
                "fileName fileUrl publicUrl status templateId projectId",
            ),
        )

    def accept(self, part: Any, metadata: str | None) -> dict[str, Any]:
        if metadata is not None:
            assert isinstance(json.loads(metadata), dict)
        upload = self.next_id("68dc")
        document = {
            "upload": upload,
            "id": upload if self.same_id else self.next_id("68ff"),
            "name": part.filename,
            "size": len(part.content),
            "metadata": metadata,
            "failed": UNREADABLE in part.content,
            "polls": 0,
            "batch": None,
        }
        self.documents.insert(0, document)
        common = {"id": upload, "fileName": document["name"]}
        self.event(
            "document.uploaded",
            self.say(
                {
                    **common,
                    "fileSize": document["size"],
                    "mimeType": "image/png",
                    "status": "uploaded",
                    "templateId": None,
                    "uploadedAt": STAMP,
                },
                "templateId uploadedAt",
            ),
        )
        if document["failed"]:
            self.event("document.failed", {**common, "status": "failed", **self.why()})
        else:
            extracted: Any = self.extracted()
            self.event(
                "document.processed",
                self.say(
                    {
                        **common,
                        "status": "completed",
                        "extractedData": extracted,
                        "confidence": 0.97,
                        "processingTime": 3241,
                        "processedAt": STAMP,
                    },
                    "confidence processingTime processedAt",
                ),
            )
        return document

    def why(self) -> dict[str, Any]:
        if self.failure == "object":
            return {"error": {"message": "could not read", "code": "E1"}}
        return {} if self.failure == "none" else {self.failure: "could not read"}

    def extracted(self) -> dict[str, Any]:
        return self.say(
            {
                "invoiceNumber": "INV-2026-0331",
                "vendor": "Acme Supplies Co.",
                "totalAmount": 15420.00,
                "currency": "THB",
                "dueDate": "2026-04-30",
            }
        )

    def event(self, kind: str, payload: dict[str, Any]) -> None:
        self.push(
            self.say(
                {
                    "eventType": kind,
                    "eventId": self.next_id("evt_1743418800000_"),
                    "timestamp": STAMP,
                    "organizationId": "o1",
                    "projectId": PROJECT,
                    "payload": payload,
                },
                "organizationId projectId",
            )
        )

    def record(self, document: dict[str, Any]) -> dict[str, Any]:
        document["polls"] += 1
        common = {
            "id": document["id"],
            "uploadId": document["upload"] if not self.same_id else "68ee0000",
            "projectId": PROJECT,
            "userId": "u1",
            "fileName": document["name"],
            "fileUrl": "u",
            "filePath": "p",
            "fileSize": str(document["size"]),
            "mimeType": "image/png",
            "templateId": None,
            "metadata": json.loads(document["metadata"] or "null"),
            "createdAt": STAMP,
        }
        optional = "projectId userId fileUrl filePath mimeType templateId metadata createdAt"
        if document["polls"] < 4:
            word = ("pending", "queued", "in_progress" if self.taste != "generous" else "ai_thinking")[
                document["polls"] - 1
            ]
            return self.say(
                {**common, "status": word, "extractedData": None, "errorMessage": None},
                optional + " extractedData errorMessage",
            )
        if document["failed"]:
            return self.say({**common, "status": "failed", **self.why()}, optional)
        return self.say(
            {
                **common,
                "status": "completed",
                "extractedData": self.extracted(),
                "confidence": 0.97,
                "processingTime": 3241,
            },
            optional + " confidence processingTime",
        )

    def record_route(self, rest: str, asked: Asked) -> Reply:
        name, _, more = rest.partition("/")
        for document in self.documents:
            if document["id"] == name:
                if more == "export":
                    return Reply(
                        200,
                        json.dumps(self.extracted()).encode(),
                        {"Content-Disposition": "attachment"},
                        "application/octet-stream",
                    )
                return Reply(200, self.record(document))
        raise self.refuse(404, "Processing history not found", "Not Found")

    def history(self, asked: Asked) -> Reply:
        self.project(asked.one("projectId"))
        page, limit = int(asked.one("page", "1")), int(asked.one("limit", "10"))
        matching = [
            d for d in self.documents if not asked.one("batchId") or d["batch"] == asked.one("batchId")
        ]
        shown = [self.record(d) for d in matching[(page - 1) * limit : page * limit]]
        pages = -(-len(matching) // limit)
        numbers = {"total": len(matching), "page": page, "limit": limit, "totalPages": pages}
        if self.paging == "flat":
            return Reply(200, self.say({"data": shown, **numbers}))
        return Reply(
            200, {"data": shown, "meta": self.say(numbers)} if self.paging == "meta" else {"data": shown}
        )

    def upload_batch(self, asked: Asked) -> Reply:
        parts = asked.parts()
        internal = not asked.path.startswith("/v1")
        fields = {part.name: part.text for part in parts if part.filename is None}
        files = [part for part in parts if part.name == "files"]
        if not internal:
            self.project(fields.get("projectId"))
        assert set(fields) <= {"projectId", "templateId", "name", "metadata"}, fields
        if not 1 <= len(files) <= 50:
            raise self.refuse(400, "Maximum 50 files")
        batch_id = self.next_id("68ba")
        members = [self.accept(part, fields.get("metadata")) for part in files]
        for member in members:
            member["batch"] = batch_id
        self.batches[batch_id] = {
            "members": members,
            "name": fields.get("name", "Batch 2026-03-31"),
            "polls": 0,
        }
        self.event(
            "batch.uploaded",
            self.say(
                {
                    "id": batch_id,
                    "name": "b",
                    "totalFiles": len(files),
                    "status": "processing",
                    "uploadIds": [],
                },
                "name uploadIds",
            ),
        )
        self.event("batch.completed", self.counts(batch_id, done=True))
        return Reply(201, self.batch(batch_id))

    def counts(self, batch_id: str, *, done: bool) -> dict[str, Any]:
        members = self.batches[batch_id]["members"]
        failed = sum(one["failed"] for one in members) if done else 0
        completed = len(members) - failed if done else 0
        word = (
            "processing" if not done else "completed" if not failed else "partial" if completed else "failed"
        )
        return self.say(
            {
                "id": batch_id,
                "name": self.batches[batch_id]["name"],
                "totalFiles": len(members),
                "completedFiles": completed,
                "failedFiles": failed,
                "status": word,
                "completedAt": STAMP if done else None,
            },
            "name completedAt",
        )

    def batch(self, batch_id: str) -> dict[str, Any]:
        batch = self.batches[batch_id]
        batch["polls"] += 1
        return {
            **self.counts(batch_id, done=batch["polls"] > 2),
            **self.say(
                {
                    "projectId": PROJECT,
                    "organizationId": "o1",
                    "userId": "u1",
                    "templateId": None,
                    "templateName": None,
                    "progress": 50,
                    "uploadIds": [one["upload"] for one in batch["members"]],
                },
                "organizationId userId templateId templateName progress",
            ),
        }

    def template(self, asked: Asked, name: str) -> Reply:
        if asked.method == "POST":
            body = asked.json()
            missing = [
                f"{one} should not be empty"
                for one in ("name", "description", "templateSchema", "projectId")
                if not body.get(one)
            ]
            if missing:
                raise self.refuse(400, missing)
            template_id = self.next_id("68db")
            self.templates[template_id] = {**body, "templateId": template_id}
            return Reply(201, self.shown(template_id))
        if not name:
            return Reply(200, [self.shown(one) for one in self.templates])
        if name not in self.templates:
            raise self.refuse(404, "Template not found", "Not Found")
        if asked.method == "DELETE":
            del self.templates[name]
            return Reply(204) if self.taste == "spare" else Reply(200, {"deleted": True})
        if asked.method == "PATCH" and self.taste in ("spare", "nulls"):
            raise self.refuse(404, f"Cannot PATCH {asked.path}", "Not Found")
        if asked.method in ("PATCH", "PUT"):
            self.templates[name] |= asked.json()
        return Reply(200, self.shown(name))

    def shown(self, name: str) -> dict[str, Any]:
        one = self.templates[name]
        return self.say(
            {
                "templateId": name,
                "name": one["name"],
                "description": one["description"],
                "templateSchema": one["templateSchema"],
                "projectId": one["projectId"],
                "isActive": True,
                "resultFormat": "json",
                "extractionMode": "auto",
                "createdAt": STAMP,
                "updatedAt": STAMP,
            },
            "description isActive resultFormat extractionMode createdAt updatedAt",
        )

    def signed(self, body: bytes, secret: str | None = None) -> Pushed:
        return Pushed(
            {
                "content-type": "application/json",
                "x-webhook-event": "document.processed",
                "X-WEBHOOK-SIGNATURE": f"sha256={self.sign(body, secret)}",
            },
            body,
        )
