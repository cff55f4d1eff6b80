"""Rows of till receipts: lines of text and amounts that add up to a sum of the page."""

from __future__ import annotations

from decimal import Decimal

from paperhook.reading.layout import lines_of
from paperhook.reading.slips import Sum, rows_without_heads
from paperhook.reading.words import joined
from paperhook.textlayer import Page, Word


def rows_of(*texts: str, sums: dict[int, str]) -> list[tuple[str | None, ...]]:
    """Draw lines, cells two spaces apart, the last of them at the right; give description, quantity, price, amount."""
    words = []
    for number, text in enumerate(texts):
        cells = text.split("  ")
        for index, cell in enumerate(cells):
            x = 10.0 if index == 0 else 400.0 if index == len(cells) - 1 else 150.0 + 80 * index
            for part in cell.split():
                words.append(Word(part, x, 20.0 * number, x + 6 * len(part), 20.0 * number + 10))
                x += 6 * len(part) + 4
    lines = lines_of(Page(1, 500, 1000, tuple(words)))
    known = [Sum(Decimal(value), line) for line, value in sums.items()]
    return [
        (
            joined(item.words),
            *(str(each.value) if each else None for each in (item.quantity, item.unit_price, item.amount)),
        )
        for item in rows_without_heads(lines, ".", known, frozenset())
    ]


def test_rows_that_add_up_count_and_notes_among_them_do_not():
    found = rows_of("Tea  $2.00", "Cake  $3.50", "Total  $5.50", sums={2: "5.50"})

    assert found == [("Tea", None, None, "2.00"), ("Cake", None, None, "3.50")]


def test_rows_that_prove_nothing_are_left():
    assert rows_of("Tea  $2.00", "Cake  $3.50", "Total  $9.99", sums={2: "9.99"}) == []


def test_a_lone_row_below_the_sum_is_what_was_paid():
    assert rows_of("Total  $5.50", "Voucher7  $5.50", sums={0: "5.50"}) == []


def test_counts_below_above_and_beside_a_name():
    found = rows_of(
        "Milk  $6.00", "2 x 3.00", "3 @ $1.50", "Rolls  $4.50", "Eggs", "4 x $0.50  $2.00", "Total  $12.50", sums={6: "12.50"}
    )  # fmt: skip

    assert found == [
        ("Milk", "2", "3.00", "6.00"),
        ("Rolls", "3", "1.50", "4.50"),
        ("Eggs", "4", "0.50", "2.00"),
    ]


def test_a_count_that_does_not_multiply_tells_nothing():
    found = rows_of("Eggs", "2.5 x 1.20  $3.00", "Milk  $6.00", "2 x 4.00", "Total  $9.00", sums={4: "9.00"})

    assert found == [("Eggs", None, None, "3.00"), ("Milk", None, None, "6.00")]


def test_a_count_without_a_name_above_is_no_row():
    assert rows_of("2 x 3.00  $6.00", "Total  $6.00", sums={1: "6.00"}) == []


def test_leading_counts_are_taken_off_where_every_row_has_one():
    every = rows_of("2 Pens  $4.00", "1 Ruler  $1.00", "Total  $5.00", sums={2: "5.00"})
    some = rows_of("2 Pens  $4.00", "Ruler  $1.00", "Total  $5.00", sums={2: "5.00"})
    marked = rows_of("2x Pens  $4.00", "3 x Ruler  $1.00", "Glue  $1.00", "Total  $6.00", sums={3: "6.00"})

    assert every == [("Pens", "2", None, "4.00"), ("Ruler", "1", None, "1.00")]
    assert [row[:2] for row in some] == [("2 Pens", None), ("Ruler", None)]
    assert [row[:2] for row in marked] == [("Pens", "2"), ("Ruler", "3"), ("Glue", None)]


def test_bar_codes_and_columns_of_a_row():
    found = rows_of(
        "Tea 400012345678  $2.00", "Cake  3  $0.50  $1.50", "Nuts  2  $5.00", "Total  $8.50", sums={3: "8.50"}
    )

    assert found == [("Tea", None, None, "2.00"), ("Cake", "3", "0.50", "1.50"), ("Nuts", "2", None, "5.00")]


def test_a_name_printed_with_wide_spaces_is_one_name():
    # 11 points between "TV" and "V4", in letters 10 points high.
    words = [Word(text, x, 20, x + 6 * len(text), 30) for text, x in (("TV", 10), ("V4", 33), ("$2.00", 400))]
    words += [Word("Total", 10, 60, 40, 70), Word("$2.00", 400, 60, 430, 70)]
    lines = lines_of(Page(1, 500, 1000, tuple(words)))

    (item,) = rows_without_heads(lines, ".", [Sum(Decimal("2.00"), 1)], frozenset())

    assert joined(item.words) == "TV V4"
