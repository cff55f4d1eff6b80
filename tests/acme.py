"""A fifth provider: small, complete, and only for tests, so that the core is tested with no real wire in mind."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from typing import Any, ClassVar

from paperhook.core.answers import Problem, list_in, object_in
from paperhook.core.delivery import Delivery, Envelope
from paperhook.core.document import Document
from paperhook.core.event import Origin
from paperhook.core.exchange import FilePart, JsonBody, Multipart, Repeat, Response
from paperhook.core.instants import instant
from paperhook.core.job import Batch, BatchSummary, ErrorKind, Job, JobError, JobStatus
from paperhook.core.provider import NOTHING, Capabilities, Provider, final_type, type_for
from paperhook.core.result import Field, Result
from paperhook.core.secret import Secret
from paperhook.core.steps import Steps
from paperhook.errors import MalformedDelivery, ResultExpired
from paperhook.webhooks.signatures import HmacSha256

SECRET = "acme-secret-for-tests"
STATUS = {
    "waiting": JobStatus.SUBMITTED,
    "reading": JobStatus.PROCESSING,
    "done": JobStatus.COMPLETED,
    "broken": JobStatus.FAILED_TERMINAL,
}
TYPES = {
    "stored": "document.received",
    "done": "document.completed",
    "broken": "document.failed",
    "batch": "batch.completed",
    "ping": "endpoint.test",
}


@dataclass(frozen=True)
class Acme(Provider):
    """One upload makes one job; no idempotency key, so an upload is never repeated blindly."""

    name: ClassVar[str] = "acme"
    env_prefix: ClassVar[str] = "ACME_"
    capabilities: ClassVar[Capabilities] = Capabilities(
        accepts=frozenset({"application/pdf", "image/png"}),
        max_document_bytes=64 * 1024 * 1024,
        max_batch_documents=3,
        lists_jobs=True,
        poll_seconds=0.5,
    )
    event_headers: ClassVar[tuple[str, ...]] = ("x-acme-region",)

    _: KW_ONLY
    base_url: str = "https://acme.example/v1"
    folder: str = ""
    is_fast: bool = False

    @property
    def signature(self) -> HmacSha256:
        return HmacSha256("X-Acme-Signature", prefix="sha256=")

    def upload_options(self) -> Mapping[str, Any]:
        return {"folder": self.folder}

    def problem(self, response: Response) -> Problem | None:
        if response.is_success:
            return None
        try:
            said = response.json()
        except ValueError:
            said = None
        if not isinstance(said, dict):
            return Problem()
        return Problem(str(said.get("code", "")), str(said.get("message", "")))

    def upload(
        self, document: Document, *, key: str | None = None, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Job]:
        fields = (("folder", self.folder), ("metadata", json.dumps(dict(metadata))))
        body = Multipart(fields, (FilePart("file", document),))
        response = yield from self.call("POST", "/documents", body=body, **self._keyed(key))
        return self._job(response, object_in(self.name, response))

    def _keyed(self, key: str | None) -> dict[str, Any]:
        header = self.capabilities.idempotency_header
        return {"headers": ((header, key),), "repeat": Repeat.ALWAYS} if header and key else {}

    def upload_batch(
        self, documents: Sequence[Document], *, key: str | None = None, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Batch]:
        body = Multipart((), tuple(FilePart("files", each) for each in documents))
        response = yield from self.call("POST", "/batches", body=body, **self._keyed(key))
        said = object_in(self.name, response)
        return Batch(id=str(said["id"]), provider=self.name, raw=said)

    def batch_status(self, batch: Batch) -> Steps[Batch]:
        response = yield from self.call("GET", f"/batches/{batch.id}")
        said = object_in(self.name, response)
        return batch.model_copy(update={"status": STATUS[said["state"]]})

    def status(self, job: Job) -> Steps[Job]:
        response = yield from self.call("GET", f"/documents/{job.id}")
        return self._job(response, object_in(self.name, response))

    def result(self, job: Job) -> Steps[Result]:
        response = yield from self.call("GET", f"/documents/{job.id}/result")
        said = object_in(self.name, response)
        if said.get("state") == "gone":
            raise ResultExpired(f"{self.name}: job {job.id}: its result is gone", job=job)
        return self.read_result(said)

    def jobs(self, *, since: datetime | None = None, limit: int = 100) -> Steps[tuple[Job, ...]]:
        response = yield from self.call("GET", f"/documents?limit={limit}")
        return tuple(self._job(response, each) for each in list_in(self.name, response))

    def rename(self, job: Job, name: str) -> Steps[bool]:
        """An endpoint that only this provider has."""
        response = yield from self.call("PUT", f"/documents/{job.id}/name", body=JsonBody({"name": name}))
        return response.is_success

    def _job(self, response: Response, said: Mapping[str, Any]) -> Job:
        state = str(said["state"])
        return Job(
            id=str(said["id"]),
            provider=self.name,
            status=STATUS.get(state, JobStatus.PROCESSING),
            provider_status=state,
            error=self.read_error(said) if state == "broken" else None,
            raw=said,
        )

    def envelopes(self, delivery: Delivery) -> tuple[Envelope, ...]:
        body = delivery.json_object()
        events = body.get("events", [body])
        if not isinstance(events, list) or not all(isinstance(each, dict) for each in events):
            raise MalformedDelivery(f"{self.name}: events is not a list of objects")
        return tuple(self._envelope(event, body) for event in events)

    def _envelope(self, event: dict[str, Any], body: Any) -> Envelope:
        word, document = event.get("event"), event.get("document")
        if not isinstance(word, str) or not isinstance(document, dict):
            raise MalformedDelivery(f"{self.name}: event or document is missing")
        document_id = str(document.get("id", ""))
        return Envelope(
            key=f"{word}:{document_id}",
            type=type_for(TYPES, word),
            provider_type=word,
            payload=document,
            raw=body,
            job_id=document_id or None,
            occurred_at=instant(event.get("at")),
        )

    def polled(self, job: Job, result: Result | None) -> tuple[Envelope, ...]:
        word_of_ours = final_type(job.status)
        if word_of_ours is None:
            return ()
        word = "done" if job.status.is_success else "broken"
        payload = result.raw if result is not None else job.raw
        return (Envelope(f"{word}:{job.id}", word_of_ours, word, payload, payload, job_id=job.id),)

    def read_result(self, payload: Any) -> Result:
        fields = payload.get("fields", {})
        return Result(fields={name: Field(value=value) for name, value in fields.items()}, raw=payload)

    def has_result(self, payload: Any) -> bool:
        return "fields" in payload

    def read_error(self, payload: Any) -> JobError:
        return JobError(code=str(payload.get("code", "unknown")), kind=ErrorKind.TERMINAL)

    def read_summary(self, payload: Any) -> BatchSummary:
        return BatchSummary(total=payload.get("total", 0), succeeded=payload.get("succeeded", 0))

    def read_metadata(self, envelope: Envelope) -> Mapping[str, Any]:
        found = envelope.payload.get("metadata")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class KeyedAcme(Acme):
    """The same provider, had it honoured a key."""

    name: ClassVar[str] = "keyed-acme"
    env_prefix: ClassVar[str] = "KEYED_ACME_"
    capabilities: ClassVar[Capabilities] = Capabilities(
        accepts=frozenset({"application/pdf", "image/png"}), idempotency_header="Idempotency-Key"
    )


def acme(**settings: Any) -> Acme:
    """Make the provider as most tests want it."""
    return Acme("acme-key", **{"webhook_secret": SECRET, **settings})


def body_of(word: str = "done", id: str = "d1", **document: Any) -> bytes:
    """Write the body of a delivery."""
    content = {"fields": {"total": "12.50"}, **document} if word == "done" else document
    return json.dumps(
        {"event": word, "at": "2026-06-01T12:00:00Z", "document": {"id": id, **content}}
    ).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Give the headers of an authentic delivery."""
    return {"Content-Type": "application/json", **acme().signature.sign(body, Secret(secret))}


__all__ = ["SECRET", "Acme", "KeyedAcme", "Origin", "acme", "body_of", "signed"]
