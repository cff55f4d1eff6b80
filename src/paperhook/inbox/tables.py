"""Whether a store is at an address, without making one there."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from ..errors import ConfigurationError
from .addresses import file_in
from .sqlite.file import APPLICATION_ID

#: Tables that every version has.
OF_INBOX = "paperhook_event"
OF_TRACKER = "paperhook_tracker"


def has_tables(address: str, table: str) -> bool | None:
    """Tell whether a file or a database has a table; it is only read.

    Returns:
        None where that cannot be told: it is no address, a file of something else, or psycopg is not installed. Whoever
        opens it says why.

    Raises:
        InboxError: If a server is away.
    """
    if (path := file_in(address)) is not None:
        return _in_file(Path(path), table)
    # Without psycopg there is no database either.
    with suppress(ConfigurationError, ImportError):
        from .postgres.server import has_table

        return has_table(address, table)
    return None


def _in_file(path: Path, table: str) -> bool | None:
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            names = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            ((application_id,),) = file.execute("PRAGMA application_id")
    except sqlite3.Error:
        return None
    is_ours = application_id == APPLICATION_ID or (application_id == 0 and not names)
    return (table in names) if is_ours else None
