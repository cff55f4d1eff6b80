"""Recognised lines of a page that lies askew, or was photographed at an angle, laid level.

Rules look for what stands beside and below each other, so lines must be level; boxes must be where the page shows them.
Both are kept: a word's place on the levelled page, and its edges on the page as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from paperhook.textlayer import Word

#: In heights: a shorter strip does not tell which way its line runs.
TELLING = 4.0
#: Slopes below this, as height over width, move no word into another line.
LEVEL = 0.002
#: Steeper lines are stamps and stray marks.
STEEPEST = 0.2
#: A recognised line is framed with air; letters take this share of its height.
LETTERS = 0.87

#: What recognition glues: a label and its value ("Date:2.10.2024", "Tax:$5.00"), "No" and a number ("N°F2024-031").
_GLUED = re.compile(
    r"(?<=[^\W\d_]{2}:)(?=[\w$€£¥-])|(?<=\bN[°ºo]\.)(?=\w*\d)|(?<=\bN[°º])(?=\w*\d)|(?<=\bNr\.)(?=\w*\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Strip:
    """A recognised line: its text and the middles of its left and right edge."""

    text: str
    left: tuple[float, float]
    right: tuple[float, float]
    height: float
    #: Positions in the text with their places from left to right, both rising.
    stops: tuple[tuple[int, float], ...] = ()
    #: Far higher than wide, and more than a letter.
    is_upended: bool = False

    @property
    def width(self) -> float:
        """From left to right, at least a pixel."""
        return max(1.0, self.right[0] - self.left[0])

    @property
    def slope(self) -> float:
        """Downwards over rightwards."""
        return (self.right[1] - self.left[1]) / self.width

    @property
    def middle(self) -> float:
        """Height of the middle."""
        return (self.left[1] + self.right[1]) / 2


#: A small "l" that was taken for a capital "I": "TotaI", "inkI.", "S.r.I.".
_CAPITAL = re.compile(r"(?<=[^\W\d_A-Z])I(?![^\W\d_])|(?<=\b[Ss]\.[rp]\.)I(?=\.)")


def strip_of(text: str, corners: Any, parts: Sequence[tuple[str, Any]] = ()) -> Strip:
    """Make a strip of a line's corners: upper left, upper right, lower right, lower left.

    Args:
        parts: Pieces of the text in order, each with its own corners.
    """
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = ((float(x), float(y)) for x, y in corners)
    height = LETTERS * (abs(dy - ay) + abs(cy - by)) / 2
    left, right = ((ax + dx) / 2, (ay + dy) / 2), ((bx + cx) / 2, (by + cy) / 2)
    stops = tuple(_stops(text, left[0], right[0], parts))
    is_upended = len(text) > 2 and height > 1.5 * max(1.0, right[0] - left[0])
    return Strip(_CAPITAL.sub("l", text), left, right, height, stops, is_upended)


def _stops(
    text: str, left: float, right: float, parts: Sequence[tuple[str, Any]]
) -> Iterator[tuple[int, float]]:
    """Where characters stand, as far as the recognition tells; between two stops they share the room."""
    position, place = 0, left
    found: list[tuple[int, float]] = []
    for part, corners in parts:
        start = text.find(part, position)
        xs = sorted(float(corner[0]) for corner in corners)
        if start < 0 or not place <= xs[0] <= xs[-1] <= right:
            continue
        position, place = start + len(part), xs[-1]
        found += [(start, xs[0]), (position, place)]
    inner = [stop for stop in found if 0 < stop[0] < len(text)]
    first = found[0][1] if found and found[0][0] == 0 else left
    last = found[-1][1] if found and found[-1][0] == len(text) else right
    yield (0, first)
    yield from inner
    yield (len(text), last)


def is_sideways(strips: Sequence[Strip]) -> bool:
    """Whether most of the text runs up or down the page."""
    upended = sum(len(strip.text) for strip in strips if strip.is_upended)
    return upended > sum(len(strip.text) for strip in strips) / 2


def levelled(strips: Sequence[Strip], size: tuple[int, int]) -> Iterator[Word]:
    """Part strips into words and lay them level.

    Args:
        size: Width and height of the picture.
    """
    slopes = _Slopes(strips, size)
    for strip in strips:
        yield from _words(strip, slopes)


class _Slopes:
    """How lines run at each height of the page: alike on a turned page, fanning out on one seen at an angle."""

    def __init__(self, strips: Sequence[Strip], size: tuple[int, int]) -> None:
        self.x, self.y = size[0] / 2, size[1] / 2
        telling = [
            strip for strip in strips if strip.width > TELLING * strip.height and abs(strip.slope) < STEEPEST
        ]
        weight = sum(strip.width for strip in telling)
        self.mean = sum(strip.width * strip.slope for strip in telling) / weight if weight else 0.0
        self.change = self._change(telling) if len(telling) >= 6 else 0.0
        if all(abs(self.at(y)) < LEVEL for y in (0, size[1])):
            self.mean = self.change = 0.0

    def _change(self, strips: Sequence[Strip]) -> float:
        """How much the slope grows per pixel downwards: a line through all slopes, long strips first."""
        weight = sum(strip.width for strip in strips)
        self.y = sum(strip.width * strip.middle for strip in strips) / weight
        spread = sum(strip.width * (strip.middle - self.y) ** 2 for strip in strips)
        bent = sum(strip.width * (strip.middle - self.y) * (strip.slope - self.mean) for strip in strips)
        return bent / spread if spread else 0.0

    def at(self, y: float) -> float:
        return self.mean + self.change * (y - self.y)

    def level(self, x: float, y: float) -> tuple[float, float]:
        """Where a point stands when lines are level."""
        return x + self.mean * (y - self.y), y - self.at(y) * (x - self.x)


def _words(strip: Strip, slopes: _Slopes) -> Iterator[Word]:
    """Part a recognised line into words."""
    half = strip.height / 2
    for part in re.finditer(r"\S+", strip.text):
        cuts = [part.start(), *(cut.start() for cut in _GLUED.finditer(strip.text, *part.span())), part.end()]
        for start, end in pairwise(cuts):
            x0, x1 = _place(strip, start), _place(strip, end)
            y0, y1 = (strip.left[1] + strip.slope * (x - strip.left[0]) for x in (x0, x1))
            (left, upper), (right, lower) = slopes.level(x0, y0), slopes.level(x1, y1)
            middle = (upper + lower) / 2
            shown = (x0, min(y0, y1) - half, x1, max(y0, y1) + half)
            yield Word(strip.text[start:end], left, middle - half, right, middle + half, shown)


def _place(strip: Strip, position: int) -> float:
    """Where a character begins."""
    stops = strip.stops or ((0, strip.left[0]), (len(strip.text), strip.right[0]))
    index = min(max(1, bisect_right(stops, (position, float("-inf")))), len(stops) - 1)
    (before, x0), (after, x1) = stops[index - 1], stops[index]
    return x0 + (x1 - x0) * (position - before) / max(1, after - before)
