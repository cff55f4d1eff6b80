"""One suite for every inbox: what it gives to an engine, and when again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paperhook.inbox import Claim, Entry, Filter, Inbox, State
from paperhook.inbox.handing_over import MOST_PATIENCE

from .test_inboxes import STORES

NOW, PATIENCE = 1000.0, 30.0


@pytest.fixture(params=STORES)
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inbox]:
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()


def put(inbox: Inbox, key: str, **changes: Any) -> None:
    plain = Entry("docuparse", key, "document.completed", b"{}", received_at=NOW - 60)
    assert inbox.put([replace(plain, **changes)]).result() == (True,)


def claim(inbox: Inbox, key: str, *, lease: float = 60, now: float = NOW) -> Claim:
    held = inbox.claim_key("docuparse", key, lease=lease, now=now).result()
    assert held is not None
    return held


def handed_over(inbox: Inbox, *, now: float = NOW, limit: int = 100) -> list[str]:
    keys = inbox.hand_over(limit=limit, now=now, patience=PATIENCE).result()
    assert {provider for provider, _ in keys} <= {"docuparse"}
    return sorted(key for _, key in keys)


def follower(inbox: Inbox, key: str, *, now: float = NOW) -> tuple[str, str] | None:
    return inbox.hand_over_next("docuparse", key, now=now, patience=PATIENCE).result()


def finish(inbox: Inbox, held: Claim) -> None:
    assert inbox.finish(held, (), state=State.DONE, now=NOW).result()


def test_a_young_event_is_left_to_whoever_put_it(inbox: Inbox) -> None:
    put(inbox, "young", received_at=NOW - PATIENCE + 1)
    put(inbox, "old", received_at=NOW - PATIENCE - 1)

    assert handed_over(inbox) == ["old"]
    assert handed_over(inbox, now=NOW + 2) == ["young"]


def test_an_event_from_the_future_is_handed_over_all_the_same(inbox: Inbox) -> None:
    # The clock was set back.
    put(inbox, "e1", received_at=NOW + 3600)

    assert handed_over(inbox) == ["e1"]
    assert handed_over(inbox) == []


def test_what_was_handed_over_is_not_so_soon_again(inbox: Inbox) -> None:
    put(inbox, "e1", received_at=NOW - PATIENCE - 1)

    assert handed_over(inbox) == ["e1"]
    assert handed_over(inbox, now=NOW + PATIENCE) == []
    assert handed_over(inbox, now=NOW + PATIENCE + 1) == ["e1"]


def test_the_pause_grows_with_the_age_up_to_a_bound(inbox: Inbox) -> None:
    put(inbox, "hours", received_at=NOW - 9000)
    put(inbox, "minutes", received_at=NOW - 100)

    assert handed_over(inbox) == ["hours", "minutes"]
    assert handed_over(inbox, now=NOW + 99) == []
    assert handed_over(inbox, now=NOW + 100) == ["minutes"]
    assert handed_over(inbox, now=NOW + MOST_PATIENCE) == ["hours", "minutes"]


def test_no_more_than_the_limit_is_handed_over_at_once(inbox: Inbox) -> None:
    for number in range(5):
        put(inbox, f"e{number}")

    assert [len(handed_over(inbox, limit=2)) for _ in range(4)] == [2, 2, 1, 0]


def test_a_failed_event_is_handed_over_when_it_is_due(inbox: Inbox) -> None:
    put(inbox, "e1")
    assert inbox.release(claim(inbox, "e1"), (), due_at=NOW + 500, now=NOW).result()

    assert handed_over(inbox, now=NOW + 499) == []
    assert handed_over(inbox, now=NOW + 500) == ["e1"]


def test_what_runs_or_is_settled_stays(inbox: Inbox) -> None:
    for key in ("running", "done"):
        put(inbox, key)
    claim(inbox, "running")
    finish(inbox, claim(inbox, "done"))

    assert handed_over(inbox, now=NOW + 59) == []


def test_an_event_whose_lease_ran_out_is_taken_from_its_worker(inbox: Inbox) -> None:
    put(inbox, "e1")
    dead = claim(inbox, "e1")

    assert handed_over(inbox, now=NOW + 60) == ["e1"]

    assert inbox.renew([dead], lease=60, now=NOW + 60).result() == (False,)
    assert not inbox.finish(dead, (), state=State.DONE, now=NOW + 60).result()
    again = claim(inbox, "e1", now=NOW + 60)
    assert (again.claims, again.lost) == (2, 1)


def test_an_event_that_waits_for_another_is_not_handed_over(inbox: Inbox) -> None:
    put(inbox, "first", job_id="j")
    put(inbox, "second", job_id="j")
    held = claim(inbox, "first")

    assert handed_over(inbox) == []
    finish(inbox, held)
    assert handed_over(inbox) == ["second"]


def test_the_follower_is_handed_over_at_once(inbox: Inbox) -> None:
    for key in ("first", "second", "third"):
        put(inbox, key, job_id="j", received_at=NOW)
    put(inbox, "stranger", job_id="k", received_at=NOW)
    finish(inbox, claim(inbox, "first"))

    assert follower(inbox, "first") == ("docuparse", "second")
    assert follower(inbox, "first") is None
    assert handed_over(inbox, now=NOW + PATIENCE - 1) == []


def test_nobody_follows_without_a_subject_or_out_of_turn(inbox: Inbox) -> None:
    put(inbox, "alone")
    put(inbox, "other")
    put(inbox, "first", job_id="j")
    put(inbox, "second", job_id="j")
    finish(inbox, claim(inbox, "alone"))
    claim(inbox, "first")

    assert follower(inbox, "alone") is None
    assert follower(inbox, "first") is None
    assert follower(inbox, "nobody knows it") is None


def test_a_follower_that_is_due_later_waits(inbox: Inbox) -> None:
    put(inbox, "first", job_id="j")
    put(inbox, "second", job_id="j")
    finish(inbox, claim(inbox, "first"))
    assert inbox.release(claim(inbox, "second"), (), due_at=NOW + 9, now=NOW).result()

    assert follower(inbox, "first", now=NOW + 8) is None
    assert follower(inbox, "first", now=NOW + 9) == ("docuparse", "second")


def test_a_replayed_event_is_handed_over_at_once(inbox: Inbox) -> None:
    put(inbox, "e1")
    finish(inbox, claim(inbox, "e1"))

    assert len(inbox.replay(Filter(key="e1"), now=NOW).result()) == 1

    assert handed_over(inbox) == ["e1"]
