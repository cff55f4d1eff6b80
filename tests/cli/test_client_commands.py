"""`paperhook upload`, `status`, `wait`, `result` and `jobs`, as a user runs them: many files, Ctrl-C, kill -9, resume."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from paperhook import Client
from paperhook.cli import job_commands, journal
from paperhook.cli.client_commands import resuming
from paperhook.cli.progress import Bars
from paperhook.cli.uploading import Files, Stop, wait_all
from paperhook.core.job import Job, JobStatus
from paperhook.errors import ConfigurationError, InboxUnavailable, NotFound
from paperhook.inbox.postgres.server import has_table
from paperhook.tracker import SqliteTracker
from tests import postgres
from tests.acme import acme
from tests.hostile import Act, Hostile, answer, late, serving

from .running import lines, program, run

COUNT = 12


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "files"
    folder.mkdir()
    paths = [folder / f"{number:02}.pdf" for number in range(COUNT)]
    for number, path in enumerate(paths):
        path.write_bytes(b"%%PDF-1.7 %d" % number)
    return paths


class Provider:
    """Answers as docuparse does: a job for each document, under its number."""

    def __init__(self, server: Hostile, folder: Path) -> None:
        self.server = server
        self.env = {
            "DOCUPARSE_BASE_URL": server.url,
            "DOCUPARSE_API_KEY": "key",
            "PAPERHOOK_PROVIDER": "docuparse",
            "PAPERHOOK_TRACKER": f"sqlite:///{folder}/journal.db",
        }

    @property
    def received(self) -> list[int]:
        """The numbers of the documents that arrived, as often as they did."""
        return sorted(
            int(re.findall(rb"%PDF-1.7 (\d+)", each.body)[0]) for each in self.server.seen if each.body
        )


def making_jobs(seconds: float = 0.0) -> Act:
    made = iter(range(1_000_000))

    def act(connection: Any) -> None:
        said = {"success": True, "status": "processing", "document_id": f"doc_{next(made)}"}
        late(seconds, answer(200, said))(connection)

    return act


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    with serving(making_jobs()) as server:
        yield Provider(server, tmp_path)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Provider]:
    with serving(making_jobs(0.15)) as server:
        yield Provider(server, tmp_path)


def upload(provider: Provider, *arguments: str) -> subprocess.Popen[str]:
    return program("upload", "--concurrency", "2", *arguments, **provider.env)


def until(is_so: Any, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def numbers_of(said: str) -> list[int]:
    return sorted(int(Path(json.loads(line)["file"]).stem) for line in said.splitlines())


def listed(provider: Provider, *arguments: str) -> list[dict[str, Any]]:
    return lines(run("jobs", "list", "--json", *arguments, env=provider.env))


# Going on


def test_how_to_go_on_names_the_journal_and_never_a_password() -> None:
    assert resuming("docuparse", "sqlite:///a b.db").endswith("--tracker 'sqlite:///a b.db'")
    assert "hunter2" not in resuming("docuparse", "postgresql://me:hunter2@db/app")


@pytest.mark.programs
def test_ctrl_c_says_how_to_go_on_and_resume_sends_the_rest_once(slow: Provider, files: list[Path]) -> None:
    uploading = upload(slow, "--json", *map(str, files))
    until(lambda: len(slow.received) >= 3)

    uploading.send_signal(signal.SIGINT)
    before, told = uploading.communicate(timeout=30)
    left = COUNT - len(before.splitlines())
    sent, planned = listed(slow, "--state", "processing"), listed(slow, "--state", "planned")
    resumed = run("upload", "--resume", "--json", env=slow.env)

    assert uploading.returncode == 130
    assert "Traceback" not in told
    assert f"{left} of {COUNT} files are left: paperhook upload --resume --provider docuparse" in told
    assert resumed.exit_code == 0, resumed.output
    assert numbers_of(before + resumed.stdout) == list(range(COUNT))
    assert slow.received == list(range(COUNT))
    assert (len(sent), len(planned)) == (COUNT - left, left)
    assert {each["file"] for each in planned} <= {str(path) for path in files}
    assert all(each["attempts"] == 1 and each["age"] >= 0 for each in sent)
    assert len(listed(slow, "--limit", "1")) == 1
    assert len(listed(slow, "--open")) == COUNT
    assert listed(slow, "--provider", "ocriva") == []
    assert "doc_0" in run("jobs", "list", env=slow.env).stdout


@pytest.mark.programs
def test_after_kill_9_each_file_arrived_once_or_is_said_to_be_unknown(
    slow: Provider, files: list[Path]
) -> None:
    uploading = upload(slow, "--json", *map(str, files))
    until(lambda: len(slow.received) >= 3)

    uploading.kill()
    uploading.communicate(timeout=30)
    resumed = run("upload", "--resume", "--json", env=slow.env)

    errors = [each for each in lines(resumed) if "error" in each]
    assert resumed.exit_code == (1 if errors else 0)
    assert {each["error"] for each in errors} <= {"SubmissionUnknown"}
    assert len(errors) <= 2
    # Whoever died before the last byte left may have sent nothing, and cannot know.
    unknown = {int(Path(each["file"]).stem) for each in errors}
    assert set(slow.received) | unknown == set(range(COUNT))
    assert len(slow.received) == len(set(slow.received))


@pytest.mark.programs
def test_a_second_ctrl_c_ends_at_once_and_without_a_journal_that_is_said(
    tmp_path: Path, files: list[Path]
) -> None:
    with serving(making_jobs(60)) as server:
        uploading = upload(Provider(server, tmp_path), "--tracker", "none", *map(str, files))
        until(lambda: len(server.seen) >= 2)
        uploading.send_signal(signal.SIGINT)
        assert uploading.stderr is not None
        assert "in flight" in uploading.stderr.readline()
        uploading.send_signal(signal.SIGINT)
        _, told = uploading.communicate(timeout=20)

    assert uploading.returncode == 130
    assert "there is no journal" in told
    assert not (tmp_path / "journal.db").exists()


def test_a_file_that_is_given_again_or_twice_is_sent_once(provider: Provider, files: list[Path]) -> None:
    first = run("upload", str(files[0]), str(files[0]), env=provider.env)
    again = run("upload", "--resume", str(files[0]), str(files[1]), "--json", env=provider.env)

    assert first.exit_code == again.exit_code == 0
    assert {each["job_id"] for each in lines(again)} == {"doc_0", "doc_1"}
    assert provider.received == [0, 1]


def test_batches_are_sent_and_resumed_in_as_few_calls(tmp_path: Path, files: list[Path]) -> None:
    documents = [{"document_id": f"doc_{number}", "status": "queued"} for number in range(COUNT)]
    said = {"success": True, "batch_id": "b1", "documents": documents}
    with serving(answer(401), answer(202, said)) as server:
        provider = Provider(server, tmp_path)
        refused = run("upload", "--in-batches", *map(str, files), env=provider.env)
        resumed = run("upload", "--resume", "--json", env=provider.env)

    assert (refused.exit_code, resumed.exit_code) == (1, 0), resumed.output
    assert [each["job_id"] for each in lines(resumed)] == [each["document_id"] for each in documents]
    assert [each.target for each in server.seen] == ["/extract/batch"] * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wait", "d1", "--deadline", "-3"], "'--deadline': -3 is not above 0"),
        (["wait", "d1", "--deadline", "0"], "'--deadline': 0 is not above 0"),
        (["wait", "d1", "--deadline", "nan"], "'--deadline': nan is not above 0"),
        (["upload", "--resume", "--wait", "--deadline", "-3"], "'--deadline': -3 is not above 0"),
        (["upload", "--resume", "--concurrency", "0"], "'--concurrency'"),
        (["evaluate", __file__, "--deadline", "nan"], "'--deadline': nan is not above 0"),
        (["evaluate", __file__, "--fail-under", "nan"], "'--fail-under'"),
        (["worker", "app:hooks", "--grace", "-1"], "'--grace': -1 is not 0 or more"),
        (["worker", "app:hooks", "--grace", "nan"], "'--grace': nan is not 0 or more"),
        (["verify", "--body", __file__, "--now", "nan"], "'--now': nan is not 0 or more"),
        (["listen", "--count", "-1"], "'--count'"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(arguments: list[str], said: str) -> None:
    env = {"PAPERHOOK_PROVIDER": "docuparse", "DOCUPARSE_API_KEY": "key", "NO_COLOR": "1"}

    result = run(*arguments, env=env)

    assert result.exit_code == 2
    # A box is drawn around it, and may break its lines.
    assert said in re.sub(r"[\s│]+", " ", result.output)


def test_nothing_to_send_is_a_mistake_that_is_told() -> None:
    result = run("upload", "-p", "docuparse")

    assert result.exit_code == 2
    assert "--resume" in result.output


def test_files_end_where_somebody_says_stop() -> None:
    stop = Stop()
    files = Files([Path("a"), Path("b")], stop)

    assert (len(files), files[0], list(files[:1])) == (2, Path("a"), [Path("a")])
    assert list(files) == [Path("a"), Path("b")]
    stop.ask()
    assert list(files) == []


# Waiting and results


DONE = {
    "success": True,
    "status": "completed",
    "document_id": "doc_0",
    "data": {
        "total": "12.00",
        "vendor": "=A",
        "line_items": [{"description": "Paper", "total": "10.00"}],
        "taxes": [{"rate": 20, "amount": "2.00"}],
    },
}
FAILED = {"success": True, "status": "failed", "document_id": "doc_0", "error": {"code": "EXTRACTION_FAILED"}}


@pytest.mark.parametrize(("end", "exit_code"), [(DONE, 0), (FAILED, 1)])
def test_wait_ends_with_the_job(provider: Provider, files: list[Path], end: Any, exit_code: int) -> None:
    provider.server.acts[:] = [making_jobs(), answer(200, end)]

    result = run("upload", "--wait", "--json", str(files[0]), env=provider.env)

    assert result.exit_code == exit_code, result.output
    assert [each["status"] for each in lines(result)] == ["completed" if end is DONE else "failed_terminal"]


def test_a_job_that_is_not_final_in_time_is_an_error_of_its_own(
    provider: Provider, files: list[Path]
) -> None:
    waiting = {"success": True, "status": "processing", "document_id": "doc_0"}
    provider.server.acts[:] = [making_jobs(), answer(200, waiting)]

    result = run("upload", "--wait", "--deadline", "0.3", "--json", str(files[0]), env=provider.env)

    assert result.exit_code == 1
    assert [each["error"] for each in lines(result)] == ["WaitTimeout"]
    assert lines(result)[0]["kind"] == "retryable"


def test_a_result_is_written_as_it_is_asked_for(provider: Provider, tmp_path: Path) -> None:
    provider.server.acts[:] = [answer(200, DONE)]
    written = {name: tmp_path / f"r.{name}" for name in ("csv", "json", "txt")}

    for path in written.values():
        assert run("result", "doc_0", "-o", str(path), env=provider.env).exit_code == 0
    shown = run("result", "doc_0", "--format", "csv", env=provider.env)
    as_json = run("result", "doc_0", "--json", env=provider.env)

    texts = {name: path.read_text("utf-8") for name, path in written.items()}
    assert json.loads(texts["json"])["total"] == "12.00"
    assert "12.00" in texts["txt"]
    amount = next(line for line in texts["txt"].splitlines() if "line_items[0].amount" in line)
    assert amount.split()[3] == "10.00"
    assert "taxes[0].tax_rate" in texts["txt"]
    assert texts["csv"].splitlines()[1:] == shown.stdout.splitlines()[1:]
    # A spreadsheet must not run what a provider read.
    assert "'=A" in texts["csv"]
    told = lines(as_json)[0]
    assert told["fields"]["total"] == "12.00"
    assert (told["line_items"][0]["description"], told["taxes"], told["charges"]) == (
        "Paper",
        [{"tax_rate": "20", "tax": "2.00"}],
        [],
    )


def test_a_file_that_cannot_be_written_is_told(provider: Provider, tmp_path: Path) -> None:
    provider.server.acts[:] = [answer(200, DONE)]

    result = run("result", "doc_0", "-o", str(tmp_path / "none" / "r.csv"), env=provider.env)

    assert isinstance(result.exception, ConfigurationError)
    assert "No such file" in str(result.exception)


def test_a_journal_that_is_away_is_told_without_its_password(provider: Provider) -> None:
    provider.server.acts[:] = [answer(200, DONE)]
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = f"postgresql://me:hunter2@127.0.0.1:{nobody.getsockname()[1]}/app"

        told = run("status", "doc_0", "--tracker", away, env=provider.env)
        without = run("status", "doc_0", "--tracker", "none", env=provider.env)

    assert isinstance(told.exception, InboxUnavailable)
    assert "hunter2" not in str(told.exception)
    assert "completed" in without.stdout


def test_asking_makes_no_tables_in_a_database(provider: Provider) -> None:
    provider.server.acts[:] = [answer(200, DONE)]
    url = postgres.url()

    result = run("status", "doc_0", "--tracker", url, env=provider.env)

    assert result.exit_code == 0
    assert not has_table(url, "paperhook_tracker")


def test_asking_makes_no_journal(provider: Provider, tmp_path: Path) -> None:
    provider.server.acts[:] = [answer(200, DONE)]

    result = run("status", "doc_0", env=provider.env)

    assert result.exit_code == 0
    assert "completed" in result.stdout
    assert not (tmp_path / "journal.db").exists()


def test_asking_takes_the_handle_from_the_journal(provider: Provider, files: list[Path]) -> None:
    provider.server.acts[:] = [making_jobs(), answer(200, DONE)]
    run("upload", str(files[0]), env=provider.env)

    asked = run("status", "doc_0", "--json", env=provider.env)
    listed = lines(run("jobs", "list", "--json", env=provider.env))

    assert lines(asked)[0]["status"] == "completed"
    assert [(each["job_id"], each["file"], each["state"]) for each in listed] == [
        ("doc_0", "00.pdf", "completed")
    ]


# Jobs


def test_a_journal_that_is_not_there_is_told(tmp_path: Path) -> None:
    for address in (f"sqlite:///{tmp_path}/none.db", "none"):
        result = run("jobs", "list", "--tracker", address)

        assert isinstance(result.exception, ConfigurationError)
        assert "--tracker" in str(result.exception)
    assert not (tmp_path / "none.db").exists()


def test_every_state_can_be_asked_for() -> None:
    assert {each.value for each in job_commands.State} == {"planned", *map(str, JobStatus)}


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (59, "59 s"), (300, "5 min"), (7200, "2 h"), (172800, "2 d")]
)
def test_an_age_has_its_largest_unit(seconds: float, text: str) -> None:
    assert journal.age_text(seconds) == text


def test_a_handle_of_another_job_is_not_taken(tmp_path: Path) -> None:
    tracker = SqliteTracker(tmp_path / "t.db")

    assert journal.known_job(tracker, "j1", "docuparse").id == "j1"
    tracker.close()


# The terminal


def on_terminal(*arguments: str, env: dict[str, str]) -> str:
    """Run the program where both outputs are a terminal, and give what it shows."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "paperhook.cli", *arguments]
    shown: list[bytes] = []

    def read() -> None:
        # A terminal whose other side is closed is an error on Linux.
        try:
            while chunk := os.read(ours, 65536):
                shown.append(chunk)
        except OSError:
            return

    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm", **env}):
        os.close(theirs)
        reading = threading.Thread(target=read)
        reading.start()
    reading.join(10)
    os.close(ours)
    return b"".join(shown).decode()


