"""`paperhook dev`: the providers on loopback, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal

from ..providers import PROVIDERS, provider_class
from ..reading.reader import Reader
from ..serving import bound_socket, origin_of, serving
from ..simulator import Simulator
from ..testing import LOCAL_OPTIONS, LOCAL_SECRET, local_provider, webhook_targets
from .output import out


async def run(port: int, webhook: str | None, secret: str) -> None:
    """Serve the local providers until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no signal handlers on its loop; there, Ctrl-C ends the process.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    with contextlib.closing(bound_socket(port)) as bound, Reader() as reader:
        reader.start()
        simulator = Simulator(
            reader,
            webhooks=webhook_targets(webhook, secret),
            # A web page must not reach it under a name of its own that leads here.
            allowed_hosts=["127.0.0.1", "localhost"],
        )
        origin = origin_of(bound)
        async with serving(simulator, bound):
            _announce(origin, webhook, secret)
            await stopped.wait()


def _announce(origin: str, webhook: str | None, secret: str) -> None:
    out.heading(f"providers on {origin}, stop with Ctrl-C")
    for name in PROVIDERS:
        provider = local_provider(name, origin, secret=secret if len(secret) >= 16 else LOCAL_SECRET)
        out.line()
        out.heading(name)
        prefix = provider.env_prefix
        out.line(f"export {prefix}BASE_URL={provider.base_url}")
        out.line(f"export {prefix}API_KEY={provider.api_key}")
        for option, value in LOCAL_OPTIONS.get(name, {}).items():
            out.line(f"export {prefix}{option.upper()}={value}")
        if webhook is not None:
            out.line(f"export {prefix}WEBHOOK_SECRET={secret}")
            out.line(f"webhooks go to {webhook.replace('{provider}', name)}")
    out.line()


def described(name: str) -> dict[str, object]:
    """Say what a provider can do, for people who choose one."""
    kind = provider_class(name)
    can = kind.capabilities
    return {
        "provider": name,
        "idempotency": can.idempotency_header or "none",
        "batch": can.max_batch_documents or "none",
        "accepts": "any" if can.accepts is None else ", ".join(sorted(can.accepts)),
        "max bytes": can.max_document_bytes or "?",
        "pushes failures": "yes" if can.pushes_failures else "no",
        "requests": "?" if can.rate_requests is None else f"{can.rate_requests} in {can.rate_seconds:g} s",
        "results kept": "?" if can.retention_seconds is None else f"{can.retention_seconds / 3600:g} h",
    }
