"""Retries as a pure rule: tenacity's objects decide, the request says whether it may be repeated at all.

`persist` goes around any operation and repeats its exchanges:

| what happened | request may be repeated | else |
|---|---|---|
| nothing can have arrived | again | again |
| the provider refused to act (429) | again | again |
| the answer was lost, or 408, or 5xx | again | raised at once |
| any other error | raised at once | raised at once |

Source: RFC 9110 section 9.2.2 on repeating what is not idempotent.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import tenacity
from tenacity.retry import retry_base
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from .core.exchange import Repeat, Response
from .core.steps import Effect, Pause, Send, Steps, now, pause
from .errors import ApiError, DeadlineExceeded, PaperhookError, TransportError

T = TypeVar("T")


def is_retryable(error: BaseException) -> bool:
    """Ask the error itself; there is no other list."""
    return isinstance(error, PaperhookError) and error.retryable


@dataclass(frozen=True)
class RetryPolicy:
    """When to try again, in tenacity's terms.

    Args:
        stop: For instance `stop_after_attempt(4) | stop_after_delay(60)`.
        wait: Seconds before the next attempt; a longer `Retry-After` of the provider wins.
        retry: Which errors are worth another attempt.
        max_retry_after: Seconds; a provider that asks for more gets no attempt, and the error carries `retry_at`.
    """

    stop: stop_base = field(default_factory=lambda: tenacity.stop_after_attempt(4))
    wait: wait_base = field(default_factory=lambda: tenacity.wait_random_exponential(multiplier=0.5, max=20))
    retry: retry_base = field(default_factory=lambda: tenacity.retry_if_exception(is_retryable))
    max_retry_after: float = 60.0


#: For a handler: any exception is worth another attempt, ten in all, over a quarter of an hour on average, so that
#: a restart of what the handler talks to kills no event.
HANDLER_RETRY = RetryPolicy(
    stop=tenacity.stop_after_attempt(10),
    wait=tenacity.wait_random_exponential(multiplier=4, max=900),
    retry=tenacity.retry_if_exception_type(Exception),
)

#: One attempt and no more.
NO_RETRY = RetryPolicy(stop=tenacity.stop_after_attempt(1))


def next_pause(
    policy: RetryPolicy, error: Exception, *, attempt: int, started: float, now: float, slept: float = 0.0
) -> float | None:
    """Ask a policy what to do after a failed attempt.

    Args:
        attempt: How many attempts were made, from 1.
        started: When the first began, in seconds on the clock of `now`.
        slept: Seconds paused so far.

    Returns:
        Seconds to wait before the next attempt, or None to give up.
    """
    state = _state_after(error, attempt=attempt, started=started, now=now, slept=slept)
    if not policy.retry(state):
        return None
    # `stop_before_delay` looks at the pause that would come next.
    state.upcoming_sleep = max(0.0, float(policy.wait(state)))
    return None if policy.stop(state) else state.upcoming_sleep


def is_used_up(policy: RetryPolicy, error: Exception, *, attempt: int, started: float, now: float) -> bool:
    """Ask a policy whether to stop, whichever the error; arguments as for `next_pause`."""
    return bool(policy.stop(_state_after(error, attempt=attempt, started=started, now=now, slept=0.0)))


def _state_after(
    error: Exception, *, attempt: int, started: float, now: float, slept: float
) -> tenacity.RetryCallState:
    state = tenacity.RetryCallState(retry_object=_NOBODY, fn=None, args=(), kwargs={})
    state.start_time, state.attempt_number, state.idle_for = started, attempt, slept
    state.outcome = tenacity.Future(attempt)
    state.outcome.set_exception(error)
    state.outcome_timestamp = now
    return state


# tenacity's call state wants the object that would drive the calls; ours are driven by generators.
_NOBODY: Any = None


@dataclass
class _Attempts:
    """What one exchange has cost so far."""

    policy: RetryPolicy
    started: float
    number: int = 0
    slept: float = 0.0

    def after(self, error: PaperhookError, request_repeat: Repeat, moment: float) -> float:
        """Say how long to pause, or raise the error."""
        asked = error.retry_after if isinstance(error, ApiError) else None
        if isinstance(error, ApiError) and asked is not None and asked > self.policy.max_retry_after:
            error.retry_at = moment + asked
            raise error
        if not _may_repeat(error, request_repeat):
            raise error
        seconds = next_pause(
            self.policy, error, attempt=self.number, started=self.started, now=moment, slept=self.slept
        )
        if seconds is None:
            raise error
        # Everybody was told the same number, so spread a little.
        seconds = seconds if asked is None else max(seconds, asked + random.uniform(0, min(1.0, 0.1 * asked)))  # noqa: S311 - no secret
        self.slept += seconds
        return seconds


def _may_repeat(error: PaperhookError, repeat: Repeat) -> bool:
    if repeat is Repeat.ALWAYS:
        return True
    if isinstance(error, TransportError):
        return not error.may_have_arrived
    return isinstance(error, ApiError) and not error.may_have_been_processed


def persist(steps: Steps[T], policy: RetryPolicy, *, deadline: float | None = None) -> Steps[T]:
    """Run an operation with retries and within a deadline.

    Args:
        deadline: Seconds for the whole operation, with its retries and pauses; None for no bound.

    Raises:
        DeadlineExceeded: If the deadline has passed before a step. Where the pause before another attempt would end
            after it, the last attempt's own error is raised, because it says more.
    """
    end = None if deadline is None else (yield from now()) + deadline
    answer: Any = None
    failure: PaperhookError | None = None
    try:
        while True:
            try:
                effect = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration as done:
                result: T = done.value
                return result
            answer, failure = None, None
            try:
                answer = yield from _perform(effect, policy, end)
            except PaperhookError as error:
                failure = error
    finally:
        steps.close()


def _perform(effect: Effect, policy: RetryPolicy, end: float | None) -> Generator[Effect, Any, Any]:
    if isinstance(effect, Send):
        return (yield from _exchange(effect, policy, end))
    if isinstance(effect, Pause) and end is not None:
        yield from _pause_within(effect.seconds, end)
        return None
    return (yield effect)


def _exchange(effect: Send, policy: RetryPolicy, end: float | None) -> Steps[Response]:
    attempts = _Attempts(policy, started=(yield from now()))
    while True:
        attempts.number += 1
        try:
            return (yield from _attempt(effect, end))
        except PaperhookError as error:
            moment = yield from now()
            seconds = attempts.after(error, effect.request.repeat, moment)
            if end is not None and moment + seconds >= end:
                raise
        yield from pause(seconds)


def _attempt(effect: Send, end: float | None) -> Steps[Response]:
    if end is not None:
        effect = replace(effect, timeout=(yield from _seconds_left(end)))
    response: Response = yield effect
    error = effect.error_of(response)
    if error is not None:
        raise error
    return response


def _seconds_left(end: float) -> Steps[float]:
    seconds = end - (yield from now())
    if seconds <= 0:
        raise DeadlineExceeded("the deadline of the whole operation has passed")
    return seconds


def _pause_within(seconds: float, end: float) -> Steps[None]:
    left = yield from _seconds_left(end)
    yield from pause(min(seconds, left))
    if left < seconds:
        raise DeadlineExceeded("the deadline of the whole operation has passed")
