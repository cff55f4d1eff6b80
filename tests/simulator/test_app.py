from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from paperhook.errors import ConfigurationError, MissingExtra
from paperhook.simulator import (
    Fault,
    FaultPlan,
    HttpPost,
    Simulator,
    SystemClock,
    VirtualClock,
    WebhookTarget,
)
from paperhook.simulator.store import Shelf
from tests.simulator.world import (
    PARSE,
    PDF,
    PNG,
    SPACE,
    Endpoint,
    FakeReader,
    a_world,
    extract,
    make_sheet,
    process_job,
    until,
    upload_images,
)

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Serve an app on a free port of the loopback interface; give its origin."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await running


async def test_over_real_sockets_a_document_is_read_and_pushed_and_a_reset_closes_the_connection() -> None:
    endpoint = Endpoint()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await endpoint(scope, receive, send)

    async with serving(app) as hook_origin:
        simulator = Simulator(
            FakeReader(),
            webhooks={"docuparse": WebhookTarget(f"{hook_origin}/hook", "secret")},
            processing_seconds=0.001,
        )
        async with serving(simulator) as origin, httpx.AsyncClient() as client:
            base = Simulator.base_url("docuparse", origin)
            accepted = await client.post(f"{base}/extract", files={"file": ("a.pdf", PDF)}, headers=PARSE)
            await simulator.drain()
            reset = await client.post(f"{origin}/_control/faults", json={"faults": ["reset=1x"]})
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post(f"{base}/extract", files={"file": ("b.pdf", PDF)}, headers=PARSE)
            await simulator.drain()
            state = (await client.get(f"{origin}/_control/state")).json()

    assert (accepted.status_code, reset.status_code) == (202, 200)
    assert [event["event"] for event in endpoint.events] == ["document.completed"] * 2
    assert (state["docuparse"]["jobs"], state["docuparse"]["deliveries_acknowledged"]) == (2, 2)


