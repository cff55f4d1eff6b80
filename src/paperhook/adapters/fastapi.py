"""A FastAPI dependency that only verifies: `events: Annotated[tuple[Event, ...], Depends(verified(docuparse))]`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from ..core.delivery import Delivery
from ..core.event import Event, Origin
from ..core.headers import Headers
from ..core.provider import Provider
from ..errors import DeliveryRejected, MalformedDelivery
from ..webhooks.receiver import MAX_BODY_BYTES, admit, refusal
from .bounds import Body, check_announced


def verified(
    provider: Provider, *, max_body_bytes: int = MAX_BODY_BYTES, clock: Callable[[], float] = time.time
) -> Callable[[Request], Awaitable[tuple[Event, ...]]]:
    """Make a dependency that gives every event of an authentic delivery, one for most providers.

    Nothing is stored, no handler runs, and the same event may come again: what follows is the endpoint's business.
    A handshake gives no event, and is answered with whatever the endpoint answers.
    A delivery that must not be trusted is answered before the endpoint is called, with the status of its `Outcome`.

    Args:
        provider: With its webhook secret.
        max_body_bytes: Larger deliveries are refused while they arrive.
        clock: Seconds since the epoch.

    Raises:
        ConfigurationError: If the provider has neither a secret nor `unsigned="accept"`.
    """
    provider.check_receiving()

    async def read_events(request: Request) -> tuple[Event, ...]:
        try:
            body = await _read(request, max_body_bytes)
            delivery = Delivery(Headers(request.headers.raw), body, request.method)
            receipt = admit(provider, delivery, now=clock(), max_body_bytes=max_body_bytes)
            return tuple(provider.event(each, body=body, origin=Origin.WEBHOOK) for each in receipt.envelopes)
        except DeliveryRejected as error:
            reply = refusal(error)
            allow = {"allow": reply.headers["allow"]} if "allow" in reply.headers else None
            raise HTTPException(reply.status, str(reply.outcome), allow) from error

    return read_events


async def _read(request: Request, max_body_bytes: int) -> bytes:
    body = Body(max_body_bytes, check_announced(request.method, request.headers.raw, max_body_bytes))
    try:
        async for chunk in request.stream():
            body.add(chunk)
    except ClientDisconnect as error:
        raise MalformedDelivery("the sender went away") from error
    return body.whole()
