"""From words to fields: each rule proposes with evidence, the page as a whole decides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from difflib import SequenceMatcher

from paperhook.reading import items as item_rules
from paperhook.reading import totals as total_rules
from paperhook.reading.amounts import amounts_in, decimal_mark
from paperhook.reading.dates import PrintedDate, date_order, find_dates, is_only_date
from paperhook.reading.extraction import ExtractedField, Extraction
from paperhook.reading.labels import Label, above, below, find_labels, right_of, windows
from paperhook.reading.layout import Line, Phrase, blocks_of, lines_of
from paperhook.reading.money import settle_currency
from paperhook.reading.parties import Scene, claims_of, find_customer
from paperhook.reading.slips import rows_without_heads
from paperhook.reading.vendor import find_vendor
from paperhook.reading.vocabulary import LANGUAGE_WORDS, TITLE_MEANINGS
from paperhook.reading.words import Page, Word, joined, squeeze

_AMERICAN = re.compile(
    r"\b[A-Z]{2},?\s+\d{5}(?:-\d{4})?\b|\bUSA\b|United States|(?i:sales tax)|\bUSD\b|US\$|\bZIP\b|\bInc\b|\bLLC\b"
)
_BRITISH = re.compile(r"£|\bGBP\b|\bVAT\b|€|\bEUR\b|\bABN\b|\bGST\b|United Kingdom|\bA\$|₹")
_FILLER = re.compile(
    r"(?i)^(?:[#:.\-–*]+|no|nr|n[°ºo]|num|number|numéro|numero|número|nummer|id|№|\(.*\))[.:]*$"
)
_NUMBER = re.compile(r"^[#№]?[A-Za-zÀ-ÿ0-9][\w./\\–-]*$")


@dataclass(slots=True)
class Reading:
    """Everything the rules share about one document."""

    pages: Sequence[Page]
    lines: list[Line]
    labels: list[Label]
    language: str | None
    mark: str
    order: str
    #: Lines of the item tables.
    table_lines: frozenset[int] = frozenset()

    def dates(self, phrase: Phrase) -> list[PrintedDate]:
        return find_dates(phrase.page, phrase.words, order=self.order, language=self.language)


def extract(pages: Sequence[Page]) -> Extraction:
    """Apply all rules to the words of a document; what no rule finds is absent."""
    reading = _prepare(pages)
    table = item_rules.read_tables(reading.lines, reading.mark)
    reading.table_lines = table.line_indexes
    found = total_rules.candidates(reading.lines, reading.labels, reading.mark, table.line_indexes)
    sums = [
        candidate.amount.value for candidate in found if candidate.kind in {"subtotal", "total", "amount_due"}
    ]
    items = item_rules.settle(table.items, sums)
    if not items:
        items = rows_without_heads(reading.lines, reading.mark, sums, table.line_indexes)
    items_sum = sum((item.amount.value for item in items if item.amount), Decimal(0)) if items else None
    totals = total_rules.choose(found, items_sum)

    fields: dict[str, ExtractedField] = {}
    _add_number(fields, reading)
    _add_dates(fields, reading)
    _add_totals(fields, totals, items_sum)
    # Without anything to pay, a name on the page is just a name.
    if fields.keys() & {"invoice_number", "total", "subtotal"} or items:
        _add_parties(fields, reading)
    warnings = _check_sums(totals, found)
    currency = settle_currency(reading.lines, reading.mark, reading.language, fields, items)
    if currency is not None:
        fields["currency"] = currency
    order = (
        "vendor",
        "customer",
        "invoice_number",
        "invoice_date",
        "due_date",
        "currency",
        "subtotal",
        "tax",
        "total",
    )
    certainty = {page.number: page.certainty for page in pages}
    return Extraction(
        document_type=_document_type(reading, fields),
        language=reading.language,
        page_count=len(pages),
        text="\f".join("\n".join(line.text for line in reading.lines if line.page is page) for page in pages),
        fields={name: _sure(fields[name], certainty) for name in order if name in fields},
        line_items=tuple(
            {name: _sure(field, certainty) for name, field in _item_fields(item).items()} for item in items
        ),
        warnings=tuple(warnings),
    )


def _sure(field: ExtractedField, certainty: Mapping[int, float]) -> ExtractedField:
    return replace(field, confidence=round(field.confidence * certainty.get(field.page_number, 1.0), 3))


def _prepare(pages: Sequence[Page]) -> Reading:
    lines = [line for page in pages for line in lines_of(page)]
    texts = [line.text for line in lines]
    language = _language(texts)
    whole = "\n".join(texts)
    american = bool(_AMERICAN.search(whole)) and not _BRITISH.search(whole)
    if "$" in whole and not _BRITISH.search(whole):
        american = True
    order = date_order(texts, language=language, american=american)
    mark = decimal_mark((phrase.text for line in lines for phrase in line.phrases), language=language)
    reading = Reading(pages, lines, find_labels(lines), language, mark, order)
    return reading


def _language(texts: Sequence[str]) -> str | None:
    words = Counter(re.findall(r"[^\W\d_]+", " ".join(texts).casefold()))
    scores = {
        language: sum(min(words[word], 3) for word in known) for language, known in LANGUAGE_WORDS.items()
    }
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] >= 3 else None


def _field(value: str, text: str, page: Page, words: Sequence[Word], confidence: float) -> ExtractedField:
    printed = squeeze("".join(word.text for word in words))
    ratio = SequenceMatcher(None, squeeze(text), printed, autojunk=False).ratio() if printed else 0.0
    if squeeze(text) and squeeze(text) in printed:
        ratio = 1.0
    return ExtractedField(
        value, text, round(min(0.99, confidence), 3), round(ratio, 3), page.number, page.box(words)
    )


# Parties, number, dates.


def _add_parties(fields: dict[str, ExtractedField], reading: Reading) -> None:
    scene = Scene(reading.lines, reading.labels, blocks_of(reading.lines), reading.table_lines, reading.mark)
    claims = claims_of(scene)
    customer, receivers = find_customer(scene, claims)
    vendor = find_vendor(scene, claims, customer, receivers)
    if vendor is not None:
        confidence = min(0.97, 0.4 + 0.08 * vendor.score)
        fields["vendor"] = _field(vendor.text, vendor.text, vendor.phrase.page, vendor.words, confidence)
    if customer is not None:
        fields["customer"] = _field(
            customer.text, customer.text, customer.phrase.page, customer.words, customer.score
        )


def _add_number(fields: dict[str, ExtractedField], reading: Reading) -> None:
    found: list[tuple[float, str, Phrase, tuple[Word, ...]]] = []
    for label in reading.labels:
        # "Invoice #" squeezes to "Invoice", so the sign tells the label from the title.
        strong = "number" in label.meanings and ("number_title" not in label.meanings or "#" in label.text)
        title = "number_title" in label.meanings and not strong
        if not (strong or title) or label.line_index in reading.table_lines:
            continue
        weight = 1.0 if strong else 0.7
        if not label.starts_phrase:
            weight -= 0.25
        page_share = label.phrase.y0 / label.phrase.page.height
        weight -= 0.1 * page_share + 0.02 * (label.phrase.page.number - 1)
        places = [(0.0, phrase) for phrase in right_of(label, reading.lines, reading.labels)][:2]
        if strong:
            places += [(0.12, phrase) for phrase in list(below(label, reading.lines))[:3]]
            places += [(0.4, phrase) for phrase in list(above(label, reading.lines))[:1]]
        for cost, phrase in places:
            words = _number_words(
                phrase, reading, strict=title and not label.has_colon and phrase is not places[0][1]
            )
            if words and not (title and cost == 0.0 and not _title_number(words)):
                found.append((weight - cost, _number_text(words), phrase, words))
                break
    if not found:
        found = _plain_numbers(reading)
    if not found:
        return
    counts = Counter(text for _, text, _, _ in found)
    best = max(found, key=lambda entry: entry[0] + 0.05 * (counts[entry[1]] - 1))
    confidence = 0.55 + 0.4 * min(1.0, best[0])
    fields["invoice_number"] = _field(best[1], best[1], best[2].page, best[3], confidence)


def _plain_numbers(reading: Reading) -> list[tuple[float, str, Phrase, tuple[Word, ...]]]:
    """A bare "No. 14" right below or above the document's title."""
    titles = [
        label.phrase for label in reading.labels if "number_title" in label.meanings and label.starts_phrase
    ]
    found: list[tuple[float, str, Phrase, tuple[Word, ...]]] = []
    for label in reading.labels:
        if (
            "number_plain" not in label.meanings
            or not label.starts_phrase
            or label.line_index in reading.table_lines
        ):
            continue
        near = any(
            abs(title.middle - label.phrase.middle) < 3.5 * title.height and title.page is label.phrase.page
            for title in titles
        )
        for phrase in list(right_of(label, reading.lines, reading.labels))[:1]:
            words = _number_words(phrase, reading, strict=False)
            if near and words:
                found.append((0.45, _number_text(words), phrase, words))
    for line in reading.lines:
        for phrase in line.phrases:
            near = any(
                abs(title.middle - phrase.middle) < 3.5 * title.height and title.page is phrase.page
                for title in titles
            )
            if (
                near
                and re.match(r"[#№]", phrase.text)
                and (words := _number_words(phrase, reading, strict=False))
            ):
                found.append((0.6, _number_text(words), phrase, words))
    return found


