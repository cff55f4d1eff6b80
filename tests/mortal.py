"""Processes that kill themselves at a line of the library: a receiver and a worker, and who decides on their end.

A tracer sees every line that runs in `src/paperhook` and in the handlers below, in every thread. At the line that it was
told, it sends its own process SIGKILL. So each point between two lines can be the last one, and no code that is tested
knows about it. What happens inside one line, such as a commit in C, is left to the tests that kill by the clock.

The processes are forked from a server that has imported everything, so that a death costs milliseconds.
"""

from __future__ import annotations

import asyncio
import itertools
import linecache
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
import uvicorn.lifespan.off
import uvicorn.protocols.http.h11_impl

import paperhook
from paperhook import DocumentCompleted, Webhooks
from paperhook.adapters import asgi as _asgi  # noqa: F401 - imported here, so that no life spends time on it
from paperhook.inbox import PostgresInbox, SqliteInbox
from paperhook.providers import DocuParse
from paperhook.testing import LOCAL_SECRET, signed_delivery

_PROVIDER = DocuParse("key", webhook_secret=LOCAL_SECRET)
LIBRARY = str(Path(paperhook.__file__).parent)
#: Seconds for which a worker has an event; short, because each one that dies keeps its events for so long.
LEASE = 1.0


@dataclass(frozen=True)
class Point:
    """A place in the library's text before which a process dies."""

    name: str
    #: Of the path.
    path: str
    #: Of the line that is about to run.
    line: str
    #: Not before that line but before the next one of its thread.
    is_after: bool = False
    #: How often the line must have run in one call.
    times: int = 1
    #: Only where such a line ran in the thread since it began a transaction.
    since: str = ""


_COMMIT = r"""["']COMMIT["']"""
#: Where a transaction begins; what ran before it is forgotten.
_BEGIN = r"_begin_immediate\(|\(self\._begin\)"
#: From the first byte to the answer.
_RECEIVER_POINTS = (
    Point("headers read", "adapters/", r"await receive\(\)"),
    Point("body half read", "adapters/", r"await receive\(\)", times=2),
    Point("verified", "(webhooks/|hooks)", r"\.envelopes\("),
    Point("before the insert", "inbox/", r"_PUT_(EVENTS|AT_ONCE)\b"),
    Point("answer half sent", "adapters/", r"http\.response\.body"),
)
#: From the lease to the recorded completion.
_WORKER_POINTS = (
    Point("claimed", "worker/", r"dispatch\.handlers\("),
    Point("handler started", "mortal", '"begin"'),
    Point("handler half done", "mortal", "# half"),
    Point("handler done, not recorded", "mortal", '"end"', is_after=True),
)
RECEIVER_POINTS = {
    "sqlite": (
        *_RECEIVER_POINTS,
        Point("inserted, not committed", "inbox/", _COMMIT, since=r"_PUT_PAYLOADS\b"),
        Point("committed, not answered", "inbox/", _COMMIT, is_after=True, since=r"_PUT_PAYLOADS\b"),
    ),
    "postgres": (
        # One statement is the whole transaction.
        *_RECEIVER_POINTS,
        Point("committed, not answered", "inbox/", r"_is_committing = db\.", since=r"_PUT_AT_ONCE\b"),
    ),
}
WORKER_POINTS = {
    "sqlite": (
        *_WORKER_POINTS,
        Point("in the completion's transaction", "inbox/", r"_PUT_OUTCOMES\b"),
        Point("completion not committed", "inbox/", _COMMIT, since=r"_PUT_OUTCOMES\b"),
        Point("completion committed", "inbox/", _COMMIT, is_after=True, since=r"_PUT_OUTCOMES\b"),
    ),
    "postgres": (
        *_WORKER_POINTS,
        Point("in the completion's transaction", "inbox/", r"\b_SETTLE,"),
        Point("completion not committed", "inbox/", _COMMIT, since=r"\b_SETTLE,"),
        Point("completion committed", "inbox/", r"db\.trust\(\)", since=r"\b_SETTLE,"),
    ),
}


