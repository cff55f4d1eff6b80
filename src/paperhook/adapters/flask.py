"""The Flask blueprint: `app.register_blueprint(blueprint(hooks), url_prefix="/webhooks")`."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from ..errors import DeliveryRejected, MissingExtra
from . import wsgi
from .bounds import provider_in

if TYPE_CHECKING:
    from flask import Blueprint, Request, Response

    from ..hooks import Webhooks

#: All are routed here, OPTIONS too, so that a wrong one gets the same answer as under every other framework.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def blueprint(hooks: Webhooks, *, name: str = "paperhook") -> Blueprint:
    """Make a blueprint that takes deliveries by POST on `/` and `/{provider}`.

    Args:
        hooks: Checks and stores them.
        name: Of the blueprint; give another to a second one of the same application.

    Raises:
        MissingExtra: If Flask is not installed.
    """
    try:
        import flask
        from werkzeug.routing import PathConverter
    except ModuleNotFoundError as error:
        raise MissingExtra("paperhook.adapters.flask needs Flask: pip install flask") from error

    class Anything(PathConverter):
        # The converter of Werkzeug refuses a path that begins with a slash, and redirects: no provider follows.
        regex = ".*?"
        part_isolating = False

    made = flask.Blueprint(name, __name__)
    made.record_once(lambda state: state.app.url_map.converters.update(paperhook=Anything))

    def deliver(path: str = "") -> Response:
        headers = tuple(wsgi.headers_of(flask.request.environ))
        try:
            body = _read(flask.request, headers, hooks.max_body_bytes)
        except DeliveryRejected as error:
            reply = hooks.refuse(error, provider=provider_in(path))
        else:
            reply = hooks.receive(headers, body, provider=provider_in(path))
        return flask.Response(reply.body, reply.status, dict(reply.headers))

    for rule in ("/", "/<paperhook:path>"):
        made.add_url_rule(
            rule,
            "deliver",
            deliver,
            methods=METHODS,
            strict_slashes=False,
        )
    return made


def _read(request: Request, headers: tuple[tuple[str, str], ...], max_body_bytes: int) -> bytes:
    # A cached property that is there once anybody has read the body, say in `before_request`.
    if "stream" in vars(request):
        return request.get_data()
    body = wsgi.read_body(request.environ, headers, max_body_bytes)
    # For whoever reads it after us.
    request.environ["wsgi.input"] = BytesIO(body)
    return body
