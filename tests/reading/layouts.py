"""Invoices of invented senders in layouts found in the wild, with what each of them states."""

from __future__ import annotations

from collections.abc import Callable

from tests.reading.drawing import Expected, Sheet

Layout = Callable[[], tuple[bytes, Expected]]
LAYOUTS: dict[str, Layout] = {}


def layout(draw: Layout) -> Layout:
    LAYOUTS[draw.__name__] = draw
    return draw


def item(
    description: str, quantity: str | None, unit_price: str | None, amount: str
) -> dict[str, str | None]:
    return {"description": description, "quantity": quantity, "unit_price": unit_price, "amount": amount}


@layout
def subscription_with_dates_in_a_meta_block() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.text(40, 60, "Invoice", 22, bold=True)
    s.right(570, 60, "Cloudfern", 16, bold=True)
    for y, label, value in (
        (90, "Invoice number", "4B7A91C2-0007"),
        (104, "Date of issue", "February 9, 2024"),
        (118, "Date due", "February 9, 2024"),
    ):
        s.text(40, y, label, 9, bold=True)
        s.text(130, y, value, 9)
    s.lines(
        40,
        150,
        [
            "Cloudfern Software Inc.",
            "2261 Market Street #4000",
            "San Francisco, CA 94114",
            "United States",
            "billing@cloudfern.example",
        ],
        9,
    )
    s.text(300, 150, "Bill to", 9, bold=True)
    s.lines(300, 162, ["Olivia Harper", "18 Birch Road", "Denver, CO 80203", "United States"], 9)
    s.text(40, 250, "$58.00 USD due February 9, 2024", 15, bold=True)
    s.row(320, [(40, "Description"), (-400, "Qty"), (-480, "Unit price"), (-570, "Amount")], 8)
    s.row(342, [(40, "Team plan (monthly)"), (-400, "2"), (-480, "$24.00"), (-570, "$48.00")], 9)
    s.text(40, 354, "Feb 9 - Mar 9, 2024", 8)
    s.row(376, [(40, "Extra storage"), (-400, "1"), (-480, "$10.00"), (-570, "$10.00")], 9)
    s.pairs(320, 420, 570, [("Subtotal", "$58.00"), ("Total", "$58.00"), ("Amount due", "$58.00 USD")], 9)
    s.text(40, 740, "4B7A91C2-0007 · $58.00 USD due February 9, 2024", 8)
    s.right(570, 740, "Page 1 of 1", 8)
    return s.pdf(), {
        "vendor": "Cloudfern Software Inc.",
        "customer": "Olivia Harper",
        "invoice_number": "4B7A91C2-0007",
        "invoice_date": "2024-02-09",
        "due_date": "2024-02-09",
        "currency": "USD",
        "subtotal": "58.00",
        "tax": None,
        "total": "58.00",
        "also": {"vendor": ["Cloudfern"]},
        "line_items": [
            item("Team plan (monthly)", "2", "24.00", "48.00"),
            item("Extra storage", "1", "10.00", "10.00"),
        ],
    }


@layout
def german_letter_with_address_window_and_footer_columns() -> tuple[bytes, Expected]:
    s = Sheet()
    s.right(540, 60, "Tischlerei Morgenrot", 18, bold=True)
    s.text(60, 128, "Tischlerei Morgenrot · Inh. Jan Petersen · Hafenweg 9 · 24937 Flensburg", 7)
    s.lines(60, 148, ["Stadtwerke Beispielstadt", "Einkauf", "Ringstraße 100", "24103 Kiel"], 10.5)
    s.lines(
        380,
        148,
        ["Rechnungs-Nr.: 2024-0093", "Kunden-Nr.: 10077", "Datum: 17.06.2024", "Lieferdatum: 14.06.2024"],
        10,
    )
    s.text(60, 270, "Rechnung Nr. 2024-0093", 14, bold=True)
    s.text(60, 296, "Sehr geehrte Damen und Herren, wir erlauben uns wie folgt abzurechnen:", 10)
    s.table(
        330,
        (60, 95, -360, -440, -540),
        [
            ("Pos.", "Bezeichnung", "Menge", "Einzelpreis", "Gesamtpreis"),
            ("1", "Einbauschrank Eiche", "2 Stk.", "1.240,00 €", "2.480,00 €"),
            ("2", "Montage vor Ort", "6,5 Std.", "58,00 €", "377,00 €"),
            ("3", "Anfahrt", "1 psch.", "45,00 €", "45,00 €"),
        ],
    )
    s.pairs(
        340,
        420,
        540,
        [
            ("Zwischensumme (netto)", "2.902,00 €"),
            ("Umsatzsteuer 19 %", "551,38 €"),
            ("Gesamtbetrag", "3.453,38 €"),
        ],
    )
    s.text(60, 500, "Zahlbar innerhalb von 14 Tagen bis zum 01.07.2024 ohne Abzug.", 10)
    s.lines(60, 780, ["Tischlerei Morgenrot", "Hafenweg 9, 24937 Flensburg"], 7)
    s.lines(220, 780, ["Tel.: 0461 000000", "post@morgenrot-tischlerei.example"], 7)
    s.lines(400, 780, ["IBAN DE02 5001 0517 5407 3249 31", "USt-IdNr.: DE 111 222 333"], 7)
    return s.pdf(), {
        "vendor": "Tischlerei Morgenrot",
        "customer": "Stadtwerke Beispielstadt",
        "invoice_number": "2024-0093",
        "invoice_date": "2024-06-17",
        "due_date": "2024-07-01",
        "currency": "EUR",
        "subtotal": "2902.00",
        "tax": "551.38",
        "total": "3453.38",
        "line_items": [
            item("Einbauschrank Eiche", "2", "1240.00", "2480.00"),
            item("Montage vor Ort", "6.5", "58.00", "377.00"),
            item("Anfahrt", "1", "45.00", "45.00"),
        ],
    }


@layout
def french_freelancer_without_vat() -> tuple[bytes, Expected]:
    s = Sheet()
    s.lines(
        50,
        60,
        [
            "Camille Rousseau",
            "Graphiste indépendante",
            "12 rue des Lilas",
            "44000 Nantes",
            "SIRET 000 000 000 00000",
        ],
        10,
    )
    s.lines(340, 130, ["Client :", "Éditions du Phare", "3 quai Ouest", "35400 Saint-Malo"], 10)
    s.text(50, 230, "FACTURE N° F2024-031", 16, bold=True)
    s.text(50, 250, "Date : 4 mars 2024", 10)
    s.text(50, 264, "Date d'échéance : 3 avril 2024", 10)
    s.table(
        310,
        (50, -340, -430, -545),
        [
            ("Désignation", "Qté", "P.U. HT", "Total HT"),
            ("Création d'une couverture", "1", "650,00 €", "650,00 €"),
            ("Illustrations intérieures", "8", "75,00 €", "600,00 €"),
        ],
    )
    s.pairs(380, 390, 545, [("Total HT", "1 250,00 €"), ("Net à payer", "1 250,00 €")])
    s.text(50, 460, "TVA non applicable, art. 293 B du CGI", 9)
    s.text(50, 480, "En cas de retard de paiement, indemnité forfaitaire de 40,00 €", 8)
    return s.pdf(), {
        "vendor": "Camille Rousseau",
        "customer": "Éditions du Phare",
        "invoice_number": "F2024-031",
        "invoice_date": "2024-03-04",
        "due_date": "2024-04-03",
        "currency": "EUR",
        "subtotal": "1250.00",
        "tax": None,
        "total": "1250.00",
        "line_items": [
            item("Création d'une couverture", "1", "650.00", "650.00"),
            item("Illustrations intérieures", "8", "75.00", "600.00"),
        ],
    }


