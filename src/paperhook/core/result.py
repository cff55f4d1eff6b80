"""Normalised content of a document: the same names and types whatever the provider sent."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar, get_args

import pydantic

from ..errors import ResultInvalid
from .model import Model

#: x0, y0, x1, y1: integers 0..1000, origin top left of the displayed page.
Box: TypeAlias = tuple[int, int, int, int]
#: Money and quantities are Decimal, dates are date, everything else is what the provider sent.
Value: TypeAlias = Decimal | date | bool | str | None

M = TypeVar("M", bound=pydantic.BaseModel)

_VALUES = pydantic.TypeAdapter(dict[str, Any])


class Field(Model):
    """One value and where it stands on the page."""

    value: Any = pydantic.Field(default=None, repr=False)
    #: As printed, or as the provider sent it.
    text: str | None = pydantic.Field(default=None, repr=False)
    #: 0..1, how sure the provider is; None where it does not say.
    confidence: float | None = None
    #: From 1.
    page_number: int | None = None
    box: Box | None = None
    #: 0..1, how much of the value the provider found among the page's own words.
    match_ratio: float | None = None
    #: The provider's own name of the field.
    provider_name: str = ""


class Result(Model):
    """What a document says."""

    #: By the standard names of `paperhook.schemas`; a name without a standard one is kept as sent.
    fields: Mapping[str, Field] = pydantic.Field(default_factory=dict[str, Field])
    #: One mapping per line of the document, names as in `paperhook.schemas.LineItem`.
    line_items: tuple[Mapping[str, Field], ...] = ()
    #: Any other lists of rows, by the provider's name.
    tables: Mapping[str, Any] = pydantic.Field(default_factory=dict[str, Any], repr=False)
    #: The whole text, where the provider sends it.
    text: str | None = pydantic.Field(default=None, repr=False)
    #: Field path and reason, never a value.
    warnings: tuple[str, ...] = ()
    document_type: str | None = None
    #: 0..1, of the whole document, where the provider says it.
    confidence: float | None = None
    #: What the provider sent.
    raw: Any = pydantic.Field(default=None, repr=False)

    def values(self) -> dict[str, Any]:
        """Give plain values: field name to value, and `line_items` as a list of such mappings."""
        plain: dict[str, Any] = {name: field.value for name, field in self.fields.items()}
        if self.line_items:
            plain["line_items"] = [
                {name: field.value for name, field in item.items()} for item in self.line_items
            ]
        return plain

    def to_json(self) -> str:
        """Write the plain values as JSON: amounts as text, so that no digit is lost, dates as ISO 8601."""
        return _VALUES.dump_json(self.values(), fallback=str).decode()

    def to_csv(self) -> str:
        """Write the plain values as a table with a head: one row for each line item, the document's fields repeated in each.

        Columns of line items are named `line_items.description` and so on. Text that a spreadsheet would run as a formula
        gets an apostrophe in front.
        """
        columns = dict.fromkeys(name for item in self.line_items for name in item)
        head = [*self.fields, *(f"line_items.{name}" for name in columns)]
        document = [_cell(field.value) for field in self.fields.values()]
        rows = [
            [*document, *(_cell(item[name].value) if name in item else "" for name in columns)]
            for item in self.line_items or ({},)
        ]
        lines: list[str] = []
        csv.writer(_Lines(lines)).writerows([[_cell(name) for name in head], *rows])
        return "".join(lines)

    def parse(self, model: type[M]) -> M:
        """Fill a pydantic model.

        Standard names fill fields of the same name or alias; the provider's own names are tried after them. A field of type
        `str` takes a date or an amount as ISO text. A value that could not be read is None, and never a model's default.

        Args:
            model: One of `paperhook.schemas` or any pydantic model of yours.

        Raises:
            ResultInvalid: If a value is missing or does not fit; `problems` names every path.
        """
        known = dict(self.tables) | _plain(self.fields)
        if self.line_items:
            known["line_items"] = [_plain(item) for item in self.line_items]
        if self.document_type is not None:
            known.setdefault("document_type", self.document_type)
        values = _wanted(model, known)
        try:
            return model.model_validate(values)
        except pydantic.ValidationError as error:
            if not _write_out(values, error):
                raise _invalid(model, error) from None
        try:
            return model.model_validate(values)
        except pydantic.ValidationError as error:
            raise _invalid(model, error) from None


@dataclass(frozen=True)
class _Lines:
    """What a csv writer writes to."""

    lines: list[str]

    def write(self, line: str) -> None:
        self.lines.append(line)


def _cell(value: Any) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _plain(fields: Mapping[str, Field]) -> dict[str, Any]:
    """Give values by the provider's names and, winning over them, by ours."""
    given = {field.provider_name: field.value for field in fields.values() if field.provider_name}
    return given | {name: field.value for name, field in fields.items()}


def _wanted(model: type[pydantic.BaseModel], known: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the values that a model has fields for, by the names that it takes them under."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        given = alias.choices if isinstance(alias, pydantic.AliasChoices) else [alias]
        names = [choice for choice in given if isinstance(choice, str)] + [name]
        found = next((each for each in names if each in known), None)
        if found is not None:
            values[names[0]] = _for_rows(field.annotation, known[found])
    return values


def _for_rows(annotation: Any, value: Any) -> Any:
    """Pick the members of rows that the rows' own model has fields for."""
    row_model = next((each for each in _leaves(annotation) if _is_model(each)), None)
    if row_model is None or not isinstance(value, list):
        return value
    return [_wanted(row_model, row) if isinstance(row, Mapping) else row for row in value]


def _leaves(annotation: Any) -> tuple[Any, ...]:
    inner = get_args(annotation)
    return tuple(leaf for each in inner for leaf in _leaves(each)) if inner else (annotation,)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel)


def _write_out(values: Any, error: pydantic.ValidationError) -> bool:
    """Write dates and amounts as text where the model wants text; tell whether there were any."""
    changed = False
    for problem in error.errors(include_url=False, include_context=False):
        if problem["type"] == "string_type" and isinstance(problem["input"], (Decimal, date)):
            changed = _replace(values, problem["loc"], str(problem["input"])) or changed
    return changed


def _replace(values: Any, path: tuple[int | str, ...], text: str) -> bool:
    """Put a text where a problem was found; tell whether the place is one of ours, not inside a user's own type."""
    for step in path[:-1]:
        values = _inside(values, step)
    if _inside(values, path[-1]) is None:
        return False
    values[path[-1]] = text
    return True


def _inside(values: Any, step: int | str) -> Any:
    if isinstance(values, dict):
        return values.get(step)
    return values[step] if isinstance(values, list) and isinstance(step, int) else None


def _invalid(model: type[pydantic.BaseModel], error: pydantic.ValidationError) -> ResultInvalid:
    # The original error prints the values.
    problems = tuple(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['type']}"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    )
    return ResultInvalid(f"{model.__name__}: {'; '.join(problems)}", problems=problems)
