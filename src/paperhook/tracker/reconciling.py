"""Finds out what became of a submission whose answer was lost, without sending anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..core.job import Job, JobStatus
from ..core.provider import Provider
from ..core.steps import Steps, answer_of, now
from ..errors import ConfigurationError, SubmissionUnknown
from ..operations import carry_over
from .base import Submission, Tracker, Which
from .journal import handle_of, how_to_go_on, noted, record
from .matching import Likeness, best, is_as_like, likely, likeness

#: Seconds after which a provider's listing is believed not to hold a document.
LISTING_SECONDS = 60.0
#: Seconds by which our clock and the provider's may differ.
CLOCK_SKEW = 300.0
#: More documents than any batch has, and more uploads without an answer than there should be.
MANY_ROWS = 1000
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
    if row is not None and row.state is JobStatus.VALIDATED and row.sent_at is None:
        return row.job
    known = job if row is None else handle_of(row)
    found = yield from _Search(provider, tracker, known, row).run()
    if found is not None:
        whole = carry_over(known.model_copy(update={"created_at": None}), found)
        return (
            whole if row is None or tracker is None else (yield from record(tracker, row.attempt_id, whole))
        )
    if row is not None and tracker is not None:
        return (yield from disclaim(tracker, row))
    return known.model_copy(update={"status": JobStatus.VALIDATED})


def assign(provider: Provider, tracker: Tracker, row: Submission, job_id: str) -> Steps[Job]:
    """Give a submission whose answer was lost the job that somebody found at the provider; the provider is asked for it.

    Raises:
        ConfigurationError: If it is the job of another submission.
        NotFound: If the provider does not know it.
    """
    which = Which(provider=provider.name, job_id=job_id)
    for other in (yield from answer_of(tracker.rows(which, limit=1))):
        raise ConfigurationError(
            f"{provider.name}: job {job_id} is that of {other.filename}, attempt {other.attempt_id}: nothing was changed"
        )
    found = yield from provider.status(Job.known(job_id, provider=provider.name))
    known = handle_of(row).model_copy(update={"created_at": None})
    return (yield from record(tracker, row.attempt_id, carry_over(known, found)))


def disclaim(tracker: Tracker, row: Submission) -> Steps[Job]:
    """Say of a submission whose answer was lost that the provider has no job for it.

    Returns:
        The handle with status `validated`: it may be uploaded again.

    Raises:
        SubmissionUnknown: If it was settled meanwhile, or somebody sends it now.
    """
    known, moment = handle_of(row), (yield from now())
    if not (yield from answer_of(tracker.absent(row.attempt_id, now=moment))):
        raise SubmissionUnknown(
            f"{row.provider}: {known.filename} is being sent again, or was settled meanwhile: ask again later",
            job=known,
        )
    return known.model_copy(update={"status": JobStatus.VALIDATED})


def _row_of(tracker: Tracker, job: Job) -> Steps[Submission | None]:
    if job.id or not job.idempotency_key:
        return None
    which = Which(provider=job.provider, key=job.idempotency_key)
    rows = yield from answer_of(tracker.rows(which, limit=MANY_ROWS))
    # The documents of a batch have one key.
    named = [row for row in rows if row.filename == job.filename]
    same = [row for row in named if row.sha256 == job.sha256]
    return next(iter([*same, *named, *rows]), None)


@dataclass(frozen=True)
class _Search:
    """Looks one submission up in the provider's listing."""

    provider: Provider
    tracker: Tracker | None
    #: The handle of the submission.
    job: Job
    row: Submission | None

    def run(self) -> Steps[Job | None]:
        """Give the provider's job; None where it certainly has none.

        Raises:
            SubmissionUnknown: If the listing does not tell.
        """
        if not self.provider.capabilities.lists_jobs:
            raise self._unknown(" lists no jobs, so this cannot be settled")
        sent_at = self.job.created_at
        since = None if sent_at is None else sent_at - timedelta(seconds=CLOCK_SKEW)
        listed = yield from self.provider.jobs(since=since, limit=LISTED_JOBS)
        keyed = self._under_our_key(listed)
        if keyed and not self._is_batched:
            return keyed[0].job
        # The documents of a batch have one key.
        free = yield from self._free(keyed)
        if free:
            return (yield from self._one_of(free, "of one key ", is_told=True))
        # A listing that carries keys would show ours; else what it says beside them has to do.
        found = yield from self._free(likely(listed, self.job, since=since))
        if not found:
            yield from self._check_complete(listed, sent_at)
            return None
        has_keys = any(each.idempotency_key for each in listed)
        if has_keys and self.job.idempotency_key and not self._is_batched:
            raise self._unknown(
                f": {self.job.filename} is not listed under its key, as others are, and {_jobs(found)} without one may be it"
            )
        return (yield from self._one_of(found, "", is_told=False))

    @property
    def _is_batched(self) -> bool:
        """Whether its key was that of several documents."""
        return self.row is not None and not self.row.key.startswith(self.row.identity)

    def _under_our_key(self, listed: Sequence[Job]) -> list[Likeness]:
        key = self.job.idempotency_key
        own = [likeness(each, self.job) for each in listed if key and each.idempotency_key == key]
        fitting = [each for each in own if not each.is_another_document]
        if self._is_batched:
            return [each for each in fitting if each.is_same_name is not False]
        if own and not fitting:
            raise self._unknown(f": another document than {self.job.filename} is listed under its key")
        return fitting

    def _free(self, found: Sequence[Likeness]) -> Steps[list[Likeness]]:
        """Leave out what belongs to other submissions."""
        free: list[Likeness] = []
        for each in found:
            rows: Sequence[Submission] = ()
            if self.tracker is not None:
                which = Which(provider=each.job.provider, job_id=each.job.id)
                rows = yield from answer_of(self.tracker.rows(which, limit=1))
            free += [] if rows else [each]
        return free

    def _one_of(self, found: Sequence[Likeness], of_what: str, *, is_told: bool) -> Steps[Job]:
        """Give the one that is more like it than all others, and more like it than like any other submission.

        Args:
            found: What may be it.
            of_what: For the message.
            is_told: Whether the key tells that it is one of them.
        """
        most = best(found)
        if len(most) > 1 or not (is_told or most[0].is_told):
            raise self._unknown(f": {_jobs(most)} {of_what}may be {self.job.filename}")
        if (yield from self._may_be_of_others(most[0])):
            raise self._unknown(
                f": job {most[0].job.id} may be {self.job.filename}, or another upload without an answer"
            )
        return most[0].job

    def _may_be_of_others(self, found: Likeness) -> Steps[bool]:
        """Tell whether a job may as well be that of another submission without an answer, or under way."""
        if self.tracker is None:
            return False
        states = (JobStatus.SUBMISSION_UNKNOWN, JobStatus.VALIDATED)
        key = found.job.idempotency_key or None
        which = Which(provider=self.provider.name, states=states, key=key)
        rows = yield from answer_of(self.tracker.rows(which, limit=MANY_ROWS))
        mine = "" if self.row is None else self.row.attempt_id
        others = [row for row in rows if row.attempt_id != mine and row.sent_at is not None]
        return any(is_as_like(found.job, handle_of(row), found) for row in others)

    def _check_complete(self, listed: Sequence[Job], sent_at: datetime | None) -> Steps[None]:
        """Say that it is too early to tell, or that the listing is too long."""
        moment = yield from now()
        if sent_at is None or len(listed) >= LISTED_JOBS or moment - sent_at.timestamp() < LISTING_SECONDS:
            raise SubmissionUnknown(
                f"{self.provider.name}: {self.job.filename} is not listed, which may be too early to tell: ask again "
                f"{LISTING_SECONDS:g} s after the upload",
                job=self.job,
            )

    def _unknown(self, why: str) -> SubmissionUnknown:
        return SubmissionUnknown(f"{self.provider.name}{why}: {how_to_go_on(self.provider)}", job=self.job)


def _jobs(found: Sequence[Likeness]) -> str:
    return "1 job" if len(found) == 1 else f"{len(found)} jobs"
