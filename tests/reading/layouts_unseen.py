"""Layouts like those of documents that the rules had not seen, with invented senders: one for each thing they taught."""

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
def swedish_with_heads_of_columns_and_a_footer() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(40, 60, "Björkliden Bygg AB", 17, bold=True)
    s.text(330, 60, "Faktura", 17, bold=True)
    s.pairs(
        40,
        90,
        220,
        [
            ("Fakturadatum", "2024-03-05"),
            ("Fakturanr", "20417"),
            ("OCR-nummer", "2041776"),
            ("Förfallodatum", "2024-04-04"),
            ("Er referens", "Anna Berg"),
        ],
    )
    s.lines(330, 90, ["Faktureringsadress", "Norrsken Förvaltning AB", "Storgatan 12", "903 26 Umeå"])
    end = s.table(
        220,
        [40, 90, -330, -430, -550],
        [
            ["Art.nr", "Benämning", "Antal", "Á-pris", "Summa"],
            ["101", "Montering av hyllor", "2", "1 250,00", "2 500,00"],
            ["102", "Resekostnad", "1", "430,50", "430,50"],
        ],
    )
    s.pairs(
        350,
        end + 30,
        550,
        [
            ("Netto", "2 930,50"),
            ("Moms 25 %", "732,63"),
            ("Öresavrundning", "-0,13"),
            ("Att betala", "SEK 3 663,00"),
        ],
    )
    s.lines(
        40, 780, ["Björkliden Bygg AB, Sågvägen 4, 903 31 Umeå", "Bankgiro 123-4567  Org.nr 556677-8899"], 7
    )
    return s.pdf(), {
        "vendor": "Björkliden Bygg AB",
        "customer": "Norrsken Förvaltning AB",
        "invoice_number": "20417",
        "invoice_date": "2024-03-05",
        "due_date": "2024-04-04",
        "currency": "SEK",
        "subtotal": "2930.50",
        "tax": "732.63",
        "total": "3663.00",
        "line_items": [
            item("Montering av hyllor", "2", "1250.00", "2500.00"),
            item("Resekostnad", "1", "430.50", "430.50"),
        ],
    }


@layout
def danish_whose_crowns_are_told_by_its_words() -> tuple[bytes, Expected]:
    s = Sheet()
    s.lines(40, 60, ["Møllegaarden I/S", "Søndergade 8", "8000 Aarhus C"])
    s.right(555, 60, "Fjordlys Belysning ApS", bold=True)
    s.right(555, 73, "Havnevej 3")
    s.right(555, 86, "7100 Vejle")
    s.right(555, 99, "CVR-nr.: 31415926")
    s.text(40, 170, "Faktura", 18, bold=True)
    s.pairs(
        40,
        200,
        220,
        [("Fakturanr.:", "1188"), ("Fakturadato:", "12-02-2024"), ("Forfaldsdato:", "26-02-2024")],
    )
    end = s.table(
        280,
        [40, -330, -440, -555],
        [
            ["Beskrivelse", "Antal", "Enhedspris", "Beløb"],
            ["Rengøring af kontor", "4", "kr. 325,00", "kr. 1.300,00"],
            ["Kørsel", "1", "kr. 180,00", "kr. 180,00"],
        ],
    )
    s.pairs(
        350,
        end + 20,
        555,
        [("Subtotal", "kr. 1.480,00"), ("Moms (25%)", "kr. 370,00"), ("Total", "kr. 1.850,00")],
    )
    return s.pdf(), {
        "vendor": "Fjordlys Belysning ApS",
        "customer": "Møllegaarden I/S",
        "invoice_number": "1188",
        "invoice_date": "2024-02-12",
        "due_date": "2024-02-26",
        "currency": "DKK",
        "subtotal": "1480.00",
        "tax": "370.00",
        "total": "1850.00",
        "line_items": [
            item("Rengøring af kontor", "4", "325.00", "1300.00"),
            item("Kørsel", "1", "180.00", "180.00"),
        ],
    }


