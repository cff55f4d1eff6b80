"""Models with the standard names, for `event.result.parse(Invoice)`.

No field is required: a provider that did not find the due date must not stop the invoice. What a document does not state is
None. Ask for what you cannot book without by a rule, `required("vendor", "total")`, which sends the event to review; or by a
subclass, `class Payable(Invoice): total: Decimal`, whose `parse` raises `ResultInvalid`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pydantic


class _Schema(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True)


class Party(_Schema):
    """Who sold or bought."""

    name: str | None = None
    tax_id: str | None = None


class LineItem(_Schema):
    """One row of a document."""

    description: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    #: Of one unit.
    unit_price: Decimal | None = None
    #: Of the whole row.
    amount: Decimal | None = None
    product_code: str | None = None


class _Sale(_Schema):
    document_type: str | None = None
    vendor: str | None = None
    vendor_tax_id: str | None = None
    #: ISO 4217.
    currency: str | None = None
    #: Before tax.
    subtotal: Decimal | None = None
    tax: Decimal | None = None
    discount: Decimal | None = None
    #: With tax.
    total: Decimal | None = None
    payment_method: str | None = None
    line_items: tuple[LineItem, ...] = ()

    @property
    def seller(self) -> Party:
        """The vendor with its tax id."""
        return Party(name=self.vendor, tax_id=self.vendor_tax_id)


class Invoice(_Sale):
    """An invoice or a credit note."""

    customer: str | None = None
    customer_tax_id: str | None = None
    invoice_number: str | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    purchase_order: str | None = None
    shipping: Decimal | None = None
    amount_due: Decimal | None = None

    @property
    def buyer(self) -> Party:
        """The customer with its tax id."""
        return Party(name=self.customer, tax_id=self.customer_tax_id)


class Receipt(_Sale):
    """A receipt of a shop; its number and date have the same standard names as an invoice's."""

    receipt_number: str | None = pydantic.Field(
        default=None, validation_alias=pydantic.AliasChoices("receipt_number", "invoice_number")
    )
    purchase_date: date | None = pydantic.Field(
        default=None, validation_alias=pydantic.AliasChoices("purchase_date", "invoice_date")
    )
    tip: Decimal | None = None
