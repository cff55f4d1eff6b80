"""Carries keys with pgqueuer: with a `PostgresInbox`, event and job are stored in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..errors import ConfigurationError
from ..inbox.base import Key
from .base import Runs
from .postgres import PostgresCarrier


class PgQueuerApp(Protocol):
    """What we use of `pgqueuer.PgQueuer`."""

    def entrypoint(self, name: str, /) -> Callable[[Any], Any]:
        """Register a function, as a decorator."""
        ...


class PgQueuerCarrier(PostgresCarrier):
    """Runs events as jobs of pgqueuer.

    Args:
        url: The database with pgqueuer's tables.
        entrypoint: Under which the jobs are stored.
        is_same_database: As for `PostgresCarrier`.
    """

    def __init__(self, url: str, *, entrypoint: str = "paperhook.run", is_same_database: bool = True) -> None:
        super().__init__(url, is_same_database=is_same_database)
        self._entrypoint = entrypoint
        self._hooks: Runs | None = None

    def attach(self, hooks: Runs) -> None:
        """Remember who runs events."""
        self._hooks = hooks

    def register(self, app: PgQueuerApp) -> None:
        """Have a `PgQueuer` run the jobs; call it where yours is made.

        Raises:
            ConfigurationError: If no `Webhooks` was made with this carrier.
        """
        hooks = self._hooks
        if hooks is None:
            raise ConfigurationError("this carrier belongs to no Webhooks: make one with carrier=…")

        async def run(job: Any) -> None:
            provider, key = json.loads(job.payload)
            await hooks.arun(provider, key)

        app.entrypoint(self._entrypoint)(run)

    def carry_within(self, connection: Any, keys: Sequence[Key]) -> None:
        """Store the jobs on a psycopg connection that is in a transaction."""
        from pgqueuer.db import SyncPsycopgDriver
        from pgqueuer.queries import SyncQueries

        payloads: list[bytes | None] = [json.dumps(key).encode() for key in keys]
        SyncQueries(SyncPsycopgDriver(connection)).enqueue(
            [self._entrypoint] * len(keys), payloads, [0] * len(keys)
        )
