"""What a document is read from: bytes, a path or an open file, the same each time, or a refusal because it changed."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from typing_extensions import Buffer, override

from ..errors import UnsupportedDocument
from .spool import unreadable

#: Opens what may be a FIFO without waiting for a writer. Windows has none, and would change the ends of lines.
_WITHOUT_WAITING: int = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
#: What tells whether a file is still the same: inode, bytes, and when it was written to.
_Identity: TypeAlias = tuple[int, int, int]


def _identity(found: os.stat_result) -> _Identity:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _changed(name: str) -> UnsupportedDocument:
    return UnsupportedDocument(f"{name} changed while it was being sent", code="changed")


class Bytes:
    """What is in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def open(self) -> BinaryIO:
        """Give a stream over it."""
        return io.BytesIO(self._content)

    def beginning(self, size_bytes: int) -> bytes:
        """Give so many of its first bytes, all where it has fewer."""
        return self._content[:size_bytes]

    def keep(self, content: bytes) -> None:
        """It is in memory anyway."""

    def check(self) -> None:
        """Nobody can change it."""

    def close(self) -> None:
        """Nothing is held."""


class FromPath:
    """A file by its path, opened anew each time; another one at that path, or another state of it, is refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: _Identity | None = None
        self._kept: bytes | None = None

    def open(self) -> BinaryIO:
        """Give a stream from its beginning.

        Raises:
            UnsupportedDocument: If it cannot be read, is no regular file, or changed since it was first opened.
        """
        try:
            found = self._path.stat()
            if self._kept is not None and _identity(found) == self._seen:
                return io.BytesIO(self._kept)
            # Opening a FIFO would wait for a writer, so look before.
            if not stat.S_ISREG(found.st_mode):
                raise UnsupportedDocument(f"{self._path.name} is not a regular file", code="not_a_file")
            stream = self._path.open("rb")
        except (OSError, ValueError) as error:
            # A ValueError is a name with a zero byte in it.
            raise unreadable(self._path.name, error) from error
        identity = _identity(os.fstat(stream.fileno()))
        if self._seen not in (None, identity):
            stream.close()
            raise _changed(self._path.name)
        self._seen = identity
        return stream

    def beginning(self, size_bytes: int) -> bytes:
        """Give so many of its first bytes, all where it has fewer.

        In few calls of the system: a thread beside a busy event loop waits for the interpreter's lock after each of them.

        Raises:
            OSError: If it cannot be read to its end.
            UnsupportedDocument: As `open`.
        """
        try:
            descriptor = os.open(self._path, _WITHOUT_WAITING)
        except (OSError, ValueError):
            return _first(self, size_bytes)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or self._seen not in (None, _identity(found)):
                return _first(self, size_bytes)
            self._seen = _identity(found)
            return _read(descriptor, size_bytes, believed_bytes=found.st_size)
        finally:
            os.close(descriptor)

    def keep(self, content: bytes) -> None:
        """Read it from memory from now on, as long as the file is the same."""
        self._kept = content

    def check(self) -> None:
        """Refuse to go on where somebody writes to it while it is being sent."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise unreadable(self._path.name, error) from error
        if _identity(found) != self._seen:
            raise _changed(self._path.name)

    def close(self) -> None:
        """Nothing is held but memory."""
        self._kept = None


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
        readinto = getattr(self._file, "readinto", None)
        if readinto is not None:
            return readinto(buffer) or 0
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


class FromFile:
    """A file that somebody opened; its system tells whether it is still the same, where it has one."""

    def __init__(self, file: BinaryIO, start: int, name: str, *, is_ours: bool, sha256: str = "") -> None:
        self._file, self._start, self._name = file, start, name
        self.is_ours: bool = is_ours
        #: The hash of all of it, where it was made while it was written.
        self.sha256: str = sha256
        self._seen = None if is_ours else self._identity()
        self._kept: bytes | None = None

    def open(self) -> BinaryIO:
        """Give a stream from where it stood.

        Raises:
            UnsupportedDocument: If it changed since it was given.
        """
        self.check()
        if self._kept is not None:
            return io.BytesIO(self._kept)
        return cast("BinaryIO", io.BufferedReader(_Window(self._file, self._start)))

    def beginning(self, size_bytes: int) -> bytes:
        """Give so many bytes from where it stood, all where it has fewer.

        Raises:
            OSError, ValueError: If it cannot be read.
            UnsupportedDocument: As `open`.
        """
        return _first(self, size_bytes)

    def keep(self, content: bytes) -> None:
        """Read it from memory from now on."""
        self._kept = content

    def check(self) -> None:
        """Refuse to go on where somebody writes to it while it is being sent."""
        if self._seen is not None and self._identity() != self._seen:
            raise _changed(self._name)

    def close(self) -> None:
        """Let go of it; one that we made is removed by that."""
        self._kept = None
        if self.is_ours:
            self._file.close()

    def _identity(self) -> _Identity | None:
        try:
            return _identity(os.fstat(self._file.fileno()))
        except (OSError, ValueError, AttributeError):
            # It is no file of the system, or closed, which reading will tell.
            return None


def _first(content: FromPath | FromFile, size_bytes: int) -> bytes:
    # What `open` refuses, it says in its own words.
    with contextlib.closing(content.open()) as stream:
        return stream.read(size_bytes)


def _read(descriptor: int, size_bytes: int, *, believed_bytes: int) -> bytes:
    """Read so much, or to the end; some files of the system have more or less than they say."""
    head = os.read(descriptor, size_bytes)
    while 0 < len(head) < size_bytes and len(head) != believed_bytes:
        more = os.read(descriptor, size_bytes - len(head))
        if not more:
            break
        head += more
    return head


#: What can be opened again and again.
Kept: TypeAlias = Bytes | FromPath | FromFile
