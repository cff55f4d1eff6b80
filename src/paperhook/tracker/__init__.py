"""Trackers remember what was submitted: `open_tracker` picks one by its address.

| address | store |
|---|---|
| `sqlite:///paperhook.db` | that file, which may be the inbox's, below the working directory |
| `sqlite:////var/lib/app/paperhook.db` | that file, absolute |
| `postgresql://user:password@host:5432/database` | tables `paperhook_…` in that database; extra `postgres` |
| `memory:` | the process itself: for tests |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from .base import Begun, Planned, Submission, Tally, TrackedBatch, Tracker, Turn, Which

if TYPE_CHECKING:
    from .postgres import PostgresTracker
    from .sqlite import MemoryTracker, SqliteTracker

__all__ = [
    "Begun",
    "MemoryTracker",
    "Planned",
    "PostgresTracker",
    "SqliteTracker",
    "Submission",
    "Tally",
    "TrackedBatch",
    "Tracker",
    "Turn",
    "Which",
    "open_tracker",
]


def __getattr__(name: str) -> type[Tracker]:
    # Only who uses PostgreSQL needs psycopg, and a client without a tracker needs no store at all.
    if name == "PostgresTracker":
        return _postgres()
    if name in ("MemoryTracker", "SqliteTracker"):
        from . import sqlite

        return sqlite.MemoryTracker if name == "MemoryTracker" else sqlite.SqliteTracker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def open_tracker(address: str) -> Tracker:
    """Open the tracker at an address; the address of an inbox is one, and both share the file or the database.

    Args:
        address: As in the table of this module; a path that ends in `.db`, `.sqlite` or `.sqlite3` is such a file.

    Raises:
        ConfigurationError: If it is none of these, the file's folder does not exist, or psycopg is not installed.
    """
    # Who has a tracker of their own loads no store.
    from ..inbox.addresses import file_in, is_database, no_address

    if address == "memory:":
        from .sqlite import MemoryTracker

        return MemoryTracker()
    if (path := file_in(address)) is not None:
        from .sqlite import SqliteTracker

        return SqliteTracker(path)
    if is_database(address):
        return _postgres()(address)
    raise no_address(address, "a tracker")


def _postgres() -> type[PostgresTracker]:
    try:
        from .postgres import PostgresTracker
    except ImportError as error:
        raise ConfigurationError(
            f"the PostgreSQL tracker cannot be loaded: pip install 'paperhook[postgres]' ({error})"
        ) from error
    return PostgresTracker
