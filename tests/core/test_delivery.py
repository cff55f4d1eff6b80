"""A body is strict JSON or a typed refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.core.delivery import Delivery, without_lone_surrogates
from paperhook.core.headers import Headers
from paperhook.errors import MalformedDelivery


def delivery(body: bytes) -> Delivery:
    return Delivery(Headers(), body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": -Infinity}', "not JSON"),
        (b"[" * 100_000, "nests too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"a": 1} trailing', "not JSON"),
    ],
)
def test_what_is_not_strict_json_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedDelivery, match=reason):
        delivery(body).json()


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedDelivery, match="not an object"):
        delivery(body).json_object()


def test_a_byte_order_mark_is_read_over() -> None:
    assert delivery(b'\xef\xbb\xbf{"a": 1}').json_object() == {"a": 1}


def test_half_characters_are_replaced_and_whole_ones_kept() -> None:
    body = rb'{"\ud800k": ["\udc00", "\uD83D\uDE00"]}'

    assert delivery(body).json() == {"?k": ["?", "😀"]}


def test_a_refusal_quotes_nothing_of_the_body() -> None:
    with pytest.raises(MalformedDelivery) as refused:
        delivery(b'{"iban": DE89370400440532013000}').json()

    assert "DE89" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_neither_body_nor_header_values_are_shown() -> None:
    shown = repr(Delivery(Headers({"x-signature": "abc123"}), b"iban"))

    assert "iban" not in shown
    assert "abc123" not in shown


@pytest.mark.parametrize("body", ["text", {"decoded": 1}, bytearray(b"{}"), None])
def test_a_body_that_was_decoded_already_is_a_type_error(body: Any) -> None:
    with pytest.raises(TypeError, match="exact bytes"):
        delivery(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_malformed(body: bytes) -> None:
    try:
        value = delivery(body).json()
    except MalformedDelivery:
        return

    assert json.loads(body.decode("utf-8-sig")) == value or b"\\" in body


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
#: What nearly is JSON.
PIECES = st.lists(
    st.sampled_from(
        [
            *("{", "}", "[", "]", ":", ",", '"', '"a"', '"a":', "true", "null", "NaN", "é"),
            *("1", "-0", "-", "01", "1.5", "1e5", "1e999", ".5", "9" * 30),
            *(" ", "\n", "\x0b", "\x00", "\x7f", "\ufeff", r"\u0000", r"\ud83d", r"\ude00", r"\n"),
        ]
    ),
    max_size=8,
).map("".join)


def refuse(name: str) -> Any:
    raise ValueError(name)


@given(VALUES.map(json.dumps) | PIECES)
def test_it_is_read_as_pythons_own_reader_does(text: str) -> None:
    body = text.encode()
    try:
        expected = without_lone_surrogates(json.loads(body.decode("utf-8-sig"), parse_constant=refuse))
    except ValueError:
        with pytest.raises(MalformedDelivery):
            delivery(body).json()
    else:
        # As text, which tells 1 from 1.0 and True, and -0.0 from 0.0.
        assert repr(delivery(body).json()) == repr(expected)


@given(VALUES)
def test_any_json_value_is_read_and_can_be_written_as_utf_8(value: Any) -> None:
    read = delivery(json.dumps(value).encode()).json()

    assert json.dumps(read, ensure_ascii=False).encode()
