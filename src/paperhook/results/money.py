"""Amounts as printed anywhere in the world, read into Decimal by evidence and never by guess.

Which of `.` and `,` is the decimal mark is decided by the number itself where it can be:

| the number | the mark is |
|---|---|
| has both (`1.234,50`) | the last one decimal |
| has one of them twice (`1.234.567`) | a thousands mark |
| has spaces or apostrophes and one mark (`1 234,500`) | decimal |
| has one mark, and not three digits after it (`12,5`) | decimal |
| has one mark after `0` or after more than three digits (`0.125`, `1234,567`) | decimal |
| is of a currency without decimals (`12,800` yen) | a thousands mark |
| is of a currency with three (`1.234` dinars) | what the document's other amounts say, else decimal, with a doubt |
| else (`12,800`) | what the document's other amounts say, else a thousands mark, with a doubt |

`tests/results/test_locales.py` reads the same texts with price-parser and Babel: where a text can only mean one amount all
agree. Neither is used: price-parser reads `(45.00)` and `45.00-` as 45, an amount with a typographic apostrophe up to it,
and a date as its year, without a word; Babel needs the locale, which a document does not state, and by the wrong one
`1.234,50` is 1.2345.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from .currencies import PRINTED_WITH_THREE, WITHOUT_DECIMALS, currency_of, take_currency_words

#: Longer texts are sentences, not amounts.
MAX_TEXT_CHARS = 80
#: More digits than any amount has.
MAX_DIGITS = 28

MARK_DOUBT = "the mark may be decimal or thousands; read as thousands"
DECIMAL_DOUBT = "the mark may be decimal or thousands; read as decimal, as the currency has three decimals"
FRACTION_DOUBT = "it may be a fraction; read as percent"
CURRENCY_DOUBT = "the currency symbol is shared by several currencies"

#: Decimal and thousands marks of Arabic script, odd spaces, dashes and apostrophes, in plain form.
_PLAIN = str.maketrans(
    {
        "\u066b": ".", "\u066c": ",", "\u2212": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2010": "-", "\u2011": "-",
        "\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u00b4": "'", "`": "'", "\u3000": " ", "\u00a0": " ", "\u2007": " ",
        "\u2009": " ", "\u202f": " ", "\u200a": " ", "\u2002": " ", "\u2003": " ", "\u3001": ",", "\u060c": ",", "\u2e41": ",", "\u200e": None, "\u200f": None, "\u061c": None,
    }
)  # fmt: skip
_AMOUNT = re.compile(r"(?P<before>\D*?)(?P<number>\d[\d ',.]*|(?<![^\W\d_])[.,]\d+)(?P<after>\D*)")
#: What most providers send, which needs no taking apart.
_SIMPLE = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,2})?")
_GROUPS = re.compile(r"\d{1,3}(?:(?P<mark>[ '.,])\d{3})(?:(?P=mark)\d{3})*")
#: 12,34,567: lakhs and crores.
_INDIAN_GROUPS = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
_PERCENT = re.compile(
    r"^\s*(-?)\s*[%\u066a]|[%\u066a]\s*(?=\)?-?$)|\b(?:percent|prozent|pct|p\.c\.)\s*$", re.IGNORECASE
)
#: What stands before and after the number, but for currency words.
_SIGNS = {"|": 1, "+|": 1, "|+": 1, "-|": -1, "|-": -1, "(|)": -1, "|/-": 1, "|/=": 1}
#: Credit and debit, in English and, behind the amount, in German (Haben, Soll).
_SIDE = re.compile(r"^(CR|DR)[. ]\s*|(?<=[\d )])\s*(CR|DR|[HS])\.?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount."""

    amount: Decimal
    #: ISO 4217, where the text or the caller says it.
    currency: str | None = None
    #: What could not be decided; each a reason without the value.
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Printed:
    """An amount taken apart."""

    sign: int
    number: str
    currency: str | None
    currency_is_certain: bool


