"""The ASGI application, driven message by message, mounted, and on a real socket."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import fastapi
import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from paperhook.core.event import Event
from paperhook.hooks import Webhooks
from paperhook.inbox import MemoryInbox
from paperhook.inbox.base import State
from paperhook.observe import InboxMeasured, Recorder
from tests.acme import KeyedAcme, acme, body_of, signed
from tests.test_client import until, wait_until

OTHER_SECRET = "another-secret-of-16"


def webhooks(*providers: Any, **options: Any) -> Webhooks:
    made = Webhooks(*(providers or (acme(),)), **{"inbox": MemoryInbox(), "worker": "external", **options})
    made.on("*")(lambda event: None)
    return made


@pytest.fixture
def hooks() -> Iterator[Webhooks]:
    made = webhooks()
    yield made
    made.close()


class Exchange:
    """One ASGI request, message by message."""

    def __init__(self, *chunks: bytes, ends: str = "body") -> None:
        self.messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
        ]
        if ends == "body":
            self.messages.append({"type": "http.request"})
        self.taken = 0
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        self.taken += 1
        return self.messages.pop(0) if self.messages else {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}


def exchange(
    hooks: Webhooks,
    *chunks: bytes,
    headers: dict[str, str] | Sequence[tuple[str, str]] | None = None,
    method: str = "POST",
    path: str = "/",
    root_path: str = "",
    ends: str = "body",
) -> Exchange:
    pairs = signed(b"".join(chunks)) if headers is None else headers
    items = pairs.items() if isinstance(pairs, dict) else pairs
    scope = {
        "type": "http",
        "method": method,
        "path": root_path + path,
        "root_path": root_path,
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in items],
    }
    made = Exchange(*chunks, ends=ends)
    asyncio.run(hooks.asgi()(scope, made.receive, made.send))  # type: ignore[arg-type] # plain dictionaries
    return made


# Bodies


def test_a_delivery_in_pieces_is_one_delivery(hooks: Webhooks) -> None:
    body = body_of()

    done = exchange(hooks, body[:1], b"", body[1:])

    assert done.status == 200
    assert done.headers == {
        "content-type": "application/json",
        "content-length": str(len(done.sent[1]["body"])),
    }
    assert json.loads(done.sent[1]["body"]) == {"outcome": "accepted"}


def test_an_empty_body_is_no_event(hooks: Webhooks) -> None:
    assert exchange(hooks).status == 400


def test_a_body_that_is_too_large_is_not_read_to_its_end(hooks: Webhooks) -> None:
    endless = [b"x" * 500_000] * 100

    done = exchange(hooks, *endless, headers={})

    assert done.status == 413
    assert done.taken == 3


@pytest.mark.parametrize("announced", [str(1024 * 1024 + 1), "9" * 400])
def test_a_body_that_is_announced_as_too_large_is_not_read_at_all(announced: str, hooks: Webhooks) -> None:
    done = exchange(hooks, b"{}", headers={"Content-Length": announced})

    assert (done.status, done.taken) == (413, 0)


@pytest.mark.parametrize("announced", ["1", "-5", "x", "", "1e9", "+1"])
def test_an_announcement_that_lies_does_not_lift_the_bound(announced: str, hooks: Webhooks) -> None:
    done = exchange(hooks, *[b"x" * 500_000] * 10, headers={"Content-Length": announced})

    assert (done.status, done.taken) == (413, 3)


def test_a_body_of_exactly_the_bound_is_taken() -> None:
    body = body_of().ljust(5000)

    hooks = webhooks(max_body_bytes=5000)
    assert exchange(hooks, body, headers={**signed(body), "Content-Length": "5000"}).status == 200
    assert exchange(hooks, body + b" ").status == 413


@pytest.mark.parametrize("sent", [0, 1])
def test_a_sender_that_goes_away_in_the_middle_is_not_answered(sent: int, hooks: Webhooks) -> None:
    done = exchange(hooks, *[body_of()] * sent, ends="disconnect")

    assert done.sent == []
    assert hooks.inbox.rows().result() == ()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_another_method_is_told_the_right_one_and_its_body_is_not_read(method: str, hooks: Webhooks) -> None:
    done = exchange(hooks, body_of(), method=method)

    assert (done.status, done.headers["allow"], done.taken) == (405, "POST", 0)


def test_a_compressed_body_is_refused(hooks: Webhooks) -> None:
    body = gzip.compress(body_of())

    assert exchange(hooks, body, headers={**signed(body), "Content-Encoding": "gzip"}).status == 415


def test_two_signatures_are_refused(hooks: Webhooks) -> None:
    pairs = [*signed(body_of()).items()] * 2

    assert exchange(hooks, body_of(), headers=pairs).status == 401


# Paths


@pytest.mark.parametrize(
    ("path", "root_path", "status"),
    [
        ("/", "", 200),
        ("", "/webhooks", 200),
        ("/", "/webhooks", 200),
        ("/acme", "", 200),
        ("/acme/", "/webhooks", 200),
        ("/a/route/of/its/own/acme", "", 200),
        ("/nobody", "/webhooks", 404),
        ("/acme/nobody", "", 404),
    ],
)
def test_the_last_part_of_the_path_names_the_provider(
    path: str, root_path: str, status: int, hooks: Webhooks
) -> None:
    assert exchange(hooks, body_of(), path=path, root_path=root_path).status == status


def test_several_providers_are_told_apart_by_their_paths() -> None:
    hooks, body = webhooks(acme(), KeyedAcme("k", webhook_secret=OTHER_SECRET)), body_of()

    assert exchange(hooks, body, path="/acme").status == 200
    assert exchange(hooks, body, path="/keyed-acme").status == 401
    assert exchange(hooks, body, path="/keyed-acme", headers=signed(body, OTHER_SECRET)).status == 200
    assert exchange(hooks, body, path="/").status == 404


def posted(app: Any, path: str, body: bytes | None = None) -> httpx.Response:
    sent = body_of() if body is None else body

    async def main() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.post(path, content=sent, headers=signed(sent))

    return asyncio.run(main())


def mounted_apps(hooks: Webhooks) -> list[Any]:
    api = fastapi.FastAPI()
    api.mount("/webhooks", hooks.asgi())
    return [api, Starlette(routes=[Mount("/webhooks", hooks.asgi())])]


def test_a_mounted_app_takes_deliveries_by_the_providers_name(hooks: Webhooks) -> None:
    for app in mounted_apps(hooks):
        assert posted(app, "/webhooks/acme").status_code == 200
        assert posted(app, "/webhooks/").status_code == 200
        assert posted(app, "/webhooks/nobody").status_code == 404


def test_a_route_takes_deliveries_without_a_redirect(hooks: Webhooks) -> None:
    # A mount answers its own path without a slash by a redirect, which no provider follows; a route does not.
    app = Starlette(routes=[Route("/webhooks/acme", hooks.asgi(), methods=["POST"])])

    assert posted(app, "/webhooks/acme").status_code == 200


def test_a_mount_below_a_mount_is_a_mount(hooks: Webhooks) -> None:
    inner = Starlette(routes=[Mount("/webhooks", hooks.asgi())])

    assert posted(Starlette(routes=[Mount("/api", inner)]), "/api/webhooks/acme").status_code == 200


# Health


def got(app: Any, path: str, method: str = "GET") -> httpx.Response:
    async def main() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.request(method, path)

    return asyncio.run(main())


def test_health_says_that_the_process_is_up_and_asks_no_store(hooks: Webhooks) -> None:
    hooks.close()

    for app, path in [
        (hooks.asgi(), "/health"),
        *[(each, "/webhooks/health") for each in mounted_apps(hooks)],
    ]:
        answer = got(app, path)
        assert (answer.status_code, answer.json()) == (200, {"outcome": "up"})


def test_readiness_counts_what_waits() -> None:
    recorder = Recorder()
    hooks = webhooks(clock=lambda: 1000.0, observe=[recorder])
    exchange(hooks, body_of())

    for app, path in [(hooks.asgi(), "/ready"), *[(each, "/webhooks/ready") for each in mounted_apps(hooks)]]:
        answer = got(app, path)
        counts = {"pending": 1, "running": 0, "dead": 0, "review": 0, "lag_seconds": 0.0}
        assert (answer.status_code, answer.json()) == (200, {"outcome": "ready", **counts})
        assert answer.headers["cache-control"] == "no-store"
    assert InboxMeasured(1, 0, 0, 0, 0, 0.0) in recorder.seen
    hooks.close()


@pytest.mark.parametrize(
    ("max_lag", "waited", "status"), [(60.0, 60.0, 200), (60.0, 60.1, 503), (None, 10**6, 200)]
)
def test_readiness_ends_where_the_oldest_event_waits_too_long(
    max_lag: float | None, waited: float, status: int
) -> None:
    now = [1000.0]
    hooks = webhooks(clock=lambda: now[0])
    exchange(hooks, body_of())
    now[0] += waited

    answer = got(hooks.asgi(max_lag=max_lag), "/ready")

    assert (answer.status_code, answer.json()["outcome"]) == (status, "ready" if status == 200 else "late")
    assert answer.json()["lag_seconds"] == waited
    hooks.close()


def test_readiness_ends_where_the_store_is_away(hooks: Webhooks) -> None:
    hooks.close()

    answer = got(hooks.asgi(), "/ready")

    assert (answer.status_code, answer.json()) == (503, {"outcome": "unavailable"})


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_health_is_read_only(hooks: Webhooks, path: str) -> None:
    answer = got(hooks.asgi(), path, "POST")

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


# Workers


def test_without_a_lifespan_the_worker_starts_at_the_first_delivery() -> None:
    seen: list[Event] = []
    hooks = webhooks(worker="embedded")
    hooks.on("*", name="see")(seen.append)
    app = mounted_apps(hooks)[0]

    async def main() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            await client.post("/webhooks/acme", content=body_of(), headers=signed(body_of()))
            await until(lambda: len(seen) == 1)
        await hooks.aclose()

    asyncio.run(main())


def test_the_external_mode_only_stores() -> None:
    seen: list[Event] = []
    hooks = webhooks()
    hooks.on("*", name="see")(seen.append)

    assert posted(mounted_apps(hooks)[0], "/webhooks/acme").json() == {"outcome": "accepted"}

    assert [row.state for row in hooks.inbox.rows().result()] == [State.PENDING]
    assert seen == []


def test_the_inline_mode_runs_before_it_answers() -> None:
    hooks = webhooks(worker="inline")

    @hooks.on("*")
    def fail(event: Event) -> None:
        raise ConnectionError("the ledger is away")

    assert posted(hooks.asgi(), "/").json() == {"outcome": "failed"}
    assert posted(hooks.asgi(), "/").status_code == 500


def test_its_own_lifespan_runs_the_worker_where_it_is_the_whole_app() -> None:
    hooks = webhooks(worker="embedded")
    events: list[str] = []

    async def main() -> None:
        waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

        async def send(message: Any) -> None:
            events.append(message["type"])

        app = asyncio.create_task(
            hooks.asgi()({"type": "lifespan", "asgi": {"version": "3.0"}}, waiting.get, send)
        )  # type: ignore[arg-type] # plain dictionaries
        await waiting.put({"type": "lifespan.startup"})
        await until(lambda: hooks.worker._loop is not None)
        await waiting.put({"type": "lifespan.shutdown"})
        await app
        assert hooks.worker._loop is None

    asyncio.run(main())

    assert events == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


# On a real socket


class Server(uvicorn.Server):
    """Uvicorn in a thread, without its signals."""

    def __enter__(self) -> str:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self.run, args=([self._socket],))
        self._thread.start()
        assert wait_until(lambda: self.started)
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self.should_exit = True
        self._thread.join(10)
        self._socket.close()

    def install_signal_handlers(self) -> None:
        """Leave the tests' own."""


