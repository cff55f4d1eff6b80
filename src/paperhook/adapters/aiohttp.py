"""The aiohttp handler, and an application to mount that runs the worker too."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING

from ..errors import DeliveryRejected, MalformedDelivery, MissingExtra
from .bounds import Body, check_announced, provider_in

if TYPE_CHECKING:
    from aiohttp.web import Application, Request, Response

    from ..hooks import Webhooks


def handler(hooks: Webhooks, *, provider: str | None = None) -> Callable[[Request], Awaitable[Response]]:
    """Make a handler for a route of your own, such as `/webhooks/{path:.*}`.

    Args:
        hooks: Checks and stores deliveries.
        provider: Whose deliveries come here; by default the last part of the route's `path` says it.

    Raises:
        MissingExtra: If aiohttp is not installed.
    """
    try:
        from aiohttp import web
    except ModuleNotFoundError as error:
        raise MissingExtra("paperhook.adapters.aiohttp needs aiohttp: pip install aiohttp") from error

    async def deliver(request: Request) -> Response:
        name = provider or provider_in(request.match_info.get("path", ""))
        try:
            body = await _read(request, hooks.max_body_bytes)
        except DeliveryRejected as error:
            reply = hooks.refuse(error, provider=name)
        else:
            reply = await hooks.areceive(request.raw_headers, body, provider=name)
        return web.Response(body=reply.body, status=reply.status, headers=reply.headers)

    return deliver


def application(hooks: Webhooks) -> Application:
    """Make an application for `app.add_subapp("/webhooks", …)`; the worker runs as long as it does.

    Raises:
        MissingExtra: If aiohttp is not installed.
    """
    deliver = handler(hooks)
    from aiohttp import web

    app = web.Application()
    for path in ("", "/{path:.*}"):
        app.router.add_route("*", path, deliver)

    async def work(app: Application) -> AsyncGenerator[None]:
        async with hooks.lifespan(app):
            yield

    app.cleanup_ctx.append(work)
    return app


async def _read(request: Request, max_body_bytes: int) -> bytes:
    from aiohttp import ClientPayloadError, web

    announced = check_announced(request.method, request.raw_headers, max_body_bytes)
    if not request.can_read_body:
        # Somebody has read it before us, or there is none.
        return await request.read()
    body = Body(max_body_bytes, announced)
    try:
        async for chunk in request.content.iter_any():
            body.add(chunk)
    except (web.RequestPayloadError, ClientPayloadError, ConnectionError) as error:
        raise MalformedDelivery("the body could not be read to its end") from error
    return body.whole()
