"""Standard Webhooks: HMAC (`v1`) and ed25519 (`v1a`) over id, timestamp and body, under `webhook-*` or `svix-*` headers.

Which of the two is checked is decided by the configured secret, never by the label that somebody sent: a `whpk_` key
verifies `v1a` only, any other secret `v1` only. Labels of other versions are skipped.

Source: Standard Webhooks specification, sections "Signature scheme" and "Webhook headers".
"""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Literal

from ...core.delivery import Delivery
from ...core.secret import Secret
from ...errors import BadSignature, ConfigurationError, MissingExtra, Unsigned
from .macs import Mac, encoded
from .parts import (
    MAX_SIGNATURE_LIST_CHARS,
    TOLERANCE,
    check_age,
    check_tolerance,
    decoded_key,
    in_force,
    mac_of,
    made_up_id,
    needed_now,
    no_match,
    several,
    single_value,
    timestamp_text,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: Id, timestamp and signatures of each family.
_HEADERS = {
    "webhook": ("webhook-id", "webhook-timestamp", "webhook-signature"),
    "svix": ("svix-id", "svix-timestamp", "svix-signature"),
}
_VERSIONS = frozenset({b"v1", b"v1a"})
_PUBLIC, _PRIVATE = b"whpk_", b"whsk_"
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """Standard Webhooks.

    A secret is `whsec_` and base64 for `v1`; `whpk_` (to verify) or `whsk_` (to verify and sign) and base64 for `v1a`, which
    needs `pip install "paperhook[ed25519]"`.

    Args:
        family: What the three headers begin with.
        tolerance: Seconds that the timestamp may differ from now, both ways; 0 means exactly now.

    Raises:
        ConfigurationError: If the tolerance is no number of seconds.
    """

    family: Literal["webhook", "svix"] = "webhook"
    tolerance: float = TOLERANCE

    def __post_init__(self) -> None:
        if self.family not in ("webhook", "svix"):
            raise ConfigurationError(f"family is {self.family!r}: write 'webhook' or 'svix'")
        check_tolerance(self.tolerance)

    @property
    def header(self) -> str:
        """The header with the signatures."""
        return _HEADERS[self.family][2]

    def check(self, secrets: Sequence[Secret]) -> None:
        """Refuse secrets that cannot be this scheme's.

        Raises:
            ConfigurationError: If one is not base64 behind its prefix, or of the wrong length.
            MissingExtra: If one is an ed25519 key and `cryptography` is not installed.
        """
        for secret in secrets:
            if _is_asymmetric(secret):
                _public_key(secret)
            else:
                mac_of(secret, "sha256", "base64", b"whsec_")

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None = None) -> str:
        """Check a delivery.

        Returns:
            The name of the secret that matched.

        Raises:
            Unsigned: If one of the three headers is missing.
            BadSignature: If no signature matches any of the secrets.
            StaleDelivery: If it is authentic, and its timestamp too old or too far in the future.
            ConfigurationError: If `now` is not given, or a secret cannot be this scheme's.
        """
        moment = needed_now(now, self.header) if now is None else now
        id_header, timestamp_header, signature_header = _HEADERS[self.family]
        name = single_value(delivery, id_header)
        # Between id and timestamp stands a full stop: another one would let two contents be the same bytes.
        if b"." in name:
            raise BadSignature(f"{id_header} holds a full stop")
        timestamp = single_value(delivery, timestamp_header)
        contents = [name, b".", timestamp, b".", delivery.body]
        given = _given(delivery, signature_header)
        for secret in in_force(secrets, moment):
            if _matches(secret, given, contents):
                check_age(timestamp, "s", timestamp_header, now=moment, tolerance=self.tolerance)
                return secret.name
        raise no_match(signature_header, secrets)

    def sign(
        self, body: bytes, secret: Secret, *, now: float | None = None, id: str | None = None
    ) -> dict[str, str]:
        """Give the headers that make a body valid.

        Args:
            body: The exact bytes.
            secret: `whsec_…` or, for `v1a`, `whsk_…`.
            now: Seconds since the epoch.
            id: The delivery's id; by default made from the body.

        Raises:
            ConfigurationError: If `now` is not given, or the secret is a public key.
        """
        name = made_up_id(body) if id is None else id
        timestamp = timestamp_text(needed_now(now, self.header), "s")
        contents = [name.encode(), b".", timestamp.encode(), b".", body]
        if _is_asymmetric(secret):
            signature = encoded(_private_key(secret).sign(b"".join(contents)), "base64")
        else:
            signature = _symmetric(mac_of(secret, "sha256", "base64", b"whsec_"), contents)
        version = "v1a" if _is_asymmetric(secret) else "v1"
        values = (name, timestamp, f"{version},{signature.decode()}")
        return dict(zip(_HEADERS[self.family], values, strict=True))


