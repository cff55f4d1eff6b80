"""How one of many ended, as a person sees it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from paperhook import open_document
from paperhook.client import UploadOutcome
from paperhook.core.job import Job

JOB = Job(id="job_1", provider="acme")


@pytest.mark.parametrize(
    "source",
    [b"private words", bytearray(b"private words"), [b"private ", b"words"], io.BytesIO(b"private words")],
)
def test_an_outcome_never_shows_the_document(source: Any) -> None:
    shown = repr(UploadOutcome(source, job=JOB))

    assert "private" not in shown
    assert f"source=<{type(source).__name__}>" in shown
    assert "job_1" in shown


def test_an_outcome_names_the_file_that_it_is_about() -> None:
    document = open_document(b"private words", filename="bill.txt")

    assert "source='bill.pdf'" in repr(UploadOutcome("bill.pdf", job=JOB))
    assert "bill.pdf" in repr(UploadOutcome(Path("bill.pdf"), job=JOB))
    assert "bill.txt" in repr(UploadOutcome(document, job=JOB))
    assert "private" not in repr(UploadOutcome(document, job=JOB))
