"""What carriers with jobs in PostgreSQL share."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from typing_extensions import override

from paperhook.carriers.postgres import PostgresCarrier
from paperhook.inbox.base import Key

from .. import postgres


class Slow(PostgresCarrier):
    """Stores a job until it is told to be done."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    @override
    def carry_within(self, connection: Any, keys: Sequence[Key]) -> None:
        self.has_begun.set()
        self.may_end.wait(60)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python warns of forks beside threads")
def test_a_process_that_is_forked_while_a_key_is_sent_can_send_its_own() -> None:
    carrier = Slow(postgres.address())
    sending = threading.Thread(target=carrier.carry, args=([("docuparse", "e1")],))
    sending.start()
    assert carrier.has_begun.wait(60)

    pid = os.fork()
    if pid == 0:
        # Ends a child that waits for the parent's thread.
        signal.alarm(20)
        carrier.may_end.set()
        carrier.carry([("docuparse", "e2")])
        os._exit(0)

    _, status = os.waitpid(pid, 0)
    carrier.may_end.set()
    sending.join(60)
    carrier.close()
    assert os.waitstatus_to_exitcode(status) == 0
