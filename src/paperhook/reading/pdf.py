"""A PDF's text layer as words, by PDFium, and the files attached to it."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from paperhook.reading.extraction import ReadingFailed
from paperhook.reading.words import Page, Word

try:
    import pypdfium2
    import pypdfium2.raw as pdfium
except ImportError as error:  # pragma: no cover - the extra is installed wherever tests run
    raise ImportError('reading PDFs needs pypdfium2: pip install "paperhook[local-pdf]"') from error

#: PageToDevice answers in whole units, so a page is measured on a grid of this many units.
GRID = 100_000
#: Attached invoices are tens of kB; a larger one is not read.
ATTACHMENT_BYTES = 5_000_000
#: PDFium's number for "the password is wrong or missing" (fpdfview.h, FPDF_ERR_PASSWORD).
NEEDS_PASSWORD = 4
#: Characters per page beyond which a page is not a business document but an attack or a dump.
CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class Character:
    text: str
    #: Degrees, counter-clockwise, as displayed.
    angle: int
    x0: float
    y0: float
    x1: float
    y1: float


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


def read_page(document: Any, index: int) -> tuple[Page, bool]:
    """Read the words of one page, and tell whether it holds pictures.

    Raises:
        ReadingFailed: With code ``corrupt`` or ``too_large``.
    """
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        raise ReadingFailed("corrupt", f"page {index + 1} of the PDF cannot be opened") from None
    try:
        characters = _characters(page)
        pictured = (
            any(
                item.type == pdfium.FPDF_PAGEOBJ_IMAGE
                for item in page.get_objects(max_depth=3, textpage=None)
            )
            if not characters
            else False
        )
        return _upright(index + 1, page.get_width(), page.get_height(), characters), pictured
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


def _characters(page: Any) -> list[Character | None]:
    """List the page's characters, None where a space or a line end separates words."""
    text_page = page.get_textpage()
    try:
        count = text_page.count_chars()
        if count > CHARACTERS:
            raise ReadingFailed(
                "too_large", f"a page holds {count} characters; at most {CHARACTERS} are read"
            )
        measure = _Measure(page)
        return [measure.character(text_page, index) for index in range(count)]
    finally:
        text_page.close()


class _Measure:
    """Turns PDFium's page coordinates into points of the displayed page, whatever its /Rotate."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.width, self.height = page.get_size()
        self.turned = page.get_rotation()
        self.rect = pdfium.FS_RECTF()
        self.device_x, self.device_y = ctypes.c_int(), ctypes.c_int()

    def character(self, text_page: Any, index: int) -> Character | None:
        code = pdfium.FPDFText_GetUnicode(text_page, index)
        # U+FFFE marks a hyphen at a line end; half a surrogate pair cannot be a word of its own.
        text = "-" if code in (2, 0xFFFE) else chr(code)
        if 0xD800 <= code <= 0xDFFF or text.isspace() or not text.isprintable():
            return None
        if not pdfium.FPDFText_GetLooseCharBox(text_page, index, self.rect):
            return None
        x0, y0 = self._displayed(self.rect.left, self.rect.top)
        x1, y1 = self._displayed(self.rect.right, self.rect.bottom)
        radians = pdfium.FPDFText_GetCharAngle(text_page, index)
        angle = round(math.degrees(radians)) - self.turned
        return Character(text, angle % 360, min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    def _displayed(self, x: float, y: float) -> tuple[float, float]:
        pdfium.FPDF_PageToDevice(self.page, 0, 0, GRID, GRID, 0, x, y, self.device_x, self.device_y)
        return self.device_x.value * self.width / GRID, self.device_y.value * self.height / GRID


def _upright(number: int, width: float, height: float, characters: list[Character | None]) -> Page:
    """Keep the characters of the page's main direction and turn them upright.

    A watermark across the page or a note along its edge would otherwise break the lines it crosses.
    """
    angles = Counter(character.angle for character in characters if character)
    main = angles.most_common(1)[0][0] if angles else 0
    if main % 90:
        main = 0
    turns = main // 90
    kept: list[Character | None] = []
    for character in characters:
        if character is None:
            kept.append(None)
        elif abs((character.angle - main + 180) % 360 - 180) <= 2:
            kept.append(_turned(character, turns, width, height))
    upright = (height, width) if turns % 2 else (width, height)
    return Page(number, *upright, tuple(_words(kept)), turns)


def _turned(character: Character, turns: int, width: float, height: float) -> Character:
    x0, y0, x1, y1 = character.x0, character.y0, character.x1, character.y1
    match turns:
        case 1:
            x0, y0, x1, y1 = height - y1, x0, height - y0, x1
        case 2:
            x0, y0, x1, y1 = width - x1, height - y1, width - x0, height - y0
        case 3:
            x0, y0, x1, y1 = y0, width - x1, y1, width - x0
        case _:
            pass
    return Character(character.text, character.angle, x0, y0, x1, y1)


def _words(characters: list[Character | None]) -> list[Word]:
    words: list[Word] = []
    run: list[Character] = []
    for character in characters:
        if run and (character is None or _apart(run, character)):
            words.append(_word(run))
            run = []
        if character is not None:
            run.append(character)
    if run:
        words.append(_word(run))
    return words


def _apart(run: list[Character], after: Character) -> bool:
    before = run[-1]
    height = max(before.y1 - before.y0, after.y1 - after.y0)
    if abs((before.y0 + before.y1) - (after.y0 + after.y1)) / 2 > 0.6 * height:
        return True
    if not -0.5 * height < after.x0 - before.x1 < 0.25 * height:
        return True
    # "Kundennummer:2" is a label and its value; "10:30" and "http://" are not.
    return before.text == ":" and after.text.isalnum() and len(run) > 1 and run[-2].text.isalpha()


def _word(run: list[Character]) -> Word:
    return Word(
        "".join(character.text for character in run),
        min(character.x0 for character in run),
        min(character.y0 for character in run),
        max(character.x1 for character in run),
        max(character.y1 for character in run),
    )
