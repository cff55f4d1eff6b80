"""The words of invoices in seven languages: what a label says, never who says it.

A phrase may mean several things ("due" labels a date and an amount); its value decides.
Phrases are compared squeezed, so "Rechnungs-Nr.:" and "RECHNUNGSNR" are one entry.
"""

from __future__ import annotations

from collections.abc import Mapping

from paperhook.reading.words import squeeze

#: Meaning → language → phrases separated by "|". Longer phrases win over shorter ones inside them.
LABELS: Mapping[str, Mapping[str, str]] = {
    "number": {
        "en": "invoice number|invoice no|invoice num|invoice nr|invoice #|invoice id|invoice ref|invoice reference|inv no|inv #"
        "|inv number|tax invoice no|tax invoice number|tax invoice #|bill number|bill no|bill #|document number|document no"
        "|document id|credit note number|credit note no|credit memo number|credit memo no|credit number|credit note #|receipt number"
        "|receipt no|receipt #|statement number|reference invoice number|your invoice number|folio number|folio no|invoice code"
        "|vat invoice number|vat invoice no",
        "de": "rechnungsnummer|rechnungsnr|rechnung nr|rechnung nummer|rechnungs nr|re nr|rg nr|beleg nr|belegnummer|belegnr"
        "|gutschriftsnummer|gutschriftnummer|gutschrift nr|gutschriftsnr|quittungsnummer|rechnungs id|rechnung no"
        "|stornorechnung nr|rechnung n°|bon nr|dokumentnummer|dokument nr|faktura nr|fakturanummer|faktur nr|rechnungsnummer nr",
        "fr": "numéro de facture|numero de la facture|n° de facture|n° facture|no facture|no de facture|facture n°|facture no|facture numéro"
        "|facture #|num facture|nº de facture|numéro d'avoir|avoir n°|n° avoir|n° d'avoir|référence facture|référence de la facture"
        "|réf facture|facture réf|n° de la facture|numéro facture|n° de pièce|numéro de document",
        "nl": "factuurnummer|factuurnr|factuur nr|factuur nummer|factuur no|creditnotanummer|creditfactuurnummer|bonnummer|notanummer"
        "|documentnummer|creditnota nr",
        "es": "número de factura|nº de factura|n° de factura|núm factura|num factura|factura nº|factura n°|factura no|factura número"
        "|factura núm|nº factura|n° factura|no factura|no de factura|factura #|número de abono|nº abono|número de documento|número factura"
        "|serie y número|núm de factura",
        "it": "numero fattura|fattura n|fattura n°|fattura nr|fattura numero|n° fattura|nr fattura|numero documento|nota di credito n"
        "|n fattura|numero della fattura|fattura no|documento n|numero doc",
        "pt": "número da fatura|fatura nº|fatura n°|nº da fatura|nº fatura|número de fatura|factura nº|fatura número|fatura no"
        "|número da nota|nota fiscal nº|nº da nota",
    },
    # Counts only near a title, when nothing clearer is found.
    "number_plain": {
        "en": "no|number|num|nr|#",
        "fr": "n°|numéro|numero",
        "es": "nº|número|núm",
    },
    # A title that a number may follow: "Invoice INV-100".
    "number_title": {
        "en": "invoice|tax invoice|credit note|credit memo|receipt|sales receipt|vat invoice|bill|commercial invoice|proforma invoice"
        "|sales invoice|adjustment note|statement",
        "de": "rechnung|gutschrift|handelsrechnung|stornorechnung|rechnungskorrektur|quittung|schlussrechnung|abschlagsrechnung|faktura"
        "|teilrechnung|korrekturrechnung|beleg|honorarnote|honorarrechnung",
        "fr": "facture|avoir|facture d'avoir|reçu|note de crédit|facture d'acompte|facture proforma|note d'honoraires",
        "nl": "factuur|creditnota|creditfactuur|kwitantie|verkoopfactuur|bon",
        "es": "factura|abono|nota de crédito|factura rectificativa|recibo|factura simplificada|nota de abono|factura proforma",
        "it": "fattura|nota di credito|ricevuta|fattura accompagnatoria|nota di accredito|parcella",
        "pt": "fatura|nota de crédito|fatura recibo|recibo|nota fiscal|factura recibo",
    },
    "date": {
        "en": "invoice date|date of invoice|invoiced on|invoice issued|issue date|date issued|issued on|date of issue|billing date"
        "|bill date|issued|invoice dated|dated|tax date|tax point|tax point date|document date|statement date|credit note date"
        "|receipt date|date paid|transaction date|invoice date tax point|invoice issue date|receipt issued on|invoice issued on|credit date"
        "|date invoiced|date of sale|purchase date|credit memo date",
        "de": "rechnungsdatum|datum der rechnung|rechnungs datum|ausstellungsdatum|belegdatum|rechnung vom|ausgestellt am|datum rechnung"
        "|gutschriftsdatum|gutschriftdatum|erstellt am|re datum|fakturadatum|faktura datum|datum der ausstellung|dokumentdatum|rg datum"
        "|rechnungsdatum leistungsdatum|leistungs und rechnungsdatum|rechnungs und leistungsdatum|rechnungsdatum lieferdatum"
        "|rechnungsdatum entspricht leistungsdatum|rechnungsdatum entspricht lieferdatum",
        "fr": "date de facture|date de la facture|date facture|date d'émission|émise le|émis le|date de facturation|facture du|date d'avoir"
        "|facturé le|établie le|date d'établissement|date de l'avoir|date du document|date de pièce|fait le|facture émise le",
        "nl": "factuurdatum|datum factuur|factuur datum|datum van uitgifte|creditnotadatum|datum van factuur|aankoopdatum|notadatum|uitgegeven op",
        "es": "fecha de factura|fecha de la factura|fecha factura|fecha de emisión|fecha emisión|fecha de expedición|fecha expedición"
        "|emitida el|fecha del documento|fecha de facturación|emitido el|fecha documento",
        "it": "data fattura|data della fattura|data di emissione|data emissione|fattura del|emessa il|data documento|data doc|del",
        "pt": "data da fatura|data de emissão|data fatura|data da emissão|emitida em|data do documento|data factura|emitido em",
    },
    "date_plain": {
        "en": "date|dated|of",
        "de": "datum|den|vom",
        "fr": "date|le|du|en date du",
        "nl": "datum|van|d.d.",
        "es": "fecha|de fecha|a fecha",
        "it": "data|li|del",
        "pt": "data|de",
    },
    "due": {
        "en": "due date|payment due|payment due date|date due|due on|due by|due|pay by|payable by|please pay by|payment due by|payment due on"
        "|amount due on|amount due by|total amount due on|total due on|total due by|balance due on|due before|payment date|invoice due date"
        "|pay before|payable on|payable before|to be paid by|payment deadline|settle by|payment is due by|payment is due on|due for payment"
        "|is due on|is due by|please remit by|payment expected by|remit payment by|pay this amount by|direct debit date|invoice due"
        "|due for payment by|to be paid before|last day of payment|final payment date|please pay before|payment required by|autopay date"
        "|terms due date|bill due date|payment by|total amount due by",
        "de": "fälligkeitsdatum|fällig am|fällig bis|zahlbar bis|zahlbar bis zum|zu zahlen bis|bitte zahlen sie bis|zahlungsziel|fälligkeit"
        "|zahlung bis|zahlungsfrist|netto bis|überweisen sie bis|bitte überweisen sie bis|überweisung bis|spätestens|fällig zum|zahlungstermin"
        "|zahlbar spätestens am|fällig|ohne abzug bis|ohne abzug bis zum|netto bis zum|zahlung fällig am|zahlungsfällig am|begleichen sie bis"
        "|spätestens bis|bis spätestens|spätestens bis zum|bis spätestens zum|bis spätestens am|netto fällig am|rechnung fällig am"
        "|zahlungsfälligkeit|zahlbar am|zu begleichen bis|zahlbar ohne abzug bis|zahlbar netto bis|den rechnungsbetrag bis zum|betrag bis zum"
        "|rechnungsbetrag bis|bezahlen bis|zahlen bis|überweisen sie bis zum|bitte überweisen sie den betrag bis zum|innerhalb der frist bis"
        "|abbuchung am|wird am|fälligkeitstermin|bis zum",
        "fr": "date d'échéance|échéance|date échéance|à payer avant le|payable le|payable avant le|à régler avant le|date limite de paiement"
        "|à régler avant|date de paiement|échéance le|à payer avant|paiement avant le|exigible le|règlement avant le|date d'exigibilité"
        "|date limite de règlement|à régler le|à régler pour le|à payer pour le|échéance de paiement|paiement dû le|date de règlement|prélevé le"
        "|prélèvement le|paiement au plus tard le|à payer le|au plus tard le|échéance au|date de prélèvement",
        "nl": "vervaldatum|vervaldag|te betalen voor|betalen voor|uiterste betaaldatum|uiterlijk|betaaldatum|te voldoen voor|betaling voor"
        "|te betalen uiterlijk|uiterlijk op|vóór|betaal voor|betalen vóór|te betalen vóór|te voldoen vóór|uiterlijk te betalen op"
        "|te voldoen uiterlijk|uiterste betaaldatum op|betaaltermijn tot|betaling uiterlijk|voldaan zijn op",
        "es": "fecha de vencimiento|vencimiento|fecha vencimiento|vence el|pagadero antes del|fecha límite de pago|fecha de pago|pagar antes del"
        "|vence|vencimientos|fecha límite|fecha de cargo|a pagar antes del|vto",
        "it": "data di scadenza|scadenza|data scadenza|scadenza pagamento|da pagare entro|entro il|da pagare entro il|scade il|pagamento entro il"
        "|scadenze|scadenza fattura|termine di pagamento|pagare entro il",
        "pt": "data de vencimento|vencimento|data vencimento|pagar até|data limite de pagamento|vence em|pagamento até|data limite|vence a",
    },
    # Dates that are not the invoice's and numbers that are not the invoice's.
    "other_date": {
        "en": "order date|delivery date|ship date|shipping date|service date|date of supply|supply date|service period|billing period|period"
        "|date of service|ordered on|shipped on|delivered on|date shipped|po date|purchase order date|check in|check out|arrival|departure"
        "|arrival date|departure date|date of birth|valid until|expires|paid on|payment received|booking date|statement period|next billing date"
        "|start date|end date|print date|printed on|date of delivery|date of order|date ordered|usage period|next invoice date|next payment"
        "|contract date|reading date|previous reading|current reading|subscription|ordered|shipped|delivered|renewal date|order placed|stay",
        "de": "bestelldatum|lieferdatum|leistungsdatum|auftragsdatum|leistungszeitraum|lieferzeitraum|liefer und leistungsdatum|versanddatum"
        "|abrechnungszeitraum|bestellung vom|lieferung vom|skonto bis|geliefert am|bestellt am|zeitraum|buchungsdatum|zahlungseingang|anreise"
        "|abreise|vertragsbeginn|vertragsdatum|druckdatum|bezahlt am|leistungsmonat|auftrag vom|angebot vom|lieferschein vom|lieferscheindatum"
        "|liefertermin|leistung vom|leistungstag|leistungserbringung|valuta|valutadatum|eintrittsdatum|gültig bis|ihre bestellung vom"
        "|ihr auftrag vom|tag der lieferung|tag der leistung|rechnungszeitraum|bezahlt|mandat vom|stornodatum|ablesedatum|skontofrist",
        "fr": "date de commande|date de livraison|date commande|date livraison|période|commande du|livré le|période de facturation|payé le"
        "|date de prestation|date de la prestation|date de la vente|date de vente|date de naissance|commandé le|date d'expédition|réglé le"
        "|date de la commande|bon de commande du|devis du|date de début|date de fin|arrivée|départ|valable jusqu'au|date de service|expédié le"
        "|prochaine facture|prestation du|acquittée le|facture acquittée le",
        "nl": "orderdatum|leverdatum|besteldatum|bestelling van|periode|leveringsdatum|betaald op|verzenddatum|geldig tot|aankomst|vertrek"
        "|datum levering|datum bestelling|factuurperiode|contractdatum|leverings datum|uitvoeringsdatum",
        "es": "fecha de pedido|fecha de entrega|fecha pedido|fecha entrega|período|periodo|periodo de facturación|fecha del pedido|fecha de operación"
        "|fecha operación|pagado el|fecha de servicio|fecha de la operación|fecha de inicio|fecha de fin|fecha albarán|válido hasta"
        "|entrada|salida|fecha de compra",
        "it": "data ordine|data consegna|periodo|data di consegna|data dell'ordine|data ddt|ddt del|ordine del|data trasporto|pagato il"
        "|periodo di fatturazione|data inizio|data fine",
        "pt": "data da encomenda|data de entrega|período|data do pedido|data de envio|período de faturação|pago em|data do serviço",
    },
    "other_number": {
        "en": "order number|order no|order #|order id|po number|po no|po #|p.o. number|p.o. no|p.o. #|p.o.|purchase order|purchase order number"
        "|purchase order no|customer number|customer no|customer id|customer #|account number|account no|account #|account id|vat number|vat no"
        "|vat id|vat reg no|vat registration number|tax id|tax number|tax id number|tax no|reference|ref|your reference|your ref|our ref"
        "|our reference|customer reference|phone|tel|telephone|fax|mobile|iban|bic|swift|sort code|routing number|bank account|gstin|abn|ein"
        "|registration number|company number|company no|page|item number|item no|serial number|serial no|payment reference|transaction id"
        "|delivery note|delivery number|delivery note number|confirmation number|booking number|reservation number|reservation no|job number"
        "|project number|contract number|contract no|contract id|client number|client id|client no|room|room number|meter number|abn number"
        "|payment id|quote number|quote no|estimate number|order reference|order ref|membership number|case number|ticket number|tracking number"
        "|vat registration|vat reg|company registration number|company reg no|co reg no|hst number|gst number|gst no|gst reg no|gst hst"
        "|gst registration number|utr|duns|pan|hsn|sac|cin|aba|acn|website|web|email|e mail|zip|supplier number|supplier no|vendor number"
        "|vendor no|vendor id|original invoice number|original invoice no|original invoice|related invoice|against invoice|for invoice"
        "|credited invoice|refers to invoice|refund for invoice|correction of invoice|corrects invoice|cancels invoice|subscription id|user id"
        "|payment method|payment terms|terms|terms of payment|bsb|acc|licence number|license number|license no|vehicle|plate|sku|shipment id"
        "|card number|card|auth code|authorization code|approval code|terminal|terminal id|merchant id|cashier|register|store|till|trans",
        "de": "kundennummer|kundennr|kunden nr|kdnr|kd nr|auftragsnummer|auftragsnr|auftrags nr|bestellnummer|bestellnr|bestell nr|steuernummer"
        "|steuernr|steuer nr|ust idnr|ust id|ust id nr|umsatzsteuer id|umsatzsteuer identifikationsnummer|ust ident nr|mwst nr|uid|uid nr"
        "|handelsregister|handelsregisternummer|registergericht|hrb|hra|vertragsnummer|vertragsnr|lieferscheinnummer|lieferschein nr|lieferschein"
        "|referenz|referenznummer|ihr zeichen|unser zeichen|ihre referenz|unsere referenz|telefon|tel|fax|konto|kontonummer|konto nr|kto nr|kto"
        "|blz|bankleitzahl|artikelnummer|artikel nr|art nr|projektnummer|projekt nr|seite|seriennummer|nummer|globale nummer|angebotsnummer"
        "|angebots nr|buchungsnummer|zählernummer|mitgliedsnummer|verwendungszweck|kundenkonto|mandatsreferenz|gläubiger id"
        "|gläubiger identifikationsnummer|steuer id|lieferantennummer|lieferanten nr|ihre bestellung|ihre bestellnummer|ihre auftragsnummer"
        "|ursprungsrechnung|originalrechnung|zur rechnung|zu rechnung|rechnung nr alt|storno zu rechnung|bezug rechnung|bezugsrechnung"
        "|leitweg id|kostenstelle|vorgangsnummer|vorgang|zimmer|zimmernummer|fn|firmenbuchnummer|atu|zahlungsbedingungen|zahlungsart|zahlungsform"
        "|kassen nr|kasse|kassierer|terminal id|ta nr|beleg id|tse|transaktion|transaktionsnummer|filiale|bediener|ansprechpartner|rechnungskonto"
        "|vertragskonto|vertragskontonummer|hausnummer|plz|esr referenz|che",
        "fr": "numéro de commande|n° de commande|n° commande|commande n°|numéro de client|n° client|n° de client|numéro client|code client"
        "|n° tva|tva n°|tva intra|tva intracommunautaire|n° tva intracommunautaire|n° tva client|n° de tva|n° tva intracom|numéro de tva|numéro tva"
        "|siret|siren|rcs|rm|ape|code ape|naf|code naf|votre référence|notre référence|référence|réf|réf marché|référence client|tél|téléphone|fax"
        "|mobile|iban|bic|page|n° de compte|numéro de compte|compte n°|bon de livraison|bl n°|devis n°|n° devis|n° de devis|numéro de contrat"
        "|n° de contrat|n° contrat|rib|code banque|code guichet|facture d'origine|facture initiale|sur facture|avoir sur facture|annule la facture"
        "|n° de dossier|dossier n°|n° série|n° adhérent|numéro d'abonné|point de livraison|conditions de paiement|mode de paiement"
        "|mode de règlement|moyen de paiement|id client|identifiant|cpte|réservation|n° de réservation|vos références",
        "nl": "klantnummer|klantnr|klant nr|ordernummer|ordernr|bestelnummer|btw nummer|btw nr|btw id|btw|kvk|kvk nummer|kvk nr|referentie"
        "|uw referentie|onze referentie|telefoon|tel|fax|rekeningnummer|serienummer|debiteurnummer|debiteurnr|debiteur|betalingskenmerk|kenmerk"
        "|uw kenmerk|contractnummer|pakbon|pakbonnummer|pagina|relatienummer|offertenummer|projectnummer|artikelnummer|ondernemingsnummer"
        "|oorspronkelijke factuur|betreft factuur|bij factuur|klantcode|ordernr|uw ordernummer|uw bestelling|reserveringsnummer"
        "|betalingswijze|betaalmethode|betalingsvoorwaarden|kassa|mandaatkenmerk|incassant id|rpr|klant",
        "es": "número de pedido|nº pedido|nº de pedido|pedido nº|número de cliente|nº cliente|nº de cliente|código cliente|código de cliente|nif|cif"
        "|dni|nie|referencia|su referencia|nuestra referencia|ref|teléfono|tel|fax|móvil|iban|bic|página|albarán|nº albarán|número de albarán"
        "|número de contrato|nº contrato|factura rectificada|rectifica la factura|factura original|cuenta bancaria|nº de cuenta|número de cuenta"
        "|presupuesto|nº presupuesto|contrato|cups|registro mercantil|forma de pago|método de pago|condiciones de pago|reserva|matrícula",
        "it": "numero ordine|ordine n|codice cliente|partita iva|p iva|codice fiscale|cod fiscale|c f|p i|telefono|tel|fax|riferimento"
        "|vs riferimento|ns riferimento|pagina|iban|bic|cliente n|numero cliente|ddt|ddt n|numero ddt|rea|sdi|codice destinatario|cod cliente"
        "|codice sdi|pec|contratto|modalità di pagamento|condizioni di pagamento|pagamento|cig|cup|fattura originale|rif fattura",
        "pt": "número de cliente|nº cliente|nº de cliente|nif|nipc|cnpj|cpf|referência|telefone|telemóvel|fax|página|nº encomenda|encomenda"
        "|nº contribuinte|contribuinte|número da encomenda|nº de pedido|pedido|atcud|iban|inscrição estadual|código do cliente"
        "|condições de pagamento|forma de pagamento|fatura original|entidade",
    },
    "subtotal": {
        "en": "subtotal|sub total|net|net amount|net total|total net|total excl vat|total excluding vat|total excl tax|total excluding tax"
        "|total before tax|total ex vat|total ex tax|total exc vat|amount excl vat|amount excluding tax|taxable amount|net value|total net amount"
        "|sub total excl vat|subtotal excl vat|subtotal excluding vat|subtotal excluding tax|net subtotal|total excl gst|total excluding gst"
        "|item total|items total|merchandise total|goods total|total ex gst|invoice subtotal|invoice sub total|services total|taxable value"
        "|total taxable value|total taxable amount|total taxable|taxable subtotal|taxable total|net price|total net value|goods value|basket total"
        "|product total|items subtotal|order subtotal|amount before tax|excluding vat|excl vat|subtotal net|net invoice amount|total net price"
        "|amount net|total without vat|total without tax|line items total|total items|net invoice total|net payable before tax|total pretax"
        "|amount excl tax|subtotal before tax|total before vat|item subtotal|items subtotal|item s subtotal",
        "de": "zwischensumme|nettobetrag|netto|summe netto|nettosumme|gesamt netto|netto gesamt|warenwert|rechnungssumme ohne ust|positionssumme"
        "|summe positionen|gesamtbetrag netto|gesamtsumme netto|nettogesamt|netto betrag|nettowert|summe ohne mwst|summe exkl mwst|total exkl mwst"
        "|betrag netto|warenwert netto|zwischensumme netto|summe netto eur|rechnungsbetrag netto|netto rechnungsbetrag|nettobetrag gesamt|total netto"
        "|summe zzgl mwst|rechnungssumme netto|netto summe|nettoumsatz|gesamtbetrag ohne mwst|gesamtbetrag ohne ust|exkl mwst|gesamtnetto"
        "|nettogesamtbetrag|gesamtnettobetrag|summe nettobeträge|summe der positionen|total ohne mwst|betrag exkl mwst|summe exkl ust|subtotal"
        "|nettoentgelt|entgelt netto|zwischentotal|total exkl|summe artikel|warenwert gesamt|gesamtpreis netto|nettopreis gesamt",
        "fr": "total ht|sous total|sous total ht|montant ht|total net ht|montant total ht|total hors taxes|total hors taxe|montant hors taxes|total h.t."
        "|net ht|base ht|total brut ht|total général ht|montant net ht|somme ht|prix total ht|total hors tva|montant hors tva|montant net|hors tva"
        "|total htva|base imposable|total net hors taxes|total de base ht|total prestations ht",
        "nl": "subtotaal|totaal excl btw|totaal exclusief btw|exclusief btw|netto|nettobedrag|netto totaal|bedrag excl btw|bedrag exclusief btw"
        "|totaal excl|excl btw|subtotaal excl btw|totaal netto|goederenbedrag|maatstaf van heffing|subtotaal exclusief btw|totaalbedrag excl btw"
        "|totaalbedrag exclusief btw|netto bedrag|grondslag|goederen totaal|tussentotaal|totaal ex btw|bedrag ex btw|totaal zonder btw|totaal basis"
        "|totaal exclusief|maatstaf",
        "es": "base imponible|subtotal|total sin iva|importe neto|total neto|suma|base|importe sin iva|total base imponible|suma total"
        "|total antes de impuestos|neto|total bruto|importe bruto|total base|subtotal sin iva|suma y sigue neto|importe base|total importe neto"
        "|total sin impuestos|subtotal neto",
        "it": "imponibile|totale imponibile|subtotale|totale netto|totale merce|netto|importo netto|totale imponibile iva|imponibile totale"
        "|totale senza iva|totale iva esclusa|totale prestazioni|totale servizi|totale merci|base imponibile|totale parziale|imponibile iva"
        "|netto a imponibile|totale documento netto",
        "pt": "subtotal|total ilíquido|total sem iva|base tributável|valor líquido|total líquido|incidência|total da mercadoria|valor sem iva"
        "|soma|total mercadoria|base de incidência|valor dos serviços|total dos produtos|valor dos produtos",
    },
    "tax": {
        "en": "tax|vat|vat subtotal|tax subtotal|sales tax|gst|hst|pst|qst|total tax|tax total|total vat|vat total|vat amount|tax amount|total gst|gst amount|total taxes|taxes"
        "|estimated tax|tax due|total sales tax|value added tax|tax collected|plus vat|igst|cgst|sgst|state tax|city tax|local tax|county tax|tvq|tps"
        "|total tax amount|total vat amount|output tax|includes gst|includes vat|includes tax|including vat|incl vat|including gst|includes gst of"
        "|vat included|tax included|of which vat|gst included|vat charged|consumption tax|occupancy tax|lodging tax|room tax|tourism tax"
        "|estimated tax to be collected|vat payable|gst hst amount|total hst|hst amount|state sales tax|sales tax amount|includes vat of"
        "|total includes gst|total includes vat|service tax|excise tax|telecom taxes",
        "de": "mwst|ust|umsatzsteuer|mehrwertsteuer|zzgl mwst|zzgl ust|zzgl umsatzsteuer|zuzüglich umsatzsteuer|zuzüglich mwst|steuer|steuerbetrag"
        "|mwst betrag|ust betrag|ust gesamt|summe mwst|summe ust|gesamt mwst|umsatzsteuerbetrag|mehrwertsteuerbetrag|enthaltene mwst|inkl mwst"
        "|enthaltene umsatzsteuer|inkl ust|darin enthaltene mwst|darin enthalten|mwst gesamt|summe umsatzsteuer|enthält mwst|summe steuer"
        "|steuern|gesamtsteuer|zzgl mehrwertsteuer|plus mwst|davon mwst|davon ust|gesamt ust|mwst summe|steuersumme|inklusive mwst|vst|enth mwst"
        "|im betrag enthaltene mwst|betrag mwst|betrag ust|total mwst|mwst total|enthaltene mehrwertsteuer|gesamtbetrag mwst|gesamtbetrag ust"
        "|mwst eur|zuzügl mwst|zuzügl ust|summe mehrwertsteuer|gesamtbetrag steuer|ermäßigte mwst|umsatzsteuer gesamt",
        "fr": "tva|montant tva|total tva|t.v.a.|montant de la tva|total taxes|taxes|dont tva|tva collectée|tva incluse|montant total tva|total t.v.a."
        "|total de la tva|montant taxes|taxe|taxe de séjour|montant de tva|tva à|total montant tva|tps|tvq|somme tva|tva totale",
        "nl": "btw|btw bedrag|totaal btw|bedrag btw|btw totaal|omzetbelasting|waarvan btw|btw hoog|btw laag|inclusief btw bedrag|totaal btw bedrag"
        "|hoog btw|laag btw|totaal omzetbelasting|btw over|btw incl|toeristenbelasting|te betalen btw",
        "es": "iva|i.v.a.|cuota iva|importe iva|total iva|impuestos|total impuestos|cuota|igic|iva incluido|total cuota|cuota de iva|total cuota iva"
        "|importe de iva|impuesto|importe impuestos|total i.v.a.|cuotas|itbis|impuesto sobre el valor añadido",
        "it": "iva|imposta|totale iva|importo iva|totale imposta|totale imposte|imposte|iva totale|di cui iva|totale imposta iva|imposta iva",
        "pt": "iva|total iva|valor iva|imposto|total de iva|total do iva|valor do iva|total imposto|iva incluído|total impostos|montante iva|impostos",
    },
    "total": {
        "en": "total|grand total|total amount|invoice total|total invoice|total incl vat|total including vat|total inc vat|total incl tax"
        "|total including tax|total amount incl vat|gross|gross amount|gross total|total gross|amount total|order total|total price|total to pay"
        "|total charges|total for this invoice|invoice amount|total invoice amount|amount incl vat|total usd|total eur|total gbp|total cad|total aud"
        "|total inr|total chf|total inc gst|total incl gst|total including gst|total inc tax|total cost|credit total|total credit|refund total"
        "|total refund|total invoice value|total value|total amount payable|invoice value|total bill|total sale|total new charges"
        "|total current charges|current charges|total this invoice|total amount including vat|total sales|total gross amount|total with tax"
        "|total with vat|sum total|amount including vat|amount incl tax|total amount incl tax|gross invoice amount|net total incl vat|total price incl vat"
        "|total invoice amount incl vat|total due this invoice|total credited|credit amount|total credit amount|total credit note|total ttc"
        "|invoice grand total|total amount charged|total charge|amount charged|total in usd|total in eur|total in gbp|total us|including vat total"
        "|total inclusive of vat|total inclusive of gst|total inclusive|total vat incl|total vat inclusive|total vat included",
        "de": "gesamtbetrag|gesamtsumme|gesamt|summe|total|endbetrag|bruttobetrag|brutto|gesamt brutto|bruttosumme|rechnungsbetrag|rechnungssumme"
        "|summe brutto|gesamtbetrag brutto|gesamtpreis|total inkl mwst|gesamtbetrag inkl mwst|gesamt inkl mwst|rechnungsendbetrag|rechnungsgesamtbetrag"
        "|endsumme|summe inkl mwst|gesamtbetrag inkl ust|total eur|total chf|summe eur|gesamtsumme brutto|gesamtbetrag eur|rechnungsbetrag brutto"
        "|summe inkl ust|gutschriftsbetrag|gutschriftbetrag|rechnungstotal|brutto gesamt|endpreis|bruttorechnungsbetrag|rechnungsbetrag inkl mwst"
        "|total inkl|brutto betrag|bruttogesamt|bruttogesamtbetrag|gesamtbruttobetrag|gesamtrechnungsbetrag|betrag inkl mwst|gesamtbetrag inklusive mwst"
        "|rechnungssumme brutto|gesamtsumme inkl mwst|gesamt eur|gesamtwert|totalbetrag|total brutto|betrag brutto|gesamtbetrag der rechnung"
        "|gesamtpreis brutto|gesamtkosten|bruttopreis gesamt|rechnungsbetrag eur|summe gesamt|gesamtsumme eur|total inklusive mwst",
        "fr": "total ttc|montant ttc|total|montant total|total général|net à payer ttc|montant total ttc|total t.t.c.|total toutes taxes comprises|total tvac"
        "|total de la facture|montant de la facture|total facture|net ttc|total général ttc|prix total ttc|montant total tvac|total tva comprise"
        "|total avec tva|total ttc à payer|total eur|montant de l'avoir|total avoir|somme ttc|montant facture|total à payer ttc|montant tvac"
        "|montant total à payer ttc|tvac|total net ttc|total tva incluse|total prix ttc|total commande|montant net ttc|montant total de la facture",
        "nl": "totaal|totaalbedrag|totaal incl btw|totaal inclusief btw|eindtotaal|totaal te betalen|factuurbedrag|bedrag incl btw|totaalbedrag incl btw"
        "|bruto|totaal generaal|factuurtotaal|eindbedrag|totaal factuur|totaalprijs|totaal eur|inclusief btw|incl btw|totaal bedrag|totaal incl"
        "|totaalbedrag inclusief btw|bedrag inclusief btw|totaal factuurbedrag|creditbedrag|totaal credit|totaal bruto|totaal met btw",
        "es": "total|total factura|importe total|total con iva|total general|total iva incluido|total a pagar|suma total con iva|importe total factura"
        "|total eur|total euros|total importe|total con impuestos|importe factura|total de la factura|total abono|importe con iva|total i.v.a. incluido"
        "|total documento|precio total|importe total con iva|total pagado|total neto a pagar|total importe factura|líquido total",
        "it": "totale|totale fattura|totale documento|importo totale|totale ivato|totale iva inclusa|totale generale|totale da pagare|totale euro|totale eur"
        "|totale complessivo|totale lordo|importo totale documento|totale con iva|totale ivato eur|totale a pagare|totale della fattura",
        "pt": "total|total da fatura|valor total|total a pagar|total com iva|total geral|total eur|total documento|total do documento|montante total"
        "|total fatura|valor total da nota|valor da nota|total bruto",
    },
    "amount_due": {
        "en": "amount due|balance due|total due|due|balance|total amount due|amount payable|please pay|net payable|outstanding balance|balance payable"
        "|pay this amount|amount owing|amount to pay|total payable|payable|amount outstanding|total owing|amount owed|total balance due|due amount"
        "|current amount due|invoice balance|total outstanding|new balance|balance outstanding|amount due on|total amount due on|total due on|account balance"
        "|amount due usd|amount due eur|amount due gbp|balance owing|please pay this amount|total now due|payment due|net amount payable|net amount due"
        "|net due|remaining balance|total due by|amount due by|total account balance|open balance|amount remaining|amount due us",
        "de": "zahlbetrag|zu zahlen|offener betrag|restbetrag|zu zahlender betrag|fälliger betrag|zahlungsbetrag|noch zu zahlen|ausstehender betrag"
        "|zu überweisen|zahllast|saldo|offener rechnungsbetrag|verbleibender betrag|restforderung|zu bezahlen|forderungsbetrag|auszahlungsbetrag"
        "|zu zahlender gesamtbetrag|noch offen|nachzahlung|fälliger gesamtbetrag|offener saldo|bitte überweisen|noch zu zahlender betrag|zu bezahlender betrag"
        "|gesamtbetrag zu zahlen|lastschriftbetrag|abbuchungsbetrag|wird abgebucht",
        "fr": "net à payer|solde à payer|solde dû|reste à payer|montant dû|à payer|total à payer|montant à payer|solde|somme due|somme à payer"
        "|reste dû|montant restant dû|montant total à payer|montant net à payer|net à régler|à régler|total dû|solde restant dû|montant total dû"
        "|total à régler|montant à régler|somme à régler|montant prélevé|restant dû",
        "nl": "te betalen|openstaand bedrag|te voldoen|saldo|nog te betalen|te betalen bedrag|openstaand saldo|verschuldigd bedrag|restbedrag"
        "|totaal verschuldigd|bedrag te betalen|door u te betalen|u betaalt|openstaand|nog te voldoen|te betalen eur|totaal door u te betalen",
        "es": "importe a pagar|pendiente de pago|saldo|líquido a percibir|importe pendiente|total pendiente|saldo pendiente|cantidad a pagar|a pagar"
        "|líquido a pagar|neto a pagar|importe líquido|total a ingresar|pendiente|restante",
        "it": "netto a pagare|da pagare|saldo|importo dovuto|totale dovuto|saldo dovuto|importo da pagare|residuo da pagare|netto da pagare|saldo da pagare",
        "pt": "valor a pagar|saldo|a pagar|montante a pagar|montante em dívida|valor em dívida|total em dívida|saldo em dívida|líquido a pagar",
    },
    # Amounts between the subtotal and the total.
    "minus": {
        "en": "discount|less discount|discounts|coupon|promotion|credit|credits|promo|total discount|less|promotions|promo code|trade discount|voucher|savings"
        "|early payment discount|volume discount|customer discount|rebate|loyalty discount|you saved|member discount|withholding tax|gift card"
        "|promotion applied|item discount|order discount|settlement discount|promotional discount",
        "de": "rabatt|nachlass|abzüglich rabatt|gesamtbetrag der abschläge|gutschein|skonto|abzgl rabatt|preisnachlass|abschläge|abschlag|sofortrabatt"
        "|neukundenrabatt|treuerabatt|mengenrabatt|gesamtrabatt|abzgl|abzüglich|bonus|aktionsrabatt",
        "fr": "remise|rabais|escompte|total remises|remises|montant remise|réduction|remise globale|total remise|ristourne|bon de réduction|code promo"
        "|remise commerciale",
        "nl": "korting|korting totaal|totaal korting|kortingen|kredietbeperking|kortingscode|betalingskorting|actiekorting",
        "es": "descuento|dto|total descuento|descuentos|total descuentos|importe descuento|irpf|retención|retención irpf|rebaja|cupón|bonificación"
        "|descuento comercial|dto pronto pago",
        "it": "sconto|ritenuta d'acconto|ritenuta|totale sconti|sconti|abbuono",
        "pt": "desconto|descontos|total descontos|retenção|desconto comercial|desconto global",
    },
    "plus": {
        "en": "shipping|delivery|freight|handling|shipping and handling|shipping handling|postage|shipping cost|shipping costs|carriage|delivery charge"
        "|delivery charges|surcharge|tip|gratuity|rounding|round off|service charge|service fee|postage and packing|shipping charges|shipping fee|delivery fee"
        "|packaging|adjustment|rounding adjustment|postage packing|booking fee|processing fee|shipping total|p p|fuel surcharge|late fee|insurance"
        "|regulatory fees|fees|surcharges|delivery cost|delivery costs|environmental fee|deposit fee|bag fee|convenience fee|s h",
        "de": "versand|versandkosten|porto|lieferkosten|fracht|rundung|gesamtbetrag der zuschläge|verpackung|versand und verpackung|rundungsdifferenz"
        "|transportkosten|zuschlag|zuschläge|verpackung und versand|porto und verpackung|liefergebühr|frachtkosten|servicegebühr|trinkgeld|mahngebühr"
        "|mindermengenzuschlag|rundungsbetrag|anfahrt|spesen|auslagen|pfand|verpackungskosten|versandkostenpauschale",
        "fr": "frais de port|port|livraison|frais de livraison|frais d'expédition|frais|port ht|frais de port ht|arrondi|pourboire|éco participation|transport"
        "|eco participation|frais de dossier|frais de gestion|frais de transport|frais d'envoi|débours|expédition|emballage",
        "nl": "verzendkosten|bezorgkosten|vrachtkosten|afronding|verzending|toeslag|administratiekosten|transportkosten|portokosten|fooi|emballage|statiegeld"
        "|orderkosten|leveringskosten",
        "es": "gastos de envío|portes|envío|transporte|redondeo|gastos|recargo|recargo de equivalencia|propina|gastos de transporte|suplidos|gastos envío",
        "it": "spese di spedizione|trasporto|spese|arrotondamento|bollo|imposta di bollo|marca da bollo|spese di trasporto|contributo|rivalsa|cassa previdenza"
        "|contributo integrativo|spese accessorie|bollo virtuale|spese incasso|spese bancarie",
        "pt": "portes|transporte|portes de envio|arredondamento|despesas de envio|custos de envio|frete|valor do frete|gastos de envio",
    },
    "paid": {
        "en": "paid|amount paid|payment|payments|deposit|payment received|payments received|less payments|total paid|advance|prepayment|cash|change"
        "|less deposit|deposit paid|amount received|visa|mastercard|credit card|debit card|paid to date|already paid|payments credits|cash tendered"
        "|change due|amount tendered|tendered|amex|debit|card payment|prepaid|down payment|paid amount|advance paid|less amount paid|balance paid"
        "|applied credits|paid by card|total payments|last payment|payment thank you|thank you payment|refund|refunded|credit applied|retainer|gift card amount",
        "de": "anzahlung|bereits gezahlt|erhaltene anzahlungen|bezahlt|gezahlt|bar|rückgeld|gegeben|zahlung|vorauszahlung|abzgl anzahlung|abschlagszahlung"
        "|bereits bezahlt|geleistete zahlungen|zahlungen|ec karte|kartenzahlung|girocard|bar gegeben|zurück|ec cash|abzüglich anzahlung|geleistete anzahlung"
        "|geleistete abschläge|abschlagszahlungen|gezahlter betrag|bisher gezahlt|erhalten|wechselgeld",
        "fr": "acompte|déjà payé|versement|acompte versé|montant payé|virement|payé|espèces|carte bancaire|rendu|acomptes|déjà réglé|montant réglé|paiement"
        "|acompte reçu|réglé|avance|cb|chèque|montant déjà payé|carte bleue|monnaie|règlement|total payé|acomptes versés",
        "nl": "betaald|reeds betaald|aanbetaling|voorschot|contant|pin|wisselgeld|betaling|reeds voldaan|pinbetaling|ideal|voldaan|vooruitbetaald",
        "es": "pagado|anticipo|entregado a cuenta|efectivo|cambio|tarjeta|a cuenta|pagos|pago|entrega a cuenta|anticipos|señal|importe pagado|entregado",
        "it": "acconto|pagato|contanti|resto|acconti|anticipo|già pagato|acconto versato|importo pagato|versato|bancomat|carta di credito",
        "pt": "adiantamento|pago|dinheiro|troco|multibanco|valor pago|já pago|pagamento|sinal|montante pago",
    },
    # Amounts that look like totals and are not this invoice's.
    "other_amount": {
        "en": "previous balance|previous unpaid balance|balance forward|carried forward|brought forward|tax rate|vat rate|share capital|opening balance"
        "|previous amount due|past due|carry forward|page total|past due amount|balance brought forward|capital|exchange rate|total hours|total quantity"
        "|total qty|total weight|number of items|items|total items count|tax base|vat base|gst rate|previous charges|amount of last bill|last bill"
        "|previous bill|total units|total pages|late payment|credit limit|loan balance|points|points balance|minimum payment|minimum payment due"
        "|total savings|discount rate|hourly rate|total time|exempt|tax exempt|zero rated|non taxable|taxable|average|deposit held|overdue|per hour"
        "|total in words|amount in words|total billable hours|total kwh|rate|list price|rrp|unit price|price|base amount|section total",
        "de": "übertrag|vorsaldo|stammkapital|steuersatz|mwst satz|ust satz|gesamtgewicht|gesamtmenge|anzahl artikel|grundkapital|basisbetrag|zwischenübertrag"
        "|alter saldo|vortrag|steuerfrei|wechselkurs|bemessungsgrundlage|seitensumme|umrechnungskurs|arbeitspreis|grundpreis|skontobetrag|stundensatz|verbrauch"
        "|abschlag neu|neuer abschlag|gesamtverbrauch|gesamtstunden|mwst basis|ust basis|mahngebühren|einzelpreis|preis|summe stunden",
        "fr": "capital|à reporter|report|ancien solde|taux tva|taux de tva|solde précédent|sarl au capital de|au capital de|capital social|poids total"
        "|quantité totale|nombre d'articles|report à nouveau|montant de l'indemnité|indemnité forfaitaire|taux|base tva|pénalités|solde antérieur"
        "|base|dont eco participation|franco de port",
        "nl": "btw tarief|transport|vorig saldo|aandelenkapitaal|transporteren|btw percentage|totaal gewicht|aantal artikelen|wisselkoers|btw grondslag"
        "|grondslag btw|tarief|vorige factuur|uurtarief|stuksprijs",
        "es": "tipo iva|suma y sigue|saldo anterior|capital social|% iva|tipo de iva|peso total|tipo impositivo|total unidades|tipo|base iva",
        "it": "aliquota|riporto|aliquota iva|capitale sociale|a riportare|saldo precedente|peso|esente|cambio",
        "pt": "taxa|taxa iva|taxa de iva|saldo anterior|capital social|a transportar|transporte a|peso|câmbio",
    },
    "customer": {
        "en": "bill to|billed to|invoice to|invoiced to|sold to|customer|customer name|client|bill to address|billing address|buyer|to|client name"
        "|invoice for|billed for|recipient|bill to name|company name|account name|guest|guest name|charge to|prepared for|purchaser"
        "|billing information|billing details|customer details|client details|customer address|customer information|account holder|name of guest|bill for"
        "|issued to|payer|credit to|customer name address|patient|tenant|billing to|invoice address|consumer|invoice recipient|billed by to|ordered by"
        "|sold to address|buyer name|buyer details|purchased by|member|student",
        "de": "rechnungsempfänger|rechnung an|kunde|käufer|rechnungsadresse|rechnungsanschrift|auftraggeber|kunden|empfänger|käufer leistungsempfänger"
        "|leistungsempfänger|kundenname|an|kundenanschrift|kundenadresse|für|gast|besteller|mieter|patient|rechnung für|rechnungs an",
        "fr": "facturé à|facturer à|adresse de facturation|client|destinataire|acheteur|facture à|nom du client|adressé à|facturation|pour"
        "|coordonnées client|adresse client|coordonnées du client|votre adresse|titulaire|facturée à|client facturé|informations client|émise à|locataire",
        "nl": "factuur aan|factuuradres|klant|klantnaam|factureren aan|gefactureerd aan|aan|ten name van|afnemer|koper|klantgegevens|factuur voor|opdrachtgever"
        "|naam klant|factuurgegevens|debiteurgegevens",
        "es": "facturar a|cliente|datos del cliente|facturado a|dirección de facturación|destinatario|comprador|nombre del cliente|razón social cliente"
        "|datos cliente|factura a|datos de facturación|nombre cliente|para|titular|facturación a|titular del contrato",
        "it": "cliente|intestatario|destinatario|fatturare a|spett le|spettabile|intestato a|acquirente|fatturato a|committente|dati cliente|cessionario"
        "|cessionario committente|destinatario fattura|indirizzo di fatturazione|egr sig|gent le",
        "pt": "cliente|faturar a|exmo sr|exmos srs|destinatário|faturado a|adquirente|dados do cliente|nome do cliente|comprador|exmo s sr s|tomador",
    },
    "vendor": {
        "en": "from|seller|vendor|supplier|service provider|sold by|issued by|bill from|billed by|remit to|pay to|payable to|vendor name|company|sender|issuer"
        "|make all checks payable to|make checks payable to|provider|please make checks payable to|seller name|make payment to|invoice from|biller|merchant"
        "|supplier name|make cheques payable to|please remit to|remit payment to|business|your company|make all cheques payable to|invoiced by|landlord|contractor"
        "|bank account name|billing from|cheques payable to|checks payable to|vendor details|supplier details|seller details|shop|store name|freelancer",
        "de": "verkäufer|rechnungssteller|absender|lieferant|leistungserbringer|von|anbieter|kontoinhaber|aussteller|rechnungsaussteller|auftragnehmer"
        "|verkauft durch|verkauf durch|verkauf und versand durch|empfänger der zahlung|zahlungsempfänger|firma|vermieter",
        "fr": "vendeur|émetteur|fournisseur|prestataire|de|expéditeur|vendu par|titulaire du compte|émise par|facturé par|émis par|établie par|bénéficiaire"
        "|prestataire de services|bailleur|à l'ordre de",
        "nl": "leverancier|verkoper|van|afzender|verkocht door|factuur van|op naam van|opdrachtnemer|ten name van|t.n.v.|aanbieder|dienstverlener|begunstigde",
        "es": "emisor|proveedor|vendedor|vendido por|datos del emisor|emitido por|datos de la empresa|empresa|de|remitente|prestador|beneficiario|expedidor"
        "|datos emisor|datos del proveedor|razón social",
        "it": "fornitore|mittente|venditore|cedente|cedente prestatore|emittente|da|venduto da|prestatore|beneficiario|dati fornitore|ditta",
        "pt": "fornecedor|emitente|vendedor|vendido por|de|prestador|empresa|emitido por|dados do fornecedor|prestador de serviços|beneficiário",
    },
    "other_party": {
        "en": "ship to|shipping address|deliver to|delivery address|service address|shipped to|shipping to|contact|sales person|salesperson|payment information"
        "|payment details|bank details|notes|bank|payment info|terms and conditions|comments|remarks|delivery to|ship from|service location|site address"
        "|consignee|payment instructions|payment method|how to pay|sales rep|your contact|account manager|prepared by|project|bank name|payment options|work address"
        "|job address|property address|supply address|shipping details|shipping information|registered office|registered address|head office|job|subject|re",
        "de": "lieferadresse|lieferanschrift|versand an|ansprechpartner|bankverbindung|lieferung an|warenempfänger|sachbearbeiter|bearbeiter|ihr ansprechpartner"
        "|bemerkungen|hinweise|versandadresse|kontakt|betreff|bank|lieferort|leistungsort|zahlungsinformationen|projekt|verwendungszweck|geschäftsführer"
        "|geschäftsführung|vorstand|inhaber|objekt|abholadresse|baustelle|verbrauchsstelle|bauvorhaben",
        "fr": "adresse de livraison|livré à|contact commercial|contact|livraison|notes|règlement|coordonnées bancaires|lieu de livraison|expédié à|banque|objet"
        "|adresse de chantier|chantier|commercial|suivi par|affaire suivie par|vendeur contact|interlocuteur|domiciliation|siège social|adresse du chantier|projet"
        "|lieu de consommation|lieu d'intervention|informations de paiement|gérant",
        "nl": "afleveradres|bezorgadres|verzendadres|contactpersoon|bankgegevens|leveradres|opmerkingen|contact|betreft|project|leveringsadres|bank|verzonden aan"
        "|betaalgegevens|uw contactpersoon|betreft project|notities",
        "es": "dirección de envío|dirección de entrega|enviar a|contacto|datos bancarios|lugar de entrega|observaciones|banco|notas|domiciliación|datos de envío"
        "|concepto de pago|información de pago|dirección de suministro|punto de suministro|comercial|domicilio social|obra|datos de pago",
        "it": "indirizzo di spedizione|luogo di consegna|destinazione|contatto|coordinate bancarie|banca|note|oggetto|luogo di destinazione|destinazione merce"
        "|banca d'appoggio|vettore|sede legale|indirizzo di consegna|agente|referente",
        "pt": "morada de entrega|local de entrega|contacto|dados bancários|observações|banco|notas|local de carga|local de descarga|endereço de entrega"
        "|dados para pagamento|vendedor comercial|sede",
    },
    "currency": {
        "en": "currency|invoice currency|currency code|all amounts in|all amounts are in|amounts in|all prices in|all prices are in|payment currency",
        "de": "währung|rechnungswährung|alle beträge in|beträge in|alle preise in|angaben in",
        "fr": "devise|monnaie|tous les montants en|montants en|montants exprimés en|montant exprimé en",
        "nl": "valuta|bedragen in|alle bedragen in",
        "es": "moneda|divisa|importes en|importes expresados en",
        "it": "valuta|divisa|importi in",
        "pt": "moeda|divisa|valores em",
    },
}

