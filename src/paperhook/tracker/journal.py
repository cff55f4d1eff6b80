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
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from ..core.document import Document
from ..core.job import Job, JobStatus
from ..core.provider import Provider
from ..core.steps import Effect, Send, Steps, answer_of, now, pause, relayed
from ..errors import (
    ConfigurationError,
    DeadlineExceeded,
    InboxError,
    InboxUnavailable,
    PaperhookError,
    SubmissionUnknown,
)
from ..operations import carry_over, check_document, upload
from .base import Begun, Submission, Tracker, Turn, Which
from .owner import this_process

T = TypeVar("T")

#: Seconds for which an upload is believed to be under way without a sign, and the slowest line it is given.
LEASE = 60.0
SLOWEST_BYTES_PER_SECOND = 50_000
#: Seconds between looks at a row that somebody else sends: the first, and the longest.
FIRST_LOOK, LONGEST_LOOK = 0.02, 1.0


@dataclass
class Course:
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
        if isinstance(error, PaperhookError) and error.follows_lost_attempt:
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
    key = f"{identity}-{uuid.uuid4().hex}" if again else identity
    draft = draft_of(provider, document, identity, metadata or {}, namespace, key=key)
    while True:
        moment = yield from now()
        try:
            submission = yield from begin(provider, tracker, draft, turn, again)
        except (GeneratorExit, DeadlineExceeded):
            # Queued behind the beginning: if that took a row, it is free again.
            tracker.give_up(draft.attempt_id, turn, is_unknown=False, error_code="cancelled", now=moment)
            raise
        if submission.job.id:
            return named(submission.job, submission)
        course = Course(provider, tracker, submission, turn, moment)
        try:
            return (yield from _send(course, document, metadata))
        except _TakenOver:
            # Nothing of ours has left: who took it over sends it, and we wait for its job.
            if course.has_left or again:
                raise


class _TakenOver(SubmissionUnknown):
    """Another upload took the turn, because this one waited for the provider's rate for longer than its lease."""


def draft_of(
    provider: Provider,
    document: Document,
    identity: str,
    metadata: Mapping[str, Any],
    namespace: str,
    *,
    key: str,
) -> Submission:
    """Give the row of a document that is about to be sent under a key."""
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


def begin(
    provider: Provider, tracker: Tracker, draft: Submission, turn: Turn, again: bool
) -> Steps[Submission]:
    """Take the row's turn, or wait until whoever has it is done.

    Returns:
        The row, ours to send unless it has a job.

    Raises:
        ConfigurationError: If its identity stands for another document.
        SubmissionUnknown: If an earlier attempt may have arrived, and cannot safely be repeated.
    """
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
                f"{'ask with client.reconcile(error.job)' if provider.capabilities.lists_jobs else how_to_go_on(provider)}",
                job=handle_of(found),
            )
        yield from pause(gap)
        gap = min(gap * 1.5, LONGEST_LOOK)


def _seconds_of_key(provider: Provider) -> float | None:
    can = provider.capabilities
    if can.idempotency_header is None:
        return None
    return float("inf") if can.idempotency_seconds is None else can.idempotency_seconds


def named(job: Job, submission: Submission) -> Job:
    """Put our own ids into the handle of a submission's job."""
    own = {"own_document_id": submission.document_id, "attempt_id": submission.attempt_id}
    return job.model_copy(update=own)


def handle_of(submission: Submission) -> Job:
    """Give the handle of a submission that has no job, with all that it can be looked for by."""
    moment = submission.sent_at or submission.created_at
    return named(submission.job, submission).model_copy(
        update={
            "created_at": datetime.fromtimestamp(moment, UTC),
            "size_bytes": submission.size_bytes,
            "sha256": submission.sha256,
        }
    )


def _send(course: Course, document: Document, metadata: Mapping[str, Any] | None) -> Steps[Job]:
    key = course.submission.key
    try:
        job = yield from watched([course], upload(course.provider, document, key=key, metadata=metadata))
    except PaperhookError as error:
        yield from end_all([course], error)
        raise
    except BaseException as error:
        # Cancelled, closed, or a bug: nobody can wait here, and the store does it all the same.
        course.end(error)
        raise
    job = named(carry_over(course.submission.job, job), course.submission)
    return (yield from record(course.tracker, course.submission.attempt_id, job))


