"""One question to a provider: how a job stands, what its result is, what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ..core.delivery import Envelope
from ..core.provider import Provider
from ..core.status import JobStatus
from ..core.steps import Steps
from ..errors import CallFailed, JobFailed, NotFound, ResultExpired

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.result import Result

T = TypeVar("T")


def ask(provider: Provider, job: Job, *, unmoved: float) -> Steps[Job]:
    """Ask how a job stands, in another way as well where its status has not moved for long.

    Args:
        unmoved: Seconds since it moved.
    """
    seen = yield from status(provider, job)
    if seen.status.is_final or has_moved(job, seen) or not is_stuck(provider, unmoved):
        return seen
    return carry_over(seen, (yield from about(seen, provider.probe(seen))))


def has_moved(before: Job, after: Job) -> bool:
    """Tell whether the provider's word for a job is another one."""
    return before.provider_status != after.provider_status


def is_stuck(provider: Provider, unmoved: float) -> bool:
    """Tell whether a job that has not moved for so many seconds is to be asked for in another way."""
    seconds = provider.capabilities.probe_seconds
    return seconds is not None and unmoved >= seconds


def status(provider: Provider, job: Job) -> Steps[Job]:
    """Ask how a job stands."""
    return carry_over(job, (yield from about(job, provider.status(job))))


def about(job: Job, steps: Steps[T]) -> Steps[T]:
    """Ask for one job: whatever fails names it, and carries the handle to go on with."""
    try:
        return (yield from steps)
    except CallFailed as error:
        error.provider, error.job_id = error.provider or job.provider, error.job_id or job.id or None
        error.job = error.job or job
        raise


def carry_over(before: Job, after: Job) -> Job:
    """Keep what only the upload knew when a provider's newer answer does not repeat it."""
    kept = {name: value for name in _KEPT if (value := getattr(before, name)) and not getattr(after, name)}
    return after.model_copy(update=kept) if kept else after


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
    return (yield from about(job, provider.result(job)))


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
        found = (yield from about(job, provider.result(job))) if job.status.is_success else None
    except ResultExpired:
        job, found = _expired(job), None
    return job, provider.polled(job, found)


def _expired(job: Job) -> Job:
    return job.model_copy(update={"status": JobStatus.EXPIRED})
