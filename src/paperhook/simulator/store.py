"""What a simulated provider keeps in memory: the newest records by id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

Record = TypeVar("Record")

KEPT_RECORDS = 10_000
"""How many records of a kind a provider keeps; the oldest go first."""


class Shelf(Generic[Record]):
    """Records by id, in order of arrival, the oldest dropped when there are too many."""

    def __init__(self, kept: int = KEPT_RECORDS) -> None:
        """Keep that many."""
        self._kept = kept
        self._records: dict[str, Record] = {}

    def put(self, identifier: str, record: Record) -> None:
        """Add or replace a record."""
        self._records[identifier] = record
        while len(self._records) > self._kept:
            del self._records[next(iter(self._records))]

    def get(self, identifier: str) -> Record | None:
        """Find a record, or None."""
        return self._records.get(identifier)

    def remove(self, identifier: str) -> None:
        """Forget a record, if it is there."""
        self._records.pop(identifier, None)

    def __iter__(self) -> Iterator[Record]:
        """Give the records, oldest first."""
        return iter(list(self._records.values()))

    def __len__(self) -> int:
        """Count the records."""
        return len(self._records)
