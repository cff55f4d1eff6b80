"""A delivery that is refused although somebody meant it well: the cause is found and told, and no secret with it."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from paperhook.core.delivery import Delivery
from paperhook.core.headers import Headers
from paperhook.core.secret import Secret
from paperhook.webhooks.signatures import (
    READY,
    BodySecret,
    Custom,
    Hmac,
    HmacPairs,
    HmacSha256,
    StandardWebhooks,
    StaticHeader,
)
from paperhook.webhooks.signatures.diagnosis import explain
from paperhook.webhooks.signatures.mistakes import Shape, _written_again, schemes_like, secrets_like, shape_of

NOW = 1_760_000_000.0
VALUE = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SECRET = Secret(VALUE, name="june")
HEX = Secret("000102030405060708090a0b0c0d0e0f", name="june")
STANDARD = Secret(f"whsec_{VALUE}", name="june")
OTHER = Secret("another-secret-0123456789", name="OCRIVA_WEBHOOK_SECRET")
BODY = '{"event":"done","url":"a/b","who":"Zoë","amount":1}'.encode()
BARE = Hmac(header="X-Acme-Signature")


def told(
    scheme: Any, headers: dict[str, str], body: bytes = BODY, *secrets: Secret, now: float = NOW, **more: Any
) -> str:
    found = explain(scheme, Delivery(Headers(headers), body), secrets or (SECRET,), now=now, **more)
    text = "; ".join(found)
    assert VALUE not in text
    assert "done" not in text
    assert not any(value in text for value in headers.values() if len(value) > 20)
    return text


def test_an_authentic_delivery_needs_no_explanation() -> None:
    assert told(BARE, BARE.sign(BODY, SECRET)) == ""


WRITTEN_AGAIN = {
    "spaced": json.dumps(json.loads(BODY), ensure_ascii=False).encode(),
    "ascii": json.dumps(json.loads(BODY), separators=(",", ":")).encode(),
    "indented": json.dumps(json.loads(BODY), ensure_ascii=False, indent=2).encode(),
    "sorted": json.dumps(json.loads(BODY), ensure_ascii=False, sort_keys=True, indent=4).encode(),
    "with a float": BODY.replace(b":1}", b":1.0}"),
}


@pytest.mark.parametrize("how", WRITTEN_AGAIN)
def test_a_body_that_was_written_again_is_found(how: str) -> None:
    signed = json.dumps(json.loads(BODY), separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    headers = BARE.sign(signed if how == "sorted" else BODY, SECRET)

    assert "written again as JSON" in told(BARE, headers, WRITTEN_AGAIN[how])


def test_a_body_as_php_writes_it_is_found() -> None:
    signed = json.dumps(json.loads(BODY), separators=(",", ":")).replace("/", r"\/").encode()

    assert "written again as JSON" in told(BARE, BARE.sign(signed, SECRET), BODY)


@pytest.mark.parametrize(
    ("signed", "kept", "words"),
    [
        (BODY, BODY + b"\n", "a line break at its end was added"),
        (BODY + b"\n", BODY, "a line break at its end was cut off"),
        (BODY + b"\r\n", BODY, "a line break at its end was cut off"),
        (b'{"a":\n1}', b'{"a":\r\n1}', "its line breaks were changed"),
        (b'{"a":\r\n1}', b'{"a":\n1}', "its line breaks were changed"),
        (b"not json\nat all", b"not json\r\nat all", "its line breaks were changed"),
    ],
)
def test_changed_line_breaks_are_found(signed: bytes, kept: bytes, words: str) -> None:
    assert words in told(BARE, BARE.sign(signed, SECRET), kept)


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (f"{VALUE}\n", "'june' has white space at an end"),
        (f'"{VALUE}"', "'june' has quotation marks around it"),
        (f"whsec_{VALUE}", "'june' is used without its prefix whsec_"),
    ],
)
def test_a_secret_that_was_copied_badly_is_found(kept: str, words: str) -> None:
    assert words in told(BARE, BARE.sign(BODY, SECRET), BODY, Secret(kept.encode(), name="june"))


def test_a_secret_without_its_prefix_is_found() -> None:
    assert "copied without its prefix whsec_" in told(BARE, BARE.sign(BODY, STANDARD), BODY, SECRET)


def test_another_secret_that_matches_is_named() -> None:
    found = told(BARE, BARE.sign(BODY, OTHER), others=[Secret(b"x" * 20, name="X"), OTHER])

    assert found == "the secret is the wrong one: OCRIVA_WEBHOOK_SECRET matches"


@pytest.mark.parametrize(
    ("signed", "words"),
    [
        ({"key_encoding": "base64"}, "the secret is base64, and has to be decoded"),
        ({"output": "base64"}, "X-Acme-Signature holds base64 of SHA256, where hex of SHA256 is expected"),
        ({"prefix": "sha256="}, "hex of SHA256 behind 'sha256=', where hex of SHA256 is expected"),
        ({"digest": "sha1", "prefix": "sha1="}, "hex of SHA1 behind 'sha1='"),
        ({"digest": "sha512", "output": "base64"}, "base64 of SHA512"),
        ({"header": "X-Hub-Signature"}, "the signature is in x-hub-signature, not in X-Acme-Signature"),
        (
            {"content": "{timestamp}.{body}", "timestamp_header": "X-Acme-Timestamp"},
            "{timestamp}.{body} is signed, with the timestamp of x-acme-timestamp",
        ),
        (
            {
                "content": "{id}.{timestamp}.{body}",
                "timestamp_header": "X-Acme-Timestamp",
                "id_header": "X-Id",
            },
            "{id}.{timestamp}.{body} is signed, with x-id and x-acme-timestamp",
        ),
    ],
)
def test_a_scheme_that_is_declared_wrong_is_found(signed: dict[str, Any], words: str) -> None:
    real = replace(BARE, **signed)

    assert words in told(BARE, real.sign(BODY, SECRET, now=NOW))
    assert words in told(HmacSha256(BARE.header), real.sign(BODY, SECRET, now=NOW))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"key_encoding": "hex"}, "the secret is used as text and not decoded"),
        ({"prefix": "sha256="}, "hex of SHA256, where hex of SHA256 behind 'sha256=' is expected"),
        ({"content": "v0:{timestamp}:{body}", "timestamp_header": "X-Time"}, "only the body is signed"),
    ],
)
def test_a_scheme_that_asks_for_too_much_is_found(wrong: dict[str, Any], words: str) -> None:
    headers = {**BARE.sign(BODY, HEX), "X-Time": "1760000000"}

    assert words in told(replace(BARE, **wrong), headers, BODY, HEX)


def test_upper_case_is_told_where_it_is_not_declared() -> None:
    headers = {BARE.header: BARE.sign(BODY, SECRET)[BARE.header].upper()}

    assert "in upper case" in told(BARE, headers)
    assert told(replace(BARE, any_case=True), headers) == ""
    assert "written again" in told(replace(BARE, any_case=True), headers, BODY.replace(b",", b", "))


def test_two_mistakes_at_once_are_both_told() -> None:
    found = told(
        BARE,
        replace(BARE, output="base64").sign(BODY, SECRET),
        BODY + b"\n",
        Secret(f"{VALUE} ".encode(), name="june"),
    )

    assert all(words in found for words in ("white space", "holds base64", "line break"))


def test_pairs_and_standard_webhooks_know_how_their_secret_may_be_meant() -> None:
    pairs, standard = HmacPairs(header="X-Sig"), StandardWebhooks()
    decoded = replace(pairs, key_encoding="base64", key_prefix="whsec_")

    assert "has to be decoded" in told(pairs, decoded.sign(BODY, STANDARD, now=NOW), BODY, STANDARD)
    as_text = Hmac(
        header="webhook-signature",
        content="{id}.{timestamp}.{body}",
        output="base64",
        prefix="v1,",
        id_header="webhook-id",
        timestamp_header="webhook-timestamp",
    )
    assert "used as text" in told(standard, as_text.sign(BODY, STANDARD, now=NOW), BODY, STANDARD)
    swapped = StandardWebhooks("svix").sign(BODY, STANDARD, now=NOW)
    assert "the headers are svix-*, not webhook-*" in told(standard, swapped, BODY, STANDARD, schemes={})
    swapped = standard.sign(BODY, STANDARD, now=NOW)
    assert "the headers are webhook-*, not svix-*" in told(
        StandardWebhooks("svix"), swapped, BODY, STANDARD, schemes={}
    )


def test_a_static_header_behind_another_word_is_found() -> None:
    real = StaticHeader("X-Token", "Bearer ")

    assert "behind 'Bearer '" in told(StaticHeader("X-Token"), real.sign(BODY, SECRET))


def test_a_delivery_of_another_scheme_is_named() -> None:
    headers = READY["slack"].sign(BODY, SECRET, now=NOW)

    assert "signed as slack signs" in told(BodySecret("secret"), headers)
    assert "signed as slack signs" in told(
        Custom(lambda *_: False), headers, schemes={"slack": READY["slack"]}
    )


def test_a_stale_delivery_tells_its_age_and_that_it_is_authentic() -> None:
    stripe = READY["stripe"]

    found = told(stripe, stripe.sign(BODY, SECRET, now=NOW - 420))

    assert "420 s old" in found
    assert "the signature is right" in found


def test_a_mistake_and_an_age_are_both_told() -> None:
    stripe = READY["stripe"]

    found = told(stripe, stripe.sign(BODY, SECRET, now=NOW - 420), BODY + b"\n")

    assert "line break" in found
    assert "420 s old" in found


def test_an_unsigned_delivery_tells_which_headers_look_like_a_signature() -> None:
    assert "x-hub-signature is there" in told(BARE, {"X-Hub-Signature": "0" * 64})
    assert told(BARE, {}) == "X-Acme-Signature is missing: is the signing secret set at the provider?"


def test_what_nobody_can_explain_says_so() -> None:
    signed = BARE.sign(BODY, OTHER)

    assert "no known mistake explains it" in told(BARE, signed)
    base64_found = told(BARE, replace(BARE, output="base64").sign(BODY, OTHER))
    assert "holds base64 of SHA256" in base64_found
    assert "no known mistake" in base64_found
    assert "there 2 times" in "; ".join(
        explain(BARE, Delivery(Headers([*signed.items(), *signed.items()]), BODY), [SECRET])
    )


def test_a_secret_that_cannot_be_the_schemes_is_told() -> None:
    found = told(StandardWebhooks(), StandardWebhooks().sign(BODY, STANDARD, now=NOW), BODY, OTHER)

    assert "is not base64" in found


def test_a_body_too_large_to_try_everything_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paperhook.webhooks.signatures.diagnosis.MAX_HASHED_BYTES", 10)

    assert "no known mistake" in told(BARE, BARE.sign(BODY + b"\n", SECRET))


def test_a_body_too_deep_to_write_again_is_no_crash() -> None:
    assert "no known mistake" in told(BARE, BARE.sign(BODY, OTHER), b"[" * 900 + b"]" * 900)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("0" * 64, Shape("", "sha256", "hex")),
        ("sha1=" + "A" * 40, Shape("sha1=", "sha1", "hex", is_upper=True)),
        (base64.b64encode(bytes(64)).decode(), Shape("", "sha512", "base64")),
        ("v1," + base64.b64encode(bytes(32)).decode(), Shape("v1,", "sha256", "base64")),
        ("HMAC " + "0" * 128, Shape("HMAC ", "sha512", "hex")),
        ("t=1,v1=00", None),
        ("", None),
        ("0" * 63, None),
    ],
)
def test_the_shape_of_a_signature_is_told(text: str, shape: Shape | None) -> None:
    assert shape_of(text) == shape


def test_what_cannot_be_written_again_is_left_at_that() -> None:
    value: list[Any] = []
    for _ in range(5000):
        value = [value]

    class Deep(Delivery):
        def json(self) -> Any:
            return value

    assert b"[]" not in list(_written_again(Deep(Headers({}), b"[]")))


def test_a_secret_that_would_be_too_short_without_its_quotation_marks_is_not_tried() -> None:
    tried = [attempt.words for attempt in secrets_like(Secret('"' + "x" * 14 + '"', name="june"))]

    assert not any("quotation marks" in word for words in tried for word in words)


def test_a_scheme_that_is_like_no_other_is_tried_as_it_is() -> None:
    scheme = BodySecret(path="secret")

    assert [attempt.value for attempt in schemes_like(scheme, Delivery(Headers({}), b"{}"))] == [scheme]


def test_a_refusal_that_says_what_is_wrong_is_not_called_unexplained() -> None:
    moment = f"{NOW * 1000:.0f}"
    mac = hmac.digest(base64.b64decode(VALUE), f"msg_1.{moment}.".encode() + BODY, "sha256")
    in_milliseconds = {
        "webhook-id": "msg_1",
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
    twice = [*BARE.sign(BODY, SECRET).items()] * 2

    late = explain(StandardWebhooks(), Delivery(Headers(in_milliseconds), BODY), [STANDARD], now=NOW)
    doubled = explain(BARE, Delivery(Headers(twice), BODY), [SECRET], now=NOW)

    assert late == ("webhook-timestamp: the timestamp is not in the declared unit (s)",)
    assert doubled == ("X-Acme-Signature is there 2 times",)
