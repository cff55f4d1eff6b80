"""`Entrance`: takes what polling finds into the inbox, and tells of what no webhook had told."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..core.delivery import Envelope
from ..core.event import STATUS_AFTER, DocumentFailed, Event, Origin
from ..core.job import Job, JobStatus
from ..core.pages import parts_of
from ..core.provider import Provider
from ..inbox.base import Filter, Inbox
from ..observe.details import EventRecovered, Observers
from ..worker.failures import describe, is_cancelled_from_outside
from .counts import Counts

logger: logging.Logger = logging.getLogger("paperhook")


class Receiver(Protocol):
    """What takes in what polling finds; `Webhooks` is one."""

    @property
    def inbox(self) -> Inbox:
        """Where events are stored."""
        ...

    @property
    def providers(self) -> Mapping[str, Provider]:
        """The providers whose events it takes, by name."""
        ...

    async def aput_polled(self, provider: str, envelopes: Sequence[Envelope]) -> tuple[bool, ...]:
        """Store events; give for each that somebody listens to whether it was new."""
        ...


class Entrance:
    """Puts events into one receiver's inbox.

    Args:
        receiver: Takes them in.
        on_recovered: Called with each event whose webhook was lost.
        observers: Told of each as well.
    """

    def __init__(
        self, receiver: Receiver, on_recovered: Callable[[Event], Any] | None, observers: Observers
    ) -> None:
        self._receiver = receiver
        self._on_recovered = on_recovered
        self._observers = observers

    async def ended(self, provider: str, job: Job) -> dict[str, JobStatus]:
        """Give those of a document's jobs whose end is in the inbox."""
        ended: dict[str, JobStatus] = {}
        for part in parts_of(job):
            asked = self._receiver.inbox.rows(Filter(provider=provider, job_id=part.id))
            for row in await asyncio.wrap_future(asked):
                if row.entry.type in STATUS_AFTER:
                    ended[part.id] = STATUS_AFTER[row.entry.type]
        return ended

    async def enter(self, provider: Provider, envelopes: Sequence[Envelope], counts: Counts) -> None:
        """Put what was found into the inbox, and count and tell what no webhook had told."""
        for envelope in envelopes:
            if await self._was_told(provider.name, envelope.aliases):
                counts.heard += 1
                continue
            is_new = await self._receiver.aput_polled(provider.name, (envelope,))
            if not any(is_new):
                continue
            if envelope.type == DocumentFailed.canonical_type and not provider.capabilities.pushes_failures:
                counts.unpushed += 1
                continue
            counts.recovered += 1
            self._observers(EventRecovered(provider.name, envelope.type))
            logger.warning(
                "%s: the webhook of %s was lost: %s was found by polling",
                provider.name,
                envelope.job_id or f"batch {envelope.batch_id}",
                envelope.type,
            )
            await self._tell(provider.event(envelope, body=b"", origin=Origin.POLL))

    async def _was_told(self, provider: str, keys: Sequence[str]) -> bool:
        """Tell whether a webhook brought what was found, under a key that does not name the job as we do."""
        for key in keys:
            asked = self._receiver.inbox.rows(Filter(provider=provider, key=key), limit=1)
            if await asyncio.wrap_future(asked):
                return True
        return False

    async def expire(self, provider: Provider, job_id: str) -> None:
        """Put the failure of a job that the provider has forgotten."""
        await self._receiver.aput_polled(provider.name, (provider.expired(job_id),))

    async def _tell(self, event: Event) -> None:
        if self._on_recovered is None:
            return
        try:
            told = self._on_recovered(event)
            if inspect.isawaitable(told):
                await told
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            # An alarm that fails must not stop the search, SystemExit neither.
            if isinstance(error, asyncio.CancelledError) and is_cancelled_from_outside():
                raise
            logger.error("on_recovered failed: %s", describe(error))  # noqa: TRY400
