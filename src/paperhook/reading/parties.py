"""Who sends and who receives: labels first, then places, company forms and what stands nearby."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from paperhook.reading.amounts import amounts_in
from paperhook.reading.dates import is_only_date
from paperhook.reading.labels import Label, below, right_of
from paperhook.reading.layout import Block, Line, Phrase, blocks_of
from paperhook.reading.vocabulary import COLUMN_MEANINGS, COMPANY_FORMS, LABEL_MEANINGS, PLACE_NAMES, TITLE_MEANINGS
from paperhook.reading.words import Word, joined, squeeze

_COMPANY = re.compile(rf"(?<![\w.])(?:{COMPANY_FORMS})(?![\w])")
_POSTAL = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2}-)?\d{4,5}(?:-\d{4})?\s+[A-ZÄÖÜÉÈ][\w'’.-]+|\b[A-Z]{2}\.?,?\s+\d{5}(?:-\d{4})?\b|\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b|\b\d{4}\s?[A-Z]{2}\b\s+\w+|\b[A-Z]\d[A-Z]\s?\d[A-Z]\d\b"
    r"|\b(?:NSW|VIC|QLD|WA|SA|TAS|ACT|NT)\s+\d{4}\b|\b\d{4}-\d{3}\b"
)
_STREET = re.compile(
    r"(?i)\b(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|suite|floor|way|court|ct|place|pl|square|highway|hwy|parkway|pkwy|p\.?\s?o\.? box|unit|apt)\b\.?"
    r"|stra(?:ß|ss)e\b|str\.(?=\s?\d)|(?:weg|platz|allee|gasse|ring|ufer|damm|markt|dijk|singel)\s+\d|\brue\b|\bavenue\b|\bchemin\b|\bplace\b|\bquai\b|\bimpasse\b|straat\b|laan\b|plein\b|kade\b|gracht\b|\bcalle\b|\bc/|\bavda\b|\bavenida\b|\bplaza\b|\bpaseo\b"
    r"|\bvia\b|\bviale\b|\bpiazza\b|\bcorso\b|\brua\b|\bpraça\b|\blargo\b|\bpostfach\b|\bpostbus\b|\bbp\b\s?\d"
)
_CONTACT = re.compile(
    r"(?i)@|www\.|https?:|\btel\b|\bphone\b|\bfax\b|telefon|téléphone|\+\d{2}|\biban\b|\bvat\b|ust-?id|\bkvk\b|\bbtw\b|\btva\b|\bsiret\b|\bcif\b|\bnif\b|p\.?\s?iva|steuer-?n|registration|\babn\b|\bein\b|\bbic\b|\bswift\b|hrb|geschäftsführer|\bmwst"
)
_EMAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)|(?:www\.|https?://(?:www\.)?)([\w-]+(?:\.[\w-]+)+)")
#: Mail hosts that say nothing about a company.
_MAIL_HOSTS = frozenset(
    "gmail googlemail outlook hotmail yahoo icloud gmx web aol live proton protonmail mail me msn t-online orange free wanadoo libero".split()
)
_SEPARATORS = re.compile(r"\s+[-–—·•●|*∙/]\s+|\s*[·•●|∙]\s*|,\s+(?=\S*\d|[A-Z])|\s{2,}")
_NAME_LABEL = {"name", "firma", "firmenname", "company", "companyname", "nom", "naam", "bedrijfsnaam", "nombre", "razonsocial", "societe", "raisonsociale", "unternehmen", "denominazione", "nome", "ragionesociale", "businessname", "bedrijf", "legalname"}
_PREFIXES = re.compile(
    r"(?i)^(?:attn\.?:?|att\.?:|attention:?|c/o|z\.?\s?hd\.?|z\.\s?h\.|t\.a\.v\.|à l'attention de|an:|herrn?\s(?=\S+\s\S)|frau\s(?=\S+\s\S)|firma\s|fa\.\s|spett\.?(?:le|abile)?\.?\s|to:\s|from:\s|monsieur\s|madame\s|m\.\s|mme\s|sr\.?\s|sra\.?\s|d\.\s(?=\S+\s\S)|exmo\.?\s\S+\s)\s*"
)


# Who is paid is often a bank account's holder or a branch, not the vendor as named.
_PAYEE = re.compile(r"(?i)remit|pay|checks|cheques|account|kontoinhaber|compte|zahlung|op naam|bénéficiaire|beneficiar|begunstigde|ordre")


_SALUTATIONS = frozenset("herr herrn frau familie firma fam mr mrs ms miss dr madame monsieur mme sr sra senor senora deheer mevrouw dhr mevr sig sigra egrsig spettle spettabile exmosr messrs herrnfrau herrundfrau attn an".split())


@dataclass(frozen=True, slots=True)
class Party:
    words: tuple[Word, ...]
    phrase: Phrase
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Parties:
    vendor: Party | None
    customer: Party | None


def find_parties(lines: Sequence[Line], labels: Sequence[Label], blocks: Sequence[Block], avoid: frozenset[int], mark: str) -> Parties:
    """Find the vendor and the customer.

    Args:
        avoid: Lines of the item table.
    """
    claimed = _claimed(lines, labels, blocks, avoid)
    customers = [party for party in claimed if party[0] == "customer"]
    customer = customers[0][1] if customers else None
    other = {phrase for _, _, phrases in claimed if _ != "vendor" for phrase in phrases}
    customer_phrases = {phrase for kind, _, phrases in claimed if kind in {"customer", "other_party"} for phrase in phrases}
    del other
    if customer is None:
        # Letters for window envelopes often space their lines widely.
        wide = blocks_of(lines, reach=2.4)
        block = _address_window(lines, [*blocks, *wide], avoid, customer_phrases)
        if block is not None:
            phrase = _first_name(block.phrases)
            if phrase is not None:
                customer = _party(phrase, phrase.words, 0.6)
                customer_phrases |= set(block.phrases)
    vendor = _vendor(lines, labels, blocks, avoid, mark, claimed, customer_phrases, customer)
    return Parties(vendor, customer)


def _party(phrase: Phrase, words: Sequence[Word], score: float) -> Party:
    text = joined(words)
    shorter = _PREFIXES.sub("", text).strip(" ,;:-–|•·")
    return Party(tuple(words), phrase, shorter or text, score)


# What labels say.


def _claimed(
    lines: Sequence[Line], labels: Sequence[Label], blocks: Sequence[Block], avoid: frozenset[int]
) -> list[tuple[str, Party, set[Phrase]]]:
    """List the parties that a label names, with every phrase of their block."""
    block_of = {phrase: block for block in blocks for phrase in block.phrases}
    found: list[tuple[float, str, Party, set[Phrase]]] = []
    for label in labels:
        kind = next((m for m in label.meanings if m in {"customer", "vendor", "other_party"}), None)
        if kind is None or label.line_index in avoid or not label.starts_phrase:
            continue
        alone = label.end == len(label.phrase.words)
        short = len(squeeze(label.text)) <= 4
        if label.has_colon and label.end - label.start == 1 and short and not alone and len(label.rest) > 4:
            continue
        if (short and not label.has_colon and not alone) or (not alone and not label.has_colon and len(label.rest) > 6):
            continue
        if short and alone and not label.has_colon and not label.phrase.text[0].isupper():
            continue
        if label.rest and not label.has_colon and _COMPANY.match(joined(label.rest)):
            continue
        phrase = _labelled_name(label, lines, labels, block_of)
        if phrase is None:
            continue
        block = block_of.get(phrase)
        members = {phrase}
        if block is not None and phrase in block.phrases:
            position = block.phrases.index(phrase)
            members |= set(block.phrases[position : position + 7])
        members |= _table_values(label, lines)
        strength = 2.0 if label.has_colon or alone else 1.0
        if "name" in squeeze(label.text) and kind == "customer":
            strength += 1
        if set(label.meanings) & {"other_number"} or _PAYEE.search(label.text):
            strength -= 1.4
        if kind == "customer" and any(index < label.line_index for index in avoid):
            # Below the items stand bank accounts and branches, whose holders are not the customer.
            strength -= 1.5
            if strength < 1:
                continue
        found.append((strength, kind, _party(phrase, phrase.words, 0.9 if strength >= 2 else 0.75 if strength >= 1 else 0.25), members))
    found.sort(key=lambda entry: -entry[0])
    return [(kind, party, members) for _, kind, party, members in found]


def _labelled_name(label: Label, lines: Sequence[Line], labels: Sequence[Label], block_of: dict[Phrase, Block]) -> Phrase | None:
    tall = label.phrase.height
    for phrase in right_of(label, lines, labels):
        near = phrase.x0 - label.words[-1].x1 < 14 * tall
        if near and _is_name(phrase) and (label.end < len(label.phrase.words) or label.has_colon or not _names_below(label, lines)):
            if label.end == len(label.phrase.words) and _names_below(label, lines) and phrase.x0 - label.words[-1].x1 > 4 * tall:
                break
            return phrase
        break
    for phrase in below(label, lines, reach=6):
        text = squeeze(phrase.text)
        if phrase.y0 - label.phrase.y1 > 3.2 * tall and not text.startswith(tuple(_NAME_LABEL)):
            break
        if text.startswith(tuple(_NAME_LABEL)) and phrase.x0 - label.phrase.x0 < 2 * tall:
            named = _right_of_name(phrase, lines)
            if named is not None:
                return named
        if phrase.x0 - label.phrase.x0 > 3 * tall and phrase.x0 > label.phrase.x1:
            continue
        if _is_name(phrase):
            return phrase
        if text in _NAME_LABEL or re.fullmatch(r"\(.*\)", phrase.text) or LABEL_MEANINGS.get(text) or re.search(r"\d", phrase.text):
            continue
        break
    return None


def _names_below(label: Label, lines: Sequence[Line]) -> bool:
    return any(_is_name(phrase) for phrase in list(below(label, lines, reach=2.0))[:1])


def _right_of_name(phrase: Phrase, lines: Sequence[Line]) -> Phrase | None:
    for index, word in enumerate(phrase.words):
        if word.text.endswith(":") and squeeze(joined(phrase.words[: index + 1])) in _NAME_LABEL and index + 1 < len(phrase.words):
            return Phrase(phrase.page, phrase.words[index + 1 :])
    line = next((line for line in lines if phrase in line.phrases), None)
    if line is None:
        return None
    position = line.phrases.index(phrase)
    if position + 1 < len(line.phrases) and squeeze(phrase.text) in _NAME_LABEL:
        return line.phrases[position + 1]
    return None


def _table_values(label: Label, lines: Sequence[Line]) -> set[Phrase]:
    """The next few lines of a table of "Name: … Address: …" below a label."""
    members: set[Phrase] = set()
    for line in lines[label.line_index + 1 : label.line_index + 8]:
        first = line.phrases[0]
        if line.page is not label.phrase.page or abs(first.x0 - label.phrase.x0) > 3 * first.height or not first.text.endswith(":"):
            break
        members |= set(line.phrases)
    return members


def _is_name(phrase: Phrase) -> bool:
    """Whether a phrase can be a party's name: words, not a label, a number, an address or a sentence."""
    text = phrase.text
    key = squeeze(text)
    letters = sum(character.isalpha() for character in text)
    if key in _SALUTATIONS or not squeeze(_COMPANY.sub("", text)) or re.fullmatch(r"[(\[].*[)\]]", text):
        return False
    if letters < 2 or len(key) < 2 or len(phrase.words) > 9 or is_only_date(text):
        return False
    if key in LABEL_MEANINGS or key in PLACE_NAMES or key in TITLE_MEANINGS:
        return False
    if text.endswith(":") or "@" in text or re.match(r"(?i)www\.|https?:", text):
        return False
    digits = sum(character.isdigit() for character in text)
    if digits > 0.4 * len(key) or re.match(r"\d+\w?\s", text) or (digits and _STREET.search(text) and not _COMPANY.search(text)):
        return False
    first = phrase.words[0].text
    if first.endswith(":") and (squeeze(first) in LABEL_MEANINGS or _CONTACT.search(first)):
        return False
    return not (_POSTAL.search(text) and not _COMPANY.search(text)) and not re.match(r"(?i)(tel|fax|phone|mobile|vat|iban|bic|page|seite|p\.? ?o\.? box)\b", text)


