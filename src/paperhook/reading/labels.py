"""Where a line says what a value is, and where that value may stand."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from paperhook.reading.layout import Line, Phrase
from paperhook.reading.phrases import Phrases
from paperhook.reading.vocabulary import LABEL_MEANINGS
from paperhook.reading.words import Word, squeeze

#: Words a label may have.
LONGEST = 7
#: Words and cells right of a label among which its value is: a page may be one line of thousands.
_WORDS = 60
_CELLS = 30
#: More strange words than this make no label less of one.
_STRANGE = 12

_SUMS = {"subtotal", "tax", "total", "amount_due", "minus", "plus", "paid"}

#: Words that may stand around a label and do not make it a sentence: rates, bases, currencies.
AROUND = re.compile(
    r"(?i)^(?:[\W\d]+|zzgl\.?|zuzügl\.?|inkl\.?|incl\.?|excl\.?|exkl\.?|plus|auf|on|of|at|von|sur|over|sobre|su|to|à|al|the|der|die|de|du|la|el|del|aus|in|eur|usd|gbp|chf|rate|net|netto|brutto|ht|for|this)[:.]?$"
)


@dataclass(frozen=True, slots=True)
class Label:
    """Words of a line that say what the value beside or below them is."""

    meanings: tuple[str, ...]
    line_index: int
    phrase_index: int
    #: Words of the phrase: first to last, without the last.
    start: int
    end: int
    phrase: Phrase
    text: str

    @property
    def words(self) -> tuple[Word, ...]:
        """The words of the label."""
        return self.phrase.words[self.start : self.end]

    @property
    def rest(self) -> tuple[Word, ...]:
        """The words of the phrase after the label."""
        return self.phrase.words[self.end :]

    @property
    def starts_phrase(self) -> bool:
        """Whether nothing stands before it in its cell."""
        return self.start == 0

    @property
    def is_bracketed(self) -> bool:
        """Whether it stands in brackets: "Shipping (net 4.67 + VAT 0.33)"."""
        before = "".join(word.text for word in self.phrase.words[: self.start + 1])
        return before.count("(") > before.count(")")

    @property
    def has_colon(self) -> bool:
        """Whether it ends with a sign that a value follows."""
        return self.phrase.words[self.end - 1].text.endswith((":", "#", "°"))


def windows(words: Sequence[Word], table: Phrases) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Find the longest phrases of a table in a run of words: first word, word after the last, meanings."""
    squeezed = [squeeze(word.text) for word in words]
    start = 0
    while start < len(words):
        found = _longest(squeezed, start, table.get) or _longest(squeezed, start, table.nearly)
        if found is None:
            start += 1
            continue
        end, meanings = found
        # A lone "#", ":" or "No" that the phrase did not need still belongs to the label.
        while end < len(words) and re.fullmatch(r"[:#.°*]+", words[end].text):
            end += 1
        yield start, end, meanings
        start = end


def _longest(
    squeezed: Sequence[str], start: int, look_up: Callable[[str], tuple[str, ...] | None]
) -> tuple[int, tuple[str, ...]] | None:
    """The word after the longest phrase that begins with a word, and what it means."""
    if not squeezed[start]:
        return None
    for end in range(min(len(squeezed), start + LONGEST), start, -1):
        meanings = look_up("".join(squeezed[start:end]))
        if meanings and squeezed[end - 1]:
            return end, meanings
    return None


def strange_words(words: Sequence[Word]) -> int:
    """Count the words that make a cell more than a label with its rate, base and currency; as many as ever matter."""
    return sum(1 for _ in islice((word for word in words if not AROUND.match(word.text)), _STRANGE))


def is_head_of_sums(line: Line) -> bool:
    """Whether a line is the head of a table of sums: "Net | VAT | Total", with the amounts below."""
    named = [_SUMS & set(LABEL_MEANINGS.get(squeeze(phrase.text), ())) for phrase in line.phrases]
    return sum(bool(kinds) for kinds in named) >= 2 and not re.search(r"\d{3}|\d[.,]\d", line.text)


