"""Ocriva: documents of a project are read with a template; results come by webhook, signed when a secret is set.

Sources, as the comments name them: "overview" is the webhooks-overview page, other names are the last path part of pages
under ocriva.com/en/documents-specification/; what is said nowhere is marked assumed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from ..core import models
from ..core.answers import check_asked, count_in, malformed, model_of, object_in, text_in
from ..core.document import Document
from ..core.exchange import FilePart, Multipart, Response, path_segment
from ..core.instants import instant
from ..core.provider import NOTHING, Capabilities
from ..core.rate import Rate
from ..core.status import JobStatus
from ..core.steps import Steps
from ..errors import (
    ConfigurationError,
    JobFailed,
    NotFound,
    UnsupportedDocument,
    WaitTimeout,
)
from .ocriva_endpoints import WINDOW_SECONDS, ocriva_models
from .ocriva_events import KEY_MEMBER, OcrivaEvents, json_or_text, metadata_of

if TYPE_CHECKING:
    from ..core.job import Batch, Job
    from ..core.result import Result
    from .ocriva_models import BatchRecord, HistoryPage, HistoryRecord, Login, Project, Stats, Template

__all__ = ["BatchRecord", "HistoryPage", "HistoryRecord", "Login", "Ocriva", "Project", "Stats", "Template"]

#: Sources: open-api-processing-history; `uploaded` and `processing` open-api-upload and open-api-batch; `partial` assumed.
STATUS: Mapping[str, JobStatus] = {
    "uploaded": JobStatus.SUBMITTED,
    "pending": JobStatus.SUBMITTED,
    "queued": JobStatus.SUBMITTED,
    "in_progress": JobStatus.PROCESSING,
    "processing": JobStatus.PROCESSING,
    "completed": JobStatus.COMPLETED,
    "partial": JobStatus.COMPLETED,
    "failed": JobStatus.FAILED_TERMINAL,
}

#: Content type to `fileType`; source: open-api-upload (words) and dat-capabilities (formats).
FILE_TYPES: Mapping[str, str] = {
    "application/pdf": "pdf",
    "image/jpeg": "image",
    "image/png": "image",
    "image/webp": "image",
    "image/bmp": "image",
}

#: Files of one batch call; 51 are refused (retry-rate-limiting).
MAX_BATCH_FILES = 50
#: What a batch's handle is made of.
BATCH_MEMBERS = ("id", "status", "totalFiles", "completedFiles", "failedFiles", "uploadIds")
#: Pages that are searched for a record at most.
SEARCH_PAGES = 5


@dataclass(frozen=True)
class Ocriva(OcrivaEvents):
    """Ocriva's Open API at https://api.ocriva.com/v1.

    Args:
        project_id: The project of every upload; needed even with a project's own key.
        template_id: The template to read with; Ocriva's default where it is empty.
        upload_type: Passed on as `uploadType`.
        bearer: Send the key as `Authorization: Bearer`, which an access token of `login` needs.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        accepts=frozenset(FILE_TYPES),
        max_batch_documents=MAX_BATCH_FILES,
        # For each key, in the minutes of the clock (retry-rate-limiting).
        rates=(Rate(60, WINDOW_SECONDS, window="fixed"),),
        lists_jobs=True,
        usual_seconds=5.0,
    )

    upload_type: str = ""

    @override
    def upload_options(self) -> Mapping[str, Any]:
        return {
            "project_id": self.project_id,
            "template_id": self.template_id,
            "upload_type": self.upload_type,
        }

    # Jobs

    @override
    def upload(
        self, document: Document, *, key: str | None = None, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Job]:
        """Submit one document; the key travels in the metadata, so that a listing shows it.

        Raises:
            ConfigurationError: If no project is configured.
        """
        return (yield from self.add_to_batch("", document, key=key, metadata=metadata))

    def add_to_batch(
        self,
        batch_id: str,
        document: Document,
        *,
        key: str | None = None,
        metadata: Mapping[str, Any] = NOTHING,
    ) -> Steps[Job]:
        """Submit one document into a batch that exists."""
        fields = [
            ("fileName", document.filename),
            ("fileType", FILE_TYPES.get(document.content_type, "document")),
            # Text in requests and history, a number in events.
            ("fileSize", str(document.size_bytes)),
            ("mimeType", document.content_type),
            *self._form(key, metadata),
            *((("uploadType", self.upload_type),) if self.upload_type else ()),
            *((("batchId", batch_id),) if batch_id else ()),
        ]
        body = Multipart(tuple(fields), (FilePart("file", document),))
        response = yield from self.call("POST", "/openapi/upload", body=body)
        return self._uploaded(response, key, metadata)

    def _form(self, key: str | None, metadata: Mapping[str, Any]) -> list[tuple[str, str]]:
        fields = [("projectId", self._needed_project())]
        if self.template_id:
            fields.append(("templateId", self.template_id))
        carried = {**metadata, **({KEY_MEMBER: key} if key else {})}
        if carried:
            fields.append(("metadata", json.dumps(carried, default=str)))
        return fields

    def _uploaded(self, response: Response, key: str | None, metadata: Mapping[str, Any]) -> Job:
        job = self._job(response, object_in(self.name, response))
        # That the answer has a status is said of the older way in only (api-reference).
        status = job.status if job.provider_status else JobStatus.SUBMITTED
        return job.model_copy(update={"idempotency_key": key, "metadata": dict(metadata), "status": status})

    def _job(self, response: Response, record: Any) -> Job:
        record_id = text_in(record.get("id")) if isinstance(record, Mapping) else None
        if record_id is None:
            raise malformed(self.name, response, "id is missing")
        word = str(record.get("status") or "")
        status = STATUS.get(word, JobStatus.PROCESSING)
        metadata = dict(metadata_of(record))
        return models.Job(
            id=record_id,
            provider=self.name,
            status=status,
            provider_status=word,
            batch_id=text_in(record.get("batchId")),
            filename=text_in(record.get("fileName")),
            size_bytes=count_in(record.get("fileSize")) or None,
            error=self.read_error(record) if status.is_failure else None,
            created_at=instant(record.get("createdAt")),
            idempotency_key=text_in(metadata.pop(KEY_MEMBER, None)),
            metadata=metadata,
            raw=record,
        )

    @override
    def status(self, job: Job) -> Steps[Job]:
        """Ask how a job stands.

        The id of the upload's answer is tried as the history record's id first, then looked for as `uploadId`: the pages
        contradict each other. The job keeps its own id; the record's becomes `document_id` where it is another.
        """
        if not job.id:
            raise ConfigurationError(f"{self.name}: the job has no id: look for it with client.jobs()")
        asked = job.document_id or job.id
        try:
            response, record = yield from self._record(asked)
            found = self._job(response, record)
            upload_id = record.get("uploadId")
            # A record that names no upload may be that of the upload's id, which is another then.
            if job.document_id or upload_id:
                check_asked(self.name, response, asked, found.id, upload_id)
        except NotFound:
            listed = yield from self._find(job)
            if listed is None and _is_fresh(job):
                return job
            if listed is None:
                raise
            found = listed
        return found.model_copy(
            update={"id": job.id, "document_id": found.id if found.id != job.id else job.document_id}
        )

    def _find(self, job: Job) -> Steps[Job | None]:
        search = {"search": job.filename} if job.filename else {}
        seen = 0
        for number in range(1, SEARCH_PAGES + 1):
            page, jobs = yield from self._listed(number, search)
            for record, listed in zip(page.records, jobs, strict=True):
                if job.id in (record.upload_id, record.id):
                    return listed
            seen += len(jobs)
            if page.is_last(seen=seen):
                return None
        return None

    @override
    def result(self, job: Job) -> Steps[Result]:
        """Give the result that a job's last answer holds; else ask for the record, else for its export.

        Raises:
            JobFailed: If the provider could not read the document.
            WaitTimeout: If it is not done yet.
        """
        if self.has_result(job.raw):
            return self.read_result(job.raw)
        job = yield from self.status(job)
        if job.status.is_failure:
            raise JobFailed(f"{self.name}: job {job.id} failed: {job.reason}", job=job)
        if not job.status.is_final:
            raise WaitTimeout(f"{self.name}: job {job.id} is still {job.status}: wait for it", job=job)
        if self.has_result(job.raw):
            return self.read_result(job.raw)
        # The record's member is named after the webhook (assumed); the export is the result itself (assumed).
        exported = yield from self.export(job.document_id or job.id)
        return self.read_result({**job.raw, "extractedData": json_or_text(exported)})

    @override
    def jobs(self, *, since: datetime | None = None, limit: int = 100) -> Steps[tuple[Job, ...]]:
        """List the project's jobs, newest first (order assumed), by the ids of their history records."""
        filters = {"fromDate": since.date().isoformat()} if since is not None else {}
        found: list[Job] = []
        known: set[str] = set()
        number = 1
        while len(found) < limit:
            page, jobs = yield from self._listed(number, filters)
            # What is uploaded meanwhile moves records to the next page, where they are listed again.
            new = [job for job in jobs if job.id not in known]
            # fromDate knows days only.
            found += [
                job for job in new if since is None or job.created_at is None or job.created_at >= since
            ]
            known, number = known.union(job.id for job in new), number + 1
            # A page without a new one: the numbers of pages are not understood.
            if not new or page.is_last(seen=len(known)):
                break
        return tuple(found[:limit])

    def _listed(self, number: int, filters: Mapping[str, str]) -> Steps[tuple[HistoryPage, list[Job]]]:
        response, records, paging = yield from self._page(number, filters)
        jobs = [self._job(response, record) for record in records]
        # Of a record only its ids are needed here, so no other member can fail the listing.
        ids = [{"id": record["id"], "uploadId": record.get("uploadId")} for record in records]
        return model_of(self.name, response, ocriva_models.HistoryPage, {**paging, "records": ids}), jobs

    # Batches

    @override
    def upload_batch(
        self,
        documents: Sequence[Document],
        *,
        key: str | None = None,
        metadata: Mapping[str, Any] = NOTHING,
        batch_name: str = "",
    ) -> Steps[Batch]:
        """Submit up to 50 documents in one call.

        Raises:
            UnsupportedDocument: If there are more.
        """
        if len(documents) > MAX_BATCH_FILES:
            raise UnsupportedDocument(
                f"{self.name}: a batch of {len(documents)} documents: it takes {MAX_BATCH_FILES}, so send several",
                code="too_many_documents",
            )
        body = self._batch_body(documents, key, metadata, batch_name)
        response = yield from self.call("POST", "/openapi/batch/upload", body=body)
        return self._batch_born(response, documents)

    def _batch_body(
        self, documents: Sequence[Document], key: str | None, metadata: Mapping[str, Any], batch_name: str
    ) -> Multipart:
        fields = self._form(key, metadata)
        if batch_name:
            fields.append(("name", batch_name))
        return Multipart(tuple(fields), tuple(FilePart("files", document) for document in documents))

    def _batch_born(self, response: Response, documents: Sequence[Document]) -> Batch:
        record = self._needed_of(response)
        # uploadIds are in the order of the files (assumed); names are given only where the counts agree.
        names = (
            [document.filename for document in documents] if len(documents) == len(record.upload_ids) else []
        )
        jobs = tuple(
            models.Job(
                id=upload_id,
                provider=self.name,
                batch_id=record.id,
                filename=names[index] if names else None,
            )
            for index, upload_id in enumerate(record.upload_ids)
        )
        return self._batch(record, jobs, response.json())

    def _needed_of(self, response: Response) -> BatchRecord:
        """Read what a batch's handle is made of: a batch that was accepted is not lost for the form of another member."""
        answer = object_in(self.name, response)
        needed = {name: answer.get(name) for name in BATCH_MEMBERS}
        return model_of(self.name, response, ocriva_models.BatchRecord, needed)

    @override
    def batch_status(self, batch: Batch) -> Steps[Batch]:
        """Ask how a batch stands; its jobs are listed anew once every file has ended."""
        response = yield from self.call("GET", f"/openapi/batch/{path_segment(batch.id)}")
        record = self._needed_of(response)
        after = self._batch(record, batch.jobs, response.json())
        if not after.status.is_final:
            return after
        members = yield from self._members(batch.id, after.summary.total, {job.id for job in batch.jobs})
        return after.model_copy(update={"jobs": members or batch.jobs})

    def _members(self, batch_id: str, total: int, known: set[str]) -> Steps[tuple[Job, ...]]:
        jobs: list[Job] = []
        for number in range(1, max(1, total) + 1):
            page, listed = yield from self._listed(number, {"batchId": batch_id})
            for record, job in zip(page.records, listed, strict=True):
                own = {"batch_id": batch_id}
                if record.upload_id in known and job.id not in known:
                    own = {"batch_id": batch_id, "id": record.upload_id, "document_id": job.id}
                jobs.append(job.model_copy(update=own))
            if page.is_last(seen=len(jobs)):
                break
        return tuple(jobs)

    def _batch(self, record: BatchRecord, jobs: tuple[Job, ...], raw: Any) -> Batch:
        total, done, failed = record.total_files, record.completed_files or 0, record.failed_files or 0
        status = STATUS.get(record.status, JobStatus.PROCESSING)
        if total is not None and record.completed_files is not None and record.failed_files is not None:
            # The counts decide, not the word: its final forms are not documented.
            status = JobStatus.COMPLETED if done + failed >= total > 0 else JobStatus.PROCESSING
        return models.Batch(
            id=record.id,
            provider=self.name,
            status=status,
            provider_status=record.status,
            jobs=jobs,
            summary=models.BatchSummary(total=total or len(jobs), succeeded=done, failed=failed),
            raw=raw,
        )

    # The older way in

    def upload_internal(
        self, organization_id: str, document: Document, *, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Job]:
        """Submit one document over the dashboard's own surface (api-reference); prefer `upload`."""
        body = Multipart(tuple(self._form(None, metadata)), (FilePart("file", document),))
        response = yield from self._internal(f"/upload/{path_segment(organization_id)}/file", body)
        return self._uploaded(response, None, metadata)

    def upload_batch_internal(
        self,
        organization_id: str,
        documents: Sequence[Document],
        *,
        metadata: Mapping[str, Any] = NOTHING,
        batch_name: str = "",
    ) -> Steps[Batch]:
        """Submit several documents over the dashboard's own surface (batch-processing); prefer `upload_batch`."""
        body = self._batch_body(documents, None, metadata, batch_name)
        response = yield from self._internal(f"/batch/{path_segment(organization_id)}/upload", body)
        return self._batch_born(response, documents)


def _is_fresh(job: Job) -> bool:
    """Tell whether only its upload's answer was heard of a job: its record may be made when its turn comes (assumed)."""
    return (
        job.raw is not None and job.status is JobStatus.SUBMITTED and job.provider_status in ("", "uploaded")
    )


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        # What the endpoints answer is imported from here as well.
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(ocriva_models, name)
