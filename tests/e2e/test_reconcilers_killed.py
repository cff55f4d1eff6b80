"""Reconcilers in processes of their own: one is killed in the middle, two go on, and every document is handled once."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from paperhook import Client, Webhooks
from paperhook.inbox import Inbox, PostgresInbox, State, open_inbox
from paperhook.tracker import PostgresTracker, Tracker, open_tracker
from tests import postgres
from tests.acme import SECRET, Acme

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no signal kills there"),
]

DOCUMENTS = 30
#: Sweeps over what is silent an hour or more from now.
RECONCILER = """
    import asyncio, sys, time
    from paperhook import Client, Webhooks
    from tests.acme import SECRET, Acme
    from tests.e2e.test_reconcilers_killed import opened

    url, address, hours = sys.argv[1:]
    provider = Acme("acme-key", webhook_secret=SECRET, base_url=url)
    inbox, tracker = opened(address)
    hooks = Webhooks(
        provider, inbox=inbox, worker="external", clock=lambda: time.time() + 3600 * int(hours),
        reconcile=Client(provider, tracker=tracker),
    )
    hooks.on("document.*", name="book")(print)
    print("ready", flush=True)
    sys.stdin.readline()
    counts = asyncio.run(hooks.reconciler(rate=1e6).sweep())
    print(counts.polled, counts.recovered, flush=True)
"""


def opened(address: str) -> tuple[Inbox, Tracker]:
    if address.startswith("sqlite"):
        return open_inbox(address), open_tracker(address)
    return PostgresInbox(address), PostgresTracker(address)


class Provider:
    """Acme on a socket: whatever was uploaded is done."""

    def __init__(self) -> None:
        self.uploaded = 0
        #: How often each job was asked for.
        self.asked: Counter[str] = Counter()
        #: Told of each question before it is answered.
        self.on_question: Callable[[int], None] = lambda number: None
        self.lock = threading.Lock()

    def answer(self, method: str, path: str) -> bytes:
        if method == "POST":
            with self.lock:
                self.uploaded += 1
                return json.dumps({"id": f"d{self.uploaded}", "state": "waiting"}).encode()
        if path.endswith("/result"):
            return b'{"fields": {"total": "12.50"}}'
        name = path.rpartition("/")[2]
        with self.lock:
            self.asked[name] += 1
            number = self.asked.total()
        self.on_question(number)
        return json.dumps({"id": name, "state": "done"}).encode()


@contextmanager
def served(provider: Provider) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            said = provider.answer(self.command, self.path)
            self.send_response(200)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            # Who asked may be dead.
            self.wfile.write(said)

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server asks for

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *arguments: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


def start(url: str, address: str, hours: int) -> subprocess.Popen[str]:
    """Start a reconciler that sweeps once it is told to."""
    command = [sys.executable, "-c", textwrap.dedent(RECONCILER), url, address, str(hours)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_what_a_killed_reconciler_left_two_others_find_once(store: str, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/p.db" if store == "sqlite" else postgres.address()
    provider = Provider()
    with served(provider) as url:
        acme = Acme("acme-key", webhook_secret=SECRET, base_url=url)
        inbox, tracker = opened(address)
        with Client(acme, tracker=tracker) as client:
            for number in range(DOCUMENTS):
                client.upload(b"\x89PNG\r\n\x1a\n%d" % number, filename="a.png")
        first = start(url, address, 1)
        # In the middle of a question, so that it is between what it found and what it finds.
        provider.on_question = lambda number: first.send_signal(signal.SIGKILL) if number == 10 else None
        first.communicate("go\n", timeout=60)
        after_kill = provider.asked.total()

        others = [start(url, address, 2) for _ in range(2)]
        told = [other.communicate("go\n", timeout=120)[0].split() for other in others]
        hooks = Webhooks(acme, inbox=inbox, worker="external")
        handled: list[str | None] = []
        hooks.on("document.*", name="book")(lambda event: handled.append(event.job_id))
        asyncio.run(hooks.worker.drain())
        rows = inbox.rows(limit=1000).result()
        left = tracker.tally().result().open
        hooks.close()
        tracker.close()

    assert (first.returncode, after_kill) == (-signal.SIGKILL, 10)
    # Nine were stored, or eight and the ninth was not; the others found what was left.
    recovered = sum(int(count) for _, count in told)
    assert DOCUMENTS - 10 < recovered <= DOCUMENTS - 8
    assert Counter(handled) == Counter(f"d{number + 1}" for number in range(DOCUMENTS))
    assert {row.state for row in rows} == {State.DONE}
    assert left == 0
    # The one it was asking for was asked for again, and no other.
    assert sum(provider.asked.values()) <= DOCUMENTS + 2
