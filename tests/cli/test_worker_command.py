"""Handlers in a process of their own: what one process stored, another handles."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from paperhook import Webhooks
from paperhook.cli.worker_command import load
from paperhook.errors import ConfigurationError
from paperhook.providers import provider_class
from paperhook.providers.docuparse import DocuParse
from paperhook.sample_deliveries import sample_delivery

from .running import program, run

APPLICATION = """
from pathlib import Path
from paperhook import DocumentCompleted, Webhooks
from paperhook.providers import DocuParse

docuparse = DocuParse("key", webhook_secret="0123456789abcdef")
hooks = Webhooks(docuparse, inbox="sqlite:///inbox.db", worker="external")
other = "no hooks"

@hooks.on(DocumentCompleted)
def book(event: DocumentCompleted) -> None:
    with Path("booked.txt").open("a") as booked:
        booked.write(event.document_id + "\\n")
"""


@pytest.fixture
def application(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (workplace / "ledger_app.py").write_text(APPLICATION)
    monkeypatch.syspath_prepend(str(workplace))
    return workplace


def receive(mark: str) -> None:
    provider = provider_class("docuparse")("key", webhook_secret="0123456789abcdef")
    hooks = Webhooks(provider, inbox="sqlite:///inbox.db", worker="external")
    hooks.on("document.completed", name="ledger_app.book")(print)
    body, _ = sample_delivery(DocuParse("key"), "document.completed", mark)
    reply = hooks.receive(provider.signature.sign(body, provider.secrets[0]), body)
    hooks.close()
    assert reply.outcome == "accepted"


@pytest.mark.programs
def test_a_worker_handles_what_another_process_stored(application: Path):
    receive("before11")
    worker = program("worker", "ledger_app:hooks")
    booked = application / "booked.txt"
    patience = time.monotonic() + 20
    while not booked.exists() and time.monotonic() < patience:
        time.sleep(0.02)
    receive("after222")
    while booked.read_text().count("\n") < 2 and time.monotonic() < patience:
        time.sleep(0.02)

    worker.send_signal(signal.SIGTERM)
    output, errors = worker.communicate(timeout=30)

    assert booked.read_text().split() == ["doc_before11", "doc_after222"]
    assert worker.returncode == 0, errors
    assert "docuparse" in output


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("ledger_app", "module:name"),
        ("no_such_app:hooks", "no_such_app"),
        ("ledger_app:missing", "nothing"),
        ("ledger_app:other", "a str"),
    ],
)
def test_a_wrong_target_is_named(application: Path, target: str, reason: str):
    with pytest.raises(ConfigurationError, match=reason):
        load(target)


@pytest.mark.programs
def test_a_wrong_target_has_exit_code_2(workplace: Path):
    started = program("worker", "no_such_app:hooks")

    _, errors = started.communicate(timeout=60)

    assert started.returncode == 2
    assert "no_such_app" in errors
    assert "Traceback" not in errors


def test_the_command_takes_the_target():
    result = run("worker", "nonsense")

    assert isinstance(result.exception, ConfigurationError)
