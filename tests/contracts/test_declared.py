"""One suite for every declaration that is shipped, over all its sample deliveries; a new one adds files and no test code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paperhook import Webhooks
from paperhook.core.delivery import Delivery
from paperhook.core.event import EVENT_CLASSES, DocumentCompleted, DocumentFailed, Event, UnknownEvent
from paperhook.core.exchange import Repeat
from paperhook.core.headers import Headers
from paperhook.core.job import Job, JobStatus
from paperhook.core.secret import Secret
from paperhook.errors import (
    BadSignature,
    ConfigurationError,
    DeliveryRejected,
    MalformedAnswer,
    StaleDelivery,
    Unsigned,
)
from paperhook.providers.declaration import Declaration
from paperhook.providers.declaration_signatures import (
    BodySignature,
    CustomSignature,
    HmacSignature,
    PairsSignature,
    ReadySignature,
    StandardSignature,
)
from paperhook.providers.declared import declaration, declared, declared_from_env, declared_names
from paperhook.providers.generic import Generic
from paperhook.webhooks.receiver import Outcome
from paperhook.webhooks.signatures import BodySecret, Custom, Hmac, NoSignature
from tests.contracts.test_providers import JSON_VALUES, meaning, members_of, stored_keys
from tests.providers.driving import Answer, document, header, run

SAMPLES = Path(__file__).parent.parent / "samples" / "declared"
API_KEY = "key_5f0c2b1e8d7a4936"
SECRET = "whsec_c2VjcmV0LWtleS0wMS1sb25n"
OTHER = "whsec_YW5vdGhlci1rZXktMDItbG9uZw=="
NOW = 1_760_000_000.0
#: Every row of which signature and event shape are known.
ASKED_FOR = {
    *(
        "docparse-in",
        "digiparser",
        "reducto",
        "pulse",
        "docuclipper",
        "adteco",
        "talonic",
        "mindee",
        "llamacloud",
    ),
    *(
        "extend",
        "parselyze",
        "ocrqueen",
        "docira",
        "docintell",
        "plextera",
        "klervex",
        "rossum",
        "limai",
        "datalab",
    ),
    *("eden-ai", "affinda", "veryfi"),
}


def made(name: str) -> Generic:
    """Make a provider that can receive and send."""
    settings: dict[str, Any] = {"webhook_secret": SECRET}
    told = declaration(name)
    if told.signature.kind == "none":
        settings = {"unsigned": "accept"}
    if told.signature.kind == "custom":
        own = Hmac(header="X-Own")
        settings["scheme"] = Custom(
            lambda delivery, secret, now: own.verify(delivery, [secret]) == secret.name,
            signer=lambda body, secret, now: own.sign(body, secret),
        )
    if not told.base_url:
        settings["base_url"] = f"https://{name}.example"
    return declared(name, API_KEY, **settings)


PROVIDERS: Mapping[str, Generic] = {name: made(name) for name in declared_names()}
SIGNING = [name for name, each in PROVIDERS.items() if not isinstance(each.signature, NoSignature)]
FILES = [
    pytest.param(name, path, id=f"{name}:{path.stem}")
    for name in PROVIDERS
    for path in sorted((SAMPLES / name).glob("*.json"))
]
SIGNED_FILES = [each for each in FILES if each.values[0] in SIGNING]


def sample(
    provider: Generic, path: Path, secret: str = SECRET, *, words: tuple[str, str] = ("", "")
) -> tuple[dict[str, str], bytes]:
    """Give a sample as it arrives, signed; of `words` the second stands wherever the first did."""
    found = json.loads(path.read_bytes())
    for place, member in members_of(found):
        if place[member] == words[0]:
            place[member] = words[1]
    body = json.dumps(found["body"]).encode()
    scheme, key = provider.signature, Secret(secret)
    if isinstance(scheme, BodySecret):
        body = scheme.fill(body, key)
    return {"Content-Type": "application/json", **found["headers"], **scheme.sign(body, key, now=NOW)}, body


def event_in(provider: Generic, path: Path) -> Event:
    headers, body = sample(provider, path)
    [event] = provider.events(Delivery(Headers(headers), body))
    return event


# The declarations


def test_every_row_that_is_known_has_a_declaration() -> None:
    assert ASKED_FOR - set(declared_names()) == set()


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_declaration_names_itself_its_title_and_its_sources(name: str) -> None:
    told = declaration(name)

    assert told.name == name
    assert told.title
    assert told.sources


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_type_that_is_declared_has_a_sample(name: str) -> None:
    types = {meaning(path) for path in (SAMPLES / name).glob("*.json")}

    # The answer to a handshake is tested apart.
    assert set(declaration(name).events.words.values()) - types - {"endpoint.test"} == set()


def test_settings_come_from_the_environment() -> None:
    provider = declared_from_env("talonic", {"TALONIC_WEBHOOK_SECRET": SECRET, "TALONIC_API_KEY": API_KEY})

    assert (provider.name, provider.api_key) == ("talonic", API_KEY)
    assert [secret.key for secret in provider.secrets] == [SECRET.encode()]


def test_a_name_that_is_not_shipped_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match="talonic"):
        declared("acme")
    with pytest.raises(ConfigurationError, match="no declaration"):
        declared("../generic")


# Events


@pytest.mark.parametrize(("name", "path"), FILES)
def test_a_sample_means_what_it_is_named_and_holds_what_it_says(name: str, path: Path) -> None:
    expected = json.loads(path.read_bytes())["expect"]

    event = event_in(PROVIDERS[name], path)

    assert type(event) is EVENT_CLASSES.get(meaning(path), UnknownEvent)
    assert event.provider == name
    for field in ("key", "job_id", "document_id", "batch_id", "metadata"):
        if field in expected:
            assert getattr(event, field) == expected[field]
    if "total" in expected:
        assert isinstance(event, DocumentCompleted)
        assert event.has_result
        assert str(event.result.fields["total"].value) == expected["total"]
    if isinstance(event, DocumentFailed):
        assert (event.error.code, event.error.message) == (
            expected.get("code", "unknown"),
            expected.get("message", ""),
        )
    if isinstance(event, UnknownEvent):
        assert event.type == path.stem.partition("--")[2]


@pytest.mark.parametrize("name", PROVIDERS)
def test_no_two_samples_are_the_same_event_unless_they_say_so(name: str) -> None:
    paths = sorted((SAMPLES / name).glob("*.json"))
    keys = [event_in(PROVIDERS[name], path).key for path in paths if "beside" not in path.stem]

    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", PROVIDERS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_sample_with_any_member_replaced_gives_events_or_a_refusal(name: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted((SAMPLES / name).glob("*.json"))))
    body = json.loads(path.read_bytes())["body"]
    place, member = data.draw(st.sampled_from(members_of(body)))
    place[member] = data.draw(JSON_VALUES)

    try:
        events = PROVIDERS[name].events(Delivery(Headers(), json.dumps(body).encode()))
    except DeliveryRejected:
        return
    assert all(event.key for event in events)


ENDS = {"document.completed": JobStatus.COMPLETED, "document.failed": JobStatus.FAILED_TERMINAL}
WORDS = [
    pytest.param(name, SAMPLES / name / f"{meant}.json", word, id=f"{name}:{word}")
    for name in PROVIDERS
    for word, meant in declaration(name).events.words.items()
    if meant in ENDS
]


@pytest.mark.parametrize(("name", "path", "word"), WORDS)
def test_whatever_word_a_webhook_has_for_an_end_that_was_polled_it_is_one_event(
    name: str, path: Path, word: str
) -> None:
    provider, told = PROVIDERS[name], event_in(PROVIDERS[name], path)
    headers, body = sample(provider, path, words=(told.provider_type, word))
    job = Job(id=told.job_id or "", provider=name, document_id=told.document_id, status=ENDS[told.type])

    def deliver(hooks: Webhooks) -> None:
        assert hooks.receive(headers, body).status == provider.success_status

    def find(hooks: Webhooks) -> None:
        hooks.put_polled(name, provider.polled(job, None))

    assert stored_keys(provider, deliver, find, now=NOW) == [told.key]
    assert stored_keys(provider, find, deliver, now=NOW) == [told.key]


# Signatures


@pytest.mark.parametrize(("name", "path"), SIGNED_FILES)
def test_a_signed_sample_is_accepted_and_says_which_secret_matched(name: str, path: Path) -> None:
    headers, body = sample(PROVIDERS[name], path)
    rotating = replace(PROVIDERS[name], webhook_secret=(Secret(OTHER, "new"), Secret(SECRET, "old")))

    assert rotating.authenticate(Delivery(Headers(headers), body), now=NOW) == "old"


@pytest.mark.parametrize(("name", "path"), SIGNED_FILES)
def test_a_tampered_sample_is_refused(name: str, path: Path) -> None:
    provider = PROVIDERS[name]
    headers, body = sample(provider, path)
    proof = provider.signature.sign(body, Secret(SECRET), now=NOW)
    attempts = [sample(provider, path, OTHER)]
    attempts += [({key: value for key, value in headers.items() if key != absent}, body) for absent in proof]
    attempts += [({**headers, key: value[:-2] + "11"}, body) for key, value in proof.items()]
    if name == "veryfi":
        # What Python prints is the same however the JSON is written.
        attempts += [(headers, body.replace(b"2026", b"2027"))]
    elif not isinstance(provider.signature, BodySecret):
        attempts += [(headers, body.replace(b":", b": ", 1)), (headers, body + b" "), (headers, b"")]

    for touched, content in attempts:
        with pytest.raises((BadSignature, Unsigned)):
            provider.verify(touched, content, now=NOW)
    for pair in proof.items():
        with pytest.raises(BadSignature):
            provider.verify([*headers.items(), pair], body, now=NOW)


@pytest.mark.parametrize("name", PROVIDERS)
def test_an_old_or_early_delivery_is_stale_where_the_timestamp_is_signed(name: str) -> None:
    [path, *_] = sorted((SAMPLES / name).glob("document.completed.json"))
    provider = PROVIDERS[name]
    headers, body = sample(provider, path)
    signs_time = declaration(name).signature.kind in ("pairs", "standard_webhooks") or name == "extend"

    for now in (NOW - 301, NOW + 301):
        if signs_time:
            with pytest.raises(StaleDelivery):
                provider.verify(headers, body, now=now)
        else:
            assert provider.verify(headers, body, now=now).provider == name


@pytest.mark.parametrize(
    ("name", "body", "type"),
    [
        ("adteco", {"event": "job.completed", "data": {"job": {"id": "j1"}}}, "document.completed"),
        (
            "docintell",
            {"eventType": "document.processing.failed", "data": {"job_id": "j1"}},
            "document.failed",
        ),
        ("docira", {"type": "parse.completed", "request_id": "j1"}, "document.completed"),
        ("docuclipper", {"type": "document.extraction.completed", "job_id": "j1"}, "document.completed"),
        ("eden-ai", {"status": "succeeded", "job_id": "j1"}, "document.completed"),
        ("eden-ai", {"status": "error", "job_id": "j1"}, "document.failed"),
        ("extend", {"type": "extract_run.processed", "payload": {"id": "j1"}}, "document.completed"),
        ("limai", {"event": "DOCUMENT_REVIEWED", "jobId": "j1"}, "DOCUMENT_REVIEWED"),
        ("pulse", {"event_type": "job.completed", "job_id": "j1"}, "document.completed"),
        ("reducto", {"data": {"status": "Failed", "job_id": "j1"}}, "document.failed"),
        ("reducto", {"type": "async.update", "data": {"job_id": "j1"}}, "async.update"),
    ],
)
def test_an_event_is_read_where_no_page_says_the_place_of_its_word(name: str, body: Any, type: str) -> None:
    [event] = PROVIDERS[name].events(Delivery(Headers(), json.dumps(body).encode()))

    assert (event.type, event.job_id) == (type, "j1")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("adteco", {"event": "job.failed", "error": {"code": "E1", "message": "bad scan"}}),
        ("adteco", {"event": "job.failed", "job": {"error": {"code": "E1", "message": "bad scan"}}}),
        ("docira", {"event": "parse.failed", "data": {"error": {"code": "E1", "message": "bad scan"}}}),
        ("parselyze", {"eventType": "document.failed", "error": {"code": "E1", "message": "bad scan"}}),
    ],
)
def test_the_sentence_of_an_error_is_read_beside_its_code(name: str, body: Any) -> None:
    [event] = PROVIDERS[name].events(Delivery(Headers(), json.dumps(body).encode()))

    assert isinstance(event, DocumentFailed)
    assert (event.error.code, event.error.message) == ("E1", "bad scan")


def test_the_published_vector_of_talonic_verifies() -> None:
    body = (
        b'{"event":"extraction.complete","delivery_id":"dlv_test123","timestamp":"2026-01-15T10:00:00Z","data":'
        b'{"extraction_id":"ext_abc","document_id":"doc_xyz","schema_id":"sch_123","status":"complete",'
        b'"confidence":0.95}}'
    )
    headers = {
        "X-Talonic-Signature": "sha256=1e23bdc14b051f268d4fd9544387b51b074186c51c5b6c76ce700956308d168a"
    }

    event = declared("talonic", webhook_secret="whsec_test_secret_do_not_use_in_production").verify(
        headers, body
    )

    assert event.job_id == "ext_abc"


@pytest.mark.parametrize("name", SIGNING)
def test_receiving_without_a_secret_is_a_mistake(name: str) -> None:
    with pytest.raises(ConfigurationError, match="unsigned='accept'"):
        replace(PROVIDERS[name], webhook_secret=None).verify({}, b"{}")


# Receiving


def test_affinda_puts_a_timestamp_before_its_signature_and_hands_a_secret_over_first() -> None:
    kept: list[str] = []
    provider = replace(PROVIDERS["affinda"], on_handshake=kept.append)
    headers, body = sample(provider, SAMPLES / "affinda" / "document.completed.json")
    sent = {"X-Hook-Signature": f"1760000000.{headers['X-Hook-Signature']}"}
    hooks = Webhooks(provider, inbox="memory:", worker="external", clock=lambda: NOW)

    begun = hooks.receive({"X-Hook-Secret": "36bacde97882f563992b00a89163eb9058d956fd"}, b"")
    outcomes = [hooks.receive(each, body).outcome for each in (sent, {"X-Hook-Signature": "1760000000."})]
    hooks.close()

    assert (begun.status, kept) == (200, ["36bacde97882f563992b00a89163eb9058d956fd"])
    assert outcomes == [Outcome.IGNORED, Outcome.BAD_SIGNATURE]


def test_an_authentic_delivery_that_names_no_event_is_kept_as_one_that_nobody_knows() -> None:
    provider, seen = PROVIDERS["docparse-in"], list[Event]()
    hooks = Webhooks(provider, inbox="memory:", worker="inline", clock=lambda: NOW)
    hooks.on("*")(seen.append)
    body = b'{"data":{"extraction_id":"x1"}}'

    replies = [hooks.receive(provider.signature.sign(body, Secret(SECRET), now=NOW), body) for _ in range(2)]
    hooks.close()

    assert [reply.outcome for reply in replies] == [Outcome.ACCEPTED, Outcome.DUPLICATE]
    [event] = seen
    assert isinstance(event, UnknownEvent)
    assert (event.type, event.job_id, event.body) == ("unknown", "x1", body)


def test_an_event_of_one_document_names_no_batch_for_docira() -> None:
    parsed = event_in(PROVIDERS["docira"], SAMPLES / "docira" / "document.completed.json")

    assert parsed.job_id
    assert parsed.batch_id is None


@pytest.mark.parametrize(("name", "path"), FILES)
def test_a_sample_is_stored_once_and_its_handler_sees_the_same_event(name: str, path: Path) -> None:
    provider, seen = PROVIDERS[name], list[Event]()
    headers, body = sample(provider, path)
    hooks = Webhooks(provider, inbox="memory:", worker="inline", clock=lambda: NOW)
    hooks.on("*")(seen.append)

    outcomes = [hooks.receive(headers, body).outcome for _ in range(2)]
    hooks.close()

    assert outcomes == [Outcome.ACCEPTED, Outcome.DUPLICATE]
    assert [event.key for event in seen] == [event_in(provider, path).key]


def test_the_challenge_of_limai_is_answered_where_it_is_signed() -> None:
    provider = PROVIDERS["limai"]
    body = b'{"eventType":"VERIFICATION","challenge":"c-123"}'
    hooks = Webhooks(provider, inbox="memory:", worker="external", clock=lambda: NOW)

    answered = hooks.receive(provider.signature.sign(body, Secret(SECRET)), body)
    refused = hooks.receive({}, body)
    hooks.close()

    assert (answered.status, answered.body) == (200, b"c-123")
    assert refused.status == 401


# Requests


@pytest.mark.parametrize("name", [name for name in PROVIDERS if declaration(name).endpoints.upload])
def test_an_upload_carries_the_credential_and_is_not_repeated_once_it_may_have_arrived(name: str) -> None:
    endpoint = declaration(name).endpoints.upload
    assert endpoint is not None
    answer: Any = "j1"
    for part in reversed(endpoint.job_id[0].split(".")):
        answer = {part: answer}

    ran = run(PROVIDERS[name].upload(document()), Answer(200, answer))

    [request] = ran.requests
    assert ran.value.id == "j1"
    assert request.url == PROVIDERS[name].base_url + endpoint.path
    assert request.repeat is Repeat.UNLESS_SENT
    assert any(API_KEY in value for _, value in request.headers)
    assert isinstance(run(PROVIDERS[name].upload(document()), Answer(200, b"<html>")).error, MalformedAnswer)


@pytest.mark.parametrize("name", [name for name in PROVIDERS if declaration(name).endpoints.status])
def test_each_word_of_a_status_is_read_where_it_is_declared(name: str) -> None:
    told = declaration(name)
    assert told.endpoints.status is not None
    job = Job.known("j1", provider=name)
    for word, status in told.statuses.items():
        answer: Any = word
        for part in reversed(told.endpoints.status.status[0].split(".")):
            answer = {part: answer}

        after = run(PROVIDERS[name].status(job), Answer(200, answer)).value

        assert (after.status, after.provider_status) == (status, word)
    assert run(PROVIDERS[name].status(job), Answer(200, {})).value.status is JobStatus.PROCESSING


def test_a_large_payload_of_extend_is_fetched_from_its_bucket_without_credentials() -> None:
    path = SAMPLES / "extend" / "document.completed--signed-url.json"
    event = event_in(PROVIDERS["extend"], path)
    answer = Answer(200, {"id": "wr_1", "output": {"value": {"total": "45.50"}}})

    ran = run(PROVIDERS["extend"].fetch(event), answer)

    assert isinstance(event, DocumentCompleted)
    assert not event.has_result
    assert ran.requests[0].headers == ()
    assert ran.requests[0].url == json.loads(path.read_bytes())["expect"]["url"]
    assert str(ran.value.fields["total"].value) == "45.50"


def test_a_notification_of_datalab_is_followed_by_its_id_with_the_key() -> None:
    event = event_in(PROVIDERS["datalab"], SAMPLES / "datalab" / "document.completed.json")

    ran = run(PROVIDERS["datalab"].fetch(event), Answer(200, {"status": "complete", "markdown": "# Invoice"}))

    assert ran.sent == ["GET https://www.datalab.to/api/v1/marker/abc123"]
    assert header(ran.requests[0], "X-Api-Key") == API_KEY
    assert ran.value.text == "# Invoice"


# The page


def scheme_in_words(told: Declaration) -> str:
    """Describe a signature in a cell of a table."""
    match told.signature:
        case StandardSignature(family=family):
            return f"Standard Webhooks, `{family}-*`"
        case PairsSignature(header=header):
            return f"`{header}`: `t=…,v1=…`"
        case HmacSignature() as hashed:
            content = "" if hashed.content == "{body}" else f" over `{hashed.content}`"
            return f"`{hashed.header}`: `{hashed.prefix}` {hashed.output} HMAC-{hashed.digest.upper()}{content}".replace(
                "`` ", ""
            )
        case BodySignature(path=path):
            return f"the secret at `{path}` of the body"
        case ReadySignature(name=name):
            return f"ready scheme `{name}`"
        case CustomSignature():
            return "not described: pass `scheme=`"
        case _:
            return 'none: `unsigned="accept"`'


def row(told: Declaration) -> str:
    ends = {"document.completed": "completed", "document.failed": "failed"}
    pushed = ", ".join(word for kind, word in ends.items() if kind in told.events.words.values())
    calls = ", ".join(name for name in ("upload", "status", "result") if getattr(told.endpoints, name)) or "-"
    return f"| {told.title} | `{told.name}` | {scheme_in_words(told)} | {pushed} | {calls} | {len(told.assumed)} |"


def test_the_page_lists_what_is_shipped() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "providers" / "declared.md").read_text("utf-8")

    table = page.partition("| API | name |")[2].partition("\n\n")[0]
    assert table.splitlines()[2:] == [row(declaration(name)) for name in declared_names()]
