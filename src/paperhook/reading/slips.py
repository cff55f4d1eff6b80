"""Rows without heads, as on a till receipt: "text … amount", counted only when they add up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from paperhook.reading.amounts import amounts_in
from paperhook.reading.items import Item, adds_up, label_of_sum, leading_text
from paperhook.reading.layout import Line

_CENT = Decimal("0.02")


def rows_without_heads(
    lines: Sequence[Line], mark: str, sums: Sequence[Decimal], table_lines: frozenset[int]
) -> list[Item]:
    """Find rows that stand together, start at one edge and add up to a sum of the page.

    Without a sum that confirms them such rows prove nothing, so nothing is returned.
    """
    groups: dict[tuple[int, int], list[Item]] = {}
    block = 0
    for index, line in enumerate(lines):
        item = None if index in table_lines else _row(line, index, mark)
        if item is None:
            # A heading parts two blocks; a tax below an item does not.
            block += not any(amounts_in(phrase, mark) for phrase in line.phrases)
            continue
        groups.setdefault((block, round(item.indent / (0.3 * item.height))), []).append(item)
    found: list[Item] = []
    for items in groups.values():
        for part in (items, [item for item in items if item.amount and item.amount.value]):
            if len(part) > len(found) and adds_up(part, sums):
                found = part
    return found


def _row(line: Line, index: int, mark: str) -> Item | None:
    if len(line.phrases) < 2 or label_of_sum(line) is not None:
        return None
    amounts = amounts_in(line.phrases[-1], mark)
    words = leading_text(line)
    if not amounts or not amounts[-1].is_money or not words or words[-1].x1 > amounts[-1].words[0].x0:
        return None
    item = Item(index, [words], amount=amounts[-1])
    cells = [phrase for phrase in line.phrases[:-1] if phrase.words[0] is not words[0]]
    numbers = [amount for phrase in cells for amount in amounts_in(phrase, mark)]
    if len(numbers) == 2 and abs(numbers[0].value * numbers[1].value - amounts[-1].value) <= _CENT:
        item.quantity, item.unit_price = numbers
    elif len(numbers) == 1 and not numbers[0].is_money and numbers[0].value:
        item.quantity = numbers[0]
    return item
