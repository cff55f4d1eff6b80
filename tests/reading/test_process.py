from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from paperhook.reading.process import answer, pack, unpack
from paperhook.reading.reader import Reader
from tests.make_samples import FOLDER
from tests.reading.drawing import Sheet

HEAD = {"pages": 5, "pixels": 1_000_000, "seconds": 30.0}
SAMPLE = (FOLDER / "invoice.pdf").read_bytes()


def answered(content: bytes, head: dict[str, Any] = HEAD) -> dict[str, Any]:
    return json.loads(answer(pack(head, content)))


def test_a_request_is_taken_apart_as_it_was_packed() -> None:
    assert unpack(pack(HEAD, b"\0content")) == (HEAD, b"\0content")


def test_an_extraction_is_an_answer() -> None:
    assert answered(SAMPLE)["extraction"]["fields"]["total"]["value"] == "2220.00"


def test_a_refusal_is_an_answer() -> None:
    assert answered(b"text")["code"] == "unsupported_type"
    assert answered(b"")["code"] == "empty_file"


def test_a_fault_of_our_own_tells_its_type_and_no_content() -> None:
    # A limit that is no number makes the comparison fail.
    told = answered(SAMPLE, {**HEAD, "pages": "many"})

    assert told == {"code": "crashed", "message": "reading it failed inside (TypeError)"}


def test_memory_that_is_refused_has_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("pypdfium2.PdfDocument", refuse)

    assert answered(SAMPLE)["code"] == "out_of_memory"


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in sys.modules if name.startswith("paperhook.reading.") and "extraction" not in name
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "paperhook.textlayer")
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    monkeypatch.setitem(sys.modules, "pypdfium2.raw", None)

    assert "paperhook[local-pdf]" in answered(SAMPLE)["missing"]


def test_a_page_with_too_much_text_is_refused() -> None:
    sheet = Sheet()
    for number in range(210):
        sheet.text(10, 20 + 2 * number, "x" * 1000, 1)

    assert answered(sheet.pdf())["code"] == "too_large"


def test_readers_do_not_share_a_process(reader: Reader) -> None:
    with Reader() as other:
        reader.start()
        other.start()

        assert reader.process_id != other.process_id
