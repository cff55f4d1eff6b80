"""What the simulator asks of whoever reads documents, and what kinds of file it can tell apart."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from paperhook.errors import MissingExtra

logger: logging.Logger = logging.getLogger(__name__)


class ReadField(Protocol):
    """One value found on a page."""

    @property
    def value(self) -> str:
        """ISO date, plain decimal, ISO currency, or text."""
        ...

    @property
    def text(self) -> str:
        """As printed."""
        ...

    @property
    def confidence(self) -> float:
        """0..1."""
        ...

    @property
    def match_ratio(self) -> float:
        """0..1: how much of the value was found printed on the page."""
        ...

    @property
    def page_number(self) -> int:
        """From 1."""
        ...

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1; integers 0..1000, origin top left."""
        ...


class ReadDocument(Protocol):
    """What was read from one document."""

    @property
    def document_type(self) -> str:
        """For example invoice or receipt."""
        ...

    @property
    def page_count(self) -> int:
        """How many pages there are."""
        ...

    @property
    def text(self) -> str:
        """All text in reading order."""
        ...

    @property
    def fields(self) -> Mapping[str, ReadField]:
        """Standard name to value.

        vendor, customer, invoice_number, invoice_date, due_date, currency, subtotal, tax, total, amount_due, po_number.
        """
        ...

    @property
    def line_items(self) -> Sequence[Mapping[str, ReadField]]:
        """One mapping per row: description, quantity, unit_price, amount."""
        ...

    @property
    def taxes(self) -> Sequence[Mapping[str, ReadField]]:
        """One mapping per rate of tax: tax_rate, taxable_amount, tax."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """What the reader was unsure of."""
        ...


class Reads(Protocol):
    """Reads documents; `paperhook.reading.Reader` is one."""

    async def aread(self, content: bytes, *, filename: str) -> ReadDocument:
        """Read one document.

        Raises:
            Exception: With the attributes `code` and `message` when the document cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it arrived."""

    #: As the client named it.
    filename: str
    content: bytes = field(repr=False)

    @property
    def kind(self) -> str:
        """Say what the bytes are, whatever the name says: png, jpeg, gif, bmp, tiff, webp, pdf, zip, or empty text."""
        return file_kind(self.content)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a document could not be read."""

    #: A word such as no_text, corrupt, encrypted, unsupported_type, timeout.
    code: str
    #: For people; never the document's content.
    message: str


async def read(reader: Reads, upload: Upload) -> ReadDocument | Unreadable:
    """Read an upload; whatever goes wrong is an answer, since a provider reports it instead of falling over."""
    try:
        return await reader.aread(upload.content, filename=upload.filename)
    except MissingExtra as error:
        logger.warning("simulator: %s", error)
        return Unreadable("internal", str(error))
    except Exception as error:  # noqa: BLE001 - a reader's bug ends one job, not the provider
        code = getattr(error, "code", None)
        if not isinstance(code, str):
            return Unreadable("internal", "the document could not be processed")
        message = str(getattr(error, "message", "the document could not be read"))
        if code == "no_text":
            # The provider's own answer would not say that something is missing here.
            logger.warning("simulator: %s", message)
        return Unreadable(code, message)


def file_kind(content: bytes) -> str:
    """Tell a file's kind from its first bytes."""
    head = content[:16]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    # Some mail gateways put bytes before a PDF's header; readers look for it in the first 1024.
    return "pdf" if b"%PDF-" in content[:1024] else ""


_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
