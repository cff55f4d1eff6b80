"""Many rows in one statement of SQLite: each statement gives the interpreter's lock away and waits to get it back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, TypeAlias

Db: TypeAlias = sqlite3.Connection

#: Rows per statement; fewer are padded to a power of two, so that few statements have to be parsed and kept.
MAX_ROWS = 128


def in_bulk(db: Db, statement: str, rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Run a statement over rows of the same width; give what it returns."""
    found: list[Any] = []
    for start in range(0, len(rows), MAX_ROWS):
        found += db.execute(*filled(statement, rows[start : start + MAX_ROWS])).fetchall()
    return found


def filled(statement: str, rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """Give a statement over so many rows and its values."""
    width, count = len(rows[0]), 1 << (len(rows) - 1).bit_length()
    return _bulk(statement, width, count), [
        *chain.from_iterable(rows),
        *[None] * (width * (count - len(rows))),
    ]


@cache
def _bulk(statement: str, width: int, count: int) -> str:
    row = "(" + ", ".join("?" * width) + ")"
    return statement.replace("{values}", "VALUES " + ", ".join([row] * count))
