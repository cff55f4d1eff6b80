"""Fixtures of all parts of `Webhooks`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paperhook.core.event import Event
from paperhook.hooks import Webhooks

from .given import Give, give, give_asynchronously, webhooks


@pytest.fixture
def seen() -> list[Event]:
    return []


@pytest.fixture
def hooks(seen: list[Event]) -> Iterator[Webhooks]:
    """An embedded worker, and one handler for everything."""
    made = webhooks(worker="embedded")
    made.on("*")(seen.append)
    yield made
    made.close()


@pytest.fixture(params=[give, give_asynchronously], ids=["sync", "async"])
def give_either(request: pytest.FixtureRequest) -> Give:
    """Hand over one delivery in either way."""
    return request.param
