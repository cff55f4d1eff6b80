"""Papers typed as text: words at places of a page, without a PDF, so that a hundred cost less than a second."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paperhook.reading.extraction import Extraction
from paperhook.reading.fields import extract
from paperhook.textlayer import Page, Word

#: Points; the letters of a typewriter are 0.6 times as wide as they are high.
SIZE = 9.0
MARGIN = 12.0
WIDE = 0.6
STEP = 1.4


@dataclass(frozen=True)
class Paper:
    """What stands on a paper, and what of it is to be read; None where the paper does not state it."""

    text: str
    #: Any of these is right: a brand and the company behind it are both the vendor.
    vendor: tuple[str, ...]
    date: str | None = None
    total: str | None = None
    due: str | None = None

    def read(self) -> Extraction:
        """Apply the rules to it."""
        return extract([page_of(self.text)])


def page_of(text: str) -> Page:
    """Set a text: a space is a place, "=14 Name" is centred in letters of 14 points, "^14 Name" at the left edge."""
    lines = text.strip("\n").splitlines()
    across = max(_places(line) * WIDE * SIZE for line in lines if not re.match(r"[=^]\d", line))
    width = across + 2 * MARGIN
    words: list[Word] = []
    y = 2 * MARGIN
    for line in lines:
        found = re.match(r"([=^])(\d+) (.*)", line)
        size, plain = (float(found[2]), found[3]) if found else (SIZE, line)
        left = MARGIN
        if found and found[1] == "=":
            left = (width - _places(plain) * WIDE * size) / 2
        words += _words(plain, left, y, size)
        y += STEP * size
    return Page(1, width, max(y + 2 * MARGIN, width), tuple(words))


def _words(line: str, left: float, top: float, size: float) -> Iterator[Word]:
    for found in re.finditer(r"\S+", line):
        x0 = left + _places(line[: found.start()]) * WIDE * size
        yield Word(found[0], x0, top, x0 + _places(found[0]) * WIDE * size, top + 1.1 * size)


def _places(text: str) -> int:
    """Japanese letters take two places."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def value(extraction: Extraction, name: str) -> str | None:
    """Give a field's value, None where it was not read."""
    return extraction.fields[name].value if name in extraction.fields else None


def halves(papers: dict[str, Paper]) -> tuple[Sequence[str], Sequence[str]]:
    """Part papers in two: every second one in their order."""
    names = list(papers)
    return names[::2], names[1::2]
