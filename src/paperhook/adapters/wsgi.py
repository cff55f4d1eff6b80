"""The WSGI application, and reading a request out of a WSGI environ, which Flask and Django do too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http.client import responses
from typing import TYPE_CHECKING, Any

from ..errors import DeliveryRejected, MalformedDelivery
from .bounds import Body, check_announced, provider_in

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from ..hooks import Webhooks


class WebhookApp:
    """Takes deliveries by POST on `/` and `/{provider}`, below wherever it is mounted."""

    def __init__(self, hooks: Webhooks) -> None:
        self._hooks = hooks

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one WSGI request."""
        headers = tuple(headers_of(environ))
        try:
            body = read_body(environ, headers, self._hooks.max_body_bytes)
        except DeliveryRejected as error:
            reply = self._hooks.refuse(error, provider=provider_in(path_of(environ)))
        else:
            reply = self._hooks.receive(headers, body, provider=provider_in(path_of(environ)))
        length = str(len(reply.body))
        status = f"{reply.status} {responses.get(reply.status, 'Unknown')}"
        start_response(status, [*reply.headers.items(), ("content-length", length)])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [reply.body]


def path_of(environ: Mapping[str, Any]) -> str:
    """Give the path below the mount."""
    path: str = environ.get("PATH_INFO", "")
    return path


def headers_of(environ: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give the headers of a WSGI request.

    Names come without their case, which means nothing. A header that came twice is one value with a comma, made by the
    server, and refused as that by every scheme but those that take a list with commas.

    Source: PEP 3333, "environ Variables"; CGI/1.1, RFC 3875 section 4.1.18.
    """
    for name, value in environ.items():
        if name.startswith("HTTP_") and name not in ("HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE"):
            yield name[5:].replace("_", "-").lower(), value
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            yield name.replace("_", "-").lower(), value


def read_body(environ: Mapping[str, Any], headers: Iterable[tuple[str, str]], max_body_bytes: int) -> bytes:
    """Read the body of a WSGI request, and stop as soon as it is too large.

    Raises:
        DeliveryRejected: If it need not or cannot be read.
    """
    announced = check_announced(environ["REQUEST_METHOD"], headers, max_body_bytes)
    if announced is None and not environ.get("wsgi.input_terminated"):
        # Reading on would block for ever, because such a server does not say where the body ends.
        if "HTTP_TRANSFER_ENCODING" in environ:
            raise MalformedDelivery(
                "this WSGI server hands over no chunked bodies: it sets no wsgi.input_terminated"
            )
        return b""
    return Body(max_body_bytes, announced).read_from(environ["wsgi.input"].read)
