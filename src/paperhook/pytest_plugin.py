"""Fixtures for the tests of applications that use paperhook; nothing is imported before one of them is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .testing import FrozenClock, LocalProviders, MemoryProviders, RecordedInbox


@pytest.fixture(scope="session")
def paperhook_providers() -> Iterator[LocalProviders]:
    """Give the four providers on a loopback socket, without webhooks and without rate limits."""
    from .testing import LocalProviders

    with LocalProviders(rate_limits=False) as local:
        yield local


@pytest.fixture
def paperhook_memory() -> Iterator[Callable[..., MemoryProviders]]:
    """Give what makes the four providers in memory: call it with your `Webhooks` and, for instance, `faults=["drop=0.1"]`."""
    from .testing import MemoryProviders

    with ExitStack() as opened:

        def make(*application: Any, **options: Any) -> MemoryProviders:
            return opened.enter_context(MemoryProviders(*application, **options))

        yield make


@pytest.fixture
def paperhook_inbox() -> Iterator[RecordedInbox]:
    """Give an inbox in memory with assertions on what was put and handled."""
    from .testing import RecordedInbox

    inbox = RecordedInbox()
    yield inbox
    inbox.close()


@pytest.fixture
def paperhook_clock() -> FrozenClock:
    """Give a clock that stands still, for `clock=` and `now=`."""
    from .testing import FrozenClock

    return FrozenClock()
