"""Details kept in a list, for tests."""

from __future__ import annotations

from typing import TypeVar

from .details import Observed

D = TypeVar("D")


class Recorder:
    """An observer that keeps what it is told, in order."""

    def __init__(self) -> None:
        self.seen: list[Observed] = []

    def __call__(self, seen: Observed) -> None:
        """Keep one detail."""
        self.seen.append(seen)

    def of(self, kind: type[D]) -> list[D]:
        """Give those of one class."""
        return [each for each in self.seen if isinstance(each, kind)]
