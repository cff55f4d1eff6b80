"""`Webhooks`: providers, handlers, inbox and worker, wired together behind one `receive`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import threading
import time
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, overload

from .carriers.base import Carrier, Carry, TransactionalCarrier, carrier_of
from .carriers.courier import Courier
from .carriers.loop import LoopThread
from .core.delivery import Delivery, Envelope
from .core.event import (
    BatchCompleted,
    DocumentCompleted,
    DocumentFailed,
    DocumentNeedsReview,
    DocumentReceived,
    EndpointTest,
    Event,
    Origin,
)
from .core.headers import Headers, HeadersLike
from .core.job import JobStatus
from .core.provider import Provider
from .errors import ConfigurationError, DeliveryRejected, InboxError, UnknownProvider
from .inbox import Inbox, open_inbox
from .inbox.base import Entry, State, TransactionalInbox
from .inbox.base import Outcome as HandlerOutcome
from .inbox.bridge import Bridge
from .inbox.operating import measured
from .observe.details import DeliveryReceived, EventStored, InboxMeasured, Observer, Observers
from .retrying import RetryPolicy
from .webhooks.receiver import MAX_BODY_BYTES, Outcome, Receipt, Reply, admit, refusal
from .webhooks.router import Registration, Router, pattern_of
from .worker import Worker
from .worker.failures import describe
from .worker.orders import is_async

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from starlette.types import ASGIApp

    from .client import AsyncClient, Client
    from .reconciler import Reconciler
    from .tracker import Tracker

E = TypeVar("E", bound=Event)
T = TypeVar("T")
R = TypeVar("R")
C = TypeVar("C")


class _Decorator(Protocol[E]):
    """Gives a handler back as it was, and lets a type checker see that it takes the event."""

    def __call__(self, handler: Callable[[E], R], /) -> Callable[[E], R]: ...


class _TransactionalDecorator(Protocol[E]):
    """The same for a handler that takes a connection too: psycopg's or sqlite3's, by the inbox."""

    def __call__(self, handler: Callable[[E, C], R], /) -> Callable[[E, C], R]: ...


logger = logging.getLogger("paperhook")

DEFAULT_INBOX = "sqlite:///paperhook.db"


class Webhooks:
    """Receives the webhooks of one or more providers and runs your handlers until they succeed.

    Args:
        providers: Each with its webhook secret.
        inbox: `sqlite:///file.db`, `memory:`, or a store of your own.
        worker: `embedded` runs handlers in this process; `external` leaves them to `paperhook worker` or to an engine;
            `inline` runs them before the reply, for serverless.
        carrier: Brings the keys of events to an engine's workers, which call `run` or `arun`; a function of keys will do.
        resend_after: Seconds after which an event that the engine did not begin is sent to it again.
        concurrency: How many handlers run at once.
        lease: Seconds for which an event is one worker's; renewed while its handlers run.
        max_body_bytes: Larger deliveries are refused while they arrive.
        clock: Seconds since the epoch.
        on_dead: Called with an event and what its handlers did when one of them gave up.
        reconcile: Clients with a tracker, one for each provider: the worker asks for their jobs of which no webhook told.
        on_recovered: Called with each event that was found so and whose webhook was lost; sync or async.
        observe: Who is told of deliveries, events, handlers and the inbox, see `paperhook.observe`.
        limits: Events of an exact type that a worker runs at once, such as `{"document.completed": 4}`.

    Raises:
        ConfigurationError: If there is no provider, two have one name, or one has neither a secret nor
            `unsigned="accept"`; or if `worker` is none of the three, or not `external` where there is a carrier.
    """

    def __init__(
        self,
        *providers: Provider,
        inbox: str | Inbox = DEFAULT_INBOX,
        worker: Literal["embedded", "external", "inline"] = "embedded",
        carrier: Carrier | Carry | None = None,
        resend_after: float = 30.0,
        concurrency: int = 8,
        lease: float = 60.0,
        max_body_bytes: int = MAX_BODY_BYTES,
        clock: Callable[[], float] = time.time,
        on_dead: Callable[[Event, Sequence[HandlerOutcome]], Any] | None = None,
        reconcile: Client | AsyncClient | Sequence[Client | AsyncClient] = (),
        on_recovered: Callable[[Event], Any] | None = None,
        observe: Sequence[Observer] = (),
        limits: Mapping[str, int] | None = None,
    ) -> None:
        if worker not in ("embedded", "external", "inline"):
            raise ConfigurationError(f"worker is {worker!r}: write 'embedded', 'external' or 'inline'")
        if carrier is not None and worker != "external":
            raise ConfigurationError(
                f"a carrier needs worker='external', not {worker!r}: an engine runs the handlers"
            )
        self.providers = _by_name(providers)
        self.max_body_bytes = max_body_bytes
        self._mode = worker
        self._clock = clock
        self.observers = Observers(observe)
        self._router = Router()
        self._is_sealed = False
        self.inbox = open_inbox(inbox) if isinstance(inbox, str) else inbox
        self.worker = Worker(
            self.inbox,
            self,
            concurrency=concurrency,
            lease=lease,
            clock=clock,
            on_dead=on_dead,
            observe=self.observers,
            limits=limits,
        )
        self._loop_thread = LoopThread()
        #: Whether the transaction that puts an event stores the engine's job too.
        self._is_enlisted = False
        self._courier = None if carrier is None else self._attached(carrier_of(carrier), resend_after)
        self._runner = _Runner(self.worker)
        self.reconciled = tuple(reconcile) if isinstance(reconcile, Sequence) else (reconcile,)
        self._on_recovered = on_recovered
        self._trackers: dict[str, Tracker] = {
            client.provider.name: client.tracker for client in self.reconciled if client.tracker is not None
        }
        if self.reconciled:
            # Now, so that a client without a tracker is told before the first delivery.
            self.reconciler()
        #: The loop that deliveries arrive on, and what wakes it once for all answers of a commit.
        self._bridged: tuple[asyncio.AbstractEventLoop | None, Bridge | None] = (None, None)

    def _attached(self, carrier: Carrier, resend_after: float) -> Courier:
        if isinstance(carrier, TransactionalCarrier) and carrier.is_same_database:
            enlist = getattr(self.inbox, "enlist", None)
            if enlist is not None:
                enlist(carrier.carry_within)
                self._is_enlisted = True
        carrier.attach(self)
        return Courier(self.inbox, carrier, patience=resend_after, clock=self._clock)

    # Handlers

    @overload
    def on(
        self, event: type[E], *, name: str = ..., retry: RetryPolicy | None = ..., timeout: float | None = ...
    ) -> _Decorator[E]: ...
    @overload
    def on(
        self,
        event: Literal["document.received"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Decorator[DocumentReceived]: ...
    @overload
    def on(
        self,
        event: Literal["document.completed"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Decorator[DocumentCompleted]: ...
    @overload
    def on(
        self,
        event: Literal["document.failed"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Decorator[DocumentFailed]: ...
    @overload
    def on(
        self,
        event: Literal["document.needs_review"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Decorator[DocumentNeedsReview]: ...
    @overload
    def on(
        self,
        event: Literal["batch.completed"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Decorator[BatchCompleted]: ...
    @overload
    def on(
        self,
        event: Literal["endpoint.test"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Decorator[EndpointTest]: ...
    @overload
    def on(
        self, event: str, *, name: str = ..., retry: RetryPolicy | None = ..., timeout: float | None = ...
    ) -> _Decorator[Any]: ...
    @overload
    def on(
        self,
        event: type[E],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
        transaction: Literal[True],
    ) -> _TransactionalDecorator[E]: ...
    @overload
    def on(
        self,
        event: str,
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
        transaction: Literal[True],
    ) -> _TransactionalDecorator[Any]: ...
    def on(
        self,
        event: type[Event] | str,
        *,
        name: str = "",
        retry: RetryPolicy | None = None,
        timeout: float | None = None,
        transaction: bool = False,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a handler, sync or async, as a decorator.

        Args:
            event: A class, an exact type, `document.*`, or `*`.
            name: Identifies the handler in the inbox; by default module and function. Rename a function and its
                waiting events run under the new name, so give a name to handlers that you may move.
            retry: When to try again after an exception, in tenacity's terms.
            timeout: Seconds for one run.
            transaction: Hand the handler a connection of the inbox as its second argument: what it writes there and
                its completion are committed together or not at all. The handler is sync, and never commits.

        Raises:
            ConfigurationError: If deliveries were received or the worker was started already, or the name is taken;
                with `transaction`, if the handler is async or the inbox has no connection to lend.
        """
        pattern = pattern_of(event)

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            if self._is_sealed:
                raise ConfigurationError(
                    f"{_name_of(function)} is registered after the first delivery or the start of the worker: earlier "
                    "events would have missed it"
                )
            if transaction:
                self._check_transactional(function)
            self._router.add(
                Registration(pattern, name or _name_of(function), function, retry, timeout, transaction)
            )
            return function

        return register

    def _check_transactional(self, function: Callable[..., Any]) -> None:
        if is_async(function):
            raise ConfigurationError(
                f"{_name_of(function)} is async: a handler with transaction=True runs in a thread, write it without async"
            )
        if not isinstance(self.inbox, TransactionalInbox):
            raise ConfigurationError(
                f"{_name_of(function)} wants a transaction, and {type(self.inbox).__name__} has none: "
                "use an inbox in SQLite or PostgreSQL"
            )

    # Receiving

    def receive(
        self, headers: HeadersLike, body: bytes, *, provider: str | None = None, method: str = "POST"
    ) -> Reply:
        """Check and store one delivery, for frameworks that are not asynchronous.

        Args:
            headers: As the framework gives them.
            body: The exact bytes.
            provider: Its name; may be left out where there is only one.
            method: The HTTP method.

        Returns:
            Status and body to send. It never raises for anything a sender can do.
        """
        delivery = Delivery(Headers(headers), body, method)
        try:
            chosen, now = self._provider(provider), self._clock()
            receipt = admit(chosen, delivery, now=now, max_body_bytes=self.max_body_bytes)
            entries, reply = self._entries(chosen, delivery, receipt, now)
            if not entries:
                return self._answered(reply, provider)
            if self._mode == "embedded":
                self._runner.start_in_thread()
            is_new = self.inbox.put(entries).result()
            self._stored(entries, is_new)
            reply = reply if any(is_new) else _duplicate(reply)
            if self._mode == "inline":
                return self._answered(_run_beside(lambda: self._run_inline(entries, reply)), provider)
        except Exception as error:  # noqa: BLE001 - whatever a delivery does to us, its sender gets an answer
            return self._answered(_refused(error), provider)
        self._pass_on(entries, is_new)
        return self._answered(reply, provider)

    async def areceive(
        self, headers: HeadersLike, body: bytes, *, provider: str | None = None, method: str = "POST"
    ) -> Reply:
        """Check and store one delivery without blocking the event loop; arguments and answer as `receive`."""
        delivery = Delivery(Headers(headers), body, method)
        try:
            chosen, now = self._provider(provider), self._clock()
            receipt = admit(chosen, delivery, now=now, max_body_bytes=self.max_body_bytes)
            entries, reply = self._entries(chosen, delivery, receipt, now)
            if not entries:
                return self._answered(reply, provider)
            if self._mode == "embedded":
                # A mounted app gets no lifespan from its parent, and the sender may be gone before the commit.
                self._runner.start_in_loop()
            is_new = await self._bridge().wait(self.inbox.put(entries))
            self._stored(entries, is_new)
            reply = reply if any(is_new) else _duplicate(reply)
            if self._mode == "inline":
                return self._answered(await self._run_inline(entries, reply), provider)
        except Exception as error:  # noqa: BLE001 - whatever a delivery does to us, its sender gets an answer
            return self._answered(_refused(error), provider)
        self._pass_on(entries, is_new)
        return self._answered(reply, provider)

    def refuse(self, error: DeliveryRejected, *, provider: str | None = None) -> Reply:
        """Answer a delivery that an adapter rejected before it was read to its end."""
        return self._answered(refusal(error), provider)

    def _answered(self, reply: Reply, provider: str | None) -> Reply:
        """Tell the observers of a delivery and give its answer."""
        if self.observers:
            # What a stranger wrote into the path is no name to count under.
            known = next(iter(self.providers)) if len(self.providers) == 1 and provider is None else provider
            name = known if known is not None and known in self.providers else ""
            self.observers(DeliveryReceived(name, reply.outcome))
        return reply

    def _pass_on(self, entries: Sequence[Entry], is_new: Sequence[bool]) -> None:
        """Tell whoever runs handlers what was stored."""
        if self._courier is None:
            self.worker.wake()
        elif self._is_enlisted:
            self._courier.start()
        else:
            pairs = zip(entries, is_new, strict=True)
            self._courier.post([(entry.provider, entry.key) for entry, was_new in pairs if was_new])

    def _bridge(self) -> Bridge:
        loop, (known, bridge) = asyncio.get_running_loop(), self._bridged
        if bridge is None or known is not loop:
            bridge = Bridge(loop)
            self._bridged = (loop, bridge)
        return bridge

    def _entries(
        self, provider: Provider, delivery: Delivery, receipt: Receipt, received_at: float
    ) -> tuple[list[Entry], Reply]:
        """Keep the events that somebody listens to."""
        if receipt.reply is not None:
            return [], receipt.reply
        self._seal()
        kept = {name: delivery.headers[name] for name in provider.event_headers if name in delivery.headers}
        entries = [
            _entry(provider, envelope, delivery.body, "delivery", index, kept, Origin.WEBHOOK, received_at)
            for index, envelope in enumerate(receipt.envelopes)
            if self._router.handlers(envelope.type)
        ]
        outcome = Outcome.ACCEPTED if entries else Outcome.IGNORED
        return entries, Reply(provider.success_status, outcome, secret_name=receipt.secret_name)

    def _provider(self, name: str | None) -> Provider:
        if name is None and len(self.providers) == 1:
            return next(iter(self.providers.values()))
        if name is None or name not in self.providers:
            raise UnknownProvider(f"the path names none of {', '.join(self.providers)}")
        return self.providers[name]

    async def _run_inline(self, entries: Sequence[Entry], reply: Reply) -> Reply:
        states = [await self.worker.run_key(entry.provider, entry.key) for entry in entries]
        # Also where another process runs it now: only its end is worth an acknowledgement.
        if not all(state is State.DONE or state is State.DEAD for state in states):
            return Reply(500, Outcome.FAILED, "a handler failed and will be tried again")
        return reply

    def put_polled(self, provider: str, envelopes: Sequence[Envelope]) -> tuple[bool, ...]:
        """Store what polling found, with the identity that the webhook would have had.

        Returns:
            For each event that somebody listens to, whether it was new: True counts a lost webhook.

        Raises:
            InboxError: If the inbox could not store them.
            UnknownProvider: If no provider has that name.
        """
        entries = self._polled_entries(provider, envelopes)
        is_new = self.inbox.put(entries).result() if entries else ()
        self._tell_stored(entries, is_new)
        if entries and self._mode == "embedded":
            start = self._runner.start_in_thread if _running_loop() is None else self._runner.start_in_loop
            start()
        self._pass_on(entries, is_new)
        return is_new

    async def aput_polled(self, provider: str, envelopes: Sequence[Envelope]) -> tuple[bool, ...]:
        """Store what polling found without blocking the event loop; arguments and answer as `put_polled`."""
        entries = self._polled_entries(provider, envelopes)
        is_new = await self._bridge().wait(self.inbox.put(entries)) if entries else ()
        self._tell_stored(entries, is_new)
        if entries and self._mode == "embedded":
            self._runner.start_in_loop()
        self._pass_on(entries, is_new)
        return is_new

    def _polled_entries(self, provider: str, envelopes: Sequence[Envelope]) -> list[Entry]:
        self._seal()
        chosen, received_at = self._provider(provider), self._clock()
        return [
            _entry(chosen, envelope, _envelope_json(envelope), "envelope", 0, {}, Origin.POLL, received_at)
            for envelope in envelopes
            if self._router.handlers(envelope.type)
        ]

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
        from .reconciler import Reconciler

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

    def _stored(self, entries: Sequence[Entry], is_new: Sequence[bool]) -> None:
        self._settle_tracked(entries)
        self._tell_stored(entries, is_new)

    def _tell_stored(self, entries: Sequence[Entry], is_new: Sequence[bool]) -> None:
        if self.observers:
            for entry, was_new in zip(entries, is_new, strict=True):
                self.observers(EventStored(entry.provider, entry.type, entry.origin, was_new))

    def _settle_tracked(self, entries: Sequence[Entry]) -> None:
        """Tell the tracker what is in the inbox now; nobody waits, because the reconciler would look it up."""
        for entry in entries:
            tracker, state = self._trackers.get(entry.provider), _STATE_AFTER.get(entry.type)
            # An archive ends with several events of one job.
            is_last = not self.providers[entry.provider].capabilities.delivers_per_member
            if tracker is not None and state is not None and entry.job_id and is_last:
                tracker.settle(entry.provider, {entry.job_id: state}, now=entry.received_at)

    # What the worker asks

    def handlers(self, entry: Entry) -> tuple[Registration, ...]:
        """Give the handlers of a stored event."""
        return self._router.handlers(entry.type)

    def event(self, entry: Entry) -> Event:
        """Build the typed event that was stored."""
        provider = self._provider(entry.provider)
        origin = Origin(entry.origin)
        if entry.form == "envelope":
            envelope = _envelope_of(entry.body)
        else:
            envelope = provider.envelopes(Delivery(Headers(entry.headers), entry.body))[entry.index]
        return provider.event(envelope, body=entry.body, origin=origin)

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
            follower = await self._bridge().wait(asked)
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

    def _seal(self) -> None:
        """Take no more handlers: an event that came before one of them would have missed it."""
        if self._is_sealed:
            return
        self._is_sealed = True
        for provider in self.providers.values():
            if not provider.secrets:
                logger.warning("%s: unsigned deliveries are accepted: anybody can forge them", provider.name)

    async def measure(self) -> InboxMeasured:
        """Say how full the inbox is, and tell the observers.

        Raises:
            InboxError: If the store is away.
        """
        seen = measured(await asyncio.wrap_future(self.inbox.stats()), self._clock())
        self.observers(seen)
        return seen

    def asgi(self, *, max_lag: float | None = None) -> ASGIApp:
        """Give an ASGI application to mount: POST to `/`, or to `/{provider}` where there are several.

        Args:
            max_lag: Seconds; `GET /ready` says 503 while the oldest pending event has waited longer.
        """
        from .adapters.asgi import WebhookApp

        return WebhookApp(self, max_lag=max_lag)

    def operators(self, *, token: str | Mapping[str, str]) -> ASGIApp:
        """Give an ASGI application for operators: list, show, replay and purge events as JSON.

        Args:
            token: The bearer token, or one for each operator by name, for the audit.

        Raises:
            ConfigurationError: If a token is empty, shorter than 16 bytes, has white space at an end, or is no ASCII.
        """
        from .adapters.operators import operators_app

        return operators_app(self.inbox, token, clock=self._clock)

    def wsgi(self) -> WSGIApplication:
        """Give a WSGI application to mount: POST to `/`, or to `/{provider}` where there are several."""
        from .adapters.wsgi import WebhookApp

        return WebhookApp(self)

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
        self._runner.stop_from_thread()
        self.inbox.close()

    async def aclose(self) -> None:
        """Stop the worker and close the inbox without blocking the event loop; calling twice is fine."""
        await self._stop_courier()
        self._loop_thread.close()
        await self._runner.stop()
        await asyncio.to_thread(self.inbox.close)


