"""The models that providers and clients make, each loaded with its first use.

pydantic and our models are more than half of what a program loads for its first client, and a client that has sent nothing needs
none of them. What is loaded with it writes `models.Job` where it makes or tests one; whatever has one already imports `Job`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .building import BUILDING

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
    from .result import Result

__all__ = [
    "EVENT_CLASSES",
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
    "result": ("Result",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # A fork must not happen meanwhile: in the forked process nobody would go on with the import.
    with BUILDING:
        value = getattr(import_module(f".{_HOME_OF[name]}", __package__), name)
    globals()[name] = value
    return value
