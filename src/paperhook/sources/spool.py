"""An iterator's chunks, kept so that they can be sent again: a few in memory, more in a bounded temporary file.

The hash is made meanwhile, in a thread of its own: it takes longer than reading an iterator and writing together.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO, cast

from ..errors import UnsupportedDocument
from .passing import bytes_of

#: An iterator that yields more than this is refused; it would fill the disk.
MAX_SPOOL_BYTES = 2 * 1024**3
#: What is gathered before it is written, and what stays in memory.
GATHERED_BYTES = 1024 * 1024


def unreadable(name: str, error: OSError | ValueError) -> UnsupportedDocument:
    """Say that a document cannot be read or kept, with the system's reason."""
    reason = getattr(error, "strerror", None) or type(error).__name__
    return UnsupportedDocument(f"{name}: {reason}", code="unreadable")


class Spool:
    """Takes chunks; a small document never becomes a file.

    Args:
        name: The document's, for messages.
        is_hashed: Whether to hash what is written out, meanwhile.
    """

    def __init__(self, name: str, *, is_hashed: bool) -> None:
        self.name = name
        #: What was written out; whoever takes it closes it.
        self.file: BinaryIO | None = None
        self._is_hashed = is_hashed
        self._hashing: _Hashing | None = None
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
        if self._hashing is not None:
            self._hashing.settle()
        with self._lock:
            if self._is_closed:
                return
            if self._is_hashed:
                self._hashing = self._hashing or _Hashing()
                self._hashing.go_on(self._gathered)
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

    def finish(self) -> str:
        """Write out the rest, and give the hash of all that was written; empty where nobody wants one.

        Raises:
            UnsupportedDocument: If the disk is full or fails.
        """
        self.write_out()
        return "" if self._hashing is None else self._hashing.end()

    def close(self) -> None:
        """Remove what was kept, and write nothing any more."""
        with self._lock:
            self._is_closed = True
            if self.file is not None:
                self.file.close()
            if self._hashing is not None:
                self._hashing.leave()


class _Hashing:
    """A hash that is made in a thread of its own, or by whoever writes where no thread can be started."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._thread: ThreadPoolExecutor | None = ThreadPoolExecutor(1, thread_name_prefix="paperhook-hash")
        self._last: Future[None] | None = None

    def go_on(self, chunks: Sequence[bytes]) -> None:
        """Have some more hashed."""
        if self._thread is not None:
            try:
                self._last = self._thread.submit(self._hash, chunks)
            except RuntimeError:
                # The interpreter ends, or the system has no more of them. What was asked nobody will do any more.
                self._thread = None
            else:
                return
        self._hash(chunks)

    def settle(self) -> None:
        """Wait until what it was given is hashed, so that no more is in memory than its caller gathers."""
        if self._last is not None:
            self._last.result()

    def _hash(self, chunks: Sequence[bytes]) -> None:
        for chunk in chunks:
            self._digest.update(chunk)

    def end(self) -> str:
        """Give the hash of all of it."""
        self.settle()
        self.leave(wait=True)
        return self._digest.hexdigest()

    def leave(self, *, wait: bool = False) -> None:
        """End the thread."""
        if self._thread is not None:
            self._thread.shutdown(wait=wait)
