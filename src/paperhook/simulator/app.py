"""The ASGI app that is all four providers, and the controls to make it misbehave."""

from __future__ import annotations

import importlib.util
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from paperhook.errors import ConfigurationError, MissingExtra
from paperhook.simulator.background import Background
from paperhook.simulator.bodies import Answer, BodyMalformed, BodyTooLarge, json_body
from paperhook.simulator.clock import Clock, SystemClock
from paperhook.simulator.deliveries import Deliveries, WebhookTarget
from paperhook.simulator.documents import Reads
from paperhook.simulator.docuparse import DocuParse
from paperhook.simulator.docuprox import DocuProx
from paperhook.simulator.faults import FaultPlan, Faults
from paperhook.simulator.limits import Credits
from paperhook.simulator.ocriva import Ocriva
from paperhook.simulator.post import HttpPost, Post, connection_lost
from paperhook.simulator.space_ocr import SpaceOcr
from paperhook.simulator.wire import ConnectionDropped, Services, Settings, Wire

WIRES: tuple[type[Wire], ...] = (SpaceOcr, DocuParse, DocuProx, Ocriva)
BASE_PATHS: Mapping[str, str] = {
    "space-ocr": "/space-ocr",
    "docuparse": "/docuparse/api/v1",
    "docuprox": "/docuprox/v1",
    "ocriva": "/ocriva/v1",
}
"""Where each provider's documented base URL lies below the simulator's origin."""

DEFAULT_KEYS: Mapping[str, tuple[str, ...]] = {
    "space-ocr": ("spocr_local",),
    "docuparse": ("dex_local",),
    "docuprox": ("local-docuprox-key",),
    "ocriva": ("ocr_local",),
}
DOCUMENTED_RATES: Mapping[str, int] = {"space-ocr": 60, "docuparse": 60, "docuprox": 60, "ocriva": 60}
"""Requests per minute and key; stated by space-ocr and Ocriva, assumed for the other two."""


