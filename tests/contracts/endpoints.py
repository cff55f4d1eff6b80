"""Each framework as a server on loopback with our adapter in it, and a client that writes exact bytes to its socket.

Lambda has no socket: there the request is turned into the event that the gateway would make of it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib
import json
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from paperhook import Webhooks
from paperhook.serving import bound_socket, serving

Pairs = Sequence[tuple[str, str | bytes]]

#: Seconds; nothing here takes half as long.
PATIENCE = 10.0
PREFIX = "/webhooks"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def outcome(self) -> str:
        return json.loads(self.body)["outcome"]


@dataclass(frozen=True)
class Request:
    """What is sent, to the byte; `chunks` sends it in pieces of unknown total."""

    body: bytes = b""
    headers: Pairs = ()
    method: str = "POST"
    #: Below the mount.
    path: str = "/acme"
    chunks: Sequence[bytes] | None = None
    #: None sends the true one.
    content_length: str | None = None
    #: Seconds between pieces.
    pause: float = 0.0

    def head(self, prefix: str) -> bytes:
        lines = [
            f"{self.method} {prefix}{self.path} HTTP/1.1".encode(),
            b"Host: localhost",
            b"Connection: close",
        ]
        for name, value in self.headers:
            lines.append(name.encode() + b": " + (value.encode() if isinstance(value, str) else value))
        if self.chunks is not None:
            lines.append(b"Transfer-Encoding: chunked")
        elif self.content_length is not None:
            lines.append(b"Content-Length: " + self.content_length.encode())
        elif self.body or self.method == "POST":
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def pieces(self) -> Iterator[bytes]:
        if self.chunks is None:
            yield self.body
            return
        for chunk in self.chunks:
            yield b"%x\r\n%b\r\n" % (len(chunk), chunk)
        yield b"0\r\n\r\n"


class OnSocket:
    """Talks to a server."""

    def __init__(self, port: int, prefix: str = PREFIX) -> None:
        self.port = port
        self.prefix = prefix

    def send(self, request: Request) -> Answer:
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as wire:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A server that refuses early closes while we still write; what counts is its answer.
            with contextlib.suppress(ConnectionError):
                wire.sendall(request.head(self.prefix))
                for piece in request.pieces():
                    if request.pause:
                        threading.Event().wait(request.pause)
                    wire.sendall(piece)
            return read_answer(wire, request.method)


def read_answer(wire: socket.socket, method: str) -> Answer:
    with wire.makefile("rb") as file:
        status = int(file.readline().split()[1])
        headers: dict[str, str] = {}
        while line := file.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if method == "HEAD" else int(headers.get("content-length", "0"))
        return Answer(status, headers, file.read(length))


class OnLambda:
    """Calls the function as a gateway does."""

    def __init__(
        self, function: Callable[..., dict[str, Any]], event_of: Callable[[Request, bytes], Any]
    ) -> None:
        self._function = function
        self._event_of = event_of

    def send(self, request: Request) -> Answer:
        body = request.body if request.chunks is None else b"".join(request.chunks)
        # What comes and goes is JSON.
        event = json.loads(json.dumps(self._event_of(request, body)))
        answer = json.loads(json.dumps(self._function(event, None)))
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        assert not answer["isBase64Encoded"]
        return Answer(answer["statusCode"], headers, answer["body"].encode())


def texts(request: Request, body: bytes) -> list[tuple[str, str]]:
    pairs = [
        (name, value if isinstance(value, str) else value.decode("latin-1"))
        for name, value in request.headers
    ]
    length = request.content_length if request.content_length is not None else str(len(body))
    return [*pairs, ("Content-Length", length)]


def body_members(body: bytes, *, is_base64: bool) -> dict[str, Any]:
    if is_base64:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    # A REST API without binary types hands over what is left of bytes that are no text.
    return {"body": body.decode("utf-8", "replace") or None, "isBase64Encoded": False}


def v1_event(request: Request, body: bytes, *, is_base64: bool = True) -> dict[str, Any]:
    several: dict[str, list[str]] = {}
    for name, value in texts(request, body):
        several.setdefault(name, []).append(value)
    return {
        "resource": "/{proxy+}",
        "path": unquote(request.path.partition("?")[0]),
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in several.items()},
        "multiValueHeaders": several,
        "requestContext": {"stage": "prod", "path": f"/prod{request.path}", "httpMethod": request.method},
        **body_members(body, is_base64=is_base64),
    }


def v2_event(request: Request, body: bytes, *, is_base64: bool = True) -> dict[str, Any]:
    joined: dict[str, str] = {}
    for name, value in texts(request, body):
        known = name.lower()
        joined[known] = f"{joined[known]},{value}" if known in joined else value
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path.partition("?")[0],
        "rawQueryString": request.path.partition("?")[2],
        "headers": joined,
        "requestContext": {
            "http": {"method": request.method, "path": request.path.partition("?")[0]},
            "stage": "$default",
        },
        **body_members(body, is_base64=is_base64),
    }


# Servers


@contextlib.contextmanager
def on_a_loop(
    serve: Callable[[socket.socket], contextlib.AbstractAsyncContextManager[None]],
) -> Generator[int]:
    """Serve on an event loop in a thread."""
    bound, started, ended = bound_socket(), threading.Event(), threading.Event()
    failures: list[BaseException] = []

    async def run() -> None:
        async with serve(bound):
            started.set()
            # A thread of the test's says when.
            await asyncio.to_thread(ended.wait)

    def run_all() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            failures.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=run_all)
    thread.start()
    started.wait(PATIENCE)
    try:
        if failures:
            raise failures[0]
        yield bound.getsockname()[1]
    finally:
        ended.set()
        thread.join(PATIENCE)
        bound.close()


@contextlib.contextmanager
def under_uvicorn(app: Any, prefix: str = PREFIX) -> Generator[OnSocket]:
    with on_a_loop(lambda bound: serving(app, bound)) as port:
        yield OnSocket(port, prefix)


@contextlib.contextmanager
def under_werkzeug(app: Any) -> Generator[OnSocket]:
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: Any) -> None:
            pass

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield OnSocket(server.server_port)
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()


@contextlib.contextmanager
def under_wsgiref(app: Any) -> Generator[OnSocket]:
    """The standard library's server: HTTP/1.0, no chunks, one request at a time."""
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    server: WSGIServer = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield OnSocket(server.server_port, "")
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()


