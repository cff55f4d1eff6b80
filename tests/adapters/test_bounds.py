"""What is asked of a request before its body is read, and while it is."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.adapters.bounds import CHUNK_BYTES, Body, check_announced, provider_in
from paperhook.errors import (
    DeliveryRejected,
    DeliveryTooLarge,
    MalformedDelivery,
    WrongContentType,
    WrongMethod,
)


@pytest.mark.parametrize(
    ("path", "provider"),
    [
        ("", None),
        ("/", None),
        ("//", None),
        ("acme", "acme"),
        ("/acme/", "acme"),
        ("/a/b//acme//", "acme"),
        ("/%61cme", "acme"),
        ("/acme%2F", "acme"),
        ("/acme%2Fother", "other"),
        ("/space-ocr", "space-ocr"),
        ("/%", "%"),
        ("/%ff", "\ufffd"),
    ],
)
def test_the_last_part_of_a_path_names_the_provider(path, provider):
    assert provider_in(path) == provider


def test_what_announces_its_length_may_be_read():
    assert check_announced("POST", [(b"Content-Length", b" 12 ")], 12) == 12


@pytest.mark.parametrize("headers", [[], [("content-length", "")], [("content-type", "text/plain")]])
def test_what_announces_no_length_may_be_read(headers):
    assert check_announced("POST", headers, 12) is None


def test_a_length_that_comes_twice_and_agrees_is_one_length():
    assert check_announced("POST", [("content-length", "3"), ("Content-Length", "3")], 12) == 3


@pytest.mark.parametrize(
    ("method", "headers", "error"),
    [
        ("GET", [], WrongMethod),
        ("post", [], WrongMethod),
        ("", [], WrongMethod),
        ("POST", [("content-length", "13")], DeliveryTooLarge),
        ("POST", [("content-length", "9" * 5000)], DeliveryTooLarge),
        ("POST", [("content-length", "0" * 5000)], DeliveryTooLarge),
        ("POST", [("content-length", "-1")], MalformedDelivery),
        ("POST", [("content-length", "\u00b2")], MalformedDelivery),
        ("POST", [("content-length", "\u0663")], MalformedDelivery),
        ("POST", [("content-length", "3, 3")], MalformedDelivery),
        ("POST", [("content-length", "3"), ("content-length", "4")], MalformedDelivery),
        ("POST", [(b"CONTENT-ENCODING", b"gzip")], WrongContentType),
        ("POST", [("content-encoding", "identity"), ("content-encoding", "br")], WrongContentType),
    ],
)
def test_what_need_not_be_read_is_refused(method, headers, error):
    with pytest.raises(error):
        check_announced(method, headers, 12)


@given(
    st.sampled_from(["POST", "GET", "\udc80"]),
    st.lists(
        st.tuples(
            st.sampled_from(["content-length", b"Content-Length", b"content-encoding", "x"]),
            st.text(max_size=30) | st.binary(max_size=30),
        )
    ),
)
def test_any_headers_are_read_or_refused(method, headers):
    try:
        announced = check_announced(method, headers, 1000)
    except DeliveryRejected:
        return

    assert announced is None or 0 <= announced <= 1000


def test_a_body_is_read_to_its_end():
    content = bytes(range(256)) * 1000

    assert Body(10**6).read_from(io.BytesIO(content).read) == content


def test_a_body_is_read_as_far_as_announced():
    file = io.BytesIO(b"x" * (CHUNK_BYTES + 20))

    assert len(Body(10**6, CHUNK_BYTES + 10).read_from(file.read)) == CHUNK_BYTES + 10
    assert file.read() == b"x" * 10


def test_a_body_that_breaks_off_is_malformed():
    with pytest.raises(MalformedDelivery, match="after 3 of 5 bytes"):
        Body(100, 5).read_from(io.BytesIO(b"abc").read)


def test_a_body_that_cannot_be_read_is_malformed():
    def read(size: int) -> bytes:
        raise TimeoutError("what the sender wrote")

    with pytest.raises(MalformedDelivery) as caught:
        Body(100).read_from(read)

    assert "wrote" not in str(caught.value)


def test_an_endless_body_costs_less_than_twice_its_bound():
    bound = 1024 * 1024
    read_bytes = 0

    def read(size: int) -> bytes:
        nonlocal read_bytes
        read_bytes += size
        return bytes(bytearray(size))

    tracemalloc.start()
    try:
        with pytest.raises(DeliveryTooLarge):
            Body(bound).read_from(read)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes < 2 * bound
    assert read_bytes <= bound + CHUNK_BYTES
