"""Which inbox an address opens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from paperhook import inbox
from paperhook.errors import ConfigurationError
from paperhook.inbox import MemoryInbox, PostgresInbox, SqliteInbox, open_inbox


@pytest.mark.parametrize("address", ["sqlite:///inbox.db", "sqlite:///./inbox.db", "inbox.db"])
def test_a_relative_address_is_a_file_where_the_process_stands(workplace: Path, address: str) -> None:
    opened = open_inbox(address)

    assert isinstance(opened, SqliteInbox)
    assert opened.path == workplace / "inbox.db"


@pytest.mark.parametrize("ending", [".db", ".sqlite", ".sqlite3"])
def test_an_absolute_address_has_four_slashes_or_is_the_path(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"inbox{ending}"

    opened = [open_inbox(f"sqlite:///{path}"), open_inbox(str(path))]

    assert [each.path for each in opened if isinstance(each, SqliteInbox)] == [path, path]


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
        ),
        "mysql://user:hunter2@db/app.db",
        "host=db user=app password=hunter2",
        "host=db password=hunter2:x",
    ],
)
def test_any_other_address_is_refused_and_says_what_to_write(workplace: Path, address: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:///") as caught:
        open_inbox(address)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgresql_address_opens_a_database_when_it_is_needed(scheme: str) -> None:
    opened = open_inbox(f"{scheme}://user:hunter2@database.test:6543/app")

    assert isinstance(opened, PostgresInbox)
    assert repr(opened) == "PostgresInbox('postgresql://database.test:6543/app')"


def test_a_postgresql_address_that_cannot_be_read_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigurationError, match="no PostgreSQL address") as caught:
        open_inbox("postgresql://user:hunter2@database/app?hunter2=1")

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_postgresql_without_psycopg_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paperhook.inbox.postgres.store", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'paperhook\[postgres\]'"):
        open_inbox("postgresql://database/app")


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'MysqlInbox'"):
        inbox.MysqlInbox  # noqa: B018 - looked up, not used
