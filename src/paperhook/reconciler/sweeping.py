"""`Sweep`: one look at what a provider owes us."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from ..core.job import BatchSummary, Job, JobStatus
from ..core.pages import parts_of
from ..errors import (
    BadRequest,
    JobFailed,
    MalformedAnswer,
    NotFound,
    PaperhookError,
    RateLimited,
    SubmissionUnknown,
    WaitTimeout,
)
from ..operations import inquire
from ..tracker import Submission, Which
from ..tracker.base import FURTHEST
from ..tracker.journal import handle_of
from ..tracker.reconciling import LISTING_SECONDS, reconcile
from ..worker.failures import describe
from .counts import Counts
from .entering import Entrance
from .posts import LONGEST_GAP, PAGE, Post

logger: logging.Logger = logging.getLogger("paperhook")

#: Uploads without an answer that are looked at to choose a page of them.
MANY = 1000
#: Part of the retention before whose end a job is asked for once more.
LAST_CALL = 0.1
#: Seconds without polls after a provider said that there were too many.
PENALTY = 60.0

#: Archives end with several events.
_ARCHIVE = "application/zip"


class Sweep:
    """Asks one provider for every job that is due.

    Args:
        post: Whom.
        entrance: Where what was found goes.
        clock: Seconds since the epoch.
        counts: What it came to is added here as it happens.
    """

    def __init__(self, post: Post, entrance: Entrance, clock: Callable[[], float], counts: Counts) -> None:
        self._post = post
        self._entrance = entrance
        self._clock = clock
        self._counts = counts

    async def run(self) -> None:
        """Ask until nothing is due, or the provider cannot be asked now.

        Raises:
            InboxError: If the tracker or the inbox is away.
        """
        await self._settle_unknown()
        while True:
            asked = self._post.tracker.claim_silent(
                self._post.provider.name,
                silence=self._post.silence,
                hold=self._post.hold,
                limit=PAGE,
                now=self._clock(),
            )
            rows = await asyncio.wrap_future(asked)
            for row in rows:
                if not await self._look_whatever_it_holds(row):
                    return
            # Also where jobs are due for hours.
            await self._complete_batches()
            if len(rows) < PAGE:
                return

    async def _complete_batches(self) -> None:
        """Say that a batch ended whose documents all did, where its own webhook had time to."""
        claimed = self._post.tracker.claim_batches(
            self._post.provider.name, hold=self._post.silence, limit=PAGE, now=self._clock()
        )
        for batch in await asyncio.wrap_future(claimed):
            if len(batch.ended) < batch.total or self._is_recent(batch.ended_at, self._post.silence):
                continue
            succeeded = sum(state.is_success for state in batch.ended)
            summary = BatchSummary(
                total=batch.total, succeeded=succeeded, failed=len(batch.ended) - succeeded
            )
            envelope = self._post.provider.batch_ended(batch.batch_id, summary)
            if envelope is not None:
                await self._entrance.enter(self._post.provider, (envelope,), self._counts)
            settled = self._post.tracker.settle_batch(
                self._post.provider.name, batch.batch_id, now=self._clock()
            )
            await asyncio.wrap_future(settled)

    async def _look_whatever_it_holds(self, row: Submission) -> bool:
        """Find out about one job; one at which the provider's reader fails must not keep the others from being asked for."""
        try:
            return await self._look(row)
        except PaperhookError:
            raise
        except Exception as error:  # noqa: BLE001 - it is asked for again, and others are meanwhile
            name = f"{self._post.provider.name}: job {row.job.id}"
            logger.error("%s cannot be looked at: %s", name, describe(error))  # noqa: TRY400 - no content
            self._counts.unanswered += 1
            await self._postpone(row)
            return True

    async def _look(self, row: Submission) -> bool:
        """Find out about one job; False where the provider cannot be asked now."""
        ended = await self._entrance.ended(self._post.provider.name, row.job)
        is_archive = self._post.provider.capabilities.delivers_per_member and row.content_type == _ARCHIVE
        if len(ended) == len(parts_of(row.job)) and not is_archive:
            self._counts.heard += 1
            await self._settle(ended)
            return True
        await self._post.wait_for_turn(2 * len(parts_of(row.job)))
        self._counts.polled += 1
        try:
            job, envelopes = await self._post.run(inquire(self._post.provider, _to_ask_for(row.job)))
        except WaitTimeout:
            # Done by its status, and its result is not there yet.
            await self._postpone(row)
            return True
        except PaperhookError as error:
            self._counts.unanswered += 1
            may_go_on = self._may_go_on(row, error)
            # A provider that is away says nothing of a job: that one is not asked for later and later.
            await self._postpone(row, gap=None if may_go_on else self._post.silence)
            return may_go_on
        if job.status is JobStatus.EXPIRED:
            await self._expire(row, ended)
            return True
        await self._entrance.enter(self._post.provider, envelopes, self._counts)
        await asyncio.wrap_future(self._post.tracker.note(job, now=self._clock()))
        if job.status.is_final:
            await self._settle({row.job.id: job.status})
        else:
            await self._postpone(row)
        return True

    async def _expire(self, row: Submission, ended: Mapping[str, JobStatus]) -> None:
        kept = self._post.provider.capabilities.retention_seconds
        is_over = kept is not None and self._clock() >= _since(row) + kept
        # A provider may not know a job yet, or not for a moment, so it is asked twice.
        if not is_over and row.error_code != "not_found":
            await self._postpone(row, error_code="not_found")
            return
        missing = [part.id for part in parts_of(row.job) if part.id not in ended]
        for job_id in missing:
            await self._entrance.expire(self._post.provider, job_id)
        self._counts.expired += 1
        logger.error(
            "%s: job %s of %s is gone at the provider, and its end was never heard of",
            self._post.provider.name,
            row.job.id,
            row.filename,
        )
        await self._settle({**ended, **dict.fromkeys(missing, JobStatus.EXPIRED)})

    async def _settle(self, ends: Mapping[str, JobStatus]) -> None:
        await asyncio.wrap_future(
            self._post.tracker.settle(self._post.provider.name, ends, now=self._clock())
        )

    async def _postpone(self, row: Submission, *, gap: float | None = None, error_code: str = "") -> None:
        now = self._clock()
        usual = self._post.silence * 2.0 ** min(max(0, row.polls - 1), 60)
        until = now + min(usual if gap is None else gap, LONGEST_GAP)
        kept = self._post.provider.capabilities.retention_seconds
        if kept is not None:
            last_call = _since(row) + kept * (1 - LAST_CALL)
            until = min(until, max(last_call, now + self._post.silence))
            if now >= last_call:
                gone_at = datetime.fromtimestamp(_since(row) + kept, UTC).isoformat(timespec="minutes")
                logger.warning(
                    "%s: job %s still runs, and its result is deleted at %s",
                    self._post.provider.name,
                    row.job.id,
                    gone_at,
                )
        postponed = self._post.tracker.postpone(row.attempt_id, until=until, error_code=error_code, now=now)
        await asyncio.wrap_future(postponed)

    def _may_go_on(self, row: Submission, error: PaperhookError) -> bool:
        """Tell whether an error was about one job, or about the provider."""
        logger.warning("job %s cannot be asked for: %s", row.job.id, error)
        if isinstance(error, RateLimited):
            pause = PENALTY if error.retry_after is None else error.retry_after
            # Some write a time since the epoch, and nobody would be asked for decades.
            self._post.free_at = asyncio.get_running_loop().time() + min(pause, LONGEST_GAP)
            return False
        return isinstance(error, (BadRequest, NotFound, MalformedAnswer, JobFailed))

    async def _settle_unknown(self) -> None:
        """Look for uploads without an answer in the provider's listing."""
        if not self._post.provider.capabilities.lists_jobs:
            return
        for row in await self._unknown():
            await self._post.wait_for_turn(1)
            try:
                await self._post.run(reconcile(self._post.provider, self._post.tracker, handle_of(row)))
            except SubmissionUnknown:
                self._post.put_off_again(row.attempt_id)
                continue
            except PaperhookError as error:
                logger.warning("the jobs of %s cannot be listed: %s", self._post.provider.name, error)
                self._counts.unanswered += 1
                return
            self._counts.settled += 1

    async def _unknown(self) -> Sequence[Submission]:
        """Give a page of uploads without an answer; any of them, so that none hides the others for ever."""
        which = Which(provider=self._post.provider.name, states=(JobStatus.SUBMISSION_UNKNOWN,))
        rows = await asyncio.wrap_future(self._post.tracker.rows(which, limit=MANY))
        known = {row.attempt_id for row in rows}
        self._post.put_off = {name: when for name, when in self._post.put_off.items() if name in known}
        shown_after = max(LISTING_SECONDS, self._post.silence)
        due = [
            row
            for row in rows
            if not self._is_recent(row.sent_at or row.updated_at, shown_after)
            and not self._post.is_put_off(row.attempt_id)
        ]
        return random.sample(due, min(PAGE, len(due)))

    def _is_recent(self, moment: float, seconds: float) -> bool:
        """Tell whether a moment is less than so many seconds ago, or a little ahead, as machines differ."""
        return moment - FURTHEST < self._clock() < moment + seconds


def _to_ask_for(job: Job) -> Job:
    """Give a handle that says nothing of how the job stands: what the provider said then is not kept."""
    parts = tuple(_to_ask_for(part) for part in job.parts)
    return job.model_copy(update={"status": JobStatus.SUBMITTED, "parts": parts, "error": None})


def _since(row: Submission) -> float:
    return row.created_at if row.submitted_at is None else row.submitted_at
