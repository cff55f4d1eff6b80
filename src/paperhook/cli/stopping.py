"""How a command that runs on an event loop is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal


def stop_asked() -> asyncio.Event:
    """Give what is set by SIGINT or SIGTERM, from now on."""
    asked, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no signal handlers on its loop; there, Ctrl-C ends the process.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, asked.set)
    return asked
