"""`AsyncClient` on trio: the same promises as on asyncio, against the same sockets."""

from __future__ import annotations

import asyncio
import gc
import inspect
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import tenacity
import trio
import trio.lowlevel

from paperhook import AsyncClient
from paperhook.client.loops import running_loop
from paperhook.core.job import Job, JobStatus
from paperhook.errors import (
    AttemptTimeout,
    ConfigurationError,
    DeadlineExceeded,
    SubmissionUnknown,
    UnsupportedDocument,
    WaitTimeout,
)
from paperhook.retrying import NO_RETRY, RetryPolicy
from tests import hostile
from tests.acme import Acme, KeyedAcme, acme
from tests.hostile import Hostile, answer, serving, taking_at_most

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
WAITING, READING, DONE = ({"id": "d1", "state": state} for state in ("waiting", "reading", "done"))
AT_ONCE = RetryPolicy(stop=tenacity.stop_after_attempt(4), wait=tenacity.wait_fixed(0.01))


def call(server: Hostile, do: Callable[[AsyncClient], Awaitable[Any]], **options: Any) -> Any:
    kind = KeyedAcme if options.pop("keyed", False) else Acme

    async def main() -> Any:
        provider = kind("acme-key", base_url=server.url)
        async with AsyncClient(provider, **{"retry": AT_ONCE, **options}) as client:
            return await do(client)

    return trio.run(main)


def arrived(server: Hostile) -> None:
    while not server.seen:
        time.sleep(0.01)


def test_upload_wait_and_result_on_trio() -> None:
    acts = [
        answer(200, WAITING),
        answer(200, READING),
        answer(200, DONE),
        answer(200, {"fields": {"total": "1"}}),
    ]
    with serving(*acts) as server:
        result = call(server, lambda client: client.upload_and_wait(PNG, filename="a.png"))

    assert result.fields["total"].value == "1"
    assert PNG in server.seen[0].body


@pytest.mark.parametrize("kind", ["path", "bytes", "file", "iterator", "async iterator"])
def test_every_body_is_repeated_byte_by_byte_on_trio(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)

    async def chunks() -> AsyncIterator[bytes]:
        yield PNG[:5]
        await trio.lowlevel.checkpoint()
        yield PNG[5:]

    with path.open("rb") as file, serving(answer(503), hostile.reset, answer(200, WAITING)) as server:
        source = {
            "path": path,
            "bytes": PNG,
            "file": file,
            "iterator": iter([PNG]),
            "async iterator": chunks(),
        }[kind]
        job = call(server, lambda client: client.upload(source, filename="a.png"), keyed=True)

    assert job.id == "d1"
    assert len({each.body for each in server.seen}) == 1
    assert len(server.seen) == 3
    assert PNG in server.seen[0].body


def test_a_tracker_answers_on_trio(tmp_path: Path) -> None:
    tracker = f"sqlite:///{tmp_path}/t.db"
    with serving(answer(200, WAITING)) as server:
        jobs = [call(server, lambda client: client.upload(PNG), tracker=tracker) for _ in range(2)]

    assert [job.id for job in jobs] == ["d1", "d1"]
    assert len(server.seen) == 1


def test_many_are_uploaded_on_trio(tmp_path: Path) -> None:
    async def many(client: AsyncClient) -> list[Any]:
        sources = [PNG + bytes([number]) for number in range(20)]
        return [each async for each in client.upload_many([*sources, tmp_path / "none.png"], concurrency=4)]

    with serving(answer(200, WAITING)) as server:
        outcomes = call(server, many)

    assert sum(each.job is not None for each in outcomes) == 20
    assert [type(each.error) for each in outcomes if each.error is not None] == [UnsupportedDocument]
    assert server.connections <= 4


# httpx and httpcore leave the generators of an answer that is not read to its end to the collector, and trio says so.
@pytest.mark.filterwarnings("ignore:Async generator 'http:ResourceWarning")
@pytest.mark.parametrize("act", [hostile.silence, hostile.drip_head, hostile.drip_body])
def test_a_deadline_bounds_the_whole_operation_on_trio(act: hostile.Act) -> None:
    with serving(act) as server, taking_at_most(0.3), pytest.raises((AttemptTimeout, DeadlineExceeded)):
        call(server, lambda client: client.status("d1", deadline=0.3))


def test_reading_the_document_is_bounded_on_trio() -> None:
    async def never() -> AsyncIterator[bytes]:
        await trio.sleep_forever()
        yield b""

    with (
        serving(answer()) as server,
        taking_at_most(0.2),
        pytest.raises(DeadlineExceeded, match="could not be read"),
    ):
        call(server, lambda client: client.upload(never(), deadline=0.2))


def test_a_timeout_of_the_users_own_is_the_users_on_trio() -> None:
    async def failing() -> AsyncIterator[bytes]:
        raise TimeoutError("mine")
        yield b""

    with serving(answer()) as server, pytest.raises(TimeoutError, match="mine"):
        call(server, lambda client: client.upload(failing(), deadline=5))


