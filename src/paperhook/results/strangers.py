"""Values that anybody may have sent, taken as what they should be or not at all; nothing raises."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

from ..core.result import Box


def clean(text: str) -> str:
    """Replace half characters, which no UTF-8 can hold, by `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def text_of(value: Any) -> str | None:
    """Write a value as text; None for lists, objects and absurdly long numbers."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 4096:
        return None
    return str(value) if isinstance(value, (int, float, Decimal, date)) else None


def ratio(value: Any) -> float | None:
    """Take a number between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        return None
    return float(value)


def page(value: Any) -> int | None:
    """Take the number of a page."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 100_000 else None


def box(value: Any) -> Box | None:
    """Take four edges in order, rounded, on the grid of 0..1000."""
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        return None
    for edge in value:
        if isinstance(edge, bool) or not isinstance(edge, (int, float)) or not math.isfinite(edge):
            return None
    x0, y0, x1, y1 = map(round, value)
    return (x0, y0, x1, y1) if 0 <= x0 <= x1 <= 1000 and 0 <= y0 <= y1 <= 1000 else None
