"""What the schemes are made of: header values, keys, signed content and timestamps, each read strictly."""

from __future__ import annotations

import binascii
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from ...core.delivery import Delivery
from ...core.secret import Secret
from ...errors import BadSignature, ConfigurationError, StaleDelivery, Unsigned
from .macs import Digest, Mac

KeyEncoding: TypeAlias = Literal["utf8", "base64", "hex"]
#: Whole seconds, whole milliseconds, seconds with a fraction, or ISO 8601 with an offset.
TimestampUnit: TypeAlias = Literal["s", "ms", "float", "iso"]
#: Literal bytes and names of what is put between them.
Content: TypeAlias = tuple[bytes | str, ...]

#: One signature, or one id or timestamp, is never longer.
MAX_SIGNATURE_CHARS = 1024
#: A header with several signatures is never longer.
MAX_SIGNATURE_LIST_CHARS = 4096
#: More signatures in one header are refused before any is compared.
MAX_SIGNATURES = 20
#: Seconds that a signed timestamp may differ from now, both ways. Source: Standard Webhooks, Stripe.
TOLERANCE = 300.0
#: A decoded key is shorter than its text; below this it can be guessed.
MIN_KEY_BYTES = 12

#: Keys of asymmetric schemes, as text and as DER. A public key is known to everybody, so it signs nothing.
NOT_FOR_HMAC = (
    *(b"whpk_", b"whsk_", b"-----BEGIN", b"ssh-", b"ecdsa-", b"MCowBQYDK2Vw", b"MIIBIjANBgkqhkiG9w0BAQ"),
    *(bytes.fromhex("302a300506032b6570"), bytes.fromhex("30820122300d06092a864886f70d010101")),
)

_NAMES = frozenset({"body", "timestamp", "id", "method", "endpoint"})
#: The most digits of a whole number, and how many of its unit are a second.
_DIGITS: Mapping[str, int] = {"s": 12, "ms": 15}
_PER_SECOND: Mapping[str, int] = {"s": 1, "ms": 1000}
_TIMESTAMPS: Mapping[str, re.Pattern[bytes]] = {
    "float": re.compile(rb"[0-9]{1,12}(\.[0-9]{1,9})?"),
    "iso": re.compile(
        rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
    ),
}


# Headers


