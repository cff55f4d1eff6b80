"""Deliveries that others signed: each is published beside its source, or was made by the package that is named.

Nothing here was signed by us, so a scheme that misreads a vendor's page fails.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

import pytest

from paperhook.core.delivery import Delivery
from paperhook.core.headers import Headers
from paperhook.core.secret import Secret
from paperhook.errors import BadSignature, ConfigurationError, DeliveryRejected, StaleDelivery
from paperhook.webhooks.signatures import Hmac, HmacSha256, ready

#: Of the body of every test of Svix and Standard Webhooks.
SVIX_ID, SVIX_TIME, SVIX_BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
SVIX_SEED = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
SVIX_PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="


@dataclass(frozen=True)
class Vector:
    """One delivery and who signed it."""

    scheme: Any
    secret: str
    body: bytes
    headers: dict[str, str]
    now: float = 0.0


def standard(family: str, secret: str, signature: str) -> Vector:
    headers = {
        f"{family}-id": SVIX_ID,
        f"{family}-timestamp": str(SVIX_TIME),
        f"{family}-signature": signature,
    }
    name = {"webhook": "standard-webhooks", "svix": "svix"}[family]
    return Vector(ready(name), secret, SVIX_BODY, headers, SVIX_TIME)


VECTORS = {
    # standard-webhooks/standard-webhooks: libraries/javascript/src/webhook.test.ts, libraries/python/tests/test_webhooks.py.
    "standard webhooks": standard("webhook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", V1),
    "standard webhooks, secret without its prefix": standard(
        "webhook", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", V1
    ),
    # docs.svix.com/receiving/verifying-payloads/how-manual.
    "svix": standard("svix", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", V1),
    # svix/svix-webhooks: server, worker.rs, test_asymmetric_key_signing; the specification shows the same signature.
    "v1a": standard("webhook", SVIX_PUBLIC, V1A),
    "v1a under svix headers": standard("svix", SVIX_PUBLIC, V1A),
    "v1a with the private key": standard("webhook", SVIX_SEED, V1A),
    # The specification, "Webhook headers": both kinds in one header.
    "v1 beside v1a": standard("webhook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", f"{V1A} {V1}"),
    "v1a beside v1": standard(
        "webhook", SVIX_PUBLIC, f"v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= {V1A}"
    ),
    # docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries, "Testing the webhook payload validation".
    "github": Vector(
        ready("github"),
        "It's a Secret to Everybody",
        b"Hello, World!",
        {
            "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            # The older header comes along and is not asked.
            "X-Hub-Signature": "sha1=0000000000000000000000000000000000000000",
        },
    ),
    # api.slack.com/authentication/verifying-requests-from-slack.
    "slack": Vector(
        ready("slack"),
        "8f742231b10e8888abcd99yyyzzz85a5",
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
        {
            "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            "X-Slack-Request-Timestamp": "1531420618",
        },
        1_531_420_618,
    ),
    # slack-sdk 3.47.0: SignatureVerifier(secret).generate_signature(timestamp="1531420618", body=…).
    "slack, by its package": Vector(
        ready("slack"),
        "8f742231b10e8888abcd99yyyzzz85a5",
        b"payload=%7B%22type%22%3A%22x%22%7D",
        {
            "x-slack-signature": "v0=c237adb0f3e3a1304556816ecd3483878640fa3d8385f9c558a6225e09d8267a",
            "x-slack-request-timestamp": "1531420618",
        },
        1_531_420_918,
    ),
    # line/line-bot-sdk-python: tests/test_signature.py.
    "line": Vector(
        ready("line"),
        "channel_secret",
        b"bodybodybodybody",
        {"X-Line-Signature": "/gg9a+LvFevTH1sd7XCQycD7tsWclCsInj7MhBHxN7k="},
    ),
    # line/line-bot-sdk-nodejs: test/validate-signature.spec.ts.
    "line, by its package for Node": Vector(
        ready("line"),
        "test_secret",
        b'{"hello":"world"}',
        {"x-line-signature": "t7Hn4ZDHqs6e+wdvI5TyQIvzie0DmMUmuXEBqyyE/tM="},
    ),
    # sqlpage/SQLPage: its tests of hmac() with what Shopify sends.
    "shopify": Vector(
        ready("shopify"),
        "test-webhook-secret",
        b'{"id":1234567890,"email":"customer@example.com","total_price":"123.45"}',
        {"X-Shopify-Hmac-Sha256": "QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw="},
    ),
    # mindee 5.4.0: LocalResponse(body).get_hmac_signature(secret), the secret of its own tests.
    "mindee": Vector(
        ready("mindee"),
        "ogNjY44MhvKPGTtVsI8zG82JqWQa68woYQH",
        b'{"inference":{"id":"1"}}',
        {"X-Signature": "db1d9869fce097da9e388ed0d61da38bb9a70ca7162f52745f8d7b49f6fa7ea1"},
    ),
    # mindee/mindee-api-python: LocalResponse named this header until its version 4; Mindee's first platform sends it.
    "mindee, first platform": Vector(
        ready("mindee-v1"),
        "ogNjY44MhvKPGTtVsI8zG82JqWQa68woYQH",
        b'{"inference":{"id":"1"}}',
        {"X-Mindee-Hmac-Signature": "db1d9869fce097da9e388ed0d61da38bb9a70ca7162f52745f8d7b49f6fa7ea1"},
    ),
    # stripe 16.1.0: WebhookSignature._compute_signature("1492774577." + body, secret); the form is that of docs.stripe.com.
    "stripe": Vector(
        ready("stripe"),
        "whsec_test_secret",
        b'{"id":"evt_1","object":"event"}',
        {
            "Stripe-Signature": "t=1492774577,v1=5257a869,v1=654b43d3508ecadb3f8cefc4bc7d3d2bdc5ba9e03bf2c89b2d0657a8e24e4543,v0=6ffbb59b2300aae63f27"
        },
        1_492_774_577,
    ),
    # RFC 4231, test case 2 ("Jefe") and test case 6 (a key longer than a block), for plain HMAC.
    "rfc 4231, sha256": Vector(
        HmacSha256("X-Sig"),
        "Jefe",
        b"what do ya want for nothing?",
        {"X-Sig": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    ),
    "rfc 4231, sha512": Vector(
        Hmac(header="X-Sig", digest="sha512"),
        "Jefe",
        b"what do ya want for nothing?",
        {
            "X-Sig": "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        },
    ),
    "rfc 4231, a long key": Vector(
        Hmac(header="X-Sig", key_encoding="hex"),
        "aa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        {"X-Sig": "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    ),
    # RFC 2202, test case 2.
    "rfc 2202, sha1": Vector(
        Hmac(header="X-Sig", digest="sha1"),
        "Jefe",
        b"what do ya want for nothing?",
        {"X-Sig": "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    ),
}


def secret_of(vector: Vector) -> Secret:
    # Some of the published ones are shorter than a provider's are.
    return Secret(vector.secret, "published", short="accept")


@pytest.mark.parametrize("name", VECTORS)
def test_what_others_signed_verifies(name: str) -> None:
    vector = VECTORS[name]
    given = Delivery(Headers(vector.headers), vector.body)

    assert vector.scheme.verify(given, [secret_of(vector)], now=vector.now) == "published"


@pytest.mark.parametrize("name", VECTORS)
def test_a_byte_more_is_not_what_others_signed(name: str) -> None:
    vector = VECTORS[name]

    for body in (vector.body + b"\n", vector.body[:-1], b""):
        with pytest.raises(BadSignature):
            vector.scheme.verify(Delivery(Headers(vector.headers), body), [secret_of(vector)], now=vector.now)


@pytest.mark.parametrize("name", [name for name in VECTORS if VECTORS[name].now])
@pytest.mark.parametrize("late", [-301, 301])
def test_what_others_signed_goes_stale(name: str, late: int) -> None:
    vector = VECTORS[name]
    signed_at = 1_531_420_618 if "slack" in name else vector.now

    with pytest.raises(StaleDelivery):
        vector.scheme.verify(
            Delivery(Headers(vector.headers), vector.body), [secret_of(vector)], now=signed_at + late
        )


@pytest.mark.parametrize("name", VECTORS)
def test_another_secret_is_not_the_one_that_others_used(name: str) -> None:
    vector = VECTORS[name]
    other = Secret("7468697320697320616e6f74686572206b6579", "other")

    with pytest.raises((DeliveryRejected, ConfigurationError)):
        vector.scheme.verify(Delivery(Headers(vector.headers), vector.body), [other], now=vector.now)


def test_what_we_sign_with_the_private_key_is_what_svix_signs() -> None:
    headers = ready("standard-webhooks").sign(SVIX_BODY, Secret(SVIX_SEED), now=SVIX_TIME, id=SVIX_ID)  # type: ignore[call-arg] # of this scheme

    assert headers["webhook-signature"] == V1A


# Signed by code written after Veryfi's own example: base64 of an HMAC-SHA256 over str(data).
VERYFI_KEY = "veryfi-client-secret-0123456789"


def as_veryfi(signed: Any) -> dict[str, str]:
    digest = hmac.new(VERYFI_KEY.encode(), msg=str(signed).encode(), digestmod=hashlib.sha256).digest()
    return {"x-veryfi-signature": base64.b64encode(digest).decode()}


@pytest.mark.parametrize(
    "body",
    [
        {"event": "document.created", "data": {"id": 123456789, "created": "2026-10-20 15:27:26"}},
        {
            "event": "document.failed",
            "data": {"id": 1, "error": 'it\'s "damaged" ü \u2028', "x": [1.5, True, None]},
        },
        {"id": 41331192, "created": "2026-09-19 20:37:47"},
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_veryfi_signs_what_python_prints_of_the_data(
    body: dict[str, Any], separators: tuple[str, str]
) -> None:
    scheme, secret = ready("veryfi"), Secret(VERYFI_KEY, "only")
    sent = json.dumps(body, separators=separators).encode()

    headers = as_veryfi(body.get("data", body))

    assert scheme.verify(Delivery(Headers(headers), sent), [secret]) == "only"
    assert scheme.sign(sent, secret) == headers
    for other in (b"{}", b"[]", b"\xff", b'{"data":[]}', sent.replace(b"1", b"2"), b"[" * 5000, b""):
        with pytest.raises(DeliveryRejected):
            scheme.verify(Delivery(Headers(headers), other), [secret])
    for wrong in ({}, {"x-veryfi-signature": "é"}, [*headers.items()] * 2):
        with pytest.raises(DeliveryRejected):
            scheme.verify(Delivery(Headers(wrong), sent), [secret])
