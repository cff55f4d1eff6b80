"""The words of invoices: what a label says, never who says it.

Each language is a file in `languages/`, so another language is another file: its `titles`, its `labels`, the heads of
its item tables (`columns`), and a few `common_words` by which a text is told to be in it.
A phrase may mean several things ("due" labels a date and an amount); its value decides.
Phrases are compared squeezed, so "Rechnungs-Nr.:" and "RECHNUNGSNR" are one entry, and longer phrases win over shorter
ones inside them.

=================  ======================================================================================
label              says
=================  ======================================================================================
``number``         the document's number
``number_plain``   a number; the document's when it stands near a title and nothing clearer is found
``number_title``   a title that a number may follow: "Invoice INV-100"
``order``          the buyer's order; an order number of a shop is the seller's
``other_number``   a number that is not the document's
``date``           when the document was issued
``date_plain``     a date; the document's where nothing clearer is found
``due``            until when to pay
``other_date``     a date that is neither of the two
``subtotal``       what is charged before tax
``tax``            a tax
``total``          what is charged with tax
``amount_due``     what is left to pay
``minus, plus``    what lies between the subtotal and the total
``paid``           what was paid already
``other_amount``   an amount that looks like a total and is not this document's
``customer``       who receives the document
``vendor``         who issues it
``other_party``    neither of the two
``currency``       the currency
=================  ======================================================================================
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from paperhook.reading.phrases import Phrases
from paperhook.reading.words import squeeze

LABELS = (
    "number",
    "number_plain",
    "number_title",
    "date",
    "date_plain",
    "due",
    "other_date",
    "order",
    "other_number",
    "subtotal",
    "tax",
    "total",
    "amount_due",
    "minus",
    "plus",
    "paid",
    "other_amount",
    "customer",
    "vendor",
    "other_party",
    "currency",
)
COLUMNS = ("description", "quantity", "unit_price", "amount", "other")
#: Document types, by title; the first found from the top of the page in the largest letters wins.
TITLES = ("credit_note", "receipt", "invoice")

#: Endings that mark a company's name, as they are written.
COMPANY_FORMS = (
    r"GmbH(?:\s?&\s?Co\.?\s?KG(?:aA)?)?|gGmbH|mbH|AG|KG|OHG|GbR|UG(?:\s?\(haftungsbeschränkt\))?|e\.\s?K\.?|e\.\s?V\.?|eG|SE|Inc\.?|Incorporated|LLC|L\.L\.C\.?|LLP|LP|Ltd\.?|Limited|PLC|plc|Corp\.?"
    r"|Corporation|Co\.|Company|P\.\s?C\.|PLLC|P\.\s?L\.\s?L\.\s?C\.|P\.\s?A\.|Pty(?:\.?\s?Ltd\.?)?|Pvt\.?(?:\s?Ltd\.?)?|B\.\s?V\.?|BV|N\.\s?V\.?|NV|V\.?O\.?F\.?|SARL|S\.?A\.?R\.?L\.?|SAS|S\.?A\.?S\.?U?|SASU|EURL|S\.?A\.?|SNC|SCI|SPRL|S\.?L\.?U?\.?"
    r"|S\.?R\.?L\.?|S\.?p\.?A\.?|S\.?r\.?l\.?s?\.?|s\.n\.c\.|Lda\.?|Ltda\.?|AB|ApS|A/S|S/B|AS|Oy|Oyj|Sàrl|s\.r\.o\.|a\.s\.|Sp\.\s?z\s?o\.?\s?o\.?|sp\.\s?(?:z\s?o\.?\s?o\.?|j\.|k\.)|Spółka|HB|I/S|K/S|ASA|e\.\s?U\.|S\.\s?Coop\.?|S\.\s?de\s?R\.?\s?L\.?(?:\s?de\s?C\.?\s?V\.?)?|de\s?C\.?\s?V\.?|EIRL|EIRELI|CommV|CVBA|S\.?C\.?R\.?L\.?|Kft\.?|d\.o\.o\.|GesmbH|Ges\.m\.b\.H\.|K\.K\.|(?:Sdn\.?\s?)?Bhd\.?|Pte\.?(?:\s?Ltd\.?)?"
)

#: The same in a name that is written in capitals.
CAPITAL_FORMS = (
    r"GMBH|INC\.?|LTD\.?|LTDA\.?|LDA\.?|LIMITED|CORP\.?|CORPORATION|INCORPORATED|COMPANY|PTY|PVT|PTE|(?:SDN\.?\s?)?BHD\.?|CO\."
    r"|APS|OY|SP\.\s?Z\s?O\.?\s?O\.?|S\.?\s?R\.?\s?L\.?|S\.\s?P\.\s?A\.?|D\.O\.O\."
)

#: Words that mark the line of an address or of a contact, never a party's name.
PLACES = (
    "united states|usa|united kingdom|uk|england|scotland|ireland|germany|deutschland|france|frankreich|netherlands|nederland|the netherlands|spain|españa|italy|italia|portugal|austria|österreich"
    "|switzerland|schweiz|suisse|svizzera|belgium|belgië|belgique|luxembourg|luxemburg|canada|australia|india|japan|hong kong|singapore|denmark|danmark|sweden|sverige|norway|norge|poland|polska|china"
    "|brasil|brazil|méxico|mexico|new zealand|finland|suomi|israel|south africa|united arab emirates|estonia|latvia|lithuania|czech republic|hungary|romania|greece|turkey|argentina|chile|colombia|peru"
)


def _languages() -> dict[str, Mapping[str, Any]]:
    """Read every language, by its ISO 639-1 code."""
    folder = files("paperhook.reading").joinpath("languages")
    found = sorted(folder.iterdir(), key=lambda file: file.name)
    return {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text(encoding="utf-8")) for file in found
    }


def _table(languages: Iterable[Mapping[str, Any]], section: str, names: Iterable[str]) -> Phrases:
    """Turn a section of all languages into squeezed phrase → meanings, in the order of the names."""
    found: dict[str, dict[str, None]] = {}
    for name in names:
        for language in languages:
            for phrase in language[section].get(name, ()):
                found.setdefault(squeeze(phrase), {})[name] = None
    found.pop("", None)
    return Phrases((phrase, tuple(meanings)) for phrase, meanings in found.items())


_LANGUAGES = _languages()
LABEL_MEANINGS = _table(_LANGUAGES.values(), "labels", LABELS)
COLUMN_MEANINGS = _table(_LANGUAGES.values(), "columns", COLUMNS)
TITLE_MEANINGS = _table(_LANGUAGES.values(), "titles", TITLES)
PLACE_NAMES = frozenset(squeeze(place) for place in PLACES.split("|"))
#: Short words that tell the language of a text; Japanese is told by its script.
LANGUAGE_WORDS = {
    name: frozenset(language["common_words"])
    for name, language in _LANGUAGES.items()
    if "common_words" in language
}
