"""What space-ocr pushes: its events, how they are signed, and what stands in them; a poll's answers say the same.

Sources: "article" is the AP-automation article, "skill" the vendor's published agent skill; what is said nowhere is marked assumed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ..core import models
from ..core.answers import text_in
from ..core.delivery import Delivery, Envelope
from ..core.instants import instant
from ..core.pages import parts_of
from ..core.provider import final_type, type_for
from ..errors import MalformedDelivery
from .space_ocr_endpoints import SpaceOcrEndpoints, space_ocr_results

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.result import Result
    from ..webhooks.signatures import HmacSha256

#: Source: article; the skill's `item.created` and row events stay unknown.
EVENTS: Mapping[str, str] = {
    "ocr.completed": "document.completed",
    "ocr.failed": "document.failed",
    "webhook.test": "endpoint.test",
}

_TERMINAL = frozenset({"document.completed", "document.failed"})


@dataclass(frozen=True)
class SpaceOcrEvents(SpaceOcrEndpoints):
    """What `SpaceOcr` receives and reads."""

    @property
    @override
    def signature(self) -> HmacSha256:
        # Bare lower-case hex over the raw body, no timestamp (article).
        from ..webhooks.signatures import HmacSha256

        return HmacSha256("X-Spaceocr-Signature")

    @override
    def envelopes(self, delivery: Delivery) -> tuple[Envelope, ...]:
        body = delivery.json_object()
        word, content = body.get("event"), body.get("data")
        if not isinstance(word, str) or not word:
            raise MalformedDelivery("event is missing: the body is not a space-ocr event")
        event_type = type_for(EVENTS, word)
        if not isinstance(content, Mapping):
            if event_type in _TERMINAL:
                raise MalformedDelivery(f"{word}: data is not an object")
            content = {}
        job_id, document_id = text_in(content.get("jobId")), text_in(content.get("uniqueKey"))
        # A poll knows the job, its key and its name only, so an outcome is identified by what the event has of them; that it
        # names its job is assumed, and the article's sample has the name alone. A row may change more than once.
        is_outcome = event_type in _TERMINAL
        about = (job_id or document_id) if is_outcome else None
        identity = (
            about
            or text_in(body.get("id"))
            or (space_ocr_results.digest_of_event(content) if is_outcome else None)
        )
        return (
            Envelope(
                key=f"{event_type}:{identity or hashlib.sha256(delivery.body).hexdigest()}",
                type=event_type,
                provider_type=word,
                payload=content,
                raw=body,
                job_id=job_id,
                document_id=document_id,
                occurred_at=instant(body.get("createdAt")),
            ),
        )

    @override
    def polled(self, job: Job, result: Result | None) -> tuple[Envelope, ...]:
        """Say what the webhooks of a polled job would have said: one envelope a page."""
        parts = parts_of(job)
        sent = [] if result is None else result.raw if len(parts) > 1 else [result.raw]
        envelopes: list[Envelope] = []
        for part, fetched in zip_longest(parts, sent):
            event_type = final_type(part.status)
            if event_type is None:
                continue
            payload = fetched if part.raw is None else part.raw
            envelopes.append(
                Envelope(
                    key=f"{event_type}:{part.id}",
                    type=event_type,
                    provider_type=part.provider_status,
                    payload=payload,
                    raw=payload,
                    job_id=part.id,
                    document_id=part.document_id,
                    aliases=space_ocr_results.aliases_of(event_type, part, payload),
                )
            )
        return tuple(envelopes)

    @override
    def has_result(self, payload: Any) -> bool:
        return isinstance(payload, Mapping) and isinstance(payload.get("result"), Mapping)

    @override
    def read_result(self, payload: Any) -> Result:
        """Normalise `result`: an event nests its values, a poll does not."""
        if not self.has_result(payload):
            return models.Result(warnings=("result: none was sent; rows() reads the sheet",), raw=payload)
        return space_ocr_results.read_values(
            payload["result"], raw=payload, names=self.names, item_names=self.item_names
        )
