from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.results.mapping import Position, read_result
from paperhook.results.names import ALIASES, ITEM_ALIASES, ITEM_STANDARD, STANDARD, snake_case

SHARED = "the currency symbol is shared by several currencies"


def plain(values: Any, **options: Any) -> dict[str, Any]:
    return read_result(values, **options).values()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("invoiceNumber", "invoice_number"), ("Invoice No.", "invoice_no"), ("TOTAL_AMOUNT", "total_amount"), ("InvoiceID", "invoice_id"),
        ("VATAmount", "vat_amount"), ("line-items", "line_items"), ("請求書番号", "請求書番号"), ("---", "---"), ("", ""),
    ],
)  # fmt: skip
def test_names_become_snake_case(given: str, name: str) -> None:
    assert snake_case(given) == name


def test_aliases_lead_to_standard_names() -> None:
    assert set(ALIASES.values()) <= STANDARD
    assert set(ITEM_ALIASES.values()) <= ITEM_STANDARD
    assert not STANDARD & set(ALIASES)


def test_providers_names_become_the_standard_ones() -> None:
    found = plain(
        {
            "merchant": "Acme",
            "Invoice No.": "A-1",
            "dueDate": "2026-05-31",
            "totalAmount": "99.00",
            "currency": "usd",
        }
    )

    assert found == {
        "vendor": "Acme",
        "invoice_number": "A-1",
        "due_date": date(2026, 5, 31),
        "total": Decimal("99.00"),
        "currency": "USD",
    }


def test_providers_own_table_wins_over_the_aliases() -> None:
    assert plain({"date": "2026-05-31"}, names={"date": "due_date"}) == {"due_date": date(2026, 5, 31)}


def test_name_without_a_standard_one_is_kept_in_snake_case_with_its_value_as_sent() -> None:
    assert plain({"costCenter": "0815", "paid": True, "stars": 4.5}) == {
        "cost_center": "0815",
        "paid": True,
        "stars": 4.5,
    }


def test_provider_name_and_text_stay_with_the_value() -> None:
    field = read_result({"totalAmount": "1.234,50 €"}).fields["total"]

    assert (field.provider_name, field.text, field.value) == ("totalAmount", "1.234,50 €", Decimal("1234.50"))


@pytest.mark.parametrize("value", [None, "", "  ", {"value": None, "confidence": 0.1}, {"value": ""}])
def test_field_that_says_nothing_is_absent(value: Any) -> None:
    assert read_result({"total": value}).fields == {}


def test_null_leaves_its_name_to_another_member() -> None:
    assert plain({"invoice_id": None, "document_number": "A-1"}) == {"invoice_number": "A-1"}


def test_of_two_members_for_one_field_the_exact_name_wins_and_the_other_stays() -> None:
    found = plain({"amount_total": "1.00", "total": "2.00", "vendor": "A", "supplier": "B"})

    assert found == {"amount_total": "1.00", "total": Decimal("2.00"), "vendor": "A", "supplier": "B"}


def test_members_that_differ_only_in_spelling_are_all_kept() -> None:
    assert plain({"cost center": 1, "costCenter": 2, "Cost-Center": 3}) == {
        "cost_center": 1,
        "costCenter": 2,
        "Cost-Center": 3,
    }


def test_member_whose_names_are_all_taken_is_told() -> None:
    result = read_result({"a.b": 1, "a": {"b": 2}, "a_b": 3})

    assert result.values() == {"a_b": 1, "a.b": 2}
    assert result.warnings == ("a_b: given twice",)


@pytest.mark.parametrize("value", ["soon", "19%", True, ["5"], [1.0]])
def test_amount_that_cannot_be_read_is_none_with_a_warning_and_its_text(value: Any) -> None:
    result = read_result({"total": value})

    assert result.fields["total"].value is None
    assert result.warnings == ("total: not an amount",)