class Simulator:
    """Four document-OCR providers in one ASGI app.

    Use it as an async context manager, or serve it with any ASGI server: its lifespan stops the background work.
    """

    def __init__(
        self,
        reader: Reads,
        *,
        webhooks: Mapping[str, WebhookTarget] | None = None,
        api_keys: Mapping[str, Sequence[str]] | None = None,
        clock: Clock | None = None,
        post: Post | None = None,
        faults: FaultPlan | None = None,
        processing_seconds: float = 0.05,
        retry_scale: float = 0.01,
        restart: Callable[[], Awaitable[object]] | None = None,
        rate_limits: bool | Mapping[str, int] = True,
        credits: Mapping[str, int] | None = None,
        allowed_hosts: Sequence[str] | None = None,
        annotations: bool = True,
        docuprox_templates: Mapping[str, Sequence[str]] | None = None,
        docuprox_unknown_templates: Sequence[str] = (),
        ocriva_projects: Sequence[str] = ("proj_local",),
        ocriva_project_keys: Mapping[str, str] | None = None,
        ocriva_history_id_is_upload_id: bool = True,
    ) -> None:
        """Set up the providers; nothing runs before the first request.

        Args:
            reader: Reads the documents; stays the caller's to close.
            webhooks: Provider name to where its webhooks go; a provider that is not named sends none.
            api_keys: Provider name to the keys it accepts, in place of DEFAULT_KEYS.
            clock: System time when None.
            post: Sends deliveries; over the network when None.
            processing_seconds: How long a job stays in each state that is not terminal.
            retry_scale: Factor on every wait between delivery attempts; 1 is the provider's own pace.
            restart: Restarts your application where the fault `restart` strikes; without it only the answer is lost.
            rate_limits: Requests per minute and key by provider name; True is DOCUMENTED_RATES, False is none.
            credits: Provider name to the documents it processes before it answers 402; no limit when not named.
            allowed_hosts: Names a Host header may have, any when None; keeps web pages out that point a
                name of their own at this machine.
            annotations: Whether results carry `_paperhook` with positions and confidences.
            docuprox_templates: Template id to its field names; any other UUID has the default fields.
            docuprox_unknown_templates: Template ids that are answered with 404.
            ocriva_projects: Projects of the one organization; any other is answered with 401.
            ocriva_project_keys: API keys that are project tokens, with their project.
            ocriva_history_id_is_upload_id: False makes history ids differ from the ids of upload replies.

        Raises:
            MissingExtra: If python-multipart is not installed.
            ConfigurationError: If a mapping names a provider that is none of the four.
        """
        if importlib.util.find_spec("python_multipart") is None:
            raise MissingExtra("the simulator needs python-multipart: pip install 'paperhook[cli]'")
        rates = DOCUMENTED_RATES if rate_limits is True else rate_limits or {}
        for named in (webhooks, api_keys, rates, credits):
            _check_names(named or {})
        given = {name: tuple(keys) for name, keys in (api_keys or {}).items()}
        self._allowed_hosts = None if allowed_hosts is None else frozenset(map(str.lower, allowed_hosts))
        self._clock = clock or SystemClock()
        self._background = Background(self._clock)
        self._faults = Faults(faults or FaultPlan())
        self._deliveries = Deliveries(
            clock=self._clock,
            background=self._background,
            post=post or HttpPost(),
            faults=self._faults,
            retry_scale=retry_scale,
            restart=restart,
        )
        self._services = Services(
            settings=Settings(
                api_keys={**DEFAULT_KEYS, **given},
                rate_limits=rates,
                processing_seconds=processing_seconds,
                annotations=annotations,
                docuprox_templates={one: tuple(names) for one, names in (docuprox_templates or {}).items()},
                docuprox_unknown_templates=frozenset(docuprox_unknown_templates),
                ocriva_projects=tuple(ocriva_projects),
                ocriva_project_keys=dict(ocriva_project_keys or {}),
                ocriva_history_id_is_upload_id=ocriva_history_id_is_upload_id,
            ),
            clock=self._clock,
            background=self._background,
            reader=reader,
            deliveries=self._deliveries,
            faults=self._faults,
            credits=Credits(credits or {}),
            targets=dict(webhooks or {}),
        )
        self._wires = [wire(self._services) for wire in WIRES]
        self._router = Router(routes=[*self._control_routes(), *_mounts(self._wires)], redirect_slashes=False)

    @staticmethod
    def base_url(provider: str, origin: str) -> str:
        """Give a provider's base URL; `origin` is for example `http://127.0.0.1:8765`.

        Raises:
            ConfigurationError: If the provider is none of the four.
        """
        _check_names({provider: None})
        return origin.rstrip("/") + BASE_PATHS[provider]

    @property
    def faults(self) -> FaultPlan:
        """Give the fault plan that is followed now; assign another to replace it."""
        return self._faults.plan

    @faults.setter
    def faults(self, plan: FaultPlan) -> None:
        self._faults.follow(plan)

    def state(self) -> dict[str, dict[str, int]]:
        """Count, per provider: requests, refusals by status, jobs, credits, and deliveries."""
        return {
            wire.name: {
                "requests": 0,
                "jobs": 0,
                "read": 0,
                "unreadable": 0,
                **wire.counts,
                "credits_used": self._services.credits.used(wire.name),
                **{f"deliveries_{word}": count for word, count in self._deliveries.counts(wire.name).items()},
            }
            for wire in self._wires
        }

    async def advance(self, seconds: float) -> None:
        """Move a VirtualClock and run everything that falls due on the way, in order.

        Raises:
            TypeError: If the simulator has another clock.
        """
        await self._background.advance(seconds)

    async def settle(self) -> None:
        """Wait until every job and delivery has ended or waits for its time."""
        await self._background.settle()

    async def drain(self) -> None:
        """Wait until every job and delivery has ended; a VirtualClock is moved as far as that takes."""
        await self._background.drain()

    async def aclose(self) -> None:
        """Stop the background work and wait until it has stopped."""
        await self._background.close()

    async def __aenter__(self) -> Self:
        """Enter; nothing has to be started."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the background work."""
        await self.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1000})
        if not self._is_host_allowed(scope):
            return await _FORBIDDEN_HOST(scope, receive, send)
        try:
            with self._background.busy():
                await self._router(scope, receive, send)
        except ConnectionDropped:
            # httpx's in-memory transport, unlike a server, names no version of the ASGI specification.
            if "spec_version" not in scope["asgi"]:
                raise connection_lost() from None
            # ASGI has no word for it, but uvicorn closes the connection unanswered when an app returns something.
            return "connection dropped on purpose"  # type: ignore[return-value]
        return None

    def _is_host_allowed(self, scope: Scope) -> bool:
        if self._allowed_hosts is None:
            return True
        host = Headers(scope=scope).get("host", "")
        name = host.partition("]")[0].strip("[") if host.startswith("[") else host.partition(":")[0]
        return name.lower() in self._allowed_hosts

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
                continue
            await self.aclose()
            await send({"type": "lifespan.shutdown.complete"})
            return

    def _control_routes(self) -> list[BaseRoute]:
        return [
            Route("/_control/state", self._show_state, methods=["GET"]),
            Route("/_control/faults", self._change_faults, methods=["GET", "POST", "DELETE"]),
        ]

    async def _show_state(self, request: Request) -> Response:
        return Answer(self.state()) if _is_local(request) else _FORBIDDEN

    async def _change_faults(self, request: Request) -> Response:
        if not _is_local(request):
            return _FORBIDDEN
        if request.method == "DELETE":
            self.faults = FaultPlan()
        if request.method == "POST":
            try:
                self.faults = FaultPlan.from_json(await json_body(request, max_bytes=64 * 1024))
            except (ConfigurationError, BodyMalformed, BodyTooLarge) as error:
                return Answer({"error": str(error)}, status_code=400)
        return Answer(self.faults.to_json())


_FORBIDDEN_HOST = Answer({"error": "this Host is not served here"}, status_code=421)
_FORBIDDEN = Answer({"error": "the controls answer to programs on this machine only"}, status_code=403)


def _is_local(request: Request) -> bool:
    """Say whether a request comes from this machine and from no web page."""
    if "origin" in request.headers or request.client is None:
        return False
    with suppress(ValueError):
        return ipaddress.ip_address(request.client.host).is_loopback
    return False


def _mounts(wires: Sequence[Wire]) -> list[BaseRoute]:
    return [Mount(f"/{wire.name}", routes=wire.mounted()) for wire in wires]


def _check_names(named: Mapping[str, object]) -> None:
    unknown = sorted(set(named) - set(BASE_PATHS))
    if unknown:
        raise ConfigurationError(f"provider {unknown[0]!r} is unknown; choose from {', '.join(BASE_PATHS)}")