@pytest.mark.programs
def test_a_terminal_sees_files_bytes_and_rate(provider: Provider, files: list[Path]) -> None:
    shown = on_terminal("upload", *map(str, files), env=provider.env)

    assert f"{COUNT}/{COUNT} files" in shown
    assert re.search(r"\d+/\d+ bytes", shown)
    assert all(f"doc_{number}" in shown for number in range(COUNT))


@pytest.mark.parametrize("format", ["csv", "json", "table"])
def test_a_terminal_obeys_nothing_that_a_provider_read(provider: Provider, format: str) -> None:
    orders = "\x1b]0;title\x07\x9b31m\u202e"
    provider.server.acts[:] = [answer(200, {**DONE, "data": {"vendor": f"Example {orders}"}})]

    shown = on_terminal("result", "doc_0", "--format", format, env={**provider.env, "NO_COLOR": "1"})

    assert "Example" in shown
    assert not set("\x07\x9b\u202e") & set(shown)
    assert "\x1b]0" not in shown


def test_a_table_in_a_file_has_no_colours(provider: Provider, tmp_path: Path) -> None:
    provider.server.acts[:] = [answer(200, DONE)]

    on_terminal("result", "doc_0", "-o", str(tmp_path / "r.txt"), env=provider.env)

    assert "\x1b" not in (tmp_path / "r.txt").read_text("utf-8")