def _first_name(phrases: Sequence[Phrase]) -> Phrase | None:
    return next((phrase for phrase in phrases if _is_name(phrase)), None)


# What places say.


def _address_window(lines: Sequence[Line], blocks: Sequence[Block], avoid: frozenset[int], claimed: set[Phrase]) -> Block | None:
    """Find an address in the upper half of the first page without anything a sender prints about itself."""
    if not lines:
        return None
    page = lines[0].page
    barred = {phrase for index in avoid for phrase in lines[index].phrases}
    found: list[tuple[float, Block]] = []
    addresses = 0
    for block in blocks:
        first = block.phrases[0]
        if first.page is not page or first.y0 > 0.5 * page.height or any(p in barred or p in claimed for p in block.phrases):
            continue
        texts = [phrase.text for phrase in block.phrases]
        places = sum(bool(_POSTAL.search(t) or _STREET.search(t) or squeeze(t) in PLACE_NAMES) for t in texts)
        if len(texts) < 3 or places < 1 or not any(_is_name(phrase) for phrase in block.phrases[:2]):
            continue
        addresses += 1
        own = sum(bool(_CONTACT.search(text)) for text in texts) + sum(bool(_COMPANY.search(text)) for text in texts[:1]) * 0.3
        found.append((own - 0.3 * (first.y0 / page.height), block))
    # A lone address is the sender's; of two, the one with fewer contacts and lower down is the receiver's.
    if not found:
        return None
    if addresses == 1 and not _sender_elsewhere(lines, found[0][1]):
        return None
    best = min(found, key=lambda entry: entry[0])
    return best[1] if best[0] < 1 else None


