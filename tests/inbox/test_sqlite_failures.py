"""An SQLite inbox whose file, disk or neighbours fail: 503, nothing half stored, and it works again afterwards."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self

import pytest

from paperhook import DocumentCompleted, Webhooks
from paperhook.errors import InboxCorrupt, InboxUnavailable
from paperhook.inbox import Entry, SqliteInbox
from paperhook.inbox.commits import MAX_GROUP, MAX_GROUP_BYTES, Ask, GroupCommit, Work
from paperhook.inbox.postgres import putting as on_server
from paperhook.inbox.postgres import review as on_server_review
from paperhook.inbox.postgres.handing_over import put_and_carry
from paperhook.inbox.sqlite import putting as in_file
from paperhook.inbox.sqlite import review as in_file_review
from paperhook.inbox.sqlite.file import SqliteFile, _is_store_failure, _meaning
from paperhook.providers import DocuParse
from paperhook.testing import LOCAL_SECRET, signed_delivery

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")

PROVIDER = DocuParse("key", webhook_secret=LOCAL_SECRET)


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


def put(inbox: SqliteInbox, *keys: str) -> tuple[bool, ...]:
    return inbox.put([Entry("docuparse", key, "t", b"{}", received_at=1.0) for key in keys]).result(10)


def keys(inbox: SqliteInbox) -> set[str]:
    return {row.entry.key for row in inbox.rows(limit=10_000).result(10)}


def on_disk(path: Path) -> set[str]:
    """Look as another process does."""
    program = (
        "import sqlite3, sys; print(*(key for key, in sqlite3.connect(sys.argv[1])"
        ".execute('SELECT key FROM paperhook_event')), sep='\\n')"
    )
    command = [sys.executable, "-c", program, path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def deliver(hooks: Webhooks, mark: str) -> int:
    return hooks.receive(*signed_delivery(PROVIDER, "document.completed", mark=mark)).status


#: Commands from its input, one a line: `put KEY`, and what came of it on its output.
NEIGHBOUR = """
    import sys
    from paperhook.errors import InboxError
    from paperhook.inbox import Entry, SqliteInbox
    inbox = SqliteInbox(sys.argv[1])
    for line in sys.stdin:
        try:
            print(*inbox.put([Entry("docuparse", line.strip(), "t", b"{}")]).result(), flush=True)
        except InboxError as error:
            print(type(error).__name__, flush=True)
