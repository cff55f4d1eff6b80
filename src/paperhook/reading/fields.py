"""From words to fields: each rule proposes with evidence, the page as a whole decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from paperhook.reading.choosing import Totals, choose, find_amount_due
from paperhook.reading.context import Context, context_of, evidence
from paperhook.reading.descriptions import description_text
from paperhook.reading.document_dates import find_document_dates
from paperhook.reading.extraction import FIELDS, ExtractedField, Extraction
from paperhook.reading.items import Item, read_tables
from paperhook.reading.labels import windows
from paperhook.reading.layout import Line, blocks_of
from paperhook.reading.letterhead import is_slip
from paperhook.reading.money import settle_currency
from paperhook.reading.numbers import find_number, find_order_number
from paperhook.reading.parties import Scene, claims_of, find_customer
from paperhook.reading.rates import find_rates
from paperhook.reading.settling import settle
from paperhook.reading.slips import Sum, rows_without_heads
from paperhook.reading.totals import Candidate, candidates
from paperhook.reading.unnamed import with_unnamed
from paperhook.reading.vendor import find_vendor
from paperhook.reading.vocabulary import TITLE_MEANINGS
from paperhook.reading.words import Page

#: How much more a total is believed when the other amounts explain it.
_CONFIRMED = {"sums": 0.22, "adjusted": 0.2, "equal": 0.1, "": 0.0}
#: How much less, when all three are there and do not explain each other.
_CONTRADICTED = 0.2
_CENT = Decimal("0.05")
#: Sums and taxes that are tried together.
_TRIED = 8


def extract(pages: Sequence[Page]) -> Extraction:
    """Apply all rules to the words of a document; what no rule finds is absent."""
    context = context_of(pages)
    table = read_tables(context.lines, context.mark)
    context = replace(context, table_lines=table.line_indexes)
    found = candidates(context.lines, context.labels, context.mark, table.line_indexes)
    sums = [one.value for one in _sums(found)]
    # A head without rows below it may be that of a slip, whose rows its words do not reach.
    used = table.line_indexes if table.items else frozenset[int]()
    items = settle(table.items, sums) or rows_without_heads(
        context.lines, context.mark, _sums(found), used, _taken(found)
    )
    items_sum = sum((item.amount.value for item in items if item.amount), Decimal(0)) if items else None
    totals = with_unnamed(choose(found, items_sum), found, context)

    rates = find_rates(context, totals)
    taxed = _tax_of(rates, totals)
    fields = taxed | _total_fields(totals, items_sum) | find_document_dates(context)
    if not totals.confirmed:
        # The taxes of all rates explain the total, which the tax that a label names does not.
        fields |= taxed
    if number := find_number(context):
        fields["invoice_number"] = number
    if order := find_order_number(context):
        fields["po_number"] = order
    if due := find_amount_due(found, totals):
        fields["amount_due"] = _amount_due(due, totals)
    # Without anything to pay, a name on the page is just a name.
    if items or fields.keys() & {"invoice_number", "total", "subtotal"}:
        fields |= _party_fields(context)
    if currency := settle_currency(context.lines, context.mark, fields.get("total"), context.language):
        fields["currency"] = currency
    certainty = {page.number: page.certainty for page in pages}
    return Extraction(
        document_type=_document_type(context, fields),
        language=context.language,
        page_count=len(pages),
        text="\f".join(_text(page, context.lines) for page in context.pages),
        fields=_discounted({name: fields[name] for name in FIELDS if name in fields}, certainty),
        line_items=tuple(_discounted(_item_fields(item), certainty) for item in items),
        warnings=_warnings(totals),
        taxes=tuple(_discounted(row, certainty) for row in rates),
    )


def _sums(found: Sequence[Candidate]) -> list[Sum]:
    kinds = {"subtotal", "total", "amount_due"}
    sums = [Sum(one.amount.value, one.label.line_index) for one in found if one.kind in kinds]
    taxes = {one.label.line_index: one.amount.value for one in found if one.kind == "tax" and one.score > 0.5}
    # A slip without a subtotal: its rows make the total less the tax above it.
    return sums + [
        Sum(known.value - tax, line_index)
        for known in sums[:_TRIED]
        for line_index, tax in [*taxes.items()][:_TRIED]
        if line_index < known.line_index
    ]


def _taken(found: Sequence[Candidate]) -> list[Sum]:
    """What single lines take off, as negative amounts."""
    lines = {one.label.line_index: one for one in found if one.kind == "minus" and one.score > 0.5}
    return [Sum(-abs(one.amount.value), index) for index, one in lines.items()]


def _text(page: Page, lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines if line.page is page)


def _discounted(
    fields: Mapping[str, ExtractedField], certainty: Mapping[int, float]
) -> dict[str, ExtractedField]:
    """Nothing read from a picture is surer than the recognition of its page."""
    return {
        name: replace(field, confidence=round(field.confidence * certainty[field.page_number], 3))
        for name, field in fields.items()
    }


def _party_fields(context: Context) -> dict[str, ExtractedField]:
    blocks = blocks_of(context.lines)
    slip = is_slip(context.lines)
    scene = Scene(context.lines, context.labels, blocks, context.table_lines, context.mark, slip)
    claims = claims_of(scene)
    customer, receivers = find_customer(scene, claims)
    vendor = find_vendor(scene, claims, customer, receivers)
    fields: dict[str, ExtractedField] = {}
    if vendor is not None:
        confidence = min(0.97, 0.4 + 0.08 * vendor.score)
        fields["vendor"] = evidence(vendor.text, vendor.text, vendor.phrase.page, vendor.words, confidence)
    if customer is not None:
        words = customer.words
        fields["customer"] = evidence(
            customer.text, customer.text, customer.phrase.page, words, customer.score
        )
    return fields


# Amounts.


def _total_fields(totals: Totals, items_sum: Decimal | None) -> dict[str, ExtractedField]:
    fields: dict[str, ExtractedField] = {}
    for name, one in (("subtotal", totals.subtotal), ("tax", totals.tax), ("total", totals.total)):
        if one is None:
            continue
        amount = one.amount
        confidence = 0.45 + 0.3 * min(1.0, one.score) + _CONFIRMED[totals.confirmed]
        confidence += 0.08 * (items_sum == amount.value) - _CONTRADICTED * _is_contradicted(totals)
        value = format(amount.value, "f")
        fields[name] = evidence(value, amount.text, amount.page, amount.words, confidence)
    if totals.tax_parts:
        fields["tax"] = _added(totals, fields["tax"].confidence - 0.05)
    return fields


def _tax_of(rates: Sequence[Mapping[str, ExtractedField]], totals: Totals) -> dict[str, ExtractedField]:
    """The tax of all rates, where no label names a tax: what is taxed and its taxes must make the total."""
    bases = [Decimal(row["taxable_amount"].value) for row in rates if "taxable_amount" in row]
    taxes = [row["tax"] for row in rates]
    value = sum((Decimal(tax.value) for tax in taxes), Decimal(0))
    if totals.total is None or not taxes or len(bases) < len(rates):
        return {}
    if abs(sum(bases, value) - totals.total.amount.value) > _CENT:
        return {}
    first = taxes[0]
    x0, y0, x1, y1 = zip(*(tax.box for tax in taxes if tax.page_number == first.page_number), strict=True)
    whole = replace(first, value=format(value, "f"), text=" + ".join(tax.text for tax in taxes))
    return {
        "tax": replace(whole, box=(min(x0), min(y0), max(x1), max(y1)), confidence=first.confidence - 0.05)
    }


def _amount_due(due: Candidate, totals: Totals) -> ExtractedField:
    amount = due.amount
    same = totals.total is not None and totals.total.amount.value == amount.value
    confidence = 0.5 + 0.35 * min(1.0, due.score) + 0.1 * same
    return evidence(format(amount.value, "f"), amount.text, amount.page, amount.words, confidence)


def _added(totals: Totals, confidence: float) -> ExtractedField:
    """Taxes at several rates whose sum the page does not print."""
    parts = [part.amount for part in totals.tax_parts]
    page = parts[0].page
    words = [word for part in parts if part.page is page for word in part.words]
    value = sum((part.value for part in parts), Decimal(0))
    return evidence(format(value, "f"), " + ".join(part.text for part in parts), page, words, confidence)


def _is_contradicted(totals: Totals) -> bool:
    return bool(totals.subtotal and totals.tax and totals.total and not totals.confirmed)


def _warnings(totals: Totals) -> tuple[str, ...]:
    if _is_contradicted(totals):
        return ("fields.total: subtotal and tax do not add up to it",)
    return ()


def _item_fields(item: Item) -> dict[str, ExtractedField]:
    charge = item.charge
    if charge is None:
        return {}  # pragma: no cover - a line without a charge makes no row
    proven = False
    if item.quantity and item.unit_price and item.amount:
        proven = abs(item.quantity.value * item.unit_price.value - item.amount.value) <= _CENT
    confidence = 0.95 if proven else 0.8
    text = description_text(item.words)
    fields = {"description": evidence(text, text, charge.page, item.words, confidence - 0.05)}
    numbers = {"quantity": item.quantity, "unit_price": item.unit_price, "amount": item.amount}
    for name, amount in numbers.items():
        if amount is not None:
            value = format(amount.value, "f")
            fields[name] = evidence(value, amount.text, amount.page, amount.words, confidence)
    return fields


# The document as a whole.


def _document_type(context: Context, fields: Mapping[str, ExtractedField]) -> str:
    """The title in the largest letters of the upper first page; without one, what the fields suggest."""
    titles = [
        title
        for index, line in enumerate(context.lines)
        if line.page.number == 1
        and index not in context.table_lines
        and line.middle <= 0.6 * line.page.height
        for title in _titles(line)
    ]
    if titles:
        return max(titles, key=lambda title: title[0])[1]
    if "total" not in fields:
        return "other"
    if "invoice_number" in fields or "due_date" in fields:
        return "invoice"
    paid = any(label.starts_phrase for label in context.labels_of("paid"))
    return "receipt" if paid or "subtotal" in fields else "other"


def _titles(line: Line) -> list[tuple[float, str]]:
    """The titles of a line, with their weight: letters' height, more for a title that stands alone."""
    found: list[tuple[float, str]] = []
    for phrase in line.phrases:
        for start, end, meanings in windows(phrase.words, TITLE_MEANINGS):
            alone = len(phrase.words) - (end - start) <= 4
            if start > 0 and not alone:
                continue
            weight = phrase.height * (1.0 if alone else 0.6) * (1.0 if start == 0 else 0.8)
            weight *= 1.1 if end == len(phrase.words) else 1.0
            # A credit note often names the invoice it cancels, hardly ever the other way round.
            weight *= 1.15 if meanings[0] == "credit_note" else 1.0
            found.append((weight, meanings[0]))
    return found
