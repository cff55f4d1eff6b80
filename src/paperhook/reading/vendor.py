"""The vendor is the name with the most evidence: label, place, size, company form, domain, address below."""

# ruff: noqa: RUF001 - invoices print these dashes, quotes and signs.
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from paperhook.reading.amounts import amounts_in
from paperhook.reading.layout import Block, Line, Phrase
from paperhook.reading.letterhead import column_of, domains_of, is_registration, longer_names
from paperhook.reading.names import (
    COMPANY,
    CONTACT,
    POSTAL,
    SEPARATORS,
    STREET,
    is_name,
)
from paperhook.reading.parties import Claim, Party, Scene, party
from paperhook.reading.vocabulary import COLUMN_MEANINGS, LABEL_MEANINGS
from paperhook.reading.words import Word, joined, squeeze

#: Evidence a name needs at least; a lone line at the top of a page has less.
ENOUGH = 2.2
#: The same for a name in the first lines of the page.
HARDLY = 1.5
#: Share of the page in which a name may be longer than a phrase.
_HEAD = 0.3
#: What the lines of a slip are worth, from its top.
_HEAD_OF_SLIP = (1.8, 1.7, 1.5, 1.2, 0.9, 0.6, 0.3)
_TITLES = (
    "invoice",
    "rechnung",
    "facture",
    "factuur",
    "factura",
    "fattura",
    "fatura",
    "請求書",
    "領収",
    "納品書",
    "レシート",
    "发票",
    "發票",
    "收据",
    "账单",
)
_NEVER = re.compile(
    r"(?i)\b(?:bank|sparkasse|volksbank|banque|banco|geschäftsführer|vorstand|aufsichtsrat|registergericht|amtsgericht"
    r"|kontoinhaber|capital|thank|vielen dank|merci|bedankt|gracias|powered by|erstellt mit|generated)\b|^(?:welcome(?: to)?|willkommen(?: bei| im)?|bienvenue(?: chez| à)?|bienvenidos?(?: a)?|benvenuti|bem-vindos?|welkom(?: bij)?|välkommen(?: till)?)\W*$|銀行|支店|ありがとう|いらっしゃいませ|毎度|またのご来店|担当"
)


