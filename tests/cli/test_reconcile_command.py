"""`paperhook reconcile`: what another process uploaded, and no webhook told of."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paperhook import Client
from paperhook.cli import demo
from paperhook.inbox import SqliteInbox
from paperhook.testing import LocalProviders
from paperhook.tracker import SqliteTracker

from .running import program

pytestmark = pytest.mark.programs

APPLICATION = """
import os
from paperhook import Client, DocumentCompleted, Webhooks
from paperhook.providers import DocuParse

docuparse = DocuParse.from_env()
client = Client(docuparse, tracker="sqlite:///paperhook.db")
hooks = Webhooks(docuparse, inbox="sqlite:///paperhook.db", worker="external", reconcile=client)
# Nothing is silent sooner than ten seconds by default, and a test does not wait.
hooks.reconciler = lambda reconciler=hooks.reconciler: reconciler(silence=0.01, every=0.05)
alone = Webhooks(docuparse, inbox="sqlite:///paperhook.db", worker="external")

@hooks.on(DocumentCompleted)
def book(event: DocumentCompleted) -> None: ...
"""


@pytest.fixture
def local(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalProviders]:
    (workplace / "office_app.py").write_text(APPLICATION)
    with LocalProviders() as local:
        provider = local.provider("docuparse")
        monkeypatch.setenv("DOCUPARSE_API_KEY", provider.api_key)
        monkeypatch.setenv("DOCUPARSE_BASE_URL", provider.base_url)
        monkeypatch.setenv("DOCUPARSE_WEBHOOK_SECRET", "local-webhook-secret")
        with Client(provider, tracker="sqlite:///paperhook.db") as client:
            client.wait(client.upload(demo.sample()), deadline=60)
        yield local


def stored() -> list[tuple[str, str]]:
    inbox = SqliteInbox("paperhook.db")
    found = [(row.entry.type, row.entry.origin) for row in inbox.rows().result()]
    inbox.close()
    return found


def said_by(*arguments: str) -> tuple[int, str, str]:
    process = program("reconcile", *arguments)
    said, errors = process.communicate(timeout=60)
    return process.returncode, said, errors


def test_once_stores_what_was_lost_and_counts_it(local: LocalProviders) -> None:
    code, said, errors = said_by("office_app:hooks", "--once", "--json")
    again = said_by("office_app:hooks", "--once")

    assert code == again[0] == 0, errors
    assert json.loads(said) == {
        "polled": 1,
        "recovered": 1,
        "unpushed": 0,
        "expired": 0,
        "heard": 0,
        "settled": 0,
        "unanswered": 0,
    }
    assert "recovered    0" in again[1]
    assert stored() == [("document.completed", "poll")]


def test_once_fails_where_the_provider_could_not_be_asked(
    local: LocalProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCUPARSE_BASE_URL", "http://127.0.0.1:1")

    code, said, errors = said_by("office_app:hooks", "--once", "--json")

    assert code == 1
    assert json.loads(said)["unanswered"] == 1
    assert "cannot be asked for" in errors
    assert "Traceback" not in errors


def test_it_runs_until_it_is_stopped(local: LocalProviders) -> None:
    running = program("reconcile", "office_app:hooks", "--json")
    tracker = SqliteTracker("paperhook.db")
    patience = time.monotonic() + 30
    while not tracker.tally().result().settled:
        assert time.monotonic() < patience
        time.sleep(0.05)
    tracker.close()

    running.send_signal(signal.SIGTERM)
    said, errors = running.communicate(timeout=30)

    assert running.returncode == 0, errors
    assert json.loads(said)["recovered"] == 1


def test_hooks_without_a_client_are_a_wrong_configuration(local: LocalProviders) -> None:
    code, _, errors = said_by("office_app:alone", "--once")

    assert code == 2
    assert "reconcile=Client" in errors
