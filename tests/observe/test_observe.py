"""What observers are told: of deliveries, events, handlers, the inbox and requests."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import tenacity
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from paperhook import AsyncClient, Client, GiveUp, RetryLater
from paperhook.core.event import Event
from paperhook.errors import InboxUnavailable, MissingExtra, PaperhookError, WrongMethod
from paperhook.hooks import Webhooks
from paperhook.inbox import MemoryInbox
from paperhook.observe import (
    DeliveryReceived,
    DocumentEnded,
    DocumentJudged,
    EventRecovered,
    EventSettled,
    EventStored,
    HandlerRan,
    InboxMeasured,
    JobsMeasured,
    Observed,
    Observers,
    Recorder,
    RequestMade,
    RetryPaused,
    ReviewDecided,
    SubmissionEnded,
    log_lines,
    opentelemetry,
)
from paperhook.providers import DocuParse
from paperhook.retrying import RetryPolicy
from tests.acme import acme, body_of, signed
from tests.test_client import until

SEEN: list[Observed] = [
    DeliveryReceived("acme", "accepted"),
    EventStored("acme", "document.completed", "webhook", was_new=True),
    HandlerRan("acme", "document.completed", "book", "retry", 1, 0.25, "TimeoutError"),
    EventSettled("acme", "document.completed", "webhook", "done", 1.5),
    DocumentEnded("acme", "document.completed", "done", 90.0),
    DocumentJudged("acme", "document.completed", is_met=False, rules=("sums", "unique")),
    ReviewDecided("acme", "document.completed", "corrected", 60.0),
    EventRecovered("acme", "document.completed"),
    InboxMeasured(1, 2, 3, 4, 5, 6.5, 7),
    JobsMeasured(7, 1, 9, 3600.0),
    RequestMade("acme", "POST", "RateLimited", is_retry=True),
    RetryPaused("acme", "POST", "RateLimited", 1, 2.0),
    SubmissionEnded("acme"),
]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def hooks(recorder: Recorder) -> Iterator[Webhooks]:
    made = Webhooks(acme(), inbox=MemoryInbox(), worker="external", clock=lambda: 1000.0, observe=[recorder])
    yield made
    made.close()


def give(hooks: Webhooks, body: bytes, headers: Any = None, **named: Any) -> str:
    return hooks.receive(signed(body) if headers is None else headers, body, **named).outcome


def agive(hooks: Webhooks, body: bytes, headers: Any = None, **named: Any) -> str:
    given = signed(body) if headers is None else headers
    return asyncio.run(hooks.areceive(given, body, **named)).outcome


# Deliveries


@pytest.mark.parametrize("either", [give, agive])
def test_each_delivery_is_told_with_its_outcome(hooks: Webhooks, recorder: Recorder, either: Any) -> None:
    hooks.on("document.completed")(lambda event: None)
    body = body_of()

    outcomes = [
        either(hooks, body),
        either(hooks, body),
        either(hooks, body, {}),
        either(hooks, body, provider="a stranger's word"),
        hooks.refuse(WrongMethod("no"), provider="acme").outcome,
    ]

    told = recorder.of(DeliveryReceived)
    assert [each.outcome for each in told] == outcomes
    assert outcomes == ["accepted", "duplicate", "unsigned", "unknown_provider", "wrong_method"]
    assert [each.provider for each in told] == ["acme", "acme", "acme", "", "acme"]
    assert [each.was_new for each in recorder.of(EventStored)] == [True, False]


@pytest.mark.parametrize("either", [give, agive])
def test_a_delivery_is_told_whichever_way_it_ends(recorder: Recorder, either: Any) -> None:
    inline = Webhooks(acme(), inbox=MemoryInbox(), worker="inline", observe=[recorder])
    inline.on("document.completed")(lambda event: None)

    either(inline, body_of("ping", "p1"))
    either(inline, body_of())
    inline.close()
    either(inline, body_of())

    assert [each.outcome for each in recorder.of(DeliveryReceived)] == ["ignored", "accepted", "unavailable"]


def test_what_polling_found_is_stored_as_polled(hooks: Webhooks, recorder: Recorder) -> None:
    hooks.on("document.completed")(lambda event: None)
    provider = hooks.providers["acme"]
    from paperhook.core.delivery import Delivery
    from paperhook.core.headers import Headers

    envelopes = provider.envelopes(Delivery(Headers({}), body_of()))
    hooks.put_polled("acme", envelopes)
    asyncio.run(hooks.aput_polled("acme", envelopes))

    assert [(each.origin, each.was_new) for each in recorder.of(EventStored)] == [
        ("poll", True),
        ("poll", False),
    ]


# Handlers


def test_each_attempt_is_told_with_its_result_and_kind(hooks: Webhooks, recorder: Recorder) -> None:
    attempts = iter([RetryLater(0), KeyError("Example Ltd"), None])

    @hooks.on("document.completed", name="book", retry=RetryPolicy(wait=tenacity.wait_none()))
    def book(event: Event) -> None:
        error = next(attempts)
        if error is not None:
            raise error

    @hooks.on(
        "document.completed",
        name="slow",
        timeout=0.001,
        retry=RetryPolicy(stop=tenacity.stop_after_attempt(1)),
    )
    async def slow(event: Event) -> None:
        await asyncio.Event().wait()

    @hooks.on("document.completed", name="file")
    async def file(event: Event) -> None:
        raise GiveUp("no")

    give(hooks, body_of())
    asyncio.run(hooks.worker.drain())

    told = [(each.handler, each.result, each.attempt, each.error) for each in recorder.of(HandlerRan)]
    assert set(told) >= {
        ("book", "retry", 1, "RetryLater"),
        ("slow", "dead", 1, "TimeoutError"),
        ("file", "dead", 1, "GiveUp"),
    }
    assert all(each.seconds >= 0 for each in recorder.of(HandlerRan))
    assert "Example Ltd" not in repr(recorder.seen)


def test_an_event_is_told_when_it_is_settled_with_the_time_since_it_came(recorder: Recorder) -> None:
    now = [1000.0]
    hooks = Webhooks(acme(), inbox=MemoryInbox(), worker="external", clock=lambda: now[0], observe=[recorder])
    fails = [True]

    @hooks.on("document.completed", retry=RetryPolicy(retry=tenacity.retry_if_exception_type(KeyError)))
    def book(event: Event) -> None:
        if fails.pop() if fails else False:
            raise RetryLater(30)

    give(hooks, body_of())
    asyncio.run(hooks.worker.drain())
    assert recorder.of(EventSettled) == []
    now[0] = 1042.5
    asyncio.run(hooks.worker.drain())

    assert recorder.of(EventSettled) == [EventSettled("acme", "document.completed", "webhook", "done", 42.5)]
    hooks.close()


def test_a_running_worker_tells_how_full_the_inbox_is(recorder: Recorder) -> None:
    hooks = Webhooks(acme(), inbox=MemoryInbox(), worker="external", observe=[recorder])

    async def main() -> None:
        running = asyncio.create_task(hooks.run_worker())
        await until(lambda: bool(recorder.of(InboxMeasured)))
        await hooks.worker.stop()
        await running

    asyncio.run(asyncio.wait_for(main(), 10))
    hooks.close()

    assert recorder.of(InboxMeasured)[0] == InboxMeasured(0, 0, 0, 0, 0, 0.0)


def test_a_worker_goes_on_where_the_inbox_cannot_be_measured(recorder: Recorder) -> None:
    class Uncountable(MemoryInbox):
        def stats(self) -> Any:
            raise InboxUnavailable("away")

    hooks = Webhooks(acme(), inbox=Uncountable(), worker="external", observe=[recorder])
    hooks.on("document.completed")(lambda event: None)
    give(hooks, body_of())

    async def main() -> None:
        running = asyncio.create_task(hooks.run_worker())
        await until(lambda: bool(recorder.of(EventSettled)))
        await hooks.worker.stop()
        await running

    asyncio.run(asyncio.wait_for(main(), 10))
    hooks.close()

    assert recorder.of(InboxMeasured) == []


# Clients


def answers(*statuses: int) -> httpx.MockTransport:
    left = iter(statuses)
    done = {"success": True, "document_id": "d1", "status": "queued", "data": {}}
    return httpx.MockTransport(lambda request: httpx.Response(next(left), json=done))


QUICK = RetryPolicy(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_none())
UPLOADS = [
    ((200,), [("", False)], ""),
    ((429, 200), [("RateLimited", False), ("", True)], ""),
    ((429, 429, 429), [("RateLimited", False), ("RateLimited", True), ("RateLimited", True)], "RateLimited"),
]


@pytest.mark.parametrize(("statuses", "requests", "error"), UPLOADS)
def test_a_client_tells_of_each_request_and_of_the_submission(
    recorder: Recorder, statuses: tuple[int, ...], requests: list[Any], error: str
) -> None:
    with Client(
        DocuParse("key"),
        retry=QUICK,
        observe=[recorder],
        http_client=httpx.Client(transport=answers(*statuses)),
    ) as client:
        (outcome,) = client.upload_many([b"%PDF-1.7 a"])

    assert (type(outcome.error).__name__ if outcome.error else "") == error
    assert [(each.method, each.error, each.is_retry) for each in recorder.of(RequestMade)] == [
        ("POST", *each) for each in requests
    ]
    assert recorder.of(SubmissionEnded) == [SubmissionEnded("docuparse", error)]


@pytest.mark.parametrize(("statuses", "requests", "error"), UPLOADS)
def test_an_asynchronous_client_tells_the_same(
    recorder: Recorder, statuses: tuple[int, ...], requests: list[Any], error: str
) -> None:
    async def main() -> None:
        http = httpx.AsyncClient(transport=answers(*statuses))
        async with AsyncClient(DocuParse("key"), retry=QUICK, observe=[recorder], http_client=http) as client:
            with contextlib.suppress(PaperhookError):
                await client.upload(b"%PDF-1.7 a", filename="a.pdf")
        await http.aclose()

    asyncio.run(main())

    assert [(each.error, each.is_retry) for each in recorder.of(RequestMade)] == requests
    assert recorder.of(SubmissionEnded) == [SubmissionEnded("docuparse", error)]


# Back ends


@pytest.mark.parametrize("error", [ValueError, SystemExit, asyncio.CancelledError])
def test_an_observer_that_fails_is_logged_without_its_message_and_others_are_told(
    recorder: Recorder, caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    def fail(seen: Observed) -> None:
        raise error("Example Ltd")

    Observers([fail, recorder])(SEEN[0])

    assert recorder.seen == SEEN[:1]
    assert f"DeliveryReceived: {error.__name__}" in caplog.text
    assert "Example Ltd" not in caplog.text


def test_each_detail_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    write = log_lines()

    for each in [*SEEN, DeliveryReceived("", "odd\nword x")]:
        write(each)

    lines = [record.getMessage() for record in caplog.records]
    assert lines[2] == (
        "handler_ran provider=acme type=document.completed handler=book result=retry attempt=1 seconds=0.25"
        " error=TimeoutError"
    )
    assert lines[-1] == "delivery_received provider='' outcome='odd\\nword x'"
    assert all("\n" not in line for line in lines)


def test_a_level_that_is_off_costs_no_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    log_lines(logging.getLogger("mine"), level=logging.DEBUG)(SEEN[0])

    assert caplog.records == []


def points(reader: InMemoryMetricReader) -> dict[str, list[tuple[dict[str, Any], Any]]]:
    exported: Any = reader.get_metrics_data()
    (scope,) = exported.resource_metrics[0].scope_metrics
    assert scope.scope.name == "paperhook"
    return {
        metric.name: [
            (dict(point.attributes), point.value if hasattr(point, "value") else (point.count, point.sum))
            for point in metric.data.data_points
        ]
        for metric in scope.metrics
    }


def test_opentelemetry_exports_every_detail() -> None:
    reader = InMemoryMetricReader()
    count = opentelemetry(MeterProvider([reader]))

    for each in SEEN:
        count(each)

    event = {"provider": "acme", "type": "document.completed"}
    ran = {**event, "handler": "book", "result": "retry"}
    assert points(reader) == {
        "paperhook.deliveries": [({"provider": "acme", "outcome": "accepted"}, 1)],
        "paperhook.events.stored": [({**event, "origin": "webhook", "was_new": True}, 1)],
        "paperhook.events.recovered": [(event, 1)],
        "paperhook.handler.runs": [({**ran, "error": "TimeoutError"}, 1)],
        "paperhook.handler.duration": [(ran, (1, 0.25))],
        "paperhook.event.duration": [({**event, "origin": "webhook", "state": "done"}, (1, 1.5))],
        "paperhook.inbox.events": [
            ({"state": "pending"}, 1),
            ({"state": "running"}, 2),
            ({"state": "done"}, 3),
            ({"state": "dead"}, 4),
            ({"state": "review"}, 7),
        ],
        "paperhook.inbox.lag": [({}, 6.5)],
        "paperhook.jobs": [({"state": "open"}, 7), ({"state": "unknown"}, 1), ({"state": "settled"}, 9)],
        "paperhook.jobs.oldest": [({}, 3600.0)],
        "paperhook.document.duration": [({**event, "state": "done"}, (1, 90.0))],
        "paperhook.documents.judged": [({**event, "is_met": False}, 1)],
        "paperhook.reviews.decided": [({**event, "decision": "corrected"}, 1)],
        "paperhook.client.requests": [
            ({"provider": "acme", "method": "POST", "error": "RateLimited", "is_retry": True}, 1)
        ],
        "paperhook.client.request.duration": [
            ({"provider": "acme", "method": "POST", "error": "RateLimited"}, (1, 0.0))
        ],
        "paperhook.client.retries": [({"provider": "acme", "method": "POST", "reason": "RateLimited"}, 1)],
        "paperhook.client.submissions": [({"provider": "acme", "error": ""}, 1)],
    }


def test_without_opentelemetry_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)

    with pytest.raises(MissingExtra, match=r"paperhook\[otel\]"):
        opentelemetry()
