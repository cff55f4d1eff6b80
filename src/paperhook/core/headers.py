"""HTTP headers as a read-only mapping that ignores case and keeps duplicates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, cast

HeaderText: TypeAlias = str | bytes
HeaderPairs: TypeAlias = Iterable[tuple[HeaderText, HeaderText]]
#: What every framework can give: a mapping, or pairs of text or latin-1 bytes.
HeadersLike: TypeAlias = (
    "Mapping[str, str] | Mapping[str, HeaderText] | Iterable[tuple[HeaderText, HeaderText]]"
)


class Headers(Mapping[str, str]):
    """Header fields; names compare without case, duplicates are kept in order.

    Args:
        fields: A mapping, anything with `items()`, or pairs; bytes are read as latin-1, as HTTP/1.1 does.

    Raises:
        TypeError: If they are none of these, or a name or a value is neither text nor bytes.

    Source: RFC 9110 section 5.1 (names), 5.3 (duplicates).
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: HeadersLike = ()) -> None:
        # Not every mapping of headers is a Mapping: `http.server` gives a message.
        items: Callable[[], HeaderPairs] | None = getattr(fields, "items", None)
        pairs = cast("HeaderPairs", fields) if items is None else items()
        found: dict[str, list[str]] = {}
        try:
            # Each delivery comes through here, so nothing is called that need not be.
            for name, value in pairs:
                key = (name if isinstance(name, str) else name.decode("latin-1")).lower()
                text = value if isinstance(value, str) else value.decode("latin-1")
                if key in found:
                    found[key].append(text)
                else:
                    found[key] = [text]
        except (AttributeError, TypeError, ValueError):
            raise _no_headers(fields) from None
        self._fields = found

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._fields[name.lower()])

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Give each value of a header on its own, in order; empty when it is absent."""
        return tuple(self._fields.get(name.lower(), ()))

    def values_of(self, name: str) -> Sequence[str]:
        """Give the same without a copy, for a name that is in lower case."""
        return self._fields.get(name, ())

    def size_bytes(self) -> int:
        """Count the characters of all names and values."""
        size = 0
        for name, values in self._fields.items():
            for value in values:
                size += len(name) + len(value)
        return size

    def __repr__(self) -> str:
        # Values may hold credentials and signatures.
        return f"Headers({', '.join(self._fields)})"


def _no_headers(fields: object) -> TypeError:
    """Say what is no header, without what it holds."""
    wanted = "headers are a mapping or pairs of text or bytes"
    with suppress(Exception):
        # An iterator that was read is at its end, and then only this much is known.
        for pair in fields.items() if isinstance(fields, Mapping) else cast("Iterable[Any]", fields):
            name, value = pair
            if not isinstance(name, (str, bytes)):
                return TypeError(f"{wanted}, and a name is a {type(name).__name__}")
            if not isinstance(value, (str, bytes)):
                shown = name if isinstance(name, str) else name.decode("latin-1")
                return TypeError(f"{wanted}, and {shown!r} is a {type(value).__name__}")
    return TypeError(f"{wanted}, not a {type(fields).__name__} of something else")


def wire_text(value: str) -> str:
    """Give text as it arrives: sent as UTF-8, and read as latin-1."""
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


def wire_pairs(fields: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Give headers in bytes, for httpx, which takes text for ASCII."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]


def meant_headers(fields: Mapping[str, str]) -> dict[str, str]:
    """Give headers as they were meant, for who sends text as UTF-8; the other way round than `wire_text`."""
    return {name: _meant(value) for name, value in fields.items()}


def _meant(value: str) -> str:
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        # Not what `wire_text` gave: nobody knows what was meant.
        return value
