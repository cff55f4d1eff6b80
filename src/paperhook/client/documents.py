"""What is done to a document around its upload."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Generator
from functools import partial

from ..core.document import Document
from ..sources import close_document, is_spooled, open_document
from .loops import Loop, TaskEnded


@contextlib.contextmanager
def closing(document: Document, source: object) -> Generator[None, None, None]:
    """Remove what was kept for retries, unless the document is the caller's own."""
    try:
        yield
    finally:
        if document is not source:
            close_document(document)


@contextlib.asynccontextmanager
async def closing_aside(loop: Loop, document: Document, source: object) -> AsyncGenerator[None]:
    """Do as `closing`, beside the loop where that removes a file; who is cancelled does not wait for it."""
    if not is_spooled(document):
        with closing(document, source):
            yield
        return
    try:
        yield
    finally:
        if document is not source:
            removing = loop.start(loop.in_thread(partial(close_document, document)))
            # The loop may be ending, which cancels what runs on it.
            with contextlib.suppress(TaskEnded):
                await loop.wait_for(removing, None)


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
