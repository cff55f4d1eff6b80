"""Every fault by every provider and form, both clients and every kind of body, against real sockets.

Whatever happens, no document is sent twice without a key that the provider honours, none arrives empty or cut, and the
next upload of the same document knows what became of the last.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest
import tenacity

from paperhook.client import AsyncClient, Client
from paperhook.core.job import Job
from paperhook.core.provider import Provider
from paperhook.errors import MalformedAnswer, NothingSent, PaperhookError, SubmissionUnknown
from paperhook.retrying import RetryPolicy
from paperhook.tracker import MemoryTracker
from tests import hostile
from tests.contracts.test_providers import PROVIDERS
from tests.hostile import Act, Hostile, Seen, answer, free_port, serving

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 80
AT_ONCE = RetryPolicy(stop=tenacity.stop_after_attempt(12), wait=tenacity.wait_none())
#: Loading certificates takes longer than everything else here.
TLS: ssl.SSLContext = httpx.create_ssl_context()

#: Seconds within which a request certainly arrives: the first of 35 clients at once took 4.9 s on a busy machine.
PATIENT = 8.0

#: What an accepted upload is answered with.
ACCEPTED = {
    "docuparse": answer(202, {"success": True, "document_id": "d1", "status": "queued"}),
    "docuprox": answer(202, {"job_id": "d1", "template_id": None, "static_values": None}),
    "space-ocr": answer(200, {"path": "/ap/june", "jobs": [{"jobId": "d1", "status": "pending"}]}),
    "ocriva": answer(201, {"id": "d1", "status": "queued"}),
}
FORMS: dict[str, Provider] = {
    **{name: provider for name, provider in PROVIDERS.items() if name != "docuprox"},
    **{
        f"docuprox {form}": replace(PROVIDERS["docuprox"], form=form) for form in ("multipart", "json", "raw")
    },
}


OTHER_FORMS = [FORMS["docuprox json"], FORMS["docuprox raw"]]


@dataclass(frozen=True)
class Fault:
    """What happens to the first requests, and what may be done after it."""

    acts: tuple[Act, ...]
    #: `repeats`: the provider did not act, so everybody sends again; `asks`: it may have, so only a key is sent again;
    #: `stops`: it may have, and asking again would not help.
    then: str
    deadline: float | None = None
    timeout: float = 10.0
    resets_before_reading: int = 0

    @property
    def is_slow(self) -> bool:
        return self.deadline is not None or self.timeout < 10


def throttled(**headers: str) -> Act:
    return answer(429, {}, {name.replace("_", "-"): value for name, value in headers.items()})


PAST = 784111777
DATES = {
    "IMF-fixdate": formatdate(PAST, usegmt=True),
    "RFC 850": "Sunday, 06-Nov-94 08:49:37 GMT",
    "asctime": "Sun Nov  6 08:49:37 1994",
}
#: One after another: each of them is waited for as it asks, and none is an error.
THROTTLED = (
    throttled(),
    throttled(Retry_After="0"),
    *[throttled(Retry_After=date) for date in DATES.values()],
    throttled(Retry_After=DATES["asctime"], Date=DATES["IMF-fixdate"]),
    throttled(X_RateLimit_Reset="0", X_RateLimit_Remaining="0"),
    throttled(RateLimit_Limit="60", RateLimit_Remaining="0", RateLimit_Reset="0"),
    throttled(RateLimit='"default";r=0;t=0'),
)
FAULTS: dict[str, Fault] = {
    "dropped before it is read": Fault((), "asks", resets_before_reading=1),
    "dropped after it is accepted": Fault((hostile.reset,), "asks"),
    "no answer in time": Fault((hostile.silence,), "asks", timeout=1.5),
    "an answer that never ends": Fault((hostile.drip_body,), "stops", deadline=PATIENT),
    "a head that never ends": Fault((hostile.drip_head,), "stops", deadline=PATIENT),
    "a truncated answer": Fault((hostile.cut_body,), "asks"),
    "an answer that is no JSON": Fault((answer(200, raw=b"<html>"),), "stops"),
    "an answer of another kind": Fault((answer(200, ["d1"]),), "stops"),
    **{str(status): Fault((answer(status, {}),), "asks") for status in (408, 500, 502, 503, 504)},
    "429 in every form": Fault(THROTTLED, "repeats"),
}


@dataclass
class Told:
    """What became of a document that was uploaded twice, and what the server saw."""

    first: Job | PaperhookError
    second: Job | PaperhookError
    seen: list[Seen]
    #: Of these, how many were there after the first upload.
    seen_first: int
    seconds: float


def source(kind: str, folder: Path) -> Any:
    if kind == "path":
        path = folder / "a.png"
        path.write_bytes(PNG)
        return path
    if kind == "file":
        file = io.BytesIO(b"what was read before" + PNG)
        file.seek(-len(PNG), io.SEEK_END)
        return file
    if kind == "iterator":
        return iter([PNG[:1000], b"", PNG[1000:]])
    if kind == "async iterator":
        return _aiter()
    return PNG


async def _aiter() -> AsyncIterator[bytes]:
    yield PNG[:1000]
    yield PNG[1000:]


def document_in(seen: Seen) -> bytes:
    """Give the document as the server read it."""
    kind = seen.headers["content-type"]
    if kind == "application/json":
        return base64.b64decode(seen.json()["actual_image"])
    if kind.startswith("multipart/"):
        boundary = b"--" + kind.partition("boundary=")[2].encode()
        (part,) = [each for each in seen.body.split(boundary) if b'filename="' in each]
        return part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
    return seen.body


def options(provider: Provider, server: Hostile, fault: Fault) -> dict[str, Any]:
    return {
        "provider": replace(provider, base_url=server.url),
        "retry": AT_ONCE,
        "tracker": MemoryTracker(),
        "timeout": fault.timeout,
    }


def serve(provider: Provider, fault: Fault) -> Any:
    accepted = ACCEPTED[provider.name]
    return serving(*fault.acts, accepted, resets_before_reading=fault.resets_before_reading)


def with_client(provider: Provider, fault: Fault, kind: str, folder: Path) -> Told:
    def upload(client: Client, given: Any, deadline: float | None = None) -> Job | PaperhookError:
        try:
            return client.upload(given, filename="a.png", deadline=deadline)
        except PaperhookError as error:
            return error

    with serve(provider, fault) as server, httpx.Client(verify=TLS) as http:
        client = Client(http_client=http, **options(provider, server, fault))
        began = time.monotonic()
        first = upload(client, source(kind, folder), fault.deadline)
        seconds, seen_first = time.monotonic() - began, len(server.seen)
        second = upload(client.with_options(timeout=10), PNG)
        assert client.tracker is not None
        client.tracker.close()
        return Told(first, second, server.seen, seen_first, seconds)


async def with_async_client(provider: Provider, fault: Fault, kind: str, folder: Path) -> Told:
    async def upload(client: AsyncClient, given: Any, deadline: float | None = None) -> Job | PaperhookError:
        try:
            return await client.upload(given, filename="a.png", deadline=deadline)
        except PaperhookError as error:
            return error

    with serve(provider, fault) as server:
        async with httpx.AsyncClient(verify=TLS) as http:
            client = AsyncClient(http_client=http, **options(provider, server, fault))
            began = time.monotonic()
            first = await upload(client, source(kind, folder), fault.deadline)
            seconds, seen_first = time.monotonic() - began, len(server.seen)
            second = await upload(client.with_options(timeout=10), PNG)
            assert client.tracker is not None
            client.tracker.close()
            await client.close()
            return Told(first, second, server.seen, seen_first, seconds)


def each_body(provider: Provider, fault: Fault, folder: Path, *, is_async: bool) -> dict[str, Told]:
    """Go through all kinds of bodies at once, each with a server and a client of its own."""
    # How a document is opened anew does not depend on the form that it is sent in.
    kinds = ["path", "iterator"] if provider in OTHER_FORMS else ["path", "bytes", "file", "iterator"]
    if not is_async:
        with ThreadPoolExecutor(len(kinds)) as pool:
            told = pool.map(lambda kind: with_client(provider, fault, kind, folder), kinds)
            return dict(zip(kinds, told, strict=True))
    kinds.append("async iterator")

    async def main() -> list[Told]:
        return await asyncio.gather(*[with_async_client(provider, fault, kind, folder) for kind in kinds])

    return dict(zip(kinds, asyncio.run(main()), strict=True))


#: Those that are waited for are waited for at once.
CASES = [
    pytest.param(name, forms, id=f"{name}-{forms[0]}", marks=[pytest.mark.slow] if fault.is_slow else [])
    for name, fault in FAULTS.items()
    for forms in ([tuple(FORMS)] if fault.is_slow else [(form,) for form in FORMS])
]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("name", "forms"), CASES)
def test_a_fault_neither_doubles_nor_loses_nor_empties_a_document(
    name: str, forms: tuple[str, ...], is_async: bool, tmp_path: Path
):
    with ThreadPoolExecutor(len(forms)) as pool:
        for each in [pool.submit(check, name, form, is_async, tmp_path / form) for form in forms]:
            each.result()


def check(name: str, form: str, is_async: bool, folder: Path) -> None:
    folder.mkdir()
    provider, fault = FORMS[form], FAULTS[name]
    is_keyed = provider.capabilities.idempotency_header is not None
    may_repeat = fault.then == "repeats" or (fault.then == "asks" and is_keyed)
    arrives = fault.resets_before_reading == 0

    for told in each_body(provider, fault, folder, is_async=is_async).values():
        # Whole, whenever it arrived, and the same bytes every time.
        assert [document_in(seen) for seen in told.seen] == [PNG] * len(told.seen)
        assert len({seen.body for seen in told.seen}) <= 1
        if fault.deadline is not None:
            assert told.seconds < fault.deadline + 3
        keys = {seen.headers.get("idempotency-key") for seen in told.seen}
        if may_repeat:
            assert isinstance(told.first, Job), told.first
            assert told.seen_first == 1 + len(fault.acts)
            assert isinstance(told.second, Job)
            assert told.second.id == told.first.id == "d1"
            assert len(told.seen) == told.seen_first, "the second upload is given the job"
        else:
            assert isinstance(told.first, SubmissionUnknown), told.first
            assert told.seen_first == arrives
        if not may_repeat and is_keyed:
            # The journal repeats it with its key: the provider has one job.
            assert isinstance(told.second, Job), told.second
            assert len(told.seen) == 1 + arrives
        if not may_repeat and not is_keyed:
            assert isinstance(told.second, SubmissionUnknown), told.second
            assert len(told.seen) == told.seen_first, "nothing is repeated blindly"
        assert len(keys) <= 1
        assert (None in keys) is (not is_keyed and bool(told.seen))


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    # After 307 it is known that nothing was made.
    ("status", "error_class"),
    [(302, SubmissionUnknown), (307, MalformedAnswer)],
)
def test_a_redirect_takes_neither_key_nor_document_elsewhere(
    status: int, error_class: type[Exception], form: str, is_async: bool, tmp_path: Path
):
    with serving(answer(200, {})) as stranger:
        fault = Fault((answer(status, {}, {"Location": f"{stranger.url}/elsewhere"}),), "stops")
        found = each_body(FORMS[form], fault, tmp_path, is_async=is_async)

    assert stranger.seen == []
    assert {type(told.first) for told in found.values()} == {error_class}


@pytest.mark.parametrize("form", FORMS)
def test_where_nobody_listens_everything_may_be_sent_again(form: str, tmp_path: Path):
    provider = replace(FORMS[form], base_url=f"http://127.0.0.1:{free_port()}")
    tracker = MemoryTracker()
    with httpx.Client(verify=TLS) as http:
        client = Client(provider, http_client=http, retry=AT_ONCE, tracker=tracker)
        with pytest.raises(NothingSent) as raised:
            client.upload(source("path", tmp_path))
        with serving(ACCEPTED[provider.name]) as server:
            other = replace(provider, base_url=server.url)
            job = client.with_options(provider=other).upload(source("path", tmp_path))
    tracker.close()

    assert raised.value.attempts == 12
    assert job.id == "d1"
    assert [document_in(seen) for seen in server.seen] == [PNG]


def _unreadable(folder: Path) -> dict[str, Callable[[], Any]]:
    def fifo() -> Path:
        import os

        os.mkfifo(folder / "pipe")
        return folder / "pipe"

    def gone() -> Path:
        return folder / "nothing.pdf"

    return {"a directory": lambda: folder, "a FIFO": fifo, "a file that is not there": gone}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("what", "code"),
    [("a directory", "not_a_file"), ("a FIFO", "not_a_file"), ("a file that is not there", "unreadable")],
)
def test_what_is_no_file_is_told_before_anything_is_sent(what: str, code: str, form: str, tmp_path: Path):
    given = _unreadable(tmp_path)[what]()
    with serving(ACCEPTED[FORMS[form].name]) as server, httpx.Client(verify=TLS) as http:
        client = Client(replace(FORMS[form], base_url=server.url), http_client=http)
        with pytest.raises(PaperhookError) as raised:
            client.upload(given)

    assert getattr(raised.value, "code", "") == code
    assert server.seen == []


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "grows": (lambda path: path.write_bytes(PNG + b"more"), "changed"),
    "shrinks": (lambda path: path.write_bytes(PNG[:100]), "changed"),
    "is emptied": (lambda path: path.write_bytes(b""), "changed"),
    "is replaced": (lambda path: (path.unlink(), path.write_bytes(PNG[::-1])), "changed"),
    "vanishes": (lambda path: path.unlink(), "unreadable"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("how", CHANGES)
def test_a_file_that_changes_between_two_attempts_is_not_sent_as_another(how: str, form: str, tmp_path: Path):
    change, code = CHANGES[how]
    path = source("path", tmp_path)

    def refuse(connection: Any) -> None:
        change(path)
        throttled(Retry_After="0")(connection)

    with serving(refuse, ACCEPTED[FORMS[form].name]) as server, httpx.Client(verify=TLS) as http:
        client = Client(replace(FORMS[form], base_url=server.url), http_client=http, retry=AT_ONCE)
        with pytest.raises(PaperhookError) as raised:
            client.upload(path)

    assert getattr(raised.value, "code", "") == code
    assert [document_in(seen) for seen in server.seen] == [PNG]


@pytest.mark.parametrize("form", ["docuprox json"])
def test_a_document_inside_json_is_whole(form: str, tmp_path: Path):
    with serving(ACCEPTED["docuprox"]) as server, httpx.Client(verify=TLS) as http:
        Client(replace(FORMS[form], base_url=server.url), http_client=http).upload(source("path", tmp_path))

    assert json.loads(server.seen[0].body)["actual_image"] == base64.b64encode(PNG).decode()
