"""The words of a PDF page with their places, by PDFium; turned upright whatever the page's rotation.

Only reading and rasterising run this, each in a process that may be killed.
"""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

try:
    import pypdfium2.raw as pdfium
except ImportError as _error:  # pragma: no cover - the extra is installed wherever tests run
    raise ImportError('reading PDFs needs pypdfium2: pip install "paperhook[local-pdf]"') from _error

#: x0 y0 x1 y1, integers 0..1000, origin top left of the displayed page.
Box = tuple[int, int, int, int]
#: PageToDevice answers in whole units, so a page is measured on a grid of this many units.
GRID = 100_000
#: Characters per page beyond which a page is not a business document but an attack or a dump.
CHARACTERS = 200_000


class TooManyCharacters(ValueError):
    """A page holds more text than any business document."""


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a space, in points or pixels of the upright page."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    #: Its edges on the page as it is, where slanting lines were levelled; None where nothing was moved.
    shown: tuple[float, float, float, float] | None = None

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Left, upper, right and lower edge on the page as it is."""
        return self.shown or (self.x0, self.y0, self.x1, self.y1)

    @property
    def height(self) -> float:
        """Of the letters, ascenders and descenders included."""
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        """Height of the middle on the page."""
        return (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Page:
    """The words of one page in the order of the file, turned so that text runs left to right."""

    #: From 1.
    number: int
    #: Of the upright page, in the unit of the words.
    width: float
    height: float
    #: Not hashed: sets of phrases ask their page for its hash again and again.
    words: tuple[Word, ...] = field(hash=False)
    #: How often the displayed page was turned clockwise by 90 degrees to be upright: 0, 1, 2 or 3.
    quarter_turns: int = 0
    #: Mean certainty of the recognition, 0..1; 1 for a text layer.
    certainty: float = 1.0

    def box(self, words: Iterable[Word]) -> Box:
        """Enclose the words in integers 0..1000 of the displayed page, origin top left."""
        x0, y0, x1, y1 = zip(*(word.edges for word in words), strict=True)
        corners = [self._displayed(min(x0), min(y0)), self._displayed(max(x1), max(y1))]
        xs = sorted(_per_mille(x) for x, _ in corners)
        ys = sorted(_per_mille(y) for _, y in corners)
        return (xs[0], ys[0], xs[1], ys[1])

    def _displayed(self, x: float, y: float) -> tuple[float, float]:
        across, down = x / self.width, y / self.height
        match self.quarter_turns:
            case 1:
                return down, 1 - across
            case 2:
                return 1 - across, 1 - down
            case 3:
                return 1 - down, across
            case _:
                return across, down


def _per_mille(fraction: float) -> int:
    return min(1000, max(0, round(fraction * 1000)))


@dataclass(frozen=True, slots=True)
class Character:
    """A character as displayed, in points."""

    text: str
    #: Degrees, clockwise, as displayed (PDFium counts clockwise: observed, not documented).
    angle: int
    x0: float
    y0: float
    x1: float
    y1: float


def read_words(page: Any, number: int) -> Page:
    """Read the words of a page of a `pypdfium2.PdfDocument`.

    Raises:
        TooManyCharacters: If the page holds more than `CHARACTERS`.
    """
    return _upright(number, page.get_width(), page.get_height(), _characters(page))


def _characters(page: Any) -> list[Character | None]:
    """List the page's characters, None where a space separates words."""
    text_page = page.get_textpage()
    try:
        count = text_page.count_chars()
        if count > CHARACTERS:
            raise TooManyCharacters(f"a page holds {count} characters; at most {CHARACTERS} are read")
        measure = _Measure(page)
        return [measure.character(text_page, index) for index in range(count)]
    finally:
        text_page.close()


#: Where PDFium sees a line end. With fonts drawn glyph by glyph it sees one after each letter.
_LINE_END = Character("\n", 0, 0.0, 0.0, 0.0, 0.0)


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
        if text in "\r\n":
            return _LINE_END
        if 0xD800 <= code <= 0xDFFF or text.isspace() or not text.isprintable():
            return None
        if not pdfium.FPDFText_GetLooseCharBox(text_page, index, self.rect):
            return None  # pragma: no cover - PDFium has a box for every character that it counts
        x0, y0 = self._displayed(self.rect.left, self.rect.top)
        x1, y1 = self._displayed(self.rect.right, self.rect.bottom)
        # What stands outside the page nobody sees.
        if not (0 <= x0 + x1 <= 2 * self.width and 0 <= y0 + y1 <= 2 * self.height):
            return None
        radians = pdfium.FPDFText_GetCharAngle(text_page, index)
        angle = round(math.degrees(radians)) + self.turned
        return Character(text, angle % 360, min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    def _displayed(self, x: float, y: float) -> tuple[float, float]:
        pdfium.FPDF_PageToDevice(self.page, 0, 0, GRID, GRID, 0, x, y, self.device_x, self.device_y)
        return self.device_x.value * self.width / GRID, self.device_y.value * self.height / GRID


def _upright(number: int, width: float, height: float, characters: list[Character | None]) -> Page:
    """Keep the characters of the page's main direction and turn them upright.

    A watermark across the page or a note along its edge would otherwise break the lines it crosses.
    """
    angles = Counter(
        character.angle for character in characters if character is not None and character is not _LINE_END
    )
    most = angles.most_common(1)[0][0] if angles else 0
    main = 90 * round(most / 90) % 360 if abs(most - 90 * round(most / 90)) <= 2 else 0
    turns = -main // 90 % 4
    kept: list[Character | None] = []
    for character in characters:
        if character is None or character is _LINE_END:
            kept.append(character)
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
    is_end = False
    # Of the letters of the run, how many a line end precedes: cells may touch, letters by themselves are a word.
    joined = 0
    for character in characters:
        if character is _LINE_END:
            is_end = True
            continue
        by_letter = joined == len(run) - 1
        ends = is_end and bool(run) and not (by_letter and character and _touches(run[-1], character))
        if run and (character is None or ends or _apart(run, character)):
            words.append(_word(run))
            run, joined, is_end = [], 0, False
        if character is not None:
            joined += is_end and bool(run)
            run.append(character)
        is_end = False
    if run:
        words.append(_word(run))
    return words


def _apart(run: list[Character], after: Character) -> bool:
    before = run[-1]
    if abs(before.x0 - after.x0) + abs(before.x1 - after.x1) + abs(before.y0 - after.y0) < 0.01:
        # Letters of one glyph, such as "ffi", share its box.
        return False
    height = max(before.y1 - before.y0, after.y1 - after.y0)
    if abs((before.y0 + before.y1) - (after.y0 + after.y1)) / 2 > 0.6 * height:
        return True
    if not -0.5 * height < after.x0 - before.x1 < 0.25 * height:
        return True
    # "Kundennummer:2" is a label and its value; "10:30" and "http://" are not.
    return before.text == ":" and after.text.isalnum() and len(run) > 1 and run[-2].text.isalpha()


def _touches(before: Character, after: Character) -> bool:
    """Whether nothing lies between two characters of one line, whatever PDFium makes of it."""
    height = max(before.y1 - before.y0, after.y1 - after.y0)
    level = abs((before.y0 + before.y1) - (after.y0 + after.y1)) / 2 < 0.1 * height
    return level and abs(after.x0 - before.x1) < 0.06 * height


def _word(run: list[Character]) -> Word:
    return Word(
        "".join(character.text for character in run),
        min(character.x0 for character in run),
        min(character.y0 for character in run),
        max(character.x1 for character in run),
        max(character.y1 for character in run),
    )
