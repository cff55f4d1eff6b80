"""Dates as printed, with the order of day and month decided by the whole document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from paperhook.reading.words import Page, Word, squeeze

#: Languages whose month names are tried, after the document's own.
LANGUAGES = ("en", "de", "fr", "nl", "es", "it", "pt", "sv", "da", "nb", "pl")

_ISO = r"(?:19|20)\d{2}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{1,2}"
_DAY_FIRST = r"\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:(?:19|20)\d{2}|\d{2})"
_MONTH = r"[^\W\d_]{3,12}"
_DAY_NAME = (
    r"\d{1,2}\s?(?:st|nd|rd|th|er|º|ª|°|\.)?(?:\s|\s?[-/]\s?|(?<=\.))(?:(?:de|of)\s)?"
    + _MONTH
    + r"\.?(?:\s?,?\s|\s?[-/]\s?|,)(?:(?:de|del)\s)?(?:(?:19|20)\d{2}|'?\d{2}(?!\d))"
)
_NAME_DAY = _MONTH + r"\.?\s?[ -/]?\s?\d{1,2}(?:st|nd|rd|th)?\s?(?:,|\s|-|/)\s?(?:19|20)\d{2}"
_EAST = r"(?:(?:19|20)\d{2}|(?:令和|平成|昭和|[RHS])\s?(?:\d{1,2}|元))\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日"
_ERA = r"\b[RHS]\s?\d{1,2}\s?[./]\s?\d{1,2}\s?[./]\s?\d{1,2}"
#: The year before the first of each Japanese era.
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "R": 2018, "H": 1988, "S": 1925}
_EASTERN_DATE = re.compile(
    r"(?P<era>令和|平成|昭和|[RHS])?\s?(?P<year>\d{1,4}|元)\s?[年./]\s?(?P<month>\d{1,2})\s?[月./]\s?(?P<day>\d{1,2})\s?日?",
    re.IGNORECASE,
)
#: Whatever looks like a date; `find_dates` then tells whether it is one.
DATE_LIKE = rf"(?<![\d.,/-])(?:{_ISO}|{_ERA}|{_DAY_FIRST}|{_EAST})(?:(?=\d{{2}}:\d{{2}})|(?![\d/-]|[.,]\d))|(?<![\w.]){_DAY_NAME}(?!\w|[-/.]\d)|(?<!\w){_NAME_DAY}(?!\w|[-/.]\d)"
_LETTER = re.compile(r"[RHS]\s?(?=\d{1,2}\s?[./])", re.IGNORECASE)
_CANDIDATE = re.compile(DATE_LIKE, re.IGNORECASE)
_NUMERIC = re.compile(r"(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})")


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A date on the page."""

    value: date
    text: str
    page: Page
    words: tuple[Word, ...]
    #: True when day and month could be the other way round.
    is_ambiguous: bool


def find_dates(page: Page, words: Sequence[Word], *, order: str, language: str | None) -> list[PrintedDate]:
    """List the dates in a run of words, left to right.

    Args:
        order: "DMY" or "MDY", for dates such as 03/04/2024.
        language: Tried first for the names of months.
    """
    text = " ".join(word.text for word in words)
    found: list[PrintedDate] = []
    for match in _CANDIDATE.finditer(text):
        # The letter of an era is one in Japan only: "14 h 12/05/24" is of 2024.
        letter = None if language == "ja" else _LETTER.match(match.group())
        start = match.start() + (letter.end() if letter else 0)
        printed = text[start : match.end()]
        value = parse_date(printed, order=order, language=language)
        if value is not None:
            numeric = _NUMERIC.fullmatch(printed)
            ambiguous = bool(
                numeric and numeric[2] != "." and int(numeric[1]) <= 12 and int(numeric[3]) <= 12
            )
            found.append(PrintedDate(value, printed, page, _words_at(words, start, match.end()), ambiguous))
    return found


def _words_at(words: Sequence[Word], start: int, end: int) -> tuple[Word, ...]:
    inside, position = [], 0
    for word in words:
        if position < end and position + len(word.text) > start:
            inside.append(word)
        position += len(word.text) + 1
    return tuple(inside)


def date_order(texts: Iterable[str], *, language: str | None, american: bool) -> str:
    """Decide whether 03/04/2024 is in April (DMY) or in March (MDY).

    A number above 12 tells. Otherwise the language does, and for English whether other marks are American.
    """
    day_first = month_first = 0
    for text in texts:
        for numeric in _NUMERIC.finditer(text):
            first, second = int(numeric[1]), int(numeric[3])
            day_first += first > 12 >= second
            month_first += second > 12 >= first
    if day_first != month_first:
        return "DMY" if day_first > month_first else "MDY"
    return "MDY" if american and language in {"en", None} else "DMY"


def parse_date(text: str, *, order: str, language: str | None) -> date | None:
    """Read one printed date; None when it is none."""
    east = _EASTERN_DATE.fullmatch(text)
    if east and (east["era"] or "年" in text):
        year = 1 if east["year"] == "元" else int(east["year"])
        return _date(_ERAS.get((east["era"] or "").upper(), 0) + year, int(east["month"]), int(east["day"]))
    if iso := re.fullmatch(r"(\d{4})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{1,2})", text):
        return _date(*(int(part) for part in iso.groups()))
    if numeric := _NUMERIC.fullmatch(text):
        first, second, year = int(numeric[1]), int(numeric[3]), _year(numeric[4])
        if language == "ja" and len(numeric[4]) == 2:
            return _date(_year(numeric[1]), second, int(numeric[4]))
        # Dots part days from months in that order, wherever they are used.
        month_first = order == "MDY" and numeric[2] != "."
        if (second > 12 >= first) or (month_first and first <= 12):
            return _date(year, first, second)
        return _date(year, second, first)
    if re.search(r"[^\W\d_]{3}", text):
        return _named(_tidy(text), language or "en")
    return None


def _tidy(text: str) -> str:
    text = re.sub(r"\s*,\s*", ", ", text)
    text = re.sub(r"(\d)(?:st|nd|rd|th|er|º|ª|°|\.)(?=\s|[^\W\d_])", r"\1 ", text, flags=re.IGNORECASE)
    return re.sub(r"\s+", " ", re.sub(r"[/\-']", " ", text)).strip()


@lru_cache(maxsize=2000)
def _named(text: str, language: str) -> date | None:
    try:
        import dateparser
    except ImportError as error:  # pragma: no cover - the extra is installed wherever tests run
        raise ImportError('reading dates needs dateparser: pip install "paperhook[local-pdf]"') from error
    languages = [language, *(other for other in LANGUAGES if other != language)]
    settings: Any = {"STRICT_PARSING": True, "PARSERS": ["absolute-time"], "DATE_ORDER": "DMY"}
    for known in languages:
        moment = dateparser.parse(text, languages=[known], settings=settings)
        if moment is not None:
            found: date = moment.date()
            return found
    return None


def _year(text: str) -> int:
    year = int(text)
    return year if year >= 100 else 2000 + year if year < 70 else 1900 + year


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def is_only_date(text: str) -> bool:
    """Whether a text looks like a date and nothing else."""
    return bool(_CANDIDATE.fullmatch(text.strip())) and bool(squeeze(text))
