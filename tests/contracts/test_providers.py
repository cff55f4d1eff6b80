"""One suite for every provider. A new provider adds a line to `PROVIDERS` and a folder of samples, no new test code.

The name of a sample says what it must mean; `docs/adding-a-provider.md` explains the folders.
"""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paperhook import Webhooks, errors, operations
from paperhook.core.delivery import Delivery
from paperhook.core.event import EVENT_CLASSES, DocumentCompleted, Event, Origin, UnknownEvent
from paperhook.core.exchange import Repeat
from paperhook.core.headers import Headers
from paperhook.core.job import Batch, Job, JobStatus
from paperhook.core.provider import Provider
from paperhook.core.secret import Secret
from paperhook.errors import (
    ApiError,
    BadSignature,
    ConfigurationError,
    DeliveryRejected,
    MalformedAnswer,
    MalformedDelivery,
    RateLimited,
    ServerError,
    Unsigned,
)
from paperhook.providers import docuparse_events, docuprox_models, ocriva_events, space_ocr_events
from paperhook.providers.docuparse import DocuParse
from paperhook.providers.docuprox import DocuProx
from paperhook.providers.ocriva import Ocriva
from paperhook.providers.space_ocr import SpaceOcr
from tests.providers.driving import Answer, document, header, run

SAMPLES = Path(__file__).parent.parent / "samples"
API_KEY = "key_5f0c2b1e8d7a4936"
SECRET = "whsec_0123456789abcdef"
NEXT_SECRET = "whsec_fedcba9876543210"

#: Each with everything it needs for an upload.
PROVIDERS: Mapping[str, Provider] = {
    "docuparse": DocuParse(API_KEY, webhook_secret=SECRET),
    "docuprox": DocuProx(API_KEY, webhook_secret=SECRET, template_id="7a7a7a7a-0000-4000-8000-000000000001"),
    "space-ocr": SpaceOcr(API_KEY, webhook_secret=SECRET, sheet="/ap/june"),
    "ocriva": Ocriva(API_KEY, webhook_secret=SECRET, project_id="proj_xyz789"),
}

#: Each provider's words for the end of a document, those that are not in its samples too.
ENDS: Mapping[str, Mapping[str, str]] = {
    "docuparse": docuparse_events.EVENTS,
    "docuprox": {
        docuprox_models.EVENT: "document.completed",
        **{word: "document.failed" for word, status in docuprox_models.STATUS.items() if status.is_failure},
    },
    "space-ocr": space_ocr_events.EVENTS,
    "ocriva": ocriva_events.EVENTS,
}
WORDS = [
    pytest.param(PROVIDERS[name], word, meant, id=f"{name}:{word}")
    for name, words in ENDS.items()
    for word, meant in words.items()
    if meant in ("document.completed", "document.failed")
]

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def samples(folder: str, named: str = "*") -> list[Any]:
    """Give each provider with each of its samples in a folder."""
    return [
        pytest.param(provider, path, id=f"{name}:{path.stem}")
        for name, provider in PROVIDERS.items()
        for path in sorted((SAMPLES / name / folder).glob(f"{named}.json"))
    ]


def meaning(path: Path) -> str:
    """Give the part of a sample's name that says what it means."""
    return path.stem.partition("--")[0]


def answers(provider: Provider, name: str) -> list[Answer]:
    """Read what the provider answers to one operation, request by request."""
    canned = json.loads((SAMPLES / provider.name / "answers" / f"{name}.json").read_bytes())
    return [answer_of(each) for each in canned]


def answer_of(canned: Mapping[str, Any]) -> Answer:
    body = canned["body"]
    return Answer(
        canned["status"], body.encode() if isinstance(body, str) else body, canned.get("headers", {})
    )


def signed(provider: Provider, body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"Content-Type": "application/json", **provider.signature.sign(body, Secret(secret))}


def events_in(provider: Provider, path: Path) -> tuple[Event, ...]:
    return provider.events(Delivery(Headers({}), path.read_bytes()))


