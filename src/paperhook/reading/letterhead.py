"""What stands at the head of a paper: the column below a name, names that wrap, and whether the paper is a till's slip."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from paperhook.reading.dates import is_only_date
from paperhook.reading.layout import Line, Phrase
from paperhook.reading.names import EMAIL, MAIL_HOSTS, POSTAL, is_form
from paperhook.reading.vocabulary import TITLE_MEANINGS
from paperhook.reading.words import Word, squeeze

#: Letters that fit on a line of a slip; a letter has twice as many.
_NARROW = 60
#: Heights that may lie between two lines of one head.
_GAP = 2.2
#: Lines of a head that are looked at.
_LINES = 8
#: Heights that may lie between words of a name that is printed wide.
_WIDE = 3.0
#: Signs and words after which a name goes on in the next line.
_GOES_ON = re.compile(r"(?i)(?:&|\+|\band|\bund|\bet|\by|\be|\ben|\bof|\bde)$")


def is_slip(lines: Sequence[Line]) -> bool:
    """Whether a page is as narrow as a till's paper, told by how many of its letters fit on a line."""
    words = [word for line in lines if line.page is lines[0].page for word in line.words]
    letter = median((word.x1 - word.x0) / len(word.text) for word in words)
    across = max(word.x1 for word in words) - min(word.x0 for word in words)
    return across < _NARROW * letter


def column_of(lines: Sequence[Line], index: int, phrase: Phrase, step: int) -> list[Phrase]:
    """Give the phrases that stand in a phrase's column without a gap, nearest first.

    Args:
        index: Of the phrase's line.
        step: 1 for those below it, -1 for those above it.
    """
    found: list[Phrase] = []
    last = phrase
    for line in _onwards(lines, index, step):
        if line.page is not phrase.page:
            break
        inside = [each for each in line.phrases if each.x0 < phrase.x1 and each.x1 > phrase.x0]
        gap = line.y0 - last.y1 if step > 0 else last.y0 - line.y1
        if not inside or gap > _GAP * min(last.height, line.height):
            break
        last = inside[0]
        found.append(last)
    return found


def _onwards(lines: Sequence[Line], index: int, step: int) -> Iterator[Line]:
    for other in range(index + step, index + step * (_LINES + 1), step):
        if 0 <= other < len(lines):
            yield lines[other]


def is_registration(text: str) -> bool:
    """Whether a line is hardly more than the number under which a company is known: "789417-W", "(GST 001492992000)"."""
    digits = sum(character.isdigit() for character in text)
    letters = sum(character.isalpha() for character in text)
    is_long = digits >= 6 or bool(re.search(r"\d{4}-[A-Z]\b", text))
    return is_long and letters <= 10 and not POSTAL.search(text) and not is_only_date(text)


def longer_names(lines: Sequence[Line], index: int) -> Iterator[tuple[Word, ...]]:
    """Give names of a line that are more than a phrase: printed wide, or going on in the next line."""
    line = lines[index]
    # The title of the paper may stand beside the name.
    named = [phrase for phrase in line.phrases if squeeze(phrase.text) not in TITLE_MEANINGS]
    apart = [line.phrases.index(phrase) for phrase in named]
    if len(named) > 1 and not re.search(r"\d|:", line.text) and apart[-1] - apart[0] == len(named) - 1:
        gaps = [right.x0 - left.x1 for left, right in pairwise(named)]
        if max(gaps) <= _WIDE * line.height:
            yield tuple(word for phrase in named for word in phrase.words)
    if len(line.phrases) == 1:
        first, *below = [line.phrases[0], *column_of(lines, index, line.phrases[0], 1)[:2]]
        words = first.words
        for after in below:
            if not _goes_on(" ".join(word.text for word in words), after.text):
                break
            words = (*words, *after.words)
        if words != first.words:
            yield words


def _goes_on(text: str, after: str) -> bool:
    """Whether a name goes on in the line below it."""
    is_open = text.count("(") > text.count(")")
    return is_open or bool(_GOES_ON.search(text)) or after.startswith("&") or is_form(after)


def domains_of(lines: Sequence[Line]) -> list[str]:
    """The names of all mail domains and web sites but those of mail hosts, squeezed."""
    names: list[str] = []
    for line in lines:
        for found in EMAIL.finditer(line.text):
            parts = (found[1] or found[2]).casefold().split(".")
            name = parts[-2]
            if name in {"co", "com"} and len(parts) >= 3:
                name = parts[-3]
            if name not in MAIL_HOSTS:
                names.append(squeeze(name))
    return names