#: Heads of the columns of an item table.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "description": {
        "en": "description|item|service|services|product|details|item description|product description|particulars|article|product name|item name|description of goods"
        "|activity|service description|work|task|items|products|goods|job description|description of services|charge description|charges|item details|title|name|concept"
        "|role|goods description|description of service|work description|item and description|item description|description of goods and services|product service"
        "|item service|product or service|detail|labor|materials|description of work|line description|service item|transaction|text|plan|subject|material description"
        "|item no description|charge|order details|items purchased|category|item name description|product details|what",
        "de": "beschreibung|bezeichnung|artikel|produkt|leistung|leistungen|artikelbezeichnung|text|position|artikelbeschreibung|leistungsbeschreibung|ware|dienstleistung"
        "|leistungsart|produktbezeichnung|bezeichnung der leistung|tätigkeit|produktname|artikelname|warenbezeichnung|art der leistung|details|titel|inhalt"
        "|beschreibung der leistung|leistung beschreibung|name|produkt leistung|artikel beschreibung|artikel bezeichnung|leistungstext|positionstext|posten"
        "|artikel leistung|produkt beschreibung|gegenstand|umsatz|bezeichnung leistung",
        "fr": "description|désignation|libellé|article|produit|prestation|désignation des produits|intitulé|produits|détail|service|prestations|désignation des prestations"
        "|nature|objet|détails|désignation produit|articles|désignation article|description des travaux|nom|nature des prestations|description du produit"
        "|libellé des prestations|désignation de la prestation|désignation des articles|service produit|produit service",
        "nl": "omschrijving|artikel|beschrijving|product|dienst|artikelomschrijving|productomschrijving|producten|diensten|werkzaamheden|naam|activiteit|titel|artikelnaam"
        "|omschrijving werkzaamheden|productnaam|artikelen|specificatie|prestatie|item",
        "es": "descripción|concepto|artículo|producto|detalle|servicio|denominación|conceptos|producto servicio|descripción del producto|artículos|servicios|productos"
        "|descripción del servicio|nombre|detalles|actividad",
        "it": "descrizione|articolo|prodotto|servizio|descrizione articolo|denominazione|prestazione|descrizione dei beni|prodotti|servizi|natura e qualità|dettaglio"
        "|descrizione prodotto|causale|oggetto|beni e servizi",
        "pt": "descrição|artigo|produto|designação|serviço|descrição do produto|artigos|descrição dos serviços|produtos|item|serviços",
    },
    "quantity": {
        "en": "quantity|qty|hours|hrs|units|qty hr|hrs qty|qty hrs|hours qty|no of units|pcs|quantity hours|count|qty hours|days|nights|hour|seats|users|licenses|volume|time"
        "|usage|no|qty ordered|qty shipped|quantity shipped|billed qty|shipped|quantity ordered|hr|pieces|units billed|kwh|consumption|billable hours|no of nights|items qty"
        "|invoiced qty|invoiced quantity|licences|number|q ty|quant|hour qty|total hours|no of hours|hours worked|sq ft|weight|qty units|qty uom",
        "de": "menge|anzahl|stück|stk|std|stunden|anz|menge einheit|menge stk|tage|anzahl stunden|mge|menge me|verbrauch|nächte|anzahl stück|stückzahl|liefermenge|zeit"
        "|dauer|aufwand|menge einh|einsatz|std anzahl|stunden anzahl|menge stunden|geliefert",
        "fr": "quantité|qté|qte|quant|nombre|heures|nb|qté livrée|jours|quantités|nb heures|nb jours|volume|nuits|unités|nombre d'heures|nombre de jours|qtés|consommation|q té"
        "|nbre|nb unités|durée|temps",
        "nl": "aantal|hoeveelheid|uren|stuks|aantal uren|aant|aantal stuks|dagen|nachten|verbruik|geleverd|qty",
        "es": "cantidad|cant|unidades|uds|horas|ud|cantidad horas|unid|cdad|días|noches|consumo|uds.|nº|núm unidades|cantidades",
        "it": "quantità|qtà|q tà|qta|ore|pezzi|nr|giorni|quant|notti|qt|qtá|quantita|pz|n pezzi",
        "pt": "quantidade|qtd|qtde|quant|horas|unidades|qte|dias|noites|qt",
    },
    "unit_price": {
        "en": "unit price|price|rate|unit cost|price each|rate price|cost|unit rate|price unit|hourly rate|price per unit|each|price usd|rate hr|price eur|unit price usd|unit amount"
        "|unit price eur|net unit price|list price|price excl vat|unit price excl vat|unit price net|rate per hour|per unit|price per item|item price|fee|rate hour|daily rate"
        "|unit|unit price gbp|net price|unit price excl tax|price ex vat|selling price|rate usd|unit net price|unit net|charge rate|price per hour|price net|unit value|u price"
        "|unit cost usd|rate per item|rate unit|price excluding vat|unit selling price|basic rate|nightly rate|room rate|cost per unit|unit price inc vat|unit price excl gst",
        "de": "einzelpreis|preis|stückpreis|vk preis|e preis|ep|einzel|nettopreis|einheitspreis|stundensatz|preis pro einheit|preis einheit|einzelpreis netto|preis netto|satz"
        "|preis stk|preis stück|ep netto|einzelpreis eur|preis eur|vk preis ohne mwst|e preis netto|einzelpreis brutto|tagessatz|listenpreis|preis pro stück|einzelbetrag|à"
        "|netto einzelpreis|ep eur|verkaufspreis|preis ep|preis in eur|einzelpreis in eur|arbeitspreis|stückpreis netto|grundpreis|preis pro stunde|einzelpreis chf|ansatz"
        "|stückpreis exkl ust|stückpreis inkl ust|stückpreis ohne ust|einzelpr|preis je einheit|einzelpreis exkl mwst|preis chf|nettoeinzelpreis|e preis eur",
        "fr": "prix unitaire|prix|p.u.|pu|pu ht|p.u. ht|prix unitaire ht|prix u|prix u ht|tarif|tarif horaire|prix unit|prix unit ht|pu h.t.|p u h t|taux horaire|prix unitaire ttc"
        "|prix unitaire net|prix ht unitaire|montant unitaire|coût unitaire|pu ttc|pu net|prix net|prix unitaire eur|tarif unitaire|prix unitaire en|prix unitaire h.t.|pu brut"
        "|valeur unitaire|prix unitaire hors tva|tarif ht|prix de vente|prix à l'unité|pu eur|tjm",
        "nl": "prijs per stuk|prijs|stukprijs|tarief|eenheidsprijs|prijs per eenheid|uurtarief|prijs excl btw|prijs stuk|bedrag per stuk|per stuk|stukprijs excl btw|prijs per uur|stuksprijs"
        "|eenheidsprijs excl btw|prijs eenheid|tarief per uur|verkoopprijs|netto prijs|nettoprijs|tarief excl btw|prijs eur",
        "es": "precio unitario|precio|p. unitario|precio unidad|precio ud|p.u.|precio unit|tarifa|pvp|precio hora|coste unitario|precio ud.|valor unitario|importe unitario|p unit|precio neto"
        "|precio u|precio por unidad|p u|base unitaria|pr unitario|precio unitario sin iva|tarifa hora|precio sin iva|precio uni",
        "it": "prezzo unitario|prezzo|p.u.|prezzo unit|costo unitario|tariffa|valore unitario|prezzo un|importo unitario|pr unitario|prezzo netto|prezzo u|tariffa oraria|prezzo cad|p unitario",
        "pt": "preço unitário|preço|p. unit|pr unitário|valor unitário|preço unit|p unitário|tarifa|preço un|pr unit|preço uni|valor unit",
    },
    "amount": {
        "en": "amount|total|line total|total price|sub total|subtotal|ext price|extended price|extended|total amount|net amount|price total|amount usd|total usd|line amount|net|value|total eur"
        "|amount eur|net total|total excl vat|charges|gross|extension|ext|total cost|item total|total net|amount excl vat|amount gbp|total gbp|net value|sum|total excl tax|amount excl tax"
        "|total inc vat|total incl vat|amount incl vat|gross amount|amount due|extended amount|ext amount|line net|total value|total ex vat|total inc tax|amount inr|total inc gst|taxable value"
        "|total including vat|total incl tax|total inc|subtotal excl vat|total excluding vat|item subtotal|amount cad|amount aud|total charges|charge|total excl gst|ext total|total charge|extended cost"
        "|price total excl vat|debit|total amount usd|amount ex vat|total amount eur|net price total|line total excl vat|price incl vat|price including vat|total aud|amount ex gst|total ex gst",
        "de": "betrag|gesamt|gesamtpreis|summe|zeilenbetrag|gesamtbetrag|g preis|gp|nettobetrag|zeilenbetrag ohne mwst|total|netto|gesamt netto|positionsbetrag|gesamtpreis netto|wert|betrag eur"
        "|gesamt eur|betrag netto|summe netto|gesamtpreis eur|preis gesamt|endpreis|brutto|gesamtsumme|betrag in eur|zeilensumme|netto betrag|nettowert|netto gesamt|gesamtpreis in eur|summe eur"
        "|betrag chf|total chf|gp netto|gp eur|gesamtwert|warenwert|netto eur|umsatz eur|zwischensumme inkl ust|zwischensumme|rechnungsbetrag|positionssumme|gesamtpreis brutto|betrag brutto|summe brutto"
        "|positionspreis|total eur|gesamt brutto|nettosumme|bruttobetrag|gesamtnetto|nettogesamt|betrag exkl mwst|gesamtpr|total netto|entgelt|kosten|gesamtbetrag netto|gesamtbetrag eur",
        "fr": "montant|total|montant ht|total ht|prix ht|prix total|total ttc|montant ttc|montant total|total ligne|total net|prix total ht|montant net|net ht|total h.t.|montant h.t.|montant net ht|sous total"
        "|total eur|montant eur|total net ht|valeur|prix ttc|prix total ttc|montant hors tva|total hors taxe|total hors taxes|montant total ht|montant hors taxes|montant en euros|somme|total htva|montant htva"
        "|sous total ht|total ligne ht|prix total h.t.|montant tvac",
        "nl": "bedrag|totaal|prijs incl btw|totaalprijs|totaal excl btw|bedrag excl btw|regeltotaal|totaalbedrag|subtotaal|totaal eur|nettobedrag|prijs totaal|bedrag eur|totaal incl btw|bedrag incl btw|netto"
        "|netto bedrag|totaal ex btw|totaal exclusief btw|bedrag ex btw|som|kosten|totaal prijs|totaal bedrag|lijntotaal|bedrag exclusief btw|totaal netto|bruto bedrag",
        "es": "importe|total|importe total|subtotal|precio total|importe neto|total neto|total eur|total línea|base imponible|base|neto|importe eur|total sin iva|valor|importe bruto|p total|total con iva"
        "|monto|importe sin iva|precio final|coste|total importe",
        "it": "importo|totale|prezzo totale|importo totale|totale riga|imponibile|importo netto|totale netto|totale eur|netto|prezzo tot|importo eur|valore|valore totale|subtotale|tot|totale imponibile",
        "pt": "valor|total|montante|valor total|total líquido|subtotal|importância|preço total|total eur|valor líquido|total s iva|total c iva|líquido",
    },
    "other": {
        "en": "date|item code|code|um|uom|tax|vat|discount|disc|disc %|taxes|vat rate|tax rate|sku|no|pos|ref|item no|part no|adjust|vat %|tax %|gst|part number|item #|product code|gst rate|hsn|hsn sac|sac"
        "|line|vat amount|tax amount|type|period|from|to|service date|s no|sr no|sl no|backordered|ordered|unit of measure|discount %|serial|asin|order|vat code|tax code|gst %|cgst|sgst|igst|model|color|size|currency"
        "|disc amount|serial number|adj|item id|id|start|end|lot|job|po|#|location|notes|taxed|taxable|t|hs code|origin|weight|vat rate %|stock code|per|day|month|product number|class|resource|project|line no"
        "|material|article no|article number|catalog no|customer po|account|reference|time period|service period|billing period|dates|credits|credit|payments|balance|pos no|position|item number",
        "de": "pos|pos.|position|nr|art nr|artikelnr|artikelnummer|rabatt|rabatt %|mwst|ust|steuersatz|mwst %|ust %|einheit|datum|steuer|ust satz|mwst satz|eh|lfd nr|art nr kunde|rab|steuerbetrag|mwst betrag|zeitraum"
        "|pos nr|von|bis|me|einh|st|artikel nr|mwst code|ust %|best nr|bestellnummer|bestellnr|steuer %|stk me|rabatt in %|leistungszeitraum|asin|serien nr|rab %|mwst in %|ust betrag|leistungsdatum|p|vpe|#|lieferdatum"
        "|lieferschein|ust id|code|konto|bestell nr|steuerschlüssel|stsl|mwst art|währung|pos typ|rabatt betrag|gewicht|sku|ean|zusatz|mitarbeiter|faktor|ziffer",
        "fr": "réf|référence|tva|taux tva|rem|remise|unité|date|tva %|code|taxe|taux|n°|ref|% tva|code article|réf article|% rem|% remise|période|remise %|rem %|lot|taux de tva|montant tva|u|un|code tva|réf produit|taxes"
        "|code produit|unit|eco|pos|tva en %|réf.|ligne|du|au|n° article|catégorie|type|unités de mesure|référence article",
        "nl": "btw|artikelnummer|korting|btw %|datum|eenheid|pos|art nr|btw tarief|code|artikelcode|artikelnr|% btw|nr|regel|btw code|korting %|btw bedrag|periode|van|tot|btw percentage|ref|btw-tarief|tarief btw|disc|sku|%",
        "es": "código|iva|dto|ref|referencia|% iva|fecha|iva %|dto %|descuento|cod|% dto|unidad|um|tipo iva|cuota iva|lote|línea|período|cód|impuesto|impuestos|nº|tasa|albarán|unidad de medida|medida|u m|tipo",
        "it": "codice|iva|sconto|um|u.m.|aliquota|aliquota iva|% iva|cod|iva %|sc|data|sconto %|cod art|codice articolo|aliq|u m|unità di misura|lotto|rif|sc %|c iva|% sc|periodo|n|riga|colli|cod iva",
        "pt": "código|iva|desconto|ref|referência|un|taxa|% iva|iva %|desc|unidade|cód|taxa iva|data|lote|% desc|desc %|taxa de iva|armazém|und|ref.ª",
    },
}

