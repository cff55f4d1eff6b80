"""Both clients against sockets that misbehave."""

from __future__ import annotations

import asyncio
import base64
import gc
import importlib.metadata
import inspect
import io
import multiprocessing
import os
import random
import re
import ssl
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import httpx
import pytest
import tenacity

from paperhook.client import AsyncClient, Client, UploadOutcome
from paperhook.client.documents import opened_aside
from paperhook.client.loops import running_loop
from paperhook.client.transport import AsyncTransport, answers, clients, requests
from paperhook.client.transport.answers import TRANSPORT_ERRORS
from paperhook.core.document import Document
from paperhook.core.exchange import Base64Json, FilePart, JsonBody, Multipart, RawBody, Request
from paperhook.core.job import Batch, Job, JobStatus
from paperhook.core.steps import Steps, rasterise, send
from paperhook.errors import (
    AnswerLost,
    AttemptTimeout,
    BadRequest,
    ConfigurationError,
    DeadlineExceeded,
    MalformedAnswer,
    NothingSent,
    PaperhookError,
    RateLimited,
    ServerError,
    SubmissionUnknown,
    UnsupportedDocument,
    WaitTimeout,
)
from paperhook.retrying import NO_RETRY, RetryPolicy
from paperhook.sources import open_document
from tests import hostile
from tests.acme import Acme, KeyedAcme, acme
from tests.hostile import Hostile, answer, serving, taking_at_most
from tests.providers.driving import Bytes, document

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
WAITING, READING, DONE = ({"id": "d1", "state": state} for state in ("waiting", "reading", "done"))
#: As the default, without the pauses.
AT_ONCE = RetryPolicy(stop=tenacity.stop_after_attempt(4), wait=tenacity.wait_none())

Call = Callable[..., Any]


def _sync(provider: Acme, do: Callable[[Any], Any], **options: Any) -> Any:
    with Client(provider, **{"retry": AT_ONCE, **options}) as client:
        return do(client)


def _async(provider: Acme, do: Callable[[Any], Awaitable[Any]], **options: Any) -> Any:
    async def main() -> Any:
        async with AsyncClient(provider, **{"retry": AT_ONCE, **options}) as client:
            return await do(client)

    return asyncio.run(main())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """Do one thing with either client."""
    return request.param


def keyless(server: Hostile) -> Acme:
    return acme(base_url=server.url)


def keyed(server: Hostile) -> KeyedAcme:
    return KeyedAcme("acme-key", base_url=server.url)


def upload(client: Any) -> Any:
    return client.upload(PNG, filename="a.png")


def status(client: Any) -> Any:
    return client.status("d1")


# The verbs


def test_every_verb_reaches_its_endpoint(call: Call) -> None:
    acts = [
        answer(200, WAITING),
        answer(200, READING),
        answer(200, {"fields": {"total": "1.00"}}),
        answer(200, {"id": "b1"}),
        answer(200, {"state": "done"}),
        answer(200, [WAITING]),
        answer(200, DONE),
        answer(200, {"fields": {}}),
        answer(200, {}),
    ]
    batch = Batch(id="b1", provider="acme")
    with serving(*acts) as server:
        provider = keyless(server)
        job = call(provider, upload)
        assert call(provider, lambda client: client.status(job)).status is JobStatus.PROCESSING
        assert call(provider, lambda client: client.result("d1")).fields["total"].value == "1.00"
        assert call(provider, lambda client: client.batch([PNG, PNG])).id == "b1"
        assert call(provider, lambda client: client.batch_status(batch)).status is JobStatus.COMPLETED
        assert [each.id for each in call(provider, lambda client: client.jobs(limit=5))] == ["d1"]
        assert [each.key for each in call(provider, lambda client: client.poll("d1"))] == ["done:d1"]
        assert call(provider, lambda client: client.run(provider.rename(job, "b.png"))) is True

    assert [f"{seen.method} {seen.target}" for seen in server.seen] == [
        "POST /documents",
        "GET /documents/d1",
        "GET /documents/d1/result",
        "POST /batches",
        "GET /batches/b1",
        "GET /documents?limit=5",
        "GET /documents/d1",
        "GET /documents/d1/result",
        "PUT /documents/d1/name",
    ]
    assert server.seen[-1].json() == {"name": "b.png"}
    assert {seen.headers["authorization"] for seen in server.seen} == {"Bearer acme-key"}
    assert server.seen[0].headers["user-agent"].startswith("paperhook/")


def test_a_handle_keeps_what_the_upload_knew_when_it_is_asked_about(call: Call) -> None:
    with serving(answer(200, WAITING), answer(200, READING)) as server:
        job = call(keyless(server), upload)
        later = call(keyless(server), lambda client: client.status(job))

    assert (later.filename, later.idempotency_key) == ("a.png", job.idempotency_key)


def test_upload_wait_and_result_in_one_call(call: Call) -> None:
    acts = [
        answer(200, WAITING),
        answer(200, READING),
        answer(200, DONE),
        answer(200, {"fields": {"total": "1.00"}}),
    ]
    with serving(*acts) as server:
        result = call(keyless(server), lambda client: client.upload_and_wait(PNG, deadline=10))

    assert result.fields["total"].value == "1.00"


def test_wait_polls_until_the_job_is_final(call: Call) -> None:
    with serving(answer(200, READING), answer(200, DONE)) as server:
        job = call(keyless(server), lambda client: client.wait("d1", deadline=10))

    assert job.status is JobStatus.COMPLETED


def test_wait_ends_at_its_deadline_with_the_job(call: Call) -> None:
    with serving(answer(200, READING)) as server, taking_at_most(1.2), pytest.raises(WaitTimeout) as raised:
        call(keyless(server), lambda client: client.wait("d1", deadline=0.7))

    assert raised.value.job.status is JobStatus.PROCESSING


# Servers that misbehave: what is sent again


REFUSALS = [
    pytest.param([hostile.reset], AnswerLost, id="reset after the request"),
    pytest.param([hostile.cut_body], AnswerLost, id="answer cut off"),
    pytest.param([answer(503)], ServerError, id="503"),
    pytest.param([answer(raw=b"not gzip", headers={"Content-Encoding": "gzip"})], AnswerLost, id="no gzip"),
    pytest.param([lambda connection: connection.send(b"SSH-2.0-x\r\n\r\n")], AnswerLost, id="no http"),
]