def _number_text(words: Sequence[Word]) -> str:
    return joined(words).lstrip("#№").strip(" .,:;")


def _title_number(words: Sequence[Word]) -> bool:
    """A number after a mere title must look like one: digits, and more than a count or a page number."""
    text = squeeze(_number_text(words))
    return sum(character.isdigit() for character in text) >= 2 or bool(re.search(r"[a-z]\d|\d[a-z]", text))


def _number_words(phrase: Phrase, reading: Reading, *, strict: bool) -> tuple[Word, ...]:
    """The words of a phrase that make up a document number: one with a digit, prefixes and groups included."""
    words = list(phrase.words)
    while words and _FILLER.match(words[0].text):
        words.pop(0)
    dated = {word for date in reading.dates(phrase) for word in date.words}
    taken: list[Word] = []
    for word in words[:6]:
        text = word.text.strip(",;")
        plain = text.strip("#:.()[]")
        if taken and text in {"/", "-", "–"}:
            taken.append(word)
            continue
        if word in dated or not plain or not _NUMBER.match(plain):
            break
        has_digit = any(character.isdigit() for character in plain)
        if not has_digit and not (plain.isupper() and len(plain) <= 6):
            break
        if re.match(r"(?i)^(?:page|seite)$", plain) or (
            taken and re.fullmatch(r"\d{1,3}(?:[.,]\d{3})*[.,]\d{2}", plain)
        ):
            break
        taken.append(word)
        if text != word.text:
            break
    while taken and not any(character.isdigit() for character in taken[-1].text):
        taken.pop()
    text = joined(taken)
    if not taken or len(text) > 32 or is_only_date(text) or re.fullmatch(r"[$€£].*", text):
        return ()
    if strict and len(phrase.words) > len(taken) + 1:
        return ()
    return tuple(taken)


