"""Processes that upload to a real server and die at the step that they are told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

from paperhook.tracker import PostgresTracker, SqliteTracker, Submission
from tests.conftest import REPOSITORY

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


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


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
