"""Django views: `path("webhooks/", include(urls(hooks)))`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, cast

from ..core.headers import HeaderText
from ..errors import DeliveryRejected, MissingExtra
from ..webhooks.receiver import Reply, refusal
from . import wsgi
from .bounds import Body, check_announced, provider_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern, URLResolver

    from ..hooks import Webhooks

_MISSING = "paperhook.adapters.django needs Django: pip install django"


def view(hooks: Webhooks, *, provider: str | None = None) -> Callable[..., HttpResponse]:
    """Make a view, exempt from the CSRF check, which a signature replaces.

    Args:
        hooks: Checks and stores deliveries.
        provider: Whose deliveries come here; by default the last part of the route's `path` says it.

    Raises:
        MissingExtra: If Django is not installed.
    """
    try:
        from django.http import HttpResponse
        from django.views.decorators.csrf import csrf_exempt
    except ModuleNotFoundError as error:
        raise MissingExtra(_MISSING) from error

    def deliver(request: HttpRequest, path: str = "") -> HttpResponse:
        reply = _answer(hooks, request, provider or provider_in(path))
        return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))

    return cast("Callable[..., HttpResponse]", csrf_exempt(deliver))


def async_view(hooks: Webhooks, *, provider: str | None = None) -> Callable[..., Awaitable[HttpResponse]]:
    """Make an asynchronous view; arguments and errors as for `view`.

    Under WSGI Django runs it on an event loop that ends with the request, so deliveries are stored from a thread there.
    """
    try:
        from django.http import HttpResponse
        from django.views.decorators.csrf import csrf_exempt
    except ModuleNotFoundError as error:
        raise MissingExtra(_MISSING) from error

    async def deliver(request: HttpRequest, path: str = "") -> HttpResponse:
        name = provider or provider_in(path)
        reply = (
            await _answer_on_loop(hooks, request, name)
            if hasattr(request, "scope")
            else await asyncio.to_thread(_answer, hooks, request, name)
        )
        return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))

    return cast("Callable[..., Awaitable[HttpResponse]]", csrf_exempt(deliver))


def urls(hooks: Webhooks, *, is_async: bool = False) -> list[URLPattern | URLResolver]:
    """Make URL patterns that take deliveries on `""` and `{provider}`, for `include`.

    Args:
        hooks: Checks and stores deliveries.
        is_async: For an application under ASGI.

    Raises:
        MissingExtra: If Django is not installed.
    """
    chosen = async_view(hooks) if is_async else view(hooks)
    from django.urls import re_path

    return [re_path(r"^(?P<path>.*)$", chosen, name="paperhook")]


def _answer(hooks: Webhooks, request: HttpRequest, provider: str | None) -> Reply:
    headers = tuple(_headers_of(request))
    try:
        body = _read(request, headers, hooks.max_body_bytes)
    except DeliveryRejected as error:
        return refusal(error)
    return hooks.receive(headers, body, provider=provider)


async def _answer_on_loop(hooks: Webhooks, request: HttpRequest, provider: str | None) -> Reply:
    headers = tuple(_headers_of(request))
    try:
        # Django has put the whole body into a file before it called the view, so nothing is waited for.
        body = _read(request, headers, hooks.max_body_bytes)
    except DeliveryRejected as error:
        return refusal(error)
    return await hooks.areceive(headers, body, provider=provider)


def _headers_of(request: HttpRequest) -> Iterable[tuple[HeaderText, HeaderText]]:
    scope = getattr(request, "scope", None)
    # `request.headers` has joined those that came twice.
    return wsgi.headers_of(request.META) if scope is None else scope["headers"]


def _read(
    request: HttpRequest, headers: Iterable[tuple[HeaderText, HeaderText]], max_body_bytes: int
) -> bytes:
    announced = check_announced(request.method or "", headers, max_body_bytes)
    if announced is None and not hasattr(request, "scope"):
        # Django reads no chunked body under WSGI: without a length it takes the body for empty.
        return wsgi.read_body(request.META, (), max_body_bytes)
    return Body(max_body_bytes, announced).read_from(request.read)
