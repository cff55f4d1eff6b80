"""Rules about days: nothing from the future, nothing too old, nothing due before it was issued."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from typing_extensions import override

from ..core.event import DocumentCompleted
from ..core.review import Reason
from ..errors import ConfigurationError
from .base import Rule

#: Somewhere it is tomorrow already.
TOMORROW = timedelta(days=1)
#: A time from today that is longer may end where there are no dates any more.
LONGEST = timedelta(days=1000 * 366)


@dataclass(frozen=True)
class _Bound(Rule):
    field: str
    #: A day, a time from today, or the name of another field.
    bound: date | timedelta | str

    def _days(self, event: DocumentCompleted, now: datetime) -> tuple[date, date] | None:
        """Give the field's day and the bound, None where one is not known."""
        bound: object = self.bound
        if isinstance(bound, timedelta):
            bound = now.date() + bound
        elif isinstance(bound, str):
            bound = _value(event, bound)
        last = _day(bound)
        day = _day(_value(event, self.field))
        # A field that is no date is not this rule's business.
        return None if day is None or last is None else (day, last)

    def _words(self) -> str:
        if isinstance(self.bound, timedelta):
            return f"today {self.bound.days:+d} days" if self.bound.days else "today"
        return str(self.bound)


@dataclass(frozen=True)
class NotBefore(_Bound):
    """The earliest day that is good."""

    @override
    def check(self, event: DocumentCompleted, *, now: datetime) -> Iterable[Reason]:
        """Give the field if its day is too early."""
        days = self._days(event, now)
        if days is not None and days[0] < days[1]:
            yield self.reason(f"{self.field} is before {self._words()}", event.result, self.field)


@dataclass(frozen=True)
class NotAfter(_Bound):
    """The latest day that is good."""

    @override
    def check(self, event: DocumentCompleted, *, now: datetime) -> Iterable[Reason]:
        """Give the field if its day is too late."""
        days = self._days(event, now)
        if days is not None and days[0] > days[1]:
            yield self.reason(f"{self.field} is after {self._words()}", event.result, self.field)


def _value(event: DocumentCompleted, path: str) -> object:
    found = event.result.find(path)
    return None if found is None else found.value


def _day(value: object) -> date | None:
    """Take a date, or the day of a time as it is written; the two cannot be compared."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def not_before(field: str, bound: date | timedelta | str) -> NotBefore:
    """Ask that a date is not before a day, a time from today (`timedelta(days=-365)`), or another field (`"invoice_date"`).

    A field that is missing meets it: ask for it by `required`.

    Raises:
        ConfigurationError: If a time from today is more than 1,000 years.
    """
    return NotBefore(field, _within_reach(bound), name="not_before")


def not_after(field: str, bound: date | timedelta | str = TOMORROW) -> NotAfter:
    """Ask that a date is not after a day, a time from today, or another field; by default not in the future.

    Raises:
        ConfigurationError: If a time from today is more than 1,000 years.
    """
    return NotAfter(field, _within_reach(bound), name="not_after")


def _within_reach(bound: date | timedelta | str) -> date | timedelta | str:
    if isinstance(bound, timedelta) and not -LONGEST <= bound <= LONGEST:
        raise ConfigurationError(f"a time from today must be within 1,000 years, not {bound.days} days")
    return bound
