"""Subtotal, tax and total: labels propose, arithmetic decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations, product

from paperhook.reading.amounts import CURRENCIES, Amount, amounts_in
from paperhook.reading.labels import Label, Labels, above, below, is_head_of_sums, right_of, strange_words
from paperhook.reading.layout import Line
from paperhook.reading.vocabulary import LABEL_MEANINGS
from paperhook.reading.words import joined, squeeze

MONEY = ("subtotal", "tax", "total", "amount_due", "minus", "plus", "paid", "other_amount")
_CENT = Decimal("0.02")
#: Candidates of one kind that are tried in combination; more are noise.
_TRIED = 7
#: What a sum is believed whose kind only the head of its column tells, 0..1.
_COLUMN = 0.9
#: In heights: how far below the head of a table of sums its row may stand.
_ROW_BELOW = 2.6
#: More amounts than this in one row are no sums of columns.
_COLUMNS = 12
#: Lines above a sum in which the head of its column is looked for.
_HEAD_ABOVE = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """An amount that a label claims."""

    kind: str
    amount: Amount
    #: 0..1, by label, side and looks.
    score: float
    label: Label


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


def candidates(lines: Sequence[Line], labels: Labels, mark: str, avoid: frozenset[int]) -> list[Candidate]:
    """List the labelled amounts of a document.

    Args:
        avoid: Lines of the item table, whose heads and descriptions look like labels.
    """
    found: list[Candidate] = []
    # A line may have many labels: what it is, is asked once.
    indexes = {label.line_index for label in labels}
    heads = {index for index in indexes if is_head_of_sums(lines[index])}
    columns = {index: named for index in indexes if (named := _columns_of(index, lines, mark))}
    for label in labels:
        kinds = [meaning for meaning in label.meanings if meaning in MONEY]
        if (
            not kinds
            or label.line_index in avoid
            or (label.line_index in heads and _heads_several_rates(label, lines))
            or _heads_rates(label)
        ):
            continue
        for kind in kinds:
            found.extend(_of_label(kind, label, lines, labels, mark))
        if label.starts_phrase and {"subtotal", "total"} & set(kinds):
            named = columns.get(label.line_index, ())
            found.extend(Candidate(kind, amount, _COLUMN, label) for amount, kind in named)
        if label.line_index in heads:
            found.extend(_below_head(label, kinds, lines, mark))
    return _without_rows(found, lines, mark)


def _without_rows(found: list[Candidate], lines: Sequence[Line], mark: str) -> list[Candidate]:
    """Leave out the nets and grosses of several rates, "VAT 8.1%  Net 79.56  VAT 6.44  Gross 86.00": none is the total."""
    indexes = {one.label.line_index for one in found}
    rows = {index for index in indexes if _is_row_of_rate(lines[index], mark)}
    kept = [one for one in found if one.kind not in {"subtotal", "total"} or one.label.line_index not in rows]
    return kept if len(rows) > 1 and any(one.kind == "total" for one in kept) else found


def _is_row_of_rate(line: Line, mark: str) -> bool:
    values = [
        amount.value for phrase in line.phrases for amount in amounts_in(phrase, mark) if amount.is_money
    ]
    return "%" in line.text and len(values) == 3 and abs(sum(values) - 2 * max(values)) <= _CENT


def _below_head(label: Label, kinds: Sequence[str], lines: Sequence[Line], mark: str) -> list[Candidate]:
    """The amount below a label of a table of sums, which stands at the same place in its row.

    Heads are often centred above amounts at the right edge of a cell, so that the two do not overlap.
    """
    line = lines[label.line_index]
    row = next(iter(lines[label.line_index + 1 :]), None)
    if row is None or row.page is not line.page or row.y0 - line.y1 > _ROW_BELOW * line.height:
        return []
    if len(row.phrases) != len(line.phrases) or squeeze(label.phrase.text) not in LABEL_MEANINGS:
        return []
    amounts = [amount for amount in amounts_in(row.phrases[label.phrase_index], mark) if amount.is_money]
    return [Candidate(kind, amount, _COLUMN, label) for kind in kinds for amount in amounts]


def _heads_rates(label: Label) -> bool:
    """Whether a label says what percentages stand below it or beside it, not amounts: "VAT %"."""
    rest = "".join(word.text for word in label.phrase.words[label.end - 1 :])
    return bool(re.search(r"%\W*$", rest)) and not re.search(r"\d", rest)


def _heads_several_rates(label: Label, lines: Sequence[Line]) -> bool:
    """Whether a label is in the head of a table with a row for each rate of tax: then none of them is the sum."""
    rows = lines[label.line_index + 1 : label.line_index + 3]
    return len(rows) == 2 and all(re.search(r"\d\s?%", row.text) for row in rows)


def _columns_of(line_index: int, lines: Sequence[Line], mark: str) -> Sequence[tuple[Amount, str]]:
    """The sums of several columns in one row: "Total  100,00  23,00  123,00" below "Net", "VAT" and "Gross"."""
    line = lines[line_index]
    amounts = [amount for phrase in line.phrases for amount in amounts_in(phrase, mark) if amount.is_money]
    if not 2 <= len(amounts) <= _COLUMNS:
        return ()
    heads = [(amount, _head_of(amount, line_index, lines)) for amount in amounts]
    named = [(amount, kind) for amount, kind in heads if kind]
    return named if len({kind for _, kind in named}) > 1 else ()


def _head_of(amount: Amount, line_index: int, lines: Sequence[Line]) -> str | None:
    """What the nearest head above an amount says it is: subtotal, tax or total."""
    x0, x1 = amount.words[0].x0, amount.words[-1].x1
    for line in reversed(lines[max(0, line_index - _HEAD_ABOVE) : line_index]):
        if line.page is not amount.page:
            return None
        for phrase in line.phrases:
            if phrase.x0 < x1 and phrase.x1 > x0 and not re.search(r"\d", phrase.text):
                words = [word for word in phrase.words if word.text.strip("()").upper() not in CURRENCIES]
                meanings = LABEL_MEANINGS.get(squeeze(joined(words)), ())
                kind = next((kind for kind in meanings if kind in {"subtotal", "tax", "total"}), None)
                if kind:
                    return kind
    return None


def _of_label(kind: str, label: Label, lines: Sequence[Line], labels: Labels, mark: str) -> list[Candidate]:
    weight = _weight(label)
    right = [amount for phrase in right_of(label, lines, labels) for amount in amounts_in(phrase, mark)]
    money = [amount for amount in right if amount.is_money] or _plain_sums(label, right, lines, labels)
    if money:
        # "Tax 15% on $ 112.90   $ 16.94": the last amount of the line is the label's, the others are its base.
        return [
            Candidate(
                kind,
                amount,
                weight * (1.0 if amount is money[-1] else 0.45) * (1.0 if amount.is_money else 0.7),
                label,
            )
            for amount in money
        ]
    if len(label.phrase.words) > 6:
        return []
    for side, phrases in ((0.62, below(label, lines)), (0.3, above(label, lines))):
        for phrase in phrases:
            amounts = [amount for amount in amounts_in(phrase, mark) if amount.is_money]
            if amounts:
                return [Candidate(kind, amounts[0], weight * side, label)]
    return []


def _plain_sums(
    label: Label, found: Sequence[Amount], lines: Sequence[Line], labels: Labels
) -> Sequence[Amount]:
    """Numbers without decimals and currency count only at the end of a line that says nothing else."""
    last = list(right_of(label, lines, labels))[-1].words[-1] if found else None
    if (
        not found
        or found[-1].words[-1] is not last
        or strange_words(label.phrase.words) > label.end - label.start + 2
    ):
        return []
    return found


def _weight(label: Label) -> float:
    # A label that is most of its cell is a label; one inside a sentence may be just a word.
    strange = strange_words(label.phrase.words[: label.start]) + strange_words(label.rest)
    if strange == 0:
        weight = 1.0
    elif label.starts_phrase:
        weight = 0.95 if strange <= 2 or label.has_colon else 0.75 if strange <= 5 else 0.4
    else:
        weight = 0.8 if strange <= 2 else 0.4
    return weight * (1.0 if len(squeeze(label.text)) > 3 else 0.95)


def choose(found: Sequence[Candidate], items_sum: Decimal | None) -> Totals:
    """Choose the subtotal, tax and total that explain each other best."""
    subtotals = _best(found, "subtotal")
    taxes = _best(found, "tax")
    sums = _rate_sums(found)
    totals = _totals(found)
    adjustments = _adjustments(found)
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


def _paid_in_full(totals: Totals, found: Sequence[Candidate]) -> Candidate | None:
    """The subtotal as the total, where the page names no total but what was paid for it, less the change."""
    if totals.subtotal is None:
        return None
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
    """Combine taxes on different lines, as several rates have several lines."""
    lines: dict[int, Candidate] = {}
    for candidate in found:
        if candidate.kind == "tax" and candidate.score > 0.5 and candidate.amount.value:
            known = lines.get(candidate.label.line_index)
            if known is None or candidate.score > known.score:
                lines[candidate.label.line_index] = candidate
    rates = list(lines.values())[:5]
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


def _too_much_tax(tax: Decimal, subtotal: Candidate | None, total: Candidate | None) -> float:
    """Nothing is taxed with as much as it costs: then the label belongs to another amount."""
    if total and tax >= abs(total.amount.value):
        return 2.5 if tax else 0.0
    if subtotal and tax > abs(subtotal.amount.value):
        return 2.5 if total else 1.0
    return 0.0
