"""What checking and reading one delivery costs, as a multiple of the HMAC that cannot be avoided."""

from __future__ import annotations

import hmac
import timeit
from collections.abc import Callable

from paperhook.core.delivery import Delivery
from paperhook.core.headers import Headers
from paperhook.providers import DocuParse
from paperhook.webhooks.receiver import admit

from .deliveries import HEADER, SECRET, delivery


def per_call(function: Callable[[], object], *, count: int = 3000) -> float:
    """Give the best of several runs, in microseconds."""
    return min(timeit.repeat(function, number=count, repeat=5)) / count * 1e6


def measure() -> dict[str, float]:
    """Give microseconds for each step."""
    provider = DocuParse("key", webhook_secret=SECRET)
    body, signature = delivery(1)
    key, given = SECRET.encode(), signature.encode()
    headers = [(b"content-type", b"application/json"), (HEADER.lower().encode(), given)]
    delivered = Delivery(Headers(headers), body)

    def floor() -> bool:
        return hmac.compare_digest(b"sha256=" + hmac.digest(key, body, "sha256").hex().encode(), given)

    assert floor()
    return {
        "one-shot HMAC and compare": per_call(floor),
        "check the signature": per_call(lambda: provider.authenticate(delivered, now=0.0)),
        "check, parse and find identity and type": per_call(
            lambda: admit(provider, Delivery(Headers(headers), body), now=0.0)
        ),
        "check and build the typed event": per_call(lambda: provider.verify(headers, body), count=500),
    }
