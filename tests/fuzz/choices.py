"""Choices made by bytes, so that a fuzzer that changes bytes changes choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Reads numbers, bytes and elements out of bytes; when they are used up, everything is the first choice."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def number(self, below: int) -> int:
        """Give a number from 0 to below `below`."""
        size = 1 if below <= 256 else 4
        taken = self._content[self._at : self._at + size]
        self._at += size
        return int.from_bytes(taken) % below

    def one_of(self, values: Sequence[T]) -> T:
        return values[self.number(len(values))]

    def some_bytes(self, at_most: int) -> bytes:
        size = self.number(at_most + 1)
        taken = self._content[self._at : self._at + size]
        self._at += size
        return taken

    def changed(self, value: bytes) -> bytes:
        """Give the value, or one that was cut, grown, turned around, swapped or had its bits flipped."""
        kind = self.number(8)
        place = self.number(len(value) or 1)
        if kind == 1:
            return value[:place]
        if kind == 2:
            return value[:place] + self.some_bytes(40) + value[place:]
        if kind == 3:
            return value[:place] + self.some_bytes(40)
        if kind == 4:
            return (
                value[:place]
                + bytes([(value[place] if value else 0) ^ (1 << self.number(8))])
                + value[place + 1 :]
            )
        if kind == 5:
            return self.one_of(SPICE)
        if kind == 6:
            return value + value
        if kind == 7:
            return value[:place] + self.one_of(SPICE) + value[place:]
        return value


#: What broke others: see the tests of the receiver.
SPICE: tuple[bytes, ...] = (
    *(
        b"",
        b" ",
        b"\x00",
        b"\r\n",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b",",
        b" , ",
        b"=",
        b"v1,",
        b"v1a,",
        b"v1",
        b"t=,v1=",
    ),
    *(
        b"t=1760000000,t=1760000000,v1=00",
        b"sha256=",
        b"+1760000000",
        b"1_760_000_000",
        b"1e9",
        b"nan",
        b"-1",
        b"0" * 60,
    ),
    *(("\uff11" * 10).encode(), "é".encode("latin-1"), b"\xed\xa0\x80", b"v1," * 60, b"2025-13-40T25:61:61Z"),
    *(
        b"[" * 4000,
        b'{"a":' * 2000,
        b"9" * 5000,
        b"NaN",
        b"Infinity",
        b"null",
        b"[]",
        b"{}",
        b'"x"',
        b"1e400",
        b"-0",
    ),
    *(
        b'{"event":null}',
        b'{"event":"\\ud800"}',
        b'{"a":1,"a":2}',
        b'{"event":["x"],"data":[[]]}',
        b"\\u0000",
        b"true",
    ),
)
