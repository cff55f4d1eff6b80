"""The words of a row: which of its lines are its name, and which are notes below it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from paperhook.reading.layout import Line
from paperhook.reading.words import Word, joined

#: Signs and words that end no description.
_GOES_ON = re.compile(
    r"(?i)(?:\s[-\u2013]|[,/&+]|\s(?:and|und|et|y|e|en|och|og|oraz|or|oder|ou|of|for|für|pour|para|per|voor|with|mit|avec|con))$"
)
#: In heights: what a cell leaves free at its right edge, and the next one at its left.
_PADDING = 2.4


def name_lines(description: Sequence[list[Word]], limit: float, widest: float) -> list[list[Word]]:
    """Keep the first line of a description and the lines it wraps into; notes below an item are not its name.

    A line was wrapped when its next word would not have fit before the next column, or when it goes on in
    small letters.
    """
    kept = [description[0]]
    for words in description[1:]:
        last = kept[-1]
        if words[0].height < 0.85 * last[0].height or _is_note(words):
            break
        flows = words[0].text[:1].islower() and not last[-1].text.endswith((".", "!", "?"))
        needed = last[-1].x1 + (0.25 + _PADDING) * last[-1].height + (words[0].x1 - words[0].x0)
        full = last[-1].x1 - last[0].x0 > 0.8 * (limit - last[0].x0)
        is_open = bool(_GOES_ON.search(joined(last)))
        if not (flows or is_open or needed > limit or (needed > widest and full)):
            break
        kept.append(words)
    return kept


def _is_note(words: Sequence[Word]) -> bool:
    """Whether a line says something of the item: with a label, "Gross price : 25.00", or in brackets."""
    text = joined(words)
    return bool(re.match(r"\(.*\)$", text)) or any(
        re.search(r"[^)]:$", word.text) or word.text == ":" for word in words[:4]
    )


def leading_text(line: Line) -> list[Word]:
    """The first cell of a line that holds words."""
    phrase = next((phrase for phrase in line.phrases if re.search(r"[^\W\d_]{2}", phrase.text)), None)
    return list(phrase.words) if phrase else []


def description_text(words: Sequence[Word]) -> str:
    """A description without the article code in brackets or asterisks before it, and without bar codes."""
    named = [word for word in words if not re.fullmatch(r"\d{8,14}", word.text)] or words
    text = re.sub(r"^(?:\[[^\]]{1,30}\]|\*[A-Za-z0-9_-]{1,30}\*)\s*", "", joined(named)).strip()
    return text.rstrip(":").strip() or joined(words)
