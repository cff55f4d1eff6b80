"""Many documents as one file: JSON Lines, or CSV with a row for each document, line item, rate of tax, or adjustment.

Amounts are text in JSON, so that no digit is lost, and dates are ISO 8601. No cell of a CSV file runs as a formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from ..core.result import Field, Result, Rows, csv_cell, csv_line

#: What a CSV file has a row for.
RowsOf: TypeAlias = Literal["documents", "line_items", "taxes", "allowances", "charges"]


def json_lines(results: Iterable[Result]) -> Iterator[str]:
    """Give the plain values of each document as one line of JSON, with its line end."""
    for result in results:
        yield f"{result.to_json()}\n"


def csv_lines(
    results: Iterable[Result],
    *,
    rows: RowsOf = "documents",
    columns: Sequence[str] = (),
) -> Iterator[str]:
    """Give the lines of a CSV file with a head, each with its line end.

    Args:
        results: One for each document. Without `columns` all are read before the first line is given.
        rows: One row for each document, or for each line item, rate of tax, allowance or charge with the document's fields
            repeated; a document without any has one row all the same.
        columns: Which fields, in this order, such as `total` or `line_items.amount`; by default every field that any of
            the documents has, in the order in which they are first met.
    """
    if not columns:
        results = list(results)
        columns = _columns(results, rows)
    yield csv_line([csv_cell(name) for name in columns])
    for result in results:
        for item in _rows_of(result, rows) or (_NO_ITEM,):
            yield csv_line([csv_cell(_value(result, item, f"{rows}.", name)) for name in columns])


_NO_ITEM: Mapping[str, Field] = {}


def _rows_of(result: Result, rows: RowsOf) -> Rows:
    return () if rows == "documents" else result.rows(rows)


def _columns(results: Iterable[Result], rows: RowsOf) -> list[str]:
    documents: dict[str, None] = {}
    items: dict[str, None] = {}
    for result in results:
        documents.update(dict.fromkeys(result.fields))
        items.update(dict.fromkeys(name for item in _rows_of(result, rows) for name in item))
    return [*documents, *(f"{rows}.{name}" for name in items)]


def _value(result: Result, item: Mapping[str, Field], prefix: str, name: str) -> Any:
    fields = item if name.startswith(prefix) else result.fields
    found = fields.get(name.removeprefix(prefix) if fields is item else name)
    return None if found is None else found.value
