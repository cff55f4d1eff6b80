"""`Client` and `AsyncClient`: two short drivers of the same operations, and the only module that imports httpx.

Both classes have the same methods with the same arguments; a test compares them.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import copy
import hashlib
import json
import os
import re
import ssl
import threading
import time
import uuid
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_any
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from typing import Any, BinaryIO, Generic, Self, TypeVar, cast, overload

import httpx

from . import operations
from .core.answers import malformed
from .core.delivery import Envelope
from .core.document import Document
from .core.exchange import Base64Json, Body, JsonBody, Multipart, RawBody, Request, Response
from .core.headers import Headers
from .core.job import Batch, Job
from .core.provider import Provider
from .core.result import Result
from .core.steps import Await, Now, Pause, Send, Steps
from .errors import (
    AnswerLost,
    AttemptTimeout,
    ConfigurationError,
    DeadlineExceeded,
    NothingSent,
    PaperhookError,
    TransportError,
    UnsupportedDocument,
)
from .observe.details import Observer, Observers
from .observe.steps import requests_of, submission
from .retrying import RetryPolicy, persist
from .sources import (
    CHUNK_BYTES,
    AsyncSource,
    Source,
    close_document,
    open_async_document,
    open_document,
)
from .tracker import Tracker, open_tracker
from .tracker.journal import batched, noted, reconcile, submit

T = TypeVar("T")
H = TypeVar("H", httpx.Client, httpx.AsyncClient)
#: What many documents are given as: an outcome holds its source with that type.
S = TypeVar("S", bound=Source)
A = TypeVar("A", bound=AsyncSource)

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


class _Bound:
    """The end of one attempt: a moment on the monotonic clock, or that nobody waits for it any more."""

    def __init__(self, effect: Send, provider: str, stopping: threading.Event) -> None:
        self._request, self._seconds, self._provider = effect.request, effect.timeout, provider
        self._end = None if effect.timeout is None else time.monotonic() + effect.timeout
        self._stopping = stopping
        self._is_abandoned = False

    def abandon(self) -> None:
        """Let the attempt end with the chunk that it is at."""
        self._is_abandoned = True

    def error(self) -> AttemptTimeout:
        within = "" if self._seconds is None else f" within {self._seconds:.1f} s"
        return AttemptTimeout(
            f"{self._provider}: {self._request.method} {self._request.path}: no answer{within}",
            provider=self._provider,
        )

    def check(self) -> None:
        is_late = self._end is not None and time.monotonic() > self._end
        if is_late or self._is_abandoned or self._stopping.is_set():
            raise self.error()


class _Watched(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A request body that stops at its bound, and is either the announced number of bytes or not sent to its end."""

    def __init__(self, chunks: Iterable[bytes], size_bytes: int | None, bound: _Bound) -> None:
        self._chunks, self._size_bytes, self._bound = chunks, size_bytes, bound

    def __iter__(self) -> Iterator[bytes]:
        sent_bytes = 0
        try:
            for chunk in self._chunks:
                self._bound.check()
                sent_bytes += len(chunk)
                if self._size_bytes is not None and sent_bytes > self._size_bytes:
                    break
                yield chunk
        except OSError as error:
            if isinstance(error, PaperhookError):
                raise
            raise _unreadable(error) from error
        if self._size_bytes not in (None, sent_bytes):
            raise _changed()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = iter(self)
        # A disk may be slow, so the file is read beside the loop, some chunks at a time.
        while batch := await asyncio.to_thread(_next_chunks, chunks):
            for chunk in batch:
                self._bound.check()
                yield chunk


def _next_chunks(chunks: Iterator[bytes]) -> list[bytes]:
    return list(islice(chunks, 16))


def _changed() -> UnsupportedDocument:
    return UnsupportedDocument("the document changed while it was being sent", code="changed")


def _unreadable(error: OSError | ValueError) -> UnsupportedDocument:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return UnsupportedDocument(f"the document cannot be read any more: {reason}", code="unreadable")


