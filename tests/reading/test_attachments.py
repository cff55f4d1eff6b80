"""A PDF's attachments, and what is left out of them."""

from __future__ import annotations

import io

import pypdfium2
import pytest

from paperhook.reading.pdf import ATTACHMENT_BYTES, attachments, open_pdf
from tests.reading.drawing import Sheet


def with_attachments(files: dict[str, bytes]) -> bytes:
    document = pypdfium2.PdfDocument(Sheet().pdf())
    for name, content in files.items():
        document.new_attachment(name).set_data(content)
    file = io.BytesIO()
    document.save(file)
    document.close()
    return file.getvalue()


@pytest.mark.parametrize("name", ["factur-x.xml", "ZUGFeRD-invoice.XML", "xrechnung.xml"])
def test_xml_files_are_listed_whatever_their_name(name: str) -> None:
    document = open_pdf(with_attachments({name: b"<a/>"}))

    assert attachments(document) == [b"<a/>"]


def test_other_files_and_large_ones_are_left_out() -> None:
    document = open_pdf(with_attachments({"photo.jpg": b"x", "huge.xml": bytes(ATTACHMENT_BYTES + 1)}))

    assert attachments(document) == []
