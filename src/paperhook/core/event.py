"""What a verified delivery means: one class for each event that all providers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, cached_property
from typing import Any, ClassVar, Self

import pydantic
from typing_extensions import override

from .job import BatchSummary, Job, JobError, JobStatus
from .model import Model
from .origin import Origin
from .result import Result
from .review import Reason, Review

#: `Origin` is at home in `origin`, and each event has one.
__all__ = [
    "EVENT_CLASSES",
    "STATUS_AFTER",
    "BatchCompleted",
    "DocumentCompleted",
    "DocumentFailed",
    "DocumentNeedsReview",
    "DocumentReceived",
    "EndpointTest",
    "Event",
    "Origin",
    "UnknownEvent",
    "event_of",
]


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
    _job: Job | None = pydantic.PrivateAttr(default=None)

    @property
    def job(self) -> Job:
        """A handle for the client, with what a tracker knows of the job; its id is empty where the provider names none."""
        if self._job is not None:
            return self._job
        return Job(
            id=self.job_id or self.document_id or "",
            provider=self.provider,
            document_id=self.document_id,
            batch_id=self.batch_id,
            status=STATUS_AFTER.get(self.type, JobStatus.PROCESSING),
            metadata=self.metadata,
        )

    def with_job(self, job: Job) -> Self:
        """Give the same event with another handle of its job."""
        event = self.model_copy()
        event._job = job  # noqa: SLF001 - a copy of this very class
        return event


class DocumentReceived(Event):
    """The provider has stored the document and not read it yet."""

    canonical_type = "document.received"


class DocumentCompleted(Event):  # noqa: PLW1641 - pydantic gives frozen models their hash
    """The provider has read the document.

    Args:
        result: What it says, or how to read it when somebody asks: turning every name, amount and date into ours
            takes longer than all else that is done to an event, and many handlers never look.
    """

    canonical_type = "document.completed"

    #: Whether the delivery carried the result; where it did not, `client.result(event.job)` fetches it.
    has_result: bool = True
    #: Where a rule held it back: why, and what a person decided.
    review: Review | None = None
    #: What the provider read, where a person corrected it.
    original: Result | None = pydantic.Field(default=None, repr=False)
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
        return state | {"__pydantic_private__": {"_job": self._job, "_read": None}}

    @override
    def __eq__(self, other: object) -> bool:
        # Two readers of one content are no difference; what they read is.
        if not isinstance(other, DocumentCompleted):
            return NotImplemented
        mine, theirs = self.__getstate__(), other.__getstate__()
        return all(mine[part] == theirs[part] for part in ("__dict__", "__pydantic_extra__"))


class DocumentFailed(Event):
    """The provider could not read the document."""

    canonical_type = "document.failed"

    error: JobError


class DocumentNeedsReview(Event):
    """A rule is not met, so a person must look at the document; its handler tells them, and acts on nothing else."""

    canonical_type = "document.needs_review"

    #: What the provider read, with the corrections that were made before.
    result: Result = pydantic.Field(default_factory=Result, repr=False)
    reasons: tuple[Reason, ...] = ()
    #: What `hooks.reviews` and `paperhook review` take.
    review_id: int = 0


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


def event_of(
    event_class: type[Event], values: dict[str, Any], read: Callable[[], Result] | None = None
) -> Event:
    """Make an event of values that are of the right types already.

    Checking them again, as the class itself does, takes five times as long, and every delivery comes through here.

    Args:
        values: Every member that has no default.
        read: Reads the result of a `DocumentCompleted` when somebody asks.
    """
    event = event_class.__new__(event_class)
    # What pydantic's own `model_construct` sets, and a test compares both ways.
    put = object.__setattr__
    private: dict[str, Any] = {"_job": None}
    if event_class is DocumentCompleted:
        private["_read"] = read
    put(event, "__dict__", _defaults(event_class) | values)
    put(event, "__pydantic_fields_set__", set(values))
    put(event, "__pydantic_extra__", {})
    put(event, "__pydantic_private__", private)
    return event


@cache
def _defaults(event_class: type[Event]) -> dict[str, Any]:
    """Give every member in order; none of the defaults can be changed, and one without a default is given."""
    return {
        name: None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
        for name, field in event_class.model_fields.items()
    }


#: How a job stands once one of these events is in the inbox.
STATUS_AFTER: Mapping[str, JobStatus] = {
    DocumentCompleted.canonical_type: JobStatus.COMPLETED,
    DocumentFailed.canonical_type: JobStatus.FAILED_TERMINAL,
    # Never stored as such: it is made for handlers, of a completed document.
    DocumentNeedsReview.canonical_type: JobStatus.NEEDS_REVIEW,
}
