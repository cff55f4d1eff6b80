"""How a provider proves that a delivery is its own: each scheme verifies, and signs for tests and the simulator.

A scheme is chosen by the provider's configuration, never by the name of a header that somebody sent.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.delivery import Delivery
from ..core.secret import Secret
from ..errors import BadSignature, Unsigned

#: No scheme here needs a longer header.
MAX_SIGNATURE_CHARS = 1024


def single_value(delivery: Delivery, header: str) -> bytes:
    """Read the one value of a signature header.

    Raises:
        Unsigned: If it is absent or empty.
        BadSignature: If it is there twice, so that two readers could disagree, or absurdly long.
    """
    values = delivery.headers.get_all(header)
    text = values[0].strip(" \t") if values else ""
    if not text:
        raise Unsigned(f"{header} is missing: is the signing secret set at the provider?")
    if len(values) > 1:
        raise BadSignature(f"{header} is there {len(values)} times")
    if len(text) > MAX_SIGNATURE_CHARS:
        raise BadSignature(f"{header} has {len(text)} characters")
    # compare_digest takes text only when it is ASCII; bytes it always takes.
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class HmacSha256:
    """HMAC-SHA256 over the exact body, as lower-case hex behind an optional prefix, no timestamp."""

    header: str
    prefix: str = ""

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None = None) -> str:
        """Check a delivery.

        Returns:
            The name of the secret that matched.

        Raises:
            Unsigned: If the header is missing.
            BadSignature: If it matches none of the secrets.
        """
        given = single_value(delivery, self.header)
        for secret in secrets:
            digest = hmac.digest(secret.key, delivery.body, hashlib.sha256).hex()
            if hmac.compare_digest(f"{self.prefix}{digest}".encode(), given):
                return secret.name
        raise BadSignature(f"{self.header} matches none of the {len(secrets)} configured secrets")

    def sign(self, body: bytes, secret: Secret, *, now: float | None = None) -> dict[str, str]:
        """Give the header that makes a body valid."""
        return {self.header: self.prefix + hmac.digest(secret.key, body, hashlib.sha256).hex()}


@dataclass(frozen=True, slots=True)
class StaticHeader:
    """A header of the user's choice that holds the secret itself; it proves the sender, not the body."""

    header: str

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None = None) -> str:
        """Check a delivery.

        Returns:
            The name of the secret that matched.

        Raises:
            Unsigned: If the header is missing.
            BadSignature: If it equals none of the secrets.
        """
        given = single_value(delivery, self.header)
        for secret in secrets:
            if hmac.compare_digest(secret.key, given):
                return secret.name
        raise BadSignature(f"{self.header} equals none of the {len(secrets)} configured secrets")

    def sign(self, body: bytes, secret: Secret, *, now: float | None = None) -> dict[str, str]:
        """Give the header that makes any body valid."""
        return {self.header: secret.key.decode("latin-1")}
