"""A glyph that stands for several letters: "ffi" in "office" is one in most books and many invoices."""

from __future__ import annotations

from paperhook.reading import pdf

TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def
1 begincodespacerange <00> <FF> endcodespacerange
1 beginbfchar <01> <006600660069> endbfchar
1 beginbfrange <20> <7E> <0020> endbfrange
endcmap CMapName currentdict /CMap defineresource pop end end"""
CONTENT = b"BT /F 12 Tf 50 700 Td (O\\001ce chair) Tj ET"


def content() -> bytes:
    """A page whose font has one glyph, code 1, for "ffi"."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F 5 0 R >> >> >>"
        ),
        b"<< /Length %d >> stream\n%s\nendstream" % (len(CONTENT), CONTENT),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /FirstChar 1 /LastChar 126 /Widths [%s]"
        b" /Encoding << /Type /Encoding /Differences [1 /fi] >> /ToUnicode 6 0 R >>"
        % b" ".join([b"600"] * 126),
        b"<< /Length %d >> stream\n%s\nendstream" % (len(TO_UNICODE), TO_UNICODE),
    ]
    file = b"%PDF-1.7\n"
    places: list[int] = []
    for number, each in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return file + (
        b"xref\n0 7\n0000000000 65535 f \n%strailer << /Size 7 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (table, len(file))
    )


def test_letters_of_one_glyph_are_one_word() -> None:
    document = pdf.open_pdf(content())

    page, _ = pdf.read_page(document, 0)

    assert [word.text for word in page.words] == ["Office", "chair"]
