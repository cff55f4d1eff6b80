"""The receiver's pipeline, pure: bounds, signature, parsing — then the inbox, then the reply.

| outcome | status | means |
|---|---|---|
| `accepted` | 200 | stored; handlers will run |
| `duplicate` | 200 | was stored before |
| `ignored` | 200 | authentic, and nobody listens |
| `handshake` | 200 | the provider asked whether we are there; nothing is stored |
| `unsigned`, `bad_signature`, `stale` | 401 | not authentic |
| `malformed` | 400 | authentic, not readable |
| `unknown_provider` | 404 | the path names no provider |
| `wrong_method` | 405 | not a POST |
| `too_large` | 413 | body or headers over the bound |
| `wrong_content_type` | 415 | compressed |
| `failed` | 500 | inline mode only: stored, a handler will be tried again |
| `unavailable` | 503 | not stored: the provider must send it again |

Success is exactly 200, because DocuParse retries every other answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..core.delivery import Delivery, Envelope, Handshake
from ..core.provider import Provider
from ..errors import (
    DeliveryRejected,
    DeliveryTooLarge,
    MalformedDelivery,
    Unsigned,
    WrongContentType,
    WrongMethod,
)

#: A result with all its boxes stays well below this.
MAX_BODY_BYTES = 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024
#: RFC 9110 sections 15.3.5 and 15.3.6; a server breaks off when it is given one.
_WITHOUT_BODY = (204, 205)


class Outcome(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    HANDSHAKE = "handshake"
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    STALE = "stale"
    MALFORMED = "malformed"
    UNKNOWN_PROVIDER = "unknown_provider"
    WRONG_METHOD = "wrong_method"
    TOO_LARGE = "too_large"
    WRONG_CONTENT_TYPE = "wrong_content_type"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a delivery, for any framework to send."""

    status: int
    outcome: Outcome
    #: For our own logs and counters; it is not sent.
    detail: str = ""
    #: The name of the secret that matched.
    secret_name: str | None = None
    #: A handshake may send a secret back, so they are not shown.
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"content-type": "application/json"}, repr=False
    )
    #: What a handshake is answered with.
    content: bytes | None = field(default=None, repr=False)

    @property
    def body(self) -> bytes:
        """The bytes to send: JSON that tells the outcome and nothing else, or the answer to a handshake."""
        if self.status in _WITHOUT_BODY:
            return b""
        return b'{"outcome":"%s"}' % self.outcome.encode() if self.content is None else self.content


@dataclass(slots=True)
class Receipt:
    """A delivery that was found authentic and readable, or a handshake."""

    envelopes: tuple[Envelope, ...]
    #: None where unsigned deliveries are accepted.
    secret_name: str | None
    #: The answer to a handshake, of which nothing is stored.
    reply: Reply | None = None


def admit(
    provider: Provider, delivery: Delivery, *, now: float, max_body_bytes: int = MAX_BODY_BYTES
) -> Receipt:
    """Decide whether a delivery is to be trusted, and read what identity and routing need.

    Args:
        now: Seconds since the epoch.

    Raises:
        DeliveryRejected: If it is too large, not authentic, or not readable; nothing else for any bytes at all.
    """
    if delivery.method != "POST":
        raise WrongMethod(f"{provider.name}: a delivery is a POST, this is another method")
    if len(delivery.body) > max_body_bytes:
        raise DeliveryTooLarge(
            f"{provider.name}: the body has {len(delivery.body)} bytes, the bound is {max_body_bytes}"
        )
    if delivery.headers.size_bytes() > MAX_HEADER_BYTES:
        raise DeliveryTooLarge(f"{provider.name}: the headers have more than {MAX_HEADER_BYTES} bytes")
    encodings = delivery.headers.values_of("content-encoding")
    if encodings and ", ".join(encodings).strip().lower() not in ("", "identity"):
        raise WrongContentType(f"{provider.name}: compressed deliveries are refused, no provider sends them")
    if provider.shakes_hands and (handshake := provider.handshake(delivery, now=now)) is not None:
        return Receipt((), None, _answer_to(handshake))
    try:
        secret_name = provider.authenticate(delivery, now=now)
    except DeliveryRejected as error:
        if provider.rejected_status is not None and error.status_hint == Unsigned.status_hint:
            error.status_hint = provider.rejected_status
        raise
    envelopes = provider.envelopes(delivery)
    if not envelopes:
        raise MalformedDelivery(f"{provider.name}: the delivery holds no event")
    return Receipt(envelopes, secret_name)


def _answer_to(handshake: Handshake) -> Reply:
    headers = {"content-type": handshake.content_type, **dict(handshake.headers)}
    return Reply(200, Outcome.HANDSHAKE, headers=headers, content=handshake.content)


def refusal(error: DeliveryRejected) -> Reply:
    """Answer a delivery that was rejected."""
    headers = {"content-type": "application/json"}
    if isinstance(error, WrongMethod):
        headers["allow"] = "POST"
    return Reply(error.status_hint, Outcome(error.outcome), str(error), headers=headers)
