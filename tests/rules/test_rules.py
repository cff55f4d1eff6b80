"""What each rule finds wrong, and with which field and box."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from paperhook.core.event import DocumentCompleted
from paperhook.core.result import Field, Result
from paperhook.core.review import Reason
from paperhook.errors import ConfigurationError
from paperhook.results.mapping import read_result
from paperhook.rules import (
    Rule,
    any_of,
    ask,
    confident,
    matched,
    not_after,
    not_before,
    required,
    rule_of,
    sums,
    unique,
)
from paperhook.rules.base import Custom

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def event(result: Result, **changes: Any) -> DocumentCompleted:
    return DocumentCompleted(
        **{"key": "k", "provider": "docuparse", "type": "document.completed", "result": result, **changes}
    )


def found(rule: Rule, result: Result | None = None, **values: Any) -> list[tuple[str | None, str]]:
    given = event(read_result(values) if result is None else result)
    return [(each.field, each.message) for each in rule.check(given, now=NOW)] if rule.applies(given) else []


def fields(**figures: Field) -> Result:
    return Result(fields=figures)


# required


def test_required_names_what_is_missing_and_what_could_not_be_read() -> None:
    assert found(required("vendor", "total", "iban"), vendor="Acme", total="soon") == [
        ("total", "total could not be read"),
        ("iban", "iban is missing"),
    ]


def test_required_looks_into_rows_and_for_rows() -> None:
    rule = required("line_items", "line_items[0].amount", "line_items[1].amount")

    assert found(rule, items=[{"total": "1.00"}]) == [
        ("line_items[1].amount", "line_items[1].amount is missing")
    ]
    assert found(required("line_items"), total="1.00") == [("line_items", "line_items is missing")]


def test_a_reason_knows_where_the_field_stands() -> None:
    result = fields(total=Field(value=Decimal(1), confidence=0.5, page_number=2, box=(1, 2, 3, 4)))

    (reason,) = confident(0.9).check(event(result), now=NOW)

    assert reason == Reason(
        rule="confident",
        message="total is at 0.50, below 0.9",
        field="total",
        page_number=2,
        box=(1, 2, 3, 4),
    )


# confident, matched


def test_confidence_of_every_field_that_has_one() -> None:
    result = Result(
        fields={
            "total": Field(value=1, confidence=0.84),
            "tax": Field(value=1, confidence=0.85),
            "vendor": Field(value="A"),
        },
        line_items=({"amount": Field(value=1, confidence=0.2)},),
    )

    assert [field for field, _ in found(confident(0.85), result)] == ["total", "line_items[0].amount"]
    assert [field for field, _ in found(confident(0.85, "tax", "absent"), result)] == []


def test_confidence_of_the_document_stands_for_fields_without_one() -> None:
    result = Result(fields={"total": Field(value=1)}, confidence=0.5)

    assert found(confident(0.6), result) == [("total", "total is at 0.50, below 0.6")]
    assert found(confident(0.4, "total"), result) == []


@pytest.mark.parametrize(("figure", "told"), [(float("nan"), "nan"), (float("inf"), "inf"), (55.0, "55.00")])
def test_a_figure_that_is_no_share_is_not_good_enough(figure: float, told: str) -> None:
    result = fields(total=Field(value=Decimal(1), confidence=figure, match_ratio=figure))

    assert found(confident(0.6), result) == [("total", f"total is at {told}, not between 0.6 and 1")]
    assert found(matched(0.6, "total"), result) == [("total", f"total is at {told}, not between 0.6 and 1")]


def test_what_nobody_says_is_not_good_enough() -> None:
    result = fields(total=Field(value=1), empty=Field())

    assert found(confident(0.1), result) == [(None, "the provider does not say how sure it is")]
    assert found(confident(0.1, "total", "empty"), result) == [
        ("total", "the provider does not say how sure it is of total")
    ]
    assert found(matched(0.1), result) == [
        (None, "the provider does not say how much of it stands on the page")
    ]


def test_a_value_that_a_person_set_is_good_enough() -> None:
    result = fields(total=Field(value=1, confidence=0.1, match_ratio=0.1, is_corrected=True))

    assert found(confident(1, "total"), result) == []
    assert found(matched(1), result) == []


def test_match_ratio() -> None:
    result = Result(fields={"total": Field(value=1, match_ratio=0.5)}, confidence=0.9)

    assert found(matched(0.6), result) == [("total", "total is at 0.50, below 0.6")]
    assert found(matched(0.5, "total"), result) == []


# sums


@pytest.mark.parametrize(
    "values",
    [
        {"subtotal": "40.00", "tax": "5.50", "total": "45.50"},
        {"subtotal": "40.00", "tax": "5.50", "total": "45.51"},
        {"subtotal": "40.00", "total": "45.50"},
        {"total": "45.50"},
        {"subtotal": "40.00", "tax": "5.50"},
        {"subtotal": "40.00", "tax": "5.50", "shipping": "5.00", "total": "50.50"},
        {"subtotal": "45.00", "tax": "5.50", "shipping": "5.00", "total": "50.50"},
        {"subtotal": "40.00", "tax": "5.50", "discount": "-2.00", "total": "43.50"},
        {"subtotal": "40.00", "tax": "5.50", "discount": "2.00", "tip": "3.00", "total": "46.50"},
        {"subtotal": "12,000", "tax": "1,200", "total": "13,201", "currency": "JPY"},
        {"subtotal": "1.000", "tax": "0.100", "total": "1.101", "currency": "KWD"},
        {"subtotal": "-40.00", "tax": "-5.50", "total": "-45.50"},
        {"subtotal": "3.00", "items": [{"total": "1.00"}, {"total": "2.01"}, {"name": "text"}]},
        {"subtotal": "3.00", "discount": "1.00", "items": [{"total": "4.00"}]},
        {"total": "3.00", "items": [{"total": "3.00"}]},
        {"total": "3.30", "tax": "0.30", "items": [{"total": "3.00"}]},
        {"items": [{"total": "3.00"}]},
        {"items": [{"name": "text"}], "subtotal": "3.00"},
        {},
    ],
)
def test_amounts_that_add_up(values: dict[str, Any]) -> None:
    assert found(sums(), **values) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"subtotal": "40.00", "tax": "5.50", "total": "45.52"}, "total"),
        ({"subtotal": "40.00", "tax": "5.50", "total": "40.00"}, "total"),
        ({"subtotal": "40.00", "total": "39.00"}, "total"),
        ({"subtotal": "12,000", "tax": "1,200", "total": "13,202", "currency": "JPY"}, "total"),
        ({"subtotal": "1.000", "tax": "0.100", "total": "1.102", "currency": "KWD"}, "total"),
        ({"subtotal": "3.00", "items": [{"total": "1.00"}, {"total": "2.03"}]}, "subtotal"),
        ({"total": "3.00", "items": [{"name": "text"}, {"total": "5.00"}]}, "line_items[1].amount"),
    ],
)
def test_amounts_that_do_not(values: dict[str, Any], field: str) -> None:
    assert [name for name, _ in found(sums(), **values)] == [field]


def test_tolerance_is_for_all_or_by_currency() -> None:
    off = {"subtotal": "40.00", "tax": "5.00", "total": "45.90"}

    assert found(sums("0.90"), **off) == []
    assert found(sums({"EUR": Decimal("0.90")}), **off, currency="EUR") == []
    assert len(found(sums({"EUR": "0.90"}), **off, currency="USD")) == 1
    assert found(sums({"EUR": 0, "": 1}), **off, currency="USD") == []


TWO_RATES = {
    "subtotal": "300.00",
    "tax": "26.00",
    "total": "326.00",
    "taxes": [
        {"rate": "19 %", "base": "100.00", "amount": "19.00"},
        {"rate": "3.5 %", "base": "200.00", "amount": "7.00"},
    ],
}


@pytest.mark.parametrize(
    "values",
    [
        TWO_RATES,
        {"total": "326.00", "taxes": TWO_RATES["taxes"]},
        {"subtotal": "300.00", "total": "326.00", "taxes": TWO_RATES["taxes"]},
        # The discount is off the subtotal before the taxable amounts.
        {**TWO_RATES, "subtotal": "310.00", "discount": "10.00"},
        {**TWO_RATES, "subtotal": "310.00", "allowances": [{"amount": "4.00"}, {"amount": "6.00"}]},
        {**TWO_RATES, "subtotal": "290.00", "charge": "10.00", "charges": [{"amount": "10.00"}]},
        # Tax of two rows, each rounded.
        {
            "taxes": [{"rate": 19, "base": "1.00", "amount": "0.20"}],
            "items": [{"total": "0.50"}, {"total": "0.50"}],
        },
        # A state and its city.
        {
            "subtotal": "100.00",
            "tax": "9.00",
            "total": "109.00",
            "taxes": [
                {"rate": 6, "base": "100.00", "tax": "6.00"},
                {"rate": 3, "base": "100.00", "tax": "3.00"},
            ],
        },
        {
            "subtotal": "-100.00",
            "tax": "-19.00",
            "total": "-119.00",
            "taxes": [{"rate": 19, "base": "-100.00", "tax": "-19.00"}],
        },
        {**TWO_RATES, "taxes": [{"rate": 19}, {"amount": "5.00"}]},
    ],
)
def test_rates_that_add_up(values: dict[str, Any]) -> None:
    assert found(sums(), **values) == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (
            {"taxes": [{"rate": 19, "base": "100.00", "amount": "19.02"}]},
            ("taxes[0].tax", "the tax is not 19 % of the taxable amount"),
        ),
        ({**TWO_RATES, "tax": "27.00", "total": "327.00"}, ("tax", "the taxes of all rates are not the tax")),
        (
            {**TWO_RATES, "subtotal": "301.00", "total": "327.00"},
            ("taxes[0].taxable_amount", "the taxable amounts are not the subtotal"),
        ),
        (
            {**TWO_RATES, "subtotal": "310.00", "discount": "10.00", "allowances": [{"amount": "4.00"}]},
            ("discount", "the allowances are not the discount"),
        ),
        (
            {"subtotal": "300.00", "total": "327.00", "taxes": TWO_RATES["taxes"]},
            ("total", "subtotal and tax are not the total"),
        ),
    ],
)
def test_rates_that_do_not(values: dict[str, Any], reason: tuple[str, str]) -> None:
    assert found(sums(), **values) == [reason]


def test_a_receipts_rate_may_be_in_its_amount() -> None:
    receipt = {"tax": "1.60", "total": "10.00", "taxes": [{"rate": 19, "base": "10.00", "amount": "1.60"}]}

    assert [field for field, _ in found(sums(), **receipt)] == ["taxes[0].tax", "taxes[0].taxable_amount"]
    assert found(sums(tax_included=True), **receipt) == []


def test_rates_can_be_asked_for_and_every_figure_of_theirs_is_judged() -> None:
    result = Result(
        taxes=({"tax": Field(value=Decimal(1), confidence=0.2, page_number=2, box=(1, 2, 3, 4))},)
    )

    (reason,) = confident(0.5).check(event(result), now=NOW)
    assert (reason.field, reason.page_number, reason.box) == ("taxes[0].tax", 2, (1, 2, 3, 4))
    assert found(required("taxes"), result) == []
    assert found(required("charges"), result) == [("charges", "charges is missing")]


def test_prices_may_hold_the_tax_only_where_that_is_said() -> None:
    receipt = {"subtotal": "11.00", "tax": "1.00", "total": "11.00", "items": [{"total": "11.00"}]}
    rows = {"subtotal": "10.00", "tax": "1.00", "total": "11.00", "items": [{"total": "11.00"}]}

    assert [len(found(sums(), **each)) for each in (receipt, rows)] == [1, 1]
    assert [found(sums(tax_included=True), **each) for each in (receipt, rows)] == [[], []]


# Days


@pytest.mark.parametrize(
    ("rule", "day", "message"),
    [
        (not_after("invoice_date"), "2026-05-02", ""),
        (not_after("invoice_date"), "2026-05-03", "invoice_date is after today +1 days"),
        (not_after("invoice_date", timedelta(0)), "2026-05-02", "invoice_date is after today"),
        (not_after("invoice_date", date(2026, 1, 1)), "2026-01-02", "invoice_date is after 2026-01-01"),
        (not_before("invoice_date", timedelta(days=-365)), "2025-05-01", ""),
        (
            not_before("invoice_date", timedelta(days=-365)),
            "2025-04-30",
            "invoice_date is before today -365 days",
        ),
        (not_before("due_date", "invoice_date"), "2026-06-01", "due_date is before invoice_date"),
        (not_before("due_date", "invoice_date"), "2026-05-31", ""),
        (not_before("due_date", "order_date"), "2026-05-31", ""),
        (not_before("order_date", "due_date"), "2026-05-31", ""),
    ],
)
def test_days_have_bounds(rule: Rule, day: str, message: str) -> None:
    reasons = found(rule, invoice_date=day, due_date="2026-05-31")

    assert reasons == ([(message.split(maxsplit=1)[0], message)] if message else [])


# unique


def test_values_are_the_same_whatever_case_spaces_and_points() -> None:
    rule = unique("vendor", "invoice_number", "invoice_date", "total")
    one = event(
        read_result({"vendor": "ACME Ltd.", "invoice_no": "a-1", "date": "1 May 2026", "total": "5.00"})
    )
    two = event(read_result({"vendor": "Acme, LTD", "invoice_no": "A 1", "date": "2026-05-01", "total": "5"}))
    other = event(
        read_result({"vendor": "Acme, LTD", "invoice_no": "A 2", "date": "2026-05-01", "total": "5"})
    )

    assert rule.digest(one) == rule.digest(two) != rule.digest(other)
    assert len(rule.digest(one) or b"") == 32
    assert rule.scope == "vendor,invoice_number,invoice_date,total"


def test_what_is_missing_can_be_told_from_nothing() -> None:
    rule = unique("vendor", "invoice_number")

    assert found(rule, vendor="Acme") == [
        ("invoice_number", "invoice_number is missing: nobody can say whether it is unique")
    ]
    assert rule.digest(event(read_result({"vendor": "Acme"}))) is None
    assert rule.digest(event(read_result({"vendor": "Acme", "invoice_number": "-.-"}))) is None


# Which documents


def test_rules_for_some_documents_only() -> None:
    rule = required("iban").when(document_type="invoice", vendor=["ACME ltd", "Other"])

    assert len(found(rule, vendor="Acme Ltd.", document_type="Invoice")) == 1
    assert found(rule, vendor="Acme Ltd.", document_type="receipt") == []
    assert found(rule, vendor="Third", document_type="invoice") == []
    assert found(rule, document_type="invoice") == []


def test_rules_for_all_other_documents() -> None:
    rule = (
        required("iban").unless(document_type={"receipt"}).unless(provider="ocriva", test=lambda each: True)
    )

    assert len(found(rule, document_type="invoice")) == 1
    assert found(rule, document_type="receipt") == []
    assert list(rule.check(event(Result(), provider="ocriva"), now=NOW)) != []
    assert not rule.applies(event(Result(), provider="ocriva"))


def test_a_function_may_choose_the_documents() -> None:
    rule = confident(0.9).when(test=lambda each: each.result.values().get("total", 0) > 1000)

    assert found(rule, total="5.00") == []
    assert len(found(rule, total="5000.00")) == 1


def test_one_of_several_rules_is_enough() -> None:
    rule = any_of(required("iban"), required("bic"), required("never").when(document_type="receipt"))

    assert found(rule, bic="X") == []
    assert found(rule, vendor="X") == [("iban", "iban is missing"), ("bic", "bic is missing")]
    assert rule.name == "required"
    assert any_of(required("a"), sums()).name == "required or sums"


# Names and functions


def test_a_rule_may_have_a_name_of_yours() -> None:
    rule = required("iban").named("payable")

    assert [each.rule for each in rule.check(event(Result()), now=NOW)] == ["payable"]
    assert required("iban").name == "required"
    assert rule == required("iban").named("payable")
    assert len({sums(), sums(), required("a"), unique("a")}) == 3


def test_a_function_is_a_rule() -> None:
    def no_gold(given: DocumentCompleted) -> str | None:
        return "no gold" if given.result.values().get("vendor") == "Gold" else None

    rule = rule_of(no_gold)

    assert found(rule, vendor="Gold") == [(None, "no gold")]
    assert found(rule, vendor="Tin") == []
    assert (rule.name, rule_of(rule) is rule) == ("no_gold", True)


@pytest.mark.parametrize(
    ("finding", "count"), [(None, 0), ([], 0), ("a", 1), (["a", None, Reason(rule="r", message="m")], 2)]
)
def test_a_function_gives_nothing_a_text_a_reason_or_several(finding: Any, count: int) -> None:
    rule = rule_of(lambda given: finding)

    assert len(list(rule.check(event(Result()), now=NOW))) == count


@pytest.mark.parametrize("finding", [True, False, 5, [5]])
def test_a_function_that_gives_something_else_is_told_so(finding: Any) -> None:
    rule = rule_of(lambda given: finding)

    with pytest.raises(TypeError, match="the rule <lambda> gave"):
        list(rule.check(event(Result()), now=NOW))


class Callable:
    def __call__(self, given: DocumentCompleted) -> None: ...


def test_an_object_that_is_called_is_a_rule_by_its_class() -> None:
    assert isinstance(rule_of(Callable()), Custom)
    assert rule_of(Callable()).name == "Callable"


@pytest.mark.parametrize(
    "make",
    [
        required, unique, any_of,
        lambda: confident(1.1), lambda: matched(-0.1), lambda: sums("-1"),
        lambda: required("a").when(), lambda: required("a").unless(),
        lambda: any_of(unique("a")), lambda: any_of(Custom(print)), lambda: rule_of(5),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(make: Any) -> None:
    with pytest.raises(ConfigurationError):
        make()


def test_a_rule_by_itself_says_nothing() -> None:
    with pytest.raises(NotImplementedError):
        list(Rule().check(event(Result()), now=NOW))


# Asking


def test_rules_are_asked_without_an_inbox() -> None:
    async def later(document: DocumentCompleted) -> str:
        return f"{document.provider} is closed"

    called: list[str] = []

    async def call(function: Any, document: DocumentCompleted) -> Any:
        called.append(function.__name__)
        return function(document)

    def seldom(document: DocumentCompleted) -> None:
        return None

    rules = [required("total"), required("iban").when(provider="ocriva"), later, seldom]
    document = event(Result())

    plain = asyncio.run(ask(rules, document, now=NOW))
    elsewhere = asyncio.run(ask(rules, document, now=NOW, call=call))

    assert [str(reason) for reason in plain] == ["required: total is missing", "later: docuparse is closed"]
    assert elsewhere == plain
    assert called == ["later", "seldom"]


@pytest.mark.parametrize("value", ["-", "# /", "", Decimal("NaN"), Decimal("sNaN")])
def test_unique_holds_back_what_has_nothing_to_tell_documents_apart_by(value: object) -> None:
    result = fields(vendor=Field(value="Acme"), invoice_number=Field(value=value))
    rule = unique("vendor", "invoice_number")

    assert rule.digest(event(result)) is None
    assert [field for field, _ in found(rule, result)] == ["invoice_number"]


def test_unique_takes_nought_for_a_number() -> None:
    result = fields(sequence=Field(value=0))

    assert found(unique("sequence"), result) == []
    assert unique("sequence").digest(event(result)) is not None


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity", "9E+999999"])
def test_sums_holds_back_what_is_no_amount(text: str) -> None:
    strange = Field(value=Decimal(text))
    total = fields(subtotal=Field(value=Decimal(100)), total=strange, currency=Field(value="EUR"))
    rows = Result(
        line_items=({"amount": strange, "quantity": Field(value=Decimal(1))},),
        taxes=({"tax_rate": strange, "taxable_amount": Field(value=Decimal(9)), "tax": strange},),
        allowances=({"amount": strange},),
    )

    assert found(sums(), total) == [("total", "total is no amount")]
    assert [field for field, _ in found(sums(), rows)] == [
        "line_items[0].amount",
        "taxes[0].tax_rate",
        "taxes[0].tax",
        "allowances[0].amount",
    ]


def test_an_amount_that_is_no_number_could_not_be_read() -> None:
    result = fields(total=Field(value=Decimal("NaN")))

    assert found(required("total"), result) == [("total", "total could not be read")]


@pytest.mark.parametrize("tolerance", ["NaN", "sNaN", "Infinity", "5 cents", {"EUR": "NaN"}])
def test_a_tolerance_is_a_finite_amount(tolerance: Any) -> None:
    with pytest.raises(ConfigurationError, match="tolerance"):
        sums(tolerance)


@pytest.mark.parametrize("far", [timedelta.max, timedelta.min, timedelta(days=400_000)])
def test_a_time_from_today_ends_where_there_are_dates(far: timedelta) -> None:
    for rule in (not_before, not_after):
        with pytest.raises(ConfigurationError, match="1,000 years"):
            rule("invoice_date", far)


@pytest.mark.parametrize("late", [datetime(2026, 5, 3, 1, tzinfo=UTC), date(2026, 5, 3)])
def test_a_time_counts_as_its_day(late: date) -> None:
    result = fields(invoice_date=Field(value=late), order_date=Field(value=date(2026, 5, 1)))

    assert [field for field, _ in found(not_after("invoice_date"), result)] == ["invoice_date"]
    assert [field for field, _ in found(not_after("order_date", NOW - timedelta(days=1)), result)] == [
        "order_date"
    ]
    assert found(not_before("order_date", "invoice_date"), result) == [
        ("order_date", "order_date is before invoice_date")
    ]
