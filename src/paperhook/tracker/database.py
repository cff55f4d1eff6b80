"""A database as the SQL of a tracker sees it, which SQLite and PostgreSQL share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Found(Protocol):
    """What a statement gives."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchone(self) -> Any:
        """Give the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Give all rows."""
        ...


class Db(Protocol):
    """A database inside a transaction."""

    #: At the end of a SELECT: the rows are ours until the end of the transaction; waits for others, or leaves theirs out.
    ours: str
    ours_if_free: str

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Found:
        """Run a statement with a question mark for each value."""
        ...

    def guard(self, name: str) -> None:
        """Let nobody else do the same work at the same time, until the end of the transaction."""
        ...
