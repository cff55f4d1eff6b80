"""The WSGI application, where the contract suite does not reach: what a server may put into an environ."""

from __future__ import annotations

import io
from wsgiref.validate import validator

import pytest

from paperhook import Webhooks
from paperhook.adapters import wsgi

from .calls import BODY, call_wsgi, environ_of


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
def test_the_standard_librarys_validator_finds_nothing(hooks: Webhooks, method: str) -> None:
    status, _, body = call_wsgi(validator(hooks.wsgi()), environ_of(REQUEST_METHOD=method))

    assert (status, bool(body)) == {"POST": (200, True), "GET": (405, True), "HEAD": (405, False)}[method]


def test_a_body_without_a_length_is_read_where_the_server_says_that_it_ends(hooks: Webhooks) -> None:
    environ = environ_of(CONTENT_LENGTH=None, **{"wsgi.input_terminated": True})

    assert call_wsgi(hooks.wsgi(), environ)[0] == 200


def test_a_body_without_a_length_is_empty_where_it_does_not(hooks: Webhooks) -> None:
    class Blocking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("this would block for ever")

    environ = environ_of(b"", CONTENT_LENGTH=None, **{"wsgi.input": Blocking()})

    assert call_wsgi(hooks.wsgi(), environ)[2] == b'{"outcome":"malformed"}'


def test_chunks_that_the_server_does_not_end_are_refused(hooks: Webhooks) -> None:
    environ = environ_of(CONTENT_LENGTH=None, HTTP_TRANSFER_ENCODING="chunked")

    assert call_wsgi(hooks.wsgi(), environ)[0] == 400


@pytest.mark.parametrize("length", ["\u00b2", "-5", "1e3"])
def test_a_length_that_is_no_number_is_refused(hooks: Webhooks, length: str) -> None:
    assert call_wsgi(hooks.wsgi(), environ_of(CONTENT_LENGTH=length))[0] == 400


def test_a_header_that_only_looks_like_the_length_is_not_one(hooks: Webhooks) -> None:
    # `Content_Length: 3`, as some servers hand it over.
    environ = environ_of(HTTP_CONTENT_LENGTH="3", HTTP_CONTENT_TYPE="x")

    assert call_wsgi(hooks.wsgi(), environ)[0] == 200
    assert ("content-length", "3") not in set(wsgi.headers_of(environ))


def test_a_body_that_breaks_off_is_malformed(hooks: Webhooks) -> None:
    environ = environ_of(CONTENT_LENGTH=str(len(BODY) + 1))

    assert call_wsgi(hooks.wsgi(), environ)[0] == 400


def test_a_server_that_cannot_read_on_is_answered(hooks: Webhooks) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("invalid chunk header")

    assert call_wsgi(hooks.wsgi(), environ_of(**{"wsgi.input": Broken()}))[0] == 400


def test_a_path_that_the_server_leaves_out_is_the_root(hooks: Webhooks) -> None:
    assert call_wsgi(hooks.wsgi(), environ_of(PATH_INFO=None))[0] == 200
