"""A `Webhooks` for tests, and deliveries to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import tenacity

from paperhook.hooks import Webhooks
from paperhook.inbox import MemoryInbox
from paperhook.inbox.base import Filter, State
from paperhook.retrying import RetryPolicy
from tests.acme import acme, body_of, signed

ONCE = RetryPolicy(stop=tenacity.stop_after_attempt(1))
AGAIN_AT_ONCE = RetryPolicy(
    stop=tenacity.stop_after_attempt(5),
    wait=tenacity.wait_none(),
    retry=tenacity.retry_if_exception_type(Exception),
)


def webhooks(*providers: Any, **options: Any) -> Webhooks:
    return Webhooks(*(providers or (acme(),)), **{"inbox": MemoryInbox(), "worker": "external", **options})


def row_states(hooks: Webhooks) -> list[State]:
    return [row.state for row in hooks.inbox.rows(Filter()).result()]


def give(hooks: Webhooks, body: bytes | None = None, **named: Any) -> Any:
    sent = body_of() if body is None else body
    return hooks.receive(signed(sent), sent, **named)


async def agive(hooks: Webhooks, body: bytes | None = None, **named: Any) -> Any:
    sent = body_of() if body is None else body
    return await hooks.areceive(signed(sent), sent, **named)


Give = Callable[..., Any]


def give_asynchronously(hooks: Webhooks, body: bytes | None = None, **named: Any) -> Any:
    return asyncio.run(agive(hooks, body, **named))
