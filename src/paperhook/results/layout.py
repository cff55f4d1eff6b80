"""Every member of what a provider sent, laid out flat, with its path, its value and its place on the page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ..core.result import ROWS, Box
from .names import CONTAINERS, OTHER_LISTS, snake_case
from .strangers import box, clean, page, ratio

#: Member with positions and warnings that a provider on localhost adds to its results.
ANNOTATIONS = "_paperhook"
#: Objects deeper than this stay as they are.
MAX_DEPTH = 4

NOTHING: Mapping[str, Any] = MappingProxyType({})
#: Where a wrapped value says how sure the provider is, and what was printed.
_CONFIDENCES = ("confidence", "confidence_score", "score", "probability")
_PAGES = ("page_number", "page")
#: How a list of fields calls the name and the value of each.
_PAIR_NAMES = ("name", "key", "label", "field", "field_name", "schema_id")
_PAIR_VALUES = ("value", "ocr_text", "text", "raw_text")
_PRINTED = ("text", "raw_text", "content", "raw")


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

    def or_else(self, other: Position) -> Position:
        """Take from another what this one does not say."""
        return Position(
            other.box if self.box is None else self.box,
            other.match_ratio if self.match_ratio is None else self.match_ratio,
            other.confidence if self.confidence is None else self.confidence,
            other.page_number if self.page_number is None else self.page_number,
        )


_NOWHERE = Position()


class Entry:
    """One member."""

    __slots__ = ("key", "name", "path", "position", "text", "value")

    def __init__(
        self, parts: tuple[str, ...], value: Any, position: Position = _NOWHERE, text: str | None = None
    ) -> None:
        #: The provider's own name, with dots where it was nested.
        self.path: str = parts[0] if len(parts) == 1 else ".".join(parts)
        #: Our name where it has no standard one.
        self.key: str = key_of(parts)
        #: Our name, once it is chosen.
        self.name: str = ""
        self.value: Any = value
        self.position: Position = position
        #: As printed, where the provider sends it beside the value.
        self.text: str | None = text


@dataclass(slots=True)
class Layout:
    """What was found in an object."""

    entries: list[Entry] = field(default_factory=list[Entry])
    #: By the member of a result that they go to.
    rows: dict[str, list[list[Entry]]] = field(default_factory=dict[str, list[list[Entry]]])
    tables: dict[str, Any] = field(default_factory=dict[str, Any])
    warnings: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class _Lists:
    """Which members hold rows."""

    #: By names in snake case, and by the provider's own: the member of a result that the rows go to.
    known: Mapping[str, str]
    told: Mapping[str, str]

    def rows_for(self, parts: tuple[str, ...]) -> str | None:
        told = self.told.get(".".join(parts)) if self.told else None
        return told if told in ROWS else self.known.get(snake_case(parts[-1]))


_NO_LISTS = _Lists(NOTHING, NOTHING)


def lay_out(values: Any, items: Sequence[str], names: Mapping[str, str] = NOTHING) -> Layout:
    """Lay out what a provider sent.

    Args:
        values: Any JSON value.
        items: Names of the members that hold line items.
        names: The provider's table, which may name the members that hold rows of any kind.
    """
    layout = Layout()
    if isinstance(values, Mapping):
        known = {**OTHER_LISTS, **dict.fromkeys(map(snake_case, items), "line_items")}
        _lay_out(values, layout, _Lists(known, names))
    else:
        layout.warnings.append("result: not an object")
    return layout


def _lay_out(values: Mapping[Any, Any], layout: Layout, lists: _Lists, around: tuple[str, ...] = ()) -> None:
    for key, value in values.items():
        if key == ANNOTATIONS:
            continue
        parts = (*around, clean(str(key)))
        member = lists.rows_for(parts)
        rows = None if member is None else _rows_in(value)
        if member is not None and rows is not None:
            _add_rows(member, rows, layout)
        elif isinstance(value, Mapping):
            _open(parts, value, layout, lists)
        elif (pairs := _pairs_in(value)) is not None:
            # The list's own name says nothing of the fields in it.
            _lay_out(pairs, layout, lists, around)
        elif _is_table(value):
            layout.tables.setdefault(key_of(parts), value)
        elif not _is_missing(value):
            layout.entries.append(Entry(parts, value))


def _open(parts: tuple[str, ...], value: Mapping[Any, Any], layout: Layout, lists: _Lists) -> None:
    """Lay out an object: a wrapped value, other members, or too deep to look into."""
    if len(parts) > MAX_DEPTH:
        layout.tables.setdefault(key_of(parts), value)
    elif "value" not in value:
        _lay_out(value, layout, lists, parts)
    elif isinstance(value["value"], Mapping):
        _lay_out(value["value"], layout, lists, parts)
    elif _is_table(value["value"]):
        layout.tables.setdefault(key_of(parts), value["value"])
    elif not _is_missing(value["value"]):
        layout.entries.append(_unwrapped(parts, value))


def _unwrapped(parts: tuple[str, ...], wrapped: Mapping[Any, Any]) -> Entry:
    printed = next((wrapped[name] for name in _PRINTED if isinstance(wrapped.get(name), str)), None)
    position = Position(
        confidence=next((ratio(wrapped[name]) for name in _CONFIDENCES if name in wrapped), None),
        page_number=next((page(wrapped[name]) for name in _PAGES if name in wrapped), None),
    )
    return Entry(parts, wrapped["value"], position, printed)


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


#: The one column of a row that is no object.
_BARE = {"line_items": "description"}


def _pairs_in(value: Any) -> dict[str, Mapping[Any, Any]] | None:
    """Find fields in a list of objects of which each names one and gives its value; None where it is no such list."""
    if not isinstance(value, (list, tuple)) or not value:
        return None
    pairs: dict[str, Mapping[Any, Any]] = {}
    for each in value:
        if not isinstance(each, Mapping):
            return None
        named = next((each[name] for name in _PAIR_NAMES if isinstance(each.get(name), str)), "")
        given = next((name for name in _PAIR_VALUES if name in each), None)
        # Of rows, two may have one name.
        if not named.strip() or given is None or named in pairs:
            return None
        pairs[named] = {**each, "value": each[given]}
    return pairs


def _add_rows(member: str, rows: list[Any], layout: Layout) -> None:
    known = layout.rows.setdefault(member, [])
    for row in rows:
        found = Layout()
        if isinstance(row, Mapping):
            _lay_out(row, found, _NO_LISTS)
        elif isinstance(row, str) and row.strip():
            found.entries.append(Entry((_BARE.get(member, "amount"),), row))
        else:
            layout.warnings.append(f"{member}[{len(known)}]: not an object")
        # An empty row stays, so that positions by index still fit.
        known.append(found.entries)


def _is_table(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(row, (Mapping, list, tuple)) for row in value)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def key_of(parts: tuple[str, ...]) -> str:
    """Make our name for a member that has no standard one."""
    if len(parts) == 1:
        return snake_case(parts[0])
    *around, name = (snake_case(part) for part in parts)
    return "_".join([*(part for part in around if part not in CONTAINERS), name])


# Positions


def place(
    layout: Layout,
    values: Any,
    positions: Mapping[str, Position],
    row_positions: Mapping[str, Sequence[Mapping[str, Position]]],
) -> None:
    """Give entries their positions: the caller's first, then the annotations, whose warnings are taken over."""
    notes = values.get(ANNOTATIONS) if isinstance(values, Mapping) else None
    notes = notes if isinstance(notes, Mapping) else {}
    _place(layout.entries, positions, notes.get("fields"))
    for member, rows in layout.rows.items():
        noted = notes.get(member)
        noted = noted if isinstance(noted, list) else []
        known = row_positions.get(member, ())
        for index, row in enumerate(rows):
            given = known[index] if index < len(known) else NOTHING
            _place(row, given, noted[index] if index < len(noted) else None)
    warnings = notes.get("warnings")
    if isinstance(warnings, list):
        layout.warnings += [clean(text) for text in warnings if isinstance(text, str)]


def _place(entries: Sequence[Entry], given: Mapping[str, Position], notes: Any) -> None:
    """Take from each source what the ones before it do not say: the caller, the annotations, the value itself."""
    annotated = _annotated(notes)
    if not given and not annotated:
        return
    for entry in entries:
        for found in (annotated.get(entry.path), given.get(entry.path)):
            if found is not None:
                known = entry.position
                entry.position = found if known is _NOWHERE else found.or_else(known)


def _annotated(notes: Any) -> dict[str, Position]:
    if not isinstance(notes, Mapping):
        return {}
    return {
        clean(str(name)): Position(
            box(note.get("box")),
            ratio(note.get("match_ratio")),
            ratio(note.get("confidence")),
            page(note.get("page")),
        )
        for name, note in notes.items()
        if isinstance(note, Mapping)
    }
