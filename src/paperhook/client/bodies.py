"""A request's body on its way: in chunks, never whole in memory, and exactly as long as announced.

A chunk is as large as a document's own chunks, because each costs as much to send whatever it holds; a small body is one.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

from ..core.document import Document
from ..core.exchange import Base64Json, Multipart, RawBody
from ..core.steps import Progress
from ..errors import ConfigurationError, UnsupportedDocument
from ..sources import CHUNK_BYTES, SMALL_BYTES
from .bounds import Bound

#: A document and its stream, which is closed with the request.
_Opened: TypeAlias = tuple[Document, BinaryIO]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A body with a document in it."""

    content_type: str
    size_bytes: int
    #: Read them once; raises `UnsupportedDocument` before the last one where the document is not what it was.
    chunks: Iterator[bytes]
    #: Whether they come out of memory, so that nobody waits for a disk.
    is_in_memory: bool


def outgoing(
    body: Multipart | RawBody | Base64Json, opened: contextlib.ExitStack, *, salt: bytes
) -> Outgoing:
    """Write a body; files are opened here and closed with the stack.

    Args:
        salt: Makes the boundaries of a form unguessable where no hash of the content does.
    """
    if isinstance(body, Multipart):
        content_type, parts = _form(body, opened, salt)
    elif isinstance(body, RawBody):
        content_type, parts = body.content_type, [_open(body.document, opened)]
    else:
        return _base64_json(body, opened)
    size_bytes = sum([len(part) if isinstance(part, bytes) else part[0].size_bytes for part in parts])
    streams = [part[1] for part in parts if not isinstance(part, bytes)]
    return _gathered(content_type, size_bytes, _chunks(parts), streams)


def json_bytes(value: Any) -> bytes:
    """Write a JSON body.

    Raises:
        ConfigurationError: If it cannot be.
    """
    try:
        return json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"this cannot be written as JSON: {error}") from error


def _gathered(
    content_type: str, size_bytes: int, chunks: Iterator[bytes], streams: Sequence[BinaryIO]
) -> Outgoing:
    is_in_memory = all(isinstance(stream, io.BytesIO) for stream in streams)
    if size_bytes <= 2 * SMALL_BYTES:
        chunks = _as_one(chunks)
    return Outgoing(content_type, size_bytes, chunks, is_in_memory)


def _as_one(chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield b"".join(chunks)


def _chunks(parts: Iterable[bytes | _Opened]) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, bytes):
            yield part
        else:
            yield from _document_chunks(*part, CHUNK_BYTES)


def _document_chunks(document: Document, stream: BinaryIO, chunk_bytes: int) -> Iterator[bytes]:
    """Give a document's bytes, and the last of them only where it is what it was when it was opened."""
    left = document.size_bytes
    # What is read from memory by now is what it was.
    check = None if isinstance(stream, io.BytesIO) else getattr(document.content, "check", None)
    try:
        while left > 0:
            chunk = stream.read(min(chunk_bytes, left))
            left -= len(chunk)
            if not chunk or (left == 0 and stream.read(1)):
                raise _changed()
            if left == 0 and check is not None:
                check()
            yield chunk
    except (OSError, ValueError) as error:
        # A ValueError is a file that was closed meanwhile.
        raise _unreadable(error) from error


