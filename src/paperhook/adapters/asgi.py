"""The ASGI application: deliveries on a plain callable, health and readiness on Starlette."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from ..errors import DeliveryRejected, DeliveryTooLarge, InboxError, WrongMethod
from ..webhooks.receiver import Outcome, Reply

if TYPE_CHECKING:
    from ..hooks import Webhooks


#: For caches on the way.
_FRESH = {"cache-control": "no-store"}


class WebhookApp:
    """Takes deliveries by POST on `/` and `/{provider}`; tells that it is up on `/health`, and how it is on `/ready`.

    Deliveries do not pass through Starlette's request, which costs more than checking the signature.
    """

    def __init__(self, hooks: Webhooks, *, max_lag: float | None = None) -> None:
        self._hooks = hooks
        self._max_lag = max_lag
        routes = [
            Route("/health", self._health, methods=["GET"]),
            Route("/ready", self._ready, methods=["GET"]),
        ]
        self._pages = Starlette(routes=routes, lifespan=hooks.lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        name = _path_of(scope) if scope["type"] == "http" else "health"
        if name in ("health", "ready"):
            await self._pages(scope, receive, send)
            return
        try:
            body = await _read(scope, receive, self._hooks.max_body_bytes)
        except DeliveryRejected as error:
            reply = self._hooks.refuse(error, provider=name or None)
        else:
            if body is None:
                return
            reply = await self._hooks.areceive(scope["headers"], body, provider=name or None)
        for message in _messages(reply):
            await send(message)

    async def _health(self, request: Request) -> JSONResponse:
        return JSONResponse({"outcome": "up"}, headers=_FRESH)

    async def _ready(self, request: Request) -> JSONResponse:
        try:
            seen = await self._hooks.measure()
        except InboxError:
            return JSONResponse({"outcome": Outcome.UNAVAILABLE}, 503, _FRESH)
        is_late = self._max_lag is not None and seen.lag > self._max_lag
        counts = {"pending": seen.pending, "running": seen.running, "dead": seen.dead, "review": seen.review}
        told = {"outcome": "late" if is_late else "ready", **counts, "lag_seconds": round(seen.lag, 3)}
        return JSONResponse(told, 503 if is_late else 200, _FRESH)


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
    while (message := await receive())["type"] != "http.disconnect":
        chunk: bytes = message.get("body", b"")
        chunks.append(chunk)
        size_bytes += len(chunk)
        if size_bytes > max_body_bytes:
            # Before they are joined, which would take as much memory again.
            raise _too_large(max_body_bytes)
        if not message.get("more_body", False):
            return b"".join(chunks)
    return None


def _too_large(max_body_bytes: int) -> DeliveryTooLarge:
    return DeliveryTooLarge(f"the body has more than {max_body_bytes} bytes")


def _messages(reply: Reply) -> tuple[Message, Message]:
    if reply.content is None and len(reply.headers) == 1:
        return _usual_messages(reply.status, reply.outcome)
    return _messages_of(reply)


@lru_cache(maxsize=64)
def _usual_messages(status: int, outcome: Outcome) -> tuple[Message, Message]:
    """Give what is sent over and over; there are a few outcomes, and a few statuses."""
    return _messages_of(Reply(status, outcome))


def _messages_of(reply: Reply) -> tuple[Message, Message]:
    body = reply.body
    headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    headers.append((b"content-length", b"%d" % len(body)))
    start = {"type": "http.response.start", "status": reply.status, "headers": headers}
    return start, {"type": "http.response.body", "body": body}