def _sender_elsewhere(lines: Sequence[Line], block: Block) -> bool:
    """Whether the page shows a sender outside a block: a sender's line, a footer with company or tax data."""
    members = set(block.phrases)
    return any(
        phrase not in members and (_CONTACT.search(phrase.text) or _COMPANY.search(phrase.text))
        for line in lines
        if line.page is block.phrases[0].page
        for phrase in line.phrases
    )


def _domains(lines: Sequence[Line]) -> list[str]:
    names: list[str] = []
    for line in lines:
        for found in _EMAIL.finditer(line.text):
            parts = (found[1] or found[2]).casefold().split(".")
            name = parts[-2] if len(parts) >= 2 else parts[0]
            if name in {"co", "com"} and len(parts) >= 3:
                name = parts[-3]
            if name not in _MAIL_HOSTS and name not in {"example", "localhost"}:
                names.append(squeeze(name))
    return names


def _vendor(
    lines: Sequence[Line],
    labels: Sequence[Label],
    blocks: Sequence[Block],
    avoid: frozenset[int],
    mark: str,
    claimed: Sequence[tuple[str, Party, set[Phrase]]],
    customer_phrases: set[Phrase],
    customer: Party | None,
) -> Party | None:
    """Score every phrase that can be the vendor's name, and take the best that has any evidence."""
    if not lines:
        return None
    page = lines[0].page
    usual = median(phrase.height for line in lines for phrase in line.phrases)
    whole = squeeze(" ".join(line.text for line in lines))
    domains = _domains([line for line in lines if not set(line.phrases) <= customer_phrases])
    customer_key = squeeze(customer.text) if customer else ""
    block_of = {phrase: block for block in blocks for phrase in block.phrases}
    labelled = {party.phrase: party.score for kind, party, _ in claimed if kind == "vendor"}
    label_phrases = {label.phrase for label in labels if label.starts_phrase}
    table_start = min((index for index in avoid), default=len(lines))
    found: list[Party] = []
    for index, line in enumerate(lines):
        for phrase in line.phrases:
            if index in avoid or phrase in customer_phrases or line.page is not page and len(found) > 60:
                continue
            for words in _name_parts(phrase):
                part = Phrase(phrase.page, words)
                if not _is_name(part):
                    continue
                score = _vendor_score(part, phrase, line, index, page.height, usual, whole, domains, block_of, table_start)
                score += 5 * labelled.get(phrase, 0.0)
                for known, worth in labelled.items():
                    if squeeze(known.text) == squeeze(part.text):
                        score += 3 * worth
                key = squeeze(part.text)
                if customer_key and (key in customer_key or customer_key in key):
                    score -= 6
                if phrase in label_phrases and phrase not in labelled and words[0] is phrase.words[0] and _opens_with_label(part):
                    score -= 4
                if any(amount.is_money for amount in amounts_in(part, mark)):
                    score -= 4
                found.append(_party(phrase, words, score))
    found += [Party(party.words, party.phrase, party.text, 5 * party.score + 1.5) for kind, party, _ in claimed if kind == "vendor"]
    if not found:
        return None
    best = max(found, key=lambda party: party.score)
    return best if best.score >= 2.2 else None