def test_date_that_cannot_be_read_is_none_with_a_warning_and_its_text() -> None:
    result = read_result({"due_date": "on receipt"})

    assert (result.fields["due_date"].value, result.fields["due_date"].text) == (None, "on receipt")
    assert result.warnings == ("due_date: not a date",)


@pytest.mark.parametrize("name", ["total", "due_date"])
def test_word_for_nothing_is_none_without_a_warning(name: str) -> None:
    result = read_result({name: "N/A"})

    assert result.fields[name].value is None
    assert result.warnings == ()


def test_date_of_two_days_is_settled_by_another_date() -> None:
    assert plain({"invoice_date": "5/1/2026", "due_date": "25/1/2026"})["invoice_date"] == date(2026, 1, 5)


def test_date_of_two_days_without_evidence_is_none_with_a_warning() -> None:
    result = read_result({"invoice_date": "5/1/2026"})

    assert result.fields["invoice_date"].value is None
    assert result.warnings == ("invoice_date: day and month cannot be told apart",)


def test_provider_may_promise_the_order_and_the_mark() -> None:
    found = plain({"invoice_date": "5/1/2026", "total": "12,800"}, day_first=False, decimal_mark=",")

    assert found == {"invoice_date": date(2026, 5, 1), "total": Decimal("12.800")}


def test_credit_on_a_statement_is_money_that_came_in() -> None:
    found = read_result(
        {
            "closing_balance": "100.00 CR",
            "transactions": [{"date": "2026-05-01", "amount": "5.00 DR", "balance": "3,00 S"}],
        }
    )

    assert found.fields["closing_balance"].value == 100
    assert (found.line_items[0]["amount"].value, found.line_items[0]["balance"].value) == (-5, -3)
    assert found.fields["closing_balance"].text == "100.00 CR"


def test_credit_on_an_invoice_is_money_that_the_vendor_owes() -> None:
    assert plain({"total": "100.00 CR", "tax": "5.00 DR"}) == {"total": Decimal(-100), "tax": Decimal(5)}


def test_credit_is_no_amount_where_nothing_says_whose() -> None:
    result = read_result({"amount_paid": "100.00 CR"})

    assert (result.fields["amount_paid"].value, result.warnings) == (None, ("amount_paid: not an amount",))


def test_years_of_two_digits_are_buddhist_where_another_date_is() -> None:
    assert plain({"invoice_date": "31/01/2569", "due_date": "05/02/69"}) == {
        "invoice_date": date(2026, 1, 31),
        "due_date": date(2026, 2, 5),
    }


def test_decimal_mark_is_settled_by_another_amount_of_the_document() -> None:
    result = read_result({"total": "1.500", "items": [{"amount": "1.499,50"}]})

    assert result.fields["total"].value == Decimal(1500)
    assert result.warnings == ()


def test_decimal_mark_without_evidence_is_told() -> None:
    result = read_result({"total": "12,800"})

    assert result.fields["total"].value == Decimal(12800)
    assert result.warnings == ("total: the mark may be decimal or thousands; read as thousands",)


def test_stated_yen_settles_the_decimal_mark() -> None:
    assert read_result({"total": "12,800", "currency": "JPY"}).warnings == ()


def test_currency_is_taken_from_the_amounts_where_none_is_stated() -> None:
    result = read_result({"total": "9,99 €"})

    assert result.fields["currency"].value == "EUR"
    assert result.warnings == ()


def test_currency_of_a_shared_symbol_is_told() -> None:
    result = read_result({"total": "$5.00", "tax": "$1.00"})

    assert result.fields["currency"].value == "USD"
    assert result.warnings == (f"currency: {SHARED}",)


def test_certain_currency_of_one_amount_wins_over_a_shared_symbol() -> None:
    result = read_result({"total": "CAD 5.00", "items": [{"amount": "$5.00"}]})

    assert result.fields["currency"].value == "CAD"
    assert result.warnings == ()


