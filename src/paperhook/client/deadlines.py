"""What is left of the deadline of a whole operation, and what is said when nothing is."""

from __future__ import annotations

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


def stored(effect: Await) -> Any:
    """Wait for what a store answers, as long as the deadline leaves time."""
    try:
        return effect.future.result(effect.timeout)
    except TimeoutError as error:
        # The store's own errors are told as such.
        if effect.future.done():
            raise
        raise late_store() from error


def late_store() -> DeadlineExceeded:
    """Say that a store did not answer in time."""
    return DeadlineExceeded("the tracker did not answer before the deadline of the whole operation")
