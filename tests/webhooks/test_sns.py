"""Messages of Amazon SNS: signed as its guide says by a certificate of ours, and everything around them touched."""

from __future__ import annotations

import base64
import contextlib
import json
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from paperhook import Webhooks
from paperhook.core.delivery import Delivery
from paperhook.core.headers import Headers
from paperhook.core.secret import Secret
from paperhook.errors import (
    BadSignature,
    ConfigurationError,
    DeliveryRejected,
    MalformedDelivery,
    MissingExtra,
    StaleDelivery,
    Unsigned,
)
from paperhook.providers.declared import declared
from paperhook.webhooks.signatures import SnsMessage
from paperhook.webhooks.signatures.sns import content_of

NOW = datetime(2019, 1, 31, 4, 37, 4, tzinfo=UTC).timestamp()
TOPIC = "arn:aws:sns:us-east-2:123456789012:s4-MySNSTopic-1G1WEFCOXTC0P"
URL = f"https://sns.us-east-2.amazonaws.com/SimpleNotificationService-{'0f' * 16}.pem"
TOPICS = [Secret(TOPIC, name="ours")]
#: The example of the guide.
NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "4d4dc071-ddbf-465d-bba8-08f81c89da64",
    "TopicArn": TOPIC,
    "Subject": "My subject",
    "Message": "My Test Message",
    "Timestamp": "2019-01-31T04:37:04.321Z",
}
CONFIRMATION = {
    "Type": "SubscriptionConfirmation",
    "MessageId": "3d891288-136d-417f-bc05-901c108273ee",
    "TopicArn": TOPIC,
    "Message": "My Test Message",
    "SubscribeURL": "https://sns.us-east-2.amazonaws.com/?Action=ConfirmSubscription&Token=233",
    "Token": "233",
    "Timestamp": "2019-01-31T04:37:04.321Z",
}


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def pem() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    start = datetime(2019, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key().public_key(), 1, start, start + timedelta(days=3650))
    return made.sign(key(), hashes.SHA256()).public_bytes(Encoding.PEM)


def private() -> bytes:
    return key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def scheme(**settings: Any) -> SnsMessage:
    return SnsMessage(lambda url: pem(), **settings)


def signed(
    message: dict[str, Any], *, version: str = "2", content: bytes | None = None, **more: Any
) -> Delivery:
    function = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = key().sign(content_of(message) if content is None else content, padding.PKCS1v15(), function)
    whole = {
        **message,
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": URL,
        **more,
    }
    return Delivery(Headers(), json.dumps(whole).encode())


def test_the_content_is_the_one_of_the_guide() -> None:
    assert content_of(NOTIFICATION) == (
        b"Message\nMy Test Message\nMessageId\n4d4dc071-ddbf-465d-bba8-08f81c89da64\nSubject\nMy subject\n"
        b"Timestamp\n2019-01-31T04:37:04.321Z\nTopicArn\n" + TOPIC.encode() + b"\nType\nNotification\n"
    )
    assert content_of(CONFIRMATION).startswith(b"Message\nMy Test Message\nMessageId\n3d89")
    assert b"\nSubscribeURL\nhttps://" in content_of(CONFIRMATION)
    assert b"\nToken\n233\nTopicArn\n" in content_of(CONFIRMATION)


@pytest.mark.parametrize("message", [NOTIFICATION, CONFIRMATION])
@pytest.mark.parametrize("version", ["1", "2"])
def test_a_message_of_a_configured_topic_is_authentic(message: dict[str, Any], version: str) -> None:
    assert scheme().verify(signed(message, version=version), TOPICS, now=NOW) == "ours"


def test_a_message_without_a_subject_or_with_many_lines_is_authentic() -> None:
    bare = {name: value for name, value in NOTIFICATION.items() if name != "Subject"}

    assert scheme().verify(signed({**bare, "Message": "a\nb\u20ac"}), TOPICS, now=NOW) == "ours"