@layout
def dutch_invoice_with_labels_above_values() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Fietsenmaker De Wind B.V.", 15, bold=True)
    s.lines(50, 80, ["Kanaalstraat 77", "3531 CH Utrecht"], 9)
    s.lines(50, 130, ["Factuur aan:", "Bakkerij Zonneveld", "Dorpsplein 2", "3732 AA De Bilt"], 10)
    s.text(50, 220, "FACTUUR", 20, bold=True)
    for x, label, value in (
        (50, "Factuurnummer", "20240118"),
        (180, "Factuurdatum", "02-05-2024"),
        (310, "Vervaldatum", "16-05-2024"),
        (440, "Klantnummer", "K-8812"),
    ):
        s.text(x, 250, label, 8)
        s.text(x, 264, value, 10, bold=True)
    s.table(
        310,
        (50, -330, -410, -470, -545),
        [
            ("Omschrijving", "Aantal", "Prijs", "BTW", "Totaal"),
            ("Onderhoudsbeurt bakfiets", "3", "89,50", "21%", "268,50"),
            ("Binnenband 26 inch", "6", "7,95", "21%", "47,70"),
            ("Fietstas gerecycled", "1", "54,00", "9%", "54,00"),
        ],
    )
    s.pairs(
        370,
        410,
        545,
        [
            ("Subtotaal excl. BTW", "€ 370,20"),
            ("BTW 21% over € 316,20", "€ 66,40"),
            ("BTW 9% over € 54,00", "€ 4,86"),
            ("Totaal incl. BTW", "€ 441,46"),
        ],
    )
    s.text(50, 520, "Gelieve het bedrag over te maken op NL00 BANK 0123 4567 89 o.v.v. het factuurnummer.", 9)
    s.text(50, 800, "KvK 01234567  |  BTW NL001234567B01  |  info@fietsenmakerdewind.example", 8)
    return s.pdf(), {
        "vendor": "Fietsenmaker De Wind B.V.",
        "customer": "Bakkerij Zonneveld",
        "invoice_number": "20240118",
        "invoice_date": "2024-05-02",
        "due_date": "2024-05-16",
        "currency": "EUR",
        "subtotal": "370.20",
        "tax": "71.26",
        "total": "441.46",
        "line_items": [
            item("Onderhoudsbeurt bakfiets", "3", "89.50", "268.50"),
            item("Binnenband 26 inch", "6", "7.95", "47.70"),
            item("Fietstas gerecycled", "1", "54.00", "54.00"),
        ],
    }


@layout
def spanish_invoice_with_boxes() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 55, "Aceites del Sur, S.L.", 16, bold=True)
    s.lines(50, 75, ["C/ Olivar 15", "14001 Córdoba", "CIF: B00000000"], 9)
    s.text(400, 55, "FACTURA", 18, bold=True)
    s.lines(
        330,
        110,
        ["Cliente:", "Restaurante La Brisa", "Paseo Marítimo 8", "29016 Málaga", "NIF: 00000000T"],
        9,
    )
    s.text(50, 200, "Nº de factura: 2024/A-0057", 10)
    s.text(230, 200, "Fecha: 15/01/2024", 10)
    s.text(390, 200, "Vencimiento: 14/02/2024", 10)
    s.table(
        250,
        (50, -330, -420, -545),
        [
            ("Concepto", "Cantidad", "Precio", "Importe"),
            ("Aceite virgen extra 5 L", "24", "38,40", "921,60"),
            ("Aceituna manzanilla 1 kg", "30", "4,15", "124,50"),
        ],
    )
    s.pairs(
        360,
        340,
        545,
        [("Base imponible", "1.046,10 €"), ("IVA 10 %", "104,61 €"), ("TOTAL FACTURA", "1.150,71 €")],
    )
    s.text(50, 430, "Forma de pago: transferencia bancaria", 9)
    return s.pdf(), {
        "vendor": "Aceites del Sur, S.L.",
        "customer": "Restaurante La Brisa",
        "invoice_number": "2024/A-0057",
        "invoice_date": "2024-01-15",
        "due_date": "2024-02-14",
        "currency": "EUR",
        "subtotal": "1046.10",
        "tax": "104.61",
        "total": "1150.71",
        "line_items": [
            item("Aceite virgen extra 5 L", "24", "38.40", "921.60"),
            item("Aceituna manzanilla 1 kg", "30", "4.15", "124.50"),
        ],
    }


@layout
def hotel_folio_with_daily_charges() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.centre(306, 50, "The Lakeside Grand Hotel", 16, bold=True)
    s.centre(306, 66, "1 Promenade Drive, Burlington, VT 05401  |  Tel 802-555-0100", 8)
    s.text(50, 110, "Guest Name: Marta Lindqvist", 9)
    s.text(50, 124, "Room: 412", 9)
    s.text(50, 138, "Arrival: 03/11/2024", 9)
    s.text(50, 152, "Departure: 03/13/2024", 9)
    s.text(380, 110, "Invoice No: 88213", 9)
    s.text(380, 124, "Invoice Date: 03/13/2024", 9)
    s.table(
        190,
        (50, 130, -560),
        [
            ("Date", "Description", "Amount"),
            ("03/11/2024", "Room charge", "189.00"),
            ("03/11/2024", "Parking", "22.00"),
            ("03/12/2024", "Room charge", "189.00"),
        ],
        9,
    )
    s.pairs(
        400,
        290,
        560,
        [
            ("Subtotal", "$400.00"),
            ("Room Tax", "$36.00"),
            ("Total", "$436.00"),
            ("Visa", "-$436.00"),
            ("Balance Due", "$0.00"),
        ],
        9,
    )
    return s.pdf(), {
        "vendor": "The Lakeside Grand Hotel",
        "customer": "Marta Lindqvist",
        "invoice_number": "88213",
        "invoice_date": "2024-03-13",
        "due_date": None,
        "currency": "USD",
        "subtotal": "400.00",
        "tax": "36.00",
        "total": "436.00",
        "line_items": [
            item("Room charge", None, None, "189.00"),
            item("Parking", None, None, "22.00"),
            item("Room charge", None, None, "189.00"),
        ],
    }


