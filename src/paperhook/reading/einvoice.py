"""The XML inside a Factur-X, ZUGFeRD or UBL file, believed only where the page says the same.

Nothing binds the XML to what a person sees, and files exist where the two differ. So the XML raises confidence,
fills what the rules did not find but the page shows, and never overrules the page.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from paperhook.reading.amounts import amounts_in, decimal_mark
from paperhook.reading.dates import find_dates
from paperhook.reading.extraction import ExtractedField, Extraction
from paperhook.reading.layout import Phrase, lines_of
from paperhook.reading.words import Page, Word, joined, squeeze

_AMOUNTS = ("subtotal", "tax", "total", "amount_due")
_DATES = ("invoice_date", "due_date")

#: Paths by local names, from the document element; the first that is there counts.
CII: Mapping[str, tuple[str, ...]] = {
    "invoice_number": ("ExchangedDocument/ID", "HeaderExchangedDocument/ID"),
    "invoice_date": (
        "ExchangedDocument/IssueDateTime/DateTimeString",
        "HeaderExchangedDocument/IssueDateTime/DateTimeString",
    ),
    "vendor": ("*/*/SellerTradeParty/Name",),
    "customer": ("*/*/BuyerTradeParty/Name",),
    "due_date": ("*/*/SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString",),
    "currency": ("*/*/InvoiceCurrencyCode",),
    "subtotal": (
        "*/*/SpecifiedTradeSettlementHeaderMonetarySummation/TaxBasisTotalAmount",
        "*/*/SpecifiedTradeSettlementMonetarySummation/TaxBasisTotalAmount",
    ),
    "tax": (
        "*/*/SpecifiedTradeSettlementHeaderMonetarySummation/TaxTotalAmount",
        "*/*/SpecifiedTradeSettlementMonetarySummation/TaxTotalAmount",
    ),
    "total": (
        "*/*/SpecifiedTradeSettlementHeaderMonetarySummation/GrandTotalAmount",
        "*/*/SpecifiedTradeSettlementMonetarySummation/GrandTotalAmount",
    ),
    "amount_due": (
        "*/*/SpecifiedTradeSettlementHeaderMonetarySummation/DuePayableAmount",
        "*/*/SpecifiedTradeSettlementMonetarySummation/DuePayableAmount",
    ),
    "po_number": (
        "*/*/BuyerOrderReferencedDocument/IssuerAssignedID",
        "*/*/BuyerOrderReferencedDocument/ID",
    ),
}
UBL: Mapping[str, tuple[str, ...]] = {
    "invoice_number": ("ID",),
    "invoice_date": ("IssueDate",),
    "vendor": (
        "AccountingSupplierParty/Party/PartyName/Name",
        "AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName",
    ),
    "customer": (
        "AccountingCustomerParty/Party/PartyName/Name",
        "AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName",
    ),
    "due_date": ("DueDate", "PaymentMeans/PaymentDueDate"),
    "currency": ("DocumentCurrencyCode",),
    "subtotal": ("LegalMonetaryTotal/TaxExclusiveAmount",),
    "tax": ("TaxTotal/TaxAmount",),
    "total": ("LegalMonetaryTotal/TaxInclusiveAmount",),
    "amount_due": ("LegalMonetaryTotal/PayableAmount",),
    "po_number": ("OrderReference/ID",),
}
_PATHS = {
    "CrossIndustryInvoice": CII,
    "CrossIndustryDocument": CII,
    "Invoice": UBL,
    "CreditNote": UBL,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the page shows a value."""

    text: str
    page: Page
    words: tuple[Word, ...]


def confirm(extraction: Extraction, pages: Sequence[Page], attachments: Sequence[bytes]) -> Extraction:
    """Weigh the fields read from the page against the attached XML."""
    for content in attachments:
        stated, problem = parse(content)
        if problem:
            extraction = replace(extraction, warnings=(*extraction.warnings, f"attachment: {problem}"))
        if stated:
            return _weighed(extraction, pages, stated)
    return extraction


