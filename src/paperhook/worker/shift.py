"""One event loop's share of the work: events leased, handlers run, outcomes recorded.

An event goes claimed → started (when one of the `concurrency` slots is free) → settled. Its lease is renewed all the
while. Cancelling it releases it: at once, or where a thread still runs its handler, only when the lease would end.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from heapq import heappop, heappush
from typing import Any, cast

from ..core.event import Event
from ..errors import GiveUp, InboxError, RetryLater
from ..inbox.base import Claim, Filter, Outcome, Settlement, State, TransactionalInbox
from ..inbox.bridge import Bridge
from ..observe.details import EventSettled, HandlerRan
from ..retrying import HANDLER_RETRY, RetryPolicy, is_used_up, next_pause
from .failures import describe
from .orders import Handling, Orders, is_async
from .transactions import LeaseLost, StoreFailed, Transaction

logger = logging.getLogger("paperhook")

#: Events claimed at a time, and at most held beyond those that run.
MAX_CLAIMS = 100
#: Seconds of work to hold beyond what runs: enough to hide the round trip to the store, too little to miss elsewhere.
AHEAD_SECONDS = 0.02
#: Leases in a row that may run out before an event is dead: it may be what ends its worker.
MAX_LOST = 8
#: Seconds between attempts to record an outcome while the store is away.
STORE_PAUSES = (0.05, 0.2, 1.0, 5.0)
#: Seconds to release what did not end within the grace of a stop.
RELEASE_SECONDS = 1.0
#: Stands for the handler where there is none.
NOBODY = "(no handler)"


@dataclass(eq=False, slots=True)
class _Held:
    """An event under lease."""

    claim: Claim
    lease_until: float
    #: Whether all its handlers run, or those whose time has come.
    is_due_only: bool
    outcomes: dict[str, Outcome]
    is_started: bool = False
    #: Its outcome is on the way to the inbox.
    is_settling: bool = False
    #: Another worker has it: nothing that happens here counts any more.
    is_lost: bool = False
    #: Recorded by the transaction of its last handler: the state, and when it is due.
    recorded: tuple[State, float] | None = None
    #: A handler that runs in a thread, which cannot be stopped.
    call: Future[Any] | None = None
    #: When the handler that runs began, on the clock of the loop.
    began: float = 0.0

    @property
    def is_in_thread(self) -> bool:
        return self.call is not None and not self.call.done()


class Shift:
    """Runs events on the loop that made it.

    Args:
        on_free: Called when a slot became free or an event was settled, so that more can be claimed.
    """

    def __init__(self, orders: Orders, *, on_free: Callable[[], None] = lambda: None) -> None:
        self._orders = orders
        self._on_free = on_free
        self._loop = asyncio.get_running_loop()
        self._bridge = Bridge(self._loop)
        self._slots = asyncio.Semaphore(orders.concurrency)
        self._held: dict[_Held, asyncio.Task[State | None]] = {}
        self._keeping: asyncio.Task[None] | None = None
        #: Events that wait for a slot or have one.
        self._load = 0
        #: The same, of each type that has a limit.
        self._loads: Counter[str] = Counter()
        #: Seconds that the handlers of an event take, of late.
        self._usual_seconds = 1.0
        self._due_again: list[float] = []

    # Claiming

    @property
    def room(self) -> int:
        """How many more events to claim now; 0 where it is not worth a round trip."""
        concurrency = self._orders.concurrency
        ahead = min(MAX_CLAIMS, int(concurrency * AHEAD_SECONDS / self._usual_seconds))
        room = min(MAX_CLAIMS, concurrency + ahead - self._load)
        return max(room, 0) if self._load < concurrency or room > ahead // 2 else 0

    def seconds_until_due(self) -> float:
        """Give the time until the next event is due that this shift released."""
        return self._due_again[0] - self._orders.clock() if self._due_again else float("inf")

    async def claim(self, limit: int) -> list[asyncio.Task[State | None]]:
        """Lease events that are due and start on them.

        Raises:
            InboxError: If the store is away.
        """
        orders, now = self._orders, self._orders.clock()
        claim = partial(orders.inbox.claim, lease=orders.lease, now=now)
        if not orders.limits:
            claims = await self._bridge.wait(claim(limit=limit))
            return self._take_all(claims, now)
        # All are asked before the first is awaited, so that a store which groups has them in one transaction.
        asked = [claim(limit=limit, without=tuple(orders.limits))]
        asked += [claim(limit=left, only=(each,)) for each, left in self._left(limit)]
        answers = [self._bridge.wait(future) for future in asked]
        await asyncio.wait(answers)
        # What one has leased is run, also where another failed.
        leased = [each for answer in answers if answer.exception() is None for each in answer.result()]
        tasks = self._take_all(leased, now)
        for answer in answers:
            answer.result()
        return tasks

    def _take_all(self, claims: Sequence[Claim], now: float) -> list[asyncio.Task[State | None]]:
        while self._due_again and self._due_again[0] <= now:
            heappop(self._due_again)
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
        claim = await self._bridge.wait(orders.inbox.claim_key(provider, key, lease=orders.lease, now=now))
        return None if claim is None else self._take(claim, is_due_only=is_due_only)

    async def state_of(self, provider: str, key: str) -> State | None:
        """Look an event up; None where it is unknown."""
        rows = await self._bridge.wait(self._orders.inbox.rows(Filter(provider=provider, key=key), limit=1))
        return rows[0].state if rows else None

    def _take(self, claim: Claim, *, is_due_only: bool) -> asyncio.Task[State | None]:
        if self._keeping is None:
            self._keeping = self._loop.create_task(self._keep_leases())
        held = _Held(claim, claim.lease_until, is_due_only, dict(claim.outcomes))
        self._held[held] = task = self._loop.create_task(self._work(held))
        self._count(held, 1)
        task.add_done_callback(lambda _: self._held.pop(held))
        return task

    # Running: from here to the handler are two frames.

    async def _work(self, held: _Held) -> State | None:
        """Run what is due of one event and record it; the state it is in then, None where the lease was lost."""
        event: Event | None = None
        try:
            await self._enter(held)
            began = self._loop.time()
            try:
                handlers = self._orders.dispatch.handlers(held.claim.entry)
                due = self._due(held, handlers)
                for handling in due:
                    event, failure = self._event(held) if event is None else (event, None)
                    rest = handlers if handling is due[-1] else ()
                    held.outcomes[handling.name] = await self._run(held, handling, event, failure, rest)
            finally:
                self._leave(held, self._loop.time() - began)
            return await self._record(held, handlers, event)
        except asyncio.CancelledError:
            if held.is_lost:
                return None
            await self._give_back(held, 0.0)
            raise
        except LeaseLost:
            logger.warning("%s: the lease was lost, another worker has it", _name(held.claim))
            return None
        except StoreFailed as failed:
            logger.error("%s: its handler could not be committed: %s", _name(held.claim), failed.__cause__)  # noqa: TRY400
            await self._give_back(held, self._orders.clock() + STORE_PAUSES[-1])
            return State.PENDING
        except Exception as error:  # noqa: BLE001 - one event must not end the worker, and stays where it is seen
            logger.error("%s could not be run: %s", _name(held.claim), describe(error))  # noqa: TRY400 - no content
            await self._give_back(held, self._orders.clock() + self._orders.lease)
            return State.PENDING

    async def _enter(self, held: _Held) -> None:
        """Wait for a slot."""
        try:
            await self._slots.acquire()
        except asyncio.CancelledError:
            self._count(held, -1)
            raise
        held.is_started = True

    def _count(self, held: _Held, number: int) -> None:
        self._load += number
        if held.claim.entry.type in self._orders.limits:
            self._loads[held.claim.entry.type] += number

    def _leave(self, held: _Held, seconds: float) -> None:
        """Give the slot back; not before the thread ends that a timeout left behind."""
        self._usual_seconds += 0.1 * (seconds - self._usual_seconds)
        if held.call is None or held.call.done():
            self._free(held)
        else:
            held.call.add_done_callback(lambda _: self._free_from_thread(held))

    def _free_from_thread(self, held: _Held) -> None:
        # The loop may be closed by now.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._free, held)

    def _free(self, held: _Held) -> None:
        self._count(held, -1)
        self._slots.release()
        self._on_free()

    async def _run(
        self,
        held: _Held,
        handling: Handling,
        event: Event | None,
        failure: Exception | None,
        all_handlers: Sequence[Handling],
    ) -> Outcome:
        """Run one handler, and tell how it fared; `all_handlers` of the event where it is the last to run."""
        before = held.outcomes.get(handling.name)
        attempts, started_at = (before.attempts, before.started_at) if before else (0, self._orders.clock())
        attempt = Outcome(handling.name, State.DONE, attempts + 1, started_at=started_at)
        held.began = self._loop.time()
        if failure is not None:
            return self._failed(held, handling, attempt, failure)
        try:
            async with asyncio.timeout(handling.timeout) as bound:
                if handling.is_transactional:
                    await self._run_in_transaction(held, handling, event, attempt, all_handlers, bound)
                elif is_async(handling.function):
                    await handling.function(event)
                else:
                    held.call = self._call(handling.function, event)
                    answer = await self._bridge.wait(held.call)
                    # A lambda, or a function that gives a coroutine without being one.
                    if inspect.isawaitable(answer):
                        await answer
        except (KeyboardInterrupt, GeneratorExit, LeaseLost, StoreFailed):
            raise
        except asyncio.CancelledError as error:
            if _is_cancelled_from_outside():
                raise
            return self._failed(held, handling, attempt, error)
        except BaseException as error:  # noqa: BLE001 - whatever a handler raises is its failure, SystemExit too
            return self._failed(held, handling, attempt, error)
        self._tell_ran(held, attempt, "done")
        return attempt

    async def _run_in_transaction(
        self,
        held: _Held,
        handling: Handling,
        event: Event | None,
        attempt: Outcome,
        all_handlers: Sequence[Handling],
        bound: asyncio.Timeout,
    ) -> None:
        """Run a handler and record it in one transaction; where it is the last to run, the event with it."""
        outcomes = {**held.outcomes, handling.name: attempt}

        def settle() -> Settlement:
            changed = [each for name, each in outcomes.items() if held.claim.outcomes.get(name) != each]
            if not all_handlers:
                return Settlement(held.claim, changed, State.RUNNING, 0.0)
            state, due_at = held.recorded = _verdict(outcomes, all_handlers)
            # The lease is given up from here on.
            held.is_settling = True
            moment = due_at if state is State.PENDING else self._orders.clock()
            return Settlement(held.claim, changed, state, moment)

        inbox = cast("TransactionalInbox", self._orders.inbox)
        transaction = Transaction(inbox, handling.function, event, settle)

        def run() -> None:
            try:
                transaction.run()
            except BaseException:
                # Here, before anybody hears of it.
                held.recorded, held.is_settling = None, False
                raise

        held.call = self._call(run)
        try:
            await self._bridge.wait(held.call)
        except asyncio.CancelledError:
            if transaction.leave():
                raise
            # It commits in this moment, and what is committed counts.
            await self._bridge.wait(held.call)
            if not bound.expired():
                raise

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return self._orders.threads.submit(contextvars.copy_context().run, function, *arguments)

    def _due(self, held: _Held, handlers: Sequence[Handling]) -> list[Handling]:
        now = self._orders.clock()
        is_poison = held.claim.lost >= MAX_LOST
        due: list[Handling] = []
        for handling in handlers:
            before = held.outcomes.get(handling.name)
            if before is not None and before.state is not State.PENDING:
                continue
            if is_poison:
                error = f"the lease ran out {held.claim.lost} times in a row: this event may end its worker"
                attempts = before.attempts if before else 0
                held.outcomes[handling.name] = Outcome(handling.name, State.DEAD, attempts, error)
            elif before is None or before.due_at <= now or not held.is_due_only:
                due.append(handling)
        return due

    def _event(self, held: _Held) -> tuple[Event | None, Exception | None]:
        """Build the event; where that fails, it is the failure of each handler, with its own attempts."""
        try:
            return self._orders.dispatch.event(held.claim.entry), None
        except Exception as error:  # noqa: BLE001 - a provider's reader met what it does not know
            return None, error

    def _failed(self, held: _Held, handling: Handling, attempt: Outcome, error: BaseException) -> Outcome:
        now = self._orders.clock()
        seconds = _pause_after(handling.retry or HANDLER_RETRY, error, attempt, now)
        text = describe(error)
        logger.warning(
            "%s: %s failed at attempt %d, %s: %s",
            _name(held.claim),
            handling.name,
            attempt.attempts,
            "it is dead" if seconds is None else f"again in {seconds:.3g} s",
            text,
        )
        self._tell_ran(held, attempt, "dead" if seconds is None else "retry", type(error).__name__)
        if seconds is None:
            return replace(attempt, state=State.DEAD, error=text)
        return replace(attempt, state=State.PENDING, error=text, due_at=now + seconds)

    def _tell_ran(self, held: _Held, attempt: Outcome, result: str, error: str = "") -> None:
        entry, seconds = held.claim.entry, self._loop.time() - held.began
        self._orders.observers(
            HandlerRan(entry.provider, entry.type, attempt.handler, result, attempt.attempts, seconds, error)
        )

    # Recording

    async def _record(self, held: _Held, handlers: Sequence[Handling], event: Event | None) -> State | None:
        if not handlers:
            held.outcomes[NOBODY] = Outcome(NOBODY, State.DEAD, 0, "no handler is registered for this event")
        state, due_at = held.recorded or _verdict(held.outcomes, handlers)
        held.is_settling = True
        if held.recorded is None and not await self._settle(held, state, due_at):
            logger.warning("%s: the lease was lost, another worker has it", _name(held.claim))
            return None
        if state is State.PENDING:
            heappush(self._due_again, due_at)
        self._on_free()
        if state.is_settled:
            entry, seconds = held.claim.entry, max(0.0, self._orders.clock() - held.claim.entry.received_at)
            self._orders.observers(EventSettled(entry.provider, entry.type, entry.origin, state, seconds))
        if state is State.DEAD:
            await self._tell_dead(held, event)
        return state

    async def _settle(self, held: _Held, state: State, due_at: float) -> bool:
        """Record the outcomes, however long the store is away; what a handler did must not be done again."""
        outcomes = [each for name, each in held.outcomes.items() if held.claim.outcomes.get(name) != each]
        inbox, pauses = self._orders.inbox, iter(STORE_PAUSES)
        while True:
            now = self._orders.clock()
            try:
                if state is State.PENDING:
                    asked = inbox.release(held.claim, outcomes, due_at=due_at, now=now)
                else:
                    asked = inbox.finish(held.claim, outcomes, state=state, now=now)
                return await self._bridge.wait(asked)
            except InboxError as error:
                logger.error("%s: the outcome is not recorded yet: %s", _name(held.claim), error)  # noqa: TRY400
                await asyncio.sleep(next(pauses, STORE_PAUSES[-1]))

    async def _give_back(self, held: _Held, due_at: float) -> None:
        """Release an event with what was done of it, so that another worker can go on."""
        if held.is_settling:
            return
        held.is_settling = True
        # A thread goes on whatever we do; before the lease would have ended, nobody else may begin.
        due_at = max(due_at, held.lease_until) if held.is_in_thread else due_at
        outcomes = [each for name, each in held.outcomes.items() if held.claim.outcomes.get(name) != each]
        with suppress(InboxError):
            await self._bridge.wait(
                self._orders.inbox.release(held.claim, outcomes, due_at=due_at, now=self._orders.clock())
            )
        self._on_free()

    async def _tell_dead(self, held: _Held, event: Event | None) -> None:
        on_dead = self._orders.on_dead
        if on_dead is None:
            return
        subject, outcomes = event or self._event(held)[0] or held.claim.entry, tuple(held.outcomes.values())
        try:
            if is_async(on_dead):
                await on_dead(subject, outcomes)
            else:
                await self._bridge.wait(self._call(on_dead, subject, outcomes))
        except Exception as error:  # noqa: BLE001 - the event is dead and visible all the same
            logger.error("%s: on_dead failed: %s", _name(held.claim), describe(error))  # noqa: TRY400 - no content

    # Leases

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._orders.lease / 3)
            for held, task in list(self._held.items()):
                if not held.is_started:
                    # It would wait here while another worker may be free.
                    task.cancel()
            running = [held for held in self._held if held.is_started and not held.is_settling]
            if running:
                await self._renew(running)

    async def _renew(self, running: Sequence[_Held]) -> None:
        orders, now = self._orders, self._orders.clock()
        claims = [held.claim for held in running]
        try:
            answers = await self._bridge.wait(orders.inbox.renew(claims, lease=orders.lease, now=now))
        except InboxError as error:
            logger.error("leases could not be renewed: %s", error)  # noqa: TRY400 - the message is ours
            return
        for held, is_newest in zip(running, answers, strict=True):
            if is_newest:
                held.lease_until = now + orders.lease
            elif held in self._held and not held.is_settling:
                logger.warning("%s: the lease was lost, another worker has it", _name(held.claim))
                held.is_lost = True
                self._held[held].cancel()

    # Ending

    async def wind_down(self, grace: float) -> None:
        """Finish what runs within `grace` seconds, and release the rest within one more."""
        for held, task in self._held.items():
            if not held.is_started:
                task.cancel()
        await self._wait_for_all(grace)
        for task in self._held.values():
            task.cancel()
        await self._wait_for_all(RELEASE_SECONDS)
        for held in self._held:
            logger.error("%s: its handler does not stop; the lease runs out by itself", _name(held.claim))
        if self._keeping is not None:
            self._keeping.cancel()

    async def _wait_for_all(self, seconds: float) -> None:
        if self._held:
            await asyncio.wait(self._held.values(), timeout=seconds)


def _is_cancelled_from_outside() -> bool:
    """Tell a cancellation of this task from one that a handler raised."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _pause_after(policy: RetryPolicy, error: BaseException, attempt: Outcome, now: float) -> float | None:
    """Give the seconds until the next attempt, None where there is none."""
    number, started = attempt.attempts, attempt.started_at
    if isinstance(error, GiveUp):
        return None
    if isinstance(error, RetryLater):
        return None if is_used_up(policy, error, attempt=number, started=started, now=now) else error.seconds
    # A policy speaks of exceptions; SystemExit and a stray CancelledError are failures like others.
    known = error if isinstance(error, Exception) else RuntimeError(type(error).__name__)
    return next_pause(policy, known, attempt=number, started=started, now=now, slept=now - started)


def _verdict(outcomes: Mapping[str, Outcome], handlers: Sequence[Handling]) -> tuple[State, float]:
    """Give the state of an event and, where it is pending, when it is due."""
    waiting = [outcomes[each.name].due_at for each in handlers if outcomes[each.name].state is State.PENDING]
    if waiting:
        return State.PENDING, min(waiting)
    is_dead = any(outcome.state is State.DEAD for outcome in outcomes.values())
    return (State.DEAD if is_dead else State.DONE), 0.0


def _name(claim: Claim) -> str:
    return f"{claim.entry.provider} {claim.entry.type} {claim.entry.key}"
