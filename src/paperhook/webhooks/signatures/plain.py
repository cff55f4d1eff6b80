"""The two schemes of most providers: HMAC-SHA256 over the exact body, and a header that holds the secret itself."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.delivery import Delivery
from ...core.secret import Secret
from ...errors import BadSignature
from .parts import in_force, mac_of, single_value


@dataclass(frozen=True, slots=True)
class HmacSha256:
    """HMAC-SHA256 over the exact body, as lower-case hex behind an optional prefix, no timestamp."""

    header: str
    prefix: str = ""

    def check(self, secrets: Sequence[Secret]) -> None:
        """Refuse secrets that cannot be this scheme's.

        Raises:
            ConfigurationError: If one is the key of an asymmetric scheme.
        """
        for secret in secrets:
            mac_of(secret)

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None = None) -> str:
        """Check a delivery.

        Returns:
            The name of the secret that matched.

        Raises:
            Unsigned: If the header is missing.
            BadSignature: If it matches none of the secrets.
            ConfigurationError: If a secret cannot be this scheme's, or has a time and `now` is not given.
        """
        given = single_value(delivery, self.header)
        for secret in in_force(secrets, now):
            expected = self.prefix + mac_of(secret).over(delivery.body).hex()
            if hmac.compare_digest(expected.encode(), given):
                return secret.name
        raise BadSignature(f"{self.header} matches none of the {len(secrets)} configured secrets")

    def sign(self, body: bytes, secret: Secret, *, now: float | None = None) -> dict[str, str]:
        """Give the header that makes a body valid."""
        return {self.header: self.prefix + mac_of(secret).over(body).hex()}


@dataclass(frozen=True, slots=True)
class StaticHeader:
    """A header of the user's choice that holds the secret itself; it proves the sender, not the body."""

    header: str
    #: What stands before the secret, such as `Bearer ` with its space.
    prefix: str = ""

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None = None) -> str:
        """Check a delivery.

        Returns:
            The name of the secret that matched.

        Raises:
            Unsigned: If the header is missing.
            BadSignature: If it equals none of the secrets.
            ConfigurationError: If a secret has a time and `now` is not given.
        """
        given = single_value(delivery, self.header)
        for secret in in_force(secrets, now):
            if hmac.compare_digest(self.prefix.encode() + secret.key, given):
                return secret.name
        raise BadSignature(f"{self.header} equals none of the {len(secrets)} configured secrets")

    def sign(self, body: bytes, secret: Secret, *, now: float | None = None) -> dict[str, str]:
        """Give the header that makes any body valid."""
        return {self.header: self.prefix + secret.key.decode("latin-1")}
