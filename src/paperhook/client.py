"""`Client` and `AsyncClient`: two short drivers of the same operations, and the only module that imports httpx.

Both classes have the same methods with the same arguments; a test compares them.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import threading
import time
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_any
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any, BinaryIO, Generic, Self, TypeVar, cast

import httpx

from . import operations
from .core.delivery import Envelope
from .core.document import Document
from .core.exchange import Base64Json, Body, JsonBody, Multipart, RawBody, Request, Response
from .core.headers import Headers
from .core.job import Batch, Job
from .core.provider import Provider
from .core.result import Result
from .core.steps import Now, Pause, Send, Steps
from .errors import (
    AnswerLost,
    AttemptTimeout,
    ConfigurationError,
    NothingSent,
    PaperhookError,
    TransportError,
    UnsupportedDocument,
)
from .retrying import RetryPolicy, persist
from .sources import (
    CHUNK_BYTES,
    AsyncSource,
    Source,
    close_document,
    open_async_document,
    open_document,
)

T = TypeVar("T")
H = TypeVar("H", httpx.Client, httpx.AsyncClient)

#: Seconds for each phase of one attempt: connecting, sending a chunk, waiting for a chunk.
DEFAULT_TIMEOUT = 30.0
#: Seconds that `wait` waits for a job by default.
DEFAULT_WAIT = 300.0
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


@dataclass(frozen=True, slots=True)
class UploadOutcome(Generic[T]):
    """How one of many uploads ended: a job or an error, never both."""

    source: T
    job: Job | None = None
    error: PaperhookError | None = None


class _Deadline:
    """The end of one attempt, on the monotonic clock; None has no end."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._end = None if seconds is None else time.monotonic() + seconds

    def check(self, request: Request, provider: str) -> None:
        if self._end is not None and time.monotonic() > self._end:
            raise AttemptTimeout(
                f"{provider}: {request.method} {request.path}: no answer within {self._seconds:.1f} s",
                provider=provider,
            )


