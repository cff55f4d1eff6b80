"""httpx's exceptions are translated once, at the edge, and none is forgotten."""

from __future__ import annotations

import inspect

import httpx
import pytest

from paperhook import NO_RETRY, Client, PaperhookError
from paperhook.client.transport.answers import TRANSPORT_ERRORS
from paperhook.errors import AnswerLost, AttemptTimeout, ConfigurationError, NothingSent, TransportError
from paperhook.providers import DocuParse

#: Raised for how httpx is used, not for what happens on the wire.
MISUSE = {
    httpx.CookieConflict,
    httpx.HTTPStatusError,
    httpx.InvalidURL,
    httpx.ResponseNotRead,
    httpx.RequestNotRead,
    httpx.StreamClosed,
    httpx.StreamConsumed,
    httpx.StreamError,
    httpx.HTTPError,
}
EXCEPTIONS = {
    each
    for _, each in inspect.getmembers(httpx, inspect.isclass)
    if issubclass(each, Exception) and each not in MISUSE
}


def failing_with(error: Exception) -> Client:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    return Client(
        DocuParse("key"), retry=NO_RETRY, http_client=httpx.Client(transport=httpx.MockTransport(fail))
    )


def test_httpx_raises_nothing_on_the_wire_but_request_errors():
    assert {each for each in EXCEPTIONS if not issubclass(each, httpx.RequestError)} == set()


@pytest.mark.parametrize("kind", sorted(EXCEPTIONS, key=lambda kind: kind.__name__))
def test_every_exception_of_httpx_becomes_one_of_ours(kind):
    with failing_with(kind("no luck")) as client, pytest.raises(TransportError) as caught:
        client.status("job_1")

    assert isinstance(caught.value.__cause__, kind)
    assert str(caught.value).startswith("docuparse: GET /")
    assert caught.value.provider == "docuparse"


@pytest.mark.parametrize("kind", sorted(TRANSPORT_ERRORS, key=lambda kind: kind.__name__))
def test_the_table_names_exceptions_that_httpx_has(kind):
    assert kind in EXCEPTIONS


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        (httpx.ConnectError, NothingSent),
        (httpx.ConnectTimeout, NothingSent),
        (httpx.PoolTimeout, NothingSent),
        (httpx.ReadTimeout, AttemptTimeout),
        (httpx.WriteTimeout, AttemptTimeout),
        (httpx.ReadError, AnswerLost),
        (httpx.WriteError, AnswerLost),
        (httpx.RemoteProtocolError, AnswerLost),
        (httpx.DecodingError, AnswerLost),
    ],
)
def test_what_may_have_arrived_is_told_from_what_cannot(kind, ours):
    with failing_with(kind("no luck")) as client, pytest.raises(PaperhookError) as caught:
        client.status("job_1")

    assert type(caught.value) is ours


def test_a_url_that_httpx_refuses_is_a_configuration_error():
    provider = DocuParse("key", base_url="http://localhost:port")

    with (
        Client(provider, retry=NO_RETRY) as client,
        pytest.raises(ConfigurationError, match="docuparse: GET"),
    ):
        client.status("job_1")
