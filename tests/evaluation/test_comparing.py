from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from paperhook.evaluation.comparing import is_same


@pytest.mark.parametrize(
    ("name", "stated", "found"),
    [
        ("total", "110", Decimal("110.00")),
        ("quantity", "2.0", Decimal(2)),
        ("invoice_date", "2026-05-01", date(2026, 5, 1)),
        ("vendor", "Müller & Søn GmbH", "MÜLLER & SØN  GMBH."),
        # Full-width letters are the same letters.
        ("description", "ABC 12", "\uff21\uff22\uff23\uff11\uff12"),
        ("currency", "EUR", "eur"),
        ("invoice_number", "RE 2026-1", "re2026-1"),
        ("settled_on", "2026-05-01", date(2026, 5, 1)),
        ("surcharge", "3.50", Decimal("3.5")),
        ("tax_rate", "19", Decimal("19.0")),
        ("due_date", None, None),
        ("customer", None, ""),
    ],
)
def test_equal_values_are_the_same_however_they_are_written(name, stated, found):
    assert is_same(name, stated, found)


@pytest.mark.parametrize(
    ("name", "stated", "found"),
    [
        ("total", "110", Decimal("110.01")),
        # An amount that nobody could parse is no amount.
        ("total", "110.00", "110.00"),
        # Of fields of the user's own nobody has checked what is stated.
        ("surcharge", "3,50 EUR", Decimal("3.5")),
        ("surcharge", "sNaN", Decimal("3.5")),
        ("total", "110", Decimal("sNaN")),
        ("invoice_date", "2026-05-01", date(2026, 1, 5)),
        ("invoice_date", "2026-05-01", "2026-05-01"),
        ("invoice_number", "RE-20261", "RE-2026-1"),
        ("vendor_tax_id", "DE123", "DE-123"),
        ("vendor", "Béton SARL", "Beton SARL"),
        ("vendor", "Harbour Ltd", None),
        ("vendor", None, "Harbour Ltd"),
    ],
)
def test_different_values_are_not(name, stated, found):
    assert not is_same(name, stated, found)