def _add_dates(fields: dict[str, ExtractedField], reading: Reading) -> None:
    invoice = _labelled_date(reading, "date", reading.lines) or _title_date(reading)
    if invoice is None:
        invoice = _labelled_date(reading, "date_plain", reading.lines)
    due = _labelled_date(reading, "due", reading.lines)
    if invoice is None:
        invoice = _lone_date(reading, due)
    if invoice and due and _is_swapped(invoice[1], due[1]):
        other = replace(reading, order="MDY" if reading.order == "DMY" else "DMY")
        again = (
            _labelled_date(other, "date", other.lines) or _labelled_date(other, "date_plain", other.lines),
            _labelled_date(other, "due", other.lines),
        )
        if again[0] and again[1] and not _is_swapped(again[0][1], again[1][1]):
            invoice, due = again
    if invoice:
        fields["invoice_date"] = _date_field(invoice)
    if due and not (invoice and due[1].value < invoice[1].value and due[0] < 0.9):
        fields["due_date"] = _date_field(due)


def _is_swapped(invoice: PrintedDate, due: PrintedDate) -> bool:
    days = due.value - invoice.value
    return (invoice.is_ambiguous or due.is_ambiguous) and (days < timedelta(0) or days > timedelta(days=200))


def _date_field(found: tuple[float, PrintedDate]) -> ExtractedField:
    score, printed = found
    return _field(
        printed.value.isoformat(),
        printed.text,
        printed.page,
        printed.words,
        score - 0.1 * printed.is_ambiguous,
    )


