# ruff: noqa: RUF001 - foreign digits and dashes are the point
from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.results.money import (
    CURRENCY_DOUBT,
    DECIMAL_DOUBT,
    FRACTION_DOUBT,
    MARK_DOUBT,
    Money,
    decimal_mark_of,
    parse_currency,
    parse_money,
    parse_percent,
    parse_quantity,
)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1,234.50", "1234.50", None),
        ("1.234,50", "1234.50", None),
        ("1 234,50 €", "1234.50", "EUR"),
        ("1\u202f234,50\u00a0€", "1234.50", "EUR"),
        ("1 234,500", "1234.500", None),
        ("CHF 1'234.50", "1234.50", "CHF"),
        ("Fr. 5.50", "5.50", "CHF"),
        ("12,800円", "12800", "JPY"),
        ("JPY 12,800", "12800", "JPY"),
        ("KRW 12.800", "12800", "KRW"),
        ("EUR 9,99", "9.99", "EUR"),
        ("9.99 usd", "9.99", "USD"),
        ("US$1,320.00", "1320.00", "USD"),
        ("$1,320.00 CAD", "1320.00", "CAD"),
        ("1,23,456.00", "123456.00", None),
        ("1.234.567", "1234567", None),
        ("1,234,567.89", "1234567.89", None),
        ("1234567", "1234567", None),
        ("1234,567", "1234.567", None),
        ("0.125", "0.125", None),
        (".50", "0.50", None),
        ("12,5", "12.5", None),
        ("12.3456", "12.3456", None),
        ("٣٫٥٠", "3.50", None),
        ("£ 5", "5", "GBP"),
        ("5 zł", "5", "PLN"),
        ("1,23,456.78", "123456.78", None),
        ("₹12,34,56,789.00", "123456789.00", "INR"),
        ("१,२३,४५६.७८", "123456.78", None),
        ("1\u2019234.50", "1234.50", None),
        ("1\u2009234,50 €", "1234.50", "EUR"),
        ("١٬٢٣٤٫٥٠٠ د.ك.", "1234.500", "KWD"),
        ("KD 1,234.500", "1234.500", "KWD"),
        ("RM 12.50", "12.50", "MYR"),
        ("Rp 1.234.500", "1234500", "IDR"),
        ("S/ 12.50", "12.50", "PEN"),
        ("1.234,50 TL", "1234.50", "TRY"),
        ("INR 1,23,456/-", "123456", "INR"),
        ("KES 12,345.00/=", "12345.00", "KES"),
    ],
)
def test_amount_is_read_in_any_convention(text: str, amount: str, currency: str | None) -> None:
    assert parse_money(text) == Money(Decimal(amount), currency)


def test_full_width_digits_are_digits() -> None:
    assert parse_money("￥１，２３４，５６７") == Money(Decimal(1234567), "JPY", (CURRENCY_DOUBT,))


@pytest.mark.parametrize(
    "text", ["-5.00", "5.00-", "(5.00)", "\u22125.00", "($5.00)", "-$5.00", "$-5.00", "$ -5.00", "- 5.00"]
)
def test_every_way_to_write_a_negative_amount(text: str) -> None:
    found = parse_money(text)

    assert found is not None
    assert found.amount == Decimal("-5.00")


@pytest.mark.parametrize(("text", "amount"), [("+5.00", "5.00"), ("5.00+", "5.00"), ("0,-", "0")])
def test_amount_that_is_not_negative_for_all_its_signs(text: str, amount: str) -> None:
    found = parse_money(text)

    assert found is not None
    assert found.amount == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "amount"), [("5,-", 5), ("CHF 1'234.–", 1234), ("12,800円-", 12800), ("¥12,800-", 12800)]
)
def test_dash_in_place_of_decimals_is_no_minus(text: str, amount: int) -> None:
    found = parse_money(text)

    assert found is not None
    assert found.amount == amount


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "abc", "19%", "1.23.45", "2026-05-01", "01.05.2026", "10-20", "1e5", "5 EUR 6", "EUR 5 USD", "((5))", "(5", "--5",
        "12 .5", "1,234,5", "12,34,56", "1 23", "1'23", "1,234.567,8", "1.2,3.4", "²", "5²", "½", "total 5", "5 apples", ".", "-", "€",
        "\ud800", "5\ud800", "9" * 29, "9" * 81,
    ],
)  # fmt: skip
def test_text_that_is_no_amount_gives_none(text: str) -> None:
    assert parse_money(text) is None


