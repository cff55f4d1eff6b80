"""After a fork, as under a server that loads the application first and forks then, each process runs its own worker."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paperhook import DocumentCompleted, Webhooks
from paperhook.inbox import Filter, State
from tests.acme import acme, body_of, signed

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    # Python says that a fork beside threads may hang: that is what is tested.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


@pytest.fixture
def hooks(tmp_path: Path) -> Iterator[Webhooks]:
    made = Webhooks(acme(), inbox=f"sqlite:///{tmp_path}/inbox.db")

    @made.on(DocumentCompleted)
    def note(event: DocumentCompleted) -> None:
        (tmp_path / f"{event.job_id}.pid").write_text(str(os.getpid()))

    yield made
    made.close()


def deliver(hooks: Webhooks, mark: str) -> None:
    body = body_of(id=mark)
    assert hooks.receive(signed(body), body).outcome == "accepted"
    wait_for(hooks, mark)


def wait_for(hooks: Webhooks, mark: str) -> None:
    # Only the inbox knows, and it may be another process that did it.
    until = time.monotonic() + 10
    while not hooks.inbox.rows(Filter(key=f"done:{mark}", states=(State.DONE,))).result():
        assert time.monotonic() < until, f"{mark} was not run"
        time.sleep(0.005)


def in_a_child(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            # Nobody else would tell why.
            traceback.print_exc()
            raise
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return child


def runner_of(folder: Path, mark: str) -> int:
    return int((folder / f"{mark}.pid").read_text())


def test_a_child_of_a_process_that_runs_a_worker_runs_its_own(hooks: Webhooks, tmp_path: Path) -> None:
    # The parent's worker goes on, and would find the child's event when it looks next.
    hooks.worker._poll = 60.0
    deliver(hooks, "before")

    child = in_a_child(lambda: deliver(hooks, "child"))
    deliver(hooks, "after")

    assert runner_of(tmp_path, "before") == runner_of(tmp_path, "after") == os.getpid()
    assert runner_of(tmp_path, "child") == child


def test_a_child_of_a_process_that_ran_nothing_yet_runs_handlers(hooks: Webhooks, tmp_path: Path) -> None:
    child = in_a_child(lambda: deliver(hooks, "child"))

    assert runner_of(tmp_path, "child") == child
    deliver(hooks, "parent")
    assert runner_of(tmp_path, "parent") == os.getpid()


def test_starting_runs_what_waited_since_the_last_process(hooks: Webhooks, tmp_path: Path) -> None:
    before = Webhooks(acme(), inbox=f"sqlite:///{tmp_path}/inbox.db", worker="external")
    before.on(DocumentCompleted)(print)
    body = body_of(id="waited")
    before.receive(signed(body), body)
    before.close()

    hooks.start()
    hooks.start()

    wait_for(hooks, "waited")
    assert runner_of(tmp_path, "waited") == os.getpid()
