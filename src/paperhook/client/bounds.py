"""The end of one attempt, looked at between chunks."""

from __future__ import annotations

import threading
import time

from ..core.arguments import MOST_SECONDS
from ..core.steps import Progress, Send
from ..errors import AnswerLost, AttemptTimeout


class Bound:
    """The end of one attempt: a moment on the monotonic clock, or that nobody waits for it any more.

    Args:
        effect: What is asked for; its timeout is that of the whole attempt.
        provider: The provider's name, for messages.
        timeout: Seconds for each phase of the attempt.
        stopping: Set when nobody waits any more for anything of the client.
    """

    def __init__(self, effect: Send, provider: str, timeout: float, stopping: threading.Event) -> None:
        self.provider = provider
        self.seconds: float | None = effect.timeout
        #: Seconds for each phase: connecting, sending a chunk, waiting for a chunk.
        self.phase: float = min(
            timeout, MOST_SECONDS, MOST_SECONDS if effect.timeout is None else effect.timeout
        )
        #: Seconds after which the exchange is at its answer for certain: waiting for a place, connecting, TLS and sending a
        #: head take a phase each at most.
        self.most: float | None = None if effect.timeout is None else max(effect.timeout, 5 * self.phase)
        self.on_progress: Progress | None = effect.on_progress
        self._request = effect.request
        self._end = None if effect.timeout is None else time.monotonic() + effect.timeout
        self._stopping = stopping
        self._is_abandoned = False

    def abandon(self) -> None:
        """Let the attempt end with the chunk that it is at."""
        self._is_abandoned = True

    def error(self) -> AttemptTimeout:
        """Say that the attempt took too long."""
        within = "" if self.seconds is None else f" within {self.seconds:.1f} s"
        return AttemptTimeout(
            f"{self.provider}: {self._request.method} {self._request.path}: no answer{within}",
            provider=self.provider,
        )

    def closed(self) -> AnswerLost:
        """Say that the client was closed meanwhile."""
        return AnswerLost(
            f"{self.provider}: {self._request.method} {self._request.path}: the client was closed before the answer came",
            provider=self.provider,
        )

    def check(self) -> None:
        """Go on, or raise the error where nobody waits any more."""
        is_late = self._end is not None and time.monotonic() > self._end
        if is_late or self._is_abandoned or self._stopping.is_set():
            raise self.error()
