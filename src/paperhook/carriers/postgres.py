"""What carriers with jobs in PostgreSQL share: a connection of their own, for keys that are sent after the commit."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from ..forking import start_anew_after_fork
from ..inbox.base import Key

#: Seconds to wait for the server, where the address does not say otherwise.
CONNECT_SECONDS = 5
#: Connections inherited by a fork: closing them here would say goodbye on the parent's socket.
_INHERITED: list[Any] = []


class PostgresCarrier:
    """Stores jobs on a connection that it is given, or on its own.

    Args:
        url: The database with the engine's tables.
        is_same_database: Whether they are in the database and schema of the inbox, where that is a `PostgresInbox`: then
            events and jobs are stored in one transaction. False has the jobs stored after the commit.
    """

    def __init__(self, url: str, *, is_same_database: bool = True) -> None:
        self._url = url
        self._connection: Any = None
        self.is_same_database = is_same_database
        self.start_anew()
        start_anew_after_fork(self)

    def start_anew(self) -> None:
        """Begin without a connection in a forked process; the lock may be held there for ever."""
        self._lock = threading.Lock()
        if self._connection is not None:
            _INHERITED.append(self._connection)
        self._connection = None

    def carry(self, keys: Sequence[Key]) -> None:
        """Store a job for each key, in one statement."""
        with self._lock:
            self.carry_within(self._connected(), keys)

    def carry_within(self, connection: Any, keys: Sequence[Key]) -> None:
        """Store the jobs on a psycopg connection that is in a transaction."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection; it is opened again when it is needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _connected(self) -> Any:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        if self._connection is None or self._connection.closed:
            words: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, **conninfo_to_dict(self._url)}
            self._connection = psycopg.connect(autocommit=True, **words)
        return self._connection
