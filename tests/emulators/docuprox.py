"""DocuProx as its documents describe it, and otherwise where they leave a choice."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.server import Asked, Reply
from tests.emulators.wire import UNREADABLE, Pushed, Refused, Wire

KEY = "emulated-docuprox"
TEMPLATE = "7a7a7a7a-0000-4000-8000-000000000001"

#: What a job says on its way, by taste; both vocabularies and unknown words.
WAYS = {
    "full": ("NEW", "PROCESSING", "PROCESSING IMAGE", "PROCESS IMAGE SUCCESS"),
    "spare": ("NEW", "PROCESSING_IMAGE"),
    "nulls": ("NEW", "PROCESS IMAGE", "PROCESS  IMAGE SUCCESS"),
    "texts": ("new", "process image"),
    "generous": ("NEW", "UNZIP FILE", "UNZIP FILE SUCCESS", "WARMING UP"),
}


@dataclass
class DocuProx(Wire):
    done_word: str = "SUCCESS"
    failed_word: str = "FAILED"
    #: A single record may come as an object or as a list of one.
    single_as_list: bool = True
    header: str = "X-Webhook-Token"
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def refuse(self, status: int, error: str) -> Refused:
        return Refused(Reply(status, self.say({"error": error, "message": "because"}, "message")))

    def route(self, asked: Asked) -> Reply:
        if asked.headers.get("x-auth") != KEY:
            raise self.refuse(401, "Unauthorized")
        reply = self.routed(asked)
        reply.headers |= {"X-RateLimit-Remaining": "50", "X-RateLimit-Reset": "30"}
        return reply

    def routed(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix("/v1")
        if asked.method in ("POST", "PUT") and path in ("/process", "/process-job", "/process-agent"):
            return self.submit(asked, path)
        if asked.method == "GET" and path == "/job-status":
            return self.status(asked.one("job_id"))
        if asked.method == "POST" and path == "/job-results":
            return self.results(asked)
        raise self.refuse(404, "Not Found")

    def submit(self, asked: Asked, path: str) -> Reply:
        values: Any
        payload: Any = None
        if asked.method == "PUT":
            if asked.media_type != "application/octet-stream":
                raise self.refuse(415, "Unsupported Media Type")
            template, content = asked.one("t_id"), asked.body
            values = json.loads(asked.headers.get("static_values", "null"))
        elif asked.media_type == "application/json":
            body = asked.json()
            assert not body.get("actual_image", "").startswith("data:")
            template, content = body.get("template_id"), base64.b64decode(body["actual_image"], validate=True)
            values, payload = body.get("static_values"), body.get("payload")
            assert values is None or isinstance(values, dict)
        else:
            parts = {part.name: part for part in asked.parts()}
            template = parts["template_id"].text if "template_id" in parts else None
            content = parts["actual_image"].content
            assert parts["actual_image"].filename
            values = json.loads(parts["static_values"].text) if "static_values" in parts else None
            payload = json.loads(parts["payload"].text) if "payload" in parts else None
        if payload is not None:
            values = payload.get("static_values", values)
        elif template != TEMPLATE:
            raise self.refuse(404, "Template not found")
        records = self.records(content)
        if path != "/process-job":
            if None in records:
                raise self.refuse(500, "Extraction failed")
            return Reply(200, records[0] if len(records) == 1 and not self.single_as_list else records)
        job_id = f"0b0c2a52-1111-4222-8333-{self.next_id('').rjust(12, '0')}"
        self.jobs[job_id] = {"records": records, "polls": 0, "template": template, "values": values}
        for record in records:
            if record is not None:
                self.push(
                    self.say(
                        {
                            "job_id": job_id,
                            "template_id": template,
                            "static_values": values,
                            "result": record,
                        },
                        "template_id",
                    )
                )
        return Reply(
            202,
            self.say(
                {"job_id": job_id, "template_id": template, "static_values": values},
                "template_id static_values",
            ),
        )

    def records(self, content: bytes) -> list[dict[str, Any] | None]:
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return [
                    self.record(archive.read(name), name) for name in archive.namelist() if "/" not in name
                ]
        return [self.record(content, "")]

    def record(self, content: bytes, name: str) -> dict[str, Any] | None:
        if UNREADABLE in content:
            return None
        total: Any = {"full": "99.00", "spare": 99, "nulls": 99.0, "texts": "99,00", "generous": "$99.00"}[
            self.taste
        ]
        return {"invoice_no": f"A-1{name}", "vendor": "Acme", "total": total, "Due Date": None}

    def status(self, job_id: str) -> Reply:
        job = self.jobs.get(job_id)
        if job is None:
            raise self.refuse(404, "Job not found")
        way = WAYS[self.taste]
        word = (
            way[job["polls"]]
            if job["polls"] < len(way)
            else self.failed_word
            if job["records"] == [None]
            else self.done_word
        )
        job["polls"] += 1
        return Reply(
            200, self.say({"job_id": job_id, "template_id": job["template"], "status": word}, "template_id")
        )

    def results(self, asked: Asked) -> Reply:
        body = asked.json()
        job = self.jobs.get(body["job_id"])
        if job is None or job["records"] == [None] or job["polls"] < len(WAYS[self.taste]):
            raise self.refuse(404, "Results not found")
        records = [record for record in job["records"] if record is not None]
        if body["result_format"] == "csv":
            assert asked.headers["accept"] == "text/csv"
            lines = [",".join(records[0])] + [
                ",".join(str(v or "") for v in record.values()) for record in records
            ]
            return Reply(
                200,
                ("\ufeff" if self.taste == "generous" else "").encode() + "\r\n".join(lines).encode(),
                {},
                "text/csv; charset=utf-8",
            )
        assert body["result_format"] == "json"
        return Reply(200, records[0] if len(records) == 1 and not self.single_as_list else records)

    def signed(self, body: bytes, secret: str | None = None) -> Pushed:
        return Pushed({"Content-Type": "application/json", self.header.upper(): secret or self.secret}, body)
