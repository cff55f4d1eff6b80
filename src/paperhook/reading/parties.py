"""Who sends and who receives: labels first, then the window of an address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from paperhook.reading.eastern import EASTERN
from paperhook.reading.labels import Label, Labels, below, right_of
from paperhook.reading.layout import Block, Line, Phrase, blocks_of
from paperhook.reading.names import (
    ADDRESSED,
    COMPANY,
    CONTACT,
    NAME_LABEL,
    PAYEE,
    PERSONS,
    POSTAL,
    SALUTATIONS,
    SEPARATORS,
    TAX_ID,
    is_address,
    is_name,
    without_prefix,
)
from paperhook.reading.sums import label_of_sum
from paperhook.reading.vocabulary import COLUMN_MEANINGS, LABEL_MEANINGS
from paperhook.reading.words import Word, joined, squeeze

_KINDS = ("customer", "vendor", "other_party")
#: In heights: how far right of its label a value may stand.
_BESIDE = 14
#: Marks of a sender with which a block is not the receiver's; one contact counts 1, less what a low place takes off.
_CONTACTS = 0.95
#: Share of the page above which who sends it stands.
_TOP = 0.08


@dataclass(frozen=True, slots=True)
class Party:
    """A name on the page; `score` says how much speaks for it."""

    words: tuple[Word, ...]
    phrase: Phrase
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A party that a label names, with every phrase of its block."""

    kind: str
    party: Party
    members: frozenset[Phrase]
    strength: float


# Without slots, so that the places of all phrases are gathered once.
@dataclass(frozen=True)
class Scene:
    """What the rules for parties look at."""

    lines: Sequence[Line]
    labels: Labels
    blocks: Sequence[Block]
    #: Lines of the item tables.
    table_lines: frozenset[int]
    mark: str
    #: Whether it is as narrow as a till's paper.
    is_slip: bool = False

    def block_of(self, phrase: Phrase) -> Block | None:
        """The block a phrase stands in."""
        return self._places.get(phrase, (None, 0))[0]

    def position_of(self, phrase: Phrase) -> int:
        """How many phrases of its block stand above a phrase; 0 for one without a block."""
        return self._places.get(phrase, (None, 0))[1]

    @cached_property
    def _places(self) -> dict[Phrase, tuple[Block | None, int]]:
        return {
            phrase: (block, position)
            for block in reversed(self.blocks)
            for position, phrase in reversed([*enumerate(block.phrases)])
        }


def party(phrase: Phrase, words: Sequence[Word], score: float) -> Party:
    """Make a party of some words of a phrase."""
    return Party(tuple(words), phrase, without_prefix(joined(words)), score)


def find_customer(scene: Scene, claims: Sequence[Claim]) -> tuple[Party | None, frozenset[Phrase]]:
    """Find the customer, and all phrases that belong to customers and other receivers."""
    members = frozenset(phrase for claim in claims if claim.kind != "vendor" for phrase in claim.members)
    named = next((claim.party for claim in claims if claim.kind == "customer"), None)
    if named is not None:
        return named, members
    if (addressed := _addressed(scene)) is not None:
        return addressed, members | {addressed.phrase}
    # Till receipts are not sent in windowed envelopes: the address at their head is the shop's.
    block = None if scene.is_slip else _address_window(scene, members)
    phrase = next((phrase for phrase in block.phrases if is_name(phrase)), None) if block else None
    if phrase is None and not scene.is_slip:
        phrase, block = _saluted(scene, members), None
    if phrase is None:
        return None, members
    if block is None:
        return party(phrase, phrase.words, 0.5), members | {phrase}
    return party(phrase, phrase.words, 0.6), members | set(block.phrases)


# What labels say.


def claims_of(scene: Scene) -> list[Claim]:
    """List the parties that labels name, the clearest first."""
    found = [claim for label in scene.labels if (claim := _claim(label, scene)) is not None]
    return sorted(found, key=lambda claim: -claim.strength)


def _claim(label: Label, scene: Scene) -> Claim | None:
    kind = next((meaning for meaning in label.meanings if meaning in _KINDS), None)
    if kind is None or label.line_index in scene.table_lines or not _is_party_label(label):
        return None
    if kind == "other_party" and _has_value(label, scene):
        return None
    phrase = _labelled_name(label, scene)
    strength = _strength(label, kind, scene)
    if phrase is None or strength <= 0:
        return None
    members = {phrase, *_table_values(label, scene.lines)}
    if block := scene.block_of(phrase):
        position = scene.position_of(phrase)
        members |= set(block.phrases[position : position + 7])
    worth = 0.9 if strength >= 2 else 0.75 if strength >= 1 else 0.25
    return Claim(kind, party(phrase, phrase.words, worth), frozenset(members), strength)


