"""The document's number: beside its label, after the title, or alone below it."""

# ruff: noqa: RUF001 - invoices print these dashes, quotes and signs.
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paperhook.reading.context import Context, evidence
from paperhook.reading.dates import is_only_date
from paperhook.reading.extraction import ExtractedField
from paperhook.reading.labels import Label, above, below, right_of, strange_words
from paperhook.reading.layout import Phrase
from paperhook.reading.names import is_address
from paperhook.reading.words import Word, joined, squeeze

#: Characters of the longest number that is believed.
LONGEST = 32
#: What may stand between a label or a title and the number: "No.", "#", "(380)".
_FILLER = re.compile(
    r"(?i)^(?:[#:.\-–*]+|no|nr|n[°ºo]|num|number|numéro|numero|número|nummer|id|№|\(.*\))[.:]*$"
)
#: "n°562044387": the sign is the label's.
_GLUED = re.compile(r"(?i)^n[°º](?=\d)")
_NUMBER = re.compile(r"^(?:[#№]|[nN][°º](?=\d))?[A-Za-zÀ-ÿ0-9][\w./\\–-]*$")
#: A title joined with what it is for: "Mietrechnung", "Verkaufsfaktura".
_COMPOUND = re.compile(r"(?:rechnung|gutschrift|faktura|factuur|nota)$")
#: A version of a format or a form; a title never carries it as its number.
_VERSION = re.compile(r"\d{1,2}\.\d{1,2}")
_MONEY = re.compile(r"\d{1,3}(?:[.,]\d{3})*[.,]\d{2}|[$€£].*")


@dataclass(frozen=True, slots=True)
class _Found:
    words: tuple[Word, ...]
    phrase: Phrase
    score: float

    @property
    def text(self) -> str:
        return _GLUED.sub("", joined(self.words)).lstrip("#№").strip(" .,:;")


def find_number(context: Context) -> ExtractedField | None:
    """Find the number; a value that several places agree on wins over others."""
    found = [*_labelled(context), *_after_titles(context), *_in_titles(context)]
    found = (
        found
        or [*_near_title(context)]
        or [*_below_title(context)]
        or [*_plainly_labelled(context)]
        or [*_beside_dates(context)]
    )
    found = found or [*_like_dates(context)]
    if not found:
        return None
    counts = Counter(number.text for number in found)
    best = max(found, key=lambda number: number.score + 0.05 * (counts[number.text] - 1))
    confidence = 0.55 + 0.4 * min(1.0, best.score)
    return evidence(best.text, best.text, best.phrase.page, best.words, confidence)


def find_order_number(context: Context) -> ExtractedField | None:
    """Find the number of the buyer's order, which only a label tells."""
    found = [
        number
        for number in _labelled(context, "order")
        if any(character.isdigit() for character in number.text)
    ]
    best = max(found, key=lambda number: number.score, default=None)
    if best is None:
        return None
    confidence = 0.5 + 0.4 * min(1.0, best.score)
    return evidence(best.text, best.text, best.phrase.page, best.words, confidence)


def _labelled(context: Context, meaning: str = "number") -> Iterator[_Found]:
    for label in context.labels_of(meaning):
        if meaning == "number" and not _is_clear(label):
            continue
        if label.rest and squeeze(label.rest[0].text) == "box":
            # A post office's.
            continue
        places = [(0.0, phrase) for phrase in list(right_of(label, context.lines, context.labels))[:2]]
        places += [(0.12, phrase) for phrase in list(below(label, context.lines))[:3]]
        places += [(0.4, phrase) for phrase in list(above(label, context.lines))[:1]]
        for cost, phrase in places:
            if words := number_words(phrase, context):
                yield _Found(words, phrase, _weight(label, 1.0) - cost)
                break


def _after_titles(context: Context) -> Iterator[_Found]:
    for label in context.labels_of("number_title"):
        if _is_clear(label):
            continue
        for position, phrase in enumerate(list(right_of(label, context.lines, context.labels))[:2]):
            words = number_words(phrase, context)
            # Behind a gap only a cell that is the number belongs to the title.
            apart = position > 0 and not label.has_colon
            if words and _is_telling(words) and not (apart and len(phrase.words) > len(words) + 1):
                yield _Found(words, phrase, _weight(label, 0.7))
                break


def _in_titles(context: Context) -> Iterator[_Found]:
    """The number of a compound title, which no table of words can list: "Mietrechnung (387) Nr. 4711"."""
    for label in context.labels_of("number_plain"):
        before = label.phrase.words[: label.start]
        titled = any(_COMPOUND.search(squeeze(word.text)) for word in before[:2])
        if titled and strange_words(before) <= 2 and (words := number_words(_rest_of(label), context)):
            yield _Found(words, label.phrase, _weight(label, 0.95))


def _rest_of(label: Label) -> Phrase:
    return Phrase(label.phrase.page, label.rest or label.words)


def _plainly_labelled(context: Context) -> Iterator[_Found]:
    """A number whose label says just that, in the upper half of the first page of a document without a title."""
    for label in context.labels_of("number_plain"):
        page = label.phrase.page
        alone = label.starts_phrase and len(squeeze(label.text)) > 3 and (label.has_colon or not label.rest)
        if page.number == 1 and alone and label.phrase.y0 < page.height / 2:
            for phrase in list(right_of(label, context.lines, context.labels))[:1]:
                if (words := number_words(phrase, context)) and len(words) == len(phrase.words):
                    yield _Found(words, phrase, 0.4 - 0.2 * label.phrase.y0 / page.height)