async def test_an_endpoint_that_is_down_or_slow_or_redirects_is_tried_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"

        reply = await HttpPost()(url, headers={}, body=b"{}", timeout=5)

    assert (reply.status, reply.error) == (None, "ConnectError")

    async def hang(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(60)

    slow = await HttpPost(httpx.ASGITransport(hang))("http://x/", headers={}, body=b"{}", timeout=0.01)

    assert (slow.status, slow.error) == (None, "TimeoutError")

    redirect = Endpoint(statuses=[302])
    post = HttpPost(httpx.ASGITransport(redirect))
    moved = await post("https://x/", headers={}, body=b"{}", timeout=5)
    fine = await post("https://x/", headers={}, body=b"{}", timeout=5)

    assert (moved.status, fine.status, len(redirect.deliveries)) == (302, 200, 2)


async def test_closing_stops_jobs_and_deliveries_midway() -> None:
    reader = FakeReader()
    reader.gate.clear()
    before = asyncio.all_tasks()
    simulator = Simulator(reader, processing_seconds=0)
    async with (
        simulator,
        httpx.AsyncClient(transport=httpx.ASGITransport(simulator), base_url="http://x") as client,
    ):
        await client.post("/docuparse/api/v1/extract", files={"file": ("a.pdf", PDF)}, headers=PARSE)
        await until(lambda: bool(reader.filenames))

    assert asyncio.all_tasks() == before


async def test_a_simulator_can_be_closed_before_its_jobs_have_begun() -> None:
    simulator = Simulator(FakeReader())
    async with (
        simulator,
        httpx.AsyncClient(transport=httpx.ASGITransport(simulator), base_url="http://x") as client,
    ):
        await client.post("/docuparse/api/v1/extract", files={"file": ("a.pdf", PDF)}, headers=PARSE)

    assert simulator.state()["docuparse"]["jobs"] == 1


async def test_requests_are_answered_while_a_document_is_being_read() -> None:
    async with a_world(processing_seconds=0) as world:
        world.reader.gate.clear()
        accepted = [(await extract(world)).json()["document_id"] for _ in range(3)]
        while len(world.reader.filenames) < 2:
            world.clock.wake_next()
            await asyncio.sleep(0)

        polled = await world.client.get(f"/docuparse/api/v1/documents/{accepted[0]}", headers=PARSE)
        world.reader.gate.set()
        await world.done()

        assert polled.json()["status"] == "processing"
        assert len(world.endpoint.deliveries) == 3


async def test_base_urls_hold_the_documented_paths() -> None:
    origin = "http://127.0.0.1:8765/"

    assert [
        Simulator.base_url(name, origin) for name in ("space-ocr", "docuparse", "docuprox", "ocriva")
    ] == [
        "http://127.0.0.1:8765/space-ocr",
        "http://127.0.0.1:8765/docuparse/api/v1",
        "http://127.0.0.1:8765/docuprox/v1",
        "http://127.0.0.1:8765/ocriva/v1",
    ]
    with pytest.raises(ConfigurationError, match="'mindee' is unknown"):
        Simulator.base_url("mindee", origin)


async def test_a_misspelt_provider_is_refused_at_construction() -> None:
    with pytest.raises(ConfigurationError, match="'docuparser' is unknown"):
        Simulator(FakeReader(), api_keys={"docuparser": ["k"]})


async def test_a_webhook_goes_to_http_only_and_its_secret_is_in_no_repr() -> None:
    with pytest.raises(ConfigurationError, match="http"):
        WebhookTarget("file:///etc/passwd")
    with pytest.raises(ConfigurationError, match="and a host"):
        WebhookTarget("http://")

    assert "hidden" not in repr(WebhookTarget("http://x", "hidden"))


async def test_the_keys_can_be_chosen() -> None:
    async with a_world(api_keys={"docuparse": ["dex_other"]}) as world:
        default = await extract(world)
        chosen = await world.client.get(
            "/docuparse/api/v1/documents/x", headers={"Authorization": "Bearer dex_other"}
        )

        assert (default.status_code, chosen.status_code) == (401, 404)


async def test_a_key_with_any_characters_is_merely_wrong() -> None:
    async with a_world() as world:
        answer = await world.client.get("/space-ocr/amount", headers={b"authorization": b"Bearer \xff\xe4"})

        assert answer.status_code == 401


async def test_without_rate_limits_nothing_is_counted_or_told() -> None:
    async with a_world(rate_limits=False) as world:
        answers = [await world.client.get("/space-ocr/amount", headers=SPACE) for _ in range(70)]

        assert {answer.status_code for answer in answers} == {200}
        assert "x-ratelimit-remaining" not in answers[0].headers


class TestControl:
    async def test_faults_are_shown_set_and_cleared(self) -> None:
        async with a_world() as world:
            path = "/_control/faults"
            set_ = await world.client.post(path, json={"seed": 3, "faults": ["drop=0.5"]})
            wrong = await world.client.post(path, json={"faults": ["explode"]})
            no_json = await world.client.post(path, content=b"{")
            large = await world.client.post(path, content=b" " * 70_000)
            shown = (await world.client.get(path)).json()
            cleared = (await world.client.delete(path)).json()

            assert set_.status_code == 200
            assert [answer.status_code for answer in (wrong, no_json, large)] == [400, 400, 400]
            assert "explode" in wrong.json()["error"]
            assert (shown["seed"], shown["faults"][0]["probability"]) == (3, 0.5)
            assert cleared == {"seed": 0, "faults": []}
            assert world.simulator.faults == FaultPlan()

    async def test_only_programs_on_this_machine_are_answered(self) -> None:
        simulator = Simulator(FakeReader())

        async def status(client: Any, **headers: str) -> int:
            transport = httpx.ASGITransport(simulator, client=client)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
                state = await http.get("/_control/state", headers=headers)
                faults = await http.post("/_control/faults", json={"faults": []}, headers=headers)
            assert state.status_code == faults.status_code
            return state.status_code

        assert await status(("127.0.0.1", 1)) == 200
        assert await status(("::1", 1)) == 200
        assert await status(("192.0.2.7", 1)) == 403
        assert await status(("somewhere", 1)) == 403
        assert await status(None) == 403
        assert await status(("127.0.0.1", 1), origin="http://evil.test") == 403


async def test_a_websocket_is_closed() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    await Simulator(FakeReader())({"type": "websocket"}, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1000}]


