"""Subtotal, tax and total: what labels propose; `choosing` decides by arithmetic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from paperhook.reading.amounts import CURRENCIES, Amount, amounts_in
from paperhook.reading.labels import Label, Labels, above, below, is_head_of_sums, right_of, strange_words
from paperhook.reading.layout import Line
from paperhook.reading.vocabulary import LABEL_MEANINGS
from paperhook.reading.words import joined, squeeze

MONEY = ("subtotal", "tax", "total", "amount_due", "minus", "plus", "paid", "other_amount")
_CENT = Decimal("0.02")
#: So many digits without a mark between them are a number of something, not an amount.
_LONGEST = 8
#: Lines without a label between two totals.
_BETWEEN = 4
#: What says before a tax that there is none.
_NO = frozenset("no non not without ohne sans senza sin sem zonder uden utan bez keine".split())  # noqa: SIM905 - a list of words
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
        if "tax" in kinds and _is_denied(label):
            kinds.remove("tax")
        if (
            not kinds
            or label.line_index in avoid
            or _is_of_a_charge(label, labels)
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
    return _without_rows(found, lines, mark) + _added_between(found, lines, mark)


def _added_between(found: Sequence[Candidate], lines: Sequence[Line], mark: str) -> list[Candidate]:
    """The lower one of two totals once more, where amounts without labels between them make the difference.

    "Total services 1,570.00, recording fee 46.00, total billing 1,616.00": the last one is what the paper is about.
    """
    totals = sorted((one for one in found if one.kind == "total"), key=lambda one: one.label.line_index)
    labelled = {one.label.line_index for one in found}
    raised: list[Candidate] = []
    for one, other in pairwise(totals):
        between = range(one.label.line_index + 1, other.label.line_index)
        if not 1 <= len(between) <= _BETWEEN or labelled.intersection(between):
            continue
        last = [amounts[-1].value for index in between if (amounts := _money(lines[index], mark))]
        difference = other.amount.value - one.amount.value
        if last and difference > 0 and abs(sum(last) - difference) <= _CENT:
            raised.append(replace(other, score=other.score + 0.5))
    return raised


def _money(line: Line, mark: str) -> list[Amount]:
    return [amount for phrase in line.phrases for amount in amounts_in(phrase, mark) if amount.is_money]


def _is_denied(label: Label) -> bool:
    """Whether a label says that there is no such thing: "MOT (no VAT)"."""
    before = label.phrase.words[label.start - 1].text if label.start else ""
    after = label.rest[0].text if label.rest else ""
    return squeeze(before) in _NO or squeeze(after) in {
        "free",
        "exempt",
        "frei",
        "exento",
        "esente",
        "isento",
    }


def _is_of_a_charge(label: Label, labels: Labels) -> bool:
    """Whether a sum is told of a charge that its cell opens with: "Shipping (net 4.67 + VAT 0.33)   5.00"."""
    return (label.start > 0 and label.is_bracketed) and any(
        other.phrase is label.phrase
        and other.starts_phrase
        and {"plus", "minus", "paid"} & set(other.meanings)
        for other in labels.on_line(label.line_index)
    )


def _without_rows(found: list[Candidate], lines: Sequence[Line], mark: str) -> list[Candidate]:
    """Leave out the nets and grosses of several rates, "VAT 8.1%  Net 79.56  VAT 6.44  Gross 86.00": none is the total."""
    indexes = {one.label.line_index for one in found}
    rows = {index for index in indexes if _is_row_of_rate(lines[index], mark)}
    kept = [one for one in found if one.kind not in {"subtotal", "total"} or one.label.line_index not in rows]
    return kept if len(rows) > 1 and any(one.kind == "total" for one in kept) else found


def _is_row_of_rate(line: Line, mark: str) -> bool:
    values = [amount.value for amount in _money(line, mark)]
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
    amounts = _money(line, mark)
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
        or re.fullmatch(rf"\d{{{_LONGEST},}}", found[-1].text)
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
