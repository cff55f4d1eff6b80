"""What all values of a document say together, and each value as its type.

A value that cannot be read is None, its text stays, and a warning names its path, never its content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from typing import Any

from ..core.result import Field
from .currencies import WITH_YEAR_FIRST
from .dates import day_first_of, is_ambiguous, is_buddhist_of, parse_date, year_first_of
from .layout import Entry
from .money import (
    CURRENCY_DOUBT,
    DECIMAL_DOUBT,
    MARK_DOUBT,
    Money,
    decimal_mark_of,
    parse_currency,
    parse_money,
    parse_percent,
    parse_quantity,
)
from .names import DATES, MONEY, NUMBERS, PERCENTAGES, TEXTS
from .strangers import clean, ratio, text_of

#: What people and programs write where an amount or a date is missing.
_MISSING = frozenset({"-", "--", "n/a", "na", "none", "null", "nil", "unknown"})
_AMOUNTS = MONEY | NUMBERS
#: Of a date such as `05/06/26` in yen.
YEAR_DOUBT = "the year may stand last; read as first by the currency alone"
_MARK_DOUBTS = frozenset({MARK_DOUBT, DECIMAL_DOUBT})


@dataclass(frozen=True)
class Evidence:
    """What all values of a document say together."""

    #: `.` or `,` where somebody promises it.
    promised_mark: str | None = None
    day_first: bool | None = None
    currency: str | None = None
    year_first: bool = False
    #: Whether nothing but the currency says so.
    is_year_assumed: bool = False
    amounts: Sequence[Any] = ()
    #: Whether a year of two digits is Buddhist.
    is_buddhist: bool = False
    #: The sign of `100.00 CR`; None where the document is neither a statement nor an invoice.
    credit: int | None = None

    @cached_property
    def decimal_mark(self) -> str | None:
        """What the amounts prove; most documents have none that asks for it."""
        return self.promised_mark or decimal_mark_of(self.amounts, self.currency)


def evidence_of(
    entries: Sequence[Entry],
    rows: Iterable[Sequence[Entry]],
    decimal_mark: str | None,
    day_first: bool | None,
) -> Evidence:
    """Find decimal mark, order of day and month, and currency; what the caller promises is not asked for."""
    everything = [*entries, *(entry for row in rows for entry in row)]
    currency = next((parse_currency(entry.value)[0] for entry in entries if entry.name == "currency"), None)
    dates = [entry.value for entry in everything if entry.name in DATES]
    if day_first is None:
        day_first = day_first_of(dates)
    proven = year_first_of(dates)
    year_first = currency in WITH_YEAR_FIRST if proven is None else proven
    amounts = [entry.value for entry in everything if entry.name in _AMOUNTS]
    credit = _credit_of({entry.name for entry in everything})
    return Evidence(
        promised_mark=decimal_mark,
        day_first=day_first,
        currency=currency,
        year_first=year_first,
        is_year_assumed=proven is None,
        amounts=amounts,
        is_buddhist=is_buddhist_of(dates),
        credit=credit,
    )


#: Names that only a statement of an account has, and that only an invoice has.
_OF_STATEMENTS = frozenset({"booking_date", "value_date", "debit", "balance", "closing_balance"})
_OF_INVOICES = frozenset({"invoice_number", "total", "subtotal", "tax", "amount_due"})


def _credit_of(names: set[str]) -> int | None:
    if names & _OF_STATEMENTS:
        return 1
    return -1 if names & _OF_INVOICES else None


class Typist:
    """Gives the values of one document their types, and remembers what was doubtful.

    Args:
        warnings: Where a doubt is told, with its path.
    """

    def __init__(self, evidence: Evidence, warnings: list[str]) -> None:
        self._evidence = evidence
        self._warnings = warnings
        #: The currencies that amounts of the document are printed with: surely, and by a sign that others share.
        self._certain: set[str] = set()
        self._shared: set[str] = set()

    def field(self, entry: Entry, path: str) -> Field:
        """Give one entry its type."""
        value, problem = self._value(entry)
        if problem:
            self._warnings.append(f"{path}: {problem}")
        position = entry.position
        return Field(
            value=value,
            text=text_of(entry.value) if entry.text is None else clean(entry.text),
            confidence=ratio(position.confidence),
            page_number=position.page_number,
            box=position.box,
            match_ratio=ratio(position.match_ratio),
            provider_name=entry.path,
        )

    def _value(self, entry: Entry) -> tuple[Any, str]:
        """Read a value by its name; the second is what is wrong with it, empty where nothing is."""
        name, value = entry.name, entry.value
        if name not in MONEY:
            return _value(name, value, self._evidence)
        evidence = self._evidence
        found = _money(value, evidence)
        if found is not None:
            # As printed: the currency that the document states elsewhere proves nothing of the amount.
            is_printed = evidence.currency is None and entry.text is None
            printed = found if is_printed else parse_money(value if entry.text is None else entry.text)
            if printed is not None and printed.currency is not None:
                is_shared = CURRENCY_DOUBT in printed.doubts
                (self._shared if is_shared else self._certain).add(printed.currency)
        return _amount_told(found, value)

    def settle_currency(self, fields: dict[str, Field]) -> None:
        """Take the currency from the amounts where the document states none; tell where they contradict it."""
        stated = fields.get("currency")
        if stated is not None and stated.value is not None:
            if self._certain - {stated.value}:
                self._warnings.append("currency: the amounts are in another currency")
            return
        codes = self._certain or self._shared
        if len(codes) > 1:
            self._warnings.append("currency: the amounts are in several currencies")
        elif codes:
            if not self._certain:
                self._warnings.append(f"currency: {CURRENCY_DOUBT}")
            fields["currency"] = Field(value=next(iter(codes)), text=stated.text if stated else None)


def read_value(name: str, text: str) -> tuple[Any, str]:
    """Read one value as a person wrote it: a full stop is the decimal mark, and a date begins with its year.

    Returns:
        The value, and what is wrong with it; empty where nothing is.
    """
    if not text.strip():
        return None, "it is empty"
    value, problem = _value(name, text.strip(), Evidence(promised_mark="."))
    return value, problem if value is None else ""


def _value(name: str, value: Any, evidence: Evidence) -> tuple[Any, str]:
    if name in MONEY:
        return _amount_told(_money(value, evidence), value)
    if name in NUMBERS:
        return _amount_told(_by_mark(parse_quantity, value, evidence), value)
    if name in PERCENTAGES:
        return _amount_told(_by_mark(parse_percent, value, evidence), value)
    if name in DATES:
        return _date(value, evidence)
    if name == "currency":
        code, is_certain = parse_currency(value)
        return code, ("" if is_certain else CURRENCY_DOUBT) if code else "not an ISO 4217 currency"
    if name in TEXTS and isinstance(value, (int, float)) and not isinstance(value, bool):
        return text_of(value), ""
    return clean(value) if isinstance(value, str) else value, ""


def _money(value: Any, evidence: Evidence) -> Money | None:
    return _by_mark(partial(parse_money, currency=evidence.currency, credit=evidence.credit), value, evidence)


def _by_mark(parse: Callable[..., Money | None], value: Any, evidence: Evidence) -> Money | None:
    """Read an amount by itself, and by the document's decimal mark where that decides."""
    found = parse(value, decimal_mark=evidence.promised_mark)
    if found is None or not _MARK_DOUBTS.intersection(found.doubts) or evidence.decimal_mark is None:
        return found
    return parse(value, decimal_mark=evidence.decimal_mark)


def _amount_told(found: Money | None, value: Any) -> tuple[Any, str]:
    if found is None:
        return None, "" if _says_nothing(value) else "not an amount"
    if not found.doubts:
        return found.amount, ""
    return found.amount, "; ".join(doubt for doubt in found.doubts if doubt != CURRENCY_DOUBT)


def _date(value: Any, evidence: Evidence) -> tuple[date | None, str]:
    found = parse_date(
        value,
        day_first=evidence.day_first,
        year_first=evidence.year_first,
        is_buddhist=evidence.is_buddhist,
    )
    if found is not None and evidence.year_first and evidence.is_year_assumed:
        otherwise = {
            parse_date(value, day_first=order, is_buddhist=evidence.is_buddhist) for order in (True, False)
        }
        return found, YEAR_DOUBT if otherwise - {found, None} else ""
    if found is not None or _says_nothing(value):
        return found, ""
    return None, "day and month cannot be told apart" if is_ambiguous(value) else "not a date"


def _says_nothing(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower() in _MISSING
