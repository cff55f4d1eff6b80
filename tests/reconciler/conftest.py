"""A desk with a provider that tells of everything, and one with a provider that does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acme import SECRET, acme

from .desk import Desk, Mute, a_desk


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def desk() -> Iterator[Desk]:
    yield from a_desk(acme())


@pytest.fixture
def mute() -> Iterator[Desk]:
    yield from a_desk(Mute("acme-key", webhook_secret=SECRET))
