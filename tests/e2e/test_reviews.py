"""Two processes and a kill: of one invoice in two deliveries one is booked, and a decision outlives who took it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from paperhook import Webhooks
from paperhook.inbox import State
from paperhook.providers import DocuParse

from .. import postgres

PARSE = DocuParse("dex_key", webhook_secret="a secret of the tests")
DATA = {"merchant": "Acme", "invoice_id": "A-1", "total": "45.50"}
APP = """
import asyncio, os, signal, sys
from paperhook import DocumentCompleted, DocumentNeedsReview, Webhooks
from paperhook.providers import DocuParse
from paperhook.rules import required, unique

address, folder, what = sys.argv[1:]
rules = [unique("vendor", "invoice_number")] if what == "drain" else [required("iban")]
parse = DocuParse("dex_key", webhook_secret="a secret of the tests")
hooks = Webhooks(parse, inbox=address, worker="external", rules=rules, concurrency=3)

@hooks.on(DocumentCompleted, name="book")
def book(event):
    values = event.result.values()
    with open(f"{folder}/booked", "a") as ledger:
        ledger.write(f"{event.key} {values.get('iban')}\\n")
    if what == "book and die":
        os.kill(os.getpid(), signal.SIGKILL)

@hooks.on(DocumentNeedsReview, name="tell")
def tell(event):
    print(event.review_id, flush=True)

if what == "decide and die":
    (held,) = hooks.reviews.waiting()
    hooks.reviews.correct(held.id, {"iban": "DE89"}, by="ana")
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(hooks.worker.drain())
hooks.close()
"""


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/inbox.db" if request.param == "sqlite" else postgres.url()


def start(address: str, folder: Path, what: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", APP, address, str(folder), what], stdout=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> int:
    process.communicate(timeout=60)
    return process.returncode


def deliver(address: str, count: int) -> None:
    hooks = Webhooks(PARSE, inbox=address, worker="external")
    hooks.on("document.completed")(print)
    for number in range(count):
        content = {"event": "document.completed", "document_id": f"doc_{number}", "data": DATA}
        body = json.dumps(content).encode()
        assert hooks.receive(PARSE.signature.sign(body, PARSE.secrets[0]), body).outcome == "accepted"
    hooks.close()


def states(address: str) -> Counter[State]:
    hooks = Webhooks(PARSE, inbox=address, worker="external")
    rows = hooks.inbox.rows().result()
    hooks.close()
    return Counter(row.state for row in rows)


def booked(folder: Path) -> list[str]:
    ledger = folder / "booked"
    return ledger.read_text().splitlines() if ledger.exists() else []


@pytest.mark.slow
def test_of_two_processes_one_books_the_invoice(address: str, tmp_path: Path) -> None:
    deliver(address, 12)

    workers = [start(address, tmp_path, "drain") for _ in range(2)]

    assert [finish(worker) for worker in workers] == [0, 0]
    assert len(booked(tmp_path)) == 1
    assert states(address) == {State.DONE: 1, State.REVIEW: 11}


@pytest.mark.slow
def test_a_decision_outlives_a_kill_before_its_handler_and_after_it(address: str, tmp_path: Path) -> None:
    deliver(address, 1)
    assert finish(start(address, tmp_path, "run")) == 0
    assert (states(address), booked(tmp_path)) == ({State.REVIEW: 1}, [])

    assert finish(start(address, tmp_path, "decide and die")) == -signal.SIGKILL
    assert (states(address), booked(tmp_path)) == ({State.PENDING: 1}, [])

    # At least once: it was killed before it could record that it had booked.
    assert finish(start(address, tmp_path, "book and die")) == -signal.SIGKILL
    assert states(address) == {State.RUNNING: 1}
    expire_leases(address)
    assert finish(start(address, tmp_path, "run")) == 0

    assert states(address) == {State.DONE: 1}
    assert len(set(booked(tmp_path))) == 1
    assert booked(tmp_path)[0].endswith(" DE89")


def expire_leases(address: str) -> None:
    """Do what time does."""
    hooks = Webhooks(PARSE, inbox=address, worker="external", clock=lambda: 9e9)
    (claim,) = hooks.inbox.claim(limit=1, lease=0.0, now=9e9).result()
    hooks.inbox.release(claim, (), due_at=0.0, now=9e9).result()
    hooks.close()


if os.name == "nt":  # pragma: no cover - there is no SIGKILL
    pytestmark = pytest.mark.skip("needs SIGKILL")