def test_amounts_in_several_currencies_give_none() -> None:
    result = read_result({"total": "5 EUR", "tax": "1 USD"})

    assert "currency" not in result.fields
    assert result.warnings == ("currency: the amounts are in several currencies",)


def test_amounts_that_contradict_the_stated_currency_are_told() -> None:
    result = read_result({"total": "5 EUR", "currency": "USD"})

    assert result.fields["currency"].value == "USD"
    assert result.warnings == ("currency: the amounts are in another currency",)


def test_shared_symbol_does_not_contradict_the_stated_currency() -> None:
    assert read_result({"total": "$5.00", "currency": "CAD"}).warnings == ()


def test_currency_field_that_is_only_a_symbol_is_told() -> None:
    result = read_result({"currency": "$"})

    assert (result.fields["currency"].value, result.fields["currency"].text) == ("USD", "$")
    assert result.warnings == (f"currency: {SHARED}",)


def test_currency_field_that_cannot_be_read_is_filled_from_the_amounts() -> None:
    result = read_result({"currency": "coins", "total": "5 EUR"})

    assert (result.fields["currency"].value, result.fields["currency"].text) == ("EUR", "coins")
    assert result.warnings == ("currency: not an ISO 4217 currency",)


@pytest.mark.parametrize(("value", "text"), [(12345, "12345"), (1.5, "1.5"), ("0815", "0815")])
def test_numbers_of_documents_are_text(value: Any, text: str) -> None:
    assert plain({"invoice_number": value}) == {"invoice_number": text}


@pytest.mark.parametrize("name", ["line_items", "lineItems", "LineItems", "items", "lines"])
def test_line_items_have_standard_names(name: str) -> None:
    result = read_result({name: [{"name": "Paper", "qty": 2, "price": "10.50", "total": "21.00"}]})

    assert result.values()["line_items"] == [
        {
            "description": "Paper",
            "quantity": Decimal(2),
            "unit_price": Decimal("10.50"),
            "amount": Decimal("21.00"),
        }
    ]


def test_line_items_own_table_wins_over_the_aliases() -> None:
    result = read_result({"items": [{"rate": "x"}]}, item_names={"rate": "description"})

    assert result.values()["line_items"] == [{"description": "x"}]


def test_line_item_that_cannot_be_read_names_its_path() -> None:
    result = read_result({"items": [{"amount": "1.00"}, {"amount": "free", "qty": "some"}]})

    assert result.warnings == ("line_items[1].amount: not an amount", "line_items[1].quantity: not an amount")


@pytest.mark.parametrize(
    "rows", ['[{"name": "Paper"}]', {"1": {"name": "Paper"}}, {"value": [{"name": "Paper"}]}, ["Paper"], ({"name": "Paper"},)]
)  # fmt: skip
def test_line_items_in_other_wrappings(rows: Any) -> None:
    assert plain({"items": rows}) == {"line_items": [{"description": "Paper"}]}


@pytest.mark.parametrize("rows", ["[not json", "[" * 100_000, "three of them", 3])
def test_items_member_that_holds_no_rows_is_a_field(rows: Any) -> None:
    result = read_result({"items": rows})

    assert result.line_items == ()
    assert result.fields["items"].value == rows


def test_row_that_is_no_object_is_told_and_keeps_its_place() -> None:
    result = read_result({"items": [5, {"name": "Paper"}]})

    assert result.line_items[0] == {}
    assert result.line_items[1]["description"].value == "Paper"
    assert result.warnings == ("line_items[0]: not an object",)


def test_other_lists_of_objects_are_tables() -> None:
    paid = [{"by": "card", "amount": 5}]

    result = read_result({"amountsPaid": paid, "wrapped": {"value": paid}, "grid": [[1, 2]]})

    assert result.tables == {"amounts_paid": paid, "wrapped": paid, "grid": [[1, 2]]}
    assert result.fields == {}