class _Answer:
    """Collects one answer's chunks within the bounds."""

    def __init__(self, request: Request, answer: httpx.Response, provider: str, bound: _Bound) -> None:
        self._request, self._answer, self._provider, self._bound = request, answer, provider, bound
        self._body = bytearray()

    def add(self, chunk: bytes) -> None:
        self._bound.check()
        self._body += chunk
        if len(self._body) > MAX_ANSWER_BYTES:
            # Asking again would fetch as much again.
            raise malformed(
                self._provider, self.response(), f"the answer has more than {MAX_ANSWER_BYTES} bytes"
            )

    def response(self) -> Response:
        return Response(
            self._request,
            self._answer.status_code,
            Headers(self._answer.headers.multi_items()),
            bytes(self._body),
            time.time(),
        )


def _base64_chunks(start: bytes, stream: BinaryIO, size_bytes: int) -> Iterator[bytes]:
    """Write a JSON object with a document inside, without holding the document."""
    yield start
    rest = b""
    while chunk := stream.read(CHUNK_BYTES * 3):
        size_bytes -= len(chunk)
        # Only a multiple of three bytes needs no padding, and a stream may give less than was asked for.
        chunk = rest + chunk
        whole = len(chunk) - len(chunk) % 3
        rest = chunk[whole:]
        yield base64.b64encode(chunk[:whole])
    if size_bytes != 0:
        # Lengths that differ by less than three bytes may be one in base64.
        raise _changed()
    yield base64.b64encode(rest) + b'"}'


def _json_bytes(value: Any) -> bytes:
    try:
        return json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"this cannot be written as JSON: {error}") from error


def _raw_chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def _body_arguments(body: Body | None, opened: contextlib.ExitStack) -> dict[str, Any]:
    """Say in httpx's words what to send; files are opened here and closed with the stack."""
    if isinstance(body, JsonBody):
        return {"content": _json_bytes(body.value), "headers": {"Content-Type": "application/json"}}
    if isinstance(body, Multipart):
        return _multipart_arguments(body, opened)
    if isinstance(body, RawBody):
        length = {"Content-Length": str(body.document.size_bytes), "Content-Type": body.content_type}
        return {"content": _raw_chunks(_opened(body.document, opened)), "headers": length}
    if isinstance(body, Base64Json):
        start = _json_bytes({**body.value, body.member: ""})[: -len('"}')]
        size_bytes = len(start) + 4 * ((body.document.size_bytes + 2) // 3) + len('"}')
        length = {"Content-Length": str(size_bytes), "Content-Type": "application/json"}
        chunks = _base64_chunks(start, _opened(body.document, opened), body.document.size_bytes)
        return {"content": chunks, "headers": length}
    return {}


def _multipart_arguments(body: Multipart, opened: contextlib.ExitStack) -> dict[str, Any]:
    for part in body.files:
        if not _HEADER_VALUE.fullmatch(part.document.content_type):
            raise ConfigurationError(
                f"{part.document.content_type!r} is no content type: write one such as application/pdf"
            )
    files = [
        (part.name, (part.document.filename, _opened(part.document, opened), part.document.content_type))
        for part in body.files
    ]
    # As a list of parts, because httpx drops the multipart form where there are only fields.
    text = [(name, (None, value.encode("utf-8", "replace"))) for name, value in body.fields]
    # The boundary is made from the content, so that a repeated request is the same bytes.
    mark = hashlib.sha256(repr(body.fields).encode("utf-8", "replace"))
    for part in body.files:
        mark.update(part.document.sha256.encode())
    content_type = f"multipart/form-data; boundary=paperhook-{mark.hexdigest()[:32]}"
    return {"files": [*text, *files], "headers": {"Content-Type": content_type}}


def _opened(document: Document, opened: contextlib.ExitStack) -> BinaryIO:
    try:
        stream = document.content.open()
    except (OSError, ValueError) as error:
        raise _unreadable(error) from error
    opened.callback(stream.close)
    return stream


#: Visible ASCII, and white space only inside. Source: RFC 9110 section 5.5, without its obsolete part.
_HEADER_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")


def _checked(headers: Iterable[tuple[str, str]], provider: str) -> Iterator[tuple[str, str]]:
    """Refuse what would end a header early; the HTTP library would print the value, which may be the key."""
    for name, value in headers:
        if not _HEADER_VALUE.fullmatch(value):
            raise ConfigurationError(
                f"{provider}: the header {name} cannot hold its value: only visible ASCII and no white space at "
                "its ends, so no line break copied along with a key"
            )
        yield name, value


@contextlib.contextmanager
def _closing(document: Document, source: object) -> Generator[None, None, None]:
    """Remove what was kept for retries, unless the document is the caller's own."""
    try:
        yield
    finally:
        if document is not source:
            close_document(document)


@overload
def _left(deadline: float, started: float) -> float: ...
@overload
def _left(deadline: float | None, started: float) -> float | None: ...
def _left(deadline: float | None, started: float) -> float | None:
    """Say how many seconds of a deadline are left; reading the document counts."""
    return None if deadline is None else deadline - (time.monotonic() - started)


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
    """One httpx client for all copies of a client, made at the first request because TLS set-up is slow.

    Connections belong to the event loop and to the process that made them, so each has a client of its own.
    """

    make: Callable[[], H]
    given: H | None
    made: dict[tuple[int, asyncio.AbstractEventLoop | None], H] = field(default_factory=dict)  # pyright: ignore[reportUnknownVariableType] # told by the annotation
    is_closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, loop: asyncio.AbstractEventLoop | None = None) -> H:
        owner = (os.getpid(), loop)
        with self.lock:
            if self.is_closed or (self.given is not None and self.given.is_closed):
                raise ConfigurationError("the client is closed: make a new one")
            if self.given is not None:
                return self.given
            if owner not in self.made:
                living = {
                    key: http for key, http in self.made.items() if key[1] is None or not key[1].is_closed()
                }
                self.made = {**living, owner: self.make()}
            return self.made[owner]

    def take(self, loop: asyncio.AbstractEventLoop | None = None) -> H | None:
        """Close the pool and give what the caller has to close."""
        with self.lock:
            self.is_closed, made, self.made = True, self.made, {}
            return made.get((os.getpid(), loop))


