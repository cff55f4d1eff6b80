"""A PDF's pages as words, and the files attached to it."""

from __future__ import annotations

from typing import Any

try:
    import pypdfium2
except ImportError as _error:  # pragma: no cover - the extra is installed wherever tests run
    raise ImportError('reading PDFs needs pypdfium2: pip install "paperhook[local-pdf]"') from _error

from paperhook.reading.extraction import ReadingFailed
from paperhook.reading.scans import Source, source_of
from paperhook.textlayer import Page, TooManyCharacters, read_words

#: Attached invoices are tens of kB; a larger one is not read.
ATTACHMENT_BYTES = 5_000_000
#: PDFium's number for "the password is wrong or missing" (fpdfview.h, FPDF_ERR_PASSWORD).
NEEDS_PASSWORD = 4


def open_pdf(content: bytes) -> Any:
    """Open a PDF.

    Raises:
        ReadingFailed: With code ``encrypted`` or ``corrupt``.
    """
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == NEEDS_PASSWORD:
            raise ReadingFailed(
                "encrypted", "the PDF opens only with a password; upload it unprotected"
            ) from None
        raise ReadingFailed(
            "corrupt", "the file is not a complete PDF; export or download it again"
        ) from None


def read_page(document: Any, index: int) -> tuple[Page, Source]:
    """Read the words of one page, and tell what they are worth.

    Raises:
        ReadingFailed: With code ``corrupt`` or ``too_large``.
    """
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        raise ReadingFailed("corrupt", f"page {index + 1} of the PDF cannot be opened") from None
    try:
        words = read_words(page, index + 1)
        return words, source_of(page, words)
    except TooManyCharacters as error:
        raise ReadingFailed("too_large", str(error)) from None
    finally:
        page.close()


def attachments(document: Any) -> list[bytes]:
    """List the attached files that may be electronic invoices, by their XML names."""
    found: list[bytes] = []
    for index in range(min(document.count_attachments(), 20)):
        try:
            attachment = document.get_attachment(index)
            if not attachment.get_name().casefold().endswith(".xml"):
                continue
            content = bytes(attachment.get_data())
        except pypdfium2.PdfiumError:
            continue
        if len(content) <= ATTACHMENT_BYTES:
            found.append(content)
    return found