@pytest.mark.parametrize(
    "rows",
    [
        [{"rate": 19, "base": "100,00", "amount": "19,00", "code": "S"}],
        [{"tax_rate": "19 %", "amount": "100.00", "tax_amount": "19.00", "category_code": "S"}],
        [
            {
                "tax_detail_rate": "19",
                "tax_detail_base": "100",
                "tax_detail_tax": "19",
                "tax_detail_code": "S",
                "x": None,
            }
        ],
        [{"rate": {"value": 19, "confidence": 0.5}, "net": 100, "vat": 19, "category": "S"}],
        {"normal": {"vat_rate": 19, "taxable": 100, "value": 19, "taxCode": "S"}},
        '[{"percent": 19, "total": 19, "net_amount": 100, "vat_code": "S"}]',
    ],
)
@pytest.mark.parametrize("name", ["taxes", "taxLines", "VAT breakdown", "vat"])
def test_rates_of_tax_are_rows_of_their_own(name: str, rows: Any) -> None:
    result = read_result({"totals": {name: rows}})

    assert {column: field.value for column, field in result.taxes[0].items()} == {
        "tax_rate": Decimal(19),
        "taxable_amount": Decimal(100),
        "tax": Decimal(19),
        "tax_category": "S",
    }
    assert set(result.values()) == {"taxes"}
    assert result.warnings == ()


def test_allowances_and_charges_are_rows_of_their_own() -> None:
    result = read_result(
        {
            "discounts": [{"percent": "2 %", "base": "500.00", "amount": "10.00", "description": "Loyalty"}],
            "surcharges": ["5.00"],
            "fees": [{"name": "Pallet", "value": "3.00", "vat_rate": 19}, 7],
        }
    )

    assert result.values() == {
        "allowances": [
            {
                "percentage": Decimal(2),
                "base_amount": Decimal(500),
                "amount": Decimal(10),
                "reason": "Loyalty",
            }
        ],
        "charges": [
            {"amount": Decimal(5)},
            {"reason": "Pallet", "amount": Decimal(3), "tax_rate": Decimal(19)},
            {},
        ],
    }
    assert result.warnings == ("charges[2]: not an object",)


@pytest.mark.parametrize(
    "pairs",
    [
        [
            {"name": "Invoice No.", "value": "A-1"},
            {"name": "total", "value": "5,50", "confidence": 0.9, "page": 2},
        ],
        [
            {"label": "invoice_number", "ocr_text": "A-1", "score": 0.1},
            {"label": "total", "ocr_text": "5,50", "score": 0.9, "page": 2},
        ],
        [
            {"schema_id": "document_id", "value": None},
            {"key": "invoiceId", "text": "A-1"},
            {"key": "Gross", "text": "5,50", "confidence": 0.9, "page": 2},
        ],
    ],
)
def test_a_list_of_names_and_values_is_fields(pairs: Any) -> None:
    result = read_result({"prediction": pairs})

    assert result.values() == {"invoice_number": "A-1", "total": Decimal("5.50")}
    assert (result.fields["total"].confidence, result.fields["total"].page_number) == (0.9, 2)
    assert result.tables == {}


def test_a_table_of_names_and_rows_reach_into_such_a_list() -> None:
    result = read_result(
        {"felder": [{"name": "Endbetrag", "value": 5}, {"name": "zeilen", "value": [{"menge": 2}]}]},
        names={"Endbetrag": "total", "zeilen": "line_items"},
        item_names={"menge": "quantity"},
    )

    assert result.values() == {"total": Decimal(5), "line_items": [{"quantity": Decimal(2)}]}


@pytest.mark.parametrize(
    "rows",
    [
        [{"name": "A", "value": 1}, {"name": "A", "value": 2}],
        [{"name": "A", "value": 1}, {"name": "B"}],
        [{"name": "A", "value": 1}, [1]],
        [{"name": 1, "value": 1}],
        [{"name": " ", "value": 1}],
    ],
)
def test_rows_that_only_look_so_are_a_table(rows: Any) -> None:
    assert read_result({"paid": rows}).tables == {"paid": rows}