#: Meanings of labels that say nothing without an amount or a date beside them.
_BESIDE_VALUES = {
    "date_plain",
    "subtotal",
    "tax",
    "total",
    "amount_due",
    "minus",
    "plus",
    "paid",
    "other_amount",
}


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A name, the phrase it stands in, and where that stands."""

    name: Phrase
    phrase: Phrase
    line: Line
    line_index: int
    block: Block | None
    #: Of the phrase in its block.
    position: int

    @property
    def is_part(self) -> bool:
        return self.name.words != self.phrase.words


@dataclass(frozen=True, slots=True)
class _Page:
    """What the whole document says about its sender."""

    #: Height of most text.
    usual: float
    squeezed: str
    domains: Sequence[str]
    table_start: int
    customer: str
    #: Squeezed names that labels give to the vendor → how sure they are.
    labelled: dict[str, float]
    mark: str
    lines: Sequence[Line]
    is_slip: bool


def find_vendor(
    scene: Scene, claims: Sequence[Claim], customer: Party | None, receivers: frozenset[Phrase]
) -> Party | None:
    """Score every phrase that can be the vendor's name; None when nothing has enough evidence.

    Args:
        receivers: Phrases of customers and other receivers, which cannot be the vendor.
    """
    own = [claim.party for claim in claims if claim.kind == "vendor"]
    page = _Page(
        usual=median(phrase.height for line in scene.lines for phrase in line.phrases) or 1.0,
        squeezed=squeeze(" ".join(line.text for line in scene.lines)),
        domains=domains_of([line for line in scene.lines if not receivers.issuperset(line.phrases)]),
        table_start=min(scene.table_lines, default=len(scene.lines)),
        customer=squeeze(customer.text) if customer else "",
        labelled={squeeze(named.phrase.text): named.score for named in own},
        mark=scene.mark,
        lines=scene.lines,
        is_slip=scene.is_slip,
    )
    found = [Party(named.words, named.phrase, named.text, 5 * named.score + 1.5) for named in own]
    found += [
        party(one.phrase, one.name.words, _score(one, page)) for one in _candidates(scene, receivers, page)
    ]
    best = max(found, key=lambda named: named.score, default=None)
    if best is None or best.score < HARDLY:
        return None
    return best if best.score >= ENOUGH or _is_at_top(best, scene) else None


def _is_at_top(named: Party, scene: Scene) -> bool:
    """Whether a name is among the first few lines of the first page: what slips and letterheads begin with."""
    return any(named.phrase in line.phrases for line in scene.lines[:3])


def _candidates(scene: Scene, receivers: frozenset[Phrase], page: _Page) -> list[_Candidate]:
    first = scene.lines[0].page
    found: list[_Candidate] = []
    for index, line in enumerate(scene.lines):
        if line.page is not first or index in scene.table_lines:
            continue
        free = [phrase for phrase in line.phrases if phrase not in receivers]
        is_head = len(free) == len(line.phrases) and line.middle < _HEAD * first.height
        longer = list(longer_names(scene.lines, index)) if is_head else []
        named = [(line.phrases[0], words) for words in longer] or [
            (phrase, words)
            for phrase in free
            for words in (*_name_parts(phrase), *_words_of_domains(phrase, page.domains))
        ]
        found += [
            _Candidate(
                Phrase(first, words),
                phrase,
                line,
                index,
                scene.block_of(phrase),
                scene.position_of(phrase),
            )
            for phrase, words in named
            if is_name(Phrase(first, words))
        ]
    return found


# Parts of a phrase that may be the name.


def _name_parts(phrase: Phrase) -> list[tuple[Word, ...]]:
    """The phrase and, for a sender's line such as "Name - Street - City", its parts."""
    pieces = _pieces(phrase)
    parts = [] if re.search(r"\s[-–—·•●|∙]\s.*\d", phrase.text) else [_without_numbers(phrase)]
    # What stands behind the name is an address, unless it has the form of a company.
    parts += [
        words
        for place, words in enumerate(pieces[:3])
        if words and words != phrase.words and (place == 0 or COMPANY.search(joined(words)))
    ]
    sold_by = _company_at_end(phrase)
    return [*parts, sold_by] if len(sold_by) >= 2 and sold_by != phrase.words else parts


def _pieces(phrase: Phrase) -> list[tuple[Word, ...]]:
    cuts = [(found.start(), found.end()) for found in SEPARATORS.finditer(phrase.text)]
    if not any(character.isdigit() for character in phrase.text):
        # Without a number there is no address behind the name: "Bright, Hale and Sons" is one name.
        cuts = [cut for cut in cuts if "," not in phrase.text[slice(*cut)]]
    if not cuts:
        return []
    # "Springfield, IL 62701" is a city with its state, not a sender's line.
    if len(cuts) == 1 and POSTAL.search(phrase.text) and "," in phrase.text[slice(*cuts[0])]:
        return []
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(phrase.text)]
    return [_words_between(phrase.words, start, end) for start, end in zip(starts, ends, strict=True)]


def _without_numbers(phrase: Phrase) -> tuple[Word, ...]:
    """Take off what cannot be part of a name: a till's number before it, a register's behind the company's form."""
    words = phrase.words
    while len(words) > 2 and re.fullmatch(r"[#*\d\W]*\d[#*\d\W]*", words[0].text):
        words = words[1:]
    text = " ".join(word.text for word in words)
    number = re.search(r"\(?\d{4}", text)
    forms = [form.end() for form in COMPANY.finditer(text) if number is None or form.end() <= number.start()]
    if not forms:
        return phrase.words
    return words if number is None else _words_between(words, 0, forms[-1])


def _words_of_domains(phrase: Phrase, domains: Sequence[str]) -> Iterator[tuple[Word, ...]]:
    """Words in a sentence that are a mail domain or a web site: "Thank you for visiting Blue Heron Coffee!"."""
    if len(phrase.words) < 6 and not _NEVER.search(phrase.text):
        return
    keys = [squeeze(word.text) for word in phrase.words]
    for domain in {name for name in domains if len(name) > 3}:
        for start in range(len(keys)):
            for end in range(start + 1, min(len(keys), start + 6) + 1):
                if "".join(keys[start:end]) == domain and (start, end) != (0, len(keys)):
                    yield phrase.words[start:end]


