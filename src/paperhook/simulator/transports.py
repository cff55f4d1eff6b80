"""The simulator as the other end of an httpx client, without sockets and without threads."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeAlias

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from paperhook.simulator.app import Simulator
from paperhook.simulator.clock import VirtualClock
from paperhook.simulator.post import HttpPost, connection_lost

#: Whether a request is made by what a delivery is waiting for.
INSIDE_A_DELIVERY: ContextVar[bool] = ContextVar("paperhook_inside_a_delivery", default=False)

App: TypeAlias = ASGIApp


class Settled:
    """A simulator that lets time pass before a question is answered, as it does while somebody waits between two polls."""

    def __init__(self, simulator: Simulator, clock: VirtualClock) -> None:
        """Serve this simulator, whose clock this is; one that is moved by hand stays where it is."""
        self._simulator, self._clock = simulator, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        # Within a delivery it would wait for itself.
        if self._clock.auto and scope["method"] == "GET" and not INSIDE_A_DELIVERY.get():
            await self._simulator.drain()
        await self._simulator(scope, receive, send)


class MemoryTransport(httpx.AsyncBaseTransport):
    """Hands requests to an ASGI app in the same event loop, each body in one piece."""

    def __init__(self, app: ASGIApp) -> None:
        """Answer with this app."""
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        return await exchanged(self._app, request, await request.aread())


class SyncMemoryTransport(httpx.BaseTransport):
    """The same for a sync client: the loop runs while the caller waits, and rests otherwise."""

    def __init__(self, app: ASGIApp, loop: asyncio.AbstractEventLoop) -> None:
        """Answer with this app on this loop, which nobody else runs."""
        self._app, self._loop = app, loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request.

        Raises:
            RuntimeError: If it is asked on the loop itself, which could then never answer.
        """
        answer = exchanged(self._app, request, request.read())
        if not self._loop.is_running():
            return self._loop.run_until_complete(answer)
        if asyncio._get_running_loop() is self._loop:  # noqa: SLF001 - documented, and the only one that does not raise
            answer.close()
            raise RuntimeError(
                "a sync client in an async handler would wait for itself: write the handler without async"
            )
        # A handler in a thread asks back while its delivery is being answered.
        return asyncio.run_coroutine_threadsafe(_inside(answer), self._loop).result()


async def _inside(answer: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
    INSIDE_A_DELIVERY.set(True)
    return await answer


async def exchanged(app: ASGIApp, request: httpx.Request, body: bytes) -> httpx.Response:
    """Let an app answer a request.

    Raises:
        httpx.RemoteProtocolError: If it closes the connection without an answer.
    """
    sent: list[Any] = []
    waiting = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        return next(waiting, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    await app(_scope(request), receive, send)
    if not sent:
        raise connection_lost()
    content = b"".join([message.get("body", b"") for message in sent[1:]])
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content)


def _scope(request: httpx.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 1),
        "server": (url.host, url.port),
    }


def async_client_of(app: ASGIApp) -> httpx.AsyncClient:
    """Give a client whose every request goes to this app."""
    return httpx.AsyncClient(transport=MemoryTransport(app))


def sync_client_of(app: ASGIApp, loop: asyncio.AbstractEventLoop) -> httpx.Client:
    """The same for sync code; nobody else runs the loop."""
    transport = SyncMemoryTransport(app, loop)
    return _Straight(transport)


class _Straight(httpx.Client):
    """Sends without redirects, cookies and proxies, which no provider here has and which take a third of the time."""

    def __init__(self, transport: SyncMemoryTransport) -> None:
        super().__init__(transport=transport)
        self._straight = transport
        self._defaults = tuple(self.headers.items())
        self._url = lru_cache(maxsize=256)(httpx.URL)

    def build_request(
        self, method: str, url: httpx.URL | str, *, headers: Any = None, timeout: Any = None, **body: Any
    ) -> httpx.Request:
        """Make a request; there is nothing to merge but these headers."""
        own: list[tuple[str, str]] = list(headers or ())
        given = {name.lower() for name, _ in own}
        whole = self._url(url) if isinstance(url, str) else url
        # The host is among them, because httpx would make all of them anew to add it.
        defaults = (("host", whole.netloc.decode()), *self._defaults)
        missing = [each for each in defaults if each[0] not in given]
        return httpx.Request(method, whole, headers=[*missing, *own], **body)

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send one request."""
        response = self._straight.handle_request(request)
        response.request = request
        return response


def post_to(app: ASGIApp) -> HttpPost:
    """Give what delivers webhooks to this app."""
    return HttpPost(MemoryTransport(app))
