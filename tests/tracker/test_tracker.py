"""Addresses, files and processes: what only some trackers have."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from paperhook import tracker as tracker_module
from paperhook.core.job import Job
from paperhook.errors import ConfigurationError, InboxCorrupt, InboxTooNew
from paperhook.inbox import Entry, SqliteInbox
from paperhook.tracker import (
    MemoryTracker,
    PostgresTracker,
    SqliteTracker,
    Submission,
    Turn,
    open_tracker,
)
from paperhook.tracker.owner import is_gone, this_process
from paperhook.tracker.sqlite import _Memory

from .. import postgres


def draft(attempt_id: str = "att-1") -> Submission:
    empty = Job(id="", provider="acme", filename="a.pdf")
    return Submission(attempt_id, "doc-1", "acme", "k", "k", "ab", 9, "a.pdf", "application/pdf", empty)


def begin(tracker: SqliteTracker | MemoryTracker | PostgresTracker, attempt_id: str = "att-1") -> bool:
    turn = Turn(attempt_id, this_process(), 60.0)
    asked = tracker.begin(draft(attempt_id), turn, again=False, repeat_within=None, now=100.0)
    return asked.result().is_mine


# Addresses


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:///paperhook.db", "paperhook.db"),
        ("paperhook.sqlite3", "paperhook.sqlite3"),
        ("sqlite:////tmp/paperhook.db", "/tmp/paperhook.db"),
    ],
)
def test_an_address_of_a_file_opens_it(workplace: Path, address: str, path: str) -> None:
    opened = open_tracker(address)

    assert isinstance(opened, SqliteTracker)
    assert opened.path == Path(path).absolute()


def test_an_address_of_a_server_waits_until_it_is_needed() -> None:
    opened = open_tracker("postgresql://me:hunter2@db.example/app")

    assert isinstance(opened, PostgresTracker)
    assert repr(opened) == "PostgresTracker('postgresql://db.example/app')"
    opened.close()


def test_without_psycopg_the_command_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "paperhook.tracker.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(ConfigurationError, match=r"paperhook\[postgres\]"):
        open_tracker("postgresql://db.example/app")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="RedisTracker"):
        tracker_module.RedisTracker  # noqa: B018 - looked up, not used


def test_memory_is_one_too() -> None:
    assert isinstance(open_tracker("memory:"), MemoryTracker)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("redis://me:hunter2@db", "'redis'"),
        ("sqlite:///", "names no file"),
        ("sqlite:a.db", "names no file"),
        ("sqlite:///a.db?mode=ro", "names no file"),
        ("paperhook", "cannot begin so"),
        ("host=db user=app password=hunter2", "cannot begin so"),
    ],
)
def test_other_addresses_are_refused_without_their_password(address: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        open_tracker(address)

    assert "hunter2" not in str(refused.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        SqliteTracker(tmp_path / "nowhere" / "paperhook.db")


# One file


def test_tracker_and_inbox_share_a_file_whichever_came_first(tmp_path: Path) -> None:
    for first, second in ((SqliteTracker, SqliteInbox), (SqliteInbox, SqliteTracker)):
        path = tmp_path / f"{first.__name__}.db"
        opened = {kind: kind(path) for kind in (first, second)}
        for kind in (first, second):
            store = opened[kind]
            if isinstance(store, SqliteTracker):
                assert begin(store)
            else:
                assert store.put([Entry("acme", "k", "document.completed", b"{}")]).result() == (True,)
        for store in opened.values():
            store.close()


def test_a_row_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "paperhook.db"
    before = SqliteTracker(path)
    begin(before)
    before.close()

    after = SqliteTracker(path)

    assert not begin(after, "att-2")
    assert [row.attempt_id for row in after.rows().result()] == ["att-1"]
    after.close()


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "paperhook.db"
    tracker = SqliteTracker(path)
    begin(tracker)
    tracker.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE paperhook_tracker SET version = 99")
    connection.close()

    newer = SqliteTracker(path)
    with pytest.raises(InboxTooNew, match="tracker schema 99"):
        newer.tally().result()
    newer.close()


def test_a_database_of_a_newer_version_is_refused_and_tables_are_made_once() -> None:
    address = postgres.address()
    trackers = [PostgresTracker(address) for _ in range(4)]
    for each in [tracker.tally() for tracker in trackers]:
        assert each.result().total == 0
    for tracker in trackers:
        tracker.close()
    with postgres.administrator(address) as connection:
        connection.execute("UPDATE paperhook_tracker SET version = 99")

    newer = PostgresTracker(address)
    with pytest.raises(InboxTooNew, match="tracker schema 99"):
        newer.tally().result()
    newer.close()


def test_a_server_that_cuts_connections_loses_nothing() -> None:
    tracker = PostgresTracker(postgres.address())
    begin(tracker)
    postgres.cut_connections()

    assert not begin(tracker, "att-2")
    tracker.close()


def test_ids_of_any_length_are_held() -> None:
    tracker = PostgresTracker(postgres.address())
    begin(tracker)
    pages = ",".join(f"job_{number:016x}" for number in range(300))

    row = tracker.record("att-1", Job(id=pages, provider="acme"), now=101.0).result()

    assert row is not None
    assert tracker.note(row.job, now=102.0).result()
    tracker.close()


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (id)")
    connection.close()
    before = path.read_bytes()

    tracker = SqliteTracker(path)
    with pytest.raises(InboxCorrupt, match="another program"):
        tracker.tally().result()
    tracker.close()
    assert path.read_bytes() == before


def test_a_tracker_that_nobody_holds_closes_its_file(tmp_path: Path) -> None:
    tracker = SqliteTracker(tmp_path / "paperhook.db")
    begin(tracker)

    del tracker

    assert not (tmp_path / "paperhook.db-wal").exists()


# Owners


def test_this_process_is_there() -> None:
    assert not is_gone(this_process())


def test_a_process_that_ended_is_gone() -> None:
    program = "from paperhook.tracker.owner import this_process; print(this_process(), end='')"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert is_gone(ended.stdout)


def test_another_process_with_the_same_id_is_not_taken_for_it() -> None:
    machine, process_id, _ = this_process().split("|")

    assert is_gone(f"{machine}|{process_id}|1")


@pytest.mark.parametrize("owner", ["elsewhere|1|1", "", "a|b", "elsewhere|99999999|5"])
def test_of_another_machine_nothing_is_known(owner: str) -> None:
    assert not is_gone(owner)


def test_a_process_that_is_not_ours_is_there() -> None:
    machine = this_process().split("|")[0]
    began = Path("/proc/1/stat")
    if not began.exists():
        pytest.skip("needs /proc")
    since = began.read_text().rpartition(")")[2].split()[19]

    assert not is_gone(f"{machine}|1|{since}")


def test_an_id_that_no_system_has_is_gone() -> None:
    assert is_gone(f"{this_process().split('|')[0]}|{10**30}|1")


def test_a_child_has_a_name_of_its_own() -> None:
    if not hasattr(os, "fork"):
        pytest.skip("there is no fork")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, this_process().encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)

    with os.fdopen(read) as said:
        assert said.read() != this_process()


def test_a_tracker_in_memory_that_was_never_used_is_closed() -> None:
    memory = _Memory()

    memory.close()

    assert memory.run([]) == []
    memory.close()
