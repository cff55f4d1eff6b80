"""When a value that was read counts as the value that is stated.

| values | are equal when |
|---|---|
| amounts, quantities, percentages | they are the same number: `110`, `110.0` and `110.00` |
| dates | they are the same day |
| numbers of documents, currencies, tax ids | they have the same characters, without regard to case and spaces |
| all other text | they have the same letters and digits, without regard to case, width, punctuation and spaces |
"""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ..results.names import DATES, MONEY, NUMBERS, PERCENTAGES

_CODES = frozenset({"currency", "iban", "bic", "product_code", "purchase_order"})
_CODE_ENDINGS = ("_number", "_id", "_code")


def is_same(name: str, stated: str | None, found: Any) -> bool:
    """Tell whether a value that was read is the stated one.

    Args:
        name: The standard name of the field, which says what kind of value it is.
        stated: A plain decimal, an ISO date or text; None says that the document states nothing.
        found: From `Field.value`; None or empty text says that nothing was read.
    """
    if stated is None or is_empty(found):
        return stated is None and is_empty(found)
    if name in MONEY | NUMBERS | PERCENTAGES or isinstance(found, Decimal):
        # Not NaN: a signalling one cannot even be compared.
        return isinstance(found, Decimal) and not found.is_nan() and found == _number(stated)
    if name in DATES or isinstance(found, date):
        return isinstance(found, date) and found.isoformat() == stated
    if name in _CODES or name.endswith(_CODE_ENDINGS):
        return _code(str(found)) == _code(stated)
    return _letters(str(found)) == _letters(stated)


def is_empty(found: Any) -> bool:
    """Whether nothing was read."""
    return found is None or found == ""


def _number(stated: str) -> Decimal | None:
    # Of a field of the user's own nobody has checked that it is one.
    try:
        number = Decimal(stated)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _code(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in plain if character.isalnum())
