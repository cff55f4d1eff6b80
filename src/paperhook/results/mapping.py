"""From what a provider sent to a `Result`: standard names, typed values, and a warning for whatever cannot be read.

1. Every member is laid out flat, with its path, its value and its position.
2. Names become standard ones; of two that mean the same field the provider's table wins, then the exact name, then an alias,
   and the other keeps its own name.
3. What all the values say together (decimal mark, order of day and month, currency) is found.
4. Values get their types. One that cannot be read is None, its text stays, and a warning names its path, never its content.

A member that is null, or empty text, is absent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from ..core.result import Box, Field, Result
from .dates import day_first_of, is_ambiguous, parse_date
from .money import CURRENCY_DOUBT, Money, decimal_mark_of, parse_currency, parse_money, parse_quantity
from .names import (
    ALIASES,
    CONTAINERS,
    DATES,
    ITEM_ALIASES,
    ITEM_LISTS,
    ITEM_STANDARD,
    MONEY,
    NUMBERS,
    STANDARD,
    TEXTS,
    snake_case,
)

#: Member with positions and warnings that a provider on localhost adds to its results.
ANNOTATIONS = "_paperhook"
#: Objects deeper than this stay as they are.
MAX_DEPTH = 4

_NOTHING: Mapping[str, Any] = MappingProxyType({})
#: Where a wrapped value says how sure the provider is, and what was printed.
_CONFIDENCES = ("confidence", "confidence_score", "score", "probability")
_PAGES = ("page_number", "page")
_PRINTED = ("text", "raw_text", "content", "raw")
#: What people and programs write where an amount or a date is missing.
_MISSING = frozenset({"-", "--", "n/a", "na", "none", "null", "nil", "unknown"})


@dataclass(frozen=True, slots=True)
class Position:
    """Where a value stands and how sure the provider is."""

    #: Integers 0..1000, origin top left.
    box: Box | None = None
    #: 0..1.
    match_ratio: float | None = None
    #: 0..1.
    confidence: float | None = None
    #: From 1.
    page_number: int | None = None


_NOWHERE = Position()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One member, laid out flat."""

    #: The provider's own name, behind the names of the objects around it.
    parts: tuple[str, ...]
    value: Any
    position: Position = _NOWHERE
    #: As printed, where the provider sends it beside the value.
    text: str | None = None
    #: Our name.
    name: str = ""

    @property
    def path(self) -> str:
        """The provider's own name, with dots where it was nested."""
        return ".".join(self.parts)


