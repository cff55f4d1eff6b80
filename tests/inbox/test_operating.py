"""Many rows, in portions."""

from __future__ import annotations

import base64
import json

import pytest

from paperhook.inbox import Entry, Filter, Inbox, MemoryInbox, State
from paperhook.inbox.operating import export, pages, purge_all, replay_all, would_purge, would_replay


@pytest.fixture
def inbox() -> Inbox:
    """Seven events, the even ones dead and the others done."""
    made = MemoryInbox()
    made.put([Entry("acme", f"e{n}", "document.completed", b"{}", received_at=n) for n in range(7)]).result()
    for held in made.claim(limit=7, lease=60, now=1).result():
        state = State.DONE if held.id % 2 else State.DEAD
        made.finish(held, (), state=state, now=2).result()
    return made


def test_pages_give_every_row_once_while_others_arrive(inbox: Inbox) -> None:
    seen = []
    for number, row in enumerate(pages(inbox, portion=2)):
        seen.append(row.id)
        inbox.put([Entry("acme", f"late{number}", "document.completed", b"{}")]).result()

    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_all_that_fits_is_replayed_in_portions(inbox: Inbox) -> None:
    portions = list(replay_all(inbox, Filter(states=(State.DONE,)), now=3, by="Zoe", portion=3))

    assert portions == [(1, 3, 5), (7,)]
    assert [each.event_ids for each in inbox.audit().result()] == [(7,), (1, 3, 5)]


def test_what_is_due_in_a_hundred_thousand_years_is_shown_like_any_other() -> None:
    inbox = MemoryInbox()
    inbox.put([Entry("acme", "e1", "document.completed", b"{}")]).result()
    (held,) = inbox.claim(limit=1, lease=60, now=1).result()
    inbox.release(held, (), due_at=3e12, now=2).result()

    (line,) = export(inbox)

    assert json.loads(line)["due_at"] == "9999-12-31T23:59:59.000+00:00"


@pytest.mark.parametrize("redact", [True, False])
def test_all_that_fits_is_purged_in_portions(inbox: Inbox, redact: bool) -> None:
    portions = list(purge_all(inbox, Filter(states=(State.DEAD,)), now=3, by="", redact=redact, portion=2))

    assert portions == [(2, 4), (6,)]


def test_a_dry_run_foretells_what_is_done(inbox: Inbox) -> None:
    inbox.replay(Filter(ids=(1,)), now=3).result()
    inbox.purge(Filter(ids=(2,)), redact=True, now=3).result()
    rows = list(pages(inbox))

    foretold = [
        {row.id for row in rows if would_replay(row)},
        {row.id for row in rows if would_purge(row, redact=True)},
        {row.id for row in rows if would_purge(row, redact=False)},
    ]

    assert foretold == [{3, 4, 5, 6, 7}, {3, 4, 5, 6, 7}, {2, 3, 4, 5, 6, 7}]


def test_an_export_has_a_line_for_each_row_and_content_only_when_asked(inbox: Inbox) -> None:
    inbox.put([Entry("acme", "odd", "t\n\u2028", b"\xff", headers={"x-a": "b"})]).result()

    without, *others = export(inbox)
    with_body, *_ = map(json.loads, export(inbox, body=True))

    assert [json.loads(line)["id"] for line in others] == [7, 6, 5, 4, 3, 2, 1]
    assert "\n" not in without
    assert {"body", "body_base64", "headers"} & set(json.loads(without)) == set()
    assert base64.b64decode(with_body["body_base64"]) == b"\xff"
    assert with_body["headers"] == {"x-a": "b"}
