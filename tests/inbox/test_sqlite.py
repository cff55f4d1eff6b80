"""The SQLite inbox: files, processes, and what can be wrong with them."""

from __future__ import annotations

import errno
import gc
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paperhook.errors import ConfigurationError, InboxCorrupt, InboxError, InboxTooNew, InboxUnavailable
from paperhook.inbox import Entry, Filter, Inbox, Outcome, SqliteInbox, State
from paperhook.inbox.sqlite import bulk, looking, putting, turns, work
from paperhook.inbox.turnstile import Turnstile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "inbox.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[..., SqliteInbox]]:
    inboxes: list[SqliteInbox] = []

    def make(**options: Any) -> SqliteInbox:
        inboxes.append(SqliteInbox(path, **options))
        return inboxes[-1]

    yield make
    for inbox in inboxes:
        inbox.close()


def entry(key: str = "e1", **changes: Any) -> Entry:
    return replace(Entry("docuparse", key, "document.completed", b"{}", received_at=1.0), **changes)


def put(inbox: Inbox, *keys: str) -> tuple[bool, ...]:
    return inbox.put([entry(key) for key in keys]).result(10)


def keys(inbox: Inbox) -> set[str]:
    return {row.entry.key for row in inbox.rows(limit=10_000).result(10)}


def pragma(path: Path, name: str) -> Any:
    connection = sqlite3.connect(path)
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    connection.close()
    return value


