"""Few hops: how many frames of ours stand between the user and the wire, counted on the running code."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest

import paperhook
from paperhook import AsyncClient, Client, DocumentCompleted, Webhooks
from paperhook.client.loops.on_asyncio import AsyncioTask
from paperhook.providers import DocuParse
from paperhook.testing import signed_delivery
from paperhook.webhooks.signatures.macs import Mac

PACKAGE = str(Path(paperhook.__file__).parent)
LIBRARY = str(Path(httpx.__file__).parent)
DOCUMENT = json.dumps(
    {"success": True, "status": "completed", "document_id": "d1", "data": {"total": "1.00"}}
).encode()
DOCUPARSE = DocuParse("key", webhook_secret="a-secret-for-tests")


def outward(frame: FrameType | None) -> list[FrameType]:
    """Give a frame and its callers, up to where its task begins.

    From Python 3.12 on a task begins on the stack of whoever starts it, who is gone when it goes on.
    """
    frames = [each for each, _ in traceback.walk_stack(frame)]
    begins = [n for n, each in enumerate(frames) if each.f_code is AsyncioTask._run.__code__]
    return frames[: begins[0] + 1] if begins else frames


def ours(frames: list[FrameType]) -> list[str]:
    return [
        f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_qualname}"
        for frame in frames
        if frame.f_code.co_filename.startswith(PACKAGE)
    ]


class Wire:
    """Answers each request, and keeps the frames of ours that stood between the caller and httpx."""

    def __init__(self) -> None:
        self.hops: list[list[str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        frames = outward(sys._getframe())
        entered = max(n for n, frame in enumerate(frames) if frame.f_code.co_filename.startswith(LIBRARY))
        self.hops.append(ours(frames[entered:]))
        return httpx.Response(200, content=DOCUMENT)


CALLS: dict[str, Callable[[Any], Any]] = {
    "upload": lambda client: client.upload(b"%PDF-1.7", filename="a.pdf"),
    "upload within a deadline": lambda client: client.upload(b"%PDF-1.7", filename="a.pdf", deadline=30),
    "status": lambda client: client.status("d1"),
    "wait": lambda client: client.wait("d1"),
    "result": lambda client: client.result("d1"),
    "upload_and_wait": lambda client: client.upload_and_wait(b"%PDF-1.7", filename="a.pdf"),
    "poll": lambda client: client.poll("d1"),
}


@pytest.mark.parametrize("tracker", [None, "memory:"])
@pytest.mark.parametrize("name", CALLS)
def test_at_most_three_frames_lead_from_a_call_to_httpx(name, tracker):
    wire = Wire()

    http = httpx.Client(transport=httpx.MockTransport(wire))
    with Client(DOCUPARSE, http_client=http, tracker=tracker) as client:
        CALLS[name](client)

    assert wire.hops
    assert max(map(len, wire.hops)) <= 3, wire.hops


@pytest.mark.parametrize("tracker", [None, "memory:"])
@pytest.mark.parametrize("name", CALLS)
def test_at_most_three_frames_lead_from_an_asynchronous_call_to_httpx(name, tracker):
    wire = Wire()

    async def call() -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(wire))
        async with AsyncClient(DOCUPARSE, http_client=http, tracker=tracker) as client:
            await CALLS[name](client)

    asyncio.run(call())

    assert wire.hops
    assert max(map(len, wire.hops)) <= 3, wire.hops


def deliver(app: Any, headers: dict[str, str], body: bytes) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/docuparse",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def test_at_most_five_frames_lead_from_the_adapter_to_the_hmac():
    hooks = Webhooks(DOCUPARSE, inbox="memory:", worker="external")
    hooks.on(DocumentCompleted)(print)
    headers, body = signed_delivery(DOCUPARSE, "document.completed")
    computed: list[list[str]] = []

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code is Mac.over.__code__:
            # That is the HMAC itself; who calls it leads there.
            computed.append(ours(outward(frame.f_back)))

    app = hooks.asgi()
    sys.setprofile(watch)
    try:
        sent = deliver(app, headers, body)
    finally:
        sys.setprofile(None)
    hooks.close()

    assert sent[0]["status"] == 200
    assert len(computed) == 1
    assert computed[0][-1] == "asgi.py:WebhookApp.__call__"
    assert len(computed[0]) <= 5, computed


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_two_frames_lead_from_the_worker_to_the_handler(is_async):
    hooks = Webhooks(DOCUPARSE, inbox="memory:", worker="external")
    seen: list[list[str]] = []

    def note(event: DocumentCompleted) -> None:
        seen.append(ours(outward(sys._getframe())))

    async def note_async(event: DocumentCompleted) -> None:
        note(event)

    hooks.on(DocumentCompleted)(note_async if is_async else note)
    hooks.receive(*signed_delivery(DOCUPARSE, "document.completed"))
    count = asyncio.run(hooks.worker.drain())
    hooks.close()

    assert count == len(seen) == 1
    assert 1 <= len(seen[0]) <= 2, seen
