"""A page as its words, each with a place: all that the rules may look at."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from paperhook.reading.extraction import Box


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a space, in points or pixels of the upright page."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Page:
    """The words of one page in the order of the file, turned so that text runs left to right."""

    #: From 1.
    number: int
    #: Of the upright page, in the unit of the words.
    width: float
    height: float
    words: tuple[Word, ...]
    #: How often the displayed page was turned clockwise by 90 degrees to be upright: 0, 1, 2 or 3.
    quarter_turns: int = 0
    #: Mean certainty of the recognition, 0..1; 1 for a text layer.
    certainty: float = 1.0

    def box(self, words: Iterable[Word]) -> Box:
        """Enclose the words in integers 0..1000 of the displayed page, origin top left."""
        words = list(words)
        corners = [
            self._displayed(min(word.x0 for word in words), min(word.y0 for word in words)),
            self._displayed(max(word.x1 for word in words), max(word.y1 for word in words)),
        ]
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


def squeeze(text: str) -> str:
    """Reduce a text to its letters and digits, without case and accents.

    OCR and PDF producers glue and split words, so texts are compared without spaces.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if character.isalnum())


def joined(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)
