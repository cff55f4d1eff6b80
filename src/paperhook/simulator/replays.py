"""Idempotency the way space-ocr documents it: the stored answer again for 24 hours, marked as a replay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from paperhook.simulator.background import Background
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


@dataclass(slots=True)
class _Running:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    requests: int = 0


class Replays:
    """Answers of requests that carried an Idempotency-Key.

    The first body wins; a later request with the same key and another body gets the first answer (assumed).
    Refusals are not kept (assumed), so a request that was refused may be sent again under its key.
    """

    def __init__(self, clock: Clock, background: Background) -> None:
        """Keep answers for 24 hours of this clock."""
        self._clock = clock
        self._background = background
        self._stored: Shelf[_Stored] = Shelf()
        self._running: dict[str, _Running] = {}

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
        running = self._running.setdefault(identity, _Running())
        running.requests += 1
        try:
            with self._background.asleep():
                await running.lock.acquire()
            try:
                return self._replayed(identity) or await self._first(identity, request, handler)
            finally:
                running.lock.release()
        finally:
            running.requests -= 1
            if running.requests == 0:
                del self._running[identity]

    def _replayed(self, identity: str) -> Response | None:
        stored = self._stored.get(identity)
        if stored is None or self._clock.time() - stored.at > KEPT_SECONDS:
            return None
        return Response(stored.body, stored.status, {"X-Idempotent-Replay": "true"}, stored.media_type)

    async def _first(self, identity: str, request: Request, handler: Handler) -> Response:
        response = await handler(request)
        stored = _Stored(response.status_code, bytes(response.body), response.media_type, self._clock.time())
        self._stored.put(identity, stored)
        return response
