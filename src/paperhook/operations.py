"""The flows that all providers share, as generators: upload, wait, upload and wait, poll."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .core.delivery import Envelope
from .core.document import Document
from .core.job import Batch, Job, JobStatus
from .core.provider import Provider
from .core.result import Result
from .core.steps import Steps, now, pause
from .errors import (
    ApiError,
    ConfigurationError,
    DeadlineExceeded,
    JobFailed,
    NotFound,
    ResultExpired,
    SubmissionUnknown,
    TransportError,
    UnsupportedDocument,
    WaitTimeout,
)


def submission_key(
    document: Document, provider: Provider, *, metadata: Mapping[str, Any], namespace: str = ""
) -> str:
    """Derive the idempotency key of an upload: the same document, provider and options give the same key.

    Args:
        namespace: Keeps two applications that share an account apart.

    Returns:
        43 characters, `ph-` and 40 hex digits.

    Raises:
        ConfigurationError: If the metadata is not plain JSON, so that its key could not be derived again.
    """
    try:
        options = json.dumps(metadata, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"metadata must be plain JSON with text as names: {error}") from error
    parts = [namespace, provider.name, provider.base_url, document.sha256, options]
    digest = hashlib.sha256(json.dumps([*parts, provider.upload_options()], default=str).encode()).hexdigest()
    return f"ph-{digest[:40]}"


def check_document(document: Document, provider: Provider) -> None:
    """Refuse what the provider is known to refuse, before a byte is sent.

    Raises:
        UnsupportedDocument: If it is empty, too large, or of a type that the provider does not take.
    """
    can = provider.capabilities
    if document.size_bytes == 0:
        raise UnsupportedDocument(f"{document.filename} is empty: nothing was sent", code="empty_file")
    if can.accepts is not None and document.content_type not in can.accepts:
        raise UnsupportedDocument(
            f"{document.filename} is {document.content_type}: {provider.name} takes {', '.join(sorted(can.accepts))}"
        )
    is_sent_as_it_is = document.content_type not in can.rasterises
    if (
        is_sent_as_it_is
        and can.max_document_bytes is not None
        and document.size_bytes > can.max_document_bytes
    ):
        raise UnsupportedDocument(
            f"{document.filename} has {document.size_bytes} bytes: {provider.name} takes {can.max_document_bytes}",
            code="too_large",
        )


def upload(
    provider: Provider,
    document: Document,
    *,
    key: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Steps[Job]:
    """Submit one document, never twice.

    Raises:
        UnsupportedDocument: If the provider is known to refuse it.
        SubmissionUnknown: If the document may have arrived, and no answer tells.
        ApiError: If the provider refused it.
        TransportError: If nothing was sent.
    """
    check_document(document, provider)
    given = metadata or {}
    try:
        job = yield from provider.upload(document, key=key, metadata=given)
    except (TransportError, ApiError) as error:
        if not _may_have_made_a_job(error):
            raise
        job = Job(
            id="",
            provider=provider.name,
            status=JobStatus.SUBMISSION_UNKNOWN,
            filename=document.filename,
            idempotency_key=key,
            metadata=given,
        )
        raise SubmissionUnknown(
            f"{error}; {document.filename} may have been accepted: {_how_to_go_on(provider)}", job=job
        ) from error
    return job.model_copy(update={"idempotency_key": key, "filename": job.filename or document.filename})


def upload_batch(
    provider: Provider,
    documents: Sequence[Document],
    *,
    key: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    namespace: str = "",
) -> Steps[Batch]:
    """Submit several documents in one call, never twice; errors as for `upload`."""
    given = metadata or {}
    most = provider.capabilities.max_batch_documents
    if not documents:
        raise UnsupportedDocument(
            f"{provider.name}: a batch of no documents: nothing was sent", code="empty_batch"
        )
    if 0 < most < len(documents):
        raise UnsupportedDocument(
            f"{provider.name}: a batch of {len(documents)} documents: it takes {most}, so send several",
            code="too_many_documents",
        )
    for document in documents:
        check_document(document, provider)
    if key is None:
        keys = [submission_key(each, provider, metadata=given, namespace=namespace) for each in documents]
        key = f"ph-{hashlib.sha256(' '.join(keys).encode()).hexdigest()[:40]}"
    try:
        return (yield from provider.upload_batch(documents, key=key, metadata=given))
    except (TransportError, ApiError) as error:
        if not _may_have_made_a_job(error):
            raise
        raise SubmissionUnknown(
            f"{error}; the batch of {len(documents)} may have been accepted: {_how_to_go_on(provider)}"
        ) from error


def _how_to_go_on(provider: Provider) -> str:
    if provider.capabilities.idempotency_header is not None:
        return "upload it again, its key keeps the provider from making a second job"
    return "look for it at the provider before you upload it again"


def _may_have_made_a_job(error: TransportError | ApiError) -> bool:
    return error.may_have_arrived if isinstance(error, TransportError) else error.may_have_been_processed


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast to poll: quickly at first, then slower."""

    #: Seconds before the first poll.
    first: float = 0.2
    #: Each pause is this many times the last.
    factor: float = 1.6
    #: Seconds; no pause is longer.
    longest: float = 5.0


