"""Bytes to `Extraction`, inside the reading process: the type is told by the bytes, never by the name."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from paperhook.reading.extraction import Extraction, ReadingFailed
from paperhook.reading.fields import extract
from paperhook.reading.words import Page

if TYPE_CHECKING:
    from paperhook.reading.scans import Source

#: Junk that mail gateways put before a PDF's header may be this long, in bytes (PDF 1.7, appendix H.3.4.1, note 13).
HEADER_WITHIN = 1024


def read_document(content: bytes, *, pages_limit: int, pixels_limit: int, seconds: float) -> Extraction:
    """Read a document of any supported type.

    Args:
        seconds: Time that may be spent on recognising pictures; the parent ends the process soon after.

    Raises:
        ReadingFailed: With a code of `paperhook.reading.extraction`.
    """
    if not content:
        raise ReadingFailed("empty_file", "the file has no bytes")
    match media_type(content):
        case "application/pdf":
            return _read_pdf(content, pages_limit, pixels_limit, time.monotonic() + seconds)
        case "image":
            from paperhook.reading.images import read_image

            return extract(read_image(content, pages_limit, pixels_limit, time.monotonic() + seconds))
        case "image/heic":
            raise ReadingFailed("unsupported_type", "HEIC photos are not read; send the photo as JPEG or PNG")
        case _:
            raise ReadingFailed(
                "unsupported_type", "the file is neither a PDF nor a PNG, JPEG, TIFF or WebP image"
            )


def media_type(content: bytes) -> str:
    """Tell the type by the first bytes: ``application/pdf``, ``image``, ``image/heic`` or "" for any other."""
    if b"%PDF-" in content[:HEADER_WITHIN]:
        return "application/pdf"
    if content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")):
        return "image"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image"
    if content[4:8] == b"ftyp" and content[8:12] in {
        b"heic",
        b"heix",
        b"hevc",
        b"mif1",
        b"msf1",
        b"heim",
        b"avif",
    }:
        return "image/heic"
    return ""


def _read_pdf(content: bytes, pages_limit: int, pixels_limit: int, deadline: float) -> Extraction:
    from paperhook.reading import pdf
    from paperhook.reading.einvoice import confirm

    document = pdf.open_pdf(content)
    try:
        count = len(document)
        if count > pages_limit:
            raise ReadingFailed(
                "too_many_pages", f"the PDF has {count} pages; at most {pages_limit} are read"
            )
        read = [pdf.read_page(document, index) for index in range(count)]
        pages, warnings = _looked_at(document, read, pixels_limit, deadline)
        found = confirm(extract(pages), pages, pdf.attachments(document))
        return replace(found, warnings=(*found.warnings, *warnings))
    finally:
        document.close()


def _looked_at(
    document: Any, read: Sequence[tuple[Page, Source]], pixels_limit: int, deadline: float
) -> tuple[list[Page], list[str]]:
    """Recognise the pages whose text is missing or hidden.

    A hidden text layer that agrees with its page is kept, and then those of later pages are believed unseen.

    Returns:
        The pages, and a warning for each that could not be looked at.
    """
    from paperhook.reading.scans import Source, agrees

    pages = [page for page, _ in read]
    warnings: list[str] = []
    is_believed = False
    for index, (layer, source) in enumerate(read):
        if source is Source.TEXT or (source is Source.HIDDEN and is_believed):
            continue
        try:
            seen = _recognised(document, index, pixels_limit, deadline)
        except ReadingFailed as failure:
            # A page that only shows pictures is no reason to refuse the text of the others.
            if source is Source.PICTURE and all(other is Source.PICTURE for _, other in read):
                raise
            warnings.append(f"page {index + 1}: not recognised ({failure.code})")
            continue
        if source is Source.HIDDEN and agrees(layer, seen):
            is_believed = True
        else:
            pages[index] = seen
    return pages, warnings


def _recognised(document: Any, index: int, pixels_limit: int, deadline: float) -> Page:
    from paperhook.reading.images import recognise_pdf_page

    return recognise_pdf_page(document, index, pixels_limit, deadline)
