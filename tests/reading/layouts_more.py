"""More layouts: print-outs, boxed heads, misleading words, sums in odd places."""

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
def boxed_date_and_number_below_their_heads() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.text(40, 50, "Evergreen Landscaping", 14, bold=True)
    s.lines(40, 66, ["PO Box 118", "Eugene, OR 97401"], 10)
    s.right(575, 55, "Invoice", 22, bold=True)
    s.row(90, [(430, "Date"), (510, "Invoice #")], 9, bold=True)
    s.row(106, [(425, "4/30/2024"), (520, "3391")], 10)
    s.text(45, 140, "Bill To", 9, bold=True)
    s.lines(45, 156, ["Maple Heights HOA", "2200 Summit Blvd", "Eugene, OR 97405"], 10)
    s.row(230, [(300, "P.O. No."), (400, "Terms"), (500, "Due Date")], 9, bold=True)
    s.row(246, [(400, "Net 15"), (500, "5/15/2024")], 10)
    s.row(280, [(60, "Quantity"), (150, "Description"), (430, "Rate"), (520, "Amount")], 9, bold=True)
    s.row(300, [(-100, "4"), (150, "Weekly mowing, common areas"), (-470, "185.00"), (-570, "740.00")])
    s.row(316, [(-100, "1"), (150, "Spring irrigation check"), (-470, "220.00"), (-570, "220.00")])
    s.row(332, [(150, "Out-of-state sale, exempt from sales tax"), (-470, "0.00%"), (-570, "0.00")])
    s.row(640, [(430, "Total"), (-570, "$960.00")], 13, bold=True)
    return s.pdf(), {
        "vendor": "Evergreen Landscaping",
        "customer": "Maple Heights HOA",
        "invoice_number": "3391",
        "invoice_date": "2024-04-30",
        "due_date": "2024-05-15",
        "currency": "USD",
        "subtotal": None,
        "tax": None,
        "total": "960.00",
        "line_items": None,
    }


@layout
def sender_right_with_labels_above_values() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(45, 70, "TAX INVOICE", 22)
    s.lines(
        45,
        110,
        ["Rimu Holdings Limited", "Attention: Accounts", "14 Kowhai Street", "HAMILTON 3204", "NEW ZEALAND"],
        9,
    )
    y = 70.0
    for label, value in (
        ("Invoice Date", "8 Feb 2024"),
        ("Invoice Number", "INV-0231"),
        ("Reference", "Job 77"),
        ("GST Number", "000-000-000"),
    ):
        s.text(300, y, label, 9, bold=True)
        s.text(300, y + 11, value, 9)
        y += 28
    s.lines(430, 70, ["Kauri Plumbing Ltd", "PO Box 5120", "Auckland 1141", "NEW ZEALAND"], 9)
    s.table(
        240,
        (45, -330, -420, -550),
        [
            ("Description", "Quantity", "Unit Price", "Amount NZD"),
            ("Replace hot water cylinder", "1.00", "1,850.00", "1,850.00"),
            ("Labour", "6.50", "95.00", "617.50"),
        ],
        9,
    )
    s.pairs(400, 310, 550, [("Subtotal", "2,467.50"), ("TOTAL GST 15%", "370.13")], 9)
    s.row(346, [(400, "TOTAL NZD"), (-550, "2,837.63")], 10, bold=True)
    s.text(45, 400, "Due Date: 22 Feb 2024", 10, bold=True)
    s.text(45, 640, "PAYMENT ADVICE", 16)
    s.lines(45, 670, ["To: Kauri Plumbing Ltd", "PO Box 5120", "Auckland 1141"], 9)
    s.pairs(
        330,
        670,
        550,
        [
            ("Customer", "Rimu Holdings Limited"),
            ("Invoice Number", "INV-0231"),
            ("Amount Due", "2,837.63"),
            ("Due Date", "22 Feb 2024"),
        ],
        9,
        step=13,
    )
    return s.pdf(), {
        "vendor": "Kauri Plumbing Ltd",
        "customer": "Rimu Holdings Limited",
        "invoice_number": "INV-0231",
        "invoice_date": "2024-02-08",
        "due_date": "2024-02-22",
        "currency": "NZD",
        "subtotal": "2467.50",
        "tax": "370.13",
        "total": "2837.63",
        "line_items": [
            item("Replace hot water cylinder", "1.00", "1850.00", "1850.00"),
            item("Labour", "6.50", "95.00", "617.50"),
        ],
    }