#: Short words that tell the language of a text; no name, no number.
COMMON_WORDS: Mapping[str, str] = {
    "en": "the and of to for is your invoice date due total from with payment amount price please description this thank number by are we bill quantity terms tax subtotal",
    "de": "der die das und für von ist rechnung datum betrag bitte mit ihre gesamt summe menge bezeichnung wir sie zzgl mwst straße zahlbar auf den zu nummer ust steuernummer"
    " preis einzelpreis gesamtbetrag kundennummer rechnungsnummer",
    "fr": "le la les et de du des pour facture montant votre sur tva ht ttc total prix quantité désignation nous vous par conditions paiement à échéance client règlement au rue",
    "nl": "de het een en van voor factuur bedrag uw wij btw aantal omschrijving totaal prijs graag op met betaling is factuurnummer factuurdatum datum te klantnummer",
    "es": "el la los de y para factura importe su con por iva total cantidad precio descripción fecha base imponible cliente pago vencimiento en del concepto calle",
    "it": "il la di e per fattura importo con iva totale quantità prezzo descrizione data cliente pagamento del scadenza imponibile via partita numero",
    "pt": "o a de e para fatura valor com iva total quantidade preço descrição data cliente pagamento do vencimento da não rua contribuinte número",
}

#: Document titles → type; the first found from the top of the page in the largest letters wins.
TITLES: Mapping[str, str] = {
    "credit_note": "credit note|credit memo|credit invoice|adjustment note|gutschrift|stornorechnung|rechnungskorrektur|storno|korrekturrechnung|rechnungsgutschrift|avoir|facture d'avoir|note de crédit"
    "|creditnota|creditfactuur|nota de crédito|factura rectificativa|abono|nota de abono|nota di credito|nota di accredito|nota credito|refund note",
    "receipt": "receipt|sales receipt|cash receipt|payment receipt|quittung|kassenbon|kassenbeleg|bon|reçu|ticket de caisse|ticket|kassabon|kwitantie|recibo|factura simplificada|ricevuta|scontrino"
    "|till receipt|sale receipt|beleg|barverkauf|bewirtungsbeleg|official receipt|your receipt",
    "invoice": "invoice|tax invoice|vat invoice|bill|proforma invoice|commercial invoice|sales invoice|rechnung|handelsrechnung|faktura|honorarnote|schlussrechnung|abschlagsrechnung|teilrechnung|facture|note d'honoraires"
    "|factuur|verkoopfactuur|factura|fattura|parcella|fatura|nota fiscal|fatura recibo|honorarrechnung|hotelrechnung|invoice receipt|rechnung quittung|guest folio|folio|invoice statement",
}