class _Base(Generic[H]):
    """What both clients are made of."""

    def __init__(
        self,
        provider: Provider,
        *,
        retry: RetryPolicy | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        namespace: str = "",
        tracker: str | Tracker | None = None,
        http_client: H | None = None,
        observe: Sequence[Observer] = (),
    ) -> None:
        _check_options(provider, timeout)
        self.provider = provider
        self.tracker = open_tracker(tracker) if isinstance(tracker, str) else tracker
        #: What was opened here is closed here.
        self._own_tracker = self.tracker if isinstance(tracker, str) else None
        self._retry = retry or RetryPolicy()
        self._timeout = timeout
        self._namespace = namespace
        self._observers = Observers(observe)
        self._pool: _Pool[H] = _Pool(self._make_http, http_client)
        # Set when nobody waits any more for what is under way.
        self._stopping = threading.Event()
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
        other = copy.copy(self)
        other.provider = provider or self.provider
        other._retry = retry or self._retry  # noqa: SLF001 - a copy of this very class
        other._timeout = self._timeout if timeout is None else timeout  # noqa: SLF001 - same
        other._namespace = self._namespace if namespace is None else namespace  # noqa: SLF001 - same
        _check_options(other.provider, other._timeout)  # noqa: SLF001 - same
        return other

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.provider!r})"

    def _make_http(self) -> H:
        raise NotImplementedError

    def _now(self) -> float:
        return self._epoch + time.monotonic()

    def _key(self, document: Document, metadata: Mapping[str, Any]) -> str:
        return operations.submission_key(
            document, self.provider, metadata=metadata, namespace=self._namespace
        )

    def _upload_steps(
        self, document: Document, key: str | None, metadata: Mapping[str, Any] | None, again: bool
    ) -> Steps[Job]:
        derived = self._key(document, metadata or {})
        if self.tracker is not None:
            steps = submit(
                self.provider,
                self.tracker,
                document,
                identity=key or derived,
                metadata=metadata,
                namespace=self._namespace,
                again=again,
            )
        else:
            fresh = f"{derived}-{uuid.uuid4().hex}" if again else derived
            steps = operations.upload(self.provider, document, key=key or fresh, metadata=metadata)
        return submission(steps, self._observers, self.provider.name) if self._observers else steps

    def _persistent(self, steps: Steps[T], deadline: float | None) -> Steps[T]:
        steps = persist(steps, self._retry, deadline=deadline)
        return requests_of(steps, self._observers, self.provider.name) if self._observers else steps

    def _upload_and_wait_steps(self, document: Document, deadline: float) -> Steps[Result]:
        uploading = self._upload_steps(document, None, None, again=False)
        return operations.upload_and_wait(self.provider, uploading, deadline=deadline)

    def _noted(self, steps: Steps[Job]) -> Steps[Job]:
        return steps if self.tracker is None else noted(self.tracker, steps)

    def _batch_steps(
        self, documents: Sequence[Document], key: str | None, metadata: Mapping[str, Any] | None
    ) -> Steps[Batch]:
        steps = operations.upload_batch(
            self.provider, documents, key=key, metadata=metadata, namespace=self._namespace
        )
        if self.tracker is None:
            return steps
        return batched(
            self.provider, self.tracker, documents, steps, metadata=metadata, namespace=self._namespace
        )

    def _job(self, job: Job | str) -> Job:
        return job if isinstance(job, Job) else Job.known(job, provider=self.provider.name)

    def _http_request(
        self, http: H, effect: Send, bound: _Bound, opened: contextlib.ExitStack
    ) -> httpx.Request:
        request: Request = effect.request
        name = self.provider.name
        phase = self._timeout if effect.timeout is None else min(self._timeout, effect.timeout)
        arguments = _body_arguments(request.body, opened)
        headers: dict[str, str] = arguments.pop("headers", {})
        try:
            built = http.build_request(
                request.method,
                request.url,
                headers=list(_checked([*headers.items(), *request.headers], name)),
                timeout=httpx.Timeout(phase),
                **arguments,
            )
        except httpx.InvalidURL as error:
            raise ConfigurationError(f"{name}: {request.method} {request.path}: {error}") from error
        if not isinstance(request.body, JsonBody | None):
            length = built.headers.get("content-length")
            chunks = cast("Iterable[bytes]", built.stream)
            built.stream = _Watched(chunks, None if length is None else int(length), bound)
        return built

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Loading the certificates takes longer than most requests, so every pool of this client shares them.
        return httpx.create_ssl_context()