@layout
def number_behind_a_hash_and_balance_in_the_head() -> tuple[bytes, Expected]:
    s = Sheet()
    s.right(550, 60, "INVOICE", 26)
    s.right(550, 78, "# INV-000417", 10, bold=True)
    s.right(550, 110, "Balance Due", 8, bold=True)
    s.right(550, 125, "$312.40", 13, bold=True)
    s.lines(45, 60, ["Bright Harbor Tutoring", "Suite 12, 88 Pier Street", "Tampa Florida 33602", "U.S.A"], 9)
    s.text(45, 170, "Bill To", 9)
    s.text(45, 183, "Dana Whitfield", 10, bold=True)
    for y, label, value in (
        (170, "Invoice Date :", "19 Nov 2024"),
        (185, "Terms :", "Due on Receipt"),
        (200, "Due Date :", "19 Nov 2024"),
    ):
        s.right(440, y, label, 9)
        s.right(550, y, value, 9)
    s.table(
        240,
        (45, 70, -360, -440, -550),
        [
            ("#", "Item & Description", "Qty", "Rate", "Amount"),
            ("1", "Algebra tutoring", "4.00", "65.00", "260.00"),
            ("2", "Workbook", "1.00", "32.00", "32.00"),
        ],
        9,
    )
    s.row(320, [(-450, "Sub Total"), (-550, "292.00")], 9)
    s.row(336, [(-450, "Sales Tax (6.986%)"), (-550, "20.40")], 9)
    s.row(352, [(-450, "Total"), (-550, "$312.40")], 10, bold=True)
    s.row(368, [(-450, "Balance Due"), (-550, "$312.40")], 10, bold=True)
    return s.pdf(), {
        "vendor": "Bright Harbor Tutoring",
        "customer": "Dana Whitfield",
        "invoice_number": "INV-000417",
        "invoice_date": "2024-11-19",
        "due_date": "2024-11-19",
        "currency": "USD",
        "subtotal": "292.00",
        "tax": "20.40",
        "total": "312.40",
        "line_items": [
            item("Algebra tutoring", "4.00", "65.00", "260.00"),
            item("Workbook", "1.00", "32.00", "32.00"),
        ],
    }


@layout
def monospaced_print_out() -> tuple[bytes, Expected]:
    s = Sheet((612, 792), font="Courier")
    rows = [
        "MIDLAND FASTENER SUPPLY INC            INVOICE NO:   0099173",
        "4100 COMMERCE DRIVE                    INVOICE DATE: 10/02/24",
        "TOLEDO OH 43612                        DUE DATE:     11/01/24",
        "",
        "SOLD TO: KRAMER TOOL AND DIE           SHIP TO: KRAMER TOOL AND DIE",
        "         915 ERIE STREET                        DOCK 4",
        "         LIMA OH 45801                          LIMA OH 45801",
        "",
        "QTY    DESCRIPTION                     UNIT PRICE      AMOUNT",
        "-----  ------------------------------  ----------  ----------",
        "  500  HEX BOLT 3/8-16 X 2 ZINC             0.185       92.50",
        "  250  LOCK WASHER 3/8                      0.042       10.50",
        "   12  THREAD LOCKER 50ML                   8.750      105.00",
        "",
        "                                  SUBTOTAL            208.00",
        "                                  FREIGHT              14.20",
        "                                  SALES TAX            15.60",
        "                                  TOTAL DUE          $237.80",
    ]
    s.lines(40, 60, rows, 10, step=14)
    return s.pdf(), {
        "vendor": "MIDLAND FASTENER SUPPLY INC",
        "customer": "KRAMER TOOL AND DIE",
        "invoice_number": "0099173",
        "invoice_date": "2024-10-02",
        "due_date": "2024-11-01",
        "currency": "USD",
        "subtotal": "208.00",
        "tax": "15.60",
        "total": "237.80",
        "line_items": [
            item("HEX BOLT 3/8-16 X 2 ZINC", "500", "0.185", "92.50"),
            item("LOCK WASHER 3/8", "250", "0.042", "10.50"),
            item("THREAD LOCKER 50ML", "12", "8.750", "105.00"),
        ],
    }


