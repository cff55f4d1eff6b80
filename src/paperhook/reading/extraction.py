"""What reading a document yields, and how it fails.

=====================  ====================================================================
code                   when
=====================  ====================================================================
``empty_file``         the file has no bytes
``unsupported_type``   neither a PDF nor a PNG, JPEG, TIFF or WebP image (HEIC included)
``corrupt``            the bytes announce a type we read, and then do not follow it
``encrypted``          the PDF opens only with a password
``no_text``            a scan or a photo, and nothing here reads pictures (extra ``local``)
``too_large``          more bytes or pixels than the limits allow
``too_many_pages``     more pages than the limits allow
``timeout``            not read within the limit; the reading process was ended
``out_of_memory``      more memory than the limit; the reading process was ended
``crashed``            the reading process ended by itself; the document made a library fail
=====================  ====================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from paperhook.errors import PaperhookError

#: x0 y0 x1 y1, integers 0..1000, origin top left of the displayed page.
Box = tuple[int, int, int, int]

CODES = frozenset(
    {
        "empty_file",
        "unsupported_type",
        "corrupt",
        "encrypted",
        "no_text",
        "too_large",
        "too_many_pages",
        "timeout",
        "out_of_memory",
        "crashed",
    }
)

#: The names an `Extraction.fields` may hold.
FIELDS = (
    "vendor",
    "customer",
    "invoice_number",
    "invoice_date",
    "due_date",
    "currency",
    "subtotal",
    "tax",
    "total",
    "amount_due",
    "po_number",
)


class ReadingFailed(PaperhookError):
    """A document cannot be read; `code` is one of the table above, the message never quotes the document."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class ExtractedField:
    """One value with its evidence on the page."""

    #: ISO date, plain decimal such as ``1234.50``, ISO currency code, or text.
    value: str
    #: As printed on the page.
    text: str
    #: 0..1, by the rule that found the value and by what confirms it.
    confidence: float
    #: 0..1, of `text` against the page's words, compared without spaces and punctuation.
    match_ratio: float
    #: From 1.
    page_number: int
    box: Box


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that was read from one document. What the page does not state is absent."""

    #: ``invoice``, ``receipt``, ``credit_note`` or ``other``.
    document_type: str
    #: ISO 639-1, by the words found; None when they do not tell.
    language: str | None
    page_count: int
    #: Lines end with a newline, pages with a form feed; cells of a line are two spaces apart.
    text: str
    #: Keys are among `FIELDS`.
    fields: Mapping[str, ExtractedField]
    #: Keys of each are among ``description``, ``quantity``, ``unit_price``, ``amount``.
    line_items: tuple[Mapping[str, ExtractedField], ...]
    #: A field path and a reason each, never content of the document.
    warnings: tuple[str, ...]
    #: One for each rate of tax; keys of each are among ``tax_rate``, ``taxable_amount``, ``tax``.
    taxes: tuple[Mapping[str, ExtractedField], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Extraction:
        """Make it again from what `to_json` gave."""
        return cls(
            document_type=raw["document_type"],
            language=raw["language"],
            page_count=raw["page_count"],
            text=raw["text"],
            fields=_fields(raw["fields"]),
            line_items=tuple(_fields(item) for item in raw["line_items"]),
            warnings=tuple(raw["warnings"]),
            taxes=tuple(_fields(row) for row in raw["taxes"]),
        )


def _fields(raw: Mapping[str, Any]) -> dict[str, ExtractedField]:
    return {name: _field(field) for name, field in raw.items()}


def _field(raw: Mapping[str, Any]) -> ExtractedField:
    x0, y0, x1, y1 = raw["box"]
    return ExtractedField(
        value=raw["value"],
        text=raw["text"],
        confidence=raw["confidence"],
        match_ratio=raw["match_ratio"],
        page_number=raw["page_number"],
        box=(x0, y0, x1, y1),
    )
