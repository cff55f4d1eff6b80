"""Work of the provider on localhost that outlives a request, and apps that are asked without a socket."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from paperhook.simulator import VirtualClock
from paperhook.simulator.background import Background, Signal
from paperhook.simulator.transports import exchanged

pytestmark = pytest.mark.anyio


async def test_what_has_come_already_is_not_waited_for() -> None:
    signal = Signal()
    signal.set()

    assert await Background(VirtualClock()).wait(signal, seconds=60)


async def test_an_app_that_answers_nothing_closes_the_connection() -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["body"] == b"{}"
        assert (await receive())["type"] == "http.disconnect"

    with pytest.raises(httpx.RemoteProtocolError):
        await exchanged(silent, httpx.Request("POST", "http://x/"), b"{}")
