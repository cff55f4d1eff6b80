"""Pictures to words: placeholder until recognition is in place."""

from __future__ import annotations

from typing import Any

from paperhook.reading.extraction import ReadingFailed
from paperhook.reading.words import Page


def read_image(content: bytes, pages_limit: int, pixels_limit: int, deadline: float) -> list[Page]:
    raise ReadingFailed("no_text", 'a picture has no text of its own; scans are read with pip install "paperhook[local]"')


def recognise_pdf_pages(document: Any, pages: list[Page], pictured: list[int], pixels_limit: int, deadline: float) -> list[Page]:
    raise ReadingFailed("no_text", 'the PDF is a scan; scans are read with pip install "paperhook[local]"')