@pytest.fixture(params=PROVIDERS.values(), ids=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> Provider:
    found: Provider = request.param
    return found


# Settings


def test_settings_come_from_the_environment(provider: Provider) -> None:
    prefix = provider.env_prefix

    made = type(provider).from_env(
        {f"{prefix}API_KEY": API_KEY, f"{prefix}WEBHOOK_SECRET": SECRET, "HOME": "/"}
    )

    assert made.api_key == API_KEY
    assert made.base_url == provider.base_url
    assert [secret.key for secret in made.secrets] == [SECRET.encode()]


def test_a_missing_key_is_named_with_its_variable(provider: Provider) -> None:
    with pytest.raises(ConfigurationError, match=f"{provider.env_prefix}API_KEY"):
        type(provider).from_env({})


def test_no_secret_is_ever_shown(provider: Provider) -> None:
    shown = repr(provider) + str(provider)

    assert API_KEY not in shown
    assert SECRET not in shown


def test_a_provider_survives_pickle(provider: Provider) -> None:
    assert pickle.loads(pickle.dumps(provider)) == provider


# Receiving


@pytest.mark.parametrize(("provider", "path"), samples("events"))
def test_an_event_means_what_its_sample_is_named(provider: Provider, path: Path) -> None:
    for event in events_in(provider, path):
        expected = EVENT_CLASSES.get(meaning(path), UnknownEvent)

        assert type(event) is expected
        assert event.provider == provider.name
        assert event.provider_type or expected is not UnknownEvent
        assert event.origin is Origin.WEBHOOK
        assert event.body == path.read_bytes()
        assert event.raw == json.loads(path.read_bytes())
        assert event.occurred_at is None or event.occurred_at.utcoffset() is not None


@pytest.mark.parametrize(("provider", "path"), samples("events", "unknown--*"))
def test_an_unknown_event_keeps_the_providers_own_word(provider: Provider, path: Path) -> None:
    for event in events_in(provider, path):
        assert event.type == event.provider_type == path.stem.partition("--")[2]


@pytest.mark.parametrize(("provider", "path"), samples("events"))
def test_the_same_event_has_the_same_key_and_no_other_event_has_it(provider: Provider, path: Path) -> None:
    keys = [event.key for event in events_in(provider, path)]
    others = {
        event.key
        for other in path.parent.glob("*.json")
        if other != path
        for event in events_in(provider, other)
    }

    assert keys == [event.key for event in events_in(provider, path)]
    assert len(set(keys)) == len(keys)
    assert not others & set(keys)


@pytest.mark.parametrize(("provider", "path"), samples("events"))
def test_a_signed_delivery_is_accepted_and_says_which_secret_matched(provider: Provider, path: Path) -> None:
    body = path.read_bytes()
    rotating = replace(provider, webhook_secret=(Secret(NEXT_SECRET, name="new"), Secret(SECRET, name="old")))
    delivery = Delivery(Headers(signed(provider, body)), body)

    assert provider.verify(signed(provider, body), body).key == events_in(provider, path)[0].key
    assert rotating.authenticate(delivery) == "old"


def test_a_delivery_without_signature_is_refused(provider: Provider) -> None:
    with pytest.raises(Unsigned):
        provider.verify({"Content-Type": "application/json"}, b"{}")


def test_a_delivery_signed_with_another_secret_is_refused(provider: Provider) -> None:
    with pytest.raises(BadSignature):
        provider.verify(signed(provider, b"{}", NEXT_SECRET), b"{}")


def test_a_signature_that_was_touched_is_refused(provider: Provider) -> None:
    headers = signed(provider, b"{}")
    [name] = provider.signature.sign(b"", Secret(SECRET))
    for touched in (headers[name][:-1], headers[name] + "0", headers[name][::-1], "ä", "\ud800", "sha256="):
        with pytest.raises(DeliveryRejected):
            provider.verify({**headers, name: touched}, b"{}")


def test_a_body_that_was_touched_is_refused_where_the_signature_covers_it(provider: Provider) -> None:
    secret = Secret(SECRET)
    if provider.signature.sign(b"{}", secret) == provider.signature.sign(b"[]", secret):
        pytest.skip("the provider's scheme proves the sender only")
    headers = signed(provider, b'{"a":1}')

    with pytest.raises(BadSignature):
        provider.verify(headers, b'{"a":2}')


def test_two_signatures_are_refused(provider: Provider) -> None:
    pairs = list(signed(provider, b"{}").items())

    with pytest.raises(BadSignature):
        provider.verify([*pairs, *pairs], b"{}")


def test_receiving_without_a_secret_is_a_mistake_unless_written_out(provider: Provider) -> None:
    [path, *_] = sorted((SAMPLES / provider.name / "events").glob("*.json"))
    without = replace(provider, webhook_secret=None)

    with pytest.raises(ConfigurationError, match="unsigned='accept'"):
        without.verify({}, path.read_bytes())
    assert replace(without, unsigned="accept").verify({}, path.read_bytes()).provider == provider.name


@pytest.mark.parametrize("name", PROVIDERS)
@given(body=st.binary(max_size=200) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_events_or_a_refusal(name: str, body: bytes) -> None:
    try:
        events = PROVIDERS[name].events(Delivery(Headers({}), body))
    except DeliveryRejected:
        return
    assert events


@pytest.mark.parametrize("name", PROVIDERS)
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_sample_with_any_member_replaced_gives_events_or_a_refusal(name: str, data: st.DataObject) -> None:
    paths = sorted((SAMPLES / name / "events").glob("*.json"))
    body = json.loads(data.draw(st.sampled_from(paths)).read_bytes())
    place, member = data.draw(st.sampled_from(list(members_of(body))))
    place[member] = data.draw(JSON_VALUES)

    try:
        events = PROVIDERS[name].events(Delivery(Headers({}), json.dumps(body).encode()))
    except DeliveryRejected:
        return
    assert all(isinstance(event.key, str) and event.key for event in events)


def members_of(value: Any) -> list[tuple[Any, Any]]:
    """List each container with each of its members."""
    if isinstance(value, dict):
        own = list(value.items())
    elif isinstance(value, list):
        own = list(enumerate(value))
    else:
        return []
    return [(value, member) for member, _ in own] + [pair for _, each in own for pair in members_of(each)]


@pytest.mark.parametrize("name", PROVIDERS)
@given(payload=JSON_VALUES)
@settings(max_examples=60, deadline=None)
def test_reading_a_payload_never_raises(name: str, payload: Any) -> None:
    provider = PROVIDERS[name]

    provider.has_result(payload)
    provider.read_result(payload)
    provider.read_error(payload)


# Sending


def test_an_upload_gives_a_job_and_is_repeated_only_where_a_key_is_honoured(provider: Provider) -> None:
    ran = run(operations.upload(provider, document(), key="key-1"), *answers(provider, "upload"))

    job = ran.value
    assert job.id
    assert job.provider == provider.name
    assert not job.status.is_final
    assert job.idempotency_key == "key-1"
    [request] = ran.requests
    assert request.method == "POST"
    assert request.url.startswith(provider.base_url + "/")
    honoured = provider.capabilities.idempotency_header
    assert request.repeat is (Repeat.UNLESS_SENT if honoured is None else Repeat.ALWAYS)
    assert honoured is None or header(request, honoured) == "key-1"


def test_an_upload_without_a_key_is_not_repeated_once_it_may_have_arrived(provider: Provider) -> None:
    ran = run(provider.upload(document()), *answers(provider, "upload"))

    assert [request.repeat for request in ran.requests] == [Repeat.UNLESS_SENT]


def test_the_credential_is_in_a_header_and_never_shown(provider: Provider) -> None:
    [request] = run(provider.upload(document()), *answers(provider, "upload")).requests

    assert any(API_KEY in value for _, value in request.headers)
    assert API_KEY not in request.url
    assert API_KEY not in repr(request)


def test_a_job_can_be_stored_and_read_again(provider: Provider) -> None:
    job = run(provider.upload(document()), *answers(provider, "upload")).value

    assert Job.from_json(job.to_json()) == job
    assert API_KEY not in job.to_json()


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'"x"', b"<html>", b"[" * 100_000])
def test_a_success_that_is_not_what_is_documented_is_told(provider: Provider, body: bytes) -> None:
    ran = run(provider.upload(document()), Answer(200, body))

    assert isinstance(ran.error, MalformedAnswer)
    assert ran.error.may_have_been_processed