def as_bytes(text: str) -> bytes:
    """Give the bytes of a header's text, whatever it holds; `compare_digest` takes text only when it is ASCII."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def single_value(delivery: Delivery, header: str, *, max_chars: int = MAX_SIGNATURE_CHARS) -> bytes:
    """Read the one value of a signature header.

    Raises:
        Unsigned: If it is absent or empty.
        BadSignature: If it is there twice, so that two readers could disagree, or absurdly long.
    """
    values = delivery.headers.values_of(header.lower())
    text = values[0].strip(" \t") if values else ""
    if not text:
        raise Unsigned(f"{header} is missing: is the signing secret set at the provider?")
    if len(values) > 1:
        raise BadSignature(f"{header} is there {len(values)} times")
    if len(text) > max_chars:
        raise BadSignature(f"{header} has {len(text)} characters")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return as_bytes(text)


def several(value: bytes, separator: bytes, header: str) -> list[bytes]:
    """Split a header with several signatures.

    Raises:
        BadSignature: If there are more than anybody needs.
    """
    found = value.split(separator, MAX_SIGNATURES + 1)
    if len(found) > MAX_SIGNATURES:
        raise BadSignature(f"{header} holds more than {MAX_SIGNATURES} signatures")
    return [each.strip(b" \t") for each in found]


def no_match(header: str, secrets: Sequence[Secret]) -> BadSignature:
    """Build the refusal for a signature that is none of ours."""
    return BadSignature(f"{header} matches none of the {len(secrets)} configured secrets")


# Keys


def in_force(secrets: Sequence[Secret], now: float | None) -> Sequence[Secret]:
    """Leave out secrets whose time has not come or is over.

    Raises:
        ConfigurationError: If one has a time and `now` is not given.
    """
    for secret in secrets:
        if secret.not_before is not None or secret.not_after is not None:
            return [each for each in secrets if each.is_in_force(now)]
    return secrets


def hmac_key(secret: Secret, encoding: KeyEncoding = "utf8", prefix: bytes = b"") -> bytes:
    """Give the bytes that sign.

    Raises:
        ConfigurationError: If the secret is the key of an asymmetric scheme, is not encoded as declared, or decodes to
            fewer than 12 bytes, prefix not counted.
    """
    key = secret.key
    if key.startswith(NOT_FOR_HMAC):
        raise ConfigurationError(
            f"webhook secret {secret.name!r} is a key of an asymmetric scheme: everybody may know a public key, so it "
            "cannot be the secret of an HMAC"
        )
    rest = key.removeprefix(prefix)
    meant = rest if encoding == "utf8" else decoded_key(rest, encoding, secret.name)
    if len(meant) < (1 if secret.short == "accept" else MIN_KEY_BYTES):
        raise ConfigurationError(
            f"webhook secret {secret.name!r} makes a key of {len(meant)} bytes: at least {MIN_KEY_BYTES} are needed"
        )
    return meant


def mac_of(
    secret: Secret, digest: Digest = "sha256", encoding: KeyEncoding = "utf8", prefix: bytes = b""
) -> Mac:
    """Give what signs, made once for each secret; raises as `hmac_key`."""
    known: Mac | None = secret.derived.get((digest, encoding, prefix))
    if known is None:
        known = secret.derived[digest, encoding, prefix] = Mac(hmac_key(secret, encoding, prefix), digest)
    return known


def decoded_key(text: bytes, encoding: str, name: str) -> bytes:
    """Decode a key strictly.

    Raises:
        ConfigurationError: If it is not encoded so; the message does not show it.
    """
    try:
        # `unhexlify` takes nothing but hex digits, and `strict_mode` nothing but base64; some show it without its padding.
        if encoding == "hex":
            return binascii.unhexlify(text)
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)
    except ValueError:
        pass
    raise ConfigurationError(
        f"webhook secret {name!r} is not {encoding}: was it copied whole, and is it the signing secret?"
    )


# Content


def content_of(template: str) -> Content:
    """Read a content template such as `{timestamp}.{body}`.

    Raises:
        ConfigurationError: If it names something else, or does not name the body exactly once.
    """
    parts: list[bytes | str] = []
    for index, part in enumerate(re.split(r"\{([^{}]*)\}", template)):
        if index % 2 == 0:
            parts += [part.encode()] if part else []
        elif part in _NAMES:
            parts.append(part)
        else:
            raise ConfigurationError(
                f"content {template!r} names {part!r}: it may name {', '.join(sorted(_NAMES))}"
            )
    if parts.count("body") != 1:
        raise ConfigurationError(
            f"content {template!r} must hold {{body}} once: what it leaves out can be forged"
        )
    return tuple(parts)


def made_up_id(body: bytes) -> str:
    """Give a delivery an id where the caller has none: the same body, the same id."""
    return f"msg_{hashlib.sha256(body).hexdigest()[:24]}"


# Timestamps


def check_tolerance(tolerance: float) -> None:
    """Refuse a tolerance that would let every timestamp pass.

    Raises:
        ConfigurationError: If it is negative or not finite; 0 means exactly now.
    """
    if not 0 <= tolerance < math.inf:
        raise ConfigurationError(f"tolerance is {tolerance!r}: write seconds from 0 on")


def needed_now(now: float | None, header: str) -> float:
    """Insist on the time.

    Raises:
        ConfigurationError: If it was not given.
    """
    if now is None:
        raise ConfigurationError(f"the scheme of {header} signs a timestamp: pass now=time.time()")
    return now


def check_age(text: bytes, unit: TimestampUnit, header: str, *, now: float, tolerance: float) -> None:
    """Compare a signed timestamp with now.

    Raises:
        BadSignature: If it is not exactly a timestamp of that unit.
        StaleDelivery: If it is too old or too far in the future.
    """
    # Nearly all are whole seconds; for bytes, `isdigit` means ASCII digits and nothing else.
    is_plain = unit == "s" and len(text) <= 12 and text.isdigit()
    seconds = int(text) if is_plain else _seconds(text, unit)
    if seconds is None:
        raise BadSignature(f"{header}: the timestamp is not in the declared unit ({unit})")
    # Written so that a now that is no number refuses.
    if not abs(now - seconds) <= tolerance:
        age = now - seconds
        side = "old" if age > 0 else "in the future"
        raise StaleDelivery(
            f"{header}: the timestamp is {abs(age):.0f} s {side}, the tolerance is {tolerance:g} s"
        )


def _seconds(text: bytes, unit: TimestampUnit) -> float | None:
    if unit in _DIGITS:
        is_whole = text.isdigit() and len(text) <= _DIGITS[unit]
        return int(text) / _PER_SECOND[unit] if is_whole else None
    if not _TIMESTAMPS[unit].fullmatch(text):
        return None
    if unit == "iso":
        try:
            return datetime.fromisoformat(text.decode()).timestamp()
        except (ValueError, OverflowError):
            return None
    return float(text)


def timestamp_text(now: float, unit: TimestampUnit) -> str:
    """Write a timestamp as the provider does.

    Raises:
        ConfigurationError: If `now` is no time.
    """
    if not 0 <= now < 10**12:
        raise ConfigurationError(f"now is {now!r}: write seconds since the epoch")
    if unit == "iso":
        return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if unit == "ms":
        return str(int(now * 1000))
    return str(int(now)) if unit == "s" else f"{now:.6f}"
