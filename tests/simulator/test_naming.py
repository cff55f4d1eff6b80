from __future__ import annotations

import pytest

from paperhook.simulator.documents import file_kind
from paperhook.simulator.naming import LINE_ITEMS, TAXES, column_meaning, meaning, number
from paperhook.simulator.ocriva_results import schema_names


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("Invoice No.", "invoice_number"),
        ("invoiceNumber", "invoice_number"),
        ("INVOICE_NO", "invoice_number"),
        ("Grand Total", "total"),
        ("line_items", "line_items"),
        ("colour", None),
        ("", None),
    ],
)
def test_a_name_means_a_standard_field_however_it_is_written(name: str, standard: str | None) -> None:
    assert meaning(name) == standard


def test_columns_of_line_items_have_meanings_of_their_own() -> None:
    columns = [column_meaning(LINE_ITEMS, name) for name in ("Total", "Price", "SKU")]

    assert columns == ["amount", "unit_price", None]
    assert [column_meaning(TAXES, name) for name in ("VAT", "Rate", "Net", "Amount")] == [
        "tax",
        "tax_rate",
        "taxable_amount",
        "tax",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12),
        ("-1", -1),
        ("12.50", 12.5),
        ("1,250", None),
        ("NaN", None),
        ("1e9", None),
        ("", None),
        ("9" * 31, None),
    ],
)
def test_plain_decimals_become_numbers(text: str, expected: float | None) -> None:
    assert number(text) == expected


@pytest.mark.parametrize("schema", [None, 7, "text", {}, []])
def test_a_schema_that_is_none_has_no_names(schema: object) -> None:
    assert schema_names(schema) == ()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF89a", "gif"),
        (b"BM", "bmp"),
        (b"II*\x00", "tiff"),
        (b"MM\x00*", "tiff"),
        (b"RIFF\x00\x00\x00\x00WEBP", "webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", ""),
        (b"%PDF-1.7", "pdf"),
        (b"From: a gateway\n%PDF-1.7", "pdf"),
        (b"PK\x03\x04", "zip"),
        (b"<html>", ""),
        (b"", ""),
    ],
)
def test_a_files_kind_is_in_its_bytes(head: bytes, kind: str) -> None:
    assert file_kind(head) == kind
