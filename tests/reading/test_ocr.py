"""Scans and photos, drawn here and then spoilt as scanners and telephones do, read by the recogniser itself."""

from __future__ import annotations

import importlib.util
import io
import time
from typing import Any

import pytest
from PIL import Image, ImageFilter

from paperhook.rasterise import pages_as_png
from paperhook.reading.document import read_document
from paperhook.reading.extraction import Extraction, ReadingFailed
from paperhook.reading.images import read_image
from paperhook.reading.reader import Reader
from tests.make_samples import FOLDER
from tests.reading.drawing import Sheet
from tests.reading.layouts_slips import LAYOUTS
from tests.reading.test_layouts import differences

pytestmark = [
    pytest.mark.ocr,
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("rapidocr") is None, reason="needs the extra local"),
]
SAMPLE = (FOLDER / "invoice.pdf").read_bytes()


def read(content: bytes) -> Extraction:
    return read_document(content, pages_limit=5, pixels_limit=20_000_000, seconds=100)


def saved(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def scan_of(content: bytes, dpi: int = 110) -> Image.Image:
    (picture,) = pages_as_png(content, dpi=dpi)
    return Image.open(io.BytesIO(picture)).convert("RGB")


def note() -> Image.Image:
    s = Sheet((400, 300))
    s.text(30, 40, "Lighthouse Bakery Ltd", 18, bold=True)
    s.text(30, 90, "Invoice number: LB-7702", 14)
    s.text(30, 120, "Invoice date: 12 March 2024", 14)
    s.text(30, 180, "Total: GBP 112.50", 14)
    return scan_of(s.pdf(), 150)


def middle(extraction: Extraction, name: str) -> tuple[float, float]:
    x0, y0, x1, y1 = extraction.fields[name].box
    return (x0 + x1) / 2000, (y0 + y1) / 2000


@pytest.mark.parametrize(
    ("turn", "where"),
    [
        (None, (0.31, 0.58)),
        (Image.Transpose.ROTATE_180, (0.69, 0.42)),
        (Image.Transpose.ROTATE_90, (0.58, 0.69)),
        (Image.Transpose.ROTATE_270, (0.42, 0.31)),
    ],
)
def test_a_scan_is_recognised_whichever_way_it_lies(
    turn: Image.Transpose | None, where: tuple[float, float]
) -> None:
    scan = note()

    extraction = read(saved(scan.transpose(turn) if turn is not None else scan, quality=90))

    assert extraction.fields["total"].value == "112.50"
    assert extraction.fields["invoice_number"].value == "LB-7702"
    assert middle(extraction, "total") == pytest.approx(where, abs=0.12)


def test_a_photo_stored_sideways_is_turned_as_its_orientation_says() -> None:
    scan = note().transpose(Image.Transpose.ROTATE_90)
    exif = scan.getexif()
    exif[0x0112] = 6

    extraction = read(saved(scan, exif=exif, quality=90))

    assert extraction.fields["total"].value == "112.50"
    assert middle(extraction, "total") == pytest.approx((0.31, 0.58), abs=0.12)


def test_a_photo_taken_at_an_angle_keeps_its_rows_together() -> None:
    content, stated = LAYOUTS["order_number_and_balance_after_a_payment"]()
    flat = scan_of(content, 130)
    width, height = flat.size
    # The right side is nearer: lines fan out to the right.
    corners = (0, 0, 0, height, width, height - 0.03 * height, width, 0.04 * height)
    photo = flat.transform(flat.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)
    photo = photo.rotate(1.5, Image.Resampling.BICUBIC, fillcolor="white").filter(
        ImageFilter.GaussianBlur(0.5)
    )

    assert differences(read(saved(photo, quality=60)), stated) == []


def test_every_picture_of_a_fax_is_a_page() -> None:
    s = Sheet((400, 300))
    s.text(30, 60, "Terms and conditions of sale", 14)
    pages = [note().convert("1"), scan_of(s.pdf(), 150).convert("1")]

    fax = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4")

    extraction = read(fax)
    assert extraction.page_count == 2
    assert extraction.fields["total"].value == "112.50"
    assert "Terms and conditions" in extraction.text


# Scans inside PDFs.


@pytest.fixture
def scanned() -> Sheet:
    """A page that is one picture; tests put text over it."""
    s = Sheet()
    s.canvas.drawInlineImage(scan_of(SAMPLE), 0, 0, *s.size)
    return s


def test_a_scanned_pdf_is_recognised(scanned: Sheet) -> None:
    extraction = read(scanned.pdf())

    assert extraction.fields["total"].value == "2220.00"
    assert extraction.fields["vendor"].value == "Harbour & Pine Ltd"


def test_a_text_layer_that_says_something_else_than_its_scan_is_not_believed(scanned: Sheet) -> None:
    text = scanned.canvas.beginText(60, 500)
    text.setTextRenderMode(3)
    for line in (
        "Invoice number: 666",
        "Subtotal 8.00",
        "VAT 1.00",
        "Total 9.00",
        "and many more words that nobody sees on it",
    ):
        text.textLine(line)
    scanned.canvas.drawText(text)

    extraction = read(scanned.pdf())

    assert extraction.fields["total"].value == "2220.00"
    assert "666" not in extraction.text


def test_the_stamp_of_a_scanner_is_no_text_layer(scanned: Sheet) -> None:
    scanned.text(20, 835, "Scanned with a telephone", 6)

    assert read(scanned.pdf()).fields["total"].value == "2220.00"


def test_a_scan_among_pages_of_text_is_read_too() -> None:
    s = Sheet()
    s.text(60, 60, "Cover letter: please find our invoice enclosed.", 12)
    s.next_page()
    s.canvas.drawInlineImage(scan_of(SAMPLE), 0, 0, *s.size)

    extraction = read(s.pdf())

    assert extraction.fields["total"].value == "2220.00"
    assert extraction.fields["total"].page_number == 2


# Bounds.


def test_recognition_stops_at_the_deadline() -> None:
    with pytest.raises(ReadingFailed) as failed:
        read_image(saved(Image.new("RGB", (50, 50), "white"), "PNG"), 5, 10_000, time.monotonic() - 1)

    assert failed.value.code == "timeout"


def test_the_reading_process_recognises_within_its_memory_and_says_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Reader() as reader:
        extraction = reader.read(saved(note(), quality=90), filename="note.jpg")

    assert extraction.fields["total"].value == "112.50"
    assert capfd.readouterr() == ("", "")
