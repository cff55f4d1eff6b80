"""The inbox in PostgreSQL: grouped commits, workers in processes of their own, and how soon an idle one wakes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from paperhook.inbox import Entry, Outcome, PostgresInbox, State

from .. import postgres
from .storing import entries, rate_of

WORKERS = 4


def puts(count: int) -> dict[str, float]:
    """Events per second of callers that wait for their own commit, and of one that waits for all at the end."""
    rates = {}
    for name, number in (("alone", count // 10), ("together", count), ("queued", count)):
        inbox, lock = PostgresInbox(postgres.address()), threading.Lock()
        inbox.stats().result()
        given = entries(number)
        if name == "queued":
            started = time.perf_counter()
            for future in [inbox.put([entry]) for entry in given]:
                future.result()
            rates[name] = number / (time.perf_counter() - started)
        else:
            turn = lock if name == "alone" else nullcontext()
            rates[name] = rate_of(given, partial(_put, inbox, turn))
        inbox.close()
    return rates


def _put(inbox: PostgresInbox, turn: AbstractContextManager[object], entry: Entry) -> None:
    with turn:
        inbox.put([entry]).result()


def claimed_and_done(count: int, *, batch: int) -> float:
    """Events per second through four processes that lease batches and settle each event."""
    address = postgres.address()
    inbox = PostgresInbox(address)
    inbox.put(entries(count)).result()
    command = [sys.executable, "-m", "tests.bench.sharing", address, str(batch)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(WORKERS)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()
    told = [answer.split() for answer in _together(workers)]
    assert sum(int(settled) for settled, _, _ in told) == inbox.stats().result().done == count
    inbox.close()
    # From the first claim to the last completion: how long the processes take to end is not the inbox's.
    return count / (max(float(ended) for _, _, ended in told) - min(float(began) for _, began, _ in told))


def _together(workers: list[subprocess.Popen[str]]) -> list[str]:
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return [worker.communicate()[0] for worker in workers]


def woken(count: int) -> dict[str, float]:
    """Milliseconds from a put in one inbox, its commit included, to the wake-up of another."""
    address = postgres.address()
    here, there, heard = PostgresInbox(address), PostgresInbox(address), threading.Event()
    there.stats().result()
    here.subscribe(heard.set)
    heard.wait(5)
    seconds = []
    for entry in entries(count):
        heard.clear()
        asked = time.perf_counter()
        there.put([entry])
        heard.wait(5)
        seconds.append(time.perf_counter() - asked)
    for inbox in (here, there):
        inbox.close()
    ordered = sorted(seconds)
    return {"median": statistics.median(ordered) * 1000, "p99": ordered[int(len(ordered) * 0.99)] * 1000}


def work(address: str, batch: int) -> tuple[int, float, float]:
    """Settle everything that is due; give how many events that were, and when the first was claimed and the last done."""
    inbox, count = PostgresInbox(address), 0
    inbox.claim(limit=0, lease=60, now=0).result()
    print("ready", flush=True)
    sys.stdin.readline()
    began = ended = time.time()
    while claims := inbox.claim(limit=batch, lease=60, now=time.time()).result():
        asked = [
            inbox.finish(claim, [Outcome("book", State.DONE, 1)], state=State.DONE, now=time.time())
            for claim in claims
        ]
        count += sum(future.result() for future in asked)
        ended = time.time()
    inbox.close()
    return count, began, ended


if __name__ == "__main__":
    print(*work(sys.argv[1], int(sys.argv[2])))
