"""What begins again in a forked process, where the threads of the parent do not exist and its locks may be held for ever."""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from typing import Protocol

from .core.building import BUILDING

#: Seconds that a fork waits for a model that another thread makes.
FORK_WAITS = 5.0


class Restartable(Protocol):
    """What holds threads, locks or connections."""

    def start_anew(self) -> None:
        """Begin again, and leave to the parent what is its own."""
        ...


def start_anew_after_fork(living: Restartable) -> None:
    """Have something begin again in every forked process, as long as somebody holds it."""
    _LIVING.add(living)


_LIVING: weakref.WeakSet[Restartable] = weakref.WeakSet()


def _before_fork() -> None:
    # A thread that makes a model holds this lock and one of pydantic's. It does not exist in the forked process, and
    # nobody else would ever let go of them there.
    BUILDING.acquire(timeout=FORK_WAITS)


def _let_go() -> None:
    # Whoever did not get it in time has nothing to let go of.
    with suppress(RuntimeError):
        BUILDING.release()


def _after_fork() -> None:
    _let_go()
    for each in list(_LIVING):
        each.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_let_go, after_in_child=_after_fork)