@dataclass(frozen=True, slots=True)
class _Marks:
    """How a number uses its marks."""

    #: Without thousands marks, with a full stop.
    plain: str
    #: The decimal mark that this number proves, None where it proves nothing.
    decimal_mark: str | None = None
    #: Whether another reading is as good.
    is_doubtful: bool = False


def parse_money(
    text: object, *, decimal_mark: str | None = None, currency: str | None = None, credit: int | None = None
) -> Money | None:
    """Read an amount.

    Args:
        text: What a provider sent: text in any convention, a number, or anything else.
        decimal_mark: `.` or `,` where the rest of the document tells, see `decimal_mark_of`.
        currency: ISO 4217, where the document states it elsewhere.
        credit: The sign of `100.00 CR`, where the document tells: 1 on a statement of an account, -1 on an invoice.

    Returns:
        None for anything that is no amount, NaN, infinity and percentages included; never raises.
    """
    if not isinstance(text, str):
        amount = _decimal(text)
        return None if amount is None else Money(amount, currency)
    if _SIMPLE.fullmatch(text):
        amount = Decimal(text)
        return Money(amount or abs(amount), currency)
    side = 1
    if credit is not None and (found := _SIDE.search(_plain(text[:MAX_TEXT_CHARS]))):
        text, side = _SIDE.sub("", _plain(text), count=1), _sign_of(found, credit)
    printed = _take_apart(text)
    if printed is None:
        return None
    code = printed.currency or currency
    marks = _read_marks(printed.number, decimal_mark, code)
    if marks is None:
        return None
    amount = _bounded(Decimal(marks.plain) * printed.sign * side)
    if amount is None:
        return None
    mark_doubt = DECIMAL_DOUBT if code in PRINTED_WITH_THREE else MARK_DOUBT
    doubts = (mark_doubt,) * marks.is_doubtful + (CURRENCY_DOUBT,) * (not printed.currency_is_certain)
    return Money(amount, printed.currency or currency, doubts)


def _sign_of(side: re.Match[str], credit: int) -> int:
    return credit if (side[1] or side[2]).upper() in ("CR", "H") else -credit


def parse_quantity(text: object, *, decimal_mark: str | None = None) -> Money | None:
    """Read a count or a measure, with a unit behind or `x` before it; `currency` is always None."""
    if isinstance(text, str) and len(text) <= MAX_TEXT_CHARS:
        text = re.sub(r"^\s*[x\u00d7]\s*(?=\d)|(?<=[\d.,])\s*(?:[x\u00d7*%]|[^\W\d_]+\.?)\s*$", "", text)
    found = parse_money(text, decimal_mark=decimal_mark)
    return None if found is None or found.currency else found


def parse_percent(text: object, *, decimal_mark: str | None = None) -> Money | None:
    """Read a percentage as its number: `19 %`, `19%` and `%19` are 19, as EN 16931 has it.

    A number without a sign is taken as it is; one between 0 and 1 may be a fraction, and that is a doubt.
    """
    if not isinstance(text, str) or len(text) > MAX_TEXT_CHARS:
        found, has_sign = parse_money(text), False
    else:
        bare = _PERCENT.sub(lambda sign: sign[1] or "", _plain(text), count=1)
        found, has_sign = parse_money(bare, decimal_mark=decimal_mark), bare != _plain(text)
    if found is None or found.currency:
        return None
    is_doubtful = not has_sign and 0 < abs(found.amount) < 1
    return Money(found.amount, None, (FRACTION_DOUBT,) if is_doubtful else found.doubts)


def decimal_mark_of(texts: Iterable[object], currency: str | None = None) -> str | None:
    """Say which decimal mark the amounts of one document prove.

    Args:
        texts: Every amount of the document; numbers prove nothing.
        currency: ISO 4217; in one without decimals a mark before three digits proves the other mark.

    Returns:
        `.` or `,`, or None where nothing proves it or the amounts disagree.
    """
    proven: set[str] = set()
    for text in texts:
        printed = _take_apart(text) if isinstance(text, str) else None
        marks = printed and _read_marks(printed.number, None, printed.currency or currency)
        if marks and marks.decimal_mark:
            proven.add(marks.decimal_mark)
    return proven.pop() if len(proven) == 1 else None