def _labelled_date(reading: Reading, meaning: str, lines: Sequence[Line]) -> tuple[float, PrintedDate] | None:
    found: list[tuple[float, PrintedDate]] = []
    for label in reading.labels:
        if meaning not in label.meanings or label.line_index in reading.table_lines:
            continue
        short = len(squeeze(label.text)) <= 4 and meaning == "date_plain"
        if short and not (label.starts_phrase or squeeze(label.text) in {"vom", "du", "date", "del"}):
            continue
        weight = 0.95 if meaning == "date" else 0.8 if meaning == "date_plain" else 0.92
        weight -= 0.0 if label.starts_phrase else 0.08
        weight -= 0.05 * (label.phrase.y0 / label.phrase.page.height if meaning != "due" else 0)
        weight -= 0.01 * (label.phrase.page.number - 1)
        printed = _date_beside(
            reading, label, immediately=not label.starts_phrase or (short and not label.has_colon)
        )
        if printed is None and (label.starts_phrase or label.has_colon) and not short:
            printed = _date_in(reading, list(below(label, lines))[:3], whole=True)
            weight -= 0.05
        if (
            printed is None
            and label.starts_phrase
            and meaning != "date_plain"
            and len(label.phrase.words) <= 4
        ):
            printed = _date_in(reading, list(above(label, lines))[:1], whole=True)
            weight -= 0.3
        if printed is not None:
            found.append((weight, printed))
    return max(found, key=lambda entry: entry[0], default=None)


def _date_beside(reading: Reading, label: Label, *, immediately: bool) -> PrintedDate | None:
    for phrase in list(right_of(label, reading.lines, reading.labels))[: 1 if immediately else 3]:
        dates = reading.dates(phrase)
        # In a sentence the date must follow the words at once: "fällig am 4.4.", not "fällig … Bestellung vom 1.3.".
        words_before = phrase.words.index(dates[0].words[0]) if dates else 0
        if dates and words_before <= (2 if phrase.words[0] in label.phrase.words else 1):
            return dates[0]
        if dates or (len(phrase.words) > 3 and not immediately):
            return None
    return None


def _date_in(reading: Reading, phrases: Sequence[Phrase], *, whole: bool) -> PrintedDate | None:
    for phrase in phrases:
        dates = reading.dates(phrase)
        if dates and (not whole or len(phrase.words) <= len(dates[0].words) + 2):
            return dates[0]
        if len(squeeze(phrase.text)) > 3 and not dates:
            continue
    return None


def _title_date(reading: Reading) -> tuple[float, PrintedDate] | None:
    """The date in a line such as "Rechnung Nr. 12 vom 3. Mai 2024"."""
    for line_index, line in enumerate(reading.lines[:60]):
        titles = [
            l
            for l in reading.labels
            if l.line_index == line_index and l.starts_phrase and set(l.meanings) & {"number_title", "number"}
        ]
        if not titles or line_index in reading.table_lines:
            continue
        for phrase in line.phrases:
            dates = reading.dates(phrase)
            before = phrase.words[: phrase.words.index(dates[0].words[0])] if dates else ()
            if (
                dates
                and before
                and squeeze(before[-1].text)
                in {
                    "vom",
                    "von",
                    "of",
                    "du",
                    "van",
                    "del",
                    "de",
                    "dated",
                    "from",
                    "date",
                    "datum",
                    "on",
                    "den",
                    "le",
                    "dd",
                }
                and len(phrase.words) <= 10
            ):
                return 0.9, dates[0]
    return None


def _lone_date(reading: Reading, due: tuple[float, PrintedDate] | None) -> tuple[float, PrintedDate] | None:
    """The only date of the document that nothing else claims, as on a receipt or a letter's head."""
    claimed = {
        word
        for label in reading.labels
        if set(label.meanings) & {"other_date", "due"}
        for phrase in _near(label, reading)
        for word in phrase.words
    }
    free: list[PrintedDate] = []
    for index, line in enumerate(reading.lines):
        if index in reading.table_lines:
            continue
        for phrase in line.phrases:
            if len(phrase.words) > 8:
                continue
            for printed in reading.dates(phrase):
                if not set(printed.words) & claimed and not (due and printed.value == due[1].value):
                    free.append(printed)
    values = {printed.value for printed in free}
    if len(values) == 1:
        return 0.6, free[0]
    return None


