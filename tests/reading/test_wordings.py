"""Papers typed as text, each with one wording or one place that the rules once took for something else."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

from paperhook.reading.fields import extract
from paperhook.textlayer import Page, Word
from tests.reading.papers import page_of, value

HEAD = """
^14 Marlow Joinery Ltd
12 Mill Lane, Marlow SL7 1AA

^12 Invoice
Invoice number: 2024-118
Invoice date: 03 June 2024
"""
ITEMS = """
Description                    Quantity   Unit price     Amount
Oak shelf, oiled                      2       100.00     200.00
"""
SUMS = """
                                      Subtotal           200.00
                                      VAT 20 %            40.00
                                      Total              240.00
"""


def read(text: str) -> dict[str, str | None]:
    found = extract([page_of(text)])
    return {name: value(found, name) for name in found.fields}


def rows(text: str) -> list[tuple[str | None, ...]]:
    names = ("description", "quantity", "unit_price", "amount")
    return [
        tuple(row[name].value if name in row else None for name in names)
        for row in extract([page_of(text)]).line_items
    ]


# Sums.


def test_what_is_left_to_pay_after_a_deposit_stands_for_a_total_that_is_not_printed() -> None:
    sums = """
                                      Subtotal         $5,244.00
                                      Sales tax 6%       $189.84
                                      Deposit received ($1,500.00)
                                      Balance due      $3,933.84
"""

    found = read(HEAD + sums)

    assert [found[name] for name in ("subtotal", "tax", "total")] == ["5244.00", "189.84", "3933.84"]


def test_taxes_of_several_rates_that_make_the_total_win_over_a_label_that_does_not() -> None:
    sums = """
                                      Total              531.30

VAT analysis              Net        VAT      Gross
VAT 9%                 349.54      31.46     381.00
VAT 13.5%              107.05      14.45     121.50
VAT 23%                 23.41       5.39      28.80
"""

    assert read(HEAD + sums)["tax"] == "51.30"


# Dates.


@pytest.mark.parametrize(
    ("sentence", "due"),
    [
        ("Der Betrag ist am 03.07.2024 fällig. Der neue Abschlag ist am 15.07.2024 fertig.", "2024-07-03"),
        ("Bei Zahlung bis 13.06.2024 2 % Skonto. Netto fällig 03.07.2024.", "2024-07-03"),
    ],
)
def test_of_several_dates_in_sentences_that_of_the_whole_amount_is_when_it_is_due(
    sentence: str, due: str
) -> None:
    assert read(HEAD + ITEMS + SUMS + "\n" + sentence)["due_date"] == due


def test_the_date_of_a_deposit_is_not_the_invoices() -> None:
    head = HEAD.replace("Invoice date: 03 June 2024", "Marlow, 3 June 2024")
    sums = SUMS + "                                      Deposit of 12 May 2024    -50.00\n"

    assert read(head + ITEMS + sums)["invoice_date"] == "2024-06-03"


def test_a_paper_that_states_only_when_its_order_was_placed_is_of_that_day() -> None:
    head = HEAD.replace("Invoice date", "Order placed") + "Delivery by: 17 June 2024\n"

    assert read(head + ITEMS + SUMS)["invoice_date"] == "2024-06-03"


def test_a_label_with_its_date_beside_it_does_not_claim_the_one_below() -> None:
    head = HEAD + "Event: 30 June 2024\nBalance to be settled by: 16 June 2024\n"

    assert read(head + ITEMS + SUMS)["due_date"] == "2024-06-16"


# Numbers.


def test_a_number_with_its_series_right_below_a_title_is_the_documents() -> None:
    text = """
^10 Clínica do Tejo, Lda.                           FATURA-RECIBO
Rua do Alecrim 58, 1200-018 Lisboa                  FR 2025A/4471
NIF 508 112 334                                     Data: 19-03-2025
"""

    assert read(text + ITEMS + SUMS)["invoice_number"] == "FR 2025A/4471"


def test_a_post_office_box_is_no_order() -> None:
    assert "po_number" not in read(HEAD + "PO Box 88013          5500 Hiawatha Ave\n" + ITEMS + SUMS)


# Parties.


@pytest.mark.parametrize("name", ["BAR CENTRALE", "LE PETIT ZINC", "Credit & Son Books"])
def test_a_shop_whose_name_opens_with_a_word_of_payments_is_the_vendor(name: str) -> None:
    slip = f"""
