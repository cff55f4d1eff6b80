"""`Worker`: claims events while it runs, and stops without losing one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum, auto
from typing import Any

from ..core.arguments import check_above_zero, check_count
from ..core.delivery import Envelope
from ..errors import ConfigurationError, InboxError
from ..inbox.base import Entry, Inbox, LeasingInbox, LoopInbox, Outcome, State
from ..inbox.bridge import running_loop
from ..inbox.operating import measured
from ..inbox.reviewing import ReviewInbox
from ..observe.details import Observer, Observers
from ..rules import Rule, rule_of
from ..rules.base import Check
from .failures import describe
from .fetching import Fetch, Fetching
from .handling import Dispatch
from .judging import Judge
from .orders import FindJob, Orders
from .recording import STORE_PAUSES
from .shift import MAX_CLAIMS, Shift
from .threads import Threads

logger: logging.Logger = logging.getLogger("paperhook")


#: Seconds between two looks at how full the inbox is, for observers.
MEASURE_SECONDS = 15.0
#: Seconds from a settlement to the look for what waited for it, where nothing older waits: so a worker that begins on
#: what its process stores does not ask the inbox once for each commit.
FOLLOW_SECONDS = 0.01


class _Phase(Enum):
    """Where a worker stands, so that a stop before the start is not forgotten."""

    IDLE = auto()
    #: Asked to stop before it ran: the next run ends at once.
    RECALLED = auto()
    RUNNING = auto()
    STOPPING = auto()
    #: Ended by itself; a stop has nothing to do.
    ENDED = auto()


class Worker:
    """Runs the handlers of stored events until each has succeeded or is dead.

    Args:
        inbox: Where the events wait.
        dispatch: Knows handlers and builds events.
        concurrency: Events whose handlers run at once.
        lease: Seconds for which an event is this worker's; renewed while its handlers run, so it is how long others
            wait after this worker died.
        poll: Seconds between looks at the inbox where nobody said that something was put.
        clock: Seconds since the epoch.
        on_dead: Called with an event (the stored entry, where it cannot be built) and the outcomes of its handlers
            when one of them gave up; sync or async, once, after it was recorded.
        name: Of its threads.
        observe: Who is told of handlers, settled events and the inbox, see `paperhook.observe`.
        rules: What a completed document must meet before its handlers run, see `paperhook.rules`.
        fetch: Asks providers for results that deliveries only refer to; `Webhooks(fetch=…)` makes one of clients.
        limits: Events of an exact type whose handlers run at once in this worker, where that is fewer than
            `concurrency`; the others go on meanwhile.
        on_settled: Called on the loop with the stored entry and its state when an event is done or dead, once, after
            that was recorded; be quick, and raise nothing.
        find_job: Asked for each stored event for what makes the handle `event.job` of the one that the delivery makes.

    Raises:
        ConfigurationError: If a number is not positive, a limit is for a pattern, or there are rules or a `fetch` and
            the inbox keeps no reviews.
    """

    def __init__(
        self,
        inbox: Inbox,
        dispatch: Dispatch,
        *,
        concurrency: int = 8,
        lease: float = 60.0,
        poll: float = 1.0,
        clock: Callable[[], float] = time.time,
        on_dead: Callable[[Any, Sequence[Outcome]], Any] | None = None,
        name: str = "paperhook-worker",
        observe: Observers | Sequence[Observer] = (),
        limits: Mapping[str, int] | None = None,
        rules: Sequence[Rule | Check] = (),
        fetch: Fetch | None = None,
        on_settled: Callable[[Entry, State], Any] = lambda _entry, _state: None,
        find_job: FindJob | None = None,
    ) -> None:
        check_count(concurrency, "concurrency")
        check_above_zero(lease, "lease")
        check_above_zero(poll, "poll")
        observers = observe if isinstance(observe, Observers) else Observers(observe)
        self._orders = Orders(
            inbox,
            dispatch,
            concurrency,
            lease,
            clock,
            on_dead,
            Threads(name),
            observers,
            _checked(limits or {}),
            judge=_judge(inbox, rules, observers, clock),
            fetching=_fetching(inbox, fetch),
            on_settled=on_settled,
            find_job=find_job,
            loop_inbox=inbox if isinstance(inbox, LoopInbox) else None,
            leasing_inbox=inbox if isinstance(inbox, LeasingInbox) else None,
        )
        self._poll = poll
        self._begin()

    def _begin(self) -> None:
        self._grace = 0.0
        #: What runs on the loop of `run`.
        self._shift: Shift | None = None
        self._phase = _Phase.IDLE
        self._loop: asyncio.AbstractEventLoop | None = None
        self._awake = self._stopping = self._ended = asyncio.Event()
        self._following: asyncio.TimerHandle | None = None

    def start_anew(self) -> None:
        """Begin again in a forked process: what the other one runs is its own, and goes on there."""
        self._begin()
        self._orders.threads.start_anew()

    async def run(self) -> None:
        """Run handlers until `stop()`; cancelling it releases at once what runs.

        Raises:
            RuntimeError: If it runs already.
        """
        if self._phase in (_Phase.RUNNING, _Phase.STOPPING):
            raise RuntimeError("this worker runs already")
        if self._phase is _Phase.RECALLED:
            self._phase = _Phase.IDLE
            return
        self._phase = _Phase.RUNNING
        self._awake, self._stopping, self._ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._loop = asyncio.get_running_loop()
        shift = Shift(self._orders, on_free=self._look_again)
        self._shift = shift
        unsubscribe = self._orders.inbox.subscribe(self._hear)
        measuring = self._loop.create_task(self._measure()) if self._orders.observers else None
        try:
            await self._work(shift)
            self._shift = None
            await shift.wind_down(self._grace)
        except asyncio.CancelledError:
            self._shift = None
            await shift.wind_down(0.0)
            raise
        finally:
            self._shift = None
            unsubscribe()
            for each in (measuring, self._following):
                if each is not None:
                    each.cancel()
            self._following = None
            self._phase = _Phase.IDLE if self._stopping.is_set() else _Phase.ENDED
            self._loop = None
            self._ended.set()

    async def stop(self, *, grace: float = 10.0) -> None:
        """End `run`, from any loop or thread: no new events, and those that run end or are released.

        Args:
            grace: Seconds for handlers to end; what goes on is cancelled and released within one second more. A sync
                handler cannot be cancelled: its event is due again when its lease would have ended.
        """
        loop = self._loop
        if loop is None:
            self._phase = _Phase.RECALLED if self._phase is _Phase.IDLE else _Phase.IDLE
        elif loop is asyncio.get_running_loop():
            self._grace, self._phase = grace, _Phase.STOPPING
            self._stopping.set()
            self._awake.set()
            await self._ended.wait()
        else:
            # Its loop may end by itself in this moment.
            with suppress(RuntimeError):
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.stop(grace=grace), loop))

    def put(
        self, entries: Sequence[Entry], envelopes: Sequence[Envelope]
    ) -> asyncio.Future[tuple[bool, ...]] | None:
        """Store events and begin on them as soon as that is committed, without asking the inbox for them.

        What is not begun on, because an earlier event of its subject is not settled, is claimed when its turn comes.

        Args:
            entries: What is put, of one delivery.
            envelopes: What was read of each, so that it is not read again.

        Returns:
            What `Inbox.put` answers; None where that cannot be now: the worker does not run on this loop, has its hands
            full or older events to do, or the inbox does not lease what is put. Then put them yourself.
        """
        shift = self._shift
        if shift is None or self._loop is not running_loop() or not shift.is_caught_up:
            return None
        return shift.put(entries, envelopes)

    def wake(self) -> None:
        """Say that something was put; from any thread, and nothing happens where it does not run."""
        loop = self._loop
        if loop is None or self._awake.is_set():
            return
        if loop is running_loop():
            self._awake.set()
            return
        # The loop may be closing: then somebody else looks.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._awake.set)

    def _look_again(self) -> None:
        """Learn from the shift that there is room, or that an event was settled for which another may have waited."""
        shift, loop = self._shift, self._loop
        if shift is None or loop is None or not shift.is_caught_up:
            self._awake.set()
        elif self._following is None:
            self._following = loop.call_later(FOLLOW_SECONDS, self._follow)

    def _follow(self) -> None:
        self._following = None
        self._awake.set()

    def _hear(self) -> None:
        """Learn from the inbox that something waits there; from any thread."""
        shift = self._shift
        if shift is not None:
            shift.is_caught_up = False
        self.wake()

    async def drain(self) -> int:
        """Run everything that is due now, and what becomes due by that; for tests and scheduled calls.

        Returns:
            How many events were run.

        Raises:
            InboxError: If the store is away.
        """
        shift, count = Shift(self._orders), 0
        try:
            while tasks := await shift.claim(MAX_CLAIMS):
                await asyncio.wait(tasks)
                count += len(tasks)
        finally:
            await shift.wind_down(0.0)
        return count

    async def run_key(self, provider: str, key: str, *, is_due_only: bool = False) -> State | None:
        """Run what is not done of one event, or with `is_due_only` those handlers whose next attempt is due.

        A settled event is left alone, and so is one that another worker has or that waits for another of its subject:
        then the state says so.

        Returns:
            The state afterwards, None where the event is unknown.

        Raises:
            InboxError: If the store is away.
        """
        shift = Shift(self._orders)
        try:
            task = await shift.claim_key(provider, key, is_due_only=is_due_only)
            state = None if task is None else await task
            return state or await shift.state_of(provider, key)
        finally:
            await shift.wind_down(0.0)

    async def _measure(self) -> None:
        while True:
            # A store that is away is told of by those who claim.
            with suppress(InboxError):
                stats = await asyncio.wrap_future(self._orders.inbox.stats())
                self._orders.observers(measured(stats, self._orders.clock()))
            await asyncio.sleep(MEASURE_SECONDS)

    async def _work(self, shift: Shift) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._awake.clear()
            limit = shift.room
            try:
                claimed = len(await shift.claim(limit)) if limit else 0
            except Exception as error:  # noqa: BLE001 - a store that is away must not end the worker
                pause = STORE_PAUSES[min(failures, len(STORE_PAUSES) - 1)]
                failures += 1
                reason = str(error) if isinstance(error, InboxError) else describe(error)
                logger.error("no events could be claimed, again in %g s: %s", pause, reason)  # noqa: TRY400
                await _sleep(self._stopping, pause)
                continue
            failures = 0
            if limit:
                shift.is_caught_up = claimed < limit
            if limit == 0 or claimed < limit:
                await _sleep(self._awake, min(self._poll, max(0.0, shift.seconds_until_due())))


async def _sleep(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _judge(
    inbox: Inbox, rules: Sequence[Rule | Check], observers: Observers, clock: Callable[[], float]
) -> Judge | None:
    made = [rule_of(rule) for rule in rules]
    if isinstance(inbox, ReviewInbox):
        return Judge(made, inbox, observers, clock)
    if made:
        raise ConfigurationError(
            f"{type(inbox).__name__} keeps no reviews, so no rule can hold a document back: use an inbox in SQLite, "
            "PostgreSQL or memory, or make yours a ReviewInbox"
        )
    return None


def _fetching(inbox: Inbox, fetch: Fetch | None) -> Fetching | None:
    if fetch is None:
        return None
    if isinstance(inbox, ReviewInbox):
        return Fetching(fetch, inbox)
    raise ConfigurationError(
        f"{type(inbox).__name__} has no place for what is fetched: use an inbox in SQLite, PostgreSQL or memory, or make "
        "yours a ReviewInbox"
    )


def _checked(limits: Mapping[str, int]) -> dict[str, int]:
    for name, limit in limits.items():
        if "*" in name:
            raise ConfigurationError(f"worker: a limit is for an exact type, not for {name!r}")
        check_count(limit, f"the limit of {name}")
    return dict(limits)
