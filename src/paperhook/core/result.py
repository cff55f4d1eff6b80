"""Normalised content of a document: the same names and types whatever the provider sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Generic, TypeAlias, TypeVar, get_args

import pydantic
import pydantic.fields

from ..errors import ResultInvalid
from .model import Model

#: x0, y0, x1, y1: integers 0..1000, origin top left of the displayed page.
Box: TypeAlias = tuple[int, int, int, int]
#: Money and quantities are Decimal, dates are date, everything else is what the provider sent.
Value: TypeAlias = Decimal | date | bool | str | None

#: One mapping of name to field for each row of a document.
Rows: TypeAlias = "tuple[Mapping[str, Field], ...]"
#: The members of a result that are rows.
ROWS = ("line_items", "taxes", "allowances", "charges")

M = TypeVar("M", bound=pydantic.BaseModel)
M_co = TypeVar("M_co", bound=pydantic.BaseModel, covariant=True)

#: What a spreadsheet takes for the beginning of a formula, behind what it does not show; a tab and a line end are one, too.
_FORMULA = re.compile(r"[\s\x00-\x1f\ufeff\u200b-\u200f\u2060]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
#: The same where a spreadsheet that parts cells by semicolons or tabs begins another cell, and within quotes another line.
_LATER_FORMULA = re.compile(
    r"([;\t\r\n][;\s\x00-\x1f\ufeff\u200b-\u200f\u2060]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])"
)

_ROW_PATH = re.compile(rf"({'|'.join(ROWS)})\[(\d{{1,9}})\]\.(.+)")
_VALUES = pydantic.TypeAdapter(dict[str, Any], config=pydantic.ConfigDict(defer_build=True))


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
    #: Whether a person set the value in a review.
    is_corrected: bool = False
    #: The provider's own name of the field.
    provider_name: str = ""


class Result(Model):
    """What a document says."""

    #: By the standard names of `paperhook.schemas`; a name without a standard one is kept as sent.
    fields: Mapping[str, Field] = pydantic.Field(default_factory=dict[str, Field])
    #: One mapping per line of the document, names as in `paperhook.schemas.LineItem`.
    line_items: Rows = ()
    #: One for each rate of tax, names as in `paperhook.schemas.TaxLine`.
    taxes: Rows = ()
    #: What is taken off and what is added for the document as a whole, names as in `paperhook.schemas.Adjustment`.
    allowances: Rows = ()
    charges: Rows = ()
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

    def rows(self, name: str) -> Rows:
        """Give rows by the name of their member, one of `ROWS`."""
        found: Rows = getattr(self, name)
        return found

    def walk(self) -> Iterator[tuple[str, Field]]:
        """Give every field with its path: `total`, `line_items[0].amount`, `taxes[1].tax_rate`."""
        yield from self.fields.items()
        for name in ROWS:
            for index, row in enumerate(self.rows(name)):
                for column, found in row.items():
                    yield f"{name}[{index}].{column}", found

    def find(self, path: str) -> Field | None:
        """Find a field by its path."""
        place = _ROW_PATH.fullmatch(path)
        if place is None:
            return self.fields.get(path)
        rows, index = self.rows(place[1]), int(place[2])
        return rows[index].get(place[3]) if index < len(rows) else None

    def values(self) -> dict[str, Any]:
        """Give plain values: field name to value, and `line_items` and the other rows as lists of such mappings."""
        plain: dict[str, Any] = {name: field.value for name, field in self.fields.items()}
        for name in ROWS:
            if rows := self.rows(name):
                plain[name] = [{column: field.value for column, field in row.items()} for row in rows]
        return plain

    def to_json(self) -> str:
        """Write the plain values as JSON: amounts as text, so that no digit is lost, dates as ISO 8601."""
        return _VALUES.dump_json(self.values(), fallback=str).decode()

    def to_csv(self) -> str:
        """Write the plain values as a table with a head: one row for each line item, the document's fields repeated in each.

        Columns of line items are named `line_items.description` and so on. Text that a spreadsheet would run as a formula
        gets an apostrophe in front. `paperhook.results.export` writes tables of many documents.
        """
        columns = dict.fromkeys(name for item in self.line_items for name in item)
        head = [*self.fields, *(f"line_items.{name}" for name in columns)]
        document = [csv_cell(field.value) for field in self.fields.values()]
        rows = [
            [*document, *(csv_cell(item[name].value) if name in item else "" for name in columns)]
            for item in self.line_items or ({},)
        ]
        return "".join(csv_line(row) for row in ([csv_cell(name) for name in head], *rows))

    def parse(self, model: type[M]) -> M:
        """Fill a pydantic model.

        Standard names fill fields of the same name or alias; the provider's own names are tried after them. A field of type
        `str` takes a date or an amount as ISO text. A value that could not be read is None, and never a model's default.

        Args:
            model: One of `paperhook.schemas` or any pydantic model of yours.

        Raises:
            ResultInvalid: If a value is missing or does not fit; `problems` names every path.
            TypeError: If it is no pydantic model.
        """
        values = self._known(model)
        found, errors = _validated(model, values)
        if found is None:
            raise _invalid(model, errors)
        return found

    def parse_leniently(self, model: type[M]) -> Parsed[M]:
        """Fill a pydantic model with what can be read, and say what could not; nothing raises.

        A value that does not fit is left out, so that its field has the model's default. A line item that lacks what the
        model requires is left out as a whole.
        """
        values, problems = self._known(model), list[str]()
        while True:
            found, errors = _validated(model, values)
            problems += [problem for problem in map(_problem, errors) if problem not in problems]
            # Each round takes away at least one value, or is the last.
            if found is not None or not sum(_leave_out(values, each) for each in _innermost(errors)):
                return Parsed(found, _fitting(model, values), tuple(problems))

    def _known(self, model: type[pydantic.BaseModel]) -> dict[str, Any]:
        """Give what a model has fields for."""
        if not _is_model(model):
            what = model.__name__ if isinstance(model, type) else f"a {type(model).__name__}"
            raise TypeError(
                f"a result is parsed into a pydantic model such as paperhook.schemas.Invoice, not {what}"
            )
        known = dict(self.tables) | _plain(self.fields)
        for name in ROWS:
            if rows := self.rows(name):
                known[name] = [_plain(row) for row in rows]
        if self.document_type is not None:
            known.setdefault("document_type", self.document_type)
        return _wanted(model, known)


@dataclass(frozen=True)
class Parsed(Generic[M_co]):
    """What could be read of a document into a model of yours."""

    #: None where something that the model requires is missing, and `values` is all there is.
    model: M_co | None = field(repr=False)
    #: What fits, by the names of the model's fields.
    values: Mapping[str, Any] = field(repr=False)
    #: Path and reason of each value that was left out or is missing, never a value.
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Lines:
    """What a csv writer writes to."""

    lines: list[str]

    def write(self, line: str) -> None:
        self.lines.append(line)


def csv_line(cells: Sequence[str]) -> str:
    """Write one row of a CSV file, with its line end."""
    # Few processes write tables.
    import csv

    lines: list[str] = []
    csv.writer(_Lines(lines)).writerow(cells)
    return "".join(lines)


def csv_cell(value: Any) -> str:
    """Write a value so that no spreadsheet runs it as a formula; amounts and dates of ours cannot be one.

    An apostrophe goes in front of what begins a formula: at the start, and behind a semicolon, a tab or a line end, where a
    spreadsheet with another separator begins a cell.

    Source: OWASP, CSV injection, https://owasp.org/www-community/attacks/CSV_Injection, read 2026-11-20; full-width signs,
    which are formulas in Japanese and Chinese versions, and what is not shown before a sign are taken as the sign.
    """
    if value is None or isinstance(value, (bool, int, float, Decimal, date)):
        return "" if value is None else str(value)
    text = _LATER_FORMULA.sub(r"\1'", str(value))
    return f"'{text}" if _FORMULA.match(text) else text


def _plain(fields: Mapping[str, Field]) -> dict[str, Any]:
    """Give values by the provider's names and, winning over them, by ours."""
    given = {field.provider_name: field.value for field in fields.values() if field.provider_name}
    return given | {name: field.value for name, field in fields.items()}


