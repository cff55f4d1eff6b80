"""The pipeline: bounds, signature, parsing; any bytes at all give a receipt or a typed refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.core.delivery import Delivery
from paperhook.core.headers import Headers
from paperhook.core.secret import Secret
from paperhook.errors import (
    BadSignature,
    DeliveryRejected,
    DeliveryTooLarge,
    MalformedDelivery,
    Unsigned,
    WrongContentType,
    WrongMethod,
)
from paperhook.webhooks.receiver import (
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    Outcome,
    Receipt,
    Reply,
    admit,
    refusal,
)
from tests.acme import SECRET, acme, body_of, signed
from tests.bench.peers import refusing

NOW = 1_760_000_000.0
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["event", "events", "document", "id", "at", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def received(body: bytes = b"", headers: Any = (), method: str = "POST", **options: Any) -> Receipt:
    return admit(acme(), Delivery(Headers(headers), body, method), now=NOW, **options)


def test_an_authentic_delivery_is_admitted_with_what_identity_needs() -> None:
    body = body_of("done", "d1")

    receipt = received(body, signed(body))

    assert [(each.key, each.type, each.job_id) for each in receipt.envelopes] == [
        ("done:d1", "document.completed", "d1")
    ]
    assert receipt.secret_name == "default"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "post", "", "DELETE"])
def test_only_a_post_is_a_delivery(method: str) -> None:
    with pytest.raises(WrongMethod):
        received(b"{}", method=method)


def test_a_body_is_bounded_before_it_is_hashed() -> None:
    exactly = body_of().ljust(MAX_BODY_BYTES)

    assert received(exactly, signed(exactly)).envelopes
    with pytest.raises(DeliveryTooLarge, match=f"{MAX_BODY_BYTES + 1} bytes, the bound is {MAX_BODY_BYTES}"):
        received(exactly + b" ", {})
    with pytest.raises(DeliveryTooLarge, match="the bound is 10"):
        received(b"12345678901", {}, max_body_bytes=10)


def test_headers_are_bounded() -> None:
    with pytest.raises(DeliveryTooLarge, match="headers"):
        received(b"{}", {"x": "y" * MAX_HEADER_BYTES})


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "GZIP", "x"])
def test_a_compressed_body_is_refused_before_it_is_verified(encoding: str) -> None:
    body = body_of()

    with pytest.raises(WrongContentType):
        received(body, {**signed(body), "Content-Encoding": encoding})


@pytest.mark.parametrize("encoding", ["identity", "Identity ", "", " "])
def test_a_body_that_says_it_is_not_compressed_is_taken(encoding: str) -> None:
    body = body_of()

    assert received(body, {**signed(body), "Content-Encoding": encoding}).envelopes


def test_nothing_is_parsed_before_it_is_verified() -> None:
    with pytest.raises(Unsigned):
        received(b"not json")
    with pytest.raises(BadSignature):
        received(b"not json", signed(b"other"))


@pytest.mark.parametrize(
    "body", [b"not json", b"[]", b'{"events": []}', b'{"events": [1]}', b"[" * 100_000, b"\xff"]
)
def test_an_authentic_delivery_that_cannot_be_read_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedDelivery):
        received(body, signed(body))


def test_changed_newlines_are_another_body() -> None:
    body = b'{\r\n"event": "ping",\r\n"document": {}}'

    assert received(body, signed(body)).envelopes
    with pytest.raises(BadSignature):
        received(body.replace(b"\r\n", b"\n"), signed(body))


names = st.sampled_from(
    ["X-Acme-Signature", "x-acme-signature", "Content-Encoding", "Content-Length"]
) | st.text(max_size=10)


@given(
    headers=st.lists(st.tuples(names, st.text(st.characters(codec=None), max_size=80)), max_size=5),
    body=st.binary(max_size=200),
    method=st.sampled_from(["POST", "GET"]) | st.text(max_size=5),
)
def test_any_headers_and_any_bytes_are_refused_and_never_anything_else(
    headers: Any, body: bytes, method: str
) -> None:
    with pytest.raises(DeliveryRejected) as refused:
        received(body, headers, method)

    assert 400 <= refusal(refused.value).status < 500


@given(JSON, st.booleans())
def test_any_authentic_json_is_a_receipt_or_malformed(value: Any, wrapped: bool) -> None:
    written = {"event": "done", "document": value} if wrapped else value
    body = json.dumps(written).encode()

    try:
        receipt = received(body, signed(body))
    except MalformedDelivery:
        return

    for envelope in receipt.envelopes:
        assert acme().event(envelope, body=body, origin="webhook").key == envelope.key  # type: ignore[arg-type]


def test_half_characters_and_zero_bytes_in_an_id_do_not_get_past_as_what_no_store_can_hold() -> None:
    body = rb'{"event": "done", "document": {"id": "a\ud800\u0000b", "fields": {}}}'

    (envelope,) = received(body, signed(body)).envelopes

    assert envelope.key.encode()


@pytest.mark.parametrize("secret", [SECRET, Secret(SECRET, name="june")])
def test_the_reply_to_a_refusal_tells_the_outcome_and_nothing_else(secret: Any) -> None:
    provider = acme(webhook_secret=secret)

    with pytest.raises(DeliveryRejected) as refused:
        admit(provider, Delivery(Headers(signed(b"other")), body_of()), now=NOW)
    reply = refusal(refused.value)

    assert (reply.status, reply.outcome) == (401, Outcome.BAD_SIGNATURE)
    assert reply.body == b'{"outcome":"bad_signature"}'
    assert json.loads(reply.body) == {"outcome": "bad_signature"}
    assert SECRET not in repr(reply)


def test_a_wrong_method_is_told_the_right_one() -> None:
    reply = refusal(WrongMethod("acme: a delivery is a POST"))

    assert (reply.status, reply.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_reply_is_json(outcome: Outcome) -> None:
    reply = Reply(200, outcome)

    assert json.loads(reply.body) == {"outcome": outcome}
    assert reply.headers["content-type"] == "application/json"


def test_refusing_what_a_stranger_sends_takes_less_than_twice_the_cap() -> None:
    found = refusing(size_bytes=20_000_000)

    assert found["refusing 200 MB"] < 2 * found["the cap"]
