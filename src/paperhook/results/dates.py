"""Dates as printed anywhere in the world, read by evidence and never by guess.

Only `5/1/2026` and its kind can mean two days. Full stops (`01.05.2026`) are day first everywhere; a name or a year in
front decides; else the document's other dates decide, and where they do not either, there is no date.

Years of other calendars are told by their size or their words: 2569 is a Buddhist year, 115 one of Taiwan, and `R8` one of
Japan. Two digits are a Buddhist year behind a Thai month, and where another date of the document proves the calendar.

A year of two digits stands last, but in a document of East Asia, where `26/01/25` is a day of 2026: the caller says so,
by its other dates or its currency. A month whose name is another month in another language is no month.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime

from .calendars import FILLERS, MONTHS

#: Longer texts are sentences, not dates.
MAX_TEXT_CHARS = 80

_TIME = re.compile(
    r"(?:[T,]?\s*|\s+)\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2})?$",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(r"(\d{4})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{1,2})\.?|(\d{4})(\d{2})(\d{2})")
_SHORT_YEAR_FIRST = re.compile(r"'?(\d{2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{1,2})\.?")
_YEAR_LAST = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4}\.?|\d{2})")
#: "of the year", as Bulgarian and Macedonian end every date.
_YEAR_WORD = re.compile(r"(?<=\d)\s*\u0433\.?$")
#: They say how a line of letters from the right is laid out, and nothing else.
_INVISIBLE = str.maketrans(dict.fromkeys("\u200e\u200f\u061c"))
_ISO_WEEK = re.compile(r"(\d{4})-?W(\d{2})-?([1-7])")
#: R8.1.5 and 令8.1.5, as on forms.
_SHORT_ERA = re.compile(
    r"([RHST令平昭大])\.?\s*(\d{1,2}|元)\s*([-/.])\s*(\d{1,2})\s*\3\s*(\d{1,2})\.?", re.IGNORECASE
)
#: 115/01/05: no other calendar counts three digits now.
_TAIWAN = re.compile(r"(1\d\d)\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{1,2})\.?")
_THAI_MONTHS = (
    "มกราคม|ม.ค.", "กุมภาพันธ์|ก.พ.", "มีนาคม|มี.ค.", "เมษายน|เม.ย.", "พฤษภาคม|พ.ค.", "มิถุนายน|มิ.ย.", "กรกฎาคม|ก.ค.", "สิงหาคม|ส.ค.",
    "กันยายน|ก.ย.", "ตุลาคม|ต.ค.", "พฤศจิกายน|พ.ย.", "ธันวาคม|ธ.ค.",
)  # fmt: skip
_THAI = re.compile(
    r"(?:วัน\S*\s+)?(?:ที่\s*)?(\d{1,2})\s*("
    + "|".join(
        re.escape(unicodedata.normalize("NFKC", each)) for names in _THAI_MONTHS for each in names.split("|")
    )
    + r")\s*(?:พ\.ศ\.)?\s*(\d{4}|\d{2})"
)
_THAI_MONTH = {
    unicodedata.normalize("NFKC", each): number
    for number, names in enumerate(_THAI_MONTHS, start=1)
    for each in names.split("|")
}
_EAST_ASIAN = re.compile(
    r"(令和|平成|昭和|大正|中華民國|中华民国|民國|民国)?\s*(\d{1,4}|元)\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?"
    r"(?:\s*\(?(?:[月火水木金土日](?:曜日?)?|(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]|[월화수목금토일](?:요일)?)\)?)?"
)
#: The year before the first of each era, and where it begins within a year, its first day.
_ERAS = {
    **dict.fromkeys(("令和", "令", "R"), (2018, date(2019, 5, 1))),
    **dict.fromkeys(("平成", "平", "H"), (1988, date(1989, 1, 8))),
    **dict.fromkeys(("昭和", "昭", "S"), (1925, date(1926, 12, 25))),
    **dict.fromkeys(("大正", "大", "T"), (1911, date(1912, 7, 30))),
    **dict.fromkeys(("中華民國", "中华民国", "民國", "民国"), (1911, date(1912, 1, 1))),
}
_FROM_BUDDHIST = 543


def parse_date(
    text: object, *, day_first: bool | None = None, year_first: bool = False, is_buddhist: bool = False
) -> date | None:
    """Read a date.

    Args:
        text: A date or datetime as text in any convention; the day as written, whatever the time zone.
        day_first: What `5/1/2026` means, where the rest of the document tells, see `day_first_of`.
        year_first: Whether `26/01/25` begins with its year, where the rest of the document tells, see `year_first_of`.
        is_buddhist: Whether `5/1/69` is of the year 2569, where the rest of the document tells, see `is_buddhist_of`.

    Returns:
        None for anything that is no date, and for a date that may be two; never raises.
    """
    readings = _readings(text, year_first, is_buddhist=is_buddhist)
    if len(set(readings)) > 1:
        # Day first is the first reading.
        return None if day_first is None else readings[0 if day_first else 1]
    return readings[0] if readings else None


def is_ambiguous(text: object, *, year_first: bool = False) -> bool:
    """Say whether a text means one of two days; `year_first` as for `parse_date`."""
    return len(set(_readings(text, year_first))) > 1


def day_first_of(texts: Iterable[object]) -> bool | None:
    """Say what the dates of one document prove about the order of day and month.

    Returns:
        None where nothing proves it or the dates disagree.
    """
    proven: set[bool] = set()
    for text in texts:
        match = (
            _YEAR_LAST.fullmatch(_without_time(text))
            if isinstance(text, str) and len(text) <= MAX_TEXT_CHARS
            else None
        )
        # What is no day proves nothing, and neither does one whose day and month are the same number.
        if match and len(set(_readings(text))) == 1 and int(match[1]) != int(match[3]):
            proven.add(match[2] == "." or int(match[1]) > 12)
    return proven.pop() if len(proven) == 1 else None


def year_first_of(texts: Iterable[object]) -> bool | None:
    """Say what the dates of one document prove about where its years stand; what is ISO 8601 proves nothing.

    Returns:
        None where nothing proves it or the dates disagree.
    """
    proven: set[bool] = set()
    for text in texts:
        if not isinstance(text, str) or len(text) > MAX_TEXT_CHARS:
            continue
        plain = _without_time(text)
        first, last = _YEAR_FIRST.fullmatch(plain), _YEAR_LAST.fullmatch(plain)
        if _EAST_ASIAN.fullmatch(plain) or (first and first[2] in ("/", ".")):
            proven.add(True)
        elif last and len(last[4]) > 2:
            proven.add(False)
    return proven.pop() if len(proven) == 1 else None


def is_buddhist_of(texts: Iterable[object]) -> bool:
    """Say whether a date of the document counts Buddhist years, as Thailand does."""
    return any(isinstance(text, str) and len(text) <= MAX_TEXT_CHARS and _is_buddhist(text) for text in texts)


def _is_buddhist(text: str) -> bool:
    plain = _without_time(text)
    first, last = _YEAR_FIRST.fullmatch(plain), _YEAR_LAST.fullmatch(plain)
    year = (first[1] or first[5]) if first else last[4].rstrip(".") if last else ""
    return bool(_THAI.fullmatch(plain)) or (len(year) == 4 and _full_year(year) != int(year))


def _readings(text: object, year_first: bool = False, *, is_buddhist: bool = False) -> tuple[date, ...]:
    """List what a text may mean: nothing, one day, or day first and month first."""
    if isinstance(text, datetime):
        return (text.date(),)
    if isinstance(text, date):
        return (text,)
    if not isinstance(text, str) or len(text) > MAX_TEXT_CHARS:
        return ()
    plain = _without_time(text)
    if match := _YEAR_FIRST.fullmatch(plain):
        return _days((match[1] or match[5], match[3] or match[6], match[4] or match[7]))
    if year_first and (match := _SHORT_YEAR_FIRST.fullmatch(plain)):
        return _days((match[1], match[3], match[4]), is_buddhist=is_buddhist)
    if match := _YEAR_LAST.fullmatch(plain):
        first, mark, second, year = match.groups()
        year = year.rstrip(".")
        day_first = (year, second, first)
        return _days(
            *([day_first] if mark == "." else [day_first, (year, first, second)]), is_buddhist=is_buddhist
        )
    found = _by_another_count(plain)
    return _named(plain) if found is None else found


def _by_another_count(plain: str) -> tuple[date, ...] | None:
    """Read a date by eras, Taiwan's years, weeks, or in Thai; None where it is none of these."""
    if match := _EAST_ASIAN.fullmatch(plain):
        era, year, month, day = match.groups()
        return _in_era(era, year, month, day)
    if match := _SHORT_ERA.fullmatch(plain):
        return _in_era(match[1].upper(), match[2], match[4], match[5])
    if match := _TAIWAN.fullmatch(plain):
        return _days((str(1911 + int(match[1])), match[3], match[4]))
    if match := _ISO_WEEK.fullmatch(plain):
        return _in_week(int(match[1]), int(match[2]), int(match[3]))
    if match := _THAI.fullmatch(plain):
        day, month, year = match.groups()
        return _days((year, str(_THAI_MONTH[month]), day), is_buddhist=True)
    return None