def _opens_with_label(part: Phrase) -> bool:
    first = squeeze(part.words[0].text)
    return first in LABEL_MEANINGS or squeeze(joined(part.words[:2])) in LABEL_MEANINGS


def _name_parts(phrase: Phrase) -> list[tuple[Word, ...]]:
    """The phrase and, for a sender's line such as "Name - Street - City", its parts."""
    text = phrase.text
    parts = [phrase.words] if not re.search(r"\s[-–—·•●|∙]\s.*\d", text) else []
    position, start = 0, 0
    pieces: list[tuple[int, int]] = []
    for found in _SEPARATORS.finditer(text):
        pieces.append((start, found.start()))
        start = found.end()
    if pieces:
        pieces.append((start, len(text)))
        # "Springfield, IL 62701" is a city with its state, not a sender's line.
        if len(pieces) == 2 and _POSTAL.search(text) and "," in text[pieces[0][1] : pieces[1][0] + 1]:
            pieces = []
        offsets: list[tuple[int, int, Word]] = []
        for word in phrase.words:
            offsets.append((position, position + len(word.text), word))
            position += len(word.text) + 1
        for begin, end in pieces[:3]:
            words = tuple(word for a, b, word in offsets if a >= begin and b <= end + 1)
            if words and words != phrase.words:
                parts.append(words)
    # "All services are sold by Example, Inc." ends with the name.
    company = None
    for company in _COMPANY.finditer(text):
        pass
    if company is not None and (len(phrase.words) > 7 or company.end() < len(text) - 2 < 80 and len(phrase.words) > 4):
        position, run = 0, []
        for word in phrase.words:
            if position >= company.end():
                break
            run.append(word)
            position += len(word.text) + 1
        start_index = len(run)
        while start_index > 0 and (run[start_index - 1].text[:1].isupper() or run[start_index - 1].text in {"&", "und", "and", "et"} or start_index == len(run)):
            if start_index < len(run) and run[start_index - 1].text.endswith((".", ":", ";")) and len(run[start_index - 1].text) > 3:
                break
            start_index -= 1
        name = tuple(run[start_index:])
        if len(name) >= 2 and name != phrase.words:
            parts.append(name)
    return parts


