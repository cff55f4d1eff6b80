"""What a person corrected in a review, put over what the provider read.

A path is a field's name, ours or the provider's own (`Kopf.Datum`), or `line_items[2].amount` and the same of `taxes`, `allowances` and `charges`; the row behind the
last one is new, and `line_items[2]` without a value takes a row away. Values are text: amounts with a full stop as decimal mark, dates as ISO 8601.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..core.result import ROWS, Field, Result
from ..errors import CorrectionInvalid
from .known_names import KnownNames
from .values import read_value

#: Also what a provider calls it: `Kopf.Datum`, `Invoice No.`; brackets belong to rows.
_NAME = r"\w(?:[^\[\]=\n\r]*[^\[\]=\s])?"
_ROW = re.compile(rf"({'|'.join(ROWS)})\[(\d{{1,5}})\](?:\.({_NAME}))?")
_FIELD = re.compile(_NAME)
_FIRST_COLUMN = {"taxes": "tax"}


def check_corrections(corrections: Mapping[str, str | None], known: KnownNames | None = None) -> None:
    """Check paths and values before they are written down.

    Args:
        known: The names that fields may have; None takes any.

    Raises:
        CorrectionInvalid: If one is no path, has a name that is not known, or its value cannot be read; `problems` names all
            of them, never a value.
    """
    problems = tuple(
        f"{path}: {problem}" for path, text in corrections.items() if (problem := _problem(path, text, known))
    )
    if not corrections:
        problems = ("nothing: name a field and its value",)
    if problems:
        raise CorrectionInvalid(
            f"these corrections cannot be taken: {'; '.join(problems)}", problems=problems
        )


def corrected(result: Result, corrections: Mapping[str, str | None]) -> Result:
    """Give the result as the person has it; fields keep their text, page and box, and say that they are corrected.

    A row that is not there, or a name of a provider that it did not send, is told in a warning.
    """
    fields = dict(result.fields)
    tables: dict[str, list[dict[str, Field] | None]] = {
        name: [dict(row) for row in result.rows(name)] for name in ROWS
    }
    warnings = list(result.warnings)
    for path, text in corrections.items():
        place = _ROW.fullmatch(path)
        if place is None:
            name = _name_of(path, fields)
            if name is None:
                warnings.append(f"{path}: there is no such field to correct")
            else:
                fields[name] = _set(fields.get(name), name, text)
            continue
        rows, index, name = tables[place[1]], int(place[2]), place[3]
        if index == len(rows) and name is not None:
            rows.append({})
        row = rows[index] if index < len(rows) else None
        if row is None:
            warnings.append(f"{path}: there is no such row to correct")
        elif name is None:
            rows[index] = None
        else:
            row[name] = _set(row.get(name), name, text)
    values: dict[str, Any] = {"fields": fields, "warnings": tuple(warnings)}
    for member, rows in tables.items():
        values[member] = tuple(row for row in rows if row is not None)
    if "document_type" in corrections:
        values["document_type"] = fields["document_type"].value
    return result.model_copy(update=values)


def _name_of(path: str, fields: Mapping[str, Field]) -> str | None:
    """Find a field by our name or by the provider's own; a plain name that is not there is a new field."""
    if path in fields:
        return path
    own = next((name for name, field in fields.items() if field.provider_name == path), None)
    return own or (path if path.isidentifier() else None)


def _set(field: Field | None, name: str, text: str | None) -> Field:
    value = None if text is None else read_value(name, text)[0]
    # How sure the provider was of another value says nothing of this one.
    changed = {"value": value, "confidence": None, "match_ratio": None, "is_corrected": True}
    return (field or Field()).model_copy(update=changed)


def _problem(path: str, text: str | None, known: KnownNames | None) -> str:
    place = _ROW.fullmatch(path)
    if place is None and not _FIELD.fullmatch(path):
        return "this is no field; write total, or line_items[0].amount"
    if path in ROWS:
        return f"name a row: {path}[0].{_FIRST_COLUMN.get(path, 'amount')}"
    if place is not None and place[3] is None:
        return "" if text is None else "a row has no value of its own"
    name = path if place is None else str(place[3])
    if known is not None:
        strange = known.problem_of_field(name) if place is None else known.problem_of_column(place[1], name)
        if strange:
            return strange
    return "" if text is None else read_value(name, text)[1]