def test_a_redirect_is_an_error_because_credentials_go_to_one_origin_only(provider: Provider) -> None:
    ran = run(provider.upload(document()), Answer(302, b"", {"Location": "https://elsewhere.example"}))

    assert isinstance(ran.error, ApiError)


@pytest.mark.parametrize(("provider", "path"), samples("errors"))
def test_an_error_is_of_the_class_that_its_sample_is_named(provider: Provider, path: Path) -> None:
    canned = answer_of(json.loads(path.read_bytes()))

    error = run(provider.call("GET", "/anything"), canned).error

    assert type(error) is getattr(errors, meaning(path))
    assert error.provider == provider.name
    assert error.status == canned.status
    assert error.may_have_been_processed is isinstance(error, (ServerError, MalformedAnswer))
    assert not isinstance(error, RateLimited) or error.retry_after is not None
    assert str(error).startswith(f"{provider.name}: GET ")


def test_a_key_that_the_provider_repeats_is_not_in_the_error(provider: Provider) -> None:
    [path, *_] = sorted((SAMPLES / provider.name / "errors").glob("AuthenticationFailed*.json"))
    echoed = copy.deepcopy(json.loads(path.read_bytes()))
    for place, member in members_of(echoed["body"]):
        if isinstance(place[member], str):
            place[member] = f"no such key: {API_KEY}"

    error = run(provider.upload(document()), answer_of(echoed)).error

    assert error is not None
    assert API_KEY not in str(error)


