"""What a party's name looks like, and what the lines around one look like."""

# ruff: noqa: RUF001 - invoices print these dashes, quotes and signs.
from __future__ import annotations

import re

from paperhook.reading.dates import is_only_date
from paperhook.reading.labels import windows
from paperhook.reading.layout import Phrase
from paperhook.reading.vocabulary import (
    CAPITAL_FORMS,
    COMPANY_FORMS,
    LABEL_MEANINGS,
    PLACE_NAMES,
    TITLE_MEANINGS,
)
from paperhook.reading.words import squeeze

COMPANY = re.compile(
    rf"(?<![\w.])(?:{COMPANY_FORMS}|{CAPITAL_FORMS})(?![\w])|(?:株式|有限|合同|合資)会社|\([株有]\)|[社財]団法人|(?:股[份分])?(?:有限)?(?:责任)?公司|(?:股份)?有限公司"
)
POSTAL = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2}-)?\d{4,5}(?:-\d{4})?\s+[A-ZÄÖÜÉÈ][\w'’.-]+|\b[A-Z]{2}\.?,?\s+\d{5}(?:-\d{4})?\b|\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b|\b\d{4}\s?[A-Z]{2}\b\s+\w+|\b[A-Z]\d[A-Z]\s?\d[A-Z]\d\b"
    r"|\b(?:NSW|VIC|QLD|WA|SA|TAS|ACT|NT)\s+\d{4}\b|\b\d{4}-\d{3}\b|(?<![\w-])\d{2}-\d{3}\s+[^\W\d_]|(?<![\w-])(?:[A-Z]{1,2}-)?\d{3}\s\d{2}\s+[^\W\d_]{2}|〒\s?\d{3}-?\d{4}"
    r"|[^\W\d_]{3}\s?[-–]\s?\d{6}(?!\d)|\b[A-Z][^\W\d_]+\s\d{6},\s[A-Z]|(?<![\w-])\d{5}-\d{3}(?![\w-])|\b(?:Singapore|Singapur)\s\d{6}\b"
    r"|\b[ACDEFHKNPRTVWXY]\d[\dW]\s[AC-FHKNPRTV-Y\d]{4}\b"
)
STREET = re.compile(
    r"(?i)\b(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|suite|floor|way|court|ct|place|pl|square|highway|hwy|parkway|pkwy|p\.?\s?o\.? box|unit|apt)\b\.?"
    r"|stra(?:ß|ss)e\b|str\.(?=\s?\d)|(?:weg|platz|allee|gasse|ring|ufer|damm|markt|dijk|singel)\s+\d|\brue\b|\bavenue\b|\bchemin\b|\bplace\b|\bquai\b|\bimpasse\b|straat\b|laan\b|plein\b|kade\b|gracht\b|\bcalle\b|\bc/|\bavda\b|\bavenida\b|\bplaza\b|\bpaseo\b"
    r"|\bvia\b|\bviale\b|\bpiazza\b|\bcorso\b|(?:gatan?|gränd|vägen|väg|torg|stigen|gate|veien|vei|vej|gade|allé|stræde)\s+\d|\bul\.\s|\bulica\b|\baleja\b|\bal\.\s(?=[^\W\d_])|\bos\.\s|\brua\b|\bpraça\b|\blargo\b|\bpostfach\b|\bpostbus\b|\bbp\b\s?\d|[都道府県].{1,8}[市区町村郡]|丁目|番地|[省市区县縣].{1,14}[路街道巷弄].{0,8}[号號]"
)
CONTACT = re.compile(
    r"(?i)@|www\.|https?:|\btel\b|\bphone\b|\bfax\b|telefon|téléphone|\+\d{2}|\biban\b|\bvat\b|ust-?id|\bkvk\b|\bbtw\b|\btva\b|\bsiret\b|\bcif\b|\bnif\b|p\.?\s?iva|steuer-?n|registration|\babn\b|\bein\b|\bbic\b|\bswift\b|hrb|geschäftsführer|\bmwst|\btelefoni?\b|\btlf\b|\bcvr\b|\borg\.?\s?nr\b|organis?ation|\bnip\b|\bregon\b|momsreg|bankgiro|plusgiro|電話|登録番号"
)
EMAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)|(?:www\.|https?://(?:www\.)?)([\w-]+(?:\.[\w-]+)+)")
#: Mail hosts that say nothing about a company.
MAIL_HOSTS = frozenset(
    "gmail googlemail outlook hotmail yahoo icloud gmx web aol live proton protonmail mail me msn t-online orange free wanadoo libero".split()  # noqa: SIM905 - a list of words reads as one
)
SEPARATORS = re.compile(r"\s+[-–—·•●|*∙/]\s+|\s*[·•●|∙]\s*|,\s+(?=\S*\d|[A-Z])|\s{2,}")
NAME_LABEL = {
    "name",
    "firma",
    "firmenname",
    "company",
    "companyname",
    "nom",
    "naam",
    "bedrijfsnaam",
    "nombre",
    "razonsocial",
    "societe",
    "raisonsociale",
    "unternehmen",
    "denominazione",
    "nome",
    "ragionesociale",
    "businessname",
    "bedrijf",
    "legalname",
    "nomerazaosocial",
    "nomerazonsocial",
    "nomeempresarial",
    "nombrerazonsocial",
    "nombreorazonsocial",
    "nameofcompany",
    "名称",
    "名稱",
    "单位名称",
    "公司名称",
    "会社名",
}
PREFIXES = re.compile(
    r"(?i)^(?:attn\.?:?|att\.?:|attention:?|c/o|z\.?\s?hd\.?|z\.\s?h\.|t\.a\.v\.|à l'attention de|an:|herrn?\s(?=\S+\s\S)|frau\s(?=\S+\s\S)|firma\s|fa\.\s|spett\.?(?:le|abile)?\.?\s|to:\s|from:\s|monsieur\s|madame\s|m\.\s|mme\s|sr\.?\s|sra\.?\s|d\.\s(?=\S+\s\S)|exmo\.?\s\S+\s)\s*"
)


# Who is paid is often a bank account's holder or a branch, not the vendor as named.
PAYEE = re.compile(
    r"(?i)remit|pay|checks|cheques|account|kontoinhaber|compte|zahlung|op naam|bénéficiaire|beneficiar|begunstigde|ordre"
)


_OF_NUMBERS = {"number", "number_plain", "other_number", "date", "date_plain", "due"}
#: The land or town of a company, inside its form: "(M) Sdn Bhd".
_LAND = re.compile(r"\([^()]{1,20}\)")
#: "(524463-X)" behind the name of a company.
_REGISTERED = re.compile(r"\s*\([^()]*\d{3}[^()]*\)$")
SALUTATIONS = frozenset(
    "herr herrn frau familie firma fam mr mrs ms miss dr madame monsieur mme sr sra senor senora deheer mevrouw dhr mevr sig sigra egrsig spettle spettabile exmosr messrs herrnfrau herrundfrau attn an tav zhd zh alattentionde".split()  # noqa: SIM905 - a list of words reads as one
)
#: What persons are called, not what an envelope says before a name.
PERSONS = frozenset(
    "herr herrn frau mr mrs ms miss dr madame monsieur mme sr sra senor senora deheer mevrouw dhr mevr sig sigra".split()  # noqa: SIM905 - a list of words reads as one
)
#: A line that is the number of a firm's taxes and hardly more.
TAX_ID = re.compile(
    r"(?i)^\W*(?:vat|ust|mwst|tva|btw|p\.?\s?iva|partita iva|cif|nif|nip|siret|abn|gstin|tax|steuer|c\.?f\.?|moms)\b[^@]{0,40}$"
)
#: What follows the receiver's name in Japanese.
ADDRESSED = frozenset({"御中", "様", "殿"})
#: What an address line or a bank's line starts with.
_NOT_NAMES = re.compile(
    r"(?i)(?:tel|fax|phone|mobile|vat|iban|bic|page|seite|p\.? ?o\.? box|inh|inhaber(?:in)?|prop|proprietor|owner|titulaire|titolare|titular)\b|www\.|https?:"
)


def is_name(phrase: Phrase) -> bool:
    """Whether a phrase can be a party's name: words, not a label, a number, an address or a sentence."""
    text, key = phrase.text, squeeze(phrase.text)
    if key in SALUTATIONS or key in LABEL_MEANINGS or key in PLACE_NAMES or key in TITLE_MEANINGS:
        return False
    if (
        not squeeze(text)
        or _is_only_labels(phrase)
        or is_form(text)
        or re.match(r"&|[^(]*\)", text)
        or re.fullmatch(r"[(\[].*[)\]]", text)
        or text.endswith(":")
    ):
        return False
    if sum(character.isalpha() for character in text) < 2 or len(phrase.words) > 9 or is_only_date(text):
        return False
    if (
        re.search(r"(?i)@|www\.|https?:", text)
        or _NOT_NAMES.match(text)
        or _opens_with_labelled_value(phrase)
    ):
        return False
    return not _is_place(text, key)


def _is_only_labels(phrase: Phrase) -> bool:
    """Whether a phrase is labels and nothing else: "Member No."."""
    found = list(windows(phrase.words, LABEL_MEANINGS))
    covered = sum(end - start for start, end, _ in found)
    numbers = any(_OF_NUMBERS & set(meanings) for _, _, meanings in found)
    return len(found) > 1 and numbers and covered == len(phrase.words)


def is_form(text: str) -> bool:
    """Whether a text is nothing but a company's form: "GmbH", "Co. (M) Sdn Bhd"."""
    plain = _LAND.sub("", text)
    return bool(COMPANY.search(plain)) and not squeeze(COMPANY.sub("", plain))


def _opens_with_labelled_value(phrase: Phrase) -> bool:
    first = phrase.words[0].text
    return first.endswith(":") and bool(squeeze(first) in LABEL_MEANINGS or CONTACT.search(first))


def _is_place(text: str, key: str) -> bool:
    if _REGISTERED.search(text):
        # Only companies have the number of a register behind their name.
        return False
    digits = sum(character.isdigit() for character in text)
    if digits > 0.4 * len(key) or re.match(r"\d+\w?\s", text):
        return True
    named = bool(COMPANY.search(text))
    return not named and bool(POSTAL.search(text) or (digits and STREET.search(text)))


def is_address(text: str) -> bool:
    """Whether a line belongs to a postal address."""
    land = squeeze(text.rsplit(",", 1)[-1])
    return bool(POSTAL.search(text) or STREET.search(text) or land in PLACE_NAMES)


def without_prefix(text: str) -> str:
    """Strip "Attn:", "Herrn" and the like from a name, and the number of a register behind it."""
    return _REGISTERED.sub("", PREFIXES.sub("", text)).strip(" ,;:-–|•·") or text
