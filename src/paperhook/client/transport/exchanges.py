"""One exchange with a provider over httpx, in its two ways."""

from __future__ import annotations

import contextlib
import ssl
import threading
from concurrent.futures import Future
from functools import cached_property, partial
from typing import Generic, TypeVar

import httpx
from typing_extensions import override

from ...core.arguments import check_kind
from ...core.exchange import Response
from ...core.steps import Send
from ...errors import PaperhookError
from ..bounds import Bound
from ..deadlines import waitable
from ..foreign import public_address
from ..loops import Loop, Task, TaskEnded, running_loop
from ..pools import Pool
from .answers import Answer, collect, translated
from .clients import own_async_client, own_client
from .requests import Requests, Stream, credentials, defaults, pinned

H = TypeVar("H", httpx.Client, httpx.AsyncClient)


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
        self._requests = Requests()

    def _make(self) -> H:
        raise NotImplementedError

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
        return own_client(self._tls)

    def exchange(self, effect: Send, bound: Bound) -> Response:
        """Make one exchange; only its phases are bounded."""
        request = effect.request
        http = self.pool.get()
        with contextlib.ExitStack() as opened:
            if request.is_foreign:
                http_request = pinned(request, public_address(request, bound.provider), bound)
            else:
                http_request = self._requests.of(request, bound, opened, self.pool.given)
            try:
                answer = http.send(http_request, stream=True, follow_redirects=False, **credentials(request))
                opened.callback(answer.close)
                collected = Answer(request, answer, bound)
                for chunk in answer.iter_bytes():
                    collected.add(chunk)
            except httpx.RequestError as error:
                raise translated(error, request, bound.provider) from error
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


class AsyncTransport(Transport[httpx.AsyncClient]):
    """Exchanges in tasks of their own."""

    _kind = httpx.AsyncClient

    def __init__(self, given: httpx.AsyncClient | None) -> None:
        super().__init__(given)
        self._under_way: dict[Task[Response], Loop] = {}
        self._loading: dict[Loop, Task[ssl.SSLContext]] = {}

    @override
    def _make(self) -> httpx.AsyncClient:
        return own_async_client(self._tls)

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
                http_request = self._requests.of(request, bound, opened, self.pool.given)
            try:
                answer = await http.send(
                    http_request, stream=True, follow_redirects=False, **credentials(request)
                )
                try:
                    collected = Answer(request, answer, bound)
                    await collect(answer, collected)
                finally:
                    await answer.aclose()
            except httpx.RequestError as error:
                raise translated(error, request, bound.provider) from error
            finally:
                if isinstance(http_request.stream, Stream):
                    await http_request.stream.aclose()
            return collected.response()

    async def _loaded(self, loop: Loop) -> None:
        """Have loaded beside the loop what a first request needs; first requests that come together share it."""
        if loop not in self._loading:
            self._loading[loop] = loop.start(loop.in_thread(self._load))
            self._loading[loop].add_done_callback(lambda _: self._loading.pop(loop))
        await loop.wait_for(self._loading[loop], None)

    def _load(self) -> ssl.SSLContext:
        defaults()
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
