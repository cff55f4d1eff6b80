"""The provider's work on a document: a job, a batch of them, and why one failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

import pydantic

from ..errors import ConfigurationError, ErrorKind
from .model import Model
from .status import JobStatus

#: `ErrorKind` is at home among the errors and `JobStatus` in `status`: a client has a use for both before it has a job.
__all__ = ["Batch", "BatchSummary", "ErrorKind", "Job", "JobError", "JobStatus"]


class JobError(Model):
    """Why a document could not be read."""

    #: The provider's code, or one of ours where it has none.
    code: str
    #: The provider's sentence.
    message: str = ""
    kind: ErrorKind = ErrorKind.TERMINAL


class Job(Model):
    """A handle on the provider's work on one document; it holds no secret and may be stored."""

    #: The provider's id of the job, the one that `status` asks for.
    id: str
    #: The provider's name.
    provider: str
    status: JobStatus = JobStatus.SUBMITTED
    #: The provider's word for the status, empty where it sent none.
    provider_status: str = ""
    #: The provider's id of the document, where it differs from the job's.
    document_id: str | None = None
    batch_id: str | None = None
    filename: str | None = None
    #: Of the document, where a listing says it, or an upload without an answer is looked for by it.
    size_bytes: int | None = None
    #: Lower-case hex SHA-256 of the document's content, where the same is true of it.
    sha256: str | None = None
    error: JobError | None = None
    created_at: datetime | None = None
    #: The key that the upload was sent with.
    idempotency_key: str | None = None
    #: Whether the provider answered with an earlier upload's job.
    is_replay: bool = False
    #: The user's own reference, as far as the provider carries it.
    metadata: Mapping[str, Any] = pydantic.Field(default_factory=dict[str, Any], repr=False)
    #: Ours, where a tracker knows it: of the file, the same for the same content and namespace, whichever the provider.
    own_document_id: str | None = None
    #: Ours, where a tracker knows it: of this run of the document through the provider.
    attempt_id: str | None = None
    #: The provider's jobs, one a page, where one document became several.
    parts: tuple[Job, ...] = ()
    #: The provider's last answer about this job.
    raw: Any = pydantic.Field(default=None, repr=False)

    @classmethod
    def known(cls, id: str, *, provider: str) -> Self:
        """Make a handle from an id that was kept elsewhere."""
        return cls(id=id, provider=provider)

    @property
    def reason(self) -> str:
        """Why it failed, as far as it is known: the provider's code and sentence, else its word for the status."""
        said = (self.error.code, self.error.message) if self.error is not None else ()
        return ": ".join(each for each in said if each) or self.provider_status

    def to_json(self) -> str:
        """Write the handle, for another process to go on with."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a handle that `to_json` wrote.

        Raises:
            ConfigurationError: If it is not one.
        """
        try:
            return cls.model_validate_json(text)
        except pydantic.ValidationError as error:
            raise ConfigurationError(
                f"not a job: {error.error_count()} problems; write it with to_json()"
            ) from None


class BatchSummary(Model):
    """How a batch ended."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0


class Batch(Model):
    """Several documents sent in one call."""

    id: str
    #: The provider's name.
    provider: str
    status: JobStatus = JobStatus.PROCESSING
    provider_status: str = ""
    #: Known jobs; some providers tell them only later.
    jobs: tuple[Job, ...] = ()
    summary: BatchSummary = pydantic.Field(default_factory=BatchSummary)
    #: The provider's last answer about this batch.
    raw: Any = pydantic.Field(default=None, repr=False)
