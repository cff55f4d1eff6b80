"""Batches with a tracker: a row for each document before the first byte leaves, and all their jobs at once after the answer.

| before the call, a document has | in the call |
|---|---|
| a job | left out; the batch names the job that it has |
| no row, or one that is free | sent, under the key of the batch |
| been sent in a batch of the same key that nobody answered | sent again where the provider honours the key |
| been sent otherwise, and nobody answered | nothing is sent: `SubmissionUnknown` |
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..core.document import Document
from ..core.job import Batch, Job
from ..core.provider import Provider
from ..core.steps import Steps, answer_of, now
from ..errors import DeadlineExceeded, InboxError, PaperhookError, SubmissionUnknown
from ..operations import check_batch, submission_key, upload_batch
from .base import Tracker, Turn
from .journal import LEASE, SLOWEST_BYTES_PER_SECOND, Course, begin, draft_of, end_all, named, watched
from .owner import this_process


@dataclass(frozen=True)
class _Call:
    """What a batch was asked for."""

    provider: Provider
    tracker: Tracker
    documents: Sequence[Document]
    #: One for each document; the same for the same content and options.
    identities: Sequence[str]
    key: str
    metadata: Mapping[str, Any]
    namespace: str
    again: bool


def submit_batch(
    provider: Provider,
    tracker: Tracker,
    documents: Sequence[Document],
    *,
    key: str | None,
    metadata: Mapping[str, Any] | None,
    namespace: str,
    again: bool = False,
) -> Steps[Batch]:
    """Submit several documents in one call, each of them once; errors as `operations.upload_batch`.

    Args:
        key: The idempotency key of the call; by default made of the documents' own.
        again: Make new jobs for all of them.

    Raises:
        SubmissionUnknown: If one of them may have been accepted before, and cannot safely be repeated; nothing was sent.
    """
    check_batch(provider, documents)
    given = metadata or {}
    identities = [submission_key(each, provider, metadata=given, namespace=namespace) for each in documents]
    call_key = key or f"ph-{hashlib.sha256(' '.join(identities).encode()).hexdigest()[:40]}"
    call_key = f"{call_key}-{uuid.uuid4().hex}" if again else call_key
    call = _Call(provider, tracker, documents, identities, call_key, given, namespace, again)
    known: dict[str, Job] = {}
    courses: dict[str, Course] = {}
    try:
        yield from _begin_all(call, known, courses)
    except BaseException as error:
        # Nothing has left.
        for course in courses.values():
            tracker.give_up(
                course.submission.attempt_id,
                course.turn,
                is_unknown=False,
                error_code=type(error).__name__,
                now=course.moment,
            )
        raise
    if not courses:
        return _known_batch(call, known)
    batch = yield from _send(call, courses)
    return _whole(call, known, courses, batch)


def _begin_all(call: _Call, known: dict[str, Job], courses: dict[str, Course]) -> Steps[None]:
    """Take the turn of each document that has no job; the same document twice is one."""
    total_bytes = sum(document.size_bytes for document in call.documents)
    lease = LEASE + total_bytes / SLOWEST_BYTES_PER_SECOND
    for identity, document in zip(call.identities, call.documents, strict=True):
        if identity in known or identity in courses:
            continue
        turn = Turn(uuid.uuid4().hex, this_process(), lease)
        draft = draft_of(call.provider, document, identity, call.metadata, call.namespace, key=call.key)
        moment = yield from now()
        # First, so that a turn which is taken while nobody waits any more is given up as well.
        courses[identity] = Course(call.provider, call.tracker, draft, turn, moment)
        found = yield from begin(call.provider, call.tracker, draft, turn, call.again)
        if found.job.id:
            known[identity] = named(found.job, found)
            del courses[identity]
        else:
            courses[identity] = replace(courses[identity], submission=found)


def _send(call: _Call, courses: Mapping[str, Course]) -> Steps[Batch]:
    """Send what has no job, and write down what comes of it."""
    first = {identity: n for n, identity in reversed(list(enumerate(call.identities)))}
    documents = [call.documents[first[identity]] for identity in courses]
    sending = list(courses.values())
    steps = upload_batch(call.provider, documents, key=call.key, metadata=call.metadata)
    try:
        batch = yield from watched(sending, steps)
    except PaperhookError as error:
        yield from end_all(sending, error)
        raise
    except BaseException as error:
        for course in sending:
            course.end(error)
        raise
    moment = yield from now()
    ids = [course.submission.attempt_id for course in sending]
    if len(batch.jobs) == len(ids):
        batch = batch.model_copy(update={"jobs": tuple(_completed(call, batch, documents, sending))})
        jobs = dict(zip(ids, batch.jobs, strict=True))
    else:
        jobs = {}
        for course in sending:
            # It was accepted, and which job is whose is not said.
            course.end(SubmissionUnknown(f"batch {batch.id} names no job for each document"))
    try:
        yield from answer_of(call.tracker.record_jobs(jobs, batch, now=moment))
    except InboxError as error:
        raise SubmissionUnknown(
            f"{batch.provider}: batch {batch.id} was made and could not be recorded ({error}): note its id"
        ) from error
    except DeadlineExceeded as error:
        error.provider = batch.provider
        raise
    return batch


def _completed(
    call: _Call, batch: Batch, documents: Sequence[Document], courses: Sequence[Course]
) -> Iterator[Job]:
    """Add what only the call knew."""
    for job, document, course in zip(batch.jobs, documents, courses, strict=True):
        known = {
            "filename": document.filename,
            "idempotency_key": call.key,
            "batch_id": batch.id,
            "metadata": call.metadata,
        }
        whole = job.model_copy(
            update={name: value for name, value in known.items() if not getattr(job, name)}
        )
        yield named(whole, course.submission)


def _whole(call: _Call, known: Mapping[str, Job], courses: Mapping[str, Course], batch: Batch) -> Batch:
    """Name the job of each document of the call, in their order."""
    if len(batch.jobs) != len(courses) or len(courses) == len(call.documents):
        return batch
    jobs = {**known, **dict(zip(courses, batch.jobs, strict=True))}
    return batch.model_copy(update={"jobs": tuple([jobs[identity] for identity in call.identities])})


def _known_batch(call: _Call, known: Mapping[str, Job]) -> Batch:
    """Give the batch of documents that all have a job; its id is empty where they came in several calls."""
    batch_ids = {job.batch_id or "" for job in known.values()}
    return Batch(
        id=batch_ids.pop() if len(batch_ids) == 1 else "",
        provider=call.provider.name,
        jobs=tuple([known[identity] for identity in call.identities]),
    )
