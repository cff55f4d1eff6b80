"""The loop on which an engine's sync tasks run handlers."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from concurrent.futures import CancelledError

import pytest

from paperhook.carriers.loop import LoopThread


def test_all_calls_share_one_loop() -> None:
    async def loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    thread = LoopThread()

    assert thread.run(loop()) is thread.run(loop())
    thread.close()


def test_an_exception_is_the_callers() -> None:
    async def fail() -> None:
        raise ValueError("no")

    thread = LoopThread()

    with pytest.raises(ValueError, match="no"):
        thread.run(fail())
    thread.close()


class TimeLimit(Exception):
    pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers that send signals")
def test_a_time_limit_of_the_caller_cancels_the_coroutine() -> None:
    ended = threading.Event()

    async def hang() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    def interrupt(*_: object) -> None:
        raise TimeLimit

    # As Celery's soft time limit does.
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    thread = LoopThread()
    try:
        with pytest.raises(TimeLimit):
            thread.run(hang())
    finally:
        signal.signal(signal.SIGALRM, before)

    assert ended.wait(10)
    thread.close()


def test_closing_cancels_what_runs_and_twice_is_fine() -> None:
    ended, began = threading.Event(), threading.Event()

    async def hang() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    thread = LoopThread()

    def call() -> None:
        with pytest.raises(CancelledError):
            thread.run(hang())

    caller = threading.Thread(target=call)
    caller.start()
    began.wait(10)

    thread.close()
    thread.close()

    assert ended.wait(10)
    caller.join(10)
    assert not caller.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_a_loop_of_its_own() -> None:
    async def answer() -> int:
        return 42

    thread = LoopThread()
    assert thread.run(answer()) == 42

    pid = os.fork()
    if pid == 0:
        os._exit(0 if thread.run(answer()) == 42 else 1)

    _, status = os.waitpid(pid, 0)
    thread.close()
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_thread_that_could_not_start_is_started_with_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = LoopThread()

    async def answer() -> int:
        return 7

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            loop.run(answer())

    assert loop.run(answer()) == 7
    loop.close()
