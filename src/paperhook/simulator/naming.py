"""Field names: which standard field a column, template field or schema key of the user's means, and what was found for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from paperhook.simulator.documents import ReadDocument, ReadField

LINE_ITEMS = "line_items"
TAXES = "taxes"
_PLAIN = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")

_MEANINGS: Mapping[str, tuple[str, ...]] = {
    "vendor": ("vendor", "vendorname", "supplier", "suppliername", "merchant", "merchantname", "seller", "issuer", "company", "shop", "store"),
    "customer": ("customer", "customername", "buyer", "billto", "client", "recipient"),
    "invoice_number": (
        "invoicenumber", "invoiceno", "invoiceid", "invoicenr", "documentnumber", "documentid", "number", "receiptnumber", "receiptno",
    ),
    "invoice_date": ("invoicedate", "date", "issuedate", "issuedon", "documentdate", "receiptdate", "purchasedate"),
    "due_date": ("duedate", "due", "paymentdue", "payby"),
    "currency": ("currency", "currencycode"),
    "subtotal": ("subtotal", "net", "nettotal", "netamount", "totalnet"),
    "tax": ("tax", "vat", "taxamount", "vatamount", "salestax", "totaltax", "gst"),
    "total": ("total", "totalamount", "grandtotal", "amount", "gross", "grossamount", "sum"),
    "amount_due": ("amountdue", "balancedue", "totaldue", "dueamount", "amountpayable"),
    "po_number": ("ponumber", "po", "purchaseorder", "purchaseordernumber", "ordernumber", "orderno"),
    LINE_ITEMS: ("lineitems", "items", "lines", "positions", "rows"),
    TAXES: (
        "taxes", "taxlines", "taxbreakdown", "taxdetails", "taxsubtotals", "taxsummary", "taxrates", "vatbreakdown", "vatlines",
        "vatdetails", "vatsummary", "vatrates",
    ),
}  # fmt: skip
_ITEM_MEANINGS: Mapping[str, tuple[str, ...]] = {
    "description": ("description", "name", "item", "product", "service", "text"),
    "quantity": ("quantity", "qty", "count", "units"),
    "unit_price": ("unitprice", "price", "rate", "unitcost"),
    "amount": ("amount", "total", "linetotal", "totalprice", "sum", "net"),
}
_TAX_MEANINGS: Mapping[str, tuple[str, ...]] = {
    "tax_rate": ("taxrate", "rate", "vatrate", "percent", "percentage", "taxpercent", "vatpercent"),
    "taxable_amount": ("taxableamount", "taxable", "base", "net", "netamount", "taxbase"),
    "tax": ("tax", "vat", "taxamount", "vatamount", "amount"),
}
_STANDARD = {word: name for name, words in _MEANINGS.items() for word in words}
_COLUMNS = {
    LINE_ITEMS: {word: name for name, words in _ITEM_MEANINGS.items() for word in words},
    TAXES: {word: name for name, words in _TAX_MEANINGS.items() for word in words},
}


def meaning(name: str) -> str | None:
    """Say which standard field a name means: `Invoice No.` and `invoiceNumber` are invoice_number; None when it is none."""
    return _STANDARD.get(_bare(name))


def column_meaning(rows: str, name: str) -> str | None:
    """Say which standard column of `line_items` or `taxes` a name means; None when it is none."""
    return _COLUMNS[rows].get(_bare(name))


def rows_of(document: ReadDocument, rows: str) -> Sequence[Mapping[str, ReadField]]:
    """Give the rows of a document: its `line_items` or its `taxes`."""
    return document.taxes if rows == TAXES else document.line_items


def annotation(field: ReadField) -> dict[str, object]:
    """Tell where a value stands and how sure the reader is."""
    return {
        "confidence": field.confidence,
        "match_ratio": field.match_ratio,
        "page": field.page_number,
        "box": list(field.box),
    }


def annotate(
    document: ReadDocument, names: Mapping[str, str], columns: Mapping[str, Mapping[str, str]]
) -> dict[str, object]:
    """Build the member `_paperhook` of a result: positions and confidences, which this provider does not document.

    Args:
        names: The provider's (or the user's) field name to the standard one.
        columns: The same for the columns of `line_items` and, where the provider has a place for them, of `taxes`.
    """
    rows = {
        member: [
            {given: annotation(row[standard]) for given, standard in known.items() if standard in row}
            for row in rows_of(document, member)
        ]
        for member, known in columns.items()
    }
    return {
        "fields": {
            given: annotation(document.fields[standard])
            for given, standard in names.items()
            if standard in document.fields
        },
        **rows,
        "warnings": list(document.warnings),
    }


def mean_confidence(document: ReadDocument) -> float:
    """Give one confidence for the whole document: the mean over its fields, 0.0 without any."""
    fields = document.fields.values()
    return round(sum(field.confidence for field in fields) / len(fields), 4) if fields else 0.0


def number(text: str) -> int | float | None:
    """Write a plain decimal as a JSON number; None when it is none."""
    if not _PLAIN.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
