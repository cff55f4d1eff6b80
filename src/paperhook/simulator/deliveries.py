"""Webhook deliveries: signed, sent, retried on the provider's schedule, and logged."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from paperhook.errors import ConfigurationError
from paperhook.simulator.background import Background, Signal
from paperhook.simulator.clock import Clock
from paperhook.simulator.faults import Fault, Faults
from paperhook.simulator.post import Post

KEPT_PER_PROVIDER = 1000
"""How many deliveries of a provider the log holds; the oldest go first."""
STALE_AFTER = 3600.0
"""Seconds after which a stale delivery comes again, times the factor on every wait."""

DeliveryState = Literal["pending", "delivered", "failed", "dropped"]


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where a provider sends its webhooks, and with which secret."""

    #: http or https URL.
    url: str
    #: Signing key, or the static header's value for DocuProx; None sends unsigned deliveries.
    secret: str | None = field(default=None, repr=False)
    #: Name of the static header; used by DocuProx only.
    header_name: str = "X-Webhook-Token"
    #: Event types to send; None sends all.
    events: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """Refuse anything but http and https.

        Raises:
            ConfigurationError: If the URL has another scheme, or no host.
        """
        scheme, _, rest = self.url.partition("://")
        if scheme not in ("http", "https") or rest[:1] in ("", "/"):
            raise ConfigurationError("a webhook URL starts with http:// or https:// and a host")


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """How one provider delivers."""

    #: Waits before each retry, seconds; their number plus one is the number of attempts.
    waits: tuple[float, ...]
    #: How long an endpoint may take, seconds.
    timeout: float
    #: Which status acknowledges.
    acknowledges: Callable[[int], bool]
    #: The signature's headers for a body.
    sign: Callable[[bytes, WebhookTarget], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST to the endpoint."""

    #: When, seconds since 1970 UTC.
    at: float
    #: HTTP status; None when no answer came.
    status: int | None
    #: Why no answer came, as a type name.
    error: str | None
    #: How long it took, seconds.
    seconds: float


@dataclass(slots=True, eq=False)
class Delivery:
    """One event on its way to one endpoint."""

    id: str
    provider: str
    event: str
    target: WebhookTarget = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    created_at: float
    state: DeliveryState = "pending"
    attempts: list[Attempt] = field(default_factory=list["Attempt"])


class Deliveries:
    """Sends the webhooks of all providers and remembers what became of them."""

    def __init__(
        self,
        *,
        clock: Clock,
        background: Background,
        post: Post,
        faults: Faults,
        retry_scale: float = 1.0,
        restart: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """Send with `post`; every wait of a schedule is multiplied by `retry_scale`, and `restart` restarts the endpoint."""
        self._clock = clock
        self._background = background
        self._post = post
        self._faults = faults
        self._retry_scale = retry_scale
        self._restart = restart
        self._rules: dict[str, DeliveryRules] = {}
        self._log: dict[str, deque[Delivery]] = {}
        self._sent: dict[str, Signal] = {}

    def register(self, provider: str, rules: DeliveryRules) -> None:
        """Say how `provider` delivers, before its first delivery."""
        self._rules[provider] = rules
        self._log[provider] = deque(maxlen=KEPT_PER_PROVIDER)
        self._sent[provider] = Signal()

    def send(
        self,
        provider: str,
        event: str,
        body: bytes,
        *,
        target: WebhookTarget | None,
        headers: Mapping[str, str] | None = None,
    ) -> Delivery | None:
        """Deliver `body` in the background; None when nobody is registered for this event."""
        if target is None or (target.events is not None and event not in target.events):
            return None
        identifier = f"dlv_{secrets.token_hex(8)}"
        delivery = Delivery(
            identifier, provider, event, target, body, dict(headers or {}), self._clock.time()
        )
        self._log[provider].append(delivery)
        if self._faults.strike(["drop"], provider) is not None:
            delivery.state = "dropped"
            return delivery
        self._background.start(lambda: self._deliver(delivery))
        if self._faults.strike(["duplicate"], provider) is not None:
            self._background.start(lambda: self._deliver(delivery))
        return delivery

    def again(self, delivery: Delivery) -> None:
        """Deliver a logged event once more, whatever became of it before."""
        delivery.state = "pending"
        self._background.start(lambda: self._deliver(delivery))

    def log(self, provider: str) -> list[Delivery]:
        """Give the deliveries of a provider, newest first."""
        return list(reversed(self._log[provider]))

    def counts(self, provider: str) -> dict[str, int]:
        """Count the logged deliveries by what became of them."""
        log = self._log[provider]
        return {
            "events": len(log),
            "attempts": sum(len(delivery.attempts) for delivery in log),
            "acknowledged": sum(delivery.state == "delivered" for delivery in log),
            "failed": sum(delivery.state == "failed" for delivery in log),
            "dropped": sum(delivery.state == "dropped" for delivery in log),
        }

    async def _deliver(self, delivery: Delivery) -> None:
        rules = self._rules[delivery.provider]
        await self._hold_back(delivery)
        for wait in (*rules.waits, None):
            if await self._attempt(delivery, rules):
                delivery.state = "delivered"
                return
            if wait is not None:
                await self._background.sleep(wait * self._retry_scale)
        # A duplicate that fails does not undo the acknowledgement of its twin.
        if delivery.state != "delivered":
            delivery.state = "failed"

    async def _hold_back(self, delivery: Delivery) -> None:
        fault = self._faults.strike(["delay", "reorder"], delivery.provider)
        if fault is None:
            return
        if fault.kind == "delay":
            await self._background.sleep(fault.seconds)
            return
        await self._background.wait(self._sent[delivery.provider], seconds=fault.seconds)

    async def _attempt(self, delivery: Delivery, rules: DeliveryRules) -> bool:
        fault = self._faults.strike(["tamper", "wrong_signature"], delivery.provider)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"{delivery.provider}-webhooks (paperhook simulator)",
            **delivery.headers,
            **rules.sign(delivery.body, _signer(delivery.target, fault)),
        }
        body = tampered(delivery.body) if fault is not None and fault.kind == "tamper" else delivery.body
        at = self._clock.time()
        reply = await self._post(delivery.target.url, headers=headers, body=body, timeout=rules.timeout)
        if self._faults.strike(["restart"], delivery.provider) is not None:
            # What arrived is stored by then, and nobody told the sender.
            reply = replace(reply, status=None, error="restart")
            if self._restart is not None:
                await self._restart()
        if self._faults.strike(["stale"], delivery.provider) is not None:
            self._background.start(lambda: self._send_late(delivery, headers, body))
        delivery.attempts.append(Attempt(at, reply.status, reply.error, reply.seconds))
        self._sent[delivery.provider].pulse()
        return reply.status is not None and rules.acknowledges(reply.status)

    async def _send_late(self, delivery: Delivery, headers: Mapping[str, str], body: bytes) -> None:
        """Send the very bytes again when they are old, as somebody would who wrote them down."""
        await self._background.sleep(STALE_AFTER * self._retry_scale)
        at, timeout = self._clock.time(), self._rules[delivery.provider].timeout
        reply = await self._post(delivery.target.url, headers=headers, body=body, timeout=timeout)
        delivery.attempts.append(Attempt(at, reply.status, reply.error, reply.seconds))


def is_success(status: int) -> bool:
    """Say whether a status is 2xx."""
    return 200 <= status < 300


def hmac_sha256_hex(body: bytes, secret: str) -> str:
    """Sign the exact bytes; lowercase hex, the key is the secret's UTF-8."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _signer(target: WebhookTarget, fault: Fault | None) -> WebhookTarget:
    if fault is None or fault.kind != "wrong_signature":
        return target
    return WebhookTarget(target.url, secrets.token_hex(16), target.header_name)


def tampered(body: bytes) -> bytes:
    """Change the last digit, so that the body still parses but says something else."""
    digits = list(re.finditer(rb"\d", body))
    if not digits:
        return body + b" "
    at = digits[-1].start()
    return body[:at] + str((int(body[at : at + 1]) + 1) % 10).encode() + body[at + 1 :]
