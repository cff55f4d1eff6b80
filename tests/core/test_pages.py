from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from paperhook.core.job import Job, JobError, JobStatus
from paperhook.core.pages import merge_pages, parts_of, whole_of
from paperhook.core.result import Field, Result


def job(id: str, status: JobStatus = JobStatus.SUBMITTED, **members: Any) -> Job:
    return Job(id=id, provider="acme", status=status, **members)


def test_one_part_is_the_job_itself() -> None:
    assert whole_of([job("a")]) == job("a")
    assert parts_of(job("a")) == (job("a"),)


def test_parts_are_found_again_by_the_id_alone() -> None:
    whole = whole_of([job("a", JobStatus.COMPLETED), job("b")])

    assert [part.status for part in parts_of(whole)] == [JobStatus.COMPLETED, JobStatus.SUBMITTED]
    assert [part.id for part in parts_of(Job.known(whole.id, provider="acme"))] == ["a", "b"]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ("submitted submitted", "submitted"),
        ("completed submitted", "processing"),
        ("submitted processing", "processing"),
        ("failed_terminal processing", "processing"),
        ("completed completed", "completed"),
        ("completed failed_terminal", "failed_terminal"),
        ("failed_retryable failed_terminal", "failed_retryable"),
        ("expired failed_terminal", "expired"),
    ],
)
def test_a_document_is_final_when_every_page_is_and_failed_when_any_is(statuses: str, expected: str) -> None:
    parts = [job(str(number), JobStatus(word)) for number, word in enumerate(statuses.split())]

    assert whole_of(parts).status is JobStatus(expected)


def test_the_first_failed_page_says_why() -> None:
    error = JobError(code="no_text")
    parts = [job("a", JobStatus.COMPLETED), job("b", JobStatus.FAILED_TERMINAL, error=error)]

    assert whole_of(parts).error == error


def test_a_document_is_a_replay_only_when_every_page_is() -> None:
    assert whole_of([job("a", is_replay=True), job("b", is_replay=True)]).is_replay
    assert not whole_of([job("a", is_replay=True), job("b")]).is_replay


def test_a_single_page_is_given_back_as_it_is() -> None:
    page = Result(fields={"total": Field(value=Decimal(7))}, raw={"total": 7})

    assert merge_pages([page]) is page


def test_pages_are_merged_in_order() -> None:
    first = Result(
        fields={"vendor": Field(value="Acme"), "total": Field(value=None, text="?")},
        line_items=({"amount": Field(value=Decimal(1))},),
        tables={"accounts": [1], "odd": {"a": 1}},
        text="one",
        warnings=("total: not an amount",),
        confidence=0.9,
        raw="first",
    )
    second = Result(
        fields={"vendor": Field(value="Other"), "total": Field(value=Decimal(7))},
        line_items=({"amount": Field(value=Decimal(2))},),
        tables={"accounts": [2], "odd": {"b": 2}, "more": [3]},
        text="two",
        confidence=0.8,
        document_type="invoice",
        raw="second",
    )

    merged = merge_pages([first, second])

    assert merged.values() == {
        "vendor": "Acme",
        "total": Decimal(7),
        "line_items": [{"amount": Decimal(1)}, {"amount": Decimal(2)}],
    }
    assert [merged.fields[name].page_number for name in ("vendor", "total")] == [1, 2]
    assert [item["amount"].page_number for item in merged.line_items] == [1, 2]
    assert merged.tables == {"accounts": [1, 2], "odd": {"b": 2}, "more": [3]}
    assert merged.text == "one\n\ntwo"
    assert merged.warnings == ("page 1: total: not an amount",)
    assert merged.confidence == 0.8
    assert merged.document_type == "invoice"
    assert merged.raw == ["first", "second"]


def test_pages_that_say_nothing_give_a_result_that_says_nothing() -> None:
    merged = merge_pages([Result(), Result()])

    assert (merged.text, merged.confidence, merged.document_type) == (None, None, None)
