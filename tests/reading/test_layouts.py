"""Layouts found in the wild, drawn with invented senders: what each states is read, and nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest

from paperhook.reading import pdf
from paperhook.reading.extraction import FIELDS, ExtractedField, Extraction
from paperhook.reading.fields import extract
from paperhook.reading.words import squeeze
from tests.reading import layouts, layouts_last, layouts_more, layouts_slips, layouts_unseen
from tests.reading.drawing import Expected

CASES = {
    **layouts.LAYOUTS,
    **layouts_more.LAYOUTS,
    **layouts_last.LAYOUTS,
    **layouts_slips.LAYOUTS,
    **layouts_unseen.LAYOUTS,
}
NUMBERS = {"subtotal", "tax", "total", "quantity", "unit_price", "amount"}
NAMES = {"vendor", "customer", "description"}


def read(content: bytes) -> Extraction:
    document = pdf.open_pdf(content)
    return extract([pdf.read_page(document, index)[0] for index in range(len(document))])


def same(name: str, got: str | None, expected: str | None) -> bool:
    if got is None or expected is None:
        return got is expected
    if name in NUMBERS:
        return Decimal(got) == Decimal(expected)
    return squeeze(got) == squeeze(expected) if name in NAMES else got == expected


def value(field: ExtractedField | None) -> str | None:
    return field.value if field else None


def differences(extraction: Extraction, expected: Expected) -> list[str]:
    also = expected.get("also", {})
    found = [
        f"{name}: {value(extraction.fields.get(name))!r} instead of {expected[name]!r}"
        for name in FIELDS
        if name in expected
        and not any(
            same(name, value(extraction.fields.get(name)), right)
            for right in (expected[name], *also.get(name, ()))
        )
    ]
    if expected["line_items"] is None:
        return found
    got = [{name: field.value for name, field in row.items()} for row in extraction.line_items]
    if len(got) != len(expected["line_items"]):
        return [*found, f"{len(got)} items instead of {len(expected['line_items'])}"]
    for row, right in zip(got, expected["line_items"], strict=True):
        found += [
            f"{name}: {row.get(name)!r} in {right}"
            for name in right
            if not same(name, row.get(name), right[name])
        ]
    return found


@pytest.mark.parametrize("name", CASES)
def test_everything_a_layout_states_is_read(name: str) -> None:
    content, expected = CASES[name]()

    extraction = read(content)

    assert differences(extraction, expected) == []
    assert extraction.document_type == expected.get("type", "invoice")


@pytest.mark.parametrize("name", CASES)
def test_each_field_lies_where_it_is_printed(name: str) -> None:
    content, _ = CASES[name]()

    extraction = read(content)

    for field in [
        *extraction.fields.values(),
        *(field for row in extraction.line_items for field in row.values()),
    ]:
        x0, y0, x1, y1 = field.box
        assert 0 <= x0 < x1 <= 1000
        assert 0 <= y0 < y1 <= 1000
        assert 0 < field.confidence < 1
        assert field.match_ratio > 0.9
        assert 1 <= field.page_number <= extraction.page_count


def test_box_of_a_rotated_page_is_in_its_displayed_orientation() -> None:
    content, _ = CASES["rotated_page"]()

    total = read(content).fields["total"]

    # Drawn at the right, 294 of 842 points from the top; displayed turned clockwise that is 650 per mille from the left.
    x0, y0, x1, y1 = total.box
    assert 600 < x0 < x1 < 700
    assert 800 < y0 < y1 < 950
    assert y1 - y0 > x1 - x0