@layout
def norwegian_with_the_sum_to_pay_in_a_box() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(40, 60, "Fjellheim Rør AS", 16, bold=True)
    s.lines(40, 80, ["Elveveien 5", "7013 Trondheim", "Org.nr 987 654 321 MVA"], 9)
    s.lines(40, 150, ["Kunde:", "Solbakken Borettslag", "Lia 2", "7020 Trondheim"])
    s.pairs(
        330, 150, 555, [("Fakturanr", "55021"), ("Fakturadato", "02.05.2024"), ("Forfallsdato", "16.05.2024")]
    )
    end = s.table(
        260,
        [40, -330, -440, -555],
        [["Beskrivelse", "Antall", "Pris", "Beløb"], ["Utskifting av ventil", "3", "890,00", "2 670,00"]],
    )
    s.pairs(
        350,
        end + 20,
        555,
        [
            ("Sum eks. mva", "2 670,00"),
            ("Mva 25 %", "667,50"),
            ("Totalt", "kr 3 337,50"),
            ("Å betale", "kr 3 337,50"),
        ],
    )
    return s.pdf(), {
        "vendor": "Fjellheim Rør AS",
        "customer": "Solbakken Borettslag",
        "invoice_number": "55021",
        "invoice_date": "2024-05-02",
        "due_date": "2024-05-16",
        "currency": "NOK",
        "subtotal": "2670.00",
        "tax": "667.50",
        "total": "3337.50",
        "amount_due": "3337.50",
        "line_items": [item("Utskifting av ventil", "3", "890.00", "2670.00")],
    }


@layout
def a_name_of_several_people_without_a_company_form() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(40, 60, "Bright, Hale and Sons", 18, bold=True)
    s.lines(40, 80, ["14 Mill Lane", "Leeds LS1 4AB", "office@brighthale.example"], 9)
    s.text(40, 150, "Invoice 7741", 14, bold=True)
    s.lines(40, 175, ["Date: 4 March 2024", "Bill to:", "Rowan Ltd", "2 High Street", "York YO1 7HU"])
    s.pairs(330, 300, 555, [("Subtotal", "£100.00"), ("VAT 20%", "£20.00"), ("Total", "£120.00")])
    return s.pdf(), {
        "vendor": "Bright, Hale and Sons",
        "customer": "Rowan Ltd",
        "invoice_number": "7741",
        "invoice_date": "2024-03-04",
        "currency": "GBP",
        "subtotal": "100.00",
        "tax": "20.00",
        "total": "120.00",
        "line_items": [],
    }


@layout
def sums_below_heads_of_their_own() -> tuple[bytes, Expected]:
    s = Sheet()
    s.lines(40, 60, ["Hormigones del Duero S.L.", "Calle Mayor 4", "47001 Valladolid", "CIF: B12345678"])
    s.right(555, 60, "FACTURA", 18, bold=True)
    s.right(555, 80, "Nº: 2024-118")
    s.right(555, 94, "Fecha: 03/06/2024")
    s.right(555, 108, "Vencimiento: 03/07/2024")
    s.lines(40, 150, ["Cliente", "Reformas Pisuerga S.A.", "Av. de Burgos 9", "47009 Valladolid"])
    end = s.table(
        240,
        [40, -300, -400, -470, -555],
        [
            ["CONCEPTO", "UNIDADES", "PRECIO", "IVA", "IMPORTE"],
            ["Bomba de hormigón", "2", "310,00 €", "21%", "620,00 €"],
            ["Transporte", "1", "80,00 €", "21%", "80,00 €"],
        ],
    )
    for x, text in ((100, "BASE IMPONIBLE"), (230, "% IVA"), (330, "CUOTA IVA"), (470, "TOTAL FACTURA")):
        s.centre(x, end + 20, text, bold=True)
    s.row(end + 36, [(-205, "700,00 €"), (-270, "21"), (-400, "147,00 €"), (-555, "847,00 €")])
    return s.pdf(), {
        "vendor": "Hormigones del Duero S.L.",
        "customer": "Reformas Pisuerga S.A.",
        "invoice_number": "2024-118",
        "invoice_date": "2024-06-03",
        "due_date": "2024-07-03",
        "currency": "EUR",
        "subtotal": "700.00",
        "tax": "147.00",
        "total": "847.00",
        "line_items": [
            item("Bomba de hormigón", "2", "310.00", "620.00"),
            item("Transporte", "1", "80.00", "80.00"),
        ],
    }