class Labels(list[Label]):
    """Labels that know which of them stand on a line, so that none looks through all others."""

    @cached_property
    def _by_line(self) -> dict[int, list[Label]]:
        found: dict[int, list[Label]] = {}
        for label in self:
            found.setdefault(label.line_index, []).append(label)
        return found

    @cached_property
    def _starts(self) -> dict[tuple[int, int], list[int]]:
        """Where the labels of each phrase begin that another label's value ends at, in order."""
        found: dict[tuple[int, int], list[int]] = {}
        for label in self:
            stops = label.has_colon or len(squeeze(label.text)) > 3 or "tax" in label.meanings
            if stops and not (label.start and label.is_bracketed):
                found.setdefault((label.line_index, label.phrase_index), []).append(label.start)
        return {place: sorted(starts) for place, starts in found.items()}

    def on_line(self, line_index: int) -> Sequence[Label]:
        """The labels of a line, left to right."""
        return self._by_line.get(line_index, ())

    def meanings_of(self, line_index: int) -> set[str]:
        """What the labels of a line say."""
        return {meaning for label in self.on_line(line_index) for meaning in label.meanings}

    def next_start(self, line_index: int, phrase_index: int, start: int) -> int | None:
        """Where the next label of a phrase begins, from a word on."""
        starts = self._starts.get((line_index, phrase_index), ())
        position = bisect_left(starts, start)
        return starts[position] if position < len(starts) else None


def find_labels(lines: Sequence[Line]) -> Labels:
    """List all labels of a document's lines, top to bottom, left to right."""
    labels = Labels()
    for line_index, line in enumerate(lines):
        for phrase_index, phrase in enumerate(line.phrases):
            for start, end, meanings in windows(phrase.words, LABEL_MEANINGS):
                text = " ".join(word.text for word in phrase.words[start:end])
                labels.append(Label(meanings, line_index, phrase_index, start, end, phrase, text))
    return labels


def right_of(label: Label, lines: Sequence[Line], labels: Labels) -> Iterator[Phrase]:
    """Yield what stands right of a label on its line, up to the next label, nearest first."""
    stop = labels.next_start(label.line_index, label.phrase_index, label.end)
    rest = label.phrase.words[label.end : stop][:_WORDS]
    if rest:
        yield Phrase(label.phrase.page, rest)
    if stop is not None:
        return
    last = len(lines[label.line_index].phrases)
    for index in range(label.phrase_index + 1, min(last, label.phrase_index + 1 + _CELLS)):
        phrase = lines[label.line_index].phrases[index]
        stop = labels.next_start(label.line_index, index, 0)
        if stop is None:
            yield phrase
            continue
        if stop:
            yield Phrase(phrase.page, phrase.words[:stop])
        return


def below(label: Label, lines: Sequence[Line], *, reach: float = 2.6) -> Iterator[Phrase]:
    """Yield what stands right below a label, in its column, nearest first.

    Args:
        reach: In heights of the label.
    """
    x0, x1 = label.words[0].x0, label.words[-1].x1
    height = label.phrase.height
    for line in lines[label.line_index + 1 :]:
        if line.page is not label.phrase.page:
            return
        for phrase in line.phrases:
            distance = phrase.y0 - label.phrase.y1
            if distance > reach * height:
                return
            aligned = abs(phrase.x0 - x0) < 0.8 * height or abs(phrase.x1 - x1) < 0.8 * height
            if distance > -0.4 * height and (aligned or (phrase.x0 < x1 and phrase.x1 > x0)):
                yield phrase


def above(label: Label, lines: Sequence[Line], *, reach: float = 1.6) -> Iterator[Phrase]:
    """Yield what stands right above a label, in its column, nearest first."""
    x0, x1 = label.words[0].x0, label.words[-1].x1
    height = label.phrase.height
    for line in reversed(lines[: label.line_index]):
        if line.page is not label.phrase.page:
            return
        for phrase in line.phrases:
            distance = label.phrase.y0 - phrase.y1
            if distance > reach * max(height, phrase.height):
                return
            if distance > -0.4 * height and (
                abs(phrase.x0 - x0) < 0.8 * height or abs(phrase.x1 - x1) < 0.8 * height
            ):
                yield phrase
