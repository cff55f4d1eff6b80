"""The tree of errors: as drawn, picklable, and saying what to do."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from paperhook import Job, errors
from paperhook.errors import PaperhookError

CLASSES = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, PaperhookError) and each.__module__ == errors.__name__
]
JOB = Job(id="job_1", provider="docuparse")
#: A value for each fact that an error of ours can carry.
FACTS = {
    "code": "E_1",
    "provider": "docuparse",
    "status": 503,
    "request_id": "req_1",
    "retry_after": 1.5,
    "retry_at": 17.0,
    "may_have_been_processed": True,
    "job": JOB,
    "problems": ("total: missing",),
    "reason": "no",
    "seconds": 2.0,
    "message": "what happened",
}


def made(kind: type[PaperhookError]) -> PaperhookError:
    """Make an error with every fact that its class takes."""
    if not inspect.isfunction(kind.__init__):
        return kind("what happened")
    return kind(**{name: FACTS[name] for name in inspect.signature(kind).parameters})


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    "copied", [lambda each: pickle.loads(pickle.dumps(each)), copy.copy], ids=["pickle", "copy"]
)
def test_errors_survive_pickle_with_all_their_facts(kind, copied):
    error = made(kind)

    again = copied(error)

    assert type(again) is kind
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_the_drawn_tree_is_the_tree():
    drawn: list[tuple[str, str]] = []
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        branch = re.match(r"^((?:│   |    )*)(?:├── |└── )(.*)$", line)
        if line.startswith("PaperhookError"):
            above = ["PaperhookError"]
        elif branch:
            depth = len(branch[1]) // 4 + 1
            names = re.findall(r"[A-Z]\w+", re.split(r"\s{3,}", branch[2])[0])
            drawn += [(name, above[depth - 1]) for name in names]
            above = [*above[:depth], names[-1]]

    assert set(drawn) == {
        (kind.__name__, next(base.__name__ for base in kind.__bases__ if issubclass(base, PaperhookError)))
        for kind in CLASSES
        if kind is not PaperhookError
    }


def test_every_refusal_of_a_delivery_has_its_own_status():
    refusals = [kind for kind in CLASSES if issubclass(kind, errors.DeliveryRejected)]

    assert all(400 <= kind.status_hint < 500 for kind in refusals)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.ConfigurationError, ValueError),
        (errors.MissingExtra, ImportError),
        (errors.AttemptTimeout, TimeoutError),
        (errors.DeadlineExceeded, TimeoutError),
        (errors.WaitTimeout, TimeoutError),
        (errors.ResultInvalid, ValueError),
    ],
)
def test_an_error_is_the_builtin_that_it_truly_is(kind, builtin):
    assert issubclass(kind, builtin)
    assert issubclass(kind, PaperhookError)


def test_only_errors_that_may_pass_are_retryable():
    assert {kind.__name__ for kind in CLASSES if kind.retryable} == {
        *("TransportError", "NothingSent", "AnswerLost", "AttemptTimeout"),
        *("RateLimited", "ServerError", "RetryLater"),
        *("InboxUnavailable",),
    }
