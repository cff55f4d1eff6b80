"""The tax of each rate, typed as receipts and invoices print it."""

from __future__ import annotations

import pytest

from paperhook.evaluation.running import local_result
from paperhook.reading.extraction import Extraction
from tests.reading.papers import Paper


def read(*lines: str) -> Extraction:
    return Paper("\n".join(lines), ()).read()


def rates(extraction: Extraction) -> list[tuple[str | None, ...]]:
    names = ("tax_rate", "taxable_amount", "tax")
    return [tuple(row[name].value if name in row else None for name in names) for row in extraction.taxes]


def test_a_table_of_rates_with_the_sign_beside_each() -> None:
    found = read(
        "Summe EUR                      6,94",
        "Steuer  %    Netto    Steuer   Brutto",
        "A   19,0%     0,97      0,18     1,15",
        "B    7,0%     5,41      0,38     5,79",
    )

    assert rates(found) == [("19", "0.97", "0.18"), ("7", "5.41", "0.38")]


def test_a_table_of_rates_with_the_sign_in_its_head() -> None:
    found = read(
        "TOTAL                        34,20 €",
        "BASE        % IVA     CUOTA",
        "31,09       10,00      3,11",
    )

    assert rates(found) == [("10", "31.09", "3.11")]
    assert found.taxes[0]["tax_rate"].match_ratio == 1


def test_a_rate_of_the_subtotal_and_one_that_is_in_the_total() -> None:
    on_top = read("Subtotal   200.00", "VAT 19 %   38.00", "Total   238.00")
    within = read("Gesamt EUR    23,40", "inkl. 7% MwSt. EUR    1,53")

    assert rates(on_top) == [("19", "200.00", "38.00")]
    assert rates(within) == [("7", None, "1.53")]


def test_rates_are_rows_of_a_result() -> None:
    result = local_result(read("Subtotal   200.00", "VAT 19 %   38.00", "Total   238.00"))

    assert {name: str(each) for name, each in result.values()["taxes"][0].items()} == {
        "tax_rate": "19",
        "taxable_amount": "200.00",
        "tax": "38.00",
    }


@pytest.mark.parametrize(
    "lines",
    [
        ("Subtotal   200.00", "VAT 19 %   39.00", "Total   239.00"),
        ("Betrag   100,00", "10 % Rabatt auf 100,00    10,00", "Total    90,00"),
        ("Net   200.00", "VAT 10 % on 100.00    10.00", "VAT   30.00", "Total   230.00"),
        ("Total   10.00",),
    ],
)
def test_rates_that_prove_nothing_are_left(lines: tuple[str, ...]) -> None:
    assert rates(read(*lines)) == []
