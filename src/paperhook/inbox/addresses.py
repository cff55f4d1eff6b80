"""What the address of a store means, of an inbox as of a tracker: both share a file or a database where you like."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigurationError

#: Of paths that are taken for files of SQLite without `sqlite:///`.
ENDINGS = (".db", ".sqlite", ".sqlite3")

_KNOWN = "write sqlite:///file.db, sqlite:////absolute/file.db, postgresql://host/database or memory:"


def file_in(address: str) -> str | None:
    """Give the path of the file of SQLite that an address means; None where it means none."""
    scheme, colon, rest = address.partition(":")
    if scheme == "sqlite" and colon:
        path = rest.removeprefix("///")
        return None if path == rest or not path or "?" in path or ":memory:" in path else path
    return address if "://" not in address and Path(address).suffix in ENDINGS else None


def is_database(address: str) -> bool:
    """Tell whether an address means a database of PostgreSQL."""
    return address.startswith(("postgresql:", "postgres:"))


def no_address(address: str, of: str) -> ConfigurationError:
    """Build the error for an address that means no store."""
    # It may hold a password, so at most its scheme is repeated.
    scheme, colon, _ = address.partition(":")
    begins = f"with {scheme!r}" if colon and scheme.isalnum() else "so"
    what = "names no file" if scheme == "sqlite" else f"cannot begin {begins}"
    return ConfigurationError(f"the address of {of} {what}: {_KNOWN}")
