"""Amounts as printed, with the decimal mark decided by the whole document."""

# ruff: noqa: RUF001 - invoices print these dashes, quotes and signs.
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from paperhook.reading.dates import DATE_LIKE
from paperhook.reading.layout import Phrase
from paperhook.reading.words import Page, Word

#: Symbols and codes that stand beside an amount → ISO 4217. "$", "kr" and "¥" are settled by `currency_of`.
CURRENCIES = {
    "€": "EUR",
    "EUR": "EUR",
    "EURO": "EUR",
    "EUROS": "EUR",
    "£": "GBP",
    "GBP": "GBP",
    "US$": "USD",
    "USD": "USD",
    "U$S": "USD",
    "$": "$",
    "A$": "AUD",
    "AU$": "AUD",
    "AUD": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "CAD": "CAD",
    "NZ$": "NZD",
    "NZD": "NZD",
    "S$": "SGD",
    "SGD": "SGD",
    "HK$": "HKD",
    "HKD": "HKD",
    "R$": "BRL",
    "BRL": "BRL",
    "MX$": "MXN",
    "MXN": "MXN",
    "CHF": "CHF",
    "SFR": "CHF",
    "SFR.": "CHF",
    "FR.": "CHF",
    "¥": "¥",
    "￥": "¥",
    "円": "JPY",
    "JPY": "JPY",
    "CNY": "CNY",
    "RMB": "CNY",
    "元": "CNY",
    "₹": "INR",
    "INR": "INR",
    "RS": "INR",
    "RS.": "INR",
    "KR": "kr",
    "KR.": "kr",
    "SEK": "SEK",
    "NOK": "NOK",
    "DKK": "DKK",
    "ZŁ": "PLN",
    "PLN": "PLN",
    "KČ": "CZK",
    "CZK": "CZK",
    "HUF": "HUF",
    "FT": "HUF",
    "RON": "RON",
    "BGN": "BGN",
    "₺": "TRY",
    "TRY": "TRY",
    "₩": "KRW",
    "KRW": "KRW",
    "₪": "ILS",
    "ILS": "ILS",
    "ZAR": "ZAR",
    "AED": "AED",
    "SAR": "SAR",
    "THB": "THB",
    "฿": "THB",
    "MYR": "MYR",
    "RM": "MYR",
    "IDR": "IDR",
    "RP": "IDR",
    "PHP": "PHP",
    "₱": "PHP",
    "VND": "VND",
    "₫": "VND",
    "TWD": "TWD",
    "NT$": "TWD",
    "ISK": "ISK",
    "UAH": "UAH",
    "₴": "UAH",
    "KES": "KES",
    "NGN": "NGN",
    "₦": "NGN",
    "COP": "COP",
    "ARS": "ARS",
    "CLP": "CLP",
}

#: Currencies without parts; "¥" may be the yen or the yuan, neither of which prints three decimals.
WHOLE = frozenset({"¥", "JPY", "KRW", "VND"})

#: Languages that write 1,50 where English writes 1.50.
COMMA_LANGUAGES = frozenset({"de", "fr", "nl", "es", "it", "pt", "sv", "da", "nb", "pl"})

