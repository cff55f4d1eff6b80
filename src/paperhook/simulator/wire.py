"""What the four wires share: a gate before every endpoint, and the services behind it."""

from __future__ import annotations

import asyncio
import hmac
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from paperhook.simulator.background import Background, Signal
from paperhook.simulator.bodies import BodyMalformed, BodyTooLarge
from paperhook.simulator.clock import Clock
from paperhook.simulator.deliveries import Deliveries, DeliveryRules, WebhookTarget
from paperhook.simulator.documents import ReadDocument, Reads, Unreadable, Upload, read
from paperhook.simulator.faults import Fault, Faults
from paperhook.simulator.limits import Credits, Grant, RateLimiter

logger: logging.Logger = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]
CONCURRENT_READS = 2
ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Refusal(Exception):
    """An answer that is not 2xx; each wire writes it in its own envelope."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Mapping[str, object] | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Refuse with this HTTP status, the provider's machine code, and a sentence."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        #: Seconds.
        self.retry_after = retry_after


class ConnectionDropped(Exception):
    """The request was carried out, and the client shall get no answer."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the simulated providers are set up."""

    #: Keys that are accepted, per provider.
    api_keys: Mapping[str, tuple[str, ...]]
    #: Requests per minute and key, per provider; 0 is no limit.
    rate_limits: Mapping[str, int]
    #: How long a job stays in each state that is not terminal, seconds.
    processing_seconds: float
    #: Whether results carry the member `_paperhook` with boxes and confidences.
    annotations: bool
    #: DocuProx: template id to its field names; any other UUID has the default fields.
    docuprox_templates: Mapping[str, tuple[str, ...]]
    #: DocuProx: template ids that are answered with 404.
    docuprox_unknown_templates: frozenset[str]
    #: Ocriva: projects of the organization.
    ocriva_projects: tuple[str, ...]
    #: Ocriva: keys that are project tokens, with their project.
    ocriva_project_keys: Mapping[str, str]
    #: Ocriva: whether the history record's id is the upload reply's id; else only its uploadId is.
    ocriva_history_id_is_upload_id: bool


@dataclass(slots=True)
class Services:
    """What every wire works with."""

    settings: Settings
    clock: Clock
    background: Background
    reader: Reads
    deliveries: Deliveries
    faults: Faults
    credits: Credits
    #: How many documents are read at once; the others wait as tasks, which can be stopped, and not in threads.
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONCURRENT_READS))
    limiter: RateLimiter = field(default_factory=RateLimiter)
    targets: dict[str, WebhookTarget] = field(default_factory=dict[str, WebhookTarget])
    counts: dict[str, Counter[str]] = field(default_factory=dict[str, "Counter[str]"])


