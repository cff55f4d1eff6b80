"""The table of items: heads give the columns, amounts give the rows, sums tell which rows count."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from paperhook.reading.amounts import Amount, amounts_in
from paperhook.reading.labels import strange_words, windows
from paperhook.reading.layout import Line, Phrase
from paperhook.reading.vocabulary import COLUMN_MEANINGS, LABEL_MEANINGS
from paperhook.reading.words import Word, joined, squeeze

#: Meanings of labels that end a table when an amount stands beside them.
_ENDS = {"tax", "total", "amount_due", "paid"}
_SUMS = _ENDS | {"subtotal", "minus", "plus", "other_amount"}
_CENT = Decimal("0.02")


@dataclass(slots=True)
class Column:
    meaning: str
    words: tuple[Word, ...]
    x0: float
    x1: float


@dataclass(slots=True)
class Head:
    """The heads of a table: its columns from left to right, and the lines they take."""

    line_index: int
    last_line: int
    columns: list[Column]

    def named(self, meaning: str) -> Column | None:
        return next((column for column in self.columns if column.meaning == meaning), None)


@dataclass(slots=True)
class Item:
    """One row: the words of its cells by column."""

    line_index: int
    page_number: int
    description: list[list[Word]] = field(default_factory=list[list[Word]])
    quantity: Amount | None = None
    unit_price: Amount | None = None
    amount: Amount | None = None
    indent: float = 0.0
    height: float = 0.0

    @property
    def description_words(self) -> list[Word]:
        return [word for line in self.description for word in line]


@dataclass(frozen=True, slots=True)
class Table:
    items: tuple[Item, ...]
    #: Lines of heads and rows: their labels are not labels of totals.
    line_indexes: frozenset[int]


def read_tables(lines: Sequence[Line], mark: str) -> Table:
    """Read every item table of a document, heads repeated on later pages included."""
    items: list[Item] = []
    used: set[int] = set()
    heads = _heads(lines, mark)
    for number, head in enumerate(heads):
        end = heads[number + 1].line_index if number + 1 < len(heads) else len(lines)
        used.update(range(head.line_index, head.last_line + 1))
        rows, taken = _rows(lines, head, end, mark)
        items.extend(rows)
        used.update(taken)
    return Table(tuple(items), frozenset(used))


# Heads.


def _heads(lines: Sequence[Line], mark: str) -> list[Head]:
    heads: list[Head] = []
    for index in range(len(lines)):
        if heads and index <= heads[-1].last_line:
            continue
        head = _head_at(lines, index, mark)
        if head is not None:
            heads.append(head)
    if not heads:
        return []
    # An item table has a description, a price or a quantity; a table of taxes or payments has amounts only.
    best = max(_worth(head) for head in heads)
    kept = [head for head in heads if _worth(head) >= min(best, 3)]
    first = {column.meaning for column in kept[0].columns}
    return [
        head
        for head in kept
        if head is kept[0] or len(first & {c.meaning for c in head.columns}) >= 3 or _worth(head) >= 3
    ]


def _worth(head: Head) -> int:
    return len({column.meaning for column in head.columns} - {"other"})


def _head_at(lines: Sequence[Line], index: int, mark: str) -> Head | None:
    line = lines[index]
    columns = _columns(line)
    meanings = {column.meaning for column in columns}
    if len(meanings - {"other"}) < 2 or not meanings & {"amount", "unit_price"}:
        return None
    if not meanings & {"description", "quantity"} or _has_money(line, mark):
        return None
    covered = sum(len(column.words) for column in columns)
    if covered < 0.5 * len(line.words):
        return None
    last = index
    band = [line]
    for other_index in (index - 1, index + 1, index + 2):
        if not 0 <= other_index < len(lines):
            continue
        other = lines[other_index]
        near = min(abs(other.middle - known.middle) for known in band) < 1.35 * max(line.height, other.height)
        if (
            other.page is line.page
            and near
            and not _has_money(other, mark)
            and _wraps(other, line, columns, other_index < index)
        ):
            band.append(other)
            last = max(last, other_index)
    columns = _widened(columns, band[1:])
    _settle(columns)
    return Head(index, last, columns)


def _has_money(line: Line, mark: str) -> bool:
    return any(amount.is_money for phrase in line.phrases for amount in amounts_in(phrase, mark))


def _wraps(other: Line, head: Line, columns: Sequence[Column], is_above: bool) -> bool:
    """Whether a line beside the heads is the second half of wrapped heads, not a row."""
    known = [bool(COLUMN_MEANINGS.get(squeeze(phrase.text))) for phrase in other.phrases]
    under_known = [
        any(
            phrase.x0 < column.x1 and phrase.x1 > column.x0 and column.meaning != "description"
            for column in columns
        )
        for phrase in other.phrases
    ]
    digits = any(character.isdigit() for phrase in other.phrases for character in phrase.text)
    if digits:
        return False
    return all(known) or all(under_known) or (is_above and any(known) and len(other.phrases) <= 2)


def _columns(line: Line) -> list[Column]:
    columns: list[Column] = []
    for phrase in line.phrases:
        spans = list(windows(phrase.words, COLUMN_MEANINGS))
        # "Net amount of goods" is one head; "BTW Prijs incl. BTW" is two with a narrow gap.
        whole = COLUMN_MEANINGS.get(squeeze(phrase.text))
        if whole:
            spans = [(0, len(phrase.words), whole)]
        if not spans:
            columns.append(Column("other", phrase.words, phrase.x0, phrase.x1))
            continue
        previous = 0
        for number, (start, end, meanings) in enumerate(spans):
            last = len(phrase.words) if number == len(spans) - 1 else end
            words = phrase.words[previous:last] if number == 0 else phrase.words[start:last]
            columns.append(Column(meanings[0], words, words[0].x0, words[-1].x1))
            previous = last
    return columns


def _widened(columns: list[Column], others: Sequence[Line]) -> list[Column]:
    for other in others:
        for phrase in other.phrases:
            column = next((c for c in columns if phrase.x0 < c.x1 and phrase.x1 > c.x0), None)
            if column is None:
                meanings = COLUMN_MEANINGS.get(squeeze(phrase.text))
                if meanings:
                    columns.append(Column(meanings[0], phrase.words, phrase.x0, phrase.x1))
                continue
            above = phrase.middle < column.words[0].middle
            words = (*phrase.words, *column.words) if above else (*column.words, *phrase.words)
            meanings = COLUMN_MEANINGS.get(squeeze(joined(words)))
            column.words, column.x0, column.x1 = words, min(column.x0, phrase.x0), max(column.x1, phrase.x1)
            if meanings:
                column.meaning = meanings[0]
    return sorted(columns, key=lambda column: column.x0)


#: Heads that yield to a clearer one of the same meaning: "Item" beside "Description", "Unit" beside "Price".
_VAGUE = re.compile(
    r"(?i)^(?:item|items|article|artikel|position|service|product|produkt|produit|prodotto|producto|name|date|unit|each|time|no|nr|nº|n°|type|code|plan|category|text)\W*$"
)


def _settle(columns: list[Column]) -> None:
    """Keep one column of each meaning: the rightmost amount, the leftmost of the others."""
    amounts = [column for column in columns if column.meaning == "amount"]
    prices = [column for column in columns if column.meaning == "unit_price"]
    if not amounts and len(prices) > 1:
        prices[-1].meaning = "amount"
        amounts, prices = [prices[-1]], prices[:-1]
    for column in amounts[:-1]:
        column.meaning = "other"
    for meaning in ("description", "quantity", "unit_price"):
        same = [column for column in columns if column.meaning == meaning]
        clear = [column for column in same if not _VAGUE.search(joined(column.words))] or same
        for column in same:
            if column is not clear[0]:
                column.meaning = "other"
    if not amounts and prices:
        # "Item, quantity, price" without a column of amounts: the price is what is charged per row.
        rightmost = max(columns, key=lambda column: column.x0)
        if rightmost.meaning == "unit_price" and not any(column.meaning == "quantity" for column in columns):
            rightmost.meaning = "amount"


# Rows.


def _rows(lines: Sequence[Line], head: Head, end: int, mark: str) -> tuple[list[Item], set[int]]:
    """Read the rows below a head up to the totals; the second value lists the lines taken."""
    body: list[int] = []
    page = lines[head.line_index].page
    for index in range(head.last_line + 1, end):
        line = lines[index]
        if line.page is not page:
            # A table that goes on without heads is followed; one that has ended is not.
            page = line.page
        kind = _sum_kind(line, head, mark)
        if kind is not None and _reads_like_item(line, head, mark, [lines[i] for i in body]):
            kind = None
        if kind in _ENDS:
            break
        if kind is not None:
            if kind == "subtotal" and not _goes_on(lines, index + 1, end, head, mark):
                break
            continue
        body.append(index)
    return _grouped(lines, head, body, mark)


def _sum_kind(line: Line, head: Head, mark: str) -> str | None:
    """The meaning of a line of sums: a label of totals with an amount, and no quantity or price."""
    money = [amount for phrase in line.phrases for amount in amounts_in(phrase, mark)]
    first = _label_of(line)
    if first is None:
        return None
    cells = _cells(line, head, mark)
    if cells.get("quantity") and cells.get("unit_price") and cells.get("amount"):
        return None
    if not money and first not in {"total", "subtotal", "amount_due"}:
        return None
    if cells.get("quantity") and cells.get("amount") and first in {"plus", "minus", "other_amount", "paid"}:
        return None
    if (
        first in {"plus", "minus", "other_amount", "paid"}
        and _in_description(line, head)
        and cells.get("amount")
    ):
        # "Shipping" and "Deposit" are items when they stand where the items stand.
        return None
    return first


def _reads_like_item(line: Line, head: Head, mark: str, before: Sequence[Line]) -> bool:
    """Whether a line that opens with "Tax" or "Total" is an item all the same: "Tax return 2023", "Total care".

    It stands where descriptions stand, says more than a sum does, and is not the sum of the rows above.
    """
    column = head.named("description")
    first = line.phrases[0]
    if column is None or abs(first.x0 - column.x0) > 3 or first.words[0].text.endswith(":"):
        return False
    cells = _cells(line, head, mark)
    values = cells.get("amount") or cells.get("unit_price")
    spans = list(windows(first.words, LABEL_MEANINGS))
    if not values or not spans or strange_words(first.words[spans[0][1] :]) == 0:
        return False
    rows = [
        row.get("amount") or row.get("unit_price") for row in (_cells(line, head, mark) for line in before)
    ]
    return values[-1].value != sum((row[-1].value for row in rows if row), Decimal(0))


def _in_description(line: Line, head: Head) -> bool:
    column = head.named("description")
    return (
        column is not None
        and any(phrase.x0 < column.x1 and phrase.x1 > column.x0 for phrase in line.phrases)
        and (line.phrases[0].x0 <= column.x1)
    )


def _label_of(line: Line) -> str | None:
    for phrase in line.phrases:
        for start, _, meanings in windows(phrase.words, LABEL_MEANINGS):
            # "Total" opens the phrase of a sum; inside a description it is a word like others.
            opens = start == 0 or strange_words(phrase.words[:start]) == 0
            if opens and (kinds := [meaning for meaning in meanings if meaning in _SUMS]):
                return kinds[0]
    return None


def _goes_on(lines: Sequence[Line], start: int, end: int, head: Head, mark: str) -> bool:
    for line in lines[start:end]:
        kind = _sum_kind(line, head, mark)
        if kind in _ENDS:
            return False
        cells = _cells(line, head, mark)
        if kind is None and cells.get("amount") and (cells.get("quantity") or cells.get("unit_price")):
            return True
    return False


def _cells(line: Line, head: Head, mark: str) -> dict[str, list[Amount]]:
    """Sort the numbers of a line into the columns."""
    cells: dict[str, list[Amount]] = {}
    numbers: list[Amount] = []
    description = head.named("description")
    for phrase in line.phrases:
        for amount in amounts_in(phrase, mark):
            inside = description and phrase.x0 < description.x1 and phrase.x1 > description.x0
            if inside and description and len(amount.words) < len(phrase.words):
                cells.setdefault("description", []).append(amount)
            else:
                numbers.append(amount)
    for amount, column in zip(numbers, _in_order(numbers, head.columns), strict=True):
        if column is not None:
            cells.setdefault(column.meaning, []).append(amount)
    return cells


def _in_order(numbers: Sequence[Amount], columns: Sequence[Column]) -> list[Column | None]:
    """Give each number a column of its own, in order, so that the distances add up to the least.

    The nearest head alone misleads: heads are centred where numbers stand at the right edge of a cell.
    """
    # best[j] is the cheapest way to place the numbers so far in the first j columns.
    best: list[tuple[float, list[Column | None]]] = [(0.0, []) for _ in range(len(columns) + 1)]
    for number in numbers:
        after: list[tuple[float, list[Column | None]]] = []
        for j in range(len(columns) + 1):
            options = [(best[j][0] + _UNPLACED, [*best[j][1], None])]
            if j:
                options.append(after[j - 1])
                cost = sum(_distance(number.words[0].x0, number.words[-1].x1, columns[j - 1]))
                options.append((best[j - 1][0] + cost, [*best[j - 1][1], columns[j - 1]]))
            after.append(min(options, key=lambda option: option[0]))
        best = after
    return best[-1][1]


#: In points: a number farther from every free head than this belongs to none.
_UNPLACED = 120.0


def _distance(x0: float, x1: float, column: Column) -> tuple[float, float]:
    gap = max(column.x0 - x1, x0 - column.x1, 0.0)
    edges = min(abs(column.x0 - x0), abs(column.x1 - x1), abs(column.x0 + column.x1 - x0 - x1) / 2)
    return (gap, edges)


def _column_of(x0: float, x1: float, head: Head) -> Column:
    return min(head.columns, key=lambda column: _distance(x0, x1, column))


def _grouped(
    lines: Sequence[Line], head: Head, body: Sequence[int], mark: str
) -> tuple[list[Item], set[int]]:
    items: list[Item] = []
    taken: set[int] = set()
    has_amounts = head.named("amount") is not None
    anchor = "amount" if has_amounts else "unit_price"
    last_y = lines[head.last_line].y1
    page = lines[head.line_index].page
    waiting: list[int] = []
    for index in body:
        line = lines[index]
        if line.page is not page:
            page, last_y, waiting = line.page, None, []
        cells = _cells(line, head, mark)
        if last_y is not None and items and line.y0 - last_y > 9 * line.height:
            break
        values = cells.get(anchor, [])
        if not values:
            taken.add(index)
            words = _description_words(line, head)
            if words and items and _belongs(items[-1], lines, index):
                items[-1].description.append(words)
            waiting.append(index)
            if items:
                continue
            continue
        item = Item(index, line.page.number)
        setattr(item, anchor, values[-1])
        _fill(item, line, head, cells)
        if not item.description_words or (item.quantity is None and head.named("quantity") and waiting):
            near = [
                w
                for w in waiting[-2:]
                if abs(lines[w].middle - line.middle) < 1.3 * max(lines[w].height, line.height)
            ]
            if near and not item.description_words:
                words = _description_words(lines[near[-1]], head)
                if words:
                    if items and items[-1].description and items[-1].description[-1] == words:
                        items[-1].description.pop()
                    item.description.append(words)
                    _fill(item, lines[near[-1]], head, _cells(lines[near[-1]], head, mark))
        taken.add(index)
        waiting = []
        last_y = line.y1
        if item.description_words:
            item.indent = min(word.x0 for word in item.description[0])
            item.height = item.description[0][0].height
        items.append(item)
    for item in items:
        item.description = _kept_lines(item, head, items)
    return [item for item in items if item.description_words], taken


def _fill(item: Item, line: Line, head: Head, cells: Mapping[str, list[Amount]]) -> None:
    if item.quantity is None and (values := cells.get("quantity")):
        item.quantity = values[0]
    if item.unit_price is None and (values := cells.get("unit_price")):
        item.unit_price = values[-1]
    if not item.description_words and (words := _description_words(line, head)):
        item.description.append(words)


def _description_words(line: Line, head: Head) -> list[Word]:
    """The words of a line that stand in the description's column."""
    column = head.named("description")
    if column is None:
        return _leading_text(line)
    index = head.columns.index(column)
    left = head.columns[index - 1] if index else None
    right = head.columns[index + 1] if index + 1 < len(head.columns) else None
    words: list[Word] = []
    for phrase in line.phrases:
        middle = (phrase.x0 + phrase.x1) / 2
        if right is not None and phrase.x0 >= right.x0 - 1:
            continue
        nearest = _column_of(phrase.x0, phrase.x1, head)
        starts_before = (
            left is not None and phrase.x1 <= max(left.x1, column.x0 - 1) and phrase.x0 < column.x0 - 1
        )
        if starts_before and (nearest is left or re.fullmatch(r"[\W\d]+", phrase.text)):
            continue
        if nearest is not column and not (phrase.x0 < column.x1 and phrase.x1 > column.x0):
            # Heads are often centred above left-aligned text: text between two heads is description, numbers are not.
            between = (left is None or phrase.x0 >= left.x0 - 1) and (right is None or middle < right.x0)
            if (
                not between
                or re.fullmatch(r"[\W\d]+", phrase.text)
                or (nearest is left and left is not None and phrase.x0 < left.x1)
            ):
                continue
        words.extend(phrase.words)
    return words


