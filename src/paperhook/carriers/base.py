"""What an engine has to do for us: bring the keys of events to a process that calls `hooks.run`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from ..inbox.base import Key, State

#: A carrier of your own: sends the keys, or raises and is asked again.
Carry: TypeAlias = Callable[[Sequence[Key]], Any]


class Runs(Protocol):
    """Runs events by their keys; `Webhooks` is one."""

    def run(self, provider: str, key: str) -> State | None:
        """Run what is not done of an event, and give its state."""
        ...

    def arun(self, provider: str, key: str) -> Awaitable[State | None]:
        """Run it on the running event loop."""
        ...


class Carrier(Protocol):
    """Brings keys to workers; it may lose and repeat them."""

    def attach(self, hooks: Runs) -> None:
        """Make the engine's task, which calls `hooks.run` or `hooks.arun`; called once, before anything else."""
        ...

    def carry(self, keys: Sequence[Key]) -> None:
        """Send keys after their events were committed; called on one thread.

        Raises:
            Exception: Whatever happens where the engine is away: then it is asked again.
        """
        ...

    def close(self) -> None:
        """Let go of connections; it may be asked to carry again later."""
        ...


@runtime_checkable
class TransactionalCarrier(Carrier, Protocol):
    """Can store its jobs in a transaction of somebody else."""

    @property
    def is_same_database(self) -> bool:
        """Whether the engine's tables are in the inbox's database."""
        ...

    def carry_within(self, connection: Any, keys: Sequence[Key]) -> None:
        """Store jobs on a psycopg connection that is in a transaction, without ending it."""
        ...


class CallableCarrier:
    """Carries with a function."""

    def __init__(self, carry: Carry) -> None:
        self._carry = carry

    def attach(self, hooks: Runs) -> None:
        """Nothing to make: whoever receives the keys calls `hooks.run`."""

    def carry(self, keys: Sequence[Key]) -> None:
        """Call the function."""
        self._carry(keys)

    def close(self) -> None:
        """Nothing to let go of."""


def carrier_of(carrier: Carrier | Carry) -> Carrier:
    """Give the carrier that was meant: itself, or one that calls the function."""
    return CallableCarrier(carrier) if callable(carrier) else carrier