async def test_a_client_that_leaves_midway_makes_no_job() -> None:
    simulator = Simulator(FakeReader())
    messages = iter(
        [{"type": "http.request", "body": b"--b\r\n", "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        raise AssertionError("nobody is there to be answered")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/docuparse/api/v1/extract",
        "raw_path": b"/docuparse/api/v1/extract",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "headers": [
            (b"authorization", b"Bearer dex_local"),
            (b"content-type", b"multipart/form-data; boundary=b"),
        ],
    }
    await simulator(scope, receive, send)

    assert simulator.state()["docuparse"]["jobs"] == 0


async def test_a_body_is_cut_off_while_it_streams() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        while True:
            read += 1
            yield bytes(1024 * 1024)

    async with a_world() as world:
        answer = await world.client.post(
            "/docuparse/api/v1/extract",
            content=endless(),
            headers={**PARSE, "Content-Type": "multipart/form-data; boundary=b"},
        )

        assert answer.status_code == 413
        assert read <= 11


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--b\r\n\r\n--b--",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
        b"\xff" * 99,
    ],
)
@pytest.mark.parametrize("boundary", ["; boundary=b", ""])
async def test_a_form_that_is_none_is_a_400(body: bytes, boundary: str) -> None:
    async with a_world() as world:
        answer = await world.client.post(
            "/docuparse/api/v1/extract",
            content=body,
            headers={**PARSE, "Content-Type": f"multipart/form-data{boundary}"},
        )

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_FILE")


async def test_nothing_of_a_document_or_a_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with a_world(faults=FaultPlan.parse("tamper=1x", "wrong_signature=1x")) as world:
        await make_sheet(world)
        await upload_images(world, PNG, PNG + b"broken CONTENT", PNG + b"unreadable CONTENT")
        await extract(world)
        await world.done()

        assert len(world.endpoint.deliveries) == 4
        for word in ("CONTENT", "ACME", "1,250.00", "a secret of the tests", "spocr_local", "dex_local"):
            assert word not in caplog.text


async def test_a_bug_in_background_work_is_logged_by_its_type_only(caplog: pytest.LogCaptureFixture) -> None:
    class BrokenPost:
        async def __call__(self, url: str, **given: Any) -> Any:
            raise RuntimeError("the text of a document")

    simulator = Simulator(
        FakeReader(),
        webhooks={"docuparse": WebhookTarget("http://x")},
        post=BrokenPost(),
        processing_seconds=0,
    )
    async with (
        simulator,
        httpx.AsyncClient(transport=httpx.ASGITransport(simulator), base_url="http://x") as client,
    ):
        await client.post("/docuparse/api/v1/extract", files={"file": ("a.pdf", PDF)}, headers=PARSE)
        await simulator.drain()

    assert "RuntimeError" in caplog.text
    assert "the text" not in caplog.text


class TestClock:
    async def test_advance_needs_a_virtual_clock(self) -> None:
        with pytest.raises(TypeError, match="VirtualClock"):
            await Simulator(FakeReader(), clock=SystemClock()).advance(1)

    async def test_a_virtual_clock_wakes_in_order_and_never_goes_back(self) -> None:
        async with a_world() as world:
            woken: list[str] = []

            async def sleeper(name: str, seconds: float) -> None:
                await world.clock.sleep(seconds)
                woken.append(f"{name} {world.clock.time() - 1_800_000_000:g}")

            tasks = [asyncio.create_task(sleeper(*one)) for one in (("b", 2), ("a", 1), ("c", 2), ("d", 9))]
            await asyncio.sleep(0)
            tasks[3].cancel()
            await world.simulator.advance(2)
            world.clock.move_to(5)
            await asyncio.gather(*tasks, return_exceptions=True)

            assert woken == ["a 1", "b 2", "c 2"]
            assert world.clock.next_due is None
            assert world.clock.wake_next() is None
            assert world.clock.time() == 1_800_000_002

    async def test_an_automatic_clock_needs_nobody_to_move_it(self) -> None:
        async with a_world(auto=True, processing_seconds=3600) as world:
            document_id = (await extract(world)).json()["document_id"]
            await until(lambda: bool(world.endpoint.deliveries))

            polled = await world.client.get(f"/docuparse/api/v1/documents/{document_id}", headers=PARSE)

            assert polled.json()["status"] == "completed"
            assert json.loads(world.endpoint.deliveries[0][1])["timestamp"] == "2027-01-15T10:00:00Z"

    async def test_settle_waits_for_what_is_awake_only(self) -> None:
        async with a_world(processing_seconds=5) as world:
            await extract(world)
            await world.simulator.settle()

            assert world.reader.filenames == []
            assert world.clock.next_due == world.clock.time() + 5