@layout
def polish_with_a_row_of_sums_below_the_columns() -> tuple[bytes, Expected]:
    s = Sheet()
    # The letters with strokes are not in this font; people leave them out as well.
    s.text(40, 60, "Faktura VAT nr FV/118/2024", 15, bold=True)
    s.lines(380, 60, ["Data wystawienia: 04.06.2024", "Termin platnosci: 18.06.2024"])
    s.lines(
        40,
        110,
        ["Sprzedawca", "Stolarnia Wierzba Sp. z o.o.", "ul. Lipowa 7", "30-001 Kraków", "NIP: 6790001112"],
    )
    s.lines(320, 110, ["Nabywca", "Dom Ogrodnika S.A.", "ul. Polna 2", "31-100 Kraków", "NIP: 6770002223"])
    end = s.table(
        220,
        [40, 65, -250, -320, -390, -430, -490, -555],
        [
            ["Lp.", "Nazwa", "Cena netto", "Szt.", "Netto", "VAT", "Kwota VAT", "Brutto"],
            ["1", "Stól ogrodowy", "400,00", "2", "800,00", "23%", "184,00", "984,00"],
            ["2", "Lawka", "150,00", "1", "150,00", "23%", "34,50", "184,50"],
        ],
        8,
    )
    s.row(end, [(-250, "Razem"), (-390, "950,00"), (-490, "218,50"), (-555, "1 168,50")], 8, bold=True)
    s.text(40, end + 40, "Do zaplaty: 1 168,50 PLN", bold=True)
    return s.pdf(), {
        "vendor": "Stolarnia Wierzba Sp. z o.o.",
        "customer": "Dom Ogrodnika S.A.",
        "invoice_number": "FV/118/2024",
        "invoice_date": "2024-06-04",
        "due_date": "2024-06-18",
        "currency": "PLN",
        "subtotal": "950.00",
        "tax": "218.50",
        "total": "1168.50",
        "amount_due": "1168.50",
        "line_items": None,
    }


@layout
def a_letter_whose_date_stands_behind_the_place() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(60, 100, "Werkstatt Ahorn GmbH · Am Bach 3 · 91224 Pommelsbrunn", 7)
    s.lines(60, 120, ["Gasthof Linde", "Marktplatz 1", "91217 Hersbruck"])
    s.right(540, 120, "Pommelsbrunn, 4. Juni 2024")
    s.text(60, 220, "Reparaturrechnung (R) Nr. 0815/24", 14, bold=True)
    s.text(60, 250, "Leistungszeitraum: 27.05.2024 - 29.05.2024")
    end = s.table(
        290,
        [60, -330, -430, -540],
        [["Leistung", "Menge", "Einzelpreis", "Betrag"], ["Ofen setzen", "1", "900,00 €", "900,00 €"]],
    )
    s.pairs(
        330,
        end + 16,
        540,
        [("Summe netto", "900,00 €"), ("zzgl. 19 % USt.", "171,00 €"), ("Rechnungsbetrag", "1.071,00 €")],
    )
    s.lines(60, 780, ["Werkstatt Ahorn GmbH  Am Bach 3  91224 Pommelsbrunn", "USt-IdNr. DE123456789"], 7)
    return s.pdf(), {
        "vendor": "Werkstatt Ahorn GmbH",
        "customer": "Gasthof Linde",
        "invoice_number": "0815/24",
        "invoice_date": "2024-06-04",
        "currency": "EUR",
        "subtotal": "900.00",
        "tax": "171.00",
        "total": "1071.00",
        "line_items": [item("Ofen setzen", "1", "900.00", "900.00")],
    }


