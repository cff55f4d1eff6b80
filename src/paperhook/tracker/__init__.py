"""Trackers remember what was submitted: `open_tracker` picks one by its address.

| address | store |
|---|---|
| `sqlite:///paperhook.db` | that file, which may be the inbox's, below the working directory |
| `sqlite:////var/lib/app/paperhook.db` | that file, absolute |
| `memory:` | the process itself: for tests |
"""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigurationError
from .base import Begun, Submission, Tally, Tracker, Turn, Which
from .sqlite import MemoryTracker, SqliteTracker

__all__ = [
    "Begun",
    "MemoryTracker",
    "SqliteTracker",
    "Submission",
    "Tally",
    "Tracker",
    "Turn",
    "Which",
    "open_tracker",
]

_KNOWN = "write sqlite:///file.db, sqlite:////absolute/file.db or memory:"


def open_tracker(address: str) -> Tracker:
    """Open the tracker at an address; the address of a SQLite inbox is one, and both share the file.

    Args:
        address: As in the table of this module; a path that ends in `.db`, `.sqlite` or `.sqlite3` is such a file.

    Raises:
        ConfigurationError: If it is none of these, or the file's folder does not exist.
    """
    if address == "memory:":
        return MemoryTracker()
    path = address.removeprefix("sqlite:///")
    is_plain = "://" not in address and Path(address).suffix in (".db", ".sqlite", ".sqlite3")
    if (path != address or is_plain) and path and "?" not in path and ":memory:" not in path:
        return SqliteTracker(path)
    # An address may hold a password, so only its scheme is repeated.
    scheme = address.partition(":")[0]
    if scheme in ("postgresql", "postgres"):
        raise ConfigurationError(f"this version of paperhook has no PostgreSQL tracker: {_KNOWN}")
    raise ConfigurationError(f"a tracker address cannot begin with {scheme!r}: {_KNOWN}")