def _leading_text(line: Line) -> list[Word]:
    phrase = next((phrase for phrase in line.phrases if re.search(r"[^\W\d_]{2}", phrase.text)), None)
    return list(phrase.words) if phrase else []


def _belongs(item: Item, lines: Sequence[Line], index: int) -> bool:
    if not item.description or lines[index].page is not lines[item.line_index].page:
        return False
    return lines[index].y0 - item.description[-1][-1].y1 < 1.0 * lines[index].height


def _kept_lines(item: Item, head: Head, items: Sequence[Item]) -> list[list[Word]]:
    """Keep the first line of a description and the lines it wraps into; notes below an item are not its name.

    A line was wrapped when its next word would not have fit before the next column.
    """
    if not item.description:
        return []
    kept = [item.description[0]]
    column = head.named("description")
    limit = _right_limit(head, items)
    widest = max(words[-1].x1 for other in items for words in other.description)
    for words in item.description[1:]:
        last = kept[-1]
        if words[0].height < 0.85 * last[0].height or column is None:
            break
        needed = last[-1].x1 + 0.25 * last[-1].height + (words[0].x1 - words[0].x0)
        width = limit - last[0].x0
        filled = last[-1].x1 - last[0].x0
        flows = words[0].text[:1].islower() and not last[-1].text.endswith((".", "!", "?"))
        if flows or needed > limit or (needed > widest and filled > 0.8 * width):
            kept.append(words)
        else:
            break
    return kept