@layout
def telecom_bill_with_previous_balance() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.text(40, 50, "Bluewire Communications", 18, bold=True)
    s.lines(40, 80, ["Account holder: Peter Novak", "77 Elm Court", "Austin, TX 78701"], 9)
    s.pairs(
        360,
        50,
        570,
        [
            ("Account number", "552-8817-03"),
            ("Bill number", "B20240509"),
            ("Bill date", "May 9, 2024"),
            ("Payment due date", "May 29, 2024"),
        ],
        9,
        step=13,
    )
    s.text(40, 150, "Summary of charges", 12, bold=True)
    s.pairs(
        40,
        175,
        570,
        [
            ("Previous balance", "$84.20"),
            ("Payment received May 2, thank you", "-$84.20"),
            ("Monthly service", "$65.00"),
            ("Device installment 5 of 24", "$20.83"),
            ("Taxes and surcharges", "$6.17"),
        ],
        10,
    )
    s.text(40, 265, "Total amount due", 12, bold=True)
    s.right(570, 265, "$92.00", 12, bold=True)
    s.text(40, 320, "Questions? Visit www.bluewire.example or call 800-555-0142.", 9)
    return s.pdf(), {
        "vendor": "Bluewire Communications",
        "customer": "Peter Novak",
        "invoice_number": "B20240509",
        "invoice_date": "2024-05-09",
        "due_date": "2024-05-29",
        "currency": "USD",
        "subtotal": None,
        "tax": "6.17",
        "total": "92.00",
        "also": {"tax": [None]},
        "line_items": None,
    }


@layout
def credit_note_with_negative_amounts() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "CREDIT NOTE", 20, bold=True)
    s.lines(50, 90, ["Marlow Instruments Ltd", "Unit 4, Mill Lane", "Reading RG1 2AB"], 10)
    s.lines(330, 90, ["Credit to:", "Hexham College", "Priory Road", "Hexham NE46 3AA"], 10)
    s.pairs(
        330,
        170,
        545,
        [("Credit note no.", "CN-00482"), ("Date", "07/08/2024"), ("Original invoice no.", "INV-10233")],
    )
    s.table(
        250,
        (50, -350, -440, -545),
        [
            ("Description", "Qty", "Unit price", "Amount"),
            ("Digital calliper, returned", "3", "45.00", "-135.00"),
            ("Carrying case, returned", "3", "12.50", "-37.50"),
        ],
    )
    s.pairs(380, 330, 545, [("Subtotal", "-£172.50"), ("VAT @ 20%", "-£34.50"), ("Total credit", "-£207.00")])
    return s.pdf(), {
        "type": "credit_note",
        "vendor": "Marlow Instruments Ltd",
        "customer": "Hexham College",
        "invoice_number": "CN-00482",
        "invoice_date": "2024-08-07",
        "due_date": None,
        "currency": "GBP",
        "subtotal": "-172.50",
        "tax": "-34.50",
        "total": "-207.00",
        "line_items": [
            item("Digital calliper, returned", "3", "45.00", "-135.00"),
            item("Carrying case, returned", "3", "12.50", "-37.50"),
        ],
    }


@layout
def swiss_francs_with_apostrophes() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(60, 60, "Alpenblick Treuhand AG", 15, bold=True)
    s.lines(60, 78, ["Bahnhofstrasse 12", "8001 Zürich", "CHE-000.000.000 MWST"], 9)
    s.lines(340, 140, ["Seeberger Immobilien", "Uferpromenade 5", "6300 Zug"], 10)
    s.text(60, 230, "Rechnung 10-2291", 15, bold=True)
    s.text(60, 252, "Zürich, 28. November 2024", 10)
    s.table(
        300,
        (60, -370, -450, -540),
        [
            ("Leistung", "Stunden", "Ansatz", "Betrag CHF"),
            ("Jahresabschluss 2023", "42.5", "180.00", "7'650.00"),
            ("Steuererklärung", "18", "180.00", "3'240.00"),
        ],
    )
    s.pairs(
        350,
        390,
        540,
        [
            ("Total exkl. MWST", "CHF 10'890.00"),
            ("MWST 8.1%", "CHF 882.10"),
            ("Rundung", "CHF -0.10"),
            ("Total inkl. MWST", "CHF 11'772.00"),
        ],
    )
    s.text(60, 490, "Zahlbar innert 30 Tagen netto, spätestens am 28.12.2024", 10)
    return s.pdf(), {
        "vendor": "Alpenblick Treuhand AG",
        "customer": "Seeberger Immobilien",
        "invoice_number": "10-2291",
        "invoice_date": "2024-11-28",
        "due_date": "2024-12-28",
        "currency": "CHF",
        "subtotal": "10890.00",
        "tax": "882.10",
        "total": "11772.00",
        "line_items": [
            item("Jahresabschluss 2023", "42.5", "180.00", "7650.00"),
            item("Steuererklärung", "18", "180.00", "3240.00"),
        ],
    }


@layout
def yen_without_decimals() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "INVOICE", 20, bold=True)
    s.lines(50, 90, ["Sakura Trading K.K.", "2-1-1 Marunouchi", "Chiyoda-ku, Tokyo 100-0005", "Japan"], 10)
    s.lines(330, 90, ["To:", "Blue Anchor Imports", "50 Dock Road", "Seattle, WA 98101"], 10)
    s.pairs(
        50, 180, 280, [("Invoice No.", "ST-7741"), ("Invoice Date", "2024-04-25"), ("Due Date", "2024-05-31")]
    )
    s.table(
        260,
        (50, -340, -430, -545),
        [
            ("Item", "Quantity", "Unit Price", "Amount"),
            ("Ceramic tea set", "40", "¥3,200", "¥128,000"),
            ("Bamboo tray", "25", "¥1,450", "¥36,250"),
        ],
    )
    s.pairs(
        370, 340, 545, [("Subtotal", "¥164,250"), ("Consumption tax (10%)", "¥16,425"), ("Total", "¥180,675")]
    )
    return s.pdf(), {
        "vendor": "Sakura Trading K.K.",
        "customer": "Blue Anchor Imports",
        "invoice_number": "ST-7741",
        "invoice_date": "2024-04-25",
        "due_date": "2024-05-31",
        "currency": "JPY",
        "subtotal": "164250",
        "tax": "16425",
        "total": "180675",
        "line_items": [
            item("Ceramic tea set", "40", "3200", "128000"),
            item("Bamboo tray", "25", "1450", "36250"),
        ],
    }


