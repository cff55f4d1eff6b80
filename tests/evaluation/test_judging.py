from __future__ import annotations

from decimal import Decimal

from paperhook.core.result import Field
from paperhook.evaluation.judging import Verdict, judge

from .cases import document, field, result, row


def verdicts(*arguments):
    return {each.name: each.verdict.value for each in judge(*arguments)}


def test_each_field_of_the_manifest_gets_one_verdict():
    stated = document({"vendor": "Harbour", "total": "1", "tax": "2", "due_date": None, "customer": None})
    read = result({"vendor": "Harbour", "total": Decimal(2), "customer": "Pine", "other": "not asked for"})

    assert verdicts(stated, read) == {
        "vendor": "right",
        "total": "wrong",
        "tax": "missed",
        "due_date": "empty",
        "customer": "invented",
    }


def test_further_values_count_as_right_and_so_may_nothing():
    stated = document(
        {"vendor": "Harbour", "subtotal": None, "tax": "0"},
        {"vendor": ["H."], "subtotal": ["5"], "tax": [None]},
    )

    read = result({"vendor": "H", "subtotal": Decimal(5)})

    assert verdicts(stated, read) == {"vendor": "right", "subtotal": "empty", "tax": "right"}


def test_a_verdict_carries_what_was_read_and_where():
    (judged,) = judge(document({"total": "1"}), result({"total": field(Decimal(2), 0.7, (1, 2, 3, 4))}))

    assert (judged.stated, judged.found, judged.confidence) == ("1", "2", 0.7)
    assert (judged.page_number, judged.box, judged.is_row, judged.is_miss) == (1, (1, 2, 3, 4), False, True)


def test_a_row_between_others_that_was_missed_costs_one_row_only():
    stated = document({"line_items": [{"description": name, "amount": "1"} for name in ("a", "b", "c")]})

    read = result({}, row("a", "1"), row("c", "1"))

    assert verdicts(stated, read) == {
        "line_items[0]": "right",
        "line_items[1]": "missed",
        "line_items[2]": "right",
    }


def test_a_row_too_many_is_invented_and_a_wrong_cell_makes_a_row_wrong():
    stated = document(
        {"line_items": [{"description": "a", "amount": "1"}, {"description": "b", "amount": "2"}]}
    )

    judged = judge(stated, result({}, row("a", "1"), row("b", "3"), row("total", "4")))

    assert [each.verdict for each in judged] == [Verdict.RIGHT, Verdict.WRONG, Verdict.INVENTED]
    assert judged[1].stated == "b | 2"
    assert judged[1].found == "b | 3"
    assert judged[1].confidence == 0.8
    assert judged[1].box == (100, 90, 600, 120)


def test_a_cell_that_is_stated_to_be_empty_must_be_empty():
    stated = document({"line_items": [{"description": "a", "quantity": None}]})

    right, wrong = result({}, row("a", "1")), result({}, {**row("a", "1"), "quantity": field(Decimal(2))})

    assert verdicts(stated, right) == {"line_items[0]": "right"}
    assert verdicts(stated, wrong) == {"line_items[0]": "wrong"}


def test_rows_without_places_and_confidences_are_judged_too():
    stated = document({"line_items": [{"description": "a"}]})

    (judged,) = judge(stated, result({}, {"description": Field(value="a")}))

    assert (judged.verdict, judged.confidence, judged.box, judged.page_number) == (
        Verdict.RIGHT,
        None,
        None,
        None,
    )
