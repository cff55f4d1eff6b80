"""From what a provider sent to a `Result`: standard names, typed values, and a warning for whatever cannot be read.

1. Every member is laid out flat, with its path, its value and its position.
2. Names become standard ones; of two that mean the same field the provider's table wins, then the exact name, then an alias,
   and the other keeps its own name.
3. What all the values say together (decimal mark, order of day and month, currency) is found.
4. Values get their types. One that cannot be read is None, its text stays, and a warning names its path, never its content.

A member that is null, or empty text, is absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from ..core.result import Result
from .layout import ANNOTATIONS, NOTHING, Position, lay_out, place
from .names import COLUMNS, ITEM_LISTS
from .naming import DOCUMENT, name_entries
from .strangers import clean, ratio
from .values import Typist, evidence_of

__all__ = ["ANNOTATIONS", "Position", "read_result"]


def read_result(
    values: Mapping[str, Any],
    *,
    names: Mapping[str, str] = NOTHING,
    item_names: Mapping[str, str] = NOTHING,
    items: Sequence[str] = ITEM_LISTS,
    positions: Mapping[str, Position] = NOTHING,
    row_positions: Mapping[str, Sequence[Mapping[str, Position]]] = NOTHING,
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
        names: The provider's names of fields to the standard ones; others go through `ALIASES`, or stay in snake case. A list
            of rows is named `line_items`, `taxes`, `allowances` or `charges`.
        item_names: The same for the columns of rows.
        items: Names of the members that hold line items; lists of objects that no table knows become tables.
        positions: By the provider's name.
        row_positions: The same for each row, in order, by the member of the result: `line_items`, `taxes`.
        raw: Kept as it is.
        document_type: Where the provider says it elsewhere.
        confidence: 0..1, of the whole document.
        text: The whole text of the document.
        decimal_mark: `.` or `,` where the provider promises one; else the document's amounts decide.
        day_first: What `5/1/2026` means where the provider promises it; else the document's dates decide.
    """
    layout = lay_out(values, items, names)
    warnings = layout.warnings
    place(layout, values, positions, row_positions)
    entries = name_entries(layout.entries, names, DOCUMENT, warnings)
    rows = {
        member: [name_entries(row, item_names, COLUMNS[member], warnings) for row in found]
        for member, found in layout.rows.items()
    }
    typist = Typist(evidence_of(entries, chain(*rows.values()), decimal_mark, day_first), warnings)
    fields = {entry.name: typist.field(entry, entry.name) for entry in entries}
    typed: dict[str, Any] = {
        member: tuple(
            {entry.name: typist.field(entry, f"{member}[{index}].{entry.name}") for entry in row}
            for index, row in enumerate(found)
        )
        for member, found in rows.items()
    }
    typist.settle_currency(fields)
    stated = fields["document_type"].value if "document_type" in fields else None
    return Result(
        fields=fields,
        **typed,
        tables=layout.tables,
        text=None if text is None else clean(text),
        warnings=tuple(dict.fromkeys(warnings)),
        document_type=document_type or (stated if isinstance(stated, str) else None),
        confidence=ratio(confidence),
        raw=raw,
    )
