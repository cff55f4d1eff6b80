"""Schemes of a few providers: the secret inside the body, a function of yours, and nothing at all."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ...core.delivery import Delivery
from ...core.headers import Headers
from ...core.secret import Secret
from ...errors import BadSignature, ConfigurationError, DeliveryRejected, Unsigned
from .parts import in_force

#: Whether a delivery is authentic under a secret; the last argument is seconds since the epoch, where it is known.
Check: TypeAlias = Callable[[Delivery, Secret, float | None], bool]
#: The headers that make a body valid under a secret.
Sign: TypeAlias = Callable[[bytes, Secret, float | None], dict[str, str]]


@dataclass(frozen=True, slots=True)
class BodySecret:
    """The secret itself as a member of the JSON body; it proves the sender, not the rest of the body.

    The member stays in what is stored, so whoever reads the inbox can read the secret.

    Args:
        path: Names of the members that lead to it, with dots.
    """

    path: str

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None = None) -> str:
        """Check a delivery.

        Returns:
            The name of the secret that matched.

        Raises:
            Unsigned: If the member is missing or empty.
            BadSignature: If it equals none of the secrets.
            MalformedDelivery: If the body is not JSON.
            ConfigurationError: If a secret has a time and `now` is not given.
        """
        given = self._given(delivery)
        for secret in in_force(secrets, now):
            if hmac.compare_digest(secret.key, given):
                return secret.name
        raise BadSignature(f"{self.path} equals none of the {len(secrets)} configured secrets")

    def _given(self, delivery: Delivery) -> bytes:
        value = delivery.json()
        for name in self.path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is None or value == "":
            raise Unsigned(f"{self.path} is missing in the body: is the secret set at the provider?")
        if not isinstance(value, str):
            raise BadSignature(f"{self.path} is no text")
        # Secrets are UTF-8, other than in headers.
        return value.encode("utf-8", "surrogatepass")

    def sign(self, body: bytes, secret: Secret, *, now: float | None = None) -> dict[str, str]:
        """Give no header, because the secret is in the body: `fill` puts it there.

        Raises:
            ConfigurationError: If it is not.
        """
        try:
            self.verify(Delivery(Headers(), body), (Secret(secret.value),))
        except DeliveryRejected as error:
            raise ConfigurationError(
                f"the secret belongs into the body, at {self.path}: use fill()"
            ) from error
        return {}

    def fill(self, body: bytes, secret: Secret) -> bytes:
        """Write a JSON object again, with the secret in its place.

        Raises:
            MalformedDelivery: If the body is not a JSON object.
        """
        value = place = Delivery(Headers(), body).json_object()
        *around, last = self.path.split(".")
        for name in around:
            inner: Any = place.get(name)
            place[name] = place = inner if isinstance(inner, dict) else {}
        place[last] = secret.key.decode("utf-8", "surrogateescape")
        return json.dumps(value).encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Custom:
    """A check of your own, for schemes that no template can express.

    Args:
        accepts: Called with the delivery, each secret in turn, and now; only `True` accepts. It must compare with
            `hmac.compare_digest`. Whatever it raises, other than `DeliveryRejected`, counts as a bad signature.
        signer: Gives the headers that make a body valid, for tests.
        name: For messages.
    """

    accepts: Check
    signer: Sign | None = None
    name: str = "the custom check"

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None = None) -> str:
        """Check a delivery.

        Returns:
            The name of the secret that matched.

        Raises:
            DeliveryRejected: If the function accepts none of the secrets, or fails.
            ConfigurationError: If the function says so, or a secret has a time and `now` is not given.
        """
        for secret in in_force(secrets, now):
            if self._accepts(delivery, secret, now):
                return secret.name
        raise BadSignature(f"{self.name} accepts none of the {len(secrets)} configured secrets")

    def _accepts(self, delivery: Delivery, secret: Secret, now: float | None) -> bool:
        try:
            # Exactly True: a coroutine that somebody forgot to await is true as well.
            return self.accepts(delivery, secret, now) is True
        except BadSignature:
            # Another secret may match, so that schemes can be put together and secrets still rotate.
            return False
        except (DeliveryRejected, ConfigurationError):
            raise
        except Exception as error:  # noqa: BLE001 - a delivery must not be able to crash the receiver
            reason = type(error).__name__
        # Outside the handler, so that nothing of the delivery hangs on the error.
        raise BadSignature(f"{self.name} failed: {reason}")

    def sign(self, body: bytes, secret: Secret, *, now: float | None = None) -> dict[str, str]:
        """Give the headers that make a body valid.

        Raises:
            ConfigurationError: If there is no function for it.
        """
        if self.signer is None:
            raise ConfigurationError(f"{self.name} has no signer: Custom(check, signer=…)")
        return self.signer(body, secret, now)


@dataclass(frozen=True, slots=True)
class NoSignature:
    """No proof at all; a provider with this scheme needs `unsigned="accept"`, and anybody can forge its deliveries."""

    reason: str = field(default="the provider signs nothing", compare=False)

    def check(self, secrets: Sequence[Secret]) -> None:
        """Refuse secrets, which would check nothing.

        Raises:
            ConfigurationError: If there is one.
        """
        if secrets:
            raise ConfigurationError(
                f"{self.reason}, so a webhook secret would check nothing: leave it out and write unsigned='accept'"
            )

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None = None) -> str:
        """Accept anything, where no secret is configured.

        Returns:
            Empty text: no secret matched.

        Raises:
            ConfigurationError: If there is a secret.
        """
        self.check(secrets)
        return ""

    def sign(self, body: bytes, secret: Secret, *, now: float | None = None) -> dict[str, str]:
        """Give no header."""
        return {}
