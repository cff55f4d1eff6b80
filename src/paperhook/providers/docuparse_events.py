"""What DocuParse pushes: its events, how they are signed, and what stands in them; a poll's answers say the same.

Sources are named as in `docuparse`; what is said nowhere is marked assumed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from typing_extensions import override

from ..core import models
from ..core.answers import count_in, text_in
from ..core.delivery import Delivery, Envelope
from ..core.instants import instant
from ..core.provider import Provider, final_type, type_for
from ..errors import (
    ApiError,
    AuthenticationFailed,
    BadRequest,
    ErrorKind,
    MalformedDelivery,
    NotFound,
    OutOfCredits,
    RateLimited,
    ServerError,
    TooLarge,
)

if TYPE_CHECKING:
    from ..core.job import BatchSummary, Job, JobError
    from ..core.result import Result
    from ..webhooks.signatures import HmacSha256

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

#: Of the info box's flat form, what is no field of the document; `signature` is no proof of anything.
_ENVELOPE = frozenset(
    {"event", "document_id", "batch_id", "timestamp", "status", "signature", "data", "success"}
)
#: Members of a document's content (article, TS client); an event with none of them has no content.
_CONTENT = NAMES.keys() | {"document_type", "due_date", "currency", "subtotal", "tax", "total", "line_items"}
#: The member that holds an event's content (article).
_MEMBERS: Mapping[str, str] = {
    "document.completed": "data",
    "document.failed": "error",
    "batch.completed": "summary",
}


@dataclass(frozen=True)
class DocuParseEvents(Provider):
    """What `DocuParse` receives and reads."""

    name: ClassVar[str] = "docuparse"
    env_prefix: ClassVar[str] = "DOCUPARSE_"

    @property
    @override
    def signature(self) -> HmacSha256:
        # `sha256=` and lower-case hex over the raw body, no timestamp (article). Unrelated projects of the same name send
        # other schemes in this header.
        from ..webhooks.signatures import HmacSha256

        return HmacSha256("X-DocuParse-Signature", prefix="sha256=")

    # Requests

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
        code, message = error_in({"error": payload})
        code = code or "unknown"
        kind = ERRORS[code].kind if code in ERRORS else ErrorKind.TERMINAL
        return models.JobError(code=code, message=message, kind=kind)

    @override
    def read_summary(self, payload: Any) -> BatchSummary:
        counts = payload if isinstance(payload, Mapping) else {}
        total, succeeded, failed = (count_in(counts.get(name)) for name in ("total", "succeeded", "failed"))
        return models.BatchSummary(total=total, succeeded=succeeded, failed=failed)


def _payload(event_type: str, body: Mapping[str, Any]) -> Any:
    """Find an event's content: a member of its own (samples), or between the envelope's members (info box)."""
    content = body.get(_MEMBERS.get(event_type, ""))
    if content is not None:
        return content
    if event_type == "document.completed" and not _CONTENT & body.keys():
        return {}
    return {name: value for name, value in body.items() if name not in _ENVELOPE}


def error_in(body: Mapping[str, Any]) -> tuple[str, str]:
    """Give code and message of the error that a body states; empty where it states none."""
    error = body.get("error")
    if not isinstance(error, Mapping):
        return "", error if isinstance(error, str) else ""
    return text_in(error.get("code")) or "", text_in(error.get("message")) or ""
