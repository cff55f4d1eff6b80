from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from paperhook.core.result import Field, Result
from paperhook.errors import CorrectionInvalid
from paperhook.results.corrections import check_corrections, corrected
from paperhook.results.known_names import KnownNames
from paperhook.results.mapping import read_result

RESULT = Result(
    fields={
        "total": Field(
            value=Decimal(5), text="5", confidence=0.3, match_ratio=0.4, page_number=2, box=(1, 2, 3, 4)
        )
    },
    line_items=({"amount": Field(value=Decimal(1))}, {"amount": Field(value=Decimal(2))}),
    document_type="receipt",
)


def test_a_corrected_field_keeps_its_place_and_text() -> None:
    field = corrected(RESULT, {"total": "1234.50"}).fields["total"]

    assert field == Field(
        value=Decimal("1234.50"), text="5", page_number=2, box=(1, 2, 3, 4), is_corrected=True
    )
    assert RESULT.fields["total"].value == 5


def test_values_are_read_by_their_names() -> None:
    given = {
        "due_date": "2026-05-01",
        "currency": "eur",
        "tax_rate": "19 %",
        "vendor": " Acme ",
        "own": "x",
        "total": None,
    }

    assert corrected(RESULT, given).values() == {
        "total": None,
        "due_date": date(2026, 5, 1),
        "currency": "EUR",
        "tax_rate": Decimal(19),
        "vendor": "Acme",
        "own": "x",
        "line_items": [{"amount": Decimal(1)}, {"amount": Decimal(2)}],
    }


def test_a_full_stop_is_the_decimal_mark() -> None:
    assert corrected(RESULT, {"total": "1.234"}).fields["total"].value == Decimal("1.234")


def test_rows_are_changed_added_and_taken_away() -> None:
    after = corrected(
        RESULT,
        {
            "line_items[0]": None,
            "line_items[1].quantity": "3",
            "line_items[2].amount": "9",
            "line_items[2].unit": "kg",
        },
    )

    assert after.values()["line_items"] == [
        {"amount": Decimal(2), "quantity": Decimal(3)},
        {"amount": Decimal(9), "unit": "kg"},
    ]
    assert after.warnings == ()


def test_a_row_that_is_not_there_is_told() -> None:
    after = corrected(RESULT, {"line_items[7].amount": "9", "line_items[2]": None})

    assert len(after.line_items) == 2
    assert after.warnings == (
        "line_items[7].amount: there is no such row to correct",
        "line_items[2]: there is no such row to correct",
    )


def test_a_field_inside_an_object_is_corrected_by_our_name_or_the_providers() -> None:
    result = read_result(
        {"kopf_nr": "8", "Kopf": {"Nr.": "7", "Datum": "1.5.2026"}}, names={"Kopf.Datum": "invoice_date"}
    )
    assert set(result.fields) == {"kopf_nr", "Kopf.Nr.", "invoice_date"}

    found = corrected(
        result, {"Kopf.Nr.": "9", "Kopf.Datum": "2026-05-02", "kopf_ort": "Bonn", "Kopf.Ort": "x"}
    )

    assert {name: field.value for name, field in found.fields.items()} == {
        "Kopf.Nr.": "9",
        "invoice_date": date(2026, 5, 2),
        "kopf_nr": "8",
        "kopf_ort": "Bonn",
    }
    assert found.warnings == ("Kopf.Ort: there is no such field to correct",)


def test_rates_of_tax_allowances_and_charges_are_rows_too() -> None:
    result = read_result({"taxes": [{"rate": 19, "amount": "1.00"}], "allowances": [{"amount": "2.00"}]})

    found = corrected(result, {"taxes[0].tax": "1.90", "allowances[0]": None, "charges[0].amount": "3"})

    assert found.taxes[0]["tax"].value == Decimal("1.90")
    assert found.taxes[0]["tax_rate"].value == 19
    assert (found.allowances, found.charges[0]["amount"].value) == ((), 3)


