"""Which pages of a PDF are pictures, and whether the text laid over one says what it shows."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

import pypdfium2.raw as pdfium

from paperhook.reading.words import Page, squeeze

#: Share of the page that a scan's picture takes at least.
COVERS = 0.6
#: Share of characters of no script beyond which a font hides what its letters are.
STRANGE = 0.2
#: Words of a recognised page that its text layer must have, to be believed in their place.
AGREES = 0.75
#: A scan with fewer words than this has a stamp of its scanner, no text layer.
FEW = 15


class Source(Enum):
    """What the words of a page are worth."""

    #: Text that the page shows.
    TEXT = auto()
    #: Text that nobody sees, over or under a scan: somebody else's recognition, or worse.
    HIDDEN = auto()
    #: No text, or none that can be read, but a picture.
    PICTURE = auto()


def source_of(pdf_page: Any, page: Page) -> Source:
    """Tell what the words of a page are worth."""
    objects = list(pdf_page.get_objects(max_depth=3))
    if _is_garbled(page):
        return Source.PICTURE
    if not page.words:
        pictured = any(each.type == pdfium.FPDF_PAGEOBJ_IMAGE for each in objects)
        return Source.PICTURE if pictured else Source.TEXT
    scan = _last_scan(pdf_page, objects)
    if scan is None:
        return Source.TEXT
    texts = [index for index, each in enumerate(objects) if each.type == pdfium.FPDF_PAGEOBJ_TEXT]
    hidden = sum(index < scan or _is_invisible(objects[index]) for index in texts)
    return Source.HIDDEN if 2 * hidden > len(texts) or len(page.words) < FEW else Source.TEXT


def _is_garbled(page: Page) -> bool:
    text = "".join(word.text for word in page.words)
    # Characters for private use, unassigned ones, and the mark of what could not be decoded.
    strange = sum(
        character == "\ufffd" or unicodedata.category(character) in {"Co", "Cn"} for character in text
    )
    return strange > STRANGE * len(text)


def _last_scan(pdf_page: Any, objects: Sequence[Any]) -> int | None:
    """The position of the last picture that covers the page; None without one."""
    area = pdf_page.get_width() * pdf_page.get_height()
    found = None
    for index, each in enumerate(objects):
        if each.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = each.get_bounds()
            if abs(right - left) * abs(top - bottom) >= COVERS * area:
                found = index
    return found


def _is_invisible(text: Any) -> bool:
    return bool(pdfium.FPDFTextObj_GetTextRenderMode(text.raw) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE)


def agrees(layer: Page, recognised: Page) -> bool:
    """Whether a text layer has the words that the page shows; then its letters are the surer ones."""
    known = squeeze("".join(word.text for word in layer.words))
    seen = [key for word in recognised.words if len(key := squeeze(word.text)) >= 3]
    return sum(key in known for key in seen) >= AGREES * len(seen)
