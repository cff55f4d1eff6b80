"""HMAC over a content template: one header with the signature, or one header with pairs such as `t=…,v1=…`."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.delivery import Delivery
from ...core.secret import Secret
from ...errors import BadSignature, ConfigurationError, Unsigned
from .macs import Digest, Mac, Output, encoded
from .parts import (
    MAX_SIGNATURE_LIST_CHARS,
    TOLERANCE,
    Content,
    KeyEncoding,
    TimestampUnit,
    check_age,
    check_tolerance,
    content_of,
    in_force,
    mac_of,
    made_up_id,
    needed_now,
    no_match,
    several,
    single_value,
    timestamp_text,
)


@dataclass(frozen=True, kw_only=True)
class _Keyed:
    """What is hashed, with which key, and how the digest is written."""

    #: Over `{body}`, `{timestamp}`, `{id}`, `{method}` and `{endpoint}`; everything else is literal.
    content: str = "{body}"
    digest: Digest = "sha256"
    key_encoding: KeyEncoding = "utf8"
    #: Taken off the secret before it is decoded, such as `whsec_`.
    key_prefix: str = ""
    output: Output = "hex"
    #: What a timestamp looks like.
    timestamp_unit: TimestampUnit = "s"
    #: Seconds that a signed timestamp may differ from now, both ways; 0 means exactly now.
    tolerance: float = TOLERANCE
    _content: Content = field(init=False, repr=False, compare=False)
    _key_prefix: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_content", content_of(self.content))
        object.__setattr__(self, "_key_prefix", self.key_prefix.encode())
        check_tolerance(self.tolerance)

    def check(self, secrets: Sequence[Secret]) -> None:
        """Refuse secrets that cannot be this scheme's.

        Raises:
            ConfigurationError: If one is not encoded as declared, too short, or the key of an asymmetric scheme.
        """
        for secret in secrets:
            self._mac(secret)

    def _mac(self, secret: Secret) -> Mac:
        return mac_of(secret, self.digest, self.key_encoding, self._key_prefix)

    def _signature(self, secret: Secret, values: dict[str, bytes]) -> bytes:
        body = values["body"]
        if len(self._content) == 1:
            return encoded(self._mac(secret).over(body), self.output)
        parts = [part if isinstance(part, bytes) else values[part] for part in self._content]
        return encoded(self._mac(secret).over_parts(parts, len(body)), self.output)


def _is_among(expected: bytes, given: Sequence[bytes]) -> bool:
    for each in given:  # noqa: SIM110 - a generator costs as much as the comparison
        if hmac.compare_digest(expected, each):
            return True
    return False


@dataclass(frozen=True, kw_only=True)
class Hmac(_Keyed):
    """HMAC over a content, in a header of its own.

    Args:
        header: Holds the signature.
        content: What is signed, such as `v0:{timestamp}:{body}`.
        prefix: What stands before the signature, such as `sha256=`.
        separator: Between several signatures; empty where there is only one.
        any_case: Whether hex may be in upper case.
        timestamp_header: Needed where the content names `{timestamp}`; an unsigned timestamp proves nothing and is ignored.
        id_header: Needed where the content names `{id}`.
        endpoint: What `{endpoint}` stands for: the URL or path that was registered with the provider.

    Raises:
        ConfigurationError: If the content names what is not given, the tolerance is no number of seconds, or `any_case` is
            set for base64.
    """

    header: str
    prefix: str = ""
    separator: str = ""
    any_case: bool = False
    timestamp_header: str = ""
    id_header: str = ""
    endpoint: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.any_case and self.output != "hex":
            raise ConfigurationError("any_case is for hex: in base64 the case tells bytes apart")
        for name in ("timestamp", "id", "endpoint"):
            setting = name if name == "endpoint" else f"{name}_header"
            if name in self._content and not getattr(self, setting):
                raise ConfigurationError(f"content {self.content!r} names {name}: set {setting} as well")

    @property
    def signs_a_timestamp(self) -> bool:
        """Whether `now` is needed."""
        return "timestamp" in self._content

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None = None) -> str:
        """Check a delivery.

        Returns:
            The name of the secret that matched.

        Raises:
            Unsigned: If a header is missing.
            BadSignature: If no signature matches any of the secrets.
            StaleDelivery: If it is authentic, and its timestamp too old or too far in the future.
            ConfigurationError: If `now` is needed and not given, or a secret cannot be this scheme's.
        """
        usable = in_force(secrets, needed_now(now, self.header) if self.signs_a_timestamp else now)
        given = self._given(delivery)
        values = {"body": delivery.body}
        if len(self._content) > 1:
            values |= self._values(delivery)
        for secret in usable:
            expected = self.prefix.encode() + self._signature(secret, values)
            if _is_among(expected, given):
                if now is not None and self.signs_a_timestamp:
                    check_age(
                        values["timestamp"],
                        self.timestamp_unit,
                        self.timestamp_header,
                        now=now,
                        tolerance=self.tolerance,
                    )
                return secret.name
        raise no_match(self.header, secrets)

    def _given(self, delivery: Delivery) -> list[bytes]:
        if self.separator:
            value = single_value(delivery, self.header, max_chars=MAX_SIGNATURE_LIST_CHARS)
            found = several(value, self.separator.encode(), self.header)
        else:
            found = [single_value(delivery, self.header)]
        if not self.any_case:
            return found
        size = len(self.prefix.encode())
        return [each[:size] + each[size:].lower() for each in found]

    def _values(self, delivery: Delivery) -> dict[str, bytes]:
        values = {"method": delivery.method.encode("utf-8", "replace"), "endpoint": self.endpoint.encode()}
        if "timestamp" in self._content:
            values["timestamp"] = single_value(delivery, self.timestamp_header)
        if "id" in self._content:
            values["id"] = single_value(delivery, self.id_header)
        return values

    def sign(
        self, body: bytes, secret: Secret, *, now: float | None = None, id: str | None = None
    ) -> dict[str, str]:
        """Give the headers that make a body valid.

        Args:
            body: The exact bytes.
            secret: The signing secret.
            now: Seconds since the epoch, where the content names a timestamp.
            id: The delivery's id, where the content names one; by default made from the body.

        Raises:
            ConfigurationError: If `now` is needed and not given.
        """
        values = {"body": body, "method": b"POST", "endpoint": self.endpoint.encode()}
        headers: dict[str, str] = {}
        if "timestamp" in self._content:
            text = timestamp_text(needed_now(now, self.header), self.timestamp_unit)
            headers[self.timestamp_header], values["timestamp"] = text, text.encode()
        if "id" in self._content:
            name = made_up_id(body) if id is None else id
            headers[self.id_header], values["id"] = name, name.encode()
        return {self.header: self.prefix + self._signature(secret, values).decode(), **headers}


@dataclass(frozen=True, kw_only=True)
class HmacPairs(_Keyed):
    """HMAC over a content, timestamp and signatures as pairs in one header: `t=1760000000,v1=…,v1=…`.

    Args:
        header: Holds the pairs.
        timestamp_name: The pair with the timestamp.
        signature_name: The pairs with signatures of this scheme; all others are skipped, whatever they hold.
        separator: Between pairs.

    Raises:
        ConfigurationError: If the content names something other than `{timestamp}` and `{body}`, or not both, or two of
            the names and the separator are the same.

    Source: Stripe, "Verify webhook signatures manually".
    """

    header: str
    content: str = "{timestamp}.{body}"
    timestamp_name: str = "t"
    signature_name: str = "v1"
    separator: str = ","
    #: Separator and names as bytes.
    _marks: tuple[bytes, bytes, bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        marks = (self.separator.encode(), self.timestamp_name.encode(), self.signature_name.encode())
        object.__setattr__(self, "_marks", marks)
        if not all(marks) or len(set(marks)) < len(marks) or "=" in self.separator:
            raise ConfigurationError("separator, timestamp_name and signature_name must be there and differ")
        if {part for part in self._content if isinstance(part, str)} != {"timestamp", "body"}:
            raise ConfigurationError(f"content {self.content!r} must name {{timestamp}} and {{body}}")

    def verify(self, delivery: Delivery, secrets: Sequence[Secret], *, now: float | None = None) -> str:
        """Check a delivery.

        Returns:
            The name of the secret that matched.

        Raises:
            Unsigned: If the header is missing, or holds no signature of this scheme.
            BadSignature: If no signature matches any of the secrets, or there is not exactly one timestamp.
            StaleDelivery: If it is authentic, and its timestamp too old or too far in the future.
            ConfigurationError: If `now` is not given, or a secret cannot be this scheme's.
        """
        moment = needed_now(now, self.header) if now is None else now
        usable = in_force(secrets, moment)
        timestamp, given = self._given(delivery)
        values = {"body": delivery.body, "timestamp": timestamp}
        for secret in usable:
            expected = self._signature(secret, values)
            if _is_among(expected, given):
                check_age(timestamp, self.timestamp_unit, self.header, now=moment, tolerance=self.tolerance)
                return secret.name
        raise no_match(self.header, secrets)

    def _given(self, delivery: Delivery) -> tuple[bytes, list[bytes]]:
        separator, timestamp, signature = self._marks
        value = single_value(delivery, self.header, max_chars=MAX_SIGNATURE_LIST_CHARS)
        timestamps: list[bytes] = []
        signatures: list[bytes] = []
        for each in several(value, separator, self.header):
            name, _, text = each.partition(b"=")
            if name == signature:
                signatures.append(text)
            elif name == timestamp:
                timestamps.append(text)
        if not signatures:
            raise Unsigned(f"{self.header} holds no {self.signature_name} signature")
        if len(timestamps) != 1:
            raise BadSignature(f"{self.header} holds {len(timestamps)} timestamps")
        return timestamps[0], signatures

    def sign(self, body: bytes, secret: Secret, *, now: float | None = None) -> dict[str, str]:
        """Give the header that makes a body valid now.

        Raises:
            ConfigurationError: If `now` is not given.
        """
        text = timestamp_text(needed_now(now, self.header), self.timestamp_unit)
        signature = self._signature(secret, {"body": body, "timestamp": text.encode()}).decode()
        pairs = ((self.timestamp_name, text), (self.signature_name, signature))
        return {self.header: self.separator.join(f"{name}={value}" for name, value in pairs)}
