"""One event loop's share of the work: events leased, handlers run, outcomes recorded.

An event goes claimed → started (when one of the `concurrency` slots is free) → settled. Its lease is renewed all the
while. Cancelling it releases it: at once, or where a thread still runs its handler, only when the lease would end.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from ..core.delivery import Envelope
from ..core.event import Event
from ..errors import InboxError
from ..inbox.base import Claim, Entry, Filter, State
from ..inbox.bridge import bridge_here
from .failures import describe
from .fetching import lacks_result
from .gates import WAIT_SECONDS, entered
from .handling import Handling
from .held import Held, name_of
from .judging import Asking, Hands
from .leases import LeaseKeeper
from .orders import Orders
from .recording import STORE_PAUSES, Recorder
from .running import Runner
from .transactions import LeaseLost, StoreFailed

logger: logging.Logger = logging.getLogger("paperhook")

#: Events claimed at a time, and at most held beyond those that run.
MAX_CLAIMS = 100
#: Seconds of work to hold beyond what runs: enough to hide the round trip to the store, too little to miss elsewhere.
AHEAD_SECONDS = 0.02
#: Seconds to release what did not end within the grace of a stop.
RELEASE_SECONDS = 1.0


class Shift:
    """Runs events on the loop that made it.

    Args:
        on_free: Called when a slot became free or an event was settled, so that more can be claimed.
    """

    def __init__(self, orders: Orders, *, on_free: Callable[[], None] = lambda: None) -> None:
        self._orders = orders
        self._on_free = on_free
        self._loop = asyncio.get_running_loop()
        #: Whoever runs this.
        self._owner = asyncio.current_task()
        self._bridge = bridge_here()
        self._slots = asyncio.Semaphore(orders.concurrency)
        self._held: dict[Held, asyncio.Task[State | None]] = {}
        self._runner = Runner(orders, self._bridge, self._is_called_off)
        self._recorder = Recorder(orders, self._bridge, self._runner, on_free)
        self._leases = LeaseKeeper(orders, self._bridge, self._held, self._call_off)
        #: Looks after the leases once the first is old enough to be renewed, which most events never are.
        self._keeping: asyncio.Task[None] | asyncio.TimerHandle | None = None
        #: Events that wait for a slot or have one.
        self._load = 0
        #: The same, of each type that has a limit.
        self._loads: Counter[str] = Counter()
        #: Slots of threads that a timeout left behind.
        self._overdue = 0
        #: Seconds that the handlers of an event take, of late.
        self._usual_seconds = 1.0
        #: Whether nothing older waits in the inbox, as far as is known.
        self.is_caught_up: bool = False
        self._is_over = False

    # Claiming

    @property
    def room(self) -> int:
        """How many more events to claim now; 0 where it is not worth a round trip."""
        concurrency, ahead = self._orders.concurrency, self._ahead
        room = min(MAX_CLAIMS, concurrency + ahead - self._load)
        return max(room, 0) if self._load < concurrency or room > ahead // 2 else 0

    @property
    def _ahead(self) -> int:
        return min(MAX_CLAIMS, int(self._orders.concurrency * AHEAD_SECONDS / self._usual_seconds))

    def seconds_until_due(self) -> float:
        """Give the time until the next event is due that this shift released."""
        return self._recorder.seconds_until_due()

    def put(
        self, entries: Sequence[Entry], envelopes: Sequence[Envelope]
    ) -> asyncio.Future[tuple[bool, ...]] | None:
        """Store events under a lease and start on them; None where there is no room or the inbox does not do that."""
        orders, count = self._orders, len(entries)
        inbox = orders.leasing_inbox
        # A limit would have to be asked for each of them.
        if inbox is None or orders.limits:
            return None
        if self._load + count > orders.concurrency + self._ahead:
            # What waits in the inbox from now on goes first.
            self.is_caught_up = False
            return None
        self._load += count
        # All of one delivery, so of one provider.
        read = dict(zip([entry.key for entry in entries], envelopes, strict=True))
        then = partial(self._take_put, count, read)
        return inbox.put_leased_on(
            self._bridge, entries, lease_until=orders.clock() + orders.lease, then=then
        )

    def _take_put(self, count: int, envelopes: Mapping[str, Envelope], claims: Sequence[Claim]) -> None:
        self._load -= count
        for claim in claims:
            if self._is_over:
                # Nobody is left to run it; where this fails, the lease runs out.
                self._orders.inbox.release(claim, (), due_at=0.0, now=self._orders.clock())
            else:
                self._take(claim, is_due_only=True, envelope=envelopes.get(claim.entry.key))

    async def claim(self, limit: int) -> list[asyncio.Task[State | None]]:
        """Lease events that are due and start on them.

        Raises:
            InboxError: If the store is away.
        """
        orders, now = self._orders, self._orders.clock()
        claim = partial(orders.inbox.claim, lease=orders.lease, now=now)
        if not orders.limits:
            future = claim(limit=limit)
            with self._giving_back(future):
                claims = await self._bridge.wait(future)
            return self._take_all(claims, now)
        # All are asked before the first is awaited, so that a store which groups has them in one transaction.
        asked = [claim(limit=limit, without=tuple(orders.limits))]
        asked += [claim(limit=left, only=(each,)) for each, left in self._left(limit)]
        answers = [self._bridge.wait(future) for future in asked]
        with self._giving_back(*asked):
            await asyncio.wait(answers)
        # What one has leased is run, also where another failed.
        leased = [each for answer in answers if answer.exception() is None for each in answer.result()]
        tasks = self._take_all(leased, now)
        for answer in answers:
            answer.result()
        return tasks

    @contextmanager
    def _giving_back(self, *asked: Future[Any]) -> Generator[None]:
        """Have what is leased released where nobody waits for it any more; where that fails, the lease runs out."""
        try:
            yield
        except asyncio.CancelledError:
            for future in asked:
                future.add_done_callback(self._give_back)
            raise

    def _give_back(self, answer: Future[Any]) -> None:
        leased = () if answer.exception() else answer.result() or ()
        for claim in (leased,) if isinstance(leased, Claim) else leased:
            self._orders.inbox.release(claim, (), due_at=0.0, now=self._orders.clock())

    def _take_all(self, claims: Sequence[Claim], now: float) -> list[asyncio.Task[State | None]]:
        self._recorder.forget_due(now)
        return [self._take(claim, is_due_only=True) for claim in claims]

    def _left(self, limit: int) -> list[tuple[str, int]]:
        """Give the limited types of which more may run, and how many."""
        left = {each: bound - self._loads[each] for each, bound in self._orders.limits.items()}
        return [(each, min(limit, number)) for each, number in left.items() if number > 0]

    async def claim_key(
        self, provider: str, key: str, *, is_due_only: bool
    ) -> asyncio.Task[State | None] | None:
        """Lease one event, due or not, and start on it; None where that cannot be."""
        orders, now = self._orders, self._orders.clock()
        asked = orders.inbox.claim_key(provider, key, lease=orders.lease, now=now)
        with self._giving_back(asked):
            claim = await self._bridge.wait(asked)
        if claim is None or not await self._enter_gate(claim):
            return None
        task = self._take(claim, is_due_only=is_due_only)
        if (gate := orders.gates.of(claim.entry.type)) is not None:
            task.add_done_callback(lambda _: gate.release())
        return task

    async def _enter_gate(self, claim: Claim) -> bool:
        """Take a slot of the event's type; where none gets free soon, have it due again a little later."""
        orders, has_slot = self._orders, False
        gate = orders.gates.of(claim.entry.type)
        try:
            # A lease that nobody renews must outlast the wait.
            has_slot = gate is None or await entered(gate, min(WAIT_SECONDS, orders.lease / 3))
        finally:
            if not has_slot:
                due_at = orders.clock() + WAIT_SECONDS
                asked = orders.inbox.release(claim, [], due_at=due_at, now=orders.clock())
                with suppress(InboxError):
                    await self._bridge.wait(asked)
        return has_slot

    async def state_of(self, provider: str, key: str) -> State | None:
        """Look an event up; None where it is unknown."""
        rows = await self._bridge.wait(self._orders.inbox.rows(Filter(provider=provider, key=key), limit=1))
        return rows[0].state if rows else None

    def _take(
        self, claim: Claim, *, is_due_only: bool, envelope: Envelope | None = None
    ) -> asyncio.Task[State | None]:
        if self._keeping is None:
            self._keeping = self._loop.call_later(self._leases.every, self._keep)
        held = Held(claim, claim.lease_until, envelope, is_due_only, dict(claim.outcomes))
        self._held[held] = task = self._loop.create_task(self._work(held))
        self._count(held, 1)
        return task

    def _keep(self) -> None:
        self._keeping = self._loop.create_task(self._leases.run())

    def _call_off(self, held: Held) -> None:
        """Cancel the task of an event."""
        self._held[held].cancel()
        if not held.has_begun:
            # A task that is cancelled before its first step runs no line of its own, so its last ones are run here. Where
            # the release fails, the lease runs out.
            del self._held[held]
            self._count(held, -1)
            self._orders.inbox.release(held.claim, (), due_at=0.0, now=self._orders.clock())
            self._on_free()

    # Running: from here to the handler are two frames.

    async def _work(self, held: Held) -> State | None:
        """Run what is due of one event and record it; the state it is in then, None where the lease was lost."""
        event: Event | None = None
        held.has_begun = True
        try:
            await self._enter(held)
            began = self._loop.time()
            try:
                handlers, due = await self._handlers(held)
                for handling in due:
                    event, failure = self._runner.event(held) if event is None else (event, None)
                    rest = handlers if handling is due[-1] else ()
                    held.outcomes[handling.name] = await self._runner.run(
                        held, handling, event, failure, rest
                    )
            finally:
                self._leave(held, self._loop.time() - began)
            return await self._recorder.record(held, handlers, event)
        except asyncio.CancelledError:
            if held.is_lost:
                return None
            await self._recorder.give_back(held, 0.0)
            raise
        except LeaseLost:
            logger.warning("%s: the lease was lost, another worker has it", name_of(held.claim))
            return None
        except StoreFailed as failed:
            logger.error("%s: its handler could not be committed: %s", name_of(held.claim), failed.__cause__)  # noqa: TRY400
            await self._recorder.give_back(held, self._orders.clock() + STORE_PAUSES[-1])
            return State.PENDING
        except Exception as error:  # noqa: BLE001 - one event must not end the worker, and stays where it is seen
            logger.error("%s could not be run: %s", name_of(held.claim), describe(error))  # noqa: TRY400 - no content
            await self._recorder.give_back(held, self._orders.clock() + self._orders.lease)
            return State.PENDING
        finally:
            # Not by a callback of the task: that would be one more turn of the loop for each event.
            del self._held[held]

    async def _handlers(self, held: Held) -> tuple[Sequence[Handling], Sequence[Handling]]:
        """Give the handlers of an event, and those that are due; where the rules cannot say yet, the rules alone.

        Before the rules stands whoever fetches the result, where the delivery only refers to it.
        """
        orders = self._orders
        if orders.find_job is not None:
            held.job_of = await orders.find_job(held.claim.entry)
        if orders.fetching is not None and orders.fetching.may_be_missing(held):
            fetching = orders.fetching.asking(held, self._bridge.wait)
            if lacks_result(self._runner.event(held)[0]) and not await self._is_answered(held, fetching):
                return [fetching], []
        claim = held.claim
        if orders.judge is None or not orders.judge.is_asked(claim):
            handlers = orders.dispatch.handlers(claim.entry)
            return handlers, self._runner.due(held, handlers)
        case = await orders.judge.open(claim, Hands(self._bridge.wait, self._runner.call))
        if case.is_for_rules:
            asking = case.asking
            if not await self._is_answered(held, asking):
                return [asking], []
        held.case = case
        handlers = orders.dispatch.handlers(case.entry())
        return handlers, self._runner.due(held, handlers)

    async def _is_answered(self, held: Held, asking: Asking) -> bool:
        """Ask where it is time; tell whether it has been answered."""
        for _ in self._runner.due(held, [asking]):
            held.outcomes[asking.name] = await self._runner.run(held, asking, *self._runner.event(held), ())
        return held.outcomes[asking.name].state is State.DONE

    async def _enter(self, held: Held) -> None:
        """Wait for a slot."""
        try:
            await self._slots.acquire()
        except asyncio.CancelledError:
            self._count(held, -1)
            raise
        held.is_started = True

    def _count(self, held: Held, number: int) -> None:
        self._load += number
        if held.claim.entry.type in self._orders.limits:
            self._loads[held.claim.entry.type] += number

    def _leave(self, held: Held, seconds: float) -> None:
        """Give the slot back; not before the threads end that a timeout left behind."""
        self._usual_seconds += 0.1 * (seconds - self._usual_seconds)
        if not held.is_in_thread:
            self._free(held)
            return
        self._overdue += 1
        if self._overdue == self._orders.concurrency:
            logger.error(
                "%s: its handler does not end, and with others such holds every slot of the worker: nothing runs until one ends",
                name_of(held.claim),
            )
        self._free_after_threads(held)

    def _free_after_threads(self, held: Held) -> None:
        unended = held.unended
        if unended:
            unended[0].add_done_callback(lambda _: self._look_from_thread(held))
        else:
            self._overdue -= 1
            self._free(held)

    def _look_from_thread(self, held: Held) -> None:
        # The loop may be closed by now.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._free_after_threads, held)

    def _free(self, held: Held) -> None:
        self._count(held, -1)
        self._slots.release()
        self._on_free()

    # Ending

    def _is_called_off(self, held: Held) -> bool:
        """Tell whether an event's task was cancelled by us, or with whoever runs this, and not by its own handler."""
        owner = self._owner
        is_left = owner is None or owner.done() or owner.cancelling() > 0
        return self._is_over or held.is_lost or is_left

    async def wind_down(self, grace: float) -> None:
        """Finish what runs within `grace` seconds, and release the rest within one more."""
        self._is_over = True
        for held in [each for each in self._held if not each.is_started]:
            self._call_off(held)
        await self._wait_for_all(grace)
        for held in list(self._held):
            self._call_off(held)
        await self._wait_for_all(RELEASE_SECONDS)
        for held in self._held:
            logger.error("%s: its handler does not stop; the lease runs out by itself", name_of(held.claim))
        if self._keeping is not None:
            self._keeping.cancel()

    async def _wait_for_all(self, seconds: float) -> None:
        if self._held:
            await asyncio.wait(self._held.values(), timeout=seconds)
