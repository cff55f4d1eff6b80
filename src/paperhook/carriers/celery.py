"""Carries keys with Celery, over RabbitMQ or Redis: sent after the commit, acknowledged when the handlers ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..inbox.base import Key
from .base import Runs

#: A connection of Celery's pool may have been cut while it was idle, so once more; then the courier's pauses apply.
_RETRY = {"max_retries": 1, "interval_start": 0.0, "interval_max": 0.2}


class CeleryApp(Protocol):
    """What we use of `celery.Celery`, which has no types of its own."""

    def task(self, function: Any, /, **options: Any) -> Any:
        """Make a task."""
        ...

    def producer_or_acquire(self, producer: Any = None) -> Any:
        """Give a producer of the pool, as a context manager."""
        ...


class CeleryCarrier:
    """Runs events as tasks of a Celery app.

    Args:
        app: Yours; `celery -A module:app worker` runs the handlers.
        name: Of the task.
        options: For `apply_async`, such as `queue="ocr"` or `priority=3`.
    """

    def __init__(self, app: CeleryApp, *, name: str = "paperhook.run", **options: Any) -> None:
        self._app = app
        self._name = name
        self._options = options

    def attach(self, hooks: Runs) -> None:
        """Make the task."""

        def run(provider: str, key: str) -> None:
            hooks.run(provider, key)

        # Acknowledged late, so that RabbitMQ gives the message of a killed worker to another at once; that one finds the
        # event leased and does nothing. When the lease has run out, the sweep sends the key again: so neither Celery's
        # answer to a lost worker nor the visibility timeout of Redis decides when an event goes on.
        self._task = self._app.task(
            run,
            name=self._name,
            # This app's alone: Celery would give the task to every other app of the process.
            shared=False,
            acks_late=True,
            reject_on_worker_lost=True,
            ignore_result=True,
        )

    def carry(self, keys: Sequence[Key]) -> None:
        """Send a message for each key, over one connection."""
        with self._app.producer_or_acquire() as producer:
            for key in keys:
                self._task.apply_async(key, producer=producer, retry_policy=_RETRY, **self._options)

    def close(self) -> None:
        """Nothing to let go of: the pool of connections is the app's."""
