from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from paperhook.rasterise import WORDS_KEY, pages_as_png
from paperhook.reading.document import media_type, read_document
from paperhook.reading.extraction import Extraction, ReadingFailed
from paperhook.reading.images import read_image
from paperhook.textlayer import Page
from tests.make_samples import FOLDER
from tests.reading.drawing import Sheet, turned

SAMPLE = (FOLDER / "invoice.pdf").read_bytes()
without_text = {"words": []}


def read(content: bytes) -> Extraction:
    return read_document(content, pages_limit=5, pixels_limit=20_000_000, seconds=60)


def pages_of(content: bytes, *, pages: int = 5, pixels: int = 20_000_000) -> list[Page]:
    return read_image(content, pages, pixels, time.monotonic() + 60)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def carrying(text: str, size: tuple[int, int] = (100, 200)) -> bytes:
    chunks = PngInfo()
    chunks.add_itxt(WORDS_KEY, text, zip=True)
    return saved(Image.new("1", size, 1), "PNG", pnginfo=chunks)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ReadingFailed) as failed:
        call()
    return failed.value.code


def test_a_rendering_reads_like_the_pdf_it_was_made_of() -> None:
    (picture,) = pages_as_png(SAMPLE)

    extraction = read(picture)

    of_pdf = read(SAMPLE)
    assert {name: field.value for name, field in extraction.fields.items()} == {
        name: field.value for name, field in of_pdf.fields.items()
    }
    assert extraction.line_items[0].keys() == of_pdf.line_items[0].keys()
    assert extraction.warnings == ()


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_and_its_rendering_read_alike(rotation: int) -> None:
    content = turned(SAMPLE, rotation)
    (picture,) = pages_as_png(content)

    of_pdf, of_picture = read(content), read(picture)

    assert of_pdf.fields["total"].value == of_picture.fields["total"].value == "2220.00"
    assert all(
        abs(a - b) <= 1
        for a, b in zip(of_pdf.fields["total"].box, of_picture.fields["total"].box, strict=True)
    )


@pytest.mark.parametrize("angle", [90, -90, 180])
def test_text_drawn_sideways_is_read(angle: int) -> None:
    s = Sheet((600, 600))
    s.canvas.translate(300, 300)
    s.canvas.rotate(angle)
    s.canvas.translate(-300, -300)
    s.text(60, 60, "Lighthouse Bakery Ltd", 16, bold=True)
    s.text(60, 100, "Invoice number: LB-77", 10)
    s.text(60, 140, "Total: £12.50", 10)

    extraction = read(s.pdf())

    assert extraction.fields["total"].value == "12.50"
    assert extraction.fields["invoice_number"].value == "LB-77"


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        json.dumps({"size": [100, 200], "turns": 7, "words": []}),
        json.dumps({"size": [0, 200], "turns": 0, "words": []}),
        json.dumps({"size": [100, 200], "turns": 0, "words": [["x", 1, 2]]}),
        json.dumps({"size": [400, 200], "turns": 0, "words": [["x", 1, 2, 3, 4]]}),
    ],
)
def test_words_that_do_not_fit_their_picture_are_ignored(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without a recogniser a picture without words of its own has no text.
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    monkeypatch.setattr("paperhook.reading.images._ENGINES", [])

    assert code_of(lambda: pages_of(carrying(text))) == "no_text"


def test_words_that_fit_are_read() -> None:
    text = json.dumps({"size": [100, 200], "turns": 0, "words": [["Hello", 1, 2, 30, 12]]})

    (page,) = pages_of(carrying(text, (500, 1000)))

    assert [word.text for word in page.words] == ["Hello"]
    assert page.box(page.words) == (10, 10, 300, 60)


def test_a_scan_without_a_recogniser_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    monkeypatch.setattr("paperhook.reading.images._ENGINES", [])
    s = Sheet()
    s.canvas.drawInlineImage(Image.new("RGB", (20, 20), "white"), 50, 50, 300, 300)

    with pytest.raises(ReadingFailed, match=r"paperhook\[local\]") as failed:
        read(s.pdf())

    assert failed.value.code == "no_text"


def test_a_picture_beyond_the_limits_is_not_decoded() -> None:
    picture = saved(Image.new("1", (400, 400), 1), "PNG")
    frames = [Image.new("1", (10, 10), 1)] * 3
    tiff = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])

    assert code_of(lambda: pages_of(picture, pixels=1000)) == "too_large"
    assert code_of(lambda: pages_of(tiff, pages=2)) == "too_many_pages"


def test_a_damaged_picture_is_refused() -> None:
    picture = saved(Image.effect_noise((200, 200), 50).convert("RGB"), "JPEG")

    assert code_of(lambda: pages_of(picture[: len(picture) // 2])) == "corrupt"


def test_media_types_are_told_by_the_first_bytes() -> None:
    kinds = [saved(Image.new("RGB", (4, 4)), kind) for kind in ("PNG", "JPEG", "TIFF", "WEBP")]

    assert [media_type(kind) for kind in kinds] == ["image"] * 4
    assert media_type(b"junk\n%PDF-1.4") == "application/pdf"
    assert media_type(b"\0\0\0\x18ftypmif1") == "image/heic"
    assert media_type(b"PK\x03\x04") == ""
