"""Requests per second of receivers on the same uvicorn, in turn, so that a slow minute hits them all."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import postgres

SERVERS = ("bare", "sample", "verified", "durable", "mounted", "embedded", "postgres")
CONNECTIONS = 64


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def server(name: str) -> Iterator[int]:
    """Run one of `tests.bench.servers` in a process of its own and give its port."""
    port = free_port()
    options = ["--factory", "--no-access-log", "--log-level", "warning", "--port", str(port)]
    if sys.platform != "win32":
        options += ["--loop", "uvloop", "--http", "httptools"]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "uvicorn", *options, f"tests.bench.servers:{name}"]
        places = {"BENCH_FOLDER": folder}
        if name == "postgres":
            places["BENCH_POSTGRES"] = postgres.address()
        with (Path(folder) / "printed").open("wb") as printed:
            process = subprocess.Popen(command, env={**os.environ, **places}, stdout=printed)
        try:
            wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("the server did not start")


def load(port: int, count: int, first: int) -> float:
    arguments = [str(port), "/webhooks/docuparse", str(count), str(CONNECTIONS), str(first)]
    command = [sys.executable, "-m", "tests.bench.load", *arguments]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def paced(name: str, *, rate: int = 200, seconds: int = 10) -> dict[str, float]:
    """Give the milliseconds, median and p99, in which a server acknowledges at a steady pace."""
    with server(name) as port:
        load(port, 50, 1_000_000)
        arguments = [str(port), "/webhooks/docuparse", str(rate), str(seconds)]
        command = [sys.executable, "-m", "tests.bench.pacing", *arguments]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {word: float(figure) for word, figure in json.loads(said).items()}


def measure(*, rounds: int, count: int) -> dict[str, float]:
    """Give the median requests per second of each server."""
    rates: dict[str, list[float]] = {name: [] for name in SERVERS}
    for _ in range(rounds):
        for name in SERVERS:
            with server(name) as port:
                load(port, 500, 0)
                rates[name].append(load(port, count, 1_000_000))
    return {name: statistics.median(each) for name, each in rates.items()}
