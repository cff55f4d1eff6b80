"""Dates as printed anywhere in the world, read by evidence and never by guess.

Only `5/1/2026` and its kind can mean two days. Full stops (`01.05.2026`) are day first everywhere; a name or a year in
front decides; else the document's other dates decide, and where they do not either, there is no date.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from .names import words_in

#: Longer texts are sentences, not dates.
MAX_TEXT_CHARS = 80

#: English, German, French, Spanish, Dutch, Italian and Portuguese, without accents.
_MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar jaenner janner janvier janv enero ene januari gennaio gen janeiro",
            "feb february februar fevrier fevr fev febrero februari febbraio fevereiro",
            "mar march marz maerz mrz mars marzo maart mrt marco",
            "apr april avril avr abril abr aprile",
            "may mai mayo mei maggio mag maio",
            "jun june juni juin junio giugno giu junho",
            "jul july juli juillet juil julio luglio lug julho",
            "aug august aout agosto ago augustus",
            "sep sept september septembre septiembre setiembre settembre set setembro",
            "oct october okt oktober octobre octubre ottobre ott outubro out",
            "nov november novembre noviembre novembro",
            "dec december dez dezember decembre diciembre dic dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}
#: Words that stand around a date and say nothing.
_FILLERS = words_in("""
    st nd rd th er de del of the le la el den der am on
    mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
    lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miercoles jueves viernes sabado domingo
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
    """)

_TIME = re.compile(
    r"(?:[T,]?\s*|\s+)\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2})?$",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4}|\d{2})")
_EAST_ASIAN = re.compile(
    r"(令和|平成|昭和)?\s*(\d{1,4}|元)\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?(?:\s*\(?[月火水木金土日]\)?)?"
)
#: The year before the first of each era.
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, None: 0}


def parse_date(text: object, *, day_first: bool | None = None) -> date | None:
    """Read a date.

    Args:
        text: A date or datetime as text in any convention; the day as written, whatever the time zone.
        day_first: What `5/1/2026` means, where the rest of the document tells, see `day_first_of`.

    Returns:
        None for anything that is no date, and for a date that may be two; never raises.
    """
    readings = _readings(text)
    if len(set(readings)) > 1:
        # Day first is the first reading.
        return None if day_first is None else readings[0 if day_first else 1]
    return readings[0] if readings else None


def is_ambiguous(text: object) -> bool:
    """Say whether a text means one of two days."""
    return len(set(_readings(text))) > 1


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
        if match and not is_ambiguous(text) and match[1] != match[3]:
            proven.add(match[2] == "." or int(match[1]) > 12)
    return proven.pop() if len(proven) == 1 else None


def _readings(text: object) -> tuple[date, ...]:
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
    if match := _YEAR_LAST.fullmatch(plain):
        first, mark, second, year = match.groups()
        day_first = (year, second, first)
        return _days(day_first) if mark == "." else _days(day_first, (year, first, second))
    if match := _EAST_ASIAN.fullmatch(plain):
        era, year, month, day = match.groups()
        return _days((str(_ERAS[era] + (1 if year == "元" else int(year))), month, day))
    return _named(plain)


def _without_time(text: str) -> str:
    return _TIME.sub("", " ".join(unicodedata.normalize("NFKC", text).split())).strip(" ,")


def _named(text: str) -> tuple[date, ...]:
    """Read a date with the month as a word."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    months: list[int] = []
    numbers: list[str] = []
    for part in re.findall(r"\d+|[^\W\d_]+", folded):
        if part.isdigit():
            numbers.append(part)
        elif part in _MONTHS:
            months.append(_MONTHS[part])
        elif part not in _FILLERS:
            return ()
    if len(months) != 1 or len(numbers) != 2:
        return ()
    day, year = reversed(numbers) if len(numbers[0]) == 4 else numbers
    return _days((year, str(months[0]), day))


def _days(*candidates: tuple[str, str, str]) -> tuple[date, ...]:
    """Make the days that exist of (year, month, day)."""
    days: list[date] = []
    for year, month, day in candidates:
        try:
            found = date(_full_year(year), int(month), int(day))
        except ValueError:
            continue
        if 1900 <= found.year < 2200:
            days.append(found)
    return tuple(days)


def _full_year(year: str) -> int:
    """Read a year; two digits are 1970 to 2069, as POSIX has it."""
    number = int(year)
    if len(year) != 2:
        return number
    return number + (2000 if number < 70 else 1900)
