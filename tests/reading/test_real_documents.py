"""Real and hostile files, when they lie beside the repository: rules are judged on what they were not written for."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paperhook.reading.extraction import CODES, Extraction, ReadingFailed
from paperhook.reading.reader import Reader
from tests.reading.test_layouts import same

FOLDER = Path(os.environ.get("PAPERHOOK_DOCUMENTS", Path(__file__).parents[3] / "shared" / "documents"))
JUDGED = ("vendor", "invoice_number", "invoice_date", "due_date", "currency", "subtotal", "tax", "total")
CELLS = ("description", "quantity", "unit_price", "amount")
PICTURES = importlib.util.find_spec("rapidocr") is not None

pytestmark = pytest.mark.skipif(not (FOLDER / "manifest.json").exists(), reason="the documents are not here")


def manifest(path: str) -> list[dict[str, Any]]:
    file = FOLDER / path / "manifest.json"
    raw = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return raw.get("documents") or raw.get("files") or []


DIGITAL = [entry for entry in manifest("") if entry["mime"] == "application/pdf" and entry["has_text_layer"]]
HOSTILE = [entry for entry in manifest("hostile") if not entry["file"].endswith(".zip")]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as reader:
        reader.start()
        yield reader


def read(reader: Reader, path: Path) -> Extraction:
    return reader.read(path.read_bytes(), filename=path.name)


def value(fields: Any, name: str) -> str | None:
    return fields[name].value if name in fields else None


def judge(entry: dict[str, Any], extraction: Extraction) -> Iterator[tuple[str, bool]]:
    for name in JUDGED:
        rights = (entry["expected"][name], *entry["also_accept"].get(name, ()))
        yield name, any(same(name, value(extraction.fields, name), right) for right in rights)
    rows, expected = extraction.line_items, entry["expected"]["line_items"]
    for index in range(max(len(rows), len(expected))):
        both = index < len(rows) and index < len(expected)
        yield (
            "line_items",
            both and all(same(cell, value(rows[index], cell), expected[index][cell]) for cell in CELLS),
        )


def test_nine_fields_of_ten_and_nineteen_totals_of_twenty_are_right(reader: Reader) -> None:
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()

    for entry in DIGITAL:
        for name, is_right in judge(entry, read(reader, FOLDER / entry["file"])):
            asked[name] += 1
            right[name] += is_right

    assert sum(right.values()) >= 0.9 * sum(asked.values()), {
        name: (right[name], asked[name]) for name in asked
    }
    assert right["total"] >= 0.95 * asked["total"]


@pytest.mark.parametrize("name", [entry["file"] for entry in DIGITAL])
def test_digital_document_takes_less_than_a_second(reader: Reader, name: str) -> None:
    started = time.monotonic()

    read(reader, FOLDER / name)

    assert time.monotonic() - started < 1


def outcome(reader: Reader, entry: dict[str, Any]) -> Extraction | ReadingFailed:
    try:
        return read(reader, FOLDER / "hostile" / entry["file"])
    except ReadingFailed as failure:
        return failure


@pytest.mark.parametrize("entry", HOSTILE, ids=[re.sub(r"\W", "_", entry["file"]) for entry in HOSTILE])
def test_hostile_file_has_the_outcome_it_must_have(reader: Reader, entry: dict[str, Any]) -> None:
    started = time.monotonic()

    found = outcome(reader, entry)

    assert time.monotonic() - started < 60
    allowed = re.split(r"_or_", entry["expect"])
    if isinstance(found, ReadingFailed):
        assert found.code in CODES
        needs_recognition = found.code == "no_text" and not PICTURES
        assert "reject" in allowed or needs_recognition
    elif "fields" in allowed and entry.get("expected"):
        wrong = [n for n, right in entry["expected"].items() if not same(n, value(found.fields, n), right)]
        assert wrong == []
    elif allowed == ["empty"]:
        assert not found.fields
        assert not found.line_items
    else:
        assert set(allowed) & {"fields", "empty", "low_confidence"}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_memory_of_the_reading_process_stays_below_its_limit(reader: Reader) -> None:
    for entry in HOSTILE:
        outcome(reader, entry)

    process_id = reader.process_id
    assert process_id is not None
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    assert peak is not None
    assert int(peak[1]) * 1024 < 1_200_000_000
