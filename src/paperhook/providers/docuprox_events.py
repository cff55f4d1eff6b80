"""What DocuProx pushes: one delivery a document, without name, id, time or status; a poll gives the same keys.

Sources are named as in `docuprox`; what is said nowhere is marked assumed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, get_args

from typing_extensions import override

from ..core import models
from ..core.answers import text_in
from ..core.delivery import Delivery, Envelope
from ..core.provider import Provider
from ..core.status import JobStatus
from ..errors import ConfigurationError, ErrorKind, MalformedDelivery
from .docuprox_models import EVENT, STATUS, UNRECOGNISED_EVENT, digest_of, normalised, records_in

if TYPE_CHECKING:
    from ..core.job import Job, JobError
    from ..core.result import Result
    from ..webhooks.signatures import StaticHeader

#: Gives the last part of a delivery's key from `{"job_id", "template_id", "static_values", "result"}`.
DedupeKey: TypeAlias = Callable[[Mapping[str, Any]], str]
Dedupe: TypeAlias = Literal["result", "job"]


@dataclass(frozen=True)
class DocuProxEvents(Provider):
    """What `DocuProx` receives and reads."""

    name: ClassVar[str] = "docuprox"
    env_prefix: ClassVar[str] = "DOCUPROX_"

    template_id: str = ""
    webhook_header: str = "X-Webhook-Token"
    dedupe: Dedupe | DedupeKey = "result"

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.webhook_header.strip():
            raise ConfigurationError(f"{self.name}: webhook_header is empty: name the header that you set")
        if not callable(self.dedupe) and self.dedupe not in get_args(Dedupe):
            raise ConfigurationError(
                f"{self.name}: dedupe is {self.dedupe!r}: write 'result', 'job' or a function"
            )

    @property
    @override
    def signature(self) -> StaticHeader:
        # No signature is documented, only custom headers (webhook page).
        from ..webhooks.signatures import StaticHeader

        return StaticHeader(self.webhook_header)

    @override
    def envelopes(self, delivery: Delivery) -> tuple[Envelope, ...]:
        """Read one delivery: one document, in an archive's case one of several with the same job id."""
        body = delivery.json_object()
        job_id = text_in(body.get("job_id"))
        if job_id is None:
            raise MalformedDelivery("job_id is missing: the body is not a DocuProx delivery")
        records = records_in(body["result"]) if "result" in body else None
        if records:
            return tuple(
                self._completed(job_id, EVENT, {**body, "result": record}, body) for record in records
            )
        # No failure is documented to be pushed; one that is may look like a status reply (assumed).
        word = text_in(body.get("status")) or ""
        if STATUS.get(normalised(word), JobStatus.PROCESSING).is_failure:
            return (self._failed(job_id, word, body),)
        digest = hashlib.sha256(delivery.body).hexdigest()
        return (
            Envelope(
                key=f"{UNRECOGNISED_EVENT}:{job_id}:{digest}",
                type=UNRECOGNISED_EVENT,
                provider_type=UNRECOGNISED_EVENT,
                payload=body,
                raw=body,
                job_id=job_id,
            ),
        )

    @override
    def polled(self, job: Job, result: Result | None) -> tuple[Envelope, ...]:
        if job.status.is_failure:
            raw = job.raw if isinstance(job.raw, Mapping) else {"status": job.provider_status}
            return (self._failed(job.id, job.provider_status, raw),)
        if result is None or not job.status.is_success:
            return ()
        # A job without records has ended as well.
        records = records_in(result.raw) or [{}]
        # As the webhooks have them; what was submitted is not repeated by a poll.
        submitted = {
            "job_id": job.id,
            "template_id": self.template_id or None,
            "static_values": dict(job.metadata) or None,
        }
        bodies = [{**submitted, "result": record} for record in records]
        return tuple(self._completed(job.id, job.provider_status, body, body) for body in bodies)

    def _completed(self, job_id: str, word: str, body: Mapping[str, Any], raw: Mapping[str, Any]) -> Envelope:
        """Build the event of one document; `body` is a delivery with this document alone."""
        key = f"document.completed:{job_id}"
        if callable(self.dedupe):
            key = f"{key}:{self.dedupe(body)}"
        elif self.dedupe == "result":
            key = f"{key}:{digest_of(body['result'])}"
        return Envelope(
            key=key,
            type="document.completed",
            provider_type=word,
            payload=body["result"],
            raw=raw,
            job_id=job_id,
        )

    def _failed(self, job_id: str, word: str, body: Mapping[str, Any]) -> Envelope:
        return Envelope(
            key=f"document.failed:{job_id}",
            type="document.failed",
            provider_type=word,
            payload=body,
            raw=body,
            job_id=job_id,
        )

    @override
    def read_error(self, payload: Any) -> JobError:
        """Read a status reply: there is no error code, so the status is one; its reason is nowhere said."""
        answer = payload if isinstance(payload, Mapping) else {}
        code = normalised(str(answer.get("status", ""))) or "FAILED"
        message = text_in(answer.get("message")) or text_in(answer.get("error")) or ""
        return models.JobError(code=code, message=message, kind=ErrorKind.TERMINAL)

    @override
    def read_metadata(self, envelope: Envelope) -> Mapping[str, Any]:
        """Give the echoed `static_values`: an object, or JSON text where a form sent it so (assumed)."""
        echoed = envelope.raw.get("static_values") if isinstance(envelope.raw, Mapping) else None
        if isinstance(echoed, str):
            try:
                echoed = json.loads(echoed)
            except (ValueError, RecursionError):
                return {}
        return echoed if isinstance(echoed, Mapping) else {}

    @override
    def read_result(self, payload: Any) -> Result:
        """Normalise a record; its names are those of the user's template."""
        from ..results.mapping import read_result

        values = payload if isinstance(payload, Mapping) else {}
        return read_result(values, names=self.names, item_names=self.item_names, raw=payload)
