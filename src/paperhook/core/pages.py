"""One document that a provider takes as several images: one job over its parts, one result over its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import models
from .status import JobStatus

if TYPE_CHECKING:
    from .job import Job
    from .result import Field, Result, Rows

#: Joins the ids of the parts; the id of the whole is enough to find them again.
SEPARATOR = ","


def parts_of(job: Job) -> tuple[Job, ...]:
    """Give the provider's own jobs behind a handle: its parts, or one for each id in its id."""
    ids = job.id.split(SEPARATOR)
    if len(ids) == 1:
        return (job,)
    if tuple(part.id for part in job.parts) == tuple(ids):
        return job.parts
    return tuple(models.Job.known(each, provider=job.provider) for each in ids)


def whole_of(parts: Sequence[Job], *, filename: str | None = None) -> Job:
    """Make one handle of the jobs of a document's pages.

    It is final when every part is. Any failed part makes it a failure, with the error of the first one.
    """
    if len(parts) == 1:
        return parts[0] if filename is None else parts[0].model_copy(update={"filename": filename})
    deciding = _deciding(parts)
    status = deciding.status
    if not status.is_final and any(part.status is not JobStatus.SUBMITTED for part in parts):
        # Some pages are further than the one that is waited for.
        status = JobStatus.PROCESSING
    return deciding.model_copy(
        update={
            "id": SEPARATOR.join(part.id for part in parts),
            "status": status,
            "document_id": None,
            "filename": filename,
            "is_replay": all(part.is_replay for part in parts),
            "parts": tuple(parts),
            "raw": None,
        }
    )


def _deciding(parts: Sequence[Job]) -> Job:
    """Find the part that says how the whole stands."""
    for part in parts:
        if not part.status.is_final:
            return part
    return next((part for part in parts if not part.status.is_success), parts[0])


def merge_pages(pages: Sequence[Result]) -> Result:
    """Make one result of the results of a document's pages.

    Each field comes from the first page that has a value for it; line items, other rows and tables are joined in order.

    Returns:
        `raw` is the list of what the provider sent, one entry a page; a single page is given back as it is.
    """
    if len(pages) == 1:
        return pages[0]
    numbered = list(enumerate(pages, start=1))
    sure = [page.confidence for page in pages if page.confidence is not None]
    return models.Result(
        fields=_first_of_each(numbered),
        **{name: _joined_rows(name, numbered) for name in models.ROWS},
        tables=_joined([page.tables for page in pages]),
        text="\n\n".join(page.text for page in pages if page.text) or None,
        warnings=tuple(f"page {number}: {warning}" for number, page in numbered for warning in page.warnings),
        document_type=next((page.document_type for page in pages if page.document_type), None),
        confidence=min(sure, default=None),
        raw=[page.raw for page in pages],
    )


def _joined_rows(name: str, numbered: Sequence[tuple[int, Result]]) -> Rows:
    return tuple(
        {column: _on_page(field, number) for column, field in row.items()}
        for number, page in numbered
        for row in page.rows(name)
    )


def _first_of_each(numbered: Sequence[tuple[int, Result]]) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for number, page in numbered:
        for name, field in page.fields.items():
            if name not in fields or (fields[name].value is None and field.value is not None):
                fields[name] = _on_page(field, number)
    return fields


def _joined(tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for page in tables:
        for name, rows in page.items():
            before = joined.get(name)
            joined[name] = [*before, *rows] if isinstance(before, list) and isinstance(rows, list) else rows
    return joined


def _on_page(field: Field, page_number: int) -> Field:
    return field.model_copy(update={"page_number": page_number})
