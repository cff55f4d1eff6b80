"""One document's result against what it states: a verdict for each field and each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..core.result import Box, Field, Result
from .comparing import is_empty, is_same
from .expected import ExpectedDocument, Stated


class Verdict(StrEnum):
    """How a field or a row was read."""

    #: Stated, and read so.
    RIGHT = "right"
    #: Stated, and read otherwise.
    WRONG = "wrong"
    #: Stated, and not read.
    MISSED = "missed"
    #: Not stated, and read all the same.
    INVENTED = "invented"
    #: Not stated, and not read.
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one field or one row of line items."""

    #: `total`; a row is `line_items[0]`, counted as stated, or as read where it is invented.
    name: str
    verdict: Verdict
    stated: str
    found: str
    #: 0..1; of a row the lowest of its cells; None where the provider does not say.
    confidence: float | None = None
    #: From 1.
    page_number: int | None = None
    box: Box | None = None

    @property
    def is_row(self) -> bool:
        """Whether it is about a row of line items."""
        return self.name.startswith("line_items[")

    @property
    def is_miss(self) -> bool:
        """Whether a person should look at it."""
        return self.verdict in {Verdict.WRONG, Verdict.MISSED, Verdict.INVENTED}


def judge(document: ExpectedDocument, result: Result) -> list[Judgement]:
    """Compare a result with what its document states; fields that the manifest does not name are not judged."""
    judged = [
        _field(document, name, stated, result.fields.get(name))
        for name, stated in (document.expected or {}).items()
    ]
    return judged + _rows(document.line_items, result.line_items)


def _field(document: ExpectedDocument, name: str, stated: Stated, field: Field | None) -> Judgement:
    value = field.value if field is not None else None
    rights = (stated, *document.also_accept.get(name, ()))
    is_right = any(is_same(name, right, value) for right in rights)
    shown = "" if is_empty(value) else str(value)
    if field is None or is_empty(value):
        # What may be left out is not stated clearly enough to ask for.
        verdict = Verdict.EMPTY if stated is None else Verdict.RIGHT if is_right else Verdict.MISSED
        return Judgement(name, verdict, stated or "", shown)
    if stated is None:
        verdict = Verdict.EMPTY if is_right else Verdict.INVENTED
    else:
        verdict = Verdict.RIGHT if is_right else Verdict.WRONG
    return Judgement(name, verdict, stated or "", shown, field.confidence, field.page_number, field.box)


# Rows.

Row = Mapping[str, Field]


def _rows(stated: Sequence[Mapping[str, Stated]] | None, found: Sequence[Row]) -> list[Judgement]:
    if stated is None:
        return []
    judged: list[Judgement] = []
    for left, right in aligned(stated, found):
        row = found[right] if right is not None else {}
        if left is None:
            judged.append(_row(f"line_items[{right}]", Verdict.INVENTED, {}, row))
        elif right is None:
            judged.append(_row(f"line_items[{left}]", Verdict.MISSED, stated[left], row))
        else:
            verdict = Verdict.RIGHT if is_same_row(stated[left], row) else Verdict.WRONG
            judged.append(_row(f"line_items[{left}]", verdict, stated[left], row))
    return judged


def is_same_row(stated: Mapping[str, Stated], found: Row) -> bool:
    """Whether every stated cell was read right, and no cell that is stated to be empty was filled."""
    return all(is_same(name, right, _value(found, name)) for name, right in stated.items())


def _value(row: Row, name: str) -> object:
    return row[name].value if name in row else None


def aligned(
    stated: Sequence[Mapping[str, Stated]], found: Sequence[Row]
) -> list[tuple[int | None, int | None]]:
    """Pair stated rows with those that were read, in order, so that as many cells as possible agree.

    Returns:
        Pairs of indexes; None where a row has no partner.
    """
    # best[i][j]: the most cells that agree among the first i stated and j read rows, a whole row above any cells.
    best = [[0] * (len(found) + 1) for _ in range(len(stated) + 1)]
    for i, right in enumerate(stated):
        for j, row in enumerate(found):
            best[i + 1][j + 1] = max(best[i][j + 1], best[i + 1][j], best[i][j] + _agreement(right, row))
    pairs: list[tuple[int | None, int | None]] = []
    i, j = len(stated), len(found)
    while i or j:
        if i and j and best[i][j] == best[i - 1][j - 1] + _agreement(stated[i - 1], found[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif i and (not j or best[i][j] == best[i - 1][j]):
            i -= 1
            pairs.append((i, None))
        else:
            j -= 1
            pairs.append((None, j))
    return pairs[::-1]


def _agreement(stated: Mapping[str, Stated], row: Row) -> int:
    cells = sum(
        right is not None and is_same(name, right, _value(row, name)) for name, right in stated.items()
    )
    return cells + 10 * is_same_row(stated, row)


def _row(name: str, verdict: Verdict, stated: Mapping[str, Stated], found: Row) -> Judgement:
    sure = [field.confidence for field in found.values() if field.confidence is not None]
    placed = [field for field in found.values() if field.box is not None]
    return Judgement(
        name,
        verdict,
        _joined(list(stated.values())),
        _joined([found[key].value for key in (stated or found) if key in found]),
        min(sure, default=None),
        next((field.page_number for field in placed), None),
        _around([field.box for field in placed if field.box is not None]),
    )


def _joined(values: Sequence[object]) -> str:
    return " | ".join("-" if value is None else str(value) for value in values)


def _around(boxes: Sequence[Box]) -> Box | None:
    if not boxes:
        return None
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return (min(x0), min(y0), max(x1), max(y1))
