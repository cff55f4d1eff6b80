"""Idempotency the way space-ocr documents it: the stored answer again for 24 hours, marked as a replay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from paperhook.simulator.clock import Clock
from paperhook.simulator.store import Shelf

KEPT_SECONDS = 24 * 3600
"""Source: space-ocr docs page."""
MAX_KEY_LENGTH = 255
"""Assumed; longer keys are ignored."""

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _Stored:
    status: int
    body: bytes
    media_type: str | None
    at: float


class Replays:
    """Answers of requests that carried an Idempotency-Key.

    The first body wins; a later request with the same key and another body gets the first answer (assumed).
    Only 2xx answers are kept (assumed), so a request that was refused may be sent again under its key.
    """

    def __init__(self, clock: Clock) -> None:
        """Keep answers for 24 hours of this clock."""
        self._clock = clock
        self._stored: Shelf[_Stored] = Shelf()
        self._running: dict[str, asyncio.Lock] = {}

    def once(self, handler: Handler) -> Handler:
        """Let a handler run once per credential, path and key."""

        async def answer(request: Request) -> Response:
            key = request.headers.get("idempotency-key", "")
            if not 0 < len(key) <= MAX_KEY_LENGTH:
                return await handler(request)
            identity = "\n".join((request.headers.get("authorization", ""), request.url.path, key))
            return await self._answer(identity, request, handler)

        return answer

    async def _answer(self, identity: str, request: Request, handler: Handler) -> Response:
        # A second request that comes while the first is running waits for it, and then replays its answer.
        lock = self._running.setdefault(identity, asyncio.Lock())
        async with lock:
            stored = self._stored.get(identity)
            if stored is not None and self._clock.time() - stored.at <= KEPT_SECONDS:
                headers = {"X-Idempotent-Replay": "true"}
                return Response(stored.body, stored.status, headers, stored.media_type)
            response = await handler(request)
            if response.status_code < 300:
                body = bytes(response.body)
                self._stored.put(
                    identity, _Stored(response.status_code, body, response.media_type, self._clock.time())
                )
                # Whoever comes now finds the stored answer; those who wait hold the lock themselves.
                self._running.pop(identity, None)
            return response
