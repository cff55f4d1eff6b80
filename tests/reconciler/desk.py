"""All that takes part in reconciling, driven by hand: a provider that answers as it is told, and a clock that is set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import httpx

from paperhook import AsyncClient, Event, Webhooks
from paperhook.core.job import Job
from paperhook.core.pages import parts_of, whole_of
from paperhook.core.provider import Capabilities
from paperhook.errors import ResultExpired, WaitTimeout
from paperhook.reconciler import Counts, Reconciler
from paperhook.retrying import NO_RETRY
from paperhook.tracker import MemoryTracker, Submission, Tracker
from tests.acme import Acme, body_of, signed

PNG = b"\x89PNG\r\n\x1a\n"
START = 1_760_000_000.0


@dataclass
class Wire:
    """Acme's side: how each job stands, and what it was asked."""

    states: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    #: Instead of an answer.
    refusal: httpx.Response | Exception | None = None
    listed: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1")
        if path == "/batches":
            return httpx.Response(200, json={"id": "b1"})
        if request.method == "POST":
            name = f"d{len(self.states) + 1}"
            self.states.setdefault(name, "waiting")
            return httpx.Response(200, json={"id": name, "state": "waiting"})
        self.asked.append(path)
        if isinstance(self.refusal, Exception):
            raise self.refusal
        if self.refusal is not None:
            return self.refusal
        if path == "/documents":
            return httpx.Response(200, json=self.listed)
        name = path.split("/")[2]
        if name not in self.states:
            return httpx.Response(404)
        state = self.states[name]
        if path.endswith("/result"):
            if state == "early":
                return httpx.Response(404)
            said = {"state": "gone"} if state == "gone" else {"fields": {"total": "12.50"}}
            return httpx.Response(200, json=said)
        return httpx.Response(
            200,
            json={"id": name, "state": "done" if state in ("gone", "early") else state, "code": "E_BLURRED"},
        )


@dataclass
class Desk:
    """All that takes part."""

    hooks: Webhooks
    client: AsyncClient
    tracker: Tracker
    wire: Wire
    handled: list[Event]
    now: float = START

    async def upload(self, content: bytes = PNG) -> Job:
        return await self.client.upload(content, filename="a.png")

    def reconciler(self, **options: Any) -> Reconciler:
        given = {"silence": 30.0, "rate": 1e6, **options}
        return self.hooks.reconciler(self.client, **given)

    async def sweep(self, seconds: float, **options: Any) -> Counts:
        """Let so many seconds pass, ask, and run the handlers."""
        self.now += seconds
        counts = await self.reconciler(**options).sweep()
        await self.hooks.worker.drain()
        return counts

    def deliver(self, word: str = "done", id: str = "d1") -> str:
        body = body_of(word, id)
        return self.hooks.receive(signed(body), body).outcome

    @property
    def rows(self) -> tuple[Submission, ...]:
        return self.tracker.rows().result()


@dataclass(frozen=True)
class Mute(Acme):
    """Pushes no failures, keeps results for an hour, and takes archives."""

    capabilities: ClassVar[Capabilities] = replace(
        Acme.capabilities,
        pushes_failures=False,
        retention_seconds=3600.0,
        delivers_per_member=True,
        lists_jobs=False,
        accepts=None,
    )


@dataclass(frozen=True)
class Paged(Acme):
    """One upload makes two jobs."""

    def upload(self, document: Any, **options: Any) -> Any:
        first = yield from super().upload(document, **options)
        second = yield from super().upload(document, **options)
        return whole_of([first, second])

    def status(self, job: Job) -> Any:
        parts: list[Job] = []
        for part in parts_of(job):
            parts += [(yield from super().status(part))]
        return whole_of(parts)

    def result(self, job: Job) -> Any:
        return (yield from super().result(parts_of(job)[0]))

    def polled(self, job: Job, result: Any) -> Any:
        return tuple(
            envelope for part in parts_of(job) for envelope in super(Paged, self).polled(part, result)
        )


@dataclass(frozen=True)
class Unready(Acme):
    """Says that a job is done before its result is."""

    def result(self, job: Job) -> Any:
        try:
            return (yield from super().result(job))
        except ResultExpired as error:
            raise WaitTimeout("not yet", job=job) from error


@dataclass(frozen=True)
class Odd(Acme):
    """Meets in one job's answer what its author did not think of."""

    def status(self, job: Job) -> Any:
        found = yield from super().status(job)
        if job.id == "d1":
            raise KeyError("IBAN DE89")
        return found


def a_desk(provider: Acme, *, tracker: Tracker | None = None, inbox: Any = "memory:") -> Iterator[Desk]:
    wire, tracker, handled = Wire(), tracker or MemoryTracker(), list[Event]()
    hooks = Webhooks(provider, inbox=inbox, worker="external")
    hooks.on("document.*")(handled.append)
    http = httpx.AsyncClient(transport=httpx.MockTransport(wire))
    client = AsyncClient(provider, http_client=http, tracker=tracker, retry=NO_RETRY)
    desk = Desk(hooks, client, tracker, wire, handled)
    client._now = lambda: desk.now  # type: ignore[method-assign]
    hooks._clock = lambda: desk.now
    yield desk
    hooks.close()
    tracker.close()