"""


class Neighbour:
    """Another process with the same file."""

    def __init__(self, path: Path, program: str = NEIGHBOUR) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program), path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate(timeout=20)


# Files that go away while they are open


@pytest.mark.parametrize("ending", ["-wal", "-shm"])
@pytest.mark.parametrize("meanwhile", ["nothing", "we looked", "another process looked"])
def test_a_log_that_was_removed_takes_nothing_with_it(
    path: Path, opened: Callable[..., SqliteInbox], ending: str, meanwhile: str
) -> None:
    inbox = opened()
    put(inbox, "e1")
    keys(inbox)
    path.with_name(path.name + ending).unlink()
    # Whoever opens it now makes a new, empty log, and may fail.
    if meanwhile == "we looked":
        with suppress(InboxUnavailable):
            keys(inbox)
    if meanwhile == "another process looked":
        with suppress(subprocess.CalledProcessError):
            on_disk(path)

    with pytest.raises(InboxUnavailable, match="removed or replaced"):
        put(inbox, "e2")

    assert on_disk(path) == {"e1"}
    assert put(inbox, "e2") == (True,)
    assert keys(inbox) == on_disk(path) == {"e1", "e2"}


@pytest.mark.parametrize("ending", ["-wal", "-shm"])
def test_processes_whose_log_was_removed_do_not_write_over_each_other(
    path: Path, opened: Callable[..., SqliteInbox], ending: str
) -> None:
    inbox = opened()
    put(inbox, "a1")
    with Neighbour(path) as neighbour:
        assert neighbour.ask("b1") == "True"
        path.with_name(path.name + ending).unlink()

        with pytest.raises(InboxUnavailable, match="removed or replaced"):
            put(inbox, "a2")
        put(inbox, "a3")
        assert neighbour.ask("b2") == "InboxUnavailable"
        assert neighbour.ask("b3") == "True"
        put(inbox, "a4")

    assert on_disk(path) == {"a1", "b1", "a3", "b3", "a4"}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_pages_that_are_damaged_while_the_file_is_open_are_named(
    path: Path, opened: Callable[..., SqliteInbox]
) -> None:
    inbox = opened()
    put(inbox, *(f"e{n}" for n in range(2000)))
    # So that the pages lie in the file, and nobody remembers them.
    inbox.close()
    inbox = opened()
    put(inbox, "open")
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xa5" * (path.stat().st_size - 4 * 4096))

    with pytest.raises(InboxCorrupt, match=r"inbox\.db is damaged"):
        inbox.rows(limit=10_000).result(10)


# Others who hold the file


def test_a_delivery_is_answered_503_while_another_process_holds_the_file(path: Path) -> None:
    hooks = Webhooks(PROVIDER, inbox=SqliteInbox(path, patience=0.2), worker="external")
    hooks.on(DocumentCompleted)(lambda event: None)
    holding = """
        import sqlite3, sys
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        for line in sys.stdin:
            print(connection.execute(line).fetchall(), flush=True)
    """
    assert deliver(hooks, "before") == 200
    with Neighbour(path, holding) as neighbour:
        neighbour.ask("BEGIN IMMEDIATE")
        refused = [deliver(hooks, f"m{n}") for n in range(3)]
        count = hooks.inbox.stats().result().pending
        neighbour.ask("ROLLBACK")
        again = [deliver(hooks, f"m{n}") for n in range(3)]
        # It dies with the lock in its hands.
        neighbour.ask("BEGIN IMMEDIATE")
        neighbour.process.kill()
    last = deliver(hooks, "after")
    rows = hooks.inbox.rows().result()
    hooks.close()

    assert (refused, count, again, last) == ([503] * 3, 1, [200] * 3, 200)
    assert len(rows) == 5
    assert {row.duplicates for row in rows} == {0}


# Disks: a bound on the size of files, and a small file system of its own where the system lets us mount one

#: Fills the disk by deliveries, makes room, and tells what came of it; or finds it read-only.
ON_A_SMALL_DISK = """
    import asyncio, json, pathlib, subprocess, sys
    from paperhook import DocumentCompleted, Webhooks
    from paperhook.providers import DocuParse
    from paperhook.testing import LOCAL_SECRET, signed_delivery

    folder, case = pathlib.Path(sys.argv[1]), sys.argv[2]
    provider = DocuParse("key", webhook_secret=LOCAL_SECRET)

    def make():
        hooks = Webhooks(provider, inbox=f"sqlite:///{folder}/inbox.db", worker="external")
        hooks.on(DocumentCompleted, name="book")(lambda event: None)
        return hooks

    def run(command):
        # Only where nobody has a file open.
        global hooks
        hooks.close()
        subprocess.run(command.format(folder), shell=True, check=True)
        hooks = make()

    hooks = make()
    told = {"acknowledged": [], "refused": [], "reasons": []}

    def deliver(mark):
        reply = hooks.receive(*signed_delivery(provider, "document.completed", mark=mark))
        told["acknowledged" if reply.status == 200 else "refused"].append(mark)
        told.setdefault("statuses", []).append(reply.status)
        if reply.status != 200:
            told["reasons"].append(reply.detail)
        return reply.status == 200

    if case == "full":
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(200_000))
        n = 0
        while deliver(f"fill{n}"):
            n += 1
        deliver("full")
        ballast.unlink()
    elif case == "bounded":
        import resource
        # The log alone grows; what is there already may be written anew.
        hooks.inbox.stats().result()
        size = (folder / "inbox.db-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 400_000, resource.RLIM_INFINITY))
        n = 0
        while deliver(f"fill{n}"):
            n += 1
        deliver("full")
        # What is there can still be looked at.
        told["seen"] = len(hooks.inbox.rows(limit=9999).result())
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    else:
        deliver("first")
        deliver("another")
        run(sys.argv[3])
        deliver("second")
        deliver("third")
        run(sys.argv[4])
    for mark in list(told["refused"]):
        told["again"] = deliver(mark)
    told["run"] = asyncio.run(hooks.worker.drain())
    stats = hooks.inbox.stats().result()
    told["done"], told["duplicates"] = stats.done, stats.duplicates
    told["rows"] = sorted(row.entry.key.removeprefix("document.completed:doc_") for row in hooks.inbox.rows(limit=9999).result())
    hooks.close()
    print(json.dumps(told))
"""


def on_a_small_disk(folder: Path, *case: str) -> dict[str, Any]:
    """Run the program where a tmpfs of 600 kB is mounted, in a namespace of its own."""
    unshare, mount = shutil.which("unshare"), shutil.which("mount")
    if unshare is None or mount is None:
        pytest.skip("unshare or mount is not here")
    small = folder / "small"
    small.mkdir()
    mounted = [unshare, "--user", "--map-root-user", "--mount", "sh", "-c"]
    script = f'mount -t tmpfs -o size=600k tmpfs {small} && exec "$@"'
    if subprocess.run([*mounted, script, "sh", "true"], capture_output=True, check=False).returncode:
        # Without user namespaces, root can do the same in a namespace of mounts.
        mounted = [unshare, "--mount", "sh", "-c"]
        if subprocess.run([*mounted, script, "sh", "true"], capture_output=True, check=False).returncode:
            pytest.skip("this system lets nobody mount a small file system")
    return told_by([*mounted, script, "sh", sys.executable], small, *case)


def told_by(python: Sequence[str], folder: Path, *case: str) -> dict[str, Any]:
    """Run the program in a process of its own."""
    program = textwrap.dedent(ON_A_SMALL_DISK)
    done = subprocess.run(
        [*python, "-c", program, str(folder), *case],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_file_that_may_not_grow_is_answered_503_and_nothing_is_half_stored(tmp_path: Path) -> None:
    told = told_by([sys.executable], tmp_path, "bounded")

    assert len(set(told["refused"])) == 2
    assert told["seen"] == len(set(told["acknowledged"]) - set(told["refused"])) >= 10
    assert set(told["statuses"]) == {200, 503}
    assert told["again"]
    assert told["rows"] == sorted(told["acknowledged"])
    # A refused one that comes again is new.
    assert (told["duplicates"], told["run"], told["done"]) == (0, len(told["rows"]), len(told["rows"]))
    assert all("look at the disk" in each for each in told["reasons"])
    assert on_disk(tmp_path / "inbox.db") == {f"document.completed:doc_{mark}" for mark in told["rows"]}
    with closing(sqlite3.connect(tmp_path / "inbox.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (["full"], "disk is full: make room"),
        (["folder", "mount -o remount,ro {}", "mount -o remount,rw {}"], "let this process write"),
        (
            [
                "file",
                "cd {}; mount --bind inbox.db inbox.db; mount -o remount,bind,ro inbox.db",
                "umount {}/inbox.db",
            ],
            "let this process write",
        ),
    ],
    ids=["full", "read-only folder", "read-only file"],
)
def test_a_disk_that_takes_nothing_is_answered_503_and_nothing_is_half_stored(
    tmp_path: Path, case: list[str], reason: str
) -> None:
    told = on_a_small_disk(tmp_path, *case)

    refused = set(told["refused"])
    assert len(refused) == 2
    assert len(told["acknowledged"]) >= 4
    assert set(told["statuses"]) == {200, 503}
    assert told["again"]
    assert told["rows"] == sorted(told["acknowledged"])
    # A refused one that comes again is new.
    assert (told["duplicates"], told["run"], told["done"]) == (0, len(told["rows"]), len(told["rows"]))
    assert all(reason in each for each in told["reasons"])


def test_what_the_system_says_of_a_file_is_told_by_its_meaning(path: Path) -> None:
    damaged = sqlite3.DatabaseError("database disk image is malformed")
    damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT

    assert _is_store_failure(damaged)
    assert not _is_store_failure(sqlite3.IntegrityError("CHECK constraint failed"))
    assert isinstance(_meaning(damaged, path), InboxCorrupt)
    assert str(_meaning(OSError(28, "No space left"), path)) == f"{path}: No space left"


def test_a_store_that_fails_while_each_is_asked_by_itself_fails_for_all(path: Path) -> None:
    def fail_by_itself(connection: sqlite3.Connection, asked: Sequence[Any]) -> list[Any]:
        raise ValueError(asked)

    def fail_for_all(connection: sqlite3.Connection, asked: Sequence[Any]) -> list[Any]:
        raise sqlite3.OperationalError("disk I/O error")

    asks: list[Ask[sqlite3.Connection]] = [
        Ask(Work(run, turn), None, Future()) for turn, run in enumerate((fail_by_itself, fail_for_all))
    ]
    file = SqliteFile(path, is_reader=False, patience=1.0)

    with pytest.raises(InboxUnavailable, match="disk I/O error"):
        file.run(asks)
    assert isinstance(file.run(asks[:1])[0], ValueError)
    file.close()


def test_a_group_has_an_end() -> None:
    file = SqliteFile(Path("never-opened"), is_reader=False, patience=1.0)
    commits: GroupCommit[sqlite3.Connection] = GroupCommit(file, name="never-started")
    for number in range(MAX_GROUP + 1):
        commits._asks.put(Ask(Work(lambda connection, asked: asked, 0), number, Future()))

    first, is_open = commits._next_group()
    rest, _ = commits._next_group()

    assert (len(first), is_open, [ask.argument for ask in rest]) == (MAX_GROUP, True, [MAX_GROUP])
    commits.close()


def test_a_group_of_large_bodies_ends_before_it_fills_the_memory() -> None:
    file = SqliteFile(Path("never-opened"), is_reader=False, patience=1.0)
    commits: GroupCommit[sqlite3.Connection] = GroupCommit(file, name="never-started")
    entry = Entry("acme", "k", "document.completed", bytes(MAX_GROUP_BYTES // 4))
    for _ in range(6):
        commits._asks.put(Ask(in_file.PUT, in_file.Putting([entry]), Future()))

    groups = [commits._next_group()[0] for _ in range(2)]

    assert [len(group) for group in groups] == [4, 2]
    assert on_server.PUT.size_bytes([entry, entry]) == in_file.PUT.size_bytes(in_file.Putting([entry, entry]))
    assert in_file_review.KEEP.size_bytes((None, entry.body)) == len(entry.body)
    assert on_server_review.KEEP.size_bytes((None, entry.body)) == len(entry.body)
    assert put_and_carry(lambda connection, keys: None).size_bytes([entry]) == len(entry.body)
    commits.close()


def test_a_thread_that_could_not_start_is_started_with_the_next_ask(
    path: Path, opened: Callable[..., SqliteInbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = opened()

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(InboxUnavailable, match="no thread"):
            inbox.put([Entry("docuparse", "e1", "t", b"")]).result(10)

    # As its sender does, who was told that it was not stored.
    assert inbox.put([Entry("docuparse", "e1", "t", b"")]).result(10) == (True,)
    assert [row.entry.key for row in inbox.rows().result(10)] == ["e1"]


def test_an_inbox_whose_thread_could_not_start_closes(
    opened: Callable[..., SqliteInbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = opened()

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(InboxUnavailable):
            inbox.put([Entry("docuparse", "e1", "t", b"")]).result(10)

    inbox.close()
