"""Runs the handlers of stored events: claims, leases, retries, outcomes.

| a handler | its outcome | the event |
|---|---|---|
| returns | `done` | done when all are |
| raises, and its policy allows another attempt | `pending`, due after the policy's wait | pending |
| raises `RetryLater(seconds)` | `pending`, due after that | pending |
| takes longer than its timeout | as if it raised `TimeoutError` | pending or dead |
| raises `GiveUp`, or its policy is used up | `dead` | dead, when no other is pending |

Each handler has its own outcome, so one that failed does not make the others run again. An event is recorded by its
newest lease only; a worker that was too late has done its work for nothing.
"""

from __future__ import annotations

from .handling import Dispatch, Handling
from .loop import Worker

__all__ = ["Dispatch", "Handling", "Worker"]
