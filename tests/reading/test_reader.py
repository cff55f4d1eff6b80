from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from paperhook.reading.extraction import CODES, Extraction, ReadingFailed
from paperhook.reading.reader import Limits, Reader
from tests.make_samples import FOLDER
from tests.reading.drawing import Sheet

SAMPLE = (FOLDER / "invoice.pdf").read_bytes()
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def code_of(reader: Reader, content: bytes) -> str:
    with pytest.raises(ReadingFailed) as failed:
        reader.read(content, filename="document.pdf")
    assert failed.value.code in CODES
    assert str(failed.value) == f"{failed.value.code}: {failed.value.message}"
    return failed.value.code


def test_a_document_is_read_in_another_process(reader: Reader) -> None:
    extraction = reader.read(SAMPLE, filename="invoice.pdf")

    assert extraction.fields["total"].value == "2220.00"
    assert extraction.page_count == 1
    assert extraction.language == "en"
    assert reader.process_id not in {None, os.getpid()}


def test_an_extraction_survives_json(reader: Reader) -> None:
    extraction = reader.read(SAMPLE, filename="invoice.pdf")

    again = Extraction.from_json(extraction.to_json())

    assert again == extraction


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"<html>not found</html>", "unsupported_type"),
        (b"%PDF-1.7\n", "corrupt"),
        (SAMPLE[:900], "corrupt"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "unsupported_type"),
        (b"\x89PNG\r\n\x1a\nnothing", "corrupt"),
        (b"RIFF\0\0\0\0WEBPjunk", "corrupt"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_code(reader: Reader, content: bytes, code: str) -> None:
    assert code_of(reader, content) == code


def test_the_type_is_told_by_the_bytes(reader: Reader) -> None:
    extraction = reader.read(SAMPLE, filename="photo.png")

    assert extraction.document_type == "invoice"


def test_a_password_is_asked_for(reader: Reader) -> None:
    sheet = Sheet()
    sheet.text(50, 50, "secret")
    sheet.canvas.setEncrypt("password")

    assert code_of(reader, sheet.pdf()) == "encrypted"


def test_a_blank_page_has_no_fields(reader: Reader) -> None:
    extraction = reader.read(Sheet().pdf(), filename="blank.pdf")

    assert not extraction.fields
    assert extraction.line_items == ()
    assert extraction.document_type == "other"
    assert extraction.language is None
    assert extraction.text == ""


def test_limits_are_kept() -> None:
    sheet = Sheet()
    sheet.next_page()

    with Reader(Limits(pages=1, size_bytes=5000)) as reader:
        assert code_of(reader, sheet.pdf()) == "too_many_pages"
        assert code_of(reader, b"%PDF-" + bytes(6000)) == "too_large"


@posix
@pytest.mark.slow
def test_a_process_that_hangs_is_ended_and_replaced() -> None:
    with Reader(Limits(seconds=0)) as reader:
        reader.start()
        assert reader.process_id is not None
        os.kill(reader.process_id, signal.SIGSTOP)

        assert code_of(reader, SAMPLE) == "timeout"
        assert reader.read(SAMPLE, filename="").fields["currency"].value == "GBP"


@posix
def test_a_process_that_dies_is_reported_and_replaced(reader: Reader) -> None:
    reader.start()
    process_id = reader.process_id
    assert process_id is not None
    os.kill(process_id, signal.SIGSTOP)
    killer = threading.Timer(0.2, os.kill, (process_id, signal.SIGKILL))
    killer.start()

    assert code_of(reader, SAMPLE) == "crashed"
    assert reader.read(SAMPLE, filename="").fields["currency"].value == "GBP"
    assert reader.process_id != process_id


def test_threads_take_turns(reader: Reader) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(reader.read(SAMPLE, filename="").fields["total"].value))
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["2220.00"] * 4


def test_the_loop_goes_on_while_a_document_is_read(reader: Reader) -> None:
    async def main() -> tuple[Extraction, int]:
        ticks = 0
        task = asyncio.create_task(reader.aread(SAMPLE, filename=""))
        while not task.done():
            ticks += 1
            await asyncio.sleep(0)
        return await task, ticks

    extraction, ticks = asyncio.run(main())

    assert extraction.fields["total"].value == "2220.00"
    assert ticks > 1


def test_reading_goes_on_after_closing_and_no_folder_of_the_user_replaces_a_library(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    reader.start()
    reader.close()
    assert reader.process_id is None

    # Another process, which starts in that folder.
    assert reader.read(SAMPLE, filename="").page_count == 1
