"""Threads for sync handlers."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from paperhook.worker.threads import Threads, _run


def alive(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def test_calls_run_beside_each_other():
    threads, together = Threads("beside"), threading.Barrier(5)

    calls = [threads.submit(together.wait, 5) for _ in range(5)]

    assert sorted(call.result() for call in calls) == [0, 1, 2, 3, 4]


def test_a_thread_is_used_again():
    threads = Threads("again")

    names = set()
    for _ in range(20):
        names.add(threads.submit(threading.get_ident).result())
        time.sleep(0.001)

    assert len(names) <= 2


def test_a_thread_without_work_ends():
    threads = Threads("ends", idle_seconds=0.01)
    threads.submit(int).result()

    end = time.monotonic() + 5
    while alive("ends") and time.monotonic() < end:
        time.sleep(0.005)

    assert alive("ends") == 0


def test_no_call_is_lost_when_threads_end_all_the_time():
    threads = Threads("busy", idle_seconds=0.0001)

    for number in range(500):
        assert threads.submit(lambda number=number: number).result(5) == number
        if number % 10 == 0:
            time.sleep(0.0002)


def test_an_error_is_the_callers_and_the_thread_goes_on():
    threads = Threads("error")

    with pytest.raises(SystemExit):
        threads.submit(sys.exit, 3).result()

    assert threads.submit(int).result() == 0


def test_a_call_that_was_cancelled_before_it_began_does_not_run():
    calls = []
    threads = Threads("cancelled")
    future = threads.submit(calls.append, 1)
    future.cancel()

    threads.submit(int).result()

    assert len(calls) == (0 if future.cancelled() else 1)


def test_no_call_is_begun_that_was_cancelled():
    future: Future[None] = Future()
    future.cancel()

    _run(future, sys.exit, (), {})

    assert future.cancelled()


def test_a_call_that_hangs_does_not_keep_the_process_alive():
    program = (
        "import threading; from paperhook.worker.threads import Threads\n"
        "begun = threading.Event()\n"
        "Threads('hangs').submit(lambda: (begun.set(), threading.Event().wait()))\n"
        "assert begun.wait(5)\n"
    )

    done = subprocess.run([sys.executable, "-c", program], timeout=10, check=False)

    assert done.returncode == 0


def test_a_call_that_was_promised_to_a_thread_is_waited_for():
    threads, promised = Threads("promised", idle_seconds=0.01), threading.Event()

    with ThreadPoolExecutor(1) as pool:
        # As `submit` does between its promise and its call.
        waiting = pool.submit(threads._next_call)
        time.sleep(0.05)
        threads._calls.put(promised.set)

        assert waiting.result(10) == promised.set


def test_a_call_for_which_no_thread_could_start_is_refused_and_never_runs(monkeypatch):
    threads, calls = Threads("refused"), []

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            threads.submit(calls.append, "refused")

    threads.submit(calls.append, "next").result(10)
    # The thread takes whatever still waits before this one.
    threads.submit(int).result(10)
    assert calls == ["next"]
