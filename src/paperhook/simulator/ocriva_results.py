"""How a document becomes Ocriva's extractedData: camelCase names, numbers as numbers, the template's own names when it has some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from paperhook.simulator.documents import ReadDocument, ReadField
from paperhook.simulator.naming import LINE_ITEMS, annotate, meaning, number

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
    },
}
_AMOUNTS = frozenset({"subtotal", "tax", "total", "amount_due", "quantity", "unit_price", "amount"})
_ITEM_NAMES = {
    "description": "description",
    "quantity": "quantity",
    "unitPrice": "unit_price",
    "amount": "amount",
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
        if standard == LINE_ITEMS:
            result[name] = [_item(item) for item in found.line_items]
        else:
            result[name] = _value(found.fields.get(standard or ""), standard or "")
    if annotated:
        known = {name: standard for name, standard in meanings.items() if standard is not None}
        result["_paperhook"] = annotate(found, known, _ITEM_NAMES)
    return result


def _item(item: Mapping[str, ReadField]) -> dict[str, object]:
    return {given: _value(item.get(standard), standard) for given, standard in _ITEM_NAMES.items()}


def _value(field: ReadField | None, standard: str) -> object:
    if field is None:
        return None
    return number(field.value) if standard in _AMOUNTS else field.value


def _name(entry: object) -> str:
    if isinstance(entry, Mapping):
        return str(cast("Mapping[str, object]", entry).get("name", ""))
    return str(entry)
