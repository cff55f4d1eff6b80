"""Bytes to `Extraction`, inside the reading process: the type is told by the bytes, never by the name."""

from __future__ import annotations

import time

from paperhook.reading.extraction import Extraction, ReadingFailed
from paperhook.reading.fields import extract
from paperhook.reading.words import Page

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
        if count == 0:
            raise ReadingFailed("corrupt", "the PDF has no pages")
        pages: list[Page] = []
        pictured: list[int] = []
        for index in range(count):
            page, has_pictures = pdf.read_page(document, index)
            pages.append(page)
            if has_pictures:
                pictured.append(index)
        if pictured and not any(page.words for page in pages):
            pages = _recognised(document, pages, pictured, pixels_limit, deadline)
        return confirm(extract(pages), pages, pdf.attachments(document))
    finally:
        document.close()


def _recognised(
    document: object, pages: list[Page], pictured: list[int], pixels_limit: int, deadline: float
) -> list[Page]:
    from paperhook.reading.images import recognise_pdf_pages

    return recognise_pdf_pages(document, pages, pictured, pixels_limit, deadline)
