"""The models that providers and clients make, each loaded with its first use.

pydantic and our models are more than half of what a program loads for its first client, and a client that has sent nothing needs
none of them. What is loaded with it writes `models.Job` where it makes or tests one; whatever has one already imports `Job`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import loaded

if TYPE_CHECKING:
    from .event import (
        EVENT_CLASSES,
        BatchCompleted,
        DocumentCompleted,
        DocumentFailed,
        UnknownEvent,
        event_of,
    )
    from .job import Batch, BatchSummary, Job, JobError
    from .result import ROWS, Result

__all__ = [
    "EVENT_CLASSES",
    "ROWS",
    "Batch",
    "BatchCompleted",
    "BatchSummary",
    "DocumentCompleted",
    "DocumentFailed",
    "Job",
    "JobError",
    "Result",
    "UnknownEvent",
    "event_of",
]

_HOMES = {
    "event": (
        "EVENT_CLASSES",
        "BatchCompleted",
        "DocumentCompleted",
        "DocumentFailed",
        "UnknownEvent",
        "event_of",
    ),
    "job": ("Batch", "BatchSummary", "Job", "JobError"),
    "result": ("ROWS", "Result"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = loaded(f"{__package__}.{_HOME_OF[name]}", name)
    return value
