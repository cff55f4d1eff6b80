"""When a document was issued and when it is due: by labels, by the title's line, by being the only date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from paperhook.reading.amounts import amounts_in
from paperhook.reading.context import Context, evidence
from paperhook.reading.dates import PrintedDate
from paperhook.reading.extraction import ExtractedField
from paperhook.reading.labels import Label, above, below, right_of
from paperhook.reading.layout import Line, Phrase
from paperhook.reading.names import POSTAL
from paperhook.reading.terms import find_by_term, terms_in
from paperhook.reading.words import Word, joined, squeeze

#: A due date farther than this from the invoice's suggests that day and month were taken for each other.
LONGEST_TERM = timedelta(days=200)
_WEIGHTS = {"date": 0.95, "due": 0.92, "date_plain": 0.8, "told": 0.72, "other_date": 0.55}
#: How labels of the date of an order begin, squeezed.
_ORDER = re.compile(
    r"(?:date(?:of)?order|order|bestell|auftragsdatum|date(?:de(?:la)?)?commande|fecha(?:de(?:l)?)?pedido|datadell?ordine|dataordine|orderdatum|beställ|注文日|订单日|訂單日)"
)
#: Cells that a line at the head of a letter may have.
_CELLS_OF_A_HEAD = 12
#: What makes the date before it the end of a discount.
_DISCOUNT = re.compile(r"(?i)skonto|discount|escompte|sconto|korting|descuento|desconto|kassarabatt|abzug")
#: Words before the date of a title: "Rechnung Nr. 12 vom 3. Mai 2024".
_OF = frozenset("vom von of du van del de dated from date datum on den le dd".split())  # noqa: SIM905 - a list of words


@dataclass(frozen=True, slots=True)
class _Found:
    score: float
    printed: PrintedDate

    def field(self) -> ExtractedField:
        printed = self.printed
        confidence = self.score - 0.1 * printed.is_ambiguous
        return evidence(printed.value.isoformat(), printed.text, printed.page, printed.words, confidence)


def find_document_dates(context: Context) -> dict[str, ExtractedField]:
    """Find `invoice_date` and `due_date`; one that the page does not state is absent."""
    invoice, due = _both(context)
    if invoice and due and (invoice.printed.is_ambiguous or due.printed.is_ambiguous):
        other = _both(replace(context, order="MDY" if context.order == "DMY" else "DMY"))
        if other[0] and other[1] and _explains_more(context, other, (invoice, due)):
            invoice, due = other
    found = {"invoice_date": invoice.field()} if invoice else {}
    contradicted = invoice and due and due.printed.value < invoice.printed.value and due.score < 0.9
    return found | ({"due_date": due.field()} if due and not contradicted else {})


def _both(context: Context) -> tuple[_Found | None, _Found | None]:
    due = _labelled(context, "due")
    invoice = _labelled(context, "date") or _in_title(context) or _labelled(context, "date_plain")
    invoice = invoice or _lone(context, due) or _ordered(context)
    if invoice and not due:
        claimed = _claimed(context, "other_date") | set(invoice.printed.words)
        told = find_by_term(context, invoice.printed.value, claimed)
        due = _Found(_WEIGHTS["told"], told) if told else None
    return invoice, due


def _ordered(context: Context) -> _Found | None:
    """When the order was placed, on a paper that states no other date of itself."""
    labels = [label for label in context.labels_of("other_date") if _ORDER.match(squeeze(label.text))]
    found = (_of_label(context, label, "other_date") for label in labels)
    return next((one for one in found if one), None)


def _explains_more(
    context: Context, other: tuple[_Found | None, _Found | None], usual: tuple[_Found, _Found]
) -> bool:
    """Whether day and month the other way round give a term that the page names, or a term at all."""
    terms = [_term(*other), _term(*usual)]
    stated = [days for line in context.lines for days in terms_in(line.text)]
    possible = [term is not None and 0 <= term <= LONGEST_TERM.days for term in terms]
    if not all(possible):
        return possible[0]
    return terms[0] in stated and terms[1] not in stated


def _term(invoice: _Found | None, due: _Found | None) -> int | None:
    return (due.printed.value - invoice.printed.value).days if invoice and due else None


def _labelled(context: Context, meaning: str) -> _Found | None:
    found = [date for label in context.labels_of(meaning) if (date := _of_label(context, label, meaning))]
    return max(found, key=lambda date: date.score, default=None)


def _of_label(context: Context, label: Label, meaning: str) -> _Found | None:
    word = squeeze(label.text)
    short = meaning == "date_plain" and len(word) <= 4
    if short and not (label.starts_phrase or word in _OF):
        return None
    if short and _tells_of_money(context, label):
        # "Less deposit of 3 May 2024    -100.00" dates the deposit.
        return None
    page = label.phrase.page
    weight = _WEIGHTS[meaning] - (0.0 if label.starts_phrase else 0.08) - 0.01 * (page.number - 1)
    if meaning != "due":
        weight -= 0.05 * label.phrase.y0 / page.height
    at_once = not label.starts_phrase or (short and not label.has_colon)
    if printed := _beside(context, label, at_once=at_once) or _beside_next(context, label):
        return _Found(weight - 0.3 * (meaning == "due" and _is_of_discount(label, printed)), printed)
    if not short and (label.starts_phrase or label.has_colon):
        if printed := _alone_in(context, list(below(label, context.lines))[:3]):
            return _Found(weight - 0.05, printed)
        if meaning != "date_plain" and len(label.phrase.words) <= 4:
            printed = _alone_in(context, list(above(label, context.lines))[:1])
            return _Found(weight - 0.35, printed) if printed else None
    return None


def _tells_of_money(context: Context, label: Label) -> bool:
    """Whether a line has an amount besides the date of a word such as "of"."""
    line = context.lines[label.line_index]
    return not label.starts_phrase and any(
        amount.is_money for phrase in line.phrases for amount in amounts_in(phrase, context.mark)
    )


def _is_of_discount(label: Label, printed: PrintedDate) -> bool:
    """Whether a discount ends on a date: "Payment by 2 May: 2 % discount"."""
    words = label.phrase.words
    if printed.words[-1] not in words:
        return False
    after = words[words.index(printed.words[-1]) + 1 :][:6]
    return bool(_DISCOUNT.search(joined(after)))


def _beside(context: Context, label: Label, *, at_once: bool) -> PrintedDate | None:
    """The date right of a label; in a sentence it must follow at once, or it belongs to other words."""
    for phrase in list(right_of(label, context.lines, context.labels))[: 1 if at_once else 3]:
        dates = context.dates(phrase)
        if dates:
            before = phrase.words.index(dates[0].words[0])
            allowed = 2 if phrase.words[0] in label.phrase.words else 1
            between = phrase.words[:before]
            # "Échéance le paiement : 1/12/2021" says with its colon that the words belong to the label.
            named = 0 < before <= 5 and between[-1].text.endswith(":")
            return dates[0] if before <= allowed or named else None
        if len(phrase.words) > 3 and not at_once:
            return None
    return None


def _beside_next(context: Context, label: Label) -> PrintedDate | None:
    """The date of a label that goes on with another one and its colon: "Échéance le paiement : 1/12/2021"."""
    after = next(
        (
            other
            for other in context.labels
            if other.phrase is label.phrase and other.start == label.end and other.has_colon
        ),
        None,
    )
    return None if after is None or label.has_colon else _beside(context, after, at_once=True)


def _alone_in(context: Context, phrases: Sequence[Phrase]) -> PrintedDate | None:
    """The first date that is almost all of its cell."""
    for phrase in phrases:
        dates = context.dates(phrase)
        if dates and len(phrase.words) <= len(dates[0].words) + 2:
            return dates[0]
    return None


def _in_title(context: Context) -> _Found | None:
    dated: dict[int, list[tuple[Phrase, PrintedDate]]] = {}
    for label in context.labels:
        titled = {"number_title", "number"} & set(label.meanings) and label.starts_phrase
        if not titled or label.line_index in context.table_lines:
            continue
        if label.line_index not in dated:
            phrases = context.lines[label.line_index].phrases
            dated[label.line_index] = [(p, printed) for p in phrases if (printed := _after_of(context, p))]
        for phrase, printed in dated[label.line_index]:
            if not _is_of_something_else(context, label, phrase):
                return _Found(0.9, printed)
        # A long title goes on in the next line: "… Nr. 4711" and "vom 3. Mai 2024" below it.
        for phrase in list(below(label, context.lines, reach=1.0))[:1]:
            printed = _after_of(context, phrase)
            if printed and squeeze(phrase.words[0].text) in _OF:
                return _Found(0.88, printed)
    return None


def _after_of(context: Context, phrase: Phrase) -> PrintedDate | None:
    """The date of a title's line, behind a word such as "of"."""
    dates = context.dates(phrase)
    before = phrase.words[: phrase.words.index(dates[0].words[0])] if dates else ()
    is_of = before and squeeze(before[-1].text) in _OF and len(phrase.words) <= 10
    return dates[0] if is_of else None