def watched(courses: Sequence[Course], steps: Steps[T]) -> Steps[T]:
    """Run an upload of one or several documents; before a request that carries them, write down that it is about to leave."""

    def perform(effect: Effect) -> Generator[Effect, Any, Any]:
        carries = isinstance(effect, Send) and effect.request.carries_document
        if isinstance(effect, Send) and carries:
            # Not now: an upload may wait for a minute until the provider's rate lets it go.
            effect = replace(effect, before=lambda: _about_to_leave(courses))
        try:
            answer = yield effect
        except PaperhookError:
            for course in courses:
                course.is_out = False
            raise
        for course in courses:
            course.was_taken, course.is_out = course.was_taken or carries, False
        return answer

    return relayed(steps, perform)


def _about_to_leave(courses: Sequence[Course]) -> Steps[None]:
    moment = yield from now()
    asked: list[Future[bool]] = []
    for course in courses:
        course.moment = moment
        asked.append(course.tracker.sending(course.submission.attempt_id, course.turn, now=moment))
    for course, sending in zip(courses, asked, strict=True):
        if not (yield from answer_of(sending)):
            raise _TakenOver(
                f"{course.provider.name}: {course.submission.filename} was taken over by another upload, because this "
                "one was silent for too long: upload it again to get its job",
                job=course.submission.job,
            )
    for course in courses:
        course.is_out = course.has_left = True


def end_all(courses: Sequence[Course], error: PaperhookError) -> Steps[None]:
    """Give the turns up after an error."""
    moment = yield from now()
    ended: list[Future[bool]] = []
    for course in courses:
        course.moment = moment
        ended.append(course.end(error))
    try:
        for each in ended:
            yield from answer_of(each)
    except (InboxError, DeadlineExceeded):
        # The error of the upload says more; where nothing was stored, others take the row over when its lease ran out.
        return
    if isinstance(error, SubmissionUnknown) and error.job is not None:
        error.job = error.job.model_copy(update={"created_at": datetime.fromtimestamp(moment, UTC)})


def record(tracker: Tracker, attempt_id: str, job: Job) -> Steps[Job]:
    """Write down the job that a provider made; the job is given also where that fails."""
    moment = yield from now()
    try:
        yield from answer_of(tracker.record(attempt_id, job, now=moment))
    except InboxError as error:
        raise SubmissionUnknown(
            f"{job.provider}: job {job.id} was made and could not be recorded ({error}): keep this error's job",
            job=job,
        ) from error
    except DeadlineExceeded as error:
        error.job, error.provider, error.job_id = job, job.provider, job.id
        raise
    return job


def noted(tracker: Tracker, steps: Steps[Job]) -> Steps[Job]:
    """Run an operation and write down how its job stands."""
    job = yield from steps
    moment = yield from now()
    with suppress(DeadlineExceeded, InboxUnavailable):
        # The caller has the job, and the provider tells it again.
        yield from answer_of(tracker.note(job, now=moment))
    return job


def heard(tracker: Tracker, job: Job) -> Steps[Job | None]:
    """Give a job whose end came into the inbox, as by its webhook; None while it has not, or nobody can tell."""
    try:
        rows = yield from answer_of(tracker.rows(Which(provider=job.provider, job_id=job.id), limit=1))
    except InboxError:
        # The provider tells as well.
        return None
    row = next(iter(rows), None)
    if row is None or row.job.id != job.id or not row.state.is_final:
        return None
    return carry_over(job, row.job)


def known_to(submission: Submission, seen: Job) -> Job:
    """Add to a handle, such as an event's, what is known of its submission; of a part, what is true of the whole too."""
    known = named(submission.job, submission)
    if known.id != seen.id:
        known = known.model_copy(update={"document_id": None})
    return carry_over(known, seen)


def how_to_go_on(provider: Provider) -> str:
    """Say what to do about a submission that cannot be settled."""
    if provider.capabilities.idempotency_header is not None:
        return "upload the document again, its key keeps the provider from making a second job"
    return "look for it at the provider, and upload it with again=True if it is not there"
