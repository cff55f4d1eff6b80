"""`Reconciler`: finds documents whose webhook did not come, by asking, and hands them to the same handlers.

| a tracked job that nothing was heard of for `silence` seconds | what happens |
|---|---|
| its end is in the inbox | it is settled, nothing is asked |
| it still runs | it is asked for again later, each time later, and before its result is deleted |
| it has ended | its event enters the inbox with `origin="poll"` and the key that its webhook would have had |
| the provider has forgotten it, twice | a `document.failed` with the code `expired` enters the inbox |
| it was the last of its batch, and no event told that the batch ended | a `batch.completed` enters the inbox |
| its upload is `submission_unknown` | it is looked for in the provider's listing, where there is one |

A webhook that comes after that is a duplicate, and a poll that comes after the webhook is one too. So any number of
reconcilers may run; a job is asked for by one at a time.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias, TypeVar

from .client import AsyncClient, Client
from .core.delivery import Envelope
from .core.event import DocumentCompleted, DocumentFailed, Event, Origin
from .core.job import BatchSummary, Job, JobStatus
from .core.pages import parts_of
from .core.provider import Provider
from .core.steps import Steps
from .errors import (
    BadRequest,
    ConfigurationError,
    JobFailed,
    MalformedAnswer,
    NotFound,
    PaperhookError,
    RateLimited,
    SubmissionUnknown,
    WaitTimeout,
)
from .inbox.base import Filter, Inbox
from .observe.details import UNOBSERVED, EventRecovered, JobsMeasured, Observers
from .operations import inquire
from .tracker import Submission, Tracker, Which
from .tracker.journal import LISTING_SECONDS, handle_of, reconcile
from .worker.failures import describe

logger = logging.getLogger("paperhook")

T = TypeVar("T")

AnyClient: TypeAlias = Client | AsyncClient

#: A job is silent after so many times what a document usually takes, and never sooner than so many seconds.
USUAL_TIMES = 10.0
SHORTEST_SILENCE = 10.0
#: Seconds; no two polls of a job are further apart.
LONGEST_GAP = 3600.0
#: Part of a provider's rate that polling takes, so that uploads have the rest.
SHARE = 0.5
#: Requests per minute where a provider states no rate.
ASSUMED_PER_MINUTE = 60
#: Jobs taken at once.
PAGE = 20
#: Part of the retention before whose end a job is asked for once more.
LAST_CALL = 0.1
#: Seconds between two counts of the jobs, for observers.
COUNT_SECONDS = 15.0
#: Seconds without polls after a provider said that there were too many.
PENALTY = 60.0

_ENDS: Mapping[str, JobStatus] = {
    DocumentCompleted.canonical_type: JobStatus.COMPLETED,
    DocumentFailed.canonical_type: JobStatus.FAILED_TERMINAL,
}
#: Archives end with several events.
_ARCHIVE = "application/zip"


class Receiver(Protocol):
    """What takes in what polling finds; `Webhooks` is one."""

    @property
    def inbox(self) -> Inbox:
        """Where events are stored."""
        ...

    @property
    def providers(self) -> Mapping[str, Provider]:
        """The providers whose events it takes, by name."""
        ...

    async def aput_polled(self, provider: str, envelopes: Sequence[Envelope]) -> tuple[bool, ...]:
        """Store events; give for each that somebody listens to whether it was new."""
        ...


@dataclass(slots=True)
class Counts:
    """What reconciling came to."""

    #: Jobs that were asked for.
    polled: int = 0
    #: Events whose webhook was lost: the provider's loss.
    recovered: int = 0
    #: Failures of a provider that pushes none.
    unpushed: int = 0
    #: Jobs that the provider had forgotten.
    expired: int = 0
    #: Jobs whose end was in the inbox already.
    heard: int = 0
    #: Uploads without an answer whose job was found, or that never arrived.
    settled: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(slots=True)
class _Post:
    """One provider that is asked."""

    client: AnyClient
    provider: Provider
    tracker: Tracker
    silence: float
    #: Seconds between two requests.
    spacing: float
    #: On the clock of the event loop: no request before it.
    free_at: float = 0.0

    @property
    def hold(self) -> float:
        """Seconds in which the jobs of a page are surely done with."""
        return 60.0 + 4 * PAGE * self.spacing

    async def run(self, steps: Steps[T]) -> T:
        if isinstance(self.client, AsyncClient):
            return await self.client.run(steps)
        return await asyncio.to_thread(self.client.run, steps)

    async def wait_for_turn(self, requests: int) -> None:
        """Keep to the provider's rate."""
        now = asyncio.get_running_loop().time()
        start = max(now, self.free_at)
        self.free_at = start + requests * self.spacing
        await asyncio.sleep(start - now)


