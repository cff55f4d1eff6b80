"""What leaves for a document: read as often as needed and no more, under a boundary that it cannot hold, and never changed."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import tenacity

from paperhook.client import AsyncClient, Client
from paperhook.core.headers import Headers
from paperhook.core.job import Job
from paperhook.core.provider import Capabilities
from paperhook.errors import PaperhookError, UnsupportedDocument
from paperhook.retrying import RetryPolicy
from paperhook.sources import CHUNK_BYTES, SMALL_BYTES
from paperhook.tracker import MemoryTracker
from tests.acme import Acme, KeyedAcme
from tests.hostile import answer, serving

WAITING = {"id": "d1", "state": "waiting"}
PNG = b"\x89PNG\r\n\x1a\n"
LARGE = PNG + bytes(range(256)) * 8 * 1024 + b"end"
AT_ONCE = RetryPolicy(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_none())
Upload = Callable[..., Job]


def _sync(provider: Acme, source: Any, *, tracker: Any = None, **options: Any) -> Job:
    with Client(provider, retry=AT_ONCE, tracker=tracker) as client:
        return client.upload(source, **options)


def _async(provider: Acme, source: Any, *, tracker: Any = None, **options: Any) -> Job:
    async def main() -> Job:
        async with AsyncClient(provider, retry=AT_ONCE, tracker=tracker) as client:
            return await client.upload(source, **options)

    return asyncio.run(main())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def upload(request: pytest.FixtureRequest) -> Upload:
    return request.param


class Counting(io.BytesIO):
    """A file of no system, which counts how much of it was read."""

    read_bytes = 0

    def readinto(self, buffer: Any) -> int:
        taken = super().readinto(buffer)
        self.read_bytes += taken
        return taken


@pytest.mark.parametrize(
    ("provider", "is_tracked", "times"), [(Acme, False, 1), (KeyedAcme, False, 2), (Acme, True, 2)]
)
def test_a_document_is_read_before_it_is_sent_only_where_its_hash_is_needed(
    provider: type[Acme], is_tracked: bool, times: int, upload: Upload
):
    file = Counting(LARGE)
    tracker = MemoryTracker() if is_tracked else None
    with serving(answer(200, WAITING)) as server:
        upload(provider("key", base_url=server.url), file, filename="a.png", tracker=tracker)
    if tracker is not None:
        tracker.close()

    assert LARGE in server.seen[0].body
    # Its head is always looked at, for its type: no less than a buffer of Python's, which 3.14 has made larger.
    head = 2 * max(SMALL_BYTES, io.DEFAULT_BUFFER_SIZE)
    assert times * len(LARGE) <= file.read_bytes < times * len(LARGE) + head


def test_a_small_file_is_read_from_the_disk_once(upload: Upload, tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(PNG + b"first")
    before = path.stat()

    def rewrite(sent_bytes: int, _: int | None) -> None:
        # Behind the back of whoever looks at the time alone.
        path.write_bytes(PNG + b"other")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    with serving(answer(200, WAITING)) as server:
        upload(Acme("key", base_url=server.url), path, on_progress=rewrite)

    assert PNG + b"first" in server.seen[0].body


@pytest.mark.parametrize("content", [PNG + b"pixels", LARGE], ids=["small", "large"])
def test_the_boundary_is_the_same_in_each_attempt_and_nobody_can_guess_it(content: bytes, upload: Upload):
    with serving(*[answer(429, {}, {"Retry-After": "0"}), answer(200, WAITING)] * 2) as server:
        for _ in range(2):
            upload(Acme("key", base_url=server.url), content, filename="a.png")

    first, again, other, other_again = [seen.headers["content-type"] for seen in server.seen]
    assert first == again
    assert other == other_again
    # The same name and size, of another client.
    assert first != other


def test_with_a_hash_the_boundary_is_the_same_in_each_process(upload: Upload):
    with serving(answer(200, WAITING)) as server:
        for _ in range(2):
            upload(KeyedAcme("key", base_url=server.url), LARGE, filename="a.png")

    first, second = server.seen
    assert first.body == second.body


@pytest.mark.parametrize("is_open", [False, True], ids=["path", "file"])
def test_a_file_that_is_written_to_while_it_is_sent_does_not_arrive(
    is_open: bool, upload: Upload, tmp_path: Path
):
    path = tmp_path / "a.png"
    # More than is read ahead of what is sent.
    path.write_bytes(LARGE * 6)

    def overwrite(sent_bytes: int, _: int | None) -> None:
        if 0 < sent_bytes < 2 * CHUNK_BYTES:
            with path.open("r+b") as file:
                file.write(PNG + b"other")
            os.utime(path, ns=(1, 1))

    with serving(answer(200, WAITING)) as server, path.open("rb") as file:
        provider, source = Acme("key", base_url=server.url), file if is_open else path
        with pytest.raises(UnsupportedDocument) as raised:
            upload(provider, source, on_progress=overwrite)

    assert raised.value.code == "changed"
    assert server.seen == [], "nothing whole arrived"


@pytest.mark.parametrize("content", [PNG + b"pixels", LARGE], ids=["small", "large"])
def test_an_open_file_that_is_rewritten_between_two_attempts_is_not_sent_as_another(
    content: bytes, upload: Upload, tmp_path: Path
):
    path = tmp_path / "a.png"
    path.write_bytes(content)

    def rewrite(connection: Any) -> None:
        path.write_bytes(content[:-1] + b"!")
        os.utime(path, ns=(1, 1))
        answer(429, {}, {"Retry-After": "0"})(connection)

    with (
        serving(rewrite, answer(200, WAITING)) as server,
        path.open("rb") as file,
        pytest.raises(UnsupportedDocument) as raised,
    ):
        upload(Acme("key", base_url=server.url), file)

    assert raised.value.code == "changed"
    assert len(server.seen) == 1


def test_bytes_in_memory_stay_what_they_were(upload: Upload):
    file = io.BytesIO(LARGE)

    def rewrite(connection: Any) -> None:
        file.seek(0)
        file.write(b"other")
        answer(429, {}, {"Retry-After": "0"})(connection)

    with serving(rewrite, answer(200, WAITING)) as server:
        upload(Acme("key", base_url=server.url), file, filename="a.png")

    first, second = server.seen
    assert first.body == second.body
    assert LARGE in second.body


class Unlisted(Acme):
    capabilities: ClassVar[Capabilities] = Capabilities()


def test_a_key_is_of_the_content_where_it_is_honoured_else_of_the_call_or_there_is_none(upload: Upload):
    def keys_of(provider: type[Acme]) -> list[str | None]:
        return [upload(provider("key", base_url=server.url), PNG).idempotency_key for _ in range(2)]

    with serving(answer(200, WAITING)) as server:
        keyed, listed, unlisted = keys_of(KeyedAcme), keys_of(Acme), keys_of(Unlisted)

    assert [seen.headers.get("idempotency-key") for seen in server.seen] == [*keyed, *[None] * 4]
    assert keyed[0] == keyed[1] is not None
    # A listing that shows it tells two uploads of one document apart.
    assert None not in listed
    assert listed[0] != listed[1]
    assert unlisted == [None, None]


@pytest.mark.parametrize("provider", [Acme, KeyedAcme])
def test_metadata_that_is_no_json_is_refused_whether_or_not_a_key_is_made(
    provider: type[Acme], upload: Upload
):
    with (
        serving(answer(200, WAITING)) as server,
        pytest.raises(PaperhookError, match="metadata must be plain JSON"),
    ):
        upload(provider("key", base_url=server.url), PNG, metadata={"when": object()})

    assert server.seen == []


@pytest.mark.parametrize("name", ['a"b.png', "a\r\nX-Evil: 1.png", "Müller №1.png", "a\x00b.png"])
def test_no_name_ends_its_header_early(name: str, upload: Upload):
    with serving(answer(200, WAITING)) as server:
        upload(Acme("key", base_url=server.url), PNG, filename=name)

    (seen,) = server.seen
    boundary = seen.headers["content-type"].partition("boundary=")[2].encode()
    part = seen.body.split(b"--" + boundary)[-2]
    head, _, content = part.partition(b"\r\n\r\n")
    (disposition, content_type) = head.strip().split(b"\r\n")
    written = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").replace("\x00", "%00")
    assert disposition == f'Content-Disposition: form-data; name="file"; filename="{written}"'.encode()
    assert content_type == b"Content-Type: image/png"
    assert content == PNG + b"\r\n"
    assert Headers(seen.headers)["content-length"] == str(len(seen.body))


def test_a_sequence_goes_on_while_the_caller_looks_at_an_outcome(tmp_path: Path):
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for number, path in enumerate(paths):
        path.write_bytes(PNG + bytes([number]))

    with serving(answer(200, WAITING)) as server, Client(Acme("key", base_url=server.url)) as client:
        outcomes = client.upload_many(paths, concurrency=2)
        next(outcomes)
        # As many as may be under way, and as many that waited for their turn.
        end = time.monotonic() + 20
        while len(server.seen) < 4 and time.monotonic() < end:
            time.sleep(0.01)
        seen = len(server.seen)
        list(outcomes)

    assert seen == 4
    assert len(server.seen) == 6


def test_so_it_does_on_a_loop(tmp_path: Path):
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for number, path in enumerate(paths):
        path.write_bytes(PNG + bytes([number]))

    async def main(url: str) -> tuple[int, int]:
        async with AsyncClient(Acme("key", base_url=url)) as client:
            outcomes = client.upload_many(paths, concurrency=2)
            await anext(outcomes)
            end = time.monotonic() + 20
            while len(server.seen) < 6 and time.monotonic() < end:  # noqa: ASYNC110 - the server is in a thread
                await asyncio.sleep(0.01)
            return len(server.seen), len([each async for each in outcomes])

    with serving(answer(200, WAITING)) as server:
        assert asyncio.run(main(server.url)) == (6, 5)


def test_an_iterator_is_asked_only_for_what_can_begin(tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    asked: list[int] = []

    def endless() -> Iterator[Path]:
        while True:
            asked.append(len(asked))
            yield path

    with serving(answer(200, WAITING)) as server, Client(Acme("key", base_url=server.url)) as client:
        outcomes = client.upload_many(endless(), concurrency=2)
        next(outcomes)
        asked_first = len(asked)
        outcomes.close()  # type: ignore[attr-defined] # it is a generator

    assert asked_first == 2
