"""The client against bare httpx in the same run: CPU per call, large uploads, many small ones, the first client."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from paperhook import AsyncClient, Client

from .importing import run_as_installed
from .sending import Unbounded, bare_parts

HEADERS = {"Authorization": "Bearer acme-key"}
#: How a large document is given; what is `unsized` is an iterator of which only httpx is told the size.
KINDS = ("path", "file", "iterator", "unsized")


@contextmanager
def provider() -> Iterator[str]:
    """Run a provider in a process of its own and give its origin."""
    with subprocess.Popen([sys.executable, "-m", "tests.bench.answering"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


def status_calls(*, rounds: int, count: int) -> dict[str, float]:
    """Microseconds of CPU time for one status call, as the median of rounds in turn."""
    with provider() as origin:
        used: dict[str, list[float]] = {"httpx": [], "Client": [], "httpx, async": [], "AsyncClient": []}
        with httpx.Client() as http, Client(Unbounded("acme-key", base_url=origin)) as client:
            for _ in range(rounds):
                used["httpx"].append(_cpu(lambda: _get(http, origin), count))
                used["Client"].append(_cpu(lambda: client.status("d1"), count))
                for name, seconds in asyncio.run(_async_status_calls(origin, count)).items():
                    used[name].append(seconds)
    return {name: statistics.median(each) * 1e6 for name, each in used.items()}


def _get(http: httpx.Client, origin: str) -> object:
    answer = http.get(f"{origin}/documents/d1", headers=HEADERS)
    answer.raise_for_status()
    return answer.json()


def _cpu(call: Callable[[], object], count: int) -> float:
    call()
    started = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - started) / count


async def _async_status_calls(origin: str, count: int) -> dict[str, float]:
    async def get() -> object:
        answer = await http.get(f"{origin}/documents/d1", headers=HEADERS)
        answer.raise_for_status()
        return answer.json()

    async with httpx.AsyncClient() as http, AsyncClient(Unbounded("acme-key", base_url=origin)) as client:
        return {
            "httpx, async": await _async_cpu(get, count),
            "AsyncClient": await _async_cpu(lambda: client.status("d1"), count),
        }


async def _async_cpu(call: Callable[[], Awaitable[object]], count: int) -> float:
    await call()
    started = time.process_time()
    for _ in range(count):
        await call()
    return (time.process_time() - started) / count


def large_uploads(*, rounds: int, size_bytes: int) -> dict[str, dict[str, float]]:
    """MiB/s, growth of resident memory in MiB and longest stall of the loop in ms, for each way to send a large file.

    Each runs in a process of its own, in turn.
    """
    who = ("httpx", "Client", "httpx,async", "AsyncClient")
    ways = [f"{each} {kind}" for kind in KINDS for each in who]
    told: dict[str, list[list[float]]] = {way: [] for way in ways}
    with provider() as origin, tempfile.NamedTemporaryFile() as large:
        for _ in range(size_bytes >> 20):
            large.write(b"x" * (1 << 20))
        large.flush()
        for _ in range(rounds):
            for way in ways:
                command = [sys.executable, "-m", "tests.bench.sending", origin, large.name, *way.split()]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                told[way].append([float(word) for word in done.stdout.split()])
    names = ("MiB/s", "MiB more", "ms stalled")
    return {
        way: dict(zip(names, map(statistics.median, zip(*each, strict=True)), strict=True))
        for way, each in told.items()
    }


def many(*, rounds: int, count: int) -> dict[str, float]:
    """Documents of 20 kB a second, eight at once, by hand and by `upload_many`.

    Each is timed with a client of its own, from making it: httpx loads certificates there, and ours at the first request.
    """
    rates: dict[str, list[float]] = {"httpx and a semaphore": [], "AsyncClient.upload_many": []}
    rates |= {"httpx and a thread pool": [], "Client.upload_many": []}
    with provider() as origin, tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.pdf" for number in range(count)]
        for number, path in enumerate(paths):
            path.write_bytes(b"%PDF-1.7 " + number.to_bytes(4) * 5000)
        for _ in range(rounds):
            rates["httpx and a semaphore"].append(asyncio.run(_by_hand(origin, paths)))
            rates["AsyncClient.upload_many"].append(asyncio.run(_upload_many(origin, paths)))
            rates["httpx and a thread pool"].append(_by_hand_in_threads(origin, paths))
            rates["Client.upload_many"].append(_upload_many_in_threads(origin, paths))
    return {name: statistics.median(each) for name, each in rates.items()}


async def _by_hand(origin: str, paths: list[Path]) -> float:
    turns = asyncio.Semaphore(8)

    async def send(path: Path) -> None:
        async with turns:
            answer = await http.post(f"{origin}/documents", headers=HEADERS, **bare_parts(path))
            answer.raise_for_status()
            answer.json()

    started = time.perf_counter()
    async with httpx.AsyncClient() as http:
        await asyncio.gather(*map(send, paths))
        return len(paths) / (time.perf_counter() - started)


async def _upload_many(origin: str, paths: list[Path]) -> float:
    started = time.perf_counter()
    async with AsyncClient(Unbounded("acme-key", base_url=origin)) as client:
        outcomes = [each async for each in client.upload_many(paths)]
        seconds = time.perf_counter() - started
    assert all(each.job is not None for each in outcomes)
    return len(paths) / seconds


def _by_hand_in_threads(origin: str, paths: list[Path]) -> float:
    started = time.perf_counter()
    with httpx.Client() as http, ThreadPoolExecutor(8) as pool:

        def send(path: Path) -> None:
            answer = http.post(f"{origin}/documents", headers=HEADERS, **bare_parts(path))
            answer.raise_for_status()
            answer.json()

        list(pool.map(send, paths))
        return len(paths) / (time.perf_counter() - started)


def _upload_many_in_threads(origin: str, paths: list[Path]) -> float:
    started = time.perf_counter()
    with Client(Unbounded("acme-key", base_url=origin)) as client:
        outcomes = list(client.upload_many(paths))
        seconds = time.perf_counter() - started
    assert all(each.job is not None for each in outcomes)
    return len(paths) / seconds


def first_client(*, rounds: int) -> dict[str, float]:
    """Milliseconds until there is a client that has its connections' TLS set up, in new processes in turn."""
    programs = {
        "five dependencies and httpx.Client()": (
            # pydantic alone loads next to nothing before somebody asks for its BaseModel.
            "import httpx, pydantic, starlette.applications, tenacity, typing_extensions;"
            "pydantic.BaseModel; httpx.Client()"
        ),
        "paperhook.Client": (
            "from paperhook import Client; from paperhook.providers import DocuParse;"
            "Client(DocuParse('key'))._transport.pool.get()"
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            timed = f"import time; t = time.process_time(); {program}; print(time.process_time() - t)"
            done = run_as_installed(timed)
            times[name].append(float(done.stdout) * 1000)
    return {name: statistics.median(each) for name, each in times.items()}
