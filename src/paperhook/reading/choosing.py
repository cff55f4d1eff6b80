"""Which of the labelled amounts are the subtotal, the taxes and the total: those that explain each other best."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations, product

from paperhook.reading.totals import Candidate
from paperhook.reading.words import squeeze

_CENT = Decimal("0.02")
#: Candidates of one kind that are tried in combination; more are noise.
_TRIED = 7
#: What says that a tax is in the amounts already, squeezed.
_WITHIN = re.compile(
    r"inkl|incl|inclu|enthalten|ofwhich|davon|dont|dicui|waarvan|därav|herav|innbefatt|内税|内消費税|うち"
)


@dataclass(frozen=True, slots=True)
class Totals:
    """The amounts that were chosen, with what confirms them."""

    subtotal: Candidate | None
    tax: Candidate | None
    total: Candidate | None
    #: How the values confirm each other: "sums", "adjusted", "equal" or "".
    confirmed: str
    #: Taxes at several rates, added up, when the page does not print their sum.
    tax_parts: tuple[Candidate, ...] = ()


def choose(found: Sequence[Candidate], items_sum: Decimal | None) -> Totals:
    """Choose the subtotal, tax and total that explain each other best."""
    taxes = _best(found, "tax")
    sums = _rate_sums(found)
    totals = _totals(found)
    adjustments = _adjustments(found)
    subtotals = [*_best(found, "subtotal"), *_before_tax(totals, taxes, adjustments)]
    paid = {abs(one.amount.value) for one in found if one.kind == "paid" and one.score > 0.5}
    settled = [adjustment - part for adjustment in (Decimal(0), *adjustments) for part in paid if part]
    # Of two totals between which a discount stands the lower one is what people pay.
    off = [adjustment for adjustment in adjustments if adjustment < 0]
    lowered = {one.amount.value + part for one in totals for part in off if one.kind == "total"}
    options: list[tuple[float, Totals]] = []
    tax_options: list[tuple[Candidate | None, tuple[Candidate, ...], Decimal]] = [(None, (), Decimal(0))]
    tax_options += [(tax, (), tax.amount.value) for tax in taxes]
    tax_options += [
        (parts[0], parts, sum((part.amount.value for part in parts), Decimal(0))) for parts in sums
    ]
    for subtotal, (tax, parts, tax_value), total in product([None, *subtotals], tax_options, [None, *totals]):
        # Where the page names no total, what is left to pay after a deposit stands for it.
        between = [*adjustments, *settled] if total and total.kind == "amount_due" else adjustments
        score, confirmed = _explains(subtotal, tax, parts, tax_value, total, between, items_sum)
        score += 0.5 * bool(total and not subtotal and total.amount.value in lowered)
        options.append((score, Totals(subtotal, tax, total, confirmed, parts)))
    best = max(options, key=lambda option: option[0])[1]
    return replace(best, total=_paid_in_full(best, found)) if best.total is None else best


def _before_tax(
    totals: Sequence[Candidate], taxes: Sequence[Candidate], adjustments: Sequence[Decimal]
) -> list[Candidate]:
    """What is called a total and is one before tax: "Total 100.00, VAT 20.00, Total due 120.00"."""
    return [
        Candidate("subtotal", one.amount, 0.6 * one.score, one.label)
        for one in totals
        if any(
            tax.amount.value > 0
            and abs(one.amount.value + tax.amount.value + between - gross.amount.value) <= _CENT
            and one.label.line_index < tax.label.line_index < gross.label.line_index
            for tax, gross, between in product(taxes, totals, (Decimal(0), *adjustments))
        )
    ]


def _paid_in_full(totals: Totals, found: Sequence[Candidate]) -> Candidate | None:
    """The subtotal as the total, where the page names no total but what was paid for it, less the change.

    Where it names no sum at all but one amount that was paid, that is the total.
    """
    if totals.subtotal is None:
        once = {one.amount.value: one for one in found if one.kind == "paid" and one.amount.value > 0}
        sums = any(one.kind in {"subtotal", "total", "amount_due"} for one in found)
        return None if sums or len(once) != 1 else replace(next(iter(once.values())), kind="total", score=0.4)
    paid = {one.amount.value for one in found if one.kind == "paid"}
    change = {Decimal(0)} | {one.amount.value for one in found if one.kind == "other_amount"}
    value = totals.subtotal.amount.value
    settled = any(abs(given - back - value) <= _CENT for given, back in product(paid, change))
    return replace(totals.subtotal, score=0.5 * totals.subtotal.score) if settled and value else None


def find_amount_due(found: Sequence[Candidate], totals: Totals) -> Candidate | None:
    """Choose what is left to pay: the clearest label; of equal ones the amount that is not just the total, then the lowest."""
    due = [one for one in found if one.kind == "amount_due" and one.score >= 0.5]
    total = totals.total.amount.value if totals.total else None

    def worth(one: Candidate) -> tuple[float, bool, int, float]:
        amount = one.amount
        return round(one.score, 1), amount.value != total, amount.page.number, amount.words[0].y0

    return max(due, key=worth, default=None)


def _best(found: Sequence[Candidate], kind: str) -> list[Candidate]:
    best: dict[Decimal, Candidate] = {}
    for candidate in found:
        if candidate.kind == kind:
            known = best.get(candidate.amount.value)
            # The same value printed twice is more likely right.
            if known is None or candidate.score > known.score:
                best[candidate.amount.value] = candidate
    return sorted(best.values(), key=lambda candidate: -candidate.score)[:_TRIED]


def _totals(found: Sequence[Candidate]) -> list[Candidate]:
    totals = _best(found, "total")
    due = [Candidate("amount_due", c.amount, c.score * 0.8, c.label) for c in _best(found, "amount_due")]
    return (totals + due)[: _TRIED + 3]


def _rate_sums(found: Sequence[Candidate]) -> list[tuple[Candidate, ...]]:
    """Combine taxes of several labels, as several rates have several lines or stand beside each other."""
    labels: dict[tuple[int, int, int], Candidate] = {}
    for candidate in found:
        if candidate.kind == "tax" and candidate.score > 0.5 and candidate.amount.value:
            place = (candidate.label.line_index, candidate.label.phrase_index, candidate.label.start)
            known = labels.get(place)
            if known is None or candidate.score > known.score:
                labels[place] = candidate
    rates = list(labels.values())[:5]
    return [parts for size in range(2, len(rates) + 1) for parts in combinations(rates, size)]


def _adjustments(found: Sequence[Candidate]) -> list[Decimal]:
    """What may lie between subtotal and total: the sums of all subsets of discounts and charges."""
    signed: dict[tuple[str, Decimal], Decimal] = {}
    for candidate in found:
        if candidate.kind in {"minus", "plus"} and candidate.amount.value and candidate.score > 0.5:
            value = abs(candidate.amount.value)
            signed[(candidate.kind, value)] = -value if candidate.kind == "minus" else candidate.amount.value
    values = list(signed.values())[:4]
    return [
        sum(part, Decimal(0)) for size in range(1, len(values) + 1) for part in combinations(values, size)
    ]


def _explains(
    subtotal: Candidate | None,
    tax: Candidate | None,
    parts: tuple[Candidate, ...],
    tax_value: Decimal,
    total: Candidate | None,
    adjustments: Iterable[Decimal],
    items_sum: Decimal | None,
) -> tuple[float, str]:
    """How well a choice explains the page, and what confirms it."""
    score = sum(one.score for one in (subtotal, tax, total) if one) + 0.1 * bool(parts)
    confirmed = ""
    if subtotal and total:
        net, gross = subtotal.amount.value, total.amount.value
        confirmed = _confirmation(net, tax_value if tax else None, gross, adjustments)
        if tax and not confirmed and _is_within(tax, total):
            confirmed = _confirmation(net, None, gross, adjustments)
        score += _WORTH[confirmed] - 0.4 * (not confirmed and abs(net) > abs(gross))
    if tax:
        score -= _too_much_tax(abs(tax_value), subtotal, total)
    if items_sum is not None:
        # What is taken off or added may lie between the items and the subtotal, too.
        sums = [items_sum, *(items_sum + adjustment for adjustment in adjustments)]
        score += 0.7 * bool(subtotal and any(abs(subtotal.amount.value - one) <= _CENT for one in sums))
        score += 0.35 * bool(total and abs(total.amount.value - items_sum) <= _CENT)
    if total:
        # Lower on the page is what people call the total.
        amount = total.amount
        score += 0.02 * amount.page.number + 0.05 * amount.words[0].y0 / amount.page.height
        score += 0.25 * (total.kind == "total")
    return score, confirmed


#: What a confirmation is worth beside the scores of three labels, each 0..1.
_WORTH = {"sums": 1.6, "adjusted": 1.1, "equal": 0.4, "": -0.7}


def _confirmation(net: Decimal, tax: Decimal | None, gross: Decimal, adjustments: Iterable[Decimal]) -> str:
    if tax is not None and abs(net + tax - gross) <= _CENT:
        return "sums"
    taxed = net + (tax or 0)
    if any(abs(taxed + adjustment - gross) <= _CENT for adjustment in adjustments):
        return "adjusted"
    return "equal" if net == gross else ""


def _is_within(tax: Candidate, total: Candidate) -> bool:
    """Whether a tax is part of the amounts: it says so, or stands below the total."""
    is_below = tax.label.line_index > total.label.line_index
    return is_below or bool(_WITHIN.search(squeeze(tax.label.phrase.text)))


def _too_much_tax(tax: Decimal, subtotal: Candidate | None, total: Candidate | None) -> float:
    """Nothing is taxed with as much as it costs: then the label belongs to another amount."""
    if total and tax >= abs(total.amount.value):
        return 2.5 if tax else 0.0
    if subtotal and tax > abs(subtotal.amount.value):
        return 2.5 if total else 1.0
    return 0.0