def _wanted(model: type[pydantic.BaseModel], known: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the values that a model has fields for, by the names that it takes them under."""
    values: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        found = next((each for each in _names_of(name, info) if each in known), None)
        if found is not None:
            values[_key_of(name, info)] = _for_rows(info.annotation, known[found])
    return values


def _names_of(name: str, info: pydantic.fields.FieldInfo) -> list[str]:
    """Give the names that a field takes its value under, the first one first."""
    alias = info.validation_alias
    given = alias.choices if isinstance(alias, pydantic.AliasChoices) else [alias]
    return [choice for choice in given if isinstance(choice, str)] + [name]


def _key_of(name: str, info: pydantic.fields.FieldInfo) -> str:
    return _names_of(name, info)[0]


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


def _validated(model: type[M], values: dict[str, Any]) -> tuple[M | None, list[Any]]:
    """Fill a model, with dates and amounts as text where it wants text; else give what is wrong."""
    try:
        return model.model_validate(values), []
    except pydantic.ValidationError as error:
        if not _write_out(values, error):
            return None, _errors(error)
    try:
        return model.model_validate(values), []
    except pydantic.ValidationError as error:
        return None, _errors(error)


def _errors(error: pydantic.ValidationError) -> list[Any]:
    # The original error prints the values.
    return list(error.errors(include_url=False, include_context=False, include_input=False))


def _innermost(errors: Sequence[Any]) -> list[tuple[int | str, ...]]:
    """Give what to leave out: values that do not fit; rows from the last, so that the numbers of the others stay."""
    paths = {each["loc"] if each["type"] != "missing" else each["loc"][:-1] for each in errors}
    return sorted((path for path in paths if path), key=_in_order, reverse=True)


def _in_order(path: tuple[int | str, ...]) -> list[str]:
    return [f"{step:09}" if isinstance(step, int) else step for step in path]


def _leave_out(values: Any, path: tuple[int | str, ...]) -> bool:
    """Take the value at a path away, or where the path leads into a type of the user's own, what holds it."""
    for place, step in enumerate(path[:-1]):
        inside = _inside(values, step)
        if not isinstance(inside, (dict, list)):
            return _drop(values, path[place])
        values = inside
    return _drop(values, path[-1])


def _drop(values: Any, step: int | str) -> bool:
    is_there = step in values if isinstance(values, dict) else isinstance(step, int) and step < len(values)
    if is_there:
        del values[step]
    return is_there


def _fitting(model: type[pydantic.BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values that are left, by the names of the model's fields."""
    return {
        name: values[key]
        for name, info in model.model_fields.items()
        if (key := _key_of(name, info)) in values
    }


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


def _problem(error: Any) -> str:
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['type']}"


def _invalid(model: type[pydantic.BaseModel], errors: Sequence[Any]) -> ResultInvalid:
    problems = tuple(map(_problem, errors))
    return ResultInvalid(f"{model.__name__}: {'; '.join(problems)}", problems=problems)