@pytest.mark.parametrize(
    "value", [None, True, False, float("nan"), float("inf"), -float("inf"), 1e300, 10**300, [], {}, b"5"]
)
def test_value_that_is_no_amount_gives_none(value: object) -> None:
    assert parse_money(value) is None


@pytest.mark.parametrize(
    ("value", "amount"), [(42.0, "42.0"), (0.1, "0.1"), (7, "7"), (Decimal("1.10"), "1.10"), (-0.0, "0.0")]
)
def test_numbers_go_through_their_own_digits(value: object, amount: str) -> None:
    found = parse_money(value)

    assert found is not None
    assert str(found.amount) == amount


def test_number_takes_the_currency_that_the_document_states() -> None:
    assert parse_money(5, currency="EUR") == Money(Decimal(5), "EUR")


def test_lone_mark_before_three_digits_is_read_as_thousands_with_a_doubt() -> None:
    assert parse_money("12,800") == Money(Decimal(12800), None, (MARK_DOUBT,))


@pytest.mark.parametrize(("mark", "amount"), [(".", "12800"), (",", "12.800")])
def test_documents_decimal_mark_settles_the_doubt(mark: str, amount: str) -> None:
    assert parse_money("12,800", decimal_mark=mark) == Money(Decimal(amount))


def test_currency_without_decimals_settles_the_doubt() -> None:
    assert parse_money("12,800", currency="JPY") == Money(Decimal(12800), "JPY")


def test_lone_mark_in_a_currency_of_three_decimals_is_decimal_with_a_doubt() -> None:
    assert parse_money("KWD 1.234") == Money(Decimal("1.234"), "KWD", (DECIMAL_DOUBT,))
    assert parse_money("1,234", currency="TND") == Money(Decimal("1.234"), "TND", (DECIMAL_DOUBT,))
    assert parse_money("1,234", currency="KWD", decimal_mark=".") == Money(Decimal(1234), "KWD")
    assert parse_money("1.234", currency="KWD", decimal_mark=".") == Money(Decimal("1.234"), "KWD")


@pytest.mark.parametrize(
    "text", ["100.00 CR", "100.00CR", "CR 100.00", "Cr. 100.00", "EUR 100.00 cr", "100,00 H"]
)
def test_credit_has_the_sign_that_the_document_gives_it(text: str) -> None:
    assert [found and found.amount for found in (parse_money(text, credit=sign) for sign in (1, -1))] == [
        100,
        -100,
    ]
    assert parse_money(text) is None


@pytest.mark.parametrize("text", ["100.00 DR", "DR 100.00", "100,00 S", "100.00 Dr."])
def test_debit_is_the_other_way_round(text: str) -> None:
    assert [found and found.amount for found in (parse_money(text, credit=sign) for sign in (1, -1))] == [
        -100,
        100,
    ]


@pytest.mark.parametrize("text", ["CR", "100 CRC CR DR", "H 100", "100 CRX", "CRDR 5", "5 CR 6"])
def test_words_that_are_no_side_are_no_amount(text: str) -> None:
    assert parse_money(text, credit=1) is None


def test_colones_are_no_credit() -> None:
    assert parse_money("CRC 100", credit=-1) == Money(Decimal(100), "CRC")


def test_numbers_own_evidence_wins_over_the_documents() -> None:
    assert parse_money("5,50", decimal_mark=".") == Money(Decimal("5.50"))


def test_shared_symbol_is_told() -> None:
    assert parse_money("$5") == Money(Decimal(5), "USD", (CURRENCY_DOUBT,))


def test_symbol_of_no_main_currency_gives_no_currency() -> None:
    assert parse_money("kr 5") == Money(Decimal(5), None, (CURRENCY_DOUBT,))


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["12,800", "5.50"], "."),
        (["12.800", "5,50"], ","),
        (["1.234.567"], ","),
        (["12,800"], None),
        (["5,50", "5.50"], None),
        (["nothing", None, 5.5], None),
        ([], None),
        (["JPY 12,800"], "."),
        (["0,125"], ","),
    ],
)
def test_decimal_mark_is_proven_by_the_documents_amounts(texts: list[object], mark: str | None) -> None:
    assert decimal_mark_of(texts) == mark


