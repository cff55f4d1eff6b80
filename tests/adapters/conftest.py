"""A receiver for the adapters' own tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paperhook import Webhooks

from .calls import receiver


@pytest.fixture
def hooks() -> Iterator[Webhooks]:
    made = receiver()
    yield made
    made.close()
