from __future__ import annotations

import ctypes
import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paperhook import sandbox
from paperhook.sandbox import Sandbox, SandboxFailed, limit_memory, receive, send

ROOT = Path(__file__).parents[1]
needs_proc = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory is watched through /proc"
)


@pytest.fixture
def child() -> Iterator[Sandbox]:
    child = Sandbox("tests.children", memory_bytes=200_000_000)
    yield child
    child.close()


def test_requests_are_answered_by_one_process(child: Sandbox) -> None:
    first = child.call(b"who", seconds=20)

    second = child.call(b"who", seconds=20)

    assert first == second == str(child.process_id).encode()


def test_a_large_message_arrives_whole(child: Sandbox) -> None:
    content = os.urandom(5_000_000)

    answer = child.call(b"echo " + content, seconds=20)

    assert answer == content


def test_what_the_child_prints_does_not_disturb_the_answers(child: Sandbox) -> None:
    assert child.call(b"print", seconds=20) == b"quiet"


def test_a_child_that_takes_too_long_is_ended_and_replaced(child: Sandbox) -> None:
    child.start()
    before = child.process_id
    started = time.monotonic()

    with pytest.raises(SandboxFailed) as failed:
        child.call(b"sleep 60", seconds=0.2)

    assert failed.value.reason == "timeout"
    assert time.monotonic() - started < 10
    assert child.process_id is None
    assert child.call(b"who", seconds=20) != str(before).encode()


class Interrupted(BaseException):
    """As Ctrl-C raises, and the time limits of task queues."""


def interrupt(thread_id: int) -> None:
    """Raise in another thread."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(Interrupted))


def test_an_answer_that_nobody_waited_for_is_not_given_to_the_next_request(child: Sandbox) -> None:
    def interrupted_call() -> None:
        threading.Timer(0.2, interrupt, [threading.get_ident()]).start()
        child.call(b"sleep 10", seconds=60)

    child.start()
    with pytest.raises(Interrupted):
        interrupted_call()

    assert child.call(b"echo mine", seconds=60) == b"mine"


def test_a_child_that_does_not_read_is_ended_in_time(child: Sandbox) -> None:
    child.start()
    with pytest.raises(SandboxFailed):
        child.call(b"sleep 60", seconds=0.1)

    assert child.call(b"echo again", seconds=20) == b"again"


def test_a_child_that_ends_itself_is_reported(child: Sandbox) -> None:
    with pytest.raises(SandboxFailed) as failed:
        child.call(b"die", seconds=20)

    assert failed.value.reason == "crashed"


@needs_proc
def test_a_child_that_is_refused_memory_does_not_take_it(child: Sandbox) -> None:
    with pytest.raises(SandboxFailed) as failed:
        child.call(b"eat 500000000", seconds=20)

    assert failed.value.reason in {"crashed", "out_of_memory"}


@needs_proc
def test_a_child_above_its_memory_is_ended() -> None:
    child = Sandbox("tests.children", memory_bytes=200_000_000)
    child.start()
    # The parent's own watch, for systems that do not limit a process from within.
    child._memory_bytes = 5_000_000

    with pytest.raises(SandboxFailed) as failed:
        child.call(b"sleep 60", seconds=20)

    assert failed.value.reason == "out_of_memory"


def test_secrets_of_the_environment_stay_outside(child: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERHOOK_TEST_SECRET", "s3cret")

    answer = child.call(b"variable PAPERHOOK_TEST_SECRET", seconds=20)

    assert answer == b"-"


def test_closing_twice_is_harmless(child: Sandbox) -> None:
    child.start()

    child.close()
    child.close()

    assert child.process_id is None


def test_the_child_ends_when_its_parent_does() -> None:
    code = (
        "from paperhook.sandbox import Sandbox; s = Sandbox('tests.children', memory_bytes=200_000_000);"
        "s.start(); print(s.process_id, flush=True); import os; os._exit(0)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}

    out = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, check=True
    )

    process_id = int(out.stdout)
    deadline = time.monotonic() + 10
    while _is_alive(process_id) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_alive(process_id)


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process_id}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_message_that_breaks_off_is_none() -> None:
    pipe = io.BytesIO()
    send(pipe, b"hello")

    cut = io.BytesIO(pipe.getvalue()[:-1])

    assert receive(cut) is None
    assert receive(io.BytesIO(b"\0\0")) is None


@pytest.mark.parametrize("size", [6, 2**40, 2**64 - 1])
def test_a_message_that_claims_too_much_is_none(size: int) -> None:
    claimed = io.BytesIO(size.to_bytes(8, "big") + b"longer")

    assert receive(claimed, most_bytes=5) is None


def test_messages_follow_each_other() -> None:
    pipe = io.BytesIO()
    send(pipe, b"one")
    send(pipe, b"")
    pipe.seek(0)

    assert [receive(pipe), receive(pipe), receive(pipe)] == [b"one", b"", None]


def test_a_system_without_limits_is_tolerated(monkeypatch: pytest.MonkeyPatch) -> None:
    # Windows has no such module.
    monkeypatch.setitem(sys.modules, "resource", None)

    assert limit_memory(1) is False


def test_memory_of_an_unknown_process_counts_as_none() -> None:
    assert sandbox._resident_bytes(2**30) == 0
