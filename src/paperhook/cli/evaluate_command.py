"""`paperhook evaluate`: how well a provider, or several, reads documents whose fields are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..client import Client
from ..evaluation.expected import ExpectedDocument, load_manifest
from ..evaluation.figures import (
    GROUPS,
    Evaluation,
    Tally,
    bins,
    by_field,
    by_group,
    calibration_error,
    tally,
    thresholds,
)
from ..evaluation.report import percent, report
from ..evaluation.running import LOCAL, evaluate, reads_locally, reads_with
from ..reading.reader import Reader
from .output import out

#: Documents at a provider at once.
CONCURRENCY = 4


def run(
    manifest: Path, providers: Sequence[str], *, html: Path | None, deadline: float, as_json: bool
) -> float:
    """Evaluate the providers one after the other and print the figures.

    Returns:
        The lowest accuracy among them, 0..1; 1 where nothing is stated.
    """
    documents = load_manifest(manifest)
    evaluations = [_evaluated(name, documents, deadline) for name in providers]
    for evaluation in evaluations:
        _print_json(evaluation) if as_json else _print_tables(evaluation)
    if html is not None:
        html.write_text(report(evaluations), encoding="utf-8")
    accuracies = [tally(each.judgements).accuracy for each in evaluations]
    return min((each for each in accuracies if each is not None), default=1.0)


def _evaluated(name: str, documents: Sequence[ExpectedDocument], deadline: float) -> Evaluation:
    if name == LOCAL:
        with Reader() as reader:
            reader.start()
            return evaluate(documents, reads_locally(reader), provider=name)
    with Client.from_env(name) as client:
        read = reads_with(client, deadline=deadline)
        return evaluate(documents, read, provider=name, concurrency=CONCURRENCY)


# Printing.


def _print_tables(evaluation: Evaluation) -> None:
    out.heading(evaluation.provider)
    out.table(
        ("document", "fields", "rows", "invented", "seconds"),
        [
            (
                each.document.name,
                f"{counted.right}/{counted.stated}",
                f"{counted.rows_right}/{counted.rows_stated}",
                counted.invented + counted.rows_invented,
                f"{each.seconds:.1f}",
            )
            for each in evaluation.documents
            for counted in (tally(each.judgements),)
        ],
    )
    for each in evaluation.documents:
        if each.failure is not None:
            out.line(f"{each.document.name}: {each.failure}")
    whole = {"all": tally(evaluation.judgements)}
    _print_tallies("field", by_field(evaluation) | whole)
    for group in GROUPS:
        _print_tallies(group, by_group(evaluation, group))
    _print_confidence(evaluation)


def _print_tallies(head: str, tallies: Mapping[str, Tally]) -> None:
    out.table(
        (head, "stated", "complete", "right", "accuracy", "invented", "rows"),
        [
            (
                name,
                one.stated,
                percent(one.completeness),
                one.right,
                percent(one.accuracy),
                one.invented,
                f"{one.rows_right}/{one.rows_stated}" if one.rows_stated else "",
            )
            for name, one in tallies.items()
        ],
    )


def _print_confidence(evaluation: Evaluation) -> None:
    found = bins(evaluation.judgements)
    out.table(
        ("confidence", "values", "right", "mean"),
        [
            (
                f"{each.low:.1f} to {each.high:.1f}",
                each.count,
                percent(each.share_right),
                f"{each.mean_confidence:.2f}",
            )
            for each in found
            if each.count
        ],
    )
    out.table(
        ("rule", "held back", "passed", "wrong", "accuracy"),
        [
            (f"confident({each.least:g})", each.held_back, each.passed, each.wrong, percent(each.accuracy))
            for each in thresholds(evaluation.judgements)
        ],
    )
    error = calibration_error(found)
    out.line("calibration error: " + ("-" if error is None else f"{error:.3f}"))


def _print_json(evaluation: Evaluation) -> None:
    found = bins(evaluation.judgements)
    out.json(
        {
            "provider": evaluation.provider,
            "all": _as_json(tally(evaluation.judgements)),
            "fields": _all_as_json(by_field(evaluation)),
            **{group: _all_as_json(by_group(evaluation, group)) for group in GROUPS},
            "documents": [
                {"file": each.document.name, "seconds": round(each.seconds, 2), "failure": each.failure}
                | _as_json(tally(each.judgements))
                for each in evaluation.documents
            ],
            "confidence": [
                {"low": each.low, "high": each.high, "right": each.right, "wrong": each.wrong}
                for each in found
            ],
            "thresholds": [
                {
                    "least": each.least,
                    "held_back": each.held_back,
                    "passed": each.passed,
                    "wrong": each.wrong,
                }
                for each in thresholds(evaluation.judgements)
            ],
            "calibration_error": calibration_error(found),
        }
    )


def _all_as_json(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    return {name: _as_json(one) for name, one in tallies.items()}


def _as_json(one: Tally) -> dict[str, Any]:
    return {
        "stated": one.stated,
        "given": one.given,
        "right": one.right,
        "invented": one.invented,
        "rows_stated": one.rows_stated,
        "rows_right": one.rows_right,
        "rows_invented": one.rows_invented,
    }