# Polling


#: What a record's own id is called.
ID = {"docuparse": "document_id", "docuprox": "job_id", "ocriva": "id", "space-ocr": "jobId"}


def answers_about(provider: Provider, job: Job, name: str) -> list[Answer]:
    """Give the same answers, of a job that goes by this id."""
    found = answers(provider, name)
    for each in found:
        if isinstance(each.body, dict) and ID[provider.name] in each.body:
            each.body[ID[provider.name]] = job.id
    return found


def poll(provider: Provider, job: Job, name: str) -> Any:
    return run(operations.poll(provider, job), *answers_about(provider, job, name)).value


@pytest.mark.parametrize("name", ["poll--completed", "poll--failed", "poll--processing"])
def test_what_is_said_of_another_job_is_never_said_of_this_one(provider: Provider, name: str) -> None:
    job = Job.known("an-id-of-its-own", provider=provider.name)
    [first, *_] = answers_about(provider, Job.known("another-id", provider=provider.name), name)

    refused = run(provider.status(job), first).error

    assert isinstance(refused, MalformedAnswer)
    assert "another id" in str(refused)


def event_of(provider: Provider, name: str) -> Event:
    [event] = events_in(provider, SAMPLES / provider.name / "events" / f"{name}.json")
    return event


@pytest.mark.parametrize("outcome", ["completed", "failed"])
def test_a_poll_and_a_webhook_of_one_outcome_are_one_event(provider: Provider, outcome: str) -> None:
    if outcome == "failed" and not provider.capabilities.pushes_failures:
        pytest.skip("the provider tells of no failure")
    pushed = event_of(provider, f"document.{outcome}")
    job = Job.known(pushed.job_id or "", provider=provider.name)

    [envelope] = poll(provider, job, f"poll--{outcome}")

    assert envelope.key == pushed.key
    assert envelope.type == pushed.type
    assert envelope.job_id == pushed.job_id


def stored_keys(provider: Provider, *steps: Callable[[Webhooks], Any], now: float = 0.0) -> list[str]:
    """Give the keys of what is in an inbox after these steps."""
    hooks = Webhooks(provider, inbox="memory:", worker="external", clock=lambda: now)
    hooks.on("*")(lambda event: None)
    for step in steps:
        step(hooks)
    keys = [row.entry.key for row in hooks.inbox.rows().result()]
    hooks.close()
    return keys


