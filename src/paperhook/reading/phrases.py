"""A table of phrases that also knows a phrase with a letter misread, missing or too many.

Recognition reads "Kudennummer" and "lnvoice", and people write "Gessamtpreis".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

#: Letters that a phrase must have before one of them may be wrong: "total" and "totale" are two words.
LETTERS = 7
#: Letters of a phrase in which one may be missing and another too many.
MANY = 10

Meanings = tuple[str, ...]


class Phrases(dict[str, Meanings]):
    """Squeezed phrases and what each of them means."""

    def nearly(self, key: str) -> Meanings | None:
        """Find the meanings of a phrase that differs in a letter; None for short ones and for those with digits."""
        if len(key) < LETTERS - 1 or not key.isalpha():
            return None
        found = (
            phrase
            for part in (key, *_shortened(key))
            for phrase in self._by_part.get(part, ())
            if _is_near(key, phrase)
        )
        phrase = next(found, None)
        return None if phrase is None else self[phrase]

    @cached_property
    def _by_part(self) -> dict[str, list[str]]:
        """Each phrase under itself and under each text that is left when one letter goes."""
        parts: dict[str, list[str]] = {}
        for phrase in self:
            if len(phrase) >= LETTERS and phrase.isalpha():
                for part in (phrase, *_shortened(phrase)):
                    parts.setdefault(part, []).append(phrase)
        return parts


def _shortened(text: str) -> Iterator[str]:
    return (text[:index] + text[index + 1 :] for index in range(len(text)))


def _is_near(key: str, phrase: str) -> bool:
    if len(key) != len(phrase):
        return True
    wrong = sum(one != other for one, other in zip(key, phrase, strict=True))
    return wrong == 1 or min(len(key), len(phrase)) >= MANY
