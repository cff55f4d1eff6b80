"""Many uploads that were cut off and go on: in the next call, the next process, and after `kill -9`."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

import pytest

from paperhook import AsyncClient, Client
from paperhook.client import UploadOutcome
from paperhook.client.plans import is_finished
from paperhook.core.job import Job
from paperhook.errors import (
    AnswerLost,
    AuthenticationFailed,
    BadRequest,
    ConfigurationError,
    PaperhookError,
    TooLarge,
    UnsupportedDocument,
)
from paperhook.retrying import NO_RETRY
from tests import hostile
from tests.acme import Acme, KeyedAcme
from tests.hostile import Act, answer, serving

PNG = b"\x89PNG\r\n\x1a\n"


def _sync(url: str, folder: Path, do: Callable[[Any], Any], **options: Any) -> Any:
    provider = KeyedAcme("acme-key", base_url=url)
    with Client(provider, tracker=str(folder / "paperhook.db"), retry=NO_RETRY, **options) as client:
        found = do(client)
        return list(found) if isinstance(found, Iterator) else found


def _async(url: str, folder: Path, do: Callable[[Any], Any], **options: Any) -> Any:
    async def main() -> Any:
        provider = KeyedAcme("acme-key", base_url=url)
        tracker = str(folder / "paperhook.db")
        async with AsyncClient(provider, tracker=tracker, retry=NO_RETRY, **options) as client:
            found = do(client)
            return [each async for each in found] if isinstance(found, AsyncIterator) else await found

    return asyncio.run(main())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return request.param


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    made = [tmp_path / f"{n}.png" for n in range(6)]
    for n, path in enumerate(made):
        path.write_bytes(PNG + bytes([n]))
    return made


def made(id: str) -> Act:
    return answer(200, {"id": id, "state": "waiting"})


def names(outcomes: Any) -> list[str]:
    return sorted(Path(each.source).name for each in outcomes)


def test_what_is_finished_is_not_planned_any_more(
    call: Callable[..., Any], paths: list[Path], tmp_path: Path
):
    with serving(made("d1")) as server:
        outcomes = call(server.url, tmp_path, lambda client: client.upload_many(paths))
        left = call(server.url, tmp_path, lambda client: client.unfinished())

    assert [each.error for each in outcomes] == [None] * 6
    assert left == ()


def test_what_failed_for_the_moment_is_resumed_with_its_metadata(
    call: Callable[..., Any], paths: list[Path], tmp_path: Path
):
    with serving(answer(503)) as server:
        call(server.url, tmp_path, lambda client: client.upload_many(paths, metadata={"run": 7}))
        left = call(server.url, tmp_path, lambda client: client.unfinished())
    with serving(made("d1")) as server:
        elsewhere = call(server.url, tmp_path, lambda client: client.unfinished())

    assert [each.path for each in left] == [str(path) for path in paths]
    assert {each.metadata["run"] for each in left} == {7}
    assert {each.planned_at > 0 for each in left} == {True}
    # Another base URL, other options, another namespace: another plan.
    assert elsewhere == ()


def test_resuming_sends_what_is_unfinished_and_nothing_twice(
    call: Callable[..., Any], paths: list[Path], tmp_path: Path
):
    acts = [made("d1"), made("d2"), answer(503), answer(503), answer(503), answer(503), made("d9")]
    with serving(*acts) as server:
        first = list(
            call(
                server.url,
                tmp_path,
                lambda client: client.upload_many(paths, concurrency=1, metadata={"a": 1}),
            )
        )
        second = call(server.url, tmp_path, lambda client: client.resume(concurrency=2))
        third = call(server.url, tmp_path, lambda client: client.resume())

    assert [each.job is not None for each in first] == [True, True, False, False, False, False]
    assert names(second) == ["2.png", "3.png", "4.png", "5.png"]
    assert all(each.job is not None for each in second)
    assert third == []
    assert len(server.seen) == 6 + 4
    # The same metadata, so the same keys.
    assert len({request.headers["idempotency-key"] for request in server.seen}) == 6


def test_leaving_the_loop_leaves_the_rest_planned(
    call: Callable[..., Any], paths: list[Path], tmp_path: Path
):
    def leave(client: Any) -> Any:
        if isinstance(client, Client):
            with closing(client.upload_many(paths, concurrency=1)) as outcomes:
                return [next(outcomes)]

        async def main() -> Any:
            async with aclosing(client.upload_many(paths, concurrency=1)) as outcomes:
                return [await anext(outcomes)]

        return main()

    with serving(made("d1")) as server:
        taken = call(server.url, tmp_path, leave)
        rest = call(server.url, tmp_path, lambda client: client.resume())

    assert {*names(taken), *names(rest)} == {path.name for path in paths}
    assert all(each.job is not None for each in rest)


def test_nobody_waits_for_uploads_that_were_left_under_way(tmp_path: Path):
    def leave(client: Any) -> Any:
        with closing(client.upload_many(paths, concurrency=1)) as outcomes:
            return next(outcomes)

    paths = [tmp_path / f"{n}.png" for n in range(4)]
    began = time.monotonic()
    with serving(made("d1")) as server:
        # The next one is somewhere between its first line in the journal and its answer.
        for turn in range(25):
            for path in paths:
                path.write_bytes(PNG + f"{path.name} {turn}".encode())
            _sync(server.url, tmp_path, leave)
            rest = _sync(server.url, tmp_path, lambda client: list(client.upload_many(paths)))
            assert [each.error for each in rest] == [None] * 4

    # What a living process seems to send is waited for, for a minute.
    assert time.monotonic() - began < 50


def test_an_iterator_is_planned_as_far_as_it_was_read(
    call: Callable[..., Any], paths: list[Path], tmp_path: Path
):
    with serving(answer(503)) as server:
        call(server.url, tmp_path, lambda client: client.upload_many(iter(paths[:3])))
        left = call(server.url, tmp_path, lambda client: client.unfinished(limit=2))

    assert [Path(each.path).name for each in left] == ["0.png", "1.png"]


def test_what_has_no_path_is_uploaded_and_not_planned(call: Callable[..., Any], tmp_path: Path):
    with serving(answer(503)) as server:
        outcomes = call(server.url, tmp_path, lambda client: client.upload_many([PNG]))
        left = call(server.url, tmp_path, lambda client: client.unfinished())

    assert len(outcomes) == 1
    assert left == ()


def test_without_a_tracker_nobody_knows_what_is_unfinished():
    with Client(Acme("key")) as client:
        with pytest.raises(ConfigurationError, match="no tracker"):
            client.unfinished()
        with pytest.raises(ConfigurationError, match="no tracker"):
            client.resume()


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (UnsupportedDocument("", code="empty_file"), True),
        (UnsupportedDocument("", code="unreadable"), False),
        (UnsupportedDocument("", code="changed"), False),
        (BadRequest(""), True),
        (TooLarge(""), True),
        (AuthenticationFailed(""), False),
        (AnswerLost(""), False),
    ],
)
def test_only_what_the_document_is_refused_for_ends_its_plan(error: PaperhookError, is_it: bool):
    assert is_finished(UploadOutcome("a.png", error=error)) is is_it
    assert is_finished(UploadOutcome("a.png", job=Job(id="d1", provider="acme")))


CHILD = """
import sys
import time
from pathlib import Path
from paperhook import Client
from tests.acme import KeyedAcme
url, folder = sys.argv[1:]
paths = sorted(Path(folder).glob("*.png"))
with Client(KeyedAcme("acme-key", base_url=url), tracker=folder + "/paperhook.db") as client:
    for outcome in client.upload_many(paths, concurrency=2):
        print(outcome.source.name, flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_another_process_goes_on_where_one_was_cut_off(
    how: signal.Signals, paths: list[Path], tmp_path: Path
):
    cut_off = threading.Event()

    def late(act: hostile.Act) -> hostile.Act:
        return lambda connection: (cut_off.wait(60), act(connection))[1]

    # Two are under way when the child is cut off, and their answers come after.
    with serving(made("d1"), late(made("d2")), late(made("d3")), made("d4")) as server:
        command = [sys.executable, "-c", CHILD, server.url, str(tmp_path)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert child.stdout is not None
        first = child.stdout.readline().strip()
        child.send_signal(how)
        cut_off.set()
        told = {first, *child.stdout.read().split()}
        child.wait(20)
        child.stdout.close()
        rest = list(_sync(server.url, tmp_path, lambda client: list(client.resume())))
        again = list(_sync(server.url, tmp_path, lambda client: list(client.upload_many(paths))))
        requests = len(server.seen)
        keys = {request.headers["idempotency-key"] for request in server.seen}

    assert first
    assert len(told) < 6, "the child was to be cut off"
    assert told | {*names(rest)} == {path.name for path in paths}
    assert all(each.job is not None for each in [*rest, *again])
    # What was cut off is repeated with its key, and nothing else is sent twice.
    assert len(keys) == 6
    assert requests <= 6 + 2


def test_an_outcome_that_the_caller_did_not_get_to_deal_with_is_given_again(
    call: Callable[..., Any], paths: list[Path], tmp_path: Path
):
    def leave_after_the_second(client: Any) -> Any:
        # As where the caller's own database refuses a row: he had the outcome, and has not dealt with it.
        if isinstance(client, Client):
            with closing(client.upload_many(paths, concurrency=1)) as outcomes:
                return [next(outcomes), next(outcomes)]

        async def main() -> Any:
            async with aclosing(client.upload_many(paths, concurrency=1)) as outcomes:
                return [await anext(outcomes), await anext(outcomes)]

        return main()

    with serving(made("d1")) as server:
        taken = call(server.url, tmp_path, leave_after_the_second)
        rest = call(server.url, tmp_path, lambda client: client.resume())
        requests = len(server.seen)

    assert names(taken) == ["0.png", "1.png"]
    assert names(rest) == [f"{n}.png" for n in range(1, 6)]
    assert requests <= 6 + 1
