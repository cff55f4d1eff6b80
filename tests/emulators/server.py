"""A small HTTP server on plain sockets, which answers in any form that HTTP allows, and loses answers when told to."""

from __future__ import annotations

import contextlib
import email.message
import email.parser
import email.policy
import gzip
import json
import socket
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, Self, TypeAlias, get_args
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Part:
    """One part of a multipart form."""

    name: str
    filename: str | None
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def raw_query(self) -> str:
        return urlsplit(self.target).query

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(self.raw_query, keep_blank_values=True)

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def json(self) -> Any:
        return json.loads(self.body)

    def parts(self) -> list[Part]:
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message: Any = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + self.body)
        assert not message.defects
        return [_part(piece) for piece in message.iter_parts()]


def _part(piece: email.message.EmailMessage) -> Part:
    assert not piece.defects
    name, content = piece.get_param("name", header="content-disposition"), piece.get_payload(decode=True)
    assert isinstance(name, str)
    assert isinstance(content, bytes)
    return Part(name, piece.get_filename(), content)


@dataclass
class Reply:
    """What is answered: JSON unless the body is bytes."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @property
    def content(self) -> bytes:
        return (
            self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()
        )


#: How an answer is written: each is plain HTTP, as a proxy or a load balancer may make it. `hints` sends an interim answer
#: first, and `pieces` sends the bytes a few at a time.
Form: TypeAlias = Literal["plain", "chunked", "gzip", "http10", "closing", "shouting", "hints", "pieces"]
FORMS: tuple[Form, ...] = get_args(Form)
_FINAL = ("http10", "closing")


@dataclass
class Trouble:
    """What goes wrong with the requests that match.

    `lost` acts and closes without an answer, `truncated` acts and answers half of it, `instead` answers without acting,
    and `afterwards` answers so after acting.
    """

    kind: Literal["lost", "truncated", "instead", "afterwards"]
    method: str
    path: str
    times: int = 1
    reply: Reply = field(default_factory=Reply)


class Server:
    """Serves one wire on loopback until it is closed."""

    def __init__(self, answer: Callable[[Asked], Reply], form: Form = "plain") -> None:
        self._answer = answer
        self._form = form
        self.asked: list[Asked] = []
        self.troubles: list[Trouble] = []
        #: What a handler could not make sense of.
        self.failures: list[BaseException] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def count(self, method: str, path: str) -> int:
        return sum(asked.method == method and path in asked.target for asked in self.asked)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
        # A request that breaks the documents is our mistake, whatever the client made of the answer.
        if self.failures:
            raise self.failures[0]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(30)

    def _begin(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._begin(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            with connection, connection.makefile("rb") as reader, contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while (asked := _read(reader)) is not None:
                    reply = self._act(asked)
                    if reply is None:
                        return
                    for piece in _written(reply, self._form):
                        connection.sendall(piece)
                    if self._form in _FINAL:
                        return
        finally:
            with self._lock:
                self._open.discard(connection)

    def _act(self, asked: Asked) -> Reply | None:
        """Do what is asked and give the answer; None is none."""
        with self._lock:
            self.asked.append(asked)
            trouble = self._trouble_with(asked)
            if trouble is not None and trouble.kind == "instead":
                return trouble.reply
            try:
                reply = self._answer(asked)
            except BaseException as error:
                self.failures.append(error)
                return Reply(500)
        if trouble is None:
            return reply
        half = Reply(reply.status, reply.content[: len(reply.content) // 2], reply.headers)
        return {"lost": None, "truncated": half, "afterwards": trouble.reply}[trouble.kind]

    def _trouble_with(self, asked: Asked) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.times > 0 and trouble.method == asked.method and trouble.path in asked.target:
                trouble.times -= 1
                return trouble
        return None


def _written(reply: Reply, form: Form) -> Generator[bytes, None, None]:
    """Write an answer in a form."""
    content, headers = reply.content, dict(reply.headers)
    if form == "hints":
        yield b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
    if form == "gzip" and content:
        content, headers["Content-Encoding"] = gzip.compress(content), "gzip"
    if reply.status != 204:
        headers.setdefault("Content-Type", reply.content_type)
        headers |= _length(content, form)
    if form == "closing":
        headers["Connection"] = "close"
    names = {name.upper() if form == "shouting" else name: value for name, value in headers.items()}
    version = "1.0" if form == "http10" else "1.1"
    # The reason phrase says nothing (RFC 9112 section 4).
    lines = [f"HTTP/{version} {reply.status} ", *(f"{name}: {value}" for name, value in names.items())]
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    wire = head + (_chunked(content) if "Transfer-Encoding" in headers else content)
    size = 16 if form == "pieces" else len(wire)
    for start in range(0, len(wire), size):
        yield wire[start : start + size]


def _length(content: bytes, form: Form) -> dict[str, str]:
    if form == "chunked":
        return {"Transfer-Encoding": "chunked"}
    # Without a length, the end of the connection is the end of the answer.
    return {} if form == "http10" else {"Content-Length": str(len(content))}


def _chunked(content: bytes) -> bytes:
    pieces = [content[start : start + 7] for start in range(0, len(content), 7)]
    body = b"".join(b"%x;note=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return body + b"0\r\nX-Trailer: 1\r\n\r\n"


def _read(reader: BinaryIO) -> Asked | None:
    """Read one request; `Expect: 100-continue` is not answered, as by many servers."""
    line = reader.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = dict(_headers(reader))
    return Asked(line[0], line[1], headers, _body(reader, headers))


def _headers(reader: BinaryIO) -> Generator[tuple[str, str], None, None]:
    while line := reader.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()


def _body(reader: BinaryIO, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return reader.read(int(headers.get("content-length", "0")))
    body = b""
    while size := int(reader.readline().split(b";")[0], 16):
        body += reader.read(size)
        reader.readline()
    while reader.readline().strip():
        pass
    return body
