"""The guide's operational metrics, each read from OpenTelemetry's in-memory exporter after a day with everything in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from paperhook import AsyncClient, DocumentCompleted, Event, GiveUp, Webhooks
from paperhook.errors import InboxUnavailable, PaperhookError
from paperhook.observe import DocumentEnded, DocumentJudged, Recorder, opentelemetry
from paperhook.retrying import NO_RETRY
from paperhook.tracker import MemoryTracker
from tests.acme import acme, body_of, signed
from tests.reconciler.desk import PNG, START, Wire

pytestmark = pytest.mark.anyio
EVENT = {"provider": "acme", "type": "document.completed"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


class Exported:
    """What an exporter got: for each metric its points, by their attributes."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        data: Any = reader.get_metrics_data()
        (scope,) = data.resource_metrics[0].scope_metrics
        self._points = {metric.name: metric.data.data_points for metric in scope.metrics}

    def points(self, name: str, **attributes: Any) -> list[Any]:
        return [
            each
            for each in self._points[f"paperhook.{name}"]
            if attributes.items() <= dict(each.attributes).items()
        ]

    def sum(self, name: str, **attributes: Any) -> float:
        return sum(each.value for each in self.points(name, **attributes))

    def by(self, name: str, attribute: str) -> dict[Any, float]:
        return {each.attributes[attribute]: each.value for each in self.points(name)}

    def quantile(self, name: str, share: float, **attributes: Any) -> float:
        """Give the upper bound of the bucket in which so many of all have ended."""
        (point,) = self.points(name, **attributes)
        counts, seen = point.bucket_counts, 0
        for bound, count in zip([*point.explicit_bounds, float("inf")], counts, strict=True):
            seen += count
            if seen >= share * point.count:
                return float(bound)
        raise AssertionError("no bucket holds it")


async def test_every_metric_of_the_guide_is_exported() -> None:
    reader, clock, wire = InMemoryMetricReader(), Clock(), Wire()
    observe, calls = [opentelemetry(MeterProvider([reader]))], list[str]()
    http, tracker = httpx.AsyncClient(transport=httpx.MockTransport(wire)), MemoryTracker()
    client = AsyncClient(acme(), http_client=http, tracker=tracker, retry=NO_RETRY, observe=observe)
    client._now = clock  # type: ignore[method-assign]
    hooks = Webhooks(
        acme(), inbox="memory:", worker="external", clock=clock, reconcile=client, observe=observe
    )

    @hooks.on(DocumentCompleted, name="book")
    def book(event: Event) -> None:
        calls.append(event.job_id or "")
        if event.job_id == "d3":
            raise GiveUp("it is a poem")
        if event.job_id == "d1" and calls.count("d1") == 1:
            raise ConnectionError

    # Five are uploaded, and one more cannot be.
    for number in range(1, 6):
        await client.upload(PNG + b"%d" % number, filename="a.png")
    wire.refusal = None
    refusing = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(400)))
    async with AsyncClient(acme(), http_client=refusing, retry=NO_RETRY, observe=observe) as refused:
        with pytest.raises(PaperhookError):
            await refused.upload(PNG, filename="a.png")
    # One is done and its handler fails once, one comes twice, one is dead, one is lost, one goes on; and a forgery.
    wire.states.update(d1="done", d2="done", d3="done", d4="done")
    for job in ("d1", "d2", "d2", "d3"):
        clock.now += 10
        hooks.receive(signed(body_of("done", job)), body_of("done", job))
    hooks.receive(signed(b"{}"), b"{} ")
    await hooks.worker.drain()
    clock.now += 3000
    await hooks.worker.drain()
    await hooks.reconciler(silence=30.0, rate=1e6).sweep()
    await hooks.worker.drain()
    hooks.observers(DocumentJudged("acme", "document.completed", is_met=False, rules=("sums",)))
    hooks.observers(DocumentJudged("acme", "document.completed", is_met=True))
    await hooks.measure()
    tracker.rows().result()
    told = Exported(reader)
    await hooks.aclose()
    tracker.close()

    # Submission success.
    assert told.by("client.submissions", "error") == {"": 5, "BadRequest": 1}
    # Deliveries by outcome.
    assert told.by("deliveries", "outcome") == {"accepted": 3, "duplicate": 1, "bad_signature": 1}
    # Time from upload to handled, median and 95th percentile: d2 after 40 s, d1 and d4 after 3040; d3 is dead.
    (handled,) = told.points("document.duration", state="done")
    assert (handled.count, handled.sum) == (3, 40 + 3040 + 3040)
    assert told.quantile("document.duration", 0.3, state="done") == 60.0
    assert told.quantile("document.duration", 0.5, state="done") == 3600.0
    assert told.quantile("document.duration", 0.95, state="done") == 3600.0
    assert told.quantile("event.duration", 0.95, state="done", origin="poll") == 0.01
    # Retries by kind.
    assert told.sum("handler.runs", result="retry", error="ConnectionError") == 1
    # Stuck jobs, and since when.
    assert told.by("jobs", "state") == {"open": 1, "unknown": 0, "settled": 4}
    assert told.sum("jobs.oldest") == 3040
    # Review rate.
    assert told.sum("documents.judged", is_met=False) / told.sum("documents.judged") == 0.5
    # Dead letters, lag, recovered.
    assert told.sum("inbox.events", state="dead") == 1
    assert told.sum("inbox.lag") == 0.0
    assert told.by("events.recovered", "type") == {"document.completed": 1}


class Away(MemoryTracker):
    """Cannot be read."""

    def rows(self, *arguments: Any, **named: Any) -> Any:
        asked = super().rows(*arguments, **named)
        asked.result()
        failed: Any = type(asked)()
        failed.set_exception(InboxUnavailable("it is away"))
        return failed


async def test_a_tracker_that_is_away_costs_a_figure_and_nothing_else() -> None:
    recorder, wire = Recorder(), Wire()
    http, tracker = httpx.AsyncClient(transport=httpx.MockTransport(wire)), Away()
    client = AsyncClient(acme(), http_client=http, tracker=tracker, retry=NO_RETRY)
    hooks = Webhooks(acme(), inbox="memory:", worker="external", reconcile=client, observe=[recorder])
    handled: list[Event] = []
    hooks.on("document.*")(handled.append)

    await client.upload(PNG, filename="a.png")
    hooks.receive(signed(body_of("done", "d1")), body_of("done", "d1"))
    await hooks.worker.drain()
    await hooks.aclose()
    tracker.close()

    assert len(handled) == 1
    assert recorder.of(DocumentEnded) == []
