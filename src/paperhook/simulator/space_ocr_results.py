"""How a document becomes space-ocr values: text as printed, with a box and a match ratio beside each.

Source: space-ocr's published agent skill and docs page; boxes are integers on a 0..1000 grid, origin top left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from paperhook.simulator.bodies import BodyMalformed
from paperhook.simulator.documents import ReadDocument, ReadField
from paperhook.simulator.naming import LINE_ITEMS, TAXES, annotate, column_meaning, meaning, rows_of

CONFIDENT_MATCH = 0.85
"""Source: AP-automation article."""

_ITEMS = ("description", "quantity", "unit_price", "amount")
_ROWS: Mapping[str, tuple[str, ...]] = {
    LINE_ITEMS: _ITEMS,
    TAXES: ("tax_rate", "taxable_amount", "tax"),
}
"""The columns of the arrays that can be read."""
_DOCUMENT = (
    "vendor",
    "customer",
    "invoice_number",
    "invoice_date",
    "due_date",
    "currency",
    "subtotal",
    "tax",
    "total",
    "amount_due",
    "po_number",
)


@dataclass(frozen=True, slots=True)
class Column:
    """One field that is wanted."""

    name: str
    #: "string" or "array".
    type: str = "string"
    children: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Give the shape that `columns` reads."""
        children = [{"name": child, "type": "string"} for child in self.children]
        return {"name": self.name, "type": self.type, **({"children": children} if children else {})}


DEFAULT_COLUMNS = (
    *(Column(name) for name in _DOCUMENT),
    *(Column(name, "array", children) for name, children in _ROWS.items()),
)
TEMPLATES: Mapping[str, tuple[Column, ...]] = {
    "invoice": DEFAULT_COLUMNS,
    "receipt": (
        *(Column(name) for name in ("merchant", "date", "currency", "subtotal", "tax", "total")),
        Column("items", "array", _ITEMS),
    ),
    "purchase_order": DEFAULT_COLUMNS,
    "delivery": DEFAULT_COLUMNS,
    "quote": DEFAULT_COLUMNS,
    "business_card": (Column("name"), Column("company"), Column("email"), Column("phone")),
    "bankbook": (Column("bank"), Column("account_number"), Column("holder")),
    "passport": (Column("full_name"), Column("passport_number"), Column("nationality")),
    "driver_license": (Column("full_name"), Column("license_number")),
    "resident_card": (Column("full_name"), Column("card_number")),
    "my_number_card": (Column("full_name"), Column("card_number")),
    "residence_card": (Column("full_name"), Column("card_number")),
    "india_electoral_roll_cover": (Column("state"), Column("part_number")),
}
"""Ids from the skill; their fields are assumed, and only those of commercial documents can be read here."""


def columns(value: object) -> tuple[Column, ...]:
    """Read `columns` or `fields`: names, or objects with name, type and children.

    Raises:
        BodyMalformed: If it is no list of these.
    """
    if not isinstance(value, list):
        raise BodyMalformed("fields must be a list")
    return tuple(_column(entry) for entry in cast("list[object]", value))


def flat_result(found: ReadDocument, wanted: tuple[Column, ...], *, annotated: bool) -> dict[str, object]:
    """Give values and `field_bboxes` side by side, as polling and synchronous calls do."""
    return {
        **values(found, wanted),
        "field_bboxes": boxes(found, wanted),
        **({"_paperhook": _annotations(found, wanted)} if annotated else {}),
    }


def event_result(
    name: str, found: ReadDocument, wanted: tuple[Column, ...], *, annotated: bool
) -> dict[str, object]:
    """Give the `result` of an ocr.completed event; that the boxes stand beside the values is assumed."""
    return {
        "name": name,
        "values": values(found, wanted),
        "field_bboxes": boxes(found, wanted),
        **({"_paperhook": _annotations(found, wanted)} if annotated else {}),
    }


