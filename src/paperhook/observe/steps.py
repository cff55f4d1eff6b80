"""Watches operations go by: each wrapper gives the same effects and the same result."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

from ..core.exchange import Request, Response
from ..core.steps import Effect, Pause, Send, Steps, relayed
from ..errors import PaperhookError
from ..retrying import Budget
from .details import Observer, RequestMade, RetryPaused, RetryRefused, SubmissionEnded

T = TypeVar("T")


def requests_of(steps: Steps[T], tell: Observer, provider: str) -> Steps[T]:
    """Tell of each request of an operation; it goes around the retries, so each attempt is seen."""
    failed: _Failed | None = None

    def perform(effect: Effect) -> Generator[Effect, Any, Any]:
        nonlocal failed
        if isinstance(effect, Pause) and failed is not None and not failed.is_told:
            # The first pause is that of the retry; what follows waits for the provider's rate.
            tell(RetryPaused(provider, failed.request.method, failed.error, failed.attempt, effect.seconds))
            failed.is_told = True
        if not isinstance(effect, Send):
            return (yield effect)
        started = perf_counter()
        try:
            answer: Response | None = yield effect
        except PaperhookError as error:
            seconds = perf_counter() - started
            failed = _told(tell, provider, effect.request, failed, error, None, seconds)
            raise
        seconds = perf_counter() - started
        meaning = None if answer is None else _meaning(effect, answer)
        failed = _told(tell, provider, effect.request, failed, meaning, answer, seconds)
        return answer

    return relayed(steps, perform)


@dataclass
class _Failed:
    """A request that failed, and may be sent again."""

    request: Request
    error: str
    attempt: int
    #: Whether the pause before its repetition was told.
    is_told: bool = False


def _told(
    tell: Observer,
    provider: str,
    request: Request,
    before: _Failed | None,
    error: PaperhookError | None,
    answer: Response | None,
    seconds: float,
) -> _Failed | None:
    """Tell of one attempt, and keep what the next one is to know."""
    is_retry = before is not None and before.request is request
    attempt = before.attempt + 1 if before is not None and is_retry else 1
    kind = "" if error is None else type(error).__name__
    status = 0 if answer is None else answer.status
    tell(RequestMade(provider, request.method, kind, is_retry, status, attempt, seconds))
    return None if error is None else _Failed(request, kind, attempt)


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


class ToldBudget:
    """A budget of retries of which each refusal is told."""

    def __init__(self, budget: Budget, tell: Observer, provider: str) -> None:
        self._budget, self._tell, self._provider = budget, tell, provider

    def take(self, now: float) -> bool:
        """Take one retry, if there is one left."""
        is_granted = self._budget.take(now)
        if not is_granted:
            self._tell(RetryRefused(self._provider, "retry_budget"))
        return is_granted
