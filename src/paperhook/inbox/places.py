"""Who gets the places of a claim: first what a dead worker left, then half what is due again and half what is new.

A place that one half does not need goes to the other, and an odd one by lot. Not by turns: a worker that asks for two
kinds of types in each round would get the retries of one and what is new of the other, each time.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial


def lots() -> Callable[[], int]:
    """Give what draws 1 where an odd place is for what is due again, and 0 where it is for what is new."""
    return partial(random.Random(0).getrandbits, 1)  # noqa: S311 - no secret, and the same in each run of a test