@layout
def a_title_that_goes_on_below_and_names_an_order_of_another_day() -> tuple[bytes, Expected]:
    s = Sheet()
    s.text(60, 60, "Gutschrift (Storno) Nr. 4711", 14, bold=True)
    s.text(60, 76, "vom 05.03.2024", 14, bold=True)
    s.lines(
        60, 110, ["Verkäufer:", "Lindgrün GmbH", "Talweg 2", "80333 München", "Steuernummer: 201/113/40209"]
    )
    s.lines(320, 110, ["Käufer:", "Kunden AG", "Bergweg 5", "69876 Frankfurt"])
    s.text(60, 200, "Rechnung gemäß Bestellung vom 01.03.2024.")
    s.pairs(
        60,
        240,
        300,
        [("Rechnungssumme ohne USt.", "100,00 €"), ("Steuerbetrag", "19,00 €"), ("Bruttosumme", "119,00 €")],
    )
    return s.pdf(), {
        "type": "credit_note",
        "vendor": "Lindgrün GmbH",
        "customer": "Kunden AG",
        "invoice_number": "4711",
        "invoice_date": "2024-03-05",
        "currency": "EUR",
        "subtotal": "100.00",
        "tax": "19.00",
        "total": "119.00",
        "line_items": [],
    }


@layout
def a_slip_without_a_total_but_with_what_was_paid() -> tuple[bytes, Expected]:
    s = Sheet((260, 420))
    s.centre(130, 40, "KEDAI MELATI SDN BHD (524463-X)", 9)
    s.lines(40, 54, ["NO. 17, JALAN PERMAS 1/7", "81750 MASAI", "GST: 001019043840"], 8)
    s.text(40, 100, "TAX INVOICE", 9)
    s.lines(40, 114, ["DOC NO: CS00012507", "01/06/201813:30"], 8)
    s.pairs(40, 150, 220, [("SALTED RICE", "8.50"), ("FRIED EGG", "1.80"), ("ICE TEA", "4.30")], 9)
    s.pairs(40, 210, 220, [("SUBTOTAL", "RM14.60"), ("CASH", "RM20.00"), ("CHANGE", "RM5.40")], 9)
    s.centre(130, 280, "THANK YOU", 9)
    return s.pdf(), {
        "vendor": "KEDAI MELATI SDN BHD",
        "invoice_number": "CS00012507",
        "invoice_date": "2018-06-01",
        "currency": "MYR",
        "subtotal": "14.60",
        "total": "14.60",
        "line_items": [
            item("SALTED RICE", None, None, "8.50"),
            item("FRIED EGG", None, None, "1.80"),
            item("ICE TEA", None, None, "4.30"),
        ],
    }


@layout
def a_slip_that_rounds_what_is_to_pay() -> tuple[bytes, Expected]:
    s = Sheet((300, 420))
    s.lines(40, 40, ["PINGHWAI TRADING", "NO. 2, JALAN METRO 11", "52100 KUALA LUMPUR"], 9)
    s.text(40, 90, "TAX INVOICE", 9)
    s.lines(40, 104, ["Doc No. : CS00020001", "Date: 23/09/2017"], 8)
    end = s.table(
        140,
        [40, -150, -200, -260],
        [
            ["Item", "Qty", "Price", "Amount"],
            ["DRIED PRAWN", "1", "13.57", "13.57"],
            ["NAILS", "2", "5.30", "10.60"],
            ["Total Qty:", "3", "", "24.17"],
        ],
        8,
        step=14,
    )
    s.pairs(
        40,
        end + 8,
        260,
        [
            ("Total Sales (Excluding GST) :", "24.17"),
            ("Total GST", "1.45"),
            ("Rounding", "-0.02"),
            ("Total Sales (Inclusive of GST) :", "25.60"),
            ("CASH :", "30.00"),
            ("Change :", "4.40"),
        ],
        8,
    )
    return s.pdf(), {
        "vendor": "PINGHWAI TRADING",
        "invoice_number": "CS00020001",
        "invoice_date": "2017-09-23",
        "subtotal": "24.17",
        "tax": "1.45",
        "total": "25.60",
        "line_items": [item("DRIED PRAWN", "1", "13.57", "13.57"), item("NAILS", "2", "5.30", "10.60")],
    }