@layout
def two_pages_with_repeated_heads_and_carry() -> tuple[bytes, Expected]:
    s = Sheet()
    heads = ("Item", "Description", "Qty", "Rate", "Amount")
    edges = (50, 100, -400, -470, -545)
    s.text(50, 60, "Redwood Office Supply Co.", 15, bold=True)
    s.lines(50, 78, ["900 Industrial Way", "Portland, OR 97210"], 9)
    s.pairs(360, 60, 545, [("Invoice #", "A-55120"), ("Date", "06/03/2024"), ("Due date", "07/03/2024")])
    s.lines(50, 130, ["Sold to:", "Northgate Clinic", "12 Health Plaza", "Salem, OR 97301"], 10)
    first = [(str(n), f"Copy paper grade {n}", "10", "4.50", "45.00") for n in range(1, 25)]
    y = s.table(220, edges, [heads, *first], 9, step=22)
    s.row(y + 4, [(300, "Carried forward"), (-545, "1,080.00")], 9)
    s.right(545, 820, "Page 1 of 2", 8)
    s.next_page()
    s.text(50, 60, "Redwood Office Supply Co.", 10)
    s.right(545, 60, "Invoice # A-55120", 10)
    y = s.table(
        100,
        edges,
        [
            heads,
            ("25", "Stapler, heavy duty", "2", "31.25", "62.50"),
            ("26", "Label printer", "1", "157.50", "157.50"),
        ],
        9,
        step=22,
    )
    s.pairs(
        400,
        y + 20,
        545,
        [("Subtotal", "$1,300.00"), ("Sales Tax (0%)", "$0.00"), ("Invoice Total", "$1,300.00")],
    )
    s.right(545, 820, "Page 2 of 2", 8)
    return s.pdf(), {
        "vendor": "Redwood Office Supply Co.",
        "customer": "Northgate Clinic",
        "invoice_number": "A-55120",
        "invoice_date": "2024-06-03",
        "due_date": "2024-07-03",
        "currency": "USD",
        "subtotal": "1300.00",
        "tax": "0.00",
        "total": "1300.00",
        "line_items": [
            *(item(f"Copy paper grade {n}", "10", "4.50", "45.00") for n in range(1, 25)),
            item("Stapler, heavy duty", "2", "31.25", "62.50"),
            item("Label printer", "1", "157.50", "157.50"),
        ],
    }


@layout
def tax_included_shop_order() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 55, "Rechnung", 18, bold=True)
    s.lines(50, 90, ["Lieferadresse", "Sabine Kern", "Gartenweg 4", "04109 Leipzig"], 9)
    s.lines(220, 90, ["Rechnungsadresse", "Sabine Kern", "Gartenweg 4", "04109 Leipzig"], 9)
    s.lines(
        390,
        90,
        ["Verkauft durch", "Papierfuchs Handels GmbH", "Am Markt 1", "99084 Erfurt", "USt-IDNr. DE000111222"],
        9,
    )
    s.pairs(
        50,
        180,
        250,
        [
            ("Bestellnummer", "302-5541"),
            ("Bestelldatum", "21. Januar 2024"),
            ("Rechnungsnummer", "DE4-77120"),
            ("Rechnungsdatum", "22. Januar 2024"),
        ],
        9,
        step=13,
    )
    s.table(
        260,
        (50, -300, -380, -430, -545),
        [
            ("Beschreibung", "Menge", "Stückpreis", "USt. %", "Zwischensumme"),
            ("Füller Modell Havel", "1", "39,90 €", "19%", "39,90 €"),
            ("Tintenglas blau", "2", "6,50 €", "19%", "13,00 €"),
            ("Versandkosten", "1", "4,95 €", "19%", "4,95 €"),
        ],
        9,
    )
    s.row(350, [(350, "Gesamtbetrag"), (-545, "57,85 €")], 11, bold=True)
    s.row(370, [(350, "darin enthaltene MwSt. 19%"), (-545, "9,24 €")], 9)
    s.text(50, 420, "Bezahlt mit Kreditkarte am 21. Januar 2024", 9)
    return s.pdf(), {
        "vendor": "Papierfuchs Handels GmbH",
        "customer": "Sabine Kern",
        "invoice_number": "DE4-77120",
        "invoice_date": "2024-01-22",
        "due_date": None,
        "currency": "EUR",
        "subtotal": None,
        "tax": "9.24",
        "total": "57.85",
        "line_items": [
            item("Füller Modell Havel", "1", "39.90", "39.90"),
            item("Tintenglas blau", "2", "6.50", "13.00"),
            item("Versandkosten", "1", "4.95", "4.95"),
        ],
    }


@layout
def discount_and_shipping_between_subtotal_and_total() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.right(570, 55, "INVOICE", 24, bold=True)
    s.text(40, 55, "Pebble & Thread", 16, bold=True)
    s.lines(
        40, 75, ["210 Mill Street", "Asheville, NC 28801", "(828) 555-0177", "hello@pebblethread.example"], 9
    )
    s.lines(40, 150, ["BILL TO", "Jordan Ellis", "8 Cedar Lane", "Boone, NC 28607"], 9)
    s.lines(220, 150, ["SHIP TO", "Jordan Ellis", "Cabin 3, Ridge Trail", "Boone, NC 28607"], 9)
    s.pairs(
        400,
        150,
        570,
        [
            ("INVOICE #", "1187"),
            ("INVOICE DATE", "09/30/2024"),
            ("P.O. #", "7712"),
            ("DUE DATE", "10/30/2024"),
        ],
        9,
        step=13,
    )
    s.table(
        240,
        (-70, 90, -460, -570),
        [
            ("QTY", "DESCRIPTION", "UNIT PRICE", "AMOUNT"),
            ("3", "Wool blanket, grey", "120.00", "360.00"),
            ("5", "Linen cushion cover", "28.00", "140.00"),
        ],
    )
    s.pairs(
        400,
        320,
        570,
        [
            ("Subtotal", "500.00"),
            ("Discount 10%", "-50.00"),
            ("Shipping", "18.00"),
            ("Sales Tax 7.0%", "31.50"),
        ],
    )
    s.row(388, [(400, "TOTAL"), (-570, "$499.50")], 13, bold=True)
    s.text(40, 450, "Terms & Conditions: Payment is due within 30 days.", 9)
    return s.pdf(), {
        "vendor": "Pebble & Thread",
        "customer": "Jordan Ellis",
        "invoice_number": "1187",
        "invoice_date": "2024-09-30",
        "due_date": "2024-10-30",
        "currency": "USD",
        "subtotal": "500.00",
        "tax": "31.50",
        "total": "499.50",
        "line_items": [
            item("Wool blanket, grey", "3", "120.00", "360.00"),
            item("Linen cushion cover", "5", "28.00", "140.00"),
        ],
    }


@layout
def invoice_number_with_spaces_and_text_first() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Atelier Sommer", 16, bold=True)
    s.lines(50, 80, ["Dachsweg 3", "34117 Kassel", "Steuernummer: 026/000/00000"], 9)
    s.lines(50, 150, ["Herrn", "Tobias Falk", "Lindenallee 20", "34131 Kassel"], 10)
    s.text(50, 250, "Honorarrechnung", 14, bold=True)
    s.text(50, 272, "Rechnungsnummer: AS 2024 0017", 10)
    s.text(50, 286, "Kassel, den 5. Juli 2024", 10)
    s.table(
        320,
        (50, -545),
        [
            ("Leistung", "Betrag"),
            ("Portraitaufnahmen im Studio", "380,00 EUR"),
            ("Bildbearbeitung", "120,00 EUR"),
        ],
    )
    s.row(380, [(350, "Summe"), (-545, "500,00 EUR")], 10, bold=True)
    s.text(50, 420, "Gemäß § 19 UStG wird keine Umsatzsteuer berechnet.", 9)
    s.text(50, 440, "Bitte begleichen Sie den Betrag innerhalb von 14 Tagen.", 9)
    return s.pdf(), {
        "vendor": "Atelier Sommer",
        "customer": "Tobias Falk",
        "invoice_number": "AS 2024 0017",
        "invoice_date": "2024-07-05",
        "due_date": None,
        "currency": "EUR",
        "subtotal": None,
        "tax": None,
        "total": "500.00",
        "line_items": [
            item("Portraitaufnahmen im Studio", None, None, "380.00"),
            item("Bildbearbeitung", None, None, "120.00"),
        ],
    }


