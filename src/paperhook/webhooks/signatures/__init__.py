"""How a provider proves that a delivery is its own: each scheme verifies, and signs for tests and the simulator.

A scheme is chosen by the provider's configuration, never by the name of a header that somebody sent.

| scheme | proves | replay is bounded by |
|---|---|---|
| `HmacSha256` | the exact body | nothing |
| `Hmac` | what its content template covers | the timestamp, where the template covers it |
| `HmacPairs` | `t=…,v1=…`: timestamp and body | the timestamp |
| `StandardWebhooks` | id, timestamp and body | the timestamp |
| `SnsMessage` | an Amazon SNS message and its topic | the timestamp |
| `StaticHeader`, `BodySecret` | the sender, not the body | nothing |
| `Custom` | what your function checks | your function |
| `NoSignature` | nothing; `unsigned="accept"` must be written out | nothing |
"""

from __future__ import annotations

from .hmacs import Hmac, HmacPairs
from .parts import MAX_SIGNATURE_CHARS, MAX_SIGNATURE_LIST_CHARS, MAX_SIGNATURES, TOLERANCE, single_value
from .plain import HmacSha256, StaticHeader
from .ready import READY, ready
from .sns import SnsMessage
from .standard import StandardWebhooks
from .unusual import BodySecret, Custom, NoSignature

__all__ = [
    "MAX_SIGNATURES",
    "MAX_SIGNATURE_CHARS",
    "MAX_SIGNATURE_LIST_CHARS",
    "READY",
    "TOLERANCE",
    "BodySecret",
    "Custom",
    "Hmac",
    "HmacPairs",
    "HmacSha256",
    "NoSignature",
    "SnsMessage",
    "StandardWebhooks",
    "StaticHeader",
    "ready",
    "single_value",
]
