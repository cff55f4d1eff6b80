"""An operator finds a dead event and runs it again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from paperhook import GiveUp, Webhooks
from paperhook.errors import ConfigurationError
from paperhook.providers import provider_class
from paperhook.sample_deliveries import sample_delivery

from .running import lines, run

SECRET = "0123456789abcdef"


def received(inbox: str, *, fails: bool) -> Webhooks:
    """Store one completed document and run its handler."""
    provider = provider_class("docuparse")("key", webhook_secret=SECRET)
    hooks = Webhooks(provider, inbox=inbox, worker="external")

    @hooks.on("document.completed", name="book")
    def book(event: object) -> None:
        if fails:
            raise GiveUp("the ledger is closed")

    body, _ = sample_delivery("docuparse", "document.completed", "abcd1234")
    reply = hooks.receive(provider.signature.sign(body, provider.secrets[0]), body)
    assert reply.outcome == "accepted"
    asyncio.run(hooks.worker.drain())
    return hooks


@pytest.fixture
def inbox(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/inbox.db"


def test_a_dead_event_is_listed_with_its_handler(inbox: str):
    received(inbox, fails=True).close()

    result = run("inbox", "list", "--inbox", inbox, "--state", "dead", "--json")

    (row,) = lines(result)
    assert row["state"] == "dead"
    assert row["handlers"][0]["handler"] == "book"
    assert row["document_id"] == "doc_abcd1234"


def test_the_table_names_event_and_handler(inbox: str):
    received(inbox, fails=True).close()

    result = run("inbox", "list", "--inbox", inbox)

    assert result.exit_code == 0
    assert "book: dead" in result.stdout


def test_show_says_why_and_how_to_run_it_again(inbox: str):
    received(inbox, fails=True).close()

    result = run("inbox", "show", "1", "--inbox", inbox)

    assert "the ledger is closed" in result.stdout
    assert "paperhook inbox replay 1" in result.stdout
    assert "Example Ltd" not in result.stdout


def test_show_prints_the_delivery_only_when_asked(inbox: str):
    received(inbox, fails=False).close()

    result = run("inbox", "show", "1", "--inbox", inbox, "--body", "--json")

    (row,) = lines(result)
    assert json.loads(row["body"])["data"]["merchant"] == "Example Ltd"


def test_replay_runs_the_dead_handler_again(inbox: str):
    received(inbox, fails=True).close()

    result = run("inbox", "replay", "--inbox", inbox)

    assert result.exit_code == 0
    assert "1 events will run again: 1" in result.stdout
    (row,) = lines(run("inbox", "list", "--inbox", inbox, "--json"))
    assert row["state"] == "pending"
    assert row["replays"] == 1


def test_a_dry_run_changes_nothing(inbox: str):
    received(inbox, fails=True).close()

    result = run("inbox", "replay", "--inbox", inbox, "--dry-run", "--json")

    assert lines(result) == [{"replayed": [1], "dry_run": True}]
    (row,) = lines(run("inbox", "list", "--inbox", inbox, "--json"))
    assert row["state"] == "dead"


def test_replay_without_ids_leaves_done_events_alone(inbox: str):
    received(inbox, fails=False).close()

    result = run("inbox", "replay", "--inbox", inbox, "--json")

    assert lines(result) == [{"replayed": [], "dry_run": False}]


def test_stats_count_by_state(inbox: str):
    received(inbox, fails=True).close()

    result = run("inbox", "stats", "--inbox", inbox, "--json")

    (counts,) = lines(result)
    assert counts["dead"] == 1
    assert counts["pending"] == 0
    assert "dead         1" in run("inbox", "stats", "--inbox", inbox).stdout


def test_a_mistyped_path_makes_no_new_inbox(tmp_path: Path):
    missing = tmp_path / "typo.db"

    result = run("inbox", "list", "--inbox", f"sqlite:///{missing}")

    assert isinstance(result.exception, ConfigurationError)
    assert "typo.db" in str(result.exception)
    assert not missing.exists()


def test_an_unknown_id_is_said(inbox: str):
    received(inbox, fails=False).close()

    result = run("inbox", "show", "99", "--inbox", inbox)

    assert isinstance(result.exception, ConfigurationError)
    assert "no event 99" in str(result.exception)
