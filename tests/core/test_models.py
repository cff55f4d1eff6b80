"""Models that are loaded with their first use."""

from __future__ import annotations

import pytest

from paperhook.core import event, job, models, result


@pytest.mark.parametrize("name", models.__all__)
def test_each_is_the_one_of_its_home(name: str) -> None:
    home = next(each for each in (event, job, result) if name in vars(each))

    assert getattr(models, name) is getattr(home, name)


def test_there_is_no_other() -> None:
    with pytest.raises(AttributeError, match=r"core\.models' has no attribute 'Jobs'"):
        getattr(models, "Jobs")  # noqa: B009 - a type checker finds it
