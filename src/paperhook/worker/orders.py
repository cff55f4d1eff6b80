"""What a worker is told: where events wait, who knows the handlers, how much at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from ..core.job import Job
from ..inbox.base import Entry, Inbox, LeasingInbox, LoopInbox, Outcome, State
from ..observe.details import UNOBSERVED, Observers
from .fetching import Fetching
from .gates import Gates
from .handling import Dispatch
from .judging import Judge
from .threads import Threads

#: Gives, for a stored event, what makes its job's handle of the one that the delivery makes; None where nothing is known.
FindJob: TypeAlias = Callable[[Entry], Awaitable[Callable[[Job], Job] | None]]


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
    #: Looks up what is known of an event's job; None where nobody does.
    find_job: FindJob | None = None
    #: Called with what is done or dead, once that is recorded.
    on_settled: Callable[[Entry, State], Any] = lambda _entry, _state: None

    @cached_property
    def gates(self) -> Gates:
        """The limits, for events that are run by their keys."""
        return Gates(self.limits)
