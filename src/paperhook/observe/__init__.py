"""What happens, told to whoever counts it: one protocol, frozen details, four back ends.

| back end | |
|---|---|
| `log_lines()` | one line for each detail, for a log that is searched |
| `opentelemetry()` | counters, histograms and gauges; extra `otel` |
| `opentelemetry_spans()` | a span for each request and each run of a handler; extra `otel` |
| `Recorder()` | keeps the details, for tests |

Details name providers, types, handlers and outcomes. They hold no payload, no key, no secret and no message of an error.
"""

from __future__ import annotations

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
    Observers,
    RequestMade,
    RetryPaused,
    RetryRefused,
    ReviewDecided,
    SubmissionEnded,
    WaitEnded,
)
from .lines import log_lines
from .meters import opentelemetry
from .recorder import Recorder
from .spans import opentelemetry_spans

__all__ = [
    "DeliveryReceived",
    "DocumentEnded",
    "DocumentJudged",
    "EventRecovered",
    "EventSettled",
    "EventStored",
    "HandlerRan",
    "InboxMeasured",
    "JobsMeasured",
    "Observed",
    "Observer",
    "Observers",
    "Recorder",
    "RequestMade",
    "RetryPaused",
    "RetryRefused",
    "ReviewDecided",
    "SubmissionEnded",
    "WaitEnded",
    "log_lines",
    "opentelemetry",
    "opentelemetry_spans",
]