@dataclass(slots=True)
class _Layout:
    """What was found in an object."""

    entries: list[_Entry] = field(default_factory=list[_Entry])
    rows: list[list[_Entry]] = field(default_factory=list[list[_Entry]])
    tables: dict[str, Any] = field(default_factory=dict[str, Any])
    warnings: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What all values of a document say together."""

    decimal_mark: str | None
    day_first: bool | None
    currency: str | None


def read_result(
    values: Mapping[str, Any],
    *,
    names: Mapping[str, str] = _NOTHING,
    item_names: Mapping[str, str] = _NOTHING,
    items: Sequence[str] = ITEM_LISTS,
    positions: Mapping[str, Position] = _NOTHING,
    item_positions: Sequence[Mapping[str, Position]] = (),
    raw: Any = None,
    document_type: str | None = None,
    confidence: float | None = None,
    text: str | None = None,
    decimal_mark: str | None = None,
    day_first: bool | None = None,
) -> Result:
    """Normalise what a provider read in one document; any JSON value gives a result, nothing raises.

    Args:
        values: The provider's names and values; a value may be wrapped: `{"value": …, "confidence": 0.9, "page": 1}`.
        names: The provider's names of fields to the standard ones; others go through `ALIASES`, or stay in snake case.
        item_names: The same for the columns of line items.
        items: Names of the members that hold line items; other lists of objects become tables.
        positions: By the provider's name.
        item_positions: The same for each line item, in order.
        raw: Kept as it is.
        document_type: Where the provider says it elsewhere.
        confidence: 0..1, of the whole document.
        text: The whole text of the document.
        decimal_mark: `.` or `,` where the provider promises one; else the document's amounts decide.
        day_first: What `5/1/2026` means where the provider promises it; else the document's dates decide.
    """
    layout = _Layout()
    if isinstance(values, Mapping):
        _lay_out(values, layout, frozenset(map(snake_case, items)))
    else:
        layout.warnings.append("result: not an object")
    layout.warnings += _place(layout, values, positions, item_positions)
    entries = _named(layout.entries, names, STANDARD, ALIASES, layout.warnings)
    rows = [_named(row, item_names, ITEM_STANDARD, ITEM_ALIASES, layout.warnings) for row in layout.rows]
    evidence = _evidence(entries, rows, decimal_mark, day_first)
    fields = {entry.name: _typed(entry, entry.name, evidence, layout.warnings) for entry in entries}
    line_items = tuple(
        {
            entry.name: _typed(entry, f"line_items[{index}].{entry.name}", evidence, layout.warnings)
            for entry in row
        }
        for index, row in enumerate(rows)
    )
    _fill_currency(fields, line_items, layout.warnings)
    stated = fields["document_type"].value if "document_type" in fields else None
    return Result(
        fields=fields,
        line_items=line_items,
        tables=layout.tables,
        text=None if text is None else _clean(text),
        warnings=tuple(dict.fromkeys(layout.warnings)),
        document_type=document_type or (stated if isinstance(stated, str) else None),
        confidence=_ratio(confidence),
        raw=raw,
    )


# 1. Laying out


def _lay_out(
    values: Mapping[Any, Any], layout: _Layout, items: frozenset[str], around: tuple[str, ...] = ()
) -> None:
    for key, value in values.items():
        if key == ANNOTATIONS:
            continue
        parts = (*around, _clean(str(key)))
        rows = _rows_in(value) if snake_case(str(key)) in items else None
        if rows is not None:
            _add_rows(rows, layout)
        elif isinstance(value, Mapping):
            _open(parts, value, layout, items)
        elif _is_table(value):
            layout.tables.setdefault(_key(parts), value)
        elif not _is_missing(value):
            layout.entries.append(_Entry(parts, value))


def _open(parts: tuple[str, ...], value: Mapping[Any, Any], layout: _Layout, items: frozenset[str]) -> None:
    """Lay out an object: a wrapped value, other members, or too deep to look into."""
    if len(parts) > MAX_DEPTH:
        layout.tables.setdefault(_key(parts), value)
    elif "value" not in value:
        _lay_out(value, layout, items, parts)
    elif isinstance(value["value"], Mapping):
        _lay_out(value["value"], layout, items, parts)
    elif _is_table(value["value"]):
        layout.tables.setdefault(_key(parts), value["value"])
    elif not _is_missing(value["value"]):
        layout.entries.append(_unwrapped(parts, value))


def _unwrapped(parts: tuple[str, ...], wrapped: Mapping[Any, Any]) -> _Entry:
    printed = next((wrapped[name] for name in _PRINTED if isinstance(wrapped.get(name), str)), None)
    position = Position(
        confidence=next((_ratio(wrapped[name]) for name in _CONFIDENCES if name in wrapped), None),
        page_number=next((_page(wrapped[name]) for name in _PAGES if name in wrapped), None),
    )
    return _Entry(parts, wrapped["value"], position, printed)


def _rows_in(value: Any) -> list[Any] | None:
    """Find rows in a list, in JSON text that holds one, or in an object of objects; None where there are none."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, Mapping) and "value" in value:
        value = value["value"]
    if isinstance(value, Mapping):
        members = list(value.values())
        return members if members and all(isinstance(row, Mapping) for row in members) else None
    return list(value) if isinstance(value, (list, tuple)) else None


def _add_rows(rows: list[Any], layout: _Layout) -> None:
    for index, row in enumerate(rows):
        found = _Layout()
        if isinstance(row, Mapping):
            _lay_out(row, found, frozenset())
        elif isinstance(row, str) and row.strip():
            found.entries.append(_Entry(("description",), row))
        else:
            layout.warnings.append(f"line_items[{index}]: not an object")
        # An empty row stays, so that positions by index still fit.
        layout.rows.append(found.entries)