def _is_of_something_else(context: Context, title: Label, phrase: Phrase) -> bool:
    """Whether the date belongs to an order or a delivery that the title's line names: "… zur Bestellung vom …"."""
    others = {"order", "other_date", "other_number"}
    return any(
        other.phrase is phrase and other is not title and others & set(other.meanings)
        for other in context.labels.on_line(title.line_index)
    )


def _lone(context: Context, due: _Found | None) -> _Found | None:
    """The only date of the document that nothing else claims, as on a receipt or at a letter's head."""
    claimed = _claimed(context, "other_date", "due")
    free = [
        (line, printed)
        for index, line in enumerate(context.lines)
        if index not in context.table_lines
        for phrase in line.phrases
        for printed in context.dates(phrase)
        if len(phrase.words) - len(printed.words) <= 8
        if not claimed.intersection(printed.words) and not (due and printed.value == due.printed.value)
    ]
    if len({printed.value for _, printed in free}) == 1:
        return _Found(0.6, free[0][1])
    return _Found(0.55, placed) if (placed := _after_a_place(context, free)) else None


def _claimed(context: Context, *meanings: str) -> set[Word]:
    """The words beside and below labels."""
    claimed: set[Word] = set()
    for label in (label for meaning in meanings for label in context.labels_of(meaning)):
        beside = list(right_of(label, context.lines, context.labels))
        dated = any(context.dates(phrase) for phrase in beside)
        under = [] if dated else list(below(label, context.lines))[:1]
        claimed |= {word for phrase in (*beside, *under) for word in phrase.words}
    return claimed


