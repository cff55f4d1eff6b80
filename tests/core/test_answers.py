"""From a response to a typed error, and the three forms of Retry-After."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.core.answers import (
    Problem,
    api_error,
    list_in,
    malformed,
    model_of,
    number_in,
    object_in,
    retry_after,
    text_in,
)
from paperhook.core.exchange import Request, Response
from paperhook.core.headers import Headers
from paperhook.errors import (
    ApiError,
    AuthenticationFailed,
    BadRequest,
    Conflict,
    MalformedAnswer,
    NotFound,
    OutOfCredits,
    PermissionDenied,
    RateLimited,
    ServerError,
    TooLarge,
)

NOON = 1_760_000_000.0


def response(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    request = Request("POST", "https://acme.example/v1/documents?token=hidden")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(request, status, Headers(named), body, NOON)


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (302, MalformedAnswer),
        (400, BadRequest),
        (401, AuthenticationFailed),
        (402, OutOfCredits),
        (403, PermissionDenied),
        (404, NotFound),
        (408, ServerError),
        (409, Conflict),
        (410, NotFound),
        (413, TooLarge),
        (418, BadRequest),
        (422, BadRequest),
        (429, RateLimited),
        (500, ServerError),
        (599, ServerError),
    ],
)
def test_the_status_tells_the_class(status: int, error_class: type[ApiError]) -> None:
    error = api_error("acme", response(status), Problem())

    assert type(error) is error_class
    assert error.may_have_been_processed == (error_class in (ServerError, MalformedAnswer))


def test_the_providers_code_may_decide_instead_of_the_status() -> None:
    error = api_error("acme", response(400), Problem("CREDITS", error_class=OutOfCredits))

    assert type(error) is OutOfCredits


def test_the_message_says_who_where_and_what_and_the_query_stays_out() -> None:
    error = api_error("acme", response(400, x_request_id="r9"), Problem("BAD", "no such\n folder"))

    assert str(error) == "acme: POST /v1/documents: 400: BAD: no such folder"
    assert (error.provider, error.status, error.code, error.request_id) == ("acme", 400, "BAD", "r9")


@pytest.mark.parametrize(
    ("location", "whereto"),
    [
        ("https://eu.acme.example:8443/v1/documents?token=hidden", "to https://eu.acme.example:8443,"),
        ("//user:hidden@eu.acme.example/", "to https://eu.acme.example,"),
        ("/login?next=hidden", "to another path,"),
        ("http://[hidden", "to no URL,"),
    ],
)
def test_a_redirect_says_where_it_points_and_nothing_that_may_be_signed(location: str, whereto: str) -> None:
    error = api_error("acme", response(308, location=location), Problem())

    assert f"308: it redirects {whereto} which is not followed: is base_url right?" in str(error)
    assert "hidden" not in str(error)


@pytest.mark.parametrize(
    ("status", "may_have"), [(301, False), (302, True), (303, True), (307, False), (308, False)]
)
def test_a_server_that_redirects_has_not_acted_unless_it_may_have_answered_a_form(
    status: int, may_have: bool
) -> None:
    assert api_error("acme", response(status, location="/"), Problem()).may_have_been_processed is may_have


def test_a_page_of_a_proxy_is_told_from_an_answer_of_the_api() -> None:
    page = response(502, b"<html><h1>502 Bad Gateway", content_type="text/html; charset=utf-8")

    assert "an HTML page, so it may come from a proxy" in str(api_error("acme", page, Problem()))
    assert str(api_error("acme", page, Problem(message="busy"))).endswith("502: busy")


def test_the_providers_own_request_id_wins() -> None:
    error = api_error("acme", response(400, x_request_id="proxy"), Problem(request_id="own"))

    assert error.request_id == "own"


@pytest.mark.parametrize("before", ["", "x" * 195])
def test_a_credential_that_is_repeated_is_hidden_even_at_the_cut(before: str) -> None:
    error = api_error(
        "acme", response(401), Problem("key-12345", f"{before}key-12345 is wrong"), hide="key-12345"
    )

    assert "key-1" not in str(error)
    assert "key-1" not in error.code


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("Thu, 09 Oct 2025 08:54:20 GMT", 60.0),
        ("Thursday, 09-Oct-25 08:54:20 GMT", 60.0),
        ("Thu Oct  9 08:54:20 2025", 60.0),
        ("Thu, 09 Oct 2025 10:54:20 +0200", 60.0),
        ("Thu, 09 Oct 2025 08:54:20 -0000", 60.0),
        ("Thu, 09 Oct 2025 08:53:00 GMT", 0.0),
    ],
)
def test_every_form_of_retry_after_is_read(given: str, seconds: float) -> None:
    answer = Headers({"Retry-After": given, "Date": "Thu, 09 Oct 2025 08:53:20 GMT"})

    # Our clock is an hour wrong; the server's says what it meant.
    assert retry_after(answer, now=NOON + 3600) == seconds


def test_our_clock_is_used_where_the_server_tells_no_time() -> None:
    assert retry_after(Headers({"Retry-After": "Thu, 09 Oct 2025 08:54:20 GMT"}), now=NOON) == 60.0


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("tokyo")
def test_a_date_without_a_zone_is_utc_wherever_we_run() -> None:
    assert retry_after(Headers({"Retry-After": "Thu Oct  9 08:54:20 2025"}), now=NOON) == 60.0


@pytest.mark.parametrize(
    "given", ["", "-5", "+5", "1e9", "5.5", "१२", "١٢٠", "soon", "5;6", "Thu, 99 Oct 2025", ", "]
)
def test_what_is_no_retry_after_says_nothing(given: str) -> None:
    assert retry_after(Headers({"Retry-After": given}), now=NOON) is None


def test_an_absurd_number_stays_a_number() -> None:
    assert retry_after(Headers({"Retry-After": "9" * 5000}), now=NOON) == 999_999_999_999.0


@given(st.text(max_size=60), st.text(max_size=40))
def test_any_retry_after_is_seconds_or_nothing(given: str, date: str) -> None:
    seconds = retry_after(Headers({"Retry-After": given, "Date": date}), now=NOON)

    assert seconds is None or seconds >= 0


def test_an_object_is_decoded() -> None:
    assert object_in("acme", response(body=b'{"id": "d1"}')) == {"id": "d1"}
    assert list_in("acme", response(body=b"[1]")) == [1]


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000, b'"x"'])
def test_an_answer_that_is_not_as_documented_may_have_been_processed(body: bytes) -> None:
    for read in (object_in, list_in):
        with pytest.raises(MalformedAnswer) as raised:
            read("acme", response(body=body, x_request_id="r1"))

        assert raised.value.may_have_been_processed
        assert raised.value.request_id == "r1"


class Size(pydantic.BaseModel):
    width: int


def test_a_part_of_an_answer_is_read_as_a_model_and_its_values_are_not_quoted() -> None:
    assert model_of("acme", response(), Size, {"width": 3}).width == 3
    with pytest.raises(MalformedAnswer, match=r"no Size: width$") as raised:
        model_of("acme", response(), Size, {"width": "IBAN"})
    with pytest.raises(MalformedAnswer, match=r"no Size: \(all of it\)"):
        model_of("acme", response(), Size, 5)
    assert "IBAN" not in str(raised.value)
    assert "IBAN" not in str(raised.value.__context__ or "")


@pytest.mark.parametrize(
    ("value", "text"), [("d1", "d1"), (7, "7"), ("", None), (None, None), ([], None), (1.5, None)]
)
def test_an_id_is_text_or_a_number(value: Any, text: str | None) -> None:
    assert text_in(value) == text


def test_a_malformed_answer_says_what() -> None:
    assert str(malformed("acme", response(), "no id")) == "acme: POST /v1/documents: 200: no id"


@pytest.mark.parametrize(
    ("given", "number"),
    [("12.5", 12.5), (3, 3.0), (True, None), ("soon", None), ([], None), (10**400, None), ("9" * 400, None)],
)
def test_a_number_is_read_out_of_whatever_stands_there(given: Any, number: float | None) -> None:
    assert number_in(given) == number
