"""What a worker is told: where events wait, who knows the handlers, how much at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any, Protocol

from ..core.delivery import Envelope
from ..core.event import Event
from ..inbox.base import Entry, Inbox, LeasingInbox, LoopInbox, Outcome, State
from ..observe.details import UNOBSERVED, Observers
from ..retrying import RetryPolicy
from .gates import Gates
from .threads import Threads

if TYPE_CHECKING:
    from .fetching import Fetching
    from .judging import Judge


class Handling(Protocol):
    """What the worker needs to know of a registered handler."""

    @property
    def name(self) -> str:
        """Identifies the handler in the inbox."""
        ...

    @property
    def function(self) -> Callable[[Any], Any]:
        """Sync or async; takes the event, and a connection where it is transactional."""
        ...

    @property
    def retry(self) -> RetryPolicy | None:
        """When to try again; None takes `HANDLER_RETRY`."""
        ...

    @property
    def timeout(self) -> float | None:
        """Seconds for one run; None for no bound."""
        ...

    @property
    def is_transactional(self) -> bool:
        """Whether its writes are committed with its completion."""
        ...


class Dispatch(Protocol):
    """What the worker asks of whoever knows handlers and providers."""

    def handlers(self, entry: Entry) -> Sequence[Handling]:
        """Give the handlers of a stored event."""
        ...

    def event(self, entry: Entry, envelope: Envelope | None = None) -> Event:
        """Build the typed event that was stored, from its envelope where that was read already."""
        ...


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


def is_async(function: Callable[..., Any]) -> bool:
    """Tell whether calling it gives a coroutine."""
    if isinstance(function, FunctionType):
        return inspect.iscoroutinefunction(function)
    # An object with an `async def __call__` is no coroutine function itself.
    called = inspect.getattr_static(type(function), "__call__", None)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)
