"""However a page and what is drawn on it are turned and placed, it reads the same, at the places where it is displayed."""

from __future__ import annotations

import io
from collections import Counter
from functools import cache
from typing import Any

import pypdfium2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from paperhook.reading.extraction import Box, ExtractedField, Extraction
from tests.reading.test_layouts import CASES, read

#: Of one page each, so that turning it turns all.
NAMES = sorted(name for name, make in CASES.items() if len(pypdfium2.PdfDocument(make()[0])) == 1)
QUARTERS = st.integers(0, 3)


@cache
def upright(name: str) -> tuple[bytes, Extraction]:
    content = CASES[name]()[0]
    return content, read(content)


def turned(content: bytes, *, drawn: int, displayed: int, shift: tuple[int, int] = (0, 0)) -> bytes:
    """Turn what is drawn counter-clockwise by quarters, then the page that shows it clockwise.

    Args:
        shift: Where the corner of the page is, in points: pages cut out of a sheet begin anywhere.
    """
    document = pypdfium2.PdfDocument(content)
    (page,) = document
    before = page.get_rotation() // 90
    page.set_rotation(0)
    left, bottom, right, top = page.get_mediabox()
    width, height = right - left, top - bottom
    across, up = (height, width) if drawn % 2 else (width, height)
    matrix = pypdfium2.PdfMatrix().translate(-left, -bottom).rotate(90 * drawn, ccw=True)
    matrix = matrix.translate(*((0, 0), (height, 0), (width, height), (0, width))[drawn]).translate(*shift)
    for drawing in page.get_objects(max_depth=1):
        drawing.transform(matrix)
    page.set_mediabox(shift[0], shift[1], shift[0] + across, shift[1] + up)
    page.gen_content()
    page.set_rotation(90 * ((before + displayed) % 4))
    file = io.BytesIO()
    document.save(file)
    document.close()
    return file.getvalue()


def turned_box(box: Box, quarters: int) -> Box:
    """Where a box of a displayed page is when the page is turned clockwise."""
    x0, y0, x1, y1 = box
    return (box, (1000 - y1, x0, 1000 - y0, x1), (1000 - x1, 1000 - y1, 1000 - x0, 1000 - y0), (y0, 1000 - x1, y1, 1000 - x0))[quarters]  # fmt: skip


def facts(extraction: Extraction) -> dict[str, Any]:
    return {
        "type": extraction.document_type,
        # Its letters alone: of two cells that touch, PDFium tells a gap on a turned page only; and two columns that are
        # set half a line apart are lines one below the other or side by side, by a hair.
        "letters": Counter("".join(extraction.text.split())),
        "fields": {name: field.value for name, field in extraction.fields.items()},
        "rows": [{name: cell.value for name, cell in row.items()} for row in extraction.line_items],
        "taxes": [{name: cell.value for name, cell in row.items()} for row in extraction.taxes],
        "warnings": extraction.warnings,
    }


def places(extraction: Extraction) -> list[ExtractedField]:
    return [*extraction.fields.values(), *(cell for row in extraction.line_items for cell in row.values())]


@settings(max_examples=80, deadline=None)
@example(name="telecom_bill_with_previous_balance", drawn=0, displayed=1, x=0, y=0)
@example(name="marketplace_order_with_shipping_and_promotion", drawn=0, displayed=2, x=0, y=0)
@given(
    name=st.sampled_from(NAMES),
    drawn=QUARTERS,
    displayed=QUARTERS,
    x=st.integers(-300, 300),
    y=st.integers(-300, 300),
)
def test_a_turned_page_reads_the_same_at_the_places_where_it_is_displayed(
    name: str, drawn: int, displayed: int, x: int, y: int
) -> None:
    content, expected = upright(name)

    found = read(turned(content, drawn=drawn, displayed=displayed, shift=(x, y)))

    assert facts(found) == facts(expected)
    for one, other in zip(places(found), places(expected), strict=True):
        box = turned_box(other.box, (displayed - drawn) % 4)
        assert max(abs(a - b) for a, b in zip(one.box, box, strict=True)) <= 2
