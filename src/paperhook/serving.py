"""ASGI applications on loopback sockets, started and stopped inside one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from .errors import ConfigurationError

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """A server that leaves signals to the command."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def bound_socket(port: int = 0) -> socket.socket:
    """Take a port on loopback.

    Raises:
        ConfigurationError: If it is taken, or is none.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
    except (OSError, OverflowError) as error:
        taken.close()
        reason = error.strerror if isinstance(error, OSError) else "ports are 0 to 65535"
        raise ConfigurationError(
            f"port {port} cannot be used: {reason}: choose another with --port"
        ) from error
    return taken


def origin_of(bound: socket.socket) -> str:
    """Give the origin of a bound socket, such as `http://127.0.0.1:8765`."""
    return f"http://{HOST}:{bound.getsockname()[1]}"


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, bound: socket.socket) -> AsyncGenerator[None, None]:
    """Serve an application until the block ends."""
    server = _Server(uvicorn.Config(app, log_level="critical", lifespan="on", timeout_graceful_shutdown=5))
    task = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        # uvicorn has no event for it.
        while not server.started and not task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await task
