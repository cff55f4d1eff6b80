"""Words as the rules compare them; `Word` and `Page` come from the text layer, whoever made it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from paperhook.reading.eastern import touches
from paperhook.textlayer import Box, Page, Word

__all__ = ["Box", "Page", "Word", "joined", "squeeze"]


#: Letters that Unicode does not part into a letter and its accent.
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})


def squeeze(text: str) -> str:
    """Reduce a text to its letters and digits, without case and accents.

    OCR and PDF producers glue and split words, so texts are compared without spaces.
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    return "".join(character for character in plain if character.isalnum())


def joined(words: Sequence[Word]) -> str:
    """Put a space between words, but none where one was parted."""
    text = ""
    for index, word in enumerate(words):
        text += (" " if index and not touches(words[index - 1], word) else "") + word.text
    return text
