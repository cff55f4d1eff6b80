from __future__ import annotations

import pytest

from paperhook.reading.phrases import Phrases

TABLE = Phrases(
    {"rechnungsnummer": ("number",), "total": ("total",), "gesamtpreis": ("amount",), "invoice": ("title",)}
)


@pytest.mark.parametrize(
    ("read", "meanings"),
    [
        ("rechnungsnumner", ("number",)),
        ("rechnungnummer", ("number",)),
        ("rechnungsnummmer", ("number",)),
        ("gessamtpres", ("amount",)),
        ("lnvoice", ("title",)),
        ("invoic", ("title",)),
    ],
)
def test_a_letter_misread_missing_or_too_many_is_forgiven(read, meanings):
    assert TABLE.nearly(read) == meanings


@pytest.mark.parametrize(
    "read", ["totai", "totals", "rechnungsnummer7", "rechnungsnumnar", "lnvoise", "in", ""]
)
def test_short_phrases_digits_and_two_wrong_letters_are_not(read):
    assert TABLE.nearly(read) is None
