"""Send one large file: `python -m tests.bench.sending ORIGIN FILE WHO KIND` prints MiB/s, MiB more and ms stalled."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import httpx
from typing_extensions import override

from paperhook import AsyncClient, Client
from paperhook.core.answers import object_in
from paperhook.core.document import Document
from paperhook.core.exchange import FilePart, Multipart
from paperhook.core.job import Job
from paperhook.core.provider import NOTHING, Capabilities
from paperhook.core.steps import Steps
from tests.acme import Acme

HEADERS = {"Authorization": "Bearer acme-key"}


@dataclass(frozen=True)
class Unbounded(Acme):
    """Takes any size and type, as one multipart form."""

    capabilities: ClassVar[Capabilities] = Capabilities()

    @override
    def upload(
        self, document: Document, *, key: str | None = None, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Job]:
        body = Multipart((("folder", self.folder),), (FilePart("file", document),))
        response = yield from self.call("POST", "/documents", body=body)
        return self._job(response, object_in(self.name, response))


def bare_parts(path: Path) -> dict[str, Any]:
    """Give httpx's arguments for the same form, as its documentation shows them."""
    return {"data": {"folder": ""}, "files": {"file": (path.name, path.open("rb"), "application/pdf")}}


def pieces(path: Path) -> Iterator[bytes]:
    """Read a file as an iterator."""
    with path.open("rb") as file:
        while piece := file.read(64 * 1024):
            yield piece


def bare(origin: str, path: Path, kind: str) -> None:
    """Stream with httpx alone; httpx has no form for an iterator, so that is the body."""
    with httpx.Client(timeout=60) as http:
        is_iterated = kind in ("iterator", "unsized")
        how = {"content": pieces(path)} if is_iterated else bare_parts(path)
        length = {"Content-Length": str(path.stat().st_size)} if is_iterated else {}
        http.post(f"{origin}/documents", headers={**HEADERS, **length}, **how).raise_for_status()


def source_of(path: Path, kind: str) -> Any:
    if kind == "file":
        return path.open("rb")
    return path if kind == "path" else pieces(path)


def size_of(path: Path, kind: str) -> int | None:
    """Say how large it is, as httpx has to be told; of what is `unsized` we are not."""
    return path.stat().st_size if kind == "iterator" else None


def ours(origin: str, path: Path, kind: str) -> None:
    with Client(Unbounded("acme-key", base_url=origin)) as client:
        client.upload(source_of(path, kind), filename="a.pdf", size_bytes=size_of(path, kind))


async def pieces_async(path: Path) -> AsyncIterator[bytes]:
    """Read a file as an async iterator, as most would: on the loop."""
    for piece in pieces(path):
        yield piece


async def bare_async(origin: str, path: Path, size_bytes: int) -> None:
    """Stream with httpx alone, whose AsyncClient takes no file that is not read before: each kind is an iterator."""
    async with httpx.AsyncClient(timeout=60) as http:
        headers = {**HEADERS, "Content-Length": str(size_bytes)}
        answer = await http.post(f"{origin}/documents", headers=headers, content=pieces_async(path))
        answer.raise_for_status()


async def ours_async(origin: str, path: Path, kind: str) -> None:
    async with AsyncClient(Unbounded("acme-key", base_url=origin)) as client:
        await client.upload(source_of(path, kind), filename="a.pdf", size_bytes=size_of(path, kind))


async def stalled(sending: Awaitable[None]) -> float:
    """Give the longest time in seconds for which nothing else ran on the loop."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    ticking = asyncio.create_task(tick())
    # It begins to look before anything else is done.
    await asyncio.sleep(0.002)
    await sending
    # It looks once more, at what held the loop until the very end.
    await asyncio.sleep(0.002)
    ticking.cancel()
    with suppress(asyncio.CancelledError):
        await ticking
    return longest


def forget_peak() -> None:
    """Begin anew to look for the largest resident memory. Source: proc_pid_clear_refs(5)."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_bytes() -> int:
    """Give the largest resident memory since then."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def send(who: str, origin: str, path: Path, kind: str) -> float:
    """Send it and give the longest stall of the loop in seconds, 0 where there is none."""
    if who in ("httpx", "Client"):
        (bare if who == "httpx" else ours)(origin, path, kind)
        return 0.0
    if who == "AsyncClient":
        return asyncio.run(stalled(ours_async(origin, path, kind)))
    return asyncio.run(stalled(bare_async(origin, path, path.stat().st_size)))


if __name__ == "__main__":
    origin, name, who, kind = sys.argv[1:]
    # What a first request loads is no growth.
    send(who, origin, Path(__file__), kind)
    forget_peak()
    before, started = peak_bytes(), time.perf_counter()
    stalled = send(who, origin, Path(name), kind)
    seconds = time.perf_counter() - started
    mebibytes = Path(name).stat().st_size / 2**20
    print(mebibytes / seconds, (peak_bytes() - before) / 2**20, stalled * 1000)
