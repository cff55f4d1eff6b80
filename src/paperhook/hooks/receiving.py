"""From a delivery, or from what polling found, to events in the inbox and an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from ..carriers.courier import Courier
from ..core.delivery import Delivery, Envelope
from ..core.event import STATUS_AFTER, Origin
from ..core.headers import Headers, HeadersLike
from ..core.provider import Provider
from ..errors import DeliveryRejected, InboxError
from ..inbox.base import Entry, LoopInbox, State
from ..inbox.bridge import bridge_here, running_loop
from ..observe.details import DeliveryReceived, DocumentEnded, EventStored, Observers
from ..webhooks.receiver import Outcome, Receipt, Reply, admit, refusal
from ..worker import Worker
from ..worker.failures import describe
from .registering import Registering
from .runner import Runner, run_beside
from .stored import entry_of, envelope_json

if TYPE_CHECKING:
    from ..tracker import Submission, Tracker

logger: logging.Logger = logging.getLogger("paperhook")

#: Who runs the handlers.
Mode = Literal["embedded", "external", "inline"]


class Receiving(Registering):
    """How a `Webhooks` takes deliveries in."""

    max_body_bytes: int
    observers: Observers
    worker: Worker
    _mode: Mode
    _clock: Callable[[], float]
    _runner: Runner
    _courier: Courier | None
    #: Whether the transaction that puts an event stores the engine's job too.
    _is_enlisted: bool
    #: By provider.
    _trackers: Mapping[str, Tracker]
    #: The inbox, where it answers a loop directly.
    _loop_inbox: LoopInbox | None
    #: Of which somebody was warned.
    _told_refusals: set[Outcome]

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

        Raises:
            TypeError: If the headers or the body are of a type that no request has, such as a body that was decoded.
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
                return self._answered(run_beside(lambda: self._run_inline(entries, reply)), provider)
        except Exception as error:  # noqa: BLE001 - whatever a delivery does to us, its sender gets an answer
            return self._answered(self._refused(error), provider)
        self._pass_on(entries, is_new)
        return self._answered(reply, provider)

    async def areceive(
        self, headers: HeadersLike, body: bytes, *, provider: str | None = None, method: str = "POST"
    ) -> Reply:
        """Check and store one delivery without blocking the event loop; arguments and answer as `receive`."""
        delivery = Delivery(Headers(headers), body, method)
        begun: asyncio.Future[tuple[bool, ...]] | None = None
        try:
            chosen, now = self._provider(provider), self._clock()
            receipt = admit(chosen, delivery, now=now, max_body_bytes=self.max_body_bytes)
            entries, reply = self._entries(chosen, delivery, receipt, now)
            if not entries:
                return self._answered(reply, provider)
            if self._mode == "embedded":
                begun = self.worker.put(entries, [receipt.envelopes[entry.index] for entry in entries])
                if begun is None:
                    # A mounted app gets no lifespan from its parent, and the sender may be gone before the commit.
                    self._runner.start_in_loop()
            # What was read is not kept while the commit is waited for: with many deliveries on the way, the garbage
            # collector would look at each member of each of them over and over.
            del delivery, receipt
            is_new = await (begun or self._put_on_loop(entries))
            self._stored(entries, is_new)
            reply = reply if any(is_new) else _duplicate(reply)
            if self._mode == "inline":
                return self._answered(await self._run_inline(entries, reply), provider)
        except Exception as error:  # noqa: BLE001 - whatever a delivery does to us, its sender gets an answer
            return self._answered(self._refused(error), provider)
        if begun is None:
            self._pass_on(entries, is_new)
        return self._answered(reply, provider)

    def refuse(self, error: DeliveryRejected, *, provider: str | None = None) -> Reply:
        """Answer a delivery that an adapter rejected before it was read to its end."""
        return self._answered(self._refused(error), provider)

    def _refused(self, error: Exception) -> Reply:
        """Answer a delivery that was not taken.

        Where it is our fault the answer is 503: an authentic delivery that we cannot read today comes again after the fix.
        """
        if not isinstance(error, DeliveryRejected):
            # The message of an error that we do not know may quote the delivery.
            reason = str(error) if isinstance(error, InboxError) else describe(error)
            logger.error("a delivery was not taken, so it will come again: %s", reason)
            return Reply(503, Outcome.UNAVAILABLE, reason)
        reply = refusal(error)
        if reply.outcome in self._told_refusals:
            logger.info("a delivery was refused as %s: %s", reply.outcome, error)
        else:
            # Anybody can send thousands.
            self._told_refusals.add(reply.outcome)
            more = "more of them are logged at level INFO"
            logger.warning("a delivery was refused as %s, %s: %s", reply.outcome, more, error)
        return reply

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

    def _put_on_loop(self, entries: Sequence[Entry]) -> asyncio.Future[tuple[bool, ...]]:
        bridge, inbox = bridge_here(), self._loop_inbox
        return bridge.wait(self.inbox.put(entries)) if inbox is None else inbox.put_on(bridge, entries)

    def _entries(
        self, provider: Provider, delivery: Delivery, receipt: Receipt, received_at: float
    ) -> tuple[list[Entry], Reply]:
        """Keep the events that somebody listens to."""
        if receipt.reply is not None:
            return [], receipt.reply
        self._seal()
        kept = {name: delivery.headers[name] for name in provider.event_headers if name in delivery.headers}
        entries = [
            entry_of(provider, envelope, delivery.body, "delivery", index, kept, Origin.WEBHOOK, received_at)
            for index, envelope in enumerate(receipt.envelopes)
            if self._router.handlers(envelope.type)
        ]
        outcome = Outcome.ACCEPTED if entries else Outcome.IGNORED
        return entries, _reply(provider.success_status, outcome, receipt.secret_name)

    async def _run_inline(self, entries: Sequence[Entry], reply: Reply) -> Reply:
        states = [await self.worker.run_key(entry.provider, entry.key) for entry in entries]
        # Also where another process runs it now: only its end is worth an acknowledgement.
        if not all(state is not None and state.is_settled for state in states):
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
            start = self._runner.start_in_thread if running_loop() is None else self._runner.start_in_loop
            start()
        self._pass_on(entries, is_new)
        return is_new

    async def aput_polled(self, provider: str, envelopes: Sequence[Envelope]) -> tuple[bool, ...]:
        """Store what polling found without blocking the event loop; arguments and answer as `put_polled`."""
        entries = self._polled_entries(provider, envelopes)
        is_new = await self._put_on_loop(entries) if entries else ()
        self._tell_stored(entries, is_new)
        if entries and self._mode == "embedded":
            self._runner.start_in_loop()
        self._pass_on(entries, is_new)
        return is_new

    def _polled_entries(self, provider: str, envelopes: Sequence[Envelope]) -> list[Entry]:
        self._seal()
        chosen, received_at = self._provider(provider), self._clock()
        return [
            entry_of(chosen, envelope, envelope_json(envelope), "envelope", 0, {}, Origin.POLL, received_at)
            for envelope in envelopes
            if self._router.handlers(envelope.type)
        ]

    def _stored(self, entries: Sequence[Entry], is_new: Sequence[bool]) -> None:
        if self._trackers:
            self._settle_tracked(entries)
        self._tell_stored(entries, is_new)

    def _tell_stored(self, entries: Sequence[Entry], is_new: Sequence[bool]) -> None:
        if self.observers:
            for entry, was_new in zip(entries, is_new, strict=True):
                self.observers(EventStored(entry.provider, entry.type, entry.origin, was_new))

    def _settle_tracked(self, entries: Sequence[Entry]) -> None:
        """Tell the tracker what is in the inbox now; nobody waits, because the reconciler would look it up."""
        for entry in entries:
            tracker, state = self._trackers.get(entry.provider), STATUS_AFTER.get(entry.type)
            # An archive ends with several events of one job.
            is_last = not self.providers[entry.provider].capabilities.delivers_per_member
            if tracker is not None and state is not None and entry.job_id and is_last:
                tracker.settle(entry.provider, {entry.job_id: state}, now=entry.received_at)

    def _tell_ended(self, entry: Entry, state: State) -> None:
        """Tell the observers how long a tracked document took, from its upload to here."""
        tracker, now = self._trackers.get(entry.provider), self._clock()
        if tracker is None or entry.job_id is None or entry.type not in STATUS_AFTER or not self.observers:
            return
        from ..tracker import Which

        def tell(found: Future[tuple[Submission, ...]]) -> None:
            # A tracker that is away costs a figure and nothing else.
            for row in () if found.exception() else found.result():
                seconds = max(0.0, now - row.created_at)
                self.observers(DocumentEnded(entry.provider, entry.type, state, seconds))

        tracker.rows(Which(provider=entry.provider, job_id=entry.job_id), limit=1).add_done_callback(tell)


def _duplicate(reply: Reply) -> Reply:
    return _reply(reply.status, Outcome.DUPLICATE, reply.secret_name)


@lru_cache(maxsize=128)
def _reply(status: int, outcome: Outcome, secret_name: str | None) -> Reply:
    """Give the same answer for the same; there are few, and each delivery needs one."""
    return Reply(status, outcome, secret_name=secret_name)
