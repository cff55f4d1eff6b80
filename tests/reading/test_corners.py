"""Papers that are rare: what they state is read, and what they only seem to state is not."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pypdfium2
import pytest
from PIL import Image

from paperhook.errors import MissingExtra
from paperhook.reading import pdf
from paperhook.reading.document import read_document
from paperhook.reading.eastern import _gathered
from paperhook.reading.extraction import ReadingFailed
from paperhook.reading.fields import extract
from paperhook.reading.images import frames_of
from paperhook.reading.layout import Phrase
from paperhook.reading.reader import Limits, Reader
from paperhook.textlayer import _LINE_END, Character, Page, Word, _apart, _words
from tests.make_samples import FOLDER
from tests.reading.drawing import Sheet
from tests.reading.test_layouts import read

SAMPLE = (FOLDER / "invoice.pdf").read_bytes()


def fields(sheet: Sheet) -> dict[str, str | None]:
    return {name: field.value for name, field in read(sheet.pdf()).fields.items()}


def invoice(*pairs: tuple[str, str], title: str = "INVOICE") -> Sheet:
    sheet = Sheet()
    sheet.text(60, 60, "Harbour & Pine Ltd", 14)
    sheet.text(400, 60, title, 18)
    sheet.pairs(60, 120, 260, pairs)
    return sheet


# Dates


def test_a_due_date_before_the_invoice_is_not_believed_in_either_order() -> None:
    found = fields(invoice(("Invoice date", "31/12/2024"), ("Due date", "30/11/2024")))

    assert found["invoice_date"] == "2024-12-31"


def test_the_date_behind_a_place_is_the_letters_where_others_stand_about() -> None:
    sheet = Sheet()
    sheet.text(60, 60, "Harbour & Pine Ltd", 14)
    sheet.lines(60, 80, ["4 Wren Street", "Springfield 62701"])
    sheet.text(400, 140, "Springfield, 3 May 2024")
    sheet.text(60, 200, "INVOICE", 18)
    sheet.lines(60, 500, ["We met on 7 April 2024", "and on 9 April 2024"])

    assert fields(sheet)["invoice_date"] == "2024-05-03"


def test_of_two_places_with_dates_neither_is_the_letters() -> None:
    sheet = Sheet()
    sheet.text(60, 60, "Springfield, 3 May 2024")
    sheet.text(60, 80, "Shelbyville, 4 May 2024")
    sheet.text(60, 700, "Riverton, 5 May 2024")
    sheet.text(60, 200, "INVOICE", 18)

    assert "invoice_date" not in fields(sheet)


def test_a_date_in_the_middle_of_a_sentence_is_not_labelled_by_it() -> None:
    sheet = invoice(("Invoice no.", "HP-2024-0187"))
    sheet.text(60, 300, "as on our card with the date 3 May 2024 printed on it, thank you")

    assert fields(sheet)["invoice_number"] == "HP-2024-0187"


def test_the_place_before_a_letters_date_may_be_a_cell_of_its_own_where_an_address_names_it() -> None:
    def letter(place: str) -> Sheet:
        sheet = Sheet()
        sheet.lines(60, 60, ["Harbour & Pine Ltd", "4 Wren Street", "62701 Springfield"])
        sheet.row(140, [(300, place), (420, "3 May 2024")])
        sheet.text(60, 200, "INVOICE", 18)
        sheet.lines(60, 500, ["We met on 7 April 2024", "and on 9 April 2024"])
        return sheet

    assert fields(letter("Springfield"))["invoice_date"] == "2024-05-03"
    assert "invoice_date" not in fields(letter("Shelbyville"))


def test_a_date_not_later_than_which_to_pay_is_the_due_date() -> None:
    sheet = invoice(("Invoice date", "13-Mar-2026"))
    sheet.text(60, 300, "Please remit payment no later than 12-Apr-2026.")

    assert fields(sheet)["due_date"] == "2026-04-12"


# Numbers


def test_a_number_that_is_plainly_labelled_is_the_documents_where_it_has_no_title() -> None:
    sheet = Sheet()
    sheet.text(60, 60, "Harbour & Pine Ltd", 14)
    sheet.pairs(60, 120, 260, [("Number:", "4711-A"), ("Date:", "3 May 2024")])
    sheet.pairs(60, 400, 400, [("Total", "GBP 12.00")])

    assert fields(sheet)["invoice_number"] == "4711-A"


@pytest.mark.parametrize("below", ["No. 14", "# 14"])
def test_a_bare_number_near_the_title_is_its_own(below: str) -> None:
    sheet = Sheet()
    sheet.text(60, 60, "INVOICE", 18)
    sheet.text(60, 90, below)
    sheet.text(60, 110, "No. of pages")

    assert fields(sheet)["invoice_number"] == "14"


def test_a_number_that_is_plainly_labelled_beside_a_date_is_the_documents() -> None:
    row, column, elsewhere = Sheet(), Sheet(), Sheet()
    for sheet in (row, column, elsewhere):
        sheet.text(60, 60, "FACTURE", 18)
        sheet.pairs(60, 400, 400, [("Total TTC", "12,00 €")])
    row.table(150, [60, 200], [["Numéro", "Date de facturation"], ["F20260031", "16/06/2026"]])
    column.lines(60, 150, ["Numéro F20260031", "Date de facturation 16/06/2026"])
    elsewhere.lines(60, 150, ["Numéro F20260031", "Merci de votre visite", "Date de facturation 16/06/2026"])

    assert [fields(sheet).get("invoice_number") for sheet in (row, column, elsewhere)] == [
        "F20260031",
        "F20260031",
        None,
    ]


@pytest.mark.parametrize("number", ["17/03/2026", "45/05/2026"])
def test_a_number_may_look_like_a_date_right_behind_its_label(number: str) -> None:
    found = fields(invoice(("Invoice number", number), ("Invoice date", "19 March 2026")))

    assert (found["invoice_number"], found["invoice_date"]) == (number, "2026-03-19")


def test_a_date_in_the_place_of_a_number_is_none() -> None:
    found = fields(invoice(("Invoice number", ""), ("Invoice date", "19/03/2026")))

    assert "invoice_number" not in found


def test_a_version_behind_a_title_is_no_number() -> None:
    sheet = Sheet()
    sheet.text(60, 60, "INVOICE 1.2", 18)

    assert "invoice_number" not in fields(sheet)


def test_a_number_ends_at_a_comma() -> None:
    found = fields(invoice(("Invoice no.:", "HP-0187, 2 pages")))

    assert found["invoice_number"] == "HP-0187"


def test_a_label_at_the_end_of_a_page_says_nothing_of_the_next() -> None:
    sheet = Sheet()
    sheet.text(60, 60, "INVOICE", 18)
    sheet.text(60, 810, "Invoice number")
    sheet.next_page()
    sheet.text(60, 30, "Invoice date")
    sheet.text(60, 60, "Total")

    found = fields(sheet)

    assert not {"invoice_number", "invoice_date", "total"} & set(found)


# Rows


HEADS = ("Description", "Quantity", "Unit price", "Amount")
EDGES = (60, -300, -400, -520)


def rows_of(sheet: Sheet) -> list[dict[str, str | None]]:
    return [{name: field.value for name, field in row.items()} for row in read(sheet.pdf()).line_items]


def test_rows_far_below_the_last_one_are_not_the_tables() -> None:
    sheet = Sheet()
    sheet.table(120, EDGES, [HEADS, ("Bolts", "2", "5.00", "10.00"), ("Nuts", "3", "4.00", "12.00")])
    sheet.table(560, EDGES, [("Reminder fee", "1", "7.00", "7.00")])

    assert [row["description"] for row in rows_of(sheet)] == ["Bolts", "Nuts"]


def test_a_total_behind_a_subtotal_ends_the_table() -> None:
    sheet = Sheet()
    y = sheet.table(120, EDGES, [HEADS, ("Bolts", "2", "5.00", "10.00"), ("Nuts", "3", "4.00", "12.00")])
    sheet.pairs(330, y, 520, [("Subtotal", "22.00"), ("Total", "22.00")])
    sheet.table(y + 60, EDGES, [("Spare", "1", "7.00", "7.00")])

    assert [row["description"] for row in rows_of(sheet)] == ["Bolts", "Nuts"]


def test_heads_centred_above_numbers_at_the_right_give_the_two_that_multiply() -> None:
    sheet = Sheet()
    for x, head in zip((60, 260, 330, 470), HEADS, strict=True):
        sheet.text(x, 120, head, bold=True)
    for y, cells in ((140, ("Bolts", "2", "5.00", "10.00")), (158, ("Nuts", "3", "4.00", "12.00"))):
        sheet.row(y, list(zip((60, -395, -455, -520), cells, strict=True)))

    assert [(row["quantity"], row["unit_price"], row["amount"]) for row in rows_of(sheet)] == [
        ("2", "5.00", "10.00"),
        ("3", "4.00", "12.00"),
    ]


def test_rows_without_a_head_for_their_names_are_named_by_what_stands_first() -> None:
    sheet = Sheet()
    sheet.table(
        120,
        (60, -300, -400, -520),
        [("", "Quantity", "Unit price", "Amount"), ("Bolts", "2", "5.00", "10.00")],
    )

    assert rows_of(sheet)[0]["description"] == "Bolts"


def test_numbers_of_rows_that_do_not_begin_at_one_are_names() -> None:
    sheet = Sheet()
    rows = [HEADS, ("700 Bolts", "2", "5.00", "10.00"), ("701 Nuts", "3", "4.00", "12.00")]
    sheet.table(120, EDGES, rows)

    assert [row["description"] for row in rows_of(sheet)] == ["700 Bolts", "701 Nuts"]


def test_a_quantity_with_a_currency_beside_a_bare_price_is_the_price() -> None:
    sheet = Sheet()
    sheet.table(
        120, EDGES, [HEADS, ("Bolts", "GBP 5.00", "2", "GBP 10.00"), ("Nuts", "GBP 4.00", "3", "GBP 12.00")]
    )

    assert [(row["quantity"], row["unit_price"]) for row in rows_of(sheet)] == [("2", "5.00"), ("3", "4.00")]


def test_a_list_of_dates_and_amounts_is_no_table_of_items() -> None:
    sheet = Sheet()
    sheet.table(
        120, (60, -300), [("Tax", "Amount"), ("Standard rate", "GBP 2.00"), ("Reduced rate", "GBP 1.00")]
    )

    assert rows_of(sheet) == []


def test_what_stands_far_below_the_last_line_is_no_row() -> None:
    sheet = Sheet()
    sheet.table(120, EDGES, [HEADS, ("Bolts", "2", "5.00", "10.00"), ("Nuts", "3", "4.00", "12.00")])
    sheet.text(60, 200, "of steel")
    sheet.table(250, EDGES, [("Reminder fee", "1", "7.00", "7.00")])

    assert [row["description"] for row in rows_of(sheet)][:2] == ["Bolts", "Nuts"]


# Names


@pytest.mark.parametrize(
    "lines",
    [
        ["Bill to", "Name: Wren Museum"],
        ["Bill to", "Name", "Wren Museum"],
        ["Bill to", "(please check)", "Wren Museum"],
    ],
)
def test_a_customer_is_named_below_its_label(lines: list[str]) -> None:
    sheet = invoice(("Invoice no.", "HP-2024-0187"))
    sheet.lines(60, 200, [*lines, "12 Lark Lane", "Springfield 62701"])

    assert fields(sheet)["customer"] == "Wren Museum"


def test_a_name_beside_its_label_is_the_value_in_the_next_cell() -> None:
    sheet = invoice(("Invoice no.", "HP-2024-0187"))
    sheet.text(60, 200, "Bill to")
    sheet.row(214, [(60, "Name:"), (160, "Wren Museum")])

    assert fields(sheet)["customer"] == "Wren Museum"


def test_what_stands_far_right_of_a_label_is_not_below_it() -> None:
    sheet = invoice(("Invoice no.", "HP-2024-0187"))
    sheet.text(60, 200, "Bill to")
    sheet.row(214, [(60, "Wren Museum"), (300, "Lark Gallery")])

    assert fields(sheet)["customer"] == "Wren Museum"


def test_an_empty_paper_has_no_vendor() -> None:
    assert fields(Sheet()) == {}


def test_a_sender_is_known_by_the_domain_of_its_mail() -> None:
    sheet = Sheet()
    sheet.text(60, 60, "INVOICE", 18)
    sheet.text(60, 100, "Wren Books", 14)
    sheet.lines(60, 116, ["4 Wren Street", "London N1 9GU", "books@wrenbooks.co.uk", "wren@gmail.com"])
    sheet.pairs(60, 400, 400, [("Total", "GBP 12.00")])

    assert fields(sheet)["vendor"] == "Wren Books"


# Files


def test_a_file_without_pages_is_corrupt() -> None:
    file = io.BytesIO()
    pypdfium2.PdfDocument.new().save(file)

    with pytest.raises(ReadingFailed) as failed:
        read_document(file.getvalue(), pages_limit=5, pixels_limit=1_000_000, seconds=30)

    assert failed.value.code == "corrupt"


def test_a_page_that_is_not_there_is_corrupt() -> None:
    with pytest.raises(ReadingFailed) as failed:
        pdf.read_page(pdf.open_pdf(SAMPLE), 7)

    assert failed.value.code == "corrupt"


def test_an_attachment_that_cannot_be_opened_is_left_out() -> None:
    def refuse(index: int) -> Any:
        raise pypdfium2.PdfiumError("broken")

    assert pdf.attachments(SimpleNamespace(count_attachments=lambda: 2, get_attachment=refuse)) == []


def test_a_later_picture_that_is_too_large_is_refused() -> None:
    file = io.BytesIO()
    Image.new("1", (50, 50)).save(file, "TIFF", save_all=True, append_images=[Image.new("1", (200, 200))])

    with pytest.raises(ReadingFailed, match="picture 2 has more pixels"):
        list(frames_of(file.getvalue(), 10, 10_000))


def test_a_reader_that_cannot_start_says_so() -> None:
    with (
        Reader(Limits(memory_bytes=1_000_000)) as reader,
        pytest.raises(ReadingFailed, match="does not start"),
    ):
        reader.start()


def test_a_reader_without_its_libraries_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paperhook.sandbox.Sandbox.call", lambda *_, **__: b'{"missing": "pip install"}')

    with Reader() as reader, pytest.raises(MissingExtra, match="pip install"):
        reader.read(SAMPLE, filename="")


# Letters


# Words that no paper should have


@pytest.mark.parametrize("height", [0.0, 1e-9])
def test_words_without_a_height_are_read(height: float) -> None:
    words = [
        Word(text, 50.0 * x, 100.0, 50.0 * x + 30, 100 + height)
        for x, text in enumerate(["Acme", "GmbH", "INVOICE", "17", "Total", "5.00"])
    ]

    extract([Page(1, 595.0, 842.0, tuple(words))])


def test_a_phrase_is_told_apart_without_the_other_words_of_its_page() -> None:
    word = Word("Total", 0.0, 0.0, 30.0, 10.0)
    short, long = (Page(1, 595.0, 842.0, (word,) * count) for count in (1, 2))

    assert hash(Phrase(short, (word,))) == hash(Phrase(long, (word,)))
    assert short != long


def test_no_words_are_gathered_to_none() -> None:
    assert list(_gathered([])) == []


@pytest.mark.parametrize(
    ("after", "is_apart"),
    [
        (("b", 10, 0, 20, 10), False),
        (("b", 0, 0, 10, 10), False),
        (("b", 10, 20, 20, 30), True),
        (("b", 13, 0, 23, 10), True),
        (("b", -20, 0, -10, 10), True),
    ],
)
def test_letters_of_a_word_stand_beside_each_other(after: tuple[Any, ...], is_apart: bool) -> None:
    text, *box = after

    assert _apart([Character("a", 0, 0, 0, 10, 10)], Character(text, 0, *box)) is is_apart


def test_letters_that_touch_are_a_word_whatever_line_ends_are_told_between_them() -> None:
    letters = [Character(text, 0, 10.0 + 5 * n, 20, 15.0 + 5 * n, 30) for n, text in enumerate("VH-2")]
    below = Character("x", 0, 10, 40, 15, 50)
    apart = Character("y", 0, 17, 40, 22, 50)
    drawn: list[Character | None] = []
    for letter in (*letters, below, apart):
        drawn += [letter, _LINE_END, _LINE_END]

    assert [word.text for word in _words(drawn)] == ["VH-2", "x", "y"]
