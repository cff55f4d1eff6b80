"""Models with the standard names, for `event.result.parse(Invoice)`.

No field is required: a provider that did not find the due date must not stop the invoice. What a document does not state is
None. Ask for what you cannot book without by a rule, `required("vendor", "total")`, which sends the event to review; or by a
subclass, `class Payable(Invoice): total: Decimal`, whose `parse` raises `ResultInvalid`.

`BT-…` are the business terms of EN 16931-1:2017, the European core invoice, which have the same meaning.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

import pydantic
from pydantic import AliasChoices, Field


class _Schema(pydantic.BaseModel):
    model_config: ClassVar[pydantic.ConfigDict] = pydantic.ConfigDict(frozen=True)


class Party(_Schema):
    """Who sold or bought."""

    name: str | None = None
    tax_id: str | None = None
    #: In one text, as printed.
    address: str | None = None


class LineItem(_Schema):
    """One row of a document."""

    #: BT-153 and BT-154: the name of the item, and whatever else the row says of it.
    description: str | None = None
    #: BT-129.
    quantity: Decimal | None = None
    #: BT-130, as printed.
    unit: str | None = None
    #: BT-146: of one unit.
    unit_price: Decimal | None = None
    #: BT-136: what is taken off this row.
    discount: Decimal | None = None
    #: BT-131: of the whole row.
    amount: Decimal | None = None
    #: BT-152, in percent: 19 means 19 %.
    tax_rate: Decimal | None = None
    #: Of this row; EN 16931 has it for the whole invoice only.
    tax: Decimal | None = None
    #: BT-155: the seller's.
    product_code: str | None = None
    #: BT-157: GTIN, EAN or UPC.
    gtin: str | None = None


class TaxLine(_Schema):
    """One rate of tax of a document: BG-23."""

    #: BT-119, in percent.
    tax_rate: Decimal | None = None
    #: BT-118, such as `S`, `Z`, `E`, `AE`, `K`, `G` or `O` of UNTDID 5305, or as printed.
    tax_category: str | None = None
    #: BT-116: what the tax is of.
    taxable_amount: Decimal | None = None
    #: BT-117.
    tax: Decimal | None = None
    #: BT-120: why there is no tax.
    exemption_reason: str | None = None
    #: What the tax is called, such as `GST`; EN 16931 knows VAT only.
    description: str | None = None


class Adjustment(_Schema):
    """What is taken off (BG-20) or added (BG-21) for the document as a whole."""

    #: BT-92 or BT-99, never below 0 in EN 16931.
    amount: Decimal | None = None
    #: BT-93 or BT-100: what the percentage is of.
    base_amount: Decimal | None = None
    #: BT-94 or BT-101.
    percentage: Decimal | None = None
    #: BT-97 or BT-104.
    reason: str | None = None
    #: BT-96 or BT-103, in percent.
    tax_rate: Decimal | None = None
    #: BT-95 or BT-102.
    tax_category: str | None = None


class _Sale(_Schema):
    #: BT-3 in a word, such as `invoice` or `credit_note`.
    document_type: str | None = None
    #: BT-27.
    vendor: str | None = None
    #: BT-31 or BT-32.
    vendor_tax_id: str | None = None
    #: BG-5, in one text.
    vendor_address: str | None = None
    #: BT-42.
    vendor_phone: str | None = None
    #: BT-5: ISO 4217.
    currency: str | None = None
    #: BT-109: before tax.
    subtotal: Decimal | None = None
    #: BT-110.
    tax: Decimal | None = None
    #: BT-119, in percent, where the document has one rate.
    tax_rate: Decimal | None = None
    #: BT-107: what is taken off the sum of the rows.
    discount: Decimal | None = None
    #: BT-108: what is added to the sum of the rows.
    charge: Decimal | None = None
    #: BT-112: with tax.
    total: Decimal | None = None
    #: BT-114: what the amount due was rounded by.
    rounding: Decimal | None = None
    #: BT-82.
    payment_method: str | None = None
    #: BG-25.
    line_items: tuple[LineItem, ...] = ()
    #: BG-23: for each rate of tax what it is of and how much it is.
    taxes: tuple[TaxLine, ...] = ()
    #: BG-20: what makes up the discount.
    allowances: tuple[Adjustment, ...] = ()
    #: BG-21: what makes up the charge.
    charges: tuple[Adjustment, ...] = ()

    @property
    def seller(self) -> Party:
        """The vendor with its tax id and address."""
        return Party(name=self.vendor, tax_id=self.vendor_tax_id, address=self.vendor_address)


class Invoice(_Sale):
    """An invoice or a credit note."""

    #: BT-1.
    invoice_number: str | None = None
    #: BT-2.
    invoice_date: date | None = None
    #: BT-9.
    due_date: date | None = None
    #: BT-72.
    delivery_date: date | None = None
    #: BT-73 and BT-74.
    period_start: date | None = None
    period_end: date | None = None
    #: BT-44.
    customer: str | None = None
    #: BT-48.
    customer_tax_id: str | None = None
    #: BG-8, in one text.
    customer_address: str | None = None
    #: BT-43.
    vendor_email: str | None = None
    #: BT-30: the seller's number in a register of companies.
    vendor_registration: str | None = None
    #: BT-10: what the buyer asked to be written.
    buyer_reference: str | None = None
    #: BT-13: the buyer's number of the order.
    purchase_order: str | None = None
    #: BT-14: the seller's number of the order.
    sales_order: str | None = None
    #: BT-12.
    contract_number: str | None = None
    #: BT-25: what a credit note or a correction is about.
    preceding_invoice: str | None = None
    #: BT-99 where it is for shipping.
    shipping: Decimal | None = None
    #: BT-113.
    amount_paid: Decimal | None = None
    #: BT-115: the total without what is paid already.
    amount_due: Decimal | None = None
    #: BT-20.
    payment_terms: str | None = None
    #: BT-83: what to write on the payment.
    payment_reference: str | None = None
    #: BT-84.
    iban: str | None = None
    #: BT-86.
    bic: str | None = None
    #: BT-22.
    note: str | None = None

    @property
    def buyer(self) -> Party:
        """The customer with its tax id and address."""
        return Party(name=self.customer, tax_id=self.customer_tax_id, address=self.customer_address)


class Receipt(_Sale):
    """A receipt of a shop; its number and date have the same standard names as an invoice's."""

    receipt_number: str | None = Field(
        default=None, validation_alias=AliasChoices("receipt_number", "invoice_number")
    )
    purchase_date: date | None = Field(
        default=None, validation_alias=AliasChoices("purchase_date", "invoice_date")
    )
    tip: Decimal | None = None
    amount_paid: Decimal | None = None