def _base64_json(body: Base64Json, opened: contextlib.ExitStack) -> Outgoing:
    """Write a JSON object with a document inside, without holding the document."""
    document, stream = _open(body.document, opened)
    end = b'"}'
    start = json_bytes({**body.value, body.member: ""})[: -len(end)]

    def chunks() -> Iterator[bytes]:
        yield start
        rest = b""
        # In base64 it is a chunk.
        for chunk in _document_chunks(document, stream, CHUNK_BYTES * 3 // 4):
            # Only a multiple of three bytes needs no padding, and a stream may give less than was asked for.
            whole = len(rest) + len(chunk)
            whole -= whole % 3
            both = rest + chunk if rest else chunk
            rest = both[whole:]
            yield base64.b64encode(both[:whole])
        yield base64.b64encode(rest) + end

    size_bytes = len(start) + 4 * ((document.size_bytes + 2) // 3) + len(end)
    return _gathered("application/json", size_bytes, chunks(), [stream])


def _form(
    body: Multipart, opened: contextlib.ExitStack, salt: bytes
) -> tuple[str, Sequence[bytes | _Opened]]:
    """Write a form, fields first. Source: RFC 7578, and for names the multipart/form-data encoding algorithm of WHATWG."""
    boundary = _boundary(body, salt)
    dashes = b"--" + boundary.encode() + b"\r\n"
    head = b"".join(
        [
            b'%bContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
            % (dashes, _quoted(name), value.encode("utf-8", "replace"))
            for name, value in body.fields
        ]
    )
    parts: list[bytes | _Opened] = []
    for part in body.files:
        document = part.document
        if not HEADER_VALUE.fullmatch(document.content_type):
            raise ConfigurationError(
                f"{document.content_type!r} is no content type: write one such as application/pdf"
            )
        about = (dashes, _quoted(part.name), _quoted(document.filename), document.content_type.encode())
        head += (
            b'%bContent-Disposition: form-data; name="%b"; filename="%b"\r\nContent-Type: %b\r\n\r\n' % about
        )
        parts += [head, _open(document, opened)]
        head = b"\r\n"
    parts.append(head + b"--" + boundary.encode() + b"--\r\n")
    return f"multipart/form-data; boundary={boundary}", parts


def _boundary(body: Multipart, salt: bytes) -> str:
    """Make a boundary that no document can hold: of its hash, else of the client's own secret.

    Either way it is the same when the request is repeated.
    """
    mark = hashlib.sha256(repr(body.fields).encode("utf-8", "replace"))
    for part in body.files:
        document = part.document
        known = document.sha256.encode() or salt + repr((document.filename, document.size_bytes)).encode()
        mark.update(known)
    return f"paperhook-{mark.hexdigest()[:32]}"


def _quoted(name: str) -> bytes:
    return _UNQUOTABLE.sub(lambda found: f"%{ord(found[0]):02X}", name).encode("utf-8", "replace")


#: What would end a name early, and what no name has.
_UNQUOTABLE = re.compile(r'["\x00-\x1f\x7f]')


class Sent:
    """Counts what was sent of one body; a chunk counts when the next one is asked for.

    Args:
        tell: Is told at the beginning and after each chunk; None where nobody wants to know.
    """

    def __init__(self, tell: Progress | None, size_bytes: int | None) -> None:
        self._tell, self._size_bytes, self._sent_bytes = tell, size_bytes, 0
        self.add(0)

    def add(self, sent_bytes: int) -> None:
        """Count some more."""
        self._sent_bytes += sent_bytes
        if self._tell is not None:
            self._tell(self._sent_bytes, self._size_bytes)


def bounded(body: Outgoing, bound: Bound) -> Iterator[bytes]:
    """Give the chunks of a body until its bound, and count what was sent."""
    sent = Sent(bound.on_progress, body.size_bytes)
    for chunk in body.chunks:
        bound.check()
        yield chunk
        sent.add(len(chunk))


def _changed() -> UnsupportedDocument:
    return UnsupportedDocument("the document changed while it was being sent", code="changed")


def _unreadable(error: OSError | ValueError) -> UnsupportedDocument:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return UnsupportedDocument(f"the document cannot be read any more: {reason}", code="unreadable")


def _open(document: Document, opened: contextlib.ExitStack) -> _Opened:
    try:
        stream = document.content.open()
    except (OSError, ValueError) as error:
        raise _unreadable(error) from error
    opened.callback(stream.close)
    return document, stream


#: Visible ASCII, and white space only inside. Source: RFC 9110 section 5.5, without its obsolete part.
HEADER_VALUE: re.Pattern[str] = re.compile(r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")


def checked_headers(headers: Iterable[tuple[str, str]], provider: str) -> Iterator[tuple[str, str]]:
    """Refuse what would end a header early; the HTTP library would print the value, which may be the key."""
    for name, value in headers:
        if not HEADER_VALUE.fullmatch(value):
            raise ConfigurationError(
                f"{provider}: the header {name} cannot hold its value: only visible ASCII and no white space at "
                "its ends, so no line break copied along with a key"
            )
        yield name, value
