"""`Generic`: what a declaration says is what happens, and a mistake in it is told with its path."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paperhook import Client, Webhooks, operations
from paperhook.core.delivery import Delivery
from paperhook.core.event import (
    BatchCompleted,
    DocumentCompleted,
    DocumentFailed,
    EndpointTest,
    Event,
    UnknownEvent,
)
from paperhook.core.exchange import Base64Json, RawBody, Repeat
from paperhook.core.headers import Headers
from paperhook.core.job import ErrorKind, Job, JobError, JobStatus
from paperhook.core.secret import Secret
from paperhook.errors import (
    BadSignature,
    ConfigurationError,
    DeliveryRejected,
    JobFailed,
    MalformedAnswer,
    MalformedDelivery,
    NotFound,
    Unsigned,
    WaitTimeout,
)
from paperhook.providers.declaration import Declaration
from paperhook.providers.declaration_mistakes import _names_at
from paperhook.providers.generic import Generic
from paperhook.providers.generic_events import MAX_KEY_CHARS
from paperhook.providers.references import check_reference, is_public_address
from paperhook.webhooks.receiver import Outcome, admit, refusal
from paperhook.webhooks.signatures import BodySecret, Custom, HmacPairs, StaticHeader
from tests.providers.driving import Answer, document, form_fields, header, run

SECRET = "whsec_0123456789abcdef"
API_KEY = "key_5f0c2b1e8d7a4936"
NOW = 1_760_000_000.0

ACME: Mapping[str, Any] = {
    "name": "acme",
    "base_url": "https://api.acme.example",
    "signature": {"kind": "hmac", "header": "X-Acme", "prefix": "sha256="},
    "endpoints": {
        "upload": {
            "path": "/v1/extract",
            "job_id": ["job.id", "id"],
            "status": "job.status",
            "fields": {"mode": "fast"},
            "metadata": "meta",
        },
        "status": {
            "path": "/v1/jobs/{job_id}",
            "status": "status",
            "result": "result",
            "document_id": "doc",
            "error_code": "error.code",
            "error_message": "error.message",
        },
    },
    "statuses": {"queued": "submitted", "done": "completed", "broken": "failed_terminal"},
    "events": {
        "type": ["event", "header:X-Event"],
        "words": {
            "job.done": "document.completed",
            "job.broken": "document.failed",
            "batch.done": "batch.completed",
            "ping": "endpoint.test",
        },
    },
    "ids": {
        "event": ["header:X-Event-Id", "id"],
        "job": "data.job",
        "document": "data.doc",
        "batch": "data.batch",
    },
    "payload": {
        "result": "data.result",
        "error_code": "data.error.code",
        "error_message": ["data.error.message", "data.error"],
        "total": "data.total",
        "succeeded": "data.ok",
        "failed": "data.bad",
        "occurred_at": "at",
        "metadata": "data.meta",
        "names": {"grand": "total"},
        "error_kinds": {"BUSY": "retryable"},
    },
}


def acme(api_key: str = API_KEY, /, *, without: tuple[str, ...] = (), **tables: Any) -> Generic:
    own = {
        name: tables.pop(name)
        for name in ("unsigned", "scheme", "on_handshake", "upload_fields", "base")
        if name in tables
    }
    if "base" in own:
        own["base_url"] = own.pop("base")
    mapping = {name: value for name, value in {**ACME, **tables}.items() if name not in without}
    if mapping["signature"]["kind"] != "none":
        own["webhook_secret"] = SECRET
    return Generic.from_dict(mapping, api_key, **own)


def event_of(provider: Generic, body: Any, headers: Mapping[str, str] | None = None) -> Event:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    [event] = provider.events(Delivery(Headers(headers or {}), raw))
    return event


# Making one


def test_a_mapping_toml_and_keywords_make_the_same_provider(tmp_path: Path) -> None:
    text = 'name = "a1"\n[signature]\nkind = "static_header"\nheader = "X-T"\n[events]\ntype = "event"\n'
    path = tmp_path / "a1.toml"
    path.write_text(text)
    tables: dict[str, Any] = {
        "name": "a1",
        "signature": {"kind": "static_header", "header": "X-T"},
        "events": {"type": "event"},
    }

    made = [
        Generic.from_toml(text, "k", webhook_secret=SECRET),
        Generic.from_toml(path, "k", webhook_secret=SECRET),
        Generic.from_toml(str(path), "k", webhook_secret=SECRET),
        Generic.from_dict(tables, "k", webhook_secret=SECRET),
        Generic.declare("k", webhook_secret=SECRET, **tables),
        Generic.declare("k", webhook_secret=SECRET, tables=tables),
    ]

    assert all(each == made[0] for each in made)
    assert made[0].signature == StaticHeader("X-T")
    assert acme(signature={"kind": "pairs", "header": "X"}).signature == HmacPairs(header="X")
    assert acme(signature={"kind": "body_secret", "path": "secret"}).signature == BodySecret("secret")
    assert hash(made[0]) == hash(made[1])


def test_a_file_that_is_not_there_or_not_toml_is_told(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff")

    for source in (tmp_path / "none.toml", tmp_path / "bytes.toml", "\0"):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            Generic.from_toml(source)
    with pytest.raises(ConfigurationError, match="not TOML"):
        Generic.from_toml("name = ")


@pytest.mark.parametrize(
    ("tables", "path"),
    [
        ({"name": "Not A Name"}, "name"),
        ({"name": "health"}, "name"),
        ({"base_url": "ftp://acme.example"}, "base_url"),
        ({"surprise": 1}, "surprise"),
        ({"signature": {"kind": "hmac"}}, "signature.header"),
        ({"signature": {"kind": "hmac", "header": "X Y"}}, "signature.header"),
        ({"signature": {"kind": "rot13"}}, "signature"),
        ({"signature": {"kind": "hmac", "header": "X", "digest": "md5"}}, "signature.digest"),
        ({"signature": {"kind": "hmac", "header": "X", "content": "{timestamp}.{body}"}}, "signature"),
        ({"signature": {"kind": "pairs", "header": "X", "tolerance": "300"}}, "signature.tolerance"),
        ({"signature": {"kind": "pairs", "header": "X", "tolerance": -1.0}}, "signature"),
        ({"events": {}}, "events"),
        ({"events": {"type": "a..b"}}, "events.type.0"),
        ({"events": {"type": 3}}, "events.type"),
        ({"events": {"type": [3]}}, "events.type.0"),
        ({"events": {"present": {"a b": "x"}}}, "events"),
        ({"events": {"type": "e", "words": {"done": "document.done"}}}, "events.words.done"),
        ({"statuses": {"done": "finished"}}, "statuses.done"),
        ({"endpoints": {"upload": {"path": "v1"}}}, "endpoints.upload.path"),
        ({"endpoints": {"status": {"path": "/v1/{id}"}}}, "endpoints.status.path"),
        ({"endpoints": {"status": {"path": "/v1/{job_id"}}}, "endpoints.status.path"),
        ({"dedupe": ["{job}"]}, "dedupe.0"),
        ({"auth": {"kind": "header"}}, "auth"),
        ({"auth": {"kind": "bearer", "name": "X"}}, "auth"),
        ({"handshake": {"kind": "challenge"}}, "handshake"),
        ({"reply": {"success": 404}}, "reply.success"),
        ({"references": {"url": "u", "hosts": ["http://x"]}}, "references.hosts.0"),
        ({"references": {"url": "u", "max_bytes": 0}}, "references.max_bytes"),
        ({"payload": {"error_kinds": {"X": "sometimes"}}}, "payload.error_kinds.X"),
        ({"payload": {"occurred_unit": "min"}}, "payload.occurred_unit"),
        ({"ids": {"job": "header:X Y"}}, "ids.job.0"),
        ({"body": "xml"}, "body"),
        ({"limits": {"rate_requests": "60"}}, "limits.rate_requests"),
        ({"endpoints": {"upload": {"path": "/v1", "form": "xml"}}}, "endpoints.upload.form"),
        ({"problems": {"code": "a b"}}, "problems.code.0"),
        ({"handshake": {"kind": "hook_secret", "header": "X Y"}}, "handshake.header"),
    ],
)
def test_a_mistake_is_told_with_the_path_that_leads_to_it(tables: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        acme(**tables)

    assert f": {path}: " in str(refused.value)


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"event": {}}, "event: there is no such name here: did you mean events?"),
        (
            {"signature": {"kind": "hmac", "header": "X", "heder": "Y"}},
            "signature.heder: there is no such name",
        ),
        ({"endpoints": {"upload": {"path": "/v1", "job_id": "id", "fil": "f"}}}, "did you mean file?"),
        ({"zzz": 1}, "write one of name, title"),
        ({"webhook_secret": "a-secret-of-16-bytes"}, "a declaration holds no secret: pass webhook_secret="),
        ({"signature": {"header": "X"}}, "signature: kind is missing: write one of hmac, pairs"),
        ({"signature": {"kind": "rot13"}}, "signature: kind 'rot13' is none of hmac, pairs"),
        ({"signature": "hmac"}, "signature: 'hmac' is no table"),
        ({"ids": 3}, "ids: 3 is no table"),
        ({"statuses": 3}, "statuses: 3 is no table"),
        ({"signature": {"kind": "body_secret", "path": ""}}, "signature.path: it is empty"),
        (
            {"signature": {"kind": "hmac", "header": "X", "any_case": "yes"}},
            "'yes' is neither true nor false",
        ),
        (
            {"signature": {"kind": "hmac", "header": "X", "tolerance": "300"}},
            "write it without quotation marks",
        ),
        ({"title": 3}, "title: 3 is no text: write it in quotation marks"),
        ({"title": ["Acme"]}, "title: a list is no text: write it in quotation marks"),
        ({"ids": {"job": 3}}, "ids.job: 3 is neither a text nor a list of texts"),
        ({"reply": {"success": 404}}, "reply.success: 404 must be at most 299"),
        ({"signature": {"kind": "hmac", "header": "X", "digest": "md5" * 40}}, "…"),
        ({"base_url": "https://"}, "base_url: 'https://' is no URL"),
        ({"dedupe": "job"}, "dedupe.0: 'job' gives every event the same key"),
        (
            {"dedupe": ["{job_id}", "{type}:{word}"]},
            "dedupe.1: '{type}:{word}' gives every event the same key",
        ),
        ({"endpoints": {"upload": {"path": "/v1"}}}, "endpoints.upload: job_id is missing"),
        (
            {"endpoints": {"status": {"path": "/v1", "status": "s"}}},
            "endpoints.status.path: '/v1' does not say",
        ),
        ({"endpoints": {"status": {"path": "/v1/{job_id}"}}}, "endpoints: status.status is missing"),
    ],
)
def test_the_sentence_about_a_mistake_says_what_to_write(tables: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Generic.from_dict({**ACME, **tables})

    assert sentence in str(refused.value)
    assert "a-secret-of" not in str(refused.value)


def test_a_declaration_that_is_no_mapping_is_told() -> None:
    with pytest.raises(ConfigurationError, match="a declaration is a mapping, not a list"):
        Generic.from_dict([1])  # type: ignore[arg-type] # the mistake itself


def test_a_missing_name_is_told() -> None:
    with pytest.raises(ConfigurationError, match="'without a name': name: it is missing"):
        acme(without=("name",))


def test_its_name_its_settings_and_its_bounds_come_from_the_declaration() -> None:
    provider = acme(name="acme-two", limits={"accepts": ["image/png"], "idempotency_header": "Idem"})

    made = Generic.from_env(
        {
            "ACME_TWO_API_KEY": "k",
            "ACME_TWO_WEBHOOK_SECRET": SECRET,
            "ACME_TWO_BASE_URL": "https://eu.acme.example/",
        },
        declaration=provider.declaration,
    )

    assert (made.name, made.env_prefix, made.base_url) == ("acme-two", "ACME_TWO_", "https://eu.acme.example")
    assert made.capabilities.accepts == frozenset({"image/png"})
    assert made.capabilities.idempotency_header == "Idem"
    assert made.event_headers == ("x-event", "x-event-id")
    with pytest.raises(ConfigurationError, match="needs a declaration"):
        Generic.from_env({})


def test_the_environment_of_the_process_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_API_KEY", "from-env")

    assert Generic.from_env(declaration=acme().declaration).api_key == "from-env"


def test_it_survives_pickle_and_replace_and_shows_no_secret() -> None:
    provider = acme()

    assert pickle.loads(pickle.dumps(provider)) == provider
    assert replace(provider, webhook_secret="another-secret-of-16").name == "acme"
    assert API_KEY not in repr(provider)
    assert SECRET not in repr(provider)


def test_a_secret_that_is_not_the_schemes_is_refused_when_it_is_made() -> None:
    with pytest.raises(ConfigurationError, match="base64"):
        acme(signature={"kind": "standard_webhooks"}, name="x") and Generic.from_dict(
            {**ACME, "signature": {"kind": "standard_webhooks"}}, webhook_secret="not base64 at all"
        )
    with pytest.raises(ConfigurationError, match="unsigned='accept'"):
        Generic.from_dict({**ACME, "signature": {"kind": "none"}}, webhook_secret=SECRET)


def test_a_scheme_of_your_own_takes_the_place_of_the_declared_one() -> None:
    own = Custom(lambda delivery, secret, now: True)

    assert acme(signature={"kind": "custom"}, scheme=own).signature is own
    with pytest.raises(ConfigurationError, match="pass scheme="):
        acme(signature={"kind": "custom"})


# Requests


def test_an_upload_sends_what_is_declared() -> None:
    provider = acme(upload_fields={"lang": "de", "mode": "exact"})

    ran = run(
        operations.upload(provider, document(), key="k1", metadata={"ref": 7}),
        Answer(200, {"job": {"id": 12, "status": "queued"}}),
    )

    [request] = ran.requests
    assert request.url == "https://api.acme.example/v1/extract"
    assert header(request, "Authorization") == f"Bearer {API_KEY}"
    assert form_fields(request) == {"mode": "exact", "lang": "de", "meta": '{"ref": 7}'}
    assert request.repeat is Repeat.UNLESS_SENT
    assert (ran.value.id, ran.value.status, ran.value.metadata) == ("12", JobStatus.SUBMITTED, {"ref": 7})
    assert provider.upload_options() == {"lang": "de", "mode": "exact"}


def test_an_upload_is_repeated_only_with_a_key_that_is_honoured() -> None:
    provider = acme(limits={"idempotency_header": "Idempotency-Key"})

    with_key = run(provider.upload(document(), key="k1"), Answer(200, {"id": "j"})).requests[0]
    without = run(provider.upload(document()), Answer(200, {"id": "j"})).requests[0]

    assert (header(with_key, "Idempotency-Key"), with_key.repeat) == ("k1", Repeat.ALWAYS)
    assert (header(without, "Idempotency-Key"), without.repeat) == (None, Repeat.UNLESS_SENT)


@pytest.mark.parametrize("name", ["X-Idempotent-Replay", "Idempotent-Replayed"])
@pytest.mark.parametrize("said", ["true", "false"])
def test_an_answer_of_an_earlier_upload_is_told_as_one(name: str, said: str) -> None:
    provider = acme(limits={"idempotency_header": "Idempotency-Key"})

    job = run(provider.upload(document(), key="k1"), Answer(200, {"id": "j"}, {name: said})).value

    assert job.is_replay is (said == "true")


@pytest.mark.parametrize(
    ("auth", "key", "sent"),
    [
        ({"kind": "bearer"}, "k", ("Authorization", "Bearer k")),
        ({"kind": "bearer", "prefix": "Token "}, "k", ("Authorization", "Token k")),
        ({"kind": "header", "name": "x-api-key"}, "k", ("x-api-key", "k")),
        ({"kind": "basic"}, "user:pass", ("Authorization", "Basic dXNlcjpwYXNz")),
        ({"kind": "basic"}, "key", ("Authorization", "Basic a2V5Og==")),
    ],
)
def test_the_credential_goes_where_it_is_declared(auth: Any, key: str, sent: tuple[str, str]) -> None:
    assert acme(key, auth=auth).request_headers() == (sent,)


def test_a_key_may_go_into_the_query_or_nowhere() -> None:
    query = acme("a&b", auth={"kind": "query", "name": "key"})
    status = {"status": {"path": "/j/{job_id}?full=1", "status": "status"}}

    job = Job.known("j/1", provider="acme")
    sent = run(query.status(job), Answer(200, {})).sent
    joined = run(
        acme("k", auth={"kind": "query", "name": "key"}, endpoints=status).status(job), Answer(200, {})
    ).sent

    assert sent == ["GET https://api.acme.example/v1/jobs/j%2F1?key=a%26b"]
    assert joined == ["GET https://api.acme.example/j/j%2F1?full=1&key=k"]
    assert acme(auth={"kind": "none"}).request_headers() == ()


def test_a_key_in_the_query_is_sent_and_not_written_down(caplog: pytest.LogCaptureFixture) -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={})

    provider = acme("a-secret-key", auth={"kind": "query", "name": "key"})
    http = httpx.Client(transport=httpx.MockTransport(answer))
    with caplog.at_level(logging.DEBUG), Client(provider, http_client=http) as client:
        client.status("j1")

    [request] = sent
    assert request.url.params["key"] == "a-secret-key"
    assert "GET https://api.acme.example/v1/jobs/j1" in caplog.text
    assert "a-secret-key" not in caplog.text + repr(request)


def test_a_document_may_be_sent_in_json_or_raw() -> None:
    as_json = acme(endpoints={"upload": {"path": "/u", "form": "json", "job_id": "id", "metadata": "m"}})
    raw = acme(endpoints={"upload": {"path": "/u", "method": "PUT", "form": "raw", "job_id": "id"}})

    first = run(as_json.upload(document(), metadata={"a": 1}), Answer(200, {"id": "j"})).requests[0]
    bare = run(as_json.upload(document()), Answer(200, {"id": "j"})).requests[0]
    second = run(raw.upload(document()), Answer(200, {"id": "j"})).requests[0]

    assert isinstance(first.body, Base64Json)
    assert (first.body.member, first.body.value) == ("file", {"m": {"a": 1}})
    assert isinstance(bare.body, Base64Json)
    assert bare.body.value == {}
    assert isinstance(second.body, RawBody)
    assert (second.method, second.body.content_type, second.repeat) == (
        "PUT",
        "image/png",
        Repeat.UNLESS_SENT,
    )


def test_an_answer_without_the_jobs_id_is_told() -> None:
    error = run(acme().upload(document()), Answer(200, {"ok": True})).error

    assert isinstance(error, MalformedAnswer)
    assert "job.id or id is missing" in str(error)


def test_what_is_not_declared_is_told_when_it_is_called() -> None:
    provider, job = acme(endpoints={}), Job.known("j", provider="acme")

    for steps in (provider.upload(document()), provider.status(job), provider.result(job)):
        with pytest.raises(ConfigurationError, match="endpoints"):
            run(steps).value  # noqa: B018 - it raises
    with pytest.raises(ConfigurationError, match="no base URL"):
        run(acme(without=("base_url",)).upload(document())).value  # noqa: B018 - same
    with pytest.raises(ConfigurationError, match="no id"):
        run(acme().status(Job.known("", provider="acme"))).value  # noqa: B018 - same


def test_an_error_answer_is_read_where_it_is_declared() -> None:
    told = run(
        acme().call("GET", "/x"), Answer(404, {"error": {"code": "gone", "message": "no such job"}})
    ).error
    bare = run(acme().call("GET", "/x"), Answer(404, b"<html>")).error

    assert isinstance(told, NotFound)
    assert (told.code, "no such job" in str(told)) == ("gone", True)
    assert isinstance(bare, NotFound)


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ({"status": "queued"}, JobStatus.SUBMITTED, None),
        ({"status": "new word"}, JobStatus.PROCESSING, None),
        ({}, JobStatus.PROCESSING, None),
        ({"status": "done", "result": {"grand": "5.00"}}, JobStatus.COMPLETED, None),
        ({"status": "broken", "error": {"code": "BAD"}}, JobStatus.FAILED_TERMINAL, "BAD"),
        ({"status": "broken", "error": {"code": "BUSY"}}, JobStatus.FAILED_RETRYABLE, "BUSY"),
        ({"status": "broken"}, JobStatus.FAILED_TERMINAL, "unknown"),
    ],
)
def test_words_of_the_status_become_ours(answer: Any, status: JobStatus, code: str | None) -> None:
    job = run(acme().status(Job.known("j", provider="acme")), Answer(200, answer)).value

    assert job.status is status
    assert (job.error.code if job.error else None) == code


def test_a_result_is_in_the_answer_about_the_job_or_at_an_endpoint_of_its_own() -> None:
    job = Job.known("j", provider="acme")
    status = ACME["endpoints"]["status"]
    own = acme(endpoints={"status": status, "result": {"path": "/r/{job_id}", "result": "values"}})
    whole = acme(endpoints={"status": {"path": "/s/{job_id}", "status": "status"}})

    inline = run(acme().result(job), Answer(200, {"status": "done", "result": {"grand": "5.00"}})).value
    asked = run(own.result(job), Answer(200, {"values": {"grand": "6.00"}}))
    body = run(whole.result(job), Answer(200, {"status": "done", "total": "7.00"})).value

    assert str(inline.fields["total"].value) == "5.00"
    assert asked.sent == ["GET https://api.acme.example/r/j"]
    assert str(asked.value.fields["total"].value) == "6.00"
    assert str(body.fields["total"].value) == "7.00"
    assert isinstance(run(own.result(job), Answer(200, b"no json")).error, MalformedAnswer)


def test_a_result_that_is_not_there_says_why() -> None:
    job = Job.known("j", provider="acme")

    assert isinstance(run(acme().result(job), Answer(200, {"status": "broken"})).error, JobFailed)
    assert isinstance(run(acme().result(job), Answer(200, {"status": "queued"})).error, WaitTimeout)


@pytest.mark.parametrize(
    ("answer", "kind", "key"),
    [
        ({"status": "done", "result": {"grand": "5.00"}}, "document.completed", "document.completed:j"),
        ({"status": "broken", "error": {"code": "BAD"}}, "document.failed", "document.failed:j"),
    ],
)
def test_a_poll_gives_the_key_that_the_webhook_has(answer: Any, kind: str, key: str) -> None:
    provider = acme()
    word = {"document.completed": "job.done", "document.failed": "job.broken"}[kind]
    pushed = event_of(provider, {"event": word, "id": "e1", "data": {"job": "j"}})

    [envelope] = run(operations.poll(provider, Job.known("j", provider="acme")), Answer(200, answer)).value

    assert (envelope.type, envelope.key) == (kind, key)
    assert pushed.key == key
    assert json.loads(json.dumps(envelope.payload)) == envelope.payload


@pytest.mark.parametrize("recipe", ["{word}:{job_id}", "{word}/{document_id}"])
def test_in_the_key_of_an_outcome_every_word_for_it_is_one(recipe: str) -> None:
    words = {
        "job.done": "document.completed",
        "finished": "document.completed",
        "stored": "document.received",
    }
    provider = acme(dedupe=recipe, events={"type": "event", "words": words})
    job = Job(id="j", provider="acme", document_id="d", status=JobStatus.COMPLETED, provider_status="done")

    pushed = [event_of(provider, {"event": word, "data": {"job": "j", "doc": "d"}}).key for word in words]

    [envelope] = provider.polled(job, None)
    assert pushed[:2] == [envelope.key] * 2
    # What is no outcome is told apart by the provider's own word, as the recipe says.
    assert pushed[2].startswith("stored")


@pytest.mark.parametrize(("document_id", "named"), [("d", "d"), (None, "j")])
def test_a_poll_calls_a_job_as_the_events_do(document_id: str | None, named: str) -> None:
    provider = acme(ids={"document": "data.doc"})
    job = Job(id="j", provider="acme", document_id=document_id, status=JobStatus.FAILED_TERMINAL)

    [envelope] = provider.polled(job, None)

    assert envelope.key == event_of(provider, {"event": "job.broken", "data": {"doc": named}}).key
    assert envelope.job_id == "j"


def test_a_poll_knows_the_key_of_an_event_that_leaves_the_job_out() -> None:
    provider = acme()
    job = Job(id="j", provider="acme", document_id="d", status=JobStatus.COMPLETED)

    [envelope] = provider.polled(job, None)

    assert envelope.key == event_of(provider, {"event": "job.done", "data": {"job": "j", "doc": "d"}}).key
    assert envelope.aliases == (event_of(provider, {"event": "job.done", "data": {"doc": "d"}}).key,)


def test_a_poll_of_a_job_that_runs_gives_nothing_and_one_without_an_error_is_unknown() -> None:
    provider = acme()
    failed = Job(id="j", provider="acme", status=JobStatus.FAILED_TERMINAL)
    done = Job(id="j", provider="acme", status=JobStatus.COMPLETED, raw={"result": {"a": 1}})

    assert provider.polled(Job.known("j", provider="acme"), None) == ()
    assert provider.polled(failed, None)[0].payload == {"code": "unknown", "message": ""}
    assert (
        provider.polled(failed.model_copy(update={"error": JobError(code="X")}), None)[0].payload["code"]
        == "X"
    )
    assert provider.polled(done, None)[0].payload == {"a": 1}


# Events


def test_a_completed_event_carries_what_the_paths_lead_to() -> None:
    body = {
        "event": "job.done",
        "at": 1_760_000_000,
        "data": {"job": "j1", "doc": ["d1", "d2"], "result": {"grand": "5.00"}, "meta": {"ref": 7}},
    }

    event = event_of(acme(), body)

    assert isinstance(event, DocumentCompleted)
    assert (event.job_id, event.document_id, event.provider_type) == ("j1", "d1", "job.done")
    assert str(event.result.fields["total"].value) == "5.00"
    assert event.metadata == {"ref": 7}
    assert event.occurred_at is not None
    assert event.occurred_at.timestamp() == NOW


@pytest.mark.parametrize(
    ("error", "code", "message", "kind"),
    [
        ({"code": "BUSY", "message": "later"}, "BUSY", "later", ErrorKind.RETRYABLE),
        ("just a sentence", "unknown", "just a sentence", ErrorKind.TERMINAL),
        (None, "unknown", "", ErrorKind.TERMINAL),
    ],
)
def test_a_failed_event_says_why(error: Any, code: str, message: str, kind: ErrorKind) -> None:
    event = event_of(acme(), {"event": "job.broken", "data": {"job": "j1", "error": error}})

    assert isinstance(event, DocumentFailed)
    assert (event.error.code, event.error.message, event.error.kind) == (code, message, kind)


def test_a_batch_says_how_many_and_odd_counts_are_none() -> None:
    event = event_of(
        acme(), {"event": "batch.done", "data": {"batch": "b1", "total": 3, "ok": True, "bad": -1}}
    )

    assert isinstance(event, BatchCompleted)
    assert (event.key, event.batch_id) == ("batch.completed:b1", "b1")
    assert (event.summary.total, event.summary.succeeded, event.summary.failed) == (3, 0, 0)


def test_a_batch_may_count_in_text() -> None:
    event = event_of(
        acme(), {"event": "batch.done", "data": {"batch": "b1", "total": "3", "ok": "2", "bad": "x"}}
    )

    assert isinstance(event, BatchCompleted)
    assert (event.summary.total, event.summary.succeeded, event.summary.failed) == (3, 2, 0)


def test_a_word_is_looked_for_in_the_body_before_the_header_and_an_unknown_one_stays() -> None:
    provider = acme()

    assert isinstance(event_of(provider, {"event": "ping"}, {"X-Event": "job.done"}), EndpointTest)
    assert (
        event_of(acme(ids={"job": "jobs.1.id"}), {"event": "ping", "jobs": [{"id": 1}, {"id": 2}]}).job_id
        == "2"
    )
    assert (
        event_of(acme(ids={"job": "jobs.id"}), {"event": "ping", "jobs": [{"id": 1}, {"id": 2}]}).job_id
        == "1"
    )
    assert event_of(acme(ids={"job": "jobs.2.id"}), {"event": "ping", "jobs": [{"id": 1}]}).job_id is None
    assert isinstance(event_of(provider, {"data": {}}, {"X-Event": "job.done"}), DocumentCompleted)
    unknown = event_of(provider, {"event": "document.completed"})
    assert isinstance(unknown, UnknownEvent)
    assert unknown.type == "unknown:document.completed"
    for unnamed in ({"event": ""}, {}, {"event": True}):
        kept = event_of(provider, unnamed)
        assert isinstance(kept, UnknownEvent)
        assert (kept.type, kept.provider_type, kept.raw) == ("unknown", "", unnamed)


def test_a_word_may_be_constant_or_told_by_what_is_there_or_split_by_a_qualifier() -> None:
    words = {"done": "document.completed", "done.bad": "document.failed"}
    constant = acme(events={"constant": "done", "words": words})
    present = acme(events={"present": {"result": "done", "error": "done.bad"}, "words": words})
    split = acme(events={"type": "event", "qualifier": "status", "words": words})

    assert event_of(constant, {}).type == "document.completed"
    assert event_of(present, {"error": "x"}).type == "document.failed"
    assert event_of(present, {"result": {}, "error": "x"}).type == "document.completed"
    assert event_of(split, {"event": "done", "status": "bad"}).type == "document.failed"
    assert event_of(split, {"event": "done", "status": "odd"}).type == "document.completed"
    assert event_of(present, {}).type == "unknown"
    told = acme(events={"type": "event", "qualifier": "bad", "words": {"done.true": "document.failed"}})
    assert event_of(told, {"event": "done", "bad": True}).type == "document.failed"
    assert event_of(told, {"event": "done", "bad": False}).type == "done"


def test_the_key_is_the_outcome_of_a_job_else_the_events_id_else_the_bytes() -> None:
    provider = acme()

    same = [event_of(provider, {"event": "job.done", "id": mark, "data": {"job": "j1"}}).key for mark in "ab"]
    by_id = event_of(provider, {"event": "job.done", "id": "e1"}).key
    by_bytes = {event_of(provider, {"event": "job.done", "n": n}).key for n in (1, 2)}
    long = event_of(provider, {"event": "job.done", "data": {"job": "j" * 5000}}).key

    assert same == ["document.completed:j1"] * 2
    assert by_id == "event:e1"
    assert len(by_bytes) == 2
    assert len(long) <= MAX_KEY_CHARS


def test_a_declared_recipe_takes_the_place_of_ours() -> None:
    provider = acme(dedupe=["{word}/{document_id}", "{body}"])

    assert event_of(provider, {"event": "stored", "data": {"doc": "d", "job": "j"}}).key == "stored/d"
    assert len(event_of(provider, {"event": "job.done"}).key) == 64


@pytest.mark.parametrize("at", [10**400, -(10**400), 1e308, -1.5, "soon", True, None, [], 1e300])
def test_an_odd_moment_is_none(at: Any) -> None:
    assert event_of(acme(), {"event": "ping", "at": at}).occurred_at is None


def test_a_moment_may_be_milliseconds() -> None:
    provider = acme(payload={"occurred_at": "at", "occurred_unit": "ms"})

    event = event_of(provider, {"event": "ping", "at": NOW * 1000})

    assert event.occurred_at is not None
    assert event.occurred_at.timestamp() == NOW


def test_the_elements_of_an_array_are_events_of_their_own() -> None:
    provider = acme(body="array")
    body = json.dumps([{"event": "job.done", "data": {"job": j}} for j in ("a", "b", "a")]).encode()

    events = provider.events(Delivery(Headers(), body))

    assert [event.key for event in events] == ["document.completed:a", "document.completed:b"]
    for odd in (b"{}", b"[1]", b"[]"):
        with pytest.raises(MalformedDelivery):
            provider.events(Delivery(Headers(), odd))


def test_an_event_may_be_text_inside_a_notification() -> None:
    provider = acme(body="sns")
    inner = {"event": "job.done", "data": {"job": "j1", "meta": "tag-1"}}
    outer = {"Type": "Notification", "Message": json.dumps(inner)}

    event = event_of(provider, outer)
    test = event_of(provider, {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example/"})

    assert (event.key, event.raw, event.metadata) == ("document.completed:j1", outer, {"reference": "tag-1"})
    assert isinstance(test, EndpointTest)
    assert test.provider_type == "SubscriptionConfirmation"
    for odd in (
        {},
        {"Type": "Notification"},
        {"Type": "Notification", "Message": "["},
        {"Type": "Notification", "Message": "[]"},
    ):
        with pytest.raises(MalformedDelivery):
            event_of(provider, odd)
    assert (
        provider.read_metadata(
            replace(provider.envelopes(Delivery(Headers(), json.dumps(outer).encode()))[0], raw=None)
        )
        == {}
    )


@pytest.mark.parametrize(
    ("payload", "has"), [(None, False), ({}, False), ([], False), ({"a": 1}, True), ("text", True), (0, True)]
)
def test_a_result_that_is_empty_is_none(payload: Any, has: bool) -> None:
    provider = acme()

    assert provider.has_result(payload) is has
    assert provider.read_result(payload).raw == payload


def test_a_list_becomes_a_table_and_text_the_text() -> None:
    assert "documents" in acme().read_result([{"a": 1}]).tables
    assert acme().read_result("hello").text == "hello"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["event", "data", "job", "error", "Type", "Message", "at"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("form", ["object", "array", "sns"])
@given(value=JSON_VALUES)
@settings(max_examples=150, deadline=None)
def test_any_value_gives_events_or_a_refusal(form: str, value: Any) -> None:
    provider = acme(body=form)
    try:
        events = provider.events(Delivery(Headers(), json.dumps(value).encode()))
    except DeliveryRejected:
        return
    assert all(event.key for event in events)


# References


REFERENCES = {
    "url": "data.url",
    "hosts": ["files.acme.example", ".cdn.example"],
    "max_bytes": 100,
    "result": "values",
}


def referring(url: str) -> Event:
    return event_of(acme(references=REFERENCES), {"event": "job.done", "data": {"job": "j1", "url": url}})


def test_a_reference_is_fetched_with_credentials_from_the_own_origin_only() -> None:
    provider, answer = acme(references=REFERENCES), Answer(200, {"values": {"grand": "5.00"}})

    own = run(provider.fetch(referring("https://api.acme.example:443/files/1")), answer)
    foreign = run(provider.fetch(referring("https://eu.cdn.example/1?signature=abc")), answer)

    assert header(own.requests[0], "Authorization") == f"Bearer {API_KEY}"
    assert foreign.requests[0].headers == ()
    assert foreign.sent == ["GET https://eu.cdn.example/1?signature=abc"]
    assert str(foreign.value.fields["total"].value) == "5.00"


@pytest.mark.parametrize(
    "url",
    [
        "http://files.acme.example/1",
        "https://files.acme.example:8443/1",
        "https://evil.example/1",
        "https://files.acme.example.evil.example/1",
        "https://evilcdn.example/1",
        "https://evilfiles.acme.example/1",
        "https://sub.files.acme.example/1",
        "https://cdn.example/1",
        "https://user@files.acme.example/1",
        "https://files.acme.example@evil.example/",
        "https://files.acme.example\\@evil.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://8.8.8.8/",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost/",
        "https://db.internal/",
        "https://files/",
        "https://files.acme.example./1",
        "https://f\u0131les.acme.example/",
        "https://files.acme.example:99999/",
        "https://[::1/",
        "https:///path",
        "file:///etc/passwd",
        "ftp://files.acme.example/",
        "//files.acme.example/1",
        "https://files.acme.example/\r\nX: y",
        "javascript:alert(1)",
        "x",
    ],
)
def test_a_reference_to_anywhere_else_is_refused_before_a_byte_is_sent(url: str) -> None:
    ran = run(acme(references=REFERENCES).fetch(referring(url)))

    assert isinstance(ran.error, ConfigurationError)
    assert ran.requests == []


@given(url=st.text() | st.text("https:/.@\\[]?#12a", max_size=30).map(lambda text: "https://" + text))
@settings(max_examples=300, deadline=None)
def test_no_text_of_a_url_does_anything_else_than_be_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_reference("acme", url, own="https://api.acme.example", hosts=("files.acme.example",))

    assert "signature" not in str(refused.value)


def redirect(to: str, status: int = 302) -> Answer:
    return Answer(status, b"", headers={"Location": to})


def test_a_redirect_is_checked_as_the_first_url_is_and_loses_the_credentials() -> None:
    provider, found = acme(references=REFERENCES), Answer(200, {"result": {"grand": "5.00"}})

    kept = run(provider.fetch(referring("https://api.acme.example/v1/results/1")), redirect("/v1/2"), found)
    lost = run(
        provider.fetch(referring("https://api.acme.example/v1/results/1")),
        redirect("https://files.acme.example/1", 307),
        found,
    )
    stopped = run(
        provider.fetch(referring("https://files.acme.example/1")), redirect("https://evil.example/")
    )
    inside = run(
        provider.fetch(referring("https://files.acme.example/1")), redirect("http://169.254.169.254/")
    )
    endless = run(
        provider.fetch(referring("https://files.acme.example/1")),
        *[redirect("https://files.acme.example/1") for _ in range(4)],
    )

    assert [bool(request.headers) for request in kept.requests] == [True, True]
    assert kept.sent[-1] == "GET https://api.acme.example/v1/2"
    assert [bool(request.headers) for request in lost.requests] == [True, False]
    assert [request.is_foreign for request in lost.requests] == [False, True]
    assert all(request.max_answer_bytes == 100 for request in lost.requests)
    for refused in (stopped, inside):
        assert isinstance(refused.error, ConfigurationError)
        assert len(refused.requests) == 1
    assert isinstance(endless.error, MalformedAnswer)
    assert "redirects" in str(endless.error)


@pytest.mark.parametrize("to", ["https://[", "//[signature]/", "https://files.acme.example\uff03@evil/"])
def test_a_redirect_to_what_is_no_url_is_a_malformed_answer(to: str) -> None:
    refused = run(acme(references=REFERENCES).fetch(referring("https://files.acme.example/1")), redirect(to))

    assert isinstance(refused.error, MalformedAnswer)
    assert "signature" not in str(refused.error)


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::5db8:d822", True),
        *[
            (each, False)
            for each in (
                *(
                    "127.0.0.1",
                    "127.255.255.254",
                    "0.0.0.0",
                    "10.0.0.1",
                    "172.16.0.1",
                    "192.168.1.1",
                    "169.254.169.254",
                ),
                *(
                    "100.64.0.1",
                    "192.0.2.1",
                    "198.18.0.1",
                    "203.0.113.1",
                    "224.0.0.1",
                    "240.0.0.1",
                    "255.255.255.255",
                ),
                *(
                    "::1",
                    "::",
                    "fe80::1%eth0",
                    "fc00::1",
                    "fd12:3456::1",
                    "fec0::1",
                    "ff02::1",
                    "2001:db8::1",
                    "100::1",
                ),
                *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1"),
                *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1"),
                *("::ffff:0:127.0.0.1", "2001:0:7f00:1::1", "not an address", "", "0x7f.1", "2130706433"),
            )
        ],
    ],
)
def test_an_address_is_public_only_where_everybody_reaches_it(address: str, is_public: bool) -> None:
    assert is_public_address(address) is is_public


def test_a_private_name_is_refused_even_where_it_is_listed() -> None:
    for host in ("files.internal", "printer.local"):
        with pytest.raises(ConfigurationError, match="private name"):
            check_reference("acme", f"https://{host}/", own="https://api.acme.example", hosts=(host,))


def test_a_referred_result_that_is_too_large_or_no_result_is_told() -> None:
    provider, event = acme(references=REFERENCES), referring("https://files.acme.example/1")

    assert isinstance(run(provider.fetch(event), Answer(200, b" " * 101)).error, MalformedAnswer)
    assert isinstance(run(provider.fetch(event), Answer(200, {"other": 1})).error, MalformedAnswer)
    assert isinstance(run(provider.fetch(event), Answer(404, b"gone")).error, NotFound)


def test_without_a_url_the_result_is_asked_for_by_the_job() -> None:
    event = event_of(acme(), {"event": "job.done", "data": {"job": "j1"}})
    answer = Answer(200, {"status": "done", "result": {"grand": "5.00"}})

    for provider in (acme(), acme(references=REFERENCES)):
        assert run(provider.fetch(event), answer).sent == ["GET https://api.acme.example/v1/jobs/j1"]
    assert isinstance(event, DocumentCompleted)
    assert not event.has_result


# Handshakes and replies


def signed(provider: Generic, body: bytes) -> dict[str, str]:
    return provider.signature.sign(body, Secret(SECRET), now=NOW)


def receive(provider: Generic, headers: Mapping[str, str], body: bytes) -> Any:
    hooks = Webhooks(provider, inbox="memory:", worker="external", clock=lambda: NOW)
    hooks.on("document.*")(print)
    try:
        return hooks.receive(headers, body)
    finally:
        hooks.close()


CHALLENGE = {"kind": "challenge", "challenge": "challenge", "word": "verify"}


def test_a_challenge_is_echoed_and_nothing_is_stored() -> None:
    body = json.dumps({"event": "verify", "challenge": "abc-123"}).encode()

    text = receive(acme(handshake=CHALLENGE), {}, body)
    as_json = receive(acme(handshake={**CHALLENGE, "reply": "json", "member": "answer"}), {}, body)

    assert (text.status, text.outcome, text.body) == (200, Outcome.HANDSHAKE, b"abc-123")
    assert text.headers["content-type"] == "text/plain"
    assert (as_json.body, as_json.headers["content-type"]) == (b'{"answer": "abc-123"}', "application/json")


@pytest.mark.parametrize(
    "body",
    [
        b'{"event": "verify", "challenge": "<script>"}',
        b'{"event": "verify", "challenge": 3}',
        b'{"event": "verify"}',
        b'{"event": "job.done", "challenge": "abc"}',
        b'{"event": "verify", "challenge": "' + b"a" * 600 + b'"}',
        b'{"event": "verify", "challenge": "a", "pad": "' + b"a" * 5000 + b'"}',
        b"not json",
    ],
)
def test_what_is_no_plain_challenge_has_to_be_signed_like_anything_else(body: bytes) -> None:
    assert receive(acme(handshake=CHALLENGE), {}, body).outcome is Outcome.UNSIGNED


def test_a_challenge_that_is_signed_is_answered_only_then() -> None:
    provider = acme(handshake={**CHALLENGE, "word": "", "signed": True})
    body = b'{"challenge": "abc"}'

    assert receive(provider, {}, body).status == 401
    assert receive(provider, signed(provider, body), body).body == b"abc"


def test_a_secret_that_is_handed_over_goes_to_your_function_or_nowhere() -> None:
    handed: list[str] = []
    table = {"kind": "hook_secret", "echo_header": True}
    taking, deaf = acme(handshake=table, on_handshake=handed.append), acme(handshake=table)
    quiet = acme(handshake={"kind": "hook_secret"}, on_handshake=handed.append)
    headers = {"X-Hook-Secret": "0123456789abcdef"}

    reply = receive(taking, headers, b"")

    assert (reply.status, reply.outcome, handed) == (200, Outcome.HANDSHAKE, ["0123456789abcdef"])
    assert reply.headers["X-Hook-Secret"] == "0123456789abcdef"
    assert "X-Hook-Secret" not in receive(quiet, headers, b"").headers
    assert receive(deaf, headers, b"").status == 401
    assert receive(taking, {"X-Hook-Secret": "short"}, b"").status == 400
    assert receive(taking, {}, b"{}").outcome is Outcome.UNSIGNED
    assert "0123456789abcdef" not in repr(reply)


def test_a_provider_without_a_handshake_shakes_no_hand() -> None:
    assert not acme().shakes_hands
    assert acme().handshake(Delivery(Headers(), b"")) is None


def test_the_sender_is_told_what_the_declaration_says() -> None:
    provider = acme(reply={"success": 204, "rejected": 410})
    body = json.dumps({"event": "job.done", "data": {"job": "j"}}).encode()
    hooks = Webhooks(provider, inbox="memory:", worker="external", clock=lambda: NOW)
    hooks.on("document.*")(print)

    replies = [hooks.receive(signed(provider, body), body) for _ in range(2)]
    refused = hooks.receive({"X-Acme": "sha256=00"}, body)
    malformed = hooks.receive(signed(provider, b"[]"), b"[]")
    hooks.close()

    assert [(reply.status, reply.outcome) for reply in replies] == [
        (204, Outcome.ACCEPTED),
        (204, Outcome.DUPLICATE),
    ]
    assert (refused.status, refused.outcome) == (410, Outcome.BAD_SIGNATURE)
    assert malformed.status == 400
    with pytest.raises(BadSignature) as error:
        admit(provider, Delivery(Headers({"X-Acme": "sha256=00"}), body), now=NOW)
    assert refusal(error.value).status == 410


def test_an_event_that_needs_a_header_is_the_same_when_it_is_read_again() -> None:
    provider = acme()
    body = b'{"data": {"job": "j1"}}'
    hooks = Webhooks(provider, inbox="memory:", worker="inline", clock=lambda: NOW)
    seen: list[Event] = []
    hooks.on("*")(seen.append)

    reply = hooks.receive({**signed(provider, body), "X-Event": "job.done"}, body)
    hooks.close()

    assert reply.outcome is Outcome.ACCEPTED
    assert [type(event) for event in seen] == [DocumentCompleted]


def test_an_unsigned_delivery_is_refused() -> None:
    with pytest.raises(Unsigned):
        acme().verify({}, b"{}")


def test_what_a_table_may_hold_is_named_also_below_what_is_no_table() -> None:
    assert _names_at(Declaration, ["title", 0]) == _names_at(Declaration, [])
    assert "job" in _names_at(Declaration, ["ids"])