def _words_between(words: Sequence[Word], start: int, end: int) -> tuple[Word, ...]:
    inside, position = [], 0
    for word in words:
        if position >= start and position + len(word.text) <= end + 1:
            inside.append(word)
        position += len(word.text) + 1
    return tuple(inside)


def _company_at_end(phrase: Phrase) -> tuple[Word, ...]:
    """The name in "All services are sold by Example Services, Inc.": capital words up to a company form."""
    forms = list(COMPANY.finditer(phrase.text))
    if not forms or len(phrase.words) <= 7:
        return ()
    words = _words_between(phrase.words, 0, forms[-1].end())
    name = list(words[-1:])
    for word in reversed(words[:-1]):
        ends_sentence = word.text.endswith((".", ":", ";")) and len(word.text) > 3
        if ends_sentence or not (word.text[:1].isupper() or word.text in {"&", "und", "and", "et"}):
            break
        name.insert(0, word)
    return tuple(name)


# Evidence.


def _score(candidate: _Candidate, page: _Page) -> float:
    return (
        _place(candidate, page)
        + _look(candidate, page)
        + _company(candidate.name.text)
        + _in_head_of_slip(candidate, page)
        + _repeated(candidate, page)
        + _domain(candidate.name.text, page)
        + _surroundings(candidate, page)
        + _labels(candidate, page)
        - _doubts(candidate, page)
    )


#: What a place on the page is worth, by how far down it is at most.
_WORTH = ((0.12, 1.8), (0.25, 1.2), (0.4, 0.5), (0.85, 0.0))
_AT_FOOT = 0.2


def _place(candidate: _Candidate, page: _Page) -> float:
    """Senders stand at the top of the first page, rarely at its foot, hardly ever below the items."""
    share = candidate.line.middle / candidate.line.page.height
    score = 0.5 if candidate.line_index == 0 else 0.0
    if page.is_slip and share < 0.85:
        # A slip is as long as the purchase: its head is told by lines.
        lines_above = candidate.line_index
        return score + (_HEAD_OF_SLIP[lines_above] if lines_above < len(_HEAD_OF_SLIP) else 0.0)
    score += next((worth for limit, worth in _WORTH if share <= limit), _AT_FOOT)
    return score - 0.9 * (candidate.line_index > page.table_start)


def _look(candidate: _Candidate, page: _Page) -> float:
    """Large letters at the top are a name or a title."""
    large = candidate.name.height / page.usual
    return (
        min(1.5, (1.5 if page.is_slip else 1.2) * (large - 1))
        if large > 1.25 and candidate.line.middle < 0.35 * candidate.line.page.height
        else 0.0
    )


def _company(text: str) -> float:
    forms = list(COMPANY.finditer(text))
    if not forms:
        return 0.0
    return 2.2 if forms[-1].end() >= len(text.rstrip(" .,;:")) - 1 else 1.0


def _in_head_of_slip(candidate: _Candidate, page: _Page) -> float:
    """Of a brand and a company at the head of a slip, the company sells."""
    ends = any(form.end() >= len(candidate.name.text) - 1 for form in COMPANY.finditer(candidate.name.text))
    return 1.0 * (page.is_slip and ends and candidate.line_index < len(_HEAD_OF_SLIP))


def _repeated(candidate: _Candidate, page: _Page) -> float:
    key = squeeze(candidate.name.text)
    return min(1.5, 0.6 * (page.squeezed.count(key) - 1)) if len(key) > 3 else 0.0


def _domain(text: str, page: _Page) -> float:
    """A mail address or web site of the same name."""
    bare = squeeze(COMPANY.sub("", text))
    if len(bare) > 3 and bare in page.domains:
        return 2.5
    if any((bare in name or name in bare) and min(len(bare), len(name)) > 4 for name in page.domains):
        return 1.6
    words = [squeeze(word) for word in text.split() if len(squeeze(word)) > 3]
    return 1.0 if any(sum(word in name for word in words) >= 2 for name in page.domains) else 0.0