class Transaction(_Schema):
    """One row of a bank statement."""

    booking_date: date | None = None
    #: From when the money counts for interest.
    value_date: date | None = None
    description: str | None = None
    counterparty: str | None = None
    reference: str | None = None
    #: Below 0 where money left the account; None where the statement has columns for both.
    amount: Decimal | None = None
    #: Money that left the account.
    debit: Decimal | None = None
    #: Money that came in.
    credit: Decimal | None = None
    #: Of the account, after this row.
    balance: Decimal | None = None


class BankStatement(_Schema):
    """What moved on an account."""

    document_type: str | None = None
    bank: str | None = None
    account_holder: str | None = None
    account_number: str | None = None
    iban: str | None = None
    bic: str | None = None
    #: ISO 4217.
    currency: str | None = None
    statement_number: str | None = None
    statement_date: date | None = Field(
        default=None, validation_alias=AliasChoices("statement_date", "invoice_date")
    )
    period_start: date | None = None
    period_end: date | None = None
    opening_balance: Decimal | None = None
    closing_balance: Decimal | None = None
    transactions: tuple[Transaction, ...] = Field(
        default=(), validation_alias=AliasChoices("transactions", "line_items")
    )


class IdentityDocument(_Schema):
    """A passport, an identity card or a driving licence."""

    document_type: str | None = None
    document_number: str | None = Field(
        default=None, validation_alias=AliasChoices("document_number", "invoice_number")
    )
    issuing_country: str | None = None
    issuing_authority: str | None = None
    surname: str | None = None
    given_names: str | None = None
    #: Where the names are not told apart.
    full_name: str | None = None
    birth_date: date | None = None
    birth_place: str | None = None
    #: As printed.
    sex: str | None = None
    nationality: str | None = None
    address: str | None = None
    issue_date: date | None = Field(default=None, validation_alias=AliasChoices("issue_date", "invoice_date"))
    expiry_date: date | None = None
    #: The number of the person, where the document has one beside its own.
    personal_number: str | None = None
    #: The machine-readable zone, its lines apart by line breaks.
    mrz: str | None = None
