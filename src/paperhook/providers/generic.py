"""`Generic`: a provider made from a declaration, for an API that only has other names for the same things."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import quote

from typing_extensions import override

from ..core.answers import Problem, malformed, object_in
from ..core.delivery import Delivery, Envelope, Handshake
from ..core.document import Document
from ..core.event import DocumentFailed, Event
from ..core.exchange import (
    Base64Json,
    Body,
    FilePart,
    Multipart,
    RawBody,
    Repeat,
    Request,
    Response,
    path_segment,
)
from ..core.job import BatchSummary, ErrorKind, Job, JobError, JobStatus
from ..core.provider import NOTHING, Provider, SignatureScheme, final_type
from ..core.result import Result
from ..core.steps import Steps, send
from ..errors import ConfigurationError, JobFailed, MalformedDelivery, Unsigned, WaitTimeout
from ..results.mapping import read_result
from .declaration import Answer, Declaration, Endpoint, Upload, declaration_in, declaration_of
from .declaration import Handshake as HandshakeTable
from .generic_events import EventReader
from .paths import find, find_text
from .references import check_reference

#: Where no base URL is declared or given; the name can never be resolved (RFC 2606).
NO_BASE_URL = "https://base-url-is-not-declared.invalid"
#: A challenge is echoed to whoever sends it, so it is short and plain.
_CHALLENGE = re.compile(r"[A-Za-z0-9._~+/=:-]{1,512}")
#: A secret that a provider hands over.
_HOOK_SECRET = re.compile(r"[\x21-\x7e]{16,512}")


@dataclass(frozen=True)
class Generic(Provider):
    """A provider made from a declaration.

    `Generic.from_toml`, `Generic.from_dict` and `Generic.declare` make the declaration as well; `declared("talonic")` takes one
    that is shipped.

    Args:
        declaration: What the API calls things.
        scheme: In place of the declared signature; needed where that is `custom`.
        upload_fields: Sent with every upload, beside and over the declared ones; part of an upload's idempotency key.
        on_handshake: Called with the secret of an `X-Hook-Secret` handshake, inside the request: only keep it. Anybody can
            send such a request, so compare the secret with what the provider shows before you use it.

    Raises:
        ConfigurationError: If a secret cannot be the declared scheme's, or the scheme is neither declared nor given.
    """

    name: ClassVar[str] = "generic"
    env_prefix: ClassVar[str] = "GENERIC_"

    _: KW_ONLY
    declaration: Declaration = field(hash=False, repr=False)
    scheme: SignatureScheme | None = field(default=None, hash=False)
    upload_fields: Mapping[str, str] = field(default_factory=dict[str, str], hash=False, repr=False)
    on_handshake: Callable[[str], object] | None = field(default=None, hash=False, repr=False)

    @override
    def __post_init__(self) -> None:
        told = self.declaration
        # These belong to the class of other providers; here each declaration has its own.
        for name, value in {
            "name": told.name,
            "env_prefix": env_prefix_of(told.name),
            "capabilities": told.limits.capabilities(),
            "event_headers": told.event_headers,
            "shakes_hands": told.handshake is not None,
            "success_status": told.reply.success,
            "rejected_status": told.reply.rejected,
            "base_url": self.base_url or told.base_url or NO_BASE_URL,
            "upload_fields": dict(self.upload_fields),
            "_scheme": self.scheme or told.signature.scheme(),
            "_events": EventReader(told),
        }.items():
            object.__setattr__(self, name, value)
        super().__post_init__()
        check = getattr(self._scheme, "check", None)
        if callable(check):
            check(self.secrets)

    _scheme: ClassVar[SignatureScheme]
    _events: ClassVar[EventReader]

    # Made from

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any], api_key: str = "", **settings: Any) -> Self:
        """Make a provider from a declaration that is a mapping.

        Args:
            mapping: The tables, see `docs/howto/declare-a-provider.md`.
            api_key: The credential for requests.
            settings: `webhook_secret`, `unsigned`, `base_url` and the other fields.

        Raises:
            ConfigurationError: If it holds a mistake; the message names the path of each.
        """
        return cls(api_key, declaration=declaration_of(mapping), **settings)

    @classmethod
    def declare(cls, api_key: str = "", *, tables: Mapping[str, Any] = NOTHING, **settings: Any) -> Self:
        """Make a provider from keyword arguments: tables of a declaration and fields of the provider, told apart by name.

        Args:
            api_key: The credential for requests.
            tables: Those that are easier to write as a mapping.
            settings: `name`, `signature`, `events` and the other tables; `webhook_secret` and the other fields.

        Raises:
            ConfigurationError: If the declaration holds a mistake.
        """
        own = {name: settings.pop(name) for name in list(settings) if name in _SETTINGS}
        return cls(api_key, declaration=declaration_of({**tables, **settings}), **own)

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str], api_key: str = "", **settings: Any) -> Self:
        """Make a provider from a declaration in TOML.

        Args:
            source: A path, or the text itself; text has an equals sign, and a path given as text has none.
            api_key: The credential for requests.
            settings: As for `from_dict`.

        Raises:
            ConfigurationError: If the file cannot be read, or holds a mistake.
        """
        if isinstance(source, str) and "=" in source:
            return cls(api_key, declaration=declaration_in(source), **settings)
        try:
            text = Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise ConfigurationError(f"{source!s}: the declaration cannot be read: {error}") from error
        return cls(api_key, declaration=declaration_in(text), **settings)

    @classmethod
    @override
    def from_env(
        cls, environ: Mapping[str, str] | None = None, *, declaration: Declaration | None = None
    ) -> Self:
        """Read key, secret, base URL and `unsigned` from environment variables: the declaration's name in capitals and theirs.

        Raises:
            ConfigurationError: If there is no declaration.
        """
        if declaration is None:
            raise ConfigurationError(
                "Generic.from_env needs a declaration: Generic.from_env(declaration=…) or declared(…)"
            )
        given = os.environ if environ is None else environ
        prefix = env_prefix_of(declaration.name)
        named = ("api_key", "webhook_secret", "base_url", "unsigned")
        found: dict[str, Any] = {
            name: given[prefix + name.upper()] for name in named if prefix + name.upper() in given
        }
        return cls(declaration=declaration, **found)

    @property
    @override
    def signature(self) -> SignatureScheme:
        return self._scheme

    # Requests

    @override
    def upload_options(self) -> Mapping[str, Any]:
        return self.upload_fields

    @override
    def request_headers(self) -> tuple[tuple[str, str], ...]:
        auth = self.declaration.auth
        if auth.kind == "bearer":
            return (("Authorization", f"{auth.prefix or 'Bearer '}{self.api_key}"),)
        if auth.kind == "header":
            return ((auth.name, auth.prefix + self.api_key),)
        if auth.kind == "basic":
            pair = self.api_key if ":" in self.api_key else f"{self.api_key}:"
            return (("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"),)
        return ()

    @override
    def problem(self, response: Response) -> Problem | None:
        if response.is_success:
            return None
        paths = self.declaration.problems
        try:
            body = response.json()
        except ValueError:
            body = None
        return Problem(code=find_text(body, paths.code) or "", message=find_text(body, paths.message) or "")

    @override
    def upload(
        self, document: Document, *, key: str | None = None, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Job]:
        """Submit one document; `key` is sent where the declaration names a header for it."""
        endpoint = self.declaration.endpoints.upload
        if endpoint is None:
            raise self._missing("upload")
        header = self.capabilities.idempotency_header
        is_safe = header is not None and key is not None
        headers = ((header, key),) if header is not None and key is not None else ()
        response = yield from self.call(
            endpoint.method,
            self._path(endpoint.path),
            body=self._upload_body(endpoint, document, metadata),
            headers=headers,
            repeat=Repeat.ALWAYS if is_safe else Repeat.UNLESS_SENT,
        )
        answer = object_in(self.name, response)
        job_id = find_text(answer, endpoint.job_id)
        if job_id is None:
            raise malformed(self.name, response, f"{' or '.join(endpoint.job_id) or 'job_id'} is missing")
        job = self._job(answer, endpoint, job_id)
        status = job.status if job.provider_status else JobStatus.SUBMITTED
        return job.model_copy(
            update={"filename": document.filename, "metadata": dict(metadata), "status": status}
        )

    @override
    def status(self, job: Job) -> Steps[Job]:
        """Ask how a job stands."""
        endpoint = self.declaration.endpoints.status
        if endpoint is None:
            raise self._missing("status")
        response = yield from self._ask(endpoint, job)
        return self._job(object_in(self.name, response), endpoint, job.id)

    @override
    def result(self, job: Job) -> Steps[Result]:
        """Give the result that a job's last answer holds, and ask only where it holds none.

        Raises:
            JobFailed: If the document could not be read.
            WaitTimeout: If it is not done yet.
        """
        endpoints = self.declaration.endpoints
        if endpoints.result is not None:
            response = yield from self._ask(endpoints.result, job)
            return self._result_in(response, endpoints.result.result or ("$",))
        payload = self._polled_result(job)
        if payload is not None:
            return self.read_result(payload)
        after = yield from self.status(job)
        if after.status.is_failure:
            reason = after.error.code if after.error else after.provider_status
            raise JobFailed(f"{self.name}: job {job.id} failed: {reason}", job=after)
        payload = self._polled_result(after)
        if payload is None:
            raise WaitTimeout(f"{self.name}: job {job.id} is still {after.status}: wait for it", job=after)
        return self.read_result(payload)

    def fetch(self, event: Event) -> Steps[Result]:
        """Fetch the result that a completed event only refers to: `client.run(provider.fetch(event))`.

        A URL in the delivery is followed to the provider's own origin, or to the declared hosts without credentials; else the
        result is asked for by the job's id.

        Raises:
            ConfigurationError: If the URL leads to a host that is not declared, or to an address.
            MalformedAnswer: If the answer is larger than declared, or not JSON.
        """
        references = self.declaration.references
        url = None if references is None else find_text(self._events.inside(event.raw), references.url)
        if references is None or url is None:
            return (yield from self.result(event.job))
        is_own = check_reference(self.name, url, own=self.base_url, hosts=references.hosts)
        request = Request("GET", url, self.request_headers() if is_own else ())
        response = yield from send(request, self.error_of)
        if len(response.body) > references.max_bytes:
            raise malformed(self.name, response, f"the result has more than {references.max_bytes} bytes")
        return self._result_in(response, references.result)

    def _missing(self, what: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self.name}: the declaration has no endpoints.{what}: add it, or leave it to webhooks"
        )

    def _path(self, template: str, job_id: str = "") -> str:
        if self.base_url == NO_BASE_URL:
            raise ConfigurationError(f"{self.name}: no base URL is declared: pass base_url=")
        path = template.replace("{job_id}", path_segment(job_id))
        auth = self.declaration.auth
        if auth.kind != "query":
            return path
        return f"{path}{'&' if '?' in path else '?'}{quote(auth.name)}={quote(self.api_key, safe='')}"

    def _ask(self, endpoint: Endpoint, job: Job) -> Steps[Response]:
        if not job.id:
            raise ConfigurationError(f"{self.name}: the job has no id, so it cannot be asked for")
        # Asking changes nothing, by whichever method.
        return (
            yield from self.call(endpoint.method, self._path(endpoint.path, job.id), repeat=Repeat.ALWAYS)
        )

    def _upload_body(self, endpoint: Upload, document: Document, metadata: Mapping[str, Any]) -> Body:
        fields: dict[str, Any] = {**endpoint.fields, **self.upload_fields}
        if endpoint.form == "raw":
            return RawBody(document, document.content_type)
        if endpoint.form == "json":
            if endpoint.metadata and metadata:
                fields[endpoint.metadata] = dict(metadata)
            return Base64Json(endpoint.file, document, fields)
        if endpoint.metadata and metadata:
            fields[endpoint.metadata] = json.dumps(dict(metadata), default=str)
        return Multipart(tuple(fields.items()), (FilePart(endpoint.file, document),))

    def _job(self, answer: Mapping[str, Any], paths: Answer, job_id: str) -> Job:
        word = find_text(answer, paths.status) or ""
        status = self.declaration.statuses.get(word, JobStatus.PROCESSING)
        error = None
        if status.is_failure:
            error = self._events.error(answer, paths.error_code, paths.error_message)
            if error.kind is ErrorKind.RETRYABLE:
                status = JobStatus.FAILED_RETRYABLE
        return Job(
            id=job_id,
            provider=self.name,
            status=status,
            provider_status=word,
            document_id=find_text(answer, paths.document_id),
            error=error,
            raw=answer,
        )

    def _polled_result(self, job: Job) -> Any:
        endpoint = self.declaration.endpoints.status
        if endpoint is None or not job.status.is_success:
            return None
        return find(job.raw, endpoint.result or ("$",))

    def _result_in(self, response: Response, paths: tuple[str, ...]) -> Result:
        try:
            value = response.json()
        except ValueError:
            value = None
        payload = find(value, paths)
        if payload is None:
            raise malformed(self.name, response, f"{' or '.join(paths)} is missing")
        return self.read_result(payload)

    # Events

    @override
    def handshake(self, delivery: Delivery, *, now: float | None = None) -> Handshake | None:
        table = self.declaration.handshake
        if table is None:
            return None
        if table.kind == "hook_secret":
            return self._hook_secret(delivery, table)
        challenge = self._challenge(delivery, table)
        if challenge is None:
            return None
        if table.signed:
            self.authenticate(delivery, now=now)
        if table.reply == "text":
            return Handshake(challenge.encode())
        return Handshake(json.dumps({table.member: challenge}).encode(), "application/json")

    def _challenge(self, delivery: Delivery, table: HandshakeTable) -> str | None:
        # A handshake is small; a large delivery is not parsed before it is checked.
        if len(delivery.body) > 4096:
            return None
        try:
            body = delivery.json()
        except MalformedDelivery:
            return None
        if table.word and self._events.word(body, delivery.headers) != table.word:
            return None
        value = find(body, table.challenge)
        return value if isinstance(value, str) and _CHALLENGE.fullmatch(value) else None

    def _hook_secret(self, delivery: Delivery, table: HandshakeTable) -> Handshake | None:
        values = list(delivery.headers.get_all(table.header))
        if not values:
            return None
        if self.on_handshake is None:
            raise Unsigned(
                f"{self.name}: {table.header} is handed over, and nobody takes it: pass on_handshake="
            )
        if len(values) > 1 or not _HOOK_SECRET.fullmatch(values[0]):
            raise MalformedDelivery(f"{self.name}: {table.header} holds no secret")
        self.on_handshake(values[0])
        return Handshake(headers=((table.header, values[0]),) if table.echo_header else ())

    @override
    def envelopes(self, delivery: Delivery) -> tuple[Envelope, ...]:
        return self._events.envelopes(delivery)

    @override
    def polled(self, job: Job, result: Result | None) -> tuple[Envelope, ...]:
        event_type = final_type(job.status)
        if event_type is None:
            return ()
        if event_type == DocumentFailed.canonical_type:
            error = job.error or JobError(code="unknown")
            payload: Any = {"code": error.code, "message": error.message}
        else:
            payload = self._polled_result(job) if result is None else result.raw
        return (self._events.polled(job, event_type, payload),)

    @override
    def has_result(self, payload: Any) -> bool:
        return payload is not None and payload not in ({}, [], "")

    @override
    def read_result(self, payload: Any) -> Result:
        names = self.declaration.payload
        text = payload if isinstance(payload, str) else None
        if isinstance(payload, Mapping):
            values: Mapping[str, Any] = payload
        else:
            values = {"documents": payload} if isinstance(payload, list) else {}
        return read_result(values, names=names.names, item_names=names.item_names, raw=payload, text=text)

    @override
    def read_error(self, payload: Any) -> JobError:
        return self._events.error(payload, ("code",), ("message",))

    @override
    def read_summary(self, payload: Any) -> BatchSummary:
        counts = payload if isinstance(payload, Mapping) else {}
        return BatchSummary(**{name: _count(counts.get(name)) for name in ("total", "succeeded", "failed")})

    @override
    def read_metadata(self, envelope: Envelope) -> Mapping[str, Any]:
        value = find(self._events.inside(envelope.raw), self.declaration.payload.metadata)
        if isinstance(value, Mapping):
            return value
        return {} if value is None else {"reference": value}


_SETTINGS = frozenset(
    {"webhook_secret", "unsigned", "scheme", "upload_fields", "on_handshake", "declaration"}
)


def env_prefix_of(name: str) -> str:
    """Give what the environment variables of a declared provider begin with."""
    return f"{name.upper().replace('-', '_')}_"


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
