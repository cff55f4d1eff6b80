from __future__ import annotations

from dataclasses import replace

import pytest

from paperhook.reading.einvoice import confirm, parse
from paperhook.reading.extraction import Extraction
from paperhook.reading.fields import extract
from paperhook.reading.pdf import open_pdf, read_page
from paperhook.textlayer import Page
from tests.make_samples import FOLDER

CII = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:r" xmlns:ram="urn:a" xmlns:udt="urn:u">
 <rsm:ExchangedDocument><ram:ID>{number}</ram:ID>
  <ram:IssueDateTime><udt:DateTimeString format="102">20240312</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
 <rsm:SupplyChainTradeTransaction>
  <ram:ApplicableHeaderTradeAgreement>
   <ram:SellerTradeParty><ram:Name>{vendor}</ram:Name></ram:SellerTradeParty>
   <ram:BuyerTradeParty><ram:Name>Wren Street Studio</ram:Name></ram:BuyerTradeParty>
  </ram:ApplicableHeaderTradeAgreement>
  <ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>GBP</ram:InvoiceCurrencyCode>
   <ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString>20240411</udt:DateTimeString></ram:DueDateDateTime>
   </ram:SpecifiedTradePaymentTerms>
   <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    <ram:TaxBasisTotalAmount>1850</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="GBP">370.00</ram:TaxTotalAmount>
    <ram:GrandTotalAmount>{total}</ram:GrandTotalAmount>
   </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
  </ram:ApplicableHeaderTradeSettlement>
 </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>"""
UBL = """<Invoice xmlns="urn:i" xmlns:cbc="urn:c"><cbc:ID>U-1</cbc:ID><cbc:IssueDate>2024-03-12</cbc:IssueDate>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode><TaxTotal><cbc:TaxAmount>x</cbc:TaxAmount></TaxTotal>
<LegalMonetaryTotal><cbc:TaxInclusiveAmount>NaN</cbc:TaxInclusiveAmount></LegalMonetaryTotal></Invoice>"""


def cii(*, number: str = "HP-2024-0187", vendor: str = "Harbour & Pine Ltd", total: str = "2220.00") -> bytes:
    return CII.format(number=number, vendor=vendor.replace("&", "&amp;"), total=total).encode()


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return [read_page(open_pdf((FOLDER / "invoice.pdf").read_bytes()), 0)[0]]


@pytest.fixture(scope="module")
def read(pages: list[Page]) -> Extraction:
    return extract(pages)


def test_what_is_left_to_pay_and_the_buyer_s_order_are_read() -> None:
    ubl = b"""<Invoice><OrderReference><ID>PO-7</ID></OrderReference>
<LegalMonetaryTotal><PayableAmount>120.50</PayableAmount></LegalMonetaryTotal></Invoice>"""

    assert parse(ubl) == ({"amount_due": "120.50", "po_number": "PO-7"}, "")


def test_agreement_makes_every_field_sure(pages: list[Page], read: Extraction) -> None:
    confirmed = confirm(read, pages, [cii()])

    assert {field.confidence for field in confirmed.fields.values()} == {0.99}
    assert confirmed.warnings == ()


def test_the_page_wins_over_a_contradiction(pages: list[Page], read: Extraction) -> None:
    confirmed = confirm(read, pages, [cii(total="9999.99")])

    assert confirmed.fields["total"].value == "2220.00"
    assert confirmed.fields["total"].confidence <= 0.6
    assert confirmed.warnings == ("fields.total: the attached XML contradicts the page; the page counts",)


def test_what_the_rules_missed_is_filled_from_the_page(pages: list[Page], read: Extraction) -> None:
    missed = replace(read, fields={})

    confirmed = confirm(missed, pages, [cii()])

    assert {name: field.value for name, field in confirmed.fields.items()} == {
        "invoice_number": "HP-2024-0187",
        "invoice_date": "2024-03-12",
        "vendor": "Harbour & Pine Ltd",
        "customer": "Wren Street Studio",
        "due_date": "2024-04-11",
        "subtotal": "1850",
        "tax": "370.00",
        "total": "2220.00",
    }
    assert confirmed.fields["total"].text == "£2,220.00"
    assert confirmed.fields["total"].box == read.fields["total"].box
    assert confirmed.warnings == (
        "fields.currency: the attached XML states a value that the page does not show",
    )


def test_what_the_page_does_not_show_is_not_filled(pages: list[Page], read: Extraction) -> None:
    missed = replace(read, fields={})

    confirmed = confirm(missed, pages, [cii(number="X-1", total="1.23")])

    assert {"invoice_number", "total"}.isdisjoint(confirmed.fields)
    assert len(confirmed.warnings) == 3


def test_an_unsure_name_yields_to_one_the_page_shows_as_well(pages: list[Page], read: Extraction) -> None:
    unsure = replace(read, fields={"vendor": replace(read.fields["customer"], confidence=0.5)})

    confirmed = confirm(unsure, pages, [cii()])

    assert confirmed.fields["vendor"].value == "Harbour & Pine Ltd"


def test_without_an_invoice_nothing_changes(pages: list[Page], read: Extraction) -> None:
    assert confirm(read, pages, []) is read
    assert confirm(read, pages, [b"<something/>"]) is read


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><CrossIndustryInvoice/>',
        b"<! doctype x><CrossIndustryInvoice/>",
        "\ufeff<!DOCTYPE x><Invoice/>".encode("utf-16"),
        b"\xff\xfe\xff",
        b"<Invoice>",
        b"",
        b"<a>" * 100_000,
    ],
)
def test_dangerous_or_broken_xml_is_not_read(content: bytes) -> None:
    stated, problem = parse(content)

    assert stated == {}
    assert problem.endswith("is not read")


def test_broken_xml_is_a_warning(pages: list[Page], read: Extraction) -> None:
    confirmed = confirm(read, pages, [b"<Invoice>", cii()])

    assert confirmed.warnings == ("attachment: its XML is not well formed and is not read",)
    assert confirmed.fields["total"].confidence == 0.99


def test_values_that_are_none_are_left_out() -> None:
    stated, problem = parse(UBL.encode())

    assert stated == {"invoice_number": "U-1", "invoice_date": "2024-03-12", "currency": "EUR"}
    assert problem == ""
