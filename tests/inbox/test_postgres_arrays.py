"""Columns are written as psycopg writes lists, byte by byte."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import AdaptersMap, PyFormat, Transformer
from psycopg.types.array import ListBinaryDumper
from psycopg.types.numeric import Int4BinaryDumper, Int8BinaryDumper
from psycopg.types.string import StrBinaryDumper

from paperhook.inbox.postgres import arrays

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


def columns() -> st.SearchStrategy[list[Any]]:
    def column(made: type[list[Any]], items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
        return st.lists(items, min_size=1).map(made)

    doubles = st.floats(allow_nan=False)
    return st.one_of(
        column(arrays.Texts, st.none() | TEXTS),
        column(arrays.Binaries, st.none() | st.binary()),
        column(arrays.Doubles, st.none() | doubles),
        column(arrays.Integers, st.integers(-(2**31), 2**31 - 1)),
        column(arrays.BigIntegers, st.integers(-(2**63), 2**63 - 1)),
    )


def dumper_of(column: list[Any]) -> psycopg.adapt.Dumper:
    [dumper] = [dumper for made, dumper in arrays._DUMPERS if made is type(column)]
    return dumper(type(column))


def written_by_psycopg(column: list[Any]) -> tuple[int, bytes]:
    # psycopg takes the smallest integer that will do, and text of a type that the server guesses. A map of our own: what
    # is told the usual one holds for every connection.
    adapters = AdaptersMap(psycopg.adapters)
    transformer = Transformer(SimpleNamespace(adapters=adapters, connection=None))
    adapters.register_dumper(str, StrBinaryDumper)
    adapters.register_dumper(
        int, Int4BinaryDumper if isinstance(column, arrays.Integers) else Int8BinaryDumper
    )
    dumper = ListBinaryDumper(list, transformer)
    plain = list(column)
    upgraded = dumper.upgrade(plain, PyFormat.BINARY)
    written = upgraded.dump(plain)
    assert written is not None
    return upgraded.oid, bytes(written)


@given(columns().filter(lambda column: any(each is not None for each in column)))
def test_a_column_is_written_as_psycopg_writes_a_list(column: list[Any]) -> None:
    dumper = dumper_of(column)
    assert (dumper.oid, dumper.dump(column)) == written_by_psycopg(column)


@pytest.mark.parametrize(("made", "element"), [(arrays.Texts, 25), (arrays.Doubles, 701)])
def test_a_column_of_nothing_but_null_keeps_its_type(made: type[list[Any]], element: int) -> None:
    written = dumper_of(made()).dump(made([None, None]))
    assert written == b"".join(
        number.to_bytes(4, "big", signed=True) for number in (1, 1, element, 2, 1, -1, -1)
    )


def test_an_empty_column_has_no_dimension() -> None:
    written = dumper_of(arrays.Texts()).dump(arrays.Texts())
    assert written == b"".join(number.to_bytes(4, "big") for number in (0, 0, 25))


@pytest.mark.parametrize("wrong", [2**31, "7", None])
def test_what_does_not_fit_is_the_fault_of_whoever_gave_it(wrong: Any) -> None:
    with pytest.raises(psycopg.DataError, match="too large for its column, or of another type"):
        dumper_of(arrays.Integers()).dump(arrays.Integers([wrong]))
