"""Workers on one PostgreSQL, each engine with its own: completed per second by as many processes, in turn.

Every job is stored before the clock starts, and does nothing. What procrastinate completes are its own jobs, a number
each; what ours complete are deliveries of 1.5 KB, each built into a typed event for its handler. Both run eight at once
in a process, and both tables have been analysed, without which procrastinate's plans are those for an empty one.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import psycopg

from paperhook import DocumentCompleted, Webhooks
from paperhook.inbox import PostgresInbox
from paperhook.providers import DocuParse

from .. import postgres
from .deliveries import SECRET
from .storing import entries

WORKERS = 4
#: Jobs that run at once in a process: paperhook's own default.
CONCURRENCY = 8
#: What is left to do, for each engine.
LEFT = {
    "procrastinate": "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')",
    "paperhook": "SELECT count(*) FROM paperhook_event WHERE state IN ('pending', 'running')",
}


def measure(*, rounds: int, count: int) -> dict[str, float]:
    """Give the median completions per second of each engine."""
    rates: dict[str, list[float]] = {name: [] for name in LEFT}
    for _ in range(rounds):
        for name in LEFT:
            rates[name].append(_completed(name, count))
    return {name: statistics.median(each) for name, each in rates.items()}


def _completed(name: str, count: int) -> float:
    address = postgres.address()
    FILL[name](address, count)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    # Not with -m: procrastinate's workers do not take an app of the main module.
    command = [sys.executable, "-c", "from tests.bench.engines import work; work()", name, address]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(WORKERS)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()
    with psycopg.connect(address, autocommit=True) as connection:
        started = time.perf_counter()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        while connection.execute(LEFT[name]).fetchone() != (0,):
            time.sleep(0.01)
        seconds = time.perf_counter() - started
    for worker in workers:
        worker.terminate()
        worker.communicate()
    return count / seconds


def _fill_procrastinate(address: str, count: int) -> None:
    import procrastinate

    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=address))
    with app.open():
        app.schema_manager.apply_schema()
        app.configure_task("nothing").batch_defer(*({"number": number} for number in range(count)))


def _fill_paperhook(address: str, count: int) -> None:
    inbox = PostgresInbox(address)
    inbox.put(entries(count)).result()
    inbox.close()


FILL: dict[str, Callable[[str, int], None]] = {
    "procrastinate": _fill_procrastinate,
    "paperhook": _fill_paperhook,
}


async def _work_procrastinate(address: str) -> None:
    import procrastinate

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address))

    @app.task(name="nothing")
    async def nothing(number: int) -> None: ...

    async with app.open_async():
        await _ready()
        await app.run_worker_async(concurrency=CONCURRENCY, install_signal_handlers=False)


async def _work_paperhook(address: str) -> None:
    hooks = Webhooks(DocuParse("key", webhook_secret=SECRET), inbox=PostgresInbox(address), worker="external")

    @hooks.on(DocumentCompleted)
    async def nothing(event: DocumentCompleted) -> None: ...

    hooks.inbox.stats().result()
    await _ready()
    await hooks.run_worker()


async def _ready() -> None:
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)


WORK = {"procrastinate": _work_procrastinate, "paperhook": _work_paperhook}


def work() -> None:
    """Complete jobs until somebody ends this process."""
    _, name, address = sys.argv
    asyncio.run(WORK[name](address))
