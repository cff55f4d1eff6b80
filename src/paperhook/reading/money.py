"""Which currency a document is in: marks beside its amounts, then the words of the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from paperhook.reading.amounts import CURRENCIES, amounts_in
from paperhook.reading.context import evidence
from paperhook.reading.eastern import is_japanese
from paperhook.reading.extraction import ExtractedField
from paperhook.reading.layout import Line, Phrase
from paperhook.reading.words import Word, joined, squeeze

_CODES = {code for code in CURRENCIES.values() if len(code) == 3}
_IN_BRACKETS = re.compile(rf"\w\(([€£₹]|{'|'.join(sorted(_CODES))})\)")
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
        r"\bmoms\b.*\bSverige\b|\bSweden\b|\bSverige\b|Organisationsnummer|\bfaktura\w*\b.*\bOrg\.?\s?nr|\bbankgiro\b|\bplusgiro\b|\bförfallo",
    ),
    ("kr", "DKK", r"\bCVR\b|\bDanmark\b|\bDenmark\b|\bforfaldsdato\b|\bfakturadato\b.*\bmoms\b"),
    ("kr", "NOK", r"\bNorge\b|\bNorway\b|(?i:\bmva\b)|\bforfallsdato\b"),
    ("¥", "CNY", r"[元]|\bChina\b|\bRMB\b"),
)
_OPENS_WITH_NUMBER = re.compile(r"-?\d[\d.,' ]*[.,]\d{2}\b")
_CROWNS: Mapping[str | None, str] = {"sv": "SEK", "da": "DKK", "nb": "NOK"}
_DEFAULTS = {"$": "USD", "kr": "SEK", "¥": "JPY"}


def settle_currency(
    lines: Sequence[Line], mark: str, total: ExtractedField | None, language: str | None
) -> ExtractedField | None:
    """Decide the currency; None when nothing on the page states one.

    Args:
        language: Of the document; it tells whose crown "kr" is, where nothing clearer does.
        total: Its mark counts three times: an exchange rate or a second currency stands elsewhere.
    """
    votes: Counter[str] = Counter()
    shown: dict[str, tuple[Phrase, Sequence[Word], str]] = {}
    for phrase in (phrase for line in lines for phrase in line.phrases):
        for amount in amounts_in(phrase, mark):
            if amount.currency is not None and amount.is_money:
                votes[amount.currency] += 3 if total is not None and total.text == amount.text else 1
                shown.setdefault(amount.currency, (phrase, amount.words, amount.text))
        for start, end, code in _named(phrase):
            words = phrase.words[start:end]
            votes[code] += len(words)
            shown.setdefault(code, (phrase, words, joined(words)))
    for line in lines:
        for mark_of, after in pairwise(line.phrases):
            # Between a mark and its amount there may be a gap: "RM      35.10".
            apart = CURRENCIES.get(mark_of.text.upper())
            if apart is not None and _OPENS_WITH_NUMBER.match(after.text):
                votes[apart] += 1
                shown.setdefault(apart, (mark_of, mark_of.words, mark_of.text))
    if not votes:
        return None
    whole = " ".join(line.text for line in lines)
    meant: Counter[str] = Counter()
    for symbol, count in votes.items():
        meant[_meaning(symbol, votes, whole, language)] += count
    best = meant.most_common(1)[0][0]
    symbol = best if best in shown else next(s for s in shown if _meaning(s, votes, whole, language) == best)
    phrase, beside, text = shown[symbol]
    return evidence(best, text, phrase.page, beside, 0.97 if symbol == best else 0.75)


def _named(phrase: Phrase) -> list[tuple[int, int, str]]:
    """Codes and names of currencies that stand alone: "Currency: EUR", "all prices in US Dollars"."""
    found: list[tuple[int, int, str]] = []
    for index, word in enumerate(phrase.words):
        plain = word.text.strip("()[]:;,.")
        if plain in _CODES and plain.isupper():
            found.append((index, index + 1, plain))
        elif plain in {"€", "£", "₹"}:
            found.append((index, index + 1, CURRENCIES[plain]))
        elif bracketed := _IN_BRACKETS.search(word.text):
            # The head of a column: "Price(€)".
            found.append((index, index + 1, CURRENCIES.get(bracketed[1], bracketed[1])))
        for size in (2, 1):
            code = _NAMES.get(squeeze("".join(w.text for w in phrase.words[index : index + size])))
            if code and index + size <= len(phrase.words):
                found.append((index, index + size, code))
                break
    return found


def _meaning(mark: str, votes: Counter[str], whole: str, language: str | None) -> str:
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
    if mark == "¥" and (is_japanese(whole) or language == "zh"):
        return "JPY" if language != "zh" else "CNY"
    for symbol, code, pattern in _COUNTRIES:
        if symbol == mark and re.search(pattern, whole, re.DOTALL):
            return code
    return _CROWNS.get(language, _DEFAULTS[mark]) if mark == "kr" else _DEFAULTS[mark]
