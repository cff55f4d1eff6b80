from __future__ import annotations

import pytest

from paperhook.reading.dates import date_order, find_dates, is_only_date, parse_date
from paperhook.textlayer import Page, Word


def dates(text: str, *, order: str = "DMY", language: str | None = "en") -> list[str]:
    words = tuple(Word(part, index * 10, 0, index * 10 + 9, 9) for index, part in enumerate(text.split()))
    page = Page(1, 600, 800, words)
    return [found.value.isoformat() for found in find_dates(page, words, order=order, language=language)]


@pytest.mark.parametrize(
    ("text", "order", "language", "expected"),
    [
        ("2024-03-01", "DMY", "en", "2024-03-01"),
        ("2024/03/01", "MDY", "en", "2024-03-01"),
        ("03/04/2024", "DMY", "en", "2024-04-03"),
        ("03/04/2024", "MDY", "en", "2024-03-04"),
        ("13/04/2024", "MDY", "en", "2024-04-13"),
        ("04/13/2024", "DMY", "en", "2024-04-13"),
        ("03.04.2024", "MDY", "en", "2024-04-03"),
        ("5.7.24", "DMY", "de", "2024-07-05"),
        ("1/2/85", "DMY", "en", "1985-02-01"),
        ("19 april 2014", "DMY", "nl", "2014-04-19"),
        ("7. Mai 2014", "DMY", "de", "2014-05-07"),
        ("28. März 2024", "DMY", "de", "2024-03-28"),
        ("1er mars 2024", "DMY", "fr", "2024-03-01"),
        ("15 de marzo de 2024", "DMY", "es", "2024-03-15"),
        ("August 3 , 2014", "MDY", "en", "2014-08-03"),
        ("Sep 14, 2024", "MDY", "en", "2024-09-14"),
        ("May 2nd, 2024", "MDY", "en", "2024-05-02"),
        ("12-Apr-2024", "DMY", "en", "2024-04-12"),
        ("2024年3月1日", "DMY", "ja", "2024-03-01"),
        ("12 maggio 2024", "DMY", "it", "2024-05-12"),
        ("19 avril 2014", "DMY", None, "2014-04-19"),
        ("14 h 12/05/24", "DMY", "fr", "2024-05-12"),
        ("period s 12.05.24", "DMY", "en", "2024-05-12"),
    ],
)
def test_date_is_read_as_it_is_printed(text: str, order: str, language: str | None, expected: str) -> None:
    assert dates(text, order=order, language=language) == [expected]


@pytest.mark.parametrize(
    "text", ["30.02.2024", "99/99/2024", "12 Stück 2024", "1.234.567", "10 of 2024", "07.00%"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert dates(text) == []


def test_two_dates_of_a_period_are_found() -> None:
    assert dates("Rechnung 15 vom 2024-01-02") == ["2024-01-02"]
    assert dates("10/14/2019 – 11/14/2019", order="MDY") == ["2019-10-14", "2019-11-14"]  # noqa: RUF001 - periods are printed with it


@pytest.mark.parametrize(
    ("texts", "language", "american", "order"),
    [
        (["03/04/2024", "17/04/2024"], "en", True, "DMY"),
        (["03/04/2024", "04/17/2024"], "fr", False, "MDY"),
        (["03/04/2024"], "en", True, "MDY"),
        (["03/04/2024"], "en", False, "DMY"),
        (["03/04/2024"], "de", True, "DMY"),
        ([], None, True, "MDY"),
    ],
)
def test_order_is_decided_by_the_whole_document(
    texts: list[str], language: str | None, american: bool, order: str
) -> None:
    assert date_order(texts, language=language, american=american) == order


def test_a_text_without_a_date_is_none() -> None:
    assert parse_date("1234", order="DMY", language=None) is None
    assert parse_date("2024年13月1日", order="DMY", language=None) is None


def test_a_date_alone_is_told_from_a_date_in_a_text() -> None:
    assert is_only_date(" 2024-03-01 ")
    assert not is_only_date("from 2024-03-01")
