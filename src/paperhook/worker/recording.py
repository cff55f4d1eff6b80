"""`Recorder`: writes down what became of an event, and tells those who want to know."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from heapq import heappop, heappush

from ..core.event import Event
from ..errors import InboxError
from ..inbox.base import Entry, Outcome, Settlement, State
from ..inbox.bridge import Bridge
from ..observe.details import EventSettled
from .failures import describe, is_cancelled_from_outside
from .handling import Handling, is_async
from .held import Held, name_of, verdict
from .orders import Orders
from .running import Runner

logger: logging.Logger = logging.getLogger("paperhook")

#: Seconds between attempts to record an outcome while the store is away.
STORE_PAUSES = (0.05, 0.2, 1.0, 5.0)
#: Stands for the handler where there is none.
NOBODY = "(no handler)"


class Recorder:
    """Settles events under their leases, or gives them back.

    Args:
        orders: What the worker was told.
        bridge: To the loop.
        runner: Runs what is told of dead events.
        on_free: Called when an event was settled.
    """

    def __init__(self, orders: Orders, bridge: Bridge, runner: Runner, on_free: Callable[[], None]) -> None:
        self._orders = orders
        self._bridge = bridge
        self._runner = runner
        self._on_free = on_free
        self._due_again: list[float] = []

    def seconds_until_due(self) -> float:
        """Give the time until the next event is due that was recorded as pending here."""
        return self._due_again[0] - self._orders.clock() if self._due_again else float("inf")

    def forget_due(self, now: float) -> None:
        """Forget what is due by now, because it was asked for."""
        while self._due_again and self._due_again[0] <= now:
            heappop(self._due_again)

    async def record(self, held: Held, handlers: Sequence[Handling], event: Event | None) -> State | None:
        """Settle an event by the outcomes of its handlers; None where the lease was lost."""
        if not handlers:
            held.outcomes[NOBODY] = Outcome(NOBODY, State.DEAD, 0, "no handler is registered for this event")
        state, due_at = held.recorded or verdict(held.outcomes, handlers, is_review=held.is_review)
        held.is_settling = True
        if held.recorded is None and not await self._settle(held, state, due_at):
            logger.warning("%s: the lease was lost, another worker has it", name_of(held.claim))
            return None
        if state is State.PENDING:
            heappush(self._due_again, due_at)
        self._on_free()
        if state.is_settled:
            self._tell_settled(held.claim.entry, state)
        if any(each.state is State.DEAD for each in held.outcomes.values()) and state.is_settled:
            await self._tell_dead(held, event)
        return state

    async def _settle(self, held: Held, state: State, due_at: float) -> bool:
        """Record the outcomes, however long the store is away; what a handler did must not be done again."""
        outcomes = held.changed
        inbox, direct, pauses = self._orders.inbox, self._orders.loop_inbox, iter(STORE_PAUSES)
        while True:
            now = self._orders.clock()
            try:
                if direct is not None:
                    moment = due_at if state is State.PENDING else now
                    return await direct.settle_on(
                        self._bridge, Settlement(held.claim, outcomes, state, moment)
                    )
                if state is State.PENDING:
                    asked = inbox.release(held.claim, outcomes, due_at=due_at, now=now)
                else:
                    asked = inbox.finish(held.claim, outcomes, state=state, now=now)
                return await self._bridge.wait(asked)
            except InboxError as error:
                logger.error("%s: the outcome is not recorded yet: %s", name_of(held.claim), error)  # noqa: TRY400
                await asyncio.sleep(next(pauses, STORE_PAUSES[-1]))

    async def give_back(self, held: Held, due_at: float) -> None:
        """Release an event with what was done of it, so that another worker can go on."""
        if held.is_settling:
            return
        held.is_settling = True
        # A thread goes on whatever we do; before the lease would have ended, nobody else may begin.
        due_at = max(due_at, held.lease_until) if held.is_in_thread else due_at
        outcomes = held.changed
        with suppress(InboxError):
            await self._bridge.wait(
                self._orders.inbox.release(held.claim, outcomes, due_at=due_at, now=self._orders.clock())
            )
        self._on_free()

    def _tell_settled(self, entry: Entry, state: State) -> None:
        if self._orders.observers:
            seconds = max(0.0, self._orders.clock() - entry.received_at)
            self._orders.observers(EventSettled(entry.provider, entry.type, entry.origin, state, seconds))
        self._orders.on_settled(entry, state)

    async def _tell_dead(self, held: Held, event: Event | None) -> None:
        on_dead = self._orders.on_dead
        if on_dead is None:
            return
        subject = event or self._runner.event(held)[0] or held.claim.entry
        outcomes = tuple(held.outcomes.values())
        try:
            if is_async(on_dead):
                await on_dead(subject, outcomes)
            else:
                await self._bridge.wait(self._runner.call(on_dead, subject, outcomes))
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            # The event is dead and visible all the same.
            if isinstance(error, asyncio.CancelledError) and is_cancelled_from_outside():
                raise
            logger.error("%s: on_dead failed: %s", name_of(held.claim), describe(error))  # noqa: TRY400 - no content
