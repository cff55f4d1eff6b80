"""One exchange with a provider over httpx, in its two ways; no other module of the library imports httpx."""

from __future__ import annotations

import contextlib
import secrets
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from functools import cache, cached_property, lru_cache, partial
from typing import Any, Generic, TypeAlias, TypeVar

import httpx
from typing_extensions import override

from ..core.answers import malformed
from ..core.arguments import check_kind
from ..core.exchange import JsonBody, Request, Response
from ..core.headers import Headers
from ..core.steps import Send
from ..errors import (
    AnswerLost,
    AttemptTimeout,
    ConfigurationError,
    NothingSent,
    PaperhookError,
    TransportError,
)
from .ahead import Ahead
from .bodies import Outgoing, bounded, checked_headers, json_bytes, outgoing
from .bounds import Bound
from .deadlines import waitable
from .foreign import public_address
from .loops import Loop, Task, TaskEnded, running_loop
from .pools import Pool

H = TypeVar("H", httpx.Client, httpx.AsyncClient)
#: What a user may hand in, named here because httpx is known to no other module.
HttpxClient: TypeAlias = httpx.Client
AsyncHttpxClient: TypeAlias = httpx.AsyncClient

#: More connections at once make httpx slower, not faster.
MAX_CONNECTIONS = 16
#: A larger answer is refused; the largest documented results are some megabytes.
MAX_ANSWER_BYTES = 64 * 1024 * 1024

#: httpx's classes by what they mean for repeating; the first match along the class's bases wins.
TRANSPORT_ERRORS: Mapping[type[Exception], type[TransportError]] = {
    httpx.ConnectError: NothingSent,
    httpx.ConnectTimeout: NothingSent,
    httpx.PoolTimeout: NothingSent,
    httpx.ProxyError: NothingSent,
    httpx.UnsupportedProtocol: NothingSent,
    httpx.TimeoutException: AttemptTimeout,
    httpx.RequestError: AnswerLost,
}


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
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


class _Client(_Cookieless, httpx.Client):
    """A client of ours."""


class _AsyncClient(_Cookieless, httpx.AsyncClient):
    """The same on a loop."""


class _Answer:
    """Collects one answer's chunks within the bounds."""

    def __init__(self, request: Request, answer: httpx.Response, bound: Bound) -> None:
        self._request, self._answer, self._bound = request, answer, bound
        self._body = bytearray()

    def add(self, chunk: bytes) -> None:
        self._bound.check()
        self._body += chunk
        most = min(MAX_ANSWER_BYTES, self._request.max_answer_bytes or MAX_ANSWER_BYTES)
        if len(self._body) > most:
            # Asking again would fetch as much again.
            raise malformed(self._bound.provider, self.response(), f"the answer has more than {most} bytes")

    def response(self) -> Response:
        return Response(
            self._request,
            self._answer.status_code,
            Headers(self._answer.headers.multi_items()),
            bytes(self._body),
            time.time(),
        )


def _translated(error: httpx.RequestError, request: Request, provider: str) -> TransportError:
    """Give our class for one of httpx's; its text names hosts and reasons, never content."""
    ours = next(TRANSPORT_ERRORS[base] for base in type(error).__mro__ if base in TRANSPORT_ERRORS)
    reason = (f"{request.host}: " if ours is NothingSent else "") + (str(error) or type(error).__name__)
    return ours(f"{provider}: {request.method} {request.path}: {reason}", provider=provider)


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


def _credentials(request: Request) -> dict[str, Any]:
    """Keep what a user's own httpx client signs in with from hosts that a delivery named."""
    return {"auth": None} if request.is_foreign else {}


def _version() -> str:
    # It loads what unpacks archives, and looks through all that is installed.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("paperhook")
    except PackageNotFoundError:
        # Run from a checkout that is not installed.
        return "0"


@cache
def _defaults() -> tuple[tuple[str, str], ...]:
    """Give what httpx sends by itself, and who we are."""
    user_agent = {"User-Agent": f"paperhook/{_version()}"}
    return tuple(httpx.Client(headers=user_agent, transport=httpx.BaseTransport()).headers.items())


#: What httpx bounds, each by itself.
_PHASES = ("connect", "read", "write", "pool")
#: Seconds. Node.js, uvicorn and Apache close what was idle for 5: an upload that meets such a close is an answer lost.
KEEP_IDLE = 4.0
_LIMITS = httpx.Limits(
    max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS, keepalive_expiry=KEEP_IDLE
)