def _right_limit(head: Head, items: Sequence[Item]) -> float:
    column = head.named("description")
    edges: list[float] = []
    if column is not None:
        edges += [other.x0 for other in head.columns if other.x0 > column.x0]
        for item in items:
            for amount in (item.quantity, item.unit_price, item.amount):
                if amount is not None and amount.words[0].x0 > column.x0:
                    edges.append(amount.words[0].x0)
    return min(edges, default=1e9)


# What counts.


def settle(items: Sequence[Item], sums: Sequence[Decimal]) -> list[Item]:
    """Drop rows that are parts of other rows, when the sums of the page say so.

    Args:
        sums: Amounts labelled as subtotal or total.
    """
    kept = [_checked(item) for item in items]
    if _adds_up(kept, sums) or not kept:
        return kept
    indents = sorted(item.indent for item in kept)
    usual = indents[len(indents) // 2]
    outer = [item for item in kept if item.indent <= usual + 3]
    tall = max(item.height for item in kept)
    large = [item for item in kept if item.height >= 0.93 * tall]
    for fewer in (outer, large):
        if fewer and len(fewer) < len(kept) and _adds_up(fewer, sums):
            return fewer
    return kept


def _adds_up(items: Sequence[Item], sums: Sequence[Decimal]) -> bool:
    total = sum((item.amount.value for item in items if item.amount), Decimal(0))
    return any(abs(total - known) <= _CENT for known in sums)


def _checked(item: Item) -> Item:
    """Use quantity times price to tell a swapped quantity and price apart from a discount."""
    quantity, price, amount = item.quantity, item.unit_price, item.amount
    if quantity is None or price is None or amount is None:
        return item
    if quantity.is_money and not price.is_money and quantity.currency:
        return replace(item, quantity=price, unit_price=quantity)
    return item


def rows_without_heads(
    lines: Sequence[Line], mark: str, sums: Sequence[Decimal], avoid: frozenset[int]
) -> list[Item]:
    """Find rows of "text … amount" that add up to a sum of the page; a receipt has no heads.

    Without a sum that confirms them such rows prove nothing, so nothing is returned.
    """
    runs: dict[tuple[int, int], list[Item]] = {}
    run = 0
    for index, line in enumerate(lines):
        if index in avoid:
            continue
        item = _headless(line, index, mark)
        if item is None:
            run += not any(amounts_in(phrase, mark) for phrase in line.phrases)
            continue
        runs.setdefault((run, round(item.indent / 3)), []).append(item)
    found: list[Item] = []
    for items in runs.values():
        for part in (items, [item for item in items if item.amount and item.amount.value]):
            if len(part) > len(found) and _adds_up(part, sums):
                found = part
    return found


def _headless(line: Line, index: int, mark: str) -> Item | None:
    if len(line.phrases) < 2 or _label_of(line) is not None:
        return None
    last = amounts_in(line.phrases[-1], mark)
    words = _leading_text(line)
    if not last or not last[-1].is_money or not words or words[-1].x1 > last[-1].words[0].x0:
        return None
    item = Item(index, line.page.number, [words], amount=last[-1], indent=words[0].x0, height=words[0].height)
    middle = [
        amount
        for phrase in line.phrases[:-1]
        if phrase.words[0] is not words[0]
        for amount in amounts_in(phrase, mark)
    ]
    if len(middle) == 2 and abs(middle[0].value * middle[1].value - last[-1].value) <= _CENT:
        item.quantity, item.unit_price = middle
    elif len(middle) == 1 and not middle[0].is_money and middle[0].value:
        item.quantity = middle[0]
    return item


def description_text(words: Sequence[Word]) -> str:
    """A description without the article code in brackets or asterisks before it."""
    text = re.sub(r"^(?:\[[^\]]{1,30}\]|\*[\w-]{1,30}\*)\s*", "", joined(words)).strip()
    return text.rstrip(":").strip() or joined(words)


def row_phrases(lines: Sequence[Line], indexes: frozenset[int]) -> set[Phrase]:
    return {phrase for index in indexes for phrase in lines[index].phrases}
