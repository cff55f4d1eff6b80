"""What is done to a document around its upload."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from typing import Protocol

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


class Opening(Protocol):
    """Opens a document, and asks between the chunks of an iterator whether nobody wants it any more."""

    def __call__(self, *, is_left: Callable[[], bool]) -> Document:
        """Open it."""
        ...


async def opened_aside(loop: Loop, open_it: Opening, source: object) -> Document:
    """Open a document beside the loop, because a disk may be slow and hashing reads the whole file once.

    Who is cancelled does not wait for it: it is read no further, and what was kept of it is removed.
    """
    is_left = threading.Event()
    opened: list[Document] = []

    def close() -> None:
        for document in opened:
            if document is not source:
                close_document(document)

    def work() -> Document:
        opened.append(open_it(is_left=is_left.is_set))
        if is_left.is_set():
            close()
        return opened[0]

    try:
        return await loop.in_thread(work)
    except BaseException:
        is_left.set()
        # It may have ended just before.
        close()
        raise


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
