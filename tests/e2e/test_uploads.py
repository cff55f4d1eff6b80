"""Uploads of real processes to a real server, killed at each step: one document, one job."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from paperhook.core.job import JobStatus
from paperhook.tracker import PostgresTracker, SqliteTracker, Submission
from tests import postgres
from tests.conftest import REPOSITORY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9"),
]

Store: TypeAlias = "Path | str"

#: Uploads one document and prints its job, or the error; dies at the step that it is told.
UPLOADER = """
    import os, signal, sys, threading
    from dataclasses import replace
    from paperhook import Batch, Client, Job
    from paperhook.core.exchange import FilePart, Multipart
    from paperhook.errors import SubmissionUnknown
    from paperhook.tracker import PostgresTracker, SqliteTracker
    from tests.acme import Acme, KeyedAcme
    import httpx

    url, path, kind, step, act, threads = *sys.argv[1:6], int(sys.argv[6])

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    class Tracker(SqliteTracker if path.endswith(".db") else PostgresTracker):
        def __getattribute__(self, name):
            method = super().__getattribute__(name)
            if step == f"before {name}":
                die()
            if step != f"after {name}":
                return method
            def until_committed(*args, **names):
                method(*args, **names).result()
                die()
            return until_committed

    class Listed(Acme):
        def _job(self, response, said):
            return super()._job(response, said).model_copy(update={"filename": said.get("name")})

    class Batching:
        # Names the job of each document.
        def upload_batch(self, documents, *, key=None, metadata={}):
            body = Multipart((), tuple(FilePart("files", each) for each in documents))
            said = (yield from self.call("POST", "/batches", body=body, **self._keyed(key))).json()
            jobs = [Job(id=job_id, provider=self.name) for job_id in said["jobs"]]
            return Batch(id=said["id"], provider=self.name, jobs=tuple(jobs))

    class KeyedBatching(Batching, KeyedAcme):
        capabilities = replace(KeyedAcme.capabilities, max_batch_documents=3)

    class KeylessBatching(Batching, Acme):
        pass

    providers = {"keyed": KeyedAcme, "keyless": Listed}
    providers |= {"keyed batch": KeyedBatching, "keyless batch": KeylessBatching}

    hooks = {}
    if step == "before the request":
        hooks = {"request": [die]}
    if step == "before the answer":
        hooks = {"response": [die]}
    provider = providers[kind]("key", base_url=url)
    http = httpx.Client(event_hooks=hooks)
    client = Client(provider, tracker=Tracker(path), http_client=http)

    def say(word):
        # In one piece: threads share the line.
        sys.stdout.write(f"{word}\\n")
        sys.stdout.flush()

    def upload_batch():
        try:
            batch = client.batch([b"%PDF-1.7 one document", b"%PDF-1.7 another document"])
        except SubmissionUnknown as error:
            say("unknown")
        else:
            say(" ".join(job.id for job in batch.jobs))

    def upload():
        try:
            job = client.upload(b"%PDF-1.7 one document", filename="a.pdf")
        except SubmissionUnknown as error:
            if act == "reconcile":
                try:
                    job = client.reconcile(error.job)
                except SubmissionUnknown:
                    say("unsettled")
                    return
                say(job.id or job.status)
            else:
                say("unknown")
        else:
            say(job.id)

    if kind.endswith("batch"):
        upload = upload_batch
    uploading = [threading.Thread(target=upload) for _ in range(threads)]
    for each in uploading:
        each.start()
    for each in uploading:
        each.join()
"""

#: Each step of an upload, and whether the job was made, or may have been.
STEPS = {
    "before begin": "no",
    "after begin": "no",
    "before sending": "no",
    "after sending": "unknown",
    "before the request": "unknown",
    "before the answer": "made",
    "before record": "made",
    "after record": "known",
}


class Server(ThreadingHTTPServer):
    """Makes a job for each upload, and gives it again for a key that it knows."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.made: list[str] = []
        self.by_key: dict[str, str] = {}
        self.batches: dict[str, Any] = {}

    def batch(self, key: str) -> Any:
        """Make two jobs in one call, or give those of a key that is known."""
        with self.lock:
            if key not in self.batches:
                jobs = [f"d{len(self.made) + 1}", f"d{len(self.made) + 2}"]
                self.made += jobs
                said = {"id": f"b{len(self.batches) + 1}", "jobs": jobs}
                if not key:
                    return said
                self.batches[key] = said
            return self.batches[key]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers.get("Idempotency-Key")
        if self.path.endswith("/batches"):
            self._answer(self.server.batch(key or ""))
            return
        with self.server.lock:
            job = self.server.by_key.get(key or "")
            if job is None:
                job = f"d{len(self.server.made) + 1}"
                self.server.made.append(job)
                if key:
                    self.server.by_key[key] = job
        self._answer({"id": job, "state": "waiting"})

    def do_GET(self) -> None:
        self._answer([{"id": job, "state": "waiting", "name": "a.pdf"} for job in self.server.made])

    def _answer(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(params=["sqlite", "postgres"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Where the tracker is: a file, or a new schema of the server."""
    return tmp_path / "paperhook.db" if request.param == "sqlite" else postgres.address()


def start(
    server: Server, path: Store, kind: str, *, step: str = "", act: str = "", threads: int = 1
) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", textwrap.dedent(UPLOADER)]
    given = [server.url, str(path), kind, step, act, str(threads)]
    return subprocess.Popen(
        [*program, *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY
    )


def said_by(process: subprocess.Popen[str]) -> list[str]:
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return said.split()


def killed_at(step: str, server: Server, path: Store, kind: str) -> None:
    process = start(server, path, kind, step=step)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, errors


def rows(path: Store) -> tuple[Submission, ...]:
    tracker = SqliteTracker(path) if isinstance(path, Path) else PostgresTracker(path)
    found = tracker.rows().result()
    tracker.close()
    return found


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


#: Of a batch all jobs are recorded at once.
BATCH_STEPS = {step.replace(" record", " record_jobs"): then for step, then in STEPS.items()}


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
