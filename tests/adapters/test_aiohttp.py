"""The aiohttp handler among other code of an aiohttp application."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from paperhook import DocumentCompleted, Webhooks
from paperhook.adapters.aiohttp import application, handler
from paperhook.errors import MissingExtra
from paperhook.serving import bound_socket
from tests.acme import KeyedAcme, acme, body_of, signed
from tests.contracts.endpoints import Request

from .calls import BODY, receiver

pytest.importorskip("aiohttp")
from aiohttp import web


@contextlib.asynccontextmanager
async def served(app: web.Application) -> AsyncGenerator[int]:
    with bound_socket() as bound:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.SockSite(runner, bound).start()
            yield bound.getsockname()[1]
        finally:
            await runner.cleanup()


async def said(port: int, sent: bytes, *, is_cut: bool = False) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    if is_cut:
        writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return answer


def statuses(app: web.Application, *requests: Request) -> list[int]:
    async def run() -> list[int]:
        async with served(app) as port:
            answers = [await said(port, each.head("") + b"".join(each.pieces())) for each in requests]
            return [int(answer.split()[1]) for answer in answers]

    return asyncio.run(run())


def delivery(path: str = "/acme", body: bytes = BODY) -> Request:
    return Request(body, tuple(signed(body).items()), path=path)


def test_a_handler_of_one_provider_needs_no_path() -> None:
    hooks = receiver(providers=[acme(), KeyedAcme("key", webhook_secret="keyed-secret-for-tests")])
    app = web.Application()
    app.router.add_post("/a", handler(hooks, provider="acme"))
    app.router.add_post("/b", handler(hooks, provider="keyed-acme"))
    app.router.add_post("/c", handler(hooks))

    assert statuses(app, delivery("/a"), delivery("/b"), delivery("/c")) == [200, 401, 404]
    hooks.close()


def test_a_middleware_that_read_the_body_before_us_does_no_harm(hooks: Webhooks) -> None:
    @web.middleware
    async def log(request: web.Request, handler: Any) -> Any:
        assert await request.read() == BODY
        return await handler(request)

    app = web.Application(middlewares=[log])
    app.add_subapp("/webhooks", application(hooks))

    assert statuses(app, delivery("/webhooks/acme")) == [200]


@pytest.mark.parametrize("path", ["/webhooks", "/webhooks/"])
def test_a_single_provider_is_found_with_and_without_the_slash(hooks: Webhooks, path: str) -> None:
    app = web.Application()
    app.add_subapp("/webhooks", application(hooks))

    assert statuses(app, delivery(path)) == [200]


@pytest.mark.parametrize(
    "rest", [b"zz\r\n", b"5\r\nab", b"5\r\nabcdefgh\r\n0\r\n\r\n"], ids=["no size", "cut", "too long"]
)
def test_broken_chunks_are_the_senders_fault_and_nothing_in_our_log(
    hooks: Webhooks, caplog: pytest.LogCaptureFixture, rest: bytes
) -> None:
    app = web.Application()
    app.router.add_post("/{path:.*}", handler(hooks))
    request = Request(headers=tuple(signed(BODY).items()), chunks=[b""])

    async def run() -> bytes:
        async with served(app) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            # In two writes, so that the handler runs when the rest comes.
            writer.write(request.head(""))
            await asyncio.sleep(0.05)
            writer.write(rest)
            writer.write_eof()
            answer = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            await writer.wait_closed()
            return answer

    with caplog.at_level(logging.ERROR):
        answer = asyncio.run(run())

    assert answer == b"" or answer.split()[1] == b"400"
    assert "Traceback" not in caplog.text
    assert hooks.inbox.stats().result().pending == 0


def test_the_worker_runs_as_long_as_the_application() -> None:
    hooks = receiver(worker="embedded")
    ran = asyncio.Event()

    @hooks.on(DocumentCompleted)
    async def note(event: DocumentCompleted) -> None:
        ran.set()

    app = web.Application()
    app.add_subapp("/webhooks", application(hooks))
    body = body_of(id="waits")

    async def run() -> None:
        async with served(app) as port:
            answer = await said(port, delivery("/webhooks/acme", body).head("") + body)
            assert answer.split()[1] == b"200"
            await asyncio.wait_for(ran.wait(), 10)
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "paperhook-worker"]

    asyncio.run(run())
    hooks.close()


@pytest.mark.parametrize("make", [handler, application])
def test_without_aiohttp_the_error_says_what_to_install(
    hooks: Webhooks, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)

    with pytest.raises(MissingExtra, match="pip install aiohttp"):
        make(hooks)