def _surroundings(candidate: _Candidate, page: _Page) -> float:
    """An address and contacts below the name; an address right behind it in a sender's line."""
    score = 0.0
    if candidate.block is not None:
        position = candidate.position
        after = candidate.block.phrases[position + 1 : position + 9]
        # A name in larger letters is a block of its own above its address.
        after = after or tuple(column_of(page.lines, candidate.line_index, candidate.phrase, 1))
        score = _told_below([phrase.text for phrase in after], position)
    if page.is_slip:
        # Its head is centred, in letters of several sizes, and need not have a common edge.
        below = column_of(page.lines, candidate.line_index, candidate.phrase, 1)
        while below and set(below[0].words) <= set(candidate.name.words):
            below = below[1:]
        registered = any(is_registration(phrase.text) for phrase in below[:1])
        over = column_of(page.lines, candidate.line_index, candidate.phrase, -1)
        names_above = 0 if registered else sum(is_name(phrase) for phrase in over)
        score = _told_below([phrase.text for phrase in below], names_above) + 1.3 * registered
    opens = candidate.name.words[0] is candidate.phrase.words[0]
    return score + 1.8 * bool(candidate.is_part and opens and POSTAL.search(candidate.phrase.text))


def _told_below(after: Sequence[str], names_above: int) -> float:
    """What the lines below a name say for it."""
    score = 0.9 * any(POSTAL.search(text) or STREET.search(text) for text in after[:3])
    score += 1.0 * any(CONTACT.search(text) for text in after)
    # Addresses of any land are lines with numbers below a name.
    score += 0.4 * (
        names_above == 0 and len(after) >= 2 and any(re.search(r"\d", text) for text in after[:3])
    )
    return score - 0.5 * min(3, names_above)


def _labels(candidate: _Candidate, page: _Page) -> float:
    labelled = page.labelled.get(squeeze(candidate.name.text), 0.0)
    if labelled:
        return 8 * labelled
    words = candidate.name.words
    keys = (squeeze(words[0].text), squeeze(joined(words[:2])))
    amounts = any(amounts_in(phrase, page.mark) for phrase in candidate.line.phrases)
    # "Bar Centrale" and "Le Petit Zinc" open with words that label a payment or a date elsewhere.
    opens = any(
        amounts or set(LABEL_MEANINGS.get(key, ())) - _BESIDE_VALUES for key in keys if key in LABEL_MEANINGS
    )
    # "Sold by: Example Ltd" is a label and its value, "Lieferant GmbH" a name that begins with such a word.
    with_value = any(word.text.endswith(":") for word in words[:3])
    return -4.0 * bool(
        words[0] is candidate.phrase.words[0]
        and (with_value or (opens and not COMPANY.search(candidate.name.text)))
    )


def _doubts(candidate: _Candidate, page: _Page) -> float:
    text, key = candidate.name.text, squeeze(candidate.name.text)
    words = len(candidate.name.words)
    company = bool(COMPANY.search(text))
    digits = any(character.isdigit() for character in text)
    money = any(amount.is_money for amount in amounts_in(candidate.name, page.mark))
    doubts = 6.0 * bool(page.customer and (key in page.customer or page.customer in key))
    doubts += 4.0 * money + 2.5 * (key in COLUMN_MEANINGS) + 0.5 * max(0, words - 5)
    doubts += 1.2 * bool(re.search(r"[.!?]$", text) and not company and words > 2)
    doubts += 0.8 * digits + 0.7 * text[:1].islower() + 0.7 * text.islower()
    doubts += 2.0 * bool(STREET.search(text) and not company and re.search(r"\d", candidate.phrase.text))
    doubts += 1.0 * (candidate.line_index > 0 and bool(re.fullmatch(r"[^\W\d_a-z]{1,6}店", text)))
    doubts += 2.5 * bool(CONTACT.search(text)) + 2.5 * bool(_NEVER.search(text))
    return doubts + 2.0 * bool(any(title in key for title in _TITLES) and not company)
