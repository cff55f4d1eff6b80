"""The inbox: grouped commits against one commit per event, and the whole way from acknowledged to done."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from paperhook import DocumentCompleted, Webhooks
from paperhook.inbox import Entry, SqliteInbox
from paperhook.providers import DocuParse

from .deliveries import HEADER, SECRET, delivery

CALLERS = 64


def entries(count: int) -> list[Entry]:
    return [
        Entry(
            provider="docuparse", key=f"k{n}", type="document.completed", body=delivery(n)[0], job_id=f"j{n}"
        )
        for n in range(count)
    ]


def put_together(count: int) -> float:
    """Events per second when callers wait for their own commit only, which is shared where they come at once."""
    with tempfile.TemporaryDirectory() as folder:
        inbox = SqliteInbox(Path(folder) / "inbox.db")
        rate = rate_of(entries(count), lambda entry: inbox.put([entry]).result())
        inbox.close()
    return rate


def put_milliseconds(count: int) -> dict[str, float]:
    """How long one of the callers waits for the commit of its event, at the median and at most but for one in a hundred."""
    taken: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        inbox = SqliteInbox(Path(folder) / "inbox.db")

        def put(entry: Entry) -> None:
            began = time.perf_counter()
            inbox.put([entry]).result()
            taken.append((time.perf_counter() - began) * 1000)

        rate_of(entries(count), put)
        inbox.close()
    taken.sort()
    return {"median": statistics.median(taken), "p99": taken[len(taken) * 99 // 100]}


def put_alone(count: int) -> float:
    """Events per second when each event has a commit of its own: the same store behind a lock."""
    lock = threading.Lock()
    with tempfile.TemporaryDirectory() as folder:
        inbox = SqliteInbox(Path(folder) / "inbox.db")

        def put(entry: Entry) -> None:
            with lock:
                inbox.put([entry]).result()

        rate = rate_of(entries(count), put)
        inbox.close()
    return rate


def rate_of(given: list[Entry], put: Callable[[Entry], object]) -> float:
    """Have each of the callers put its share, one after the other; events per second."""
    start = threading.Barrier(CALLERS + 1)

    def call(share: list[Entry]) -> None:
        start.wait()
        for entry in share:
            put(entry)

    # Not an executor: its queue costs as much as the puts, and whoever fills it keeps the interpreter's lock from them.
    threads = [threading.Thread(target=call, args=(given[caller::CALLERS],)) for caller in range(CALLERS)]
    for thread in threads:
        thread.start()
    start.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return len(given) / (time.perf_counter() - started)


async def _acknowledged_and_done(count: int, in_flight: int, folder: str) -> float:
    hooks = Webhooks(DocuParse("key", webhook_secret=SECRET), inbox=f"sqlite:///{folder}/inbox.db")

    @hooks.on(DocumentCompleted)
    async def handle(event: DocumentCompleted) -> None:
        pass

    waiting = iter([delivery(n) for n in range(count)])

    async def send() -> None:
        for body, signature in waiting:
            reply = await hooks.areceive([(HEADER, signature)], body)
            assert reply.status == 200, reply

    async def settled() -> None:
        while (await asyncio.wrap_future(hooks.inbox.stats())).done < count:  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.005)

    async with hooks.lifespan():
        started = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(in_flight)))
        await settled()
        seconds = time.perf_counter() - started
    await hooks.aclose()
    return count / seconds


def acknowledged_and_done(count: int, *, in_flight: int = CALLERS) -> float:
    """Events per second through verification, commit, handler and completion, all in one process."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_acknowledged_and_done(count, in_flight, folder))
