"""Rows of tables: numbers of rows, sums carried to the next page, a page's own head between rows."""

from __future__ import annotations

from tests.reading.drawing import Sheet
from tests.reading.test_layouts import read

Row = dict[str, str]


def rows(sheet: Sheet) -> list[Row]:
    return [{name: field.value for name, field in row.items()} for row in read(sheet.pdf()).line_items]


def test_the_numbers_of_rows_are_no_quantities() -> None:
    sheet = Sheet()
    sheet.table(
        100,
        [50, 90, -400],
        [["No.", "Description", "Amount"], ["1", "Oak shelf", "250.00"], ["2", "Wax", "50.00"]],
    )

    assert rows(sheet) == [
        {"description": "Oak shelf", "amount": "250.00"},
        {"description": "Wax", "amount": "50.00"},
    ]


def test_quantities_that_rise_by_one_are_some_where_they_multiply() -> None:
    sheet = Sheet()
    sheet.table(
        100,
        [50, 90, -300, -400],
        [
            ["No.", "Description", "Price", "Amount"],
            ["1", "Oak", "9.00", "9.00"],
            ["2", "Ash", "8.00", "16.00"],
        ],
    )

    assert [row["quantity"] for row in rows(sheet)] == ["1", "2"]


def test_a_number_that_makes_the_price_the_amount_is_the_quantity_whatever_its_head() -> None:
    sheet = Sheet()
    sheet.table(
        100,
        [50, -300, -350, -420],
        [["Description", "Words", "Rate", "Amount"], ["Contract", "4,200", "0.08", "336.00"]],
    )

    assert rows(sheet) == [
        {"description": "Contract", "quantity": "4200", "unit_price": "0.08", "amount": "336.00"}
    ]


def test_a_description_that_ends_with_a_dash_goes_on_in_the_next_line() -> None:
    sheet = Sheet()
    sheet.table(100, [50, -400], [["Description", "Amount"], ["Survey of West Bay -", "250.00"]])
    sheet.text(50, 130, "Cliff Stability")
    sheet.row(160, [(50, "Report"), (-400, "50.00")])

    assert [row["description"] for row in rows(sheet)] == ["Survey of West Bay - Cliff Stability", "Report"]


def test_what_is_carried_forward_is_no_row_nor_is_the_head_of_a_page() -> None:
    sheet = Sheet()
    heads = ["Artikel", "Menge", "Betrag"]
    for number, (names, before) in enumerate((("ABC", ""), ("DE", "30,00"))):
        sheet.row(50, [(50, "Großhandel Petersen GmbH"), (-400, f"Seite {number + 1}")], 9)
        end = sheet.table(100, [50, -300, -400], [heads], 9)
        if before:
            sheet.row(end, [(50, "Übertrag"), (-400, before)], 9)
        end = sheet.table(end + 18, [50, -300, -400], [[name, "2", "10,00"] for name in names], 9)
        if not before:
            sheet.row(end, [(50, "Übertrag"), (-400, "30,00")], 9)
            sheet.next_page()
    sheet.pairs(250, end + 20, 400, [("Summe", "50,00")])

    assert [row["description"] for row in rows(sheet)] == list("ABCDE")


def test_a_table_that_goes_on_above_another_one_keeps_its_rows() -> None:
    sheet = Sheet()
    sheet.table(700, [50, -300, -400], [["Description", "Qty", "Amount"], ["Oak", "2", "10.00"]], 9)
    sheet.next_page()
    end = sheet.table(60, [50, -300, -400], [["Ash", "3", "12.00"], ["Elm", "1", "3.00"]], 9)
    sheet.table(end + 30, [50, -300, -400], [["Service", "Hours", "Amount"], ["Delivery", "1", "5.00"]], 9)

    assert [row["description"] for row in rows(sheet)] == ["Oak", "Ash", "Elm", "Delivery"]
