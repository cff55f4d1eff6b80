"""What Ocriva pushes: its events, how they are signed, and what stands in them; a poll's answers say the same.

Sources, as the comments name them: "overview" is the webhooks-overview page, other names are the last path part of pages
under ocriva.com/en/documents-specification/; what is said nowhere is marked assumed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ..core import models
from ..core.answers import count_in, number_in, text_in
from ..core.delivery import Delivery, Envelope
from ..core.instants import instant
from ..core.provider import final_type, type_for
from ..errors import ErrorKind, MalformedDelivery
from .ocriva_endpoints import OcrivaEndpoints

if TYPE_CHECKING:
    from ..core.job import BatchSummary, Job, JobError
    from ..core.result import Result
    from ..webhooks.signatures import HmacSha256

#: Source: webhooks-setup. `batch.uploaded` and `template.created`, `.updated`, `.deleted` have no class of ours.
EVENTS: Mapping[str, str] = {
    "document.uploaded": "document.received",
    "document.processed": "document.completed",
    "document.failed": "document.failed",
    "batch.completed": "batch.completed",
}

#: Ocriva's field names in the examples, beside the common ones that are known anyway.
FIELD_NAMES: Mapping[str, str] = {"totalAmount": "total", "taxAmount": "tax"}

#: Where the key of an upload travels, because there is no header for it.
KEY_MEMBER = "paperhookKey"


@dataclass(frozen=True)
class OcrivaEvents(OcrivaEndpoints):
    """What `Ocriva` receives and reads."""

    @property
    @override
    def signature(self) -> HmacSha256:
        # Hex after `sha256=`, no timestamp; the header is there only when a secret is set (overview).
        from ..webhooks.signatures import HmacSha256

        return HmacSha256("X-Webhook-Signature", prefix="sha256=")

    @override
    def envelopes(self, delivery: Delivery) -> tuple[Envelope, ...]:
        body = delivery.json_object()
        # The header X-Webhook-Event repeats the type, but it is not signed: only the body counts.
        word, content = body.get("eventType"), body.get("payload")
        if not isinstance(word, str) or not word:
            raise MalformedDelivery("eventType is missing: the body is not an Ocriva event")
        event_type = type_for(EVENTS, word)
        if not isinstance(content, Mapping):
            if event_type in EVENTS.values():
                raise MalformedDelivery(f"{word}: payload is not an object")
            content = {}
        family = word.partition(".")[0]
        # A batch or a template may call its id by its name (assumed).
        about = text_in(content.get("id")) or text_in(content.get(f"{family}Id"))
        return (
            Envelope(
                key=_key(event_type, about, body, delivery.body),
                type=event_type,
                provider_type=word,
                payload=content,
                raw=body,
                job_id=about if family == "document" else None,
                batch_id=about if family == "batch" else text_in(content.get("batchId")),
                # Never from eventId: its time and this one differ by a year in the overview's own example.
                occurred_at=instant(body.get("timestamp")),
            ),
        )

    @override
    def polled(self, job: Job, result: Result | None) -> tuple[Envelope, ...]:
        event_type = final_type(job.status)
        if event_type is None:
            return ()
        payload = job.raw
        if result is not None and not self.has_result(payload):
            payload = result.raw
        return (
            Envelope(
                key=f"{event_type}:{job.id}",
                type=event_type,
                provider_type=job.provider_status,
                payload=payload,
                raw=payload,
                job_id=job.id,
                document_id=job.document_id,
                batch_id=job.batch_id,
                aliases=tuple(f"{event_type}:{other}" for other in _other_ids(job)),
            ),
        )

    @override
    def batch_ended(self, batch_id: str, summary: BatchSummary) -> Envelope:
        counts = {
            "totalFiles": summary.total,
            "completedFiles": summary.succeeded,
            "failedFiles": summary.failed,
        }
        return Envelope(
            key=f"batch.completed:{batch_id}",
            type="batch.completed",
            provider_type="",
            payload=counts,
            raw={"id": batch_id, **counts},
            batch_id=batch_id,
        )

    @override
    def has_result(self, payload: Any) -> bool:
        return _content(payload) is not None

    @override
    def read_result(self, payload: Any) -> Result:
        """Normalise `extractedData`: an object, or text where the template is free text (assumed)."""
        from ..results.mapping import read_result

        content = _content(payload)
        confidence = payload.get("confidence") if isinstance(payload, Mapping) else None
        sure = number_in(confidence)
        sure = sure if sure is not None and 0 <= sure <= 1 else None
        if isinstance(content, str):
            return models.Result(text=content, confidence=sure, raw=payload)
        values = content if isinstance(content, Mapping) else {"rows": content} if content else {}
        names = {**FIELD_NAMES, **self.names}
        return read_result(values, names=names, item_names=self.item_names, raw=payload, confidence=sure)

    @override
    def read_error(self, payload: Any) -> JobError:
        """Read `error` or `errorMessage` (assumed); there are no codes, so no failure is known to be passing."""
        given = payload if isinstance(payload, Mapping) else {}
        error = given.get("error") or given.get("errorMessage") or ""
        if isinstance(error, Mapping):
            code, error = text_in(error.get("code")), error.get("message")
        else:
            code = None
        return models.JobError(
            code=code or "processing_failed", message=str(error or ""), kind=ErrorKind.TERMINAL
        )

    @override
    def read_summary(self, payload: Any) -> BatchSummary:
        counts = payload if isinstance(payload, Mapping) else {}
        total, done, failed = (
            count_in(counts.get(name)) for name in ("totalFiles", "completedFiles", "failedFiles")
        )
        return models.BatchSummary(total=total, succeeded=done, failed=failed)

    @override
    def read_metadata(self, envelope: Envelope) -> Mapping[str, Any]:
        return {name: value for name, value in metadata_of(envelope.payload).items() if name != KEY_MEMBER}


def _key(type: str, id: str | None, body: Mapping[str, Any], sent: bytes) -> str:
    """Identify an event.

    The outcome of a document or a batch is identified by the document or batch: webhooks-events calls `eventId` unique for each delivery attempt
    in one place, and a poll has none. Any other event goes by its `eventId`, which that page also calls the dedupe key.
    """
    if id is not None and type in ("document.completed", "document.failed", "batch.completed"):
        return f"{type}:{id}"
    event_id = text_in(body.get("eventId"))
    if event_id is not None:
        return f"{type}:{event_id}"
    if id is not None:
        return f"{type}:{id}:{body['payload'].get('status', '')}"
    return f"{type}:{hashlib.sha256(sent).hexdigest()}"


def _content(payload: Any) -> Any:
    """Find what was extracted: a record has it too, and under which name is nowhere said."""
    found = payload if isinstance(payload, Mapping) else {}
    content, other = found.get("extractedData"), found.get("result")
    # Not a word such as `success`.
    return other if content is None and isinstance(other, (Mapping, list)) else content


def _other_ids(job: Job) -> list[str]:
    """Give what else a webhook may call a polled job: which of a document's two ids events carry is nowhere said."""
    upload_id = text_in(job.raw.get("uploadId")) if isinstance(job.raw, Mapping) else None
    return [other for other in dict.fromkeys((job.document_id, upload_id)) if other and other != job.id]


def metadata_of(record: Any) -> Mapping[str, Any]:
    """Read what was sent as a JSON string and may come back as one."""
    given = record.get("metadata") if isinstance(record, Mapping) else None
    if isinstance(given, str):
        given = json_or_text(given.encode())
    return given if isinstance(given, Mapping) else {}


def json_or_text(content: bytes) -> Any:
    """Decode JSON, or give what is none as text."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace")
