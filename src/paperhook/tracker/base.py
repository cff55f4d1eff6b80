"""The tracker contract: a durable row for each submission, so that no document is sent twice and none is forgotten.

| row | means | next |
|---|---|---|
| `validated`, leased | somebody is about to send it, or sends it | `submitted`, free again, or `submission_unknown` |
| `validated`, free | nothing was sent, or the provider refused it | leased by whoever uploads it |
| `submission_unknown` | it was sent and no answer tells | a job, found by its key or in the provider's listing |
| `submitted` and later | there is a job; see `core.job` | settled when its end is in the inbox |

Rules that every store keeps:

* A row that was sent may be sent again under its own key only: a document of a batch with that batch, not by itself.
* The newest row of an identity counts: who uploads the same content, provider and options is given it.
* One caller at a time sends a row. When it died, or its lease ran out, what it may have sent is `submission_unknown`.
* A state changes by `core.job.LEGAL_MOVES` only; a job that a row has is never replaced by another.

The ids are those of the integration guide: `document_id` is one file of yours, `attempt_id` one run through a provider,
`job.id` the provider's own. Every method returns at once with a future, as in `inbox.base`. Times are arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..core.job import Batch, Job, JobStatus


@dataclass(frozen=True, slots=True)
class Submission:
    """One run of one document through one provider."""

    #: Ours, for this run: the guide's `processing_attempt_id`.
    attempt_id: str
    #: Ours, for the file: the same for the same content and namespace, whichever the provider.
    document_id: str
    provider: str
    #: The same for the same content, provider, options and namespace.
    identity: str
    #: The idempotency key that is sent.
    key: str
    #: Lower-case hex SHA-256 of the content.
    sha256: str
    size_bytes: int
    filename: str
    content_type: str
    #: The handle: its id is empty until the provider has answered. It holds no answer of the provider.
    job: Job
    namespace: str = ""
    state: JobStatus = JobStatus.VALIDATED
    #: How often it began to be sent.
    attempts: int = 0
    #: Why it ended or was refused: the provider's code, or the name of the error.
    error_code: str = ""
    created_at: float = 0.0
    updated_at: float = 0.0
    #: When its first byte was about to leave; None before.
    sent_at: float | None = None
    #: When the provider's answer was recorded.
    submitted_at: float | None = None
    #: When its end was in the inbox.
    settled_at: float | None = None
    #: How often the reconciler has taken it up: once when it was given it, and once for each time it was postponed.
    polls: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is to send: an upload's claim to one row."""

    #: Fences out a sender that was given up.
    token: str
    #: Who holds it, see `owner.this_process`.
    owner: str
    #: Seconds after which others take it for dead.
    lease: float


