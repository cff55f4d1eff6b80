"""Rows without heads, as on a till receipt: "text … amount", counted only when they add up."""

# ruff: noqa: RUF001 - slips print these signs.
from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate

from paperhook.reading.amounts import Amount, amounts_in
from paperhook.reading.descriptions import leading_text
from paperhook.reading.eastern import EASTERN
from paperhook.reading.items import Item
from paperhook.reading.labels import windows
from paperhook.reading.layout import Line, Phrase
from paperhook.reading.sums import label_of_sum
from paperhook.reading.vocabulary import LABEL_MEANINGS
from paperhook.reading.words import Word

_CENT = Decimal("0.02")
#: "@500*2", "2 x 1,50", "3 @ $4.00": a price and how often, in either order.
_COUNT = re.compile(
    r"(?i)^\W{0,3}(?P<first>[\d.,]+)\s?(?:[1l]bs?\.?|\D{0,4}?)\s?(?P<sign>[x×*@✕]|ea\b|per\b|コ|個|点|本|枚)\s?\D{0,3}?(?P<second>[\d.,]+)"
    r"\s?(?:円|ea\.?|each|個|コ|点|本|枚|/\w+|[€$£¥]|eur|st(?:k|ück)?\.?|pcs)?\W{0,2}$"
)
#: In heights of the text: rows of one list start at one edge, as far as recognition sees one.
_EDGE = 0.6
#: An amount without decimals and currency.
_PLAIN = re.compile(r"-?\d{1,3}(?:[,.]\d{3})+|-?\d{2,6}")
#: What may stand before a price that a name ends with.
_EACH = re.compile(r"(?i)(?:(?:à|á|a|@|x|je|each|ea)\s?)?[€$£¥]?\d\S*(?:\s?[€$£])?$")
#: In heights: a space of a till's print, where letters do not fill their places.
_SPACE = 1.3
#: Headings above a sum at which its rows may begin.
_STARTS = 12
_TIMES = re.compile(r"(?i)^\d{1,3}\s?[x×*]$")


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount labelled as subtotal or total, and its line."""

    value: Decimal
    line_index: int


def rows_without_heads(
    lines: Sequence[Line],
    mark: str,
    sums: Sequence[Sum],
    table_lines: frozenset[int],
    taken: Sequence[Sum] = (),
) -> list[Item]:
    """Find rows that stand together, start at one edge and add up to a sum of the page.

    Without a sum that confirms them such rows prove nothing, so nothing is returned. Amounts without decimals and
    currency, as in Japan, are believed only where no others add up.

    Args:
        taken: What lines between the rows take off, such as discounts; negative.
    """
    for plain in (False, True):
        blocks = [block for block in _blocks(lines, mark, table_lines, plain=plain) if block]
        found: list[Item] = []
        for block in blocks:
            for items in (*_at_one_edge(block), block):
                for part in (items, [item for item in items if item.amount and item.amount.value]):
                    if len(part) > len(found) and _add_up(part, sums):
                        found = part
        above = _above_a_sum(blocks, sums, taken)
        if rows := above if len(above) > len(found) else found:
            rows = _counted([_priced(item, mark) for item in rows])
            return [] if plain and len(rows) < 2 else [_proven(_priced(item, mark)) for item in rows]
    return []


def _above_a_sum(blocks: Sequence[list[Item]], sums: Sequence[Sum], taken: Sequence[Sum]) -> list[Item]:
    """The rows from the beginning of a block that make a sum below them, less what is taken off among them.

    Between them and the sum there may be rows of taxes.
    """
    rows = [item for block in blocks for item in block]
    added = [Decimal(0), *accumulate(item.amount.value for item in rows if item.amount)]
    off = sorted(taken, key=lambda one: one.line_index)
    less = [Decimal(0), *accumulate(one.value for one in off)]
    ends: dict[Decimal, list[int]] = {}
    for index, value in enumerate(added):
        ends.setdefault(value, []).append(index)
    starts = [0, *accumulate(len(block) for block in blocks)][:-1]
    best: list[Item] = []
    for known in sums:
        end = bisect_left(rows, known.line_index, key=lambda item: item.line_index)
        last = bisect_left(off, known.line_index, key=lambda one: one.line_index)
        for start in [start for start in starts if start < end][-_STARTS:]:
            first = bisect_left(off, rows[start].line_index, key=lambda one: one.line_index)
            total = added[end] - added[start]
            fits = any(abs(total + part - known.value) <= _CENT for part in (0, less[last] - less[first]))
            stop = end if fits else _last_before(ends.get(added[start] + known.value, []), end)
            if stop - start > max(1, len(best)):
                best = rows[start:stop]
    return best


def _add_up(items: Sequence[Item], sums: Sequence[Sum]) -> bool:
    total = sum((item.amount.value for item in items if item.amount), Decimal(0))
    last = max(item.line_index for item in items)
    # A lone row that repeats the sum above it is what was paid.
    return any(
        abs(total - known.value) <= _CENT and (len(items) > 1 or known.line_index > last) for known in sums
    )


def _at_one_edge(block: Sequence[Item]) -> Iterator[list[Item]]:
    """Part rows by where they start: notes and sums are often indented."""
    rest = list(block)
    while rest:
        edge, height = rest[0].indent, rest[0].height
        yield [item for item in rest if abs(item.indent - edge) <= _EDGE * height]
        rest = [item for item in rest if abs(item.indent - edge) > _EDGE * height]


def _last_before(indexes: Sequence[int], end: int) -> int:
    position = bisect_left(indexes, end)
    return indexes[position - 1] if position else 0


# Lines to rows.


def _blocks(
    lines: Sequence[Line], mark: str, table_lines: frozenset[int], *, plain: bool
) -> Iterator[list[Item]]:
    """Gather rows that follow each other; a heading parts two blocks, a sum or a tax among them does not."""
    block: list[Item] = []
    for index, line in enumerate(lines):
        above = lines[index - 1] if index and index - 1 not in table_lines else None
        if index in table_lines or label_of_sum(line) is not None:
            continue
        if (count := _count(line, mark)) is not None:
            block += _with_count(count, line, index, above, block, mark)
        elif (item := _row(line, index, mark, plain=plain)) is not None:
            block.append(_times(item, above, mark))
        elif not any(amounts_in(phrase, mark) for phrase in line.phrases) and not _opens(lines, index, mark):
            yield block
            block = []
    yield block


def _opens(lines: Sequence[Line], index: int, mark: str) -> bool:
    """Whether a line is the name of the row whose price and amount stand in the next line."""
    after = lines[index + 1] if index + 1 < len(lines) else None
    return after is not None and _count(after, mark) is not None


def _row(line: Line, index: int, mark: str, *, plain: bool) -> Item | None:
    if len(line.phrases) < 2:
        return None
    amounts = amounts_in(line.phrases[-1], mark)
    words = _name(line)
    if not amounts or not words or words[-1].x1 > amounts[-1].words[0].x0:
        return None
    if amounts[-1].value < 0 and _takes_off(line):
        return None
    if not amounts[-1].is_money and not (plain and _PLAIN.fullmatch(amounts[-1].text)):
        return None
    item = Item(index, [_without_code(words)], amount=amounts[-1])
    cells = [phrase for phrase in line.phrases[:-1] if phrase.words[0] not in words]
    numbers = [amount for phrase in cells for amount in amounts_in(phrase, mark)]
    if len(numbers) == 2 and abs(numbers[0].value * numbers[1].value - amounts[-1].value) <= _CENT:
        item.quantity, item.unit_price = numbers
    elif len(numbers) == 1 and not numbers[0].is_money and 0 < numbers[0].value < 10_000:
        item.quantity = numbers[0]
    elif len(numbers) == 1:
        # Kept until a count is found that it multiplies with.
        item.unit_price = numbers[0]
    for phrase in cells:
        count = _count(Line(line.page, (phrase,)), mark)
        if count is not None and (factors := count.cells(amounts[-1])):
            item.quantity, item.unit_price = factors
    return item


def _takes_off(line: Line) -> bool:
    """Whether a line names a discount, wherever in it: "Member savings"."""
    return any(
        "minus" in meanings
        for phrase in line.phrases
        for _, _, meanings in windows(phrase.words, LABEL_MEANINGS)
    )


def _name(line: Line) -> list[Word]:
    """The first cell of words, and the next ones as far as they follow it closely: tills print wide spaces."""
    words = leading_text(line)
    for phrase in line.phrases[:-1]:
        gap = phrase.x0 - words[-1].x1 if words else -1.0
        if 0 <= gap <= _SPACE * phrase.height and re.search(r"[^\W\d_]", phrase.text):
            words += phrase.words
    return words


def _priced(item: Item, mark: str) -> Item:
    """Take the price off a name that begins or ends with it: "2 x 0,45 Rolls", "2 Soup à 4,50"."""
    words, amount = item.description[0], item.amount
    assert amount is not None  # noqa: S101 - rows of slips have one
    for size in range(min(4, len(words) - 1), 1, -1):
        # "2 x 0,45 Rolls": the price stands before the name.
        count = _count(Line(amount.page, (Phrase(amount.page, tuple(words[:size])),)), mark)
        if item.quantity is None and count is not None and (cells := count.cells(amount)):
            return replace(item, description=[words[size:]], quantity=cells[0], unit_price=cells[1])
    for size in range(min(4, len(words) - 1), 0, -1):
        tail = Line(amount.page, (Phrase(amount.page, tuple(words[-size:])),))
        count = _count(tail, mark)
        if item.quantity is None and count is not None and (cells := count.cells(amount)):
            return replace(item, description=[words[:-size]], quantity=cells[0], unit_price=cells[1])
        price = _price_at_end(tail.phrases[0], mark)
        if item.quantity and price and abs(item.quantity.value * price.value - amount.value) <= _CENT:
            return replace(item, description=[words[:-size]], unit_price=price)
    return item


def _proven(item: Item) -> Item:
    """A row without a price that does not multiply with its quantity."""
    price, count, amount = item.unit_price, item.quantity, item.amount
    proven = price and count and amount and abs(price.value * count.value - amount.value) <= _CENT
    return item if proven or price is None else replace(item, unit_price=None)


def _price_at_end(phrase: Phrase, mark: str) -> Amount | None:
    """The amount of "à 4,50", "@ 2.00" or "4,50"."""
    found = _EACH.match(phrase.text)
    amounts = amounts_in(Phrase(phrase.page, phrase.words[-1:]), mark)
    return amounts[0] if found and amounts and amounts[0].is_money else None


def _without_code(words: list[Word]) -> list[Word]:
    """A name without the bar code that tills print behind it."""
    name = [word for word in words if not re.fullmatch(r"\d{8,14}", word.text)]
    return name or words


# Prices and how often.


@dataclass(frozen=True, slots=True)
class _Count:
    """Two factors of a line such as "@500*2", and the amount at its end, if there is one."""

    factors: tuple[Amount, Amount]
    amount: Amount | None

    def cells(self, amount: Amount) -> tuple[Amount, Amount] | None:
        """Quantity and price, when they make the amount; the count is the smaller whole number without a currency."""
        one, other = self.factors
        if abs(one.value * other.value - amount.value) > _CENT:
            return None
        whole = [each for each in self.factors if each.value == int(each.value) and each.currency is None]
        if not whole:
            return None
        quantity = min(whole, key=lambda each: (each.is_money, each.value))
        return quantity, other if quantity is one else one


def _count(line: Line, mark: str) -> _Count | None:
    words = list(line.words)
    for end in range(len(words), max(0, len(words) - 4), -1):
        phrase = Phrase(line.page, tuple(words[:end]))
        if not _COUNT.match(phrase.text):
            continue
        # The signs between them would hide the numbers from the search for amounts.
        numbers = [amount for word in phrase.words for amount in _factors(line, word, mark)]
        rest = Phrase(line.page, tuple(words[end:])) if words[end:] else None
        amounts = amounts_in(rest, mark) if rest else []
        # What has a name of its own is a row, not the count of another.
        named = rest is not None and bool(re.search(r"[^\W\d_]{3}", rest.text))
        if len(numbers) == 2 and (not rest or (amounts and not named)):
            return _Count((numbers[0], numbers[1]), amounts[-1] if amounts else None)
    return None


def _factors(line: Line, word: Word, mark: str) -> list[Amount]:
    text = re.sub(r"/\w+$", "", word.text)
    parts = [part for part in re.split(r"(?i)[x×*@✕]|コ|個|点|本|枚", text) if re.search(r"\d", part)]
    phrases = [Phrase(line.page, (replace(word, text=part),)) for part in parts]
    return [replace(amount, words=(word,)) for phrase in phrases for amount in amounts_in(phrase, mark)]


def _with_count(
    count: _Count, line: Line, index: int, above: Line | None, block: Sequence[Item], mark: str
) -> list[Item]:
    """The row that a count completes: a new one below its name, or none because it tells more of the row above."""
    before = block[-1] if block and block[-1].line_index == index - 1 else None
    if before is not None and before.amount is not None and before.quantity is None:
        if cells := count.cells(before.amount):
            before.quantity, before.unit_price = cells
        return []
    named = leading_text(above) if above is not None and above.page is line.page else []
    near = above is not None and line.y0 - above.y1 < 1.2 * line.height
    if count.amount is None or not named or not near or amounts_in(Phrase(line.page, tuple(named)), mark):
        return []
    item = Item(index, [named], amount=count.amount)
    if cells := count.cells(count.amount):
        item.quantity, item.unit_price = cells
    return [item]


def _times(item: Item, above: Line | None, mark: str) -> Item:
    """A row whose count stands in the line above it."""
    count = _count(above, mark) if above is not None else None
    cells = count.cells(item.amount) if count and not count.amount and item.amount else None
    if cells and item.quantity is None:
        item.quantity, item.unit_price = cells
    return item


def _counted(items: list[Item]) -> list[Item]:
    """Take counts off the names: "2 x Coffee", or "2 Coffee" where every row begins with one."""
    times = [_leading_count(item, sure=False) for item in items]
    every = len(items) > 1 and all(times)
    items = [_split_off(item, -_count_behind(item)) if _count_behind(item) else item for item in items]
    if len(items) > 1 and all(_trailing_count(item) for item in items):
        return [_split_off(item, -1) for item in items]
    return [
        _split_off(item, size)
        if size and item.quantity is None and (every or _leading_count(item, sure=True))
        else item
        for item, size in zip(items, times, strict=True)
    ]


def _leading_count(item: Item, *, sure: bool) -> int:
    """How many words of the name are a count: 0, 1 or 2."""
    words = item.description[0]
    first = words[0].text
    if len(words) > 1 and _TIMES.match(first):
        return 1
    if len(words) > 2 and re.fullmatch(r"\d{1,3}", first) and re.fullmatch(r"(?i)[x×*]", words[1].text):
        return 2
    return int(not sure and len(words) > 1 and bool(re.fullmatch(r"[1-9]\d{0,2}", first)))


def _count_behind(item: Item) -> int:
    """How many words at the end of a name are a count: "Croissant x 2"."""
    words = item.description[0]
    if item.quantity is None and len(words) > 1 and re.fullmatch(r"(?i)[x×]\d{1,2}", words[-1].text):
        return 1
    apart = len(words) > 2 and re.fullmatch(r"(?i)[x×]", words[-2].text)
    return 2 if item.quantity is None and apart and re.fullmatch(r"\d{1,2}", words[-1].text) else 0


def _trailing_count(item: Item) -> bool:
    """Whether a name without spaces ends with a count, as on Japanese slips: "生ビール 5"."""
    words = item.description[0]
    eastern = len(words) > 1 and EASTERN.search(words[0].text)
    return bool(eastern and item.quantity is None and re.fullmatch(r"[1-9]\d?", words[-1].text))


def _split_off(item: Item, size: int) -> Item:
    words = item.description[0]
    counted, rest = (words[:1], words[size:]) if size > 0 else (words[size:], words[:size])
    digits = re.sub(r"\D", "", "".join(word.text for word in counted))
    assert item.amount is not None  # noqa: S101 - rows of slips have one
    quantity = Amount(Decimal(digits), digits, item.amount.page, tuple(counted), None, is_money=False)
    return replace(item, description=[rest, *item.description[1:]], quantity=quantity)
