"""The pages of any document we read as small JPEG pictures, decoded in a process that may be killed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..errors import MissingExtra, UnsupportedDocument
from ..reading.extraction import ReadingFailed
from ..sandbox import Sandbox, SandboxFailed, serve

#: Pixels on the longer side: enough to read 8 point print on A4, at about 200 kB a page.
MAX_SIDE = 1500
#: Of the process that decodes, libraries included.
MEMORY_BYTES = 1_000_000_000
#: Of one picture, before it is decoded; as `paperhook.reading.reader.Limits.pixels`.
PIXELS = 50_000_000

_DPI = 130
_QUALITY = 72
_MISSING = 'pictures of pages need pypdfium2 and Pillow: pip install "paperhook[local-pdf]"'
_FAILURES = {
    "timeout": "no picture of it within {seconds:g} s",
    "out_of_memory": "a picture of it needs more than 1000 MB of memory",
    "crashed": "it made the renderer fail",
}


@dataclass(frozen=True, slots=True)
class PagePicture:
    """One page as it is displayed."""

    #: A JPEG file.
    jpeg: bytes
    #: In pixels.
    width: int
    height: int


def page_pictures(
    content: bytes, *, max_pages: int = 20, max_side: int = MAX_SIDE, seconds: float = 60
) -> list[PagePicture]:
    """Make a picture of each page of a PDF or an image file.

    Args:
        max_pages: Later pages are left out.
        max_side: Of each picture, in pixels.
        seconds: For the whole file.

    Raises:
        UnsupportedDocument: With code ``unreadable``.
        MissingExtra: If pypdfium2 or Pillow is not installed.
    """
    request = json.dumps({"max_pages": max_pages, "max_side": max_side}).encode() + b"\n" + content
    sandbox = Sandbox("paperhook.picture.pages", memory_bytes=MEMORY_BYTES)
    try:
        answered = sandbox.call(request, seconds=seconds)
    except SandboxFailed as failure:
        message = _FAILURES[failure.reason].format(seconds=seconds)
        raise UnsupportedDocument(message, code="unreadable") from None
    finally:
        sandbox.close()
    head, _, body = answered.partition(b"\n")
    told: dict[str, Any] = json.loads(head)
    if "missing" in told:
        raise MissingExtra(_MISSING)
    if "message" in told:
        raise UnsupportedDocument(told["message"], code="unreadable")
    return list(_parted(body, told["pages"]))


def _parted(body: bytes, shapes: Sequence[Sequence[int]]) -> Iterator[PagePicture]:
    start = 0
    for size, width, height in shapes:
        yield PagePicture(body[start : start + size], width, height)
        start += size


# The child's side.


def answer(request: bytes) -> bytes:
    """Make the pictures of one document; a refusal is an answer, too."""
    head, _, content = request.partition(b"\n")
    asked: dict[str, Any] = json.loads(head)
    try:
        pages = [_as_jpeg(picture, asked["max_side"]) for picture in _displayed(content, asked["max_pages"])]
    except ReadingFailed as failure:
        return json.dumps({"message": failure.message}).encode() + b"\n"
    except UnsupportedDocument as error:
        return json.dumps({"message": str(error)}).encode() + b"\n"
    except MemoryError:
        return json.dumps({"message": _FAILURES["out_of_memory"]}).encode() + b"\n"
    except ImportError:
        return b'{"missing": true}\n'
    shapes = [(len(page.jpeg), page.width, page.height) for page in pages]
    return json.dumps({"pages": shapes}).encode() + b"\n" + b"".join(page.jpeg for page in pages)


def _displayed(content: bytes, max_pages: int) -> Iterator[Any]:
    """Decode the pages one after the other, the way up that a viewer shows them."""
    from ..rasterise import opened, rendered
    from ..reading.document import media_type
    from ..reading.images import as_displayed, frames_of

    match media_type(content):
        case "application/pdf":
            with opened(content) as document:
                for index in range(min(len(document), max_pages)):
                    with rendered(document, index, _DPI) as (_, picture):
                        yield picture
        case "image":
            for picture in islice(frames_of(content, 10_000, PIXELS), max_pages):
                yield as_displayed(picture)
        case _:
            raise UnsupportedDocument("it is neither a PDF nor a PNG, JPEG, TIFF or WebP image")


def _as_jpeg(picture: Any, max_side: int) -> PagePicture:
    file = io.BytesIO()
    small = picture.convert("RGB")
    small.thumbnail((max_side, max_side))
    small.save(file, "JPEG", quality=_QUALITY)
    return PagePicture(file.getvalue(), small.width, small.height)


if __name__ == "__main__":
    serve(answer)
