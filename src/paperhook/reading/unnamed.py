"""Sums of a page whose labels no vocabulary knows: a printed amount that the other two sums lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from paperhook.reading.amounts import Amount, amounts_in
from paperhook.reading.choosing import Totals
from paperhook.reading.context import Context
from paperhook.reading.totals import Candidate

#: How much such an amount is believed, 0..1: less than one with a label.
_SCORE = 0.5
_CENT = Decimal("0.02")
#: No tax on goods is higher, as a share of what is taxed.
_HIGHEST = Decimal("0.4")
#: What a label says of an amount between subtotal and total that is no tax.
_OTHERS = {"minus", "plus", "paid", "other_amount", "amount_due", "subtotal", "total"}


def with_unnamed(totals: Totals, found: Sequence[Candidate], context: Context) -> Totals:
    """Fill in the total or the tax that no label names, where arithmetic tells it and the page prints it.

    Args:
        found: All labelled amounts: without a total, another subtotal may be the one that is taxed.
    """
    subtotal, tax, total = totals.subtotal, totals.tax, totals.total
    if subtotal and tax and total is None and tax.amount.value:
        others = [one for one in found if one.kind == "subtotal" and one.score > _SCORE]
        tried = (_with_total(totals, net, tax, context) for net in (subtotal, *others))
        return next((told for told in tried if told), totals)
    if subtotal and total and tax is None and not totals.confirmed:
        return _with_tax(totals, subtotal, total, context)
    return totals


def _with_total(totals: Totals, subtotal: Candidate, tax: Candidate, context: Context) -> Totals | None:
    """The amount below subtotal and tax that is both together."""
    taxes = sum((part.amount.value for part in totals.tax_parts or (tax,)), Decimal(0))
    below = range(max(subtotal.label.line_index, tax.label.line_index), len(context.lines))
    amount = next(_printed(context, below, subtotal.amount.value + taxes), None)
    if amount is None:
        return None
    total = Candidate("total", amount, _SCORE, tax.label)
    return replace(totals, subtotal=subtotal, total=total, confirmed="sums")


def _with_tax(totals: Totals, subtotal: Candidate, total: Candidate, context: Context) -> Totals:
    """The lone amount between subtotal and total that makes the one the other."""
    net, wanted = subtotal.amount.value, total.amount.value - subtotal.amount.value
    between = range(subtotal.label.line_index + 1, total.label.line_index)
    lines = [index for index in between if any(True for _ in _money(context, index))]
    if (
        len(lines) != 1
        or not net
        or not 0 < wanted / net <= _HIGHEST
        or _OTHERS & context.labels.meanings_of(lines[0])
    ):
        return totals
    found = next(_printed(context, lines, wanted), None)
    if found is None:
        return totals
    return replace(totals, tax=Candidate("tax", found, _SCORE, subtotal.label), confirmed="sums")


def _printed(context: Context, indexes: Sequence[int], wanted: Decimal) -> Iterator[Amount]:
    return (
        amount
        for index in indexes
        if index not in context.table_lines
        for amount in _money(context, index)
        if abs(amount.value - wanted) <= _CENT
    )


def _money(context: Context, index: int) -> Iterator[Amount]:
    for phrase in context.lines[index].phrases:
        yield from (amount for amount in amounts_in(phrase, context.mark) if amount.is_money)
