"""The standard names of fields, the kinds of their values, and the other names that providers and users give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache


def words_in(text: str) -> frozenset[str]:
    """Read a table of words that is written as one text."""
    return frozenset(text.split())


MONEY = words_in(
    "subtotal tax total discount shipping tip rounding amount_due amount_paid deposit unit_price amount"
)
DATES = words_in("invoice_date due_date delivery_date order_date period_start period_end")
NUMBERS = frozenset({"quantity"})
TEXTS = words_in("""
    vendor vendor_tax_id customer customer_tax_id invoice_number purchase_order payment_method iban bic document_type
    description product_code unit
    """)


def _aliases(table: Mapping[str, str]) -> dict[str, str]:
    return {alias: name for name, aliases in table.items() for alias in aliases.split()}


#: Snake-case name to the standard one.
ALIASES: Mapping[str, str] = _aliases(
    {
        "vendor": "vendor_name supplier supplier_name merchant merchant_name seller seller_name issuer issuer_name store "
        "store_name shop_name company company_name creditor",
        "vendor_tax_id": "vendor_vat_id supplier_tax_id supplier_vat_id seller_tax_id merchant_tax_id vat_id tax_id vat_number",
        "customer": "customer_name buyer buyer_name client client_name bill_to billed_to recipient recipient_name debtor",
        "customer_tax_id": "customer_vat_id buyer_tax_id",
        "invoice_number": "invoice_no invoice_num invoice_nr invoice_id document_number document_no receipt_number receipt_no "
        "receipt_id bill_number number",
        "invoice_date": "date issue_date issued issued_at issued_on document_date receipt_date bill_date purchase_date "
        "transaction_date date_of_issue",
        "due_date": "payment_due_date payment_due due due_on pay_by date_due",
        "currency": "currency_code currency_iso iso_currency total_currency",
        "subtotal": "sub_total net net_amount net_total total_net amount_net total_excl_tax total_before_tax amount_excl_tax "
        "subtotal_amount",
        "tax": "tax_amount tax_total total_tax vat vat_amount total_vat sales_tax gst gst_amount consumption_tax",
        "total": "total_amount amount grand_total invoice_total total_gross gross gross_amount gross_total amount_total "
        "total_incl_tax amount_incl_tax total_price sum",
        "amount_due": "balance_due balance total_due",
        "payment_method": "payment_type paid_by",
        "purchase_order": "po_number po purchase_order_number order_number",
        "discount": "discount_amount total_discount",
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
        "unit": "uom unit_of_measure",
    }
)
ITEM_STANDARD = words_in("description quantity unit_price amount product_code unit discount tax")
STANDARD = (MONEY | DATES | TEXTS | {"currency"}) - {
    "description",
    "unit_price",
    "amount",
    "product_code",
    "unit",
}

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
)
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