# Adapters: mounted at PREFIX where there is something to be mounted under


def below_prefix(app: Any) -> Any:
    """Mount a WSGI application, as Werkzeug's dispatcher does it."""
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    def nothing(environ: Any, start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [])
        return []

    return DispatcherMiddleware(nothing, {PREFIX: app})


def starlette_app(hooks: Webhooks) -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount(PREFIX, hooks.asgi())], lifespan=hooks.lifespan)


def fastapi_app(hooks: Webhooks) -> Any:
    from fastapi import FastAPI

    app = FastAPI(lifespan=hooks.lifespan)
    app.mount(PREFIX, hooks.asgi())
    return app


def litestar_app(hooks: Webhooks) -> Any:
    from litestar import Litestar, asgi

    return Litestar([asgi(PREFIX, is_mount=True, copy_scope=True)(hooks.asgi())], lifespan=[hooks.lifespan])


def quart_app(hooks: Webhooks) -> Any:
    from quart import Quart

    app, webhooks = Quart(__name__), hooks.asgi()
    rest = app.asgi_app

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/"):
            await webhooks({**scope, "root_path": PREFIX}, receive, send)
        else:
            await rest(scope, receive, send)

    app.asgi_app = dispatch

    @app.while_serving
    async def work() -> AsyncGenerator[None]:
        async with hooks.lifespan():
            yield

    return app


def flask_app(hooks: Webhooks) -> Any:
    from flask import Flask

    from paperhook.adapters.flask import blueprint

    app = Flask(__name__)
    app.register_blueprint(blueprint(hooks), url_prefix=PREFIX)
    return app


def django_is_set_up() -> None:
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            LOGGING_CONFIG=None,
            MIDDLEWARE=[
                "django.middleware.csrf.CsrfViewMiddleware",
                "django.middleware.common.CommonMiddleware",
            ],
            ROOT_URLCONF="tests.contracts.no_urls",
            SECRET_KEY="a-secret-for-tests",
        )
        django.setup()


def django_urls(hooks: Webhooks, *, is_async: bool) -> Any:
    """Give a URL configuration; Django wants a module or an object with `urlpatterns`."""
    from django.urls import include, path

    from paperhook.adapters.django import urls

    class Urls:
        urlpatterns = (path("webhooks/", include(urls(hooks, is_async=is_async))),)

    return Urls


def with_urls(handler_class: type, urls: Any) -> Any:
    """Make Django's application answer under these URLs: several of them live in one process here."""

    class Handler(handler_class):  # type: ignore[misc, valid-type]
        def resolve_request(self, request: Any) -> Any:
            request.urlconf = urls
            return super().resolve_request(request)

    return Handler()


def django_wsgi_app(hooks: Webhooks, *, is_async: bool = False) -> Any:
    django_is_set_up()
    from django.core.handlers.wsgi import WSGIHandler

    return with_urls(WSGIHandler, django_urls(hooks, is_async=is_async))


def django_asgi_app(hooks: Webhooks, *, is_async: bool = True) -> Any:
    django_is_set_up()
    from django.core.handlers.asgi import ASGIHandler

    return beside_django(hooks, with_urls(ASGIHandler, django_urls(hooks, is_async=is_async)))