class Death:
    """Ends its own process before a line runs.

    Args:
        point: At this place, or at the `count`-th line of all where there is none.
        count: How many lines run before.
        notes: The file that is told where.
    """

    def __init__(self, point: Point | None, count: int, notes: str) -> None:
        self._point = point
        self._count = count
        self._notes = notes
        self._lines = itertools.count(1)
        self._times: dict[tuple[int, int], int] = {}
        self._thread = threading.local()

    def await_it(self) -> None:
        """Watch every thread from here on."""
        threading.settrace(self._enter)
        sys.settrace(self._enter)

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        path = frame.f_code.co_filename
        if not path.startswith(LIBRARY) and path != __file__:
            return None
        return self._count_down if self._point is None else self._look

    def _count_down(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if event == "line" and next(self._lines) == self._count:
            self._die(frame)
        return self._count_down

    def _look(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if event == "line":
            self._compare(frame, linecache.getline(frame.f_code.co_filename, frame.f_lineno))
        return self._look

    def _compare(self, frame: FrameType, line: str) -> None:
        point, mine = self._point, self._thread.__dict__
        assert point is not None
        if mine.get("is_next"):
            self._die(frame)
        if point.since and re.search(point.since, line):
            mine["is_since"] = True
        if re.search(point.path, frame.f_code.co_filename) and re.search(point.line, line):
            mine["is_next"] = self._is_reached(frame) and (not point.since or mine.get("is_since", False))
            if mine["is_next"] and not point.is_after:
                self._die(frame)
        if re.search(_BEGIN, line):
            mine["is_since"] = False

    def _is_reached(self, frame: FrameType) -> bool:
        """Tell whether the line ran often enough in this call; it was the last one of its name where it is awaited."""
        place = (id(frame), frame.f_lineno)
        self._times[place] = self._times.get(place, 0) + 1
        return self._times[place] >= (self._point.times if self._point else 1)

    def _die(self, frame: FrameType) -> None:
        name = self._point.name if self._point else "-"
        path = frame.f_code.co_filename.removeprefix(LIBRARY)
        note(self._notes, "died", f"{path}:{frame.f_lineno}", name)
        os.kill(os.getpid(), signal.SIGKILL)


def note(path: str, *words: object) -> None:
    """Write a line of tabs to the end of a file; one write, so that lines of several processes do not mix."""
    with Path(path).open("ab", buffering=0) as file:
        file.write(("\t".join(map(str, words)) + "\n").encode())


def noted(path: str, word: str) -> list[list[str]]:
    lines = Path(path).read_text().splitlines() if Path(path).exists() else []
    return [words for line in lines if (words := line.split("\t"))[0] == word]


@dataclass(frozen=True)
class Place:
    """Where the events of a test are."""

    #: The path of a file, or the address of a PostgreSQL.
    inbox: str
    notes: str

    @property
    def is_file(self) -> bool:
        return self.inbox.startswith("/")

    def open(self) -> SqliteInbox | PostgresInbox:
        return SqliteInbox(self.inbox) if self.is_file else PostgresInbox(self.inbox)

    def hooks(self, *, books_last: bool = True) -> Webhooks:
        """Give the application: three handlers, one of each kind; the last one's end completes the event."""
        hooks = Webhooks(_PROVIDER, inbox=self.open(), worker="external", lease=LEASE)
        mark = "?" if self.is_file else "%s"

        async def mail(event: DocumentCompleted) -> None:
            note(self.notes, "begin", event.key, "mail")
            await asyncio.sleep(0)  # half
            note(self.notes, "end", event.key, "mail")

        def file(event: DocumentCompleted) -> None:
            note(self.notes, "begin", event.key, "file")
            time.sleep(0)  # half
            note(self.notes, "end", event.key, "file")

        def book(event: DocumentCompleted, connection: Any) -> None:
            connection.execute(f"INSERT INTO ledger VALUES ({mark}, 'debit')", (event.key,))
            note(self.notes, "begin", event.key, "book")
            connection.execute(f"INSERT INTO ledger VALUES ({mark}, 'credit')", (event.key,))

        if not books_last:
            hooks.on(DocumentCompleted, name="book", transaction=True)(book)
        hooks.on(DocumentCompleted, name="mail")(mail)
        hooks.on(DocumentCompleted, name="file")(file)
        if books_last:
            hooks.on(DocumentCompleted, name="book", transaction=True)(book)
        return hooks


def receive(place: Place, listening: socket.socket, point: Point | None, count: int) -> None:
    """Be a receiver until the end has come."""
    config = uvicorn.Config(
        place.hooks().asgi(), http="h11", loop="asyncio", ws="none", lifespan="off", log_level="critical"
    )
    Death(point, count, place.notes).await_it()
    asyncio.run(uvicorn.Server(config).serve([listening]))


def work(place: Place, point: Point | None, count: int) -> None:
    """Be a worker until the end has come."""
    # psycopg commits what a transactional handler completes, and no line of ours says so.
    hooks = place.hooks(books_last=point is None and count % 2 == 0)
    Death(point, count, place.notes).await_it()
    asyncio.run(hooks.run_worker())


_FORKING = get_context("forkserver") if sys.platform != "win32" else get_context("spawn")


def start(target: Callable[..., None], *arguments: object) -> ForkServerProcess:
    """Start a process that runs a function of this module."""
    _FORKING.set_forkserver_preload([__name__])
    process: Any = _FORKING.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process  # type: ignore[no-any-return]


def listen() -> socket.socket:
    """Give a socket that outlives its receivers, so that who comes between two of them waits."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    listening.setblocking(False)
    return listening


class Sender:
    """Sends deliveries as a provider does: the body in two parts, and again until it is acknowledged."""

    def __init__(self, port: int) -> None:
        self._port = port
        #: How often each key was acknowledged.
        self.acknowledged: dict[str, int] = {}

    async def send(self, number: int, *, patience: float = 60.0) -> None:
        """Send one delivery until its status line says 200."""
        headers, body = signed_delivery(_PROVIDER, "document.completed", mark=str(number))
        lines = [f"{name}: {value}" for name, value in {**headers, "Content-Length": len(body)}.items()]
        head = "\r\n".join(["POST / HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()
        async with asyncio.timeout(patience):
            while not await self._is_taken(head + body, len(head) + len(body) // 2):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        key = f"document.completed:doc_{number}"
        self.acknowledged[key] = self.acknowledged.get(key, 0) + 1

    async def _is_taken(self, request: bytes, half: int) -> bool:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                writer.write(request[:half])
                await writer.drain()
                await asyncio.sleep(0.001)
                writer.write(request[half:])
                # Whoever saw this line has been told, however the rest ends.
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
        return False
