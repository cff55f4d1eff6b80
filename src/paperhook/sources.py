"""From what the user has — a path, bytes, a file, an iterator — to a `Document` that can be sent twice.

A retried body must be the same bytes, so paths are reopened and compared, files are rewound to where they stood,
and iterators are kept in a bounded temporary file that is removed on `close()`.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import io
import mimetypes
import os
import stat
import tempfile
from collections.abc import AsyncIterable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from typing_extensions import Buffer, override

from .core.document import Document
from .errors import UnsupportedDocument

#: What `Client.upload` takes; `AsyncClient.upload` takes an async iterable of bytes as well.
Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Iterable[bytes] | Document"
)
AsyncSource: TypeAlias = "Source | AsyncIterable[bytes]"

CHUNK_BYTES = 64 * 1024
#: An iterator that yields more than this is refused; it would fill the disk.
MAX_SPOOL_BYTES = 2 * 1024**3

#: First bytes of what document APIs take. Source: the formats' own specifications.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
)
_HEAD_BYTES = 1024


def content_type_of(head: bytes, filename: str) -> str:
    """Tell a document's type by its first bytes, else by its name; the bytes win over the name."""
    for magic, content_type in _MAGIC:
        if head.startswith(magic):
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    # Some mail gateways put lines before the header; readers accept it in the first 1024 bytes.
    if b"%PDF-" in head:
        return "application/pdf"
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


class _Bytes:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def open(self) -> BinaryIO:
        return io.BytesIO(self._content)

    def close(self) -> None:
        """Nothing is held."""


class _Path:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None

    def open(self) -> BinaryIO:
        try:
            # Opening a FIFO would wait for a writer, so look before.
            if not stat.S_ISREG(self._path.stat().st_mode):
                raise UnsupportedDocument(f"{self._path.name} is not a regular file", code="not_a_file")
            stream = self._path.open("rb")
        except (OSError, ValueError) as error:
            # A ValueError is a name with a zero byte in it.
            raise _unreadable(self._path.name, error) from error
        found = os.fstat(stream.fileno())
        identity = (found.st_ino, found.st_size, found.st_mtime_ns)
        if self._seen not in (None, identity):
            stream.close()
            raise UnsupportedDocument(f"{self._path.name} changed while it was being sent", code="changed")
        self._seen = identity
        return stream

    def close(self) -> None:
        """Nothing is held."""


class _Window(io.RawIOBase):
    """The rest of somebody else's file, from where it stood; closing it leaves the file open."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file, self._start = file, start
        file.seek(start)

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        chunk = self._file.read(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = self._start if whence == io.SEEK_SET else 0
        return self._file.seek(base + offset, whence) - self._start

    @override
    def tell(self) -> int:
        return self._file.tell() - self._start


class _File:
    def __init__(self, file: BinaryIO, start: int, *, is_ours: bool) -> None:
        self._file, self._start, self._is_ours = file, start, is_ours

    def open(self) -> BinaryIO:
        return cast("BinaryIO", io.BufferedReader(_Window(self._file, self._start)))

    def close(self) -> None:
        if self._is_ours:
            self._file.close()


class _Spool:
    """A bounded temporary file that takes an iterator's chunks."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._size_bytes = 0
        self.file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed with the document

    def add(self, chunk: bytes) -> None:
        self._size_bytes += len(chunk)
        if self._size_bytes > MAX_SPOOL_BYTES:
            raise UnsupportedDocument(
                f"{self.name} yields more than {MAX_SPOOL_BYTES} bytes", code="too_large"
            )
        try:
            self.file.write(chunk)
        except OSError as error:
            raise _unreadable(self.name, error) from error


def open_document(
    source: Source, *, filename: str | None = None, content_type: str | None = None
) -> Document:
    """Read what the user has once, for its size, hash and type.

    Args:
        source: A path, bytes, a binary file (read from where it stands) or an iterable of bytes.
        filename: Sent to the provider; by default the path's or file's own name.
        content_type: By default told from the first bytes, then from the name.

    Raises:
        UnsupportedDocument: If it cannot be read, is no regular file, or is too large to keep.
        TypeError: If it is a file of text, or an asynchronous one.
    """
    if isinstance(source, Document):
        return source
    content, name = _content_of(source, filename)
    return _document(content, name, content_type)


def _document(content: _Bytes | _Path | _File, name: str, content_type: str | None) -> Document:
    digest, size_bytes, head = hashlib.sha256(), 0, b""
    with contextlib.closing(content.open()) as stream:
        for chunk in _chunks(stream, name):
            head = head or chunk[:_HEAD_BYTES]
            size_bytes += len(chunk)
            digest.update(chunk)
    return Document(
        name, content_type or content_type_of(head, name), size_bytes, digest.hexdigest(), content
    )


async def open_async_document(
    source: AsyncIterable[bytes], *, filename: str | None = None, content_type: str | None = None
) -> Document:
    """Read an async iterable of bytes into a bounded temporary file; arguments and errors as `open_document`."""
    spool = _Spool(_base_name(filename or "document"))
    try:
        async for chunk in source:
            spool.add(chunk)
    except BaseException:
        spool.file.close()
        raise
    return _document(_File(spool.file, 0, is_ours=True), spool.name, content_type)


def close_document(document: Document) -> None:
    """Remove what was kept for retries."""
    close = getattr(document.content, "close", None)
    if close is not None:
        close()


def _chunks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk
    except OSError as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: OSError | ValueError) -> UnsupportedDocument:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return UnsupportedDocument(f"{name}: {reason}", code="unreadable")


def _content_of(source: Source, filename: str | None) -> tuple[_Bytes | _Path | _File, str]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _Bytes(bytes(source)), _base_name(filename or "document")
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        return _Path(path), _base_name(filename or path.name)
    if isinstance(source, io.IOBase) or hasattr(source, "read"):
        file = cast("BinaryIO", source)
        if isinstance(source, io.TextIOBase):
            raise TypeError("the file is open for text: open it with mode 'rb'")
        if inspect.iscoroutinefunction(file.read):
            raise TypeError("the file is asynchronous: pass its .file, its bytes or an async iterator")
        # A temporary file has a number for a name.
        own_name = getattr(file, "name", None)
        name = _base_name(filename or (own_name if isinstance(own_name, str) else ""))
        if getattr(file, "seekable", bool)():
            return _File(file, file.tell(), is_ours=False), name
        return _spooled(iter(lambda: file.read(CHUNK_BYTES), b""), name), name
    name = _base_name(filename or "document")
    return _spooled(cast("Iterable[bytes]", source), name), name


def _spooled(chunks: Iterable[bytes], name: str) -> _File:
    spool = _Spool(name)
    try:
        for chunk in chunks:
            spool.add(chunk)
    except BaseException:
        spool.file.close()
        raise
    return _File(spool.file, 0, is_ours=True)


def _base_name(name: str) -> str:
    """Keep the last part only, because a provider has no business with our folders, and what UTF-8 can hold."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2] or "document"
    return last.encode("utf-8", "replace").decode()
