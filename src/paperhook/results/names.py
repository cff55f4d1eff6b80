"""The standard names of fields, the kinds of their values, and the other names that providers and users give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache


def words_in(text: str) -> frozenset[str]:
    """Read a table of words that is written as one text."""
    return frozenset(text.split())


MONEY = words_in(
    "subtotal tax total discount charge shipping tip rounding amount_due amount_paid deposit unit_price amount opening_balance "
    "closing_balance balance debit credit taxable_amount base_amount"
)
DATES = words_in("""
    invoice_date due_date delivery_date order_date period_start period_end statement_date booking_date value_date birth_date
    expiry_date
    """)
NUMBERS = frozenset({"quantity"})
PERCENTAGES = frozenset({"tax_rate", "discount_rate", "percentage"})
TEXTS = words_in("""
    vendor vendor_tax_id vendor_address vendor_email vendor_phone vendor_registration customer customer_tax_id customer_address
    invoice_number purchase_order sales_order contract_number buyer_reference preceding_invoice payment_method payment_terms
    payment_reference iban bic account_number account_holder bank statement_number document_type note description product_code
    gtin unit counterparty reference surname given_names full_name birth_place sex nationality issuing_country
    issuing_authority personal_number address mrz tax_category exemption_reason reason
    """)


@dataclass(frozen=True)
class Columns:
    """The names of the columns of one kind of rows."""

    standard: frozenset[str]
    aliases: Mapping[str, str]
    #: Words that mean one of several, in this order the first that no other column of the row is.
    words: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


def _aliases(table: Mapping[str, str]) -> dict[str, str]:
    return {alias: name for name, aliases in table.items() for alias in aliases.split()}


#: Snake-case name to the standard one.
ALIASES: Mapping[str, str] = _aliases(
    {
        "vendor": "vendor_name supplier supplier_name merchant merchant_name seller seller_name issuer issuer_name store "
        "store_name shop_name company company_name creditor",
        "vendor_tax_id": "vendor_vat_id supplier_tax_id supplier_vat_id seller_tax_id merchant_tax_id vat_id tax_id vat_number",
        "vendor_address": "supplier_address seller_address merchant_address store_address company_address",
        "vendor_email": "supplier_email seller_email merchant_email",
        "vendor_phone": "supplier_phone seller_phone merchant_phone vendor_phone_number merchant_phone_number",
        "vendor_registration": "vendor_registration_number company_registration registration_number seller_registration",
        "customer": "customer_name buyer buyer_name client client_name bill_to billed_to recipient recipient_name debtor",
        "customer_tax_id": "customer_vat_id buyer_tax_id buyer_vat_id client_tax_id",
        "customer_address": "buyer_address client_address billing_address bill_to_address",
        "invoice_number": "invoice_no invoice_num invoice_nr invoice_id document_number document_no receipt_number receipt_no "
        "receipt_id bill_number number",
        "invoice_date": "date issue_date issued issued_at issued_on document_date receipt_date bill_date purchase_date "
        "transaction_date date_of_issue",
        "due_date": "payment_due_date payment_due due due_on pay_by date_due",
        "currency": "currency_code currency_iso iso_currency total_currency",
        "subtotal": "sub_total net net_amount net_total total_net amount_net total_excl_tax total_before_tax amount_excl_tax "
        "subtotal_amount taxable_amount total_taxable",
        "tax": "tax_amount tax_total total_tax taxes vat vat_amount total_vat sales_tax gst gst_amount consumption_tax",
        "total": "total_amount amount grand_total invoice_total total_gross gross gross_amount gross_total amount_total "
        "total_incl_tax amount_incl_tax total_price sum",
        "tax_rate": "vat_rate gst_rate tax_percent vat_percent tax_percentage vat_percentage",
        "discount_rate": "discount_percent discount_percentage",
        "amount_due": "balance_due balance total_due due_amount amount_payable payable_amount outstanding_amount",
        "amount_paid": "paid_amount prepaid prepaid_amount total_paid",
        "rounding": "rounding_amount payable_rounding_amount",
        "payment_method": "payment_type paid_by",
        "purchase_order": "po_number po purchase_order_number order_number order_reference order_no",
        "sales_order": "sales_order_number",
        "contract_number": "contract contract_reference contract_no",
        "buyer_reference": "your_reference customer_reference leitweg_id",
        "preceding_invoice": "preceding_invoice_number original_invoice original_invoice_number credited_invoice",
        "payment_terms": "terms terms_of_payment",
        "payment_reference": "remittance_information remittance reference_number",
        "delivery_date": "ship_date shipping_date service_date actual_delivery_date",
        "period_start": "statement_period_start billing_period_start service_period_start start_date from_date statement_start_date",
        "period_end": "statement_period_end billing_period_end service_period_end end_date to_date statement_end_date",
        "iban": "iban_number vendor_iban supplier_iban payment_iban",
        "bic": "swift swift_code bic_code swift_bic",
        "account_number": "account account_no bank_account",
        "account_holder": "account_name holder account_owner",
        "bank": "bank_name",
        "statement_number": "statement_no",
        "opening_balance": "starting_balance beginning_balance previous_balance balance_brought_forward",
        "closing_balance": "ending_balance final_balance new_balance balance_carried_forward",
        "surname": "last_name family_name",
        "given_names": "first_name first_names given_name forenames",
        "birth_date": "date_of_birth dob",
        "birth_place": "place_of_birth",
        "sex": "gender",
        "expiry_date": "expiration_date date_of_expiry expires_on valid_until",
        "issuing_country": "country_of_issue issuing_state",
        "issuing_authority": "authority issued_by",
        "note": "notes invoice_note comment comments remarks",
        "discount": "discount_amount total_discount discounts allowance_total total_allowances",
        "charge": "charge_amount total_charges charge_total charges surcharge surcharges fees",
        "shipping": "shipping_cost shipping_amount freight delivery_fee",
        "tip": "gratuity tip_amount",
        "document_type": "doc_type",
    }
)
#: The same for the columns of line items.
ITEM_ALIASES: Mapping[str, str] = _aliases(
    {
        "description": "name item item_name item_description product product_name service title text details desc label",
        "quantity": "qty count units pieces",
        "unit_price": "price unit_cost unit_amount price_per_unit rate cost",
        "amount": "total line_total line_amount total_price total_amount sum net_amount subtotal net",
        "product_code": "sku code item_code article_number article_no",
        "gtin": "ean ean_code upc barcode",
        "unit": "uom unit_of_measure",
        "tax_rate": "vat_rate gst_rate tax_percent vat_percent tax_percentage vat_percentage",
        "tax": "tax_amount vat vat_amount",
        "discount": "discount_amount rebate",
        "booking_date": "date transaction_date posting_date posted_on",
        "debit": "debit_amount withdrawal paid_out",
        "credit": "credit_amount deposit paid_in",
        "balance": "running_balance",
        "counterparty": "payee payer beneficiary",
    }
)
ITEM_STANDARD = words_in("""
    description quantity unit_price amount product_code gtin unit discount tax tax_rate discount_rate booking_date value_date
    debit credit balance counterparty reference
    """)
#: A row's own names say nothing of a document.
STANDARD = (MONEY | DATES | PERCENTAGES | TEXTS | {"currency"}) - words_in(
    "description unit_price amount product_code gtin unit booking_date value_date debit credit balance counterparty reference "
    "taxable_amount base_amount percentage reason tax_category exemption_reason"
)

#: Where providers put the rows of a document.
ITEM_LISTS: Sequence[str] = (
    "line_items",
    "items",
    "lines",
    "products",
    "positions",
    "rows",
    "invoice_lines",
    "item_list",
    "transactions",
)
#: Of one rate of tax; what stands in `TAX_WORDS` too is one of several, and the others of the row decide.
TAX_ALIASES: Mapping[str, str] = _aliases(
    {
        "tax_rate": "rate vat_rate gst_rate percent tax_percent vat_percent percentage tax_percentage vat_percentage tax_detail_rate",
        "tax_category": "category category_code vat_category vat_category_code tax_category_code code tax_code vat_code "
        "tax_detail_code",
        "taxable_amount": "base base_amount net net_amount taxable taxable_base tax_base basis tax_basis subtotal net_total "
        "amount_excl_tax taxable_net tax_detail_base",
        "tax": "tax_amount vat vat_amount gst_amount amount_tax tax_value tax_detail_tax",
        "exemption_reason": "reason vat_exemption_reason tax_exemption_reason exemption",
        "description": "name label tax_name type",
    }
)
#: A row's amount is the tax, or where the tax is said in another member, what it is of.
TAX_WORDS: Mapping[str, Sequence[str]] = dict.fromkeys(
    ("amount", "value", "total"), ("tax", "taxable_amount")
)
#: Of one document level allowance or charge.
ADJUSTMENT_ALIASES: Mapping[str, str] = _aliases(
    {
        "amount": "value total allowance_amount charge_amount discount discount_amount net_amount sum",
        "base_amount": "base basis base_value",
        "percentage": "percent rate discount_rate discount_percent multiplier",
        "reason": "description name label text title reason_text",
        "tax_rate": "vat_rate tax_percent vat_percent",
        "tax_category": "vat_category vat_category_code tax_category_code tax_code",
    }
)
ADJUSTMENT_STANDARD = words_in("amount base_amount percentage reason tax_rate tax_category")
TAX_STANDARD = words_in("tax_rate tax_category taxable_amount tax exemption_reason description")
#: Where providers put the rows of each kind beside the line items.
OTHER_LISTS: Mapping[str, str] = _aliases(
    {
        "taxes": "taxes tax_lines tax_breakdown tax_details tax_items tax_subtotals tax_summary tax_rates vat vats vat_breakdown "
        "vat_lines vat_details vat_summary vat_rates",
        "allowances": "allowances discounts document_allowances deductions",
        "charges": "charges surcharges fees document_charges additional_charges",
    }
)
#: By the member of a result that the rows go to.
COLUMNS: Mapping[str, Columns] = {
    "line_items": Columns(ITEM_STANDARD, ITEM_ALIASES),
    "taxes": Columns(TAX_STANDARD, TAX_ALIASES, TAX_WORDS),
    "allowances": Columns(ADJUSTMENT_STANDARD, ADJUSTMENT_ALIASES),
    "charges": Columns(ADJUSTMENT_STANDARD, ADJUSTMENT_ALIASES),
}
#: Members that only hold other members; their own name says nothing.
CONTAINERS = words_in(
    "fields data values result results invoice receipt document header totals amounts summary"
)

_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


# Documents of one provider repeat their names.
@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    """Write a name as a Python name: `Invoice No.` and `invoiceNo` are both `invoice_no`; other scripts stay."""
    return re.sub(r"[\W_]+", "_", _BREAK.sub("_", name)).strip("_").lower() or name
