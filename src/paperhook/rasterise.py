"""A PDF's pages as PNG pictures, for providers that accept only pictures; rendered in a process that may be killed.

Each picture carries the page's own words with their places in a text chunk, `WORDS_KEY`. That is a text layer
travelling with the picture, as a PDF has one: our local provider reads it where nothing recognises pictures.
Real providers ignore it and look at the pixels.
"""

from __future__ import annotations

import contextlib
import io
import json
import struct
from collections.abc import Generator
from typing import Any

from paperhook.errors import MissingExtra, UnsupportedDocument
from paperhook.sandbox import Sandbox, SandboxFailed, serve

#: Keyword of the PNG text chunk (iTXt, compressed) that holds the words.
WORDS_KEY = "paperhook:words"
#: Pixels on the longer side; a page of any size then costs at most 25 MB.
MAX_SIDE = 2500
#: Of the rendering process, libraries included.
MEMORY_BYTES = 1_000_000_000
#: A text chunk larger than this is not written: readers refuse chunks beyond 1 MB.
WORDS_BYTES = 900_000
#: PDFium's number for "the password is wrong or missing" (fpdfview.h, FPDF_ERR_PASSWORD).
NEEDS_PASSWORD = 4

_MISSING = 'rasterising needs pypdfium2 and Pillow: pip install "paperhook[local-pdf]"'
_LENGTH = struct.Struct(">Q")
_FAILURES = {
    "timeout": "the PDF was not rendered within {seconds:g} s",
    "out_of_memory": "rendering the PDF needs more than 1000 MB of memory",
    "crashed": "the PDF made the renderer fail",
}


def pages_as_png(content: bytes, *, dpi: int = 200, max_pages: int = 50, seconds: float = 60) -> list[bytes]:
    """Render each page of a PDF.

    Args:
        dpi: Lowered for pages whose longer side would exceed `MAX_SIDE` pixels.
        seconds: For the whole file.

    Returns:
        One PNG file per page, in order.

    Raises:
        UnsupportedDocument: With code ``unreadable`` or ``too_many_pages``.
        MissingExtra: If pypdfium2 or Pillow is not installed.
    """
    request = json.dumps({"dpi": dpi, "max_pages": max_pages}).encode() + b"\n" + content
    sandbox = Sandbox("paperhook.rasterise", memory_bytes=MEMORY_BYTES)
    try:
        answer = sandbox.call(request, seconds=seconds)
    except SandboxFailed as failure:
        raise UnsupportedDocument(
            _FAILURES[failure.reason].format(seconds=seconds), code="unreadable"
        ) from None
    finally:
        sandbox.close()
    head, _, body = answer.partition(b"\n")
    told: dict[str, Any] = json.loads(head)
    if "missing" in told:
        raise MissingExtra(_MISSING)
    if "message" in told:
        raise UnsupportedDocument(told["message"], code=told["code"])
    return _parted(body, told["sizes"])


def _parted(body: bytes, sizes: list[int]) -> list[bytes]:
    pages: list[bytes] = []
    start = 0
    for size in sizes:
        pages.append(body[start : start + size])
        start += size
    return pages


# The child's side.


def answer(request: bytes) -> bytes:
    """Render the pages of one PDF; a refusal is an answer, too."""
    head, _, content = request.partition(b"\n")
    asked: dict[str, Any] = json.loads(head)
    try:
        pages = render(content, dpi=asked["dpi"], max_pages=asked["max_pages"])
    except ImportError:
        return b'{"missing": true}\n'
    except MemoryError:
        return _refusal("unreadable", _FAILURES["out_of_memory"])
    except UnsupportedDocument as error:
        return _refusal(error.code, str(error))
    return json.dumps({"sizes": [len(page) for page in pages]}).encode() + b"\n" + b"".join(pages)


def _refusal(code: str, message: str) -> bytes:
    return json.dumps({"code": code, "message": message}).encode() + b"\n"


def render(content: bytes, *, dpi: int, max_pages: int) -> list[bytes]:
    """Render in this process; `pages_as_png` does so in another one.

    Raises:
        UnsupportedDocument: With code ``unreadable`` or ``too_many_pages``.
    """
    with opened(content) as document:
        if len(document) > max_pages:
            message = f"the PDF has {len(document)} pages; at most {max_pages} are rendered"
            raise UnsupportedDocument(message, code="too_many_pages")
        return [_page_as_png(document, index, dpi) for index in range(len(document))]


@contextlib.contextmanager
def opened(content: bytes) -> Generator[Any]:
    """Open a PDF as a `pypdfium2.PdfDocument`.

    Raises:
        UnsupportedDocument: With code ``unreadable``.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == NEEDS_PASSWORD:
            message = "the PDF opens only with a password; send it unprotected"
        else:
            message = "the file is not a complete PDF; export or download it again"
        raise UnsupportedDocument(message, code="unreadable") from None
    try:
        yield document
    finally:
        document.close()


@contextlib.contextmanager
def rendered(document: Any, index: int, dpi: int) -> Generator[tuple[Any, Any]]:
    """Render one page: the page, and a picture of it with at most `MAX_SIDE` pixels on the longer side.

    Raises:
        UnsupportedDocument: With code ``unreadable``.
    """
    import pypdfium2

    try:
        page = document[index]
        scale = min(dpi / 72, MAX_SIDE / max(page.get_size()))
        yield page, page.render(scale=scale).to_pil()
        page.close()
    except (pypdfium2.PdfiumError, ValueError, ZeroDivisionError):
        raise UnsupportedDocument(
            f"page {index + 1} of the PDF cannot be rendered", code="unreadable"
        ) from None


def _page_as_png(document: Any, index: int, dpi: int) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    from paperhook.textlayer import TooManyCharacters, read_words

    file = io.BytesIO()
    with rendered(document, index, dpi) as (page, picture):
        chunks = PngInfo()
        try:
            words = words_as_json(read_words(page, index + 1))
        except TooManyCharacters:
            words = None
        if words is not None:
            chunks.add_itxt(WORDS_KEY, words, zip=True)
        picture.save(file, "PNG", pnginfo=chunks)
    return file.getvalue()


def words_as_json(page: Any) -> str | None:
    """Write a `paperhook.textlayer.Page` for the text chunk; None when it has no words or too many.

    Shape: ``{"size": [width, height], "turns": n, "words": [[text, x0, y0, x1, y1], ...]}`` in points.
    """
    words = [
        [word.text, *(round(edge, 1) for edge in (word.x0, word.y0, word.x1, word.y1))] for word in page.words
    ]
    shape = {
        "size": [round(page.width, 1), round(page.height, 1)],
        "turns": page.quarter_turns,
        "words": words,
    }
    text = json.dumps(shape, ensure_ascii=False, separators=(",", ":"))
    return text if words and len(text.encode()) <= WORDS_BYTES else None


if __name__ == "__main__":
    serve(answer)
