"""One suite for every inbox: what `inbox/base.py` promises."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paperhook.core.review import Decision, Reason
from paperhook.errors import InboxUnavailable
from paperhook.inbox import (
    Claim,
    Entry,
    Filter,
    Inbox,
    MemoryInbox,
    Outcome,
    PostgresInbox,
    Row,
    SqliteInbox,
    State,
    Stats,
)
from paperhook.inbox.base import LeasingInbox, LoopInbox, Settlement
from paperhook.inbox.bridge import Bridge
from paperhook.inbox.reviewing import Ruling

from .. import postgres

#: For a folder, what opens the same inbox each time; of those in memory each is its own.
PLACES: dict[str, Callable[[Path], Callable[[], Inbox]]] = {
    "memory": lambda folder: MemoryInbox,
    "sqlite": lambda folder: partial(SqliteInbox, folder / "inbox.db"),
    "postgres": lambda folder: partial(PostgresInbox, postgres.address()),
}
STORES: dict[str, Callable[[Path], Inbox]] = {
    "memory": lambda folder: PLACES["memory"](folder)(),
    "sqlite": lambda folder: PLACES["sqlite"](folder)(),
    "postgres": lambda folder: PLACES["postgres"](folder)(),
}


@pytest.fixture(params=STORES)
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inbox]:
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()


def entry(key: str = "e1", **changes: Any) -> Entry:
    return replace(
        Entry("docuparse", key, "document.completed", b'{"total": 1}', received_at=100.0), **changes
    )


def put(inbox: Inbox, *entries: Entry) -> tuple[bool, ...]:
    return inbox.put(entries).result()


def claim(inbox: Inbox, *, limit: int = 100, now: float = 1000.0) -> tuple[Claim, ...]:
    return inbox.claim(limit=limit, lease=60, now=now).result()


def claim_key(inbox: Inbox, key: str = "e1", *, now: float = 1000.0) -> Claim | None:
    return inbox.claim_key("docuparse", key, lease=60, now=now).result()


def finish(inbox: Inbox, held: Claim, *outcomes: Outcome, state: State = State.DONE) -> bool:
    return inbox.finish(held, outcomes, state=state, now=1001.0).result()


def release(inbox: Inbox, held: Claim, *outcomes: Outcome, due_at: float = 2000.0) -> bool:
    return inbox.release(held, outcomes, due_at=due_at, now=1001.0).result()


def keys(claims: tuple[Claim, ...] | tuple[Row, ...]) -> list[str]:
    return [each.entry.key for each in claims]


def only_row(inbox: Inbox) -> Row:
    (row,) = inbox.rows().result()
    return row


# Putting


def test_an_event_comes_back_as_it_was_put(inbox: Inbox) -> None:
    full = Entry(
        provider="ocriva",
        key="k",
        type="document.failed",
        body=b"\x00\xff{}",
        form="envelope",
        index=3,
        headers={"x-event": "ä\u2028"},
        origin="poll",
        job_id="j",
        document_id="d",
        batch_id="b",
        occurred_at=12.5,
        received_at=13.25,
    )

    put(inbox, full)

    assert claim(inbox)[0].entry == full
    assert only_row(inbox).entry == full


def test_put_says_for_each_event_whether_it_is_new(inbox: Inbox) -> None:
    put(inbox, entry("e1"))

    assert put(inbox, entry("e2"), entry("e1"), entry("e2")) == (True, False, False)


def test_a_duplicate_is_counted_and_changes_nothing_else(inbox: Inbox) -> None:
    put(inbox, entry())

    put(inbox, entry(body=b"other", type="document.failed"))

    assert only_row(inbox).duplicates == 1
    assert only_row(inbox).entry == entry()


def test_the_same_key_of_two_providers_is_two_events(inbox: Inbox) -> None:
    assert put(inbox, entry(), entry(provider="ocriva")) == (True, True)


@pytest.mark.parametrize("state", [State.DONE, State.DEAD])
def test_a_duplicate_of_a_settled_event_does_not_run_it_again(inbox: Inbox, state: State) -> None:
    put(inbox, entry())
    finish(inbox, claim(inbox)[0], state=state)

    assert put(inbox, entry()) == (False,)
    assert claim(inbox) == ()
    assert only_row(inbox).state is state


def test_nothing_is_put_by_an_empty_call(inbox: Inbox) -> None:
    assert put(inbox) == ()
    assert inbox.stats().result() == Stats()


@pytest.mark.parametrize("key", ["\x00", "a\x00b", "\ud800", "\udcff x", "ß" * 5000])
def test_any_text_is_a_key(inbox: Inbox, key: str) -> None:
    odd = entry(key, job_id=key, document_id=key, batch_id=key, type=key, headers={key: key})

    assert put(inbox, odd, odd) == (True, False)
    held = claim_key(inbox, key)
    assert held is not None
    assert finish(inbox, held, Outcome(key, State.DEAD, 1, error=key), state=State.DEAD)
    assert inbox.rows(Filter(key=key, provider="docuparse", type=key, job_id=key, handler=key)).result()


def test_texts_that_differ_by_a_null_character_are_two_events(inbox: Inbox) -> None:
    assert put(inbox, entry("a\x00b"), entry("a\x00c"), entry("a")) == (True, True, True)


def test_a_bad_entry_fails_alone(inbox: Inbox) -> None:
    bad: Any = object()
    # Asked without waiting, so that a store which groups has them in one transaction.
    asked = [inbox.put([entry(f"e{n}", document_id=bad if n == 7 else None)]) for n in range(20)]

    errors = [future.exception() for future in asked]

    assert [n for n, error in enumerate(errors) if error is not None] in ([7], [])
    assert set(keys(inbox.rows().result())) >= {f"e{n}" for n in range(20) if n != 7}


def test_copies_of_one_event_from_many_threads_are_one_row(inbox: Inbox) -> None:
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.extend(put(inbox, entry()))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False] * 15 + [True]
    assert only_row(inbox).duplicates == 15


# Claiming


def test_events_are_claimed_in_the_order_in_which_they_were_put(inbox: Inbox) -> None:
    put(inbox, entry("e2", received_at=5), entry("e1", received_at=9), entry("e3", received_at=1))

    assert keys(claim(inbox, limit=2)) == ["e2", "e1"]
    assert keys(claim(inbox, limit=2)) == ["e3"]


def test_a_new_event_is_due_even_when_the_clock_went_back(inbox: Inbox) -> None:
    put(inbox, entry(received_at=10**9))

    assert keys(claim(inbox, now=5.0)) == ["e1"]


def test_a_claimed_event_is_not_claimed_again_while_its_lease_lasts(inbox: Inbox) -> None:
    put(inbox, entry())
    claim(inbox, now=1000)

    assert claim(inbox, now=1059.9) == ()
    assert claim_key(inbox, now=1059.9) is None


def test_an_event_whose_lease_ran_out_is_claimed_again_and_says_so(inbox: Inbox) -> None:
    put(inbox, entry())
    first = claim(inbox, now=1000)[0]

    second = claim(inbox, now=1060)[0]
    third = claim_key(inbox, now=1120)

    assert third is not None
    assert [first.lost, second.lost, third.lost] == [0, 1, 2]
    assert [first.claims, second.claims, third.claims] == [1, 2, 3]
    assert len({first.token, second.token, third.token}) == 3
    assert [first.lease_until, second.lease_until] == [1060, 1120]


def test_lost_events_come_first_then_those_due_again_then_new_ones(inbox: Inbox) -> None:
    put(inbox, entry("again"), entry("lost"))
    again, _ = claim(inbox, now=1000)
    release(inbox, again, due_at=1050)
    put(inbox, entry("new"))

    assert keys(claim(inbox, now=1070)) == ["lost", "again", "new"]


def put_again_and_new(inbox: Inbox, again: int, new: int) -> None:
    """Have some events due again at 1001, 1002, …, and put new ones."""
    put(inbox, *(entry(f"again{n}") for n in range(again)))
    for n, held in enumerate(claim(inbox, limit=again, now=500)):
        release(inbox, held, due_at=1001.0 + n)
    put(inbox, *(entry(f"new{n}", type="document.failed") for n in range(new)))


def test_half_of_a_claim_is_for_what_is_due_again_and_half_for_what_is_new(inbox: Inbox) -> None:
    put_again_and_new(inbox, again=6, new=4)

    assert keys(claim(inbox, limit=4, now=1100)) == ["again0", "again1", "new0", "new1"]
    assert keys(claim(inbox, limit=4, now=1100)) == ["again2", "again3", "new2", "new3"]
    assert keys(claim(inbox, limit=4, now=1100)) == ["again4", "again5"]


@pytest.mark.parametrize(
    ("again", "new", "expected"),
    [
        (5, 1, ["again0", "again1", "new0", "again2"]),
        (1, 5, ["again0", "new0", "new1", "new2"]),
        (5, 0, ["again0", "again1", "again2", "again3"]),
        (0, 5, ["new0", "new1", "new2", "new3"]),
    ],
)
def test_a_place_that_one_half_does_not_need_goes_to_the_other(
    inbox: Inbox, again: int, new: int, expected: list[str]
) -> None:
    put_again_and_new(inbox, again, new)

    assert keys(claim(inbox, limit=4, now=1100)) == expected


def test_what_lost_events_leave_is_shared_in_halves(inbox: Inbox) -> None:
    put(inbox, entry("lost"))
    claim(inbox, now=500)
    put_again_and_new(inbox, again=3, new=3)

    assert keys(claim(inbox, limit=5, now=1100)) == ["lost", "again0", "again1", "new0", "new1"]


def test_those_due_again_are_claimed_in_the_order_of_their_moments(inbox: Inbox) -> None:
    put(inbox, *(entry(f"e{n}") for n in range(3)))
    for held, due_at in zip(claim(inbox), (1030, 1010, 1020), strict=True):
        release(inbox, held, due_at=due_at)

    assert keys(claim(inbox, now=1100)) == ["e1", "e2", "e0"]


def test_halves_are_those_of_the_types_that_are_asked_for(inbox: Inbox) -> None:
    put_again_and_new(inbox, again=3, new=3)

    def some(**types: Any) -> list[str]:
        return keys(inbox.claim(limit=2, lease=60, now=1100, **types).result())

    assert some(only=["document.completed"]) == ["again0", "again1"]
    assert some(without=["document.completed"]) == ["new0", "new1"]
    assert some(only=["document.completed", "document.failed"]) == ["again2", "new2"]


def test_single_claims_reach_a_new_event_while_others_always_fail(inbox: Inbox) -> None:
    put_again_and_new(inbox, again=3, new=1)

    assert is_reached(inbox, "new0")


def test_single_claims_reach_an_event_due_again_while_new_ones_never_end(inbox: Inbox) -> None:
    put_again_and_new(inbox, again=1, new=30)

    assert is_reached(inbox, "again0")


def test_a_worker_that_asks_for_two_kinds_of_types_reaches_new_ones_of_both(inbox: Inbox) -> None:
    put_again_and_new(inbox, again=3, new=0)
    put(inbox, *(entry(f"other{n}", type="document.failed") for n in range(3)))
    for held in inbox.claim(limit=3, lease=60, now=500, only=["document.failed"]).result():
        release(inbox, held, due_at=1001)
    put(inbox, entry("new"), entry("other new", type="document.failed"))
    reached: set[str] = set()

    for _ in range(30):
        for kind in ("document.completed", "document.failed"):
            (held,) = inbox.claim(limit=1, lease=60, now=1100, only=[kind]).result()
            release(inbox, held, due_at=1100)
            reached.add(held.entry.key)

    assert {"new", "other new"} <= reached


def is_reached(inbox: Inbox, key: str) -> bool:
    """Claim one event at a time, and have each of them fail."""
    for _ in range(30):
        (held,) = claim(inbox, limit=1, now=1100)
        if held.entry.key == key:
            return True
        if held.entry.key.startswith("again"):
            release(inbox, held, due_at=1100)
    return False


def test_a_released_event_waits_until_it_is_due(inbox: Inbox) -> None:
    put(inbox, entry())
    release(inbox, claim(inbox)[0], due_at=2000.0)

    assert claim(inbox, now=1999.9) == ()
    assert only_row(inbox).due_at == 2000.0
    assert keys(claim(inbox, now=2000.0)) == ["e1"]


def test_an_event_released_for_now_is_due_whatever_the_clock_says(inbox: Inbox) -> None:
    put(inbox, entry())
    release(inbox, claim(inbox)[0], due_at=0)

    assert keys(claim(inbox, now=-5)) == ["e1"]


def test_a_release_forgets_the_leases_that_ran_out(inbox: Inbox) -> None:
    put(inbox, entry())
    claim(inbox, now=1000)
    release(inbox, claim(inbox, now=1060)[0], due_at=0)

    assert claim(inbox)[0].lost == 0


def test_only_some_types_are_claimed(inbox: Inbox) -> None:
    put(inbox, *(entry(f"{word}{n}", type=word) for n in range(3) for word in ("a", "b", "c", "\x00")))

    def some(limit: int, **types: Any) -> list[str]:
        return keys(inbox.claim(limit=limit, lease=60, now=1000, **types).result())

    assert some(2, only=["b"]) == ["b0", "b1"]
    assert some(9, only=["b", "c"], without=["c"]) == ["b2"]
    assert some(9, without=["a", "\x00"]) == ["c0", "c1", "c2"]
    assert some(1, only=["\x00", "unknown"]) == ["\x000"]
    assert some(0, only=["a"]) == []
    assert some(9, without=["unknown"]) == ["a0", "a1", "\x001", "a2", "\x002"]


def test_types_are_kept_to_for_lost_events_and_those_due_again(inbox: Inbox) -> None:
    put(inbox, *(entry(f"{word}{n}", type=word) for n in range(2) for word in ("a", "b")))
    again, other, *_ = claim(inbox, now=1000)
    release(inbox, again, due_at=1050)
    release(inbox, other, due_at=1050)

    claims = inbox.claim(limit=9, lease=60, now=1070, without=["b"]).result()

    assert keys(claims) == ["a1", "a0"]


def test_a_key_is_claimed_before_it_is_due(inbox: Inbox) -> None:
    put(inbox, entry())
    release(inbox, claim(inbox)[0], due_at=9999.0)

    held = claim_key(inbox)

    assert held is not None
    assert held.entry.key == "e1"


def test_an_unknown_or_settled_key_is_not_claimed(inbox: Inbox) -> None:
    put(inbox, entry())
    finish(inbox, claim(inbox)[0])

    assert claim_key(inbox, "e1") is None
    assert claim_key(inbox, "never put") is None
    assert inbox.claim_key("ocriva", "e1", lease=60, now=1).result() is None


def test_a_claim_carries_what_the_handlers_did_before(inbox: Inbox) -> None:
    done = Outcome("book", State.DONE, 1, started_at=1000.0)
    waits = Outcome("mail", State.PENDING, 2, error="ValueError", started_at=1000.5, due_at=2000.0)
    put(inbox, entry(), entry("e2"))
    release(inbox, claim(inbox, limit=1)[0], done, waits)

    held = claim(inbox, now=2000)

    assert [each.outcomes for each in held] == [{"book": done, "mail": waits}, {}]
    assert only_outcomes(inbox, "e1") == {"book": done, "mail": waits}


def only_outcomes(inbox: Inbox, key: str) -> dict[str, Outcome]:
    (row,) = inbox.rows(Filter(key=key)).result()
    return dict(row.outcomes)


# Order within a subject


def test_a_later_event_of_a_job_waits_for_the_earlier_one(inbox: Inbox) -> None:
    put(inbox, entry("e1", job_id="j"), entry("e2", job_id="j"), entry("e3", job_id="k"))

    first, _ = claim(inbox)

    assert keys((first, _)) == ["e1", "e3"]
    assert claim_key(inbox, "e2") is None
    finish(inbox, first)
    assert keys(claim(inbox)) == ["e2"]


def test_a_later_event_waits_while_the_earlier_one_is_to_be_tried_again(inbox: Inbox) -> None:
    put(inbox, entry("e1", document_id="d"), entry("e2", document_id="d"))
    release(inbox, claim(inbox)[0], due_at=2000)

    assert claim(inbox, now=1999) == ()
    assert keys(claim(inbox, now=2000)) == ["e1"]


def test_a_dead_event_lets_the_next_of_its_document_go(inbox: Inbox) -> None:
    put(inbox, entry("e1", document_id="d"), entry("e2", document_id="d"))
    finish(inbox, claim(inbox)[0], state=State.DEAD)

    assert keys(claim(inbox)) == ["e2"]


def test_events_without_job_and_document_do_not_wait_for_each_other(inbox: Inbox) -> None:
    put(inbox, entry("e1", batch_id="b"), entry("e2", batch_id="b"))

    assert keys(claim(inbox)) == ["e1", "e2"]


def test_jobs_of_two_providers_do_not_wait_for_each_other(inbox: Inbox) -> None:
    put(inbox, entry("e1", job_id="j"), entry("e2", job_id="j", provider="ocriva"))

    assert keys(claim(inbox)) == ["e1", "e2"]


def test_an_event_put_after_the_earlier_one_was_settled_goes_at_once(inbox: Inbox) -> None:
    put(inbox, entry("e1", job_id="j"))
    finish(inbox, claim(inbox)[0])

    put(inbox, entry("e2", job_id="j"))

    assert keys(claim(inbox)) == ["e2"]


def test_a_replayed_event_waits_for_the_running_one_and_then_goes_first(inbox: Inbox) -> None:
    put(inbox, *(entry(f"e{n}", job_id="j") for n in range(3)))
    finish(inbox, claim(inbox)[0])
    running = claim(inbox)[0]
    inbox.replay(Filter(key="e0"), now=1).result()

    assert claim(inbox) == ()
    assert claim_key(inbox, "e0") is None
    release(inbox, running, due_at=0)
    assert keys(claim(inbox)) == ["e0"]


def test_a_lost_event_is_taken_over_before_a_replayed_one_of_its_job(inbox: Inbox) -> None:
    put(inbox, entry("e0", job_id="j"), entry("e1", job_id="j"))
    finish(inbox, claim(inbox)[0])
    claim(inbox, now=1000)
    inbox.replay(Filter(key="e0"), now=1).result()

    assert keys(claim(inbox, now=1060)) == ["e1"]


# Settling


@pytest.mark.parametrize("state", [State.DONE, State.DEAD])
def test_a_finished_event_is_settled(inbox: Inbox, state: State) -> None:
    outcome = Outcome("book", state, 2, error="x", started_at=1000.0)
    put(inbox, entry())

    assert finish(inbox, claim(inbox)[0], outcome, state=state)

    row = only_row(inbox)
    assert (row.state, row.settled_at, row.claims) == (state, 1001.0, 1)
    assert row.outcomes == {"book": outcome}
    assert claim(inbox, now=10**9) == ()


@pytest.mark.parametrize("state", [State.PENDING, State.RUNNING])
def test_an_event_is_finished_as_done_or_dead_only(inbox: Inbox, state: State) -> None:
    put(inbox, entry())
    held = claim(inbox)[0]

    with pytest.raises(ValueError, match="done or dead"):
        finish(inbox, held, state=state)


def test_an_outcome_replaces_that_of_the_same_handler_only(inbox: Inbox) -> None:
    put(inbox, entry())
    release(inbox, claim(inbox)[0], Outcome("a", State.DONE, 1), Outcome("b", State.PENDING, 1), due_at=0)

    finish(inbox, claim(inbox)[0], Outcome("b", State.DONE, 2))

    assert only_row(inbox).outcomes == {
        "a": Outcome("a", State.DONE, 1),
        "b": Outcome("b", State.DONE, 2),
    }


def test_a_worker_whose_lease_was_taken_over_changes_nothing(inbox: Inbox) -> None:
    put(inbox, entry())
    late = claim(inbox, now=1000)[0]
    newest = claim(inbox, now=1060)[0]

    assert not finish(inbox, late, Outcome("book", State.DONE, 1))
    assert not release(inbox, late, Outcome("book", State.DONE, 1))
    assert inbox.renew([late, newest], lease=60, now=1061).result() == (False, True)
    assert only_row(inbox).outcomes == {}
    assert finish(inbox, newest)


def test_a_late_worker_changes_nothing_when_the_newest_finishes_at_the_same_moment(inbox: Inbox) -> None:
    put(inbox, *(entry(f"e{n}") for n in range(40)))
    late = claim(inbox, now=1000)
    newest = claim(inbox, now=1060)
    # Asked without waiting, so that a store which groups has both in one transaction.
    asked = [
        inbox.finish(held, [Outcome(name, State.DONE, 1)], state=State.DONE, now=1061)
        for pair in zip(late, newest, strict=True)
        for name, held in zip(("late", "newest"), pair, strict=True)
    ]

    assert [future.result() for future in asked] == [False, True] * 40
    assert {name for row in inbox.rows().result() for name in row.outcomes} == {"newest"}


def test_a_lease_that_ran_out_but_was_not_taken_over_can_still_finish(inbox: Inbox) -> None:
    put(inbox, entry())

    assert finish(inbox, claim(inbox, now=-(10**6))[0])


def test_an_event_is_completed_once(inbox: Inbox) -> None:
    put(inbox, entry())
    held = claim(inbox)[0]

    assert [finish(inbox, held) for _ in range(3)] == [True, False, False]
    assert not release(inbox, held)


def test_a_renewed_lease_lasts_longer(inbox: Inbox) -> None:
    put(inbox, entry())
    held = claim(inbox, now=1000)[0]

    assert inbox.renew([held], lease=60, now=1050).result() == (True,)
    assert claim(inbox, now=1109) == ()
    assert keys(claim(inbox, now=1110)) == ["e1"]


def test_a_settled_or_unknown_claim_is_not_renewed(inbox: Inbox) -> None:
    put(inbox, entry())
    held = claim(inbox)[0]
    finish(inbox, held)

    assert inbox.renew([held, replace(held, id=999)], lease=60, now=1).result() == (False, False)
    assert not finish(inbox, replace(held, id=999))


# Replaying


def test_a_done_event_is_replayed_with_all_its_handlers(inbox: Inbox) -> None:
    put(inbox, entry())
    finish(inbox, claim(inbox)[0], Outcome("a", State.DONE, 1), Outcome("b", State.DONE, 1))

    replayed = inbox.replay(Filter(), now=1002).result()

    row = only_row(inbox)
    assert replayed == (row.id,)
    assert (row.state, row.settled_at, row.replays, row.outcomes) == (State.PENDING, None, 1, {})
    assert keys(claim(inbox)) == ["e1"]


def test_a_dead_event_is_replayed_with_its_dead_handlers(inbox: Inbox) -> None:
    done = Outcome("a", State.DONE, 1)
    put(inbox, entry())
    finish(inbox, claim(inbox)[0], done, Outcome("b", State.DEAD, 8), state=State.DEAD)

    inbox.replay(Filter(states=(State.DEAD,)), now=1002).result()

    assert claim(inbox)[0].outcomes == {"a": done}


def test_one_dead_handler_is_replayed_without_the_others(inbox: Inbox) -> None:
    dead = Outcome("b", State.DEAD, 8)
    put(inbox, entry(), entry("e2"))
    first, second = claim(inbox)
    finish(inbox, first, Outcome("a", State.DEAD, 8), dead, state=State.DEAD)
    finish(inbox, second, dead, state=State.DEAD)

    replayed = inbox.replay(Filter(handler="a"), now=1002).result()

    assert replayed == (first.id,)
    assert claim(inbox)[0].outcomes == {"b": dead}


def test_events_that_are_not_settled_are_not_replayed(inbox: Inbox) -> None:
    put(inbox, entry("e1"), entry("e2"))
    claim(inbox, limit=1)

    assert inbox.replay(Filter(), now=1002).result() == ()
    assert [row.replays for row in inbox.rows().result()] == [0, 0]


def test_a_replay_has_a_limit_and_begins_with_the_oldest(inbox: Inbox) -> None:
    put(inbox, entry("e1"), entry("e2"), entry("e3"))
    claims = claim(inbox)
    for held in claims:
        finish(inbox, held)

    assert inbox.replay(Filter(), now=1, limit=2).result() == (claims[0].id, claims[1].id)


# Purging, and who did what


def settled(inbox: Inbox, *states: State) -> tuple[int, ...]:
    """Put and finish an event for each state, the first at 1000 s, each a second after the one before."""
    put(inbox, *(entry(f"e{n}") for n in range(len(states))))
    claims = claim(inbox, limit=len(states))
    for moment, (held, state) in enumerate(zip(claims, states, strict=True), start=1000):
        inbox.finish(held, [Outcome("book", state, 1)], state=state, now=moment).result()
    return tuple([held.id for held in claims])


def test_a_purge_deletes_settled_rows_and_no_others(inbox: Inbox) -> None:
    done, dead = settled(inbox, State.DONE, State.DEAD)
    put(inbox, entry("waits"), entry("runs"))
    claim(inbox, limit=1)

    assert inbox.purge(Filter(), now=2000).result() == (done, dead)
    assert set(keys(inbox.rows().result())) == {"waits", "runs"}


def test_a_purge_keeps_to_state_and_age(inbox: Inbox) -> None:
    first, _, third, _ = settled(inbox, State.DONE, State.DEAD, State.DONE, State.DONE)

    purged = inbox.purge(Filter(states=(State.DONE,), settled_until=1002.0), now=2000).result()

    assert purged == (first, third)


def test_a_purge_has_a_limit_and_goes_on_after_the_last_id(inbox: Inbox) -> None:
    ids = settled(inbox, *[State.DONE] * 5)

    first = inbox.purge(Filter(), now=1, limit=2).result()
    second = inbox.purge(Filter(after_id=first[-1]), now=1, limit=2).result()

    assert (first, second) == (ids[:2], ids[2:4])


def test_a_purged_event_is_new_when_it_comes_again(inbox: Inbox) -> None:
    (old,) = settled(inbox, State.DONE)
    inbox.purge(Filter(), now=2000).result()

    assert put(inbox, entry("e0")) == (True,)
    assert only_row(inbox).id > old
    assert only_row(inbox).outcomes == {}


def test_a_purge_lets_the_counts_agree_with_the_rows(inbox: Inbox) -> None:
    settled(inbox, State.DONE, State.DEAD)
    put(inbox, entry("e0"), entry("e1"), entry("e2"), entry("e2"))

    inbox.purge(Filter(), now=2000).result()

    assert inbox.stats().result() == Stats(pending=1, duplicates=1, oldest_pending=100.0)


@pytest.mark.parametrize("state", [State.DONE, State.DEAD])
def test_a_redacted_event_is_there_without_its_content(inbox: Inbox, state: State) -> None:
    put(inbox, entry(headers={"x-name": "Example Ltd"}, job_id="j"))
    finish(inbox, claim(inbox)[0], Outcome("book", state, 1), state=state)

    inbox.purge(Filter(), redact=True, now=2000).result()

    row = only_row(inbox)
    assert row.entry == entry(body=b"", headers={}, form="redacted", job_id="j")
    assert (row.state, row.settled_at, row.outcomes) == (state, 1001.0, {"book": Outcome("book", state, 1)})


def test_a_redacted_event_is_a_duplicate_when_it_comes_again(inbox: Inbox) -> None:
    settled(inbox, State.DONE)
    inbox.purge(Filter(), redact=True, now=2000).result()

    assert put(inbox, entry("e0")) == (False,)
    assert claim(inbox) == ()
    assert only_row(inbox).duplicates == 1
    assert only_row(inbox).entry.body == b""


def test_a_redacted_event_cannot_be_replayed_or_redacted_again_and_can_be_deleted(inbox: Inbox) -> None:
    ids = settled(inbox, State.DEAD, State.DONE)
    inbox.purge(Filter(states=(State.DEAD,)), redact=True, now=2000).result()

    assert inbox.replay(Filter(), now=2001).result() == ids[1:]
    assert inbox.purge(Filter(), redact=True, now=2002).result() == ()
    assert inbox.purge(Filter(), now=2003).result() == ids[:1]


def test_the_next_of_a_job_goes_on_when_the_one_before_is_purged(inbox: Inbox) -> None:
    put(inbox, entry("e1", job_id="j"), entry("e2", job_id="j"))
    finish(inbox, claim(inbox)[0])

    inbox.purge(Filter(), now=2000).result()

    assert keys(claim(inbox)) == ["e2"]


def test_the_audit_tells_who_did_what_and_when(inbox: Inbox) -> None:
    ids = settled(inbox, State.DEAD, State.DONE, State.DONE)

    inbox.replay(Filter(states=(State.DEAD,)), now=2000.5, by="Zoë\x00 \udc80").result()
    inbox.purge(Filter(ids=ids[1:2]), redact=True, now=2001, by="night job").result()
    inbox.purge(Filter(), now=2002).result()

    third, second, first = inbox.audit().result()
    assert (first.moment, first.by, first.action, first.event_ids) == (
        2000.5,
        "Zoë\x00 \\udc80",
        "replay",
        ids[:1],
    )
    assert (second.moment, second.by, second.action, second.event_ids) == (
        2001.0,
        "night job",
        "redact",
        ids[1:2],
    )
    assert (third.moment, third.by, third.action, third.event_ids) == (2002.0, "", "purge", ids[1:])
    assert first.id < second.id < third.id
    assert inbox.audit(limit=1).result() == (third,)


def test_what_changed_nothing_is_not_in_the_audit(inbox: Inbox) -> None:
    put(inbox, entry())

    inbox.replay(Filter(), now=1).result()
    inbox.purge(Filter(), now=1).result()
    inbox.purge(Filter(), redact=True, now=1).result()

    assert inbox.audit().result() == ()


# Looking


def test_rows_are_the_newest_first_and_in_pages(inbox: Inbox) -> None:
    put(inbox, *(entry(f"e{n}") for n in range(5)))

    assert keys(inbox.rows(limit=2).result()) == ["e4", "e3"]
    assert keys(inbox.rows(limit=2, offset=4).result()) == ["e0"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Filter(), {"a", "b", "c", "d"}),
        (Filter(ids=(1, 3)), {"a", "c"}),
        (Filter(ids=(99,)), set()),
        (Filter(states=(State.DONE,)), {"a"}),
        (Filter(states=(State.DEAD, State.PENDING)), {"b", "c", "d"}),
        (Filter(states=(State.RUNNING,)), set()),
        (Filter(provider="ocriva"), {"c"}),
        (Filter(key="b"), {"b"}),
        (Filter(type="document.completed"), {"a", "b"}),
        (Filter(type="document.*"), {"a", "b", "c"}),
        (Filter(type="document"), set()),
        (Filter(type="document_*"), set()),
        (Filter(job_id="j"), {"b"}),
        (Filter(job_id="d"), set()),
        (Filter(handler="book"), {"b"}),
        (Filter(handler="mail"), set()),
        (Filter(settled_until=1000.9), set()),
        (Filter(settled_until=1001.0), {"a", "b"}),
        (Filter(after_id=1, before_id=4), {"b", "c"}),
        (Filter(states=(State.DEAD,), provider="docuparse", job_id="j", type="document.*"), {"b"}),
    ],
)
def test_a_filter_keeps_what_fits_all_its_members(inbox: Inbox, where: Filter, expected: set[str]) -> None:
    put(inbox, entry("a"), entry("b", job_id="j"))
    done, dead = claim(inbox)
    finish(inbox, done, Outcome("book", State.DONE, 1))
    finish(inbox, dead, Outcome("book", State.DEAD, 1), Outcome("mail", State.DONE, 1), state=State.DEAD)
    put(
        inbox,
        entry("c", provider="ocriva", type="document.failed", document_id="d"),
        entry("d", type="documented"),
    )

    assert set(keys(inbox.rows(where).result())) == expected


def test_stats_count_the_rows(inbox: Inbox) -> None:
    put(inbox, *(entry(f"e{n}", received_at=100.0 - n) for n in range(5)), entry("e0"))
    first, second, _ = claim(inbox, limit=3)
    finish(inbox, first)
    finish(inbox, second, state=State.DEAD)

    assert inbox.stats().result() == Stats(2, 1, 1, 1, 1, oldest_pending=96.0)


# Waking


def test_who_subscribes_hears_of_what_was_put_until_it_unsubscribes(inbox: Inbox) -> None:
    heard, others = threading.Event(), threading.Event()
    unsubscribe = inbox.subscribe(heard.set)
    inbox.subscribe(others.set)
    put(inbox, entry("e1"))
    assert heard.wait(5)
    assert others.wait(5)

    unsubscribe()
    time.sleep(0.05)
    heard.clear()
    others.clear()
    put(inbox, entry("e2"))

    assert others.wait(5)
    assert not heard.is_set()


def test_a_subscriber_that_fails_costs_neither_the_others_nor_the_inbox(
    inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("IBAN DE89")

    heard = threading.Event()
    inbox.subscribe(fail)
    inbox.subscribe(heard.set)
    put(inbox, entry("e1"))
    assert heard.wait(20)
    heard.clear()

    assert inbox.put([entry("e2")]).result(20) == (True,)
    assert heard.wait(20)
    assert "RuntimeError" in caplog.text
    assert "IBAN" not in caplog.text


# Closing


def on_a_loop(inbox: Inbox, *entries: Entry) -> tuple[bool, ...]:
    assert isinstance(inbox, LoopInbox)

    async def put() -> tuple[bool, ...]:
        return await inbox.put_on(Bridge(asyncio.get_running_loop()), entries)

    return asyncio.run(put())


@pytest.fixture(params=[name for name in STORES if name != "memory"])
def loop_inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inbox]:
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()


def test_a_loop_puts_as_a_thread_does(loop_inbox: Inbox) -> None:
    assert on_a_loop(loop_inbox, entry(), entry("e2")) == (True, True)
    assert put(loop_inbox, entry("e3"), entry("e2")) == (True, False)
    assert on_a_loop(loop_inbox, entry("e1"), entry("\udc80")) == (False, True)
    assert on_a_loop(loop_inbox) == ()
    assert loop_inbox.stats().result() == replace(Stats(), pending=4, duplicates=2, oldest_pending=100.0)


def test_a_loop_hears_that_the_inbox_is_closed(loop_inbox: Inbox) -> None:
    loop_inbox.close()

    with pytest.raises(InboxUnavailable, match="closed"):
        on_a_loop(loop_inbox, entry())


def test_what_nobody_waits_for_any_more_is_stored_all_the_same(loop_inbox: Inbox) -> None:
    assert isinstance(loop_inbox, LoopInbox)

    async def go_away() -> None:
        loop_inbox.put_on(Bridge(asyncio.get_running_loop()), [entry()]).cancel()

    asyncio.run(go_away())

    # Asked behind it, so answered after it.
    assert put(loop_inbox, entry()) == (False,)


# Leased as they are put


def put_leased(
    inbox: Inbox, *entries: Entry, until: float = 1060.0
) -> tuple[tuple[bool, ...], tuple[Claim, ...]]:
    assert isinstance(inbox, LeasingInbox)
    given: list[tuple[Claim, ...]] = []

    async def put() -> tuple[bool, ...]:
        bridge = Bridge(asyncio.get_running_loop())
        return await inbox.put_leased_on(bridge, entries, lease_until=until, then=given.append)

    answer = asyncio.run(put())
    (claims,) = given
    return answer, claims


@pytest.fixture
def leasing_inbox(tmp_path: Path) -> Iterator[SqliteInbox]:
    opened = SqliteInbox(tmp_path / "inbox.db")
    yield opened
    opened.close()


def test_what_is_put_can_be_leased_at_once(leasing_inbox: SqliteInbox) -> None:
    answer, (held,) = put_leased(leasing_inbox, entry(job_id="j"))

    assert answer == (True,)
    assert (held.entry, held.lease_until, held.claims, held.lost) == (entry(job_id="j"), 1060.0, 1, 0)
    assert claim(leasing_inbox) == ()
    assert finish(leasing_inbox, held, Outcome("book", State.DONE, 1))
    assert leasing_inbox.stats().result() == Stats(done=1)


def test_a_lease_of_the_put_runs_out_as_any_other(leasing_inbox: SqliteInbox) -> None:
    _, (late,) = put_leased(leasing_inbox, entry())

    (taken,) = claim(leasing_inbox, now=1060.0)

    assert (taken.id, taken.claims, taken.lost) == (late.id, 2, 1)
    assert not finish(leasing_inbox, late)
    assert finish(leasing_inbox, taken)


def test_a_copy_is_not_leased(leasing_inbox: SqliteInbox) -> None:
    put(leasing_inbox, entry("e2"))

    answer, claims = put_leased(leasing_inbox, entry(), entry("e2"), entry(), entry("e3"))

    assert (answer, keys(claims)) == ((True, False, False, True), ["e1", "e3"])
    assert put_leased(leasing_inbox, entry("e3")) == ((False,), ())


def test_an_event_that_waits_for_another_of_its_job_is_not_leased(leasing_inbox: SqliteInbox) -> None:
    _, (first,) = put_leased(leasing_inbox, entry(job_id="j"))

    answer, claims = put_leased(leasing_inbox, entry("e2", job_id="j"), entry("e3", job_id="k"))

    assert (answer, keys(claims)) == ((True, True), ["e3"])
    finish(leasing_inbox, first)
    assert keys(claim(leasing_inbox)) == ["e2"]


def test_several_of_one_job_are_claimed_in_their_order(leasing_inbox: SqliteInbox) -> None:
    answer, claims = put_leased(leasing_inbox, *[entry(f"e{n}", job_id="j") for n in range(3)])

    assert (answer, claims) == ((True, True, True), ())
    for number in range(3):
        (held,) = claim(leasing_inbox)
        assert held.entry.key == f"e{number}"
        finish(leasing_inbox, held)


def test_more_than_one_statement_holds_are_all_leased(leasing_inbox: SqliteInbox) -> None:
    put(leasing_inbox, entry("e77"), entry("e200"))

    answer, claims = put_leased(leasing_inbox, *[entry(f"e{n}", body=b"%d" % n) for n in range(300)])

    assert answer.count(False) == 2
    assert keys(claims) == [f"e{n}" for n in range(300) if n not in {77, 200}]
    assert all(held.entry.body == held.entry.key[1:].encode() for held in claims)
    assert {held.id for held in claims} == {
        row.id
        for row in leasing_inbox.rows(Filter(states=(State.RUNNING,)), limit=400).result()
        if row.entry.body == row.entry.key[1:].encode()
    }


def test_leases_are_handed_over_whoever_still_waits(leasing_inbox: SqliteInbox) -> None:
    async def go_away() -> tuple[Claim, ...]:
        loop = asyncio.get_running_loop()
        given: asyncio.Future[tuple[Claim, ...]] = loop.create_future()
        leasing_inbox.put_leased_on(
            Bridge(loop), [entry()], lease_until=1060.0, then=given.set_result
        ).cancel()
        return await asyncio.wait_for(given, 10)

    assert keys(asyncio.run(go_away())) == ["e1"]


def test_where_nothing_was_put_nothing_is_leased(leasing_inbox: SqliteInbox) -> None:
    leasing_inbox.close()
    given: list[tuple[Claim, ...]] = []

    async def put() -> None:
        bridge = Bridge(asyncio.get_running_loop())
        await leasing_inbox.put_leased_on(bridge, [entry()], lease_until=1060.0, then=given.append)

    with pytest.raises(InboxUnavailable, match="closed"):
        asyncio.run(put())

    assert given == [()]


def test_one_who_was_too_late_costs_the_others_nothing(loop_inbox: Inbox) -> None:
    assert isinstance(loop_inbox, LoopInbox)
    put(loop_inbox, *[entry(f"e{n}") for n in range(5)])
    held = claim(loop_inbox)
    taken = claim_key(loop_inbox, "e2", now=1060.0)

    async def settle() -> list[bool]:
        bridge = Bridge(asyncio.get_running_loop())
        done = [Settlement(each, [], State.DONE, 1061.0) for each in held]
        return list(await asyncio.gather(*[loop_inbox.settle_on(bridge, each) for each in done]))

    answers = asyncio.run(settle())

    assert answers == [True, True, False, True, True]
    assert taken is not None
    assert finish(loop_inbox, taken)


def test_many_events_and_their_copies_keep_their_bodies_apart(inbox: Inbox) -> None:
    numbers = [n % 300 if n % 5 else 7 * n % 310 for n in range(0, 900, 2)]
    given = [entry(f"e{n}", body=b"%d" % n, job_id=f"j{n % 7}") for n in numbers]
    put(inbox, *[entry(f"e{n}", body=b"%d" % n) for n in range(40)])

    is_new = put(inbox, *given)

    first = {each.key: number for number, each in reversed(list(enumerate(given)))}
    assert is_new == tuple(
        first[each.key] == number and int(each.key[1:]) >= 40 for number, each in enumerate(given)
    )
    rows = inbox.rows(Filter(), limit=1000).result()
    assert {(row.entry.key, row.entry.body) for row in rows} == {(each.key, each.body) for each in given} | {
        (f"e{n}", b"%d" % n) for n in range(40)
    }


def test_a_closed_inbox_refuses_and_says_so(inbox: Inbox) -> None:
    put(inbox, entry())
    inbox.close()
    inbox.close()

    for asked in (inbox.put([entry("e2")]), inbox.claim(limit=1, lease=1, now=1), inbox.stats()):
        with pytest.raises(InboxUnavailable, match="closed"):
            asked.result()


def test_what_was_asked_before_closing_is_done(inbox: Inbox) -> None:
    futures = [inbox.put([entry(f"e{n}")]) for n in range(50)]

    inbox.close()

    assert [future.result() for future in futures] == [(True,)] * 50


# Any sequence of all of it

SUBJECTS = [None, "j1", "j2"]


class InboxMachine(RuleBasedStateMachine):
    """Drives an inbox with any calls in any order, beside a model that is a list of dicts."""

    place: Callable[[Path], Callable[[], Inbox]]
    folder: Path
    runs = 0

    @initialize()
    def open(self) -> None:
        type(self).runs += 1
        folder = self.folder / str(self.runs)
        folder.mkdir()
        self.reopen = type(self).place(folder)
        self.inbox = self.reopen()
        self.now = 1000.0
        self.model: list[dict[str, Any]] = []
        self.claims: list[Claim] = []

    def teardown(self) -> None:
        if hasattr(self, "inbox"):
            self.inbox.close()

    @rule(key=st.integers(0, 8), subject=st.sampled_from(SUBJECTS))
    def put(self, key: int, subject: str | None) -> None:
        answer = put(self.inbox, entry(str(key), job_id=subject))

        assert answer == (self.is_put(str(key), subject),)

    @rule(
        several=st.lists(
            st.tuples(st.integers(0, 8), st.sampled_from(SUBJECTS)),
            min_size=2,
            max_size=5,
        )
    )
    def put_several(self, several: list[tuple[int, str | None]]) -> None:
        answer = put(self.inbox, *(entry(str(key), job_id=subject) for key, subject in several))

        assert answer == tuple(self.is_put(str(key), subject) for key, subject in several)

    @precondition(lambda self: isinstance(self.inbox, LeasingInbox))
    @rule(
        several=st.lists(st.tuples(st.integers(0, 8), st.sampled_from(SUBJECTS)), min_size=1, max_size=4),
    )
    def put_leased(self, several: list[tuple[int, str | None]]) -> None:
        entries = [entry(str(key), job_id=subject) for key, subject in several]

        answer, claims = put_leased(self.inbox, *entries, until=self.now + 60)

        assert answer == tuple(self.is_put(str(key), subject) for key, subject in several)
        new = {each.key for each, was_new in zip(entries, answer, strict=True) if was_new}
        may = {row["key"] for row in self.claimable()} & new
        lines = Counter(subject for _, subject in several)
        alone = {row["key"] for row in self.model if row["subject"] is None or lines[row["subject"]] == 1}
        assert may & alone <= set(keys(claims)) <= may
        for held in claims:
            self.lease(held)

    def is_put(self, key: str, subject: str | None) -> bool:
        """Put it into the model; False for a copy."""
        if any(row["key"] == key for row in self.model):
            return False
        self.model.append(
            {
                "key": key,
                "subject": subject,
                "state": State.PENDING,
                "due_at": 0.0,
                "token": "",
                "done": 0,
                "is_redacted": False,
            }
        )
        return True

    @precondition(lambda self: not isinstance(self.inbox, MemoryInbox))
    @rule()
    def crash(self) -> None:
        """Go on as another process that finds what is stored; leases of the one before last until they run out."""
        self.inbox.close()
        self.inbox = self.reopen()

    @rule(limit=st.integers(1, 4))
    def claim(self, limit: int) -> None:
        may = self.claimable()

        claims = claim(self.inbox, limit=limit, now=self.now)

        assert len(claims) == min(limit, len(may))
        assert set(keys(claims)) <= {row["key"] for row in may}
        for held in claims:
            self.lease(held)

    @rule(key=st.integers(0, 8))
    def claim_one(self, key: int) -> None:
        may = [row for row in self.claimable(ignore_due=True) if row["key"] == str(key)]

        held = claim_key(self.inbox, str(key), now=self.now)

        assert (held is not None) == bool(may)
        if held is not None:
            self.lease(held)

    def lease(self, held: Claim) -> None:
        row = self.row(held)
        row.update(state=State.RUNNING, token=held.token, lease_until=self.now + 60)
        self.claims.append(held)

    def claimable(self, *, ignore_due: bool = False) -> list[dict[str, Any]]:
        found = []
        for place, row in enumerate(self.model):
            line = [
                (n, other)
                for n, other in enumerate(self.model)
                if row["subject"] is not None and other["subject"] == row["subject"] and n != place
            ]
            blocked = any(
                other["state"] is State.RUNNING or (n < place and other["state"] is State.PENDING)
                for n, other in line
            )
            if row["state"] is State.RUNNING and row["lease_until"] <= self.now:
                found.append(row)
            if row["state"] is State.PENDING and not blocked and (ignore_due or row["due_at"] <= self.now):
                found.append(row)
        return found

    def row(self, held: Claim) -> dict[str, Any]:
        return next(row for row in self.model if row["key"] == held.entry.key)

    @precondition(lambda self: self.claims)
    @rule(index=st.integers(0, 50), state=st.sampled_from([State.DONE, State.DEAD]))
    def finish(self, index: int, state: State) -> None:
        held = self.claims[index % len(self.claims)]
        row = self.row(held)
        is_newest = row["token"] == held.token

        assert finish(self.inbox, held, Outcome("h", state, 1), state=state) == is_newest
        if is_newest:
            row.update(state=state, token="", done=row["done"] + 1)

    @precondition(lambda self: self.claims)
    @rule(index=st.integers(0, 50))
    def send_to_review(self, index: int) -> None:
        held = self.claims[index % len(self.claims)]
        row = self.row(held)
        is_newest = row["token"] == held.token

        assert (
            self.inbox.open_review(held, [Reason(rule="r", message="m")], now=self.now).result() == is_newest
        )
        assert finish(self.inbox, held, Outcome("h", State.DONE, 1), state=State.REVIEW) == is_newest
        if is_newest:
            row.update(state=State.REVIEW, token="")

    @precondition(lambda self: self.claims)
    @rule(index=st.integers(0, 50), decision=st.sampled_from(Decision))
    def decide(self, index: int, decision: Decision) -> None:
        held = self.claims[index % len(self.claims)]
        row = self.row(held)
        is_waiting = row["state"] is State.REVIEW

        assert self.inbox.decide(Ruling(held.id, decision, self.now)).result() == is_waiting
        if is_waiting and decision is Decision.REJECTED:
            row.update(state=State.DONE)
        elif is_waiting:
            row.update(state=State.PENDING, due_at=0.0)

    @precondition(lambda self: self.claims)
    @rule(index=st.integers(0, 50), wait=st.sampled_from([None, 0.0, 30.0, 90.0]))
    def release(self, index: int, wait: float | None) -> None:
        held = self.claims[index % len(self.claims)]
        row = self.row(held)
        is_newest = row["token"] == held.token
        due_at = 0.0 if wait is None else self.now + wait

        assert release(self.inbox, held, Outcome("h", State.PENDING, 1), due_at=due_at) == is_newest
        if is_newest:
            row.update(state=State.PENDING, token="", due_at=due_at)

    @precondition(lambda self: self.claims)
    @rule()
    def renew(self) -> None:
        answers = self.inbox.renew(self.claims, lease=60, now=self.now).result()

        expected = [self.row(held)["token"] == held.token for held in self.claims]
        assert list(answers) == expected
        for row in self.model:
            if row["state"] is State.RUNNING:
                row["lease_until"] = self.now + 60

    @rule(state=st.sampled_from([State.DONE, State.DEAD, State.REVIEW]))
    def replay(self, state: State) -> None:
        # Of what was redacted nothing is left to run.
        expected = [row for row in self.model if row["state"] is state and not row["is_redacted"]]

        replayed = self.inbox.replay(Filter(states=(state,)), now=self.now).result()

        assert len(replayed) == len(expected)
        for row in expected:
            row.update(state=State.PENDING, due_at=0.0, done=0)

    @rule(state=st.sampled_from([State.DONE, State.DEAD, State.REVIEW]), limit=st.sampled_from([1, 9]))
    def purge(self, state: State, limit: int) -> None:
        # In the order of the model, which is that of the ids.
        is_decided = state is not State.REVIEW
        expected = [row for row in self.model if row["state"] is state and is_decided][:limit]

        purged = self.inbox.purge(Filter(states=(state,)), now=self.now, limit=limit).result()

        assert len(purged) == len(expected)
        self.model = [row for row in self.model if row not in expected]
        self.claims = [held for held in self.claims if held.id not in purged]

    @rule(state=st.sampled_from([State.DONE, State.DEAD]), limit=st.sampled_from([1, 9]))
    def redact(self, state: State, limit: int) -> None:
        expected = [row for row in self.model if row["state"] is state and not row["is_redacted"]][:limit]

        redacted = self.inbox.purge(Filter(states=(state,)), now=self.now, redact=True, limit=limit).result()

        assert len(redacted) == len(expected)
        for row in expected:
            row["is_redacted"] = True

    @rule(seconds=st.sampled_from([1.0, 29.0, 60.0, -30.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def nothing_is_lost_doubled_or_reordered(self) -> None:
        if not hasattr(self, "inbox"):
            return
        rows = {row.entry.key: row for row in self.inbox.rows(limit=1000).result()}
        assert {key: row.state for key, row in rows.items()} == {
            row["key"]: row["state"] for row in self.model
        }
        assert all(row["done"] <= 1 for row in self.model)
        stats, states = self.inbox.stats().result(), [row["state"] for row in self.model]
        assert [stats.pending, stats.running, stats.done, stats.dead, stats.review] == [
            states.count(state) for state in State
        ]
        assert stats.duplicates == sum(row.duplicates for row in rows.values())
        for subject in filter(None, SUBJECTS):
            running = [
                row for row in rows.values() if row.entry.subject == subject and row.state is State.RUNNING
            ]
            assert len(running) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("store", PLACES)
def test_any_sequence_of_calls_loses_doubles_and_reorders_nothing(store: str, tmp_path: Path) -> None:
    machine = type("Machine", (InboxMachine,), {"place": staticmethod(PLACES[store]), "folder": tmp_path})

    case: Any = machine.TestCase()
    case.settings = settings(
        # Each one in PostgreSQL is a schema of its own.
        max_examples={"memory": 60, "sqlite": 25, "postgres": 15}[store],
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    case.runTest()
