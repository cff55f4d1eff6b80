"""Sums among sums: nets before and after a discount, tables of rates beside the totals, sums without a known label."""

from __future__ import annotations

import pytest

from tests.reading.drawing import Sheet
from tests.reading.test_layouts import read

Pairs = tuple[tuple[str, str], ...]


def invoice(*pairs: tuple[str, str]) -> Sheet:
    sheet = Sheet()
    sheet.text(60, 60, "Harbour & Pine Ltd", 14)
    sheet.text(400, 60, "INVOICE", 18)
    end = sheet.table(
        150,
        [60, -400, -520],
        [["Description", "Qty", "Amount"], ["Oak shelf", "2", "250.00"], ["Beeswax", "1", "50.00"]],
    )
    sheet.pairs(330, end + 20, 520, pairs)
    return sheet


def sums(sheet: Sheet) -> tuple[str | None, ...]:
    found = read(sheet.pdf()).fields
    return tuple(found[name].value if name in found else None for name in ("subtotal", "tax", "total"))


def test_of_two_nets_the_one_that_is_taxed_is_the_subtotal() -> None:
    sheet = invoice(
        ("Goods total", "300.00"),
        ("Discount", "-30.00"),
        ("Net total", "270.00"),
        ("VAT 20%", "54.00"),
        ("Invoice total", "324.00"),
    )

    assert sums(sheet) == ("270.00", "54.00", "324.00")


@pytest.mark.parametrize("label", ["Zwischentotale", "All of it"])
def test_an_amount_that_is_subtotal_and_tax_is_the_total_whatever_its_label(label: str) -> None:
    sheet = invoice(("Subtotal", "300.00"), ("VAT 20%", "60.00"), (label, "360.00"))

    assert sums(sheet) == ("300.00", "60.00", "360.00")


def test_an_amount_between_subtotal_and_total_that_makes_the_one_the_other_is_the_tax() -> None:
    sheet = invoice(("Subtotal", "300.00"), ("Kitchen levy", "60.00"), ("Total", "360.00"))

    assert sums(sheet) == ("300.00", "60.00", "360.00")


@pytest.mark.parametrize(
    "pairs",
    [
        (("Subtotal", "300.00"), ("Shipping", "60.00"), ("Total", "360.00")),
        (("Subtotal", "300.00"), ("Crates", "20.00"), ("Pallets", "40.00"), ("Total", "360.00")),
        (("Subtotal", "300.00"), ("Kitchen levy", "58.00"), ("Total", "360.00")),
        (("Subtotal", "300.00"), ("Installation", "300.00"), ("Total", "600.00")),
    ],
)
def test_what_else_stands_between_subtotal_and_total_is_no_tax(pairs: Pairs) -> None:
    assert sums(invoice(*pairs))[1] is None


def test_the_sum_of_a_subtotal_and_a_tax_that_is_not_printed_is_not_made_up() -> None:
    assert sums(invoice(("Subtotal", "300.00"), ("VAT 20%", "60.00"), ("All of it", "361.00")))[2] is None


def test_a_total_without_a_label_is_that_of_the_net_that_is_taxed() -> None:
    sheet = invoice(
        ("Goods total", "300.00"),
        ("Discount", "-30.00"),
        ("Subtotal", "270.00"),
        ("VAT 20%", "54.00"),
        ("So", "324.00"),
    )

    assert sums(sheet) == ("270.00", "54.00", "324.00")


def test_a_head_of_percentages_has_no_amount_below_it() -> None:
    sheet = invoice()
    sheet.row(320, [(60, "Netto"), (160, "Moms %"), (260, "Moms kr"), (400, "ATT BETALA")])
    sheet.row(336, [(60, "300,00"), (160, "25,00"), (260, "75,00"), (400, "375,00")])

    assert sums(sheet) == ("300.00", "75.00", "375.00")


def test_rows_of_rates_with_net_tax_and_gross_are_not_the_total() -> None:
    sheet = invoice(("Total", "317.00"))
    sheet.lines(
        60,
        300,
        [
            "VAT 20%     Net 200.00     VAT 40.00     Gross 240.00",
            "VAT 10%     Net 70.00     VAT 7.00     Gross 77.00",
        ],
    )

    assert sums(sheet)[1:] == ("47.00", "317.00")


def test_a_table_of_rates_beside_the_totals_is_none_of_items() -> None:
    sheet = Sheet()
    sheet.text(50, 60, "Épicerie La Grange", 16, bold=True)
    sheet.table(
        150,
        [50, 100, -340, -410, -545],
        [
            ["Réf.", "Désignation", "Qté", "P.U. HT", "Total HT"],
            ["H1", "Huile d'olive", "12", "14,50", "174,00"],
            ["V7", "Vinaigre", "24", "8,25", "198,00"],
        ],
    )
    sheet.row(
        240, [(50, "Taux"), (-150, "Base HT"), (-230, "Montant TVA"), (380, "Total HT"), (-545, "372,00")]
    )
    sheet.row(254, [(50, "5,5 %"), (-150, "174,00"), (-230, "9,57"), (380, "Total TVA"), (-545, "49,17")])
    sheet.row(268, [(50, "20 %"), (-150, "198,00"), (-230, "39,60"), (380, "Total TTC"), (-545, "421,17")])

    found = read(sheet.pdf())

    assert [found.fields[name].value for name in ("subtotal", "tax", "total")] == [
        "372.00",
        "49.17",
        "421.17",
    ]
    assert len(found.line_items) == 2


def test_the_tax_of_all_rates_is_the_tax_where_no_label_names_it() -> None:
    sheet = invoice(("Total", "317.00"))
    sheet.row(300, [(60, "Rate"), (160, "Net"), (260, "VAT"), (360, "Gross")])
    sheet.row(314, [(60, "20%"), (160, "200.00"), (260, "40.00"), (360, "240.00")])
    sheet.row(328, [(60, "10%"), (160, "70.00"), (260, "7.00"), (360, "77.00")])

    found = read(sheet.pdf())

    assert found.fields["tax"].value == "47.00"
    assert found.fields["tax"].text == "40.00 + 7.00"
    assert found.fields["total"].value == "317.00"
