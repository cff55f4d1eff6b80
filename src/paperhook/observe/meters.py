"""Details as OpenTelemetry metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import MissingExtra
from .details import (
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
    Observer,
    RequestMade,
    RetryPaused,
    RetryRefused,
    ReviewDecided,
    SubmissionEnded,
    WaitEnded,
)

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

#: Seconds. A handler is quick, and an event may wait for a night.
_HANDLER_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_EVENT_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)

_COUNTERS: tuple[tuple[type[Observed], str, str, str, tuple[str, ...]], ...] = (
    (DeliveryReceived, "deliveries", "{delivery}", "Webhook requests", ("provider", "outcome")),
    (EventStored, "events.stored", "{event}", "Events put", ("provider", "type", "origin", "was_new")),
    (EventRecovered, "events.recovered", "{event}", "Events whose webhook was lost", ("provider", "type")),
    (
        HandlerRan,
        "handler.runs",
        "{run}",
        "Attempts of handlers",
        ("provider", "type", "handler", "result", "error"),
    ),
    (
        RequestMade,
        "client.requests",
        "{request}",
        "Requests to providers",
        ("provider", "method", "error", "is_retry"),
    ),
    (RetryRefused, "client.retries_refused", "{request}", "Retries not made", ("provider", "reason")),
    (DocumentJudged, "documents.judged", "{document}", "Documents judged", ("provider", "type", "is_met")),
    (ReviewDecided, "reviews.decided", "{document}", "Reviews decided", ("provider", "type", "decision")),
    (
        RetryPaused,
        "client.retries",
        "{retry}",
        "Requests that are sent again",
        ("provider", "method", "reason"),
    ),
    (SubmissionEnded, "client.submissions", "{document}", "Documents submitted", ("provider", "error")),
    (WaitEnded, "client.waits", "{job}", "Jobs waited for", ("provider", "result", "error")),
)
_HISTOGRAMS: tuple[tuple[type[Observed], str, str, tuple[float, ...], tuple[str, ...]], ...] = (
    (
        RequestMade,
        "client.request.duration",
        "Time of one attempt of a request",
        _HANDLER_SECONDS,
        ("provider", "method", "error"),
    ),
    (
        WaitEnded,
        "client.wait.duration",
        "Time for which a job was waited for",
        _EVENT_SECONDS,
        ("provider", "result"),
    ),
    (
        HandlerRan,
        "handler.duration",
        "Time of one attempt",
        _HANDLER_SECONDS,
        ("provider", "type", "handler", "result"),
    ),
    (
        EventSettled,
        "event.duration",
        "Time from received to done or dead",
        _EVENT_SECONDS,
        ("provider", "type", "origin", "state"),
    ),
    (
        DocumentEnded,
        "document.duration",
        "Time from upload to done or dead",
        _EVENT_SECONDS,
        ("provider", "type", "state"),
    ),
)


def opentelemetry(meter_provider: MeterProvider | None = None) -> Observer:
    """Give an observer that counts with OpenTelemetry.

    Args:
        meter_provider: By default the global one.

    Raises:
        MissingExtra: If opentelemetry-api is not installed.
    """
    try:
        from opentelemetry.metrics import get_meter
    except ImportError as error:
        raise MissingExtra("opentelemetry-api is missing: pip install 'paperhook[otel]'") from error
    meter = get_meter("paperhook", meter_provider=meter_provider)
    counted = {
        kind: (meter.create_counter(f"paperhook.{name}", unit, text), members)
        for kind, name, unit, text, members in _COUNTERS
    }
    timed = {
        kind: (
            meter.create_histogram(
                f"paperhook.{name}", "s", text, explicit_bucket_boundaries_advisory=boundaries
            ),
            members,
        )
        for kind, name, text, boundaries, members in _HISTOGRAMS
    }
    events = meter.create_gauge("paperhook.inbox.events", "{event}", "Events by state")
    jobs = meter.create_gauge("paperhook.jobs", "{job}", "Submitted documents by what is known of their end")
    oldest = meter.create_gauge("paperhook.jobs.oldest", "s", "Time since the oldest open document was sent")
    lag = meter.create_gauge("paperhook.inbox.lag", "s", "Age of the oldest pending event")

    def count(seen: Observed) -> None:
        kind = type(seen)
        if kind in counted:
            counter, members = counted[kind]
            counter.add(1, _attributes(seen, members))
        if isinstance(seen, (HandlerRan, EventSettled, DocumentEnded, RequestMade, WaitEnded)):
            histogram, members = timed[type(seen)]
            histogram.record(seen.seconds, _attributes(seen, members))
        if isinstance(seen, InboxMeasured):
            for state in ("pending", "running", "done", "dead", "review"):
                events.set(getattr(seen, state), {"state": state})
            lag.set(seen.lag)
        if isinstance(seen, JobsMeasured):
            for state in ("open", "unknown", "settled"):
                jobs.set(getattr(seen, state), {"state": state})
            oldest.set(seen.oldest)

    return count


def _attributes(seen: Observed, members: tuple[str, ...]) -> dict[str, str | bool]:
    return {member: getattr(seen, member) for member in members}