def _vendor_score(
    part: Phrase,
    phrase: Phrase,
    line: Line,
    index: int,
    height: float,
    usual: float,
    whole: str,
    domains: Sequence[str],
    block_of: dict[Phrase, Block],
    table_start: int,
) -> float:
    text, key = part.text, squeeze(part.text)
    score = 0.0
    if found := list(_COMPANY.finditer(text)):
        score += 2.2 if found[-1].end() >= len(text.rstrip(" .,;:")) - 1 else 1.0
    place = line.middle / height
    if line.page.number == 1:
        score += 1.8 if place < 0.12 else 1.2 if place < 0.25 else 0.5 if place < 0.4 else 0.2 if place > 0.85 else 0.0
    if index == 0:
        score += 0.5
    if part.height > 1.25 * usual and place < 0.35 and line.page.number == 1:
        score += min(1.5, 1.2 * (part.height / usual - 1))
    bare = squeeze(_COMPANY.sub("", text))
    score += min(1.5, 0.6 * (whole.count(key) - 1)) if len(key) > 3 else 0.0
    if len(bare) > 3 and any(bare == name for name in domains):
        score += 2.5
    elif len(bare) > 3 and any((bare in name or name in bare) and min(len(bare), len(name)) > 4 for name in domains):
        score += 1.6
    elif any(_shares_words(text, name) for name in domains):
        score += 1.0
    block = block_of.get(phrase)
    if block is not None and phrase in block.phrases:
        position = block.phrases.index(phrase)
        after = [other.text for other in block.phrases[position + 1 : position + 9]]
        score += 0.9 if any(_POSTAL.search(other) or _STREET.search(other) for other in after[:3]) else 0.0
        score += 1.0 if any(_CONTACT.search(other) for other in after) else 0.0
        score -= 0.5 * min(3, position) if len(block.phrases) > 1 else 0.0
    if part.words != phrase.words and _POSTAL.search(phrase.text) and part.words[0] is phrase.words[0]:
        score += 1.8
    if key in COLUMN_MEANINGS:
        score -= 2.5
    if index > table_start:
        score -= 0.9
    if len(part.words) > 5:
        score -= 0.5 * (len(part.words) - 5)
    if re.search(r"[.!?]$", text) and not _COMPANY.search(text) and len(part.words) > 2:
        score -= 1.2
    if any(character.isdigit() for character in text):
        score -= 0.8
    if text[:1].islower():
        score -= 0.7
    if _STREET.search(text) and not _COMPANY.search(text) and any(character.isdigit() for character in phrase.text):
        score -= 2
    if _CONTACT.search(text):
        score -= 2.5
    if re.search(r"(?i)\b(?:bank|sparkasse|volksbank|banque|banco|geschäftsführer|vorstand|aufsichtsrat|registergericht|amtsgericht|kontoinhaber|capital|thank|vielen dank|merci|bedankt|gracias|powered by|erstellt mit|generated)\b", text):
        score -= 2.5
    if _label_inside(part):
        score -= 2
    return score


def _label_inside(part: Phrase) -> bool:
    text = squeeze(part.text)
    return any(word in text for word in ("invoice", "rechnung", "facture", "factuur", "factura", "fattura", "fatura")) and not _COMPANY.search(part.text)


def _shares_words(text: str, domain: str) -> bool:
    words = [squeeze(word) for word in text.split() if len(squeeze(word)) > 3]
    return len(words) >= 2 and sum(word in domain for word in words) >= 2
