"""What `paperhook demo` prints: one table a document, or one JSON object a document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from ..core.result import Field
from .demo import Report, sample
from .output import out


class JsonShow:
    """One JSON object a document; dates are ISO, amounts are decimal strings, boxes are 0..1000."""

    def report(self, report: Report) -> None:
        """Print one document."""
        out.json(as_json(report))


class TableShow:
    """The way of each document, then its fields."""

    def report(self, report: Report) -> None:
        """Print one document."""
        is_sample = report.file == str(sample())
        name = "a sample invoice" if is_sample else report.file
        out.heading(f"{name} to {report.provider}, on this machine")
        for step in report.steps:
            taken = " " * 11 if step.seconds is None else f"{step.seconds * 1000:8.0f} ms"
            out.line(f"  {taken}  {step.name:<17} {step.detail}")
        if report.error_code:
            out.line(f"  {report.event or 'not ended'}: {report.error_code}: {report.error_message}")
        if report.result.fields:
            out.table(
                ("field", "value", "conf.", "match", "page", "box"),
                [_cells(name, field) for name, field in report.result.fields.items()],
            )
        if report.result.line_items:
            out.table(_ITEM_COLUMNS, [_item_cells(item) for item in report.result.line_items])
        for warning in report.result.warnings:
            out.line(f"  warning: {warning}")
        if report.result.fields:
            for line in _LEGEND:
                out.remark(line)
        if is_sample:
            out.remark(_NEXT)
        out.line()


_LEGEND = (
    "conf.: how sure the reader is    match: how much of the value is on the page",
    "box: left, top, right and bottom in thousandths of the page",
)
_NEXT = "Nothing left this machine. Now one of yours: paperhook demo FILE"
_ITEM_COLUMNS = ("description", "quantity", "unit_price", "amount")


def as_json(report: Report) -> dict[str, Any]:
    """Give one document as JSON values.

    Returns:
        `file`, `provider`, `job_id`, `event`, `fields` (name → value, confidence, match_ratio, page, box),
        `line_items` (a list of the same), `warnings`, and `error` (code, message) where there is one.
    """
    found: dict[str, Any] = {
        "file": report.file,
        "provider": report.provider,
        "job_id": report.job_id,
        "event": report.event,
        "fields": {name: _json_field(field) for name, field in report.result.fields.items()},
        "line_items": [
            {name: _json_field(field) for name, field in item.items()} for item in report.result.line_items
        ],
        "warnings": list(report.result.warnings),
    }
    if report.error_code:
        found["error"] = {"code": report.error_code, "message": report.error_message}
    return found


def _json_field(field: Field) -> dict[str, Any]:
    return {
        "value": plain(field.value),
        "confidence": field.confidence,
        "match_ratio": field.match_ratio,
        "page": field.page_number,
        "box": field.box,
    }


def plain(value: Any) -> Any:
    """Write a value as JSON can hold it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def _cells(name: str, field: Field) -> tuple[object, ...]:
    box = None if field.box is None else " ".join(str(edge) for edge in field.box)
    return (
        name,
        plain(field.value),
        _ratio(field.confidence),
        _ratio(field.match_ratio),
        field.page_number,
        box,
    )


def _item_cells(item: Mapping[str, Field]) -> tuple[object, ...]:
    return tuple(plain(item[name].value) if name in item else None for name in _ITEM_COLUMNS)


def _ratio(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"