@layout
def codes_below_the_head_that_names_the_item() -> tuple[bytes, Expected]:
    s = Sheet()
    s.lines(40, 60, ["Ferretería Olmo S.L.", "Calle Ancha 3", "37001 Salamanca", "info@olmo.example"])
    s.lines(330, 60, ["Factura", "Número de factura: 0223", "Fecha de factura: 17/10/2022"])
    s.lines(40, 140, ["Cliente:", "Mayorga e Hijos S.A.", "Paseo Zepeda 784", "26003 Logroño"])
    for x, head in (
        (40, "Concepto"),
        (110, "Descripción"),
        (250, "Coste unitario"),
        (360, "Cantidad"),
        (460, "Total"),
    ):
        s.text(x, 230, head, 9, bold=True)
    y = 255
    for code, lines, price, count, amount in (
        ("P100", ["Cartucho de", "(tóner): negro"], "395,76", "5", "1.978,80"),
        ("P107", ["Cable de red 5 m"], "31,74", "1", "31,74"),
        ("P114", ["Tornillos M8 inox"], "2.259,52", "1", "2.259,52"),
    ):
        s.row(y, [(40, code), (250, price), (360, count), (460, amount)], 9)
        # The cell ends at 190 points, its padding before that: "(tóner):" did not fit behind "de".
        s.lines(150 if len(lines) > 1 else 110, y, lines, 9, step=12)
        y += 40
    s.pairs(330, y + 20, 500, [("Subtotal", "4.270,06"), ("IVA 21%", "896,71"), ("Total", "5.166,77")], 9)
    return s.pdf(), {
        "vendor": "Ferretería Olmo S.L.",
        "invoice_number": "0223",
        "invoice_date": "2022-10-17",
        "subtotal": "4270.06",
        "tax": "896.71",
        "total": "5166.77",
        "line_items": [
            item("Cartucho de (tóner): negro", "5", "395.76", "1978.80"),
            item("Cable de red 5 m", "1", "31.74", "31.74"),
            item("Tornillos M8 inox", "1", "2259.52", "2259.52"),
        ],
    }


@layout
def groups_in_a_column_without_a_head_and_a_head_nobody_knows() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.lines(40, 50, ["Alder & Finch LLC", "88 Dock Street", "Portland, OR 97201", "hello@alderfinch.example"])
    s.text(40, 120, "INVOICE 5512", 16, bold=True)
    s.lines(40, 145, ["BILL TO", "Harbor Café", "2 Pier Road", "Astoria, OR 97103"])
    s.right(570, 145, "DATE 03/14/2024")
    for x, head in ((40, "DATE"), (220, "DESCRIPTION"), (-380, "QTY"), (-470, "TARRIF"), (-570, "AMOUNT")):
        s.row(230, [(x, head)], 9, bold=True)
    for y, group, name, count, price, amount in (
        (250, "Roof", "Gutter cleaning", "2", "140.00", "280.00"),
        (268, "Garden", "Hedge trimming", "3", "65.50", "196.50"),
    ):
        s.row(
            y,
            [(40, "03/12/2024"), (120, group), (220, name), (-380, count), (-470, price), (-570, amount)],
            9,
        )
    s.pairs(400, 320, 570, [("SUBTOTAL", "476.50"), ("TAX", "0.00"), ("BALANCE DUE", "$476.50")], 9)
    return s.pdf(), {
        "vendor": "Alder & Finch LLC",
        "invoice_number": "5512",
        "invoice_date": "2024-03-14",
        "currency": "USD",
        "subtotal": "476.50",
        "tax": "0.00",
        "total": "476.50",
        "amount_due": "476.50",
        "line_items": [
            item("Gutter cleaning", "2", "140.00", "280.00"),
            item("Hedge trimming", "3", "65.50", "196.50"),
        ],
    }