def _is_table(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(row, (Mapping, list, tuple)) for row in value)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _key(parts: tuple[str, ...]) -> str:
    """Make our name for a member that has no standard one."""
    *around, name = (snake_case(part) for part in parts)
    return "_".join([*(part for part in around if part not in CONTAINERS), name])


# 2. Positions and names


def _place(
    layout: _Layout,
    values: Any,
    positions: Mapping[str, Position],
    item_positions: Sequence[Mapping[str, Position]],
) -> list[str]:
    """Give entries their positions: the caller's first, then the annotations; give the annotations' warnings."""
    notes = values.get(ANNOTATIONS) if isinstance(values, Mapping) else None
    notes = notes if isinstance(notes, Mapping) else {}
    layout.entries = [_placed(entry, positions, _annotated(notes.get("fields"))) for entry in layout.entries]
    noted = notes.get("line_items")
    noted = noted if isinstance(noted, list) else []
    for index, row in enumerate(layout.rows):
        given = item_positions[index] if index < len(item_positions) else _NOTHING
        annotated = _annotated(noted[index] if index < len(noted) else None)
        layout.rows[index] = [_placed(entry, given, annotated) for entry in row]
    warnings = notes.get("warnings")
    return [_clean(text) for text in warnings if isinstance(text, str)] if isinstance(warnings, list) else []


def _placed(entry: _Entry, given: Mapping[str, Position], annotated: Mapping[str, Position]) -> _Entry:
    """Take from each source what the ones before it do not say: the caller, the annotations, the value itself."""
    if not given and not annotated:
        return entry
    position = entry.position
    for found in (annotated.get(entry.path), given.get(entry.path)):
        if found is not None:
            said = {each.name: getattr(found, each.name) for each in fields(found)}
            position = replace(position, **{name: value for name, value in said.items() if value is not None})
    return replace(entry, position=position)


def _annotated(notes: Any) -> dict[str, Position]:
    if not isinstance(notes, Mapping):
        return {}
    return {
        _clean(str(name)): Position(
            box=_box(note.get("box")),
            match_ratio=_ratio(note.get("match_ratio")),
            confidence=_ratio(note.get("confidence")),
            page_number=_page(note.get("page")),
        )
        for name, note in notes.items()
        if isinstance(note, Mapping)
    }


def _named(
    entries: list[_Entry],
    names: Mapping[str, str],
    standard: frozenset[str],
    aliases: Mapping[str, str],
    warnings: list[str],
) -> list[_Entry]:
    """Give each entry a name of its own, in the order sent."""
    ranked = sorted(
        ((*_standard_name(entry, names, standard, aliases), index) for index, entry in enumerate(entries)),
        key=lambda claim: (claim[1], claim[2]),
    )
    taken: dict[str, int] = {}
    for name, _, index in ranked:
        entry = entries[index]
        # Two members that mean the same field keep apart under their own names.
        free = next((each for each in (name, _key(entry.parts), entry.path) if each not in taken), None)
        if free is None:
            warnings.append(f"{name}: given twice")
        else:
            taken[free] = index
    return [
        replace(entries[index], name=name) for name, index in sorted(taken.items(), key=lambda pair: pair[1])
    ]


def _standard_name(
    entry: _Entry, names: Mapping[str, str], standard: frozenset[str], aliases: Mapping[str, str]
) -> tuple[str, int]:
    """Find our name and how sure it is: 0 the provider's table, 1 the exact name, 2 an alias, 3 none."""
    if entry.path in names:
        return names[entry.path], 0
    name = _key(entry.parts)
    if name in standard:
        return name, 1
    # {"vendor": {"name": …}} is vendor_name.
    return (aliases[name], 2) if name in aliases else (name, 3)


# 3. Evidence


def _evidence(
    entries: list[_Entry], rows: list[list[_Entry]], decimal_mark: str | None, day_first: bool | None
) -> _Evidence:
    everything = [*entries, *(entry for row in rows for entry in row)]
    currency = next((parse_currency(entry.value)[0] for entry in entries if entry.name == "currency"), None)
    if decimal_mark is None:
        amounts = [entry.value for entry in everything if entry.name in MONEY or entry.name in NUMBERS]
        decimal_mark = decimal_mark_of(amounts, currency)
    if day_first is None:
        day_first = day_first_of(entry.value for entry in everything if entry.name in DATES)
    return _Evidence(decimal_mark, day_first, currency)


