from __future__ import annotations

import pytest

from paperhook.reading.amounts import amounts_in, decimal_mark, parse_number
from paperhook.reading.layout import Phrase
from paperhook.textlayer import Page, Word


def phrase(text: str, *, gap: float = 3.0) -> Phrase:
    words, x = [], 0.0
    for part in text.split():
        words.append(Word(part, x, 0, x + 5 * len(part), 10))
        x += 5 * len(part) + gap
    page = Page(1, 600, 800, tuple(words))
    return Phrase(page, page.words)


def values(text: str, mark: str = ".") -> list[str]:
    return [str(amount.value) for amount in amounts_in(phrase(text), mark)]


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1,234.56", ".", "1234.56"),
        ("1.234,56", ",", "1234.56"),
        ("1.234,56", ".", "1234.56"),
        ("12,5", ".", "12.5"),
        ("12,800", ".", "12800"),
        ("12.800", ",", "12800"),
        ("8.750", ".", "8.750"),
        ("9,9000", ",", "9.9000"),
        ("1'234.50", ".", "1234.50"),
        ("1 234,50", ",", "1234.50"),
        ("1,27,500.00", ".", "127500.00"),
        ("1.234.567", ".", "1234567"),
        (".50", ".", "0.50"),
        ("0.00", ".", "0.00"),
        ("1440", ".", "1440"),
        ("0.500", ",", "0.500"),
        ("0,125", ".", "0.125"),
        ("1234,567", ".", "1234.567"),
        ("1 234,500", ".", "1234.500"),
        ("100.000", ",", "100000"),
    ],
)
def test_number_is_read_by_its_marks(text: str, mark: str, value: str) -> None:
    assert str(parse_number(text, mark)) == value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Tax 15% on $ 112.90 $ 16.94", ["112.90", "16.94"]),
        ("-£172.50", ["-172.50"]),
        ("(45.00)", ["-45.00"]),
        ("45.00-", ["-45.00"]),
        ("€ -9.32", ["-9.32"]),
        ("EUR 12.00", ["12.00"]),
        ("12.00 CHF", ["12.00"]),
        ("50.--", ["50"]),
        ("01.05.14-31.05.14", []),
        ("2024-03-01 10:30", []),
        ("19 % 7.5%", []),
        ("DE30 5075 0094 0000 0485 67", []),
        ("+49 6051 916 44 10", []),
        ("INV-100", []),
        ("item007", []),
        ("a@b.com 3", ["3"]),
        ("007", []),
        ("12345678901234", []),
    ],
)
def test_only_what_may_be_money_is_an_amount(text: str, found: list[str]) -> None:
    assert values(text) == found


def test_a_space_groups_thousands_only_when_it_is_narrow() -> None:
    narrow = amounts_in(phrase("1 120,00", gap=2.5), ",")
    wide = amounts_in(phrase("1 120,00", gap=6), ",")

    assert [str(amount.value) for amount in narrow] == ["1120.00"]
    assert [str(amount.value) for amount in wide] == ["1", "120.00"]


def test_currency_beside_the_number_is_told() -> None:
    marks = [
        amounts_in(phrase(text), ".")[0].currency for text in ("$5", "5.00 EUR", "US$ 5", "kr 5", "5 zł", "5")
    ]

    assert marks == ["$", "EUR", "USD", "kr", "PLN", None]


def test_a_count_is_not_money() -> None:
    money = [amounts_in(phrase(text), ".")[0].is_money for text in ("12", "12.00", "$12", "12.5", "9.9000")]

    assert money == [False, True, True, False, True]


@pytest.mark.parametrize(
    ("texts", "language", "mark"),
    [
        (["1.234,56", "12.50"], "en", ","),
        (["12.50", "3.00", "4,5"], "de", "."),
        (["1,234.00"], "de", "."),
        ([], "fr", ","),
        ([], "en", "."),
        ([], None, "."),
        (["01.05.2024", "19,0 %"], "en", "."),
    ],
)
def test_decimal_mark_is_decided_by_the_whole_document(
    texts: list[str], language: str | None, mark: str
) -> None:
    assert decimal_mark(texts, language=language) == mark
