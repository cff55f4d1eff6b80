"""What a delivery refers to is fetched from the public address that was checked, without anything of ours, and bounded."""

from __future__ import annotations

import asyncio
import datetime
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from paperhook import NO_RETRY, AsyncClient, Client
from paperhook.client.bounds import Bound
from paperhook.client.transport.requests import pinned
from paperhook.core.delivery import Delivery
from paperhook.core.event import Event, Origin
from paperhook.core.exchange import Request
from paperhook.core.headers import Headers
from paperhook.core.steps import Send
from paperhook.errors import ConfigurationError, MalformedAnswer, NothingSent
from paperhook.providers.generic import Generic

NAME = "files.acme.example"
PUBLIC = "93.184.216.34"


def acme() -> Generic:
    return Generic.from_dict(
        {
            "name": "acme",
            "base_url": "https://api.acme.example",
            "signature": {"kind": "hmac", "header": "X-Sig"},
            "events": {"constant": "done", "words": {"done": "document.completed"}},
            "ids": {"job": "id"},
            "payload": {"names": {}},
            "references": {"url": "url", "hosts": [NAME, ".cdn.example"], "max_bytes": 1000},
        },
        "the-api-key",
        webhook_secret="a-secret-of-16-bytes",
    )


def referring(url: str = f"https://{NAME}/1?signature=x") -> Event:
    body = b'{"id": "j1", "url": "%s"}' % url.encode()
    return acme().events(Delivery(Headers(), body), origin=Origin.WEBHOOK)[0]


class World:
    """Names and what they lead to, and a server behind every address."""

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []
        self.requests: list[httpx.Request] = []
        self.answers: list[httpx.Response] = []

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        found = self.names[host]
        return [(0, 0, 0, "", (each, port)) for each in (found.pop(0) if len(found) > 1 else found[0])]

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answers.pop(0) if self.answers else httpx.Response(200, json={"total": "45.50"})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    return made


def fetch(world: World, event: Event, *, is_async: bool) -> Any:
    settings: dict[str, Any] = {
        "transport": httpx.MockTransport(world.answer),
        "headers": {"X-Token": "the-users-own"},
        "auth": ("user", "password"),
    }

    async def work() -> Any:
        http = httpx.AsyncClient(**settings)
        async with http, AsyncClient(acme(), http_client=http, retry=NO_RETRY) as client:
            return await client.run(acme().fetch(event))

    if is_async:
        return asyncio.run(work())
    with httpx.Client(**settings) as http, Client(acme(), http_client=http, retry=NO_RETRY) as client:
        return client.run(acme().fetch(event))


both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@both
def test_the_request_goes_to_the_address_that_was_checked_with_the_name_it_has(
    world: World, is_async: bool
) -> None:
    # The name leads inside when it is asked for a second time.
    world.names[NAME] = [[PUBLIC], ["127.0.0.1"]]

    result = fetch(world, referring(), is_async=is_async)

    [request] = world.requests
    assert str(result.fields["total"].value) == "45.50"
    assert world.asked.count(NAME) == 1
    assert request.url.host == PUBLIC
    assert request.url.raw_path == b"/1?signature=x"
    assert request.headers["Host"] == NAME
    assert request.extensions["sni_hostname"] == NAME


@both
def test_httpx_logs_no_signature(world: World, is_async: bool, caplog: pytest.LogCaptureFixture) -> None:
    world.names[NAME] = [[PUBLIC]]

    with caplog.at_level(logging.DEBUG):
        fetch(world, referring(), is_async=is_async)

    assert f"GET https://{PUBLIC}/1" in caplog.text
    assert "signature=x" not in caplog.text


@both
def test_nothing_of_ours_goes_along(world: World, is_async: bool) -> None:
    world.names[NAME] = [[PUBLIC]]

    fetch(world, referring(), is_async=is_async)

    [request] = world.requests
    assert not {"authorization", "x-token", "cookie"} & set(request.headers)
    assert "the-api-key" not in str(request.headers.raw)


@both
@pytest.mark.parametrize(
    "addresses",
    [
        *(["127.0.0.1"], ["10.1.2.3"], ["169.254.169.254"], ["::1"], ["::ffff:127.0.0.1"], ["fe80::1%eth0"]),
        *([PUBLIC, "127.0.0.1"], ["64:ff9b::a9fe:a9fe"], []),
    ],
    ids=str,
)
def test_a_name_that_leads_inside_is_refused_before_a_byte_is_sent(
    world: World, is_async: bool, addresses: list[str]
) -> None:
    world.names[NAME] = [addresses]

    with pytest.raises(ConfigurationError, match="not public: nothing was sent") as refused:
        fetch(world, referring(), is_async=is_async)

    assert world.requests == []
    assert "signature" not in str(refused.value)


def test_a_redirect_is_resolved_and_checked_too(world: World) -> None:
    world.names = {NAME: [[PUBLIC]], "a.cdn.example": [["192.168.0.1"]]}
    world.answers = [httpx.Response(302, headers={"Location": "https://a.cdn.example/2"})]

    with pytest.raises(ConfigurationError, match=r"a\.cdn\.example"):
        fetch(world, referring(), is_async=False)

    assert len(world.requests) == 1


@both
def test_an_answer_is_cut_off_at_its_bound_while_it_arrives(world: World, is_async: bool) -> None:
    class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
        sent = 0

        def __iter__(self) -> Iterator[bytes]:
            while True:
                self.sent += 400
                yield b"x" * 400

        async def __aiter__(self) -> Any:
            for chunk in self:
                yield chunk

    stream = Endless()
    world.names[NAME] = [[PUBLIC]]
    world.answers = [httpx.Response(200, stream=stream)]

    with pytest.raises(MalformedAnswer, match="more than 1000 bytes"):
        fetch(world, referring(), is_async=is_async)

    assert stream.sent <= 1600


@both
def test_a_name_that_nobody_knows_is_nothing_sent(world: World, is_async: bool) -> None:
    with pytest.raises(NothingSent, match=rf"{NAME} cannot be resolved: Name or service not known"):
        fetch(world, referring(), is_async=is_async)


# The connection itself


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for the name, and the key to it."""
    cryptography = pytest.importorskip("cryptography")
    del cryptography
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.parametrize("name", [NAME, "other.example"])
def test_tls_is_with_the_name_although_the_connection_is_to_the_address(tmp_path: Path, name: str) -> None:
    cert, key = certificate(tmp_path)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(cert, key)
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            raw, _ = listening.accept()
            with raw:
                try:
                    with server_side.wrap_socket(raw, server_side=True) as talking:
                        asked.append(talking.recv(4096))
                        talking.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                except (ssl.SSLError, ConnectionError):
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        request = Request("GET", f"https://{name}:{listening.getsockname()[1]}/1", is_foreign=True)
        bound = Bound(Send(request, lambda response: None), "acme", 5.0, threading.Event())
        trusting = ssl.create_default_context(cafile=str(cert))
        with httpx.Client(verify=trusting, trust_env=False) as http:
            if name == NAME:
                assert http.send(pinned(request, "127.0.0.1", bound)).text == "ok"
            else:
                with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
                    http.send(pinned(request, "127.0.0.1", bound))
        thread.join()

    assert all(f"Host: {name}".encode() in each for each in asked)
    assert len(asked) == (name == NAME)
