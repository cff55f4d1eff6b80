"""Typed events."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any

import pydantic
import pytest

from paperhook.core.event import (
    EVENT_CLASSES,
    BatchCompleted,
    DocumentCompleted,
    DocumentFailed,
    DocumentReceived,
    EndpointTest,
    Event,
    Origin,
    UnknownEvent,
    event_of,
)
from paperhook.core.job import BatchSummary, JobError, JobStatus
from paperhook.core.result import Field, Result


def event(type: str = "document.completed", **members: object) -> Event:
    return Event.model_validate({"key": "k", "provider": "acme", "type": type, **members})


def test_every_class_that_stands_for_one_type_is_in_the_table() -> None:
    named = {each.canonical_type: each for each in Event.__subclasses__() if each.canonical_type}

    assert named == EVENT_CLASSES
    assert UnknownEvent.canonical_type == ""


def test_events_are_frozen() -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        event().key = "other"  # type: ignore[misc] # that is the point


def test_a_known_type_without_its_members_is_refused_rather_than_none() -> None:
    with pytest.raises(pydantic.ValidationError, match="error"):
        DocumentFailed(key="k", provider="acme", type="document.failed")  # type: ignore[call-arg] # same


def test_neither_body_nor_content_is_shown() -> None:
    shown = repr(event(body=b"DE89", raw={"iban": "DE89"}, metadata={"iban": "DE89"}))

    assert "DE89" not in shown


@pytest.mark.parametrize(
    ("type", "status"),
    [
        ("document.completed", JobStatus.COMPLETED),
        ("document.failed", JobStatus.FAILED_TERMINAL),
        ("document.needs_review", JobStatus.NEEDS_REVIEW),
        ("document.received", JobStatus.PROCESSING),
        ("anything", JobStatus.PROCESSING),
    ],
)
def test_an_event_gives_a_handle_for_the_client(type: str, status: JobStatus) -> None:
    job = event(type, job_id="j1", document_id="d1", batch_id="b1", metadata={"ref": 7}).job

    assert (job.id, job.provider, job.document_id, job.batch_id) == ("j1", "acme", "d1", "b1")
    assert (job.status, job.metadata) == (status, {"ref": 7})


def test_the_document_is_the_handle_where_no_job_is_named() -> None:
    assert event(document_id="d1").job.id == "d1"
    assert event().job.id == ""


def test_an_event_survives_json_with_its_exact_bytes() -> None:
    made = DocumentCompleted(
        key="k", provider="acme", type="document.completed", body=b"\xff\x00", origin=Origin.POLL
    )

    assert DocumentCompleted.model_validate_json(made.model_dump_json()) == made


def completed(result: Any) -> DocumentCompleted:
    return DocumentCompleted(key="k", provider="acme", type="document.completed", result=result)


def test_a_result_is_read_when_somebody_asks_and_once():
    asked: list[int] = []

    def read() -> Result:
        asked.append(1)
        return Result(fields={"total": Field(value="1")})

    event = completed(read)
    before = list(asked)

    assert before == []
    assert event.result.fields["total"].value == "1"
    assert event.result is event.result
    assert asked == [1]


def test_a_completed_event_without_a_result_has_an_empty_one():
    assert completed(None).result == Result()


@pytest.mark.parametrize(
    "given", [Result(warnings=("w",)), {"warnings": ["w"]}, lambda: Result(warnings=("w",))]
)
def test_a_result_survives_json_and_pickle_whoever_made_it(given: Any):
    event = completed(given)

    copied = pickle.loads(pickle.dumps(completed(Result(warnings=("w",)))))
    again = DocumentCompleted.model_validate_json(event.model_dump_json())

    assert again.result.warnings == copied.result.warnings == event.result.warnings == ("w",)


def test_a_pickle_holds_the_result_and_not_its_reader():
    class Reader:
        def __call__(self) -> Result:
            return Result(warnings=("w",))

        def __reduce__(self) -> Any:
            raise AssertionError("the reader knows credentials")

    copied = pickle.loads(pickle.dumps(completed(Reader())))

    assert copied.result.warnings == ("w",)


def test_the_repr_of_a_completed_event_shows_no_content():
    assert "secret-vendor" not in repr(completed(Result(text="secret-vendor")))


@pytest.mark.parametrize(
    ("event_class", "more"),
    [
        (DocumentReceived, {}),
        (DocumentCompleted, {"has_result": False}),
        (DocumentFailed, {"error": JobError(code="no_text")}),
        (BatchCompleted, {"summary": BatchSummary(total=2)}),
        (EndpointTest, {}),
        (UnknownEvent, {}),
    ],
)
def test_an_event_of_values_is_the_one_that_the_class_makes(event_class: type[Event], more: dict[str, Any]):
    values: dict[str, Any] = {
        "key": "k",
        "provider": "acme",
        "type": event_class.canonical_type or "else",
        "provider_type": "done",
        "job_id": "j1",
        "document_id": None,
        "batch_id": None,
        "occurred_at": datetime(2026, 5, 1, tzinfo=UTC),
        "origin": Origin.WEBHOOK,
        "metadata": {"order": 7},
        "raw": {"a": [1]},
        "body": b'{"a":[1]}',
        **more,
    }

    made, checked = event_of(event_class, values), event_class(**values)

    assert made == checked
    assert made.model_dump_json() == checked.model_dump_json()
    assert (repr(made), made.model_fields_set) == (repr(checked), checked.model_fields_set)
    assert pickle.loads(pickle.dumps(made)) == made.model_copy() == checked
    with pytest.raises(pydantic.ValidationError):
        made.key = "other"


def test_an_event_of_values_reads_its_result_when_somebody_asks() -> None:
    asked: list[int] = []

    def read() -> Result:
        asked.append(1)
        return Result(text="said")

    values = {"key": "k", "provider": "acme", "type": "document.completed"}
    event = event_of(DocumentCompleted, values, read)

    assert not asked
    assert isinstance(event, DocumentCompleted)
    assert (event.result.text, event.result.text, len(asked)) == ("said", "said", 1)


def test_a_completed_document_is_equal_to_its_like_only() -> None:
    values = {"key": "k", "provider": "acme", "type": "document.completed"}

    assert DocumentCompleted(**values) == DocumentCompleted(**values)
    assert DocumentCompleted(**values) != values
