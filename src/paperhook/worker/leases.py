"""`LeaseKeeper`: renews the leases of what runs, and lets go of what another worker has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence

from ..errors import InboxError
from ..inbox.bridge import Bridge
from .failures import describe
from .held import Held, name_of
from .orders import Orders

logger: logging.Logger = logging.getLogger("paperhook")


class LeaseKeeper:
    """Looks after the leases of one shift.

    Args:
        orders: What the worker was told.
        bridge: To the loop.
        held: The events under lease; looked at as they change.
        call_off: Cancels the task of one of them.
    """

    def __init__(
        self, orders: Orders, bridge: Bridge, held: Collection[Held], call_off: Callable[[Held], None]
    ) -> None:
        self._orders = orders
        self._bridge = bridge
        self._held = held
        self._call_off = call_off

    @property
    def every(self) -> float:
        """How long to wait before each renewal, seconds."""
        return self._orders.lease / 3

    async def run(self) -> None:
        """Renew now and then until cancelled."""
        while True:
            for held in [each for each in self._held if not each.is_started]:
                # It would wait here while another worker may be free.
                self._call_off(held)
            running = [held for held in self._held if held.is_started and not held.is_settling]
            if running:
                await self._renew(running)
            await asyncio.sleep(self.every)

    async def _renew(self, running: Sequence[Held]) -> None:
        orders, now = self._orders, self._orders.clock()
        claims = [held.claim for held in running]
        try:
            answers = await self._bridge.wait(orders.inbox.renew(claims, lease=orders.lease, now=now))
        except Exception as error:  # noqa: BLE001 - whatever fails now may work with the next turn
            reason = str(error) if isinstance(error, InboxError) else describe(error)
            logger.error("leases could not be renewed: %s", reason)  # noqa: TRY400 - no content
            return
        for held, is_newest in zip(running, answers, strict=True):
            if is_newest:
                held.lease_until = now + orders.lease
            elif held in self._held and not held.is_settling:
                logger.warning("%s: the lease was lost, another worker has it", name_of(held.claim))
                held.is_lost = True
                self._call_off(held)
