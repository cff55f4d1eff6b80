"""The bounds of waits in the caller's thread."""

from __future__ import annotations

import math
import threading
from concurrent.futures import Future

import pytest

from paperhook import Client
from paperhook.client.deadlines import stored
from paperhook.core.steps import Await, Pause, Steps
from paperhook.errors import DeadlineExceeded
from paperhook.retrying import NO_RETRY
from tests.acme import acme
from tests.hostile import answer, serving
from tests.test_client import keyless

READING = {"id": "d1", "state": "reading"}


@pytest.mark.parametrize("seconds", [math.inf, 1e10])
def test_no_bound_is_too_long(seconds: float) -> None:
    with (
        serving(answer(200, READING)) as server,
        Client(keyless(server), tracker="memory:", retry=NO_RETRY, timeout=seconds) as client,
    ):
        assert client.status("d1", deadline=seconds).id == "d1"
        assert client.status("d1").id == "d1"


def test_no_pause_is_too_long() -> None:
    client = Client(acme())
    threading.Timer(0.05, client.close).start()

    def forever() -> Steps[None]:
        yield Pause(math.inf)

    with pytest.raises(ValueError, match="closed"):
        client.run(forever())


def test_what_a_store_answers_in_the_last_moment_counts() -> None:
    class Late(Future[str]):
        """Is done when its caller has just stopped waiting."""

        def result(self, timeout: float | None = None) -> str:
            if not self.done():
                self.set_result("d1")
                raise TimeoutError
            return super().result(timeout)

    assert stored(Await(Late(), 0.1)) == "d1"


def test_a_store_that_is_late_is_told_as_the_deadline_and_its_own_error_as_such() -> None:
    failed: Future[str] = Future()
    failed.set_exception(TimeoutError("its own"))

    with pytest.raises(TimeoutError, match="its own"):
        stored(Await(failed, 5))
    with pytest.raises(DeadlineExceeded, match="the tracker did not answer"):
        stored(Await(Future(), 0.001))
