"""The four providers on a loopback socket, for tests that want the whole way.

```python
with LocalProviders(webhook="http://127.0.0.1:8000/webhooks/{provider}") as local, Client(local.provider("docuparse")) as client:
    job = client.wait(client.upload("invoice.pdf"))
```
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from ..core.provider import Provider
from ..providers import PROVIDERS, provider_class
from ..reading.reader import Reader
from ..serving import bound_socket, origin_of, serving
from ..simulator import FaultPlan, Simulator, WebhookTarget
from ..simulator.app import DEFAULT_KEYS
from .signing import LOCAL_SECRET

#: What a provider needs beside key and secret, at the local provider.
LOCAL_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "space-ocr": {"sheet": "/paperhook"},
    "docuprox": {"template_id": "7a7a7a7a-0000-4000-8000-000000000001"},
    "ocriva": {"project_id": "proj_local"},
}


def local_provider(name: str, origin: str, *, secret: str = LOCAL_SECRET) -> Provider:
    """Give a provider that talks to the local one.

    Args:
        name: Such as `docuparse`.
        origin: Where the local providers are, such as `http://127.0.0.1:8765`.
        secret: The webhook secret.
    """
    settings: dict[str, Any] = {**LOCAL_OPTIONS.get(name, {})}
    return provider_class(name)(
        DEFAULT_KEYS[name][0], base_url=Simulator.base_url(name, origin), webhook_secret=secret, **settings
    )


def webhook_targets(webhook: str | None, secret: str) -> dict[str, WebhookTarget]:
    """Say where each provider's webhooks go; `{provider}` in the URL stands for its name."""
    if webhook is None:
        return {}
    return {name: WebhookTarget(webhook.replace("{provider}", name), secret) for name in PROVIDERS}


class LocalProviders:
    """The four providers in a thread of their own, on a loopback socket; a context manager.

    Args:
        webhook: Where webhooks go; `{provider}` in it stands for the provider's name. None sends none.
        secret: The webhook secret of all providers.
        port: 0 takes a free one.
        simulator: More arguments of `paperhook.simulator.Simulator`, such as `faults` or `rate_limits`.
    """

    def __init__(
        self, *, webhook: str | None = None, secret: str = LOCAL_SECRET, port: int = 0, **simulator: Any
    ) -> None:
        self._secret = secret
        self._port = port
        self._reader = Reader()
        self.simulator: Simulator = Simulator(
            self._reader, webhooks=webhook_targets(webhook, secret), **simulator
        )
        self._bound: socket.socket | None = None
        self._is_ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="paperhook-local-providers", daemon=True)

    @property
    def origin(self) -> str:
        """Where they are, such as `http://127.0.0.1:49152`."""
        if self._bound is None:
            raise RuntimeError("LocalProviders is a context manager: use it in a with statement")
        return origin_of(self._bound)

    def provider(self, name: str, **options: Any) -> Provider:
        """Give a provider that talks to this one; options replace fields of it."""
        return replace(local_provider(name, self.origin, secret=self._secret), **options)

    def misbehave(self, faults: FaultPlan) -> None:
        """Follow another fault plan from now on."""
        self.simulator.faults = faults

    def __enter__(self) -> Self:
        """Start the thread and wait until requests are answered.

        Raises:
            RuntimeError: If this was entered before.
        """
        if self._bound is not None:
            raise RuntimeError("LocalProviders can be entered once: make another")
        self._bound = bound_socket(self._port)
        self._thread.start()
        self._is_ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving and end the reading process."""
        assert self._loop is not None  # noqa: S101 - the thread is ready
        assert self._stop is not None  # noqa: S101 - same
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._reader.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._is_ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        assert self._bound is not None  # noqa: S101 - __enter__ binds before the thread starts
        with contextlib.closing(self._bound):
            async with serving(self.simulator, self._bound):
                self._is_ready.set()
                await self._stop.wait()
