"""The ASGI application: deliveries on a plain callable, health on Starlette."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..errors import DeliveryRejected, DeliveryTooLarge, InboxError, WrongMethod
from ..webhooks.receiver import Outcome, Reply

if TYPE_CHECKING:
    from ..hooks import Webhooks


class WebhookApp:
    """Takes deliveries by POST on `/` and `/{provider}`, and tells its health on `GET /health`.

    Deliveries do not pass through Starlette's request, which costs more than checking the signature.
    """

    def __init__(self, hooks: Webhooks) -> None:
        self._hooks = hooks
        self._pages = Starlette(
            routes=[Route("/health", self._health, methods=["GET"])], lifespan=hooks.lifespan
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] != "http" or _path_of(scope) == "health":
            await self._pages(scope, receive, send)
            return
        try:
            body = await _read(scope, receive, self._hooks.max_body_bytes)
        except DeliveryRejected as error:
            await _send(send, self._hooks.refuse(error, provider=_path_of(scope) or None))
            return
        if body is None:
            return
        reply = await self._hooks.areceive(scope["headers"], body, provider=_path_of(scope) or None)
        await _send(send, reply)

    async def _health(self, request: Request) -> JSONResponse:
        try:
            stats = await asyncio.wrap_future(self._hooks.inbox.stats())
        except InboxError:
            return JSONResponse({"outcome": Outcome.UNAVAILABLE}, 503)
        return JSONResponse({"pending": stats.pending, "running": stats.running, "dead": stats.dead})


def _path_of(scope: Scope) -> str:
    """Give the last part of the path below the mount; what stands before it is a route's own path."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")).strip("/").rpartition("/")[2]


async def _read(scope: Scope, receive: Receive, max_body_bytes: int) -> bytes | None:
    """Read the body and stop as soon as it is too large.

    Returns:
        None where the sender went away.
    """
    if scope["method"] != "POST":
        raise WrongMethod("a delivery is a POST")
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value[:20]) > max_body_bytes:
            raise DeliveryTooLarge(f"the body has {int(value[:20])} bytes, the bound is {max_body_bytes}")
    chunks: list[bytes] = []
    size_bytes = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk: bytes = message.get("body", b"")
        size_bytes += len(chunk)
        if size_bytes > max_body_bytes:
            raise DeliveryTooLarge(f"the body has more than {max_body_bytes} bytes")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _send(send: Send, reply: Reply) -> None:
    body = reply.body
    headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