@layout
def items_named_like_sums() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Ledger & Lamp Accountants", 15, bold=True)
    s.lines(50, 80, ["6 Counting House Lane", "Norwich NR1 1AA", "VAT Reg No 000 0000 00"], 9)
    s.pairs(
        350, 60, 545, [("Invoice No.", "LL-2024-55"), ("Date", "30/09/2024"), ("Payment due", "30/10/2024")]
    )
    s.lines(50, 140, ["Invoice to", "Total Fitness Norwich Ltd", "Castle Mall", "Norwich NR1 3DD"], 10)
    s.table(
        230,
        (50, -545),
        [
            ("Service", "Fee"),
            ("Tax return 2023/24", "480.00"),
            ("VAT registration and first quarter", "150.00"),
            ("Total payroll care, 12 employees", "240.00"),
        ],
    )
    s.pairs(380, 330, 545, [("Net", "870.00"), ("VAT 20%", "174.00"), ("Total", "£1,044.00")])
    return s.pdf(), {
        "vendor": "Ledger & Lamp Accountants",
        "customer": "Total Fitness Norwich Ltd",
        "invoice_number": "LL-2024-55",
        "invoice_date": "2024-09-30",
        "due_date": "2024-10-30",
        "currency": "GBP",
        "subtotal": "870.00",
        "tax": "174.00",
        "total": "1044.00",
        "line_items": [
            item("Tax return 2023/24", None, None, "480.00"),
            item("VAT registration and first quarter", None, None, "150.00"),
            item("Total payroll care, 12 employees", None, None, "240.00"),
        ],
    }


@layout
def amounts_glued_to_labels() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Kontor Nord UG (haftungsbeschränkt)", 13, bold=True)
    s.lines(50, 76, ["Speicherstraße 5", "20457 Hamburg"], 9)
    s.lines(50, 130, ["Rechnungsempfänger:", "Reederei Albatros KG", "Elbchaussee 90", "22763 Hamburg"], 10)
    s.lines(
        50, 220, ["Rechnungsnummer:KN-501", "Rechnungsdatum:2.10.2024", "Fälligkeitsdatum:16.10.2024"], 10
    )
    s.table(
        290,
        (50, -350, -440, -545),
        [("Leistung", "Anzahl", "Preis", "Summe"), ("Lagerung pro Monat", "3", "EUR 410,00", "EUR 1.230,00")],
    )
    s.lines(330, 360, ["Nettosumme: EUR 1.230,00", "19% USt.: EUR 233,70", "Bruttosumme: EUR 1.463,70"], 10)
    return s.pdf(), {
        "vendor": "Kontor Nord UG (haftungsbeschränkt)",
        "customer": "Reederei Albatros KG",
        "invoice_number": "KN-501",
        "invoice_date": "2024-10-02",
        "due_date": "2024-10-16",
        "currency": "EUR",
        "subtotal": "1230.00",
        "tax": "233.70",
        "total": "1463.70",
        "line_items": [item("Lagerung pro Monat", "3", "410.00", "1230.00")],
    }


