"""Where a job stands: our states, and one table of the legal moves between them.

| from | to |
|---|---|
| `received` | anything later |
| `validated` | anything later than `received` |
| `submitted` | `processing` and every final state |
| `processing` | every final state |
| `submission_unknown` | `validated` (it never arrived), `submitted`, `processing` and every final state |
| `failed_retryable` | `submitted` (a new attempt) |
| `needs_review` | `completed`, `completed_with_warnings`, `failed_terminal` (a person decided) |
| `completed`, `completed_with_warnings` | `expired` |
| `failed_terminal`, `expired` | nothing |

Source of the states: the integration guide's state model, with `submission_unknown` and `expired` added.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class JobStatus(StrEnum):
    """Where a job stands, in our words."""

    RECEIVED = "received"
    VALIDATED = "validated"
    SUBMITTED = "submitted"
    SUBMISSION_UNKNOWN = "submission_unknown"
    PROCESSING = "processing"
    COMPLETED = "completed"
    COMPLETED_WITH_WARNINGS = "completed_with_warnings"
    NEEDS_REVIEW = "needs_review"
    FAILED_RETRYABLE = "failed_retryable"
    FAILED_TERMINAL = "failed_terminal"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether the provider is done with it."""
        return self in FINAL

    @property
    def is_failure(self) -> bool:
        """Whether the provider could not read the document."""
        return self in (JobStatus.FAILED_RETRYABLE, JobStatus.FAILED_TERMINAL)

    @property
    def is_success(self) -> bool:
        """Whether there is, or was, a result."""
        return self in (JobStatus.COMPLETED, JobStatus.COMPLETED_WITH_WARNINGS, JobStatus.NEEDS_REVIEW)


FINAL = frozenset(
    {
        JobStatus.COMPLETED,
        JobStatus.COMPLETED_WITH_WARNINGS,
        JobStatus.NEEDS_REVIEW,
        JobStatus.FAILED_RETRYABLE,
        JobStatus.FAILED_TERMINAL,
        JobStatus.EXPIRED,
    }
)

_UNDER_WAY = frozenset({JobStatus.PROCESSING}) | FINAL
_SUBMITTED = frozenset({JobStatus.SUBMITTED, JobStatus.SUBMISSION_UNKNOWN}) | _UNDER_WAY

LEGAL_MOVES: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.RECEIVED: frozenset({JobStatus.VALIDATED}) | _SUBMITTED,
    JobStatus.VALIDATED: _SUBMITTED,
    JobStatus.SUBMITTED: _UNDER_WAY,
    JobStatus.SUBMISSION_UNKNOWN: frozenset({JobStatus.VALIDATED, JobStatus.SUBMITTED}) | _UNDER_WAY,
    JobStatus.PROCESSING: FINAL,
    JobStatus.FAILED_RETRYABLE: frozenset({JobStatus.SUBMITTED}),
    JobStatus.NEEDS_REVIEW: frozenset(
        {JobStatus.COMPLETED, JobStatus.COMPLETED_WITH_WARNINGS, JobStatus.FAILED_TERMINAL, JobStatus.EXPIRED}
    ),
    JobStatus.COMPLETED: frozenset({JobStatus.EXPIRED}),
    JobStatus.COMPLETED_WITH_WARNINGS: frozenset({JobStatus.EXPIRED}),
    JobStatus.FAILED_TERMINAL: frozenset(),
    JobStatus.EXPIRED: frozenset(),
}


def may_move(before: JobStatus, after: JobStatus) -> bool:
    """Tell whether a job may go from one state to another; staying is always legal."""
    return before is after or after in LEGAL_MOVES[before]