def _near(label: Label, reading: Reading) -> list[Phrase]:
    return [*right_of(label, reading.lines, reading.labels), *list(below(label, reading.lines))[:1]]


# Amounts.


def _add_totals(
    fields: dict[str, ExtractedField], totals: total_rules.Totals, items_sum: Decimal | None
) -> None:
    bonus = {"sums": 0.22, "adjusted": 0.2, "equal": 0.1}.get(totals.confirmed, 0.0)
    for name, candidate in (("subtotal", totals.subtotal), ("tax", totals.tax), ("total", totals.total)):
        if candidate is None:
            continue
        amount = candidate.amount
        confidence = 0.45 + 0.3 * min(1.0, candidate.score) + bonus
        if items_sum is not None and amount.value == items_sum:
            confidence += 0.08
        fields[name] = _field(_decimal(amount.value), amount.text, amount.page, amount.words, confidence)
    if totals.tax is not None and totals.tax_parts:
        parts = [part.amount for part in totals.tax_parts]
        value = sum((part.value for part in parts), Decimal(0))
        words = [word for part in parts for word in part.words if part.page is parts[0].page]
        text = " + ".join(part.text for part in parts)
        fields["tax"] = _field(_decimal(value), text, parts[0].page, words, fields["tax"].confidence - 0.05)


def _decimal(value: Decimal) -> str:
    return format(value, "f")


def _check_sums(totals: total_rules.Totals, found: Sequence[total_rules.Candidate]) -> list[str]:
    if totals.subtotal and totals.tax and totals.total and totals.confirmed == "":
        return ["fields.total: subtotal and tax do not add up to it"]
    return []


def _item_fields(item: item_rules.Item) -> dict[str, ExtractedField]:
    page = item.amount.page if item.amount else item.unit_price.page if item.unit_price else None
    fields: dict[str, ExtractedField] = {}
    words = item.words
    if page is None:
        return fields
    proven = bool(item.quantity and item.unit_price and item.amount) and abs(
        item.quantity.value * item.unit_price.value - item.amount.value  # type: ignore[union-attr]
    ) <= Decimal("0.05")
    confidence = 0.95 if proven else 0.8
    text = item_rules.description_text(words)
    fields["description"] = _field(text, text, page, words, confidence - 0.05)
    for name in ("quantity", "unit_price", "amount"):
        amount = getattr(item, name)
        if amount is not None:
            fields[name] = _field(_decimal(amount.value), amount.text, amount.page, amount.words, confidence)
    return fields


# The document as a whole.


def _document_type(reading: Reading, fields: Mapping[str, ExtractedField]) -> str:
    """The title in the largest letters near the top of the first page; then what the fields suggest."""
    found: list[tuple[float, str]] = []
    for index, line in enumerate(reading.lines):
        if line.page.number != 1 or index in reading.table_lines or line.middle > 0.6 * line.page.height:
            continue
        for phrase in line.phrases:
            for start, end, meanings in windows(phrase.words, TITLE_MEANINGS):
                alone = len(phrase.words) - (end - start) <= 4
                if start == 0 or alone:
                    size = (
                        phrase.height
                        * (1.0 if alone else 0.6)
                        * (1.15 if meanings[0] == "credit_note" else 1.0)
                    )
                    found.append(
                        (
                            size * (1.0 if start == 0 else 0.8) * (1.1 if end == len(phrase.words) else 1.0),
                            meanings[0],
                        )
                    )
    if found:
        return max(found, key=lambda entry: entry[0])[1]
    if "total" in fields and ("invoice_number" in fields or "due_date" in fields):
        return "invoice"
    if any("number" in label.meanings for label in reading.labels) and "total" in fields:
        return "invoice"
    paid = any("paid" in label.meanings and label.starts_phrase for label in reading.labels)
    return "receipt" if "total" in fields and (paid or "subtotal" in fields) else "other"