@layout
def vendor_named_only_in_footer_and_mail() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.text(50, 80, "Invoice INV-88102", 18, bold=True)
    s.text(50, 104, "Issued January 31, 2024", 10)
    s.text(50, 120, "Due March 1, 2024", 10)
    s.lines(50, 160, ["Billed to", "Northwest Data Partners", "400 Lake Street", "Kirkland, WA 98033"], 10)
    s.table(
        250,
        (50, -420, -560),
        [
            ("Description", "Units", "Amount"),
            ("API requests, January", "1,204,551", "$602.28"),
            ("Storage", "88", "$4.40"),
        ],
    )
    s.pairs(380, 330, 560, [("Subtotal", "$606.68"), ("Tax", "$0.00"), ("Total", "$606.68")])
    s.centre(
        306,
        740,
        "Quillstack, Inc. | 300 Brannan Street, San Francisco, CA 94107 | support@quillstack.example",
        8,
    )
    return s.pdf(), {
        "vendor": "Quillstack, Inc.",
        "customer": "Northwest Data Partners",
        "invoice_number": "INV-88102",
        "invoice_date": "2024-01-31",
        "due_date": "2024-03-01",
        "currency": "USD",
        "subtotal": "606.68",
        "tax": "0.00",
        "total": "606.68",
        "line_items": [
            item("API requests, January", "1204551", None, "602.28"),
            item("Storage", "88", None, "4.40"),
        ],
    }


@layout
def amount_column_before_description() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Papeterie Lunaire SARL", 14, bold=True)
    s.lines(50, 78, ["8 place du Marché", "67000 Strasbourg", "N° TVA : FR00 000000000"], 9)
    s.text(50, 140, "Facture n° : FA 2024 / 12", 12, bold=True)
    s.text(50, 158, "Strasbourg, le 12 mars 2024", 10)
    s.lines(330, 140, ["Facturé à :", "Librairie des Arcades", "2 rue Neuve", "68000 Colmar"], 10)
    s.table(
        240,
        (-80, 100, -430, -545),
        [
            ("Qté", "Libellé", "Prix unit. HT", "Montant HT"),
            ("120", "Cahier ligné A5", "2,35", "282,00"),
            ("60", "Carnet de croquis", "6,10", "366,00"),
            ("1", "Remise fidélité", "-30,00", "-30,00"),
        ],
    )
    s.pairs(
        360,
        340,
        545,
        [
            ("Total HT", "618,00 €"),
            ("TVA 20,00 %", "123,60 €"),
            ("Total TTC", "741,60 €"),
            ("Acompte versé", "200,00 €"),
            ("Reste à payer", "541,60 €"),
        ],
    )
    s.text(50, 450, "À régler avant le 11/04/2024. Pas d'escompte pour paiement anticipé.", 9)
    return s.pdf(), {
        "vendor": "Papeterie Lunaire SARL",
        "customer": "Librairie des Arcades",
        "invoice_number": "FA 2024 / 12",
        "invoice_date": "2024-03-12",
        "due_date": "2024-04-11",
        "currency": "EUR",
        "subtotal": "618.00",
        "tax": "123.60",
        "total": "741.60",
        "line_items": [
            item("Cahier ligné A5", "120", "2.35", "282.00"),
            item("Carnet de croquis", "60", "6.10", "366.00"),
            item("Remise fidélité", "1", "-30.00", "-30.00"),
        ],
    }


@layout
def two_currencies_on_one_page() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Fjord Analytics AS", 14, bold=True)
    s.lines(50, 78, ["Havnegata 2", "5003 Bergen", "Norway", "Org. no. 000 000 000 MVA"], 9)
    s.pairs(
        350,
        60,
        545,
        [
            ("Invoice no.", "1022"),
            ("Invoice date", "14.06.2024"),
            ("Due date", "14.07.2024"),
            ("Currency", "EUR"),
        ],
    )
    s.lines(50, 150, ["Invoice to:", "Delta Rail GmbH", "Gleisweg 1", "10115 Berlin"], 10)
    s.table(
        240,
        (50, -350, -440, -545),
        [("Description", "Hours", "Rate", "Amount"), ("Data pipeline review", "32", "140.00", "4,480.00")],
    )
    s.pairs(
        360,
        310,
        545,
        [("Net amount", "4,480.00"), ("VAT 0% (reverse charge)", "0.00"), ("Total EUR", "4,480.00")],
    )
    s.text(50, 380, "Equivalent: NOK 51,520.00 at an exchange rate of 11.50", 8)
    return s.pdf(), {
        "vendor": "Fjord Analytics AS",
        "customer": "Delta Rail GmbH",
        "invoice_number": "1022",
        "invoice_date": "2024-06-14",
        "due_date": "2024-07-14",
        "currency": "EUR",
        "subtotal": "4480.00",
        "tax": "0.00",
        "total": "4480.00",
        "line_items": [item("Data pipeline review", "32", "140.00", "4480.00")],
    }


