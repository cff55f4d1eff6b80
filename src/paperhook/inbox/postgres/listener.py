"""Hears of new events from PostgreSQL and wakes those who wait for them."""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Callable
from typing import Any

import psycopg

from ...errors import InboxError
from ..wakes import Wakes
from .server import INHERITED, Address, PgConnection, unavailable

logger: logging.Logger = logging.getLogger("paperhook")

#: Seconds before a cut connection is opened again: the first time, and at most.
PAUSES = (0.05, 5.0)


class Listener:
    """A thread with a connection of its own, which exists while somebody subscribes.

    Args:
        address: Where to.
        check_seconds: After so much silence the connection is asked whether it is still there.
    """

    def __init__(self, address: Address, *, check_seconds: float = 30.0) -> None:
        self._address = address
        self._check_seconds = check_seconds
        self._lock = threading.Lock()
        self._wakes = Wakes()
        self._hearing: _Hearing | None = None
        self._is_closed = False

    def subscribe(self, wake: Callable[[], Any]) -> Callable[[], None]:
        """Have `wake` called when events may have come; gives what ends that."""
        with self._lock:
            take_away = self._wakes.subscribe(wake)
            if self._hearing is None and not self._is_closed:
                self._hearing = _Hearing(self._address, self._wakes.tell, self._check_seconds)

        def unsubscribe() -> None:
            take_away()
            with self._lock:
                if not self._wakes:
                    self._end()

        return unsubscribe

    def close(self) -> None:
        """End the thread, whoever still subscribes."""
        with self._lock:
            self._is_closed = True
            hearing = self._hearing
            self._end()
        if hearing is not None:
            hearing.join()

    def _end(self) -> None:
        if self._hearing is not None:
            self._hearing.end()
            self._hearing = None

    def start_anew(self) -> None:
        """Begin again in a forked process, where the thread does not exist and its subscribers do not run."""
        if self._hearing is not None:
            self._hearing.forget()
        self._lock, self._wakes, self._hearing = threading.Lock(), Wakes(), None


class _Hearing:
    """One run of the thread."""

    def __init__(self, address: Address, tell: Callable[[], None], check_seconds: float) -> None:
        self._address = address
        self._tell = tell
        self._check_seconds = check_seconds
        self._connection: PgConnection | None = None
        # Written to end a wait for the server.
        self._ended, self._end = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="paperhook-inbox-listener", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Have it end; without waiting, for an event loop may ask."""
        self._end.close()

    def join(self) -> None:
        # The inbox may be let go in a call of `wake`.
        if self._thread is not threading.current_thread():
            self._thread.join()

    def forget(self) -> None:
        if self._connection is not None:
            INHERITED.append(self._connection)
        self._ended.close()
        self._end.close()

    def _serve(self) -> None:
        pause, most = PAUSES
        is_over = False
        while not is_over:
            try:
                with self._address.connect() as self._connection:
                    pause = PAUSES[0]
                    self._hear(self._connection)
                    is_over = True
            except (psycopg.Error, OSError, InboxError) as error:
                meaning = error if isinstance(error, InboxError) else unavailable(error, self._address)
                logger.warning("new events are not heard of, only looked for, for %g s: %s", pause, meaning)
                is_over = bool(select.select([self._ended], [], [], pause)[0])
                pause = min(2 * pause, most)
        self._ended.close()

    def _hear(self, connection: PgConnection) -> None:
        """Wake whenever there is a reason, until the end."""
        connection.execute("LISTEN paperhook_event")
        (schema,) = next(iter(connection.execute("SELECT current_schema()")))
        # What was put before nobody has heard.
        self._tell()
        while True:
            ended, server = self._ended.fileno(), connection.fileno()
            readable, _, _ = select.select([ended, server], [], [], self._check_seconds)
            if ended in readable:
                return
            if not readable:
                connection.execute("SELECT 1")
            # All of them, so that they do not wake one by one.
            payloads = [each.payload for each in connection.notifies(timeout=0)]
            if schema in payloads:
                self._tell()
