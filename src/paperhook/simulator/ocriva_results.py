"""How a document becomes Ocriva's extractedData: camelCase names, numbers as numbers, the template's own names when it has some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from paperhook.simulator.documents import ReadDocument, ReadField
from paperhook.simulator.naming import LINE_ITEMS, TAXES, annotate, meaning, number, rows_of

DEFAULT_SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "invoiceNumber": {"type": "string"},
        "vendor": {"type": "string"},
        "customer": {"type": "string"},
        "invoiceDate": {"type": "string"},
        "dueDate": {"type": "string"},
        "currency": {"type": "string"},
        "subtotal": {"type": "number"},
        "taxAmount": {"type": "number"},
        "totalAmount": {"type": "number"},
        "amountDue": {"type": "number"},
        "poNumber": {"type": "string"},
        "lineItems": {"type": "array"},
        "taxes": {"type": "array"},
    },
}
_AMOUNTS = frozenset(
    {
        "subtotal",
        "tax",
        "total",
        "amount_due",
        "quantity",
        "unit_price",
        "amount",
        "tax_rate",
        "taxable_amount",
    }
)
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    LINE_ITEMS: {
        "description": "description",
        "quantity": "quantity",
        "unitPrice": "unit_price",
        "amount": "amount",
    },
    TAXES: {"taxRate": "tax_rate", "taxableAmount": "taxable_amount", "taxAmount": "tax"},
}


def schema_names(schema: object) -> tuple[str, ...]:
    """Give the field names of a template's schema: JSON Schema, `{"fields": [{"name"}]}`, a list, or a plain mapping."""
    if isinstance(schema, Mapping):
        mapping = cast("Mapping[str, object]", schema)
        inner = mapping.get("properties", mapping.get("fields"))
        return tuple(mapping) if inner is None else schema_names(inner)
    if isinstance(schema, list | tuple):
        return tuple(name for name in map(_name, cast("Iterable[object]", schema)) if name)
    return ()


def extracted(found: ReadDocument, names: Iterable[str], *, annotated: bool) -> dict[str, object]:
    """Shape a result; a name that means no standard field is null."""
    meanings = {name: meaning(name) for name in names}
    result: dict[str, object] = {}
    for name, standard in meanings.items():
        if standard is not None and standard in _COLUMNS:
            result[name] = [_row(row, _COLUMNS[standard]) for row in rows_of(found, standard)]
        else:
            result[name] = _value(found.fields.get(standard or ""), standard or "")
    if annotated:
        known = {name: standard for name, standard in meanings.items() if standard is not None}
        wanted = {
            rows: columns for rows, columns in _COLUMNS.items() if rows in {LINE_ITEMS, *known.values()}
        }
        result["_paperhook"] = annotate(found, known, wanted)
    return result


def _row(row: Mapping[str, ReadField], columns: Mapping[str, str]) -> dict[str, object]:
    return {given: _value(row.get(standard), standard) for given, standard in columns.items()}


def _value(field: ReadField | None, standard: str) -> object:
    if field is None:
        return None
    return number(field.value) if standard in _AMOUNTS else field.value


def _name(entry: object) -> str:
    if isinstance(entry, Mapping):
        return str(cast("Mapping[str, object]", entry).get("name", ""))
    return str(entry)