@layout
def landscape_page_with_groups() -> tuple[bytes, Expected]:
    s = Sheet((842, 595))
    s.text(50, 50, "Stagecraft Rentals Ltd", 15, bold=True)
    s.lines(50, 68, ["Unit 9, Theatre Yard", "London SE1 0AA"], 9)
    s.pairs(
        560,
        50,
        790,
        [("Invoice number", "SR-7719"), ("Invoice date", "07 May 2024"), ("Due date", "06 June 2024")],
    )
    s.lines(50, 110, ["Client:", "Riverside Festival Trust", "Town Hall", "Richmond TW9 1AA"], 10)
    y = s.table(190, (50, -420, -520, -620, -790), [("Description", "Qty", "Days", "Rate", "Total")], step=18)
    s.text(50, y, "Lighting", 10, bold=True)
    y = s.table(
        y + 16,
        (50, -420, -520, -620, -790),
        [("LED wash", "12", "3", "18.00", "648.00"), ("Follow spot", "2", "3", "55.00", "330.00")],
        step=16,
    )
    s.row(y, [(560, "Subtotal lighting"), (-790, "978.00")])
    s.text(50, y + 18, "Sound", 10, bold=True)
    y = s.table(
        y + 34, (50, -420, -520, -620, -790), [("Line array", "1", "3", "420.00", "1,260.00")], step=16
    )
    s.row(y, [(560, "Subtotal sound"), (-790, "1,260.00")])
    s.pairs(
        560, y + 30, 790, [("Subtotal", "£2,238.00"), ("VAT (20%)", "£447.60"), ("Total due", "£2,685.60")]
    )
    return s.pdf(), {
        "vendor": "Stagecraft Rentals Ltd",
        "customer": "Riverside Festival Trust",
        "invoice_number": "SR-7719",
        "invoice_date": "2024-05-07",
        "due_date": "2024-06-06",
        "currency": "GBP",
        "subtotal": "2238.00",
        "tax": "447.60",
        "total": "2685.60",
        "line_items": [
            item("LED wash", "12", "18.00", "648.00"),
            item("Follow spot", "2", "55.00", "330.00"),
            item("Line array", "1", "420.00", "1260.00"),
        ],
    }


@layout
def german_cash_sale_receipt() -> tuple[bytes, Expected]:
    s = Sheet((240, 460))
    s.centre(120, 40, "Blumen Rosengarten", 12, bold=True)
    s.lines(120, 54, ["Marktstraße 7", "37073 Göttingen", "Tel. 0551 000000"], 8, align="centre")
    s.centre(120, 110, "Quittung", 11, bold=True)
    s.row(130, [(15, "Bon-Nr. 8841"), (-225, "18.05.2024 11:05")], 8)
    s.table(
        155,
        (15, -225),
        [("Artikel", "EUR"), ("Rosenstrauß rot", "24,90"), ("Übertopf", "8,50"), ("Blumenerde 20 l", "6,99")],
        9,
        step=14,
    )
    s.row(225, [(15, "Summe EUR"), (-225, "40,39")], 11, bold=True)
    s.row(245, [(15, "Bar"), (-225, "50,00")], 9)
    s.row(259, [(15, "Rückgeld"), (-225, "9,61")], 9)
    s.row(285, [(15, "MwSt. 7%"), (-225, "2,64")], 8)
    s.centre(120, 330, "Vielen Dank für Ihren Einkauf!", 8)
    return s.pdf(), {
        "type": "receipt",
        "vendor": "Blumen Rosengarten",
        "customer": None,
        "invoice_number": "8841",
        "invoice_date": "2024-05-18",
        "due_date": None,
        "currency": "EUR",
        "subtotal": None,
        "tax": "2.64",
        "total": "40.39",
        "line_items": [
            item("Rosenstrauß rot", None, None, "24.90"),
            item("Übertopf", None, None, "8.50"),
            item("Blumenerde 20 l", None, None, "6.99"),
        ],
    }


