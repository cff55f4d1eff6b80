"""Which of the rows that were read count: sums of the page tell, and what a row repeats of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from paperhook.reading.items import CENT, Item
from paperhook.reading.labels import windows
from paperhook.reading.vocabulary import LABEL_MEANINGS


def settle(items: Sequence[Item], sums: Sequence[Decimal]) -> list[Item]:
    """Drop rows that are parts of other rows, when the sums of the page say so.

    Args:
        sums: Amounts labelled as subtotal or total.
    """
    items = _with_amounts(items, sums)
    rows = _without_carried(_without_positions([_unswapped(item) for item in items]))
    kept = _without_sum(_uncounted(rows))
    if not kept or adds_up(kept, sums):
        return kept
    usual = sorted(item.indent for item in kept)[len(kept) // 2]
    tall = max(item.height for item in kept)
    outer = [item for item in kept if item.indent <= usual + 0.3 * item.height]
    large = [item for item in kept if item.height >= 0.93 * tall]
    return next((fewer for fewer in (outer, large) if adds_up(fewer, sums)), kept)


def _with_amounts(items: Sequence[Item], sums: Sequence[Decimal]) -> Sequence[Item]:
    """Take prices for amounts, where they add up to a sum of the page without being multiplied: "3  Notebook  28.50"."""
    prices = [item.unit_price for item in items if item.unit_price and item.amount is None]
    if len(prices) < len(items) or not any(item.quantity for item in items):
        return items
    plain = sum((price.value for price in prices), Decimal(0))
    times = sum(
        (p.value * (i.quantity.value if i.quantity else 1) for p, i in zip(prices, items, strict=True)),
        Decimal(0),
    )
    if any(abs(times - known) <= CENT for known in sums) or all(abs(plain - known) > CENT for known in sums):
        return items
    return [replace(item, amount=item.unit_price, unit_price=None) for item in items]


def _without_positions(items: list[Item]) -> list[Item]:
    """Take the numbers of the rows off the names, where their column has no head: "1 Bolts", "2 Nuts"."""
    firsts = [item.description[0] for item in items]
    if len(items) < 2 or not all(len(words) > 1 and words[0].text.strip(".").isdigit() for words in firsts):
        return items
    numbers = [int(words[0].text.strip(".")) for words in firsts]
    steps = {after - before for before, after in pairwise(numbers)}
    if len(steps) != 1 or not 0 < min(steps) <= 10 or numbers[0] > min(steps):
        return items
    return [replace(item, description=[item.description[0][1:], *item.description[1:]]) for item in items]


def _uncounted(items: list[Item]) -> list[Item]:
    """Take 1, 2, 3 … for the numbers of the rows, not for quantities: the head of both may be "No."."""
    counts = [item.quantity.value if item.quantity else None for item in items]
    if len(items) < 2 or counts != list(range(1, len(items) + 1)):
        return items
    if any(_multiplies(item) for item in items[1:]):
        return items
    return [replace(item, quantity=None) for item in items]


def _multiplies(item: Item) -> bool:
    quantity, price, amount = item.quantity, item.unit_price, item.amount
    return bool(quantity and price and amount and abs(quantity.value * price.value - amount.value) <= CENT)


def _without_carried(items: Sequence[Item]) -> list[Item]:
    """Drop the sum of all rows so far at the foot or the head of a page: what is carried forward."""
    kept: list[Item] = []
    total = Decimal(0)
    for before, item, after in zip([None, *items], items, [*items[1:], None], strict=False):
        at_edge = any(_page(other) not in {None, _page(item)} for other in (before, after) if other)
        bare = item.quantity is None and item.unit_price is None
        value = item.amount.value if item.amount else Decimal(0)
        if at_edge and bare and len(kept) > 1 and abs(value - total) <= CENT:
            continue
        kept.append(item)
        total += value
    return kept


def _page(item: Item) -> int | None:
    return item.amount.page.number if item.amount else None


def _without_sum(items: list[Item]) -> list[Item]:
    """Drop a last row such as "Total Qty", which repeats the sum of the rows above it, and what is added below one."""
    if len(items) < 2:
        return items
    total = Decimal(0)
    for index, item in enumerate(items):
        value = item.amount.value if item.amount else Decimal(0)
        rest = items[index:]
        bare = all(each.quantity is None and each.unit_price is None for each in rest)
        if index > 1 and bare and _is_below(rest, items[:index]) and abs(value - total) <= CENT:
            return items[:index]
        total += value
    last, amounts = items[-1], [item.amount.value for item in items if item.amount]
    opens = next(windows(last.words, LABEL_MEANINGS), None)
    named = opens is not None and opens[0] == 0 and {"total", "subtotal", "other_amount"} & set(opens[2])
    repeats = last.amount is not None and abs(sum(amounts) - 2 * last.amount.value) <= CENT
    return items[:-1] if named and repeats else items


def _is_below(rest: Sequence[Item], rows: Sequence[Item]) -> bool:
    """Whether rows stand at another edge than those above them, as sums do."""
    edge = max(row.indent for row in rows)
    return all(each.indent > edge + 2 * each.height for each in rest)


def adds_up(items: Sequence[Item], sums: Sequence[Decimal]) -> bool:
    """Whether the rows add up to a sum of the page."""
    total = sum((item.amount.value for item in items if item.amount), Decimal(0))
    return any(abs(total - known) <= CENT for known in sums)


def _unswapped(item: Item) -> Item:
    """A quantity with a currency beside a bare price is a price beside its quantity."""
    quantity, price = item.quantity, item.unit_price
    if quantity and price and quantity.currency and not price.is_money:
        return replace(item, quantity=price, unit_price=quantity)
    return item
