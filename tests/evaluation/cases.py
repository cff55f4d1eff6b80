"""Results and documents to judge, made by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from paperhook.core.result import Field, Result
from paperhook.evaluation.expected import ExpectedDocument


def document(expected: dict[str, Any], also: dict[str, Any] | None = None, **more: Any) -> ExpectedDocument:
    raw = {"file": Path("one.pdf"), "expected": expected, "also_accept": also or {}, **more}
    return ExpectedDocument.model_validate(raw)


def field(value: Any, confidence: float | None = 0.9, box: Any = (100, 100, 200, 120)) -> Field:
    return Field(value=value, confidence=confidence, page_number=1, box=box)


def row(description: str, amount: str, confidence: float | None = 0.9) -> dict[str, Field]:
    return {
        "description": field(description, confidence),
        "amount": field(Decimal(amount), 0.8, (500, 90, 600, 115)),
    }


def result(fields: dict[str, Any], *rows: dict[str, Field]) -> Result:
    given = {name: value if isinstance(value, Field) else field(value) for name, value in fields.items()}
    return Result(fields=given, line_items=rows)
