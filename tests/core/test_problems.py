"""Problem details are read where an answer has them, and nothing a provider sends there can break the error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paperhook.core.exchange import Request, Response
from paperhook.core.headers import Headers
from paperhook.core.problems import MAX_PROBLEM_BYTES, ProblemDetails, problem_details


def read(body: Any, content_type: str = "application/problem+json", hide: str = "") -> ProblemDetails | None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = Headers({"Content-Type": content_type})
    return problem_details(
        Response(Request("GET", "https://acme.example/d1"), 403, headers, content), hide=hide
    )


def test_the_members_of_the_standard_and_those_of_the_provider_are_kept_apart() -> None:
    # The example of RFC 9457 section 3.
    said = {
        "type": "https://example.com/probs/out-of-credit",
        "title": "You do not have enough credit.",
        "detail": "Your current balance is 30, but that costs 50.",
        "instance": "/account/12345/msgs/abc",
        "balance": 30,
    }

    assert read(said, "Application/Problem+JSON; charset=utf-8") == ProblemDetails(
        type=said["type"],
        title=said["title"],
        detail=said["detail"],
        instance=said["instance"],
        extensions={"balance": 30},
    )


def test_a_member_of_another_type_is_as_if_absent() -> None:
    assert read({"type": 1, "title": None, "status": "403", "detail": []}) == ProblemDetails()


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b'"problem"', b"[" * 50_000, b'{"a": "' + b"x" * MAX_PROBLEM_BYTES + b'"}']
)
def test_what_is_no_object_or_too_large_is_none(body: bytes) -> None:
    assert read(body) is None


def test_other_content_types_have_none() -> None:
    assert read({"title": "t"}, "application/json") is None


def test_a_credential_is_hidden_at_any_depth() -> None:
    found = read({"title": "my-key", "errors": [{"my-key": "of my-key", "n": 1}]}, hide="my-key")

    assert found == ProblemDetails(title="***", extensions={"errors": [{"***": "of ***", "n": 1}]})


def test_the_detail_is_not_shown() -> None:
    assert "private" not in repr(read({"detail": "private", "more": "private"}))
