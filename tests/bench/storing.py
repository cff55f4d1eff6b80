"""The inbox: grouped commits against one commit per event, and the whole way from acknowledged to done."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
        rate = _rate(entries(count), lambda entry: inbox.put([entry]).result())
        inbox.close()
    return rate


def put_alone(count: int) -> float:
    """Events per second when each event has a commit of its own: the same store behind a lock."""
    lock = threading.Lock()
    with tempfile.TemporaryDirectory() as folder:
        inbox = SqliteInbox(Path(folder) / "inbox.db")

        def put(entry: Entry) -> None:
            with lock:
                inbox.put([entry]).result()

        rate = _rate(entries(count), put)
        inbox.close()
    return rate


def _rate(given: list[Entry], put: Callable[[Entry], object]) -> float:
    with ThreadPoolExecutor(CALLERS) as pool:
        started = time.perf_counter()
        list(pool.map(put, given))
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


def acknowledged_and_done(count: int, *, in_flight: int = 16) -> float:
    """Events per second through verification, commit, handler and completion, all in one process."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_acknowledged_and_done(count, in_flight, folder))
