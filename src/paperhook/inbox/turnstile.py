"""A lock between processes that lets them through in turn.

SQLite's own wait for a locked file is a lottery in which one process can lose for a second. Here a process keeps the
turnstile while it waits for the file, so the one that just committed has to queue behind it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # pragma: no cover - Windows: SQLite's own locks keep the file correct, only less fairly
    fcntl = None

#: Seconds between two looks at a lock; about what a commit takes.
POLL = 0.0003


class Turnstile:
    """An advisory lock on a file of its own; where the system has none, everybody passes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def enter(self, *, until: float) -> bool:
        """Wait for the lock, at most `until` (seconds on the monotonic clock); False where that passed."""
        if fcntl is None:  # pragma: no cover - Windows
            return True
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    return False
                time.sleep(POLL)
            else:
                return True

    def leave(self) -> None:
        """Let the next one in."""
        if fcntl is not None and self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
