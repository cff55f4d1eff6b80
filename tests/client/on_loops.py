"""Run a piece of the client's work on a loop of asyncio, and on one of trio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import trio

from paperhook.client.loops import Loop, running_loop

Run: TypeAlias = Callable[[Callable[[Loop], Awaitable[Any]]], Any]


def on_asyncio(work: Callable[[Loop], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        return await work(running_loop())

    return asyncio.run(main())


def on_trio(work: Callable[[Loop], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        return await work(running_loop())

    return trio.run(main)
