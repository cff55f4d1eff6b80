"""The Django views among other code of a Django project."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from paperhook import Webhooks
from paperhook.adapters.django import async_view, urls, view
from paperhook.errors import MissingExtra
from tests.acme import KeyedAcme, acme, signed
from tests.contracts.endpoints import django_is_set_up

from .calls import BODY, environ_of, receiver

pytest.importorskip("django")


def request_of(**changes: Any) -> Any:
    django_is_set_up()
    from django.core.handlers.wsgi import WSGIRequest

    return WSGIRequest(environ_of(**changes))


def asgi_request(body: bytes = BODY, *pairs: tuple[bytes, bytes]) -> Any:
    django_is_set_up()
    from io import BytesIO

    from django.core.handlers.asgi import ASGIRequest

    headers = [(name.lower().encode(), value.encode()) for name, value in signed(body).items()]
    scope = {"type": "http", "method": "POST", "path": "/acme", "headers": [*headers, *pairs]}
    return ASGIRequest(scope, BytesIO(body))


def test_a_middleware_that_read_the_body_before_us_does_no_harm(hooks: Webhooks) -> None:
    request = request_of()

    assert request.body == BODY
    assert view(hooks)(request, "acme").status_code == 200


def test_a_chunked_body_is_read_though_django_takes_it_for_empty(hooks: Webhooks) -> None:
    request = request_of(
        CONTENT_LENGTH=None, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True}
    )

    assert view(hooks)(request, "acme").status_code == 200


def test_a_view_of_one_provider_needs_no_path() -> None:
    hooks = receiver(providers=[acme(), KeyedAcme("key", webhook_secret="keyed-secret-for-tests")])

    statuses = [view(hooks, provider=name)(request_of()).status_code for name in ("acme", "keyed-acme", None)]

    assert statuses == [200, 401, 404]
    hooks.close()


def test_an_asynchronous_view_takes_requests_of_either_kind(hooks: Webhooks) -> None:
    deliver = async_view(hooks)

    over_asgi = asyncio.run(deliver(asgi_request(), "acme"))
    over_wsgi = asyncio.run(deliver(request_of(), "acme"))

    assert (over_asgi.status_code, over_wsgi.status_code) == (200, 200)
    assert over_wsgi.content == b'{"outcome":"duplicate"}'


def test_an_asynchronous_view_refuses_as_the_other_does(hooks: Webhooks) -> None:
    answer = asyncio.run(async_view(hooks)(asgi_request(BODY, (b"content-encoding", b"gzip")), "acme"))

    assert answer.status_code == 415


def test_both_views_are_exempt_from_the_csrf_check(hooks: Webhooks) -> None:
    assert view(hooks).csrf_exempt
    assert async_view(hooks).csrf_exempt


def test_the_urls_have_a_name_to_reverse(hooks: Webhooks) -> None:
    django_is_set_up()

    assert [each.name for each in urls(hooks)] == ["paperhook"]


@pytest.mark.parametrize("make", [view, async_view, urls])
def test_without_django_the_error_says_what_to_install(
    hooks: Webhooks, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "django"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "django", None)

    with pytest.raises(MissingExtra, match="pip install django"):
        make(hooks)
