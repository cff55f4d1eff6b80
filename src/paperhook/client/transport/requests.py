"""What is to be sent, in httpx's words."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator
from functools import cache, lru_cache
from typing import Any

import httpx
from typing_extensions import override

from ...core.exchange import JsonBody, Request
from ...errors import ConfigurationError
from ..ahead import Ahead
from ..bodies import Outgoing, bounded, checked_headers, json_bytes, outgoing
from ..bounds import Bound
from ..loops import running_loop

#: What httpx bounds, each by itself.
_PHASES = ("connect", "read", "write", "pool")


class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A request body that stops at its bound."""

    def __init__(self, body: Outgoing, bound: Bound) -> None:
        self._body, self._bound = body, bound
        self._ahead: Ahead | None = None

    @override
    def __iter__(self) -> Iterator[bytes]:
        return bounded(self._body, self._bound)

    @override
    def __aiter__(self) -> AsyncIterator[bytes]:
        self._ahead = Ahead(self._body, self._bound, running_loop())
        return self._ahead

    @override
    async def aclose(self) -> None:
        if self._ahead is not None:
            await self._ahead.aclose()


class Requests:
    """Says what to send; it remembers what is the same each time."""

    def __init__(self) -> None:
        # Reading a URL takes a tenth of a small request, and a job is asked for again and again.
        self._url = lru_cache(maxsize=256)(httpx.URL)
        # So does reading headers, which are the same for everything but uploads.
        self._known_headers = lru_cache(maxsize=16)(_headers)
        self._salt = secrets.token_bytes(16)

    def of(
        self,
        request: Request,
        bound: Bound,
        opened: contextlib.ExitStack,
        given: httpx.Client | httpx.AsyncClient | None,
    ) -> httpx.Request:
        """Say what to send.

        Args:
            request: What.
            bound: When it has to be over.
            opened: Files are opened here and closed with it.
            given: The user's own client, if there is one: what was set on it goes along.

        Raises:
            ConfigurationError: If the URL is none, or a header cannot be sent.
            UnsupportedDocument: If a document cannot be read.
        """
        headers: list[tuple[str, str]] = []
        content: bytes | None = None
        stream: Stream | None = None
        if isinstance(request.body, JsonBody):
            content = json_bytes(request.body.value)
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        elif request.body is not None:
            body = outgoing(request.body, opened, salt=self._salt)
            stream = Stream(body, bound)
            headers = [("Content-Type", body.content_type), ("Content-Length", str(body.size_bytes))]
        try:
            if given is None:
                # A client of ours has nothing to merge but defaults.
                url = self._url(request.url)
                merge = _headers if headers else self._known_headers
                built = httpx.Request(
                    request.method,
                    url,
                    headers=merge(url.netloc, (*headers, *request.headers), bound.provider),
                    extensions={"timeout": dict.fromkeys(_PHASES, bound.phase)},
                    content=content,
                    stream=stream,
                )
            else:
                built = given.build_request(
                    request.method,
                    request.url,
                    headers=list(checked_headers([*headers, *request.headers], bound.provider)),
                    timeout=httpx.Timeout(bound.phase),
                    # It takes no stream, and would read what it is given in its own way.
                    content=content if stream is None else iter(()),
                )
                built.stream = stream or built.stream
        except httpx.InvalidURL as error:
            raise ConfigurationError(f"{bound.provider}: {request.method} {request.path}: {error}") from error
        if request.has_secret_query:
            built.url = _Unlogged(built.url)
        return built


def _headers(host: bytes, headers: tuple[tuple[str, str], ...], provider: str) -> httpx.Headers:
    """Merge headers with the defaults; the host is among them, because httpx would make all of them anew to add it."""
    checked: list[tuple[str, str]] = list(checked_headers(headers, provider))
    given: set[str] = {name.lower() for name, _ in checked}
    usual: list[tuple[str, str]] = [each for each in defaults() if each[0] not in given]
    return httpx.Headers([("Host", host.decode()), *usual, *checked])


def _version() -> str:
    # It loads what unpacks archives, and looks through all that is installed.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("paperhook")
    except PackageNotFoundError:
        # Run from a checkout that is not installed.
        return "0"


@cache
def defaults() -> tuple[tuple[str, str], ...]:
    """Give what httpx sends by itself, and who we are."""
    user_agent = {"User-Agent": f"paperhook/{_version()}"}
    return tuple(httpx.Client(headers=user_agent, transport=httpx.BaseTransport()).headers.items())


class _Unlogged(httpx.URL):
    """A URL that is written without its query: httpx logs each request's, and a key or a signature may stand there."""

    @override
    def __str__(self) -> str:
        return super().__str__().partition("?")[0]


def pinned(request: Request, address: str, bound: Bound) -> httpx.Request:
    """Say in httpx's words what to send to a host that a delivery named, with nothing of ours but what the request holds.

    Args:
        address: Where to connect to, whatever the name leads to by now.
    """
    url = httpx.URL(request.url)
    # Kept open, the connection would serve the next name at that address with this name's certificate; and what is
    # compressed could be any size.
    plain = [("Host", url.netloc.decode()), ("Accept-Encoding", "identity"), ("Connection", "close")]
    headers = [*plain, *request.headers]
    extensions = {"timeout": dict.fromkeys(_PHASES, bound.phase), "sni_hostname": url.host}
    built = httpx.Request(request.method, url.copy_with(host=address), headers=headers, extensions=extensions)
    built.url = _Unlogged(built.url)
    return built


def credentials(request: Request) -> dict[str, Any]:
    """Keep what a user's own httpx client signs in with from hosts that a delivery named."""
    return {"auth": None} if request.is_foreign else {}
