"""The flows that all providers share, as generators: upload, wait, upload and wait, poll."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from .core.delivery import Envelope
from .core.document import Document
from .core.job import Batch, Job, JobStatus
from .core.provider import Provider
from .core.result import Result
from .core.steps import Effect, Progress, Send, Steps, now, pause, relayed
from .errors import (
    ApiError,
    CallFailed,
    ConfigurationError,
    DeadlineExceeded,
    JobFailed,
    NotFound,
    PaperhookError,
    RateLimitReached,
    ResultExpired,
    SubmissionUnknown,
    TransportError,
    UnsupportedDocument,
    WaitTimeout,
)

T = TypeVar("T")


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
    options = metadata_text(metadata)
    if not document.sha256:
        raise ConfigurationError(
            f"{document.filename} has no hash to make a key of: open it with open_document"
        )
    parts = [namespace, provider.name, provider.base_url, document.sha256, options]
    digest = hashlib.sha256(json.dumps([*parts, provider.upload_options()], default=str).encode()).hexdigest()
    return f"ph-{digest[:40]}"


def metadata_text(metadata: Mapping[str, Any]) -> str:
    """Write metadata, the same for the same.

    Raises:
        ConfigurationError: If it is not plain JSON.
    """
    try:
        return json.dumps(metadata, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"metadata must be plain JSON with text as names: {error}") from error


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
            size_bytes=document.size_bytes,
            sha256=document.sha256 or None,
            idempotency_key=key,
            metadata=given,
        )
        raise SubmissionUnknown(
            f"{error}; {document.filename} may have been accepted: {_how_to_go_on(provider)}", job=job
        ).with_facts_of(error) from error
    return job.model_copy(update={"idempotency_key": key, "filename": job.filename or document.filename})


def with_progress(steps: Steps[T], tell: Progress) -> Steps[T]:
    """Run an operation, and have it told how far each body with a document in it is sent."""

    def perform(effect: Effect) -> Generator[Effect, Any, Any]:
        if isinstance(effect, Send) and effect.request.carries_document:
            effect = replace(effect, on_progress=tell)
        return (yield effect)

    return relayed(steps, perform)


def check_batch(provider: Provider, documents: Sequence[Document]) -> None:
    """Refuse a batch that the provider is known to refuse, before a byte is sent; errors as `check_document`."""
    most = provider.capabilities.max_batch_documents
    if not documents:
        raise UnsupportedDocument(
            f"{provider.name}: a batch of no documents: nothing was sent", code="empty_batch"
        )
    if 0 < most < len(documents):
        raise UnsupportedDocument(
            f"{provider.name}: a batch of {len(documents)} documents: it takes {most}; upload_many(in_batches=True) sends several",
            code="too_many_documents",
        )
    for document in documents:
        check_document(document, provider)


def upload_batch(
    provider: Provider,
    documents: Sequence[Document],
    *,
    key: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    namespace: str = "",
) -> Steps[Batch]:
    """Submit several documents in one call, never twice; errors as for `upload`."""
    check_batch(provider, documents)
    given = metadata or {}
    if key is None and provider.capabilities.idempotency_header is not None:
        keys = [submission_key(each, provider, metadata=given, namespace=namespace) for each in documents]
        key = f"ph-{hashlib.sha256(' '.join(keys).encode()).hexdigest()[:40]}"
    try:
        return (yield from provider.upload_batch(documents, key=key, metadata=given))
    except (TransportError, ApiError) as error:
        if not _may_have_made_a_job(error):
            raise
        raise SubmissionUnknown(
            f"{error}; the batch of {len(documents)} may have been accepted: {_how_to_go_on(provider)}"
        ).with_facts_of(error) from error


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
    #: Share of a pause by which it is longer or shorter, the same for the same job, so that many do not ask at once.
    jitter: float = 0.1

    def spread(self, gap: float, job_id: str) -> float:
        """Give a pause of about `gap` seconds."""
        place = zlib.crc32(job_id.encode("utf-8", "replace")) / 2**32
        return gap * (1 + self.jitter * (2 * place - 1))


def pace_of(provider: Provider) -> Pace:
    """Say how fast to poll a provider."""
    return Pace(longest=max(provider.capabilities.poll_seconds, 0.2))


#: Seconds between looks for an end that somebody else heard of.
LOOK_SECONDS = 0.5
#: Gives the job where somebody else heard of its end.
Look: TypeAlias = Callable[[Job], Steps[Job | None]]


#: Takes how a wait ended, for how many seconds it waited, and how often it asked.
TellWait: TypeAlias = Callable[[Job | PaperhookError, float, int], object]


@dataclass
class _Polls:
    """How often a job was asked for."""

    number: int = 0


def wait(
    provider: Provider,
    job: Job,
    *,
    deadline: float,
    pace: Pace | None = None,
    look: Look | None = None,
    tell: TellWait | None = None,
) -> Steps[Job]:
    """Poll until a job is final.

    Args:
        deadline: Seconds from now.
        look: Is asked between polls whether the end came another way, as by webhook.
        tell: Is told how it ended.

    Raises:
        WaitTimeout: If it is not final by then.
        CallFailed: If it cannot be asked for. Both carry the job as last seen.
    """
    polls = _Polls()
    steps = _wait(provider, job, deadline, pace or pace_of(provider), look, polls)
    if tell is None:
        return (yield from steps)
    started = yield from now()
    try:
        ended = yield from steps
    except PaperhookError as error:
        tell(error, (yield from now()) - started, polls.number)
        raise
    tell(ended, (yield from now()) - started, polls.number)
    return ended


def _wait(
    provider: Provider, job: Job, deadline: float, rhythm: Pace, look: Look | None, polls: _Polls
) -> Steps[Job]:
    started = moved_at = yield from now()
    gap = rhythm.first
    while not job.status.is_final:
        moment = yield from now()
        waited = moment - started
        if waited >= deadline:
            raise WaitTimeout(
                f"{provider.name}: job {job.id} is still {job.status} after {waited:.1f} s: wait again, or let "
                "the webhook tell",
                job=job,
            )
        try:
            heard = yield from _rest(min(rhythm.spread(gap, job.id), deadline - waited), job, look)
            if heard is not None and not _wants_reason(heard):
                return heard
            gap = min(gap * rhythm.factor, rhythm.longest)
            moment = yield from now()
            polls.number += 1
            seen = yield from ask(provider, job, unmoved=moment - moved_at)
        except DeadlineExceeded as error:
            heard = None
            if look is not None and isinstance(error, RateLimitReached):
                heard = yield from _hear(job, started + deadline - moment, look)
            if heard is not None:
                return heard
            late = WaitTimeout(f"{provider.name}: job {job.id}: {error}", job=job)
            raise late.with_facts_of(error) from error
        except CallFailed as error:
            error.job = error.job or job
            raise
        if has_moved(job, seen) or is_stuck(provider, moment - moved_at):
            moved_at = moment
        job = seen
    return job


def _rest(seconds: float, job: Job, look: Look | None) -> Steps[Job | None]:
    """Pause, and look now and then whether the job has ended."""
    while seconds > 0:
        step = seconds if look is None else min(seconds, LOOK_SECONDS)
        yield from pause(step)
        seconds -= step
        heard = None if look is None else (yield from look(job))
        if heard is not None:
            return heard
    return None


def _hear(job: Job, seconds: float, look: Look) -> Steps[Job | None]:
    """Look for the end of a job that the provider cannot be asked for in time."""
    try:
        return (yield from _rest(seconds, job, look))
    except DeadlineExceeded:
        return None


def _wants_reason(job: Job) -> bool:
    # A tracker knows that it failed, and the provider why.
    return job.status.is_failure and job.error is None


def ask(provider: Provider, job: Job, *, unmoved: float) -> Steps[Job]:
    """Ask how a job stands, in another way as well where its status has not moved for long.

    Args:
        unmoved: Seconds since it moved.
    """
    seen = yield from status(provider, job)
    if seen.status.is_final or has_moved(job, seen) or not is_stuck(provider, unmoved):
        return seen
    return carry_over(seen, (yield from _about(seen, provider.probe(seen))))


def has_moved(before: Job, after: Job) -> bool:
    """Tell whether the provider's word for a job is another one."""
    return before.provider_status != after.provider_status