def parse_currency(text: object) -> tuple[str | None, bool]:
    """Read a currency field.

    Returns:
        An ISO 4217 code or None, and whether the words can mean no other.
    """
    if not isinstance(text, str) or len(text) > MAX_TEXT_CHARS:
        return None, True
    rest, words = take_currency_words(_plain(text))
    try:
        return currency_of(words) if not rest.strip(" ()/-") else (None, True)
    except ValueError:
        return None, True


def _decimal(number: object) -> Decimal | None:
    if isinstance(number, bool) or not isinstance(number, (int, float, Decimal)):
        return None
    # The digits of an int are counted before it is written out: Python refuses to write very long ones.
    if isinstance(number, int) and number.bit_length() > MAX_DIGITS * 4:
        return None
    return _bounded(Decimal(str(number)))


def _bounded(amount: Decimal) -> Decimal | None:
    if not amount.is_finite() or amount.adjusted() >= MAX_DIGITS:
        return None
    # No negative zero.
    return amount or abs(amount)


@lru_cache(maxsize=512)
def _full_width(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    # Full-width punctuation, letters and currency signs; nothing else, so that ² stays no digit.
    return unicodedata.normalize("NFKC", character) if "\uff00" <= character <= "\uffef" else character


def _plain(text: str) -> str:
    """Write digits, signs, spaces and marks of any script in ASCII."""
    if not text.isascii():
        text = "".join(map(_full_width, text)).translate(_PLAIN)
    return " ".join(text.split())


def _take_apart(text: str) -> _Printed | None:
    """Find sign, number and currency; None when there is anything else."""
    if len(text) > MAX_TEXT_CHARS:
        return None
    match = _AMOUNT.fullmatch(_plain(text))
    if match is None:
        return None
    before, words_before = take_currency_words(match["before"])
    after, words_after = take_currency_words(match["after"])
    try:
        currency, is_certain = currency_of(words_before + words_after)
    except ValueError:
        return None
    number = match["number"].strip()
    after = "".join(after.split())
    if after.startswith("-") and (number.endswith((".", ",")) or currency == "JPY"):
        # "5,-" and "¥12,800-" say that nothing follows, not that money is owed.
        after = after.lstrip("-")
    sign = _SIGNS.get(f"{''.join(before.split())}|{after}")
    if sign is None:
        return None
    return _Printed(sign, number.rstrip(".,'"), currency, is_certain)


def _read_marks(number: str, decimal_mark: str | None, currency: str | None) -> _Marks | None:
    """Read the digits of a number; None when its marks make no sense."""
    marks = [character for character in number if character in ".,"]
    if not marks:
        return _whole(number)
    last = marks[-1]
    if len(marks) > 1 and len(set(marks)) == 1:
        found = _whole(number)
        return found and _Marks(found.plain, _other(last))
    whole, _, decimals = number.rpartition(last)
    if len(marks) > 1 or len(decimals) != 3 or not 0 < len(whole) <= 3 or whole == "0":
        return _with_decimals(whole, decimals, last)
    if currency in WITHOUT_DECIMALS:
        return _Marks(whole + decimals, _other(last))
    if decimal_mark == last or (decimal_mark is None and currency in PRINTED_WITH_THREE):
        found = _with_decimals(whole, decimals, None)
        return found and replace(found, is_doubtful=decimal_mark is None)
    return _Marks(whole + decimals, is_doubtful=decimal_mark is None)


def _other(mark: str) -> str:
    return "," if mark == "." else "."


def _whole(number: str) -> _Marks | None:
    if number.isdigit() or _GROUPS.fullmatch(number) or _INDIAN_GROUPS.fullmatch(number):
        return _Marks(re.sub(r"[ '.,]", "", number))
    return None


def _with_decimals(whole: str, decimals: str, mark: str | None) -> _Marks | None:
    """Join both sides of a decimal mark."""
    left = _whole(whole) if whole else _Marks("0")
    if left is None or not decimals.isdigit() or (mark is not None and mark in whole):
        return None
    return _Marks(f"{left.plain}.{decimals}", mark)
