"""Typed events."""

from __future__ import annotations

import pydantic
import pytest

from paperhook.core.event import (
    EVENT_CLASSES,
    DocumentCompleted,
    DocumentFailed,
    Event,
    Origin,
    UnknownEvent,
)
from paperhook.core.job import JobStatus


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
