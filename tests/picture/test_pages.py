"""Pictures of pages: of PDFs and images, the way up a viewer shows them, or a refusal that says why."""

from __future__ import annotations

import io
import json
import sys

import pytest
from PIL import Image

from paperhook.errors import MissingExtra, UnsupportedDocument
from paperhook.picture import pages
from paperhook.picture.pages import PagePicture, page_pictures
from tests.make_samples import FOLDER
from tests.reading.drawing import Sheet, turned

SAMPLE = (FOLDER / "invoice.pdf").read_bytes()


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def decoded(jpeg: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    picture.load()
    return picture


def asked(content: bytes, max_pages: int = 5) -> bytes:
    return b'{"max_pages": %d, "max_side": 300}\n' % max_pages + content


def made_here(content: bytes, max_pages: int = 5) -> list[PagePicture]:
    """What the child would answer, without the second that starting one takes."""
    head, _, body = pages.answer(asked(content, max_pages)).partition(b"\n")
    return list(pages._parted(body, json.loads(head)["pages"]))


def test_a_page_of_a_pdf_becomes_a_jpeg_of_its_size() -> None:
    (page,) = page_pictures(turned(SAMPLE, 90), max_side=400)

    assert (page.width, page.height) == decoded(page.jpeg).size
    assert page.width == 400
    assert page.width > page.height


def test_only_the_first_pages_of_a_long_file_are_shown() -> None:
    sheet = Sheet()
    for _ in range(3):
        sheet.next_page()
    frames = [Image.new("RGB", (40, 60), "white")] * 4
    tiff = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])

    assert [len(made_here(content, max_pages=2)) for content in (sheet.pdf(), tiff)] == [2, 2]


def test_a_photo_is_turned_as_its_orientation_says() -> None:
    photo = Image.new("RGB", (200, 100), "white")
    photo.paste("black", (0, 0, 20, 100))
    exif = photo.getexif()
    # 6: what is stored as the left edge is displayed as the top.
    exif[0x0112] = 6

    (page,) = made_here(saved(photo, "JPEG", exif=exif, quality=95))

    assert (page.width, page.height) == (100, 200)
    assert decoded(page.jpeg).getpixel((50, 5))[0] < 60
    assert decoded(page.jpeg).getpixel((50, 150))[0] > 200


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGBA", (60, 60), (0, 0, 0, 0)),
        Image.new("I;16", (60, 60), 0xFFFF),
        Image.new("1", (60, 60), 1),
    ],
    ids=["transparent", "16 bits", "1 bit"],
)
def test_white_paper_stays_white_in_every_mode(picture: Image.Image) -> None:
    (page,) = made_here(saved(picture, "PNG"))

    assert decoded(page.jpeg).getpixel((30, 30)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 no document", "neither a PDF nor"),
        (b"%PDF-1.7", "not a complete PDF"),
        (b"\x89PNG\r\n\x1a\n and no more", "cannot be opened"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_reason(content: bytes, reason: str) -> None:
    assert reason in json.loads(pages.answer(asked(content)))["message"]


def test_a_refusal_of_the_child_is_one_of_the_parent() -> None:
    with pytest.raises(UnsupportedDocument, match="not a complete PDF") as refused:
        page_pictures(b"%PDF-1.7")

    assert refused.value.code == "unreadable"


def test_a_document_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(UnsupportedDocument, match="within 0 s"):
        page_pictures(SAMPLE, seconds=0)


def test_the_child_answers_what_the_parent_understands(monkeypatch: pytest.MonkeyPatch) -> None:
    head, _, body = pages.answer(asked(SAMPLE)).partition(b"\n")
    assert b'"pages": [[%d, 212, 300]]' % len(body) in head
    assert b"neither a PDF" in pages.answer(asked(b"text"))
    assert b"cannot be opened" in pages.answer(asked(b"II*\x00"))

    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    assert pages.answer(asked(SAMPLE)) == b'{"missing": true}\n'


def test_a_document_that_needs_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_as_jpeg", lambda *_: (_ for _ in ()).throw(MemoryError()))

    assert b"1000 MB" in pages.answer(asked(SAMPLE))


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paperhook.sandbox.Sandbox.call", lambda *_, **__: b'{"missing": true}\n')

    with pytest.raises(MissingExtra, match=r"paperhook\[local-pdf\]"):
        page_pictures(SAMPLE)
