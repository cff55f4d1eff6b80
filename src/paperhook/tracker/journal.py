"""Uploads with a tracker, as generators: each step is written down before the next one is made.

| step | row |
|---|---|
| `begin` | `validated`, ours |
| the first request that carries the document is about to be sent | `sent_at`, one more attempt |
| the provider answers with a job | `submitted` or later, with the handle |
| it refuses, or nothing was sent | `validated`, free |
| the answer was lost, or the upload was cut off | `submission_unknown` |

A process that dies between two steps leaves the row of the first: whoever uploads the document next is given it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ..core.document import Document
from ..core.exchange import Base64Json, Multipart, RawBody, Request
from ..core.job import Batch, Job, JobStatus
from ..core.provider import Provider
from ..core.steps import Send, Steps, answer_of, now, pause
from ..errors import (
    ConfigurationError,
    DeadlineExceeded,
    InboxError,
    PaperhookError,
    SubmissionUnknown,
)
from ..operations import carry_over, check_document, submission_key, upload
from .base import Begun, Submission, Tracker, Turn, Which
from .owner import this_process

T = TypeVar("T")

#: Seconds for which an upload is believed to be under way without a sign, and the slowest line it is given.
LEASE = 60.0
SLOWEST_BYTES_PER_SECOND = 50_000
#: Seconds between looks at a row that somebody else sends: the first, and the longest.
FIRST_LOOK, LONGEST_LOOK = 0.02, 1.0
#: Seconds after which a provider's listing is believed not to hold a document.
LISTING_SECONDS = 60.0
#: Seconds by which our clock and the provider's may differ.
CLOCK_SKEW = 300.0
#: How many of the newest jobs of a listing are looked through.
LISTED_JOBS = 1000


@dataclass
class _Course:
    """How far the sending of one document has come."""

    provider: Provider
    tracker: Tracker
    submission: Submission
    turn: Turn
    #: When the last step was, for those where nobody can be asked for the time.
    moment: float
    #: A request that carries the document was asked for, and is not answered.
    is_out: bool = False
    #: Such a request was asked for.
    has_left: bool = False
    #: Such a request was answered with success.
    was_taken: bool = False

    def is_unknown_after(self, error: BaseException) -> bool:
        """Tell whether there may be a job all the same."""
        if isinstance(error, SubmissionUnknown) or self.is_out or self.was_taken:
            return True
        # The attempts before may have arrived; without a key there would have been none.
        is_repeated = self.provider.capabilities.idempotency_header is not None
        return self.has_left and is_repeated and isinstance(error, DeadlineExceeded)

    def end(self, error: BaseException) -> Future[bool]:
        """Give the turn up."""
        return self.tracker.give_up(
            self.submission.attempt_id,
            self.turn,
            is_unknown=self.is_unknown_after(error),
            error_code=str(getattr(error, "code", "")) or type(error).__name__,
            now=self.moment,
        )


def submit(
    provider: Provider,
    tracker: Tracker,
    document: Document,
    *,
    identity: str,
    metadata: Mapping[str, Any] | None = None,
    namespace: str = "",
    again: bool = False,
) -> Steps[Job]:
    """Submit one document, or give the job that it has; errors as `operations.upload`.

    Args:
        identity: The idempotency key: the same for the same content, provider and options.
        again: Make a new attempt, with a key of its own.

    Raises:
        ConfigurationError: If the identity stands for another document.
        SubmissionUnknown: If an earlier attempt may have arrived, and the provider honours no key.
    """
    check_document(document, provider)
    turn = Turn(uuid.uuid4().hex, this_process(), LEASE + document.size_bytes / SLOWEST_BYTES_PER_SECOND)
    draft = _draft(provider, document, identity, metadata or {}, namespace, again)
    moment = yield from now()
    try:
        submission = yield from _begin(provider, tracker, draft, turn, again)
    except GeneratorExit:
        # Queued behind the beginning: if that took a row, it is free again.
        tracker.give_up(draft.attempt_id, turn, is_unknown=False, error_code="cancelled", now=moment)
        raise
    if submission.job.id:
        return submission.job
    course = _Course(provider, tracker, submission, turn, moment)
    return (yield from _send(course, document, metadata))


def _draft(
    provider: Provider,
    document: Document,
    identity: str,
    metadata: Mapping[str, Any],
    namespace: str,
    again: bool,
) -> Submission:
    key = f"{identity}-{uuid.uuid4().hex}" if again else identity
    about = hashlib.sha256(f"{namespace}\n{document.sha256}".encode("utf-8", "replace")).hexdigest()
    job = Job(
        id="",
        provider=provider.name,
        status=JobStatus.VALIDATED,
        filename=document.filename,
        idempotency_key=key,
        metadata=metadata,
    )
    return Submission(
        attempt_id=f"att-{uuid.uuid4().hex}",
        document_id=f"doc-{about[:32]}",
        provider=provider.name,
        identity=identity,
        key=key,
        sha256=document.sha256,
        size_bytes=document.size_bytes,
        filename=document.filename,
        content_type=document.content_type,
        job=job,
        namespace=namespace,
    )


def _begin(
    provider: Provider, tracker: Tracker, draft: Submission, turn: Turn, again: bool
) -> Steps[Submission]:
    """Take the row's turn, or wait until whoever has it is done."""
    gap = FIRST_LOOK
    while True:
        moment = yield from now()
        within = _seconds_of_key(provider)
        begun: Begun = yield from answer_of(
            tracker.begin(draft, turn, again=again, repeat_within=within, now=moment)
        )
        found = begun.submission
        if begun.is_mine:
            return found
        if found.sha256 != draft.sha256:
            raise ConfigurationError(
                f"{provider.name}: the idempotency key was used for another document: give each its own"
            )
        if found.job.id:
            return found
        if not begun.is_busy:
            raise SubmissionUnknown(
                f"{provider.name}: {found.filename} may have been accepted by an earlier upload: "
                f"{'ask with client.reconcile(error.job)' if provider.capabilities.lists_jobs else _how_to_go_on(provider)}",
                job=handle_of(found),
            )
        yield from pause(gap)
        gap = min(gap * 1.5, LONGEST_LOOK)


