"""Forks as a server does that loads the application first: beside threads that hold locks."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable

#: Seconds after which a forked process counts as hanging.
PATIENCE = 20


def exit_code_of(work: Callable[[], object]) -> int:
    """Do something in a forked process and give its exit code; one that hangs is ended by a signal, which is below 0."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PATIENCE)
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
    return os.waitstatus_to_exitcode(status)
