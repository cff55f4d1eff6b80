"""Few hops: at most five frames of ours between a framework and the HMAC."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import paperhook
from paperhook import Webhooks
from paperhook.webhooks.signatures.macs import Mac
from tests.acme import acme, signed
from tests.contracts.endpoints import django_is_set_up, is_installed

from .calls import BODY, call_wsgi, environ_of

PACKAGE = str(Path(paperhook.__file__).parent)


def over_wsgi(hooks: Webhooks) -> int:
    return call_wsgi(hooks.wsgi(), environ_of())[0]


def over_flask(hooks: Webhooks) -> int:
    import flask

    from paperhook.adapters.flask import blueprint

    app = flask.Flask(__name__)
    app.register_blueprint(blueprint(hooks))
    return app.test_client().post("/acme", data=BODY, headers=signed(BODY)).status_code


def over_django(hooks: Webhooks) -> int:
    from paperhook.adapters.django import view

    django_is_set_up()
    from django.core.handlers.wsgi import WSGIRequest

    return view(hooks)(WSGIRequest(environ_of()), "acme").status_code


def over_aiohttp(hooks: Webhooks) -> int:
    from aiohttp import web
    from aiohttp.test_utils import TestClient, TestServer

    from paperhook.adapters.aiohttp import application

    async def run() -> int:
        app = web.Application()
        app.add_subapp("/webhooks", application(hooks))
        async with TestClient(TestServer(app)) as client:
            return (await client.post("/webhooks/acme", data=BODY, headers=signed(BODY))).status

    return asyncio.run(run())


def over_lambda(hooks: Webhooks) -> int:
    from paperhook.adapters.aws_lambda import handler

    event = {"httpMethod": "POST", "path": "/acme", "headers": signed(BODY), "body": BODY.decode()}
    return handler(hooks)(event, None)["statusCode"]


def over_fastapi(hooks: Webhooks) -> int:
    from starlette.requests import Request

    from paperhook.adapters.fastapi import verified

    headers = [(name.lower().encode(), value.encode()) for name, value in signed(BODY).items()]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY}

    events = asyncio.run(
        verified(acme())(Request({"type": "http", "method": "POST", "headers": headers}, receive))
    )
    return 200 if events else 500


WAYS: dict[str, Callable[[Webhooks], int]] = {
    "werkzeug": over_wsgi,
    "flask": over_flask,
    "django": over_django,
    "aiohttp": over_aiohttp,
    "json": over_lambda,
    "starlette": over_fastapi,
}


@pytest.mark.parametrize("framework", WAYS)
def test_at_most_five_frames_lead_from_an_adapter_to_the_hmac(hooks: Webhooks, framework: str) -> None:
    if not is_installed(framework):
        pytest.skip(f"not installed on this Python: {framework}")
    computed: list[list[str]] = []

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code is Mac.over.__code__:
            # What leads to the HMAC, and not the HMAC itself.
            frames = [each for each, _ in traceback.walk_stack(frame.f_back)]
            computed.append(
                [each.f_code.co_qualname for each in frames if each.f_code.co_filename.startswith(PACKAGE)]
            )

    sys.setprofile(watch)
    try:
        status = WAYS[framework](hooks)
    finally:
        sys.setprofile(None)

    assert status == 200
    from_adapter = [frames for frames in computed if "sign" not in frames[0].rpartition(".")[2]]
    assert len(from_adapter) == 1
    assert 3 <= len(from_adapter[0]) <= 5, from_adapter