@layout
def prose_invoice_without_table() -> tuple[bytes, Expected]:
    s = Sheet()
    s.lines(60, 70, ["Dr. Helen Ashworth", "Expert witness", "3 Temple Gardens", "London EC4Y 9AU"], 10)
    s.text(60, 160, "Invoice number: 2024-07", 10)
    s.text(60, 174, "Date: 21 June 2024", 10)
    s.lines(60, 210, ["To: Barrow & Finch Solicitors", "10 Chancery Court", "London WC2A 1AA"], 10)
    s.text(60, 290, "For professional services rendered in the matter of Holt v. Grange:", 10)
    s.row(320, [(60, "Preparation of report"), (-530, "£1,800.00")])
    s.row(336, [(60, "Attendance at hearing"), (-530, "£950.00")])
    s.row(370, [(60, "Total"), (-530, "£2,750.00")], 11, bold=True)
    s.text(
        60, 410, "Payment is due within 28 days. Interest of 8% and a fee of £40.00 apply to late payment.", 9
    )
    return s.pdf(), {
        "vendor": "Dr. Helen Ashworth",
        "customer": "Barrow & Finch Solicitors",
        "invoice_number": "2024-07",
        "invoice_date": "2024-06-21",
        "due_date": None,
        "currency": "GBP",
        "subtotal": None,
        "tax": None,
        "total": "2750.00",
        "line_items": [
            item("Preparation of report", None, None, "1800.00"),
            item("Attendance at hearing", None, None, "950.00"),
        ],
    }


@layout
def space_grouped_thousands_and_narrow_columns() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Menuiserie Chêne Vert SAS", 14, bold=True)
    s.lines(50, 78, ["ZA des Pins, 40100 Dax", "SIRET : 00000000000000"], 9)
    s.text(50, 120, "Facture", 16, bold=True)
    s.lines(
        50, 142, ["N° de facture : 24-0077", "Date : 30/05/2024", "Date limite de paiement : 29/06/2024"], 10
    )
    s.lines(340, 120, ["Mairie de Valbonne", "1 place de l'Hôtel de Ville", "06560 Valbonne"], 10)
    s.table(
        230,
        (50, -380, -450, -480, -545),
        [
            ("Désignation", "Qté", "PU HT", "TVA", "Total HT"),
            ("Fenêtre double vitrage", "14", "1 120,00", "10%", "15 680,00"),
            ("Pose et finitions", "14", "185,00", "10%", "2 590,00"),
        ],
        9,
    )
    s.pairs(
        360,
        320,
        545,
        [("Total HT", "18 270,00 €"), ("Total TVA", "1 827,00 €"), ("Total TTC", "20 097,00 €")],
    )
    return s.pdf(), {
        "vendor": "Menuiserie Chêne Vert SAS",
        "customer": "Mairie de Valbonne",
        "invoice_number": "24-0077",
        "invoice_date": "2024-05-30",
        "due_date": "2024-06-29",
        "currency": "EUR",
        "subtotal": "18270.00",
        "tax": "1827.00",
        "total": "20097.00",
        "line_items": [
            item("Fenêtre double vitrage", "14", "1120.00", "15680.00"),
            item("Pose et finitions", "14", "185.00", "2590.00"),
        ],
    }


