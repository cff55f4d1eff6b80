"""An iterator's bytes sent while it is read: nothing is kept of them, so they can be sent once."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import BinaryIO, cast

from typing_extensions import override

from ..errors import UnsupportedDocument


class Passing:
    """The content of a document whose size somebody told before it was read.

    Args:
        head: What was read of it already.
        chunks: The rest.
        name: The document's, for messages.
        size_bytes: What the caller says that all of it is.
    """

    def __init__(self, head: bytes, chunks: Iterator[bytes], name: str, size_bytes: int) -> None:
        self.head: bytes = head
        self.chunks: Iterator[bytes] = chunks
        self.name: str = name
        self.size_bytes: int = size_bytes
        #: Whether some of it was sent, so that it cannot be sent from its beginning any more.
        self.is_spent: bool = False
        #: Whether nobody wants it any more; a thread may still read it.
        self.is_left: bool = False

    def open(self) -> BinaryIO:
        """Give the only stream that reads it.

        Raises:
            UnsupportedDocument: If another one did.
        """
        if self.is_spent:
            raise UnsupportedDocument(
                f"{self.name} was sent while it was read, so it cannot be sent again: leave out size_bytes",
                code="unreadable",
            )
        return cast("BinaryIO", _Stream(self))

    def close(self) -> None:
        """Read no further; nothing is kept, and the iterator is the caller's."""
        self.is_left = True


class _Stream(io.RawIOBase):
    def __init__(self, passing: Passing) -> None:
        self._passing = passing
        self._left = memoryview(b"")
        self._read_bytes = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def read(self, size: int = -1, /) -> bytes:
        passing = self._passing
        if not passing.is_spent:
            passing.is_spent, self._left, self._read_bytes = True, memoryview(passing.head), len(passing.head)
        # Few large pieces cost less to send than many small ones, and what is cut off one is not copied.
        taken: list[memoryview] = []
        wanted = sys.maxsize if size < 0 else size
        while wanted > 0 and (self._left or self._next()):
            taken.append(self._left[:wanted])
            wanted -= len(taken[-1])
            self._left = self._left[len(taken[-1]) :]
        return b"".join(taken)

    def _next(self) -> bool:
        """Read a piece, and tell whether there was one."""
        passing = self._passing
        for chunk in passing.chunks:
            if passing.is_left:
                raise UnsupportedDocument(f"{passing.name} was not read to its end", code="unreadable")
            self._left = memoryview(bytes_of(chunk, passing.name))
            self._read_bytes += len(self._left)
            if self._read_bytes > passing.size_bytes:
                raise wrong_size(passing.name, passing.size_bytes, "more")
            if self._left:
                return True
        if self._read_bytes < passing.size_bytes:
            raise wrong_size(passing.name, passing.size_bytes, str(self._read_bytes))
        return False


def bytes_of(chunk: object, name: str) -> bytes:
    """Give a piece that an iterator yields, copied where it may be changed meanwhile.

    Raises:
        TypeError: If it is not bytes.
    """
    if not isinstance(chunk, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"{name} yields {type(chunk).__name__}, not bytes; upload_many takes several documents"
        )
    return bytes(chunk)


def wrong_size(name: str, told_bytes: int, found: str) -> UnsupportedDocument:
    """Say that a document is not as large as was said."""
    return UnsupportedDocument(
        f"{name} has {found} bytes, not the {told_bytes} of size_bytes", code="wrong_size"
    )