@pytest.mark.parametrize("member", NOTIFICATION)
def test_a_member_that_was_changed_or_left_out_is_refused(member: str) -> None:
    whole = json.loads(signed(NOTIFICATION).body)
    without = {name: value for name, value in whole.items() if name != member}

    for touched in ({**whole, member: whole[member] + "x"}, {**whole, member: 7}, without):
        with pytest.raises(BadSignature):
            scheme().verify(Delivery(Headers(), json.dumps(touched).encode()), TOPICS, now=NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.us-east-2.amazonaws.com/SimpleNotificationService-" + "0f" * 16 + ".pem",
        "https://sns.us-east-2.amazonaws.com.evil.example/SimpleNotificationService-" + "0f" * 16 + ".pem",
        "https://evil.example/SimpleNotificationService-" + "0f" * 16 + ".pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-" + "0f" * 16 + ".pem",
        "https://sns.us-east-2.amazonaws.com@evil.example/x.pem",
        URL + "\n",
        URL.replace("us-east-2", "us-east-2.evil"),
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(url: str) -> None:
    def never(url: str) -> bytes:
        raise AssertionError("fetched")

    with pytest.raises(BadSignature, match="SigningCertURL"):
        SnsMessage(never).verify(signed(NOTIFICATION, SigningCertURL=url), TOPICS, now=NOW)


def test_another_topic_is_refused_although_amazon_signed_it() -> None:
    foreign = {**NOTIFICATION, "TopicArn": TOPIC.replace("123456789012", "999999999999")}

    with pytest.raises(BadSignature, match="none of the configured topics"):
        scheme().verify(signed(foreign), TOPICS, now=NOW)


def test_a_late_message_is_taken_for_an_hour() -> None:
    assert scheme().verify(signed(NOTIFICATION), TOPICS, now=NOW + 3600) == "ours"
    for late in (3602, -3602):
        with pytest.raises(StaleDelivery):
            scheme().verify(signed(NOTIFICATION), TOPICS, now=NOW + late)
    with pytest.raises(StaleDelivery):
        scheme(tolerance=10).verify(signed(NOTIFICATION), TOPICS, now=NOW + 60)


def test_a_member_on_several_lines_could_be_another_message_and_is_refused() -> None:
    split = {**NOTIFICATION, "Subject": "a\nTimestamp\nb"}
    content = content_of(NOTIFICATION).replace(b"My subject", b"a\nTimestamp\nb")

    with pytest.raises(BadSignature, match="several lines"):
        scheme().verify(signed(split, content=content), TOPICS, now=NOW)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"{}", Unsigned),
        (b"[]", MalformedDelivery),
        (b"no json", MalformedDelivery),
        (b'{"Signature": "x"}', BadSignature),
        (b'{"Signature": 1, "Type": "Notification"}', BadSignature),
        (b'{"Signature": "x", "Type": "Other"}', BadSignature),
        (b'{"Signature": "x", "Type": ["Notification"]}', BadSignature),
    ],
)
def test_what_is_no_message_is_refused(body: bytes, refusal: type[DeliveryRejected]) -> None:
    with pytest.raises(refusal):
        scheme().verify(Delivery(Headers(), body), TOPICS, now=NOW)


@pytest.mark.parametrize("more", [{"Signature": "not base64"}, {"Signature": "é"}, {"SignatureVersion": "3"}])
def test_a_signature_that_cannot_be_read_is_bad(more: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        scheme().verify(signed(NOTIFICATION, **more), TOPICS, now=NOW)


def test_where_the_certificate_cannot_be_had_the_message_has_to_come_again() -> None:
    def away(url: str) -> bytes:
        raise TimeoutError(url)

    for certificate in (away, lambda url: b"no certificate"):
        with pytest.raises(ConfigurationError, match="cannot be had"):
            SnsMessage(certificate).verify(signed(NOTIFICATION), TOPICS, now=NOW)


def test_only_topics_may_be_configured() -> None:
    with pytest.raises(ConfigurationError, match="write its ARN"):
        scheme().check([Secret("a-secret-of-16-bytes")])
    with pytest.raises(ConfigurationError, match="pass now"):
        scheme().verify(signed(NOTIFICATION), TOPICS)
    with pytest.raises(ConfigurationError, match="tolerance"):
        scheme(tolerance=-1)
    with pytest.raises(ConfigurationError, match="fill"):
        scheme().sign(b"{}", TOPICS[0])


def test_textract_is_received_with_its_signature() -> None:
    own = scheme()
    provider = declared("textract-sns", scheme=own, webhook_secret=Secret(TOPIC, name="ours"))
    hooks = Webhooks(provider, inbox="memory:", worker="external", clock=lambda: NOW)
    hooks.on("*")(lambda event: None)
    message = {**NOTIFICATION, "Message": json.dumps({"Status": "SUCCEEDED", "JobId": "job-1"})}
    body = own.fill(json.dumps(message).encode(), private(), url=URL)

    reply, forged = hooks.receive({}, body), hooks.receive({}, body.replace(b"job-1", b"job-2"))

    assert (reply.status, reply.outcome, reply.secret_name) == (200, "accepted", "ours")
    assert (forged.status, forged.outcome) == (401, "bad_signature")
    assert own.sign(body, TOPICS[0]) == {}
    assert [row.entry.job_id for row in hooks.inbox.rows().result()] == ["job-1"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(member=st.sampled_from([*CONFIRMATION, "Signature", "SignatureVersion", "SigningCertURL"]), value=JSON)
@settings(max_examples=60, deadline=None)
def test_any_value_of_any_member_is_accepted_or_refused(member: str, value: Any) -> None:
    touched = {**json.loads(signed(CONFIRMATION).body), member: value}

    with contextlib.suppress(DeliveryRejected):
        scheme().verify(Delivery(Headers(), json.dumps(touched).encode()), TOPICS, now=NOW)


def test_a_certificate_without_an_rsa_key_is_not_taken() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    start = datetime(2019, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, other.public_key(), 1, start, start + timedelta(days=3650))
    content = made.sign(other, hashes.SHA256()).public_bytes(Encoding.PEM)

    with pytest.raises(ConfigurationError, match="cannot be had: TypeError"):
        SnsMessage(lambda url: content).verify(signed(NOTIFICATION), TOPICS, now=NOW)


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = signed(NOTIFICATION)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)

    with pytest.raises(MissingExtra, match=r"paperhook\[ed25519\]"):
        SnsMessage(lambda url: b"another certificate").verify(delivery, TOPICS, now=NOW)
