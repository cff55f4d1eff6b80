from __future__ import annotations

from datetime import date
from decimal import Decimal

import pydantic
import pytest

from paperhook.core.result import ROWS
from paperhook.errors import ResultInvalid
from paperhook.results.mapping import read_result
from paperhook.results.names import COLUMNS, ITEM_STANDARD, STANDARD
from paperhook.schemas import (
    Adjustment,
    BankStatement,
    IdentityDocument,
    Invoice,
    LineItem,
    Party,
    Receipt,
    TaxLine,
    Transaction,
)

VALUES = {
    "merchant": "Acme",
    "vat_id": "DE1",
    "buyer": "Me",
    "invoice_id": "A-1",
    "date": "2026-05-01",
    "currency": "EUR",
    "tax": "3.50",
    "total": "45.50",
    "items": [{"name": "Paper", "qty": 2, "price": "10.50", "total": "21.00", "sku": "P"}],
}


def test_invoice_has_typed_values() -> None:
    invoice = read_result(VALUES).parse(Invoice)

    assert invoice == Invoice(
        vendor="Acme",
        vendor_tax_id="DE1",
        customer="Me",
        invoice_number="A-1",
        invoice_date=date(2026, 5, 1),
        currency="EUR",
        tax=Decimal("3.50"),
        total=Decimal("45.50"),
        line_items=(
            LineItem(
                description="Paper",
                quantity=Decimal(2),
                unit_price=Decimal("10.50"),
                amount=Decimal("21.00"),
                product_code="P",
            ),
        ),
    )
    assert invoice.seller == Party(name="Acme", tax_id="DE1")
    assert invoice.buyer == Party(name="Me")


def test_receipt_takes_number_and_date_by_the_standard_names() -> None:
    receipt = read_result(VALUES).parse(Receipt)

    assert (receipt.receipt_number, receipt.purchase_date) == ("A-1", date(2026, 5, 1))


def test_nothing_is_required() -> None:
    assert read_result({}).parse(Invoice) == Invoice()
    assert read_result({"total": "soon"}).parse(Receipt) == Receipt()


def test_subclass_may_require_what_it_needs() -> None:
    class Payable(Invoice):
        total: Decimal

    with pytest.raises(ResultInvalid, match="Payable: total: missing"):
        read_result({"vendor": "Acme"}).parse(Payable)


def test_value_that_could_not_be_read_never_becomes_a_default() -> None:
    class Payable(Invoice):
        total: Decimal = Decimal(0)

    with pytest.raises(ResultInvalid, match="Payable: total: decimal_type"):
        read_result({"total": "soon"}).parse(Payable)


def test_schemas_are_frozen() -> None:
    with pytest.raises(pydantic.ValidationError):
        Invoice().total = Decimal(1)  # type: ignore[misc] # that is the point


def test_every_field_has_a_standard_name() -> None:
    own = {*ROWS, "receipt_number", "purchase_date"}

    assert set(Invoice.model_fields) | set(Receipt.model_fields) <= STANDARD | own
    assert set(LineItem.model_fields) <= ITEM_STANDARD
    assert set(TaxLine.model_fields) == COLUMNS["taxes"].standard
    assert set(Adjustment.model_fields) == COLUMNS["charges"].standard == COLUMNS["allowances"].standard


def test_an_invoice_has_its_rates_of_tax_allowances_and_charges() -> None:
    invoice = read_result(
        {
            "vat_breakdown": [
                {
                    "rate": "0 %",
                    "base": "90.00",
                    "amount": "0.00",
                    "category": "AE",
                    "reason": "Reverse charge",
                }
            ],
            "allowances": [{"amount": "10.00", "reason": "Volume"}],
            "charges": [{"amount": "5.00", "percentage": "5 %", "base": "100.00"}],
            "total_charges": "5.00",
        }
    ).parse(Invoice)

    assert invoice.taxes == (
        TaxLine(
            tax_rate=Decimal(0),
            taxable_amount=Decimal(90),
            tax=Decimal(0),
            tax_category="AE",
            exemption_reason="Reverse charge",
        ),
    )
    assert invoice.allowances == (Adjustment(amount=Decimal(10), reason="Volume"),)
    assert invoice.charges == (
        Adjustment(amount=Decimal(5), percentage=Decimal(5), base_amount=Decimal(100)),
    )
    assert invoice.charge == Decimal(5)


def test_every_amount_due_and_order_number_has_a_standard_name() -> None:
    invoice = read_result(
        {
            "po_number": "4500",
            "amount_due": "40.00",
            "amount_paid": "5.50",
            "customer_name": "Me",
            "bill_to_address": "Here 1",
            "supplier_address": "There 2",
            "vat_rate": "19 %",
            "iban": "DE89",
            "line_items": [{"description": "Paper", "vat_rate": "7,0 %", "ean": "400"}],
        }
    ).parse(Invoice)

    assert (invoice.purchase_order, invoice.amount_due, invoice.amount_paid) == (
        "4500",
        Decimal("40.00"),
        Decimal("5.50"),
    )
    assert invoice.buyer == Party(name="Me", address="Here 1")
    assert invoice.seller == Party(address="There 2")
    assert (invoice.tax_rate, invoice.iban) == (Decimal(19), "DE89")
    assert invoice.line_items == (LineItem(description="Paper", tax_rate=Decimal("7.0"), gtin="400"),)


def test_bank_statement_has_typed_transactions() -> None:
    statement = read_result(
        {
            "bank_name": "Sparbank",
            "account_no": "12",
            "statement_period": {"start": "01/02/2026", "end": "28/02/2026"},
            "opening_balance": "1.000,00",
            "closing_balance": "900,00",
            "currency": "EUR",
            "transactions": [
                {
                    "date": "02/02/2026",
                    "details": "Shop",
                    "amount": "-100,00",
                    "balance": "900,00",
                    "payee": "A",
                }
            ],
        }
    ).parse(BankStatement)

    assert (statement.bank, statement.account_number, statement.currency) == ("Sparbank", "12", "EUR")
    assert (statement.period_start, statement.period_end) == (date(2026, 2, 1), date(2026, 2, 28))
    assert (statement.opening_balance, statement.closing_balance) == (Decimal("1000.00"), Decimal("900.00"))
    assert statement.transactions == (
        Transaction(
            booking_date=date(2026, 2, 2),
            description="Shop",
            counterparty="A",
            amount=Decimal("-100.00"),
            balance=Decimal("900.00"),
        ),
    )


def test_identity_document_has_typed_dates() -> None:
    card = read_result(
        {
            "doc_type": "passport",
            "document_number": "C01X",
            "last_name": "Muster",
            "first_name": "Erika",
            "date_of_birth": "12/08/1964",
            "issue_date": "1 Nov 2017",
            "expiration_date": "31/10/2027",
            "gender": "F",
        }
    ).parse(IdentityDocument)

    assert card == IdentityDocument(
        document_type="passport",
        document_number="C01X",
        surname="Muster",
        given_names="Erika",
        birth_date=date(1964, 8, 12),
        issue_date=date(2017, 11, 1),
        expiry_date=date(2027, 10, 31),
        sex="F",
    )


def test_every_field_of_the_other_schemas_has_a_standard_name() -> None:
    own = {"transactions", "document_number", "issue_date"}

    assert set(BankStatement.model_fields) | set(IdentityDocument.model_fields) <= STANDARD | own
    assert set(Transaction.model_fields) <= ITEM_STANDARD
