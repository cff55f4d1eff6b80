from __future__ import annotations

import io
import json
import sys

import pytest
from PIL import Image

from paperhook.errors import MissingExtra, UnsupportedDocument
from paperhook.rasterise import MAX_SIDE, WORDS_KEY, answer, pages_as_png, rendered, words_as_json
from paperhook.rasterise import opened as opened_pdf
from paperhook.textlayer import Page, Word
from tests.make_samples import FOLDER
from tests.reading.drawing import Sheet

SAMPLE = (FOLDER / "invoice.pdf").read_bytes()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def code_of(content: bytes, **options: int) -> str:
    with pytest.raises(UnsupportedDocument) as failed:
        pages_as_png(content, **options)
    return failed.value.code


def test_each_page_becomes_a_picture_of_the_asked_resolution() -> None:
    sheet = Sheet((360, 720))
    sheet.next_page()

    pages = pages_as_png(sheet.pdf(), dpi=100)

    assert [opened(page).size for page in pages] == [(500, 1000), (500, 1000)]


def test_a_picture_carries_the_words_of_its_page() -> None:
    (page,) = pages_as_png(SAMPLE, dpi=72)

    picture = opened(page)
    picture.load()

    carried = json.loads(picture.text[WORDS_KEY])  # type: ignore[attr-defined]
    assert carried["size"] == [595.3, 841.9]
    assert "HP-2024-0187" in {word[0] for word in carried["words"]}


def test_a_huge_page_is_rendered_small() -> None:
    (page,) = pages_as_png(Sheet((14_000, 7_000)).pdf(), dpi=300)

    assert max(opened(page).size) <= MAX_SIDE


def test_what_cannot_be_rendered_is_refused() -> None:
    two = Sheet()
    two.next_page()
    locked = Sheet()
    locked.canvas.setEncrypt("password")

    assert code_of(two.pdf(), max_pages=1) == "too_many_pages"
    assert code_of(locked.pdf()) == "unreadable"
    assert code_of(b"no pdf at all") == "unreadable"


def test_too_little_time_is_refused() -> None:
    with pytest.raises(UnsupportedDocument, match="not rendered within 0 s"):
        pages_as_png(SAMPLE, seconds=0)


def test_a_page_without_words_carries_none() -> None:
    assert words_as_json(Page(1, 100, 100, ())) is None


def test_too_many_words_are_not_carried() -> None:
    words = tuple(Word("x" * 50, 0, 0, 1, 1) for _ in range(20_000))

    assert words_as_json(Page(1, 100, 100, words)) is None


def test_a_refusal_is_an_answer() -> None:
    head, _, _ = answer(b'{"dpi": 72, "max_pages": 1}\n%PDF-').partition(b"\n")

    assert json.loads(head)["code"] == "unreadable"


def test_the_child_answers_a_refusal_a_missing_library_and_too_little_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = b'{"dpi": 72, "max_pages": 5}\n'
    assert json.loads(answer(asked + b"%PDF-1.7"))["code"] == "unreadable"

    def refuse(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("pypdfium2.PdfDocument", refuse)
        assert "memory" in json.loads(answer(asked + SAMPLE))["message"]
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    assert answer(asked + SAMPLE) == b'{"missing": true}\n'


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paperhook.sandbox.Sandbox.call", lambda *_, **__: b'{"missing": true}\n')

    with pytest.raises(MissingExtra, match=r"paperhook\[local-pdf\]"):
        pages_as_png(SAMPLE)


def test_a_page_that_pdfium_refuses_is_unreadable() -> None:
    with (
        opened_pdf(SAMPLE) as document,
        pytest.raises(UnsupportedDocument, match="page 8") as refused,
        rendered(document, 7, 72),
    ):
        raise AssertionError("there is no such page")

    assert refused.value.code == "unreadable"


def test_a_page_of_too_many_letters_is_a_picture_without_words() -> None:
    sheet = Sheet()
    for number in range(210):
        sheet.text(10, 20 + 2 * number, "x" * 1000, 1)

    head, _, body = answer(b'{"dpi": 20, "max_pages": 5}\n' + sheet.pdf()).partition(b"\n")

    assert json.loads(head)["sizes"] == [len(body)]
    assert WORDS_KEY not in opened(body).info
