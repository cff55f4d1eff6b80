"""Batches of real processes to a real server, killed at each step: each document is sent once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paperhook.core.job import JobStatus

from .uploading import STEPS, Server, killed_at, rows, said_by, serving, start

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9"),
]

#: Of a batch all jobs are recorded at once.
BATCH_STEPS = {step.replace(" record", " record_jobs"): then for step, then in STEPS.items()}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.mark.parametrize("step", BATCH_STEPS)
def test_with_a_key_a_batch_is_made_once_wherever_it_was_killed(
    step: str, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "paperhook.db"
    killed_at(step, server, path, "keyed batch")

    assert said_by(start(server, path, "keyed batch")) == ["d1", "d2"]
    assert server.made == ["d1", "d2"]
    assert {(row.job.id, row.state) for row in rows(path)} == {
        ("d1", JobStatus.SUBMITTED),
        ("d2", JobStatus.SUBMITTED),
    }


@pytest.mark.parametrize("step", BATCH_STEPS)
def test_without_a_key_no_batch_is_ever_sent_twice(step: str, server: Server, tmp_path: Path) -> None:
    path = tmp_path / "paperhook.db"
    killed_at(step, server, path, "keyless batch")

    said = said_by(start(server, path, "keyless batch"))

    then = BATCH_STEPS[step]
    sure = then in ("no", "known")
    assert said == (["d1", "d2"] if sure else ["unknown"])
    assert len(server.made) == (0 if then == "unknown" else 2)
    state = JobStatus.SUBMITTED if sure else JobStatus.SUBMISSION_UNKNOWN
    assert state in {row.state for row in rows(path)}
