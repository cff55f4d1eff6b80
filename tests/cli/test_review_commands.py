"""A person finds what a rule holds back, and decides on the command line."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from paperhook import Webhooks
from paperhook.cli.demo import sample
from paperhook.cli.review_commands import _unread
from paperhook.errors import ConfigurationError, CorrectionInvalid, NotInReview
from paperhook.inbox import Entry, State, open_inbox

from .running import lines, run

APP = """
from paperhook import DocumentCompleted, DocumentNeedsReview, Webhooks
from paperhook.providers import DocuParse
from paperhook.rules import confident, required

booked = []
docuparse = DocuParse("key", webhook_secret="0123456789abcdef")
hooks = Webhooks(docuparse, inbox={inbox!r}, worker="external", rules=[required("iban"), confident(0.9, "total")])
hooks.on(DocumentNeedsReview)(lambda event: None)
hooks.on(DocumentCompleted)(booked.append)
"""
DATA = {
    "merchant": "Acme",
    "total": "45.50",
    "line_items": [{"description": "Paper"}],
    "_paperhook": {"fields": {"total": {"box": [1, 2, 3, 4], "page": 2, "confidence": 0.5}}},
}


@pytest.fixture
def inbox(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/inbox.db"


@pytest.fixture
def app(inbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An application with two documents in review, as `module:name`."""
    (tmp_path / "reviewing_app.py").write_text(APP.format(inbox=inbox), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    import reviewing_app  # type: ignore[import-not-found] # written above

    hooks: Webhooks = reviewing_app.hooks
    for number in (1, 2):
        body = json.dumps(
            {"event": "document.completed", "document_id": f"doc_{number}", "data": DATA}
        ).encode()
        provider = reviewing_app.docuparse
        hooks.receive(provider.signature.sign(body, provider.secrets[0]), body)
    asyncio.run(hooks.worker.drain())
    hooks.close()
    del sys.modules["reviewing_app"]
    yield "reviewing_app:hooks"
    sys.modules.pop("reviewing_app", None)


def run_app(*words: str) -> Result:
    """Run a command that loads the application, as a new process does."""
    sys.modules.pop("reviewing_app", None)
    return run(*words)


def states(inbox: str) -> list[State]:
    store = open_inbox(inbox)
    rows = store.rows().result()
    store.close()
    return [row.state for row in reversed(rows)]


def test_what_waits_is_listed_with_its_reasons(app: str, inbox: str):
    table = run("review", "list", "--inbox", inbox).stdout
    (second, first) = lines(run("review", "list", "--inbox", inbox, "--json"))

    assert "required: iban is missing" in table
    assert "confident: total is at 0.50, below 0.9" in table
    assert (first["id"], first["job_id"], first["state"], first["decision"]) == (1, "doc_1", "review", None)
    assert second["reasons"][1] == {
        "rule": "confident",
        "message": "total is at 0.50, below 0.9",
        "field": "total",
        "page_number": 2,
        "box": [1, 2, 3, 4],
    }


def test_values_are_shown_where_the_application_is_named(app: str, inbox: str):
    without = run("review", "show", "1", "--inbox", inbox).stdout
    shown = run_app("review", "show", "1", "--app", app).stdout
    (described,) = lines(run_app("review", "show", "1", "--app", app, "--json"))

    assert "Acme" not in without
    assert "iban is missing" in without
    assert "Acme" in shown
    assert "45.50" in shown
    assert described["values"] == {
        "vendor": "Acme",
        "total": "45.50",
        "line_items[0].description": "Paper",
        "iban": None,
    }


def test_one_that_does_not_wait_keeps_no_other_waiting(app: str, inbox: str):
    run("review", "accept", "1", "--inbox", inbox)

    done = run("review", "reject", "1", "77", "2", "--inbox", inbox)

    assert done.stdout == "event 2 is rejected: no handler runs\n"
    assert isinstance(done.exception, NotInReview)
    assert "event 1 was accepted" in str(done.exception)
    assert "there is no event 77" in str(done.exception)
    assert states(inbox) == [State.PENDING, State.DONE]


def test_what_holds_a_document_back_is_drawn_on_it(app: str, inbox: str, tmp_path: Path):
    drawn, by_job = tmp_path / "review.html", tmp_path / "job.html"

    run_app("review", "show", "1", "--app", app, "--html", str(drawn), "--document", str(sample()))
    listed = run_app("show", "doc_1", "--app", app, "--html", str(by_job)).stdout

    for page in (drawn.read_text("utf-8"), by_job.read_text("utf-8")):
        assert '<g class="field doubtful held"' in page
        assert "total: 45.50\nheld back by confident: total is at 0.50, below 0.9\n" in page
        assert "required: iban is missing</a></li>" in page
    assert "data:image/jpeg" in drawn.read_text("utf-8")
    assert "iban:   (held back by required: iban is missing)" in listed
    assert listed.splitlines()[-2:] == [
        "held back by required: iban is missing",
        "held back by confident: total is at 0.50, below 0.9",
    ]


def test_what_was_decided_holds_nothing_back_any_more(app: str, inbox: str):
    run("review", "correct", "1", "total=46.00", "--accept", "--inbox", inbox)

    shown = run_app("show", "doc_1", "--app", app).stdout

    assert "total: 46.00" in shown
    assert "held back" not in shown


def test_a_page_of_a_review_needs_the_application(app: str, inbox: str, tmp_path: Path):
    refused = run("review", "show", "1", "--inbox", inbox, "--html", str(tmp_path / "x.html"))

    assert isinstance(refused.exception, ConfigurationError)
    assert "--app" in str(refused.exception)


def test_a_decision_names_who_took_it(app: str, inbox: str):
    told = run("review", "accept", "1", "2", "--inbox", inbox, "--by", "ana", "--note", "seen").stdout

    assert told.splitlines() == [f"event {number} is accepted: its handlers run now" for number in (1, 2)]
    assert states(inbox) == [State.PENDING, State.PENDING]
    (described,) = lines(run("review", "show", "1", "--inbox", inbox, "--json"))
    assert (described["decision"], described["by"], described["note"]) == ("accepted", "ana", "seen")
    assert [line["action"] for line in lines(run("inbox", "audit", "--inbox", inbox, "--json"))] == [
        "accepted"
    ] * 2


def test_a_rejected_document_is_done(app: str, inbox: str):
    result = run("review", "reject", "2", "--inbox", inbox, "--json")

    assert lines(result) == [{"id": 2, "decision": "rejected"}]
    assert states(inbox) == [State.REVIEW, State.DONE]
    (described,) = lines(run("review", "show", "2", "--inbox", inbox, "--json"))
    assert described["by"]


def test_a_correction_is_written_down(app: str, inbox: str):
    told = run_app("review", "correct", "1", "iban=DE89", "total = 46", "tax=", "--app", app).stdout
    (described,) = lines(run_app("review", "show", "1", "--app", app, "--json"))

    assert told == "event 1 is corrected: the rules are asked again\n"
    assert described["corrected"] == ["iban", "total", "tax"]
    assert described["values"] == {
        "vendor": "Acme",
        "total": "46",
        "iban": "DE89",
        "tax": None,
        "line_items[0].description": "Paper",
    }


def test_a_correction_may_be_final(app: str, inbox: str):
    words = ("iban=DE89", "totl=5", "--new-fields", "--accept")
    told = run("review", "correct", "1", *words, "--inbox", inbox).stdout

    assert told == "event 1 is accepted: its handlers run now\n"


def test_who_comes_second_is_told_so(app: str, inbox: str):
    run("review", "reject", "1", "--inbox", inbox, "--by", "ana")

    result = run("review", "accept", "1", "--inbox", inbox)

    assert isinstance(result.exception, NotInReview)
    assert str(result.exception) == "event 1 was rejected by ana already"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("correct", "1", "iban"), ConfigurationError),
        (("correct", "1", "total=much"), CorrectionInvalid),
        (("correct", "1", "totl=5"), CorrectionInvalid),
        (("show", "77"), NotInReview),
        (("accept", "77"), NotInReview),
    ],
)
def test_mistakes_are_told(app: str, inbox: str, words: tuple[str, ...], error: type[Exception]):
    result = run("review", *words, "--inbox", inbox)

    assert isinstance(result.exception, error)
    assert states(inbox) == [State.REVIEW, State.REVIEW]


def test_nothing_is_read_without_the_application():
    with pytest.raises(ConfigurationError, match="name it with --app"):
        _unread(Entry("docuparse", "k", "document.completed", b""))


def test_there_must_be_an_inbox(tmp_path: Path):
    result = run("review", "list", "--inbox", f"sqlite:///{tmp_path}/none.db")

    assert isinstance(result.exception, ConfigurationError)