=14 {name}
Via Roma 3 43121 Parma
Tel. 0521 112233

Tavolo 4
Coffee           2,60
Cake             1,50
TOTALE           4,10
"""

    assert read(slip)["vendor"] == name


def test_a_greeting_is_no_vendor() -> None:
    slip = """
WELCOME TO
Gulf Creek Fuel
9901 I-35 Frontage

FUEL SALE        $ 32.48
CREDIT           $ 32.48
"""

    found = read(slip)

    assert (found["vendor"], found["total"]) == ("Gulf Creek Fuel", "32.48")


def test_two_labels_in_a_cell_are_no_name() -> None:
    head = HEAD + "Member         Philippa Gathercole\nMember No.     LRA-0812\n"

    assert read(head + ITEMS + SUMS)["customer"] == "Philippa Gathercole"


def test_a_name_behind_the_label_of_names_is_read_without_it() -> None:
    head = """
^12 NOTA FISCAL DE SERVIÇOS
Número da nota: 4512

PRESTADOR DE SERVIÇOS
Nome/Razão Social: Horizonte Ambiental Ltda
CNPJ: 12.345.678/0001-90

TOMADOR DE SERVIÇOS
Nome/Razão Social: Serra Azul S.A.
CNPJ: 98.765.432/0001-10
"""

    found = read(head + ITEMS + SUMS)

    assert (found["vendor"], found["customer"]) == ("Horizonte Ambiental Ltda", "Serra Azul S.A.")


def test_a_person_addressed_without_an_address_is_the_customer() -> None:
    assert read(HEAD + "\n\nMrs. Ingrid Solheim\n\n" + ITEMS + SUMS)["customer"] == "Mrs. Ingrid Solheim"


# Currencies.


def test_a_mark_of_currency_counts_apart_from_its_amount_and_in_the_head_of_a_column() -> None:
    apart = "\nTOTAL AMOUNT DUE     RM      35.10\n"
    head = "\nBeschreibung                 Preis(€)\nKaffee                           2,60\nSumme                            2,60\n"

    assert read(HEAD.replace("20 %", "") + apart)["currency"] == "MYR"
    assert read(head)["currency"] == "EUR"


# Rows of tables.


def test_the_letter_of_a_tax_behind_an_amount_is_no_part_of_it() -> None:
    table = """
Description                    Quantity   Unit price     Amount
Saddle strap                          2        38.50     77.00T
Delivery                              1        20.00     20.00
"""

    assert rows(HEAD + table) == [
        ("Saddle strap", "2", "38.50", "77.00"),
        ("Delivery", "1", "20.00", "20.00"),
    ]


def test_a_head_that_may_say_two_things_says_what_no_other_says() -> None:
    table = """
Date         Description                        Charges EUR
11.06.2024   Room                                    129.00
12.06.2024   Dinner                                   46.50
"""

    assert rows(HEAD + table) == [("Room", None, None, "129.00"), ("Dinner", None, None, "46.50")]


def test_amounts_without_a_head_right_of_all_heads_are_the_rows_amounts() -> None:
    table = """
                                    Guests     Per head
Wedding breakfast                       84       £46.00      £3,864.00
Evening table                          110        £9.50      £1,045.00
Staff                                                          £620.00
"""

    assert rows(HEAD + table)[0] == ("Wedding breakfast", "84", "46.00", "3864.00")
    assert rows(HEAD + table)[2] == ("Staff", None, None, "620.00")


def test_cells_that_recognition_put_together_are_parted_by_the_heads_above_them() -> None:
    table = """
Qty Description                 Price     Amount
 4 Hinge steel                   6.25      25.00
12 Coach bolt                    0.45       5.40
"""
    slip = """
