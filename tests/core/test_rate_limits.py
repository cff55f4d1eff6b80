from __future__ import annotations

import pytest

from paperhook.core.answers import until_reset
from paperhook.core.headers import Headers

NOW = 1_760_000_000.0


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("7", 7.0),
        ("60", 60.0),
        ("1760000007", 7.0),
        ("1759999999", 0.0),
        ("1760009999", 60.0),
        ("9" * 400, 60.0),
        ("soon", None),
        ("-1", None),
        ("", None),
        ("\u0667", None),
    ],
)
def test_reset_is_seconds_or_a_time_and_never_longer_than_the_window(
    given: str, seconds: float | None
) -> None:
    assert until_reset(Headers({"X-RateLimit-Reset": given}), now=NOW, longest=60) == seconds


def test_answer_without_a_reset_says_nothing() -> None:
    assert until_reset(Headers({}), now=NOW, longest=60) is None
