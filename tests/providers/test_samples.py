"""Deliveries made up for any provider mean what was asked for, carry ids and results, and are signed."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest

from paperhook.core.delivery import Delivery
from paperhook.core.event import BatchCompleted, DocumentCompleted, DocumentFailed, EndpointTest
from paperhook.core.headers import Headers
from paperhook.core.provider import Provider
from paperhook.errors import BadSignature, ConfigurationError, DeliveryRejected, StaleDelivery
from paperhook.providers import PROVIDERS, provider_class
from paperhook.providers.declared import declaration, declared, declared_names
from paperhook.providers.generic import Generic
from paperhook.providers.generic_samples import _place, merged
from paperhook.sample_deliveries import sample_delivery, sample_events
from paperhook.testing.signing import FORGERIES, local_secret, sign, signed_delivery, signs_a_timestamp
from paperhook.webhooks.signatures import READY, Custom, Hmac, NoSignature

NOW = 1_760_000_000.0
OWN = Hmac(header="X-Own")


def receiver(name: str) -> Provider:
    if name in PROVIDERS:
        return provider_class(name)("key", webhook_secret="local-webhook-secret")
    told = declaration(name)
    if told.signature.kind == "none":
        return declared(name, unsigned="accept")
    scheme = told.signature.scheme() if told.signature.kind != "custom" else OWN
    return declared(name, webhook_secret=local_secret(scheme), scheme=scheme)


RECEIVERS = {name: receiver(name) for name in (*PROVIDERS, *declared_names())}
CASES = [(name, event) for name, provider in RECEIVERS.items() for event in sample_events(provider)]


@pytest.mark.parametrize(("name", "event"), CASES)
def test_a_made_up_delivery_is_accepted_and_means_what_was_asked_for(name: str, event: str) -> None:
    provider = RECEIVERS[name]

    headers, body = signed_delivery(provider, event, now=NOW, mark="abcd1234")
    found = provider.verify(headers, body, now=NOW)

    assert found.type == event
    assert found.job_id or found.document_id or found.batch_id or isinstance(found, EndpointTest)
    if isinstance(found, DocumentCompleted) and found.has_result:
        assert found.result.fields["total"].value == Decimal("45.50")
    if isinstance(found, DocumentFailed):
        assert found.error.message or not _says_why(provider)
    if isinstance(found, BatchCompleted):
        assert found.summary.total == 3
    another = provider.verify(*signed_delivery(provider, event, now=NOW, mark="abcd1235"), now=NOW)
    assert another.key != found.key


def _says_why(provider: Provider) -> bool:
    return not isinstance(provider, Generic) or bool(provider.declaration.payload.error_message)


def test_every_provider_pushes_something_that_can_be_made_up() -> None:
    assert {name for name, _ in CASES} == set(RECEIVERS)


def test_an_event_that_is_never_pushed_is_told_with_those_that_are() -> None:
    with pytest.raises(
        ConfigurationError, match=r"docuprox pushes no document.failed: it pushes document.completed"
    ):
        signed_delivery(RECEIVERS["docuprox"], "document.failed")
    with pytest.raises(ConfigurationError, match=r"mindee pushes no batch.completed: it pushes document"):
        signed_delivery(RECEIVERS["mindee"], "batch.completed")


def test_a_provider_of_ones_own_has_nothing_that_can_be_made_up() -> None:
    class Acme(type(RECEIVERS["docuparse"])):  # type: ignore[misc]
        name = "acme"

    assert sample_events(Acme("key")) == ()
    with pytest.raises(ConfigurationError, match="nothing that can be made up"):
        sample_delivery(Acme("key"), "document.completed", "m")


# Declarations of one's own


def acme(**tables: Any) -> Generic:
    given: dict[str, Any] = {
        "name": "acme",
        "signature": {"kind": "hmac", "header": "X-Sig"},
        "events": {"type": "event", "words": {"done": "document.completed", "bad": "document.failed"}},
        "ids": {"job": "data.items.0.id"},
        "payload": {"result": "data.items.0.values", "error_message": "why"},
    }
    return Generic.from_dict({**given, **tables}, webhook_secret="a-secret-of-16-bytes")


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"body": "array"},
        {"body": "sns"},
        {"events": {"type": "header:X-Event", "words": {"done": "document.completed"}}},
        {"events": {"constant": "done", "words": {"done": "document.completed"}}},
        {"events": {"constant": "a.done", "qualifier": "q", "words": {"a.done": "document.completed"}}},
        {"events": {"type": "event", "qualifier": "ok", "words": {"done.yes": "document.completed"}}},
        {"events": {"present": {"marks.here": "done"}, "words": {"done": "document.completed"}}},
        {"ids": {"job": ["header:X-Job", "id"], "event": "header:X-Id"}, "payload": {"result": "$"}},
        {"ids": {"job": "list.1.id"}, "dedupe": "{type}:{body}"},
        {"payload": {"result": "data", "names": {"Summe": "total"}}, "ids": {"job": "data"}},
    ],
)
def test_any_declaration_gives_a_delivery_of_its_own_shape(tables: dict[str, Any]) -> None:
    provider = acme(**tables)

    headers, body = signed_delivery(provider, "document.completed")

    assert provider.verify(headers, body).type == "document.completed"


def test_their_names_are_used_where_they_are_declared() -> None:
    provider = acme(payload={"result": "data", "names": {"Summe": "total"}}, ids={"job": "id"})

    _, body = signed_delivery(provider, "document.completed")

    assert json.loads(body)["data"]["Summe"] == "45.50"


@pytest.mark.parametrize(
    "tables",
    [
        {"events": {"present": {"a": "x"}, "words": {"done": "document.completed"}}},
        {"ids": {"job": "event.id"}},
    ],
)
def test_a_word_that_cannot_be_reached_is_told(tables: dict[str, Any]) -> None:
    provider = acme(**tables)

    with pytest.raises(ConfigurationError, match=r"no document.completed can be made up"):
        signed_delivery(provider, "document.completed")


# Changes


@pytest.mark.parametrize("name", ["docuparse", "mindee"])
def test_a_change_is_merged_over_the_body(name: str) -> None:
    change = {"extra": {"a": 1}, "event": None, "data": {"total": "9.99"}}

    body, _ = sample_delivery(RECEIVERS[name], "document.completed", "m", change)

    found = json.loads(body)
    assert found["extra"] == {"a": 1}
    assert "event" not in found
    assert found["data"]["total"] == "9.99"
    assert name != "docuparse" or found["data"]["merchant"] == "Example Ltd"


@pytest.mark.parametrize(
    ("value", "change", "result"),
    # The examples of RFC 7396, appendix A.
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merging_is_json_merge_patch(value: Any, change: Any, result: Any) -> None:
    assert merged(value, change) == result


# Forgeries


@pytest.mark.parametrize("name", RECEIVERS)
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_refused_or_said_to_make_no_sense(name: str, forgery: Any) -> None:
    provider = RECEIVERS[name]
    event = sample_events(provider)[0]
    try:
        headers, body = signed_delivery(provider, event, now=NOW, forgery=forgery)
    except ConfigurationError as error:
        assert "makes no sense here" in str(error)  # noqa: PT017 - or else it must be refused
        return

    with pytest.raises(StaleDelivery if forgery == "stale" else BadSignature):
        provider.authenticate(Delivery(Headers(headers), body), now=NOW)


def test_any_body_is_signed_with_a_provider_or_a_scheme() -> None:
    headers, body = sign(
        READY["stripe"], b"{}", secret="a-secret-of-16-bytes", headers={"content-type": "text/plain"}
    )

    assert headers["content-type"] == "text/plain"
    assert len(headers) == 2
    assert body == b"{}"
    assert sign(RECEIVERS["eden-ai"], b"{}").headers == {"Content-Type": "application/json"}
    assert sign(NoSignature(), b"{}").headers == {"Content-Type": "application/json"}
    assert repr(sign(NoSignature(), b"{}")) == "SignedDelivery()"


def test_signing_without_a_secret_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="no secret to sign with"):
        sign(READY["stripe"], b"{}")
    with pytest.raises(ConfigurationError, match="no secret to sign with"):
        sign(provider_class("docuparse")("key"), b"{}")


def test_a_secret_in_the_body_is_put_there() -> None:
    delivery = sign(RECEIVERS["datalab"], b'{"request_id":"r"}')

    assert json.loads(delivery.body)["webhook_secret"] == "local-webhook-secret"


def test_a_local_secret_is_of_the_schemes_kind() -> None:
    assert local_secret(OWN) == "local-webhook-secret"
    assert local_secret(READY["svix"]).startswith("whsec_")
    assert local_secret(Hmac(header="X", key_encoding="hex")) == b"local-webhook-secret".hex()
    assert local_secret(NoSignature()) == "local-webhook-secret"
    assert local_secret(OWN, is_random=True) != local_secret(OWN, is_random=True)
    assert not signs_a_timestamp(Custom(lambda *_: True))
    assert signs_a_timestamp(READY["slack"])


def test_a_changed_body_that_is_no_event_is_refused_as_malformed() -> None:
    provider = RECEIVERS["docuparse"]

    with pytest.raises(DeliveryRejected):
        provider.verify(*signed_delivery(provider, "document.completed", change={"event": None}))


def test_a_key_of_the_whole_body_is_its_hash() -> None:
    provider = acme(dedupe=["{event_id}", "{word}:{body}"])
    headers, body = signed_delivery(provider, "document.completed")

    assert provider.verify(headers, body).key == f"document.completed:{hashlib.sha256(body).hexdigest()}"


@pytest.mark.parametrize(
    ("body", "path", "is_put"),
    [
        ({}, "a.0.b", True),
        ({"a": []}, "a.0", True),
        ({"a": {"b": 1}}, "a", False),
        ({"a": "text"}, "a.b", False),
        ({"a": ["text"]}, "a.1", False),
    ],
)
def test_a_value_is_put_where_there_is_room(body: dict[str, Any], path: str, is_put: bool) -> None:
    assert _place(body, path.split("."), "put") is is_put
    assert ("put" in json.dumps(body)) is is_put


def test_a_delivery_that_refers_to_its_result_has_a_url_of_it() -> None:
    provider = acme(base_url="https://acme.example", payload={}, references={"url": "url"})

    body = json.loads(sample_delivery(provider, "document.completed", "m")[0])

    assert body["url"] == "https://acme.example/results/m"