#: Endings that mark a company's name, as they are written.
COMPANY_FORMS = (
    r"GmbH(?:\s?&\s?Co\.?\s?KG(?:aA)?)?|gGmbH|mbH|AG|KG|OHG|GbR|UG(?:\s?\(haftungsbeschränkt\))?|e\.\s?K\.?|e\.\s?V\.?|eG|SE|Inc\.?|Incorporated|LLC|L\.L\.C\.?|LLP|LP|Ltd\.?|Limited|PLC|plc|Corp\.?"
    r"|Corporation|Co\.|Company|Pty(?:\.?\s?Ltd\.?)?|Pvt\.?(?:\s?Ltd\.?)?|B\.\s?V\.?|BV|N\.\s?V\.?|NV|V\.?O\.?F\.?|SARL|S\.?A\.?R\.?L\.?|SAS|S\.?A\.?S\.?U?|SASU|EURL|S\.?A\.?|SNC|SCI|SPRL|S\.?L\.?U?\.?"
    r"|S\.?R\.?L\.?|S\.?p\.?A\.?|S\.?r\.?l\.?s?\.?|s\.n\.c\.|Lda\.?|Ltda\.?|AB|ApS|A/S|AS|Oy|Oyj|Sàrl|s\.r\.o\.|a\.s\.|Sp\. z o\.o\.|Kft\.?|d\.o\.o\.|GesmbH|Ges\.m\.b\.H\.|K\.K\.|Bhd\.?|Pte\.?(?:\s?Ltd\.?)?"
)

