"""DocuParse: one upload is one document; its result comes by signed webhook or by polling.

Sources, as the comments name them: "article" is the vendor's webhook article, "docs page" its documentation, "TS client" a
public third-party client written against those docs; what is said nowhere is marked assumed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from typing_extensions import override

from ..core import models
from ..core.answers import Problem, check_asked, count_in, malformed, object_in, text_in
from ..core.delivery import Delivery, Envelope
from ..core.document import Document
from ..core.exchange import FilePart, Multipart, Response, path_segment
from ..core.instants import instant
from ..core.provider import NOTHING, Capabilities, Provider, final_type, type_for
from ..core.status import JobStatus
from ..core.steps import Steps
from ..errors import (
    ApiError,
    AuthenticationFailed,
    BadRequest,
    ConfigurationError,
    ErrorKind,
    JobFailed,
    MalformedDelivery,
    NotFound,
    OutOfCredits,
    RateLimited,
    ResultExpired,
    ServerError,
    TooLarge,
    WaitTimeout,
)

if TYPE_CHECKING:
    from ..core.job import Batch, BatchSummary, Job, JobError
    from ..core.result import Result
    from ..webhooks.signatures import HmacSha256

#: Source: TS client; anything else is processing. No transition of a batch is documented: the same words are assumed.
STATUS: Mapping[str, JobStatus] = {
    "queued": JobStatus.SUBMITTED,
    "processing": JobStatus.PROCESSING,
    "completed": JobStatus.COMPLETED,
    "failed": JobStatus.FAILED_TERMINAL,
}

#: Source: article; its info box says `extraction.*` where its samples say `document.*`.
EVENTS: Mapping[str, str] = {
    "document.completed": "document.completed",
    "document.failed": "document.failed",
    "batch.completed": "batch.completed",
    "extraction.completed": "document.completed",
    "extraction.failed": "document.failed",
}


class ErrorMeaning(NamedTuple):
    """What a code means as the answer to a request, and as the end of a document."""

    error_class: type[ApiError]
    kind: ErrorKind


#: EXTRACTION_FAILED is the article's, the others are assumed. Another code follows the HTTP status, and is terminal.
ERRORS: Mapping[str, ErrorMeaning] = {
    "EXTRACTION_FAILED": ErrorMeaning(BadRequest, ErrorKind.REVIEW),
    "INVALID_FILE": ErrorMeaning(BadRequest, ErrorKind.TERMINAL),
    "UNSUPPORTED_TYPE": ErrorMeaning(BadRequest, ErrorKind.TERMINAL),
    "FILE_TOO_LARGE": ErrorMeaning(TooLarge, ErrorKind.TERMINAL),
    "UNAUTHORIZED": ErrorMeaning(AuthenticationFailed, ErrorKind.TERMINAL),
    "NOT_FOUND": ErrorMeaning(NotFound, ErrorKind.TERMINAL),
    # Trying again is in vain until somebody tops up.
    "QUOTA_EXCEEDED": ErrorMeaning(OutOfCredits, ErrorKind.REVIEW),
    "RATE_LIMITED": ErrorMeaning(RateLimited, ErrorKind.RETRYABLE),
    "INTERNAL_ERROR": ErrorMeaning(ServerError, ErrorKind.RETRYABLE),
}

#: The webhook says `invoice_id` (article) where the poll says `document_number` (TS client).
NAMES: Mapping[str, str] = {
    "merchant": "vendor",
    "invoice_id": "invoice_number",
    "document_number": "invoice_number",
    "date": "invoice_date",
}
#: `qty` and `price` are what the TS client tolerates.
ITEM_NAMES: Mapping[str, str] = {
    "qty": "quantity",
    "price": "unit_price",
    "total": "amount",
}

#: Docs page: 10 MB.
MAX_FILE_BYTES = 10 * 1024 * 1024
#: Assumed.
MAX_BATCH_FILES = 50

#: Of the info box's flat form, what is no field of the document; `signature` is no proof of anything.
_ENVELOPE = frozenset(
    {"event", "document_id", "batch_id", "timestamp", "status", "signature", "data", "success"}
)
#: What an answer says about a document or a batch; an error without any of it is the answer's own (assumed).
_STATED = frozenset({"success", "status", "document_id", "batch_id"})
#: Members of a document's content (article, TS client); an event with none of them has no content.
_CONTENT = NAMES.keys() | {"document_type", "due_date", "currency", "subtotal", "tax", "total", "line_items"}
#: The member that holds an event's content (article).
_MEMBERS: Mapping[str, str] = {
    "document.completed": "data",
    "document.failed": "error",
    "batch.completed": "summary",
}


@dataclass(frozen=True)
class DocuParse(Provider):
    """DocuParse at https://docuparseapi.com.

    The wire has no idempotency key and carries no reference of yours: a job's `metadata` stays with the handle.
    """

    name: ClassVar[str] = "docuparse"
    env_prefix: ClassVar[str] = "DOCUPARSE_"
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

    @property
    @override
    def signature(self) -> HmacSha256:
        # `sha256=` and lower-case hex over the raw body, no timestamp (article). Unrelated projects of the same name send
        # other schemes in this header.
        from ..webhooks.signatures import HmacSha256

        return HmacSha256("X-DocuParse-Signature", prefix="sha256=")

    # Requests

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
        code, message = _error_in(body)
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

    # Events

    @override
    def envelopes(self, delivery: Delivery) -> tuple[Envelope, ...]:
        body = delivery.json_object()
        word = body.get("event")
        if not isinstance(word, str) or not word:
            raise MalformedDelivery("event is missing: the body is not a DocuParse event")
        event_type = type_for(EVENTS, word)
        document_id, batch_id = text_in(body.get("document_id")), text_in(body.get("batch_id"))
        # The article's key, document_id, is not enough: batches have none, and a document may fail and then complete.
        # No event has an id of its own, so one that we do not know is told apart by its bytes.
        about = (document_id or batch_id) if event_type in _MEMBERS else None
        return (
            Envelope(
                key=f"{event_type}:{about or hashlib.sha256(delivery.body).hexdigest()}",
                type=event_type,
                provider_type=word,
                payload=_payload(event_type, body),
                raw=body,
                job_id=document_id,
                document_id=document_id,
                batch_id=batch_id,
                occurred_at=instant(body.get("timestamp")),
            ),
        )

    @override
    def polled(self, job: Job, result: Result | None) -> tuple[Envelope, ...]:
        event_type = final_type(job.status)
        if event_type is None:
            return ()
        answer = job.raw if isinstance(job.raw, Mapping) else {}
        payload = answer.get(_MEMBERS[event_type])
        if payload is None and result is not None:
            payload = result.raw
        return (
            Envelope(
                key=f"{event_type}:{job.id}",
                type=event_type,
                provider_type=job.provider_status,
                payload=payload,
                raw=job.raw,
                job_id=job.id,
                document_id=job.document_id or job.id,
                batch_id=job.batch_id,
            ),
        )

    @override
    def batch_ended(self, batch_id: str, summary: BatchSummary) -> Envelope:
        counts = {"total": summary.total, "succeeded": summary.succeeded, "failed": summary.failed}
        return Envelope(
            key=f"batch.completed:{batch_id}",
            type="batch.completed",
            provider_type="",
            payload=counts,
            raw={"batch_id": batch_id, "summary": counts},
            batch_id=batch_id,
        )

    @override
    def has_result(self, payload: Any) -> bool:
        return isinstance(payload, Mapping) and len(payload) > 0

    @override
    def read_result(self, payload: Any) -> Result:
        """Normalise `data` of a webhook or a poll; money comes as number and as text in one object (TS client)."""
        from ..results.mapping import read_result

        values = payload if isinstance(payload, Mapping) else {}
        return read_result(
            values, names={**NAMES, **self.names}, item_names={**ITEM_NAMES, **self.item_names}, raw=payload
        )

    @override
    def read_error(self, payload: Any) -> JobError:
        code, message = _error_in({"error": payload})
        code = code or "unknown"
        kind = ERRORS[code].kind if code in ERRORS else ErrorKind.TERMINAL
        return models.JobError(code=code, message=message, kind=kind)

    @override
    def read_summary(self, payload: Any) -> BatchSummary:
        counts = payload if isinstance(payload, Mapping) else {}
        total, succeeded, failed = (count_in(counts.get(name)) for name in ("total", "succeeded", "failed"))
        return models.BatchSummary(total=total, succeeded=succeeded, failed=failed)


def _members_in(given: Any) -> list[Mapping[str, Any]]:
    """Read the documents of a batch's answer: objects with an id each, or the ids alone; what has none is left out."""
    members = [
        each if isinstance(each, Mapping) else {"document_id": each, "status": "queued"}
        for each in (given if isinstance(given, list) else [])
    ]
    return [member for member in members if text_in(member.get("document_id")) is not None]


def _has_data(answer: Any) -> bool:
    return isinstance(answer, Mapping) and isinstance(answer.get("data"), Mapping)


def _payload(event_type: str, body: Mapping[str, Any]) -> Any:
    """Find an event's content: a member of its own (samples), or between the envelope's members (info box)."""
    content = body.get(_MEMBERS.get(event_type, ""))
    if content is not None:
        return content
    if event_type == "document.completed" and not _CONTENT & body.keys():
        return {}
    return {name: value for name, value in body.items() if name not in _ENVELOPE}


def _error_in(body: Mapping[str, Any]) -> tuple[str, str]:
    error = body.get("error")
    if not isinstance(error, Mapping):
        return "", error if isinstance(error, str) else ""
    return text_in(error.get("code")) or "", text_in(error.get("message")) or ""
