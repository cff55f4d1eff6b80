"""Carries keys with procrastinate: with a `PostgresInbox`, event and job are stored in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from ..inbox.base import Key
from .base import Runs
from .postgres import PostgresCarrier


class ProcrastinateApp(Protocol):
    """What we use of `procrastinate.App`."""

    def task(self, *, name: str, queue: str) -> Any:
        """Make a task, as a decorator."""
        ...


class ProcrastinateCarrier(PostgresCarrier):
    """Runs events as jobs of a procrastinate app.

    Args:
        app: Yours; `procrastinate --app=module.app worker` runs the handlers.
        url: The database with the app's tables.
        queue: Of the jobs.
        name: Of the task.
        is_same_database: As for `PostgresCarrier`.
    """

    def __init__(
        self,
        app: ProcrastinateApp,
        url: str,
        *,
        queue: str = "paperhook",
        name: str = "paperhook.run",
        is_same_database: bool = True,
    ) -> None:
        super().__init__(url, is_same_database=is_same_database)
        self._app = app
        self._queue = queue
        self._name = name

    def attach(self, hooks: Runs) -> None:
        """Make the task."""

        async def run(event: str) -> None:
            provider, key = json.loads(event)
            await hooks.arun(provider, key)

        self._app.task(name=self._name, queue=self._queue)(run)

    def carry_within(self, connection: Any, keys: Sequence[Key]) -> None:
        """Store the jobs on a psycopg connection that is in a transaction."""
        from procrastinate import App, SyncPsycopgConnector

        # Not the user's: an app that was opened on an event loop takes none but async connections.
        app = App(connector=SyncPsycopgConnector())
        task = app.configure_task(self._name, queue=self._queue, connection=connection)
        # As one text: PostgreSQL's jsonb has no null character, and a key may.
        jobs: list[dict[str, Any]] = [{"event": json.dumps(key)} for key in keys]
        task.batch_defer(*jobs)
