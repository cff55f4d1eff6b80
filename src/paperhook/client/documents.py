"""What is done to a document around its upload."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

from ..core.document import Document
from ..sources import close_document, open_document


@contextlib.contextmanager
def closing(document: Document, source: object) -> Generator[None, None, None]:
    """Remove what was kept for retries, unless the document is the caller's own."""
    try:
        yield
    finally:
        if document is not source:
            close_document(document)


def rasterised(document: Document) -> tuple[Document, ...]:
    """Turn a PDF into one PNG a page, in a process of its own."""
    from ..rasterise import pages_as_png

    with contextlib.closing(document.content.open()) as stream:
        pages = pages_as_png(stream.read())
    stem = document.filename.rpartition(".")[0] or document.filename
    return tuple(
        open_document(page, filename=f"{stem}-{number}.png", content_type="image/png")
        for number, page in enumerate(pages, start=1)
    )
