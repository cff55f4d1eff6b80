"""Questions until a job has ended: quickly at first, then slower."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ..core.provider import Provider
from ..core.steps import Steps, now, pause
from ..errors import CallFailed, DeadlineExceeded, PaperhookError, RateLimitReached, WaitTimeout
from .asking import ask, has_moved, is_stuck, result

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.result import Result


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast to poll: quickly at first, then slower."""

    #: Seconds before the first poll.
    first: float = 0.2
    #: Each pause is this many times the last.
    factor: float = 1.6
    #: Seconds; no pause is longer.
    longest: float = 5.0
    #: Share of a pause by which it is longer or shorter, the same for the same job, so that many do not ask at once.
    jitter: float = 0.1

    def spread(self, gap: float, job_id: str) -> float:
        """Give a pause of about `gap` seconds."""
        place = zlib.crc32(job_id.encode("utf-8", "replace")) / 2**32
        return gap * (1 + self.jitter * (2 * place - 1))


def pace_of(provider: Provider) -> Pace:
    """Say how fast to poll a provider."""
    return Pace(longest=max(provider.capabilities.poll_seconds, 0.2))


#: Seconds between looks for an end that somebody else heard of.
LOOK_SECONDS = 0.5
#: Gives the job where somebody else heard of its end.
Look: TypeAlias = "Callable[[Job], Steps[Job | None]]"


#: Takes how a wait ended, for how many seconds it waited, and how often it asked.
TellWait: TypeAlias = "Callable[[Job | PaperhookError, float, int], object]"


@dataclass
class _Polls:
    """How often a job was asked for."""

    number: int = 0


def wait(
    provider: Provider,
    job: Job,
    *,
    deadline: float,
    pace: Pace | None = None,
    look: Look | None = None,
    tell: TellWait | None = None,
) -> Steps[Job]:
    """Poll until a job is final.

    Args:
        deadline: Seconds from now.
        look: Is asked between polls whether the end came another way, as by webhook.
        tell: Is told how it ended.

    Raises:
        WaitTimeout: If it is not final by then.
        CallFailed: If it cannot be asked for. Both carry the job as last seen.
    """
    polls = _Polls()
    steps = _wait(provider, job, deadline, pace or pace_of(provider), look, polls)
    if tell is None:
        return (yield from steps)
    started = yield from now()
    try:
        ended = yield from steps
    except PaperhookError as error:
        tell(error, (yield from now()) - started, polls.number)
        raise
    tell(ended, (yield from now()) - started, polls.number)
    return ended


def _wait(
    provider: Provider, job: Job, deadline: float, rhythm: Pace, look: Look | None, polls: _Polls
) -> Steps[Job]:
    started = moved_at = yield from now()
    gap = rhythm.first
    while not job.status.is_final:
        moment = yield from now()
        waited = moment - started
        if waited >= deadline:
            raise WaitTimeout(
                f"{provider.name}: job {job.id} is still {job.status} after {waited:.1f} s: wait again, or let "
                "the webhook tell",
                job=job,
            )
        try:
            heard = yield from _rest(min(rhythm.spread(gap, job.id), deadline - waited), job, look)
            if heard is not None and not _wants_reason(heard):
                return heard
            gap = min(gap * rhythm.factor, rhythm.longest)
            moment = yield from now()
            polls.number += 1
            seen = yield from ask(provider, job, unmoved=moment - moved_at)
        except DeadlineExceeded as error:
            heard = None
            if look is not None and isinstance(error, RateLimitReached):
                heard = yield from _hear(job, started + deadline - moment, look)
            if heard is not None:
                return heard
            why = str(error).removeprefix(f"{provider.name}: ")
            late = WaitTimeout(f"{provider.name}: job {job.id}: {why}", job=job)
            raise late.with_facts_of(error) from error
        except CallFailed as error:
            error.job = error.job or job
            raise
        if has_moved(job, seen) or is_stuck(provider, moment - moved_at):
            moved_at = moment
        job = seen
    return job


def _rest(seconds: float, job: Job, look: Look | None) -> Steps[Job | None]:
    """Pause, and look now and then whether the job has ended."""
    while seconds > 0:
        step = seconds if look is None else min(seconds, LOOK_SECONDS)
        yield from pause(step)
        seconds -= step
        heard = None if look is None else (yield from look(job))
        if heard is not None:
            return heard
    return None


def _hear(job: Job, seconds: float, look: Look) -> Steps[Job | None]:
    """Look for the end of a job that the provider cannot be asked for in time."""
    try:
        return (yield from _rest(seconds, job, look))
    except DeadlineExceeded:
        return None


def _wants_reason(job: Job) -> bool:
    # A tracker knows that it failed, and the provider why.
    return job.status.is_failure and job.error is None


def upload_and_wait(
    provider: Provider,
    uploading: Steps[Job],
    *,
    deadline: float,
    look: Look | None = None,
    tell: TellWait | None = None,
) -> Steps[Result]:
    """Submit one document, wait for it and fetch its result.

    Args:
        uploading: How it is submitted, such as `upload(provider, document)`.
        deadline: Seconds for all of it.
        look: As for `wait`, and so is `tell`.

    Raises:
        JobFailed: If the provider could not read it.
        WaitTimeout: If it takes longer than `deadline` seconds; the error carries the job.
    """
    started = yield from now()
    job = yield from uploading
    left = deadline - ((yield from now()) - started)
    job = yield from wait(provider, job, deadline=left, look=look, tell=tell)
    try:
        return (yield from result(provider, job))
    except DeadlineExceeded as error:
        raise WaitTimeout(f"{provider.name}: the result of job {job.id}: {error}", job=job) from error