def run(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


# The file


def test_events_are_there_after_the_file_was_closed(opened: Callable[..., SqliteInbox]) -> None:
    first = opened()
    put(first, "e1")
    first.close()

    assert put(opened(), "e1", "e2") == (False, True)


def test_closing_leaves_one_file_and_the_lock(path: Path, opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    put(inbox, "e1")
    inbox.rows().result()
    inbox.close()

    assert {each.name for each in path.parent.iterdir()} == {"inbox.db", "inbox.db-lock"}


def test_nothing_is_made_before_it_is_needed(path: Path, opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    inbox.close()

    assert list(path.parent.iterdir()) == []
    assert [inbox._writes._thread, inbox._reads._thread] == [None, None]


def test_a_commit_is_on_the_disk(path: Path, opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    put(inbox, "e1")
    full = 2

    assert inbox._writes.ask(work.Work(lambda db, asks: [_pragmas(db)], turn=0), None).result() == (
        "wal",
        full,
    )
    assert pragma(path, "journal_mode") == "wal"


def _pragmas(db: sqlite3.Connection) -> tuple[Any, ...]:
    return tuple(db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous"))


def test_a_folder_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        SqliteInbox(tmp_path / "missing" / "inbox.db")


def test_a_relative_path_stays_when_the_process_goes_elsewhere(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workplace / "elsewhere").mkdir()
    inbox = SqliteInbox("inbox.db")
    monkeypatch.chdir(workplace / "elsewhere")

    put(inbox, "e1")
    inbox.close()

    assert (workplace / "inbox.db").exists()


def test_an_inbox_that_nobody_holds_is_closed(path: Path) -> None:
    inbox = SqliteInbox(path)
    put(inbox, "e1")
    inbox.stats().result()
    threads = [inbox._writes._thread, inbox._reads._thread]

    del inbox
    gc.collect()

    assert [thread is not None and thread.is_alive() for thread in threads] == [False, False]


def test_an_inbox_that_is_let_go_in_its_own_callback_is_closed(path: Path) -> None:
    box = [SqliteInbox(path)]
    done = threading.Event()

    def let_go(_: Any) -> None:
        box.clear()
        done.set()

    box[0].put([entry()]).add_done_callback(let_go)

    assert done.wait(5)
    assert keys(SqliteInbox(path)) == {"e1"}


def test_a_process_that_never_closes_its_inbox_ends_quietly_and_loses_nothing(path: Path) -> None:
    program = (
        "import sys; from paperhook.inbox import SqliteInbox, Entry\n"
        "inbox = SqliteInbox(sys.argv[1])\n"
        "inbox.stats().result()\n"
        "for n in range(100): inbox.put([Entry('p', str(n), 't', b'')])\n"
    )

    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program, path],
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert len(keys(SqliteInbox(path))) == 100


# What can be wrong with it


def test_a_file_that_is_no_database_is_named(path: Path, opened: Callable[..., SqliteInbox]) -> None:
    path.write_bytes(b"%PDF-1.7 " * 500)

    with pytest.raises(InboxCorrupt, match=r"inbox\.db is damaged or is no inbox"):
        put(opened(), "e1")

    assert path.read_bytes() == b"%PDF-1.7 " * 500


@pytest.mark.parametrize(
    "script", ["CREATE TABLE users (id)", "PRAGMA user_version = 7", "PRAGMA application_id = 5"]
)
def test_the_database_of_another_program_is_not_touched(
    path: Path, opened: Callable[..., SqliteInbox], script: str
) -> None:
    connection = sqlite3.connect(path)
    connection.execute(script)
    connection.commit()
    connection.close()
    before = path.read_bytes()

    with pytest.raises(InboxCorrupt, match="another program"):
        put(opened(), "e1")
    with pytest.raises(InboxCorrupt, match="another program"):
        opened().rows().result()

    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_tables_of_the_user_may_lie_beside_the_inbox(path: Path, opened: Callable[..., SqliteInbox]) -> None:
    put(opened(), "e1")
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE event (id)")
    connection.close()

    assert put(opened(), "e2") == (True,)


def test_a_damaged_file_is_named(path: Path, opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    put(inbox, *(f"e{n}" for n in range(500)))
    inbox.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)

    with pytest.raises(InboxCorrupt, match="damaged"):
        put(opened(), "new")


def test_a_file_of_a_newer_paperhook_is_refused_and_kept(
    path: Path, opened: Callable[..., SqliteInbox]
) -> None:
    inbox = opened()
    put(inbox, "e1")
    inbox.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    for asked in (opened().put([entry("e2")]), opened().stats()):
        with pytest.raises(InboxTooNew, match="schema 99"):
            asked.result()

    assert pragma(path, "user_version") == 99


def test_a_file_that_is_locked_for_long_is_unavailable_and_works_again_later(
    path: Path, opened: Callable[..., SqliteInbox]
) -> None:
    inbox = opened(patience=0.05)
    put(inbox, "e1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(InboxUnavailable, match="locked"):
        put(inbox, "e2")
    other.execute("ROLLBACK")
    other.close()

    assert put(inbox, "e2") == (True,)


def test_a_process_that_keeps_the_turnstile_makes_it_unavailable(
    path: Path, opened: Callable[..., SqliteInbox]
) -> None:
    stuck = Turnstile(path.with_name("inbox.db-lock"))
    stuck.enter(until=0)
    inbox = opened(patience=0.02)

    with pytest.raises(InboxUnavailable, match="locked by another process"):
        put(inbox, "e1")
    stuck.close()

    assert put(inbox, "e1") == (True,)


def test_a_full_disk_is_unavailable_and_nothing_is_half_stored(
    path: Path, opened: Callable[..., SqliteInbox]
) -> None:
    inbox = opened()
    put(inbox, "e1")
    limit = work.Work(lambda db, asks: [db.execute(f"PRAGMA max_page_count = {asks[0]}").fetchone()], turn=0)
    inbox._writes.ask(limit, 30).result()

    with pytest.raises(InboxUnavailable, match="full"):
        inbox.put([entry("small"), entry("large", body=b"x" * 500_000)]).result()

    assert keys(inbox) == {"e1"}
    assert put(inbox, "small") == (True,)


def test_a_file_that_was_removed_is_not_acknowledged(path: Path, opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    put(inbox, "e1")
    for each in path.parent.iterdir():
        each.unlink()

    with pytest.raises(InboxUnavailable, match="removed or replaced"):
        put(inbox, "e2")

    assert put(inbox, "e2") == (True,)
    assert keys(opened()) == {"e2"}


def test_a_folder_that_went_away_is_unavailable(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    inbox = SqliteInbox(folder / "inbox.db")
    folder.rmdir()

    with pytest.raises(InboxUnavailable) as caught:
        put(inbox, "e1")
    inbox.close()

    assert os.strerror(errno.ENOENT) in str(caught.value) or "unable to open" in str(caught.value)


def test_a_bad_entry_does_not_fail_those_beside_it(opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    busy = inbox._writes.ask(work.Work(lambda db, asks: [time.sleep(0.02)], turn=0), None)
    nobody: Any = None

    good = [inbox.put([entry(f"e{n}")]) for n in range(10)]
    bad = inbox.put([entry("half"), entry("bad", body=nobody)])
    more = [inbox.put([entry(f"f{n}")]) for n in range(10)]
    busy.result()

    with pytest.raises(InboxError, match="cannot hold this"):
        bad.result()
    assert [future.result() for future in good + more] == [(True,)] * 20
    assert keys(inbox) == {f"{letter}{n}" for letter in "ef" for n in range(10)}


def test_an_entry_of_the_wrong_type_is_the_callers_error(opened: Callable[..., SqliteInbox]) -> None:
    wrong: Any = 2**80

    with pytest.raises(OverflowError):
        opened().put([entry(index=wrong)]).result()


def test_a_caller_that_went_away_before_its_turn_stores_nothing(opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    gate = threading.Event()
    busy = inbox._writes.ask(work.Work(lambda db, asks: [gate.wait(5)], turn=0), None)
    time.sleep(0.01)

    gone = inbox.put([entry("gone")])
    stays = inbox.put([entry("stays")])
    assert gone.cancel()
    gate.set()

    busy.result()
    stays.result()
    assert keys(inbox) == {"stays"}


# Groups


def test_calls_that_wait_together_share_a_commit(opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    put(inbox, "e0")
    gate, threads = threading.Event(), []
    count = work.Work(lambda db, asks: [db.execute("PRAGMA data_version").fetchone()[0]], turn=0)
    busy = inbox._writes.ask(work.Work(lambda db, asks: [gate.wait(5)], turn=0), None)
    sizes: list[int] = []
    together = work.Work(lambda db, asks: (sizes.append(len(asks)), [None] * len(asks))[1], turn=9)

    threads = [inbox._writes.ask(together, None) for _ in range(64)]
    gate.set()
    busy.result()
    for future in threads:
        future.result()

    assert max(sizes) == 64
    assert count.turn == 0


def test_a_claim_sees_what_was_put_in_its_own_group(opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    gate = threading.Event()
    inbox._writes.ask(work.Work(lambda db, asks: [gate.wait(5)], turn=0), None)

    claimed = inbox.claim(limit=10, lease=60, now=1)
    asked = inbox.put([entry()])
    gate.set()

    asked.result()
    assert [claim.entry.key for claim in claimed.result()] == ["e1"]


def test_events_of_one_document_put_in_one_group_keep_their_order(opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    inbox.put([entry(f"e{n}", job_id="j") for n in range(300)]).result()

    order = []
    while claims := inbox.claim(limit=100, lease=60, now=1).result():
        (claim,) = claims
        order.append(claim.entry.key)
        inbox.finish(claim, [], state=State.DONE, now=1)

    assert order == [f"e{n}" for n in range(300)]


def test_many_settlements_in_one_group_are_each_recorded_once(opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    inbox.put([entry(f"e{n}") for n in range(300)]).result()
    claims = inbox.claim(limit=300, lease=60, now=1).result()
    outcome = [Outcome("book", State.DONE, 1)]

    asked = [inbox.finish(claim, outcome, state=State.DONE, now=2) for claim in claims]
    again = [inbox.finish(claim, outcome, state=State.DONE, now=2) for claim in claims]

    assert [future.result() for future in asked + again] == [True] * 300 + [False] * 300
    assert inbox.stats().result().done == 300


# Indexes: a claim must cost the same with a million settled rows


@pytest.mark.parametrize(
    ("query", "parameters", "index"),
    [
        ("_DUE", {"now": 1, "limit": 1, "lot": 0}, "paperhook_event_leased"),
        ("_DUE", {"now": 1, "limit": 1, "lot": 0}, "paperhook_event_due (due_at>? AND due_at<?)"),
        ("_DUE", {"now": 1, "limit": 1, "lot": 0}, "paperhook_event_due (due_at<?)"),
        ("_BY_KEY", ("", "", 1), "sqlite_autoindex_paperhook_event_1"),
        ("_NOBODY_NEXT", ("", ""), "paperhook_event_subject (subject=? AND provider=? AND settled_at=?)"),
        ("FIRST_NEXT", ("", ""), "paperhook_event_subject (subject=? AND provider=? AND settled_at=?)"),
        ("_SOMEBODY_NEXT", ("", ""), "paperhook_event_subject (subject=? AND provider=? AND settled_at=?)"),
        (
            "_PUT_EVENTS",
            (1, "", "", "", "", 0),
            "paperhook_event_subject (subject=? AND provider=? AND settled_at=?)",
        ),
        ("_FINISH", (1, "", "", 1), "INTEGER PRIMARY KEY (rowid=?)"),
        ("_RELEASE", (1, "", "", 1), "INTEGER PRIMARY KEY (rowid=?)"),
        ("_STATS", (), "paperhook_event_open"),
        ("_STATS", (), "paperhook_event_leased"),
        ("_STATS", (), "paperhook_event_dead"),
    ],
)
def test_a_query_uses_its_index(
    path: Path, opened: Callable[..., SqliteInbox], query: str, parameters: tuple[Any, ...], index: str
) -> None:
    put(opened(), "e1")
    connection = sqlite3.connect(path)
    template = next(getattr(each, query) for each in (work, putting, looking, turns) if hasattr(each, query))
    statement = bulk._bulk(template, max(len(parameters), 1), 1)

    plan = " | ".join(row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statement, parameters))
    connection.close()

    assert index in plan
    # A whole partial index may be read, the whole table may not.
    scans = [step for step in plan.split(" | ") if step.startswith("SCAN ") and "paperhook_event" in step]
    assert all("INDEX paperhook_event_" in step for step in scans)


# Processes

PUT_MANY = (
    "import sys; from paperhook.inbox import SqliteInbox, Entry\n"
    "inbox = SqliteInbox(sys.argv[1])\n"
    "print('ready', flush=True); sys.stdin.readline() if False else None\n"
    "asked = [inbox.put([Entry('p', f'{sys.argv[2]}-{n}', 't', b'x')]) for n in range(200)]\n"
    "shared = [inbox.put([Entry('p', f'shared-{n}', 't', b'x')]) for n in range(50)]\n"
    "print(sum(future.result()[0] for future in asked), sum(future.result()[0] for future in shared))\n"
    "inbox.close()\n"
)


def test_several_processes_open_and_write_a_new_file_at_once(
    path: Path, opened: Callable[..., SqliteInbox]
) -> None:
    processes = [run(PUT_MANY, path, name) for name in "abcd"]

    answers = [process.communicate(timeout=60)[0].split()[1:] for process in processes]

    assert [int(own) for own, _ in answers] == [200] * 4
    assert sum(int(shared) for _, shared in answers) == 50
    assert len(keys(opened())) == 850


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_a_connection_of_its_own(opened: Callable[..., SqliteInbox]) -> None:
    inbox = opened()
    put(inbox, "parent")
    inbox.stats().result()

    child = os.fork()
    if child == 0:  # pragma: no cover - the child is not measured
        code = 1
        try:
            code = 0 if put(inbox, "parent", "child") == (False, True) and len(keys(inbox)) == 2 else 2
            inbox.close()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert put(inbox, "child", "after") == (False, True)
    assert inbox.rows(Filter(key="child")).result()


def test_the_turnstile_lets_one_through_at_a_time(tmp_path: Path) -> None:
    first, second = Turnstile(tmp_path / "lock"), Turnstile(tmp_path / "lock")

    assert first.enter(until=0)
    assert not second.enter(until=0)
    first.leave()
    assert second.enter(until=0)

    second.close()
    second.close()
    first.leave()
    first.close()
    first.leave()


def test_many_that_open_a_new_file_at_once_all_find_an_inbox(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def open_and_put(path: Path, number: int) -> None:
        inbox = SqliteInbox(path)
        try:
            inbox.put([Entry("docuparse", f"e{number}", "t", b"{}")]).result()
        except Exception as error:
            failures.append(error)
        finally:
            inbox.close()

    for round_number in range(20):
        path = tmp_path / f"{round_number}.db"
        threads = [threading.Thread(target=open_and_put, args=(path, number)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert failures == []
