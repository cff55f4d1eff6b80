"""What happens, told to whoever counts it: one protocol, frozen details, three back ends.

| back end | |
|---|---|
| `log_lines()` | one line for each detail, for a log that is searched |
| `opentelemetry()` | counters, histograms and gauges; extra `otel` |
| `Recorder()` | keeps the details, for tests |

Details name providers, types, handlers and outcomes. They hold no payload, no key, no secret and no message of an error.
"""

from __future__ import annotations

from .details import (
    DeliveryReceived,
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
    SubmissionEnded,
)
from .lines import log_lines
from .meters import opentelemetry
from .recorder import Recorder

__all__ = [
    "DeliveryReceived",
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
    "SubmissionEnded",
    "log_lines",
    "opentelemetry",
]
