"""What one document API is: credentials, capabilities as data, and short methods that translate its words.

A provider is a frozen dataclass in a file of its own. It knows its wire and nothing of sockets, clocks or stores.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from datetime import datetime
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

from ..errors import ApiError, ConfigurationError, ErrorKind, MalformedDelivery
from . import models
from .answers import Problem, api_error
from .capabilities import Capabilities
from .delivery import Delivery, Envelope, Handshake
from .document import Document
from .exchange import Body, Repeat, Request, Response
from .headers import Headers, HeadersLike
from .origin import Origin
from .secret import Secret, SecretsLike, secrets_of
from .settings import TABLES, check_base_url, setting_in
from .steps import Steps, send

if TYPE_CHECKING:
    from .event import Event
    from .job import Batch, BatchSummary, Job, JobError
    from .result import Result
    from .status import JobStatus

__all__ = ["EXPIRED", "NOTHING", "Capabilities", "Provider", "SignatureScheme", "final_type", "type_for"]

#: In place of the provider's word where it has forgotten a job: nobody sends such a word with a failure.
EXPIRED = "paperhook.expired"
#: No metadata, no options.
NOTHING: Mapping[str, Any] = MappingProxyType({})


class SignatureScheme(Protocol):
    """How a provider proves that a delivery is its own."""

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None) -> str:
        """Check the delivery and give the name of the secret that matched; raise `DeliveryRejected` else."""
        ...

    def sign(self, body: bytes, secret: Secret, *, now: float | None = None) -> dict[str, str]:
        """Give the headers that make a delivery valid."""
        ...


@dataclass(frozen=True)
class Provider:
    """One document API; subclasses fill in its wire.

    Args:
        api_key: The credential for requests.
        base_url: Everything before the paths of the API, without a trailing slash.
        webhook_secret: One secret, or several while they rotate; needed to receive webhooks.
        unsigned: `"accept"` takes deliveries without a signature, which anybody can forge.
        names: Your template's names of fields to the standard ones of `paperhook.schemas`, with dots where they are nested;
            they win over the provider's own table.
        item_names: The same for the columns of line items.

    Raises:
        ConfigurationError: If the base URL is no URL or has more than a host and a path, the API key is no text or has white
            space at an end, or a secret is empty or too short.
    """

    #: The word in paths, logs and the inbox.
    name: ClassVar[str]
    #: Prefix of the environment variables that `from_env` reads.
    env_prefix: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    #: Headers that `envelopes` reads beside the body; they are stored with the event.
    event_headers: ClassVar[tuple[str, ...]] = ()
    #: Whether `handshake` has to be asked about each delivery.
    shakes_hands: ClassVar[bool] = False
    #: What a sender is answered when all is well, and when a delivery is not authentic (None: 401).
    success_status: ClassVar[int] = 200
    rejected_status: ClassVar[int | None] = None

    api_key: str = field(default="", repr=False)
    _: KW_ONLY
    base_url: str = ""
    webhook_secret: SecretsLike = field(default=None, repr=False)
    unsigned: Literal["refuse", "accept"] = "refuse"
    names: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    item_names: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)

    def __post_init__(self) -> None:
        check_base_url(self.base_url, self.name)
        if self.unsigned not in ("refuse", "accept"):
            raise ConfigurationError(
                f"{self.name}: unsigned is {self.unsigned!r}: write 'refuse' or 'accept'"
            )
        # Callers without a type checker exist, and a number or None would be told by no name.
        if not isinstance(self.api_key, str):
            raise ConfigurationError(
                f"{self.name}: api_key is a {type(self.api_key).__name__}: write it as text"
            )
        if self.api_key != self.api_key.strip():
            raise ConfigurationError(
                f"{self.name}: the API key has white space at an end: was a line break copied along with it?"
            )
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))
        self.secrets  # noqa: B018 - checked now rather than at the first delivery

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings from environment variables: the prefix and the field's name in capitals.

        Raises:
            ConfigurationError: If neither the API key, to send, nor a webhook secret, to receive, is set; or if a
                yes-or-no setting is neither.
        """
        given = os.environ if environ is None else environ
        found: dict[str, Any] = {
            each.name: setting_in(name, given[name], type=each.type)
            for each in fields(cls)
            if each.name not in TABLES and (name := cls.env_prefix + each.name.upper()) in given
        }
        # Who only receives needs no key, and is safer without one; a client asks for it.
        if not found.get("api_key", "").strip() and not {"webhook_secret", "unsigned"} & found.keys():
            raise ConfigurationError(
                f"{cls.env_prefix}API_KEY is not set: export it, or write {cls.__name__}(api_key); "
                f"to receive only, {cls.env_prefix}WEBHOOK_SECRET will do"
            )
        return cls(**found)

    # Sending

    def upload(
        self, document: Document, *, key: str | None = None, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Job]:
        """Submit one document; `key` is sent where the provider honours one."""
        raise NotImplementedError

    def status(self, job: Job) -> Steps[Job]:
        """Ask how a job stands."""
        raise NotImplementedError

    def probe(self, job: Job) -> Steps[Job]:
        """Find out otherwise how a job stands whose status has not moved for long."""
        return job
        yield

    def result(self, job: Job) -> Steps[Result]:
        """Fetch the result of a completed job."""
        raise NotImplementedError

    def upload_batch(
        self,
        documents: Sequence[Document],
        *,
        key: str | None = None,
        metadata: Mapping[str, Any] = NOTHING,
    ) -> Steps[Batch]:
        """Submit several documents in one call."""
        raise ConfigurationError(f"{self.name} has no batch upload: use upload_many")

    def batch_status(self, batch: Batch) -> Steps[Batch]:
        """Ask how a batch stands."""
        raise ConfigurationError(f"{self.name} has no batches")

    def jobs(self, *, since: datetime | None = None, limit: int = 100) -> Steps[tuple[Job, ...]]:
        """List jobs, newest first, as far as the provider can."""
        raise ConfigurationError(f"{self.name} cannot list its jobs")

    def upload_options(self) -> Mapping[str, Any]:
        """Give the settings that change what an upload means; they are part of its idempotency key."""
        return {}

    # Receiving

    @property
    def signature(self) -> SignatureScheme:
        """How this provider signs its deliveries."""
        raise NotImplementedError

    def envelopes(self, delivery: Delivery) -> tuple[Envelope, ...]:
        """Read identity and type of each event in a trusted delivery.

        Raises:
            MalformedDelivery: If the body is not what the provider documents.
        """
        raise NotImplementedError

    def handshake(self, delivery: Delivery, *, now: float | None = None) -> Handshake | None:
        """Answer what a provider asks before it sends events; None where a delivery is no handshake.

        Raises:
            DeliveryRejected: If it is one that must not be answered.
        """
        return None

    def polled(self, job: Job, result: Result | None) -> tuple[Envelope, ...]:
        """Say what a polled job means, with the keys that its webhooks would have had; empty while it runs."""
        raise NotImplementedError

    def read_result(self, payload: Any) -> Result:
        """Normalise a result, from a webhook's payload or a poll's."""
        raise NotImplementedError

    def read_error(self, payload: Any) -> JobError:
        """Read why a document failed."""
        raise NotImplementedError

    def read_summary(self, payload: Any) -> BatchSummary:
        """Read how a batch ended."""
        raise NotImplementedError

    def has_result(self, payload: Any) -> bool:
        """Tell whether a completed event carries its result, or only says that there is one."""
        return True

    def read_metadata(self, envelope: Envelope) -> Mapping[str, Any]:
        """Read the user's own reference out of an event, where the provider carries one."""
        return {}

    # What every provider shares

    @cached_property
    def secrets(self) -> tuple[Secret, ...]:
        """The configured webhook secrets."""
        return secrets_of(self.webhook_secret)

    @cached_property
    def _known_signature(self) -> SignatureScheme:
        """Keep what `signature` gives, rather than make it for each delivery."""
        return self.signature

    def authenticate(self, delivery: Delivery, *, now: float | None = None) -> str | None:
        """Check that the provider sent a delivery.

        Returns:
            The name of the secret that matched, or None where unsigned deliveries are accepted.

        Raises:
            DeliveryRejected: If it did not.
            ConfigurationError: If there is no secret and unsigned deliveries are not accepted.
        """
        if self.secrets:
            return self._known_signature.verify(delivery, self.secrets, now=now)
        self.check_receiving()
        return None

    def check_receiving(self) -> None:
        """Refuse to take deliveries that nothing would be checked with.

        Raises:
            ConfigurationError: If there is no secret and unsigned deliveries are not accepted.
        """
        if not self.secrets and self.unsigned != "accept":
            raise ConfigurationError(
                f"{self.name} has no webhook secret: set {self.env_prefix}WEBHOOK_SECRET or webhook_secret=, "
                "or write unsigned='accept' to take deliveries that anybody can forge"
            )

    def verify(self, headers: HeadersLike, body: bytes, *, now: float | None = None) -> Event:
        """Check one delivery and read its (first) event.

        Args:
            headers: As the framework gives them.
            body: The exact bytes, before any parsing.
            now: Seconds since the epoch; needed only by schemes that sign a timestamp.

        Raises:
            DeliveryRejected: If it is not authentic or not readable.
            ConfigurationError: If there is no secret and unsigned deliveries are not accepted.
        """
        delivery = Delivery(Headers(headers), body)
        self.authenticate(delivery, now=now)
        return self.events(delivery)[0]

    def events(self, delivery: Delivery, *, origin: Origin = Origin.WEBHOOK) -> tuple[Event, ...]:
        """Read every event of a trusted delivery.

        Raises:
            MalformedDelivery: If there is none.
        """
        envelopes = self.envelopes(delivery)
        if not envelopes:
            raise MalformedDelivery(f"{self.name}: the delivery holds no event")
        return tuple(self.event(envelope, body=delivery.body, origin=origin) for envelope in envelopes)

    def event(self, envelope: Envelope, *, body: bytes, origin: Origin) -> Event:
        """Build the typed event that an envelope announces; a type without a class is an `UnknownEvent`."""
        event_class = models.EVENT_CLASSES.get(envelope.type, models.UnknownEvent)
        payload, read = envelope.payload, None
        values: dict[str, Any] = {
            "key": envelope.key,
            "provider": self.name,
            "type": envelope.type,
            "provider_type": envelope.provider_type,
            "job_id": envelope.job_id,
            "document_id": envelope.document_id,
            "batch_id": envelope.batch_id,
            "occurred_at": envelope.occurred_at,
            "origin": origin,
            "metadata": dict(self.read_metadata(envelope)),
            "raw": envelope.raw,
            "body": body,
        }
        if event_class is models.DocumentCompleted:
            values["has_result"] = self.has_result(payload)
            read = partial(self.read_result, payload) if values["has_result"] else None
        elif event_class is models.DocumentFailed:
            values["error"] = self._error_in(envelope)
        elif event_class is models.BatchCompleted:
            values["summary"] = self.read_summary(payload)
        return models.event_of(event_class, values, read)

    def _error_in(self, envelope: Envelope) -> JobError:
        if envelope.provider_type != EXPIRED:
            return self.read_error(envelope.payload)
        said = f"{self.name} does not know this job or its result any more"
        return models.JobError(code="expired", message=said, kind=ErrorKind.TERMINAL)

    def expired(self, job_id: str) -> Envelope:
        """Say that the provider has forgotten a job of which no end was heard: a failure with the code `expired`."""
        return Envelope(
            key=f"document.expired:{job_id}",
            type=models.DocumentFailed.canonical_type,
            provider_type=EXPIRED,
            payload={},
            raw={},
            job_id=job_id,
        )

    def batch_ended(self, batch_id: str, summary: BatchSummary) -> Envelope | None:
        """Say that every document of a batch ended, with the key of its webhook; None where no webhook tells of batches."""
        return None

    # For subclasses

    def request_headers(self) -> tuple[tuple[str, str], ...]:
        """Give the headers that every request carries, credentials included."""
        return (("Authorization", f"Bearer {self.api_key}"),)

    def request_query(self) -> str:
        """Give what every request has in its query, such as `api_key=…`; empty for nothing."""
        return ""

    def problem(self, response: Response) -> Problem | None:
        """Read the provider's own error envelope; None means success."""
        return None if response.is_success else Problem()

    def error_of(self, response: Response) -> ApiError | None:
        """Read the error that a response means, or None."""
        problem = self.problem(response)
        return None if problem is None else api_error(self.name, response, problem, hide=self.api_key)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Body | None = None,
        headers: Sequence[tuple[str, str]] = (),
        repeat: Repeat | None = None,
    ) -> Steps[Response]:
        """Send one request below the base URL; GET, PUT and DELETE may be repeated unless said otherwise."""
        if repeat is None:
            repeat = Repeat.UNLESS_SENT if method == "POST" else Repeat.ALWAYS
        query = self.request_query()
        url = self.base_url + path + (("&" if "?" in path else "?") + query if query else "")
        headers = (*self.request_headers(), *headers)
        request = Request(method, url, headers, body, repeat, has_secret_query=bool(query))
        response = yield from send(request, self.error_of)
        return response


def final_type(status: JobStatus) -> str | None:
    """Name the event that a polled status means, or None while the job runs."""
    if status.is_success:
        return models.DocumentCompleted.canonical_type
    return models.DocumentFailed.canonical_type if status.is_failure else None


def type_for(words: Mapping[str, str], word: str) -> str:
    """Give our word for a provider's event, or its own where we have none.

    A word that we do not know never poses as one of ours, even where it is spelled the same.
    """
    if word in words:
        return words[word]
    return f"unknown:{word}" if word in models.EVENT_CLASSES else word
