"""What a declaration may say, checked when it is loaded: every mistake is told with the path that leads to it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..core.event import EVENT_CLASSES
from ..core.job import ErrorKind, JobStatus
from ..core.provider import Capabilities, SignatureScheme
from ..errors import ConfigurationError
from ..webhooks.signatures import BodySecret, Hmac, HmacPairs, NoSignature, StandardWebhooks, StaticHeader
from .paths import checked, headers_in


def _listed(value: Any) -> Any:
    """Take one text for a list of one; TOML has lists, and we keep tuples."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _event(word: str) -> str:
    if word not in EVENT_CLASSES:
        raise ValueError(f"write one of {', '.join(EVENT_CLASSES)}; leave words out that mean none of them")
    return word


def _template(names: frozenset[str], text: str) -> str:
    unknown = set(re.findall(r"\{([^{}]*)\}", text)) - names
    if unknown or "{" in re.sub(r"\{[^{}]*\}", "", text):
        raise ValueError(f"it may name {', '.join(f'{{{name}}}' for name in sorted(names))} and nothing else")
    return text


def _address(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError("a path begins with /")
    return _template(frozenset({"job_id"}), text)


_KEY_PARTS = frozenset({"type", "word", "event_id", "job_id", "document_id", "batch_id", "body"})

#: One place, or several of which the first that holds anything counts.
Paths: TypeAlias = Annotated[
    tuple[Annotated[str, BeforeValidator(lambda v: checked(v) if isinstance(v, str) else v)], ...],
    BeforeValidator(_listed),
]
Texts: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Address: TypeAlias = Annotated[str, pydantic.AfterValidator(_address)]
EventType: TypeAlias = Annotated[str, pydantic.AfterValidator(_event)]
KeyTemplate: TypeAlias = Annotated[str, pydantic.AfterValidator(lambda text: _template(_KEY_PARTS, text))]
Status: TypeAlias = Annotated[JobStatus, Field(strict=False)]
Kind: TypeAlias = Annotated[ErrorKind, Field(strict=False)]
HeaderName: TypeAlias = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]


class Part(BaseModel):
    """A table of a declaration: nothing is converted, nothing unknown is skipped."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


# Signatures


class _Hashed(Part):
    header: HeaderName
    digest: Literal["sha1", "sha256", "sha512"] = "sha256"
    key_encoding: Literal["utf8", "base64", "hex"] = "utf8"
    key_prefix: str = ""
    output: Literal["hex", "base64"] = "hex"
    timestamp_unit: Literal["s", "ms", "float", "iso"] = "s"
    tolerance: float = 300.0


class HmacSignature(_Hashed):
    """See `paperhook.webhooks.signatures.Hmac`."""

    kind: Literal["hmac"]
    content: str = "{body}"
    prefix: str = ""
    separator: str = ""
    any_case: bool = False
    timestamp_header: str = ""
    id_header: str = ""
    endpoint: str = ""

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return Hmac(**self.model_dump(exclude={"kind"}))


class PairsSignature(_Hashed):
    """See `paperhook.webhooks.signatures.HmacPairs`."""

    kind: Literal["pairs"]
    content: str = "{timestamp}.{body}"
    timestamp_name: str = "t"
    signature_name: str = "v1"
    separator: str = ","

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return HmacPairs(**self.model_dump(exclude={"kind"}))


class StandardSignature(Part):
    """See `paperhook.webhooks.signatures.StandardWebhooks`."""

    kind: Literal["standard_webhooks"]
    family: Literal["webhook", "svix"] = "webhook"
    tolerance: float = 300.0

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return StandardWebhooks(self.family, self.tolerance)


class StaticSignature(Part):
    """See `paperhook.webhooks.signatures.StaticHeader`."""

    kind: Literal["static_header"]
    header: HeaderName
    prefix: str = ""

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return StaticHeader(self.header, self.prefix)


class BodySignature(Part):
    """See `paperhook.webhooks.signatures.BodySecret`."""

    kind: Literal["body_secret"]
    path: str = Field(min_length=1)

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return BodySecret(self.path)


class AbsentSignature(Part):
    """The provider signs nothing, which has to be said."""

    kind: Literal["none"]

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return NoSignature()


class CustomSignature(Part):
    """The scheme is code, given as `scheme=` where the provider is made."""

    kind: Literal["custom"]

    def scheme(self) -> SignatureScheme:
        """Refuse, because a table holds no code.

        Raises:
            ConfigurationError: Always.
        """
        raise ConfigurationError("signature.kind is custom: pass scheme=Custom(…)")


Signature: TypeAlias = Annotated[
    HmacSignature
    | PairsSignature
    | StandardSignature
    | StaticSignature
    | BodySignature
    | AbsentSignature
    | CustomSignature,
    Field(discriminator="kind"),
]


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


class Endpoints(Part):
    """What can be asked for; what is missing is a `ConfigurationError` when it is called."""

    upload: Upload | None = None
    status: Endpoint | None = None
    result: Endpoint | None = None


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
    hosts: Annotated[
        tuple[Annotated[str, Field(pattern=r"^\.?[a-z0-9-]+(\.[a-z0-9-]+)+$")], ...], BeforeValidator(_listed)
    ] = ()
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

    idempotency_header: str | None = None
    idempotency_seconds: float | None = None
    accepts: Texts | None = None
    max_document_bytes: int | None = None
    rate_requests: int | None = None
    rate_seconds: float = 60.0
    pushes_failures: bool = True
    delivers_per_member: bool = False
    retention_seconds: float | None = None
    usual_seconds: float = 10.0
    poll_seconds: float = 3.0

    def capabilities(self) -> Capabilities:
        """Give them as every provider does."""
        given = self.model_dump(exclude={"accepts"})
        return Capabilities(accepts=None if self.accepts is None else frozenset(self.accepts), **given)


class Declaration(Part):
    """One document API in a table."""

    #: The word in paths, logs and the inbox.
    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")
    title: str = ""
    #: Where it was read.
    sources: Texts = ()
    #: What is stated nowhere.
    assumed: Texts = ()
    base_url: str = Field(default="", pattern=r"^$|^https?://")
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
    dedupe: Annotated[tuple[KeyTemplate, ...], BeforeValidator(_listed)] = ()
    #: `array`: each element is an event. `sns`: the event is JSON text inside a notification, whose signature is not checked.
    body: Literal["object", "array", "sns"] = "object"
    references: References | None = None
    handshake: Handshake | None = None
    reply: Replies = Replies()
    limits: Limits = Limits()

    @pydantic.field_validator("name")
    @classmethod
    def _is_free(cls, name: str) -> str:
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
    name = mapping.get("name", "without a name")
    try:
        declaration = Declaration.model_validate(dict(mapping))
        if not isinstance(declaration.signature, CustomSignature):
            declaration.signature.scheme()
    except pydantic.ValidationError as error:
        mistakes = "; ".join(f"{_where(each['loc'])}: {_what(each)}" for each in error.errors())
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


def _where(location: tuple[int | str, ...]) -> str:
    # Of the kinds of signature, pydantic names the chosen one in between.
    parts = [location[0], *location[2:]] if location[:1] == ("signature",) and len(location) > 1 else location
    return ".".join(str(part) for part in parts) or "(all of it)"


def _what(mistake: Any) -> str:
    return str(mistake["msg"]).removeprefix("Value error, ")
