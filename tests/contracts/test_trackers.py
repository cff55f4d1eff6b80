"""One suite for every tracker: what `tracker/base.py` promises."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paperhook.core.job import Batch, Job, JobError, JobStatus
from paperhook.errors import InboxUnavailable
from paperhook.tracker import (
    Begun,
    MemoryTracker,
    Planned,
    PostgresTracker,
    SqliteTracker,
    Submission,
    TrackedBatch,
    Tracker,
    Turn,
    Which,
)
from paperhook.tracker.owner import this_process

from .. import postgres

STORES: dict[str, Callable[[Path], Tracker]] = {
    "memory": lambda folder: MemoryTracker(),
    "sqlite": lambda folder: SqliteTracker(folder / "paperhook.db"),
    "postgres": lambda folder: PostgresTracker(postgres.address()),
}
UNKNOWN = JobStatus.SUBMISSION_UNKNOWN
DEAD_PROCESS = "|".join([this_process().split("|")[0], "999999999", "1"])


@pytest.fixture(params=STORES)
def tracker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tracker]:
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()


def turn(token: str = "t1", **changes: Any) -> Turn:
    return replace(Turn(token, this_process(), 60.0), **changes)


def draft(attempt_id: str = "att-1", **changes: Any) -> Submission:
    empty = Job(id="", provider="acme", status=JobStatus.VALIDATED, filename="a.pdf", idempotency_key="k")
    row = Submission(attempt_id, "doc-1", "acme", "k", "k", "ab" * 32, 9, "a.pdf", "application/pdf", empty)
    return replace(row, **changes)


def job(id: str = "d1", status: JobStatus = JobStatus.SUBMITTED, **changes: Any) -> Job:
    return Job(id=id, provider="acme", status=status, **changes)


def begin(
    tracker: Tracker,
    row: Submission | None = None,
    whose: Turn | None = None,
    *,
    again: bool = False,
    repeat_within: float | None = None,
    now: float = 100.0,
) -> Begun:
    asked = tracker.begin(row or draft(), whose or turn(), again=again, repeat_within=repeat_within, now=now)
    return asked.result()


def only(tracker: Tracker) -> Submission:
    (row,) = tracker.rows().result()
    return row


def submitted(tracker: Tracker, made: Job | None = None, *, now: float = 101.0, **changes: Any) -> Submission:
    begun = begin(tracker, draft(**changes))
    tracker.sending(begun.submission.attempt_id, turn(), now=now)
    row = tracker.record(begun.submission.attempt_id, made or job(), now=now).result()
    assert row is not None
    return row


# Beginning


def test_a_new_document_is_whose_upload_it_is(tracker: Tracker) -> None:
    begun = begin(tracker)

    assert begun == Begun(replace(draft(), created_at=100.0, updated_at=100.0), is_mine=True)
    assert only(tracker) == begun.submission


def test_while_somebody_sends_it_others_wait(tracker: Tracker) -> None:
    begin(tracker)

    second = begin(tracker, draft("att-2"), turn("t2"))

    assert (second.is_mine, second.is_busy, second.submission.attempt_id) == (False, True, "att-1")


def test_a_document_with_a_job_is_not_sent_again(tracker: Tracker) -> None:
    submitted(tracker)

    second = begin(tracker, draft("att-2"), turn("t2"), now=10_000.0)

    assert (second.is_mine, second.submission.job.id) == (False, "d1")


def test_a_new_attempt_is_another_row_and_counts_from_then_on(tracker: Tracker) -> None:
    submitted(tracker)

    again = begin(tracker, draft("att-2", key="k-2"), turn("t2"), again=True)
    tracker.record("att-2", job("d2"), now=102.0)
    third = begin(tracker, draft("att-3"), turn("t3"))

    assert again.is_mine
    assert third.submission.job.id == "d2"
    assert [row.attempt_id for row in tracker.rows().result()] == ["att-2", "att-1"]


@pytest.mark.parametrize("other", [{"provider": "other"}, {"identity": "k2"}])
def test_another_provider_or_identity_is_another_row(tracker: Tracker, other: dict[str, Any]) -> None:
    begin(tracker)

    assert begin(tracker, draft("att-2", **other), turn("t2")).is_mine


def test_another_document_never_gets_the_row_of_a_key(tracker: Tracker) -> None:
    begin(tracker)
    tracker.give_up("att-1", turn(), is_unknown=False, error_code="", now=101.0)

    other = begin(tracker, draft("att-2", sha256="cd" * 32), turn("t2"))

    assert (other.is_mine, other.submission.sha256) == (False, "ab" * 32)


def test_a_refused_document_may_be_sent_by_anybody(tracker: Tracker) -> None:
    begin(tracker)
    tracker.sending("att-1", turn(), now=101.0)
    tracker.give_up("att-1", turn(), is_unknown=False, error_code="BadRequest", now=102.0)
    refused = only(tracker)

    second = begin(tracker, draft("att-2"), turn("t2"))

    assert (refused.state, refused.error_code, refused.sent_at) == (JobStatus.VALIDATED, "BadRequest", None)
    assert second.is_mine
    assert second.submission.attempt_id == "att-1"


# Senders that died


@pytest.mark.parametrize("sender", [turn(owner=DEAD_PROCESS), turn(lease=5.0)], ids=["killed", "silent"])
def test_before_the_first_byte_a_dead_senders_row_is_free(tracker: Tracker, sender: Turn) -> None:
    begin(tracker, whose=sender)

    assert begin(tracker, draft("att-2"), turn("t2"), now=106.0).is_mine


@pytest.mark.parametrize("sender", [turn(owner=DEAD_PROCESS), turn(lease=5.0)], ids=["killed", "silent"])
def test_after_the_first_byte_a_dead_senders_row_is_unknown(tracker: Tracker, sender: Turn) -> None:
    begin(tracker, whose=sender)
    tracker.sending("att-1", sender, now=101.0)

    second = begin(tracker, draft("att-2"), turn("t2"), now=106.0)

    assert (second.is_mine, second.is_busy) == (False, False)
    assert (only(tracker).state, only(tracker).error_code) == (UNKNOWN, "interrupted")
    assert only(tracker).sent_at == 101.0


@pytest.mark.parametrize(("now", "is_mine"), [(200.0, True), (300.9, True), (301.0, False)])
def test_a_key_may_be_repeated_while_the_provider_honours_it(
    tracker: Tracker, now: float, is_mine: bool
) -> None:
    begin(tracker)
    tracker.sending("att-1", turn(), now=101.0)
    tracker.give_up("att-1", turn(), is_unknown=True, error_code="AnswerLost", now=102.0)

    begun = begin(tracker, draft("att-2"), turn("t2"), repeat_within=200.0, now=now)

    assert (begun.is_mine, begun.submission.key) == (is_mine, "k")


def test_what_was_unknown_stays_unknown_when_its_repetition_is_refused(tracker: Tracker) -> None:
    begin(tracker)
    tracker.sending("att-1", turn(), now=101.0)
    tracker.give_up("att-1", turn(), is_unknown=True, error_code="AnswerLost", now=102.0)
    begin(tracker, draft("att-2"), turn("t2"), repeat_within=200.0, now=110.0)
    tracker.sending("att-1", turn("t2"), now=111.0)

    tracker.give_up("att-1", turn("t2"), is_unknown=False, error_code="RateLimited", now=112.0)

    assert (only(tracker).state, only(tracker).sent_at, only(tracker).attempts) == (UNKNOWN, 101.0, 2)


def test_a_sender_that_was_given_up_may_not_send(tracker: Tracker) -> None:
    begin(tracker, whose=turn(lease=5.0))
    begin(tracker, draft("att-2"), turn("t2"), now=106.0)

    assert not tracker.sending("att-1", turn(), now=107.0).result()
    assert not tracker.give_up("att-1", turn(), is_unknown=True, error_code="", now=107.0).result()
    assert tracker.sending("att-1", turn("t2"), now=108.0).result()


def test_the_answer_of_a_sender_that_was_given_up_is_recorded_all_the_same(tracker: Tracker) -> None:
    begin(tracker, whose=turn(lease=5.0))
    tracker.sending("att-1", turn(lease=5.0), now=101.0)
    begin(tracker, draft("att-2"), turn("t2"), now=107.0)

    row = tracker.record("att-1", job(), now=108.0).result()

    assert row is not None
    assert (row.state, row.job.id) == (JobStatus.SUBMITTED, "d1")


def test_what_the_provider_does_not_have_may_be_sent_again(tracker: Tracker) -> None:
    begin(tracker)
    tracker.sending("att-1", turn(), now=101.0)
    tracker.give_up("att-1", turn(), is_unknown=True, error_code="AnswerLost", now=102.0)

    assert tracker.absent("att-1", now=103.0).result()
    assert not tracker.absent("att-1", now=103.0).result()
    assert begin(tracker, draft("att-2"), turn("t2")).is_mine


# Jobs


def test_a_job_is_kept_without_what_the_provider_said_about_the_document(tracker: Tracker) -> None:
    said = JobError(code="E1", message="the total 12.50 is blurred")
    made = job(
        status=JobStatus.FAILED_TERMINAL,
        raw={"total": "12.50"},
        error=said,
        metadata={"ref": 1},
        filename="a.pdf",
    )

    row = submitted(tracker, made)

    assert (row.job.metadata, row.job.filename, row.error_code) == ({"ref": 1}, "a.pdf", "E1")
    assert "12.50" not in row.job.to_json()
    assert (row.sent_at, row.submitted_at, row.settled_at, row.attempts) == (101.0, 101.0, None, 1)


def test_a_job_is_never_replaced_by_another(tracker: Tracker) -> None:
    submitted(tracker)

    row = tracker.record("att-1", job("d2"), now=102.0).result()

    assert row is not None
    assert row.job.id == "d1"
    assert tracker.record("nobody", job(), now=102.0).result() is None


@pytest.mark.parametrize(
    ("move", "state"),
    [
        (JobStatus.PROCESSING, JobStatus.PROCESSING),
        (JobStatus.COMPLETED, JobStatus.COMPLETED),
        (JobStatus.RECEIVED, JobStatus.SUBMITTED),
    ],
)
def test_only_legal_moves_are_noted(tracker: Tracker, move: JobStatus, state: JobStatus) -> None:
    submitted(tracker)

    assert tracker.note(job(status=move, error=JobError(code="E")), now=105.0).result()
    assert only(tracker).state is only(tracker).job.status is state


def test_a_job_that_is_not_tracked_is_not_noted(tracker: Tracker) -> None:
    submitted(tracker)

    assert not tracker.note(job("d9"), now=105.0).result()
    assert not tracker.note(job(""), now=105.0).result()
    assert not tracker.settle("acme", {"d9": JobStatus.COMPLETED}, now=105.0).result()


# Settling


def test_a_document_is_settled_when_its_end_is_in_the_inbox(tracker: Tracker) -> None:
    submitted(tracker)

    assert tracker.settle("acme", {"d1": JobStatus.FAILED_TERMINAL}, now=110.0).result()
    assert (only(tracker).state, only(tracker).settled_at) == (JobStatus.FAILED_TERMINAL, 110.0)


def test_it_is_settled_once(tracker: Tracker) -> None:
    submitted(tracker)
    tracker.settle("acme", {"d1": JobStatus.COMPLETED}, now=110.0)

    tracker.settle("acme", {"d1": JobStatus.FAILED_TERMINAL}, now=120.0)

    assert (only(tracker).state, only(tracker).settled_at) == (JobStatus.COMPLETED, 110.0)


def test_what_is_known_better_already_stays(tracker: Tracker) -> None:
    submitted(tracker)
    tracker.note(job(status=JobStatus.COMPLETED_WITH_WARNINGS), now=105.0)

    tracker.settle("acme", {"d1": JobStatus.COMPLETED}, now=110.0)

    assert (only(tracker).state, only(tracker).settled_at) == (JobStatus.COMPLETED_WITH_WARNINGS, 110.0)


def test_a_document_of_several_jobs_is_settled_by_the_last_and_fails_with_any(tracker: Tracker) -> None:
    submitted(tracker, job("p1,p2,p3"))

    tracker.settle("acme", {"p1": JobStatus.COMPLETED, "p2": JobStatus.FAILED_TERMINAL}, now=110.0)
    before = only(tracker).settled_at
    tracker.settle("acme", {"p3": JobStatus.COMPLETED}, now=120.0)

    assert before is None
    assert (only(tracker).state, only(tracker).settled_at) == (JobStatus.FAILED_TERMINAL, 120.0)


def test_the_id_of_the_whole_settles_all_its_parts(tracker: Tracker) -> None:
    submitted(tracker, job("p1,p2"))

    tracker.settle("acme", {"p1,p2": JobStatus.EXPIRED}, now=110.0)

    assert (only(tracker).state, only(tracker).settled_at) == (JobStatus.EXPIRED, 110.0)


def test_a_job_of_two_rows_settles_both(tracker: Tracker) -> None:
    submitted(tracker)
    submitted(tracker, attempt_id="att-2", identity="k2")

    tracker.settle("acme", {"d1": JobStatus.COMPLETED}, now=110.0)

    assert [row.settled_at for row in tracker.rows().result()] == [110.0, 110.0]


# Silence


def silent(tracker: Tracker, *, now: float, hold: float = 60.0, limit: int = 10) -> list[str]:
    found = tracker.claim_silent("acme", silence=30.0, hold=hold, limit=limit, now=now).result()
    return [row.attempt_id for row in found]


def test_a_job_is_silent_after_a_time_and_given_to_one_that_asks(tracker: Tracker) -> None:
    submitted(tracker)

    assert silent(tracker, now=130.9) == []
    assert silent(tracker, now=131.0) == ["att-1"]
    assert silent(tracker, now=131.0) == []
    assert silent(tracker, now=191.0) == ["att-1"]
    assert only(tracker).polls == 1


def test_a_silent_job_is_asked_for_again_when_it_was_said(tracker: Tracker) -> None:
    submitted(tracker)
    silent(tracker, now=131.0)

    assert tracker.postpone("att-1", until=500.0, error_code="not_found", now=132.0).result()

    assert silent(tracker, now=499.0) == []
    assert silent(tracker, now=500.0) == ["att-1"]
    assert (only(tracker).error_code, only(tracker).polls) == ("not_found", 2)


def test_settled_and_unsent_rows_and_those_of_others_are_not_silent(tracker: Tracker) -> None:
    submitted(tracker)
    submitted(tracker, job("x1"), attempt_id="att-2", identity="k2", provider="other")
    begin(tracker, draft("att-3", identity="k3"))
    tracker.settle("acme", {"d1": JobStatus.COMPLETED}, now=110.0)

    assert silent(tracker, now=1000.0) == []
    assert not tracker.postpone("att-1", until=500.0, error_code="", now=132.0).result()


def test_those_that_are_due_longest_come_first(tracker: Tracker) -> None:
    submitted(tracker, now=105.0)
    submitted(tracker, job("d2"), now=101.0, attempt_id="att-2", identity="k2")

    assert silent(tracker, now=1000.0, limit=1) == ["att-2"]
    assert silent(tracker, now=1000.0, limit=1) == ["att-1"]


# Batches


def batches(tracker: Tracker, *, now: float, limit: int = 10) -> tuple[TrackedBatch, ...]:
    return tracker.claim_batches("acme", hold=60.0, limit=limit, now=now).result()


def a_batch(tracker: Tracker, batch_id: str = "b1", *, now: float = 100.0) -> None:
    jobs = (job("d1"), job("d2"))
    tracker.record_batch(Batch(id=batch_id, provider="acme", jobs=jobs), now=now).result()


def test_a_batch_says_how_its_documents_ended(tracker: Tracker) -> None:
    a_batch(tracker)
    submitted(tracker, job("d1", batch_id="b1"))
    submitted(tracker, job("d2", batch_id="b1"), attempt_id="att-2", identity="k2")
    submitted(tracker, job("d3", batch_id="b2"), attempt_id="att-3", identity="k3")
    tracker.settle("acme", {"d1": JobStatus.COMPLETED, "d3": JobStatus.COMPLETED}, now=110.0)
    first = batches(tracker, now=120.0)
    tracker.settle("acme", {"d2": JobStatus.FAILED_TERMINAL}, now=130.0)

    (second,) = batches(tracker, now=180.0)

    assert first == (TrackedBatch("b1", 2, (JobStatus.COMPLETED,), 110.0),)
    assert (sorted(second.ended), second.ended_at) == (["completed", "failed_terminal"], 130.0)


def test_a_batch_is_given_to_one_and_again_after_a_time_until_it_is_settled(tracker: Tracker) -> None:
    a_batch(tracker)
    a_batch(tracker)

    assert len(batches(tracker, now=100.0)) == 1
    assert batches(tracker, now=159.0) == ()
    assert len(batches(tracker, now=160.0)) == 1
    tracker.settle_batch("acme", "b1", now=161.0).result()
    assert batches(tracker, now=1000.0) == ()


def test_batches_of_others_and_more_than_were_asked_for_are_left(tracker: Tracker) -> None:
    a_batch(tracker, "b2", now=101.0)
    a_batch(tracker, "b1", now=100.0)
    tracker.record_batch(Batch(id="b3", provider="other"), now=100.0).result()

    assert [batch.batch_id for batch in batches(tracker, now=200.0, limit=1)] == ["b1"]
    assert [batch.batch_id for batch in batches(tracker, now=200.0, limit=5)] == ["b2"]


# Looking


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (Which(), ["att-3", "att-2", "att-1"]),
        (Which(provider="other"), ["att-3"]),
        (Which(attempt_id="att-2"), ["att-2"]),
        (Which(key="k2"), ["att-2"]),
        (Which(job_id="p2"), ["att-1"]),
        (Which(job_id="p1,p2"), ["att-1"]),
        (Which(states=(JobStatus.VALIDATED,)), ["att-3", "att-2"]),
        (Which(states=(JobStatus.VALIDATED, JobStatus.COMPLETED)), ["att-3", "att-2", "att-1"]),
        (Which(is_settled=True), ["att-1"]),
        (Which(is_settled=False, provider="acme"), ["att-2"]),
    ],
)
def test_rows_are_found(tracker: Tracker, which: Which, found: list[str]) -> None:
    submitted(tracker, job("p1,p2"))
    tracker.settle("acme", {"p1,p2": JobStatus.COMPLETED}, now=110.0)
    begin(tracker, draft("att-2", identity="k2", key="k2"))
    begin(tracker, draft("att-3", provider="other"))

    assert [row.attempt_id for row in tracker.rows(which).result()] == found
    assert [row.attempt_id for row in tracker.rows(which, limit=1).result()] == found[:1]


def test_rows_are_counted_by_state(tracker: Tracker) -> None:
    submitted(tracker)
    tracker.settle("acme", {"d1": JobStatus.COMPLETED}, now=110.0)
    begin(tracker, draft("att-2", identity="k2"))

    tally = tracker.tally().result()

    assert (tally.by_state, tally.settled, tally.total) == (
        {JobStatus.COMPLETED: 1, JobStatus.VALIDATED: 1},
        1,
        2,
    )


# Threads, machines and the end


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_of_many_machines_that_begin_at_once_one_sends(store: str, tmp_path: Path) -> None:
    address = postgres.address()
    trackers: list[Tracker] = [
        SqliteTracker(tmp_path / "paperhook.db") if store == "sqlite" else PostgresTracker(address)
        for _ in range(4)
    ]

    def claim(number: int) -> tuple[bool, int]:
        tracker = trackers[number % 4]
        mine = begin(tracker, draft(f"att-{number}"), turn(f"t{number}")).is_mine
        own = draft(f"own-{number}", identity=f"k{number}")
        submitted_at = 101.0
        tracker.begin(own, turn(), again=False, repeat_within=None, now=100.0)
        tracker.record(own.attempt_id, job(f"d{number},e{number}"), now=submitted_at).result()
        return mine, len(tracker.claim_silent("acme", silence=30.0, hold=60.0, limit=2, now=1000.0).result())

    def settle(number: int) -> None:
        for part in (f"d{number // 2}", f"e{number // 2}")[number % 2 :: 2]:
            trackers[number % 4].settle("acme", {part: JobStatus.COMPLETED}, now=110.0).result()

    with ThreadPoolExecutor(16) as pool:
        claimed = list(pool.map(claim, range(64)))
        list(pool.map(settle, range(128)))

    rest = trackers[0].claim_silent("acme", silence=30.0, hold=60.0, limit=100, now=2000.0).result()
    tally = trackers[0].tally().result()
    for tracker in trackers:
        tracker.close()
    assert [mine for mine, _ in claimed].count(True) == 1
    assert sum(count for _, count in claimed) <= 64
    assert rest == ()
    assert (tally.settled, tally.total) == (64, 65)


def test_of_many_that_begin_at_once_one_sends(tracker: Tracker) -> None:
    with ThreadPoolExecutor(16) as pool:
        begun = list(pool.map(lambda n: begin(tracker, draft(f"att-{n}"), turn(f"t{n}")).is_mine, range(64)))

    assert begun.count(True) == 1
    assert len(tracker.rows().result()) == 1


def test_what_cannot_be_stored_costs_the_others_nothing(tracker: Tracker) -> None:
    absurd = draft(size_bytes=10**30)

    bad = tracker.begin(absurd, turn(), again=True, repeat_within=None, now=100.0)
    other = tracker.begin(draft("att-2"), turn("t3"), again=True, repeat_within=None, now=100.0)

    assert bad.exception() is not None
    assert other.result().is_mine
    assert only(tracker).attempt_id == "att-2"


def test_texts_that_no_store_holds_are_written_out(tracker: Tracker) -> None:
    begun = begin(tracker, draft(filename="\udc80.pdf", identity="\udc80"))

    assert begun.submission.filename == "\\udc80.pdf"
    assert begin(tracker, draft("att-2", identity="\udc80"), turn("t2")).is_busy


def test_a_closed_tracker_says_so(tracker: Tracker) -> None:
    tracker.close()
    tracker.close()

    with pytest.raises(InboxUnavailable, match="closed"):
        tracker.tally().result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_can_use_it(tracker: Tracker) -> None:
    begin(tracker)

    child = os.fork()
    if child == 0:
        os._exit(0 if begin(tracker, draft("att-2", identity="k2"), turn("t2")).is_mine else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert begin(tracker, draft("att-3", identity="k3"), turn("t3")).is_mine


def a_plan(plan_id: str = "p1", **changes: Any) -> Planned:
    return replace(Planned(plan_id, "acme", "s1", "n", "/a.pdf", {"run": 7}, 100.0), **changes)


def test_plans_are_given_oldest_first_until_they_are_fulfilled(tracker: Tracker) -> None:
    tracker.plan([a_plan("p2"), a_plan("p1", path="/b.pdf"), a_plan("p3", path="/c.pdf")]).result()

    assert tracker.planned("acme", scope="s1", limit=2).result() == (
        a_plan("p2"),
        a_plan("p1", path="/b.pdf"),
    )
    tracker.fulfil(["p1", "p2", "unknown"]).result()
    assert [each.plan_id for each in tracker.planned().result()] == ["p3"]


def test_a_plan_that_is_there_already_stays_as_it_is(tracker: Tracker) -> None:
    tracker.plan([a_plan()]).result()
    tracker.plan([a_plan(planned_at=200.0, batch="b1"), a_plan("p2")]).result()

    # But the call that it is to go in is that of the last plan.
    assert [(each.plan_id, each.planned_at, each.batch) for each in tracker.planned().result()] == [
        ("p1", 100.0, "b1"),
        ("p2", 100.0, ""),
    ]


def test_plans_of_other_providers_and_scopes_are_theirs(tracker: Tracker) -> None:
    tracker.plan([a_plan("p1"), a_plan("p2", provider="other"), a_plan("p3", scope="s2")]).result()

    def ids(*which: str, **more: str) -> list[str]:
        return [each.plan_id for each in tracker.planned(*which, **more).result()]

    assert ids("acme") == ["p1", "p3"]
    assert ids("acme", scope="s2") == ["p3"]
    assert ids() == ["p1", "p2", "p3"]


def test_a_path_of_any_bytes_is_planned(tracker: Tracker) -> None:
    tracker.plan([a_plan(path="/\udc80\n\x01ü.pdf", namespace="\udc80")]).result()

    assert tracker.planned().result()[0].path == "/\udc80\n\x01ü.pdf"


def test_what_ended_since_a_moment_is_given_with_its_end(tracker: Tracker) -> None:
    for number in range(3):
        begin(tracker, draft(f"att-{number}", identity=f"k{number}"), turn(f"t{number}"))
        tracker.record(f"att-{number}", job(f"d{number}"), now=100.0).result()
    tracker.settle("acme", {"d0": JobStatus.COMPLETED}, now=110.0).result()
    tracker.settle("acme", {"d1": JobStatus.FAILED_TERMINAL}, now=120.0).result()

    ended = tracker.ended("acme", since=115.0).result()

    assert [(each.id, each.status) for each in ended] == [("d1", JobStatus.FAILED_TERMINAL)]
    assert len(tracker.ended("acme", since=0.0).result()) == 2
    assert tracker.ended("other", since=0.0).result() == ()