def _check_options(provider: Provider, timeout: float) -> None:
    if not provider.api_key.strip():
        raise ConfigurationError(
            f"{provider.name} has no API key: set {provider.env_prefix}API_KEY or pass it to {type(provider).__name__}"
        )
    # Not a number is not above 0 either.
    if not timeout > 0:
        raise ConfigurationError(f"timeout is {timeout:g} s: it must be above 0")


def _check_concurrency(concurrency: int) -> None:
    if concurrency < 1:
        raise ConfigurationError(f"concurrency is {concurrency}: it must be 1 or more")


def _version() -> str:
    try:
        return version("paperhook")
    except PackageNotFoundError:
        # Run from a checkout that is not installed.
        return "0"


_USER_AGENT = {"User-Agent": f"paperhook/{_version()}"}
_LIMITS = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)


class Client(_Base[httpx.Client]):
    """A synchronous client of one provider; threads may share it.

    Args:
        provider: Such as `DocuParse.from_env()`.
        retry: When to try again; by default 4 attempts with growing, jittered pauses.
        timeout: Seconds for each phase of one attempt.
        namespace: Part of every idempotency key; keeps applications that share an account apart.
        tracker: Remembers what was submitted, so that the same document is one job also after a crash:
            `sqlite:///paperhook.db`, which may be the inbox's file, `memory:`, or a tracker of your own, which you close.
        observe: Who is told of requests and submissions, see `paperhook.observe`.
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
        self._stopping.set()
        http = self._pool.take()
        if http is not None:
            http.close()
        if self._own_tracker is not None:
            self._own_tracker.close()

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
        started = time.monotonic()
        document = open_document(source, filename=filename, content_type=content_type)
        with _closing(document, source):
            steps = self._upload_steps(document, idempotency_key, metadata, again)
            return self.run(steps, deadline=_left(deadline, started))

    def status(self, job: Job | str, *, deadline: float | None = None) -> Job:
        """Ask how a job stands.

        Raises:
            NotFound: If the provider does not know it.
        """
        return self.run(self._noted(operations.status(self.provider, self._job(job))), deadline=deadline)

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
        steps = operations.wait(self.provider, self._job(job), deadline=deadline)
        return self.run(self._noted(steps), deadline=deadline)

    def upload_and_wait(
        self, source: Source, *, filename: str | None = None, deadline: float = DEFAULT_WAIT
    ) -> Result:
        """Submit one document, wait for it and fetch its result.

        Raises:
            JobFailed: If the provider could not read it.
            WaitTimeout: If it takes longer than `deadline` seconds; the error carries the job.
            DeadlineExceeded: If there is no job by then.
        """
        started = time.monotonic()
        document = open_document(source, filename=filename)
        with _closing(document, source):
            left = _left(deadline, started)
            return self.run(self._upload_and_wait_steps(document, left), deadline=left)

    def upload_many(
        self,
        sources: Iterable[S],
        *,
        concurrency: int = 8,
        metadata: Mapping[str, Any] | None = None,
    ) -> Iterator[UploadOutcome[S]]:
        """Submit many documents at once; outcomes come as they end, in any order.

        Args:
            sources: Read as needed, so it may be endless.
            concurrency: How many are under way at once.
            metadata: For each of them.

        Yields:
            A job or an error for each source.
        """
        _check_concurrency(concurrency)
        waiting = iter(sources)
        uploader = copy.copy(self)
        uploader._stopping = threading.Event()  # noqa: SLF001 - a copy of this very class
        pool = ThreadPoolExecutor(concurrency, thread_name_prefix="paperhook-upload")
        running: set[Future[UploadOutcome[S]]] = set()
        try:
            while True:
                for source in islice(waiting, concurrency - len(running)):
                    running.add(pool.submit(uploader._upload_outcome, source, metadata))  # noqa: SLF001 - same
                if not running:
                    return
                done, running = wait_for_any(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            # Whoever leaves the loop early does not wait: what is under way ends with its chunk or its answer.
            uploader._stopping.set()  # noqa: SLF001 - same
            pool.shutdown(wait=False, cancel_futures=True)

    def _upload_outcome(self, source: S, metadata: Mapping[str, Any] | None) -> UploadOutcome[S]:
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
        started = time.monotonic()
        documents: list[Document] = []
        with contextlib.ExitStack() as opened:
            for source in sources:
                documents.append(open_document(source))
                opened.enter_context(_closing(documents[-1], source))
            steps = self._batch_steps(documents, idempotency_key, metadata)
            return self.run(steps, deadline=_left(deadline, started))

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

    def reconcile(self, job: Job | str, *, deadline: float | None = None) -> Job:
        """Find out what became of an upload whose answer was lost, without sending anything again.

        Returns:
            The provider's job; or the handle with status `validated` where the provider certainly has none: then upload
            it again.

        Raises:
            SubmissionUnknown: If it cannot be settled, or not yet; the message says what to do.
        """
        return self.run(reconcile(self.provider, self.tracker, self._job(job)), deadline=deadline)

    def run(self, steps: Steps[T], *, deadline: float | None = None) -> T:
        """Run any operation, such as `client.run(ocriva.templates())`.

        Args:
            steps: What a provider's method returned.
            deadline: Seconds for all of it, retries included.
        """
        steps = self._persistent(steps, deadline)
        answer: Any = None
        failure: PaperhookError | None = None
        try:
            while True:
                try:
                    effect = steps.send(answer) if failure is None else steps.throw(failure)
                except StopIteration as done:
                    return cast("T", done.value)
                answer = failure = None
                try:
                    if isinstance(effect, Send):
                        bound = _Bound(effect, self.provider.name, self._stopping)
                        exchange = self._exchange if effect.timeout is None else self._exchange_within
                        answer = exchange(effect, bound)
                    elif isinstance(effect, Pause):
                        if self._stopping.wait(effect.seconds):
                            raise ConfigurationError("the client is closed: make a new one")
                    elif isinstance(effect, Now):
                        answer = self._now()
                    elif isinstance(effect, Await):
                        answer = effect.future.result()
                    else:
                        answer = _rasterised(effect.document)
                except PaperhookError as error:
                    failure = error
        finally:
            # Whoever was cut off learns of it now, not when the garbage is collected.
            steps.close()

    def _exchange(self, effect: Send, bound: _Bound) -> Response:
        request, name = effect.request, self.provider.name
        http = self._pool.get()
        with contextlib.ExitStack() as opened:
            http_request = self._http_request(http, effect, bound, opened)
            try:
                answer = http.send(http_request, stream=True, follow_redirects=False)
                opened.callback(answer.close)
                collected = _Answer(request, answer, name, bound)
                for chunk in answer.iter_bytes():
                    collected.add(chunk)
            except httpx.RequestError as error:
                raise _translated(error, request, name) from error
            return collected.response()

    def _exchange_within(self, effect: Send, bound: _Bound) -> Response:
        # httpx bounds each phase and each chunk, and a server that drips bytes makes any number of them. So where
        # there is a deadline the exchange has a thread of its own, and is left to end by itself when it is late.
        ended: Future[Response] = Future()

        def exchange() -> None:
            try:
                ended.set_result(self._exchange(effect, bound))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                ended.set_exception(error)

        threading.Thread(target=exchange, name="paperhook-exchange", daemon=True).start()
        try:
            return ended.result(effect.timeout)
        except TimeoutError as error:
            if isinstance(error, PaperhookError):
                raise
            raise bound.error() from error
        finally:
            bound.abandon()

    def _make_http(self) -> httpx.Client:
        return httpx.Client(limits=_LIMITS, headers=_USER_AGENT, verify=self._tls)


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
        tracker: str | Tracker | None = None,
        http_client: httpx.AsyncClient | None = None,
        observe: Sequence[Observer] = (),
    ) -> None:
        super().__init__(
            provider,
            retry=retry,
            timeout=timeout,
            namespace=namespace,
            tracker=tracker,
            http_client=http_client,
            observe=observe,
        )
        self._under_way: set[asyncio.Task[Response]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel what is under way and close the connections; calling twice is fine."""
        under_way = [task for task in self._under_way if task.get_loop() is asyncio.get_running_loop()]
        self._stopping.set()
        if under_way:
            # A moment to end by themselves: cancelling a connection that is just being made leaves warnings behind
            # (anyio 4), and what is sent stops at its next chunk anyway.
            await asyncio.wait(under_way, timeout=0.05)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        http = self._pool.take(asyncio.get_running_loop())
        if http is not None:
            await http.aclose()
        if self._own_tracker is not None:
            await asyncio.to_thread(self._own_tracker.close)

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
        started = time.monotonic()
        document = await self._open(source, filename=filename, content_type=content_type, deadline=deadline)
        with _closing(document, source):
            steps = self._upload_steps(document, idempotency_key, metadata, again)
            return await self.run(steps, deadline=_left(deadline, started))

    async def _open(
        self,
        source: AsyncSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        deadline: float | None = None,
    ) -> Document:
        bound = asyncio.timeout(deadline)

        def open_unless_late() -> Document:
            document = open_document(cast("Source", source), filename=filename, content_type=content_type)
            if bound.expired():
                close_document(document)
            return document

        try:
            async with bound:
                if isinstance(source, AsyncIterable):
                    return await open_async_document(source, filename=filename, content_type=content_type)
                # Hashing reads the whole file once, so it is done beside the loop.
                return await asyncio.to_thread(open_unless_late)
        except TimeoutError as error:
            if not bound.expired():
                raise
            raise DeadlineExceeded(f"the document could not be read within {deadline:g} s") from error

    async def status(self, job: Job | str, *, deadline: float | None = None) -> Job:
        """Ask how a job stands; see `Client.status`."""
        return await self.run(
            self._noted(operations.status(self.provider, self._job(job))), deadline=deadline
        )

    async def result(self, job: Job | str, *, deadline: float | None = None) -> Result:
        """Fetch the result of a completed job; see `Client.result`."""
        return await self.run(operations.result(self.provider, self._job(job)), deadline=deadline)

    async def wait(self, job: Job | str, *, deadline: float = DEFAULT_WAIT) -> Job:
        """Poll until a job is final; see `Client.wait`."""
        steps = operations.wait(self.provider, self._job(job), deadline=deadline)
        return await self.run(self._noted(steps), deadline=deadline)

    async def upload_and_wait(
        self, source: AsyncSource, *, filename: str | None = None, deadline: float = DEFAULT_WAIT
    ) -> Result:
        """Submit one document, wait for it and fetch its result; see `Client.upload_and_wait`."""
        started = time.monotonic()
        document = await self._open(source, filename=filename, deadline=deadline)
        with _closing(document, source):
            left = _left(deadline, started)
            return await self.run(self._upload_and_wait_steps(document, left), deadline=left)

    async def upload_many(
        self,
        sources: Iterable[A],
        *,
        concurrency: int = 8,
        metadata: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[UploadOutcome[A]]:
        """Submit many documents at once; see `Client.upload_many`."""
        _check_concurrency(concurrency)
        waiting = iter(sources)
        running: set[asyncio.Task[UploadOutcome[A]]] = set()
        try:
            while True:
                for source in islice(waiting, concurrency - len(running)):
                    running.add(asyncio.create_task(self._upload_outcome(source, metadata)))
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _upload_outcome(self, source: A, metadata: Mapping[str, Any] | None) -> UploadOutcome[A]:
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
        started = time.monotonic()
        documents: list[Document] = []
        with contextlib.ExitStack() as opened:
            for source in sources:
                documents.append(await self._open(source, deadline=_left(deadline, started)))
                opened.enter_context(_closing(documents[-1], source))
            steps = self._batch_steps(documents, idempotency_key, metadata)
            return await self.run(steps, deadline=_left(deadline, started))

    async def batch_status(self, batch: Batch, *, deadline: float | None = None) -> Batch:
        """Ask how a batch stands."""
        return await self.run(self.provider.batch_status(batch), deadline=deadline)

    async def jobs(self, *, since: datetime | None = None, limit: int = 100) -> tuple[Job, ...]:
        """List jobs, newest first; see `Client.jobs`."""
        return await self.run(self.provider.jobs(since=since, limit=limit))

    async def poll(self, job: Job | str, *, deadline: float | None = None) -> tuple[Envelope, ...]:
        """Ask what became of a job whose webhook did not come; see `Client.poll`."""
        return await self.run(operations.poll(self.provider, self._job(job)), deadline=deadline)

    async def reconcile(self, job: Job | str, *, deadline: float | None = None) -> Job:
        """Find out what became of an upload whose answer was lost; see `Client.reconcile`."""
        return await self.run(reconcile(self.provider, self.tracker, self._job(job)), deadline=deadline)

    async def run(self, steps: Steps[T], *, deadline: float | None = None) -> T:
        """Run any operation; see `Client.run`."""
        steps = self._persistent(steps, deadline)
        answer: Any = None
        failure: PaperhookError | None = None
        try:
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
                    elif isinstance(effect, Await):
                        answer = await asyncio.wrap_future(effect.future)
                    else:
                        answer = await asyncio.to_thread(_rasterised, effect.document)
                except PaperhookError as error:
                    failure = error
        finally:
            # Whoever was cut off learns of it now, not when the garbage is collected.
            steps.close()

    async def _shielded(self, effect: Send) -> Response:
        # A cancelled exchange would leave httpcore's pool with a slot that nobody frees (httpcore 1.0.9), so the
        # caller is cancelled and the exchange ends by itself, at its next chunk.
        bound = _Bound(effect, self.provider.name, self._stopping)
        task = asyncio.create_task(self._exchange(effect, bound))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(effect.timeout):
                return await asyncio.shield(task)
        except TimeoutError as error:
            if isinstance(error, PaperhookError):
                raise
            raise bound.error() from error
        finally:
            bound.abandon()

    def _ended(self, task: asyncio.Task[Response]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            # Nobody may be waiting any more; an error that nobody sees is not a warning.
            task.exception()

    async def _exchange(self, effect: Send, bound: _Bound) -> Response:
        request, name = effect.request, self.provider.name
        http = self._pool.get(asyncio.get_running_loop())
        with contextlib.ExitStack() as opened:
            http_request = self._http_request(http, effect, bound, opened)
            try:
                answer = await http.send(http_request, stream=True, follow_redirects=False)
                try:
                    collected = _Answer(request, answer, name, bound)
                    async for chunk in answer.aiter_bytes():
                        collected.add(chunk)
                finally:
                    await answer.aclose()
            except httpx.RequestError as error:
                raise _translated(error, request, name) from error
            return collected.response()

    def _make_http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(limits=_LIMITS, headers=_USER_AGENT, verify=self._tls)