def test_one_tax_or_discount_is_no_row() -> None:
    assert plain({"taxes": "19.00", "discounts": "2.00", "charges": 5}) == {
        "tax": Decimal(19),
        "discount": Decimal(2),
        "charge": Decimal(5),
    }


def test_rows_have_their_places_and_the_documents_decimal_mark() -> None:
    note = {"box": [1, 2, 3, 4], "page": 2, "confidence": 0.5}
    result = read_result(
        {"total": "1,50", "taxes": [{"amount": "1,234"}], "_paperhook": {"taxes": [{"amount": note}]}}
    )

    assert result.taxes[0]["tax"].value == Decimal("1.234")
    assert (result.taxes[0]["tax"].box, result.taxes[0]["tax"].page_number) == ((1, 2, 3, 4), 2)


def test_a_table_of_names_says_where_rows_are() -> None:
    result = read_result(
        {"positionen": [{"menge": 2}], "summen": {"steuern": [{"satz": 7}]}, "abzug": "5,00"},
        names={"positionen": "line_items", "summen.steuern": "taxes", "abzug": "allowances"},
        item_names={"menge": "quantity", "satz": "tax_rate"},
    )

    assert result.line_items[0]["quantity"].value == 2
    assert result.taxes[0]["tax_rate"].value == 7
    assert (result.tables, result.allowances) == ({}, ())
    assert result.fields["abzug"].value == "5,00"


def test_every_field_is_walked_over_and_found_by_its_path() -> None:
    result = read_result(
        {"total": "5.00", "items": [{"name": "Paper"}], "taxes": [{"rate": 19}, {"rate": 7}]}
    )

    assert {path: field.value for path, field in result.walk()} == {
        "total": Decimal(5),
        "line_items[0].description": "Paper",
        "taxes[0].tax_rate": Decimal(19),
        "taxes[1].tax_rate": Decimal(7),
    }
    assert all(result.find(path) is field for path, field in result.walk())
    assert [result.find(path) for path in ("tax", "taxes[2].tax_rate", "taxes[0].tax", "taxes")] == [None] * 4


def test_lists_of_plain_values_are_values() -> None:
    assert plain({"tags": ["a", "b"], "none": []}) == {"tags": ["a", "b"], "none": []}


def test_nested_objects_are_opened() -> None:
    found = plain(
        {
            "vendor": {"name": "Acme", "taxId": "DE1"},
            "totals": {"grandTotal": "5.00"},
            "bank": {"bankName": "B"},
        }
    )

    assert found == {
        "vendor": "Acme",
        "vendor_tax_id": "DE1",
        "total": Decimal("5.00"),
        "bank_bank_name": "B",
    }


def test_amount_with_its_currency_in_an_object() -> None:
    assert plain({"total": {"amount": "5.00", "currency": "EUR"}}) == {
        "total": Decimal("5.00"),
        "currency": "EUR",
    }


def test_line_items_below_another_object_are_found() -> None:
    assert plain({"data": {"line_items": [{"name": "Paper"}]}}) == {"line_items": [{"description": "Paper"}]}


def test_too_deep_objects_are_tables() -> None:
    deep: dict[str, Any] = {"x": 1}
    for name in "fedcba":
        deep = {name: deep}

    result = read_result(deep)

    assert result.tables == {"a_b_c_d_e": {"f": {"x": 1}}}


@pytest.mark.parametrize(
    "text", [{"value": "5.00 EUR", "text": "EUR five"}, {"value": 5, "content": "EUR five"}]
)
def test_wrapped_value_gives_text_confidence_and_page(text: dict[str, Any]) -> None:
    field = read_result({"total": {**text, "confidence": 0.9, "page": 2, "bbox": [1, 2, 3, 4]}}).fields[
        "total"
    ]

    assert (field.value, field.text, field.confidence, field.page_number) == (Decimal(5), "EUR five", 0.9, 2)
    # Nobody says in which units an unknown provider measures.
    assert field.box is None