def _in_era(era: str | None, year: str, month: str, day: str) -> tuple[date, ...]:
    """Make the day of an emperor's year, and none of one before the era began."""
    before, first = (0, date.min) if era is None else _ERAS[era]
    days = _days((str(before + (1 if year == "元" else int(year))), month, day))
    return tuple(each for each in days if each >= first)


def _in_week(year: int, week: int, day: int) -> tuple[date, ...]:
    try:
        return (date.fromisocalendar(year, week, day),)
    except ValueError:
        return ()


def _without_time(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    return _YEAR_WORD.sub("", _TIME.sub("", " ".join(plain.split())).strip(" ,"))


def _named(text: str) -> tuple[date, ...]:
    """Read a date with the month as a word."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    months: list[int] = []
    numbers: list[str] = []
    for part in re.findall(r"\d+|[^\W\d_]+", folded):
        if part.isdigit():
            numbers.append(part)
        elif part in MONTHS:
            months.append(MONTHS[part])
        elif part not in FILLERS:
            return ()
    # Welsh has one word for March and Tuesday.
    if len(set(months)) != 1 or len(numbers) != 2:
        return ()
    day, year = reversed(numbers) if len(numbers[0]) == 4 else numbers
    return _days((year, str(months[0]), day))


def _days(*candidates: tuple[str, str, str], is_buddhist: bool = False) -> tuple[date, ...]:
    """Make the days that exist of (year, month, day)."""
    days: list[date] = []
    for year, month, day in candidates:
        try:
            found = date(_full_year(year, is_buddhist=is_buddhist), int(month), int(day))
        except ValueError:
            continue
        if 1900 <= found.year < 2200:
            days.append(found)
    return tuple(days)


def _full_year(year: str, *, is_buddhist: bool = False) -> int:
    """Read a year; two digits are 1970 to 2069, as POSIX has it, or Buddhist; four from 2443 on are Buddhist."""
    number = int(year)
    if len(year) != 2:
        return number - _FROM_BUDDHIST if 2443 <= number < 2743 else number
    if is_buddhist:
        return number + 2500 - _FROM_BUDDHIST
    return number + (2000 if number < 70 else 1900)
