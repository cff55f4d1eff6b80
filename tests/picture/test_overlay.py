"""A result over its pages: every text escaped, nothing fetched, each box where the field stands."""

from __future__ import annotations

from decimal import Decimal

import pytest

from paperhook.core.result import Field, Result
from paperhook.core.review import Reason
from paperhook.picture.html import class_of
from paperhook.picture.overlay import overlay_page, shown
from paperhook.picture.pages import PagePicture
from tests.evaluation.test_report import parsed

PICTURE = PagePicture(b"\xff\xd8 not really", 600, 1200)


def test_a_box_is_drawn_in_the_page_s_own_proportions() -> None:
    read = Result(
        fields={"total": Field(value=Decimal(5), confidence=0.95, page_number=1, box=(100, 500, 200, 510))}
    )

    page = overlay_page("invoice.pdf", read, [PICTURE])

    assert 'viewBox="0 0 1000 2000"' in page
    # 500 to 510 per mille of 2000 units, and 2 units of air.
    assert '<rect class="box" x="98" y="998.0" width="104" height="24.0"/>' in page
    assert '<g class="field sure" id="f0">' in page


def test_names_and_values_of_a_document_are_text_and_nothing_else() -> None:
    evil = '"><script>alert(1)</script><img src=http://evil.example/x>'
    read = Result(
        fields={evil: Field(value=evil, text=f"{evil}!", confidence=0.5, page_number=1, box=(1, 1, 2, 2))},
        warnings=(evil,),
        document_type=evil,
    )

    page = overlay_page(evil, read, [PICTURE])

    found = parsed(page)
    assert {"script", "img"} & found.tags == set()
    assert all(link.startswith(("#", "data:image/jpeg;base64,")) for link in found.links)
    assert "Content-Security-Policy" in page
    assert "<script" not in page


def test_hovering_tells_the_value_and_what_speaks_for_and_against_it() -> None:
    read = Result(
        fields={
            "total": Field(value=Decimal("12.50"), text="12,50 EUR", confidence=0.6, page_number=1, box=(1, 1, 9, 9), match_ratio=1.0),
            "vendor": Field(value="Harbour"),
            "tax": Field(),
        },
        line_items=({"amount": Field(value=Decimal(1), confidence=0.75)},),
        warnings=("fields.total: subtotal and tax do not add up to it", "line_items[0].amount: odd", "other: x"),
    )  # fmt: skip

    total, vendor, tax, amount = shown(read)

    assert total.hint.splitlines() == [
        "total: 12.50",
        "printed as '12,50 EUR'",
        "confidence 0.60",
        "100% of it is among the page's words",
        "warning: subtotal and tax do not add up to it",
    ]
    assert vendor.reasons == (
        "the provider does not say how sure it is",
        "the provider does not say where it stands",
    )
    assert tax.hint.splitlines()[0] == "tax: "
    assert amount.path == "line_items[0].amount"
    assert "warning: odd" in amount.reasons
    assert "total: 12.50\nprinted as &#x27;12,50 EUR&#x27;" in overlay_page("x", read, [PICTURE])


def test_what_holds_a_field_back_comes_first_and_leads_to_it() -> None:
    evil = "<script>alert(1)</script>"
    read = Result(
        fields={"total": Field(value=Decimal(5), confidence=0.95, page_number=1, box=(1, 1, 9, 9))},
        taxes=({"tax": Field(value=Decimal(1), page_number=1, box=(1, 20, 9, 29))},),
    )
    reasons = [
        Reason(rule="sums", message="they are not the total", field="total"),
        Reason(rule=evil, message=evil, field="total"),
        Reason(rule="required", message="iban is missing", field="iban"),
        Reason(rule="required", message="line_items is missing", field="line_items"),
        Reason(rule="mine", message="not in the books"),
    ]

    total, tax, iban = shown(read, reasons)
    page = overlay_page("x", read, [PICTURE], reasons=reasons)

    assert total.hint.splitlines()[:3] == [
        "total: 5",
        "held back by sums: they are not the total",
        f"held back by {evil}: {evil}",
    ]
    assert (tax.path, tax.held_back) == ("taxes[0].tax", ())
    assert (iban.path, iban.hint) == ("iban", "iban: \nheld back by required: iban is missing")
    assert '<g class="field sure held" id="f0">' in page
    assert '<g class="field unsaid" id="f1">' in page
    assert '<li><a href="#row-f0">sums: they are not the total</a></li>' in page
    assert '<li><a href="#row-f2">required: iban is missing</a></li>' in page
    assert "<li>required: line_items is missing</li>" in page
    assert "<li>mine: not in the books</li>" in page
    assert "script" not in parsed(page).tags
    assert "held back by a rule" not in overlay_page("x", read, [PICTURE])


def test_boxes_of_pages_without_a_picture_are_drawn_on_empty_paper() -> None:
    read = Result(
        fields={
            "total": Field(value=Decimal(5), page_number=3, box=(1, 1, 9, 9)),
            "tax": Field(value=Decimal(1)),
        }
    )

    page = overlay_page("job", read, [PICTURE])

    assert [number for number in (1, 2, 3, 4) if f'aria-label="page {number}"' in page] == [1, 3]
    assert 'viewBox="0 0 1000 1414"' in page
    assert '<a href="#f0">total</a>' in page
    assert ">tax</td>" in page


def test_a_small_box_lies_over_a_large_one() -> None:
    read = Result(
        fields={
            "small": Field(value="s", page_number=1, box=(10, 10, 20, 20)),
            "large": Field(value="l", page_number=1, box=(0, 0, 900, 900)),
        }
    )

    page = overlay_page("x", read, [PICTURE])

    assert page.index('id="f1"') < page.index('id="f0"')


@pytest.mark.parametrize(
    ("confidence", "name"),
    [
        (None, "unsaid"),
        (0.69, "doubtful"),
        (0.7, "fair"),
        (0.9, "sure"),
        (55.0, "unsaid"),
        (float("nan"), "unsaid"),
    ],
)
def test_the_colour_says_the_confidence(confidence: float | None, name: str) -> None:
    assert class_of(confidence) == name


@pytest.mark.parametrize(("number", "drawn"), [(10**15, f"page {10**15}"), (-3, "page 1"), (0, "page 1")])
def test_a_page_that_a_document_cannot_have_takes_no_time(number: int, drawn: str) -> None:
    read = Result(fields={"total": Field(value=Decimal(5), page_number=number, box=(1, 1, 2, 2))})

    page = overlay_page("invoice.pdf", read, [])

    assert f'aria-label="{drawn}"' in page
    assert page.count("<svg") == 1


def test_thousands_of_fields_with_reasons_and_warnings_are_listed_at_once() -> None:
    count = 20_000
    read = Result(
        line_items=tuple({"amount": Field(value=Decimal(1), confidence=0.5)} for _ in range(count)),
        warnings=tuple(f"line_items[{index}].amount: odd" for index in range(count)),
    )
    reasons = [
        Reason(rule="confident", message="low", field=f"line_items[{index}].amount") for index in range(count)
    ]

    listed = list(shown(read, reasons))

    assert len(listed) == count
    assert {(len(each.held_back), each.reasons[-1]) for each in listed} == {(1, "warning: odd")}
