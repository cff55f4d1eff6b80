# ruff: noqa: RUF001 - Cyrillic letters are the point
from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.results.dates import (
    day_first_of,
    is_ambiguous,
    is_buddhist_of,
    parse_date,
    year_first_of,
)

MAY_1 = date(2026, 5, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01", "2026/5/1", "2026.05.01", "20260501", " 2026-05-01 ",
        "2026-05-01T23:59:59Z", "2026-05-01T10:00:00.123456+09:00", "2026-05-01 10:00", "2026-05-01T10:00:00 UTC",
        "01.05.2026", "1.5.2026", "1.5.26", "01. 05. 2026", "01.05.2026 14:30", "01.05.2026, 2:30 PM",
        "May 1, 2026", "May 1st, 2026", "Fri, May 1, 2026", "1 May 2026", "01-May-26", "1-MAY-2026", "2026 May 1", "1st of May 2026",
        "1. Mai 2026", "Freitag, 1. Mai 2026", "1 mai 2026", "1er mai 2026", "vendredi 1 mai 2026", "1 de mayo de 2026", "1 mei 2026",
        "1 maggio 2026", "1 de maio de 2026",
        "1. 5. 2026.", "2026. 5. 1.", "1.5.2026\u202fг.", "1 мая 2026 г.", "1 maja 2026",
        "2026年5月1日金曜日", "2026年5月1日星期五", "2026년 5월 1일 금요일", "1 Μαΐου 2026", "1 مايو 2026", "ב-1 במאי 2026",
        "2026年5月1日", "2026 年 5 月 1 日", "２０２６年５月１日", "令和8年5月1日", "2026年5月1日(金)", "2026년 5월 1일",
        date(2026, 5, 1), datetime(2026, 5, 1, 23, tzinfo=UTC),
    ],
)  # fmt: skip
def test_date_is_read_in_any_convention(text: object) -> None:
    assert parse_date(text) == MAY_1
    assert not is_ambiguous(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3. März 2026", date(2026, 3, 3)),
        ("24 févr. 2026", date(2026, 2, 24)),
        ("15 août 2026", date(2026, 8, 15)),
        ("31 diciembre 2026", date(2026, 12, 31)),
        ("7 mrt 2026", date(2026, 3, 7)),
        ("25/1/2026", date(2026, 1, 25)),
        ("1/25/2026", date(2026, 1, 25)),
        ("5/5/2026", date(2026, 5, 5)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("1.5.69", date(2069, 5, 1)),
        ("1.5.70", date(1970, 5, 1)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_date_that_can_only_be_one_day(text: str, found: date) -> None:
    assert parse_date(text) == found


@pytest.mark.parametrize(
    "value",
    [
        "", "soon", "May 2026", "2026", "31/02/2026", "2026-02-29", "13/13/2026", "1.13.2026", "0026-05-01", "2200-01-01", "May 1 2 2026",
        "May June 1 2026", "2026年13月1日", "1-2.2026", "May 1, 2026 or so", "x" * 81, 20260501, 1.5, None, True, "\ud800", "99999年1月1日",
    ],
)  # fmt: skip
def test_value_that_is_no_date_gives_none(value: object) -> None:
    assert parse_date(value) is None
    assert not is_ambiguous(value)


@pytest.mark.parametrize("text", ["5/1/2026", "05-01-2026", "5/1/26", "5/1/2026 10:00"])
def test_date_that_may_be_two_days_gives_none_without_evidence(text: str) -> None:
    assert is_ambiguous(text)
    assert parse_date(text) is None
    assert parse_date(text, day_first=True) == date(2026, 1, 5)
    assert parse_date(text, day_first=False) == date(2026, 5, 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("令和8年1月5日", "2026-01-05"),
        ("令和元年5月1日", "2019-05-01"),
        ("R8.1.5", "2026-01-05"),
        ("Ｒ８．１．５", "2026-01-05"),
        ("令8/1/5", "2026-01-05"),
        ("H31-4-30", "2019-04-30"),
        ("S64.1.7", "1989-01-07"),
        ("昭和20年8月15日", "1945-08-15"),
        ("大正15年1月1日", "1926-01-01"),
        ("民國115年1月5日", "2026-01-05"),
        ("中華民國 114 年 12 月 31 日", "2025-12-31"),
        ("115/01/05", "2026-01-05"),
        ("5 มกราคม 2569", "2026-01-05"),
        ("5 ม.ค. 69", "2026-01-05"),
        ("วันที่ 28 ธันวาคม พ.ศ. 2568", "2025-12-28"),
        ("31/12/2568", "2025-12-31"),
        ("2569-01-05", "2026-01-05"),
        ("2026-W05-1", "2026-01-26"),
        ("2026W537", "2027-01-03"),
        # Before the era began, or no day of the calendar.
        ("R1.4.30", None),
        ("平成元年1月7日", None),
        ("S1.1.1", None),
        ("2025-W53-1", None),
        ("2026-W05", None),
        ("30/2/2569", None),
        ("X8.1.5", None),
    ],
)
def test_years_of_other_calendars_are_told_by_their_words_or_size(text: str, found: str | None) -> None:
    assert parse_date(text) == (found and date.fromisoformat(found))


def test_two_digits_are_a_buddhist_year_where_the_document_counts_so() -> None:
    assert is_buddhist_of(["05/02/69", "31/01/2569"])
    assert is_buddhist_of(["5 ม.ค. 69"])
    assert not is_buddhist_of(["05/02/69", "31/01/2026", "2026-01-31", None, 2569])
    assert parse_date("05/02/69", day_first=True, is_buddhist=True) == date(2026, 2, 5)
    assert parse_date("05/02/69", day_first=True) == date(2069, 2, 5)


def test_documents_order_does_not_turn_a_date_that_is_certain() -> None:
    assert parse_date("1/25/2026", day_first=True) == date(2026, 1, 25)


@pytest.mark.parametrize(
    ("texts", "day_first"),
    [
        (["5/1/2026", "25/1/2026"], True),
        (["5/1/2026", "1/25/2026"], False),
        (["5/1/2026", "01.05.2026"], True),
        (["25/1/2026", "1/25/2026"], None),
        (["5/1/2026"], None),
        (["5/5/2026", "2026-05-13", "32/1/2026x", "x" * 81, 5, None], None),
        (["5/05/2026", "05-5-26", "٥/05/2026"], None),
        (["00/05/2026"], None),
        (["05.13.2026", "99/98/2026"], None),
        ([], None),
    ],
)
def test_order_of_day_and_month_is_proven_by_the_documents_dates(
    texts: list[object], day_first: bool | None
) -> None:
    assert day_first_of(texts) is day_first


@pytest.mark.parametrize("text", ["26/01/25", "'26-01-25", "26. 1. 25.", "26.01.25 10:00"])
def test_year_of_two_digits_stands_first_only_where_the_document_says_so(text: str) -> None:
    assert parse_date(text, year_first=True) == date(2026, 1, 25)
    assert parse_date(text) in (None, date(2025, 1, 26))
    assert not is_ambiguous(text, year_first=True)


@pytest.mark.parametrize(
    ("texts", "year_first"),
    [
        (["2026/1/25"], True),
        (["2026.01.25", "2026-01-25"], True),
        (["2026年1月25日"], True),
        (["25/1/2026"], False),
        (["25/1/2026", "2026/1/25"], None),
        (["2026-01-25", "25/1/26", "May 1, 2026", 5, None, "x" * 81], None),
    ],
)
def test_place_of_the_year_is_proven_by_the_documents_dates(
    texts: list[object], year_first: bool | None
) -> None:
    assert year_first_of(texts) is year_first


@given(
    st.one_of(
        st.text(), st.text(alphabet="0123456789/.-年月日T:mayMAI ", max_size=20), st.integers(), st.none()
    )
)
def test_nothing_raises(value: object) -> None:
    found = parse_date(value, day_first=True)
    day_first_of([value])
    year_first_of([value])

    assert found is None or 1900 <= found.year < 2200


@given(st.dates(min_value=date(1970, 1, 1), max_value=date(2069, 12, 31)))
def test_dates_read_back_what_was_printed(day: date) -> None:
    assert parse_date(day.isoformat()) == day
    assert parse_date(day.strftime("%d.%m.%Y")) == day
    assert parse_date(day.strftime("%d.%m.%y")) == day
    assert parse_date(day.strftime("%m/%d/%Y"), day_first=False) == day
    assert parse_date(day.strftime("%d/%m/%Y"), day_first=True) == day
    assert parse_date(f"{day.year}年{day.month}月{day.day}日") == day
