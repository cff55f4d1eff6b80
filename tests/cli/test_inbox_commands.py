"""An operator finds a dead event and runs it again."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from paperhook import Client, GiveUp, Webhooks
from paperhook.errors import ConfigurationError, InboxCorrupt
from paperhook.inbox import open_inbox
from paperhook.inbox.postgres.server import has_table
from paperhook.providers import provider_class
from paperhook.providers.docuparse import DocuParse
from paperhook.rules import required
from paperhook.sample_deliveries import sample_delivery
from paperhook.tracker import open_tracker
from paperhook.tracker.tallying import has_tracker
from tests.acme import acme

from .. import postgres
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

    body, _ = sample_delivery(DocuParse("key"), "document.completed", "abcd1234")
    reply = hooks.receive(provider.signature.sign(body, provider.secrets[0]), body)
    assert reply.outcome == "accepted"
    asyncio.run(hooks.worker.drain())
    return hooks


def received_later(inbox: str) -> None:
    """Store another completed document that no worker has seen."""
    provider = provider_class("docuparse")("key", webhook_secret=SECRET)
    hooks = Webhooks(provider, inbox=inbox, worker="external")
    hooks.on("document.completed", name="book")(print)
    body, _ = sample_delivery(DocuParse("key"), "document.completed", "ef567890")
    assert hooks.receive(provider.signature.sign(body, provider.secrets[0]), body).outcome == "accepted"
    hooks.close()


def submitted(tracker: str) -> None:
    """Submit one document, and hear nothing of it."""

    def accept(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"id": "d1", "state": "waiting"})

    with Client(
        acme(), tracker=tracker, http_client=httpx.Client(transport=httpx.MockTransport(accept))
    ) as client:
        client.upload(b"%PDF-1.7", filename="a.pdf")


@pytest.fixture
def inbox(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/inbox.db"


LOOKING = [
    ("inbox", "list"),
    ("inbox", "stats"),
    ("inbox", "show", "1"),
    ("inbox", "export"),
    ("inbox", "audit"),
]


@pytest.mark.parametrize("command", [*LOOKING, ("review", "list"), ("jobs", "list")], ids=str)
@pytest.mark.parametrize("script", ["", "PRAGMA application_id = 5", "CREATE TABLE theirs (id)"])
def test_looking_makes_nothing_in_a_file_that_is_no_inbox(
    tmp_path: Path, inbox: str, script: str, command: tuple[str, ...]
):
    path = tmp_path / "inbox.db"
    path.touch()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    before = path.read_bytes()

    result = run(*command, "--tracker" if command[0] == "jobs" else "--inbox", inbox)

    assert isinstance(result.exception, InboxCorrupt if script else ConfigurationError)
    assert path.read_bytes() == before


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


def test_the_command_that_show_names_can_be_copied(tmp_path: Path):
    inbox = f"sqlite:///{tmp_path}/my inbox.db"
    received(inbox, fails=True).close()

    assert f"replay 1 --inbox '{inbox}'" in run("inbox", "show", "1", "--inbox", inbox).stdout


def test_more_rows_than_a_store_can_count_to_may_be_asked_for(inbox: str):
    received(inbox, fails=True).close()
    with closing(open_tracker(inbox)) as tracker:
        tracker.tally().result()
    many = ("--limit", "9" * 30, "--json")

    listed = run("inbox", "list", "--inbox", inbox, *many)
    others = [
        run("inbox", "audit", "--inbox", inbox, *many),
        run("review", "list", "--inbox", inbox, *many),
        run("jobs", "list", "--tracker", inbox, *many),
    ]

    assert [row["id"] for row in lines(listed)] == [1]
    assert [each.exit_code for each in others] == [0, 0, 0]


def test_show_names_a_handler_that_is_done(inbox: str):
    received(inbox, fails=False).close()

    result = run("inbox", "show", "1", "--inbox", inbox)

    assert result.stdout.splitlines()[-1] == "book: done, 1 attempts"


def test_show_prints_the_delivery_only_when_asked(inbox: str):
    received(inbox, fails=False).close()

    result = run("inbox", "show", "1", "--inbox", inbox, "--body", "--json")

    (row,) = lines(result)
    assert json.loads(row["body"])["data"]["merchant"] == "Example Ltd"


def test_replay_runs_the_dead_handler_again(inbox: str):
    received(inbox, fails=True).close()

    result = run("inbox", "replay", "--inbox", inbox)

    assert result.exit_code == 0
    assert "1 event will run again: 1" in result.stdout
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


def printed(*arguments: str) -> str:
    """What a command prints, with the lines of a narrow terminal put together again."""
    return " ".join(run(*arguments).stdout.replace("│", " ").split())


def test_a_stranger_finds_and_replays_a_dead_event_from_the_help_alone(inbox: str):
    received(inbox, fails=True).close()
    environment = {"PAPERHOOK_INBOX": inbox}

    assert "inbox Look at stored events, find the dead ones" in printed("--help")
    steps = re.findall(r"`paperhook ([^`]+)`", printed("inbox", "--help"))
    results = [run(*step.replace("ID", "1").split(), env=environment) for step in steps]

    assert [step.split()[:2] for step in steps] == [["inbox", "list"], ["inbox", "show"], ["inbox", "replay"]]
    assert [result.exit_code for result in results] == [0, 0, 0]
    assert "book: dead" in results[0].stdout
    assert "the ledger is closed" in results[1].stdout
    assert "1 event will run again: 1" in results[2].stdout


def test_a_replay_is_recorded_under_the_login_name(inbox: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOGNAME", "zoe")
    received(inbox, fails=True).close()

    run("inbox", "replay", "1", "--inbox", inbox)

    (line,) = lines(run("inbox", "audit", "--inbox", inbox, "--json"))
    assert (line["by"], line["action"], line["events"]) == ("zoe", "replay", [1])
    assert "zoe" in run("inbox", "audit", "--inbox", inbox).stdout


def test_a_user_without_a_name_replays_too(inbox: str, monkeypatch: pytest.MonkeyPatch):
    # As in a container that runs under a number.
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_000)
    received(inbox, fails=True).close()

    run("inbox", "replay", "--inbox", inbox)

    (line,) = lines(run("inbox", "audit", "--inbox", inbox, "--json"))
    assert line["by"] == ""


@pytest.mark.parametrize(
    ("arguments", "count", "left"),
    [
        (["--older-than", "1h"], 0, 1),
        (["--older-than", "0s", "--state", "dead"], 0, 1),
        (["--older-than", "0s", "--dry-run"], 1, 1),
        (["--older-than", "0.0d", "--by", "Zoe"], 1, 0),
    ],
)
def test_a_purge_deletes_what_is_done_and_old(inbox: str, arguments: list[str], count: int, left: int):
    received(inbox, fails=False).close()

    (said,) = lines(run("inbox", "purge", "--inbox", inbox, *arguments, "--json"))

    assert said == {"deleted": count, "dry_run": "--dry-run" in arguments}
    assert len(lines(run("inbox", "list", "--inbox", inbox, "--json"))) == left


def test_a_redacted_event_says_so_and_cannot_be_replayed(inbox: str):
    received(inbox, fails=True).close()

    result = run("inbox", "purge", "--inbox", inbox, "--older-than", "0s", "--state", "dead", "--redact")

    assert "1 events were redacted" in result.stdout
    shown = run("inbox", "show", "1", "--inbox", inbox, "--body").stdout
    assert "redacted" in shown
    assert "inbox replay" not in shown
    assert lines(run("inbox", "replay", "1", "--dry-run", "--inbox", inbox, "--json"))[0]["replayed"] == []
    (again,) = lines(
        run(
            "inbox",
            "purge",
            "--inbox",
            inbox,
            "--older-than",
            "0s",
            "--state",
            "dead",
            "--redact",
            "--dry-run",
            "--json",
        )
    )
    assert again == {"redacted": 0, "dry_run": True}


def test_a_duration_that_is_none_is_wrong_usage(inbox: str):
    received(inbox, fails=False).close()

    result = run("inbox", "purge", "--inbox", inbox, "--older-than", "soon")

    assert result.exit_code == 2
    assert "30d" in result.output


def test_an_export_holds_content_only_when_asked(inbox: str, tmp_path: Path):
    received(inbox, fails=False).close()
    file = tmp_path / "events.jsonl"

    (without,) = lines(run("inbox", "export", "--inbox", inbox))
    result = run("inbox", "export", "--inbox", inbox, "--body", "--out", str(file))

    assert "body" not in without
    assert "1 events were written" in result.stdout
    with_body = json.loads(file.read_text())
    assert json.loads(with_body["body"])["data"]["merchant"] == "Example Ltd"


def test_stats_count_by_state(inbox: str):
    received(inbox, fails=True).close()

    result = run("inbox", "stats", "--inbox", inbox, "--json")

    (counts,) = lines(result)
    assert counts["dead"] == 1
    assert counts["pending"] == 0
    assert "dead         1" in run("inbox", "stats", "--inbox", inbox).stdout


def test_stats_name_who_fails_and_what_waits(inbox: str):
    received(inbox, fails=True).close()
    received_later(inbox)

    (found,) = lines(run("inbox", "stats", "--inbox", inbox, "--json"))
    shown = printed("inbox", "stats", "--inbox", inbox)

    assert [(each["handler"], each["dead"], each["newest_dead"]) for each in found["handlers"]] == [
        ("book", 1, 1)
    ]
    assert "GiveUp" in found["handlers"][0]["error"]
    assert (found["oldest_pending"]["id"], found["oldest_pending"]["claims"]) == (2, 0)
    assert [(each["type"], each["pending"], each["dead"], each["done"]) for each in found["types"]] == [
        ("document.completed", 1, 1, None)
    ]
    assert found["jobs"] is None
    assert "oldest event 2, docuparse document.completed, received" in shown
    assert "the ledger is closed" in shown
    assert "Example Ltd" not in shown


def test_stats_count_by_type_what_is_done_when_asked(inbox: str):
    received(inbox, fails=False).close()

    (found,) = lines(run("inbox", "stats", "--inbox", inbox, "--json", "--done"))

    assert [(each["type"], each["done"]) for each in found["types"]] == [("document.completed", 1)]


@pytest.mark.parametrize("place", ["beside the inbox", "elsewhere"])
def test_stats_say_what_providers_owe(inbox: str, tmp_path: Path, place: str):
    received(inbox, fails=False).close()
    where = inbox if place == "beside the inbox" else f"sqlite:///{tmp_path}/jobs.db"
    named = () if place == "beside the inbox" else ("--tracker", where)
    submitted(where)

    (found,) = lines(run("inbox", "stats", "--inbox", inbox, *named, "--json"))
    shown = printed("inbox", "stats", "--inbox", inbox, *named)
    (without,) = lines(run("inbox", "stats", "--inbox", inbox, "--tracker", "none", "--json"))

    assert (found["jobs"]["open"], found["jobs"]["unknown"], found["jobs"]["settled"]) == (1, 0, 0)
    assert found["jobs"]["oldest_open_seconds"] > 0
    assert "submitted 1 open" in shown
    assert without["jobs"] is None


def test_stats_make_no_tracker_where_there_is_none(inbox: str, tmp_path: Path):
    received(inbox, fails=False).close()

    run("inbox", "stats", "--inbox", inbox)
    run("inbox", "stats", "--inbox", inbox, "--tracker", f"sqlite:///{tmp_path}/typo.db")

    assert not has_tracker(inbox)
    assert not (tmp_path / "typo.db").exists()


def test_stats_of_an_empty_inbox_are_short(inbox: str):
    open_inbox(inbox).put([]).result()

    assert len(run("inbox", "stats", "--inbox", inbox).stdout.splitlines()) == 7


def test_stats_say_since_when_a_person_is_waited_for(inbox: str):
    provider = provider_class("docuparse")("key", webhook_secret=SECRET)
    hooks = Webhooks(provider, inbox=inbox, worker="external", rules=[required("no_such_field")])
    hooks.on("document.completed", name="book")(print)
    hooks.on("document.needs_review", name="tell")(print)
    body, _ = sample_delivery(DocuParse("key"), "document.completed", "abcd1234")
    hooks.receive(provider.signature.sign(body, provider.secrets[0]), body)
    asyncio.run(hooks.worker.drain())
    hooks.close()

    shown = printed("inbox", "stats", "--inbox", inbox)

    assert "review 1" in shown
    assert "a person is waited for since" in shown


@pytest.mark.parametrize("prefix", ["sqlite:///", ""])
def test_a_mistyped_path_makes_no_new_inbox(tmp_path: Path, prefix: str):
    missing = tmp_path / "typo.db"

    result = run("inbox", "list", "--inbox", f"{prefix}{missing}")

    assert isinstance(result.exception, ConfigurationError)
    assert "typo.db" in str(result.exception)
    assert not missing.exists()


def test_a_mistyped_database_gets_no_tables():
    url = postgres.url()

    commands = (["inbox", "list", "--inbox", url], ["jobs", "list", "--tracker", url])
    told = [run(*command).exception for command in commands]

    assert all(isinstance(each, ConfigurationError) for each in told)
    assert all("there is no" in str(each) and "@" not in str(each) for each in told)
    assert not has_table(url, "paperhook_version")
    assert not has_table(url, "paperhook_tracker")


def test_a_file_with_an_inbox_alone_gets_no_journal(inbox: str):
    open_inbox(inbox).put([]).result()

    told = run("jobs", "list", "--tracker", inbox).exception

    assert isinstance(told, ConfigurationError)
    assert "there is no journal" in str(told)
    assert not has_tracker(inbox)


def test_a_damaged_file_is_named_as_such(tmp_path: Path):
    path = tmp_path / "a.db"
    path.write_bytes(b"no database" * 1000)

    for command in (["inbox", "list", "--inbox"], ["jobs", "list", "--tracker"]):
        assert isinstance(run(*command, f"sqlite:///{path}").exception, InboxCorrupt)


def test_an_unknown_id_is_said(inbox: str):
    received(inbox, fails=False).close()

    result = run("inbox", "show", "99", "--inbox", inbox)

    assert result.exit_code == 1
    assert "no event 99" in str(result.exception)


def test_ids_that_are_not_replayed_are_said(inbox: str):
    received(inbox, fails=False).close()

    result = run("inbox", "replay", "1", "99", "--json", "--inbox", inbox)

    assert lines(result) == [{"replayed": [1], "dry_run": False}]
    assert result.exit_code == 1
    assert "not replayed: 99" in str(result.exception)
