"""The rows of an item table: amounts open a row, words wrap into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations

from paperhook.reading.amounts import Amount, amounts_in
from paperhook.reading.columns import (
    Head,
    add_amounts,
    cells_of,
    describe,
    find_heads,
    has_money,
    numbers_of,
    parted_cells,
)
from paperhook.reading.descriptions import leading_text, name_lines
from paperhook.reading.labels import is_head_of_sums, strange_words, windows
from paperhook.reading.layout import Line, Phrase
from paperhook.reading.sums import ENDS, MAYBE, phrase_of_sum
from paperhook.reading.vocabulary import LABEL_MEANINGS
from paperhook.reading.words import Word

#: What rounding may make of a row.
CENT = Decimal("0.02")
#: In heights of the text: rows farther apart are not of one table, however many notes stand between them …
_FAR = 30
#: … nor two lines of which nothing stands between.
_GAP = 9


@dataclass(slots=True)
class Item:
    """One row: the lines of its description, and its numbers."""

    line_index: int
    description: list[list[Word]] = field(default_factory=list[list[Word]])
    quantity: Amount | None = None
    unit_price: Amount | None = None
    amount: Amount | None = None

    @property
    def words(self) -> list[Word]:
        """The words of the description."""
        return [word for line in self.description for word in line]

    @property
    def indent(self) -> float:
        """Where the description starts."""
        return self.description[0][0].x0

    @property
    def height(self) -> float:
        """Of the description's letters."""
        return self.description[0][0].height

    @property
    def charge(self) -> Amount | None:
        """What the row costs: its amount, or its price where a table has no amounts."""
        return self.amount or self.unit_price


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of all item tables of a document."""

    items: tuple[Item, ...]
    #: Lines of heads and rows: their labels are not labels of totals.
    line_indexes: frozenset[int]


def read_tables(lines: Sequence[Line], mark: str) -> Table:
    """Read every item table of a document, heads repeated on later pages included."""
    items: list[Item] = []
    used: set[int] = set()
    heads = find_heads(lines, mark)
    for number, head in enumerate(heads):
        end = _end_of_table(lines, head, heads[number + 1] if number + 1 < len(heads) else None)
        describe(head, lines[head.last_line + 1 : end])
        add_amounts(head, lines[head.last_line + 1 : end], mark)
        rows = _Rows(lines, head, mark)
        rows.read(rows.body(end))
        read = rows.finished()
        items += read
        if read or number == 0:
            used |= rows.taken | set(range(head.line_index, head.last_line + 1))
    return Table(tuple(items), frozenset(used))


def _end_of_table(lines: Sequence[Line], head: Head, after: Head | None) -> int:
    """The line below a table's last one; what stands above heads repeated on a page is the page's own head."""
    if after is None:
        return len(lines)
    page = lines[after.line_index].page
    if lines[head.line_index].page is page or lines[head.line_index].text != lines[after.line_index].text:
        return after.line_index
    return next(index for index in range(after.line_index + 1) if lines[index].page is page)


class _Rows:
    """Reads the rows below one head."""

    def __init__(self, lines: Sequence[Line], head: Head, mark: str) -> None:
        self.lines, self.head, self.mark = [*lines], head, mark
        self.items: list[Item] = []
        self.taken: set[int] = set()

    # Which lines are rows.

    def body(self, end: int) -> list[int]:
        """List the lines between the head and the totals; sums of groups on the way are left out."""
        body: list[int] = []
        for index in range(self.head.last_line + 1, end):
            self._part(index)
            if is_head_of_sums(self.lines[index]):
                break
            kind = self._sum_kind(self.lines[index])
            if kind is not None and self._reads_like_item(self.lines[index], body):
                kind = None
            if kind in ENDS or (kind == "subtotal" and not self._goes_on(index + 1, end)):
                break
            if kind is None:
                body.append(index)
        return body

    def _part(self, index: int) -> None:
        """Part the cells of a row that recognition put together, where it has no charge otherwise."""
        line = self.lines[index]
        if self._charge(line) is None and has_money(line, self.mark):
            parted = parted_cells(line, self.head, self.mark)
            if self._charge(parted) is not None:
                self.lines[index] = parted

    def _sum_kind(self, line: Line) -> str | None:
        """The meaning of a line of sums: a label of totals with an amount, and no quantity or price."""
        phrase, kind = phrase_of_sum(line)
        if phrase is None or kind is None:
            return None
        cells = self._cells(line)
        # A label right of the descriptions has a table of its own on its line, of taxes for example.
        counted = bool(cells.get("quantity")) and self._is_left_of_numbers(phrase)
        if counted and cells.get("amount") and (cells.get("unit_price") or kind in MAYBE):
            return None
        if not any(amounts_in(phrase, self.mark) for phrase in line.phrases):
            return kind if kind in {"total", "subtotal", "amount_due"} else None
        # "Shipping" and "Deposit" are items when they stand where the items stand.
        column = self.head.named("description")
        in_column = column is not None and column.overlaps(phrase)
        return None if kind in MAYBE and in_column and cells.get("amount") else kind

    def _is_left_of_numbers(self, phrase: Phrase) -> bool:
        column = self.head.named("description")
        after = [other.x0 for other in self.head.columns if column is not None and other.x0 > column.x0]
        return column is None or phrase.x0 < min(after, default=float("inf"))

    def _reads_like_item(self, line: Line, before: Sequence[int]) -> bool:
        """Whether a line that opens with "Tax" or "Total" is an item all the same: "Tax return", "Total care".

        It stands where descriptions stand, says more than a sum does, and is not the sum of the rows above.
        """
        column, first = self.head.named("description"), line.phrases[0]
        if (
            column is None
            or abs(first.x0 - column.x0) > 0.3 * first.height
            or first.words[0].text.endswith(":")
        ):
            return False
        value = self._charge(line)
        _, end, _ = next(windows(first.words, LABEL_MEANINGS), (0, 0, ()))
        if value is None or not end or strange_words(first.words[end:]) == 0:
            return False
        rows = [charge.value for index in before if (charge := self._charge(self.lines[index]))]
        return value.value != sum(rows, Decimal(0))

    def _goes_on(self, start: int, end: int) -> bool:
        """Whether rows with a quantity or a price follow a subtotal: then it was the subtotal of a group."""
        for line in self.lines[start:end]:
            kind = self._sum_kind(line)
            if kind in ENDS:
                return False
            cells = self._cells(line)
            if kind is None and cells.get("amount") and (cells.get("quantity") or cells.get("unit_price")):
                return True
        return False

    # Rows.

    def read(self, body: Sequence[int]) -> None:
        """Turn lines into rows; a line without an amount belongs to the row above it, or to the one below."""
        bottom: float | None = self.lines[self.head.last_line].y1
        above = self.lines[self.head.last_line].y1
        page = self.lines[self.head.line_index].page
        waiting: list[int] = []
        for index in body:
            line = self.lines[index]
            if line.page is not page:
                page, bottom, above, waiting = line.page, None, line.y0, []
            if bottom is not None and self.items and line.y0 - bottom > _FAR * line.height:
                return
            if self.items and line.y0 - above > _GAP * line.height:
                return
            above = line.y1
            if self._charge(line) is None:
                self._continue(index)
                waiting.append(index)
                # Notes far below the last row are the table's only if another row follows them.
                if bottom is None or line.y0 - bottom <= _GAP * line.height:
                    self.taken.add(index)
                continue
            self.items.append(self._item(index, waiting))
            self.taken |= {index, *waiting}
            waiting, bottom = [], line.y1

    def finished(self) -> list[Item]:
        """The rows that have a description, each without the notes below it."""
        described = [item for item in self.items if item.description]
        if described:
            limit = self._right_limit()
            widest = max(words[-1].x1 for item in described for words in item.description)
            for item in described:
                item.description = name_lines(item.description, limit, widest)
        return described

    def _item(self, index: int, waiting: Sequence[int]) -> Item:
        line = self.lines[index]
        item = Item(index)
        self._fill(item, line)
        self._multiply(item, line)
        self._count(item)
        if item.description:
            return item
        # The amount may stand between the lines of its row: then the line before has the description.
        near = [
            w
            for w in waiting[-1:]
            if abs(self.lines[w].middle - line.middle) < 1.3 * max(self.lines[w].height, line.height)
        ]
        for before in near:
            words = self._description(self.lines[before])
            if self.items and words and self.items[-1].description[-1:] == [words]:
                self.items[-1].description.pop()
            self._fill(item, self.lines[before])
        return item

    def _continue(self, index: int) -> None:
        words = self._description(self.lines[index])
        if not words or not self.items or not self.items[-1].description:
            return
        item, line = self.items[-1], self.lines[index]
        near = line.y0 - item.description[-1][-1].y1 < line.height
        if near and line.page is self.lines[item.line_index].page:
            item.description.append(words)

    def _fill(self, item: Item, line: Line) -> None:
        cells = self._cells(line)
        for name, position in (("quantity", 0), ("unit_price", -1), ("amount", -1)):
            values = cells.get(name)
            if values and getattr(item, name) is None:
                setattr(item, name, values[position])
        if not item.description and (words := self._description(line)):
            item.description.append(words)

    def _multiply(self, item: Item, line: Line) -> None:
        """Take those two numbers of a row for quantity and price that multiply to its amount.

        Where heads are centred above numbers at the right edge, the nearest head is often the wrong one.
        """
        quantity, price = self.head.named("quantity"), self.head.named("unit_price")
        if item.amount is None or not item.amount.value or (item.quantity and item.unit_price):
            return
        numbers = [n for n in numbers_of(line, self.head, self.mark) if n.words != item.amount.words]
        if quantity is None:
            # The same the other way round: "Words", "Pages", "m²" above what the price multiplies with.
            known = item.unit_price
            counts = [n for n in numbers if known and n is not known and _multiply_to(n, known, item.amount)]
            item.quantity = counts[0] if counts else None
            return
        if price is None:
            # A head that no table of words knows, above what the quantity multiplies with.
            known = item.quantity
            prices = [n for n in numbers if n.is_money and known and _multiply_to(known, n, item.amount)]
            item.unit_price = prices[0] if prices else None
            return
        for left, right in combinations(numbers, 2):
            one, other = (left, right) if quantity.x0 < price.x0 else (right, left)
            if _multiply_to(one, other, item.amount):
                item.quantity, item.unit_price = one, other
                return

    def _count(self, item: Item) -> None:
        """Take the first number of a description for the quantity, where it multiplies to the amount.

        Columns may stand so close that recognition reads "4 Hinge" as one cell.
        """
        column = self.head.named("quantity")
        words = item.description[0] if item.description else []
        named = self.head.named("description")
        if column is None or named is None or column.x0 > named.x0 or item.quantity or len(words) < 2:
            return
        found = amounts_in(Phrase(self.lines[item.line_index].page, tuple(words[:1])), self.mark)
        if found and item.unit_price and item.amount and _multiply_to(found[0], item.unit_price, item.amount):
            item.quantity, item.description[0] = found[0], words[1:]

    def _cells(self, line: Line) -> dict[str, list[Amount]]:
        return cells_of(line, self.head, self.mark)

    def _charge(self, line: Line) -> Amount | None:
        anchor = "amount" if self.head.named("amount") else "unit_price"
        values = self._cells(line).get(anchor)
        return values[-1] if values else None

    # Descriptions.

    def _description(self, line: Line) -> list[Word]:
        """The words of a line that stand in the description's column."""
        column = self.head.named("description")
        if column is None:
            return leading_text(line)
        phrases = [phrase for phrase in line.phrases if self._is_description(phrase)]
        # What stands left of the description in a column without a head is a code or a group, not the name.
        below = [phrase for phrase in phrases if column.overlaps(phrase)]
        left = [phrase for phrase in phrases if phrase.x1 < column.x0 - phrase.height]
        return [word for phrase in phrases if not (below and phrase in left) for word in phrase.words]

    def _is_description(self, phrase: Phrase) -> bool:
        column = self.head.named("description")
        assert column is not None  # noqa: S101 - asked only where the table has such a column
        columns = self.head.columns
        index = columns.index(column)
        left = columns[index - 1] if index else None
        right = columns[index + 1] if index + 1 < len(columns) else None
        if right is not None and phrase.x0 >= right.x0 - 0.1 * phrase.height:
            return False
        amounts = amounts_in(phrase, self.mark)
        whole = any(len(amount.words) == len(phrase.words) for amount in amounts)
        number = whole or bool(re.fullmatch(r"[\W\d]+", phrase.text))
        nearest = self.head.nearest(phrase.x0, phrase.x1)
        if (
            left is not None
            and phrase.x0 < column.x0
            and phrase.x1 <= max(left.x1, column.x0)
            and (nearest is left or number)
        ):
            return False
        if nearest is column or column.overlaps(phrase):
            return True
        # Heads are often centred above left-aligned text: text between two heads is description, numbers are not.
        after_left = left is None or (phrase.x0 >= left.x0 and not (nearest is left and phrase.x0 < left.x1))
        return after_left and not number and (right is None or (phrase.x0 + phrase.x1) / 2 < right.x0)

    def _right_limit(self) -> float:
        """Where the next column begins: by its head, or by its numbers."""
        column = self.head.named("description")
        if column is None:
            return float("inf")
        edges = [other.x0 for other in self.head.columns if other.x0 > column.x0]
        numbers = [n for item in self.items for n in (item.quantity, item.unit_price, item.amount) if n]
        edges += [number.words[0].x0 for number in numbers if number.words[0].x0 > column.x0]
        return min(edges, default=float("inf"))


def _multiply_to(quantity: Amount, price: Amount, amount: Amount) -> bool:
    return abs(quantity.value * price.value - amount.value) <= CENT
