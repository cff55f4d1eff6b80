"""Words become phrases and lines by where they stand, not by their order in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from paperhook.reading.words import Page, Word, joined

#: Gaps between words of one phrase, as fractions of their height; more is a new cell.
PHRASE_GAP = 0.85
#: The same where the spaces of a page are as narrow as they usually are: cells may stand closer than 0.85.
NARROW_GAP = 0.5
#: How many of the page's usual spaces are more than a space.
SPACES = 2.2
#: Vertical distance of the middles of words on one line, as a fraction of the smaller height.
LINE_SLOPE = 0.38
#: The same where words were recognised: their boxes are less exact, and a levelled page is not quite level.
RECOGNISED_SLOPE = 0.52
#: Spaces that must be seen before a page's usual one is known.
_TELLING = 12


# Phrases and lines are asked for their text and their place so often that both are kept: hence no slots.


@dataclass(frozen=True)
class Phrase:
    """Words of one line with no more than a space between them: a cell, a label, a part of a sentence."""

    page: Page
    words: tuple[Word, ...]

    def __hash__(self) -> int:
        # Without its page, which would be hashed with all of its words.
        return hash((self.words[0].x0, self.words[0].y0, len(self.words)))

    @cached_property
    def text(self) -> str:
        """The words with a space between them."""
        return joined(self.words)

    @property
    def x0(self) -> float:
        """Left edge."""
        return self.words[0].x0

    @property
    def x1(self) -> float:
        """Right edge."""
        return self.words[-1].x1

    @cached_property
    def y0(self) -> float:
        """Upper edge."""
        return min(word.y0 for word in self.words)

    @cached_property
    def y1(self) -> float:
        """Lower edge."""
        return max(word.y1 for word in self.words)

    @property
    def middle(self) -> float:
        """Height of the middle."""
        return (self.y0 + self.y1) / 2

    @cached_property
    def height(self) -> float:
        """Of most of its letters."""
        return median(word.height for word in self.words)


@dataclass(frozen=True)
class Line:
    """All phrases at one height of a page, left to right."""

    page: Page
    phrases: tuple[Phrase, ...]

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """All words, left to right."""
        return tuple(word for phrase in self.phrases for word in phrase.words)

    @cached_property
    def text(self) -> str:
        """The phrases, two spaces apart."""
        return "  ".join(phrase.text for phrase in self.phrases)

    @cached_property
    def y0(self) -> float:
        """Upper edge."""
        return min(phrase.y0 for phrase in self.phrases)

    @cached_property
    def y1(self) -> float:
        """Lower edge."""
        return max(phrase.y1 for phrase in self.phrases)

    @cached_property
    def middle(self) -> float:
        """Height of the middle."""
        return (self.y0 + self.y1) / 2

    @cached_property
    def height(self) -> float:
        """Of most of its letters."""
        return median(phrase.height for phrase in self.phrases)


@dataclass(frozen=True, slots=True)
class Block:
    """Phrases below each other with a common edge: an address, a paragraph."""

    phrases: tuple[Phrase, ...]


def lines_of(page: Page) -> list[Line]:
    """Gather the page's words into lines, top to bottom."""
    slope = LINE_SLOPE if page.certainty == 1.0 else RECOGNISED_SLOPE
    rows: list[list[Word]] = []
    for word in sorted(page.words, key=lambda word: (word.middle, word.x0)):
        row = next((row for row in reversed(rows[-4:]) if _level(row, word, slope)), None)
        if row is None:
            rows.append([word])
        else:
            row.append(word)
    gap = _cell_gap(rows) if page.certainty == 1.0 else PHRASE_GAP
    lines = [Line(page, tuple(_phrases(page, row, gap))) for row in rows]
    return sorted(lines, key=lambda line: line.middle)


def _level(row: list[Word], word: Word, slope: float) -> bool:
    nearest = min(row, key=lambda other: max(other.x0 - word.x1, word.x0 - other.x1))
    limit = slope * min(nearest.height, word.height)
    return abs(nearest.middle - word.middle) <= limit and abs(row[0].middle - word.middle) <= 2 * limit


def _cell_gap(rows: Sequence[Sequence[Word]]) -> float:
    """The gap that parts two cells of a page, in heights: told by how wide its spaces are."""
    gaps = [
        (right.x0 - left.x1) / min(left.height, right.height)
        for row in rows
        for left, right in pairwise(sorted(row, key=lambda word: word.x0))
        if min(left.height, right.height) > 0
    ]
    spaces = [gap for gap in gaps if 0.05 < gap <= PHRASE_GAP]
    if len(spaces) < _TELLING:
        return PHRASE_GAP
    return min(PHRASE_GAP, max(NARROW_GAP, SPACES * median(spaces)))


def _phrases(page: Page, row: Sequence[Word], gap: float) -> list[Phrase]:
    phrases: list[list[Word]] = []
    for word in sorted(row, key=lambda word: word.x0):
        if phrases and word.x0 - phrases[-1][-1].x1 <= gap * min(word.height, phrases[-1][-1].height):
            phrases[-1].append(word)
        else:
            phrases.append([word])
    return [Phrase(page, tuple(words)) for words in phrases]


def blocks_of(lines: Sequence[Line], *, reach: float = 1.1) -> list[Block]:
    """Gather phrases that stand below each other with a common left, right or middle edge.

    Args:
        reach: The widest gap between two lines of a block, in their heights.
    """
    blocks: list[list[Phrase]] = []
    for line in lines:
        for phrase in line.phrases:
            block = next((block for block in reversed(blocks) if _continues(block[-1], phrase, reach)), None)
            if block is None:
                blocks.append([phrase])
            else:
                block.append(phrase)
    return [Block(tuple(block)) for block in blocks]


def _continues(above: Phrase, below: Phrase, reach: float) -> bool:
    height = min(above.height, below.height)
    if above.page is not below.page or not -0.3 * height < below.y0 - above.y1 < reach * height:
        return False
    if max(above.height, below.height) > 1.45 * height:
        return False
    edges = (below.x0 - above.x0, below.x1 - above.x1, (below.x0 + below.x1 - above.x0 - above.x1) / 2)
    return any(abs(edge) < 0.35 * height for edge in edges)
