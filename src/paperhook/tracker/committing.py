"""What all trackers in databases share: each call is one piece of work for the thread that commits."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from ..core.job import Batch, Job, JobStatus
from ..inbox.commits import GroupCommit, Transactions, Work
from . import planning, work
from .base import ANY, Begun, Planned, Submission, Tally, TrackedBatch, Turn, Which
from .database import Db

C = TypeVar("C")
P = ParamSpec("P")
T = TypeVar("T")


class CommittingTracker(Generic[C]):
    """Asks everything of one thread, which commits for all that wait.

    Args:
        transactions: The store as that thread sees it.
        db_of: Makes of its connection what `work` is done with.
    """

    def __init__(self, transactions: Transactions[C], db_of: Callable[[C], Db]) -> None:
        self._commits = GroupCommit(transactions, name="paperhook-tracker")
        self._db_of = db_of
        # A tracker that nobody holds any more, and the end of the interpreter, close it.
        self._close = weakref.finalize(self, self._commits.close)

    def begin(
        self, draft: Submission, turn: Turn, *, again: bool, repeat_within: float | None, now: float
    ) -> Future[Begun]:
        """Find the row of an upload, or make it, and take its turn where it is free."""
        return self._ask(work.begin, work.Beginning(draft, turn, again, repeat_within, now))

    def sending(self, attempt_id: str, turn: Turn, *, now: float) -> Future[bool]:
        """Record that the first byte is about to leave."""
        return self._ask(work.sending, attempt_id, turn, now)

    def record(self, attempt_id: str, job: Job, *, now: float) -> Future[Submission | None]:
        """Record the provider's job."""
        return self._ask(work.record, attempt_id, job, now)

    def give_up(
        self, attempt_id: str, turn: Turn, *, is_unknown: bool, error_code: str, now: float
    ) -> Future[bool]:
        """End a turn without a job."""
        return self._ask(work.give_up, attempt_id, turn, is_unknown, error_code, now)

    def absent(self, attempt_id: str, *, now: float) -> Future[bool]:
        """Record that the provider has no job for it."""
        return self._ask(work.absent, attempt_id, now)

    def note(self, job: Job, *, now: float) -> Future[bool]:
        """Record how a job stands."""
        return self._ask(work.note, job, now)

    def settle(self, provider: str, ends: Mapping[str, JobStatus], *, now: float) -> Future[bool]:
        """Record that the end of jobs is in the inbox."""
        return self._ask(work.settle, provider, ends, now)

    def ended(self, provider: str, *, since: float) -> Future[tuple[Job, ...]]:
        """Give the jobs whose end came into the inbox since a moment."""
        return self._ask(work.ended, provider, since)

    def claim_silent(
        self, provider: str, *, silence: float, hold: float, limit: int, now: float
    ) -> Future[tuple[Submission, ...]]:
        """Take jobs whose end is not in the inbox."""
        return self._ask(work.claim_silent, provider, silence, hold, limit, now)

    def postpone(self, attempt_id: str, *, until: float, error_code: str, now: float) -> Future[bool]:
        """Ask for a silent job again at `until`."""
        return self._ask(work.postpone, attempt_id, until, error_code, now)

    def record_batch(self, batch: Batch, *, now: float) -> Future[None]:
        """Record a batch."""
        return self._ask(work.record_batch, batch, now)

    def record_jobs(self, jobs: Mapping[str, Job], batch: Batch, *, now: float) -> Future[None]:
        """Record the jobs of a batch, and the batch."""
        return self._ask(work.record_jobs, jobs, batch, now)

    def claim_batches(
        self, provider: str, *, hold: float, limit: int, now: float
    ) -> Future[tuple[TrackedBatch, ...]]:
        """Take batches whose end is not in the inbox."""
        return self._ask(work.claim_batches, provider, hold, limit, now)

    def settle_batch(self, provider: str, batch_id: str, *, now: float) -> Future[None]:
        """Record that the end of a batch is in the inbox."""
        return self._ask(work.settle_batch, provider, batch_id, now)

    def plan(self, plans: Sequence[Planned]) -> Future[None]:
        """Record files that are to be uploaded."""
        return self._ask(planning.plan, plans)

    def planned(
        self, provider: str | None = None, *, scope: str | None = None, limit: int = 1000
    ) -> Future[tuple[Planned, ...]]:
        """Give files that are not finished."""
        return self._ask(planning.planned, provider, scope, limit)

    def fulfil(self, plan_ids: Sequence[str]) -> Future[None]:
        """Record that files are finished."""
        return self._ask(planning.fulfil, plan_ids)

    def rows(self, which: Which = ANY, *, limit: int = 100) -> Future[tuple[Submission, ...]]:
        """Give rows, newest first."""
        return self._ask(work.rows, which, limit)

    def tally(self) -> Future[Tally]:
        """Count rows by state."""
        return self._ask(work.tally)

    def close(self) -> None:
        """Finish what was asked and let go; calling twice is fine."""
        self._close()

    def _ask(self, function: Callable[Concatenate[Db, P], T], *args: P.args, **names: P.kwargs) -> Future[T]:
        db_of = self._db_of
        return self._commits.ask(_DO, lambda connection: function(db_of(connection), *args, **names))


def _do(connection: Any, asks: Sequence[Callable[[Any], Any]]) -> list[Any]:
    return [ask(connection) for ask in asks]


# One kind of work for all, because what is asked is done in the order in which it was asked.
_DO: Work[Any, Callable[[Any], Any], Any] = Work(_do, turn=0)
