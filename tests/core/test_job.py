"""Job states and handles."""

from __future__ import annotations

import pickle

import pytest

from paperhook.core.job import ErrorKind, Job, JobError, JobStatus
from paperhook.core.status import FINAL, LEGAL_MOVES, may_move
from paperhook.errors import ConfigurationError

STATES = list(JobStatus)


def test_every_state_is_in_the_table_of_moves() -> None:
    assert set(LEGAL_MOVES) == set(JobStatus)


@pytest.mark.parametrize("status", STATES)
def test_staying_is_legal_and_nothing_returns_to_the_start(status: JobStatus) -> None:
    assert may_move(status, status)
    assert not may_move(status, JobStatus.RECEIVED) or status is JobStatus.RECEIVED


@pytest.mark.parametrize("status", [JobStatus.FAILED_TERMINAL, JobStatus.EXPIRED])
def test_the_last_states_are_never_left(status: JobStatus) -> None:
    assert not any(may_move(status, after) for after in STATES if after is not status)


def test_a_job_that_runs_may_end_in_every_final_state() -> None:
    assert all(may_move(JobStatus.PROCESSING, after) for after in FINAL)
    assert not may_move(JobStatus.PROCESSING, JobStatus.SUBMITTED)


def test_a_completed_job_only_expires() -> None:
    assert LEGAL_MOVES[JobStatus.COMPLETED] == {JobStatus.EXPIRED}


def test_a_person_may_decide_on_a_job_in_review() -> None:
    assert may_move(JobStatus.NEEDS_REVIEW, JobStatus.COMPLETED)
    assert not may_move(JobStatus.NEEDS_REVIEW, JobStatus.PROCESSING)


@pytest.mark.parametrize("status", STATES)
def test_success_and_failure_are_final_and_exclude_each_other(status: JobStatus) -> None:
    assert not (status.is_success and status.is_failure)
    assert status.is_final == (status.is_success or status.is_failure or status is JobStatus.EXPIRED)


def test_a_handle_goes_on_in_another_process() -> None:
    job = Job(id="d1", provider="acme", error=JobError(code="E", kind=ErrorKind.REVIEW), metadata={"ref": 7})

    assert Job.from_json(job.to_json()) == job
    assert pickle.loads(pickle.dumps(job)) == job


def test_a_handle_of_a_newer_version_keeps_what_it_does_not_know() -> None:
    job = Job.from_json('{"id": "d1", "provider": "acme", "new_member": 1}')

    assert job.new_member == 1  # type: ignore[attr-defined] # that is the point


def test_what_is_no_handle_is_told_without_its_values() -> None:
    with pytest.raises(ConfigurationError, match="not a job: 2 problems") as refused:
        Job.from_json('{"iban": "DE89"}')

    assert "DE89" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_handle_does_not_show_the_users_reference_or_the_answer() -> None:
    shown = repr(Job(id="d1", provider="acme", metadata={"iban": "DE89"}, raw={"iban": "DE89"}))

    assert "DE89" not in shown


def test_an_id_that_was_kept_elsewhere_is_enough() -> None:
    assert Job.known("d1", provider="acme").status is JobStatus.SUBMITTED
