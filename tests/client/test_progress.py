"""How far a body is sent: for every kind of body, with both clients, also when it is sent again."""

from __future__ import annotations

import asyncio
import io
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import tenacity

from paperhook.client import AsyncClient, Client
from paperhook.core.exchange import Base64Json, Body, FilePart, JsonBody, Multipart, RawBody, Request
from paperhook.core.steps import Steps, send
from paperhook.errors import ServerError
from paperhook.operations import with_progress
from paperhook.retrying import RetryPolicy
from paperhook.sources import CHUNK_BYTES, open_document
from tests.acme import Acme, KeyedAcme
from tests.hostile import answer, serving

PNG = b"\x89PNG\r\n\x1a\n" + bytes(2_000_000)
WAITING = {"id": "d1", "state": "waiting"}
AT_ONCE = RetryPolicy(stop=tenacity.stop_after_attempt(2), wait=tenacity.wait_none())
Call = Callable[..., Any]
Steps2 = list[tuple[int, int | None]]


def _sync(provider: Acme, do: Callable[[Any], Any]) -> Any:
    with Client(provider, retry=AT_ONCE) as client:
        found = do(client)
        return found if not hasattr(found, "__next__") else list(found)


def _async(provider: Acme, do: Callable[[Any], Any]) -> Any:
    async def main() -> Any:
        async with AsyncClient(provider, retry=AT_ONCE) as client:
            found = do(client)
            return [each async for each in found] if isinstance(found, AsyncIterator) else await found

    return asyncio.run(main())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    return request.param


def sources(folder: Path) -> dict[str, Any]:
    path = folder / "a.png"
    path.write_bytes(PNG)
    advanced = io.BytesIO(b"head" + PNG)
    advanced.seek(4)
    return {"path": path, "bytes": PNG, "file": advanced, "iterator": iter([PNG[:9], PNG[9:]])}


def told_of_uploads(told: Steps2) -> list[Steps2]:
    """Cut what was told where it begins anew."""
    begins = [n for n, (sent, _) in enumerate(told) if sent == 0]
    return [told[start:end] for start, end in zip(begins, [*begins[1:], None], strict=True)]


@pytest.mark.parametrize("kind", ["path", "bytes", "file", "iterator"])
def test_an_upload_is_told_from_0_to_its_end_at_each_attempt(kind: str, call: Call, tmp_path: Path):
    told: Steps2 = []
    source = sources(tmp_path)[kind]
    with serving(answer(503), answer(200, WAITING)) as server:
        provider = KeyedAcme("key", base_url=server.url)
        call(provider, lambda client: client.upload(source, on_progress=lambda *step: told.append(step)))

    attempts = told_of_uploads(told)
    assert len(attempts) == 2
    for attempt, seen in zip(attempts, server.seen, strict=True):
        size_bytes = len(seen.body)
        assert attempt[0] == (0, size_bytes)
        assert attempt[-1] == (size_bytes, size_bytes)
        assert attempt == sorted(attempt)
        steps = [after - before for (before, _), (after, _) in itertools.pairwise(attempt)]
        assert max(steps) <= 2 * CHUNK_BYTES


BODIES: dict[str, Callable[[], Body]] = {
    "multipart": lambda: Multipart((("a", "b"),), (FilePart("file", open_document(PNG)),)),
    "raw": lambda: RawBody(open_document(PNG)),
    "base64": lambda: Base64Json("file", open_document(PNG), {"name": "a"}),
}


def put(provider: Acme, body: Body) -> Steps[Any]:
    return (yield from send(Request("PUT", provider.base_url, body=body), provider.error_of))


@pytest.mark.parametrize("kind", BODIES)
def test_every_form_of_a_document_is_told(kind: str, call: Call):
    told: Steps2 = []
    with serving(answer(200, WAITING)) as server:
        provider = Acme("key", base_url=server.url)
        steps = with_progress(put(provider, BODIES[kind]()), lambda *step: told.append(step))
        call(provider, lambda client: client.run(steps))

    size_bytes = len(server.seen[0].body)
    assert (told[0], told[-1]) == ((0, size_bytes), (size_bytes, size_bytes))


def test_what_has_no_document_in_it_is_not_told(call: Call):
    told: Steps2 = []
    with serving(answer(200, WAITING)) as server:
        provider = Acme("key", base_url=server.url)
        steps = with_progress(put(provider, JsonBody({"a": 1})), lambda *step: told.append(step))
        call(provider, lambda client: client.run(steps))

    assert told == []


def test_an_error_of_the_operation_is_its_error(call: Call):
    with serving(answer(503)) as server:
        provider = Acme("key", base_url=server.url)
        steps = with_progress(put(provider, BODIES["raw"]()), print)
        with pytest.raises(ServerError):
            call(provider, lambda client: client.run(steps))


def test_an_error_of_the_users_own_ends_the_upload(call: Call):
    class Enough(Exception):
        pass

    def stop(sent_bytes: int, total_bytes: int | None) -> None:
        if sent_bytes > 1_000_000:
            raise Enough

    with serving(answer(200, WAITING)) as server:
        provider = Acme("key", base_url=server.url)
        with pytest.raises(Enough):
            call(provider, lambda client: client.upload(PNG, on_progress=stop))

    assert server.seen == []


def test_of_many_each_is_told_with_its_source(call: Call, tmp_path: Path):
    paths = [tmp_path / f"{n}.png" for n in range(3)]
    for n, path in enumerate(paths):
        path.write_bytes(PNG + bytes([n]))
    told: list[tuple[Any, int, int | None]] = []
    with serving(answer(200, WAITING)) as server:
        provider = Acme("key", base_url=server.url)
        call(
            provider,
            lambda client: client.upload_many(paths, on_progress=lambda *step: told.append(step)),
        )

    assert {source for source, _, _ in told} == set(paths)
    for path in paths:
        own = [(sent, total) for source, sent, total in told if source == path]
        assert own == sorted(own)
        assert own[0][0] == 0
        assert own[-1][0] == own[-1][1]
