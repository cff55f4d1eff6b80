"""Mistakes that make an authentic delivery look forged, each as another body, secret or scheme to try."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ...core.delivery import Delivery
from ...core.provider import SignatureScheme
from ...core.secret import Secret
from ...errors import ConfigurationError, DeliveryRejected
from .hmacs import Hmac, HmacPairs
from .macs import Digest, Output
from .parts import KeyEncoding
from .plain import HmacSha256, StaticHeader
from .standard import StandardWebhooks

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T_co]):
    """Something else to try, and what would have gone wrong if it matches."""

    value: T_co
    #: What to tell; none where nothing was changed.
    words: tuple[str, ...] = ()


# Bodies

_WRITTEN_AGAIN = (
    "the body is not what was signed: it was parsed and written again as JSON; keep the exact bytes"
)
_NEWLINE = "the body is not what was signed: a line break at its end was {}; keep the exact bytes"
_NEWLINES = "the body is not what was signed: its line breaks were changed; keep the exact bytes"


def bodies(delivery: Delivery) -> list[Attempt[bytes]]:
    """Give the bodies that may have been signed in place of the one that was kept."""
    body = delivery.body
    found = {body: Attempt(body)}
    bare = body.rstrip(b"\r\n")
    for each in (bare, bare + b"\n", bare + b"\r\n"):
        found.setdefault(each, Attempt(each, (_NEWLINE.format("added" if each == bare else "cut off"),)))
    for each in (body.replace(b"\r\n", b"\n"), body.replace(b"\n", b"\r\n")):
        found.setdefault(each, Attempt(each, (_NEWLINES,)))
    for each in _written_again(delivery):
        found.setdefault(each, Attempt(each, (_WRITTEN_AGAIN,)))
    return list(found.values())


def _written_again(delivery: Delivery) -> Iterator[bytes]:
    try:
        value = delivery.json()
    except DeliveryRejected:
        return
    compact, spaced = (",", ":"), (", ", ": ")
    try:
        for ascii_only in (False, True):
            for separators in (compact, spaced):
                yield _json(value, ensure_ascii=ascii_only, separators=separators)
            yield _json(value, ensure_ascii=ascii_only, separators=compact, sort_keys=True)
        yield _json(_whole(value), ensure_ascii=False, separators=compact)
        yield _json(value, ensure_ascii=True, separators=compact).replace(b"/", rb"\/")
        for indent in (2, 4):
            yield _json(value, ensure_ascii=False, indent=indent)
    except (RecursionError, ValueError):
        return


def _json(value: Any, **options: Any) -> bytes:
    return json.dumps(value, **options).encode("utf-8", "replace")


def _whole(value: Any) -> Any:
    """Write numbers as JavaScript does, which knows no 1.0."""
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Secrets


def secrets_like(secret: Secret) -> Iterator[Attempt[Secret]]:
    """Give a secret as it may have been meant."""
    key = secret.key
    yield Attempt(secret)
    bare = key.strip()
    if bare != key:
        yield from _attempt(secret, bare, "has white space at an end: a line break was copied along with it")
    if bare[:1] == bare[-1:] and bare[:1] in (b'"', b"'"):
        yield from _attempt(secret, bare[1:-1], "has quotation marks around it, which are not part of it")
    if bare.startswith(b"whsec_"):
        yield from _attempt(secret, bare.removeprefix(b"whsec_"), "is used without its prefix whsec_")
    else:
        yield from _attempt(secret, b"whsec_" + bare, "was copied without its prefix whsec_")


def _attempt(secret: Secret, key: bytes, mistake: str) -> Iterator[Attempt[Secret]]:
    try:
        yield Attempt(replace(secret, value=key), (f"webhook secret {secret.name!r} {mistake}",))
    except ConfigurationError:
        return


# Schemes

_SIZES: dict[int, Digest] = {20: "sha1", 32: "sha256", 64: "sha512"}
_HEX = re.compile(r"[0-9a-fA-F]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_PREFIX = re.compile(r"[A-Za-z0-9]{1,12}(=(?=[^=])|,| )")
#: Headers that may hold a signature, a timestamp, an id.
_SIGNATURE, _TIMESTAMP, _ID = (
    re.compile(r"signature|hmac|\bsig\b"),
    re.compile(r"timestamp|time"),
    re.compile(r"\bid\b"),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a digest is written in a header."""

    prefix: str
    digest: Digest
    output: Output
    is_upper: bool = False

    def __str__(self) -> str:
        behind = f" behind {self.prefix!r}" if self.prefix else ""
        return f"{self.output} of {self.digest.upper()}{' in upper case' if self.is_upper else ''}{behind}"


def shape_of(text: str) -> Shape | None:
    """Tell how a signature is written; None where it is no digest."""
    text = text.strip()
    shape = _plain_shape("", text)
    prefix = _PREFIX.match(text)
    if shape is None and prefix is not None:
        shape = _plain_shape(prefix[0], text[prefix.end() :])
    return shape