def test_the_type_of_the_document_is_a_field_too() -> None:
    assert corrected(RESULT, {"document_type": "invoice"}).document_type == "invoice"
    assert corrected(read_result({"doc_type": "x"}), {"total": "1"}).document_type == "x"


@pytest.mark.parametrize(
    "given",
    [
        {"total": "5.00"},
        {"total": None},
        {"line_items[0]": None},
        {"line_items[0].amount": "5"},
        {"own_name": "x"},
    ],
)
def test_corrections_that_can_be_taken(given: dict[str, str | None]) -> None:
    check_corrections(given)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "nothing: name a field and its value"),
        ({"total": "five"}, "total: not an amount"),
        ({"total": " "}, "total: it is empty"),
        ({"due_date": "soon"}, "due_date: not a date"),
        ({"due_date": "5/1/2026"}, "due_date: day and month cannot be told apart"),
        ({"currency": "gold"}, "currency: not an ISO 4217 currency"),
        ({"line_items": "x"}, "line_items: name a row: line_items[0].amount"),
        ({"line_items[0]": "x"}, "line_items[0]: a row has no value of its own"),
        ({"line_items[0].amount": "x"}, "line_items[0].amount: not an amount"),
        ({"line_items[0": "x"}, "line_items[0: this is no field; write total, or line_items[0].amount"),
        ({" ": "x"}, " : this is no field; write total, or line_items[0].amount"),
        ({"taxes": "x"}, "taxes: name a row: taxes[0].tax"),
        ({"charges[1].amount": "x"}, "charges[1].amount: not an amount"),
    ],
)
def test_corrections_that_cannot(given: dict[str, str | None], problem: str) -> None:
    with pytest.raises(CorrectionInvalid) as raised:
        check_corrections(given)

    assert raised.value.problems == (problem,)


KNOWN = read_result({"Kopf": {"Nr.": "7"}, "merchant": "A", "lines": [{"Konto": "1"}]})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"totl": "1"}, "totl: no field has this name, did you mean total?"),
        ({"Total": "1"}, "Total: no field has this name, did you mean total?"),
        ({"vendor_nam": None}, "vendor_nam: no field has this name, did you mean vendor?"),
        ({"qqq": "1"}, "qqq: no field has this name"),
        (
            {"line_items[0].amuont": "1"},
            "line_items[0].amuont: no column has this name, did you mean amount?",
        ),
        ({"line_items[0].total": "1"}, "line_items[0].total: no column has this name, did you mean amount?"),
        ({"taxes[0].rat": "1"}, "taxes[0].rat: no column has this name, did you mean tax_rate?"),
    ],
)
def test_a_name_that_nobody_knows_is_refused_with_the_nearest(
    given: dict[str, str | None], problem: str
) -> None:
    with pytest.raises(CorrectionInvalid) as raised:
        check_corrections(given, KnownNames(KNOWN))

    assert raised.value.problems == (f"{problem} (new_fields allows a new one)",)


def test_a_name_of_the_provider_cannot_be_a_new_field() -> None:
    with pytest.raises(CorrectionInvalid) as raised:
        check_corrections({"Kopf.Mr.": "1"}, KnownNames(KNOWN, takes_new=True))

    assert raised.value.problems == ("Kopf.Mr.: no field has this name, did you mean kopf_nr?",)


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({"total": "1", "due_date": None, "taxes[3].tax": "1"}, KnownNames(None)),
        ({"Kopf.Nr.": "8", "merchant": "B", "line_items[0].konto": "1"}, KnownNames(KNOWN)),
        ({"Kopf.Mr.": "1"}, KnownNames(None)),
        (
            {"cost_center": "1", "line_items[1].own": "1"},
            KnownNames(KNOWN, ("cost_center", "line_items[0].own")),
        ),
        ({"totl": "1", "line_items[0].amuont": "1"}, KnownNames(KNOWN, takes_new=True)),
    ],
)
def test_names_that_somebody_knows_are_taken(given: dict[str, str | None], known: KnownNames) -> None:
    check_corrections(given, known)
