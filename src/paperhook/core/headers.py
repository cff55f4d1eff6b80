"""HTTP headers as a read-only mapping that ignores case and keeps duplicates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias, cast

HeaderText: TypeAlias = str | bytes
HeaderPairs: TypeAlias = Iterable[tuple[HeaderText, HeaderText]]
#: What every framework can give: a mapping, or pairs of text or latin-1 bytes.
HeadersLike: TypeAlias = (
    "Mapping[str, str] | Mapping[str, HeaderText] | Iterable[tuple[HeaderText, HeaderText]]"
)


def _text(value: HeaderText) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


class Headers(Mapping[str, str]):
    """Header fields; names compare without case, duplicates are kept in order.

    Args:
        fields: A mapping, anything with `items()`, or pairs; bytes are read as latin-1, as HTTP/1.1 does.

    Source: RFC 9110 section 5.1 (names), 5.3 (duplicates).
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: HeadersLike = ()) -> None:
        # Not every mapping of headers is a Mapping: `http.server` gives a message.
        items: Callable[[], HeaderPairs] | None = getattr(fields, "items", None)
        pairs = cast("HeaderPairs", fields) if items is None else items()
        self._fields: dict[str, list[str]] = {}
        for name, value in pairs:
            self._fields.setdefault(_text(name).lower(), []).append(_text(value))

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._fields[name.lower()])

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Give each value of a header on its own, in order; empty when it is absent."""
        return tuple(self._fields.get(name.lower(), ()))

    def size_bytes(self) -> int:
        """Count the characters of all names and values."""
        return sum(
            len(name) * len(values) + sum(len(value) for value in values)
            for name, values in self._fields.items()
        )

    def __repr__(self) -> str:
        # Values may hold credentials and signatures.
        return f"Headers({', '.join(self._fields)})"