def beside_django(hooks: Webhooks, app: Any) -> Any:
    """Give Django's application the lifespan that it has not."""
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/", app)], lifespan=hooks.lifespan)


def mounted_beside_django(hooks: Webhooks) -> Any:
    django_is_set_up()
    from django.core.handlers.asgi import ASGIHandler
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount(PREFIX, hooks.asgi()), Mount("/", ASGIHandler())], lifespan=hooks.lifespan)


@contextlib.contextmanager
def under_aiohttp(hooks: Webhooks) -> Generator[OnSocket]:
    from aiohttp import web

    from paperhook.adapters.aiohttp import application

    @contextlib.asynccontextmanager
    async def serve(bound: socket.socket) -> AsyncGenerator[None]:
        app = web.Application()
        app.add_subapp(PREFIX, application(hooks))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.SockSite(runner, bound).start()
        yield
        await runner.cleanup()

    with on_a_loop(serve) as port:
        yield OnSocket(port)


def on_lambda(event_of: Callable[[Request, bytes], Any]) -> Callable[[Webhooks], Any]:
    def opened(hooks: Webhooks) -> Any:
        from paperhook.adapters.aws_lambda import handler

        return contextlib.nullcontext(OnLambda(handler(hooks), event_of))

    return opened


@dataclass(frozen=True)
class Adapter:
    """One way into `receive`."""

    #: Opens it with a receiver in it.
    serve: Callable[[Webhooks], contextlib.AbstractContextManager[Any]]
    #: What must be installed.
    needs: tuple[str, ...] = ()
    has_socket: bool = True
    #: Whether the server hands over chunked bodies.
    has_chunks: bool = True
    #: Whether a header that comes twice can be told from one with a comma.
    keeps_duplicates: bool = True
    #: Whether it stops reading at the cap; some frameworks put the body into a file first.
    caps_while_reading: bool = True
    #: Whether it hands over bytes that are no text.
    is_binary: bool = True

    @property
    def missing(self) -> list[str]:
        return [name for name in self.needs if not is_installed(name)]


def is_installed(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


ADAPTERS = {
    "asgi": Adapter(lambda hooks: under_uvicorn(hooks.asgi(), "")),
    "starlette": Adapter(lambda hooks: under_uvicorn(starlette_app(hooks))),
    "fastapi": Adapter(lambda hooks: under_uvicorn(fastapi_app(hooks)), ("fastapi",)),
    "litestar": Adapter(lambda hooks: under_uvicorn(litestar_app(hooks)), ("litestar",)),
    "quart": Adapter(lambda hooks: under_uvicorn(quart_app(hooks)), ("quart",)),
    "asgi-beside-django": Adapter(lambda hooks: under_uvicorn(mounted_beside_django(hooks)), ("django",)),
    "wsgi": Adapter(
        lambda hooks: under_werkzeug(below_prefix(hooks.wsgi())), ("werkzeug",), keeps_duplicates=False
    ),
    "wsgiref": Adapter(lambda hooks: under_wsgiref(hooks.wsgi()), has_chunks=False, keeps_duplicates=False),
    "flask": Adapter(lambda hooks: under_werkzeug(flask_app(hooks)), ("flask",), keeps_duplicates=False),
    "django-wsgi": Adapter(
        lambda hooks: under_werkzeug(django_wsgi_app(hooks)), ("django", "werkzeug"), keeps_duplicates=False
    ),
    "django-wsgi-async-view": Adapter(
        lambda hooks: under_werkzeug(django_wsgi_app(hooks, is_async=True)),
        ("django", "werkzeug"),
        keeps_duplicates=False,
    ),
    "django-asgi": Adapter(
        lambda hooks: under_uvicorn(django_asgi_app(hooks)), ("django",), caps_while_reading=False
    ),
    "django-asgi-sync-view": Adapter(
        lambda hooks: under_uvicorn(django_asgi_app(hooks, is_async=False)),
        ("django",),
        caps_while_reading=False,
    ),
    "aiohttp": Adapter(under_aiohttp, ("aiohttp",)),
    "lambda-v1": Adapter(on_lambda(v1_event), has_socket=False),
    "lambda-v1-text": Adapter(
        on_lambda(lambda request, body: v1_event(request, body, is_base64=False)),
        has_socket=False,
        is_binary=False,
    ),
    "lambda-v2": Adapter(on_lambda(v2_event), has_socket=False, keeps_duplicates=False),
    "lambda-v2-text": Adapter(
        on_lambda(lambda request, body: v2_event(request, body, is_base64=False)),
        has_socket=False,
        keeps_duplicates=False,
        is_binary=False,
    ),
}
