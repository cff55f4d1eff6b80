"""DocuParse: one upload is one document; its result comes by signed webhook or by polling.

Sources, as the comments name them: "article" is the vendor's webhook article, "docs page" its documentation, "TS client" a
public third-party client written against those docs; what is said nowhere is marked assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from ..core import models
from ..core.answers import Problem, check_asked, malformed, object_in, text_in
from ..core.document import Document
from ..core.exchange import FilePart, Multipart, Response, path_segment
from ..core.provider import NOTHING, Capabilities
from ..core.status import JobStatus
from ..core.steps import Steps
from ..errors import (
    BadRequest,
    ConfigurationError,
    ErrorKind,
    JobFailed,
    NotFound,
    ResultExpired,
    WaitTimeout,
)
from .docuparse_events import ERRORS, DocuParseEvents, error_in

if TYPE_CHECKING:
    from ..core.job import Batch, Job
    from ..core.result import Result

#: Source: TS client; anything else is processing. No transition of a batch is documented: the same words are assumed.
STATUS: Mapping[str, JobStatus] = {
    "queued": JobStatus.SUBMITTED,
    "processing": JobStatus.PROCESSING,
    "completed": JobStatus.COMPLETED,
    "failed": JobStatus.FAILED_TERMINAL,
}

#: Docs page: 10 MB.
MAX_FILE_BYTES = 10 * 1024 * 1024
#: Assumed.
MAX_BATCH_FILES = 50

#: What an answer says about a document or a batch; an error without any of it is the answer's own (assumed).
_STATED = frozenset({"success", "status", "document_id", "batch_id"})


@dataclass(frozen=True)
class DocuParse(DocuParseEvents):
    """DocuParse at https://docuparseapi.com.

    The wire has no idempotency key and carries no reference of yours: a job's `metadata` stays with the handle.
    """

    # The docs page says PDF or CSV, the article receipts and invoices in general: no list of types is enforced.
    capabilities: ClassVar[Capabilities] = Capabilities(
        max_document_bytes=MAX_FILE_BYTES,
        max_batch_documents=MAX_BATCH_FILES,
        # About 3 s a document (article), a poll every 2 s (TS client).
        usual_seconds=3.0,
        poll_seconds=2.0,
    )

    # The docs page's path with the TS client's host; the article writes the paths without a prefix.
    base_url: str = "https://docuparseapi.com/api/v1"

    @override
    def problem(self, response: Response) -> Problem | None:
        """Read `{"success": false, "error": {"code", "message"}}`, which may come with status 200 (TS client)."""
        try:
            body = response.json()
        except ValueError:
            body = None
        body = body if isinstance(body, Mapping) else {}
        is_refused = body.get("success") is False or (body.get("error") and not _STATED & body.keys())
        # That a document failed is the answer to a question, whatever `success` says about the document.
        if response.is_success and (body.get("status") == "failed" or not is_refused):
            return None
        code, message = error_in(body)
        known = ERRORS.get(code)
        # An error status speaks for itself; in a 200 only the code can.
        error_class = (known.error_class if known else BadRequest) if response.is_success else None
        return Problem(code=code, message=message, error_class=error_class)

    @override
    def upload(
        self, document: Document, *, key: str | None = None, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Job]:
        """Submit one document (docs page: `POST /extract`); `key` is not sent, DocuParse takes none."""
        body = Multipart(files=(FilePart("file", document),))
        response = yield from self.call("POST", "/extract", body=body)
        job = self._job(response, object_in(self.name, response))
        return job.model_copy(update={"filename": document.filename, "metadata": dict(metadata)})

    @override
    def status(self, job: Job) -> Steps[Job]:
        """Ask how a document stands (docs page: `GET /documents/{id}`).

        One that is completed but has no result yet counts as processing (TS client).
        """
        if not job.id:
            raise ConfigurationError(f"{self.name}: the job has no id, so it cannot be asked for")
        response = yield from self.call("GET", f"/documents/{path_segment(job.id)}")
        return self._job(response, object_in(self.name, response), known_id=job.id)

    @override
    def result(self, job: Job) -> Steps[Result]:
        """Give the result that a job's last answer holds, and ask only where it holds none.

        Raises:
            JobFailed: If the document could not be read.
            WaitTimeout: If it is not done yet.
            ResultExpired: If DocuParse no longer knows a document that was completed.
        """
        found = job
        if not _has_data(job.raw):
            try:
                found = yield from self.status(job)
            except NotFound as error:
                if not job.status.is_success:
                    raise
                gone = job.model_copy(update={"status": JobStatus.EXPIRED})
                raise ResultExpired(f"{self.name}: the result of job {job.id} is gone", job=gone) from error
        if found.status.is_failure:
            raise JobFailed(f"{self.name}: job {found.id} failed: {found.reason}", job=found)
        if not _has_data(found.raw):
            raise WaitTimeout(f"{self.name}: job {found.id} is still {found.status}: wait for it", job=found)
        return self.read_result(found.raw["data"])

    @override
    def upload_batch(
        self,
        documents: Sequence[Document],
        *,
        key: str | None = None,
        metadata: Mapping[str, Any] = NOTHING,
    ) -> Steps[Batch]:
        """Submit up to 50 documents in one call (endpoint assumed: the article shows only the event of a batch)."""
        body = Multipart(files=tuple(FilePart("files", document) for document in documents))
        response = yield from self.call("POST", "/extract/batch", body=body)
        answer = object_in(self.name, response)
        batch_id = text_in(answer.get("batch_id"))
        if batch_id is None:
            raise malformed(self.name, response, "batch_id is missing")
        members = _members_in(answer.get("documents"))
        # The answer's form is assumed: where it does not name each document, the batch was accepted all the same.
        named = zip(documents, members, strict=True) if len(members) == len(documents) else ()
        jobs = tuple(
            self._job(response, member).model_copy(
                update={"filename": document.filename, "batch_id": batch_id, "metadata": dict(metadata)}
            )
            for document, member in named
        )
        return models.Batch(
            id=batch_id,
            provider=self.name,
            jobs=jobs,
            summary=models.BatchSummary(total=len(documents)),
            raw=answer,
        )

    @override
    def batch_status(self, batch: Batch) -> Steps[Batch]:
        """Ask how a batch stands (endpoint assumed); its documents are asked for one by one, with `status`."""
        response = yield from self.call("GET", f"/batches/{path_segment(batch.id)}")
        answer = object_in(self.name, response)
        check_asked(self.name, response, batch.id, answer.get("batch_id"))
        word = text_in(answer.get("status")) or ""
        return models.Batch(
            id=batch.id,
            provider=self.name,
            status=STATUS.get(word, JobStatus.PROCESSING),
            provider_status=word,
            jobs=batch.jobs,
            summary=self.read_summary(answer.get("summary")),
            raw=answer,
        )

    def _job(self, response: Response, answer: Any, *, known_id: str | None = None) -> Job:
        document_id = text_in(answer.get("document_id")) if isinstance(answer, Mapping) else None
        if known_id is not None:
            check_asked(self.name, response, known_id, document_id)
            document_id = known_id
        if document_id is None:
            raise malformed(self.name, response, "document_id is missing")
        word = text_in(answer.get("status")) or ""
        status, error = STATUS.get(word, JobStatus.PROCESSING), None
        if status is JobStatus.COMPLETED and not _has_data(answer):
            status = JobStatus.PROCESSING
        if status.is_failure:
            error = self.read_error(answer.get("error"))
            if error.kind is ErrorKind.RETRYABLE:
                status = JobStatus.FAILED_RETRYABLE
        return models.Job(
            id=document_id,
            provider=self.name,
            status=status,
            provider_status=word,
            document_id=document_id,
            error=error,
            raw=answer,
        )


def _members_in(given: Any) -> list[Mapping[str, Any]]:
    """Read the documents of a batch's answer: objects with an id each, or the ids alone; what has none is left out."""
    members = [
        each if isinstance(each, Mapping) else {"document_id": each, "status": "queued"}
        for each in (given if isinstance(given, list) else [])
    ]
    return [member for member in members if text_in(member.get("document_id")) is not None]


def _has_data(answer: Any) -> bool:
    return isinstance(answer, Mapping) and isinstance(answer.get("data"), Mapping)