# httpx leaves the generators of an answer that is not read to its end to the collector, and trio says so.
@pytest.mark.filterwarnings("ignore:Async generator 'http:ResourceWarning")
def test_wait_ends_with_the_job_on_trio() -> None:
    with serving(answer(200, READING)) as server, pytest.raises(WaitTimeout) as raised:
        call(server, lambda client: client.wait("d1", deadline=3))

    assert raised.value.job is not None
    assert raised.value.job.status is JobStatus.PROCESSING


# As above.
@pytest.mark.filterwarnings("ignore:Async generator 'http:ResourceWarning")
@pytest.mark.slow
def test_random_cancellation_leaves_the_connections_usable_on_trio() -> None:
    dice = random.Random(7)

    async def rounds(client: AsyncClient) -> None:
        async def upload() -> None:
            await client.upload(PNG)

        for _ in range(200):
            async with trio.open_nursery() as nursery:
                for _ in range(4):
                    nursery.start_soon(upload)
                await trio.sleep(dice.random() * 0.004)
                nursery.cancel_scope.cancel()
        async with trio.open_nursery() as nursery:
            for _ in range(32):
                nursery.start_soon(ask, client)

    async def ask(client: AsyncClient) -> None:
        assert (await client.status("d1", deadline=5)).id == "d1"

    with serving(answer(200, READING)) as server:
        call(server, rounds, timeout=5)


def test_closing_ends_an_upload_that_is_in_flight_on_trio() -> None:
    caught: list[BaseException] = []

    async def main(server: Hostile) -> None:
        async def upload() -> None:
            with pytest.raises(SubmissionUnknown) as raised:
                await client.upload(PNG)
            caught.append(raised.value)

        client = AsyncClient(acme(base_url=server.url))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(upload)
            await trio.to_thread.run_sync(arrived, server)
            await client.close()
            await client.close()

    with serving(hostile.silence) as server, taking_at_most(1):
        trio.run(main, server)

    assert len(caught) == 1
    assert "the client was closed" in str(caught[0])


def test_leaving_the_loop_over_many_early_waits_for_nothing_on_trio() -> None:
    async def first(client: AsyncClient) -> Any:
        many = client.upload_many([PNG + bytes([n]) for n in range(10)], concurrency=4)
        async for each in many:
            await many.aclose()  # type: ignore[attr-defined]
            return each
        raise AssertionError

    with serving(answer(200, WAITING), hostile.silence) as server, taking_at_most(1):
        outcome = call(server, first)

    assert outcome.job.id == "d1"


def test_a_client_is_used_on_trio_and_asyncio_in_turn() -> None:
    with serving(answer(200, READING)) as server:
        client = AsyncClient(acme(base_url=server.url))

        async def ask() -> str:
            job = await client.status("d1")
            await client._transport.pool.get(running_loop()).aclose()
            return job.id

        answers = [trio.run(ask), asyncio.run(ask()), trio.run(ask)]
        trio.run(client.close)

    assert answers == ["d1"] * 3
    assert server.connections == 3


def test_the_end_of_the_run_ends_what_nobody_waits_for() -> None:
    started = time.monotonic()

    async def main(server: Hostile) -> None:
        client = AsyncClient(acme(base_url=server.url))
        with trio.move_on_after(0.1):
            await client.status("d1")

    with serving(hostile.silence) as server:
        trio.run(main, server)

    assert time.monotonic() - started < 5


def test_without_a_loop_there_is_a_clear_error() -> None:
    with pytest.raises(ConfigurationError, match="asyncio and on trio"):
        running_loop()


def _asynchronous_generators() -> Iterator[AsyncGenerator[Any]]:
    return (each for each in gc.get_objects() if inspect.isasyncgen(each))


def test_an_answer_that_is_cut_off_leaves_nothing_for_the_garbage() -> None:
    # Other tests of this process may have left some.
    before, left = list(_asynchronous_generators()), list[AsyncGenerator[Any]]()

    async def cut_off(client: AsyncClient) -> None:
        with pytest.raises(AttemptTimeout):
            await client.status("d1", deadline=0.3)
        # The exchange ends by itself, at its next chunk.
        end = time.monotonic() + 20
        while client._transport._under_way and time.monotonic() < end:  # noqa: ASYNC110 - nobody tells of it
            await trio.sleep(0.02)
        gc.collect()
        left.extend(each for each in _asynchronous_generators() if all(each is not other for other in before))

    with serving(hostile.drip_body) as server:
        call(server, cut_off)

    assert [each for each in left if each.ag_frame is not None] == []


def test_a_head_that_never_ends_gives_its_place_back() -> None:
    keen = RetryPolicy(stop=tenacity.stop_after_delay(15), wait=tenacity.wait_fixed(0.1))

    async def main(server: Hostile) -> Job:
        one_place = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(limits=one_place) as http:
            client = AsyncClient(
                Acme("acme-key", base_url=server.url), timeout=0.2, retry=keen, http_client=http
            )
            with pytest.raises(AttemptTimeout):
                await client.with_options(retry=NO_RETRY).status("d1", deadline=1)
            return await client.status("d1")

    with serving(hostile.drip_head, answer(200, READING)) as server:
        job = trio.run(main, server)

    assert job.status is JobStatus.PROCESSING
    assert len(server.seen) >= 2
