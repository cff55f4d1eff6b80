"""Words without spaces between them are parted; how Japanese papers write numbers and dates is understood."""

# ruff: noqa: RUF001 - Japanese papers print these signs.
from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from paperhook.reading.amounts import amounts_in
from paperhook.reading.dates import find_dates
from paperhook.reading.eastern import is_japanese, settled
from paperhook.reading.layout import lines_of
from paperhook.reading.names import COMPANY
from paperhook.reading.words import joined
from paperhook.textlayer import Page, Word


def page_of(*texts: str, shown: bool = False) -> Page:
    words = [
        Word(
            text,
            10 + 200 * index,
            20,
            190 + 200 * index,
            30,
            (10 + 200 * index, 21, 190 + 200 * index, 31) if shown else None,
        )
        for index, text in enumerate(texts)
    ]
    return Page(1, 1000, 1000, tuple(words))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("合計¥4,500", ["合計", "¥4,500"]),
        ("請求日：２０２４年３月１日", ["請求日", ":", "2024", "年", "3", "月", "1", "日"]),
        ("4,500円（税込）", ["4,500円", "(", "税込", ")"]),
        ("株式会社山田商事御中", ["株式会社山田商事", "御中"]),
        ("山田様", ["山田", "様"]),
        ("様式", ["様式"]),
        ("請求書番号：S-2024-018", ["請求書番号", ":", "S-2024-018"]),
        ("値引▲￥300", ["値引", "-", "¥300"]),
        ("plain", ["plain"]),
    ],
)
def test_words_are_parted_where_the_script_changes(text: str, parts: list[str]) -> None:
    found = settled(page_of(text, "円")).words

    assert [word.text for word in found][: len(parts)] == parts
    assert found[0].x0 == 10
    assert found[len(parts) - 1].x1 == pytest.approx(190)


def test_a_page_without_eastern_text_stays_as_it_is() -> None:
    page = page_of("Total", "£12.50")

    assert settled(page) is page


def test_parts_share_the_place_that_the_page_shows() -> None:
    first, second = settled(page_of("合計500円", shown=True)).words

    assert first.shown == (10, 21, first.x1, 31)
    assert second.edges == (second.x0, 21, 190, 31)
    assert joined([first, second]) == "合計500円"


def test_letters_that_stand_apart_are_one_word() -> None:
    letters = tuple(
        Word(text, x, 20, x + 12, 32) for text, x in (("小", 10), ("計", 40), ("額", 70), ("円", 400))
    )

    assert [word.text for word in settled(Page(1, 1000, 1000, letters)).words] == ["小計額", "円"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("令和6年5月31日", date(2024, 5, 31)),
        ("令和元年12月1日", date(2019, 12, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("2024年3月1日(金)", date(2024, 3, 1)),
        ("R6.4.12", date(2024, 4, 12)),
        ("24/03/05", date(2024, 3, 5)),
        ("2024/3/5", date(2024, 3, 5)),
    ],
)
def test_eras_and_years_first(text: str, value: date) -> None:
    page = settled(page_of(text))

    found = find_dates(page, page.words, order="DMY", language="ja")

    assert [date.value for date in found] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("¥4,500-", "4500"),
        ("￥１，１００", "1100"),
        ("¥5.000", "5000"),
        ("12,800円", "12800"),
        ("▲1,000円", "-1000"),
    ],
)
def test_yen_have_no_parts(text: str, value: str) -> None:
    (line,) = lines_of(settled(page_of(text)))

    (amount,) = amounts_in(line.phrases[0], ".")

    assert amount.value == Decimal(value)
    assert amount.is_money


def test_kana_tell_japanese_and_companies_are_known() -> None:
    assert is_japanese("ありがとうございました")
    assert not is_japanese("请求书 发行元")
    assert COMPANY.search("みどり測量有限会社")
