"""What a worker needs of whoever knows the handlers: one handler, and which of them an event has."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, Protocol

from ..core.delivery import Envelope
from ..core.event import Event
from ..inbox.base import Entry
from ..retrying import RetryPolicy


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


def is_async(function: Callable[..., Any]) -> bool:
    """Tell whether calling it gives a coroutine."""
    if isinstance(function, FunctionType):
        # The flag is what `inspect` looks at after a long detour, and each run of a handler asks.
        return bool(function.__code__.co_flags & inspect.CO_COROUTINE) or inspect.iscoroutinefunction(
            function
        )
    # An object with an `async def __call__` is no coroutine function itself.
    called = inspect.getattr_static(type(function), "__call__", None)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)
