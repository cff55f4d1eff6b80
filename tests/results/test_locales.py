"""What Babel prints for a locale is read back, or not at all; and beside what other parsers read."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from babel import Locale, localedata
from babel.dates import format_date
from babel.numbers import (
    NumberFormatError,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
    parse_decimal,
)
from hypothesis import given
from hypothesis import strategies as st
from price_parser import Price

from paperhook.results.currencies import CODES
from paperhook.results.dates import is_ambiguous, is_buddhist_of, parse_date
from paperhook.results.money import MARK_DOUBT, Money, parse_money, parse_percent, parse_quantity
from paperhook.results.names import words_in

#: Toki Pona and Anii count in hundreds, and Breton has its own word for the pound.
_ALL = sorted(
    each for each in localedata.locale_identifiers() if each.split("_")[0] not in ("tok", "blo", "br")
)
LOCALES = st.sampled_from(_ALL)
#: Their names of months are known; without Polish and Croatian months that are others elsewhere, see the test.
WITH_MONTHS = words_in("""
    en de fr es nl it pt ca gl ro da sv nb nn fi et lv lt is cs sk sl bs sr_Latn hu tr az_Latn sq mt af id ms sw ru uk be bg mk
    sr kk el ar he fa ja zh ko pl hr en_GB en_CA en_AU de_AT de_CH fr_CA fr_CH es_MX pt_BR zh_Hant it_CH nl_BE
    """)
#: They have a currency's own sign for all who print it.
MAIN = ("EUR", "USD", "GBP", "CHF", "INR")
#: Western digits, or those of the locale, such as Arabic-Indic ones with their own marks.
DIGITS = st.sampled_from(["latn", "default"])
DAYS = st.dates(date(1970, 1, 1), date(2069, 12, 31))


@given(LOCALES, st.sampled_from(MAIN), st.decimals(0, 10**9, places=2), st.booleans(), DIGITS)
def test_money_of_every_locale_is_read_back(
    locale: str, currency: str, amount: Decimal, is_negative: bool, digits: Any
) -> None:
    amount = -amount if is_negative else amount
    format_type = "accounting" if is_negative else "standard"

    found = parse_money(
        format_currency(amount, currency, locale=locale, format_type=format_type, numbering_system=digits)  # type: ignore[arg-type]
    )

    assert found is not None
    assert found.amount == amount
    # A locale's own crown or dollar has a sign that others have too; then there is a doubt.
    assert found.currency == currency or found.doubts


@given(LOCALES, st.sampled_from(sorted(CODES)), st.decimals(0, 10**9, places=3))
def test_money_of_every_currency_is_read_back_or_not_at_all(
    locale: str, currency: str, amount: Decimal
) -> None:
    amount = round(amount, get_currency_precision(currency))

    found = parse_money(format_currency(amount, currency, locale=locale), currency=currency)

    if found is not None and not _may_be_thousands(amount):
        assert found.amount == amount


def _may_be_thousands(amount: Decimal) -> bool:
    """Tell whether three decimals may be three digits before the mark: `5,000` of a dinar."""
    return amount.as_tuple().exponent == -3 and amount < 1000


@given(LOCALES, st.integers(0, 10**12))
def test_yen_of_every_locale_are_read_back(locale: str, amount: int) -> None:
    found = parse_money(format_currency(amount, "JPY", locale=locale))

    assert found is not None
    assert (found.amount, found.currency) == (amount, "JPY")


@given(
    LOCALES,
    st.decimals(0, 10**9, places=2),
    st.sampled_from(["#,##0.00", "0.00"]),
    DIGITS,
    st.sampled_from("\u2019\u2009\u202f\u00a0'"),
)
def test_numbers_of_every_locale_are_read_back(
    locale: str, number: Decimal, pattern: str, digits: Any, space: str
) -> None:
    text = format_decimal(number, locale=locale, format=pattern, numbering_system=digits)
    # Whoever prints, and whoever recognises what is printed, may take another space or apostrophe.
    text = re.sub("[\u2019\u2009\u202f\u00a0']", space, text)

    found = parse_quantity(text)

    assert found is not None
    assert found.amount == number


@given(
    st.sampled_from(["en_IN", "hi_IN", "ta_IN", "gu_IN", "ur_PK"]), st.decimals(0, 10**12, places=2), DIGITS
)
def test_lakhs_and_crores_are_read_back(locale: str, number: Decimal, digits: Any) -> None:
    text = format_decimal(number, locale=locale, format="#,##,##0.00", numbering_system=digits)

    found = parse_quantity(text)

    assert found is not None
    assert found.amount == number


@given(LOCALES, st.decimals(0, 1, places=4))
def test_percentages_of_every_locale_are_read_back(locale: str, fraction: Decimal) -> None:
    text = format_percent(fraction, locale=locale, decimal_quantization=False)

    found = parse_percent(text)

    assert found is not None
    assert found.amount == fraction * 100


@given(st.sampled_from(_ALL), st.sampled_from(["short", "medium", "long", "full"]), DAYS)
def test_date_of_a_known_locale_is_read_back_or_not_at_all(locale: str, style: str, day: date) -> None:
    if Locale.parse(locale).language not in {each.split("_")[0] for each in WITH_MONTHS}:
        return
    text = format_date(day, style, locale)  # type: ignore[arg-type]

    readings = {parse_date(text, day_first=True), parse_date(text, day_first=False)}

    assert day in readings or readings == {None}
    assert is_ambiguous(text) or len(readings) == 1


@pytest.mark.parametrize("locale", sorted(WITH_MONTHS))
def test_dates_in_words_are_read_back(locale: str) -> None:
    days = [date(2026, month, day) for month in range(1, 13) for day in (2, 13, 28)]

    unread = [text for day in days for text in [format_date(day, "long", locale)] if parse_date(text) != day]

    assert [text for text in unread if "listopada" not in text] == []


def test_month_that_is_another_one_elsewhere_is_no_month() -> None:
    assert format_date(date(2026, 11, 12), "long", "pl") == "12 listopada 2026"
    assert format_date(date(2026, 10, 12), "long", "hr") == "12. listopada 2026."
    assert parse_date("12 listopada 2026") is None


@given(
    DAYS,
    st.sampled_from(["{0.day}/{0.month}/{1}", "{1}-{0.month:02}-{0.day:02}", "{0.day:02}.{0.month:02}.{1}"]),
)
def test_buddhist_days_are_read_back(day: date, form: str) -> None:
    text = form.format(day, day.year + 543)

    assert day in {parse_date(text, day_first=True), parse_date(text, day_first=False)}
    assert is_buddhist_of([text])


# What two maintained parsers make of the same texts

#: Text, amount, and the locales in which Babel reads it so; price-parser is asked without being told of any.
READ_BY_OTHERS = (
    ("1,234.50", "1234.50", "en en_IN"),
    ("1.234,50", "1234.50", "de"),
    ("1,234,567.89", "1234567.89", "en en_IN"),
    ("1.234.567", "1234567", "de"),
    ("1\u202f234,50", "1234.50", "fr"),
    ("1,23,456.78", "123456.78", "en en_IN"),
    ("12,5", "12.5", "de fr"),
    ("9.99", "9.99", "en en_IN fr de_CH"),
    ("1.234,50 €", "1234.50", ""),
    ("$1,320.00", "1320.00", ""),
    ("CHF 1'234.50", "1234.50", ""),
    ("CHF 1'234.\u2013", "1234", ""),
    ("\uff11\uff12\uff13", "123", "en en_IN de fr de_CH"),
)


@pytest.mark.parametrize(("text", "amount", "locales"), READ_BY_OTHERS)
def test_what_a_text_can_only_mean_is_what_others_read(text: str, amount: str, locales: str) -> None:
    found = parse_money(text)

    assert found == Money(Decimal(amount), found and found.currency, found.doubts if found else ())
    assert price_parser(text) == Decimal(amount)
    assert {each for each in BABEL if babel(each, text) == Decimal(amount)} == words_in(locales)


@pytest.mark.parametrize("text", ["12,800", "1.234", "1.000"])
def test_where_others_guess_there_is_a_doubt(text: str) -> None:
    found = parse_money(text)

    assert found is not None
    assert MARK_DOUBT in found.doubts
    # One text, two amounts, by the locale that is supposed; price-parser supposes thousands and says nothing.
    assert len({babel("en", text), babel("de", text)}) == 2
    assert price_parser(text) == found.amount


@pytest.mark.parametrize(
    ("text", "amount", "by_others"),
    [
        ("(45.00)", "-45.00", "45.00"),
        ("45.00-", "-45.00", "45.00"),
        ("1\u2019234.50", "1234.50", "1"),
        ("2026-05-01", None, "2026"),
        ("10-20", None, "10"),
        ("5 EUR 6", None, "5"),
        ("total 5", None, "5"),
        ("\u00b25", None, "5"),
    ],
)
def test_what_price_parser_reads_as_something_else_is_why_it_is_not_asked(
    text: str, amount: str | None, by_others: str
) -> None:
    found = parse_money(text)

    assert (found and found.amount) == (amount and Decimal(amount))
    assert price_parser(text) == Decimal(by_others)


def test_what_babel_reads_in_another_locale_is_why_it_is_not_asked() -> None:
    assert babel("en", "1.234,50") == Decimal("1.23450")
    assert babel("de", "9.99") == 999


BABEL = ("en", "en_IN", "de", "fr", "de_CH")


def babel(locale: str, text: str) -> Decimal | None:
    try:
        return parse_decimal(text, locale=locale)
    except NumberFormatError:
        return None


def price_parser(text: str) -> Decimal | None:
    return Price.fromstring(text).amount
