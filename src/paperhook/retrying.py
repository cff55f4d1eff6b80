"""Retries as a pure rule: tenacity's objects decide, the request says whether it may be repeated at all.

`persist` goes around any operation and repeats its exchanges:

| what happened | request may be repeated | else |
|---|---|---|
| nothing can have arrived | again | again |
| the provider refused to act (429) | again | again |
| the answer was lost, or 408, or 5xx | again | raised at once |
| any other error | raised at once | raised at once |

Before each attempt it waits for its turn at the provider's rate, and before each retry it asks the budget.

Source: RFC 9110 section 9.2.2 on repeating what is not idempotent.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

import tenacity
from tenacity.retry import retry_base
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from .core.exchange import Repeat, Request, Response
from .core.rate import Turns
from .core.steps import Await, Effect, Pause, Send, Steps, now, pause, relayed
from .errors import (
    ApiError,
    BadRequest,
    CallFailed,
    DeadlineExceeded,
    KeyReused,
    MalformedAnswer,
    PaperhookError,
    RateLimited,
    RateLimitReached,
    SubmissionUnknown,
    TooLarge,
    TransportError,
)

T = TypeVar("T")


def is_retryable(error: BaseException) -> bool:
    """Ask the error itself; there is no other list."""
    return isinstance(error, PaperhookError) and error.retryable


class _AsErrorsSay(retry_base):
    """What a policy asks that was given no `retry`: the errors themselves, and for a handler none of them."""

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        return tenacity.retry_if_exception(is_retryable)(retry_state)


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """When to try again, in tenacity's terms.

    Args:
        stop: For instance `stop_after_attempt(4) | stop_after_delay(60)`.
        wait: Seconds before the next attempt; a longer `Retry-After` of the provider wins.
        retry: Which errors are worth another attempt; if not given, those that say so themselves, and for a handler any.
        max_retry_after: Seconds; a provider that asks for more gets no attempt, and the error carries `retry_at`.
    """

    stop: stop_base = field(default_factory=lambda: tenacity.stop_after_attempt(4))
    wait: wait_base = field(default_factory=lambda: tenacity.wait_random_exponential(multiplier=0.5, max=20))
    retry: retry_base = field(default_factory=_AsErrorsSay)
    max_retry_after: float = 60.0


#: For a handler: any exception is worth another attempt, ten in all, over a quarter of an hour on average, so that
#: a restart of what the handler talks to kills no event.
HANDLER_RETRY = RetryPolicy(
    stop=tenacity.stop_after_attempt(10),
    wait=tenacity.wait_random_exponential(multiplier=4, max=900),
    retry=tenacity.retry_if_exception_type(Exception),
)


def for_handler(policy: RetryPolicy | None) -> RetryPolicy:
    """Give the policy of a handler, whose errors are the user's own and say nothing."""
    if policy is None:
        return HANDLER_RETRY
    return replace(policy, retry=HANDLER_RETRY.retry) if isinstance(policy.retry, _AsErrorsSay) else policy


class Budget(Protocol):
    """How many retries there may be, over all operations that share it."""

    def take(self, now: float) -> bool:
        """Take one retry, if there is one left."""
        ...


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
    budget: Budget | None
    started: float
    number: int = 0
    slept: float = 0.0
    #: Whether one of them may have arrived, and nobody knows what became of it.
    was_lost: bool = False

    def told(self, error: PaperhookError) -> PaperhookError:
        """Give the last error, with what it does not tell about the attempts before."""
        if not self.was_lost or _is_about_content(error):
            return error
        # A store gives one error to all that asked together: those know nothing of these attempts.
        told = error if isinstance(error, CallFailed) else copy.copy(error)
        told.follows_lost_attempt = True
        return told

    def after(self, error: PaperhookError, request: Request, moment: float) -> float:
        """Say how long to pause, or raise the error."""
        if isinstance(error, CallFailed):
            # A deadline that has passed lets the attempt not even begin.
            error.attempts = self.number - isinstance(error, DeadlineExceeded)
        asked = error.retry_after if isinstance(error, ApiError) else None
        if isinstance(error, ApiError) and asked is not None and asked > self.policy.max_retry_after:
            error.retry_at = moment + asked
            raise error
        if request.is_spent or not _may_repeat(error, request.repeat):
            raise error
        seconds = next_pause(
            self.policy, error, attempt=self.number, started=self.started, now=moment, slept=self.slept
        )
        if seconds is None:
            raise error
        if not self._is_affordable(error, moment):
            raise error
        # Everybody was told the same number, so spread a little.
        seconds = seconds if asked is None else max(seconds, asked + random.uniform(0, min(1.0, 0.1 * asked)))  # noqa: S311 - no secret
        self.slept += seconds
        self.was_lost = self.was_lost or _may_have_arrived(error)
        return seconds

    def _is_affordable(self, error: PaperhookError, moment: float) -> bool:
        # Who was told when to come back multiplies nothing.
        if self.budget is None or isinstance(error, RateLimited) or self.budget.take(moment):
            return True
        if isinstance(error, CallFailed):
            error.stopped_by = "retry_budget"
        return False


def _may_repeat(error: PaperhookError, repeat: Repeat) -> bool:
    if isinstance(error, DeadlineExceeded):
        # Made again, the whole call may succeed; within this one there is no time left.
        return False
    if repeat is Repeat.ALWAYS:
        return True
    return isinstance(error, (TransportError, ApiError)) and not _may_have_arrived(error)


