"""Words as the rules compare them; `Word` and `Page` come from the text layer, whoever made it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from paperhook.textlayer import Box, Page, Word

__all__ = ["Box", "Page", "Word", "joined", "squeeze"]


def squeeze(text: str) -> str:
    """Reduce a text to its letters and digits, without case and accents.

    OCR and PDF producers glue and split words, so texts are compared without spaces.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if character.isalnum())


def joined(words: Sequence[Word]) -> str:
    """Put a space between words."""
    return " ".join(word.text for word in words)
