"""Options that several commands have."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


def _countable(number: int) -> int:
    """Bound a number of rows by what a store can count to."""
    return min(number, sys.maxsize)


Limit = Annotated[int, typer.Option(min=1, callback=_countable, help="At most this many, newest first.")]


def above_zero(number: float | None) -> float | None:
    """Refuse what is not above 0, NaN included.

    Raises:
        BadParameter: If it is not.
    """
    if number is not None and not number > 0:
        raise typer.BadParameter(f"{number:g} is not above 0")
    return number


def not_negative(number: float | None) -> float | None:
    """Refuse what is below 0, and NaN.

    Raises:
        BadParameter: If it is.
    """
    if number is not None and not number >= 0:
        raise typer.BadParameter(f"{number:g} is not 0 or more")
    return number