def _seconds_of_key(provider: Provider) -> float | None:
    can = provider.capabilities
    if can.idempotency_header is None:
        return None
    return float("inf") if can.idempotency_seconds is None else can.idempotency_seconds


def handle_of(submission: Submission) -> Job:
    """Give the handle of a submission that has no job, with the time of its first byte."""
    moment = submission.sent_at or submission.created_at
    return submission.job.model_copy(update={"created_at": datetime.fromtimestamp(moment, UTC)})


def _send(course: _Course, document: Document, metadata: Mapping[str, Any] | None) -> Steps[Job]:
    key = course.submission.key
    try:
        job = yield from _watched(course, upload(course.provider, document, key=key, metadata=metadata))
    except PaperhookError as error:
        yield from _give_up(course, error)
        raise
    except BaseException as error:
        # Cancelled, closed, or a bug: nobody can wait here, and the store does it all the same.
        course.end(error)
        raise
    return (yield from _record(course.tracker, course.submission.attempt_id, job))


def _watched(course: _Course, steps: Steps[T]) -> Steps[T]:
    """Run an upload; before a request that carries the document, write down that it is about to leave."""
    answer: Any = None
    failure: BaseException | None = None
    try:
        while True:
            try:
                effect = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration as done:
                result: T = done.value
                return result
            answer, failure = None, None
            carries = isinstance(effect, Send) and carries_document(effect.request)
            if carries:
                yield from _about_to_leave(course)
            try:
                answer = yield effect
            except PaperhookError as error:
                course.is_out, failure = False, error
            else:
                course.was_taken = course.was_taken or carries
                course.is_out = False
    finally:
        steps.close()


def _about_to_leave(course: _Course) -> Steps[None]:
    course.moment = yield from now()
    sending = course.tracker.sending(course.submission.attempt_id, course.turn, now=course.moment)
    if not (yield from answer_of(sending)):
        raise SubmissionUnknown(
            f"{course.provider.name}: {course.submission.filename} was taken over by another upload, because this "
            "one was silent for too long: upload it again to get its job",
            job=course.submission.job,
        )
    course.is_out = course.has_left = True


def carries_document(request: Request) -> bool:
    """Tell whether a request may make a job: only those with a document in them do."""
    body = request.body
    return isinstance(body, (RawBody, Base64Json)) or (isinstance(body, Multipart) and bool(body.files))


