"""What is left of the deadline of a whole operation, and what is said when nothing is."""

from __future__ import annotations

import threading
import time
from typing import Any, overload

from ..core.arguments import check_deadline
from ..core.steps import Await
from ..errors import DeadlineExceeded

#: Seconds that are left when none are: what has begun ends with its next step, in its own words.
OVER = 1e-9


@overload
def seconds_left(deadline: float, started: float) -> float: ...
@overload
def seconds_left(deadline: float | None, started: float) -> float | None: ...
def seconds_left(deadline: float | None, started: float) -> float | None:
    """Say how many seconds of a deadline are left; reading the document counts."""
    return None if deadline is None else max(OVER, deadline - (time.monotonic() - started))


def begun(deadline: float | None) -> float:
    """Refuse a deadline that is no number, and give the moment from which it counts.

    Raises:
        ConfigurationError: If it is NaN or no number.
    """
    check_deadline(deadline, or_none=True)
    return time.monotonic()


@overload
def waitable(seconds: float) -> float: ...
@overload
def waitable(seconds: float | None) -> float | None: ...
def waitable(seconds: float | None) -> float | None:
    """Give the same, or what a thread can wait at most."""
    return None if seconds is None else min(seconds, threading.TIMEOUT_MAX)


def stored(effect: Await) -> Any:
    """Wait for what a store answers, as long as the deadline leaves time."""
    try:
        return effect.future.result(waitable(effect.timeout))
    except TimeoutError as error:
        # What it answered in the last moment, or its own error.
        if effect.future.done():
            return effect.future.result()
        raise late_store() from error


def late_store() -> DeadlineExceeded:
    """Say that a store did not answer in time."""
    return DeadlineExceeded("the tracker did not answer before the deadline of the whole operation")
