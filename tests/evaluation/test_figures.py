from __future__ import annotations

from decimal import Decimal

import pytest

from paperhook.evaluation.figures import (
    EvaluatedDocument,
    Evaluation,
    Tally,
    bins,
    by_field,
    by_group,
    calibration_error,
    completeness,
    tally,
    thresholds,
)
from paperhook.evaluation.judging import Judgement, Verdict, judge

from .cases import document, result, row


def evaluation() -> Evaluation:
    english = document(
        {"vendor": "A", "total": "1", "tax": None, "line_items": [{"description": "x", "amount": "1"}]},
        language="en",
        kind="invoice",
    )
    german = document({"vendor": "B", "total": "2"}, language="de")
    read = result({"vendor": "A", "total": Decimal(9), "tax": Decimal(1)}, row("x", "1"), row("y", "1"))
    return Evaluation(
        "acme",
        (
            EvaluatedDocument(english, tuple(judge(english, read)), 1.0),
            EvaluatedDocument(german, tuple(judge(german, result({}))), 1.0, "JobFailed: no"),
        ),
    )


def test_stated_given_right_and_invented_are_counted_apart():
    whole = tally(evaluation().judgements)

    assert whole == Tally(
        stated=4, given=2, right=1, invented=1, rows_stated=1, rows_right=1, rows_invented=1
    )
    assert (whole.completeness, whole.accuracy, whole.row_accuracy) == (0.5, 0.25, 1.0)


def test_nothing_stated_has_no_accuracy():
    nothing = tally([])

    assert (nothing.completeness, nothing.accuracy, nothing.row_accuracy) == (None, None, None)


def test_figures_by_field_type_language_and_supplier():
    found = evaluation()

    assert {name: (one.right, one.stated) for name, one in by_field(found).items()} == {
        "vendor": (1, 2),
        "total": (0, 2),
        "tax": (0, 0),
    }
    assert {name: one.right for name, one in by_group(found, "language").items()} == {"de": 0, "en": 1}
    assert list(by_group(found, "type")) == ["-", "invoice"]
    assert list(by_group(found, "supplier")) == ["A", "B"]


def test_completeness_needs_no_manifest():
    results = [result({"vendor": "A", "total": None}), result({"vendor": "B"})]

    assert completeness(results, ["vendor", "total", "tax"]) == {"vendor": 1.0, "total": 0.0, "tax": 0.0}


def scored(confidence: float | None, verdict: Verdict) -> Judgement:
    return Judgement("total", verdict, "1", "1", confidence)


def test_values_are_sorted_by_confidence_and_one_is_in_the_last_bin():
    found = bins([scored(1.0, Verdict.RIGHT), scored(0.95, Verdict.INVENTED), scored(0.05, Verdict.WRONG)])

    assert [(each.right, each.wrong) for each in found] == [(0, 1), *[(0, 0)] * 8, (1, 1)]
    assert found[-1].mean_confidence == pytest.approx(0.975)
    assert found[-1].share_right == 0.5
    assert found[4].share_right == 0.0


def test_calibration_error_is_the_mean_gap_between_confidence_and_truth():
    sure_and_half_right = bins([scored(0.9, Verdict.RIGHT), scored(0.9, Verdict.WRONG)])

    assert calibration_error(sure_and_half_right) == pytest.approx(0.4)
    assert calibration_error(bins([scored(None, Verdict.RIGHT), scored(0.5, Verdict.MISSED)])) is None


def test_a_threshold_holds_back_what_is_below_and_lets_wrong_values_pass():
    judged = [
        scored(0.95, Verdict.RIGHT),
        scored(0.9, Verdict.WRONG),
        scored(0.6, Verdict.RIGHT),
        scored(0.4, Verdict.INVENTED),
        scored(None, Verdict.WRONG),
        scored(0.99, Verdict.MISSED),
    ]

    half, nine, all_of_them = thresholds(judged, [0.5, 0.9, 0.99])

    assert (half.held_back, half.passed, half.wrong, half.accuracy) == (1, 3, 1, pytest.approx(2 / 3))
    assert (nine.held_back, nine.passed, nine.wrong) == (2, 2, 1)
    assert (all_of_them.passed, all_of_them.accuracy) == (0, None)
    assert thresholds([scored(None, Verdict.RIGHT)]) == []


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), 55.0, -0.5])
def test_a_figure_that_is_no_share_is_no_confidence(figure: float):
    judged = [scored(figure, Verdict.WRONG)]

    assert sum(each.count for each in bins(judged)) == 0
    assert thresholds(judged) == []
