"""What is true of one store only: files keep no trace of what was purged, and older tables are brought up to date."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path

import psycopg
import pytest

from paperhook.inbox import Entry, Filter, Outcome, SqliteInbox, State
from paperhook.inbox.postgres.store import PostgresInbox
from paperhook.inbox.sqlite.file import APPLICATION_ID

from .. import postgres

SECRET = b"the merchant is Example Ltd, the IBAN is DE89370400440532013000"


def first_version(store: str) -> str:
    folder = resources.files("paperhook.inbox").joinpath("migrations", store)
    return folder.joinpath("001_create.sql").read_text("utf-8")


@pytest.mark.parametrize("redact", [True, False])
def test_a_file_holds_no_byte_of_what_was_purged(tmp_path: Path, redact: bool) -> None:
    path = tmp_path / "inbox.db"
    inbox = SqliteInbox(path)
    inbox.put([Entry("acme", f"e{n}", "document.completed", SECRET * 200) for n in range(20)]).result()
    for held in inbox.claim(limit=20, lease=60, now=1).result():
        inbox.finish(held, [Outcome("book", State.DONE, 1)], state=State.DONE, now=2).result()

    inbox.purge(Filter(), redact=redact, now=3).result()
    inbox.close()

    assert [file for file in tmp_path.iterdir() if SECRET in file.read_bytes()] == []


def test_a_file_of_the_first_version_gets_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    connection = sqlite3.connect(path)
    connection.executescript(first_version("sqlite"))
    connection.execute(
        "INSERT INTO paperhook_event (provider, key, type, is_next, received_at, state, settled_at)"
        " VALUES ('acme', 'e1', 'document.failed', 0, 1, 'dead', 2)"
    )
    connection.execute(
        "INSERT INTO paperhook_payload (event_id, body, form, position, headers, origin)"
        " VALUES (1, x'', 'delivery', 0, '{}', 'webhook')"
    )
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    inbox = SqliteInbox(path)

    assert inbox.replay(Filter(), now=3, by="Zoe").result() == (1,)
    assert [each.by for each in inbox.audit().result()] == ["Zoe"]
    inbox.close()


def test_tables_of_the_first_version_get_what_is_missing() -> None:
    url = postgres.address()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(first_version("postgres").encode())
        connection.execute("INSERT INTO paperhook_version VALUES (1)")
    inbox = PostgresInbox(url)

    assert inbox.audit().result() == ()
    inbox.close()
