from __future__ import annotations

from datetime import date
from decimal import Decimal

import pydantic
import pytest

from paperhook.errors import ResultInvalid
from paperhook.results.mapping import read_result
from paperhook.results.names import ITEM_STANDARD, STANDARD
from paperhook.schemas import Invoice, LineItem, Party, Receipt

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
    own = {"line_items", "receipt_number", "purchase_date"}

    assert set(Invoice.model_fields) | set(Receipt.model_fields) <= STANDARD | own
    assert set(LineItem.model_fields) <= ITEM_STANDARD
