"""Headers ignore case, keep duplicates, and show no values."""

from __future__ import annotations

import email.message

import pytest

from paperhook.core.headers import Headers, meant_headers, wire_text


def test_names_compare_without_case() -> None:
    headers = Headers({"X-Signature": "abc"})

    assert headers["x-SIGNATURE"] == "abc"
    assert headers.get_all("x-signature") == ("abc",)
    assert "X-SIGNATURE" in headers


def test_a_missing_header_is_a_key_error_and_no_values() -> None:
    headers = Headers()

    with pytest.raises(KeyError):
        headers["x"]
    assert headers.get_all("x") == ()
    assert len(headers) == 0


def test_duplicates_are_kept_in_order() -> None:
    headers = Headers([("A", "1"), ("b", "2"), ("a", "3")])

    assert headers.get_all("a") == ("1", "3")
    assert headers["A"] == "1, 3"
    assert list(headers) == ["a", "b"]


def test_bytes_are_read_as_latin_1() -> None:
    headers = Headers([(b"X-Name", b"M\xfcller")])

    assert headers["x-name"] == "Müller"


def test_a_message_of_the_standard_library_is_taken() -> None:
    message = email.message.Message()
    message["X-A"] = "1"
    message["X-A"] = "2"

    assert Headers(message).get_all("x-a") == ("1", "2")


def test_headers_are_read_from_headers() -> None:
    assert Headers(Headers({"a": "1"}))["a"] == "1"


def test_the_size_counts_every_name_and_value() -> None:
    assert Headers([("ab", "123"), ("ab", "4"), ("c", "")]).size_bytes() == (2 + 3) + (2 + 1) + 1


def test_values_are_never_shown() -> None:
    assert repr(Headers({"Authorization": "Bearer key"})) == "Headers(authorization)"


@pytest.mark.parametrize("value", ["Zoë", "plain", "日本", ""])
def test_what_was_meant_is_given_back(value: str) -> None:
    assert meant_headers({"X": wire_text(value)}) == {"X": value}


@pytest.mark.parametrize("value", ["Zo\xeb", "日本"])
def test_what_is_not_from_the_wire_stays_as_it_is(value: str) -> None:
    assert meant_headers({"X": value}) == {"X": value}