class _Watched(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A request body that stops at the deadline and names what went wrong with the document."""

    def __init__(self, chunks: Iterable[bytes], check: Callable[[], None]) -> None:
        self._chunks, self._check = chunks, check

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                self._check()
                yield chunk
        except OSError as error:
            if isinstance(error, PaperhookError):
                raise
            reason = error.strerror or type(error).__name__
            raise UnsupportedDocument(
                f"the document cannot be read any more: {reason}", code="unreadable"
            ) from error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


class _Answer:
    """Collects one answer's chunks within the bounds."""

    def __init__(self, request: Request, provider: str, deadline: _Deadline) -> None:
        self._request, self._provider, self._deadline = request, provider, deadline
        self._body = bytearray()

    def add(self, chunk: bytes) -> None:
        self._deadline.check(self._request, self._provider)
        self._body += chunk
        if len(self._body) > MAX_ANSWER_BYTES:
            raise AnswerLost(
                f"{self._provider}: {self._request.method} {self._request.path}: "
                f"the answer has more than {MAX_ANSWER_BYTES} bytes",
                provider=self._provider,
            )

    def response(self, answer: httpx.Response) -> Response:
        return Response(
            self._request,
            answer.status_code,
            Headers(answer.headers.multi_items()),
            bytes(self._body),
            time.time(),
        )


def _base64_chunks(body: Base64Json, stream: BinaryIO) -> Iterator[bytes]:
    """Write a JSON object with a document inside, without holding the document."""
    start = json.dumps({**body.value, body.member: ""}).encode()
    yield start[:-2]
    # A multiple of three bytes needs no padding in the middle.
    while chunk := stream.read(CHUNK_BYTES * 3):
        yield base64.b64encode(chunk)
    yield b'"}'


def _base64_length(body: Base64Json) -> int:
    return len(json.dumps({**body.value, body.member: ""})) + 4 * ((body.document.size_bytes + 2) // 3)


def _raw_chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def _body_arguments(body: Body | None, opened: contextlib.ExitStack) -> dict[str, Any]:
    """Say in httpx's words what to send; files are opened here and closed with the stack."""
    if isinstance(body, JsonBody):
        return {"json": body.value}
    if isinstance(body, Multipart):
        files = [
            (
                part.name,
                (part.document.filename, _opened(part.document, opened), part.document.content_type),
            )
            for part in body.files
        ]
        # As a list of parts, because httpx drops the multipart form where there are only fields.
        text = [(name, (None, value.encode())) for name, value in body.fields]
        # The boundary is made from the content, so that a repeated request is the same bytes.
        mark = hashlib.sha256(repr(body.fields).encode())
        for part in body.files:
            mark.update(part.document.sha256.encode())
        content_type = f"multipart/form-data; boundary=paperhook-{mark.hexdigest()[:32]}"
        return {"files": [*text, *files], "headers": {"Content-Type": content_type}}
    if isinstance(body, RawBody):
        length = {"Content-Length": str(body.document.size_bytes), "Content-Type": body.content_type}
        return {"content": _raw_chunks(_opened(body.document, opened)), "headers": length}
    if isinstance(body, Base64Json):
        length = {"Content-Length": str(_base64_length(body)), "Content-Type": "application/json"}
        return {"content": _base64_chunks(body, _opened(body.document, opened)), "headers": length}
    return {}


def _opened(document: Document, opened: contextlib.ExitStack) -> BinaryIO:
    stream = document.content.open()
    opened.callback(stream.close)
    return stream


def _translated(error: httpx.RequestError, request: Request, provider: str) -> TransportError:
    """Give our class for one of httpx's; its text names hosts and reasons, never content."""
    ours = next(TRANSPORT_ERRORS[base] for base in type(error).__mro__ if base in TRANSPORT_ERRORS)
    reason = str(error) or type(error).__name__
    return ours(f"{provider}: {request.method} {request.path}: {reason}", provider=provider)


def _rasterised(document: Document) -> tuple[Document, ...]:
    """Turn a PDF into one PNG a page, in a process of its own."""
    from .rasterise import pages_as_png

    with contextlib.closing(document.content.open()) as stream:
        pages = pages_as_png(stream.read())
    stem = document.filename.rpartition(".")[0] or document.filename
    return tuple(
        open_document(page, filename=f"{stem}-{number}.png", content_type="image/png")
        for number, page in enumerate(pages, start=1)
    )


@dataclass
class _Pool(Generic[H]):
    """One httpx client for all copies of a client, made at the first request because TLS set-up is slow."""

    make: Callable[[], H]
    given: H | None
    made: H | None = None
    #: The event loop that the connections belong to; an async pool cannot be used from another.
    loop: Any = None
    is_closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, loop: Any = None) -> H:
        with self.lock:
            if self.is_closed:
                raise ConfigurationError("the client is closed: make a new one")
            if self.given is not None:
                return self.given
            if self.made is None or self.loop is not loop:
                self.made, self.loop = self.make(), loop
            return self.made

    def take(self) -> H | None:
        """Close the pool and give what has to be closed."""
        with self.lock:
            self.is_closed, made, self.made = True, self.made, None
            return made


class _Base(Generic[H]):
    """What both clients are made of."""

    def __init__(
        self,
        provider: Provider,
        *,
        retry: RetryPolicy | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        namespace: str = "",
        http_client: H | None = None,
    ) -> None:
        if not provider.api_key.strip():
            raise ConfigurationError(
                f"{provider.name} has no API key: set {provider.env_prefix}API_KEY or pass it to {type(provider).__name__}"
            )
        if timeout <= 0:
            raise ConfigurationError(f"timeout is {timeout:g} s: it must be above 0")
        self.provider = provider
        self._retry = retry or RetryPolicy()
        self._timeout = timeout
        self._namespace = namespace
        self._pool: _Pool[H] = _Pool(self._make_http, http_client)
        # A clock that never jumps, anchored to the wall once.
        self._epoch = time.time() - time.monotonic()

    @classmethod
    def from_env(cls, provider: str, environ: Mapping[str, str] | None = None) -> Self:
        """Make a client from environment variables.

        Args:
            provider: `space-ocr`, `docuparse`, `docuprox` or `ocriva`.
            environ: Instead of `os.environ`.

        Raises:
            ConfigurationError: If the provider is unknown or a variable is missing.
        """
        from .providers import provider_class

        return cls(provider_class(provider).from_env(environ))

    def with_options(
        self,
        *,
        provider: Provider | None = None,
        retry: RetryPolicy | None = None,
        timeout: float | None = None,
        namespace: str | None = None,
    ) -> Self:
        """Give a client with other options that shares the connections of this one."""
        copy = type(self)(
            provider or self.provider,
            retry=retry or self._retry,
            timeout=self._timeout if timeout is None else timeout,
            namespace=self._namespace if namespace is None else namespace,
        )
        copy._pool = self._pool  # noqa: SLF001 - a copy of this very class
        return copy

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.provider!r})"

    def _make_http(self) -> H:
        raise NotImplementedError

    def _now(self) -> float:
        return self._epoch + time.monotonic()

    def _upload_steps(
        self, document: Document, key: str | None, metadata: Mapping[str, Any] | None, again: bool
    ) -> Steps[Job]:
        derived = operations.submission_key(
            document, self.provider, metadata=metadata or {}, namespace=self._namespace
        )
        fresh = f"{derived}-{uuid.uuid4().hex}" if again else derived
        return operations.upload(self.provider, document, key=key or fresh, metadata=metadata)

    def _batch_steps(
        self, documents: Sequence[Document], key: str | None, metadata: Mapping[str, Any] | None
    ) -> Steps[Batch]:
        return operations.upload_batch(
            self.provider, documents, key=key, metadata=metadata, namespace=self._namespace
        )

    def _job(self, job: Job | str) -> Job:
        return job if isinstance(job, Job) else Job.known(job, provider=self.provider.name)

    def _http_arguments(
        self, request: Request, timeout: float | None, opened: contextlib.ExitStack
    ) -> tuple[dict[str, Any], _Deadline]:
        phase = self._timeout if timeout is None else min(self._timeout, timeout)
        arguments = _body_arguments(request.body, opened)
        headers: dict[str, str] = arguments.get("headers", {})
        arguments["headers"] = [*headers.items(), *request.headers]
        arguments["timeout"] = httpx.Timeout(phase)
        return arguments, _Deadline(timeout)

    def _watch(self, http_request: httpx.Request, request: Request, deadline: _Deadline) -> None:
        if not isinstance(request.body, JsonBody | None):
            chunks = cast("Iterable[bytes]", http_request.stream)
            http_request.stream = _Watched(chunks, lambda: deadline.check(request, self.provider.name))


