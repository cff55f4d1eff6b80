"""Whoever runs the handlers of stored events: the worker, an engine, and the reconciler beside them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any

from ..carriers.loop import LoopThread
from ..core.delivery import Delivery, Envelope
from ..core.event import Event, Origin
from ..core.headers import Headers
from ..core.provider import Provider
from ..errors import ConfigurationError
from ..inbox.base import Entry, State
from ..inbox.bridge import bridge_here
from ..inbox.operating import measured
from ..observe.details import InboxMeasured
from .receiving import Receiving
from .reviews import Reviews
from .stored import envelope_of

if TYPE_CHECKING:
    from ..client import AsyncClient, Client
    from ..reconciler import Reconciler


class Running(Receiving):
    """How a `Webhooks` has its handlers run."""

    reconciled: tuple[Client | AsyncClient, ...]
    _on_recovered: Callable[[Event], Any] | None
    _loop_thread: LoopThread

    # What the worker asks

    def event(self, entry: Entry, envelope: Envelope | None = None) -> Event:
        """Build the typed event that was stored, from its envelope where that was read already."""
        provider = self._provider(entry.provider)
        read = envelope or _envelope_in(provider, entry)
        return provider.event(read, body=entry.body, origin=Origin(entry.origin))

    @property
    def reviews(self) -> Reviews:
        """Documents that a rule holds back: look at them, and decide.

        Raises:
            ConfigurationError: If the inbox keeps no reviews.
        """
        return Reviews(
            self.inbox,
            read=self.event,
            clock=self._clock,
            observers=self.observers,
            resume=lambda entry: self._pass_on([entry], [True]),
        )

    # Running

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Any = None) -> AsyncGenerator[None, None]:
        """Run the worker while an application runs: `FastAPI(lifespan=hooks.lifespan)`."""
        self._seal()
        is_embedded = self._mode == "embedded"
        if is_embedded:
            self._runner.start_in_loop()
        if self._courier is not None:
            self._courier.start()
        try:
            async with self._reconciling() if is_embedded else contextlib.nullcontext():
                yield
        finally:
            await self._stop_courier()
            await self._runner.stop()

    async def run_worker(self) -> None:
        """Run handlers until cancelled or `stop_worker()`; what `paperhook worker module:hooks` does.

        With a carrier the engine's workers run them, and this one sends again what was lost.
        """
        self._seal()
        async with self._reconciling():
            if self._courier is None:
                await self.worker.run()
                return
            self._courier.start()
            try:
                await asyncio.to_thread(self._courier.join)
            finally:
                await self._stop_courier()

    async def stop_worker(self, *, grace: float = 10.0) -> None:
        """End `run_worker`; `grace` as for `Worker.stop`."""
        if self._courier is None:
            await self.worker.stop(grace=grace)
        await self._stop_courier()

    async def _stop_courier(self) -> None:
        if self._courier is not None:
            await asyncio.to_thread(self._courier.stop)

    def run(self, provider: str, key: str) -> State | None:
        """Run what is not done of one event and due: what an engine's task calls with what a carrier brought.

        It is safe to call any number of times, in any number of processes: a settled event is left alone, and so is one
        that another worker has or that waits for another of its subject; those are sent again. All calls of a process
        share one event loop, in a thread of its own.

        Returns:
            The state afterwards, None where the event is unknown. There is nothing to retry: what is pending is sent
            again when it is due.

        Raises:
            InboxError: If the store is away; the event is sent again.
        """
        return self._loop_thread.run(self.arun(provider, key))

    async def arun(self, provider: str, key: str) -> State | None:
        """Run what is not done of one event, on this event loop; arguments and answer as `run`."""
        self._seal()
        state = await self.worker.run_key(provider, key, is_due_only=True)
        courier = self._courier
        if courier is None:
            return state
        if state is not None and state.is_settled:
            asked = self.inbox.hand_over_next(provider, key, now=self._clock(), patience=courier.patience)
            follower = await bridge_here().wait(asked)
            courier.post([] if follower is None else [follower])
        else:
            courier.start()
        return state

    def sweep(self) -> int:
        """Send what is due to the engine's workers, and give how many; for a scheduled call.

        Where a process lives that received, ran an event or has the lifespan, that happens by itself twice a second.

        Raises:
            ConfigurationError: If there is no carrier.
            InboxError: If the store is away.
            Exception: Whatever the carrier raises; what was not sent is due again later.
        """
        if self._courier is None:
            raise ConfigurationError("there is nobody to send events to: Webhooks(..., carrier=…)")
        return self._courier.sweep()

    def start(self) -> None:
        """Start the worker in a thread, for applications without a lifespan; calling twice is fine.

        The first delivery does it too. Call it in each process where events that wait since the last one ended must
        not wait for a delivery; a thread does not survive a fork.
        """
        self._seal()
        if self._mode == "embedded":
            self._runner.start_in_thread()
        if self._courier is not None:
            self._courier.start()

    def close(self) -> None:
        """Stop the worker and close the inbox; calling twice is fine. On an event loop write `await hooks.aclose()`."""
        if self._courier is not None:
            self._courier.stop()
        self._loop_thread.close()
        self._runner.close()
        self._runner.stop_from_thread()
        self.inbox.close()

    async def aclose(self) -> None:
        """Stop the worker and close the inbox without blocking the event loop; calling twice is fine."""
        await self._stop_courier()
        self._loop_thread.close()
        self._runner.close()
        await self._runner.stop()
        await asyncio.to_thread(self.inbox.close)

    async def measure(self) -> InboxMeasured:
        """Say how full the inbox is, and tell the observers.

        Raises:
            InboxError: If the store is away.
        """
        seen = measured(await asyncio.wrap_future(self.inbox.stats()), self._clock())
        self.observers(seen)
        return seen

    # Reconciling

    def reconciler(
        self,
        *clients: Client | AsyncClient,
        silence: float | None = None,
        rate: float | None = None,
        every: float | None = None,
        on_recovered: Callable[[Event], Any] | None = None,
    ) -> Reconciler:
        """Give what finds the events whose webhook was lost; run it, or sweep once.

        Args:
            clients: With a tracker, one for each provider; by default those of `reconcile=`.
            silence: Seconds after the upload before a job is asked for; by default ten times the usual.
            rate: Requests per second to each provider; by default half of what it allows.
            every: Seconds between two looks at the tracker.
            on_recovered: In place of the one that was given to the constructor.

        Raises:
            ConfigurationError: If a client has no tracker, or its provider is none of these.
        """
        from ..reconciler import Reconciler

        return Reconciler(
            self,
            clients or self.reconciled,
            silence=silence,
            rate=rate,
            every=every,
            on_recovered=on_recovered or self._on_recovered,
            clock=self._clock,
            observe=self.observers,
        )

    @contextlib.asynccontextmanager
    async def _reconciling(self) -> AsyncGenerator[None, None]:
        """Run the reconciler beside the worker."""
        if not self.reconciled:
            yield
            return
        task = asyncio.create_task(self.reconciler().run(), name="paperhook-reconciler")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])


def _envelope_in(provider: Provider, entry: Entry) -> Envelope:
    if entry.form == "envelope":
        return envelope_of(entry.body)
    return provider.envelopes(Delivery(Headers(entry.headers), entry.body))[entry.index]
