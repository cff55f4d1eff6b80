"""One HTTP exchange as values: a request that says whether it may be repeated, and its response."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from .delivery import without_lone_surrogates
from .document import Document
from .headers import Headers


class Repeat(Enum):
    """Whether a request may be sent again when no answer came."""

    #: Reading, or the provider honours the idempotency key that the request carries.
    ALWAYS = "always"
    #: Sending again might make a second job: only when nothing can have arrived, or the provider refused to act.
    UNLESS_SENT = "unless_sent"


@dataclass(frozen=True, slots=True)
class JsonBody:
    """A JSON value as the body."""

    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class FilePart:
    """One file of a multipart body."""

    name: str
    document: Document


@dataclass(frozen=True, slots=True)
class Multipart:
    """A multipart/form-data body, streamed."""

    #: Name and text, in order.
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    files: tuple[FilePart, ...] = ()


@dataclass(frozen=True, slots=True)
class RawBody:
    """The document's bytes as the body, streamed."""

    document: Document
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Base64Json:
    """A JSON object in which one member is the document in base64, streamed."""

    member: str
    document: Document
    #: The other members.
    value: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)


Body: TypeAlias = JsonBody | Multipart | RawBody | Base64Json


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a provider's API.

    The URL is complete and already encoded; the driver sends it as it is.
    """

    method: str
    url: str
    #: May hold credentials, so they are not shown.
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: Body | None = None
    repeat: Repeat = Repeat.ALWAYS
    #: Whether a delivery named the host: then it must lead to public addresses only, and gets nothing of ours.
    is_foreign: bool = False
    #: A larger answer is refused while it arrives; None leaves the bound to the client.
    max_answer_bytes: int | None = None
    #: Whether the URL's query holds a key or a signature: then it is written into no log.
    has_secret_query: bool = False

    def __repr__(self) -> str:
        # Neither the query nor the headers: both may hold credentials.
        return f"Request({self.method} {self.url.partition('?')[0]})"

    @property
    def carries_document(self) -> bool:
        """Whether it may make a job: only what has a document in it does."""
        body = self.body
        return isinstance(body, (RawBody, Base64Json)) or (isinstance(body, Multipart) and bool(body.files))

    @property
    def is_spent(self) -> bool:
        """Whether a document in it was sent while it was read, so that it cannot be sent a second time."""
        body = self.body
        if isinstance(body, (RawBody, Base64Json)):
            return _is_spent(body.document)
        return isinstance(body, Multipart) and any(_is_spent(part.document) for part in body.files)

    @property
    def path(self) -> str:
        """The URL without origin and query, for messages."""
        after_scheme = self.url.partition("://")[2]
        return "/" + after_scheme.partition("/")[2].partition("?")[0]

    @property
    def host(self) -> str:
        """Host and port of the URL without what may stand before them, for messages."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


def _is_spent(document: Document) -> bool:
    return getattr(document.content, "is_spent", False)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, read completely."""

    request: Request
    status: int
    headers: Headers
    body: bytes = field(repr=False)
    #: When the answer arrived, seconds since the epoch.
    received_at: float = 0.0

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Decode the body; half characters become `?`, as in a delivery, so that both read the same.

        Raises:
            ValueError: If it is not JSON (also RecursionError for absurd nesting, as ValueError).
        """
        try:
            value = json.loads(self.body)
            return without_lone_surrogates(value) if b"\\ud" in self.body.lower() else value
        except RecursionError:
            raise ValueError("the JSON is nested too deeply") from None


def path_segment(id: str) -> str:
    """Encode an id as one part of a path, whatever it holds."""
    return quote(id, safe="")
