"""Many documents in calls of as many as the provider takes: one that cannot be sent does not stop the others of its call.

| | the documents of the call |
|---|---|
| one is refused before it is sent, or cannot be read | that one ends with its error, the others are sent |
| the provider refuses the call | all end with its error |
| the answer is lost | all are unknown |
| an earlier upload of one is unknown, so nothing was sent | each goes by itself, and that one ends as unknown |
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..core import models
from ..core.document import Document
from ..core.provider import Provider
from ..core.status import JobStatus
from ..core.steps import Steps
from ..errors import PaperhookError, SubmissionUnknown
from ..operations import check_document

if TYPE_CHECKING:
    from ..core.job import Batch, Job


def submit_together(
    provider: Provider,
    opened: Sequence[Document | PaperhookError],
    *,
    together: Callable[[Sequence[Document]], Steps[Batch]],
    alone: Callable[[Document], Steps[Job]],
) -> Steps[list[Job | PaperhookError]]:
    """Submit documents in one call.

    Args:
        provider: Whose they are.
        opened: The documents, or why one could not be opened.
        together: Sends them in one call.
        alone: Sends one by itself.

    Returns:
        How each ended, in their order.
    """
    ended: dict[int, Job | PaperhookError] = {}
    ready: dict[int, Document] = {}
    for place, document in enumerate(opened):
        if isinstance(document, PaperhookError):
            ended[place] = document
            continue
        try:
            check_document(document, provider)
            ready[place] = document
        except PaperhookError as error:
            ended[place] = error
    if ready:
        jobs = yield from _jobs_of(provider, tuple(ready.values()), together, alone)
        ended.update(zip(ready, jobs, strict=True))
    return [ended[place] for place in range(len(opened))]


def _jobs_of(
    provider: Provider,
    documents: Sequence[Document],
    together: Callable[[Sequence[Document]], Steps[Batch]],
    alone: Callable[[Document], Steps[Job]],
) -> Steps[list[Job | PaperhookError]]:
    try:
        batch = yield from together(documents)
    except SubmissionUnknown as error:
        if error.job is None:
            return [_unknown(provider, error, document) for document in documents]
    except PaperhookError as error:
        return [copy.copy(error) for _ in documents]
    else:
        if len(batch.jobs) == len(documents):
            return list(batch.jobs)
        unnamed = SubmissionUnknown(f"{provider.name}: batch {batch.id} names no job for each document")
        return [_unknown(provider, unnamed, document, batch.id) for document in documents]
    jobs: list[Job | PaperhookError] = []
    for document in documents:
        try:
            jobs.append((yield from alone(document)))
        except PaperhookError as error:
            jobs.append(error)
    return jobs


def _unknown(
    provider: Provider, error: SubmissionUnknown, document: Document, batch_id: str | None = None
) -> PaperhookError:
    own = copy.copy(error)
    own.job = models.Job(
        id="",
        provider=provider.name,
        status=JobStatus.SUBMISSION_UNKNOWN,
        filename=document.filename,
        batch_id=batch_id,
    )
    return own