class _Runner:
    """Keeps one worker running: on the loop of whoever asks first, or in a thread of its own."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._begin()
        _RUNNERS.add(self)

    def _begin(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start_anew(self) -> None:
        """Begin again in a forked process, where neither loop nor thread runs and the lock may be held for ever."""
        self._begin()
        self._worker.start_anew()

    def start_in_loop(self) -> None:
        with self._lock:
            if not self._is_running():
                self._task = asyncio.get_running_loop().create_task(
                    self._worker.run(), name="paperhook-worker"
                )

    def start_in_thread(self) -> None:
        with self._lock:
            if not self._is_running():
                self._thread = threading.Thread(target=self._run, name="paperhook-worker", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        asyncio.run(self._worker.run())

    def _is_running(self) -> bool:
        if self._thread is not None and self._thread.is_alive():
            return True
        return self._task is not None and not self._task.done() and not self._task.get_loop().is_closed()

    async def stop(self) -> None:
        task, thread = self._forget()
        # A loop that stands still would never hear of it.
        if thread is not None or (task is not None and task.get_loop().is_running()):
            await self._worker.stop()
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            await asyncio.wait([task])
        if thread is not None:
            await asyncio.to_thread(thread.join)

    def stop_from_thread(self) -> None:
        loop, task = _running_loop(), self._task
        if loop is not None and task is not None and task.get_loop() is loop:
            # Nobody can wait for it here; what it runs is run again when its lease ends.
            task.cancel()
        elif self._is_running():
            _run_beside(self.stop)

    def _forget(self) -> tuple[asyncio.Task[None] | None, threading.Thread | None]:
        """Let go of what runs; None for what has ended."""
        with self._lock:
            task, thread = self._task, self._thread
            self._task = self._thread = None
        is_alive = thread is not None and thread.is_alive()
        return None if task is None or task.done() else task, thread if is_alive else None


_RUNNERS: weakref.WeakSet[_Runner] = weakref.WeakSet()


def _after_fork() -> None:
    for runner in list(_RUNNERS):
        runner.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _run_beside(function: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end, on a loop of its own, also where a loop runs already."""
    if _running_loop() is None:
        return asyncio.run(function())
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(function())).result()


