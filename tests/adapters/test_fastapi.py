"""The FastAPI dependency: verified events or a refusal, and nothing stored."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request as StarletteRequest

from paperhook import Event
from paperhook.adapters.fastapi import verified
from paperhook.errors import ConfigurationError
from tests.acme import Acme, acme, body_of, signed
from tests.contracts.endpoints import PATIENCE, Answer, OnSocket, Request, under_uvicorn
from tests.contracts.test_adapters import SHAKING

pytest.importorskip("fastapi")
from fastapi import Body, Depends, FastAPI

MAX_BODY_BYTES = 4096
ACME = acme()
Events = Annotated[tuple[Event, ...], Depends(verified(ACME, max_body_bytes=MAX_BODY_BYTES))]


def application() -> Any:
    app = FastAPI()

    @app.post("/hook")
    async def receive(events: Events) -> Any:
        return [[type(event).__name__, event.key, event.origin, event.body.decode()] for event in events]

    @app.post("/sync")
    def receive_sync(events: Events) -> Any:
        return [event.key for event in events]

    @app.post("/with-body")
    async def receive_both(events: Events, document: Annotated[dict[str, Any], Body()]) -> Any:
        return [document["event"], *(event.key for event in events)]

    @app.api_route("/any", methods=["GET", "PUT"])
    async def receive_any(events: Events) -> Any:
        raise AssertionError("it is no POST")

    return app


@pytest.fixture(scope="module")
def wire() -> Iterator[OnSocket]:
    with under_uvicorn(application(), "") as each:
        yield each


def delivery(body: bytes, path: str = "/hook", **changes: Any) -> Request:
    return Request(body, tuple(signed(body).items()), path=path, **changes)


def detail(answer: Answer) -> str:
    return str(json.loads(answer.body)["detail"])


def test_the_endpoint_gets_the_typed_event(wire: OnSocket) -> None:
    body = body_of(id="d1")

    answer = wire.send(delivery(body))

    assert answer.status == 200
    assert json.loads(answer.body) == [["DocumentCompleted", "done:d1", "webhook", body.decode()]]


def test_no_event_of_a_delivery_is_lost(wire: OnSocket) -> None:
    events = [json.loads(body_of(word, id="d1")) for word in ("stored", "done")]

    answer = wire.send(delivery(json.dumps({"events": events}).encode(), path="/sync"))

    assert json.loads(answer.body) == ["stored:d1", "done:d1"]


def test_a_body_in_chunks_is_put_together(wire: OnSocket) -> None:
    body = body_of()

    assert wire.send(delivery(body, chunks=[body[:7], body[7:]])).status == 200


def test_an_endpoint_may_read_the_body_too(wire: OnSocket) -> None:
    answer = wire.send(delivery(body_of(id="d1"), path="/with-body"))

    assert json.loads(answer.body) == ["done", "done:d1"]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request(body_of(), path="/hook"), (401, "unsigned")),
        (Request(body_of(), (("X-Acme-Signature", b"\xff"),), path="/hook"), (401, "bad_signature")),
        (
            Request(body_of(), (*signed(body_of()).items(), *signed(body_of()).items()), path="/hook"),
            (401, "bad_signature"),
        ),
        (delivery(b"{"), (400, "malformed")),
        (delivery(b'{"events": []}'), (400, "malformed")),
        (delivery(b"x" * (MAX_BODY_BYTES + 1)), (413, "too_large")),
        (delivery(b"", chunks=[b"x" * MAX_BODY_BYTES, b"x"]), (413, "too_large")),
        (Request(content_length=str(200 * 1024 * 1024), path="/hook"), (413, "too_large")),
        (
            Request(body_of(), (*signed(body_of()).items(), ("Content-Encoding", "gzip")), path="/hook"),
            (415, "wrong_content_type"),
        ),
        (Request(method="GET", path="/any"), (405, "wrong_method")),
        (delivery(body_of(), path="/any", method="PUT"), (405, "wrong_method")),
    ],
)
def test_what_must_not_be_trusted_does_not_reach_the_endpoint(
    wire: OnSocket, request_: Request, expected: tuple[int, str]
) -> None:
    answer = wire.send(request_)

    assert (answer.status, detail(answer)) == expected
    assert answer.headers.get("allow") == ("POST" if answer.status == 405 else None)


def test_a_sender_that_goes_away_leaves_the_application_well(wire: OnSocket) -> None:
    body = body_of()
    with socket.create_connection(("127.0.0.1", wire.port), PATIENCE) as sender:
        sender.sendall(delivery(body, content_length=str(len(body) + 5)).head("") + body)
        sender.shutdown(socket.SHUT_WR)
        sender.makefile("rb").readline()

    assert wire.send(delivery(body)).status == 200


def test_a_sender_that_goes_away_is_no_error_of_the_application() -> None:
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    request = StarletteRequest({"type": "http", "method": "POST", "headers": []}, receive)

    with pytest.raises(HTTPException) as caught:
        asyncio.run(verified(ACME)(request))

    assert (caught.value.status_code, caught.value.detail) == (400, "malformed")


def test_a_handshake_gives_no_event() -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"are you there"}

    request = StarletteRequest(
        {"type": "http", "method": "POST", "headers": [(b"x-hook-secret", b"a")]}, receive
    )

    assert asyncio.run(verified(SHAKING)(request)) == ()


def test_a_provider_without_a_secret_is_an_error_before_the_first_delivery() -> None:
    with pytest.raises(ConfigurationError, match="ACME_WEBHOOK_SECRET"):
        verified(Acme("key"))


def test_unsigned_deliveries_are_taken_where_that_is_written_out() -> None:
    app = FastAPI()

    @app.post("/hook")
    async def receive(
        events: Annotated[tuple[Event, ...], Depends(verified(Acme("key", unsigned="accept")))],
    ) -> int:
        return len(events)

    with under_uvicorn(app, "") as wire:
        assert wire.send(Request(body_of(), path="/hook")).body == b"1"
