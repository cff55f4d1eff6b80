"""Decisions over HTTP: what waits, what it says, and who was first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paperhook import Webhooks
from paperhook.inbox import Filter, Inbox, State
from paperhook.rules import required
from tests.contracts.test_inboxes import STORES
from tests.plain_inbox import PlainInbox
from tests.test_reviews import PARSE, Desk

from .test_operators import ask


@pytest.fixture(params=["memory", "sqlite"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """Three documents in review."""
    inbox: Inbox = STORES[request.param](tmp_path)
    made = Desk(inbox, required("iban"))
    for number in (1, 2, 3):
        made.deliver(number)
    made.run()
    yield made
    inbox.close()


def test_what_waits_is_listed_in_pages_without_its_content(desk: Desk) -> None:
    first = ask(desk.hooks, "GET", "/reviews?limit=2")
    second = ask(desk.hooks, "GET", f"/reviews?limit=2&before_id={first.json()['next']}")

    jobs = [each["job_id"] for page in (first, second) for each in page.json()["reviews"]]
    assert jobs == ["doc_3", "doc_2", "doc_1"]
    assert second.json()["next"] is None
    assert second.json()["reviews"][0]["reasons"] == [
        {"rule": "required", "message": "iban is missing", "field": "iban", "page_number": None, "box": None}
    ]
    assert "Acme" not in first.text


def test_values_are_told_only_to_who_asks(desk: Desk) -> None:
    without = ask(desk.hooks, "GET", "/reviews/1")
    answer = ask(desk.hooks, "GET", "/reviews/1?body=1")

    assert "Acme" not in without.text
    values = answer.json()["values"]
    assert (values["vendor"], values["total"], values["iban"]) == ("Acme", "45.50", None)


def test_decisions_are_taken_under_the_operators_name(desk: Desk) -> None:
    token = {"zoe": "a-long-token-of-hers"}
    bearer = "Bearer a-long-token-of-hers"
    questions: list[Any] = [
        {"decision": "accept", "note": "seen"},
        {"decision": "correct", "corrections": {"iban": "DE89", "tax": None}, "by": "the desk"},
        {"decision": "reject"},
    ]

    answers = [
        ask(desk.hooks, "POST", f"/reviews/{number}", question, token=token, authorization=bearer)
        for number, question in enumerate(questions, start=1)
    ]
    desk.run()

    assert [answer.json()["decision"] for answer in answers] == ["accept", "correct", "reject"]
    assert sorted(event.job_id or "" for event in desk.booked) == ["doc_1", "doc_2"]
    assert [desk.hooks.reviews.get(number).review.by for number in (1, 2, 3)] == [
        "zoe",
        "zoe: the desk",
        "zoe",
    ]
    assert ask(desk.hooks, "GET", "/stats").json()["review"] == 0


def test_a_correction_may_be_final(desk: Desk) -> None:
    given = {"total": "46", "own_field": "1"}
    question = {"decision": "correct", "corrections": given, "accept": True, "new_fields": True}

    answer = ask(desk.hooks, "POST", "/reviews/1", question)

    assert answer.status_code == 200
    desk.run()
    assert [str(event.result.fields["total"].value) for event in desk.booked] == ["46"]


def test_who_comes_second_is_told_so(desk: Desk) -> None:
    ask(desk.hooks, "POST", "/reviews/1", {"decision": "reject", "by": "ana"})

    answer = ask(desk.hooks, "POST", "/reviews/1", {"decision": "accept"})

    assert (answer.status_code, answer.json()["error"]) == (
        409,
        "event 1 was rejected by operator: ana already",
    )


@pytest.mark.parametrize(
    ("path", "question", "status"),
    [
        ("/reviews/77", None, 409),
        ("/reviews/x", None, 400),
        ("/reviews/77", {"decision": "accept"}, 409),
        ("/reviews/1", {}, 400),
        ("/reviews/1", {"decision": "burn"}, 400),
        ("/reviews/1", {"decision": "accept", "note": 5}, 400),
        ("/reviews/1", {"decision": "accept", "odd": 5}, 400),
        ("/reviews/1", {"decision": "correct"}, 400),
        ("/reviews/1", {"decision": "correct", "corrections": {"total": 5}}, 400),
        ("/reviews/1", {"decision": "correct", "corrections": {"total": "SECRET"}}, 400),
        ("/reviews/1", {"decision": "correct", "corrections": {"totl": "SECRET"}}, 400),
    ],
)
def test_what_is_not_understood_changes_nothing(desk: Desk, path: str, question: Any, status: int) -> None:
    answer = ask(desk.hooks, "GET" if question is None else "POST", path, question)

    assert answer.status_code == status
    assert "SECRET" not in answer.text
    assert set(desk.states()) == {State.REVIEW}


def test_an_inbox_without_reviews_has_no_such_pages() -> None:
    plain: Any = PlainInbox()
    hooks = Webhooks(PARSE, inbox=plain, worker="external")

    assert ask(hooks, "GET", "/reviews").status_code == 404
    assert ask(hooks, "GET", "/stats").status_code == 200


def test_a_page_of_the_audit_names_the_decision(desk: Desk) -> None:
    ask(desk.hooks, "POST", "/reviews/2", {"decision": "reject"})

    (line,) = ask(desk.hooks, "GET", "/audit").json()["audit"]

    assert (line["by"], line["action"], line["events"]) == ("operator", "rejected", [2])
    assert asyncio.run(_rows(desk)) == [State.REVIEW, State.DONE, State.REVIEW]


async def _rows(desk: Desk) -> list[State]:
    rows = await asyncio.wrap_future(desk.hooks.inbox.rows(Filter()))
    return [row.state for row in rows]
