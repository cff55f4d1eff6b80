"""What every provider shares, on a provider that is none of the four."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest

from paperhook.core.delivery import Delivery, Envelope
from paperhook.core.event import (
    BatchCompleted,
    BatchSummary,
    DocumentCompleted,
    DocumentFailed,
    EndpointTest,
    Event,
    Origin,
    UnknownEvent,
)
from paperhook.core.exchange import Repeat
from paperhook.core.headers import Headers
from paperhook.core.job import Batch, Job, JobStatus
from paperhook.core.model import CamelModel
from paperhook.core.provider import Capabilities, Provider, final_type, type_for
from paperhook.core.secret import Secret
from paperhook.errors import (
    BadRequest,
    BadSignature,
    ConfigurationError,
    MalformedDelivery,
    ServerError,
    Unsigned,
)
from tests.acme import SECRET, Acme, acme, body_of, signed
from tests.providers.driving import Answer, document, header, run

JOB = Job.known("d1", provider="acme")


@dataclass(frozen=True)
class Bare(Provider):
    """A provider that fills in nothing."""

    name: ClassVar[str] = "bare"
    env_prefix: ClassVar[str] = "BARE_"
    capabilities: ClassVar[Capabilities] = Capabilities()


def bare(**settings: Any) -> Bare:
    return Bare("key", base_url="https://bare.example/", **settings)


# Settings


@pytest.mark.parametrize("base_url", ["", "acme.example", "ftp://acme.example", "javascript:alert(1)"])
def test_a_base_url_must_be_a_url(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="must start with https://"):
        acme(base_url=base_url)


@pytest.mark.parametrize(
    ("base_url", "message"),
    [
        ("https://user:a-password@acme.example", "holds a user or a password"),
        ("https://acme.example/v1?key=a-password", "a query or a fragment"),
        ("https://acme.example#top", "a query or a fragment"),
        ("https://acme.example\n", "white space"),
        ("http://", "and a host"),
        (None, "base_url is a NoneType: write https://host/path"),
    ],
)
def test_a_base_url_is_a_host_and_a_path(base_url: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as told:
        acme(base_url=base_url)

    assert "a-password" not in str(told.value)


def test_slashes_at_the_end_of_the_base_url_do_not_matter() -> None:
    assert bare().base_url == "https://bare.example"


def test_a_word_that_is_neither_refuse_nor_accept_does_not_accept() -> None:
    with pytest.raises(ConfigurationError, match="'refuse' or 'accept'"):
        acme(unsigned="yes")


@pytest.mark.parametrize("key", ["key\n", " key"])
def test_a_line_break_copied_along_with_the_key_is_told_without_the_key(key: str) -> None:
    with pytest.raises(ConfigurationError, match="white space") as refused:
        Acme(key)

    assert "key" not in str(refused.value).replace("API key", "")


@pytest.mark.parametrize("secret", ["", " ", "short", ["", SECRET]])
def test_a_bad_secret_is_refused_at_once(secret: Any) -> None:
    with pytest.raises(ConfigurationError, match="webhook secret"):
        acme(webhook_secret=secret)


def test_credentials_are_never_shown() -> None:
    shown = repr(acme())

    assert "acme-key" not in shown
    assert SECRET not in shown


def test_a_provider_may_be_copied_pickled_and_compared() -> None:
    provider = acme()

    assert replace(provider, webhook_secret="another-secret-16").secrets[0].key == b"another-secret-16"
    assert pickle.loads(pickle.dumps(provider)) == provider


def test_the_environment_fills_every_field() -> None:
    environ = {
        "ACME_API_KEY": "k",
        "ACME_FOLDER": "june",
        "ACME_IS_FAST": " YES ",
        "ACME_WEBHOOK_SECRET": SECRET,
    }

    provider = Acme.from_env(environ)

    assert (provider.api_key, provider.folder, provider.is_fast) == ("k", "june", True)
    assert provider.secrets[0].key == SECRET.encode()


def test_the_real_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_API_KEY", "from-env")

    assert Acme.from_env().api_key == "from-env"


@pytest.mark.parametrize("environ", [{}, {"ACME_API_KEY": "  "}])
def test_a_missing_key_is_told_by_the_name_of_its_variable(environ: dict[str, str]) -> None:
    with pytest.raises(
        ConfigurationError, match=r"ACME_API_KEY is not set: .*; to receive only, ACME_WEBHOOK_SECRET will do"
    ):
        Acme.from_env(environ)


def test_an_empty_secret_in_the_environment_is_not_no_secret() -> None:
    with pytest.raises(ConfigurationError, match="empty"):
        Acme.from_env({"ACME_API_KEY": "k", "ACME_WEBHOOK_SECRET": ""})


def test_a_setting_that_is_neither_yes_nor_no_is_told() -> None:
    with pytest.raises(ConfigurationError, match="ACME_IS_FAST is 'maybe'"):
        Acme.from_env({"ACME_API_KEY": "k", "ACME_IS_FAST": "maybe"})


# Sending


def test_a_request_carries_credentials_and_the_providers_own_headers() -> None:
    ran = run(acme().call("GET", "/x", headers=(("X-A", "1"),)), Answer(200))

    assert ran.requests[0].url == "https://acme.example/v1/x"
    assert header(ran.requests[0], "authorization") == "Bearer acme-key"
    assert header(ran.requests[0], "x-a") == "1"


@pytest.mark.parametrize(
    ("method", "repeat"),
    [("GET", Repeat.ALWAYS), ("PUT", Repeat.ALWAYS), ("DELETE", Repeat.ALWAYS), ("POST", Repeat.UNLESS_SENT)],
)
def test_a_post_is_not_repeated_unless_the_provider_says_so(method: str, repeat: Repeat) -> None:
    plain = run(acme().call(method, "/x"), Answer(200))
    told = run(acme().call(method, "/x", repeat=Repeat.ALWAYS), Answer(200))

    assert plain.requests[0].repeat is repeat
    assert told.requests[0].repeat is Repeat.ALWAYS


def test_an_answer_that_is_no_success_is_an_error() -> None:
    ran = run(acme().call("GET", "/x"), Answer(400, {"code": "BAD", "message": "acme-key is no folder"}))
    without_words = run(bare().call("GET", "/x"), Answer(503))

    with pytest.raises(BadRequest, match=r"BAD: \*\*\* is no folder"):
        _ = ran.value
    assert isinstance(without_words.error, ServerError)


def test_what_a_provider_has_not_is_told() -> None:
    provider = bare()

    for steps, word in [
        (lambda: provider.upload_batch([document()]), "no batch upload"),
        (lambda: provider.batch_status(Batch(id="b", provider="bare")), "no batches"),
        (lambda: provider.jobs(), "cannot list"),
    ]:
        with pytest.raises(ConfigurationError, match=word):
            steps()
    assert provider.upload_options() == {}
    assert provider.has_result({})
    assert provider.read_metadata(Envelope("k", "t", "t", {}, {})) == {}


# Receiving


def test_an_authentic_delivery_is_a_typed_event() -> None:
    body = body_of("done", "d1", fields={"total": "12.50"}, metadata={"ref": 7})

    event = acme().verify(signed(body), body)

    assert isinstance(event, DocumentCompleted)
    assert (event.key, event.provider, event.job_id, event.metadata) == ("done:d1", "acme", "d1", {"ref": 7})
    assert event.result.fields["total"].value == "12.50"
    assert event.has_result
    assert event.body == body


def test_a_delivery_with_only_a_reference_says_that_it_has_no_result() -> None:
    body = json.dumps({"event": "done", "document": {"id": "d1"}}).encode()

    event = acme().verify(signed(body), body)

    assert isinstance(event, DocumentCompleted)
    assert not event.has_result
    assert event.result.fields == {}


@pytest.mark.parametrize(
    ("word", "event_class"),
    [
        ("broken", DocumentFailed),
        ("batch", BatchCompleted),
        ("ping", EndpointTest),
        ("new_word", UnknownEvent),
    ],
)
def test_every_word_has_its_class(word: str, event_class: type[Event]) -> None:
    body = body_of(word, code="E1", total=2, succeeded=1)

    event = acme().verify(signed(body), body)

    assert type(event) is event_class
    assert event.provider_type == word


def test_a_word_that_is_spelled_as_ours_does_not_pose_as_ours() -> None:
    body = body_of("document.failed")

    event = acme().verify(signed(body), body)

    assert type(event) is UnknownEvent
    assert event.type == "unknown:document.failed"


def test_a_forged_or_unsigned_delivery_is_refused_before_it_is_read() -> None:
    provider = acme()

    with pytest.raises(BadSignature):
        provider.verify(signed(b"other"), b"not json")
    with pytest.raises(Unsigned):
        provider.verify({}, b"not json")


def test_without_a_secret_nothing_is_accepted_silently() -> None:
    body = body_of()

    with pytest.raises(ConfigurationError, match="ACME_WEBHOOK_SECRET"):
        acme(webhook_secret=None).verify(signed(body), body)
    assert acme(webhook_secret=None, unsigned="accept").verify({}, body).key == "done:d1"
    assert acme(webhook_secret=None, unsigned="accept").authenticate(Delivery(Headers(), body)) is None


def test_unsigned_accept_does_not_switch_a_configured_secret_off() -> None:
    with pytest.raises(Unsigned):
        acme(unsigned="accept").verify({}, body_of())


def test_the_secret_that_matched_is_named() -> None:
    provider = acme(
        webhook_secret=[Secret("the-new-secret-of-june", name="june"), Secret(SECRET, name="may")]
    )
    body = body_of()

    assert provider.authenticate(Delivery(Headers(signed(body)), body)) == "may"


def test_a_delivery_without_events_is_malformed() -> None:
    body = b'{"events": []}'

    with pytest.raises(MalformedDelivery, match="holds no event"):
        acme().verify(signed(body), body)


def test_every_event_of_a_delivery_is_read() -> None:
    one, two = json.loads(body_of("done", "d1")), json.loads(body_of("broken", "d2"))
    body = json.dumps({"events": [one, two]}).encode()

    events = acme().events(Delivery(Headers(), body), origin=Origin.REPLAY)

    assert [each.key for each in events] == ["done:d1", "broken:d2"]
    assert {each.origin for each in events} == {Origin.REPLAY}


# Polling


@pytest.mark.parametrize(
    ("status", "type"),
    [
        (JobStatus.COMPLETED, "document.completed"),
        (JobStatus.NEEDS_REVIEW, "document.completed"),
        (JobStatus.FAILED_RETRYABLE, "document.failed"),
        (JobStatus.FAILED_TERMINAL, "document.failed"),
        (JobStatus.PROCESSING, None),
        (JobStatus.EXPIRED, None),
    ],
)
def test_a_polled_status_means_the_event_that_the_webhook_would_have_told(
    status: JobStatus, type: str | None
) -> None:
    assert final_type(status) == type


def test_a_polled_job_has_the_key_of_its_webhook() -> None:
    provider, body = acme(), body_of("done", "d1")
    job = JOB.model_copy(update={"status": JobStatus.COMPLETED})

    (polled,) = provider.polled(job, provider.read_result({"fields": {}}))

    assert polled.key == provider.verify(signed(body), body).key


@pytest.mark.parametrize(
    ("word", "type"),
    [("done", "document.completed"), ("new", "new"), ("document.completed", "unknown:document.completed")],
)
def test_words_without_ours_keep_their_own(word: str, type: str) -> None:
    assert type_for({"done": "document.completed"}, word) == type


def test_a_provider_that_says_nothing_of_it_has_no_probe_no_handshake_and_no_batch_event() -> None:
    provider = acme()

    assert run(provider.probe(JOB)).returned == [JOB]
    assert provider.handshake(Delivery(Headers({}), b"{}")) is None
    assert provider.batch_ended("b1", BatchSummary()) is None


def test_an_answer_of_another_kind_is_no_model_with_camel_names() -> None:
    class Told(CamelModel):
        job_id: str

    assert Told.model_validate({"jobId": 7, "more": None}).job_id == "7"
    with pytest.raises(ValueError, match="valid dictionary"):
        Told.model_validate(5)