def _give_up(course: _Course, error: PaperhookError) -> Steps[None]:
    course.moment = yield from now()
    try:
        yield from answer_of(course.end(error))
    except InboxError:
        # The error of the upload says more; others take the row over when its lease ran out.
        return
    if isinstance(error, SubmissionUnknown) and error.job is not None:
        error.job = error.job.model_copy(update={"created_at": datetime.fromtimestamp(course.moment, UTC)})


def _record(tracker: Tracker, attempt_id: str, job: Job) -> Steps[Job]:
    moment = yield from now()
    try:
        yield from answer_of(tracker.record(attempt_id, job, now=moment))
    except InboxError as error:
        raise SubmissionUnknown(
            f"{job.provider}: job {job.id} was made and could not be recorded ({error}): keep this error's job",
            job=job,
        ) from error
    return job


def batched(
    provider: Provider,
    tracker: Tracker,
    documents: Sequence[Document],
    steps: Steps[Batch],
    *,
    metadata: Mapping[str, Any] | None,
    namespace: str,
) -> Steps[Batch]:
    """Run a batch upload, and write its jobs down where the answer names one for each document."""
    batch = yield from steps
    moment = yield from now()
    turn = Turn(uuid.uuid4().hex, this_process(), LEASE)
    recorded: list[Future[Submission | None]] = []
    if len(batch.jobs) == len(documents):
        for document, job in zip(documents, batch.jobs, strict=True):
            key = submission_key(document, provider, metadata=metadata or {}, namespace=namespace)
            draft = _draft(provider, document, key, metadata or {}, namespace, again=False)
            tracker.begin(draft, turn, again=True, repeat_within=None, now=moment)
            recorded.append(tracker.record(draft.attempt_id, job, now=moment))
    if recorded:
        yield from answer_of(tracker.record_batch(batch, now=moment))
    for each in recorded:
        yield from answer_of(each)
    return batch


def noted(tracker: Tracker, steps: Steps[Job]) -> Steps[Job]:
    """Run an operation and write down how its job stands."""
    job = yield from steps
    moment = yield from now()
    yield from answer_of(tracker.note(job, now=moment))
    return job


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
    found = yield from _listed(provider, tracker, known)
    if found is not None:
        whole = carry_over(known.model_copy(update={"created_at": None}), found)
        return (
            whole if row is None or tracker is None else (yield from _record(tracker, row.attempt_id, whole))
        )
    if row is not None and tracker is not None:
        moment = yield from now()
        yield from answer_of(tracker.absent(row.attempt_id, now=moment))
    return known.model_copy(update={"status": JobStatus.VALIDATED})


def _row_of(tracker: Tracker, job: Job) -> Steps[Submission | None]:
    if job.id or not job.idempotency_key:
        return None
    rows = yield from answer_of(tracker.rows(Which(provider=job.provider, key=job.idempotency_key), limit=1))
    return next(iter(rows), None)


def _listed(provider: Provider, tracker: Tracker | None, job: Job) -> Steps[Job | None]:
    """Look a submission up in the provider's listing; None where it certainly holds none.

    Raises:
        SubmissionUnknown: If the listing does not tell.
    """
    if not provider.capabilities.lists_jobs:
        raise SubmissionUnknown(
            f"{provider.name} lists no jobs, so this cannot be settled: {_how_to_go_on(provider)}", job=job
        )
    sent_at = job.created_at
    since = None if sent_at is None else sent_at - timedelta(seconds=CLOCK_SKEW)
    listed = yield from provider.jobs(since=since, limit=LISTED_JOBS)
    by_key = [each for each in listed if job.idempotency_key and each.idempotency_key == job.idempotency_key]
    if by_key:
        return by_key[0]
    # A listing that carries keys would show ours; else a name and a time have to do.
    likely = yield from _untracked(tracker, _likely(listed, job))
    if len(likely) == 1:
        return likely[0]
    if likely:
        raise SubmissionUnknown(
            f"{provider.name}: {len(likely)} jobs may be {job.filename}: {_how_to_go_on(provider)}", job=job
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


def _how_to_go_on(provider: Provider) -> str:
    if provider.capabilities.idempotency_header is not None:
        return "upload the document again, its key keeps the provider from making a second job"
    return "look for it at the provider, and upload it with again=True if it is not there"