Item Qty Price  Amount
Milk 12 15.50 186.00
Eggs 10 12.80 128.00
"""

    assert rows(HEAD + table)[0] == ("Hinge steel", "4", "6.25", "25.00")
    assert rows(HEAD + slip)[1] == ("Eggs", "10", "12.80", "128.00")


def placed(*lines: tuple[tuple[float, str], ...]) -> Page:
    """Cells at their left edges, a line below the other, in letters of 20 that are 10 wide."""
    words = [
        Word(text, x, 40.0 * row, x + 10 * len(text), 40.0 * row + 20)
        for row, line in enumerate(lines, 1)
        for x, text in line
    ]
    return Page(1, 700, 900, tuple(words), certainty=0.9)


def test_a_line_that_recognition_read_as_one_cell_is_parted_below_its_heads() -> None:
    page = placed(
        ((40, "Description"), (250, "Qty"), (310, "Price"), (400, "Amount")),
        ((40, "Wholegrain"), (150, "bread,"), (220, "fresh"), (280, "1"), (300, "12.80"), (360, "12.80")),
        ((40, "Milk"), (260, "2"), (310, "5.50"), (410, "11.00")),
    )

    found = [{name: cell.value for name, cell in row.items()} for row in extract([page]).line_items]

    assert found[0] == {
        "description": "Wholegrain bread, fresh",
        "quantity": "1",
        "unit_price": "12.80",
        "amount": "12.80",
    }


def test_a_quantity_that_recognition_read_into_the_description_is_taken_off() -> None:
    page = placed(
        ((40, "Qty"), (85, "Description"), (400, "Price"), (520, "Amount")),
        ((70, "4"), (90, "Hinge"), (400, "6.25"), (520, "25.00")),
        ((60, "12"), (90, "Bolt"), (400, "0.45"), (520, "5.40")),
    )

    found = [{name: cell.value for name, cell in row.items()} for row in extract([page]).line_items]

    assert [(row["quantity"], row["description"]) for row in found] == [("4", "Hinge"), ("12", "Bolt")]


def test_sums_of_rows_at_another_edge_are_no_rows() -> None:
    table = """
Description                                Amount
First visit                                 12.94
Second visit                                25.86
Filling                                    109.45

                        Treatment          148.25
                        Laboratory          18.40
                        Total              166.65
"""

    assert [row[0] for row in rows(HEAD + table)] == ["First visit", "Second visit", "Filling"]


def test_a_sentence_with_words_of_heads_is_no_head() -> None:
    note = "\nPlease pay the amount for each item until 3 July 2024 to the account named at the foot.\n"

    assert read(HEAD + ITEMS + SUMS + note)["due_date"] == "2024-07-03"


# Rows of slips.


SLIP = dedent("""
    =14 Freshway Market
    1190 Alder Avenue
    """)


def test_rows_above_a_sum_count_although_others_follow_it() -> None:
    slip = """
2 Cappuccino    5.20      10.40
1 Nut cake                 7.80
Total CHF                 18.20
in EUR at 0.95            19.16
"""

    assert rows(SLIP + slip) == [("Cappuccino", "2", "5.20", "10.40"), ("Nut cake", "1", None, "7.80")]


def test_rows_of_taxes_between_the_rows_and_their_sum_are_none() -> None:
    slip = """
Bread 2 x4,99              9,98C
Beer 4 x3,89              15,56A
Of rate A                 15,56
Of rate C                  9,98
SUMA PLN                  25,54
"""

    assert rows(SLIP + slip) == [("Bread", "2", "4.99", "9.98"), ("Beer", "4", "3.89", "15.56")]


def test_what_a_discount_among_rows_takes_off_is_no_row() -> None:
    slip = """
BANANAS
 2.31 lb @ 0.79/lb         1.82 F
YOGURT                     6.29 F
 MEMBER SAVINGS           -1.30
SUBTOTAL                   6.81
TAX                        0.41
BALANCE                    7.22
"""

    assert [(row[0], row[3]) for row in rows(SLIP + slip)] == [("BANANAS", "1.82"), ("YOGURT", "6.29")]


def test_a_heading_among_the_rows_of_a_slip_parts_them_in_name_only() -> None:
    slip = """
