"""Requests and responses as values."""

from __future__ import annotations

import pytest

from paperhook.core.exchange import Request, Response, path_segment
from paperhook.core.headers import Headers


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://acme.example/v1/documents?key=hidden", "/v1/documents"),
        ("https://acme.example", "/"),
        ("https://acme.example?key=hidden", "/"),
    ],
)
def test_the_path_for_messages_holds_neither_origin_nor_query(url: str, path: str) -> None:
    assert Request("GET", url).path == path


def test_headers_are_not_shown() -> None:
    assert "key-1" not in repr(Request("GET", "https://acme.example", (("Authorization", "key-1"),)))


@pytest.mark.parametrize(("status", "is_success"), [(199, False), (200, True), (299, True), (300, False)])
def test_success_is_2xx(status: int, is_success: bool) -> None:
    assert Response(Request("GET", "https://a.example"), status, Headers(), b"").is_success == is_success


def test_json_is_decoded_or_a_value_error() -> None:
    def read(body: bytes) -> object:
        return Response(Request("GET", "https://a.example"), 200, Headers(), body).json()

    assert read(b'{"a": "\xc3\xbc"}') == {"a": "ü"}
    for body in (b"", b"\xff", b"{", b"[" * 100_000):
        with pytest.raises(ValueError, match=r"."):
            read(body)


def test_half_a_character_in_an_answer_is_replaced() -> None:
    body = rb'{"id": "a\ud800", "smile": "\ud83d\ude00"}'

    assert Response(Request("GET", "https://a.example"), 200, Headers(), body).json() == {
        "id": "a?",
        "smile": "😀",
    }


def test_an_id_is_one_part_of_a_path_whatever_it_holds() -> None:
    assert path_segment("../a b/?x=1&ü") == "..%2Fa%20b%2F%3Fx%3D1%26%C3%BC"


def test_a_response_does_not_show_its_body() -> None:
    assert "DE89" not in repr(Response(Request("GET", "https://a.example"), 200, Headers(), b"DE89"))
