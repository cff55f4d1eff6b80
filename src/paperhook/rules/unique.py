"""The rule that no other document has the same values; the inbox knows the others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from typing_extensions import override

from ..core.event import DocumentCompleted
from ..core.review import Reason
from ..errors import ConfigurationError
from .base import Rule, plain_word


@dataclass(frozen=True)
class Unique(Rule):
    """Values that together only one document may have."""

    fields: tuple[str, ...]

    @property
    def scope(self) -> str:
        """Within which the values are compared: all documents of an inbox, whichever provider read them."""
        return ",".join(self.fields)

    @override
    def check(self, event: DocumentCompleted, *, now: datetime) -> Iterable[Reason]:
        """Give each value that is missing or says nothing: without it no two documents can be told apart."""
        for path in self.fields:
            found = event.result.find(path)
            if found is None or not _word(found.value):
                is_missing = found is None or found.value is None
                what = "is missing" if is_missing else "has neither letters nor digits"
                yield self.reason(f"{path} {what}: nobody can say whether it is unique", event.result, path)

    def digest(self, event: DocumentCompleted) -> bytes | None:
        """Give SHA-256 over the values, without case, spaces and punctuation; None where one is missing or says nothing."""
        words: list[str] = []
        for path in self.fields:
            found = event.result.find(path)
            word = "" if found is None else _word(found.value)
            if not word:
                return None
            words.append(word)
        return hashlib.sha256("\n".join(words).encode()).digest()

    def taken(self, event: DocumentCompleted, by: int) -> Reason:
        """Make the reason that another event has the same values."""
        message = f"event {by} has the same {' and '.join(self.fields)}"
        return self.reason(message, event.result, self.fields[-1])


def unique(*fields: str) -> Unique:
    """Ask that no other document of this inbox has the same values, such as `unique("vendor", "invoice_number")`.

    The first document that is judged holds them until it is rejected, whatever becomes of it otherwise; it keeps them
    through retries and replays, and after it was purged.

    Raises:
        ConfigurationError: If no field is named.
    """
    if not fields:
        raise ConfigurationError("unique() needs the name of a field")
    return Unique(fields)


def _word(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value.is_finite() else ""
    if value is None or isinstance(value, date):
        return "" if value is None else value.isoformat()
    return plain_word(str(value))
