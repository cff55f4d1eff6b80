"""Which inbox an address opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from paperhook.errors import ConfigurationError
from paperhook.inbox import MemoryInbox, SqliteInbox, open_inbox


@pytest.mark.parametrize("address", ["sqlite:///inbox.db", "sqlite:///./inbox.db", "inbox.db"])
def test_a_relative_address_is_a_file_where_the_process_stands(workplace: Path, address: str) -> None:
    inbox = open_inbox(address)

    assert isinstance(inbox, SqliteInbox)
    assert inbox.path == workplace / "inbox.db"


@pytest.mark.parametrize("ending", [".db", ".sqlite", ".sqlite3"])
def test_an_absolute_address_has_four_slashes_or_is_the_path(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"inbox{ending}"

    opened = [open_inbox(f"sqlite:///{path}"), open_inbox(str(path))]

    assert [inbox.path for inbox in opened if isinstance(inbox, SqliteInbox)] == [path, path]


def test_memory_is_an_inbox_of_its_own_each_time() -> None:
    first, second = open_inbox("memory:"), open_inbox("memory:")

    assert isinstance(first, MemoryInbox)
    assert first is not second


@pytest.mark.parametrize(
    "address",
    [
        *("", "inbox", "redis://localhost", "memory", "memory://", "sqlite", "sqlite:", "sqlite://inbox.db"),
        *(
            "sqlite:///",
            "sqlite:///:memory:",
            "sqlite:///inbox.db?mode=ro",
            "postgresql://user:hunter2@db/app",
        ),
        *("postgres://db/app", "mysql://user:hunter2@db/app.db"),
    ],
)
def test_any_other_address_is_refused_and_says_what_to_write(workplace: Path, address: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:///") as caught:
        open_inbox(address)

    assert "hunter2" not in str(caught.value)


def test_postgresql_is_named_as_not_there_yet() -> None:
    with pytest.raises(ConfigurationError, match="no PostgreSQL inbox"):
        open_inbox("postgresql://db/app")