#: Words that mark the line of an address or of a contact, never a party's name.
PLACES = (
    "united states|usa|united kingdom|uk|england|scotland|ireland|germany|deutschland|france|frankreich|netherlands|nederland|the netherlands|spain|españa|italy|italia|portugal|austria|österreich"
    "|switzerland|schweiz|suisse|svizzera|belgium|belgië|belgique|luxembourg|luxemburg|canada|australia|india|japan|hong kong|singapore|denmark|danmark|sweden|sverige|norway|norge|poland|polska|china"
    "|brasil|brazil|méxico|mexico|new zealand|finland|suomi|israel|south africa|united arab emirates|estonia|latvia|lithuania|czech republic|hungary|romania|greece|turkey|argentina|chile|colombia|peru"
)


def table(meanings: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    """Turn a table of phrases into squeezed phrase → meanings."""
    found: dict[str, list[str]] = {}
    for meaning, languages in meanings.items():
        for phrases in languages.values():
            for phrase in phrases.split("|"):
                meanings_of = found.setdefault(squeeze(phrase), [])
                if meaning not in meanings_of:
                    meanings_of.append(meaning)
    found.pop("", None)
    return {phrase: tuple(meanings_of) for phrase, meanings_of in found.items()}


LABEL_MEANINGS = table(LABELS)
COLUMN_MEANINGS = table(COLUMNS)
TITLE_MEANINGS = table({kind: {"": phrases} for kind, phrases in TITLES.items()})
PLACE_NAMES = frozenset(squeeze(place) for place in PLACES.split("|"))
LANGUAGE_WORDS = {language: frozenset(words.split()) for language, words in COMMON_WORDS.items()}
