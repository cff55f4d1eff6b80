"""An iterator's chunks, kept so that they can be sent again: a few in memory, more in a bounded temporary file."""

from __future__ import annotations

import tempfile
import threading
from typing import BinaryIO, cast

from ..errors import UnsupportedDocument
from .passing import bytes_of

#: An iterator that yields more than this is refused; it would fill the disk.
MAX_SPOOL_BYTES = 2 * 1024**3
#: What is gathered before it is written beside an event loop, and what stays in memory.
GATHERED_BYTES = 1024 * 1024


def unreadable(name: str, error: OSError | ValueError) -> UnsupportedDocument:
    """Say that a document cannot be read or kept, with the system's reason."""
    reason = getattr(error, "strerror", None) or type(error).__name__
    return UnsupportedDocument(f"{name}: {reason}", code="unreadable")


class Spool:
    """Takes chunks; a small document never becomes a file."""

    def __init__(self, name: str) -> None:
        self.name = name
        #: What was written out; whoever takes it closes it.
        self.file: BinaryIO | None = None
        self._gathered: list[bytes] = []
        self._gathered_bytes = self._size_bytes = 0
        # Whoever is cancelled closes it while a thread may still write.
        self._lock = threading.Lock()
        self._is_closed = False

    def add(self, chunk: bytes) -> bool:
        """Take a chunk, and tell whether it is time to write out.

        Raises:
            TypeError: If it is not bytes.
            UnsupportedDocument: If it is one too many.
        """
        kept = bytes_of(chunk, self.name)
        self._size_bytes += len(kept)
        if self._size_bytes > MAX_SPOOL_BYTES:
            raise UnsupportedDocument(
                f"{self.name} yields more than {MAX_SPOOL_BYTES} bytes", code="too_large"
            )
        self._gathered.append(kept)
        self._gathered_bytes += len(kept)
        return self._gathered_bytes >= GATHERED_BYTES

    def write_out(self) -> None:
        """Write what was gathered; a disk may be slow.

        Raises:
            UnsupportedDocument: If the disk is full or fails.
        """
        with self._lock:
            if self._is_closed:
                return
            try:
                if self.file is None:
                    self.file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed with the document
                # Not joined first: new memory for each write costs more than the write.
                self.file.writelines(self._gathered)
            except OSError as error:
                raise unreadable(self.name, error) from error
            self._gathered, self._gathered_bytes = [], 0

    def in_memory(self) -> bytes:
        """Give what is not written out."""
        return b"".join(self._gathered)

    def close(self) -> None:
        """Remove what was kept, and write nothing any more."""
        with self._lock:
            self._is_closed = True
            if self.file is not None:
                self.file.close()
