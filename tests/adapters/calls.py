"""How the adapters' own tests make a receiver and call applications without a server."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from paperhook import DocumentCompleted, Webhooks
from tests.acme import acme, body_of, signed

BODY = body_of(id="d1")


def receiver(**settings: Any) -> Webhooks:
    """Make a receiver whose handler does nothing."""
    hooks = Webhooks(
        *settings.pop("providers", [acme()]), **{"inbox": "memory:", "worker": "external", **settings}
    )
    hooks.on(DocumentCompleted, name="book")(lambda event: None)
    return hooks


def environ_of(body: bytes = BODY, **changes: Any) -> dict[str, Any]:
    """Write a WSGI request; a value of None leaves the variable out."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/acme",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "HTTP_HOST": "localhost",
        "HTTP_X_ACME_SIGNATURE": signed(body)["X-Acme-Signature"],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **changes,
    }
    return {name: value for name, value in environ.items() if value is not None}


def call_wsgi(app: Callable[..., Any], environ: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Give status, headers and body."""
    said: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        said.append((int(status[:3]), {name.lower(): value for name, value in headers}))
        return io.BytesIO().write

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = said[0]
    return status, headers, body