def _may_have_arrived(error: PaperhookError) -> bool:
    if isinstance(error, TransportError):
        return error.may_have_arrived
    return isinstance(error, ApiError) and error.may_have_been_processed


def _is_about_content(error: PaperhookError) -> bool:
    # What is refused for what it says was refused the first time too, whoever heard of it.
    return isinstance(error, (BadRequest, TooLarge)) and not isinstance(error, KeyReused)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the exchanges of one operation keep to."""

    policy: RetryPolicy
    #: When the deadline is, on the clock of `Now`.
    end: float | None
    turns: Turns | None
    budget: Budget | None
    #: Empty where nobody said it.
    provider: str = ""

    @property
    def who(self) -> str:
        """How a message begins."""
        return f"{self.provider}: " if self.provider else ""

    def late(self) -> DeadlineExceeded:
        """Say that there is no time left."""
        return DeadlineExceeded(f"{self.who}the deadline of the whole operation has passed")


def persist(
    steps: Steps[T],
    policy: RetryPolicy,
    *,
    deadline: float | None = None,
    turns: Turns | None = None,
    budget: Budget | None = None,
    provider: str = "",
) -> Steps[T]:
    """Run an operation with retries, within a deadline and at the provider's rate.

    Args:
        deadline: Seconds for the whole operation, with its retries and pauses; None for no bound.
        turns: Whose turn it is to ask the provider; None asks at once.
        budget: Is asked before each retry; None grants all.
        provider: Whose name errors carry that come from no answer of its.

    Raises:
        DeadlineExceeded: If the deadline has passed before a step. Where the pause before another attempt would end
            after it, the last attempt's own error is raised, because it says more.
        RateLimitReached: If the provider's rate leaves no request before the deadline; raised at once.
    """
    end = None if deadline is None else (yield from now()) + deadline
    rules = _Rules(policy, end, turns, budget, provider)
    attempts = 0

    def perform(effect: Effect) -> Generator[Effect, Any, Any]:
        nonlocal attempts
        try:
            if not isinstance(effect, Send):
                return (yield from _perform(effect, rules))
            answer, attempts = yield from _exchange(effect, rules)
        except CallFailed as error:
            error.provider = error.provider or provider
            raise
        return answer

    try:
        return (yield from relayed(steps, perform))
    except (MalformedAnswer, SubmissionUnknown) as error:
        # What an answer turned out to mean is found after its exchange.
        error.attempts = error.attempts or attempts
        raise


def _perform(effect: Effect, rules: _Rules) -> Generator[Effect, Any, Any]:
    if rules.end is not None and isinstance(effect, Pause):
        yield from _pause_within(effect.seconds, rules.end, rules)
        return None
    if rules.end is not None and isinstance(effect, Await):
        effect = replace(effect, timeout=_left(rules.end, (yield from now()), rules))
    return (yield effect)


def _exchange(effect: Send, rules: _Rules) -> Steps[tuple[Response, int]]:
    """Give the answer and how many attempts it took."""
    attempts = _Attempts(rules.policy, rules.budget, started=(yield from now()))
    try:
        return (yield from _attempted(effect, rules, attempts)), attempts.number
    except PaperhookError as error:
        told = attempts.told(error)
        if told is error:
            raise
        raise told from error


def _attempted(effect: Send, rules: _Rules, attempts: _Attempts) -> Steps[Response]:
    while True:
        attempts.number += 1
        try:
            return (yield from _attempt(effect, rules))
        except PaperhookError as error:
            moment = yield from now()
            seconds = attempts.after(error, effect.request, moment)
            if rules.end is not None and moment + seconds >= rules.end:
                raise
        yield from pause(seconds)


def _attempt(effect: Send, rules: _Rules) -> Steps[Response]:
    turns = rules.turns
    ticket = 0 if turns is None else (yield from _turn(turns, rules))
    answered: Response | None = None
    moment = yield from now()
    try:
        if effect.before is not None:
            left = None if rules.end is None else _left(rules.end, moment, rules)
            yield from persist(effect.before(), rules.policy, deadline=left, provider=rules.provider)
        if rules.end is not None:
            effect = replace(effect, timeout=_left(rules.end, (yield from now()), rules))
        response: Response = yield effect
        answered, moment = response, (yield from now())
    except PaperhookError:
        moment = yield from now()
        raise
    finally:
        # Whoever was cut off at its request used its turn all the same.
        if turns is not None:
            turns.answered(ticket, answered, moment)
    error = effect.error_of(response)
    if error is not None:
        raise error
    return response


def _turn(turns: Turns, rules: _Rules) -> Steps[int]:
    """Wait until a request may be sent."""
    ticket, is_granted, end = turns.join(), False, rules.end
    try:
        while (seconds := turns.wait(ticket, moment := (yield from now()))) > 0:
            if end is not None and moment + seconds >= end:
                raise RateLimitReached(
                    f"{rules.who}the provider's rate allows the next request in {seconds:.1f} s, behind the deadline",
                    retry_at=moment + seconds,
                )
            yield from pause(seconds)
        is_granted = True
    finally:
        if not is_granted:
            turns.leave(ticket)
    return ticket


def _left(end: float, moment: float, rules: _Rules) -> float:
    if moment >= end:
        raise rules.late()
    return end - moment


def _pause_within(seconds: float, end: float, rules: _Rules) -> Steps[None]:
    left = _left(end, (yield from now()), rules)
    yield from pause(min(seconds, left))
    if left < seconds:
        raise rules.late()
