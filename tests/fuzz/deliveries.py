"""One fuzzed delivery: success or one documented refusal, and never a forgery, a secret or a payload in what is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paperhook.core.delivery import Delivery
from paperhook.core.event import EVENT_CLASSES, Event
from paperhook.core.headers import Headers
from paperhook.core.provider import Provider
from paperhook.errors import DeliveryRejected
from paperhook.providers.declared import declaration, declared, declared_names
from paperhook.providers.docuparse import DocuParse
from paperhook.providers.docuprox import DocuProx
from paperhook.providers.generic import Generic
from paperhook.providers.ocriva import Ocriva
from paperhook.providers.space_ocr import SpaceOcr
from paperhook.webhooks.receiver import admit, refusal
from paperhook.webhooks.signatures import BodySecret, Custom, Hmac, HmacPairs, StandardWebhooks, StaticHeader

from .choices import SPICE, Choices

NOW = 1_760_000_000.0
CLOCKS = (NOW, NOW + 299, NOW - 299, NOW + 301, NOW - 301, 0.0, -1.0, 1e300, float("inf"), float("nan"))
SECRET = "whsec_c2VjcmV0LWtleS0wMS1sb25n"
SEED = "whsk_" + base64.b64encode(bytes(range(32))).decode()
SAMPLES = Path(__file__).parent.parent / "samples"
#: The marks of a secret and of a payload: none may be told.
HIDDEN = (SECRET, SECRET[6:], SEED[5:], "paperhook-payload-mark")

_TIMED = {"content": "v0:{timestamp}:{body}", "timestamp_header": "X-Time"}
#: Schemes that no declaration uses, each under a provider of its own.
SCHEMES: Mapping[str, tuple[Any, str]] = {
    "base64": (Hmac(header="X-Sig", output="base64", separator=" ", digest="sha512"), SECRET),
    "sha1": (
        Hmac(header="X-Sig", digest="sha1", any_case=True, content="{endpoint}{method}{body}", endpoint="/x"),
        SECRET,
    ),
    "ms": (Hmac(header="X-Sig", timestamp_unit="ms", **_TIMED), SECRET),
    "float": (Hmac(header="X-Sig", timestamp_unit="float", **_TIMED), SECRET),
    "iso": (Hmac(header="X-Sig", timestamp_unit="iso", **_TIMED), SECRET),
    "id": (
        Hmac(header="X-Sig", content="{id}.{timestamp}.{body}", timestamp_header="X-Time", id_header="X-Id"),
        SECRET,
    ),
    "pairs": (HmacPairs(header="X-Sig"), SECRET),
    "ed25519": (StandardWebhooks(), SEED),
    "static": (StaticHeader("X-Sig"), SECRET),
}
_ACME = {
    "name": "acme",
    "signature": {"kind": "custom"},
    "events": {
        "type": ["event", "header:X-Event"],
        "words": {"done": "document.completed", "bad": "document.failed"},
    },
    "ids": {"job": "data.id", "batch": "data.batch"},
    "payload": {"result": "data", "error_message": "data.error", "occurred_at": "at"},
    "handshake": {"kind": "challenge", "challenge": "challenge"},
}


def _providers() -> dict[str, Provider]:
    found: dict[str, Provider] = {
        "docuparse": DocuParse("key", webhook_secret=SECRET),
        "docuprox": DocuProx("key", webhook_secret=SECRET),
        "ocriva": Ocriva("key", webhook_secret=SECRET),
        "space-ocr": SpaceOcr("key", webhook_secret=SECRET),
    }
    for name in declared_names():
        kind = declaration(name).signature.kind
        if kind == "none":
            found[name] = declared(name, unsigned="accept")
        elif kind != "custom":
            found[name] = declared(name, webhook_secret=SECRET)
    for form in ("object", "array", "sns"):
        for name, (scheme, secret) in SCHEMES.items():
            own = Generic.from_dict({**_ACME, "body": form}, scheme=scheme, webhook_secret=secret)
            found[f"{form} {name}"] = own
    return found


def _bodies() -> tuple[bytes, ...]:
    files = [*SAMPLES.glob("*/events/*.json"), *SAMPLES.glob("declared/*/*.json")]
    found = [json.loads(path.read_bytes()) for path in sorted(files)]
    marked = [each["body"] if isinstance(each, dict) and "expect" in each else each for each in found]
    own = [
        {"event": "done", "data": {"id": "1", "text": "paperhook-payload-mark"}},
        [{"event": "bad", "data": {}}],
    ]
    return (*(json.dumps(each).encode() for each in (*marked, *own)), b'{"challenge":"abc"}', *SPICE)


PROVIDERS = _providers()
NAMES = tuple(PROVIDERS)
BODIES = _bodies()


def _signed(provider: Provider, body: bytes) -> dict[str, str]:
    if not provider.secrets:
        return {}
    if isinstance(provider.signature, BodySecret):
        return {}
    try:
        return provider.signature.sign(body, provider.secrets[0], now=NOW)
    except DeliveryRejected:
        # Veryfi's covers what is in a JSON object, and this is none.
        return {}


def deliver(content: bytes) -> str:
    """Deliver what the bytes choose.

    Returns:
        The outcome.

    Raises:
        AssertionError: If a forgery was accepted, or a refusal tells what it must not.
        Exception: Anything else that is not documented.
    """
    choices = Choices(content)
    provider = PROVIDERS[choices.one_of(NAMES)]
    signed_body = choices.one_of(BODIES)
    if choices.number(3) == 1:
        signed_body = choices.changed(signed_body)
    if isinstance(provider.signature, BodySecret) and choices.number(2):
        signed_body = signed_body.replace(b"{", b'{"webhook_secret":"%s",' % SECRET.encode(), 1)
    proof = [(name, value.encode("latin-1")) for name, value in _signed(provider, signed_body).items()]
    # Half of them arrive with the very proof, so that what lies behind it is reached.
    is_touched = bool(choices.number(2))
    headers = [(name, choices.changed(value)) for name, value in proof] if is_touched else list(proof)
    if choices.number(8) == 1:
        headers.append(
            (
                choices.one_of(["X-Sig", "X-Event", "content-encoding", "X-Hook-Secret"]),
                choices.some_bytes(60),
            )
        )
    if headers and choices.number(8) == 1:
        headers.append(choices.one_of(headers))
    body = choices.changed(signed_body) if choices.number(4) == 1 else signed_body
    return _judge(provider, headers, body, choices.one_of(CLOCKS), is_forged=body != signed_body)


def _judge(
    provider: Provider, headers: list[tuple[str, bytes]], body: bytes, now: float, *, is_forged: bool
) -> str:
    delivery = Delivery(Headers(headers), body)
    try:
        receipt = admit(provider, delivery, now=now)
    except DeliveryRejected as error:
        _check_told(f"{error} {error!r} {error.__cause__!r} {refusal(error)!r} {delivery!r} {provider!r}")
        return error.outcome
    if receipt.reply is not None:
        return str(receipt.reply.outcome)
    covers = not isinstance(provider.signature, (StaticHeader, BodySecret, Custom))
    assert not (is_forged and covers and provider.secrets), f"{provider.name} accepts a body that was changed"
    events = provider.events(delivery)
    assert [event.key for event in events] == [envelope.key for envelope in receipt.envelopes]
    for event in events:
        _check(event, body)
    return "accepted"


def _check_told(text: str) -> None:
    assert not any(each in text for each in HIDDEN), "a secret or a payload is told"


def _check(event: Event, body: bytes) -> None:
    assert event.key
    assert event.body == body
    assert type(event) is EVENT_CLASSES.get(event.type, type(event)), event.type
    assert "paperhook-payload-mark" not in repr(event)
    json.dumps(event.raw).encode()


def seeds() -> list[bytes]:
    """Give bytes that reach each provider with each body, to begin with."""
    return [bytes([name, 0, body % 256]) for name in range(len(NAMES)) for body in range(0, len(BODIES), 7)]
