"""The tax of each rate: a row counts where its rate of its base, or of the sums of the page, is its tax."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from paperhook.reading.amounts import Amount, amounts_in, parse_number
from paperhook.reading.choosing import Totals
from paperhook.reading.context import Context, evidence
from paperhook.reading.extraction import ExtractedField
from paperhook.reading.layout import Line, Phrase
from paperhook.reading.words import Page, Word

#: What rounding may make of a tax.
_CENT = Decimal("0.015")
#: No tax on goods is higher, in percent.
_HIGHEST = 40
#: Lines above a row in which the head of its table is looked for.
_HEAD_ABOVE = 6
#: Rates that one document has at most; more are noise.
_MOST = 8
_CONFIDENCE = 0.9
_RATE = re.compile(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,3})?)\s?[%\uff05]")


@dataclass(frozen=True, slots=True)
class _Rate:
    """A percentage on the page."""

    value: Decimal
    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A rate with its tax, and with what it is of where the page shows it."""

    rate: _Rate
    tax: Amount
    base: Amount | None
    page: Page

    def fields(self) -> dict[str, ExtractedField]:
        rate, tax, base = self.rate, self.tax, self.base
        plain = format(rate.value.normalize(), "f")
        found = {"tax_rate": evidence(plain, rate.text, self.page, rate.words, _CONFIDENCE)}
        if base is not None:
            found["taxable_amount"] = _field(base)
        return found | {"tax": _field(tax)}


def find_rates(context: Context, totals: Totals) -> tuple[dict[str, ExtractedField], ...]:
    """Find the tax of each rate of a document; none where they are not its tax together."""
    rows: dict[tuple[Decimal, Decimal], _Row] = {}
    for index in range(len(context.lines)):
        if index in context.table_lines or not _tells_of_tax(context, index):
            continue
        row = _row(index, context, totals)
        known = rows.get((row.rate.value, row.tax.value)) if row else None
        if row is not None and (known is None or known.base is None):
            rows[row.rate.value, row.tax.value] = row
    found = list(rows.values())
    if len(found) > _MOST or not _are_the_tax(found, totals):
        return ()
    return tuple(row.fields() for row in found)


def _tells_of_tax(context: Context, index: int) -> bool:
    """Whether a line, or the head of its table, names a tax; what is taken off has rates as well."""
    meanings = context.labels.meanings_of(index)
    if "minus" in meanings:
        return False
    heads = range(max(0, index - _HEAD_ABOVE), index)
    page = context.lines[index].page
    return "tax" in meanings or any(
        context.lines[above].page is page
        and "tax" in context.labels.meanings_of(above)
        and not _money(context.lines[above], context.mark)
        for above in heads
    )


def _row(index: int, context: Context, totals: Totals) -> _Row | None:
    """The row of a line whose figures explain each other; the clearest explanation first."""
    line = context.lines[index]
    money = _money(line, context.mark)
    rates = list(_rates(line, context.mark)) or _bare_rates(money, index, context)
    sums = [one.amount for one in (totals.subtotal,) if one]
    gross = [one.amount for one in (totals.total,) if one]
    for rate in (rate for rate in rates if 0 <= rate.value <= _HIGHEST):
        others = [amount for amount in money if not set(amount.words) <= set(rate.words)]
        for base, tax in permutations(others, 2):
            if _is_tax(rate, base, tax):
                return _Row(rate, tax, base, line.page)
        # Without a rate of nothing, which every amount would be.
        for tax in others if rate.value else ():
            net = next((known for known in sums if _is_tax(rate, known, tax)), None)
            if net is not None and net.page is line.page:
                return _Row(rate, tax, net, line.page)
            if any(_is_tax_within(rate, known, tax) for known in (*others, *gross) if known is not tax):
                return _Row(rate, tax, None, line.page)
    return None


def _is_tax(rate: _Rate, base: Amount, tax: Amount) -> bool:
    return bool(base.value) and abs(base.value * rate.value / 100 - tax.value) <= _CENT


def _is_tax_within(rate: _Rate, gross: Amount, tax: Amount) -> bool:
    return bool(gross.value) and abs(gross.value * rate.value / (100 + rate.value) - tax.value) <= _CENT


def _are_the_tax(rows: Sequence[_Row], totals: Totals) -> bool:
    """Whether all rates together make the total, or the tax of the page as far as it states one."""
    slack = _CENT * max(1, len(rows))
    tax = sum((row.tax.value for row in rows), Decimal(0))
    bases = [row.base.value for row in rows if row.base is not None]
    whole = totals.total.amount.value if totals.total else None
    if whole is not None and len(bases) == len(rows) > 0 and abs(sum(bases, tax) - whole) <= slack:
        return True
    if totals.tax is None:
        return True
    parts = totals.tax_parts or (totals.tax,)
    stated = sum((part.amount.value for part in parts), Decimal(0))
    return abs(tax - stated) <= slack


def _money(line: Line, mark: str) -> list[Amount]:
    return [amount for phrase in line.phrases for amount in amounts_in(phrase, mark) if amount.is_money]


def _rates(line: Line, mark: str) -> Iterator[_Rate]:
    for phrase in line.phrases:
        text = " ".join(word.text for word in phrase.words)
        for found in _RATE.finditer(text):
            words = _words_at(phrase, found.start(), found.end())
            yield _Rate(parse_number(found[1], mark), found.group(), words)


def _bare_rates(amounts: Sequence[Amount], index: int, context: Context) -> list[_Rate]:
    """Rates in a column whose head has the sign."""
    page = context.lines[index].page
    heads = [
        phrase
        for line in context.lines[max(0, index - _HEAD_ABOVE) : index]
        for phrase in line.phrases
        if line.page is page and "%" in phrase.text and not re.search(r"\d", phrase.text)
    ]
    return [
        _Rate(amount.value, amount.text, amount.words)
        for amount in amounts
        if any(head.x0 < amount.words[-1].x1 and head.x1 > amount.words[0].x0 for head in heads)
    ]


def _words_at(phrase: Phrase, start: int, end: int) -> tuple[Word, ...]:
    inside, position = [], 0
    for word in phrase.words:
        if position < end and position + len(word.text) > start:
            inside.append(word)
        position += len(word.text) + 1
    return tuple(inside)


def _field(amount: Amount) -> ExtractedField:
    return evidence(format(amount.value, "f"), amount.text, amount.page, amount.words, _CONFIDENCE)
