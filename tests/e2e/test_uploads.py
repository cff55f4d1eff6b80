"""Uploads of real processes to a real server, killed at each step: one document, one job."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paperhook.core.job import JobStatus
from tests import postgres

from .uploading import STEPS, Server, Store, killed_at, rows, said_by, serving, start

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9"),
]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Where the tracker is: a file, or a new schema of the server."""
    return tmp_path / "paperhook.db" if request.param == "sqlite" else postgres.address()


@pytest.mark.parametrize("step", STEPS)
def test_with_a_key_a_document_is_one_job_wherever_the_upload_was_killed(
    step: str, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "paperhook.db"
    killed_at(step, server, path, "keyed")

    assert said_by(start(server, path, "keyed")) == ["d1"]
    assert server.made == ["d1"]
    assert [(row.job.id, row.state) for row in rows(path)] == [("d1", JobStatus.SUBMITTED)]


@pytest.mark.parametrize("step", STEPS)
def test_without_a_key_nothing_is_ever_sent_twice(step: str, server: Server, path: Store) -> None:
    killed_at(step, server, path, "keyless")

    said = said_by(start(server, path, "keyless"))

    sure = STEPS[step] in ("no", "known")
    assert said == (["d1"] if sure else ["unknown"])
    assert len(server.made) == (0 if STEPS[step] == "unknown" else 1)
    assert [row.state for row in rows(path)] == [
        JobStatus.SUBMITTED if sure else JobStatus.SUBMISSION_UNKNOWN
    ]


@pytest.mark.parametrize("step", ["after sending", "before the answer", "before record"])
def test_what_was_made_is_found_in_the_listing(step: str, server: Server, tmp_path: Path) -> None:
    path = tmp_path / "paperhook.db"
    killed_at(step, server, path, "keyless")

    found = said_by(start(server, path, "keyless", act="reconcile"))
    again = said_by(start(server, path, "keyless", act="reconcile"))

    assert found == again == (["d1"] if STEPS[step] == "made" else ["unsettled"])
    assert len(server.made) == (1 if STEPS[step] == "made" else 0)


def test_of_many_processes_and_threads_one_sends(server: Server, path: Store) -> None:
    uploading = [start(server, path, "keyless", threads=8) for _ in range(4)]

    said = [word for process in uploading for word in said_by(process)]

    assert said == ["d1"] * 32
    assert server.made == ["d1"]
