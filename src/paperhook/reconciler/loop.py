"""`Reconciler`: sweeps over all providers, now and then."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

from ..core.event import Event
from ..errors import ConfigurationError
from ..observe.details import UNOBSERVED, JobsMeasured, Observers
from ..tracker.tallying import tallied
from ..worker.failures import describe, is_cancelled_from_outside
from .counts import Counts
from .entering import Entrance, Receiver
from .posts import AnyClient, Post, post_for
from .sweeping import Sweep

logger: logging.Logger = logging.getLogger("paperhook")

#: Seconds between two counts of the jobs, for observers.
COUNT_SECONDS = 15.0


class Reconciler:
    """Asks for tracked jobs of which nothing was heard.

    Args:
        receiver: Your `Webhooks`.
        clients: One for each provider, each with a tracker.
        silence: Seconds after the upload before a job is asked for; by default ten times what the provider usually takes,
            at least 10.
        rate: Requests per second to each provider; by default half of what it allows.
        every: Seconds between two looks at the tracker; by default half of the shortest silence, 1 to 60.
        on_recovered: Called with each event whose webhook was lost; sync or async.
        clock: Seconds since the epoch.
        observe: Who is told of what was recovered.

    Raises:
        ConfigurationError: If a client has no tracker, or its provider is not one of the receiver's.
    """

    def __init__(
        self,
        receiver: Receiver,
        clients: Iterable[AnyClient],
        *,
        silence: float | None = None,
        rate: float | None = None,
        every: float | None = None,
        on_recovered: Callable[[Event], Any] | None = None,
        clock: Callable[[], float] = time.time,
        observe: Observers = UNOBSERVED,
    ) -> None:
        for word, number in (("silence", silence), ("rate", rate), ("every", every)):
            if number is not None and not number > 0:
                raise ConfigurationError(f"reconciler: {word} is {number!r}: it must be above 0")
        self._posts = [post_for(receiver.providers, client, silence, rate) for client in clients]
        if not self._posts:
            raise ConfigurationError(
                "there is no client to ask with: write Webhooks(provider, reconcile=Client(provider, tracker=…))"
            )
        shortest = min(post.silence for post in self._posts)
        self._every = min(60.0, max(1.0, shortest / 2)) if every is None else every
        self._entrance = Entrance(receiver, on_recovered, observe)
        self._clock = clock
        self._observers = observe
        #: On the clock of the event loop: when jobs are counted next.
        self._count_at = 0.0
        #: Since it was made.
        self.counts: Counts = Counts()

    async def run(self) -> None:
        """Sweep until cancelled; a store or a provider that is away delays and ends nothing.

        Each provider is swept by itself: one that takes hours to be asked for all it owes keeps no other waiting.
        """
        async with asyncio.TaskGroup() as group:
            for post in self._posts:
                group.create_task(self._repeat(partial(self._sweep, post), self._every))
            group.create_task(self._repeat(self._count_jobs, COUNT_SECONDS))

    async def _repeat(self, work: Callable[[], Awaitable[object]], every: float) -> None:
        while True:
            try:
                await work()
            except (Exception, asyncio.CancelledError) as error:
                # What fails today may work with the next sweep.
                if isinstance(error, asyncio.CancelledError) and is_cancelled_from_outside():
                    raise
                logger.error("reconciling failed, again in %g s: %s", every, describe(error))  # noqa: TRY400
            await asyncio.sleep(every)

    async def sweep(self) -> Counts:
        """Ask once for every job that is due.

        Returns:
            What this sweep came to.

        Raises:
            InboxError: If the tracker or the inbox is away.
        """
        # One provider must not keep the others from being asked.
        ended = await asyncio.gather(*map(self._sweep, self._posts), return_exceptions=True)
        for each in ended:
            if isinstance(each, BaseException):
                raise each
        await self._count_jobs()
        return sum((each for each in ended if isinstance(each, Counts)), Counts())

    async def _sweep(self, post: Post) -> Counts:
        found = Counts()
        try:
            await Sweep(post, self._entrance, self._clock, found).run()
        finally:
            # What was found before a cut was found.
            self.counts += found
        return found

    async def _count_jobs(self) -> None:
        """Tell the observers how many jobs are open, now and then: counting looks at every row."""
        now = asyncio.get_running_loop().time()
        if not self._observers or now < self._count_at:
            return
        self._count_at = now + COUNT_SECONDS
        tally = await tallied(post.tracker for post in self._posts)
        oldest = tally.waited(self._clock())
        self._observers(JobsMeasured(tally.open, tally.unknown, tally.settled, oldest))
