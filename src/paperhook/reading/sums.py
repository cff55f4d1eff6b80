"""Which lines are sums and which are rows, by the label that opens a cell."""

from __future__ import annotations

import re

from paperhook.reading.labels import strange_words, windows
from paperhook.reading.layout import Line, Phrase
from paperhook.reading.vocabulary import LABEL_MEANINGS

#: Meanings of labels that end a table when an amount stands beside them.
ENDS = {"tax", "total", "amount_due", "paid"}
#: Meanings whose line may as well be an item: shipping, a discount, a deposit.
MAYBE = {"plus", "minus", "other_amount", "paid"}
_SUMS = ENDS | MAYBE | {"subtotal"}
#: What a tax may be of, and how many words may name it.
_REGIONS = {"state", "county", "city", "local", "municipal", "district", "provincial"}
_WORDS_OF_A_REGION = 3


def label_of_sum(line: Line) -> str | None:
    """The meaning of a label of sums that opens a cell; inside a description such words are words like others."""
    return phrase_of_sum(line)[1]


def phrase_of_sum(line: Line) -> tuple[Phrase | None, str | None]:
    """The cell that a label of sums opens, and what it says."""
    for phrase in line.phrases:
        for start, end, meanings in windows(phrase.words, LABEL_MEANINGS):
            kinds = [meaning for meaning in meanings if meaning in _SUMS]
            opens = strange_words(phrase.words[:start]) == 0
            if kinds and (opens or (kinds[0] == "tax" and _is_of_a_region(phrase, start, end))):
                return phrase, kinds[0]
    return None, None


def _is_of_a_region(phrase: Phrase, start: int, end: int) -> bool:
    """Whether a cell is a tax with its state, county or city before it: "PA SALES TAX 6%", "Lake County Tax"."""
    before = [
        word.text.strip(".,") for word in phrase.words[:start] if not re.fullmatch(r"[\W\d]+", word.text)
    ]
    if len(before) > _WORDS_OF_A_REGION or strange_words(phrase.words[end:]):
        return False
    is_code = all(re.fullmatch(r"[A-Z]{2}", word) for word in before)
    named = [*before[-1:], phrase.words[start].text]
    return is_code or any(word.casefold() in _REGIONS for word in named)