@dataclass(frozen=True, slots=True)
class Begun:
    """The row of an upload."""

    submission: Submission
    #: Whether the caller sends it; else there is a job, nobody knows, or somebody else sends it now.
    is_mine: bool
    #: Whether somebody else sends it now.
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class TrackedBatch:
    """Several documents that were submitted in one call, and how far they are."""

    batch_id: str
    #: How many documents it has.
    total: int
    #: How those ended whose end is in the inbox.
    ended: tuple[JobStatus, ...] = ()
    #: When the last of these was; 0 where there is none.
    ended_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which rows to list; empty members match everything."""

    provider: str | None = None
    attempt_id: str | None = None
    #: The provider's id, of the whole or of a part.
    job_id: str | None = None
    key: str | None = None
    states: tuple[JobStatus, ...] = ()
    #: Whether its end is in the inbox.
    is_settled: bool | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A file that is to be uploaded: of many that were given at once, one that is not finished."""

    #: The same for the same path, metadata and scope.
    plan_id: str
    provider: str
    #: The same for the same base URL, options and namespace.
    scope: str
    namespace: str
    #: Absolute.
    path: str
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    #: Seconds since the epoch.
    planned_at: float = 0.0
    #: The same for files that are to be sent in one call; empty where it goes alone.
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many submissions there are."""

    by_state: Mapping[JobStatus, int] = field(default_factory=dict[JobStatus, int])
    settled: int = 0
    #: Seconds since the epoch when the oldest was sent whose end is not in the inbox; None where there is none.
    oldest_open: float | None = None

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.by_state.values())

    @property
    def open(self) -> int:
        """Rows whose end is not in the inbox."""
        return self.total - self.settled

    @property
    def unknown(self) -> int:
        """Open rows whose upload got no answer, so that nobody knows whether it arrived."""
        return self.by_state.get(JobStatus.SUBMISSION_UNKNOWN, 0)

    def __add__(self, other: Tally) -> Tally:
        states = {*self.by_state, *other.by_state}
        since = [each for each in (self.oldest_open, other.oldest_open) if each is not None]
        return Tally(
            {state: self.by_state.get(state, 0) + other.by_state.get(state, 0) for state in states},
            self.settled + other.settled,
            min(since, default=None),
        )

    def waited(self, now: float) -> float:
        """Give the seconds since the oldest open one was sent; 0 where none is open."""
        return 0.0 if self.oldest_open is None else max(0.0, now - self.oldest_open)


#: Matches every row.
ANY = Which()


#: Seconds. Nothing is put off for longer, or for twice its `hold`: a time that is further ahead was written by a clock
#: that was wrong, and is taken for due.
FURTHEST = 7200.0


class Tracker(Protocol):
    """Where submissions are remembered; see the module for states and futures."""

    def begin(
        self, draft: Submission, turn: Turn, *, again: bool, repeat_within: float | None, now: float
    ) -> Future[Begun]:
        """Find the row of an upload, or make it, and take its turn where it is free.

        Args:
            draft: The row to make where there is none.
            turn: The caller's.
            again: Make a new row whatever is there.
            repeat_within: Seconds after the first byte in which the provider honours the key, so that a
                `submission_unknown` may be sent again; None where it never does.
            now: Seconds since the epoch.

        Raises:
            InboxUnavailable: (from the future) If the store is locked, full or away; then nothing was stored.
        """
        ...

    def sending(self, attempt_id: str, turn: Turn, *, now: float) -> Future[bool]:
        """Record that the first byte is about to leave; False where the turn was lost: then nothing may be sent."""
        ...

    def record(self, attempt_id: str, job: Job, *, now: float) -> Future[Submission | None]:
        """Record the provider's job, whoever's turn it is; give the row, None where there is no such attempt."""
        ...

    def give_up(
        self, attempt_id: str, turn: Turn, *, is_unknown: bool, error_code: str, now: float
    ) -> Future[bool]:
        """End a turn without a job: the row is free again, or `submission_unknown`."""
        ...

    def absent(self, attempt_id: str, *, now: float) -> Future[bool]:
        """Record that the provider has no job for a `submission_unknown`: it may be sent again.

        False where it is none any more, or somebody sends it again now.
        """
        ...

    def note(self, job: Job, *, now: float) -> Future[bool]:
        """Record how a job stands, where the move is legal; False where it is not tracked."""
        ...

    def settle(self, provider: str, ends: Mapping[str, JobStatus], *, now: float) -> Future[bool]:
        """Record that the end of jobs is in the inbox: their ids, of wholes or parts, and how they ended.

        Returns:
            Whether one of them is tracked.
        """
        ...

    def ended(self, provider: str, *, since: float) -> Future[tuple[Job, ...]]:
        """Give the jobs whose end came into the inbox since a moment."""
        ...

    def claim_silent(
        self, provider: str, *, silence: float, hold: float, limit: int, now: float
    ) -> Future[tuple[Submission, ...]]:
        """Take jobs whose end is not in the inbox, those that are due longest first.

        Args:
            provider: Its name.
            silence: Seconds after the submission before a job is asked for the first time.
            hold: Seconds in which nobody else is given them.
            limit: How many at most.
            now: Seconds since the epoch.
        """
        ...

    def postpone(self, attempt_id: str, *, until: float, error_code: str, now: float) -> Future[bool]:
        """Ask for a silent job again at `until`, or sooner where that is more than `FURTHEST` seconds ahead."""
        ...

    def record_batch(self, batch: Batch, *, now: float) -> Future[None]:
        """Record a batch whose jobs are recorded one by one."""
        ...

    def record_jobs(self, jobs: Mapping[str, Job], batch: Batch, *, now: float) -> Future[None]:
        """Record the jobs of a batch by their attempts, and the batch, all or nothing; no jobs record no batch."""
        ...

    def claim_batches(
        self, provider: str, *, hold: float, limit: int, now: float
    ) -> Future[tuple[TrackedBatch, ...]]:
        """Take batches whose end is not in the inbox; nobody else is given them for `hold` seconds."""
        ...

    def settle_batch(self, provider: str, batch_id: str, *, now: float) -> Future[None]:
        """Record that the end of a batch is in the inbox, or that no event tells of it."""
        ...

    def plan(self, plans: Sequence[Planned]) -> Future[None]:
        """Record files that are to be uploaded; of what is planned already only its batch is new."""
        ...

    def planned(
        self, provider: str | None = None, *, scope: str | None = None, limit: int = 1000
    ) -> Future[tuple[Planned, ...]]:
        """Give files that are not finished, oldest first."""
        ...

    def fulfil(self, plan_ids: Sequence[str]) -> Future[None]:
        """Record that files are finished."""
        ...

    def rows(self, which: Which = ANY, *, limit: int = 100) -> Future[tuple[Submission, ...]]:
        """Give rows, newest first."""
        ...

    def tally(self) -> Future[Tally]:
        """Count rows by state."""
        ...

    def close(self) -> None:
        """Finish what was asked and let go; calling twice is fine."""
        ...


def bare(job: Job) -> Job:
    """Take out of a handle what the provider said about the document."""
    error = None if job.error is None else job.error.model_copy(update={"message": ""})
    parts = tuple(bare(part) for part in job.parts)
    return job.model_copy(update={"raw": None, "error": error, "parts": parts})


def whole_state(parts: Sequence[JobStatus]) -> JobStatus:
    """Say how a document ended whose parts ended so: the worst of them."""
    return next((state for state in parts if not state.is_success), parts[0])