@pytest.mark.parametrize(("acts", "cause"), REFUSALS)
def test_a_keyless_upload_whose_answer_is_lost_is_never_sent_again(
    acts: list[hostile.Act], cause: type[Exception], call: Call
) -> None:
    with serving(*acts, answer(200, WAITING)) as server, pytest.raises(SubmissionUnknown) as raised:
        call(keyless(server), upload)

    assert len(server.seen) == 1
    assert isinstance(raised.value.__cause__, cause)
    assert raised.value.job.status is JobStatus.SUBMISSION_UNKNOWN


@pytest.mark.parametrize(("acts", "cause"), REFUSALS)
def test_an_upload_with_a_key_is_sent_again_byte_by_byte(
    acts: list[hostile.Act], cause: type[Exception], call: Call, tmp_path: Path
) -> None:
    path = tmp_path / "請求書_Müller & Søn №1.png"
    path.write_bytes(PNG * 50_000)
    with serving(*acts, answer(200, WAITING)) as server:
        job = call(keyed(server), lambda client: client.upload(path, metadata={"ref": "Ü"}))

    first, second = server.seen
    assert job.id == "d1"
    assert first.body == second.body
    assert dict(first.headers) == dict(second.headers)
    assert first.headers["idempotency-key"] == job.idempotency_key
    assert first.body.count(PNG) == 50_000


@pytest.mark.parametrize("kind", ["iterator", "file", "bytes"])
def test_a_repeated_body_is_never_empty(kind: str, call: Call) -> None:
    file = io.BytesIO(b"head" + PNG)
    file.seek(4)
    source: Any = {"iterator": iter([PNG]), "file": file, "bytes": PNG}[kind]
    with serving(answer(503), answer(200, WAITING)) as server:
        call(keyed(server), lambda client: client.upload(source))

    assert server.seen[0].body == server.seen[1].body
    assert PNG in server.seen[1].body
    assert b"head" not in server.seen[1].body


@pytest.mark.parametrize(("acts", "cause"), REFUSALS)
def test_reading_is_tried_again(acts: list[hostile.Act], cause: type[Exception], call: Call) -> None:
    with serving(*acts, answer(200, READING)) as server:
        assert call(keyless(server), status).status is JobStatus.PROCESSING

    assert len(server.seen) == 2


def test_a_keyless_upload_is_sent_again_where_the_connection_was_refused(call: Call) -> None:
    port = hostile.free_port()
    attempts: list[int] = []

    def count(state: tenacity.RetryCallState) -> float:
        attempts.append(state.attempt_number)
        return 0.0

    policy = replace(AT_ONCE, wait=count)  # type: ignore[arg-type] # tenacity takes any callable
    with pytest.raises(NothingSent, match=f"POST /documents: 127.0.0.1:{port}: "):
        call(acme(base_url=f"http://127.0.0.1:{port}"), upload, retry=policy)

    assert attempts == [1, 2, 3, 4]


def test_a_name_that_does_not_resolve_means_that_nothing_was_sent(call: Call) -> None:
    with pytest.raises(NothingSent):
        call(acme(base_url="http://no-such-host.invalid"), upload)


def test_a_keyless_upload_is_not_sent_again_where_the_connection_was_reset_before_an_answer(
    call: Call,
) -> None:
    with serving(answer(200, WAITING), resets_before_reading=1) as server, pytest.raises(SubmissionUnknown):
        call(keyless(server), upload)

    assert server.connections == 1


def test_a_keyless_upload_is_sent_again_where_the_provider_refused_to_act(call: Call) -> None:
    with serving(answer(429), answer(429), answer(200, WAITING)) as server:
        assert call(keyless(server), upload).id == "d1"

    assert len({seen.body for seen in server.seen}) == 1
    assert len(server.seen) == 3


@pytest.mark.parametrize("given", ["0", "date"])
def test_retry_after_is_waited_for(given: str, call: Call) -> None:
    value = formatdate(time.time() + 1, usegmt=True) if given == "date" else given
    limited = answer(429, headers={"Retry-After": value, "Date": formatdate(usegmt=True)})
    with serving(limited, answer(200, WAITING)) as server, taking_at_most(4):
        started = time.monotonic()
        call(keyless(server), upload)

    assert time.monotonic() - started >= (0.9 if given == "date" else 0)


def test_an_absurd_retry_after_is_an_error_with_the_time(call: Call) -> None:
    with (
        serving(answer(429, headers={"Retry-After": "86400"})) as server,
        taking_at_most(2),
        pytest.raises(RateLimited) as raised,
    ):
        call(keyless(server), upload)

    assert raised.value.retry_after == 86400
    assert raised.value.retry_at == pytest.approx(time.time() + 86400, abs=5)
    assert len(server.seen) == 1


def test_a_retry_after_beyond_the_deadline_is_not_waited_for(call: Call) -> None:
    with (
        serving(answer(429, headers={"Retry-After": "30"})) as server,
        taking_at_most(1),
        pytest.raises(RateLimited),
    ):
        call(keyless(server), lambda client: client.upload(PNG, deadline=5))


# Time


@pytest.mark.parametrize(
    "act", [hostile.silence, hostile.drip_head, hostile.drip_body], ids=lambda act: act.__name__
)
def test_a_deadline_bounds_the_whole_operation(act: hostile.Act, call: Call) -> None:
    with (
        serving(act) as server,
        taking_at_most(1.0),
        # A phase of the attempt ends at the same moment, and whichever is first says so.
        pytest.raises(AttemptTimeout, match=r"GET /documents/d1: (no answer within 0\.\d s|timed out)"),
    ):
        call(keyless(server), lambda client: client.status("d1", deadline=0.6))


def test_a_deadline_bounds_an_upload_that_nobody_reads(call: Call) -> None:
    large = PNG + bytes(32 * 1024 * 1024)
    with serving(reads=False) as server, taking_at_most(1.6), pytest.raises(SubmissionUnknown) as raised:
        call(keyless(server), lambda client: client.upload(large, deadline=0.8))

    assert isinstance(raised.value.__cause__, AttemptTimeout)


def test_a_head_that_never_ends_gives_its_place_back() -> None:
    keen = RetryPolicy(stop=tenacity.stop_after_delay(15), wait=tenacity.wait_fixed(0.1))

    async def main(server: Hostile) -> Job:
        one_place = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(limits=one_place) as http:
            client = AsyncClient(keyless(server), timeout=0.2, retry=keen, http_client=http)
            with pytest.raises(AttemptTimeout):
                await client.with_options(retry=NO_RETRY).status("d1", deadline=1)
            return await client.status("d1")

    with serving(hostile.drip_head, answer(200, READING)) as server:
        job = asyncio.run(main(server))

    assert job.status is JobStatus.PROCESSING
    assert len(server.seen) >= 2


