"""What reading a document on this machine costs beside what its libraries cost alone."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable

import pypdfium2
from PIL import Image

from paperhook.rasterise import pages_as_png
from paperhook.reading.document import read_document
from paperhook.reading.reader import Limits, Reader

from ..make_samples import FOLDER

INVOICE = (FOLDER / "invoice.pdf").read_bytes()


def milliseconds(function: Callable[[], object], *, rounds: int) -> float:
    """Give the best of several runs; the first one, which loads libraries and models, is not counted."""
    function()
    runs = []
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        runs.append((time.perf_counter() - began) * 1000)
    return min(runs)


def text_alone() -> str:
    """Give the text of the page as pypdfium2 has it, without a word of what it means."""
    with pypdfium2.PdfDocument(INVOICE) as document:
        page = document[0]
        return str(page.get_textpage().get_text_bounded())


def digital(rounds: int) -> dict[str, float]:
    """Give milliseconds for one page of text."""
    with Reader() as reader:
        return {
            "pypdfium2, the text alone": milliseconds(text_alone, rounds=rounds),
            "all fields, in this process": milliseconds(
                lambda: read_document(INVOICE, pages_limit=5, pixels_limit=20_000_000, seconds=60),
                rounds=rounds,
            ),
            "all fields, in the reading process": milliseconds(
                lambda: reader.read(INVOICE, filename="invoice.pdf"), rounds=rounds
            ),
        }


def scanned(rounds: int) -> dict[str, float]:
    """Give milliseconds for one page of pixels at 200 dpi.

    Raises:
        ModuleNotFoundError: Without the extra `local`.
    """
    from rapidocr import RapidOCR

    (picture,) = pages_as_png(INVOICE, dpi=200)
    scan = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").save(scan, "JPEG")
    # It tells of each model that it loads.
    logging.disable(logging.WARNING)
    recogniser = RapidOCR()
    with Reader(Limits(seconds=100)) as reader:
        return {
            "rapidocr as it comes": milliseconds(lambda: recogniser(scan.getvalue()), rounds=rounds),
            "all fields, in the reading process": milliseconds(
                lambda: reader.read(scan.getvalue(), filename="scan.jpg"), rounds=rounds
            ),
        }
