"""Our verification beside that of others: equal bodies, equal schemes, one process, and memory where a stranger sends 200 MB."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
import tracemalloc
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from paperhook import Webhooks
from paperhook.core.delivery import Delivery
from paperhook.core.headers import Headers
from paperhook.core.secret import Secret
from paperhook.providers import DocuParse
from paperhook.providers.generic import Generic
from paperhook.webhooks.signatures import READY

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIZES = {"1.5 KB": 1536, "100 KB": 100_000, "5 MB": 5_000_000}
#: The two schemes that the others speak.
STANDARD, STRIPE = READY["standard-webhooks"], READY["stripe"]
FLOOR = "one-shot HMAC and compare"


def body_of(size_bytes: int) -> bytes:
    """Make up an event that all of them take for one of theirs."""
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "batch.completed",
        "created": 1_760_000_000,
        "created_at": 1_760_000_000,
        "api_version": "2026-01-01",
        "livemode": False,
        "pending_webhooks": 1,
        "request": None,
        "data": {
            "id": "batch_1",
            "object": {
                "object": "invoice",
                "id": "in_1",
                "lines": [
                    {"id": number, "amount": number * 100, "text": f"Position {number}"}
                    for number in range(8)
                ],
            },
        },
        "notes": "",
    }
    event["notes"] = "n" * max(0, size_bytes - len(json.dumps(event)))
    return json.dumps(event).encode()


def interleaved(
    functions: Mapping[str, Callable[[], object]], *, rounds: int, count: int
) -> dict[str, float]:
    """Time each in turn, so that what disturbs the machine disturbs all; give each one's best round, in microseconds."""
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(rounds):
        for name, function in functions.items():
            started = time.process_time()
            for _ in range(count):
                function()
            best[name] = min(best[name], (time.process_time() - started) / count * 1e6)
    return best


def _floor(body: bytes, headers: Mapping[str, str]) -> Callable[[], bool]:
    key = b64decode(SECRET.removeprefix("whsec_"))
    # What an HMAC of the whole content costs; it is copied together beforehand.
    content = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    expected = hmac.digest(key, content, "sha256")
    return lambda: hmac.compare_digest(hmac.digest(key, content, "sha256"), expected)


def _signed(body: bytes) -> tuple[dict[str, str], dict[str, str]]:
    secret, now = Secret(SECRET), time.time()
    return STANDARD.sign(body, secret, now=now), STRIPE.sign(body, secret, now=now)


def verifying(size: str, *, rounds: int = 15) -> dict[str, float]:
    """Give microseconds of checking one delivery, headers as a framework gives them to typed yes or no."""
    import openai
    import standardwebhooks
    import stripe
    from svix.webhooks import Webhook as Svix

    body = body_of(SIZES[size])
    standard, stripes = _signed(body)
    secrets, peer = [Secret(SECRET)], openai.OpenAI(api_key="key", webhook_secret=SECRET).webhooks
    svix, reference = Svix(SECRET), standardwebhooks.Webhook(SECRET)
    header = stripes["Stripe-Signature"]
    delivery, stripe_delivery = Delivery(Headers(standard), body), Delivery(Headers(stripes), body)
    functions: dict[str, Callable[[], object]] = {
        FLOOR: _floor(body, standard),
        "paperhook, Standard Webhooks": lambda: STANDARD.verify(delivery, secrets, now=time.time()),
        "paperhook, the same from a dict of headers": lambda: STANDARD.verify(
            Delivery(Headers(standard), body), secrets, now=time.time()
        ),
        "paperhook, Stripe's scheme": lambda: STRIPE.verify(stripe_delivery, secrets, now=time.time()),
        "paperhook, Stripe's from a dict of headers": lambda: STRIPE.verify(
            Delivery(Headers(stripes), body), secrets, now=time.time()
        ),
        "svix": lambda: svix.verify(body, standard),
        "standardwebhooks, without parsing": lambda: reference.verify(body, standard, json_parse=False),
        "openai": lambda: peer.verify_signature(body, standard),
        "stripe": lambda: stripe.WebhookSignature.verify_header(body, header, SECRET, 300),
    }
    return interleaved(functions, rounds=rounds, count=max(1, 1_500_000 // len(body)))


def parsing(size: str, *, rounds: int = 15) -> dict[str, float]:
    """Give microseconds of checking one delivery and making an event of it, as each library's own page shows it."""
    import openai
    import standardwebhooks
    import stripe

    body = body_of(SIZES[size])
    standard, stripes = _signed(body)
    ours, theirs = _provider("standard_webhooks"), _provider("pairs", header="Stripe-Signature")
    peer, reference = (
        openai.OpenAI(api_key="key", webhook_secret=SECRET).webhooks,
        standardwebhooks.Webhook(SECRET),
    )
    header = stripes["Stripe-Signature"]
    functions: dict[str, Callable[[], object]] = {
        FLOOR: _floor(body, standard),
        "paperhook, typed event": lambda: ours.verify(standard, body, now=time.time()),
        "paperhook, Stripe's scheme": lambda: theirs.verify(stripes, body, now=time.time()),
        "standardwebhooks, a dict": lambda: reference.verify(body, standard),
        "openai, typed event": lambda: peer.unwrap(body, standard),
        "stripe, typed event": lambda: stripe.Webhook.construct_event(body, header, SECRET),
    }
    return interleaved(functions, rounds=rounds, count=max(1, 300_000 // len(body)))


def _provider(kind: str, **signature: Any) -> Generic:
    return Generic.declare(
        webhook_secret=SECRET,
        name="acme",
        signature={"kind": kind, **signature},
        events={"type": "type", "words": {"batch.completed": "document.completed"}},
        ids={"event": "id", "job": "data.id"},
        payload={"result": "data.object"},
    )


def refusing(size_bytes: int = 200_000_000, chunk_bytes: int = 64 * 1024) -> dict[str, float]:
    """Give the memory that refusing a large body takes beside the cap, in MiB, where nobody says how large it is."""
    hooks = Webhooks(
        DocuParse("key", webhook_secret="a-secret-for-the-benchmark"), inbox="memory:", worker="external"
    )
    app, sent = hooks.asgi(), list[Any]()

    async def deliver() -> int:
        left = size_bytes

        async def receive() -> Any:
            nonlocal left
            left -= chunk_bytes
            return {"type": "http.request", "body": bytes(chunk_bytes), "more_body": left > 0}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
        tracemalloc.start()
        await app(scope, receive, send)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    peak = asyncio.run(deliver())
    hooks.close()
    assert sent[0]["status"] == 413, sent
    return {"the cap": hooks.max_body_bytes / 2**20, "refusing 200 MB": peak / 2**20}
