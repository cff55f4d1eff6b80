"""How one of many ended: a job or an error, never both."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from typing_extensions import override

from ..core.document import Document
from ..errors import PaperhookError

if TYPE_CHECKING:
    from ..core.job import Job

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UploadOutcome(Generic[T]):
    """How one of many uploads ended: a job or an error, never both."""

    source: T
    job: Job | None = None
    error: PaperhookError | None = None

    @override
    def __repr__(self) -> str:
        # Bytes are the document itself, and so may be whatever else was given.
        is_name = isinstance(self.source, (str, os.PathLike, Document))
        source = repr(self.source) if is_name else f"<{type(self.source).__name__}>"
        return f"UploadOutcome(source={source}, job={self.job!r}, error={self.error!r})"


@dataclass(frozen=True, slots=True)
class WaitOutcome:
    """How waiting for one of many jobs ended."""

    #: As last seen; final where there is no error.
    job: Job
    error: PaperhookError | None = None


def outcome_of(source: T, ending: Job | PaperhookError) -> UploadOutcome[T]:
    """Give the outcome of a source."""
    if isinstance(ending, PaperhookError):
        return UploadOutcome(source, error=ending)
    return UploadOutcome(source, job=ending)
