"""Schemes: what is signed verifies, and nothing else does."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.core.delivery import Delivery
from paperhook.core.headers import Headers
from paperhook.core.secret import Secret, secrets_of
from paperhook.errors import BadSignature, DeliveryRejected, Unsigned
from paperhook.webhooks.signatures import MAX_SIGNATURE_CHARS, HmacSha256, StaticHeader
from paperhook.webhooks.signatures.parts import NOT_FOR_HMAC

HEX, PREFIXED, STATIC = (
    HmacSha256("X-Signature"),
    HmacSha256("X-Signature", prefix="sha256="),
    StaticHeader("X-Token"),
)
SCHEMES = [HEX, PREFIXED, STATIC]
SECRET = Secret("sixteen-bytes-or-more", name="june")
BODY = b'{"event": "done"}'

secrets = (
    st.binary(min_size=16, max_size=64)
    .filter(lambda key: key.strip() and not key.startswith(NOT_FOR_HMAC))
    .map(Secret)
)
token_secrets = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=16, max_size=64).map(
    Secret
)


def delivery(headers: Any, body: bytes = BODY) -> Delivery:
    return Delivery(Headers(headers), body)


def test_the_signature_is_what_others_compute() -> None:
    expected = hmac.new(b"sixteen-bytes-or-more", BODY, hashlib.sha256).hexdigest()

    assert HEX.sign(BODY, SECRET) == {"X-Signature": expected}
    assert PREFIXED.sign(BODY, SECRET) == {"X-Signature": f"sha256={expected}"}
    assert STATIC.sign(BODY, SECRET) == {"X-Token": "sixteen-bytes-or-more"}


@pytest.mark.parametrize("scheme", [HEX, PREFIXED])
@given(body=st.binary(), secret=secrets, flipped=st.integers(0))
def test_what_is_signed_verifies_and_any_flipped_bit_fails(
    scheme: HmacSha256, body: bytes, secret: Secret, flipped: int
) -> None:
    headers = scheme.sign(body, secret)

    assert scheme.verify(delivery(headers, body), [secret]) == secret.name
    if body:
        place, bit = (flipped // 8) % len(body), flipped % 8
        other = body[:place] + bytes([body[place] ^ (1 << bit)]) + body[place + 1 :]
        with pytest.raises(BadSignature):
            scheme.verify(delivery(headers, other), [secret])


@given(place=st.integers(0), secret=token_secrets, change=st.integers(1, 126))
@pytest.mark.parametrize("scheme", SCHEMES)
def test_any_changed_character_of_the_signature_fails(
    scheme: Any, place: int, secret: Secret, change: int
) -> None:
    ((name, value),) = scheme.sign(BODY, secret).items()
    place %= len(value)
    changed = value[:place] + chr(ord(value[place]) ^ change) + value[place + 1 :]

    with pytest.raises((BadSignature, Unsigned)):
        scheme.verify(delivery({name: changed}), [secret])


@pytest.mark.parametrize("scheme", SCHEMES)
@given(secret=token_secrets, other=token_secrets)
def test_another_secret_does_not_verify(scheme: Any, secret: Secret, other: Secret) -> None:
    if secret.key == other.key:
        return

    with pytest.raises(BadSignature):
        scheme.verify(delivery(scheme.sign(BODY, other)), [secret])


@pytest.mark.parametrize("scheme", SCHEMES)
@given(values=st.lists(st.text() | st.binary(), max_size=3), body=st.binary(max_size=50))
def test_any_header_is_a_refusal_and_nothing_else(
    scheme: Any, values: list[str | bytes], body: bytes
) -> None:
    with pytest.raises((BadSignature, Unsigned)):
        scheme.verify(Delivery(Headers([(scheme.header, value) for value in values]), body), [SECRET])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_old_and_new_secret_verify_during_rotation_and_are_named(scheme: Any) -> None:
    both = secrets_of([Secret("the-new-secret-of-july", name="july"), SECRET])

    assert scheme.verify(delivery(scheme.sign(BODY, both[0])), both) == "july"
    assert scheme.verify(delivery(scheme.sign(BODY, both[1])), both) == "june"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_without_secrets_nothing_verifies(scheme: Any) -> None:
    with pytest.raises(BadSignature, match="none of the 0"):
        scheme.verify(delivery(scheme.sign(BODY, SECRET)), [])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("value", [None, "", " ", "\t"])
def test_a_missing_or_empty_signature_is_unsigned(scheme: Any, value: str | None) -> None:
    with pytest.raises(Unsigned, match="is missing"):
        scheme.verify(delivery({} if value is None else {scheme.header: value}), [SECRET])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_two_signatures_are_refused_even_if_both_are_right(scheme: Any) -> None:
    ((name, value),) = scheme.sign(BODY, SECRET).items()

    with pytest.raises(BadSignature, match="2 times"):
        scheme.verify(delivery([(name, value), (name.lower(), value)]), [SECRET])
    with pytest.raises(DeliveryRejected):
        scheme.verify(delivery([(name, ""), (name, value)]), [SECRET])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_absurdly_long_signature_is_refused_before_it_is_compared(scheme: Any) -> None:
    with pytest.raises(BadSignature, match="has 1025 characters"):
        scheme.verify(delivery({scheme.header: "x" * (MAX_SIGNATURE_CHARS + 1)}), [SECRET])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("value", ["é" * 64, "\uff11" * 64, "\udc80" * 64, b"\xff" * 64])
def test_a_signature_that_is_not_ascii_is_a_bad_signature(scheme: Any, value: str | bytes) -> None:
    with pytest.raises(BadSignature):
        scheme.verify(delivery({scheme.header: value}), [SECRET])


def test_white_space_around_a_header_is_not_part_of_it() -> None:
    ((name, value),) = HEX.sign(BODY, SECRET).items()

    assert HEX.verify(delivery({name: f" {value}\t"}), [SECRET]) == "june"
    with pytest.raises(BadSignature):
        HEX.verify(delivery({name: f"{value}\xa0"}), [SECRET])


@pytest.mark.parametrize("value", ["", "sha256=", "SHA256=", "sha1="])
def test_the_prefix_is_part_of_the_signature(value: str) -> None:
    bare = HEX.sign(BODY, SECRET)["X-Signature"]

    if value == "sha256=":
        assert PREFIXED.verify(delivery({"X-Signature": value + bare}), [SECRET])
    else:
        with pytest.raises(BadSignature):
            PREFIXED.verify(delivery({"X-Signature": value + bare}), [SECRET])


def test_a_static_secret_of_bytes_is_compared_as_bytes() -> None:
    secret = Secret(b"caf\xe9-sixteen-bytes-or-more")

    assert STATIC.verify(delivery([(b"x-token", secret.key)]), [secret]) == "default"
    assert STATIC.verify(delivery(STATIC.sign(BODY, secret)), [secret]) == "default"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("value", ["wrong", "x" * 2000, ["a", "b"]])
def test_a_refusal_shows_neither_secret_nor_digest_nor_what_was_sent(scheme: Any, value: Any) -> None:
    digest = HEX.sign(BODY, SECRET)["X-Signature"]
    values = value if isinstance(value, list) else [value]

    with pytest.raises(DeliveryRejected) as refused:
        scheme.verify(delivery([(scheme.header, each) for each in values]), [SECRET])

    shown = f"{refused.value!r} {refused.value} {refused.value.__context__!r} {vars(refused.value)}"
    assert SECRET.key.decode() not in shown
    assert digest not in shown
    assert "wrong" not in shown
    assert "xxx" not in shown
