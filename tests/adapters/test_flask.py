"""The Flask blueprint among other code of a Flask application."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from paperhook import Webhooks
from paperhook.adapters.flask import blueprint
from paperhook.errors import MissingExtra
from tests.acme import signed

from .calls import BODY, receiver

flask = pytest.importorskip("flask")


def app_with(hooks: Webhooks) -> Any:
    app = flask.Flask(__name__)
    app.register_blueprint(blueprint(hooks), url_prefix="/webhooks")
    return app


def post(app: Any, path: str = "/webhooks/acme") -> Any:
    return app.test_client().post(path, data=BODY, headers=signed(BODY))


@pytest.mark.parametrize(
    "read",
    [
        lambda request: request.get_data(),
        lambda request: request.get_json(),
        lambda request: request.data,
    ],
    ids=["get_data", "get_json", "data"],
)
def test_code_that_read_the_body_before_us_does_no_harm(hooks: Webhooks, read: Callable[[Any], Any]) -> None:
    app = app_with(hooks)
    app.before_request(lambda: read(flask.request) and None)

    assert post(app).status_code == 200


def test_code_that_reads_the_body_after_us_finds_it(hooks: Webhooks) -> None:
    app, seen = app_with(hooks), []

    @app.after_request
    def look(response: Any) -> Any:
        seen.append(flask.request.get_data())
        return response

    assert post(app).status_code == 200
    assert seen == [BODY]


def test_two_receivers_live_in_one_application(hooks: Webhooks) -> None:
    other = receiver()
    app = app_with(hooks)
    app.register_blueprint(blueprint(other, name="other"), url_prefix="/other")

    assert [post(app, path).status_code for path in ("/webhooks/acme", "/other/acme")] == [200, 200]
    assert other.inbox.stats().result().pending == hooks.inbox.stats().result().pending == 1
    other.close()


@pytest.mark.parametrize("path", ["/webhooks", "/webhooks/"])
def test_a_single_provider_is_found_with_and_without_the_slash(hooks: Webhooks, path: str) -> None:
    assert post(app_with(hooks), path).status_code == 200


def test_without_flask_the_error_says_what_to_install(
    hooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "flask", None)

    with pytest.raises(MissingExtra, match="pip install flask"):
        blueprint(hooks)