def _given(delivery: Delivery, header: str) -> list[tuple[bytes, bytes]]:
    """Read version and text of each signature whose version is known."""
    value = single_value(delivery, header, max_chars=MAX_SIGNATURE_LIST_CHARS)
    signatures = several(value, b" ", header) if b" " in value else (value,)
    found: list[tuple[bytes, bytes]] = []
    for each in signatures:
        version, _, signature = each.partition(b",")
        if version in _VERSIONS:
            found.append((version, signature))
    if not found:
        raise Unsigned(f"{header} holds no signature of a version that is known")
    return found


def _is_asymmetric(secret: Secret) -> bool:
    return secret.key.startswith((_PUBLIC, _PRIVATE))


def _symmetric(mac: Mac, contents: list[bytes]) -> bytes:
    return encoded(mac.over_parts(contents, len(contents[4])), "base64")


def _symmetric_mac(secret: Secret) -> Mac | None:
    """Give what signs `v1`, None for a key of `v1a`; found out once for each secret."""
    if "v1" not in secret.derived:
        asymmetric = _is_asymmetric(secret)
        secret.derived["v1"] = None if asymmetric else mac_of(secret, "sha256", "base64", b"whsec_")
    mac: Mac | None = secret.derived["v1"]
    return mac


def _matches(secret: Secret, given: list[tuple[bytes, bytes]], contents: list[bytes]) -> bool:
    mac = secret.derived.get("v1") or _symmetric_mac(secret)
    if mac is not None:
        expected = _symmetric(mac, contents)
        for version, each in given:  # noqa: SIM110 - a generator costs as much as the comparison
            if version == b"v1" and hmac.compare_digest(expected, each):
                return True
        return False
    key, content = _public_key(secret), b"".join(contents)
    # The key cannot be made without the library, so it is there.
    from cryptography.exceptions import InvalidSignature

    for version, each in given:
        signature = _decoded_signature(each) if version == b"v1a" else None
        if signature is None:
            continue
        try:
            key.verify(signature, content)
        except InvalidSignature:
            continue
        return True
    return False


def _decoded_signature(text: bytes) -> bytes | None:
    try:
        signature = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    # Base64 with other bits after its end decodes to the same bytes.
    is_exact = len(signature) == _SIGNATURE_BYTES and encoded(signature, "base64") == text
    return signature if is_exact else None


def _public_key(secret: Secret) -> Ed25519PublicKey:
    if secret.key.startswith(_PRIVATE):
        return _private_key(secret).public_key()
    decoded = decoded_key(secret.key.removeprefix(_PUBLIC), "base64", secret.name)
    if len(decoded) != _KEY_BYTES:
        raise ConfigurationError(
            f"webhook secret {secret.name!r} decodes to {len(decoded)} bytes: a whpk_ key has 32"
        )
    key: Ed25519PublicKey = _ed25519().Ed25519PublicKey.from_public_bytes(decoded)
    return key


def _private_key(secret: Secret) -> Ed25519PrivateKey:
    if secret.key.startswith(_PUBLIC):
        raise ConfigurationError(
            f"webhook secret {secret.name!r} is a public key, which cannot sign: use the whsk_ key"
        )
    decoded = decoded_key(secret.key.removeprefix(_PRIVATE), "base64", secret.name)
    # Both forms are in use: the seed alone, and the seed with the public key behind it.
    if len(decoded) not in (_KEY_BYTES, 2 * _KEY_BYTES):
        raise ConfigurationError(
            f"webhook secret {secret.name!r} decodes to {len(decoded)} bytes: a whsk_ key has 32 or 64"
        )
    key: Ed25519PrivateKey = _ed25519().Ed25519PrivateKey.from_private_bytes(decoded[:_KEY_BYTES])
    return key


def _ed25519() -> ModuleType:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise MissingExtra('ed25519 keys need another library: pip install "paperhook[ed25519]"') from error
    return ed25519
