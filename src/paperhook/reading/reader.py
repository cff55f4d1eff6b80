"""The parent's side of reading: documents go to a process that may crash, answers come back typed."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from paperhook.errors import MissingExtra
from paperhook.reading.extraction import Extraction, ReadingFailed
from paperhook.reading.process import pack
from paperhook.sandbox import Sandbox, SandboxFailed

#: s between the end of the child's own time and the moment it is killed.
GRACE = 2.0

_FAILURES = {
    "timeout": "the document was not read within {seconds:g} s",
    "out_of_memory": "the document needs more than {megabytes} MB of memory",
    "crashed": "the reading process ended on this document",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost.

    A scanned page takes many times as long as a page of text; a scan at 300 dpi on A3 has 17 megapixels.
    """

    seconds: float = 30.0
    #: Of the reading process, libraries included; recognising a picture takes up to 900 MB.
    memory_bytes: int = 1_150_000_000
    pages: int = 50
    #: Of one picture, before it is decoded.
    pixels: int = 50_000_000
    #: Of the file.
    size_bytes: int = 50_000_000


class Reader:
    """Reads one document at a time in one process of its own; calls from several threads queue up."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._sandbox = Sandbox("paperhook.reading.process", memory_bytes=limits.memory_bytes)
        self._lock = threading.Lock()

    @property
    def process_id(self) -> int | None:
        """Of the reading process; None while there is none."""
        return self._sandbox.process_id

    def start(self) -> None:
        """Start the process and load its libraries, so that the first document does not wait for them.

        Raises:
            ReadingFailed: With code ``crashed`` if the process does not start.
        """
        with self._lock:
            try:
                self._sandbox.start()
            except SandboxFailed:
                raise ReadingFailed("crashed", "the reading process does not start") from None

    def read(self, content: bytes, *, filename: str) -> Extraction:
        """Read a document.

        Args:
            filename: Not used to tell the type: names lie.

        Raises:
            ReadingFailed: With a code of `paperhook.reading.extraction`.
            MissingExtra: If the libraries are not installed.
        """
        limits = self._limits
        if not content:
            raise ReadingFailed("empty_file", "the file has no bytes")
        if len(content) > limits.size_bytes:
            raise ReadingFailed(
                "too_large", f"the file has {len(content)} bytes; at most {limits.size_bytes} are read"
            )
        head = {"pages": limits.pages, "pixels": limits.pixels, "seconds": limits.seconds}
        with self._lock:
            try:
                answer = json.loads(self._sandbox.call(pack(head, content), seconds=limits.seconds + GRACE))
            except SandboxFailed as failure:
                message = _FAILURES[failure.reason].format(
                    seconds=limits.seconds, megabytes=limits.memory_bytes // 1_000_000
                )
                raise ReadingFailed(failure.reason, message) from None
        if "missing" in answer:
            raise MissingExtra(answer["missing"])
        if "code" in answer:
            raise ReadingFailed(answer["code"], answer["message"])
        return Extraction.from_json(answer["extraction"])

    async def aread(self, content: bytes, *, filename: str) -> Extraction:
        """Read a document in a thread, so that the loop goes on; otherwise as `read`."""
        return await asyncio.to_thread(self.read, content, filename=filename)

    def close(self) -> None:
        """End the process; a later `read` starts another."""
        with self._lock:
            self._sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
