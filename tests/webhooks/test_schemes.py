"""Every scheme: what is signed verifies, any flipped bit fails, and no bytes at all do anything else than be refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paperhook.core.delivery import Delivery
from paperhook.core.headers import Headers
from paperhook.core.secret import Secret
from paperhook.errors import (
    BadSignature,
    ConfigurationError,
    DeliveryRejected,
    MalformedDelivery,
    StaleDelivery,
    Unsigned,
)
from paperhook.webhooks.signatures import (
    MAX_SIGNATURES,
    READY,
    BodySecret,
    Custom,
    Hmac,
    HmacPairs,
    HmacSha256,
    NoSignature,
    StandardWebhooks,
    StaticHeader,
    ready,
)

NOW = 1_760_000_000.0
BODY = b'{"a":1}'
TEXT = Secret("whsec_c2VjcmV0LWtleS0wMQ==", name="june")
SEED = Secret("whsk_" + base64.b64encode(bytes(range(32))).decode(), name="pair")
HEX = Secret("000102030405060708090a0b0c0d0e0f", name="hex")

#: Each scheme with a secret of its kind.
SCHEMES: Mapping[str, tuple[Any, Secret]] = {
    "bare hex": (Hmac(header="X-Sig"), TEXT),
    "prefixed": (Hmac(header="X-Sig", prefix="sha256="), TEXT),
    "plain class": (HmacSha256("X-Sig", prefix="sha256="), TEXT),
    "base64": (Hmac(header="X-Sig", output="base64"), TEXT),
    "sha1": (Hmac(header="X-Sig", digest="sha1"), TEXT),
    "sha512 with a hex key": (Hmac(header="X-Sig", digest="sha512", key_encoding="hex"), HEX),
    "base64 key": (Hmac(header="X-Sig", key_encoding="base64", key_prefix="whsec_"), TEXT),
    "several": (Hmac(header="X-Sig", separator=","), TEXT),
    "timestamp": (Hmac(header="X-Sig", content="{timestamp}.{body}", timestamp_header="X-Time"), TEXT),
    "slack": (
        Hmac(header="X-Sig", content="v0:{timestamp}:{body}", prefix="v0=", timestamp_header="X-Time"),
        TEXT,
    ),
    "id": (
        Hmac(
            header="X-Sig",
            content="{id}.{timestamp}.{body}",
            timestamp_header="X-Time",
            id_header="X-Id",
            timestamp_unit="ms",
        ),
        TEXT,
    ),
    "iso": (
        Hmac(header="X-Sig", content="{timestamp}.{body}", timestamp_header="X-Time", timestamp_unit="iso"),
        TEXT,
    ),
    "float": (
        Hmac(header="X-Sig", content="{timestamp}.{body}", timestamp_header="X-Time", timestamp_unit="float"),
        TEXT,
    ),
    "endpoint": (
        Hmac(header="Signature", content="{endpoint}{method}{body}", digest="sha1", endpoint="/hooks"),
        TEXT,
    ),
    "pairs": (HmacPairs(header="X-Sig"), TEXT),
    "standard": (StandardWebhooks(), TEXT),
    "svix": (StandardWebhooks("svix"), TEXT),
    "ed25519": (StandardWebhooks(), SEED),
    "static": (StaticHeader("X-Token"), TEXT),
    "static with a word": (StaticHeader("Authorization", prefix="Bearer "), TEXT),
}
COVERING = [name for name in SCHEMES if not name.startswith("static")]
TIMED = [
    *("timestamp", "slack", "id", "iso", "float", "pairs", "standard", "svix", "ed25519"),
]


def delivery(headers: Any, body: bytes = BODY) -> Delivery:
    return Delivery(Headers(headers), body)


def flipped(value: bytes, bit: int) -> bytes:
    place = (bit // 8) % len(value)
    return value[:place] + bytes([value[place] ^ (1 << bit % 8)]) + value[place + 1 :]


# Vectors


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        (
            Hmac(header="S"),
            {"S": "51232ac59a9e3a802d77a35e07dfbba52438d77c4a53b72b39fafbec3d12c499"},
        ),
        (
            Hmac(header="S", prefix="sha256="),
            {"S": "sha256=51232ac59a9e3a802d77a35e07dfbba52438d77c4a53b72b39fafbec3d12c499"},
        ),
        (Hmac(header="S", output="base64"), {"S": "USMqxZqeOoAtd6NeB9+7pSQ413xKU7crOfr77D0SxJk="}),
        (
            HmacPairs(header="S"),
            {"S": "t=1760000000,v1=2b2aac93c6d2fd98e40c48ca6c212c24f41de246a7c623ce425dd6fca6568c48"},
        ),
        (
            Hmac(header="S", content="v0:{timestamp}:{body}", timestamp_header="T"),
            {"S": "ee94801cf0898c09652e55c1ce6818bffe1d47883ed6eb40eff9d5ff9b4a4509", "T": "1760000000"},
        ),
        (
            StandardWebhooks(),
            {
                "webhook-id": "msg_1",
                "webhook-timestamp": "1760000000",
                "webhook-signature": "v1,l2+6wQyEVW2lTI2sJjmtmRICMPlT9e5/+iQ2bPa3gvo=",
            },
        ),
    ],
)
def test_the_published_vectors_verify_and_are_what_we_sign(scheme: Any, headers: dict[str, str]) -> None:
    given_id = {"id": "msg_1"} if isinstance(scheme, StandardWebhooks) else {}

    assert scheme.verify(delivery(headers), [TEXT], now=NOW) == "june"
    assert scheme.sign(BODY, TEXT, now=NOW, **given_id) == headers


def test_the_vector_of_githubs_documentation_verifies() -> None:
    headers = {
        "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    }
    secret = Secret("It's a Secret to Everybody", name="docs")

    name = Hmac(header="X-Hub-Signature-256", prefix="sha256=").verify(
        delivery(headers, b"Hello, World!"), [secret]
    )

    assert name == "docs"


def test_the_vector_of_svixs_documentation_verifies() -> None:
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", name="docs")
    headers = {
        "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "svix-timestamp": "1614265330",
        "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }

    name = StandardWebhooks("svix").verify(
        delivery(headers, b'{"test": 2432232314}'), [secret], now=1_614_265_330
    )

    assert name == "docs"


def test_the_vector_of_slacks_documentation_verifies() -> None:
    secret = Secret("8f742231b10e8888abcd99yyyzzz85a5", name="docs")
    scheme = Hmac(
        header="X-Slack-Signature",
        content="v0:{timestamp}:{body}",
        prefix="v0=",
        timestamp_header="X-Slack-Request-Timestamp",
    )
    headers = {
        "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        "X-Slack-Request-Timestamp": "1531420618",
    }
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )

    assert scheme.verify(delivery(headers, body), [secret], now=1_531_420_618) == "docs"


# Properties


@pytest.mark.parametrize("name", SCHEMES)
@given(body=st.binary(), bit=st.integers(0))
@settings(max_examples=40, deadline=None)
def test_what_is_signed_verifies_and_a_flipped_bit_of_the_body_fails(
    name: str, body: bytes, bit: int
) -> None:
    scheme, secret = SCHEMES[name]
    headers = scheme.sign(body, secret, now=NOW)

    assert scheme.verify(delivery(headers, body), [secret], now=NOW) == secret.name
    if body and name in COVERING:
        with pytest.raises(BadSignature):
            scheme.verify(delivery(headers, flipped(body, bit)), [secret], now=NOW)


@pytest.mark.parametrize("name", SCHEMES)
@given(bit=st.integers(0), which=st.integers(0))
@settings(max_examples=120, deadline=None)
def test_a_flipped_bit_of_any_header_fails(name: str, bit: int, which: int) -> None:
    scheme, secret = SCHEMES[name]
    pairs = [(key, value.encode()) for key, value in scheme.sign(BODY, secret, now=NOW).items()]
    which %= len(pairs)
    key, value = pairs[which]
    touched = [*pairs[:which], (key, flipped(value, bit)), *pairs[which + 1 :]]

    with pytest.raises(DeliveryRejected):
        scheme.verify(delivery(touched), [secret], now=NOW)


HEADER_TEXTS = (
    st.text(max_size=80)
    | st.sampled_from(["v1,", "v1", "t=,v1=", "t=1,t=2,v1=00", "sha256=", "\ud800", "é", "١٢٣", "+1", "1_0"])
    | st.integers().map(str)
)


@pytest.mark.parametrize("name", SCHEMES)
@given(data=st.data(), body=st.binary(max_size=60))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_headers_and_bytes_give_a_name_or_a_refusal(name: str, data: st.DataObject, body: bytes) -> None:
    scheme, secret = SCHEMES[name]
    headers = dict(scheme.sign(body, secret, now=NOW))
    for key in list(headers):
        if data.draw(st.booleans()):
            headers[key] = data.draw(HEADER_TEXTS)

    told = ""
    try:
        told = scheme.verify(delivery(headers, body), [secret], now=NOW)
    except DeliveryRejected as error:
        told = str(error)

    assert told == secret.name or secret.key.decode() not in told


@pytest.mark.parametrize("name", SCHEMES)
def test_a_missing_header_is_told_as_unsigned(name: str) -> None:
    scheme, secret = SCHEMES[name]
    headers = scheme.sign(BODY, secret, now=NOW)

    for absent in headers:
        with pytest.raises(Unsigned):
            scheme.verify(
                delivery({key: value for key, value in headers.items() if key != absent}), [secret], now=NOW
            )


@pytest.mark.parametrize("name", SCHEMES)
def test_a_header_that_comes_twice_is_refused(name: str) -> None:
    scheme, secret = SCHEMES[name]
    pairs = list(scheme.sign(BODY, secret, now=NOW).items())

    for pair in pairs:
        with pytest.raises(BadSignature, match="2 times"):
            scheme.verify(delivery([*pairs, pair]), [secret], now=NOW)


@pytest.mark.parametrize("name", [name for name in SCHEMES if name not in ("static", "static with a word")])
def test_a_public_key_is_no_secret_of_an_hmac(name: str) -> None:
    scheme, _ = SCHEMES[name]
    for public in (
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI",
        bytes.fromhex("302a300506032b6570032100") + bytes(32),
    ):
        with pytest.raises(ConfigurationError):
            scheme.check([Secret(public)])
        with pytest.raises(ConfigurationError):
            scheme.sign(BODY, Secret(public), now=NOW)


def test_an_ed25519_public_key_cannot_be_used_as_an_hmac_key() -> None:
    public = Secret("whpk_" + base64.b64encode(bytes(32)).decode())

    for scheme in (Hmac(header="S"), Hmac(header="S", key_encoding="base64", key_prefix="whpk_")):
        with pytest.raises(ConfigurationError, match="asymmetric"):
            scheme.check([public])


# Time


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("offset", [-300, 300])
def test_a_timestamp_within_the_tolerance_is_fresh_and_beyond_it_is_stale(name: str, offset: int) -> None:
    scheme, secret = SCHEMES[name]
    headers = scheme.sign(BODY, secret, now=NOW)

    assert scheme.verify(delivery(headers), [secret], now=NOW + offset) == secret.name
    with pytest.raises(StaleDelivery, match="tolerance is 300 s"):
        scheme.verify(delivery(headers), [secret], now=NOW + offset * 1.01)


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("now", [float("nan"), float("inf"), float("-inf"), 0.0, -1.0])
def test_an_odd_now_makes_nothing_fresh(name: str, now: float) -> None:
    scheme, secret = SCHEMES[name]

    with pytest.raises(StaleDelivery):
        scheme.verify(delivery(scheme.sign(BODY, secret, now=NOW)), [secret], now=now)


@pytest.mark.parametrize("name", TIMED)
def test_a_scheme_that_signs_a_timestamp_needs_now(name: str) -> None:
    scheme, secret = SCHEMES[name]

    with pytest.raises(ConfigurationError, match="pass now"):
        scheme.verify(delivery(scheme.sign(BODY, secret, now=NOW)), [secret])
    with pytest.raises(ConfigurationError, match="pass now"):
        scheme.sign(BODY, secret)
    with pytest.raises(ConfigurationError, match="now is"):
        scheme.sign(BODY, secret, now=float("nan"))


def test_a_tolerance_of_zero_means_exactly_now() -> None:
    scheme = HmacPairs(header="S", tolerance=0)
    headers = scheme.sign(BODY, TEXT, now=NOW)

    assert scheme.verify(delivery(headers), [TEXT], now=NOW) == "june"
    with pytest.raises(StaleDelivery):
        scheme.verify(delivery(headers), [TEXT], now=NOW + 1)


@pytest.mark.parametrize("tolerance", [-1, float("nan"), float("inf")])
@pytest.mark.parametrize("make", [lambda **k: Hmac(header="S", **k), StandardWebhooks])
def test_a_tolerance_that_lets_everything_pass_is_refused(make: Any, tolerance: float) -> None:
    with pytest.raises(ConfigurationError, match="tolerance"):
        make(tolerance=tolerance)


def test_an_unsigned_timestamp_decides_nothing() -> None:
    scheme = Hmac(header="S", timestamp_header="T")
    headers = scheme.sign(BODY, TEXT)

    assert scheme.verify(delivery({**headers, "T": "1"}), [TEXT], now=NOW) == "june"
    assert not scheme.signs_a_timestamp


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        *(
            ("s", text)
            for text in ("+1760000000", "1_760_000_000", " 1", "1760000000.0", "-1", "1" * 13, "0x1")
        ),
        ("s", "\uff11\uff17\uff16\uff10" + "\uff10" * 6),
        ("s", "1760000000000"),
        *(("ms", text) for text in ("1760000000.5", "1" * 16, "1e12")),
        *(("float", text) for text in ("1.", ".5", "1e9", "nan", "inf", "1." + "0" * 10)),
        *(
            ("iso", text)
            for text in ("2025-10-09T08:53:20", "2025-10-09", "2025-13-40T25:61:61Z", "2025-10-09 08:53:20Z")
        ),
    ],
)
def test_a_timestamp_is_read_strictly_although_it_is_signed(unit: Any, text: str) -> None:
    written = Hmac(header="S", content="{timestamp}.{body}", timestamp_header="T", timestamp_unit=unit)
    raw = text.encode()
    # Signed over the very bytes, so that only the reading of the timestamp can refuse.
    signature = Hmac(header="S").sign(raw + b"." + BODY, TEXT)["S"]

    with pytest.raises(BadSignature):
        written.verify(delivery([("S", signature), ("T", raw)]), [TEXT], now=NOW)


def test_the_first_year_with_an_offset_is_stale_and_no_crash() -> None:
    scheme = Hmac(header="S", content="{timestamp}.{body}", timestamp_header="T", timestamp_unit="iso")
    text = "0001-01-01T00:00:00+14:00"
    signature = Hmac(header="S").sign(text.encode() + b"." + BODY, TEXT)["S"]

    with pytest.raises(DeliveryRejected):
        scheme.verify(delivery({"S": signature, "T": text}), [TEXT], now=NOW)


# Several signatures and secrets


def test_several_signatures_of_one_header_are_tried() -> None:
    other = Secret("another-secret-of-16")
    scheme = Hmac(header="S", separator=",")
    good, bad = scheme.sign(BODY, TEXT)["S"], scheme.sign(BODY, other)["S"]

    assert scheme.verify(delivery({"S": f"{bad}, {good}"}), [TEXT]) == "june"
    with pytest.raises(BadSignature):
        scheme.verify(delivery({"S": bad}), [TEXT])


def test_more_signatures_than_anybody_needs_are_refused_before_they_are_compared() -> None:
    scheme = Hmac(header="S", separator=",")
    good = scheme.sign(BODY, TEXT)["S"]

    assert scheme.verify(delivery({"S": ",".join(["00"] * (MAX_SIGNATURES - 1) + [good])}), [TEXT]) == "june"
    with pytest.raises(BadSignature, match="more than"):
        scheme.verify(delivery({"S": ",".join([good] * (MAX_SIGNATURES + 1))}), [TEXT])
    with pytest.raises(BadSignature, match="characters"):
        scheme.verify(delivery({"S": "0" * 5000}), [TEXT])


def test_pairs_may_hold_several_signatures_and_pairs_of_other_schemes() -> None:
    scheme = HmacPairs(header="S")
    t, v1 = scheme.sign(BODY, TEXT, now=NOW)["S"].split(",")

    assert scheme.verify(delivery({"S": f"{t}, v1=00, {v1}, v0=x, junk"}), [TEXT], now=NOW) == "june"


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        ("v1={0}", BadSignature),
        ("t=1760000000,t=1760000000,v1={0}", BadSignature),
        ("t=1760000000,v0={0}", Unsigned),
        ("t=1760000001,v1={0}", BadSignature),
        ("T=1760000000,v1={0}", BadSignature),
        ("t=1760000000;v1={0}", Unsigned),
    ],
)
def test_pairs_need_one_timestamp_and_a_signature(value: str, refusal: type[Exception]) -> None:
    scheme = HmacPairs(header="S")
    signature = scheme.sign(BODY, TEXT, now=NOW)["S"].partition("v1=")[2]

    with pytest.raises(refusal):
        scheme.verify(delivery({"S": value.format(signature)}), [TEXT], now=NOW)


@pytest.mark.parametrize("name", SCHEMES)
def test_a_secret_outside_its_time_matches_nothing(name: str) -> None:
    scheme, secret = SCHEMES[name]
    headers = scheme.sign(BODY, secret, now=NOW)
    old = Secret(secret.value, "old", not_after=NOW)
    new = Secret(secret.value, "new", not_before=NOW)

    assert scheme.verify(delivery(headers), [old, new], now=NOW) == "new"
    assert scheme.verify(delivery(headers), [old, new], now=NOW - 1) == "old"
    with pytest.raises(BadSignature):
        scheme.verify(delivery(headers), [old], now=NOW)
    with pytest.raises(ConfigurationError, match="pass now"):
        scheme.verify(delivery(headers), [old])


# Settings


def test_upper_case_hex_is_taken_only_where_it_is_declared() -> None:
    strict, lenient = Hmac(header="S", prefix="SHA="), Hmac(header="S", prefix="SHA=", any_case=True)
    value = "SHA=" + strict.sign(BODY, TEXT)["S"].removeprefix("SHA=").upper()

    assert lenient.verify(delivery({"S": value}), [TEXT]) == "june"
    for headers in ({"S": value.lower()}, {"S": value[4:]}):
        with pytest.raises(BadSignature):
            lenient.verify(delivery(headers), [TEXT])
    with pytest.raises(BadSignature):
        strict.verify(delivery({"S": value}), [TEXT])


@pytest.mark.parametrize(
    "content",
    ["{timestamp}", "{body}{body}", "{text}.{body}", "{id}.{body}", "{timestamp}.{body}", "{endpoint}{body}"],
)
def test_a_content_that_cannot_be_made_is_refused(content: str) -> None:
    with pytest.raises(ConfigurationError, match="content"):
        Hmac(header="S", content=content)


@pytest.mark.parametrize(
    "names", [{"separator": ""}, {"separator": "="}, {"timestamp_name": "v1"}, {"signature_name": ""}]
)
def test_names_of_pairs_that_cannot_be_told_apart_are_refused(names: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="must be there and differ"):
        HmacPairs(header="S", **names)  # type: ignore[arg-type] # each is a text


def test_any_case_is_refused_where_the_case_tells_bytes_apart() -> None:
    with pytest.raises(ConfigurationError, match="any_case"):
        Hmac(header="S", output="base64", any_case=True)


@pytest.mark.parametrize("content", ["{body}", "{id}.{timestamp}.{body}"])
def test_pairs_sign_timestamp_and_body(content: str) -> None:
    with pytest.raises(ConfigurationError, match="must name"):
        HmacPairs(header="S", content=content)


@pytest.mark.parametrize(
    ("encoding", "value"),
    [
        ("hex", "zz" * 16),
        ("hex", "0" * 33),
        ("hex", "00" * 8),
        ("base64", "not base64 at all!"),
        ("base64", "c2hvcnQAAAAAAAA="),
    ],
)
def test_a_key_that_is_not_as_declared_is_refused_and_not_shown(encoding: Any, value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Hmac(header="S", key_encoding=encoding).check([Secret(value)])

    assert value not in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf8", "base64", "hex"])
@pytest.mark.parametrize("short", ["refuse", "accept"])
def test_a_secret_that_is_nothing_behind_its_prefix_signs_nothing(encoding: Any, short: Any) -> None:
    scheme = Hmac(header="S", key_prefix="a-prefix-of-more-than-16_", key_encoding=encoding)
    empty, little = (Secret(scheme.key_prefix + rest, short=short) for rest in ("", "abcd"))

    with pytest.raises(ConfigurationError, match="a key of 0 bytes"):
        scheme.check([empty])
    if short == "refuse":
        with pytest.raises(ConfigurationError, match=r"a key of [234] bytes"):
            scheme.check([little])
    else:
        assert scheme.verify(delivery(scheme.sign(BODY, little)), [little]) == "default"


def test_a_key_without_its_padding_is_the_same_key() -> None:
    scheme = StandardWebhooks()
    headers = scheme.sign(BODY, TEXT, now=NOW)

    assert scheme.verify(delivery(headers), [Secret("whsec_c2VjcmV0LWtleS0wMQ", "bare")], now=NOW) == "bare"


def test_a_large_body_gives_the_same_signature_as_a_copy_of_it() -> None:
    body = b"x" * (65 * 1024)
    scheme = Hmac(header="S", content="{timestamp}.{body}", timestamp_header="T")

    headers = scheme.sign(body, TEXT, now=NOW)

    assert headers["S"] == Hmac(header="S").sign(b"1760000000." + body, TEXT)["S"]


# Standard Webhooks


def public_of(secret: Secret) -> Secret:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret.key.removeprefix(b"whsk_"))[:32])
    return Secret("whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode(), name="public")


def test_a_public_key_verifies_what_its_private_key_signs_and_signs_nothing() -> None:
    scheme, public = StandardWebhooks(), public_of(SEED)
    headers = scheme.sign(BODY, SEED, now=NOW)
    whole = Secret("whsk_" + base64.b64encode(bytes(range(32)) + bytes(32)).decode())

    assert headers["webhook-signature"].startswith("v1a,")
    assert scheme.verify(delivery(headers), [public], now=NOW) == "public"
    assert scheme.sign(BODY, whole, now=NOW) == headers
    with pytest.raises(ConfigurationError, match="cannot sign"):
        scheme.sign(BODY, public, now=NOW)


def test_the_configured_secret_decides_which_version_is_checked() -> None:
    scheme, public = StandardWebhooks(), public_of(SEED)
    symmetric = scheme.sign(BODY, TEXT, now=NOW)
    relabelled = {**symmetric, "webhook-signature": symmetric["webhook-signature"].replace("v1,", "v1a,")}

    for headers, secret in ((symmetric, public), (relabelled, TEXT), (relabelled, public)):
        with pytest.raises(BadSignature):
            scheme.verify(delivery(headers), [secret], now=NOW)


def test_unknown_versions_are_skipped_and_alone_they_are_no_signature() -> None:
    scheme = StandardWebhooks()
    headers = scheme.sign(BODY, TEXT, now=NOW)
    several = f"v2,abc v1,AAAA v1 v1a,!! {headers['webhook-signature']}"

    assert scheme.verify(delivery({**headers, "webhook-signature": several}), [TEXT], now=NOW) == "june"
    with pytest.raises(Unsigned, match="version"):
        scheme.verify(delivery({**headers, "webhook-signature": "v2,abc v3"}), [TEXT], now=NOW)


def test_both_keys_may_be_configured_and_a_broken_signature_does_not_hide_a_good_one() -> None:
    scheme, public = StandardWebhooks(), public_of(SEED)
    headers = scheme.sign(BODY, SEED, now=NOW)
    wrong = "v1a," + base64.b64encode(bytes(64)).decode()
    value = f"v1a,AAAA {wrong} {headers['webhook-signature']}"

    assert (
        scheme.verify(delivery({**headers, "webhook-signature": value}), [TEXT, public], now=NOW) == "public"
    )


def test_a_label_of_another_version_or_another_spelling_makes_an_ed25519_signature_bad() -> None:
    scheme, public = StandardWebhooks(), public_of(SEED)
    headers = scheme.sign(BODY, SEED, now=NOW)
    text = headers["webhook-signature"].removeprefix("v1a,")
    # The last digit of 64 bytes carries two bits only: the other four may be anything for a lenient reader.
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".index(text[-3])
    other = text[:-3] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[last + 1] + "=="

    assert base64.b64decode(other) == base64.b64decode(text)
    for touched in (f"v1,{text}", f"v1a,{other}"):
        with pytest.raises(BadSignature):
            scheme.verify(delivery({**headers, "webhook-signature": touched}), [public], now=NOW)


def test_an_id_with_a_full_stop_could_be_another_content_and_is_refused() -> None:
    scheme = StandardWebhooks()
    body = b"1760000000.{}"
    headers = scheme.sign(body, TEXT, now=NOW, id="msg")
    moved = {**headers, "webhook-id": "msg.1760000000"}

    with pytest.raises(BadSignature, match="full stop"):
        scheme.verify(delivery(moved, b"{}"), [TEXT], now=NOW)


@pytest.mark.parametrize(
    "value", ["whpk_" + "A" * 40, "whsk_" + "A" * 40, "whpk_not base64", "whsec_QUJD" * 2]
)
def test_a_key_of_another_length_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError):
        StandardWebhooks().check([Secret(value)])


def test_ed25519_without_its_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)

    with pytest.raises(ConfigurationError, match=r"paperhook\[ed25519\]"):
        StandardWebhooks().check([SEED])


def test_the_family_is_one_of_two() -> None:
    with pytest.raises(ConfigurationError, match="family"):
        StandardWebhooks("hook")  # type: ignore[arg-type] # callers without a type checker exist
    with pytest.raises(Unsigned):
        StandardWebhooks("svix").verify(
            delivery(StandardWebhooks().sign(BODY, TEXT, now=NOW)), [TEXT], now=NOW
        )


# The unusual


def test_a_secret_in_the_body_is_found_and_compared() -> None:
    scheme = BodySecret("meta.secret")
    body = scheme.fill(b'{"a": 1}', TEXT)

    assert json.loads(body) == {"a": 1, "meta": {"secret": TEXT.value}}
    assert scheme.verify(delivery({}, body), [TEXT]) == "june"
    assert scheme.sign(body, TEXT) == {}
    with pytest.raises(BadSignature):
        scheme.verify(delivery({}, body), [Secret("another-secret-of-16")])
    with pytest.raises(ConfigurationError, match="fill"):
        scheme.sign(b"{}", TEXT)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"{}", Unsigned),
        (b'{"secret": ""}', Unsigned),
        (b'{"secret": null}', Unsigned),
        (b"[]", Unsigned),
        (b'{"secret": 1}', BadSignature),
        (b'{"secret": ["x"]}', BadSignature),
        (b'{"secret": "\\ud800"}', BadSignature),
        (b"not json", MalformedDelivery),
        (b"[" * 100_000, MalformedDelivery),
    ],
)
def test_a_body_without_the_secret_is_refused(body: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        BodySecret("secret").verify(delivery({}, body), [TEXT])


def test_a_check_of_your_own_decides_for_each_secret_and_only_true_accepts() -> None:
    async def forgotten(*_: Any) -> bool:
        return True

    def equals(given: Delivery, secret: Secret, now: float | None) -> bool:
        return given.headers.get("X-Own") == secret.name

    scheme = Custom(equals, signer=lambda body, secret, now: {"X-Own": secret.name})

    assert scheme.verify(delivery(scheme.sign(BODY, TEXT)), [HEX, TEXT]) == "june"
    for check in (lambda *_: 1, lambda *_: None, equals):
        with pytest.raises(BadSignature, match="accepts none"):
            Custom(check).verify(delivery({}), [TEXT])
    with pytest.raises(BadSignature), pytest.warns(RuntimeWarning, match="never awaited"):
        Custom(forgotten).verify(delivery({}), [TEXT])  # type: ignore[arg-type] # the mistake itself
    with pytest.raises(ConfigurationError, match="no signer"):
        Custom(equals).sign(BODY, TEXT)


def test_a_check_that_fails_refuses_and_tells_only_the_kind_of_error() -> None:
    def fails(given: Delivery, secret: Secret, now: float | None) -> bool:
        raise KeyError(secret.key.decode())

    def refuses(given: Delivery, secret: Secret, now: float | None) -> bool:
        raise StaleDelivery("too old")

    own = HmacSha256("S")
    nested = Custom(lambda given, secret, now: own.verify(given, [secret]) == secret.name)

    assert nested.verify(delivery(own.sign(BODY, TEXT)), [HEX, TEXT]) == "june"
    with pytest.raises(BadSignature, match="failed: KeyError") as refused:
        Custom(fails).verify(delivery({}), [TEXT])
    assert refused.value.__context__ is None
    with pytest.raises(StaleDelivery):
        Custom(refuses).verify(delivery({}), [TEXT])


def test_no_signature_accepts_no_secret() -> None:
    scheme = NoSignature()

    assert scheme.verify(delivery({}), []) == ""
    assert scheme.sign(BODY, TEXT) == {}
    with pytest.raises(ConfigurationError, match="unsigned='accept'"):
        scheme.verify(delivery({}), [TEXT])


@pytest.mark.parametrize("name", [name for name in SCHEMES if not name.startswith("static")])
def test_a_secret_of_the_declared_kind_passes_the_check(name: str) -> None:
    scheme, secret = SCHEMES[name]

    scheme.check([secret])
    scheme.check([])


# By name


# That of Veryfi signs no bytes: see its vectors.
@pytest.mark.parametrize("name", sorted(set(READY) - {"veryfi"}))
def test_a_ready_scheme_signs_what_it_verifies(name: str) -> None:
    scheme = ready(name)

    headers = scheme.sign(BODY, TEXT, now=NOW)

    assert scheme.verify(delivery(headers), [TEXT], now=NOW) == "june"
    with pytest.raises(BadSignature):
        scheme.verify(delivery(headers, BODY + b" "), [TEXT], now=NOW)


def test_a_scheme_that_is_not_ready_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match="stripe"):
        ready("acme")
