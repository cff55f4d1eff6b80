"""One suite for every inbox: what `inbox/reviewing.py` promises."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import psycopg
import pytest

from paperhook.core.review import Decision, Reason
from paperhook.inbox import Claim, Filter, Outcome, PostgresInbox, SqliteInbox, State
from paperhook.inbox.reviewing import ReviewInbox, Ruling
from tests import postgres

from .test_inboxes import STORES, claim, claim_key, entry, finish, keys, only_row, put

REASONS = (
    Reason(
        rule="sums",
        message="subtotal and tax are not the total",
        field="total",
        page_number=2,
        box=(1, 2, 3, 4),
    ),
    Reason(rule="mine", message="zu groß \udc80\x00"),
)
TOLD = Outcome("tell", State.DONE, 1)


@pytest.fixture(params=STORES)
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    opened = STORES[request.param](tmp_path)
    assert isinstance(opened, ReviewInbox)
    yield opened
    opened.close()


def held_back(inbox: Any, key: str = "e1", **changes: Any) -> int:
    """Put an event and send it to review; give its id."""
    put(inbox, entry(key, **changes))
    taken = claim_key(inbox, key)
    assert taken is not None
    assert inbox.open_review(taken, REASONS, now=1000.5).result()
    assert finish(inbox, taken, TOLD, state=State.REVIEW)
    return taken.id


def decide(inbox: Any, event_id: int, decision: Decision = Decision.ACCEPTED, **changes: Any) -> bool:
    return bool(inbox.decide(Ruling(event_id, decision, 1002.0, **changes)).result())


def hold(inbox: Any, taken: Claim, *digests: bytes, scope: str = "number") -> Any:
    return inbox.hold(taken, [(scope, digest) for digest in digests]).result()


def test_a_review_comes_back_as_it_was_opened(inbox: Any) -> None:
    event_id = held_back(inbox)

    review = inbox.reviews([event_id, 77]).result()[event_id]

    assert (review.reasons, review.decision, review.corrections) == (REASONS, None, {})
    assert review.opened_at == datetime.fromtimestamp(1000.5, UTC)
    assert len(inbox.reviews([event_id, 77, 2**70]).result()) == 1


def test_an_event_in_review_waits_and_is_counted(inbox: Any) -> None:
    held_back(inbox)

    row = only_row(inbox)

    assert (row.state, row.settled_at, row.outcomes) == (State.REVIEW, 1001.0, {"tell": TOLD})
    assert claim(inbox, now=9e9) == ()
    stats = inbox.stats().result()
    assert (stats.review, stats.pending, stats.done, stats.dead) == (1, 0, 0, 0)
    assert keys(inbox.rows(Filter(states=(State.REVIEW,))).result()) == ["e1"]


def test_what_comes_again_or_later_does_not_move_an_event_in_review(inbox: Any) -> None:
    held_back(inbox, job_id="j")

    assert put(inbox, entry("e1", job_id="j"), entry("e2", job_id="j")) == (False, True)

    assert keys(claim(inbox)) == ["e2"]
    assert inbox.rows(Filter(key="e1")).result()[0].state is State.REVIEW


def test_only_the_newest_lease_opens_a_review(inbox: Any) -> None:
    put(inbox, entry())
    (old,) = claim(inbox)
    claim(inbox, now=2000.0)

    assert not inbox.open_review(old, REASONS, now=2001.0).result()

    assert inbox.reviews([old.id]).result() == {}


@pytest.mark.parametrize(
    ("decision", "corrections"), [(Decision.ACCEPTED, {}), (Decision.CORRECTED, {"total": "5", "tax": None})]
)
def test_an_accepted_event_runs_as_if_it_never_had(
    inbox: Any, decision: Decision, corrections: dict[str, str | None]
) -> None:
    event_id = held_back(inbox)

    assert decide(inbox, event_id, decision, by="ana", note="checked \x00\udc80", corrections=corrections)

    (again,) = claim(inbox)
    review = inbox.reviews([event_id]).result()[event_id]
    assert (again.id, again.outcomes, again.claims) == (event_id, {}, 2)
    assert (review.decision, review.by, review.corrections) == (decision, "ana", corrections)
    assert review.note == "checked \x00\\udc80"
    assert review.decided_at == datetime.fromtimestamp(1002.0, UTC)
    (line,) = inbox.audit().result()
    assert (line.by, line.action, line.event_ids) == ("ana", decision, (event_id,))


def test_a_rejected_event_is_done_and_nothing_runs(inbox: Any) -> None:
    event_id = held_back(inbox)

    assert decide(inbox, event_id, Decision.REJECTED, by="ana")

    stats = inbox.stats().result()
    assert (stats.review, stats.done) == (0, 1)
    assert claim(inbox, now=9e9) == ()
    assert only_row(inbox).settled_at == 1002.0


@pytest.mark.parametrize("first", Decision)
@pytest.mark.parametrize("second", Decision)
def test_one_decision_counts(inbox: Any, first: Decision, second: Decision) -> None:
    event_id = held_back(inbox)

    assert decide(inbox, event_id, first, by="ana")
    assert not decide(inbox, event_id, second, by="ben", corrections={"total": "6"})

    review = inbox.reviews([event_id]).result()[event_id]
    assert (review.decision, review.by, review.corrections) == (first, "ana", {})
    assert len(inbox.audit().result()) == 1


def test_one_of_many_who_decide_at_once_wins(inbox: Any) -> None:
    event_id = held_back(inbox)
    answers: list[bool] = []
    barrier = threading.Barrier(8)

    def reviewer(number: int) -> None:
        barrier.wait()
        answers.append(decide(inbox, event_id, list(Decision)[number % 3], by=str(number)))

    threads = [threading.Thread(target=reviewer, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False] * 7 + [True]
    assert len(inbox.audit().result()) == 1


def test_one_of_two_machines_that_decide_at_once_wins() -> None:
    address = postgres.address()
    machines = [PostgresInbox(address) for _ in range(2)]
    ids = [held_back(machines[0], f"e{number}") for number in range(10)]
    answers: list[tuple[int, bool]] = []
    barrier = threading.Barrier(2)

    def reviewer(machine: Any) -> None:
        for event_id in ids:
            barrier.wait()
            answers.append((event_id, decide(machine, event_id)))

    threads = [threading.Thread(target=reviewer, args=(machine,)) for machine in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(event_id for event_id, counts in answers if counts) == ids
    for machine in machines:
        machine.close()


@pytest.mark.parametrize("event_id", [77, 2**70, -1])
def test_nothing_is_decided_about_an_unknown_event(inbox: Any, event_id: int) -> None:
    assert not decide(inbox, event_id)


def test_nothing_is_decided_about_an_event_that_does_not_wait(inbox: Any) -> None:
    put(inbox, entry())
    (taken,) = claim(inbox)
    inbox.open_review(taken, REASONS, now=1000.5).result()

    assert not decide(inbox, taken.id)

    assert only_row(inbox).state is State.RUNNING


def test_a_decided_event_takes_its_turn_among_those_of_its_subject(inbox: Any) -> None:
    event_id = held_back(inbox, job_id="j")
    put(inbox, entry("e2", job_id="j"), entry("e3", job_id="j"))
    (second,) = claim(inbox)

    decide(inbox, event_id)

    assert claim(inbox) == ()
    finish(inbox, second)
    assert keys(claim(inbox)) == ["e1"]


def test_a_second_review_keeps_the_corrections_and_adds_to_them(inbox: Any) -> None:
    event_id = held_back(inbox)
    decide(inbox, event_id, Decision.CORRECTED, by="ana", corrections={"total": "5", "tax": "1"})
    (again,) = claim(inbox)
    inbox.open_review(again, REASONS[:1], now=1003.0).result()
    finish(inbox, again, state=State.REVIEW)

    waiting = inbox.reviews([event_id]).result()[event_id]
    decide(inbox, event_id, Decision.CORRECTED, by="ben", corrections={"tax": "2"})

    assert (waiting.decision, waiting.decided_at, waiting.reasons) == (None, None, REASONS[:1])
    assert inbox.reviews([event_id]).result()[event_id].corrections == {"total": "5", "tax": "2"}


# Replaying and purging


def test_replay_of_a_waiting_event_forgets_its_review(inbox: Any) -> None:
    event_id = held_back(inbox)

    assert inbox.replay(Filter(states=(State.REVIEW,)), now=1003.0).result() == (event_id,)

    assert claim(inbox)[0].outcomes == {}
    assert inbox.reviews([event_id]).result() == {}
    assert inbox.stats().result().done == 0


def test_replay_of_a_rejected_event_forgets_its_review(inbox: Any) -> None:
    event_id = held_back(inbox)
    decide(inbox, event_id, Decision.REJECTED)

    assert inbox.replay(Filter(), now=1003.0).result() == (event_id,)

    assert inbox.reviews([event_id]).result() == {}
    assert inbox.stats().result().done == 0


@pytest.mark.parametrize("state", [State.DONE, State.DEAD])
def test_replay_of_a_corrected_event_keeps_its_corrections(inbox: Any, state: State) -> None:
    event_id = held_back(inbox)
    decide(inbox, event_id, Decision.CORRECTED, corrections={"total": "5"})
    (again,) = claim(inbox)
    finish(inbox, again, state=state)

    inbox.replay(Filter(), now=1003.0).result()

    assert inbox.reviews([event_id]).result()[event_id].corrections == {"total": "5"}
    assert len(claim(inbox)) == 1


@pytest.mark.parametrize("redact", [True, False])
def test_a_waiting_event_is_never_purged(inbox: Any, redact: bool) -> None:
    event_id = held_back(inbox)

    assert inbox.purge(Filter(), now=1003.0, redact=redact).result() == ()

    assert inbox.reviews([event_id]).result()[event_id].reasons == REASONS
    assert only_row(inbox).entry.body


def test_redaction_takes_the_corrections_away(inbox: Any) -> None:
    event_id = held_back(inbox)
    decide(inbox, event_id, Decision.CORRECTED, by="ana", note="n", corrections={"total": "5"})
    finish(inbox, claim(inbox)[0])

    assert inbox.purge(Filter(), now=1003.0, redact=True).result() == (event_id,)

    review = inbox.reviews([event_id]).result()[event_id]
    assert (review.corrections, review.note, review.by) == ({}, "", "ana")


def test_redaction_of_an_event_that_was_never_in_review(inbox: Any) -> None:
    put(inbox, entry())
    finish(inbox, claim(inbox)[0])

    assert len(inbox.purge(Filter(), now=1003.0, redact=True).result()) == 1


def test_purge_takes_the_review_away(inbox: Any) -> None:
    event_id = held_back(inbox)
    decide(inbox, event_id, Decision.REJECTED)

    inbox.purge(Filter(), now=1003.0).result()

    assert inbox.reviews([event_id]).result() == {}
    assert inbox.stats().result().done == 0


# What was fetched


def test_what_was_fetched_takes_the_deliverys_place(inbox: Any) -> None:
    put(inbox, entry("e1", index=3, headers={"x-event": "1"}), entry("e2"))
    first, _ = claim(inbox)

    assert inbox.keep(first, b'{"payload": "\xc3\xa4"}').result()

    assert finish(inbox, first, state=State.DEAD)
    inbox.replay(Filter(key="e1"), now=1003.0).result()
    again = claim_key(inbox, "e1")
    assert again is not None
    kept = again.entry
    assert (kept.body, kept.form, kept.index, kept.headers) == (
        b'{"payload": "\xc3\xa4"}',
        "envelope",
        0,
        {},
    )
    assert (kept.key, kept.type, kept.received_at) == (
        first.entry.key,
        first.entry.type,
        first.entry.received_at,
    )
    assert inbox.rows(Filter(key="e2")).result()[0].entry == entry("e2")


def test_only_the_newest_lease_keeps_what_was_fetched(inbox: Any) -> None:
    put(inbox, entry())
    (old,) = claim(inbox)
    claim(inbox, now=2000.0)

    assert not inbox.keep(old, b"{}").result()

    assert only_row(inbox).entry == entry()


# Values that only one may have


def test_the_first_event_has_a_value_and_keeps_it(inbox: Any) -> None:
    put(inbox, entry("e1"), entry("e2"))
    first, second = claim(inbox)

    assert hold(inbox, first, b"a" * 32) == (first.id,)
    assert hold(inbox, second, b"a" * 32, b"b" * 32) == (first.id, second.id)
    assert hold(inbox, first, b"a" * 32) == (first.id,)
    assert hold(inbox, second, b"a" * 32, scope="other") == (second.id,)


def test_an_event_lets_go_of_the_value_that_it_had_before(inbox: Any) -> None:
    put(inbox, entry("e1"), entry("e2"))
    first, second = claim(inbox)
    hold(inbox, first, b"a" * 32)

    assert hold(inbox, first, b"b" * 32) == (first.id,)

    assert hold(inbox, second, b"a" * 32) == (second.id,)


def test_a_lost_lease_takes_no_value(inbox: Any) -> None:
    put(inbox, entry("e1"), entry("e2"))
    first, second = claim(inbox)
    claim(inbox, now=2000.0)

    assert hold(inbox, first, b"a" * 32) is None
    assert hold(inbox, claim_key(inbox, "e2", now=3000.0) or second, b"a" * 32) == (second.id,)


def test_a_rejected_event_has_no_value_any_more_and_a_purged_one_has(inbox: Any) -> None:
    put(inbox, entry("e1"), entry("e2"), entry("e3"))
    first, second, third = claim(inbox)
    hold(inbox, first, b"a" * 32)
    hold(inbox, second, b"b" * 32)
    inbox.open_review(first, REASONS, now=1000.5).result()
    finish(inbox, first, state=State.REVIEW)
    finish(inbox, second)

    decide(inbox, first.id, Decision.REJECTED)
    inbox.purge(Filter(), now=1003.0).result()

    assert hold(inbox, third, b"a" * 32) == (third.id,)
    assert inbox.hold(third, [("number", b"b" * 32)]).result() == (second.id,)


def test_one_of_many_who_take_a_value_at_once_has_it(inbox: Any) -> None:
    put(inbox, *[entry(f"e{number}") for number in range(8)])
    taken = claim(inbox)
    answers: list[Any] = []
    barrier = threading.Barrier(8)

    def worker(each: Claim) -> None:
        barrier.wait()
        answers.append(hold(inbox, each, b"a" * 32))

    threads = [threading.Thread(target=worker, args=(each,)) for each in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(answers)) == 1


# Stores that were made before


def scripts(store: str) -> list[str]:
    folder = resources.files("paperhook.inbox").joinpath("migrations", store)
    return [folder.joinpath(name).read_text("utf-8") for name in ("001_create.sql", "002_audit.sql")]


OLD = """
    INSERT INTO paperhook_event (id, provider, key, {more}type, state, is_next, received_at, settled_at)
    VALUES (7, 'docuparse', 'e7', {values}'document.completed', 'dead', {false}, 1, 2);
    INSERT INTO paperhook_payload (event_id, body, form, position, headers, origin) VALUES (7, '{{}}', 'delivery', 0, '{{}}', 'webhook');
    INSERT INTO paperhook_audit (moment, operator, action, event_ids) VALUES (1, 'ana', 'purge', {ids});
    """


def test_an_older_file_keeps_its_events_and_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        for script in scripts("sqlite"):
            old.executescript(script)
        old.executescript(OLD.format(more="", values="", false="0", ids="'[9]'"))
        old.execute("UPDATE sqlite_sequence SET seq = 9 WHERE name = 'paperhook_event'")
        old.execute("PRAGMA user_version = 2")
        old.execute(f"PRAGMA application_id = {application_id()}")
    old.close()

    inbox = SqliteInbox(path)
    put(inbox, entry("e1"))

    assert [(row.id, row.state) for row in inbox.rows().result()] == [(10, State.PENDING), (7, State.DEAD)]
    assert [line.event_ids for line in inbox.audit().result()] == [(9,)]
    assert finish(inbox, claim(inbox)[0], state=State.REVIEW)
    inbox.close()


def test_an_older_empty_file_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        for script in scripts("sqlite"):
            old.executescript(script)
        old.execute("PRAGMA user_version = 2")
        old.execute(f"PRAGMA application_id = {application_id()}")
    old.close()

    inbox = SqliteInbox(path)

    assert put(inbox, entry("e1")) == (True,)
    inbox.close()


def application_id() -> int:
    from paperhook.inbox.sqlite.file import APPLICATION_ID

    return APPLICATION_ID


def test_older_tables_keep_their_events() -> None:
    address = postgres.address()
    with psycopg.connect(address, autocommit=True) as old:
        for script in scripts("postgres"):
            old.execute(script.encode())
        more = OLD.format(more="key_hash, ", values="'\\x00', ", false="FALSE", ids="'{9}'")
        old.execute(more.encode())
        old.execute("INSERT INTO paperhook_version VALUES (2)")

    inbox = PostgresInbox(address)

    assert [(row.id, row.state) for row in inbox.rows().result()] == [(7, State.DEAD)]
    held_back(inbox)
    assert inbox.stats().result().review == 1
    inbox.close()