def test_a_deadline_covers_the_retries(call: Call) -> None:
    with (
        serving(hostile.late(0.25, answer(503))) as server,
        taking_at_most(5),
        pytest.raises(PaperhookError),
    ):
        call(
            keyless(server),
            lambda client: client.status("d1", deadline=3),
            retry=RetryPolicy(stop=tenacity.stop_never, wait=tenacity.wait_none()),
        )

    # A busy machine makes fewer than there is time for.
    assert 2 <= len(server.seen) <= 12


def test_a_timeout_bounds_one_attempt(call: Call) -> None:
    with serving(hostile.silence, answer(200, READING)) as server, taking_at_most(1.5):
        job = call(keyless(server), status, timeout=0.4)

    assert job.status is JobStatus.PROCESSING
    assert len(server.seen) == 2


def test_a_timeout_that_is_shorter_than_the_deadline_is_told_as_such(call: Call) -> None:
    with serving(hostile.silence) as server, taking_at_most(3), pytest.raises(AttemptTimeout) as raised:
        call(keyless(server), lambda client: client.status("d1", deadline=20), timeout=0.2, retry=NO_RETRY)

    assert "within" not in str(raised.value)


def test_an_answer_in_time_is_not_disturbed_by_the_deadline(call: Call) -> None:
    with serving(hostile.late(0.2, answer(200, READING))) as server:
        assert call(keyless(server), lambda client: client.status("d1", deadline=10)).id == "d1"


def test_an_error_within_the_deadline_is_the_error(call: Call) -> None:
    with serving(answer(400)) as server, pytest.raises(BadRequest):
        call(keyless(server), lambda client: client.status("d1", deadline=10))


def test_reading_the_document_counts(call: Call) -> None:
    def slow() -> Iterator[bytes]:
        time.sleep(0.3)
        yield PNG

    with serving(answer(200, WAITING)) as server:
        with pytest.raises(DeadlineExceeded):
            call(keyless(server), lambda client: client.upload(slow(), deadline=0.2))
        # The thread that reads it for the loop ends by itself.
        time.sleep(0.2)

    assert server.seen == []


def test_an_async_iterator_that_never_yields_is_not_waited_for() -> None:
    async def never() -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield PNG

    with taking_at_most(1.5), pytest.raises(DeadlineExceeded, match=r"could not be read within 0\.2 s"):
        _async(acme(), lambda client: client.upload(never(), deadline=0.2))


def test_a_timeout_of_the_users_own_iterator_is_the_users() -> None:
    async def failing() -> AsyncIterator[bytes]:
        raise TimeoutError("theirs")
        yield PNG

    with pytest.raises(TimeoutError, match="theirs") as raised:
        _async(acme(), lambda client: client.upload(failing(), deadline=5))

    assert not isinstance(raised.value, PaperhookError)


# Answers that are not to be trusted


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{other}/d1",
        "https://127.0.0.1:{own}/d1",
        "http://127.0.0.1:{own}@127.0.0.1:{other}/d1",
        "http://acme:secret@127.0.0.1:{other}/d1",
        "http://localhost:{other}/d1",
        "//127.0.0.1:{other}/d1",
        "\\\\127.0.0.1:{other}\\d1",
        "http://127.0.0.1:{own}/elsewhere",
        "/elsewhere",
    ],
)
@pytest.mark.parametrize("code", [301, 307, 308])
def test_credentials_do_not_follow_a_redirect(location: str, code: int, call: Call) -> None:
    with serving(answer(200, WAITING)) as other, serving(answer()) as server:
        own_port, other_port = (each.url.rpartition(":")[2] for each in (server, other))
        target = location.format(own=own_port, other=other_port)
        server.acts[:] = [answer(code, headers={"Location": target})]
        with pytest.raises(MalformedAnswer, match=str(code)):
            call(keyless(server), status)

    assert other.seen == []
    assert len(server.seen) == 1


