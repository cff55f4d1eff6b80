"""Amazon SNS: each message carries an RSA signature and the URL of the certificate that made it.

The configured secrets are the ARNs of your topics: Amazon signs for whoever has a topic, so a right signature alone says
only that the message went through SNS.

Source: Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages".
"""

from __future__ import annotations

import binascii
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ...core.delivery import Delivery
from ...core.headers import Headers
from ...core.secret import Secret
from ...errors import BadSignature, ConfigurationError, MissingExtra, Unsigned
from .parts import as_bytes, check_age, check_tolerance, in_force, needed_now

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

#: Seconds that a message may be late: it keeps its timestamp while it is sent again. Its retries of an HTTP endpoint
#: take up to an hour by default.
TOLERANCE = 3600.0
_HASHES: Mapping[str, str] = {"1": "SHA1", "2": "SHA256"}
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
#: The members that are signed, in order; `Subject` only where it is there.
_SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_CERTIFICATE_URL = re.compile(
    r"https://sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?/SimpleNotificationService-[0-9a-f]{32}\.pem"
)
_ARN = re.compile(rb"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class SnsMessage:
    """The signature inside an Amazon SNS message; the secrets are the ARNs of the topics that may send.

    Args:
        certificate: Gives the PEM at a URL, which leads to Amazon SNS and nowhere else; it should keep what it fetched.
            Where it fails, the sender is told to come again.
        tolerance: Seconds that the timestamp may differ from now, both ways.
    """

    certificate: Callable[[str], bytes]
    tolerance: float = TOLERANCE

    def __post_init__(self) -> None:
        check_tolerance(self.tolerance)

    def check(self, secrets: Sequence[Secret]) -> None:
        """Refuse secrets that are no topics.

        Raises:
            ConfigurationError: If one is not the ARN of a topic.
        """
        for secret in secrets:
            if not _ARN.fullmatch(secret.key):
                raise ConfigurationError(
                    f"webhook secret {secret.name!r} is no topic: write its ARN, arn:aws:sns:REGION:ACCOUNT:NAME"
                )

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None = None) -> str:
        """Check a delivery.

        Returns:
            The name of the topic's secret.

        Raises:
            MalformedDelivery: If the body is not a JSON object.
            Unsigned: If it carries no signature.
            BadSignature: If the topic is none of the configured ones, or the signature is not Amazon's.
            StaleDelivery: If it is authentic, and its timestamp too old or too far in the future.
            ConfigurationError: If `now` is not given, or the certificate cannot be had.
            MissingExtra: If `cryptography` is not installed.
        """
        moment = needed_now(now, "Signature")
        message = delivery.json_object()
        if not message.get("Signature"):
            raise Unsigned("Signature is missing in the body: is this a message of Amazon SNS?")
        content, version = content_of(message), _text(message, "SignatureVersion")
        name = self._topic(message, in_force(secrets, moment))
        if version not in _HASHES:
            raise BadSignature("SignatureVersion is none that is known")
        url = _text(message, "SigningCertURL")
        if not _CERTIFICATE_URL.fullmatch(url):
            raise BadSignature("SigningCertURL does not lead to Amazon SNS")
        if not _is_signed(self._key(url), _text(message, "Signature"), content, _HASHES[version]):
            raise BadSignature("Signature is not that of the certificate")
        check_age(
            as_bytes(_text(message, "Timestamp")), "iso", "Timestamp", now=moment, tolerance=self.tolerance
        )
        return name

    def _topic(self, message: Mapping[str, Any], secrets: Sequence[Secret]) -> str:
        given = as_bytes(_text(message, "TopicArn"))
        for secret in secrets:
            if hmac.compare_digest(secret.key, given):
                return secret.name
        raise BadSignature("TopicArn is none of the configured topics")

    def _key(self, url: str) -> RSAPublicKey:
        try:
            return _public_key(bytes(self.certificate(url)))
        except MissingExtra:
            raise
        except Exception as error:  # noqa: BLE001 - whatever keeps the certificate away, the message has to come again
            reason = type(error).__name__
        raise ConfigurationError(f"the certificate of Amazon SNS cannot be had: {reason}")

    def sign(self, body: bytes, secret: Secret, *, now: float | None = None) -> dict[str, str]:
        """Give no header, because the signature is in the body: `fill` puts it there.

        Raises:
            ConfigurationError: If it is not there.
        """
        if not Delivery(Headers(), body).json_object().get("Signature"):
            raise ConfigurationError("an SNS message carries its signature in the body: use fill()")
        return {}

    def fill(self, body: bytes, private_key: bytes, *, url: str) -> bytes:
        """Write a JSON object again with a signature of version 2, for tests.

        Args:
            body: With every member that is signed.
            private_key: PEM, without a password.
            url: What becomes `SigningCertURL`.

        Raises:
            MalformedDelivery: If the body is not a JSON object.
            BadSignature: If a member is missing.
        """
        padding, hashes, serialization = _cryptography()
        message = Delivery(Headers(), body).json_object()
        key = serialization.load_pem_private_key(private_key, None)
        signature = key.sign(content_of(message), padding.PKCS1v15(), hashes.SHA256())
        encoded = binascii.b2a_base64(signature, newline=False).decode()
        return json.dumps(
            {**message, "SignatureVersion": "2", "Signature": encoded, "SigningCertURL": url}
        ).encode()


def content_of(message: Mapping[str, Any]) -> bytes:
    """Give what is signed of a message.

    Raises:
        BadSignature: If it is of no known type, or a member is missing, no text, or on several lines where only the
            message itself may be: then two messages could be the same content.
    """
    names = _SIGNED.get(_text(message, "Type"))
    if names is None:
        raise BadSignature("Type is none of those that Amazon SNS signs")
    lines: list[str] = []
    for name in names:
        if name == "Subject" and message.get(name) is None:
            continue
        value = _text(message, name)
        if "\n" in value and name != "Message":
            raise BadSignature(f"{name} is on several lines")
        lines += (name, value)
    return _as_utf8("\n".join([*lines, ""]))


def _as_utf8(text: str) -> bytes:
    """Give the bytes that Amazon signs, whatever the text holds."""
    return text.encode("utf-8", "surrogatepass")


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str):
        raise BadSignature(f"{name} is missing or no text")
    return value


def _is_signed(key: RSAPublicKey, signature: str, content: bytes, digest: str) -> bool:
    from cryptography.exceptions import InvalidSignature

    padding, hashes, _ = _cryptography()
    try:
        raw = binascii.a2b_base64(as_bytes(signature), strict_mode=True)
        key.verify(raw, content, padding.PKCS1v15(), getattr(hashes, digest)())
    except (ValueError, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=8)
def _public_key(pem: bytes) -> RSAPublicKey:
    _cryptography()
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import load_pem_x509_certificate

    key = load_pem_x509_certificate(pem).public_key()
    if not isinstance(key, RSAPublicKey):
        raise TypeError("the certificate holds no RSA key")
    return key


def _cryptography() -> tuple[Any, Any, Any]:
    try:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding
    except ImportError as error:
        raise MissingExtra('SNS messages need another library: pip install "paperhook[ed25519]"') from error
    return padding, hashes, serialization
