"""Fixtures for the tests of applications that use paperhook; nothing is imported before one of them is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .testing import LocalProviders


@pytest.fixture(scope="session")
def paperhook_providers() -> Iterator[LocalProviders]:
    """Give the four providers on a loopback socket, without webhooks and without rate limits."""
    from .testing import LocalProviders

    with LocalProviders(rate_limits=False) as local:
        yield local