# 4. Types


def _typed(entry: _Entry, path: str, evidence: _Evidence, warnings: list[str]) -> Field:
    value, problem = _value(entry, evidence)
    if problem:
        warnings.append(f"{path}: {problem}")
    position = entry.position
    return Field(
        value=value,
        text=_clean(entry.text) if entry.text is not None else _text(entry.value),
        confidence=_ratio(position.confidence),
        page_number=position.page_number,
        box=position.box,
        match_ratio=_ratio(position.match_ratio),
        provider_name=entry.path,
    )


def _value(entry: _Entry, evidence: _Evidence) -> tuple[Any, str]:
    """Read a value by its name; the second is what is wrong with it, empty where nothing is."""
    name, value = entry.name, entry.value
    if name in MONEY or name in NUMBERS:
        found = _amount(name, value, evidence)
        if found is None:
            return None, "" if _says_nothing(value) else "not an amount"
        return found.amount, "; ".join(doubt for doubt in found.doubts if doubt != CURRENCY_DOUBT)
    if name in DATES:
        return _date(value, evidence)
    if name == "currency":
        code, is_certain = parse_currency(value)
        return code, ("" if is_certain else CURRENCY_DOUBT) if code else "not an ISO 4217 currency"
    if name in TEXTS and isinstance(value, (int, float)) and not isinstance(value, bool):
        return _text(value), ""
    return _cleaned(value), ""


def _amount(name: str, value: Any, evidence: _Evidence) -> Money | None:
    if name in NUMBERS:
        return parse_quantity(value, decimal_mark=evidence.decimal_mark)
    return parse_money(value, decimal_mark=evidence.decimal_mark, currency=evidence.currency)


def _date(value: Any, evidence: _Evidence) -> tuple[date | None, str]:
    found = parse_date(value, day_first=evidence.day_first)
    if found is not None or _says_nothing(value):
        return found, ""
    return None, "day and month cannot be told apart" if is_ambiguous(value) else "not a date"


def _says_nothing(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower() in _MISSING


def _fill_currency(
    fields: dict[str, Field], line_items: tuple[dict[str, Field], ...], warnings: list[str]
) -> None:
    """Take the currency from the amounts where the document states none; tell where they contradict it."""
    everything = [*fields.items(), *(pair for item in line_items for pair in item.items())]
    amounts = [
        parse_money(each.text) for name, each in everything if name in MONEY and each.value is not None
    ]
    certain = {
        found.currency for found in amounts if found and found.currency and CURRENCY_DOUBT not in found.doubts
    }
    shared = {
        found.currency for found in amounts if found and found.currency and CURRENCY_DOUBT in found.doubts
    }
    stated = fields.get("currency")
    if stated is not None and stated.value is not None:
        if certain - {stated.value}:
            warnings.append("currency: the amounts are in another currency")
        return
    codes = certain or shared
    if len(codes) > 1:
        warnings.append("currency: the amounts are in several currencies")
    elif codes:
        if not certain:
            warnings.append(f"currency: {CURRENCY_DOUBT}")
        fields["currency"] = Field(value=codes.pop(), text=stated.text if stated else None)


# Values that anybody may have sent


def _clean(text: str) -> str:
    """Replace half characters, which no UTF-8 can hold, by `?`."""
    return text.encode("utf-8", "replace").decode()


def _cleaned(value: Any) -> Any:
    return _clean(value) if isinstance(value, str) else value


def _text(value: Any) -> str | None:
    """Write a value as text; None for lists, objects and absurdly long numbers."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 4096:
        return None
    return str(value) if isinstance(value, (int, float, Decimal, date)) else None


def _ratio(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        return None
    return float(value)


def _page(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 100_000 else None


def _box(value: Any) -> Box | None:
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        return None
    if not all(
        isinstance(edge, (int, float)) and not isinstance(edge, bool) and math.isfinite(edge)
        for edge in value
    ):
        return None
    x0, y0, x1, y1 = (round(edge) for edge in value)
    return (x0, y0, x1, y1) if 0 <= x0 <= x1 <= 1000 and 0 <= y0 <= y1 <= 1000 else None
