"""What is done with whatever a recogniser reads; the recogniser itself is another library's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
from PIL import Image

from paperhook.reading import images
from paperhook.reading.extraction import ReadingFailed


@dataclass
class Lines:
    """An answer as rapidocr gives one."""

    txts: tuple[str, ...] | None = ()
    boxes: list[Any] = field(default_factory=list)
    scores: tuple[float, ...] = ()

    @property
    def word_results(self) -> list[Any]:
        return [
            [(text, 0.9, box), ("", 0.0, None)] for text, box in zip(self.txts or (), self.boxes, strict=True)
        ]


def lying(text: str, score: float) -> Lines:
    return Lines((text,), [[(10, 10), (110, 10), (110, 30), (10, 30)]], (score,))


def standing(text: str, score: float) -> Lines:
    return Lines((text,), [[(10, 10), (30, 10), (30, 110), (10, 110)]], (score,))


@pytest.fixture
def recogniser(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[int, ...]]]:
    """Answer one after the other; the shapes of the pictures that were asked about come back."""

    def answering(*answers: Lines) -> list[tuple[int, ...]]:
        shapes: list[tuple[int, ...]] = []
        waiting = iter(answers)

        def recognise(pixels: Any, **options: Any) -> Lines:
            assert options["use_cls"] is False
            shapes.append(pixels.shape)
            return next(waiting)

        monkeypatch.setattr(images, "_ENGINES", [recognise])
        return shapes

    return answering


def read(size: tuple[int, int] = (200, 300)) -> Any:
    return images.recognise(Image.new("RGB", size, "white"), 1, time.monotonic() + 60)


def test_an_upright_page_is_asked_about_once(recogniser) -> None:
    shapes = recogniser(lying("Total 12.50", 0.98))

    page = read()

    assert shapes == [(300, 200, 3)]
    assert [word.text for word in page.words] == ["Total", "12.50"]
    assert (page.quarter_turns, page.certainty) == (0, 0.98)


def test_a_page_upside_down_is_turned(recogniser) -> None:
    recogniser(lying("lɐʇoT", 0.5), lying("Total", 0.97))

    assert read().quarter_turns == 2


def test_lines_that_stand_on_end_turn_the_page_though_they_are_certain(recogniser) -> None:
    shapes = recogniser(standing("Total due", 0.99), lying("Total due", 0.98))

    page = read()

    assert shapes == [(300, 200, 3), (200, 300, 3)]
    assert (page.quarter_turns, page.width, page.height) == (3, 300, 200)


def test_standing_lines_that_read_badly_are_turned_the_other_way(recogniser) -> None:
    recogniser(standing("ǝnp lɐʇoT", 0.4), lying("Total due", 0.98))

    assert read().quarter_turns == 1


def test_the_best_of_all_ways_counts_when_none_is_good(recogniser) -> None:
    recogniser(lying("a", 0.3), lying("b", 0.2), lying("c", 0.6), lying("d", 0.5))

    page = read()

    assert (page.quarter_turns, page.certainty) == (1, 0.6)


def test_a_blank_page_is_blank(recogniser) -> None:
    shapes = recogniser(Lines(None))

    page = read()

    assert len(shapes) == 1
    assert (page.words, page.certainty) == ((), 1.0)


def test_a_large_photo_is_made_smaller_first(recogniser) -> None:
    shapes = recogniser(lying("Total", 0.98))

    read((4000, 1000))

    assert max(shapes[0]) == images.MAX_SIDE


@dataclass
class Settings:
    limit_type: str = ""
    limit_side_len: int = 0


@dataclass
class Engine:
    """Keeps how it was told to look for lines; its detector is made with the first picture, as rapidocr's."""

    settings: Settings = field(default_factory=Settings)
    text_det: Settings | None = None

    @property
    def cfg(self) -> Any:
        return SimpleNamespace(Det=self.settings)

    def __call__(self, pixels: Any, **options: Any) -> Lines:
        self.text_det = self.text_det or Settings(**vars(self.settings))
        return Lines()


def test_lines_are_looked_for_in_a_smaller_picture_where_nothing_gets_too_small() -> None:
    engine = Engine()
    looked_at = []
    for height, width in ((1800, 1273), (1800, 500), (300, 200), (1273, 1800)):
        images._look_and_read(engine, numpy.zeros((height, width, 3)), use_cls=False)
        assert engine.text_det is not None
        looked_at.append((engine.text_det.limit_type, engine.text_det.limit_side_len))

    assert looked_at == [("max", 1303), ("min", 736), ("min", 736), ("max", 1303)]


def test_no_further_way_is_tried_past_the_deadline(recogniser) -> None:
    recogniser(lying("x", 0.1))
    picture = Image.new("RGB", (20, 20))

    with pytest.raises(ReadingFailed, match="within the time limit"):
        images.recognise(picture, 1, time.monotonic() - 1)


def test_a_recogniser_that_fails_is_replaced_by_a_new_one_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **options: Any) -> Lines:
        raise RuntimeError("bad allocation")

    engines: list[Any] = [full, lambda *_, **options: lying("Total", 0.98)]
    monkeypatch.setattr(images, "_engine", lambda: engines.pop(0))

    page = read()

    assert [word.text for word in page.words] == ["Total"]
    assert engines == []


def test_a_picture_that_no_recogniser_can_read_fails_with_the_second_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any, **options: Any) -> Lines:
        raise RuntimeError("bad allocation")

    monkeypatch.setattr(images, "_engine", lambda: full)

    with pytest.raises(RuntimeError, match="bad allocation"):
        read()