class Transport(Generic[H]):
    """What both ways share.

    Args:
        given: The user's own httpx client, who closes it.
    """

    #: What a client of the user's must be.
    _kind: type[H]

    def __init__(self, given: H | None) -> None:
        if given is not None:
            check_kind(given, self._kind, "http_client", f"httpx.{self._kind.__name__}(…)")
        self.pool: Pool[H] = Pool(self._make, given)
        # Reading a URL takes a tenth of a small request, and a job is asked for again and again.
        self._url = lru_cache(maxsize=256)(httpx.URL)
        # So does reading headers, which are the same for everything but uploads.
        self._known_headers = lru_cache(maxsize=16)(self._headers)
        self._salt = secrets.token_bytes(16)

    def _make(self) -> H:
        raise NotImplementedError

    def _request(self, http: H, effect: Send, bound: Bound, opened: contextlib.ExitStack) -> httpx.Request:
        """Say in httpx's words what to send; files are opened here and closed with the stack."""
        request: Request = effect.request
        headers: list[tuple[str, str]] = []
        content: bytes | None = None
        stream: _Stream | None = None
        if isinstance(request.body, JsonBody):
            content = json_bytes(request.body.value)
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        elif request.body is not None:
            body = outgoing(request.body, opened, salt=self._salt)
            stream = _Stream(body, bound)
            headers = [("Content-Type", body.content_type), ("Content-Length", str(body.size_bytes))]
        try:
            # What a user set on a client of their own goes along; a client of ours has nothing to merge but defaults.
            if self.pool.given is None:
                url = self._url(request.url)
                merge = self._headers if headers else self._known_headers
                built = httpx.Request(
                    request.method,
                    url,
                    headers=merge(url.netloc, (*headers, *request.headers), bound.provider),
                    extensions={"timeout": dict.fromkeys(_PHASES, bound.phase)},
                    content=content,
                    stream=stream,
                )
            else:
                built = http.build_request(
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

    def _headers(self, host: bytes, headers: tuple[tuple[str, str], ...], provider: str) -> httpx.Headers:
        """Merge headers with the defaults; the host is among them, because httpx would make all of them anew to add it."""
        checked: list[tuple[str, str]] = list(checked_headers(headers, provider))
        given: set[str] = {name.lower() for name, _ in checked}
        defaults: list[tuple[str, str]] = [each for each in _defaults() if each[0] not in given]
        return httpx.Headers([("Host", host.decode()), *defaults, *checked])

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Loading the certificates takes longer than most requests, so every pool of this client shares them, and the
        # first request of an asynchronous one has them loaded beside the loop.
        return httpx.create_ssl_context()


class SyncTransport(Transport[httpx.Client]):
    """Exchanges in the caller's thread, or beside it where the whole of one is bounded."""

    _kind = httpx.Client

    @override
    def _make(self) -> httpx.Client:
        return _Client(limits=_LIMITS, verify=self._tls)

    def exchange(self, effect: Send, bound: Bound) -> Response:
        """Make one exchange; only its phases are bounded."""
        request = effect.request
        http = self.pool.get()
        with contextlib.ExitStack() as opened:
            if request.is_foreign:
                http_request = pinned(request, public_address(request, bound.provider), bound)
            else:
                http_request = self._request(http, effect, bound, opened)
            try:
                answer = http.send(http_request, stream=True, follow_redirects=False, **_credentials(request))
                opened.callback(answer.close)
                collected = _Answer(request, answer, bound)
                for chunk in answer.iter_bytes():
                    collected.add(chunk)
            except httpx.RequestError as error:
                raise _translated(error, request, bound.provider) from error
            return collected.response()

    def exchange_within(self, effect: Send, bound: Bound) -> Response:
        """Make one exchange that ends with its bound, whatever the server does."""
        # httpx bounds each phase and each chunk, and a server that drips bytes makes any number of them. So where
        # there is a deadline the exchange has a thread of its own, and is left to end by itself when it is late.
        ended: Future[Response] = Future()

        def exchange() -> None:
            try:
                ended.set_result(self.exchange(effect, bound))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                ended.set_exception(error)

        threading.Thread(target=exchange, name="paperhook-exchange", daemon=True).start()
        try:
            return ended.result(waitable(effect.timeout))
        except TimeoutError as error:
            if isinstance(error, PaperhookError):
                raise
            raise bound.error() from error
        finally:
            bound.abandon()

    def close(self) -> None:
        """Close the connections; calling twice is fine."""
        http = self.pool.take()
        if http is not None:
            http.close()


async def _collect(answer: httpx.Response, collected: _Answer) -> None:
    chunks = answer.aiter_bytes()
    try:
        async for chunk in chunks:
            collected.add(chunk)
    except PaperhookError:
        # httpx reads through five generators, each inside the next, and closing the outermost leaves the others to be
        # found as garbage. Of a connection that is closed the innermost cannot read, and its error ends them all.
        await answer.aclose()
        with contextlib.suppress(httpx.HTTPError, httpx.StreamError):
            # Once only: a transport of the user's own may go on for ever.
            await anext(chunks, None)
        raise


class AsyncTransport(Transport[httpx.AsyncClient]):
    """Exchanges in tasks of their own."""

    _kind = httpx.AsyncClient

    def __init__(self, given: httpx.AsyncClient | None) -> None:
        super().__init__(given)
        self._under_way: dict[Task[Response], Loop] = {}
        self._loading: dict[Loop, Task[ssl.SSLContext]] = {}

    @override
    def _make(self) -> httpx.AsyncClient:
        return _AsyncClient(limits=_LIMITS, verify=self._tls)

    async def exchange(self, loop: Loop, effect: Send, bound: Bound) -> Response:
        """Make one exchange that ends with its bound; who is cancelled does not wait for its end."""
        # An exchange that is cancelled before its answer would leave httpcore's pool with a slot that nobody frees
        # (httpcore 1.0.9), so the caller is cancelled and the exchange ends by itself, at its next chunk.
        work = self._cut_off if bound.most is not None else self._exchange
        task = loop.start(work(loop, effect, bound))
        self._under_way[task] = loop
        task.add_done_callback(self._ended)
        try:
            return await loop.wait_for(task, effect.timeout)
        except TimeoutError as error:
            if isinstance(error, PaperhookError):
                raise
            raise bound.error() from error
        except TaskEnded:
            raise bound.closed() from None
        finally:
            bound.abandon()

    def _ended(self, task: Task[Response]) -> None:
        self._under_way.pop(task, None)
        if not task.cancelled():
            # Nobody may be waiting any more; an error that nobody sees is not a warning.
            task.exception()

    async def _cut_off(self, loop: Loop, effect: Send, bound: Bound) -> Response:
        # A server that drips the head of its answer gives no chunk to end at.
        async with loop.timeout(bound.most):
            return await self._exchange(loop, effect, bound)

    async def _exchange(self, loop: Loop, effect: Send, bound: Bound) -> Response:
        request = effect.request
        if self.pool.given is None and "_tls" not in self.__dict__:
            await self._loaded(loop)
        http = self.pool.get(loop)
        with contextlib.ExitStack() as opened:
            if request.is_foreign:
                address = await loop.in_thread(partial(public_address, request, bound.provider))
                http_request = pinned(request, address, bound)
            else:
                http_request = self._request(http, effect, bound, opened)
            try:
                answer = await http.send(
                    http_request, stream=True, follow_redirects=False, **_credentials(request)
                )
                try:
                    collected = _Answer(request, answer, bound)
                    await _collect(answer, collected)
                finally:
                    await answer.aclose()
            except httpx.RequestError as error:
                raise _translated(error, request, bound.provider) from error
            finally:
                if isinstance(http_request.stream, _Stream):
                    await http_request.stream.aclose()
            return collected.response()

    async def _loaded(self, loop: Loop) -> None:
        """Have loaded beside the loop what a first request needs; first requests that come together share it."""
        if loop not in self._loading:
            self._loading[loop] = loop.start(loop.in_thread(self._load))
            self._loading[loop].add_done_callback(lambda _: self._loading.pop(loop))
        await loop.wait_for(self._loading[loop], None)

    def _load(self) -> ssl.SSLContext:
        _defaults()
        return self._tls

    async def close(self) -> None:
        """Cancel what is under way on this loop and close its connections; calling twice is fine."""
        loop = running_loop()
        # A moment to end by themselves: cancelling a connection that is just being made leaves warnings behind
        # (anyio 4), and what is sent stops at its next chunk anyway.
        await loop.end([task for task, its in list(self._under_way.items()) if its == loop], grace=0.05)
        http = self.pool.take(loop)
        if http is not None:
            await http.aclose()
