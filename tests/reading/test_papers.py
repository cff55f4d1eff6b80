"""Receipts and wordings typed as text: one half taught the rules, the other one is only counted.

Whoever mends a rule looks at misses of the first half alone, so that the count of the second says something about papers
that nobody has seen.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from paperhook.reading.letterhead import is_registration
from paperhook.reading.words import squeeze
from tests.reading.papers import Paper, halves, value
from tests.reading.papers_due import DUES
from tests.reading.papers_slips import SLIPS

KNOWN_SLIPS, OTHER_SLIPS = halves(SLIPS)
KNOWN_DUES, OTHER_DUES = halves(DUES)


def names_its_vendor(paper: Paper) -> bool:
    found = value(paper.read(), "vendor")
    return found is not None and squeeze(found) in map(squeeze, paper.vendor)


def states_when_it_is_due(paper: Paper) -> bool:
    return value(paper.read(), "due_date") == paper.due


@pytest.mark.parametrize("name", KNOWN_SLIPS)
def test_the_vendor_of_a_receipt_is_found(name: str) -> None:
    assert names_its_vendor(SLIPS[name])


@pytest.mark.parametrize("name", KNOWN_DUES)
def test_until_when_to_pay_is_found_and_only_where_it_is_stated(name: str) -> None:
    assert states_when_it_is_due(DUES[name])


def test_papers_that_taught_nothing_are_read_no_worse() -> None:
    vendors = sum(names_its_vendor(SLIPS[name]) for name in OTHER_SLIPS)
    terms = sum(states_when_it_is_due(DUES[name]) for name in OTHER_DUES)

    assert (len(OTHER_SLIPS), len(OTHER_DUES)) == (15, 21)
    assert vendors >= 11
    assert terms >= 17


def test_totals_of_all_receipts_are_found() -> None:
    found = {name: value(paper.read(), "total") for name, paper in SLIPS.items()}

    assert {name: each and Decimal(each) for name, each in found.items()} == {
        name: paper.total and Decimal(paper.total) for name, paper in SLIPS.items()
    }


@pytest.mark.parametrize(
    ("head", "vendor"),
    [
        (("=9 MARBLE ARCH BOOKS", "=9 Co. (UK) Ltd."), "MARBLE ARCH BOOKS Co. (UK) Ltd."),
        (("=9 NORTHERN TOOLS &", "=9 TIMBER"), "NORTHERN TOOLS & TIMBER"),
        (("=9 LENTIL HOUSE (OLD", "=9 TOWN) Ltd"), "LENTIL HOUSE (OLD TOWN) Ltd"),
        (("=9 OAK  AND  IRON",), "OAK AND IRON"),
        (("=9 #0042 Copper Kettle Ltd 48213-K",), "Copper Kettle Ltd"),
        (("=14 COSMO", "=9 Blue Harbour Trading Ltd", "=9 (48213-K)"), "Blue Harbour Trading Ltd"),
        (("=9 jane miller", "=9 GREEN LANTERN STORES", "=9 482133-K"), "GREEN LANTERN STORES"),
    ],
)
def test_the_head_of_a_slip_names_who_sells(head: tuple[str, ...], vendor: str) -> None:
    lines = (
        *head,
        "=9 12 High Street",
        "=9 Dover, DE 19901",
        "",
        "Tea                     4.00",
        "TOTAL                   4.00",
    )

    assert value(Paper("\n".join(lines), ()).read(), "vendor") == vendor


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("789417-W", True),
        ("(GST 001492992000)", True),
        ("12 March 2024", False),
        ("12/03/2024", False),
        ("53200 Setapak", False),
        ("Telephone of the shop 123456", False),
    ],
)
def test_a_registration_is_told_from_other_numbers(text: str, is_one: bool) -> None:
    assert is_registration(text) is is_one
