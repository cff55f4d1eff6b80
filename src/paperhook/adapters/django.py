"""Django views: `path("webhooks/", include(urls(hooks)))`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, cast

from ..core.headers import HeaderText
from ..errors import DeliveryRejected, MissingExtra
from . import wsgi
from .bounds import Body, check_announced, provider_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern, URLResolver

    from ..hooks import Webhooks


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
        raise MissingExtra("paperhook.adapters.django needs Django: pip install django") from error

    def deliver(request: HttpRequest, path: str = "") -> HttpResponse:
        headers = tuple(_headers_of(request))
        try:
            body = _read(request, headers, hooks.max_body_bytes)
        except DeliveryRejected as error:
            reply = hooks.refuse(error, provider=provider or provider_in(path))
        else:
            reply = hooks.receive(headers, body, provider=provider or provider_in(path))
        return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))

    return cast("Callable[..., HttpResponse]", csrf_exempt(deliver))


def async_view(hooks: Webhooks, *, provider: str | None = None) -> Callable[..., Awaitable[HttpResponse]]:
    """Make an asynchronous view; arguments and errors as for `view`.

    Under WSGI Django runs it on an event loop that ends with the request, so deliveries are stored from a thread there.
    """
    deliver_from_thread = view(hooks, provider=provider)
    from django.http import HttpResponse
    from django.views.decorators.csrf import csrf_exempt

    async def deliver(request: HttpRequest, path: str = "") -> HttpResponse:
        if not hasattr(request, "scope"):
            return await asyncio.to_thread(deliver_from_thread, request, path)
        headers = tuple(_headers_of(request))
        try:
            # Django has put the whole body into a file before it called the view, so nothing is waited for.
            body = _read(request, headers, hooks.max_body_bytes)
        except DeliveryRejected as error:
            reply = hooks.refuse(error, provider=provider or provider_in(path))
        else:
            reply = await hooks.areceive(headers, body, provider=provider or provider_in(path))
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
