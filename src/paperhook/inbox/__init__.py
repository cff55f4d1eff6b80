"""Durable inboxes: `open_inbox` picks one by its address.

| address | store |
|---|---|
| `sqlite:///paperhook.db` | that file, below the working directory |
| `sqlite:////var/lib/app/paperhook.db` | that file, absolute |
| `postgresql://user:password@host:5432/database` | tables `paperhook_…` in that database; extra `postgres` |
| `memory:` | the process itself: for tests |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from .addresses import file_in, is_database, no_address
from .base import Audit, Claim, Entry, Filter, Inbox, Outcome, Row, State, Stats
from .memory import MemoryInbox
from .sqlite.store import SqliteInbox

if TYPE_CHECKING:
    from .postgres.store import PostgresInbox

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
    if address == "memory:":
        return MemoryInbox()
    if (path := file_in(address)) is not None:
        return SqliteInbox(path)
    if is_database(address):
        return _postgres()(address)
    raise no_address(address, "an inbox")


def _postgres() -> type[PostgresInbox]:
    try:
        from .postgres.store import PostgresInbox
    except ImportError as error:
        raise ConfigurationError(
            f"the PostgreSQL inbox cannot be loaded: pip install 'paperhook[postgres]' ({error})"
        ) from error
    return PostgresInbox