@layout
def numbered_rows_with_long_notes_and_bar_codes() -> tuple[bytes, Expected]:
    s = Sheet()
    s.lines(40, 50, ["Rechnung Nr. 2024-77", "Rechnungsdatum: 02.05.2024"])
    s.lines(40, 90, ["Verkäufer:", "Lindgrün GmbH", "Talweg 2", "80333 München"])
    s.lines(320, 90, ["Käufer:", "Kunden AG", "Bergweg 5", "69876 Frankfurt"])
    s.row(180, [(75, "Beschreibung"), (-330, "Menge"), (-430, "Nettopreis"), (-540, "Nettobetrag")], 9)
    y = 200
    for number, name, count, price, amount in (
        ("1", "Kunstrasen", "3", "4,00", "12,00"),
        ("2", "Schweinesteak", "1", "5,50", "5,50"),
        ("3", "Pfand", "20", "2,50", "50,00"),
    ):
        s.row(y, [(70, f"{number} {name}"), (-330, count), (-430, price), (-540, amount)], 9)
        s.lines(75, y + 12, ["4012345001235", "Bruttopreis: 9,00"], 9, step=12)
        s.lines(
            75,
            y + 60,
            [f"Bestellt wurden {count} Stück, geliefert und berechnet wird", "alles."] * 2,
            9,
            step=12,
        )
        y += 140
    s.pairs(
        300,
        y + 10,
        540,
        [
            ("Rechnungssumme ohne USt.", "67,50 EUR"),
            ("Steuerbetrag", "12,83 EUR"),
            ("Bruttosumme", "80,33 EUR"),
        ],
        9,
    )
    return s.pdf(), {
        "vendor": "Lindgrün GmbH",
        "invoice_number": "2024-77",
        "invoice_date": "2024-05-02",
        "currency": "EUR",
        "subtotal": "67.50",
        "tax": "12.83",
        "total": "80.33",
        "line_items": [
            item("Kunstrasen", "3", "4.00", "12.00"),
            item("Schweinesteak", "1", "5.50", "5.50"),
            item("Pfand", "20", "2.50", "50.00"),
        ],
    }


@layout
def cells_closer_than_a_wide_space() -> tuple[bytes, Expected]:
    s = Sheet()
    s.lines(
        40,
        60,
        [
            "Tuinen van Delft B.V.",
            "Oude Gracht 14",
            "2611 CK Delft",
            "KvK 27123456",
            "info@tuinen-delft.example",
        ],
    )
    s.lines(330, 60, ["Factuur", "Aan:", "Brouwerij De Klok B.V.", "Haven 3", "3011 AA Rotterdam"])
    # A font of 10 points has spaces of 2.8 points; these cells stand 6 to 8 points apart.
    s.row(160, [(40, "Factuurnummer"), (96, "Factuurdatum"), (153, "Vervaldatum")], 7)
    s.row(174, [(40, "F24/68151"), (96, "7 juli 2024"), (153, "21 juli 2024")])
    s.row(210, [(40, "Omschrijving"), (-210, "Aantal"), (-280, "Prijs"), (-360, "Bedrag")], bold=True)
    s.row(228, [(40, "Snoeien van de leilindes aan de"), (-210, "2"), (-280, "€ 53,20"), (-360, "€ 106,40")])
    s.row(246, [(40, "Afvoer van groenafval naar stort"), (-210, "10"), (-280, "€ 6,62"), (-360, "€ 66,20")])
    s.pairs(230, 280, 360, [("Subtotaal", "€ 172,60"), ("BTW 21%", "€ 36,25"), ("Totaal", "€ 208,85")])
    return s.pdf(), {
        "vendor": "Tuinen van Delft B.V.",
        "customer": "Brouwerij De Klok B.V.",
        "invoice_number": "F24/68151",
        "invoice_date": "2024-07-07",
        "due_date": "2024-07-21",
        "currency": "EUR",
        "subtotal": "172.60",
        "tax": "36.25",
        "total": "208.85",
        "line_items": [
            item("Snoeien van de leilindes aan de", "2", "53.20", "106.40"),
            item("Afvoer van groenafval naar stort", "10", "6.62", "66.20"),
        ],
    }
