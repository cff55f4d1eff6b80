"""`paperhook demo`: the main job, end to end, on this machine.

A local provider and a receiver stand on loopback sockets; each document is uploaded by the client, read in a process
of its own, delivered by a signed webhook, stored in a durable inbox and handed to a handler.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from starlette.applications import Starlette
from starlette.routing import Mount

from ..client import AsyncClient
from ..core.delivery import Envelope
from ..core.event import DocumentCompleted, DocumentFailed, Event
from ..core.job import Job
from ..core.provider import Provider
from ..core.result import Result
from ..errors import ApiError, MissingExtra, PaperhookError, UnsupportedDocument
from ..hooks import Webhooks
from ..inbox.base import Filter, Row
from ..reading.reader import Reader
from ..serving import bound_socket, origin_of, serving
from ..simulator import Simulator
from ..testing import LOCAL_SECRET, local_provider, webhook_targets

#: Seconds for one document; the reading process has a bound of its own below this.
DOCUMENT_DEADLINE = 90.0
#: Seconds that a webhook may take after the job is final, before polling takes its place.
WEBHOOK_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a document on its way."""

    name: str
    #: Since the upload began; None where nobody took the time.
    seconds: float | None
    detail: str = ""


@dataclass(slots=True)
class Report:
    """The way of one document, or of one member of an archive."""

    file: str
    provider: str
    job_id: str = ""
    #: `document.completed` or `document.failed`; empty where it ended in neither.
    event: str = ""
    steps: list[Step] = field(default_factory=list[Step])
    result: Result = field(default_factory=Result)
    error_code: str = ""
    error_message: str = ""


class Show(Protocol):
    """How reports are printed."""

    def report(self, report: Report) -> None:
        """Print one."""
        ...


class _Desk:
    """The handlers of the demo: they note what reached them, and when."""

    def __init__(self) -> None:
        self._handled: dict[tuple[str, str], tuple[Event, float]] = {}
        self._changed = asyncio.Condition()

    async def note(self, event: Event) -> None:
        async with self._changed:
            self._handled[event.provider, event.key] = (event, time.time())
            self._changed.notify_all()

    async def wait_for(self, provider: str, keys: Sequence[str], seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: all((provider, key) in self._handled for key in keys))
                return True
        return False

    def handled(self, provider: str, key: str) -> tuple[Event, float]:
        return self._handled[provider, key]


