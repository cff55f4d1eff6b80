"""Arrays as PostgreSQL takes them in binary, a column of a commit at a time.

psycopg's own dumper goes through a list item by item, in Python, which takes more than twice as long and was the
largest part of what a put costs here. Tests compare the two byte by byte.

Source: PostgreSQL's src/backend/utils/adt/arrayfuncs.c, `array_recv`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format
from typing_extensions import override

T = TypeVar("T")

# Dimensions, whether one is NULL, the elements' type; then how many there are, and the index of the first.
_EMPTY = struct.Struct("!iiI").pack
_HEAD = struct.Struct("!iiIii").pack
_LENGTH = struct.Struct("!i").pack
_NULL = _LENGTH(-1)
_DOUBLE = struct.Struct("!id").pack
_INTEGER = struct.Struct("!ii").pack
_BIG_INTEGER = struct.Struct("!iq").pack


class Texts(list[str | None]):
    """The value of a parameter of the type `text[]`."""


class Binaries(list[bytes | None]):
    """The same of `bytea[]`."""


class Doubles(list[float | None]):
    """The same of `float8[]`."""


class Integers(list[int]):
    """The same of `int4[]`."""


class BigIntegers(list[int]):
    """The same of `int8[]`."""


class _ArrayDumper(Dumper):
    """Writes an array of one dimension."""

    format = Format.BINARY
    #: The type of the elements, as `pg_type` numbers it.
    element: ClassVar[int]

    @override
    def dump(self, obj: Any) -> bytes:
        if not obj:
            return _EMPTY(0, 0, self.element)
        head = _HEAD(1, None in obj, self.element, len(obj), 1)
        try:
            return head + b"".join(self.items(obj))
        except (struct.error, TypeError) as error:
            # Without the value.
            raise psycopg.DataError("a value is too large for its column, or of another type") from error

    def items(self, values: Sequence[Any]) -> list[bytes]:
        """Write each item: its length in bytes, which is -1 for NULL, and itself."""
        raise NotImplementedError


class _TextsDumper(_ArrayDumper):
    oid, element = 1009, 25

    @override
    def items(self, values: Sequence[str | None]) -> list[bytes]:
        return [_NULL if each is None else _LENGTH(len(text := each.encode())) + text for each in values]


class _BinariesDumper(_ArrayDumper):
    oid, element = 1001, 17

    @override
    def items(self, values: Sequence[bytes | None]) -> list[bytes]:
        return [_NULL if each is None else _LENGTH(len(each)) + each for each in values]


class _DoublesDumper(_ArrayDumper):
    oid, element = 1022, 701

    @override
    def items(self, values: Sequence[float | None]) -> list[bytes]:
        return [_NULL if each is None else _DOUBLE(8, each) for each in values]


class _IntegersDumper(_ArrayDumper):
    oid, element = 1007, 23

    @override
    def items(self, values: Sequence[int]) -> list[bytes]:
        return [_INTEGER(4, each) for each in values]


class _BigIntegersDumper(_ArrayDumper):
    oid, element = 1016, 20

    @override
    def items(self, values: Sequence[int]) -> list[bytes]:
        return [_BIG_INTEGER(8, each) for each in values]


_DUMPERS: Sequence[tuple[type[list[Any]], type[_ArrayDumper]]] = (
    (Texts, _TextsDumper),
    (Binaries, _BinariesDumper),
    (Doubles, _DoublesDumper),
    (Integers, _IntegersDumper),
    (BigIntegers, _BigIntegersDumper),
)


def teach(connection: psycopg.Connection[Any]) -> None:
    """Have a connection write these; what its user gives it is written as before."""
    for column, dumper in _DUMPERS:
        connection.adapters.register_dumper(column, dumper)
