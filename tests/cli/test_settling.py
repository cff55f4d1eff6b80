"""`paperhook jobs settle`: uploads whose answer was lost end as a job, or free to be sent, and nothing is sent by it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paperhook.errors import ConfigurationError, NotFound
from paperhook.providers.ocriva import KEY_MEMBER
from tests.hostile import Hostile, answer, reset, serving

from .running import lines, run

READING = {"success": True, "status": "processing", "document_id": "doc_7"}


class Lost:
    """A journal in which the answers of some uploads are lost."""

    def __init__(self, server: Hostile, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.env = {
            "DOCUPARSE_BASE_URL": server.url,
            "DOCUPARSE_API_KEY": "key",
            "OCRIVA_BASE_URL": server.url,
            "OCRIVA_API_KEY": "key",
            "OCRIVA_PROJECT_ID": "p1",
            "PAPERHOOK_PROVIDER": "docuparse",
            "PAPERHOOK_TRACKER": f"sqlite:///{folder}/journal.db",
        }

    def lose(self, *names: str) -> None:
        """Upload files whose answer is lost."""
        for name in names:
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"%PDF-1.7 " + name.encode())
            assert self.run("upload", str(path)).exit_code == 1

    def run(self, *arguments: str) -> Any:
        return run(*arguments, env=self.env)

    def states(self) -> dict[str, str]:
        return {each["file"]: each["state"] for each in self.rows() if each["state"] != "planned"}

    def rows(self) -> list[dict[str, Any]]:
        return lines(self.run("jobs", "list", "--json"))

    @property
    def posted(self) -> int:
        return sum(each.method == "POST" for each in self.server.seen)


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[Lost]:
    with serving(reset) as server:
        yield Lost(server, tmp_path)


def test_what_the_provider_cannot_tell_is_told_with_what_to_do(lost: Lost) -> None:
    lost.lose("a.pdf", "b.pdf")

    result = lost.run("jobs", "settle", "--json")

    assert result.exit_code == 1
    assert [(each["file"], each["error"]) for each in lines(result)] == [
        ("a.pdf", "SubmissionUnknown"),
        ("b.pdf", "SubmissionUnknown"),
    ]
    assert all("lists no jobs" in each["message"] for each in lines(result))
    assert lost.states() == dict.fromkeys(("a.pdf", "b.pdf"), "submission_unknown")


def test_a_job_that_was_found_is_the_uploads(lost: Lost) -> None:
    lost.lose("a.pdf", "b.pdf")
    lost.server.acts[:] = [answer(200, READING)]

    result = lost.run("jobs", "settle", "a.pdf", "--job", "doc_7", "--json")

    assert result.exit_code == 0
    assert [(each["file"], each["job_id"], each["status"]) for each in lines(result)] == [
        ("a.pdf", "doc_7", "processing")
    ]
    assert lost.states() == {"a.pdf": "processing", "b.pdf": "submission_unknown"}
    assert lines(lost.run("upload", "--json", str(lost.folder / "a.pdf")))[0]["job_id"] == "doc_7"
    assert lost.posted == 2


def test_a_job_of_another_upload_is_refused(lost: Lost) -> None:
    lost.lose("a.pdf", "b.pdf")
    lost.server.acts[:] = [answer(200, READING)]
    lost.run("jobs", "settle", "a.pdf", "--job", "doc_7")

    result = lost.run("jobs", "settle", "b.pdf", "--job", "doc_7")

    assert isinstance(result.exception, ConfigurationError)
    assert "that of a.pdf" in str(result.exception)
    assert lost.states()["b.pdf"] == "submission_unknown"


def test_a_job_that_the_provider_does_not_know_settles_nothing(lost: Lost) -> None:
    lost.lose("a.pdf")
    lost.server.acts[:] = [answer(404, {"success": False})]

    result = lost.run("jobs", "settle", "a.pdf", "--job", "doc_9")

    assert isinstance(result.exception, NotFound)
    assert lost.states() == {"a.pdf": "submission_unknown"}


def test_what_is_said_to_be_absent_is_sent_by_the_next_upload(lost: Lost) -> None:
    lost.lose("a.pdf")
    [row] = [each for each in lost.rows() if each["state"] != "planned"]

    told = lost.run("jobs", "settle", row["attempt_id"], "--absent")
    before = lost.posted
    lost.server.acts[:] = [answer(200, READING)]
    resumed = lost.run("upload", "--resume", "--json")

    assert told.exit_code == 0
    assert "a.pdf is not at docuparse: upload it again" in told.stdout
    assert before == 1
    assert lines(resumed)[0]["job_id"] == "doc_7"
    assert lost.posted == 2


def test_a_listing_settles_what_it_shows(lost: Lost) -> None:
    lost.env["PAPERHOOK_PROVIDER"] = "ocriva"
    lost.lose("a.pdf")
    [key] = set(re.findall(rb"ph-[0-9a-f]{40}", lost.server.seen[0].body))
    record = {
        "id": "h1",
        "uploadId": "u1",
        "status": "processing",
        "metadata": {KEY_MEMBER: key.decode()},
    }
    lost.server.acts[:] = [answer(200, {"data": [record], "total": 1})]

    result = lost.run("jobs", "settle", "--json")

    assert result.exit_code == 0, result.stdout
    assert lines(result)[0]["job_id"] == "h1"


def test_there_may_be_nothing_to_settle(lost: Lost) -> None:
    lost.lose("a.pdf")
    lost.run("jobs", "settle", "a.pdf", "--absent")

    nothing, unknown = lost.run("jobs", "settle"), lost.run("jobs", "settle", "a.pdf")

    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert isinstance(unknown.exception, ConfigurationError)
    assert "--state submission_unknown" in str(unknown.exception)


def test_of_several_of_one_name_one_has_to_be_named(lost: Lost) -> None:
    lost.lose("one/a.pdf", "two/a.pdf")

    result = lost.run("jobs", "settle", "a.pdf", "--absent")

    assert isinstance(result.exception, ConfigurationError)
    assert all(
        each["attempt_id"] in str(result.exception) for each in lost.rows() if each["state"] != "planned"
    )


@pytest.mark.parametrize(
    "arguments", [("--absent",), ("--job", "doc_7"), ("a.pdf", "--absent", "--job", "doc_7")], ids=str
)
def test_what_was_found_is_said_of_one_upload(lost: Lost, arguments: tuple[str, ...]) -> None:
    result = lost.run("jobs", "settle", *arguments)

    assert result.exit_code == 2
    assert "name one upload" in json.dumps(result.output)
