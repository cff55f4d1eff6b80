"""How long an acknowledgement takes at a steady pace: `python -m tests.bench.pacing PORT PATH RATE SECONDS`.

The pace does not wait for answers, and each is timed from when its request was due, so that a pause is seen by all that
were due in it.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from typing import TypeAlias

from .load import request

_Connection: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connection(port: int, idle: list[_Connection]) -> _Connection:
    while idle:
        connection = idle.pop()
        # A server closes what nobody used for some seconds.
        if not connection[0].at_eof():
            return connection
        connection[1].close()
    return await asyncio.open_connection("127.0.0.1", port)


async def _exchange(port: int, idle: list[_Connection], sent: bytes) -> None:
    connection = await _connection(port, idle)
    reader, writer = connection
    writer.write(sent)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"answered {head[:40]!r}")
    await reader.readexactly(int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]))
    idle.append(connection)


async def run(port: int, path: str, rate: int, seconds: int) -> list[float]:
    """Send so many different deliveries per second and give the milliseconds until each was answered, in order."""
    loop = asyncio.get_running_loop()
    requests = [request(port, path, number) for number in range(rate * seconds)]
    idle: list[_Connection] = []

    async def send(number: int, due: float) -> float:
        await asyncio.sleep(due - loop.time())
        await _exchange(port, idle, requests[number])
        return (loop.time() - due) * 1000

    began = loop.time() + 0.1
    tasks = [asyncio.create_task(send(number, began + number / rate)) for number in range(len(requests))]
    taken = sorted(await asyncio.gather(*tasks))
    for _, writer in idle:
        writer.close()
    return taken


if __name__ == "__main__":
    port, path, rate, seconds = sys.argv[1:]
    taken = asyncio.run(run(int(port), path, int(rate), int(seconds)))
    print(json.dumps({"median": statistics.median(taken), "p99": taken[len(taken) * 99 // 100]}))
