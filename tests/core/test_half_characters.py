"""A poll and a webhook of one result must read the same, or they would have different keys."""

from __future__ import annotations

import pytest

from paperhook.core.delivery import Delivery
from paperhook.core.exchange import Request, Response
from paperhook.core.headers import Headers


def answer(body: bytes) -> Response:
    return Response(Request("GET", "https://api.example/v1/jobs/1"), 200, Headers({}), body)


@pytest.mark.parametrize("body", [b'{"a": "\\ud800 \\uD83D\\uDE00"}', b'["\\\\ud800"]', b'{"a": 1.50}'])
def test_answer_and_delivery_read_the_same_value(body: bytes) -> None:
    assert answer(body).json() == Delivery(Headers({}), body).json()


def test_half_characters_become_question_marks() -> None:
    assert answer(b'"\\ud800"').json() == "?"
