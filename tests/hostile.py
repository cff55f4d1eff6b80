"""A server on a real socket that misbehaves as it is told."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from paperhook.core.headers import Headers


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    target: str
    headers: Headers
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


#: For so long the server misbehaves: whoever is still there then is cut off, so that a client without the bound under
#: test fails its test instead of holding up all of them.
HELD_SECONDS = 30.0

#: What to do with a connection whose request was read.
Act = Callable[["_Connection"], None]


@dataclass
class _Connection:
    socket: socket.socket
    stopping: threading.Event

    def send(self, content: bytes) -> None:
        self.socket.sendall(content)

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        raise ConnectionAbortedError


def answer(
    status: int = 200, body: Any = None, headers: dict[str, str] | None = None, *, raw: bytes | None = None
) -> Act:
    """Answer with JSON, or with raw bytes."""
    content = json.dumps(body).encode() if raw is None else raw
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return lambda connection: connection.send("\r\n".join([*lines, "", ""]).encode("latin-1") + content)


def reset(connection: _Connection) -> None:
    """Take the whole request, then vanish."""
    connection.reset()


def silence(connection: _Connection) -> None:
    """Never answer."""
    connection.stopping.wait(HELD_SECONDS)
    raise ConnectionAbortedError


def drip_head(connection: _Connection) -> None:
    """Send a head that never ends, a byte at a time."""
    connection.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drip(connection)


def drip_body(connection: _Connection) -> None:
    """Send a body that never ends, a byte at a time."""
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    _drip(connection)


def _drip(connection: _Connection) -> None:
    end = time.monotonic() + HELD_SECONDS
    while time.monotonic() < end:
        if connection.stopping.wait(0.05):
            break
        connection.send(b"a")
    raise ConnectionAbortedError


def late(seconds: float, act: Act) -> Act:
    """Act after a while."""

    def act_late(connection: _Connection) -> None:
        connection.stopping.wait(seconds)
        act(connection)

    return act_late


def cut_body(connection: _Connection) -> None:
    """Announce more than is sent, then close."""
    connection.send(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id"')
    raise ConnectionAbortedError


@dataclass
class Hostile:
    """The running server."""

    acts: list[Act]
    #: How often to vanish when a request begins to arrive, before a byte of it is read.
    resets_before_reading: int = 0
    #: Whether to accept and then read nothing.
    reads: bool = True
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connected,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connected: socket.socket) -> None:
        connection = _Connection(connected, self._stopping)
        connected.settimeout(0.2)
        with connected, contextlib.suppress(OSError):
            if self.resets_before_reading > 0:
                self.resets_before_reading -= 1
                connected.recv(1, socket.MSG_PEEK)
                connection.reset()
            if not self.reads:
                silence(connection)
            while not self._stopping.is_set():
                seen = _read(connected, self._stopping)
                if seen is None:
                    return
                with self._lock:
                    self.seen.append(seen)
                    act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
                act(connection)


def _read(connected: socket.socket, stopping: threading.Event) -> Seen | None:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = _receive(connected, stopping)
        if not chunk:
            return None
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = Headers([(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)])
    assert "transfer-encoding" not in headers, "every body of ours has a length"
    parts, left = [body], int(headers.get("content-length", "0")) - len(body)
    while left > 0:
        chunk = _receive(connected, stopping)
        if not chunk:
            return None
        parts.append(chunk)
        left -= len(chunk)
    return Seen(method, target, headers, b"".join(parts))


def _receive(connected: socket.socket, stopping: threading.Event) -> bytes:
    while not stopping.is_set():
        try:
            return connected.recv(1 << 20)
        except TimeoutError:
            continue
    return b""


@contextlib.contextmanager
def serving(*acts: Act, resets_before_reading: int = 0, reads: bool = True) -> Iterator[Hostile]:
    """Serve on loopback; each request takes the next act, the last act is for all that follow."""
    server = Hostile(list(acts) or [silence], resets_before_reading, reads)
    try:
        yield server
    finally:
        server.close()


#: What a machine that is busy with other tests may take besides.
BUSY_SECONDS = 5.0


@contextlib.contextmanager
def taking_at_most(seconds: float) -> Iterator[None]:
    """Fail where the block takes longer; without the bound under test it would take the client's 30 s."""
    started = time.monotonic()
    yield
    took = time.monotonic() - started
    assert took <= seconds + BUSY_SECONDS, f"took {took:.2f} s, more than {seconds:g} s and {BUSY_SECONDS:g}"


def free_port() -> int:
    """Give a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
