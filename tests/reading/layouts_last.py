"""The last layouts: dates that tell each other's order, labels above, long tables, thin pages."""

from __future__ import annotations

from collections.abc import Callable

from tests.reading.drawing import Expected, Sheet
from tests.reading.layouts import item

Layout = Callable[[], tuple[bytes, Expected]]
LAYOUTS: dict[str, Layout] = {}


def layout(draw: Layout) -> Layout:
    LAYOUTS[draw.__name__] = draw
    return draw


@layout
def both_dates_are_read_in_one_order() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Thornbury Framing", 15, bold=True)
    s.lines(50, 80, ["4 High Street", "Thornbury BS35 2AA"], 9)
    s.pairs(
        350,
        60,
        545,
        [("Invoice no", "TF-120"), ("Invoice date", "11/02/2024"), ("Payment due", "11/03/2024")],
    )
    s.text(50, 130, "To: Gallery Nine", 10)
    s.table(
        200,
        (50, -350, -440, -545),
        [("Description", "Qty", "Price", "Amount"), ("Oak frame", "2", "$45.00", "$90.00")],
    )
    s.pairs(380, 260, 545, [("Subtotal", "$90.00"), ("Tax", "$9.00"), ("Total", "$99.00")])
    return s.pdf(), {
        "vendor": "Thornbury Framing",
        "customer": "Gallery Nine",
        "invoice_number": "TF-120",
        "invoice_date": "2024-11-02",
        "due_date": "2024-11-03",
        "currency": "USD",
        "subtotal": "90.00",
        "tax": "9.00",
        "total": "99.00",
        "also": {"invoice_date": ["2024-02-11"], "due_date": ["2024-03-11"]},
        "line_items": [item("Oak frame", "2", "45.00", "90.00")],
    }


@layout
def order_that_would_run_backwards_is_turned() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Copper Kettle Catering", 15, bold=True)
    s.lines(50, 80, ["18 Dock Street", "Dundee"], 9)
    s.pairs(
        350, 60, 545, [("Invoice no", "CK-88"), ("Invoice date", "10/04/2024"), ("Due date", "09/05/2024")]
    )
    s.text(50, 130, "Bill to: Harbour Museum", 10)
    s.table(200, (50, -545), [("Description", "Amount"), ("Lunch for forty", "$640.00")])
    s.pairs(380, 260, 545, [("Total", "$640.00")])
    return s.pdf(), {
        "vendor": "Copper Kettle Catering",
        "customer": "Harbour Museum",
        "invoice_number": "CK-88",
        "invoice_date": "2024-04-10",
        "due_date": "2024-05-09",
        "currency": "USD",
        "subtotal": None,
        "tax": None,
        "total": "640.00",
        "line_items": [item("Lunch for forty", None, None, "640.00")],
    }


@layout
def values_above_their_labels() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Studio Fernweh GmbH", 15, bold=True)
    s.lines(50, 78, ["Kastanienallee 12", "10435 Berlin"], 9)
    for x, value, label in (
        (50, "SF-2024-19", "Rechnungsnummer"),
        (220, "14.02.2024", "Rechnungsdatum"),
        (390, "28.02.2024", "Fällig am"),
    ):
        s.text(x, 150, value, 11, bold=True)
        s.text(x, 162, label, 7)
    s.table(
        220,
        (50, -350, -440, -545),
        [("Leistung", "Std.", "Satz", "Betrag"), ("Reiseplanung Island", "6", "85,00 €", "510,00 €")],
    )
    s.pairs(
        360, 290, 545, [("Summe netto", "510,00 €"), ("19 % MwSt.", "96,90 €"), ("Gesamtsumme", "606,90 €")]
    )
    return s.pdf(), {
        "vendor": "Studio Fernweh GmbH",
        "customer": None,
        "invoice_number": "SF-2024-19",
        "invoice_date": "2024-02-14",
        "due_date": "2024-02-28",
        "currency": "EUR",
        "subtotal": "510.00",
        "tax": "96.90",
        "total": "606.90",
        "line_items": [item("Reiseplanung Island", "6", "85.00", "510.00")],
    }


