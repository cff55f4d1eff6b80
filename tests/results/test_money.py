# ruff: noqa: RUF001 - foreign digits and dashes are the point
from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.results.money import (
    CURRENCY_DOUBT,
    MARK_DOUBT,
    Money,
    decimal_mark_of,
    parse_currency,
    parse_money,
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
    decimal_mark_of([value])
    parse_currency(value)

    assert found is None or found.amount.is_finite()
    assert quantity is None or quantity.amount.is_finite()


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
