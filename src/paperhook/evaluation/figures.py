"""Verdicts added up: completeness, accuracy, and whether confidence means anything.

| figure | is |
|---|---|
| completeness | of the fields that documents state, the share for which any value was read |
| accuracy | of the fields that documents state, the share that was read right |
| invented | values that were read where the document states none |
| rows | of the rows that documents state, those with every cell right |
| calibration error | how far, on average, confidence and the share that was right are apart (expected calibration error) |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..core.result import Result
from .comparing import is_empty
from .expected import ExpectedDocument
from .judging import Judgement, Verdict


@dataclass(frozen=True, slots=True)
class EvaluatedDocument:
    """What came of one document."""

    document: ExpectedDocument
    judgements: tuple[Judgement, ...]
    #: s from the call to the result.
    seconds: float
    #: Why there is no result: the error's class and message; None when there is one.
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of all documents at one provider."""

    provider: str
    documents: tuple[EvaluatedDocument, ...]

    @property
    def judgements(self) -> list[Judgement]:
        """The verdicts on all documents."""
        return [each for document in self.documents for each in document.judgements]


@dataclass(frozen=True, slots=True)
class Tally:
    """Verdicts counted; fields and rows apart."""

    stated: int = 0
    given: int = 0
    right: int = 0
    invented: int = 0
    rows_stated: int = 0
    rows_right: int = 0
    rows_invented: int = 0

    @property
    def completeness(self) -> float | None:
        """0..1; None where nothing is stated."""
        return self.given / self.stated if self.stated else None

    @property
    def accuracy(self) -> float | None:
        """0..1; None where nothing is stated."""
        return self.right / self.stated if self.stated else None

    @property
    def row_accuracy(self) -> float | None:
        """0..1; None where no rows are stated."""
        return self.rows_right / self.rows_stated if self.rows_stated else None


_STATED = {Verdict.RIGHT, Verdict.WRONG, Verdict.MISSED}


def tally(judgements: Iterable[Judgement]) -> Tally:
    """Count verdicts."""
    listed = list(judgements)
    fields = [each for each in listed if not each.is_row]
    rows = [each for each in listed if each.is_row]
    return Tally(
        stated=sum(each.verdict in _STATED for each in fields),
        given=sum(each.verdict in _STATED - {Verdict.MISSED} for each in fields),
        right=sum(each.verdict is Verdict.RIGHT for each in fields),
        invented=sum(each.verdict is Verdict.INVENTED for each in fields),
        rows_stated=sum(each.verdict in _STATED for each in rows),
        rows_right=sum(each.verdict is Verdict.RIGHT for each in rows),
        rows_invented=sum(each.verdict is Verdict.INVENTED for each in rows),
    )


#: What documents can be told apart by.
GROUPS: Mapping[str, Callable[[ExpectedDocument], str | None]] = {
    "type": lambda document: document.kind,
    "language": lambda document: document.language,
    "supplier": lambda document: document.supplier,
}


def by_group(evaluation: Evaluation, group: str) -> dict[str, Tally]:
    """Count the verdicts of each type, language or supplier (a key of `GROUPS`); "-" where the manifest says none."""
    found: dict[str, list[Judgement]] = {}
    for each in evaluation.documents:
        found.setdefault(GROUPS[group](each.document) or "-", []).extend(each.judgements)
    return {name: tally(judgements) for name, judgements in sorted(found.items())}


def by_field(evaluation: Evaluation) -> dict[str, Tally]:
    """Count the verdicts on each field, in the manifest's order."""
    found: dict[str, list[Judgement]] = {}
    for each in evaluation.judgements:
        if not each.is_row:
            found.setdefault(each.name, []).append(each)
    return {name: tally(judgements) for name, judgements in found.items()}


def completeness(results: Iterable[Result], names: Sequence[str]) -> dict[str, float]:
    """Tell for each field in which share of results it has a value, 0..1, without knowing what is right.

    Args:
        names: Standard names, such as `vendor` and `total`.
    """
    listed = list(results)
    return {
        name: sum(name in one.fields and not is_empty(one.fields[name].value) for one in listed)
        / max(1, len(listed))
        for name in names
    }


# Confidence.


@dataclass(frozen=True, slots=True)
class Bin:
    """The values whose confidence lies between two bounds."""

    #: 0..1.
    low: float
    high: float
    right: int
    wrong: int
    #: 0..1; the middle of the bounds where there is no value.
    mean_confidence: float

    @property
    def count(self) -> int:
        """All values in it."""
        return self.right + self.wrong

    @property
    def share_right(self) -> float:
        """0..1; 0 where there is no value."""
        return self.right / self.count if self.count else 0.0


def bins(judgements: Iterable[Judgement], count: int = 10) -> list[Bin]:
    """Sort all values that were read and have a confidence into bins of one width; invented ones are wrong."""
    scored = _scored(judgements)
    found: list[Bin] = []
    for index in range(count):
        inside = [(sure, ok) for sure, ok in scored if min(count - 1, int(sure * count)) == index]
        mean = sum(sure for sure, _ in inside) / len(inside) if inside else (index + 0.5) / count
        right = sum(ok for _, ok in inside)
        found.append(Bin(index / count, (index + 1) / count, right, len(inside) - right, mean))
    return found


@dataclass(frozen=True, slots=True)
class Threshold:
    """What `confident(least)` would have done with the values that were read."""

    #: 0..1.
    least: float
    #: Values below it, right and wrong ones: a person would have looked at them.
    held_back: int
    #: Values that are good enough, and of them those that are wrong.
    passed: int
    wrong: int

    @property
    def accuracy(self) -> float | None:
        """0..1, of the values that passed; None where none did."""
        return 1 - self.wrong / self.passed if self.passed else None


def thresholds(
    judgements: Iterable[Judgement], steps: Sequence[float] = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99)
) -> list[Threshold]:
    """Tell for each confidence how many values a rule would hold back, and how many wrong ones it would let pass.

    Returns:
        One for each step; nothing where no value has a confidence.
    """
    scored = _scored(judgements)
    found: list[Threshold] = []
    for least in steps if scored else ():
        passed = [is_right for sure, is_right in scored if sure >= least]
        found.append(Threshold(least, len(scored) - len(passed), len(passed), passed.count(False)))
    return found


def _scored(judgements: Iterable[Judgement]) -> list[tuple[float, bool]]:
    """Give confidence and truth of all values that were read and have a confidence; invented ones are wrong.

    NaN and a figure of another scale, such as per cent, are no confidence.
    """
    read = {Verdict.RIGHT, Verdict.WRONG, Verdict.INVENTED}
    return [
        (each.confidence, each.verdict is Verdict.RIGHT)
        for each in judgements
        if each.confidence is not None and 0 <= each.confidence <= 1 and each.verdict in read
    ]


def calibration_error(found: Sequence[Bin]) -> float | None:
    """Tell how far confidence and truth are apart on average, 0..1; None where no value has a confidence."""
    total = sum(each.count for each in found)
    if not total:
        return None
    return sum(each.count * abs(each.mean_confidence - each.share_right) for each in found) / total
