"""The simulator's outgoing HTTP: one POST, its status, never an exception."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import httpx


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from a webhook endpoint."""

    #: HTTP status; None when no answer came.
    status: int | None
    #: Why no answer came, as a type name; None when one came.
    error: str | None
    #: How long it took, seconds.
    seconds: float


class Post(Protocol):
    """Sends one webhook delivery."""

    async def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:  # noqa: ASYNC109
        """POST `body` and give the reply; `timeout` in seconds bounds the whole exchange."""
        ...


class HttpPost:
    """Sends deliveries over the network, or into an app in memory."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Use this transport, for example `httpx.ASGITransport(app)`; the network when None."""
        self._transport = transport
        # httpx wants a context for http as well and would build one per client; this one trusts nobody.
        self._no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls: ssl.SSLContext | None = None

    async def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:  # noqa: ASYNC109
        """POST `body` and give the reply.

        Redirects are not followed, proxies of the environment are not used, and the reply's body is not read.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                status = await self._exchange(url, headers=headers, body=body)
        except Exception as error:  # noqa: BLE001 - whatever the endpoint does, the delivery merely failed
            return Reply(None, type(error).__name__, time.monotonic() - started)
        return Reply(status, None, time.monotonic() - started)

    async def _exchange(self, url: str, *, headers: Mapping[str, str], body: bytes) -> int:
        # A client per delivery: a cancelled exchange can leak a slot of httpx's pool, and providers reuse no connection either.
        client = httpx.AsyncClient(
            transport=_Borrowed(self._transport) if self._transport else None,
            verify=self._trust(url),
            timeout=None,  # noqa: S113 - bounded as a whole by the caller
            trust_env=False,
        )
        # httpx takes text for ASCII.
        sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        async with client, client.stream("POST", url, headers=sent, content=body) as response:
            return response.status_code

    def _trust(self, url: str) -> ssl.SSLContext:
        if not url.startswith("https:"):
            return self._no_tls
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


class _Borrowed(httpx.AsyncBaseTransport):
    """Keeps a client from closing a transport that is not its own."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._transport.handle_async_request(request)


def connection_lost() -> Exception:
    """Give what an httpx client raises when the server closes the connection without an answer."""
    return httpx.RemoteProtocolError("Server disconnected without sending a response.")
