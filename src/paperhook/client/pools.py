"""The httpx client behind all copies of a client: one for each process and event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from ..errors import ConfigurationError
from ..forking import start_anew_after_fork
from .loops import Loop


class Closable(Protocol):
    """What both of httpx's clients are to a pool."""

    @property
    def is_closed(self) -> bool:
        """Whether it makes no exchange any more."""
        ...


H = TypeVar("H", bound=Closable)


@dataclass(eq=False)
class Pool(Generic[H]):
    """One httpx client for all copies of a client, made at the first request because TLS set-up is slow.

    Connections belong to the event loop and to the process that made them, so each has a client of its own: a forked
    process begins with none.
    """

    make: Callable[[], H]
    given: H | None
    made: dict[Loop | None, H] = field(default_factory=dict)  # pyright: ignore[reportUnknownVariableType] # told by the annotation
    is_closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        start_anew_after_fork(self)

    def start_anew(self) -> None:
        """Let go of what a parent process made, and of the lock that a thread of its may have held."""
        self.made, self.lock = {}, threading.Lock()

    def get(self, loop: Loop | None = None) -> H:
        """Give the httpx client of this process and loop.

        Raises:
            ConfigurationError: If the pool, or the user's own httpx client, is closed.
        """
        with self.lock:
            if self.is_closed or (self.given is not None and self.given.is_closed):
                raise ConfigurationError("the client is closed: make a new one")
            if self.given is not None:
                return self.given
            if loop not in self.made:
                living = {key: http for key, http in self.made.items() if key is None or not key.is_over()}
                self.made = {**living, loop: self.make()}
            return self.made[loop]

    def take(self, loop: Loop | None = None) -> H | None:
        """Close the pool and give what the caller has to close."""
        with self.lock:
            self.is_closed, made, self.made = True, self.made, {}
            return made.get(loop)