BREAD                     £1.35
LOYAL CUSTOMERS
CHEDDAR                   £3.75
TOTAL TO PAY              £5.10
"""

    assert [row[0] for row in rows(SLIP + slip)] == ["BREAD", "CHEDDAR"]


@pytest.mark.parametrize("price", ["à 14,90", "14,90", "@ 14,90"])
def test_a_price_at_the_end_of_a_name_is_taken_off_where_it_multiplies(price: str) -> None:
    slip = f"""
2x Roast {price}          29,80 A
1x Dumplings              12,50 A
Summe                     42,30 €
"""

    assert rows(SLIP + slip)[0] == ("Roast", "2", "14.90", "29.80")


def test_whole_amounts_without_a_currency_are_rows_where_they_add_up() -> None:
    slip = """
=14 居酒屋 海鳴り
お通し 3               1,200
刺身盛合せ 1           1,980
小計                   3,180
合計                  ¥3,180
"""

    assert rows(slip) == [("お通し", "3", None, "1200"), ("刺身盛合せ", "1", None, "1980")]


def test_rows_below_a_head_that_stands_far_from_their_amounts_are_read_as_on_a_slip() -> None:
    slip = """
DESCRIZIONE  IVA  Prezzo(€)
CAFFE        10%                                                                      2,60
CORNETTO     10%                                                                      1,50
TOTALE COMPLESSIVO                                                                    4,10
"""

    assert [(row[0], row[3]) for row in rows(SLIP + slip)] == [("CAFFE", "2.60"), ("CORNETTO", "1.50")]


# What stood in each other's way.


@pytest.mark.parametrize("label", ["PA SALES TAX 6%", "IN 7.0% TAX", "Lake County Tax (1%)", "State tax"])
def test_the_tax_of_a_region_is_no_row(label: str) -> None:
    slip = f"""
Rope                      10.00
Hook                       5.00
{label:25} 0.90
TOTAL                     15.90
"""

    assert [row[0] for row in rows(SLIP + slip)] == ["Rope", "Hook"]
    assert read(SLIP + slip)["tax"] == "0.90"


def test_a_tax_in_the_name_of_a_row_is_one() -> None:
    table = """
Description                                Amount
Income tax return 2023                     250.00
Property tax appeal                         50.00
                        Total              300.00
"""

    assert [row[0] for row in rows(HEAD + table)] == ["Income tax return 2023", "Property tax appeal"]


def test_a_title_beside_the_vendor_is_no_part_of_its_name() -> None:
    head = HEAD.replace("^14 Marlow Joinery Ltd", "^14 MARLOW JOINERY   INVOICE")

    assert read(head + ITEMS + SUMS)["vendor"] == "MARLOW JOINERY"


def test_a_name_that_is_printed_wide_is_one_beside_a_title_too() -> None:
    head = HEAD.replace("^14 Marlow Joinery Ltd", "^14 MARLOW   JOINERY   INVOICE")

    assert read(head + ITEMS + SUMS)["vendor"] == "MARLOW JOINERY"


@pytest.mark.parametrize(
    ("dates", "term", "read_as"),
    [
        # Both orders give a term; the page names that of one.
        (("01/02/2024", "03/04/2024"), "Terms: Net 62", ("2024-02-01", "2024-04-03")),
        (("01/02/2024", "02/03/2024"), "Payment terms: 30 days", ("2024-02-01", "2024-03-02")),
        (("03/04/2024", "05/05/2024"), "Payment terms: 62 days", ("2024-03-04", "2024-05-05")),
        (("03/04/2024", "05/05/2024"), "Payment terms: 32 days", ("2024-04-03", "2024-05-05")),
        # Only one order gives a term.
        (("03/04/2024", "02/05/2024"), "", ("2024-04-03", "2024-05-02")),
        (("04/03/2024", "05/02/2024"), "", ("2024-04-03", "2024-05-02")),
        # Nothing tells: the order of the language and of the land.
        (("03/04/2024", "05/05/2024"), "", ("2024-04-03", "2024-05-05")),
    ],
)
def test_day_and_month_are_told_by_the_term_between_two_dates(
    dates: tuple[str, str], term: str, read_as: tuple[str, str]
) -> None:
    head = HEAD.replace("03 June 2024", dates[0]) + f"Due date: {dates[1]}\n{term}\n"

    found = read(head + ITEMS + SUMS)

    assert (found["invoice_date"], found["due_date"]) == read_as


# What a second set of unseen papers taught.


def test_a_total_before_tax_is_the_subtotal_where_the_sum_due_is_both_together() -> None:
    sums = """
                                      Total            £2,600.00
                                      VAT at 20%         £520.00
                                      Total due        £3,120.00