def _near_title(context: Context) -> Iterator[_Found]:
    """A bare "No. 14" or "# 14" right below or above the title."""
    titles = [label.phrase for label in context.labels_of("number_title") if label.starts_phrase]

    def is_near(phrase: Phrase) -> bool:
        pages = [title for title in titles if title.page is phrase.page]
        return any(abs(title.middle - phrase.middle) < 3.5 * title.height for title in pages)

    for label in context.labels_of("number_plain"):
        if label.starts_phrase and is_near(label.phrase):
            for phrase in list(right_of(label, context.lines, context.labels))[:1]:
                if words := number_words(phrase, context):
                    yield _Found(words, phrase, 0.45)
    for phrase in (phrase for line in context.lines for phrase in line.phrases):
        if phrase.text[0] in "#№" and is_near(phrase) and (words := number_words(phrase, context)):
            yield _Found(words, phrase, 0.6)


def _below_title(context: Context) -> Iterator[_Found]:
    """A cell that is a number and nothing else, right below a title that stands alone in its own."""
    for label in context.labels_of("number_title"):
        if label.rest or not label.starts_phrase:
            continue
        for phrase in list(below(label, context.lines, reach=1.2))[:1]:
            words = number_words(phrase, context)
            digits = sum(character.isdigit() for character in phrase.text)
            if words == phrase.words and digits >= 3 and not is_address(phrase.text):
                yield _Found(words, phrase, 0.4)


def _beside_dates(context: Context) -> Iterator[_Found]:
    """A number whose label says just that, in a row or a column with the label of a date: those are the document's."""
    plain = [label for label in context.labels_of("date_plain") if len(squeeze(label.text)) > 3]
    dates = [*context.labels_of("date"), *context.labels_of("due"), *plain]
    for label in context.labels_of("number_plain"):
        if not label.starts_phrase or not any(_are_together(label, other) for other in dates):
            continue
        beside = [Phrase(label.phrase.page, label.rest)] if label.rest else []
        for phrase in beside or list(below(label, context.lines))[:1]:
            if (words := number_words(phrase, context)) and len(words) == len(phrase.words):
                yield _Found(words, phrase, 0.4)


def _are_together(label: Label, other: Label) -> bool:
    near = label.phrase.page is other.phrase.page and abs(label.line_index - other.line_index) <= 1
    aligned = abs(label.phrase.x0 - other.phrase.x0) < label.phrase.height
    return near and other.starts_phrase and (aligned or label.line_index == other.line_index)


def _like_dates(context: Context) -> Iterator[_Found]:
    """A number that could be a day as well, "17/03/2026" for the 17th of March's, right behind its label."""
    for label in context.labels_of("number"):
        for phrase in list(right_of(label, context.lines, context.labels))[:1] if _is_clear(label) else ():
            if re.fullmatch(r"\d{1,4}/\d{1,2}/\d{2,4}", phrase.words[0].text):
                yield _Found(phrase.words[:1], phrase, 0.5)


def _is_clear(label: Label) -> bool:
    # "Invoice #" squeezes to "Invoice", so the sign tells the label from the title.
    return "number" in label.meanings and ("number_title" not in label.meanings or "#" in label.text)


def _weight(label: Label, weight: float) -> float:
    page = label.phrase.page
    later = 0.1 * label.phrase.y0 / page.height + 0.02 * (page.number - 1)
    return weight - later - (0.0 if label.starts_phrase else 0.25)


def _is_telling(words: Sequence[Word]) -> bool:
    """After a mere title a number must look like one: more than a count or a page number."""
    text = squeeze(joined(words))
    if _VERSION.fullmatch(joined(words)):
        return False
    return sum(character.isdigit() for character in text) >= 2 or bool(re.search(r"[a-z]\d|\d[a-z]", text))


def number_words(phrase: Phrase, context: Context) -> tuple[Word, ...]:
    """The first words of a phrase that make up a number, prefixes and groups included: "INV 2024 / 17"."""
    words = list(phrase.words)
    while words and _FILLER.match(words[0].text):
        words.pop(0)
    dated = {word for date in context.dates(phrase) for word in date.words}
    taken: list[Word] = []
    for word in words[:6]:
        if word in dated or not _is_part(word.text, is_first=not taken):
            break
        taken.append(word)
        if word.text.endswith((",", ";")):
            break
    while taken and not any(character.isdigit() for character in taken[-1].text):
        taken.pop()
    text = joined(taken)
    # "45/05/2026" looks like a date and is none: the number of a year's month.
    is_number = (
        bool(taken)
        and len(text) <= LONGEST
        and ("/" in text or not is_only_date(text))
        and text[0] not in "$€£"
    )
    return tuple(taken) if is_number else ()


def _is_part(text: str, *, is_first: bool) -> bool:
    plain = text.strip("#:.,;()[]")
    if text in {"/", "-", "–"}:
        return not is_first
    if not _NUMBER.match(plain) or (not is_first and _MONEY.fullmatch(plain)):
        return False
    if any(character.isdigit() for character in plain):
        return True
    return plain.isupper() and len(plain) <= 6 and plain not in {"PAGE", "SEITE"}
