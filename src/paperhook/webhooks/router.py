"""Which handlers an event goes to: by class, by exact name, by `prefix.*`, or by `*`.

`UnknownEvent` stands for every type that has no class of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..core.event import EVENT_CLASSES, Event, UnknownEvent
from ..errors import ConfigurationError
from ..retrying import RetryPolicy

_ANY_UNKNOWN = "?"


@dataclass(frozen=True)
class Registration:
    """One handler and what it listens to."""

    #: `*`, `prefix.*`, an exact type, or `?` for types without a class.
    pattern: str
    #: Identifies the handler in the inbox, so that a restart knows what it has done.
    name: str
    function: Callable[[Any], Any]
    #: None takes the worker's own.
    retry: RetryPolicy | None = None
    #: Seconds; None for no bound.
    timeout: float | None = None
    #: Whether it takes a connection of the inbox too, and is sync.
    is_transactional: bool = False

    def listens_to(self, type: str) -> bool:
        """Tell whether this handler wants an event of that type."""
        if self.pattern == "*":
            return True
        if self.pattern == _ANY_UNKNOWN:
            return type not in EVENT_CLASSES
        if self.pattern.endswith(".*"):
            return type.startswith(self.pattern[:-1])
        return type == self.pattern


@dataclass
class Router:
    """Handlers in the order in which they were registered."""

    registrations: list[Registration] = field(default_factory=list[Registration])

    def add(self, registration: Registration) -> None:
        """Register a handler.

        Raises:
            ConfigurationError: If another function has the name, so that the inbox could not tell them apart, or the
                same one listens to the same pattern already.
        """
        for other in self.registrations:
            is_same = other.function is registration.function and other.pattern != registration.pattern
            if other.name == registration.name and not is_same:
                raise ConfigurationError(
                    f"a handler named {registration.name!r} is registered already: give one of them a name="
                )
        self.registrations.append(registration)

    def handlers(self, type: str) -> tuple[Registration, ...]:
        """Give the handlers of an event type, in order; a function that listens twice is there once."""
        found: dict[str, Registration] = {}
        for each in self.registrations:
            if each.listens_to(type):
                found.setdefault(each.name, each)
        return tuple(found.values())


def pattern_of(event: type[Event] | str) -> str:
    """Turn what `hooks.on` takes into a pattern.

    Raises:
        ConfigurationError: If it is neither an event class nor a name, or a `*` stands anywhere but at the end.
    """
    if isinstance(event, str):
        star = event.find("*")
        if (
            not event
            or event != event.strip()
            or (star != -1 and not (event == "*" or (event.endswith(".*") and star == len(event) - 1)))
        ):
            raise ConfigurationError(
                f"{event!r} is no event pattern: write an exact type, 'document.*' or '*'"
            )
        return event
    if event is Event:
        return "*"
    if event is UnknownEvent:
        return _ANY_UNKNOWN
    if isinstance(event, type) and issubclass(event, Event) and event.canonical_type:
        return event.canonical_type
    raise ConfigurationError(f"{event!r} is no event: pass a class such as DocumentCompleted, or its name")