@layout
def european_dates_told_by_a_day_above_twelve() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Greenfield Consulting Pty Ltd", 15, bold=True)
    s.lines(50, 80, ["ABN 00 000 000 000", "Level 3, 40 King Street", "Sydney NSW 2000"], 9)
    s.text(400, 60, "TAX INVOICE", 15, bold=True)
    s.lines(50, 150, ["Invoice To", "Coral Coast Tours", "9 Reef Parade", "Cairns QLD 4870"], 10)
    s.pairs(
        350,
        110,
        545,
        [("Invoice Number", "GC-3321"), ("Invoice Date", "03/04/2024"), ("Due Date", "17/04/2024")],
    )
    s.table(
        250,
        (50, -350, -430, -545),
        [
            ("Description", "Hours", "Rate", "Amount AUD"),
            ("Strategy workshop", "6.00", "220.00", "1,320.00"),
            ("Follow-up report", "4.50", "180.00", "810.00"),
        ],
    )
    s.pairs(380, 330, 545, [("Subtotal", "2,130.00"), ("TOTAL GST 10%", "213.00"), ("TOTAL AUD", "2,343.00")])
    s.text(50, 420, "Bank: First Harbour  BSB: 000-000  Account: 12345678", 9)
    return s.pdf(), {
        "vendor": "Greenfield Consulting Pty Ltd",
        "customer": "Coral Coast Tours",
        "invoice_number": "GC-3321",
        "invoice_date": "2024-04-03",
        "due_date": "2024-04-17",
        "currency": "AUD",
        "subtotal": "2130.00",
        "tax": "213.00",
        "total": "2343.00",
        "line_items": [
            item("Strategy workshop", "6.00", "220.00", "1320.00"),
            item("Follow-up report", "4.50", "180.00", "810.00"),
        ],
    }


@layout
def totals_as_columns_of_a_footer_table() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Officine Meccaniche Bora S.r.l.", 14, bold=True)
    s.lines(50, 78, ["Via Trieste 44", "34121 Trieste", "P.IVA 00000000000"], 9)
    s.lines(340, 100, ["Spett.le", "Cantieri Adriatici SpA", "Riva Nuova 2", "30100 Venezia"], 10)
    s.text(50, 190, "FATTURA N. 118/2024 del 12/02/2024", 13, bold=True)
    s.table(
        240,
        (50, -330, -420, -470, -545),
        [
            ("Descrizione", "Quantità", "Prezzo unitario", "IVA", "Importo"),
            ("Lavorazione flange", "14", "62,00", "22%", "868,00"),
            ("Collaudo e verniciatura", "1", "132,00", "22%", "132,00"),
        ],
    )
    s.row(340, [(50, "Imponibile"), (200, "IVA"), (350, "Totale fattura")], 9)
    s.row(356, [(50, "1.000,00 €"), (200, "220,00 €"), (350, "1.220,00 €")], 11, bold=True)
    s.text(50, 400, "Scadenza: 12/03/2024", 10)
    return s.pdf(), {
        "vendor": "Officine Meccaniche Bora S.r.l.",
        "customer": "Cantieri Adriatici SpA",
        "invoice_number": "118/2024",
        "invoice_date": "2024-02-12",
        "due_date": "2024-03-12",
        "currency": "EUR",
        "subtotal": "1000.00",
        "tax": "220.00",
        "total": "1220.00",
        "line_items": [
            item("Lavorazione flange", "14", "62.00", "868.00"),
            item("Collaudo e verniciatura", "1", "132.00", "132.00"),
        ],
    }


@layout
def vat_summary_row_with_net_tax_and_gross() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Brauhaus am Fluss GmbH & Co. KG", 14, bold=True)
    s.lines(50, 78, ["Uferstraße 1", "96047 Bamberg"], 9)
    s.lines(50, 130, ["Gasthof Zur Post", "Hauptstraße 5", "91301 Forchheim"], 10)
    s.pairs(
        330,
        130,
        545,
        [("Rechnungs-Nr.", "RG24-1009"), ("Rechnungsdatum", "30.09.2024"), ("Kundennummer", "4711")],
    )
    s.table(
        230,
        (50, 120, -340, -420, -545),
        [
            ("Art.-Nr.", "Artikel", "Menge", "Preis", "Betrag"),
            ("1001", "Kellerbier 30 l Fass", "8", "62,50", "500,00"),
            ("1002", "Apfelschorle Kiste", "20", "9,00", "180,00"),
        ],
    )
    s.table(
        310,
        (50, -200, -300, -400),
        [
            ("Steuersatz", "Netto", "MwSt.", "Brutto"),
            ("19 %", "500,00", "95,00", "595,00"),
            ("7 %", "180,00", "12,60", "192,60"),
        ],
        9,
        step=14,
    )
    s.row(356, [(50, "Summe"), (-200, "680,00"), (-300, "107,60"), (-400, "787,60")], 9)
    s.row(390, [(330, "Rechnungsbetrag EUR"), (-545, "787,60")], 11, bold=True)
    s.text(50, 430, "Zahlungsziel: 14.10.2024", 10)
    return s.pdf(), {
        "vendor": "Brauhaus am Fluss GmbH & Co. KG",
        "customer": "Gasthof Zur Post",
        "invoice_number": "RG24-1009",
        "invoice_date": "2024-09-30",
        "due_date": "2024-10-14",
        "currency": "EUR",
        "subtotal": "680.00",
        "tax": "107.60",
        "total": "787.60",
        "also": {"subtotal": [None], "tax": [None]},
        "line_items": [
            item("Kellerbier 30 l Fass", "8", "62.50", "500.00"),
            item("Apfelschorle Kiste", "20", "9.00", "180.00"),
        ],
    }


@layout
def wrapped_descriptions_and_notes_below() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Quarry Lane Engineering LLP", 14, bold=True)
    s.lines(50, 78, ["5 Quarry Lane", "Sheffield S1 2AA"], 9)
    s.pairs(
        360,
        60,
        545,
        [
            ("Invoice No", "QLE/24/088"),
            ("Invoice Date", "19 August 2024"),
            ("Payment Terms", "30 days"),
            ("Due Date", "18 September 2024"),
        ],
    )
    s.lines(50, 130, ["Invoice to:", "Tilbury Waterworks plc", "Pump House Road", "Tilbury RM18 7AA"], 10)
    s.row(
        220,
        [(50, "Description"), (-320, "Quantity"), (-430, "Unit Price"), (-545, "Line Total")],
        10,
        bold=True,
    )
    s.row(
        240, [(50, "Structural survey of the eastern"), (-320, "1"), (-430, "2,400.00"), (-545, "2,400.00")]
    )
    s.text(50, 253, "retaining wall including report")
    s.row(277, [(50, "Site visits"), (-320, "3"), (-430, "350.00"), (-545, "1,050.00")])
    s.text(50, 289, "Dates: 2, 9 and 16 August", 8)
    s.pairs(
        380, 330, 545, [("Net total", "£3,450.00"), ("VAT at 20%", "£690.00"), ("Gross total", "£4,140.00")]
    )
    s.text(
        50,
        780,
        "Quarry Lane Engineering LLP, registered in England no. OC000000. VAT registration 000 0000 00.",
        8,
    )
    return s.pdf(), {
        "vendor": "Quarry Lane Engineering LLP",
        "customer": "Tilbury Waterworks plc",
        "invoice_number": "QLE/24/088",
        "invoice_date": "2024-08-19",
        "due_date": "2024-09-18",
        "currency": "GBP",
        "subtotal": "3450.00",
        "tax": "690.00",
        "total": "4140.00",
        "line_items": [
            item(
                "Structural survey of the eastern retaining wall including report", "1", "2400.00", "2400.00"
            ),
            item("Site visits", "3", "350.00", "1050.00"),
        ],
    }


