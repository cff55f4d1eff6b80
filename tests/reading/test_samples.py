"""The documents the package ships are read without a fault, and are what their script draws."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.make_samples import FOLDER, write_all
from tests.reading.test_layouts import read

EXPECTED = {
    "invoice.pdf": (
        "invoice",
        "Harbour & Pine Ltd",
        "HP-2024-0187",
        "2024-03-12",
        "2024-04-11",
        "GBP",
        "1850.00",
        "370.00",
        "2220.00",
        3,
    ),
    "invoice_de.pdf": (
        "invoice",
        "Silberdistel Verlag GmbH",
        "R-2024/0412",
        "2024-05-03",
        "2024-06-02",
        "EUR",
        "782.00",
        "66.26",
        "848.26",
        3,
    ),
    "receipt.pdf": (
        "receipt",
        "Paper Lantern Coffee LLC",
        "004211",
        "2024-06-18",
        None,
        "USD",
        "24.25",
        "1.94",
        "26.19",
        3,
    ),
}
NAMES = ("vendor", "invoice_number", "invoice_date", "due_date", "currency", "subtotal", "tax", "total")


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_is_read_without_a_fault(name: str) -> None:
    kind, *values, items = EXPECTED[name]

    extraction = read((FOLDER / name).read_bytes())

    assert extraction.document_type == kind
    assert [
        extraction.fields[field].value if field in extraction.fields else None for field in NAMES
    ] == values
    assert len(extraction.line_items) == items
    assert sum(Decimal(row["amount"].value) for row in extraction.line_items) == Decimal(str(values[5]))
    assert extraction.warnings == ()


def test_samples_are_what_the_script_draws(tmp_path: Path) -> None:
    written = write_all(tmp_path)

    assert [path.read_bytes() for path in written] == [(FOLDER / path.name).read_bytes() for path in written]


def test_samples_are_small() -> None:
    sizes = [(FOLDER / name).stat().st_size for name in EXPECTED]

    assert max(sizes) < 40_000