class Wire(ABC):
    """One provider as its clients see it."""

    #: The provider's name, and the first part of every path.
    name: ClassVar[str]
    #: How it delivers webhooks.
    rules: ClassVar[DeliveryRules]
    #: Status, code and message of its answer to a wrong key.
    unauthorized: ClassVar[tuple[int, str, str]]
    #: Status and code for a body that is too large, one that is malformed, 404, 429, 5xx.
    too_large: ClassVar[tuple[int, str]]
    malformed: ClassVar[tuple[int, str]]
    not_found: ClassVar[str]
    throttled: ClassVar[str]
    broken: ClassVar[str]

    def __init__(self, services: Services) -> None:
        """Work with these services."""
        self.services = services
        self.settings: Settings = services.settings
        self.counts: Counter[str] = services.counts.setdefault(self.name, Counter())
        services.deliveries.register(self.name, self.rules)

    @abstractmethod
    def routes(self) -> list[BaseRoute]:
        """Give the provider's endpoints, below `/{name}`."""

    @abstractmethod
    def envelope(self, refusal: Refusal, request: Request) -> Response:
        """Write a refusal the way this provider does."""

    @abstractmethod
    def credential(self, request: Request) -> str:
        """Give the key the request carries, or an empty string."""

    def stamp(self, request: Request, response: Response, grant: Grant | None) -> None:
        """Add the headers this provider puts on every answer; none by default."""
        return

    def mounted(self) -> list[BaseRoute]:
        """Give the endpoints, with an answer in the provider's envelope for every other path."""
        return [*self.routes(), self.fallback()]

    def fallback(self) -> BaseRoute:
        """Give the route that answers 404 in the provider's envelope; a Mount needs its own."""
        return Route("/{rest:path}", self.gate(self._unknown, keyless=True), methods=ALL_METHODS)

    def gate(self, handler: Handler, *, keyless: bool = False, accepts: bool = False) -> Handler:
        """Put authentication, rate limit, faults and the error envelope before a handler.

        Args:
            keyless: The endpoint needs no key and is not limited.
            accepts: The endpoint makes jobs, so a `reset` fault may swallow its answer.
        """

        async def answer(request: Request) -> Response:
            self.counts["requests"] += 1
            grant: Grant | None = None
            try:
                self._misbehave(request)
                if not keyless:
                    grant = self._admit(request)
                    self._ration(grant)
                response = await handler(request)
            except Refusal as refusal:
                response = self.refused(refusal, request)
            except BodyTooLarge as error:
                response = self.refused(Refusal(*self.too_large, str(error)), request)
            except BodyMalformed as error:
                response = self.refused(Refusal(*self.malformed, str(error)), request)
            except ClientDisconnect:
                raise ConnectionDropped from None
            except Exception as error:  # noqa: BLE001 - a bug of ours is a 5xx of the provider's
                # Neither the text nor the trace is logged: they may hold what is on a document.
                logger.error("simulator: %s answered 500 for %s", self.name, type(error).__name__)  # noqa: TRY400
                response = self.refused(Refusal(500, self.broken, "internal error"), request)
            self.stamp(request, response, grant)
            if accepts and response.status_code < 300 and self._fault("reset", request) is not None:
                raise ConnectionDropped
            return response

        return answer

    def refused(self, refusal: Refusal, request: Request) -> Response:
        """Write a refusal and count it."""
        self.counts[f"refused_{refusal.status}"] += 1
        response = self.envelope(refusal, request)
        if refusal.retry_after is not None:
            response.headers["Retry-After"] = str(refusal.retry_after)
        return response

    def webhook(self, event: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Deliver an event to whoever is registered."""
        target = self.services.targets.get(self.name)
        self.services.deliveries.send(self.name, event, body, target=target, headers=headers)

    async def dwell(self) -> None:
        """Stay in a state for as long as the settings say."""
        await self.services.background.sleep(self.settings.processing_seconds)

    async def read(self, upload: Upload) -> ReadDocument | Unreadable:
        """Read a document, and count how it ended."""
        async with self.services.reading:
            found = await read(self.services.reader, upload)
        self.counts["unreadable" if isinstance(found, Unreadable) else "read"] += 1
        return found

    async def finished(self, done: Signal, *, seconds: float) -> bool:
        """Wait inside a request until a job is done; say whether it was in time."""
        return await self.services.background.wait(done, seconds=seconds)

    def now(self) -> float:
        """Say what time it is, seconds since 1970 UTC."""
        return self.services.clock.time()

    def limited(self, key: str) -> Grant:
        """Count a request of this key."""
        limit = self.settings.rate_limits.get(self.name, 0)
        return self.services.limiter.take(f"{self.name}:{key}", limit=limit, now=self.now())

    def _admit(self, request: Request) -> Grant:
        key = self.credential(request)
        # All keys are compared, so that the time taken tells nothing.
        known = [
            hmac.compare_digest(key.encode(), one.encode())
            for one in self.settings.api_keys.get(self.name, ())
        ]
        if not any(known):
            status, code, message = self.unauthorized
            raise Refusal(status, code, message)
        return self.limited(key)

    def _ration(self, grant: Grant) -> None:
        if not grant.granted:
            raise Refusal(429, self.throttled, "too many requests", retry_after=grant.retry_after(self.now()))

    def _misbehave(self, request: Request) -> None:
        fault = self._fault("throttle", request)
        if fault is not None:
            raise Refusal(429, self.throttled, "too many requests", retry_after=max(1, round(fault.seconds)))
        fault = self._fault("unavailable", request)
        if fault is not None:
            raise Refusal(fault.status, self.broken, "temporarily unavailable", retry_after=None)

    def _fault(self, kind: str, request: Request) -> Fault | None:
        return self.services.faults.strike([kind], self.name, path=request.scope["path"])

    async def _unknown(self, request: Request) -> Response:
        raise Refusal(404, self.not_found, "no such endpoint")


def bearer(request: Request) -> str:
    """Read the key of `Authorization: Bearer <key>`, or an empty string."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
