"""Operations that are watched, driven by hand."""

from __future__ import annotations

from typing import Any

import pytest

from paperhook.core.exchange import Request, Response
from paperhook.core.headers import Headers
from paperhook.core.steps import Pause, pause, send
from paperhook.errors import AnswerLost, MalformedAnswer
from paperhook.observe import Recorder, RequestMade
from paperhook.observe.steps import requests_of

REQUEST = Request("GET", "/documents/d1")


def test_a_watched_operation_asks_and_ends_as_it_would_alone() -> None:
    def operation() -> Any:
        yield from pause(2)
        try:
            yield from send(REQUEST, lambda response: None)
        except AnswerLost:
            response = yield from send(REQUEST, lambda response: None)
        return response

    recorder = Recorder()
    response = Response(REQUEST, 200, Headers({}), b"", 1.0)

    steps = requests_of(operation(), recorder, "acme")
    assert next(steps) == Pause(2)
    assert steps.send(None).request is REQUEST
    assert steps.throw(AnswerLost("cut", provider="acme")).request is REQUEST
    with pytest.raises(StopIteration) as ended:
        steps.send(response)

    assert ended.value.value is response
    assert recorder.seen == [
        RequestMade("acme", "GET", "AnswerLost", is_retry=False),
        RequestMade("acme", "GET", "", is_retry=True, status=200, attempt=2),
    ]


def test_a_response_that_cannot_be_read_is_the_operations_business() -> None:
    def unreadable(response: Response) -> None:
        raise MalformedAnswer("no JSON", provider="acme", status=200)

    def operation() -> Any:
        return (yield from send(REQUEST, unreadable))

    recorder = Recorder()
    steps = requests_of(operation(), recorder, "acme")
    next(steps)

    with pytest.raises(StopIteration):
        steps.send(Response(REQUEST, 200, Headers({}), b"", 1.0))
    assert recorder.seen == [RequestMade("acme", "GET", "MalformedAnswer", is_retry=False, status=200)]
