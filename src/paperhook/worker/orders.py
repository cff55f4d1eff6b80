"""What a worker is told: where events wait, who knows the handlers, how much at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..inbox.base import Entry, Inbox, LeasingInbox, LoopInbox, Outcome, State
from ..observe.details import UNOBSERVED, Observers
from .fetching import Fetching
from .gates import Gates
from .handling import Dispatch
from .judging import Judge
from .threads import Threads


@dataclass(frozen=True)
class Orders:
    """What a worker was told; the same for all its shifts."""

    inbox: Inbox
    dispatch: Dispatch
    concurrency: int
    #: Seconds.
    lease: float
    clock: Callable[[], float]
    on_dead: Callable[[Any, Sequence[Outcome]], Any] | None
    threads: Threads
    observers: Observers = UNOBSERVED
    #: Handlers of these exact types that run at once.
    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    #: The inbox, where it answers a loop directly, and where it leases what is put.
    loop_inbox: LoopInbox | None = None
    leasing_inbox: LeasingInbox | None = None
    #: None where the inbox keeps no reviews.
    judge: Judge | None = None
    #: None where nothing can be fetched.
    fetching: Fetching | None = None
    #: Called with what is done or dead, once that is recorded.
    on_settled: Callable[[Entry, State], Any] = lambda _entry, _state: None

    @cached_property
    def gates(self) -> Gates:
        """The limits, for events that are run by their keys."""
        return Gates(self.limits)
