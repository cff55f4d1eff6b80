"""What all threads and tasks of a client share: its place at the provider's rate, and its budget of retries."""

from __future__ import annotations

import hashlib
import threading
from itertools import count
from typing import Protocol

from ..core.exchange import Response
from ..core.provider import Provider
from ..core.rate import Rate, Turns, Window
from ..forking import start_anew_after_fork


class Limiter(Protocol):
    """Says how fast a provider may be asked; write your own to share a rate among processes."""

    def turns(self, provider: Provider) -> Turns:
        """Give the line of those who ask this provider with its key."""
        ...


class _Counter:
    """Gives tickets, one caller at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tickets = count()


class RateLimiter:
    """Holds each provider's documented rate, for all clients that share this limiter; answers correct it.

    Where a provider documents no rate, everybody is let go until an answer tells of one.
    """

    def __init__(self) -> None:
        self._counter = _Counter()
        self._windows: dict[tuple[str, ...], tuple[Window, ...]] = {}
        start_anew_after_fork(self)

    def start_anew(self) -> None:
        """Let go of the lock and the turns of a parent's threads: nobody in a forked process ever would."""
        self._counter.lock = threading.Lock()
        for windows in self._windows.values():
            for window in windows:
                window.forget_tickets()

    def turns(self, provider: Provider) -> Turns:
        """Give the line of those who ask this provider with its key."""
        # No key is kept.
        key = hashlib.sha256(provider.api_key.encode("utf-8", "replace")).hexdigest()
        rates = provider.capabilities.rates
        of_key = tuple([rate for rate in rates if rate.per == "key"]) or (None,)
        of_account = tuple([rate for rate in rates if rate.per == "account"])
        with self._counter.lock:
            windows = (
                *self._of((provider.name, provider.base_url, key), of_key),
                *self._of((provider.name, provider.base_url), of_account),
            )
        return _Line(self._counter, windows)

    def _of(self, name: tuple[str, ...], rates: tuple[Rate | None, ...]) -> tuple[Window, ...]:
        return self._windows.setdefault(name, tuple([Window(rate) for rate in rates]))


class _Line:
    """Turns that are ruled by several windows at once; the first is the key's, and answers speak of that."""

    def __init__(self, counter: _Counter, windows: tuple[Window, ...]) -> None:
        self._counter, self._windows = counter, windows

    def join(self) -> int:
        with self._counter.lock:
            ticket = next(self._counter.tickets)
            for window in self._windows:
                window.join(ticket)
        return ticket

    def wait(self, ticket: int, now: float) -> float:
        with self._counter.lock:
            seconds = max([window.wait(ticket, now) for window in self._windows])
            if seconds == 0:
                for window in self._windows:
                    window.take(ticket, now)
        return seconds

    def leave(self, ticket: int) -> None:
        with self._counter.lock:
            for window in self._windows:
                window.leave(ticket)

    def answered(self, ticket: int, response: Response | None, now: float) -> None:
        with self._counter.lock:
            first, *others = self._windows
            first.answered(ticket, response, now)
            for window in others:
                window.answered(ticket, None, now)


class _NoLine:
    """Everybody is let go at once."""

    def join(self) -> int:
        return 0

    def wait(self, ticket: int, now: float) -> float:
        return 0.0

    def leave(self, ticket: int) -> None:
        """Nobody waits."""

    def answered(self, ticket: int, response: Response | None, now: float) -> None:
        """Nobody counts."""


class Unlimited:
    """A limiter that limits nothing."""

    def turns(self, provider: Provider) -> Turns:
        """Give a line in which nobody waits."""
        return _NoLine()


class RetryBudget:
    """How many retries a client may make, so that an outage is not multiplied by every call that meets it.

    A retry takes one, and time gives them back; a retry that the provider asked for (429) is free.

    Args:
        retries: How many there are at most, and at the beginning.
        per_second: How many come back in a second.
    """

    def __init__(self, retries: float = 100.0, per_second: float = 1.0) -> None:
        self._most, self._per_second = retries, per_second
        self._left, self._counted_at = retries, 0.0
        self._lock = threading.Lock()
        start_anew_after_fork(self)

    def start_anew(self) -> None:
        """Let go of the lock, which a thread of a parent process may have held."""
        self._lock = threading.Lock()

    def take(self, now: float) -> bool:
        """Take one, if there is one; `now` is in seconds on a clock that never jumps."""
        with self._lock:
            gained = max(0.0, now - self._counted_at) * self._per_second
            self._left, self._counted_at = min(self._most, self._left + gained), now
            if self._left < 1:
                return False
            self._left -= 1
            return True
