"""Finds out what became of a submission whose answer was lost, without sending anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ..core.job import Job, JobStatus
from ..core.provider import Provider
from ..core.steps import Steps, answer_of, now
from ..errors import SubmissionUnknown
from ..operations import carry_over
from .base import Submission, Tracker, Which
from .journal import handle_of, how_to_go_on, noted, record

#: Seconds after which a provider's listing is believed not to hold a document.
LISTING_SECONDS = 60.0
#: Seconds by which our clock and the provider's may differ.
CLOCK_SKEW = 300.0
#: More documents than any batch has.
BATCH_ROWS = 1000
#: How many of the newest jobs of a listing are looked through.
LISTED_JOBS = 1000


def reconcile(provider: Provider, tracker: Tracker | None, job: Job) -> Steps[Job]:
    """Find out what became of a submission whose answer was lost, without sending anything.

    Returns:
        The provider's job; or the handle with status `validated` where the provider certainly has none, so that it may
        be uploaded again.

    Raises:
        SubmissionUnknown: If it cannot be settled, or not yet; the message says what to do.
    """
    row = None if tracker is None else (yield from _row_of(tracker, job))
    if row is not None and row.job.id:
        job = row.job
    if job.id:
        asking = provider.status(job)
        return carry_over(job, (yield from asking if tracker is None else noted(tracker, asking)))
    if row is not None and row.state is JobStatus.VALIDATED:
        return row.job
    known = job if row is None else handle_of(row)
    is_batched = row is not None and not row.key.startswith(row.identity)
    found = yield from _listed(provider, tracker, known, is_batched=is_batched)
    if found is not None:
        whole = carry_over(known.model_copy(update={"created_at": None}), found)
        return (
            whole if row is None or tracker is None else (yield from record(tracker, row.attempt_id, whole))
        )
    if row is not None and tracker is not None:
        moment = yield from now()
        yield from answer_of(tracker.absent(row.attempt_id, now=moment))
    return known.model_copy(update={"status": JobStatus.VALIDATED})


def _row_of(tracker: Tracker, job: Job) -> Steps[Submission | None]:
    if job.id or not job.idempotency_key:
        return None
    which = Which(provider=job.provider, key=job.idempotency_key)
    rows = yield from answer_of(tracker.rows(which, limit=BATCH_ROWS))
    # The documents of a batch have one key.
    named = [row for row in rows if row.filename == job.filename]
    return next(iter([*named, *rows]), None)


def _listed(provider: Provider, tracker: Tracker | None, job: Job, *, is_batched: bool) -> Steps[Job | None]:
    """Look a submission up in the provider's listing; None where it certainly holds none.

    Args:
        is_batched: Whether its key was that of several documents.

    Raises:
        SubmissionUnknown: If the listing does not tell.
    """
    if not provider.capabilities.lists_jobs:
        raise SubmissionUnknown(
            f"{provider.name} lists no jobs, so this cannot be settled: {how_to_go_on(provider)}", job=job
        )
    sent_at = job.created_at
    since = None if sent_at is None else sent_at - timedelta(seconds=CLOCK_SKEW)
    listed = yield from provider.jobs(since=since, limit=LISTED_JOBS)
    by_key = [each for each in listed if job.idempotency_key and each.idempotency_key == job.idempotency_key]
    if is_batched:
        # The documents of a batch have one key.
        own = [each for each in by_key if each.filename in (None, job.filename)]
        by_key = yield from _untracked(tracker, own)
    if by_key and (len(by_key) == 1 or not is_batched):
        return by_key[0]
    if by_key:
        raise SubmissionUnknown(
            f"{provider.name}: {len(by_key)} jobs of one key may be {job.filename}: {how_to_go_on(provider)}",
            job=job,
        )
    # A listing that carries keys would show ours; else a name and a time have to do.
    likely = yield from _untracked(tracker, _likely(listed, job))
    if len(likely) == 1:
        return likely[0]
    if likely:
        raise SubmissionUnknown(
            f"{provider.name}: {len(likely)} jobs may be {job.filename}: {how_to_go_on(provider)}", job=job
        )
    moment = yield from now()
    if sent_at is None or len(listed) >= LISTED_JOBS or moment - sent_at.timestamp() < LISTING_SECONDS:
        raise SubmissionUnknown(
            f"{provider.name}: {job.filename} is not listed, which may be too early to tell: ask again "
            f"{LISTING_SECONDS:g} s after the upload",
            job=job,
        )
    return None


def _likely(listed: Sequence[Job], job: Job) -> list[Job]:
    """Give the jobs that have the document's name and no key that says they are another's."""
    return [
        each
        for each in listed
        if each.filename is not None and each.filename == job.filename and not each.idempotency_key
    ]


def _untracked(tracker: Tracker | None, jobs: Sequence[Job]) -> Steps[list[Job]]:
    """Leave out what belongs to other submissions."""
    free: list[Job] = []
    for job in jobs:
        rows: Sequence[Submission] = ()
        if tracker is not None:
            rows = yield from answer_of(tracker.rows(Which(provider=job.provider, job_id=job.id), limit=1))
        free += [] if rows else [job]
    return free
