"""A document from whatever was given: read once for its size, hash and type, or while it is sent."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import io
import os
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, TypeVar, cast

from ..core.document import Document
from ..errors import UnsupportedDocument
from .contents import Bytes, FromFile, FromPath, Kept
from .kinds import EXTENSIONS, HEAD_BYTES, UNNAMED, content_type_of
from .passing import Passing, bytes_of, wrong_size
from .spool import GATHERED_BYTES, Spool, unreadable

#: What `Client.upload` takes; `AsyncClient.upload` takes an async iterable of bytes as well.
Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Iterable[bytes] | Document"
)
AsyncSource: TypeAlias = "Source | AsyncIterable[bytes]"

#: Large enough that a chunk costs little beside its bytes, small enough to leave within a timeout on a slow line.
CHUNK_BYTES = 512 * 1024
#: What is no larger is kept in memory by who sends it, so that it is read from the disk once.
SMALL_BYTES = 64 * 1024

#: What becomes of an iterator's chunks.
C = TypeVar("C")


def open_document(
    source: Source, *, filename: str | None = None, content_type: str | None = None
) -> Document:
    """Read what the user has once, for its size, hash and type.

    Args:
        source: A path, bytes, a binary file (read from where it stands) or an iterable of bytes.
        filename: Sent to the provider; by default the path's or file's own name, else `document` with the type's extension.
        content_type: By default told from the first bytes, then from the name.

    Raises:
        UnsupportedDocument: If it cannot be read, is no regular file, or is too large to keep.
        TypeError: If it is a file of text, an asynchronous one, or nothing of that kind, or a name is no text.
    """
    _check_names(filename, content_type)
    if isinstance(source, Document):
        return source
    content, name = _content_of(source, filename, partial(_spooled, True, bool))
    return _document(content, name, content_type, is_hashed=True, is_kept=False)


def document_to_send(
    source: Source,
    *,
    filename: str | None = None,
    content_type: str | None = None,
    size_bytes: int | None = None,
    is_hashed: bool,
    is_left: Callable[[], bool] = bool,
) -> Document:
    """Open what is sent right away and closed after it: a small one is read once, a large one only where it is hashed.

    Args:
        size_bytes: What the caller says that it has: a large iterator is then read while it is sent, where nobody has to
            know its hash.
        is_hashed: Whether somebody wants to know its hash; else it is empty.
        is_left: Asked between the chunks of an iterator, whether nobody wants the document any more.

    Raises:
        UnsupportedDocument: As `open_document`, and if it is known by now not to have so many bytes.
    """
    _check_names(filename, content_type)
    if isinstance(source, Document):
        return of_size(source if source.sha256 or not is_hashed else _hashed(source), size_bytes)
    keep = (
        partial(_spooled, is_hashed)
        if is_hashed or size_bytes is None or size_bytes <= GATHERED_BYTES
        else partial(_passed, size_bytes)
    )
    content, name = _content_of(source, filename, partial(keep, is_left))
    if isinstance(content, Passing):
        return _described(content, name, content_type, content.head, content.size_bytes, "")
    document = _document(content, name, content_type, is_hashed=is_hashed, is_kept=True)
    try:
        return of_size(document, size_bytes)
    except UnsupportedDocument:
        content.close()
        raise


def of_size(document: Document, size_bytes: int | None) -> Document:
    """Give a document, and refuse it where it has not as many bytes as was said."""
    if size_bytes is not None and document.size_bytes != size_bytes:
        raise wrong_size(document.filename, size_bytes, str(document.size_bytes))
    return document


def _check_names(filename: object, content_type: object) -> None:
    for what, given in (("filename", filename), ("content_type", content_type)):
        if given is not None and not isinstance(given, str):
            raise TypeError(f"{what} is a {type(given).__name__}: write text, or leave it out")


def _document(
    content: Kept, name: str, content_type: str | None, *, is_hashed: bool, is_kept: bool
) -> Document:
    try:
        head = content.beginning(SMALL_BYTES + 1)
        size_bytes, sha256 = len(head), getattr(content, "sha256", "")
        if is_small := len(head) <= SMALL_BYTES:
            sha256 = sha256 or (hashlib.sha256(head).hexdigest() if is_hashed else "")
        else:
            with contextlib.closing(content.open()) as stream:
                size_bytes = stream.seek(0, os.SEEK_END)
                # Some files of the system are longer than they say.
                if (is_hashed and not sha256) or size_bytes < len(head):
                    stream.seek(0)
                    sha256, size_bytes = _hash_of(stream)
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from error
    if is_small and is_kept:
        content.keep(head)
    return _described(content, name, content_type, head, size_bytes, sha256)


def _described(
    content: Kept | Passing, name: str, content_type: str | None, head: bytes, size_bytes: int, sha256: str
) -> Document:
    kind = content_type or content_type_of(head[:HEAD_BYTES], name)
    if name == UNNAMED:
        # A provider may go by the extension.
        name += EXTENSIONS.get(kind, "")
    return Document(name, kind, size_bytes, sha256, content)


def _hash_of(stream: BinaryIO) -> tuple[str, int]:
    """Give the hash and the number of bytes of what a stream still holds."""
    digest, size_bytes = hashlib.sha256(), 0
    buffer = bytearray(CHUNK_BYTES)
    view = memoryview(buffer)
    while read := cast("io.BufferedReader", stream).readinto(buffer):
        size_bytes += read
        digest.update(view[:read])
    return digest.hexdigest(), size_bytes


def _hashed(document: Document) -> Document:
    with contextlib.closing(document.content.open()) as stream:
        try:
            sha256, _ = _hash_of(stream)
        except (OSError, ValueError) as error:
            raise unreadable(document.filename, error) from error
    return replace(document, sha256=sha256)


async def open_async_document(
    source: AsyncIterable[bytes],
    *,
    aside: Callable[[Callable[[], Any]], Awaitable[Any]],
    filename: str | None = None,
    content_type: str | None = None,
    size_bytes: int | None = None,
    is_hashed: bool = True,
) -> Document:
    """Read an async iterable of bytes into a bounded temporary file; arguments and errors as `open_document`.

    Args:
        aside: Does beside the event loop what may block.
    """
    spool = Spool(_base_name(filename or UNNAMED), is_hashed=is_hashed)
    try:
        async for chunk in source:
            if spool.add(chunk):
                await aside(spool.write_out)
        end = partial(_kept, spool, content_type, is_hashed=is_hashed)
        document: Document = end() if spool.file is None else await aside(end)
        of_size(document, size_bytes)
    except BaseException:
        spool.close()
        raise
    return document


def _kept(spool: Spool, content_type: str | None, *, is_hashed: bool) -> Document:
    return _document(_content_in(spool), spool.name, content_type, is_hashed=is_hashed, is_kept=True)


def is_spooled(document: Document) -> bool:
    """Tell whether closing it removes a file of ours, which takes a while where it is large."""
    return isinstance(document.content, FromFile) and document.content.is_ours


def close_document(document: Document) -> None:
    """Remove what was kept for retries."""
    close = getattr(document.content, "close", None)
    if close is not None:
        close()


def _content_of(
    source: Source, filename: str | None, keep: Callable[[Iterable[bytes], str], C]
) -> tuple[Kept | C, str]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return Bytes(bytes(source)), _base_name(filename or UNNAMED)
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        return FromPath(path), _base_name(filename or path.name)
    if isinstance(source, io.IOBase) or hasattr(source, "read"):
        file = cast("BinaryIO", source)
        if isinstance(source, io.TextIOBase):
            raise TypeError("the file is open for text: open it with mode 'rb'")
        if inspect.iscoroutinefunction(file.read):
            raise TypeError("the file is asynchronous: pass its .file, its bytes or an async iterator")
        # A temporary file has a number for a name.
        own_name = getattr(file, "name", None)
        name = _base_name(filename or (own_name if isinstance(own_name, str) else ""))
        if getattr(file, "closed", False) is True:
            raise UnsupportedDocument(f"{name}: the file is closed: open it again", code="unreadable")
        if type(file) is io.BytesIO:
            # Its bytes are shared, not copied, and stay what they are when it is written to.
            return Bytes(file.getvalue()[file.tell() :]), name
        if getattr(file, "seekable", bool)():
            return FromFile(file, file.tell(), name, is_ours=False), name
        return keep(_chunks_of(file, name), name), name
    if not isinstance(source, Iterable):
        raise TypeError(
            f"a document is a path, bytes, a binary file or chunks of bytes, not a {type(source).__name__}"
        )
    name = _base_name(filename or UNNAMED)
    return keep(source, name), name


def _chunks_of(file: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while (chunk := file.read(CHUNK_BYTES)) != b"":  # not None: there may be more
            yield chunk
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from error


def _spooled(
    is_hashed: bool, is_left: Callable[[], bool], chunks: Iterable[bytes], name: str
) -> Bytes | FromFile:
    spool = Spool(name, is_hashed=is_hashed)
    try:
        for chunk in _unless_left(chunks, name, is_left):
            # Memory that is used again at once is faster than few writes, unless another thread has to be told of each.
            if spool.add(chunk) or (not is_hashed and spool.file is not None):
                spool.write_out()
        return _content_in(spool)
    except BaseException:
        spool.close()
        raise


def _passed(size_bytes: int, is_left: Callable[[], bool], chunks: Iterable[bytes], name: str) -> Passing:
    rest, head = _unless_left(chunks, name, is_left), b""
    for chunk in rest:
        head += bytes_of(chunk, name)
        if len(head) >= HEAD_BYTES:
            break
    return Passing(head, rest, name, size_bytes)


def _unless_left(chunks: Iterable[bytes], name: str, is_left: Callable[[], bool]) -> Iterator[bytes]:
    for chunk in chunks:
        if is_left():
            raise UnsupportedDocument(f"{name} was not read to its end", code="unreadable")
        yield chunk


def _content_in(spool: Spool) -> Bytes | FromFile:
    if spool.file is None:
        return Bytes(spool.in_memory())
    sha256 = spool.finish()
    return FromFile(spool.file, 0, spool.name, is_ours=True, sha256=sha256)


def _base_name(name: str) -> str:
    """Keep the last part only, because a provider has no business with our folders, and what UTF-8 can hold."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2] or UNNAMED
    return last.encode("utf-8", "replace").decode()
