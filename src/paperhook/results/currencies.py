# ruff: noqa: RUF001 - Cyrillic letters are the point
"""The words that name a currency, as one table: ISO 4217 codes, symbols, and names in a few languages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .names import words_in

#: ISO 4217 active codes of money that people pay with.
CODES = words_in("""
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
    USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
    """)

#: No money of these has decimals. Source: ISO 4217, minor unit 0.
WITHOUT_DECIMALS = words_in("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF")

#: Source: ISO 4217, minor unit 3.
WITH_THREE_DECIMALS = words_in("BHD IQD JOD KWD LYD OMR TND")

#: Printed so, too: dinars of Iraq have no coins any more. Source: CLDR 47, currencyData, digits.
PRINTED_WITH_THREE = WITH_THREE_DECIMALS - {"IQD"}

#: Where they are paid with, a date of two digits each begins with the year.
WITH_YEAR_FIRST = words_in("JPY CNY KRW TWD")

#: Words that mean one currency.
WORDS: Mapping[str, str] = {
    **{code.lower(): code for code in CODES},
    "€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "us$": "USD", "us dollar": "USD", "us dollars": "USD",
    "ca$": "CAD", "c$": "CAD", "a$": "AUD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "nt$": "TWD", "r$": "BRL",
    "mx$": "MXN", "円": "JPY", "日本円": "JPY", "yen": "JPY", "jp¥": "JPY", "cn¥": "CNY", "人民币": "CNY", "rmb": "CNY",
    "₩": "KRW", "원": "KRW", "₹": "INR", "₽": "RUB", "₺": "TRY", "₫": "VND", "₪": "ILS", "฿": "THB", "₱": "PHP", "₴": "UAH",
    "₦": "NGN", "₡": "CRC", "₲": "PYG", "₵": "GHS", "₸": "KZT", "₼": "AZN", "₾": "GEL", "֏": "AMD", "₮": "MNT", "৳": "BDT",
    "ec$": "XCD", "gb£": "GBP", "uk£": "GBP", "br$": "BRL", "nkr": "NOK", "dkr": "DKK", "skr": "SEK", "fcfa": "XAF", "f cfa": "XOF", "cfpf": "XPF", "fcfp": "XPF", "лв.": "BGN", "лв": "BGN", "руб.": "RUB", "руб": "RUB",
    "грн.": "UAH", "грн": "UAH", "щ.д.": "USD", "lei": "RON", "din.": "RSD", "ден.": "MKD", "د.إ.": "AED", "ر.س.": "SAR", "ج.م.": "EGP",
    "د.ك.": "KWD", "د.م.": "MAD", "د.ب.": "BHD", "د.أ.": "JOD", "ر.ق.": "QAR",
    # As French has it.
    "$us": "USD", "$ us": "USD", "$ su": "USD", "$ca": "CAD", "$ ca": "CAD", "$au": "AUD", "$nz": "NZD", "$hk": "HKD", "$sg": "SGD",
    "$mx": "MXN", "$ar": "ARS", "$cl": "CLP", "$co": "COP", "£gb": "GBP", "$ au": "AUD", "¥cn": "CNY",
    "rm": "MYR", "rp": "IDR", "rp.": "IDR", "tl": "TRY", "dhs": "AED", "dhs.": "AED", "s/": "PEN", "s/.": "PEN", "b/.": "PAB",
    "ksh": "KES", "kd": "KWD", "k.d.": "KWD", "bd": "BHD", "د.ك": "KWD", "د.إ": "AED", "ر.س": "SAR", "din": "RSD", "ден": "MKD",
    "zł": "PLN", "kč": "CZK", "ft": "HUF", "fr.": "CHF", "sfr.": "CHF", "sfr": "CHF",
}  # fmt: skip

#: Words that several currencies use; the most frequent one, or None where none is.
SHARED_WORDS: Mapping[str, str | None] = {
    "$": "USD", "dollar": "USD", "dollars": "USD", "¥": "JPY", "rs.": "INR", "rs": "INR", "kr": None, "kr.": None, "元": "CNY",
    "fr": None, "r": "ZAR", "₨": None, "﷼": None,
}  # fmt: skip

_WORD = re.compile(
    "|".join(re.escape(word) for word in sorted((*WORDS, *SHARED_WORDS), key=len, reverse=True)),
    re.IGNORECASE,
)


def take_currency_words(text: str) -> tuple[str, tuple[str, ...]]:
    """Split a text into what is left of it and the currency words in it, lower case."""
    found = tuple(word.lower() for word in _WORD.findall(text))
    return (_WORD.sub(" ", text), found) if found else (text, found)


def currency_of(words: tuple[str, ...]) -> tuple[str | None, bool]:
    """Say which currency some words mean, and whether they can mean no other.

    Returns:
        An ISO 4217 code or None; a word of one currency wins over a shared one.

    Raises:
        ValueError: If the words mean different currencies.
    """
    certain = {WORDS[word] for word in words if word in WORDS}
    if len(certain) > 1:
        raise ValueError("the words mean different currencies")
    if certain:
        return certain.pop(), True
    shared = {SHARED_WORDS[word] for word in words if word in SHARED_WORDS}
    return (shared.pop(), False) if len(shared) == 1 else (None, True)