@layout
def heads_of_two_lines() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Calder Valley Timber Ltd", 15, bold=True)
    s.lines(50, 80, ["The Sawmill", "Hebden Bridge HX7 8AA"], 9)
    s.pairs(350, 60, 545, [("Invoice No.", "CVT/0912"), ("Date", "3rd June 2024"), ("Due", "3rd July 2024")])
    s.lines(50, 130, ["Invoice Address:", "Pennine Joinery", "Canal Works", "Todmorden OL14 5AA"], 10)
    s.row(220, [(-430, "Unit"), (-545, "Line")], 9, bold=True)
    s.row(231, [(50, "Description"), (-330, "Quantity"), (-430, "Price"), (-545, "Total")], 9, bold=True)
    s.row(250, [(50, "Larch cladding 20 x 120 mm"), (-330, "240 m"), (-430, "3.15"), (-545, "756.00")])
    s.row(266, [(50, "Oak sleeper"), (-330, "10"), (-430, "38.00"), (-545, "380.00")])
    s.pairs(
        380,
        320,
        545,
        [
            ("Goods Total", "1,136.00"),
            ("Carriage", "45.00"),
            ("VAT @ 20.0%", "236.20"),
            ("Invoice Total GBP", "1,417.20"),
        ],
    )
    return s.pdf(), {
        "vendor": "Calder Valley Timber Ltd",
        "customer": "Pennine Joinery",
        "invoice_number": "CVT/0912",
        "invoice_date": "2024-06-03",
        "due_date": "2024-07-03",
        "currency": "GBP",
        "subtotal": "1136.00",
        "tax": "236.20",
        "total": "1417.20",
        "line_items": [
            item("Larch cladding 20 x 120 mm", "240", "3.15", "756.00"),
            item("Oak sleeper", "10", "38.00", "380.00"),
        ],
    }


@layout
def seller_and_buyer_as_tables_of_names() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 50, "Invoice no. 5/2024", 15, bold=True)
    s.text(50, 70, "Issue date: 2024-05-06", 10)
    s.text(50, 84, "Payment deadline: 2024-05-20", 10)
    s.text(50, 120, "Seller", 11, bold=True)
    s.text(320, 120, "Buyer", 11, bold=True)
    s.lines(50, 138, ["Amber Coast Sp. z o.o.", "ul. Morska 15", "81-001 Gdynia", "VAT ID: PL0000000000"], 9)
    s.lines(320, 138, ["Baltic Freight OÜ", "Sadama 7", "10111 Tallinn", "VAT ID: EE000000000"], 9)
    s.table(
        220,
        (50, 75, -330, -400, -470, -545),
        [
            ("No.", "Name of goods or service", "Quantity", "Net price", "VAT", "Net value"),
            ("1", "Container handling", "8", "120.00", "23%", "960.00"),
            ("2", "Customs documents", "8", "35.00", "23%", "280.00"),
        ],
        9,
    )
    s.pairs(
        350,
        300,
        545,
        [
            ("Net total", "1,240.00 EUR"),
            ("VAT total", "285.20 EUR"),
            ("Gross total", "1,525.20 EUR"),
            ("Amount paid", "0.00 EUR"),
            ("Total due", "1,525.20 EUR"),
        ],
        9,
    )
    return s.pdf(), {
        "vendor": "Amber Coast Sp. z o.o.",
        "customer": "Baltic Freight OÜ",
        "invoice_number": "5/2024",
        "invoice_date": "2024-05-06",
        "due_date": "2024-05-20",
        "currency": "EUR",
        "subtotal": "1240.00",
        "tax": "285.20",
        "total": "1525.20",
        "line_items": [
            item("Container handling", "8", "120.00", "960.00"),
            item("Customs documents", "8", "35.00", "280.00"),
        ],
    }


@layout
def marketplace_order_with_shipping_and_promotion() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.text(40, 50, "Tax Invoice / Receipt", 16, bold=True)
    s.lines(
        40,
        80,
        ["Sold by: Juniper Outdoor Gear Ltd", "VAT number: GB000000000", "7 Fell Road, Kendal LA9 1AA"],
        9,
    )
    s.lines(330, 80, ["Billing address", "Alex Morgan", "22 Lake View", "Windermere LA23 1AA"], 9)
    s.lines(
        40,
        150,
        [
            "Order # 026-7781",
            "Order date 01 December 2024",
            "Invoice # GB-AEU-7781",
            "Invoice date 02 December 2024",
        ],
        9,
    )
    s.table(
        230,
        (40, -300, -370, -430, -490, -570),
        [
            (
                "Description",
                "Qty",
                "Unit price (excl. VAT)",
                "VAT rate",
                "Unit price (incl. VAT)",
                "Item subtotal (incl. VAT)",
            ),
            ("Down jacket, blue, M", "1", "£100.00", "20%", "£120.00", "£120.00"),
            ("Shipping charges", "", "£4.16", "20%", "£4.99", "£4.99"),
        ],
        6,
    )
    s.row(290, [(380, "Invoice total"), (-570, "£124.99")], 10, bold=True)
    s.table(
        320,
        (-400, -480, -570),
        [
            ("VAT rate", "Item subtotal (excl. VAT)", "VAT subtotal"),
            ("20%", "£104.16", "£20.83"),
            ("Total", "£104.16", "£20.83"),
        ],
        7,
    )
    return s.pdf(), {
        "vendor": "Juniper Outdoor Gear Ltd",
        "customer": "Alex Morgan",
        "invoice_number": "GB-AEU-7781",
        "invoice_date": "2024-12-02",
        "due_date": None,
        "currency": "GBP",
        "subtotal": "104.16",
        "tax": "20.83",
        "total": "124.99",
        "also": {"subtotal": [None], "tax": [None]},
        "line_items": None,
    }