def _has_value(label: Label, scene: Scene) -> bool:
    """Whether what a label says is beside it and no name: "Payment method  Visa - 4242" has none below it."""
    beside = next(right_of(label, scene.lines, scene.labels), None)
    near = beside is not None and beside.x0 - label.words[-1].x1 < _BESIDE * label.phrase.height
    return beside is not None and near and not is_name(beside)


def _is_party_label(label: Label) -> bool:
    """Whether a word such as "To" or "Kunde" labels a party here, and is not just part of a text."""
    if not label.starts_phrase:
        return False
    short = len(squeeze(label.text)) <= 4 and not EASTERN.search(label.text)
    if label.rest and not label.has_colon and squeeze(label.rest[0].text) in LABEL_MEANINGS:
        # "Member savings" and "Customer charge" are labels of amounts.
        return False
    if not label.rest:
        return label.has_colon or not short or label.phrase.text[0].isupper()
    if not label.has_colon:
        # "Lieferant GmbH" is a name that happens to start with a label.
        return not short and len(label.rest) <= 6 and not COMPANY.match(joined(label.rest))
    return not short or len(label.rest) <= 4 or label.end - label.start > 1


def _strength(label: Label, kind: str, scene: Scene) -> float:
    strength = 2.0 if label.has_colon or not label.rest else 1.0
    if "name" in squeeze(label.text) and kind == "customer":
        strength += 1
    if _is_of_payment(label):
        strength -= 1.4
    if kind == "customer" and any(index < label.line_index for index in scene.table_lines):
        # Below the items stand bank accounts and branches, whose holders are not the customer.
        strength = strength - 1.5 if strength >= 2.5 else 0
    return strength


def _is_of_payment(label: Label) -> bool:
    return "other_number" in label.meanings or bool(PAYEE.search(label.text))


def _labelled_name(label: Label, scene: Scene) -> Phrase | None:
    if label.rest and not any(character.isalpha() for character in joined(label.rest)):
        # "Vendeur 02" numbers a clerk.
        return None
    beside = next(right_of(label, scene.lines, scene.labels), None)
    if beside is not None and (named := _right_of_name(beside, scene.lines)) is not None and is_name(named):
        return named
    if beside is not None and is_name(beside):
        gap = (beside.x0 - label.words[-1].x1) / label.phrase.height
        names_below = any(
            is_name(phrase) and squeeze(phrase.text) not in COLUMN_MEANINGS
            for phrase in list(below(label, scene.lines, reach=2.0))[:1]
        )
        if label.rest or (gap < _BESIDE and not names_below) or (label.has_colon and gap < 4):
            return beside
    return _name_below(label, scene.lines)


def _name_below(label: Label, lines: Sequence[Line]) -> Phrase | None:
    tall = label.phrase.height
    # Who is paid how needs no name: what stands farther below it belongs to others.
    near = 1.5 if _is_of_payment(label) else 3.2
    for phrase in below(label, lines, reach=6):
        text = squeeze(phrase.text)
        says_name = text.startswith(tuple(NAME_LABEL))
        if phrase.y0 - label.phrase.y1 > near * tall and not says_name:
            return None
        if says_name and (named := _right_of_name(phrase, lines)) is not None:
            return named
        if phrase.x0 - label.phrase.x0 > 3 * tall and phrase.x0 > label.phrase.x1:
            continue
        if is_name(phrase) and text not in NAME_LABEL:
            return phrase
        skipped = re.fullmatch(r"\(.*\)", phrase.text) or re.search(r"\d", phrase.text)
        if not (skipped or text in SALUTATIONS or text in NAME_LABEL or text in LABEL_MEANINGS):
            return None
    return None


def _right_of_name(phrase: Phrase, lines: Sequence[Line]) -> Phrase | None:
    """The value of "Name: …", in the same phrase or in the next one."""
    for index, word in enumerate(phrase.words[:-1]):
        if word.text.endswith(":") and squeeze(joined(phrase.words[: index + 1])) in NAME_LABEL:
            return Phrase(phrase.page, phrase.words[index + 1 :])
    line = next((line for line in lines if phrase in line.phrases), None)
    if line is None or squeeze(phrase.text) not in NAME_LABEL:
        return None
    position = line.phrases.index(phrase) + 1
    return line.phrases[position] if position < len(line.phrases) else None


def _table_values(label: Label, lines: Sequence[Line]) -> set[Phrase]:
    """The next few lines of a table of "Name: … Address: …" below a label."""
    members: set[Phrase] = set()
    for line in lines[label.line_index + 1 : label.line_index + 8]:
        first = line.phrases[0]
        aligned = abs(first.x0 - label.phrase.x0) <= 3 * first.height
        if line.page is not label.phrase.page or not aligned or not first.text.endswith(":"):
            break
        members |= set(line.phrases)
    return members