def test_elsewhere_there_are_no_bars(provider: Provider, files: list[Path]) -> None:
    told = run("upload", *map(str, files), env=provider.env)

    assert len(told.stdout.splitlines()) == COUNT
    assert "files" not in told.stdout.replace(str(files[0].parent), "")
    assert told.stderr == ""


def test_bars_count_each_file_once_however_often_it_is_sent(tmp_path: Path) -> None:
    from rich.console import Console

    path = tmp_path / "a.pdf"
    path.write_bytes(b"x" * 100)
    bars = Bars(Console(file=io.StringIO(), stderr=True), [path, tmp_path / "none.pdf"])

    with bars:
        for sent_bytes in (60, 120, 0, 60):
            bars.sent(path, sent_bytes, 120)
        assert bars._progress.tasks[0].completed == 50
        bars.sent(path, 70, None)
        bars.ended(path)
        bars.ended(tmp_path / "none.pdf")
        bars.line("above")
        bars.hush()

    task = bars._progress.tasks[0]
    assert (task.completed, task.total, task.fields["ended"]) == (100, 100, 2)


# The program


def test_the_version_is_told() -> None:
    result = run("--version")

    assert result.exit_code == 0
    assert result.stdout.startswith("paperhook")


def test_the_help_says_the_exit_codes() -> None:
    said = run("--help").stdout

    assert all(code in said for code in ("0 done", "1 not done", "2 wrong", "130 interrupted"))


def test_who_stops_waiting_for_jobs_waits_for_no_provider():
    is_over = threading.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("slow"):
            is_over.wait(60)
        return httpx.Response(200, json={"id": "d1", "state": "done"})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    client = Client(acme(), http_client=http, timeout=60)
    jobs = [Job.known(name, provider="acme") for name in ("d1", "slow", "d3")]
    ends = wait_all(client, jobs, 60, 2)
    first = next(ends)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ends.throw(KeyboardInterrupt())
    client.close()
    took = time.monotonic() - began
    is_over.set()

    assert isinstance(first, Job)
    assert first.status.is_success
    assert took < 30


def test_jobs_are_told_in_their_order_however_many_are_waited_for_at_once():
    def answer(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        if name == "lost":
            return httpx.Response(404)
        return httpx.Response(200, json={"id": name, "state": "done"})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    with Client(acme(), http_client=http) as client:
        jobs = [Job.known(name, provider="acme") for name in ("d1", "lost", "d3", "d4", "d5")]
        ends = list(wait_all(client, jobs, 60, 2))

    assert [end.id if isinstance(end, Job) else type(end) for end in ends] == [
        "d1",
        NotFound,
        "d3",
        "d4",
        "d5",
    ]
