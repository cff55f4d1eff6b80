"""The heads of an item table: which column holds what, and which number of a row belongs to which column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from paperhook.reading.amounts import Amount, amounts_in
from paperhook.reading.labels import windows
from paperhook.reading.layout import Line, Phrase
from paperhook.reading.vocabulary import COLUMN_MEANINGS
from paperhook.reading.words import Word, joined, squeeze

#: In heights of the text: a number farther from every free head than this belongs to none.
UNPLACED = 12.0
#: Heads that yield to a clearer one of the same meaning: "Item" beside "Description", "Unit" beside "Price".
_VAGUE = re.compile(
    r"(?i)^(?:items?|article|artikel|position|service|product|produkt|produit|prodotto|producto|name|date|unit|each"
    r"|time|no|nr|nº|n°|type|code|plan|category|text)\W*$"
)


#: Words that a head may have of which only a few are known; a longer text is a sentence.
_LONGEST_HEAD = 6


@dataclass(slots=True)
class Column:
    """One column: `meaning` is a key of `vocabulary.COLUMNS`."""

    meaning: str
    words: tuple[Word, ...]
    x0: float
    x1: float
    #: What else its head may say, the likeliest first.
    others: tuple[str, ...] = ()
    #: Whether its head names the thing sold, and a clearer head was taken for the description.
    could_describe: bool = False

    def overlaps(self, phrase: Phrase) -> bool:
        """Whether a phrase stands above or below the head."""
        return phrase.x0 < self.x1 and phrase.x1 > self.x0

    def distance(self, x0: float, x1: float) -> tuple[float, float]:
        """The gap to a span, then how far their nearest edges or middles are apart."""
        edges = min(abs(self.x0 - x0), abs(self.x1 - x1), abs(self.x0 + self.x1 - x0 - x1) / 2)
        return (max(self.x0 - x1, x0 - self.x1, 0.0), edges)


@dataclass(slots=True)
class Head:
    """The heads of a table: its columns from left to right, and the lines they take."""

    line_index: int
    last_line: int
    columns: list[Column]

    def named(self, meaning: str) -> Column | None:
        """The column of a meaning."""
        return next((column for column in self.columns if column.meaning == meaning), None)

    def nearest(self, x0: float, x1: float) -> Column:
        """The column whose head is nearest to a span."""
        return min(self.columns, key=lambda column: column.distance(x0, x1))

    @property
    def worth(self) -> int:
        """How many different things its columns hold."""
        return len({column.meaning for column in self.columns} - {"other"})


def find_heads(lines: Sequence[Line], mark: str) -> list[Head]:
    """Find the heads of the item table on every page; tables of taxes or payments know fewer columns."""
    heads: list[Head] = []
    for index in range(len(lines)):
        if not heads or index > heads[-1].last_line:
            head = _head_at(lines, index, mark)
            heads += [head] if head is not None else []
    if not heads:
        return []
    needed = min(3, max(head.worth for head in heads))
    return [head for head in heads if head.worth >= needed]


def _head_at(lines: Sequence[Line], index: int, mark: str) -> Head | None:
    line = lines[index]
    columns = _columns(line)
    meanings = {column.meaning for column in columns} - {"other"}
    if len(meanings) < 2 or not meanings & {"amount", "unit_price"} or has_money(line, mark):
        return None
    if not meanings & {"description", "quantity"}:
        return None
    last, band = index, [line]
    for other_index in (index - 1, index + 1, index + 2):
        other = lines[other_index] if 0 <= other_index < len(lines) else None
        if other is not None and _wraps(other, band, columns, is_above=other_index < index):
            band.append(other)
            last = max(last, other_index)
    columns = _widened(columns, band[1:])
    _settle(columns)
    return Head(index, last, columns)


def has_money(line: Line, mark: str) -> bool:
    """Whether a line shows an amount."""
    return any(amount.is_money for phrase in line.phrases for amount in amounts_in(phrase, mark))


def _columns(line: Line) -> list[Column]:
    columns: list[Column] = []
    for phrase in line.phrases:
        # "Net amount of goods" is one head; "BTW Prijs incl. BTW" is two with a narrow gap.
        whole = COLUMN_MEANINGS.get(squeeze(phrase.text))
        spans = [(0, len(phrase.words), whole)] if whole else list(windows(phrase.words, COLUMN_MEANINGS))
        covered = sum(end - start for start, end, _ in spans)
        if not spans or (len(phrase.words) > _LONGEST_HEAD and 2 * covered < len(phrase.words)):
            columns.append(Column("other", phrase.words, phrase.x0, phrase.x1))
            continue
        starts = [0, *(start for start, _, _ in spans[1:]), len(phrase.words)]
        for number, (_, _, meanings) in enumerate(spans):
            words = phrase.words[starts[number] : starts[number + 1]]
            columns.append(Column(meanings[0], words, words[0].x0, words[-1].x1, meanings[1:]))
    _part_meanings(columns)
    return columns


def _part_meanings(columns: Sequence[Column]) -> None:
    """Let a head that may say two things say the one that no other says: "Charges" beside "Description" are amounts."""
    for column in columns:
        rivals = [other for other in columns if other is not column and other.meaning == column.meaning]
        free = [meaning for meaning in column.others if all(meaning != other.meaning for other in columns)]
        clear = any(not other.others for other in rivals)
        if clear and free and free[0] != "other":
            column.meaning = free[0]


# Heads of more than one line.


def _wraps(other: Line, band: Sequence[Line], columns: Sequence[Column], *, is_above: bool) -> bool:
    """Whether a line beside the heads is another line of theirs, not a row."""
    height = max(band[0].height, other.height)
    near = min(abs(other.middle - known.middle) for known in band) < 1.35 * height
    if other.page is not band[0].page or not near or any(character.isdigit() for character in other.text):
        return False
    known = [squeeze(phrase.text) in COLUMN_MEANINGS for phrase in other.phrases]
    below_head = [
        any(column.overlaps(phrase) for column in columns if column.meaning != "description")
        for phrase in other.phrases
    ]
    return all(known) or all(below_head) or (is_above and any(known) and len(other.phrases) <= 2)


def _widened(columns: list[Column], others: Sequence[Line]) -> list[Column]:
    for phrase in (phrase for other in others for phrase in other.phrases):
        column = next((column for column in columns if column.overlaps(phrase)), None)
        if column is None:
            if meanings := COLUMN_MEANINGS.get(squeeze(phrase.text)):
                columns.append(Column(meanings[0], phrase.words, phrase.x0, phrase.x1))
            continue
        above = phrase.middle < column.words[0].middle
        column.words = (*phrase.words, *column.words) if above else (*column.words, *phrase.words)
        column.x0, column.x1 = min(column.x0, phrase.x0), max(column.x1, phrase.x1)
        if meanings := COLUMN_MEANINGS.get(squeeze(joined(column.words))):
            column.meaning = meanings[0]
    return sorted(columns, key=lambda column: column.x0)


def _settle(columns: list[Column]) -> None:
    """Keep one column of each meaning: the rightmost amount, the clearest of the others."""
    prices = [column for column in columns if column.meaning == "unit_price"]
    if not any(column.meaning == "amount" for column in columns) and prices:
        counted = any(column.meaning == "quantity" for column in columns)
        # Of two prices the last is the row's; a lone last one is, where nothing is counted.
        if len(prices) > 1 or (prices[-1] is columns[-1] and not counted):
            prices[-1].meaning = "amount"
    for meaning in ("description", "quantity", "unit_price", "amount"):
        same = [column for column in columns if column.meaning == meaning]
        clear = [column for column in same if not _VAGUE.search(joined(column.words))] or same
        kept = same[-1:] if meaning == "amount" else clear[:1]
        for column in same:
            if column not in kept:
                column.meaning = "other"
                column.could_describe = meaning == "description"


def add_amounts(head: Head, lines: Sequence[Line], mark: str) -> None:
    """Give a table a column of amounts that has no head: the last amounts of most rows, right of all heads."""
    if head.named("amount") is not None:
        return
    edge = max(column.x1 for column in head.columns)
    rows = [amounts for line in lines if len(amounts := _money(line, mark)) > 0]
    right = [amounts[-1] for amounts in rows if amounts[-1].words[0].x0 > edge]
    several = [amounts for amounts in rows if len(amounts) > 1 and amounts[-1] in right]
    if several and 2 * len(right) > len(rows):
        x0 = min(amount.words[0].x0 for amount in right)
        x1 = max(amount.words[-1].x1 for amount in right)
        head.columns.append(Column("amount", right[0].words, x0, x1))


def _money(line: Line, mark: str) -> list[Amount]:
    return [amount for phrase in line.phrases for amount in amounts_in(phrase, mark) if amount.is_money]


def describe(head: Head, lines: Sequence[Line]) -> None:
    """Let that column be the description which holds most of the text below two heads that could be it.

    "Item" is above a code here and above the name there; only what stands below tells.
    """
    known = head.named("description")
    rivals = [column for column in head.columns if column is known or column.could_describe]
    if known is None or len(rivals) < 2:
        return
    letters = {id(column): 0 for column in rivals}
    for phrase in (phrase for line in lines for phrase in line.phrases):
        column = head.nearest(phrase.x0, phrase.x1)
        if id(column) in letters:
            letters[id(column)] += sum(character.isalpha() for character in phrase.text)
    best = max(rivals, key=lambda column: letters[id(column)])
    if letters[id(best)] > 2 * letters[id(known)]:
        known.meaning, best.meaning = "other", "description"


# Numbers of a row.


def numbers_of(line: Line, head: Head, mark: str) -> list[Amount]:
    """List the numbers of a line that may belong to columns: those inside a description do not."""
    numbers: list[Amount] = []
    description = head.named("description")
    for phrase in line.phrases:
        for amount in amounts_in(phrase, mark):
            inside = description is not None and description.overlaps(phrase)
            if not (inside and len(amount.words) < len(phrase.words)):
                numbers.append(amount)
    return numbers


def parted_cells(line: Line, head: Head, mark: str) -> Line:
    """Part cells that stand so close that they read as one: numbers at the end of a text, below heads of their own."""
    return Line(line.page, tuple(part for phrase in line.phrases for part in _parted(phrase, head, mark)))


def _parted(phrase: Phrase, head: Head, mark: str) -> list[Phrase]:
    cells: list[Phrase] = []
    words = phrase.words
    for amount in reversed(amounts_in(phrase, mark)):
        x0, x1 = amount.words[0].x0, amount.words[-1].x1
        ends = words[-len(amount.words) :] == amount.words and len(words) > len(amount.words)
        if not ends or head.nearest(x0, x1).meaning in {"description", "other"}:
            break
        cells.insert(0, Phrase(phrase.page, amount.words))
        words = words[: -len(amount.words)]
    return [Phrase(phrase.page, words), *cells]


def cells_of(line: Line, head: Head, mark: str) -> dict[str, list[Amount]]:
    """Sort the numbers of a line into the columns."""
    cells: dict[str, list[Amount]] = {}
    numbers = numbers_of(line, head, mark)
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
        x0, x1 = number.words[0].x0, number.words[-1].x1
        unplaced = UNPLACED * number.words[0].height
        after: list[tuple[float, list[Column | None]]] = []
        for j in range(len(columns) + 1):
            options = [(best[j][0] + unplaced, [*best[j][1], None])]
            if j:
                cost = best[j - 1][0] + sum(columns[j - 1].distance(x0, x1))
                options += [after[j - 1], (cost, [*best[j - 1][1], columns[j - 1]])]
            after.append(min(options, key=lambda option: option[0]))
        best = after
    return best[-1][1]
