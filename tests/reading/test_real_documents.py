"""Real and hostile files, when they lie beside the repository: rules are judged on what they were not written for."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from paperhook.evaluation.expected import ExpectedDocument, load_manifest
from paperhook.evaluation.figures import Evaluation, by_field, tally
from paperhook.evaluation.running import evaluate, reads_locally
from paperhook.reading.extraction import CODES, Extraction, ReadingFailed
from paperhook.reading.reader import Limits, Reader
from tests.reading.test_layouts import same

FOLDER = Path(os.environ.get("PAPERHOOK_DOCUMENTS", Path(__file__).parents[3] / "shared" / "documents"))
PICTURES = importlib.util.find_spec("rapidocr") is not None

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(not (FOLDER / "manifest.json").exists(), reason="the documents are not here"),
]


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


def evaluated(reader: Reader, documents: Sequence[ExpectedDocument]) -> Evaluation:
    return evaluate(documents, reads_locally(reader), provider="local")


def misses(found: Evaluation) -> list[str]:
    return [
        f"{each.document.name}: {judged.name} {judged.verdict}"
        for each in found.documents
        for judged in each.judgements
        if judged.is_miss
    ]


def test_digital_documents_are_read_right(reader: Reader) -> None:
    names = {entry["file"] for entry in DIGITAL}
    documents = [each for each in load_manifest(FOLDER / "manifest.json") if each.name in names]

    found = evaluated(reader, documents)

    whole = tally(found.judgements)
    assert (whole.accuracy or 0) >= 0.97, misses(found)
    assert (by_field(found)["total"].accuracy or 0) >= 0.95, misses(found)
    assert (whole.row_accuracy or 0) >= 0.95, misses(found)


@pytest.mark.ocr
@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.skipif(not PICTURES, reason="needs the extra local")
def test_scans_and_photos_among_them_too() -> None:
    # What is read is proved here, not how fast: other programs may have the machine.
    with Reader(Limits(seconds=200)) as reader:
        found = evaluated(reader, load_manifest(FOLDER / "manifest.json"))

    whole = tally(found.judgements)
    assert (whole.accuracy or 0) >= 0.92, misses(found)
    assert (by_field(found)["total"].accuracy or 0) >= 0.95, misses(found)
    assert (whole.row_accuracy or 0) >= 0.75, misses(found)
    assert all(each.failure is None for each in found.documents)


def outcome(reader: Reader, entry: dict[str, Any]) -> Extraction | ReadingFailed:
    try:
        return read(reader, FOLDER / "hostile" / entry["file"])
    except ReadingFailed as failure:
        return failure


@pytest.mark.parametrize("entry", HOSTILE, ids=[re.sub(r"\W", "_", entry["file"]) for entry in HOSTILE])
def test_hostile_file_has_the_outcome_it_must_have(reader: Reader, entry: dict[str, Any]) -> None:
    found = outcome(reader, entry)

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
