from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paperhook.errors import ConfigurationError
from paperhook.evaluation.expected import load_manifest


def manifest(folder: Path, *documents: dict[str, Any]) -> Path:
    for document in documents:
        (folder / document["file"]).write_bytes(b"%PDF-")
    path = folder / "manifest.json"
    path.write_text(json.dumps({"documents": documents}), encoding="utf-8")
    return path


def test_fields_get_their_standard_names_and_rows_stand_apart(tmp_path):
    path = manifest(
        tmp_path,
        {
            "file": "one.pdf",
            "kind": "invoice",
            "language": "en",
            "pages": 3,
            "expected": {
                "vendor_name": "Harbour Ltd",
                "po_number": "PO-1",
                "total": 12.5,
                "line_items": [{"name": "Rope", "qty": 2, "amount": "12.50"}],
            },
            "also_accept": {"po_number": [None]},
        },
    )

    (document,) = load_manifest(path)

    assert document.file == tmp_path / "one.pdf"
    assert document.name == "one.pdf"
    assert document.supplier == "Harbour Ltd"
    assert document.expected == {"vendor": "Harbour Ltd", "purchase_order": "PO-1", "total": "12.5"}
    assert document.line_items == ({"description": "Rope", "quantity": "2", "amount": "12.50"},)
    assert document.also_accept == {"purchase_order": (None,)}


def test_a_document_may_state_nothing_that_is_known(tmp_path):
    (document,) = load_manifest(manifest(tmp_path, {"file": "one.pdf"}))

    assert document.expected is None
    assert document.line_items is None
    assert document.supplier is None


@pytest.mark.parametrize(
    ("expected", "also", "message"),
    [
        ({"total": "1.234,50"}, {}, r"total: not a plain decimal"),
        ({"total": "sNaN"}, {}, r"total: not a plain decimal"),
        ({"tax_rate": "19 %"}, {}, r"tax_rate: not a plain decimal"),
        ({"due_date": "31.05.2026"}, {}, r"due_date: not a date"),
        ({"total": "1"}, {"total": ["one"]}, r"total: not a plain decimal"),
        ({"line_items": [{"amount": "1 EUR"}]}, {}, r"line_items\[0\]\.amount: not a plain decimal"),
        ({"line_items": ["row"]}, {}, r"documents\.0\.line_items\.0"),
    ],
)
def test_a_value_that_would_never_match_is_refused(tmp_path, expected, also, message):
    path = manifest(tmp_path, {"file": "one.pdf", "expected": expected, "also_accept": also})

    with pytest.raises(ConfigurationError, match=message) as refused:
        load_manifest(path)

    assert "1 EUR" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("[]", "manifest.json"), ("no json", "is not JSON"), ('{"documents": 1}', "documents")],
)
def test_what_is_no_manifest_is_refused(tmp_path, text, message):
    path = tmp_path / "manifest.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=message):
        load_manifest(path)


def test_a_missing_file_is_named(tmp_path):
    path = manifest(tmp_path, {"file": "one.pdf"})
    (tmp_path / "one.pdf").unlink()

    with pytest.raises(ConfigurationError, match=r"no file one\.pdf"):
        load_manifest(path)
    with pytest.raises(ConfigurationError, match="FileNotFoundError"):
        load_manifest(tmp_path / "other.json")
