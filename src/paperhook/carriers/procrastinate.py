"""Carries keys with procrastinate: with a `PostgresInbox`, event and job are stored in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..inbox.base import Key
from .base import Runs


class ProcrastinateApp(Protocol):
    """What we use of `procrastinate.App`."""

    def task(self, *, name: str, queue: str) -> Any:
        """Make a task, as a decorator."""
        ...

    def open(self) -> Any:
        """Open the pool for sync calls; calling twice is fine."""
        ...


class ProcrastinateCarrier:
    """Runs events as jobs of a procrastinate app.

    Args:
        app: Yours, on psycopg; `procrastinate --app=module.app worker` runs the handlers.
        queue: Of the jobs.
        name: Of the task.
        is_same_database: Whether the app's tables are in the database and schema of a `PostgresInbox`; False has the
            jobs stored after the commit, over the app's own connections.
    """

    def __init__(
        self,
        app: ProcrastinateApp,
        *,
        queue: str = "paperhook",
        name: str = "paperhook.run",
        is_same_database: bool = True,
    ) -> None:
        self._app = app
        self._queue = queue
        self._name = name
        self.is_same_database = is_same_database

    def attach(self, hooks: Runs) -> None:
        """Make the task."""

        async def run(provider: str, key: str) -> None:
            await hooks.arun(provider, key)

        self._task = self._app.task(name=self._name, queue=self._queue)(run)

    def carry(self, keys: Sequence[Key]) -> None:
        """Store a job for each key, in one statement."""
        self._app.open()
        self._task.batch_defer(*_jobs(keys))

    def carry_within(self, connection: Any, keys: Sequence[Key]) -> None:
        """Store the jobs on a connection that is in a transaction."""
        self._task.configure(connection=connection).batch_defer(*_jobs(keys))


def _jobs(keys: Sequence[Key]) -> list[dict[str, str]]:
    return [{"provider": provider, "key": key} for provider, key in keys]
