"""A signed delivery arrives byte for byte through each framework's own test client."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

import paperhook.testing
from paperhook import Webhooks
from paperhook.core.secret import Secret
from paperhook.errors import ConfigurationError
from paperhook.providers import DocuParse
from paperhook.testing import SignedDelivery, sign, signed_delivery
from paperhook.webhooks.signatures import READY, StaticHeader
from tests.contracts.endpoints import django_is_set_up, django_urls

PROVIDER = DocuParse("key", webhook_secret="a-secret-for-tests")
#: Any change of these bytes would be noticed.
BODY = '{"event": "document.completed",\r\n "document_id":"d1", "who":"Zoë", "data":{}}'.encode()


@pytest.fixture
def hooks() -> Any:
    made = Webhooks(PROVIDER, inbox="memory:", worker="external")
    made.on("*")(lambda event: None)
    yield made
    made.close()


@pytest.fixture
def delivery() -> SignedDelivery:
    return sign(PROVIDER, BODY)


@pytest.mark.filterwarnings(
    "ignore:Using .httpx. with"
)  # Starlette's test client is moving to another httpx.
def test_starlettes_and_fastapis_client(hooks: Webhooks, delivery: SignedDelivery) -> None:
    fastapi = pytest.importorskip("fastapi")
    from starlette.testclient import TestClient

    app = fastapi.FastAPI()
    app.mount("/webhooks", hooks.asgi())

    answer = TestClient(app).post("/webhooks/docuparse", **delivery.for_httpx())

    assert answer.json() == {"outcome": "accepted"}


def test_httpx_is_given_what_it_takes_for_a_secret_beyond_ascii() -> None:
    secret = "ein-geheimes-Wort-für-Zoë"
    delivery = sign(StaticHeader("X-Token"), BODY, secret=secret)

    request = httpx.Request("POST", "http://app.test/", **delivery.for_httpx())

    assert dict(request.headers.raw)[b"X-Token"] == secret.encode()


def test_flasks_client(hooks: Webhooks, delivery: SignedDelivery) -> None:
    flask = pytest.importorskip("flask")
    from paperhook.adapters.flask import blueprint

    app = flask.Flask("app")
    app.register_blueprint(blueprint(hooks), url_prefix="/webhooks")

    answer = app.test_client().post("/webhooks/docuparse", **delivery.for_flask())

    assert answer.json == {"outcome": "accepted"}


def test_djangos_client(hooks: Webhooks, delivery: SignedDelivery) -> None:
    pytest.importorskip("django")
    django_is_set_up()
    from django.test import Client, override_settings

    with override_settings(ROOT_URLCONF=django_urls(hooks, is_async=False)):
        answer = Client(enforce_csrf_checks=True).post("/webhooks/docuparse", **delivery.for_django())

    assert answer.json() == {"outcome": "accepted"}


def test_aiohttps_client(hooks: Webhooks, delivery: SignedDelivery) -> None:
    web = pytest.importorskip("aiohttp.web")
    from aiohttp.test_utils import TestClient, TestServer

    from paperhook.adapters.aiohttp import handler

    async def post() -> Any:
        app = web.Application()
        app.router.add_post("/webhooks/{provider}", handler(hooks))
        async with TestClient(TestServer(app)) as client:
            answer = await client.post("/webhooks/docuparse", **delivery.for_aiohttp())
            return await answer.json()

    assert asyncio.run(post()) == {"outcome": "accepted"}


def test_aiohttps_client_sends_a_secret_beyond_ascii_as_everybody_does() -> None:
    web = pytest.importorskip("aiohttp.web")
    from aiohttp.test_utils import TestClient, TestServer

    secret = "ein-geheimes-Wort-für-Zoë"
    delivery = sign(StaticHeader("X-Token"), BODY, secret=secret)
    seen: list[bytes] = []

    async def look(request: Any) -> Any:
        seen.append(dict(request.raw_headers)[b"X-Token"])
        return web.Response()

    async def post() -> None:
        app = web.Application()
        app.router.add_post("/", look)
        async with TestClient(TestServer(app)) as client:
            await client.post("/", **delivery.for_aiohttp())

    asyncio.run(post())

    assert seen == [secret.encode()]


def test_quarts_client_sends_a_secret_beyond_ascii_as_everybody_does() -> None:
    quart = pytest.importorskip("quart")
    secret = "ein-geheimes-Wort-für-Zoë"
    delivery = sign(StaticHeader("X-Token"), BODY, secret=secret)
    seen: list[bytes] = []
    app = quart.Quart("app")

    @app.post("/")  # type: ignore[untyped-decorator] # quart is optional
    async def look() -> str:
        seen.append(dict(quart.request.scope["headers"])[b"x-token"])
        return ""

    asyncio.run(app.test_client().post("/", **delivery.for_quart()))

    assert seen == [secret.encode()]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("is_base64", [True, False])
def test_the_event_of_lambda(delivery: SignedDelivery, version: Any, is_base64: bool) -> None:
    from paperhook.adapters.aws_lambda import handler

    hooks = Webhooks(PROVIDER, inbox="memory:", worker="inline")
    hooks.on("*")(lambda event: None)
    event = delivery.for_lambda("/webhooks/docuparse", version=version, is_base64=is_base64)

    answer = handler(hooks)(event, None)
    hooks.close()

    assert json.loads(answer["body"]) == {"outcome": "accepted"}


def test_the_content_type_may_be_another() -> None:
    delivery = sign(PROVIDER, BODY, headers={"content-type": "text/plain"})

    assert delivery.for_django()["content_type"] == "text/plain"
    assert "content-type" not in {name.lower() for name in delivery.for_django()["headers"]}


def test_the_time_is_now_where_nobody_says_it(hooks: Webhooks) -> None:
    secret = Secret("a-secret-for-tests")
    headers, body = sign(READY["stripe"], b"{}", secret=secret)
    at = int(headers["Stripe-Signature"].split(",")[0].removeprefix("t="))

    headers_then, _ = sign(READY["stripe"], b"{}", secret=secret, now=at)

    assert headers_then == headers
    assert body == b"{}"


def test_a_misspelt_forgery_is_not_taken_for_none() -> None:
    with pytest.raises(
        ConfigurationError, match="forgery 'tampered' is unknown: write tamper, wrong_signature or stale"
    ):
        signed_delivery(PROVIDER, "document.completed", forgery="tampered")  # type: ignore[arg-type] # what users write


def test_a_delivery_shows_nothing_of_itself() -> None:
    assert repr(signed_delivery(PROVIDER, "document.completed")) == "SignedDelivery()"


def test_every_name_of_the_package_is_there_and_in_the_reference() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "testing.md").read_text(encoding="utf-8")

    for name in paperhook.testing.__all__:
        assert getattr(paperhook.testing, name) is not None
        assert f"`{name}" in page
    with pytest.raises(AttributeError, match="nope"):
        paperhook.testing.nope  # noqa: B018


def test_a_body_that_is_not_text_comes_encoded_in_the_event_of_lambda() -> None:
    event = sign(PROVIDER, b"\xff\x00").for_lambda()

    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\xff\x00"
