"""What a delivery means under a declaration: its events, their keys, and the parts that results and errors are read from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from ..core.answers import text_in
from ..core.delivery import Delivery, Envelope
from ..core.event import BatchCompleted, DocumentCompleted, DocumentFailed, EndpointTest
from ..core.headers import Headers
from ..core.instants import instant
from ..core.job import ErrorKind, Job, JobError
from ..core.provider import type_for
from ..errors import MalformedDelivery
from .declaration import Declaration
from .paths import find, find_text

#: The type of an event that has no word.
UNNAMED = "unknown"
#: A longer key is replaced by its hash, because stores index keys.
MAX_KEY_CHARS = 400

COMPLETED, FAILED = DocumentCompleted.canonical_type, DocumentFailed.canonical_type
BATCH, TEST = BatchCompleted.canonical_type, EndpointTest.canonical_type
#: An outcome is the same event whether it was pushed twice or polled, so what it is about comes before the event's own id.
_OUTCOME_KEYS: Mapping[str, tuple[str, ...]] = {
    COMPLETED: ("{type}:{job_id}", "{type}:{document_id}", "event:{event_id}"),
    FAILED: ("{type}:{job_id}", "{type}:{document_id}", "event:{event_id}"),
    BATCH: ("{type}:{batch_id}", "{type}:{job_id}", "event:{event_id}"),
}
_OTHER_KEYS = ("{type}:{event_id}",)


@dataclass(frozen=True, slots=True)
class EventReader:
    """Reads deliveries by a declaration."""

    declaration: Declaration

    def envelopes(self, delivery: Delivery) -> tuple[Envelope, ...]:
        """Read identity and type of each event in a trusted delivery.

        Raises:
            MalformedDelivery: If the body is not what is declared.
        """
        if self.declaration.body == "object":
            return (self._envelope(delivery.json_object(), delivery, delivery.body),)
        if self.declaration.body == "sns":
            return (self._notification(delivery),)
        value = delivery.json()
        if not isinstance(value, list):
            raise MalformedDelivery(f"{self.declaration.name}: the body is no array")
        found = [
            self._envelope(item, delivery, json.dumps(item, sort_keys=True).encode())
            for item in value
            if isinstance(item, Mapping)
        ]
        if len(found) != len(value):
            raise MalformedDelivery(f"{self.declaration.name}: an element of the body is no object")
        # Two elements of one key are one event, and a store refuses it twice.
        return tuple({envelope.key: envelope for envelope in found}.values())

    def _notification(self, delivery: Delivery) -> Envelope:
        """Read what Amazon SNS wraps: the event is text inside (source: SNS developer guide, HTTP notification JSON)."""
        outer = delivery.json_object()
        if outer.get("Type") != "Notification":
            word = text_in(outer.get("Type"))
            if word is None:
                raise MalformedDelivery(
                    f"{self.declaration.name}: Type is missing: the body is no notification"
                )
            digest = hashlib.sha256(delivery.body).hexdigest()
            return Envelope(f"{TEST}:{digest}", TEST, word, payload=outer, raw=outer)
        body = self.inside(outer)
        if not isinstance(body, Mapping):
            raise MalformedDelivery(f"{self.declaration.name}: Message holds no JSON object")
        return replace(self._envelope(body, delivery, delivery.body), raw=outer)

    def inside(self, raw: Any) -> Any:
        """Give what the paths of a declaration lead into."""
        if self.declaration.body != "sns":
            return raw
        message = raw.get("Message") if isinstance(raw, Mapping) else None
        if not isinstance(message, str):
            return None
        try:
            return Delivery(Headers(), message.encode("utf-8", "replace")).json()
        except MalformedDelivery:
            return None

    def _envelope(self, body: Mapping[str, Any], delivery: Delivery, exact: bytes) -> Envelope:
        headers = delivery.headers
        word, places = self.word(body, headers) or "", self.declaration.ids
        # An authentic delivery that names no event is kept as one that nobody knows: refused, it would be lost, or come again
        # and again.
        event_type = type_for(self.declaration.events.words, word) if word else UNNAMED
        ids = {
            "event_id": find_text(body, places.event, headers),
            "job_id": find_text(body, places.job, headers),
            "document_id": find_text(body, places.document, headers),
            "batch_id": find_text(body, places.batch, headers),
        }
        return Envelope(
            key=self._key(event_type, word or UNNAMED, ids, exact),
            type=event_type,
            provider_type=word,
            payload=self._payload(event_type, body),
            raw=body,
            job_id=ids["job_id"],
            document_id=ids["document_id"],
            batch_id=ids["batch_id"],
            occurred_at=self._moment(find(body, self.declaration.payload.occurred_at, headers)),
        )

    def word(self, body: Any, headers: Headers) -> str | None:
        """Find the provider's word for the kind of event; None where nothing says it."""
        events = self.declaration.events
        for path, word in events.present.items():
            if find(body, (path,), headers) is not None:
                return word
        word = find_text(body, events.type, headers) or events.constant
        if not events.qualifier:
            return word
        found = find(body, events.qualifier, headers)
        qualifier = (
            str(found).lower() if isinstance(found, bool) else find_text(body, events.qualifier, headers)
        )
        narrow = f"{word}.{qualifier}"
        return narrow if qualifier is not None and narrow in events.words else word

    def _key(self, event_type: str, word: str, ids: Mapping[str, str | None], exact: bytes) -> str:
        recipe = self.declaration.dedupe or _OUTCOME_KEYS.get(event_type, _OTHER_KEYS)
        # A poll has other words for an outcome, and an API may have several.
        parts = {"type": event_type, "word": event_type if event_type in _OUTCOME_KEYS else word, **ids}
        for template in recipe:
            key = _filled(template, parts, exact)
            if key is not None:
                return key if len(key) <= MAX_KEY_CHARS else hashlib.sha256(key.encode()).hexdigest()
        return f"{event_type}:{hashlib.sha256(exact).hexdigest()}"

    def _payload(self, event_type: str, body: Mapping[str, Any]) -> Any:
        paths = self.declaration.payload
        if event_type == COMPLETED:
            return find(body, paths.result)
        if event_type == FAILED:
            error = self.error(body, paths.error_code, paths.error_message)
            return {"code": error.code, "message": error.message}
        if event_type == BATCH:
            counts = {"total": paths.total, "succeeded": paths.succeeded, "failed": paths.failed}
            return {name: find(body, places) for name, places in counts.items()}
        return body

    def _moment(self, value: Any) -> datetime | None:
        if value is None:
            return None
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and self.declaration.payload.occurred_unit == "s":
            return instant(value * 1000)
        return instant(value)

    def polled(self, job: Job, event_type: str, payload: Any) -> Envelope:
        """Say what a polled job means, with the key that its webhook would have had."""
        places = self.declaration.ids
        known: dict[str, str | None] = {
            "event_id": None,
            "job_id": job.id,
            "document_id": job.document_id,
            "batch_id": job.batch_id,
        }
        # As an event has them that names the document alone; an API may take the one for the other.
        without_job = {**known, "job_id": None, "document_id": job.document_id or job.id}
        exact = json.dumps(job.raw, sort_keys=True, default=str).encode()
        key, key_without_job = (
            self._key(event_type, job.provider_status, ids, exact) for ids in (known, without_job)
        )
        is_other = bool(places.document and job.document_id) and key_without_job != key
        return Envelope(
            key=key if places.job or not places.document else key_without_job,
            type=event_type,
            provider_type=job.provider_status,
            payload=payload,
            raw=job.raw,
            job_id=job.id,
            document_id=job.document_id,
            batch_id=job.batch_id,
            aliases=(key_without_job,) if places.job and is_other else (),
        )

    def error(self, body: Any, code_paths: tuple[str, ...], message_paths: tuple[str, ...]) -> JobError:
        """Read why a document failed, in an event or in an answer."""
        code = find_text(body, code_paths) or "unknown"
        kind = self.declaration.payload.error_kinds.get(code, ErrorKind.TERMINAL)
        return JobError(code=code, message=find_text(body, message_paths) or "", kind=kind)


@cache
def _taken_apart(template: str) -> tuple[tuple[str, bool], ...]:
    """Give the pieces of a template, and whether each is a name; templates are those of declarations."""
    pieces = re.split(r"\{([^{}]*)\}", template)
    return tuple((piece, index % 2 == 1) for index, piece in enumerate(pieces) if piece)


def _filled(template: str, parts: Mapping[str, str | None], exact: bytes) -> str | None:
    """Fill a template, or give None where one of its parts is missing; `exact` is hashed where it is asked for."""
    key = ""
    for piece, is_name in _taken_apart(template):
        if not is_name:
            key += piece
            continue
        value = hashlib.sha256(exact).hexdigest() if piece == "body" else parts[piece]
        if value is None:
            return None
        key += value
    return key