def _addressed(scene: Scene) -> Party | None:
    """Who a Japanese paper is addressed to: a name and then 御中, 様 or 殿 at the end of its cell."""
    for line in scene.lines:
        for index, phrase in enumerate(line.phrases):
            if phrase.words[-1].text not in ADDRESSED:
                continue
            # "様" may stand in a cell of its own, behind the name.
            named = phrase if len(phrase.words) > 1 or not index else line.phrases[index - 1]
            words = [word for word in named.words if word.text not in ADDRESSED]
            if words and not joined(words).startswith("お客"):
                return Party(tuple(words), named, joined(words), 0.85)
    return None


# What places say.


def _address_window(scene: Scene, claimed: frozenset[Phrase]) -> Block | None:
    """Find an address in the upper half of the first page without anything a sender prints about itself."""
    barred = claimed | {phrase for index in scene.table_lines for phrase in scene.lines[index].phrases}
    # Letters for window envelopes often space their lines widely.
    wide = [block for block in blocks_of(scene.lines, reach=2.4) if block not in scene.blocks]
    blocks = [*scene.blocks, *wide]
    parted = [_without_sender(block) for block in blocks]
    found = [block for block in parted if _may_be_address(block, scene.lines[0], barred)]
    # A lone address is the sender's; of two, the one with fewer contacts and lower down is the receiver's.
    lone = len(found) == 1 and not _is_saluted(found[0]) and not _sender_elsewhere(scene.lines, found[0])
    if not found or lone:
        return None
    opens = scene.lines[0].phrases[0]

    def marks(block: Block) -> float:
        # What a paper opens with, high on the page, is hardly ever the receiver.
        return _sender_marks(block) + 0.8 * (opens in block.phrases and opens.y0 < _TOP * opens.page.height)

    best = min(found, key=marks)
    told = any(CONTACT.search(phrase.text) for phrase in best.phrases)
    return best if _sender_marks(best) < _CONTACTS and not (told and opens in best.phrases) else None


def _saluted(scene: Scene, claimed: frozenset[Phrase]) -> Phrase | None:
    """A person without an address: "Mr. John Doe" in a cell of its own in the upper part of the first page."""
    top = scene.lines[0].page
    return next(
        (
            phrase
            for index, line in enumerate(scene.lines)
            if line.page is top and line.y0 < 0.4 * top.height and index not in scene.table_lines
            for phrase in line.phrases
            if squeeze(phrase.words[0].text) in PERSONS
            and 3 <= len(phrase.words) <= 5
            and phrase not in claimed
            and is_name(phrase)
        ),
        None,
    )


def _without_sender(block: Block) -> Block:
    """Take off the sender's small line, which envelopes show above the receiver's address."""
    first, *rest = block.phrases
    is_sender = POSTAL.search(first.text) and SEPARATORS.search(first.text) and len(rest) >= 3
    return Block(tuple(rest)) if is_sender else block


def _is_saluted(block: Block) -> bool:
    """Whether an address is to a person: "Mr." is what no sender calls himself."""
    return squeeze(block.phrases[0].words[0].text) in SALUTATIONS


def _may_be_address(block: Block, top: Line, barred: frozenset[Phrase]) -> bool:
    first = block.phrases[0]
    if first.page is not top.page or first.y0 > 0.5 * top.page.height or barred & set(block.phrases):
        return False
    named = any(is_name(phrase) for phrase in block.phrases[:2])
    # What is written for a window has one left edge; a shop's head is centred.
    starts = [phrase.x0 for phrase in block.phrases]
    if max(starts) - min(starts) > 1.2 * first.height:
        return False
    return named and len(block.phrases) >= 3 and any(is_address(phrase.text) for phrase in block.phrases)


def _sender_marks(block: Block) -> float:
    """Count what a sender prints about itself; lower on the page counts less."""
    told = [phrase.text for phrase in block.phrases if CONTACT.search(phrase.text)]
    # Firms are addressed with the number of their taxes, too.
    contacts = sum(0.4 if TAX_ID.match(text) else 1.0 for text in told)
    first = block.phrases[0]
    return contacts + 0.3 * bool(COMPANY.search(first.text)) - 0.3 * first.y0 / first.page.height


def _sender_elsewhere(lines: Sequence[Line], block: Block) -> bool:
    """Whether the page shows a sender outside a block: a sender's line, a footer with company or tax data."""
    members = set(block.phrases)
    page = block.phrases[0].page
    # "19 % MwSt." is a sum, "MwSt-Nr. 123" is the sender's.
    told = [line for line in lines if line.page is page and label_of_sum(line) is None]
    phrases = [phrase for line in told for phrase in line.phrases]
    return any(
        phrase not in members and (CONTACT.search(phrase.text) or COMPANY.search(phrase.text))
        for phrase in phrases
    )