@layout
def utility_bill_with_prose_and_big_total() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 50, "Nordlicht Energie GmbH", 15, bold=True)
    s.text(50, 66, "Postfach 10 00, 26105 Oldenburg", 8)
    s.lines(50, 130, ["Familie", "Anna und Kai Reimers", "Deichstraße 31", "26382 Wilhelmshaven"], 10)
    s.pairs(
        340,
        130,
        545,
        [
            ("Vertragskonto", "900 112 334"),
            ("Rechnungsnummer", "7700123456"),
            ("Rechnungsdatum", "11.01.2024"),
            ("Zählernummer", "1ESY-5512"),
        ],
        9,
        step=13,
    )
    s.text(50, 240, "Ihre Stromrechnung für den Zeitraum 01.01.2023 bis 31.12.2023", 13, bold=True)
    s.pairs(
        50,
        280,
        545,
        [
            ("Verbrauch 2.850 kWh", ""),
            ("Nettobetrag", "812,34 EUR"),
            ("Umsatzsteuer 19 %", "154,34 EUR"),
            ("Bruttobetrag", "966,68 EUR"),
            ("abzüglich gezahlte Abschläge", "-900,00 EUR"),
        ],
    )
    s.row(370, [(50, "Nachzahlung"), (-545, "66,68 EUR")], 13, bold=True)
    s.text(50, 400, "Den Betrag von 66,68 EUR buchen wir am 26.01.2024 von Ihrem Konto ab.", 10)
    s.text(50, 420, "Ihr neuer Abschlag beträgt ab 01.02.2024 monatlich 81,00 EUR.", 10)
    return s.pdf(), {
        "vendor": "Nordlicht Energie GmbH",
        "customer": "Anna und Kai Reimers",
        "invoice_number": "7700123456",
        "invoice_date": "2024-01-11",
        "due_date": None,
        "currency": "EUR",
        "subtotal": "812.34",
        "tax": "154.34",
        "total": "966.68",
        "also": {"due_date": ["2024-01-26"], "customer": ["Familie"]},
        "line_items": None,
    }


@layout
def indian_gst_invoice_with_lakh_grouping() -> tuple[bytes, Expected]:
    s = Sheet()
    s.centre(297, 45, "TAX INVOICE", 14, bold=True)
    s.text(50, 75, "Deccan Textiles Pvt Ltd", 13, bold=True)
    s.lines(50, 92, ["14 Mill Road, Pune 411001", "GSTIN: 27AAAAA0000A1Z5"], 9)
    s.pairs(
        350,
        75,
        545,
        [("Invoice No.", "DT/2024-25/118"), ("Dated", "12-Apr-2024"), ("Due Date", "12-May-2024")],
        9,
        step=13,
    )
    s.lines(50, 140, ["Buyer", "Coastal Garments", "7 Beach Road", "Kochi 682001"], 9)
    s.table(
        220,
        (50, 80, 270, -360, -440, -545),
        [
            ("S.No", "Description of Goods", "HSN", "Quantity", "Rate", "Amount"),
            ("1", "Cotton fabric 60 inch", "5208", "1,500", "85.00", "1,27,500.00"),
            ("2", "Polyester lining", "5407", "400", "42.50", "17,000.00"),
        ],
        9,
    )
    s.pairs(
        370,
        300,
        545,
        [
            ("Taxable Value", "1,44,500.00"),
            ("CGST 2.5%", "3,612.50"),
            ("SGST 2.5%", "3,612.50"),
            ("Grand Total (INR)", "1,51,725.00"),
        ],
        9,
    )
    s.text(50, 390, "Amount in words: Rupees one lakh fifty-one thousand seven hundred twenty-five only", 8)
    return s.pdf(), {
        "vendor": "Deccan Textiles Pvt Ltd",
        "customer": "Coastal Garments",
        "invoice_number": "DT/2024-25/118",
        "invoice_date": "2024-04-12",
        "due_date": "2024-05-12",
        "currency": "INR",
        "subtotal": "144500.00",
        "tax": "7225.00",
        "total": "151725.00",
        "line_items": [
            item("Cotton fabric 60 inch", "1500", "85.00", "127500.00"),
            item("Polyester lining", "400", "42.50", "17000.00"),
        ],
    }


@layout
def rotated_page() -> tuple[bytes, Expected]:
    s = Sheet(rotation=90)
    s.text(50, 60, "Lantern Press Ltd", 14, bold=True)
    s.lines(50, 78, ["2 Ink Street", "York YO1 7AA"], 9)
    s.pairs(
        350,
        60,
        545,
        [("Invoice number", "LP-901"), ("Invoice date", "1 Feb 2024"), ("Due date", "2 Mar 2024")],
    )
    s.table(
        200,
        (50, -350, -440, -545),
        [("Description", "Qty", "Price", "Total"), ("Letterpress cards", "100", "1.20", "120.00")],
    )
    s.pairs(380, 260, 545, [("Subtotal", "£120.00"), ("VAT (20%)", "£24.00"), ("Total", "£144.00")])
    return s.pdf(), {
        "vendor": "Lantern Press Ltd",
        "customer": None,
        "invoice_number": "LP-901",
        "invoice_date": "2024-02-01",
        "due_date": "2024-03-02",
        "currency": "GBP",
        "subtotal": "120.00",
        "tax": "24.00",
        "total": "144.00",
        "line_items": [item("Letterpress cards", "100", "1.20", "120.00")],
    }


