"""What the load generator is pointed at: `uvicorn --factory tests.bench.servers:bare`, and so on."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from paperhook import DocumentCompleted, Webhooks
from paperhook.inbox import PostgresInbox
from paperhook.providers import DocuParse

from .deliveries import SECRET


def bare() -> Starlette:
    """Read the body and answer: no check, no parsing, nothing stored."""

    async def endpoint(request: Request) -> JSONResponse:
        await request.body()
        return JSONResponse({"received": True})

    return Starlette(routes=[Route("/webhooks/docuparse", endpoint, methods=["POST"])])


def sample() -> Any:
    """Do what the provider's own FastAPI example does: check, parse, answer, handle in a background task."""
    os.environ["DOCUPARSE_WEBHOOK_SECRET"] = SECRET
    from .sample import app

    return app


def verified() -> ASGIApp:
    """Check, build the typed event and answer; nothing is stored, so the sender is told of what may be lost."""
    provider = DocuParse("key", webhook_secret=SECRET)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"17")]
    start = {"type": "http.response.start", "status": 200, "headers": headers}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            message = await receive()
            body = message["body"]
            while message.get("more_body", False):
                message = await receive()
                body += message["body"]
            provider.verify(scope["headers"], body)
            await send(start)
            await send({"type": "http.response.body", "body": b'{"received":true}'})

    return app


def durable() -> ASGIApp:
    """Check and commit before the answer; the handlers run in another process, as with `worker="external"`."""
    return _receiver("external").asgi()


def mounted() -> Starlette:
    """As `durable`, below a route of a Starlette application."""
    hooks = _receiver("external")
    return Starlette(routes=[Mount("/webhooks", hooks.asgi())], lifespan=hooks.lifespan)


def embedded() -> ASGIApp:
    """Check and commit before the answer, and run the handlers in the same process while deliveries come in."""
    return _receiver("embedded").asgi()


def postgres() -> ASGIApp:
    """As `durable`, with the inbox in PostgreSQL."""
    return _receiver("external", inbox=PostgresInbox(os.environ["BENCH_POSTGRES"])).asgi()


def slow() -> ASGIApp:
    """As `embedded`, with a hundred handlers at once that take five seconds each on the loop."""

    async def handle(event: DocumentCompleted) -> None:
        await asyncio.sleep(5)

    return _receiver("embedded", handle=handle, concurrency=100).asgi()


def slow_in_threads() -> ASGIApp:
    """As `slow`, in threads."""

    def handle(event: DocumentCompleted) -> None:
        time.sleep(5)

    return _receiver("embedded", handle=handle, concurrency=100).asgi()


async def look(event: DocumentCompleted) -> None:
    """Look at what was sent, as the provider's own example does."""
    event.raw["data"].get("total", "0")


def _receiver(worker: Any, inbox: str | PostgresInbox = "", handle: Any = look, **options: Any) -> Webhooks:
    provider = DocuParse("key", webhook_secret=SECRET)
    inbox = inbox or f"sqlite:///{os.environ['BENCH_FOLDER']}/inbox.db"
    hooks = Webhooks(provider, inbox=inbox, worker=worker, **options)
    hooks.on(DocumentCompleted)(handle)
    return hooks
