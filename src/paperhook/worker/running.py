"""`Runner`: runs one handler of an event, and tells how it fared."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, cast

from ..core.event import Event
from ..errors import GiveUp, RetryLater
from ..inbox.base import Outcome, Settlement, State, TransactionalInbox
from ..inbox.bridge import Bridge
from ..observe.details import HandlerRan
from ..retrying import RetryPolicy, for_handler, is_used_up, next_pause
from .failures import describe, forget_cancellation
from .handling import Handling, is_async
from .held import Held, name_of, verdict
from .orders import Orders
from .transactions import LeaseLost, StoreFailed, Transaction, discard

logger: logging.Logger = logging.getLogger("paperhook")

#: Leases in a row that may run out before an event is dead: it may be what ends its worker.
MAX_LOST = 8


class Runner:
    """Runs handlers on one loop; those that are not async on threads.

    Args:
        orders: What the worker was told.
        bridge: To the loop.
        is_called_off: Tells whether somebody wants an event's task to end; else a cancellation is its handler's own.
    """

    def __init__(self, orders: Orders, bridge: Bridge, is_called_off: Callable[[Held], bool]) -> None:
        self._orders = orders
        self._bridge = bridge
        self._is_called_off = is_called_off
        self._loop = asyncio.get_running_loop()

    def event(self, held: Held) -> tuple[Event | None, Exception | None]:
        """Build the event; where that fails, it is the failure of each handler, with its own attempts."""
        try:
            read = () if held.envelope is None else (held.envelope,)
            event = self._orders.dispatch.event(held.claim.entry, *read)
            if held.case is not None:
                event = held.case.event(event)
            return event if held.job_of is None else event.with_job(held.job_of(event.job)), None
        except Exception as error:  # noqa: BLE001 - a provider's reader met what it does not know
            return None, error

    def due(self, held: Held, handlers: Sequence[Handling]) -> list[Handling]:
        """Give the handlers whose time has come; of an event that seems to end its workers none, they are dead."""
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

    async def run(
        self,
        held: Held,
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
            is_direct = is_async(handling.function) and not handling.is_transactional
            if is_direct and handling.timeout is None:
                # A timeout costs as much as a short handler, even where it is none.
                await handling.function(event)
            else:
                async with asyncio.timeout(handling.timeout) as bound:
                    if handling.is_transactional:
                        await self._run_in_transaction(held, handling, event, attempt, all_handlers, bound)
                    elif is_direct:
                        await handling.function(event)
                    else:
                        await self._run_on_thread(held, handling, event)
        except (KeyboardInterrupt, GeneratorExit, LeaseLost, StoreFailed):
            raise
        except asyncio.CancelledError as error:
            if self._is_called_off(held):
                raise
            forget_cancellation()
            return self._failed(held, handling, attempt, error)
        except BaseException as error:  # noqa: BLE001 - whatever a handler raises is its failure, SystemExit too
            return self._failed(held, handling, attempt, error)
        self._tell_ran(held, attempt, "done")
        return attempt

    async def _run_on_thread(self, held: Held, handling: Handling, event: Event | None) -> None:
        call = self.call(handling.function, event)
        held.calls = (*held.unended, call)
        answer = await self._answer_of(call)
        # A lambda, or a function that gives a coroutine without being one.
        if inspect.isawaitable(answer):
            await answer

    async def _run_in_transaction(
        self,
        held: Held,
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
            state, due_at = held.recorded = verdict(outcomes, all_handlers, is_review=held.is_review)
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

        call = self.call(run)
        held.calls = (*held.unended, call)
        try:
            await self._bridge.wait(call)
        except asyncio.CancelledError:
            if transaction.leave():
                raise
            # It commits in this moment, and what is committed counts.
            await self._bridge.wait(call)
            if not bound.expired():
                raise

    async def _answer_of(self, call: Future[Any]) -> Any:
        """Wait for a thread; a coroutine that it gives when nobody waits any more is closed, or Python would warn of it."""
        try:
            return await self._bridge.wait(call)
        except asyncio.CancelledError:
            call.add_done_callback(_discard_answer)
            raise

    def call(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Call a function on a thread."""
        return self._orders.threads.submit(contextvars.copy_context().run, function, *arguments)

    def _failed(self, held: Held, handling: Handling, attempt: Outcome, error: BaseException) -> Outcome:
        now = self._orders.clock()
        seconds = _pause_after(for_handler(handling.retry), error, attempt, now)
        text = describe(error)
        logger.warning(
            "%s: %s failed at attempt %d, %s: %s",
            name_of(held.claim),
            handling.name,
            attempt.attempts,
            "it is dead" if seconds is None else f"again in {seconds:.3g} s",
            text,
        )
        self._tell_ran(held, attempt, "dead" if seconds is None else "retry", type(error).__name__)
        if seconds is None:
            return replace(attempt, state=State.DEAD, error=text)
        return replace(attempt, state=State.PENDING, error=text, due_at=now + seconds)

    def _tell_ran(self, held: Held, attempt: Outcome, result: str, error: str = "") -> None:
        if not self._orders.observers:
            return
        entry, seconds = held.claim.entry, self._loop.time() - held.began
        self._orders.observers(
            HandlerRan(entry.provider, entry.type, attempt.handler, result, attempt.attempts, seconds, error)
        )


def _discard_answer(call: Future[Any]) -> None:
    if call.exception() is None:
        discard(call.result())


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