def _plain_shape(prefix: str, text: str) -> Shape | None:
    if _HEX.fullmatch(text) and len(text) / 2 in _SIZES:
        return Shape(prefix, _SIZES[len(text) // 2], "hex", is_upper=text != text.lower())
    size_bytes = len(text) // 4 * 3 - text.count("=")
    if _BASE64.fullmatch(text) and len(text) % 4 == 0 and size_bytes in _SIZES:
        return Shape(prefix, _SIZES[size_bytes], "base64")
    return None


def schemes_like(scheme: SignatureScheme, delivery: Delivery) -> Iterator[Attempt[SignatureScheme]]:
    """Give a scheme as it may have been meant, judged by the headers that came."""
    yield Attempt(scheme)
    if isinstance(scheme, HmacSha256):
        scheme = Hmac(header=scheme.header, prefix=scheme.prefix)
    if isinstance(scheme, Hmac):
        yield from _hmacs(scheme, delivery)
    elif isinstance(scheme, HmacPairs):
        yield from _keys(scheme)
    elif isinstance(scheme, StandardWebhooks):
        other: Any = "webhook" if scheme.family == "svix" else "svix"
        yield Attempt(replace(scheme, family=other), (f"the headers are {other}-*, not {scheme.family}-*",))
        yield Attempt(_standard_as_text(scheme), ("the secret is used as text and not decoded from base64",))
    elif isinstance(scheme, StaticHeader):
        for prefix in ("", "Bearer ", "Basic "):
            if prefix != scheme.prefix:
                words = (
                    f"{scheme.header} holds the secret behind {prefix!r}, where {scheme.prefix!r} is expected"
                )
                yield Attempt(replace(scheme, prefix=prefix), (words,))


def _standard_as_text(scheme: StandardWebhooks) -> Hmac:
    return Hmac(
        header=scheme.header,
        content="{id}.{timestamp}.{body}",
        output="base64",
        prefix="v1,",
        separator=" ",
        id_header=f"{scheme.family}-id",
        timestamp_header=f"{scheme.family}-timestamp",
        tolerance=scheme.tolerance,
    )


def _hmacs(scheme: Hmac, delivery: Delivery) -> Iterator[Attempt[SignatureScheme]]:
    for headed in _headers(scheme, delivery):
        for shaped in _shapes(headed.value, delivery):
            for filled in _contents(shaped.value, delivery):
                for keyed in _keys(filled.value):
                    yield Attempt(keyed.value, headed.words + shaped.words + filled.words + keyed.words)


def _headers(scheme: Hmac, delivery: Delivery) -> Iterator[Attempt[Hmac]]:
    if scheme.header in delivery.headers:
        yield Attempt(scheme)
        return
    for name in signature_headers(delivery):
        yield Attempt(replace(scheme, header=name), (f"the signature is in {name}, not in {scheme.header}",))


def signature_headers(delivery: Delivery) -> list[str]:
    """Name the headers that look as if they held a signature."""
    return [name for name in delivery.headers if _SIGNATURE.search(name)]


def _shapes(scheme: Hmac, delivery: Delivery) -> Iterator[Attempt[Hmac]]:
    shape = None if scheme.separator else shape_of(delivery.headers[scheme.header])
    expected = Shape(scheme.prefix, scheme.digest, scheme.output)
    if shape is None or shape == expected or (scheme.any_case and replace(shape, is_upper=False) == expected):
        yield Attempt(scheme)
        return
    meant = replace(
        scheme, prefix=shape.prefix, digest=shape.digest, output=shape.output, any_case=shape.is_upper
    )
    yield Attempt(meant, (f"{scheme.header} holds {shape}, where {expected} is expected",))


def _contents(scheme: Hmac, delivery: Delivery) -> Iterator[Attempt[Hmac]]:
    yield Attempt(scheme)
    if scheme.content != "{body}":
        yield Attempt(replace(scheme, content="{body}"), (f"only the body is signed, not {scheme.content}",))
        return
    times = [name for name in delivery.headers if _TIMESTAMP.search(name)]
    ids = [name for name in delivery.headers if _ID.search(name)]
    for time in times:
        for content in (
            "{timestamp}.{body}",
            "{timestamp}{body}",
            "v0:{timestamp}:{body}",
            "{timestamp}:{body}",
        ):
            timed = replace(scheme, content=content, timestamp_header=time)
            yield Attempt(timed, (f"{content} is signed, with the timestamp of {time}",))
        for name in ids:
            content = "{id}.{timestamp}.{body}"
            both = replace(scheme, content=content, timestamp_header=time, id_header=name)
            yield Attempt(both, (f"{content} is signed, with {name} and {time}",))


H = TypeVar("H", Hmac, HmacPairs)


def _keys(scheme: H) -> Iterator[Attempt[H]]:
    yield Attempt(scheme)
    told: dict[KeyEncoding, str] = {"utf8": "used as text and not decoded", "base64": "base64", "hex": "hex"}
    for encoding, words in told.items():
        if encoding == scheme.key_encoding:
            continue
        decoded = (
            words if encoding == "utf8" else f"{words}, and has to be decoded (key_encoding = {encoding!r})"
        )
        for prefix in dict.fromkeys((scheme.key_prefix, "" if encoding == "utf8" else "whsec_")):
            meant = replace(scheme, key_encoding=encoding, key_prefix=prefix)
            yield Attempt(meant, (f"the secret is {decoded}",))
