"""What is uploaded: a name, a type, a size, a hash, and bytes that can be read again from the start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO, Protocol


class Content(Protocol):
    """Bytes that can be read as often as needed."""

    def open(self) -> BinaryIO:
        """Give a new stream at the first byte; the caller closes it."""
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """One document, ready to be sent.

    `paperhook.sources.open_document` makes one from a path, bytes, a file or an iterator.
    """

    #: Base name only, never a path.
    filename: str
    #: By the first bytes where they are known, else by the name.
    content_type: str
    size_bytes: int
    #: Lower-case hex SHA-256 of the content; empty where nobody has to know it.
    sha256: str
    content: Content = field(repr=False, compare=False)