async def test_a_bug_of_the_simulator_is_a_500_in_the_providers_envelope(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class BrokenClock(VirtualClock):
        is_broken = False

        def time(self) -> float:
            if self.is_broken:
                raise RuntimeError("the text of a document")
            return super().time()

    clock = BrokenClock()
    simulator = Simulator(FakeReader(), clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator), base_url="http://x") as client:
        clock.is_broken = True

        answer = await client.get("/docuparse/api/v1/documents/x", headers=PARSE)

    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL_ERROR")
    assert "RuntimeError" in caplog.text
    assert "the text" not in caplog.text


async def test_hosts_can_be_limited() -> None:
    simulator = Simulator(FakeReader(), allowed_hosts=["localhost", "127.0.0.1", "::1"])

    async def status(host: str) -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator), base_url="http://x") as client:
            return (await client.get("/space-ocr/health", headers={"Host": host})).status_code

    assert [await status(host) for host in ("localhost:8765", "127.0.0.1", "[::1]:8765", "LOCALHOST")] == [
        200
    ] * 4
    assert [await status(host) for host in ("evil.test", "localhost.evil.test:80", "[::2]", "")] == [421] * 4


async def test_without_python_multipart_the_simulator_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Looked up by name only; an installed package cannot be made missing in another way.
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(MissingExtra, match=r"paperhook\[cli\]"):
        Simulator(FakeReader())


async def test_closing_ends_a_request_that_waits_and_a_delivery_that_is_held_back() -> None:
    plan = FaultPlan((Fault("reorder", seconds=60),))
    before = asyncio.all_tasks()
    async with a_world(faults=plan, processing_seconds=0) as world:
        await extract(world)
        await world.simulator.advance(1)

        assert world.endpoint.deliveries == []

    assert asyncio.all_tasks() == before


async def test_a_reader_that_misses_its_libraries_says_so(caplog: pytest.LogCaptureFixture) -> None:
    class BareReader:
        async def aread(self, content: bytes, *, filename: str) -> Any:
            raise MissingExtra("pip install 'paperhook[local-pdf]'")

    simulator = Simulator(BareReader(), clock=VirtualClock(auto=True))
    async with (
        simulator,
        httpx.AsyncClient(transport=httpx.ASGITransport(simulator), base_url="http://x") as client,
    ):
        sent = await client.post("/docuparse/api/v1/extract", files={"file": ("a.pdf", PDF)}, headers=PARSE)
        await simulator.drain()
        polled = await client.get(f"/docuparse/api/v1/documents/{sent.json()['document_id']}", headers=PARSE)

    assert polled.json()["status"] == "failed"
    assert "paperhook[local-pdf]" in caplog.text


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": 1e999}', '{"a":' * 5000, '{"a": -Infinity}'])
async def test_json_that_is_none_is_refused(text: str) -> None:
    async with a_world() as world:
        answer = await world.client.post("/space-ocr/create", content=text, headers=SPACE)

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


async def test_half_a_surrogate_pair_goes_through() -> None:
    async with a_world() as world:
        answer = await process_job(world, static_values='{"a": "\\ud800", "b": 1.5}')
        await world.done()

        assert answer.json()["static_values"] == {"a": "\ud800", "b": 1.5}
        assert world.endpoint.events[0]["static_values"] == {"a": "\ud800", "b": 1.5}


async def test_old_records_make_room_for_new_ones() -> None:
    shelf: Shelf[int] = Shelf(kept=2)

    for number in range(3):
        shelf.put(str(number), number)

    assert list(shelf) == [1, 2]
    assert shelf.get("0") is None
    assert len(shelf) == 2