_USER_AGENT = {"User-Agent": f"paperhook/{version('paperhook')}"}
_LIMITS = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)


class Client(_Base[httpx.Client]):
    """A synchronous client of one provider; threads may share it.

    Args:
        provider: Such as `DocuParse.from_env()`.
        retry: When to try again; by default 4 attempts with growing, jittered pauses.
        timeout: Seconds for each phase of one attempt.
        namespace: Part of every idempotency key; keeps applications that share an account apart.
        http_client: Your own `httpx.Client`, for proxies or certificates; you close it.

    Raises:
        ConfigurationError: If the provider has no API key or the timeout is not above 0.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; calling twice is fine."""
        http = self._pool.take()
        if http is not None:
            http.close()

    def upload(
        self,
        source: Source,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        idempotency_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        again: bool = False,
        deadline: float | None = None,
    ) -> Job:
        """Submit one document.

        Args:
            source: A path, bytes, a binary file, or an iterable of bytes.
            filename: By default the path's own name.
            content_type: By default told from the first bytes.
            idempotency_key: By default derived from content, provider and options.
            metadata: Your own reference, sent where the provider carries one.
            again: Make a new job for a document that was sent before.
            deadline: Seconds for all of it, retries included.

        Raises:
            UnsupportedDocument: If it cannot be read or the provider is known to refuse it.
            SubmissionUnknown: If it may have arrived and the provider honours no key.
            ApiError: If the provider refused it.
            TransportError: If nothing was sent.
        """
        document = open_document(source, filename=filename, content_type=content_type)
        try:
            return self.run(self._upload_steps(document, idempotency_key, metadata, again), deadline=deadline)
        finally:
            close_document(document)

    def status(self, job: Job | str, *, deadline: float | None = None) -> Job:
        """Ask how a job stands.

        Raises:
            NotFound: If the provider does not know it.
        """
        known = self._job(job)
        return operations.carry_over(known, self.run(self.provider.status(known), deadline=deadline))

    def result(self, job: Job | str, *, deadline: float | None = None) -> Result:
        """Fetch the result of a completed job.

        Raises:
            JobFailed: If the job is known to have failed.
            ResultExpired: If the provider no longer keeps it.
        """
        return self.run(operations.result(self.provider, self._job(job)), deadline=deadline)

    def wait(self, job: Job | str, *, deadline: float = DEFAULT_WAIT) -> Job:
        """Poll until a job is final, quickly at first, then slower.

        Returns:
            The job, completed or failed; look at `job.status`.

        Raises:
            WaitTimeout: If it is not final within `deadline` seconds; the error carries the job.
        """
        return self.run(operations.wait(self.provider, self._job(job), deadline=deadline), deadline=deadline)

    def upload_and_wait(
        self, source: Source, *, filename: str | None = None, deadline: float = DEFAULT_WAIT
    ) -> Result:
        """Submit one document, wait for it and fetch its result.

        Raises:
            JobFailed: If the provider could not read it.
            WaitTimeout: If it takes longer than `deadline` seconds.
        """
        started = time.monotonic()
        job = self.upload(source, filename=filename, deadline=deadline)
        job = self.wait(job, deadline=max(0.0, deadline - (time.monotonic() - started)))
        return self.result(job, deadline=max(0.1, deadline - (time.monotonic() - started)))

    def upload_many(
        self,
        sources: Iterable[Source],
        *,
        concurrency: int = 8,
        metadata: Mapping[str, Any] | None = None,
    ) -> Iterator[UploadOutcome[Source]]:
        """Submit many documents at once; outcomes come as they end, in any order.

        Args:
            sources: Read as needed, so it may be endless.
            concurrency: How many are under way at once.
            metadata: For each of them.

        Yields:
            A job or an error for each source.
        """
        waiting = iter(sources)
        with ThreadPoolExecutor(concurrency, thread_name_prefix="paperhook-upload") as pool:
            running: set[Future[UploadOutcome[Source]]] = set()
            try:
                while True:
                    for source in waiting:
                        running.add(pool.submit(self._upload_outcome, source, metadata))
                        if len(running) >= concurrency:
                            break
                    if not running:
                        return
                    done, running = wait_for_any(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _upload_outcome(self, source: Source, metadata: Mapping[str, Any] | None) -> UploadOutcome[Source]:
        try:
            return UploadOutcome(source, job=self.upload(source, metadata=metadata))
        except PaperhookError as error:
            return UploadOutcome(source, error=error)

    def batch(
        self,
        sources: Iterable[Source],
        *,
        idempotency_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Batch:
        """Submit several documents in one call, where the provider has one.

        Raises:
            ConfigurationError: If the provider has no batches.
            UnsupportedDocument: If one of them is refused or there are too many; nothing was sent.
        """
        documents = [open_document(source) for source in sources]
        try:
            return self.run(self._batch_steps(documents, idempotency_key, metadata), deadline=deadline)
        finally:
            for document in documents:
                close_document(document)

    def batch_status(self, batch: Batch, *, deadline: float | None = None) -> Batch:
        """Ask how a batch stands."""
        return self.run(self.provider.batch_status(batch), deadline=deadline)

    def jobs(self, *, since: datetime | None = None, limit: int = 100) -> tuple[Job, ...]:
        """List jobs, newest first, where the provider can.

        Raises:
            ConfigurationError: If it cannot.
        """
        return self.run(self.provider.jobs(since=since, limit=limit))

    def poll(self, job: Job | str, *, deadline: float | None = None) -> tuple[Envelope, ...]:
        """Ask what became of a job whose webhook did not come; hand the answer to `hooks.put_polled`."""
        return self.run(operations.poll(self.provider, self._job(job)), deadline=deadline)

    def run(self, steps: Steps[T], *, deadline: float | None = None) -> T:
        """Run any operation, such as `client.run(ocriva.templates())`.

        Args:
            steps: What a provider's method returned.
            deadline: Seconds for all of it, retries included.
        """
        steps = persist(steps, self._retry, deadline=deadline)
        answer: Any = None
        failure: PaperhookError | None = None
        while True:
            try:
                effect = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration as done:
                return cast("T", done.value)
            answer = failure = None
            try:
                if isinstance(effect, Send):
                    answer = self._exchange(effect)
                elif isinstance(effect, Pause):
                    time.sleep(effect.seconds)
                elif isinstance(effect, Now):
                    answer = self._now()
                else:
                    answer = _rasterised(effect.document)
            except PaperhookError as error:
                failure = error

    def _exchange(self, effect: Send) -> Response:
        request, name = effect.request, self.provider.name
        http = self._pool.get()
        with contextlib.ExitStack() as opened:
            arguments, deadline = self._http_arguments(request, effect.timeout, opened)
            try:
                http_request = http.build_request(request.method, request.url, **arguments)
                self._watch(http_request, request, deadline)
                answer = http.send(http_request, stream=True, follow_redirects=False)
                opened.callback(answer.close)
                collected = _Answer(request, name, deadline)
                for chunk in answer.iter_bytes():
                    collected.add(chunk)
            except httpx.RequestError as error:
                raise _translated(error, request, name) from error
            except httpx.InvalidURL as error:
                raise ConfigurationError(f"{name}: {request.method} {request.path}: {error}") from error
            return collected.response(answer)

    def _make_http(self) -> httpx.Client:
        return httpx.Client(limits=_LIMITS, headers=_USER_AGENT)


class AsyncClient(_Base[httpx.AsyncClient]):
    """An asynchronous client of one provider; tasks may share it. Arguments and methods as `Client`.

    It may be used from several `asyncio.run` calls in a row: connections belong to the loop that made them.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        retry: RetryPolicy | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        namespace: str = "",
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(provider, retry=retry, timeout=timeout, namespace=namespace, http_client=http_client)
        self._under_way: set[asyncio.Task[Response]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel what is under way and close the connections; calling twice is fine."""
        under_way = [task for task in self._under_way if task.get_loop() is asyncio.get_running_loop()]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        loop = self._pool.loop
        http = self._pool.take()
        if http is not None and loop is asyncio.get_running_loop():
            await http.aclose()

    async def upload(
        self,
        source: AsyncSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        idempotency_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        again: bool = False,
        deadline: float | None = None,
    ) -> Job:
        """Submit one document; see `Client.upload`. An async iterable of bytes is taken too."""
        document = await self._open(source, filename, content_type)
        try:
            return await self.run(
                self._upload_steps(document, idempotency_key, metadata, again), deadline=deadline
            )
        finally:
            close_document(document)

    async def _open(self, source: AsyncSource, filename: str | None, content_type: str | None) -> Document:
        if isinstance(source, AsyncIterable):
            return await open_async_document(source, filename=filename, content_type=content_type)
        # Hashing reads the whole file once, so it is done beside the loop.
        return await asyncio.to_thread(open_document, source, filename=filename, content_type=content_type)

    async def status(self, job: Job | str, *, deadline: float | None = None) -> Job:
        """Ask how a job stands; see `Client.status`."""
        known = self._job(job)
        return operations.carry_over(known, await self.run(self.provider.status(known), deadline=deadline))

    async def result(self, job: Job | str, *, deadline: float | None = None) -> Result:
        """Fetch the result of a completed job; see `Client.result`."""
        return await self.run(operations.result(self.provider, self._job(job)), deadline=deadline)

    async def wait(self, job: Job | str, *, deadline: float = DEFAULT_WAIT) -> Job:
        """Poll until a job is final; see `Client.wait`."""
        return await self.run(
            operations.wait(self.provider, self._job(job), deadline=deadline), deadline=deadline
        )

    async def upload_and_wait(
        self, source: AsyncSource, *, filename: str | None = None, deadline: float = DEFAULT_WAIT
    ) -> Result:
        """Submit one document, wait for it and fetch its result; see `Client.upload_and_wait`."""
        started = time.monotonic()
        job = await self.upload(source, filename=filename, deadline=deadline)
        job = await self.wait(job, deadline=max(0.0, deadline - (time.monotonic() - started)))
        return await self.result(job, deadline=max(0.1, deadline - (time.monotonic() - started)))

    async def upload_many(
        self,
        sources: Iterable[AsyncSource],
        *,
        concurrency: int = 8,
        metadata: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[UploadOutcome[AsyncSource]]:
        """Submit many documents at once; see `Client.upload_many`."""
        waiting = iter(sources)
        running: set[asyncio.Task[UploadOutcome[AsyncSource]]] = set()
        try:
            while True:
                for source in waiting:
                    running.add(asyncio.create_task(self._upload_outcome(source, metadata)))
                    if len(running) >= concurrency:
                        break
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _upload_outcome(
        self, source: AsyncSource, metadata: Mapping[str, Any] | None
    ) -> UploadOutcome[AsyncSource]:
        try:
            return UploadOutcome(source, job=await self.upload(source, metadata=metadata))
        except PaperhookError as error:
            return UploadOutcome(source, error=error)

    async def batch(
        self,
        sources: Iterable[AsyncSource],
        *,
        idempotency_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Batch:
        """Submit several documents in one call; see `Client.batch`."""
        documents = [await self._open(source, None, None) for source in sources]
        try:
            return await self.run(self._batch_steps(documents, idempotency_key, metadata), deadline=deadline)
        finally:
            for document in documents:
                close_document(document)

    async def batch_status(self, batch: Batch, *, deadline: float | None = None) -> Batch:
        """Ask how a batch stands."""
        return await self.run(self.provider.batch_status(batch), deadline=deadline)

    async def jobs(self, *, since: datetime | None = None, limit: int = 100) -> tuple[Job, ...]:
        """List jobs, newest first; see `Client.jobs`."""
        return await self.run(self.provider.jobs(since=since, limit=limit))

    async def poll(self, job: Job | str, *, deadline: float | None = None) -> tuple[Envelope, ...]:
        """Ask what became of a job whose webhook did not come; see `Client.poll`."""
        return await self.run(operations.poll(self.provider, self._job(job)), deadline=deadline)

    async def run(self, steps: Steps[T], *, deadline: float | None = None) -> T:
        """Run any operation; see `Client.run`."""
        steps = persist(steps, self._retry, deadline=deadline)
        answer: Any = None
        failure: PaperhookError | None = None
        while True:
            try:
                effect = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration as done:
                return cast("T", done.value)
            answer = failure = None
            try:
                if isinstance(effect, Send):
                    answer = await self._shielded(effect)
                elif isinstance(effect, Pause):
                    await asyncio.sleep(effect.seconds)
                elif isinstance(effect, Now):
                    answer = self._now()
                else:
                    answer = await asyncio.to_thread(_rasterised, effect.document)
            except PaperhookError as error:
                failure = error

    async def _shielded(self, effect: Send) -> Response:
        # A cancelled exchange would leave httpcore's pool with a slot that nobody frees (httpcore 1.0.9), so the
        # caller is cancelled and the exchange ends by itself.
        task = asyncio.create_task(self._exchange(effect))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(effect.timeout):
                return await asyncio.shield(task)
        except TimeoutError as error:
            if isinstance(error, PaperhookError):
                raise
            request = effect.request
            raise AttemptTimeout(
                f"{self.provider.name}: {request.method} {request.path}: no answer within {effect.timeout:.1f} s",
                provider=self.provider.name,
            ) from error

    def _ended(self, task: asyncio.Task[Response]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            # Nobody may be waiting any more; an error that nobody sees is not a warning.
            task.exception()

    async def _exchange(self, effect: Send) -> Response:
        request, name = effect.request, self.provider.name
        http = self._pool.get(asyncio.get_running_loop())
        with contextlib.ExitStack() as opened:
            arguments, deadline = self._http_arguments(request, effect.timeout, opened)
            try:
                http_request = http.build_request(request.method, request.url, **arguments)
                self._watch(http_request, request, deadline)
                answer = await http.send(http_request, stream=True, follow_redirects=False)
                try:
                    collected = _Answer(request, name, deadline)
                    async for chunk in answer.aiter_bytes():
                        collected.add(chunk)
                finally:
                    await answer.aclose()
            except httpx.RequestError as error:
                raise _translated(error, request, name) from error
            except httpx.InvalidURL as error:
                raise ConfigurationError(f"{name}: {request.method} {request.path}: {error}") from error
            return collected.response(answer)

    def _make_http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(limits=_LIMITS, headers=_USER_AGENT)
