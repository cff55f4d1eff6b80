"""Cuts a connection whose server says nothing: a frozen machine answers no timeout of its own."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any

import psycopg

#: How often it looks, in parts of the time that it allows.
_LOOKS = 20
#: Stands for the time of a connection that was cut.
_CUT = -1.0
#: Looks in vain after which its thread ends.
_IDLE_LOOKS = 100


class Watch:
    """A thread that exists while connections are waited for; any number of them, from any thread.

    `statement_timeout` ends what a living server takes too long for, and TCP's keepalives notice a dead network. A
    process that is stopped, or a proxy that has lost its server, acknowledges every packet and never answers.

    Args:
        seconds: What it allows at most; how often it looks goes by that.
    """

    def __init__(self, seconds: float) -> None:
        self._pause = seconds / _LOOKS
        self.start_anew()

    def start_anew(self) -> None:
        """Begin again in a forked process, where the thread does not exist."""
        self._lock = threading.Lock()
        self._ended: threading.Event | None = None
        #: When each is cut, by the monotonic clock.
        self._watched: dict[psycopg.Connection[Any], float] = {}

    def begin(self, connection: psycopg.Connection[Any], until: float) -> None:
        """Cut this connection when the monotonic clock says `until`."""
        with self._lock:
            self._watched[connection] = until
            if self._ended is None:
                self._start()

    def _start(self) -> None:
        ended = threading.Event()
        thread = threading.Thread(target=self._look, args=(ended,), name="paperhook-inbox-watch", daemon=True)
        # From Python 3.12 on no thread begins while the interpreter ends; what is still queued then is stored unwatched.
        with suppress(RuntimeError):
            thread.start()
            self._ended = ended

    def end(self, connection: psycopg.Connection[Any]) -> bool:
        """Leave it alone, always before it is closed, for its number may be another's then; tell whether it was cut."""
        with self._lock:
            return self._watched.pop(connection, 0.0) == _CUT

    def close(self) -> None:
        """End the thread until there is something to watch again."""
        with self._lock:
            if self._ended is not None:
                self._ended.set()
                self._ended = None

    def _look(self, ended: threading.Event) -> None:
        idle = 0
        while not ended.wait(self._pause):
            with self._lock:
                idle = 0 if self._watched else idle + 1
                if self._ended is not ended or idle > _IDLE_LOOKS:
                    self._ended = None if self._ended is ended else self._ended
                    return
                now = time.monotonic()
                for connection, until in self._watched.items():
                    if _CUT != until < now:
                        cut(connection)
                        self._watched[connection] = _CUT


def cut(connection: psycopg.Connection[Any]) -> None:
    """Make whoever waits for the connection hear that it is over; from any thread."""
    # It may have ended in this moment.
    with suppress(OSError, psycopg.Error):
        borrowed = socket.socket(fileno=connection.fileno())
        try:
            borrowed.shutdown(socket.SHUT_RDWR)
        finally:
            # The number stays libpq's.
            borrowed.detach()
