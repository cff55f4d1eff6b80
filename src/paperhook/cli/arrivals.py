"""How `paperhook listen` shows deliveries: a live table on a terminal, lines elsewhere, or JSON."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Callable, Generator
from datetime import datetime
from typing import TypeAlias

from rich.live import Live
from rich.table import Table
from rich.text import Text

from .harmless import harmless
from .listening import Arrival
from .output import out

#: Rows of the live table; older ones go.
SHOWN = 20
_STYLES = {"accepted": "green", "unchecked": "green", "handshake": "green", "duplicate": "yellow"}


#: Shows one delivery.
Show: TypeAlias = Callable[[Arrival], None]


def as_json(arrival: Arrival) -> None:
    """Print one JSON object."""
    out.json(arrival.row())


def as_line(arrival: Arrival) -> None:
    """Print one line, and one for each reason."""
    parts = [
        f"{arrival.outcome} {arrival.status}",
        f"{arrival.milliseconds:.1f} ms",
        f"{arrival.size_bytes} bytes",
    ]
    parts += [" ".join(f"{name}={value}" for name, value in event.items()) for event in arrival.events]
    parts += [f"forwarded: {arrival.forwarded}"] if arrival.forwarded else []
    out.text(harmless("  ".join(parts)))
    for reason in arrival.reasons:
        out.text(f"  {harmless(reason)}")


class LiveTable:
    """The newest deliveries, redrawn as they arrive."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._rows: deque[Arrival] = deque(maxlen=SHOWN)

    def __call__(self, arrival: Arrival) -> None:
        """Add one delivery."""
        self._rows.append(arrival)
        self._live.update(table_of(self._rows), refresh=True)


def table_of(arrivals: deque[Arrival]) -> Table:
    """Put deliveries into a table, the newest last."""
    table = Table("time", "outcome", "status", "latency", "bytes", "what")
    for arrival in arrivals:
        forwarded = [f"forwarded: {arrival.forwarded}"] if arrival.forwarded else []
        events = [" ".join(event.values()) for event in arrival.events]
        table.add_row(
            f"{datetime.fromtimestamp(arrival.at).astimezone():%H:%M:%S}",
            Text(arrival.outcome, style=_STYLES.get(arrival.outcome, "red")),
            str(arrival.status),
            f"{arrival.milliseconds:.1f} ms",
            str(arrival.size_bytes),
            # What a sender wrote is text, never markup.
            Text(harmless("\n".join([*events, *forwarded, *arrival.reasons]))),
        )
    return table


@contextlib.contextmanager
def shown(*, json: bool) -> Generator[Show, None, None]:
    """Give what shows deliveries where standard output leads."""
    if json or not sys.stdout.isatty():
        yield as_json if json else as_line
        return
    with Live(Table(), auto_refresh=False) as live:
        yield LiveTable(live)