def wait(provider: Provider, job: Job, *, deadline: float, pace: Pace | None = None) -> Steps[Job]:
    """Poll until a job is final.

    Args:
        deadline: Seconds from now.

    Raises:
        WaitTimeout: If it is not final by then; the error carries the job as last seen.
    """
    rhythm = pace or Pace(longest=max(provider.capabilities.poll_seconds, 0.2))
    started = yield from now()
    gap = rhythm.first
    while not job.status.is_final:
        waited = (yield from now()) - started
        if waited >= deadline:
            raise WaitTimeout(
                f"{provider.name}: job {job.id} is still {job.status} after {waited:.1f} s: wait again, or let "
                "the webhook tell",
                job=job,
            )
        try:
            yield from pause(min(gap, deadline - waited))
            gap = min(gap * rhythm.factor, rhythm.longest)
            job = carry_over(job, (yield from provider.status(job)))
        except DeadlineExceeded as error:
            raise WaitTimeout(f"{provider.name}: job {job.id}: {error}", job=job) from error
    return job


def status(provider: Provider, job: Job) -> Steps[Job]:
    """Ask how a job stands."""
    return carry_over(job, (yield from provider.status(job)))


def carry_over(before: Job, after: Job) -> Job:
    """Keep what only the upload knew when a provider's newer answer does not repeat it."""
    kept = ("filename", "idempotency_key", "is_replay", "metadata", "batch_id", "document_id", "created_at")
    return after.model_copy(update={name: getattr(before, name) for name in kept if not getattr(after, name)})


def result(provider: Provider, job: Job) -> Steps[Result]:
    """Fetch the result of a job.

    Raises:
        JobFailed: If the job is known to have failed.
        ResultExpired: If the provider no longer keeps it.
    """
    if job.status.is_failure:
        reason = f"{job.error.code}: {job.error.message}" if job.error else job.provider_status
        raise JobFailed(f"{provider.name}: job {job.id} failed: {reason}", job=job)
    return (yield from provider.result(job))


def upload_and_wait(provider: Provider, uploading: Steps[Job], *, deadline: float) -> Steps[Result]:
    """Submit one document, wait for it and fetch its result.

    Args:
        uploading: How it is submitted, such as `upload(provider, document)`.
        deadline: Seconds for all of it.

    Raises:
        JobFailed: If the provider could not read it.
        WaitTimeout: If it takes longer than `deadline` seconds; the error carries the job.
    """
    started = yield from now()
    job = yield from uploading
    left = deadline - ((yield from now()) - started)
    job = yield from wait(provider, job, deadline=left)
    try:
        return (yield from result(provider, job))
    except DeadlineExceeded as error:
        raise WaitTimeout(f"{provider.name}: the result of job {job.id}: {error}", job=job) from error


def poll(provider: Provider, job: Job) -> Steps[tuple[Envelope, ...]]:
    """Ask what became of a job whose webhook did not come.

    Returns:
        What its webhooks would have said, with the same keys; empty while it runs.
    """
    _, envelopes = yield from inquire(provider, job)
    return envelopes


def inquire(provider: Provider, job: Job) -> Steps[tuple[Job, tuple[Envelope, ...]]]:
    """Ask what became of a job, and how it stands.

    Returns:
        The job, `expired` where the provider does not know it or its result any more, and what its webhooks would have
        said, with the same keys; nothing while it runs.
    """
    if not job.status.is_final:
        try:
            job = yield from status(provider, job)
        except NotFound:
            job = _expired(job)
            return job, provider.polled(job, None)
    try:
        found = (yield from provider.result(job)) if job.status.is_success else None
    except ResultExpired:
        job, found = _expired(job), None
    return job, provider.polled(job, found)


def _expired(job: Job) -> Job:
    return job.model_copy(update={"status": JobStatus.EXPIRED})