@layout
def medical_bill_with_patient() -> tuple[bytes, Expected]:
    s = Sheet()
    s.lines(60, 60, ["Dr. med. Lena Vogt", "Fachärztin für Augenheilkunde", "Domplatz 4 · 48143 Münster"], 10)
    s.lines(60, 150, ["Frau", "Martina Schuster", "Weseler Str. 90", "48151 Münster"], 10.5)
    s.text(60, 250, "Rechnung Nr. 24/1187", 13, bold=True)
    s.text(60, 268, "Münster, den 08.03.2024", 10)
    s.table(
        310,
        (60, 130, -400, -470, -540),
        [
            ("Datum", "Leistung", "Ziffer", "Faktor", "Betrag"),
            ("01.03.2024", "Eingehende Beratung", "3", "2,3", "20,10 €"),
            ("01.03.2024", "Augeninnendruckmessung", "1256", "2,3", "13,41 €"),
        ],
        9,
    )
    s.row(370, [(380, "Gesamtbetrag"), (-540, "33,51 €")], 11, bold=True)
    s.text(
        60,
        420,
        "Bitte überweisen Sie den Betrag bis spätestens 07.04.2024 auf das Konto DE00 1234 5678 9012 3456 78.",
        9,
    )
    return s.pdf(), {
        "vendor": "Dr. med. Lena Vogt",
        "customer": "Martina Schuster",
        "invoice_number": "24/1187",
        "invoice_date": "2024-03-08",
        "due_date": "2024-04-07",
        "currency": "EUR",
        "subtotal": None,
        "tax": None,
        "total": "33.51",
        "line_items": [
            item("Eingehende Beratung", None, None, "20.10"),
            item("Augeninnendruckmessung", None, None, "13.41"),
        ],
    }


@layout
def price_list_without_amount_column() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Molino Blanco S.A.", 15, bold=True)
    s.lines(50, 78, ["Avenida del Trigo 3", "47001 Valladolid", "CIF A00000000"], 9)
    s.text(50, 130, "Factura: MB-2024-66", 12, bold=True)
    s.text(50, 146, "Fecha de expedición: 9 de octubre de 2024", 10)
    s.lines(330, 120, ["Facturar a:", "Panadería Sol", "Calle Mayor 2", "37001 Salamanca"], 10)
    s.table(
        210,
        (50, -545),
        [("Descripción", "Precio"), ("Harina de fuerza 25 kg", "18,90 €"), ("Levadura fresca", "6,10 €")],
    )
    s.pairs(
        380, 290, 545, [("Base imponible", "25,00 €"), ("IVA (10%)", "2,50 €"), ("Total factura", "27,50 €")]
    )
    return s.pdf(), {
        "vendor": "Molino Blanco S.A.",
        "customer": "Panadería Sol",
        "invoice_number": "MB-2024-66",
        "invoice_date": "2024-10-09",
        "due_date": None,
        "currency": "EUR",
        "subtotal": "25.00",
        "tax": "2.50",
        "total": "27.50",
        "line_items": [
            item("Harina de fuerza 25 kg", None, None, "18.90"),
            item("Levadura fresca", None, None, "6.10"),
        ],
    }


@layout
def sender_only_in_a_logo() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 200, "Invoice number: 7734", 10)
    s.text(50, 216, "Invoice date: 5 May 2024", 10)
    s.table(
        300,
        (50, -350, -440, -545),
        [("Description", "Qty", "Price", "Amount"), ("Repair of a lamp", "1", "£30.00", "£30.00")],
    )
    s.pairs(380, 360, 545, [("Total", "£30.00")])
    s.text(50, 500, "please pay within two weeks of receiving this letter", 10)
    return s.pdf(), {
        "vendor": None,
        "customer": None,
        "invoice_number": "7734",
        "invoice_date": "2024-05-05",
        "due_date": None,
        "currency": "GBP",
        "subtotal": None,
        "tax": None,
        "total": "30.00",
        "line_items": [item("Repair of a lamp", "1", "30.00", "30.00")],
    }


@layout
def empty_form_without_values() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "INVOICE", 20, bold=True)
    s.lines(50, 100, ["Invoice number:", "Invoice date:", "Due date:"], 10)
    s.table(200, (50, -350, -440, -545), [("Description", "Quantity", "Unit price", "Amount")])
    s.pairs(380, 320, 545, [("Subtotal", ""), ("Tax", ""), ("Total", "")])
    return s.pdf(), {
        "vendor": None,
        "customer": None,
        "invoice_number": None,
        "invoice_date": None,
        "due_date": None,
        "currency": None,
        "subtotal": None,
        "tax": None,
        "total": None,
        "line_items": [],
    }
