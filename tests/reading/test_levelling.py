"""Lines of pages that lie askew, or were seen at an angle, come out level, and boxes stay where the page shows them."""

from __future__ import annotations

import math

import pytest

from paperhook.reading.levelling import is_sideways, levelled, strip_of
from paperhook.textlayer import Page, Word

SIZE = (1000, 1400)


def corners(x0: float, y: float, x1: float, slope: float = 0.0, height: float = 20.0):
    fall = slope * (x1 - x0)
    return [(x0, y), (x1, y + fall), (x1, y + fall + height), (x0, y + height)]


def words_of(*lines: tuple[str, list[tuple[float, float]]], size: tuple[int, int] = SIZE) -> list[Word]:
    return list(levelled([strip_of(text, place) for text, place in lines], size))


@pytest.mark.parametrize("degrees", [-4.0, -1.0, 0.5, 3.0])
def test_words_of_a_turned_line_end_up_at_one_height(degrees: float) -> None:
    slope = math.tan(math.radians(degrees))

    words = words_of(
        ("Total due on the page", corners(50, 300, 450, slope)),
        ("12.50 and more of it", corners(600, 300 + slope * 550, 950, slope)),
    )

    assert max(word.middle for word in words) - min(word.middle for word in words) < 0.5


def test_lines_that_fan_out_are_levelled_each_by_its_own_slope() -> None:
    lines = []
    for number in range(8):
        y, slope = 100 + 160 * number, -0.03 + 0.01 * number
        lines.append((f"left part {number}", corners(100, y, 400, slope)))
        lines.append((f"right part {number}", corners(600, y + slope * 500, 900, slope)))

    words = words_of(*lines)

    for number in range(8):
        heights = [word.middle for word in words[6 * number : 6 * number + 6]]
        assert max(heights) - min(heights) < 6


def test_a_level_page_is_left_alone_whatever_one_stamp_does() -> None:
    words = words_of(
        ("a level line of text", corners(100, 100, 500)), ("STAMPED", corners(500, 600, 800, 0.6))
    )

    assert {word.middle for word in words[:5]} == {110.0}


def test_boxes_are_where_the_page_shows_the_words() -> None:
    words = words_of(("Total amount of this", corners(0, 0, 1000, 0.1)))
    page = Page(1, 1000, 1400, tuple(words))

    _, _, _, low = page.box(words[:1])
    _, high, _, _ = page.box(words[-1:])

    assert low < high


def test_glued_labels_and_values_are_parted() -> None:
    read = [
        word.text
        for word in words_of(
            ("Tax:$103.50 Rechnungsdatum:2.10.2024 N°F2024-031 Nr.12 at 10:30 http://x", corners(0, 0, 900))
        )
    ]

    assert read == ["Tax:", "$103.50", "Rechnungsdatum:", "2.10.2024", "N°", "F2024-031", "Nr.", "12", "at", "10:30", "http://x"]  # fmt: skip


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("TotaI", "Total"),
        ("exkI.", "exkl."),
        ("S.r.I.", "S.r.l."),
        ("McIntosh", "McIntosh"),
        ("Phase I", "Phase I"),
    ],
)
def test_a_small_l_is_no_capital_i(read: str, meant: str) -> None:
    assert strip_of(read, corners(0, 0, 100)).text == meant


def test_parts_tell_where_words_stand() -> None:
    parts = [
        ("500", corners(100, 0, 130)),
        ("HEX", corners(200, 0, 240)),
        ("?", corners(0, 0, 9)),
        ("BOLT", corners(250, 0, 300)),
    ]

    words = list(levelled([strip_of("500 HEX BOLT", corners(90, 0, 310), parts)], SIZE))

    assert [(word.x0, word.x1) for word in words] == [(100, 130), (200, 240), (250, 300)]


def test_most_letters_decide_whether_a_page_lies_sideways() -> None:
    upended = strip_of("a long line", [(0, 0), (20, 0), (20, 200), (0, 200)])
    level = strip_of("short", corners(0, 0, 90))
    letter = strip_of("7", [(0, 0), (20, 0), (20, 200), (0, 200)])

    assert is_sideways([upended, level])
    assert not is_sideways([level, letter])
    assert not is_sideways([])
