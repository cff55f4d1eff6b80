"""Operations ask for I/O, and a test may answer by hand."""

from __future__ import annotations

import pytest

from paperhook.core.exchange import Request, Response
from paperhook.core.headers import Headers
from paperhook.core.steps import Now, Pause, Rasterise, Send, Steps, now, pause, rasterise, send
from tests.providers.driving import document

REQUEST = Request("GET", "https://acme.example/d1")


def end_of(steps: Steps[object], answer: object) -> object:
    with pytest.raises(StopIteration) as stopped:
        steps.send(answer)
    return stopped.value.value


def test_sending_asks_for_one_exchange_and_gives_its_response() -> None:
    steps = send(REQUEST, lambda response: None)
    response = Response(REQUEST, 200, Headers(), b"")

    effect = next(steps)

    assert isinstance(effect, Send)
    assert effect.request is REQUEST
    assert end_of(steps, response) is response


def test_pausing_asks_to_wait() -> None:
    steps = pause(2.5)

    assert next(steps) == Pause(2.5)
    assert end_of(steps, None) is None


def test_the_time_is_asked_for() -> None:
    steps = now()

    assert next(steps) == Now()
    assert end_of(steps, 7.0) == 7.0


def test_pages_are_asked_for() -> None:
    scan, pages = document("scan.pdf"), (document("1.png"),)
    steps = rasterise(scan)

    assert next(steps) == Rasterise(scan)
    assert end_of(steps, pages) == pages
