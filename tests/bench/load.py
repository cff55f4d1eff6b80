"""A load generator in a process of its own: `python -m tests.bench.load PORT PATH REQUESTS CONNECTIONS FIRST`.

It speaks just enough HTTP/1.1, over sockets without an event loop's machinery, so that next to the servers that it
measures it takes little of the machine; and prints requests per second.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time
from collections.abc import Iterator

from .deliveries import HEADER, delivery

#: Seconds without any answer after which the server is given up.
PATIENCE = 30.0


class Sender:
    """One connection: sends the next request when the last one was answered.

    Raises:
        RuntimeError: If the server refused a request or closed the connection.
    """

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = requests
        self._received = b""

    def send(self) -> bool:
        """Send the next request; False where there is none."""
        request = next(self._requests, None)
        if request is not None:
            self.socket.sendall(request)
        return request is not None

    def receive(self) -> bool:
        """Take what has come; tell whether the answer is whole."""
        received = self.socket.recv(65536)
        if not received:
            raise RuntimeError("the connection was closed")
        self._received += received
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"answered {head[:40]!r}")
        if len(body) < int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            return False
        self._received = b""
        return True


def request(port: int, path: str, number: int) -> bytes:
    body, signature = delivery(number)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"{HEADER}: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(port: int, path: str, count: int, connections: int, first: int) -> float:
    """Send `count` different deliveries over so many connections and give requests per second."""
    requests = iter([request(port, path, first + number) for number in range(count)])
    with selectors.DefaultSelector() as selector:
        senders = [Sender(port, requests) for _ in range(connections)]
        for sender in senders:
            selector.register(sender.socket, selectors.EVENT_READ, sender)
        started = time.perf_counter()
        waiting = sum([sender.send() for sender in senders])
        while waiting:
            ready = selector.select(PATIENCE)
            if not ready:
                raise RuntimeError(f"no answer for {PATIENCE:g} s")
            for key, _ in ready:
                if key.data.receive() and not key.data.send():
                    waiting -= 1
        seconds = time.perf_counter() - started
        for sender in senders:
            sender.socket.close()
    return count / seconds


if __name__ == "__main__":
    port, path, count, connections, first = sys.argv[1:]
    print(run(int(port), path, int(count), int(connections), int(first)))