class Reconciler:
    """Asks for tracked jobs of which nothing was heard.

    Args:
        receiver: Your `Webhooks`.
        clients: One for each provider, each with a tracker.
        silence: Seconds after the upload before a job is asked for; by default ten times what the provider usually takes,
            at least 10.
        rate: Requests per second to each provider; by default half of what it allows.
        every: Seconds between two looks at the tracker; by default half of the shortest silence, 1 to 60.
        on_recovered: Called with each event whose webhook was lost; sync or async.
        clock: Seconds since the epoch.
        observe: Who is told of what was recovered.

    Raises:
        ConfigurationError: If a client has no tracker, or its provider is not one of the receiver's.
    """

    def __init__(
        self,
        receiver: Receiver,
        clients: Iterable[AnyClient],
        *,
        silence: float | None = None,
        rate: float | None = None,
        every: float | None = None,
        on_recovered: Callable[[Event], Any] | None = None,
        clock: Callable[[], float] = time.time,
        observe: Observers = UNOBSERVED,
    ) -> None:
        for word, number in (("silence", silence), ("rate", rate), ("every", every)):
            if number is not None and not number > 0:
                raise ConfigurationError(f"reconciler: {word} is {number!r}: it must be above 0")
        self._receiver = receiver
        self._posts = [_post(receiver, client, silence, rate) for client in clients]
        if not self._posts:
            raise ConfigurationError(
                "there is no client to ask with: write Webhooks(provider, reconcile=Client(provider, tracker=…))"
            )
        shortest = min(post.silence for post in self._posts)
        self._every = min(60.0, max(1.0, shortest / 2)) if every is None else every
        self._on_recovered = on_recovered
        self._clock = clock
        self._observers = observe
        #: On the clock of the event loop: when jobs are counted next.
        self._count_at = 0.0
        #: Since it was made.
        self.counts = Counts()

    async def run(self) -> None:
        """Sweep until cancelled; a store or a provider that is away delays and ends nothing."""
        while True:
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - whatever fails today may work with the next sweep
                logger.error("reconciling failed, again in %g s: %s", self._every, describe(error))  # noqa: TRY400
            await asyncio.sleep(self._every)

    async def sweep(self) -> Counts:
        """Ask once for every job that is due.

        Returns:
            What this sweep came to.

        Raises:
            InboxError: If the tracker or the inbox is away.
        """
        found = [Counts() for _ in self._posts]
        sweeps = [self._sweep(post, counts) for post, counts in zip(self._posts, found, strict=True)]
        try:
            # One provider must not keep the others from being asked.
            ended = await asyncio.gather(*sweeps, return_exceptions=True)
        finally:
            # What was found before a cut was found.
            self.counts = sum(found, self.counts)
        for error in ended:
            if error is not None:
                raise error
        await self._count_jobs()
        return sum(found, Counts())

    async def _count_jobs(self) -> None:
        """Tell the observers how many jobs are open, now and then: counting looks at every row."""
        now = asyncio.get_running_loop().time()
        if not self._observers or now < self._count_at:
            return
        self._count_at = now + COUNT_SECONDS
        # Clients may share one.
        trackers = {id(post.tracker): post.tracker for post in self._posts}.values()
        tallies = [await asyncio.wrap_future(each.tally()) for each in trackers]
        unknown = sum(each.by_state.get(JobStatus.SUBMISSION_UNKNOWN, 0) for each in tallies)
        settled = sum(each.settled for each in tallies)
        self._observers(JobsMeasured(sum(each.total for each in tallies) - settled, unknown, settled))

    async def _sweep(self, post: _Post, counts: Counts) -> None:
        await self._settle_unknown(post, counts)
        while True:
            asked = post.tracker.claim_silent(
                post.provider.name, silence=post.silence, hold=post.hold, limit=PAGE, now=self._clock()
            )
            rows = await asyncio.wrap_future(asked)
            for row in rows:
                if not await self._look(post, row, counts):
                    return
            if len(rows) < PAGE:
                await self._complete_batches(post, counts)
                return

    async def _complete_batches(self, post: _Post, counts: Counts) -> None:
        """Say that a batch ended whose documents all did, where its own webhook had time to."""
        claimed = post.tracker.claim_batches(
            post.provider.name, hold=post.silence, limit=PAGE, now=self._clock()
        )
        for batch in await asyncio.wrap_future(claimed):
            if len(batch.ended) < batch.total or self._clock() < batch.ended_at + post.silence:
                continue
            succeeded = sum(state.is_success for state in batch.ended)
            summary = BatchSummary(
                total=batch.total, succeeded=succeeded, failed=len(batch.ended) - succeeded
            )
            envelope = post.provider.batch_ended(batch.batch_id, summary)
            if envelope is not None:
                await self._enter(post, (envelope,), counts)
            settled = post.tracker.settle_batch(post.provider.name, batch.batch_id, now=self._clock())
            await asyncio.wrap_future(settled)

    async def _look(self, post: _Post, row: Submission, counts: Counts) -> bool:
        """Find out about one job; False where the provider cannot be asked now."""
        ended = await self._ended(post.provider.name, row.job)
        is_archive = post.provider.capabilities.delivers_per_member and row.content_type == _ARCHIVE
        if len(ended) == len(parts_of(row.job)) and not is_archive:
            counts.heard += 1
            await self._settle(post, ended)
            return True
        await post.wait_for_turn(2 * len(parts_of(row.job)))
        counts.polled += 1
        try:
            job, envelopes = await post.run(inquire(post.provider, _to_ask_for(row.job)))
        except WaitTimeout:
            # Done by its status, and its result is not there yet.
            await self._postpone(post, row)
            return True
        except PaperhookError as error:
            await self._postpone(post, row)
            return self._may_go_on(post, row, error)
        if job.status is JobStatus.EXPIRED:
            await self._expire(post, row, ended, counts)
            return True
        await self._enter(post, envelopes, counts)
        await asyncio.wrap_future(post.tracker.note(job, now=self._clock()))
        if job.status.is_final:
            await self._settle(post, {row.job.id: job.status})
        else:
            await self._postpone(post, row)
        return True

    async def _ended(self, provider: str, job: Job) -> dict[str, JobStatus]:
        """Give those of a document's jobs whose end is in the inbox."""
        ended: dict[str, JobStatus] = {}
        for part in parts_of(job):
            asked = self._receiver.inbox.rows(Filter(provider=provider, job_id=part.id))
            for row in await asyncio.wrap_future(asked):
                if row.entry.type in _ENDS:
                    ended[part.id] = _ENDS[row.entry.type]
        return ended

    async def _enter(self, post: _Post, envelopes: Sequence[Envelope], counts: Counts) -> None:
        """Put what was found into the inbox, and count and tell what no webhook had told."""
        for envelope in envelopes:
            is_new = await self._receiver.aput_polled(post.provider.name, (envelope,))
            if not any(is_new):
                continue
            if (
                envelope.type == DocumentFailed.canonical_type
                and not post.provider.capabilities.pushes_failures
            ):
                counts.unpushed += 1
                continue
            counts.recovered += 1
            self._observers(EventRecovered(post.provider.name, envelope.type))
            logger.warning(
                "%s: the webhook of %s was lost: %s was found by polling",
                post.provider.name,
                envelope.job_id or f"batch {envelope.batch_id}",
                envelope.type,
            )
            await self._tell(post.provider.event(envelope, body=b"", origin=Origin.POLL))

    async def _tell(self, event: Event) -> None:
        if self._on_recovered is None:
            return
        try:
            told = self._on_recovered(event)
            if inspect.isawaitable(told):
                await told
        except Exception as error:  # noqa: BLE001 - an alarm that fails must not stop the search
            logger.error("on_recovered failed: %s", describe(error))  # noqa: TRY400

    async def _expire(
        self, post: _Post, row: Submission, ended: Mapping[str, JobStatus], counts: Counts
    ) -> None:
        kept = post.provider.capabilities.retention_seconds
        is_over = kept is not None and self._clock() >= _since(row) + kept
        # A provider may not know a job yet, or not for a moment, so it is asked twice.
        if not is_over and row.error_code != "not_found":
            await self._postpone(post, row, error_code="not_found")
            return
        missing = [part.id for part in parts_of(row.job) if part.id not in ended]
        for job_id in missing:
            await self._receiver.aput_polled(post.provider.name, (post.provider.expired(job_id),))
        counts.expired += 1
        logger.error(
            "%s: job %s of %s is gone at the provider, and its end was never heard of",
            post.provider.name,
            row.job.id,
            row.filename,
        )
        await self._settle(post, {**ended, **dict.fromkeys(missing, JobStatus.EXPIRED)})

    async def _settle(self, post: _Post, ends: Mapping[str, JobStatus]) -> None:
        await asyncio.wrap_future(post.tracker.settle(post.provider.name, ends, now=self._clock()))

    async def _postpone(self, post: _Post, row: Submission, *, error_code: str = "") -> None:
        now = self._clock()
        until = now + min(post.silence * 2.0 ** max(0, row.polls - 1), LONGEST_GAP)
        kept = post.provider.capabilities.retention_seconds
        if kept is not None:
            last_call = _since(row) + kept * (1 - LAST_CALL)
            until = min(until, max(last_call, now + post.silence))
            if now >= last_call:
                gone_at = datetime.fromtimestamp(_since(row) + kept, UTC).isoformat(timespec="minutes")
                logger.warning(
                    "%s: job %s still runs, and its result is deleted at %s",
                    post.provider.name,
                    row.job.id,
                    gone_at,
                )
        postponed = post.tracker.postpone(row.attempt_id, until=until, error_code=error_code, now=now)
        await asyncio.wrap_future(postponed)

    def _may_go_on(self, post: _Post, row: Submission, error: PaperhookError) -> bool:
        """Tell whether an error was about one job, or about the provider."""
        logger.warning("job %s cannot be asked for: %s", row.job.id, error)
        if isinstance(error, RateLimited):
            pause = PENALTY if error.retry_after is None else error.retry_after
            post.free_at = asyncio.get_running_loop().time() + pause
            return False
        return isinstance(error, (BadRequest, NotFound, MalformedAnswer, JobFailed))

    async def _settle_unknown(self, post: _Post, counts: Counts) -> None:
        """Look for uploads without an answer in the provider's listing."""
        if not post.provider.capabilities.lists_jobs:
            return
        which = Which(provider=post.provider.name, states=(JobStatus.SUBMISSION_UNKNOWN,))
        for row in await asyncio.wrap_future(post.tracker.rows(which, limit=PAGE)):
            if self._clock() < (row.sent_at or row.updated_at) + max(LISTING_SECONDS, post.silence):
                continue
            await post.wait_for_turn(1)
            try:
                await post.run(reconcile(post.provider, post.tracker, handle_of(row)))
            except SubmissionUnknown:
                continue
            except PaperhookError as error:
                logger.warning("the jobs of %s cannot be listed: %s", post.provider.name, error)
                return
            counts.settled += 1


def _post(receiver: Receiver, client: AnyClient, silence: float | None, rate: float | None) -> _Post:
    provider, tracker = client.provider, client.tracker
    if tracker is None:
        raise ConfigurationError(
            f"the client of {provider.name} has no tracker, so nobody knows which jobs are silent: "
            "write Client(provider, tracker='sqlite:///paperhook.db')"
        )
    if provider.name not in receiver.providers:
        raise ConfigurationError(f"{provider.name} is none of the providers of this Webhooks")
    can = provider.capabilities
    usual = max(SHORTEST_SILENCE, USUAL_TIMES * can.usual_seconds)
    per_second = (
        ASSUMED_PER_MINUTE / 60 if can.rate_requests is None else can.rate_requests / can.rate_seconds
    )
    spacing = 1 / (per_second * SHARE if rate is None else rate)
    return _Post(client, provider, tracker, usual if silence is None else silence, spacing)


def _to_ask_for(job: Job) -> Job:
    """Give a handle that says nothing of how the job stands: what the provider said then is not kept."""
    return job.model_copy(update={"status": JobStatus.SUBMITTED, "parts": (), "error": None})


def _since(row: Submission) -> float:
    return row.created_at if row.submitted_at is None else row.submitted_at