def values(found: ReadDocument, wanted: tuple[Column, ...]) -> dict[str, object]:
    """Give what is printed for each column; empty text where nothing was found."""
    return {
        column.name: _rows(found, column) if column.type == "array" else _printed(found, column)
        for column in wanted
    }


def boxes(found: ReadDocument, wanted: tuple[Column, ...]) -> dict[str, object]:
    """Give the position of each value that was found; elements of arrays hold their own."""
    named = {
        column.name: found.fields.get(meaning(column.name) or "")
        for column in wanted
        if column.type != "array"
    }
    return {name: _position(field) for name, field in named.items() if field is not None}


def suggestions(found: ReadDocument) -> list[dict[str, object]]:
    """Propose the fields a document has."""
    present = [column for column in DEFAULT_COLUMNS if column.name in found.fields]
    arrays = [column for column in DEFAULT_COLUMNS if column.type == "array" and rows_of(found, column.name)]
    return [column.to_json() for column in (*present, *arrays)]


def present_columns(found: ReadDocument) -> tuple[Column, ...]:
    """Give the columns a document has something for, for `autoFields`."""
    return columns(suggestions(found))


def _column(entry: object) -> Column:
    if isinstance(entry, str) and entry:
        columns_of_rows = _ROWS.get(meaning(entry) or "", ())
        return Column(entry, "array" if columns_of_rows else "string", columns_of_rows)
    if not isinstance(entry, Mapping):
        raise BodyMalformed("a field is a name or an object with name and type")
    members = cast("Mapping[str, object]", entry)
    name, kind, children = members.get("name"), members.get("type", "string"), members.get("children", [])
    if (
        not isinstance(name, str)
        or not name
        or kind not in ("string", "array")
        or not isinstance(children, list)
    ):
        raise BodyMalformed("a field needs a name, and its type is string or array")
    names = tuple(column.name for column in columns(cast("list[object]", children)))
    usual = _ROWS.get(meaning(name) or "", _ITEMS) if kind == "array" else ()
    return Column(name, str(kind), names or usual)


def _printed(found: ReadDocument, column: Column) -> str:
    standard = meaning(column.name) or ""
    field = found.fields.get(standard)
    if field is None:
        return ""
    # A currency is often printed only as part of an amount, such as "50,00 EURO".
    return field.value if standard == "currency" else field.text


def _rows(found: ReadDocument, column: Column) -> list[dict[str, object]]:
    rows = meaning(column.name)
    if rows is None or rows not in _ROWS:
        return []
    known = {name: column_meaning(rows, name) or "" for name in column.children}
    return [_row(row, known) for row in rows_of(found, rows)]


def _row(row: Mapping[str, ReadField], names: Mapping[str, str]) -> dict[str, object]:
    fields = {name: row.get(standard) for name, standard in names.items()}
    return {
        **{name: "" if field is None else field.text for name, field in fields.items()},
        "field_bboxes": {name: _position(field) for name, field in fields.items() if field is not None},
    }


def _position(field: ReadField) -> dict[str, object]:
    x0, y0, x1, y1 = field.box
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    return {
        "bbox": {"xmin": x0, "ymin": y0, "xmax": x1, "ymax": y1},
        "vertices": [{"x": x, "y": y} for x, y in corners],
        "match_ratio": field.match_ratio,
        "bbox_source": "token_id",
        "text_verified": field.match_ratio >= CONFIDENT_MATCH,
    }


def _annotations(found: ReadDocument, wanted: tuple[Column, ...]) -> dict[str, object]:
    names = {column.name: known for column in wanted if (known := meaning(column.name)) is not None}
    arrays: dict[str, tuple[str, ...]] = {LINE_ITEMS: ()}
    for column in wanted:
        rows = names.get(column.name)
        if column.type == "array" and rows is not None and rows in _ROWS:
            arrays[rows] = column.children
    columns = {
        rows: {name: known for name in children if (known := column_meaning(rows, name)) is not None}
        for rows, children in arrays.items()
    }
    return annotate(found, names, columns)