def test_decimal_mark_is_proven_by_a_currency_without_decimals() -> None:
    assert decimal_mark_of(["12.800"], "JPY") == ","


@pytest.mark.parametrize(
    ("text", "amount"),
    [("35", "35"), (35, "35"), ("2 x", "2"), ("x 2", "2"), ("2×", "2"), ("1,5 kg", "1.5"), ("3 pcs.", "3"), ("35 hours", "35")],
)  # fmt: skip
def test_quantity_may_have_a_unit(text: object, amount: str) -> None:
    assert parse_quantity(text) == Money(Decimal(amount))


@pytest.mark.parametrize("text", ["€5", "many", "2 big boxes", None])
def test_text_that_is_no_quantity_gives_none(text: object) -> None:
    assert parse_quantity(text) is None


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("19%", "19"), ("19 %", "19"), ("%19", "19"), ("19,5 Prozent", "19.5"), ("7.7 percent", "7.7"), ("１９％", "19"), ("-3%", "-3"),
        ("%-3", "-3"), ("(3 %)", "-3"), ("3%-", "-3"), ("0,5 %", "0.5"), ("19", "19"), (19, "19"), (19.5, "19.5"), (0, "0"), ("0", "0"),
    ],
)  # fmt: skip
def test_percentage_is_its_number(text: object, amount: str) -> None:
    assert parse_percent(text) == Money(Decimal(amount))


@pytest.mark.parametrize("text", ["0.19", 0.19])
def test_number_below_one_may_be_a_fraction(text: object) -> None:
    assert parse_percent(text) == Money(Decimal("0.19"), None, (FRACTION_DOUBT,))


@pytest.mark.parametrize("text", ["", "%", "19 EUR", "19 % of 5", "nineteen", None, True, "9" * 81])
def test_text_that_is_no_percentage_gives_none(text: object) -> None:
    assert parse_percent(text) is None


@pytest.mark.parametrize(
    ("text", "amount"), [("\u061c1,234.50 د.إ.\u200f", "1234.50"), ("1 234,50 $US", "1234.50"), ("F\u202fCFA 5", "5"), ("٣٬٤٥٦٫٧", "3456.7")]
)  # fmt: skip
def test_marks_and_signs_of_other_scripts(text: str, amount: str) -> None:
    found = parse_money(text)

    assert found is not None
    assert (found.amount, found.doubts) == (Decimal(amount), ())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("EUR", ("EUR", True)),
        ("usd", ("USD", True)),
        ("€", ("EUR", True)),
        ("US Dollar (USD)", ("USD", True)),
        ("$", ("USD", False)),
        ("￥", ("JPY", False)),
        ("EUR/USD", (None, True)),
        ("euro coins", (None, True)),
        ("", (None, True)),
        ("E" * 81, (None, True)),
        (5, (None, True)),
    ],
)
def test_currency_field_is_a_code_a_symbol_or_nothing(text: object, found: tuple[str | None, bool]) -> None:
    assert parse_currency(text) == found


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="0123456789.,' -()€$CHF٣円", max_size=16),
        st.floats(),
        st.integers(),
        st.decimals(),
        st.binary(),
        st.characters(categories=["Cs"]),
    )
)
def test_nothing_raises(value: object) -> None:
    found = parse_money(value)
    quantity = parse_quantity(value)
    percent = parse_percent(value)
    decimal_mark_of([value])
    parse_currency(value)

    assert found is None or found.amount.is_finite()
    assert quantity is None or quantity.amount.is_finite()
    assert percent is None or percent.amount.is_finite()


_AMOUNTS = st.decimals(min_value=0, max_value=10**12, places=2)


@given(_AMOUNTS)
def test_both_conventions_read_back_what_was_printed(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))

    assert parse_money(english) == Money(amount)
    assert parse_money(german) == Money(amount)


@given(st.integers(min_value=1, max_value=10**15))
def test_yen_read_back_what_was_printed(amount: int) -> None:
    assert parse_money(f"{amount:,}円") == Money(Decimal(amount), "JPY")
