"""Drive a provider's steps by hand: canned answers in, requests out; no network, no clock, no mock.

ran = run(provider.status(job), Answer(200, {"jobId": "job_1", "status": "done"}))
assert ran.value.status is JobStatus.COMPLETED
assert ran.requests[0].url == "https://api.space-ocr.com/jobs/job_1"
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Generic, TypeVar, cast

from paperhook.core.document import Document
from paperhook.core.exchange import JsonBody, Multipart, Request, Response
from paperhook.core.headers import Headers
from paperhook.core.steps import Await, Now, Pause, Rasterise, Send, Steps
from paperhook.errors import PaperhookError, TransportError

T = TypeVar("T")

#: When every canned answer arrives, seconds since the epoch.
NOON = 1_760_000_000.0


@dataclass(frozen=True)
class Answer:
    """What the provider answers: JSON unless it is bytes."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def to(self, request: Request) -> Response:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return Response(request, self.status, Headers(self.headers), body, received_at=NOON)


@dataclass(frozen=True)
class Pages:
    """What rasterising a PDF gives."""

    documents: tuple[Document, ...]


@dataclass
class Ran(Generic[T]):
    """What became of the steps; `value` raises the error where there is one."""

    requests: list[Request] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    error: PaperhookError | None = None
    returned: list[T] = field(default_factory=list)

    @property
    def value(self) -> T:
        if self.error is not None:
            raise self.error
        return self.returned[0]

    @property
    def sent(self) -> list[str]:
        """Each request as `METHOD url`."""
        return [f"{request.method} {request.url}" for request in self.requests]


def run(steps: Steps[T], *answers: Answer | Pages | TransportError) -> Ran[T]:
    """Answer each exchange in turn, as `Client` would without retries.

    A `TransportError` among the answers stands for no answer. Every answer must be used.
    """
    ran: Ran[T] = Ran()
    waiting = list(answers)
    reply: Any = None
    failure: PaperhookError | None = None
    while True:
        try:
            effect = steps.send(reply) if failure is None else steps.throw(failure)
        except StopIteration as done:
            ran.returned.append(done.value)
            break
        except PaperhookError as error:
            ran.error = error
            break
        reply, failure = None, None
        match effect:
            case Send():
                ran.requests.append(effect.request)
                assert waiting, f"nothing was canned for {ran.sent[-1]}"
                canned = waiting.pop(0)
                if isinstance(canned, TransportError):
                    failure = canned
                    continue
                assert isinstance(canned, Answer), f"{ran.sent[-1]} came before the pages were asked for"
                reply = canned.to(effect.request)
                failure = effect.error_of(reply)
            case Rasterise():
                assert waiting, f"no pages were canned for {effect.document.filename}"
                pages = waiting.pop(0)
                assert isinstance(pages, Pages), "pages were asked for before the next request"
                reply = pages.documents
            case Pause(seconds):
                ran.pauses.append(seconds)
            case Now():
                reply = NOON + sum(ran.pauses)
            case Await(future):
                reply, failure = _stored(future)
    assert not waiting, f"{len(waiting)} answers were not asked for"
    return ran


def prepared(steps: Steps[T]) -> Steps[T]:
    """Do what comes before each exchange, as the retries of a client would."""
    reply: Any = None
    failure: PaperhookError | None = None
    try:
        while True:
            try:
                effect = steps.send(reply) if failure is None else steps.throw(failure)
            except StopIteration as done:
                return cast("T", done.value)
            reply, failure = None, None
            try:
                if isinstance(effect, Send) and effect.before is not None:
                    yield from effect.before()
                reply = yield effect
            except PaperhookError as error:
                failure = error
    finally:
        steps.close()


def _stored(future: Future[Any]) -> tuple[Any, PaperhookError | None]:
    try:
        return future.result(), None
    except PaperhookError as error:
        return None, error


@dataclass(frozen=True)
class Bytes:
    """Content in memory."""

    value: bytes

    def open(self) -> BinaryIO:
        return io.BytesIO(self.value)


def document(
    filename: str = "invoice.png", content_type: str = "image/png", content: bytes = b"\x89PNG pixels"
) -> Document:
    """Make a document out of bytes."""
    digest = hashlib.sha256(content).hexdigest()
    return Document(filename, content_type, len(content), digest, Bytes(content))


def large_document(
    size_bytes: int, *, filename: str = "invoice.png", content_type: str = "image/png"
) -> Document:
    """Make a document that says it is large; nobody reads it."""
    return Document(filename, content_type, size_bytes, "0" * 64, Bytes(b""))


def form_fields(request: Request) -> dict[str, str]:
    """Read the text fields of a multipart request."""
    assert isinstance(request.body, Multipart)
    return dict(request.body.fields)


def form_files(request: Request) -> list[tuple[str, str]]:
    """Read name and filename of each file of a multipart request."""
    assert isinstance(request.body, Multipart)
    return [(part.name, part.document.filename) for part in request.body.files]


def json_value(request: Request) -> Any:
    """Read the JSON body of a request."""
    assert isinstance(request.body, JsonBody)
    return request.body.value


def header(request: Request, name: str) -> str | None:
    """Read one header of a request."""
    return Headers(request.headers).get(name)
