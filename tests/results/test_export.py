from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.core.result import Field, Result
from paperhook.results.export import csv_lines, json_lines
from paperhook.results.mapping import read_result

FIRST = read_result(
    {"vendor": "Acme", "total": "5.50", "items": [{"name": "A", "total": "2.50"}, {"name": "B"}]}
)
SECOND = read_result({"vendor": "Öl & Co", "due_date": "2026-05-01"})


def table(lines: object) -> list[list[str]]:
    return list(csv.reader(list(lines)))  # type: ignore[call-overload]


def test_each_document_is_one_line_of_json() -> None:
    assert [json.loads(line) for line in json_lines([FIRST, SECOND])] == [
        {
            "vendor": "Acme",
            "total": "5.50",
            "line_items": [{"description": "A", "amount": "2.50"}, {"description": "B"}],
        },
        {"vendor": "Öl & Co", "due_date": "2026-05-01"},
    ]


def test_csv_has_one_row_for_each_document() -> None:
    assert table(csv_lines([FIRST, SECOND])) == [
        ["vendor", "total", "due_date"],
        ["Acme", "5.50", ""],
        ["Öl & Co", "", "2026-05-01"],
    ]


def test_csv_has_one_row_for_each_line_item_and_one_for_a_document_without() -> None:
    assert table(csv_lines([FIRST, SECOND], rows="line_items")) == [
        ["vendor", "total", "due_date", "line_items.description", "line_items.amount"],
        ["Acme", "5.50", "", "A", "2.50"],
        ["Acme", "5.50", "", "B", ""],
        ["Öl & Co", "", "2026-05-01", "", ""],
    ]


def test_csv_has_one_row_for_each_rate_of_tax() -> None:
    result = read_result({"vendor": "Acme", "taxes": [{"rate": 19, "amount": 5}, {"name": "=1+1"}]})

    assert table(
        csv_lines([result, SECOND], rows="taxes", columns=["vendor", "taxes.tax_rate", "taxes.description"])
    ) == [
        ["vendor", "taxes.tax_rate", "taxes.description"],
        ["Acme", "19", ""],
        ["Acme", "", "'=1+1"],
        ["Öl & Co", "", ""],
    ]


def test_columns_are_chosen_and_ordered_and_nothing_is_read_ahead() -> None:
    def endless() -> object:
        while True:
            yield FIRST

    lines = csv_lines(endless(), rows="line_items", columns=["line_items.amount", "total", "iban"])  # type: ignore[arg-type]

    assert [next(lines) for _ in range(3)] == [
        "line_items.amount,total,iban\r\n",
        "2.50,5.50,\r\n",
        ",5.50,\r\n",
    ]


FORMULAS = [
    "=1+1", "+49 30 1", "-1+1", "@SUM(A1)", "  =1", "\u3000=1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20A1",
    "\ufeff=1", "\u200b=1", "\x00=1", "\u2003+1", "\x0b-1",
    '=HYPERLINK("http://x")',
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_and_no_head_runs_as_a_formula(text: str) -> None:
    result = Result(fields={text: Field(value=text), "total": Field(value=Decimal("-5.00"))})

    [head, row] = table(csv_lines([result]))

    assert head == [f"'{text}", "total"]
    assert row == [f"'{text}", "-5.00"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Acme;=1+1", "Acme;'=1+1"),
        ("Acme;; =1+1", "Acme;; '=1+1"),
        ("Acme\t@A1", "Acme\t'@A1"),
        ("Street 1\n-2", "Street 1\n'-2"),
        ("=1;=2", "'=1;'=2"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
        ("\tA", "'\tA"),
        (";=1", ";'=1"),
    ],
)
def test_no_cell_runs_where_another_separator_would_begin_one(text: str, cell: str) -> None:
    assert table(csv_lines([Result(fields={"vendor": Field(value=text)})])) == [["vendor"], [cell]]


@given(
    st.lists(st.text(st.sampled_from("=+-@;,\t\r\n \"'\ufeff\uff1da1"), max_size=8), min_size=1, max_size=3)
)
def test_no_text_begins_a_formula_in_any_cell_of_any_export(texts: list[str]) -> None:
    fields = {f"f{index}": Field(value=text) for index, text in enumerate(texts)}
    result = Result(fields=fields, line_items=({"description": Field(value=texts[0])},), taxes=(fields,))

    for written in (
        result.to_csv(),
        *("".join(csv_lines([result], rows=rows)) for rows in ("documents", "line_items", "taxes")),  # type: ignore[arg-type]
    ):
        assert "\0" not in written
        for row in csv.reader(io.StringIO(written, newline="")):
            for cell in row:
                for part in re.split(r"[;\t\r\n]", cell):
                    assert not part.lstrip(" \ufeff").startswith(("=", "+", "-", "@", "\uff1d"))


def test_text_that_is_no_formula_is_left_alone() -> None:
    result = Result(
        fields={"vendor": Field(value='A "big", box'), "odd": Field(value=["=1"]), "paid": Field(value=True)}
    )

    assert table(csv_lines([result]))[1] == ['A "big", box', "['=1']", "True"]
