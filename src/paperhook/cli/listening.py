"""What `paperhook listen` serves: a receiver that answers as your application would, and tells of each delivery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from ..adapters.bounds import Body, check_announced
from ..core.delivery import Delivery
from ..core.headers import Headers, wire_pairs
from ..core.provider import Provider
from ..errors import DeliveryRejected
from ..webhooks.receiver import MAX_BODY_BYTES, Outcome, Reply, admit, refusal
from ..webhooks.signatures.diagnosis import explain
from ..webhooks.signatures.mistakes import signature_headers
from .choosing import Chosen, known_schemes
from .given import other_secrets

#: Headers of one connection, which are not passed on. Source: RFC 9110 section 7.6.1.
_NOT_PASSED_ON = frozenset(
    {"connection", "host", "content-length", "transfer-encoding", "keep-alive", "te", "trailer", "upgrade"}
)
#: Keys that are remembered, to tell a duplicate.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery as it is shown: never its content."""

    #: Seconds since the epoch.
    at: float
    #: As the receiver's; `unchecked` where no provider was named.
    outcome: str
    #: What the sender was answered.
    status: int = 0
    #: Until the answer, where it was passed on included.
    milliseconds: float = 0.0
    size_bytes: int = 0
    #: Kind, key and ids of each event.
    events: Sequence[Mapping[str, str]] = ()
    #: Why it was refused, or what is worth knowing.
    reasons: Sequence[str] = ()
    #: How it was answered where it was passed on.
    forwarded: str = ""

    def row(self) -> dict[str, Any]:
        """Give it as a JSON object."""
        row: dict[str, Any] = {
            "outcome": self.outcome,
            "status": self.status,
            "milliseconds": round(self.milliseconds, 1),
            "size_bytes": self.size_bytes,
            "events": [dict(event) for event in self.events],
            "reasons": list(self.reasons),
        }
        return row | ({"forwarded": self.forwarded} if self.forwarded else {})


@dataclass(slots=True)
class Listener:
    """An ASGI app; nothing is stored.

    Args:
        chosen: Whose deliveries; None takes everything and checks nothing.
        show: Called with each delivery after it was answered.
        forward: Where deliveries that are not refused go as well; its answer is then the sender's.
    """

    chosen: Chosen | None
    show: Callable[[Arrival], object]
    forward: str | None = None
    _seen: dict[str, None] = field(default_factory=dict[str, None])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        started, at = time.perf_counter(), time.time()
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        delivery = Delivery(Headers(headers), b"", scope["method"])
        try:
            delivery = replace(delivery, body=await _body(scope, receive))
            reply, arrival = self._judged(delivery, at)
        except DeliveryRejected as error:
            reply, arrival = refusal(error), Arrival(at, error.outcome, reasons=(str(error),))
        if self.forward is not None and reply.status < 300:
            reply, forwarded = await _passed_on(self.forward, headers, delivery)
            arrival = replace(arrival, forwarded=forwarded)
        arrival = replace(arrival, size_bytes=len(delivery.body))
        await _answer(send, reply)
        elapsed = (time.perf_counter() - started) * 1000
        if arrival.outcome in (Outcome.BAD_SIGNATURE, Outcome.UNSIGNED, Outcome.STALE):
            reasons = await asyncio.to_thread(self._explained, delivery, at)
            arrival = replace(arrival, reasons=reasons or arrival.reasons)
        self.show(replace(arrival, status=reply.status, milliseconds=elapsed))

    def _judged(self, delivery: Delivery, now: float) -> tuple[Reply, Arrival]:
        provider = None if self.chosen is None else self.chosen.provider
        if provider is None:
            return Reply(200, Outcome.ACCEPTED), Arrival(now, "unchecked", reasons=_hints(delivery))
        receipt = admit(provider, delivery, now=now)
        if receipt.reply is not None:
            return receipt.reply, Arrival(now, str(receipt.reply.outcome))
        keys = [envelope.key for envelope in receipt.envelopes]
        outcome = Outcome.DUPLICATE if all(key in self._seen for key in keys) else Outcome.ACCEPTED
        self._remember(keys)
        reply = Reply(provider.success_status, outcome)
        return reply, Arrival(now, str(outcome), events=_told(provider, delivery))

    def _remember(self, keys: Sequence[str]) -> None:
        self._seen.update(dict.fromkeys(keys))
        while len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _explained(self, delivery: Delivery, now: float) -> tuple[str, ...]:
        assert self.chosen is not None  # noqa: S101 - without a provider nothing is refused for its signature
        secrets = self.chosen.secrets
        return explain(
            self.chosen.scheme,
            delivery,
            secrets,
            now=now,
            others=other_secrets(secrets),
            schemes=known_schemes(),
        )


def _hints(delivery: Delivery) -> tuple[str, ...]:
    """Say whose delivery it may be, by its headers."""
    names = [
        name
        for name, scheme in known_schemes().items()
        if getattr(scheme, "header", "").lower() in delivery.headers
    ]
    found = signature_headers(delivery)
    told = (f"{', '.join(found)} is there",) if found else ()
    return (*told, f"try --provider {' or '.join(names)}") if names else told


def _told(provider: Provider, delivery: Delivery) -> tuple[dict[str, str], ...]:
    return tuple(
        {
            name: str(value)
            for name in ("type", "provider_type", "key", "job_id", "document_id", "batch_id")
            if (value := getattr(event, name))
        }
        for event in provider.events(delivery)
    )


async def _body(scope: Scope, receive: Receive) -> bytes:
    announced = check_announced(scope["method"], scope["headers"], MAX_BODY_BYTES)
    body = Body(MAX_BODY_BYTES, announced)
    while True:
        message = await receive()
        body.add(message.get("body", b""))
        if not message.get("more_body", False):
            return body.whole()


async def _passed_on(
    url: str, headers: Sequence[tuple[bytes, bytes]], delivery: Delivery
) -> tuple[Reply, str]:
    """Send the very bytes and headers on, and give the answer."""
    kept = [(name, value) for name, value in headers if name.decode("latin-1").lower() not in _NOT_PASSED_ON]
    started = time.perf_counter()
    try:
        async with httpx.AsyncClient(timeout=30.0) as client:
            answer = await client.post(url, content=delivery.body, headers=kept)
    except (httpx.RequestError, httpx.InvalidURL) as error:
        # A provider tries again after this.
        return Reply(502, Outcome.UNAVAILABLE), f"no answer: {type(error).__name__}"
    elapsed = (time.perf_counter() - started) * 1000
    content_type = {"content-type": answer.headers.get("content-type", "text/plain")}
    reply = Reply(answer.status_code, Outcome.ACCEPTED, headers=content_type, content=answer.content)
    return reply, f"{answer.status_code} in {elapsed:.0f} ms"


async def _answer(send: Send, reply: Reply) -> None:
    headers = [*wire_pairs(reply.headers), (b"content-length", b"%d" % len(reply.body))]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
