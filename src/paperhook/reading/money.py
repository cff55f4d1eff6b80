"""Which currency a document is in: marks beside its amounts, then the words of the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from paperhook.reading.amounts import CURRENCIES, Amount, amounts_in
from paperhook.reading.extraction import ExtractedField
from paperhook.reading.items import Item
from paperhook.reading.layout import Line, Phrase
from paperhook.reading.words import Word, squeeze

_CODES = {code for code in CURRENCIES.values() if len(code) == 3}
#: Currencies by name, squeezed.
_NAMES = {
    "usdollars": "USD",
    "usdollar": "USD",
    "unitedstatesdollars": "USD",
    "euro": "EUR",
    "euros": "EUR",
    "poundssterling": "GBP",
    "poundsterling": "GBP",
    "britishpounds": "GBP",
    "schweizerfranken": "CHF",
    "swissfrancs": "CHF",
    "francssuisses": "CHF",
    "canadiandollars": "CAD",
    "australiandollars": "AUD",
    "indianrupees": "INR",
    "japaneseyen": "JPY",
}
#: What tells the dollar, the crown or the yen apart when only a symbol is printed.
_COUNTRIES = (
    ("$", "AUD", r"\bABN\b|\bAustralia\b|\bA\.B\.N\b|\b(?:NSW|VIC|QLD)\s+\d{4}\b.*\bGST\b"),
    ("$", "NZD", r"New Zealand|\bNZBN\b"),
    ("$", "CAD", r"\bHST\b|\bCanada\b|\bQST\b|\bTVQ\b|\bPST\b"),
    ("$", "SGD", r"\bSingapore\b|\bUEN\b"),
    ("$", "HKD", r"\bHong Kong Dollar"),
    ("$", "MXN", r"\bRFC\b|México"),
    (
        "kr",
        "SEK",
        r"\bmoms\b.*\bSverige\b|\bSweden\b|\bSverige\b|Organisationsnummer|\bfaktura\w*\b.*\bOrg\.?\s?nr",
    ),
    ("kr", "DKK", r"\bCVR\b|\bDanmark\b|\bDenmark\b"),
    ("kr", "NOK", r"\bNorge\b|\bNorway\b|\bMVA\b"),
    ("¥", "CNY", r"[元]|\bChina\b|\bRMB\b"),
)
_DEFAULTS = {"$": "USD", "kr": "SEK", "¥": "JPY"}


def settle_currency(
    lines: Sequence[Line],
    mark: str,
    language: str | None,
    fields: Mapping[str, ExtractedField],
    items: Sequence[Item],
) -> ExtractedField | None:
    """Decide the currency; None when nothing on the page states one."""
    votes: Counter[str] = Counter()
    shown: dict[str, tuple[Phrase, tuple[Word, ...], str]] = {}
    for line in lines:
        for phrase in line.phrases:
            for amount in amounts_in(phrase, mark):
                if amount.currency is not None and amount.is_money:
                    weight = 3 if _is_total(amount, fields) else 1
                    votes[amount.currency] += weight
                    shown.setdefault(amount.currency, (phrase, amount.words, amount.text))
            for start, end, code in _named(phrase):
                votes[code] += 1 if end - start == 1 else 2
                words = phrase.words[start:end]
                shown.setdefault(code, (phrase, words, " ".join(word.text for word in words)))
    if not votes:
        return None
    whole = " ".join(line.text for line in lines)
    best = _settled(votes, whole)
    symbol = best if best in shown else next(s for s, code in _symbols(votes, whole) if code == best)
    phrase, words, text = shown[symbol]
    confidence = 0.97 if symbol == best else 0.75
    printed = squeeze("".join(word.text for word in words)) or text
    ratio = 1.0 if (squeeze(text) or text) in printed else SequenceMatcher(None, text, printed).ratio()
    return ExtractedField(best, text, confidence, round(ratio, 3), phrase.page.number, phrase.page.box(words))


def _is_total(amount: Amount, fields: Mapping[str, ExtractedField]) -> bool:
    total = fields.get("total")
    return total is not None and total.text == amount.text


def _named(phrase: Phrase) -> list[tuple[int, int, str]]:
    """Codes and names of currencies that stand alone: "Currency: EUR", "all prices in US Dollars"."""
    found: list[tuple[int, int, str]] = []
    for index, word in enumerate(phrase.words):
        plain = word.text.strip("()[]:;,.")
        if plain in _CODES and plain.isupper():
            found.append((index, index + 1, plain))
        elif plain in {"€", "£", "₹"}:
            found.append((index, index + 1, CURRENCIES[plain]))
        for size in (2, 1):
            code = _NAMES.get(squeeze("".join(w.text for w in phrase.words[index : index + size])))
            if code and index + size <= len(phrase.words):
                found.append((index, index + size, code))
                break
    return found


def _symbols(votes: Counter[str], whole: str) -> list[tuple[str, str]]:
    return [(mark, _meaning(mark, votes, whole)) for mark in votes]


def _settled(votes: Counter[str], whole: str) -> str:
    meant: Counter[str] = Counter()
    for mark, count in votes.items():
        meant[_meaning(mark, votes, whole)] += count
    return meant.most_common(1)[0][0]


def _meaning(mark: str, votes: Counter[str], whole: str) -> str:
    if mark not in _DEFAULTS:
        return mark
    dollars = {
        "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "COP", "ARS", "CLP"),
        "kr": ("SEK", "NOK", "DKK"),
        "¥": ("JPY", "CNY"),
    }
    for code in dollars[mark]:
        if votes[code]:
            return code
    for symbol, code, pattern in _COUNTRIES:
        if symbol == mark and re.search(pattern, whole, re.DOTALL):
            return code
    return _DEFAULTS[mark]
