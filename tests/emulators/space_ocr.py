"""space-ocr as its documents describe it, and otherwise where they leave a choice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.emulators.server import Asked, Reply
from tests.emulators.wire import UNREADABLE, Pushed, Refused, Wire

KEY = "spocr_emulated"
NOON = 1760000000000
MAGIC = (b"\x89PNG", b"\xff\xd8", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")


@dataclass
class Node:
    path: str
    type: str
    key: str
    text: str = ""
    columns: Any = None
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class SpaceOcr(Wire):
    """`missing_sheet` is the answer to an upload into a sheet that is not there: the documents do not say which."""

    missing_sheet: tuple[int, str] = (404, "not_found")
    names_jobs: bool = True
    event_ids: bool = False
    nested: bool = False
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    replays: dict[str, Reply] = field(default_factory=dict)
    webhook: dict[str, Any] | None = None
    billed: int = 0

    def refusal(self, status: int, code: str, message: str = "no") -> Reply:
        error = {"code": code, "message": message, "requestId": f"req_{self.numbered}"}
        return Reply(status, {"error": error})

    def refuse(self, status: int, code: str, message: str = "no") -> Refused:
        return Refused(self.refusal(status, code, message))

    def route(self, asked: Asked) -> Reply:
        reply = self.guarded(asked)
        reply.headers.setdefault("x-REQUEST-id", f"req_{self.numbered}")
        return reply

    def guarded(self, asked: Asked) -> Reply:
        if asked.path == "/health":
            return Reply(200, self.say({"status": "ok", "version": "1.2", "time": NOON}, "version time"))
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return self.refusal(401, "invalid_api_key")
        if "%2F" in asked.raw_query.upper():
            return self.refusal(400, "validation_failed", "path must keep its slashes")
        key = asked.headers.get("idempotency-key", "")
        assert len(key) <= 255
        if key in self.replays:
            first = self.replays[key]
            return Reply(first.status, first.body, {"x-idempotent-REPLAY": "true"})
        try:
            reply = self.routed(asked)
        except Refused as refused:
            return refused.reply
        if key:
            self.replays[key] = reply
        return reply

    def routed(self, asked: Asked) -> Reply:
        routes = {
            "POST /upload": self.upload,
            "GET /jobs/": self.job_route,
            "GET /amount": self.amount,
            "POST /ocr/": self.ocr,
            "POST /create": self.create,
            "GET /space": self.space,
            "GET /view": self.view,
            "POST /edit": self.change,
            "POST /remove": self.change,
            "POST /webhook/test": self.test,
            "GET /webhooks/deliveries": self.deliveries,
            "POST /webhooks/deliveries": self.deliveries,
            "GET /webhook": self.hook,
            "PUT /webhook": self.hook,
            "DELETE /webhook": self.hook,
        }
        line = f"{asked.method} {asked.path}"
        for start, route in routes.items():
            if line.startswith(start):
                return route(asked)
        return self.refusal(404, "not_found")

    def job_route(self, asked: Asked) -> Reply:
        return Reply(200, self.job(asked.path.removeprefix("/jobs/")))

    def amount(self, asked: Asked) -> Reply:
        free = {"used": 1, "limit": 100, "remaining": 99, "cycleStart": 1, "cycleEnd": 2}
        plan = {"enabled": False, "used": 0, "limit": 0, "remaining": 0, "nextBillingAt": None}
        told = {
            "free": self.say(free, "cycleStart cycleEnd"),
            "flatfee": self.say(plan, "used limit remaining nextBillingAt"),
            "balance": 5,
            "currency": "scans",
            "perCallCost": 1,
        }
        return Reply(200, self.say(told, "currency perCallCost"))

    def space(self, asked: Asked) -> Reply:
        assert 1 <= int(asked.one("depth", "1")) <= 10
        return Reply(200, [self.listed(node) for node in self.nodes.values()])

    def listed(self, node: Node) -> dict[str, Any]:
        told = {
            "path": node.path,
            "name": node.path.rpartition("/")[2],
            "type": node.type,
            "uniqueKey": node.key,
            "extensions": ["png"],
            "createdAt": NOON,
        }
        return self.say(told, "uniqueKey extensions createdAt")

    def change(self, asked: Asked) -> Reply:
        node = self.node(asked.json()["path"])
        if asked.path == "/remove":
            del self.nodes[node.path]
        return Reply(200, {"ok": True})

    def test(self, asked: Asked) -> Reply:
        # What a test event holds is nowhere said.
        self.push({"event": "webhook.test", **({} if self.taste == "spare" else {"data": {"message": "hi"}})})
        return Reply(204) if self.taste == "spare" else Reply(200, {"ok": True})

    def node(self, path: str) -> Node:
        for node in self.nodes.values():
            if path in (node.path, node.key) or path.rsplit("/", 1)[-1] == node.key:
                return node
        raise self.refuse(404, "not_found", "no such node")

    def upload(self, asked: Asked) -> Reply:
        parts = asked.parts()
        [path] = [part.text for part in parts if part.name == "path"]
        files = [part for part in parts if part.name == "files"]
        wait = any(part.name == "wait" and part.text == "true" for part in parts)
        assert {part.name for part in parts} <= {"path", "files", "wait"}
        if not 1 <= len(files) <= 20 or any(len(f.content) > 20_000_000 for f in files):
            raise self.refuse(400, "validation_failed")
        if not any(
            node.path == path or path.endswith(node.key)
            for node in self.nodes.values()
            if node.type == "sheet"
        ):
            raise self.refuse(*self.missing_sheet, "no such sheet")
        if not all(part.content.startswith(MAGIC) for part in files):
            raise self.refuse(400, "invalid_image")
        items = []
        for part in files:
            self.billed += 1
            job_id, key = self.next_id("job_"), self.next_id("k")
            failed = UNREADABLE in part.content
            self.jobs[job_id] = {
                "jobId": job_id,
                "uniqueKey": key,
                "path": path,
                "name": part.filename,
                "polls": 0,
                "failed": failed,
            }
            item = self.say(
                {"uniqueKey": key, "originalName": part.filename, "jobId": job_id, "status": "pending"},
                "uniqueKey originalName status",
            )
            if wait:
                item["result"] = self.values()
                item["status"] = "done"
            items.append(item)
            self.tell(self.jobs[job_id])
        body = {"path": path, ("results" if wait else "jobs"): items}
        return Reply(202 if self.taste == "generous" else 200, self.say(body, "path"))

    def values(self) -> dict[str, Any]:
        box = {"bbox": {"xmin": 540, "ymin": 620, "xmax": 593, "ymax": 640}, "match_ratio": 0.97}
        if self.taste != "spare":
            box["vertices"] = [{"x": 540, "y": 620}] * 4
            box["bbox_source"] = "vision_symbol_match"
            box["text_verified"] = True
        item: dict[str, Any] = {"description": "Paper", "amount": "12,800"}
        values: dict[str, Any] = {"vendor": "弥生サンプル", "total": "12,800", "line_items": [item]}
        if self.taste != "spare":
            item["field_bboxes"] = {"amount": box}
            values["field_bboxes"] = {"total": box, "vendor": None if self.taste == "nulls" else box}
        return values

    def job(self, job_id: str) -> dict[str, Any]:
        job = self.jobs.get(job_id)
        if job is None:
            raise self.refuse(404, "not_found")
        job["polls"] += 1
        common = {
            "jobId": job_id,
            "uniqueKey": job["uniqueKey"],
            "path": job["path"],
            "sheetRef": "s9",
            "createdAt": NOON,
            "imageUrl": None,
        }
        optional = "jobId uniqueKey path sheetRef createdAt imageUrl"
        if job["polls"] < 3:
            status = ("pending", "processing" if self.taste != "generous" else "queued_for_gpu")[
                job["polls"] - 1
            ]
            return self.say(
                {**common, "status": status, "result": None, "error": None}, optional + " result error"
            )
        if job["failed"]:
            error = (
                {"code": "no_text"}
                if self.taste != "full"
                else {"code": "no_text", "message": "nothing readable"}
            )
            return self.say({**common, "status": "failed", "error": error}, optional)
        values = self.values()
        return self.say(
            {
                **common,
                "status": "done",
                "result": {"name": job["name"], "values": values} if self.nested else values,
            },
            optional,
        )

    def tell(self, job: dict[str, Any]) -> None:
        if job["failed"]:
            data: dict[str, Any] = {"name": job["name"], "error": {"message": "no readable text"}}
            if self.taste != "spare":
                data["error"]["code"] = "no_text"
        else:
            data = {"result": {"name": job["name"], "values": self.values()}}
        if self.names_jobs:
            data |= {"jobId": job["jobId"], "uniqueKey": job["uniqueKey"], "path": job["path"]}
        event: dict[str, Any] = {"event": "ocr.failed" if job["failed"] else "ocr.completed", "data": data}
        if self.taste != "spare":
            event["apiVersion"] = "2026-01-01"
        if self.event_ids:
            event |= {
                "id": self.next_id("evt_"),
                "createdAt": NOON if self.taste == "full" else "2026-06-02T10:00:00.123456+09:00",
            }
        self.push(event)

    def signed(self, body: bytes, secret: str | None = None) -> Pushed:
        return Pushed(
            {
                "content-type": "application/json; charset=utf-8",
                "X-SPACEOCR-signature": self.sign(body, secret),
            },
            body,
        )

    def ocr(self, asked: Asked) -> Reply:
        body = asked.json()
        assert body["imageType"] in ("url", "base64")
        assert body["image"]
        if asked.path == "/ocr/markdown":
            return Reply(200, {"status": "success", "data": {"values": {"markdown": "# hi"}}})
        if asked.path == "/ocr/suggest_fields":
            return Reply(
                200, {"status": "success", "data": {"fields": [{"name": "total", "type": "string"}]}}
            )
        chosen = [name for name in ("fields", "templateId", "autoFields") if body.get(name)]
        if len(chosen) != 1:
            raise self.refuse(400, "invalid_request", "exactly one of fields, templateId, autoFields")
        self.billed += 1
        data = self.values()
        return Reply(200, {"status": "success", "data": {"values": data} if self.nested else data})

    def create(self, asked: Asked) -> Reply:
        body = asked.json()
        assert body["type"] in ("folder", "sheet", "memo")
        assert set(body) <= {"path", "type", "name", "columns", "prompt", "text"}
        if set(body["name"]) & set("./#$[]"):
            raise self.refuse(400, "validation_failed")
        parent = body["path"].rstrip("/")
        if parent and parent not in self.nodes:
            raise self.refuse(404, "not_found", "no such parent")
        path = f"{parent}/{body['name']}"
        if path in self.nodes:
            raise self.refuse(400, "bad_request", "a sibling has that name")
        if sum(n.type == "sheet" for n in self.nodes.values()) >= 3 and body["type"] == "sheet":
            raise self.refuse(403, "forbidden", "3 sheets on the free plan")
        node = Node(path, body["type"], self.next_id("n"), body.get("text", ""), body.get("columns"))
        self.nodes[path] = node
        return Reply(201, self.say({"path": path, "type": node.type, "uniqueKey": node.key}, "type"))

    def view(self, asked: Asked) -> Reply:
        [path] = asked.query["path"]
        if path == "/":
            return Reply(200, {"type": "folder", "path": "/", "children": []})
        node = self.node(path)
        if node.type == "memo":
            return Reply(
                200, self.say({"type": "memo", "path": node.path, "name": "m", "text": node.text}, "name")
            )
        if node.type == "folder":
            return Reply(
                200,
                self.say({"type": "folder", "path": node.path, "name": "f", "children": []}, "name children"),
            )
        limit, offset = int(asked.one("limit", "100")), int(asked.one("offset", "0"))
        assert limit <= 500
        rows = [
            self.say(
                {
                    "rowKey": f"r{n}",
                    "name": f"{n}.png",
                    "imageUrl": "u",
                    "ocrStatus": "done",
                    "values": self.values(),
                },
                "name imageUrl",
            )
            for n in range(7)
        ]
        page = rows[offset : offset + min(limit, 3)]
        following = offset + len(page)
        return Reply(
            200,
            self.say(
                {
                    "type": "sheet",
                    "path": node.path,
                    "name": "s",
                    "columns": ["vendor", "total"],
                    "total": 7,
                    "matched": 7,
                    "offset": offset,
                    "limit": limit,
                    "rows": page,
                    "nextOffset": following if following < 7 else None,
                },
                "name columns total matched offset limit",
            ),
        )

    def hook(self, asked: Asked) -> Reply:
        if asked.method == "PUT":
            self.webhook = {"url": asked.json()["url"], "enabled": True}
            return Reply(200, self.say({**self.webhook, "secret": self.secret}, "enabled"))
        if asked.method == "DELETE":
            self.webhook = None
            return Reply(204)
        if self.webhook is None:
            return (
                Reply(200, {"url": None, "enabled": False})
                if self.taste == "nulls"
                else self.refusal(404, "not_found")
            )
        return Reply(200, self.say(self.webhook, "enabled"))

    def deliveries(self, asked: Asked) -> Reply:
        one = self.say(
            {
                "id": "d1",
                "event": "ocr.completed",
                "status": "failed",
                "attempts": 2,
                "createdAt": NOON,
                "responseStatus": 500,
            },
            "event status attempts createdAt responseStatus",
        )
        if asked.method == "POST":
            assert asked.path.endswith("/redeliver")
            return Reply(202, b"")
        if asked.path == "/webhooks/deliveries":
            return Reply(200, [one] if self.taste == "spare" else {"deliveries": [one]})
        if not asked.path.endswith("/d1"):
            raise self.refuse(404, "not_found")
        return Reply(200, one)
