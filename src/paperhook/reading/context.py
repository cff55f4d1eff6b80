"""What all rules share about one document: its lines and labels, its language, how it writes numbers and dates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from paperhook.reading.amounts import decimal_mark
from paperhook.reading.dates import PrintedDate, date_order, find_dates
from paperhook.reading.eastern import is_chinese, is_japanese, settled
from paperhook.reading.extraction import ExtractedField
from paperhook.reading.labels import Label, Labels, find_labels
from paperhook.reading.layout import Line, Phrase, lines_of
from paperhook.reading.vocabulary import LANGUAGE_WORDS
from paperhook.reading.words import Page, Word, squeeze

_AMERICAN = re.compile(
    r"\b[A-Z]{2},?\s+\d{5}(?:-\d{4})?\b|\bUSA\b|United States|(?i:sales tax)|\bUSD\b|\$|\bZIP\b|\bInc\b|\bLLC\b"
)
#: Telephone numbers, taxes of states, and towns with their state at the end of a line.
_AMERICAN_PLACE = re.compile(
    r"\(\d{3}\)\s?\d{3}-\d{4}|\b[A-Z]{2}\s(?:Sales\s)?Tax\b|[a-z],?\s(?:AL|AK|AZ|AR|CA|CO|CT|FL|GA|HI|IA|ID|IL|IN|KS|KY|LA|MA|MD|ME|MI|MN|MO|MS|MT|NC|ND|NE|NH|NJ|NM|NV|NY|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VA|VT|WA|WI|WV|WY)$",
    re.MULTILINE,
)
_ELSEWHERE = re.compile(r"£|\bGBP\b|\bVAT\b|€|\bEUR\b|\bABN\b|\bGST\b|United Kingdom|\bA\$|₹")
#: Common words that must be found before a language is named.
_TELLING = 3


@dataclass(frozen=True, slots=True)
class Context:
    """One document as the rules see it."""

    pages: Sequence[Page]
    lines: Sequence[Line]
    labels: Labels
    language: str | None
    #: The decimal mark, "." or ",".
    mark: str
    #: "DMY" or "MDY".
    order: str
    #: Lines of the item tables, whose words label nothing outside them.
    table_lines: frozenset[int] = frozenset()

    def dates(self, phrase: Phrase) -> list[PrintedDate]:
        """The dates of a phrase."""
        return find_dates(phrase.page, phrase.words, order=self.order, language=self.language)

    def labels_of(self, meaning: str) -> list[Label]:
        """The labels of a meaning outside the item tables, top to bottom."""
        return [
            label
            for label in self.labels
            if meaning in label.meanings and label.line_index not in self.table_lines
        ]


def context_of(pages: Sequence[Page]) -> Context:
    """Gather lines and labels, and settle what the whole document has to decide."""
    pages = [settled(page) for page in pages]
    lines = [line for page in pages for line in lines_of(page)]
    texts = [line.text for line in lines]
    whole = "\n".join(texts)
    language = language_of(whole)
    is_american = bool(_AMERICAN.search(whole) or _AMERICAN_PLACE.search(whole))
    american = is_american and not _ELSEWHERE.search(whole)
    return Context(
        pages=pages,
        lines=lines,
        labels=find_labels(lines),
        language=language,
        mark=decimal_mark((phrase.text for line in lines for phrase in line.phrases), language=language),
        order=date_order(texts, language=language, american=american),
    )


def language_of(text: str) -> str | None:
    """Name the language by its script or its common words; None when too few are found."""
    if is_japanese(text):
        return "ja"
    if is_chinese(text):
        return "zh"
    words = Counter(re.findall(r"[^\W\d_]+", text.casefold()))
    scores = {name: sum(min(words[word], 3) for word in known) for name, known in LANGUAGE_WORDS.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= _TELLING else None


def evidence(value: str, text: str, page: Page, words: Sequence[Word], confidence: float) -> ExtractedField:
    """Make a field of a value, its printed text and the words that show it."""
    printed, key = squeeze("".join(word.text for word in words)), squeeze(text)
    found = key in printed if key else text in "".join(word.text for word in words)
    ratio = 1.0 if found else SequenceMatcher(None, key, printed, autojunk=False).ratio()
    confidence = round(min(0.99, max(0.0, confidence)), 3)
    return ExtractedField(value, text, confidence, round(ratio, 3), page.number, page.box(words))
