"""What a declaration may say, checked when it is loaded: every mistake is told with the path that leads to it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BeforeValidator, Field

from ..core.provider import Capabilities
from ..core.rate import Rate
from ..errors import ConfigurationError
from .declaration_mistakes import told
from .declaration_signatures import CustomSignature, Signature
from .declaration_words import (
    Address,
    BaseUrl,
    EventType,
    HeaderName,
    Host,
    KeyTemplate,
    Kind,
    Part,
    Paths,
    Status,
    Texts,
    listed,
)
from .paths import checked, headers_in

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")

# Requests


class Auth(Part):
    """How requests carry the API key."""

    kind: Literal["bearer", "header", "basic", "query", "none"] = "bearer"
    #: Of the header or the query parameter.
    name: str = ""
    #: Before the key in the header, with its space.
    prefix: str = ""

    @pydantic.model_validator(mode="after")
    def _is_named(self) -> Auth:
        if (self.kind in ("header", "query")) is not bool(self.name):
            raise ValueError("name belongs to kind header and query, and to no other")
        return self


class Answer(Part):
    """Where an answer says what."""

    job_id: Paths = ()
    document_id: Paths = ()
    status: Paths = ()
    result: Paths = ()
    error_code: Paths = ()
    error_message: Paths = ()


class Endpoint(Answer):
    """A question about a job."""

    method: Literal["GET", "POST"] = "GET"
    path: Address

    @pydantic.field_validator("path")
    @classmethod
    def _names_the_job(cls, path: str) -> str:
        if "{job_id}" not in path:
            raise ValueError(f"{path!r} does not say which job is meant: put {{job_id}} into it")
        return path


class Upload(Answer):
    """How a document is submitted."""

    method: Literal["POST", "PUT"] = "POST"
    path: Address
    form: Literal["multipart", "json", "raw"] = "multipart"
    #: The part or the JSON member that holds the document.
    file: str = "file"
    #: Sent along with every document.
    fields: Mapping[str, str] = {}
    #: The field that carries the user's metadata, as JSON.
    metadata: str = ""

    @pydantic.model_validator(mode="after")
    def _finds_the_job(self) -> Upload:
        if not self.job_id:
            raise ValueError(
                "job_id is missing: say where the answer holds the job's id, or what was paid for cannot be found again"
            )
        return self


class Endpoints(Part):
    """What can be asked for; what is missing is a `ConfigurationError` when it is called."""

    upload: Upload | None = None
    status: Endpoint | None = None
    result: Endpoint | None = None

    @pydantic.model_validator(mode="after")
    def _finds_the_status(self) -> Endpoints:
        if self.status is not None and not self.status.status:
            raise ValueError(
                "status.status is missing: say where the answer holds the word for how the job stands, or no job ever ends"
            )
        return self


class Problems(Part):
    """Where an error answer says why."""

    code: Paths = ("error.code", "code")
    message: Paths = ("error.message", "message", "detail", "error")


# Events


class Events(Part):
    """What kind of event a delivery is."""

    #: A place that only exists in one kind of event, to the provider's word for it (or one of ours).
    present: Mapping[str, str] = {}
    #: Where the word is; a header is not covered by most signatures, so the body comes first.
    type: Paths = ()
    #: The word where nothing tells.
    constant: str = ""
    #: What splits a word in two: `word.qualifier` is looked up before `word`.
    qualifier: Paths = ()
    #: Their words to ours; any other is an `UnknownEvent`.
    words: Mapping[str, EventType] = {}

    @pydantic.model_validator(mode="after")
    def _is_somewhere(self) -> Events:
        for path in self.present:
            checked(path)
        if not (self.type or self.constant or self.present):
            raise ValueError("one of type, constant and present is needed")
        return self


class Ids(Part):
    """Which things an event is about."""

    #: The same when the provider sends the event again.
    event: Paths = ()
    job: Paths = ()
    document: Paths = ()
    batch: Paths = ()


class Payload(Part):
    """Where an event says what was found, or why not."""

    result: Paths = ()
    error_code: Paths = ()
    error_message: Paths = ()
    total: Paths = ()
    succeeded: Paths = ()
    failed: Paths = ()
    occurred_at: Paths = ()
    #: Of a number; text is ISO 8601.
    occurred_unit: Literal["s", "ms"] = "s"
    metadata: Paths = ()
    #: Their names of fields and of columns of line items to the standard ones.
    names: Mapping[str, str] = {}
    item_names: Mapping[str, str] = {}
    #: Their error codes; any other is terminal.
    error_kinds: Mapping[str, Kind] = {}


class References(Part):
    """Results that a delivery only refers to, by a URL."""

    url: Paths
    #: Hosts that may be fetched from beside the provider's own; `.example.com` allows every subdomain.
    hosts: Annotated[tuple[Host, ...], BeforeValidator(listed)] = ()
    max_bytes: int = Field(default=16 * 1024 * 1024, gt=0)
    #: Where the answer holds the result.
    result: Paths = ("$",)


class Handshake(Part):
    """What a provider asks before it sends events.

    `challenge` echoes a value of the body; `hook_secret` hands the secret in a header to `on_handshake`, and is refused where
    there is none.
    """

    kind: Literal["challenge", "hook_secret"]
    #: Where the challenge is.
    challenge: Paths = ()
    #: The word of the event that holds a challenge; empty where its presence is enough.
    word: str = ""
    reply: Literal["text", "json"] = "text"
    #: The member of a JSON reply.
    member: str = "challenge"
    header: HeaderName = "X-Hook-Secret"
    #: Whether the header is sent back.
    echo_header: bool = False
    #: Whether the handshake carries a signature, which is then checked first.
    signed: bool = False

    @pydantic.model_validator(mode="after")
    def _is_whole(self) -> Handshake:
        if (self.kind == "challenge") is not bool(self.challenge):
            raise ValueError("challenge is needed for kind challenge, and for no other")
        return self


class Replies(Part):
    """What a sender is told."""

    success: int = Field(default=200, ge=200, le=299)
    #: For a delivery that is not authentic; by default 401.
    rejected: int | None = Field(default=None, ge=400, le=599)


class Limits(Part):
    """See `paperhook.core.provider.Capabilities`."""

    idempotency_header: HeaderName | None = None
    idempotency_seconds: float | None = None
    accepts: Texts | None = None
    max_document_bytes: int | None = None
    #: Requests in so many seconds, for each key.
    rate_requests: int | None = Field(default=None, ge=1)
    rate_seconds: float = Field(default=60.0, gt=0)
    pushes_failures: bool = True
    delivers_per_member: bool = False
    retention_seconds: float | None = None
    usual_seconds: float = 10.0
    poll_seconds: float = 3.0

    def capabilities(self) -> Capabilities:
        """Give them as every provider does."""
        given = self.model_dump(exclude={"accepts", "rate_requests", "rate_seconds"})
        rates = () if self.rate_requests is None else (Rate(self.rate_requests, self.rate_seconds),)
        accepts = None if self.accepts is None else frozenset(self.accepts)
        return Capabilities(accepts=accepts, rates=rates, **given)


class Declaration(Part):
    """One document API in a table."""

    #: The word in paths, logs and the inbox.
    name: str
    title: str = ""
    #: Where it was read.
    sources: Texts = ()
    #: What is stated nowhere.
    assumed: Texts = ()
    base_url: BaseUrl = ""
    signature: Signature
    events: Events
    auth: Auth = Auth()
    endpoints: Endpoints = Endpoints()
    #: Their words for how a job stands; any other is `processing`.
    statuses: Mapping[str, Status] = {}
    problems: Problems = Problems()
    ids: Ids = Ids()
    payload: Payload = Payload()
    #: The first template of which every part is there makes the key of an event; the last resort is the body's hash.
    dedupe: Annotated[tuple[KeyTemplate, ...], BeforeValidator(listed)] = ()
    #: `array`: each element is an event. `sns`: the event is JSON text inside a notification, whose signature `SnsMessage` checks.
    body: Literal["object", "array", "sns"] = "object"
    references: References | None = None
    handshake: Handshake | None = None
    reply: Replies = Replies()
    limits: Limits = Limits()

    @pydantic.field_validator("name")
    @classmethod
    def _is_free(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is no name: write up to 40 small letters, digits and hyphens, such as acme-ocr"
            )
        if name in ("health", "ready"):
            raise ValueError(f"the path /{name} is taken")
        return name

    @property
    def event_headers(self) -> tuple[str, ...]:
        """The headers that events are read from, in lower case."""
        paths = (
            *(*self.events.type, *self.events.present, *self.events.qualifier, *self.payload.occurred_at),
            *(*self.ids.event, *self.ids.job, *self.ids.document, *self.ids.batch),
        )
        return tuple(dict.fromkeys(name.lower() for name in headers_in(paths)))


def declaration_of(mapping: Mapping[str, Any]) -> Declaration:
    """Read a declaration.

    Raises:
        ConfigurationError: If it holds a mistake; the message names the path of each.
    """
    if not isinstance(mapping, Mapping):
        raise ConfigurationError(f"a declaration is a mapping, not a {type(mapping).__name__}")
    name = mapping.get("name", "without a name")
    try:
        declaration = Declaration.model_validate(dict(mapping))
        if not isinstance(declaration.signature, CustomSignature):
            declaration.signature.scheme()
    except pydantic.ValidationError as error:
        mistakes = "; ".join(told(Declaration, each) for each in error.errors())
    except ConfigurationError as error:
        mistakes = f"signature: {error}"
    else:
        return declaration
    raise ConfigurationError(f"declaration {name!r}: {mistakes}")


def declaration_in(text: str) -> Declaration:
    """Read a declaration in TOML; raises as `declaration_of`."""
    try:
        mapping = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the declaration is not TOML: {error}") from error
    return declaration_of(mapping)
