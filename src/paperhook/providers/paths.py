"""Where a declaration finds things: `data.job_id` in a JSON body, `header:X-Event` among headers, `$` the whole body."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from ..core.answers import text_in
from ..core.headers import Headers
from ..errors import ConfigurationError

HEADER = "header:"
WHOLE = "$"
_NO_HEADERS = Headers()
_PATH = re.compile(r"\$|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+|[^.:{}\s]+(\.[^.:{}\s]+)*")


def checked(path: str) -> str:
    """Refuse what is no path, when a declaration is loaded.

    Raises:
        ConfigurationError: If it is none of the three forms.
    """
    if not _PATH.fullmatch(path):
        raise ConfigurationError(f"{path!r} is no path: write data.job_id, header:X-Event or $")
    return path


def headers_in(paths: Iterable[str]) -> tuple[str, ...]:
    """Name the headers among the paths."""
    return tuple(path.removeprefix(HEADER) for path in paths if path.startswith(HEADER))


def find(body: Any, paths: Sequence[str], headers: Headers = _NO_HEADERS) -> Any:
    """Give what stands at the first path where there is anything; null and empty text are nothing.

    A name may be the index of a list, from 0; without an index a list stands for its first element.
    """
    for path in paths:
        header, names = _read(path)
        value = headers.get(header) if header else _at(body, names)
        if value is not None and value != "":
            return value
    return None


def find_text(body: Any, paths: Sequence[str], headers: Headers = _NO_HEADERS) -> str | None:
    """Give the first id or word at the paths; of a list, its first element."""
    for path in paths:
        header, names = _read(path)
        value = headers.get(header) if header else _at(body, names)
        text = text_in(value[0] if isinstance(value, list) and value else value)
        if text is not None:
            return text
    return None


@cache
def _read(path: str) -> tuple[str, tuple[str, ...]]:
    """Take a path apart once: the header, or the names that lead into the body. Paths are those of declarations."""
    if path.startswith(HEADER):
        return path.removeprefix(HEADER), ()
    return "", () if path == WHOLE else tuple(path.split("."))


def _at(body: Any, names: tuple[str, ...]) -> Any:
    value = body
    for name in names:
        if isinstance(value, list):
            if name.isascii() and name.isdigit() and len(name) < 6:
                value = value[int(name)] if int(name) < len(value) else None
                continue
            value = value[0] if value else None
        # What JSON makes is a dict; asking whether something else is a mapping takes ten times as long.
        value = value.get(name) if isinstance(value, (dict, Mapping)) else None
    return value