def test_wrapped_object_is_opened() -> None:
    assert plain({"totals": {"value": {"total": "5.00"}}}) == {"total": Decimal("5.00")}


@pytest.mark.parametrize("confidence", [1.5, -1, "0.9", None, True, float("nan")])
def test_confidence_outside_its_range_is_none(confidence: Any) -> None:
    assert read_result({"total": {"value": 5, "confidence": confidence}}).fields["total"].confidence is None
    assert read_result({}, confidence=confidence).confidence is None


def test_callers_positions_are_used() -> None:
    spot = Position(box=(1, 2, 3, 4), match_ratio=0.5, confidence=0.6, page_number=7)

    result = read_result(
        {"Total": "5", "items": [{"qty": 1}, {"qty": 2}]},
        positions={"Total": spot},
        row_positions={"line_items": [{"qty": spot}]},
    )

    for field in (result.fields["total"], result.line_items[0]["quantity"]):
        assert (field.box, field.match_ratio, field.confidence, field.page_number) == (
            (1, 2, 3, 4),
            0.5,
            0.6,
            7,
        )
    assert result.line_items[1]["quantity"].box is None


NOTE = {"confidence": 0.9, "match_ratio": 1.0, "page": 1, "box": [10, 20, 30, 40]}


def test_annotations_give_positions_and_warnings_and_are_no_field() -> None:
    result = read_result(
        {
            "merchant": "Acme",
            "items": [{"qty": 1}],
            "_paperhook": {
                "fields": {"merchant": NOTE},
                "line_items": [{"qty": NOTE}],
                "warnings": ["total: not found", 5],
            },
        }
    )

    for field in (result.fields["vendor"], result.line_items[0]["quantity"]):
        assert (field.box, field.match_ratio, field.confidence, field.page_number) == (
            (10, 20, 30, 40),
            1.0,
            0.9,
            1,
        )
    assert result.warnings == ("total: not found",)
    assert set(result.fields) == {"vendor"}


def test_callers_positions_win_over_annotations() -> None:
    result = read_result(
        {"total": 5, "_paperhook": {"fields": {"total": NOTE}}}, positions={"total": Position(page_number=2)}
    )

    assert result.fields["total"].page_number == 2


@pytest.mark.parametrize(
    "notes",
    [
        None,
        5,
        [],
        {"fields": [], "line_items": {}, "warnings": 5},
        {"fields": {"total": 5}, "line_items": [5, None]},
    ],
)
def test_annotations_of_another_shape_are_ignored(notes: Any) -> None:
    result = read_result({"total": 5, "items": [{"qty": 1}], "_paperhook": notes})

    assert result.fields["total"].box is None
    assert result.warnings == ()


@pytest.mark.parametrize(
    "box", [None, [1, 2, 3], [1, 2, 3, "4"], [3, 0, 1, 5], [0, 0, 1, 1001], [-1, 0, 1, 1], [0, 0, 1, float("inf")], [0, 0, 1, True]]
)  # fmt: skip
def test_box_that_is_none_of_ours_is_none(box: Any) -> None:
    assert (
        read_result({"total": 5, "_paperhook": {"fields": {"total": {"box": box, "page": 0}}}})
        .fields["total"]
        .box
        is None
    )


def test_document_type_is_the_callers_else_the_documents() -> None:
    assert read_result({"document_type": "invoice"}).document_type == "invoice"
    assert read_result({"document_type": "invoice"}, document_type="receipt").document_type == "receipt"
    assert read_result({"document_type": True}).document_type is None