@layout
def canadian_with_two_taxes() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.text(50, 60, "Maple Ridge Woodworks", 15, bold=True)
    s.lines(50, 78, ["77 Rue Saint-Paul", "Montréal QC H2Y 1G6", "Canada"], 9)
    s.pairs(
        380, 60, 560, [("Invoice #", "MRW-209"), ("Date issued", "2024-07-02"), ("Payment due", "2024-08-01")]
    )
    s.lines(50, 150, ["Bill to:", "Café Boréal", "1200 Avenue du Parc", "Montréal QC H2X 2J1"], 10)
    s.table(
        240,
        (50, -350, -450, -560),
        [
            ("Description", "Qty", "Price", "Total"),
            ("Counter top, maple", "2", "$850.00", "$1,700.00"),
            ("Bar stool", "6", "$140.00", "$840.00"),
        ],
    )
    s.pairs(
        400,
        320,
        560,
        [
            ("Subtotal", "$2,540.00"),
            ("GST (5%)", "$127.00"),
            ("QST (9.975%)", "$253.37"),
            ("Total (CAD)", "$2,920.37"),
        ],
    )
    return s.pdf(), {
        "vendor": "Maple Ridge Woodworks",
        "customer": "Café Boréal",
        "invoice_number": "MRW-209",
        "invoice_date": "2024-07-02",
        "due_date": "2024-08-01",
        "currency": "CAD",
        "subtotal": "2540.00",
        "tax": "380.37",
        "total": "2920.37",
        "line_items": [
            item("Counter top, maple", "2", "850.00", "1700.00"),
            item("Bar stool", "6", "140.00", "840.00"),
        ],
    }


@layout
def scan_like_offsets_between_label_and_value() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Orchid Cleaning Services", 15, bold=True)
    s.lines(50, 80, ["19 Bell Lane", "Oxford OX1 1AA", "Tel: 01865 000000"], 9)
    for y, label, value in (
        (60, "Invoice No", "5561"),
        (76, "Invoice Date", "11/12/2024"),
        (92, "Due Date", "25/12/2024"),
    ):
        s.text(360, y, label)
        s.text(460, y + 2.5, value, 11)
    s.lines(50, 140, ["Bill To", "Isis Boat Club", "Folly Bridge", "Oxford OX1 4LB"], 10)
    y = s.table(230, (50, -350, -440, -545), [("Description", "Hours", "Rate", "Total")])
    for cells in (
        ("Deep clean of club house", "9", "22.00", "198.00"),
        ("Window cleaning", "3", "22.00", "66.00"),
    ):
        s.text(50, y, cells[0])
        s.row(y + 2, [(-350, cells[1]), (-440, cells[2]), (-545, cells[3])], 10)
        y += 20
    s.pairs(380, 320, 545, [("Subtotal", "264.00"), ("VAT 20%", "52.80"), ("Amount Due", "£316.80")])
    return s.pdf(), {
        "vendor": "Orchid Cleaning Services",
        "customer": "Isis Boat Club",
        "invoice_number": "5561",
        "invoice_date": "2024-12-11",
        "due_date": "2024-12-25",
        "currency": "GBP",
        "subtotal": "264.00",
        "tax": "52.80",
        "total": "316.80",
        "line_items": [
            item("Deep clean of club house", "9", "22.00", "198.00"),
            item("Window cleaning", "3", "22.00", "66.00"),
        ],
    }


