"""Invoices in many languages that say until when to pay, each in other words or at another place; some do not say it."""

from __future__ import annotations

from tests.reading.papers import Paper

_FRAMES = {
    "de": """
^14 Rechnung
Rechnungsnummer: RE-2024-118
Rechnungsdatum: {date}
{head}

Pos  Bezeichnung                         Menge    Einzelpreis    Gesamt
1    Wartung der Anlage                      2         100,00    200,00

                                               Nettobetrag       200,00
                                               USt. 19 %          38,00
                                               Gesamtbetrag      238,00

{foot}
Bitte geben Sie bei der Zahlung die Rechnungsnummer an.
""",
    "en": """
^14 Invoice
Invoice number: RE-2024-118
Invoice date: {date}
{head}

Pos  Description                         Quantity   Unit price    Amount
1    Maintenance of the system                  2       100.00    200.00

                                               Subtotal           200.00
                                               VAT 19 %            38.00
                                               Total              238.00

{foot}
Please state the invoice number with your payment.
""",
    "fr": """
^14 Facture
Numéro de facture : RE-2024-118
Date de facture : {date}
{head}

Pos  Désignation                         Quantité   Prix unitaire   Montant
1    Entretien de l'installation                2          100,00    200,00

                                               Total HT              200,00
                                               TVA 19 %               38,00
                                               Total TTC             238,00

{foot}
Merci de votre confiance et de votre règlement dans les délais.
""",
    "es": """
^14 Factura
Número de factura: RE-2024-118
Fecha de factura: {date}
{head}

Pos  Descripción                         Cantidad   Precio      Importe
1    Mantenimiento de la instalación            2   100,00       200,00

                                               Base imponible    200,00
                                               IVA 19 %           38,00
                                               Total             238,00

{foot}
Gracias por la confianza en nuestra empresa.
""",
    "it": """
^14 Fattura
Numero fattura: RE-2024-118
Data fattura: {date}
{head}

Pos  Descrizione                         Quantità   Prezzo      Importo
1    Manutenzione dell'impianto                 2   100,00       200,00

                                               Imponibile        200,00
                                               IVA 19 %           38,00
                                               Totale            238,00

{foot}
Vi preghiamo di indicare il numero della fattura.
""",
    "nl": """
^14 Factuur
Factuurnummer: RE-2024-118
Factuurdatum: {date}
{head}

Pos  Omschrijving                        Aantal      Prijs       Bedrag
1    Onderhoud van de installatie             2     100,00       200,00

                                               Subtotaal         200,00
                                               BTW 19 %           38,00
                                               Totaal            238,00

{foot}
Wij danken u voor het vertrouwen in ons bedrijf.
""",
    "pt": """
^14 Fatura
Fatura n.º: RE-2024-118
Data de emissão: {date}
{head}

Pos  Descrição                           Quantidade   Preço       Valor
1    Manutenção da instalação                     2   100,00     200,00

                                               Subtotal          200,00
                                               IVA 19 %           38,00
                                               Total             238,00

{foot}
Obrigado pela sua preferência.
""",
    "pl": """
^14 Faktura
Numer faktury: RE-2024-118
Data wystawienia: {date}
{head}

Lp.  Nazwa                               Ilość       Cena       Wartość
1    Konserwacja instalacji                  2     100,00        200,00

                                               Netto             200,00
                                               VAT 19 %           38,00
                                               Razem             238,00

{foot}
Dziękujemy za współpracę.
""",
    "sv": """
^14 Faktura
Fakturanummer: RE-2024-118
Fakturadatum: {date}
{head}

Pos  Beskrivning                         Antal       Pris        Belopp
1    Underhåll av anläggningen               2     100,00        200,00

                                               Netto             200,00
                                               Moms 19 %          38,00
                                               Totalt            238,00

{foot}
Tack för att ni anlitar oss.
""",
}
_DATES = {"en": "2 May 2024", "sv": "2024-05-02", "pl": "2024-05-02", "nl": "02-05-2024", "de": "02.05.2024"}


