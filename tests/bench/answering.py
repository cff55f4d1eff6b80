"""A provider that costs next to nothing: `python -m tests.bench.answering` prints its port.

It reads and drops whatever it is sent and answers every request with the same job, so that a figure is the client's own.
"""

from __future__ import annotations

import asyncio

_BODY = b'{"id":"d1","state":"reading"}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: r1\r\nContent-Length: %d\r\n\r\n%b"
    % (len(_BODY), _BODY)
)


class Answering(asyncio.BufferedProtocol):
    """One connection; a body is counted and not kept."""

    def __init__(self) -> None:
        self._buffer = bytearray(1 << 20)
        self._head, self._left = b"", 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._left > 0:
            self._left -= nbytes
        else:
            head, blank, body = (self._head + self._buffer[:nbytes]).partition(b"\r\n\r\n")
            if not blank:
                self._head = head
                return
            self._head = b""
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self._left = int(length or b"0") - len(body)
        if self._left == 0:
            self._transport.write(ANSWER)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