def served(app: Any) -> Server:
    return Server(uvicorn.Config(app, log_level="critical", lifespan="on", ws="none"))


def test_a_real_server_takes_deliveries_and_its_lifespan_runs_them() -> None:
    seen: list[Event] = []
    hooks = webhooks(worker="embedded")
    hooks.on("*", name="see")(seen.append)
    app = fastapi.FastAPI(lifespan=hooks.lifespan)
    app.mount("/webhooks", hooks.asgi())

    with served(app) as url, httpx.Client(base_url=url) as client:
        replies = [
            client.post("/webhooks/acme", content=body_of(), headers=signed(body_of())) for _ in range(2)
        ]
        head = client.head("/webhooks/acme")
        large = client.post("/webhooks/acme", content=bytes(3_000_000))
        assert wait_until(lambda: len(seen) == 1)

    assert [reply.json() for reply in replies] == [{"outcome": "accepted"}, {"outcome": "duplicate"}]
    assert (head.status_code, head.headers["allow"], head.content) == (405, "POST", b"")
    assert large.status_code == 413
    assert hooks.worker._loop is None
    hooks.close()


def test_a_sender_that_hangs_up_leaves_the_server_well() -> None:
    hooks = webhooks()
    with served(hooks.asgi()) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        for _ in range(5):
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(b"POST /acme HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{half")

        assert httpx.post(f"{url}/acme", content=body_of(), headers=signed(body_of())).status_code == 200

    assert len(hooks.inbox.rows().result()) == 1
