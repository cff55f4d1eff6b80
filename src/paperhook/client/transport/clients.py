"""The httpx clients that we make, each with a pool of connections; a user may hand in one of their own."""

from __future__ import annotations

import ssl
from typing import TypeAlias

import httpx
from typing_extensions import override

#: What a user may hand in, named here because httpx is known to no other package.
HttpxClient: TypeAlias = httpx.Client
AsyncHttpxClient: TypeAlias = httpx.AsyncClient


#: More connections at once make httpx slower, not faster.
MAX_CONNECTIONS = 16
#: Seconds. Node.js, uvicorn and Apache close what was idle for 5: an upload that meets such a close is an answer lost.
KEEP_IDLE = 4.0
_LIMITS = httpx.Limits(
    max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS, keepalive_expiry=KEEP_IDLE
)


class _NoCookies(httpx.Cookies):
    """Keeps none: a key says who asks, and only to look for an answer's cookies takes a twentieth of a small request."""

    @override
    def extract_cookies(self, response: httpx.Response) -> None:
        """Leave them."""


class _Cookieless:
    """httpx makes cookies of its own of those that it is given, so they are told where it asks for them."""

    _none = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._none

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Keep none."""


class _OwnClient(_Cookieless, httpx.Client):
    """A client of ours."""


class _OwnAsyncClient(_Cookieless, httpx.AsyncClient):
    """The same on a loop."""


def own_client(tls: ssl.SSLContext) -> httpx.Client:
    """Make a client that trusts what the context does."""
    return _OwnClient(limits=_LIMITS, verify=tls)


def own_async_client(tls: ssl.SSLContext) -> httpx.AsyncClient:
    """Make a client for one event loop that trusts what the context does."""
    return _OwnAsyncClient(limits=_LIMITS, verify=tls)