def parse(content: bytes) -> tuple[dict[str, str], str]:
    """Read the header fields of an electronic invoice; the second value says why there are none.

    A document type declaration is refused before any parser sees it: entities could expand without bound or name
    files of this machine, and no electronic invoice has one.
    """
    text = _decoded(content)
    if text is None or re.search(r"<!\s*(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        return {}, "its XML declares entities or an unknown encoding and is not read"
    try:
        # Without a DTD there are no entities to expand; the size is capped where the attachment is read.
        root = ElementTree.fromstring(  # noqa: S314 - see above
            re.sub(r"^\s*<\?xml[^>]*\?>", "", text.lstrip("\ufeff"))
        )
    except (ElementTree.ParseError, RecursionError, ValueError):
        return {}, "its XML is not well formed and is not read"
    paths = _PATHS.get(_local(root.tag))
    if paths is None:
        return {}, ""
    stated: dict[str, str] = {}
    for name, options in paths.items():
        raw = next((found for path in options for found in _texts(root, path.split("/"))), None)
        value = _normalised(name, raw) if raw else None
        if value is not None:
            stated[name] = value
    return stated, ""


def _decoded(content: bytes) -> str | None:
    # UTF-16 and UTF-7 would hide "<!DOCTYPE" from a search in the bytes.
    try:
        return content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError:
        return None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _texts(element: ElementTree.Element, path: Sequence[str]) -> Iterator[str]:
    if path:
        for child in element:
            if path[0] in {"*", _local(child.tag)}:
                yield from _texts(child, path[1:])
    elif element.text and element.text.strip():
        yield element.text.strip()


def _normalised(name: str, raw: str) -> str | None:
    try:
        if name in _AMOUNTS:
            value = Decimal(raw)
            return format(value, "f") if value.is_finite() and abs(value.adjusted()) < 20 else None
        if name in _DATES:
            digits = raw.replace("-", "")[:8]
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
    except (InvalidOperation, ValueError):
        return None
    return raw[:200]


def _weighed(extraction: Extraction, pages: Sequence[Page], stated: Mapping[str, str]) -> Extraction:
    fields = dict(extraction.fields)
    warnings = list(extraction.warnings)
    shown = _Shown(pages, extraction.language)
    for name, value in stated.items():
        field = fields.get(name)
        if field is not None and _same(name, field.value, value):
            fields[name] = replace(field, confidence=0.99)
            continue
        evidence = shown.find(name, value)
        if field is None:
            if evidence is not None:
                fields[name] = _filled(value, evidence)
            else:
                warnings.append(f"fields.{name}: the attached XML states a value that the page does not show")
        elif (
            evidence is not None
            and name in {"vendor", "customer", "invoice_number"}
            and field.confidence < 0.75
        ):
            # The page shows both; the rule was unsure which of them it is.
            fields[name] = _filled(value, evidence)
        else:
            fields[name] = replace(field, confidence=round(min(field.confidence, 0.6), 3))
            warnings.append(f"fields.{name}: the attached XML contradicts the page; the page counts")
    return replace(extraction, fields=fields, warnings=tuple(warnings))


def _same(name: str, printed: str, stated: str) -> bool:
    if name in _AMOUNTS:
        return abs(Decimal(printed)) == abs(Decimal(stated))
    if name in {"vendor", "customer"}:
        short, long = sorted((squeeze(printed), squeeze(stated)), key=len)
        return bool(short) and short in long
    return squeeze(printed) == squeeze(stated)


def _filled(value: str, evidence: Evidence) -> ExtractedField:
    return ExtractedField(
        value, evidence.text, 0.9, 1.0, evidence.page.number, evidence.page.box(evidence.words)
    )


class _Shown:
    """Finds a value of the XML on the pages."""

    def __init__(self, pages: Sequence[Page], language: str | None) -> None:
        self.phrases = [phrase for page in pages for line in lines_of(page) for phrase in line.phrases]
        self.language = language
        self.mark = decimal_mark((phrase.text for phrase in self.phrases), language=language)

    def find(self, name: str, value: str) -> Evidence | None:
        if name in _AMOUNTS:
            return self._amount(Decimal(value))
        if name in _DATES:
            return self._date(value)
        return self._text(value)

    def _amount(self, value: Decimal) -> Evidence | None:
        for phrase in self.phrases:
            for amount in amounts_in(phrase, self.mark):
                if amount.is_money and abs(amount.value) == abs(value):
                    return Evidence(amount.text, phrase.page, amount.words)
        return None

    def _date(self, value: str) -> Evidence | None:
        for phrase in self.phrases:
            for order in ("DMY", "MDY"):
                for printed in find_dates(phrase.page, phrase.words, order=order, language=self.language):
                    if printed.value.isoformat() == value:
                        return Evidence(printed.text, phrase.page, printed.words)
        return None

    def _text(self, value: str) -> Evidence | None:
        key = squeeze(value)
        for phrase in self.phrases:
            if key and (words := _window(phrase, key)):
                return Evidence(joined(words), phrase.page, words)
        return None


def _window(phrase: Phrase, key: str) -> tuple[Word, ...]:
    """The words of a phrase that together read `key`."""
    for start in range(len(phrase.words)):
        text = ""
        for end in range(start, len(phrase.words)):
            text += squeeze(phrase.words[end].text)
            if text == key:
                return phrase.words[start : end + 1]
            if len(text) > len(key):
                break
    return ()
