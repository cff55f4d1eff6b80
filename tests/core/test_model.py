"""The base of what the user reads."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic_core import core_schema

from paperhook.core.model import Model


class Slow:
    """A member that takes its time to say how it is checked."""

    asked = 0

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> core_schema.CoreSchema:
        cls.asked += 1
        time.sleep(0.05)
        return core_schema.any_schema()


class Late(Model):
    number: int = 5
    slow: Slow | None = None


def test_threads_that_make_the_first_of_a_model_together_work_out_once_how() -> None:
    start = threading.Barrier(4)

    def first() -> Model:
        start.wait(30)
        return Late()

    with ThreadPoolExecutor(4) as pool:
        made = [each.result(30) for each in [pool.submit(first) for _ in range(4)]]

    assert [each.model_dump() for each in made] == [{"number": 5, "slow": None}] * 4
    assert Slow.asked == 1


def test_a_model_finds_the_names_of_the_function_that_has_it_built() -> None:
    class Whole(Model):
        part: Part

    class Part(Model):
        number: int = 5

    assert Whole.model_rebuild()
    assert Whole(part=Part()).part.number == 5