def _by_name(providers: Sequence[Provider]) -> dict[str, Provider]:
    if not providers:
        raise ConfigurationError("Webhooks needs a provider: Webhooks(DocuParse.from_env())")
    named: dict[str, Provider] = {}
    for provider in providers:
        if provider.name in named:
            raise ConfigurationError(
                f"two providers are named {provider.name}: mount each in a Webhooks of its own"
            )
        if not provider.secrets and provider.unsigned != "accept":
            raise ConfigurationError(
                f"{provider.name} has no webhook secret: set {provider.env_prefix}WEBHOOK_SECRET or webhook_secret=, "
                "or write unsigned='accept' to take deliveries that anybody can forge"
            )
        named[provider.name] = provider
    return named


def _name_of(function: Callable[..., Any]) -> str:
    module = getattr(function, "__module__", "")
    return f"{module}.{getattr(function, '__qualname__', type(function).__qualname__)}"


#: How a job stands once one of these events is in the inbox.
_STATE_AFTER: Mapping[str, JobStatus] = {
    DocumentCompleted.canonical_type: JobStatus.COMPLETED,
    DocumentFailed.canonical_type: JobStatus.FAILED_TERMINAL,
}


def _duplicate(reply: Reply) -> Reply:
    return Reply(reply.status, Outcome.DUPLICATE, secret_name=reply.secret_name)


