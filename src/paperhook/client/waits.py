"""Waiting for many jobs: one schedule that says whom to ask next, and no thread, task or timer for each of them.

`rounds` decides and both clients act: they begin what a round asks for, wait for an ending, and tell it in the next.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ..core.provider import Provider
from ..errors import CallFailed, DeadlineExceeded, PaperhookError, RateLimitReached, WaitTimeout
from ..operations import carry_over, has_moved, is_stuck, pace_of
from .outcomes import WaitOutcome

if TYPE_CHECKING:
    from ..core.job import Job

#: The place of a job, the job, and for how many seconds its status has not moved.
Question: TypeAlias = "tuple[int, Job, float]"
#: The place of a job among those that are waited for, and what asking for it gave.
Ending: TypeAlias = "tuple[int, Job | PaperhookError]"
Ended: TypeAlias = tuple[int, WaitOutcome]


@dataclass(frozen=True, slots=True)
class Round:
    """What to do until something happens."""

    #: Jobs to ask for now, with their places, and for how many seconds they have not moved.
    ask: list[Question] = field(default_factory=list[Question])
    #: What has ended since the last round.
    ended: list[Ended] = field(default_factory=list[Ended])
    #: When to go on where nothing ends before, on the clock of `now`.
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class News:
    """What happened since the last round."""

    now: float
    endings: Sequence[Ending] = ()
    #: Jobs of which the tracker knows the end.
    heard: Sequence[Job] = ()


class Waits:
    """Jobs that are not final, and when each is to be asked for.

    About 300 bytes each beside the handle: a place in a heap, a gap, and an entry by id.
    """

    def __init__(self, provider: Provider, jobs: Iterable[Job], *, now: float) -> None:
        self._provider = provider
        pace = pace_of(provider)
        self._open = dict(enumerate(jobs))
        self._pace = pace
        #: Seconds for each job, so that all of them are asked for at the provider's rate.
        self._spacing = max(
            [each.seconds / each.requests for each in provider.capabilities.rates], default=0.0
        )
        self._moved_at = array("d", [now]) * len(self._open)
        self._gaps = array("d", [pace.first]) * len(self._open)
        self._due = [(now + pace.first, place) for place in self._open]
        #: When each is asked for next: an entry of `_due` that says otherwise does not count any more.
        self._next = array("d", [now + pace.first]) * len(self._open)
        self._asking: set[int] = set()
        self._hurried: set[int] = set()
        #: Those of `_asking` whose answer may be older than what hurries them.
        self._outrun: set[int] = set()
        self._places: dict[str, list[int]] = {}
        for place, job in self._open.items():
            self._places.setdefault(job.id, []).append(place)

    def __len__(self) -> int:
        return len(self._open)

    @property
    def open(self) -> list[tuple[int, Job]]:
        """All that are not final, in their order."""
        return list(self._open.items())

    def take_due(self, now: float) -> Question | None:
        """Give a job that is to be asked for now; nobody else is given it."""
        while self._due and self._due[0][0] <= now:
            due, place = heapq.heappop(self._due)
            if place in self._open and place not in self._asking and due == self._next[place]:
                self._asking.add(place)
                return place, self._open[place], now - self._moved_at[place]
        return None

    def next_due(self) -> float:
        """Say when the next job is to be asked for."""
        return self._due[0][0] if self._due else float("inf")

    def job(self, place: int) -> Job | None:
        """Give the job of a place, None where it has ended."""
        return self._open.get(place)

    def again(self, place: int, seen: Job, now: float) -> None:
        """Ask for a job again later, each time later than before."""
        before = self._open[place]
        if has_moved(before, seen) or is_stuck(self._provider, now - self._moved_at[place]):
            self._moved_at[place] = now
        if (seen.provider_status, seen.status, seen.parts) != (
            before.provider_status,
            before.status,
            before.parts,
        ):
            # What the provider said is not kept for a thousand jobs.
            self._open[place] = seen.model_copy(update={"raw": None})
        # The provider's rate is shared by all of them.
        longest = max(self._pace.longest, self._spacing * len(self._open))
        gap = self._gaps[place] = min(self._gaps[place] * self._pace.factor, longest)
        self._asking.discard(place)
        self._ask_at(now if place in self._outrun else now + self._pace.spread(gap, seen.id), place)
        self._outrun.discard(place)

    def leave(self, place: int) -> None:
        """Ask no more for a job, unless it is hurried."""
        self._asking.discard(place)
        self._outrun.discard(place)

    def hurry(self, place: int, now: float) -> None:
        """Ask for a job now, once; where it is being asked for, after that."""
        if place in self._hurried:
            return
        self._hurried.add(place)
        if place in self._asking:
            self._outrun.add(place)
        else:
            self._ask_at(now, place)

    def _ask_at(self, moment: float, place: int) -> None:
        self._next[place] = moment
        heapq.heappush(self._due, (moment, place))

    def end(self, place: int) -> None:
        """Forget a job."""
        del self._open[place]
        self.leave(place)

    def places_of(self, job_id: str) -> list[int]:
        """Give the places of a job that have not ended."""
        return [place for place in self._places.get(job_id, ()) if place in self._open]


def rounds(
    provider: Provider, jobs: Sequence[Job], *, concurrency: int, end: float, now: float, hears: bool = False
) -> Generator[Round, News, None]:
    """Decide whom to ask, until every job has ended or the time is over.

    Args:
        concurrency: How many are asked for at once.
        end: When to give up, on the clock of `now`.
        hears: Whether a job may end another way as well, so that one which cannot be polled in time is not given up.
    """
    waits = Waits(provider, jobs, now=now)
    ended: list[Ended] = [(place, WaitOutcome(job)) for place, job in waits.open if job.status.is_final]
    for place, _ in ended:
        waits.end(place)
    asking = 0
    while waits and now < end:
        ask: list[Question] = []
        while asking + len(ask) < concurrency and (due := waits.take_due(now)) is not None:
            ask.append(due)
        asking += len(ask)
        soonest = waits.next_due() if asking < concurrency else float("inf")
        news = yield Round(ask, ended, min(soonest, end))
        now, ended = news.now, []
        asking -= len(news.endings)
        for place, ending in news.endings:
            if hears and isinstance(ending, RateLimitReached):
                waits.leave(place)
                continue
            ended += _after(waits, provider, place, ending, now)
        for job in news.heard:
            ended += _heard(waits, job, now)
    late = [(place, WaitOutcome(job, _late(provider, job))) for place, job in waits.open]
    yield Round(ended=[*ended, *late])


def next_round(going: Generator[Round, News, None], news: News | None) -> Round | None:
    """Tell the news and give the next round; None at the end."""
    try:
        return next(going) if news is None else going.send(news)
    except StopIteration:
        return None


def _after(
    waits: Waits, provider: Provider, place: int, ending: Job | PaperhookError, now: float
) -> list[Ended]:
    job = waits.job(place)
    if job is None:
        # Its webhook was faster.
        return []
    if isinstance(ending, PaperhookError):
        return [_ended(waits, place, WaitOutcome(job, _about(provider, job, ending)))]
    if ending.status.is_final:
        return [_ended(waits, place, WaitOutcome(ending))]
    waits.again(place, ending, now)
    return []


def _heard(waits: Waits, job: Job, now: float) -> list[Ended]:
    ended: list[Ended] = []
    for place in waits.places_of(job.id):
        if job.status.is_failure and job.error is None:
            # A tracker knows that it failed, and the provider why.
            waits.hurry(place, now)
        else:
            known = waits.job(place)
            whole = job if known is None else carry_over(known, job)
            ended.append(_ended(waits, place, WaitOutcome(whole)))
    return ended


def _ended(waits: Waits, place: int, outcome: WaitOutcome) -> Ended:
    waits.end(place)
    return place, outcome


def _about(provider: Provider, job: Job, error: PaperhookError) -> PaperhookError:
    if isinstance(error, DeadlineExceeded):
        late = WaitTimeout(f"{provider.name}: job {job.id}: {error}", job=job).with_facts_of(error)
        late.__cause__ = error
        return late
    if isinstance(error, CallFailed):
        error.job = error.job or job
    return error


def _late(provider: Provider, job: Job) -> WaitTimeout:
    return WaitTimeout(
        f"{provider.name}: job {job.id} is still {job.status}: wait again, or let the webhook tell", job=job
    )