_SIGNS = "-−–"
_CURRENCY = "|".join(sorted((re.escape(mark) for mark in CURRENCIES), key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:[.,'’´ \u202f]\d{3})+(?:[.,]\d{1,4})?|\d{1,3}(?:,\d{2})+,\d{3}(?:\.\d{1,4})?|\d+(?:[.,]\d{1,6})?|[.,]\d{2}(?!\d)"
AMOUNT = re.compile(
    rf"(?<![\w/:#@&+])(?<!\d[.,])(?<!\w-)(?P<open>\()?(?P<sign>[{_SIGNS}+])?\s?(?P<before>(?:{_CURRENCY})(?![^\W\d_])|(?-i:R)(?=\s?\d[\d ,']*\.\d{{2}}(?!\d)))?\s?(?P<inner>[{_SIGNS}])?\s?"
    rf"(?P<number>{_NUMBER})(?P<even>[.,][-–—]{{1,2}})?\s?(?P<after>(?:{_CURRENCY})(?![\w$]))?(?P<trailing>[{_SIGNS}](?!\s?\w))?(?P<close>\))?(?:(?<=[.,]\d\d)(?-i:[A-FNTXZ])(?=\*?$))?(?![\w%‰/@]|\s[%‰]|[.,:-]\w|°)",
    re.IGNORECASE,
)
# What holds digits and is no amount: dates, times, percentages, telephone numbers, IBANs, measures in brackets.
_NOT_AMOUNTS = re.compile(
    rf"{DATE_LIKE}|(?<!\d)\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?!\d)|(?<![\d.,])\d+(?:[.,]\d+)?\s?[%‰]|\b[A-Z]{{2}}\d{{2}}(?:\s?[A-Z0-9]{{4}}){{3,}}\s?[A-Z0-9]{{0,4}}\b"
    r"|\+\d[\d\s()/-]{6,}|\(\d{2,5}\)\s?\d[\d\s-]{4,}|\b\d{3}-\d{3,4}-\d{4}\b|[\[(]\s?[%‰]\s?[\])]",
    re.IGNORECASE,
)
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])(?:\d{1,3}(?P<group>[.'’\s]\d{3})+|\d+),\d{1,2}(?![\d.,]*\d)")
_DECIMAL_DOT = re.compile(r"(?<![\d.,])(?:\d{1,3}(?P<group>[,'’\s]\d{3})+|\d+)\.\d{1,2}(?![\d.,]*\d)")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number on the page that may be money."""

    value: Decimal
    text: str
    page: Page
    words: tuple[Word, ...]
    #: ISO code, or "$", "kr", "¥" where the symbol alone does not tell; None without a mark.
    currency: str | None
    #: True when it is printed with decimals or with a currency: it cannot be a mere count.
    is_money: bool


def masked(text: str) -> str:
    """Blank out what holds digits and is no amount, keeping every position."""
    return _NOT_AMOUNTS.sub(lambda found: "\x00" * len(found.group()), text)


def decimal_mark(texts: Iterable[str], *, language: str | None) -> str:
    """Decide between "." and "," by all numbers of a document, by the language when they do not tell."""
    comma = dot = 0
    for text in texts:
        plain = masked(text)
        comma += sum(3 if found["group"] else 1 for found in _DECIMAL_COMMA.finditer(plain))
        dot += sum(3 if found["group"] else 1 for found in _DECIMAL_DOT.finditer(plain))
    if comma != dot:
        return "," if comma > dot else "."
    return "," if language in COMMA_LANGUAGES else "."


def parse_number(text: str, mark: str) -> Decimal:
    """Turn a printed number into a Decimal.

    A group of one or two digits after the last mark cannot be thousands, so it is decimals whatever `mark` says, and so
    are three behind a nought or behind more than three digits; a number with both marks ends with its decimals.
    """
    plain = re.sub(r"[\s'’´]", "", text)
    last = max(plain.rfind("."), plain.rfind(","))
    if last < 0:
        return Decimal(plain)
    whole, digits = plain[:last], plain[last + 1 :]
    both = "." in plain and "," in plain
    repeated = plain.count(plain[last]) > 1
    # Thousands follow one to three digits, and no nought: "0.500" and "1234.567" end with decimals.
    is_grouped = len(digits) == 3 and 0 < len(whole) <= 3 and whole[0] != "0"
    is_decimal = both or (not repeated and (not is_grouped or plain[last] == mark))
    other = "," if plain[last] == "." else "."
    # The library knows the digits; which mark is the decimal one, only the whole document tells.
    from price_parser.parser import parse_number as number_of

    found = number_of(plain, decimal_separator=plain[last] if is_decimal else other)
    # Only digits and marks come here, so there always is a number.
    return Decimal(0) if found is None else found


def amounts_in(phrase: Phrase, mark: str) -> list[Amount]:
    """List the numbers of a phrase that may be amounts, left to right."""
    text, places = _placed(phrase.words)
    plain = masked(text)
    return [
        amount for found in _matches(plain, places) if (amount := _amount(found, phrase.page, places, mark))
    ]


def _placed(words: Sequence[Word]) -> tuple[str, list[Word | None]]:
    """Join words with spaces; the second list names the word of each character."""
    text = ""
    places: list[Word | None] = []
    for word in words:
        if text:
            text += " "
            places.append(None)
        text += word.text
        places.extend([word] * len(word.text))
    return text, places


def _matches(plain: str, places: Sequence[Word | None]) -> Iterator[re.Match[str]]:
    """Find amounts; a space inside a number counts only when it is as narrow as a space in a number is."""
    position = 0
    while found := AMOUNT.search(plain, position):
        wide = _first_wide_space(found, places)
        if wide is None:
            yield found
            position = found.end()
            continue
        shorter = AMOUNT.fullmatch(plain, found.start(), wide)
        if shorter:
            yield shorter
        position = wide


def _first_wide_space(found: re.Match[str], places: Sequence[Word | None]) -> int | None:
    for index in range(found.start("number"), found.end("number")):
        if places[index] is None:
            left, right = places[index - 1], places[index + 1]
            if left is not None and right is not None and right.x0 - left.x1 > 0.42 * left.height:
                return index
    return None


def _amount(found: re.Match[str], page: Page, places: Sequence[Word | None], mark: str) -> Amount | None:
    number = found["number"]
    symbol = found["before"] or found["after"]
    # A lone "R" is the rand's only before an amount with cents: "R60,200.00".
    currency = CURRENCIES.get(symbol.upper(), "ZAR") if symbol else None
    if currency in WHOLE and re.search(r"[.,]\d{3}$", number):
        # Nobody prints thousandths of a yen; recognition takes its comma for a dot.
        number = re.sub(r"[.,]", "", number)
    digits = re.sub(r"\D", "", number)
    if len(digits) > 13 or (len(digits) > 1 and digits[0] == "0" and digits == number):
        return None
    value = parse_number(number, mark)
    # "¥4,500-" ends an amount as "4.500,-" does.
    taken_off = found["trailing"] and currency not in WHOLE
    negative = bool(found["sign"] and found["sign"] != "+") or bool(found["inner"]) or bool(taken_off)
    if negative or (found["open"] and found["close"]):
        value = -value
    words = dict.fromkeys(word for word in places[found.start() : found.end()] if word is not None)
    decimals = bool(re.search(r"[.,](?:\d{2}|\d{4})$", number))
    return Amount(
        value,
        found.group().strip(),
        page,
        tuple(words),
        currency,
        bool(currency or decimals or found["even"]),
    )
