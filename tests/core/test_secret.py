"""Secrets are checked when they are set, and never shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from paperhook.core.secret import Secret, secrets_of
from paperhook.errors import ConfigurationError

GOOD = "sixteen-bytes-ok"


@pytest.mark.parametrize("value", ["", b"", "   ", "\n\t" * 20, b" " * 32])
def test_an_empty_secret_is_refused(value: str | bytes) -> None:
    with pytest.raises(ConfigurationError, match="empty"):
        Secret(value)


def test_a_short_secret_is_refused_and_counted_in_bytes() -> None:
    assert Secret("ü" * 8).key == "üüüüüüüü".encode()
    with pytest.raises(ConfigurationError, match="has 15 bytes"):
        Secret("x" * 15)


@pytest.mark.parametrize("value", [GOOD + "\n", " " + GOOD, GOOD + "\r\n"])
def test_a_line_break_that_was_copied_along_is_told(value: str) -> None:
    with pytest.raises(ConfigurationError, match="line break"):
        Secret(value)


def test_a_key_of_bytes_may_end_in_anything() -> None:
    assert Secret(b"0123456789abcdef ").key == b"0123456789abcdef "


def test_a_short_secret_is_taken_where_that_is_written_out() -> None:
    assert Secret("channel_secret", short="accept").key == b"channel_secret"
    with pytest.raises(ConfigurationError, match="short='accept'"):
        Secret("channel_secret")
    with pytest.raises(ConfigurationError, match="empty"):
        Secret("  ", short="accept")
    with pytest.raises(ConfigurationError, match="write 'refuse' or 'accept'"):
        Secret("a-secret-of-16-bytes", short="yes")  # type: ignore[arg-type] # the mistake itself


def test_a_secret_from_the_environment_that_is_not_utf_8_keeps_its_bytes() -> None:
    raw = b"caf\xe9-secret-of-16-bytes"

    assert Secret(raw.decode("utf-8", "surrogateescape")).key == raw


def test_a_secret_is_never_shown() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Secret("tooshort-7351")

    assert GOOD not in repr(Secret(GOOD))
    assert "7351" not in str(refused.value)


def test_one_secret_is_named_default_and_several_are_counted() -> None:
    named = secrets_of([GOOD, Secret(GOOD + "2", name="june"), (GOOD + "3").encode()])

    assert [each.name for each in secrets_of(GOOD)] == ["default"]
    assert [each.name for each in secrets_of(GOOD.encode())] == ["default"]
    assert [each.name for each in named] == ["1", "june", "3"]
    assert secrets_of(Secret(GOOD, name="x"))[0].name == "x"
    assert secrets_of(None) == ()


def test_one_bad_secret_among_several_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'2'"):
        secrets_of([GOOD, ""])


def test_a_secret_is_in_force_from_its_first_moment_until_its_last() -> None:
    since, until = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    june = Secret(GOOD, not_before=since, not_after=until.timestamp())

    assert not june.is_in_force(since.timestamp() - 0.001)
    assert june.is_in_force(since.timestamp())
    assert june.is_in_force(until.timestamp() - 0.001)
    assert not june.is_in_force(until.timestamp())
    assert not june.is_in_force(float("nan"))
    assert Secret(GOOD).is_in_force(None)


def test_a_secret_with_a_time_needs_now() -> None:
    with pytest.raises(ConfigurationError, match="pass now"):
        Secret(GOOD, not_after=1).is_in_force(None)


def test_a_time_without_a_zone_or_without_a_length_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not_before has no time zone"):
        Secret(GOOD, not_before=datetime(2026, 6, 1))  # noqa: DTZ001 - the mistake itself
    with pytest.raises(ConfigurationError, match="never in force"):
        Secret(GOOD, not_before=2.0, not_after=2.0)