"""

    found = read(HEAD + sums)

    assert [found[name] for name in ("subtotal", "tax", "total")] == ["2600.00", "520.00", "3120.00"]


def test_of_two_totals_the_lower_one_counts_where_amounts_between_make_the_difference() -> None:
    sums = """
                                      Total services   $1,570.00
                                      Recording           $46.00
                                      Total billing    $1,616.00
"""
    table = """
Description                                                  Amount
Draft lease                                               $1,570.00
"""

    assert read(HEAD + table + sums)["total"] == "1616.00"


def test_what_was_paid_is_the_total_of_a_slip_that_names_no_sum() -> None:
    slip = """
Entry 11/10/2024 09:12
Fee paid                  £9.60
VAT 20%                   £1.60
"""

    found = read(SLIP + slip)

    assert (found["total"], found["tax"]) == ("9.60", "1.60")


@pytest.mark.parametrize("tax", ["VAT (included)    8.90", "of which VAT      8.90"])
def test_a_tax_within_the_amounts_is_not_added_to_them(tax: str) -> None:
    sums = f"""
                                      Subtotal            55.50
                                      Discount            -5.55
                                      Shipping             3.45
                                      {tax}
                                      Total               53.40
"""

    found = read(HEAD + sums)

    assert [found[name] for name in ("subtotal", "tax", "total")] == ["55.50", "8.90", "53.40"]


def test_a_tax_below_the_total_is_within_it() -> None:
    slip = """
Fish                      40.50
SUBTOTALE                 40,50
SCONTO                    -0,50
TOTALE EURO               40,00
IVA 10%                    3,64
"""

    found = read(SLIP + slip)

    assert [found[name] for name in ("subtotal", "tax", "total")] == ["40.50", "3.64", "40.00"]


@pytest.mark.parametrize("label", ["MOT (no VAT)", "Post, VAT free", "Porto ohne MwSt"])
def test_what_is_said_to_have_no_tax_is_none(label: str) -> None:
    sums = f"""
                                      Net                407.70
                                      VAT @ 20%           81.54
                                      {label:19} 54.85
                                      Amount payable     544.09
"""

    assert read(HEAD + sums)["tax"] == "81.54"


def test_taxes_of_two_rates_on_a_line_are_added() -> None:
    slip = """
Bitterballen              17,00
Witbier                    5,25
Te betalen              € 22,25
BTW 9% 1,40   BTW 21% 0,91
"""

    assert read(SLIP + slip)["tax"] == "2.31"


def test_prices_that_add_up_to_a_sum_are_amounts() -> None:
    table = """
Quantity   Item                              Price
1          Letterpress calendar             £24.00
3          Dotted notebook                  £28.50

                             Subtotal       £52.50
"""

    assert rows(HEAD + table)[1] == ("Dotted notebook", "3", None, "28.50")


def test_prices_that_multiply_to_a_sum_stay_prices() -> None:
    table = """
Quantity   Item                              Price
1          Letterpress calendar             £24.00
3          Dotted notebook                   £9.50

                             Subtotal       £52.50
"""

    assert rows(HEAD + table)[1] == ("Dotted notebook", "3", "9.50", None)


@pytest.mark.parametrize("croissant", ["Croissant x 2", "Croissant x2"])
def test_a_count_behind_a_name_is_taken_off(croissant: str) -> None:
    slip = f"""
