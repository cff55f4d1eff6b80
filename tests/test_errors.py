"""Errors carry facts, survive pickle, and are the tree that their module draws."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from paperhook import errors
from paperhook.core.job import Job
from paperhook.webhooks.receiver import Outcome


def classes_below(root: type[errors.PaperhookError]) -> Iterator[type[errors.PaperhookError]]:
    for each in root.__subclasses__():
        if each.__module__ == "paperhook.errors":
            yield each
            yield from classes_below(each)


ALL = sorted(set(classes_below(errors.PaperhookError)), key=lambda each: each.__name__)
JOB = Job(id="d1", provider="acme")
FACTS = {
    errors.UnsupportedDocument: {"code": "empty_file"},
    errors.ResultInvalid: {"problems": ("total: missing",)},
    **{
        each: {"job": JOB}
        for each in (errors.SubmissionUnknown, errors.JobFailed, errors.ResultExpired, errors.WaitTimeout)
    },
    **{each: {"provider": "acme"} for each in ALL if issubclass(each, errors.TransportError)},
    **{
        each: {
            "provider": "acme",
            "status": 429,
            "code": "slow_down",
            "request_id": "r1",
            "retry_after": 3.0,
            "retry_at": 1e9,
            "may_have_been_processed": True,
        }
        for each in ALL
        if issubclass(each, errors.ApiError)
    },
}


def made(each: type[errors.PaperhookError]) -> errors.PaperhookError:
    if each is errors.RetryLater:
        return errors.RetryLater(7, "later")
    return each("what happened", **FACTS.get(each, {}))


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.__name__)
def test_every_error_survives_pickle_with_its_facts(each: type[errors.PaperhookError]) -> None:
    error = made(each)

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is each
    assert (str(again), vars(again)) == (str(error), vars(error))


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.__name__)
def test_every_error_can_be_copied(each: type[errors.PaperhookError]) -> None:
    error = made(each)

    again = copy.copy(error)

    assert (type(again), str(again), vars(again)) == (each, str(error), vars(error))


def test_a_fact_that_is_set_later_survives_pickle() -> None:
    error = errors.RateLimited("acme: 429", retry_after=3600)
    error.retry_at = 5.0

    again = pickle.loads(pickle.dumps(error))

    assert (again.retry_after, again.retry_at) == (3600, 5.0)


def drawn() -> set[tuple[str, str]]:
    """Read the module's drawing: each class and the one that it hangs on."""
    found: set[tuple[str, str]] = set()
    above = ["PaperhookError"]
    for line in (errors.__doc__ or "").splitlines():
        branch = re.match(r"((?:│   |    )*)[├└]── (.*)", line)
        if branch:
            depth = len(branch[1]) // 4 + 1
            names = re.findall(r"[A-Z]\w+", re.split(r"\s{3,}", branch[2])[0])
            found |= {(name, above[depth - 1]) for name in names}
            above = [*above[:depth], names[-1]]
    return found


def test_the_tree_that_is_drawn_is_the_tree_that_is_there() -> None:
    bases = {
        (each.__name__, base.__name__)
        for each in ALL
        for base in each.__bases__
        if base.__module__ == errors.__name__
    }

    assert drawn() == bases


@pytest.mark.parametrize("each", [e for e in ALL if issubclass(e, errors.DeliveryRejected)])
def test_every_rejection_has_an_outcome_and_a_client_error(each: type[errors.DeliveryRejected]) -> None:
    assert Outcome(each.outcome)
    assert 400 <= each.status_hint < 500


@pytest.mark.parametrize(
    ("each", "builtin"),
    [
        (errors.ConfigurationError, ValueError),
        (errors.MissingExtra, ImportError),
        (errors.AttemptTimeout, TimeoutError),
        (errors.WaitTimeout, TimeoutError),
        (errors.DeadlineExceeded, TimeoutError),
        (errors.ResultInvalid, ValueError),
    ],
)
def test_a_builtin_is_inherited_where_it_is_true(each: type[Exception], builtin: type[Exception]) -> None:
    assert issubclass(each, builtin)


@pytest.mark.parametrize(
    "seconds", [-1, float("inf"), float("nan"), pytest.param(10**400, id="beyond floats")]
)
def test_retry_later_refuses_what_is_no_time(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds"):
        errors.RetryLater(seconds)


@pytest.mark.parametrize("seconds", ["60", None, timedelta(minutes=1)])
def test_retry_later_refuses_what_is_no_number(seconds: Any) -> None:
    with pytest.raises(TypeError, match=f"needs seconds, not a {type(seconds).__name__}"):
        errors.RetryLater(seconds)


def test_retry_later_says_when_without_a_reason() -> None:
    assert str(errors.RetryLater(90)) == "try again in 90 s"