def is_stuck(provider: Provider, unmoved: float) -> bool:
    """Tell whether a job that has not moved for so many seconds is to be asked for in another way."""
    seconds = provider.capabilities.probe_seconds
    return seconds is not None and unmoved >= seconds


def status(provider: Provider, job: Job) -> Steps[Job]:
    """Ask how a job stands."""
    return carry_over(job, (yield from _about(job, provider.status(job))))


def _about(job: Job, steps: Steps[T]) -> Steps[T]:
    """Ask for one job: whatever fails names it, and carries the handle to go on with."""
    try:
        return (yield from steps)
    except CallFailed as error:
        error.provider, error.job_id = error.provider or job.provider, error.job_id or job.id or None
        error.job = error.job or job
        raise


def carry_over(before: Job, after: Job) -> Job:
    """Keep what only the upload knew when a provider's newer answer does not repeat it."""
    return after.model_copy(
        update={name: getattr(before, name) for name in _KEPT if not getattr(after, name)}
    )


_KEPT = (
    "filename",
    "size_bytes",
    "sha256",
    "idempotency_key",
    "is_replay",
    "metadata",
    "batch_id",
    "document_id",
    "own_document_id",
    "attempt_id",
    "created_at",
)


def result(provider: Provider, job: Job) -> Steps[Result]:
    """Fetch the result of a job.

    Raises:
        JobFailed: If the job is known to have failed.
        ResultExpired: If the provider no longer keeps it.
    """
    if job.status.is_failure:
        raise JobFailed(f"{provider.name}: job {job.id} failed: {job.reason}", job=job)
    return (yield from _about(job, provider.result(job)))


def upload_and_wait(
    provider: Provider,
    uploading: Steps[Job],
    *,
    deadline: float,
    look: Look | None = None,
    tell: TellWait | None = None,
) -> Steps[Result]:
    """Submit one document, wait for it and fetch its result.

    Args:
        uploading: How it is submitted, such as `upload(provider, document)`.
        deadline: Seconds for all of it.
        look: As for `wait`, and so is `tell`.

    Raises:
        JobFailed: If the provider could not read it.
        WaitTimeout: If it takes longer than `deadline` seconds; the error carries the job.
    """
    started = yield from now()
    job = yield from uploading
    left = deadline - ((yield from now()) - started)
    job = yield from wait(provider, job, deadline=left, look=look, tell=tell)
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
            # Whoever asks now and then only, and hears the same word again, has waited long enough.
            job = yield from ask(provider, job, unmoved=float("inf") if job.provider_status else 0.0)
        except NotFound:
            job = _expired(job)
            return job, provider.polled(job, None)
    try:
        found = (yield from _about(job, provider.result(job))) if job.status.is_success else None
    except ResultExpired:
        job, found = _expired(job), None
    return job, provider.polled(job, found)


def _expired(job: Job) -> Job:
    return job.model_copy(update={"status": JobStatus.EXPIRED})