def _paper(language: str, due: str | None, *, head: str = "", foot: str = "", date: str = "") -> Paper:
    text = _FRAMES[language].format(head=head, foot=foot, date=date or _DATES.get(language, "02/05/2024"))
    return Paper("^12 Nordlicht Technik GmbH\n" + text.strip("\n"), (), "2024-05-02", "238.00", due)


DUES: dict[str, Paper] = {
    "de_term_and_its_end": _paper(
        "de", "2024-05-16", head="Zahlungsbedingungen: 14 Tage netto, fällig am 16.05.2024"
    ),
    "de_discount_before_the_end": _paper(
        "de",
        "2024-06-01",
        foot="Zahlbar bis 12.05.2024 mit 2 % Skonto (4,76 EUR),\noder bis 01.06.2024 ohne Abzug.",
    ),
    "de_until_at_the_latest_in_a_sentence": _paper(
        "de",
        "2024-05-31",
        foot="Bitte überweisen Sie den Rechnungsbetrag von 238,00 EUR spätestens bis zum\n31.05.2024 auf das unten genannte Konto.",
    ),
    "de_end_in_brackets": _paper("de", "2024-06-01", foot="Zahlungsziel: 30 Tage ohne Abzug (01.06.2024)"),
    "de_names_of_the_standard": _paper(
        "de",
        "2024-06-01",
        head="Fälligkeitsdatum (BT-9): 01.06.2024\nAbrechnungszeitraum (BG-14): 01.04.2024 - 30.04.2024",
    ),
    "de_direct_debit": _paper(
        "de",
        "2024-05-10",
        foot="Der Rechnungsbetrag wird am 10.05.2024 per SEPA-Lastschrift von Ihrem Konto\nDE02120300000000202051 eingezogen. Mandat vom 01.02.2020.",
    ),
    "de_period_is_no_due_date": _paper(
        "de",
        None,
        head="Leistungszeitraum: 01.04.2024 bis 30.04.2024\nZahlungsbedingungen: 14 Tage netto",
    ),
    "de_net_due": _paper("de", "2024-05-31", foot="Nettofälligkeit: 31.05.2024     Valuta: 02.05.2024"),
    "de_table_of_terms": _paper(
        "de",
        "2024-06-01",
        foot="Zahlungsart         Zahlungsbedingung      Fällig        Betrag\nÜberweisung         30 Tage netto          01.06.2024    238,00 EUR",
    ),
    "de_we_ask_until": _paper(
        "de",
        "2024-05-23",
        foot="Wir bitten um Überweisung des Betrages in Höhe von 238,00 EUR bis zum 23.05.2024.",
    ),
    "de_iso_date_of_a_viewer": _paper(
        "de", "2024-06-01", head="Fälligkeit            2024-06-01\nLieferdatum           2024-04-28"
    ),
    "de_month_by_name": _paper(
        "de", "2024-06-15", foot="Zahlbar ohne Abzug bis spätestens 15. Juni 2024 auf unser Konto."
    ),
    "en_net_thirty_and_its_end": _paper("en", "2024-06-01", head="Terms: Net 30, due 1 June 2024"),
    "en_no_later_than": _paper(
        "en", "2024-06-01", foot="Please pay the full amount no later than 1 June 2024."
    ),
    "en_head_of_a_column": _paper(
        "en",
        "2024-06-01",
        head="Order ref      Terms            Due             Contact\nPO-118         30 days net      1 June 2024     A. Berg",
    ),
    "en_received_by": _paper(
        "en", "2024-06-01", foot="Payment must be received by 2024-06-01 to avoid interest."
    ),
    "en_term_in_brackets": _paper(
        "en", "2024-06-01", foot="Payment terms: within 30 days of the invoice date (01 Jun 2024)"
    ),
    "en_delivery_is_no_due_date": _paper(
        "en", None, head="Delivery date: 28 April 2024\nValid until: 30 June 2024"
    ),
    "en_last_date_for_payment": _paper("en", "2024-06-01", head="Last date for payment    01/06/2024"),
    "en_split_over_two_lines": _paper(
        "en", "2024-06-01", head="Payment due\ndate:               1 June 2024"
    ),
    "fr_transfer_and_its_end": _paper(
        "fr", "2024-06-30", foot="Règlement : virement à 45 jours fin de mois, échéance le 30/06/2024"
    ),
    "fr_to_be_paid_at_the_latest": _paper(
        "fr", "2024-06-01", foot="Facture payable au plus tard le 1er juin 2024 par virement bancaire."
    ),
    "fr_table_of_ends": _paper(
        "fr",
        "2024-06-01",
        foot="Mode de règlement      Date d'échéance      Montant\nVirement               01/06/2024           238,00 €",
    ),
    "fr_limit": _paper(
        "fr", "2024-06-01", head="Date limite de règlement : 01/06/2024\nDate de livraison : 28/04/2024"
    ),
    "fr_before": _paper("fr", "2024-06-01", foot="Montant à régler avant le 01/06/2024 : 238,00 €"),
    "fr_penalties_are_no_due_date": _paper(
        "fr",
        None,
        head="Période du 01/04/2024 au 30/04/2024",
        foot="Pénalités de retard : 3 fois le taux légal. Indemnité forfaitaire : 40 €.",
    ),
    "es_table_of_ends": _paper(
        "es",
        "2024-06-01",
        foot="Forma de pago            Vencimiento        Importe\nTransferencia            01/06/2024         238,00 €",
    ),
    "es_day_by_name": _paper(
        "es", "2024-06-01", foot="Forma de pago: transferencia, vence el 1 de junio de 2024."
    ),
    "es_term_and_end": _paper(
        "es", "2024-06-01", head="Condiciones: 30 días fecha factura. Vto.: 01/06/2024"
    ),
    "it_table_of_ends": _paper(
        "it",
        "2024-05-31",
        foot="Modalità pagamento     IBAN                          Scadenza       Importo\nMP05 Bonifico          IT60X0542811101000000123456   31-05-2024      238,00",
    ),
    "it_end_of_month": _paper(
        "it", "2024-05-31", foot="Pagamento: bonifico 30 gg d.f.f.m. con scadenza al 31/05/2024"
    ),
    "it_date_of_end": _paper(
        "it", "2024-05-31", head="Data scadenza pagamento: 2024-05-31   Data DDT: 2024-04-28"
    ),
    "nl_before_in_a_sentence": _paper(
        "nl",
        "2024-06-01",
        foot="Wij verzoeken u het bedrag van € 238,00 vóór 01-06-2024 over te maken op NL00BANK0000000000.",
    ),
    "nl_at_the_latest": _paper(
        "nl",
        "2024-06-01",
        foot="Gelieve dit bedrag uiterlijk 1 juni 2024 te voldoen onder vermelding van het factuurnummer.",
    ),
    "nl_term_and_end": _paper("nl", "2024-06-01", head="Betalingstermijn: 30 dagen (vervaldatum 01-06-2024)"),
    "pt_end": _paper("pt", "2024-06-01", head="Vencimento: 01/06/2024     Data de entrega: 28/04/2024"),
    "pt_to_be_paid_until": _paper(
        "pt", "2024-06-01", foot="Condições de pagamento: 30 dias, pagável até 01/06/2024"
    ),
    "pl_term": _paper(
        "pl", "2024-05-16", head="Termin płatności: 14 dni (2024-05-16)   Data sprzedaży: 2024-04-30"
    ),
    "pl_way_and_term": _paper(
        "pl", "2024-05-16", foot="Sposób płatności: przelew, termin płatności do: 16.05.2024 r."
    ),
    "sv_terms_and_end": _paper(
        "sv", "2024-06-01", head="Betalningsvillkor  30 dagar netto\nFörfallodatum      2024-06-01"
    ),
    "sv_to_be_paid_at_the_latest": _paper(
        "sv",
        "2024-06-01",
        foot="Betalning oss tillhanda senast 2024-06-01. Efter förfallodagen debiteras ränta.",
    ),
    "en_two_instalments_name_the_last": _paper(
        "en",
        "2024-06-01",
        foot="Due date: 2024-06-01      Amount due: 238.00      Late fee applies after this date.",
    ),
}
