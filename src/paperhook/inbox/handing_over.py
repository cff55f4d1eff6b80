"""When an event is handed over, again, to the engine that runs handlers: the row remembers it in `due_at`.

A message may be lost by whoever carries it, so an event that was handed over is due again after `patience` seconds.
One that waits long in a full queue is not lost: so the pause grows with the event's age, each one as long as all before.
"""

from __future__ import annotations

#: The longest pause between two hand-overs of an event, in seconds.
MOST_PATIENCE = 900.0


def again_at(received_at: float, now: float, patience: float) -> float:
    """Give the time at which an event that is handed over now is due again."""
    return now + min(MOST_PATIENCE, max(patience, now - received_at))
