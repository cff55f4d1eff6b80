from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pydantic
import pytest

from paperhook.core.result import Field, Result
from paperhook.errors import ResultInvalid

RESULT = Result(
    fields={
        "total": Field(value=Decimal("45.50"), provider_name="Gesamt"),
        "invoice_date": Field(value=date(2026, 5, 1), provider_name="Datum"),
        "invoice_number": Field(value="A-1"),
        "tax": Field(value=None, text="some"),
    },
    line_items=({"amount": Field(value=Decimal("21.00"), provider_name="Betrag")},),
    tables={"taxes": [{"rate": 19}]},
    document_type="invoice",
)


def test_values_are_plain() -> None:
    assert RESULT.values() == {
        "total": Decimal("45.50"),
        "invoice_date": date(2026, 5, 1),
        "invoice_number": "A-1",
        "tax": None,
        "line_items": [{"amount": Decimal("21.00")}],
    }
    assert Result().values() == {}


def test_json_loses_no_digit() -> None:
    assert json.loads(RESULT.to_json()) == {
        "total": "45.50",
        "invoice_date": "2026-05-01",
        "invoice_number": "A-1",
        "tax": None,
        "line_items": [{"amount": "21.00"}],
    }
    assert Result(fields={"odd": Field(value=1j)}).to_json() == '{"odd":"1j"}'
    assert Result(fields={"odd": Field(value=float("nan"))}).to_json() == '{"odd":null}'


def test_csv_has_a_row_for_each_line_item() -> None:
    result = RESULT.model_copy(
        update={"line_items": (*RESULT.line_items, {"description": Field(value='A "big", box\n')})}
    )

    assert list(csv.reader(result.to_csv().splitlines(keepends=True))) == [
        ["total", "invoice_date", "invoice_number", "tax", "line_items.amount", "line_items.description"],
        ["45.50", "2026-05-01", "A-1", "", "21.00", ""],
        ["45.50", "2026-05-01", "A-1", "", "", 'A "big", box\n'],
    ]


def test_csv_of_a_document_without_line_items_has_one_row() -> None:
    assert Result(fields={"total": Field(value=Decimal("-5.00"))}).to_csv() == "total\r\n-5.00\r\n"


@pytest.mark.parametrize("start", "=+-@\t\r")
def test_csv_holds_no_formula(start: str) -> None:
    text = Result(fields={"vendor": Field(value=f"{start}cmd")}).to_csv()

    assert [row[0] for row in csv.reader(text.splitlines(keepends=True))][1].startswith("'")


def test_model_is_filled_by_standard_names_aliases_and_the_providers_names() -> None:
    class Row(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="forbid")

        Betrag: float

    class Mine(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="forbid")

        total: float
        Datum: date
        number: str = pydantic.Field(alias="invoice_number")
        day: date = pydantic.Field(validation_alias=pydantic.AliasChoices("date", "invoice_date"))
        document_type: str
        line_items: list[Row] | None
        taxes: list[dict[str, int]]
        other: int = 5

    mine = RESULT.parse(Mine)

    assert (mine.total, mine.Datum, mine.number, mine.day, mine.document_type, mine.other) == (
        45.5,
        date(2026, 5, 1),
        "A-1",
        date(2026, 5, 1),
        "invoice",
        5,
    )
    assert mine.line_items == [Row(Betrag=21.0)]
    assert mine.taxes == [{"rate": 19}]


def test_field_with_an_alias_is_filled_by_its_own_name_too() -> None:
    class Mine(pydantic.BaseModel):
        total: Decimal = pydantic.Field(alias="sum")

    assert RESULT.parse(Mine).total == Decimal("45.50")


def test_text_fields_take_amounts_and_dates_as_iso_text() -> None:
    class Row(pydantic.BaseModel):
        amount: str

    class Mine(pydantic.BaseModel):
        total: str
        invoice_date: str
        line_items: list[Row]

    mine = RESULT.parse(Mine)

    assert (mine.total, mine.invoice_date, mine.line_items[0].amount) == ("45.50", "2026-05-01", "21.00")


def test_text_is_only_written_where_all_else_fits() -> None:
    class Mine(pydantic.BaseModel):
        total: str
        missing: int

    with pytest.raises(ResultInvalid) as raised:
        RESULT.parse(Mine)

    assert raised.value.problems == ("missing: missing",)


