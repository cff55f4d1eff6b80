"""What the load generator is pointed at: `uvicorn --factory tests.bench.servers:bare`, and so on."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import Any

from fastapi import BackgroundTasks, FastAPI, HTTPException
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from paperhook import DocumentCompleted, Webhooks
from paperhook.providers import DocuParse

from .deliveries import HEADER, SECRET


def bare() -> Starlette:
    """Read the body and answer: no check, no parsing, nothing stored."""

    async def endpoint(request: Request) -> JSONResponse:
        await request.body()
        return JSONResponse({"received": True})

    return Starlette(routes=[Route("/webhooks/docuparse", endpoint, methods=["POST"])])


def sample() -> Any:
    """Do what the provider's own FastAPI example does: check, parse, answer, handle in a background task."""
    app = FastAPI()

    async def handle(event: dict[str, Any]) -> None:
        if event["event"] == "document.completed":
            event["data"].get("total", "0")

    @app.post("/webhooks/docuparse")
    async def endpoint(request: Request, tasks: BackgroundTasks) -> JSONResponse:
        body = await request.body()
        expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get(HEADER, "")):
            raise HTTPException(status_code=401)
        tasks.add_task(handle, json.loads(body))
        return JSONResponse({"received": True})

    return app


def durable() -> Starlette:
    """Check and commit before the answer; the handlers run in another process, as with `worker="external"`."""
    return _receiver("external")


def embedded() -> Starlette:
    """Check and commit before the answer, and run the handlers in the same process while deliveries come in."""
    return _receiver("embedded")


def _receiver(worker: Any) -> Starlette:
    provider = DocuParse("key", webhook_secret=SECRET)
    hooks = Webhooks(provider, inbox=f"sqlite:///{os.environ['BENCH_FOLDER']}/inbox.db", worker=worker)

    @hooks.on(DocumentCompleted)
    async def handle(event: DocumentCompleted) -> None:
        event.result.fields.get("total")

    return Starlette(routes=[Mount("/webhooks", hooks.asgi())], lifespan=hooks.lifespan)
