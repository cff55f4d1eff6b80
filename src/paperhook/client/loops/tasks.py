"""What both loops say about a task that was cancelled by somebody else."""

from __future__ import annotations


class TaskEnded(Exception):
    """The task was made to end before it had a result."""
