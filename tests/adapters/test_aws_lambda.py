"""The Lambda handler on events as AWS documents them, and on such as nobody should send."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook import DocumentCompleted, Webhooks
from paperhook.adapters.aws_lambda import handler
from paperhook.webhooks.receiver import Outcome, Reply
from tests.acme import KeyedAcme, acme, body_of, signed

from .calls import BODY, receiver

#: An HTTP API or a function URL: AWS Lambda developer guide, payload format 2.0.
V2: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/prod/webhooks/acme",
    "rawQueryString": "",
    "headers": {"content-type": "application/json", "x-acme-signature": signed(BODY)["X-Acme-Signature"]},
    "requestContext": {"http": {"method": "POST", "path": "/prod/webhooks/acme", "protocol": "HTTP/1.1"}},
    "body": BODY.decode(),
    "isBase64Encoded": False,
}
#: A load balancer with multi-value headers: AWS, "Using Lambda with an Application Load Balancer".
BALANCER: dict[str, Any] = {
    "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:x"}},
    "httpMethod": "POST",
    "path": "/webhooks/acme",
    "queryStringParameters": {},
    "multiValueHeaders": {"x-acme-signature": [signed(BODY)["X-Acme-Signature"]]},
    "body": BODY.decode(),
    "isBase64Encoded": False,
}


def outcome(answer: dict[str, Any]) -> str:
    return str(answer["body"]).split('"')[3]


def test_stage_and_route_may_stand_before_the_provider(hooks: Webhooks) -> None:
    answer = handler(hooks)(V2, None)

    assert answer == {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": '{"outcome":"accepted"}',
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("path", ["/prod", "/prod/"])
def test_a_stage_alone_names_no_provider(hooks: Webhooks, path: str) -> None:
    event = {**V2, "rawPath": path, "requestContext": {**V2["requestContext"], "stage": "prod"}}

    assert handler(hooks)(event, None)["statusCode"] == 200


def test_a_load_balancer_gets_the_headers_in_its_own_form(hooks: Webhooks) -> None:
    answer = handler(hooks)(BALANCER, None)

    assert answer["statusCode"] == 200
    assert answer["multiValueHeaders"] == {"content-type": ["application/json"]}


def test_a_function_of_one_provider_needs_no_path() -> None:
    hooks = receiver(providers=[acme(), KeyedAcme("key", webhook_secret="keyed-secret-for-tests")])
    event = {**V2, "rawPath": "/hook"}

    codes = [
        handler(hooks, provider=name)(event, None)["statusCode"] for name in ("acme", "keyed-acme", None)
    ]

    assert codes == [200, 401, 404]
    hooks.close()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"body": "%%%", "isBase64Encoded": True}, (400, "malformed")),
        ({"body": "YQ", "isBase64Encoded": True}, (400, "malformed")),
        ({"body": "\u00e9\u00e9\u00e9\u00e9", "isBase64Encoded": True}, (400, "malformed")),
        ({"body": "\ud800"}, (401, "bad_signature")),
        ({"body": None}, (401, "bad_signature")),
        ({"headers": None}, (401, "unsigned")),
        ({"requestContext": None}, (405, "wrong_method")),
        ({"rawPath": None}, (200, "accepted")),
    ],
)
def test_an_event_that_lacks_something_is_answered(
    hooks: Webhooks, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    answer = handler(hooks)({**V2, **changes}, None)

    assert (answer["statusCode"], outcome(answer)) == expected


def test_an_empty_event_is_no_post(hooks: Webhooks) -> None:
    assert handler(hooks)({}, None)["statusCode"] == 405


@pytest.mark.parametrize("extra_bytes", [0, 1, 2, 3, 1000])
def test_a_body_in_base64_is_measured_before_and_after_it_is_unpacked(extra_bytes: int) -> None:
    hooks = receiver(max_body_bytes=1000)
    body = body_of(padding="x" * (1000 + extra_bytes - len(body_of(padding=""))))
    headers = {"x-acme-signature": signed(body)["X-Acme-Signature"]}

    answer = handler(hooks)(
        {**V2, "headers": headers, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}, None
    )

    assert answer["statusCode"] == (413 if extra_bytes else 200)
    hooks.close()


def test_a_handler_that_fails_asks_for_the_delivery_again() -> None:
    hooks = receiver(worker="inline")

    @hooks.on(DocumentCompleted)
    def fail(event: DocumentCompleted) -> None:
        raise OSError("no route to the ledger")

    answer = handler(hooks)(V2, None)

    assert (answer["statusCode"], outcome(answer)) == (500, "failed")
    hooks.close()


def test_an_answer_that_is_no_text_goes_out_as_base64() -> None:
    class Receiver:
        """Stands where a receiver is, for an answer that no provider of ours gives."""

        max_body_bytes = 1000

        def receive(self, headers: Any, body: bytes, **settings: Any) -> Reply:
            return Answer(200, Outcome.ACCEPTED)

    class Answer(Reply):
        body = b"\xff"

    answer = handler(Receiver())(V2, None)  # type: ignore[arg-type]

    assert (answer["body"], answer["isBase64Encoded"]) == ("/w==", True)


TEXTS = st.text(max_size=20) | st.sampled_from(["POST", "gzip", "/acme", BODY.decode()])


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "httpMethod": TEXTS,
            "path": TEXTS,
            "rawPath": TEXTS,
            "headers": st.none() | st.dictionaries(TEXTS, TEXTS, max_size=3),
            "multiValueHeaders": st.none() | st.dictionaries(TEXTS, st.lists(TEXTS, max_size=3), max_size=3),
            "requestContext": st.none()
            | st.fixed_dictionaries({"http": st.none() | st.just({"method": "POST"})}),
            "body": st.none() | TEXTS,
            "isBase64Encoded": st.booleans(),
        },
    )
)
def test_any_texts_in_an_event_are_answered(event: dict[str, Any]) -> None:
    hooks = receiver()

    answer = handler(hooks)(event, None)

    assert answer["statusCode"] in {200, 400, 401, 404, 405, 413, 415}
    hooks.close()