def test_raw_and_text_are_kept() -> None:
    result = read_result({}, raw={"a": 1}, text="all of it")

    assert (result.raw, result.text) == ({"a": 1}, "all of it")


@pytest.mark.parametrize("values", [None, 5, "text", [], True])
def test_result_that_is_no_object_is_told(values: Any) -> None:
    assert read_result(values).warnings == ("result: not an object",)


def test_half_characters_become_question_marks() -> None:
    result = read_result({"vendor\ud800": "Acme\ud800", "note": {"a\ud800": "\ud800"}, "items": ["\ud800"]})

    result.model_dump_json()
    assert result.fields["vendor"].value == "Acme?"


def test_absurdly_long_number_has_no_text() -> None:
    field = read_result({"stars": 10**5000}).fields["stars"]

    assert field.text is None


def test_warnings_never_hold_values() -> None:
    result = read_result(
        {"total": "SECRET", "due_date": "SECRET", "currency": "SECRET", "items": [{"qty": "SECRET"}]}
    )

    assert len(result.warnings) == 4
    assert "SECRET" not in str(result.warnings)
    assert "SECRET" not in repr(result)


NAMES = st.sampled_from(
    [
        *STANDARD,
        *ALIASES,
        *ITEM_ALIASES,
        "line_items",
        "items",
        "_paperhook",
        "value",
        "fields",
        "box",
        "a",
        "A",
        "-",
        "",
    ]
)
JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(alphabet=st.characters(), max_size=8),
        st.sampled_from(["12,800", "5/1/2026", "$5", "5 EUR", "[1]", "\ud800"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_any_json_value_gives_a_result(values: Any) -> None:
    result = read_result(values, raw=values)

    assert result.model_copy(update={"raw": None, "tables": {}}).values() is not None
    json.dumps(result.warnings)


def test_percentage_of_a_document_and_of_a_row() -> None:
    result = read_result({"vat_rate": "0.19", "items": [{"vat_rate": "19 %"}, {"vat_rate": "full"}]})

    assert result.fields["tax_rate"].value == Decimal("0.19")
    assert result.line_items[0]["tax_rate"].value == Decimal(19)
    assert result.warnings == (
        "tax_rate: it may be a fraction; read as percent",
        "line_items[1].tax_rate: not an amount",
    )


@pytest.mark.parametrize(
    "told_by", [{"currency": "JPY"}, {"order_date": "2026/01/20"}, {"order_date": "令和8年1月20日"}]
)
def test_year_of_two_digits_stands_first_in_a_document_of_east_asia(told_by: dict[str, str]) -> None:
    assert read_result({"date": "26/01/25", **told_by}).fields["invoice_date"].value == date(2026, 1, 25)


def test_year_that_only_the_currency_puts_first_is_a_warning() -> None:
    doubtful = read_result({"date": "05/06/26", "currency": "JPY"})
    proven = read_result({"date": "05/06/26", "currency": "JPY", "order_date": "2005/06/20"})
    plain = read_result({"date": "2005-06-26", "currency": "JPY"})

    assert doubtful.fields["invoice_date"].value == date(2005, 6, 26)
    assert doubtful.warnings == (
        "invoice_date: the year may stand last; read as first by the currency alone",
    )
    assert (proven.warnings, plain.warnings) == ((), ())


def test_year_of_two_digits_stands_last_where_the_documents_dates_say_so() -> None:
    result = read_result({"date": "26/01/25", "currency": "JPY", "order_date": "20/01/2025"})

    assert result.fields["invoice_date"].value == date(2025, 1, 26)


def test_a_day_of_the_same_number_as_its_month_does_not_turn_the_other_dates() -> None:
    result = read_result({"invoice_date": "5/05/2026", "due_date": "04/06/2026"})

    assert result.fields["invoice_date"].value == date(2026, 5, 5)
    assert result.fields["due_date"].value is None
    assert result.warnings == ("due_date: day and month cannot be told apart",)