def test_rows_that_are_no_objects_are_left_to_the_model() -> None:
    class Row(pydantic.BaseModel):
        rate: int

    class Mine(pydantic.BaseModel):
        taxes: list[Row]

    with pytest.raises(ResultInvalid, match=r"taxes\.0: model_type"):
        Result(tables={"taxes": [5]}).parse(Mine)


def test_amount_inside_a_type_of_the_users_own_is_left_alone() -> None:
    @dataclass
    class Row:
        amount: str

    class Mine(pydantic.BaseModel):
        rows: Any
        line_items: dict[str, Row]

    with pytest.raises(ResultInvalid, match="line_items: dict_type"):
        Result(tables={"rows": ()}, line_items=RESULT.line_items).parse(Mine)


def test_union_whose_arms_all_fail_is_reported() -> None:
    class Mine(pydantic.BaseModel):
        total: str | bool

    with pytest.raises(ResultInvalid, match=r"total\.str"):
        RESULT.parse(Mine)


def test_value_that_does_not_fit_is_named_by_path_and_never_shown() -> None:
    class Mine(pydantic.BaseModel):
        invoice_number: int
        tax: Decimal

    with pytest.raises(ResultInvalid) as raised:
        RESULT.parse(Mine)

    assert raised.value.problems == ("invoice_number: int_parsing", "tax: decimal_type")
    assert str(raised.value) == "Mine: invoice_number: int_parsing; tax: decimal_type"
    assert "A-1" not in repr(raised.value)
    assert raised.value.__cause__ is None


def test_nothing_of_the_document_is_shown() -> None:
    assert "A-1" not in repr(RESULT)
    assert "45.50" not in repr(RESULT)


class Row(pydantic.BaseModel):
    amount: Decimal
    quantity: Decimal | None = None


class Strict(pydantic.BaseModel):
    vendor: str
    total: Decimal = Decimal(7)
    line_items: list[Row] = []


def rows(*values: dict[str, Any]) -> tuple[dict[str, Field], ...]:
    return tuple({name: Field(value=value) for name, value in row.items()} for row in values)


def test_lenient_parse_gives_the_model_where_all_fits() -> None:
    parsed = RESULT.parse_leniently(pydantic.create_model("Mine", total=(str, ...)))

    assert parsed.model is not None
    assert (dict(parsed.model), parsed.values, parsed.problems) == (
        {"total": "45.50"},
        {"total": "45.50"},
        (),
    )


def test_lenient_parse_leaves_out_what_does_not_fit_and_says_so() -> None:
    items = [{"amount": Decimal(number)} for number in range(12)]
    items[9] = {"amount": "nine", "quantity": "two"}
    items[10] = {"quantity": Decimal(2)}
    result = Result(fields={"vendor": Field(value="Acme"), "total": Field()}, line_items=rows(*items))

    parsed = result.parse_leniently(Strict)

    assert parsed.model is not None
    assert (parsed.model.vendor, parsed.model.total) == ("Acme", Decimal(7))
    assert [row.amount for row in parsed.model.line_items] == [*range(9), 11]
    assert parsed.problems == (
        "total: decimal_type",
        "line_items.9.amount: decimal_parsing",
        "line_items.9.quantity: decimal_parsing",
        "line_items.10.amount: missing",
        "line_items.9.amount: missing",
    )


def test_lenient_parse_gives_the_values_where_a_required_one_is_missing() -> None:
    parsed = RESULT.parse_leniently(Strict)

    assert parsed.model is None
    assert parsed.values == {"total": Decimal("45.50"), "line_items": [{"amount": Decimal("21.00")}]}
    assert parsed.problems == ("vendor: missing",)
    assert "45.50" not in repr(parsed)


def test_lenient_parse_leaves_out_what_holds_a_value_inside_a_users_own_type() -> None:
    class Mine(pydantic.BaseModel):
        total: date | bool = False
        taxes: list[dict[str, bool]] = []
        due: dict[str, int] = pydantic.Field(default={}, alias="due_date")

    parsed = RESULT.parse_leniently(Mine)

    assert parsed.model is not None
    assert (parsed.model.total, parsed.model.taxes, parsed.model.due) == (False, [{}], {})


def test_lenient_parse_gives_up_where_the_model_itself_refuses() -> None:
    class Mine(pydantic.BaseModel):
        total: Decimal

        @pydantic.model_validator(mode="after")
        def refuse(self) -> None:
            raise ValueError("45.50 is too much")

    parsed = RESULT.parse_leniently(Mine)

    assert (parsed.model, parsed.problems) == (None, (": value_error",))
