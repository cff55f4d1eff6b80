"""What a verified delivery means: one class for each event that all providers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar

import pydantic

from .job import BatchSummary, Job, JobError, JobStatus
from .model import Model
from .result import Result


class Origin(StrEnum):
    """How an event came to us."""

    WEBHOOK = "webhook"
    POLL = "poll"
    REPLAY = "replay"
    SIMULATED = "simulated"


class Event(Model):
    """One thing that happened to a document or a batch."""

    #: The word that `hooks.on` takes; empty on classes that stand for more than one.
    canonical_type: ClassVar[str] = ""

    #: Dedupe identity within the provider.
    key: str
    provider: str
    #: Our word, such as `document.completed`; the provider's own where we have none.
    type: str
    #: The provider's word, empty where it sends none.
    provider_type: str = ""
    job_id: str | None = None
    document_id: str | None = None
    batch_id: str | None = None
    #: Aware UTC.
    occurred_at: datetime | None = None
    origin: Origin = Origin.WEBHOOK
    #: The user's own reference, as far as the provider carries it.
    metadata: Mapping[str, Any] = pydantic.Field(default_factory=dict[str, Any], repr=False)
    #: The decoded body.
    raw: Any = pydantic.Field(default=None, repr=False)
    #: The exact bytes.
    body: bytes = pydantic.Field(default=b"", repr=False)

    @property
    def job(self) -> Job:
        """A handle for the client; its id is empty where the provider names no job."""
        return Job(
            id=self.job_id or self.document_id or "",
            provider=self.provider,
            document_id=self.document_id,
            batch_id=self.batch_id,
            status=_STATUS_AFTER.get(self.type, JobStatus.PROCESSING),
            metadata=self.metadata,
        )


class DocumentReceived(Event):
    """The provider has stored the document and not read it yet."""

    canonical_type = "document.received"


class DocumentCompleted(Event):
    """The provider has read the document.

    Args:
        result: What it says, or how to read it when somebody asks: turning every name, amount and date into ours
            takes longer than all else that is done to an event, and many handlers never look.
    """

    canonical_type = "document.completed"

    #: Whether the delivery carried the result; where it did not, `client.result(event.job)` fetches it.
    has_result: bool = True
    _read: Callable[[], Result] | None = pydantic.PrivateAttr(default=None)

    def __init__(
        self, *, result: Result | Mapping[str, Any] | Callable[[], Result] | None = None, **values: Any
    ):
        super().__init__(**values)
        if callable(result):
            self._read = result
        elif result is not None:
            # The model is frozen; this is where `cached_property` would put it.
            object.__setattr__(self, "result", Result.model_validate(result))

    @pydantic.computed_field(repr=False)  # type: ignore[prop-decorator] # pydantic/pydantic#8187
    @cached_property
    def result(self) -> Result:
        """What the document says; empty where the delivery only names a job."""
        return Result() if self._read is None else self._read()

    def __getstate__(self) -> dict[Any, Any]:
        """Give what a copy or a pickle holds: the result, not the provider that would read it."""
        self.result  # noqa: B018 - read now
        state = dict(super().__getstate__())
        return state | {"__pydantic_private__": {"_read": None}}


class DocumentFailed(Event):
    """The provider could not read the document."""

    canonical_type = "document.failed"

    error: JobError


class DocumentNeedsReview(Event):
    """A rule is not met, so a person must look at the document."""

    canonical_type = "document.needs_review"

    result: Result = Result()
    reasons: tuple[str, ...] = ()


class BatchCompleted(Event):
    """Every document of a batch has ended, failures included."""

    canonical_type = "batch.completed"

    summary: BatchSummary


class EndpointTest(Event):
    """A test delivery or a handshake of the provider."""

    canonical_type = "endpoint.test"


class UnknownEvent(Event):
    """Anything that has no class of its own; `type` is the provider's word."""


EVENT_CLASSES: Mapping[str, type[Event]] = {
    event.canonical_type: event
    for event in (
        DocumentReceived,
        DocumentCompleted,
        DocumentFailed,
        DocumentNeedsReview,
        BatchCompleted,
        EndpointTest,
    )
}

_STATUS_AFTER = {
    DocumentCompleted.canonical_type: JobStatus.COMPLETED,
    DocumentFailed.canonical_type: JobStatus.FAILED_TERMINAL,
    DocumentNeedsReview.canonical_type: JobStatus.NEEDS_REVIEW,
}
