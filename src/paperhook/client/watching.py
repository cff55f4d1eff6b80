"""Tells observers how waiting for jobs ended; loaded by clients that have some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from functools import partial

from ..core.job import Job
from ..errors import PaperhookError, WaitTimeout
from ..observe.details import Observer, WaitEnded
from ..operations import TellWait
from .waits import News, Round


def told(tell: Observer, provider: str) -> TellWait:
    """Give what tells how a wait ended."""
    return partial(_tell, tell, provider)


def _tell(tell: Observer, provider: str, ended: Job | PaperhookError, seconds: float, polls: int) -> None:
    error = "" if isinstance(ended, Job) else type(ended).__name__
    tell(WaitEnded(provider, _result(ended), polls, seconds, error))


def _result(ended: Job | PaperhookError) -> str:
    if isinstance(ended, Job):
        return "completed" if ended.status.is_success else "failed"
    return "late" if isinstance(ended, WaitTimeout) else "error"


def rounds_told(
    rounds: Generator[Round, News, None], tell: TellWait, *, now: float
) -> Generator[Round, News, None]:
    """Give the same rounds, and tell of each job that ended, before the caller hears of it.

    Args:
        now: When the waiting began.
    """
    polls = Counter[int]()
    moment = now
    turn = next(rounds)
    while True:
        polls.update([place for place, _, _ in turn.ask])
        for place, outcome in turn.ended:
            tell(outcome.error or outcome.job, moment - now, polls.pop(place, 0))
        news = yield turn
        moment = news.now
        try:
            turn = rounds.send(news)
        except StopIteration:
            return
