"""Who sends: a name for this process, by which others of the same machine can tell that it died.

Without it an upload that was cut off by `kill -9` would be taken up only when its lease ran out.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path


def this_process() -> str:
    """Give machine, process id and the moment the process began, joined by bars."""
    return f"{_machine()}|{os.getpid()}|{_began(os.getpid())}"


def is_gone(owner: str) -> bool:
    """Tell whether a process certainly ended; one of another machine never does."""
    machine, _, rest = owner.rpartition("|")[0].rpartition("|")
    if machine != _machine() or not rest.isdigit():
        return False
    if os.name == "nt":  # pragma: no cover - Windows
        # There, 0 is Ctrl-C and not a question; the lease will tell.
        return False
    try:
        # Signal 0 only asks.
        os.kill(int(rest), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:  # pragma: no cover - needs a process of another user
        return False
    # Ids are used again; the moment tells them apart, where the system says it.
    return _began(int(rest)) not in ("", owner.rpartition("|")[2])


def _machine() -> str:
    # Containers may share a host name, but not their process ids.
    with suppress(OSError):
        return f"{socket.gethostname()}/{os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - no path, a label
    return socket.gethostname()  # pragma: no cover - where there is no /proc


def _began(process_id: int) -> str:
    """Give clock ticks since the machine started, empty where the system does not say."""
    with suppress(OSError, IndexError):
        # The name in brackets may hold spaces and brackets. Source: proc_pid_stat(5), field 22.
        return Path(f"/proc/{process_id}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[19]
    return ""  # pragma: no cover - where there is no /proc, or the process ends in this moment
