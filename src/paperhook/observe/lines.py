"""Details as log lines: `handler_ran provider=docuparse type=document.completed result=done …`."""

from __future__ import annotations

import logging
import re
from dataclasses import fields
from functools import cache

from .details import Observed, Observer

_INSIDE = re.compile(r"(?<=[a-z])(?=[A-Z])")


def log_lines(logger: logging.Logger | None = None, *, level: int = logging.INFO) -> Observer:
    """Give an observer that logs each detail as one line of `name=value`.

    Args:
        logger: By default `paperhook.observe`.
        level: Of all lines.
    """
    log = logger or logging.getLogger("paperhook.observe")

    def write(seen: Observed) -> None:
        if log.isEnabledFor(level):
            words = " ".join(f"{each.name}={_text(getattr(seen, each.name))}" for each in fields(seen))
            log.log(level, "%s %s", _name(type(seen).__name__), words)

    return write


@cache
def _name(word: str) -> str:
    return _INSIDE.sub("_", word).lower()


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    # Types are a provider's words: a line must stay one line, and its parts apart.
    return text if text.isprintable() and text and " " not in text else ascii(text)
