"""Which handlers an event goes to: by class, by exact name, by `prefix.*`, or by `*`.

`UnknownEvent` stands for every type that has no class of its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..core.event import EVENT_CLASSES, Event, UnknownEvent
from ..errors import ConfigurationError
from ..retrying import RetryPolicy

_ANY_UNKNOWN = "?"
#: Types whose handlers are kept; a provider has few, and whoever makes up more may not fill the memory.
_MAX_KNOWN = 256
#: Of 1; no event of a provider we know is so near to one of our types, and every misspelling we tried is.
_TOO_NEAR = 0.9


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
    _known: dict[str, tuple[Registration, ...]] = field(
        default_factory=dict[str, tuple[Registration, ...]], init=False, repr=False, compare=False
    )

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
        self._known.clear()

    def handlers(self, type: str) -> tuple[Registration, ...]:
        """Give the handlers of an event type, in order; a function that listens twice is there once."""
        known = self._known.get(type)
        if known is not None:
            return known
        found: dict[str, Registration] = {}
        for each in self.registrations:
            if each.listens_to(type):
                found.setdefault(each.name, each)
        handlers = tuple(found.values())
        if len(self._known) < _MAX_KNOWN:
            self._known[type] = handlers
        return handlers


def pattern_of(event: type[Event] | str) -> str:
    """Turn what `hooks.on` takes into a pattern.

    Raises:
        ConfigurationError: If it is neither an event class nor a name, a `*` stands anywhere but at the end, or a name is
            so near to one of ours that it is misspelt: its handler would never run.
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
        _check_spelling(event)
        return event
    if event is Event:
        return "*"
    if event is UnknownEvent:
        return _ANY_UNKNOWN
    if isinstance(event, type) and issubclass(event, Event) and event.canonical_type:
        return event.canonical_type
    raise ConfigurationError(f"{event!r} is no event: pass a class such as DocumentCompleted, or its name")


def check_type(type: str) -> None:
    """Refuse what no event's type will be: a pattern, or a misspelt one of ours.

    Raises:
        ConfigurationError: If it is one of these.
    """
    if "*" in pattern_of(type):
        raise ConfigurationError(f"{type!r} is a pattern: write an exact type, such as 'document.completed'")


def _check_spelling(pattern: str) -> None:
    meant = {*EVENT_CLASSES, *(f"{known.partition('.')[0]}.*" for known in EVENT_CLASSES)}
    near = difflib.get_close_matches(pattern.lower(), meant, n=1, cutoff=_TOO_NEAR)
    if near and pattern not in meant:
        raise ConfigurationError(
            f"no event is called {pattern!r}: did you mean {near[0]!r}? "
            "For a type of the provider's own that is spelt so, listen to UnknownEvent"
        )
