"""Arguments of the wrong kind: told where they are given, with what to write instead."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from numbers import Real

from ..errors import ConfigurationError
from . import models
from .provider import Provider

#: Seconds. Timers of threads, sockets, SQLite and PostgreSQL take no infinity, and little more than this: 11 days.
MOST_SECONDS = 1_000_000.0


def check_provider(given: object, taker: str) -> None:
    """Refuse what is no provider, such as a provider's name or class.

    Args:
        given: What the caller passed.
        taker: Who takes a provider, for the message.

    Raises:
        ConfigurationError: If it is not an instance of `Provider`.
    """
    if isinstance(given, Provider):
        return
    if isinstance(given, type) and issubclass(given, Provider):
        raise ConfigurationError(
            f"{taker} takes a provider, not its class: write {given.__name__}.from_env()"
        )
    # A text is a provider's name, or the key that was meant for it: so it is not repeated.
    what = "a text" if isinstance(given, str) else f"a {type(given).__name__}"
    raise ConfigurationError(f"{taker} takes a provider such as DocuParse.from_env(), not {what}")


def check_kind(given: object, kind: type | tuple[type, ...], what: str, instead: str) -> None:
    """Refuse an argument of another type.

    Args:
        given: What the caller passed.
        kind: What it must be.
        what: The argument's name, for the message.
        instead: What to write.

    Raises:
        ConfigurationError: If it is of another type; its value is not repeated.
    """
    if not isinstance(given, kind):
        raise ConfigurationError(f"{what} is a {type(given).__name__}: write {instead}")


def check_several(given: object, what: str = "source") -> None:
    """Refuse one where several are wanted.

    Args:
        given: What the caller passed.
        what: The name of one, for the message.

    Raises:
        TypeError: If it is one, or nothing that holds any.
    """
    is_one = isinstance(given, (str, bytes, models.Job)) or hasattr(given, "__fspath__")
    if is_one or not hasattr(given, "__iter__"):
        one = "one" if is_one else "a"
        raise TypeError(f"several {what}s are wanted, not {one} {type(given).__name__}: write [{what}]")


def check_upload(key: object, metadata: object, on_progress: object) -> None:
    """Refuse what goes along with a document and is of another type.

    Raises:
        TypeError: If the key is no text, the metadata no mapping, or what is told of the progress no function.
    """
    for what, given, is_right, instead in (
        ("idempotency_key", key, isinstance(key, str), "text"),
        ("metadata", metadata, isinstance(metadata, Mapping), "a mapping, such as {'order': '12'}"),
        ("on_progress", on_progress, callable(on_progress), "a function of the bytes sent and their total"),
    ):
        if given is not None and not is_right:
            raise TypeError(f"{what} is a {type(given).__name__}: write {instead}, or leave it out")


def check_many(concurrency: object, metadata: object, on_progress: object) -> None:
    """Refuse what goes along with many documents and is of another type.

    Raises:
        ConfigurationError: If the number of those at once is no whole number above 0.
        TypeError: As `check_upload`.
    """
    check_count(concurrency, "concurrency")
    check_upload(None, metadata, None)
    if on_progress is not None and not callable(on_progress):
        raise TypeError(
            f"on_progress is a {type(on_progress).__name__}: "
            "write a function of the source, its bytes sent and their total, or leave it out"
        )


def check_steps(given: object) -> None:
    """Refuse what is no operation, such as the method that makes one.

    Raises:
        TypeError: If it is none.
    """
    if isinstance(given, Generator):
        return
    what = "a function: call it" if callable(given) else f"a {type(given).__name__}"
    raise TypeError(f"an operation is wanted, such as provider.status(job), not {what}")


def check_above_zero(given: object, what: str, *, or_none: bool = False) -> None:
    """Refuse seconds that are not above 0, what is not a number, and NaN.

    Args:
        given: What the caller passed.
        what: The argument's name, for the message.
        or_none: Whether None means no bound.

    Raises:
        ConfigurationError: If it is none of these.
    """
    if or_none and given is None:
        return
    wish = "it must be above 0" + (", or None for no bound" if or_none else "")
    number = _number(given, what, wish)
    # Not a number is not above 0 either.
    if not number > 0:
        raise ConfigurationError(f"{what} is {number:g} s: {wish}")


def patience_of(given: object) -> float:
    """Give the seconds that a store waits, `MOST_SECONDS` where it is asked for more.

    Raises:
        ConfigurationError: If it is not above 0, NaN or no number.
    """
    check_above_zero(given, "patience")
    return min(_number(given, "patience", ""), MOST_SECONDS)


def check_deadline(given: object, *, or_none: bool = False) -> None:
    """Refuse what is not a number, and NaN; what is left of a bound of the caller's may be 0 or less.

    Args:
        given: The `deadline` that the caller passed.
        or_none: Whether None means no bound.

    Raises:
        ConfigurationError: If it is none of these.
    """
    if or_none and given is None:
        return
    wish = "write seconds" + (", or None for no bound" if or_none else "")
    if math.isnan(_number(given, "deadline", wish)):
        raise ConfigurationError(f"deadline is nan: {wish}")


def _number(given: object, what: str, wish: str) -> float:
    if isinstance(given, bool) or not isinstance(given, Real):
        raise ConfigurationError(f"{what} is a {type(given).__name__}: {wish}")
    try:
        return float(given)
    except OverflowError:
        # A whole number or a fraction beyond every float.
        return -math.inf if given < 0 else math.inf


def check_count(given: object, what: str) -> None:
    """Refuse what is no whole number from 1 on.

    Raises:
        ConfigurationError: If it is none.
    """
    if isinstance(given, bool) or not isinstance(given, int):
        raise ConfigurationError(f"{what} is a {type(given).__name__}: it must be a whole number, 1 or more")
    if given < 1:
        raise ConfigurationError(f"{what} is {given}: it must be 1 or more")


def checked_size(size_bytes: int | None) -> int | None:
    """Give a number of bytes, and refuse what is none.

    Raises:
        ConfigurationError: If it is no whole number from 0 on, or None.
    """
    if size_bytes is not None and (isinstance(size_bytes, bool) or not isinstance(size_bytes, int)):
        raise ConfigurationError(
            f"size_bytes is a {type(size_bytes).__name__}: it must be a whole number of bytes, or None"
        )
    if size_bytes is not None and size_bytes < 0:
        raise ConfigurationError(f"size_bytes is {size_bytes}: it must be 0 or more, or None")
    return size_bytes