@layout
def till_receipt_without_heads() -> tuple[bytes, Expected]:
    s = Sheet((230, 420))
    s.centre(115, 40, "CORNER GROCER", 13, bold=True)
    s.centre(115, 54, "19 Station Road, Harlow", 8)
    s.text(15, 80, "02/11/2024 14:32", 8)
    s.right(215, 80, "Till 3", 8)
    y = s.pairs(
        15,
        105,
        215,
        [
            ("Semi skimmed milk 2L", "1.65"),
            ("Wholemeal bread", "1.40"),
            ("Cheddar 400g", "3.95"),
            ("Bananas loose", "0.88"),
        ],
        9,
        step=14,
    )
    s.row(y + 8, [(15, "TOTAL"), (-215, "£7.88")], 12, bold=True)
    s.pairs(15, y + 26, 215, [("Cash", "£10.00"), ("Change", "£2.12")], 9)
    s.centre(115, 300, "VAT No. 000 0000 00", 8)
    s.centre(115, 315, "Thank you for shopping with us", 8)
    return s.pdf(), {
        "type": "receipt",
        "vendor": "CORNER GROCER",
        "customer": None,
        "invoice_number": None,
        "invoice_date": "2024-11-02",
        "due_date": None,
        "currency": "GBP",
        "subtotal": None,
        "tax": None,
        "total": "7.88",
        "line_items": [
            item("Semi skimmed milk 2L", None, None, "1.65"),
            item("Wholemeal bread", None, None, "1.40"),
            item("Cheddar 400g", None, None, "3.95"),
            item("Bananas loose", None, None, "0.88"),
        ],
    }


@layout
def customer_before_vendor_and_labels_right_aligned() -> tuple[bytes, Expected]:
    s = Sheet()
    s.lines(50, 60, ["Customer", "Hollis & Daughters", "Old Granary", "Ludlow SY8 1AA"], 10)
    s.lines(
        330,
        60,
        [
            "Supplier",
            "Severn Glassworks Limited",
            "Furnace Yard",
            "Ironbridge TF8 7AA",
            "VAT No: GB 000 0000 00",
        ],
        10,
    )
    for y, label, value in (
        (170, "Invoice no:", "00671"),
        (184, "Tax point:", "22.10.2024"),
        (198, "Payment due by:", "21.11.2024"),
    ):
        s.right(420, y, label)
        s.text(430, y, value)
    s.text(50, 150, "Invoice", 16, bold=True)
    s.table(
        240,
        (50, -300, -380, -460, -545),
        [
            ("Product", "Qty", "Price", "VAT", "Net"),
            ("Toughened pane 600 x 900", "12", "31.50", "75.60", "378.00"),
            ("Sealant cartridge", "10", "6.20", "12.40", "62.00"),
        ],
    )
    s.pairs(
        380, 320, 545, [("Total net", "440.00"), ("Total VAT", "88.00"), ("Total to pay (GBP)", "528.00")]
    )
    return s.pdf(), {
        "vendor": "Severn Glassworks Limited",
        "customer": "Hollis & Daughters",
        "invoice_number": "00671",
        "invoice_date": "2024-10-22",
        "due_date": "2024-11-21",
        "currency": "GBP",
        "subtotal": "440.00",
        "tax": "88.00",
        "total": "528.00",
        "line_items": [
            item("Toughened pane 600 x 900", "12", "31.50", "378.00"),
            item("Sealant cartridge", "10", "6.20", "62.00"),
        ],
    }


@layout
def partly_paid_with_deposit() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.text(40, 60, "Harvest Moon Catering", 18, bold=True)
    s.lines(40, 80, ["55 Orchard Way", "Napa, CA 94559"], 9)
    s.text(400, 60, "Invoice #2207", 14, bold=True)
    s.text(400, 80, "Issued: Sep 14, 2024", 9)
    s.text(400, 94, "Due: Sep 28, 2024", 9)
    s.lines(40, 130, ["Prepared for", "Delgado Wedding", "c/o Rosa Delgado"], 9)
    s.table(
        200,
        (40, -400, -480, -570),
        [
            ("Item", "Quantity", "Price", "Amount"),
            ("Plated dinner", "80", "$62.00", "$4,960.00"),
            ("Dessert table", "1", "$540.00", "$540.00"),
        ],
    )
    s.pairs(
        400,
        280,
        570,
        [
            ("Subtotal", "$5,500.00"),
            ("Tax (8.25%)", "$453.75"),
            ("Gratuity", "$500.00"),
            ("Total", "$6,453.75"),
            ("Deposit paid 06/01/2024", "-$2,000.00"),
            ("Balance due", "$4,453.75"),
        ],
    )
    return s.pdf(), {
        "vendor": "Harvest Moon Catering",
        "customer": "Delgado Wedding",
        "invoice_number": "2207",
        "invoice_date": "2024-09-14",
        "due_date": "2024-09-28",
        "currency": "USD",
        "subtotal": "5500.00",
        "tax": "453.75",
        "total": "6453.75",
        "line_items": [
            item("Plated dinner", "80", "62.00", "4960.00"),
            item("Dessert table", "1", "540.00", "540.00"),
        ],
    }


@layout
def belgian_french_with_tva_and_structured_reference() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Imprimerie Delvaux SRL", 15, bold=True)
    s.lines(50, 78, ["Rue Haute 120", "1000 Bruxelles", "TVA BE 0000.000.000"], 9)
    s.lines(330, 120, ["Galerie Horizon", "Avenue Louise 300", "1050 Ixelles"], 10)
    s.text(50, 200, "Facture", 16, bold=True)
    s.pairs(
        50,
        225,
        260,
        [
            ("Numéro de facture", "2024-157"),
            ("Date de facturation", "08/04/2024"),
            ("Échéance", "08/05/2024"),
        ],
    )
    s.table(
        300,
        (50, -330, -420, -470, -545),
        [
            ("Description", "Quantité", "Prix unitaire", "TVA", "Montant HTVA"),
            ("Affiches A2 quadri", "250", "1,84", "21%", "460,00"),
            ("Cartons d'invitation", "500", "0,38", "21%", "190,00"),
        ],
    )
    s.pairs(
        350, 380, 545, [("Total HTVA", "650,00 EUR"), ("TVA 21%", "136,50 EUR"), ("Total TVAC", "786,50 EUR")]
    )
    s.text(50, 460, "Communication structurée : +++000/0157/24000+++", 9)
    return s.pdf(), {
        "vendor": "Imprimerie Delvaux SRL",
        "customer": "Galerie Horizon",
        "invoice_number": "2024-157",
        "invoice_date": "2024-04-08",
        "due_date": "2024-05-08",
        "currency": "EUR",
        "subtotal": "650.00",
        "tax": "136.50",
        "total": "786.50",
        "line_items": [
            item("Affiches A2 quadri", "250", "1.84", "460.00"),
            item("Cartons d'invitation", "500", "0.38", "190.00"),
        ],
    }


@layout
def portuguese_invoice() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Cortiça Nova Lda", 15, bold=True)
    s.lines(50, 78, ["Rua do Sobreiro 9", "4500-100 Espinho", "NIF 500000000"], 9)
    s.lines(330, 78, ["Cliente", "Adega Monte Alto", "Largo da Igreja 1", "7000-500 Évora"], 10)
    s.text(50, 180, "Fatura nº FT 2024/88", 13, bold=True)
    s.text(50, 198, "Data de emissão: 20-03-2024", 10)
    s.text(50, 212, "Data de vencimento: 19-04-2024", 10)
    s.table(
        260,
        (50, -330, -420, -545),
        [
            ("Descrição", "Qtd", "Preço unitário", "Total"),
            ("Rolhas naturais 45 mm", "5.000", "0,21", "1.050,00"),
            ("Caixas de expedição", "40", "3,75", "150,00"),
        ],
    )
    s.pairs(
        380, 340, 545, [("Subtotal", "1.200,00 €"), ("IVA 23%", "276,00 €"), ("Total a pagar", "1.476,00 €")]
    )
    return s.pdf(), {
        "vendor": "Cortiça Nova Lda",
        "customer": "Adega Monte Alto",
        "invoice_number": "FT 2024/88",
        "invoice_date": "2024-03-20",
        "due_date": "2024-04-19",
        "currency": "EUR",
        "subtotal": "1200.00",
        "tax": "276.00",
        "total": "1476.00",
        "line_items": [
            item("Rolhas naturais 45 mm", "5000", "0.21", "1050.00"),
            item("Caixas de expedição", "40", "3.75", "150.00"),
        ],
    }


