"""A load generator in a process of its own: `python -m tests.bench.load PORT PATH REQUESTS CONNECTIONS FIRST`.

It speaks just enough HTTP/1.1 to cost less than any server that it measures, and prints requests per second.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator

from .deliveries import HEADER, delivery


class Sender(asyncio.Protocol):
    """One connection: sends the next request when the last one was answered."""

    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self._requests, self._done = requests, done
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._fail(f"answered {head[:40]!r}")
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self._received = b""
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail("the connection was closed")

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
            return
        if not self._done.done():
            self._done.set_result(None)
        self._transport.close()

    def _fail(self, reason: str) -> None:
        if not self._done.done():
            self._done.set_exception(RuntimeError(reason))


def request(port: int, path: str, number: int) -> bytes:
    body, signature = delivery(number)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"{HEADER}: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def run(port: int, path: str, count: int, connections: int, first: int) -> float:
    """Send `count` different deliveries over so many connections and give requests per second."""
    loop = asyncio.get_running_loop()
    requests = iter([request(port, path, first + number) for number in range(count)])
    done = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    for each in done:
        await loop.create_connection(lambda each=each: Sender(requests, each), "127.0.0.1", port)
    await asyncio.gather(*done)
    return count / (time.perf_counter() - started)


if __name__ == "__main__":
    port, path, count, connections, first = sys.argv[1:]
    print(asyncio.run(run(int(port), path, int(count), int(connections), int(first))))
