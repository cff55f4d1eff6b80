"""Scale-out on an existing engine: the inbox row stays the truth, and the engine carries only its key.

| carrier | engine | the key is sent |
|---|---|---|
| none | our own claim loop, `paperhook worker` | not at all |
| `CeleryCarrier` | Celery, over RabbitMQ or Redis | after the commit |
| `ProcrastinateCarrier` | procrastinate | in the transaction of the event, with a `PostgresInbox` |
| `PgQueuerCarrier` | pgqueuer | in the transaction of the event, with a `PostgresInbox` |
| any function of keys | yours | after the commit |

Whoever receives a key calls `hooks.run(provider, key)` or `await hooks.arun(provider, key)`: that leases the row, runs
what is not done, and settles it under its lease token. A message that comes twice finds nothing to do, one that is lost
is sent again.
"""

from __future__ import annotations

from .base import Carrier, Carry, Runs, TransactionalCarrier
from .celery import CeleryCarrier
from .pgqueuer import PgQueuerCarrier
from .procrastinate import ProcrastinateCarrier

__all__ = [
    "Carrier",
    "Carry",
    "CeleryCarrier",
    "PgQueuerCarrier",
    "ProcrastinateCarrier",
    "Runs",
    "TransactionalCarrier",
]
