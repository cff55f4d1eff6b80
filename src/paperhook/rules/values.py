"""Rules about single values: that they are there, and how sure the provider is of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from typing_extensions import override

from ..core.event import DocumentCompleted
from ..core.result import ROWS, Field, Result
from ..core.review import Reason
from ..errors import ConfigurationError
from .base import Rule


@dataclass(frozen=True)
class Required(Rule):
    """Values that must be there and readable."""

    fields: tuple[str, ...]

    @override
    def check(self, event: DocumentCompleted, *, now: datetime) -> Iterable[Reason]:
        """Give each field that is missing or could not be read."""
        for path in self.fields:
            found = event.result.find(path)
            if path in ROWS:
                is_there = bool(event.result.rows(path))
            else:
                is_there = found is not None and not _is_unreadable(found.value)
            if not is_there:
                what = "is missing" if found is None else "could not be read"
                yield self.reason(f"{path} {what}", event.result, path)


@dataclass(frozen=True)
class _Threshold(Rule):
    """A figure between 0 and 1 that the provider gives with its values."""

    least: float
    #: None for every field that has the figure.
    fields: tuple[str, ...] = ()

    @override
    def check(self, event: DocumentCompleted, *, now: datetime) -> Iterable[Reason]:
        """Give each field that is below; a value that a person set is always good enough."""
        figures = list(self._figures(event.result))
        if not figures and not self.fields:
            yield self.reason(f"the provider does not say {self._what}", event.result)
        for path, figure in figures:
            if figure is None:
                yield self.reason(f"the provider does not say {self._what} of {path}", event.result, path)
            elif figure < self.least:
                yield self.reason(f"{path} is at {figure:.2f}, below {self.least:g}", event.result, path)
            elif not figure <= 1:
                # NaN, or a figure of another scale, such as per cent: it says nothing.
                what = f"{path} is at {figure:.2f}, not between {self.least:g} and 1"
                yield self.reason(what, event.result, path)

    def _figures(self, result: Result) -> Iterator[tuple[str, float | None]]:
        for path, field in self._chosen(result):
            figure = 1.0 if field.is_corrected else self._figure(field, result)
            if field.value is not None and (self.fields or figure is not None):
                yield path, figure

    def _chosen(self, result: Result) -> Iterator[tuple[str, Field]]:
        if not self.fields:
            yield from result.walk()
        for path in self.fields:
            found = result.find(path)
            if found is not None:
                yield path, found

    _what = "the figure"

    def _figure(self, field: Field, result: Result) -> float | None:
        raise NotImplementedError


@dataclass(frozen=True)
class Confident(_Threshold):
    """How sure the provider must be."""

    _what = "how sure it is"

    @override
    def _figure(self, field: Field, result: Result) -> float | None:
        return field.confidence if field.confidence is not None else result.confidence


@dataclass(frozen=True)
class Matched(_Threshold):
    """How much of a value must stand on the page itself."""

    _what = "how much of it stands on the page"

    @override
    def _figure(self, field: Field, result: Result) -> float | None:
        return field.match_ratio


def _is_unreadable(value: object) -> bool:
    return value is None or (isinstance(value, Decimal) and not value.is_finite())


def required(*fields: str) -> Required:
    """Ask for values; `line_items`, `taxes`, `allowances` or `charges` asks for at least one row.

    Raises:
        ConfigurationError: If no field is named.
    """
    if not fields:
        raise ConfigurationError("required() needs the name of a field")
    return Required(fields)


def confident(least: float, *fields: str) -> Confident:
    """Ask for a confidence, of these fields, or of every one that has one.

    A field without a confidence of its own has that of the document. Where nothing has one, the rule is not met.

    Raises:
        ConfigurationError: If `least` is not between 0 and 1.
    """
    return Confident(_fraction(least, "confident"), fields)


def matched(least: float, *fields: str) -> Matched:
    """Ask for a match ratio, of these fields, or of every one that has one; where nothing has one, it is not met.

    Raises:
        ConfigurationError: If `least` is not between 0 and 1.
    """
    return Matched(_fraction(least, "matched"), fields)


def _fraction(least: float, rule: str) -> float:
    if not 0 <= least <= 1:
        raise ConfigurationError(f"{rule}({least!r}): it must be between 0 and 1")
    return least
