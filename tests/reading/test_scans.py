"""Which pages of a PDF are recognised: what is missing or hidden is looked at, what a page shows as text is not."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from PIL import Image

from paperhook.reading import document, images
from paperhook.reading.extraction import Extraction, ReadingFailed
from paperhook.reading.pdf import open_pdf, read_page
from paperhook.reading.scans import Source, agrees
from paperhook.textlayer import Page, Word
from tests.reading.drawing import Sheet
from tests.reading.test_recognition import Lines

SENTENCE = "these are enough words for a page that somebody wrote and nobody scanned on any machine"


def scan(s: Sheet, share: float = 1.0) -> None:
    s.canvas.drawInlineImage(Image.new("L", (40, 40), 200), 0, 0, s.size[0], share * s.size[1])


def sources(content: bytes) -> list[Source]:
    pdf = open_pdf(content)
    return [read_page(pdf, index)[1] for index in range(len(pdf))]


def hidden_text(s: Sheet, *lines: str) -> None:
    text = s.canvas.beginText(60, 500)
    text.setTextRenderMode(3)
    for line in lines:
        text.textLine(line)
    s.canvas.drawText(text)


def test_text_that_a_page_shows_is_text_even_on_a_picture() -> None:
    plain, letterhead, logo = Sheet(), Sheet(), Sheet()
    plain.text(60, 60, "Total 12.50")
    scan(letterhead)
    letterhead.text(60, 60, SENTENCE, 6)
    scan(logo, 0.2)
    logo.text(60, 60, "Total 12.50")

    assert [sources(s.pdf())[0] for s in (plain, letterhead, logo)] == [Source.TEXT] * 3


def test_text_under_over_or_beside_a_scan_that_nobody_sees_is_hidden() -> None:
    under, invisible, stamp = Sheet(), Sheet(), Sheet()
    under.text(60, 60, SENTENCE, 6)
    scan(under)
    scan(invisible)
    hidden_text(invisible, SENTENCE)
    scan(stamp)
    stamp.text(20, 830, "Scanned with a telephone", 6)

    assert [sources(s.pdf())[0] for s in (under, invisible, stamp)] == [Source.HIDDEN] * 3


def test_pictures_without_text_and_empty_pages() -> None:
    s = Sheet()
    scan(s, 0.3)
    s.next_page()

    assert sources(s.pdf()) == [Source.PICTURE, Source.TEXT]


def test_letters_that_a_font_hides_are_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    garbled = Page(1, 100, 100, (Word("\ue001\ue002\ue003", 1, 1, 9, 9), Word("ab", 10, 1, 19, 9)))
    monkeypatch.setattr("paperhook.reading.pdf.read_words", lambda page, number: garbled)

    assert sources(Sheet().pdf()) == [Source.PICTURE]


def test_a_layer_agrees_when_it_has_the_words_of_its_page() -> None:
    def page(text: str) -> Page:
        return Page(1, 100, 100, tuple(Word(word, 1, 1, 9, 9) for word in text.split()))

    assert agrees(page("In voice number 42 Total 12.50"), page("Invoice number Total 12.50"))
    assert not agrees(page("Lorem ipsum dolor"), page("Invoice number Total 12.50"))


# What comes of it.


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the pages show when they are recognised, one after the other."""
    waiting: list[str] = []

    def recognise(pixels: Any, **options: Any) -> Lines:
        text = waiting.pop(0)
        return Lines((text,), [[(100, 100), (500, 100), (500, 130), (100, 130)]], (0.98,))

    monkeypatch.setattr(images, "_ENGINES", [recognise])
    return waiting


def read(content: bytes) -> Extraction:
    return document.read_document(content, pages_limit=9, pixels_limit=20_000_000, seconds=60)


def test_a_hidden_layer_is_believed_once_it_agrees(seen: list[str]) -> None:
    s = Sheet()
    for number in (1, 2):
        scan(s)
        hidden_text(s, f"layer{number} {SENTENCE}")
        s.next_page()
    seen.append(SENTENCE)

    text = read(s.pdf()).text

    assert "layer1" in text
    assert "layer2" in text
    assert seen == []


def test_a_hidden_layer_that_lies_is_replaced(seen: list[str]) -> None:
    s = Sheet()
    scan(s)
    hidden_text(s, SENTENCE)
    seen.append("Grand total: EUR 12.50")

    extraction = read(s.pdf())

    assert extraction.text == "Grand total: EUR 12.50"
    assert extraction.fields["total"].value == "12.50"


def test_without_a_recogniser_the_text_of_the_other_pages_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    monkeypatch.setattr(images, "_ENGINES", [])
    mixed, only = Sheet(), Sheet()
    mixed.text(60, 60, "Total: EUR 12.50")
    mixed.next_page()
    scan(mixed)
    scan(only)

    extraction = read(mixed.pdf())

    assert extraction.fields["total"].value == "12.50"
    assert extraction.warnings == ("page 2: not recognised (no_text)",)
    with pytest.raises(ReadingFailed, match="no_text"):
        read(only.pdf())


def test_a_page_too_large_to_recognise_is_told(seen: list[str]) -> None:
    s = Sheet()
    scan(s)

    with pytest.raises(ReadingFailed, match="too_large"):
        document.read_document(s.pdf(), pages_limit=9, pixels_limit=1000, seconds=60)
