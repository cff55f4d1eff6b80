"""Webhooks by hand: sign and send one, check one, print those that arrive."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from paperhook.core.secret import Secret
from paperhook.errors import ConfigurationError
from paperhook.providers import PROVIDERS, provider_class
from paperhook.sample_deliveries import sample_delivery
from paperhook.testing import LOCAL_SECRET

from .running import lines, program, run

EVENTS = {
    "space-ocr": ["document.completed", "document.failed", "endpoint.test"],
    "docuparse": ["document.completed", "document.failed", "batch.completed"],
    "docuprox": ["document.completed"],
    "ocriva": ["document.received", "document.completed", "document.failed", "batch.completed"],
}
CASES = [(provider, event) for provider, events in EVENTS.items() for event in events]


@pytest.mark.parametrize(("provider", "event"), CASES)
def test_a_sample_delivery_means_what_was_asked_for(provider: str, event: str):
    receiver = provider_class(provider)("key", webhook_secret=LOCAL_SECRET)
    body, headers = sample_delivery(provider, event, "abcd1234")

    signed = receiver.signature.sign(body, Secret(LOCAL_SECRET))
    found = receiver.verify({**headers, **signed}, body)

    assert found.type == event


def test_an_event_that_the_provider_never_pushes_is_refused():
    result = run("trigger", "document.failed", "--to", "http://127.0.0.1:9/", "--provider", "docuprox")

    assert isinstance(result.exception, ConfigurationError)
    assert "document.completed" in str(result.exception)


def test_a_receiver_that_is_not_there_is_said():
    result = run("trigger", "document.completed", "--to", "http://127.0.0.1:9/", "--provider", "docuparse")

    assert isinstance(result.exception, ConfigurationError)
    assert "is your receiver running" in str(result.exception)


def delivery_file(folder: Path) -> tuple[Path, str]:
    body, _ = sample_delivery("docuparse", "document.completed", "abcd1234")
    path = folder / "delivery.json"
    path.write_bytes(body)
    signed = provider_class("docuparse")("key", webhook_secret=LOCAL_SECRET).signature.sign(
        body, Secret(LOCAL_SECRET)
    )
    ((name, value),) = signed.items()
    return path, f"{name}: {value}"


def test_verify_says_what_a_delivery_means(tmp_path: Path):
    path, header = delivery_file(tmp_path)

    result = run("verify", str(path), "-H", header, "--provider", "docuparse", "--json")

    (found,) = lines(result)
    assert result.exit_code == 0
    assert found["type"] == "document.completed"
    assert found["document_id"] == "doc_abcd1234"


def test_verify_says_why_not(tmp_path: Path):
    path, header = delivery_file(tmp_path)

    result = run(
        "verify", str(path), "-H", header, "--provider", "docuparse", "--secret", "another-secret-0123"
    )

    assert result.exit_code == 1
    assert result.stdout.startswith("bad_signature: ")
    assert LOCAL_SECRET not in result.stdout


def test_verify_without_a_signature_is_unsigned(tmp_path: Path):
    path, _ = delivery_file(tmp_path)

    result = run("verify", str(path), "--provider", "docuparse", "--json")

    assert lines(result)[0]["outcome"] == "unsigned"


def test_a_header_without_a_colon_is_refused(tmp_path: Path):
    path, _ = delivery_file(tmp_path)

    result = run("verify", str(path), "--provider", "docuparse", "-H", "nonsense")

    assert isinstance(result.exception, ConfigurationError)


def test_the_environment_gives_the_secret(tmp_path: Path):
    path, header = delivery_file(tmp_path)

    result = run(
        "verify",
        str(path),
        "-H",
        header,
        "-p",
        "docuparse",
        env={"DOCUPARSE_WEBHOOK_SECRET": "another-secret-0123"},
    )

    assert result.exit_code == 1


def test_listen_prints_what_trigger_sends(tmp_path: Path):
    listener = program("listen", "--provider", "docuparse", "--port", "0", "--count", "2")
    assert listener.stdout is not None
    first = listener.stdout.readline()
    origin = re.search(r"http://\S+/", first)
    assert origin is not None
    path, _ = delivery_file(tmp_path)

    sent = run("trigger", "document.failed", "--to", origin.group(), "--provider", "docuparse")
    again = run("trigger", "document.failed", "--to", origin.group(), "-p", "docuparse", "--body", str(path))

    output, errors = listener.communicate(timeout=30)
    assert (sent.exit_code, again.exit_code) == (0, 0), errors
    assert json.loads(sent.stdout.removeprefix("200 ")) == {"outcome": "accepted"}
    assert "type=document.failed" in output
    assert "document_id=doc_abcd1234" in output


def test_every_provider_has_samples():
    assert set(EVENTS) == set(PROVIDERS)