def test_a_client_of_ones_own_that_follows_redirects_does_not_follow_them_here() -> None:
    with (
        serving(answer(200, READING)) as other,
        serving(answer(302, headers={"Location": other.url})) as server,
        httpx.Client(follow_redirects=True) as http,
        pytest.raises(MalformedAnswer),
    ):
        Client(keyless(server), http_client=http).status("d1")

    assert other.seen == []


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff", b"[" * 100_000, b'{"id": "d1"', b""])
def test_an_answer_that_is_no_json_is_malformed_and_not_asked_for_again(body: bytes, call: Call) -> None:
    with serving(answer(200, raw=body)) as server, pytest.raises(MalformedAnswer, match="not a JSON object"):
        call(keyless(server), status)

    assert len(server.seen) == 1


def test_a_huge_answer_is_not_read_to_its_end_and_not_asked_for_again(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MAX_ANSWER_BYTES", 100_000)
    with (
        serving(answer(200, raw=b"x" * 50_000_000)) as server,
        pytest.raises(MalformedAnswer, match="more than 100000 bytes"),
    ):
        call(keyless(server), status)

    assert len(server.seen) == 1


# Bodies


@dataclass(frozen=True)
class Echo(Acme):
    """Sends any body."""

    name: ClassVar[str] = "echo"

    def put(self, body: Any, headers: tuple[tuple[str, str], ...] = ()) -> Steps[int]:
        request = Request("PUT", f"{self.base_url}/echo?path=/a/b&q=%2F%E8", headers, body)
        response = yield from send(request, self.error_of)
        return response.status


def echoed(call: Call, body: Any, headers: tuple[tuple[str, str], ...] = ()) -> hostile.Seen:
    with serving(answer(200, {})) as server:
        provider = Echo("acme-key", base_url=server.url)
        assert call(provider, lambda client: client.run(provider.put(body, headers))) == 200
    return server.seen[0]


def test_a_url_is_sent_as_it_is(call: Call) -> None:
    assert echoed(call, None).target == "/echo?path=/a/b&q=%2F%E8"


def test_no_body_is_no_body(call: Call) -> None:
    seen = echoed(call, None)

    assert seen.body == b""
    assert "content-type" not in seen.headers


def test_a_multipart_body_keeps_the_order_and_the_names(call: Call) -> None:
    named = replace(document("請求書_Müller & Søn №1.png", content=PNG), content_type="image/png")
    seen = echoed(call, Multipart((("b", "2"), ("a", "ü"), ("b", "3")), (FilePart("file", named),)))

    content_type, _, boundary = seen.headers["content-type"].partition("; boundary=")
    assert content_type == "multipart/form-data"
    assert seen.body == b"".join(
        [
            *[
                f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                for name, value in (("b", "2"), ("a", "ü"), ("b", "3"))
            ],
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '.encode(),
            'filename="請求書_Müller & Søn №1.png"\r\nContent-Type: image/png\r\n\r\n'.encode(),
            PNG,
            f"\r\n--{boundary}--\r\n".encode(),
        ]
    )


def test_a_multipart_body_of_fields_alone_is_multipart_all_the_same(call: Call) -> None:
    seen = echoed(call, Multipart((("a", "half \udc80"),)))

    assert seen.headers["content-type"].startswith("multipart/form-data")
    assert b'name="a"\r\n\r\nhalf ?\r\n' in seen.body


@pytest.mark.parametrize("filename", ['a"\r\nX-Evil: 1\r\n\r\n.png', "a\0.png", "a\n.png"])
def test_a_filename_cannot_end_its_header(filename: str, call: Call) -> None:
    seen = echoed(call, Multipart((), (FilePart("file", document(filename, content=PNG)),)))

    head = seen.body.partition(b"\r\n\r\n")[0]
    assert head.count(b"\r\n") == 2
    assert b"\0" not in head


def test_a_content_type_cannot_end_its_header(call: Call) -> None:
    evil = document(content_type="image/png\r\nX-Evil: 1")

    with pytest.raises(ConfigurationError, match="no content type"):
        echoed(call, Multipart((), (FilePart("file", evil),)))


@pytest.mark.parametrize(
    "value", ["key-5f0c\r\nX-Evil: 1", "key-5f0c\n", "key-5f0cé", "key-5f0c\0", " key-5f0c"]
)
def test_what_would_end_a_header_is_refused_without_showing_it(value: str, call: Call) -> None:
    with pytest.raises(ConfigurationError, match="the header X-Key") as refused:
        echoed(call, None, (("X-Key", value),))

    assert "5f0c" not in str(refused.value)


def test_an_empty_header_is_a_header(call: Call) -> None:
    assert echoed(call, None, (("X-Empty", ""),)).headers["x-empty"] == ""


def test_a_raw_body_is_the_bytes_with_their_length(call: Call) -> None:
    seen = echoed(call, RawBody(open_document(PNG * 30_000), "image/png"))

    assert seen.body == PNG * 30_000
    assert seen.headers["content-length"] == str(len(PNG) * 30_000)
    assert seen.headers["content-type"] == "image/png"


class Dripping(io.RawIOBase):
    """Gives one, two, three … bytes at a time, as a stream may."""

    def __init__(self, content: bytes) -> None:
        self._rest, self._next = content, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._next += 1
        chunk, self._rest = self._rest[: self._next], self._rest[self._next :]
        buffer[: len(chunk)] = chunk
        return len(chunk)


class Drip:
    def open(self) -> BinaryIO:
        return Dripping(PNG)  # type: ignore[return-value] # a raw stream reads all the same


@pytest.mark.parametrize("content", [Drip(), Bytes(PNG)], ids=["dripping", "whole"])
@pytest.mark.parametrize("value", [{}, {"name": "Ü", "n": 1}])
def test_a_document_inside_json_has_the_announced_length(
    content: Any, value: dict[str, Any], call: Call
) -> None:
    body = Base64Json("file", replace(document(content=PNG), content=content), value)

    seen = echoed(call, body)

    assert seen.json() == {**value, "file": base64.b64encode(PNG).decode()}
    assert seen.headers["content-length"] == str(len(seen.body))
    assert seen.headers["content-type"] == "application/json"


@pytest.mark.parametrize("size_bytes", [1, 2, 3, 65536 * 3, 65536 * 3 + 1])
def test_a_document_of_any_length_survives_base64(size_bytes: int, call: Call) -> None:
    content = random.Random(size_bytes).randbytes(size_bytes)

    seen = echoed(call, Base64Json("file", document(content=content)))

    assert base64.b64decode(seen.json()["file"], validate=True) == content


@pytest.mark.parametrize("value", [{"x": object()}, {"x": float("nan")}, {"x": {1, 2}}])
def test_what_is_no_json_is_a_mistake_that_is_told(value: Any, call: Call) -> None:
    for body in (JsonBody(value), Base64Json("file", document(), value)):
        with pytest.raises(ConfigurationError, match="cannot be written as JSON"):
            echoed(call, body)


def test_half_a_character_in_json_is_escaped(call: Call) -> None:
    assert echoed(call, JsonBody({"x": "\udc80ü"})).json() == {"x": "\udc80ü"}


@pytest.mark.parametrize("found", [PNG[:-1], PNG + b"x", b""], ids=["shorter", "longer", "empty"])
@pytest.mark.parametrize("kind", [RawBody, lambda each: Base64Json("f", each)], ids=["raw", "base64"])
def test_a_document_that_is_not_its_announced_length_is_not_sent_to_its_end(
    found: bytes, kind: Callable[[Document], Any], call: Call
) -> None:
    changed = replace(document(content=PNG), content=Bytes(found))

    with serving(answer(200, {})) as server:
        provider = Echo("acme-key", base_url=server.url)
        with pytest.raises(UnsupportedDocument) as raised:
            call(provider, lambda client: client.run(provider.put(kind(changed))))

    assert raised.value.code == "changed"
    assert server.seen == []


class FailingDisk:
    """Can be opened, and fails in the middle."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def open(self) -> BinaryIO:
        if isinstance(self._error, ValueError):
            raise self._error

        class Stream(io.BytesIO):
            def read(_, size: int | None = -1) -> bytes:  # noqa: N805 - two selves
                raise self._error

        return Stream(PNG)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(5, "Input/output error"), "Input/output error"),
        (ValueError("I/O on closed file"), "ValueError"),
    ],
)
def test_a_document_that_cannot_be_read_any_more_is_told(error: Exception, reason: str, call: Call) -> None:
    lost = replace(document(content=PNG), content=FailingDisk(error))

    with pytest.raises(UnsupportedDocument, match=f"cannot be read any more: {reason}") as raised:
        echoed(call, Multipart((), (FilePart("file", lost),)))

    assert raised.value.code == "unreadable"


def test_a_file_that_changes_between_two_attempts_is_not_sent_again(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)

    def change(connection: Any) -> None:
        path.write_bytes(PNG + b"more")
        connection.send(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")

    with serving(change, answer(200, WAITING)) as server, pytest.raises(UnsupportedDocument, match="changed"):
        call(keyed(server), lambda client: client.upload(path))

    assert len(server.seen) == 1


def test_a_stream_that_tells_nothing_and_gives_little_at_a_time_is_sent_whole() -> None:
    class Dripping(io.RawIOBase):
        """Tells neither number nor place."""

        def __init__(self) -> None:
            self._rest = io.BytesIO(PNG)

        def read(self, size: int = -1) -> bytes:
            return self._rest.read(min(size, 3))

    class Unmeasured:
        def open(self) -> BinaryIO:
            return Dripping()  # type: ignore[return-value] # has read

    bodies: list[bytes] = []

    def take(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        assert request.headers["content-length"] == str(len(bodies[0]))
        return httpx.Response(200, json={})

    provider = Echo("acme-key")
    with httpx.Client(transport=httpx.MockTransport(take)) as http:
        dripping = replace(document(), content=Unmeasured(), size_bytes=len(PNG))
        for body in (Multipart((), (FilePart("file", dripping),)), Base64Json("content", dripping)):
            Client(provider, http_client=http).run(provider.put(body))
            assert PNG in bodies[0] or base64.b64encode(PNG) in bodies[0]
            bodies.clear()


@pytest.mark.parametrize("url", ["https://acme.example/\0", "https://acme.example/" + "x" * 70_000])
def test_a_url_that_is_none_is_a_mistake_that_is_told(url: str, call: Call) -> None:
    def get(provider: Acme) -> Steps[Any]:
        return (yield from send(Request("GET", url), provider.error_of))

    with pytest.raises(ConfigurationError, match="GET"):
        call(acme(), lambda client: client.run(get(acme())))


# Keys


def keys_of(call: Call, *calls: Callable[[Any], Any], **options: Any) -> list[str]:
    with serving(answer(200, WAITING)) as server:
        for do in calls:
            call(keyed(server), do, **options)
    return [seen.headers["idempotency-key"] for seen in server.seen]


def test_the_same_document_has_the_same_key_unless_it_is_sent_again_on_purpose(call: Call) -> None:
    first, second, again, third = keys_of(
        call,
        upload,
        upload,
        lambda client: client.upload(PNG, again=True),
        lambda client: client.upload(PNG, again=True),
    )

    assert first == second
    assert len({first, again, third}) == 3


def test_a_namespace_and_metadata_change_the_key_and_ones_own_key_wins(call: Call) -> None:
    (plain,) = keys_of(call, upload)
    (apart,) = keys_of(call, upload, namespace="shop")
    noted, own = keys_of(
        call,
        lambda client: client.upload(PNG, metadata={"ref": 1}),
        lambda client: client.upload(PNG, idempotency_key="mine"),
    )

    assert len({plain, apart, noted}) == 3
    assert own == "mine"


def test_metadata_that_is_no_json_is_refused_before_a_byte_is_sent(call: Call) -> None:
    with pytest.raises(ConfigurationError, match="metadata"):
        call(acme(), lambda client: client.upload(PNG, metadata={"x": object()}))


# Many uploads


def numbered() -> Iterator[bytes]:
    for number in range(10**9):
        yield PNG + str(number).encode()


def outcomes_of(call: Call, sources: Any, *, most: int, **named: Any) -> Callable[[Any], Any]:
    """Take so many outcomes, then leave the loop."""

    def take(client: Client) -> list[UploadOutcome[Any]]:
        found: list[UploadOutcome[Any]] = []
        for outcome in client.upload_many(sources, **named):
            found.append(outcome)
            if len(found) == most:
                break
        return found

    async def take_async(client: AsyncClient) -> list[UploadOutcome[Any]]:
        found: list[UploadOutcome[Any]] = []
        async for outcome in client.upload_many(sources, **named):
            found.append(outcome)
            if len(found) == most:
                break
        return found

    return take if call is _sync else take_async


def test_an_endless_iterator_is_uploaded_as_far_as_it_is_asked_for(call: Call) -> None:
    taken: list[bytes] = []
    sources = (taken.append(each) or each for each in numbered())
    with serving(answer(200, WAITING)) as server:
        found = call(keyless(server), outcomes_of(call, sources, most=10, concurrency=3))

    assert len(found) == 10
    assert all(each.job is not None and each.error is None for each in found)
    # As many are read ahead as are under way, no more.
    assert len(taken) <= 10 + 3


def test_each_failure_is_an_outcome_of_its_own(call: Call, tmp_path: Path) -> None:
    def failing() -> Iterator[bytes]:
        yield PNG
        raise KeyError("theirs")

    sources = [PNG, b"", tmp_path / "missing.png", io.BytesIO(PNG), iter([PNG]), iter([b""]), failing()]
    with serving(answer(200, WAITING)) as server:
        found = call(keyless(server), outcomes_of(call, sources, most=10, metadata={"ref": 1}))

    codes = sorted(each.error.code if each.error else "" for each in found)
    assert codes == ["", "", "", "empty_file", "empty_file", "unreadable", "unreadable"]
    assert {id(each.source) for each in found} == {id(each) for each in sources}


def test_no_sources_give_no_outcomes(call: Call) -> None:
    assert call(acme(), outcomes_of(call, [], most=1)) == []


@pytest.mark.parametrize("concurrency", [0, -1])
def test_less_than_one_at_once_is_a_mistake_that_is_told(concurrency: int, call: Call) -> None:
    with pytest.raises(ConfigurationError, match="concurrency"):
        call(acme(), outcomes_of(call, [PNG], most=1, concurrency=concurrency))


def test_no_more_are_under_way_than_was_said(call: Call) -> None:
    with serving(hostile.late(0.1, answer(200, WAITING))) as server:
        call(keyless(server), outcomes_of(call, [PNG] * 8, most=8, concurrency=2))

    assert server.connections <= 2


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_leaving_the_loop_early_waits_for_nothing(call: Call) -> None:
    def quick_first() -> Iterator[bytes]:
        yield b"GIF89a, so it is refused at once"
        yield from numbered()

    with serving(hostile.silence) as server, taking_at_most(2):
        found = call(keyless(server), outcomes_of(call, quick_first(), most=1, concurrency=4))

    assert isinstance(found[0].error, UnsupportedDocument)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_upload_that_is_between_two_attempts_when_the_loop_is_left_is_not_tried_again() -> None:
    slow = RetryPolicy(stop=tenacity.stop_never, wait=tenacity.wait_fixed(60))
    with serving(answer(503)) as server, taking_at_most(3), Client(keyed(server), retry=slow) as client:
        for outcome in client.upload_many([PNG, b"GIF89a"], concurrency=2):
            assert outcome.error
            assert wait_until(lambda: len(server.seen) == 1)
            break
        assert wait_until(lambda: not uploading_threads())

    assert len(server.seen) == 1


def test_an_error_of_the_users_iterator_is_the_users(call: Call) -> None:
    def failing() -> Iterator[bytes]:
        yield PNG
        raise KeyError("theirs")

    with serving(answer(200, WAITING)) as server, pytest.raises(KeyError, match="theirs"):
        call(keyless(server), outcomes_of(call, failing(), most=5))


def uploading_threads() -> list[threading.Thread]:
    gc.collect()
    return [each for each in threading.enumerate() if each.name.startswith("paperhook-upload")]


def wait_until(is_so: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.005)
    return is_so()


async def until(is_so: Callable[[], bool]) -> None:
    assert await asyncio.to_thread(wait_until, is_so)


# Sharing


def test_threads_share_a_client() -> None:
    with (
        serving(answer(200, READING)) as server,
        Client(keyless(server)) as client,
        ThreadPoolExecutor(12) as pool,
    ):
        jobs = list(pool.map(lambda number: client.status(f"d{number}"), range(120)))

    assert len(jobs) == len(server.seen) == 120
    assert server.connections <= 16


@pytest.mark.slow
def test_random_cancellation_leaves_the_connections_usable() -> None:
    dice = random.Random(7)

    async def main(server: Hostile) -> None:
        async with AsyncClient(keyless(server), timeout=5) as client:
            for _ in range(500):
                tasks = [asyncio.create_task(client.upload(PNG)) for _ in range(4)]
                await asyncio.sleep(dice.random() * 0.004)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            jobs = await asyncio.gather(*(client.status("d1", deadline=5) for _ in range(32)))
            assert len(jobs) == 32

    with serving(answer(200, READING)) as server:
        asyncio.run(main(server))


def test_a_cancelled_upload_stops_at_its_next_chunk() -> None:
    body_read = 0

    class Watched(Bytes):
        def open(self) -> BinaryIO:
            class Stream(io.BytesIO):
                def read(_, size: int | None = -1) -> bytes:  # noqa: N805 - two selves
                    nonlocal body_read
                    body_read += 1
                    time.sleep(0.002)
                    return b"x" * (size or 1)

            return Stream()

    endless = replace(document(), content=Watched(b""), size_bytes=10**9)

    async def main(server: Hostile) -> None:
        provider = Echo("acme-key", base_url=server.url)
        async with AsyncClient(provider) as client:
            task = asyncio.create_task(client.run(provider.put(RawBody(endless))))
            await until(lambda: body_read >= 50)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.sleep(0.2)
            stopped_at = body_read
            await asyncio.sleep(0.2)
            assert body_read == stopped_at

    with serving(answer(200, {})) as server:
        asyncio.run(main(server))


def test_a_slow_disk_does_not_stop_the_loop() -> None:
    class SlowDisk(Bytes):
        def open(self) -> BinaryIO:
            class Stream(io.BytesIO):
                def read(stream, size: int | None = -1) -> bytes:  # noqa: N805 - two selves
                    time.sleep(0.1)
                    return super().read(size)

            return Stream(self.value)

    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - before)

    async def main(server: Hostile) -> None:
        provider = Echo("acme-key", base_url=server.url)
        watching = asyncio.create_task(watch())
        async with AsyncClient(provider) as client:
            await client.run(provider.put(RawBody(replace(document(content=PNG), content=SlowDisk(PNG)))))
        watching.cancel()

    with serving(answer(200, {})) as server:
        asyncio.run(main(server))

    # One read alone takes 2 s; a busy machine takes some of the rest.
    assert longest < 1.5


def test_a_cancelled_upload_reads_its_iterator_no_further() -> None:
    began, goes_on, asked = threading.Event(), threading.Event(), 0

    def chunks() -> Iterator[bytes]:
        nonlocal asked
        for _ in range(3):
            asked += 1
            began.set()
            goes_on.wait(30)
            yield PNG

    async def main() -> None:
        async with AsyncClient(Acme("acme-key")) as client:
            task = asyncio.create_task(client.upload(chunks()))
            await until(began.is_set)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            goes_on.set()

    # It waits for its threads.
    asyncio.run(main())

    assert asked == 1


@pytest.mark.parametrize(("ends_first", "is_own"), [(True, False), (False, False), (False, True)])
def test_what_was_opened_for_nobody_is_closed_unless_it_is_the_callers(
    ends_first: bool, is_own: bool
) -> None:
    began, goes_on, ended, closed = (threading.Event() for _ in range(4))

    class Kept(Bytes):
        def close(self) -> None:
            closed.set()

    kept = replace(document(), content=Kept(b""))

    def open_it(*, is_left: Callable[[], bool]) -> Document:
        began.set()
        goes_on.wait(30)
        ended.set()
        return kept

    async def main() -> None:
        task = asyncio.create_task(opened_aside(running_loop(), open_it, kept if is_own else None))
        await until(began.is_set)
        if ends_first:
            goes_on.set()
            # The loop cannot be told meanwhile.
            ended.wait(30)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        goes_on.set()

    asyncio.run(main())

    assert closed.is_set() is not is_own


def test_what_an_async_iterator_gives_is_written_hashed_and_removed_beside_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: dict[str, set[threading.Thread]] = {"writelines": set(), "readinto": set(), "close": set()}

    class Noting(io.BytesIO):
        def writelines(self, chunks: Any) -> None:
            threads["writelines"].add(threading.current_thread())
            super().writelines(chunks)

        def readinto(self, buffer: Any) -> int:
            threads["readinto"].add(threading.current_thread())
            return super().readinto(buffer)

        def close(self) -> None:
            threads["close"].add(threading.current_thread())
            super().close()

    async def chunks() -> AsyncIterator[bytes]:
        yield PNG
        for _ in range(20):
            yield bytes(65536)

    async def main(server: Hostile) -> None:
        async with AsyncClient(keyless(server), tracker="memory:") as client:
            await client.upload(chunks())

    monkeypatch.setattr(tempfile, "TemporaryFile", Noting)
    with serving(answer(200, READING)) as server:
        asyncio.run(main(server))

    assert PNG + bytes(20 * 65536) in server.seen[0].body
    assert all(threads.values())
    assert threading.main_thread() not in set().union(*threads.values())


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_async_client_outlives_the_loop_that_it_was_first_used_on() -> None:
    with serving(answer(200, READING)) as server:
        client = AsyncClient(keyless(server))

        first = asyncio.run(client.status("d1"))
        second = asyncio.run(client.status("d1"))
        asyncio.run(client.close())
        # The sockets of the first loop cannot be closed any more by anybody but the collector.
        gc.collect()

    assert first == second


def test_certificates_are_loaded_once_and_beside_the_loop() -> None:
    threads: list[threading.Thread] = []

    class Noting(AsyncTransport):
        @cached_property
        def _tls(self) -> ssl.SSLContext:
            threads.append(threading.current_thread())
            return httpx.create_ssl_context()

    async def main(server: Hostile) -> None:
        async with AsyncClient(keyless(server)) as client:
            client._transport = Noting(None)
            await asyncio.gather(*[client.status("d1") for _ in range(8)])
            await client.status("d1")

    with serving(answer(200, READING)) as server:
        asyncio.run(main(server))

    assert len(threads) == 1
    assert threading.main_thread() not in threads


def test_two_loops_at_once_have_connections_of_their_own() -> None:
    with serving(hostile.late(0.02, answer(200, READING))) as server:
        client = AsyncClient(keyless(server))

        async def ask() -> int:
            jobs = [await client.status("d1") for _ in range(10)]
            http = client._transport.pool.get(running_loop())
            await http.aclose()
            return len(jobs)

        with ThreadPoolExecutor(2) as pool:
            counts = [each.result() for each in [pool.submit(asyncio.run, ask()) for _ in range(2)]]

    assert counts == [10, 10]
    assert server.connections == 2


def _ask_in_child(client: Client, told: Any) -> None:
    told.put(client.status("d1").id)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_does_not_use_its_parents_connections() -> None:
    forking = multiprocessing.get_context("fork")
    with serving(answer(200, READING)) as server, Client(keyless(server)) as client:
        client.status("d1")
        told = forking.Queue()
        child = forking.Process(target=_ask_in_child, args=(client, told))
        child.start()
        assert told.get(timeout=10) == "d1"
        child.join(10)
        client.status("d1")

    assert server.connections == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_that_is_forked_while_a_thread_takes_a_connection_has_its_own() -> None:
    with serving(answer(200, READING)) as server, Client(keyless(server), timeout=5) as client:
        client.status("d1")
        # As if another thread were just taking one: nobody in the child would ever let go of the lock.
        with client._transport.pool.lock:
            child = os.fork()
            if child == 0:
                try:
                    client.status("d1", deadline=5)
                    os._exit(0)
                finally:
                    os._exit(1)
        ended = wait_until(lambda: os.waitpid(child, os.WNOHANG) != (0, 0), 10)
        client.status("d1")

    assert ended
    assert (len(server.seen), server.connections) == (3, 2)


def test_options_are_changed_on_a_copy_that_shares_the_connections(call: Call) -> None:
    with serving(answer(200, READING)) as server:

        def both(client: Client) -> Any:
            copy = client.with_options(timeout=3, namespace="n", retry=AT_ONCE, provider=keyed(server))
            same = copy.with_options()
            assert (copy._timeout, same._timeout, same._namespace) == (3, 3, "n")
            assert (client._namespace, client.provider.name, same.provider.name) == ("", "acme", "keyed-acme")
            client.status("d1")
            return same.status("d1")

        async def both_async(client: AsyncClient) -> Any:
            await client.status("d1")
            return await client.with_options(timeout=3).status("d1")

        call(keyless(server), both if call is _sync else both_async)

    assert server.connections == 1


@pytest.mark.parametrize("options", [{"timeout": 0}, {"timeout": -1}, {"timeout": float("nan")}])
def test_a_copy_is_checked_as_the_original(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="timeout"):
        Client(acme()).with_options(**options)
    with pytest.raises(ConfigurationError, match="timeout"):
        Client(acme(), **options)
    with pytest.raises(ConfigurationError, match="no API key: set ACME_API_KEY"):
        Client(acme()).with_options(provider=Acme())


def test_a_client_is_made_from_the_environment() -> None:
    client = Client.from_env("docuparse", {"DOCUPARSE_API_KEY": "k"})

    assert client.provider.name == "docuparse"
    assert "'k'" not in repr(client)
    with pytest.raises(ConfigurationError):
        AsyncClient.from_env("no-such-provider", {})


# Closing


def test_closing_twice_is_fine_and_later_calls_say_so(call: Call) -> None:
    def close(client: Client) -> Any:
        client.status("d1")
        client.close()
        client.close()
        return client.status("d1")

    async def close_async(client: AsyncClient) -> Any:
        await client.status("d1")
        await client.close()
        await client.close()
        return await client.status("d1")

    with serving(answer(200, READING)) as server, pytest.raises(ConfigurationError, match="closed"):
        call(keyless(server), close if call is _sync else close_async)


def test_closing_ends_a_pause_between_attempts() -> None:
    slow = RetryPolicy(wait=tenacity.wait_fixed(60))
    with (
        serving(answer(503)) as server,
        Client(keyless(server), retry=slow) as client,
        ThreadPoolExecutor(1) as pool,
        taking_at_most(3),
    ):
        asking = pool.submit(client.status, "d1")
        assert wait_until(lambda: len(server.seen) == 1)
        client.close()
        with pytest.raises(ConfigurationError, match="closed"):
            asking.result()


def test_closing_ends_what_is_under_way_on_copies_too() -> None:
    async def main(server: Hostile) -> None:
        client = AsyncClient(keyless(server))
        copy = client.with_options(timeout=60)
        asking = asyncio.create_task(copy.status("d1"))
        await until(lambda: bool(server.seen))
        await client.close()
        await asyncio.wait([asking], timeout=2)
        assert asking.done()
        assert asking.cancelled() or asking.exception()

    with serving(hostile.silence) as server, taking_at_most(3):
        asyncio.run(main(server))


def test_leaving_the_context_with_an_upload_in_flight_says_that_it_may_have_arrived() -> None:
    errors: list[BaseException] = []

    async def upload_in(client: AsyncClient) -> None:
        with pytest.raises(SubmissionUnknown, match="the client was closed") as raised:
            await client.upload(PNG)
        errors.append(raised.value)

    async def main(server: Hostile) -> None:
        async with AsyncClient(keyless(server), tracker="memory:") as client:
            uploading = asyncio.create_task(upload_in(client))
            await until(lambda: bool(server.seen))
        await uploading

    with serving(hostile.silence) as server, taking_at_most(1):
        asyncio.run(main(server))

    assert len(errors) == 1


def test_a_client_of_ones_own_is_used_and_left_open() -> None:
    def take(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=READING)

    with httpx.Client(transport=httpx.MockTransport(take)) as http:
        with Client(acme(), http_client=http) as client:
            assert client.status("d1").id == "d1"
        assert not http.is_closed

    with pytest.raises(ConfigurationError, match="closed"):
        Client(acme(), http_client=http).status("d1")


def test_an_async_client_of_ones_own_is_used_and_left_open() -> None:
    async def main() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json=READING))
        async with httpx.AsyncClient(transport=transport) as http:
            async with AsyncClient(acme(), http_client=http) as client:
                assert (await client.status("d1")).id == "d1"
            assert not http.is_closed

    asyncio.run(main())


def test_the_callers_document_is_left_open_and_what_we_opened_is_closed(call: Call) -> None:
    own = open_document(iter([PNG]))
    with serving(answer(200, {"id": "b1", **WAITING})) as server:
        for _ in range(2):
            call(keyless(server), lambda client: client.upload(own))
            call(keyless(server), lambda client: client.batch([own, iter([PNG])]))

    assert len(server.seen) == 4
    own.content.close()  # type: ignore[attr-defined] # a spooled one


def test_documents_that_were_opened_are_closed_when_a_later_one_is_refused(
    call: Call, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedDocument):
        call(acme(), lambda client: client.batch([iter([PNG]), tmp_path / "missing.png"]))

    # An open temporary file would be a ResourceWarning, and warnings are errors.
    gc.collect()


# Pages


def test_a_pdf_is_turned_into_pages_where_a_provider_asks_for_them(call: Call) -> None:
    pytest.importorskip("pypdfium2")
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    made = io.BytesIO()
    drawn = canvas.Canvas(made)
    for text in ("one", "two"):
        drawn.drawString(100, 700, text)
        drawn.showPage()
    drawn.save()

    scan = open_document(made.getvalue(), filename="scan.pdf")
    pages = call(acme(), lambda client: client.run(rasterise(scan)))

    assert [page.filename for page in pages] == ["scan-1.png", "scan-2.png"]
    assert {page.content_type for page in pages} == {"image/png"}


def test_a_pdf_that_cannot_be_read_is_an_error_that_an_operation_sees(call: Call) -> None:
    pytest.importorskip("pypdfium2")
    broken = open_document(b"%PDF-1.7 and nothing else", filename="scan.pdf")

    with pytest.raises(UnsupportedDocument):
        call(acme(), lambda client: client.run(rasterise(broken)))


# One source for both


def test_both_clients_have_the_same_methods_with_the_same_arguments() -> None:
    def signature(owner: type, name: str) -> str:
        found = str(inspect.signature(getattr(owner, name)))
        # The types of sources differ, by what the asynchronous client takes besides.
        return re.sub(r"Async(?=Source|Iterator|Client)|(?<=\[)[AS](?=\])", "", found)

    names = {name for name in dir(Client) if not name.startswith("_")}

    assert names == {name for name in dir(AsyncClient) if not name.startswith("_")}
    for name in names:
        assert signature(Client, name) == signature(AsyncClient, name)


def classes_below(root: type[Exception]) -> set[type[Exception]]:
    return {root}.union(*(classes_below(each) for each in root.__subclasses__()))


@pytest.mark.parametrize("theirs", sorted(classes_below(httpx.RequestError), key=lambda each: each.__name__))
def test_every_error_of_httpx_has_one_of_ours(theirs: type[httpx.RequestError], call: Call) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise theirs("what happened", request=request)

    transport = httpx.MockTransport(fail)
    http: Any = httpx.Client(transport=transport) if call is _sync else httpx.AsyncClient(transport=transport)
    with pytest.raises(tuple(set(TRANSPORT_ERRORS.values()))) as raised:
        call(acme(), status, http_client=http)

    assert raised.value.provider == "acme"
    where = "acme.example: " if isinstance(raised.value, NothingSent) else ""
    assert str(raised.value) == f"acme: GET /v1/documents/d1: {where}what happened"
    assert raised.value.may_have_arrived == (
        not issubclass(
            theirs,
            httpx.ConnectError
            | httpx.ConnectTimeout
            | httpx.PoolTimeout
            | httpx.ProxyError
            | httpx.UnsupportedProtocol,
        )
    )


def test_the_version_is_told_also_from_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)

    assert requests._version() == "0"


def test_an_idle_connection_is_given_up_before_servers_close_theirs() -> None:
    kept = clients._LIMITS.keepalive_expiry

    # Node.js, uvicorn and Apache close after 5 s of silence, and an upload that meets the close is an answer lost.
    assert kept is not None
    assert 1 < kept < 5


def test_no_cookie_is_kept() -> None:
    with (
        serving(answer(200, WAITING, {"Set-Cookie": "session=theirs"})) as server,
        Client(keyless(server)) as client,
    ):
        status(client)
        http = client._transport.pool.get()
        http.cookies = {"session": "somebody's"}

        assert not http.cookies


def test_a_users_own_client_may_sign_the_body_of_an_upload() -> None:
    class Signing(httpx.Auth):
        requires_request_body = True

        def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:
            request.headers["X-Body-Bytes"] = str(len(request.content))
            yield request

    with serving(answer(200, WAITING)) as server, httpx.Client(auth=Signing()) as http:
        upload(Client(keyless(server), http_client=http))

    [request] = server.seen
    assert request.headers["X-Body-Bytes"] == str(len(request.body)) == request.headers["Content-Length"]
