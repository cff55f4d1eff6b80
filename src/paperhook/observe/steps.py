"""Watches operations go by: each wrapper gives the same effects and the same result."""

from __future__ import annotations

from typing import Any, TypeVar

from ..core.exchange import Request, Response
from ..core.steps import Send, Steps
from ..errors import PaperhookError
from .details import Observer, RequestMade, SubmissionEnded

T = TypeVar("T")


def requests_of(steps: Steps[T], tell: Observer, provider: str) -> Steps[T]:
    """Tell of each request of an operation; it goes around the retries, so each attempt is seen."""
    answer: Any = None
    failure: PaperhookError | None = None
    failed: Request | None = None
    try:
        while True:
            try:
                effect = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration as done:
                result: T = done.value
                return result
            answer = failure = None
            try:
                answer = yield effect
            except PaperhookError as raised:
                failure = raised
            if isinstance(effect, Send):
                error = failure or _meaning(effect, answer)
                kind = "" if error is None else type(error).__name__
                tell(RequestMade(provider, effect.request.method, kind, effect.request is failed))
                failed = None if error is None else effect.request
    finally:
        steps.close()


def _meaning(effect: Send, response: Response) -> PaperhookError | None:
    """Read a response as the retries inside are about to."""
    try:
        return effect.error_of(response)
    except PaperhookError as error:
        return error


def submission(steps: Steps[T], tell: Observer, provider: str) -> Steps[T]:
    """Tell how the submission of a document ended; it goes inside the retries."""
    try:
        result = yield from steps
    except PaperhookError as error:
        tell(SubmissionEnded(provider, type(error).__name__))
        raise
    tell(SubmissionEnded(provider))
    return result
