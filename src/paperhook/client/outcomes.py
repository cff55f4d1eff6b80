"""How one of many ended: a job or an error, never both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from ..core.job import Job
from ..errors import PaperhookError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UploadOutcome(Generic[T]):
    """How one of many uploads ended: a job or an error, never both."""

    source: T
    job: Job | None = None
    error: PaperhookError | None = None


@dataclass(frozen=True, slots=True)
class WaitOutcome:
    """How waiting for one of many jobs ended."""

    #: As last seen; final where there is no error.
    job: Job
    error: PaperhookError | None = None


def outcome_of(source: T, ending: Job | PaperhookError) -> UploadOutcome[T]:
    """Give the outcome of a source."""
    if isinstance(ending, Job):
        return UploadOutcome(source, job=ending)
    return UploadOutcome(source, error=ending)