@pytest.mark.parametrize(("provider", "word", "outcome"), WORDS)
def test_whatever_word_a_webhook_has_for_an_end_that_was_polled_it_is_one_event(
    provider: Provider, word: str, outcome: str
) -> None:
    sample = event_of(provider, outcome)
    body = json.dumps(
        {name: word if value == sample.provider_type else value for name, value in sample.raw.items()}
    ).encode()
    envelopes = poll(
        provider,
        Job.known(sample.job_id or "", provider=provider.name),
        outcome.replace("document.", "poll--"),
    )

    def deliver(hooks: Webhooks) -> None:
        assert hooks.receive(signed(provider, body), body).status == 200

    def find(hooks: Webhooks) -> None:
        hooks.put_polled(provider.name, envelopes)

    assert stored_keys(provider, deliver, find) == [sample.key]
    assert stored_keys(provider, find, deliver) == [sample.key]


@pytest.mark.parametrize("outcome", ["completed", "failed"])
def test_a_polled_envelope_survives_json_and_gives_the_typed_event(provider: Provider, outcome: str) -> None:
    job = Job.known("job_1", provider=provider.name)

    [envelope] = poll(provider, job, f"poll--{outcome}")

    stored = json.loads(json.dumps(envelope.payload))
    event = provider.event(replace(envelope, payload=stored, raw=stored), body=b"", origin=Origin.POLL)
    assert type(event) is EVENT_CLASSES[f"document.{outcome}"]
    assert event.origin is Origin.POLL


def test_a_poll_and_a_webhook_give_the_same_values(provider: Provider) -> None:
    pushed = event_of(provider, "document.completed")
    assert isinstance(pushed, DocumentCompleted)
    job = Job.known(pushed.job_id or "", provider=provider.name)

    [envelope] = poll(provider, job, "poll--completed")

    if pushed.has_result:
        assert pushed.result.fields
        assert provider.read_result(envelope.payload).values() == pushed.result.values()


@pytest.mark.parametrize("name", ["poll--processing", "poll--unknown-word"])
def test_a_job_that_runs_or_has_an_unknown_word_is_processing(provider: Provider, name: str) -> None:
    job = Job.known("job_1", provider=provider.name)

    after = run(provider.status(job), *answers_about(provider, job, name)).value

    assert after.status is JobStatus.PROCESSING
    assert after.provider_status
    assert poll(provider, job, name) == ()


# Batches and listings


def test_a_batch_is_sent_in_one_call_where_there_are_batches(provider: Provider) -> None:
    pair = (document("a.png"), document("b.png", content=b"\x89PNG other"))
    if not provider.capabilities.max_batch_documents:
        with pytest.raises(ConfigurationError):
            run(provider.upload_batch(pair)).value  # noqa: B018 - it raises
        return

    ran = run(provider.upload_batch(pair), *answers(provider, "upload-batch"))

    assert ran.value.id
    assert not ran.value.status.is_final
    assert len(ran.requests) == 1


def test_a_batch_is_over_when_each_of_its_documents_is(provider: Provider) -> None:
    if not provider.capabilities.max_batch_documents:
        with pytest.raises(ConfigurationError):
            run(provider.batch_status(Batch(id="b", provider=provider.name))).value  # noqa: B018 - it raises
        return
    pair = (document("a.png"), document("b.png", content=b"\x89PNG other"))
    batch = run(provider.upload_batch(pair), *answers(provider, "upload-batch")).value

    after = run(provider.batch_status(batch), *answers(provider, "batch--completed")).value

    assert after.status is JobStatus.COMPLETED
    assert (after.summary.total, after.summary.succeeded, after.summary.failed) == (2, 1, 1)
    assert {job.id for job in after.jobs} == {job.id for job in batch.jobs}


def test_jobs_are_listed_where_the_provider_can(provider: Provider) -> None:
    if not provider.capabilities.lists_jobs:
        with pytest.raises(ConfigurationError, match="cannot list"):
            run(provider.jobs())
        return

    listed = run(provider.jobs(), *answers(provider, "jobs")).value

    assert listed
    assert all(job.id and job.provider == provider.name for job in listed)


def test_a_body_without_an_event_is_malformed(provider: Provider) -> None:
    for body in (b"[]", b"null", b"3"):
        with pytest.raises(MalformedDelivery):
            provider.events(Delivery(Headers({}), body))
