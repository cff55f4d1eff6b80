"""An iterator whose size is known is sent while it is read: whole or not at all, once, and with nothing kept of it."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tenacity

from paperhook import AsyncClient, Client
from paperhook.errors import ConfigurationError, NothingSent, PaperhookError, RateLimited, UnsupportedDocument
from paperhook.retrying import RetryPolicy
from paperhook.sources import document_to_send
from paperhook.sources.spool import GATHERED_BYTES
from tests.acme import Acme, KeyedAcme
from tests.hostile import answer, serving, taking_at_most

HEAD = b"\x89PNG\r\n\x1a\n"
PIECE = b"0123456789abcdef" * 4096
WAITING = {"id": "d1", "state": "waiting"}
COUNT = 40
LARGE = HEAD + PIECE * COUNT
AT_ONCE = RetryPolicy(stop=tenacity.stop_after_attempt(4), wait=tenacity.wait_none())

Upload = Callable[..., Any]


def pieces() -> Iterator[bytes]:
    yield HEAD
    for _ in range(COUNT):
        yield PIECE


def _sync(provider: Acme, source: Any, **named: Any) -> Any:
    with Client(provider, retry=AT_ONCE) as client:
        return client.upload(source, filename="a.png", **named)


def _async(provider: Acme, source: Any, **named: Any) -> Any:
    async def main() -> Any:
        async with AsyncClient(provider, retry=AT_ONCE) as client:
            return await client.upload(source, filename="a.png", **named)

    return asyncio.run(main())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def upload(request: pytest.FixtureRequest) -> Upload:
    return request.param


@pytest.fixture
def no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: pytest.fail("something is kept"))


@pytest.mark.usefixtures("no_file")
def test_it_arrives_whole_with_its_length_and_nothing_is_kept(upload: Upload) -> None:
    with serving(answer(200, WAITING)) as server:
        job = upload(Acme("key", base_url=server.url), pieces(), size_bytes=len(LARGE))

    (seen,) = server.seen
    assert job.id == "d1"
    assert LARGE in seen.body
    assert seen.headers["content-length"] == str(len(seen.body))
    assert b"Content-Type: image/png" in seen.body


def test_its_first_bytes_leave_before_its_last_are_read(upload: Upload) -> None:
    read, read_when_sent = 0, list[int]()
    # More than is read ahead of what is sent.
    count = 400

    def watched() -> Iterator[bytes]:
        nonlocal read
        yield HEAD
        for _ in range(count):
            read += len(PIECE)
            yield PIECE

    def tell(sent_bytes: int, size_bytes: int | None) -> None:
        if sent_bytes > len(PIECE):
            read_when_sent.append(read)

    with serving(answer(200, WAITING)) as server:
        size_bytes = len(HEAD) + count * len(PIECE)
        upload(Acme("key", base_url=server.url), watched(), size_bytes=size_bytes, on_progress=tell)

    assert read_when_sent[0] < read == count * len(PIECE)


def test_an_attempt_that_sent_some_of_it_is_the_last(upload: Upload) -> None:
    with serving(answer(429), answer(200, WAITING)) as server, pytest.raises(RateLimited) as raised:
        upload(Acme("key", base_url=server.url), pieces(), size_bytes=len(LARGE))

    assert raised.value.attempts == len(server.seen) == 1


def test_an_attempt_that_sent_nothing_is_made_again(upload: Upload) -> None:
    with serving(answer(200, WAITING)) as server:
        url = server.url
    asked: list[bytes] = []

    with pytest.raises(NothingSent) as raised:
        upload(
            Acme("key", base_url=url),
            (asked.append(each) or each for each in pieces()),
            size_bytes=len(LARGE),
        )

    assert raised.value.attempts == 4
    # What was needed to tell its type.
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("told_bytes", "found"), [(len(LARGE) + 1, f"has {len(LARGE)} bytes"), (len(LARGE) - 1, "has more bytes")]
)
def test_one_of_another_size_never_arrives_whole(upload: Upload, told_bytes: int, found: str) -> None:
    with serving(answer(200, WAITING)) as server, pytest.raises(UnsupportedDocument, match=found) as raised:
        upload(Acme("key", base_url=server.url), pieces(), size_bytes=told_bytes)

    assert raised.value.code == "wrong_size"
    assert server.seen == []


def test_what_is_known_by_its_hash_is_kept_and_sent_again(upload: Upload) -> None:
    with serving(answer(503), answer(200, WAITING)) as server:
        job = upload(KeyedAcme("key", base_url=server.url), pieces(), size_bytes=len(LARGE))

    assert job.idempotency_key
    assert [LARGE in seen.body for seen in server.seen] == [True, True]


def test_a_small_one_is_kept_and_sent_again(upload: Upload) -> None:
    with serving(answer(429), answer(200, WAITING)) as server:
        upload(Acme("key", base_url=server.url), iter([HEAD, PIECE]), size_bytes=len(HEAD + PIECE))

    assert len(server.seen) == 2


def test_any_source_of_another_size_is_refused_before_it_is_sent(upload: Upload, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(HEAD)
    with serving(answer(200, WAITING)) as server:
        for source in (path, HEAD, iter([HEAD]), iter([LARGE])):
            with pytest.raises(UnsupportedDocument, match="size_bytes") as raised:
                upload(KeyedAcme("key", base_url=server.url), source, size_bytes=2 * GATHERED_BYTES)
            assert raised.value.code == "wrong_size"

    assert server.seen == []


def test_an_async_iterator_is_kept_whatever_its_size() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces():
            yield piece

    with serving(answer(429), answer(200, WAITING)) as server:
        _async(Acme("key", base_url=server.url), chunks(), size_bytes=len(LARGE))
        with pytest.raises(UnsupportedDocument, match="size_bytes"):
            _async(Acme("key", base_url=server.url), chunks(), size_bytes=len(LARGE) + 1)

    assert [LARGE in seen.body for seen in server.seen] == [True, True]


@pytest.mark.parametrize("mistaken", ["7", 7.0, True, -1])
def test_a_size_that_is_none_is_a_mistake_that_is_told(upload: Upload, mistaken: Any) -> None:
    with pytest.raises(ConfigurationError, match="size_bytes"):
        upload(Acme("key"), HEAD, size_bytes=mistaken)


def test_an_error_of_the_users_iterator_is_the_users(upload: Upload) -> None:
    def failing() -> Iterator[bytes]:
        yield from pieces()
        raise KeyError("theirs")

    with serving(answer(200, WAITING)) as server, pytest.raises(KeyError, match="theirs"):
        upload(Acme("key", base_url=server.url), failing(), size_bytes=2 * len(LARGE))

    assert server.seen == []


@pytest.mark.parametrize("first", [[], [HEAD, "text"]])
def test_what_yields_no_bytes_is_refused(upload: Upload, first: list[Any]) -> None:
    with pytest.raises((TypeError, PaperhookError)):
        upload(Acme("key", base_url="http://127.0.0.1:9"), iter(first), size_bytes=len(LARGE))


def _read(chunks: Any, *sizes: int) -> list[bytes]:
    document = document_to_send(iter(chunks), is_hashed=False, size_bytes=sum([len(each) for each in chunks]))
    with contextlib.closing(document.content.open()) as stream:
        return [stream.read(size) for size in sizes]


def test_pieces_of_any_length_are_cut_and_joined_to_what_is_asked_for() -> None:
    one = bytes(range(256)) * 8192

    found = _read([one[:5], b"", one[5:7], one[7:]], 3, 4000, 1_000_000, -1, 1)

    assert [len(each) for each in found] == [3, 4000, 1_000_000, len(one) - 1_004_003, 0]
    assert b"".join(found) == one


def test_a_buffer_that_is_used_again_is_sent_as_it_was() -> None:
    buffer = bytearray(GATHERED_BYTES)

    def chunks() -> Iterator[memoryview]:
        for number in range(3):
            buffer[:] = bytes([number]) * len(buffer)
            yield memoryview(buffer)

    document = document_to_send(chunks(), is_hashed=False, size_bytes=3 * GATHERED_BYTES)  # type: ignore[arg-type] # typed as bytes
    with contextlib.closing(document.content.open()) as stream:
        found = stream.read()

    assert found == b"\0" * GATHERED_BYTES + b"\1" * GATHERED_BYTES + b"\2" * GATHERED_BYTES


def test_what_was_sent_cannot_be_opened_again() -> None:
    document = document_to_send(pieces(), is_hashed=False, size_bytes=len(LARGE))
    document.content.open().close()
    with contextlib.closing(document.content.open()) as stream:
        assert stream.read(8) == HEAD

    with pytest.raises(UnsupportedDocument, match="cannot be sent again"):
        document.content.open()


def test_a_cancelled_upload_reads_it_no_further() -> None:
    began, goes_on, asked = threading.Event(), threading.Event(), 0

    def watched() -> Iterator[bytes]:
        nonlocal asked
        for number, piece in enumerate(pieces()):
            asked = number
            if number == 5:
                began.set()
                goes_on.wait(30)
            yield piece

    async def main(url: str) -> None:
        async with AsyncClient(Acme("key", base_url=url)) as client:
            task = asyncio.create_task(client.upload(watched(), filename="a.png", size_bytes=len(LARGE)))
            assert await asyncio.to_thread(began.wait, 20)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            goes_on.set()

    with serving(answer(200, WAITING)) as server, taking_at_most(10):
        asyncio.run(main(server.url))

    assert asked == 5