Cortado                    4.25
{croissant:22}     9.00
Total                    $13.25
"""

    assert rows(SLIP + slip)[1] == ("Croissant", "2", None, "9.00")


def test_a_count_with_its_price_before_a_name_is_taken_off() -> None:
    slip = """
2 x 0,45 Brötchen          0,90 €
3 x 1,90 Streuselkuchen    5,70 €
Gesamt                     6,60 €
"""

    assert rows(SLIP + slip) == [("Brötchen", "2", "0.45", "0.90"), ("Streuselkuchen", "3", "1.90", "5.70")]


def test_a_firm_addressed_with_the_number_of_its_taxes_is_the_customer() -> None:
    text = """
Ruben Achterberg
Embedded Systems Consulting
Wilhelmstr. 9, 72072 Tübingen



Kestrel Avionics B.V.
Anthony Fokkerweg 61
1059 CP Amsterdam
VAT ID: NL812345678B01


^12 Invoice 2025-07
"""

    found = read(text + ITEMS + SUMS)

    assert (found["vendor"], found["customer"]) == ("Ruben Achterberg", "Kestrel Avionics B.V.")


def test_the_branch_of_a_japanese_shop_is_not_its_name() -> None:
    slip = """
=14 マルヨシ食品館
=10 宝塚店
TEL 0797-55-0101
たまご 10個           ¥238
合計                  ¥238
"""

    assert read(slip)["vendor"] == "マルヨシ食品館"


# What a third set of unseen papers taught.


def test_the_rand_is_told_by_its_letter_and_a_long_number_beside_a_tax_is_no_amount() -> None:
    sums = """
VAT 4110022881
                                      Sub total       R60,200.00
                                      VAT 15%          R9,030.00
                                      Total           R69,230.00
"""

    found = read(HEAD + sums)

    assert [found[name] for name in ("subtotal", "tax", "total", "currency")] == [
        "60200.00",
        "9030.00",
        "69230.00",
        "ZAR",
    ]


def test_the_tax_of_a_charge_in_its_brackets_is_not_the_papers() -> None:
    sums = """
                                               Summe          189,25
                                               MwSt 7%         13,25
Versandkosten (netto 4,67 + MwSt 0,33)                          5,00
                                               Gesamtbetrag   207,50
"""

    found = read("^12 Rechnung\nDie Rechnung ist ohne Abzug zu zahlen.\n" + sums)

    assert [found[name] for name in ("subtotal", "tax", "total")] == ["189.25", "13.25", "207.50"]


@pytest.mark.parametrize("hint", ["Macon GA", "(478) 555-0133", "GA Tax  2.88"])
def test_a_land_where_months_come_first_is_told_without_its_currency(hint: str) -> None:
    slip = f"""
{hint}
Order the day of 11/08/2025
Plate                     18.50
Total                     18.50
"""

    assert read(SLIP + slip)["invoice_date"] == "2025-11-08"


# Papers of any size.


def wide(text: str, count: int, gap: float) -> Page:
    """A page of one line with a word again and again."""
    step = 6.0 * len(text) + gap
    words = (Word(text, 10 + n * step, 50, 10 + n * step + 6 * len(text), 60) for n in range(count))
    return Page(1, count * step + 50, 400, tuple(words))


def calls_for(page: Page) -> int:
    """Count the calls that reading a page takes: they are the same on any machine."""
    count = 0

    def called(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(called)
    try:
        extract([page])
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("text", ["Total", "合計", "Invoice", "Rechnung", "12.50"])
@pytest.mark.parametrize("gap", [4.0, 30.0])
def test_a_line_of_many_words_costs_little_more_than_its_words(text: str, gap: float) -> None:
    extract([wide(text, 10, gap)])

    few, many = (calls_for(wide(text, count, gap)) for count in (125, 500))

    # Four times the words take 6 to 8 times the calls; what each label looked for among all the others took 12 to 15.
    assert many < 9 * few