@layout
def minimal_freelancer_with_payment_block() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(60, 70, "INVOICE", 28, bold=True)
    s.text(60, 110, "No. 014", 10)
    s.text(60, 124, "May 2, 2024", 10)
    s.text(60, 170, "FROM", 8, bold=True)
    s.lines(60, 184, ["Priya Raman", "priya@raman-design.example"], 10)
    s.text(300, 170, "TO", 8, bold=True)
    s.lines(300, 184, ["Oakhurst Partners", "ap@oakhurst.example"], 10)
    s.row(260, [(60, "DESCRIPTION"), (-400, "HOURS"), (-470, "RATE"), (-540, "AMOUNT")], 8, bold=True)
    s.row(280, [(60, "Landing page design"), (-400, "12"), (-470, "$95"), (-540, "$1,140")], 10)
    s.row(300, [(60, "Icon set"), (-400, "5"), (-470, "$95"), (-540, "$475")], 10)
    s.row(340, [(400, "TOTAL"), (-540, "$1,615")], 12, bold=True)
    s.text(60, 400, "PAYMENT DETAILS", 8, bold=True)
    s.lines(
        60, 414, ["Account name: Priya Raman", "Routing number: 000000000", "Account number: 0001112223"], 9
    )
    s.text(60, 480, "Due by May 16, 2024. Thank you!", 10)
    return s.pdf(), {
        "vendor": "Priya Raman",
        "customer": "Oakhurst Partners",
        "invoice_number": "014",
        "invoice_date": "2024-05-02",
        "due_date": "2024-05-16",
        "currency": "USD",
        "subtotal": None,
        "tax": None,
        "total": "1615",
        "line_items": [item("Landing page design", "12", "95", "1140"), item("Icon set", "5", "95", "475")],
    }


@layout
def item_codes_and_units_in_own_columns() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(50, 60, "Hydro Parts Benelux N.V.", 14, bold=True)
    s.lines(50, 78, ["Havenlaan 60", "2030 Antwerpen"], 9)
    s.pairs(
        350,
        60,
        545,
        [
            ("Invoice", "HP24/00912"),
            ("Invoice date", "05.12.2024"),
            ("Due date", "04.01.2025"),
            ("Customer no.", "88120"),
        ],
    )
    s.lines(50, 130, ["Bill to:", "Polder Pumps BV", "Dijkweg 8", "4301 Zierikzee"], 10)
    s.table(
        230,
        (50, 75, 140, -330, 345, -430, -480, -545),
        [
            ("#", "Code", "Description", "Qty", "Unit", "Price", "Disc.", "Total"),
            ("1", "HX-10", "Impeller bronze 120 mm", "4", "pcs", "185.00", "10%", "666.00"),
            ("2", "SL-22", "Shaft seal", "12", "pcs", "14.25", "", "171.00"),
            ("3", "OIL-5", "Hydraulic oil ISO 46", "2.5", "l", "9.60", "", "24.00"),
        ],
        9,
    )
    s.pairs(
        380,
        330,
        545,
        [("Total excl. VAT", "861.00 EUR"), ("VAT 21%", "180.81 EUR"), ("Total incl. VAT", "1,041.81 EUR")],
    )
    return s.pdf(), {
        "vendor": "Hydro Parts Benelux N.V.",
        "customer": "Polder Pumps BV",
        "invoice_number": "HP24/00912",
        "invoice_date": "2024-12-05",
        "due_date": "2025-01-04",
        "currency": "EUR",
        "subtotal": "861.00",
        "tax": "180.81",
        "total": "1041.81",
        "line_items": [
            item("Impeller bronze 120 mm", "4", "185.00", "666.00"),
            item("Shaft seal", "12", "14.25", "171.00"),
            item("Hydraulic oil ISO 46", "2.5", "9.60", "24.00"),
        ],
    }


@layout
def letterhead_at_the_bottom_only() -> tuple[bytes, Expected]:
    s = Sheet()
    s.lines(60, 140, ["Musikschule Taktvoll e.V.", "Frau Ines Brandt", "Kirchgasse 12", "55116 Mainz"], 10.5)
    s.right(540, 230, "Mainz, 09.09.2024", 10)
    s.text(60, 270, "Rechnung 24-310", 14, bold=True)
    s.table(
        320,
        (60, -340, -440, -540),
        [
            ("Beschreibung", "Anzahl", "Preis", "Summe"),
            ("Klavierstimmung", "2", "110,00", "220,00"),
            ("Ersatzsaite", "1", "18,00", "18,00"),
        ],
    )
    s.pairs(
        360, 400, 540, [("Netto", "238,00 €"), ("+ 19% MwSt.", "45,22 €"), ("Rechnungsbetrag", "283,22 €")]
    )
    s.text(60, 470, "Der Betrag ist fällig am 23.09.2024.", 10)
    s.centre(297, 790, "Klavierhaus Adler GmbH · Rheinallee 40 · 55118 Mainz · Tel. 06131 000000", 8)
    s.centre(297, 802, "IBAN DE89 3704 0044 0532 0130 00 · USt-IdNr. DE123123123 · HRB 0000 Mainz", 8)
    return s.pdf(), {
        "vendor": "Klavierhaus Adler GmbH",
        "customer": "Musikschule Taktvoll e.V.",
        "invoice_number": "24-310",
        "invoice_date": "2024-09-09",
        "due_date": "2024-09-23",
        "currency": "EUR",
        "subtotal": "238.00",
        "tax": "45.22",
        "total": "283.22",
        "line_items": [
            item("Klavierstimmung", "2", "110.00", "220.00"),
            item("Ersatzsaite", "1", "18.00", "18.00"),
        ],
    }


@layout
def letter_that_is_no_invoice() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(60, 80, "Minutes of the annual meeting", 16, bold=True)
    s.lines(
        60,
        120,
        [
            "The members met at seven in the evening. The chair welcomed all guests.",
            "The accounts were read and approved. The total number of members is 48.",
            "The date of the next meeting will be announced in due time.",
        ],
        11,
    )
    return s.pdf(), {
        "type": "other",
        "vendor": None,
        "customer": None,
        "invoice_number": None,
        "invoice_date": None,
        "due_date": None,
        "currency": None,
        "subtotal": None,
        "tax": None,
        "total": None,
        "also": {"vendor": [None]},
        "line_items": [],
    }
