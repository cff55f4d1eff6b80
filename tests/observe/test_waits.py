"""What observers are told of waiting, by both clients and for one job as for many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import httpx
import pytest

from paperhook import AsyncClient, Client
from paperhook.core.job import Job, JobStatus
from paperhook.errors import NotFound, PaperhookError, WaitTimeout
from paperhook.observe import Recorder, WaitEnded
from paperhook.retrying import NO_RETRY
from paperhook.tracker import MemoryTracker
from tests.acme import acme

#: How each job stands, poll for poll; the last stays.
STATES: Mapping[str, tuple[str, ...]] = {
    "quick": ("done",),
    "slow": ("waiting", "waiting", "done"),
    "broken": ("waiting", "broken"),
    "never": ("waiting",),
}
PNG = b"\x89PNG\r\n\x1a\n"
Do = Callable[[Any], Any]


class Wire:
    """Acme's side."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json={"id": "quick", "state": "waiting"})
        name = request.url.path.removeprefix("/v1/documents/")
        if name == "quick/result":
            return httpx.Response(200, json={"fields": {}})
        if name not in STATES:
            return httpx.Response(404)
        states = STATES[name]
        state = states[min(self.asked.count(name), len(states) - 1)]
        self.asked.append(name)
        return httpx.Response(200, json={"id": name, "state": state})


def _sync(do: Do, **options: Any) -> Any:
    http = httpx.Client(transport=httpx.MockTransport(Wire()))
    with Client(acme(), http_client=http, retry=NO_RETRY, **options) as client:
        return do(client)


def _async(do: Do, **options: Any) -> Any:
    async def main() -> Any:
        http = httpx.AsyncClient(transport=httpx.MockTransport(Wire()))
        async with AsyncClient(acme(), http_client=http, retry=NO_RETRY, **options) as client:
            return await do(client)

    return asyncio.run(main())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return request.param


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def one(name: str, deadline: float) -> Do:
    return lambda client: client.wait(name, deadline=deadline)


def many(name: str, deadline: float) -> Do:
    return lambda client: client.wait_many([name], deadline=deadline)


@pytest.mark.parametrize("waiting", [one, many])
@pytest.mark.parametrize(
    ("name", "deadline", "expected"),
    [
        ("quick", 60.0, WaitEnded("acme", "completed", 1)),
        ("slow", 60.0, WaitEnded("acme", "completed", 3)),
        ("broken", 60.0, WaitEnded("acme", "failed", 2)),
        ("unheard-of", 60.0, WaitEnded("acme", "error", 1, error="NotFound")),
        ("never", 0.05, WaitEnded("acme", "late", 0, error="WaitTimeout")),
    ],
)
def test_how_a_wait_ended_is_told(
    call: Callable[..., Any],
    recorder: Recorder,
    waiting: Callable[[str, float], Do],
    name: str,
    deadline: float,
    expected: WaitEnded,
) -> None:
    with suppress(NotFound, WaitTimeout):
        call(waiting(name, deadline), observe=[recorder])

    [seen] = recorder.of(WaitEnded)
    assert seen == expected
    # The first poll is after 0.2 s, or a tenth less.
    assert seen.seconds >= min(0.17, deadline)


def test_upload_and_wait_tells_it_too(call: Callable[..., Any], recorder: Recorder) -> None:
    call(lambda client: client.upload_and_wait(PNG, deadline=60), observe=[recorder])

    assert recorder.of(WaitEnded) == [WaitEnded("acme", "completed", 1)]


def test_each_of_many_is_told_once(call: Callable[..., Any], recorder: Recorder) -> None:
    call(lambda client: client.wait_many(["slow", "broken", "quick"], deadline=60), observe=[recorder])

    told = sorted((each.result, each.polls) for each in recorder.of(WaitEnded))
    assert told == [("completed", 1), ("completed", 3), ("failed", 2)]


@pytest.mark.parametrize("name", ["wait", "wait_many"])
def test_one_that_is_final_takes_no_poll(call: Callable[..., Any], recorder: Recorder, name: str) -> None:
    tracker = MemoryTracker()
    final = Job(id="quick", provider="acme", status=JobStatus.COMPLETED)

    call(
        lambda client: getattr(client, name)(final if name == "wait" else [final]),
        observe=[recorder],
        tracker=tracker,
    )

    assert recorder.of(WaitEnded) == [WaitEnded("acme", "completed", 0)]
    tracker.close()


def test_without_observers_nothing_is_told(call: Callable[..., Any]) -> None:
    with pytest.raises(PaperhookError):
        call(one("never", 0.05))