@layout
def swedish_like_english_headers_with_kr() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Björkudden Snickeri AB", 14, bold=True)
    s.lines(50, 78, ["Verkstadsgatan 3", "903 30 Umeå", "Sweden"], 9)
    s.pairs(
        350,
        60,
        545,
        [("Invoice number", "40219"), ("Invoice date", "2024-10-15"), ("Due date", "2024-11-14")],
    )
    s.lines(50, 140, ["Customer", "Norrland Hotell AB", "Storgatan 50", "903 26 Umeå"], 10)
    s.table(
        230,
        (50, -350, -440, -545),
        [
            ("Item", "Qty", "Unit price", "Amount"),
            ("Oak door", "3", "4 500,00", "13 500,00"),
            ("Hinge set", "3", "350,00", "1 050,00"),
        ],
    )
    s.pairs(
        360, 320, 545, [("Net", "14 550,00 kr"), ("VAT 25%", "3 637,50 kr"), ("Total to pay", "18 187,50 kr")]
    )
    return s.pdf(), {
        "vendor": "Björkudden Snickeri AB",
        "customer": "Norrland Hotell AB",
        "invoice_number": "40219",
        "invoice_date": "2024-10-15",
        "due_date": "2024-11-14",
        "currency": "SEK",
        "subtotal": "14550.00",
        "tax": "3637.50",
        "total": "18187.50",
        "line_items": [
            item("Oak door", "3", "4500.00", "13500.00"),
            item("Hinge set", "3", "350.00", "1050.00"),
        ],
    }


@layout
def cancellation_invoice_in_german() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Messebau Falkner GmbH", 14, bold=True)
    s.lines(50, 78, ["Industrieweg 4", "90441 Nürnberg"], 9)
    s.lines(50, 130, ["Optik Sternblick OHG", "Brunnenplatz 6", "86150 Augsburg"], 10)
    s.text(50, 210, "Stornorechnung Nr. ST-2024-011", 14, bold=True)
    s.text(50, 228, "zur Rechnung Nr. RE-2024-207 vom 02.09.2024", 10)
    s.text(50, 244, "Datum: 16.09.2024", 10)
    s.table(
        290,
        (50, -350, -440, -545),
        [
            ("Bezeichnung", "Menge", "Einzelpreis", "Gesamt"),
            ("Messestand Miete", "-1", "2.800,00 €", "-2.800,00 €"),
        ],
    )
    s.pairs(
        360,
        350,
        545,
        [("Summe netto", "-2.800,00 €"), ("MwSt. 19%", "-532,00 €"), ("Gesamtsumme", "-3.332,00 €")],
    )
    return s.pdf(), {
        "type": "credit_note",
        "vendor": "Messebau Falkner GmbH",
        "customer": "Optik Sternblick OHG",
        "invoice_number": "ST-2024-011",
        "invoice_date": "2024-09-16",
        "due_date": None,
        "currency": "EUR",
        "subtotal": "-2800.00",
        "tax": "-532.00",
        "total": "-3332.00",
        "line_items": [item("Messestand Miete", "-1", "2800.00", "-2800.00")],
    }


@layout
def totals_left_of_their_labels() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.text(40, 60, "Summit Ski School LLC", 15, bold=True)
    s.lines(40, 78, ["1 Gondola Road", "Stowe, VT 05672", "www.summitskischool.example"], 9)
    s.lines(360, 60, ["Invoice: SSS-118", "Date: December 20, 2024", "Due: January 3, 2025"], 10)
    s.lines(40, 140, ["Bill to: Green Mountain Academy", "22 College Street, Burlington, VT 05401"], 10)
    s.table(
        210,
        (40, -350, -450, -570),
        [
            ("Activity", "Qty", "Rate", "Amount"),
            ("Group lesson", "15", "80.00", "1,200.00"),
            ("Equipment rental", "15", "35.00", "525.00"),
        ],
    )
    s.lines(570, 300, ["Subtotal: $1,725.00", "Tax: $103.50", "Total: $1,828.50"], 10, step=15, align="right")
    return s.pdf(), {
        "vendor": "Summit Ski School LLC",
        "customer": "Green Mountain Academy",
        "invoice_number": "SSS-118",
        "invoice_date": "2024-12-20",
        "due_date": "2025-01-03",
        "currency": "USD",
        "subtotal": "1725.00",
        "tax": "103.50",
        "total": "1828.50",
        "line_items": [
            item("Group lesson", "15", "80.00", "1200.00"),
            item("Equipment rental", "15", "35.00", "525.00"),
        ],
    }