def _after_a_place(context: Context, free: Sequence[tuple[Line, PrintedDate]]) -> PrintedDate | None:
    """The date at the head of a letter: "Springfield, 3 May 2024", where only one stands so."""
    found: dict[date, PrintedDate] = {}
    for line, printed in free:
        if _is_place_and_date(line, printed, context):
            found[printed.value] = printed
    return next(iter(found.values())) if len(found) == 1 else None


def _is_place_and_date(line: Line, printed: PrintedDate, context: Context) -> bool:
    is_head = line.page.number == 1 and line.y0 <= 0.5 * line.page.height
    if not is_head or len(line.phrases) > _CELLS_OF_A_HEAD:
        return False
    index = next(i for i, phrase in enumerate(line.phrases) if printed.words[0] in phrase.words)
    phrase = line.phrases[index]
    before = phrase.words[: phrase.words.index(printed.words[0])]
    if not before and index:
        before = line.phrases[index - 1].words
        # In a cell of its own a place is told from a label by an address that names it.
        if not any(joined(before) in other.text for other in context.lines if POSTAL.search(other.text)):
            return False
    capital = all(word.text[:1].isupper() and word.text.strip(",").isalpha() for word in before)
    return capital and 1 <= len(before) <= 3 and phrase.words[-1] is printed.words[-1]
