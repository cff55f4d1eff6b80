"""`paperhook reconcile module:hooks`: ask for documents whose webhook did not come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import asdict
from typing import Any

from ..hooks import Webhooks
from ..reconciler import Counts
from .output import out
from .stopping import stop_asked


async def run(hooks: Webhooks, *, is_once: bool, as_json: bool) -> Counts:
    """Reconcile once, or until SIGINT or SIGTERM; give what it came to."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    reconciler = hooks.reconciler()
    try:
        if is_once:
            await reconciler.sweep()
        else:
            if not as_json:
                out.line("reconciling; stop with Ctrl-C")
            await _until_stopped(reconciler.run())
    finally:
        await hooks.aclose()
    _show(reconciler.counts, as_json)
    return reconciler.counts


async def _until_stopped(steps: Coroutine[Any, Any, None]) -> None:
    stopped = stop_asked()
    running = asyncio.create_task(steps)
    await stopped.wait()
    running.cancel()
    await asyncio.wait([running])


def _show(counts: Counts, as_json: bool) -> None:
    row = asdict(counts)
    if as_json:
        out.json(row)
        return
    for name, count in row.items():
        out.line(f"{name:<12} {count}")
