"""What tests of the client's rooms share."""

from __future__ import annotations

import pytest

from .on_loops import Run, on_asyncio, on_trio


@pytest.fixture(params=[on_asyncio, on_trio], ids=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run work on each kind of loop."""
    return request.param