def _refused(error: Exception) -> Reply:
    """Answer a delivery that was not taken.

    Where it is our fault the answer is 503: an authentic delivery that we cannot read today comes again after the fix.
    """
    if isinstance(error, DeliveryRejected):
        return refusal(error)
    # The message of an error that we do not know may quote the delivery.
    reason = str(error) if isinstance(error, InboxError) else describe(error)
    logger.error("a delivery was not taken, so it will come again: %s", reason)
    return Reply(503, Outcome.UNAVAILABLE, reason)


def _entry(
    provider: Provider,
    envelope: Envelope,
    body: bytes,
    form: str,
    index: int,
    headers: Mapping[str, str],
    origin: Origin,
    received_at: float,
) -> Entry:
    return Entry(
        provider=provider.name,
        key=envelope.key,
        type=envelope.type,
        body=body,
        form=form,
        index=index,
        headers=headers,
        origin=origin,
        job_id=envelope.job_id,
        document_id=envelope.document_id,
        batch_id=envelope.batch_id,
        occurred_at=envelope.occurred_at.timestamp() if envelope.occurred_at else None,
        received_at=received_at,
    )


def _envelope_json(envelope: Envelope) -> bytes:
    named = {
        "key": envelope.key,
        "type": envelope.type,
        "provider_type": envelope.provider_type,
        "job_id": envelope.job_id,
        "document_id": envelope.document_id,
        "batch_id": envelope.batch_id,
        "occurred_at": envelope.occurred_at.timestamp() if envelope.occurred_at else None,
        "payload": envelope.payload,
    }
    return json.dumps(named).encode()


def _envelope_of(body: bytes) -> Envelope:
    named = json.loads(body)
    moment = named.pop("occurred_at")
    return Envelope(
        **named,
        raw=named["payload"],
        occurred_at=None if moment is None else datetime.fromtimestamp(moment, UTC),
    )
