"""Durable inboxes: `open_inbox` picks one by its address.

| address | store |
|---|---|
| `sqlite:///paperhook.db` | that file, below the working directory |
| `sqlite:////var/lib/app/paperhook.db` | that file, absolute |
| `postgresql://user:password@host:5432/database` | tables `paperhook_…` in that database; extra `postgres` |
| `memory:` | the process itself: for tests |
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from .base import Audit, Claim, Entry, Filter, Inbox, Outcome, Row, State, Stats
from .memory import MemoryInbox
from .sqlite import SqliteInbox

if TYPE_CHECKING:
    from .postgres import PostgresInbox

__all__ = [
    "Audit",
    "Claim",
    "Entry",
    "Filter",
    "Inbox",
    "MemoryInbox",
    "Outcome",
    "PostgresInbox",
    "Row",
    "SqliteInbox",
    "State",
    "Stats",
    "open_inbox",
]

_KNOWN = "write sqlite:///file.db, sqlite:////absolute/file.db, postgresql://host/database or memory:"


def __getattr__(name: str) -> type[PostgresInbox]:
    # Only who uses PostgreSQL needs psycopg.
    if name == "PostgresInbox":
        return _postgres()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def open_inbox(address: str) -> Inbox:
    """Open the inbox at an address; a file is made when it is first needed.

    Args:
        address: As in the table of this module; a path that ends in `.db`, `.sqlite` or `.sqlite3` is such a file.

    Raises:
        ConfigurationError: If it is none of these, the file's folder does not exist, or psycopg is not installed.
    """
    scheme, colon, rest = address.partition(":")
    if address == "memory:":
        return MemoryInbox()
    if scheme == "sqlite" and colon:
        return SqliteInbox(_path_of(address, rest))
    if scheme in ("postgresql", "postgres"):
        return _postgres()(address)
    if "://" not in address and Path(address).suffix in (".db", ".sqlite", ".sqlite3"):
        return SqliteInbox(address)
    # An address may hold a password, so at most its scheme is repeated.
    begins = f" with {scheme!r}" if colon and scheme.isalnum() else " so"
    raise ConfigurationError(f"an inbox address cannot begin{begins}: {_KNOWN}")


def _postgres() -> type[PostgresInbox]:
    try:
        from .postgres import PostgresInbox
    except ImportError as error:
        raise ConfigurationError(
            f"the PostgreSQL inbox cannot be loaded: pip install 'paperhook[postgres]' ({error})"
        ) from error
    return PostgresInbox


def _path_of(address: str, rest: str) -> str:
    path = rest.removeprefix("///")
    if path == rest or not path or "?" in path or ":memory:" in path:
        raise ConfigurationError(f"{address!r} names no file: {_KNOWN}")
    return path