class Stage:
    """Local providers, a receiver and clients, all set up."""

    def __init__(self, hooks: Webhooks, desk: _Desk, clients: dict[str, AsyncClient]) -> None:
        self._hooks, self._desk, self._clients = hooks, desk, clients

    async def play(self, path: Path, provider: str) -> list[Report]:
        """Send one file its whole way and report each document that came of it."""
        started = time.time()
        report = Report(str(path), provider)
        try:
            job = await self._clients[provider].upload(path, deadline=DOCUMENT_DEADLINE)
        except (UnsupportedDocument, ApiError) as error:
            return [_refused(report, error, time.time() - started)]
        report.job_id = job.id
        report.steps.append(Step("accepted", time.time() - started, f"job {_short(job.id)}"))
        return await self._follow(report, job, started)

    async def _follow(self, report: Report, job: Job, started: float) -> list[Report]:
        client = self._clients[report.provider]
        job = await client.wait(job, deadline=DOCUMENT_DEADLINE)
        envelopes = await client.poll(job)
        await self._arrive(client.provider, job, envelopes)
        keys = [envelope.key for envelope in envelopes]
        if not await self._desk.wait_for(report.provider, keys, WEBHOOK_PATIENCE):
            report.error_code, report.error_message = "not_handled", "no handler ran"
            return [report]
        rows = await self._rows(report.provider, envelopes)
        if client.provider.capabilities.delivers_per_member:
            return [self._reported(report, [key], rows, started) for key in keys]
        whole = self._reported(report, keys, rows, started)
        if len(keys) > 1 and whole.event == DocumentCompleted.canonical_type:
            # One document became several jobs, a page each; the client puts them together again.
            whole.result = await client.result(job)
        return [whole]

    async def _arrive(self, provider: Provider, job: Job, envelopes: Sequence[Envelope]) -> None:
        """Wait for the webhooks; what is never pushed, or lost, comes by polling and means the same."""
        keys = [envelope.key for envelope in envelopes]
        is_pushed = provider.capabilities.pushes_failures or not job.status.is_failure
        if is_pushed and await self._desk.wait_for(provider.name, keys, WEBHOOK_PATIENCE):
            return
        await asyncio.to_thread(self._hooks.put_polled, provider.name, envelopes)

    async def _rows(self, provider: str, envelopes: Sequence[Envelope]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for job_id in {envelope.job_id for envelope in envelopes}:
            where = Filter(provider=provider, job_id=job_id)
            rows = await asyncio.wrap_future(self._hooks.inbox.rows(where, limit=1000))
            found |= {row.entry.key: row for row in rows}
        return found

    def _reported(self, start: Report, keys: Sequence[str], rows: dict[str, Row], started: float) -> Report:
        report = Report(start.file, start.provider, start.job_id, steps=list(start.steps))
        for key in keys:
            event, handled_at = self._desk.handled(start.provider, key)
            entry = rows[key].entry
            way = "webhook verified" if entry.origin == "webhook" else "found by polling"
            report.steps.append(Step(way, entry.received_at - started, event.provider_type))
            report.steps.append(Step("stored", None, f"event {rows[key].id} in the inbox"))
            report.steps.append(Step("handler ran", handled_at - started, event.type))
            report.event = report.event if report.error_code else event.type
            if isinstance(event, DocumentFailed):
                report.error_code, report.error_message = event.error.code, event.error.message
            if isinstance(event, DocumentCompleted):
                report.result = event.result
        return report


def _refused(report: Report, error: PaperhookError, seconds: float) -> Report:
    """Report a document that the client or the provider did not take."""
    report.event = DocumentFailed.canonical_type
    report.error_code = getattr(error, "code", "") or type(error).__name__
    report.error_message = str(error)
    report.steps.append(Step("refused", seconds, report.error_code))
    return report


def _short(id: str) -> str:
    return id if len(id) <= 40 else f"{id[:37]}..."


@contextlib.asynccontextmanager
async def stage(names: Sequence[str]) -> AsyncGenerator[Stage, None]:
    """Set up local providers, receiver, inbox and clients; everything goes when the block ends."""
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="paperhook-demo-"))
        reader = stack.enter_context(Reader())
        reader.start()
        there, here = (stack.enter_context(contextlib.closing(bound_socket())) for _ in range(2))
        providers = [local_provider(name, origin_of(there)) for name in names]
        hooks = Webhooks(*providers, inbox=f"sqlite:///{folder}/inbox.db")
        stack.callback(hooks.close)
        desk = _Desk()
        hooks.on("*")(desk.note)
        receiver = Starlette(routes=[Mount("/webhooks", hooks.asgi())], lifespan=hooks.lifespan)
        simulator = Simulator(
            reader,
            webhooks=webhook_targets(f"{origin_of(here)}/webhooks/{{provider}}", LOCAL_SECRET),
            # Nobody pays here, and many files at once would wait for the next minute.
            rate_limits=False,
        )
        await stack.enter_async_context(serving(receiver, here))
        await stack.enter_async_context(serving(simulator, there))
        clients = {
            provider.name: await stack.enter_async_context(AsyncClient(provider, timeout=60.0))
            for provider in providers
        }
        yield Stage(hooks, desk, clients)


async def run(paths: Sequence[Path], names: Sequence[str], show: Show) -> bool:
    """Send every file to every provider and show its way.

    Returns:
        Whether every document ended in a handler, completed or failed.

    Raises:
        MissingExtra: If nothing here reads documents.
    """
    if find_spec("pypdfium2") is None:
        raise MissingExtra(
            "the demo reads documents, and pypdfium2 is missing: pip install 'paperhook[demo]'"
        )
    ended = True
    async with stage(names) as ready:
        for path in paths:
            for name in names:
                try:
                    reports = await ready.play(path, name)
                except PaperhookError as error:
                    reports = [_unfinished(path, name, error)]
                for report in reports:
                    show.report(report)
                    ended = ended and bool(report.event)
    return ended


def _unfinished(path: Path, provider: str, error: PaperhookError) -> Report:
    return Report(str(path), provider, error_code=type(error).__name__, error_message=str(error))


def sample() -> Path:
    """Give the invoice that comes with paperhook."""
    return Path(str(files("paperhook").joinpath("samples", "invoice.pdf")))
