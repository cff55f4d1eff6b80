"""What begins again in a forked process, where the threads of the parent do not exist and its locks may be held for ever."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Restartable(Protocol):
    """What holds threads, locks or connections."""

    def start_anew(self) -> None:
        """Begin again, and leave to the parent what is its own."""
        ...


def start_anew_after_fork(living: Restartable) -> None:
    """Have something begin again in every forked process, as long as somebody holds it."""
    _LIVING.add(living)


_LIVING: weakref.WeakSet[Restartable] = weakref.WeakSet()


def _after_fork() -> None:
    for each in list(_LIVING):
        each.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
